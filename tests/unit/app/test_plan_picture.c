/*
 * Goal: the picture of a plan is true to its numbers: waiting, work, days and their budgets.
 * Method: plans of one lane and of several that share, looked at span by span.
 */
#include "app/plan_picture.h"

#include "plan_scene.h"

#include "base/limits.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void a_day_works_until_its_budget_is_used(void **state)
{
    struct plan_scene scene;
    struct ps_plan_picture picture;
    (void)state;
    plan_scene_init(&scene, 1);
    ps_plan_picture_init(&picture, &scene.view);
    assert_int_equal(picture.plot.end_ms, scene.view.makespan_ms);
    assert_int_equal(picture.plot.bound_ms, scene.view.lower_bound_ms);
    assert_string_equal(picture.plot.subtitle,
                        "200,000 records, 2.4 B tokens (2 B in, 400 M out), 8.0 GB");
    const struct ps_plan_plot_lane *const lane = &picture.lanes[0];
    assert_string_equal(lane->note, "200,000 records in 48d 00h");
    assert_int_equal(lane->day_count, 49);
    for (int64_t day = 0; day < 48; day++) {
        assert_int_equal(lane->days[day].from_ms, day * PS_DAY_MS);
        assert_int_equal(lane->days[day].used_permille, 1000);
        assert_int_equal(lane->spans[day].from_ms, day * PS_DAY_MS);
        /* 50 M tokens at 3 M a minute. */
        assert_int_equal(lane->spans[day].to_ms - lane->spans[day].from_ms, 1000000);
    }
    assert_int_equal(lane->span_count, 48); /* nothing is left for the last seconds */
    ps_plan_picture_release(&picture);
}

static void lanes_that_share_have_their_part(void **state)
{
    struct plan_scene scene;
    struct ps_plan_picture picture;
    (void)state;
    plan_scene_init(&scene, 2);
    ps_plan_picture_init(&picture, &scene.view);
    assert_int_equal(picture.plot.lane_count, 2);
    for (int64_t lane = 0; lane < 2; lane++) {
        assert_int_equal(picture.lanes[lane].days[0].used_permille, 1000);
        assert_int_equal(picture.lanes[lane].spans[0].to_ms, 1000000);
    }
    ps_plan_picture_release(&picture);
}

static void start_up_comes_first_and_the_day_turns_where_it_turns(void **state)
{
    struct plan_scene scene;
    struct ps_plan_picture picture;
    (void)state;
    plan_scene_init(&scene, 1);
    scene.view.start_ms = 23 * PS_HOUR_MS;
    scene.said[0].limits[PS_LIMIT_STARTUP].value = 15 * PS_MINUTE_MS;
    scene.lanes[0].jobs = 5;
    ps_plan_picture_init(&picture, &scene.view);
    const struct ps_plan_plot_lane *const lane = &picture.lanes[0];
    assert_true(lane->spans[0].is_starting);
    assert_int_equal(lane->spans[0].to_ms, 15 * PS_MINUTE_MS);
    assert_int_equal(lane->spans[0].jobs_permille, 500);
    assert_int_equal(lane->spans[1].from_ms, 15 * PS_MINUTE_MS);
    assert_int_equal(lane->days[0].to_ms, PS_HOUR_MS);
    assert_int_equal(lane->days[1].from_ms, PS_HOUR_MS);
    assert_int_equal(lane->spans[2].from_ms, PS_HOUR_MS);
    ps_plan_picture_release(&picture);
}

static void without_limits_a_lane_works_to_its_end(void **state)
{
    struct plan_scene scene;
    struct ps_plan_picture picture;
    (void)state;
    plan_scene_init(&scene, 2);
    scene.said[0].limits[PS_LIMIT_TPD].value = PS_NO_LIMIT;
    scene.said[0].limits[PS_LIMIT_TPM].value = PS_NO_LIMIT;
    scene.lanes[1].records = 0;
    ps_plan_picture_init(&picture, &scene.view);
    assert_int_equal(picture.lanes[0].day_count, 0);
    assert_int_equal(picture.lanes[0].span_count, 1);
    assert_int_equal(picture.lanes[0].spans[0].to_ms, scene.lanes[0].ends_ms);
    assert_int_equal(picture.lanes[1].span_count, 0);
    assert_string_equal(picture.lanes[1].note, "nothing to do");
    ps_plan_picture_release(&picture);
}

static void a_budget_without_a_rate_lasts_the_day(void **state)
{
    struct plan_scene scene;
    struct ps_plan_picture picture;
    (void)state;
    plan_scene_init(&scene, 1);
    scene.said[0].limits[PS_LIMIT_TPM].value = PS_NO_LIMIT;
    ps_plan_picture_init(&picture, &scene.view);
    assert_int_equal(picture.lanes[0].spans[0].to_ms, PS_DAY_MS);
    ps_plan_picture_release(&picture);
}

static void an_impossible_plan_and_a_thousand_years_are_drawn_too(void **state)
{
    struct plan_scene scene;
    struct ps_plan_picture picture;
    struct ps_buf svg PS_CLEANUP(ps_buf_release);
    (void)state;
    ps_buf_init(&svg, PS_PLAN_PLOT_BYTES_MAX);
    plan_scene_init(&scene, 1);
    scene.view.makespan_ms = PS_PLAN_UNKNOWN;
    scene.lanes[0].records = 0;
    ps_plan_picture_init(&picture, &scene.view);
    assert_int_equal(picture.plot.end_ms, PS_DAY_MS);
    assert_int_equal(picture.plot.bound_ms, 0);
    ps_plan_plot_add(&svg, &picture.plot);
    ps_plan_picture_release(&picture);

    plan_scene_init(&scene, 1);
    scene.view.makespan_ms = 365000 * PS_DAY_MS;
    scene.lanes[0].ends_ms = scene.view.makespan_ms;
    ps_plan_picture_init(&picture, &scene.view);
    assert_int_equal(picture.lanes[0].span_count, 1);
    ps_plan_plot_add(&svg, &picture.plot);
    ps_plan_picture_release(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_works_until_its_budget_is_used),
        cmocka_unit_test(lanes_that_share_have_their_part),
        cmocka_unit_test(start_up_comes_first_and_the_day_turns_where_it_turns),
        cmocka_unit_test(without_limits_a_lane_works_to_its_end),
        cmocka_unit_test(a_budget_without_a_rate_lasts_the_day),
        cmocka_unit_test(an_impossible_plan_and_a_thousand_years_are_drawn_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
