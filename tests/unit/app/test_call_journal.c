/*
 * Goal: what was added and synced is there after a crash, whatever of the file's end is lost, and
 * nothing else ever is. Method: a journal of a few answers cut at every length and changed in every
 * byte, opened again each time.
 */
#include "app/call_journal.h"

#include "base/buf.h"
#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NAME "j1"
#define FILE_NAME "j1.calls"

static struct ps_call_journal *open_it(const char *const folder)
{
    struct ps_call_journal *journal = NULL;
    struct ps_error err;
    assert_int_equal(ps_call_journal_open(folder, NAME, &journal, &err), PS_OK);
    return journal;
}

static void add(struct ps_call_journal *const journal, const int64_t record, const char *const text)
{
    struct ps_error err;
    const struct ps_usage usage = {10 + record, 1};
    assert_int_equal(
        ps_call_journal_add(journal, record, PS_ANSWER_SUCCEEDED, ps_str_of(text), usage, &err),
        PS_OK);
}

static void write_three(const char *const folder)
{
    struct ps_error err;
    struct ps_call_journal *const journal = open_it(folder);
    assert_int_equal(test_folder_count(folder), 0); /* nothing is made for nothing */
    add(journal, 7, "seven");
    add(journal, 3, "");
    add(journal, 5, "five, and more of it");
    assert_int_equal(ps_call_journal_sync(journal, &err), PS_OK);
    (void)ps_call_journal_free(journal);
}

static void what_was_added_is_found_again(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    write_three(folder);
    struct ps_call_journal *const journal = open_it(folder);
    assert_int_equal(ps_call_journal_count(journal), 3);
    assert_true(ps_call_journal_has(journal, 3));
    assert_false(ps_call_journal_has(journal, 4));
    const struct ps_tally tally = ps_call_journal_tally(journal);
    assert_int_equal(tally.lines, 3);
    assert_int_equal(tally.input_tokens, 45);
    assert_int_equal(tally.output_tokens, 3);
    (void)ps_call_journal_free(journal);
    ps_call_journal_remove(folder, NAME);
    assert_int_equal(test_folder_count(folder), 0);
}

static void its_answers_become_a_segment(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_answers *answers = NULL;
    struct ps_segment *segment = NULL;
    struct ps_error err;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 1000);
    write_three(folder);
    struct ps_call_journal *const journal = open_it(folder);
    assert_int_equal(ps_answers_open(folder, 10, NULL, 0, &answers, &err), PS_OK);
    assert_int_equal(ps_segment_begin(answers, NAME, &segment, &err), PS_OK);
    assert_int_equal(ps_call_journal_file(journal, segment, &err), PS_OK);
    assert_int_equal(ps_segment_commit(segment, &err), PS_OK);
    assert_int_equal(ps_answers_count(answers, PS_ANSWER_SUCCEEDED), 3);
    assert_int_equal(ps_answers_state(answers, 5).input_tokens, 15);
    assert_int_equal(ps_answers_payload(answers, 5, &text, &err), PS_OK);
    assert_string_equal(ps_buf_text(&text), "five, and more of it");
    (void)ps_answers_free(answers);
    (void)ps_call_journal_free(journal);
}

/* How many of the three are left; whatever is, may be added to. */
static int64_t left_of(const char *const folder, const struct ps_str bytes)
{
    test_file_write(folder, FILE_NAME, bytes);
    struct ps_call_journal *const journal = open_it(folder);
    const int64_t count = ps_call_journal_count(journal);
    assert_int_equal(ps_call_journal_has(journal, 7), count > 0);
    assert_int_equal(ps_call_journal_has(journal, 5), count > 2);
    add(journal, 9, "nine");
    (void)ps_call_journal_free(journal);
    struct ps_call_journal *const again = open_it(folder);
    assert_int_equal(ps_call_journal_count(again), count + 1);
    (void)ps_call_journal_free(again);
    return count;
}

static void cut_anywhere_it_keeps_what_is_whole(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    size_t size = 0;
    write_three(folder);
    char *const whole = test_file_read(folder, FILE_NAME, &size);
    assert_int_equal(size, 3 * 48 + 25);
    for (size_t cut = 0; cut <= size; cut++) {
        const int64_t left = left_of(folder, (struct ps_str){whole, cut});
        assert_int_equal(left, cut < 53 ? 0 : cut < 101 ? 1 : cut < size ? 2 : 3);
    }
    free(whole);
}

static void changed_anywhere_it_keeps_what_stands_before(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    size_t size = 0;
    write_three(folder);
    char *const whole = test_file_read(folder, FILE_NAME, &size);
    for (size_t at = 0; at < size; at++) {
        whole[at] = (char)(whole[at] ^ 0x20);
        assert_int_equal(left_of(folder, (struct ps_str){whole, size}), at < 53    ? 0
                                                                        : at < 101 ? 1
                                                                                   : 2);
        whole[at] = (char)(whole[at] ^ 0x20);
    }
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found_again),
        cmocka_unit_test(its_answers_become_a_segment),
        cmocka_unit_test(cut_anywhere_it_keeps_what_is_whole),
        cmocka_unit_test(changed_anywhere_it_keeps_what_stands_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
