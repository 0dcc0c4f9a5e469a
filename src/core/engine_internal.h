/*
 * engine_internal - what the engine's files share: engine.c (its making, and facts in),
 * engine_turn.c (wishes out: who may do what now, and when to look again), engine_start.c (what a
 * run does first), engine_jobs.c (one job's facts), engine_proof.c (R2 and R3: what is proven
 * absent or unprocessed), engine_wishes.c (one job's wishes), engine_books.c (what is counted, and
 * in which set a job stands), engine_limits.c (how many jobs at once, lanes that are lost),
 * engine_days.c (budgets of days), engine_share.c (runs side by side), engine_calls.c (jobs on
 * demand), engine_estimate.c (what jobs are held with, put right by what came back),
 * engine_events.c (what is told of all that), engine_money.c (failures and money: may more be
 * sent?).
 */
#ifndef PS_CORE_ENGINE_INTERNAL_H
#define PS_CORE_ENGINE_INTERNAL_H

#include "base/prng.h"
#include "core/calls.h"
#include "core/engine.h"
#include "core/job_states.h"
#include "core/numbers.h"
#include "core/slots.h"

/*
 * What a run does before its jobs may move: R1 first, then jobs without a row, then numbers that
 * the bucket knows and the store does not, then uploads left open.
 */
enum ps_start_step {
    PS_START_IDENTITY,
    PS_START_LOOK,
    PS_START_NUMBERS,
    PS_START_SWEEP,
    PS_START_DONE
};

/* Jobs of one account and Region: one List shows them all. */
struct ps_engine_site {
    int64_t lane; /* the first of its lanes */
    struct ps_numbers live;
    bool is_poll_open;
    bool is_poll_of_all; /* the open one shows other users' jobs too */
    int64_t poll_wake_ms;
    int64_t poll_tries;
    int64_t poll_count;
};

/* A lane with copies of its texts. */
#define PS_ENGINE_LANE_TEXTS 7
struct ps_lane_state {
    struct ps_engine_lane lane;
    struct ps_buf texts[PS_ENGINE_LANE_TEXTS];
    char *account;
    int64_t site;
    bool is_lost; /* nothing more is sent on it; not stored: a restart tries it again */
};

struct ps_pool_state {
    struct ps_engine_pool pool;
    struct ps_day day;
    bool is_day_dirty;
    int64_t asked_end_ms; /* the day before whose end its live jobs were asked for */
    bool is_day_full;     /* a job that has a slot waits for the turn */
    bool is_gap_needed;   /* a job that has a slot waits for gap_end_ms */
    int64_t gap_end_ms;   /* steady clock; not stored: a restart may create one job early */
    struct ps_numbers planned;
    int64_t slots;
    struct ps_slots limits;
    int64_t slot_wake_ms; /* when one more slot may be tried; INT64_MAX: not by time */
    int64_t ahead;        /* jobs between planned and created */
    int64_t records;      /* that open jobs hold */
    int64_t day_tokens;   /* held against the present day */
    struct ps_engine_others others;
    struct ps_estimate estimate; /* where the pool is a teacher */
    int64_t teacher;             /* the pool whose estimate holds for this one, too */
    struct ps_calls calls;
    int64_t call_wake_ms;     /* when its next call may go; INT64_MAX: not by time */
    int64_t full_told_end_ms; /* of the day that was told to be full */
};

/* Which set a job stands in, by its state. */
enum ps_engine_queue { PS_QUEUE_NONE, PS_QUEUE_PLANNED, PS_QUEUE_MOVING, PS_QUEUE_LIVE };

struct ps_engine {
    struct ps_engine_options options; /* its lists are not used: see below */
    struct ps_lane_state *lanes;
    struct ps_pool_state *pools;
    struct ps_engine_site *sites;
    int64_t site_count;
    struct ps_buf nonce;
    struct ps_prng prng;
    struct ps_now now; /* of the last call */
    enum ps_phase phase;
    struct ps_error error;
    enum ps_start_step step;
    int64_t step_lane;
    bool is_step_open;
    int64_t step_wake_ms;
    int64_t step_tries;
    bool is_behind;      /* folders tell of jobs that no row knows */
    bool has_waited;     /* for jobs that a list does not show yet, because the store is behind */
    bool is_halting;     /* it halts once no call is open: what is paid for is heard */
    bool is_sharing_due; /* what is planned is cut anew: the lanes have changed */
    bool is_stopping;
    bool is_pausing;
    bool is_shared; /* with other runs: a create needs a grant */

    struct ps_job *jobs; /* in order of number */
    int64_t job_count;
    int64_t job_room;
    int64_t next_number;
    struct ps_numbers moving; /* jobs that may wish for something */
    struct ps_numbers dirty;

    bool is_cut_open;
    bool is_cut_due; /* something may be unsent: look */
    int64_t unsent;  /* records that no job holds; -1: not known */

    /* ---- counted, job by job: engine_books.c ---- */
    int64_t planned;
    int64_t open; /* neither done nor void */
    int64_t foreign;
    int64_t reading; /* jobs whose objects are listed or read: bounded, each holds a reader */
    int64_t records_held;
    int64_t open_wishes; /* of jobs */
    int64_t open_puts;
    int64_t open_calls;

    struct ps_events events; /* told, and not yet taken out */

    enum ps_spending_stop stop; /* engine_money.c */
    enum ps_canary canary;
    int64_t cost_usd_micros; /* of jobs that were created */
    int64_t held_back;       /* unsent records that money keeps from being cut */
    bool is_money_short;     /* a job waits for nothing else */

    struct ps_buf key; /* texts of the wish that was given last */
    struct ps_buf text;
};

/* ---- engine_books.c ---- */

/*
 * Every change of a job stands between these two: taken out of what is counted, and put in again as
 * it then is. Between them nothing counted may be asked.
 */
void ps_engine_take_out(struct ps_engine *engine, const struct ps_job *job);
void ps_engine_put_in(struct ps_engine *engine, struct ps_job *job);

/* Taken out of its set too: before its lane, or its lane's pool, becomes another one. */
void ps_engine_leave(struct ps_engine *engine, struct ps_job *job);

/* The job goes to the store at the end of the turn. */
void ps_engine_touch(struct ps_engine *engine, struct ps_job *job);

bool ps_engine_is_listing(const struct ps_job *job);

struct ps_pool_state *ps_engine_pool_of(struct ps_engine *engine, const struct ps_job *job);
const struct ps_names *ps_engine_names(const struct ps_engine *engine, const struct ps_job *job);

/* ---- engine_days.c ---- */

/* Days that are over give way to the next, with what goes over into it. */
void ps_engine_pass_days(struct ps_engine *engine, struct ps_now now);

/*
 * Shortly before a turn: live jobs whose counters no list shows are asked for, so that what they
 * have done by then stays in the day that ends.
 */
void ps_engine_ask_before_turns(struct ps_engine *engine, struct ps_now now);

/* When that is due; INT64_MAX: not before something changes. */
int64_t ps_engine_ask_at_ms(const struct ps_engine *engine);

/* Does the job fit what is left of the day? */
bool ps_engine_fits_day(const struct ps_pool_state *pool, const struct ps_job *job);

/* Is it larger than any day? */
bool ps_engine_is_over_day(const struct ps_engine *engine, const struct ps_job *job);

/* The job's tokens are held against the present day; let go; settled by what was really used. */
void ps_engine_hold_day(struct ps_engine *engine, struct ps_job *job);
void ps_engine_free_day(struct ps_job *job);
void ps_engine_settle_day(struct ps_engine *engine, struct ps_job *job,
                          const struct ps_tally *tally);

/* What is held against the present day, and jobs on their way to their create, leave of it; or of
 * the next day, where those do not all fit. */
int64_t ps_engine_day_left(const struct ps_engine *engine, int64_t pool);

/* Sums up the jobs that are held against the pool's day, after it was put in place. */
void ps_engine_count_day(struct ps_engine *engine, int64_t pool);

/* ---- engine_calls.c ---- */

bool ps_engine_is_on_demand(const struct ps_engine *engine, const struct ps_job *job);

/* A planned job on demand is begun, if the day has room for it. */
bool ps_engine_begin_calls(struct ps_engine *engine, struct ps_job *job);

/* The job's next call, if one may go now. */
bool ps_engine_call_wish(struct ps_engine *engine, struct ps_job *job, struct ps_now now,
                         struct ps_wish *wish);

/* Which records are to be called for. */
enum ps_job_fact ps_engine_calls_fact(struct ps_job *job, const struct ps_fact *fact);

void ps_engine_handle_call(struct ps_engine *engine, const struct ps_fact *fact, struct ps_now now);

/* The job has moved: if its calls are over by that, what they used is known. */
void ps_engine_end_calls(struct ps_engine *engine, struct ps_job *job, enum ps_job_state before);

/* ---- engine_money.c ---- */

/* Is nothing new created any more: by a stop, or by what the user allows? */
bool ps_engine_sends_no_more(const struct ps_engine *engine);

/* Jobs were cut: were they a canary? */
void ps_engine_note_cut(struct ps_engine *engine, int64_t job_count);

/* Is there money for the job? If not, that is remembered until the next pass. */
bool ps_engine_can_pay(struct ps_engine *engine, const struct ps_job *job);

/* What the job really cost is known from here on. */
void ps_engine_settle_cost(const struct ps_engine *engine, struct ps_job *job,
                           const struct ps_tally *tally);

/* Does money alone keep what is left from being sent, now and when all that is live has ended? */
bool ps_engine_is_out_of_money(struct ps_engine *engine);

/* Nothing more is created, and not by a stop: ends the run once nothing is in flight. */
void ps_engine_end_early(struct ps_engine *engine);

/* ---- engine_events.c ---- */

/* The job, taken out of what is counted, has moved: is that worth telling? */
void ps_engine_tell_move(struct ps_engine *engine, const struct ps_job *job,
                         enum ps_job_state before, enum ps_job_fact fact,
                         const struct ps_tally *tally);

/* The pool's day has turned, and is counted anew; so much was held against the last one. */
void ps_engine_tell_turn(struct ps_engine *engine, const struct ps_pool_state *pool,
                         int64_t used_tokens);

/* The job waits for the turn: told once a day. */
void ps_engine_tell_full(struct ps_engine *engine, struct ps_pool_state *pool,
                         const struct ps_job *job);

/* ---- engine_estimate.c ---- */

/* Which pools learn together; what they had learned is forgotten. */
void ps_engine_find_teachers(struct ps_engine *engine);

/* A job that is settled teaches; any other does not. */
void ps_engine_add_estimate(struct ps_engine *engine, const struct ps_job *job);

/* A job was settled now: what others are held with is put right. */
void ps_engine_learn(struct ps_engine *engine, struct ps_job *job, const struct ps_tally *tally);

/* What the job's thought tokens are likely to be. */
int64_t ps_engine_real_tokens(const struct ps_engine *engine, const struct ps_job *job);

/* Planned by an estimate that is no longer believed? */
bool ps_engine_is_misjudged(const struct ps_engine *engine, const struct ps_job *job);

/* All that is planned is let go: one cut of all that is unsent follows. */
void ps_engine_void_planned(struct ps_engine *engine, struct ps_now now);

/* ---- engine_share.c: runs side by side ---- */

/* Do jobs of other runs leave a slot of the pool? */
bool ps_engine_leaves_slot(const struct ps_pool_state *pool);

/* ---- engine_turn.c ---- */

/* May a ready job take a slot and a part of the day, as far as the books go? And it takes them. */
bool ps_engine_may_create(struct ps_engine *engine, struct ps_pool_state *pool,
                          const struct ps_job *job, struct ps_now now);
void ps_engine_begin_create(struct ps_engine *engine, struct ps_job *job, struct ps_now now);

/* ---- engine_limits.c: how many jobs at once, and lanes that are lost ---- */

void ps_engine_begin_limits(struct ps_engine *engine, int64_t pool);

/* May one more job be created? If not, slot_wake_ms tells when time alone may change that. */
bool ps_engine_has_slot(struct ps_pool_state *pool, struct ps_now now);

/* The answer of the job's create, while the job is taken out of what is counted. */
void ps_engine_note_create(struct ps_engine *engine, const struct ps_job *job,
                           const struct ps_fact *fact, struct ps_now now);

/* Must the site's next list show everybody's jobs? */
bool ps_engine_wants_others(const struct ps_engine *engine, int64_t site);

/* The site's list, after its jobs' views are noted: others, and what counters say. */
void ps_engine_see_list(struct ps_engine *engine, int64_t site, const struct ps_fact *fact,
                        struct ps_now now);

/* The job, taken out, is seen ended. */
void ps_engine_see_end(struct ps_engine *engine, struct ps_job *job, struct ps_now now);

/*
 * A failure that trying again does not cure. True: it speaks of the lane, which is lost by that or
 * was before; its unsent records are cut anew for the others, and there is something to do without
 * it. False: a person must look.
 */
bool ps_engine_goes_on(struct ps_engine *engine, int64_t lane, const struct ps_error *error);

/* Likewise of all lanes that one list shows. */
bool ps_engine_site_goes_on(struct ps_engine *engine, int64_t site, const struct ps_error *error);

/* ---- engine_start.c ---- */

void ps_engine_handle_step(struct ps_engine *engine, const struct ps_fact *fact, struct ps_now now);
PS_MUST_CHECK bool ps_engine_next_step(struct ps_engine *engine, struct ps_now now,
                                       struct ps_wish *ret_wish);

/* Pools of lanes that are known to be of one account become one. */
void ps_engine_join_pools(struct ps_engine *engine);

struct ps_job *ps_engine_job_by_number(struct ps_engine *engine, int64_t number);

/* A new job, to be put in once its lane is known. Pointers to other jobs are void from here on. */
struct ps_job *ps_engine_insert_job(struct ps_engine *engine, int64_t number);

/* Moves the job by the table; `error` tells why where the fact is a failure. */
void ps_engine_move(struct ps_engine *engine, struct ps_job *job, enum ps_job_fact fact,
                    const struct ps_error *error, struct ps_now now);

void ps_engine_halt(struct ps_engine *engine, const struct ps_error *error);
int64_t ps_engine_pause_ms(struct ps_engine *engine, int64_t tries);

/* Halts the run when it is time to call a person: not while the service only says "not now". */
void ps_engine_halt_if_hopeless(struct ps_engine *engine, const struct ps_error *error,
                                int64_t tries, int64_t tries_max);

/* What the world's fact is to the job: engine_jobs.c. */
void ps_engine_handle_job(struct ps_engine *engine, struct ps_job *job, const struct ps_fact *fact,
                          struct ps_now now);

/* ---- engine_proof.c ---- */

/* R3: a job that has ended and whose lines are counted is closed, or looked at once more. */
void ps_engine_judge(struct ps_engine *engine, struct ps_job *job, const struct ps_tally *tally,
                     struct ps_now now);

/* R2 (c) and (d): a create that no look found is repeated, or proven absent. */
void ps_engine_repeat_or_prove(struct ps_engine *engine, struct ps_job *job, struct ps_now now);

/* A row of a list or the answer of a Get. */
void ps_engine_note_view(struct ps_engine *engine, struct ps_job *job,
                         const struct ps_job_view *view);

/* Fills the wish of a job whose time has come: engine_wishes.c. False: it wishes nothing. */
bool ps_engine_job_wish(struct ps_engine *engine, struct ps_job *job, struct ps_now now,
                        struct ps_wish *ret_wish);

#endif
