/*
 * curve - how much a pool can have done by a given moment.
 *
 * Time is ms from the run's start; a limit of INT64_MAX is none, and so is an answer of INT64_MAX.
 * Rounded towards more work, so that a moment found with it is a floor. Pure.
 */
#ifndef PS_CORE_CURVE_H
#define PS_CORE_CURVE_H

#include <stdint.h>

struct ps_curve {
    int64_t from_ms; /* nothing before this */
    int64_t tokens_per_minute;
    int64_t tokens_per_day;
    int64_t first_reset_ms;  /* the day changes then, and every 24 h after it */
    int64_t burst_tokens;    /* at once after an idle time, above the rate: in every day */
    int64_t straddle_tokens; /* begun before a day's end and counted after it: in every later day */
    int64_t spent_tokens;    /* of the cap of the day in which the run starts, before it */
};

/* Tokens taken in [from, at]: the sum over days of min(day's cap, burst + rate * time), and never
 * more than burst + rate * all the time. */
int64_t ps_curve_tokens(const struct ps_curve *curve, int64_t at_ms);

/* The same in records of `weight` tokens where no day takes a part of one. */
int64_t ps_curve_whole_records(const struct ps_curve *curve, int64_t weight, int64_t at_ms);

/* The first moment at which ps_curve_tokens is `tokens`; INT64_MAX: never. */
int64_t ps_curve_reach_ms(const struct ps_curve *curve, int64_t tokens);

/* Slots that run one job after another, each of at most `job_records`. */
struct ps_slots {
    int64_t slots;
    int64_t job_records;
    int64_t startup_ms;     /* of each job, before its first record */
    int64_t records_per_ms; /* as a fraction: this many records ... */
    int64_t ms_per_records; /* ... in this many ms, one job alone; 0: at once */
};

/* Records done by `at_ms`, at most. */
int64_t ps_slots_records(const struct ps_slots *slots, int64_t at_ms);

#endif
