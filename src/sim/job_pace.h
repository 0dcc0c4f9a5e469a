/*
 * job_pace - how far running jobs are: pools of jobs that share what their lane allows.
 *
 * Jobs of one lane, base model and Region are a pool where the lane limits tokens or requests of
 * records; their work flows as in rates.h. A pool that has no tpm, or that refuses, lets each job
 * go at its own pace; without such a limit jobs are no pool's, and jobs.c has their pace. Changed
 * by the events of jobs alone, so a new start stands where the last one did.
 *
 * Owner: struct ps_jobs. Threads: the world's lock is held.
 */
#ifndef PS_SIM_JOB_PACE_H
#define PS_SIM_JOB_PACE_H

#include "sim/jobs.h"

struct ps_job_pool {
    const struct ps_sim_limits *limits;
    char *base_model;
    char *region;
    struct ps_rates rates;
};

void ps_job_pools_release(struct ps_jobs *jobs);

/* A job begins to work: it joins its pool, if it is to have one. */
void ps_job_pace_begin(struct ps_jobs *jobs, struct ps_job *job, int64_t at_ms);

/* It works no more; nothing for one without a pool. */
void ps_job_pace_end(struct ps_job *job, int64_t at_ms);

/* The pool of a job is brought to that time, if it is not there yet. */
void ps_job_pace_advance(struct ps_jobs *jobs, struct ps_job_pool *pool, int64_t at_ms);

/* When its work is done, or when its pool wants to be advanced before that is known. */
int64_t ps_job_pace_due_ms(const struct ps_job *job);

/* How long its records take at its own pace. */
int64_t ps_job_pace_own_ms(const struct ps_job *job);

/* Does a fault end it when half of its records are done? */
bool ps_job_pace_is_half(const struct ps_job *job);

#endif
