/* Goal: sections, keys and values come out as they are meant, and a broken line is named. Method:
 * one text with every form; broken lines as rows. */
#include "codec/sections.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void every_form_is_read(void **state)
{
    (void)state;
    static const char text[] = "# a comment\n"
                               "\n"
                               "first = 1\n"
                               "[ lane a ]   # the first\n"
                               "  model=us.m-1:0\r\n"
                               "; another\n"
                               "tpm = 3M ; a comment\n"
                               "s3_uri = s3://b/#p\n"
                               "empty =\n"
                               "[lane b]\n"
                               "last = a = b";
    static const struct {
        const char *section;
        const char *key;
        const char *value;
        int64_t number;
    } rows[] = {
        {"", "first", "1", 3},
        {"lane a", "", "", 4},
        {"lane a", "model", "us.m-1:0", 5},
        {"lane a", "tpm", "3M", 7},
        {"lane a", "s3_uri", "s3://b/#p", 8},
        {"lane a", "empty", "", 9},
        {"lane b", "", "", 10},
        {"lane b", "last", "a = b", 11},
    };
    struct ps_sections sections = {.rest = PS_STR(text)};
    struct ps_section_line line;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        assert_true(ps_sections_next(&sections, &line));
        assert_null(line.wrong);
        assert_true(ps_str_equals_text(line.section, rows[row].section));
        assert_true(ps_str_equals_text(line.key, rows[row].key));
        assert_true(ps_str_equals_text(line.value, rows[row].value));
        assert_int_equal(line.number, rows[row].number);
    }
    assert_false(ps_sections_next(&sections, &line));
}

static void a_broken_line_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *wrong;
    } rows[] = {
        {"\n[lane a", "no ']'"},
        {"\njobs", "neither"},
        {"\n= 3", "neither"},
        {"\njobs: 3", "neither"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_sections sections = {.rest = ps_str_of(rows[row].text)};
        struct ps_section_line line;
        assert_true(ps_sections_next(&sections, &line));
        assert_non_null(line.wrong);
        assert_non_null(strstr(line.wrong, rows[row].wrong));
        assert_int_equal(line.number, 2);
    }
}

static void an_empty_file_says_nothing(void **state)
{
    (void)state;
    struct ps_sections sections = {.rest = PS_STR("")};
    struct ps_section_line line;
    assert_false(ps_sections_next(&sections, &line));
    sections.rest = PS_STR("\n\n# nothing\n");
    assert_false(ps_sections_next(&sections, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(a_broken_line_is_named),
        cmocka_unit_test(an_empty_file_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
