/*
 * files - whole files, folders and the lock of a run: durable, private (0600, 0700), never through
 * a link.
 */
#ifndef PS_OS_FILES_H
#define PS_OS_FILES_H

#include "base/buf.h"
#include "base/status.h"

/* Makes the folder and those above it, 0700. One that is there is fine. */
PS_MUST_CHECK enum ps_status ps_files_make_folder(const char *path, struct ps_error *err);

/* Writes beside `path`, syncs, renames over it, syncs the folder. After a failure `path` is as
 * before. */
PS_MUST_CHECK enum ps_status ps_files_write(const char *path, struct ps_str bytes,
                                            struct ps_error *err);

/* As above without the syncs: for what may be lost with the machine (status.json). */
PS_MUST_CHECK enum ps_status ps_files_write_quick(const char *path, struct ps_str bytes,
                                                  struct ps_error *err);

/* To the end of `path`, made where it is not there; no syncs. A failure may leave a part. */
PS_MUST_CHECK enum ps_status ps_files_append(const char *path, struct ps_str bytes,
                                             struct ps_error *err);

/* All of it to the end of `buf`. PS_E_NOT_FOUND, PS_E_IO, PS_E_TOO_LARGE (the buffer's cap). */
PS_MUST_CHECK enum ps_status ps_files_read(const char *path, struct ps_buf *buf,
                                           struct ps_error *err);

/* Makes what was named, renamed or deleted in the folder of `path` durable. */
PS_MUST_CHECK enum ps_status ps_files_sync_folder_of(const char *path, struct ps_error *err);

bool ps_files_exists(const char *path);

/* Deletes the folder and all in it; links are deleted, not followed. */
PS_MUST_CHECK enum ps_status ps_files_remove_tree(const char *path, struct ps_error *err);

/* Bytes free for us on the file system of `path`; -1 when it cannot be told. */
int64_t ps_files_free_bytes(const char *path);

/* "a" + "/" + "b" in heap text. */
char *ps_files_join(const char *folder, const char *name);

/* `path` without links and dots, or joined to the present folder where it does not exist. Heap
 * text. */
char *ps_files_absolute(const char *path);

/*
 * Takes the lock file `path` for this process until the descriptor is closed (also by kill -9).
 * PS_E_CONFLICT: another process holds it; *reterr_pid is then what that process wrote there (0:
 * unreadable).
 */
PS_MUST_CHECK enum ps_status ps_files_lock(const char *path, int *ret_descriptor,
                                           int64_t *reterr_pid, struct ps_error *err);

/* Does another process hold it? */
bool ps_files_is_locked(const char *path);

#endif
