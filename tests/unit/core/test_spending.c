/*
 * Goal: failures are held against those that have an ending, and only where a limit was said.
 * Method: a table of rows on both sides of each boundary.
 */
#include "core/spending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const struct row {
    const char *name;
    struct ps_spending_limits limits;
    struct ps_spending_counts counts;
    enum ps_spending_stop stop;
} rows[] = {
    {"no limit", {0}, {0, 1000, 0}, PS_SPENDING_GO},
    {"nothing came back", {1, {0, false}}, {0, 0, 0}, PS_SPENDING_GO},
    {"the first failure is one too many", {1, {0, false}}, {70, 1, 0}, PS_SPENDING_FAILURES},
    {"as many as allowed", {1, {3, false}}, {0, 3, 0}, PS_SPENDING_GO},
    {"one more", {1, {3, false}}, {0, 4, 0}, PS_SPENDING_FAILURES},
    {"of those with an ending", {1, {10, true}}, {27, 3, 1000}, PS_SPENDING_GO},
    {"what may yet come is no ending", {1, {10, true}}, {26, 3, 1000}, PS_SPENDING_FAILURES},
};

static void failures_are_held_against_what_has_ended(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        print_message("%s\n", rows[row].name);
        assert_int_equal(ps_spending_judge(&rows[row].limits, &rows[row].counts), rows[row].stop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(failures_are_held_against_what_has_ended)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
