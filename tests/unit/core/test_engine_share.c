/*
 * Goal: an engine that shares its pools creates nothing before it was granted, and claims nothing
 * for which other runs leave no slot or no part of the day; one that does not share asks nobody.
 * Method: driven by hand; what others hold is set as a ledger would.
 */
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define TPD 1000

static void begin_shared(struct hand *const hand, const struct hand_options *const options)
{
    hand_begin(hand, options);
    ps_engine_share(hand->engine);
    assert_false(ps_engine_has_begun(hand->engine));
    hand_start(hand);
    assert_true(ps_engine_has_begun(hand->engine));
    hand_cut(hand, 1, 0);
    hand_prepare_job(hand, 1);
    hand_expect_nothing(hand);
    hand_assert_state(hand, 1, PS_STATE_READY);
}

static void assert_claims(struct hand *const hand, const struct ps_engine_others *const others,
                          const bool is_claimed)
{
    int64_t number = -1;
    ps_engine_set_others(hand->engine, 0, others);
    assert_int_equal(ps_engine_next_claim(hand->engine, hand->now, &number), is_claimed);
    assert_int_equal(number, is_claimed ? 1 : -1);
}

static void nothing_is_created_before_it_is_granted(void **state)
{
    (void)state;
    struct hand hand;
    int64_t number = 0;
    begin_shared(&hand, &(struct hand_options){.jobs_max = 2});
    assert_true(ps_engine_next_claim(hand.engine, hand.now, &number));
    ps_engine_grant(hand.engine, number, hand.now);
    assert_false(ps_engine_next_claim(hand.engine, hand.now, &number));
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_yes(&hand);
    hand_assert_state(&hand, 1, PS_STATE_LIVE);
    hand_end(&hand);
}

static void others_leave_as_many_slots_as_they_do_not_hold(void **state)
{
    (void)state;
    struct hand hand;
    begin_shared(&hand, &(struct hand_options){.jobs_max = 2});
    assert_claims(&hand, &(struct ps_engine_others){.slots = 3}, false);
    assert_claims(&hand, &(struct ps_engine_others){.slots = 2}, false);
    assert_claims(&hand, &(struct ps_engine_others){.slots = 1}, true);
    hand_end(&hand);
    /* Without a limit nobody is in the way. */
    begin_shared(&hand, &(struct hand_options){.jobs_max = -1, .pool_count = 1, .lane_count = 0});
    assert_claims(&hand, &(struct ps_engine_others){.slots = 100}, true);
    hand_end(&hand);
}

static void others_leave_what_they_do_not_hold_of_the_day(void **state)
{
    (void)state;
    struct hand hand;
    int64_t number = 0;
    begin_shared(&hand,
                 &(struct hand_options){.pools = {{.jobs_max = 2, .tpd = TPD}}, .pool_count = 1});
    const int64_t tokens = ps_engine_job(hand.engine, 0)->quota_tokens;
    assert_true(tokens > 0 && tokens < TPD);
    assert_claims(&hand, &(struct ps_engine_others){.day_tokens = TPD - tokens + 1}, false);
    assert_claims(&hand, &(struct ps_engine_others){.day_tokens = TPD - tokens}, true);
    assert_claims(&hand, &(struct ps_engine_others){.day_tokens = TPD}, false);
    /* The turn of the day wakes it. */
    hand_expect_nothing(&hand);
    assert_true(ps_engine_wake_at_ms(hand.engine) != INT64_MAX);
    ps_engine_set_others(hand.engine, 0, &(struct ps_engine_others){0});
    assert_true(ps_engine_next_claim(hand.engine, hand.now, &number));
    hand_end(&hand);
}

static void a_stop_or_a_pause_claims_nothing(void **state)
{
    (void)state;
    struct hand hand;
    begin_shared(&hand, &(struct hand_options){.jobs_max = 2});
    ps_engine_pause(hand.engine);
    assert_claims(&hand, &(struct ps_engine_others){0}, false);
    hand_end(&hand);
    begin_shared(&hand, &(struct hand_options){.jobs_max = 2});
    ps_engine_stop(hand.engine);
    assert_claims(&hand, &(struct ps_engine_others){0}, false);
    hand_end(&hand);
}

static void who_does_not_share_asks_nobody(void **state)
{
    (void)state;
    struct hand hand;
    int64_t number = 0;
    hand_begin(&hand, &(struct hand_options){.jobs_max = 2});
    hand_to_create(&hand, 1);
    assert_false(ps_engine_next_claim(hand.engine, hand.now, &number));
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_created_before_it_is_granted),
        cmocka_unit_test(others_leave_as_many_slots_as_they_do_not_hold),
        cmocka_unit_test(others_leave_what_they_do_not_hold_of_the_day),
        cmocka_unit_test(a_stop_or_a_pause_claims_nothing),
        cmocka_unit_test(who_does_not_share_asks_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
