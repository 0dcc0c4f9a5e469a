/*
 * Goal: limits, times and verdicts read as a colleague would say them. Method: tables of sentences.
 */
#include "app/plan_words.h"

#include "plan_scene.h"

#include "base/limits.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void limits_say_what_they_are_about(void **state)
{
    static const struct {
        enum ps_limit_key key;
        int64_t value;
        const char *text;
    } rows[] = {
        {PS_LIMIT_TPD, 50000000, "50 M tokens/day"},
        {PS_LIMIT_RPS, 20, "20 requests/s"},
        {PS_LIMIT_RPS, 1, "1 request/s"},
        {PS_LIMIT_JOBS, 1, "1 job at once"},
        {PS_LIMIT_SHARD_BYTES, 50000000, "50.0 MB a file"},
        {PS_LIMIT_STARTUP, 15 * PS_MINUTE_MS, "15m 00s until a job starts"},
        {PS_LIMIT_RESET, 23 * PS_HOUR_MS + 20 * PS_MINUTE_MS, "23:20 UTC: the day turns"},
        {PS_LIMIT_BURNDOWN, 5, "x5 for an output token"},
    };
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 1000);
        ps_plan_words_add_limit(&buf, rows[row].key, rows[row].value);
        assert_string_equal(ps_buf_text(&buf), rows[row].text);
    }
    for (int key = 0; key <= PS_LIMIT_COUNT; key++) {
        assert_non_null(strstr(ps_plan_words_binding((enum ps_limit_key)key), "bind"));
    }
}

static void spans_are_as_short_as_they_can_be(void **state)
{
    static const struct {
        int64_t time_ms;
        const char *text;
    } rows[] = {
        {400, "0.4s"},
        {PS_MINUTE_MS, "1 minute"},
        {90 * PS_MINUTE_MS, "1h 30m"},
        {2 * PS_HOUR_MS, "2 hours"},
        {36 * PS_HOUR_MS, "36 hours"},
        {PS_DAY_MS, "1 day"},
        {49 * PS_DAY_MS, "49 days"},
        {49 * PS_DAY_MS + PS_HOUR_MS, "49d 01h"},
        {2778 * PS_DAY_MS, "7.6 years"},
    };
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 1000);
        ps_plan_words_add_span(&buf, rows[row].time_ms);
        assert_string_equal(ps_buf_text(&buf), rows[row].text);
    }
}

static void says(const struct ps_plan_view *const view, const char *const expected)
{
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    ps_plan_words_add_verdict(&buf, view);
    assert_string_equal(ps_buf_text(&buf), expected);
}

static void the_verdict_comes_in_one_sentence(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 1);
    struct ps_plan_view *const view = &scene.view;
    says(view, "Does not fit into 2 hours. 49 days at 50 M tokens/day: the daily quota binds");
    view->verdict = PS_PLAN_FITS;
    view->deadline_ms = 0;
    says(view, "49 days at 50 M tokens/day: the daily quota binds");
    view->deadline_ms = 50 * PS_DAY_MS;
    says(view, "Fits into 50 days. 49 days at 50 M tokens/day: the daily quota binds");
    view->binding = PS_LIMIT_STARTUP;
    view->makespan_ms = 90 * PS_MINUTE_MS;
    says(view, "Fits into 50 days. 1h 30m: the start-up time of jobs binds");
    view->verdict = PS_PLAN_TOO_DEAR;
    view->max_cost_usd_micros = 10000000;
    says(view,
         "Costs $2,000, above the $10.00 of --max-cost. 1h 30m: the start-up time of jobs binds");
    view->verdict = PS_PLAN_IMPOSSIBLE;
    view->why = "a job of 1,000 records needs 12 M tokens of one day";
    says(view, "Impossible: a job of 1,000 records needs 12 M tokens of one day");
}

static void rates_of_several_pools_are_one_sum(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 4);
    scene.limits[1] = scene.limits[0];
    scene.view.deadline_ms = 0;
    scene.view.verdict = PS_PLAN_FITS;
    says(&scene.view, "49 days at 100 M tokens/day: the daily quota binds");
    scene.limits[0].value = INT64_MAX;
    says(&scene.view, "49 days at 9,223,372 T tokens/day: the daily quota binds");
}

static void what_a_window_needs_is_told_when_it_is_missed(void **state)
{
    struct plan_scene scene;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    (void)state;
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    plan_scene_init(&scene, 1);
    ps_plan_words_add_needed(&buf, &scene.view);
    assert_string_equal(ps_buf_text(&buf), "A window of 2 hours needs 20 M tokens/min, 2.4 B "
                                           "tokens/day and 28 requests/s");
    ps_buf_clear(&buf);
    scene.view.needed_jobs = 30;
    scene.requests[0].key = PS_LIMIT_JOBS;
    ps_plan_words_add_needed(&buf, &scene.view);
    assert_non_null(strstr(ps_buf_text(&buf), ", 28 requests/s and 30 jobs at once"));
    ps_buf_clear(&buf);
    scene.requests[0].key = PS_LIMIT_TPM;
    scene.view.needed_tpm = PS_NO_LIMIT;
    scene.view.needed_rps = PS_NO_LIMIT;
    ps_plan_words_add_needed(&buf, &scene.view);
    assert_string_equal(ps_buf_text(&buf), "A window of 2 hours needs 2.4 B tokens/day");
    ps_buf_clear(&buf);
    scene.view.verdict = PS_PLAN_FITS;
    ps_plan_words_add_needed(&buf, &scene.view);
    assert_string_equal(ps_buf_text(&buf), "");
}

static void the_demand_is_one_line(void **state)
{
    struct plan_scene scene;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    (void)state;
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    plan_scene_init(&scene, 1);
    ps_plan_words_add_demand(&buf, &scene.view.demand);
    assert_string_equal(ps_buf_text(&buf),
                        "200,000 records, 2.4 B tokens (2 B in, 400 M out), 8.0 GB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_say_what_they_are_about),
        cmocka_unit_test(spans_are_as_short_as_they_can_be),
        cmocka_unit_test(the_verdict_comes_in_one_sentence),
        cmocka_unit_test(rates_of_several_pools_are_one_sum),
        cmocka_unit_test(what_a_window_needs_is_told_when_it_is_missed),
        cmocka_unit_test(the_demand_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
