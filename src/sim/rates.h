/*
 * rates - the work of a pool as a fluid: running jobs share its tokens/min, its day has a budget.
 *
 * A pool that queues gives each running job an equal share, at most the job's own speed, and lets
 * the rest wait. A pool that refuses lets each job go at its own speed; what exceeds the minute's
 * rate or the day's budget fails, record by record. A budget counts whole records: one whose tokens
 * do not fit what is left of the day waits for the turn. Requests/s count records. An idle pool
 * gathers its burst, which goes at once.
 *
 * Event driven: between two events every job has one speed, so nothing is done for each record or
 * each second. Integers: work is counted in millionths of a token (micros), rounded so that a limit
 * is never passed. The records of one flow weigh alike.
 *
 * Owner: the caller embeds both structs; a flow must stay where it is while it is in. Time is an
 * argument and never goes back. Threads: one.
 *
 *     ps_rates_add(&rates, &job->flow, now_ms);
 *     ... at ps_rates_next_ms(&rates): ps_rates_advance(&rates, now_ms);
 *     while ((flow = ps_rates_pop(&rates)) != NULL) { ... its work is done ... }
 */
#ifndef PS_SIM_RATES_H
#define PS_SIM_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PS_MICROS INT64_C(1000000)

/* The most tokens of a flow, a rate or a budget: their micros must fit. */
#define PS_RATES_TOKENS_MAX INT64_C(1000000000000)

struct ps_rates_others {
    int64_t from_ms;
    int64_t to_ms;
    int64_t share_permille; /* of each limit below */
};

/* What the pool accepted in [from, to]; at one instant where both are equal. */
struct ps_rates_use {
    int64_t from_ms;
    int64_t to_ms;
    int64_t token_micros;
    int64_t record_micros; /* millionths of a record */
};

/* 0: no such limit. */
struct ps_rates_options {
    int64_t tpm;
    int64_t tpd;
    int64_t reset_ms; /* when the day turns: ms after 00:00 UTC */
    int64_t rps;      /* records a second */
    int64_t burst_tokens;
    bool is_refusing;                     /* then every flow needs a speed of its own */
    bool keeps_points;                    /* for ps_rates_flow_at_ms */
    const struct ps_rates_others *others; /* the caller's, as long as the pool lives */
    size_t other_count;
    void (*used)(void *context, const struct ps_rates_use *use); /* NULL: nobody asks */
    void *context;
};

/* A run of records of a flow: all of them accepted but `refused`, which lie evenly among them. */
struct ps_rates_stretch {
    int64_t first;
    int64_t end;
    int64_t refused;
};

/* A place on a flow's way: its work at that time. */
struct ps_rates_point {
    int64_t at_ms;
    int64_t micros;
};

struct ps_rates_flow {
    int64_t records; /* set by the caller: above 0 */
    int64_t tokens;  /* of all of them, as the quota counts */
    int64_t own_tpm; /* its own speed; 0: unlimited */

    /* ---- the module's ---- */
    int64_t done_micros;   /* attempted */
    int64_t turn_micros;   /* of that, before today */
    int64_t stop_micros;   /* so far it may go today */
    int64_t speed_micros;  /* a minute; INT64_MAX: at once */
    int64_t stretch_first; /* the record where the present stretch began */
    int64_t tried_micros;  /* since then */
    int64_t taken_micros;  /* of those, accepted */
    struct ps_rates_stretch *stretches;
    size_t stretch_count;
    struct ps_rates_point *points;
    size_t point_count;
    struct ps_rates_flow *next_done;
};

struct ps_rates {
    struct ps_rates_options options;
    int64_t now_ms;
    int64_t day_end_ms;
    int64_t day_left_micros;
    int64_t level_micros; /* of the burst */
    int64_t total_micros; /* a minute, accepted, of all flows together */
    int64_t ppm;          /* of what is tried, accepted: parts per million */
    bool is_spent;        /* the day's budget is: flows only go on to where they stop */
    bool is_stale;        /* speeds must be reckoned again */
    struct ps_rates_flow **flows;
    size_t flow_count;
    size_t flow_capacity;
    struct ps_rates_flow *first_done;
    struct ps_rates_flow **last_done;
    struct ps_rates_use use;
};

void ps_rates_init(struct ps_rates *rates, const struct ps_rates_options *options, int64_t now_ms);
void ps_rates_release(struct ps_rates *rates);

/* `flow` begins to work. */
void ps_rates_add(struct ps_rates *rates, struct ps_rates_flow *flow, int64_t now_ms);

/* It is taken out where it stands; one that is not in is left alone. */
void ps_rates_remove(struct ps_rates *rates, struct ps_rates_flow *flow, int64_t now_ms);

void ps_rates_advance(struct ps_rates *rates, int64_t now_ms);

/* When to advance next, if nothing is added or removed before; INT64_MAX: never. */
int64_t ps_rates_next_ms(const struct ps_rates *rates);

/* A flow whose work is done and which is out of the pool now; NULL: none. */
struct ps_rates_flow *ps_rates_pop(struct ps_rates *rates);

/* How many of its records are behind it, refused ones included. */
int64_t ps_rates_flow_records(const struct ps_rates_flow *flow);

/* The same at a time that the pool has not been advanced to yet, before its next event. */
int64_t ps_rates_flow_records_at(const struct ps_rates *rates, const struct ps_rates_flow *flow,
                                 int64_t now_ms);

/* What of its first `records` was refused, stretch by stretch; NULL after the last. */
const struct ps_rates_stretch *ps_rates_flow_stretch(const struct ps_rates_flow *flow,
                                                     size_t place);

/* Is record number `record` of the flow one of the refused ones of this stretch? */
bool ps_rates_stretch_refuses(const struct ps_rates_stretch *stretch, int64_t record);

/* When so many of its tokens were behind it; needs keeps_points. */
int64_t ps_rates_flow_at_ms(const struct ps_rates_flow *flow, int64_t tokens);

void ps_rates_flow_release(struct ps_rates_flow *flow);

#endif
