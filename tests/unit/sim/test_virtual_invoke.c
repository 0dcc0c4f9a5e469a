/*
 * Goal: a call of a model in virtual time is limited, answered and paid for as over HTTPS. Method:
 * as test_virtual.c, with many under way at once.
 */
#include "virtual_bench.h"

static struct ps_virtual_lane on_demand_of(void)
{
    struct ps_virtual_lane lane = lane_of();
    lane.is_on_demand = true;
    lane.jobs = 0;
    lane.tpm = 0;
    return lane;
}

static struct ps_fact invoke(struct bench *const bench, const int64_t record)
{
    return ask(bench, (struct ps_wish){
                          .kind = PS_WISH_INVOKE, .key = PS_STR("us." MODEL), .record = record});
}

static void a_call_is_answered_after_its_latency(void **const state)
{
    (void)state;
    struct bench bench;
    const struct ps_virtual_lane lane = on_demand_of();
    begin(&bench, options_of(&lane, 1));
    struct ps_fact fact = invoke(&bench, 41);
    assert_int_equal(fact.outcome, PS_OUTCOME_YES);
    assert_null(fact.text);
    assert_int_equal(fact.tally.input_tokens, 10000);
    assert_int_equal(fact.tally.output_tokens, 2000);
    ps_fact_release(&fact);
    /* 2,000 tokens at 30 to 90 a second. */
    assert_true(now(&bench) >= CALL + 300 + 22222);
    assert_true(now(&bench) <= CALL + 1500 + 66666);
    assert_int_equal(bench.told_count, 1);
    assert_int_equal(bench.told[0].kind, PS_VIRTUAL_SUCCEEDED);
    assert_int_equal(bench.told[0].first, 41);
    assert_int_equal(bench.told[0].end, 42);
    assert_int_equal(bench.told[0].output_tokens, 2000);
    assert_int_equal(books(&bench).last_ms, DAY + now(&bench));
    fact = invoke(&bench, 41);
    ps_fact_release(&fact);
    assert_int_equal(books(&bench).invocations, 2);
    assert_int_equal(books(&bench).records_billed, 2);
    assert_int_equal(books(&bench).paid_twice, 1);
    assert_int_equal(books(&bench).input_tokens, 20000);
    end(&bench);
}

static void a_job_s_record_and_a_call_are_paid_once_together(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_virtual_lane lanes[2] = {lane_of(), on_demand_of()};
    lanes[1].pool = 1;
    begin(&bench, options_of(lanes, 2));
    char *const arn = run_job(&bench, 0, "j1", 0, 100);
    sleep_until(&bench, 60 * MIN);
    expect_status(&bench, arn, PS_JOB_COMPLETED, 100);
    for (int64_t record = 99; record <= 100; record++) {
        struct ps_fact fact = ask(
            &bench, (struct ps_wish){
                        .kind = PS_WISH_INVOKE, .lane = 1, .key = PS_STR(MODEL), .record = record});
        must(fact);
    }
    assert_int_equal(books(&bench).paid_twice, 1);
    free(arn);
    end(&bench);
}

#define AT_ONCE 5000

static void thousands_are_under_way_and_the_limit_holds(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_virtual_lane lane = on_demand_of();
    lane.rps = 50; /* 3,000 at once, then 50 a second */
    begin(&bench, options_of(&lane, 1));
    for (int64_t record = 0; record < AT_ONCE; record++) {
        const struct ps_wish wish = {
            .id = record, .kind = PS_WISH_INVOKE, .key = PS_STR(MODEL), .record = record};
        bench.world.ops->start(bench.world.context, &wish);
    }
    int64_t counts[3] = {0, 0, 0};
    for (int64_t count = 0; count < AT_ONCE; count++) {
        struct ps_fact fact;
        assert_true(bench.world.ops->next_fact(bench.world.context, INT64_MAX, &fact));
        counts[fact.outcome]++;
        if (fact.outcome == PS_OUTCOME_NO) {
            assert_int_equal(fact.error.status, PS_E_QUOTA);
            assert_int_equal(fact.error.retry, PS_RETRY_LATER);
        }
        ps_fact_release(&fact);
    }
    assert_int_equal(counts[PS_OUTCOME_YES], 3000);
    assert_int_equal(counts[PS_OUTCOME_NO], 2000);
    assert_int_equal(books(&bench).throttled_calls, 2000);
    assert_int_equal(books(&bench).breach_count, 0);
    assert_int_equal(books(&bench).uses[0].records, 3000);
    assert_true(now(&bench) < 70 * 1000); /* side by side */
    end(&bench);
}

static void records_fail_as_the_truth_has_it(void **const state)
{
    (void)state;
    static const struct {
        struct ps_virtual_truth truth;
        enum ps_outcome outcome;
        const char *code;
    } rows[] = {
        {{.fail_400_permille = 1000}, PS_OUTCOME_NO, "ValidationException"},
        {{.fail_429_permille = 1000}, PS_OUTCOME_NO, "ThrottlingException"},
        {{.fail_500_permille = 1000}, PS_OUTCOME_UNKNOWN, "InternalServerException"},
    };
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct bench bench;
        const struct ps_virtual_lane lane = on_demand_of();
        struct ps_virtual_options options = options_of(&lane, 1);
        options.truth = rows[row].truth;
        begin(&bench, options);
        struct ps_fact fact = invoke(&bench, 1);
        assert_int_equal(fact.outcome, rows[row].outcome);
        assert_string_equal(fact.error.aws_code, rows[row].code);
        ps_fact_release(&fact);
        assert_int_equal(books(&bench).records_billed, 0);
        end(&bench);
    }
}

static void the_most_that_an_answer_may_have_is_reserved(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_virtual_lane lane = on_demand_of();
    lane.tpm = 14000;
    struct ps_virtual_options options = options_of(&lane, 1);
    options.truth.output_tokens_max = 4001;
    begin(&bench, options);
    struct ps_fact fact = invoke(&bench, 1);
    assert_int_equal(fact.outcome, PS_OUTCOME_NO);
    ps_fact_release(&fact);
    end(&bench);
    options.truth.output_tokens_max = 4000;
    begin(&bench, options);
    must(invoke(&bench, 1));
    end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_answered_after_its_latency),
        cmocka_unit_test(a_job_s_record_and_a_call_are_paid_once_together),
        cmocka_unit_test(thousands_are_under_way_and_the_limit_holds),
        cmocka_unit_test(records_fail_as_the_truth_has_it),
        cmocka_unit_test(the_most_that_an_answer_may_have_is_reserved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
