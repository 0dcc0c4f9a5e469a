/*
 * output_line - one line of an output object: whose answer it is, and what is kept of it.
 *
 * The line is hostile. It is BROKEN when it is not one JSON object with one `recordId` that is
 * text, FOREIGN when that id is not one of ours. Bytes that are not UTF-8 and lone surrogates do
 * not break a line of ours: they are read as U+FFFD, and it is told. BAD is a line of ours that
 * says neither or both of `modelOutput` and `error` (null counts as absent), says one of them
 * twice, or gives an output that is no object or nested deeper than PS_JSON_DEPTH_MAX.
 *
 * Pure. Owner: the reader is embedded and released by the caller; what a line points to lives until
 * the next read, and the line's bytes must live as long. Threads: one at a time.
 */
#ifndef PS_CORE_OUTPUT_LINE_H
#define PS_CORE_OUTPUT_LINE_H

#include "base/buf.h"
#include "codec/json_doc.h"
#include "core/answer.h"

enum ps_output_kind {
    PS_OUTPUT_BROKEN,
    PS_OUTPUT_FOREIGN,
    PS_OUTPUT_ANSWER,
    PS_OUTPUT_ERROR,
    PS_OUTPUT_BAD
};

struct ps_output_line {
    enum ps_output_kind kind;
    int64_t record;       /* ANSWER, ERROR, BAD: by our own id */
    yyjson_val *value;    /* ANSWER: the model's body; ERROR: the error */
    struct ps_str source; /* ANSWER: the body as it stands in the line */
    const char *fault;    /* BAD: what is wrong with it */
    bool is_repaired;     /* ANSWER, ERROR, BAD: something in the line was no character */
};

/* `room` holds the line where it had to be repaired; it must live as long as the line's bytes. */
void ps_output_line_read(struct ps_json_doc *doc, struct ps_str line, struct ps_buf *room,
                         struct ps_output_line *ret_line);

/*
 * Appends the tail of a success's results line: "status", "text", "output", "usage", "stop_reason",
 * "model". `output` keeps the source's numbers and escapes byte for byte. False when the cap of
 * `buf` was hit: a part may then stand in it.
 */
PS_MUST_CHECK bool ps_output_line_add_tail(const struct ps_output_line *line, enum ps_family family,
                                           struct ps_str model, struct ps_buf *buf,
                                           struct ps_answer *ret_answer);

/* Appends {"code":...,"message":...}. A message over 4,000 bytes is cut; bytes that are not UTF-8
 * become '?'. */
void ps_output_line_add_error(struct ps_str code, struct ps_str message, struct ps_buf *buf);

#endif
