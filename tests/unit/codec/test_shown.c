/* Goal: shown text cannot speak to the terminal. Method: a table, and every byte alone. */
#include "codec/shown.h"

#include "codec/json_doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const char *const rows[][2] = {
    {"plain text, \"quoted\" \\", "plain text, \"quoted\" \\"},
    {"caf\xC3\xA9 \xE4\xBD\xA0 \xF0\x9F\x99\x82", "caf\xC3\xA9 \xE4\xBD\xA0 \xF0\x9F\x99\x82"},
    {"\x1B[31mred", "\\u001b[31mred"},
    {"a\nb\tc\r", "a\\u000ab\\u0009c\\u000d"},
    {"\x7F", "\\u007f"},
    {"\xC2\x9B"
     "31m",
     "\\u009b31m"},
    {"\xE2\x80\xAE"
     "txt.exe",
     "\\u202etxt.exe"},
    {"\xE2\x81\xA6x\xE2\x81\xA9", "\\u2066x\\u2069"},
    {"\xE2\x80\xA8", "\\u2028"},
    {"\xEF\xBB\xBFx", "\\ufeffx"},
    {"\xEF\xBF\xBE\xEF\xBF\xBF", "\\ufffe\\uffff"},
    {"\xFF\xC3", "\\xff\\xc3"},
    {"\xC0\x80", "\\xc0\\x80"},
    {"\xED\xA0\x80", "\\xed\\xa0\\x80"},
    {"", ""},
};

static void shows(const struct ps_str text, const size_t bytes_max, const char *const expected)
{
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 6 * bytes_max + 16);
    ps_shown_add(&buf, text, bytes_max);
    assert_string_equal(ps_buf_text(&buf), expected);
}

static void escapes_what_is_not_seen(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        shows(ps_str_of(rows[row][0]), 100, rows[row][1]);
    }
    shows((struct ps_str){"a\0b", 3}, 100, "a\\u0000b");
}

static void cuts_between_characters(void **state)
{
    (void)state;
    shows(PS_STR("abcdef"), 6, "abcdef");
    shows(PS_STR("abcdefg"), 6, "abcdef...");
    shows(PS_STR("ab\xC3\xA9"), 3, "ab...");
    shows(PS_STR("ab\xC3\xA9"), 4, "ab\xC3\xA9");
}

static void every_byte_alone_is_harmless(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char one = (char)byte;
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 100);
        ps_shown_add(&buf, (struct ps_str){&one, 1}, 10);
        assert_true(ps_utf8_is_valid(ps_buf_str(&buf)));
        for (size_t at = 0; at < buf.size; at++) {
            assert_true((unsigned char)buf.data[at] >= 0x20 && buf.data[at] != 0x7F);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_what_is_not_seen),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(every_byte_alone_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
