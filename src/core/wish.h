/*
 * wish - what the engine wants done in the world, and the fact that comes back.
 *
 * A wish is a row in the store before it is an act. Each started wish gives exactly one fact,
 * unless the process dies first; then the row is found open at the next start and started again
 * (the kinds are repeatable, CREATE_JOB under rule R2), but for a `once` kind: INVOKE (R4), which
 * nothing sends again by itself, since it may have been executed and paid.
 *
 * Owner: text in a wish is a view, copied by whoever keeps it. A fact owns its payload:
 * ps_fact_release.
 */
#ifndef PS_CORE_WISH_H
#define PS_CORE_WISH_H

#include "base/status.h"
#include "base/str.h"

#include <stdint.h>

enum ps_wish_kind {
    PS_WISH_IDENTITY,  /* which account, by which caller? (R1) */
    PS_WISH_PUT_SHARD, /* the shard's body to `key`, only if nothing is there (If-None-Match: *) */
    PS_WISH_LIST_OBJECTS,  /* everything under `key`, all pages; is_shallow: common prefixes too */
    PS_WISH_GET_OBJECT,    /* the object `key` from `offset` on, into the sink */
    PS_WISH_DELETE_OBJECT, /* `key`; one that is not there counts as deleted */
    PS_WISH_ABORT_UPLOADS, /* lists multipart uploads under `key` and aborts each */
    PS_WISH_CREATE_JOB,    /* sends `text`, the exact body */
    PS_WISH_GET_JOB,       /* `text`: its ARN */
    PS_WISH_LIST_JOBS, /* `text`: nameContains ("" = all); after_ms: submitTimeAfter; all pages */
    PS_WISH_STOP_JOB,  /* `text`: its ARN */
    PS_WISH_INVOKE,    /* once (R4): `record` to the model `key`; the body comes from the streams */

    /* From here on local: app/turn does them at once, from the run's own files; no world sees them.
     */
    PS_WISH_CUT_JOBS,     /* cut what is unsent and held by no job into new jobs */
    PS_WISH_LOAD_SHARDS,  /* the job's shard rows */
    PS_WISH_LOAD_CALLS,   /* which of the job's records are still to be called for */
    PS_WISH_TALLY,        /* what the job's fetched objects add up to */
    PS_WISH_CLOSE_JOB,    /* file the answers; `shard` is the verdict for records without one */
    PS_WISH_HOLD_FOREIGN, /* make shards of the record ids found in a foreign job's input objects */
    PS_WISH_GIVE_UP,      /* file verdicts for what is unsent: `shard` tells which */
    PS_WISH_KIND_COUNT
};

bool ps_wish_is_local(enum ps_wish_kind kind);

const char *ps_wish_name(enum ps_wish_kind kind);

struct ps_wish {
    int64_t id; /* the row's number; comes back in the fact */
    enum ps_wish_kind kind;
    int64_t lane;       /* which lane's Region, bucket and credentials */
    int64_t job;        /* the engine's own, comes back untouched; -1: none */
    int64_t shard;      /* likewise */
    int64_t record;     /* INVOKE: its number, for whoever makes the body; not read elsewhere */
    struct ps_str key;  /* object key or prefix, without bucket; INVOKE: the model's id or ARN */
    struct ps_str text; /* see the kinds */
    struct ps_str etag; /* GET_OBJECT with offset > 0: If-Match, else "" */
    int64_t offset;     /* GET_OBJECT: the first byte wanted */
    int64_t after_ms;   /* LIST_JOBS: wall clock */
    bool is_shallow;    /* LIST_OBJECTS: delimiter "/" */
    bool is_converse;   /* INVOKE: by Converse, else by InvokeModel */
};

/* error.aws_code of a PUT_SHARD whose body cannot be made: the input was changed or is gone (R6).
 */
#define PS_CODE_INPUT_GONE "input_gone"

enum ps_outcome {
    PS_OUTCOME_YES,    /* it happened, and the answer is here */
    PS_OUTCOME_NO,     /* it surely did not happen; `error` says why and whether later may work */
    PS_OUTCOME_UNKNOWN /* it may have happened: reconcile before doing it again */
};

/* The service's words for a job's state (reference: Get/ListModelInvocationJob, `status`). */
enum ps_job_status {
    PS_JOB_SUBMITTED,
    PS_JOB_VALIDATING,
    PS_JOB_SCHEDULED,
    PS_JOB_IN_PROGRESS,
    PS_JOB_STOPPING,
    PS_JOB_COMPLETED,
    PS_JOB_PARTIALLY_COMPLETED,
    PS_JOB_FAILED,
    PS_JOB_STOPPED,
    PS_JOB_EXPIRED,
    PS_JOB_STATUS_UNKNOWN /* a word nobody has told us: treated as live, and logged */
};

bool ps_job_status_is_terminal(enum ps_job_status status);
enum ps_job_status ps_job_status_of(struct ps_str word);
const char *ps_job_status_name(enum ps_job_status status);

/* A job as Get or List shows it. Heap text, "" where the service left it out. Counters: -1 =
 * absent. */
struct ps_job_view {
    char *arn;
    char *name;
    char *model; /* id or ARN */
    char *token; /* Get only */
    char *input_uri;
    char *output_uri;
    char *message; /* Get only */
    enum ps_job_status status;
    int64_t submitted_at_ms;
    int64_t total_count;
    int64_t processed_count;
    int64_t success_count;
    int64_t error_count;
};

struct ps_object_view {
    char *key;
    char *etag;
    int64_t size_bytes; /* -1: a common prefix, not an object */
};

/* A shard of a job as the store keeps it. */
struct ps_shard_row {
    int64_t first; /* records [first, end) that are sent, or all of a picked list of end - first */
    int64_t end;
    int64_t records;
    int64_t bytes;
    uint32_t crc32;
    bool is_picked;
    int64_t put_attempt; /* the attempt whose object is durable with these bytes; 0: none */
    bool is_open;        /* its put is under way; not stored */
};

/* A job that was cut. */
struct ps_job_shape {
    int64_t number;
    int64_t lane;
    int64_t shard_count;
    int64_t records;
    int64_t bytes;
    int64_t input_tokens;
    int64_t quota_tokens;    /* against a day's budget: input and expected output times burn-down */
    int64_t cost_usd_micros; /* the most it may cost */
};

/* A record of a job on demand that is still to be called for. */
struct ps_call_row {
    int64_t record;
    int64_t input_tokens;      /* estimate */
    int64_t output_tokens_max; /* what its request allows */
};

/* What a terminal job's objects add up to (see app/collect). */
struct ps_tally {
    int64_t lines;
    int64_t missing;
    int64_t broken;
    int64_t succeeded; /* of the lines */
    bool has_manifest;
    int64_t manifest_counted; /* success + error as the manifest says; -1: it does not */
    int64_t input_tokens;     /* as the answers' usage says; both 0: it does not */
    int64_t output_tokens;
};

/* A fact tells of one wish. Numbers that a kind does not speak of are 0. */
struct ps_fact {
    int64_t wish_id;
    enum ps_wish_kind kind;
    int64_t job;
    int64_t shard;
    enum ps_outcome outcome;
    struct ps_error error;    /* where outcome is not YES */
    struct ps_job_view *jobs; /* GET_JOB: one; LIST_JOBS: all of them */
    int64_t job_count;
    struct ps_object_view *objects; /* LIST_OBJECTS, in key order */
    int64_t object_count;
    char *text;    /* CREATE_JOB: the ARN; IDENTITY: the account id; GET_OBJECT: the ETag;
                      INVOKE: the whole body of the answer */
    char *caller;  /* IDENTITY: the caller's ARN */
    int64_t bytes; /* GET_OBJECT: how far the sink has got, also when it failed; INVOKE: of text */
    struct ps_shard_row *shards; /* LOAD_SHARDS, HOLD_FOREIGN */
    int64_t shard_count;
    struct ps_job_shape
        *shapes; /* CUT_JOBS: the new jobs; HOLD_FOREIGN: jobs that held one of its records */
    int64_t shape_count;
    struct ps_call_row *calls; /* LOAD_CALLS */
    int64_t call_count;
    /* TALLY; INVOKE: the tokens alone, as the service counted them; LOAD_CALLS: what came already
     */
    struct ps_tally tally;
    int64_t quota_tokens; /* HOLD_FOREIGN: as in a shape, like the next one */
    int64_t cost_usd_micros;
    int64_t held_back; /* CUT_JOBS: of the unsent, those that money keeps from being cut */
    int64_t unsent;    /* CUT_JOBS, CLOSE_JOB, HOLD_FOREIGN, GIVE_UP: records that no job holds */
    bool is_equal;     /* PUT_SHARD: 412, and what is there was proven equal (outcome YES) */
};

void ps_fact_release(struct ps_fact *fact);

#endif
