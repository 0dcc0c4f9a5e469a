/*
 * jobs - the table of batch jobs, changed by events alone, and when the next thing is due for one.
 *
 * Owner: the world. Threads: the world's lock is held.
 */
#ifndef PS_SIM_JOBS_H
#define PS_SIM_JOBS_H

#include "base/str.h"
#include "core/family.h"
#include "sim/limits.h"
#include "sim/rates.h"

#include <yyjson.h>

enum ps_job_state {
    PS_STATE_SUBMITTED,
    PS_STATE_VALIDATING,
    PS_STATE_SCHEDULED,
    PS_STATE_IN_PROGRESS,
    PS_STATE_STOPPING,
    PS_STATE_COMPLETED, /* this and all below are ends */
    PS_STATE_PARTIALLY_COMPLETED,
    PS_STATE_FAILED,
    PS_STATE_STOPPED,
    PS_STATE_EXPIRED,
    PS_STATE_COUNT
};

const char *ps_job_state_name(enum ps_job_state state);
enum ps_job_state ps_job_state_of(struct ps_str name); /* PS_STATE_COUNT for none */
bool ps_job_state_is_end(enum ps_job_state state);

#define PS_JOB_ID_SIZE 13

/* What a fault makes of a job; drawn when it is created. */
struct ps_job_fate {
    bool is_failing;
    bool is_partial;
    bool is_expiring;
    bool is_stuck;
    bool is_stopped;
    bool has_no_manifest;
    bool has_bad_manifest;
    bool has_no_counts;
    bool is_flat;
};

struct ps_job {
    int64_t number; /* 1 for the first */
    char id[PS_JOB_ID_SIZE];
    char *arn;
    char *name;
    char *token; /* "" for none */
    char *model_arn;
    char *base_model;
    char *region;
    char *role_arn;
    char *input_uri;
    char *output_uri;
    char *owner_in;
    char *owner_out;
    char *run;
    char *request; /* the body of the create call */
    char *parameters_sha256;
    char *message; /* "" for none */
    enum ps_family family;
    struct ps_job_fate fate;
    const struct ps_sim_limits *limits;

    enum ps_job_state state;
    bool is_busy; /* a thread validates or processes it, outside of the lock */
    bool is_finishing;
    int64_t timeout_hours;
    int64_t startup_ms;
    int64_t submitted_ms;
    int64_t modified_ms;
    int64_t started_ms;   /* 0: never */
    int64_t ended_ms;     /* 0: not yet */
    int64_t shown_end_ms; /* endTime as Get shows it; 0: none */
    int64_t stop_due_ms;
    int64_t due_records; /* processed when it is stopped */

    int64_t records;           /* of the input; known from Scheduled on */
    int64_t tokens;            /* that all of them will cost */
    struct ps_job_pool *pool;  /* whose rate it shares (job_pace.h); NULL: it has its own pace */
    struct ps_rates_flow flow; /* its work there */
    int64_t done_ms;           /* when that was done; 0: not yet */

    int64_t logged;  /* `record` events so far */
    int64_t success; /* of them */
    int64_t errors;
    int64_t input_tokens;
    int64_t output_tokens;
    int64_t processed; /* as the end says */
};

struct ps_jobs {
    struct ps_job **jobs; /* by number */
    size_t count;
    const struct ps_limits_list *limits;
    struct ps_job_pool **pools;
    size_t pool_count;
};

void ps_jobs_release(struct ps_jobs *jobs);

/* True when the event was one of its own. */
bool ps_jobs_apply(struct ps_jobs *jobs, struct ps_str kind, yyjson_val *event);

/* NULL when there is none. */
struct ps_job *ps_jobs_find(const struct ps_jobs *jobs, struct ps_str id, struct ps_str region);
struct ps_job *ps_jobs_find_name(const struct ps_jobs *jobs, struct ps_str name,
                                 struct ps_str region);
struct ps_job *ps_jobs_find_token(const struct ps_jobs *jobs, struct ps_str token,
                                  struct ps_str region);

/* Not yet ended, of this base model and Region. */
int64_t ps_jobs_live(const struct ps_jobs *jobs, struct ps_str base_model, struct ps_str region);

/* When its next change is due (or may be: ps_jobs_settle then tells), INT64_MAX for one that has
 * ended or is busy. */
int64_t ps_jobs_due_ms(const struct ps_job *job);

/*
 * False: what is due for it at `at_ms` is only that its pool goes on; that is done now, and its
 * due time is another.
 */
PS_MUST_CHECK bool ps_jobs_settle(struct ps_jobs *jobs, const struct ps_job *job, int64_t at_ms);

/* How many of its records are processed at `at_ms`, or now if its pool is further already. */
int64_t ps_jobs_processed_at(struct ps_jobs *jobs, const struct ps_job *job, int64_t at_ms);

/* The next whole minute after `at_ms`: when the service sweeps. */
int64_t ps_jobs_tick_ms(int64_t at_ms);

int64_t ps_job_expires_ms(const struct ps_job *job);

#endif
