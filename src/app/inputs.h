/*
 * inputs - the files a run reads, one after another as if they were one, pinned so that a change is
 * seen.
 *
 * A plain file is read where it lies and pinned by size and time of change. What cannot be read
 * twice (standard input) or not from the middle (gzip, zstd) is first written, unpacked, to a spool
 * in the run's folder.
 *
 * Owner: the caller embeds it and releases it. Threads: reading is safe from any.
 */
#ifndef PS_APP_INPUTS_H
#define PS_APP_INPUTS_H

#include "base/status.h"
#include "base/str.h"

#include <stdint.h>

struct ps_input {
    char *name;   /* as the user named it */
    char *path;   /* absolute; of the spool, where there is one */
    char *spool;  /* the spool's name in the run's folder, or NULL */
    char *header; /* CSV: the header row as it stands in the file; NULL */
    int64_t size_bytes;
    int64_t changed_at_ns; /* of `path`, since 1970 */
    uint64_t offset;       /* where its first byte stands in the row of inputs */
    int64_t data_from;     /* where its records begin: after a byte order mark and a header row */
    int64_t first_line;    /* the number of the line that begins there, from 1 */
};

struct ps_inputs {
    struct ps_input *items;
    int64_t count;
};

/*
 * Looks at every path, spools what must be; `folder` is the run's. PS_E_INPUT: a folder, a FIFO, a
 * broken stream; PS_E_NOT_FOUND; PS_E_IO. On failure nothing is left in the folder.
 */
PS_MUST_CHECK enum ps_status ps_inputs_open(const char *const *names, int64_t count,
                                            const char *folder, struct ps_inputs *ret_inputs,
                                            struct ps_error *err);
void ps_inputs_release(struct ps_inputs *inputs);

/* Deletes the spools: for a build that failed. */
void ps_inputs_remove_spools(const struct ps_inputs *inputs);

/* Which input holds the byte at `offset` of the row. */
int64_t ps_inputs_find(const struct ps_inputs *inputs, uint64_t offset);

/*
 * Opens an input for reading and holds it against its pin. PS_E_NOT_FOUND with code `input_gone`;
 * PS_E_CORRUPT with code `input_changed`. The caller closes *ret_descriptor.
 */
PS_MUST_CHECK enum ps_status ps_input_open(const struct ps_input *input, int *ret_descriptor,
                                           struct ps_error *err);

/* Exactly `size` bytes, `from` counted in this input; fewer are PS_E_CORRUPT with code
 * `input_changed`. */
PS_MUST_CHECK enum ps_status ps_input_read(const struct ps_input *input, int descriptor,
                                           int64_t from, char *room, size_t size,
                                           struct ps_error *err);

#endif
