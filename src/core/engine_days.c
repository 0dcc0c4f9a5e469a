#include "core/engine_internal.h"

#include "base/assert.h"
#include "base/checked.h"

static bool has_budget(const struct ps_pool_state *const pool)
{
    return pool->pool.tpd > 0;
}

/* tokens * part / whole, rounded up; all of them where the counters tell nothing of use. */
static int64_t part_of(const int64_t tokens, const int64_t part, const int64_t whole)
{
    int64_t rest = 0;
    if (whole <= 0 || part < 0 || part > whole ||
        !ps_muldiv_i64(tokens, whole - part, whole, &rest)) {
        return tokens;
    }
    return tokens - rest;
}

/* What may still be processed of a job at the service, by the counters that were seen last. */
static int64_t remainder_of(const struct ps_job *const job)
{
    const int64_t processed = job->processed > 0 ? job->processed : 0;
    const int64_t left = processed < job->records ? job->records - processed : 0;
    return part_of(job->quota_tokens, left, job->records);
}

/* Over into the next day: what is at the service, or may be, and has no end yet. */
static void carry_over(struct ps_engine *const engine, const struct ps_pool_state *const pool,
                       struct ps_job *const job)
{
    job->day_end_ms = pool->day.end_ms;
    job->day_tokens = remainder_of(job);
    ps_engine_touch(engine, job);
}

/* The same day has another name: whatever is held against it goes along. */
static void rename_day(struct ps_engine *const engine, const struct ps_pool_state *const pool,
                       const int64_t before_ms)
{
    for (int64_t place = 0; place < engine->job_count; place++) {
        struct ps_job *const job = &engine->jobs[place];
        if (ps_engine_pool_of(engine, job) == pool && job->day_end_ms == before_ms) {
            job->day_end_ms = pool->day.end_ms;
            ps_engine_touch(engine, job);
        }
    }
}

void ps_engine_count_day(struct ps_engine *const engine, const int64_t pool)
{
    struct ps_pool_state *const state = &engine->pools[pool];
    state->day_tokens = 0;
    for (int64_t place = 0; place < engine->job_count; place++) {
        const struct ps_job *const job = &engine->jobs[place];
        if (ps_engine_pool_of(engine, job) == state && job->day_end_ms != 0 &&
            job->day_end_ms == state->day.end_ms) {
            state->day_tokens += job->day_tokens;
        }
    }
}

static void pass_day(struct ps_engine *const engine, const int64_t place, const struct ps_now now)
{
    struct ps_pool_state *const pool = &engine->pools[place];
    const int64_t before_ms = pool->day.end_ms;
    const int64_t before_tokens = pool->day_tokens;
    const bool is_turn = ps_day_pass(&pool->day, now, pool->pool.reset_ms);
    if (pool->day.end_ms == before_ms) {
        return;
    }
    pool->is_day_dirty = true;
    if (!is_turn && before_ms != 0) {
        rename_day(engine, pool, before_ms);
    }
    for (int64_t job = 0; (is_turn || before_ms == 0) && job < engine->job_count; job++) {
        if (ps_engine_pool_of(engine, &engine->jobs[job]) == pool &&
            ps_job_holds_slot(&engine->jobs[job])) {
            carry_over(engine, pool, &engine->jobs[job]);
        }
    }
    ps_engine_count_day(engine, place);
    if (is_turn && before_ms != 0) {
        ps_engine_tell_turn(engine, pool, before_tokens);
    }
}

void ps_engine_pass_days(struct ps_engine *const engine, const struct ps_now now)
{
    for (int64_t pool = 0; pool < engine->options.pool_count; pool++) {
        if (has_budget(&engine->pools[pool])) {
            pass_day(engine, pool, now);
        }
    }
}

/* One poll before the turn. */
static bool is_asking_time(const struct ps_engine *const engine,
                           const struct ps_pool_state *const pool, const int64_t at_ms)
{
    return has_budget(pool) && pool->day.end_ms != 0 && pool->asked_end_ms != pool->day.end_ms &&
           at_ms >= pool->day.turn_ms - engine->options.poll_ms;
}

static void ask_for_live(struct ps_engine *const engine, const struct ps_pool_state *const pool,
                         const struct ps_numbers *const live, const struct ps_now now)
{
    int64_t place = 0;
    while (place < live->count) {
        const int64_t number = ps_numbers_at(live, place);
        struct ps_job *const job = ps_engine_job_by_number(engine, number);
        if (ps_engine_pool_of(engine, job) == pool && !job->is_counted && job->open_wishes == 0) {
            ps_engine_move(engine, job, PS_FACT_EMPTY, NULL, now);
        }
        place += place < live->count && ps_numbers_at(live, place) == number ? 1 : 0;
    }
}

void ps_engine_ask_before_turns(struct ps_engine *const engine, const struct ps_now now)
{
    for (int64_t place = 0; place < engine->options.pool_count; place++) {
        struct ps_pool_state *const pool = &engine->pools[place];
        if (!is_asking_time(engine, pool, now.steady_ms)) {
            continue;
        }
        pool->asked_end_ms = pool->day.end_ms;
        for (int64_t site = 0; site < engine->site_count; site++) {
            ask_for_live(engine, pool, &engine->sites[site].live, now);
        }
    }
}

int64_t ps_engine_ask_at_ms(const struct ps_engine *const engine)
{
    int64_t at_ms = INT64_MAX;
    for (int64_t place = 0; place < engine->options.pool_count; place++) {
        const struct ps_pool_state *const pool = &engine->pools[place];
        const int64_t due_ms = pool->day.turn_ms - engine->options.poll_ms;
        if (pool->slots > 0 && is_asking_time(engine, pool, INT64_MAX) && due_ms < at_ms) {
            at_ms = due_ms;
        }
    }
    return at_ms;
}

static int64_t budget_of(const struct ps_pool_state *const pool)
{
    return has_budget(pool) ? pool->pool.tpd : INT64_MAX;
}

int64_t ps_engine_job_tokens_max(const struct ps_engine *const engine, const int64_t pool)
{
    PS_ASSERT(pool >= 0 && pool < engine->options.pool_count);
    const int64_t tokens = budget_of(&engine->pools[pool]);
    const struct ps_estimate estimate = ps_engine_estimate(engine, pool);
    return tokens == INT64_MAX ? tokens : ps_estimate_thought(&estimate, tokens);
}

bool ps_engine_is_over_day(const struct ps_engine *const engine, const struct ps_job *const job)
{
    const struct ps_pool_state *const pool = &engine->pools[engine->lanes[job->lane].lane.pool];
    return ps_engine_real_tokens(engine, job) > budget_of(pool);
}

bool ps_engine_fits_day(const struct ps_pool_state *const pool, const struct ps_job *const job)
{
    const int64_t held = pool->day_tokens + pool->others.day_tokens;
    return !has_budget(pool) || job->quota_tokens <= pool->pool.tpd - held;
}

int64_t ps_engine_day_left(const struct ps_engine *const engine, const int64_t pool)
{
    const struct ps_pool_state *const state = &engine->pools[pool];
    int64_t left = state->pool.tpd - state->day_tokens - state->others.day_tokens;
    for (int64_t place = 0; place < engine->moving.count; place++) {
        const struct ps_job *const job =
            ps_engine_find(engine, ps_numbers_at(&engine->moving, place));
        if (engine->lanes[job->lane].lane.pool == pool && job->state <= PS_STATE_READY) {
            left = (job->quota_tokens > left ? state->pool.tpd : left) - job->quota_tokens;
        }
    }
    return left > 0 ? left : 0;
}

void ps_engine_hold_day(struct ps_engine *const engine, struct ps_job *const job)
{
    const struct ps_pool_state *const pool = ps_engine_pool_of(engine, job);
    if (has_budget(pool)) {
        job->day_end_ms = pool->day.end_ms;
        job->day_tokens = job->quota_tokens;
    }
}

void ps_engine_free_day(struct ps_job *const job)
{
    job->day_end_ms = 0;
    job->day_tokens = 0;
}

/* By the answers' own usage; where they tell none, by how many lines there are. */
static int64_t used_tokens(const struct ps_pool_state *const pool, const struct ps_job *const job,
                           const struct ps_tally *const tally)
{
    const int64_t burndown = pool->pool.burndown > 0 ? pool->pool.burndown : 1;
    int64_t output = 0;
    int64_t all = 0;
    if (tally->input_tokens > 0 && tally->output_tokens >= 0 &&
        ps_mul_i64(tally->output_tokens, burndown, &output) &&
        ps_add_i64(tally->input_tokens, output, &all)) {
        return all;
    }
    return part_of(job->quota_tokens, tally->lines, job->records);
}

void ps_engine_settle_day(struct ps_engine *const engine, struct ps_job *const job,
                          const struct ps_tally *const tally)
{
    const int64_t used = used_tokens(ps_engine_pool_of(engine, job), job, tally);
    /* What went into earlier days by the books stays there. */
    const int64_t earlier = job->quota_tokens - job->day_tokens;
    if (job->day_end_ms != 0) {
        job->day_tokens = used > earlier ? used - earlier : 0;
        job->quota_tokens = used;
        ps_engine_learn(engine, job, tally);
    }
}

bool ps_engine_dirty_day(struct ps_engine *const engine, int64_t *const ret_pool,
                         struct ps_day *const ret_day)
{
    for (int64_t pool = 0; pool < engine->options.pool_count; pool++) {
        if (engine->pools[pool].is_day_dirty) {
            engine->pools[pool].is_day_dirty = false;
            *ret_pool = pool;
            *ret_day = engine->pools[pool].day;
            return true;
        }
    }
    return false;
}

void ps_engine_set_day(struct ps_engine *const engine, const int64_t pool, const struct ps_day day)
{
    PS_ASSERT(pool >= 0 && pool < engine->options.pool_count);
    engine->pools[pool].day = day;
    ps_engine_count_day(engine, pool);
}
