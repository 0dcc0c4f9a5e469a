/* Goal: what a pool has done by a moment, and never less than it can. Method: rows by hand, and the
 * inverse against a walk. */
#include "base/time.h"
#include "core/curve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define HOUR PS_HOUR_MS

static void tokens_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        struct ps_curve curve;
        int64_t at_ms;
        int64_t tokens;
    } rows[] = {
        {"before it begins", {5, 60, INT64_MAX, HOUR, 9, 0, 0}, 4, 0},
        {"the burst, as it begins", {5, 60, INT64_MAX, HOUR, 9, 0, 0}, 5, 9},
        {"rate and burst", {0, 60, INT64_MAX, HOUR, 9, 0, 0}, 60000, 69},
        {"a part of a token is one", {0, 60, INT64_MAX, HOUR, 0, 0, 0}, 1, 1},
        {"no limit", {0, INT64_MAX, INT64_MAX, HOUR, 0, 0, 0}, 0, INT64_MAX},
        {"a day's cap", {0, 60, 100, HOUR, 0, 0, 0}, HOUR - 1, 100},
        {"at the change of day the rate begins", {0, 60, 100, HOUR, 0, 0, 0}, HOUR, 100},
        {"without a rate all is there at once", {0, INT64_MAX, 100, HOUR, 0, 0, 0}, HOUR, 200},
        {"and not before", {0, INT64_MAX, 100, HOUR, 0, 0, 0}, HOUR - 1, 100},
        {"three days", {0, INT64_MAX, 100, HOUR, 0, 0, 0}, HOUR + 48 * HOUR, 400},
        {"the cap of a short day is not reached", {0, 60, 100, 60000, 0, 0, 0}, 60000, 60},
        {"begun in the second day", {2 * HOUR, 60, 100, HOUR, 0, 0, 0}, 24 * HOUR, 100},
        {"a burst in each day", {0, 60, 70, 60000, 30, 0, 0}, 60000, 90},
        {"but never more than the rate in all", {0, 60, 1000, 60000, 30, 0, 0}, 90000, 120},
        {"one more that stood half done", {0, 60, 61, 60000, 0, 5, 0}, 61000, 61},
        {"which the rate in all still holds", {0, 60, 61, 60000, 0, 5, 0}, 62000, 62},
        {"what was spent before", {0, INT64_MAX, 100, HOUR, 0, 0, 30}, HOUR - 1, 70},
        {"is the first day's alone", {0, INT64_MAX, 100, HOUR, 0, 0, 30}, HOUR + 24 * HOUR, 270},
        {"more than there was", {0, INT64_MAX, 100, HOUR, 0, 0, 130}, HOUR, 100},
        {"nothing to spend of", {0, INT64_MAX, INT64_MAX, HOUR, 0, 0, 130}, 0, INT64_MAX},
        {"begun after that day", {2 * HOUR, 60, 100, HOUR, 0, 0, 30}, 24 * HOUR, 100},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const int64_t tokens = ps_curve_tokens(&rows[row].curve, rows[row].at_ms);
        if (tokens != rows[row].tokens) {
            fail_msg("%s: %lld", rows[row].about, (long long)tokens);
        }
    }
}

static void a_day_takes_whole_records(void **state)
{
    (void)state;
    const struct ps_curve curve = {0, INT64_MAX, 100, HOUR, 0, 0, 0};
    assert_int_equal(ps_curve_whole_records(&curve, 30, 0), 3);
    assert_int_equal(ps_curve_whole_records(&curve, 30, HOUR + 24 * HOUR), 9);
    assert_int_equal(ps_curve_whole_records(&curve, 101, 100 * HOUR), 0);
    assert_int_equal(ps_curve_whole_records(&curve, 0, 0), INT64_MAX);
}

static void reaches_at_the_first_moment(void **state)
{
    (void)state;
    const struct ps_curve curve = {5 * HOUR, 1, 400, 9 * HOUR, 3, 0, 0};
    for (int64_t tokens = 1; tokens < 3000; tokens += 7) {
        const int64_t at_ms = ps_curve_reach_ms(&curve, tokens);
        assert_true(ps_curve_tokens(&curve, at_ms) >= tokens);
        assert_true(ps_curve_tokens(&curve, at_ms - 1) < tokens);
    }
    const struct ps_curve nothing = {0, 0, INT64_MAX, HOUR, 0, 0, 0};
    assert_int_equal(ps_curve_reach_ms(&nothing, 1), INT64_MAX);
}

static void slots_run_one_job_after_another(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        struct ps_slots slots;
        int64_t at_ms;
        int64_t records;
    } rows[] = {
        {"in start-up", {2, 10, 100, 1, 5}, 99, 0},
        {"a first one", {2, 10, 100, 1, 5}, 101, 2},
        {"half a job each", {2, 10, 100, 1, 5}, 125, 10},
        {"a job each", {2, 10, 100, 1, 5}, 150, 20},
        {"the next start-up", {2, 10, 100, 1, 5}, 249, 20},
        {"two jobs each", {2, 10, 100, 1, 5}, 300, 40},
        {"no time for work", {2, 10, 100, 1, 0}, 100, 20},
        {"no time at all", {2, 10, 0, 1, 0}, 0, INT64_MAX},
        {"jobs without end", {2, INT64_MAX, 100, 1, 5}, 150, 20},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const int64_t records = ps_slots_records(&rows[row].slots, rows[row].at_ms);
        if (records != rows[row].records) {
            fail_msg("%s: %lld", rows[row].about, (long long)records);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_by_hand),
        cmocka_unit_test(a_day_takes_whole_records),
        cmocka_unit_test(reaches_at_the_first_moment),
        cmocka_unit_test(slots_run_one_job_after_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
