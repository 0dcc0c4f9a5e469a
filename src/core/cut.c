#include "core/cut.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"
#include "core/shares.h"
#include "core/sizing.h"

#include <stdlib.h>

struct ps_engine_pool ps_cut_engine_pool(const struct ps_pool *const pool)
{
    return (struct ps_engine_pool){
        .jobs_max = ps_pool_limit(pool, PS_LIMIT_JOBS, 0),
        .tpd = ps_pool_day_tokens(pool, 0),
        .tpm = ps_pool_limit(pool, PS_LIMIT_TPM, 0),
        .rps = ps_pool_records_per_second(pool),
        .reset_ms = ps_pool_limit(pool, PS_LIMIT_RESET, 0),
        .burndown = ps_pool_limit(pool, PS_LIMIT_BURNDOWN, 1),
        .behaviour = pool->behaviour,
    };
}

/* The lanes as numbers, and what follows from them and the records. Arrays of lane_count. */
struct division {
    struct ps_supply supply;
    struct ps_demand *demand;
    struct ps_shares shares;
    struct ps_sizing *sizings;
    struct ps_allot_lane *lanes;
};

static void release(struct division *const division)
{
    ps_shares_release(&division->shares);
    free(division->supply.lanes);
    free(division->demand);
    free(division->sizings);
    free(division->lanes);
}

static void *zeroed(const int64_t count, const size_t size)
{
    void *const room = calloc((size_t)count, size);
    PS_ASSERT(room != NULL);
    return room;
}

static int64_t most_of(const int64_t left, const int64_t right)
{
    return left > right ? left : right;
}

/* What counts tokens. */
static const enum ps_limit_key token_limits[] = {PS_LIMIT_TPM, PS_LIMIT_TPD};

/* The engine's number of a lane. */
static int64_t engine_lane(const struct ps_cut_options *const options, const int64_t lane)
{
    return options->kept == NULL ? lane : options->kept[lane];
}

/* The pool's limits hold for each of its lanes. */
static void take_lane(const struct ps_cut_options *const options, const int64_t lane,
                      struct ps_supply_lane *const ret_lane)
{
    const struct ps_pool *const pool = &options->pools->pools[options->pools->of_lane[lane]];
    ps_supply_lane_of(&options->lanes[lane],
                      ps_engine_lane_pool(options->engine, engine_lane(options, lane)), ret_lane);
    ret_lane->rps_counts = pool->rps_counts;
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        if (ps_pool_has((enum ps_limit_key)key)) {
            ret_lane->limits[key] = pool->limits[key].value;
        }
    }
    ret_lane->limits[PS_LIMIT_TPD] = ps_pool_day_tokens(pool, PS_NO_LIMIT);
    /* Records weigh what was thought of them: limits are put right, and they are not. */
    const struct ps_estimate estimate = ps_engine_estimate(options->engine, ret_lane->pool);
    for (size_t place = 0; place < sizeof(token_limits) / sizeof(token_limits[0]); place++) {
        int64_t *const limit = &ret_lane->limits[token_limits[place]];
        *limit = *limit == PS_NO_LIMIT ? *limit : ps_estimate_thought(&estimate, *limit);
    }
    const struct ps_engine_use use = ps_engine_pool_use(options->engine, ret_lane->pool);
    ret_lane->spent_tokens = ps_estimate_thought(&estimate, use.tpd - use.day_left);
}

static enum ps_status count(const struct ps_plan_records *const records,
                            struct ps_demand *const demand, struct ps_error *const err)
{
    if (records->alike != NULL) {
        const struct ps_entry *const entry = records->alike;
        const int64_t most = (int64_t)entry->output_tokens_max;
        const int64_t expected = demand->options.expected_output;
        const struct ps_demand_record record = {
            .bytes = (int64_t)entry->sent_bytes,
            .input_tokens = (int64_t)entry->input_tokens,
            .output_tokens = expected > 0 && expected < most ? expected : most,
            .output_tokens_max = most,
        };
        return ps_demand_add(demand, &record, records->end - records->first, err);
    }
    for (int64_t place = records->first; place < records->end; place++) {
        const int64_t number = records->picked == NULL ? place : (int64_t)records->picked[place];
        const struct ps_entry *const entry = &records->entries[number];
        if (ps_entry_is_sent(entry) && ps_demand_add_entry(demand, entry, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

/* Three quarters. */
#define TIME_NUMERATOR 3
#define TIME_DENOMINATOR 4

int64_t ps_cut_job_ms_max(const int64_t timeout_ms)
{
    return timeout_ms / TIME_DENOMINATOR * TIME_NUMERATOR;
}

/* Lanes of the pool that have a part: they share its slots. */
static int64_t sharers(const struct division *const division, const int64_t pool)
{
    int64_t count = 0;
    for (int64_t lane = 0; lane < division->supply.lane_count; lane++) {
        count +=
            division->supply.lanes[lane].pool == pool && division->shares.lanes[lane].records > 0
                ? 1
                : 0;
    }
    return count;
}

/*
 * A lane's slots are those that are free, and of them its part of all that is open: what is sent
 * again while others still run leaves slots for what those will leave. Where what is cut is more
 * than what is open, the slots that are taken come free while it waits.
 */
static void size_lane(const struct ps_cut_options *const options, const int64_t lane,
                      struct division *const division)
{
    const struct ps_supply_lane *const supply = &division->supply.lanes[lane];
    const struct ps_demand_class *const part = &division->shares.lanes[lane];
    const struct ps_engine_use use = ps_engine_pool_use(options->engine, supply->pool);
    const int64_t all = ps_sum_i64(part->records, use.records);
    const bool is_most = part->records > use.records;
    const int64_t slots = is_most ? use.jobs_max : most_of(0, use.jobs_max - use.slots);
    const int64_t free_slots = most_of(1, ps_scale_i64(slots, part->records, most_of(1, all)));
    const struct ps_estimate estimate = ps_engine_estimate(options->engine, supply->pool);
    const int64_t others = most_of(1, sharers(division, supply->pool));
    struct ps_sizing *const sizing = &division->sizings[lane];
    const struct ps_sizing_options sizing_options = {
        .first_ms = ps_supply_first_reset_ms(&division->supply, supply),
        .first_tokens = ps_estimate_thought(&estimate, use.day_left),
        .slots = use.jobs_max > 0 ? (free_slots + others - 1) / others : 0,
        .day_jobs = PS_CUT_DAY_JOBS,
        .job_records = supply->kind == PS_KIND_ON_DEMAND ? PS_CUT_CALLS : 0,
        .job_ms_max = ps_cut_job_ms_max(options->timeout_ms),
    };
    ps_sizing_find(supply, part, &sizing_options, sizing);
    division->lanes[lane] = (struct ps_allot_lane){
        .lane = &options->lanes[lane],
        .share = part->input_tokens + part->output_tokens + part->records,
        .size = {.sizing = sizing->job_records > 0 ? sizing : NULL,
                 .job_tokens = ps_engine_job_tokens_max(options->engine, supply->pool),
                 .expected_output = options->expected_output},
    };
}

static enum ps_status divide(struct division *const division,
                             const struct ps_plan_records *const records,
                             const struct ps_cut_options *const options, struct ps_error *const err)
{
    division->supply.lane_count = options->lane_count;
    division->supply.lanes = zeroed(options->lane_count, sizeof(division->supply.lanes[0]));
    division->supply.starts_at_ms = options->wall_ms % PS_DAY_MS;
    division->demand = zeroed(1, sizeof(*division->demand));
    division->sizings = zeroed(options->lane_count, sizeof(division->sizings[0]));
    division->lanes = zeroed(options->lane_count, sizeof(division->lanes[0]));
    for (int64_t lane = 0; lane < options->lane_count; lane++) {
        take_lane(options, lane, &division->supply.lanes[lane]);
    }
    const struct ps_demand_options demand_options = {.expected_output = options->expected_output};
    if (ps_demand_init(division->demand, &division->supply, &demand_options, err) != PS_OK ||
        count(records, division->demand, err) != PS_OK) {
        return err->status;
    }
    ps_shares_find(division->demand, &division->supply, 0, &division->shares);
    for (int64_t lane = 0; lane < options->lane_count; lane++) {
        size_lane(options, lane, division);
    }
    return PS_OK;
}

/* Is it known of some pool how much it can do in a time? Of the others core/shares assumes it. */
static bool has_rates(const struct ps_cut_options *const options)
{
    for (int64_t place = 0; place < options->pools->count; place++) {
        const struct ps_pool *const pool = &options->pools->pools[place];
        if (ps_pool_limit(pool, PS_LIMIT_TPM, 0) > 0 || ps_pool_limit(pool, PS_LIMIT_TPD, 0) > 0 ||
            ps_pool_records_per_second(pool) > 0) {
            return true;
        }
    }
    return false;
}

/* Without rates nothing tells which lane ends when: each gets its part by slots, in jobs as large
 * as they may be. */
static void divide_blindly(struct division *const division,
                           const struct ps_cut_options *const options)
{
    division->lanes = zeroed(options->lane_count, sizeof(division->lanes[0]));
    ps_allot_lanes(division->lanes, options->lanes, options->lane_count, options->pools);
    for (int64_t lane = 0; lane < options->lane_count; lane++) {
        division->lanes[lane].size.job_records =
            options->lanes[lane].kind == PS_KIND_ON_DEMAND ? PS_CUT_CALLS : 0;
    }
}

static enum ps_status cut(struct ps_allotment *const allotment,
                          const struct ps_plan_records *const records,
                          const struct ps_cut_options *const options, struct ps_error *const err)
{
    struct division division PS_CLEANUP(release) = {.demand = NULL};
    if (!has_rates(options)) {
        divide_blindly(&division, options);
    } else if (divide(&division, records, options, err) != PS_OK) {
        return err->status;
    }
    return ps_allot(allotment, records, division.lanes, options->lane_count, err);
}

/* Lanes that are lost get nothing: as if there were only the others. */
static enum ps_status cut_for_kept(struct ps_allotment *const allotment,
                                   const struct ps_plan_records *const records,
                                   const struct ps_cut_options *const options,
                                   struct ps_error *const err)
{
    struct ps_lane *const lanes = zeroed(options->lane_count, sizeof(lanes[0]));
    int64_t *const kept = zeroed(options->lane_count, sizeof(kept[0]));
    int64_t *const of_lane = zeroed(options->lane_count, sizeof(of_lane[0]));
    struct ps_pools pools = *options->pools;
    struct ps_cut_options others = *options;
    others.lanes = lanes;
    others.lane_count = 0;
    others.pools = &pools;
    others.kept = kept;
    pools.of_lane = of_lane;
    for (int64_t lane = 0; lane < options->lane_count; lane++) {
        if (!ps_engine_is_lost(options->engine, lane)) {
            lanes[others.lane_count] = options->lanes[lane];
            of_lane[others.lane_count] = options->pools->of_lane[lane];
            kept[others.lane_count++] = lane;
        }
    }
    const enum ps_status status = cut(allotment, records, &others, err);
    for (int64_t part = 0; status == PS_OK && part < allotment->part_count; part++) {
        allotment->parts[part].lane = kept[allotment->parts[part].lane];
    }
    free(lanes);
    free(kept);
    free(of_lane);
    return status;
}

enum ps_status ps_cut(struct ps_allotment *const allotment,
                      const struct ps_plan_records *const records,
                      const struct ps_cut_options *const options, struct ps_error *const err)
{
    for (int64_t lane = 0; lane < options->lane_count; lane++) {
        if (ps_engine_is_lost(options->engine, lane)) {
            return cut_for_kept(allotment, records, options, err);
        }
    }
    return cut(allotment, records, options, err);
}
