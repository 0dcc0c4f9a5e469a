/* Goal: pages of a listing join to the whole of it, folded or not. Method: keys in a bucket, every
 * page size. */
#include "sim/listing.h"

#include "world_bench.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *const keys[] = {"a", "a/1", "a/2", "a/b/3", "b", "b-/4", "b/5", "c"};

/* All pages of `size` items, joined by spaces. */
static void list(struct bench *const bench, const struct ps_listing_query *const asked,
                 const int64_t size, struct ps_buf *const items)
{
    struct ps_listing_query query = *asked;
    char last[256] = "";
    bool goes_on = true;
    query.place.bucket = ps_str_of(bench->identity.bucket);
    query.page_max = size;
    while (goes_on) {
        struct ps_listing page PS_CLEANUP(ps_listing_release);
        const struct ps_call call = bench_call(bench, PS_OP_LIST_OBJECTS);
        assert_true(ps_listing_read(bench->world, &call, &query, &page, &bench->refusal));
        assert_true((int64_t)page.count <= size);
        assert_true(!page.is_truncated || (int64_t)page.count == size);
        for (size_t index = 0; index < page.count; index++) {
            ps_buf_add_format(items, "%s ", page.rows[index].key);
            (void)snprintf(last, sizeof last, "%s", page.rows[index].key);
        }
        query.after = ps_str_of(last);
        goes_on = page.is_truncated;
    }
}

static void pages_join_to_the_whole(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        const char *delimiter;
        const char *after;
        const char *expected;
    } rows[] = {
        {"", "", "", "a a/1 a/2 a/b/3 b b-/4 b/5 c "},
        {"", "/", "", "a a/ b b-/ b/ c "},
        {"a/", "", "", "a/1 a/2 a/b/3 "},
        {"a/", "/", "", "a/1 a/2 a/b/ "},
        {"b", "/", "", "b b-/ b/ "},
        {"", "", "a/2", "a/b/3 b b-/4 b/5 c "},
        {"", "/", "a/", "b b-/ b/ c "},
        {"z", "", "", ""},
        {"", "x", "", "a a/1 a/2 a/b/3 b b-/4 b/5 c "},
    };
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, NULL, NULL);
    for (size_t index = sizeof keys / sizeof keys[0]; index > 0; index--) {
        assert_true(bench_put(&bench, keys[index - 1], "x"));
    }
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        for (int64_t size = 1; size <= 9; size++) {
            struct ps_buf items PS_CLEANUP(ps_buf_release);
            ps_buf_init(&items, 10000);
            const struct ps_listing_query query = {.prefix = ps_str_of(rows[index].prefix),
                                                   .delimiter = ps_str_of(rows[index].delimiter),
                                                   .after = ps_str_of(rows[index].after)};
            list(&bench, &query, size, &items);
            assert_string_equal(ps_buf_text(&items), rows[index].expected);
        }
    }
}

static void a_lagging_listing_does_not_show_what_is_young(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_buf items PS_CLEANUP(ps_buf_release);
    ps_buf_init(&items, 10000);
    bench_init(&bench, "lag:list_objects:nth=1", NULL);
    const struct ps_listing_query query = {.page_max = 10};
    assert_true(bench_put(&bench, "old", "x"));
    bench.now_ms += 2 * PS_MINUTE_MS;
    assert_true(bench_put(&bench, "young", "x"));
    list(&bench, &query, 10, &items);
    assert_string_equal(ps_buf_text(&items), "old ");
    list(&bench, &query, 10, &items);
    assert_string_equal(ps_buf_text(&items), "old old young ");
}

static void an_output_may_vanish_once_it_was_listed(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_buf items PS_CLEANUP(ps_buf_release);
    char id[16];
    ps_buf_init(&items, 10000);
    bench_init(&bench, "vanish:output:nth=1", NULL);
    bench_put_lines(&bench, "f/in/a/x.jsonl", 100, 0);
    char *const body = bench_job_body(&bench, "job", "f", "");
    assert_true(bench_create(&bench, body, id));
    free(body);
    bench_run_all(&bench);
    const struct ps_listing_query query = {.prefix = PS_STR("f/out/")};
    list(&bench, &query, 10, &items);
    assert_non_null(strstr(ps_buf_text(&items), "x.jsonl.out"));
    ps_buf_clear(&items);
    list(&bench, &query, 10, &items);
    assert_null(strstr(ps_buf_text(&items), "x.jsonl.out"));
    assert_non_null(strstr(ps_buf_text(&items), "manifest.json.out"));
}

static void a_listing_of_no_bucket_is_refused(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_listing page;
    bench_init(&bench, NULL, NULL);
    const struct ps_call call = bench_call(&bench, PS_OP_LIST_OBJECTS);
    const struct ps_listing_query query = {.place = {.bucket = PS_STR("nobodys")}, .page_max = 10};
    assert_false(ps_listing_read(bench.world, &call, &query, &page, &bench.refusal));
    assert_string_equal(bench.refusal.code, "NoSuchBucket");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_join_to_the_whole),
        cmocka_unit_test(a_lagging_listing_does_not_show_what_is_young),
        cmocka_unit_test(an_output_may_vanish_once_it_was_listed),
        cmocka_unit_test(a_listing_of_no_bucket_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
