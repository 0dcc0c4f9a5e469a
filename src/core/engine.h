/*
 * engine - decides what to wish for next: which job to put, create, look at, collect, send again;
 * when to wait.
 *
 * Sans-IO: no clock, no randomness but its seed, no files, no log. Facts in, wishes out. It holds
 * the run's jobs in memory (not records); after each turn the caller stores the jobs that
 * ps_engine_dirty names, together with the new wishes, before any of them is started. Built again
 * from stored jobs it goes on where it was.
 *
 * Owner: the caller frees. Threads: one.
 *
 *     while (ps_engine_phase(engine) == PS_PHASE_RUNNING) {
 *         ... ps_engine_handle(engine, &fact, now) for each fact ...
 *         while (ps_engine_next(engine, now, &wish)) { ... keep the row ... }
 *         ... store ps_engine_dirty's jobs and the rows; start the wishes; wait until
 * ps_engine_wake_at_ms ...
 *     }
 */
#ifndef PS_CORE_ENGINE_H
#define PS_CORE_ENGINE_H

#include "base/time.h"
#include "core/job.h"
#include "core/names.h"

struct ps_engine_options {
    struct ps_names names;
    struct ps_str model;
    struct ps_str role_arn;
    struct ps_str account; /* pinned at the first start (R1); "" then */
    struct ps_str nonce;   /* drawn once for the run: tokens are made from it */
    bool is_converse;
    int64_t timeout_hours;
    int64_t jobs_max;    /* slots */
    int64_t min_records; /* of a job */
    int64_t poll_ms;
    int64_t puts_max; /* at once, all jobs together */
    int64_t gets_max;
    uint64_t seed;
};

enum ps_phase {
    PS_PHASE_RUNNING,
    PS_PHASE_ENDED,   /* every record has its ending */
    PS_PHASE_STOPPED, /* asked to stop; likewise */
    PS_PHASE_HALTED   /* a person must look: ps_engine_error; resumable */
};

struct ps_engine;

/* Texts of `options` are copied. */
struct ps_engine *ps_engine_new(const struct ps_engine_options *options);
struct ps_engine *ps_engine_free(struct ps_engine *engine);

/* A job as the store had it, in order of number, before the first turn. Takes its texts. */
void ps_engine_add_job(struct ps_engine *engine, struct ps_job *job);

/* Create nothing more, stop the jobs at the service, collect what they made, cancel the rest. */
void ps_engine_stop(struct ps_engine *engine);

/* Create nothing more; leave the service's jobs alone. Only what is in flight is waited for. */
void ps_engine_pause(struct ps_engine *engine);

/* Is nothing in flight that could still be billed or lost if we left now? */
bool ps_engine_is_quiet(const struct ps_engine *engine);

void ps_engine_handle(struct ps_engine *engine, const struct ps_fact *fact, struct ps_now now);

/* False: nothing to wish for now, and *ret_wish is untouched. Its texts live until the next call.
 */
PS_MUST_CHECK bool ps_engine_next(struct ps_engine *engine, struct ps_now now,
                                  struct ps_wish *ret_wish);

/* When to call `next` again if no fact comes first, on the steady clock; INT64_MAX: not before one
 * does. */
int64_t ps_engine_wake_at_ms(const struct ps_engine *engine);

/* A job that changed since it was last asked; NULL: none. */
const struct ps_job *ps_engine_dirty(struct ps_engine *engine);

enum ps_phase ps_engine_phase(const struct ps_engine *engine);
const struct ps_error *ps_engine_error(const struct ps_engine *engine);

/* As identity told; "" before. */
struct ps_str ps_engine_account(const struct ps_engine *engine);

/* The number that the next new job gets. */
int64_t ps_engine_next_number(const struct ps_engine *engine);

int64_t ps_engine_job_count(const struct ps_engine *engine);
const struct ps_job *ps_engine_job(const struct ps_engine *engine, int64_t place);
const struct ps_job *ps_engine_find(const struct ps_engine *engine, int64_t number);

#endif
