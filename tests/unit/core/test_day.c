/* Goal: a day turns when both clocks say so, never before, and not more than a day late. Method:
 * instants as rows; a day lived through with a wall clock that jumps. */
#include "core/day.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define RESET_MS (7 * PS_HOUR_MS)
#define MIDNIGHT_MS (20000 * PS_DAY_MS)

static void the_end_of_a_day_is_the_next_reset(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_ms;
        int64_t reset_ms;
        int64_t end_ms;
    } rows[] = {
        {MIDNIGHT_MS, 0, MIDNIGHT_MS + PS_DAY_MS},
        {MIDNIGHT_MS - 1, 0, MIDNIGHT_MS},
        {MIDNIGHT_MS, RESET_MS, MIDNIGHT_MS + RESET_MS},
        {MIDNIGHT_MS + RESET_MS - 1, RESET_MS, MIDNIGHT_MS + RESET_MS},
        {MIDNIGHT_MS + RESET_MS, RESET_MS, MIDNIGHT_MS + RESET_MS + PS_DAY_MS},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        assert_int_equal(ps_day_end_of(rows[row].wall_ms, rows[row].reset_ms), rows[row].end_ms);
    }
}

/* A day that began at 20:00, steady 1000 s. */
static struct ps_day day_of_eight(void)
{
    struct ps_day day = {0, 0};
    const struct ps_now now = {1000 * PS_SECOND_MS, MIDNIGHT_MS - 4 * PS_HOUR_MS};
    assert_false(ps_day_pass(&day, now, 0));
    assert_int_equal(day.end_ms, MIDNIGHT_MS);
    assert_int_equal(day.turn_ms, now.steady_ms + 4 * PS_HOUR_MS);
    assert_int_equal(ps_day_wake_ms(&day, now), day.turn_ms);
    return day;
}

static void it_turns_when_both_clocks_are_past(void **state)
{
    (void)state;
    static const struct {
        int64_t passed_ms;
        int64_t put_ms; /* the wall clock, besides */
        bool is_turn;
    } rows[] = {
        {4 * PS_HOUR_MS - 1, 0, false},
        {4 * PS_HOUR_MS, 0, true},
        {4 * PS_HOUR_MS - 1, PS_HOUR_MS, false}, /* put forward */
        {4 * PS_HOUR_MS, PS_HOUR_MS, true},
        {5 * PS_HOUR_MS - 1, -PS_HOUR_MS, false}, /* put back */
        {5 * PS_HOUR_MS, -PS_HOUR_MS, true},
        {28 * PS_HOUR_MS - 1, -400 * PS_DAY_MS, false}, /* far back: not for ever */
        {28 * PS_HOUR_MS, -400 * PS_DAY_MS, true},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_day day = day_of_eight();
        const struct ps_now now = {1000 * PS_SECOND_MS + rows[row].passed_ms,
                                   MIDNIGHT_MS - 4 * PS_HOUR_MS + rows[row].passed_ms +
                                       rows[row].put_ms};
        const int64_t wake_ms = ps_day_wake_ms(&day, now);
        assert_true(rows[row].is_turn ? wake_ms <= now.steady_ms : wake_ms > now.steady_ms);
        assert_int_equal(ps_day_pass(&day, now, 0), rows[row].is_turn);
        if (rows[row].is_turn) {
            assert_int_equal(day.end_ms, ps_day_end_of(now.wall_ms, 0));
            assert_false(ps_day_pass(&day, now, 0)); /* once */
        }
    }
}

static void another_reset_makes_the_day_longer_never_shorter(void **state)
{
    (void)state;
    struct ps_day day = day_of_eight();
    const struct ps_now now = {2000 * PS_SECOND_MS, MIDNIGHT_MS - 3 * PS_HOUR_MS};
    assert_false(ps_day_pass(&day, now, RESET_MS));
    assert_int_equal(day.end_ms, MIDNIGHT_MS + RESET_MS);
    assert_true(day.turn_ms >= now.steady_ms + 10 * PS_HOUR_MS);
    /* The new end would come first: the one after the old end. */
    day = day_of_eight();
    assert_false(ps_day_pass(&day, now, 22 * PS_HOUR_MS));
    assert_int_equal(day.end_ms, MIDNIGHT_MS + 22 * PS_HOUR_MS);
    assert_int_equal(day.turn_ms, 1000 * PS_SECOND_MS + 26 * PS_HOUR_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_a_day_is_the_next_reset),
        cmocka_unit_test(it_turns_when_both_clocks_are_past),
        cmocka_unit_test(another_reset_makes_the_day_longer_never_shorter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
