#include "cli/screen_lanes.h"

#include "base/limits.h"
#include "cli/progress.h"
#include "codec/shown.h"
#include "codec/units.h"

#include <inttypes.h>
#include <string.h>

#define NAME_BYTES_MAX 20
#define NAME_CELLS_MIN 6
#define BAR_CELLS 10
#define BUDGETS_INDENT "       " /* below the bar, where the lane's line has no room for it */
#define BAR_CELLS_WIDE 24

/* From here on there is room for longer bars. */
#define COLUMNS_WIDE 120

/* A line that is cut where the screen ends. */
static void add_line(struct ps_buf *const buf, const char *const label, const int64_t label_width,
                     struct ps_buf *const line, const int64_t columns)
{
    ps_buf_add_format(buf, "%-*s", (int)label_width, label);
    ps_progress_cut(line, columns - label_width);
    ps_buf_add(buf, ps_buf_str(line));
    ps_buf_add_text(buf, "\n");
}

static void add_day(struct ps_buf *const line, const struct ps_lane_progress *const lane,
                    const int64_t now_ms)
{
    const int64_t left = lane->day_limit - lane->day_tokens;
    if (lane->day_limit <= 0) {
        return;
    }
    ps_buf_add_text(line, ", day: ");
    ps_units_add_short(line, left > 0 ? left : 0);
    ps_buf_add_text(line, " of ");
    ps_units_add_short(line, lane->day_limit);
    ps_buf_add_text(line, " left");
    if (lane->day_end_ms > 0) {
        ps_buf_add_text(line, " until ");
        ps_event_add_short_moment(line, lane->day_end_ms, now_ms);
    }
}

static void add_rate(struct ps_buf *const line, const struct ps_lane_progress *const lane)
{
    ps_buf_add_text(line, ", ");
    ps_units_add_short(line, lane->tpm_now > 0 ? lane->tpm_now : 0);
    if (lane->tpm_limit > 0) {
        ps_buf_add_text(line, " of ");
        ps_units_add_short(line, lane->tpm_limit);
    }
    ps_buf_add_text(line, " tokens/min");
}

/* Rate and day; each with a comma before it. */
static void add_budgets(struct ps_buf *const line, const struct ps_lane_progress *const lane,
                        const int64_t now_ms)
{
    if (lane->tpm_now > 0 || lane->tpm_limit > 0) {
        add_rate(line, lane);
    }
    add_day(line, lane, now_ms);
}

static void add_lane(struct ps_buf *const line, const struct ps_lane_progress *const lane,
                     const int64_t cells)
{
    const struct ps_progress share = {.records = lane->records,
                                      .records_done = lane->records_done,
                                      .records_running = lane->records_running};
    struct ps_buf name PS_CLEANUP(ps_buf_release);
    ps_buf_init(&name, PS_TEXT_BYTES_MAX);
    ps_shown_add(&name, ps_str_of(lane->name), NAME_BYTES_MAX);
    ps_buf_add_format(line, "%-*s ", NAME_CELLS_MIN, ps_buf_text(&name));
    ps_progress_add_bar(line, &share, cells);
    ps_buf_add_format(line, " %" PRId64, lane->jobs_live);
    if (lane->slots > 0) {
        ps_buf_add_format(line, "/%" PRId64, lane->slots);
    }
    ps_buf_add_format(line, " live, %" PRId64 " of %" PRId64 " done", lane->jobs_done, lane->jobs);
    if (lane->binds[0] != '\0') {
        ps_buf_add_text(line, ", bound by ");
        ps_shown_add(line, ps_str_of(lane->binds), sizeof(lane->binds));
    }
}

void ps_screen_add_lanes(struct ps_buf *const buf, const struct ps_run_status *const status,
                         const int64_t label_width, const int64_t columns)
{
    const struct ps_progress *const progress = &status->progress;
    const bool is_wide = columns >= COLUMNS_WIDE;
    const int64_t cells = is_wide ? BAR_CELLS_WIDE : BAR_CELLS;
    for (int64_t place = 0; place < progress->lane_count && place < PS_SCREEN_LANES_MAX; place++) {
        struct ps_buf line PS_CLEANUP(ps_buf_release);
        ps_buf_init(&line, PS_TEXT_BYTES_MAX);
        const struct ps_lane_progress *const lane = &progress->lanes[place];
        add_lane(&line, lane, cells);
        struct ps_buf budgets PS_CLEANUP(ps_buf_release);
        ps_buf_init(&budgets, PS_TEXT_BYTES_MAX);
        add_budgets(&budgets, lane, progress->wall_ms);
        if (is_wide) {
            ps_buf_add(&line, ps_buf_str(&budgets));
        }
        add_line(buf, place == 0 ? "lanes" : "", label_width, &line, columns);
        if (!is_wide && budgets.size > 0) {
            ps_buf_clear(&line);
            ps_buf_add_text(&line, BUDGETS_INDENT);
            ps_buf_add(&line, ps_str_part(ps_buf_str(&budgets), 2, budgets.size)); /* ", " */
            add_line(buf, "", label_width, &line, columns);
        }
    }
    if (progress->lane_count > PS_SCREEN_LANES_MAX) {
        ps_buf_add_format(buf, "%-*sand %" PRId64 " more\n", (int)label_width, "",
                          progress->lane_count - PS_SCREEN_LANES_MAX);
    }
}

void ps_screen_keep_event(void *const events, const struct ps_seen_event *const event)
{
    struct ps_screen_events *const kept = events;
    kept->events[kept->count % PS_SCREEN_EVENTS_MAX] = *event;
    kept->count++;
}

void ps_screen_add_events(struct ps_buf *const buf, const struct ps_screen_events *const events,
                          const int64_t label_width, const int64_t columns)
{
    const int64_t first =
        events->count > PS_SCREEN_EVENTS_MAX ? events->count - PS_SCREEN_EVENTS_MAX : 0;
    for (int64_t told = first; told < events->count; told++) {
        const struct ps_seen_event *const event = &events->events[told % PS_SCREEN_EVENTS_MAX];
        struct ps_buf line PS_CLEANUP(ps_buf_release);
        ps_buf_init(&line, PS_TEXT_BYTES_MAX);
        ps_event_add_short_moment(&line, event->event.at_ms, event->event.at_ms);
        ps_buf_add_text(&line, "  ");
        if (event->lane[0] != '\0') {
            ps_shown_add(&line, ps_str_of(event->lane), NAME_BYTES_MAX);
            ps_buf_add_text(&line, ": ");
        }
        ps_event_add_words(&line, &event->event);
        add_line(buf, told == first ? "events" : "", label_width, &line, columns);
    }
}
