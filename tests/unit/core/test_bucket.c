/* Goal: over any time a bucket lets no more through than its limit and what it holds, and nearly
 * all of that; a debt is paid first; nothing waits for ever. Method: instants as rows; an hour of
 * asking at odd times, with refunds, added up. */
#include "core/bucket.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static void a_full_bucket_gives_what_it_holds_then_by_its_rate(void **state)
{
    (void)state;
    struct ps_bucket bucket;
    ps_bucket_init(&bucket, 20, PS_SECOND_MS, 2);
    for (int64_t taken = 0; taken < 2; taken++) {
        assert_int_equal(ps_bucket_ready_ms(&bucket, 1, 5000), 5000);
        ps_bucket_take(&bucket, 1, 5000);
    }
    assert_int_equal(ps_bucket_ready_ms(&bucket, 1, 5000), 5050);
    assert_int_equal(ps_bucket_ready_ms(&bucket, 1, 5049), 5050);
    ps_bucket_take(&bucket, 1, 5050);
    assert_int_equal(ps_bucket_ready_ms(&bucket, 1, 5050), 5100);
    assert_int_equal(ps_bucket_ready_ms(&bucket, 2, 5050), 5150);
}

static void more_than_it_holds_goes_when_it_is_full_and_the_debt_is_paid(void **state)
{
    (void)state;
    struct ps_bucket bucket;
    ps_bucket_init(&bucket, 60000, PS_MINUTE_MS, 3000);
    assert_int_equal(ps_bucket_ready_ms(&bucket, 10000, 0), 0);
    ps_bucket_take(&bucket, 10000, 0);
    assert_int_equal(ps_bucket_ready_ms(&bucket, 1, 0), 7001);
    assert_int_equal(ps_bucket_ready_ms(&bucket, 10000, 0), 10000);
}

static void what_is_given_back_may_be_taken_at_once(void **state)
{
    (void)state;
    struct ps_bucket bucket;
    ps_bucket_init(&bucket, 60000, PS_MINUTE_MS, 1000);
    ps_bucket_take(&bucket, 9000, 0);
    ps_bucket_take(&bucket, -8000, 0);
    assert_int_equal(ps_bucket_ready_ms(&bucket, 1, 0), 1);
    ps_bucket_take(&bucket, -5000, 1000);
    assert_int_equal(ps_bucket_ready_ms(&bucket, 1000, 1000), 1000);
    ps_bucket_take(&bucket, 6000, 1000);
    assert_int_equal(ps_bucket_ready_ms(&bucket, 1000, 1000), 2000);
}

static void without_a_limit_all_goes_at_once(void **state)
{
    (void)state;
    struct ps_bucket bucket;
    ps_bucket_init(&bucket, 0, PS_SECOND_MS, 1);
    ps_bucket_take(&bucket, 1000000, 7);
    assert_int_equal(ps_bucket_ready_ms(&bucket, INT64_MAX, 7), 7);
}

static void an_hour_of_odd_instants_stays_within_the_limit_and_uses_it(void **state)
{
    (void)state;
    struct ps_bucket bucket;
    const int64_t limit = 7919;
    const int64_t room = 400;
    int64_t taken = 0;
    int64_t refund = 0;
    int64_t now_ms = 0;
    ps_bucket_init(&bucket, limit, PS_MINUTE_MS, room);
    for (int64_t step = 0; now_ms < PS_HOUR_MS; step++) {
        const int64_t amount = 17 + step % 91;
        const int64_t ready_ms = ps_bucket_ready_ms(&bucket, amount, now_ms);
        assert_true(ready_ms >= now_ms);
        now_ms = ready_ms + step % 3;
        ps_bucket_take(&bucket, amount, now_ms);
        taken += amount;
        refund = step % 5 == 0 ? amount / 2 : 0;
        ps_bucket_take(&bucket, -refund, now_ms);
        taken -= refund;
        assert_true(taken * PS_MINUTE_MS <= room * PS_MINUTE_MS + limit * now_ms);
    }
    assert_true(taken * PS_MINUTE_MS >= limit * now_ms - 200 * PS_MINUTE_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_bucket_gives_what_it_holds_then_by_its_rate),
        cmocka_unit_test(more_than_it_holds_goes_when_it_is_full_and_the_debt_is_paid),
        cmocka_unit_test(what_is_given_back_may_be_taken_at_once),
        cmocka_unit_test(without_a_limit_all_goes_at_once),
        cmocka_unit_test(an_hour_of_odd_instants_stays_within_the_limit_and_uses_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
