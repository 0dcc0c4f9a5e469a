#include "app/plan_plot.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/limits.h"
#include "base/time.h"
#include "codec/shown.h"
#include "codec/units.h"
#include "codec/xml.h"

#include <inttypes.h>
#include <string.h>

/* The page, in pixels of its own size. */
#define PAGE_WIDTH 1080
#define MARGIN 24
#define NAMES_WIDTH 224
#define PLOT_LEFT (MARGIN + NAMES_WIDTH + 12)
#define PLOT_WIDTH (PAGE_WIDTH - PLOT_LEFT - 44)
#define HEAD_HEIGHT 104
#define FOOT_HEIGHT 56

#define TITLE_SIZE 16
#define TEXT_SIZE 12
#define SMALL_SIZE 11

/*
 * A letter of a monospaced face is at most 0.61 of its size wide (DejaVu Sans Mono, Menlo 0.602;
 * Liberation Mono, Courier 0.6; Consolas 0.55); what is not ASCII gets the room of two.
 */
#define LETTER_HUNDREDTHS 61

/* Places along the time are hundredths of a pixel. */
#define PIXEL 100
#define THINNEST (PIXEL + PIXEL / 2)
#define THINNEST_DAY (4 * PIXEL)

/* Below this share of work a bar of many short pieces is drawn pale. */
#define DENSE_PERMILLE 600
#define WHOLE_PERMILLE 1000

/* A deadline further out than this many times the plan itself is told, not drawn. */
#define DEADLINE_TIMES_MAX 2

/* Up to so many lanes a row is high. */
#define HIGH_ROWS_MAX 12
#define TICKS_MAX 10
#define TEXT_BYTES_MAX ((size_t)400)

/* Where the parts of a row are, from its top. */
struct row_shape {
    int64_t height;
    int64_t name_size;
    int64_t name_base;
    int64_t note_size;
    int64_t note_base;
    int64_t jobs_top;
    int64_t jobs_height;
    int64_t days_top;
    int64_t days_height;
};

static const struct row_shape high_row = {62, 13, 22, SMALL_SIZE, 40, 8, 28, 42, 9};
static const struct row_shape low_row = {32, TEXT_SIZE, 14, 10, 26, 3, 16, 22, 6};

struct page {
    struct ps_buf *svg;
    const struct ps_plan_plot *plot;
    const struct row_shape *shape;
    int64_t shown_lanes;
    int64_t end_ms; /* of the axis */
    int64_t height;
};

static const char style[] =
    "<style>\n"
    ":root{color-scheme:light dark}\n"
    "text{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace;"
    "fill:#1f2328;white-space:pre}\n"
    ".bold{font-weight:600}.quiet{fill:#57606a}.page{fill:#ffffff}.band{fill:#f3f5f7}\n"
    ".idle,.grid{stroke:#d0d7de}.work{fill:#2f6fb0}.part{fill:#8fb6dc}.wait{fill:#e2a93b}\n"
    ".day{fill:#dfe4e9}.used{fill:#3f8f5f}\n"
    ".bound{stroke:#b3261e;stroke-dasharray:5 3}.due{stroke:#7b3fa0;stroke-dasharray:2 2}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#e6edf3}.quiet{fill:#9aa5b1}.page{fill:#0d1117}.band{fill:#161b22}\n"
    ".idle,.grid{stroke:#3d444d}.work{fill:#6cb0f5}.part{fill:#355f8a}.wait{fill:#e3b341}\n"
    ".day{fill:#30363d}.used{fill:#57ab77}.bound{stroke:#ff7b72}.due{stroke:#d2a8ff}\n"
    "}\n"
    "</style>\n";

/* ------------------------------------------------ text */

/* Columns of the UTF-8 character that begins with this byte; none for the bytes that follow. */
static int64_t columns_of(const char byte)
{
    const unsigned char lead = (unsigned char)byte;
    if (lead < 0x80) {
        return 1;
    }
    return lead < 0xC0 ? 0 : 2;
}

static int64_t columns_in(const struct ps_str text)
{
    int64_t columns = 0;
    for (size_t at = 0; at < text.size; at++) {
        columns += columns_of(text.data[at]);
    }
    return columns;
}

/* How many bytes of `text` fit into `columns`. */
static size_t bytes_within(const struct ps_str text, const int64_t columns)
{
    int64_t used = 0;
    size_t at = 0;
    while (at < text.size && used + columns_of(text.data[at]) <= columns) {
        used += columns_of(text.data[at]);
        at++;
    }
    return at;
}

static int64_t columns_for(const int64_t width, const int64_t size)
{
    return width * 100 / (size * LETTER_HUNDREDTHS);
}

static void add_escaped(struct ps_buf *const svg, const struct ps_str text)
{
    PS_ASSERT(ps_xml_escape(text, svg));
}

/* What may be said: no control characters, valid UTF-8, cut to `columns`. */
static void add_cut(struct ps_buf *const svg, const char *const text, const int64_t columns)
{
    struct ps_buf shown PS_CLEANUP(ps_buf_release);
    ps_buf_init(&shown, 6 * TEXT_BYTES_MAX + 16);
    ps_shown_add(&shown, ps_str_of(text), TEXT_BYTES_MAX);
    const struct ps_str whole = ps_buf_str(&shown);
    if (columns_in(whole) <= columns) {
        add_escaped(svg, whole);
        return;
    }
    add_escaped(svg, ps_str_part(whole, 0, bytes_within(whole, columns - 3)));
    ps_buf_add_text(svg, "...");
}

/* Where a line of text stands, and how much room it has. */
struct line {
    int64_t left;
    int64_t base;
    int64_t size;
    int64_t width;
    const char *classes;
};

static void add_text(struct ps_buf *const svg, const struct line line, const char *const text)
{
    ps_buf_add_format(
        svg, "<text x=\"%" PRId64 "\" y=\"%" PRId64 "\" font-size=\"%" PRId64 "\" class=\"%s\">",
        line.left, line.base, line.size, line.classes);
    add_cut(svg, text, columns_for(line.width, line.size));
    ps_buf_add_text(svg, "</text>\n");
}

/* ------------------------------------------------ shapes */

static void add_place(struct ps_buf *const svg, const char *const name, const int64_t place)
{
    ps_buf_add_format(svg, " %s=\"%" PRId64 ".%02" PRId64 "\"", name, place / PIXEL, place % PIXEL);
}

static void add_box(struct ps_buf *const svg, const char *const classes, const int64_t left,
                    const int64_t width, const int64_t top, const int64_t height)
{
    ps_buf_add_format(svg, "<rect class=\"%s\"", classes);
    add_place(svg, "x", left);
    ps_buf_add_format(svg, " y=\"%" PRId64 "\"", top);
    add_place(svg, "width", width);
    ps_buf_add_format(svg, " height=\"%" PRId64 "\"/>\n", height);
}

static void add_upright(struct ps_buf *const svg, const char *const classes, const int64_t place,
                        const int64_t top, const int64_t bottom)
{
    ps_buf_add_format(svg, "<line class=\"%s\"", classes);
    add_place(svg, "x1", place);
    add_place(svg, "x2", place);
    ps_buf_add_format(svg, " y1=\"%" PRId64 "\" y2=\"%" PRId64 "\"/>\n", top, bottom);
}

static int64_t scaled(const int64_t value, const int64_t factor, const int64_t divisor)
{
    int64_t result = 0;
    PS_ASSERT(ps_muldiv_i64(value, factor, divisor, &result));
    return result;
}

/* Where an instant stands, in hundredths of a pixel. */
static int64_t place_of(const struct page *const page, const int64_t at_ms)
{
    const int64_t inside_ms = at_ms < page->end_ms ? at_ms : page->end_ms;
    return PLOT_LEFT * PIXEL + scaled(inside_ms, PLOT_WIDTH * PIXEL, page->end_ms);
}

/* ------------------------------------------------ jobs */

/* One bar: a span, or several that are too thin to be told apart. */
struct bar {
    int64_t left;
    int64_t right;
    int64_t busy; /* the true width of what is in it */
    int64_t jobs_permille;
    bool is_waiting;
    bool is_thin;
};

static void draw_bar(const struct page *const page, const struct bar *const bar,
                     const int64_t row_top)
{
    const struct row_shape *const shape = page->shape;
    const int64_t full = shape->jobs_height;
    const int64_t height = 1 + scaled(full - 1, bar->jobs_permille, WHOLE_PERMILLE);
    const bool is_dense =
        !bar->is_thin || bar->right - bar->left <= THINNEST ||
        scaled(bar->busy, WHOLE_PERMILLE, bar->right - bar->left) >= DENSE_PERMILLE;
    const char *const busy_class = is_dense ? "work" : "part";
    add_box(page->svg, bar->is_waiting ? "wait" : busy_class, bar->left, bar->right - bar->left,
            row_top + shape->jobs_top + full - height, height);
}

/* A thin one is drawn wider than it is; the next begins where it ends. */
static struct bar bar_of(const struct page *const page, const struct ps_plan_plot_span *const span,
                         const int64_t drawn)
{
    const int64_t left = place_of(page, span->from_ms);
    const int64_t right = place_of(page, span->to_ms);
    const bool is_thin = right - left < THINNEST;
    return (struct bar){
        .left = left > drawn ? left : drawn,
        .right = is_thin ? left + THINNEST : right,
        .busy = right - left,
        .jobs_permille = span->jobs_permille,
        .is_waiting = span->is_starting,
        .is_thin = is_thin,
    };
}

/* Thin ones that touch become one bar, as high as the highest. */
static bool join(struct bar *const bar, const struct bar *const next)
{
    if (!bar->is_thin || !next->is_thin || next->left > bar->right) {
        return false;
    }
    bar->right = next->right > bar->right ? next->right : bar->right;
    bar->busy += next->busy;
    bar->is_waiting = bar->is_waiting && next->is_waiting;
    bar->jobs_permille =
        next->jobs_permille > bar->jobs_permille ? next->jobs_permille : bar->jobs_permille;
    return true;
}

static void draw_jobs(const struct page *const page, const struct ps_plan_plot_lane *const lane,
                      const int64_t row_top)
{
    struct bar bar = {0};
    for (int64_t at = 0; at < lane->span_count; at++) {
        const struct bar next = bar_of(page, &lane->spans[at], bar.right);
        if (at > 0 && join(&bar, &next)) {
            continue;
        }
        if (at > 0) {
            draw_bar(page, &bar, row_top);
        }
        bar = next;
    }
    if (lane->span_count > 0) {
        draw_bar(page, &bar, row_top);
    }
}

/* ------------------------------------------------ days */

static void draw_day(const struct page *const page, const int64_t left, const int64_t right,
                     const int64_t used_permille, const int64_t row_top)
{
    const int64_t top = row_top + page->shape->days_top;
    const int64_t width = right - left;
    const int64_t used = scaled(width, used_permille, WHOLE_PERMILLE);
    add_box(page->svg, "day", left, width, top, page->shape->days_height);
    if (used > 0) {
        add_box(page->svg, "used", left, used, top, page->shape->days_height);
    }
}

/* Days too thin to be told apart are one cell with their mean. */
static void draw_days(const struct page *const page, const struct ps_plan_plot_lane *const lane,
                      const int64_t row_top)
{
    if (lane->day_count == 0) {
        return;
    }
    const int64_t first = place_of(page, lane->days[0].from_ms);
    const int64_t last = place_of(page, lane->days[lane->day_count - 1].to_ms);
    const bool is_one = (last - first) / lane->day_count < THINNEST_DAY;
    int64_t used_permille = 0;
    for (int64_t day = 0; day < lane->day_count; day++) {
        const struct ps_plan_plot_day *const one = &lane->days[day];
        const int64_t left = place_of(page, one->from_ms);
        const int64_t right = place_of(page, one->to_ms);
        used_permille += one->used_permille;
        /* A pixel of air between two days. */
        if (!is_one && right - left > PIXEL) {
            draw_day(page, left, right - PIXEL, one->used_permille, row_top);
        }
    }
    if (is_one && last > first) {
        draw_day(page, first, last, used_permille / lane->day_count, row_top);
    }
}

/* ------------------------------------------------ rows */

static void draw_row(const struct page *const page, const int64_t number)
{
    const struct row_shape *const shape = page->shape;
    const struct ps_plan_plot_lane *const lane = &page->plot->lanes[number];
    const int64_t top = HEAD_HEIGHT + number * shape->height;
    const int64_t foot = top + shape->jobs_top + shape->jobs_height;
    ps_buf_add_text(page->svg, "<g>\n<title>");
    add_cut(page->svg, lane->name, INT64_MAX);
    ps_buf_add_text(page->svg, ": ");
    add_cut(page->svg, lane->note, INT64_MAX);
    ps_buf_add_text(page->svg, "</title>\n");
    add_text(page->svg,
             (struct line){MARGIN, top + shape->name_base, shape->name_size, NAMES_WIDTH, "bold"},
             lane->name);
    add_text(page->svg,
             (struct line){MARGIN, top + shape->note_base, shape->note_size, NAMES_WIDTH, "quiet"},
             lane->note);
    ps_buf_add_format(page->svg,
                      "<line class=\"idle\" x1=\"%d\" x2=\"%d\" y1=\"%" PRId64 "\" y2=\"%" PRId64
                      "\"/>\n",
                      PLOT_LEFT, PLOT_LEFT + PLOT_WIDTH, foot, foot);
    draw_jobs(page, lane, top);
    draw_days(page, lane, top);
    ps_buf_add_text(page->svg, "</g>\n");
}

/* ------------------------------------------------ the ground: rows and time */

static const struct tick_step {
    int64_t step_ms;
    int64_t unit_ms;
    const char *unit;
} tick_steps[] = {
    {100, PS_SECOND_MS, "s"},
    {PS_SECOND_MS, PS_SECOND_MS, "s"},
    {5 * PS_SECOND_MS, PS_SECOND_MS, "s"},
    {15 * PS_SECOND_MS, PS_SECOND_MS, "s"},
    {PS_MINUTE_MS, PS_MINUTE_MS, "min"},
    {5 * PS_MINUTE_MS, PS_MINUTE_MS, "min"},
    {15 * PS_MINUTE_MS, PS_MINUTE_MS, "min"},
    {30 * PS_MINUTE_MS, PS_MINUTE_MS, "min"},
    {PS_HOUR_MS, PS_HOUR_MS, "h"},
    {3 * PS_HOUR_MS, PS_HOUR_MS, "h"},
    {6 * PS_HOUR_MS, PS_HOUR_MS, "h"},
    {12 * PS_HOUR_MS, PS_HOUR_MS, "h"},
};

/* The finest step that does not crowd the axis; above the table 1, 2, 5, 10, ... days. */
static struct tick_step step_for(const int64_t end_ms)
{
    static const int64_t growth[][2] = {{2, 1}, {5, 2}, {2, 1}};
    for (size_t row = 0; row < sizeof(tick_steps) / sizeof(tick_steps[0]); row++) {
        if (end_ms / tick_steps[row].step_ms <= TICKS_MAX) {
            return tick_steps[row];
        }
    }
    struct tick_step step = {PS_DAY_MS, PS_DAY_MS, "d"};
    for (size_t turn = 0; end_ms / step.step_ms > TICKS_MAX; turn = (turn + 1) % 3) {
        step.step_ms = step.step_ms / growth[turn][1] * growth[turn][0];
    }
    return step;
}

/* Every other row is tinted, and the time runs through all of them. */
static void draw_ground(const struct page *const page)
{
    const struct tick_step step = step_for(page->end_ms);
    const int64_t bottom = page->height - FOOT_HEIGHT;
    for (int64_t row = 0; row < page->shown_lanes; row += 2) {
        add_box(page->svg, "band", 0, PAGE_WIDTH * PIXEL, HEAD_HEIGHT + row * page->shape->height,
                page->shape->height);
    }
    for (int64_t tick = 0; tick <= page->end_ms / step.step_ms; tick++) {
        const int64_t at_ms = tick * step.step_ms;
        const int64_t place = place_of(page, at_ms);
        const int64_t tenth = at_ms % step.unit_ms * 10 / step.unit_ms;
        add_upright(page->svg, "grid", place, HEAD_HEIGHT, bottom + 5);
        ps_buf_add_format(
            page->svg, "<text class=\"quiet\" font-size=\"%d\" text-anchor=\"middle\"", SMALL_SIZE);
        add_place(page->svg, "x", place);
        ps_buf_add_format(page->svg, " y=\"%" PRId64 "\">%" PRId64, bottom + 20,
                          at_ms / step.unit_ms);
        if (tenth != 0) {
            ps_buf_add_format(page->svg, ".%" PRId64, tenth);
        }
        ps_buf_add_format(page->svg, " %s</text>\n", step.unit);
    }
}

/* ------------------------------------------------ head and foot */

/* What the colours mean; a key without a class is a line. */
struct key {
    const char *box_class;
    const char *line_class;
    const char *text;
};

static int64_t draw_key(const struct page *const page, const struct key *const key,
                        const int64_t left)
{
    const int64_t base = HEAD_HEIGHT - 18;
    const int64_t text_left = left + 20;
    if (key->box_class != NULL) {
        add_box(page->svg, key->box_class, left * PIXEL, 14 * PIXEL, base - 9, 10);
    } else if (strcmp(key->line_class, "idle") == 0) {
        ps_buf_add_format(page->svg,
                          "<line class=\"idle\" x1=\"%" PRId64 "\" x2=\"%" PRId64 "\" y1=\"%" PRId64
                          "\" y2=\"%" PRId64 "\"/>\n",
                          left, left + 14, base - 4, base - 4);
    } else {
        add_upright(page->svg, key->line_class, (left + 7) * PIXEL, base - 10, base + 3);
    }
    add_text(page->svg,
             (struct line){text_left, base, SMALL_SIZE, PAGE_WIDTH - MARGIN - text_left, "quiet"},
             key->text);
    return text_left + columns_in(ps_str_of(key->text)) * SMALL_SIZE * LETTER_HUNDREDTHS / 100 + 18;
}

static void draw_line_key(const struct page *const page, const char *const line_class,
                          const char *const label, const int64_t at_ms, int64_t *const left)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, TEXT_BYTES_MAX);
    if (at_ms == 0) {
        return;
    }
    ps_buf_add_text(&text, label);
    ps_units_add_time(&text, at_ms);
    const struct key key = {NULL, line_class, ps_buf_text(&text)};
    *left = draw_key(page, &key, *left);
    if (at_ms <= page->end_ms) {
        add_upright(page->svg, line_class, place_of(page, at_ms), HEAD_HEIGHT,
                    page->height - FOOT_HEIGHT);
    }
}

static void draw_keys(const struct page *const page)
{
    static const struct key keys[] = {
        {"work", NULL, "jobs at work"},
        {"wait", NULL, "waiting to start"},
        {NULL, "idle", "idle"},
    };
    static const struct key day_key = {"used", NULL, "day's budget, used part"};
    int64_t left = MARGIN;
    bool has_days = false;
    for (int64_t lane = 0; lane < page->shown_lanes; lane++) {
        has_days = has_days || page->plot->lanes[lane].day_count > 0;
    }
    for (size_t key = 0; key < sizeof(keys) / sizeof(keys[0]); key++) {
        left = draw_key(page, &keys[key], left);
    }
    if (has_days) {
        left = draw_key(page, &day_key, left);
    }
    draw_line_key(page, "bound", "lower bound ", page->plot->bound_ms, &left);
    draw_line_key(page, "due", "deadline ", page->plot->deadline_ms, &left);
}

static void draw_foot(const struct page *const page)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, TEXT_BYTES_MAX);
    ps_buf_add_text(&text, "time after the start; ends after ");
    ps_units_add_time(&text, page->plot->end_ms);
    if (page->plot->lane_count > page->shown_lanes) {
        ps_buf_add_text(&text, "; lanes not drawn: ");
        ps_units_add_count(&text, page->plot->lane_count - page->shown_lanes);
    }
    add_text(page->svg,
             (struct line){PLOT_LEFT, page->height - 16, SMALL_SIZE, PLOT_WIDTH, "quiet"},
             ps_buf_text(&text));
}

static struct page page_of(struct ps_buf *const svg, const struct ps_plan_plot *const plot)
{
    struct page page = {.svg = svg, .plot = plot};
    page.shown_lanes =
        plot->lane_count < PS_PLAN_PLOT_LANES_MAX ? plot->lane_count : PS_PLAN_PLOT_LANES_MAX;
    page.shape = page.shown_lanes <= HIGH_ROWS_MAX ? &high_row : &low_row;
    page.end_ms = plot->end_ms > plot->bound_ms ? plot->end_ms : plot->bound_ms;
    if (plot->deadline_ms > page.end_ms && plot->deadline_ms / DEADLINE_TIMES_MAX <= page.end_ms) {
        page.end_ms = plot->deadline_ms;
    }
    page.height = HEAD_HEIGHT + page.shown_lanes * page.shape->height + FOOT_HEIGHT;
    return page;
}

void ps_plan_plot_add(struct ps_buf *const svg, const struct ps_plan_plot *const plot)
{
    PS_ASSERT(plot->end_ms > 0);
    const struct page page = page_of(svg, plot);
    ps_buf_add_format(svg,
                      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%d\" "
                      "height=\"%" PRId64 "\" viewBox=\"0 0 %d %" PRId64 "\">\n<title>",
                      PAGE_WIDTH, page.height, PAGE_WIDTH, page.height);
    add_cut(svg, plot->title, INT64_MAX);
    ps_buf_add_text(svg, "</title>\n");
    ps_buf_add_text(svg, style);
    add_box(svg, "page", 0, PAGE_WIDTH * PIXEL, 0, page.height);
    add_text(svg, (struct line){MARGIN, 34, TITLE_SIZE, PAGE_WIDTH - 2 * MARGIN, "bold"},
             plot->title);
    add_text(svg, (struct line){MARGIN, 58, TEXT_SIZE, PAGE_WIDTH - 2 * MARGIN, "quiet"},
             plot->subtitle);
    draw_ground(&page);
    for (int64_t row = 0; row < page.shown_lanes; row++) {
        draw_row(&page, row);
    }
    draw_keys(&page);
    draw_foot(&page);
    ps_buf_add_text(svg, "</svg>\n");
}
