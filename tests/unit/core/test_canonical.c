/* Goal: two spellings of one value are one, two values never are. Method: rows of pairs, held by
 * fingerprint and by comparison both; objects on both sides of the stack's room. */
#include "core/canonical.h"

#include "base/buf.h"
#include "base/limits.h"
#include "codec/json_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct pair_row {
    const char *left;
    const char *right;
    bool are_equal;
};

static const struct pair_row rows[] = {
    {"{\"a\":1,\"b\":[2]}", " { \"b\" : [ 2 ] , \"a\" : 1 } ", true},
    {"\"\\u00e9\\n\\/\"", "\"\xC3\xA9\\u000a/\"", true},
    {"{\"\\u0061\":1}", "{\"a\":1}", true},
    {"{\"a\":{\"c\":1,\"b\":null}}", "{\"a\":{\"b\":null,\"c\":1}}", true},
    {"1.0", "1", false},
    {"1e2", "100", false},
    {"\"1\"", "1", false},
    {"\"true\"", "true", false},
    {"true", "false", false},
    {"null", "false", false},
    {"[]", "{}", false},
    {"[[],[]]", "[[[]]]", false},
    {"[1,2]", "[2,1]", false},
    {"[1]", "[1,1]", false},
    {"[\"a\",\"b\"]", "[\"ab\",\"\"]", false},
    {"{\"a\":\"b\"}", "[\"a\",\"b\"]", false},
    {"{\"a\":1}", "{\"a\":1,\"a\":1}", false},
    {"{\"a\":1,\"a\":2}", "{\"a\":2,\"a\":1}", false},
    {"{\"a\":1}", "{\"b\":1}", false},
    {"\"a\\u0000b\"", "\"a\"", false},
    {"\"\"", "null", false},
};

static void one_value_has_one_form(void **state)
{
    (void)state;
    struct ps_json_doc left_doc PS_CLEANUP(ps_json_doc_release);
    struct ps_json_doc right_doc PS_CLEANUP(ps_json_doc_release);
    ps_json_doc_init(&left_doc);
    ps_json_doc_init(&right_doc);
    struct ps_json_reason reason;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        yyjson_val *const left = ps_json_doc_read(&left_doc, ps_str_of(rows[row].left), &reason);
        yyjson_val *const right = ps_json_doc_read(&right_doc, ps_str_of(rows[row].right), &reason);
        assert_non_null(left);
        assert_non_null(right);
        const struct ps_fingerprint one = ps_canonical_fingerprint(left);
        const struct ps_fingerprint other = ps_canonical_fingerprint(right);
        assert_int_equal(ps_canonical_equals(left, right), rows[row].are_equal);
        assert_int_equal(one.low == other.low && one.high == other.high, rows[row].are_equal);
        assert_true(ps_canonical_equals(left, left));
    }
}

static void objects_of_any_size_are_sorted(void **state)
{
    (void)state;
    struct ps_json_doc up_doc PS_CLEANUP(ps_json_doc_release);
    struct ps_json_doc down_doc PS_CLEANUP(ps_json_doc_release);
    ps_json_doc_init(&up_doc);
    ps_json_doc_init(&down_doc);
    struct ps_json_reason reason;
    for (int count = 20; count < 30; count++) {
        struct ps_buf up PS_CLEANUP(ps_buf_release);
        struct ps_buf down PS_CLEANUP(ps_buf_release);
        ps_buf_init(&up, PS_KB);
        ps_buf_init(&down, PS_KB);
        for (int key = 0; key < count; key++) {
            ps_buf_add_format(&up, "%c\"k%d\":%d", key == 0 ? '{' : ',', key, key);
            ps_buf_add_format(&down, "%c\"k%d\":%d", key == 0 ? '{' : ',', count - 1 - key,
                              count - 1 - key);
        }
        ps_buf_add_text(&up, "}");
        ps_buf_add_text(&down, "}");
        yyjson_val *const left = ps_json_doc_read(&up_doc, ps_buf_str(&up), &reason);
        yyjson_val *const right = ps_json_doc_read(&down_doc, ps_buf_str(&down), &reason);
        assert_true(ps_canonical_equals(left, right));
        assert_int_equal(ps_canonical_fingerprint(left).low, ps_canonical_fingerprint(right).low);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_has_one_form),
        cmocka_unit_test(objects_of_any_size_are_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
