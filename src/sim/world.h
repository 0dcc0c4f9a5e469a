/*
 * world - the simulated world: an account with buckets and batch jobs, in simulated time.
 *
 * Knows nothing of Penstock's plans, pools or engine: it is the judge. Every change is an event in
 * DATA/events.jsonl before it is true (events.h), so a kill at any moment loses nothing that was
 * answered.
 *
 * It is told the time; an earlier one than before counts as the last. What a service does by itself
 * happens in ps_world_step. The calls of the services are in bucket_calls.h, upload_calls.h and
 * job_calls.h; each call is framed by ps_world_begin_call, which draws its faults, and
 * ps_world_end_call, which records it.
 *
 * Owner: whoever opened it. Threads: any; one lock inside, not held while bodies are read or
 * written.
 */
#ifndef PS_SIM_WORLD_H
#define PS_SIM_WORLD_H

#include "base/status.h"
#include "sim/faults.h"
#include "sim/identity.h"

struct ps_world;

struct ps_world_options {
    const char *data_folder;
    const struct ps_identity *identity; /* copied */
    const char *faults;                 /* as --faults; NULL: none */
    const char *limits_file;            /* NULL: as published */
    const char *ledger_file;            /* NULL: none is written */
};

/* Rebuilds the world from the data folder and makes what a new one lacks (its two buckets). */
PS_MUST_CHECK enum ps_status ps_world_open(const struct ps_world_options *options, int64_t now_ms,
                                           struct ps_world **ret_world, struct ps_error *err);

/* Writes the ledger a last time. */
struct ps_world *ps_world_free(struct ps_world *world);

const struct ps_identity *ps_world_identity(const struct ps_world *world);
const char *ps_world_data_folder(const struct ps_world *world);

/*
 * Does one thing that is due at `now_ms`; false: nothing is, or it could not be written down (then
 * it stays due: try again a little later). Only one thread may step.
 */
PS_MUST_CHECK bool ps_world_step(struct ps_world *world, int64_t now_ms);

/* When the next thing will be due; INT64_MAX: not before a call changes something. */
int64_t ps_world_due_ms(struct ps_world *world);

/* Counts changes, so that whoever sleeps until ps_world_due_ms knows when to look again. */
int64_t ps_world_changes(struct ps_world *world);

/* Why a service refuses: what its client is shown. */
struct ps_refusal {
    int http_status;
    const char *code; /* lives for ever */
    char message[1024];
    char region[32]; /* of a bucket that is elsewhere, else "" */
};

/* Fills it and returns false. */
bool ps_refuse(struct ps_refusal *ret_refusal, int http_status, const char *code,
               const char *format, ...) PS_PRINTF(4, 5);

struct ps_call {
    enum ps_fault_op op;
    int64_t now_ms;
    int64_t number;   /* of all requests */
    int64_t op_count; /* of those of its op */
    uint64_t seed;
    char request_id[40];
    const struct ps_fault_rule *fault; /* of the wire: lost, 500, slow, ...; NULL: none */
    bool is_lagging;                   /* of a listing: what is young is not shown */
    bool is_token_forgotten;
    bool is_any_name;
};

/* `op` PS_OP_ANY: one that no fault reaches. */
void ps_world_begin_call(struct ps_world *world, enum ps_fault_op op, int64_t now_ms,
                         struct ps_call *ret_call);

struct ps_call_end {
    const char *op; /* "PutObject" */
    int http_status;
    const char *code; /* "" on success */
    struct ps_str subject;
    const char *answer; /* "sent", "lost", "cut", "corrupt", "late" */
    bool is_executed;
};
PS_MUST_CHECK enum ps_status ps_world_end_call(struct ps_world *world, const struct ps_call *call,
                                               const struct ps_call_end *end, struct ps_error *err);

/* A number from `least` to `most`, drawn for this call (for delays, and places to spoil). */
int64_t ps_call_draw(const struct ps_call *call, int64_t least, int64_t most);

#endif
