/*
 * cut - what is unsent becomes jobs: which lane takes how much (core/shares), how large its jobs
 * are (core/sizing), and which records make each of them (core/allot).
 *
 * Where a pool's rates are not known, shares go by slots, and jobs are as large as they may be.
 *
 * The one way from records to jobs: a run, its plan and its forecast all cut here, so that none can
 * promise what another does not do.
 *
 * Pure. Owner: the caller releases the allotment.
 *
 *     struct ps_allotment allotment PS_CLEANUP(ps_allotment_release);
 *     ps_allotment_init(&allotment);
 *     status = ps_cut(&allotment, &records, &options, err);
 */
#ifndef PS_CORE_CUT_H
#define PS_CORE_CUT_H

#include "core/allot.h"
#include "core/engine.h"

/* So many jobs share a day that binds, where slots allow: what one of them uses more or less than
 * was thought is then a twentieth of that part of a day. */
#define PS_CUT_DAY_JOBS 20

/* How long a job may work by plan, of what the service gives it before it expires: the rest is for
 * rates that are shared with others, and for start-up. */
int64_t ps_cut_job_ms_max(int64_t timeout_ms);

/* Records of a job on demand: the unit in which its answers are filed. Enough that a file a job is
 * few files, and few enough that results are seen soon. Our own choice. */
#define PS_CUT_CALLS 1000

struct ps_cut_options {
    const struct ps_lane *lanes;
    int64_t lane_count;
    const struct ps_pools *pools;   /* of these lanes */
    const struct ps_engine *engine; /* which pools have become one, and what a job may be at most */
    int64_t wall_ms;                /* now: how much of the day is left */
    int64_t timeout_ms;             /* what the service gives a job before it expires */
    int64_t expected_output;        /* of a record; 0: what its request allows */
    const int64_t *kept; /* ps_cut's own: which of the engine's lanes these are; NULL: all */
};

/* A pool as the engine is told of it. */
struct ps_engine_pool ps_cut_engine_pool(const struct ps_pool *pool);

/* PS_E_REFUSED as ps_allot; PS_E_USAGE: lanes of too many kinds (ps_demand_init). */
PS_MUST_CHECK enum ps_status ps_cut(struct ps_allotment *allotment,
                                    const struct ps_plan_records *records,
                                    const struct ps_cut_options *options, struct ps_error *err);

#endif
