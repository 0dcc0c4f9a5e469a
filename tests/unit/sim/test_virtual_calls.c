/*
 * Goal: a client cannot tell the calls of virtual time from those of the service: objects, creates,
 * refusals and their words.
 * Method: as test_virtual.c.
 */
#include "virtual_bench.h"

static void outputs_lie_where_the_service_puts_them(void **const state)
{
    (void)state;
    struct bench bench;
    const struct ps_virtual_lane lane = lane_of();
    begin(&bench, options_of(&lane, 1));
    bench.gap = 7;
    must(put(&bench, "in/j1/s1/j1-s1.jsonl", 0, 200));
    must(put(&bench, "in/j1/s2/j1-s2.jsonl", 500, 600));
    struct ps_fact fact = create_in(&bench, 0, "j1", "t1");
    char *const arn = ps_str_dup(ps_str_of(fact.text));
    ps_fact_release(&fact);
    sleep_until(&bench, 20 * MIN);
    fact = ask_key(&bench, PS_WISH_LIST_OBJECTS, "out/j1/");
    assert_int_equal(fact.object_count, 3);
    char expected[128];
    const char *const id = strrchr(arn, '/') + 1;
    assert_int_equal(strlen(id), 12);
    (void)snprintf(expected, sizeof expected, "out/j1/%s/manifest.json.out", id);
    assert_string_equal(fact.objects[0].key, expected);
    (void)snprintf(expected, sizeof expected, "out/j1/%s/s1/j1-s1.jsonl.out", id);
    assert_string_equal(fact.objects[1].key, expected);
    assert_int_equal(fact.objects[1].size_bytes, 200 * 10);
    char *const etag = ps_str_dup(ps_str_of(fact.objects[1].etag));
    (void)snprintf(expected, sizeof expected, "out/j1/%s/s2/j1-s2.jsonl.out", id);
    assert_string_equal(fact.objects[2].key, expected);
    ps_fact_release(&fact);
    /* What is fetched comes in ranges, as it was put. */
    char *const key = find_key(&bench, "out/j1/", "s1.jsonl.out");
    fact = ask_key(&bench, PS_WISH_GET_OBJECT, key);
    assert_int_equal(fact.outcome, PS_OUTCOME_YES);
    assert_string_equal(fact.text, etag);
    assert_int_equal(fact.bytes, 2000);
    ps_fact_release(&fact);
    assert_int_equal(bench.told_count, 2);
    assert_int_equal(bench.told[0].first, 0);
    assert_int_equal(bench.told[0].end, 100);
    assert_int_equal(bench.told[1].first, 107);
    assert_int_equal(bench.told[1].end, 207);
    fetch(&bench, "out/j1/", "manifest.json.out");
    assert_int_equal(bench.told[0].kind, PS_VIRTUAL_MANIFEST);
    assert_int_equal(bench.told[0].end, 300);
    assert_int_equal(bench.told[0].input_tokens, books(&bench).input_tokens);
    assert_int_equal(bench.told[0].output_tokens, books(&bench).output_tokens);
    assert_true(bench.told[0].input_tokens > 0);
    /* The last fetch is the run's end. */
    assert_int_equal(books(&bench).last_ms, DAY + now(&bench));
    free(arn);
    free(key);
    free(etag);
    end(&bench);
}

static void objects_are_listed_and_never_overwritten(void **const state)
{
    (void)state;
    struct bench bench;
    const struct ps_virtual_lane lane = lane_of();
    begin(&bench, options_of(&lane, 1));
    must(put(&bench, "in/j2/b.jsonl", 10, 20));
    must(put(&bench, "in/j1/a.jsonl", 0, 10));
    struct ps_fact fact = put(&bench, "in/j1/a.jsonl", 0, 10);
    assert_true(fact.is_equal);
    must(fact);
    fact = put(&bench, "in/j1/a.jsonl", 0, 11);
    assert_int_equal(fact.outcome, PS_OUTCOME_NO);
    assert_int_equal(fact.error.status, PS_E_CONFLICT);
    assert_int_equal(fact.error.http_status, 412);
    ps_fact_release(&fact);
    fact = ask_key(&bench, PS_WISH_LIST_OBJECTS, "in/");
    assert_int_equal(fact.object_count, 2);
    assert_string_equal(fact.objects[0].key, "in/j1/a.jsonl");
    assert_int_equal(fact.objects[0].size_bytes, 1000);
    ps_fact_release(&fact);
    fact = ask(&bench, (struct ps_wish){
                           .kind = PS_WISH_LIST_OBJECTS, .key = PS_STR("in/"), .is_shallow = true});
    assert_int_equal(fact.object_count, 2);
    assert_string_equal(fact.objects[0].key, "in/j1/");
    assert_int_equal(fact.objects[0].size_bytes, -1);
    assert_string_equal(fact.objects[1].key, "in/j2/");
    ps_fact_release(&fact);
    must(ask_key(&bench, PS_WISH_DELETE_OBJECT, "in/j1/a.jsonl"));
    must(ask_key(&bench, PS_WISH_DELETE_OBJECT, "in/j1/a.jsonl"));
    must(ask_key(&bench, PS_WISH_ABORT_UPLOADS, "in/"));
    fact = ask_key(&bench, PS_WISH_GET_OBJECT, "in/j1/a.jsonl");
    assert_int_equal(fact.error.status, PS_E_NOT_FOUND);
    assert_string_equal(fact.error.aws_code, "NoSuchKey");
    ps_fact_release(&fact);
    bench.bytes = -1;
    fact = put(&bench, "in/j3/c.jsonl", 0, 10);
    assert_int_equal(fact.outcome, PS_OUTCOME_NO);
    assert_string_equal(fact.error.aws_code, PS_CODE_INPUT_GONE);
    ps_fact_release(&fact);
    end(&bench);
}

static void a_transfer_takes_its_time(void **const state)
{
    (void)state;
    struct bench bench;
    const struct ps_virtual_lane lane = lane_of();
    struct ps_virtual_options options = options_of(&lane, 1);
    options.bytes_per_second = 1000000;
    options.latency_ms = 20;
    begin(&bench, options);
    bench.bytes = 2500000;
    must(put(&bench, "in/j1/a.jsonl", 0, 10));
    assert_int_equal(now(&bench), 2520);
    end(&bench);
}

static void a_create_is_refused_or_repeated_as_the_service_does(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_virtual_lane lane = lane_of();
    lane.jobs = 3;
    struct ps_virtual_options options = options_of(&lane, 1);
    /* Somebody else has one of the three slots during the first hour. */
    const struct ps_virtual_others others[] = {{0, DAY, DAY + PS_HOUR_MS, 1, 0}};
    options.others = others;
    options.other_count = 1;
    begin(&bench, options);
    char *const first = run_job(&bench, 0, "j1", 0, 100);
    struct ps_fact fact = create_in(&bench, 0, "j1", "j1");
    assert_string_equal(fact.text, first); /* the same token, the same job */
    ps_fact_release(&fact);
    assert_int_equal(books(&bench).jobs, 1);
    fact = create_in(&bench, 0, "j2", "j1"); /* another job under that token */
    assert_int_equal(fact.outcome, PS_OUTCOME_UNKNOWN);
    assert_string_equal(fact.error.aws_code, "ConflictException");
    assert_int_equal(fact.error.retry, PS_RETRY_LATER);
    ps_fact_release(&fact);
    fact = create_in(&bench, 0, "j1", "other");
    assert_int_equal(fact.outcome, PS_OUTCOME_UNKNOWN);
    assert_non_null(strstr(fact.error.message, "name is already in use"));
    ps_fact_release(&fact);
    free(run_job(&bench, 0, "j2", 100, 200));
    fact = create_in(&bench, 0, "j3", "j3");
    assert_int_equal(fact.outcome, PS_OUTCOME_NO);
    assert_string_equal(fact.error.aws_code, "ServiceQuotaExceededException");
    assert_int_equal(fact.error.status, PS_E_QUOTA);
    assert_int_equal(fact.error.retry, PS_RETRY_LATER);
    assert_int_equal(fact.error.http_status, 400);
    ps_fact_release(&fact);
    assert_int_equal(books(&bench).refused_creates, 1);
    sleep_until(&bench, PS_HOUR_MS);
    assert_int_equal(books(&bench).breach_count, 0);
    fact = ask(&bench, (struct ps_wish){.kind = PS_WISH_CREATE_JOB, .text = PS_STR("{}")});
    assert_int_equal(fact.outcome, PS_OUTCOME_NO);
    assert_string_equal(fact.error.aws_code, "ValidationException");
    ps_fact_release(&fact);
    free(first);
    end(&bench);
}

static void input_that_breaks_a_limit_fails_the_job(void **const state)
{
    static const struct {
        const char *name;
        int64_t records;
        int64_t job_records;
        int64_t shard_bytes;
        int64_t job_bytes;
        int64_t shard_records;
        const char *message;
    } rows[] = {
        {"below the minimum", 99, 0, 0, 0, 0,
         "Batch job contains less records (99) than the required minimum of: 100"},
        {"too many records", 101, 100, 0, 0, 0,
         "Batch job contains more records (101) than the allowed maximum of: 100"},
        {"too large a file", 100, 0, 999, 0, 0,
         "Input file size (1000 bytes) exceeds the allowed maximum of: 999"},
        {"too large a job", 100, 0, 1000, 999, 0,
         "Batch job size (1000 bytes) exceeds the allowed maximum of: 999"},
        {"too many in a file", 100, 0, 0, 0, 99,
         "Input file contains more records (100) than the allowed maximum of: 99"},
        {"none at all", 0, 0, 0, 0, 0,
         "No .jsonl file was found at the input location s3://bucket/in/j1/."},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct bench bench;
        struct ps_virtual_lane lane = lane_of();
        lane.job_records = rows[row].job_records;
        lane.shard_bytes = rows[row].shard_bytes;
        lane.job_bytes = rows[row].job_bytes;
        lane.shard_records = rows[row].shard_records;
        begin(&bench, options_of(&lane, 1));
        if (rows[row].records > 0) {
            must(put(&bench, "in/j1/a.jsonl", 0, rows[row].records));
        }
        struct ps_fact created = create_in(&bench, 0, "j1", "j1");
        sleep_until(&bench, 5 * MIN);
        struct ps_fact fact = look(&bench, created.text);
        assert_string_equal(ps_job_status_name(fact.jobs[0].status), "Failed");
        assert_string_equal(fact.jobs[0].message, rows[row].message);
        ps_fact_release(&fact);
        ps_fact_release(&created);
        assert_int_equal(books(&bench).records_processed, 0);
        end(&bench);
    }
}

static void too_many_calls_in_a_second_are_throttled(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_virtual_lane lane = lane_of();
    lane.calls_per_second = 2;
    begin(&bench, options_of(&lane, 1));
    for (int call = 0; call < 2; call++) {
        must(ask(&bench, (struct ps_wish){.kind = PS_WISH_LIST_JOBS}));
    }
    struct ps_fact fact = ask(&bench, (struct ps_wish){.kind = PS_WISH_LIST_JOBS});
    assert_int_equal(fact.outcome, PS_OUTCOME_NO);
    assert_string_equal(fact.error.aws_code, "ThrottlingException");
    assert_int_equal(fact.error.http_status, 429);
    assert_int_equal(fact.error.retry, PS_RETRY_LATER);
    ps_fact_release(&fact);
    must(ask_key(&bench, PS_WISH_LIST_OBJECTS, ""));
    sleep_until(&bench, PS_SECOND_MS);
    must(ask(&bench, (struct ps_wish){.kind = PS_WISH_LIST_JOBS}));
    assert_int_equal(books(&bench).throttled_calls, 1);
    end(&bench);
}

/* The log of a run of some jobs with drawn start-up; to be freed. */
static void it_can_be_woken_and_left_with_calls_under_way(void **const state)
{
    (void)state;
    struct bench bench;
    struct ps_fact fact;
    const struct ps_virtual_lane lane = lane_of();
    begin(&bench, options_of(&lane, 1));
    bench.world.ops->start(bench.world.context,
                           &(struct ps_wish){.kind = PS_WISH_LIST_JOBS, .text = PS_STR("x")});
    bench.world.ops->wake(bench.world.context);
    assert_false(bench.world.ops->next_fact(bench.world.context, INT64_MAX, &fact));
    assert_int_equal(now(&bench), 0);
    end(&bench);
}

static void a_call_on_demand_is_refused_where_there_is_no_throughput(void **const state)
{
    (void)state;
    struct bench bench;
    const struct ps_virtual_lane lane = lane_of();
    begin(&bench, options_of(&lane, 1));
    struct ps_fact fact = ask_key(&bench, PS_WISH_INVOKE, "amazon.nova-micro-v1:0");
    assert_int_equal(fact.outcome, PS_OUTCOME_NO);
    assert_string_equal(fact.error.aws_code, "ValidationException");
    ps_fact_release(&fact);
    end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_lie_where_the_service_puts_them),
        cmocka_unit_test(objects_are_listed_and_never_overwritten),
        cmocka_unit_test(a_transfer_takes_its_time),
        cmocka_unit_test(a_create_is_refused_or_repeated_as_the_service_does),
        cmocka_unit_test(input_that_breaks_a_limit_fails_the_job),
        cmocka_unit_test(too_many_calls_in_a_second_are_throttled),
        cmocka_unit_test(it_can_be_woken_and_left_with_calls_under_way),
        cmocka_unit_test(a_call_on_demand_is_refused_where_there_is_no_throughput),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
