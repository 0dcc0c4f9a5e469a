/* Goal: the body of a create call is held to the rules of the service. Method: one good body, and a
 * change a row. */
#include "sim/job_fields.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char good[] =
    "{\"jobName\":\"job-1\",\"roleArn\":\"arn:aws:iam::123456789012:role/"
    "r\",\"modelId\":\"amazon.nova-micro-v1:0\","
    "\"clientRequestToken\":\"t-1\",\"inputDataConfig\":{\"s3InputDataConfig\":{\"s3Uri\":\"s3://"
    "bkt/in/\"}},"
    "\"outputDataConfig\":{\"s3OutputDataConfig\":{\"s3Uri\":\"s3://bkt/out/\"}}}";

/* `good` with `from` made `to`. */
static void change(const char *const from, const char *const to, char ret_text[const 2048])
{
    const char *const at = strstr(good, from);
    assert_non_null(at);
    (void)snprintf(ret_text, 2048, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
}

static void a_good_body_is_read(void **state)
{
    (void)state;
    struct ps_job_fields fields PS_CLEANUP(ps_job_fields_release);
    struct ps_refusal refusal;
    assert_true(ps_job_fields_read(&fields, PS_STR(good), &refusal));
    assert_true(ps_str_equals_text(fields.name, "job-1"));
    assert_true(ps_str_equals_text(fields.token, "t-1"));
    assert_true(ps_str_equals_text(fields.input_uri, "s3://bkt/in/"));
    assert_true(ps_str_equals_text(fields.invocation_type, "InvokeModel"));
    assert_int_equal(fields.timeout_hours, 24);
    assert_int_equal(fields.owner_in.size, 0);
}

static void what_breaks_a_rule_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *code;
        const char *field; /* named in the message */
    } rows[] = {
        {"\"job-1\"", "\"a_b\"", "ValidationException", "'jobName'"},
        {"\"jobName\":\"job-1\",", "", "ValidationException", "'jobName'"},
        {"\"job-1\"", "null", "ValidationException", "'jobName'"},
        {"\"job-1\"", "7", "SerializationException", "jobName"},
        {"role/r", "user/r", "ValidationException", "'roleArn'"},
        {"\"t-1\"", "\"t-\"", "ValidationException", "'clientRequestToken'"},
        {"amazon.nova-micro-v1:0", "no such", "ValidationException", "'modelId'"},
        {"s3://bkt/in/", "s3://bkt/dt=1/", "ValidationException", "s3InputDataConfig.s3Uri"},
        {"s3://bkt/out/", "bkt", "ValidationException", "s3OutputDataConfig.s3Uri"},
        {"{\"s3InputDataConfig\":", "{\"other\":{},\"s3InputDataConfig\":", "ValidationException",
         "inputDataConfig"},
        {"\"s3OutputDataConfig\"", "\"s3\"", "ValidationException", "outputDataConfig"},
        {"{\"s3Uri\":\"s3://bkt/in/\"}", "{\"s3Uri\":\"s3://bkt/in/\",\"s3InputFormat\":\"CSV\"}",
         "ValidationException", "s3InputFormat"},
        {"{\"s3Uri\":\"s3://bkt/in/\"}", "{\"s3Uri\":\"s3://bkt/in/\",\"s3BucketOwner\":\"1\"}",
         "ValidationException", "s3BucketOwner"},
        {"{\"s3Uri\":\"s3://bkt/out/\"}",
         "{\"s3Uri\":\"s3://bkt/out/\",\"s3EncryptionKeyId\":\"nokey\"}", "ValidationException",
         "s3EncryptionKeyId"},
        {"\"jobName\"", "\"timeoutDurationInHours\":2,\"jobName\"", "ValidationException",
         "timeoutDurationInHours"},
        {"\"jobName\"", "\"timeoutDurationInHours\":169,\"jobName\"", "ValidationException",
         "timeoutDurationInHours"},
        {"\"jobName\"", "\"timeoutDurationInHours\":\"24\",\"jobName\"", "SerializationException",
         "timeoutDurationInHours"},
        {"\"jobName\"", "\"modelInvocationType\":\"Batch\",\"jobName\"", "ValidationException",
         "modelInvocationType"},
        {"\"jobName\"", "\"vpcConfig\":{\"subnets\":[\"a\"]},\"jobName\"", "ValidationException",
         "vpcConfig"},
        {"\"jobName\"", "\"tags\":[{\"key\":\"a#\",\"value\":\"b\"}],\"jobName\"",
         "ValidationException", "tags"},
        {"{\"jobName\"", "[\"jobName\"", "SerializationException", "JSON object"},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_job_fields fields PS_CLEANUP(ps_job_fields_release);
        struct ps_refusal refusal;
        char text[2048];
        change(rows[index].from, rows[index].to, text);
        assert_false(ps_job_fields_read(&fields, ps_str_of(text), &refusal));
        assert_int_equal(refusal.http_status, 400);
        assert_string_equal(refusal.code, rows[index].code);
        if (strstr(refusal.message, rows[index].field) == NULL) {
            fail_msg("row %zu: %s", index, refusal.message);
        }
    }
}

static void what_may_be_there_is_taken(void **state)
{
    (void)state;
    static const char *const members[] = {
        "\"timeoutDurationInHours\":168,",
        "\"timeoutDurationInHours\":null,",
        "\"modelInvocationType\":\"Converse\",",
        "\"tags\":[{\"key\":\"a b\",\"value\":\"\"}],",
        "\"vpcConfig\":{\"subnetIds\":[\"s-1\"],\"securityGroupIds\":[\"g-1\"]},",
    };
    for (size_t index = 0; index < sizeof members / sizeof members[0]; index++) {
        struct ps_job_fields fields PS_CLEANUP(ps_job_fields_release);
        struct ps_refusal refusal;
        char text[2048];
        (void)snprintf(text, sizeof text, "{%s%s", members[index], good + 1);
        assert_true(ps_job_fields_read(&fields, ps_str_of(text), &refusal));
    }
}

static void the_digest_leaves_the_token_out_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        bool is_same;
    } rows[] = {
        {"\"t-1\"", "\"t-2\"", true},
        {"\"jobName\":\"job-1\",", "  \"jobName\" : \"job-\\u0031\" ,", true},
        {"job-1", "job-2", false},
        {"\"jobName\"", "\"timeoutDurationInHours\":24,\"jobName\"", false},
    };
    struct ps_job_fields first PS_CLEANUP(ps_job_fields_release);
    struct ps_refusal refusal;
    assert_true(ps_job_fields_read(&first, PS_STR(good), &refusal));
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_job_fields fields PS_CLEANUP(ps_job_fields_release);
        char text[2048];
        change(rows[index].from, rows[index].to, text);
        assert_true(ps_job_fields_read(&fields, ps_str_of(text), &refusal));
        assert_int_equal(strcmp(fields.parameters_sha256, first.parameters_sha256) == 0,
                         rows[index].is_same);
    }
}

static void a_huge_body_is_refused(void **state)
{
    (void)state;
    struct ps_job_fields fields PS_CLEANUP(ps_job_fields_release);
    struct ps_refusal refusal;
    char *const text = calloc(1, PS_REQUEST_BYTES_MAX + 2);
    memset(text, ' ', PS_REQUEST_BYTES_MAX + 1);
    assert_false(ps_job_fields_read(&fields, ps_str_of(text), &refusal));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_body_is_read),
        cmocka_unit_test(what_breaks_a_rule_is_refused),
        cmocka_unit_test(what_may_be_there_is_taken),
        cmocka_unit_test(the_digest_leaves_the_token_out_and_nothing_else),
        cmocka_unit_test(a_huge_body_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
