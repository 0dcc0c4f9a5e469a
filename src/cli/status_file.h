/*
 * status_file - status.json in the run's folder: what others may read of a run without asking its
 * owner.
 *
 * Renamed into place about once a second, and at the end. segments.list beside it names the
 * committed segments, so that `penstock results` can read a live run.
 */
#ifndef PS_CLI_STATUS_FILE_H
#define PS_CLI_STATUS_FILE_H

#include "app/settings.h"
#include "app/turn.h"

struct ps_run_status {
    char name[64];
    char phase[16];    /* running, ended, stopped, paused, halted */
    char message[520]; /* of a halted one: what and what to do */
    char results[1024];
    int64_t exit_status; /* -1: not ended */
    int64_t pid;
    int64_t updated_ms;
    struct ps_progress progress;
};

void ps_status_file_write(const char *folder, const struct ps_run_status *status);

/* PS_E_NOT_FOUND: none there yet. Texts of `progress` are NULL. */
PS_MUST_CHECK enum ps_status
ps_status_file_read(const char *folder, struct ps_run_status *ret_status, struct ps_error *err);

#endif
