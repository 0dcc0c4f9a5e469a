#include "sim/writer.h"

#include <inttypes.h>

void ps_writer_name(struct ps_writer *const writer, const char *const name)
{
    if (writer->needs_comma) {
        ps_buf_add(writer->buf, PS_STR(","));
    }
    writer->needs_comma = true;
    if (name != NULL) {
        ps_buf_add_format(writer->buf, "\"%s\":", name);
    }
}

void ps_writer_open(struct ps_writer *const writer, const char *const name, const char bracket)
{
    ps_writer_name(writer, name);
    ps_buf_add(writer->buf, (struct ps_str){&bracket, 1});
    writer->needs_comma = false;
}

void ps_writer_close(struct ps_writer *const writer, const char bracket)
{
    ps_buf_add(writer->buf, (struct ps_str){&bracket, 1});
    writer->needs_comma = true;
}

void ps_writer_text(struct ps_writer *const writer, const char *const name,
                    const struct ps_str value)
{
    ps_writer_name(writer, name);
    if (ps_writer_is_utf8(value)) {
        ps_writer_add_string(writer->buf, value, 0);
        return;
    }
    char *ascii PS_CLEANUP(ps_str_free_auto) = ps_str_dup(value);
    for (size_t at = 0; at < value.size; at++) {
        ascii[at] = (unsigned char)ascii[at] < 0x80 ? ascii[at] : '?';
    }
    ps_writer_add_string(writer->buf, (struct ps_str){ascii, value.size}, 0);
}

void ps_writer_text_if(struct ps_writer *const writer, const char *const name,
                       const struct ps_str value)
{
    if (value.size > 0) {
        ps_writer_text(writer, name, value);
    }
}

void ps_writer_number(struct ps_writer *const writer, const char *const name, const int64_t value)
{
    ps_writer_name(writer, name);
    ps_buf_add_format(writer->buf, "%" PRId64, value);
}

void ps_writer_bool(struct ps_writer *const writer, const char *const name, const bool value)
{
    ps_writer_name(writer, name);
    ps_buf_add_text(writer->buf, value ? "true" : "false");
}

/* The short escape of `byte`, or 0 when it has none. */
static char short_escape(const char byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return byte;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* The code point that begins at text[at]; *ret_size says how many bytes it takes. */
static uint32_t code_point(const struct ps_str text, const size_t at, size_t *const ret_size)
{
    const unsigned char *const bytes = (const unsigned char *)text.data + at;
    const size_t left = text.size - at;
    if (bytes[0] >= 0xf0 && left >= 4) {
        *ret_size = 4;
        return (uint32_t)(bytes[0] & 7) << 18 | (uint32_t)(bytes[1] & 63) << 12 |
               (uint32_t)(bytes[2] & 63) << 6 | (uint32_t)(bytes[3] & 63);
    }
    if (bytes[0] >= 0xe0 && left >= 3) {
        *ret_size = 3;
        return (uint32_t)(bytes[0] & 15) << 12 | (uint32_t)(bytes[1] & 63) << 6 |
               (uint32_t)(bytes[2] & 63);
    }
    if (bytes[0] >= 0xc0 && left >= 2) {
        *ret_size = 2;
        return (uint32_t)(bytes[0] & 31) << 6 | (uint32_t)(bytes[1] & 63);
    }
    *ret_size = 1;
    return bytes[0];
}

/* Writes the escape for what begins at text[at] and returns how many bytes of text it stands for.
 */
static size_t add_escape(struct ps_buf *const buf, const struct ps_str text, const size_t at)
{
    const char letter = short_escape(text.data[at]);
    if (letter != 0) {
        ps_buf_add_format(buf, "\\%c", letter);
        return 1;
    }
    if (text.data[at] == '/') {
        ps_buf_add(buf, PS_STR("\\/"));
        return 1;
    }
    size_t size = 0;
    const uint32_t point = code_point(text, at, &size);
    if (point >= 0x10000) {
        const uint32_t rest = point - 0x10000;
        ps_buf_add_format(buf, "\\u%04x\\u%04x", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
    } else {
        ps_buf_add_format(buf, "\\u%04x", point);
    }
    return size;
}

static bool needs_escape(const char byte, const unsigned escapes)
{
    const unsigned char value = (unsigned char)byte;
    return value < 0x20 || byte == '"' || byte == '\\' ||
           (value >= 0x80 && (escapes & PS_ESCAPE_ASCII) != 0) ||
           (byte == '/' && (escapes & PS_ESCAPE_SLASH) != 0);
}

void ps_writer_add_string(struct ps_buf *const buf, const struct ps_str text,
                          const unsigned escapes)
{
    ps_buf_add(buf, PS_STR("\""));
    size_t from = 0;
    size_t at = 0;
    while (at < text.size) {
        if (!needs_escape(text.data[at], escapes)) {
            at++;
            continue;
        }
        ps_buf_add(buf, ps_str_part(text, from, at - from));
        at += add_escape(buf, text, at);
        from = at;
    }
    ps_buf_add(buf, ps_str_part(text, from, text.size - from));
    ps_buf_add(buf, PS_STR("\""));
}

/* The bytes that the character beginning at text[at] takes; 0: none begins there. */
static size_t character_size(const struct ps_str text, const size_t at)
{
    static const uint32_t lowest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char first = (unsigned char)text.data[at];
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    const size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text.size - at < size) {
        return 0;
    }
    for (size_t index = 1; index < size; index++) {
        if (((unsigned char)text.data[at + index] & 0xc0) != 0x80) {
            return 0;
        }
    }
    size_t taken = 0;
    const uint32_t point = code_point(text, at, &taken);
    const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < lowest[size] || point > 0x10ffff || is_surrogate ? 0 : size;
}

bool ps_writer_is_utf8(const struct ps_str text)
{
    for (size_t at = 0; at < text.size;) {
        const size_t size = character_size(text, at);
        if (size == 0) {
            return false;
        }
        at += size;
    }
    return true;
}
