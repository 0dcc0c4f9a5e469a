/*
 * advice - what a plan's numbers mean: which limit binds, what a deadline needs, what would help
 * most.
 *
 * Everything is found by asking again: the same plan with one thing changed (core/outline), beside
 * the bound of the same change. Nothing here is a rule of thumb.
 *
 * Pure. Plain data.
 */
#ifndef PS_CORE_ADVICE_H
#define PS_CORE_ADVICE_H

#include "core/bound.h"
#include "core/outline.h"

#define PS_ADVICE_HELPS_MAX 12

enum ps_advice_kind {
    PS_ADVICE_LIMIT, /* twice the limit, for all lanes that have it */
    PS_ADVICE_LANE, /* one more lane like lane 0, with quotas of its own: another Region, account */
    PS_ADVICE_START /* the run begins just before the turn of a day */
};

struct ps_advice_help {
    enum ps_advice_kind kind;
    enum ps_limit_key key; /* PS_ADVICE_LIMIT */
    int64_t value_now;     /* of the first lane that has it */
    int64_t value_then;
    int64_t starts_at_ms; /* PS_ADVICE_START: after 00:00 UTC */
    int64_t ends_ms;      /* then, from that run's start; INT64_MAX: never */
    int64_t bound_ms;
    int64_t gain_ms; /* how much sooner; INT64_MAX: it would not end at all without */
};

/* What a deadline needs at least, over all lanes together. */
struct ps_advice_needed {
    int64_t tpm;
    int64_t tpd;
    int64_t rps;   /* records a second */
    int64_t jobs;  /* at once, of the largest size that lane 0 allows */
    int64_t lanes; /* like lane 0, each with quotas of its own; INT64_MAX: no number is enough */
};

struct ps_advice {
    enum ps_limit_key binding;                        /* of the plan; PS_LIMIT_COUNT: none */
    enum ps_limit_key next_binding;                   /* with that one lifted */
    struct ps_advice_help helps[PS_ADVICE_HELPS_MAX]; /* the most first; 1 % at least */
    int64_t help_count;
};

/* `outline` is what ps_outline_find says of the same. */
void ps_advice_find(const struct ps_demand *demand, const struct ps_supply *supply,
                    const struct ps_outline_options *options, const struct ps_outline *outline,
                    struct ps_advice *ret_advice);

/* `deadline_ms` > 0, from the run's start. Start-up is lane 0's expected one: a deadline within it
 * needs INT64_MAX of everything. */
void ps_advice_need(const struct ps_demand *demand, const struct ps_supply *supply,
                    int64_t deadline_ms, struct ps_advice_needed *ret_needed);

#endif
