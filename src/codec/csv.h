/*
 * csv - RFC 4180: commas, fields in quotes may hold commas, line ends and doubled quotes.
 *
 * Records end at LF or CRLF outside quotes. A quote inside a field that did not begin with one is
 * an ordinary byte, as spreadsheets write it. What stands after a closing quote, and a quote that
 * is never closed, make a record that cannot be read.
 *
 * Owner: the row owns its decoded bytes. Threads: one at a time.
 */
#ifndef PS_CODEC_CSV_H
#define PS_CODEC_CSV_H

#include "base/buf.h"
#include "codec/jsonl.h"

/* As ps_jsonl_next, but line ends inside quotes belong to the record. */
PS_MUST_CHECK bool ps_csv_next(struct ps_str bytes, size_t from, bool is_last,
                               struct ps_line *ret_line);

struct ps_csv_row {
    struct ps_buf bytes;   /* all fields, decoded, one after another */
    struct ps_buf offsets; /* size_t each: where a field begins; one more for the end */
    size_t field_count;
};

void ps_csv_row_init(struct ps_csv_row *row);
void ps_csv_row_release(struct ps_csv_row *row);

/* Reads one record (without its line end); false when its quotes are wrong, or above 65,536 fields.
 */
PS_MUST_CHECK bool ps_csv_row_read(struct ps_csv_row *row, struct ps_str record);

/* field_index < row->field_count. Lives until the next read. */
struct ps_str ps_csv_row_field(const struct ps_csv_row *row, size_t field_index);

/* The first field that is `name`; false when there is none. */
PS_MUST_CHECK bool ps_csv_row_find(const struct ps_csv_row *row, struct ps_str name,
                                   size_t *ret_index);

#endif
