#include "base/buf.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/status_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    bool is_json;
    int64_t count;
};

static void print_text(const struct ps_run_status *const status)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    if (status->progress.records > 0) {
        ps_progress_add_records(&text, &status->progress);
    }
    printf("%-18s  %-11s  %s\n", status->name, status->phase, ps_buf_text(&text));
}

static void print_json(const struct ps_run_status *const status, const bool is_first)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    ps_status_add_json(&text, status, false);
    printf("%s%s", is_first ? "" : ",\n ", ps_buf_text(&text));
}

static void print_run(void *const seer, const char *const name, const char *const folder)
{
    struct listing *const listing = seer;
    struct ps_run_status status;
    struct ps_error err;
    (void)name;
    if (ps_status_file_read(folder, &status, &err) != PS_OK) {
        (void)ps_say_error(&err);
        return;
    }
    if (listing->is_json) {
        print_json(&status, listing->count == 0);
    } else {
        if (listing->count == 0) {
            printf("%-18s  %-11s  %s\n", "RUN", "STATE", "RECORDS DONE");
        }
        print_text(&status);
    }
    listing->count++;
}

int ps_cmd_runs(const struct ps_options *const options)
{
    struct listing listing = {options->is_json, 0};
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    if (options->is_json) {
        printf("[");
    }
    ps_runs_each(root, print_run, &listing);
    if (options->is_json) {
        printf("]\n");
    } else if (listing.count == 0) {
        ps_say("there are no runs in '%s'", root);
    }
    return PS_EXIT_OK;
}
