#include "app/line_window.h"

#include "base/assert.h"
#include "base/limits.h"

#include <string.h>
#include <unistd.h>

/* A buffer that a long line made large is given back afterwards. */
#define KEPT_BYTES_MAX (4 * PS_MB)

void ps_line_window_init(struct ps_line_window *const window, const struct ps_inputs *const inputs,
                         const size_t ahead_bytes)
{
    memset(window, 0, sizeof(*window));
    window->inputs = inputs;
    window->ahead_bytes = ahead_bytes;
    window->input = -1;
    window->descriptor = -1;
    ps_buf_init(&window->bytes, PS_INPUT_LINE_BYTES_MAX + ahead_bytes);
}

void ps_line_window_release(struct ps_line_window *const window)
{
    if (window->descriptor >= 0) {
        (void)close(window->descriptor);
        window->descriptor = -1;
    }
    window->input = -1;
    ps_buf_release(&window->bytes);
}

static enum ps_status open_input(struct ps_line_window *const window, const int64_t input,
                                 struct ps_error *const err)
{
    if (window->input == input) {
        return PS_OK;
    }
    if (window->descriptor >= 0) {
        (void)close(window->descriptor);
        window->descriptor = -1;
        window->input = -1;
    }
    ps_buf_clear(&window->bytes);
    if (ps_input_open(&window->inputs->items[input], &window->descriptor, err) != PS_OK) {
        return err->status;
    }
    window->input = input;
    return PS_OK;
}

enum ps_status ps_line_window_read(struct ps_line_window *const window, const uint64_t offset,
                                   const size_t length, struct ps_str *const ret_line,
                                   int64_t *const ret_input, struct ps_error *const err)
{
    const int64_t input = ps_inputs_find(window->inputs, offset);
    const struct ps_input *const items = &window->inputs->items[input];
    const int64_t from = (int64_t)(offset - items->offset);
    PS_ASSERT(length <= PS_INPUT_LINE_BYTES_MAX);
    if (open_input(window, input, err) != PS_OK) {
        return err->status;
    }
    const bool is_inside = from >= window->from &&
                           from + (int64_t)length <= window->from + (int64_t)window->bytes.size;
    if (!is_inside) {
        const int64_t left = items->size_bytes - from;
        const size_t wanted = length > window->ahead_bytes ? length : window->ahead_bytes;
        const size_t size = left < (int64_t)wanted ? (size_t)(left < 0 ? 0 : left) : wanted;
        if (window->bytes.capacity > KEPT_BYTES_MAX) {
            ps_buf_release(&window->bytes);
        }
        ps_buf_clear(&window->bytes);
        char *const room = ps_buf_reserve(&window->bytes, wanted);
        PS_ASSERT(room != NULL);
        if (ps_input_read(items, window->descriptor, from, room, size < length ? length : size,
                          err) != PS_OK) {
            return err->status;
        }
        ps_buf_commit(&window->bytes, size < length ? length : size);
        window->from = from;
    }
    *ret_line = ps_str_part(ps_buf_str(&window->bytes), (size_t)(from - window->from), length);
    *ret_input = input;
    return PS_OK;
}
