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
 *     const struct ps_streams streams = ps_turn_streams(turn);   the world adapter is made with
 * these
 *     ... make the world ...
 *     status = ps_turn_run(turn, world, &end, err);
 */
#ifndef PS_APP_TURN_H
#define PS_APP_TURN_H

#include "app/answers.h"
#include "app/index.h"
#include "app/settings.h"
#include "core/engine.h"
#include "os/clock.h"
#include "port/state_store.h"
#include "port/world.h"

/* What a person wants to see while it runs. */
struct ps_progress {
    int64_t records;         /* to be sent, duplicates and rejected ones aside */
    int64_t records_done;    /* answered or given up */
    int64_t records_running; /* as the service's counters say, of live jobs */
    int64_t jobs;
    int64_t jobs_done;
    int64_t jobs_live;
    int64_t slots;
    int64_t tokens;       /* input tokens of done records, estimated */
    int64_t passed_ms;    /* on the run's clock since this process began */
    const char *activity; /* "putting", "waiting for the service", "reading answers", ... */
    const char *trouble;  /* the last failure that is being retried, or "" */
};

struct ps_turn_parts {
    const char *folder;
    const struct ps_settings *settings;
    struct ps_state_store store;
    struct ps_index *index;
    struct ps_answers *answers;
    struct ps_clock *clock;
    int64_t segment_count; /* committed so far */
    bool is_stopping;      /* `penstock stop` wants it, from the start */
    void (*progress)(void *context, const struct ps_progress *progress); /* now and then; or NULL */
    void *progress_context;
};

struct ps_turn_end {
    enum ps_phase phase; /* RUNNING: paused by a signal */
    int64_t segments;
};

/* A file of this name in the run's folder asks the run to stop: durable, so a crash does not forget
 * it. */
#define PS_STOP_FILE "stop"

/* Names of the committed segments, one a line, for who reads beside a live owner. */
#define PS_SEGMENTS_FILE "segments.list"

struct ps_turn;
struct ps_turn *ps_turn_new(const struct ps_turn_parts *parts);
struct ps_turn *ps_turn_free(struct ps_turn *turn);

struct ps_streams ps_turn_streams(struct ps_turn *turn);

/*
 * Runs until every record has its ending, the run is stopped or paused, or a person must look (then
 * an error is returned, and the state is kept).
 */
PS_MUST_CHECK enum ps_status ps_turn_run(struct ps_turn *turn, struct ps_world world,
                                         struct ps_turn_end *ret_end, struct ps_error *err);

/* Create nothing more, wait a moment for what is in flight, leave the service's jobs running. */
void ps_turn_pause(struct ps_turn *turn);

#endif
