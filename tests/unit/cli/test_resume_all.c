/*
 * Goal: every run that has not ended goes on, each in a process of its own; what another process
 * owns is left to it; what is over is not touched; the worst status is the answer. Method: real
 * local runs in a home of their own; other owners are processes of the test.
 */
#include "cli/resume_all.h"

#include "cli/say.h"
#include "cli_scene.h"
#include "os/files.h"
#include "owner_child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RECORDS 12

/* A run that another command begins, and leaves before anything is sent. */
static void begin(struct cli_scene *const scene, const char *const name,
                  const char *const output_name)
{
    char *input PS_CLEANUP(ps_str_free_auto) = cli_path(scene, name);
    char *output PS_CLEANUP(ps_str_free_auto) = cli_path(scene, output_name);
    cli_write_prompts(scene, name, RECORDS);
    assert_int_equal(cli_call(scene, "run", input, "-o", output, "--local", "--model", CLI_MODEL,
                              "--lane", CLI_LANE, "--name", name, "--format", "simple", NULL),
                     0);
    char *folder PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "state/penstock/runs");
    char *run PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, name);
    const struct ps_run_status status = {
        .name = "x", .phase = PS_RUN_PAUSED, .exit_status = PS_EXIT_STOPPED};
    ps_status_file_write(run, &status);
}

static void what_has_not_ended_goes_on_and_the_rest_is_left(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_call(&scene, "resume", "--all", NULL), 0);
    assert_true(cli_holds(&scene.err, "there is nothing to go on with"));
    begin(&scene, "one", "1.jsonl");
    begin(&scene, "two", "2.jsonl");
    if (cli_call(&scene, "resume", "--all", NULL) != 0) {
        fail_msg("%s%s", ps_buf_text(&scene.out), ps_buf_text(&scene.err));
    }
    assert_true(cli_holds(&scene.out, "one                 ended "));
    assert_true(cli_holds(&scene.out, "two                 ended "));
    assert_int_equal(cli_call(&scene, "resume", "--all", "--json", NULL), 0);
    assert_string_equal(ps_buf_text(&scene.out), "[]\n");
    assert_int_equal(cli_call(&scene, "resume", "--all", "one", NULL), PS_EXIT_USAGE);
    cli_scene_release(&scene);
}

static void a_live_owner_keeps_its_run_and_the_worst_status_is_told(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct owner_child child;
    struct ps_error err;
    const struct ps_run_status running = {
        .name = "one", .phase = PS_RUN_RUNNING, .exit_status = -1};
    cli_scene_init(&scene);
    begin(&scene, "one", "1.jsonl");
    begin(&scene, "two", "2.jsonl");
    char *one PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "state/penstock/runs/one");
    char *database PS_CLEANUP(ps_str_free_auto) =
        cli_path(&scene, "state/penstock/runs/two/run.db");
    assert_int_equal(ps_files_write(database, PS_STR("no database, but long enough for one"), &err),
                     PS_OK);
    owner_child_start(&child, one, &running);
    assert_int_equal(cli_call(&scene, "resume", "--all", NULL), PS_EXIT_DENIED);
    assert_true(cli_holds(&scene.out, "one                 running "));
    assert_true(cli_holds(&scene.out, "two                 halted "));
    owner_child_end(&child);
    cli_scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_not_ended_goes_on_and_the_rest_is_left),
        cmocka_unit_test(a_live_owner_keeps_its_run_and_the_worst_status_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
