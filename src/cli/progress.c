#include "cli/progress.h"

#include "base/buf.h"
#include "base/limits.h"
#include "cli/say.h"
#include "codec/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PLAIN_EVERY_REAL_MS 10000
#define BAR_CELLS 20

static int64_t plain_at_ms;

static void add_bar(struct ps_buf *const buf, const int64_t done, const int64_t all)
{
    const int64_t cells = all > 0 ? done * BAR_CELLS / all : 0;
    ps_buf_add_text(buf, "[");
    for (int64_t cell = 0; cell < BAR_CELLS; cell++) {
        ps_buf_add_text(buf, cell < cells ? "#" : ".");
    }
    ps_buf_add_text(buf, "] ");
}

/* From what was done so far; nothing until a twentieth is. */
static void add_left(struct ps_buf *const buf, const struct ps_progress *const progress)
{
    const int64_t done = progress->records_done + progress->records_running;
    if (done * 20 >= progress->records && done > 0 && done < progress->records) {
        ps_buf_add_text(buf, ", about ");
        ps_units_add_time(buf, progress->passed_ms / done * (progress->records - done));
        ps_buf_add_text(buf, " left");
    }
}

void ps_progress_text(struct ps_buf *const buf, const struct ps_progress *const progress)
{
    ps_units_add_count(buf, progress->records_done);
    ps_buf_add_text(buf, " of ");
    ps_units_add_count(buf, progress->records);
    ps_buf_add_format(buf, " records, jobs: %" PRId64 " live, %" PRId64 " of %" PRId64 " done",
                      progress->jobs_live, progress->jobs_done, progress->jobs);
    if (progress->passed_ms > 0 && progress->tokens > 0) {
        ps_buf_add_text(buf, ", ");
        ps_units_add_count(buf, progress->tokens * 60000 / progress->passed_ms);
        ps_buf_add_text(buf, " tokens/min");
    }
    add_left(buf, progress);
}

static int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

void ps_progress_show(const struct ps_progress *const progress, const bool is_quiet)
{
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    char clean[600];
    ps_buf_init(&line, PS_TEXT_BYTES_MAX);
    if (is_quiet) {
        return;
    }
    const bool is_terminal = isatty(STDERR_FILENO) != 0;
    const int64_t now_ms = ps_clock_real_monotonic_ms();
    if (!is_terminal && now_ms < plain_at_ms) {
        return;
    }
    plain_at_ms = now_ms + PLAIN_EVERY_REAL_MS;
    if (is_terminal) {
        add_bar(&line, progress->records_done, progress->records);
    }
    ps_progress_text(&line, progress);
    ps_buf_add_format(&line, "; %s", progress->activity);
    if (progress->trouble[0] != '\0') {
        ps_buf_add_format(&line, " (trying again: %s)", progress->trouble);
    }
    const char *const text = ps_say_clean(ps_buf_str(&line), clean, sizeof(clean));
    if (is_terminal) {
        (void)fprintf(stderr, "\r\033[K%.*s", terminal_columns() - 1, text);
        (void)fflush(stderr);
    } else {
        (void)fprintf(stderr, "penstock: %s\n", text);
    }
}

void ps_progress_end(const bool is_quiet)
{
    if (!is_quiet && isatty(STDERR_FILENO) != 0) {
        (void)fputs("\r\033[K", stderr);
    }
}
