/*
 * Goal: the start of a run (R1, numbers), puts and checks (R5), slots and polls. Method: the engine
 * is driven by hand, one wish and one fact at a time. (Creates in doubt: test_engine_create; ends,
 * stops and strangers: test_engine_ends; whole histories: test_engine_faults.)
 */
#include "core/rules.h"
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PROOF_FROM_MS (PS_SIGNING_SLACK_MS + PS_SIGNATURE_MS + PS_LIST_LAG_MS)

static const struct hand_options defaults = {0};

/* ------------------------------------------------ the start */

static void begins_with_account_jobs_numbers_uploads(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_fact identity = {.outcome = PS_OUTCOME_YES, .text = strdup(HAND_ACCOUNT)};
    hand_begin(&hand, &defaults);
    assert_int_equal(ps_engine_account(hand.engine, 0).size, 0);
    hand_expect(&hand, PS_WISH_IDENTITY);
    hand_expect_nothing(&hand); /* one step at a time */
    assert_int_equal(ps_engine_wake_at_ms(hand.engine), INT64_MAX);
    assert_false(ps_engine_is_quiet(hand.engine));
    hand_give(&hand, &identity);
    assert_true(ps_str_equals_text(ps_engine_account(hand.engine, 0), HAND_ACCOUNT));
    assert_true(ps_engine_is_quiet(hand.engine));
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    assert_string_equal(hand.last.text, "run");
    assert_int_equal(hand.last.wish.after_ms, 0); /* all of them, however old */
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    assert_string_equal(hand.last.key, "p/run/in/");
    assert_true(hand.last.wish.is_shallow);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_ABORT_UPLOADS);
    assert_string_equal(hand.last.key, "p/run/");
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_CUT_JOBS);
    hand_end(&hand);
}

/* R1. */
static void another_account_halts_before_any_other_wish(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_fact identity = {.outcome = PS_OUTCOME_YES, .text = strdup("999999999999")};
    hand_begin(&hand, &(struct hand_options){.account = PS_STR(HAND_ACCOUNT)});
    hand_expect(&hand, PS_WISH_IDENTITY);
    hand_give(&hand, &identity);
    hand_expect_nothing(&hand);
    hand_assert_halted(&hand, PS_E_DENIED, "111122223333, and these credentials to 999999999999");
    assert_true(ps_str_equals_text(ps_engine_account(hand.engine, 0), HAND_ACCOUNT));
    hand_end(&hand);
}

static void the_same_account_goes_on(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &(struct hand_options){.account = PS_STR(HAND_ACCOUNT)});
    hand_start(&hand);
    hand_expect(&hand, PS_WISH_CUT_JOBS);
    hand_end(&hand);
}

static void a_start_that_fails_is_tried_again_and_says_soon_what_is_wrong(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    for (int try = 0; try < PS_START_TRIES_MAX; try++) {
        hand_expect(&hand, PS_WISH_IDENTITY);
        hand_later(&hand);
        hand_assert_running(&hand);
        hand_sleep(&hand);
    }
    hand_expect(&hand, PS_WISH_IDENTITY);
    hand_later(&hand);
    hand_assert_halted(&hand, PS_E_SERVICE, "the test says so");
    hand_end(&hand);

    hand_begin(&hand, &defaults);
    hand_expect(&hand, PS_WISH_IDENTITY);
    hand_no(&hand, PS_E_DENIED, PS_RETRY_NEVER);
    hand_assert_halted(&hand, PS_E_DENIED, "the test says so");
    hand_end(&hand);

    hand_begin(&hand, &defaults);
    for (int try = 0; try < 3 * PS_START_TRIES_MAX; try++) {
        hand_expect(&hand, PS_WISH_IDENTITY);
        hand_no(&hand, PS_E_QUOTA, PS_RETRY_LATER); /* "not now" is no reason to give up */
        hand_sleep(&hand);
    }
    hand_assert_running(&hand);
    hand_end(&hand);
}

/* R5, and a store that was put back from a copy: what it forgot may still be on its way. */
static void numbers_of_folders_without_a_row_are_not_used_again(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_fact identity = {.outcome = PS_OUTCOME_YES, .text = strdup(HAND_ACCOUNT)};
    static const char folders[] = "-1 p/run/in/j00000003-a1/\n-1 p/run/in/j00000007-a2/\n"
                                  "-1 p/run/in/j9-a1/\n5 p/run/in/notes.txt\n"
                                  "-1 p/run/in/j00000008-a1/s00001/\n-1 p/other/in/j00000090-a1/\n";
    hand_begin(&hand, &defaults);
    hand_expect(&hand, PS_WISH_IDENTITY);
    hand_give(&hand, &identity);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, folders);
    assert_int_equal(ps_engine_next_number(hand.engine), 8);
    const int64_t seen_ms = hand.now.steady_ms;
    hand_sleep(&hand);
    assert_int_equal(hand.now.steady_ms - seen_ms, PROOF_FROM_MS);
    hand_expect(&hand, PS_WISH_LIST_JOBS); /* has it shown up? */
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, folders);
    hand_expect(&hand, PS_WISH_ABORT_UPLOADS); /* waited once: that is enough */
    hand_yes(&hand);
    hand_cut(&hand, 1, 0);
    assert_non_null(ps_engine_find(hand.engine, 8));
    hand_end(&hand);
}

static void a_folder_of_a_known_job_is_no_surprise(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_fact identity = {.outcome = PS_OUTCOME_YES, .text = strdup(HAND_ACCOUNT)};
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_restart(&hand);
    hand_expect(&hand, PS_WISH_IDENTITY);
    hand_give(&hand, &identity);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, "-1 p/run/in/j00000001-a1/\n");
    hand_expect(&hand, PS_WISH_ABORT_UPLOADS);
    hand_end(&hand);
}

/* ------------------------------------------------ put and check (R5) */

static void give_shards(struct hand *const hand, const int64_t count)
{
    struct ps_fact load = {.outcome = PS_OUTCOME_YES, .shard_count = count};
    load.shards = calloc((size_t)count, sizeof(load.shards[0]));
    for (int64_t shard = 0; shard < count; shard++) {
        load.shards[shard] = (struct ps_shard_row){.records = 3, .bytes = HAND_BYTES};
    }
    hand_expect(hand, PS_WISH_LOAD_SHARDS);
    hand_give(hand, &load);
}

#define SHARD_ROW(number) \
    "70 p/run/in/j00000001-a1/s0000" number "/j00000001-a1-s0000" number ".jsonl\n"

static void rows_that_cannot_be_read_yet_are_read_again(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    hand_cut(&hand, 1, 0);
    hand_expect(&hand, PS_WISH_LOAD_SHARDS);
    hand_later(&hand);
    hand_sleep(&hand);
    give_shards(&hand, 1);
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    hand_end(&hand);
}

static void shards_are_put_side_by_side_and_checked_together(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    hand_cut(&hand, 1, 0);
    give_shards(&hand, 3);
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    const struct hand_wish first = hand.last;
    assert_string_equal(first.key, "p/run/in/j00000001-a1/s00001/j00000001-a1-s00001.jsonl");
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    const struct hand_wish second = hand.last;
    assert_int_equal(second.wish.shard, 1);
    hand_expect_nothing(&hand); /* two at once */
    hand.last = first;
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    assert_int_equal(hand.last.wish.shard, 2);
    hand_yes(&hand);
    hand_expect_nothing(&hand);
    hand.last = second;
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    assert_string_equal(hand.last.key, "p/run/in/j00000001-a1/");
    hand_objects(&hand, SHARD_ROW("1") SHARD_ROW("2") SHARD_ROW("3"));
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    /* More than one object: the folder is named, and its '/' (R5). */
    assert_non_null(strstr(hand.last.text, "\"s3Uri\":\"s3://bucket/p/run/in/j00000001-a1/\""));
    hand_end(&hand);
}

/* After a restart all may be there: nothing is put, everything is checked. */
static void shards_that_are_put_already_are_only_checked(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_fact load = {.outcome = PS_OUTCOME_YES, .shard_count = 1};
    load.shards = calloc(1, sizeof(load.shards[0]));
    load.shards[0] = (struct ps_shard_row){.records = 3, .bytes = HAND_BYTES, .put_attempt = 1};
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    hand_cut(&hand, 1, 0);
    hand_expect(&hand, PS_WISH_LOAD_SHARDS);
    hand_give(&hand, &load);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, SHARD_ROW("1"));
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_end(&hand);
}

static void failures_that_went_out_together_count_as_one(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    hand_cut(&hand, 1, 0);
    give_shards(&hand, 3);
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    const struct hand_wish first = hand.last;
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    hand_later(&hand);
    assert_int_equal(hand_job(&hand, 1)->tries, 1);
    hand.last = first;
    hand_unknown(&hand);
    assert_int_equal(hand_job(&hand, 1)->tries, 1);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    assert_int_equal(hand.last.wish.shard, 0);
    hand_yes(&hand);
    assert_int_equal(hand_job(&hand, 1)->tries, 0);
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    assert_int_equal(hand.last.wish.shard, 1);
    hand_end(&hand);
}

static void what_stands_in_its_folder_must_be_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *rows;
        const char *word;
    } rows[] = {
        {SHARD_ROW("1") SHARD_ROW("2") "3 p/run/in/j00000001-a1/other\n", "not ours"},
        {SHARD_ROW("1") "69 p/run/in/j00000001-a1/s00002/j00000001-a1-s00002.jsonl\n",
         "shard 2 has 69 bytes instead of 70"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        hand_begin(&hand, &defaults);
        hand_start(&hand);
        hand_cut(&hand, 1, 0);
        give_shards(&hand, 2);
        hand_expect(&hand, PS_WISH_PUT_SHARD);
        hand_yes(&hand);
        hand_expect(&hand, PS_WISH_PUT_SHARD);
        hand_yes(&hand);
        hand_expect(&hand, PS_WISH_LIST_OBJECTS);
        hand_objects(&hand, rows[row].rows);
        hand_assert_halted(&hand, PS_E_CONFLICT, rows[row].word);
        hand_end(&hand);
    }
}

static void an_object_that_is_missing_is_put_again_but_not_for_ever(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    hand_cut(&hand, 1, 0);
    give_shards(&hand, 2);
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    hand_yes(&hand);
    for (int resend = 0; resend <= PS_RESENDS_MAX; resend++) {
        hand_assert_running(&hand);
        hand_expect(&hand, PS_WISH_PUT_SHARD);
        assert_int_equal(hand.last.wish.shard, 1);
        hand_yes(&hand);
        hand_expect(&hand, PS_WISH_LIST_OBJECTS);
        hand_objects(&hand, SHARD_ROW("1"));
        if (resend < PS_RESENDS_MAX) {
            hand_sleep(&hand);
        }
    }
    hand_assert_halted(&hand, PS_E_NOT_FOUND, "objects that were put are not listed");
    hand_end(&hand);
}

/* R6. */
static void records_whose_input_is_gone_are_filed_once_nothing_is_open(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_fact gone = {.outcome = PS_OUTCOME_NO};
    (void)ps_error_set(&gone.error, PS_E_NOT_FOUND, PS_RETRY_NEVER, "cannot read the input");
    (void)snprintf(gone.error.aws_code, sizeof(gone.error.aws_code), "input_gone");
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    hand_cut(&hand, 1, 0);
    give_shards(&hand, 2);
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    const struct hand_wish first = hand.last;
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    hand_give(&hand, &gone);
    hand_assert_state(&hand, 1, PS_STATE_CLOSING);
    hand_expect_nothing(&hand);
    hand.last = first;
    hand_yes(&hand); /* late, and of no use any more */
    hand_expect(&hand, PS_WISH_CLOSE_JOB);
    assert_int_equal(hand.last.wish.shard, PS_VERDICT_INPUT_GONE);
    hand_yes(&hand);
    hand_assert_state(&hand, 1, PS_STATE_DONE);
    hand_end(&hand);
}

static void a_put_that_will_never_work_halts(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    hand_cut(&hand, 1, 0);
    give_shards(&hand, 1);
    hand_expect(&hand, PS_WISH_PUT_SHARD);
    hand_no(&hand, PS_E_CONFLICT, PS_RETRY_NEVER); /* 412, and other bytes */
    hand_assert_halted(&hand, PS_E_CONFLICT, "the test says so");
    hand_end(&hand);
}

/* ------------------------------------------------ slots and polls */

static void jobs_at_once_stay_within_the_slots(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &(struct hand_options){.jobs_max = 1});
    hand_to_create(&hand, 4);
    hand_prepare_job(&hand, 2);
    hand_prepare_job(&hand, 3);
    hand_expect_nothing(&hand); /* two are prepared ahead, no more */
    hand_assert_state(&hand, 4, PS_STATE_PLANNED);
    hand_end(&hand);
}

/* A job is 120 tokens: at 60 a minute 2 min of work, less a twentieth. */
static void more_jobs_than_slots_are_created_one_after_another(void **state)
{
    (void)state;
    struct hand hand;
    const struct hand_options options = {
        .jobs_max = 2, .pools = {{.jobs_max = 2, .tpm = 60}}, .pool_count = 1, .poll_ms = 900000};
    const struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
    hand_begin(&hand, &options);
    hand_to_create(&hand, 3);
    const int64_t created_ms = hand.now.steady_ms;
    hand_yes(&hand);
    hand_prepare_job(&hand, 2);
    hand_prepare_job(&hand, 3);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &view, NULL);
    hand_expect_nothing(&hand); /* there is a slot, but not yet */
    hand_assert_state(&hand, 2, PS_STATE_READY);
    hand_sleep(&hand);
    assert_int_equal(hand.now.steady_ms - created_ms, 114000);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(hand.last.wish.job, 2);
    hand_end(&hand);
}

static void as_many_jobs_as_slots_are_created_at_once(void **state)
{
    (void)state;
    struct hand hand;
    const struct hand_options options = {
        .jobs_max = 2, .pools = {{.jobs_max = 2, .tpm = 60}}, .pool_count = 1, .poll_ms = 900000};
    hand_begin(&hand, &options);
    hand_to_create(&hand, 2);
    hand_yes(&hand);
    hand_prepare_job(&hand, 2);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(hand.last.wish.job, 2);
    hand_end(&hand);
}

static void a_slot_is_free_once_get_has_seen_the_end(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    hand_begin(&hand, &(struct hand_options){.jobs_max = 1});
    hand_to_create(&hand, 2);
    hand_yes(&hand);
    hand_prepare_job(&hand, 2);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &end, NULL);
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_expect_nothing(&hand);
    hand_jobs(&hand, &end, NULL);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    assert_int_equal(hand.last.wish.job, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(hand.last.wish.job, 2);
    hand_end(&hand);
}

static void one_list_a_poll_and_get_on_change(void **state)
{
    (void)state;
    static char other_name[] = "my-run-j00000001-a1";
    struct hand hand;
    struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
    view.processed_count = 4;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    assert_string_equal(hand.last.text, "run");
    assert_int_equal(hand.last.wish.after_ms, hand.now.wall_ms - 15 * PS_MINUTE_MS);
    hand_jobs(&hand, &view, NULL);
    assert_int_equal(hand_job(&hand, 1)->processed, 4);
    assert_int_equal(hand_job(&hand, 1)->status, PS_JOB_IN_PROGRESS);
    const int64_t polled_ms = hand.now.steady_ms;
    hand_sleep(&hand);
    assert_int_equal(hand.now.steady_ms - polled_ms, 30000);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    view.status = PS_JOB_STATUS_UNKNOWN; /* a new word is taken for live */
    view.processed_count = 3;            /* and counters never go back */
    struct ps_job_view other = hand_view(PS_JOB_FAILED);
    other.name = other_name;
    hand_jobs(&hand, &view, &other);
    hand_assert_state(&hand, 1, PS_STATE_LIVE);
    assert_int_equal(hand_job(&hand, 1)->processed, 4);
    hand_end(&hand);
}

/* Lists and Get may be out of step: the end, and its counters, are Get's word. */
static void a_listed_end_counts_only_when_get_sees_it(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_job_view end = hand_view(PS_JOB_COMPLETED);
    struct ps_job_view live = hand_view(PS_JOB_IN_PROGRESS);
    live.success_count = 0;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &end, NULL);
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_jobs(&hand, &live, NULL);
    hand_assert_state(&hand, 1, PS_STATE_LIVE);
    assert_int_equal(hand_job(&hand, 1)->ended_ms, 0);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &end, NULL);
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_jobs(&hand, &end, NULL);
    hand_assert_state(&hand, 1, PS_STATE_LISTING);
    assert_int_equal(hand_job(&hand, 1)->ended_ms, hand.now.steady_ms);
    assert_int_equal(hand_job(&hand, 1)->counted, HAND_RECORDS);
    hand_end(&hand);
}

static void a_row_of_our_name_with_another_arn_is_not_our_job(void **state)
{
    (void)state;
    static char arn[] = "arn:aws:bedrock:us-east-1:111122223333:model-invocation-job/zzzzzzzzzzzz";
    struct hand hand;
    struct ps_job_view other = hand_view(PS_JOB_IN_PROGRESS);
    other.arn = arn;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &other, NULL);
    assert_int_equal(hand_job(&hand, 1)->status, PS_JOB_SUBMITTED);
    assert_int_equal(hand_job(&hand, 1)->processed, 0);
    hand_expect(&hand, PS_WISH_GET_JOB); /* ours was not listed: asked for by its ARN */
    assert_string_equal(hand.last.text, hand_view(PS_JOB_FAILED).arn);
    hand_end(&hand);
}

static void a_job_that_nobody_knows_any_more_halts_in_the_end(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_yes(&hand);
    for (int poll = 0; poll <= PS_TRIES_MAX; poll++) {
        hand_assert_running(&hand);
        hand_expect(&hand, PS_WISH_LIST_JOBS);
        hand_yes(&hand);
        hand_expect(&hand, PS_WISH_GET_JOB);
        hand_no(&hand, PS_E_NOT_FOUND, PS_RETRY_LATER);
        if (poll < PS_TRIES_MAX) {
            hand_sleep(&hand);
        }
    }
    hand_assert_halted(&hand, PS_E_NOT_FOUND, "the test says so");
    hand_end(&hand);
}

static void a_poll_that_fails_backs_off(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_yes(&hand);
    for (int try = 0; try < PS_TRIES_MAX; try++) {
        hand_expect(&hand, PS_WISH_LIST_JOBS);
        hand_later(&hand);
        const int64_t failed_ms = hand.now.steady_ms;
        hand_sleep(&hand);
        assert_true(hand.now.steady_ms - failed_ms <= PS_BACKOFF_CAP_MS);
    }
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_later(&hand);
    hand_assert_halted(&hand, PS_E_SERVICE, "the test says so");
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_with_account_jobs_numbers_uploads),
        cmocka_unit_test(another_account_halts_before_any_other_wish),
        cmocka_unit_test(the_same_account_goes_on),
        cmocka_unit_test(a_start_that_fails_is_tried_again_and_says_soon_what_is_wrong),
        cmocka_unit_test(numbers_of_folders_without_a_row_are_not_used_again),
        cmocka_unit_test(a_folder_of_a_known_job_is_no_surprise),
        cmocka_unit_test(rows_that_cannot_be_read_yet_are_read_again),
        cmocka_unit_test(shards_are_put_side_by_side_and_checked_together),
        cmocka_unit_test(shards_that_are_put_already_are_only_checked),
        cmocka_unit_test(failures_that_went_out_together_count_as_one),
        cmocka_unit_test(what_stands_in_its_folder_must_be_its_own),
        cmocka_unit_test(an_object_that_is_missing_is_put_again_but_not_for_ever),
        cmocka_unit_test(records_whose_input_is_gone_are_filed_once_nothing_is_open),
        cmocka_unit_test(a_put_that_will_never_work_halts),
        cmocka_unit_test(jobs_at_once_stay_within_the_slots),
        cmocka_unit_test(more_jobs_than_slots_are_created_one_after_another),
        cmocka_unit_test(as_many_jobs_as_slots_are_created_at_once),
        cmocka_unit_test(a_slot_is_free_once_get_has_seen_the_end),
        cmocka_unit_test(one_list_a_poll_and_get_on_change),
        cmocka_unit_test(a_listed_end_counts_only_when_get_sees_it),
        cmocka_unit_test(a_row_of_our_name_with_another_arn_is_not_our_job),
        cmocka_unit_test(a_job_that_nobody_knows_any_more_halts_in_the_end),
        cmocka_unit_test(a_poll_that_fails_backs_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
