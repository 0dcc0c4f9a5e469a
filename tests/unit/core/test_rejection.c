/* Goal: every code has a hint, and a message is cut, never overrun. */
#include "core/rejection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void says_what_to_do(void **state)
{
    (void)state;
    static const char *const codes[] = {
        "invalid_json",    "invalid_utf8",  "invalid_csv",      "not_an_object",
        "missing_prompt",  "missing_field", "ambiguous_prompt", "duplicate_key",
        "invalid_id",      "too_deep",      "too_complex",      "line_too_long",
        "not_convertible", "record_bytes",  "context_tokens",   "output_tokens"};
    for (size_t row = 0; row < sizeof(codes) / sizeof(codes[0]); row++) {
        assert_true(strlen(ps_rejection_hint(codes[row])) > 10);
    }
    assert_string_equal(ps_rejection_hint("nonsense"), "");
}

static void a_long_message_is_cut(void **state)
{
    (void)state;
    struct ps_rejection rejection = {NULL, ""};
    ps_reject(&rejection, "too_deep", "%0300d", 7);
    assert_string_equal(rejection.code, "too_deep");
    assert_int_equal(strlen(rejection.message), sizeof(rejection.message) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_to_do),
        cmocka_unit_test(a_long_message_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
