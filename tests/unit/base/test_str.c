/* Goal: views compare, cut and parse as they say. Method: rows at the boundaries. */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static void parses_only_whole_numbers_that_fit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_number;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-1", true, -1},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {"1 ", false, 0},
        {"1e3", false, 0},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        int64_t value = 77;
        assert_int_equal(ps_str_to_i64(ps_str_of(rows[row].text), &value), rows[row].is_number);
        assert_int_equal(value, rows[row].is_number ? rows[row].value : 77);
    }
}

static void compares_and_cuts(void **state)
{
    (void)state;
    const struct ps_str text = PS_STR("  Hello\r\n");
    assert_true(ps_str_equals_text(ps_str_trim(text), "Hello"));
    assert_true(ps_str_equals_nocase(PS_STR("hELLO"), PS_STR("Hello")));
    assert_false(ps_str_equals_nocase(PS_STR("hello"), PS_STR("hell")));
    assert_true(ps_str_starts_with(PS_STR("s3://b"), PS_STR("s3://")));
    assert_false(ps_str_starts_with(PS_STR("s3"), PS_STR("s3://")));
    assert_true(ps_str_ends_with(PS_STR("a.jsonl"), PS_STR(".jsonl")));
    assert_true(ps_str_compare(PS_STR("a"), PS_STR("ab")) < 0);
    assert_true(ps_str_compare(PS_STR("b"), PS_STR("ab")) > 0);
    assert_int_equal(ps_str_compare(PS_STR("ab"), PS_STR("ab")), 0);
    assert_int_equal(ps_str_find(PS_STR("abc"), 'c'), 2);
    assert_int_equal(ps_str_find(PS_STR("abc"), 'x'), 3);
    assert_int_equal(ps_str_part(PS_STR("abc"), 5, 1).size, 0);
    assert_true(ps_str_equals_text(ps_str_part(PS_STR("abc"), 1, 9), "bc"));
    assert_true(ps_str_equals(ps_str_of(NULL), PS_STR("")));
    char *copy PS_CLEANUP(ps_str_free_auto) = ps_str_dup(PS_STR("abc"));
    assert_string_equal(copy, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_only_whole_numbers_that_fit),
        cmocka_unit_test(compares_and_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
