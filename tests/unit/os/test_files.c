/* Goal: files are whole or as before, private, and one process holds a lock. Method: a folder of
 * our own. */
#include "os/files.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    static char name[] = "/tmp/penstock-files-XXXXXX";
    folder = mkdtemp(name);
    return folder == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    struct ps_error err = {0};
    return ps_files_remove_tree(folder, &err) == PS_OK ? 0 : -1;
}

static unsigned mode_of(const char *const path)
{
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    return facts.st_mode & 07777U;
}

static void writes_whole_private_files(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_buf buf;
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "file");
    ps_buf_init(&buf, 100);
    assert_false(ps_files_exists(path));
    assert_int_equal(ps_files_read(path, &buf, &err), PS_E_NOT_FOUND);
    assert_int_equal(ps_files_write(path, PS_STR("one"), &err), PS_OK);
    assert_int_equal(ps_files_write_quick(path, PS_STR("three"), &err), PS_OK);
    assert_int_equal(ps_files_read(path, &buf, &err), PS_OK);
    assert_string_equal(ps_buf_text(&buf), "three");
    assert_int_equal(mode_of(path), 0600);
    ps_buf_release(&buf);
}

static void appends_to_what_is_there(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "grows");
    char *nowhere PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "no/grows");
    ps_buf_init(&buf, 100);
    assert_int_equal(ps_files_append(path, PS_STR("one\n"), &err), PS_OK);
    assert_int_equal(ps_files_append(path, PS_STR("two\n"), &err), PS_OK);
    assert_int_equal(ps_files_read(path, &buf, &err), PS_OK);
    assert_string_equal(ps_buf_text(&buf), "one\ntwo\n");
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(ps_files_append(nowhere, PS_STR("x"), &err), PS_E_IO);
}

static void a_write_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct ps_error err = {0};
    char *missing PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "no/such/file");
    assert_int_equal(ps_files_write(missing, PS_STR("x"), &err), PS_E_IO);
    assert_non_null(strstr(err.message, "no/such/file"));

    /* A folder stands where the file should be: the rename fails, nothing is left beside it. */
    char *taken PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "taken");
    char *beside PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "taken.new");
    assert_int_equal(ps_files_make_folder(taken, &err), PS_OK);
    assert_int_equal(ps_files_write(taken, PS_STR("x"), &err), PS_E_IO);
    assert_false(ps_files_exists(beside));
}

static void refuses_what_is_over_the_cap(void **state)
{
    (void)state;
    struct ps_error err = {0};
    struct ps_buf buf;
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "large");
    assert_int_equal(ps_files_write(path, PS_STR("0123456789"), &err), PS_OK);
    ps_buf_init(&buf, 9);
    assert_int_equal(ps_files_read(path, &buf, &err), PS_E_TOO_LARGE);
    ps_buf_release(&buf);
}

static void makes_and_removes_trees(void **state)
{
    (void)state;
    struct ps_error err = {0};
    char *deep PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "a/b/c");
    char *top PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "a");
    char *file PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "a/b/file");
    char *outside PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "outside");
    char *link PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "a/link");
    assert_int_equal(ps_files_make_folder(deep, &err), PS_OK);
    assert_int_equal(ps_files_make_folder(deep, &err), PS_OK);
    assert_int_equal(mode_of(deep), 0700);
    assert_int_equal(ps_files_write(file, PS_STR("x"), &err), PS_OK);
    assert_int_equal(ps_files_write(outside, PS_STR("x"), &err), PS_OK);
    assert_int_equal(symlink(outside, link), 0);
    assert_int_equal(ps_files_remove_tree(top, &err), PS_OK);
    assert_false(ps_files_exists(top));
    assert_true(ps_files_exists(outside));
    assert_int_equal(ps_files_remove_tree(top, &err), PS_OK);
}

static void one_process_holds_the_lock_until_it_dies(void **state)
{
    (void)state;
    struct ps_error err = {0};
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    int ready[2];
    int descriptor = -1;
    int64_t pid = -1;
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        const bool has_it = ps_files_lock(path, &descriptor, &pid, &err) == PS_OK;
        (void)!write(ready[1], has_it ? "y" : "n", 1);
        (void)pause();
        _exit(0);
    }
    char answer = '?';
    assert_int_equal(read(ready[0], &answer, 1), 1);
    assert_int_equal(answer, 'y');
    assert_true(ps_files_is_locked(path));
    assert_int_equal(ps_files_lock(path, &descriptor, &pid, &err), PS_E_CONFLICT);
    assert_int_equal(pid, child);
    assert_int_equal(descriptor, -1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(ps_files_is_locked(path));
    assert_int_equal(ps_files_lock(path, &descriptor, &pid, &err), PS_OK);
    (void)close(descriptor);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void tells_free_space_and_whole_paths(void **state)
{
    (void)state;
    assert_true(ps_files_free_bytes(folder) > 0);
    assert_int_equal(ps_files_free_bytes("/no/such/place"), -1);
    char *absolute PS_CLEANUP(ps_str_free_auto) = ps_files_absolute("no-such-file");
    assert_int_equal(absolute[0], '/');
    char *kept PS_CLEANUP(ps_str_free_auto) = ps_files_absolute("/no/such/file");
    assert_string_equal(kept, "/no/such/file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_whole_private_files),
        cmocka_unit_test(appends_to_what_is_there),
        cmocka_unit_test(a_write_that_fails_changes_nothing),
        cmocka_unit_test(refuses_what_is_over_the_cap),
        cmocka_unit_test(makes_and_removes_trees),
        cmocka_unit_test(one_process_holds_the_lock_until_it_dies),
        cmocka_unit_test(tells_free_space_and_whole_paths),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
