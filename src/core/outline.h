/*
 * outline - a whole plan in numbers: which lane does how much, in which jobs and files, and when
 * all of it ends.
 *
 * Shares, sizes and makespan one after another; what "what if" is asked of (core/advice).
 *
 * Owner: the caller releases. Pure.
 */
#ifndef PS_CORE_OUTLINE_H
#define PS_CORE_OUTLINE_H

#include "core/demand.h"
#include "core/makespan.h"
#include "core/supply.h"

struct ps_outline_options {
    int64_t deadline_ms; /* from the run's start: the cheapest lanes first where it leaves room */
    int64_t day_jobs;    /* these as in ps_sizing_options */
    int64_t job_ms_max;
    bool is_ramp;
    struct ps_makespan_options makespan;
};

struct ps_outline {
    struct ps_makespan_lane *lanes; /* of each lane of the supply */
    int64_t lane_count;
    int64_t ends_ms;      /* INT64_MAX: never */
    int64_t days;         /* daily windows, in the lane of most */
    int64_t left_records; /* that no lane can take, or below a job's minimum */
    bool is_cheapest;     /* the cheapest lanes first; else the soonest end */
};

void ps_outline_find(const struct ps_demand *demand, const struct ps_supply *supply,
                     const struct ps_outline_options *options, struct ps_outline *ret_outline);

void ps_outline_release(struct ps_outline *outline);

#endif
