/*
 * world_internal - the world's own parts, for the files of sim/ that carry out calls and steps.
 */
#ifndef PS_SIM_WORLD_INTERNAL_H
#define PS_SIM_WORLD_INTERNAL_H

#include "sim/bodies.h"
#include "sim/events.h"
#include "sim/invoke.h"
#include "sim/jobs.h"
#include "sim/ledger.h"
#include "sim/objects.h"
#include "sim/startup.h"
#include "sim/world.h"

#include <pthread.h>

/* What a lagging listing does not show yet. */
#define PS_LAG_MS INT64_C(90000)

struct ps_world {
    char *data_folder;
    char *ledger_file; /* NULL: none */
    char *faults_text;
    struct ps_identity identity;
    struct ps_limits_list limits;
    struct ps_faults faults;
    struct ps_startup startup;

    pthread_mutex_t lock; /* of all below */
    struct ps_events *events;
    struct ps_objects objects;
    struct ps_jobs jobs;
    struct ps_invoke_pools invocations;
    struct ps_ledger *ledger;
    int64_t next_body;
    int64_t changes;
    int64_t outputs; /* job.output events: numbers the faults of outputs */
    int64_t op_counts[PS_OP_COUNT];
    int64_t request_count;
    bool has_step_failed; /* the event log could not be written */
};

void ps_world_lock(struct ps_world *world);
void ps_world_unlock(struct ps_world *world);

/* The time of the next event: `now_ms`, or the last event's if that is later. Lock held. */
int64_t ps_world_now_ms(const struct ps_world *world, int64_t now_ms);

/* ps_events_commit, counting the change. Lock held. */
PS_MUST_CHECK enum ps_status ps_world_commit(struct ps_world *world, struct ps_error *err);

/* As ps_world_commit, as the refusal that a client gets. Lock held. */
PS_MUST_CHECK bool ps_world_commit_call(struct ps_world *world, struct ps_refusal *ret_refusal);

/* A new body file, with a number that was never used. Takes the lock itself. */
PS_MUST_CHECK enum ps_status ps_world_new_body(struct ps_world *world, enum ps_checksum chosen,
                                               struct ps_body_file **ret_file,
                                               struct ps_error *err);

/* Begins an object.put event up to, but without, what only some have. Lock held. */
struct ps_put_event {
    struct ps_str bucket;
    struct ps_str key;
    struct ps_str etag;
    struct ps_str by;
    struct ps_str content_type;
    int64_t size_bytes;
    int64_t body;
    int64_t now_ms;
    int64_t visible_ms;
    bool vanishes;
    enum ps_checksum algorithm;
    struct ps_str checksum; /* base64 */
    bool is_composite;
};
void ps_world_write_put(struct ps_world *world, const struct ps_put_event *put);

/* As ps_object_put_check (bucket_calls.h). Lock held. */
struct ps_object_put;
PS_MUST_CHECK bool ps_object_put_may(const struct ps_world *world, const struct ps_object_put *put,
                                     struct ps_refusal *ret_refusal);

/* Writes the ledger's file, if there is to be one. Takes the lock itself. */
PS_MUST_CHECK enum ps_status ps_world_write_ledger(struct ps_world *world, struct ps_error *err);

/* Numbers drawn from the world's seed for one purpose; the same arguments give the same draw. */
uint64_t ps_world_draw(const struct ps_world *world, const char *purpose, int64_t number);

#endif
