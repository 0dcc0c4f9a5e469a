#include "base/assert.h"
#include "core/engine_internal.h"

static bool is_canary_over(const struct ps_engine *const engine)
{
    return engine->canary == PS_CANARY_SENT && engine->step == PS_START_DONE && engine->open == 0 &&
           !engine->is_cut_open;
}

static void judge_canary(struct ps_engine *const engine,
                         const struct ps_spending_counts *const counts)
{
    if (counts->succeeded + counts->failed + counts->to_come == 0) {
        engine->canary = PS_CANARY_WANTED; /* it was never sent: cut anew */
    } else if (ps_spending_canary_holds(&engine->options.spending, counts)) {
        engine->canary = PS_CANARY_PASSED;
    } else {
        engine->stop = PS_SPENDING_CANARY;
        return;
    }
    engine->is_cut_due = true;
    engine->unsent = -1;
}

void ps_engine_tell_counts(struct ps_engine *const engine,
                           const struct ps_spending_counts *const counts)
{
    if (engine->phase != PS_PHASE_RUNNING) {
        return;
    }
    engine->stop = ps_spending_judge(&engine->options.spending, counts);
    if (engine->stop == PS_SPENDING_GO && is_canary_over(engine)) {
        judge_canary(engine, counts);
    }
}

void ps_engine_set_canary(struct ps_engine *const engine, const enum ps_canary canary)
{
    engine->canary = canary;
}

enum ps_canary ps_engine_canary(const struct ps_engine *const engine)
{
    return engine->canary;
}

void ps_engine_note_cut(struct ps_engine *const engine, const int64_t job_count)
{
    if (engine->canary == PS_CANARY_WANTED) {
        engine->canary = job_count > 0 ? PS_CANARY_SENT : PS_CANARY_NONE;
    }
}

enum ps_spending_stop ps_engine_stop_reason(const struct ps_engine *const engine)
{
    return engine->stop;
}

bool ps_engine_sends_no_more(const struct ps_engine *const engine)
{
    return engine->is_stopping || engine->stop != PS_SPENDING_GO;
}

/* Is a job at the service, on its way there, or being read? Those that were never sent are not. */
static bool is_any_in_flight(struct ps_engine *const engine)
{
    bool is_any = engine->open_wishes > 0;
    for (int64_t site = 0; site < engine->site_count; site++) {
        is_any = is_any || engine->sites[site].live.count > 0;
    }
    for (int64_t place = 0; !is_any && place < engine->moving.count; place++) {
        const int64_t number = ps_numbers_at(&engine->moving, place);
        is_any = ps_engine_job_by_number(engine, number)->state >= PS_STATE_CREATING;
    }
    return is_any;
}

/* ------------------------------------------------ money */

static int64_t cap_of(const struct ps_engine *const engine)
{
    return engine->options.spending.max_cost_usd_micros;
}

int64_t ps_engine_cost_usd_micros(const struct ps_engine *const engine)
{
    return engine->cost_usd_micros;
}

int64_t ps_engine_cost_left(const struct ps_engine *const engine)
{
    int64_t left = cap_of(engine) - engine->cost_usd_micros;
    if (cap_of(engine) == 0) {
        return INT64_MAX;
    }
    for (int64_t place = 0; place < engine->job_count; place++) {
        const struct ps_job *const job = &engine->jobs[place];
        left -= job->state < PS_STATE_CREATING ? job->cost_usd_micros : 0;
    }
    return left > 0 ? left : 0;
}

static bool is_payable(const struct ps_engine *const engine, const struct ps_job *const job)
{
    return cap_of(engine) == 0 || job->cost_usd_micros <= cap_of(engine) - engine->cost_usd_micros;
}

bool ps_engine_can_pay(struct ps_engine *const engine, const struct ps_job *const job)
{
    engine->is_money_short = engine->is_money_short || !is_payable(engine, job);
    return is_payable(engine, job);
}

void ps_engine_settle_cost(const struct ps_engine *const engine, struct ps_job *const job,
                           const struct ps_tally *const tally)
{
    /* Where lines are there and nobody says what they used, the most is held on to. */
    if (tally->lines == 0 || tally->input_tokens > 0 || tally->output_tokens > 0) {
        job->cost_usd_micros = ps_price_usd_micros(engine->lanes[job->lane].lane.price,
                                                   tally->input_tokens, tally->output_tokens);
    }
}

bool ps_engine_is_out_of_money(struct ps_engine *const engine)
{
    if (cap_of(engine) == 0 || is_any_in_flight(engine)) {
        return false;
    }
    if (engine->open == 0) {
        return engine->held_back > 0 && !engine->is_cut_due;
    }
    bool is_all_short = engine->is_money_short;
    for (int64_t place = 0; is_all_short && place < engine->moving.count; place++) {
        const struct ps_job *const job =
            ps_engine_job_by_number(engine, ps_numbers_at(&engine->moving, place));
        is_all_short = job->state == PS_STATE_READY && !is_payable(engine, job);
    }
    for (int64_t pool = 0; pool < engine->options.pool_count; pool++) {
        is_all_short = is_all_short && !engine->pools[pool].is_day_full;
    }
    return is_all_short;
}

void ps_engine_end_early(struct ps_engine *const engine)
{
    PS_ASSERT(engine->stop != PS_SPENDING_GO);
    if (is_any_in_flight(engine)) {
        return;
    }
    engine->phase = engine->open == 0 && engine->unsent == 0 ? PS_PHASE_ENDED : PS_PHASE_EARLY;
}
