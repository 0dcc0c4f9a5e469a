/*
 * status_file - status.json in the run's folder: what others may read of a run without asking its
 * owner.
 *
 * Renamed into place about once a second, and at the end. `penstock status --json` and
 * `penstock runs --json` print the same object.
 *
 * Owner: plain data, copied by value. Threads: one at a time.
 */
#ifndef PS_CLI_STATUS_FILE_H
#define PS_CLI_STATUS_FILE_H

#include "app/turn.h"

/* Where a run stands. */
#define PS_RUN_NOT_BEGUN "not begun"     /* its input is read, nothing was sent */
#define PS_RUN_RUNNING "running"         /* a process owns it */
#define PS_RUN_INTERRUPTED "interrupted" /* its owner died: seen from outside, never written */
#define PS_RUN_PAUSED "paused"           /* left by a signal; its jobs go on */
#define PS_RUN_HALTED "halted"           /* an error that a person must look at */
#define PS_RUN_STOPPED "stopped"         /* by `penstock stop`: every record has its ending */
#define PS_RUN_ENDED "ended"             /* likewise, by itself */
#define PS_RUN_EARLY "ended early"       /* by --max-failures, ...: the rest is unsent, resumable */

struct ps_run_status {
    char name[64];
    char phase[16];      /* one of PS_RUN_... */
    char message[520];   /* of a halted one: what happened and what to do */
    char results[4096];  /* where they are or will be */
    int64_t exit_status; /* -1: not ended */
    int64_t pid;         /* of the last owner */
    int64_t updated_ms;  /* wall clock */
    int64_t next_ms;     /* likewise: when `penstock tick` has something to do again; 0: unknown */
    struct ps_progress progress;
};

/* Has every record its ending, as it says? */
bool ps_status_is_over(const struct ps_run_status *status);

/* A failure is logged, and no matter to the run. */
void ps_status_file_write(const char *folder, const struct ps_run_status *status);

/*
 * As seen from outside: a run without the file is `not begun`, and one that says `running` while
 * nobody holds its lock is `interrupted`. PS_E_CORRUPT, PS_E_IO.
 */
PS_MUST_CHECK enum ps_status
ps_status_file_read(const char *folder, struct ps_run_status *ret_status, struct ps_error *err);

/* The JSON object, without a line end; pretty for a file that people open. */
void ps_status_add_json(struct ps_buf *buf, const struct ps_run_status *status, bool is_pretty);

/* The same on one line of stdout: what --json says of a run that has no report (yet). */
void ps_status_print_json(const struct ps_run_status *status);

#endif
