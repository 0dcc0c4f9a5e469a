/* Goal: the soft limit of descriptors rises as far as it may, and never falls. Method: getrlimit.
 */
#include "os/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/resource.h>

static void the_soft_limit_rises_and_never_falls(void **state)
{
    (void)state;
    struct rlimit before;
    struct rlimit after;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit low = {64, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(ps_descriptors_raise(10), 64);
    assert_int_equal(ps_descriptors_raise(100), 100);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_int_equal(after.rlim_cur, 100);
    assert_int_equal(after.rlim_max, before.rlim_max);
    /* No further than the hard one. */
    const struct rlimit narrow = {64, 128};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &narrow), 0);
    assert_int_equal(ps_descriptors_raise(1000), 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_soft_limit_rises_and_never_falls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
