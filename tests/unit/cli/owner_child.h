/*
 * owner_child - another process that holds a run's lock, as its owner would, until it is told to
 * end.
 *
 *     struct owner_child child;
 *     owner_child_start(&child, folder, &status);
 *     ... the run is owned ...
 *     owner_child_end(&child);
 */
#ifndef PS_TEST_OWNER_CHILD_H
#define PS_TEST_OWNER_CHILD_H

#include "cli/status_file.h"

#include <sys/types.h>

struct owner_child {
    pid_t pid;
    int tell; /* closing it ends the child */
};

/* It has written `status` when this returns, and holds the lock. */
void owner_child_start(struct owner_child *child, const char *folder,
                       const struct ps_run_status *status);

/* In peace, or as by kill -9. */
void owner_child_end(struct owner_child *child);
void owner_child_kill(struct owner_child *child);

#endif
