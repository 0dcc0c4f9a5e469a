/*
 * Goal: a drawing is well-formed whatever the lanes are called, keeps each text and each bar inside
 * its place from one lane to hundreds, and is true to the plan's times. Method: expat reads the
 * drawing; texts and boxes are measured with a letter width of their own and held against the page.
 */
#include "app/plan_plot.h"

#include "base/limits.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <expat.h>
#include <cmocka.h>

/* The widest monospaced letter that we know of, in thousandths of its size. */
#define LETTER_THOUSANDTHS 602
#define BOXES_MAX 20000
#define LANES_MAX 300
#define DAYS_MAX 3000

struct box {
    char classes[16];
    double left;
    double top;
    double width;
    double height;
};

struct drawing {
    struct ps_buf svg;
    double width;
    double height;
    double text_left; /* of the text being read */
    double text_top;
    double text_size;
    bool is_in_text;
    bool is_centred;
    bool is_in_title;
    struct ps_buf text;
    struct ps_buf titles; /* one a line */
    struct ps_buf texts;
    double rightmost_name; /* the end of the widest text in the column of names */
    double plot_left;      /* where the idle lines begin */
    struct box *boxes;
    int64_t box_count;
    int64_t bad_elements; /* that run something or fetch something */
};

static const char *attribute(const char **const attributes, const char *const name)
{
    for (size_t at = 0; attributes[at] != NULL; at += 2) {
        if (strcmp(attributes[at], name) == 0) {
            return attributes[at + 1];
        }
    }
    return "";
}

static double number(const char **const attributes, const char *const name)
{
    return strtod(attribute(attributes, name), NULL);
}

static void enter(void *const context, const XML_Char *const name, const XML_Char **const given)
{
    struct drawing *const drawing = context;
    const char **const attributes = (const char **)given;
    drawing->bad_elements += strcmp(name, "script") == 0 || strcmp(name, "image") == 0 ||
                             strcmp(name, "use") == 0 || strcmp(name, "a") == 0 ||
                             strcmp(name, "foreignObject") == 0;
    for (size_t at = 0; attributes[at] != NULL; at += 2) {
        drawing->bad_elements +=
            strstr(attributes[at], "href") != NULL || strncmp(attributes[at], "on", 2) == 0;
    }
    ps_buf_clear(&drawing->text);
    if (strcmp(name, "svg") == 0) {
        drawing->width = number(attributes, "width");
        drawing->height = number(attributes, "height");
    } else if (strcmp(name, "rect") == 0) {
        assert_true(drawing->box_count < BOXES_MAX);
        struct box *const box = &drawing->boxes[drawing->box_count++];
        *box = (struct box){"", number(attributes, "x"), number(attributes, "y"),
                            number(attributes, "width"), number(attributes, "height")};
        (void)snprintf(box->classes, sizeof(box->classes), "%s", attribute(attributes, "class"));
    } else if (strcmp(name, "line") == 0 && strcmp(attribute(attributes, "class"), "idle") == 0) {
        drawing->plot_left = number(attributes, "x1");
    } else if (strcmp(name, "text") == 0) {
        drawing->is_in_text = true;
        drawing->text_left = number(attributes, "x");
        drawing->text_top = number(attributes, "y");
        drawing->text_size = number(attributes, "font-size");
        drawing->is_centred = strcmp(attribute(attributes, "text-anchor"), "middle") == 0;
    } else {
        drawing->is_in_title = strcmp(name, "title") == 0;
    }
}

static double text_width(const struct drawing *const drawing)
{
    int64_t columns = 0;
    for (size_t at = 0; at < drawing->text.size; at++) {
        const unsigned char byte = (unsigned char)drawing->text.data[at];
        columns += byte < 0x80 ? 1 : 0;
        columns += byte >= 0xC0 ? 2 : 0;
    }
    return (double)columns * drawing->text_size * LETTER_THOUSANDTHS / 1000;
}

static void leave(void *const context, const XML_Char *const name)
{
    struct drawing *const drawing = context;
    if (strcmp(name, "text") == 0) {
        const double width = text_width(drawing);
        const double left = drawing->text_left - (drawing->is_centred ? width / 2 : 0);
        assert_true(left >= 0);
        assert_true(left + width <= drawing->width);
        assert_true(drawing->text_top <= drawing->height);
        if (left < 100 && drawing->text_top > 100 && left + width > drawing->rightmost_name) {
            drawing->rightmost_name = left + width;
        }
        ps_buf_add(&drawing->texts, ps_buf_str(&drawing->text));
        ps_buf_add_text(&drawing->texts, "\n");
    } else if (strcmp(name, "title") == 0) {
        ps_buf_add(&drawing->titles, ps_buf_str(&drawing->text));
        ps_buf_add_text(&drawing->titles, "\n");
    }
}

static void letters(void *const context, const XML_Char *const text, const int size)
{
    struct drawing *const drawing = context;
    ps_buf_add(&drawing->text, (struct ps_str){text, (size_t)size});
}

static void draw(struct drawing *const drawing, const struct ps_plan_plot *const plot)
{
    memset(drawing, 0, sizeof(*drawing));
    ps_buf_init(&drawing->svg, PS_PLAN_PLOT_BYTES_MAX);
    ps_buf_init(&drawing->text, PS_MB);
    ps_buf_init(&drawing->titles, PS_MB);
    ps_buf_init(&drawing->texts, PS_MB);
    drawing->boxes = calloc(BOXES_MAX, sizeof(drawing->boxes[0]));
    assert_non_null(drawing->boxes);
    ps_plan_plot_add(&drawing->svg, plot);
    XML_Parser parser = XML_ParserCreate("UTF-8");
    XML_SetUserData(parser, drawing);
    XML_SetElementHandler(parser, enter, leave);
    XML_SetCharacterDataHandler(parser, letters);
    assert_int_equal(XML_Parse(parser, drawing->svg.data, (int)drawing->svg.size, XML_TRUE),
                     XML_STATUS_OK);
    XML_ParserFree(parser);
    assert_int_equal(drawing->bad_elements, 0);
    assert_null(strstr(drawing->svg.data, "url("));
    for (int64_t at = 0; at < drawing->box_count; at++) {
        const struct box *const box = &drawing->boxes[at];
        assert_true(box->width >= 0 && box->left >= 0);
        assert_true(box->left + box->width <= drawing->width + 0.01);
        assert_true(box->top >= 0 && box->top + box->height <= drawing->height + 0.01);
    }
}

static void drawing_release(struct drawing *const drawing)
{
    ps_buf_release(&drawing->svg);
    ps_buf_release(&drawing->text);
    ps_buf_release(&drawing->titles);
    ps_buf_release(&drawing->texts);
    free(drawing->boxes);
}

static int64_t count_boxes(const struct drawing *const drawing, const char *const classes)
{
    int64_t count = 0;
    for (int64_t at = 0; at < drawing->box_count; at++) {
        count += strcmp(drawing->boxes[at].classes, classes) == 0;
    }
    return count;
}

/* ------------------------------------------------ plans */

static const struct ps_plan_plot_span short_job[] = {
    {0, 15 * PS_MINUTE_MS, 1000, true},
    {15 * PS_MINUTE_MS, 75 * PS_MINUTE_MS, 1000, false},
};

struct plan {
    struct ps_plan_plot plot;
    struct ps_plan_plot_lane lanes[LANES_MAX];
    struct ps_plan_plot_span spans[DAYS_MAX];
    struct ps_plan_plot_day days[DAYS_MAX];
};

static struct plan the_plan;

static struct ps_plan_plot *lanes_of(const int64_t count, const char *const name)
{
    memset(&the_plan, 0, sizeof(the_plan));
    the_plan.plot = (struct ps_plan_plot){
        "a title",      "a subtitle", 75 * PS_MINUTE_MS, 70 * PS_MINUTE_MS, 80 * PS_MINUTE_MS,
        the_plan.lanes, count};
    for (int64_t lane = 0; lane < count; lane++) {
        the_plan.lanes[lane] =
            (struct ps_plan_plot_lane){name, "us-west-2, ends after 1h 15m", short_job, 2, NULL, 0};
    }
    return &the_plan.plot;
}

/* One lane that works `work_ms` at the start of each of so many days. */
static struct ps_plan_plot *days_of(const int64_t count, const int64_t work_ms)
{
    struct ps_plan_plot *const plot = lanes_of(1, "main");
    for (int64_t day = 0; day < count; day++) {
        the_plan.spans[day] =
            (struct ps_plan_plot_span){day * PS_DAY_MS, day * PS_DAY_MS + work_ms, 500, false};
        the_plan.days[day] = (struct ps_plan_plot_day){day * PS_DAY_MS, (day + 1) * PS_DAY_MS, 500};
    }
    the_plan.lanes[0].spans = the_plan.spans;
    the_plan.lanes[0].span_count = count;
    the_plan.lanes[0].days = the_plan.days;
    the_plan.lanes[0].day_count = count;
    plot->end_ms = count * PS_DAY_MS;
    plot->bound_ms = 0;
    plot->deadline_ms = 0;
    return plot;
}

/* ------------------------------------------------ what holds */

static void every_text_stays_in_its_place_whatever_it_is(void **state)
{
    static const char *const names[] = {
        "a",
        "us.anthropic.claude-haiku-4-5-20251001-v1:0@us-west-2 in the account of another "
        "department",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
        "<script>alert(\"x\")</script>&amp;]]>",
        "\x1b[31mred\x01\xff\xfe not UTF-8",
        "\xe6\xb0\xb4\xe6\xb0\xb4\xe6\xb0\xb4\xe6\xb0\xb4\xe6\xb0\xb4\xe6\xb0\xb4\xe6\xb0\xb4\xe6"
        "\xb0\xb4\xe6\xb0\xb4\xe6\xb0\xb4\xe6\xb0\xb4\xe6\xb0\xb4\xe6\xb0\xb4\xe6\xb0\xb4\xe6\xb0"
        "\xb4\xe6\xb0\xb4",
        "\xef\xbf\xbe\xef\xbf\xbf no characters",
    };
    static const int64_t counts[] = {1, 8, 48, LANES_MAX};
    (void)state;
    for (size_t name = 0; name < sizeof(names) / sizeof(names[0]); name++) {
        for (size_t count = 0; count < sizeof(counts) / sizeof(counts[0]); count++) {
            struct drawing drawing;
            struct ps_plan_plot *const plot = lanes_of(counts[count], names[name]);
            the_plan.lanes[0].note = names[name];
            plot->title = names[name];
            plot->subtitle = names[name];
            draw(&drawing, plot);
            assert_true(drawing.rightmost_name < drawing.plot_left);
            drawing_release(&drawing);
        }
    }
}

static void a_long_name_is_cut_and_stands_whole_in_the_title(void **state)
{
    static const char name[] = "a-very-long-name-of-a-lane-that-does-not-fit & more";
    struct drawing drawing;
    (void)state;
    draw(&drawing, lanes_of(1, name));
    assert_non_null(strstr(drawing.texts.data, "a-very-long-name-of-a-lan...\n"));
    assert_null(strstr(drawing.texts.data, name));
    assert_non_null(strstr(drawing.titles.data, name));
    drawing_release(&drawing);
}

static void rows_do_not_overlap_and_too_many_are_told(void **state)
{
    struct drawing drawing;
    (void)state;
    draw(&drawing, lanes_of(LANES_MAX, "lane"));
    assert_int_equal(count_boxes(&drawing, "work"), PS_PLAN_PLOT_LANES_MAX + 1);
    assert_non_null(strstr(drawing.texts.data, "; lanes not drawn: 100\n"));
    double foot = 0;
    for (int64_t at = 0; at < drawing.box_count; at++) {
        const struct box *const box = &drawing.boxes[at];
        if (strcmp(box->classes, "work") == 0 && box->width > 20) {
            assert_true(box->top >= foot);
            foot = box->top + box->height;
        }
    }
    drawing_release(&drawing);
}

static void bars_stand_where_the_time_is(void **state)
{
    struct drawing drawing;
    const struct box *wait = NULL;
    const struct box *work = NULL;
    (void)state;
    draw(&drawing, lanes_of(1, "main"));
    for (int64_t at = 0; at < drawing.box_count; at++) {
        /* Without the two that say what the colours mean. */
        const struct box *const box = &drawing.boxes[at];
        wait = strcmp(box->classes, "wait") == 0 && box->width > 20 ? box : wait;
        work = strcmp(box->classes, "work") == 0 && box->width > 20 ? box : work;
    }
    assert_non_null(wait);
    assert_non_null(work);
    assert_true(wait->left - drawing.plot_left < 0.01);
    assert_true(work->left - (wait->left + wait->width) < 0.01);
    assert_true(work->width > wait->width * 3.99 && work->width < wait->width * 4.01);
    assert_non_null(strstr(drawing.texts.data, "\n15 min\n"));
    assert_non_null(strstr(drawing.texts.data, "lower bound 1h 10m"));
    assert_non_null(strstr(drawing.texts.data, "deadline 1h 20m"));
    assert_non_null(strstr(drawing.texts.data, "ends after 1h 15m"));
    drawing_release(&drawing);
}

static void short_work_on_long_days_is_still_seen(void **state)
{
    struct drawing drawing;
    (void)state;
    draw(&drawing, days_of(49, 17 * PS_MINUTE_MS));
    assert_int_equal(count_boxes(&drawing, "work"), 49 + 1);
    assert_int_equal(count_boxes(&drawing, "day"), 49);
    assert_int_equal(count_boxes(&drawing, "used"), 49 + 1);
    for (int64_t at = 0; at < drawing.box_count; at++) {
        assert_true(strcmp(drawing.boxes[at].classes, "work") != 0 ||
                    drawing.boxes[at].width >= 1.49);
    }
    drawing_release(&drawing);
}

static void what_is_too_thin_becomes_one_pale_bar(void **state)
{
    struct drawing drawing;
    (void)state;
    draw(&drawing, days_of(DAYS_MAX, PS_HOUR_MS));
    assert_int_equal(count_boxes(&drawing, "part"), 1);
    assert_int_equal(count_boxes(&drawing, "day"), 1);
    drawing_release(&drawing);
    draw(&drawing, days_of(DAYS_MAX, 23 * PS_HOUR_MS));
    assert_int_equal(count_boxes(&drawing, "part"), 0);
    drawing_release(&drawing);
}

static void a_far_deadline_is_told_not_drawn(void **state)
{
    struct drawing drawing;
    struct ps_plan_plot *const plot = lanes_of(1, "main");
    (void)state;
    plot->deadline_ms = 400 * PS_DAY_MS;
    draw(&drawing, plot);
    assert_non_null(strstr(drawing.texts.data, "deadline 400d 00h"));
    assert_non_null(strstr(drawing.texts.data, "\n15 min\n"));
    drawing_release(&drawing);
}

static void any_length_of_time_has_a_few_ticks(void **state)
{
    static const int64_t ends[] = {1,
                                   999,
                                   59 * PS_SECOND_MS,
                                   61 * PS_MINUTE_MS,
                                   47 * PS_HOUR_MS,
                                   49 * PS_DAY_MS,
                                   2778 * PS_DAY_MS,
                                   INT64_MAX / 4};
    (void)state;
    for (size_t row = 0; row < sizeof(ends) / sizeof(ends[0]); row++) {
        struct drawing drawing;
        struct ps_plan_plot *const plot = lanes_of(1, "main");
        plot->end_ms = ends[row];
        plot->bound_ms = 0;
        plot->deadline_ms = 0;
        draw(&drawing, plot);
        int64_t lines = 0;
        for (size_t at = 0; at < drawing.texts.size; at++) {
            lines += drawing.texts.data[at] == '\n';
        }
        /* Title, subtitle, name, note, three keys and the foot stand beside them. */
        assert_in_range(lines, 8 + 1, 8 + 11);
        drawing_release(&drawing);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_stays_in_its_place_whatever_it_is),
        cmocka_unit_test(a_long_name_is_cut_and_stands_whole_in_the_title),
        cmocka_unit_test(rows_do_not_overlap_and_too_many_are_told),
        cmocka_unit_test(bars_stand_where_the_time_is),
        cmocka_unit_test(short_work_on_long_days_is_still_seen),
        cmocka_unit_test(what_is_too_thin_becomes_one_pale_bar),
        cmocka_unit_test(a_far_deadline_is_told_not_drawn),
        cmocka_unit_test(any_length_of_time_has_a_few_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
