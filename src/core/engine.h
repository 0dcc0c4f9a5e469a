/*
 * engine - decides what to wish for next: which job to put, create, look at, collect, send again;
 * when to wait.
 *
 * Sans-IO: no clock, no randomness but its seed, no files, no log. Facts in, wishes out. It holds
 * the run's jobs in memory (not records); after each turn the caller stores the jobs that
 * ps_engine_dirty names, together with the new wishes, before any of them is started. Built again
 * from stored jobs it goes on where it was.
 *
 * Owner: the caller frees. Threads: one.
 *
 *     while (ps_engine_phase(engine) == PS_PHASE_RUNNING) {
 *         ... ps_engine_handle(engine, &fact, now) for each fact ...
 *         while (ps_engine_next(engine, now, &wish)) { ... keep the row ... }
 *         ... store ps_engine_dirty's jobs and the rows; start the wishes; wait until
 * ps_engine_wake_at_ms ...
 *     }
 */
#ifndef PS_CORE_ENGINE_H
#define PS_CORE_ENGINE_H

#include "base/time.h"
#include "core/day.h"
#include "core/estimate.h"
#include "core/event.h"
#include "core/job.h"
#include "core/lane.h"
#include "core/names.h"
#include "core/spending.h"

/* Where jobs go. Its place in the list is ps_job.lane and ps_wish.lane. */
struct ps_engine_lane {
    struct ps_names names; /* bucket and prefix are the lane's, the run's name is all lanes' */
    struct ps_str model;
    struct ps_str role_arn;
    struct ps_str region;
    struct ps_str profile; /* whose credentials: lanes of one profile are of one account */
    struct ps_str account; /* pinned at the first start (R1); "" then */
    int64_t pool;          /* a place in the list of pools */
    int64_t min_records;   /* of a job */
    struct ps_price price; /* what its tokens cost */
    bool is_on_demand;     /* its jobs are calls, one a record: no bucket, no creates */
};

/*
 * What lanes of one pool share (core/pool). Pools of two profiles become one when their account ids
 * turn out to be the same: then the smaller limits hold.
 *
 * More jobs than slots are created no faster than tpm and rps let the service work through them
 * (ps_sizing_gap_ms): else they would start, and end, in lock-step, and nothing be worked on
 * between.
 */
struct ps_engine_pool {
    int64_t jobs_max;            /* slots; 0 and below: any number */
    int64_t tpd;                 /* tokens a day; 0 and below: no such limit */
    int64_t tpm;                 /* tokens a minute; 0 and below: no such limit */
    int64_t rps;                 /* records a second; likewise */
    int64_t reset_ms;            /* when the day turns: ms after 00:00 UTC */
    int64_t burndown;            /* what an output token counts against tpd; 0: 1 */
    enum ps_behaviour behaviour; /* above tpm and rps: see core/slots */
};

struct ps_engine_options {
    const struct ps_engine_lane *lanes;
    int64_t lane_count;
    const struct ps_engine_pool *pools;
    int64_t pool_count;
    struct ps_str nonce; /* drawn once for the run: tokens are made from it */
    bool is_converse;
    int64_t timeout_hours;
    int64_t poll_ms;
    int64_t puts_max; /* at once, all jobs together */
    int64_t gets_max;
    uint64_t seed;
    struct ps_spending_limits spending;
};

enum ps_phase {
    PS_PHASE_RUNNING,
    PS_PHASE_ENDED,   /* every record has its ending */
    PS_PHASE_STOPPED, /* asked to stop; likewise */
    PS_PHASE_EARLY,   /* more would be beyond what the user allows: the rest is unsent; resumable */
    PS_PHASE_HALTED   /* a person must look: ps_engine_error; resumable */
};

struct ps_engine;

/* Lanes, pools and texts of `options` are copied. */
struct ps_engine *ps_engine_new(const struct ps_engine_options *options);
struct ps_engine *ps_engine_free(struct ps_engine *engine);

/*
 * A job as the store had it, in order of number, before the first turn. Its lane is one of ours.
 * Takes its texts.
 */
void ps_engine_add_job(struct ps_engine *engine, struct ps_job *job);

/* The day of a pool as the store had it, before the first turn. */
void ps_engine_set_day(struct ps_engine *engine, int64_t pool, struct ps_day day);

/* Create nothing more, stop the jobs at the service, collect what they made, cancel the rest. */
void ps_engine_stop(struct ps_engine *engine);

/* Create nothing more; leave the service's jobs alone. Only what is in flight is waited for. */
void ps_engine_pause(struct ps_engine *engine);

/* Is nothing in flight that could still be billed or lost if we left now? */
bool ps_engine_is_quiet(const struct ps_engine *engine);

/* What becomes of a record by the fact of its call (rule R4). */
enum ps_call_end {
    PS_CALL_END_ANSWERED,
    PS_CALL_END_FAILED,     /* surely not executed, and the same again would fail again */
    PS_CALL_END_MAYBE_PAID, /* it may have been executed: not sent again by itself */
    PS_CALL_END_AGAIN,      /* surely not executed: sent again, at its time */
    PS_CALL_END_HALT        /* likewise, and nothing else would be: a person must look */
};

/* Of the fact of an INVOKE, before it is handled: whoever keeps answers keeps the first three
 * first. */
enum ps_call_end ps_engine_call_end(const struct ps_engine *engine, const struct ps_fact *fact);
/*
 * What became of the records so far, by all processes of the run: to be told before each
 * ps_engine_next that may follow a change. Beyond what `spending` allows nothing more is created;
 * what is at the service is collected, and then the phase is EARLY.
 */
void ps_engine_tell_counts(struct ps_engine *engine, const struct ps_spending_counts *counts);

/*
 * How far the canary is, before the first turn: as the store has it. WANTED: whoever cuts jobs next
 * cuts a canary alone. Nothing else is cut before it has passed.
 */
void ps_engine_set_canary(struct ps_engine *engine, enum ps_canary canary);
enum ps_canary ps_engine_canary(const struct ps_engine *engine);

/*
 * What the jobs cost that were created: what they did where that is known, else the most they may.
 * And what is left of the user's cap for jobs that are not cut yet; INT64_MAX: there is none.
 */
int64_t ps_engine_cost_usd_micros(const struct ps_engine *engine);
int64_t ps_engine_cost_left(const struct ps_engine *engine);

/* Why nothing more is created. */
enum ps_spending_stop ps_engine_stop_reason(const struct ps_engine *engine);

void ps_engine_handle(struct ps_engine *engine, const struct ps_fact *fact, struct ps_now now);

/* False: nothing to wish for now, and *ret_wish is untouched. Its texts live until the next call.
 */
PS_MUST_CHECK bool ps_engine_next(struct ps_engine *engine, struct ps_now now,
                                  struct ps_wish *ret_wish);

/* When to call `next` again if no fact comes first, on the steady clock; INT64_MAX: not before one
 * does. */
int64_t ps_engine_wake_at_ms(const struct ps_engine *engine);

/* A job that changed since it was last asked; NULL: none. */
const struct ps_job *ps_engine_dirty(struct ps_engine *engine);

/* Tells an event, besides those that the engine tells by itself; `at_ms` is the engine's now. */
void ps_engine_tell(struct ps_engine *engine, const struct ps_event *event);

/* An event that was told and not taken out yet, in their order; false: none. */
PS_MUST_CHECK bool ps_engine_next_event(struct ps_engine *engine, struct ps_event *ret_event);

/* Likewise a pool whose day changed; false: none. */
PS_MUST_CHECK bool ps_engine_dirty_day(struct ps_engine *engine, int64_t *ret_pool,
                                       struct ps_day *ret_day);

enum ps_phase ps_engine_phase(const struct ps_engine *engine);
const struct ps_error *ps_engine_error(const struct ps_engine *engine);

/* Of a lane, as identity told; "" before. */
struct ps_str ps_engine_account(const struct ps_engine *engine, int64_t lane);

/*
 * Runs side by side (engine_share.c). An engine that shares creates no job before it was granted:
 *
 *     ps_engine_share(engine);                           once, before the first turn
 *     ... in one transaction of what the runs share: ...
 *     ps_engine_set_others(engine, pool, &others);
 *     while (ps_engine_next_claim(engine, now, &job)) {  a ready job for which there is room
 *         ... write it down ...
 *         ps_engine_grant(engine, job, now);
 *     }
 */
struct ps_engine_others {
    int64_t slots;      /* that jobs of other runs hold, or may hold, in the pool */
    int64_t day_tokens; /* held against its present day */
};

void ps_engine_share(struct ps_engine *engine);

/* Is it beyond its start: are its accounts known, and may its jobs move? */
bool ps_engine_has_begun(const struct ps_engine *engine);

void ps_engine_set_others(struct ps_engine *engine, int64_t pool,
                          const struct ps_engine_others *others);

PS_MUST_CHECK bool ps_engine_next_claim(struct ps_engine *engine, struct ps_now now,
                                        int64_t *ret_number);
void ps_engine_grant(struct ps_engine *engine, int64_t number, struct ps_now now);

/* What a pool is at: for reports, and for whoever cuts jobs. */
struct ps_engine_use {
    int64_t slots;      /* jobs that hold one */
    int64_t records;    /* that its open jobs hold */
    int64_t jobs_max;   /* 0: any number */
    int64_t day_end_ms; /* wall clock; 0: it has no budget of a day */
    int64_t day_tokens; /* held against the present day */
    int64_t tpd;        /* 0: no such limit */
    int64_t day_left;   /* of the day that the next job to be cut can be in: what others leave */
    bool is_day_full;   /* a job that has a slot waits for the day's turn */
};
struct ps_engine_use ps_engine_pool_use(const struct ps_engine *engine, int64_t pool);

/* Is it lost: denied, gone or out of reach, while others go on? Nothing is cut for it. */
bool ps_engine_is_lost(const struct ps_engine *engine, int64_t lane);

/* The pool that a lane draws on: another one than the options said, where two have become one. */
int64_t ps_engine_lane_pool(const struct ps_engine *engine, int64_t lane);

/* What the pool's records really use beside what was thought of them. */
struct ps_estimate ps_engine_estimate(const struct ps_engine *engine, int64_t pool);

/* The most tokens, as estimates count, that one job may have in a pool: a whole day's budget. One
 * that has more and is not created yet is cut anew. INT64_MAX: any number. */
int64_t ps_engine_job_tokens_max(const struct ps_engine *engine, int64_t pool);

/* Records that open jobs hold. */
int64_t ps_engine_records_held(const struct ps_engine *engine);

/* The number that the next new job gets. */
int64_t ps_engine_next_number(const struct ps_engine *engine);

int64_t ps_engine_job_count(const struct ps_engine *engine);
const struct ps_job *ps_engine_job(const struct ps_engine *engine, int64_t place);
const struct ps_job *ps_engine_find(const struct ps_engine *engine, int64_t number);

#endif
