/*
 * Goal: the create whose outcome is unknown (R2), to the millisecond: looked for, adopted, sent
 * again or proven absent, and never anything else. Method: the engine is driven by hand, one wish
 * and one fact at a time.
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

static void the_intent_is_replayed_never_made_again(void **state)
{
    (void)state;
    struct hand hand;
    char body[2048];
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    memcpy(body, hand.last.text, sizeof(body));
    assert_non_null(strstr(body, "\"jobName\":\"run-j00000001-a1\""));
    assert_non_null(strstr(body, hand_job(&hand, 1)->token));
    /* One object: it is named itself. */
    assert_non_null(strstr(body, hand_view(PS_JOB_SUBMITTED).input_uri));
    assert_non_null(strstr(body, "\"s3Uri\":\"s3://bucket/p/run/out/j00000001-a1/\""));
    hand_unknown(&hand);
    hand_look_for_nothing(&hand);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_string_equal(hand.last.text, body);
    hand_restart(&hand);
    hand_start(&hand);
    hand_look_for_nothing(&hand);
    hand_cut(&hand, 0, 0);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_string_equal(hand.last.text, body);
    hand_end(&hand);
}

static void each_run_and_job_has_a_token_of_its_own(void **state)
{
    (void)state;
    struct hand hand;
    char tokens[2][64];
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 2);
    (void)snprintf(tokens[0], sizeof(tokens[0]), "%s", hand_job(&hand, 1)->token);
    hand_yes(&hand);
    hand_prepare_job(&hand, 2);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    (void)snprintf(tokens[1], sizeof(tokens[1]), "%s", hand_job(&hand, 2)->token);
    assert_string_not_equal(tokens[0], tokens[1]);
    hand_end(&hand);
    hand_begin(&hand, &(struct hand_options){.nonce = PS_STR("another")});
    hand_to_create(&hand, 1);
    assert_string_not_equal(tokens[0], hand_job(&hand, 1)->token);
    hand_end(&hand);
}

static void an_unknown_create_is_looked_for_by_name_then_by_output(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    const int64_t signed_wall_ms = hand.now.wall_ms;
    hand_pass(&hand, 60000);
    hand_unknown(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    assert_string_equal(hand.last.text, "run-j00000001-a1");
    assert_int_equal(hand.last.wish.after_ms, signed_wall_ms - 15 * PS_MINUTE_MS);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    assert_string_equal(hand.last.key, "p/run/out/j00000001-a1/");
    hand_end(&hand);
}

/* (c): the last moment at which the same body goes out again. */
static void the_same_body_is_sent_again_only_inside_the_token_window(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        int64_t looked_ms; /* since the first signing */
        bool is_repeated;
    } rows[] = {
        {"well inside", PS_TOKEN_WINDOW_MS - 2000, true},
        {"inside, but any pause would end outside", PS_TOKEN_WINDOW_MS - 1, false},
        {"exactly at its end", PS_TOKEN_WINDOW_MS, false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        hand_begin(&hand, &defaults);
        hand_to_create(&hand, 1);
        hand_unknown(&hand);
        hand_pass(&hand, rows[row].looked_ms);
        hand_look_for_nothing(&hand);
        hand_sleep(&hand);
        hand_expect(&hand, rows[row].is_repeated ? PS_WISH_CREATE_JOB : PS_WISH_LIST_JOBS);
        hand_end(&hand);
    }
}

/* A machine that slept through the window wakes with the create still planned. */
static void a_repeat_that_was_overslept_is_looked_for_instead(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    hand_look_for_nothing(&hand);
    hand_assert_state(&hand, 1, PS_STATE_REPEATING);
    hand_pass(&hand, PS_TOKEN_WINDOW_MS);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    assert_string_equal(hand.last.text, "run-j00000001-a1");
    hand_end(&hand);
}

/* (d): two empty looks, each later than the last signing + 1 + 5 + 10 min, 5 min apart. */
static void absence_is_proven_by_two_late_looks(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 2);
    const int64_t signed_ms = hand.now.steady_ms;
    hand_unknown(&hand);
    hand_pass(&hand, PS_TOKEN_WINDOW_MS);
    hand_look_for_nothing(&hand);
    assert_true(ps_job_holds_slot(hand_job(&hand, 1)));
    hand_prepare_job(&hand, 2);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS); /* the poll: answered when the test is over */
    hand_sleep(&hand);
    assert_int_equal(hand.now.steady_ms - signed_ms, PROOF_FROM_MS);
    hand_look_for_nothing(&hand);
    assert_int_equal(hand_job(&hand, 1)->empty_looks, 1);
    assert_int_equal(hand_job(&hand, 1)->attempt, 1);
    hand_sleep(&hand);
    assert_int_equal(hand.now.steady_ms - signed_ms, PROOF_FROM_MS + PS_LOOK_GAP_MS);
    assert_true(ps_job_holds_slot(hand_job(&hand, 1)));
    hand_look_for_nothing(&hand);
    assert_int_equal(hand_job(&hand, 1)->attempt, 2);
    assert_null(hand_job(&hand, 1)->token);
    assert_false(ps_job_holds_slot(hand_job(&hand, 1)));
    hand_expect(&hand, PS_WISH_LOAD_SHARDS);
    hand_end(&hand);
}

/* I8: a new attempt is new in name, folders and token. */
static void a_new_attempt_shares_nothing_with_the_old_one(void **state)
{
    (void)state;
    struct hand hand;
    char token[64];
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    (void)snprintf(token, sizeof(token), "%s", hand_job(&hand, 1)->token);
    hand_unknown(&hand);
    hand_pass(&hand, PROOF_FROM_MS);
    hand_look_for_nothing(&hand);
    hand_sleep(&hand);
    hand_look_for_nothing(&hand);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_string_not_equal(token, hand_job(&hand, 1)->token);
    assert_null(strstr(hand.last.text, token));
    assert_null(strstr(hand.last.text, "j00000001-a1"));
    assert_non_null(strstr(hand.last.text, "\"jobName\":\"run-j00000001-a2\""));
    assert_non_null(strstr(hand.last.text, "/in/j00000001-a2/"));
    assert_non_null(strstr(hand.last.text, "/out/j00000001-a2/"));
    hand_end(&hand);
}

static void a_look_that_began_too_early_proves_nothing(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    hand_pass(&hand, PROOF_FROM_MS - 1);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_pass(&hand, PS_HOUR_MS); /* however late it is answered */
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_yes(&hand);
    assert_int_equal(hand_job(&hand, 1)->empty_looks, 0);
    hand_look_for_nothing(&hand);
    assert_int_equal(hand_job(&hand, 1)->empty_looks, 1);
    hand_pass(&hand, PS_LOOK_GAP_MS - 1);
    hand_expect_nothing(&hand);
    hand_pass(&hand, 1);
    hand_look_for_nothing(&hand);
    assert_int_equal(hand_job(&hand, 1)->attempt, 2);
    hand_end(&hand);
}

/*
 * Reliability 4.1: answer lost, then down for three days: the token is forgotten. The wait for
 * proof counts from the restart: over it the steady clock rests on the wall's, which may have
 * jumped.
 */
static void after_three_days_it_is_looked_for_and_not_repeated(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_restart(&hand);
    hand_pass(&hand, 3 * PS_DAY_MS);
    hand_start(&hand);
    hand_look_for_nothing(&hand);
    assert_int_equal(hand_job(&hand, 1)->empty_looks, 0);
    hand_cut(&hand, 0, 0);
    hand_sleep(&hand);
    hand_look_for_nothing(&hand);
    assert_int_equal(hand_job(&hand, 1)->empty_looks, 1);
    hand_sleep(&hand);
    hand_look_for_nothing(&hand);
    assert_int_equal(hand_job(&hand, 1)->attempt, 2);
    hand_end(&hand);
}

static void a_found_job_is_adopted_only_by_token_and_input(void **state)
{
    (void)state;
    static char other_input[] = "s3://bucket/p/run/in/j00000001-a1/";
    static char output[] = "s3://bucket/p/run/out/j00000001-a1/";
    static char other_token[] = "ps-00000000000000000000000000000000";
    static const struct {
        const char *about;
        char *token; /* NULL: ours */
        char *input; /* NULL: ours */
        bool is_ours;
    } rows[] = {
        {"ours", NULL, NULL, true},
        {"another token", other_token, NULL, false},
        {"another input", NULL, other_input, false},
        {"our output for an input", NULL, output, false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
        hand_begin(&hand, &defaults);
        hand_to_create(&hand, 1);
        hand_unknown(&hand);
        hand_expect(&hand, PS_WISH_LIST_JOBS);
        hand_jobs(&hand, &view, NULL);
        hand_expect(&hand, PS_WISH_GET_JOB);
        assert_string_equal(hand.last.text, view.arn);
        char *const token = strdup(hand_job(&hand, 1)->token);
        view.token = rows[row].token == NULL ? token : rows[row].token;
        view.input_uri = rows[row].input == NULL ? view.input_uri : rows[row].input;
        hand_jobs(&hand, &view, NULL);
        free(token);
        if (rows[row].is_ours) {
            hand_assert_state(&hand, 1, PS_STATE_LIVE);
            assert_string_equal(hand_job(&hand, 1)->arn, view.arn);
        } else {
            hand_assert_halted(&hand, PS_E_CONFLICT, "another token or input");
        }
        hand_end(&hand);
    }
}

static void a_job_without_a_token_is_not_adopted(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &view, NULL);
    hand_expect(&hand, PS_WISH_GET_JOB);
    hand_jobs(&hand, &view, NULL);
    hand_assert_halted(&hand, PS_E_CONFLICT, "another token");
    hand_end(&hand);
}

/* Reliability 4.1: a listing that matches x-a10 for x-a1. */
static void a_name_that_contains_ours_is_not_ours(void **state)
{
    (void)state;
    static char longer[] = "run-j00000001-a10";
    static char before[] = "my-run-j00000001-a1";
    struct hand hand;
    struct ps_job_view first = hand_view(PS_JOB_IN_PROGRESS);
    struct ps_job_view second = first;
    first.name = longer;
    second.name = before;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &first, &second);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS); /* (b): as if nothing had been listed */
    hand_end(&hand);
}

/* (b). */
static void output_proves_the_job_and_names_it(void **state)
{
    (void)state;
    struct hand hand;
    struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_yes(&hand);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    hand_objects(&hand, "1 p/run/out/j00000001-a1/probe\n"
                        "9 p/run/out/j00000001-a1/abcdefghijk1/x.jsonl.out\n");
    hand_expect(&hand, PS_WISH_GET_JOB);
    assert_string_equal(hand.last.text, "abcdefghijk1");
    char *const token = strdup(hand_job(&hand, 1)->token);
    view.token = token;
    hand_jobs(&hand, &view, NULL);
    free(token);
    hand_assert_state(&hand, 1, PS_STATE_LIVE);
    assert_string_equal(hand_job(&hand, 1)->arn, view.arn);
    hand_end(&hand);
}

static void output_that_names_no_job_still_forbids_a_repeat(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    for (int look = 0; look <= PS_TRIES_MAX; look++) {
        hand_assert_running(&hand);
        hand_expect(&hand, PS_WISH_LIST_JOBS);
        hand_yes(&hand);
        hand_expect(&hand, PS_WISH_LIST_OBJECTS);
        hand_objects(&hand, "1 p/run/out/j00000001-a1/probe\n"
                            "1 p/run/out/j00000001-a1/abcdefghijk1\n"
                            "1 p/run/out/j00000001-a1/ABCDEFGHIJK1/x\n");
        if (look < PS_TRIES_MAX) {
            hand_sleep(&hand);
        }
    }
    hand_assert_halted(&hand, PS_E_CONFLICT, "written to its output folder");
    hand_end(&hand);
}

static void a_listed_job_that_get_does_not_know_is_not_asked_for_ever(void **state)
{
    (void)state;
    struct hand hand;
    const struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    hand_unknown(&hand);
    for (int look = 0; look <= PS_TRIES_MAX; look++) {
        hand_assert_running(&hand);
        hand_expect(&hand, PS_WISH_LIST_JOBS);
        hand_jobs(&hand, &view, NULL);
        hand_expect(&hand, PS_WISH_GET_JOB);
        hand_no(&hand, PS_E_NOT_FOUND, PS_RETRY_LATER);
        if (look < PS_TRIES_MAX) {
            hand_sleep(&hand);
        }
    }
    hand_assert_halted(&hand, PS_E_NOT_FOUND, "the test says so");
    hand_end(&hand);
}

/* "No" speaks of its own call. */
static void a_no_after_an_unknown_proves_nothing(void **state)
{
    (void)state;
    static const struct {
        enum ps_retry retry;
        enum ps_phase phase; /* NEVER calls a person; the doubt stays */
    } rows[] = {{PS_RETRY_LATER, PS_PHASE_RUNNING}, {PS_RETRY_NEVER, PS_PHASE_HALTED}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        hand_begin(&hand, &defaults);
        hand_to_create(&hand, 1);
        hand_unknown(&hand);
        hand_look_for_nothing(&hand);
        hand_sleep(&hand);
        hand_expect(&hand, PS_WISH_CREATE_JOB);
        hand_no(&hand, PS_E_QUOTA, rows[row].retry);
        assert_int_equal(ps_engine_phase(hand.engine), rows[row].phase);
        hand_assert_state(&hand, 1, PS_STATE_LOOK_NAME);
        assert_true(ps_job_holds_slot(hand_job(&hand, 1)));
        hand_end(&hand);
    }
}

static void a_clear_no_frees_the_slot_and_is_tried_again(void **state)
{
    (void)state;
    struct hand hand;
    char body[2048];
    hand_begin(&hand, &(struct hand_options){.jobs_max = 1});
    hand_to_create(&hand, 1);
    memcpy(body, hand.last.text, sizeof(body));
    hand_no(&hand, PS_E_QUOTA, PS_RETRY_LATER);
    hand_assert_state(&hand, 1, PS_STATE_READY);
    assert_int_equal(hand_job(&hand, 1)->first_signed_ms, 0);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_string_equal(hand.last.text, body);
    assert_int_equal(hand_job(&hand, 1)->first_signed_ms, hand.now.steady_ms);
    hand_no(&hand, PS_E_DENIED, PS_RETRY_NEVER);
    hand_assert_halted(&hand, PS_E_DENIED, "the test says so");
    hand_restart(&hand);
    hand_start(&hand);
    hand_expect(&hand, PS_WISH_CREATE_JOB); /* resumed: a person has looked */
    assert_string_equal(hand.last.text, body);
    hand_end(&hand);
}

static void not_now_is_waited_for_and_trouble_is_not(void **state)
{
    (void)state;
    static const struct {
        enum ps_status status;
        bool is_halted;
    } rows[] = {{PS_E_QUOTA, false}, {PS_E_SERVICE, true}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        hand_begin(&hand, &defaults);
        hand_to_create(&hand, 1);
        for (int try = 0; try < PS_TRIES_MAX; try++) {
            hand_no(&hand, rows[row].status, PS_RETRY_LATER);
            hand_assert_running(&hand);
            hand_sleep(&hand);
            hand_expect(&hand, PS_WISH_CREATE_JOB);
        }
        hand_no(&hand, rows[row].status, PS_RETRY_LATER);
        assert_int_equal(ps_engine_phase(hand.engine),
                         rows[row].is_halted ? PS_PHASE_HALTED : PS_PHASE_RUNNING);
        hand_end(&hand);
    }
}

/* I16: calls of one attempt stay few, also when every one of them is lost. */
static void repeats_come_slower_and_slower(void **state)
{
    (void)state;
    struct hand hand;
    int64_t creates = 1;
    hand_begin(&hand, &defaults);
    hand_to_create(&hand, 1);
    const int64_t first_ms = hand.now.steady_ms;
    for (;;) {
        hand_unknown(&hand);
        hand_look_for_nothing(&hand);
        if (hand_job(&hand, 1)->state != PS_STATE_REPEATING) {
            break;
        }
        hand_sleep(&hand);
        struct ps_wish wish;
        assert_true(ps_engine_next(hand.engine, hand.now, &wish));
        if (wish.kind != PS_WISH_CREATE_JOB) {
            break;
        }
        hand.last.wish = wish;
        creates++;
    }
    assert_true(hand.now.steady_ms - first_ms >= PS_TOKEN_WINDOW_MS - PS_MINUTE_MS);
    assert_true(creates >= 8);
    assert_true(creates <= 60);
    hand_end(&hand);
}

static void a_create_that_leaves_no_job_eight_times_halts(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &defaults);
    hand_start(&hand);
    hand_cut(&hand, 1, 0);
    for (int64_t attempt = 1; attempt <= PS_ATTEMPTS_MAX; attempt++) {
        hand_assert_running(&hand);
        hand_prepare_job(&hand, 1);
        hand_expect(&hand, PS_WISH_CREATE_JOB);
        hand_unknown(&hand);
        hand_pass(&hand, PROOF_FROM_MS);
        hand_look_for_nothing(&hand);
        hand_sleep(&hand);
        hand_look_for_nothing(&hand);
    }
    hand_assert_halted(&hand, PS_E_SERVICE, "8 creates were answered with nothing");
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_intent_is_replayed_never_made_again),
        cmocka_unit_test(each_run_and_job_has_a_token_of_its_own),
        cmocka_unit_test(an_unknown_create_is_looked_for_by_name_then_by_output),
        cmocka_unit_test(the_same_body_is_sent_again_only_inside_the_token_window),
        cmocka_unit_test(a_repeat_that_was_overslept_is_looked_for_instead),
        cmocka_unit_test(absence_is_proven_by_two_late_looks),
        cmocka_unit_test(a_new_attempt_shares_nothing_with_the_old_one),
        cmocka_unit_test(a_look_that_began_too_early_proves_nothing),
        cmocka_unit_test(after_three_days_it_is_looked_for_and_not_repeated),
        cmocka_unit_test(a_found_job_is_adopted_only_by_token_and_input),
        cmocka_unit_test(a_job_without_a_token_is_not_adopted),
        cmocka_unit_test(a_name_that_contains_ours_is_not_ours),
        cmocka_unit_test(output_proves_the_job_and_names_it),
        cmocka_unit_test(output_that_names_no_job_still_forbids_a_repeat),
        cmocka_unit_test(a_listed_job_that_get_does_not_know_is_not_asked_for_ever),
        cmocka_unit_test(a_no_after_an_unknown_proves_nothing),
        cmocka_unit_test(a_clear_no_frees_the_slot_and_is_tried_again),
        cmocka_unit_test(not_now_is_waited_for_and_trouble_is_not),
        cmocka_unit_test(repeats_come_slower_and_slower),
        cmocka_unit_test(a_create_that_leaves_no_job_eight_times_halts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
