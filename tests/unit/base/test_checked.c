/* Goal: arithmetic that says so instead of wrapping. Method: both sides of each boundary. */
#include "base/checked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void says_when_it_does_not_fit(void **state)
{
    (void)state;
    int64_t value = 7;
    assert_true(ps_add_i64(INT64_MAX - 1, 1, &value));
    assert_int_equal(value, INT64_MAX);
    assert_false(ps_add_i64(INT64_MAX, 1, &value));
    assert_int_equal(value, INT64_MAX);
    assert_false(ps_mul_i64(INT64_MAX / 2 + 1, 2, &value));
    assert_true(ps_mul_i64(INT64_MAX / 2, 2, &value));
    assert_int_equal(value, INT64_MAX - 1);
}

static void has_a_128_bit_middle(void **state)
{
    (void)state;
    int64_t value = 7;
    /* 10^13 tokens at 15,000,000 micro-dollars a million. */
    assert_true(ps_muldiv_i64(10000000000000, 15000000, 1000000, &value));
    assert_int_equal(value, 150000000000000);
    assert_false(ps_muldiv_i64(INT64_MAX, 2, 1, &value));
    assert_int_equal(value, 150000000000000);
    assert_true(ps_muldiv_i64(-7, 1, 2, &value));
    assert_int_equal(value, -3);
}

static void sizes_end_at_the_largest_number(void **state)
{
    (void)state;
    assert_int_equal(ps_scale_i64(10, 3, 4), 7);
    assert_int_equal(ps_scale_up_i64(10, 3, 4), 8);
    assert_int_equal(ps_scale_up_i64(8, 3, 4), 6);
    assert_int_equal(ps_scale_i64(INT64_MAX, 3, 3), INT64_MAX);
    assert_int_equal(ps_scale_i64(INT64_MAX, 2, 1), INT64_MAX);
    assert_int_equal(ps_scale_up_i64(INT64_MAX, INT64_MAX, 2), INT64_MAX);
    assert_int_equal(ps_scale_i64(INT64_MAX, 1, 2), INT64_MAX / 2);
    assert_int_equal(ps_sum_i64(INT64_MAX - 2, 1), INT64_MAX - 1);
    assert_int_equal(ps_sum_i64(INT64_MAX - 2, 5), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_when_it_does_not_fit),
        cmocka_unit_test(has_a_128_bit_middle),
        cmocka_unit_test(sizes_end_at_the_largest_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
