#include "codec/aws_profile.h"

#include "codec/sections.h"

struct search {
    const struct ps_aws_setting *wanted;
    bool is_in_section; /* the section that is wanted */
    bool is_won;        /* a "[profile default]" has been seen */
    bool has_key;       /* a key line has been seen in this section: an indented line may follow */
    bool is_under_key;  /* the last key is the wanted one */
    bool is_found;
    struct ps_str value;
};

static bool is_blank(const char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct ps_str without_quotes(const struct ps_str text)
{
    const bool is_quoted = text.size >= 2 && (text.data[0] == '"' || text.data[0] == '\'') &&
                           text.data[text.size - 1] == text.data[0];
    return is_quoted ? ps_str_part(text, 1, text.size - 2) : text;
}

/* "[profile NAME]", "[services NAME]" of the config file. */
static bool is_typed_section(const struct ps_aws_setting *const wanted, const struct ps_str type,
                             const struct ps_str name)
{
    return ps_str_equals_text(type, wanted->type) &&
           ps_str_equals_text(without_quotes(ps_str_trim(name)), wanted->name);
}

/* "[NAME]" of the credentials file, "[default]" of the config file. */
static bool is_plain_section(const struct ps_aws_setting *const wanted, const struct ps_str name)
{
    if (wanted->file == PS_AWS_FILE_CONFIG) {
        return ps_str_equals_text(name, "default") &&
               ps_str_equals_text(ps_str_of(wanted->type), "profile") &&
               ps_str_equals_text(name, wanted->name);
    }
    return ps_str_equals_text(without_quotes(name), wanted->name);
}

static const char *enter_section(struct search *const search, const struct ps_str line)
{
    const size_t end = ps_str_find(line, ']');
    if (end == line.size) {
        return "the section has no ']'";
    }
    const struct ps_aws_setting *const wanted = search->wanted;
    const struct ps_str name = ps_str_trim(ps_str_part(line, 1, end - 1));
    size_t word_end = 0;
    while (word_end < name.size && !is_blank(name.data[word_end])) {
        word_end++;
    }
    search->has_key = false;
    search->is_under_key = false;
    if (wanted->file == PS_AWS_FILE_CONFIG && word_end < name.size) {
        search->is_in_section = is_typed_section(wanted, ps_str_part(name, 0, word_end),
                                                 ps_str_part(name, word_end, name.size));
        if (search->is_in_section && !search->is_won) {
            /* What a plain [default] said counts no more. */
            search->is_won = true;
            search->is_found = false;
        }
    } else {
        search->is_in_section = !search->is_won && is_plain_section(wanted, name);
    }
    if (search->is_in_section && wanted->key == NULL) {
        search->is_found = true;
        search->value = PS_STR("");
    }
    return NULL;
}

static void take_value(struct search *const search, const struct ps_str value)
{
    search->is_found = true;
    search->value = value;
}

/* NULL, or what is wrong with the line. `is_indented`: it belongs to the key above. */
static const char *read_setting(struct search *const search, const struct ps_str line,
                                const bool is_indented)
{
    const struct ps_aws_setting *const wanted = search->wanted;
    const size_t equals = ps_str_find(line, '=');
    const bool is_sub = is_indented && search->has_key;
    if (equals == line.size || ps_str_trim(ps_str_part(line, 0, equals)).size == 0) {
        /* Below a key it may be the rest of a long value, which nothing here asks for. */
        return is_sub ? NULL : "it is neither a [section] nor a 'key = value'";
    }
    if (!search->is_in_section || wanted->key == NULL) {
        search->has_key = true;
        return NULL;
    }
    const struct ps_str key = ps_str_trim(ps_str_part(line, 0, equals));
    const struct ps_str value = ps_sections_value(ps_str_part(line, equals + 1, line.size));
    if (is_sub) {
        if (search->is_under_key && wanted->sub_key != NULL &&
            ps_str_equals_nocase(key, ps_str_of(wanted->sub_key))) {
            take_value(search, value);
        }
        return NULL;
    }
    search->has_key = true;
    search->is_under_key = ps_str_equals_nocase(key, ps_str_of(wanted->key));
    if (search->is_under_key && wanted->sub_key == NULL) {
        take_value(search, value);
    }
    return NULL;
}

static const char *read_line(struct search *const search, const struct ps_str raw)
{
    const struct ps_str line = ps_str_trim(raw);
    if (line.size == 0 || line.data[0] == '#' || line.data[0] == ';') {
        return NULL;
    }
    if (line.data[0] == '[') {
        return enter_section(search, line);
    }
    return read_setting(search, line, is_blank(raw.data[0]));
}

enum ps_status ps_aws_profile_find(const struct ps_str text,
                                   const struct ps_aws_setting *const wanted,
                                   struct ps_str *const ret_value, bool *const ret_is_found,
                                   struct ps_error *const err)
{
    struct search search = {.wanted = wanted};
    const struct ps_str mark = PS_STR("\xef\xbb\xbf");
    struct ps_str rest = ps_str_starts_with(text, mark) ? ps_str_part(text, 3, text.size) : text;
    int line_number = 0;
    while (rest.size > 0) {
        const size_t end = ps_str_find(rest, '\n');
        line_number++;
        const char *const wrong = read_line(&search, ps_str_part(rest, 0, end));
        if (wrong != NULL) {
            return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot read line %d: %s",
                                line_number, wrong);
        }
        rest = ps_str_part(rest, end + 1, rest.size);
    }
    *ret_is_found = search.is_found;
    if (search.is_found) {
        *ret_value = search.value;
    }
    return PS_OK;
}
