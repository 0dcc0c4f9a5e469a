/*
 * Goal: a large body goes out in checked parts, and whatever fails leaves no upload open. Method: a
 * body of three small parts; each request of the way failing in turn, with what was asked and how
 * it ended.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define BODY "aaaaaaaaaabbbbbbbbbbccccc"
#define CREATED                                                                                 \
    {                                                                                           \
        .status = "200 OK", .body = "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></" \
                                    "InitiateMultipartUploadResult>"                            \
    }
#define PART(n)                                                \
    {                                                          \
        .status = "200 OK", .headers = "ETag: \"p" #n "\"\r\n" \
    }
#define COMPLETED                                                                    \
    {                                                                                \
        .status = "200 OK", .headers = "ETag: \"all-3\"\r\n",                        \
        .body = "<?xml "                                                             \
                "version=\"1.0\"?>\n<CompleteMultipartUploadResult><ETag>x</ETag></" \
                "CompleteMultipartUploadResult>"                                     \
    }
#define ABORTED                    \
    {                              \
        .status = "204 No Content" \
    }

static const struct ps_world_aws_options options = {.multipart_from_bytes = 20, .part_bytes = 10};
static const struct ps_wish put = {.id = 1, .kind = PS_WISH_PUT_SHARD, .key = {"k", 1}};

static void parts_are_made_checked_and_put_together(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {CREATED, PART(1), PART(2), PART(3), COMPLETED};
    struct fixture fixture;
    fixture_start(&fixture, steps, 5, &options);
    fixture.body = PS_STR(BODY);
    const struct ps_fact *const fact = fixture_do(&fixture, &put);
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_string_equal(fact->text, "\"all-3\"");
    assert_int_equal(fake_server_count(fixture.server), 5);
    assert_request(&fixture, 0, "POST /bucket/k?uploads= HTTP/1.1\r\n");
    assert_request(&fixture, 0, "x-amz-checksum-algorithm: CRC32\r\n");
    assert_request(&fixture, 0, "x-amz-checksum-type: FULL_OBJECT\r\n");
    assert_request(&fixture, 1, "PUT /bucket/k?uploadId=u%2F1&partNumber=1 HTTP/1.1\r\n");
    assert_request(&fixture, 1, "x-amz-checksum-crc32: ");
    assert_no_request(&fixture, 1, "UNSIGNED-PAYLOAD");
    assert_string_equal(fake_server_body(fixture.server, 1, NULL), "aaaaaaaaaa");
    assert_string_equal(fake_server_body(fixture.server, 3, NULL), "ccccc");
    assert_request(&fixture, 4, "POST /bucket/k?uploadId=u%2F1 HTTP/1.1\r\n");
    assert_request(&fixture, 4, "If-None-Match: *\r\n");
    assert_request(&fixture, 4, "x-amz-mp-object-size: 25\r\n");
    assert_request(&fixture, 4, "x-amz-checksum-type: FULL_OBJECT\r\n");
    const char *const body = fake_server_body(fixture.server, 4, NULL);
    assert_contains(body,
                    "<Part><PartNumber>1</PartNumber><ETag>&quot;p1&quot;</ETag><ChecksumCRC32>");
    assert_contains(body, "<PartNumber>3</PartNumber><ETag>&quot;p3&quot;</ETag>");
    assert_int_equal(fixture.open_count, 1);
    fixture_stop(&fixture);
}

struct row {
    const char *name;
    struct fake_step steps[8];
    size_t count;
    enum ps_outcome outcome;
    enum ps_status status;
    enum ps_retry retry;
    const char *last; /* request line of the last request */
};

static const char one_upload[] =
    "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
    "<Upload><Key>k</Key><UploadId>lost</UploadId></Upload>"
    "<Upload><Key>k2</Key><UploadId>other</UploadId></Upload></ListMultipartUploadsResult>";

static const struct row rows[] = {
    {"refused at the beginning",
     {{.status = "403 Forbidden", .body = "<Error><Code>AccessDenied</Code></Error>"}},
     1,
     PS_OUTCOME_NO,
     PS_E_DENIED,
     PS_RETRY_NEVER,
     "POST /bucket/k?uploads="},
    {"the id is lost: looked for and aborted",
     {{.fault = FAKE_CLOSE}, {.status = "200 OK", .body = one_upload}, ABORTED},
     3,
     PS_OUTCOME_NO,
     PS_E_NETWORK,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=lost "},
    {"no id in the answer",
     {{.status = "200 OK", .body = "<x/>"}, {.status = "200 OK", .body = one_upload}, ABORTED},
     3,
     PS_OUTCOME_NO,
     PS_E_CORRUPT,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=lost "},
    {"looking for it fails too",
     {{.fault = FAKE_CLOSE}, {.status = "503 Oh"}},
     2,
     PS_OUTCOME_NO,
     PS_E_NETWORK,
     PS_RETRY_LATER,
     "GET /bucket?uploads="},
    {"a part is refused",
     {CREATED,
      PART(1),
      {.status = "503 Slow Down", .body = "<Error><Code>SlowDown</Code></Error>"},
      ABORTED},
     4,
     PS_OUTCOME_NO,
     PS_E_QUOTA,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=u%2F1 "},
    {"a part is cut",
     {CREATED, {.fault = FAKE_CLOSE}, ABORTED},
     3,
     PS_OUTCOME_NO,
     PS_E_NETWORK,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=u%2F1 "},
    {"a part without an ETag",
     {CREATED, {.status = "200 OK"}, ABORTED},
     3,
     PS_OUTCOME_NO,
     PS_E_CORRUPT,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=u%2F1 "},
    {"the abort fails too",
     {CREATED, {.fault = FAKE_CLOSE}, {.status = "500 Oh"}},
     3,
     PS_OUTCOME_NO,
     PS_E_NETWORK,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=u%2F1 "},
    {"an error in a 200",
     {CREATED,
      PART(1),
      PART(2),
      PART(3),
      {.status = "200 OK", .body = "  \n<Error><Code>InternalError</Code></Error>"},
      ABORTED},
     6,
     PS_OUTCOME_UNKNOWN,
     PS_E_SERVICE,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=u%2F1 "},
    {"an empty 200",
     {CREATED, PART(1), PART(2), PART(3), {.status = "200 OK"}, ABORTED},
     6,
     PS_OUTCOME_UNKNOWN,
     PS_E_CORRUPT,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=u%2F1 "},
    {"another checksum of the whole",
     {CREATED,
      PART(1),
      PART(2),
      PART(3),
      {.status = "200 OK",
       .body = "<CompleteMultipartUploadResult><ChecksumCRC32>AAAAAA==</ChecksumCRC32></"
               "CompleteMultipartUploadResult>"},
      ABORTED},
     6,
     PS_OUTCOME_UNKNOWN,
     PS_E_CORRUPT,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=u%2F1 "},
    {"the last answer is lost",
     {CREATED, PART(1), PART(2), PART(3), {.fault = FAKE_CLOSE}, ABORTED},
     6,
     PS_OUTCOME_UNKNOWN,
     PS_E_NETWORK,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=u%2F1 "},
    {"409",
     {CREATED,
      PART(1),
      PART(2),
      PART(3),
      {.status = "409 Conflict", .body = "<Error><Code>ConditionalRequestConflict</Code></Error>"},
      ABORTED},
     6,
     PS_OUTCOME_NO,
     PS_E_CONFLICT,
     PS_RETRY_LATER,
     "DELETE /bucket/k?uploadId=u%2F1 "},
    {"412, and it is ours",
     {CREATED,
      PART(1),
      PART(2),
      PART(3),
      {.status = "412 Precondition Failed"},
      ABORTED,
      {.status = "200 OK", .headers = "Content-Length: 25\r\n"},
      {.status = "200 OK", .body = BODY}},
     8,
     PS_OUTCOME_YES,
     PS_OK,
     PS_RETRY_NEVER,
     "GET /bucket/k "},
    {"412, and it is not",
     {CREATED,
      PART(1),
      PART(2),
      PART(3),
      {.status = "412 Precondition Failed"},
      ABORTED,
      {.status = "200 OK", .headers = "Content-Length: 26\r\n"}},
     7,
     PS_OUTCOME_NO,
     PS_E_CONFLICT,
     PS_RETRY_NEVER,
     "HEAD /bucket/k "},
};

static void whatever_fails_no_upload_stays_open(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct fixture fixture;
        fixture_start(&fixture, rows[row].steps, 8, &options);
        fixture.body = PS_STR(BODY);
        const struct ps_fact *const fact = fixture_do(&fixture, &put);
        const size_t count = fake_server_count(fixture.server);
        const char *const last = fake_server_head(fixture.server, count - 1);
        if (fact->outcome != rows[row].outcome || fact->error.status != rows[row].status ||
            fact->error.retry != rows[row].retry || count != rows[row].count ||
            strncmp(last, rows[row].last, strlen(rows[row].last)) != 0) {
            fail_msg("%s: outcome %d, %s, retry %d, '%s', %zu requests, the last:\n%s",
                     rows[row].name, (int)fact->outcome, ps_status_name(fact->error.status),
                     (int)fact->error.retry, fact->error.message, count, last);
        }
        assert_int_equal(fact->is_equal, rows[row].outcome == PS_OUTCOME_YES);
        fixture_stop(&fixture);
    }
}

static void a_source_that_fails_in_the_middle_aborts(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {CREATED, PART(1), ABORTED};
    struct fixture fixture;
    fixture_start(&fixture, steps, 3, &options);
    fixture.body = PS_STR(BODY);
    fixture.read_fails_at = 10;
    const struct ps_fact *fact = fixture_do(&fixture, &put);
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_int_equal(fact->error.status, PS_E_NOT_FOUND);
    assert_request(&fixture, 2, "DELETE /bucket/k?uploadId=u%2F1 ");
    fixture_stop(&fixture);

    /* Another body than planned is noticed before its last part goes out. */
    static const struct fake_step more[] = {CREATED, PART(1), PART(2), ABORTED};
    fixture_start(&fixture, more, 4, &options);
    fixture.body = PS_STR(BODY);
    fixture.crc32_change = 1;
    fact = fixture_do(&fixture, &put);
    assert_int_equal(fact->outcome, PS_OUTCOME_NO);
    assert_int_equal(fact->error.status, PS_E_CORRUPT);
    assert_request(&fixture, 3, "DELETE /bucket/k?uploadId=u%2F1 ");
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_made_checked_and_put_together),
        cmocka_unit_test(whatever_fails_no_upload_stays_open),
        cmocka_unit_test(a_source_that_fails_in_the_middle_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
