/*
 * Goal: codes are counted, the most frequent first with an example of its own, and what may be sent
 * again counts too. Method: answers of every kind, filed by hand over an index in memory.
 */
#include "app/reasons.h"

#include "base/limits.h"
#include "fake_index.h"
#include "folder.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define ERROR(code) "{\"code\":\"" code "\",\"message\":\"m\"}"

static const struct row {
    enum ps_answer_kind kind;
    const char *payload;
} rows[] = {
    {PS_ANSWER_SUCCEEDED, "{}"},           {PS_ANSWER_FAILED, ERROR("bad")},
    {PS_ANSWER_RETRYABLE, ERROR("busy")},  {PS_ANSWER_UNPROCESSED, ERROR("busy")},
    {PS_ANSWER_UNACCOUNTED, ERROR("bad")}, {PS_ANSWER_RETRYABLE, ERROR("busy")},
    {PS_ANSWER_CANCELLED, ERROR("gone")},  {PS_ANSWER_FAILED, "{\"message\":\"no code\"}"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void what_failed_most_comes_first(void **state)
{
    (void)state;
    struct ps_error err;
    struct ps_reasons reasons;
    struct ps_answers *answers = NULL;
    struct ps_segment *segment = NULL;
    struct fake_record input[ROWS] = {{.id = NULL}};
    int64_t example = 0;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_index *const index = fake_index_new(input, ROWS);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    assert_int_equal(ps_answers_open(folder, ROWS, NULL, 0, &answers, &err), PS_OK);
    assert_int_equal(ps_reasons_of_sent(index, answers, &reasons, &example, &err), PS_OK);
    assert_int_equal(reasons.count, 0);
    assert_int_equal(example, -1);
    assert_int_equal(ps_segment_begin(answers, "j1-a1", &segment, &err), PS_OK);
    for (int64_t row = 0; row < ROWS; row++) {
        assert_int_equal(
            ps_segment_add(segment, row, rows[row].kind, ps_str_of(rows[row].payload), &err),
            PS_OK);
    }
    assert_int_equal(ps_segment_commit(segment, &err), PS_OK);
    assert_int_equal(ps_reasons_of_sent(index, answers, &reasons, &example, &err), PS_OK);
    ps_reasons_add(&reasons, &text);
    assert_string_equal(ps_buf_text(&text), "busy: 3, bad: 2, unknown: 1");
    assert_int_equal(example, 2);
    (void)ps_answers_free(answers);
    (void)ps_index_free(index);
}

static void what_does_not_fit_is_counted_as_others(void **state)
{
    (void)state;
    struct ps_reasons reasons = {.count = 0};
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    for (int64_t code = 0; code < PS_REPORT_REASONS_MAX + 3; code++) {
        char error[64];
        (void)snprintf(error, sizeof(error), "{\"code\":\"c%02lld\"}", (long long)code);
        ps_reasons_count(&reasons, ps_str_of(error));
    }
    assert_int_equal(reasons.count, PS_REPORT_REASONS_MAX);
    assert_int_equal(reasons.others, 3);
    ps_reasons_count(&reasons, PS_STR("{\"code\":\"c07\"}"));
    ps_reasons_sort(&reasons);
    assert_string_equal(reasons.rows[0].code, "c07");
    ps_reasons_add(&reasons, &text);
    assert_true(ps_str_ends_with(ps_buf_str(&text), PS_STR(", c11: 1, others: 3")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_failed_most_comes_first),
        cmocka_unit_test(what_does_not_fit_is_counted_as_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
