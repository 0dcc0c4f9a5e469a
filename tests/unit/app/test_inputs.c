/* Goal: what cannot be an input is refused in words, what was pinned and is another now is told
 * apart from what is gone. Method: a folder with one of each. */
#include "app/inputs.h"

#include "folder.h"
#include "index_scene.h"
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static enum ps_status open_one(const char *const folder, const char *const path,
                               struct ps_inputs *const ret_inputs, struct ps_error *const err)
{
    const char *const names[] = {path};
    return ps_inputs_open(names, 1, folder, ret_inputs, err);
}

static void what_is_no_file_is_refused_in_words(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *fifo PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "fifo");
    char *locked PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "locked");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    test_file_write(folder, "locked", PS_STR("x"));
    assert_int_equal(chmod(locked, 0), 0);
    const struct {
        const char *path;
        enum ps_status status;
        const char *word;
    } rows[] = {
        {folder, PS_E_INPUT, "it is a folder"},
        {fifo, PS_E_INPUT, "it is a FIFO"},
        {"/dev/null", PS_E_INPUT, "it is a device"},
        {"/no/such/file", PS_E_INPUT, "No such file"},
        {"/dev/null/x", PS_E_INPUT, "Not a directory"},
        {locked, PS_E_INPUT, "Permission denied"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_inputs inputs = {NULL, 0};
        struct ps_error err;
        if (rows[row].path == locked && geteuid() == 0) {
            continue; /* root reads everything */
        }
        assert_int_equal(open_one(folder, rows[row].path, &inputs, &err), rows[row].status);
        assert_non_null(strstr(err.message, rows[row].word));
        assert_non_null(strstr(err.message, rows[row].path));
        assert_true(strlen(err.hint) > 5);
        assert_int_equal(inputs.count, 0);
    }
}

static void changed_and_gone_are_told_apart(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "in");
    struct ps_inputs inputs PS_CLEANUP(ps_inputs_release) = {NULL, 0};
    struct ps_error err;
    struct stat facts;
    int descriptor = -1;
    char room[8];
    test_file_write(folder, "in", PS_STR("abcd"));
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(open_one(folder, path, &inputs, &err), PS_OK);
    assert_int_equal(ps_input_open(&inputs.items[0], &descriptor, &err), PS_OK);
    assert_int_equal(ps_input_read(&inputs.items[0], descriptor, 1, room, 3, &err), PS_OK);
    assert_memory_equal(room, "bcd", 3);
    assert_int_equal(ps_input_read(&inputs.items[0], descriptor, 2, room, 3, &err), PS_E_CORRUPT);
    assert_string_equal(err.aws_code, "input_changed");
    assert_int_equal(close(descriptor), 0);
    /* Another size; the same size at another time; the old bytes at the old time; gone. */
    const struct timespec old[2] = {facts.st_atim, facts.st_mtim};
    const struct timespec other[2] = {{1, 0}, {1, 0}};
    test_file_write(folder, "in", PS_STR("abcde"));
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_int_equal(ps_input_open(&inputs.items[0], &descriptor, &err), PS_E_CORRUPT);
    assert_string_equal(err.aws_code, "input_changed");
    test_file_write(folder, "in", PS_STR("abcx"));
    assert_int_equal(utimensat(AT_FDCWD, path, other, 0), 0);
    assert_int_equal(ps_input_open(&inputs.items[0], &descriptor, &err), PS_E_CORRUPT);
    test_file_write(folder, "in", PS_STR("abcd"));
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_int_equal(ps_input_open(&inputs.items[0], &descriptor, &err), PS_OK);
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ps_input_open(&inputs.items[0], &descriptor, &err), PS_E_NOT_FOUND);
    assert_string_equal(err.aws_code, "input_gone");
}

static void packed_ones_are_spooled_and_spools_can_be_removed(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "in.whatever");
    struct ps_buf packed PS_CLEANUP(ps_buf_release);
    struct ps_inputs inputs PS_CLEANUP(ps_inputs_release) = {NULL, 0};
    struct ps_error err;
    ps_buf_init(&packed, SCENE_BYTES_MAX);
    pack("zst", PS_STR("plain text"), &packed);
    test_file_write(folder, "in.whatever", ps_buf_str(&packed));
    const char *const names[] = {path, path};
    assert_int_equal(ps_inputs_open(names, 2, folder, &inputs, &err), PS_OK);
    assert_int_equal(test_folder_count(folder), 3);
    assert_string_equal(inputs.items[1].spool, "spool-00001");
    assert_int_equal(inputs.items[1].offset, 10);
    assert_int_equal(inputs.items[1].size_bytes, 10);
    ps_inputs_remove_spools(&inputs);
    assert_int_equal(test_folder_count(folder), 1);
    /* The second cannot be read: the first one's spool goes too. */
    const char *const half[] = {path, "/no/such"};
    struct ps_inputs none = {NULL, 0};
    assert_int_equal(ps_inputs_open(half, 2, folder, &none, &err), PS_E_INPUT);
    assert_int_equal(test_folder_count(folder), 1);
}

static void an_offset_says_which_input(void **state)
{
    (void)state;
    struct ps_input items[4] = {{.offset = 0}, {.offset = 10}, {.offset = 10}, {.offset = 15}};
    const struct ps_inputs inputs = {items, 4};
    assert_int_equal(ps_inputs_find(&inputs, 0), 0);
    assert_int_equal(ps_inputs_find(&inputs, 9), 0);
    assert_int_equal(ps_inputs_find(&inputs, 10), 2); /* the one between is empty */
    assert_int_equal(ps_inputs_find(&inputs, 15), 3);
    assert_int_equal(ps_inputs_find(&inputs, 99), 3);
}

static void standard_input_is_spooled(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_inputs inputs PS_CLEANUP(ps_inputs_release) = {NULL, 0};
    struct ps_error err;
    int ends[2];
    const int kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "from a pipe", 11), 11);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(open_one(folder, "-", &inputs, &err), PS_OK);
    assert_int_equal(close(ends[0]), 0);
    if (kept >= 0) {
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        assert_int_equal(close(kept), 0);
    }
    size_t size = 0;
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "spool-00000", &size);
    assert_string_equal(text, "from a pipe");
    assert_string_equal(inputs.items[0].name, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_file_is_refused_in_words),
        cmocka_unit_test(changed_and_gone_are_told_apart),
        cmocka_unit_test(packed_ones_are_spooled_and_spools_can_be_removed),
        cmocka_unit_test(an_offset_says_which_input),
        cmocka_unit_test(standard_input_is_spooled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
