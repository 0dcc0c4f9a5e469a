#include "codec/sections.h"

static bool is_mark(const char byte)
{
    return byte == '#' || byte == ';';
}

struct ps_str ps_sections_value(const struct ps_str text)
{
    for (size_t place = 1; place < text.size; place++) {
        const char before = text.data[place - 1];
        if (is_mark(text.data[place]) && (before == ' ' || before == '\t')) {
            return ps_str_trim(ps_str_part(text, 0, place));
        }
    }
    return ps_str_trim(text);
}

static void read_line(struct ps_sections *const sections, const struct ps_str text,
                      struct ps_section_line *const line)
{
    const size_t end = ps_str_find(text, text.data[0] == '[' ? ']' : '=');
    *line = (struct ps_section_line){.section = sections->section, .number = sections->number};
    if (text.data[0] == '[') {
        line->wrong = end == text.size ? "the section has no ']'" : NULL;
        sections->section = ps_str_trim(ps_str_part(text, 1, end - 1));
        line->section = sections->section;
        return;
    }
    line->key = ps_str_trim(ps_str_part(text, 0, end));
    if (end == text.size || line->key.size == 0) {
        line->wrong = "it is neither a [section] nor a 'key = value'";
        return;
    }
    line->value = ps_sections_value(ps_str_part(text, end + 1, text.size));
}

bool ps_sections_next(struct ps_sections *const sections, struct ps_section_line *const ret_line)
{
    while (sections->rest.size > 0) {
        const size_t end = ps_str_find(sections->rest, '\n');
        const struct ps_str text = ps_str_trim(ps_str_part(sections->rest, 0, end));
        sections->rest = ps_str_part(sections->rest, end + 1, sections->rest.size);
        sections->number++;
        if (text.size > 0 && !is_mark(text.data[0])) {
            read_line(sections, text, ret_line);
            return true;
        }
    }
    return false;
}
