/*
 * follow - stays beside a run that another process owns, shows how far it is, and ends with its
 * status.
 *
 * Threads: one.
 */
#ifndef PS_CLI_FOLLOW_H
#define PS_CLI_FOLLOW_H

#include "cli/options.h"
#include "cli/status_file.h"

/* Shows the status again and again, and once at the end. */
typedef void ps_follow_show(void *viewer, const struct ps_run_status *status);

/*
 * Returns when nobody owns the run any more (at once, where nobody does), with its last status; a
 * phase of `interrupted` says that its owner died.
 */
PS_MUST_CHECK enum ps_status ps_follow(const char *folder, ps_follow_show *show, void *viewer,
                                       struct ps_run_status *ret_status, struct ps_error *err);

/* The plain way of showing: the progress line. `viewer` is a zeroed struct ps_progress_view. */
void ps_follow_progress(void *viewer, const struct ps_run_status *status);

/*
 * Says how it ended (as JSON on stdout with --json) and returns the exit status, in the light of
 * --allow-failures.
 */
int ps_follow_conclude(const struct ps_options *options, const char *folder,
                       const struct ps_run_status *status);

#endif
