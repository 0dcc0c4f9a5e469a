/* Goal: parts become one object, all or nothing. Method: a world, parts in any order, wrong lists.
 */
#include "sim/upload_calls.h"

#include "world_bench.h"

#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PART_BYTES ((size_t)5 << 20)

static struct ps_object_place place_of(const struct bench *const bench)
{
    return (struct ps_object_place){.bucket = ps_str_of(bench->identity.bucket),
                                    .key = PS_STR("big")};
}

static void start(struct bench *const bench, const enum ps_checksum algorithm,
                  const char *const type, char ret_id[const PS_UPLOAD_ID_SIZE])
{
    const struct ps_call call = bench_call(bench, PS_OP_CREATE_UPLOAD);
    const struct ps_upload_start start = {
        .place = place_of(bench), .algorithm = algorithm, .checksum_type = ps_str_of(type)};
    assert_true(ps_upload_create(bench->world, &call, &start, ret_id, &bench->refusal));
}

/* A part full of `letter`; its ETag goes to ret_etag. */
static bool put_part(struct bench *const bench, const char *const id, const int64_t number,
                     const char letter, const size_t size, char ret_etag[const 40])
{
    struct ps_body_file *body = NULL;
    struct ps_checksums_result digests;
    enum ps_checksum algorithm = PS_CHECKSUM_NONE;
    const struct ps_call call = bench_call(bench, PS_OP_PART);
    const struct ps_upload_part_put part = {
        .put = {.place = place_of(bench)}, .id = ps_str_of(id), .number = number};
    char *const bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, letter, size);
    if (!ps_upload_algorithm(bench->world, &part.put.place, part.id, &algorithm, &bench->refusal)) {
        free(bytes);
        return false;
    }
    assert_int_equal(ps_object_new_body(bench->world, algorithm, &body, NULL), PS_OK);
    assert_int_equal(ps_body_file_write(body, (struct ps_str){bytes, size}, NULL), PS_OK);
    const bool is_put =
        ps_upload_put_part(bench->world, &call, &part, body, &digests, &bench->refusal);
    (void)ps_body_file_free(body);
    free(bytes);
    (void)snprintf(ret_etag, 40, "%s", digests.md5_hex);
    return is_put;
}

/* "" when it was completed, else the refusal's code. */
static const char *complete(struct bench *const bench, const char *const id,
                            const struct ps_upload_part_ref *const parts, const size_t count,
                            struct ps_object_view *const ret_view)
{
    const struct ps_call call = bench_call(bench, PS_OP_COMPLETE);
    const struct ps_upload_end end = {.put = {.place = place_of(bench)},
                                      .id = ps_str_of(id),
                                      .parts = parts,
                                      .part_count = count,
                                      .expected_size_bytes = -1};
    return ps_upload_complete(bench->world, &call, &end, ret_view, &bench->refusal)
               ? ""
               : bench->refusal.code;
}

static void parts_become_one_object(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[PS_UPLOAD_ID_SIZE];
    char etags[2][40];
    struct ps_object_view view;
    bench_init(&bench, NULL, NULL);
    start(&bench, PS_CHECKSUM_CRC32, "FULL_OBJECT", id);
    assert_true(put_part(&bench, id, 7, 'b', 3, etags[1]));
    assert_true(put_part(&bench, id, 2, 'x', 10, etags[0]));
    bench_reopen(&bench);                                            /* parts outlive a restart */
    assert_true(put_part(&bench, id, 2, 'a', PART_BYTES, etags[0])); /* sent again */
    assert_int_equal(bench_ledger_number(&bench, "/open_multipart"), 1);
    const struct ps_upload_part_ref parts[] = {{2, ps_str_of(etags[0])}, {7, ps_str_of(etags[1])}};
    assert_string_equal(complete(&bench, id, parts, 2, &view), "");
    assert_int_equal(view.size_bytes, PART_BYTES + 3);
    assert_non_null(strstr(view.etag, "-2"));
    assert_int_equal(view.algorithm, PS_CHECKSUM_CRC32);
    assert_false(view.is_composite);
    char *const text = bench_read(&bench, "big");
    assert_string_equal(text + PART_BYTES - 1, "abbb");
    struct ps_checksums_result digests;
    struct ps_checksums *const checksums = ps_checksums_new(PS_CHECKSUM_CRC32);
    ps_checksums_add(checksums, ps_str_of(text));
    ps_checksums_end(checksums, &digests);
    (void)ps_checksums_free(checksums);
    assert_string_equal(view.checksum, digests.chosen_base64);
    free(text);
    assert_int_equal(bench_ledger_number(&bench, "/open_multipart"), 0);
    assert_string_equal(complete(&bench, id, parts, 2, &view), "NoSuchUpload");
}

static void a_composite_checksum_is_told_as_such(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[PS_UPLOAD_ID_SIZE];
    char etag[40];
    struct ps_object_view view;
    bench_init(&bench, NULL, NULL);
    start(&bench, PS_CHECKSUM_SHA256, "", id);
    assert_true(put_part(&bench, id, 1, 'a', 3, etag));
    const struct ps_upload_part_ref parts[] = {{1, ps_str_of(etag)}};
    assert_string_equal(complete(&bench, id, parts, 1, &view), "");
    assert_true(view.is_composite);
    assert_non_null(strstr(view.checksum, "-1"));
}

static void wrong_lists_of_parts_are_refused(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[PS_UPLOAD_ID_SIZE];
    char small[40];
    char last[40];
    struct ps_object_view view;
    bench_init(&bench, NULL, NULL);
    start(&bench, PS_CHECKSUM_NONE, "", id);
    assert_true(put_part(&bench, id, 1, 'a', 3, small));
    assert_true(put_part(&bench, id, 2, 'b', 3, last));
    const struct ps_upload_part_ref too_small[] = {{1, ps_str_of(small)}, {2, ps_str_of(last)}};
    const struct ps_upload_part_ref backwards[] = {{2, ps_str_of(last)}, {1, ps_str_of(small)}};
    const struct ps_upload_part_ref absent[] = {{3, ps_str_of(last)}};
    const struct ps_upload_part_ref other_etag[] = {{1, ps_str_of(last)}};
    assert_string_equal(complete(&bench, id, too_small, 2, &view), "EntityTooSmall");
    assert_string_equal(complete(&bench, id, backwards, 2, &view), "EntityTooSmall");
    assert_string_equal(complete(&bench, id, absent, 1, &view), "InvalidPart");
    assert_string_equal(complete(&bench, id, other_etag, 1, &view), "InvalidPart");
    assert_string_equal(complete(&bench, id, absent, 0, &view), "MalformedXML");
    assert_string_equal(complete(&bench, "other", absent, 1, &view), "NoSuchUpload");
    assert_false(put_part(&bench, id, 10001, 'a', 3, small));
    assert_string_equal(bench.refusal.code, "InvalidArgument");
    assert_null(bench_read(&bench, "big"));
}

static void parts_out_of_order_are_refused(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[PS_UPLOAD_ID_SIZE];
    char etags[2][40];
    struct ps_object_view view;
    bench_init(&bench, NULL, NULL);
    start(&bench, PS_CHECKSUM_NONE, "", id);
    assert_true(put_part(&bench, id, 1, 'a', PART_BYTES, etags[0]));
    assert_true(put_part(&bench, id, 2, 'b', PART_BYTES, etags[1]));
    const struct ps_upload_part_ref backwards[] = {{2, ps_str_of(etags[1])},
                                                   {1, ps_str_of(etags[0])}};
    assert_string_equal(complete(&bench, id, backwards, 2, &view), "InvalidPartOrder");
}

static void count_upload(void *const context, const char *const key, const char *const id,
                         const int64_t created_ms)
{
    assert_string_equal(key, "big");
    assert_true(id[0] != '\0' && created_ms > 0);
    ++*(int *)context;
}

static void count_part(void *const context, const struct ps_part_view *const part)
{
    assert_int_equal(part->size_bytes, 3);
    *(int64_t *)context = *(int64_t *)context * 10 + part->number;
}

static void what_is_open_is_listed_and_aborted(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[PS_UPLOAD_ID_SIZE];
    char etag[40];
    int uploads = 0;
    int64_t numbers = 0;
    bench_init(&bench, NULL, NULL);
    start(&bench, PS_CHECKSUM_NONE, "", id);
    assert_true(put_part(&bench, id, 2, 'a', 3, etag));
    assert_true(put_part(&bench, id, 1, 'a', 3, etag));
    struct ps_object_place place = place_of(&bench);
    assert_true(ps_upload_list_parts(bench.world, &place, ps_str_of(id), count_part, &numbers,
                                     &bench.refusal));
    assert_int_equal(numbers, 12);
    place.key = PS_STR("bi");
    assert_true(ps_upload_list(bench.world, &place, count_upload, &uploads, &bench.refusal));
    assert_int_equal(uploads, 1);
    place.key = PS_STR("other");
    assert_true(ps_upload_list(bench.world, &place, count_upload, &uploads, &bench.refusal));
    assert_int_equal(uploads, 1);
    place = place_of(&bench);
    const struct ps_call call = bench_call(&bench, PS_OP_ABORT);
    assert_true(ps_upload_abort(bench.world, &call, &place, ps_str_of(id), &bench.refusal));
    assert_false(ps_upload_abort(bench.world, &call, &place, ps_str_of(id), &bench.refusal));
    assert_string_equal(bench.refusal.code, "NoSuchUpload");
    assert_int_equal(bench_ledger_number(&bench, "/open_multipart"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_become_one_object),
        cmocka_unit_test(a_composite_checksum_is_told_as_such),
        cmocka_unit_test(wrong_lists_of_parts_are_refused),
        cmocka_unit_test(parts_out_of_order_are_refused),
        cmocka_unit_test(what_is_open_is_listed_and_aborted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
