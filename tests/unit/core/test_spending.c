/*
 * Goal: failures are held against those that have an ending, and only where a limit was said.
 * Method: a table of rows on both sides of each boundary.
 */
#include "core/spending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define ALLOWED(count_, is_percent_)                              \
    {                                                             \
        .has_failures = 1, .failures = {(count_), (is_percent_) } \
    }

static const struct row {
    const char *name;
    struct ps_spending_limits limits;
    struct ps_spending_counts counts;
    enum ps_spending_stop stop;
} rows[] = {
    {"no limit", {0}, {0, 1000, 0}, PS_SPENDING_GO},
    {"nothing came back", ALLOWED(0, false), {0, 0, 0}, PS_SPENDING_GO},
    {"the first failure is one too many", ALLOWED(0, false), {70, 1, 0}, PS_SPENDING_FAILURES},
    {"as many as allowed", ALLOWED(3, false), {0, 3, 0}, PS_SPENDING_GO},
    {"one more", ALLOWED(3, false), {0, 4, 0}, PS_SPENDING_FAILURES},
    {"of those with an ending", ALLOWED(10, true), {27, 3, 1000}, PS_SPENDING_GO},
    {"what may yet come is no ending", ALLOWED(10, true), {26, 3, 1000}, PS_SPENDING_FAILURES},
};

static void failures_are_held_against_what_has_ended(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        print_message("%s\n", rows[row].name);
        assert_int_equal(ps_spending_judge(&rows[row].limits, &rows[row].counts), rows[row].stop);
    }
}

static const struct canary_row {
    const char *name;
    struct ps_spending_limits limits;
    struct ps_spending_counts counts;
    bool holds;
} canary_rows[] = {
    {"one of ten by itself", {0}, {9, 1, 0}, true},
    {"two of ten", {0}, {8, 1, 1}, false},
    {"what may be sent again has not succeeded", {0}, {0, 0, 70}, false},
    {"by --max-failures", ALLOWED(30, true), {7, 1, 2}, true},
    {"none by --max-failures", ALLOWED(0, false), {9, 0, 1}, false},
};

static void a_canary_is_judged_by_all_that_came_back(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(canary_rows) / sizeof(canary_rows[0]); row++) {
        print_message("%s\n", canary_rows[row].name);
        assert_int_equal(
            ps_spending_canary_holds(&canary_rows[row].limits, &canary_rows[row].counts),
            canary_rows[row].holds);
    }
}

static void the_words_of_a_canary_are_read_again(void **state)
{
    (void)state;
    for (int canary = PS_CANARY_NONE; canary <= PS_CANARY_PASSED; canary++) {
        assert_int_equal(ps_canary_of(ps_str_of(ps_canary_word((enum ps_canary)canary))), canary);
    }
    assert_int_equal(ps_canary_of(PS_STR("pass")), PS_CANARY_NONE);
}

static void a_price_is_rounded_up_each_part_by_itself(void **state)
{
    (void)state;
    const struct ps_price price = {550000, 2750000};
    assert_int_equal(ps_price_usd_micros(price, 0, 0), 0);
    assert_int_equal(ps_price_usd_micros(price, 1, 1), 1 + 3);
    assert_int_equal(ps_price_usd_micros(price, 1000000, 1000000), 3300000);
    assert_int_equal(ps_price_usd_micros(price, INT64_MAX, INT64_MAX), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_are_held_against_what_has_ended),
        cmocka_unit_test(a_canary_is_judged_by_all_that_came_back),
        cmocka_unit_test(a_price_is_rounded_up_each_part_by_itself),
        cmocka_unit_test(the_words_of_a_canary_are_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
