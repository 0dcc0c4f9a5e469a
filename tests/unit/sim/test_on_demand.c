/*
 * Goal: a pool on demand reserves, settles and refuses as AWS says it does. Method: requests at
 * chosen instants; numbers that do not divide.
 */
#include "sim/on_demand.h"

#include "base/own.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define START (1000 * PS_DAY_MS)

static enum ps_on_demand_verdict send(struct ps_on_demand *const pool, const int64_t reserved,
                                      const int64_t settled, const int64_t at_ms,
                                      const int64_t took_ms)
{
    const enum ps_on_demand_verdict verdict = ps_on_demand_ask(pool, reserved, START + at_ms);
    if (verdict == PS_ON_DEMAND_FITS) {
        const struct ps_on_demand_use use = {START + at_ms, reserved, settled,
                                             START + at_ms + took_ms};
        ps_on_demand_take(pool, &use);
    }
    return verdict;
}

static void requests_hold_a_minute_s_worth_and_come_back_evenly(void **state)
{
    (void)state;
    struct ps_on_demand pool PS_CLEANUP(ps_on_demand_release);
    ps_on_demand_init(&pool, &(struct ps_on_demand_limits){.rps = 3}, START);
    for (int count = 0; count < 180; count++) {
        assert_int_equal(send(&pool, 1000000, 1, 0, 1000), PS_ON_DEMAND_FITS);
    }
    assert_int_equal(send(&pool, 1, 1, 0, 1000), PS_ON_DEMAND_REQUESTS);
    assert_int_equal(send(&pool, 1, 1, 333, 1000), PS_ON_DEMAND_REQUESTS);
    assert_int_equal(send(&pool, 1, 1, 334, 1000), PS_ON_DEMAND_FITS);
    assert_int_equal(send(&pool, 1, 1, 334, 1000), PS_ON_DEMAND_REQUESTS);
    assert_int_equal(send(&pool, 1, 1, PS_DAY_MS, 1000), PS_ON_DEMAND_FITS);
}

static void tokens_are_reserved_until_the_answer_settles_them(void **state)
{
    (void)state;
    struct ps_on_demand pool PS_CLEANUP(ps_on_demand_release);
    ps_on_demand_init(&pool, &(struct ps_on_demand_limits){.tpm = 6000}, START);
    assert_int_equal(send(&pool, 5000, 1000, 0, 2000), PS_ON_DEMAND_FITS);
    assert_int_equal(send(&pool, 1001, 1, 0, 1000), PS_ON_DEMAND_TOKENS);
    /* 100 tokens come back each second; at two seconds the answer gives 4,000 back. */
    assert_int_equal(send(&pool, 1200, 1200, 1999, 5000), PS_ON_DEMAND_TOKENS);
    assert_int_equal(send(&pool, 5200, 5200, 2000, 5000), PS_ON_DEMAND_FITS);
    assert_int_equal(send(&pool, 1, 1, 2000, 1000), PS_ON_DEMAND_TOKENS);
}

static void an_answer_may_cost_more_than_was_reserved(void **state)
{
    (void)state;
    struct ps_on_demand pool PS_CLEANUP(ps_on_demand_release);
    ps_on_demand_init(&pool, &(struct ps_on_demand_limits){.tpm = 6000}, START);
    /* Burn-down: 4,000 reserved, 8,000 counted. The debt of 2,000 is paid first. */
    assert_int_equal(send(&pool, 4000, 8000, 0, 10), PS_ON_DEMAND_FITS);
    assert_int_equal(send(&pool, 1, 1, 19999, 10), PS_ON_DEMAND_TOKENS);
    assert_int_equal(send(&pool, 1, 1, 20020, 10), PS_ON_DEMAND_FITS);
}

static void a_day_s_budget_begins_anew_at_its_hour(void **state)
{
    (void)state;
    struct ps_on_demand pool PS_CLEANUP(ps_on_demand_release);
    ps_on_demand_init(&pool, &(struct ps_on_demand_limits){.tpd = 100, .reset_ms = PS_HOUR_MS},
                      START);
    assert_int_equal(send(&pool, 90, 30, 0, 500), PS_ON_DEMAND_FITS);
    assert_int_equal(send(&pool, 11, 11, 499, 500), PS_ON_DEMAND_DAY);
    assert_int_equal(send(&pool, 70, 70, 500, PS_HOUR_MS), PS_ON_DEMAND_FITS);
    assert_int_equal(send(&pool, 1, 1, PS_HOUR_MS - 1, 1), PS_ON_DEMAND_DAY);
    /* What was accepted yesterday gives nothing to the new day. */
    assert_int_equal(send(&pool, 100, 100, PS_HOUR_MS, 1), PS_ON_DEMAND_FITS);
    assert_int_equal(send(&pool, 1, 1, PS_HOUR_MS + 600, 1), PS_ON_DEMAND_DAY);
    assert_int_equal(send(&pool, 1, 1, PS_HOUR_MS + PS_DAY_MS, 1), PS_ON_DEMAND_FITS);
}

static void many_under_way_settle_in_the_order_of_time(void **state)
{
    (void)state;
    struct ps_on_demand pool PS_CLEANUP(ps_on_demand_release);
    ps_on_demand_init(&pool, &(struct ps_on_demand_limits){.tpd = 10000}, START);
    for (int64_t count = 0; count < 1000; count++) {
        /* 7 and 1,000 have no divisor: each instant is met once. */
        assert_int_equal(send(&pool, 10, 9, 0, 1 + count * 7 % 1000), PS_ON_DEMAND_FITS);
    }
    assert_int_equal(pool.open_count, 1000);
    for (int64_t at_ms = 1; at_ms <= 1000; at_ms++) {
        assert_int_equal(ps_on_demand_ask(&pool, at_ms, START + at_ms), PS_ON_DEMAND_FITS);
        assert_int_equal(ps_on_demand_ask(&pool, at_ms + 1, START + at_ms), PS_ON_DEMAND_DAY);
    }
    assert_int_equal(pool.open_count, 0);
}

static void each_refusal_has_the_service_s_words(void **state)
{
    (void)state;
    assert_non_null(strstr(ps_on_demand_words(PS_ON_DEMAND_REQUESTS), "Too many requests,"));
    assert_non_null(strstr(ps_on_demand_words(PS_ON_DEMAND_TOKENS), "Too many tokens,"));
    assert_non_null(strstr(ps_on_demand_words(PS_ON_DEMAND_DAY), "tokens per day,"));
}

static void answers_take_their_time(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        const int64_t short_ms = ps_on_demand_latency_ms(seed, 0);
        const int64_t long_ms = ps_on_demand_latency_ms(seed, 900) - short_ms;
        assert_true(short_ms >= 300);
        assert_true(short_ms <= 1500);
        assert_true(long_ms >= 10 * PS_SECOND_MS);
        assert_true(long_ms <= 30 * PS_SECOND_MS);
        assert_int_equal(ps_on_demand_latency_ms(seed, 900), short_ms + long_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_hold_a_minute_s_worth_and_come_back_evenly),
        cmocka_unit_test(tokens_are_reserved_until_the_answer_settles_them),
        cmocka_unit_test(an_answer_may_cost_more_than_was_reserved),
        cmocka_unit_test(a_day_s_budget_begins_anew_at_its_hour),
        cmocka_unit_test(many_under_way_settle_in_the_order_of_time),
        cmocka_unit_test(answers_take_their_time),
        cmocka_unit_test(each_refusal_has_the_service_s_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
