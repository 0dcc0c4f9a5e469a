/*
 * Goal: in virtual time the service does what the account and the reference say, to the
 * millisecond, and its books are right.
 * Method: a client that puts, creates and looks by hand; every figure is worked out beside its
 * check. A call takes 50 ms, so what is asked for at T happens at T + 50.
 */
#include "virtual_bench.h"

#include <yyjson.h>

static void a_job_lives_as_long_as_the_limits_say(void **const state)
{
    (void)state;
    struct bench bench;
    const struct ps_virtual_lane lane = lane_of();
    begin(&bench, options_of(&lane, 1));
    /* Put at 0.05 s, created at 0.1 s. 1,000 records of 12,000 tokens: 4 min at 3 M a minute. */
    char *const arn = run_job(&bench, 0, "j1", 0, 1000);
    const int64_t created = 2 * CALL;
    assert_int_equal(now(&bench), created);
    sleep_until(&bench, created + MIN - CALL - 1);
    expect_status(&bench, arn, PS_JOB_SUBMITTED, 0);
    expect_status(&bench, arn, PS_JOB_VALIDATING, 0);
    sleep_until(&bench, created + 4 * MIN);
    expect_status(&bench, arn, PS_JOB_SCHEDULED, 0);
    sleep_until(&bench, created + 8 * MIN - CALL - 1);
    expect_status(&bench, arn, PS_JOB_SCHEDULED, 0);
    sleep_until(&bench, created + 9 * MIN - CALL);
    expect_status(&bench, arn, PS_JOB_IN_PROGRESS, 250);
    sleep_until(&bench, created + 12 * MIN - CALL - 1);
    expect_status(&bench, arn, PS_JOB_IN_PROGRESS, 999);
    expect_status(&bench, arn, PS_JOB_COMPLETED, 1000);
    free(arn);
    const struct ps_virtual_ledger ledger = books(&bench);
    assert_int_equal(ledger.first_wish_ms, DAY);
    assert_int_equal(ledger.first_start_ms, DAY + created + 8 * MIN);
    assert_int_equal(ledger.makespan_ms, created + 12 * MIN);
    assert_int_equal(ledger.jobs, 1);
    assert_int_equal(ledger.records_processed, 1000);
    assert_int_equal(ledger.records_billed, 1000);
    assert_int_equal(ledger.input_tokens, 10000000);
    assert_int_equal(ledger.output_tokens, 2000000);
    assert_int_equal(ledger.calls[PS_WISH_GET_JOB], 7);
    assert_int_equal(ledger.breach_count, 0);
    assert_int_equal(ledger.use_count, 1);
    assert_int_equal(ledger.uses[0].tokens, 12000000);
    assert_int_equal(ledger.uses[0].records, 1000);
    assert_int_equal(ledger.uses[0].tpm_permille, 1000);
    assert_int_equal(ledger.uses[0].jobs_permille, 99); /* 12 min of 10 * 12 min and 0.1 s */
    assert_int_equal(ledger.uses[0].peak_jobs, 1);
    end(&bench);
}

static void a_stopped_job_keeps_what_it_has_done(void **const state)
{
    (void)state;
    struct bench bench;
    const struct ps_virtual_lane lane = lane_of();
    begin(&bench, options_of(&lane, 1));
    char *const arn = run_job(&bench, 0, "j1", 0, 1000);
    /* It works from 8:00.1; the stop arrives 1 min later: 250 records. */
    sleep_until(&bench, 2 * CALL + 9 * MIN - CALL);
    must(ask(&bench, (struct ps_wish){.kind = PS_WISH_STOP_JOB, .text = ps_str_of(arn)}));
    expect_status(&bench, arn, PS_JOB_STOPPING, 250);
    must(ask(&bench, (struct ps_wish){.kind = PS_WISH_STOP_JOB, .text = ps_str_of(arn)}));
    sleep_until(&bench, 10 * MIN - CALL - 1); /* the sweep comes at whole minutes */
    expect_status(&bench, arn, PS_JOB_STOPPING, 250);
    expect_status(&bench, arn, PS_JOB_STOPPED, 250);
    struct ps_fact fact =
        ask(&bench, (struct ps_wish){.kind = PS_WISH_STOP_JOB, .text = ps_str_of(arn)});
    assert_int_equal(fact.outcome, PS_OUTCOME_NO);
    assert_int_equal(fact.error.status, PS_E_CONFLICT);
    ps_fact_release(&fact);
    fetch(&bench, "out/j1/", "s1.jsonl.out");
    assert_int_equal(bench.told_count, 2);
    assert_int_equal(bench.told[0].kind, PS_VIRTUAL_SUCCEEDED);
    assert_int_equal(bench.told[0].end, 250);
    assert_int_equal(bench.told[1].kind, PS_VIRTUAL_NO_LINE);
    assert_int_equal(bench.told[1].end, 1000);
    /* What was not done may be sent again without being paid twice. */
    free(run_job(&bench, 0, "j2", 250, 1000));
    sleep_until(&bench, PS_HOUR_MS);
    const struct ps_virtual_ledger ledger = books(&bench);
    assert_int_equal(ledger.records_billed, 1000);
    assert_int_equal(ledger.paid_twice, 0);
    free(arn);
    end(&bench);
}

static void a_job_without_time_expires_or_ends_half_done(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_virtual_lane lane = lane_of();
    lane.startup_ms = 30 * PS_HOUR_MS;
    begin(&bench, options_of(&lane, 1));
    char *const waiting = run_job(&bench, 0, "j1", 0, 1000);
    sleep_until(&bench, 2 * CALL + PS_DAY_MS - CALL - 1);
    expect_status(&bench, waiting, PS_JOB_SCHEDULED, 0);
    expect_status(&bench, waiting, PS_JOB_EXPIRED, 0);
    assert_int_equal(books(&bench).records_processed, 0);
    free(waiting);
    end(&bench);
    /* 12 M at 1,000 a minute: 23 h of work are 1.38 M tokens, 115 records. */
    lane.startup_ms = PS_HOUR_MS;
    lane.tpm = 1000;
    begin(&bench, options_of(&lane, 1));
    char *const slow = run_job(&bench, 0, "j1", 0, 1000);
    sleep_until(&bench, PS_DAY_MS + MIN);
    expect_status(&bench, slow, PS_JOB_PARTIALLY_COMPLETED, 115);
    free(slow);
    end(&bench);
}

static void what_is_paid_twice_is_counted(void **const state)
{
    (void)state;
    struct bench bench;
    const struct ps_virtual_lane lane = lane_of();
    begin(&bench, options_of(&lane, 1));
    free(run_job(&bench, 0, "j1", 0, 500));
    free(run_job(&bench, 0, "j2", 400, 700));
    sleep_until(&bench, PS_HOUR_MS);
    assert_int_equal(books(&bench).records_billed, 800);
    assert_int_equal(books(&bench).paid_twice, 100);
    end(&bench);
}

static void lanes_of_one_pool_share_its_rate_and_slots(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_virtual_lane lanes[3] = {lane_of(), lane_of(), lane_of()};
    lanes[0].jobs = 2;
    lanes[1].model = MODEL; /* the same base model: the same pool */
    lanes[2].region = "us-west-2";
    lanes[2].pool = 1;
    begin(&bench, options_of(lanes, 3));
    /* Two jobs of 1,000 in pool 0: 8 min of work instead of 4. */
    char *const first = run_job(&bench, 0, "j1", 0, 1000);
    char *const second = run_job(&bench, 1, "j2", 1000, 2000);
    char *const third = run_job(&bench, 2, "j3", 2000, 3000);
    struct ps_fact fact = create_in(&bench, 1, "j4", "j4");
    assert_string_equal(fact.error.aws_code, "ServiceQuotaExceededException");
    ps_fact_release(&fact);
    fact = look(&bench, third); /* lane 0 looks in its own Region */
    assert_int_equal(fact.error.status, PS_E_NOT_FOUND);
    assert_int_equal(fact.error.http_status, 404);
    ps_fact_release(&fact);
    sleep_until(&bench, 15 * MIN);
    expect_status(&bench, first, PS_JOB_IN_PROGRESS, 875);
    sleep_until(&bench, 17 * MIN);
    expect_status(&bench, first, PS_JOB_COMPLETED, 1000);
    fact = ask(&bench, (struct ps_wish){.kind = PS_WISH_LIST_JOBS, .text = PS_STR("j")});
    assert_int_equal(fact.job_count, 2); /* newest first, of this Region alone */
    assert_string_equal(fact.jobs[0].name, "j2");
    assert_string_equal(fact.jobs[1].name, "j1");
    assert_string_equal(fact.jobs[1].arn, first);
    assert_string_equal(fact.jobs[1].token, "");
    assert_string_equal(fact.jobs[1].input_uri, "s3://bucket/in/j1/");
    assert_string_equal(fact.jobs[1].output_uri, "s3://bucket/out/j1/");
    assert_int_equal(fact.jobs[1].total_count, 1000);
    assert_int_equal(fact.jobs[1].success_count, 1000);
    assert_int_equal(fact.jobs[1].error_count, 0);
    assert_int_equal(fact.jobs[1].submitted_at_ms, DAY + 2 * CALL);
    ps_fact_release(&fact);
    fact = ask(&bench, (struct ps_wish){.kind = PS_WISH_LIST_JOBS, .after_ms = DAY + 2 * CALL});
    assert_int_equal(fact.job_count, 1);
    ps_fact_release(&fact);
    fact = look(&bench, second);
    assert_string_equal(fact.jobs[0].token, "j2");
    ps_fact_release(&fact);
    fact = ask(&bench, (struct ps_wish){.kind = PS_WISH_IDENTITY, .lane = 2});
    assert_string_equal(fact.text, "111122223333");
    assert_string_equal(fact.caller, "arn:aws:iam::111122223333:user/simulated");
    ps_fact_release(&fact);
    const struct ps_virtual_ledger ledger = books(&bench);
    assert_int_equal(ledger.use_count, 2);
    assert_int_equal(ledger.uses[0].peak_jobs, 2);
    assert_int_equal(ledger.uses[1].tokens, 12000000);
    free(first);
    free(second);
    free(third);
    end(&bench);
}

static void a_day_holds_its_budget_of_whole_records(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_virtual_lane lane = lane_of();
    lane.tpd = 50000000;
    lane.startup_ms = 0;
    begin(&bench, options_of(&lane, 1));
    bench.timeout_hours = 48;
    /* 4,166 records a day (50 M / 12,000): the first 5,000 need a second one. */
    char *const arn = run_job(&bench, 0, "j1", 0, 5000);
    sleep_until(&bench, PS_HOUR_MS);
    expect_status(&bench, arn, PS_JOB_IN_PROGRESS, 4166);
    sleep_until(&bench, PS_DAY_MS + 5 * MIN);
    expect_status(&bench, arn, PS_JOB_COMPLETED, 5000);
    const struct ps_virtual_ledger ledger = books(&bench);
    /* 834 records of the second day: 3.336 min. */
    assert_in_range(ledger.makespan_ms, PS_DAY_MS + 200160, PS_DAY_MS + 200162);
    assert_int_equal(ledger.uses[0].days, 2);
    assert_int_equal(ledger.uses[0].tpd_permille, 600);
    assert_int_equal(ledger.breach_count, 0);
    free(arn);
    end(&bench);
}

static void a_pool_that_refuses_gives_back_429(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_virtual_lane lane = lane_of();
    lane.is_refusing = true;
    lane.tpm = 1500000;
    lane.job_tpm = 1000000;
    begin(&bench, options_of(&lane, 1));
    /* Two jobs of 6 M tokens at 1 M each against 1.5 M: a quarter of each is refused; the second
     * begins 0.1 s later, so a few records less. */
    free(run_job(&bench, 0, "j1", 0, 500));
    free(run_job(&bench, 0, "j2", 500, 1000));
    sleep_until(&bench, PS_HOUR_MS);
    const struct ps_virtual_ledger ledger = books(&bench);
    assert_int_equal(ledger.records_processed, 1000);
    assert_in_range(ledger.refused_records, 247, 251);
    assert_int_equal(ledger.records_billed, 1000 - ledger.refused_records);
    assert_int_equal(ledger.breach_count, 0);
    fetch(&bench, "out/j1/", "s1.jsonl.out");
    fetch(&bench, "out/j2/", "s1.jsonl.out");
    assert_int_equal(bench.sums[PS_VIRTUAL_ERROR], ledger.refused_records);
    assert_int_equal(bench.sums[PS_VIRTUAL_SUCCEEDED], ledger.records_billed);
    bool has_error = false;
    for (size_t row = 0; row < 4; row++) {
        has_error |= bench.told[row].kind == PS_VIRTUAL_ERROR;
        assert_int_equal(bench.told[row].error_code,
                         bench.told[row].kind == PS_VIRTUAL_ERROR ? 429 : 0);
    }
    assert_true(has_error);
    end(&bench);
    /* Without a speed in the lane one is drawn for each job: the slowest recorded is 7,186 a
     * minute, the fastest 124,053. 12,000 * 100 take 9.7 to 167 min. */
    lane.job_tpm = 0;
    begin(&bench, options_of(&lane, 1));
    free(run_job(&bench, 0, "j1", 0, 100));
    sleep_until(&bench, 4 * PS_HOUR_MS);
    assert_in_range(books(&bench).makespan_ms, (8 + 9) * MIN, (8 + 168) * MIN);
    end(&bench);
}

static int64_t count_errors(const struct bench *const bench, const int64_t code)
{
    int64_t count = 0;
    for (size_t row = 0; row < bench->told_count; row++) {
        assert_true(row < sizeof bench->told / sizeof bench->told[0]);
        count +=
            bench->told[row].error_code == code ? bench->told[row].end - bench->told[row].first : 0;
    }
    return count;
}

static void some_records_fail_for_good_and_some_each_time_anew(void **const state)
{
    (void)state;
    struct bench bench;
    const struct ps_virtual_lane lane = lane_of();
    struct ps_virtual_options options = options_of(&lane, 1);
    options.truth.fail_400_permille = 10;
    options.truth.fail_429_permille = 5;
    options.truth.fail_500_permille = 5;
    begin(&bench, options);
    free(run_job(&bench, 0, "j1", 0, 1000));
    free(run_job(&bench, 0, "j2", 0, 1000));
    sleep_until(&bench, PS_HOUR_MS);
    fetch(&bench, "out/j1/", "s1.jsonl.out");
    struct ps_virtual_delivery final[64];
    const size_t told_count = bench.told_count;
    memcpy(final, bench.told, sizeof final);
    const int64_t final_count = count_errors(&bench, 400);
    const int64_t later_count = count_errors(&bench, 429) + count_errors(&bench, 500);
    assert_in_range(final_count, 2, 25);
    assert_in_range(later_count, 2, 25);
    const int64_t succeeded = bench.sums[PS_VIRTUAL_SUCCEEDED];
    assert_int_equal(succeeded, 1000 - final_count - later_count);
    fetch(&bench, "out/j2/", "s1.jsonl.out");
    assert_int_equal(count_errors(&bench, 400), final_count);
    assert_true(told_count != bench.told_count ||
                memcmp(final, bench.told, told_count * sizeof final[0]) != 0);
    const struct ps_virtual_ledger ledger = books(&bench);
    assert_int_equal(ledger.refused_records, 0);
    assert_int_equal(ledger.records_processed, 2000);
    /* They use no tokens. */
    assert_int_equal(ledger.input_tokens, ledger.records_billed * 10000);
    end(&bench);
}

static void records_are_longer_or_shorter_than_was_said(void **const state)
{
    static const struct {
        const char *name;
        int64_t bias;
        int64_t spread;
        int64_t least; /* of the tokens used, in thousands */
        int64_t most;
    } rows[] = {
        {"as said", 0, 0, 12000, 12000},
        {"a tenth longer", 100, 0, 13200, 13200},
        {"a tenth shorter", -100, 0, 10800, 10800},
        {"a fifth either way: a thousand of them even out", 0, 200, 11800, 12200},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct bench bench;
        const struct ps_virtual_lane lane = lane_of();
        struct ps_virtual_options options = options_of(&lane, 1);
        options.truth.bias_permille = rows[row].bias;
        options.truth.spread_permille = rows[row].spread;
        begin(&bench, options);
        free(run_job(&bench, 0, "j1", 0, 1000));
        sleep_until(&bench, PS_HOUR_MS);
        assert_in_range(books(&bench).uses[0].tokens / 1000, rows[row].least, rows[row].most);
        if (rows[row].spread > 0) {
            assert_int_not_equal(books(&bench).uses[0].tokens, 12000000);
        }
        end(&bench);
    }
}

static void the_caller_may_weigh_each_record_and_output_counts_more(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_virtual_lane lane = lane_of();
    struct ps_virtual_options options = options_of(&lane, 1);
    options.records = &weighed;
    begin(&bench, options);
    free(run_job(&bench, 0, "j1", 100, 200)); /* 100 + 101 + ... + 199 */
    sleep_until(&bench, PS_HOUR_MS);
    assert_int_equal(books(&bench).uses[0].tokens, 14950);
    end(&bench);
    lane.burndown = 5; /* 10,000 + 5 * 2,000 */
    begin(&bench, options_of(&lane, 1));
    free(run_job(&bench, 0, "j1", 0, 100));
    sleep_until(&bench, PS_HOUR_MS);
    assert_int_equal(books(&bench).uses[0].tokens, 2000000);
    assert_int_equal(books(&bench).output_tokens, 200000);
    end(&bench);
}

static char *log_of(const uint64_t seed, size_t *const ret_size)
{
    struct bench bench;
    char *text = NULL;
    FILE *const file = open_memstream(&text, ret_size);
    struct ps_virtual_lane lane = lane_of();
    lane.startup_ms = -1;
    lane.tpd = 30000000;
    struct ps_virtual_options options = options_of(&lane, 1);
    options.seed = seed;
    options.events = file;
    begin(&bench, options);
    bench.timeout_hours = 48;
    free(run_job(&bench, 0, "j1", 0, 1000));
    free(run_job(&bench, 0, "j2", 1000, 3000));
    sleep_until(&bench, 2 * PS_DAY_MS);
    assert_int_equal(books(&bench).records_billed, 3000);
    /* Drawn: 36 s to 1,434 s, and the work of both 12 min at least. */
    assert_true(books(&bench).first_start_ms >= DAY + 36000);
    assert_true(books(&bench).first_start_ms <= DAY + 1434000 + MIN);
    end(&bench);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void the_log_tells_everything_and_a_seed_repeats_it(void **const state)
{
    (void)state;
    size_t size = 0;
    size_t again_size = 0;
    size_t other_size = 0;
    char *const text = log_of(7, &size);
    char *const again = log_of(7, &again_size);
    char *const other = log_of(8, &other_size);
    assert_string_equal(text, again);
    assert_string_not_equal(text, other);
    int64_t seq = 0;
    int64_t last_ms = 0;
    int64_t tokens = 0;
    int64_t records = 0;
    int64_t ends = 0;
    char *rest = again;
    for (char *line = strsep(&rest, "\n"); line != NULL && line[0] != '\0';
         line = strsep(&rest, "\n")) {
        yyjson_doc *const document = yyjson_read(line, strlen(line), 0);
        assert_non_null(document);
        yyjson_val *const root = yyjson_doc_get_root(document);
        const char *const event = yyjson_get_str(yyjson_obj_get(root, "event"));
        const int64_t time_ms = yyjson_get_sint(yyjson_obj_get(root, "time_ms"));
        assert_int_equal(yyjson_get_sint(yyjson_obj_get(root, "seq")), ++seq);
        assert_true(time_ms >= last_ms);
        last_ms = time_ms;
        if (strcmp(event, "pool.used") == 0) {
            tokens += yyjson_get_sint(yyjson_obj_get(root, "tokens"));
            records += yyjson_get_sint(yyjson_obj_get(root, "records"));
        }
        ends += strcmp(event, "job.state") == 0 &&
                        strcmp(yyjson_get_str(yyjson_obj_get(root, "status")), "Completed") == 0
                    ? 1
                    : 0;
        assert_true(seq > 1 || strcmp(event, "world.opened") == 0);
        yyjson_doc_free(document);
    }
    assert_int_equal(ends, 2);
    assert_int_equal(tokens, 36000000);
    assert_in_range(records, 2999, 3000);
    free(text);
    free(again);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_lives_as_long_as_the_limits_say),
        cmocka_unit_test(a_stopped_job_keeps_what_it_has_done),
        cmocka_unit_test(a_job_without_time_expires_or_ends_half_done),
        cmocka_unit_test(what_is_paid_twice_is_counted),
        cmocka_unit_test(lanes_of_one_pool_share_its_rate_and_slots),
        cmocka_unit_test(a_day_holds_its_budget_of_whole_records),
        cmocka_unit_test(a_pool_that_refuses_gives_back_429),
        cmocka_unit_test(some_records_fail_for_good_and_some_each_time_anew),
        cmocka_unit_test(records_are_longer_or_shorter_than_was_said),
        cmocka_unit_test(the_caller_may_weigh_each_record_and_output_counts_more),
        cmocka_unit_test(the_log_tells_everything_and_a_seed_repeats_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
