/*
 * buf - a growable run of bytes that cannot be made without a cap.
 *
 * Owner: the caller embeds it; ps_buf_release frees. Always terminated by a NUL byte that `size`
 * does not count, so `data` may be read as C text once something was appended (or ps_buf_text).
 * Threads: one owner at a time. Memory exhaustion ends the process.
 *
 *     struct ps_buf buf PS_CLEANUP(ps_buf_release);
 *     ps_buf_init(&buf, PS_LINE_BYTES_MAX);
 *     if (!ps_buf_append(&buf, PS_STR("hello"))) { ... the cap was hit, buf is as before ... }
 */
#ifndef PS_BASE_BUF_H
#define PS_BASE_BUF_H

#include "base/own.h"
#include "base/str.h"

#include <stdarg.h>

struct ps_buf {
    char *data;
    size_t size;
    size_t capacity;
    size_t size_max; /* the cap */
};

void ps_buf_init(struct ps_buf *buf, size_t size_max);
void ps_buf_release(struct ps_buf *buf);

/* Empty again; the memory is kept. */
void ps_buf_clear(struct ps_buf *buf);

/* False when the cap would be passed; the buffer is then as before. */
PS_MUST_CHECK bool ps_buf_append(struct ps_buf *buf, struct ps_str bytes);
PS_MUST_CHECK bool ps_buf_append_byte(struct ps_buf *buf, char byte);
PS_MUST_CHECK bool ps_buf_append_format(struct ps_buf *buf, const char *format, ...)
    PS_PRINTF(2, 3);

/* For text of our own making that is known to fit: hitting the cap is a bug. */
void ps_buf_add(struct ps_buf *buf, struct ps_str bytes);
void ps_buf_add_text(struct ps_buf *buf, const char *text);
void ps_buf_add_format(struct ps_buf *buf, const char *format, ...) PS_PRINTF(2, 3);

/*
 * Makes room for `size` more bytes and returns where they go; NULL when the cap would be passed.
 * The caller writes there and calls ps_buf_commit with what it wrote.
 */
PS_MUST_CHECK char *ps_buf_reserve(struct ps_buf *buf, size_t size);
void ps_buf_commit(struct ps_buf *buf, size_t size);

/* Drops the first `size` bytes. */
void ps_buf_consume(struct ps_buf *buf, size_t size);

struct ps_str ps_buf_str(const struct ps_buf *buf);

/* As C text; "" for an empty buffer. */
const char *ps_buf_text(const struct ps_buf *buf);

#endif
