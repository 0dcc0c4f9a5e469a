/*
 * JSON is read strictly. Goal: every one of JSONTestSuite's files has its answer written down here,
 * and every line is either valid as a whole or refused. Method: y_ files are accepted, n_ files
 * refused, each i_ file (left to the implementation) stands in a table; then memory, number text
 * and UTF-8 by rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "codec/json_doc.h"
#include "codec/json_scan.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum answer { ACCEPT, REJECT, NOT_UTF8, TOO_DEEP };

struct file_row {
    const char *name;
    enum answer answer;
};

/*
 * Numbers of any size are text to us: accepted. Lone surrogates cannot be written as UTF-8, and
 * every service reads them differently: refused. A byte order mark belongs to a file, not to a
 * line: refused here, and stepped over where an input begins.
 */
static const struct file_row implementation_rows[] = {
    {"i_number_double_huge_neg_exp.json", ACCEPT},
    {"i_number_huge_exp.json", ACCEPT},
    {"i_number_neg_int_huge_exp.json", ACCEPT},
    {"i_number_pos_double_huge_exp.json", ACCEPT},
    {"i_number_real_neg_overflow.json", ACCEPT},
    {"i_number_real_pos_overflow.json", ACCEPT},
    {"i_number_real_underflow.json", ACCEPT},
    {"i_number_too_big_neg_int.json", ACCEPT},
    {"i_number_too_big_pos_int.json", ACCEPT},
    {"i_number_very_big_negative_int.json", ACCEPT},
    {"i_object_key_lone_2nd_surrogate.json", REJECT},
    {"i_string_1st_surrogate_but_2nd_missing.json", REJECT},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", REJECT},
    {"i_string_UTF-16LE_with_BOM.json", NOT_UTF8},
    {"i_string_UTF-8_invalid_sequence.json", NOT_UTF8},
    {"i_string_UTF8_surrogate_U+D800.json", NOT_UTF8},
    {"i_string_incomplete_surrogate_and_escape_valid.json", REJECT},
    {"i_string_incomplete_surrogate_pair.json", REJECT},
    {"i_string_incomplete_surrogates_escape_valid.json", REJECT},
    {"i_string_invalid_lonely_surrogate.json", REJECT},
    {"i_string_invalid_surrogate.json", REJECT},
    {"i_string_invalid_utf-8.json", NOT_UTF8},
    {"i_string_inverted_surrogates_U+1D11E.json", REJECT},
    {"i_string_iso_latin_1.json", NOT_UTF8},
    {"i_string_lone_second_surrogate.json", REJECT},
    {"i_string_lone_utf8_continuation_byte.json", NOT_UTF8},
    {"i_string_not_in_unicode_range.json", NOT_UTF8},
    {"i_string_overlong_sequence_2_bytes.json", NOT_UTF8},
    {"i_string_overlong_sequence_6_bytes.json", NOT_UTF8},
    {"i_string_overlong_sequence_6_bytes_null.json", NOT_UTF8},
    {"i_string_truncated-utf-8.json", NOT_UTF8},
    {"i_string_utf16BE_no_BOM.json", NOT_UTF8},
    {"i_string_utf16LE_no_BOM.json", NOT_UTF8},
    {"i_structure_500_nested_arrays.json", TOO_DEEP},
    {"i_structure_UTF-8_BOM_empty_object.json", REJECT},
};

static enum answer answer_of(struct ps_json_doc *const doc, const struct ps_str text)
{
    struct ps_json_reason reason = {PS_JSON_OK, 0, NULL};
    if (ps_json_doc_read(doc, text, &reason) == NULL) {
        assert_non_null(reason.text);
        return reason.fault == PS_JSON_ENCODING ? NOT_UTF8 : REJECT;
    }
    assert_true(ps_utf8_is_valid(text));
    struct ps_json_walk walk = {text.data, text.data + text.size, 0};
    (void)ps_json_walk_value(&walk);
    return walk.deepest > PS_JSON_DEPTH_MAX ? TOO_DEEP : ACCEPT;
}

static enum answer wanted_of(const char *const name)
{
    for (size_t row = 0; row < sizeof(implementation_rows) / sizeof(implementation_rows[0]);
         row++) {
        if (strcmp(implementation_rows[row].name, name) == 0) {
            return implementation_rows[row].answer;
        }
    }
    if (name[0] == 'i') {
        fail_msg("'%s' has no answer written down", name);
    }
    return name[0] == 'y' ? ACCEPT : REJECT;
}

static void read_file(const char *const folder, const char *const name, struct ps_buf *const to)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *const file = fopen(path, "rb");
    assert_non_null(file);
    char *const room = ps_buf_reserve(to, PS_MB);
    ps_buf_commit(to, fread(room, 1, PS_MB, file));
    assert_int_equal(fclose(file), 0);
}

static void check_file(struct ps_json_doc *const doc, const char *const folder,
                       const char *const name)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 2 * PS_MB);
    read_file(folder, name, &text);
    const enum answer seen = answer_of(doc, ps_buf_str(&text));
    const enum answer wanted = wanted_of(name);
    const bool is_refused = name[0] == 'n' && seen == NOT_UTF8;
    if (seen != wanted && !is_refused) {
        fail_msg("'%s': answer %d, not %d", name, (int)seen, (int)wanted);
    }
}

static void test_every_file_of_the_suite_has_its_answer(void **state)
{
    (void)state;
    const char *const shared = getenv("PENSTOCK_SHARED");
    char folder[512];
    (void)snprintf(folder, sizeof(folder), "%s/data/json/test_parsing",
                   shared == NULL ? "../shared" : shared);
    DIR *const listing = opendir(folder);
    if (listing == NULL) {
        print_message("skipped: no JSONTestSuite at '%s' (set PENSTOCK_SHARED)\n", folder);
        skip();
    }
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    ps_json_doc_init(&doc);
    int counts[256] = {0};
    for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (entry->d_name[0] != '.') {
            check_file(&doc, folder, entry->d_name);
            counts[(unsigned char)entry->d_name[0]]++;
        }
    }
    assert_int_equal(closedir(listing), 0);
    assert_int_equal(counts['y'], 95);
    assert_int_equal(counts['n'], 188);
    assert_int_equal(counts['i'], 35);
}

static void test_numbers_stay_text(void **state)
{
    (void)state;
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    ps_json_doc_init(&doc);
    struct ps_json_reason reason;
    static const char *const numbers[] = {"-0", "1e999", "-1E-999",
                                          "123456789012345678901234567890", "0.10"};
    for (size_t row = 0; row < sizeof(numbers) / sizeof(numbers[0]); row++) {
        yyjson_val *const root = ps_json_doc_read(&doc, ps_str_of(numbers[row]), &reason);
        assert_non_null(root);
        assert_true(ps_str_equals_text(ps_json_text(root), numbers[row]));
    }
    assert_int_equal(ps_json_text(ps_json_doc_read(&doc, PS_STR("null"), &reason)).size, 0);
}

/* Texts smaller and larger than the room, in turn: the tree is right each time and nothing leaks.
 */
static void test_memory_is_used_again(void **state)
{
    (void)state;
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    ps_json_doc_init(&doc);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 40 * PS_MB);
    struct ps_json_reason reason;
    for (size_t count = 1; count < 3000000; count *= 3) {
        ps_buf_clear(&text);
        ps_buf_add_text(&text, "[0");
        for (size_t place = 1; place < count; place++) {
            ps_buf_add_text(&text, ",1");
        }
        ps_buf_add_text(&text, "]");
        yyjson_val *const root = ps_json_doc_read(&doc, ps_buf_str(&text), &reason);
        assert_non_null(root);
        assert_int_equal(yyjson_arr_size(root), count);
        assert_non_null(ps_json_doc_read(&doc, PS_STR("{\"a\":[1,2]}"), &reason));
        assert_null(ps_json_doc_read(&doc, PS_STR("[1,"), &reason));
        assert_int_equal(reason.fault, PS_JSON_SYNTAX);
    }
}

static void test_a_line_of_nothing_but_commas_is_refused(void **state)
{
    (void)state;
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    ps_json_doc_init(&doc);
    const size_t size = PS_INPUT_LINE_BYTES_MAX;
    char *const text = malloc(size);
    assert_non_null(text);
    for (size_t place = 0; place < size; place++) {
        text[place] = place % 2 == 0 ? ',' : '1';
    }
    text[0] = '[';
    text[size - 1] = ']';
    text[size - 2] = '1';
    text[size - 3] = '1';
    struct ps_json_reason reason;
    assert_null(ps_json_doc_read(&doc, (struct ps_str){text, size}, &reason));
    assert_int_equal(reason.fault, PS_JSON_TOO_LARGE);
    free(text);
}

struct utf8_row {
    const char *text;
    bool is_valid;
};

static const struct utf8_row utf8_rows[] = {
    {"", true},
    {"plain text of more than eight bytes", true},
    {"\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF", true},
    {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", true},
    {"\x80", false},
    {"\xC0\xAF", false},
    {"\xC1\xBF", false},
    {"\xE0\x9F\xBF", false},
    {"\xED\xA0\x80", false},
    {"\xF0\x8F\xBF\xBF", false},
    {"\xF4\x90\x80\x80", false},
    {"\xF5\x80\x80\x80", false},
    {"\xE2\x82", false},
    {"\xE2\x82 ", false},
    {"\xFF", false},
    {"eight ok\xC3", false},
};

static void test_utf8_by_its_table(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(utf8_rows) / sizeof(utf8_rows[0]); row++) {
        assert_int_equal(ps_utf8_is_valid(ps_str_of(utf8_rows[row].text)), utf8_rows[row].is_valid);
    }
}

struct repair_row {
    const char *text;
    const char *repaired;
};

#define FFFD "\xEF\xBF\xBD"

static const struct repair_row repair_rows[] = {
    {"", ""},
    {"\"plain \xC3\xA9\"", "\"plain \xC3\xA9\""},
    {"\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\""}, /* a pair is a character */
    {"\"\\ud800\"", "\"\\ufffd\""},
    {"\"\\uDFFF\\uDC00\"", "\"\\ufffd\\ufffd\""},
    {"\"\\uD800\\uD801\\uDC37\"", "\"\\ufffd\\uD801\\uDC37\""},
    {"\"\\ud800\\u0041\\n\"", "\"\\ufffd\\u0041\\n\""},
    {"\"\\\\ud800\"", "\"\\\\ud800\""}, /* a backslash, and five letters */
    {"\"\\\\\\ud800\"", "\"\\\\\\ufffd\""},
    {"\"\\ud80\"", "\"\\ud80\""}, /* no escape: what it is the reader tells */
    {"\"\\ud80g\"", "\"\\ud80g\""},
    {"\\", "\\"},
    {"\xFF\xC3", FFFD FFFD},
    {"a\xC0\xAF", "a" FFFD FFFD},
    {"\xE2\x82|\xF0\x9F\x98|\xE2\x82", FFFD "|" FFFD "|" FFFD}, /* maximal subparts */
    {"\xED\xA0\x80", FFFD FFFD FFFD},
};

static void test_what_is_no_character_becomes_one(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(repair_rows) / sizeof(repair_rows[0]); row++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 100);
        assert_true(ps_json_repair(ps_str_of(repair_rows[row].text), &buf));
        assert_string_equal(ps_buf_text(&buf), repair_rows[row].repaired);
    }
    struct ps_buf small PS_CLEANUP(ps_buf_release);
    ps_buf_init(&small, 4);
    assert_false(ps_json_repair(PS_STR("\xFF\xFF"), &small));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_file_of_the_suite_has_its_answer),
        cmocka_unit_test(test_numbers_stay_text),
        cmocka_unit_test(test_memory_is_used_again),
        cmocka_unit_test(test_a_line_of_nothing_but_commas_is_refused),
        cmocka_unit_test(test_utf8_by_its_table),
        cmocka_unit_test(test_what_is_no_character_becomes_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
