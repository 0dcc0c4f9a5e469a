/*
 * Goal: beyond what the user allows nothing is created, what is at the service is collected, and
 * the run ends early, resumable. Method: the engine is driven by hand, one wish and one fact at a
 * time.
 */
#include "core/rules.h"
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct hand_options few_failures = {
    .jobs_max = 1, .spending = {.has_failures = 1, .failures = {2, false}}};

static void tell(struct hand *const hand, const int64_t succeeded, const int64_t failed)
{
    const struct ps_spending_counts counts = {.succeeded = succeeded, .failed = failed};
    ps_engine_tell_counts(hand->engine, &counts);
}

/* The live job 1 ends, and its answers are filed. */
static void end_job(struct hand *const hand, const int64_t unsent)
{
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    const struct ps_tally all = hand_tally_of(10, 10);
    hand_expect(hand, PS_WISH_LIST_JOBS);
    hand_jobs(hand, &end, NULL);
    hand_expect(hand, PS_WISH_GET_JOB);
    hand_jobs(hand, &end, NULL);
    hand_read_and_tally(hand, &all);
    hand_expect_close(hand, PS_VERDICT_UNPROCESSED);
    hand_close(hand, unsent);
}

static void as_many_failures_as_allowed_change_nothing(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &few_failures);
    hand_to_create(&hand, 1);
    tell(&hand, 8, 2);
    hand_yes(&hand);
    end_job(&hand, 0);
    hand_expect(&hand, PS_WISH_CUT_JOBS);
    assert_int_equal(ps_engine_stop_reason(hand.engine), PS_SPENDING_GO);
    hand_end(&hand);
}

static void what_is_live_is_collected_and_the_rest_stays_unsent(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &few_failures);
    hand_to_create(&hand, 2);
    hand_yes(&hand);
    hand_prepare_job(&hand, 2);
    tell(&hand, 0, 3);
    end_job(&hand, 0);
    hand_expect_nothing(&hand); /* job 2 is ready, its slot is free */
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_EARLY);
    assert_int_equal(ps_engine_stop_reason(hand.engine), PS_SPENDING_FAILURES);
    hand_assert_state(&hand, 2, PS_STATE_READY);
    hand_end(&hand);
}

static void uploads_on_their_way_are_awaited_and_no_more_begun(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &few_failures);
    hand_start(&hand);
    hand_cut(&hand, 2, 0);
    hand_expect(&hand, PS_WISH_LOAD_SHARDS);
    tell(&hand, 0, 3);
    hand_expect_nothing(&hand);
    hand_assert_running(&hand);
    hand_later(&hand);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_EARLY);
    hand_end(&hand);
}

static void the_same_run_goes_on_when_more_may_fail(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &few_failures);
    hand_to_create(&hand, 2);
    hand_yes(&hand);
    tell(&hand, 7, 3);
    end_job(&hand, 0);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_EARLY);
    hand.options.spending.failures.count = 3;
    hand_restart(&hand);
    tell(&hand, 7, 3);
    hand_start(&hand);
    hand_prepare_job(&hand, 2);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_end(&hand);
}

static void a_create_in_doubt_is_looked_for_and_not_repeated(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &few_failures);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    hand_look_for_nothing(&hand);
    hand_assert_state(&hand, 1, PS_STATE_REPEATING);
    tell(&hand, 0, 3);
    hand_sleep(&hand);
    hand_look_for_nothing(&hand); /* inside the token window: else it would be sent again */
    hand_assert_state(&hand, 1, PS_STATE_LOOK_NAME);
    hand_assert_running(&hand);
    hand_end(&hand);
}

static void a_run_with_nothing_left_has_ended(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &few_failures);
    hand_to_create(&hand, 1);
    hand_yes(&hand);
    tell(&hand, 0, 10);
    end_job(&hand, 0);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_ENDED);
    hand_end(&hand);
}

static void a_stop_goes_before(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &few_failures);
    hand_to_create(&hand, 2);
    hand_yes(&hand);
    tell(&hand, 0, 3);
    end_job(&hand, 0);
    ps_engine_stop(hand.engine);
    hand_expect(&hand, PS_WISH_GIVE_UP);
    hand_assert_state(&hand, 2, PS_STATE_VOID);
    hand_end(&hand);
}

/* ------------------------------------------------ the canary */

static const struct hand_options with_canary = {.spending = {.canary_records = 10}};

static void come_back(struct hand *const hand, const int64_t succeeded, const int64_t to_come)
{
    const struct ps_spending_counts counts = {.succeeded = succeeded, .to_come = to_come};
    ps_engine_tell_counts(hand->engine, &counts);
}

static void a_canary_that_succeeds_lets_the_rest_go(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &with_canary);
    ps_engine_set_canary(hand.engine, PS_CANARY_WANTED);
    come_back(&hand, 0, 0);
    hand_start(&hand);
    hand_cut(&hand, 1, 500);
    assert_int_equal(ps_engine_canary(hand.engine), PS_CANARY_SENT);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_yes(&hand);
    come_back(&hand, 0, 0); /* of a job that is live nothing is judged */
    end_job(&hand, 500);
    hand_expect_nothing(&hand);
    come_back(&hand, 9, 1);
    assert_int_equal(ps_engine_canary(hand.engine), PS_CANARY_PASSED);
    hand_expect(&hand, PS_WISH_CUT_JOBS);
    hand_end(&hand);
}

static void a_canary_that_fails_ends_the_run_before_the_rest(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &with_canary);
    ps_engine_set_canary(hand.engine, PS_CANARY_WANTED);
    hand_to_create(&hand, 1);
    hand_yes(&hand);
    end_job(&hand, 500);
    come_back(&hand, 8, 2);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_EARLY);
    assert_int_equal(ps_engine_stop_reason(hand.engine), PS_SPENDING_CANARY);
    hand_restart(&hand); /* the store says SENT, and the same verdict follows */
    ps_engine_set_canary(hand.engine, PS_CANARY_SENT);
    come_back(&hand, 8, 2);
    hand_start(&hand);
    come_back(&hand, 8, 2);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_EARLY);
    hand_end(&hand);
}

static void a_canary_that_was_never_sent_is_cut_anew(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &with_canary);
    ps_engine_set_canary(hand.engine, PS_CANARY_SENT);
    hand_start(&hand);
    come_back(&hand, 0, 0);
    assert_int_equal(ps_engine_canary(hand.engine), PS_CANARY_WANTED);
    hand_cut(&hand, 0, 3); /* too few for a job: there is nothing to try */
    assert_int_equal(ps_engine_canary(hand.engine), PS_CANARY_NONE);
    hand_expect(&hand, PS_WISH_GIVE_UP);
    hand_end(&hand);
}

/* ------------------------------------------------ money */

/* A million tokens cost 2 and 10 dollars; a job is thought to cost 60 micro-dollars at most. */
static const struct hand_options capped = {.jobs_max = 2, .spending = {.max_cost_usd_micros = 100}};
#define JOB_USD_MICROS 60

static void begin_capped(struct hand *const hand, const int64_t cap)
{
    struct hand_options options = capped;
    options.spending.max_cost_usd_micros = cap;
    options.lanes[0] = (struct ps_engine_lane){.names = {PS_STR("b"), PS_STR("p"), PS_STR("run")},
                                               .model = PS_STR("m"),
                                               .role_arn = PS_STR("arn:aws:iam::1:role/r"),
                                               .region = PS_STR("us-east-1"),
                                               .price = {2000000, 10000000},
                                               .min_records = 5};
    options.lane_count = 1;
    hand_begin(hand, &options);
}

static void cut_costly(struct hand *const hand, const int64_t job_count, const int64_t unsent,
                       const int64_t held_back)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES, .unsent = unsent, .held_back = held_back};
    fact.shapes = calloc((size_t)job_count + 1, sizeof(fact.shapes[0]));
    for (int64_t job = 0; job < job_count; job++) {
        fact.shapes[fact.shape_count++] =
            (struct ps_job_shape){.number = ps_engine_next_number(hand->engine) + job,
                                  .shard_count = 1,
                                  .records = HAND_RECORDS,
                                  .bytes = HAND_BYTES,
                                  .cost_usd_micros = JOB_USD_MICROS};
    }
    hand_expect(hand, PS_WISH_CUT_JOBS);
    hand_give(hand, &fact);
}

static void end_paid_job(struct hand *const hand, const int64_t unsent)
{
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    struct ps_tally all = hand_tally_of(10, 10);
    all.input_tokens = 5;
    all.output_tokens = 3;
    hand_expect(hand, PS_WISH_LIST_JOBS);
    hand_jobs(hand, &end, NULL);
    hand_expect(hand, PS_WISH_GET_JOB);
    hand_jobs(hand, &end, NULL);
    hand_read_and_tally(hand, &all);
    assert_int_equal(ps_engine_cost_usd_micros(hand->engine), 40); /* 5 x 2 + 3 x 10 */
    hand_expect_close(hand, PS_VERDICT_UNPROCESSED);
    hand_close(hand, unsent);
}

static void a_create_reserves_the_most_and_what_is_settled_is_free_again(void **state)
{
    (void)state;
    struct hand hand;
    begin_capped(&hand, 100);
    hand_start(&hand);
    cut_costly(&hand, 2, 0, 0);
    assert_int_equal(ps_engine_cost_left(hand.engine), 0); /* both wait for their create */
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(ps_engine_cost_usd_micros(hand.engine), JOB_USD_MICROS);
    hand_yes(&hand);
    hand_prepare_job(&hand, 2);
    end_paid_job(&hand, 0); /* before that the second job waited, though a slot was free */
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(hand.last.wish.job, 2);
    assert_int_equal(ps_engine_cost_usd_micros(hand.engine), 40 + JOB_USD_MICROS);
    hand_end(&hand);
}

static void a_job_that_no_money_is_left_for_ends_the_run(void **state)
{
    (void)state;
    struct hand hand;
    begin_capped(&hand, 99);
    hand_start(&hand);
    cut_costly(&hand, 2, 0, 0);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_yes(&hand);
    hand_prepare_job(&hand, 2);
    end_paid_job(&hand, 0);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_EARLY);
    assert_int_equal(ps_engine_stop_reason(hand.engine), PS_SPENDING_COST);
    hand.options.spending.max_cost_usd_micros = 100;
    hand_restart(&hand); /* with more money, what is known of the cost is known again */
    assert_int_equal(ps_engine_cost_usd_micros(hand.engine), 40);
    hand_start(&hand);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_end(&hand);
}

static void what_money_kept_from_being_cut_is_not_given_up(void **state)
{
    (void)state;
    struct hand hand;
    begin_capped(&hand, 100);
    hand_start(&hand);
    cut_costly(&hand, 1, 500, 500);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_yes(&hand);
    end_paid_job(&hand, 500); /* nothing was cut while it lived */
    cut_costly(&hand, 0, 500, 500);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_EARLY);
    assert_int_equal(ps_engine_stop_reason(hand.engine), PS_SPENDING_COST);
    hand_end(&hand);
}

static void usage_that_nobody_tells_is_taken_for_the_most(void **state)
{
    (void)state;
    struct hand hand;
    begin_capped(&hand, 100);
    hand_start(&hand);
    cut_costly(&hand, 1, 0, 0);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_yes(&hand);
    end_job(&hand, 0);
    assert_int_equal(ps_engine_cost_usd_micros(hand.engine), JOB_USD_MICROS);
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_failures_as_allowed_change_nothing),
        cmocka_unit_test(what_is_live_is_collected_and_the_rest_stays_unsent),
        cmocka_unit_test(uploads_on_their_way_are_awaited_and_no_more_begun),
        cmocka_unit_test(the_same_run_goes_on_when_more_may_fail),
        cmocka_unit_test(a_create_in_doubt_is_looked_for_and_not_repeated),
        cmocka_unit_test(a_run_with_nothing_left_has_ended),
        cmocka_unit_test(a_stop_goes_before),
        cmocka_unit_test(a_canary_that_succeeds_lets_the_rest_go),
        cmocka_unit_test(a_canary_that_fails_ends_the_run_before_the_rest),
        cmocka_unit_test(a_canary_that_was_never_sent_is_cut_anew),
        cmocka_unit_test(a_create_reserves_the_most_and_what_is_settled_is_free_again),
        cmocka_unit_test(a_job_that_no_money_is_left_for_ends_the_run),
        cmocka_unit_test(what_money_kept_from_being_cut_is_not_given_up),
        cmocka_unit_test(usage_that_nobody_tells_is_taken_for_the_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
