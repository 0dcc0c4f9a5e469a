/* Goal: only readable jobs become views, whatever the JSON. Method: rows of answers, good and
 * hostile. */
#include "aws/bedrock_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define ARN "arn:aws-us-gov:bedrock:us-gov-west-1:111122223333:model-invocation-job/h8kk04a1u8t3"

static void a_created_job_has_an_arn_of_a_job(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool is_good;
    } rows[] = {
        {"{\"jobArn\":\"" ARN "\"}", true},
        {"{\"jobArn\":\"arn:aws:bedrock:r:1:model-invocation-job/x\",\"more\":[1,{}]}", true},
        {"{\"jobArn\":\"arn:aws:bedrock:r:1:model-invocation-job/\"}", false},
        {"{\"jobArn\":\"h8kk04a1u8t3\"}", false},
        {"{\"jobArn\":7}", false},
        {"{\"jobArn\":null}", false},
        {"[\"jobArn\"]", false},
        {"", false},
        {"{\"jobArn\":\"" ARN "\"", false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        char *const arn = ps_bedrock_read_created(ps_str_of(rows[row].json));
        assert_int_equal(arn != NULL, rows[row].is_good);
        free(arn);
    }
}

static void a_job_needs_arn_status_and_time(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "null",
        "{\"jobArn\":\"" ARN "\",\"status\":\"Submitted\"}",
        "{\"jobArn\":\"" ARN "\",\"submitTime\":\"2026-11-24T09:03:07Z\"}",
        "{\"status\":\"Submitted\",\"submitTime\":\"2026-11-24T09:03:07Z\"}",
        "{\"jobArn\":\"" ARN "\",\"status\":\"Submitted\",\"submitTime\":1795510987}",
        "{\"jobArn\":\"" ARN "\",\"status\":\"Submitted\",\"submitTime\":\"yesterday\"}",
    };
    for (size_t row = 0; row < sizeof(bad) / sizeof(bad[0]); row++) {
        struct ps_job_view *job = NULL;
        struct ps_error err;
        assert_int_equal(ps_bedrock_read_job(ps_str_of(bad[row]), &job, &err), PS_E_CORRUPT);
        assert_null(job);
    }
}

static void odd_members_are_as_if_absent(void **state)
{
    (void)state;
    struct ps_fact fact = {.job_count = 1};
    struct ps_error err;
    assert_int_equal(
        ps_bedrock_read_job(
            PS_STR("{\"jobArn\":\"" ARN "\",\"status\":\"PartiallyCompleted\","
                   "\"submitTime\":\"2026-11-24T09:03:07.5+00:00\",\"jobName\":[],"
                   "\"inputDataConfig\":\"x\",\"outputDataConfig\":{\"s3OutputDataConfig\":null},"
                   "\"totalRecordCount\":-5,\"processedRecordCount\":\"7\","
                   "\"successRecordCount\":3.5,\"errorRecordCount\":9223372036854775807}"),
            &fact.jobs, &err),
        PS_OK);
    assert_string_equal(fact.jobs[0].name, "");
    assert_string_equal(fact.jobs[0].token, "");
    assert_string_equal(fact.jobs[0].input_uri, "");
    assert_string_equal(fact.jobs[0].output_uri, "");
    assert_int_equal(fact.jobs[0].status, PS_JOB_PARTIALLY_COMPLETED);
    assert_int_equal(fact.jobs[0].total_count, -1);
    assert_int_equal(fact.jobs[0].processed_count, -1);
    assert_int_equal(fact.jobs[0].success_count, -1);
    assert_true(fact.jobs[0].error_count == INT64_MAX);
    ps_fact_release(&fact);
}

static void pages_add_up(void **state)
{
    (void)state;
    struct ps_fact fact = {0};
    struct ps_error err;
    char *token = NULL;
    static const char page[] =
        "{\"nextToken\":\"t\",\"invocationJobSummaries\":[{\"jobArn\":\"" ARN
        "\",\"status\":\"Stopped\",\"submitTime\":\"2026-11-24T09:03:07Z\"}]}";
    for (int64_t count = 1; count <= 3; count++) {
        assert_int_equal(
            ps_bedrock_read_page(ps_str_of(page), &fact.jobs, &fact.job_count, &token, &err),
            PS_OK);
        assert_int_equal(fact.job_count, count);
        assert_string_equal(token, "t");
        free(token);
        token = NULL;
    }
    assert_int_equal(ps_bedrock_read_page(PS_STR("{\"invocationJobSummaries\":[{\"jobArn\":1}]}"),
                                          &fact.jobs, &fact.job_count, &token, &err),
                     PS_E_CORRUPT);
    assert_int_equal(fact.job_count, 3);
    assert_int_equal(ps_bedrock_read_page(PS_STR("{\"invocationJobSummaries\":{}}"), &fact.jobs,
                                          &fact.job_count, &token, &err),
                     PS_E_CORRUPT);
    ps_fact_release(&fact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_created_job_has_an_arn_of_a_job),
        cmocka_unit_test(a_job_needs_arn_status_and_time),
        cmocka_unit_test(odd_members_are_as_if_absent),
        cmocka_unit_test(pages_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
