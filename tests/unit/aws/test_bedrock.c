/*
 * Goal: of each answer to a job call the right one of yes, no and unknown is told (rule R2), with a
 * retry class and words for people. Method: every kind of answer, and of none, as a row; paging
 * that never ends; attempts to get out of a path.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define ARN "arn:aws:bedrock:eu-west-1:111122223333:model-invocation-job/h8kk04a1u8t3"
#define ROW(id)                                 \
    "{\"jobArn\":\"" ARN "\",\"jobName\":\"" id \
    "\",\"status\":\"Submitted\",\"submitTime\":\"2026-11-24T09:03:07Z\"}"

struct row {
    const char *name;
    struct fake_step step;
    enum ps_outcome outcome;
    enum ps_status status;
    enum ps_retry retry;
    const char *part; /* of the message or the hint */
};

static const struct row create_rows[] = {
    {"an ARN",
     {.status = "200 OK", .body = "{\"jobArn\":\"" ARN "\"}"},
     PS_OUTCOME_YES,
     PS_OK,
     PS_RETRY_NEVER,
     ""},
    {"201 too",
     {.status = "201 Created", .body = "{\"jobArn\":\"" ARN "\"}"},
     PS_OUTCOME_YES,
     PS_OK,
     PS_RETRY_NEVER,
     ""},
    {"no ARN",
     {.status = "200 OK", .body = "{}"},
     PS_OUTCOME_UNKNOWN,
     PS_E_CORRUPT,
     PS_RETRY_LATER,
     "no jobArn"},
    {"another ARN",
     {.status = "200 OK", .body = "{\"jobArn\":\"arn:aws:s3:::b\"}"},
     PS_OUTCOME_UNKNOWN,
     PS_E_CORRUPT,
     PS_RETRY_LATER,
     "no jobArn"},
    {"an empty 200",
     {.status = "200 OK"},
     PS_OUTCOME_UNKNOWN,
     PS_E_CORRUPT,
     PS_RETRY_LATER,
     "no jobArn"},
    {"half an answer",
     {.status = "200 OK", .body = "{\"jobArn\":\"" ARN "\"}", .fault = FAKE_CUT},
     PS_OUTCOME_UNKNOWN,
     PS_E_NETWORK,
     PS_RETRY_LATER,
     "create the job"},
    {"no answer", {.fault = FAKE_CLOSE}, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER, ""},
    {"a reset", {.fault = FAKE_RESET}, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER, ""},
    {"validation",
     {.status = "400 Bad Request",
      .headers = "x-amzn-errortype: ValidationException:http://x/\r\n",
      .body = "{\"message\":\"The provided model identifier is invalid.\"}"},
     PS_OUTCOME_NO,
     PS_E_SERVICE,
     PS_RETRY_NEVER,
     "ValidationException: The provided model"},
    {"the code in the body",
     {.status = "400 Bad Request",
      .body = "{\"__type\":\"com.amazon#ValidationException\",\"Message\":\"m\"}"},
     PS_OUTCOME_NO,
     PS_E_SERVICE,
     PS_RETRY_NEVER,
     "ValidationException: m"},
    {"code before __type",
     {.status = "400 Bad Request", .body = "{\"code\":\"A\",\"__type\":\"B\"}"},
     PS_OUTCOME_NO,
     PS_E_SERVICE,
     PS_RETRY_NEVER,
     "job: A"},
    {"denied",
     {.status = "403 Forbidden",
      .headers = "x-amzn-errortype: AccessDeniedException\r\n",
      .body = "{\"message\":\"User: arn:x is not authorized to perform: iam:PassRole\"}"},
     PS_OUTCOME_NO,
     PS_E_DENIED,
     PS_RETRY_NEVER,
     "iam:PassRole"},
    {"throttled",
     {.status = "429 Too Many Requests",
      .headers = "x-amzn-errortype: ThrottlingException\r\n",
      .body = "{\"message\":\"Too many requests\"}"},
     PS_OUTCOME_NO,
     PS_E_QUOTA,
     PS_RETRY_LATER,
     "ThrottlingException"},
    {"throttled with 400",
     {.status = "400 Bad Request", .headers = "x-amzn-errortype: ThrottlingException\r\n"},
     PS_OUTCOME_NO,
     PS_E_QUOTA,
     PS_RETRY_LATER,
     "ThrottlingException"},
    {"a full quota",
     {.status = "400 Bad Request",
      .headers = "x-amzn-errortype: ServiceQuotaExceededException\r\n",
      .body = "{\"message\":\"limit\"}"},
     PS_OUTCOME_NO,
     PS_E_QUOTA,
     PS_RETRY_LATER,
     "slot"},
    {"not found",
     {.status = "404 Not Found", .headers = "x-amzn-errortype: ResourceNotFoundException\r\n"},
     PS_OUTCOME_NO,
     PS_E_NOT_FOUND,
     PS_RETRY_NEVER,
     "ResourceNotFound"},
    {"expired",
     {.status = "403 Forbidden",
      .headers = "x-amzn-errortype: ExpiredTokenException\r\n",
      .body = "{\"message\":\"expired\"}"},
     PS_OUTCOME_NO,
     PS_E_DENIED,
     PS_RETRY_REAUTH,
     "fresh credentials"},
    {"a wrong token",
     {.status = "403 Forbidden", .headers = "x-amzn-errortype: UnrecognizedClientException\r\n"},
     PS_OUTCOME_NO,
     PS_E_DENIED,
     PS_RETRY_NEVER,
     "not known there"},
    {"a wrong signature",
     {.status = "403 Forbidden", .headers = "x-amzn-errortype: InvalidSignatureException\r\n"},
     PS_OUTCOME_NO,
     PS_E_DENIED,
     PS_RETRY_NEVER,
     "secret key"},
    {"a clock far off",
     {.status = "403 Forbidden",
      .headers =
          "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nx-amzn-errortype: InvalidSignatureException\r\n"},
     PS_OUTCOME_NO,
     PS_E_DENIED,
     PS_RETRY_LATER,
     "ahead of the service's"},
    {"a conflict",
     {.status = "400 Bad Request",
      .headers = "x-amzn-errortype: ConflictException\r\n",
      .body = "{\"message\":\"token\"}"},
     PS_OUTCOME_UNKNOWN,
     PS_E_CONFLICT,
     PS_RETRY_LATER,
     "ConflictException"},
    {"a name in use",
     {.status = "400 Bad Request",
      .headers = "x-amzn-errortype: ValidationException\r\n",
      .body = "{\"message\":\"A job with this name Already exists.\"}"},
     PS_OUTCOME_UNKNOWN,
     PS_E_SERVICE,
     PS_RETRY_LATER,
     "Already exists"},
    {"500",
     {.status = "500 Internal Server Error",
      .headers = "x-amzn-errortype: InternalServerException\r\n"},
     PS_OUTCOME_UNKNOWN,
     PS_E_SERVICE,
     PS_RETRY_LATER,
     "InternalServer"},
    {"500 in HTML",
     {.status = "500 Internal Server Error",
      .body = "<html><head><title>Oops</title></head><body><br></body></html>"},
     PS_OUTCOME_UNKNOWN,
     PS_E_SERVICE,
     PS_RETRY_LATER,
     "HTTP status 500"},
    {"503",
     {.status = "503 Service Unavailable"},
     PS_OUTCOME_UNKNOWN,
     PS_E_SERVICE,
     PS_RETRY_LATER,
     "503"},
    {"a proxy's 502",
     {.status = "502 Bad Gateway", .body = "bad gateway"},
     PS_OUTCOME_UNKNOWN,
     PS_E_SERVICE,
     PS_RETRY_LATER,
     "502"},
    {"a proxy's 403",
     {.status = "403 Forbidden", .body = "<html><Code>Blocked</Code><p></html>"},
     PS_OUTCOME_UNKNOWN,
     PS_E_DENIED,
     PS_RETRY_LATER,
     "403"},
    {"400 without a code",
     {.status = "400 Bad Request", .body = "no"},
     PS_OUTCOME_UNKNOWN,
     PS_E_SERVICE,
     PS_RETRY_LATER,
     "400"},
    {"409",
     {.status = "409 Conflict", .headers = "x-amzn-errortype: Odd\r\n"},
     PS_OUTCOME_UNKNOWN,
     PS_E_CONFLICT,
     PS_RETRY_LATER,
     "Odd"},
    {"a redirect",
     {.status = "307 Temporary Redirect", .headers = "Location: https://x/\r\n"},
     PS_OUTCOME_UNKNOWN,
     PS_E_USAGE,
     PS_RETRY_LATER,
     "307"},
    {"escapes in the text",
     {.status = "400 Bad Request",
      .headers = "x-amzn-errortype: ValidationException\r\n",
      .body = "{\"message\":\"a\\u001b[31mb\\nc\"}"},
     PS_OUTCOME_NO,
     PS_E_SERVICE,
     PS_RETRY_NEVER,
     "a?[31mb?c"},
};

static void check_row(const struct row *const row, const struct ps_wish *const wish)
{
    struct fixture fixture;
    fixture_start(&fixture, &row->step, 1, NULL);
    const struct ps_fact *const fact = fixture_do(&fixture, wish);
    const bool has_part = strstr(fact->error.message, row->part) != NULL ||
                          strstr(fact->error.hint, row->part) != NULL;
    if (fact->outcome != row->outcome || fact->error.status != row->status ||
        fact->error.retry != row->retry || !has_part) {
        fail_msg("%s: outcome %d, %s, retry %d, '%s' '%s'", row->name, (int)fact->outcome,
                 ps_status_name(fact->error.status), (int)fact->error.retry, fact->error.message,
                 fact->error.hint);
    }
    assert_int_equal(fake_server_count(fixture.server), 1); /* never a second try */
    fixture_stop(&fixture);
}

static void every_answer_to_create_has_its_class(void **state)
{
    (void)state;
    const struct ps_wish wish = {
        .id = 1, .kind = PS_WISH_CREATE_JOB, .text = PS_STR("{\"jobName\":\"j\"}")};
    for (size_t row = 0; row < sizeof(create_rows) / sizeof(create_rows[0]); row++) {
        check_row(&create_rows[row], &wish);
    }
}

static void create_surely_did_not_happen_where_nobody_listens(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, NULL, 0, NULL);
    fixture.server = fake_server_stop(fixture.server);
    const struct ps_fact *const fact =
        fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_CREATE_JOB, .text = PS_STR("{}")});
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_int_equal(fact->error.retry, PS_RETRY_LATER);
    fixture.server = fake_server_start(NULL, 0);
    fixture_stop(&fixture);
}

static const struct row read_rows[] = {
    {"cut",
     {.status = "200 OK", .body = ROW("x"), .fault = FAKE_CUT},
     PS_OUTCOME_NO,
     PS_E_NETWORK,
     PS_RETRY_LATER,
     ""},
    {"no JSON",
     {.status = "200 OK", .body = "<html>"},
     PS_OUTCOME_NO,
     PS_E_CORRUPT,
     PS_RETRY_LATER,
     "makes no sense"},
    {"half of JSON",
     {.status = "200 OK", .body = "{\"jobArn\":\"" ARN "\""},
     PS_OUTCOME_NO,
     PS_E_CORRUPT,
     PS_RETRY_LATER,
     "makes no sense"},
    {"500", {.status = "500 Oh", .body = "oh"}, PS_OUTCOME_NO, PS_E_SERVICE, PS_RETRY_LATER, "500"},
    {"throttled",
     {.status = "429 No", .headers = "x-amzn-errortype: ThrottlingException\r\n"},
     PS_OUTCOME_NO,
     PS_E_QUOTA,
     PS_RETRY_LATER,
     "Throttling"},
    {"denied",
     {.status = "403 No", .headers = "x-amzn-errortype: AccessDeniedException\r\n"},
     PS_OUTCOME_NO,
     PS_E_DENIED,
     PS_RETRY_NEVER,
     "Access"},
};

static void looks_without_a_whole_answer_did_not_happen(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(read_rows) / sizeof(read_rows[0]); row++) {
        check_row(&read_rows[row], &(struct ps_wish){.kind = PS_WISH_GET_JOB, .text = PS_STR(ARN)});
        check_row(&read_rows[row], &(struct ps_wish){.kind = PS_WISH_LIST_JOBS});
    }
}

static void answers_to_stop_have_their_class(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"done", {.status = "200 OK", .body = "{}"}, PS_OUTCOME_YES, PS_OK, PS_RETRY_NEVER, ""},
        {"too late",
         {.status = "400 Bad Request", .headers = "x-amzn-errortype: ConflictException\r\n"},
         PS_OUTCOME_NO,
         PS_E_CONFLICT,
         PS_RETRY_NEVER,
         "Conflict"},
        {"no job",
         {.status = "404 Not Found", .headers = "x-amzn-errortype: ResourceNotFoundException\r\n"},
         PS_OUTCOME_NO,
         PS_E_NOT_FOUND,
         PS_RETRY_NEVER,
         ""},
        {"500", {.status = "500 Oh"}, PS_OUTCOME_UNKNOWN, PS_E_SERVICE, PS_RETRY_LATER, ""},
        {"nothing", {.fault = FAKE_CLOSE}, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER, ""},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        check_row(&rows[row], &(struct ps_wish){.kind = PS_WISH_STOP_JOB, .text = PS_STR(ARN)});
    }
}

static void pages_are_followed_to_their_end_and_no_further(void **state)
{
    (void)state;
    static const struct fake_step good[] = {
        {.status = "200 OK",
         .body = "{\"nextToken\":\"1\",\"invocationJobSummaries\":[" ROW("a") "," ROW("b") "]}"},
        {.status = "200 OK", .body = "{\"nextToken\":\"2\",\"invocationJobSummaries\":[]}"},
        {.status = "200 OK",
         .body = "{\"nextToken\":\"\",\"invocationJobSummaries\":[" ROW("c") "]}"}};
    struct fixture fixture;
    fixture_start(&fixture, good, 3, NULL);
    const struct ps_fact *fact = fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_LIST_JOBS});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_int_equal(fact->job_count, 3);
    assert_string_equal(fact->jobs[2].name, "c");
    assert_no_request(&fixture, 0, "nameContains");
    assert_no_request(&fixture, 0, "submitTimeAfter");
    fixture_stop(&fixture);

    static const struct fake_step endless[] = {
        {.status = "200 OK",
         .body = "{\"nextToken\":\"1\",\"invocationJobSummaries\":[" ROW("a") "]}"},
        {.status = "200 OK",
         .body = "{\"nextToken\":\"1\",\"invocationJobSummaries\":[" ROW("a") "]}"}};
    fixture_start(&fixture, endless, 2, NULL);
    fact = fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_LIST_JOBS});
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_contains(fact->error.message, "no end");
    assert_int_equal(fake_server_count(fixture.server), 2);
    fixture_stop(&fixture);

    static const struct fake_step broken[] = {
        {.status = "200 OK",
         .body = "{\"nextToken\":\"1\",\"invocationJobSummaries\":[" ROW("a") "]}"},
        {.status = "503 Slow Down"}};
    fixture_start(&fixture, broken, 2, NULL);
    fact = fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_LIST_JOBS});
    assert_int_equal(fact->outcome, PS_OUTCOME_NO); /* one page is no list */
    fixture_stop(&fixture);
}

static void an_arn_stays_one_segment_of_the_path(void **state)
{
    (void)state;
    static const struct fake_step step = {.status = "404 Not Found"};
    struct fixture fixture;
    fixture_start(&fixture, &step, 1, NULL);
    (void)fixture_do(&fixture,
                     &(struct ps_wish){.kind = PS_WISH_GET_JOB, .text = PS_STR("../x?y#z%2F")});
    assert_request(&fixture, 0, "GET /model-invocation-job/..%2Fx%3Fy%23z%252F HTTP/1.1\r\n");
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_to_create_has_its_class),
        cmocka_unit_test(create_surely_did_not_happen_where_nobody_listens),
        cmocka_unit_test(looks_without_a_whole_answer_did_not_happen),
        cmocka_unit_test(answers_to_stop_have_their_class),
        cmocka_unit_test(pages_are_followed_to_their_end_and_no_further),
        cmocka_unit_test(an_arn_stays_one_segment_of_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
