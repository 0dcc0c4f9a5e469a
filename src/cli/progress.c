#include "cli/progress.h"

#include "base/buf.h"
#include "base/checked.h"
#include "base/limits.h"
#include "cli/say.h"
#include "codec/shown.h"
#include "codec/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PLAIN_EVERY_MS (10 * PS_SECOND_MS)
#define PLAIN_AT_LEAST_EVERY_MS (5 * PS_MINUTE_MS)
#define BAR_CELLS 20
#define SHOWN_BYTES_MAX 300

/* The time left is told once this share of the work of this process is done. */
#define LEFT_FROM_PERCENT 5

/* 0 where it does not fit: for people, not for books. */
static int64_t share(const int64_t left, const int64_t right, const int64_t divisor)
{
    int64_t value = 0;
    return divisor > 0 && ps_muldiv_i64(left, right, divisor, &value) ? value : 0;
}

static int64_t worked(const struct ps_progress *const progress)
{
    return progress->records_done + progress->records_running - progress->records_before;
}

void ps_progress_add_bar(struct ps_buf *const buf, const struct ps_progress *const progress,
                         const int64_t cells)
{
    const int64_t full = share(progress->records_done, cells, progress->records);
    ps_buf_add_text(buf, "[");
    for (int64_t cell = 0; cell < cells; cell++) {
        ps_buf_add_text(buf, cell < full ? "#" : ".");
    }
    ps_buf_add_text(buf, "]");
}

bool ps_progress_add_left(struct ps_buf *const buf, const struct ps_progress *const progress)
{
    const int64_t done = worked(progress);
    const int64_t all = progress->records - progress->records_before;
    if (done <= 0 || done * 100 < all * LEFT_FROM_PERCENT || done >= all) {
        return false;
    }
    const int64_t speed = progress->speed > 0 ? progress->speed : 1;
    ps_buf_add_text(buf, "about ");
    ps_units_add_time(buf, share(progress->passed_ms, all - done, done) / speed);
    ps_buf_add_text(buf, " left");
    return true;
}

bool ps_progress_add_rate(struct ps_buf *const buf, const struct ps_progress *const progress)
{
    const int64_t tokens = progress->tokens - progress->tokens_before;
    if (tokens <= 0 || progress->passed_ms <= 0) {
        return false;
    }
    ps_units_add_count(buf, share(tokens, PS_MINUTE_MS, progress->passed_ms));
    ps_buf_add_text(buf, " tokens/min");
    return true;
}

void ps_progress_add_records(struct ps_buf *const buf, const struct ps_progress *const progress)
{
    ps_units_add_count(buf, progress->records_done);
    ps_buf_add_text(buf, " of ");
    ps_units_add_count(buf, progress->records);
    ps_buf_add_text(buf, " records");
    if (progress->records_running > 0) {
        ps_buf_add_text(buf, ", ");
        ps_units_add_count(buf, progress->records_running);
        ps_buf_add_text(buf, " running");
    }
}

static bool add_jobs(struct ps_buf *const buf, const struct ps_progress *const progress)
{
    if (progress->jobs > 0) {
        ps_buf_add_format(buf, "jobs: %" PRId64 " live, %" PRId64 " of %" PRId64 " done",
                          progress->stages[PS_STAGE_LIVE], progress->stages[PS_STAGE_DONE],
                          progress->jobs);
    }
    return progress->jobs > 0;
}

/* Trouble, else what goes on. */
static bool add_doing(struct ps_buf *const buf, const struct ps_progress *const progress)
{
    const bool is_trouble = progress->trouble[0] != '\0';
    ps_buf_add_text(buf, is_trouble ? "trying again: " : "");
    ps_shown_add(buf, ps_str_of(is_trouble ? progress->trouble : progress->activity),
                 SHOWN_BYTES_MAX);
    return is_trouble || progress->activity[0] != '\0';
}

void ps_progress_text(struct ps_buf *const buf, const struct ps_progress *const progress)
{
    static bool (*const adders[])(struct ps_buf *, const struct ps_progress *) = {
        add_jobs, ps_progress_add_rate, ps_progress_add_left};
    ps_progress_add_records(buf, progress);
    for (size_t adder = 0; adder < sizeof(adders) / sizeof(adders[0]); adder++) {
        struct ps_buf text PS_CLEANUP(ps_buf_release);
        ps_buf_init(&text, PS_TEXT_BYTES_MAX);
        if (adders[adder](&text, progress)) {
            ps_buf_add_text(buf, ", ");
            ps_buf_add(buf, ps_buf_str(&text));
        }
    }
}

/* ------------------------------------------------ the line of a terminal */

enum part { PART_BAR, PART_RECORDS, PART_JOBS, PART_RATE, PART_LEFT, PART_DOING, PART_COUNT };

/* What is left out first where columns are few. */
static const enum part least_useful[] = {PART_RATE, PART_DOING, PART_BAR, PART_JOBS, PART_LEFT};

static bool add_part(struct ps_buf *const buf, const enum part part,
                     const struct ps_progress *const progress)
{
    switch (part) {
    case PART_BAR:
        ps_progress_add_bar(buf, progress, BAR_CELLS);
        return true;
    case PART_RECORDS:
        ps_progress_add_records(buf, progress);
        return true;
    case PART_JOBS:
        return add_jobs(buf, progress);
    case PART_RATE:
        return ps_progress_add_rate(buf, progress);
    case PART_LEFT:
        return ps_progress_add_left(buf, progress);
    default:
        return add_doing(buf, progress);
    }
}

/* How many columns a text takes: bytes that go on a character take none. */
static int64_t columns_of(const struct ps_str text)
{
    int64_t columns = 0;
    for (size_t place = 0; place < text.size; place++) {
        columns += ((unsigned char)text.data[place] & 0xc0) != 0x80 ? 1 : 0;
    }
    return columns;
}

void ps_progress_cut(struct ps_buf *const buf, const int64_t columns)
{
    int64_t seen = 0;
    for (size_t place = 0; place < buf->size; place++) {
        seen += ((unsigned char)buf->data[place] & 0xc0) != 0x80 ? 1 : 0;
        if (seen > columns) {
            buf->size = place;
            buf->data[place] = '\0';
        }
    }
}

static void add_line(struct ps_buf *const buf, const struct ps_progress *const progress,
                     const bool *const is_left_out)
{
    ps_buf_clear(buf);
    for (int part = 0; part < PART_COUNT; part++) {
        struct ps_buf text PS_CLEANUP(ps_buf_release);
        ps_buf_init(&text, PS_TEXT_BYTES_MAX);
        if (!is_left_out[part] && add_part(&text, (enum part)part, progress)) {
            ps_buf_add_text(buf, buf->size == 0 ? "" : part == PART_RECORDS ? " " : ", ");
            ps_buf_add(buf, ps_buf_str(&text));
        }
    }
}

void ps_progress_line(struct ps_buf *const buf, const struct ps_progress *const progress,
                      const int64_t columns)
{
    bool is_left_out[PART_COUNT] = {false};
    size_t next = 0;
    add_line(buf, progress, is_left_out);
    while (columns_of(ps_buf_str(buf)) > columns &&
           next < sizeof(least_useful) / sizeof(least_useful[0])) {
        const enum part part = least_useful[next++];
        /* In trouble the reason is what matters: it is cut, the others go. */
        is_left_out[part] = part != PART_DOING || progress->trouble[0] == '\0';
        add_line(buf, progress, is_left_out);
    }
    ps_progress_cut(buf, columns);
}

/* ------------------------------------------------ showing it */

/* Grows with anything that moves. */
static int64_t sum_of(const struct ps_progress *const progress)
{
    int64_t sum = progress->records_done + progress->records_running;
    for (int stage = PS_STAGE_READY; stage < PS_STAGE_COUNT; stage++) {
        sum += progress->stages[stage] * (stage + 1);
    }
    return sum;
}

static bool is_worth_telling(const struct ps_progress_view *const view,
                             const struct ps_progress *const progress, const int64_t real_ms)
{
    if (progress->trouble[0] != '\0' && view->told_trouble[0] == '\0') {
        return true;
    }
    if (view->told_at_ms == 0) {
        return sum_of(progress) > 0;
    }
    const bool is_moved =
        sum_of(progress) != view->told_sum || strcmp(progress->trouble, view->told_trouble) != 0;
    return real_ms - view->told_at_ms >= (is_moved ? PLAIN_EVERY_MS : PLAIN_AT_LEAST_EVERY_MS);
}

static void tell_plainly(struct ps_progress_view *const view,
                         const struct ps_progress *const progress, const int64_t real_ms)
{
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    ps_buf_init(&line, PS_TEXT_BYTES_MAX);
    if (!is_worth_telling(view, progress, real_ms)) {
        return;
    }
    view->told_at_ms = real_ms;
    view->told_sum = sum_of(progress);
    (void)snprintf(view->told_trouble, sizeof(view->told_trouble), "%s", progress->trouble);
    ps_progress_text(&line, progress);
    ps_buf_add_text(&line, "; ");
    (void)add_doing(&line, progress);
    ps_say("%s", ps_buf_text(&line));
}

void ps_progress_show(struct ps_progress_view *const view, const struct ps_progress *const progress,
                      const int64_t real_ms)
{
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    const int columns = ps_say_columns();
    ps_buf_init(&line, PS_TEXT_BYTES_MAX);
    if (columns > 0) {
        ps_progress_line(&line, progress, columns - 1);
        ps_say_line(ps_buf_text(&line));
    } else if (!ps_say_is_quiet()) {
        tell_plainly(view, progress, real_ms);
    }
}

void ps_progress_end(void)
{
    ps_say_line("");
}
