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

#endif
