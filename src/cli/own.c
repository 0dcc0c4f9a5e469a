#include "cli/own.h"

#include "app/answers.h"
#include "app/collect.h"
#include "app/report.h"
#include "app/results.h"
#include "app/turn.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/progress.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/status_file.h"
#include "cli/wire.h"
#include "os/files.h"
#include "store/sqlite_store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATUS_REAL_MS 1000
#define FOLLOW_REAL_MS 200

/* Everything that an owner has open; released in one place, half built or whole. */
struct owner {
    const struct ps_options *options;
    const char *folder;
    const char *results_path;
    enum ps_own_mode mode;
    int lock;
    struct ps_settings settings;
    struct ps_wire *wire;
    struct ps_clock clock;
    struct ps_state_store store;
    struct ps_index *index;
    struct ps_answers *answers;
    char **segments;
    int64_t segment_count;
    struct ps_turn *turn;
    struct ps_run_status status;
    int64_t status_at_ms;
    struct ps_report_facts facts; /* jobs, attempts, shards and bytes of all its processes */
    bool has_open_jobs;
};

static void owner_release(struct owner *const owner)
{
    (void)ps_turn_free(owner->turn);
    (void)ps_answers_free(owner->answers);
    (void)ps_index_free(owner->index);
    ps_sqlite_store_close(&owner->store);
    (void)ps_wire_free(owner->wire);
    for (int64_t segment = 0; segment < owner->segment_count; segment++) {
        free(owner->segments[segment]);
    }
    free(owner->segments);
    ps_settings_release(&owner->settings);
    if (owner->lock >= 0) {
        (void)close(owner->lock);
    }
}

/* ------------------------------------------------ signals */

static struct ps_turn *volatile signalled_turn;
static volatile sig_atomic_t signal_count;

static void on_signal(const int number)
{
    (void)number;
    signal_count++;
    if (signal_count > 1) {
        _exit(PS_EXIT_STOPPED);
    }
    if (signalled_turn != NULL) {
        ps_turn_pause(signalled_turn);
    }
}

static void catch_signals(struct ps_turn *const turn)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = turn == NULL ? SIG_DFL : on_signal;
    signalled_turn = turn;
    for (size_t place = 0; place < sizeof(numbers) / sizeof(numbers[0]); place++) {
        (void)sigaction(numbers[place], &action, NULL);
    }
}

/* ------------------------------------------------ opening */

static void see_segment(void *const seer, const char *const name)
{
    struct owner *const owner = seer;
    owner->segments =
        reallocarray(owner->segments, (size_t)owner->segment_count + 1, sizeof(owner->segments[0]));
    PS_ASSERT(owner->segments != NULL);
    owner->segments[owner->segment_count++] = ps_str_dup(ps_str_of(name));
}

/* The emulator drew its bucket and its role when its data was made. */
static void set_local_place(struct owner *const owner)
{
    struct ps_settings *const settings = &owner->settings;
    if (settings->is_local) {
        free(settings->bucket);
        settings->bucket = ps_str_dup(ps_str_of(ps_wire_local_bucket(owner->wire)));
        (void)snprintf(settings->lane.role_arn, sizeof(settings->lane.role_arn), "%s",
                       ps_wire_local_role(owner->wire));
    }
}

static enum ps_status open_clock(struct owner *const owner, struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_clock_mark mark;
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    if (ps_clock_init(&owner->clock, ps_str_of(ps_wire_clock_spec(owner->wire)), err) != PS_OK) {
        return err->status;
    }
    if (owner->store.ops->get_value(owner->store.context, "clock", &text)) {
        const struct ps_str str = ps_buf_str(&text);
        const size_t comma = ps_str_find(str, ',');
        if (ps_str_to_i64(ps_str_part(str, 0, comma), &mark.steady_ms) &&
            ps_str_to_i64(ps_str_part(str, comma + 1, str.size), &mark.wall_ms)) {
            ps_clock_resume(&owner->clock, mark);
        }
    }
    return PS_OK;
}

static enum ps_status open_state(struct owner *const owner, struct ps_error *const err)
{
    char *database PS_CLEANUP(ps_str_free_auto) = ps_files_join(owner->folder, "run.db");
    if (ps_sqlite_store_open(database, &owner->store, err) != PS_OK ||
        ps_index_open(owner->folder, &owner->index, err) != PS_OK ||
        owner->store.ops->each_segment(owner->store.context, see_segment, owner, err) != PS_OK) {
        return err->status;
    }
    char *answers PS_CLEANUP(ps_str_free_auto) = ps_files_join(owner->folder, "answers");
    return ps_answers_open(answers, ps_index_count(owner->index),
                           (const char *const *)owner->segments, owner->segment_count,
                           &owner->answers, err);
}

/* R1: the endpoint stays what it was when the run began. */
static enum ps_status pin_endpoint(struct owner *const owner, struct ps_error *const err)
{
    struct ps_buf host PS_CLEANUP(ps_buf_release);
    struct ps_buf pinned PS_CLEANUP(ps_buf_release);
    const struct ps_state_store store = owner->store;
    ps_buf_init(&host, PS_TEXT_BYTES_MAX);
    ps_buf_init(&pinned, PS_TEXT_BYTES_MAX);
    ps_wire_add_host(owner->wire, &host);
    if (!store.ops->get_value(store.context, "endpoint", &pinned)) {
        return store.ops->set_value(store.context, "endpoint", ps_buf_text(&host), err);
    }
    if (!ps_str_equals(ps_buf_str(&host), ps_buf_str(&pinned))) {
        (void)ps_error_set(
            err, PS_E_DENIED, PS_RETRY_NEVER,
            "cannot go on: this run began at '%.80s', and now it would talk to '%.80s'",
            ps_buf_text(&pinned), ps_buf_text(&host));
        return ps_error_hint(
            err, "Give the endpoint (--endpoint-url, AWS_ENDPOINT_URL) that it began with.");
    }
    return PS_OK;
}

/*
 * R1: a run stays in its Region. What the environment and the profile say counts only for a run
 * that took its Region from there; --region always does, unless it was said at the start too.
 */
static enum ps_status pin_region(const struct owner *const owner, struct ps_error *const err)
{
    struct ps_buf pinned PS_CLEANUP(ps_buf_release);
    char *said PS_CLEANUP(ps_str_free_auto) = NULL;
    const struct ps_state_store store = owner->store;
    const char *const own_region = owner->settings.lane.region;
    ps_buf_init(&pinned, PS_TEXT_BYTES_MAX);
    if (owner->settings.is_local) {
        return PS_OK;
    }
    if (ps_wire_region(owner->options, &said, err) != PS_OK) {
        return err->status;
    }
    if (!store.ops->get_value(store.context, "region_said", &pinned)) {
        return store.ops->set_value(store.context, "region_said", said == NULL ? "" : said, err);
    }
    const struct ps_str then = ps_buf_str(&pinned);
    const bool counts = owner->options->region != NULL || ps_str_equals_text(then, own_region);
    if (said != NULL && counts && !ps_str_equals_text(then, said) &&
        strcmp(said, own_region) != 0) {
        (void)ps_error_set(err, PS_E_DENIED, PS_RETRY_NEVER,
                           "cannot go on: this run lives in Region '%.40s', and now '%.40s' is "
                           "asked for",
                           own_region, said);
        return ps_error_hint(err, "Leave --region and AWS_REGION as they were when it began.");
    }
    return PS_OK;
}

/* ------------------------------------------------ progress and status */

static void write_status(struct owner *const owner, const char *const phase,
                         const int64_t exit_status)
{
    (void)snprintf(owner->status.phase, sizeof(owner->status.phase), "%s", phase);
    (void)snprintf(owner->status.name, sizeof(owner->status.name), "%s", owner->settings.name);
    (void)snprintf(owner->status.results, sizeof(owner->status.results), "%s", owner->results_path);
    owner->status.exit_status = exit_status;
    owner->status.pid = getpid();
    owner->status.updated_ms = ps_clock_real_wall_ms();
    ps_status_file_write(owner->folder, &owner->status);
}

static void on_progress(void *const context, const struct ps_progress *const progress)
{
    struct owner *const owner = context;
    const int64_t real_ms = ps_clock_real_monotonic_ms();
    owner->status.progress = *progress;
    if (real_ms >= owner->status_at_ms) {
        owner->status_at_ms = real_ms + STATUS_REAL_MS;
        write_status(owner, "running", -1);
    }
    ps_progress_show(progress, owner->options->is_quiet || owner->options->is_json);
}

/* ------------------------------------------------ retry */

static enum ps_status make_unsent(struct owner *const owner, struct ps_error *const err)
{
    const int64_t count = ps_index_count(owner->index);
    uint64_t *const picked = calloc((size_t)count + 1, sizeof(picked[0]));
    int64_t picked_count = 0;
    char name[64];
    PS_ASSERT(picked != NULL);
    for (int64_t record = 0; record < count; record++) {
        const enum ps_answer_kind kind = ps_answers_state(owner->answers, record).kind;
        const bool is_again =
            kind == PS_ANSWER_FAILED || kind == PS_ANSWER_CANCELLED ||
            (kind == PS_ANSWER_UNACCOUNTED && owner->options->is_resend_unaccounted);
        if (is_again) {
            picked[picked_count++] = (uint64_t)record;
        }
    }
    (void)snprintf(name, sizeof(name), "retry-%06lld", (long long)owner->segment_count + 1);
    const struct ps_shard_records records = {0, 0, picked, picked_count};
    const struct ps_verdict verdict = {name, PS_ANSWER_UNPROCESSED, "retry",
                                       PS_STR("to be sent again")};
    enum ps_status status = PS_OK;
    if (picked_count > 0) {
        status = ps_collect_verdicts(owner->answers, owner->index, &verdict, &records, 1, err);
        if (status == PS_OK) {
            status = owner->store.ops->add_segment(owner->store.context, name, err);
            owner->segment_count++;
            owner->segments = reallocarray(owner->segments, (size_t)owner->segment_count,
                                           sizeof(owner->segments[0]));
            PS_ASSERT(owner->segments != NULL);
            owner->segments[owner->segment_count - 1] = ps_str_dup(ps_str_of(name));
        }
    }
    free(picked);
    ps_say("%lld records are sent again", (long long)picked_count);
    return status;
}

/* ------------------------------------------------ the end */

static enum ps_status publish(struct owner *const owner, struct ps_results_sums *const ret_sums,
                              struct ps_error *const err)
{
    struct ps_error source_err;
    struct ps_source *source = NULL;
    if (ps_source_open(owner->folder, owner->index, &source, &source_err) != PS_OK) {
        source = NULL; /* the failed file then has ids only */
    }
    const struct ps_results_target target = {owner->results_path, owner->settings.lane.name,
                                             source};
    const enum ps_status status =
        ps_results_publish(owner->index, owner->answers, &target, ret_sums, err);
    (void)ps_source_free(source);
    return status;
}

static int exit_of_sums(const struct owner *const owner, const struct ps_results_sums *const sums)
{
    const int64_t lacking = sums->records - sums->succeeded;
    return ps_many_allows(owner->options->allow_failures, lacking, sums->records)
               ? PS_EXIT_OK
               : PS_EXIT_SOME_FAILED;
}

/* What was sent, by all its processes. */
static void see_work(void *const seer, struct ps_job *const job)
{
    struct owner *const owner = seer;
    if (job->arn != NULL) {
        owner->facts.jobs++;
        owner->facts.shards += job->shard_count;
        owner->facts.attempts += job->attempt;
        owner->facts.put_bytes += job->bytes;
    }
    owner->has_open_jobs = owner->has_open_jobs || ps_job_holds_records(job);
}

static enum ps_status sum_work(struct owner *const owner, struct ps_error *const err)
{
    owner->facts = (struct ps_report_facts){.run = owner->settings.name,
                                            .model = owner->settings.lane.model,
                                            .lane = owner->settings.lane.name,
                                            .results_path = owner->results_path,
                                            .is_local = owner->settings.is_local,
                                            .elapsed_ms = owner->status.progress.passed_ms};
    owner->has_open_jobs = false;
    return owner->store.ops->each_job(owner->store.context, see_work, owner, err);
}

static enum ps_status report(struct owner *const owner, struct ps_error *const err)
{
    struct ps_report made;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_REPORT_BYTES_MAX);
    if (ps_report_make(&owner->facts, owner->index, owner->answers, &made, err) != PS_OK ||
        ps_report_publish(&made, err) != PS_OK) {
        return err->status;
    }
    if (owner->options->is_json) {
        ps_report_add_json(&made, &text);
    } else {
        ps_report_add_text(&made, &text);
    }
    (void)fwrite(text.data, 1, text.size, stdout);
    return PS_OK;
}

/* Results, report, status: for a run that ended or was stopped. */
static int conclude(struct owner *const owner, const enum ps_phase phase,
                    struct ps_error *const err)
{
    struct ps_results_sums sums;
    char *stop_file PS_CLEANUP(ps_str_free_auto) = ps_files_join(owner->folder, PS_STOP_FILE);
    if (sum_work(owner, err) != PS_OK || publish(owner, &sums, err) != PS_OK ||
        report(owner, err) != PS_OK) {
        const int status = ps_say_error(err);
        (void)snprintf(owner->status.message, sizeof(owner->status.message), "%s", err->message);
        write_status(owner, "halted", status);
        return status;
    }
    (void)unlink(stop_file);
    const bool is_stopped = phase == PS_PHASE_STOPPED;
    const int status = is_stopped ? PS_EXIT_STOPPED : exit_of_sums(owner, &sums);
    write_status(owner, is_stopped ? "stopped" : "ended", status);
    return owner->mode == PS_OWN_STOP && is_stopped ? PS_EXIT_OK : status;
}

static int leave(struct owner *const owner, const enum ps_phase phase, const enum ps_status status,
                 struct ps_error *const err)
{
    ps_progress_end(owner->options->is_quiet || owner->options->is_json);
    if (status != PS_OK) {
        const int exit_status = ps_say_error(err);
        (void)snprintf(owner->status.message, sizeof(owner->status.message), "%s. %s", err->message,
                       err->hint);
        write_status(owner, "halted", exit_status);
        ps_say("the run's state is kept: 'penstock resume %s' goes on from here",
               owner->settings.name);
        return exit_status;
    }
    if (phase == PS_PHASE_RUNNING) {
        write_status(owner, "paused", PS_EXIT_STOPPED);
        ps_say(
            "stopped here; jobs at the service go on by themselves. Go on with: penstock resume %s",
            owner->settings.name);
        return PS_EXIT_STOPPED;
    }
    return conclude(owner, phase, err);
}

static int run_turns(struct owner *const owner, struct ps_error *const err)
{
    const struct ps_turn_parts parts = {
        .folder = owner->folder,
        .settings = &owner->settings,
        .store = owner->store,
        .index = owner->index,
        .answers = owner->answers,
        .clock = &owner->clock,
        .segment_count = owner->segment_count,
        .is_stopping = owner->mode == PS_OWN_STOP,
        .progress = on_progress,
        .progress_context = owner,
    };
    struct ps_world world;
    struct ps_turn_end end = {PS_PHASE_RUNNING, 0};
    owner->turn = ps_turn_new(&parts);
    if (ps_wire_world(owner->wire, &owner->settings, ps_turn_streams(owner->turn), &owner->clock,
                      &world, err) != PS_OK ||
        pin_endpoint(owner, err) != PS_OK) {
        return leave(owner, PS_PHASE_RUNNING, err->status, err);
    }
    catch_signals(owner->turn);
    const enum ps_status status = ps_turn_run(owner->turn, world, &end, err);
    catch_signals(NULL);
    return leave(owner, end.phase, status, err);
}

/* Nothing is left to do at the service: then it is not even asked. */
static bool is_over(struct owner *const owner)
{
    struct ps_results_sums sums;
    struct ps_error err;
    ps_results_sums(owner->index, owner->answers, &sums);
    return sums.pending == 0 && sum_work(owner, &err) == PS_OK && !owner->has_open_jobs;
}

static int own(struct owner *const owner)
{
    struct ps_error err;
    if (ps_settings_read(&owner->settings, owner->folder, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    if (owner->results_path == NULL) {
        owner->results_path = owner->settings.results_path;
    }
    if (owner->options->has_poll_ms) {
        owner->settings.poll_ms = owner->options->poll_ms;
    }
    struct ps_error none;
    if (ps_status_file_read(owner->folder, &owner->status, &none) == PS_OK) {
        owner->status.message[0] = '\0';
    }
    if (ps_results_check_path(owner->results_path, &err) != PS_OK ||
        open_state(owner, &err) != PS_OK || pin_region(owner, &err) != PS_OK ||
        (owner->mode == PS_OWN_RETRY && make_unsent(owner, &err) != PS_OK)) {
        return ps_say_error(&err);
    }
    if (is_over(owner)) {
        ps_say("every record of this run has its ending already");
        return conclude(owner, PS_PHASE_ENDED, &err);
    }
    if (ps_wire_new(owner->options, &owner->settings, owner->folder, &owner->wire, &err) != PS_OK ||
        open_clock(owner, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    set_local_place(owner);
    return run_turns(owner, &err);
}

static enum ps_status ask_to_stop(const char *const folder, struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, PS_STOP_FILE);
    return ps_files_write(path, PS_STR("asked to stop\n"), err);
}

int ps_own_run(const struct ps_options *const options, const char *const folder,
               const enum ps_own_mode mode, const char *const results_path)
{
    struct ps_error err;
    struct owner owner PS_CLEANUP(owner_release) = {.options = options,
                                                    .folder = folder,
                                                    .mode = mode,
                                                    .results_path = results_path,
                                                    .lock = -1};
    char *lock PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    int64_t owner_pid = 0;
    ps_settings_init(&owner.settings);
    /* Asked first, in a file: a crash right after does not forget that the user wants it stopped.
     */
    if (mode == PS_OWN_STOP && ask_to_stop(folder, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    if (ps_files_lock(lock, &owner.lock, &owner_pid, &err) == PS_OK) {
        return own(&owner);
    }
    owner.lock = -1;
    if (err.status != PS_E_CONFLICT) {
        return ps_say_error(&err);
    }
    if (mode == PS_OWN_RETRY) {
        ps_error_hint(&err, "It is running: wait for its end ('penstock wait'), then retry.");
        return ps_say_error(&err);
    }
    ps_say("process %lld owns this run: following it", (long long)owner_pid);
    return ps_own_follow(options, folder);
}

int ps_own_follow(const struct ps_options *const options, const char *const folder)
{
    struct ps_run_status status;
    struct ps_error err;
    const bool is_silent = options->is_quiet || options->is_json;
    while (ps_runs_is_owned(folder)) {
        const struct timespec pause = {0, FOLLOW_REAL_MS * 1000000};
        if (ps_status_file_read(folder, &status, &err) == PS_OK) {
            status.progress.activity = "owned by another process";
            status.progress.trouble = "";
            ps_progress_show(&status.progress, is_silent);
        }
        (void)nanosleep(&pause, NULL);
    }
    ps_progress_end(is_silent);
    if (ps_status_file_read(folder, &status, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    ps_say("run %s: %s", status.name,
           status.exit_status < 0 ? "its owner died; resume it" : status.phase);
    if (status.message[0] != '\0') {
        ps_say("%s", status.message);
    }
    if (options->command == PS_COMMAND_PLACE_STOP && strcmp(status.phase, "stopped") == 0) {
        return PS_EXIT_OK;
    }
    return status.exit_status < 0 ? PS_EXIT_STOPPED : (int)status.exit_status;
}
