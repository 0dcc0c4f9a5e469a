/*
 * Goal: what the acts on S3 share, and the short ones: delete, abort of uploads, refusals of the
 * wrong place. Method: rows for the helpers; scripted answers for the acts.
 */
#include "aws/s3.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define ERROR(code) "<Error><Code>" code "</Code><Message>why</Message></Error>"

static void keys_of_listings_are_decoded_once(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_encoded;
        const char *key; /* NULL: refused */
    } rows[] = {
        {"a%2Bb+c%2525", true, "a+b c%25"},
        {"a%2Bb+c", false, "a%2Bb+c"},
        {"a%00b", true, NULL},
        {"%E1%88%B4", true, "\xe1\x88\xb4"},
        {"", true, ""},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        char *key PS_CLEANUP(ps_str_free_auto) =
            ps_s3_key_of(ps_str_of(rows[row].text), rows[row].is_encoded);
        assert_int_equal(key != NULL, rows[row].key != NULL);
        if (key != NULL) {
            assert_string_equal(key, rows[row].key);
        }
    }
}

static void only_a_whole_objects_checksum_counts(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        bool is_found;
    } rows[] = {
        {"x-amz-checksum-crc32: y/Q5Jg==\r\n", true},
        {"X-Amz-Checksum-Crc32: y/Q5Jg==\r\nx-amz-checksum-type: FULL_OBJECT\r\n", true},
        {"x-amz-checksum-crc32: y/Q5Jg==\r\nx-amz-checksum-type: COMPOSITE\r\n", false},
        {"x-amz-checksum-crc32: y/Q5Jg==-3\r\n", false},
        {"x-amz-checksum-crc64nvme: y/Q5Jg==\r\n", false},
        {"", false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_http_answer answer = {.headers = ps_str_of(rows[row].headers)};
        uint32_t crc32 = 0;
        assert_int_equal(ps_s3_full_crc32(&answer, &crc32), rows[row].is_found);
        assert_int_equal(crc32, rows[row].is_found ? 0xcbf43926 : 0);
    }
}

struct row {
    struct fake_step step;
    enum ps_outcome outcome;
    enum ps_status status;
    enum ps_retry retry;
    const char *part; /* of message or hint */
};

static void check_rows(const struct row *const rows, const size_t row_count,
                       const enum ps_wish_kind kind)
{
    for (size_t row = 0; row < row_count; row++) {
        struct fixture fixture;
        fixture_start(&fixture, &rows[row].step, 1, NULL);
        fixture.body = PS_STR("body");
        const struct ps_fact *const fact =
            fixture_do(&fixture, &(struct ps_wish){.kind = kind, .key = PS_STR("p/k")});
        const bool has_part = strstr(fact->error.message, rows[row].part) != NULL ||
                              strstr(fact->error.hint, rows[row].part) != NULL;
        if (fact->outcome != rows[row].outcome || fact->error.status != rows[row].status ||
            fact->error.retry != rows[row].retry || !has_part) {
            fail_msg("row %zu of kind %d: outcome %d, %s, retry %d, '%s' '%s'", row, (int)kind,
                     (int)fact->outcome, ps_status_name(fact->error.status), (int)fact->error.retry,
                     fact->error.message, fact->error.hint);
        }
        assert_int_equal(fake_server_count(fixture.server), 1);
        fixture_stop(&fixture);
    }
}

static void what_is_gone_counts_as_deleted(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {{.status = "204 No Content"}, PS_OUTCOME_YES, PS_OK, PS_RETRY_NEVER, ""},
        {{.status = "404 Not Found", .body = ERROR("NoSuchKey")},
         PS_OUTCOME_YES,
         PS_OK,
         PS_RETRY_NEVER,
         ""},
        {{.status = "404 Not Found", .body = ERROR("NoSuchBucket")},
         PS_OUTCOME_NO,
         PS_E_NOT_FOUND,
         PS_RETRY_NEVER,
         "--s3-uri"},
        {{.status = "403 Forbidden", .body = ERROR("AccessDenied")},
         PS_OUTCOME_NO,
         PS_E_DENIED,
         PS_RETRY_NEVER,
         "'s3://bucket/p/k'"},
        {{.status = "503 Slow Down", .body = ERROR("SlowDown")},
         PS_OUTCOME_UNKNOWN,
         PS_E_QUOTA,
         PS_RETRY_LATER,
         "SlowDown"},
    };
    check_rows(rows, sizeof(rows) / sizeof(rows[0]), PS_WISH_DELETE_OBJECT);
}

/* For every act alike: the place is wrong, and the message names the right one. */
static void a_wrong_place_is_named(void **state)
{
    (void)state;
    static const enum ps_wish_kind kinds[] = {PS_WISH_PUT_SHARD, PS_WISH_LIST_OBJECTS,
                                              PS_WISH_GET_OBJECT, PS_WISH_DELETE_OBJECT,
                                              PS_WISH_ABORT_UPLOADS};
    static const struct row rows[] = {
        {{.status = "301 Moved Permanently",
          .headers = "x-amz-bucket-region: us-west-2\r\n",
          .body = ERROR("PermanentRedirect")},
         PS_OUTCOME_NO,
         PS_E_USAGE,
         PS_RETRY_NEVER,
         "in Region 'us-west-2', not in 'eu-west-1'"},
        {{.status = "307 Temporary Redirect",
          .headers = "x-amz-bucket-region: us-west-2\r\nLocation: http://127.0.0.1:1/\r\n"},
         PS_OUTCOME_NO,
         PS_E_USAGE,
         PS_RETRY_NEVER,
         "--region us-west-2"},
        {{.status = "400 Bad Request",
          .body =
              "<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region></Error>"},
         PS_OUTCOME_NO,
         PS_E_USAGE,
         PS_RETRY_NEVER,
         "in Region 'us-west-2'"},
        {{.status = "301 Moved Permanently"},
         PS_OUTCOME_NO,
         PS_E_USAGE,
         PS_RETRY_NEVER,
         "check Region"},
        {{.status = "404 Not Found", .body = ERROR("NoSuchBucket")},
         PS_OUTCOME_NO,
         PS_E_NOT_FOUND,
         PS_RETRY_NEVER,
         "NoSuchBucket"},
        {{.status = "403 Forbidden",
          .headers = "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n",
          .body = ERROR("RequestTimeTooSkewed")},
         PS_OUTCOME_NO,
         PS_E_DENIED,
         PS_RETRY_LATER,
         "clock"},
        {{.status = "400 Bad Request", .body = ERROR("ExpiredToken")},
         PS_OUTCOME_NO,
         PS_E_DENIED,
         PS_RETRY_REAUTH,
         "fresh"},
    };
    for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
        check_rows(rows, sizeof(rows) / sizeof(rows[0]), kinds[kind]);
    }
}

static void uploads_are_aborted_page_by_page(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {
        {.status = "200 OK",
         .body =
             "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>true</"
             "IsTruncated>"
             "<NextKeyMarker>p/b%20c</NextKeyMarker><NextUploadIdMarker>u/2</NextUploadIdMarker>"
             "<Upload><Key>p/a</Key><UploadId>u1</UploadId></Upload>"
             "<Upload><Key>other</Key><UploadId>u9</UploadId></Upload>"
             "<Upload><Key>p/b%20c</Key><UploadId>u/2</UploadId></Upload></"
             "ListMultipartUploadsResult>"},
        {.status = "204 No Content"},
        {.status = "404 Not Found", .body = ERROR("NoSuchUpload")},
        {.status = "200 OK",
         .body =
             "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
             "<Upload><Key>p/d</Key><UploadId>u3</UploadId></Upload></ListMultipartUploadsResult>"},
        {.status = "204 No Content"}};
    struct fixture fixture;
    fixture_start(&fixture, steps, 5, NULL);
    const struct ps_fact *const fact =
        fixture_do(&fixture, &(struct ps_wish){.kind = PS_WISH_ABORT_UPLOADS, .key = PS_STR("p/")});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_int_equal(fake_server_count(fixture.server), 5);
    assert_request(&fixture, 0,
                   "GET /bucket?uploads=&encoding-type=url&max-uploads=1000&prefix=p%2F HTTP");
    assert_request(&fixture, 1, "DELETE /bucket/p/a?uploadId=u1 HTTP");
    assert_request(&fixture, 2, "DELETE /bucket/p/b%20c?uploadId=u%2F2 HTTP");
    assert_request(&fixture, 3, "&key-marker=p%2Fb%20c&upload-id-marker=u%2F2 HTTP");
    assert_request(&fixture, 4, "DELETE /bucket/p/d?uploadId=u3 HTTP");
    fixture_stop(&fixture);
}

static void an_abort_that_fails_is_told(void **state)
{
    (void)state;
    static const char one[] =
        "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
        "<Upload><Key>p/a</Key><UploadId>u1</UploadId></Upload></ListMultipartUploadsResult>";
    static const char endless[] =
        "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>m</"
        "NextKeyMarker>"
        "<NextUploadIdMarker>i</NextUploadIdMarker></ListMultipartUploadsResult>";
    static const struct fake_step scripts[][2] = {
        {{.status = "200 OK", .body = one}, {.status = "500 Oh"}},
        {{.status = "200 OK", .body = endless}, {.status = "200 OK", .body = endless}},
        {{.status = "200 OK", .body = "<ListMultipartUploadsResult/>"},
         {.status = "599 Not Asked"}},
        {{.status = "503 Oh"}, {.status = "599 Not Asked"}},
    };
    static const size_t counts[] = {2, 2, 1, 1};
    for (size_t row = 0; row < 4; row++) {
        struct fixture fixture;
        fixture_start(&fixture, scripts[row], 2, NULL);
        const struct ps_fact *const fact = fixture_do(
            &fixture, &(struct ps_wish){.kind = PS_WISH_ABORT_UPLOADS, .key = PS_STR("p/")});
        assert_int_not_equal(fact->outcome, PS_OUTCOME_YES);
        assert_int_equal(fact->error.retry, PS_RETRY_LATER);
        assert_int_equal(fake_server_count(fixture.server), counts[row]);
        fixture_stop(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_listings_are_decoded_once),
        cmocka_unit_test(only_a_whole_objects_checksum_counts),
        cmocka_unit_test(what_is_gone_counts_as_deleted),
        cmocka_unit_test(a_wrong_place_is_named),
        cmocka_unit_test(uploads_are_aborted_page_by_page),
        cmocka_unit_test(an_abort_that_fails_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
