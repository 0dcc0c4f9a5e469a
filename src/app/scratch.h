/*
 * scratch - memory that grows with the input, kept in a file without a name so that the system may
 * take it back: a large table stays out of the program's own memory, and nothing is left after a
 * crash.
 *
 * Its disk space is reserved when it is made: a full disk is an error then, not a fault later.
 *
 * Owner: the caller embeds it and releases it. Threads: one at a time.
 */
#ifndef PS_APP_SCRATCH_H
#define PS_APP_SCRATCH_H

#include "base/status.h"

#include <stddef.h>

/* How a file's name begins between its making and the loss of it, should the process die there. */
#define PS_SCRATCH_PREFIX "scratch."

struct ps_scratch {
    void *bytes; /* all zero at first */
    size_t size;
};

PS_MUST_CHECK enum ps_status ps_scratch_init(struct ps_scratch *scratch, const char *folder,
                                             size_t size, struct ps_error *err);
void ps_scratch_release(struct ps_scratch *scratch);

/* A file of `folder` without a name, open for reading and writing; the caller closes it. */
PS_MUST_CHECK enum ps_status ps_scratch_file(const char *folder, int *ret_file,
                                             struct ps_error *err);

#endif
