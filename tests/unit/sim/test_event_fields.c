/* Goal: an absent member is an empty value, never a fault. Method: one object, present and absent
 * names. */
#include "sim/event_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void absent_and_of_another_kind_are_empty(void **state)
{
    (void)state;
    static const char text[] = "{\"t\":\"x\",\"n\":-5,\"b\":true,\"z\":null,\"f\":1.5}";
    yyjson_doc *const doc = yyjson_read(text, sizeof text - 1, 0);
    yyjson_val *const root = yyjson_doc_get_root(doc);
    assert_true(ps_str_equals_text(ps_event_text(root, "t"), "x"));
    assert_int_equal(ps_event_text(root, "n").size, 0);
    assert_int_equal(ps_event_text(root, "none").size, 0);
    assert_int_equal(ps_event_text(NULL, "t").size, 0);
    assert_int_equal(ps_event_number(root, "n"), -5);
    assert_int_equal(ps_event_number(root, "t"), 0);
    assert_int_equal(ps_event_number(root, "f"), 0);
    assert_true(ps_event_bool(root, "b"));
    assert_false(ps_event_bool(root, "z"));
    char *const copy = ps_event_dup(root, "t");
    char *const empty = ps_event_dup(root, "none");
    assert_string_equal(copy, "x");
    assert_string_equal(empty, "");
    free(copy);
    free(empty);
    yyjson_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_and_of_another_kind_are_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
