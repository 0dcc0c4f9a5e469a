#include "core/engine_internal.h"

#include "base/assert.h"

struct ps_pool_state *ps_engine_pool_of(struct ps_engine *const engine,
                                        const struct ps_job *const job)
{
    return &engine->pools[engine->lanes[job->lane].lane.pool];
}

const struct ps_names *ps_engine_names(const struct ps_engine *const engine,
                                       const struct ps_job *const job)
{
    return &engine->lanes[job->lane].lane.names;
}

bool ps_engine_is_listing(const struct ps_job *const job)
{
    return job->state == PS_STATE_LISTING || job->state == PS_STATE_FOREIGN_LIST;
}

static bool is_reading(const struct ps_job *const job)
{
    return (ps_engine_is_listing(job) && job->open_wishes > 0) ||
           (job->state >= PS_STATE_FETCHING && job->state <= PS_STATE_CLOSING &&
            job->state != PS_STATE_SETTLING) ||
           job->state == PS_STATE_FOREIGN_READ || job->state == PS_STATE_FOREIGN_HOLD;
}

static bool is_foreign(const struct ps_job *const job)
{
    return job->state >= PS_STATE_FOREIGN_LIST && job->state <= PS_STATE_FOREIGN_HOLD;
}

/* From its create on, whatever comes of it. */
static bool is_paid_for(const struct ps_job *const job)
{
    return job->state >= PS_STATE_CREATING && job->state != PS_STATE_VOID;
}

static void count(struct ps_engine *const engine, const struct ps_job *const job,
                  const int64_t sign)
{
    struct ps_pool_state *const pool = ps_engine_pool_of(engine, job);
    const bool is_ahead =
        (job->state >= PS_STATE_LOADING && job->state <= PS_STATE_READY) || ps_job_has_calls(job);
    pool->slots += ps_job_holds_slot(job) ? sign : 0;
    pool->ahead += is_ahead ? sign : 0;
    if (job->day_end_ms != 0 && job->day_end_ms == pool->day.end_ms) {
        pool->day_tokens += sign * job->day_tokens;
    }
    engine->cost_usd_micros += is_paid_for(job) ? sign * job->cost_usd_micros : 0;
    engine->planned += job->state == PS_STATE_PLANNED ? sign : 0;
    engine->foreign += is_foreign(job) ? sign : 0;
    engine->reading += is_reading(job) ? sign : 0;
    engine->open_wishes += sign * job->open_wishes;
    engine->open_calls += sign * job->calls_open;
    if (ps_job_holds_records(job)) {
        engine->open += sign;
        engine->records_held += sign * job->records;
        pool->records += sign * job->records;
    }
}

static enum ps_engine_queue queue_of(const struct ps_job *const job)
{
    if (!ps_job_holds_records(job)) {
        return PS_QUEUE_NONE;
    }
    if (job->state == PS_STATE_PLANNED) {
        return PS_QUEUE_PLANNED;
    }
    return job->state == PS_STATE_LIVE ? PS_QUEUE_LIVE : PS_QUEUE_MOVING;
}

/* NULL: in none. */
static struct ps_numbers *set_of(struct ps_engine *const engine, const struct ps_job *const job,
                                 const enum ps_engine_queue queue)
{
    switch (queue) {
    case PS_QUEUE_PLANNED:
        return &ps_engine_pool_of(engine, job)->planned;
    case PS_QUEUE_LIVE:
        return &engine->sites[engine->lanes[job->lane].site].live;
    case PS_QUEUE_MOVING:
        return &engine->moving;
    default:
        return NULL;
    }
}

void ps_engine_take_out(struct ps_engine *const engine, const struct ps_job *const job)
{
    count(engine, job, -1);
}

void ps_engine_leave(struct ps_engine *const engine, struct ps_job *const job)
{
    const enum ps_engine_queue queue = (enum ps_engine_queue)job->queue;
    count(engine, job, -1);
    if (queue != PS_QUEUE_NONE) {
        ps_numbers_remove(set_of(engine, job, queue), job->number);
    }
    job->queue = PS_QUEUE_NONE;
}

void ps_engine_put_in(struct ps_engine *const engine, struct ps_job *const job)
{
    const enum ps_engine_queue before = (enum ps_engine_queue)job->queue;
    const enum ps_engine_queue now = queue_of(job);
    count(engine, job, 1);
    if (before == now) {
        return;
    }
    if (before != PS_QUEUE_NONE) {
        ps_numbers_remove(set_of(engine, job, before), job->number);
    }
    if (now != PS_QUEUE_NONE) {
        ps_numbers_add(set_of(engine, job, now), job->number);
    }
    job->queue = (int8_t)now;
}

void ps_engine_touch(struct ps_engine *const engine, struct ps_job *const job)
{
    if (!job->is_dirty) {
        job->is_dirty = true;
        ps_numbers_add(&engine->dirty, job->number);
    }
}

const struct ps_job *ps_engine_dirty(struct ps_engine *const engine)
{
    if (engine->dirty.count == 0) {
        return NULL;
    }
    struct ps_job *const job = ps_engine_job_by_number(engine, ps_numbers_at(&engine->dirty, 0));
    PS_ASSERT(job != NULL);
    ps_numbers_remove(&engine->dirty, job->number);
    job->is_dirty = false;
    return job;
}

int64_t ps_engine_records_held(const struct ps_engine *const engine)
{
    return engine->records_held;
}

struct ps_engine_use ps_engine_pool_use(const struct ps_engine *const engine, const int64_t pool)
{
    PS_ASSERT(pool >= 0 && pool < engine->options.pool_count);
    const struct ps_pool_state *const state = &engine->pools[pool];
    return (struct ps_engine_use){
        .slots = state->slots,
        .records = state->records,
        .jobs_max = state->pool.jobs_max > 0 ? state->pool.jobs_max : 0,
        .day_end_ms = state->day.end_ms,
        .day_tokens = state->day_tokens,
        .tpd = state->pool.tpd > 0 ? state->pool.tpd : 0,
        .day_left = state->pool.tpd > 0 ? ps_engine_day_left(engine, pool) : 0,
        .is_day_full = state->is_day_full,
    };
}

int64_t ps_engine_lane_pool(const struct ps_engine *const engine, const int64_t lane)
{
    PS_ASSERT(lane >= 0 && lane < engine->options.lane_count);
    return engine->lanes[lane].lane.pool;
}
