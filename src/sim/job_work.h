/*
 * job_work - the two long things that happen to a job: its input is checked, and its records are
 * processed.
 *
 * Both read and write bodies without the world's lock, with bounded memory.
 *
 * Owner: the caller. Threads: the one that steps.
 */
#ifndef PS_SIM_JOB_WORK_H
#define PS_SIM_JOB_WORK_H

#include "sim/jobs.h"

struct ps_world;

/* What is needed of a job outside of the lock: copies. */
struct ps_job_work {
    char id[PS_JOB_ID_SIZE];
    int64_t number;
    char *region;
    char *base_model;
    char *input_uri;
    char *output_uri;
    char *run;
    char *role_arn;
    enum ps_family family;
    struct ps_job_fate fate;
    const struct ps_sim_limits *limits;
    int64_t at_ms; /* when it ends, or its check ends */
    int64_t started_ms;
    int64_t due_records; /* how many are to be processed */
    int64_t logged;      /* of them, already in the event log */
    bool is_on_demand;   /* no job: one body, answered at once (invoke.h) */
    bool is_paced;       /* `flow` tells when each was processed, and what was refused */
    struct ps_rates_flow flow;
};

/* Lock held. */
void ps_job_work_init(struct ps_job_work *work, const struct ps_job *job);
/* With the way of its work, for ps_job_work_process. Lock held. */
void ps_job_work_take_pace(struct ps_job_work *work, const struct ps_job *job);
void ps_job_work_release(struct ps_job_work *work);

/* What an answer counts against the limits. */
struct ps_model_answer;
int64_t ps_job_work_tokens(const struct ps_job_work *work, const struct ps_model_answer *answer);

struct ps_job_check {
    char message[512]; /* why it fails, "" when it does not */
    int64_t records;
    int64_t tokens;
};

/* Reads all of the input as the service does before it runs a job. */
void ps_job_work_check(struct ps_world *world, const struct ps_job_work *work,
                       struct ps_job_check *ret_check);

/* Processes due_records records: record events, output objects, the manifest. */
PS_MUST_CHECK enum ps_status
ps_job_work_process(struct ps_world *world, const struct ps_job_work *work, struct ps_error *err);

#endif
