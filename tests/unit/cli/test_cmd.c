/*
 * Goal: each command says what its name promises, as text and as one JSON document, and ends with
 * its status. Method: one real local run with a broken line, looked at with every command that only
 * looks; the emulator is started and ended in a child.
 */
#include "cli/commands.h"

#include "cli/program.h"
#include "cli/status_file.h"
#include "cli_scene.h"
#include "os/files.h"
#include "owner_child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <yyjson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Twelve good lines and a broken one, under the name "one". */
static void run_one(struct cli_scene *const scene)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 1 << 20);
    cli_scene_init(scene);
    for (int number = 0; number < 12; number++) {
        ps_buf_add_format(&text, "{\"id\":\"p%d\",\"prompt\":\"Number %d\"}\n", number, number);
    }
    ps_buf_add_text(&text, "{broken\n");
    cli_write(scene, "in.jsonl", ps_buf_str(&text));
    char *in PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "in.jsonl");
    char *out PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "out.jsonl");
    assert_int_equal(cli_call(scene, "run", in, "-o", out, "--local", "--model", CLI_MODEL,
                              "--lane", CLI_LANE, "--name", "one", NULL),
                     1);
    assert_true(cli_holds(&scene->err, "1 line is rejected"));
}

static int count_lines(const struct ps_buf *const text)
{
    int lines = 0;
    for (size_t place = 0; place < text->size; place++) {
        lines += text->data[place] == '\n' ? 1 : 0;
    }
    return lines;
}

/* The whole of stdout is one JSON document; the text at a path of it. */
static bool json_holds(const struct ps_buf *const text, const char *const path,
                       const char *const wanted)
{
    yyjson_doc *const document = yyjson_read(text->data, text->size, 0);
    assert_non_null(document);
    const char *const found = yyjson_get_str(yyjson_doc_ptr_get(document, path));
    const bool is_equal = found != NULL && strcmp(found, wanted) == 0;
    yyjson_doc_free(document);
    return is_equal;
}

static void status_and_runs_tell_and_are_json(void **state)
{
    (void)state;
    struct cli_scene scene;
    run_one(&scene);
    assert_int_equal(cli_call(&scene, "status", "one", NULL), 0);
    assert_true(cli_holds(&scene.out, "one: ended"));
    assert_true(cli_holds(&scene.out, "12 of 12 records"));
    assert_int_equal(cli_call(&scene, "status", "on", "--json", NULL), 0);
    assert_true(json_holds(&scene.out, "/phase", "ended"));
    assert_int_equal(cli_call(&scene, "runs", NULL), 0);
    assert_int_equal(count_lines(&scene.out), 2);
    assert_true(cli_holds(&scene.out, "RUN  "));
    assert_int_equal(cli_call(&scene, "runs", "--json", NULL), 0);
    assert_true(json_holds(&scene.out, "/0/run", "one"));
    cli_scene_release(&scene);
}

static void runs_of_an_empty_state_says_so_on_stderr(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_call(&scene, "runs", NULL), 0);
    assert_int_equal(scene.out.size, 0);
    assert_true(cli_holds(&scene.err, "there are no runs in"));
    assert_int_equal(cli_call(&scene, "runs", "-q", NULL), 0);
    assert_int_equal(scene.err.size, 0);
    cli_scene_release(&scene);
}

static void results_takes_every_status_that_its_help_names(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        int lines;
    } rows[] = {
        {"succeeded", 12}, {"failed", 0}, {"rejected", 1}, {"cancelled", 0}, {"pending", 0},
    };
    struct cli_scene scene;
    run_one(&scene);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        assert_int_equal(cli_call(&scene, "results", "one", "--status", rows[row].status, NULL), 0);
        assert_int_equal(count_lines(&scene.out), rows[row].lines);
        assert_int_equal(cli_call(&scene, "results", "--help", NULL), 0);
        assert_true(cli_holds(&scene.out, rows[row].status));
    }
    assert_int_equal(cli_call(&scene, "results", "one", NULL), 0);
    assert_int_equal(count_lines(&scene.out), 13);
    assert_int_equal(cli_call(&scene, "results", "one", "--status", "x", NULL), 2);
    cli_scene_release(&scene);
}

static void verify_knows_the_file_from_a_changed_one(void **state)
{
    (void)state;
    struct cli_scene scene;
    run_one(&scene);
    assert_int_equal(cli_call(&scene, "verify", "one", NULL), 0);
    assert_true(cli_holds(&scene.out, "verified: all 13 lines"));
    assert_int_equal(cli_call(&scene, "verify", "one", "--json", NULL), 0);
    assert_true(cli_holds(&scene.out, "\"verified\":true,\"records\":13,\"succeeded\":12"));
    char *out PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "out.jsonl");
    const int file = open(out, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(file, "X", 1, 100), 1);
    assert_int_equal(close(file), 0);
    assert_int_equal(cli_call(&scene, "verify", "one", NULL), 1);
    assert_true(cli_holds(&scene.err, "line 1"));
    assert_int_equal(cli_call(&scene, "verify", "one", "--json", NULL), 1);
    assert_string_equal(ps_buf_text(&scene.out), "{\"verified\":false}\n");
    cli_scene_release(&scene);
}

static void wait_and_watch_end_with_the_runs_status(void **state)
{
    (void)state;
    struct cli_scene scene;
    run_one(&scene);
    assert_int_equal(cli_call(&scene, "wait", "one", NULL), 1);
    assert_true(cli_holds(&scene.err, "run one: ended"));
    assert_int_equal(cli_call(&scene, "watch", "one", NULL), 1);
    assert_int_equal(cli_call(&scene, "wait", "one", "--json", NULL), 1);
    assert_true(json_holds(&scene.out, "/run", "one"));
    assert_int_equal(scene.err.size, 0);
    cli_scene_release(&scene);
}

static void stop_of_an_ended_run_changes_nothing(void **state)
{
    (void)state;
    struct cli_scene scene;
    run_one(&scene);
    assert_int_equal(cli_call(&scene, "stop", "one", NULL), 0);
    assert_true(cli_holds(&scene.err, "nothing is left to do"));
    assert_int_equal(cli_call(&scene, "status", "one", "--json", NULL), 0);
    assert_true(json_holds(&scene.out, "/phase", "ended"));
    cli_scene_release(&scene);
}

static void help_explains_each_command_and_refuses_others(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        const char *const name = ps_command_rows[command].name;
        assert_int_equal(cli_call(&scene, "help", name, NULL), 0);
        assert_true(cli_holds(&scene.out, "Options:"));
        struct ps_buf by_topic PS_CLEANUP(ps_buf_release);
        ps_buf_init(&by_topic, 1 << 20);
        ps_buf_add(&by_topic, ps_buf_str(&scene.out));
        if (command != PS_COMMAND_PLACE_HELP) {
            assert_int_equal(cli_call(&scene, name, "--help", NULL), 0);
            assert_string_equal(ps_buf_text(&scene.out), ps_buf_text(&by_topic));
        }
    }
    assert_int_equal(cli_call(&scene, "help", "man", NULL), 0);
    assert_int_equal(strncmp(ps_buf_text(&scene.out), ".TH PENSTOCK 1 ", 15), 0);
    assert_int_equal(cli_call(&scene, "help", "bash", NULL), 0);
    assert_true(cli_holds(&scene.out, "complete -o default"));
    assert_int_equal(cli_call(&scene, "help", "statsu", NULL), 2);
    assert_true(cli_holds(&scene.err, "Did you mean 'penstock help status'?"));
    assert_int_equal(cli_call(&scene, "help", "zzzzzz", NULL), 2);
    cli_scene_release(&scene);
}

static void emulate_is_ready_when_its_file_is_there_and_ends_in_peace(void **state)
{
    (void)state;
    struct cli_scene scene;
    int status = 0;
    cli_scene_init(&scene);
    char *env PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "env");
    char *data PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "data");
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *argv[] = {ps_str_dup(PS_STR("penstock")),   ps_str_dup(PS_STR("emulate")),
                        ps_str_dup(PS_STR("--env-file")), ps_str_dup(ps_str_of(env)),
                        ps_str_dup(PS_STR("--data")),     ps_str_dup(ps_str_of(data)),
                        ps_str_dup(PS_STR("-q")),         NULL};
        _exit(ps_program_run(7, argv));
    }
    for (int tries = 0; tries < 1000 && !ps_files_exists(env); tries++) {
        (void)usleep(10000);
    }
    assert_true(ps_files_exists(env));
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(cli_call(&scene, "emulate", "--faults", "nonsense", "--data", data, NULL), 2);
    cli_scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_and_runs_tell_and_are_json),
        cmocka_unit_test(runs_of_an_empty_state_says_so_on_stderr),
        cmocka_unit_test(results_takes_every_status_that_its_help_names),
        cmocka_unit_test(verify_knows_the_file_from_a_changed_one),
        cmocka_unit_test(wait_and_watch_end_with_the_runs_status),
        cmocka_unit_test(stop_of_an_ended_run_changes_nothing),
        cmocka_unit_test(help_explains_each_command_and_refuses_others),
        cmocka_unit_test(emulate_is_ready_when_its_file_is_there_and_ends_in_peace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
