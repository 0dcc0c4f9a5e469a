/*
 * own_internal - what own's files share: own.c (the lock, the turns, leaving), own_open.c (all that
 * an owner has open), own_retry.c (what is unsent again), own_end.c (results and report),
 * own_early.c (why it ended early).
 *
 * Owner: ps_own_run embeds it. Threads: one.
 */
#ifndef PS_CLI_OWN_INTERNAL_H
#define PS_CLI_OWN_INTERNAL_H

#include "app/answers.h"
#include "app/index.h"
#include "app/report.h"
#include "app/turn.h"
#include "cli/own.h"
#include "cli/progress.h"
#include "cli/status_file.h"
#include "cli/wire.h"

/* Everything that an owner has open; released in one place, half built or whole. */
struct ps_owner {
    const struct ps_options *options;
    const char *folder;
    enum ps_own_mode mode;
    int lock;
    struct ps_settings settings;
    struct ps_wire *wire;
    struct ps_clock clock;
    struct ps_state_store store;
    struct ps_pool_ledger ledger; /* of all runs of the state folder; a local run has none */
    struct ps_index *index;
    struct ps_answers *answers;
    char **segments; /* committed ones, in their order */
    int64_t segment_count;
    struct ps_turn *turn;

    struct ps_run_status status;
    int64_t status_at_ms; /* the machine's clock: status.json is not written before it */
    struct ps_progress_view view;
    char told_failure[256];
    bool is_early; /* it is concluded, and ended early */
};

void ps_owner_release(struct ps_owner *owner);

/* The settings, with what `latest` (may be NULL) changes of them. */
PS_MUST_CHECK enum ps_status ps_owner_read_settings(struct ps_owner *owner,
                                                    const struct ps_settings *latest,
                                                    struct ps_error *err);

/* Store, index, answers: nothing of the world. */
PS_MUST_CHECK enum ps_status ps_owner_open_state(struct ps_owner *owner, struct ps_error *err);

/* Credentials, endpoint (or the emulator), the run's clock: nothing is asked yet. */
PS_MUST_CHECK enum ps_status ps_owner_open_wire(struct ps_owner *owner, struct ps_error *err);

/* The world, for a turn that is there; R1: it is where the run began. */
PS_MUST_CHECK enum ps_status ps_owner_open_world(struct ps_owner *owner, struct ps_world *ret_world,
                                                 struct ps_error *err);

/* May the run in that folder have sent that job, by its store? Whoever asks holds its lock. */
bool ps_owner_has_sent(const char *folder, int64_t job);

void ps_owner_add_segment(struct ps_owner *owner, const char *name);

/* What `penstock retry` would send once more, and what it leaves alone. */
struct ps_retry_counts {
    int64_t again;
    int64_t unaccounted; /* may have been paid: only with --resend-unaccounted */
    int64_t maybe_paid;  /* likewise, of calls on demand: only with --resend-maybe-paid */
};
void ps_owner_count_retry(const struct ps_owner *owner, struct ps_retry_counts *ret_counts);

/* Those records are unsent from now on, durably. */
PS_MUST_CHECK enum ps_status ps_owner_make_unsent(struct ps_owner *owner, struct ps_error *err);

void ps_owner_write_status(struct ps_owner *owner, const char *phase, int64_t exit_status);

/* Has every record its ending, and no job open? */
PS_MUST_CHECK bool ps_owner_is_over(struct ps_owner *owner);

/* Results, report, status: for a run that ended, was stopped or ended early. Returns the exit
 * status. */
int ps_owner_conclude(struct ps_owner *owner, enum ps_phase phase);

/* Says why it ended early, what failed most, and how to go on: own_early.c. */
void ps_owner_tell_early(struct ps_owner *owner);

/* The option that it ended early by: "max-failures", ... */
const char *ps_owner_early_option(const struct ps_owner *owner);

/* Says the error, keeps it in status.json, says how to go on. Returns the exit status. */
int ps_owner_halt(struct ps_owner *owner, struct ps_error *err);

#endif
