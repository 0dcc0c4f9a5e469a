#include "base/limits.h"
#include "cli/commands.h"
#include "cli/events_file.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/signals.h"

#include <stdio.h>
#include <time.h>

#define FOLLOW_REAL_MS 200

static void show(void *const seer, const struct ps_seen_event *const event)
{
    const struct ps_options *const options = seer;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    if (options->is_json) {
        ps_event_add_json(&text, event);
    } else {
        ps_event_add_line(&text, event);
        ps_buf_add_text(&text, "\n");
    }
    (void)fwrite(text.data, 1, text.size, stdout);
}

int ps_cmd_events(const struct ps_options *const options)
{
    const struct timespec pause = {0, FOLLOW_REAL_MS * 1000000};
    struct ps_error err;
    union {
        const struct ps_options *given;
        void *seer;
    } viewer = {options};
    struct ps_events_file file = {.folder = NULL};
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    if (ps_runs_find(options, &folder, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    file.folder = folder;
    if (options->is_follow) {
        ps_signals_catch("penstock: following no longer; the run goes on\n");
    }
    bool is_owned = true;
    while (is_owned) {
        /* Asked first: an owner that ends in between has written its last events by then. */
        is_owned = options->is_follow && ps_runs_is_owned(folder);
        if (ps_events_file_read(&file, show, viewer.seer, &err) != PS_OK) {
            return ps_say_error(&err);
        }
        (void)fflush(stdout);
        if (is_owned) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return PS_EXIT_OK;
}
