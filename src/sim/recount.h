/*
 * recount - was more accepted than a limit allows? Counted from what happened alone.
 *
 * Knows nothing of how limits are kept: it is told what a pool used, stretch by stretch, and looks
 * at every window of a minute (tokens/min), of a second (requests/s) and at every day (tokens/day).
 * Within a stretch the use counts as even. A window may hold the burst on top, and one token or
 * record more for what is rounded.
 *
 * Owner: the caller embeds it. Time never goes back. Threads: one.
 */
#ifndef PS_SIM_RECOUNT_H
#define PS_SIM_RECOUNT_H

#include "sim/rates.h"

struct ps_recount_breach {
    const char *limit; /* "tpm", "tpd", "rps", "jobs" */
    int64_t at_ms;     /* the end of the window */
    int64_t value;
    int64_t limit_value;
};

/* 0: no such limit. */
struct ps_recount_options {
    int64_t jobs;
    int64_t tpm;
    int64_t tpd;
    int64_t reset_ms;
    int64_t rps;
    int64_t burst_tokens;
    void (*found)(void *context, const struct ps_recount_breach *breach);
    void *context;
};

/* The stretches that a window may still reach. */
struct ps_recount_window {
    struct ps_rates_use *uses;
    size_t first;
    size_t count;
    size_t capacity;
};

struct ps_recount {
    struct ps_recount_options options;
    struct ps_recount_window minute;
    struct ps_recount_window second;
    int64_t day; /* of the last use; INT64_MIN: none yet */
    int64_t day_micros;
    int64_t told_day; /* whose breach was told */

    /* Sums over all. */
    int64_t tokens;
    int64_t token_rest_micros;
    int64_t records;
    int64_t record_rest_micros;
    int64_t days; /* that had a use */
    int64_t first_ms;
    int64_t last_ms;
    int64_t peak_jobs;
    int64_t jobs_ms; /* jobs times how long they lived */
    int64_t jobs_at_ms;
    int64_t live_jobs;
};

void ps_recount_init(struct ps_recount *recount, const struct ps_recount_options *options,
                     int64_t now_ms);
void ps_recount_release(struct ps_recount *recount);

void ps_recount_use(struct ps_recount *recount, const struct ps_rates_use *use);

/* From now on so many jobs are alive; `others` more of other users count against the limit. */
void ps_recount_jobs(struct ps_recount *recount, int64_t at_ms, int64_t live, int64_t others);

#endif
