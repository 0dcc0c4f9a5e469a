/*
 * state_store - what a run remembers: one transaction a turn, durable when commit returns.
 *
 * Holds settings, jobs, shards, open wishes and segments; never a row for each record. After any
 * failure of a call the turn is given up (rollback) and the process ends: the last committed turn
 * is the truth.
 *
 * Owner: whoever opened it. Threads: one. Texts that `each_...` hands out live during the call
 * only.
 */
#ifndef PS_PORT_STATE_STORE_H
#define PS_PORT_STATE_STORE_H

#include "base/buf.h"
#include "core/event.h"
#include "core/job.h"

/* A shard with its picked records, ascending; NULL for a range. */
struct ps_shard_record_row {
    struct ps_shard_row row;
    const uint64_t *picked;
    int64_t picked_count;
    uint64_t
        digest_low; /* XXH3-128 over the index entries of its records: what its bytes must be */
    uint64_t digest_high;
};

/* Shards [first, end) of a job. */
struct ps_shard_span {
    int64_t job;
    int64_t first;
    int64_t end;
};

#define PS_ALL_SHARDS(job_number) ((struct ps_shard_span){(job_number), 0, INT64_MAX})

typedef void ps_shard_seer(void *seer, int64_t shard, const struct ps_shard_record_row *row);

typedef void ps_event_seer(void *seer, int64_t number, const struct ps_event *event);

struct ps_state_store_ops {
    enum ps_status (*begin)(void *context, struct ps_error *err);
    enum ps_status (*commit)(void *context, struct ps_error *err);
    void (*rollback)(void *context);

    /* A named text; get answers false where there is none. `each` in order of name. */
    enum ps_status (*set_value)(void *context, const char *name, const char *value,
                                struct ps_error *err);
    bool (*get_value)(void *context, const char *name, struct ps_buf *value);

    /* Inserts or replaces by number. */
    enum ps_status (*put_job)(void *context, const struct ps_job *job, struct ps_error *err);
    enum ps_status (*each_job)(void *context, void (*see)(void *seer, struct ps_job *job),
                               void *seer, struct ps_error *err);

    /* Replaces all shards of a job; reads those of a span, in their order. */
    enum ps_status (*put_shards)(void *context, int64_t job, const struct ps_shard_record_row *rows,
                                 int64_t count, struct ps_error *err);
    enum ps_status (*each_shard)(void *context, struct ps_shard_span span, ps_shard_seer *see,
                                 void *seer, struct ps_error *err);
    enum ps_status (*mark_put)(void *context, int64_t job, int64_t shard, int64_t attempt,
                               struct ps_error *err);

    /* A wish is a row before it is an act; its row goes with its fact. */
    enum ps_status (*add_wish)(void *context, const struct ps_wish *wish, int64_t at_ms,
                               int64_t *ret_id, struct ps_error *err);
    enum ps_status (*end_wish)(void *context, int64_t id, struct ps_error *err);

    /* The wishes of a kind that are open, in their order: what they are of. */
    enum ps_status (*each_wish)(void *context, enum ps_wish_kind kind,
                                void (*see)(void *seer, int64_t job, int64_t record), void *seer,
                                struct ps_error *err);

    /* Forgets the wishes that a process left open when it died; says how many there were. */
    enum ps_status (*drop_wishes)(void *context, int64_t *ret_count, struct ps_error *err);

    /* Segments of answers, in the order of their commits. */
    enum ps_status (*add_segment)(void *context, const char *name, struct ps_error *err);
    enum ps_status (*each_segment)(void *context, void (*see)(void *seer, const char *name),
                                   void *seer, struct ps_error *err);

    /* What was told; the oldest go when there are more than PS_EVENTS_KEPT_MAX. In their order. */
    enum ps_status (*add_event)(void *context, const struct ps_event *event, int64_t *ret_number,
                                struct ps_error *err);
    enum ps_status (*each_event)(void *context, ps_event_seer *see, void *seer,
                                 struct ps_error *err);
};

struct ps_state_store {
    const struct ps_state_store_ops *ops;
    void *context;
};

#endif
