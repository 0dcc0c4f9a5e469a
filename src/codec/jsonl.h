/*
 * jsonl - where lines end: at 0x0A only, a CR before it is not part of the line, the last one may
 * lack it.
 *
 * Unicode's own line separators (U+2028, U+0085) may stand inside strings and end nothing.
 *
 * Owner: views. Threads: no state.
 */
#ifndef PS_CODEC_JSONL_H
#define PS_CODEC_JSONL_H

#include "base/str.h"

/* One line of a larger run of bytes, by places in it. */
struct ps_line {
    size_t from;
    size_t size; /* without its line end */
    size_t next; /* where the next one begins */
};

/*
 * The line that begins at `from`; false when its end is not among `bytes` (with `is_last`, when no
 * more bytes will come, the end of the bytes ends it) or when nothing is left.
 */
PS_MUST_CHECK bool ps_jsonl_next(struct ps_str bytes, size_t from, bool is_last,
                                 struct ps_line *ret_line);

/* Nothing but spaces, tabs and CR. */
PS_MUST_CHECK bool ps_jsonl_is_blank(struct ps_str line);

/* How many line ends stand in `bytes`. */
int64_t ps_jsonl_count_ends(struct ps_str bytes);

/* The UTF-8 byte order mark at the start of a file, or nothing: 3 or 0 bytes. */
size_t ps_jsonl_bom_size(struct ps_str bytes);

#endif
