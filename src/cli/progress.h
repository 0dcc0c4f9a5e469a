/*
 * progress - how far a run is, on stderr: a line that rewrites itself on a terminal, now and then a
 * plain line otherwise.
 */
#ifndef PS_CLI_PROGRESS_H
#define PS_CLI_PROGRESS_H

#include "app/turn.h"

/* `is_quiet`: says nothing. */
void ps_progress_show(const struct ps_progress *progress, bool is_quiet);

/* Ends the rewriting line. */
void ps_progress_end(bool is_quiet);

/* "12,345 of 200,000 records, 7 of 10 jobs live, ...": for `status` too. */
void ps_progress_text(struct ps_buf *buf, const struct ps_progress *progress);

#endif
