/*
 * bound - the least time that the lanes' limits allow: no schedule ends sooner.
 *
 * Eight bounds, each from fewer limits than there are; the largest holds.
 *
 *   RATE      all tokens against TPM and TPD of every pool that can take them, burst included, from
 *             the first moment a job can run
 *   CLASSES   the same for each set of records that only some pools can take
 *   MIXED     all limits of a pool at once, tokens weighed as each pool weighs them
 *   SLOTS     each job holds a slot for its start-up and its own work: jobs at once, job sizes
 *   ONE_JOB   start-up and work of the heaviest record, or of the smallest legal job
 *   TRANSFER  start-up and the bytes to be sent, where the caller says how fast that is
 *   WHOLE     a day takes whole records only, of the lightest kind
 *   REQUESTS  records or calls against RPS
 *
 * How it stays a floor: start-up is the lane's least; a burst counts in every day; each running job
 * may have begun a record before a day's end and finish it after (it counts in the later day,
 * whole, but has less left to do); what differs between records of a class counts as its lightest;
 * a job's own speed is the whole rate of its pool. Rounding is always towards less time.
 *
 * The form behind it: give each record a value (its tokens as some pool counts them, or 1). Until t
 * a pool can deliver at most so much value; the least t at which all pools together deliver what
 * is asked is a bound, for every choice of values and every set of classes.
 *
 * Pure, without allocation but one array of pools. Integers only.
 */
#ifndef PS_CORE_BOUND_H
#define PS_CORE_BOUND_H

#include "core/demand.h"
#include "core/supply.h"

#define PS_BOUND_NEVER INT64_MAX

enum ps_bound_part {
    PS_BOUND_RATE,
    PS_BOUND_CLASSES,
    PS_BOUND_MIXED,
    PS_BOUND_SLOTS,
    PS_BOUND_ONE_JOB,
    PS_BOUND_TRANSFER,
    PS_BOUND_WHOLE,
    PS_BOUND_REQUESTS,
    PS_BOUND_PART_COUNT
};

struct ps_bound_options {
    int64_t upload_bytes_per_s; /* 0: as fast as one likes */
};

struct ps_bound {
    int64_t ms;                            /* from the run's start; PS_BOUND_NEVER: impossible */
    int64_t parts_ms[PS_BOUND_PART_COUNT]; /* 0: says nothing */
    enum ps_bound_part part;               /* the largest */
    enum ps_limit_key binding;             /* ps_supply_binding of `ms` */
    enum ps_limit_key next_binding;        /* with that one lifted; PS_LIMIT_COUNT: none does */
    int64_t days; /* daily windows that `ms` touches, in the lane of most */
};

/* "rate", "classes", ... */
const char *ps_bound_part_name(enum ps_bound_part part);

void ps_bound_find(const struct ps_demand *demand, const struct ps_supply *supply,
                   const struct ps_bound_options *options, struct ps_bound *ret_bound);

/* The bound alone, in ms: without a search for what binds. */
int64_t ps_bound_ms(const struct ps_demand *demand, const struct ps_supply *supply,
                    const struct ps_bound_options *options);

/* Tokens that the lane's pool can take from the run's start until `at_ms`, at most, if its first
 * job runs after `startup_ms`: the service curve. */
int64_t ps_bound_tokens_until(const struct ps_supply *supply, const struct ps_supply_lane *lane,
                              int64_t startup_ms, int64_t at_ms);

/* Daily windows of the lane that [0, ms) touches; without a TPM also the one that begins at `ms`,
 * as its tokens are there at once. */
int64_t ps_bound_days(const struct ps_supply *supply, const struct ps_supply_lane *lane,
                      int64_t ms);

#endif
