#include "cli/screen.h"

#include "base/limits.h"
#include "cli/progress.h"
#include "cli/screen_lanes.h"
#include "codec/iso8601.h"
#include "codec/shown.h"
#include "codec/units.h"

#include <inttypes.h>
#include <string.h>

#define BAR_CELLS_MAX 60
#define JOB_BAR_CELLS 20
#define TEXT_BYTES_MAX 4000

static void add_label(struct ps_buf *const buf, const char *const label)
{
    ps_buf_add_format(buf, "%-*s", PS_SCREEN_LABEL_WIDTH, label);
}

/* A label and a foreign text, cut to the line; nothing where there is no text. */
static void add_text(struct ps_buf *const buf, const char *const label, const char *const text,
                     const int64_t columns)
{
    struct ps_buf shown PS_CLEANUP(ps_buf_release);
    ps_buf_init(&shown, PS_TEXT_BYTES_MAX);
    if (text[0] == '\0') {
        return;
    }
    add_label(buf, label);
    ps_shown_add(&shown, ps_str_of(text), TEXT_BYTES_MAX);
    ps_progress_cut(&shown, columns - PS_SCREEN_LABEL_WIDTH);
    ps_buf_add(buf, ps_buf_str(&shown));
    ps_buf_add_text(buf, "\n");
}

static void add_head(struct ps_buf *const buf, const struct ps_run_status *const status)
{
    add_label(buf, "run");
    ps_buf_add_format(buf, "%s: %s", status->name, status->phase);
    if (status->progress.elapsed_ms > 0) {
        ps_buf_add_text(buf, ", ");
        ps_units_add_time(buf, status->progress.elapsed_ms);
        ps_buf_add_text(buf, status->progress.speed > 1 ? " by the emulator's clock" : "");
    }
    ps_buf_add_text(buf, "\n");
}

static void add_records(struct ps_buf *const buf, const struct ps_progress *const progress,
                        const int64_t columns)
{
    const int64_t room = columns - PS_SCREEN_LABEL_WIDTH - 10;
    const int64_t cells = room > BAR_CELLS_MAX ? BAR_CELLS_MAX : room > 10 ? room : 10;
    const int64_t percent =
        progress->records > 0 ? progress->records_done * 100 / progress->records : 0;
    add_label(buf, "");
    ps_progress_add_bar(buf, progress, cells);
    ps_buf_add_format(buf, " %" PRId64 " %%\n", percent);
    add_label(buf, "records");
    ps_progress_add_records(buf, progress);
    ps_buf_add_text(buf, "\n");
}

/* "3 live (of 10 at once)" */
static void add_stage(struct ps_buf *const buf, const struct ps_progress *const progress,
                      const enum ps_stage stage)
{
    ps_buf_add_format(buf, "%" PRId64 " %s", progress->stages[stage], ps_stage_word(stage));
    if (stage == PS_STAGE_LIVE && progress->slots > 0) {
        ps_buf_add_format(buf, " (of %" PRId64 " at once)", progress->slots);
    }
}

/* Where the jobs are, on as many lines as it takes; stages without one are left out. */
static void add_jobs(struct ps_buf *const buf, const struct ps_progress *const progress,
                     const int64_t columns)
{
    size_t line = buf->size;
    bool is_first = true;
    if (progress->jobs == 0) {
        return;
    }
    add_label(buf, "jobs");
    for (int stage = 0; stage < PS_STAGE_COUNT; stage++) {
        struct ps_buf text PS_CLEANUP(ps_buf_release);
        ps_buf_init(&text, PS_TEXT_BYTES_MAX);
        if (progress->stages[stage] == 0) {
            continue;
        }
        add_stage(&text, progress, (enum ps_stage)stage);
        ps_buf_add_text(buf, is_first ? "" : ",");
        /* A blank before it, and perhaps a comma behind. */
        if (!is_first && buf->size - line + text.size + 2 > (size_t)columns) {
            ps_buf_add_text(buf, "\n");
            line = buf->size;
            add_label(buf, "");
        } else {
            ps_buf_add_text(buf, is_first ? "" : " ");
        }
        ps_buf_add(buf, ps_buf_str(&text));
        is_first = false;
    }
    ps_buf_add_text(buf, "\n");
}

static void add_pace(struct ps_buf *const buf, const struct ps_progress *const progress)
{
    struct ps_buf rate PS_CLEANUP(ps_buf_release);
    struct ps_buf left PS_CLEANUP(ps_buf_release);
    ps_buf_init(&rate, PS_TEXT_BYTES_MAX);
    ps_buf_init(&left, PS_TEXT_BYTES_MAX);
    const bool has_rate = ps_progress_add_rate(&rate, progress);
    const bool has_left = ps_progress_add_left(&left, progress);
    if (has_rate || has_left) {
        add_label(buf, "pace");
        ps_buf_add(buf, ps_buf_str(&rate));
        ps_buf_add_text(buf, has_rate && has_left ? ", " : "");
        ps_buf_add(buf, ps_buf_str(&left));
        ps_buf_add_text(buf, "\n");
    }
}

static void add_live(struct ps_buf *const buf, const struct ps_progress *const progress)
{
    for (int64_t place = 0; place < progress->live_count; place++) {
        const struct ps_live_job *const job = &progress->live[place];
        const struct ps_progress share = {.records = job->records, .records_done = job->processed};
        add_label(buf, "");
        ps_buf_add_format(buf, "job %-5" PRId64 " ", job->number);
        ps_progress_add_bar(buf, &share, JOB_BAR_CELLS);
        ps_buf_add_format(buf, " %" PRId64 " of %" PRId64 ", ", job->processed, job->records);
        ps_shown_add(buf, ps_str_of(job->status), TEXT_BYTES_MAX);
        ps_buf_add_text(buf, "\n");
    }
    if (progress->stages[PS_STAGE_LIVE] > progress->live_count) {
        add_label(buf, "");
        ps_buf_add_format(buf, "and %" PRId64 " more\n",
                          progress->stages[PS_STAGE_LIVE] - progress->live_count);
    }
}

/* What is true only while a process drives it. */
static void add_doing(struct ps_buf *const buf, const struct ps_run_status *const status,
                      const int64_t columns)
{
    add_pace(buf, &status->progress);
    ps_screen_add_lanes(buf, status, PS_SCREEN_LABEL_WIDTH, columns);
    add_live(buf, &status->progress);
    add_text(buf, "doing", status->progress.activity, columns);
    add_text(buf, "trouble", status->progress.trouble, columns);
}

void ps_screen_add(struct ps_buf *const buf, const struct ps_run_status *const status,
                   const int64_t columns)
{
    const bool is_running = strcmp(status->phase, PS_RUN_RUNNING) == 0;
    const bool is_over =
        strcmp(status->phase, PS_RUN_ENDED) == 0 || strcmp(status->phase, PS_RUN_STOPPED) == 0;
    add_head(buf, status);
    if (status->progress.records > 0) {
        add_records(buf, &status->progress, columns);
    }
    add_jobs(buf, &status->progress, columns);
    if (is_running) {
        add_doing(buf, status, columns);
    }
    add_text(buf, "message", status->message, columns > 400 ? columns : 400);
    add_text(buf, "results", status->results, 2 * TEXT_BYTES_MAX);
    if (status->next_ms > 0) {
        char stamp[PS_ISO8601_SIZE];
        ps_iso8601_format_ms(status->next_ms, stamp);
        add_text(buf, "next", stamp, columns);
    }
    if (!is_running && !is_over) {
        add_label(buf, "go on");
        ps_buf_add_format(buf, "penstock resume %s\n", status->name);
    }
}
