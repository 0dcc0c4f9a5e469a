/*
 * Where lines end. Goal: LF alone ends one, a CR before it goes, the last may lack it. Method: a
 * table of texts, each also cut at every place into two chunks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "codec/jsonl.h"

#include <string.h>

struct lines_row {
    const char *name;
    const char *text;
    const char *wanted; /* lines joined by '|' */
};

static const struct lines_row lines_rows[] = {
    {"nothing is no line", "", ""},
    {"one line with its end", "a\n", "a|"},
    {"one line without", "a", "a|"},
    {"CRLF", "a\r\nb\r\n", "a|b|"},
    {"a CR inside stays", "a\rb\n", "a\rb|"},
    {"empty lines are lines", "\n\na\n\n", "||a||"},
    {"a lone CR at the end", "a\r", "a|"},
    {"Unicode's separators end nothing",
     "a\xE2\x80\xA8"
     "b\xC2\x85"
     "c\n",
     "a\xE2\x80\xA8"
     "b\xC2\x85"
     "c|"},
};

static void add_lines(struct ps_buf *const seen, const struct ps_str bytes, const bool is_last,
                      size_t *const ret_next)
{
    struct ps_line line;
    size_t from = 0;
    while (ps_jsonl_next(bytes, from, is_last, &line)) {
        assert_int_equal(line.from, from);
        ps_buf_add(seen, ps_str_part(bytes, line.from, line.size));
        ps_buf_add_text(seen, "|");
        from = line.next;
    }
    *ret_next = from;
}

static void test_lines_end_at_lf_alone(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(lines_rows) / sizeof(lines_rows[0]); row++) {
        const struct ps_str text = ps_str_of(lines_rows[row].text);
        for (size_t cut = 0; cut <= text.size; cut++) {
            struct ps_buf seen PS_CLEANUP(ps_buf_release);
            ps_buf_init(&seen, 1000);
            size_t next = 0;
            add_lines(&seen, ps_str_part(text, 0, cut), false, &next);
            size_t end = 0;
            add_lines(&seen, ps_str_part(text, next, text.size), true, &end);
            assert_int_equal(next + end, text.size);
            assert_string_equal(ps_buf_text(&seen), lines_rows[row].wanted);
        }
    }
}

static void test_blank_is_white_space_only(void **state)
{
    (void)state;
    assert_true(ps_jsonl_is_blank(PS_STR("")));
    assert_true(ps_jsonl_is_blank(PS_STR(" \t\r ")));
    assert_false(ps_jsonl_is_blank(PS_STR("  x")));
    assert_false(ps_jsonl_is_blank((struct ps_str){"\0", 1}));
}

static void test_counts_ends(void **state)
{
    (void)state;
    assert_int_equal(ps_jsonl_count_ends(PS_STR("")), 0);
    assert_int_equal(ps_jsonl_count_ends(PS_STR("a\nb\r\nc")), 2);
}

static void test_knows_a_byte_order_mark(void **state)
{
    (void)state;
    assert_int_equal(ps_jsonl_bom_size(PS_STR("\xEF\xBB\xBF{}")), 3);
    assert_int_equal(ps_jsonl_bom_size(PS_STR("\xEF\xBB{}")), 0);
    assert_int_equal(ps_jsonl_bom_size(PS_STR("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_end_at_lf_alone),
        cmocka_unit_test(test_blank_is_white_space_only),
        cmocka_unit_test(test_counts_ends),
        cmocka_unit_test(test_knows_a_byte_order_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
