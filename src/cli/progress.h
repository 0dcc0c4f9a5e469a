/*
 * progress - how far a run is, on stderr: a line that rewrites itself on a terminal, now and then a
 * plain line otherwise (when something moved, or something is in trouble; once in five minutes at
 * the least).
 *
 * Owner: the caller embeds it, zeroed; there is nothing to release. Threads: one.
 */
#ifndef PS_CLI_PROGRESS_H
#define PS_CLI_PROGRESS_H

#include "app/turn.h"

struct ps_progress_view {
    int64_t told_at_ms; /* the machine's clock; 0: nothing was told yet */
    int64_t told_sum;   /* of what moves, as it was told */
    char told_trouble[320];
};

/* Says nothing when the chat is quiet. `real_ms` is the machine's monotonic clock. */
void ps_progress_show(struct ps_progress_view *view, const struct ps_progress *progress,
                      int64_t real_ms);

/* Takes the rewriting line away. */
void ps_progress_end(void);

/* "1,319 of 2,000 records, 240 running, jobs: 4 live, 8 of 14 done, ...": one plain sentence. */
void ps_progress_text(struct ps_buf *buf, const struct ps_progress *progress);

/* The line of a terminal: what does not fit in `columns` is left out, the least useful first. */
void ps_progress_line(struct ps_buf *buf, const struct ps_progress *progress, int64_t columns);

/* "[#####.....]", `cells` wide. */
void ps_progress_add_bar(struct ps_buf *buf, const struct ps_progress *progress, int64_t cells);

/* "1,319 of 2,000 records, 240 running". */
void ps_progress_add_records(struct ps_buf *buf, const struct ps_progress *progress);

/* Cuts a line to so many columns, never within a character. */
void ps_progress_cut(struct ps_buf *buf, int64_t columns);

/* "about 3m 12s left"; nothing where that cannot be told yet. False: nothing was added. */
bool ps_progress_add_left(struct ps_buf *buf, const struct ps_progress *progress);

/* "2,100,000 tokens/min"; likewise. */
bool ps_progress_add_rate(struct ps_buf *buf, const struct ps_progress *progress);

#endif
