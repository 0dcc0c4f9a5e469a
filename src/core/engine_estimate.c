#include "base/assert.h"
#include "base/checked.h"
#include "core/engine_internal.h"
#include "core/pool.h"

/* Pools of one model whose output counts alike learn together; the first of them keeps the sums. */
static bool is_alike(const struct ps_engine *const engine, const struct ps_lane_state *const left,
                     const struct ps_lane_state *const right)
{
    return ps_str_equals(ps_pool_base_model(left->lane.model),
                         ps_pool_base_model(right->lane.model)) &&
           engine->pools[left->lane.pool].pool.burndown ==
               engine->pools[right->lane.pool].pool.burndown;
}

static const struct ps_lane_state *first_lane(const struct ps_engine *const engine,
                                              const int64_t pool)
{
    int64_t lane = 0;
    while (lane + 1 < engine->options.lane_count && engine->lanes[lane].lane.pool != pool) {
        lane++;
    }
    return &engine->lanes[lane];
}

void ps_engine_find_teachers(struct ps_engine *const engine)
{
    for (int64_t pool = 0; pool < engine->options.pool_count; pool++) {
        int64_t teacher = 0;
        while (teacher < pool &&
               !is_alike(engine, first_lane(engine, teacher), first_lane(engine, pool))) {
            teacher++;
        }
        engine->pools[pool].teacher = teacher;
        engine->pools[pool].estimate = (struct ps_estimate){0, 0, 0};
    }
}

static struct ps_estimate *estimate_of(const struct ps_engine *const engine,
                                       const struct ps_job *const job)
{
    const struct ps_pool_state *const pool = &engine->pools[engine->lanes[job->lane].lane.pool];
    return &engine->pools[pool->teacher].estimate;
}

struct ps_estimate ps_engine_estimate(const struct ps_engine *const engine, const int64_t pool)
{
    PS_ASSERT(pool >= 0 && pool < engine->options.pool_count);
    return engine->pools[engine->pools[pool].teacher].estimate;
}

/* Its tokens are those that its answers used. */
static bool is_settled(const struct ps_job *const job)
{
    return (job->state == PS_STATE_CLOSING || job->state == PS_STATE_DONE) &&
           job->verdict == PS_VERDICT_UNPROCESSED && job->day_end_ms != 0;
}

void ps_engine_add_estimate(struct ps_engine *const engine, const struct ps_job *const job)
{
    if (is_settled(job) && job->thought_tokens > 0 && job->quota_tokens > 0) {
        ps_estimate_add(estimate_of(engine, job), job->thought_tokens, job->quota_tokens,
                        job->records);
    }
}

int64_t ps_engine_real_tokens(const struct ps_engine *const engine, const struct ps_job *const job)
{
    return ps_estimate_corrected(estimate_of(engine, job), job->thought_tokens);
}

bool ps_engine_is_misjudged(const struct ps_engine *const engine, const struct ps_job *const job)
{
    return job->state == PS_STATE_PLANNED &&
           ps_estimate_is_off(job->quota_tokens, ps_engine_real_tokens(engine, job));
}

/* What is on its way or at the service is held with what it is now known to need. */
static void correct(struct ps_engine *const engine, struct ps_job *const job)
{
    const int64_t tokens = ps_engine_real_tokens(engine, job);
    const bool is_known = job->state == PS_STATE_CLOSING || job->thought_tokens == 0;
    const bool is_same = tokens == job->quota_tokens || job->quota_tokens == 0;
    if (job->state == PS_STATE_PLANNED || is_known || is_same) {
        return;
    }
    ps_engine_take_out(engine, job);
    /* Earlier days keep their part of it. */
    job->day_tokens = ps_scale_up_i64(job->day_tokens, tokens, job->quota_tokens);
    job->quota_tokens = tokens;
    ps_engine_put_in(engine, job);
    ps_engine_touch(engine, job);
}

static void correct_all(struct ps_engine *const engine, const struct ps_numbers *const numbers,
                        const struct ps_estimate *const estimate)
{
    for (int64_t place = 0; place < numbers->count; place++) {
        struct ps_job *const job = ps_engine_job_by_number(engine, ps_numbers_at(numbers, place));
        if (estimate_of(engine, job) == estimate) {
            correct(engine, job);
        }
    }
}

void ps_engine_learn(struct ps_engine *const engine, struct ps_job *const job,
                     const struct ps_tally *const tally)
{
    const bool is_whole = tally->missing == 0 && tally->broken == 0 && tally->input_tokens > 0;
    /* What has an error instead of an answer tells nothing of how long answers are. */
    job->thought_tokens =
        is_whole ? ps_scale_i64(job->thought_tokens, tally->succeeded, job->records) : 0;
    ps_engine_add_estimate(engine, job);
    if (job->thought_tokens > 0) {
        correct_all(engine, &engine->moving, estimate_of(engine, job));
        for (int64_t site = 0; site < engine->site_count; site++) {
            correct_all(engine, &engine->sites[site].live, estimate_of(engine, job));
        }
    }
}

void ps_engine_void_planned(struct ps_engine *const engine, const struct ps_now now)
{
    for (int64_t place = 0; place < engine->options.pool_count; place++) {
        const struct ps_numbers *const planned = &engine->pools[place].planned;
        while (planned->count > 0) {
            ps_engine_move(engine, ps_engine_job_by_number(engine, ps_numbers_at(planned, 0)),
                           PS_FACT_STOP, NULL, now);
        }
    }
}
