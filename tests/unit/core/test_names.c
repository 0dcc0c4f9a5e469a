/* Goal: rule R5, paths and names made from numbers alone. Method: exact texts, near misses, refused
 * URIs. */
#include "core/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const struct ps_names names = {
    .bucket = {"bucket", 6}, .prefix = {"a/b", 3}, .run = {"run-x", 5}};
static const struct ps_names bare = {.bucket = {"bucket", 6}, .prefix = {"", 0}, .run = {"r", 1}};

static void writes_paths_that_name_job_and_attempt(void **state)
{
    (void)state;
    struct ps_buf buf;
    ps_buf_init(&buf, 1000);
    ps_names_add_shard_key(&buf, &names, 1, 2, 0);
    assert_string_equal(ps_buf_text(&buf),
                        "a/b/run-x/in/j00000001-a2/s00001/j00000001-a2-s00001.jsonl");
    ps_buf_clear(&buf);
    ps_names_add_out_prefix(&buf, &names, 123456789, 1);
    assert_string_equal(ps_buf_text(&buf), "a/b/run-x/out/j123456789-a1/");
    ps_buf_clear(&buf);
    ps_names_add_in_prefix(&buf, &bare, 1, 1);
    assert_string_equal(ps_buf_text(&buf), "r/in/j00000001-a1/");
    ps_buf_clear(&buf);
    ps_names_add_job(&buf, &names, 7, 3);
    assert_string_equal(ps_buf_text(&buf), "run-x-j00000007-a3");
    ps_buf_clear(&buf);
    ps_names_add_uri(&buf, &names, PS_STR("k"));
    assert_string_equal(ps_buf_text(&buf), "s3://bucket/k");
    ps_buf_release(&buf);
}

static void knows_its_own_jobs_exactly(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t job;
        int64_t attempt;
    } rows[] = {
        {"run-x-j00000001-a1", 1, 1},
        {"run-x-j00000001-a10", 1, 10},
        {"run-x-j123456789-a1", 123456789, 1},
        {"run-x-j1-a1", 0, 0},
        {"run-x-j00000001-a01", 0, 0},
        {"run-x-j00000000-a1", 0, 0},
        {"run-x-j00000001-a0", 0, 0},
        {"run-x-j00000001-a1-b", 0, 0},
        {"run-xy-j00000001-a1", 0, 0},
        {"run-x", 0, 0},
        {"run-x-j00000001", 0, 0},
        {"run-x-j00000001-a", 0, 0},
        {"", 0, 0},
        {"run-x-j-0000001-a1", 0, 0},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        int64_t job = -1;
        int64_t attempt = -1;
        const bool is_ours = ps_names_parse_job(&names, ps_str_of(rows[row].name), &job, &attempt);
        assert_int_equal(is_ours, rows[row].job != 0);
        assert_int_equal(job, is_ours ? rows[row].job : -1);
        assert_int_equal(attempt, is_ours ? rows[row].attempt : -1);
    }
}

static void takes_only_addresses_that_the_service_takes(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        const char *bucket; /* NULL: refused */
        const char *prefix;
    } rows[] = {
        {"s3://bucket/a/b", "bucket", "a/b"},
        {"s3://bucket/a/b/", "bucket", "a/b"},
        {"s3://bucket", "bucket", ""},
        {"s3://bucket/", "bucket", ""},
        {"s3://my.bucket-1/it's(1)!*", "my.bucket-1", "it's(1)!*"},
        {"s3://bucket/day=1", NULL, NULL},
        {"s3://bucket/a b", NULL, NULL},
        {"s3://bucket/a//b", NULL, NULL},
        {"s3://bucket//", NULL, NULL},
        {"s3://bucket/a+b", NULL, NULL},
        {"s3://bu/a", NULL, NULL},
        {"s3://Bucket/a", NULL, NULL},
        {"s3://-bucket/a", NULL, NULL},
        {"http://bucket/a", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_str bucket = PS_STR("?");
        struct ps_str prefix = PS_STR("?");
        struct ps_error err = {0};
        const enum ps_status status =
            ps_names_parse_uri(ps_str_of(rows[row].uri), &bucket, &prefix, &err);
        if (rows[row].bucket == NULL) {
            assert_int_equal(status, PS_E_USAGE);
            assert_true(ps_str_equals_text(bucket, "?"));
            assert_true(err.message[0] != '\0' && err.hint[0] != '\0');
        } else {
            assert_int_equal(status, PS_OK);
            assert_true(ps_str_equals_text(bucket, rows[row].bucket));
            assert_true(ps_str_equals_text(prefix, rows[row].prefix));
        }
    }
}

static void names_of_runs_are_plain(void **state)
{
    (void)state;
    assert_true(ps_names_is_run(PS_STR("nightly-2026")));
    assert_true(ps_names_is_run(PS_STR("a")));
    assert_true(ps_names_is_run(PS_STR("0123456789012345678901234567890123456789")));
    assert_false(ps_names_is_run(PS_STR("01234567890123456789012345678901234567890")));
    assert_false(ps_names_is_run(PS_STR("")));
    assert_false(ps_names_is_run(PS_STR("-a")));
    assert_false(ps_names_is_run(PS_STR("a-")));
    assert_false(ps_names_is_run(PS_STR("A")));
    assert_false(ps_names_is_run(PS_STR("../x")));
    assert_false(ps_names_is_run(PS_STR("a_b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_paths_that_name_job_and_attempt),
        cmocka_unit_test(knows_its_own_jobs_exactly),
        cmocka_unit_test(takes_only_addresses_that_the_service_takes),
        cmocka_unit_test(names_of_runs_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
