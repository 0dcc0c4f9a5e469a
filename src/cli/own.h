/*
 * own - the process that owns a run: takes its lock, opens everything, lets the turns run,
 * publishes, reports.
 *
 * Used by run, resume, stop and retry. Who finds the run owned by a live process follows that one
 * instead, and takes over if it dies.
 */
#ifndef PS_CLI_OWN_H
#define PS_CLI_OWN_H

#include "app/settings.h"
#include "cli/options.h"

enum ps_own_mode {
    PS_OWN_GO,
    PS_OWN_STOP,  /* the user wants it stopped: jobs too */
    PS_OWN_RETRY, /* failed and cancelled records are unsent again, then go */
    PS_OWN_TICK   /* go, but only until nothing is due; an owner that lives is left alone */
};

/*
 * Owns the run in `folder` until it ends, stops or halts. Returns the exit status.
 *
 * `latest` NULL: as its settings say. Else what the command at hand says of limits, role and where
 * results go takes their place, and is kept: what names a run is not in it.
 */
int ps_own_run(const struct ps_options *options, const char *folder, enum ps_own_mode mode,
               const struct ps_settings *latest);

#endif
