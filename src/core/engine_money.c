#include "base/assert.h"
#include "core/engine_internal.h"

void ps_engine_tell_counts(struct ps_engine *const engine,
                           const struct ps_spending_counts *const counts)
{
    engine->stop = ps_spending_judge(&engine->options.spending, counts);
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

void ps_engine_end_early(struct ps_engine *const engine)
{
    PS_ASSERT(engine->stop != PS_SPENDING_GO);
    if (is_any_in_flight(engine)) {
        return;
    }
    engine->phase = engine->open == 0 && engine->unsent == 0 ? PS_PHASE_ENDED : PS_PHASE_EARLY;
}
