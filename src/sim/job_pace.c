#include "sim/job_pace.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

/* The pace of a job whose lane names none: a record a second, and never more than two hours. */
#define RECORD_MS PS_SECOND_MS
#define DURATION_MS_MAX (2 * PS_HOUR_MS)

int64_t ps_job_pace_own_ms(const struct ps_job *const job)
{
    const int64_t own_ms = job->records * RECORD_MS;
    return own_ms < DURATION_MS_MAX ? own_ms : DURATION_MS_MAX;
}

bool ps_job_pace_is_half(const struct ps_job *const job)
{
    return job->fate.is_failing || job->fate.is_partial || job->fate.is_stopped;
}

static int64_t rps_of(const struct ps_sim_limits *const limits)
{
    return limits->rps_counts == PS_RPS_OF_RECORDS ? limits->rps : 0;
}

static bool has_pool(const struct ps_job *const job)
{
    const struct ps_sim_limits *const limits = job->limits;
    return job->tokens > 0 && (limits->tpm > 0 || limits->tpd > 0 || rps_of(limits) > 0);
}

static struct ps_job_pool *pool_of(struct ps_jobs *const jobs, const struct ps_job *const job,
                                   const int64_t at_ms)
{
    const struct ps_sim_limits *const limits = job->limits;
    for (size_t place = 0; place < jobs->pool_count; place++) {
        struct ps_job_pool *const pool = jobs->pools[place];
        if (pool->limits == limits && strcmp(pool->base_model, job->base_model) == 0 &&
            strcmp(pool->region, job->region) == 0) {
            return pool;
        }
    }
    struct ps_job_pool *const pool = calloc(1, sizeof *pool);
    jobs->pools = realloc(jobs->pools, (jobs->pool_count + 1) * sizeof(struct ps_job_pool *));
    PS_ASSERT(pool != NULL && jobs->pools != NULL);
    pool->limits = limits;
    pool->base_model = ps_str_dup(ps_str_of(job->base_model));
    pool->region = ps_str_dup(ps_str_of(job->region));
    ps_rates_init(&pool->rates,
                  &(struct ps_rates_options){.tpm = limits->tpm,
                                             .tpd = limits->tpd,
                                             .reset_ms = limits->reset_ms,
                                             .rps = rps_of(limits),
                                             .is_refusing = limits->behaviour == PS_LIMITS_REFUSE,
                                             .keeps_points = true},
                  at_ms);
    jobs->pools[jobs->pool_count++] = pool;
    return pool;
}

void ps_job_pools_release(struct ps_jobs *const jobs)
{
    for (size_t place = 0; place < jobs->pool_count; place++) {
        ps_rates_release(&jobs->pools[place]->rates);
        free(jobs->pools[place]->base_model);
        free(jobs->pools[place]->region);
        free(jobs->pools[place]);
    }
    free(jobs->pools);
}

/* Events may lie a little before what a pool was asked for last. */
static int64_t not_before(const struct ps_job_pool *const pool, const int64_t at_ms)
{
    return at_ms > pool->rates.now_ms ? at_ms : pool->rates.now_ms;
}

static struct ps_job *job_of(const struct ps_jobs *const jobs,
                             const struct ps_rates_flow *const flow)
{
    for (size_t index = jobs->count; index > 0; index--) {
        if (&jobs->jobs[index - 1]->flow == flow) {
            return jobs->jobs[index - 1];
        }
    }
    PS_ASSERT(flow == NULL);
    return NULL;
}

static void take_done(struct ps_jobs *const jobs, struct ps_job_pool *const pool)
{
    for (const struct ps_rates_flow *flow = ps_rates_pop(&pool->rates); flow != NULL;
         flow = ps_rates_pop(&pool->rates)) {
        job_of(jobs, flow)->done_ms = pool->rates.now_ms;
    }
}

void ps_job_pace_advance(struct ps_jobs *const jobs, struct ps_job_pool *const pool,
                         const int64_t at_ms)
{
    while (ps_rates_next_ms(&pool->rates) <= at_ms) {
        ps_rates_advance(&pool->rates, not_before(pool, ps_rates_next_ms(&pool->rates)));
        take_done(jobs, pool);
    }
    ps_rates_advance(&pool->rates, not_before(pool, at_ms));
    take_done(jobs, pool);
}

void ps_job_pace_begin(struct ps_jobs *const jobs, struct ps_job *const job, const int64_t at_ms)
{
    if (!has_pool(job)) {
        return;
    }
    struct ps_job_pool *const pool = pool_of(jobs, job, at_ms);
    const bool has_own_pace = pool->limits->tpm == 0 || pool->rates.options.is_refusing;
    const int64_t half = job->records / 2 > 0 ? job->records / 2 : 1;
    int64_t own_tpm = 0;
    job->pool = pool;
    job->flow.records = ps_job_pace_is_half(job) ? half : job->records;
    PS_ASSERT(ps_muldiv_i64(job->tokens, job->flow.records, job->records, &job->flow.tokens));
    PS_ASSERT(ps_muldiv_i64(job->tokens, PS_MINUTE_MS, ps_job_pace_own_ms(job), &own_tpm));
    job->flow.own_tpm = !has_own_pace ? 0 : own_tpm > 0 ? own_tpm : 1;
    ps_job_pace_advance(jobs, pool, at_ms);
    ps_rates_add(&pool->rates, &job->flow, not_before(pool, at_ms));
    take_done(jobs, pool);
}

void ps_job_pace_end(struct ps_job *const job, const int64_t at_ms)
{
    if (job->pool != NULL) {
        ps_rates_remove(&job->pool->rates, &job->flow, not_before(job->pool, at_ms));
    }
}

int64_t ps_job_pace_due_ms(const struct ps_job *const job)
{
    return job->done_ms > 0 ? job->done_ms : ps_rates_next_ms(&job->pool->rates);
}
