#include "app/plan_make.h"

#include "app/plan_make_internal.h"
#include "base/assert.h"
#include "base/checked.h"
#include "base/limits.h"
#include "base/time.h"
#include "core/bound.h"
#include "core/cut.h"

#include <stdlib.h>
#include <string.h>

#define MILLIONTHS 1000000
#define PERMILLE 1000

/* Mean error of the index's estimate, a record (core/tokens): 5.6 %. */
#define ESTIMATE_MARGIN_PERMILLE 56

/* Words of the plan's own: one warning a lane, what helps, why it is impossible. */
#define TEXTS_BYTES_MAX (4 * PS_MB)

void ps_plan_made_init(struct ps_plan_made *const plan)
{
    memset(plan, 0, sizeof(*plan));
    ps_pools_init(&plan->pools);
}

void ps_plan_made_release(struct ps_plan_made *const plan)
{
    ps_pools_release(&plan->pools);
    free(plan->supply.lanes);
    ps_outline_release(&plan->outline);
    free(plan->lanes);
    free(plan->limits);
    free(plan->help);
    free(plan->requests);
    free(plan->quotas);
    ps_buf_release(&plan->texts);
    ps_plan_made_init(plan);
}

static void *zeroed(const int64_t count, const size_t size)
{
    void *const room = calloc((size_t)count + 1, size);
    PS_ASSERT(room != NULL);
    return room;
}

/* ------------------------------------------------ supply */

static void set_price(const struct ps_plan_ask *const ask, const struct ps_lane *const lane,
                      struct ps_supply_lane *const supply)
{
    const struct ps_model *const model =
        ask->models == NULL ? NULL : ps_models_find(ask->models, ps_str_of(lane->model));
    struct ps_price price = {0};
    if (model != NULL && ps_models_price(model, ps_str_of(lane->model), lane->kind, &price)) {
        supply->input_usd_micros = price.input_usd_micros;
        supply->output_usd_micros = price.output_usd_micros;
    }
}

static enum ps_status make_supply(const struct ps_plan_ask *const ask,
                                  struct ps_plan_made *const plan, struct ps_error *const err)
{
    if (ps_pools_make(&plan->pools, ask->lanes, ask->lane_count, err) != PS_OK) {
        return err->status;
    }
    plan->supply.lanes = zeroed(ask->lane_count, sizeof(plan->supply.lanes[0]));
    plan->supply.lane_count = ask->lane_count;
    plan->supply.starts_at_ms = ask->start_ms;
    for (int64_t number = 0; number < ask->lane_count; number++) {
        struct ps_supply_lane *const supply = &plan->supply.lanes[number];
        const int64_t pool = plan->pools.of_lane[number];
        ps_supply_lane_of(&ask->lanes[number], pool, supply);
        for (int key = 0; key < PS_LIMIT_COUNT; key++) {
            if (ps_pool_has((enum ps_limit_key)key)) {
                supply->limits[key] =
                    ps_pool_limit(&plan->pools.pools[pool], (enum ps_limit_key)key, PS_NO_LIMIT);
            }
        }
        if (supply->kind == PS_KIND_BATCH && supply->limits[PS_LIMIT_STARTUP] == PS_NO_LIMIT &&
            ask->startups_ms != NULL) {
            /* The middle one; the bound does not count it. */
            supply->limits[PS_LIMIT_STARTUP] = ask->startups_ms[PS_MAKESPAN_SPREAD / 2];
        }
        set_price(ask, &ask->lanes[number], supply);
    }
    return PS_OK;
}

/* ------------------------------------------------ demand */

/* By how much the index's estimate is to be corrected. */
static int64_t input_permille(const struct ps_plan_ask *const ask)
{
    const struct ps_index_summary *const summary =
        ask->index == NULL ? NULL : ps_index_summary(ask->index);
    if (ask->tokens_per_byte_millionths == 0 || summary == NULL || summary->input_tokens == 0) {
        return PERMILLE;
    }
    const int64_t tokens =
        ps_scale_i64(summary->sent_bytes, ask->tokens_per_byte_millionths, MILLIONTHS);
    const int64_t permille = ps_scale_up_i64(tokens, PERMILLE, summary->input_tokens);
    return permille > 0 ? permille : 1;
}

static enum ps_status add_entries(const struct ps_index *const index,
                                  struct ps_demand *const demand, struct ps_error *const err)
{
    for (int64_t record = 0; record < ps_index_count(index); record++) {
        if (ps_demand_add_entry(demand, ps_index_entry(index, record), err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

static enum ps_status make_demand(const struct ps_plan_ask *const ask,
                                  struct ps_plan_made *const plan, struct ps_error *const err)
{
    const struct ps_demand_options options = {
        .expected_output = ask->expected_output,
        .input_permille = input_permille(ask),
        .is_measured = ask->index != NULL,
        .margin_permille = ask->index != NULL && ask->tokens_per_byte_millionths == 0
                               ? ESTIMATE_MARGIN_PERMILLE
                               : 0,
    };
    if (ps_demand_init(&plan->demand, &plan->supply, &options, err) != PS_OK) {
        return err->status;
    }
    return ask->index == NULL ? ps_demand_add(&plan->demand, &ask->record, ask->records, err)
                              : add_entries(ask->index, &plan->demand, err);
}

static void tell_demand(const struct ps_plan_ask *const ask, struct ps_plan_made *const plan)
{
    const struct ps_demand *const demand = &plan->demand;
    plan->view.demand = (struct ps_plan_demand){
        .records = demand->records,
        .unique_records = demand->all.records,
        .rejected = demand->rejected_records,
        .duplicates = demand->copied_records,
        .input_tokens = demand->all.input_tokens,
        .output_tokens = demand->all.output_tokens,
        .output_tokens_max = demand->all.output_tokens_max,
        .bytes = demand->all.bytes,
        .is_measured = ask->index != NULL,
        .is_bytes_assumed = ask->is_bytes_assumed,
        .margin_permille = demand->options.margin_permille,
    };
}

/* ------------------------------------------------ lanes */

/* Full jobs, and what the last one needs. */
static int64_t shards_of(const struct ps_plan_lane *const lane)
{
    if (lane->jobs == 0 || lane->shard_records == 0) {
        return 0;
    }
    const int64_t full = ps_scale_i64(lane->jobs - 1, lane->job_shards, 1);
    const int64_t in_full = ps_scale_i64(lane->jobs - 1, lane->job_records, 1);
    const int64_t left = lane->records > in_full ? lane->records - in_full : 1;
    return ps_sum_i64(full, (left - 1) / lane->shard_records + 1);
}

static struct ps_plan_lane lane_of(const struct ps_plan_ask *const ask,
                                   const struct ps_plan_made *const plan, const int64_t number)
{
    const struct ps_demand_class *const share = &plan->parts[number].share;
    const struct ps_sizing *const sizing = &plan->parts[number].sizing;
    struct ps_plan_lane lane = {
        .lane = &ask->lanes[number],
        .pool = plan->pools.of_lane[number],
        .job_reason = PS_LIMIT_COUNT,
        .shard_reason = PS_LIMIT_COUNT,
        .batch_usd_micros = PS_PLAN_UNKNOWN,
        .on_demand_usd_micros = PS_PLAN_UNKNOWN,
    };
    if (share->records == 0) {
        return lane;
    }
    lane.records = share->records - sizing->left_records;
    lane.bytes = share->bytes;
    lane.tokens = ps_demand_weight(share, &plan->supply.lanes[number]);
    lane.jobs = sizing->jobs;
    lane.job_records = sizing->job_records;
    lane.day_records = sizing->day_jobs > 0 ? sizing->day_records : 0;
    lane.job_shards = sizing->job_shards;
    lane.job_bytes = ps_scale_up_i64(share->bytes, sizing->job_records, share->records);
    lane.shard_records = sizing->shard_records;
    lane.shard_bytes = ps_scale_up_i64(share->bytes, sizing->shard_records, share->records);
    lane.shards = shards_of(&lane);
    lane.ends_ms = plan->parts[number].ends_ms;
    lane.days = plan->parts[number].days;
    lane.job_reason = sizing->job_key;
    lane.shard_reason = sizing->shard_key;
    return lane;
}

/* No lane was given anything: all that a lane can hold is tried, to know what is in the way. */
static void try_each(struct ps_plan_made *const plan)
{
    for (int64_t number = 0; number < plan->supply.lane_count; number++) {
        const struct ps_supply_lane *const lane = &plan->supply.lanes[number];
        const struct ps_demand_class held =
            ps_demand_held(&plan->demand, ps_demand_holder_bit(&plan->demand, lane));
        if (held.records > 0) {
            const struct ps_sizing_options options = {
                .first_ms = ps_supply_first_reset_ms(&plan->supply, lane)};
            plan->parts[number].share = held;
            ps_sizing_find(lane, &held, &options, &plan->parts[number].sizing);
            return;
        }
    }
}

static void tell_lanes(const struct ps_plan_ask *const ask, struct ps_plan_made *const plan)
{
    plan->lanes = zeroed(ask->lane_count, sizeof(plan->lanes[0]));
    plan->view.lanes = plan->lanes;
    plan->view.lane_count = ask->lane_count;
    for (int64_t number = 0; number < ask->lane_count; number++) {
        plan->lanes[number] = lane_of(ask, plan, number);
        plan->view.days =
            plan->lanes[number].days > plan->view.days ? plan->lanes[number].days : plan->view.days;
    }
}

/* ------------------------------------------------ time and verdict */

static enum ps_plan_verdict verdict_of(const struct ps_plan_ask *const ask,
                                       const struct ps_plan_view *const view)
{
    if (view->makespan_ms == PS_PLAN_UNKNOWN ||
        (view->demand.unique_records > 0 && view->left_records >= view->demand.unique_records)) {
        return PS_PLAN_IMPOSSIBLE;
    }
    if (ask->deadline_ms > 0 && view->makespan_ms > ask->deadline_ms) {
        return PS_PLAN_TOO_LATE;
    }
    const bool is_dear = ask->max_cost_usd_micros != PS_PLAN_UNKNOWN &&
                         view->cost_usd_micros > ask->max_cost_usd_micros;
    return is_dear ? PS_PLAN_TOO_DEAR : PS_PLAN_FITS;
}

static void tell_times(const struct ps_plan_ask *const ask, struct ps_plan_made *const plan)
{
    static const struct ps_bound_options as_fast_as_one_likes = {0};
    struct ps_plan_view *const view = &plan->view;
    struct ps_bound bound;
    ps_bound_find(&plan->demand, &plan->supply, &as_fast_as_one_likes, &bound);
    view->lower_bound_ms = bound.ms == PS_BOUND_NEVER ? PS_PLAN_UNKNOWN : bound.ms;
    view->makespan_ms =
        plan->outline.ends_ms == INT64_MAX ? PS_PLAN_UNKNOWN : plan->outline.ends_ms;
    view->days = plan->outline.days;
    view->left_records = plan->outline.left_records;
    memcpy(view->bounds_ms, bound.parts_ms, sizeof(view->bounds_ms));
    for (int64_t number = 0; number < plan->supply.lane_count; number++) {
        const int64_t days = ps_bound_days(&plan->supply, &plan->supply.lanes[number],
                                           bound.parts_ms[PS_BOUND_RATE]);
        view->fluid_days = days > view->fluid_days ? days : view->fluid_days;
    }
    view->start_ms = ask->start_ms;
    view->deadline_ms = ask->deadline_ms;
    view->max_cost_usd_micros = ask->max_cost_usd_micros;
    view->forecast.median_ms = PS_PLAN_UNKNOWN;
}

/* Do the lanes differ in price? Else a deadline with room to spare is no reason to be slow. */
static bool has_choice(const struct ps_plan_made *const plan)
{
    const struct ps_supply_lane *const first = &plan->supply.lanes[0];
    for (int64_t number = 1; number < plan->supply.lane_count; number++) {
        const struct ps_supply_lane *const lane = &plan->supply.lanes[number];
        if (lane->input_usd_micros != first->input_usd_micros ||
            lane->output_usd_micros != first->output_usd_micros) {
            return true;
        }
    }
    return false;
}

/* Without the start-up that nobody said: what the limits themselves allow. */
static bool is_in_time_at_best(const struct ps_plan_made *const plan,
                               const struct ps_outline_options *const options)
{
    struct ps_outline outline PS_CLEANUP(ps_outline_release);
    struct ps_supply supply PS_CLEANUP(ps_supply_release);
    bool is_assumed = false;
    ps_supply_copy(&plan->supply, &supply);
    for (int64_t number = 0; number < supply.lane_count; number++) {
        struct ps_supply_lane *const lane = &supply.lanes[number];
        is_assumed |= lane->startup_least_ms < ps_supply_limit(lane, PS_LIMIT_STARTUP, 0);
        lane->limits[PS_LIMIT_STARTUP] = lane->startup_least_ms;
    }
    ps_outline_find(&plan->demand, &supply, options, &outline);
    return is_assumed && outline.ends_ms <= plan->view.deadline_ms;
}

enum ps_status ps_plan_make(const struct ps_plan_ask *const ask, struct ps_plan_made *const plan,
                            struct ps_error *const err)
{
    struct ps_plan_view *const view = &plan->view;
    struct ps_outline_options outline_options = {
        .day_jobs = PS_CUT_DAY_JOBS,
        .makespan = {.poll_ms = ask->poll_ms, .spread_ms = ask->startups_ms}};
    PS_ASSERT(ask->lane_count > 0);
    ps_plan_made_release(plan);
    ps_buf_init(&plan->texts, TEXTS_BYTES_MAX);
    PS_ASSERT(ps_buf_reserve(&plan->texts, TEXTS_BYTES_MAX) != NULL);
    if (make_supply(ask, plan, err) != PS_OK || make_demand(ask, plan, err) != PS_OK) {
        return err->status;
    }
    outline_options.deadline_ms = has_choice(plan) ? ask->deadline_ms : 0;
    ps_outline_find(&plan->demand, &plan->supply, &outline_options, &plan->outline);
    plan->parts = plan->outline.lanes;
    tell_demand(ask, plan);
    tell_times(ask, plan);
    if (view->demand.unique_records > 0 && view->left_records >= view->demand.unique_records) {
        try_each(plan);
    }
    tell_lanes(ask, plan);
    ps_plan_make_costs(ask, plan);
    view->verdict = verdict_of(ask, view);
    if (view->verdict == PS_PLAN_TOO_LATE && is_in_time_at_best(plan, &outline_options)) {
        view->verdict = PS_PLAN_FITS;
    }
    ps_plan_make_advice(ask, &outline_options, plan);
    ps_plan_make_limits(plan);
    ps_plan_make_words(ask, plan);
    return PS_OK;
}
