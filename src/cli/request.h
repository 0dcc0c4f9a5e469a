/*
 * request - from options to a run's settings: model, lane and limits, where things go. Everything
 * that can be held against them without reading the input or asking the cloud is held here.
 *
 * Threads: one at a time.
 */
#ifndef PS_CLI_REQUEST_H
#define PS_CLI_REQUEST_H

#include "app/settings.h"
#include "cli/options.h"

/*
 * Fills `settings` (which the caller made and releases) from the options of `run` and `plan`.
 * PS_E_USAGE names all that is missing, or what cannot be used and what would do.
 */
PS_MUST_CHECK enum ps_status ps_request_settings(const struct ps_options *options,
                                                 struct ps_settings *settings,
                                                 struct ps_error *err);

/*
 * One lane, which the caller has named (ps_lane_init): `text` as of --lane or NULL, then `model` as
 * of --model or NULL, then the profile of --limits for what is left out. PS_E_USAGE says what
 * cannot be used.
 */
PS_MUST_CHECK enum ps_status ps_request_lane(const struct ps_options *options, const char *text,
                                             const char *model, struct ps_lane *lane,
                                             struct ps_error *err);

/* PS_E_USAGE where options contradict each other or an input has no name. */
PS_MUST_CHECK enum ps_status ps_request_check(const struct ps_options *options,
                                              struct ps_error *err);

/* Of the lane's model. PS_E_USAGE, with a near one, where nobody here knows it. */
PS_MUST_CHECK enum ps_status ps_request_family(const struct ps_lane *lane,
                                               enum ps_family *ret_family, struct ps_error *err);

#endif
