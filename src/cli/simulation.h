/*
 * simulation - plan requests run in virtual time: the engine of `run` against the simulated
 * service. For `simulate`, and for the forecast of `plan`.
 *
 * The same request and seed give the same numbers. What is told of breaches, double payment and
 * makespan is the service's own record, not the engine's.
 *
 * Threads: one.
 */
#ifndef PS_CLI_SIMULATION_H
#define PS_CLI_SIMULATION_H

#include "app/forecast.h"
#include "cli/plan_request.h"
#include "cli/what_if.h"

#include <stdio.h>

struct ps_simulation_options {
    const struct ps_plan_request *request;
    struct ps_what_if what_if;
    int64_t poll_ms;
    FILE *events; /* NULL, or where the service's event log goes (docs/EVENTS.md) */
};

/* How much of a limit a pool used, of what it could have given from its first work to its last. */
struct ps_simulation_use {
    char pool[64]; /* the name of its first lane */
    int64_t tokens;
    int64_t days;         /* in which it worked */
    int64_t tpm_permille; /* this one and the next: 0 where there is no such limit */
    int64_t tpd_permille;
    int64_t rps_permille;
    int64_t jobs_permille;
    int64_t peak_jobs;
};

struct ps_simulation_lane {
    int64_t jobs;
    int64_t end_ms; /* when its last job was seen ended, after the start; 0: it had none */
};

/* A job, for a picture of the run. Times are after the start. */
struct ps_simulation_job {
    int64_t lane;
    int64_t start_ms; /* created */
    int64_t end_ms;   /* seen ended */
    int64_t records;
};

struct ps_simulation {
    uint64_t seed;
    int64_t makespan_ms;
    int64_t lower_bound_ms; /* for the tokens that were really used */
    int64_t violations;
    struct ps_error error; /* why it did not end; status PS_OK: it did */
    struct ps_book_counts records;
    int64_t paid_twice;
    int64_t breaches;
    int64_t refused_records;
    int64_t throttled_calls;
    int64_t input_tokens; /* billed */
    int64_t output_tokens;
    int64_t job_count;
    struct ps_simulation_lane *lanes; /* as many as the request has; heap, like the next two */
    struct ps_simulation_use *uses;
    int64_t use_count;
    struct ps_simulation_job *jobs; /* in order of creation */
};

void ps_simulation_init(struct ps_simulation *simulation);
void ps_simulation_release(struct ps_simulation *simulation);

/* PS_E_USAGE where the lanes contradict each other. A run that cannot end is a result, not an
 * error. */
PS_MUST_CHECK enum ps_status ps_simulation_run(const struct ps_simulation_options *options,
                                               uint64_t seed, struct ps_simulation *ret_simulation,
                                               struct ps_error *err);

/* makespan / lower bound in ten-thousandths, rounded up; 0 where there is no bound. */
int64_t ps_simulation_ratio(const struct ps_simulation *simulation);

#endif
