/* Goal: a secret is kept, replaced and wiped. Method: set, set from itself, release. */
#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void is_kept_and_forgotten(void **state)
{
    (void)state;
    struct ps_secret secret PS_CLEANUP(ps_secret_release);
    ps_secret_init(&secret);
    assert_false(ps_secret_is_set(&secret));
    ps_secret_set(&secret, PS_STR("first"));
    assert_true(ps_str_equals_text(ps_secret_reveal(&secret), "first"));
    ps_secret_set(&secret, ps_str_part(ps_secret_reveal(&secret), 1, 2));
    assert_true(ps_str_equals_text(ps_secret_reveal(&secret), "ir"));
    ps_secret_release(&secret);
    assert_false(ps_secret_is_set(&secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_kept_and_forgotten)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
