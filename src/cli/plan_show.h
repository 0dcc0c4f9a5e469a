/*
 * plan_show - makes a plan of what was asked for, says it, draws it.
 *
 * For `plan`, `run --dry-run`, and what `run` says before it sends.
 *
 * Threads: one.
 */
#ifndef PS_CLI_PLAN_SHOW_H
#define PS_CLI_PLAN_SHOW_H

#include "app/plan_make.h"
#include "cli/plan_request.h"

/* The plan of `request`, with the forecast of simulated runs. `models` may be NULL, and outlives
 * the plan like `request`. Errors as ps_plan_make. */
PS_MUST_CHECK enum ps_status ps_plan_show_make(const struct ps_options *options,
                                               const struct ps_plan_request *request,
                                               const struct ps_models *models,
                                               struct ps_plan_made *plan, struct ps_error *err);

/* Says on stderr what the run that is about to begin will be; its folder has the index. Nothing is
 * said where it cannot be planned. */
void ps_plan_show_run(const struct ps_options *options, const struct ps_settings *settings,
                      const char *folder);

/*
 * PS_E_REFUSED: the run that is about to begin, whose index is in `folder`, costs more by plan than
 * its --max-cost, and the user has not said --yes.
 */
PS_MUST_CHECK enum ps_status ps_plan_show_check(const struct ps_options *options,
                                                const struct ps_settings *settings,
                                                const char *folder, struct ps_error *err);

/* Reads, plans, prints to stdout (text or JSON), draws; the exit status. */
int ps_plan_show(const struct ps_options *options);

#endif
