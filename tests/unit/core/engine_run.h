/*
 * engine_run - one history: the engine against the fake service, turn by turn as app/turn does it,
 * in virtual time; and what must hold at every moment and in the end.
 *
 * Every failure names the seed. Owner: run_end frees what the last run left for looking.
 */
#ifndef PENSTOCK_TESTS_ENGINE_RUN_H
#define PENSTOCK_TESTS_ENGINE_RUN_H

#include "engine_ours.h"

/* How a history is lived through. */
struct run_plan {
    bool is_instant;    /* answers come at once, and nothing but jobs' fates is drawn */
    bool is_rebuilt;    /* the engine is built again from its stored jobs after every sleep */
    int64_t quantum_ms; /* of the service */
    int64_t stop_ms;    /* after the start; 0: by FAULT_STOPPED */
};

/* What a history did in the world. */
struct run_effects {
    struct service_job jobs[JOBS_MAX];
    int64_t job_count;
    enum ending endings[RECORDS];
};

/* Lives through the seed's history and checks it. */
void run_history(uint64_t seed, const struct faults *faults, const struct run_plan *plan,
                 struct run_effects *ret_effects);

#endif
