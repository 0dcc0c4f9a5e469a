#include "app/plan_make_internal.h"

#include "app/plan_words.h"
#include "base/assert.h"
#include "base/checked.h"
#include "base/limits.h"
#include "codec/units.h"

#include <inttypes.h>
#include <string.h>

#define TOKENS_PRICED INT64_C(1000000)

const char *ps_plan_end_text(struct ps_plan_made *const plan, const size_t from)
{
    PS_ASSERT(ps_buf_append_byte(&plan->texts, '\0'));
    return plan->texts.data + from;
}

/* ------------------------------------------------ money */

static int64_t cost_of(const struct ps_plan_ask *const ask, const struct ps_lane *const lane,
                       const struct ps_demand_class *const part, const enum ps_lane_kind kind)
{
    const struct ps_str given = ps_str_of(lane->model);
    const struct ps_model *const model =
        ask->models == NULL || given.size == 0 ? NULL : ps_models_find(ask->models, given);
    struct ps_price price;
    if (model == NULL || !ps_models_price(model, given, kind, &price)) {
        return PS_PLAN_UNKNOWN;
    }
    return ps_sum_i64(ps_scale_i64(part->input_tokens, price.input_usd_micros, TOKENS_PRICED),
                      ps_scale_i64(part->output_tokens, price.output_usd_micros, TOKENS_PRICED));
}

static int64_t add_cost(const int64_t sum, const int64_t cost)
{
    return sum == PS_PLAN_UNKNOWN || cost == PS_PLAN_UNKNOWN ? PS_PLAN_UNKNOWN
                                                             : ps_sum_i64(sum, cost);
}

void ps_plan_make_costs(const struct ps_plan_ask *const ask, struct ps_plan_made *const plan)
{
    struct ps_plan_view *const view = &plan->view;
    for (int64_t number = 0; number < view->lane_count; number++) {
        struct ps_plan_lane *const lane = &plan->lanes[number];
        const struct ps_demand_class *const part = &plan->parts[number].share;
        if (lane->records == 0) {
            continue; /* what is not done costs nothing */
        }
        lane->batch_usd_micros = cost_of(ask, lane->lane, part, PS_KIND_BATCH);
        lane->on_demand_usd_micros = cost_of(ask, lane->lane, part, PS_KIND_ON_DEMAND);
        view->batch_usd_micros = add_cost(view->batch_usd_micros, lane->batch_usd_micros);
        view->on_demand_usd_micros =
            add_cost(view->on_demand_usd_micros, lane->on_demand_usd_micros);
        view->cost_usd_micros = add_cost(view->cost_usd_micros, lane->lane->kind == PS_KIND_BATCH
                                                                    ? lane->batch_usd_micros
                                                                    : lane->on_demand_usd_micros);
    }
}

/* ------------------------------------------------ models near their end */

static void add_warnings(const struct ps_plan_ask *const ask, struct ps_plan_made *const plan)
{
    for (int64_t number = 0; number < plan->view.lane_count; number++) {
        const struct ps_str given = ps_str_of(ask->lanes[number].model);
        const struct ps_model *const model =
            ask->models == NULL || given.size == 0 ? NULL : ps_models_find(ask->models, given);
        const size_t from = plan->texts.size;
        if (model != NULL && ps_models_life(model, ask->wall_ms, &plan->texts)) {
            plan->lanes[number].warning = ps_plan_end_text(plan, from);
        }
    }
}

/* ------------------------------------------------ why it is impossible */

/* The lane whose sizes stand in the way; NULL: it is something else. */
static const struct ps_sizing *blocked(const struct ps_plan_made *const plan, int64_t *ret_lane)
{
    for (int64_t number = 0; number < plan->view.lane_count; number++) {
        if (plan->parts[number].sizing.impossible != PS_LIMIT_COUNT) {
            *ret_lane = number;
            return &plan->parts[number].sizing;
        }
    }
    return NULL;
}

/* "a job of at least 1,000 records is 12 M tokens, and a day has 10 M tokens/day" */
static void add_reason(struct ps_buf *const buf, const struct ps_plan_made *const plan,
                       const int64_t number, const struct ps_sizing *const sizing)
{
    const struct ps_supply_lane *const lane = &plan->supply.lanes[number];
    const enum ps_limit_key key = sizing->impossible;
    const int64_t value = ps_supply_limit(lane, key, 0);
    ps_buf_add_text(buf, "lane ");
    ps_buf_add_text(buf, plan->lanes[number].lane->name);
    if (key == PS_LIMIT_MIN_RECORDS) {
        ps_buf_add_text(buf, " takes jobs of at least ");
        ps_plan_words_add_number(buf, value, "record", "records");
        ps_buf_add_text(buf, ", and there are ");
        ps_units_add_count(buf, plan->parts[number].share.records);
        return;
    }
    ps_buf_add_text(buf, " takes jobs of at least ");
    ps_plan_words_add_number(buf, sizing->min_records, "record", "records");
    ps_buf_add_text(buf, ", which need ");
    ps_plan_words_add_value(buf, key, sizing->needed);
    ps_buf_add_text(buf, ", and the limit is ");
    ps_plan_words_add_limit(buf, key, value);
    ps_buf_add_format(buf, " (%s)", ps_limit_name(key));
}

/* Smaller jobs fit, too, where the minimum is the user's own. */
static int64_t records_within(const struct ps_plan_made *const plan, const int64_t number)
{
    const struct ps_supply_lane *const lane = &plan->supply.lanes[number];
    const struct ps_demand_class *const share = &plan->parts[number].share;
    const int64_t weight = ps_demand_weight(share, lane);
    const int64_t tpd = ps_supply_limit(lane, PS_LIMIT_TPD, INT64_MAX);
    return weight <= 0 ? 0 : ps_scale_i64(tpd, share->records, weight);
}

static void add_change(struct ps_buf *const buf, const struct ps_plan_made *const plan,
                       const int64_t number, const struct ps_sizing *const sizing)
{
    const enum ps_limit_key key = sizing->impossible;
    ps_buf_add_format(buf, "It would fit with %s=%" PRId64, ps_limit_name(key), sizing->needed);
    if (key == PS_LIMIT_TPD && records_within(plan, number) > 0) {
        ps_buf_add_format(buf,
                          ", or with jobs of at most %" PRId64 " records (min_records=%" PRId64 ")",
                          records_within(plan, number), records_within(plan, number));
    }
}

/* No lane takes even the smallest record: by what it is too large for the first one. */
struct misfit {
    enum ps_limit_key key;
    int64_t value;
    int64_t needed;
};

static struct misfit misfit_of(const struct ps_plan_made *const plan)
{
    const struct ps_supply_lane *const lane = &plan->supply.lanes[0];
    const struct ps_demand_record *const least = &plan->demand.all.least;
    const struct misfit rows[] = {
        {PS_LIMIT_CONTEXT, 0, ps_sum_i64(least->input_tokens, least->output_tokens_max)},
        {PS_LIMIT_OUTPUT, 0, least->output_tokens_max},
        {PS_LIMIT_SHARD_BYTES, 0, least->bytes},
        {PS_LIMIT_JOB_BYTES, 0, least->bytes},
    };
    struct misfit found = rows[0];
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const int64_t value = ps_supply_limit(lane, rows[row].key, INT64_MAX);
        if (rows[row].needed > value) {
            found = rows[row];
            found.value = value;
            break;
        }
    }
    return found;
}

static void add_exact(struct ps_buf *const buf, const enum ps_limit_key key, const int64_t value)
{
    if (key == PS_LIMIT_CONTEXT || key == PS_LIMIT_OUTPUT) {
        ps_units_add_count(buf, value);
    } else {
        ps_plan_words_add_value(buf, key, value);
    }
}

/* "it needs 300,002, and the limit is 200,000 tokens a record, in and out (context)" */
static void add_misfit(struct ps_buf *const buf, const struct misfit *const misfit)
{
    ps_buf_add_text(buf, "no lane can take a record: it needs ");
    add_exact(buf, misfit->key, misfit->needed);
    ps_buf_add_text(buf, ", and the limit is ");
    add_exact(buf, misfit->key, misfit->value);
    ps_buf_add_format(buf, " %s (%s)", ps_plan_words_unit(misfit->key), ps_limit_name(misfit->key));
}

void ps_plan_make_words(const struct ps_plan_ask *const ask, struct ps_plan_made *const plan)
{
    int64_t number = 0;
    const struct ps_sizing *const sizing = blocked(plan, &number);
    add_warnings(ask, plan);
    if (plan->view.verdict != PS_PLAN_IMPOSSIBLE) {
        return;
    }
    size_t from = plan->texts.size;
    const struct misfit misfit = misfit_of(plan);
    if (sizing == NULL) {
        add_misfit(&plan->texts, &misfit);
    } else {
        add_reason(&plan->texts, plan, number, sizing);
    }
    plan->view.why = ps_plan_end_text(plan, from);
    from = plan->texts.size;
    if (sizing == NULL) {
        ps_buf_add_format(&plan->texts, "It would fit a lane of %s=%" PRId64,
                          ps_limit_name(misfit.key), misfit.needed);
    } else {
        add_change(&plan->texts, plan, number, sizing);
    }
    plan->view.change = ps_plan_end_text(plan, from);
}
