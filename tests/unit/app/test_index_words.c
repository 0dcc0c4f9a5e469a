/* Goal: what was written comes back, and bytes that are no row are said, whatever they are. Method:
 * rows of sizes around the steps of the number form; every cut of a row; random bytes. */
#include "app/index_words.h"

#include "base/limits.h"
#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void words_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 127, 128, 16383, 16384, 3000000};
    char *const text = malloc(3000000);
    memset(text, 'i', 3000000);
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 64 * PS_MB);
    for (size_t row = 0; row < 7; row++) {
        const struct ps_record_words words = {{text, sizes[row]},
                                              {text, sizes[6 - row]},
                                              {NULL, 0},
                                              INT64_C(1) << (5 * row),
                                              (int64_t)row * 100};
        struct ps_rejection rejection = {NULL, ""};
        if (row % 2 == 1) {
            ps_reject(&rejection, "too_deep", "a \"quoted\" name\x1b[2J and half a character \xC3");
        }
        assert_true(ps_words_write(&buf, &words, &rejection));
    }
    size_t offset = 0;
    for (size_t row = 0; row < 7; row++) {
        struct ps_record_words words;
        size_t size = 0;
        size_t id_from = 0;
        size_t id_size = 0;
        assert_true(ps_words_size(ps_str_part(ps_buf_str(&buf), offset, PS_WORDS_HEAD_MAX), &size,
                                  &id_from, &id_size));
        const size_t from = offset;
        assert_true(ps_words_read(ps_buf_str(&buf), &offset, &words));
        assert_int_equal(offset - from, size);
        assert_ptr_equal(words.id.data, buf.data + from + id_from);
        assert_int_equal(id_size, sizes[row]);
        assert_int_equal(words.id.size, sizes[row]);
        assert_int_equal(words.keep.size, sizes[6 - row]);
        assert_int_equal(words.line, INT64_C(1) << (5 * row));
        assert_int_equal(words.input, row * 100);
        if (row % 2 == 1) {
            const char *const wanted =
                "{\"code\":\"too_deep\",\"message\":\"a \\\"quoted\\\" name\\u001b[2J and half a "
                "character ?; flatten the record\"}";
            assert_int_equal(words.error.size, strlen(wanted));
            assert_memory_equal(words.error.data, wanted, strlen(wanted));
        } else {
            assert_int_equal(words.error.size, 0);
        }
    }
    assert_int_equal(offset, buf.size);
    free(text);
}

static void cut_and_random_bytes_are_no_row(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_KB);
    const struct ps_record_words row = {PS_STR("\"id\""), PS_STR("{}"), {NULL, 0}, 300, 0};
    const struct ps_rejection none = {NULL, ""};
    struct ps_record_words words;
    assert_true(ps_words_write(&buf, &row, &none));
    for (size_t size = 0; size < buf.size; size++) {
        size_t offset = 0;
        assert_false(ps_words_read(ps_str_part(ps_buf_str(&buf), 0, size), &offset, &words));
    }
    struct ps_prng prng;
    ps_prng_init(&prng, 3);
    char bytes[40];
    for (int round = 0; round < 20000; round++) {
        for (size_t place = 0; place < sizeof(bytes); place++) {
            bytes[place] = (char)ps_prng_below(&prng, 256);
        }
        size_t offset = 0;
        if (ps_words_read((struct ps_str){bytes, sizeof(bytes)}, &offset, &words)) {
            assert_true(offset <= sizeof(bytes));
        }
    }
}

static void a_full_buffer_is_said(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 10);
    const struct ps_record_words row = {PS_STR("\"a long id\""), {NULL, 0}, {NULL, 0}, 1, 0};
    const struct ps_rejection none = {NULL, ""};
    assert_false(ps_words_write(&buf, &row, &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_come_back),
        cmocka_unit_test(cut_and_random_bytes_are_no_row),
        cmocka_unit_test(a_full_buffer_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
