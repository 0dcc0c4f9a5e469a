#include "cli/own.h"

#include "app/results.h"
#include "base/buf.h"
#include "base/limits.h"
#include "cli/follow.h"
#include "cli/own_internal.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "codec/iso8601.h"
#include "codec/units.h"
#include "os/files.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATUS_REAL_MS 1000

/* Who looks whether a run is owned holds its lock for a moment. */
#define LOCK_TRIES 10
#define LOCK_PAUSE_REAL_MS 50

static const char leaving[] = "penstock: leaving at once; what is durable goes on with the same "
                              "command\n";
static const char not_following[] =
    "penstock: following no longer; its owner goes on with the run\n";

/* ------------------------------------------------ turns */

static void on_progress(void *const context, const struct ps_progress *const progress)
{
    struct ps_owner *const owner = context;
    const int64_t real_ms = ps_clock_real_monotonic_ms();
    owner->status.progress = *progress;
    if (real_ms >= owner->status_at_ms) {
        owner->status_at_ms = real_ms + STATUS_REAL_MS;
        ps_owner_write_status(owner, PS_RUN_RUNNING, -1);
    }
    ps_progress_show(&owner->view, progress, real_ms);
}

/* Said once, not for every shard that meets it. */
static void on_failure(void *const context, const struct ps_error *const error)
{
    struct ps_owner *const owner = context;
    if (strcmp(owner->told_failure, error->message) != 0) {
        (void)snprintf(owner->told_failure, sizeof(owner->told_failure), "%s", error->message);
        ps_say("%s", error->message);
    }
}

static int pause_here(struct ps_owner *const owner)
{
    ps_owner_write_status(owner, PS_RUN_PAUSED, PS_EXIT_STOPPED);
    if (owner->options->is_json) {
        ps_status_print_json(&owner->status);
    }
    ps_say("stopped here; %s. Go on with the same command, or: penstock resume %s",
           owner->settings.is_local ? "the emulator rests until then"
                                    : "its jobs go on at the service",
           owner->settings.name);
    return PS_EXIT_STOPPED;
}

/* Nothing is due: whoever called this tick calls the next one. */
static int rest_here(struct ps_owner *const owner)
{
    const int64_t due_ms = ps_turn_due_real_ms(owner->turn);
    struct ps_run_status *const status = &owner->status;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char stamp[PS_ISO8601_SIZE];
    status->next_ms = ps_clock_real_wall_ms() + due_ms;
    ps_owner_write_status(owner, PS_RUN_PAUSED, PS_EXIT_STOPPED);
    if (owner->options->is_json) {
        ps_status_print_json(status);
        return PS_EXIT_OK;
    }
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_progress_text(&text, &status->progress);
    ps_iso8601_format_ms(status->next_ms, stamp);
    printf("%s: %s; come back at %s, in %lld s\n", owner->settings.name, ps_buf_text(&text), stamp,
           (long long)((due_ms + PS_SECOND_MS - 1) / PS_SECOND_MS));
    return PS_EXIT_OK;
}

static int run_turns(struct ps_owner *const owner)
{
    struct ps_error err;
    struct ps_world world;
    enum ps_phase phase = PS_PHASE_RUNNING;
    const struct ps_turn_parts parts = {
        .folder = owner->folder,
        .settings = &owner->settings,
        .store = owner->store,
        .index = owner->index,
        .answers = owner->answers,
        .clock = &owner->clock,
        .segment_count = owner->segment_count,
        .is_stopping = owner->mode == PS_OWN_STOP,
        .is_canary_again = owner->mode == PS_OWN_RETRY,
        .is_tick = owner->mode == PS_OWN_TICK,
        .ledger = owner->ledger,
        .has_sent = ps_owner_has_sent,
        .progress = on_progress,
        .failure = on_failure,
        .context = owner,
    };
    owner->turn = ps_turn_new(&parts);
    if (ps_owner_open_world(owner, &world, &err) != PS_OK) {
        return ps_owner_halt(owner, &err);
    }
    ps_signals_set_turn(owner->turn);
    const enum ps_status status = ps_turn_run(owner->turn, world, &phase, &err);
    ps_signals_set_turn(NULL);
    ps_progress_end();
    if (status != PS_OK) {
        return ps_owner_halt(owner, &err);
    }
    if (phase != PS_PHASE_RUNNING) {
        return ps_owner_conclude(owner, phase);
    }
    return ps_turn_is_paused(owner->turn) ? pause_here(owner) : rest_here(owner);
}

/* ------------------------------------------------ beginning */

static bool is_stop_asked(const struct ps_owner *const owner)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(owner->folder, PS_STOP_FILE);
    return ps_files_exists(path);
}

static enum ps_status ask_to_stop(const char *const folder, struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, PS_STOP_FILE);
    return ps_files_write(path, PS_STR("asked to stop\n"), err);
}

/* Who wants a run to be sent again does not want it stopped any more. */
static void forget_stop(const struct ps_owner *const owner)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(owner->folder, PS_STOP_FILE);
    if (unlink(path) == 0) {
        ps_say("'penstock stop' was asked before and had not ended: it is forgotten");
    }
}

static void tell_count(const int64_t count, const char *const rest)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_units_add_count(&text, count);
    ps_say("%s record%s %s", ps_buf_text(&text), count == 1 ? "" : "s", rest);
}

static int conclude_again(struct ps_owner *const owner)
{
    const int64_t cancelled = ps_answers_count(owner->answers, PS_ANSWER_CANCELLED);
    ps_say("nothing is left to do: every record of this run has its ending");
    if (cancelled > 0) {
        tell_count(cancelled, "cancelled: this run was stopped");
    }
    return ps_owner_conclude(owner, cancelled > 0 ? PS_PHASE_STOPPED : PS_PHASE_ENDED);
}

static bool may_pay_twice(const struct ps_options *const options,
                          const struct ps_retry_counts *const counts)
{
    return (counts->unaccounted > 0 && options->is_resend_unaccounted) ||
           (counts->maybe_paid > 0 && options->is_resend_maybe_paid);
}

/* Before anything changes: what is sent again, and may it be? */
static enum ps_status check_retry(struct ps_owner *const owner, bool *const ret_is_any,
                                  struct ps_error *const err)
{
    struct ps_retry_counts counts;
    const struct ps_options *const options = owner->options;
    ps_owner_count_retry(owner, &counts);
    *ret_is_any = counts.again > 0;
    if (counts.unaccounted > 0 && !options->is_resend_unaccounted) {
        tell_count(counts.unaccounted, "unaccounted: perhaps paid, so left as they are; "
                                       "--resend-unaccounted sends them too");
    }
    if (counts.maybe_paid > 0 && !options->is_resend_maybe_paid) {
        tell_count(counts.maybe_paid, "maybe_paid: no answer came to their calls, so they are left "
                                      "as they are; --resend-maybe-paid sends them too");
    }
    if (may_pay_twice(options, &counts) && !options->is_yes &&
        ps_say_ask("some of these records may have been processed already: to send them again may "
                   "pay them twice. Go on?",
                   err) != PS_OK) {
        return err->status;
    }
    if (counts.again > 0) {
        tell_count(counts.again, "to be sent again");
    }
    return PS_OK;
}

static int own(struct ps_owner *const owner, const struct ps_settings *const latest)
{
    struct ps_error err;
    bool is_retry = false;
    if (ps_owner_read_settings(owner, latest, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    if (ps_status_file_read(owner->folder, &owner->status, &err) != PS_OK) {
        memset(&owner->status, 0, sizeof(owner->status));
    }
    owner->status.message[0] = '\0';
    owner->status.next_ms = 0;
    ps_owner_write_status(owner, PS_RUN_RUNNING, -1);
    if (ps_results_check_path(owner->settings.results_path, &err) != PS_OK ||
        ps_owner_open_state(owner, &err) != PS_OK ||
        (owner->mode == PS_OWN_RETRY && check_retry(owner, &is_retry, &err) != PS_OK)) {
        return ps_owner_halt(owner, &err);
    }
    if (!is_retry && ps_owner_is_over(owner)) {
        return conclude_again(owner);
    }
    if ((owner->mode == PS_OWN_GO || owner->mode == PS_OWN_TICK) && is_stop_asked(owner)) {
        ps_say("'penstock stop' was asked for this run and had not ended: its jobs are stopped and "
               "the rest is cancelled");
    }
    if (ps_owner_open_wire(owner, &err) != PS_OK) {
        return ps_owner_halt(owner, &err);
    }
    if (is_retry) {
        forget_stop(owner);
        if (ps_owner_make_unsent(owner, &err) != PS_OK) {
            return ps_owner_halt(owner, &err);
        }
    }
    return run_turns(owner);
}

/* ------------------------------------------------ the lock */

static enum ps_status take_lock(const char *const folder, int *const ret_lock,
                                int64_t *const reterr_pid, struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    const struct timespec pause = {0, LOCK_PAUSE_REAL_MS * 1000000};
    enum ps_status status = ps_files_lock(path, ret_lock, reterr_pid, err);
    for (int tries = 1; status == PS_E_CONFLICT && tries < LOCK_TRIES; tries++) {
        (void)nanosleep(&pause, NULL);
        status = ps_files_lock(path, ret_lock, reterr_pid, err);
    }
    return status;
}

/* A tick beside a live owner has nothing to do: that one does it. */
static int leave_alone(const struct ps_options *const options, const char *const folder,
                       const int64_t owner_pid)
{
    struct ps_error err;
    struct ps_run_status status;
    if (options->is_json) {
        if (ps_status_file_read(folder, &status, &err) != PS_OK) {
            return ps_say_error(&err);
        }
        ps_status_print_json(&status);
    }
    ps_say("process %lld is at this run: it is left to that one", (long long)owner_pid);
    return PS_EXIT_OK;
}

/* False: its owner died, so it may be ours now. */
static bool follow(const struct ps_options *const options, const char *const folder,
                   const int64_t owner_pid, int *const ret_exit)
{
    struct ps_error err;
    struct ps_run_status status;
    struct ps_progress_view view = {0};
    ps_say("process %lld owns this run: following it", (long long)owner_pid);
    ps_signals_catch(not_following);
    if (ps_follow(folder, ps_follow_progress, &view, &status, &err) != PS_OK) {
        *ret_exit = ps_say_error(&err);
        return true;
    }
    if (strcmp(status.phase, PS_RUN_INTERRUPTED) == 0) {
        ps_say("process %lld is gone: going on with the run here", (long long)owner_pid);
        return false;
    }
    *ret_exit = ps_follow_conclude(options, folder, &status);
    return true;
}

int ps_own_run(const struct ps_options *const options, const char *const folder,
               const enum ps_own_mode mode, const struct ps_settings *const latest)
{
    struct ps_error err;
    struct ps_owner owner PS_CLEANUP(ps_owner_release) = {
        .options = options, .folder = folder, .mode = mode, .lock = -1};
    int64_t owner_pid = 0;
    int exit_status = 0;
    ps_settings_init(&owner.settings);
    /* Asked first, in a file: a crash right after does not forget that the user wants it stopped.
     */
    if (mode == PS_OWN_STOP && ask_to_stop(folder, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    while (take_lock(folder, &owner.lock, &owner_pid, &err) != PS_OK) {
        if (err.status != PS_E_CONFLICT) {
            return ps_say_error(&err);
        }
        if (mode == PS_OWN_TICK) {
            return leave_alone(options, folder, owner_pid);
        }
        if (mode == PS_OWN_RETRY) {
            (void)ps_error_set(&err, PS_E_CONFLICT, PS_RETRY_LATER,
                               "cannot retry now: process %lld is running this run",
                               (long long)owner_pid);
            (void)ps_error_hint(&err, "Wait for its end ('penstock wait'), then retry.");
            return ps_say_error(&err);
        }
        if (follow(options, folder, owner_pid, &exit_status)) {
            return exit_status;
        }
    }
    ps_signals_catch(leaving);
    return own(&owner, latest);
}
