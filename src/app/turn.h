/*
 * turn - drives the engine: facts in, new state and wishes stored, then wishes started, then sleep.
 *
 * One turn: read the clocks once; feed the facts that came; take the engine's wishes (local ones
 * are done at once); write jobs and wish rows in one transaction; start the wishes; sleep until the
 * engine's wake time or the next fact. A wish is a durable row before it is an act.
 *
 * Owner: the caller frees; the parts stay the caller's. Threads: one; ps_turn_pause and
 * ps_turn_stop may be called from a signal handler (they set a flag and wake the world).
 *
 *     struct ps_turn *turn = ps_turn_new(&parts);
 *     const struct ps_streams streams = ps_turn_streams(turn);
 *     ... make the world with these streams; free it before the turn ...
 *     status = ps_turn_run(turn, world, &phase, err);
 */
#ifndef PS_APP_TURN_H
#define PS_APP_TURN_H

#include "app/answers.h"
#include "app/index.h"
#include "app/settings.h"
#include "core/engine.h"
#include "os/clock.h"
#include "port/pool_ledger.h"
#include "port/state_store.h"
#include "port/world.h"

/* Where a job is, as a person sees it. */
enum ps_stage {
    PS_STAGE_PLANNED,
    PS_STAGE_UPLOADING,
    PS_STAGE_READY,    /* waits for a slot */
    PS_STAGE_STARTING, /* its create is sent, or looked for */
    PS_STAGE_LIVE,     /* at the service */
    PS_STAGE_READING,  /* its output is read, or waited for */
    PS_STAGE_DONE,
    PS_STAGE_COUNT
};

/* "planned", "uploading", ... */
const char *ps_stage_word(enum ps_stage stage);

/* A job at the service. */
struct ps_live_job {
    int64_t number;
    char status[24]; /* the service's word */
    int64_t records;
    int64_t processed; /* as its counters say */
};

#define PS_PROGRESS_LIVE_MAX 10

/* A lane, and the pool that it draws on. */
struct ps_lane_progress {
    char name[64];
    char binds[16];    /* what holds it back now: "day", "slots", "tokens/min", or "" */
    int64_t pool;      /* lanes of equal numbers share slots and day */
    int64_t jobs;      /* cut for it so far */
    int64_t jobs_live; /* at the service, or on the way there */
    int64_t jobs_done;
    int64_t records;         /* of its jobs */
    int64_t records_done;    /* of those that are done */
    int64_t records_running; /* processed in live ones, as the service's counters say */
    int64_t tokens;          /* of what is done and running, as the quota counts them */
    int64_t tpm_now;         /* of these, a minute: over the last few minutes */
    int64_t tpm_limit;       /* of the pool; 0: nobody told */
    int64_t slots;           /* of the pool; 0: nobody told */
    int64_t slots_used;
    int64_t day_tokens; /* held against the pool's present day */
    int64_t day_limit;  /* 0: it has no budget of a day */
    int64_t day_end_ms; /* when that turns: wall clock */
};

#define PS_PROGRESS_LANES_MAX 100 /* beyond these a lane is not shown */

/* What a person wants to see while it runs. */
struct ps_progress {
    int64_t records;         /* to be sent, duplicates and rejected ones aside */
    int64_t records_done;    /* answered or given up */
    int64_t records_running; /* processed in live jobs, as the service's counters say */
    int64_t records_before;  /* done when this process began */
    int64_t jobs;            /* cut so far; the sum of all stages */
    int64_t stages[PS_STAGE_COUNT];
    int64_t slots;         /* how many may be live; 0: nobody told */
    int64_t tokens;        /* input tokens of what is done and running, estimated */
    int64_t tokens_before; /* likewise, when this process began */
    int64_t passed_ms;     /* on the run's clock since this process began */
    int64_t elapsed_ms;    /* since the run's first start */
    int64_t speed;         /* of the run's clock: 1 is real time */
    int64_t wall_ms;       /* on the run's clock, when this was so */
    struct ps_live_job live[PS_PROGRESS_LIVE_MAX];
    int64_t live_count; /* shown in `live`; stages tell how many there are */
    struct ps_lane_progress lanes[PS_PROGRESS_LANES_MAX];
    int64_t lane_count; /* shown in `lanes` */
    char activity[64];  /* "uploading", "the service works", "reading answers", ... */
    char trouble[320];  /* the last failure that is being retried, or "" */
};

struct ps_turn_parts {
    const char *folder; /* of the run */
    const struct ps_settings *settings;
    struct ps_state_store store;
    struct ps_index *index;
    struct ps_answers *answers;
    struct ps_clock *clock;
    int64_t segment_count; /* committed so far */
    bool is_stopping;      /* `penstock stop` wants it, from the start */
    bool is_canary_again;  /* one that did not pass is sent once more */
    bool is_tick;          /* leaves when nothing is due: `penstock tick` */
    /*
     * What other runs of this machine hold is in `ledger` (ops NULL: nothing is shared), by their
     * folders; has_sent answers for a run whose lock we hold: may its store have sent that job?
     */
    struct ps_pool_ledger ledger;
    bool (*has_sent)(const char *folder, int64_t job);
    /*
     * How far it is, now and then; and what records fail by while the run goes on (often the same
     * many times). Each may be NULL.
     */
    void (*progress)(void *context, const struct ps_progress *progress);
    void (*failure)(void *context, const struct ps_error *error);
    void *context;
};

/* A file of this name in the run's folder asks the run to stop: durable, so a crash does not forget
 * it. */
#define PS_STOP_FILE "stop"

/* Names of the committed segments, one a line, for who reads beside a live owner. */
#define PS_SEGMENTS_FILE "segments.list"

/* What was decided and met, a row an event (app/event_text): grows while the run lives. */
#define PS_EVENTS_FILE "events.jsonl"

/* Named texts of the store that others read too. */
#define PS_VALUE_CLOCK "clock" /* "steady,wall" of the last turn */
#define PS_VALUE_BEGUN "begun" /* steady time of the run's first start */

struct ps_turn;
struct ps_turn *ps_turn_new(const struct ps_turn_parts *parts);
struct ps_turn *ps_turn_free(struct ps_turn *turn);

struct ps_streams ps_turn_streams(struct ps_turn *turn);

/*
 * Runs until every record has its ending, the run is stopped or paused or a tick has nothing to do
 * for a second (*ret_phase is then still RUNNING), or a person must look or a turn could not be
 * kept: then an error is returned. The state
 * is that of the last turn that was kept; in this process nothing more may be done with the parts
 * than to free them.
 */
PS_MUST_CHECK enum ps_status ps_turn_run(struct ps_turn *turn, struct ps_world world,
                                         enum ps_phase *ret_phase, struct ps_error *err);

/* What the run's jobs cost so far, by all its processes: at the lanes' prices. */
int64_t ps_turn_cost_usd_micros(const struct ps_turn *turn);

/* Why it created nothing more, where its phase is EARLY. */
enum ps_spending_stop ps_turn_stop_reason(const struct ps_turn *turn);

/* Create nothing more, wait a moment for what is in flight, leave the service's jobs running. */
void ps_turn_pause(struct ps_turn *turn);

/* Was it told to pause? A tick that left by itself was not. */
bool ps_turn_is_paused(const struct ps_turn *turn);

/* In how many milliseconds of the machine's time a run that goes on has something to do again. */
int64_t ps_turn_due_real_ms(const struct ps_turn *turn);

#endif
