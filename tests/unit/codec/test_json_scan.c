/*
 * Spans inside validated JSON. Goal: members, values and copies are exactly what stands in the
 * source, however it is spaced and escaped. Method: tables, and a comparison with yyjson's own
 * reading over mutated spacing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "codec/json_doc.h"
#include "codec/json_scan.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)1 << 20)

static void assert_str(const struct ps_str seen, const char *const wanted)
{
    assert_int_equal(seen.size, strlen(wanted));
    assert_memory_equal(seen.data, wanted, seen.size);
}

static void test_walks_members_in_source_order(void **state)
{
    (void)state;
    const struct ps_str text = PS_STR(
        " {\"a\" : 1,\t\"b\\\"c\":\"}\\\\\" ,\"d\":{\"e\":[1,{\"f\":\"]\"}]} , \"g\":-1.5e3} ");
    struct ps_json_walk walk;
    struct ps_str key;
    ps_json_walk_object(&walk, text);
    assert_true(ps_json_walk_key(&walk, &key));
    assert_str(key, "a");
    assert_str(ps_json_walk_value(&walk), "1");
    assert_true(ps_json_walk_key(&walk, &key));
    assert_str(key, "b\\\"c");
    assert_str(ps_json_walk_value(&walk), "\"}\\\\\"");
    assert_int_equal(walk.deepest, 0);
    assert_true(ps_json_walk_key(&walk, &key));
    assert_str(key, "d");
    assert_str(ps_json_walk_value(&walk), "{\"e\":[1,{\"f\":\"]\"}]}");
    assert_int_equal(walk.deepest, 3);
    assert_true(ps_json_walk_key(&walk, &key));
    assert_str(ps_json_walk_value(&walk), "-1.5e3");
    assert_false(ps_json_walk_key(&walk, &key));
}

static void test_walks_elements(void **state)
{
    (void)state;
    struct ps_json_walk walk;
    struct ps_str value;
    ps_json_walk_array(&walk, PS_STR("[ \"a]\" , [2] ,{} ]"));
    assert_true(ps_json_walk_element(&walk, &value));
    assert_str(value, "\"a]\"");
    assert_true(ps_json_walk_element(&walk, &value));
    assert_str(value, "[2]");
    assert_true(ps_json_walk_element(&walk, &value));
    assert_str(value, "{}");
    assert_false(ps_json_walk_element(&walk, &value));
    ps_json_walk_array(&walk, PS_STR("{}"));
    assert_false(ps_json_walk_element(&walk, &value));
    ps_json_walk_object(&walk, PS_STR("[1]"));
    assert_false(ps_json_walk_key(&walk, &value));
}

static void test_finds_a_member_and_counts_its_repeats(void **state)
{
    (void)state;
    struct ps_str value = {NULL, 0};
    size_t count = 7;
    assert_false(ps_json_member(PS_STR("{}"), PS_STR("a"), &value, &count));
    assert_int_equal(count, 0);
    assert_true(ps_json_member(PS_STR("{\"x\":{\"a\":0},\"a\":1,\"\\u0061\":2}"), PS_STR("a"),
                               &value, &count));
    assert_int_equal(count, 2);
    assert_str(value, "1");
}

static void test_a_key_is_a_name_however_it_is_escaped(void **state)
{
    (void)state;
    assert_true(ps_json_key_is(PS_STR("body"), PS_STR("body")));
    assert_true(ps_json_key_is(PS_STR("bo\\u0064y"), PS_STR("body")));
    assert_true(ps_json_key_is(PS_STR("\\u0062\\u006F\\u0064\\u0079"), PS_STR("body")));
    assert_false(ps_json_key_is(PS_STR("bodies"), PS_STR("body")));
    assert_false(ps_json_key_is(PS_STR("bod\\u0078"), PS_STR("body")));
    assert_false(ps_json_key_is(PS_STR("bod"), PS_STR("body")));
}

struct compact_row {
    const char *name;
    const char *text;
    const char *wanted;
};

static const struct compact_row compact_rows[] = {
    {"white space between tokens goes", " { \"a\" :\t[ 1 ,\r\n 2 ] } ", "{\"a\":[1,2]}"},
    {"white space in strings stays", "{\"a b\": \" c \\n \"}", "{\"a b\":\" c \\n \"}"},
    {"escapes and numbers stay as written", "[ \"\\u00e9\\/\", 1E+02, -0.0, 1e999 ]",
     "[\"\\u00e9\\/\",1E+02,-0.0,1e999]"},
    {"a quote after backslashes", "[ \"\\\\\" , \"\\\\\\\" \" ]", "[\"\\\\\",\"\\\\\\\" \"]"},
    {"a plain value", "  \"x\"  ", "\"x\""},
};

static void test_compacts(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(compact_rows) / sizeof(compact_rows[0]); row++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, TEXT_MAX);
        assert_true(ps_json_append_compact(&buf, ps_str_of(compact_rows[row].text)));
        assert_string_equal(ps_buf_text(&buf), compact_rows[row].wanted);
    }
}

static void test_strings_come_back_from_escaping(void **state)
{
    (void)state;
    char every[128 + 16];
    for (size_t byte = 0; byte < 128; byte++) {
        every[byte] = (char)byte;
    }
    memcpy(every + 128, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBF ... ", 16);
    const struct ps_str text = {every, sizeof(every)};
    struct ps_buf escaped PS_CLEANUP(ps_buf_release);
    struct ps_buf plain PS_CLEANUP(ps_buf_release);
    ps_buf_init(&escaped, TEXT_MAX);
    ps_buf_init(&plain, TEXT_MAX);
    assert_true(ps_json_append_string(&escaped, text));
    const struct ps_str inner = ps_str_part(ps_buf_str(&escaped), 1, escaped.size - 2);
    assert_true(ps_json_append_unescaped(&plain, inner));
    assert_int_equal(plain.size, text.size);
    assert_memory_equal(plain.data, text.data, text.size);

    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    struct ps_json_reason reason;
    ps_json_doc_init(&doc);
    yyjson_val *const root = ps_json_doc_read(&doc, ps_buf_str(&escaped), &reason);
    assert_non_null(root);
    assert_true(ps_str_equals(ps_json_text(root), text));
}

static void test_unescapes_every_form(void **state)
{
    (void)state;
    struct ps_buf plain PS_CLEANUP(ps_buf_release);
    ps_buf_init(&plain, TEXT_MAX);
    assert_true(ps_json_append_unescaped(
        &plain, PS_STR("a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\uD83D\\ude00z")));
    assert_string_equal(ps_buf_text(&plain),
                        "a\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
}

static void test_a_cap_is_said_not_passed(void **state)
{
    (void)state;
    for (size_t cap = 1; cap < 8; cap++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, cap);
        assert_false(ps_json_append_string(&buf, PS_STR("a\nbcd\x01")));
        ps_buf_clear(&buf);
        assert_false(ps_json_append_compact(&buf, PS_STR("\"12345678\"")));
        ps_buf_clear(&buf);
        assert_false(ps_json_append_unescaped(&buf, PS_STR("abcd\\u00e9\\u20ACz")));
    }
}

/* Any valid text, spaced out at random between its tokens, compacts to the same bytes. */
static void test_spacing_never_matters(void **state)
{
    (void)state;
    const struct ps_str tight =
        PS_STR("{\"a\":[1,-2.5e+3,{\"b\\\\\":\"x y\\\" z\"},[],{}],\"c\":null,\"\":[true,false]}");
    struct ps_prng prng;
    ps_prng_init(&prng, 20261124);
    for (int round = 0; round < 500; round++) {
        struct ps_buf loose PS_CLEANUP(ps_buf_release);
        struct ps_buf again PS_CLEANUP(ps_buf_release);
        ps_buf_init(&loose, TEXT_MAX);
        ps_buf_init(&again, TEXT_MAX);
        bool is_string = false;
        for (size_t place = 0; place < tight.size; place++) {
            const char byte = tight.data[place];
            if (!is_string && strchr("{}[],:\"", byte) != NULL) {
                for (int64_t count = ps_prng_below(&prng, 3); count > 0; count--) {
                    assert_true(ps_buf_append_byte(&loose, " \t\r\n"[ps_prng_below(&prng, 4)]));
                }
            }
            assert_true(ps_buf_append_byte(&loose, byte));
            if (byte == '\\') {
                place++;
                assert_true(ps_buf_append_byte(&loose, tight.data[place]));
            } else if (byte == '"') {
                is_string = !is_string;
            }
        }
        assert_true(ps_json_append_compact(&again, ps_buf_str(&loose)));
        assert_int_equal(again.size, tight.size);
        assert_memory_equal(again.data, tight.data, tight.size);
    }
}

/* Byte by byte, as RFC 8259 says it. */
static void escape_plainly(struct ps_buf *const buf, const struct ps_str text)
{
    static const char *const short_forms[0x20] = {
        ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    for (size_t place = 0; place < text.size; place++) {
        const unsigned char byte = (unsigned char)text.data[place];
        if (byte == '"' || byte == '\\') {
            ps_buf_add_format(buf, "\\%c", byte);
        } else if (byte < 0x20 && short_forms[byte] != NULL) {
            ps_buf_add_text(buf, short_forms[byte]);
        } else if (byte < 0x20) {
            ps_buf_add_format(buf, "\\u%04x", byte);
        } else {
            assert_true(ps_buf_append_byte(buf, (char)byte));
        }
    }
}

/* Eight bytes at a time must give what one at a time gives, at every length and near every cap. */
static void test_escapes_like_the_plain_way(void **state)
{
    (void)state;
    struct ps_prng prng;
    ps_prng_init(&prng, 20261125);
    for (int round = 0; round < 3000; round++) {
        static const char special[] = "\"\\\n\t\x01\x1F\x20\x21\x7F\x80\xFF\xA2\xDC";
        struct ps_buf wanted PS_CLEANUP(ps_buf_release);
        struct ps_buf seen PS_CLEANUP(ps_buf_release);
        char text[9000];
        const size_t size =
            (size_t)ps_prng_below(&prng, round % 50 == 0 ? (int64_t)sizeof(text) : 40);
        for (size_t place = 0; place < size; place++) {
            const bool is_special = ps_prng_below(&prng, 4) == 0;
            text[place] =
                is_special ? special[ps_prng_below(&prng, 13)] : (char)ps_prng_below(&prng, 256);
        }
        ps_buf_init(&wanted, TEXT_MAX);
        escape_plainly(&wanted, (struct ps_str){text, size});
        for (size_t less = 0; less < 2; less++) {
            const size_t cap = wanted.size + 1 - less;
            ps_buf_init(&seen, cap == 0 ? 1 : cap);
            ps_buf_add_text(&seen, less == 1 || wanted.size == 0 ? "" : "x");
            const bool fits = ps_json_append_escaped(&seen, (struct ps_str){text, size});
            assert_true(fits);
            const size_t from = seen.size - wanted.size;
            assert_memory_equal(seen.data + from, wanted.data, wanted.size);
            ps_buf_release(&seen);
        }
        if (wanted.size > 1) {
            ps_buf_init(&seen, wanted.size - 1);
            assert_false(ps_json_append_escaped(&seen, (struct ps_str){text, size}));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks_members_in_source_order),
        cmocka_unit_test(test_walks_elements),
        cmocka_unit_test(test_finds_a_member_and_counts_its_repeats),
        cmocka_unit_test(test_a_key_is_a_name_however_it_is_escaped),
        cmocka_unit_test(test_compacts),
        cmocka_unit_test(test_strings_come_back_from_escaping),
        cmocka_unit_test(test_unescapes_every_form),
        cmocka_unit_test(test_a_cap_is_said_not_passed),
        cmocka_unit_test(test_spacing_never_matters),
        cmocka_unit_test(test_escapes_like_the_plain_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
