/*
 * line_sink - where lines go: a descriptor, a new file that takes its place when it is whole, or a
 * comparison with a file that is there.
 *
 * Lines are put into `buf`; ps_line_sink_turn hands them on when enough wait.
 *
 * Owner: the caller embeds it; ps_line_sink_release drops what was not published. Threads: one at a
 * time.
 *
 *     status = ps_line_sink_create(&sink, path, err);
 *     ... ps_buf_append(&sink.buf, line) ... ps_line_sink_turn(&sink, err) ...
 *     ps_line_sink_finish(&sink, err);    the new file is whole and synced, still under its other
 * name ps_line_sink_publish(&sink, err);   renamed
 */
#ifndef PS_APP_LINE_SINK_H
#define PS_APP_LINE_SINK_H

#include "base/buf.h"
#include "base/status.h"

struct ps_line_sink {
    struct ps_buf buf;
    int descriptor;
    bool is_owned;        /* we opened it */
    bool is_comparison;   /* of what stands in the file */
    char *path;           /* for messages, and the final name */
    char *temporary_path; /* NULL: written in place */
    int64_t line_count;   /* of a comparison: whole lines that were equal */
};

/* A descriptor that the caller keeps open. */
void ps_line_sink_on(struct ps_line_sink *sink, int descriptor, const char *name);

/* A new file for `path`. What is no regular file is written to directly. */
PS_MUST_CHECK enum ps_status ps_line_sink_create(struct ps_line_sink *sink, const char *path,
                                                 struct ps_error *err);

/* Holds lines against the file `path`. PS_E_NOT_FOUND: there is none. */
PS_MUST_CHECK enum ps_status ps_line_sink_compare(struct ps_line_sink *sink, const char *path,
                                                  struct ps_error *err);

/* Hands on what waits in `buf` when it is much. PS_E_IO; PS_E_CORRUPT: a line differs. */
PS_MUST_CHECK enum ps_status ps_line_sink_turn(struct ps_line_sink *sink, struct ps_error *err);

/* Hands on the rest; a new file is synced, a comparison must be at the file's end. */
PS_MUST_CHECK enum ps_status ps_line_sink_finish(struct ps_line_sink *sink, struct ps_error *err);

/* Gives a new file its name and syncs the folder. */
PS_MUST_CHECK enum ps_status ps_line_sink_publish(struct ps_line_sink *sink, struct ps_error *err);

void ps_line_sink_release(struct ps_line_sink *sink);

#endif
