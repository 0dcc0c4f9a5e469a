/*
 * chunk_reader - the inputs as a row of chunks: about a megabyte each, whole lines only, numbered.
 *
 * A line over the cap is stepped over without being held: it becomes a line of no bytes that is
 * marked. Blank lines are counted and left out.
 *
 * Owner: the caller embeds reader and chunks. Threads: one at a time reads; chunks are independent.
 */
#ifndef PS_APP_CHUNK_READER_H
#define PS_APP_CHUNK_READER_H

#include "app/inputs.h"
#include "base/buf.h"

#include <stdbool.h>

struct ps_chunk_line {
    uint64_t offset; /* in the row of inputs */
    uint64_t length; /* without its line end */
    size_t from;     /* in the chunk's bytes; of no meaning when it is too long */
    int64_t number;  /* in its file, from 1 */
    bool is_too_long;
};

struct ps_chunk {
    int64_t number;      /* chunks are numbered from 0 */
    int64_t first_index; /* of its first line among all records */
    int64_t input;       /* all lines are of one input */
    struct ps_buf bytes;
    struct ps_buf lines; /* struct ps_chunk_line each */
};

struct ps_chunk_reader {
    const struct ps_inputs *inputs;
    bool is_csv;      /* line ends in quotes do not end a record */
    int64_t input;    /* which one is read */
    int descriptor;   /* -1: not open */
    int64_t position; /* in it */
    int64_t line;     /* the number of the line at `position` */
    int64_t next_chunk;
    int64_t next_index;
    int64_t blank_lines;
    int64_t source_bytes;
};

void ps_chunk_reader_init(struct ps_chunk_reader *reader, const struct ps_inputs *inputs,
                          bool is_csv);

/* Before the first read: begins with this input instead of the first. */
void ps_chunk_reader_begin_at(struct ps_chunk_reader *reader, int64_t input);
void ps_chunk_reader_release(struct ps_chunk_reader *reader);

void ps_chunk_init(struct ps_chunk *chunk);
void ps_chunk_release(struct ps_chunk *chunk);

/*
 * Reads the next chunk, with at least one line. At the end *ret_is_end is true. PS_E_INPUT: the
 * input changed while it was read, or has more records than ids.
 */
PS_MUST_CHECK enum ps_status ps_chunk_read(struct ps_chunk_reader *reader, struct ps_chunk *chunk,
                                           bool *ret_is_end, struct ps_error *err);

size_t ps_chunk_line_count(const struct ps_chunk *chunk);
struct ps_chunk_line ps_chunk_line(const struct ps_chunk *chunk, size_t index);
struct ps_str ps_chunk_line_text(const struct ps_chunk *chunk, const struct ps_chunk_line *line);

#endif
