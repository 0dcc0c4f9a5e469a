/*
 * Goal: the line of a run says what is true, fits its columns, and is told plainly now and then
 * where it cannot rewrite itself. Method: progresses by hand, every width, a clock of the test's.
 */
#include "cli/progress.h"

#include "base/limits.h"
#include "chat.h"
#include "cli/say.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct ps_progress under_way = {
    .records = 2000,
    .records_done = 1000,
    .records_running = 240,
    .jobs = 14,
    .stages = {[PS_STAGE_LIVE] = 4, [PS_STAGE_DONE] = 8},
    .tokens = 70000,
    .tokens_before = 10000,
    .passed_ms = 60000,
    .speed = 1,
    .activity = "the service works",
};

static void a_plain_sentence_says_all(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    ps_progress_text(&buf, &under_way);
    assert_string_equal(ps_buf_text(&buf),
                        "1,000 of 2,000 records, 240 running, jobs: 4 live, 8 of 14 done, "
                        "60,000 tokens/min, about 36.7s left");
}

static void at_the_beginning_only_records_are_known(void **state)
{
    (void)state;
    const struct ps_progress progress = {.records = 5};
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    ps_progress_text(&buf, &progress);
    assert_string_equal(ps_buf_text(&buf), "0 of 5 records");
}

static void the_time_left_is_told_once_it_can_be(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct ps_progress progress;
        const char *left; /* NULL: nothing */
    } rows[] = {
        {"nothing done", {.records = 100, .passed_ms = 1000, .speed = 1}, NULL},
        {"under a twentieth",
         {.records = 1000, .records_done = 49, .passed_ms = 49000, .speed = 1},
         NULL},
        {"a twentieth",
         {.records = 1000, .records_done = 50, .passed_ms = 50000, .speed = 1},
         "about 15m 50s left"},
        {"what runs counts",
         {.records = 100, .records_running = 50, .passed_ms = 20000, .speed = 1},
         "about 20.0s left"},
        {"what was before does not",
         {.records = 100, .records_done = 80, .records_before = 80, .passed_ms = 9000, .speed = 1},
         NULL},
        {"only this process's own pace",
         {.records = 100, .records_done = 90, .records_before = 80, .passed_ms = 20000, .speed = 1},
         "about 20.0s left"},
        {"on a fast clock",
         {.records = 100, .records_done = 50, .passed_ms = 12000000, .speed = 600},
         "about 20.0s left"},
        {"all is done", {.records = 100, .records_done = 100, .passed_ms = 1, .speed = 1}, NULL},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
        const bool is_told = ps_progress_add_left(&buf, &rows[row].progress);
        const char *const left = rows[row].left == NULL ? "" : rows[row].left;
        if (is_told != (rows[row].left != NULL) || strcmp(ps_buf_text(&buf), left) != 0) {
            fail_msg("%s: '%s'", rows[row].name, ps_buf_text(&buf));
        }
    }
}

static void a_bar_is_full_only_at_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t records;
        int64_t done;
        const char *bar;
    } rows[] = {
        {"of nothing", 0, 0, "[....]"},
        {"none", 100, 0, "[....]"},
        {"not yet one", 100, 24, "[....]"},
        {"one", 100, 25, "[#...]"},
        {"one short of all", 100, 99, "[###.]"},
        {"all", 100, 100, "[####]"},
        {"more than can be multiplied", INT64_MAX, INT64_MAX / 2 + 1, "[##..]"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_progress progress = {.records = rows[row].records,
                                             .records_done = rows[row].done};
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
        ps_progress_add_bar(&buf, &progress, 4);
        if (strcmp(ps_buf_text(&buf), rows[row].bar) != 0) {
            fail_msg("%s: %s", rows[row].name, ps_buf_text(&buf));
        }
    }
}

static void a_cut_never_falls_within_a_character(void **state)
{
    (void)state;
    static const char *const cuts[] = {"",
                                       "a",
                                       "a\xc3\xa9",
                                       "a\xc3\xa9\xe2\x82\xac",
                                       "a\xc3\xa9\xe2\x82\xacz",
                                       "a\xc3\xa9\xe2\x82\xacz"};
    for (size_t columns = 0; columns < sizeof(cuts) / sizeof(cuts[0]); columns++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
        ps_buf_add_text(&buf, "a\xc3\xa9\xe2\x82\xacz");
        ps_progress_cut(&buf, (int64_t)columns);
        assert_string_equal(ps_buf_text(&buf), cuts[columns]);
        assert_int_equal(buf.size, strlen(cuts[columns]));
    }
}

static void the_line_fits_every_width_and_keeps_what_matters(void **state)
{
    (void)state;
    struct ps_progress trouble = under_way;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    (void)snprintf(trouble.trouble, sizeof(trouble.trouble), "%s", "no \033 answer");
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    for (int64_t columns = 0; columns < 250; columns++) {
        ps_buf_clear(&buf);
        ps_progress_line(&buf, &under_way, columns);
        assert_true((int64_t)buf.size <= columns);
        assert_true(columns < 35 ||
                    strstr(ps_buf_text(&buf), "1,000 of 2,000 records, 240 running") != NULL);
        ps_buf_clear(&buf);
        ps_progress_line(&buf, &trouble, columns);
        assert_true((int64_t)buf.size <= columns);
        assert_null(strchr(ps_buf_text(&buf), '\033'));
        assert_true(columns < 80 || strstr(ps_buf_text(&buf), "trying again: no \\u001b") != NULL);
    }
    ps_buf_clear(&buf);
    ps_progress_line(&buf, &under_way, 249);
    assert_string_equal(ps_buf_text(&buf),
                        "[##########..........] 1,000 of 2,000 records, 240 running, jobs: 4 live, "
                        "8 of 14 done, 60,000 tokens/min, about 36.7s left, the service works");
}

/* Was something told? */
static bool is_told(struct ps_progress_view *const view, const struct ps_progress *const progress,
                    const int64_t real_ms)
{
    test_chat_begin();
    ps_progress_show(view, progress, real_ms);
    char *said PS_CLEANUP(ps_str_free_auto) = test_chat_end();
    return said[0] != '\0';
}

static void it_is_told_plainly_when_it_moves_and_rarely_otherwise(void **state)
{
    (void)state;
    struct ps_progress_view view = {.told_at_ms = 0};
    struct ps_progress progress = {.records = 100, .activity = "uploading"};
    assert_false(is_told(&view, &progress, 1000)); /* nothing has moved yet */
    progress.records_done = 1;
    assert_true(is_told(&view, &progress, 2000));
    progress.records_done = 2;
    assert_false(is_told(&view, &progress, 11999));
    assert_true(is_told(&view, &progress, 12000));
    assert_false(is_told(&view, &progress, 311999));
    assert_true(is_told(&view, &progress, 312000));
    (void)snprintf(progress.trouble, sizeof(progress.trouble), "%s", "no answer");
    assert_true(is_told(&view, &progress, 312001)); /* new trouble does not wait */
    assert_false(is_told(&view, &progress, 312002));
    (void)snprintf(progress.trouble, sizeof(progress.trouble), "%s", "another");
    assert_false(is_told(&view, &progress, 322000));
    assert_true(is_told(&view, &progress, 322001));
    ps_say_be_quiet(true);
    progress.records_done = 50;
    assert_false(is_told(&view, &progress, 999999));
    ps_say_be_quiet(false);
    assert_true(is_told(&view, &progress, 999999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_sentence_says_all),
        cmocka_unit_test(at_the_beginning_only_records_are_known),
        cmocka_unit_test(the_time_left_is_told_once_it_can_be),
        cmocka_unit_test(a_bar_is_full_only_at_the_end),
        cmocka_unit_test(a_cut_never_falls_within_a_character),
        cmocka_unit_test(the_line_fits_every_width_and_keeps_what_matters),
        cmocka_unit_test(it_is_told_plainly_when_it_moves_and_rarely_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
