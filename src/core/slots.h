/*
 * slots - how many jobs of ours may be at the service at once in one pool, by all that is known.
 *
 * Three things hold it down, each as far as it is known:
 *   the service counts submitted + in progress, other users' jobs too: what a list shows of theirs
 *   is taken off the known limit;
 *   a create that was refused though the known limit had room tells that it is lower than we think
 *   (core/cubic, which stays at what was held and tries one more after a while);
 *   where the service refuses records above its rate instead of letting them wait, no more jobs
 * than the rate carries: by a job's own speed, as its counters show it, and by refusals.
 *
 * A pool of which nobody knows whether it queues or refuses begins with one job and doubles, until
 * records are refused (it refuses) or two running jobs share the known rate without (it queues).
 *
 * Pure. Plain data, embedded; integers; the clock is an argument.
 */
#ifndef PS_CORE_SLOTS_H
#define PS_CORE_SLOTS_H

#include "core/cubic.h"
#include "core/lane.h"

struct ps_slots {
    int64_t jobs_max; /* known; 0: nobody told */
    int64_t tpm;      /* likewise */
    enum ps_behaviour behaviour;
    bool has_begun;          /* the search of one that refuses, or may */
    struct ps_cubic creates; /* jobs at once, by refused creates */
    struct ps_cubic rate;    /* likewise, by refused records */
    int64_t others;          /* jobs of other users that were listed last */
    int64_t refused_at; /* jobs of ours when a create was refused that nothing explains yet; -1 */
    int64_t learned;    /* slots in all, as a refusal told; 0: none did */
    int64_t job_tpm;    /* a job's own speed, the fastest seen; 0: not seen yet */
    int64_t measured;   /* running jobs whose speed is seen */
    int64_t all_tpm;    /* of those together */
};

/* What was found out. */
enum ps_slots_word {
    PS_SLOTS_NOTHING,
    PS_SLOTS_OTHERS,  /* others hold some: `others` */
    PS_SLOTS_LEARNED, /* the limit is lower than we think: `learned` */
    PS_SLOTS_SHRUNK,  /* records were refused: fewer jobs at once */
    PS_SLOTS_REFUSES, /* likewise, and so the service refuses instead of letting wait */
    PS_SLOTS_QUEUES   /* the service lets wait what is above its rate */
};

/* 0 and below: no such limit is known. */
void ps_slots_init(struct ps_slots *slots, int64_t jobs_max, int64_t tpm,
                   enum ps_behaviour behaviour);

/* How many jobs of ours there may be now; INT64_MAX: any number. */
int64_t ps_slots_max(struct ps_slots *slots, int64_t now_ms);

/* When one more than `ours` may go if nothing else happens; INT64_MAX: not by time alone. */
int64_t ps_slots_more_ms(const struct ps_slots *slots, int64_t ours, int64_t now_ms);

/* A create was refused while `ours` others of our jobs held slots. */
void ps_slots_refuse(struct ps_slots *slots, int64_t ours, int64_t now_ms);

/* A list of all jobs shows so many of others. */
enum ps_slots_word ps_slots_list(struct ps_slots *slots, int64_t others);

/* Is a list of all jobs wanted: because of a refusal, or since others are there? */
bool ps_slots_wants_list(const struct ps_slots *slots);

/* A create succeeded, and `ours` are held: what was learned may have become more. */
void ps_slots_hold(struct ps_slots *slots, int64_t ours);

/* So few records of a job say nothing of its speed yet. Our own choice. */
#define PS_SLOTS_LOOK_RECORDS 20

/* What the counters of the running jobs say of the time since the last look. */
struct ps_slots_look {
    int64_t running;  /* jobs that work */
    int64_t records;  /* processed since then */
    int64_t errors;   /* of those */
    int64_t tpm;      /* tokens a minute of all of them together; 0: not known */
    int64_t job_tpm;  /* of the fastest one */
    int64_t measured; /* running jobs whose speed is known, from now or before */
    int64_t all_tpm;  /* and theirs together */
};

enum ps_slots_word ps_slots_see(struct ps_slots *slots, const struct ps_slots_look *look,
                                int64_t now_ms);

#endif
