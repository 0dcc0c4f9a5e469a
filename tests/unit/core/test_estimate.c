/* Goal: what came back puts right what is thought of the rest, once it is enough; without rounding
 * a limit away or passing it. Method: rows of sums, and of what is asked of them. */
#include "core/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static void too_few_answers_teach_nothing(void **state)
{
    (void)state;
    struct ps_estimate estimate = {0, 0, 0};
    assert_int_equal(ps_estimate_corrected(&estimate, 70), 70);
    ps_estimate_add(&estimate, 1000, 500, PS_ESTIMATE_RECORDS_MIN - 1);
    assert_int_equal(ps_estimate_corrected(&estimate, 70), 70);
    assert_int_equal(ps_estimate_thought(&estimate, 70), 70);
    ps_estimate_add(&estimate, 1000, 500, 1);
    assert_int_equal(ps_estimate_corrected(&estimate, 70), 35);
    assert_int_equal(ps_estimate_thought(&estimate, 70), 140);
}

static void rounds_to_the_safe_side(void **state)
{
    (void)state;
    struct ps_estimate estimate = {0, 0, 0};
    ps_estimate_add(&estimate, 3000, 2000, PS_ESTIMATE_RECORDS_MIN);
    assert_int_equal(ps_estimate_corrected(&estimate, 10), 7);
    assert_int_equal(ps_estimate_thought(&estimate, 9), 13);
    for (int64_t limit = 1; limit < 100; limit++) {
        const int64_t thought = ps_estimate_thought(&estimate, limit);
        assert_true(ps_estimate_corrected(&estimate, thought) <= limit);
        assert_true(ps_estimate_corrected(&estimate, thought + 1) > limit);
    }
}

static void what_is_exact_stays_so(void **state)
{
    (void)state;
    struct ps_estimate estimate = {0, 0, 0};
    for (int64_t job = 1; job <= 20; job++) {
        ps_estimate_add(&estimate, job * 12000, job * 10800, job * PS_ESTIMATE_RECORDS_MIN);
    }
    assert_int_equal(ps_estimate_thought(&estimate, 432000000), 480000000);
    assert_int_equal(ps_estimate_corrected(&estimate, 480000000), 432000000);
    assert_int_equal(ps_estimate_thought(&estimate, INT64_MAX), INT64_MAX);
}

static void two_per_cent_are_no_drift(void **state)
{
    (void)state;
    static const struct {
        int64_t held;
        int64_t real;
        bool is_off;
    } rows[] = {{100, 100, false}, {102, 100, false}, {103, 100, true}, {98, 100, false},
                {97, 100, true},   {0, 0, false},     {1, 0, true},     {0, 1, true}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        assert_int_equal(ps_estimate_is_off(rows[row].held, rows[row].real), rows[row].is_off);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_few_answers_teach_nothing),
        cmocka_unit_test(rounds_to_the_safe_side),
        cmocka_unit_test(what_is_exact_stays_so),
        cmocka_unit_test(two_per_cent_are_no_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
