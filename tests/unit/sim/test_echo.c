/* Goal: an echo is the same value in other bytes. Method: canonical forms of both, over many seeds.
 */
#include "sim/echo.h"

#include "sim/canonical.h"
#include "sim/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char input[] =
    "{\"max_tokens\":100,\"temperature\":0.10,\"big\":1e999,\"z\":null,\"ok\":true,\"messages\":[{"
    "\"role\":"
    "\"user\",\"content\":[{\"text\":\"caf\\u00e9 a/b \\\"q\\\" \\u2028 \\ud83d\\ude00\"}]}]}";

static void canonical_of(yyjson_val *const value, struct ps_buf *const buf)
{
    ps_buf_clear(buf);
    assert_true(ps_canonical_add(buf, value));
}

static void it_is_the_same_value_in_many_forms(void **state)
{
    (void)state;
    struct ps_buf expected PS_CLEANUP(ps_buf_release);
    struct ps_buf echo PS_CLEANUP(ps_buf_release);
    struct ps_buf again PS_CLEANUP(ps_buf_release);
    ps_buf_init(&expected, 10000);
    ps_buf_init(&echo, 10000);
    ps_buf_init(&again, 10000);
    yyjson_doc *const doc = yyjson_read(input, sizeof input - 1, PS_SIM_READ_FLAGS);
    canonical_of(yyjson_doc_get_root(doc), &expected);
    int different = 0;
    for (uint64_t seed = 0; seed < 64; seed++) {
        struct ps_prng prng;
        ps_prng_init(&prng, seed);
        const struct ps_echo_style style = {&prng, (unsigned)(seed % 4), seed % 3 == 0, false};
        ps_buf_clear(&echo);
        ps_echo_add(&echo, yyjson_doc_get_root(doc), &style);
        yyjson_doc *const read = yyjson_read(echo.data, echo.size, PS_SIM_READ_FLAGS);
        assert_non_null(read);
        canonical_of(yyjson_doc_get_root(read), &again);
        assert_string_equal(ps_buf_text(&again), ps_buf_text(&expected));
        yyjson_doc_free(read);
        different += ps_str_equals_text(ps_buf_str(&echo), input) ? 0 : 1;
    }
    assert_true(different > 50);
    yyjson_doc_free(doc);
}

static void converse_blocks_get_their_nulls(void **state)
{
    (void)state;
    struct ps_buf echo PS_CLEANUP(ps_buf_release);
    struct ps_prng prng;
    ps_buf_init(&echo, 10000);
    ps_prng_init(&prng, 1);
    const struct ps_echo_style style = {&prng, 0, false, true};
    yyjson_doc *const doc = yyjson_read(input, sizeof input - 1, PS_SIM_READ_FLAGS);
    ps_echo_add(&echo, yyjson_doc_get_root(doc), &style);
    yyjson_doc *const read = yyjson_read(echo.data, echo.size, PS_SIM_READ_FLAGS);
    yyjson_val *const block = yyjson_ptr_get(yyjson_doc_get_root(read), "/messages/0/content/0");
    assert_true(yyjson_is_str(yyjson_obj_get(block, "text")));
    assert_true(yyjson_is_null(yyjson_obj_get(block, "image")));
    assert_true(yyjson_is_null(yyjson_obj_get(block, "toolUse")));
    yyjson_doc_free(read);
    yyjson_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_same_value_in_many_forms),
        cmocka_unit_test(converse_blocks_get_their_nulls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
