/*
 * record - one line of input becomes the line that is sent, and what the index keeps of it.
 *
 * The line that is sent is {"recordId":"R0000000042","modelInput":{...}} and a line end; the id is
 * our own, the user's comes back in the results. ps_record_make checks everything; ps_record_remake
 * makes the same bytes again later, from the same source, as cheaply as it can (no tree where the
 * body is copied).
 *
 * Owner: the caller frees the maker; what a call returns are views that live until the next call.
 * Threads: a maker belongs to one thread, rules are shared and do not change.
 *
 *     struct ps_record record;
 *     ps_record_make(maker, line, index, &record);
 *     if (record.rejection.code != NULL) { ... that line is rejected, the others go on ... }
 */
#ifndef PS_CORE_RECORD_H
#define PS_CORE_RECORD_H

#include "codec/csv.h"
#include "core/body.h"
#include "core/canonical.h"
#include "core/dialect.h"
#include "core/request.h"
#include "core/template.h"

struct ps_record_rules {
    enum ps_dialect dialect;
    struct ps_body_form form;
    struct ps_str system;               /* fills what the input leaves out; "": none */
    int64_t max_tokens;                 /* likewise; 0: not given */
    const struct ps_template *template; /* for jsonl and csv; NULL: the column `prompt` */
    struct ps_str id_field;     /* where ids stand; "": where the dialect has them, else `id` */
    struct ps_str keep;         /* "a,b", "all" or "" */
    int64_t context_tokens_max; /* 0: not known */
    int64_t output_tokens_max;
    int64_t record_bytes_max;
};

struct ps_record {
    struct ps_rejection rejection;     /* code NULL: it is accepted, and the rest holds */
    struct ps_str id;                  /* JSON text, or "null"; of rejected ones too if readable */
    struct ps_str keep;                /* JSON object, or "" */
    struct ps_str line;                /* what is sent, '\n' included */
    struct ps_fingerprint fingerprint; /* of the body as it is sent */
    int64_t input_tokens;
    int64_t output_tokens_max;
    bool has_output_max; /* the record's own, or the user's option */
    bool is_warm;        /* an explicit temperature above 0 */
    int64_t saved_bytes;
    int64_t dropped_fields;
    int64_t unknown_fields;
};

/* How long a line is before its body, and after it. */
#define PS_RECORD_HEAD_SIZE ((size_t)39)
#define PS_RECORD_TAIL_SIZE ((size_t)2)

struct ps_record_maker;
struct ps_record_maker *ps_record_maker_new(const struct ps_record_rules *rules);
struct ps_record_maker *ps_record_maker_free(struct ps_record_maker *maker);
void ps_record_maker_free_auto(struct ps_record_maker **maker);

/* CSV: the header row that names the columns of the records to come; a view, the caller keeps it.
 */
void ps_record_maker_columns(struct ps_record_maker *maker, const struct ps_csv_row *header);

/* `source`: one line, without its line end, not blank. `index` <= PS_RECORD_INDEX_MAX. */
void ps_record_make(struct ps_record_maker *maker, struct ps_str source, int64_t index,
                    struct ps_record *ret_record);

/* The line alone, of a source that ps_record_make accepted; false when it is not that source any
 * more. */
PS_MUST_CHECK bool ps_record_remake(struct ps_record_maker *maker, struct ps_str source,
                                    int64_t index, struct ps_str *ret_line);

/* Do these two lines (of ps_record_remake) ask for the same? Their ids do not count. */
PS_MUST_CHECK bool ps_record_lines_equal(struct ps_record_maker *maker, struct ps_str left,
                                         struct ps_str right);

#endif
