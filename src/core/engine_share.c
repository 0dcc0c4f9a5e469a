#include "core/engine_internal.h"

#include "base/assert.h"

void ps_engine_share(struct ps_engine *const engine)
{
    engine->is_shared = true;
}

bool ps_engine_has_begun(const struct ps_engine *const engine)
{
    return engine->step == PS_START_DONE;
}

void ps_engine_set_others(struct ps_engine *const engine, const int64_t pool,
                          const struct ps_engine_others *const others)
{
    PS_ASSERT(pool >= 0 && pool < engine->options.pool_count);
    engine->pools[pool].others = *others;
}

bool ps_engine_leaves_slot(const struct ps_pool_state *const pool)
{
    return pool->pool.jobs_max <= 0 || pool->slots + pool->others.slots < pool->pool.jobs_max;
}

bool ps_engine_next_claim(struct ps_engine *const engine, const struct ps_now now,
                          int64_t *const ret_number)
{
    if (!engine->is_shared || engine->phase != PS_PHASE_RUNNING ||
        ps_engine_sends_no_more(engine) || engine->is_pausing || !ps_engine_has_begun(engine)) {
        return false;
    }
    engine->now = now;
    ps_engine_pass_days(engine, now);
    for (int64_t place = 0; place < engine->moving.count; place++) {
        struct ps_job *const job =
            ps_engine_job_by_number(engine, ps_numbers_at(&engine->moving, place));
        struct ps_pool_state *const pool = ps_engine_pool_of(engine, job);
        if (job->state == PS_STATE_READY && !ps_engine_is_over_day(engine, job) &&
            ps_engine_may_create(engine, pool, job, now)) {
            *ret_number = job->number;
            return true;
        }
    }
    return false;
}

void ps_engine_grant(struct ps_engine *const engine, const int64_t number, const struct ps_now now)
{
    struct ps_job *const job = ps_engine_job_by_number(engine, number);
    PS_ASSERT(engine->is_shared);
    PS_ASSERT(job != NULL && job->state == PS_STATE_READY);
    ps_engine_begin_create(engine, job, now);
    ps_engine_touch(engine, job);
}
