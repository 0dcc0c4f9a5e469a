/* Goal: steady time never goes back, speed holds, marks go on. Method: marks and specs of our own
 * making. */
#include "os/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define SLACK_MS 2000 /* real time that a busy machine may lose between two lines */

static void start(struct ps_clock *const clock, const int64_t origin_ms, const int64_t speed)
{
    char spec[64];
    struct ps_error err = {0};
    (void)snprintf(spec, sizeof(spec), "%lld,%lld", (long long)origin_ms, (long long)speed);
    assert_int_equal(ps_clock_init(clock, ps_str_of(spec), &err), PS_OK);
}

static void is_the_machine_s_own_without_a_spec(void **state)
{
    (void)state;
    struct ps_clock clock;
    struct ps_error err = {0};
    assert_int_equal(ps_clock_init(&clock, PS_STR(""), &err), PS_OK);
    const int64_t behind_ms = ps_clock_real_wall_ms() - ps_clock_now(&clock).wall_ms;
    assert_true(behind_ms >= -1 && behind_ms < SLACK_MS);
    assert_int_equal(clock.speed, 1);
}

static void runs_as_fast_as_it_is_told(void **state)
{
    (void)state;
    struct ps_clock clock;
    const int64_t origin_ms = ps_clock_real_wall_ms() - 1000;
    start(&clock, origin_ms, 600);
    const int64_t passed_ms = ps_clock_now(&clock).wall_ms - origin_ms;
    assert_true(passed_ms >= 1000 * 600 && passed_ms < (1000 + SLACK_MS) * 600);
}

static void goes_on_from_a_mark_and_never_back(void **state)
{
    (void)state;
    struct ps_clock clock;
    start(&clock, 0, 1);
    const int64_t wall_ms = ps_clock_now(&clock).wall_ms;

    /* The mark was made an hour ago: steady goes on by that hour. */
    ps_clock_resume(&clock, (struct ps_clock_mark){5000, wall_ms - PS_HOUR_MS});
    const int64_t later_ms = ps_clock_now(&clock).steady_ms;
    assert_true(later_ms >= 5000 + PS_HOUR_MS && later_ms < 5000 + PS_HOUR_MS + SLACK_MS);

    /* The wall was set back a day since: steady stands, and does not follow. */
    ps_clock_resume(&clock, (struct ps_clock_mark){7000, wall_ms + PS_DAY_MS});
    const int64_t still_ms = ps_clock_now(&clock).steady_ms;
    assert_true(still_ms >= 7000 && still_ms < 7000 + SLACK_MS);
}

static void waits_in_real_time_rounded_up(void **state)
{
    (void)state;
    struct ps_clock clock;
    start(&clock, ps_clock_real_wall_ms(), 600);
    const int64_t steady_ms = ps_clock_now(&clock).steady_ms;
    assert_int_equal(ps_clock_real_wait_ms(&clock, steady_ms - 1), 0);
    const int64_t wait_ms = ps_clock_real_wait_ms(&clock, steady_ms + 600 * 10000 + 1);
    assert_true(wait_ms <= 10001 && wait_ms > 10001 - SLACK_MS);
    assert_int_equal(ps_clock_real_wait_ms(&clock, INT64_MAX), PS_DAY_MS);
}

static void refuses_other_specs(void **state)
{
    (void)state;
    static const char *const specs[] = {"7",      "7,",    ",7",  "7,0",
                                        "-1,600", "7,8,9", "a,b", "7,9999999"};
    for (size_t row = 0; row < sizeof(specs) / sizeof(specs[0]); row++) {
        struct ps_clock clock;
        struct ps_error err = {0};
        assert_int_equal(ps_clock_init(&clock, ps_str_of(specs[row]), &err), PS_E_USAGE);
        assert_true(err.hint[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_machine_s_own_without_a_spec),
        cmocka_unit_test(runs_as_fast_as_it_is_told),
        cmocka_unit_test(goes_on_from_a_mark_and_never_back),
        cmocka_unit_test(waits_in_real_time_rounded_up),
        cmocka_unit_test(refuses_other_specs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
