/*
 * engine_internal - what the engine's files share: engine.c (facts in, wishes out), engine_jobs.c
 * (one job's facts), engine_wishes.c (one job's wishes).
 */
#ifndef PS_CORE_ENGINE_INTERNAL_H
#define PS_CORE_ENGINE_INTERNAL_H

#include "base/prng.h"
#include "core/engine.h"
#include "core/job_states.h"

/*
 * What a run does before its jobs may move: R1 first, then jobs without a row, then numbers that
 * the bucket knows and the store does not, then uploads left open.
 */
enum ps_start_step {
    PS_START_IDENTITY,
    PS_START_LOOK,
    PS_START_NUMBERS,
    PS_START_SWEEP,
    PS_START_DONE
};

struct ps_engine {
    struct ps_engine_options options;
    struct ps_buf texts[6]; /* copies of the options' texts */
    char *account;
    struct ps_prng prng;
    enum ps_phase phase;
    struct ps_error error;
    enum ps_start_step step;
    bool is_step_open;
    int64_t step_wake_ms;
    int64_t step_tries;
    bool has_waited; /* for jobs that a list does not show yet, because the store is behind */
    bool is_stopping;
    bool is_pausing;

    struct ps_job *jobs; /* in order of number */
    int64_t job_count;
    int64_t next_number;

    bool is_cut_open;
    bool is_cut_due; /* something may be unsent: look */
    int64_t unsent;  /* records that no job holds; -1: not known */

    bool is_poll_open;
    int64_t poll_wake_ms;
    int64_t poll_tries;
    int64_t open_puts;

    struct ps_buf key; /* texts of the wish that was given last */
    struct ps_buf text;
};

struct ps_job *ps_engine_job_by_number(struct ps_engine *engine, int64_t number);
struct ps_job *ps_engine_insert_job(struct ps_engine *engine, int64_t number);

/* Moves the job by the table; `error` tells why where the fact is a failure. */
void ps_engine_move(struct ps_engine *engine, struct ps_job *job, enum ps_job_fact fact,
                    const struct ps_error *error, struct ps_now now);

void ps_engine_halt(struct ps_engine *engine, const struct ps_error *error);
int64_t ps_engine_pause_ms(struct ps_engine *engine, int64_t tries);

/* Halts the run when it is time to call a person: not while the service only says "not now". */
void ps_engine_halt_if_hopeless(struct ps_engine *engine, const struct ps_error *error,
                                int64_t tries, int64_t tries_max);

/* What the world's fact is to the job: engine_jobs.c. */
void ps_engine_handle_job(struct ps_engine *engine, struct ps_job *job, const struct ps_fact *fact,
                          struct ps_now now);

/* A row of a list or the answer of a Get. */
void ps_engine_note_view(struct ps_job *job, const struct ps_job_view *view);

/* Fills the wish of a job whose time has come: engine_wishes.c. False: it wishes nothing. */
bool ps_engine_job_wish(struct ps_engine *engine, struct ps_job *job, struct ps_now now,
                        struct ps_wish *ret_wish);

#endif
