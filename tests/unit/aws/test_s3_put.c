/*
 * Goal: a put stores the planned bytes once, and a 412 is settled by what is there. Method: rows of
 * answers; bodies that change, end early or vanish; each way of comparing.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

/* CRC-32 of "123456789" is 0xcbf43926. */
#define BODY "123456789"
#define CHECKSUM "y/Q5Jg=="
#define FAILED                                                   \
    {                                                            \
        .status = "412 Precondition Failed",                     \
        .body = "<Error><Code>PreconditionFailed</Code></Error>" \
    }

static const struct ps_wish put = {.id = 1, .kind = PS_WISH_PUT_SHARD, .key = {"k", 1}};

static void answers_to_a_put_have_their_class(void **state)
{
    (void)state;
    static const struct {
        struct fake_step step;
        enum ps_outcome outcome;
        enum ps_status status;
        enum ps_retry retry;
    } rows[] = {
        {{.status = "200 OK"}, PS_OUTCOME_YES, PS_OK, PS_RETRY_NEVER},
        {{.fault = FAKE_CLOSE}, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER},
        {{.fault = FAKE_RESET}, PS_OUTCOME_UNKNOWN, PS_E_NETWORK, PS_RETRY_LATER},
        {{.status = "200 OK", .body = "0123456789", .fault = FAKE_CUT},
         PS_OUTCOME_UNKNOWN,
         PS_E_NETWORK,
         PS_RETRY_LATER},
        {{.status = "500 Oh", .body = "<Error><Code>InternalError</Code></Error>"},
         PS_OUTCOME_UNKNOWN,
         PS_E_SERVICE,
         PS_RETRY_LATER},
        {{.status = "503 Slow Down", .body = "<Error><Code>SlowDown</Code></Error>"},
         PS_OUTCOME_UNKNOWN,
         PS_E_QUOTA,
         PS_RETRY_LATER},
        {{.status = "409 Conflict",
          .body = "<Error><Code>ConditionalRequestConflict</Code></Error>"},
         PS_OUTCOME_NO,
         PS_E_CONFLICT,
         PS_RETRY_LATER},
        {{.status = "400 Bad Request", .body = "<Error><Code>BadDigest</Code></Error>"},
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         PS_RETRY_LATER},
        {{.status = "400 Bad Request", .body = "<Error><Code>RequestTimeout</Code></Error>"},
         PS_OUTCOME_NO,
         PS_E_NETWORK,
         PS_RETRY_LATER},
        {{.status = "403 Forbidden", .body = "<Error><Code>AccessDenied</Code></Error>"},
         PS_OUTCOME_NO,
         PS_E_DENIED,
         PS_RETRY_NEVER},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct fixture fixture;
        fixture_start(&fixture, &rows[row].step, 1, NULL);
        fixture.body = PS_STR(BODY);
        const struct ps_fact *const fact = fixture_do(&fixture, &put);
        if (fact->outcome != rows[row].outcome || fact->error.status != rows[row].status ||
            fact->error.retry != rows[row].retry) {
            fail_msg("row %zu: outcome %d, %s, retry %d, '%s'", row, (int)fact->outcome,
                     ps_status_name(fact->error.status), (int)fact->error.retry,
                     fact->error.message);
        }
        assert_int_equal(fake_server_count(fixture.server), 1);
        assert_request(&fixture, 0, "x-amz-checksum-crc32: " CHECKSUM "\r\n");
        /* SHA-256 of the body. */
        assert_request(&fixture, 0,
                       "X-Amz-Content-Sha256: "
                       "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225\r\n");
        fixture_stop(&fixture);
    }
}

static void a_412_is_settled_by_what_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct fake_step steps[3];
        size_t count;
        enum ps_outcome outcome;
        enum ps_status status;
        enum ps_retry retry;
        bool is_equal;
    } rows[] = {
        {"equal by checksum",
         {FAILED,
          {.status = "200 OK",
           .headers =
               "Content-Length: 9\r\nETag: \"e\"\r\nx-amz-checksum-crc32: " CHECKSUM "\r\n"}},
         2,
         PS_OUTCOME_YES,
         PS_OK,
         PS_RETRY_NEVER,
         true},
        {"another checksum",
         {FAILED,
          {.status = "200 OK",
           .headers = "Content-Length: 9\r\nx-amz-checksum-crc32: AAAAAA==\r\n"}},
         2,
         PS_OUTCOME_NO,
         PS_E_CONFLICT,
         PS_RETRY_NEVER,
         false},
        {"another size",
         {FAILED,
          {.status = "200 OK",
           .headers = "Content-Length: 8\r\nx-amz-checksum-crc32: " CHECKSUM "\r\n"}},
         2,
         PS_OUTCOME_NO,
         PS_E_CONFLICT,
         PS_RETRY_NEVER,
         false},
        {"no checksum: equal bytes",
         {FAILED,
          {.status = "200 OK", .headers = "Content-Length: 9\r\n"},
          {.status = "200 OK", .body = BODY}},
         3,
         PS_OUTCOME_YES,
         PS_OK,
         PS_RETRY_NEVER,
         true},
        {"no checksum: other bytes",
         {FAILED,
          {.status = "200 OK", .headers = "Content-Length: 9\r\n"},
          {.status = "200 OK", .body = "123456780"}},
         3,
         PS_OUTCOME_NO,
         PS_E_CONFLICT,
         PS_RETRY_NEVER,
         false},
        {"a checksum of the parts: the bytes decide",
         {FAILED,
          {.status = "200 OK",
           .headers = "Content-Length: 9\r\nx-amz-checksum-crc32: " CHECKSUM "-2\r\n"},
          {.status = "200 OK", .body = BODY}},
         3,
         PS_OUTCOME_YES,
         PS_OK,
         PS_RETRY_NEVER,
         true},
        {"reading back is cut",
         {FAILED,
          {.status = "200 OK", .headers = "Content-Length: 9\r\n"},
          {.status = "200 OK", .body = BODY, .fault = FAKE_CUT}},
         3,
         PS_OUTCOME_UNKNOWN,
         PS_E_NETWORK,
         PS_RETRY_LATER,
         false},
        {"deleted in between",
         {FAILED, {.status = "404 Not Found"}},
         2,
         PS_OUTCOME_NO,
         PS_E_NOT_FOUND,
         PS_RETRY_LATER,
         false},
        {"the look fails",
         {FAILED, {.status = "503 Oh"}},
         2,
         PS_OUTCOME_UNKNOWN,
         PS_E_SERVICE,
         PS_RETRY_LATER,
         false},
        {"the look is denied",
         {FAILED, {.status = "403 Forbidden"}},
         2,
         PS_OUTCOME_NO,
         PS_E_DENIED,
         PS_RETRY_NEVER,
         false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct fixture fixture;
        fixture_start(&fixture, rows[row].steps, 3, NULL);
        fixture.body = PS_STR(BODY);
        const struct ps_fact *const fact = fixture_do(&fixture, &put);
        if (fact->outcome != rows[row].outcome || fact->error.status != rows[row].status ||
            fact->error.retry != rows[row].retry || fact->is_equal != rows[row].is_equal) {
            fail_msg("%s: outcome %d, %s, retry %d, equal %d, '%s'", rows[row].name,
                     (int)fact->outcome, ps_status_name(fact->error.status), (int)fact->error.retry,
                     fact->is_equal, fact->error.message);
        }
        if (fact->error.status == PS_E_CONFLICT) {
            assert_string_equal(fact->error.aws_code, "PreconditionFailed");
            assert_contains(fact->error.hint, "input or the converter changed");
        }
        assert_int_equal(fake_server_count(fixture.server), rows[row].count);
        assert_request(&fixture, 1, "HEAD /bucket/k HTTP/1.1\r\n");
        assert_request(&fixture, 1, "x-amz-checksum-mode: ENABLED\r\n");
        fixture_stop(&fixture);
    }
}

static void a_body_that_is_not_as_planned_is_never_stored_whole(void **state)
{
    (void)state;
    struct fixture fixture;
    const struct ps_world_aws_options unsigned_payload = {.is_payload_unsigned = true};
    for (int is_unsigned = 0; is_unsigned <= 1; is_unsigned++) {
        fixture_start(&fixture, NULL, 0, is_unsigned == 1 ? &unsigned_payload : NULL);
        fixture.body = PS_STR(BODY);
        fixture.crc32_change = 1;
        const struct ps_fact *const fact = fixture_do(&fixture, &put);
        assert_int_equal(fact->outcome, PS_OUTCOME_NO);
        assert_int_equal(fact->error.status, PS_E_CORRUPT);
        assert_int_equal(fact->error.retry, PS_RETRY_NEVER);
        assert_int_equal(fake_server_count(fixture.server), 0);

        fixture_stop(&fixture);
    }
}

static void a_source_that_fails_is_not_a_network_error(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, NULL, 0, NULL);
    fixture.body = PS_STR(BODY);
    fixture.read_fails_at = 0;
    const struct ps_fact *fact = fixture_do(&fixture, &put);
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_int_equal(fact->error.status, PS_E_NOT_FOUND);
    assert_contains(fact->error.message, "it is gone");

    fixture.open_status = PS_E_CORRUPT;
    fact = fixture_do(&fixture, &put);
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_int_equal(fact->error.status, PS_E_CORRUPT);
    assert_int_equal(fake_server_count(fixture.server), 0);
    fixture_stop(&fixture);
}

static void unsigned_bodies_are_read_once(void **state)
{
    (void)state;
    static const struct fake_step step = {.status = "200 OK"};
    const struct ps_world_aws_options options = {.is_payload_unsigned = true};
    struct fixture fixture;
    fixture_start(&fixture, &step, 1, &options);
    fixture.body = PS_STR(BODY);
    assert_int_equal(fixture_do(&fixture, &put)->outcome, PS_OUTCOME_YES);
    assert_request(&fixture, 0, "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\r\n");
    assert_int_equal(fixture.open_count, 1);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_to_a_put_have_their_class),
        cmocka_unit_test(a_412_is_settled_by_what_is_there),
        cmocka_unit_test(a_body_that_is_not_as_planned_is_never_stored_whole),
        cmocka_unit_test(a_source_that_fails_is_not_a_network_error),
        cmocka_unit_test(unsigned_bodies_are_read_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
