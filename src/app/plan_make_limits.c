#include "app/plan_make_internal.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"
#include "core/pool.h"

#include <stdlib.h>

/* What a pool's lanes do together. */
struct together {
    int64_t lanes;
    int64_t records;
    int64_t tokens;
    int64_t jobs;
    int64_t days;
    int64_t ends_ms;
};

static struct together together_of(const struct ps_plan_made *const plan, const int64_t pool)
{
    struct together sum = {0};
    for (int64_t number = 0; number < plan->view.lane_count; number++) {
        const struct ps_plan_lane *const lane = &plan->lanes[number];
        if (lane->pool == pool) {
            sum.lanes++;
            sum.records += lane->records;
            sum.tokens = ps_sum_i64(sum.tokens, lane->tokens);
            /* Where days bind, no more than a day's jobs are alive at once. */
            const int64_t day_jobs = plan->parts[number].sizing.day_jobs;
            sum.jobs += day_jobs > 0 && day_jobs < lane->jobs ? day_jobs : lane->jobs;
            sum.days = lane->days > sum.days ? lane->days : sum.days;
            sum.ends_ms = lane->ends_ms > sum.ends_ms ? lane->ends_ms : sum.ends_ms;
        }
    }
    return sum;
}

/* Rates as their mean over all of the time, days as their mean day. */
static int64_t used_of_pool(const struct together *const sum, const enum ps_limit_key key,
                            const int64_t value)
{
    switch (key) {
    case PS_LIMIT_JOBS:
        return sum->jobs < value ? sum->jobs : value;
    case PS_LIMIT_RPS:
        return sum->ends_ms == 0 ? PS_PLAN_UNKNOWN
                                 : ps_scale_i64(sum->records, PS_SECOND_MS, sum->ends_ms);
    case PS_LIMIT_TPM:
        return sum->ends_ms == 0 ? PS_PLAN_UNKNOWN
                                 : ps_scale_i64(sum->tokens, PS_MINUTE_MS, sum->ends_ms);
    case PS_LIMIT_TPD:
        return sum->days == 0 ? PS_PLAN_UNKNOWN : sum->tokens / sum->days;
    default:
        return PS_PLAN_UNKNOWN;
    }
}

static int64_t used_of_lane(const struct ps_plan_made *const plan,
                            const struct ps_plan_lane *const lane, const enum ps_limit_key key)
{
    const struct ps_demand_record *const most = &plan->demand.all.most;
    switch (key) {
    case PS_LIMIT_JOB_RECORDS:
    case PS_LIMIT_MIN_RECORDS:
        return lane->job_records;
    case PS_LIMIT_JOB_BYTES:
        return lane->job_bytes;
    case PS_LIMIT_SHARD_RECORDS:
        return lane->shard_records;
    case PS_LIMIT_SHARD_BYTES:
        return lane->shard_bytes;
    case PS_LIMIT_FILES:
        return lane->job_shards;
    case PS_LIMIT_CONTEXT:
        return ps_sum_i64(most->input_tokens, most->output_tokens_max);
    case PS_LIMIT_OUTPUT:
        return most->output_tokens_max;
    default:
        return PS_PLAN_UNKNOWN;
    }
}

/* Of a lane's own limits, those alike are one row. */
static bool add_to_row(struct ps_plan_made *const plan, const struct ps_plan_limit *const row)
{
    for (int64_t other = 0; other < plan->view.limit_count; other++) {
        struct ps_plan_limit *const limit = &plan->limits[other];
        if (limit->key == row->key && limit->value == row->value && limit->source == row->source) {
            limit->lane_count++;
            limit->used = row->used > limit->used ? row->used : limit->used;
            return true;
        }
    }
    return false;
}

static void add_row(struct ps_plan_made *const plan, const int64_t number,
                    const enum ps_limit_key key)
{
    const struct ps_plan_lane *const lane = &plan->lanes[number];
    struct ps_plan_limit row = {
        .key = key,
        .value = plan->supply.lanes[number].limits[key],
        .source = lane->lane->limits[key].source,
        .is_binding = key == plan->view.binding,
        .lane = number,
        .lane_count = 1,
    };
    if (ps_pool_has(key)) {
        const struct together sum = together_of(plan, lane->pool);
        row.used = used_of_pool(&sum, key, row.value);
        row.source = plan->pools.pools[lane->pool].limits[key].source;
        row.lane_count = sum.lanes;
    } else {
        row.used = used_of_lane(plan, lane, key);
        if (row.source == PS_SOURCE_NONE) {
            row.source = PS_SOURCE_OBSERVED; /* a start-up that nobody said */
        }
        if (add_to_row(plan, &row)) {
            return;
        }
    }
    plan->limits[plan->view.limit_count++] = row;
}

/* Is it the first lane of its pool? */
static bool is_first(const struct ps_plan_made *const plan, const int64_t number)
{
    for (int64_t other = 0; other < number; other++) {
        if (plan->lanes[other].pool == plan->lanes[number].pool) {
            return false;
        }
    }
    return true;
}

static bool is_told(const struct ps_plan_made *const plan, const int64_t number,
                    const enum ps_limit_key key)
{
    const struct ps_supply_lane *const lane = &plan->supply.lanes[number];
    if (lane->limits[key] == PS_NO_LIMIT || (ps_pool_has(key) && !is_first(plan, number))) {
        return false;
    }
    if (key == PS_LIMIT_RPS) {
        return lane->rps_counts != PS_RPS_NOTHING;
    }
    /* When the day turns matters where a day has a limit. */
    return key != PS_LIMIT_RESET || lane->limits[PS_LIMIT_TPD] != PS_NO_LIMIT;
}

/* What holds a run back first, then what shapes its jobs. */
static int place_of(const enum ps_limit_key key)
{
    static const enum ps_limit_key order[PS_LIMIT_COUNT] = {
        PS_LIMIT_TPD,         PS_LIMIT_TPM,         PS_LIMIT_RPS,       PS_LIMIT_JOBS,
        PS_LIMIT_STARTUP,     PS_LIMIT_JOB_RECORDS, PS_LIMIT_JOB_BYTES, PS_LIMIT_SHARD_RECORDS,
        PS_LIMIT_SHARD_BYTES, PS_LIMIT_FILES,       PS_LIMIT_OUT_BYTES, PS_LIMIT_MIN_RECORDS,
        PS_LIMIT_CONTEXT,     PS_LIMIT_OUTPUT,      PS_LIMIT_BURNDOWN,  PS_LIMIT_RESET};
    int place = 0;
    while (order[place] != key) {
        place++;
    }
    return place;
}

static int compare(const void *const left, const void *const right)
{
    const struct ps_plan_limit *const first = left;
    const struct ps_plan_limit *const second = right;
    if (first->is_binding != second->is_binding) {
        return first->is_binding ? -1 : 1;
    }
    if (first->key != second->key) {
        return place_of(first->key) - place_of(second->key);
    }
    return first->lane < second->lane ? -1 : first->lane > second->lane;
}

void ps_plan_make_limits(struct ps_plan_made *const plan)
{
    const size_t room = (size_t)plan->view.lane_count * PS_LIMIT_COUNT;
    plan->limits = calloc(room, sizeof(plan->limits[0]));
    PS_ASSERT(plan->limits != NULL);
    for (int64_t number = 0; number < plan->view.lane_count; number++) {
        for (int key = 0; key < PS_LIMIT_COUNT; key++) {
            if (is_told(plan, number, (enum ps_limit_key)key)) {
                add_row(plan, number, (enum ps_limit_key)key);
            }
        }
    }
    qsort(plan->limits, (size_t)plan->view.limit_count, sizeof(plan->limits[0]), compare);
    plan->view.limits = plan->limits;
}
