/* Goal: the level falls on a "no", is back where it was after K, goes beyond it, and stays between
 * floor and ceiling. Method: K and the curve against the numbers of RFC 9438 and of the SDKs; rows
 * of instants; a service with a hidden limit that is lived with for a while. */
#include "core/cubic.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

/* Calls a second. */
static const struct ps_cubic_options calls = {
    .unit_ms = PS_SECOND_MS, .keep = PS_CUBIC_KEEP, .floor_millis = 500, .settle_ms = PS_SECOND_MS};

static void nothing_is_held_back_before_the_first_no(void **state)
{
    (void)state;
    const struct ps_cubic cubic = PS_CUBIC_START;
    struct ps_cubic_options known = calls;
    known.ceiling_millis = 20000;
    assert_int_equal(ps_cubic_level(&cubic, &calls, 0), PS_CUBIC_FREE);
    assert_int_equal(ps_cubic_level(&cubic, &known, 5), 20000);
    assert_int_equal(ps_cubic_reaches_ms(&cubic, &known, 20000, 7), 7);
    assert_int_equal(ps_cubic_reaches_ms(&cubic, &known, 20001, 7), INT64_MAX);
}

/* K = cbrt(0.75 * peak) seconds: 0.9 s at 1, 2.0 at 10, 4.2 at 100 (reliability.md, section 9). */
static void after_a_cut_it_is_back_when_the_formula_says(void **state)
{
    (void)state;
    static const struct {
        int64_t peak_millis;
        int64_t back_ms;
    } rows[] = {{1000, 909}, {10000, 1958}, {100000, 4218}, {1000000, 9086}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_cubic cubic = PS_CUBIC_START;
        const int64_t peak = rows[row].peak_millis;
        assert_true(ps_cubic_cut(&cubic, &calls, peak, 40000));
        assert_in_range(ps_cubic_level(&cubic, &calls, 40000), peak * 7 / 10 - peak / 1000 - 1,
                        peak * 7 / 10 + peak / 1000 + 1);
        assert_int_equal(ps_cubic_level(&cubic, &calls, 40000 + rows[row].back_ms), peak);
        assert_true(ps_cubic_level(&cubic, &calls, 40000 + rows[row].back_ms / 2) <
                    peak - peak / 100);
        /* As far beyond it as below it: the curve is even about K. */
        assert_in_range(ps_cubic_level(&cubic, &calls, 40000 + 2 * rows[row].back_ms),
                        peak * 13 / 10 - peak / 1000 - 1, peak * 13 / 10 + peak / 1000 + 1);
    }
}

static void it_rises_all_the_time(void **state)
{
    (void)state;
    struct ps_cubic cubic = PS_CUBIC_START;
    assert_true(ps_cubic_cut(&cubic, &calls, 37000, 0));
    int64_t before = ps_cubic_level(&cubic, &calls, 0);
    for (int64_t now_ms = 50; now_ms < 10000; now_ms += 50) {
        const int64_t level = ps_cubic_level(&cubic, &calls, now_ms);
        assert_true(level >= before);
        before = level;
    }
    assert_true(before > 100000);
    /* Years fit. */
    assert_true(ps_cubic_level(&cubic, &calls, INT64_MAX) > before);
}

static void floor_and_ceiling_hold_always(void **state)
{
    (void)state;
    struct ps_cubic_options known = calls;
    struct ps_cubic cubic = PS_CUBIC_START;
    known.ceiling_millis = 9000;
    assert_true(ps_cubic_cut(&cubic, &known, 20000, 0)); /* more was in use than is known */
    assert_int_equal(ps_cubic_level(&cubic, &known, 0), 6300);
    assert_int_equal(ps_cubic_level(&cubic, &known, PS_HOUR_MS), 9000);
    for (int64_t second = 2; second < 30; second += 2) {
        assert_true(ps_cubic_cut(&cubic, &known, 0, second * PS_SECOND_MS));
        assert_int_equal(ps_cubic_level(&cubic, &known, second * PS_SECOND_MS), 500);
    }
    known.ceiling_millis = 300; /* a limit below the floor is still a limit */
    assert_int_equal(ps_cubic_level(&cubic, &known, PS_HOUR_MS), 300);
}

static void one_burst_of_refusals_is_one_cut(void **state)
{
    (void)state;
    struct ps_cubic cubic = PS_CUBIC_START;
    assert_true(ps_cubic_cut(&cubic, &calls, 10000, 1000));
    assert_false(ps_cubic_cut(&cubic, &calls, 7000, 1000));
    assert_false(ps_cubic_cut(&cubic, &calls, 7000, 1999));
    assert_int_equal(cubic.peak_millis, 10000);
    assert_true(ps_cubic_cut(&cubic, &calls, 8000, 2000));
    /* It did not get back: the next peak lies lower still (4.7: * (1 + 0.7) / 2). */
    assert_int_equal(cubic.peak_millis, 6800);
    assert_int_equal(cubic.base_millis, 5600);
}

static void a_cut_that_keeps_all_tries_again_later(void **state)
{
    (void)state;
    static const struct ps_cubic_options slots = {
        .unit_ms = 10 * PS_MINUTE_MS, .keep = 1000, .floor_millis = 1000, .settle_ms = 0};
    struct ps_cubic cubic = PS_CUBIC_START;
    assert_true(ps_cubic_cut(&cubic, &slots, 5000, 0));
    assert_int_equal(ps_cubic_level(&cubic, &slots, 0), 5000);
    /* One more at cbrt(1 / 0.4) = 1.357 units. */
    const int64_t more_ms = ps_cubic_reaches_ms(&cubic, &slots, 6000, 0);
    assert_in_range(more_ms, 13 * PS_MINUTE_MS, 14 * PS_MINUTE_MS);
    assert_true(ps_cubic_level(&cubic, &slots, more_ms) >= 6000);
    assert_true(ps_cubic_level(&cubic, &slots, more_ms - 1) < 6000);
}

static void a_search_doubles_each_unit(void **state)
{
    (void)state;
    struct ps_cubic cubic = PS_CUBIC_START;
    ps_cubic_search(&cubic, 1000, 5000);
    assert_int_equal(ps_cubic_level(&cubic, &calls, 5000), 1000);
    assert_int_equal(ps_cubic_level(&cubic, &calls, 5500), 1500);
    assert_int_equal(ps_cubic_level(&cubic, &calls, 6000), 2000);
    assert_int_equal(ps_cubic_level(&cubic, &calls, 8000), 8000);
    assert_int_equal(ps_cubic_reaches_ms(&cubic, &calls, 8000, 5000), 8000);
    assert_true(ps_cubic_level(&cubic, &calls, PS_HOUR_MS) > INT64_C(1000000000000));
    assert_true(ps_cubic_cut(&cubic, &calls, 6000, 8000));
    assert_int_equal(cubic.base_millis, 4200);
    assert_int_equal(cubic.peak_millis, 6000);
}

/* What is used of a hidden limit of `limit` over ten minutes, each second the whole level; what is
 * above it is refused. */
static void live(const int64_t limit_millis, int64_t *const ret_used_permille,
                 int64_t *const ret_refused_permille)
{
    struct ps_cubic cubic = PS_CUBIC_START;
    int64_t used = 0;
    int64_t refused = 0;
    ps_cubic_search(&cubic, 1000, 0);
    for (int64_t now_ms = 0; now_ms < 10 * PS_MINUTE_MS; now_ms += PS_SECOND_MS) {
        const int64_t tried = ps_cubic_level(&cubic, &calls, now_ms);
        used += tried < limit_millis ? tried : limit_millis;
        if (tried > limit_millis) {
            refused += tried - limit_millis;
            (void)ps_cubic_cut(&cubic, &calls, tried, now_ms);
        }
    }
    *ret_used_permille = used * 1000 / (limit_millis * 600);
    *ret_refused_permille = refused * 1000 / (used + refused);
}

static void a_hidden_limit_is_used_well(void **state)
{
    (void)state;
    /* The smaller the limit, the sooner it is tried again. */
    static const struct {
        int64_t limit_millis;
        int64_t refused_permille_max;
    } rows[] = {{3000, 200}, {20000, 50}, {100000, 50}, {1000000, 50}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        int64_t used_permille = 0;
        int64_t refused_permille = 0;
        live(rows[row].limit_millis, &used_permille, &refused_permille);
        assert_true(used_permille >= 850);
        assert_true(refused_permille <= rows[row].refused_permille_max);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_held_back_before_the_first_no),
        cmocka_unit_test(after_a_cut_it_is_back_when_the_formula_says),
        cmocka_unit_test(it_rises_all_the_time),
        cmocka_unit_test(floor_and_ceiling_hold_always),
        cmocka_unit_test(one_burst_of_refusals_is_one_cut),
        cmocka_unit_test(a_cut_that_keeps_all_tries_again_later),
        cmocka_unit_test(a_search_doubles_each_unit),
        cmocka_unit_test(a_hidden_limit_is_used_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
