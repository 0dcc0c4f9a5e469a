/*
 * Goal: a share is what it says, in permille, and anything else is named. Method: a table.
 */
#include "cli/what_if.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void shares_are_read(void **state)
{
    (void)state;
    struct ps_what_if what_if;
    struct ps_error err;
    assert_int_equal(ps_what_if_parse(&what_if, NULL, &err), PS_OK);
    assert_int_equal(what_if.spread_permille, 0);
    assert_int_equal(
        ps_what_if_parse(&what_if, "spread=20%, bias=-10.5% ,failing=1%,refused=0.2%", &err),
        PS_OK);
    assert_int_equal(what_if.spread_permille, 200);
    assert_int_equal(what_if.bias_permille, -105);
    assert_int_equal(what_if.failing_permille, 10);
    assert_int_equal(what_if.refused_permille, 2);
}

static void what_cannot_be_used_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
        const char *hint;
    } rows[] = {
        {"spreed=1%", "'spreed'", "spread"},
        {"spread", "'spread='", "spread=20%"},
        {"spread=20", "'spread=20'", "spread=20%"},
        {"spread=%", "'spread=%'", "spread=20%"},
        {"spread=101%", "'spread=101%'", "to 100.0%"},
        {"spread=-1%", "'spread=-1%'", "from 0%"},
        {"spread=--1%", "'spread=--1%'", ""},
        {"spread=1.25%", "'spread=1.25%'", ""},
        {"spread=1.-%", "'spread=1.-%'", ""},
        {"bias=-100%", "'bias=-100%'", "from -99%"},
        {"failing=100%", "'failing=100%'", "to 99.9%"},
        {"bias=99999999999999999999%", "bias", ""},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_what_if what_if;
        struct ps_error err = {.status = PS_OK};
        const enum ps_status status = ps_what_if_parse(&what_if, rows[row].text, &err);
        if (status != PS_E_USAGE || strstr(err.message, rows[row].message) == NULL ||
            strstr(err.hint, rows[row].hint) == NULL) {
            fail_msg("%s: '%s' '%s'", rows[row].text, err.message, err.hint);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_read),
        cmocka_unit_test(what_cannot_be_used_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
