/*
 * allot - cuts records into jobs for several lanes at once: by shares, in input order, and each
 * record for a lane that can hold it.
 *
 * As long as every lane can hold every record, a lane gets one run of neighbours. What is left over
 * in one lane (below its minimum) is offered to the others. The jobs of all lanes are told in
 * turns, so that each lane has work from the beginning.
 *
 * Pure. Owner: the caller releases.
 *
 *     struct ps_allotment allotment PS_CLEANUP(ps_allotment_release);
 *     ps_allotment_init(&allotment);
 *     status = ps_allot(&allotment, &records, lanes, lane_count, err);
 *     for (n = 0; n < allotment.job_count; n++) { ... ps_allotment_job(&allotment, n, &part) ... }
 */
#ifndef PS_CORE_ALLOT_H
#define PS_CORE_ALLOT_H

#include "core/plan.h"
#include "core/pool.h"

struct ps_allot_lane {
    const struct ps_lane *lane;
    int64_t share; /* of the tokens, beside the others' shares: in any unit; 0: only what must */
    struct ps_plan_size size;
};

/* Jobs of one lane, cut from one set of records. */
struct ps_allotment_part {
    int64_t lane;
    struct ps_plan plan;
    const uint64_t *picked;    /* what the plan's places mean; NULL: they are record numbers */
    uint64_t *owned;           /* heap, where `picked` is the part's own */
    enum ps_limit_key job_key; /* what decided how large its jobs are; PS_LIMIT_COUNT: no limit */
};

struct ps_allotment_order {
    int64_t part;
    int64_t job; /* of the part's plan */
};

struct ps_allotment {
    struct ps_allotment_part *parts;
    int64_t part_count;
    struct ps_allotment_order *order; /* all jobs, the lanes in turns */
    int64_t job_count;
    int64_t left_records; /* in no job */
};

void ps_allotment_init(struct ps_allotment *allotment);
void ps_allotment_release(struct ps_allotment *allotment);

/* `records` outlives the allotment. PS_E_REFUSED as ps_plan_cut. */
PS_MUST_CHECK enum ps_status ps_allot(struct ps_allotment *allotment,
                                      const struct ps_plan_records *records,
                                      const struct ps_allot_lane *lanes, int64_t lane_count,
                                      struct ps_error *err);

/* The n-th job of all, and the part that it belongs to. */
const struct ps_plan_job *ps_allotment_job(const struct ps_allotment *allotment, int64_t place,
                                           const struct ps_allotment_part **ret_part);

/*
 * What is known without looking at the work: shares by what the pools allow (of the first of
 * tokens/day, tokens/min and slots that every pool has a limit of; lanes of a pool share it
 * evenly), and no job above a pool's day. Fills `ret_lanes`, one for each lane.
 */
void ps_allot_lanes(struct ps_allot_lane *ret_lanes, const struct ps_lane *lanes,
                    int64_t lane_count, const struct ps_pools *pools);

#endif
