/*
 * turn_internal - what turn's files share: turn.c (the loop), turn_local.c (local wishes),
 * turn_streams.c (bodies of puts, sinks of gets), turn_foreign.c (record ids in input objects that
 * no row of ours knows), turn_tell.c (what people see of it), turn_events.c (what was decided, kept
 * and mirrored), turn_money.c (what is told of failures and money), turn_calls.c (answers to calls
 * on demand).
 */
#ifndef PS_APP_TURN_INTERNAL_H
#define PS_APP_TURN_INTERNAL_H

#include "app/call_answer.h"
#include "app/call_journal.h"
#include "app/collect.h"
#include "app/holds.h"
#include "app/shard_body.h"
#include "app/turn.h"
#include "core/allot.h"
#include "core/numbers.h"
#include "core/pool.h"

#include <signal.h>

/* What a lane had processed at two moments: the older one is what its rate is told from. */
struct ps_turn_pace {
    int64_t base_ms; /* steady; 0: none yet */
    int64_t base_tokens;
    int64_t next_ms;
    int64_t next_tokens;
};

/* Shard rows, with their own copies of picked lists. */
struct ps_turn_rows {
    struct ps_shard_record_row *rows;
    int64_t count;
};

/* A job whose objects are being read: its answers on the way into a segment, or the ids of a
 * foreign one. */
struct ps_turn_reading {
    int64_t job; /* -1: free */
    struct ps_collect *collect;
    struct ps_turn_rows rows; /* what it holds */
    struct ps_foreign *foreign;
};

/* A job on demand that is being called for. */
struct ps_turn_journal {
    int64_t job;
    struct ps_call_journal *journal;
    bool is_filed; /* its segment is committed with this turn: the file goes after that */
};

/* Jobs that are read at once: each holds a line buffer. What was read of others, whose proof is
 * waited for, is kept as far as there is room for it. */
#define PS_TURN_READERS_MAX 6
#define PS_TURN_READINGS_MAX 16

/* What a job holds by the ledger. */
struct ps_turn_told {
    bool has_slot;
    int64_t day_end_ms;
    int64_t day_tokens;
};

/* What is shared with other runs, where anything is. */
struct ps_turn_share {
    char **keys; /* of each pool of the engine; NULL: no batch lane draws on it */
    int64_t key_count;
    bool has_begun;            /* the ledger has what our jobs hold */
    bool is_crowded;           /* others hold slots */
    struct ps_turn_told *told; /* by number of job */
    int64_t told_count;
    struct ps_numbers changed; /* jobs that are to be told after the commit */
    int64_t read_real_ms;      /* the machine's clock: others are not read again before it */
    int64_t look_ms;           /* steady: dead runs are not looked after before it */
    bool is_look_open;
    char *looked_run; /* the dead run that was looked after last */
    int64_t looked_pool;
};

struct ps_turn {
    struct ps_turn_parts parts;
    struct ps_turn_share share;
    struct ps_engine *engine;
    struct ps_pools pools; /* of the settings' lanes */
    struct ps_world world;
    struct ps_source *source; /* opened when the first body is made */
    struct ps_turn_reading readings[PS_TURN_READINGS_MAX];
    struct ps_turn_journal *journals;
    int64_t journal_count;
    struct ps_call_answer call_answer; /* room for one */
    bool has_call_answer;
    struct ps_wish *starting; /* new wishes of this turn, started after the commit; own texts */
    int64_t starting_count;
    int64_t starting_room;
    volatile sig_atomic_t is_paused;
    int64_t segments;           /* committed or about to be */
    int64_t listed_segments;    /* as the list beside the store says */
    int64_t begun_ms;           /* steady time of this process's first turn */
    int64_t first_begun_ms;     /* of the run's; -1: not kept yet */
    enum ps_canary kept_canary; /* as the store has it */
    int64_t kept_accounts;      /* of so many lanes the store has the account */

    struct ps_buf event_rows; /* of this turn's events, for the file beside the store */
    int64_t event_count;      /* in the file, since it was written anew */
    bool has_told_begin;

    /* ---- for people ---- */
    enum ps_job_state *seen_states; /* of the engine's jobs, by number: what was logged last */
    int64_t seen_count;
    int64_t progress_at_ms; /* the machine's clock: no progress is told before it */
    int64_t records_before; /* -1: not counted yet */
    int64_t tokens_before;
    struct ps_turn_pace paces[PS_PROGRESS_LANES_MAX];
    char trouble[320];
};

/* Does a local wish now, inside the turn's transaction, and tells what came of it. */
void ps_turn_local(struct ps_turn *turn, const struct ps_wish *wish, struct ps_fact *ret_fact);

PS_MUST_CHECK enum ps_status ps_turn_rows_read(struct ps_turn *turn, struct ps_shard_span span,
                                               struct ps_turn_rows *ret_rows, struct ps_error *err);
void ps_turn_rows_release(struct ps_turn_rows *rows);

/* Which records each row holds: views into the rows. Heap, the caller frees. */
struct ps_shard_records *ps_turn_rows_records(const struct ps_turn_rows *rows);

/* The reading of the job; NULL: there is none. Begun, it starts afresh. */
struct ps_turn_reading *ps_turn_reading_find(struct ps_turn *turn, int64_t job);
PS_MUST_CHECK enum ps_status ps_turn_reading_begin(struct ps_turn *turn, const struct ps_job *job,
                                                   struct ps_turn_reading **ret_reading,
                                                   struct ps_error *err);
void ps_turn_reading_end(struct ps_turn *turn, int64_t job);

/* The job waits before it is looked at again: its reading is kept, unless readers need the room. */
void ps_turn_reading_rest(struct ps_turn *turn, int64_t job);

/* A GET ended well: its object is whole. */
PS_MUST_CHECK enum ps_status ps_turn_object_end(struct ps_turn *turn, int64_t job,
                                                struct ps_error *err);

extern const struct ps_streams_ops ps_turn_streams_ops;

/* Tells the engine what became of the records so far: turn_money.c. */
void ps_turn_tell_counts(struct ps_turn *turn);

/* The most that the records may cost on the lane: input as estimated, output as much as allowed. */
int64_t ps_turn_worst_cost(const struct ps_turn *turn, int64_t lane,
                           const struct ps_shard_records *records);

/* Shortens the unsent `records` to what money is left for, on the dearest lane; returns how many
 * it took away. */
int64_t ps_turn_fit_money(const struct ps_turn *turn, struct ps_plan_records *records);

/* The canary's state, between store and engine; the jobs of the store are in the engine. */
void ps_turn_read_canary(struct ps_turn *turn);
PS_MUST_CHECK enum ps_status ps_turn_keep_canary(struct ps_turn *turn, struct ps_error *err);

/*
 * Cuts the canary for one lane: of the unsent `records` (as ps_cut takes them) from
 * *inout_first on, which is moved behind what was taken. False: the lane has none, being of a model
 * that another lane tries, or left with too few.
 */
PS_MUST_CHECK bool ps_turn_canary_part(const struct ps_turn *turn, int64_t lane,
                                       const struct ps_plan_records *records, int64_t *inout_first,
                                       struct ps_plan_records *ret_part);
PS_MUST_CHECK enum ps_status ps_turn_cut_canary(const struct ps_turn *turn, int64_t lane,
                                                const struct ps_plan_records *part,
                                                struct ps_allotment *allotment,
                                                struct ps_error *err);

/* A row for the wish, and a copy that is started after the commit. */
PS_MUST_CHECK enum ps_status ps_turn_keep_wish(struct ps_turn *turn, struct ps_wish *wish,
                                               int64_t at_ms, struct ps_error *err);

/* ---- turn_share.c: runs side by side ---- */

/*
 * Inside the turn's transaction, after its facts: what others hold is read, ready jobs for which
 * there is room are written into the ledger and granted, dead runs are looked after.
 */
PS_MUST_CHECK enum ps_status ps_turn_share(struct ps_turn *turn, struct ps_now now,
                                           struct ps_error *err);

/* Is the fact the answer to a look after a dead run? Then it is heard here and nowhere else. */
PS_MUST_CHECK bool ps_turn_share_hears(struct ps_turn *turn, const struct ps_fact *fact);

/* The job changed; and after the commit: what changed is told. */
void ps_turn_share_note(struct ps_turn *turn, const struct ps_job *job);
PS_MUST_CHECK enum ps_status ps_turn_share_tell(struct ps_turn *turn, struct ps_error *err);

/* When others may have made room; INT64_MAX: nothing is waited for. */
int64_t ps_turn_share_wake_ms(const struct ps_turn *turn);
void ps_turn_share_release(struct ps_turn *turn);

/* ---- turn_calls.c: rule R4 ---- */

/* Calls that were open when a process died: what has no answer may have been paid. */
PS_MUST_CHECK enum ps_status ps_turn_calls_recover(struct ps_turn *turn, struct ps_error *err);

/* Local wish: which records of the job are still to be called for. */
PS_MUST_CHECK enum ps_status ps_turn_calls_load(struct ps_turn *turn, const struct ps_wish *wish,
                                                struct ps_fact *fact, struct ps_error *err);

/* The fact of an INVOKE, before the engine hears it: what ends its record is written down; durable
 * with ps_turn_calls_sync, which comes before the turn's commit. */
PS_MUST_CHECK enum ps_status ps_turn_calls_keep(struct ps_turn *turn, const struct ps_fact *fact,
                                                struct ps_error *err);
PS_MUST_CHECK enum ps_status ps_turn_calls_sync(struct ps_turn *turn, struct ps_error *err);

/* The job's answers become its segment; after the commit, ps_turn_calls_forget. */
PS_MUST_CHECK enum ps_status ps_turn_calls_close(struct ps_turn *turn, const struct ps_job *job,
                                                 struct ps_error *err);
void ps_turn_calls_forget(struct ps_turn *turn);
void ps_turn_calls_release(struct ps_turn *turn);

/* A job's segment, and its journal, have this name. */
void ps_turn_name_job(const struct ps_job *job, char *room, size_t room_size);

/* Logs a job that moved, and a wish that failed; tells the progress now and then, or `is_last`. */
void ps_turn_log_job(struct ps_turn *turn, const struct ps_job *job);
void ps_turn_note_trouble(struct ps_turn *turn, const struct ps_fact *fact);
void ps_turn_tell_progress(struct ps_turn *turn, bool is_last);

/* ---- turn_events.c ---- */

/* Tells a failed call, what was cut, and that the process leaves a run that goes on. */
void ps_turn_tell_failure(struct ps_turn *turn, const struct ps_fact *fact);
void ps_turn_tell_cut(struct ps_turn *turn, const struct ps_allotment *allotment);
void ps_turn_tell_leaving(struct ps_turn *turn);

/* What was told goes to the store, in the turn's transaction; mirrored once that is durable. Only
 * the store's failures are told: a mirror that cannot be written is a view that is lost. */
PS_MUST_CHECK enum ps_status ps_turn_keep_events(struct ps_turn *turn, struct ps_error *err);
PS_MUST_CHECK enum ps_status ps_turn_mirror_events(struct ps_turn *turn, struct ps_error *err);

/* The file is written anew, from the store. */
PS_MUST_CHECK enum ps_status ps_turn_mirror_all_events(struct ps_turn *turn, struct ps_error *err);

/* The record ids found in a foreign job's input objects, one ascending list an object. An object
 * may be begun again from byte 0. */
struct ps_foreign;
struct ps_foreign *ps_foreign_new(void);
struct ps_foreign *ps_foreign_free(struct ps_foreign *foreign);
void ps_foreign_write(struct ps_foreign *foreign, int64_t offset, struct ps_str bytes);
void ps_foreign_object_end(struct ps_foreign *foreign);
int64_t ps_foreign_objects(const struct ps_foreign *foreign);
const uint64_t *ps_foreign_ids(const struct ps_foreign *foreign, int64_t object,
                               int64_t *ret_count);

#endif
