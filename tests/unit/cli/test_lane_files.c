/*
 * Goal: lanes of files stand behind those of the command line, and a line that cannot be used is
 * named with its file. Method: files in a folder of their own, command lines with and without
 * lanes; broken files as rows.
 */
#include "cli/lane_files.h"

#include "../app/folder.h"
#include "base/limits.h"
#include "command_line.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *home; /* of this test */
static char *words_kept; /* what the options at hand are views of */

static char *write_file(const char *const name, const char *const text)
{
    struct ps_error err;
    char *path = ps_files_join(home, name);
    assert_int_equal(ps_files_write(path, ps_str_of(text), &err), PS_OK);
    return path;
}

/* `line` with the path in place of '@'; options are released before the next call. */
static enum ps_status added(struct ps_options *const options, const char *const line,
                            const char *const path, struct ps_error *const err)
{
    struct ps_buf words PS_CLEANUP(ps_buf_release);
    const struct ps_str text = ps_str_of(line);
    const size_t at = ps_str_find(text, '@');
    ps_buf_init(&words, PS_MB);
    ps_buf_add(&words, ps_str_part(text, 0, at));
    ps_buf_add_text(&words, path);
    ps_buf_add(&words, ps_str_part(text, at + 1, text.size));
    free(words_kept);
    words_kept = ps_str_dup(ps_buf_str(&words));
    test_options_of(options, words_kept);
    return ps_lane_files_add(options, err);
}

static void a_limits_file_has_a_lane_a_line(void **state)
{
    (void)state;
    struct ps_options options;
    struct ps_error err;
    char *path PS_CLEANUP(ps_str_free_auto) =
        write_file("limits", "# two lanes\n\nname=b,jobs=2\n  name=c,tpm=3M  \n");
    assert_int_equal(added(&options, "penstock plan a --lane name=a --limits-file @", path, &err),
                     PS_OK);
    assert_int_equal(options.lanes.count, 3);
    assert_string_equal(options.lanes.texts[0], "name=a");
    assert_string_equal(options.lanes.texts[1], "name=b,jobs=2");
    assert_string_equal(options.lanes.texts[2], "name=c,tpm=3M");
    ps_options_release(&options);
    /* What the emulator reads is its own affair. */
    assert_int_equal(added(&options, "penstock emulate --limits-file @", path, &err), PS_OK);
    assert_int_equal(options.lanes.count, 0);
    ps_options_release(&options);
}

static void sections_of_a_configuration_are_lanes(void **state)
{
    (void)state;
    struct ps_options options;
    struct ps_error err;
    char *path PS_CLEANUP(ps_str_free_auto) =
        write_file("conf", "[lane west]\nmodel = us.m-1:0\nregion=us-west-2 # there\n\n"
                           "[lane east]\n");
    assert_int_equal(added(&options, "penstock run a --config @", path, &err), PS_OK);
    assert_int_equal(options.lanes.count, 2);
    assert_string_equal(options.lanes.texts[0], "name=west,model=us.m-1:0,region=us-west-2");
    assert_string_equal(options.lanes.texts[1], "name=east");
    ps_options_release(&options);
    static const char *const others[] = {"penstock run a --lane name=a --config @",
                                         "penstock run a --model m --config @"};
    for (size_t row = 0; row < sizeof(others) / sizeof(others[0]); row++) {
        assert_int_equal(added(&options, others[row], path, &err), PS_OK);
        assert_true(options.lanes.count <= 1);
        ps_options_release(&options);
    }
}

static void the_users_own_configuration_is_found(void **state)
{
    (void)state;
    struct ps_options options;
    struct ps_error err;
    char *folder PS_CLEANUP(ps_str_free_auto) = ps_files_join(home, "penstock");
    assert_int_equal(setenv("XDG_CONFIG_HOME", home, 1), 0);
    assert_int_equal(added(&options, "penstock run a@", "", &err), PS_OK);
    assert_int_equal(options.lanes.count, 0);
    ps_options_release(&options);
    assert_int_equal(ps_files_make_folder(folder, &err), PS_OK);
    char *path PS_CLEANUP(ps_str_free_auto) =
        write_file("penstock/penstock.conf", "[lane a]\njobs=3\n");
    assert_int_equal(added(&options, "penstock run a@", "", &err), PS_OK);
    assert_int_equal(options.lanes.count, 1);
    assert_string_equal(options.lanes.texts[0], "name=a,jobs=3");
    ps_options_release(&options);
    assert_int_equal(added(&options, "penstock runs@", "", &err), PS_OK);
    assert_int_equal(options.lanes.count, 0);
    ps_options_release(&options);
    assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
}

static void a_line_that_cannot_be_used_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *text; /* of the file; NULL: it is not there */
        const char *message;
        const char *hint;
    } rows[] = {
        {"penstock plan a --limits-file @", NULL, "bad", ""},
        {"penstock plan a --limits-file @", "# nothing\n", "cannot find a lane in", "one lane a"},
        {"penstock plan a --limits-file @", "name=a\njobs=-1\n",
         "line 2: cannot use lane key "
         "'jobs=-1'",
         "written like 'jobs=10'"},
        {"penstock plan a --limits-file @", "rpm=3\n", "line 1: cannot use lane key 'rpm'",
         "Keys are"},
        {"penstock run a --config @", NULL, "bad", ""},
        {"penstock run a --config @", "jobs=1\n", "line 1: cannot use what is in no section",
         "[lane west]"},
        {"penstock run a --config @", "[queue a]\n", "line 1: cannot use what is in no", "[lane"},
        {"penstock run a --config @", "[lane ]\n", "line 1: cannot use what is in no", "[lane"},
        {"penstock run a --config @", "[lane a]\n\njobs=ten\n",
         "line 3: cannot use lane key "
         "'jobs=ten'",
         "'jobs=10'"},
        {"penstock run a --config @", "[lane a]\nspeed=3\n", "line 2: cannot use lane key 'speed'",
         "Keys are"},
        {"penstock run a --config @", "[lane a]\njobs\n", "line 2: it is neither", ""},
        {"penstock run a --config @", "[lane a]\njobs=1,files=2\n", "line 2: cannot use a ','", ""},
        {"penstock run a --config @", "[lane a,b]\n", "line 1: cannot use a ','", ""},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_options options;
        struct ps_error err = {.status = PS_OK};
        char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(home, "bad");
        (void)remove(path);
        if (rows[row].text != NULL) {
            free(write_file("bad", rows[row].text));
        }
        assert_int_equal(added(&options, rows[row].line, path, &err), PS_E_USAGE);
        assert_int_equal(options.lanes.count, 0);
        if (strstr(err.message, rows[row].message) == NULL ||
            strstr(err.hint, rows[row].hint) == NULL) {
            fail_msg("%s: %s. %s", rows[row].message, err.message, err.hint);
        }
        ps_options_release(&options);
    }
}

int main(void)
{
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    home = folder;
    (void)setenv("HOME", folder, 1);
    (void)unsetenv("XDG_CONFIG_HOME");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limits_file_has_a_lane_a_line),
        cmocka_unit_test(sections_of_a_configuration_are_lanes),
        cmocka_unit_test(the_users_own_configuration_is_found),
        cmocka_unit_test(a_line_that_cannot_be_used_is_named),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(words_kept);
    return failed;
}
