#include "core/engine_internal.h"

#include <stdio.h>

void ps_engine_tell(struct ps_engine *const engine, const struct ps_event *const event)
{
    struct ps_event told = *event;
    told.at_ms = engine->now.wall_ms;
    ps_events_add(&engine->events, &told);
}

bool ps_engine_next_event(struct ps_engine *const engine, struct ps_event *const ret_event)
{
    return ps_events_take(&engine->events, engine->now.wall_ms, ret_event);
}

static void tell_created(struct ps_engine *const engine, const struct ps_job *const job)
{
    const struct ps_pool_state *const pool = ps_engine_pool_of(engine, job);
    ps_engine_tell(engine, &(struct ps_event){
                               .kind = PS_EVENT_JOB_CREATED,
                               .lane = job->lane,
                               .job = job->number,
                               /* The job itself is taken out of what is counted. */
                               .numbers = {job->records, job->quota_tokens, pool->slots + 1,
                                           pool->pool.jobs_max, job->attempt},
                           });
}

static void tell_ended(struct ps_engine *const engine, const struct ps_job *const job)
{
    struct ps_event event = {.kind = PS_EVENT_JOB_ENDED,
                             .lane = job->lane,
                             .job = job->number,
                             .numbers = {job->records, job->counted > 0 ? job->counted : 0}};
    (void)snprintf(event.text, sizeof(event.text), "%s", ps_job_status_name(job->status));
    ps_engine_tell(engine, &event);
}

static void tell_judged(struct ps_engine *const engine, const struct ps_job *const job,
                        const struct ps_tally *const tally)
{
    struct ps_event event = {.kind = PS_EVENT_JOB_READ,
                             .lane = job->lane,
                             .job = job->number,
                             .numbers = {tally->lines, tally->missing}};
    if (job->state == PS_STATE_SETTLING) {
        event.kind = PS_EVENT_JOB_SETTLING;
        event.numbers[0] = job->records;
        event.numbers[1] = tally->lines;
        event.numbers[2] = tally->missing;
        event.numbers[3] = job->wake_ms - engine->now.steady_ms;
    } else if (job->verdict == PS_VERDICT_UNACCOUNTED) {
        event.kind = PS_EVENT_JOB_UNACCOUNTED;
    }
    ps_engine_tell(engine, &event);
}

static void tell_job(struct ps_engine *const engine, const struct ps_job *const job,
                     const enum ps_event_kind kind, const int64_t first, const int64_t second)
{
    ps_engine_tell(engine, &(struct ps_event){.kind = kind,
                                              .lane = job->lane,
                                              .job = job->number,
                                              .numbers = {first, second}});
}

/* What became of a create that nobody heard of: R2. */
static void tell_doubt(struct ps_engine *const engine, const struct ps_job *const job,
                       const enum ps_job_state before)
{
    if (before == PS_STATE_LOOK_TOKEN) {
        if (job->state == PS_STATE_LIVE) {
            tell_job(engine, job, PS_EVENT_JOB_FOUND, job->attempt, 0);
        }
    } else if (job->state == PS_STATE_REPEATING) {
        tell_job(engine, job, PS_EVENT_JOB_REPEATED, job->attempt, 0);
    } else if (job->state == PS_STATE_LOADING) {
        tell_job(engine, job, PS_EVENT_JOB_ABSENT, job->attempt, job->records);
    }
}

void ps_engine_tell_move(struct ps_engine *const engine, const struct ps_job *const job,
                         const enum ps_job_state before, const enum ps_job_fact fact,
                         const struct ps_tally *const tally)
{
    const bool was_creating = before == PS_STATE_CREATING || before == PS_STATE_REPEATING;
    if (job->state == PS_STATE_VOID) {
        tell_job(engine, job, PS_EVENT_JOB_VOID, job->records, 0);
    } else if (was_creating && job->state == PS_STATE_LIVE) {
        tell_created(engine, job);
    } else if (was_creating && job->state == PS_STATE_LOOK_NAME && fact == PS_FACT_UNKNOWN) {
        tell_job(engine, job, PS_EVENT_JOB_IN_DOUBT, job->attempt, 0);
    } else if (before == PS_STATE_LOOK_TOKEN || before == PS_STATE_LOOK_OUTPUT) {
        tell_doubt(engine, job, before);
    } else if (before == PS_STATE_ASKING && job->state == PS_STATE_LISTING &&
               job->ended_ms == engine->now.steady_ms) {
        tell_ended(engine, job);
    } else if (before == PS_STATE_TALLYING && fact == PS_FACT_DONE) {
        tell_judged(engine, job, tally);
    }
}

/* The first of the pool's lanes: events are of lanes, which have names. */
static int64_t lane_of(const struct ps_engine *const engine, const struct ps_pool_state *const pool)
{
    int64_t lane = 0;
    while (lane + 1 < engine->options.lane_count &&
           &engine->pools[engine->lanes[lane].lane.pool] != pool) {
        lane++;
    }
    return lane;
}

void ps_engine_tell_turn(struct ps_engine *const engine, const struct ps_pool_state *const pool,
                         const int64_t used_tokens)
{
    ps_engine_tell(engine,
                   &(struct ps_event){
                       .kind = PS_EVENT_DAY_TURNED,
                       .lane = lane_of(engine, pool),
                       .job = -1,
                       .numbers = {used_tokens, pool->day_tokens, pool->pool.tpd, pool->day.end_ms},
                   });
}

void ps_engine_tell_full(struct ps_engine *const engine, struct ps_pool_state *const pool,
                         const struct ps_job *const job)
{
    const int64_t left = pool->pool.tpd - pool->day_tokens;
    if (pool->full_told_end_ms == pool->day.end_ms) {
        return;
    }
    pool->full_told_end_ms = pool->day.end_ms;
    ps_engine_tell(engine, &(struct ps_event){
                               .kind = PS_EVENT_DAY_FULL,
                               .lane = job->lane,
                               .job = job->number,
                               .numbers = {left > 0 ? left : 0, job->quota_tokens, pool->pool.tpd,
                                           pool->day.end_ms},
                           });
}
