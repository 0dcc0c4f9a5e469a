/*
 * Goal: codes have their retry class wherever a protocol hides them, and no text of a peer gets
 * through raw. Method: answers made by hand; the classes of whole acts are in the tests of their
 * services.
 */
#include "aws/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct ps_aws_doing doing = {"do it", "eu-west-1", INT64_C(1795510987123)};

static enum ps_status read(const int http_status, const char *const headers, const char *const body,
                           struct ps_error *const err)
{
    const struct ps_http_answer answer = {.reach = PS_HTTP_ANSWERED,
                                          .http_status = http_status,
                                          .headers = ps_str_of(headers),
                                          .body = ps_str_of(body)};
    return ps_aws_failure(&answer, &doing, err);
}

static void every_throttling_code_of_the_sdks_means_later(void **state)
{
    (void)state;
    static const char *const codes[] = {"BandwidthLimitExceeded",
                                        "EC2ThrottledException",
                                        "LimitExceededException",
                                        "PriorRequestNotComplete",
                                        "ProvisionedThroughputExceededException",
                                        "RequestLimitExceeded",
                                        "RequestThrottled",
                                        "RequestThrottledException",
                                        "SlowDown",
                                        "ThrottledException",
                                        "Throttling",
                                        "ThrottlingException",
                                        "TooManyRequestsException",
                                        "TransactionInProgressException"};
    for (size_t row = 0; row < sizeof(codes) / sizeof(codes[0]); row++) {
        char body[200];
        struct ps_error err;
        (void)snprintf(body, sizeof(body), "<Error><Code>%s</Code></Error>", codes[row]);
        assert_int_equal(read(400, "", body, &err), PS_E_QUOTA);
        assert_int_equal(err.retry, PS_RETRY_LATER);
        assert_string_equal(err.aws_code, codes[row]);
        assert_true(ps_aws_is_throttling(codes[row]));
    }
    assert_false(ps_aws_is_throttling("ValidationException"));
    assert_false(ps_aws_is_throttling(""));
}

static void the_code_is_found_where_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        const char *body;
        const char *code;
        const char *message;
    } rows[] = {
        {"x-amzn-errortype: A:http://x/\r\n", "{\"code\":\"B\",\"message\":\"m\"}", "A",
         "cannot do it: A: m"},
        {"", "{\"__type\":\"ns#C,x\",\"Message\":\"M\"}", "C", "cannot do it: C: M"},
        {"", " \n<ErrorResponse><Error><Code>D</Code><Message>n</Message></Error></ErrorResponse>",
         "D", "cannot do it: D: n"},
        {"", "<html><Code>E</Code>", "", "cannot do it: HTTP status 400"},
        {"", "{\"code\":5}", "", "cannot do it: HTTP status 400"},
        {"", "{\"code\":\"F\"", "", "cannot do it: HTTP status 400"},
        {"", "", "", "cannot do it: HTTP status 400"},
        {"", "<Error><Code>G</Code><Message>a\nb</Message></Error>", "G", "cannot do it: G: a?b"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_error err;
        (void)read(400, rows[row].headers, rows[row].body, &err);
        assert_string_equal(err.aws_code, rows[row].code);
        assert_string_equal(err.message, rows[row].message);
        assert_int_equal(err.http_status, 400);
        assert_int_equal(ps_aws_has_code(&err), rows[row].code[0] != '\0');
    }
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    char code[501];
    char message[2001];
    char body[3000];
    memset(code, 'c', sizeof(code));
    memset(message, 'm', sizeof(message));
    (void)snprintf(body, sizeof(body), "{\"code\":\"%.500s\",\"message\":\"%.2000s\"}", code,
                   message);
    struct ps_error err;
    (void)read(400,
               "x-amzn-requestid: "
               "1234567890123456789012345678901234567890123456789012345678901234567890\r\n",
               body, &err);
    assert_int_equal(strlen(err.aws_code), 63);
    assert_int_equal(strlen(err.request_id), 63);
    assert_true(strlen(err.message) < sizeof(err.message));
}

static void the_status_decides_where_there_is_no_code(void **state)
{
    (void)state;
    static const struct {
        int http_status;
        enum ps_status status;
        enum ps_retry retry;
    } rows[] = {
        {200, PS_E_CORRUPT, PS_RETRY_LATER},   {400, PS_E_SERVICE, PS_RETRY_NEVER},
        {401, PS_E_DENIED, PS_RETRY_NEVER},    {403, PS_E_DENIED, PS_RETRY_NEVER},
        {404, PS_E_NOT_FOUND, PS_RETRY_NEVER}, {408, PS_E_NETWORK, PS_RETRY_LATER},
        {409, PS_E_CONFLICT, PS_RETRY_NEVER},  {412, PS_E_CONFLICT, PS_RETRY_NEVER},
        {418, PS_E_SERVICE, PS_RETRY_NEVER},   {429, PS_E_QUOTA, PS_RETRY_LATER},
        {500, PS_E_SERVICE, PS_RETRY_LATER},   {529, PS_E_SERVICE, PS_RETRY_LATER},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_error err;
        assert_int_equal(read(rows[row].http_status, "", "", &err), rows[row].status);
        assert_int_equal(err.retry, rows[row].retry);
    }
}

static void a_clock_that_is_off_is_told_with_its_distance(void **state)
{
    (void)state;
    struct ps_error err;
    (void)read(403, "Date: Tue, 24 Nov 2026 08:03:07 GMT\r\n",
               "<Error><Code>SignatureDoesNotMatch</Code></Error>", &err);
    assert_int_equal(err.retry, PS_RETRY_LATER);
    assert_non_null(strstr(err.hint, "3600 s ahead of"));
    (void)read(403, "Date: Tue, 24 Nov 2026 09:13:07 GMT\r\n",
               "<Error><Code>RequestTimeTooSkewed</Code></Error>", &err);
    assert_non_null(strstr(err.hint, "600 s behind"));
    /* A second or two is no reason: then it is the key. */
    (void)read(403, "Date: Tue, 24 Nov 2026 09:03:05 GMT\r\n",
               "<Error><Code>SignatureDoesNotMatch</Code></Error>", &err);
    assert_int_equal(err.retry, PS_RETRY_NEVER);
    assert_non_null(strstr(err.hint, "secret key"));
}

static void an_answer_that_never_came_keeps_its_reason(void **state)
{
    (void)state;
    struct ps_http_answer answer = {.reach = PS_HTTP_SENT, .http_status = 200};
    (void)ps_error_set(&answer.error, PS_E_NETWORK, PS_RETRY_LATER,
                       "could not get a whole answer: x");
    struct ps_error err;
    assert_int_equal(ps_aws_failure(&answer, &doing, &err), PS_E_NETWORK);
    assert_string_equal(err.message, "could not do it: could not get a whole answer: x");
    assert_int_equal(err.http_status, 200);
    assert_int_equal(ps_aws_unreadable(&answer, &doing, "why", &err), PS_E_CORRUPT);
    assert_string_equal(err.message, "could not do it: the answer makes no sense: why");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_throttling_code_of_the_sdks_means_later),
        cmocka_unit_test(the_code_is_found_where_it_is),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(the_status_decides_where_there_is_no_code),
        cmocka_unit_test(a_clock_that_is_off_is_told_with_its_distance),
        cmocka_unit_test(an_answer_that_never_came_keeps_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
