/* Goal: columns go where the template says, and a template that cannot mean anything is refused.
 * Method: rows; `find` gives each name in angle brackets. */
#include "core/template.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool find_name(void *const context, const struct ps_str name, struct ps_buf *const to)
{
    int *const calls = context;
    (*calls)++;
    return !ps_str_equals_text(name, "missing") && ps_buf_append(to, PS_STR("<")) &&
           ps_buf_append(to, name) && ps_buf_append(to, PS_STR(">"));
}

static void fills_columns_in(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wanted; /* NULL: refused */
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"{a}", "<a>"},
        {"Say {a} and {b.c}.", "Say <a> and <b.c>."},
        {"{the column}{a}", "<the column><a>"},
        {"{{a}}", "{a}"},
        {"{{{a}}}", "{<a>}"},
        {"{{\"answer\": \"...\"}}", "{\"answer\": \"...\"}"},
        {"line\n", "line"},
        {"line\r\n", "line"},
        {"two\n\n", "two\n"},
        {"{", NULL},
        {"a { b", NULL},
        {"}", NULL},
        {"{}", NULL},
        {"{a", NULL},
        {"{a{b}}", NULL},
        {"{a\nb}", NULL},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_template *template PS_CLEANUP(ps_template_free_auto) = NULL;
        struct ps_error err;
        const enum ps_status status = ps_template_new(ps_str_of(rows[row].text), &template, &err);
        assert_int_equal(status, rows[row].wanted == NULL ? PS_E_USAGE : PS_OK);
        if (rows[row].wanted == NULL) {
            assert_non_null(strstr(err.hint, "{{"));
            continue;
        }
        struct ps_buf to PS_CLEANUP(ps_buf_release);
        ps_buf_init(&to, PS_KB);
        int calls = 0;
        assert_true(ps_template_fill(template, find_name, &calls, &to));
        assert_string_equal(ps_buf_text(&to), rows[row].wanted);
    }
}

static void names_come_in_order_and_a_missing_one_ends_it(void **state)
{
    (void)state;
    struct ps_template *template PS_CLEANUP(ps_template_free_auto) = NULL;
    struct ps_error err;
    assert_int_equal(ps_template_new(PS_STR("{a} x {missing} y {b}"), &template, &err), PS_OK);
    assert_int_equal(ps_template_name_count(template), 3);
    assert_true(ps_str_equals_text(ps_template_name(template, 0), "a"));
    assert_true(ps_str_equals_text(ps_template_name(template, 2), "b"));
    assert_int_equal(ps_template_name(template, 3).size, 0);
    struct ps_buf to PS_CLEANUP(ps_buf_release);
    ps_buf_init(&to, PS_KB);
    int calls = 0;
    assert_false(ps_template_fill(template, find_name, &calls, &to));
    assert_int_equal(calls, 2);
}

static void a_book_is_no_template(void **state)
{
    (void)state;
    struct ps_template *template PS_CLEANUP(ps_template_free_auto) = NULL;
    struct ps_error err;
    char *const text = calloc(1, PS_TEMPLATE_BYTES_MAX + 1);
    memset(text, 'x', PS_TEMPLATE_BYTES_MAX + 1);
    const struct ps_str fits = {text, PS_TEMPLATE_BYTES_MAX};
    const struct ps_str over = {text, PS_TEMPLATE_BYTES_MAX + 1};
    assert_int_equal(ps_template_new(over, &template, &err), PS_E_USAGE);
    assert_int_equal(ps_template_new(fits, &template, &err), PS_OK);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_columns_in),
        cmocka_unit_test(names_come_in_order_and_a_missing_one_ends_it),
        cmocka_unit_test(a_book_is_no_template),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
