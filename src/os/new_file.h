/*
 * new_file - a large file that appears whole or not at all.
 *
 * Written in pieces to "<path>.new" (0600, never through a link), synced, then renamed over `path`.
 * Freed without commit, it leaves nothing. Writes are buffered; every failure is PS_E_IO and names
 * the path.
 *
 * Owner: the caller frees. Threads: one at a time.
 *
 *     struct ps_new_file *file PS_CLEANUP(ps_new_file_free_auto) = NULL;
 *     if (ps_new_file_begin(path, &file, err) != PS_OK || ps_new_file_add(file, bytes, err) !=
 * PS_OK) { ... } return ps_new_file_commit(file, err);
 */
#ifndef PS_OS_NEW_FILE_H
#define PS_OS_NEW_FILE_H

#include "base/status.h"
#include "base/str.h"

#include <stdint.h>

struct ps_new_file;

PS_MUST_CHECK enum ps_status ps_new_file_begin(const char *path, struct ps_new_file **ret_file,
                                               struct ps_error *err);
struct ps_new_file *ps_new_file_free(struct ps_new_file *file);
void ps_new_file_free_auto(struct ps_new_file **file);

/* To the end. */
PS_MUST_CHECK enum ps_status ps_new_file_add(struct ps_new_file *file, struct ps_str bytes,
                                             struct ps_error *err);

/* Writes what is buffered, so that reads see it. */
PS_MUST_CHECK enum ps_status ps_new_file_flush(struct ps_new_file *file, struct ps_error *err);

/* Over or behind what is there; does not move the end that `add` writes to. */
PS_MUST_CHECK enum ps_status ps_new_file_write_at(struct ps_new_file *file, int64_t offset,
                                                  struct ps_str bytes, struct ps_error *err);

/* Exactly `size` bytes of what was flushed. */
PS_MUST_CHECK enum ps_status ps_new_file_read_at(struct ps_new_file *file, int64_t offset,
                                                 char *room, size_t size, struct ps_error *err);

/* How much was added so far. */
int64_t ps_new_file_size(const struct ps_new_file *file);

/* Flushes, syncs, renames, syncs the folder. Afterwards the file can only be freed. */
PS_MUST_CHECK enum ps_status ps_new_file_commit(struct ps_new_file *file, struct ps_error *err);

#endif
