/*
 * startup - how long a job takes until it works, and how fast one works, as recorded.
 *
 * Read from data/startup.json: rows of a quantile table, even between two rows. Owner: the caller
 * embeds it. Threads: read-only once loaded.
 */
#ifndef PS_SIM_STARTUP_H
#define PS_SIM_STARTUP_H

#include <stddef.h>
#include <stdint.h>

#define PS_QUANTILES_MAX 16

struct ps_quantile {
    int64_t permille;
    int64_t value;
};

struct ps_startup {
    struct ps_quantile delays[PS_QUANTILES_MAX]; /* ms */
    size_t delay_count;
    struct ps_quantile speeds[PS_QUANTILES_MAX]; /* tokens a minute */
    size_t speed_count;
};

void ps_startup_load(struct ps_startup *startup);

/* From submission until processing, for a draw of any 64 bits. */
int64_t ps_startup_delay_ms(const struct ps_startup *startup, uint64_t draw);

/* The same for `count` draws that lie evenly from the least on, in ascending order: an even count
 * has the median at its half. */
void ps_startup_spread_ms(const struct ps_startup *startup, int64_t *ret_delays_ms, size_t count);

/* A job's own speed, likewise. */
int64_t ps_startup_job_tpm(const struct ps_startup *startup, uint64_t draw);

#endif
