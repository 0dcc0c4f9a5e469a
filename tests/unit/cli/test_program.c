/*
 * Goal: what is true of every command: help, version, the log, quiet and JSON, and an answer that
 * could not be written. Method: the program is called as a shell would call it.
 */
#include "cli/program.h"

#include "cli_scene.h"
#include "os/files.h"

#include <stdlib.h>
#include <unistd.h>
#include <yyjson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void version_and_help_are_answers(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_call(&scene, "--version", NULL), 0);
    assert_string_equal(ps_buf_text(&scene.out), "penstock " PENSTOCK_VERSION "\n");
    assert_int_equal(cli_call(&scene, "-V", NULL), 0);
    static const char *const helps[] = {"--help", "-h", "help", NULL};
    for (size_t word = 0; word < sizeof(helps) / sizeof(helps[0]); word++) {
        assert_int_equal(cli_call(&scene, helps[word], NULL), 0);
        assert_true(cli_holds(&scene.out, "Commands:"));
        assert_int_equal(scene.err.size, 0);
    }
    cli_scene_release(&scene);
}

static void the_log_goes_where_it_is_told(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    char *log PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "log");
    assert_int_equal(cli_call(&scene, "runs", "--log-file", log, NULL), 0);
    assert_int_equal(access(log, F_OK), 0);
    assert_int_equal(cli_call(&scene, "runs", "--log-format", "xml", NULL), 2);
    assert_true(cli_holds(&scene.err, "It takes text or json."));
    assert_int_equal(cli_call(&scene, "runs", "--log-file", scene.folder, NULL), 2);
    assert_true(cli_holds(&scene.err, "--log-file names a file"));
    cli_scene_release(&scene);
}

static void json_lines_of_the_log_are_json_and_hold_no_prompt(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_error err;
    int lines = 0;
    cli_scene_init(&scene);
    ps_buf_init(&text, (size_t)1 << 24);
    cli_write_prompts(&scene, "in.jsonl", 12);
    char *in PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "in.jsonl");
    char *out PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "out.jsonl");
    char *log PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "log");
    assert_int_equal(cli_call(&scene, "run", in, "-o", out, "--local", "--model", CLI_MODEL,
                              "--lane", CLI_LANE, "-v", "--log-file", log, "--log-format", "json",
                              NULL),
                     0);
    assert_int_equal(ps_files_read(log, &text, &err), PS_OK);
    assert_null(strstr(ps_buf_text(&text), "Tell me about"));
    for (struct ps_str rest = ps_buf_str(&text); rest.size > 0; lines++) {
        const size_t size = ps_str_find(rest, '\n');
        yyjson_doc *const line = yyjson_read(rest.data, size, 0);
        assert_true(yyjson_is_obj(yyjson_doc_get_root(line)));
        yyjson_doc_free(line);
        rest = ps_str_part(rest, size + 1, rest.size);
    }
    assert_true(lines > 10);
    cli_scene_release(&scene);
}

static void verbose_without_a_file_logs_to_stderr_and_nothing_else_does(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_run_local(&scene, "one", 12), 0);
    assert_false(cli_holds(&scene.err, "job.moved"));
    assert_true(cli_holds(&scene.err, "12 records read"));
    char *in PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "one.jsonl");
    char *out PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "out.jsonl");
    assert_int_equal(cli_call(&scene, "run", in, "-o", out, "--local", "--model", CLI_MODEL,
                              "--lane", CLI_LANE, "--new", "-v", NULL),
                     0);
    assert_true(cli_holds(&scene.err, "job.moved"));
    cli_scene_release(&scene);
}

static void quiet_and_json_leave_stderr_to_errors(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    cli_write_prompts(&scene, "in.jsonl", 12);
    char *in PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "in.jsonl");
    char *out PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "out.jsonl");
    assert_int_equal(cli_call(&scene, "run", in, "-o", out, "--local", "--model", CLI_MODEL,
                              "--lane", CLI_LANE, "--json", NULL),
                     0);
    assert_int_equal(scene.err.size, 0);
    yyjson_doc *const document = yyjson_read(scene.out.data, scene.out.size, 0);
    assert_true(yyjson_is_obj(yyjson_doc_get_root(document)));
    yyjson_doc_free(document);
    assert_int_equal(cli_call(&scene, "run", in, "-o", out, "--local", "--model", CLI_MODEL,
                              "--lane", CLI_LANE, "-q", NULL),
                     0);
    assert_int_equal(scene.err.size, 0);
    assert_true(cli_holds(&scene.out, "succeeded"));
    assert_int_equal(cli_call(&scene, "status", "x", "--json", NULL), 2);
    assert_int_equal(scene.out.size, 0);
    assert_true(cli_holds(&scene.err, "cannot find a run 'x'"));
    cli_scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_and_help_are_answers),
        cmocka_unit_test(the_log_goes_where_it_is_told),
        cmocka_unit_test(json_lines_of_the_log_are_json_and_hold_no_prompt),
        cmocka_unit_test(verbose_without_a_file_logs_to_stderr_and_nothing_else_does),
        cmocka_unit_test(quiet_and_json_leave_stderr_to_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
