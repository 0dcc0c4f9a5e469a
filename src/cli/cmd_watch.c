#include "base/limits.h"
#include "cli/commands.h"
#include "cli/events_file.h"
#include "cli/follow.h"
#include "cli/progress.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/screen.h"
#include "cli/screen_lanes.h"
#include "cli/signals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_OTHERWISE 80

struct watcher {
    struct ps_progress_view view; /* without a terminal */
    bool is_screen;
    struct ps_events_file file;
    struct ps_screen_events events; /* the last decisions */
    int64_t lines;                  /* that stand there now */
};

/* Lines of the terminal that a line of text takes: a long path goes on in the next one. */
static int64_t rows_of(const struct ps_str line, const int64_t columns)
{
    int64_t cells = 0;
    for (size_t place = 0; place < line.size; place++) {
        cells += ((unsigned char)line.data[place] & 0xC0) == 0x80 ? 0 : 1; /* UTF-8 goes on */
    }
    return columns > 0 && cells > columns ? (cells + columns - 1) / columns : 1;
}

/* Writes over what stands there, line for line: nothing flickers, and the last state stays. */
static void draw(struct watcher *const watcher, const struct ps_run_status *const status)
{
    struct ps_error err;
    struct winsize size = {0};
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_buf screen PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    ps_buf_init(&screen, PS_MB);
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    const int64_t columns = size.ws_col > 0 ? size.ws_col - 1 : COLUMNS_OTHERWISE;
    ps_screen_add(&text, status, columns);
    if (ps_events_file_read(&watcher->file, ps_screen_keep_event, &watcher->events, &err) ==
        PS_OK) {
        ps_screen_add_events(&text, &watcher->events, PS_SCREEN_LABEL_WIDTH, columns);
    }
    if (watcher->lines > 0) {
        ps_buf_add_format(&screen, "\033[%lldA", (long long)watcher->lines);
    }
    watcher->lines = 0;
    struct ps_str rest = ps_buf_str(&text);
    while (rest.size > 0) {
        const size_t line_end = ps_str_find(rest, '\n');
        const struct ps_str line = ps_str_part(rest, 0, line_end);
        const int64_t rows = rows_of(line, size.ws_col);
        if (size.ws_row > 0 && watcher->lines + rows > size.ws_row - 1) {
            break;
        }
        ps_buf_add_text(&screen, "\r");
        ps_buf_add(&screen, line);
        ps_buf_add_text(&screen, "\033[K\n");
        rest = ps_str_part(rest, line_end + 1, rest.size);
        watcher->lines += rows;
    }
    ps_buf_add_text(&screen, "\033[J");
    (void)fwrite(screen.data, 1, screen.size, stdout);
    (void)fflush(stdout);
}

static void show(void *const viewer, const struct ps_run_status *const status)
{
    struct watcher *const watcher = viewer;
    if (watcher->is_screen) {
        draw(watcher, status);
    } else {
        ps_follow_progress(&watcher->view, status);
    }
}

int ps_cmd_watch(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_run_status status;
    struct watcher watcher = {.is_screen = isatty(STDOUT_FILENO) != 0};
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    ps_signals_catch("penstock: watching no longer; the run goes on\n");
    if (ps_runs_find(options, &folder, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    watcher.file.folder = folder;
    if (ps_follow(folder, show, &watcher, &status, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    return ps_follow_conclude(options, folder, &status);
}
