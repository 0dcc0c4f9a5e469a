/*
 * Goal: a file takes its place only when it is whole; a comparison finds any difference and names
 * the line. Method: each end of a sink's life by hand; every byte of a small file changed, cut and
 * added.
 */
#include "app/line_sink.h"

#include "folder.h"

#include "os/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void takes_its_place_only_when_published(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "a.jsonl");
    struct ps_error err;
    test_file_write(folder, "a.jsonl", PS_STR("old\n"));
    for (int does_publish = 0; does_publish < 2; does_publish++) {
        struct ps_line_sink sink;
        assert_int_equal(ps_line_sink_create(&sink, path, &err), PS_OK);
        ps_buf_add_text(&sink.buf, "new\n");
        assert_int_equal(ps_line_sink_turn(&sink, &err), PS_OK);
        assert_int_equal(ps_line_sink_finish(&sink, &err), PS_OK);
        char *before PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "a.jsonl", NULL);
        assert_string_equal(before, "old\n");
        if (does_publish == 1) {
            assert_int_equal(ps_line_sink_publish(&sink, &err), PS_OK);
        }
        ps_line_sink_release(&sink);
        assert_int_equal(test_folder_count(folder), 1);
        char *after PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "a.jsonl", NULL);
        assert_string_equal(after, does_publish == 1 ? "new\n" : "old\n");
    }
}

static void hands_on_what_is_much(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "a");
    struct ps_line_sink sink;
    struct ps_error err;
    assert_int_equal(ps_line_sink_create(&sink, path, &err), PS_OK);
    for (int line = 0; line < 200000; line++) {
        ps_buf_add_text(&sink.buf, "0123456789\n");
        assert_int_equal(ps_line_sink_turn(&sink, &err), PS_OK);
        assert_true(sink.buf.size < 1000000);
    }
    assert_int_equal(ps_line_sink_finish(&sink, &err), PS_OK);
    assert_int_equal(ps_line_sink_publish(&sink, &err), PS_OK);
    ps_line_sink_release(&sink);
    size_t size = 0;
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "a", &size);
    assert_int_equal(size, 200000 * 11);
}

static void follows_a_link(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *link_path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "link");
    struct ps_line_sink sink;
    struct ps_error err;
    struct stat info;
    test_file_write(folder, "real", PS_STR("old"));
    assert_int_equal(symlink("real", link_path), 0);
    assert_int_equal(ps_line_sink_create(&sink, link_path, &err), PS_OK);
    ps_buf_add_text(&sink.buf, "new");
    assert_int_equal(ps_line_sink_finish(&sink, &err), PS_OK);
    assert_int_equal(ps_line_sink_publish(&sink, &err), PS_OK);
    ps_line_sink_release(&sink);
    assert_int_equal(lstat(link_path, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "real", NULL);
    assert_string_equal(text, "new");
}

static void what_is_no_file_is_written_to_directly(void **state)
{
    (void)state;
    struct ps_line_sink sink;
    struct ps_error err;
    struct stat info;
    assert_int_equal(ps_line_sink_create(&sink, "/dev/null", &err), PS_OK);
    ps_buf_add_text(&sink.buf, "x\n");
    assert_int_equal(ps_line_sink_finish(&sink, &err), PS_OK);
    assert_int_equal(ps_line_sink_publish(&sink, &err), PS_OK);
    ps_line_sink_release(&sink);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
}

static void a_full_disk_is_said_with_what_to_do(void **state)
{
    (void)state;
    struct ps_line_sink sink;
    struct ps_error err;
    assert_int_equal(ps_line_sink_create(&sink, "/dev/full", &err), PS_OK);
    ps_buf_add_text(&sink.buf, "x\n");
    assert_int_equal(ps_line_sink_finish(&sink, &err), PS_E_IO);
    assert_non_null(strstr(err.message, "/dev/full"));
    assert_non_null(strstr(err.message, "No space left"));
    assert_true(err.hint[0] != '\0');
    ps_line_sink_release(&sink);
}

static void a_file_that_cannot_be_made_is_said(void **state)
{
    (void)state;
    struct ps_line_sink sink;
    struct ps_error err;
    assert_int_equal(ps_line_sink_create(&sink, "/nowhere/a", &err), PS_E_IO);
    assert_non_null(strstr(err.message, "/nowhere/a"));
    ps_line_sink_release(&sink);
    assert_int_equal(ps_line_sink_compare(&sink, "/nowhere/a", &err), PS_E_NOT_FOUND);
    ps_line_sink_release(&sink);
}

static enum ps_status compared(const char *const path, const char *const text,
                               struct ps_error *const err)
{
    struct ps_line_sink sink;
    enum ps_status status = ps_line_sink_compare(&sink, path, err);
    assert_int_equal(status, PS_OK);
    ps_buf_add_text(&sink.buf, text);
    status = ps_line_sink_finish(&sink, err);
    ps_line_sink_release(&sink);
    return status;
}

static void every_difference_is_found_and_its_line_named(void **state)
{
    (void)state;
    static const char text[] = "first\nsecond\n\nfourth\n";
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "a");
    struct ps_error err;
    char changed[sizeof(text) + 1];
    test_file_write(folder, "a", ps_str_of(text));
    assert_int_equal(compared(path, text, &err), PS_OK);
    int64_t line = 1;
    for (size_t at = 0; at <= sizeof(text) - 1; at++) {
        char named[64];
        (void)snprintf(named, sizeof(named), "line %lld ", (long long)line);
        memcpy(changed, text, sizeof(text));
        changed[at] = at < sizeof(text) - 1 ? (char)(text[at] ^ 1) : 'x';
        const size_t size = at < sizeof(text) - 1 ? sizeof(text) - 1 : sizeof(text);
        test_file_write(folder, "a", (struct ps_str){changed, size});
        assert_int_equal(compared(path, text, &err), PS_E_CORRUPT);
        assert_non_null(strstr(err.message, named));
        if (at < sizeof(text) - 1) {
            test_file_write(folder, "a", (struct ps_str){text, at});
            assert_int_equal(compared(path, text, &err), PS_E_CORRUPT);
            assert_non_null(strstr(err.message, named));
        }
        line += text[at] == '\n' ? 1 : 0;
    }
}

static void writes_to_a_descriptor_of_the_caller(void **state)
{
    (void)state;
    int ends[2];
    char room[16] = {0};
    struct ps_error err;
    struct ps_line_sink sink;
    assert_int_equal(pipe(ends), 0);
    ps_line_sink_on(&sink, ends[1], "a pipe");
    ps_buf_add_text(&sink.buf, "hello");
    assert_int_equal(ps_line_sink_finish(&sink, &err), PS_OK);
    ps_line_sink_release(&sink);
    assert_int_equal(write(ends[1], "!", 1), 1); /* still open */
    assert_int_equal(read(ends[0], room, sizeof(room)), 6);
    assert_string_equal(room, "hello!");
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_its_place_only_when_published),
        cmocka_unit_test(hands_on_what_is_much),
        cmocka_unit_test(follows_a_link),
        cmocka_unit_test(what_is_no_file_is_written_to_directly),
        cmocka_unit_test(a_full_disk_is_said_with_what_to_do),
        cmocka_unit_test(a_file_that_cannot_be_made_is_said),
        cmocka_unit_test(every_difference_is_found_and_its_line_named),
        cmocka_unit_test(writes_to_a_descriptor_of_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
