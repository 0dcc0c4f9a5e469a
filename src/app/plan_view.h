/*
 * plan_view - all that a plan says, as plain numbers: what plan_text, plan_json and plan_picture
 * write down.
 *
 * Times are from the run's start. PS_PLAN_UNKNOWN stands for what nobody knows (a price, a
 * forecast). Owner: whoever fills it; texts and arrays outlive the view.
 */
#ifndef PS_APP_PLAN_VIEW_H
#define PS_APP_PLAN_VIEW_H

#include "core/bound.h"
#include "core/lane.h"

#include <stdbool.h>
#include <stdint.h>

#define PS_PLAN_UNKNOWN (-1)

struct ps_plan_demand {
    int64_t records;
    int64_t unique_records; /* those that are sent */
    int64_t rejected;
    int64_t duplicates;
    int64_t input_tokens;
    int64_t output_tokens;     /* expected */
    int64_t output_tokens_max; /* what the requests allow */
    int64_t bytes;
    bool is_measured;        /* from an input; else the numbers of the command line */
    bool is_bytes_assumed;   /* 4 an input token: nobody said */
    int64_t margin_permille; /* how far the tokens may be off, either way; 0: as told */
};

/* One limit of one lane (or of lanes that share it), and what the run takes of it. */
struct ps_plan_limit {
    enum ps_limit_key key;
    int64_t value;
    enum ps_limit_source source;
    int64_t used; /* in the limit's unit: the most, or for rates the mean; PS_PLAN_UNKNOWN: no
                     such thing */
    bool is_binding;
    int64_t lane; /* the first that it holds for */
    int64_t lane_count;
};

struct ps_plan_lane {
    const struct ps_lane *lane;
    int64_t pool;    /* lanes of equal numbers share their quotas */
    int64_t records; /* 0: nothing comes here */
    int64_t bytes;
    int64_t tokens; /* as its quotas count them */
    int64_t jobs;
    int64_t shards;
    int64_t job_records; /* of a full job */
    int64_t day_records; /* of a full day; 0: days do not bind */
    int64_t job_shards;
    int64_t job_bytes;
    int64_t shard_records; /* of a full shard */
    int64_t shard_bytes;
    enum ps_limit_key job_reason; /* what decides its size; PS_LIMIT_COUNT: the work itself */
    enum ps_limit_key shard_reason;
    int64_t ends_ms;
    int64_t days;             /* daily windows it works in */
    int64_t batch_usd_micros; /* PS_PLAN_UNKNOWN: no price */
    int64_t on_demand_usd_micros;
    const char *warning; /* the model near its end, and the like; NULL: none */
};

/* A change that would end the run sooner. */
struct ps_plan_help {
    enum ps_limit_key key; /* PS_LIMIT_COUNT: no limit is changed, `what` says it all */
    int64_t value_now;
    int64_t value_then;
    const char *what;    /* "a second lane like 'main'", or NULL */
    int64_t makespan_ms; /* then */
    int64_t lower_bound_ms;
};

/* A quota to ask AWS for. */
struct ps_plan_request_row {
    enum ps_limit_key key;
    const char *lane;
    const char *quota_name; /* NULL: AWS publishes none of that kind */
    const char *quota_code; /* NULL: not known */
    int64_t value_now;      /* PS_NO_LIMIT: none */
    int64_t value_needed;
};

enum ps_plan_verdict {
    PS_PLAN_FITS,
    PS_PLAN_IMPOSSIBLE, /* no time is long enough */
    PS_PLAN_TOO_LATE,   /* after the deadline */
    PS_PLAN_TOO_DEAR    /* above --max-cost */
};

struct ps_plan_forecast {
    int64_t median_ms; /* PS_PLAN_UNKNOWN: there is none */
    int64_t low_ms;    /* 5 % of the simulated runs end before it */
    int64_t high_ms;   /* 95 % */
    int64_t runs;
};

struct ps_plan_view {
    struct ps_plan_demand demand;
    enum ps_plan_verdict verdict;
    const char *why;    /* impossible: the reason, as a sentence without its full stop */
    const char *change; /* and the smallest change that would make it fit */
    int64_t start_ms;   /* after 00:00 UTC */
    int64_t lower_bound_ms;
    int64_t bounds_ms[PS_BOUND_PART_COUNT]; /* each part of it; 0: says nothing */
    int64_t makespan_ms;                    /* PS_PLAN_UNKNOWN when impossible */
    int64_t days;                           /* daily windows used */
    int64_t fluid_days;                     /* as many as it would take if records could be cut */
    enum ps_limit_key binding;              /* PS_LIMIT_COUNT: none */
    enum ps_limit_key next_binding;
    struct ps_plan_forecast forecast;
    int64_t deadline_ms;         /* 0: none */
    int64_t max_cost_usd_micros; /* PS_PLAN_UNKNOWN: none */
    int64_t batch_usd_micros;    /* all lanes; PS_PLAN_UNKNOWN: a price is missing */
    int64_t on_demand_usd_micros;
    int64_t cost_usd_micros; /* of this plan, each lane as its kind is paid */
    int64_t needed_tpm;      /* for the deadline, over all lanes; PS_NO_LIMIT: not asked */
    int64_t needed_tpd;
    int64_t needed_rps;
    int64_t needed_jobs;
    int64_t needed_lanes; /* like the first one, each with quotas of its own; PS_NO_LIMIT: no
                             number is enough */
    int64_t left_records; /* below a job's minimum: not planned */
    const struct ps_plan_lane *lanes;
    int64_t lane_count;
    const struct ps_plan_limit *limits;
    int64_t limit_count;
    const struct ps_plan_help *help; /* the best first */
    int64_t help_count;
    const struct ps_plan_request_row *requests;
    int64_t request_count;
};

#endif
