/* Goal: what the writer writes is JSON that reads back the same. Method: rows, and a reader that is
 * not ours. */
#include "sim/writer.h"

#include <yyjson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void members_and_lists_have_their_commas(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 1000);
    struct ps_writer writer = {.buf = &buf};
    ps_writer_open(&writer, NULL, '{');
    ps_writer_text(&writer, "a", PS_STR("x"));
    ps_writer_text_if(&writer, "absent", PS_STR(""));
    ps_writer_open(&writer, "list", '[');
    ps_writer_number(&writer, NULL, -1);
    ps_writer_bool(&writer, NULL, true);
    ps_writer_open(&writer, NULL, '{');
    ps_writer_close(&writer, '}');
    ps_writer_close(&writer, ']');
    ps_writer_number(&writer, "last", INT64_MAX);
    ps_writer_close(&writer, '}');
    assert_string_equal(ps_buf_text(&buf),
                        "{\"a\":\"x\",\"list\":[-1,true,{}],\"last\":9223372036854775807}");
}

static void strings_are_escaped_by_taste(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *text;
        unsigned escapes;
        const char *expected;
    } rows[] = {
        {"the shortest", "a\"\\/\b\f\n\r\t\x01\x7f", 0, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\""},
        {"slashes", "a/b", PS_ESCAPE_SLASH, "\"a\\/b\""},
        {"two bytes", "\xc3\xa9", PS_ESCAPE_ASCII, "\"\\u00e9\""},
        {"three bytes", "\xe2\x80\xa8", PS_ESCAPE_ASCII, "\"\\u2028\""},
        {"a pair of surrogates", "\xf0\x9f\x98\x80", PS_ESCAPE_ASCII, "\"\\ud83d\\ude00\""},
        {"as it is", "\xf0\x9f\x98\x80\xe2\x80\xa8", 0, "\"\xf0\x9f\x98\x80\xe2\x80\xa8\""},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 1000);
        ps_writer_add_string(&buf, ps_str_of(rows[index].text), rows[index].escapes);
        assert_string_equal(ps_buf_text(&buf), rows[index].expected);
        yyjson_doc *const doc = yyjson_read(buf.data, buf.size, 0);
        assert_string_equal(yyjson_get_str(yyjson_doc_get_root(doc)), rows[index].text);
        yyjson_doc_free(doc);
    }
}

static void what_is_not_utf8_never_gets_through(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",         "\xc0\xaf",         "\xc3",
                                      "\xe0\x80\xaf", "\xed\xa0\x80",     "\xf4\x90\x80\x80",
                                      "\xff",         "\xf0\x80\x80\x80", "a\xe2\x80"};
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 1000);
        struct ps_writer writer = {.buf = &buf};
        assert_false(ps_writer_is_utf8(ps_str_of(bad[index])));
        ps_writer_text(&writer, NULL, ps_str_of(bad[index]));
        yyjson_doc *const doc = yyjson_read(buf.data, buf.size, 0);
        assert_non_null(doc);
        yyjson_doc_free(doc);
    }
    assert_true(ps_writer_is_utf8(PS_STR("a\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_lists_have_their_commas),
        cmocka_unit_test(strings_are_escaped_by_taste),
        cmocka_unit_test(what_is_not_utf8_never_gets_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
