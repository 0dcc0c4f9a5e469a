/*
 * Goal: many lanes in one run: what a start asks once and what for each, slots and days of pools
 * that lanes share, polls by account and Region. Method: the engine by hand. (Whole runs:
 * test_engine_mill.)
 */
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define QUOTA 100 /* tokens of a job, where it counts against a day */

/* ------------------------------------------------ by hand */

static struct ps_engine_lane lane_of(const char *const profile, const char *const region,
                                     const char *const model, const int64_t pool)
{
    return (struct ps_engine_lane){.profile = ps_str_of(profile),
                                   .region = ps_str_of(region),
                                   .model = ps_str_of(model),
                                   .names.bucket = ps_str_of(region),
                                   .pool = pool};
}

static void expect_of(struct hand *const hand, const enum ps_wish_kind kind, const int64_t lane)
{
    hand_expect(hand, kind);
    assert_int_equal(hand->last.wish.lane, lane);
}

static void give_identity(struct hand *const hand, const char *const account)
{
    const struct ps_fact fact = {.outcome = PS_OUTCOME_YES, .text = strdup(account)};
    hand_give(hand, &fact);
}

/* The lanes of each new job, one after another; each counts QUOTA. */
static void cut_for(struct hand *const hand, const int64_t *const lanes, const int64_t count,
                    const int64_t quota_tokens)
{
    struct ps_fact fact = {.outcome = PS_OUTCOME_YES};
    fact.shapes = calloc((size_t)count + 1, sizeof(fact.shapes[0]));
    for (int64_t job = 0; job < count; job++) {
        fact.shapes[fact.shape_count++] =
            (struct ps_job_shape){.number = ps_engine_next_number(hand->engine) + job,
                                  .lane = lanes[job],
                                  .shard_count = 1,
                                  .records = HAND_RECORDS,
                                  .bytes = HAND_BYTES,
                                  .input_tokens = quota_tokens,
                                  .quota_tokens = quota_tokens};
    }
    hand_expect(hand, PS_WISH_CUT_JOBS);
    hand_give(hand, &fact);
}

/* A job's create is answered; its ARN is made of its number. */
static void create(struct hand *const hand, const int64_t number)
{
    char arn[64];
    hand_expect(hand, PS_WISH_CREATE_JOB);
    assert_int_equal(hand->last.wish.job, number);
    (void)snprintf(arn, sizeof(arn), "arn:job/%lld", (long long)number);
    hand_give(hand, &(struct ps_fact){.outcome = PS_OUTCOME_YES, .text = strdup(arn)});
}

static void a_start_asks_once_for_each_account_region_and_folder(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &(struct hand_options){
                          .lanes = {lane_of("", "r", "m", 0), lane_of("", "r", "n", 1),
                                    lane_of("", "s", "m", 2), lane_of("q", "r", "m", 3)},
                          .lane_count = 4});
    expect_of(&hand, PS_WISH_IDENTITY, 0);
    give_identity(&hand, HAND_ACCOUNT);
    expect_of(&hand, PS_WISH_IDENTITY, 3);
    assert_int_equal(ps_engine_account(hand.engine, 3).size, 0);
    give_identity(&hand, "999999999999");
    assert_true(ps_str_equals_text(ps_engine_account(hand.engine, 1), HAND_ACCOUNT));
    assert_true(ps_str_equals_text(ps_engine_account(hand.engine, 3), "999999999999"));
    static const enum ps_wish_kind kinds[] = {PS_WISH_LIST_JOBS, PS_WISH_LIST_OBJECTS,
                                              PS_WISH_ABORT_UPLOADS};
    static const int64_t lanes[] = {0, 2, 3}; /* the second shares account, Region and folder */
    for (size_t kind = 0; kind < 3; kind++) {
        for (size_t lane = 0; lane < 3; lane++) {
            expect_of(&hand, kinds[kind], lanes[lane]);
            hand_expect_nothing(&hand);
            hand_yes(&hand);
        }
    }
    hand_expect(&hand, PS_WISH_CUT_JOBS);
    hand_end(&hand);
}

/* R1, lane by lane. */
static void another_account_of_one_lane_halts_the_run(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &(struct hand_options){
                          .lanes = {lane_of("", "r", "m", 0), lane_of("q", "r", "m", 1)},
                          .lane_count = 2,
                          .account = PS_STR(HAND_ACCOUNT)});
    expect_of(&hand, PS_WISH_IDENTITY, 0);
    give_identity(&hand, HAND_ACCOUNT);
    expect_of(&hand, PS_WISH_IDENTITY, 1);
    give_identity(&hand, "999999999999");
    hand_assert_halted(&hand, PS_E_DENIED, "999999999999");
    hand_end(&hand);
}

/* So many steps of a start, all well and empty, whatever lane is asked for. */
static void start(struct hand *const hand, const int64_t steps)
{
    for (int64_t step = 0; step < steps; step++) {
        struct ps_wish wish = {0};
        assert_true(ps_engine_next(hand->engine, hand->now, &wish));
        hand->last.wish = wish;
        if (wish.kind == PS_WISH_IDENTITY) {
            give_identity(hand, HAND_ACCOUNT);
        } else {
            hand_yes(hand);
        }
    }
}

#define STEPS 4 /* of one account, Region and folder */

static void lanes_of_one_pool_share_its_slots(void **state)
{
    (void)state;
    struct hand hand;
    static const int64_t lanes[] = {0, 1, 2};
    hand_begin(&hand,
               &(struct hand_options){.lanes = {lane_of("", "r", "us.m", 0),
                                                lane_of("", "r", "m", 0), lane_of("", "r", "n", 1)},
                                      .lane_count = 3,
                                      .pools = {{.jobs_max = 1}, {.jobs_max = 1}},
                                      .pool_count = 2});
    start(&hand, STEPS);
    cut_for(&hand, lanes, 3, 0);
    hand_prepare_job(&hand, 1);
    create(&hand, 1);
    hand_prepare_job(&hand, 2); /* ready, and its pool is full */
    hand_prepare_job(&hand, 3);
    create(&hand, 3);
    assert_int_equal(ps_engine_pool_use(hand.engine, 0).slots, 1);
    assert_int_equal(ps_engine_pool_use(hand.engine, 1).slots, 1);
    expect_of(&hand, PS_WISH_LIST_JOBS, 0); /* one list for both pools */
    hand_jobs(&hand, NULL, NULL);           /* neither is listed: each is asked for */
    hand_expect(&hand, PS_WISH_GET_JOB);
    assert_int_equal(hand.last.wish.job, 1);
    struct ps_job_view view = hand_view(PS_JOB_COMPLETED);
    hand_jobs(&hand, &view, NULL);
    hand_expect(&hand, PS_WISH_LIST_OBJECTS);
    assert_int_equal(hand.last.wish.job, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB); /* the slot is free */
    assert_int_equal(hand.last.wish.job, 2);
    assert_int_equal(hand.last.wish.lane, 1);
    assert_non_null(strstr(hand.last.text, "\"modelId\":\"m\""));
    hand_end(&hand);
}

static void pools_that_turn_out_to_be_of_one_account_become_one(void **state)
{
    (void)state;
    struct hand hand;
    hand_begin(&hand, &(struct hand_options){
                          .lanes = {lane_of("", "r", "us.m", 0), lane_of("q", "r", "m", 1),
                                    lane_of("q", "s", "m", 2)},
                          .lane_count = 3,
                          .pools = {{.jobs_max = 7, .tpd = 50}, {.jobs_max = 4}, {.jobs_max = 9}},
                          .pool_count = 3});
    assert_int_equal(ps_engine_lane_pool(hand.engine, 1), 1);
    start(&hand, 2 + 3 + 3 + 3);
    assert_int_equal(ps_engine_lane_pool(hand.engine, 1), 0);
    assert_int_equal(ps_engine_lane_pool(hand.engine, 2), 2); /* another Region */
    assert_int_equal(ps_engine_pool_use(hand.engine, 0).jobs_max, 4);
    assert_int_equal(ps_engine_pool_use(hand.engine, 0).tpd, 50);
    hand_restart(&hand); /* known from the beginning now */
    assert_int_equal(ps_engine_lane_pool(hand.engine, 1), 0);
    hand_end(&hand);
}

static void each_account_and_region_is_polled_by_one_list(void **state)
{
    (void)state;
    struct hand hand;
    static const int64_t lanes[] = {0, 1, 2};
    hand_begin(&hand,
               &(struct hand_options){.lanes = {lane_of("", "r", "m", 0), lane_of("", "r", "n", 1),
                                                lane_of("", "s", "m", 2)},
                                      .lane_count = 3});
    start(&hand, 1 + 2 + 2 + 2);
    cut_for(&hand, lanes, 3, 0);
    for (int64_t job = 1; job <= 3; job++) {
        hand_prepare_job(&hand, job);
        create(&hand, job);
    }
    expect_of(&hand, PS_WISH_LIST_JOBS, 0);
    const struct hand_wish first = hand.last;
    expect_of(&hand, PS_WISH_LIST_JOBS, 2);
    assert_int_not_equal(hand.last.wish.shard, first.wish.shard);
    hand_later(&hand); /* the one fails, and the other is not held up by it */
    hand_assert_state(&hand, 3, PS_STATE_LIVE);
    hand.last = first;
    hand_jobs(&hand, NULL, NULL);
    hand_assert_state(&hand, 1, PS_STATE_ASKING);
    hand_assert_state(&hand, 2, PS_STATE_ASKING);
    hand_assert_state(&hand, 3, PS_STATE_LIVE);
    hand_end(&hand);
}

static void a_job_without_a_row_is_of_the_lane_of_its_model(void **state)
{
    (void)state;
    struct hand hand;
    static char model[] = "arn:aws:bedrock:r::foundation-model/n";
    hand_begin(&hand, &(struct hand_options){
                          .lanes = {lane_of("", "r", "m", 0), lane_of("", "r", "us.n", 1)},
                          .lane_count = 2});
    hand_expect(&hand, PS_WISH_IDENTITY);
    give_identity(&hand, HAND_ACCOUNT);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    struct ps_job_view view = hand_view(PS_JOB_IN_PROGRESS);
    view.model = model;
    hand_jobs(&hand, &view, NULL);
    assert_int_equal(hand_job(&hand, 1)->lane, 1);
    hand_assert_state(&hand, 1, PS_STATE_FOREIGN_LIST);
    hand_end(&hand);
}

/* ------------------------------------------------ days, by hand */

/* One lane with two and a half jobs a day, at the beginning of one. */
static void begin_day(struct hand *const hand, const int64_t jobs)
{
    static const int64_t lanes[8] = {0};
    hand_begin(hand, &(struct hand_options){.pools = {{.jobs_max = 8, .tpd = 5 * QUOTA / 2}},
                                            .pool_count = 1});
    hand->now.wall_ms = 20000 * PS_DAY_MS;
    start(hand, STEPS);
    cut_for(hand, lanes, jobs, QUOTA);
}

static int64_t held(const struct hand *const hand)
{
    return ps_engine_pool_use(hand->engine, 0).day_tokens;
}

/* Jobs 1 and 2 are created; 3 is ready, and waits for the next day. */
static void fill_day(struct hand *const hand)
{
    begin_day(hand, 4);
    hand_prepare_job(hand, 1);
    create(hand, 1);
    hand_prepare_job(hand, 2);
    create(hand, 2);
    assert_int_equal(held(hand), 2 * QUOTA);
    hand_prepare_job(hand, 3);
    hand_prepare_job(hand, 4);
    hand_expect(hand, PS_WISH_LIST_JOBS); /* no create */
}

static struct ps_job_view view_of(const int64_t number, const enum ps_job_status status,
                                  const int64_t processed)
{
    static char arns[8][32];
    static char names[8][32];
    (void)snprintf(arns[number], sizeof(arns[number]), "arn:job/%lld", (long long)number);
    (void)snprintf(names[number], sizeof(names[number]), "run-j%08lld-a1", (long long)number);
    return (struct ps_job_view){.arn = arns[number],
                                .name = names[number],
                                .status = status,
                                .total_count = HAND_RECORDS,
                                .processed_count = processed,
                                .success_count = processed};
}

static void what_is_left_at_the_turn_goes_over_into_the_next_day(void **state)
{
    (void)state;
    struct hand hand;
    fill_day(&hand);
    const struct ps_job_view first = view_of(1, PS_JOB_IN_PROGRESS, HAND_RECORDS);
    const struct ps_job_view second = view_of(2, PS_JOB_IN_PROGRESS, HAND_RECORDS / 2);
    hand_jobs(&hand, &first, &second);
    hand_pass(&hand, PS_DAY_MS - 1);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    /* Counters that come after the turn say nothing of what was before it. */
    hand_pass(&hand, 1);
    const struct ps_job_view late = view_of(2, PS_JOB_IN_PROGRESS, HAND_RECORDS);
    hand_jobs(&hand, &first, &late);
    assert_int_equal(held(&hand), QUOTA / 2);
    create(&hand, 3);
    create(&hand, 4);
    assert_int_equal(held(&hand), 2 * QUOTA + QUOTA / 2);
    hand_end(&hand);
}

static void it_wakes_for_the_turn_and_a_clock_put_forward_is_none(void **state)
{
    (void)state;
    struct hand hand;
    fill_day(&hand);
    const struct ps_job_view first = view_of(1, PS_JOB_IN_PROGRESS, HAND_RECORDS);
    const struct ps_job_view second = view_of(2, PS_JOB_IN_PROGRESS, HAND_RECORDS);
    hand_jobs(&hand, &first, &second);
    hand.now.wall_ms += PS_DAY_MS; /* by hand */
    assert_false(ps_engine_next(hand.engine, hand.now, &hand.last.wish));
    assert_int_equal(held(&hand), 2 * QUOTA);
    hand.now.wall_ms -= PS_DAY_MS;
    hand_pass(&hand, PS_DAY_MS);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(hand.last.wish.job, 3);
    hand_end(&hand);
}

/* Where lists have no counters, Get has: asked for one poll before the turn, and once. */
static void live_jobs_without_counters_are_asked_for_before_the_turn(void **state)
{
    (void)state;
    struct hand hand;
    fill_day(&hand);
    struct ps_job_view first = view_of(1, PS_JOB_IN_PROGRESS, -1);
    struct ps_job_view second = view_of(2, PS_JOB_IN_PROGRESS, HAND_RECORDS);
    first.success_count = -1;
    first.error_count = -1;
    hand_jobs(&hand, &first, &second);
    hand_pass(&hand, PS_DAY_MS - 30001);
    hand_expect(&hand, PS_WISH_LIST_JOBS);
    hand_jobs(&hand, &first, &second);
    hand_sleep(&hand); /* one poll before the turn */
    hand_expect(&hand, PS_WISH_GET_JOB);
    assert_int_equal(hand.last.wish.job, 1);
    first = view_of(1, PS_JOB_IN_PROGRESS, 7);
    hand_jobs(&hand, &first, NULL);
    hand_assert_state(&hand, 1, PS_STATE_LIVE);
    hand_expect_nothing(&hand); /* not again */
    hand_pass(&hand, 30000);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(held(&hand), 3 * QUOTA / HAND_RECORDS + QUOTA);
    hand_end(&hand);
}

static void a_day_is_the_same_after_a_restart(void **state)
{
    (void)state;
    struct hand hand;
    fill_day(&hand);
    hand_restart(&hand);
    assert_int_equal(held(&hand), 2 * QUOTA);
    start(&hand, STEPS);
    assert_int_equal(held(&hand), 2 * QUOTA);
    hand_pass(&hand, PS_DAY_MS);
    hand_restart(&hand); /* dead over the turn */
    start(&hand, STEPS);
    assert_int_equal(held(&hand), 2 * QUOTA); /* nothing was seen processed */
    hand_end(&hand);
}

static void what_was_surely_not_created_gives_its_tokens_back(void **state)
{
    (void)state;
    struct hand hand;
    begin_day(&hand, 1);
    hand_prepare_job(&hand, 1);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(held(&hand), QUOTA);
    hand_later(&hand);
    assert_int_equal(held(&hand), 0);
    hand_sleep(&hand);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    hand_unknown(&hand);
    assert_int_equal(held(&hand), QUOTA); /* it may be there */
    hand_end(&hand);
}

static void an_end_is_settled_by_what_was_used(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        struct ps_tally tally;
        int64_t held;
    } rows[] = {
        {"the answers' usage, burn-down included",
         {.lines = 10,
          .has_manifest = true,
          .manifest_counted = 10,
          .input_tokens = 20,
          .output_tokens = 6},
         50},
        {"more than was thought",
         {.lines = 10, .has_manifest = true, .manifest_counted = 10, .input_tokens = 120},
         120},
        {"no usage: by the lines",
         {.lines = 4, .missing = 6, .has_manifest = true, .manifest_counted = 4},
         40},
        {"nothing proven: all", {.lines = 4, .missing = 6}, QUOTA},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        static const int64_t lanes[] = {0};
        hand_begin(&hand, &(struct hand_options){.pools = {{.tpd = 1000, .burndown = 5}},
                                                 .pool_count = 1});
        start(&hand, STEPS);
        cut_for(&hand, lanes, 1, QUOTA);
        hand_prepare_job(&hand, 1);
        create(&hand, 1);
        hand_expect(&hand, PS_WISH_LIST_JOBS);
        struct ps_job_view view = view_of(1, PS_JOB_COMPLETED, HAND_RECORDS);
        hand_jobs(&hand, &view, NULL);
        hand_expect(&hand, PS_WISH_GET_JOB);
        hand_jobs(&hand, &view, NULL);
        assert_int_equal(held(&hand), QUOTA);
        hand_expect(&hand, PS_WISH_LIST_OBJECTS);
        hand_yes(&hand);
        hand_expect(&hand, PS_WISH_TALLY);
        hand_tally(&hand, &rows[row].tally);
        if (held(&hand) != rows[row].held) {
            fail_msg("%s: %d", rows[row].about, (int)held(&hand));
        }
        hand_end(&hand);
    }
}

static void a_job_above_every_day_is_cut_anew(void **state)
{
    (void)state;
    struct hand hand;
    static const int64_t lanes[] = {0};
    hand_begin(&hand, &(struct hand_options){.pools = {{.tpd = QUOTA - 1}}, .pool_count = 1});
    start(&hand, STEPS);
    cut_for(&hand, lanes, 1, QUOTA);
    cut_for(&hand, lanes, 1, QUOTA - 1);
    hand_assert_state(&hand, 1, PS_STATE_VOID);
    hand_prepare_job(&hand, 2);
    hand_expect(&hand, PS_WISH_CREATE_JOB);
    assert_int_equal(ps_engine_job_tokens_max(hand.engine, 0), QUOTA - 1);
    hand_end(&hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_asks_once_for_each_account_region_and_folder),
        cmocka_unit_test(another_account_of_one_lane_halts_the_run),
        cmocka_unit_test(lanes_of_one_pool_share_its_slots),
        cmocka_unit_test(pools_that_turn_out_to_be_of_one_account_become_one),
        cmocka_unit_test(each_account_and_region_is_polled_by_one_list),
        cmocka_unit_test(a_job_without_a_row_is_of_the_lane_of_its_model),
        cmocka_unit_test(what_is_left_at_the_turn_goes_over_into_the_next_day),
        cmocka_unit_test(it_wakes_for_the_turn_and_a_clock_put_forward_is_none),
        cmocka_unit_test(live_jobs_without_counters_are_asked_for_before_the_turn),
        cmocka_unit_test(a_day_is_the_same_after_a_restart),
        cmocka_unit_test(what_was_surely_not_created_gives_its_tokens_back),
        cmocka_unit_test(an_end_is_settled_by_what_was_used),
        cmocka_unit_test(a_job_above_every_day_is_cut_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
