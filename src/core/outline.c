#include "core/outline.h"

#include "base/assert.h"
#include "base/checked.h"
#include "core/shares.h"

#include <stdlib.h>
#include <string.h>

static int64_t tokens_of_pool(const struct ps_supply *const supply,
                              const struct ps_outline *const outline, const int64_t pool)
{
    int64_t tokens = 0;
    for (int64_t place = 0; place < supply->lane_count; place++) {
        if (supply->lanes[place].pool == pool) {
            tokens = ps_sum_i64(
                tokens, ps_demand_weight(&outline->lanes[place].share, &supply->lanes[place]));
        }
    }
    return tokens;
}

/* The pool's slots that fall on the lane's part of its work; 0: all of them. */
static int64_t slots_of(const struct ps_supply *const supply,
                        const struct ps_outline *const outline, const int64_t place)
{
    const struct ps_supply_lane *const lane = &supply->lanes[place];
    const int64_t jobs = ps_supply_limit(lane, PS_LIMIT_JOBS, 0);
    const int64_t all = tokens_of_pool(supply, outline, lane->pool);
    const int64_t own = ps_demand_weight(&outline->lanes[place].share, lane);
    if (jobs == 0 || own >= all) {
        return 0;
    }
    const int64_t slots = ps_scale_i64(jobs, own, all);
    return slots > 0 ? slots : 1;
}

static void divide(const struct ps_demand *const demand, const struct ps_supply *const supply,
                   const int64_t deadline_ms, struct ps_outline *const outline)
{
    struct ps_shares shares PS_CLEANUP(ps_shares_release);
    ps_shares_find(demand, supply, deadline_ms, &shares);
    outline->left_records = shares.left_records;
    outline->is_cheapest = shares.is_cheapest;
    for (int64_t place = 0; place < supply->lane_count; place++) {
        memset(&outline->lanes[place], 0, sizeof(outline->lanes[place]));
        outline->lanes[place].share = shares.lanes[place];
    }
}

static void size(const struct ps_supply *const supply,
                 const struct ps_outline_options *const options, struct ps_outline *const outline)
{
    for (int64_t place = 0; place < supply->lane_count; place++) {
        struct ps_makespan_lane *const lane = &outline->lanes[place];
        const struct ps_sizing_options sizing = {
            .first_ms = ps_supply_first_reset_ms(supply, &supply->lanes[place]),
            .slots = slots_of(supply, outline, place),
            .day_jobs = options->day_jobs,
            .job_ms_max = options->job_ms_max,
            .is_ramp = options->is_ramp,
        };
        ps_sizing_find(&supply->lanes[place], &lane->share, &sizing, &lane->sizing);
        if (supply->lanes[place].kind == PS_KIND_BATCH) {
            outline->left_records = ps_sum_i64(outline->left_records, lane->sizing.left_records);
        }
    }
}

static void plan_by(const struct ps_demand *const demand, const struct ps_supply *const supply,
                    const struct ps_outline_options *const options, const int64_t deadline_ms,
                    struct ps_outline *const outline)
{
    divide(demand, supply, deadline_ms, outline);
    size(supply, options, outline);
    outline->ends_ms = ps_makespan_find(supply, &options->makespan, outline->lanes);
    outline->days = 0;
    for (int64_t place = 0; place < supply->lane_count; place++) {
        const int64_t days = outline->lanes[place].days;
        outline->days = days > outline->days ? days : outline->days;
    }
}

void ps_outline_find(const struct ps_demand *const demand, const struct ps_supply *const supply,
                     const struct ps_outline_options *const options,
                     struct ps_outline *const ret_outline)
{
    memset(ret_outline, 0, sizeof(*ret_outline));
    ret_outline->lane_count = supply->lane_count;
    ret_outline->lanes = calloc((size_t)supply->lane_count + 1, sizeof(ret_outline->lanes[0]));
    PS_ASSERT(ret_outline->lanes != NULL);
    plan_by(demand, supply, options, options->deadline_ms, ret_outline);
    if (ret_outline->is_cheapest && ret_outline->ends_ms > options->deadline_ms) {
        /* Whole jobs took the room that the deadline seemed to leave. */
        plan_by(demand, supply, options, 0, ret_outline);
    }
}

void ps_outline_release(struct ps_outline *const outline)
{
    free(outline->lanes);
    memset(outline, 0, sizeof(*outline));
}
