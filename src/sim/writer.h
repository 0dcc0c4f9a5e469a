/*
 * writer - JSON text into a buffer, member by member.
 *
 * For text whose size is bounded by what came in; hitting the buffer's cap is a bug. Names are
 * literals. A NULL name stands for an element of a list, or the root.
 *
 * Owner: the caller embeds it; the buffer is the caller's. Threads: one owner at a time.
 *
 *     struct ps_writer writer = {.buf = &buf};
 *     ps_writer_open(&writer, NULL, '{');
 *     ps_writer_text(&writer, "event", PS_STR("request"));
 *     ps_writer_close(&writer, '}');
 */
#ifndef PS_SIM_WRITER_H
#define PS_SIM_WRITER_H

#include "base/buf.h"

struct ps_writer {
    struct ps_buf *buf;
    bool needs_comma;
};

/* How a string is escaped; 0 is the shortest form. */
enum {
    PS_ESCAPE_ASCII = 1, /* beyond ASCII as \uXXXX, with surrogate pairs */
    PS_ESCAPE_SLASH = 2  /* '/' as '\/' */
};

/* `bracket` is '{' or '['; close takes '}' or ']'. */
void ps_writer_open(struct ps_writer *writer, const char *name, char bracket);
void ps_writer_close(struct ps_writer *writer, char bracket);

/* What is not UTF-8 is written with '?' for each byte beyond ASCII. */
void ps_writer_text(struct ps_writer *writer, const char *name, struct ps_str value);
void ps_writer_number(struct ps_writer *writer, const char *name, int64_t value);
void ps_writer_bool(struct ps_writer *writer, const char *name, bool value);

/* As above, but nothing at all for "" . */
void ps_writer_text_if(struct ps_writer *writer, const char *name, struct ps_str value);

/* Begins a member whose value the caller appends to the buffer. */
void ps_writer_name(struct ps_writer *writer, const char *name);

/* `text`, valid UTF-8, with its quotes. */
void ps_writer_add_string(struct ps_buf *buf, struct ps_str text, unsigned escapes);

/* UTF-8 without overlong forms, surrogates, or anything beyond U+10FFFF. */
bool ps_writer_is_utf8(struct ps_str text);

#endif
