/*
 * own - the process that owns a run: takes the lock, opens everything, lets the turns run,
 * publishes, reports.
 *
 * Used by run, resume, stop and retry. Who finds the run owned by a live process follows it
 * instead.
 */
#ifndef PS_CLI_OWN_H
#define PS_CLI_OWN_H

#include "app/settings.h"
#include "cli/options.h"

enum ps_own_mode {
    PS_OWN_GO,
    PS_OWN_STOP, /* the user wants it stopped: jobs too */
    PS_OWN_RETRY /* failed and cancelled records are unsent again, then go */
};

/*
 * Owns the run in `folder` until it ends, stops or halts. `results_path` NULL: where its settings
 * say. Returns the exit status. Another owner: follows it.
 */
int ps_own_run(const struct ps_options *options, const char *folder, enum ps_own_mode mode,
               const char *results_path);

/* Waits until nobody owns the run, shows its progress, and returns the status that it ended with.
 */
int ps_own_follow(const struct ps_options *options, const char *folder);

#endif
