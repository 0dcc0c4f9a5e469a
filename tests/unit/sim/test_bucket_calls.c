/* Goal: objects are put, read and deleted under the conditions that a call names. Method: a world,
 * and refusals. */
#include "world_bench.h"

#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct ps_object_put put_of(const struct bench *const bench, const char *const key)
{
    return (struct ps_object_put){.place = {.bucket = ps_str_of(bench->identity.bucket),
                                            .key = ps_str_of(key),
                                            .region = ps_str_of(bench->identity.region)}};
}

/* "" when it was put, else the code of the refusal. */
static const char *put(struct bench *const bench, const struct ps_object_put *const what,
                       const enum ps_checksum checksum)
{
    struct ps_body_file *body = NULL;
    struct ps_checksums_result digests;
    const struct ps_call call = bench_call(bench, PS_OP_PUT);
    assert_int_equal(ps_object_new_body(bench->world, checksum, &body, NULL), PS_OK);
    assert_int_equal(ps_body_file_write(body, PS_STR("hello"), NULL), PS_OK);
    const bool is_put = ps_object_put(bench->world, &call, what, body, &digests, &bench->refusal);
    (void)ps_body_file_free(body);
    return is_put ? "" : bench->refusal.code;
}

static void what_was_put_is_read_again_after_a_restart(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, NULL, NULL);
    assert_true(bench_put(&bench, "a/\xc3\xa9 \"b\"", "one"));
    assert_true(bench_put(&bench, "a/../../etc/passwd", "two"));
    assert_true(bench_put(&bench, "a/\xc3\xa9 \"b\"", "three"));
    bench_reopen(&bench);
    char *text = bench_read(&bench, "a/\xc3\xa9 \"b\"");
    assert_string_equal(text, "three");
    free(text);
    text = bench_read(&bench, "a/../../etc/passwd");
    assert_string_equal(text, "two");
    free(text);
    assert_null(bench_read(&bench, "a/"));
    assert_string_equal(bench.refusal.code, "NoSuchKey");
}

static void conditions_hold(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, NULL, NULL);
    struct ps_object_put once = put_of(&bench, "k");
    once.is_if_none_match = true;
    assert_string_equal(put(&bench, &once, PS_CHECKSUM_NONE), "");
    assert_string_equal(put(&bench, &once, PS_CHECKSUM_NONE), "PreconditionFailed");
    assert_int_equal(bench.refusal.http_status, 412);
    assert_false(ps_object_put_check(bench.world, &once, &bench.refusal));

    struct ps_object_put same = put_of(&bench, "k");
    same.if_match = PS_STR("\"5d41402abc4b2a76b9719d911017c592\"");
    assert_string_equal(put(&bench, &same, PS_CHECKSUM_NONE), "");
    same.if_match = PS_STR("\"00000000000000000000000000000000\"");
    assert_string_equal(put(&bench, &same, PS_CHECKSUM_NONE), "PreconditionFailed");
    same = put_of(&bench, "nothing");
    same.if_match = PS_STR("5d41402abc4b2a76b9719d911017c592");
    assert_string_equal(put(&bench, &same, PS_CHECKSUM_NONE), "NoSuchKey");
}

static void digests_are_checked_and_nothing_is_left_of_a_bad_one(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, NULL, NULL);
    struct ps_object_put what = put_of(&bench, "k");
    what.expected_checksum = PS_STR("NhCmhg==");
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_CRC32), "");
    what = put_of(&bench, "bad");
    what.expected_checksum = PS_STR("AAAAAA==");
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_CRC32), "BadDigest");
    what = put_of(&bench, "bad");
    what.expected_md5 = PS_STR("XUFAKrxLKna5cZ2REBfFkg==");
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_NONE), "");
    what = put_of(&bench, "worse");
    what.expected_md5 = PS_STR("AAAAAAAAAAAAAAAAAAAAAA==");
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_NONE), "BadDigest");
    what.expected_md5 = PS_STR("no base64");
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_NONE), "InvalidDigest");
    what = put_of(&bench, "worse");
    what.expected_sha256 =
        PS_STR("0000000000000000000000000000000000000000000000000000000000000000");
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_NONE), "XAmzContentSHA256Mismatch");
    assert_null(bench_read(&bench, "worse"));
}

static void places_are_checked(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char long_key[PS_KEY_BYTES_MAX + 2];
    bench_init(&bench, NULL, NULL);
    memset(long_key, 'k', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    struct ps_object_put what = put_of(&bench, long_key);
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_NONE), "KeyTooLongError");
    what = put_of(&bench, "\xff");
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_NONE), "InvalidURI");
    what = put_of(&bench, "k");
    what.place.bucket = PS_STR("nobodys");
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_NONE), "NoSuchBucket");
    what.place.bucket = ps_str_of(bench.identity.other_bucket);
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_NONE), "PermanentRedirect");
    assert_string_equal(bench.refusal.region, bench.identity.other_region);
    what = put_of(&bench, "k");
    what.place.owner = PS_STR("000000000000");
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_NONE), "AccessDenied");
    what.place.owner = ps_str_of(bench.identity.account_id);
    assert_string_equal(put(&bench, &what, PS_CHECKSUM_NONE), "");
}

static void a_view_outlives_the_object(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_object_view view;
    char room[8] = {0};
    bench_init(&bench, NULL, NULL);
    assert_true(bench_put(&bench, "k", "before"));
    const struct ps_call call = bench_call(&bench, PS_OP_GET_OBJECT);
    const struct ps_object_put what = put_of(&bench, "k");
    assert_true(ps_object_open(bench.world, &call, &what.place, true, &view, &bench.refusal));
    assert_int_equal(view.size_bytes, 6);
    assert_int_equal(view.algorithm, PS_CHECKSUM_CRC32);
    assert_false(view.is_output);
    assert_true(ps_object_delete(bench.world, &call, &what.place, &bench.refusal));
    assert_true(ps_object_delete(bench.world, &call, &what.place, &bench.refusal));
    assert_int_equal(read(view.file, room, sizeof room), 6);
    assert_string_equal(room, "before");
    (void)close(view.file);
    assert_null(bench_read(&bench, "k"));
    assert_int_equal(bench_count_events(&bench, "object.deleted"), 1);
}

struct names {
    int count;
    char regions[256];
};

static void add_name(void *const context, const char *const name, const char *const region)
{
    struct names *const names = context;
    (void)name;
    names->count++;
    (void)strncat(names->regions, region, sizeof names->regions - strlen(names->regions) - 1);
    (void)strncat(names->regions, " ", 2);
}

static void buckets_have_their_region(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char region[32];
    struct names names = {0, ""};
    bench_init(&bench, NULL, NULL);
    struct ps_object_put what = put_of(&bench, "");
    const struct ps_call call = bench_call(&bench, PS_OP_BUCKET);
    what.place.bucket = PS_STR("another-one");
    what.place.region = PS_STR("ap-south-1");
    assert_true(ps_bucket_create(bench.world, &call, &what.place, &bench.refusal));
    assert_false(ps_bucket_create(bench.world, &call, &what.place, &bench.refusal));
    assert_string_equal(bench.refusal.code, "BucketAlreadyOwnedByYou");
    what.place.bucket = PS_STR("No");
    assert_false(ps_bucket_create(bench.world, &call, &what.place, &bench.refusal));
    assert_string_equal(bench.refusal.code, "InvalidBucketName");
    ps_bucket_region(bench.world, PS_STR("another-one"), region);
    assert_string_equal(region, "ap-south-1");
    ps_bucket_region(bench.world, PS_STR("nobodys"), region);
    assert_string_equal(region, "");
    bench_reopen(&bench);
    ps_bucket_list(bench.world, add_name, &names);
    assert_int_equal(names.count, 3);
    assert_string_equal(names.regions, "us-east-1 eu-west-1 ap-south-1 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_read_again_after_a_restart),
        cmocka_unit_test(conditions_hold),
        cmocka_unit_test(digests_are_checked_and_nothing_is_left_of_a_bad_one),
        cmocka_unit_test(places_are_checked),
        cmocka_unit_test(a_view_outlives_the_object),
        cmocka_unit_test(buckets_have_their_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
