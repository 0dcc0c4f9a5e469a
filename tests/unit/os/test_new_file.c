/* Goal: a new file appears whole or not at all, and a full disk is an error that names it. Method:
 * a folder of the test's own; the disk is made full by a limit on file size. */
#include "os/new_file.h"

#include "base/limits.h"
#include "os/files.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char *folder;
static char *path;
static char *beside;

static int set_up(void **state)
{
    (void)state;
    char *const base = getenv("TMPDIR");
    folder = ps_files_join(base == NULL ? "/tmp" : base, "penstock-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    path = ps_files_join(folder, "file");
    beside = ps_files_join(folder, "file.new");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    const enum ps_status status = ps_files_remove_tree(folder, NULL);
    free(folder);
    free(path);
    free(beside);
    return status == PS_OK ? 0 : -1;
}

static void appears_whole_after_the_commit(void **state)
{
    (void)state;
    struct ps_new_file *file PS_CLEANUP(ps_new_file_free_auto) = NULL;
    struct ps_error err;
    char *const large = calloc(1, PS_MB);
    memset(large, 'x', PS_MB);
    assert_int_equal(ps_new_file_begin(path, &file, &err), PS_OK);
    assert_int_equal(ps_new_file_add(file, PS_STR("head"), &err), PS_OK);
    assert_int_equal(ps_new_file_add(file, (struct ps_str){large, PS_MB}, &err), PS_OK);
    assert_int_equal(ps_new_file_add(file, PS_STR("tail"), &err), PS_OK);
    assert_int_equal(ps_new_file_size(file), PS_MB + 8);
    assert_int_equal(ps_new_file_flush(file, &err), PS_OK);
    assert_int_equal(ps_new_file_write_at(file, 2, PS_STR("at"), &err), PS_OK);
    char room[4];
    assert_int_equal(ps_new_file_read_at(file, 0, room, 4, &err), PS_OK);
    assert_memory_equal(room, "heat", 4);
    assert_int_equal(ps_new_file_read_at(file, (int64_t)PS_MB + 4, room, 4, &err), PS_OK);
    assert_memory_equal(room, "tail", 4);
    assert_int_equal(ps_new_file_read_at(file, (int64_t)PS_MB + 6, room, 4, &err), PS_E_CORRUPT);
    assert_false(ps_files_exists(path));
    assert_int_equal(ps_new_file_commit(file, &err), PS_OK);
    assert_false(ps_files_exists(beside));
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_size, PS_MB + 8);
    assert_int_equal(facts.st_mode & 0777, 0600);
    free(large);
}

static void leaves_nothing_without_it(void **state)
{
    (void)state;
    struct ps_new_file *file = NULL;
    struct ps_error err;
    assert_int_equal(ps_new_file_begin(path, &file, &err), PS_OK);
    assert_int_equal(ps_new_file_add(file, PS_STR("text"), &err), PS_OK);
    assert_true(ps_files_exists(beside));
    file = ps_new_file_free(file);
    assert_null(file);
    assert_false(ps_files_exists(beside));
    assert_false(ps_files_exists(path));
}

static void a_full_disk_is_said(void **state)
{
    (void)state;
    struct ps_new_file *file = NULL;
    struct ps_error err;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small = {1000, before.rlim_max};
    assert_int_equal(ps_new_file_begin(path, &file, &err), PS_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum ps_status status = PS_OK;
    char piece[700];
    memset(piece, 'x', sizeof(piece));
    for (int round = 0; round < 2 && status == PS_OK; round++) {
        status = ps_new_file_add(file, (struct ps_str){piece, sizeof(piece)}, &err);
    }
    assert_int_equal(status, PS_OK); /* still buffered */
    status = ps_new_file_commit(file, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(status, PS_E_IO);
    assert_non_null(strstr(err.message, path));
    (void)ps_new_file_free(file);
    assert_false(ps_files_exists(beside));
    assert_false(ps_files_exists(path));
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    (void)state;
    struct ps_new_file *file = NULL;
    struct ps_error err;
    assert_int_equal(ps_new_file_begin("/no/such/folder/file", &file, &err), PS_E_IO);
    assert_null(file);
    /* Nor is anything written through a link that somebody laid there. */
    assert_int_equal(symlink("/dev/null", beside), 0);
    assert_int_equal(ps_new_file_begin(path, &file, &err), PS_E_IO);
    assert_null(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appears_whole_after_the_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_nothing_without_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
