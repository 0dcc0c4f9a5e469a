/*
 * limits - what the simulated service allows, lane by lane; read from a limits file or as
 * published.
 *
 * A file holds lanes in the syntax of --lane, one a line ("name=a,model=M,jobs=10,tpm=3M,...");
 * blank lines and lines that begin with '#' are skipped. A lane without model or region holds for
 * all. The first of its kind that fits a job, or a call on demand, counts; the published default
 * stands behind them and fills every gap; on demand it has no limits.
 *
 * Read here anew, without core's lanes: the judge keeps its own books. Owner: the caller. Threads:
 * read-only once loaded.
 */
#ifndef PS_SIM_LIMITS_H
#define PS_SIM_LIMITS_H

#include "base/status.h"
#include "base/str.h"
#include "sim/writer.h"

/* What a request is: a record of a job (where it is not said), a call, nothing. */
enum ps_limits_rps { PS_RPS_OF_RECORDS, PS_RPS_OF_CALLS, PS_RPS_OF_NOTHING };

/* What becomes of work above a limit: it waits (where it is not said, or only to be learnt), or
 * its records fail with 429. */
enum ps_limits_behaviour { PS_LIMITS_QUEUE, PS_LIMITS_REFUSE, PS_LIMITS_LEARN };

/* Two sorts of lanes: jobs, and calls of models. */
enum ps_limits_kind { PS_LIMITS_BATCH, PS_LIMITS_ON_DEMAND };

struct ps_sim_limits {
    char name[64];
    int64_t kind;    /* of enum ps_limits_kind */
    char model[256]; /* "": any */
    char region[32]; /* "": any */
    int64_t jobs;    /* not yet ended, of one base model and Region */
    int64_t min_records;
    int64_t job_records;
    int64_t shard_records; /* of one input object */
    int64_t shard_bytes;
    int64_t job_bytes;
    int64_t files;      /* of one job; 0: any number */
    int64_t startup_ms; /* from submission until processing; 0: drawn (startup.h) */
    int64_t tpm;        /* what all running jobs share; 0: each job has its own pace */
    int64_t tpd;        /* tokens a day of all of them; 0: no such limit */
    int64_t reset_ms;   /* when the day turns: ms after 00:00 UTC */
    int64_t rps;        /* requests a second; 0: no such limit */
    int64_t rps_counts; /* of enum ps_limits_rps */
    int64_t burndown;   /* what an output token counts against tpm and tpd */
    int64_t behaviour;  /* of enum ps_limits_behaviour */
};

struct ps_limits_list {
    struct ps_sim_limits *lanes; /* the last one is the published default */
    size_t count;
};

/* `path` NULL or "": the published default alone. */
PS_MUST_CHECK enum ps_status ps_limits_load(struct ps_limits_list *list, const char *path,
                                            struct ps_error *err);
void ps_limits_release(struct ps_limits_list *list);

const struct ps_sim_limits *ps_limits_for(const struct ps_limits_list *list,
                                          struct ps_str base_model, struct ps_str region);

/* Likewise for calls on demand: rps counts calls. */
const struct ps_sim_limits *ps_limits_on_demand(const struct ps_limits_list *list,
                                                struct ps_str base_model, struct ps_str region);

/* The list as `limits` of the world.opened event. */
void ps_limits_write(const struct ps_limits_list *list, struct ps_writer *writer);

/* A model id, profile id or ARN of either, without ARN and without profile prefix; a view of
 * `model`. */
struct ps_str ps_limits_base_model(struct ps_str model);

#endif
