/*
 * plan_make - from a demand and lanes to all that a plan says (app/plan_view): who does how much,
 * in jobs and files of which size, how long it takes, what it costs, what binds, what would help.
 *
 * Owner: the caller embeds it and releases it; the lanes, the index and the models asked about must
 * outlive it. Threads: one at a time.
 *
 *     struct ps_plan_made plan PS_CLEANUP(ps_plan_made_release);
 *     ps_plan_made_init(&plan);
 *     if (ps_plan_make(&ask, &plan, err) == PS_OK) { ps_plan_text_add(&text, &plan.view); }
 */
#ifndef PS_APP_PLAN_MAKE_H
#define PS_APP_PLAN_MAKE_H

#include "app/index.h"
#include "app/plan_view.h"
#include "core/demand.h"
#include "core/models.h"
#include "core/pool.h"
#include "core/outline.h"

struct ps_plan_ask {
    const struct ps_lane *lanes;
    int64_t lane_count;             /* above 0 */
    const struct ps_models *models; /* prices, quotas, ends of life; NULL: nothing is known */
    const struct ps_index *index;   /* what is to be done; NULL: so many records all alike */
    int64_t records;
    struct ps_demand_record record;
    bool is_bytes_assumed;
    int64_t expected_output;            /* of each record of the index; 0: as many as it may */
    int64_t tokens_per_byte_millionths; /* 0: as the index estimates */
    const int64_t *startups_ms;  /* in lanes that say none, PS_MAKESPAN_SPREAD; NULL: at once */
    int64_t poll_ms;             /* how often jobs are looked at; 0: all the time */
    int64_t start_ms;            /* after 00:00 UTC */
    int64_t deadline_ms;         /* after the start; 0: none */
    int64_t max_cost_usd_micros; /* PS_PLAN_UNKNOWN: none */
    int64_t wall_ms;             /* today, for models near their end */
};

struct ps_plan_made {
    struct ps_plan_view view;
    /* What the view points to, and the planner's own numbers. */
    struct ps_pools pools;
    struct ps_supply supply;
    struct ps_demand demand;
    struct ps_outline outline;
    struct ps_makespan_lane *parts; /* of each lane: the outline's */
    struct ps_plan_lane *lanes;
    struct ps_plan_limit *limits;
    struct ps_plan_help *help;
    struct ps_plan_request_row *requests;
    struct ps_quota *quotas;
    struct ps_buf texts; /* NUL-terminated, one after another */
};

void ps_plan_made_init(struct ps_plan_made *plan);
void ps_plan_made_release(struct ps_plan_made *plan);

/* PS_E_USAGE: lanes that contradict each other, or more kinds of them than can be told apart;
 * numbers too large to be summed. A plan that is impossible, late or dear is no error: the view
 * says so. */
PS_MUST_CHECK enum ps_status ps_plan_make(const struct ps_plan_ask *ask, struct ps_plan_made *plan,
                                          struct ps_error *err);

#endif
