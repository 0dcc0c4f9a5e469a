/*
 * gzip and zstd as streams. Goal: what was packed comes back whatever the chunk sizes; cut, damaged
 * and monstrous streams are said. Method: pack with the libraries, unpack in steps of several
 * sizes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/prng.h"
#include "codec/unpack.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define PLAIN_SIZE ((size_t)300000)

static void pack(const enum ps_packing packing, const struct ps_str plain, struct ps_buf *const to)
{
    const size_t room_size = plain.size + 100000;
    char *const room = ps_buf_reserve(to, room_size);
    assert_non_null(room);
    if (packing == PS_PACKING_ZSTD) {
        const size_t size = ZSTD_compress(room, room_size, plain.data, plain.size, 1);
        assert_false(ZSTD_isError(size));
        ps_buf_commit(to, size);
        return;
    }
    z_stream gzip = {0};
    assert_int_equal(deflateInit2(&gzip, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    gzip.next_in = (Bytef *)(uintptr_t)plain.data;
    gzip.avail_in = (uInt)plain.size;
    gzip.next_out = (Bytef *)room;
    gzip.avail_out = (uInt)room_size;
    assert_int_equal(deflate(&gzip, Z_FINISH), Z_STREAM_END);
    ps_buf_commit(to, gzip.total_out);
    assert_int_equal(deflateEnd(&gzip), Z_OK);
}

/* All of `packed`, `step` bytes at a time, into a room of `step`. */
static enum ps_status unpack(const enum ps_packing packing, const struct ps_str packed,
                             const size_t step, struct ps_buf *const to, bool *const ret_is_whole)
{
    struct ps_unpacker *unpacker PS_CLEANUP(ps_unpacker_free_auto) = ps_unpacker_new(packing);
    char *const room = malloc(step);
    assert_non_null(room);
    enum ps_status status = PS_OK;
    struct ps_error err;
    for (size_t from = 0; from < packed.size && status == PS_OK; from += step) {
        struct ps_str input = ps_str_part(packed, from, step);
        size_t made = 1;
        while (status == PS_OK && (input.size > 0 || made > 0)) {
            status = ps_unpacker_step(unpacker, &input, room, step, &made, &err);
            if (status == PS_OK) {
                ps_buf_add(to, (struct ps_str){room, made});
            }
        }
    }
    *ret_is_whole = ps_unpacker_is_whole(unpacker);
    free(room);
    return status;
}

static char *plain_text(void)
{
    char *const plain = malloc(PLAIN_SIZE);
    assert_non_null(plain);
    struct ps_prng prng;
    ps_prng_init(&prng, 1);
    for (size_t place = 0; place < PLAIN_SIZE; place++) {
        plain[place] = "abcdefgh \n"[ps_prng_below(&prng, 10)];
    }
    return plain;
}

static void test_comes_back_in_steps_of_any_size(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 7, 4096, 1000000};
    char *const plain = plain_text();
    for (int packing = PS_PACKING_GZIP; packing <= PS_PACKING_ZSTD; packing++) {
        struct ps_buf packed PS_CLEANUP(ps_buf_release);
        ps_buf_init(&packed, 4 * PS_MB);
        pack(packing, (struct ps_str){plain, PLAIN_SIZE}, &packed);
        pack(packing, PS_STR("and a second member"), &packed);
        assert_int_equal(ps_packing_of(ps_buf_str(&packed)), packing);
        for (size_t row = 0; row < sizeof(steps) / sizeof(steps[0]); row++) {
            struct ps_buf again PS_CLEANUP(ps_buf_release);
            ps_buf_init(&again, 4 * PS_MB);
            bool is_whole = false;
            assert_int_equal(unpack(packing, ps_buf_str(&packed), steps[row], &again, &is_whole),
                             PS_OK);
            assert_true(is_whole);
            assert_int_equal(again.size, PLAIN_SIZE + 19);
            assert_memory_equal(again.data, plain, PLAIN_SIZE);
            assert_memory_equal(again.data + PLAIN_SIZE, "and a second member", 19);
        }
    }
    free(plain);
}

static void test_a_cut_stream_is_not_whole(void **state)
{
    (void)state;
    for (int packing = PS_PACKING_GZIP; packing <= PS_PACKING_ZSTD; packing++) {
        struct ps_buf packed PS_CLEANUP(ps_buf_release);
        ps_buf_init(&packed, PS_MB);
        pack(packing, PS_STR("some text that is long enough to be cut"), &packed);
        for (size_t size = 1; size < packed.size; size++) {
            struct ps_buf again PS_CLEANUP(ps_buf_release);
            ps_buf_init(&again, PS_MB);
            bool is_whole = true;
            const struct ps_str cut = ps_str_part(ps_buf_str(&packed), 0, size);
            assert_int_equal(unpack(packing, cut, 16, &again, &is_whole), PS_OK);
            assert_false(is_whole);
        }
    }
}

static void test_damage_is_an_error(void **state)
{
    (void)state;
    char *const plain = plain_text();
    for (int packing = PS_PACKING_GZIP; packing <= PS_PACKING_ZSTD; packing++) {
        struct ps_buf packed PS_CLEANUP(ps_buf_release);
        struct ps_buf again PS_CLEANUP(ps_buf_release);
        ps_buf_init(&packed, PS_MB);
        ps_buf_init(&again, PS_MB);
        pack(packing, (struct ps_str){plain, PLAIN_SIZE}, &packed);
        bool is_whole = false;
        /* Trailing bytes that are no further member. */
        ps_buf_add_text(&packed, "garbage at the end");
        assert_int_equal(unpack(packing, ps_buf_str(&packed), 4096, &again, &is_whole), PS_E_INPUT);
        memset(packed.data + 1000, 'x', 500);
        ps_buf_clear(&again);
        const enum ps_status status = unpack(packing, ps_buf_str(&packed), 4096, &again, &is_whole);
        assert_int_equal(status, PS_E_INPUT);
    }
    free(plain);
}

static void test_a_bomb_meets_the_ratio(void **state)
{
    (void)state;
    /* zstd packs a run of one byte far beyond 1000:1; each frame adds 100 MB. */
    const size_t blank_size = 100 * PS_MB;
    char *const blank = calloc(1, blank_size);
    assert_non_null(blank);
    struct ps_buf frame PS_CLEANUP(ps_buf_release);
    ps_buf_init(&frame, 200 * PS_MB);
    pack(PS_PACKING_ZSTD, (struct ps_str){blank, blank_size}, &frame);
    assert_true(frame.size * PS_UNPACKED_RATIO_MAX < blank_size);
    struct ps_unpacker *unpacker PS_CLEANUP(ps_unpacker_free_auto) =
        ps_unpacker_new(PS_PACKING_ZSTD);
    enum ps_status status = PS_OK;
    struct ps_error err = {0};
    size_t total = 0;
    for (int frames = 0; frames < 20 && status == PS_OK; frames++) {
        struct ps_str input = ps_buf_str(&frame);
        size_t made = 1;
        while (status == PS_OK && (input.size > 0 || made > 0)) {
            status = ps_unpacker_step(unpacker, &input, blank, blank_size, &made, &err);
            total += made;
        }
    }
    assert_int_equal(status, PS_E_TOO_LARGE);
    assert_true(total > PS_UNPACKED_FREE_BYTES);
    assert_true(total <= 11 * blank_size);
    assert_non_null(strstr(err.hint, "bomb"));
    free(blank);
}

static void test_knows_packings_by_their_first_bytes(void **state)
{
    (void)state;
    assert_int_equal(ps_packing_of(PS_STR("")), PS_PACKING_NONE);
    assert_int_equal(ps_packing_of(PS_STR("{\"a\"")), PS_PACKING_NONE);
    assert_int_equal(ps_packing_of(PS_STR("\x1F")), PS_PACKING_NONE);
    assert_string_equal(ps_packing_name(PS_PACKING_GZIP), "gzip");
    assert_string_equal(ps_packing_name(PS_PACKING_ZSTD), "zstd");
    assert_string_equal(ps_packing_name(PS_PACKING_NONE), "plain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back_in_steps_of_any_size),
        cmocka_unit_test(test_a_cut_stream_is_not_whole),
        cmocka_unit_test(test_damage_is_an_error),
        cmocka_unit_test(test_a_bomb_meets_the_ratio),
        cmocka_unit_test(test_knows_packings_by_their_first_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
