/* Goal: two texts of one value have one canonical form, and two values have two. Method: pairs. */
#include "sim/canonical.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool canonical_of(const char *const text, struct ps_buf *const buf)
{
    yyjson_doc *const doc = yyjson_read(text, strlen(text), PS_SIM_READ_FLAGS);
    assert_non_null(doc);
    const bool is_fine = ps_canonical_add(buf, yyjson_doc_get_root(doc));
    yyjson_doc_free(doc);
    return is_fine;
}

static void texts_have_their_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"{ \"b\" : 1 , \"a\" : [ true , null ] }", "{\"a\":[true,null],\"b\":1}"},
        {"[1.0,1e999,-0,123456789012345678901234567890]",
         "[1.0,1e999,-0,123456789012345678901234567890]"},
        {"\"\\u0041\\/\\u00e9\\ud83d\\ude00\"", "\"A/\xc3\xa9\xf0\x9f\x98\x80\""},
        {"\"\\u000b\\u001F\\n\"", "\"\\u000b\\u001f\\n\""},
        {"{\"aa\":1,\"a\":2,\"\\u00e9\":3,\"Z\":4}", "{\"Z\":4,\"a\":2,\"aa\":1,\"\xc3\xa9\":3}"},
        {"{\"a\":2,\"a\":1}", "{\"a\":2,\"a\":1}"},
        {"{}", "{}"},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 1000);
        assert_true(canonical_of(rows[index].text, &buf));
        assert_string_equal(ps_buf_text(&buf), rows[index].expected);
    }
}

static void deep_nesting_is_refused_and_costs_no_stack(void **state)
{
    (void)state;
    const size_t depth = 100000;
    char *const text = calloc(1, 2 * depth + 1);
    assert_non_null(text);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 1000000);
    assert_false(canonical_of(text, &buf));
    free(text);
}

static void the_deepest_allowed_passes(void **state)
{
    (void)state;
    char text[2 * (PS_JSON_DEPTH_MAX + 1) + 1] = {0};
    memset(text, '[', PS_JSON_DEPTH_MAX + 1);
    memset(text + PS_JSON_DEPTH_MAX + 1, ']', PS_JSON_DEPTH_MAX + 1);
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 1000);
    assert_true(canonical_of(text, &buf));
    assert_string_equal(ps_buf_text(&buf), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_their_form),
        cmocka_unit_test(deep_nesting_is_refused_and_costs_no_stack),
        cmocka_unit_test(the_deepest_allowed_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
