/*
 * Goal: rule R4 on the wire. One call is one request, and its fact says whether the model may have
 * been paid for it. Method: a scripted loopback server; every sort of answer, and none.
 */
#include "base/limits.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define NOVA "us.amazon.nova-micro-v1:0"
#define ARN "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/a1b2"

static const struct ps_wish invoke = {.id = 7,
                                      .kind = PS_WISH_INVOKE,
                                      .job = 3,
                                      .shard = -1,
                                      .record = 41,
                                      .key = {NOVA, sizeof NOVA - 1}};

static const struct ps_fact *call(struct fixture *const fixture,
                                  const struct fake_step *const steps,
                                  const struct ps_wish *const wish)
{
    fixture_start(fixture, steps, 1, NULL);
    fixture->body = PS_STR("{\"messages\":[]}");
    return fixture_do(fixture, wish);
}

static void a_record_is_sent_as_it_is_and_answered(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {
        {.status = "200 OK",
         .headers = "X-Amzn-Bedrock-Input-Token-Count: 12\r\n"
                    "x-amzn-bedrock-output-token-count: 5\r\n",
         .body = "{\"output\":{},\"usage\":{\"inputTokens\":1,\"outputTokens\":2}}"}};
    struct fixture fixture;
    const struct ps_fact *const fact = call(&fixture, steps, &invoke);
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_int_equal(fact->wish_id, 7);
    assert_int_equal(fact->kind, PS_WISH_INVOKE);
    assert_int_equal(fact->job, 3);
    assert_string_equal(fact->text, steps[0].body);
    assert_int_equal(fact->bytes, strlen(steps[0].body));
    assert_int_equal(fact->tally.input_tokens, 12);
    assert_int_equal(fact->tally.output_tokens, 5);
    assert_request(&fixture, 0, "POST /model/us.amazon.nova-micro-v1%3A0/invoke HTTP/1.1\r\n");
    assert_request(&fixture, 0, "/eu-west-1/bedrock/aws4_request, ");
    assert_request(&fixture, 0, "\r\nContent-Type: application/json\r\n");
    assert_request(&fixture, 0, "\r\nContent-Length: 15\r\n");
    assert_string_equal(fake_server_body(fixture.server, 0, NULL), "{\"messages\":[]}");
    assert_int_equal(fixture.open_count, 1);
    assert_int_equal(fixture.close_count, 1);
    fixture_stop(&fixture);
}

static void converse_has_its_own_path_and_an_arn_is_one_segment(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {
        {.status = "200 OK",
         .body = "{\"text\":\"\xff\",\"usage\":{\"inputTokens\":3,\"outputTokens\":4}}"}};
    struct ps_wish wish = invoke;
    wish.is_converse = true;
    wish.key = PS_STR(ARN);
    struct fixture fixture;
    const struct ps_fact *const fact = call(&fixture, steps, &wish);
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_int_equal(fact->tally.input_tokens, 3);
    assert_int_equal(fact->tally.output_tokens, 4);
    assert_request(&fixture, 0,
                   "POST /model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A111122223333%3A"
                   "application-inference-profile%2Fa1b2/converse HTTP/1.1\r\n");
    fixture_stop(&fixture);
}

static void a_lane_needs_no_bucket_for_it(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {{.status = "200 OK", .body = "{}"}};
    struct ps_wish wish = invoke;
    wish.lane = 2;
    struct fixture fixture;
    assert_int_equal(call(&fixture, steps, &wish)->outcome, PS_OUTCOME_YES);
    assert_request(&fixture, 0, "/us-west-2/bedrock/aws4_request, ");
    const struct ps_fact *const fact = fixture_do(
        &fixture, &(struct ps_wish){.kind = PS_WISH_LIST_OBJECTS, .lane = 2, .key = PS_STR("p/")});
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_contains(fact->error.message, "the lane has no bucket");
    fixture_stop(&fixture);
}

static void an_answer_without_counts_has_none(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {{.status = "200 OK", .body = "{\"embedding\":[1]}"}};
    struct ps_wish wish = invoke;
    wish.key = PS_STR("who.knows-v1:0");
    struct fixture fixture;
    const struct ps_fact *const fact = call(&fixture, steps, &wish);
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_int_equal(fact->tally.input_tokens, 0);
    assert_int_equal(fact->tally.output_tokens, 0);
    fixture_stop(&fixture);
}

#define ANSWER(status_line, code)                                                        \
    {                                                                                    \
        .status = status_line, .headers = "x-amzn-errortype: " code "\r\n", .body = "{}" \
    }

static void what_may_have_been_paid_is_never_called_undone(void **state)
{
    (void)state;
    static const struct {
        struct fake_step step;
        enum ps_outcome outcome;
        enum ps_status status;
        enum ps_retry retry;
    } rows[] = {
        {ANSWER("400 Bad Request", "ValidationException"), PS_OUTCOME_NO, PS_E_SERVICE,
         PS_RETRY_NEVER},
        {ANSWER("403 Forbidden", "AccessDeniedException"), PS_OUTCOME_NO, PS_E_DENIED,
         PS_RETRY_NEVER},
        {ANSWER("403 Forbidden", "ExpiredTokenException"), PS_OUTCOME_NO, PS_E_DENIED,
         PS_RETRY_REAUTH},
        {ANSWER("404 Not Found", "ResourceNotFoundException"), PS_OUTCOME_NO, PS_E_NOT_FOUND,
         PS_RETRY_NEVER},
        {ANSWER("429 Too Many Requests", "ThrottlingException"), PS_OUTCOME_NO, PS_E_QUOTA,
         PS_RETRY_LATER},
        {ANSWER("400 Bad Request", "ServiceQuotaExceededException"), PS_OUTCOME_NO, PS_E_QUOTA,
         PS_RETRY_LATER},
        {ANSWER("429 Too Many Requests", "ModelNotReadyException"), PS_OUTCOME_NO, PS_E_SERVICE,
         PS_RETRY_LATER},
        {ANSWER("408 Request Timeout", "ModelTimeoutException"), PS_OUTCOME_UNKNOWN, PS_E_SERVICE,
         PS_RETRY_LATER},
        {ANSWER("424 Failed Dependency", "ModelErrorException"), PS_OUTCOME_UNKNOWN, PS_E_SERVICE,
         PS_RETRY_LATER},
        {ANSWER("500 Internal Server Error", "InternalServerException"), PS_OUTCOME_UNKNOWN,
         PS_E_SERVICE, PS_RETRY_LATER},
        {ANSWER("503 Service Unavailable", "ServiceUnavailableException"), PS_OUTCOME_UNKNOWN,
         PS_E_SERVICE, PS_RETRY_LATER},
        /* Of a proxy, who knows whether it passed the call on? */
        {{.status = "400 Bad Request", .body = "<html>no</html>"},
         PS_OUTCOME_UNKNOWN,
         PS_E_SERVICE,
         PS_RETRY_NEVER},
        {{.status = "200 OK", .body = "[]"}, PS_OUTCOME_UNKNOWN, PS_E_CORRUPT, PS_RETRY_LATER},
        {{.status = "200 OK", .body = ""}, PS_OUTCOME_UNKNOWN, PS_E_CORRUPT, PS_RETRY_LATER},
        {{.status = "202 Accepted", .body = "{}"},
         PS_OUTCOME_UNKNOWN,
         PS_E_CORRUPT,
         PS_RETRY_LATER},
        {{.status = "200 OK", .body = "{\"a\":1}", .fault = FAKE_CUT},
         PS_OUTCOME_UNKNOWN,
         PS_E_NETWORK,
         PS_RETRY_LATER},
        {{.fault = FAKE_CLOSE}, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER},
        {{.fault = FAKE_RESET}, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct fixture fixture;
        const struct ps_fact *const fact = call(&fixture, &rows[row].step, &invoke);
        assert_int_equal(fact->outcome, rows[row].outcome);
        assert_int_equal(fact->error.status, rows[row].status);
        assert_int_equal(fact->error.retry, rows[row].retry);
        assert_contains(fact->error.message, "call model '" NOVA "'");
        assert_null(fact->text);
        assert_int_equal(fake_server_count(fixture.server), 1); /* never twice */
        fixture_stop(&fixture);
    }
}

static void a_dead_connection_is_not_tried_again(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {{.status = "200 OK", .body = "{}"},
                                             {.fault = FAKE_CLOSE},
                                             {.status = "200 OK", .body = "{}"}};
    struct fixture fixture;
    fixture_start(&fixture, steps, 3, NULL);
    fixture.body = PS_STR("{}");
    assert_int_equal(fixture_do(&fixture, &invoke)->outcome, PS_OUTCOME_YES);
    assert_int_equal(fixture_do(&fixture, &invoke)->outcome, PS_OUTCOME_UNKNOWN);
    assert_int_equal(fake_server_connection_of(fixture.server, 1), 0); /* on the same connection */
    assert_int_equal(fake_server_count(fixture.server), 2);
    fixture_stop(&fixture);
}

static void a_record_that_cannot_be_made_is_not_sent(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, NULL, 0, NULL);
    fixture.open_status = PS_E_NOT_FOUND;
    assert_int_equal(fixture_do(&fixture, &invoke)->outcome, PS_OUTCOME_NO);
    fixture.open_status = PS_OK;
    fixture.body = PS_STR("{\"messages\":[]}");
    fixture.read_fails_at = 0;
    const struct ps_fact *const fact = fixture_do(&fixture, &invoke);
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_contains(fact->error.message, "it is gone");
    assert_int_equal(fixture.close_count, 1);
    assert_int_equal(fake_server_connections(fixture.server), 0);
    fixture_stop(&fixture);
}

#define AT_ONCE 200

static void many_are_under_way_at_once_and_no_more_than_told(void **state)
{
    (void)state;
    struct fake_step steps[AT_ONCE];
    for (size_t index = 0; index < AT_ONCE; index++) {
        steps[index] = (struct fake_step){
            .status = "200 OK", .body = "{\"a\":\"0123456789\"}", .fault = FAKE_TRICKLE};
    }
    struct fixture fixture;
    const struct ps_world_aws_options options = {.invokes_max = 150};
    fixture_start(&fixture, steps, AT_ONCE, &options);
    fixture.body = PS_STR("{}");
    for (int64_t id = 0; id < AT_ONCE; id++) {
        struct ps_wish wish = invoke;
        wish.id = id;
        fixture.world.ops->start(fixture.world.context, &wish);
    }
    int64_t id_sum = 0;
    for (int count = 0; count < AT_ONCE; count++) {
        assert_true(fixture.world.ops->next_fact(fixture.world.context, INT64_MAX, &fixture.fact));
        assert_int_equal(fixture.fact.outcome, PS_OUTCOME_YES);
        id_sum += fixture.fact.wish_id;
        ps_fact_release(&fixture.fact);
    }
    assert_int_equal(id_sum, AT_ONCE * (AT_ONCE - 1) / 2);
    assert_true(fake_server_connections(fixture.server) > 64);
    assert_true(fake_server_connections(fixture.server) <= 150);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_sent_as_it_is_and_answered),
        cmocka_unit_test(converse_has_its_own_path_and_an_arn_is_one_segment),
        cmocka_unit_test(a_lane_needs_no_bucket_for_it),
        cmocka_unit_test(an_answer_without_counts_has_none),
        cmocka_unit_test(what_may_have_been_paid_is_never_called_undone),
        cmocka_unit_test(a_dead_connection_is_not_tried_again),
        cmocka_unit_test(a_record_that_cannot_be_made_is_not_sent),
        cmocka_unit_test(many_are_under_way_at_once_and_no_more_than_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
