/*
 * Goal: a number and a part of a hundred allow what they say, and not one more. Method: a table of
 * rows on both sides of each boundary.
 */
#include "base/many.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const struct row {
    const char *name;
    struct ps_many many;
    int64_t count;
    int64_t total;
    bool is_allowed;
} rows[] = {
    {"none of none", {0, false}, 0, 0, true},
    {"none means none", {0, false}, 1, 1000, false},
    {"a number", {7, false}, 7, 7, true},
    {"one above the number", {7, false}, 8, 1000, false},
    {"no percent of none", {0, true}, 0, 0, true},
    {"no percent", {0, true}, 1, 1000, false},
    {"three percent of 300", {3, true}, 9, 300, true},
    {"one above three percent", {3, true}, 10, 300, false},
    {"three percent of 299 are fewer than nine", {3, true}, 9, 299, false},
    {"a share is not rounded up", {5, true}, 1, 19, false},
    {"a share of one in twenty", {5, true}, 1, 20, true},
    {"all of them", {100, true}, 5, 5, true},
    {"a share of very many", {50, true}, 500000000001, 1000000000000, false},
};

static void what_is_many_says_what_is_allowed(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        print_message("%s\n", rows[row].name);
        assert_int_equal(ps_many_allows(rows[row].many, rows[row].count, rows[row].total),
                         rows[row].is_allowed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_many_says_what_is_allowed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
