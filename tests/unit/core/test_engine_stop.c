/*
 * Goal: stops and pauses, jobs that no row knows (R2, last sentence), and what is told to the
 * store. Method: the engine is driven by hand, one wish and one fact at a time.
 */
#include "core/rules.h"
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct hand_options defaults = {0};

/* ------------------------------------------------ stop and pause */

static void a_stop_voids_stops_collects_cancels(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
    const struct ps_job_view end = hand_view_of(PS_JOB_STOPPED, 4);
    const struct ps_tally some = hand_tally_of(4, 4);
    hand_begin(&hand, &(struct hand_options){.jobs_max = 1});
    hand_to_create(&hand, 4);
    hand_yes(&hand);
    hand_prepare_job(&hand, 2);
    ps_engine_stop(hand.engine);
    hand_expect(&hand, PS_WISH_STOP_JOB);
    assert_string_equal(hand.last.text, view.arn);
    const struct hand_wish stop = hand.last;
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_assert_state(&hand, 2, PS_STATE_VOID);
    hand_assert_state(&hand, 4, PS_STATE_VOID);
    hand_jobs(&hand, &view, NULL);
    hand.last = stop;
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_GET_JOB); /* every answer to Stop is followed by Get (R3) */
    hand_jobs(&hand, &view, NULL);       /* it did not take */
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_STOP_JOB);
    hand_unknown(&hand);
    hand_expect(&hand, PS_WISH_GET_JOB);
    view.status = PS_JOB_STOPPING;
    hand_jobs(&hand, &view, NULL);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &view, NULL);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS); /* it took: not asked again */
    hand_jobs(&hand, &end, NULL);
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_jobs(&hand, &end, NULL);
    hand_read_and_tally(&hand, &some); /* what it made is kept */
    hand_expect_close(&hand, PS_VERDICT_UNPROCESSED);
    hand_close(&hand, 6);
    hand_expect(&hand, PS_WISH_GIVE_UP);
    assert_int_equal(hand.last.wish.shard, PS_VERDICT_CANCELLED);
    hand_yes(&hand);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_STOPPED);
    hand_end(&hand);
}

/* Reliability 4.1: Stop meeting Completed. */
static void a_stop_that_meets_the_end_collects_it(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_yes(&hand);
    ps_engine_stop(hand.engine);
    hand_expect(&hand, PS_WISH_STOP_JOB);
    const struct hand_wish stop = hand.last;
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &end, NULL);
    hand_assert_state(&hand, 1, PS_STATE_ASKING);
    hand.last = stop;
    hand_no(&hand, PS_E_CONFLICT, PS_RETRY_NEVER);
    hand_assert_running(&hand);
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_jobs(&hand, &end, NULL);
    hand_assert_state(&hand, 1, PS_STATE_LISTING);
    hand_end(&hand);
}

static void a_stop_with_a_create_in_doubt_repeats_nothing(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    ps_engine_stop(hand.engine);
    hand_expect_nothing(&hand); /* the answer is awaited */
    const int64_t signed_ms = hand.now.steady_ms;
    hand_unknown(&hand);
    hand_look_for_nothing(&hand); /* well inside the token window */
    hand_sleep(&hand);
    assert_int_equal(hand.now.steady_ms - signed_ms,
                     PS_SIGNING_SLACK_MS + PS_SIGNATURE_MS + PS_LIST_LAG_MS);
    hand_look_for_nothing(&hand);
    hand_sleep(&hand);
    hand_look_for_nothing(&hand);
    hand_expect(&hand, PS_WISH_GIVE_UP);
    hand_assert_state(&hand, 1, PS_STATE_VOID);
    hand_end(&hand);
}

static void a_repeat_that_waits_when_the_stop_comes_is_looked_for(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    hand_look_for_nothing(&hand);
    hand_assert_state(&hand, 1, PS_STATE_REPEATING);
    ps_engine_stop(hand.engine);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_end(&hand);
}

static void a_stop_before_anything_was_cut_cancels_all(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    ps_engine_stop(hand.engine);
    hand_start(&hand);
    hand_expect(&hand, PS_WISH_GIVE_UP);
    assert_int_equal(hand.last.wish.shard, PS_VERDICT_CANCELLED);
    hand_yes(&hand);
    hand_expect_nothing(&hand);
    assert_int_equal(ps_engine_phase(hand.engine), PS_PHASE_STOPPED);
    hand_end(&hand);
}

static void a_pause_wishes_nothing_and_waits_for_what_is_open(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 2);
    ps_engine_pause(hand.engine);
    hand_expect_nothing(&hand);
    assert_false(ps_engine_is_quiet(hand.engine));
    hand_yes(&hand);
    hand_expect_nothing(&hand);
    assert_true(ps_engine_is_quiet(hand.engine));
    assert_int_equal(ps_engine_wake_at_ms(hand.engine), INT64_MAX);
    hand_assert_running(&hand);
    hand_assert_state(&hand, 1, PS_STATE_LIVE);
    hand_end(&hand);
}

/* ------------------------------------------------ jobs without a row */

/* The start, where the list shows `view`. */
static void start_and_see(struct hand *const hand, const struct ps_job_view *const view)
{
    struct ps_fact identity = {.outcome = PS_OUTCOME_YES, .text = strdup(HAND_ACCOUNT)};
    hand_expect(hand, PS_WISH_IDENTITY);
    hand_give(hand, &identity);
    hand_expect(hand, PS_WISH_LIST_JOBS);
    hand_jobs(hand, view, NULL);
    hand_expect(hand, PS_WISH_LIST_OBJECTS);
    hand_yes(hand);
    hand_expect(hand, PS_WISH_ABORT_UPLOADS);
    hand_yes(hand);
}

static void hold_foreign(struct hand *const hand, const int64_t overlapped)
{
    struct ps_fact hold = {.outcome = PS_OUTCOME_YES, .shard_count = 1, .unsent = 0};
    hold.shards = calloc(1, sizeof(hold.shards[0]));
    hold.shards[0] = (struct ps_shard_row){.records = 7, .bytes = 70};
    hold.shapes = calloc(1, sizeof(hold.shapes[0]));
    hold.shapes[0] = (struct ps_job_shape){.number = overlapped};
    hold.shape_count = overlapped > 0 ? 1 : 0;
    hand_expect(hand, PS_WISH_HOLD_FOREIGN);
    hand_give(hand, &hold);
}

/* Reliability 4.1: the store was put back from an older copy. */
static void a_job_without_a_row_holds_what_is_in_its_input(void **state)
{
    (void)state;
    static char name[] = "run-j00000005-a2";
    struct hand hand;
    struct ps_job_view foreign = hand_view(PS_JOB_IN_PROGRESS);
    foreign.name = name;
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    hand_cut(&hand, 2, 0);
    hand_restart(&hand); /* two planned jobs, and a job 5 that only the service knows */
    start_and_see(&hand, &foreign);
    assert_int_equal(ps_engine_next_number(hand.engine), 6);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    assert_int_equal(hand.last.wish.job, 5);
    assert_string_equal(hand.last.key, "p/run/in/j00000005-a2/");
    hand_expect_nothing(&hand); /* planned jobs wait: they may hold the same records */
    hand_objects(&hand, "70 p/run/in/j00000005-a2/s00001/j00000005-a2-s00001.jsonl\n");
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_later(&hand);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_yes(&hand);
    hold_foreign(&hand, 1);
    hand_assert_state(&hand, 1, PS_STATE_VOID);
    assert_int_equal(hand_job(&hand, 5)->records, 7);
    assert_true(ps_job_holds_slot(hand_job(&hand, 5)));
    hand_expect(&hand, PS_WISH_LOAD_SHARDS);
    assert_int_equal(hand.last.wish.job, 2);
    hand_expect(&hand, PS_WISH_GET_JOB);
    assert_string_equal(hand.last.text, foreign.arn);
    hand_jobs(&hand, &foreign, NULL);
    hand_assert_state(&hand, 5, PS_STATE_LIVE);
    hand_end(&hand);
}

static void nothing_is_created_while_a_stranger_is_read(void **state)
{
    (void)state;
    static char name[] = "run-j00000005-a1";
    struct hand hand;
    struct ps_job_view foreign = hand_view(PS_JOB_IN_PROGRESS);
    struct ps_job ready = {.number = 1, .attempt = 1, .state = PS_STATE_READY};
    struct ps_fact cut = {.outcome = PS_OUTCOME_NO, .bytes = 40, .text = strdup("e1")};
    (void)ps_error_set(&cut.error, PS_E_NETWORK, PS_RETRY_LATER, "could not read on");
    foreign.name = name;
    hand_begin(&hand, &defaults);
    ps_engine_add_job(hand.engine, &ready);
    start_and_see(&hand, &foreign);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_expect_nothing(&hand);
    hand_objects(&hand, "70 p/run/in/j00000005-a1/s00001/j00000005-a1-s00001.jsonl\n");
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_expect_nothing(&hand);
    hand_give(&hand, &cut);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    assert_int_equal(hand.last.wish.offset, 40);
    hand_no(&hand, PS_E_CONFLICT, PS_RETRY_LATER); /* another object stands there now */
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    assert_int_equal(hand.last.wish.offset, 0);
    hand_yes(&hand);
    hold_foreign(&hand, 0);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(hand.last.wish.job, 1);
    hand_end(&hand);
}

static void which_views_are_strangers(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        const char *name;
        enum ps_job_state before; /* of job 1, attempt 2 */
        enum ps_job_state after;
    } rows[] = {
        {"planned by our books", "run-j00000001-a2", PS_STATE_PLANNED, PS_STATE_FOREIGN_LIST},
        {"ready by our books", "run-j00000001-a2", PS_STATE_READY, PS_STATE_FOREIGN_LIST},
        {"void by our books", "run-j00000001-a2", PS_STATE_VOID, PS_STATE_FOREIGN_LIST},
        {"its create is open", "run-j00000001-a2", PS_STATE_LOOK_NAME, PS_STATE_LOOK_NAME},
        {"live", "run-j00000001-a2", PS_STATE_LIVE, PS_STATE_LIVE},
        {"done", "run-j00000001-a2", PS_STATE_DONE, PS_STATE_DONE},
        {"done, and a later attempt", "run-j00000001-a3", PS_STATE_DONE, PS_STATE_DONE},
        {"an attempt that was proven absent", "run-j00000001-a1", PS_STATE_PLANNED,
         PS_STATE_PLANNED},
        {"a later attempt", "run-j00000001-a3", PS_STATE_LOOK_NAME, PS_STATE_FOREIGN_LIST},
        {"another run's", "my-run-j00000001-a2", PS_STATE_PLANNED, PS_STATE_PLANNED},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        char name[40];
        struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
        struct ps_job job = {.number = 1, .attempt = 2, .state = rows[row].before};
        (void)strncpy(name, rows[row].name, sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        view.name = name;
        hand_begin(&hand, &defaults);
        ps_engine_add_job(hand.engine, &job);
        start_and_see(&hand, &view);
        if (hand_job(&hand, 1)->state != rows[row].after) {
            fail_msg("%s: %s", rows[row].about, ps_job_state_word(hand_job(&hand, 1)->state));
        }
        hand_end(&hand);
    }
}

static void strangers_find_their_place_among_the_others(void **state)
{
    (void)state;
    static char later[] = "run-j00000009-a1";
    static char earlier[] = "run-j00000004-a1";
    struct hand hand;
    struct ps_fact identity = {.outcome = PS_OUTCOME_YES, .text = strdup(HAND_ACCOUNT)};
    struct ps_job_view first = hand_view(PS_JOB_IN_PROGRESS);
    struct ps_job_view second = first;
    struct ps_job job = {.number = 7, .attempt = 1, .state = PS_STATE_PLANNED};
    first.name = later;
    second.name = earlier;
    hand_begin(&hand, &defaults);
    ps_engine_add_job(hand.engine, &job);
    hand_expect(&hand, PS_WISH_IDENTITY);
    hand_give(&hand, &identity);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &first, &second);
    assert_int_equal(ps_engine_job_count(hand.engine), 3);
    assert_int_equal(ps_engine_job(hand.engine, 0)->number, 4);
    assert_int_equal(ps_engine_job(hand.engine, 1)->number, 7);
    assert_int_equal(ps_engine_job(hand.engine, 2)->number, 9);
    assert_int_equal(ps_engine_next_number(hand.engine), 10);
    hand_end(&hand);
}

static void a_stranger_whose_input_is_gone_calls_a_person(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
    hand_begin(&hand, &defaults);
    start_and_see(&hand, &view);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_yes(&hand);
    hand_assert_halted(&hand, PS_E_NOT_FOUND, "its input objects are gone");
    hand_end(&hand);
}

static void an_input_object_is_never_left_out(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
    hand_begin(&hand, &defaults);
    start_and_see(&hand, &view);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, "70 p/run/in/j00000001-a1/s00001/j00000001-a1-s00001.jsonl\n");
    for (int try = 0; try <= PS_TRIES_MAX; try++) {
        hand_assert_running(&hand);
        hand_expect(&hand, PS_WISH_GET_OBJECT);
        hand_no(&hand, PS_E_NOT_FOUND, PS_RETRY_LATER);
        if (try < PS_TRIES_MAX) {
            hand_sleep(&hand);
        }
    }
    hand_assert_halted(&hand, PS_E_NOT_FOUND, "the test says so");
    hand_end(&hand);
}

static void a_reading_of_a_stranger_that_was_lost_begins_again(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view view = hand_view(PS_JOB_COMPLETED);
    hand_begin(&hand, &defaults);
    start_and_see(&hand, &view);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, "70 p/run/in/j00000001-a1/s00001/j00000001-a1-s00001.jsonl\n");
    hand_restart(&hand);
    start_and_see(&hand, &view); /* its row is there now */
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, "70 p/run/in/j00000001-a1/s00001/j00000001-a1-s00001.jsonl\n");
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_HOLD_FOREIGN);
    hand_later(&hand);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, "70 p/run/in/j00000001-a1/s00001/j00000001-a1-s00001.jsonl\n");
    hand_expect(&hand, PS_WISH_GET_OBJECT);
    hand_yes(&hand);
    hold_foreign(&hand, 0);
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_jobs(&hand, &view, NULL);
    hand_assert_state(&hand, 1, PS_STATE_LISTING); /* it is over: its answers are taken */
    hand_end(&hand);
}

/* ------------------------------------------------ what others see */

static void every_change_is_dirty_once(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    assert_null(ps_engine_dirty(hand.engine));
    hand_cut(&hand, 2, 0);
    assert_int_equal(ps_engine_dirty(hand.engine)->number, 1);
    assert_int_equal(ps_engine_dirty(hand.engine)->number, 2);
    assert_null(ps_engine_dirty(hand.engine));
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    const struct ps_job *const job = ps_engine_dirty(hand.engine);
    assert_int_equal(job->state, PS_STATE_CREATING); /* the intent is a row before it is an act */
    assert_non_null(job->request);
    assert_int_equal(job->first_signed_ms, hand.now.steady_ms);
    assert_int_equal(ps_engine_job_count(hand.engine), 2);
    assert_ptr_equal(ps_engine_job(hand.engine, 0), ps_engine_find(hand.engine, 1));
    assert_null(ps_engine_find(hand.engine, 3));
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_voids_stops_collects_cancels),
        cmocka_unit_test(a_stop_that_meets_the_end_collects_it),
        cmocka_unit_test(a_stop_with_a_create_in_doubt_repeats_nothing),
        cmocka_unit_test(a_repeat_that_waits_when_the_stop_comes_is_looked_for),
        cmocka_unit_test(a_stop_before_anything_was_cut_cancels_all),
        cmocka_unit_test(a_pause_wishes_nothing_and_waits_for_what_is_open),
        cmocka_unit_test(a_job_without_a_row_holds_what_is_in_its_input),
        cmocka_unit_test(nothing_is_created_while_a_stranger_is_read),
        cmocka_unit_test(which_views_are_strangers),
        cmocka_unit_test(strangers_find_their_place_among_the_others),
        cmocka_unit_test(a_stranger_whose_input_is_gone_calls_a_person),
        cmocka_unit_test(an_input_object_is_never_left_out),
        cmocka_unit_test(a_reading_of_a_stranger_that_was_lost_begins_again),
        cmocka_unit_test(every_change_is_dirty_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
