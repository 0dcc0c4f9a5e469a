/* Goal: each service is reached where AWS or the user says, and nowhere else. Method: rows. */
#include "aws/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void endpoints_are_where_they_should_be(void **state)
{
    (void)state;
    static const struct {
        enum ps_aws_service service;
        const char *region;
        const char *url;
        const char *bucket;
        const char *origin;
        const char *host;
        const char *base_path;
        bool is_plain;
    } rows[] = {
        {PS_AWS_S3, "eu-west-1", NULL, "b-1", "https://b-1.s3.eu-west-1.amazonaws.com",
         "b-1.s3.eu-west-1.amazonaws.com", "", false},
        {PS_AWS_S3, "eu-west-1", NULL, "b.1", "https://s3.eu-west-1.amazonaws.com",
         "s3.eu-west-1.amazonaws.com", "/b.1", false},
        {PS_AWS_S3, "cn-north-1", NULL, "b", "https://b.s3.cn-north-1.amazonaws.com.cn",
         "b.s3.cn-north-1.amazonaws.com.cn", "", false},
        {PS_AWS_BEDROCK, "us-gov-west-1", NULL, NULL, "https://bedrock.us-gov-west-1.amazonaws.com",
         "bedrock.us-gov-west-1.amazonaws.com", "", false},
        {PS_AWS_BEDROCK_RUNTIME, "us-east-1", NULL, NULL,
         "https://bedrock-runtime.us-east-1.amazonaws.com",
         "bedrock-runtime.us-east-1.amazonaws.com", "", false},
        {PS_AWS_STS, "us-east-1", NULL, NULL, "https://sts.us-east-1.amazonaws.com",
         "sts.us-east-1.amazonaws.com", "", false},
        {PS_AWS_S3, "us-east-1", "http://127.0.0.1:8000", "b", "http://127.0.0.1:8000",
         "127.0.0.1:8000", "/b", true},
        {PS_AWS_S3, "us-east-1", "https://s3.example.org:443/x/y//", "b",
         "https://s3.example.org:443", "s3.example.org", "/x/y/b", false},
        {PS_AWS_STS, "us-east-1", "http://localhost:80/", NULL, "http://localhost:80", "localhost",
         "", true},
        {PS_AWS_STS, "us-east-1", "https://vpce-1.sts.us-east-1.vpce.amazonaws.com", NULL,
         "https://vpce-1.sts.us-east-1.vpce.amazonaws.com",
         "vpce-1.sts.us-east-1.vpce.amazonaws.com", "", false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_aws_endpoint endpoint PS_CLEANUP(ps_aws_endpoint_release);
        struct ps_error err;
        assert_int_equal(ps_aws_endpoint_init(&endpoint, rows[row].service, rows[row].region,
                                              rows[row].url, rows[row].bucket, &err),
                         PS_OK);
        assert_string_equal(endpoint.origin, rows[row].origin);
        assert_string_equal(endpoint.host, rows[row].host);
        assert_string_equal(endpoint.base_path, rows[row].base_path);
        assert_int_equal(endpoint.is_plain, rows[row].is_plain);
        assert_int_equal(endpoint.is_custom, rows[row].url != NULL);
    }
}

static void what_could_lead_elsewhere_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *region;
        const char *url;
        const char *bucket;
    } rows[] = {
        {"us-east-1", "http://example.org", "b"},
        {"us-east-1", "http://169.254.169.254", "b"},
        {"us-east-1", "ftp://127.0.0.1", "b"},
        {"us-east-1", "127.0.0.1:8000", "b"},
        {"us-east-1", "https://", "b"},
        {"us-east-1", "https://user@example.org", "b"},
        {"us-east-1", "https://example.org?x", "b"},
        {"us-east-1", "https://example.org/#x", "b"},
        {"us-east-1", "https://exa mple.org", "b"},
        {"us-east-1", "https://example.org\r\nX: y", "b"},
        {"us-east-1.evil.example/", NULL, "b"},
        {"us-east-1#", NULL, "b"},
        {"", NULL, "b"},
        {"US-EAST-1", NULL, "b"},
        {"us-east-1", NULL, "b/../c"},
        {"us-east-1", NULL, "B"},
        {"us-east-1", NULL, ""},
        {"us-east-1", NULL, "b@c"},
        {"us-east-1", NULL, "0123456789012345678901234567890123456789012345678901234567890123"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_aws_endpoint endpoint PS_CLEANUP(ps_aws_endpoint_release);
        struct ps_error err;
        assert_int_equal(ps_aws_endpoint_init(&endpoint, PS_AWS_S3, rows[row].region, rows[row].url,
                                              rows[row].bucket, &err),
                         PS_E_USAGE);
        assert_int_equal(err.retry, PS_RETRY_NEVER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_are_where_they_should_be),
        cmocka_unit_test(what_could_lead_elsewhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
