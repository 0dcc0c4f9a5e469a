/*
 * makespan - when a plan ends, by its jobs: without a service, without the engine.
 *
 * Each pool is a fluid: its running jobs share its rate equally; a job takes a slot from its
 * creation, waits for its start-up, works, and its slot is free when somebody looks after its end.
 * A job is created when a slot is free and the day has room for all of it; what is left of it at
 * the turn of a day is held against the next one. So jobs are stepped through one after another,
 * not records and not moments: a few microseconds a job. Of very many jobs the later ones are
 * reckoned by the pace of those before.
 *
 * Start-up is the lane's; where nobody said one, jobs take turns in what was seen elsewhere, the
 * middle first, so that the last of many starts as late as one of many does. It says what a plan
 * with good forecasts comes to, no bound. Pure, integers only.
 */
#ifndef PS_CORE_MAKESPAN_H
#define PS_CORE_MAKESPAN_H

#include "core/demand.h"
#include "core/sizing.h"
#include "core/supply.h"

/* A power of two. */
#define PS_MAKESPAN_SPREAD 128

/* From here on a pool's jobs are reckoned by the pace of the ones before. */
#define PS_MAKESPAN_JOBS_MAX INT64_C(40000)

struct ps_makespan_options {
    int64_t poll_ms; /* jobs are looked at so often, from the start on; 0: all the time */
    /* Start-ups as they are spread, PS_MAKESPAN_SPREAD of them, ascending: of lanes whose own is
     * only expected (above startup_least_ms). NULL: each job takes the expected one. */
    const int64_t *spread_ms;
};

/* What one lane is to do, and how it is cut; then what came of it. */
struct ps_makespan_lane {
    struct ps_demand_class share;
    struct ps_sizing sizing;
    int64_t first_ms; /* its first record is worked on */
    int64_t ends_ms;  /* 0: nothing to do; INT64_MAX: never */
    int64_t days;     /* daily windows it works in */
};

/* `lanes`: one for each of the supply's. Returns when the last one ends; INT64_MAX: never. */
int64_t ps_makespan_find(const struct ps_supply *supply, const struct ps_makespan_options *options,
                         struct ps_makespan_lane *lanes);

#endif
