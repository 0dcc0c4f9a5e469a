/* Goal: the same seed, the same draws, evenly. Method: known values of SplitMix64, and counts. */
#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void draws_the_published_values(void **state)
{
    (void)state;
    struct ps_prng prng;
    ps_prng_init(&prng, 1234567);
    /* From the reference implementation of SplitMix64 (Vigna, 2015). */
    assert_true(ps_prng_next(&prng) == UINT64_C(6457827717110365317));
    assert_true(ps_prng_next(&prng) == UINT64_C(3203168211198807973));
}

static void stays_below_and_is_even(void **state)
{
    (void)state;
    struct ps_prng prng;
    ps_prng_init(&prng, 1);
    int counts[7] = {0};
    for (int draw = 0; draw < 70000; draw++) {
        const int64_t value = ps_prng_below(&prng, 7);
        assert_in_range(value, 0, 6);
        counts[value]++;
    }
    for (size_t value = 0; value < 7; value++) {
        assert_in_range(counts[value], 9500, 10500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_the_published_values),
        cmocka_unit_test(stays_below_and_is_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
