#include "base/buf.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/own.h"
#include "cli/progress.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/status_file.h"
#include "os/files.h"

#include <stdio.h>
#include <string.h>

/* A status that says running, and nobody owns it: its owner was killed. */
static const char *phase_of(const struct ps_run_status *const status, const char *const folder)
{
    return strcmp(status->phase, "running") == 0 && !ps_runs_is_owned(folder) ? "interrupted"
                                                                              : status->phase;
}

static void print_json(const char *const folder)
{
    struct ps_error err;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "status.json");
    ps_buf_init(&text, PS_MB);
    if (ps_files_read(path, &text, &err) == PS_OK) {
        printf("%s\n", ps_buf_text(&text));
    }
}

int ps_cmd_status(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_run_status status;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    char clean[1200];
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    if (ps_runs_find(options, &folder, &err) != PS_OK ||
        ps_status_file_read(folder, &status, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    if (options->is_json) {
        print_json(folder);
        return PS_EXIT_OK;
    }
    ps_progress_text(&text, &status.progress);
    printf("run      %s\nphase    %s\nrecords  %s\nresults  %s\n", status.name,
           phase_of(&status, folder), ps_buf_text(&text),
           ps_say_clean(ps_str_of(status.results), clean, sizeof(clean)));
    if (status.message[0] != '\0') {
        printf("message  %s\n", ps_say_clean(ps_str_of(status.message), clean, sizeof(clean)));
    }
    if (!ps_runs_is_owned(folder) && strcmp(status.phase, "ended") != 0 &&
        strcmp(status.phase, "stopped") != 0) {
        printf("go on    penstock resume %s\n", status.name);
    }
    return PS_EXIT_OK;
}

int ps_cmd_wait(const struct ps_options *const options)
{
    struct ps_error err;
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    if (ps_runs_find(options, &folder, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    return ps_own_follow(options, folder);
}

int ps_cmd_watch(const struct ps_options *const options)
{
    return ps_cmd_wait(options);
}

static void print_run(void *const seer, const char *const name, const char *const folder)
{
    struct ps_error err;
    struct ps_run_status status;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    (void)seer;
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    if (ps_status_file_read(folder, &status, &err) != PS_OK) {
        printf("%-20s %-11s\n", name, "not begun");
        return;
    }
    ps_progress_text(&text, &status.progress);
    printf("%-20s %-11s %s\n", name, phase_of(&status, folder), ps_buf_text(&text));
}

int ps_cmd_runs(const struct ps_options *const options)
{
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    ps_runs_each(root, print_run, NULL);
    return PS_EXIT_OK;
}
