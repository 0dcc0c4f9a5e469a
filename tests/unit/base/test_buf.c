/* Goal: a buffer keeps its bytes, its cap and its terminator. Method: each call at its boundary. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void keeps_what_was_appended(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 1000);
    assert_string_equal(ps_buf_text(&buf), "");
    assert_true(ps_buf_append(&buf, PS_STR("ab")));
    assert_true(ps_buf_append_byte(&buf, 'c'));
    assert_true(ps_buf_append_format(&buf, "%d", 42));
    assert_string_equal(ps_buf_text(&buf), "abc42");
    assert_int_equal(buf.size, 5);
}

static void is_unchanged_when_the_cap_is_hit(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 4);
    assert_true(ps_buf_append(&buf, PS_STR("abcd")));
    assert_false(ps_buf_append_byte(&buf, 'e'));
    assert_false(ps_buf_append_format(&buf, "%s", "x"));
    assert_null(ps_buf_reserve(&buf, 1));
    assert_string_equal(ps_buf_text(&buf), "abcd");
}

static void grows_over_many_sizes(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 100000);
    for (size_t count = 0; count < 100000; count++) {
        assert_true(ps_buf_append_byte(&buf, (char)('a' + count % 26)));
    }
    assert_false(ps_buf_append_byte(&buf, 'x'));
    assert_int_equal(buf.data[99999], 'a' + 99999 % 26);
    assert_int_equal(buf.data[100000], 0);
}

static void consumes_from_the_front(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 100);
    ps_buf_add_text(&buf, "hello world");
    ps_buf_consume(&buf, 6);
    assert_string_equal(ps_buf_text(&buf), "world");
    ps_buf_consume(&buf, 5);
    assert_string_equal(ps_buf_text(&buf), "");
    ps_buf_add_format(&buf, "%s", "again");
    assert_true(ps_str_equals_text(ps_buf_str(&buf), "again"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_appended),
        cmocka_unit_test(is_unchanged_when_the_cap_is_hit),
        cmocka_unit_test(grows_over_many_sizes),
        cmocka_unit_test(consumes_from_the_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
