/*
 * Goal: bash offers what the tables say. Method: the script is given to
 * bash itself with the words typed so far, and what it offers is read back.
 */
#include "cli/completion.h"

#include "../app/folder.h"

#include "base/limits.h"
#include "cli/options.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char *home;

/* What bash offers after these words, each between spaces; heap text. */
static char *offered(const char *const words)
{
    struct ps_buf script PS_CLEANUP(ps_buf_release);
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(home, "script");
    int status = 0;
    ps_buf_init(&script, PS_MB);
    ps_buf_add_text(&script, "set -eu\n");
    ps_completion_add(&script);
    ps_buf_add_format(&script,
                      "COMP_WORDS=(%s)\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\nCOMPREPLY=()\n"
                      "_penstock\necho \" ${COMPREPLY[*]-} \" >'%s/offer'\n",
                      words, home);
    test_file_write(home, "script", ps_buf_str(&script));
    const pid_t child = fork();
    if (child == 0) {
        (void)execlp("bash", "bash", "--norc", path, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return test_file_read(home, "offer", NULL);
}

static void each_place_offers_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *words;
        const char *offer;
    } rows[] = {
        {"a command begun", "penstock sta", " status \n"},
        {"two commands begun", "penstock re", " resume retry results \n"},
        {"a command begun", "penstock pl", " plan \n"},
        {"an option begun", "penstock run --mo", " --model --models-file \n"},
        {"an option of another command", "penstock run --por", "  \n"},
        {"words of a choice", "penstock run --limits ''", " published typical typical-low \n"},
        {"a choice begun", "penstock results --status ca", " cancelled \n"},
        {"a file is left to bash", "penstock run -o ''", "  \n"},
        {"a value that begins like an option", "penstock run --model --l", "  \n"},
        {"an input is left to bash", "penstock run ''", "  \n"},
        {"runs", "penstock watch ''", " one two \n"},
        {"a run begun", "penstock stop --json tw", " two \n"},
        {"what help explains", "penstock help ma", " man \n"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        char *offer PS_CLEANUP(ps_str_free_auto) = offered(rows[row].words);
        if (strcmp(offer, rows[row].offer) != 0) {
            fail_msg("%s: '%s'", rows[row].name, offer);
        }
    }
}

static void every_shown_command_offers_all_its_options(void **state)
{
    (void)state;
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        char words[100];
        if (!ps_command_rows[command].is_shown) {
            continue;
        }
        (void)snprintf(words, sizeof(words), "penstock %s --", ps_command_rows[command].name);
        char *offer PS_CLEANUP(ps_str_free_auto) = offered(words);
        for (int64_t option = 0; option < ps_option_row_count; option++) {
            char name[64];
            (void)snprintf(name, sizeof(name), " --%s ", ps_option_rows[option].long_name);
            assert_int_equal(
                strstr(offer, name) != NULL,
                ps_option_is_of(&ps_option_rows[option], (enum ps_command_bit)command));
        }
    }
}

int main(void)
{
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *one PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "penstock/runs/one");
    char *two PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "penstock/runs/two");
    struct ps_error err;
    home = folder;
    (void)setenv("XDG_STATE_HOME", folder, 1);
    if (ps_files_make_folder(one, &err) != PS_OK || ps_files_make_folder(two, &err) != PS_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_offers_its_own),
        cmocka_unit_test(every_shown_command_offers_all_its_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
