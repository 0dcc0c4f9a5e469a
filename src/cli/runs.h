/*
 * runs - where runs are kept, and how one is found: STATE/runs/<name>/.
 *
 * A run's folder: run.json (what it was started with), run.db (its state), lock (who owns it now),
 * index.bin, ids.bin, source.json, answers/, status.json (for others to read), stop (somebody asked
 * it to stop), emulator/ (--local).
 */
#ifndef PS_CLI_RUNS_H
#define PS_CLI_RUNS_H

#include "cli/options.h"

/* STATE: --state-dir, else $XDG_STATE_HOME/penstock, else ~/.local/state/penstock. Heap text. */
char *ps_runs_root(const struct ps_options *options);

/* The folder of the run of exactly that name, there or not. Heap text. */
char *ps_runs_folder(const char *root, const char *name);

/* The run that `word` names: its name or the beginning of only one. PS_E_USAGE says which there
 * are. */
PS_MUST_CHECK enum ps_status ps_runs_find(const struct ps_options *options, char **ret_folder,
                                          struct ps_error *err);

/* Calls `see` for each run's folder, in order of name. */
void ps_runs_each(const char *root, void (*see)(void *seer, const char *name, const char *folder),
                  void *seer);

/* Does a process own it now? */
bool ps_runs_is_owned(const char *folder);

#endif
