/* Goal: instants go to text and back. Method: known instants, and texts that are none. */
#include "sim/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void known_instants(void **state)
{
    (void)state;
    static const struct {
        int64_t at_ms;
        const char *iso;
        const char *http;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
        {INT64_C(951782400007), "2000-02-29T00:00:00.007Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
        {INT64_C(4102444799999), "2099-12-31T23:59:59.999Z", "Thu, 31 Dec 2099 23:59:59 GMT"},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        char text[PS_STAMP_SIZE];
        int64_t at_ms = -1;
        ps_stamp_iso(rows[index].at_ms, text);
        assert_string_equal(text, rows[index].iso);
        assert_true(ps_stamp_parse_iso(ps_str_of(text), &at_ms));
        assert_int_equal(at_ms, rows[index].at_ms);
        ps_stamp_http(rows[index].at_ms, text);
        assert_string_equal(text, rows[index].http);
    }
}

static void other_forms_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at_ms; /* -1: it is none */
    } rows[] = {
        {"1970-01-01T00:00:01Z", 1000},
        {"1970-01-01T00:00:01.5Z", 1500},
        {"1970-01-01T00:00:01.123456Z", 1123},
        {"1970-01-01T02:00:00+02:00", 0},
        {"1970-01-01T00:00:00-01:30", 5400000},
        {"1970-01-01", -1},
        {"1970-01-01T00:00:00", -1},
        {"1970-13-01T00:00:00Z", -1},
        {"1970-01-01T00:00:00Zx", -1},
        {"1970-01-01T00:00:00+0200", -1},
        {"", -1},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        int64_t at_ms = -1;
        const bool is_read = ps_stamp_parse_iso(ps_str_of(rows[index].text), &at_ms);
        assert_int_equal(is_read, rows[index].at_ms >= 0);
        assert_int_equal(at_ms, rows[index].at_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_instants),
        cmocka_unit_test(other_forms_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
