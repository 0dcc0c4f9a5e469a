/*
 * virtual_internal - what the files of the service in virtual time share: virtual.c (its clock),
 * virtual_calls.c (wishes become facts), virtual_jobs.c (a job's life), virtual_records.c (what
 * records cost and become), virtual_places.c (objects), virtual_events.c (its log).
 */
#ifndef PS_SIM_VIRTUAL_INTERNAL_H
#define PS_SIM_VIRTUAL_INTERNAL_H

#include "base/buf.h"
#include "base/checked.h"
#include "sim/billed.h"
#include "sim/on_demand.h"
#include "sim/rates.h"
#include "sim/recount.h"
#include "sim/startup.h"
#include "sim/virtual.h"
#include "sim/world.h"
#include "sim/writer.h"

#define PS_VIRTUAL_ID_SIZE 13
#define PS_VIRTUAL_DIGEST_SIZE 65

struct ps_virtual_range {
    int64_t first;
    int64_t end;
};

struct ps_virtual_ranges {
    struct ps_virtual_range *rows;
    size_t count;
    int64_t records;
};

struct ps_virtual_object {
    char *key;
    int64_t size_bytes;
    struct ps_virtual_ranges ranges; /* of an input */
    struct ps_virtual_job *job;      /* whose output it is; NULL: a client put it */
    int64_t input;                   /* of the job: whose answers it holds; -1: the manifest */
    bool is_deleted;
};

/* Objects in the order of their keys. */
struct ps_virtual_shelf {
    struct ps_virtual_object **objects;
    size_t count;
    size_t capacity;
};

/* Inputs and outputs apart: both grow at their ends. */
struct ps_virtual_bucket {
    char *name;
    struct ps_virtual_shelf puts;
    struct ps_virtual_shelf outputs;
};

struct ps_virtual_pool {
    int64_t number;
    const struct ps_virtual_lane *limits; /* its first lane */
    struct ps_virtual *service;
    struct ps_rates rates;
    struct ps_recount recount;
    struct ps_rates_others *others;
    size_t other_count;
    struct ps_on_demand calls;
    int64_t called; /* executed */
    int64_t called_tokens;
    int64_t called_first_ms;
    int64_t called_last_ms;
    int64_t live_jobs;
    int64_t next_ms;           /* when its rates want to be advanced */
    int64_t token_rest_micros; /* of what the log was told */
    int64_t record_rest_micros;
};

struct ps_virtual_place {
    struct ps_virtual_lane lane; /* its texts are those below */
    char *texts[5];
    size_t account; /* the first lane of the same account and Region */
    struct ps_str base_model;
    struct ps_virtual_pool *pool;
    struct ps_virtual_bucket *bucket;
    int64_t second; /* in which calls are counted */
    int64_t calls;
};

struct ps_virtual_job {
    int64_t number;
    char id[PS_VIRTUAL_ID_SIZE];
    struct ps_virtual_place *place;
    char *arn;
    char *name;
    char *token;
    char *input_uri;
    char *output_uri;
    char *message;
    char digest[PS_VIRTUAL_DIGEST_SIZE]; /* of the parameters without token */
    enum ps_job_status status;
    int64_t step; /* the step that is due next: earlier ones in the queue are void */
    int64_t submitted_ms;
    int64_t startup_ms;
    int64_t modified_ms;
    int64_t expires_ms;
    int64_t started_ms; /* 0: never */
    int64_t timeout_hours;
    struct ps_virtual_object **inputs;
    size_t input_count;
    int64_t records;       /* from Scheduled on */
    int64_t costing;       /* those that use tokens */
    int64_t input_tokens;  /* of those */
    int64_t output_tokens; /* likewise */
    struct ps_rates_flow flow;
    int64_t processed; /* once it no longer runs */
    int64_t success;
    int64_t refused;
    struct ps_virtual_job *next_by_name;
    struct ps_virtual_job *next_by_token;
};

/* What a call on demand uses. */
struct ps_virtual_call {
    int64_t input_tokens;
    int64_t output_tokens;
};

/* A wish under way. */
struct ps_virtual_act {
    struct ps_wish wish;
    char *key;
    char *text;
    char *etag;
    bool is_executed; /* a call of a model, on its way back */
    struct ps_virtual_call call;
    bool is_weighed; /* a put whose ranges and bytes are known */
    int64_t size_bytes;
    struct ps_virtual_ranges ranges;
};

/* What the queue holds: an act that is answered, or a step of a job. */
struct ps_virtual_due {
    int64_t at_ms;
    int64_t number; /* of equal times the first one comes first */
    struct ps_virtual_act *act;
    struct ps_virtual_job *job;
    int64_t step;
};

#define PS_VIRTUAL_EXPIRY (-1) /* the step that comes when a job's time is over */

struct ps_virtual_index {
    struct ps_virtual_job **slots;
    size_t slot_count; /* a power of two, or 0 */
};

struct ps_virtual {
    struct ps_virtual_options options;
    int64_t now_ms;
    struct ps_startup startup;
    struct ps_virtual_place *places;
    size_t place_count;
    struct ps_virtual_pool *pools;
    size_t pool_count;
    struct ps_virtual_others *others;
    struct ps_virtual_bucket **buckets;
    size_t bucket_count;

    struct ps_virtual_job **jobs;
    size_t job_count;
    size_t job_capacity;
    struct ps_virtual_index by_name;
    struct ps_virtual_index by_token;

    struct ps_virtual_due *queue; /* a heap */
    size_t queue_count;
    size_t queue_capacity;
    int64_t queue_number;
    bool is_woken;
    int64_t call_count; /* INVOKEs that arrived */

    struct ps_billed billed;
    struct ps_virtual_ledger ledger;
    struct ps_virtual_use *uses;
    int64_t event_number;
    int64_t request_number;
};

/* ---- virtual.c ---- */

void ps_virtual_queue_act(struct ps_virtual *service, struct ps_virtual_act *act, int64_t at_ms);
void ps_virtual_queue_step(struct ps_virtual *service, struct ps_virtual_job *job, int64_t step,
                           int64_t at_ms);

/* Its rates are brought to now; jobs whose work is done end. */
void ps_virtual_catch_up(struct ps_virtual *service, struct ps_virtual_pool *pool);

/* Slots that other users hold now. */
int64_t ps_virtual_other_slots(const struct ps_virtual *service,
                               const struct ps_virtual_pool *pool);

/* The same arguments give the same 64 bits. */
uint64_t ps_virtual_draw(const struct ps_virtual *service, uint64_t purpose, int64_t number);

enum {
    PS_DRAW_STARTUP = 1,
    PS_DRAW_SPEED,
    PS_DRAW_ID,
    PS_DRAW_FINAL,
    PS_DRAW_ERROR,
    PS_DRAW_SIZE,
    PS_DRAW_CALL,
    PS_DRAW_LATENCY
};

/* ---- virtual_calls.c ---- */

/* Carries out the wish; false: it goes on later (a transfer). Else *ret_fact tells. */
bool ps_virtual_perform(struct ps_virtual *service, struct ps_virtual_act *act,
                        struct ps_fact *ret_fact);

/* What a client makes of a refusal: the fact is NO. */
void ps_virtual_refuse(struct ps_fact *fact, const char *what, const struct ps_refusal *refusal);

/* ---- virtual_invoke.c ---- */

/* A call of a model: false, it is answered later; else *fact tells. */
bool ps_virtual_invoke(struct ps_virtual *service, struct ps_virtual_place *place,
                       struct ps_virtual_act *act, struct ps_fact *fact);

/* ---- virtual_jobs.c ---- */

/* *ret_job is the new job, or the earlier one with the same token. */
PS_MUST_CHECK bool ps_virtual_create(struct ps_virtual *service, struct ps_virtual_place *place,
                                     struct ps_str body, struct ps_virtual_job **ret_job,
                                     struct ps_refusal *ret_refusal);
PS_MUST_CHECK bool ps_virtual_stop(struct ps_virtual *service, struct ps_virtual_job *job,
                                   struct ps_refusal *ret_refusal);

/* Does what is due for it. */
void ps_virtual_step(struct ps_virtual *service, struct ps_virtual_job *job, int64_t step);

/* Its work is done: called by ps_virtual_catch_up. */
void ps_virtual_complete(struct ps_virtual *service, struct ps_virtual_job *job);

struct ps_virtual_job *ps_virtual_find_job(const struct ps_virtual *service,
                                           const struct ps_virtual_place *place, struct ps_str arn);
void ps_virtual_free_job(struct ps_virtual_job *job);

/* Records that a limit has refused so far. */
int64_t ps_virtual_refused(const struct ps_virtual *service, const struct ps_virtual_job *job);

/* Records behind it now. */
int64_t ps_virtual_processed(const struct ps_virtual *service, const struct ps_virtual_job *job);

/* ---- virtual_records.c ---- */

/* Fills records, costing and tokens of a job from its inputs. */
void ps_virtual_weigh(const struct ps_virtual *service, struct ps_virtual_job *job);

/* How much longer than the mean a record is, in permille. */
int64_t ps_virtual_excess(const struct ps_virtual *service, int64_t record);

/* Of these tokens, which all would use that cost something, the part of those that succeeded. */
int64_t ps_virtual_billed(const struct ps_virtual_job *job, int64_t tokens);

/* What became of the records of one of its inputs, range by range, in order. */
void ps_virtual_walk(const struct ps_virtual *service, const struct ps_virtual_job *job,
                     size_t input,
                     void (*visit)(void *context, const struct ps_virtual_delivery *delivery),
                     void *context);

/* ---- virtual_places.c ---- */

struct ps_virtual_bucket *ps_virtual_bucket(struct ps_virtual *service, struct ps_str name);
void ps_virtual_free_bucket(struct ps_virtual_bucket *bucket);

/* NULL: nothing is there. */
struct ps_virtual_object *ps_virtual_find_object(const struct ps_virtual_bucket *bucket,
                                                 struct ps_str key);

/* Takes the object, whose key is free. */
void ps_virtual_put_object(struct ps_virtual_bucket *bucket, struct ps_virtual_object *object);

/* Objects whose keys begin with `prefix`, in order, until `visit` says false. */
void ps_virtual_each_object(const struct ps_virtual_bucket *bucket, struct ps_str prefix,
                            bool (*visit)(void *context, struct ps_virtual_object *object),
                            void *context);

/* Its ETag, quotes included. */
#define PS_VIRTUAL_ETAG_SIZE 19
void ps_virtual_etag(const struct ps_virtual_object *object, char ret_etag[PS_VIRTUAL_ETAG_SIZE]);

/* ---- virtual_events.c: nothing where no log is wanted ---- */

void ps_virtual_log_opened(struct ps_virtual *service);
void ps_virtual_log_request(struct ps_virtual *service, const struct ps_virtual_act *act,
                            const struct ps_fact *fact);
void ps_virtual_log_created(struct ps_virtual *service, const struct ps_virtual_job *job);
void ps_virtual_log_invocation(struct ps_virtual *service, const struct ps_virtual_place *place,
                               const struct ps_virtual_act *act,
                               const struct ps_on_demand_use *use);
void ps_virtual_log_state(struct ps_virtual *service, const struct ps_virtual_job *job);
void ps_virtual_log_use(struct ps_virtual *service, struct ps_virtual_pool *pool,
                        const struct ps_rates_use *use);
void ps_virtual_log_breach(struct ps_virtual *service, const struct ps_virtual_breach *breach);

#endif
