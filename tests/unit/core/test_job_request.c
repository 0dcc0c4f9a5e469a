/* Goal: the create's body is exact, since it is stored and replayed. Method: whole texts. */
#include "core/job_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void writes_the_whole_body(void **state)
{
    (void)state;
    struct ps_buf buf;
    struct ps_job_request request = {
        .name = PS_STR("run-j00000001-a1"),
        .token = PS_STR("token"),
        .model = PS_STR("us.x.y-v1:0"),
        .role_arn = PS_STR("arn:aws:iam::111122223333:role/r"),
        .input_uri = PS_STR("s3://b/p/run/in/j00000001-a1/"),
        .output_uri = PS_STR("s3://b/p/run/out/j00000001-a1/"),
        .timeout_hours = 168,
    };
    ps_buf_init(&buf, 10000);
    ps_job_request_write(&buf, &request);
    assert_string_equal(
        ps_buf_text(&buf),
        "{\"jobName\":\"run-j00000001-a1\",\"roleArn\":\"arn:aws:iam::111122223333:role/r\","
        "\"clientRequestToken\":\"token\",\"modelId\":\"us.x.y-v1:0\",\"inputDataConfig\":"
        "{\"s3InputDataConfig\":{\"s3InputFormat\":\"JSONL\",\"s3Uri\":"
        "\"s3://b/p/run/in/j00000001-a1/\"}},\"outputDataConfig\":{\"s3OutputDataConfig\":"
        "{\"s3Uri\":\"s3://b/p/run/out/j00000001-a1/\"}},\"timeoutDurationInHours\":168}");
    ps_buf_clear(&buf);
    request.is_converse = true;
    request.role_arn = PS_STR("a\"b\\c");
    ps_job_request_write(&buf, &request);
    assert_true(
        ps_str_ends_with(ps_buf_str(&buf), PS_STR("168,\"modelInvocationType\":\"Converse\"}")));
    assert_true(ps_str_starts_with(
        ps_buf_str(&buf), PS_STR("{\"jobName\":\"run-j00000001-a1\",\"roleArn\":\"a\\\"b\\\\c\"")));
    ps_buf_release(&buf);
}

/* R2: a job is ours by its token and its input, the whole of each. */
static void tells_its_own_token_and_input(void **state)
{
    (void)state;
    struct ps_buf buf;
    static const struct {
        const char *token;
        const char *input_uri;
        bool is_ours;
    } rows[] = {
        {"token", "s3://b/in/", true},   {"toke", "s3://b/in/", false},
        {"token2", "s3://b/in/", false}, {"", "s3://b/in/", false},
        {"token", "s3://b/in", false},   {"token", "s3://b/in/x", false},
        {"token", "s3://b/out/", false}, {"token", "", false},
        {"TOKEN", "s3://b/in/", false},  {"name", "s3://b/in/", false},
    };
    const struct ps_job_request request = {
        .name = PS_STR("name"),
        .token = PS_STR("token"),
        .model = PS_STR("m"),
        .role_arn = PS_STR("r"),
        .input_uri = PS_STR("s3://b/in/"),
        .output_uri = PS_STR("s3://b/out/"),
        .timeout_hours = 24,
    };
    ps_buf_init(&buf, 10000);
    ps_job_request_write(&buf, &request);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        assert_int_equal(ps_job_request_is_of(ps_buf_str(&buf), ps_str_of(rows[row].token),
                                              ps_str_of(rows[row].input_uri)),
                         rows[row].is_ours);
    }
    ps_buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_whole_body),
        cmocka_unit_test(tells_its_own_token_and_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
