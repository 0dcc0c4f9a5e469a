/*
 * Goal: what the engine decides is told, once, with its numbers: creates and what became of those
 * in doubt, ends, proofs, turns of the day. Method: the engine is driven by hand, and its events
 * are taken out after each step.
 */
#include "core/rules.h"
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PROOF_FROM_MS (PS_SIGNING_SLACK_MS + PS_SIGNATURE_MS + PS_LIST_LAG_MS)
#define QUOTA 100 /* tokens of a job of the test's, against a day */

static const struct hand_options defaults = {0};

static void expect_event(struct hand *const hand, const enum ps_event_kind kind,
                         struct ps_event *const ret_event)
{
    assert_true(ps_engine_next_event(hand->engine, ret_event));
    assert_string_equal(ps_event_row(ret_event->kind)->name, ps_event_row(kind)->name);
    assert_int_equal(ret_event->at_ms, hand->now.wall_ms);
}

static void expect_no_event(struct hand *const hand)
{
    struct ps_event event;
    assert_false(ps_engine_next_event(hand->engine, &event));
}

static void a_job_tells_its_create_its_end_and_what_was_read(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_event event;
    const struct ps_job_view end = hand_view_of(PS_JOB_COMPLETED, HAND_RECORDS);
    const struct ps_tally whole = hand_tally_of(HAND_RECORDS, HAND_RECORDS);
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    expect_no_event(&hand);
    hand_yes(&hand);
    expect_event(&hand, PS_EVENT_JOB_CREATED, &event);
    assert_int_equal(event.job, 1);
    assert_int_equal(event.lane, 0);
    assert_int_equal(event.numbers[0], HAND_RECORDS);
    assert_int_equal(event.numbers[2], 1); /* of two slots */
    assert_int_equal(event.numbers[3], 2);
    expect_no_event(&hand);
    hand_end(&hand);

    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    expect_event(&hand, PS_EVENT_JOB_CREATED, &event);
    hand.now.wall_ms = event.at_ms; /* told earlier than it is taken */
    assert_true(ps_engine_next_event(hand.engine, &event));
    assert_int_equal(event.kind, PS_EVENT_JOB_ENDED);
    assert_string_equal(event.text, "Completed");
    assert_int_equal(event.numbers[1], HAND_RECORDS);
    hand_read_and_tally(&hand, &whole);
    assert_true(ps_engine_next_event(hand.engine, &event));
    assert_int_equal(event.kind, PS_EVENT_JOB_READ);
    assert_int_equal(event.numbers[0], HAND_RECORDS);
    assert_int_equal(event.numbers[1], 0);
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_close(&hand, 0);
    expect_no_event(&hand);
    hand_end(&hand);
}

static void a_create_in_doubt_tells_what_became_of_it(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_event event;
    struct ps_job_view view = hand_view(PS_JOB_SUBMITTED);
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    expect_event(&hand, PS_EVENT_JOB_IN_DOUBT, &event);
    assert_int_equal(event.numbers[0], 1);
    hand_look_for_nothing(&hand);
    expect_event(&hand, PS_EVENT_JOB_REPEATED, &event);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_unknown(&hand);
    expect_event(&hand, PS_EVENT_JOB_IN_DOUBT, &event);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &view, NULL);
    hand_expect(&hand, PS_WISH_GET_JOB);
    char *const token = strdup(hand_job(&hand, 1)->token);
    view.token = token;
    hand_jobs(&hand, &view, NULL);
    free(token);
    expect_event(&hand, PS_EVENT_JOB_FOUND, &event);
    assert_int_equal(event.job, 1);
    expect_no_event(&hand);
    hand_end(&hand);
}

static void a_create_proven_absent_is_told(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_event event;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    expect_event(&hand, PS_EVENT_JOB_IN_DOUBT, &event);
    hand_pass(&hand, PS_TOKEN_WINDOW_MS + PROOF_FROM_MS); /* its token is not trusted any more */
    hand_look_for_nothing(&hand);
    expect_no_event(&hand); /* one look is no proof */
    hand_sleep(&hand);
    hand_look_for_nothing(&hand);
    expect_event(&hand, PS_EVENT_JOB_ABSENT, &event);
    assert_int_equal(event.numbers[0], 2); /* the next attempt */
    assert_int_equal(event.numbers[1], HAND_RECORDS);
    hand_end(&hand);
}

static void books_that_do_not_agree_are_told_until_it_is_given_up(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_event event;
    const struct ps_job_view end = hand_view_of(PS_JOB_COMPLETED, HAND_RECORDS);
    const struct ps_tally short_of_two = hand_tally_of(HAND_RECORDS - 2, -1);
    hand_begin(&hand, &defaults);
    hand_to_listing(&hand, &end);
    assert_true(ps_engine_next_event(hand.engine, &event));
    assert_true(ps_engine_next_event(hand.engine, &event));
    hand_read_and_tally(&hand, &short_of_two);
    expect_event(&hand, PS_EVENT_JOB_SETTLING, &event);
    assert_int_equal(event.numbers[1], HAND_RECORDS - 2);
    assert_int_equal(event.numbers[2], 2);
    assert_int_equal(event.numbers[3], PS_LISTING_GAP_MS);
    hand_pass(&hand, PS_OUTPUT_SETTLE_MS);
    hand_ask_again(&hand, &end);
    expect_no_event(&hand); /* its end was told */
    hand_list_and_tally(&hand, &short_of_two);
    expect_event(&hand, PS_EVENT_JOB_UNACCOUNTED, &event);
    assert_int_equal(event.numbers[1], 2);
    hand_end(&hand);
}

/* CUT_JOBS of so many jobs that count against a day. */
static void cut(struct hand *const hand, const int64_t jobs)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES, .shape_count = jobs};
    fact.shapes = calloc((size_t)jobs, sizeof(fact.shapes[0]));
    assert_non_null(fact.shapes);
    for (int64_t job = 0; job < jobs; job++) {
        fact.shapes[job] = (struct ps_job_shape){.number = job + 1,
                                                 .shard_count = 1,
                                                 .records = HAND_RECORDS,
                                                 .bytes = HAND_BYTES,
                                                 .quota_tokens = QUOTA};
    }
    hand_expect(hand, PS_WISH_CUT_JOBS);
    hand_give(hand, &fact);
}

static void a_full_day_and_its_turn_are_told_once(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_event event;
    struct ps_wish wish;
    hand_begin(&hand, &(struct hand_options){.pools = {{.jobs_max = 8, .tpd = 3 * QUOTA / 2}},
                                             .pool_count = 1});
    hand_start(&hand);
    cut(&hand, 2);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_yes(&hand);
    expect_event(&hand, PS_EVENT_JOB_CREATED, &event);
    hand_prepare_job(&hand, 2);
    while (ps_engine_next(hand.engine, hand.now, &wish)) {
        assert_int_not_equal(wish.kind, PS_WISH_CREATE_JOB);
    }
    expect_event(&hand, PS_EVENT_DAY_FULL, &event);
    assert_int_equal(event.job, 2);
    assert_int_equal(event.numbers[0], QUOTA / 2);
    assert_int_equal(event.numbers[1], QUOTA);
    assert_true(event.numbers[3] > hand.now.wall_ms);
    const int64_t turn_ms = event.numbers[3];
    assert_false(ps_engine_next(hand.engine, hand.now, &wish));
    expect_no_event(&hand);
    hand_pass(&hand, PS_DAY_MS);
    while (ps_engine_next(hand.engine, hand.now, &wish)) {
        assert_true(wish.kind == PS_WISH_LIST_JOBS || wish.kind == PS_WISH_GET_JOB);
    }
    expect_event(&hand, PS_EVENT_DAY_TURNED, &event);
    assert_int_equal(event.numbers[0], QUOTA); /* held against the first day */
    assert_int_equal(event.numbers[1], QUOTA); /* none of it was seen processed */
    assert_int_equal(event.numbers[2], 3 * QUOTA / 2);
    assert_int_equal(event.numbers[3], turn_ms + PS_DAY_MS);
    hand_end(&hand);
}

static void what_others_tell_comes_out_too(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_event event;
    hand_begin(&hand, &defaults);
    hand_expect(&hand, PS_WISH_IDENTITY);
    ps_engine_tell(hand.engine, &(struct ps_event){.kind = PS_EVENT_CALL_FAILED, .lane = -1});
    expect_event(&hand, PS_EVENT_CALL_FAILED, &event);
    expect_no_event(&hand);
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_tells_its_create_its_end_and_what_was_read),
        cmocka_unit_test(a_create_in_doubt_tells_what_became_of_it),
        cmocka_unit_test(a_create_proven_absent_is_told),
        cmocka_unit_test(books_that_do_not_agree_are_told_until_it_is_given_up),
        cmocka_unit_test(a_full_day_and_its_turn_are_told_once),
        cmocka_unit_test(what_others_tell_comes_out_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
