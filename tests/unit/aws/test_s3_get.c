/*
 * Goal: bytes reach the sink once each and in their place, and a fact says how far it got. Method:
 * cuts, other ranges than asked for, changed objects, sinks that fail.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static void a_cut_get_goes_on_where_it_ended(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {
        {.status = "200 OK", .headers = "ETag: \"e\"\r\n", .body = "0123456789", .fault = FAKE_CUT},
        {.status = "206 Partial Content",
         .headers = "ETag: \"e\"\r\nContent-Range: bytes 5-9/10\r\n",
         .body = "56789"}};
    struct fixture fixture;
    fixture_start(&fixture, steps, 2, NULL);
    const struct ps_fact *fact =
        fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_GET_OBJECT, .key = PS_STR("k")});
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_int_equal(fact->error.retry, PS_RETRY_LATER);
    assert_int_equal(fact->bytes, 5);
    assert_string_equal(fact->text, "\"e\"");
    assert_no_request(&fixture, 0, "Range:");
    fact = fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_GET_OBJECT,
                                                  .key = PS_STR("k"),
                                                  .offset = 5,
                                                  .etag = PS_STR("\"e\"")});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_int_equal(fact->bytes, 10);
    assert_string_equal(ps_buf_text(&fixture.sink), "0123456789");
    assert_request(&fixture, 1, "Range: bytes=5-\r\n");
    assert_request(&fixture, 1, "If-Match: \"e\"\r\n");
    fixture_stop(&fixture);
}

static void answers_to_a_get_have_their_class(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct fake_step steps[2];
        size_t count;
        enum ps_outcome outcome;
        enum ps_status status;
        enum ps_retry retry;
        int64_t bytes;
    } rows[] = {
        {"the rest",
         {{.status = "206 Partial Content",
           .headers = "Content-Range: bytes 5-6/7\r\n",
           .body = "xy"}},
         1,
         PS_OUTCOME_YES,
         PS_OK,
         PS_RETRY_NEVER,
         7},
        {"the whole instead",
         {{.status = "200 OK", .body = "0123456789"}},
         1,
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         PS_RETRY_LATER,
         5},
        {"an empty whole instead",
         {{.status = "200 OK"}},
         1,
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         PS_RETRY_LATER,
         5},
        {"another part",
         {{.status = "206 Partial Content",
           .headers = "Content-Range: bytes 4-6/7\r\n",
           .body = "xyz"}},
         1,
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         PS_RETRY_LATER,
         5},
        {"a part that says nothing",
         {{.status = "206 Partial Content", .body = "xyz"}},
         1,
         PS_OUTCOME_NO,
         PS_E_CORRUPT,
         PS_RETRY_LATER,
         5},
        {"changed",
         {{.status = "412 Precondition Failed"}},
         1,
         PS_OUTCOME_NO,
         PS_E_CONFLICT,
         PS_RETRY_NEVER,
         5},
        {"gone",
         {{.status = "404 Not Found", .body = "<Error><Code>NoSuchKey</Code></Error>"}},
         1,
         PS_OUTCOME_NO,
         PS_E_NOT_FOUND,
         PS_RETRY_NEVER,
         5},
        {"we have it all",
         {{.status = "416 No"}, {.status = "200 OK", .headers = "Content-Length: 5\r\n"}},
         2,
         PS_OUTCOME_YES,
         PS_OK,
         PS_RETRY_NEVER,
         5},
        {"it is shorter now",
         {{.status = "416 No"}, {.status = "200 OK", .headers = "Content-Length: 4\r\n"}},
         2,
         PS_OUTCOME_NO,
         PS_E_CONFLICT,
         PS_RETRY_NEVER,
         5},
        {"changed, by the size",
         {{.status = "416 No"}, {.status = "412 No"}},
         2,
         PS_OUTCOME_NO,
         PS_E_CONFLICT,
         PS_RETRY_NEVER,
         5},
        {"nobody knows",
         {{.status = "416 No"}, {.status = "500 No"}},
         2,
         PS_OUTCOME_NO,
         PS_E_SERVICE,
         PS_RETRY_LATER,
         5},
        {"slow down",
         {{.status = "503 No", .body = "<Error><Code>SlowDown</Code></Error>"}},
         1,
         PS_OUTCOME_NO,
         PS_E_QUOTA,
         PS_RETRY_LATER,
         5},
        {"nothing", {{.fault = FAKE_RESET}}, 1, PS_OUTCOME_NO, PS_E_NETWORK, PS_RETRY_LATER, 5},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct fixture fixture;
        fixture_start(&fixture, rows[row].steps, 2, NULL);
        const struct ps_fact *const fact =
            fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_GET_OBJECT,
                                                   .key = PS_STR("k"),
                                                   .offset = 5,
                                                   .etag = PS_STR("\"e\"")});
        if (fact->outcome != rows[row].outcome || fact->error.status != rows[row].status ||
            fact->error.retry != rows[row].retry || fact->bytes != rows[row].bytes ||
            fake_server_count(fixture.server) != rows[row].count) {
            fail_msg("%s: outcome %d, %s, retry %d, %lld bytes, '%s'", rows[row].name,
                     (int)fact->outcome, ps_status_name(fact->error.status), (int)fact->error.retry,
                     (long long)fact->bytes, fact->error.message);
        }
        assert_int_equal(fixture.sink.size, rows[row].bytes - 5);
        fixture_stop(&fixture);
    }
}

static void a_sink_that_fails_is_not_a_network_error(void **state)
{
    (void)state;
    static const struct fake_step step = {
        .status = "200 OK", .headers = "ETag: \"e\"\r\n", .body = "0123456789"};
    struct fixture fixture;
    fixture_start(&fixture, &step, 1, NULL);
    fixture.sink_status = PS_E_IO;
    const struct ps_fact *const fact =
        fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_GET_OBJECT, .key = PS_STR("k")});
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_int_equal(fact->error.status, PS_E_IO);
    assert_string_equal(fact->error.message, "could not write: told so");
    assert_int_equal(fact->bytes, 0);
    fixture_stop(&fixture);
}

static void an_etag_with_a_line_break_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, NULL, 0, NULL);
    const struct ps_fact *const fact =
        fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_GET_OBJECT,
                                               .key = PS_STR("k"),
                                               .offset = 5,
                                               .etag = PS_STR("\"e\"\r\nX: y")});
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_int_equal(fact->error.status, PS_E_USAGE);
    assert_int_equal(fake_server_count(fixture.server), 0);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_get_goes_on_where_it_ended),
        cmocka_unit_test(answers_to_a_get_have_their_class),
        cmocka_unit_test(a_sink_that_fails_is_not_a_network_error),
        cmocka_unit_test(an_etag_with_a_line_break_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
