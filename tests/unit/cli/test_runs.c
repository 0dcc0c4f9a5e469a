/*
 * Goal: a run is found by its name or by the beginning of only one; what is no run is none. Method:
 * folders made by hand below a state folder of the test's; the environment set for each case.
 */
#include "cli/runs.h"

#include "../app/folder.h"

#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void make_run(const char *const root, const char *const name)
{
    char *folder PS_CLEANUP(ps_str_free_auto) = ps_runs_folder(root, name);
    struct ps_error err;
    assert_int_equal(ps_files_make_folder(folder, &err), PS_OK);
    test_file_write(folder, "run.json", PS_STR("{}"));
}

static void state_is_kept_where_option_then_environment_say(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *option;
        const char *state_home;
        const char *home;
        const char *root;
    } rows[] = {
        {"the option wins", "/nowhere/s", "/x", "/h", "/nowhere/s"},
        {"the environment", NULL, "/x", "/h", "/x/penstock"},
        {"an empty one is none", NULL, "", "/h", "/h/.local/state/penstock"},
        {"a relative one is none", NULL, "x", "/h", "/h/.local/state/penstock"},
        {"home", NULL, NULL, "/h", "/h/.local/state/penstock"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_options options = {.state_dir = rows[row].option};
        assert_int_equal(setenv("HOME", rows[row].home, 1), 0);
        assert_int_equal(rows[row].state_home == NULL
                             ? unsetenv("XDG_STATE_HOME")
                             : setenv("XDG_STATE_HOME", rows[row].state_home, 1),
                         0);
        char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(&options);
        if (strcmp(root, rows[row].root) != 0) {
            fail_msg("%s: %s", rows[row].name, root);
        }
    }
}

static void a_name_or_the_beginning_of_only_one_finds_it(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        const char *found; /* NULL: none */
        const char *message;
    } rows[] = {
        {"run-a", "run-a", ""},
        {"run-ab", "run-ab", ""},
        {"run-", NULL, "several begin so"},
        {"z", "zebra", ""},
        {"zebra", "zebra", ""},
        {"zebras", NULL, "cannot find"},
        {"", NULL, "cannot find"},
        {"half", NULL, "cannot find"},
    };
    char *root PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *half PS_CLEANUP(ps_str_free_auto) = ps_runs_folder(root, "half");
    struct ps_error err;
    make_run(root, "run-ab");
    make_run(root, "run-a");
    make_run(root, "zebra");
    make_run(root, ".hidden");
    assert_int_equal(ps_files_make_folder(half, &err), PS_OK); /* without run.json */
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const char *arguments[] = {rows[row].word};
        const struct ps_options options = {
            .state_dir = root, .arguments = arguments, .argument_count = 1};
        char *found PS_CLEANUP(ps_str_free_auto) = NULL;
        const enum ps_status status = ps_runs_find(&options, &found, &err);
        if (rows[row].found == NULL) {
            assert_int_equal(status, PS_E_USAGE);
            assert_non_null(strstr(err.message, rows[row].message));
            assert_string_equal(err.hint, "There are run-a, run-ab, zebra.");
        } else {
            char *wanted PS_CLEANUP(ps_str_free_auto) = ps_runs_folder(root, rows[row].found);
            assert_int_equal(status, PS_OK);
            assert_string_equal(found, wanted);
        }
    }
}

static void none_and_several_words_name_no_run(void **state)
{
    (void)state;
    char *root PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    const char *arguments[] = {"a", "b"};
    struct ps_options options = {.state_dir = root, .arguments = arguments};
    struct ps_error err;
    char *found = NULL;
    assert_int_equal(ps_runs_find(&options, &found, &err), PS_E_USAGE);
    assert_non_null(strstr(err.hint, "There are no runs in"));
    for (int run = 0; run < 7; run++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "r%d", run);
        make_run(root, name);
    }
    options.argument_count = 2;
    assert_int_equal(ps_runs_find(&options, &found, &err), PS_E_USAGE);
    assert_non_null(strstr(err.message, "several runs"));
    assert_non_null(strstr(err.hint, "r0, r1, r2, r3, r4 and 2 more"));
    assert_null(found);
}

static void a_run_is_owned_while_its_lock_is_held(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *lock PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    struct ps_error err;
    int descriptor = -1;
    int64_t pid = 0;
    assert_false(ps_runs_is_owned(folder));
    assert_int_equal(ps_files_lock(lock, &descriptor, &pid, &err), PS_OK);
    assert_true(ps_runs_is_owned(folder));
    (void)close(descriptor);
    assert_false(ps_runs_is_owned(folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_is_kept_where_option_then_environment_say),
        cmocka_unit_test(a_name_or_the_beginning_of_only_one_finds_it),
        cmocka_unit_test(none_and_several_words_name_no_run),
        cmocka_unit_test(a_run_is_owned_while_its_lock_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
