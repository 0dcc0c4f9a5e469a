/*
 * Goal: S3 over the wire has its forms: conditions, ranges, checksums, listings, parts, errors.
 * Method: requests as a client that is not ours would send them.
 */
#include "emu/services.h"

#include "client.h"

#include "base/buf.h"
#include "codec/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct reply ask(const struct client *const client, const char *const method,
                        const char *const key, const char *const headers, const char *const body)
{
    char path[512];
    return client_send(client, &(struct sending){.method = method,
                                                 .target = client_path(client, key, path),
                                                 .headers = headers,
                                                 .body = ps_str_of(body)});
}

/* ---- objects ---- */

static void an_object_comes_back_with_its_headers(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char room[256];
    client_start(&client, 1, NULL, NULL);
    struct reply put PS_CLEANUP(reply_release) =
        ask(&client, "PUT", "a%20b/%C3%A9",
            "content-type: text/plain\nx-amz-checksum-crc32: NhCmhg==\n", "hello");
    assert_int_equal(put.status, 200);
    assert_string_equal(reply_header(&put, "ETag", room), "\"5d41402abc4b2a76b9719d911017c592\"");
    assert_string_equal(reply_header(&put, "x-amz-checksum-crc32", room), "NhCmhg==");
    struct reply got PS_CLEANUP(reply_release) =
        ask(&client, "GET", "a%20b/%C3%A9", "x-amz-checksum-mode: ENABLED\n", "");
    assert_string_equal(got.body, "hello");
    assert_true(got.is_whole);
    assert_string_equal(reply_header(&got, "Content-Type", room), "text/plain");
    assert_string_equal(reply_header(&got, "x-amz-checksum-crc32", room), "NhCmhg==");
    assert_string_equal(reply_header(&got, "x-amz-checksum-type", room), "FULL_OBJECT");
    assert_int_equal(strlen(reply_header(&got, "Last-Modified", room)), 29);
    struct reply head PS_CLEANUP(reply_release) = ask(&client, "HEAD", "a%20b/%C3%A9", NULL, "");
    assert_int_equal(head.status, 200);
    assert_string_equal(reply_header(&head, "Content-Length", room), "5");
    assert_int_equal(head.body_size, 0);
    assert_string_equal(reply_header(&head, "x-amz-checksum-crc32", room), "");
}

static void ranges_are_parts(void **state)
{
    (void)state;
    static const struct {
        const char *range;
        int status;
        const char *body;
        const char *content_range;
    } rows[] = {
        {"range: bytes=2-4\n", 206, "234", "bytes 2-4/10"},
        {"range: bytes=7-\n", 206, "789", "bytes 7-9/10"},
        {"range: bytes=-2\n", 206, "89", "bytes 8-9/10"},
        {"range: bytes=-20\n", 206, "0123456789", "bytes 0-9/10"},
        {"range: bytes=8-100\n", 206, "89", "bytes 8-9/10"},
        {"range: bytes=10-\n", 416, NULL, "bytes */10"},
        {"range: bytes=-0\n", 416, NULL, "bytes */10"},
        {"range: bytes=4-2\n", 200, "0123456789", ""},
        {"range: lines=1-2\n", 200, "0123456789", ""},
    };
    struct client client PS_CLEANUP(client_stop);
    char room[256];
    client_start(&client, 1, NULL, NULL);
    assert_int_equal(client_put(&client, "k", "0123456789"), 200);
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct reply reply PS_CLEANUP(reply_release) =
            ask(&client, "GET", "k", rows[index].range, "");
        assert_int_equal(reply.status, rows[index].status);
        assert_string_equal(reply_header(&reply, "Content-Range", room), rows[index].content_range);
        if (rows[index].body != NULL) {
            assert_string_equal(reply.body, rows[index].body);
        } else {
            assert_non_null(strstr(reply.body, "<Code>InvalidRange</Code>"));
        }
    }
}

static void conditions_are_held(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *key;
        const char *headers;
        int status;
    } rows[] = {
        {"PUT", "k", "if-none-match: *\n", 412},
        {"PUT", "new", "if-none-match: *\n", 200},
        {"PUT", "k", "if-none-match: \"x\"\n", 501},
        {"GET", "k", "if-match: \"5d41402abc4b2a76b9719d911017c592\"\n", 200},
        {"GET", "k", "if-match: \"00\"\n", 412},
        {"GET", "k", "if-none-match: \"5d41402abc4b2a76b9719d911017c592\"\n", 304},
        {"GET", "none", NULL, 404},
        {"HEAD", "none", NULL, 404},
        {"DELETE", "none", NULL, 204},
        {"PUT", "k", "x-amz-expected-bucket-owner: 000000000000\n", 403},
        {"GET", "k?acl", NULL, 501},
        {"PUT", "k", "x-amz-copy-source: /a/b\n", 501},
    };
    struct client client PS_CLEANUP(client_stop);
    client_start(&client, 1, NULL, NULL);
    assert_int_equal(client_put(&client, "k", "hello"), 200);
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct reply reply PS_CLEANUP(reply_release) =
            ask(&client, rows[index].method, rows[index].key, rows[index].headers,
                strcmp(rows[index].method, "PUT") == 0 ? "other" : "");
        if (reply.status != rows[index].status) {
            fail_msg("row %zu: %d %s", index, reply.status, reply.body);
        }
    }
}

static void payloads_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *hash;
        const char *headers;
        const char *body;
        int status;
    } rows[] = {
        {"UNSIGNED-PAYLOAD", NULL, "hello", 200},
        {"0000000000000000000000000000000000000000000000000000000000000000", NULL, "hello", 400},
        {"rubbish", NULL, "hello", 400},
        {NULL, "x-amz-checksum-sha256: AAAA\n", "hello", 400},
        {NULL, "content-md5: XUFAKrxLKna5cZ2REBfFkg==\n", "hello", 200},
        {NULL, "content-md5: AAAAAAAAAAAAAAAAAAAAAA==\n", "hello", 400},
        {"STREAMING-UNSIGNED-PAYLOAD-TRAILER",
         "content-encoding: aws-chunked\nx-amz-trailer: x-amz-checksum-crc32\n"
         "x-amz-decoded-content-length: 5\n",
         "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", 200},
        {"STREAMING-UNSIGNED-PAYLOAD-TRAILER",
         "content-encoding: aws-chunked\nx-amz-trailer: x-amz-checksum-crc32\n",
         "5\r\nhellO\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", 400},
        {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "content-encoding: aws-chunked\n",
         "5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n", 200},
        {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "content-encoding: aws-chunked\n", "hello", 400},
        {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "content-encoding: aws-chunked\n", "5\r\nhel", 400},
    };
    struct client client PS_CLEANUP(client_stop);
    char path[512];
    client_start(&client, 1, NULL, NULL);
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        char key[32];
        (void)snprintf(key, sizeof key, "k%zu", index);
        const int status =
            client_status(&client, &(struct sending){.method = "PUT",
                                                     .target = client_path(&client, key, path),
                                                     .headers = rows[index].headers,
                                                     .body = ps_str_of(rows[index].body),
                                                     .payload_hash = rows[index].hash});
        if (status != rows[index].status) {
            fail_msg("row %zu: %d", index, status);
        }
        struct reply got PS_CLEANUP(reply_release) = client_get(&client, key);
        assert_int_equal(got.status, rows[index].status == 200 ? 200 : 404);
        assert_true(got.status == 404 || strcmp(got.body, "hello") == 0);
    }
}

/* ---- buckets ---- */

static void a_listing_has_its_xml(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    client_start(&client, 1, NULL, NULL);
    assert_int_equal(client_put(&client, "p/a%26b%20c", "1"), 200);
    assert_int_equal(client_put(&client, "p/d/e", "1"), 200);
    struct reply plain PS_CLEANUP(reply_release) =
        ask(&client, "GET", "?list-type=2&prefix=p%2F&delimiter=%2F", NULL, "");
    assert_non_null(strstr(plain.body, "<Key>p/a&amp;b c</Key>"));
    assert_non_null(strstr(plain.body, "<CommonPrefixes><Prefix>p/d/</Prefix></CommonPrefixes>"));
    assert_non_null(strstr(plain.body, "<KeyCount>2</KeyCount><IsTruncated>false</IsTruncated>"));
    assert_non_null(strstr(plain.body, "<Size>1</Size>"));
    struct reply encoded PS_CLEANUP(reply_release) =
        ask(&client, "GET", "?list-type=2&prefix=p%2F&encoding-type=url", NULL, "");
    assert_non_null(strstr(encoded.body, "<Key>p/a%26b%20c</Key>"));
    struct reply first PS_CLEANUP(reply_release) =
        ask(&client, "GET", "?list-type=2&max-keys=1", NULL, "");
    const char *const token = strstr(first.body, "<NextContinuationToken>");
    assert_non_null(token);
    char target[512];
    (void)snprintf(target, sizeof target, "?list-type=2&continuation-token=%.*s",
                   (int)(strstr(token, "</") - token - 23), token + 23);
    struct reply rest PS_CLEANUP(reply_release) = ask(&client, "GET", target, NULL, "");
    assert_non_null(strstr(rest.body, "<KeyCount>1</KeyCount>"));
    assert_non_null(strstr(rest.body, "<Key>p/d/e</Key>"));
    struct reply wrong PS_CLEANUP(reply_release) =
        ask(&client, "GET", "?list-type=2&continuation-token=x", NULL, "");
    assert_int_equal(wrong.status, 400);
    struct reply none PS_CLEANUP(reply_release) =
        ask(&client, "GET", "?list-type=2&max-keys=0", NULL, "");
    assert_non_null(strstr(none.body, "<KeyCount>0</KeyCount><IsTruncated>false</IsTruncated>"));
}

static void buckets_say_where_they_are(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char target[256];
    char room[256];
    client_start(&client, 1, NULL, NULL);
    (void)snprintf(target, sizeof target, "/%s-elsewhere?list-type=2",
                   ps_emulator_bucket(client.emulator));
    struct reply other PS_CLEANUP(reply_release) =
        client_send(&client, &(struct sending){.method = "GET", .target = target});
    assert_int_equal(other.status, 301);
    assert_string_equal(reply_header(&other, "x-amz-bucket-region", room), "eu-west-1");
    assert_non_null(strstr(other.body, "<Code>PermanentRedirect</Code>"));
    const struct sending there = {.method = "GET", .target = target, .region = "eu-west-1"};
    assert_int_equal(client_status(&client, &there), 200);
    struct reply head PS_CLEANUP(reply_release) = ask(&client, "HEAD", "", NULL, "");
    assert_string_equal(reply_header(&head, "x-amz-bucket-region", room), "us-east-1");
    struct reply location PS_CLEANUP(reply_release) = ask(&client, "GET", "?location", NULL, "");
    assert_non_null(strstr(location.body, "></LocationConstraint>"));
    const struct sending make = {.method = "PUT", .target = "/made-by-test"};
    assert_int_equal(client_status(&client, &make), 200);
    assert_int_equal(client_status(&client, &make), 409);
    const struct sending all = {.method = "GET", .target = "/"};
    struct reply listed PS_CLEANUP(reply_release) = client_send(&client, &all);
    assert_non_null(strstr(listed.body, "<Name>made-by-test</Name>"));
}

static void many_are_deleted_at_once(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    static const char body[] = "<Delete><Object><Key>a</Key></Object><Object><Key>b &amp; c</Key>"
                               "</Object><Object><Key>none</Key></Object></Delete>";
    client_start(&client, 1, NULL, NULL);
    assert_int_equal(client_put(&client, "a", "1"), 200);
    assert_int_equal(client_put(&client, "b%20%26%20c", "1"), 200);
    struct reply bare PS_CLEANUP(reply_release) = ask(&client, "POST", "?delete", NULL, body);
    assert_int_equal(bare.status, 400); /* it must come with a digest */
    struct reply wrong PS_CLEANUP(reply_release) =
        ask(&client, "POST", "?delete", "x-amz-checksum-crc32: AAAAAA==\n", body);
    assert_int_equal(wrong.status, 400);
    struct ps_buf digest PS_CLEANUP(ps_buf_release);
    ps_buf_init(&digest, 200);
    char crc32[PS_CRC32_BASE64_SIZE];
    ps_crc32_base64(ps_crc32(0, PS_STR(body)), crc32);
    ps_buf_add_format(&digest, "x-amz-checksum-crc32: %s\n", crc32);
    struct reply right PS_CLEANUP(reply_release) =
        ask(&client, "POST", "?delete", ps_buf_text(&digest), body);
    assert_int_equal(right.status, 200);
    assert_non_null(strstr(right.body, "<Deleted><Key>b &amp; c</Key></Deleted>"));
    assert_non_null(strstr(right.body, "<Deleted><Key>none</Key></Deleted>"));
    struct reply gone PS_CLEANUP(reply_release) = client_get(&client, "a");
    assert_int_equal(gone.status, 404);
}

/* ---- parts ---- */

static void part(const struct client *const client, const char *const id, const int number,
                 const struct ps_str body, char ret_etag[const 256])
{
    char path[512];
    char key[256];
    (void)snprintf(key, sizeof key, "big?partNumber=%d&uploadId=%s", number, id);
    struct reply reply PS_CLEANUP(reply_release) = client_send(
        client,
        &(struct sending){.method = "PUT", .target = client_path(client, key, path), .body = body});
    assert_int_equal(reply.status, 200);
    (void)reply_header(&reply, "ETag", ret_etag);
}

static void text_between(const char *const text, const char *const from, const char *const to,
                         char ret_text[const 128])
{
    const char *const at = strstr(text, from);
    assert_non_null(at);
    const char *const begin = at + strlen(from);
    (void)snprintf(ret_text, 128, "%.*s", (int)(strstr(begin, to) - begin), begin);
}

static void parts_are_uploaded_listed_and_completed(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char id[128];
    char etags[2][256];
    char key[256];
    char body[1024];
    const size_t size = (size_t)5 << 20;
    char *bytes PS_CLEANUP(ps_str_free_auto) = malloc(size);
    assert_non_null(bytes);
    memset(bytes, 'x', size);
    client_start(&client, 1, NULL, NULL);
    struct reply made PS_CLEANUP(reply_release) = ask(&client, "POST", "big?uploads", NULL, "");
    text_between(made.body, "<UploadId>", "</UploadId>", id);
    part(&client, id, 1, (struct ps_str){bytes, size}, etags[0]);
    part(&client, id, 2, PS_STR("end"), etags[1]);
    (void)snprintf(key, sizeof key, "big?uploadId=%s", id);
    struct reply parts PS_CLEANUP(reply_release) = ask(&client, "GET", key, NULL, "");
    assert_non_null(strstr(parts.body, "<PartNumber>2</PartNumber>"));
    struct reply open PS_CLEANUP(reply_release) =
        ask(&client, "GET", "?uploads&prefix=bi", NULL, "");
    assert_non_null(strstr(open.body, id));
    (void)snprintf(
        body, sizeof body,
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>%s</ETag></Part>"
        "<Part><ETag>%s</ETag><PartNumber>2</PartNumber></Part></CompleteMultipartUpload>",
        etags[0], etags[1]);
    struct reply wrong PS_CLEANUP(reply_release) =
        ask(&client, "POST", key, "x-amz-mp-object-size: 7\n", body);
    assert_int_equal(wrong.status, 400);
    struct reply broken PS_CLEANUP(reply_release) = ask(&client, "POST", key, NULL, "<Complete");
    assert_non_null(strstr(broken.body, "<Code>MalformedXML</Code>"));
    struct reply done PS_CLEANUP(reply_release) =
        ask(&client, "POST", key, "if-none-match: *\n", body);
    assert_int_equal(done.status, 200);
    assert_non_null(strstr(done.body, "-2&quot;</ETag>"));
    struct reply again PS_CLEANUP(reply_release) = ask(&client, "POST", key, NULL, body);
    assert_int_equal(again.status, 404);
    struct reply tail PS_CLEANUP(reply_release) =
        ask(&client, "GET", "big", "range: bytes=-4\n", "");
    assert_string_equal(tail.body, "xend");
    struct reply other PS_CLEANUP(reply_release) = ask(&client, "POST", "big?uploads", NULL, "");
    text_between(other.body, "<UploadId>", "</UploadId>", id);
    (void)snprintf(key, sizeof key, "big?uploadId=%s", id);
    struct reply aborted PS_CLEANUP(reply_release) = ask(&client, "DELETE", key, NULL, "");
    assert_int_equal(aborted.status, 204);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_comes_back_with_its_headers),
        cmocka_unit_test(ranges_are_parts),
        cmocka_unit_test(conditions_are_held),
        cmocka_unit_test(payloads_are_checked),
        cmocka_unit_test(a_listing_has_its_xml),
        cmocka_unit_test(buckets_say_where_they_are),
        cmocka_unit_test(many_are_deleted_at_once),
        cmocka_unit_test(parts_are_uploaded_listed_and_completed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
