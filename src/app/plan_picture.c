#include "app/plan_picture.h"

#include "app/plan_words.h"
#include "base/assert.h"
#include "base/checked.h"
#include "base/limits.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

#define PERMILLE 1000

/* Days of one lane that are told apart; a longer plan is drawn as its mean. */
#define DAYS_MAX 4000

/* left * right / divisor, or INT64_MAX where that does not fit. */
static int64_t scaled(const int64_t left, const int64_t right, const int64_t divisor)
{
    int64_t result = INT64_MAX;
    return ps_muldiv_i64(left, right, divisor, &result) ? result : INT64_MAX;
}

/* How a lane spends its time; INT64_MAX: no limit. */
struct course {
    int64_t starts_ms;
    int64_t ends_ms;
    int64_t first_reset_ms;
    int64_t tokens;
    int64_t tokens_per_day;
    int64_t tokens_per_minute;
    int64_t jobs_permille;
};

static int64_t pool_tokens(const struct ps_plan_view *const view, const int64_t pool)
{
    int64_t tokens = 0;
    for (int64_t lane = 0; lane < view->lane_count; lane++) {
        if (view->lanes[lane].pool == pool &&
            !ps_add_i64(tokens, view->lanes[lane].tokens, &tokens)) {
            return INT64_MAX;
        }
    }
    return tokens;
}

static int64_t part_of(const int64_t limit, const int64_t own_tokens, const int64_t all_tokens)
{
    return limit == INT64_MAX ? INT64_MAX : scaled(limit, own_tokens, all_tokens);
}

static struct course course_of(const struct ps_plan_view *const view,
                               const struct ps_plan_lane *const row)
{
    const struct ps_lane *const lane = row->lane;
    const int64_t reset_ms = ps_lane_limit(lane, PS_LIMIT_RESET, 0);
    const int64_t day_ms = (reset_ms - view->start_ms % PS_DAY_MS + PS_DAY_MS) % PS_DAY_MS;
    const int64_t slots = ps_lane_limit(lane, PS_LIMIT_JOBS, row->jobs);
    struct course course = {
        .starts_ms = ps_lane_limit(lane, PS_LIMIT_STARTUP, 0),
        .ends_ms = row->ends_ms,
        .first_reset_ms = day_ms == 0 ? PS_DAY_MS : day_ms,
        .tokens = row->tokens,
        .tokens_per_day = ps_lane_limit(lane, PS_LIMIT_TPD, INT64_MAX),
        .tokens_per_minute = ps_lane_limit(lane, PS_LIMIT_TPM, INT64_MAX),
        .jobs_permille = PERMILLE,
    };
    if (row->jobs > 0 && row->jobs < slots) {
        course.jobs_permille = scaled(row->jobs, PERMILLE, slots);
    }
    /* Lanes of one pool share: each has the part that its work is of all. */
    const int64_t tokens = pool_tokens(view, row->pool);
    if (tokens > row->tokens) {
        course.tokens_per_day = part_of(course.tokens_per_day, row->tokens, tokens);
        course.tokens_per_minute = part_of(course.tokens_per_minute, row->tokens, tokens);
    }
    return course;
}

/* ------------------------------------------------ days */

/* What a lane takes from `from_ms` to the day's end, and for how long it is at work. */
static int64_t take_of_day(const struct course *const course, const int64_t from_ms,
                           const int64_t to_ms, const int64_t left_tokens,
                           int64_t *const ret_busy_ms)
{
    const int64_t can_tokens =
        course->tokens_per_minute == INT64_MAX
            ? INT64_MAX
            : scaled(course->tokens_per_minute, to_ms - from_ms, PS_MINUTE_MS);
    int64_t take = left_tokens < course->tokens_per_day ? left_tokens : course->tokens_per_day;
    take = take < can_tokens ? take : can_tokens;
    /* Without a rate nobody knows how fast: then all of the time is work. */
    *ret_busy_ms = to_ms - from_ms;
    if (course->tokens_per_minute != INT64_MAX && course->tokens_per_minute > 0) {
        const int64_t busy_ms = scaled(take, PS_MINUTE_MS, course->tokens_per_minute);
        *ret_busy_ms = busy_ms < to_ms - from_ms ? busy_ms : to_ms - from_ms;
    }
    return take;
}

static void add_span(struct ps_plan_plot_lane *const lane, struct ps_plan_plot_span *const spans,
                     const struct ps_plan_plot_span span)
{
    if (span.to_ms > span.from_ms) {
        spans[lane->span_count++] = span;
    }
}

static void fill_days(const struct course *const course, struct ps_plan_plot_lane *const lane,
                      struct ps_plan_plot_span *const spans, struct ps_plan_plot_day *const days)
{
    int64_t left_tokens = course->tokens;
    int64_t day_ms = 0;
    int64_t next_ms = course->first_reset_ms;
    while (day_ms < course->ends_ms && lane->day_count < DAYS_MAX) {
        const int64_t to_ms = next_ms < course->ends_ms ? next_ms : course->ends_ms;
        const int64_t from_ms = day_ms > course->starts_ms ? day_ms : course->starts_ms;
        int64_t busy_ms = 0;
        int64_t taken = 0;
        if (from_ms < to_ms && left_tokens > 0) {
            taken = take_of_day(course, from_ms, to_ms, left_tokens, &busy_ms);
        }
        left_tokens -= taken;
        add_span(
            lane, spans,
            (struct ps_plan_plot_span){from_ms, from_ms + busy_ms, course->jobs_permille, false});
        days[lane->day_count++] = (struct ps_plan_plot_day){
            day_ms, to_ms,
            course->tokens_per_day > 0 ? scaled(taken, PERMILLE, course->tokens_per_day) : 0};
        day_ms = next_ms;
        next_ms += PS_DAY_MS;
    }
}

static void fill_lane(struct ps_plan_picture *const picture, const int64_t number,
                      const struct course *const course)
{
    struct ps_plan_plot_lane *const lane = &picture->lanes[number];
    const int64_t starts_ms =
        course->starts_ms < course->ends_ms ? course->starts_ms : course->ends_ms;
    const bool has_days = course->tokens_per_day != INT64_MAX;
    const int64_t day_count = has_days ? course->ends_ms / PS_DAY_MS + 2 : 0;
    const int64_t room = day_count < DAYS_MAX ? day_count : DAYS_MAX;
    struct ps_plan_plot_span *const spans = calloc((size_t)room + 2, sizeof(spans[0]));
    struct ps_plan_plot_day *const days = calloc((size_t)room + 1, sizeof(days[0]));
    PS_ASSERT(spans != NULL && days != NULL);
    picture->spans[number] = spans;
    picture->days[number] = days;
    lane->spans = spans;
    lane->days = days;
    add_span(lane, spans, (struct ps_plan_plot_span){0, starts_ms, course->jobs_permille, true});
    if (day_count > 0 && day_count <= DAYS_MAX) {
        fill_days(course, lane, spans, days);
        return;
    }
    add_span(lane, spans,
             (struct ps_plan_plot_span){starts_ms, course->ends_ms, course->jobs_permille, false});
}

/* ------------------------------------------------ words */

/* The text that `add_note` and the like have just written; it ends here. */
static const char *end_text(struct ps_buf *const texts, const size_t from)
{
    PS_ASSERT(ps_buf_append_byte(texts, '\0'));
    return texts->data + from;
}

static void add_note(struct ps_buf *const texts, const struct ps_plan_lane *const row)
{
    if (row->records == 0) {
        ps_buf_add_text(texts, "nothing to do");
        return;
    }
    ps_plan_words_add_number(texts, row->records, "record", "records");
    ps_buf_add_text(texts, " in ");
    ps_plan_words_add_span(texts, row->ends_ms);
}

/* Views into a buffer that must not move while they are made. */
static void reserve_texts(struct ps_buf *const texts, const int64_t lane_count)
{
    const size_t size = 2 * PS_TEXT_BYTES_MAX + (size_t)lane_count * 128;
    ps_buf_init(texts, size + 1);
    PS_ASSERT(ps_buf_reserve(texts, size) != NULL);
}

void ps_plan_picture_init(struct ps_plan_picture *const picture,
                          const struct ps_plan_view *const view)
{
    struct ps_plan_plot *const plot = &picture->plot;
    memset(picture, 0, sizeof(*picture));
    picture->lanes = calloc((size_t)view->lane_count + 1, sizeof(picture->lanes[0]));
    picture->spans = calloc((size_t)view->lane_count + 1, sizeof(picture->spans[0]));
    picture->days = calloc((size_t)view->lane_count + 1, sizeof(picture->days[0]));
    PS_ASSERT(picture->lanes != NULL && picture->spans != NULL && picture->days != NULL);
    reserve_texts(&picture->texts, view->lane_count);
    ps_plan_words_add_verdict(&picture->texts, view);
    plot->title = end_text(&picture->texts, 0);
    size_t from = picture->texts.size;
    ps_plan_words_add_demand(&picture->texts, &view->demand);
    plot->subtitle = end_text(&picture->texts, from);
    plot->end_ms = view->makespan_ms > 0 ? view->makespan_ms : PS_DAY_MS;
    plot->bound_ms = view->makespan_ms > 0 ? view->lower_bound_ms : 0;
    plot->deadline_ms = view->deadline_ms;
    plot->lanes = picture->lanes;
    plot->lane_count = view->lane_count;
    for (int64_t lane = 0; lane < view->lane_count; lane++) {
        const struct ps_plan_lane *const row = &view->lanes[lane];
        from = picture->texts.size;
        add_note(&picture->texts, row);
        picture->lanes[lane].name = row->lane->name;
        picture->lanes[lane].note = end_text(&picture->texts, from);
        if (row->records > 0) {
            const struct course course = course_of(view, row);
            fill_lane(picture, lane, &course);
        }
    }
}

void ps_plan_picture_release(struct ps_plan_picture *const picture)
{
    for (int64_t lane = 0; lane < picture->plot.lane_count; lane++) {
        free(picture->spans[lane]);
        free(picture->days[lane]);
    }
    free(picture->spans);
    free(picture->days);
    free(picture->lanes);
    ps_buf_release(&picture->texts);
    memset(picture, 0, sizeof(*picture));
}
