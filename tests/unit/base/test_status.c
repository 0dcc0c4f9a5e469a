/* Goal: an error is whole, cut where it does not fit, and each status has a word. */
#include "base/status.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void says_what_and_what_to_do(void **state)
{
    (void)state;
    struct ps_error err;
    memset(&err, 'x', sizeof(err));
    assert_int_equal(ps_error_set(&err, PS_E_INPUT, PS_RETRY_NEVER, "cannot read '%s'", "a"),
                     PS_E_INPUT);
    assert_string_equal(err.message, "cannot read 'a'");
    assert_string_equal(err.hint, "");
    assert_string_equal(err.aws_code, "");
    assert_int_equal(ps_error_hint(&err, "Do %s.", "this"), PS_E_INPUT);
    assert_string_equal(err.hint, "Do this.");
    assert_int_equal(ps_error_set_errno(&err, PS_E_IO, ENOENT, "could not open 'b'"), PS_E_IO);
    assert_string_equal(err.message, "could not open 'b': No such file or directory");
    assert_int_equal(ps_error_set(NULL, PS_E_IO, PS_RETRY_LATER, "nobody asks"), PS_E_IO);
}

static void every_status_has_a_word(void **state)
{
    (void)state;
    for (int status = PS_OK; status < PS_STATUS_COUNT; status++) {
        assert_non_null(ps_status_name((enum ps_status)status));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_and_what_to_do),
        cmocka_unit_test(every_status_has_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
