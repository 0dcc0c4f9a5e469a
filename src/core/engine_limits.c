#include "core/engine_internal.h"

#include "base/assert.h"
#include "base/checked.h"
#include "core/pool.h"

#include <stdio.h>
#include <string.h>

/* A job's speed is not told by less time than this: its counters lag by a minute (bedrock.md, 1.3).
 */
#define LOOK_MS_MIN PS_MINUTE_MS

/* The service's word for "no slot" (bedrock.md, 1.2). */
#define CODE_NO_SLOT "ServiceQuotaExceededException"

/* What was found out of a pool's limits, told for the first of its lanes. */
static void tell(struct ps_engine *const engine, const int64_t pool, const enum ps_slots_word word,
                 const int64_t before, const struct ps_now now)
{
    static const enum ps_event_kind kinds[] = {
        [PS_SLOTS_OTHERS] = PS_EVENT_SLOTS_OTHERS, [PS_SLOTS_LEARNED] = PS_EVENT_SLOTS_LEARNED,
        [PS_SLOTS_SHRUNK] = PS_EVENT_RATE_SHRUNK,  [PS_SLOTS_REFUSES] = PS_EVENT_RATE_REFUSES,
        [PS_SLOTS_QUEUES] = PS_EVENT_RATE_QUEUES,
    };
    struct ps_slots *const limits = &engine->pools[pool].limits;
    struct ps_event event = {.kind = kinds[word], .at_ms = now.wall_ms, .job = -1};
    if (word == PS_SLOTS_NOTHING) {
        return;
    }
    while (engine->lanes[event.lane].lane.pool != pool) {
        event.lane++;
    }
    if (word == PS_SLOTS_OTHERS || word == PS_SLOTS_LEARNED) {
        event.numbers[0] = word == PS_SLOTS_OTHERS ? limits->others : limits->learned;
        event.numbers[1] = limits->jobs_max;
    } else if (word != PS_SLOTS_QUEUES) {
        event.numbers[0] = before;
        event.numbers[1] = ps_slots_max(limits, now.steady_ms);
    }
    ps_engine_tell(engine, &event);
}

void ps_engine_begin_limits(struct ps_engine *const engine, const int64_t pool)
{
    struct ps_pool_state *const state = &engine->pools[pool];
    ps_slots_init(&state->limits, state->pool.jobs_max, state->pool.tpm, state->pool.behaviour);
    state->slot_wake_ms = INT64_MAX;
}

bool ps_engine_has_slot(struct ps_pool_state *const pool, const struct ps_now now)
{
    if (pool->slots < ps_slots_max(&pool->limits, now.steady_ms)) {
        return true;
    }
    const int64_t more_ms = ps_slots_more_ms(&pool->limits, pool->slots, now.steady_ms);
    pool->slot_wake_ms = more_ms < pool->slot_wake_ms ? more_ms : pool->slot_wake_ms;
    return false;
}

void ps_engine_note_create(struct ps_engine *const engine, const struct ps_job *const job,
                           const struct ps_fact *const fact, const struct ps_now now)
{
    struct ps_pool_state *const pool = ps_engine_pool_of(engine, job);
    struct ps_engine_site *const site = &engine->sites[engine->lanes[job->lane].site];
    if (fact->outcome == PS_OUTCOME_YES) {
        ps_slots_hold(&pool->limits, pool->slots + 1);
    } else if (fact->outcome == PS_OUTCOME_NO && strcmp(fact->error.aws_code, CODE_NO_SLOT) == 0) {
        ps_slots_refuse(&pool->limits, pool->slots, now.steady_ms);
        /* Whose are they? */
        site->poll_wake_ms = now.steady_ms;
    }
}

static bool is_at(const struct ps_engine *const engine, const int64_t pool, const int64_t site)
{
    for (int64_t lane = 0; lane < engine->options.lane_count; lane++) {
        if (engine->lanes[lane].lane.pool == pool && engine->lanes[lane].site == site) {
            return true;
        }
    }
    return false;
}

bool ps_engine_wants_others(const struct ps_engine *const engine, const int64_t site)
{
    for (int64_t pool = 0; pool < engine->options.pool_count; pool++) {
        if (ps_slots_wants_list(&engine->pools[pool].limits) && is_at(engine, pool, site)) {
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------ other users */

static bool is_of_pool(const struct ps_engine *const engine, const int64_t pool,
                       const struct ps_job_view *const view)
{
    for (int64_t lane = 0; lane < engine->options.lane_count; lane++) {
        if (engine->lanes[lane].lane.pool == pool &&
            ps_str_equals(ps_pool_base_model(engine->lanes[lane].lane.model),
                          ps_pool_base_model(ps_str_of(view->model)))) {
            return true;
        }
    }
    return false;
}

static int64_t count_others(const struct ps_engine *const engine, const int64_t pool,
                            const struct ps_fact *const fact)
{
    int64_t count = 0;
    for (int64_t row = 0; row < fact->job_count; row++) {
        const struct ps_job_view *const view = &fact->jobs[row];
        int64_t number = 0;
        int64_t attempt = 0;
        const bool is_ours = ps_names_parse_job(&engine->lanes[0].lane.names, ps_str_of(view->name),
                                                &number, &attempt);
        count +=
            !is_ours && !ps_job_status_is_terminal(view->status) && is_of_pool(engine, pool, view)
                ? 1
                : 0;
    }
    return count;
}

/* ------------------------------------------------ counters */

/* What the job's counters say of the time since they were looked at last; then begins anew. */
static void look_at(struct ps_job *const job, const struct ps_now now,
                    struct ps_slots_look *const look)
{
    const bool is_measured = job->seen_ms != 0;
    const int64_t passed_ms = now.steady_ms - job->seen_ms;
    const int64_t records = job->processed - job->seen_processed;
    if (is_measured && (passed_ms < LOOK_MS_MIN || records < PS_SLOTS_LOOK_RECORDS)) {
        return;
    }
    if (is_measured) {
        const int64_t tokens =
            ps_scale_i64(job->quota_tokens, records, job->records > 0 ? job->records : 1);
        const int64_t tpm = ps_scale_i64(tokens, PS_MINUTE_MS, passed_ms);
        look->records += records;
        look->errors += job->errors - job->seen_errors;
        look->tpm += tpm;
        look->job_tpm = tpm > look->job_tpm ? tpm : look->job_tpm;
        job->seen_tpm = tpm;
    }
    job->seen_ms = now.steady_ms;
    job->seen_processed = job->processed;
    job->seen_errors = job->errors;
}

static void see_counters(struct ps_engine *const engine, const int64_t pool,
                         const struct ps_numbers *const live, const struct ps_now now)
{
    struct ps_slots_look look = {0};
    for (int64_t place = 0; place < live->count; place++) {
        struct ps_job *const job = ps_engine_job_by_number(engine, ps_numbers_at(live, place));
        if (engine->lanes[job->lane].lane.pool == pool && job->status == PS_JOB_IN_PROGRESS) {
            look.running++;
            look_at(job, now, &look);
            look.measured += job->seen_tpm > 0 ? 1 : 0;
            look.all_tpm += job->seen_tpm;
        }
    }
    tell(engine, pool, ps_slots_see(&engine->pools[pool].limits, &look, now.steady_ms),
         look.running, now);
}

void ps_engine_see_list(struct ps_engine *const engine, const int64_t site,
                        const struct ps_fact *const fact, const struct ps_now now)
{
    const bool is_of_all = engine->sites[site].is_poll_of_all;
    for (int64_t pool = 0; pool < engine->options.pool_count; pool++) {
        struct ps_slots *const limits = &engine->pools[pool].limits;
        if (!is_at(engine, pool, site)) {
            continue;
        }
        if (is_of_all) {
            tell(engine, pool, ps_slots_list(limits, count_others(engine, pool, fact)), 0, now);
        }
        if (limits->behaviour != PS_BEHAVIOUR_QUEUE) {
            see_counters(engine, pool, &engine->sites[site].live, now);
        }
    }
}

void ps_engine_see_end(struct ps_engine *const engine, struct ps_job *const job,
                       const struct ps_now now)
{
    struct ps_slots *const limits = &ps_engine_pool_of(engine, job)->limits;
    struct ps_slots_look look = {.running = 1};
    look_at(job, now, &look);
    look.tpm = 0; /* it stopped some time before it was looked at */
    look.job_tpm = 0;
    look.measured = limits->measured;
    look.all_tpm = limits->all_tpm;
    if (look.records == 0) {
        look.records = job->processed;
        look.errors = job->errors;
    }
    tell(engine, engine->lanes[job->lane].lane.pool, ps_slots_see(limits, &look, now.steady_ms),
         look.running, now);
}

/* ------------------------------------------------ lanes that are lost */

bool ps_engine_is_lost(const struct ps_engine *const engine, const int64_t lane)
{
    PS_ASSERT(lane >= 0 && lane < engine->options.lane_count);
    return engine->lanes[lane].is_lost;
}

/* Is there another lane that can take what this one cannot? */
static bool has_other(const struct ps_engine *const engine, const int64_t lane)
{
    for (int64_t other = 0; other < engine->options.lane_count; other++) {
        if (other != lane && !engine->lanes[other].is_lost) {
            return true;
        }
    }
    return false;
}

/* What speaks of the lane, not of the job: it may not, its model or bucket is gone, or it cannot be
 * reached. */
static bool is_of_lane(const struct ps_error *const error)
{
    return error->retry != PS_RETRY_REAUTH &&
           (error->status == PS_E_DENIED || error->status == PS_E_NOT_FOUND ||
            error->status == PS_E_USAGE || error->status == PS_E_NETWORK);
}

static bool lose_lane(struct ps_engine *const engine, const int64_t lane,
                      const struct ps_error *const error)
{
    if (engine->lanes[lane].is_lost || !is_of_lane(error) || !has_other(engine, lane)) {
        return false;
    }
    engine->lanes[lane].is_lost = true;
    engine->is_sharing_due = true;
    struct ps_event event = {
        .kind = PS_EVENT_LANE_LOST, .at_ms = engine->now.wall_ms, .lane = lane, .job = -1};
    (void)snprintf(event.text, sizeof(event.text), "%s", error->message);
    ps_engine_tell(engine, &event);
    return true;
}

/* Does anything go on without the lanes that are lost? */
static bool has_other_work(const struct ps_engine *const engine)
{
    for (int64_t place = 0; place < engine->job_count; place++) {
        const struct ps_job *const job = &engine->jobs[place];
        if (ps_job_holds_records(job) && !engine->lanes[job->lane].is_lost) {
            return true;
        }
    }
    return engine->unsent != 0 || engine->is_cut_open;
}

bool ps_engine_goes_on(struct ps_engine *const engine, const int64_t lane,
                       const struct ps_error *const error)
{
    return lose_lane(engine, lane, error) ||
           (engine->lanes[lane].is_lost && is_of_lane(error) && has_other_work(engine));
}

bool ps_engine_site_goes_on(struct ps_engine *const engine, const int64_t site,
                            const struct ps_error *const error)
{
    bool goes_on = false;
    for (int64_t lane = 0; lane < engine->options.lane_count; lane++) {
        if (engine->lanes[lane].site == site) {
            goes_on = ps_engine_goes_on(engine, lane, error) || goes_on;
        }
    }
    return goes_on;
}
