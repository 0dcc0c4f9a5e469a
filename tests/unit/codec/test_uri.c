/* Goal: percent-encoding is AWS's, and decoding undoes it. Method: rows, and every byte there and
 * back. */
#include "codec/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void encodes_what_aws_encodes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ps_uri_slash slash;
        const char *encoded;
    } rows[] = {
        {"abcXYZ019-._~", PS_URI_SLASH_ENCODED, "abcXYZ019-._~"},
        {"a b+c", PS_URI_SLASH_ENCODED, "a%20b%2Bc"},
        {"arn:aws:x/y", PS_URI_SLASH_ENCODED, "arn%3Aaws%3Ax%2Fy"},
        {"/a/b*", PS_URI_SLASH_KEPT, "/a/b%2A"},
        {"\xe1\x88\xb4", PS_URI_SLASH_KEPT, "%E1%88%B4"},
        {"", PS_URI_SLASH_KEPT, ""},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 100);
        assert_true(ps_uri_encode(ps_str_of(rows[row].text), rows[row].slash, &buf));
        assert_string_equal(ps_buf_text(&buf), rows[row].encoded);
    }
}

static void every_byte_comes_back(void **state)
{
    (void)state;
    char all[256];
    for (int byte = 0; byte < 256; byte++) {
        all[byte] = (char)byte;
    }
    struct ps_buf encoded PS_CLEANUP(ps_buf_release);
    struct ps_buf decoded PS_CLEANUP(ps_buf_release);
    ps_buf_init(&encoded, 1000);
    ps_buf_init(&decoded, 1000);
    assert_true(ps_uri_encode((struct ps_str){all, sizeof(all)}, PS_URI_SLASH_ENCODED, &encoded));
    assert_true(ps_uri_decode(ps_buf_str(&encoded), &decoded));
    assert_int_equal(decoded.size, sizeof(all));
    assert_memory_equal(decoded.data, all, sizeof(all));
}

static void a_percent_sign_that_begins_nothing_stays(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 100);
    assert_true(ps_uri_decode(PS_STR("%zz%4%41%2f+%"), &buf));
    assert_string_equal(ps_buf_text(&buf), "%zz%4A/+%");
}

static void a_cap_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 8);
    ps_buf_add_text(&buf, "1234");
    assert_false(ps_uri_encode(PS_STR("ab"), PS_URI_SLASH_KEPT, &buf));
    assert_false(ps_uri_decode(PS_STR("abcde"), &buf));
    assert_string_equal(ps_buf_text(&buf), "1234");
}

static void takes_a_query_apart(void **state)
{
    (void)state;
    struct ps_str query = PS_STR("&a=1&&b=x=y&c&=d");
    struct ps_str name;
    struct ps_str value;
    static const char *const expected[][2] = {{"a", "1"}, {"b", "x=y"}, {"c", ""}, {"", "d"}};
    for (size_t row = 0; row < sizeof(expected) / sizeof(expected[0]); row++) {
        assert_true(ps_uri_next_parameter(&query, &name, &value));
        assert_true(ps_str_equals_text(name, expected[row][0]));
        assert_true(ps_str_equals_text(value, expected[row][1]));
    }
    assert_false(ps_uri_next_parameter(&query, &name, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_what_aws_encodes),
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(a_percent_sign_that_begins_nothing_stays),
        cmocka_unit_test(a_cap_leaves_the_buffer_as_it_was),
        cmocka_unit_test(takes_a_query_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
