#include "app/plan_make_internal.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"
#include "core/advice.h"

#include <inttypes.h>
#include <stdlib.h>

/* Limits that a deadline needs, in the order in which they are told. */
#define NEEDED_KEYS 4
static const enum ps_limit_key needed_keys[NEEDED_KEYS] = {PS_LIMIT_TPM, PS_LIMIT_TPD, PS_LIMIT_RPS,
                                                           PS_LIMIT_JOBS};

/* ------------------------------------------------ what helps */

static const char *what_of(struct ps_plan_made *const plan,
                           const struct ps_advice_help *const advised)
{
    const size_t from = plan->texts.size;
    if (advised->kind == PS_ADVICE_LIMIT) {
        return NULL;
    }
    if (advised->kind == PS_ADVICE_LANE) {
        ps_buf_add_text(&plan->texts, "one more lane like ");
        ps_buf_add_text(&plan->texts, plan->lanes[0].lane->name);
        ps_buf_add_text(&plan->texts, " in another Region or account");
    } else {
        ps_buf_add_format(
            &plan->texts, "start at %02" PRId64 ":%02" PRId64 " UTC, just before a day turns",
            advised->starts_at_ms / PS_HOUR_MS, advised->starts_at_ms % PS_HOUR_MS / PS_MINUTE_MS);
    }
    return ps_plan_end_text(plan, from);
}

static void tell_help(struct ps_plan_made *const plan, const struct ps_advice *const advice)
{
    plan->help = calloc((size_t)advice->help_count + 1, sizeof(plan->help[0]));
    PS_ASSERT(plan->help != NULL);
    plan->view.help = plan->help;
    for (int64_t row = 0; row < advice->help_count; row++) {
        const struct ps_advice_help *const advised = &advice->helps[row];
        if (advised->ends_ms == INT64_MAX) {
            continue;
        }
        plan->help[plan->view.help_count++] = (struct ps_plan_help){
            .key = advised->kind == PS_ADVICE_LIMIT ? advised->key : PS_LIMIT_COUNT,
            .value_now = advised->value_now,
            .value_then = advised->value_then,
            .what = what_of(plan, advised),
            .makespan_ms = advised->ends_ms,
            .lower_bound_ms = advised->bound_ms,
        };
    }
}

/* ------------------------------------------------ what a deadline needs */

/* The first lane of each pool asks for it. */
static bool is_first_of_pool(const struct ps_plan_made *const plan, const int64_t number)
{
    return plan->pools.pools[plan->pools.of_lane[number]].first_lane == number;
}

/* The sum over all pools; INT64_MAX: one of them has no such limit. */
static int64_t limit_of_all(const struct ps_plan_made *const plan, const enum ps_limit_key key)
{
    int64_t sum = 0;
    for (int64_t pool = 0; pool < plan->pools.count; pool++) {
        sum = ps_sum_i64(sum, ps_pool_limit(&plan->pools.pools[pool], key, INT64_MAX));
    }
    return sum;
}

static void add_request(const struct ps_plan_ask *const ask, struct ps_plan_made *const plan,
                        const int64_t number, const enum ps_limit_key key, const int64_t needed)
{
    const struct ps_lane *const lane = &ask->lanes[number];
    const int64_t row = plan->view.request_count++;
    struct ps_quota *const quota = &plan->quotas[row];
    const bool has_model = ask->models != NULL && lane->model[0] != '\0' &&
                           ps_models_find(ask->models, ps_str_of(lane->model)) != NULL;
    const bool has_quota = has_model && ps_models_quota(ask->models, lane, key, quota);
    plan->requests[row] = (struct ps_plan_request_row){
        .key = key,
        .lane = lane->name,
        .quota_name = has_quota ? quota->name : NULL,
        .quota_code = has_quota && quota->code[0] != '\0' ? quota->code : NULL,
        .value_now = plan->supply.lanes[number].limits[key],
        .value_needed = needed,
    };
}

/* Each pool asks for what it lacks when all are raised alike. */
static void add_requests(const struct ps_plan_ask *const ask, struct ps_plan_made *const plan,
                         const enum ps_limit_key key, const int64_t needed)
{
    const int64_t now = limit_of_all(plan, key);
    if (needed == PS_NO_LIMIT || now >= needed) {
        return;
    }
    for (int64_t number = 0; number < plan->supply.lane_count; number++) {
        if (is_first_of_pool(plan, number)) {
            add_request(ask, plan, number, key,
                        ps_scale_up_i64(plan->supply.lanes[number].limits[key], needed, now));
        }
    }
}

static int64_t known(const int64_t value)
{
    return value == INT64_MAX || value == 0 ? PS_NO_LIMIT : value;
}

static void tell_needed(const struct ps_plan_ask *const ask, struct ps_plan_made *const plan)
{
    struct ps_plan_view *const view = &plan->view;
    struct ps_advice_needed needed = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    if (ask->deadline_ms > 0) {
        ps_advice_need(&plan->demand, &plan->supply, ask->deadline_ms, &needed);
    }
    view->needed_tpm = known(needed.tpm);
    view->needed_tpd = known(needed.tpd);
    view->needed_rps = known(needed.rps);
    view->needed_jobs = known(needed.jobs);
    view->needed_lanes = known(needed.lanes);
    const size_t room = (size_t)plan->supply.lane_count * NEEDED_KEYS;
    plan->requests = calloc(room, sizeof(plan->requests[0]));
    plan->quotas = calloc(room, sizeof(plan->quotas[0]));
    PS_ASSERT(plan->requests != NULL && plan->quotas != NULL);
    view->requests = plan->requests;
    if (view->verdict != PS_PLAN_TOO_LATE) {
        return;
    }
    const int64_t values[NEEDED_KEYS] = {view->needed_tpm, view->needed_tpd, view->needed_rps,
                                         view->needed_jobs};
    for (int row = 0; row < NEEDED_KEYS; row++) {
        add_requests(ask, plan, needed_keys[row], values[row]);
    }
}

void ps_plan_make_advice(const struct ps_plan_ask *const ask,
                         const struct ps_outline_options *const options,
                         struct ps_plan_made *const plan)
{
    struct ps_advice advice;
    ps_advice_find(&plan->demand, &plan->supply, options, &plan->outline, &advice);
    plan->view.binding = advice.binding;
    plan->view.next_binding = advice.next_binding;
    tell_help(plan, &advice);
    tell_needed(ask, plan);
}
