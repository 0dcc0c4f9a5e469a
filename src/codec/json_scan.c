#include "codec/json_scan.h"

#include <string.h>

static bool is_space(const char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static const char *skip_spaces(const char *at, const char *const end)
{
    while (at < end && is_space(*at)) {
        at++;
    }
    return at;
}

/*
 * `at` is the first byte after the opening quote; returns the place of the closing one. A quote
 * closes when an even number of backslashes stands before it.
 */
static const char *string_end(const char *const at, const char *const end)
{
    const char *from = at;
    while (from < end) {
        const char *const quote = memchr(from, '"', (size_t)(end - from));
        if (quote == NULL) {
            return end;
        }
        const char *slash = quote;
        while (slash > from && slash[-1] == '\\') {
            slash--;
        }
        if (((quote - slash) & 1) == 0) {
            return quote;
        }
        from = quote + 1;
    }
    return end;
}

/* Past the closing quote, but never past the end. */
static const char *skip_string(const char *const at, const char *const end)
{
    const char *const quote = string_end(at + 1, end);
    return quote < end ? quote + 1 : end;
}

static const char *skip_scalar(const char *at, const char *const end)
{
    while (at < end && *at != ',' && *at != '}' && *at != ']' && !is_space(*at)) {
        at++;
    }
    return at;
}

/* `at` stands on '{' or '['. */
static const char *skip_container(const char *at, const char *const end, size_t *const deepest)
{
    size_t depth = 0;
    while (at < end) {
        const char byte = *at;
        if (byte == '"') {
            at = skip_string(at, end);
            continue;
        }
        at++;
        if (byte == '{' || byte == '[') {
            depth++;
            *deepest = depth > *deepest ? depth : *deepest;
        } else if (byte == '}' || byte == ']') {
            depth--;
            if (depth == 0) {
                return at;
            }
        }
    }
    return end;
}

static const char *skip_value(const char *const at, const char *const end, size_t *const deepest)
{
    if (at >= end) {
        return end;
    }
    if (*at == '"') {
        return skip_string(at, end);
    }
    if (*at == '{' || *at == '[') {
        return skip_container(at, end, deepest);
    }
    return skip_scalar(at, end);
}

static void walk_begin(struct ps_json_walk *const walk, const struct ps_str text,
                       const char opening)
{
    const char *const end = text.data + text.size;
    const char *const at = skip_spaces(text.data, end);
    const bool is_there = at < end && *at == opening;
    *walk = (struct ps_json_walk){is_there ? at + 1 : end, end, 0};
}

void ps_json_walk_object(struct ps_json_walk *const walk, const struct ps_str text)
{
    walk_begin(walk, text, '{');
}

void ps_json_walk_array(struct ps_json_walk *const walk, const struct ps_str text)
{
    walk_begin(walk, text, '[');
}

/* To the first byte of the next item; false at the closing bracket, which is stepped over. */
static bool next_item(struct ps_json_walk *const walk)
{
    walk->at = skip_spaces(walk->at, walk->end);
    if (walk->at < walk->end && *walk->at == ',') {
        walk->at = skip_spaces(walk->at + 1, walk->end);
    }
    if (walk->at >= walk->end) {
        return false;
    }
    if (*walk->at == '}' || *walk->at == ']') {
        walk->at++;
        return false;
    }
    return true;
}

bool ps_json_walk_key(struct ps_json_walk *const walk, struct ps_str *const ret_key)
{
    if (!next_item(walk)) {
        return false;
    }
    const char *const key = walk->at + 1;
    const char *const quote = string_end(key, walk->end);
    *ret_key = (struct ps_str){key, (size_t)(quote - key)};
    walk->at = quote < walk->end ? skip_spaces(quote + 1, walk->end) : walk->end;
    if (walk->at < walk->end && *walk->at == ':') {
        walk->at = skip_spaces(walk->at + 1, walk->end);
    }
    return true;
}

struct ps_str ps_json_walk_value(struct ps_json_walk *const walk)
{
    const char *const from = walk->at;
    walk->at = skip_value(from, walk->end, &walk->deepest);
    return (struct ps_str){from, (size_t)(walk->at - from)};
}

bool ps_json_walk_element(struct ps_json_walk *const walk, struct ps_str *const ret_value)
{
    if (!next_item(walk)) {
        return false;
    }
    *ret_value = ps_json_walk_value(walk);
    return true;
}

bool ps_json_key_is(const struct ps_str key, const struct ps_str name)
{
    if (key.size == name.size) {
        return memcmp(key.data, name.data, name.size) == 0;
    }
    /* One byte may be written in six ("\u0061"), so a longer key can be the same name. */
    if (key.size < name.size || key.size > 6 * name.size ||
        memchr(key.data, '\\', key.size) == NULL) {
        return false;
    }
    struct ps_buf plain PS_CLEANUP(ps_buf_release);
    ps_buf_init(&plain, key.size + 1);
    return ps_json_append_unescaped(&plain, key) && ps_str_equals(ps_buf_str(&plain), name);
}

bool ps_json_member(const struct ps_str text, const struct ps_str name,
                    struct ps_str *const ret_value, size_t *const ret_count)
{
    struct ps_json_walk walk;
    struct ps_str key;
    size_t count = 0;
    ps_json_walk_object(&walk, text);
    while (ps_json_walk_key(&walk, &key)) {
        const struct ps_str value = ps_json_walk_value(&walk);
        if (ps_json_key_is(key, name)) {
            if (count == 0) {
                *ret_value = value;
            }
            count++;
        }
    }
    if (ret_count != NULL) {
        *ret_count = count;
    }
    return count > 0;
}

size_t ps_json_compact(const struct ps_str text, char *const room)
{
    const char *at = text.data;
    const char *const end = at + text.size;
    char *to = room;
    while (at < end) {
        if (*at == '"') {
            const char *const after = skip_string(at, end);
            memcpy(to, at, (size_t)(after - at));
            to += after - at;
            at = after;
        } else {
            if (!is_space(*at)) {
                *to = *at;
                to++;
            }
            at++;
        }
    }
    return (size_t)(to - room);
}

bool ps_json_append_compact(struct ps_buf *const buf, const struct ps_str text)
{
    char *const room = ps_buf_reserve(buf, text.size);
    if (room == NULL) {
        return false;
    }
    ps_buf_commit(buf, ps_json_compact(text, room));
    return true;
}

/* The letter after the backslash for the bytes that have a short form, else 0. */
static char short_escape(const char byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return byte;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    default:
        return 0;
    }
}

/*
 * The high bits of those of eight bytes that must be escaped. Exact up to the first of them; bytes
 * after it may be told wrongly.
 */
static uint64_t escape_marks(const uint64_t word)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    const uint64_t quotes = word ^ (each * '"');
    const uint64_t slashes = word ^ (each * '\\');
    const uint64_t controls = (word - each * 0x20) & ~word;
    return (((quotes - each) & ~quotes) | ((slashes - each) & ~slashes) | controls) & (each * 0x80);
}

/* Writes the escape of `byte`; returns the place after it. */
static char *write_escape(char *const to, const char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char letter = short_escape(byte);
    to[0] = '\\';
    if (letter != 0) {
        to[1] = letter;
        return to + 2;
    }
    memcpy(to + 1, "u00", 3);
    to[4] = digits[(unsigned char)byte >> 4];
    to[5] = digits[byte & 0xF];
    return to + 6;
}

/* Copies up to eight bytes as far as they need no escape; returns how many. `room` holds eight. */
static size_t copy_plain(const char *const from, const size_t left, char *const room)
{
    uint64_t word = UINT64_MAX; /* what is behind the end needs none */
    const size_t size = left < sizeof(word) ? left : sizeof(word);
    if (size == sizeof(word)) {
        memcpy(&word, from, sizeof(word));
    } else {
        memcpy(&word, from, size);
    }
    memcpy(room, &word, sizeof(word));
    const uint64_t marks = escape_marks(word);
    return marks == 0 ? size : (size_t)__builtin_ctzll(marks) / 8;
}

/* `room` holds six bytes for each of `text`, and eight more; returns how many were written. */
static size_t escape_into(const struct ps_str text, char *const room)
{
    char *to = room;
    size_t at = 0;
    while (at < text.size) {
        const size_t left = text.size - at;
        const size_t plain = copy_plain(text.data + at, left, to);
        to += plain;
        at += plain;
        if (plain < 8 && plain < left) {
            to = write_escape(to, text.data[at]);
            at++;
        }
    }
    return (size_t)(to - room);
}

/* The longest escape of one byte, and what is copied at once. */
#define ESCAPE_BYTES_MAX 6
#define WORD_BYTES 8

bool ps_json_append_escaped(struct ps_buf *const buf, const struct ps_str text)
{
    char small[ESCAPE_BYTES_MAX * 64 + WORD_BYTES];
    size_t at = 0;
    while (at < text.size) {
        const struct ps_str large_part = ps_str_part(text, at, 4096);
        char *const room = ps_buf_reserve(buf, ESCAPE_BYTES_MAX * large_part.size + WORD_BYTES);
        if (room != NULL) {
            ps_buf_commit(buf, escape_into(large_part, room));
            at += large_part.size;
            continue;
        }
        /* Near the cap: what it comes to is found out beside the buffer. */
        const struct ps_str small_part = ps_str_part(text, at, 64);
        if (!ps_buf_append(buf, (struct ps_str){small, escape_into(small_part, small)})) {
            return false;
        }
        at += small_part.size;
    }
    return true;
}

bool ps_json_append_string(struct ps_buf *const buf, const struct ps_str text)
{
    return ps_buf_append_byte(buf, '"') && ps_json_append_escaped(buf, text) &&
           ps_buf_append_byte(buf, '"');
}

static uint32_t hex_value(const char digit)
{
    if (digit >= '0' && digit <= '9') {
        return (uint32_t)(digit - '0');
    }
    return (uint32_t)((digit | 0x20) - 'a') + 10;
}

static uint32_t hex4(const char *const at)
{
    return hex_value(at[0]) << 12 | hex_value(at[1]) << 8 | hex_value(at[2]) << 4 |
           hex_value(at[3]);
}

static size_t utf8_write(const uint32_t point, char *const room)
{
    if (point < 0x80) {
        room[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        room[0] = (char)(0xC0 | point >> 6);
        room[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        room[0] = (char)(0xE0 | point >> 12);
        room[1] = (char)(0x80 | (point >> 6 & 0x3F));
        room[2] = (char)(0x80 | (point & 0x3F));
        return 3;
    }
    room[0] = (char)(0xF0 | point >> 18);
    room[1] = (char)(0x80 | (point >> 12 & 0x3F));
    room[2] = (char)(0x80 | (point >> 6 & 0x3F));
    room[3] = (char)(0x80 | (point & 0x3F));
    return 4;
}

static char plain_of_escape(const char letter)
{
    switch (letter) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    default:
        return letter;
    }
}

/* `at` stands on a backslash; writes what it means and returns how many bytes of source that took.
 */
static size_t unescape_one(const char *const at, const size_t left, char *const room,
                           size_t *const ret_size)
{
    if (left < 6 || at[1] != 'u') {
        room[0] = left < 2 ? '\\' : plain_of_escape(at[1]);
        *ret_size = 1;
        return left < 2 ? 1 : 2;
    }
    const uint32_t first = hex4(at + 2);
    const bool is_pair = first >= 0xD800 && first < 0xDC00 && left >= 12 && at[6] == '\\';
    if (!is_pair) {
        *ret_size = utf8_write(first, room);
        return 6;
    }
    const uint32_t second = hex4(at + 8);
    *ret_size = utf8_write(0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF), room);
    return 12;
}

bool ps_json_append_unescaped(struct ps_buf *const buf, const struct ps_str inner)
{
    size_t place = 0;
    while (place < inner.size) {
        const struct ps_str rest = ps_str_part(inner, place, inner.size - place);
        const size_t plain = ps_str_find(rest, '\\');
        if (!ps_buf_append(buf, ps_str_part(rest, 0, plain))) {
            return false;
        }
        place += plain;
        if (place < inner.size) {
            char bytes[4];
            size_t size = 0;
            place += unescape_one(inner.data + place, inner.size - place, bytes, &size);
            if (!ps_buf_append(buf, (struct ps_str){bytes, size})) {
                return false;
            }
        }
    }
    return true;
}
