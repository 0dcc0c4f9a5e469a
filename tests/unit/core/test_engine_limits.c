/*
 * Goal: a refused create makes room for others and is tried again; a lane that is lost gives its
 * unsent work to the others, and only the last one halts the run. Method: the engine by hand. (What
 * follows from which refusal: test_slots.)
 */
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void cut_for(struct hand *const hand, const int64_t *const lanes, const int64_t count)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES};
    fact.shapes = calloc((size_t)count + 1, sizeof(fact.shapes[0]));
    for (int64_t job = 0; job < count; job++) {
        fact.shapes[fact.shape_count++] =
            (struct ps_job_shape){.number = ps_engine_next_number(hand->engine) + job,
                                  .lane = lanes[job],
                                  .shard_count = 1,
                                  .records = HAND_RECORDS,
                                  .bytes = HAND_BYTES};
    }
    hand_expect(hand, PS_WISH_CUT_JOBS);
    hand_give(hand, &fact);
}

static void refuse_slot(struct hand *const hand)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_NO};
    (void)ps_error_set(&fact.error, PS_E_QUOTA, PS_RETRY_LATER, "could not create");
    (void)snprintf(fact.error.aws_code, sizeof(fact.error.aws_code),
                   "ServiceQuotaExceededException");
    hand_expect(hand, PS_WISH_CREATE_JOB);
    hand_give(hand, &fact);
}

static bool was_told(struct hand *const hand, const enum ps_event_kind kind,
                     struct ps_event *const ret_event)
{
    while (ps_engine_next_event(hand->engine, ret_event)) {
        if (ret_event->kind == kind) {
            return true;
        }
    }
    return false;
}

static struct ps_job_view stranger(void)
{
    static char name[] = "somebody-1";
    static char model[] = "amazon.nova-lite-v1:0";
    struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
    view.name = name;
    view.model = model;
    return view;
}

static void others_in_all_slots_are_waited_for(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_event event;
    static const int64_t lanes[] = {0};
    const struct ps_job_view theirs = stranger();
    hand_begin(&hand, &(struct hand_options){.jobs_max = 1});
    hand_start(&hand);
    cut_for(&hand, lanes, 1);
    hand_prepare_job(&hand, 1);
    refuse_slot(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    assert_string_equal(hand.last.text, ""); /* everybody's */
    hand_jobs(&hand, &theirs, NULL);
    assert_true(was_told(&hand, PS_EVENT_SLOTS_OTHERS, &event));
    assert_int_equal(event.numbers[0], 1);
    hand_expect_nothing(&hand);
    for (int poll = 0; poll < 5; poll++) {
        hand_pass(&hand, PS_MINUTE_MS); /* longer than any pause, shorter than a try on luck */
        hand_expect(&hand, PS_WISH_LIST_JOBS);
        hand_jobs(&hand, &theirs, NULL);
        hand_expect_nothing(&hand);
    }
    hand_pass(&hand, PS_MINUTE_MS);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, NULL, NULL);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_end(&hand);
}

static void a_slot_that_is_not_there_is_tried_again_later(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_event event;
    static const int64_t lanes[] = {0, 0};
    hand_begin(&hand, &(struct hand_options){.jobs_max = 2, .poll_ms = PS_HOUR_MS});
    hand_start(&hand);
    cut_for(&hand, lanes, 2);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    struct ps_fact arn = {.outcome = PS_OUTCOME_YES, .text = strdup(hand_view(0).arn)};
    hand_give(&hand, &arn);
    hand_prepare_job(&hand, 2);
    refuse_slot(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    struct ps_job_view ours = hand_view(PS_JOB_IN_PROGRESS);
    hand_jobs(&hand, &ours, NULL);
    assert_true(was_told(&hand, PS_EVENT_SLOTS_LEARNED, &event));
    assert_int_equal(event.numbers[0], 1);
    hand_pass(&hand, 10 * PS_MINUTE_MS);
    hand_expect_nothing(&hand);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_end(&hand);
}

static void begin_two_lanes(struct hand *const hand)
{
    static const int64_t lanes[] = {0, 1, 0};
    hand_begin(hand, &(struct hand_options){
                         .lanes = {{.region = PS_STR("r"), .model = PS_STR("m")},
                                   {.region = PS_STR("r"), .model = PS_STR("n"), .pool = 1}},
                         .lane_count = 2,
                         .pools = {{.jobs_max = 1}, {.jobs_max = 1}},
                         .pool_count = 2});
    hand_expect(hand, PS_WISH_IDENTITY);
    struct ps_fact account = {.outcome = PS_OUTCOME_YES, .text = strdup(HAND_ACCOUNT)};
    hand_give(hand, &account);
    hand_expect(hand, PS_WISH_LIST_JOBS);
    hand_jobs(hand, NULL, NULL);
    hand_expect(hand, PS_WISH_LIST_OBJECTS);
    hand_objects(hand, "");
    hand_expect(hand, PS_WISH_ABORT_UPLOADS);
    hand_yes(hand);
    cut_for(hand, lanes, 3);
}

static void a_lane_that_is_denied_gives_its_work_to_the_other(void **state)
{
    (void)state;
    static const int64_t second[] = {1, 1};
    struct hand hand;
    struct ps_event event;
    begin_two_lanes(&hand);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(hand.last.wish.lane, 0);
    hand_no(&hand, PS_E_DENIED, PS_RETRY_NEVER);
    hand_assert_running(&hand);
    assert_true(ps_engine_is_lost(hand.engine, 0));
    assert_false(ps_engine_is_lost(hand.engine, 1));
    assert_true(was_told(&hand, PS_EVENT_LANE_LOST, &event));
    assert_int_equal(event.lane, 0);
    hand_prepare_job(&hand, 2);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    /* What was not begun is cut anew, for whoever is left. */
    cut_for(&hand, second, 2);
    hand_assert_state(&hand, 1, PS_STATE_VOID);
    hand_assert_state(&hand, 3, PS_STATE_VOID);
    hand_end(&hand);
}

static void the_last_lane_halts_the_run(void **state)
{
    (void)state;
    struct hand hand;
    begin_two_lanes(&hand);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_no(&hand, PS_E_DENIED, PS_RETRY_NEVER);
    hand_prepare_job(&hand, 2);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(hand.last.wish.lane, 1);
    hand_no(&hand, PS_E_DENIED, PS_RETRY_NEVER);
    hand_assert_halted(&hand, PS_E_DENIED, "");
    hand_end(&hand);
}

static void what_speaks_of_a_job_loses_no_lane(void **state)
{
    (void)state;
    struct hand hand;
    begin_two_lanes(&hand);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_no(&hand, PS_E_CONFLICT, PS_RETRY_NEVER);
    hand_assert_halted(&hand, PS_E_CONFLICT, "");
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_in_all_slots_are_waited_for),
        cmocka_unit_test(a_slot_that_is_not_there_is_tried_again_later),
        cmocka_unit_test(a_lane_that_is_denied_gives_its_work_to_the_other),
        cmocka_unit_test(the_last_lane_halts_the_run),
        cmocka_unit_test(what_speaks_of_a_job_loses_no_lane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
