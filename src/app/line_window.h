/*
 * line_window - lines of the inputs by their place, read ahead a little: records of a shard lie
 * side by side.
 *
 * One descriptor is open at a time, whatever the number of inputs.
 *
 * Owner: the caller embeds it. Threads: one at a time.
 */
#ifndef PS_APP_LINE_WINDOW_H
#define PS_APP_LINE_WINDOW_H

#include "app/inputs.h"
#include "base/buf.h"

struct ps_line_window {
    const struct ps_inputs *inputs;
    size_t ahead_bytes;
    int64_t input; /* -1: none is open */
    int descriptor;
    int64_t from; /* of the bytes, in that input */
    struct ps_buf bytes;
};

/* `ahead_bytes`: how much is read at once at the least; 0: just the line. */
void ps_line_window_init(struct ps_line_window *window, const struct ps_inputs *inputs,
                         size_t ahead_bytes);
void ps_line_window_release(struct ps_line_window *window);

/*
 * The line at `offset` of the row of inputs; a view until the next call. *ret_input says whose it
 * is. PS_E_NOT_FOUND (`input_gone`), PS_E_CORRUPT (`input_changed`), PS_E_IO.
 */
PS_MUST_CHECK enum ps_status ps_line_window_read(struct ps_line_window *window, uint64_t offset,
                                                 size_t length, struct ps_str *ret_line,
                                                 int64_t *ret_input, struct ps_error *err);

#endif
