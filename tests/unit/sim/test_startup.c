/*
 * Goal: start-up times and speeds are drawn as they were recorded.
 * Method: the draws that lie on the rows of the table and half-way between, and the median, p90 and
 * bounds of many seeded draws (engineering reference, 1.6.2: min 36 s, median 100 s, p90 505 s, max
 * 1,434 s).
 */
#include "sim/startup.h"

#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static void a_draw_lies_on_the_table(void **const state)
{
    static const struct {
        const char *name;
        uint64_t draw;
        int64_t delay_ms;
        int64_t job_tpm;
    } rows[] = {
        {"the least", 0, 36000, 7186},
        {"between the first two", 250000, 68000, 13757},
        {"the median", 500000, 100000, 23107},
        {"nine of ten", 900000, 505000, 107137},
        {"between the last two", 950000, 969500, 115595},
        {"only what is below a million counts", 7500000, 100000, 23107},
    };
    (void)state;
    struct ps_startup startup;
    ps_startup_load(&startup);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        assert_int_equal(ps_startup_delay_ms(&startup, rows[row].draw), rows[row].delay_ms);
        assert_int_equal(ps_startup_job_tpm(&startup, rows[row].draw), rows[row].job_tpm);
    }
}

static void a_spread_is_even(void **const state)
{
    (void)state;
    struct ps_startup startup;
    int64_t delays_ms[4];
    ps_startup_load(&startup);
    ps_startup_spread_ms(&startup, delays_ms, 4);
    assert_int_equal(delays_ms[0], 36000);
    assert_int_equal(delays_ms[2], 100000);
    assert_int_equal(delays_ms[3], 353125);
}

static void many_draws_are_spread_as_recorded(void **const state)
{
    enum { DRAWS = 100000 };
    (void)state;
    struct ps_startup startup;
    struct ps_prng prng;
    int64_t below_median = 0;
    int64_t below_p90 = 0;
    ps_startup_load(&startup);
    ps_prng_init(&prng, 7);
    for (int draw = 0; draw < DRAWS; draw++) {
        const int64_t delay_ms = ps_startup_delay_ms(&startup, ps_prng_next(&prng));
        assert_in_range(delay_ms, 36000, 1434000);
        below_median += delay_ms < 100000 ? 1 : 0;
        below_p90 += delay_ms < 505000 ? 1 : 0;
    }
    assert_in_range(below_median, DRAWS / 100 * 49, DRAWS / 100 * 51);
    assert_in_range(below_p90, DRAWS / 100 * 89, DRAWS / 100 * 91);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_draw_lies_on_the_table),
                                       cmocka_unit_test(a_spread_is_even),
                                       cmocka_unit_test(many_draws_are_spread_as_recorded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
