/*
 * plan_make_internal - the parts of plan_make: sums and sizes, limits, words.
 */
#ifndef PS_APP_PLAN_MAKE_INTERNAL_H
#define PS_APP_PLAN_MAKE_INTERNAL_H

#include "app/plan_make.h"

/* Fills view.limits: one row for each limit that several lanes may share, the binding ones first.
 */
void ps_plan_make_limits(struct ps_plan_made *plan);

/* Fills the prices of lanes and view. */
void ps_plan_make_costs(const struct ps_plan_ask *ask, struct ps_plan_made *plan);

/* Fills the warnings of lanes, and why it is impossible and what would change that. */
void ps_plan_make_words(const struct ps_plan_ask *ask, struct ps_plan_made *plan);

/* Fills what binds, what would help, what a deadline needs, and the quotas to ask for. */
void ps_plan_make_advice(const struct ps_plan_ask *ask, const struct ps_outline_options *options,
                         struct ps_plan_made *plan);

/* A text of the plan's own that has just been written from `from` on. */
const char *ps_plan_end_text(struct ps_plan_made *plan, size_t from);

#endif
