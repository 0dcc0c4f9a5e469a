/*
 * Goal: a job on demand calls for each of its records once, within its pool's pace; what was surely
 * not executed goes again, what may have been paid does not (R4), also over a restart; a stop and a
 * halt wait for what is open. Method: an engine driven by hand.
 */
#include "core/rules.h"
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct hand_options on_demand = {
    .lanes = {{.is_on_demand = true, .min_records = 1}},
    .lane_count = 1,
    .pools = {{.rps = 20}},
    .pool_count = 1,
    .jobs_max = -1,
};

/* Only the account is asked for: there is no bucket and no list of jobs. */
static void start(struct hand *const hand)
{
    struct ps_fact identity = {.outcome = PS_OUTCOME_YES, .text = strdup(HAND_ACCOUNT)};
    hand_expect(hand, PS_WISH_IDENTITY);
    hand_give(hand, &identity);
}

/* Records 100, 101, ...; `tally` is of what came before. */
static void load(struct hand *const hand, const int64_t count, const struct ps_tally *const tally)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES, .call_count = count, .tally = *tally};
    fact.calls = calloc((size_t)count + 1, sizeof(fact.calls[0]));
    for (int64_t place = 0; place < count; place++) {
        fact.calls[place] = (struct ps_call_row){100 + place, 10, 20};
    }
    hand_expect(hand, PS_WISH_LOAD_CALLS);
    hand_give(hand, &fact);
}

static void begin(struct hand *const hand, const struct hand_options *const options,
                  const int64_t count)
{
    const struct ps_tally none = {0};
    hand_begin(hand, options);
    start(hand);
    hand_cut(hand, 1, 0);
    load(hand, count, &none);
    hand_assert_state(hand, 1, PS_STATE_CALLING);
}

static void call(struct hand *const hand, const int64_t record)
{
    hand_expect(hand, PS_WISH_INVOKE);
    assert_int_equal(hand->last.wish.record, record);
    assert_string_equal(hand->last.key, "amazon.nova-lite-v1:0");
}

/* A fact for the call of the record at that place. */
static void give(struct hand *const hand, const int64_t place, const struct ps_fact *const fact)
{
    hand->last.wish.kind = PS_WISH_INVOKE;
    hand->last.wish.job = 1;
    hand->last.wish.shard = place;
    hand_give(hand, fact);
}

static void answer(struct hand *const hand, const int64_t place)
{
    const struct ps_fact fact = {.outcome = PS_OUTCOME_YES,
                                 .tally = {.input_tokens = 11, .output_tokens = 7}};
    give(hand, place, &fact);
}

static void give_no(struct hand *const hand, const int64_t place, const enum ps_outcome outcome,
                    const enum ps_status status, const enum ps_retry retry)
{
    struct ps_fact fact = {.outcome = outcome};
    (void)ps_error_set(&fact.error, status, retry, "could not: the test says so");
    give(hand, place, &fact);
}

static void close_and_end(struct hand *const hand)
{
    struct ps_fact closed = {.outcome = PS_OUTCOME_YES, .unsent = 0};
    hand_expect(hand, PS_WISH_CLOSE_JOB);
    hand_give(hand, &closed);
    hand_assert_state(hand, 1, PS_STATE_DONE);
    hand_expect(hand, PS_WISH_CUT_JOBS);
    hand_yes(hand);
    hand_expect_nothing(hand);
    assert_int_equal(ps_engine_phase(hand->engine), PS_PHASE_ENDED);
}

static void each_record_is_called_for_once_at_the_pace_of_the_pool(void **state)
{
    (void)state;
    struct hand hand;
    begin(&hand, &on_demand, 3);
    call(&hand, 100);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_wake_at_ms(hand.engine), hand.now.steady_ms + 50);
    hand_sleep(&hand);
    call(&hand, 101);
    hand_sleep(&hand);
    call(&hand, 102);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_wake_at_ms(hand.engine), INT64_MAX);
    answer(&hand, 2);
    answer(&hand, 0);
    assert_int_equal(hand_job(&hand, 1)->processed, 2);
    assert_int_equal(ps_engine_records_held(hand.engine), HAND_RECORDS);
    hand_expect_nothing(&hand);
    answer(&hand, 1);
    close_and_end(&hand);
    hand_end(&hand);
}

static void what_was_surely_not_executed_is_sent_again_after_a_pause(void **state)
{
    (void)state;
    struct hand hand;
    begin(&hand, &on_demand, 1);
    for (int times = 0; times < 9; times++) {
        call(&hand, 100);
        give_no(&hand, 0, PS_OUTCOME_NO, PS_E_QUOTA, PS_RETRY_LATER);
        hand_sleep(&hand);
    }
    hand_assert_running(&hand);
    call(&hand, 100);
    answer(&hand, 0);
    close_and_end(&hand);
    hand_end(&hand);
}

/* R7. */
static void what_the_service_fails_at_three_times_has_failed(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_fact fact = {.outcome = PS_OUTCOME_NO};
    begin(&hand, &on_demand, 1);
    (void)ps_error_set(&fact.error, PS_E_SERVICE, PS_RETRY_LATER, "could not: no capacity");
    fact.error.http_status = 503;
    for (int64_t times = 1; times <= PS_RECORD_TRIES_MAX; times++) {
        call(&hand, 100);
        struct ps_fact asked = fact;
        asked.job = 1;
        assert_int_equal(ps_engine_call_end(hand.engine, &asked),
                         times < PS_RECORD_TRIES_MAX ? PS_CALL_END_AGAIN : PS_CALL_END_FAILED);
        give(&hand, 0, &fact);
        if (times < PS_RECORD_TRIES_MAX) {
            hand_sleep(&hand);
        }
    }
    close_and_end(&hand);
    hand_end(&hand);
}

/* R4. */
static void what_may_have_been_paid_is_not_sent_again(void **state)
{
    (void)state;
    struct hand hand;
    begin(&hand, &on_demand, 2);
    call(&hand, 100);
    give_no(&hand, 0, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER);
    hand_sleep(&hand);
    call(&hand, 101);
    answer(&hand, 1);
    assert_int_equal(hand_job(&hand, 1)->called.lines, 2);
    assert_int_equal(hand_job(&hand, 1)->called.output_tokens, 27);
    close_and_end(&hand);
    hand_end(&hand);
}

static void losses_one_after_another_call_a_person(void **state)
{
    (void)state;
    struct hand hand;
    int64_t place = 0;
    begin(&hand, &on_demand, 100);
    while (ps_engine_phase(hand.engine) == PS_PHASE_RUNNING && place < 100) {
        call(&hand, 100 + place);
        give_no(&hand, place, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER);
        if (ps_engine_phase(hand.engine) == PS_PHASE_RUNNING) {
            hand_sleep(&hand);
        }
        place++;
    }
    assert_int_equal(place, 7);
    hand_assert_halted(&hand, PS_E_NETWORK, "the test says so");
    hand_end(&hand);
}

static void a_record_that_cannot_be_fails_alone(void **state)
{
    (void)state;
    struct hand hand;
    begin(&hand, &on_demand, 2);
    call(&hand, 100);
    give_no(&hand, 0, PS_OUTCOME_NO, PS_E_SERVICE, PS_RETRY_NEVER);
    hand_sleep(&hand);
    call(&hand, 101);
    answer(&hand, 1);
    close_and_end(&hand);
    hand_end(&hand);
}

static void what_all_would_fail_by_halts_once_what_is_open_is_heard(void **state)
{
    (void)state;
    struct hand hand;
    begin(&hand, &on_demand, 3);
    call(&hand, 100);
    hand_sleep(&hand);
    call(&hand, 101);
    give_no(&hand, 0, PS_OUTCOME_NO, PS_E_DENIED, PS_RETRY_NEVER);
    hand_assert_running(&hand);
    hand_expect_nothing(&hand);
    answer(&hand, 1);
    hand_assert_halted(&hand, PS_E_DENIED, "the test says so");
    hand_end(&hand);
}

static void after_a_restart_what_is_left_is_called_for(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_tally before = {.lines = 2, .input_tokens = 21, .output_tokens = 27};
    begin(&hand, &on_demand, 3);
    call(&hand, 100);
    hand_restart(&hand);
    start(&hand);
    hand_assert_state(&hand, 1, PS_STATE_GATHERING);
    load(&hand, 1, &before);
    assert_int_equal(hand_job(&hand, 1)->processed, 2);
    call(&hand, 100);
    answer(&hand, 0);
    assert_int_equal(hand_job(&hand, 1)->called.output_tokens, 34);
    close_and_end(&hand);
    hand_end(&hand);
}

static void with_nothing_left_to_call_for_it_is_closed(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_tally before = {.lines = 3};
    hand_begin(&hand, &on_demand);
    start(&hand);
    hand_cut(&hand, 1, 0);
    load(&hand, 0, &before);
    close_and_end(&hand);
    hand_end(&hand);
}

static void a_stop_calls_for_nothing_more_and_hears_what_is_open(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_fact closed = {.outcome = PS_OUTCOME_YES, .unsent = 2};
    begin(&hand, &on_demand, 3);
    call(&hand, 100);
    ps_engine_stop(hand.engine);
    hand_pass(&hand, 1000);
    hand_expect_nothing(&hand);
    hand_assert_state(&hand, 1, PS_STATE_CALLING);
    answer(&hand, 0);
    hand_expect(&hand, PS_WISH_CLOSE_JOB);
    hand_give(&hand, &closed);
    hand_expect(&hand, PS_WISH_GIVE_UP);
    assert_int_equal(hand.last.wish.shard, PS_VERDICT_CANCELLED);
    hand_end(&hand);
}

static void a_day_holds_the_job_and_is_settled_by_what_was_used(void **state)
{
    (void)state;
    struct hand hand;
    struct hand_options options = on_demand;
    const struct ps_tally none = {0};
    options.pools[0].tpd = 200;
    hand_begin(&hand, &options);
    start(&hand);
    hand_cut(&hand, 2, 0);
    load(&hand, 1, &none);
    call(&hand, 100);
    assert_int_equal(ps_engine_pool_use(hand.engine, 0).day_tokens, 120);
    hand_expect_nothing(&hand);
    hand_assert_state(&hand, 2, PS_STATE_PLANNED);
    answer(&hand, 0);
    hand_expect(&hand, PS_WISH_CLOSE_JOB);
    hand_expect(&hand, PS_WISH_LOAD_CALLS);
    assert_int_equal(hand.last.wish.job, 2);
    assert_int_equal(ps_engine_pool_use(hand.engine, 0).day_tokens, 18 + 120);
    hand_end(&hand);
}

/* Tails: calls cost more, so they take only what no job can. */
static void beside_a_lane_of_jobs_calls_take_what_is_left_in_the_end(void **state)
{
    (void)state;
    struct hand hand;
    const struct hand_options options = {
        .lanes = {{.min_records = 5}, {.is_on_demand = true, .min_records = 1}},
        .lane_count = 2,
        .pools = {{.jobs_max = 2}, {.jobs_max = -1, .rps = 20}},
        .pool_count = 2,
    };
    struct ps_fact cut = {.outcome = PS_OUTCOME_YES, .shape_count = 1};
    hand_begin(&hand, &options);
    hand_to_create(&hand, 1);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    hand_jobs(&hand, &end, NULL);
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_jobs(&hand, &end, NULL);
    const struct ps_tally tally = hand_tally_of(HAND_RECORDS, HAND_RECORDS);
    hand_read_and_tally(&hand, &tally);
    struct ps_fact closed = {.outcome = PS_OUTCOME_YES, .unsent = 2};
    hand_expect(&hand, PS_WISH_CLOSE_JOB);
    hand_give(&hand, &closed);
    cut.shapes = calloc(1, sizeof(cut.shapes[0]));
    cut.shapes[0] = (struct ps_job_shape){.number = 2, .lane = 1, .shard_count = 1, .records = 2};
    hand_expect(&hand, PS_WISH_CUT_JOBS);
    hand_give(&hand, &cut);
    hand_expect(&hand, PS_WISH_LOAD_CALLS);
    assert_int_equal(hand.last.wish.job, 2);
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_record_is_called_for_once_at_the_pace_of_the_pool),
        cmocka_unit_test(what_was_surely_not_executed_is_sent_again_after_a_pause),
        cmocka_unit_test(what_the_service_fails_at_three_times_has_failed),
        cmocka_unit_test(what_may_have_been_paid_is_not_sent_again),
        cmocka_unit_test(losses_one_after_another_call_a_person),
        cmocka_unit_test(a_record_that_cannot_be_fails_alone),
        cmocka_unit_test(what_all_would_fail_by_halts_once_what_is_open_is_heard),
        cmocka_unit_test(after_a_restart_what_is_left_is_called_for),
        cmocka_unit_test(with_nothing_left_to_call_for_it_is_closed),
        cmocka_unit_test(a_stop_calls_for_nothing_more_and_hears_what_is_open),
        cmocka_unit_test(a_day_holds_the_job_and_is_settled_by_what_was_used),
        cmocka_unit_test(beside_a_lane_of_jobs_calls_take_what_is_left_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
