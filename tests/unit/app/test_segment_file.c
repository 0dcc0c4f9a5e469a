/*
 * Goal: a segment gives back what was put in, or says that it is damaged: never anything else.
 * Method: every byte of a small segment is changed, and it is cut at every length; each time either
 * the open or the reading of a payload must say so.
 */
#include "app/segment_file.h"

#include "app/answers.h"
#include "folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define ROWS_MAX 5000

struct seen {
    struct ps_segment_row rows[ROWS_MAX];
    int64_t count;
    bool is_verdict;
    struct ps_segment_lines lines;
};

static enum ps_status keep_row(void *const context, const struct ps_segment_row *const row,
                               const bool is_verdict, struct ps_error *const err)
{
    struct seen *const seen = context;
    (void)err;
    assert_true(seen->count < ROWS_MAX);
    seen->rows[seen->count] = *row;
    seen->count++;
    seen->is_verdict = is_verdict;
    return PS_OK;
}

static void add(struct ps_segment_file *const file, const int64_t record, const char *const text)
{
    struct ps_error err;
    const struct ps_segment_row row = {.record = (uint64_t)record,
                                       .kind = PS_ANSWER_SUCCEEDED,
                                       .input_tokens = (uint32_t)record * 2,
                                       .output_tokens = 7};
    assert_int_equal(ps_segment_file_add(file, &row, ps_str_of(text), &err), PS_OK);
}

static struct ps_segment_file *create(const char *const folder, const bool has_verdicts)
{
    struct ps_segment_file *file = NULL;
    struct ps_error err;
    assert_int_equal(ps_segment_file_create(folder, "j1", has_verdicts, &file, &err), PS_OK);
    return file;
}

static void finish(struct ps_segment_file *const file)
{
    struct ps_error err;
    assert_int_equal(ps_segment_file_finish(file, &err), PS_OK);
    assert_null(ps_segment_file_free(file));
}

/* Opens `<folder>/j1.seg`, reads all rows and all payloads; the payloads' text in order goes to
 * `text`. */
static enum ps_status read_all(const char *const folder, struct seen *const seen,
                               struct ps_buf *const text, struct ps_error *const err)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/j1.seg", folder);
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(descriptor >= 0);
    seen->count = 0;
    enum ps_status status =
        ps_segment_file_read(descriptor, path, keep_row, seen, &seen->lines, err);
    for (int64_t row = 0; status == PS_OK && row < seen->count; row++) {
        status = ps_segment_file_payload(descriptor, path, &seen->rows[row], text, err);
    }
    (void)close(descriptor);
    return status;
}

static void gives_back_what_was_put_in(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_segment_file *const file = create(folder, false);
    struct seen *const seen = calloc(1, sizeof(*seen));
    struct ps_error err;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 1000);
    add(file, 5, "five");
    add(file, 0, "");
    add(file, 9, "nine");
    ps_segment_file_set_lines(file, &(struct ps_segment_lines){1, 2, 3, 4});
    assert_int_equal(ps_segment_file_count(file), 3);
    struct ps_segment_row row;
    assert_int_equal(ps_segment_file_row(file, 2, &row, &err), PS_OK);
    assert_int_equal(row.record, 9);
    assert_int_equal(test_folder_count(folder), 1);
    finish(file);
    assert_int_equal(test_folder_count(folder), 1);
    assert_int_equal(read_all(folder, seen, &text, &err), PS_OK);
    assert_int_equal(seen->count, 3);
    assert_false(seen->is_verdict);
    assert_int_equal(seen->rows[0].record, 5);
    assert_int_equal(seen->rows[0].input_tokens, 10);
    assert_int_equal(seen->rows[1].size, 0);
    assert_string_equal(ps_buf_text(&text), "fivenine");
    assert_int_equal(seen->lines.repeated, 1);
    assert_int_equal(seen->lines.foreign, 2);
    assert_int_equal(seen->lines.broken, 3);
    assert_int_equal(seen->lines.repaired, 4);
    free(seen);
}

static void an_empty_one_is_whole(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct seen *const seen = calloc(1, sizeof(*seen));
    struct ps_error err;
    finish(create(folder, true));
    assert_int_equal(read_all(folder, seen, NULL, &err), PS_OK);
    assert_int_equal(seen->count, 0);
    free(seen);
}

static void many_rows_and_large_payloads_pass_the_buffers(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_segment_file *const file = create(folder, true);
    struct seen *const seen = calloc(1, sizeof(*seen));
    struct ps_error err;
    const size_t large_size = 700000;
    char *const large = malloc(large_size + 1);
    assert_non_null(large);
    memset(large, 'x', large_size);
    large[large_size] = '\0';
    for (int64_t record = 0; record < ROWS_MAX; record++) {
        add(file, record, record % 1000 == 500 ? large : "small");
    }
    finish(file);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, (size_t)16 * 1024 * 1024);
    assert_int_equal(read_all(folder, seen, &text, &err), PS_OK);
    assert_int_equal(seen->count, ROWS_MAX);
    assert_true(seen->is_verdict);
    assert_int_equal(text.size, 5 * large_size + (ROWS_MAX - 5) * strlen("small"));
    for (int64_t record = 0; record < ROWS_MAX; record++) {
        assert_int_equal(seen->rows[record].record, record);
    }
    free(large);
    free(seen);
}

static void what_was_cut_was_never_there(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_error err;
    size_t plain_size = 0;
    struct ps_segment_file *plain = create(folder, false);
    add(plain, 1, "one");
    add(plain, 3, "three");
    finish(plain);
    char *plain_bytes PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "j1.seg", &plain_size);

    struct ps_segment_file *const file = create(folder, false);
    add(file, 1, "one");
    for (int64_t record = 0; record < 3000; record++) {
        add(file, record, "a long text that is taken back again");
    }
    assert_int_equal(ps_segment_file_cut(file, 1, &err), PS_OK);
    assert_int_equal(ps_segment_file_cut(file, 1, &err), PS_OK);
    add(file, 3, "three");
    finish(file);
    size_t size = 0;
    char *bytes PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "j1.seg", &size);
    assert_int_equal(size, plain_size);
    assert_memory_equal(bytes, plain_bytes, size);
}

static void freed_before_its_end_it_leaves_nothing(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_segment_file *const file = create(folder, false);
    add(file, 1, "one");
    assert_null(ps_segment_file_free(file));
    assert_null(ps_segment_file_free(NULL));
    assert_int_equal(test_folder_count(folder), 0);
}

static void write_small(const char *const folder)
{
    struct ps_segment_file *const file = create(folder, false);
    add(file, 5, "five");
    add(file, 0, "zero");
    finish(file);
}

static void every_changed_byte_is_found(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct seen *const seen = calloc(1, sizeof(*seen));
    size_t size = 0;
    write_small(folder);
    char *bytes PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "j1.seg", &size);
    for (size_t at = 0; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct ps_error err = {0};
            struct ps_buf text PS_CLEANUP(ps_buf_release);
            ps_buf_init(&text, 1000);
            bytes[at] = (char)(bytes[at] ^ (1 << bit));
            test_file_write(folder, "j1.seg", (struct ps_str){bytes, size});
            assert_int_equal(read_all(folder, seen, &text, &err), PS_E_CORRUPT);
            assert_non_null(strstr(err.message, "j1.seg"));
            bytes[at] = (char)(bytes[at] ^ (1 << bit));
        }
    }
    free(seen);
}

static void every_cut_is_found(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct seen *const seen = calloc(1, sizeof(*seen));
    size_t size = 0;
    write_small(folder);
    char *bytes PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "j1.seg", &size);
    for (size_t length = 0; length < size; length++) {
        struct ps_error err = {0};
        struct ps_buf text PS_CLEANUP(ps_buf_release);
        ps_buf_init(&text, 1000);
        test_file_write(folder, "j1.seg", (struct ps_str){bytes, length});
        assert_int_equal(read_all(folder, seen, &text, &err), PS_E_CORRUPT);
        assert_non_null(strstr(err.message, "j1.seg"));
    }
    free(seen);
}

/* Two payloads of equal size change places: each is whole, but filed under the other's number. */
static void a_payload_of_another_record_is_found(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct seen *const seen = calloc(1, sizeof(*seen));
    struct ps_error err;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 1000);
    size_t size = 0;
    write_small(folder);
    char *bytes PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "j1.seg", &size);
    const size_t frame = 8 + strlen("five");
    char held[16];
    memcpy(held, bytes + 16, frame);
    memcpy(bytes + 16, bytes + 16 + frame, frame);
    memcpy(bytes + 16 + frame, held, frame);
    test_file_write(folder, "j1.seg", (struct ps_str){bytes, size});
    assert_int_equal(read_all(folder, seen, &text, &err), PS_E_CORRUPT);
    free(seen);
}

static void says_where_it_cannot_write(void **state)
{
    (void)state;
    struct ps_segment_file *file = NULL;
    struct ps_error err;
    assert_int_equal(ps_segment_file_create("/nowhere", "j1", false, &file, &err), PS_E_IO);
    assert_non_null(strstr(err.message, "/nowhere/j1.seg.tmp"));
    assert_null(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_was_put_in),
        cmocka_unit_test(an_empty_one_is_whole),
        cmocka_unit_test(many_rows_and_large_payloads_pass_the_buffers),
        cmocka_unit_test(what_was_cut_was_never_there),
        cmocka_unit_test(freed_before_its_end_it_leaves_nothing),
        cmocka_unit_test(every_changed_byte_is_found),
        cmocka_unit_test(every_cut_is_found),
        cmocka_unit_test(a_payload_of_another_record_is_found),
        cmocka_unit_test(says_where_it_cannot_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
