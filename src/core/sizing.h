/*
 * sizing - how large a lane's jobs and files should be, and why.
 *
 * Jobs first. Where the day's tokens bind, a day is divided into as few whole jobs as its limits
 * allow, so that no part of a budget is left over (or into day_jobs, so that what one of them used
 * more or less than was thought moves little). Else, where one job a slot holds it all, each slot
 * gets one. Else jobs are as large as every limit allows, and all alike; so that they do not start
 * and end in lock-step (ten start-ups at once, and nothing is worked on), they are created no
 * faster than the rate works on them (gap_ms); or, where the caller cannot wait, the first ones are
 * of growing size (ramp). Then the largest files that every limit allows.
 *
 * Sizes are in records of the mean kind. Whoever cuts heeds the exact bytes and tokens of the
 * records beside them (core/plan).
 *
 * Pure. Plain data, copied by value.
 */
#ifndef PS_CORE_SIZING_H
#define PS_CORE_SIZING_H

#include "base/status.h"
#include "core/demand.h"
#include "core/supply.h"

/* Bytes of an answer for each of its tokens, at the most: English has 4 to 5 (core/tokens), and
 * what one writes in other scripts or escapes has more (reference: reliability.md, 13.6). */
#define PS_OUTPUT_BYTES_A_TOKEN INT64_C(6)

struct ps_sizing_options {
    int64_t first_ms;     /* from the run's start to the first change of day */
    int64_t first_tokens; /* what is left of the first day's budget; 0: all of it */
    int64_t slots;        /* of the pool's jobs, this lane's; 0: all of them */
    int64_t job_records;  /* a job holds so many, whatever would be better; 0: choose */
    int64_t day_jobs;     /* so many jobs share a day that binds, two a slot at most; 0: few */
    int64_t job_ms_max;   /* what the service gives a job before it expires; 0: any time */
    bool is_ramp;         /* a creation cannot be held back: no gap_ms */
};

struct ps_sizing {
    int64_t jobs;
    int64_t job_records;     /* of a full job; 0: there is none */
    int64_t job_records_max; /* what its limits would hold */
    int64_t job_tokens;      /* of any job, as the quota counts them, at most; INT64_MAX: no end */
    int64_t shard_records;   /* of a full file */
    int64_t job_shards;      /* of a full job */
    enum ps_limit_key job_key; /* what decided; PS_LIMIT_COUNT: the work itself, or options */
    enum ps_limit_key shard_key;
    int64_t min_records;
    int64_t day_records;   /* in one day; INT64_MAX: the day does not bind */
    int64_t day_jobs;      /* of a full day; 0: it does not bind */
    int64_t first_records; /* that the first day takes: fewer where it is short */
    int64_t first_jobs;
    int64_t gap_ms;       /* between two creations, at least; 0: none needed */
    int64_t ramp;         /* so many first jobs grow in equal steps to a full one */
    int64_t left_records; /* below a job's minimum: not planned */
    enum ps_limit_key
        impossible; /* PS_LIMIT_COUNT: it is possible; else the limit in the way ... */
    int64_t needed; /* ... and the nearest value that would do */
};

/* For a lane and its part of the work. Nothing to do: no jobs, and all is possible. */
void ps_sizing_find(const struct ps_supply_lane *lane, const struct ps_demand_class *share,
                    const struct ps_sizing_options *options, struct ps_sizing *ret_sizing);

/*
 * How long the creations of two jobs should be apart where there are more jobs than slots: what a
 * job of so many tokens and records takes of the pool's rates, less a twentieth, so that a late
 * start can be made up. A rate of 0 and below is none; without any, 0.
 */
int64_t ps_sizing_gap_ms(int64_t tokens, int64_t records, int64_t tpm, int64_t rps);

/* Records of job number `job` of the lane, from 0, while `left` are still to be sent: the size that
 * a cut follows. 0: what is left is below a job's minimum. */
int64_t ps_sizing_next_records(const struct ps_sizing *sizing, int64_t job, int64_t left);

#endif
