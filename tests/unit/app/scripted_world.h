/*
 * scripted_world - a service in memory for the turn: every wish is done at once and in order, every
 * job ends well when it is created; waiting moves the run's clock, so no test sleeps.
 */
#ifndef PS_TEST_SCRIPTED_WORLD_H
#define PS_TEST_SCRIPTED_WORLD_H

#include "base/buf.h"
#include "os/clock.h"
#include "port/world.h"

#define SCRIPTED_OBJECTS_MAX 64
#define SCRIPTED_JOBS_MAX 16
#define SCRIPTED_WISHES_MAX 256
#define SCRIPTED_RECORDS_MAX 64

struct scripted_object {
    char *key;
    char *bytes;
    size_t size;
};

struct scripted_job {
    char *arn;
    char *name;
    char *token;
    char *input_uri;
    int64_t records;
};

struct scripted_world {
    /* ---- for the test to set ---- */
    struct ps_clock *clock;
    struct ps_streams streams;
    int64_t facts_left; /* after so many the world breaks off: what is done is not told any more;
                           -1: never */
    void (*on_break)(void *context); /* NULL: the fact is an error of our own machine, which ends
                                        the turn; else it is called, and facts go on */
    void *break_context;
    int64_t put_failures;    /* so many puts surely do not happen */
    int64_t call_refusals;   /* so many calls surely do not happen: throttled */
    int64_t call_losses;     /* so many are done, and their answer does not come */
    int64_t lists_lag_to_ms; /* lists show no job before that, on the run's clock */

    /* ---- for the test to read ---- */
    struct scripted_object objects[SCRIPTED_OBJECTS_MAX]; /* in key order */
    int64_t object_count;
    struct scripted_job jobs[SCRIPTED_JOBS_MAX];
    int64_t job_count;
    int64_t counts[PS_WISH_KIND_COUNT];  /* wishes done */
    int64_t calls[SCRIPTED_RECORDS_MAX]; /* how often a call of the record was executed */

    struct ps_wish queue[SCRIPTED_WISHES_MAX]; /* with texts of their own */
    int64_t queue_count;
};

extern const struct ps_world_ops scripted_world_ops;

void scripted_world_init(struct scripted_world *world);
void scripted_world_release(struct scripted_world *world);

/* Forgets what was wished, as a process that died did. */
void scripted_world_forget(struct scripted_world *world);

#endif
