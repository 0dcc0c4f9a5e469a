#include "codec/csv.h"

#include "base/assert.h"
#include "base/limits.h"

#include <string.h>

/* More columns than any spreadsheet has; bounds the memory that a hostile row takes. */
#define FIELDS_MAX ((size_t)65536)

/*
 * `at` stands after an opening quote. Returns the place of the closing one, or bytes.size when it
 * is not among the bytes; *ret_has_doubled: quotes stand for themselves inside.
 */
static size_t closing_quote(const struct ps_str bytes, size_t at, bool *const ret_has_doubled)
{
    *ret_has_doubled = false;
    while (at < bytes.size) {
        const char *const quote = memchr(bytes.data + at, '"', bytes.size - at);
        if (quote == NULL) {
            return bytes.size;
        }
        at = (size_t)(quote - bytes.data);
        if (at + 1 >= bytes.size || bytes.data[at + 1] != '"') {
            return at;
        }
        *ret_has_doubled = true;
        at += 2;
    }
    return bytes.size;
}

/* The first comma or LF from `at` on, or bytes.size. */
static size_t field_end(const struct ps_str bytes, size_t at)
{
    while (at < bytes.size && bytes.data[at] != ',' && bytes.data[at] != '\n') {
        at++;
    }
    return at;
}

bool ps_csv_next(const struct ps_str bytes, const size_t from, const bool is_last,
                 struct ps_line *const ret_line)
{
    if (from >= bytes.size) {
        return false;
    }
    size_t at = from;
    while (at < bytes.size) {
        if (bytes.data[at] == '"') {
            bool has_doubled;
            at = closing_quote(bytes, at + 1, &has_doubled);
        }
        at = field_end(bytes, at);
        if (at >= bytes.size || bytes.data[at] == '\n') {
            break;
        }
        at++;
    }
    const bool has_end = at < bytes.size;
    if (!has_end && !is_last) {
        return false;
    }
    const size_t next = has_end ? at + 1 : bytes.size;
    const size_t size = at - from;
    const bool has_cr = size > 0 && bytes.data[from + size - 1] == '\r';
    *ret_line = (struct ps_line){from, has_cr ? size - 1 : size, next};
    return true;
}

void ps_csv_row_init(struct ps_csv_row *const row)
{
    ps_buf_init(&row->bytes, PS_INPUT_LINE_BYTES_MAX);
    ps_buf_init(&row->offsets, sizeof(size_t) * (FIELDS_MAX + 1));
    row->field_count = 0;
}

void ps_csv_row_release(struct ps_csv_row *const row)
{
    ps_buf_release(&row->bytes);
    ps_buf_release(&row->offsets);
    row->field_count = 0;
}

static void add_offset(struct ps_csv_row *const row)
{
    const size_t offset = row->bytes.size;
    ps_buf_add(&row->offsets, (struct ps_str){(const char *)&offset, sizeof(offset)});
}

/* Copies with each doubled quote once. */
static void add_unquoted(struct ps_csv_row *const row, const struct ps_str inner)
{
    struct ps_str rest = inner;
    while (rest.size > 0) {
        const size_t quote = ps_str_find(rest, '"');
        const size_t taken = quote < rest.size ? quote + 1 : quote;
        ps_buf_add(&row->bytes, ps_str_part(rest, 0, taken));
        rest = ps_str_part(rest, taken + 1, rest.size);
    }
}

/* Reads the field at `*at` and leaves `*at` on the comma after it or at the end. */
static bool read_field(struct ps_csv_row *const row, const struct ps_str record, size_t *const at)
{
    const size_t from = *at;
    add_offset(row);
    if (from >= record.size || record.data[from] != '"') {
        const char *const comma =
            from < record.size ? memchr(record.data + from, ',', record.size - from) : NULL;
        *at = comma == NULL ? record.size : (size_t)(comma - record.data);
        ps_buf_add(&row->bytes, ps_str_part(record, from, *at - from));
        return true;
    }
    bool has_doubled;
    const size_t quote = closing_quote(record, from + 1, &has_doubled);
    if (quote >= record.size || (quote + 1 < record.size && record.data[quote + 1] != ',')) {
        return false;
    }
    const struct ps_str inner = ps_str_part(record, from + 1, quote - from - 1);
    if (has_doubled) {
        add_unquoted(row, inner);
    } else {
        ps_buf_add(&row->bytes, inner);
    }
    *at = quote + 1;
    return true;
}

bool ps_csv_row_read(struct ps_csv_row *const row, const struct ps_str record)
{
    ps_buf_clear(&row->bytes);
    ps_buf_clear(&row->offsets);
    row->field_count = 0;
    size_t at = 0;
    bool has_more = true;
    while (has_more) {
        if (row->field_count >= FIELDS_MAX || !read_field(row, record, &at)) {
            row->field_count = 0;
            return false;
        }
        row->field_count++;
        has_more = at < record.size;
        at++;
    }
    add_offset(row);
    return true;
}

static size_t offset_at(const struct ps_csv_row *const row, const size_t index)
{
    size_t offset;
    memcpy(&offset, row->offsets.data + index * sizeof(offset), sizeof(offset));
    return offset;
}

struct ps_str ps_csv_row_field(const struct ps_csv_row *const row, const size_t field_index)
{
    PS_ASSERT(field_index < row->field_count);
    const size_t from = offset_at(row, field_index);
    return (struct ps_str){row->bytes.data + from, offset_at(row, field_index + 1) - from};
}

bool ps_csv_row_find(const struct ps_csv_row *const row, const struct ps_str name,
                     size_t *const ret_index)
{
    for (size_t index = 0; index < row->field_count; index++) {
        if (ps_str_equals(ps_csv_row_field(row, index), name)) {
            *ret_index = index;
            return true;
        }
    }
    return false;
}
