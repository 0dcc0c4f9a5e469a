/*
 * resume_all - every run of the state folder that has not ended goes on, each in a process of its
 * own.
 *
 * Runs take days, so they go on side by side. While one goes on, the folder is looked through again
 * and again: a run that was begun since, or whose process died, goes on too; one that halted is
 * tried again after a while. A run that another process owns is left to that one. A signal is
 * passed on to all: they stop as a single run does.
 */
#ifndef PS_CLI_RESUME_ALL_H
#define PS_CLI_RESUME_ALL_H

#include "cli/options.h"

/*
 * Returns when none goes on any more, with the largest exit status that one of them ended with; one
 * line a run on stdout when it leaves.
 */
int ps_resume_all(const struct ps_options *options);

#endif
