#include "cli/follow.h"

#include "app/results.h"
#include "base/buf.h"
#include "base/limits.h"
#include "cli/progress.h"
#include "cli/reading.h"
#include "cli/runs.h"
#include "cli/say.h"

#include <string.h>
#include <time.h>

#define FOLLOW_REAL_MS 200

enum ps_status ps_follow(const char *const folder, ps_follow_show *const show, void *const viewer,
                         struct ps_run_status *const ret_status, struct ps_error *const err)
{
    const struct timespec pause = {0, FOLLOW_REAL_MS * 1000000};
    while (ps_runs_is_owned(folder)) {
        if (ps_status_file_read(folder, ret_status, err) == PS_OK) {
            show(viewer, ret_status);
        }
        (void)nanosleep(&pause, NULL);
    }
    const enum ps_status status = ps_status_file_read(folder, ret_status, err);
    if (status == PS_OK) {
        show(viewer, ret_status);
    }
    return status;
}

void ps_follow_progress(void *const viewer, const struct ps_run_status *const status)
{
    if (strcmp(status->phase, PS_RUN_RUNNING) == 0) {
        ps_progress_show(viewer, &status->progress, ps_clock_real_monotonic_ms());
    } else {
        ps_progress_end();
    }
}

/* The owner judged by its own --allow-failures; ours may be another. */
static int judge_again(const struct ps_options *const options, const char *const folder,
                       const int exit_status)
{
    struct ps_error err;
    struct ps_results_sums sums;
    struct ps_reading reading PS_CLEANUP(ps_reading_release);
    ps_reading_init(&reading);
    if (!options->has_allow_failures ||
        (exit_status != PS_EXIT_OK && exit_status != PS_EXIT_SOME_FAILED)) {
        return exit_status;
    }
    if (ps_reading_open(&reading, folder, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    ps_results_sums(reading.index, reading.answers, &sums);
    return ps_many_allows(options->allow_failures, sums.records - sums.succeeded, sums.records)
               ? PS_EXIT_OK
               : PS_EXIT_SOME_FAILED;
}

int ps_follow_conclude(const struct ps_options *const options, const char *const folder,
                       const struct ps_run_status *const status)
{
    if (options->is_json) {
        ps_status_print_json(status);
    }
    ps_say("run %s: %s", status->name, status->phase);
    if (status->message[0] != '\0') {
        ps_say("%s", status->message);
    }
    if (status->exit_status < 0) {
        ps_say("go on with it: penstock resume %s", status->name);
        return PS_EXIT_STOPPED;
    }
    if (options->command == PS_COMMAND_PLACE_STOP && strcmp(status->phase, PS_RUN_STOPPED) == 0) {
        return PS_EXIT_OK;
    }
    return judge_again(options, folder, (int)status->exit_status);
}
