/* Goal: the work is done on as many threads as asked, and all have ended afterwards. */
#include "os/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <cmocka.h>

struct shared {
    atomic_int threads;
    atomic_int next;
    atomic_int done;
};

static void take_all(void *const context)
{
    struct shared *const shared = context;
    atomic_fetch_add(&shared->threads, 1);
    while (atomic_fetch_add(&shared->next, 1) < 1000) {
        atomic_fetch_add(&shared->done, 1);
    }
}

static void shares_work_out(void **state)
{
    (void)state;
    for (int64_t count = 1; count < 6; count++) {
        struct shared shared = {0, 0, 0};
        ps_threads_run(count, take_all, &shared);
        assert_int_equal(atomic_load(&shared.threads), count);
        assert_int_equal(atomic_load(&shared.done), 1000);
    }
    assert_true(ps_threads_processors() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shares_work_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
