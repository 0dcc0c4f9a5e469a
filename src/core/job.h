/*
 * job - one job of a run: 1 to N shards under one folder, the unit of intent, token, attempt and
 * slot.
 *
 * A plain record, the same in memory as in the store (the part above the line). Owner: the engine;
 * text is heap or NULL. Times are on the run's steady clock unless they say wall.
 */
#ifndef PS_CORE_JOB_H
#define PS_CORE_JOB_H

#include "core/wish.h"

/* Where a job is on its way. core/job_states has the one table that says what moves it. */
enum ps_job_state {
    PS_STATE_PLANNED,   /* cut, nothing sent */
    PS_STATE_LOADING,   /* its shard rows are read */
    PS_STATE_PUTTING,   /* shards are put */
    PS_STATE_CHECKING,  /* one listing must equal the intent's keys and sizes (R5) */
    PS_STATE_READY,     /* waits for a slot */
    PS_STATE_CREATING,  /* the create is sent, or open since a crash */
    PS_STATE_REPEATING, /* the same create again, while the outcome of an earlier one is in doubt */
    PS_STATE_LOOK_NAME, /* outcome unknown: is it listed by its name? (R2 a) */
    PS_STATE_LOOK_TOKEN,   /* found: is it ours, by token and input? */
    PS_STATE_LOOK_OUTPUT,  /* not listed: has it written anything? (R2 b) */
    PS_STATE_LIVE,         /* at the service */
    PS_STATE_ASKING,       /* a list shows an end: Get tells counters and message */
    PS_STATE_LISTING,      /* what did it write? */
    PS_STATE_FETCHING,     /* objects are read, one after another */
    PS_STATE_TALLYING,     /* do lines, manifest and counters agree? (R3) */
    PS_STATE_SETTLING,     /* not yet proven: waits before it lists again */
    PS_STATE_CLOSING,      /* answers and verdicts are filed */
    PS_STATE_FOREIGN_LIST, /* at the service without a row of ours: which input objects? */
    PS_STATE_FOREIGN_READ, /* which record ids are in them? */
    PS_STATE_FOREIGN_HOLD, /* those records become its shards */
    PS_STATE_DONE,         /* filed */
    PS_STATE_VOID,         /* never sent; its records are unsent again */
    PS_STATE_GATHERING,    /* on demand: which of its records are still to be called for? */
    PS_STATE_CALLING,      /* on demand: one call a record */
    PS_STATE_COUNT
};

const char *ps_job_state_word(enum ps_job_state state);

/* What a record without a line is at the end. */
enum ps_job_verdict {
    PS_VERDICT_NONE,
    PS_VERDICT_UNPROCESSED, /* proven: it may be sent again */
    PS_VERDICT_UNACCOUNTED, /* the service counted more than it wrote */
    PS_VERDICT_INPUT_GONE,  /* its source is gone: it cannot be sent */
    PS_VERDICT_BELOW_MINIMUM,
    PS_VERDICT_CANCELLED
};

/* Where a record of a job on demand is. */
enum ps_call_state {
    PS_CALL_WAITING,
    PS_CALL_REPEATED, /* likewise, after a refusal */
    PS_CALL_OPEN,     /* sent, and not answered */
    PS_CALL_ENDED
};

struct ps_call {
    struct ps_call_row row;
    int64_t sent_ms;
    int64_t tries; /* that were surely not executed */
    enum ps_call_state state;
};

struct ps_job {
    int64_t number;
    int64_t attempt;
    int64_t lane;
    enum ps_job_state state;
    int64_t shard_count;
    int64_t records;
    int64_t bytes;
    int64_t input_tokens;
    int64_t quota_tokens; /* what it counts against a day's budget, as far as is known */
    /* The same as the records' estimates say (core/estimate puts them right); once it is settled,
     * those of the records that were answered; 0: they tell nothing. */
    int64_t thought_tokens;

    char *token;   /* drawn once for each attempt */
    char *request; /* the exact body of the create */
    char *arn;
    int64_t first_signed_ms; /* 0: not signed yet */
    int64_t last_signed_ms;
    int64_t signed_wall_ms; /* of the first signing */
    int64_t look_ms;        /* when the present look began */
    int64_t empty_looks;    /* of those that count as proof (R2 d) */
    int64_t last_empty_ms;

    enum ps_job_status status;
    int64_t counted;   /* success + error as Get says; -1: it has not said */
    int64_t processed; /* while it runs, for progress */
    int64_t total;
    char *message;
    bool is_stop_asked;

    int64_t ended_ms;       /* 0: no end seen */
    int64_t listing_digest; /* of the last listing of its output that was tallied */
    int64_t listing_ms;     /* when it was first seen so */
    enum ps_job_verdict verdict;

    int64_t tries;   /* failures in a row of what it wants now */
    int64_t wake_ms; /* nothing is wished before this */

    /* The day that it is held against, by its end (core/day); 0: none. Later days come at a turn.
     */
    int64_t day_end_ms;
    int64_t day_tokens; /* and how much of quota_tokens */

    int64_t cost_usd_micros; /* the most it may cost; once its answers are read, what it did */

    /* ---- not in the store ---- */
    int64_t open_wishes;
    struct ps_shard_row *shards; /* while they are put and checked */
    int64_t next_put;
    int64_t resends; /* how often the check missed an object that was put */
    char *listing;   /* "size key\n" of the objects that are read */
    int64_t listing_count;
    size_t listing_at;    /* where the row of the object that is read next begins */
    int64_t listing_seen; /* digest of the listing at hand: sizes, ETags, keys */
    bool is_read;         /* each object of the listing was read whole, and nothing was odd */
    int64_t fetched_count;
    int64_t fetch_offset;
    int64_t stop_wake_ms;
    int64_t errors;   /* records that failed, as its counters say */
    int64_t seen_tpm; /* its own speed; 0: not seen yet */
    int64_t seen_ms;  /* when its counters were looked at last, and what they were */
    int64_t seen_processed;
    int64_t seen_errors;
    int64_t listed_poll; /* the poll that listed it last */
    bool is_counted;     /* lists show its counters too, not Get alone */
    bool is_reloaded;    /* its create was open when a process died */
    char *fetch_etag;
    struct ps_call *calls; /* on demand: what is or was to be called for */
    int64_t call_count;
    int64_t next_call;     /* none before it waits */
    int64_t calls_waiting; /* repeated ones among them */
    int64_t calls_open;
    struct ps_tally called; /* lines and tokens of those that ended, before a restart too */
    bool is_dirty;
    int8_t queue; /* the engine's: in which of its sets */
};

/* Sets a heap text; NULL clears. */
void ps_job_set_text(char **text, const char *value);
void ps_job_release(struct ps_job *job);

/* Does it hold a slot at the service, or may it? From the intent on until an end is seen. */
bool ps_job_holds_slot(const struct ps_job *job);

/* Has it calls that are still to be sent? */
bool ps_job_has_calls(const struct ps_job *job);

/* Does it hold its records: may they be at the service, or on their way? */
bool ps_job_holds_records(const struct ps_job *job);

/* The row of its listing that is read next. False past the end. */
PS_MUST_CHECK bool ps_job_listed(const struct ps_job *job, struct ps_str *ret_key,
                                 int64_t *ret_size_bytes);

/* That row is done with. */
void ps_job_pass_listed(struct ps_job *job);

#endif
