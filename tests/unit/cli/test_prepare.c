/*
 * Goal: a run's folder appears whole or not at all; the same command finds it again; what a killed
 * process left is swept. Method: prepared in a home of its own, with inputs good, bad and changed.
 */
#include "cli/prepare.h"

#include "cli/runs.h"
#include "cli_scene.h"
#include "../app/folder.h"
#include "os/files.h"

#include <stdlib.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum ps_status prepare(const struct cli_scene *const scene,
                              struct ps_prepared *const prepared, const char *const lane,
                              const char *const more, struct ps_error *const err)
{
    struct ps_options options;
    char *input PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "in.jsonl");
    char *output PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "out.jsonl");
    cli_options(&options, "run", input, "-o", output, "--local", "--model", CLI_MODEL, "--lane",
                lane, "-q", more, NULL);
    ps_prepared_init(prepared);
    const enum ps_status status = ps_prepare_run(&options, prepared, err);
    ps_options_release(&options);
    return status;
}

/* How many folders stand below the state's folder of that name. */
static int count_in(const struct cli_scene *const scene, const char *const name)
{
    char *folder PS_CLEANUP(ps_str_free_auto) = cli_path(scene, name);
    return ps_files_exists(folder) ? test_folder_count(folder) : 0;
}

static void a_new_run_has_its_folder_and_no_staging_is_left(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_prepared prepared;
    struct ps_error err;
    cli_scene_init(&scene);
    cli_write_prompts(&scene, "in.jsonl", 12);
    assert_int_equal(prepare(&scene, &prepared, CLI_LANE, NULL, &err), PS_OK);
    assert_false(prepared.is_there_already);
    assert_int_equal(prepared.summary.records, 12);
    static const char *const files[] = {"run.json", "index.bin", "ids.bin", "source.json"};
    for (size_t file = 0; file < sizeof(files) / sizeof(files[0]); file++) {
        char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(prepared.folder, files[file]);
        assert_true(ps_files_exists(path));
    }
    assert_int_equal(count_in(&scene, "state/penstock/staging"), 0);
    assert_int_equal(strlen(prepared.settings.nonce), 32);
    ps_prepared_release(&prepared);
    cli_scene_release(&scene);
}

static void the_same_command_finds_the_same_run(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_prepared first;
    struct ps_prepared second;
    struct ps_prepared third;
    struct ps_error err;
    cli_scene_init(&scene);
    cli_write_prompts(&scene, "in.jsonl", 12);
    assert_int_equal(prepare(&scene, &first, CLI_LANE, NULL, &err), PS_OK);
    assert_int_equal(prepare(&scene, &second, CLI_LANE, NULL, &err), PS_OK);
    assert_true(second.is_there_already);
    assert_string_equal(first.folder, second.folder);
    assert_int_equal(second.summary.records, 0); /* without reading it */
    /* Written anew with the same bytes: read, recognised by its digest, and good to send from. */
    cli_write_prompts(&scene, "in.jsonl", 12);
    assert_int_equal(prepare(&scene, &third, CLI_LANE, NULL, &err), PS_OK);
    assert_true(third.is_there_already);
    assert_string_equal(first.folder, third.folder);
    assert_int_equal(cli_call(&scene, "resume", strrchr(third.folder, '/') + 1, NULL), 0);
    ps_prepared_release(&third);
    /* And the next time found at once. */
    assert_int_equal(prepare(&scene, &third, CLI_LANE, NULL, &err), PS_OK);
    assert_int_equal(third.summary.records, 0);
    ps_prepared_release(&first);
    ps_prepared_release(&second);
    ps_prepared_release(&third);
    cli_scene_release(&scene);
}

static void new_and_another_input_are_other_runs(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_prepared prepared;
    struct ps_error err;
    cli_scene_init(&scene);
    cli_write_prompts(&scene, "in.jsonl", 12);
    assert_int_equal(prepare(&scene, &prepared, CLI_LANE, NULL, &err), PS_OK);
    ps_prepared_release(&prepared);
    assert_int_equal(prepare(&scene, &prepared, CLI_LANE, "--new", &err), PS_OK);
    assert_false(prepared.is_there_already);
    ps_prepared_release(&prepared);
    cli_write_prompts(&scene, "in.jsonl", 13);
    assert_int_equal(prepare(&scene, &prepared, CLI_LANE, NULL, &err), PS_OK);
    assert_false(prepared.is_there_already);
    ps_prepared_release(&prepared);
    assert_int_equal(count_in(&scene, "state/penstock/runs"), 3);
    cli_scene_release(&scene);
}

static void what_is_refused_leaves_nothing(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_prepared prepared;
    struct ps_error err;
    cli_scene_init(&scene);
    assert_int_equal(prepare(&scene, &prepared, CLI_LANE, NULL, &err), PS_E_INPUT);
    assert_non_null(strstr(err.message, "in.jsonl"));
    ps_prepared_release(&prepared);
    cli_write_prompts(&scene, "in.jsonl", 12);
    assert_int_equal(prepare(&scene, &prepared, "min_records=13", NULL, &err), PS_E_REFUSED);
    assert_non_null(strstr(err.message, "12 records"));
    assert_non_null(strstr(err.message, "at least 13 (limit min_records, user)"));
    ps_prepared_release(&prepared);
    assert_int_equal(prepare(&scene, &prepared, "name=short,min_records=5,tpd=10", NULL, &err),
                     PS_E_REFUSED);
    assert_non_null(strstr(err.message, "a day of lane 'short' takes 10 (tpd)"));
    assert_non_null(strstr(err.hint, "--expect-output"));
    ps_prepared_release(&prepared);
    assert_int_equal(count_in(&scene, "state/penstock/runs"), 0);
    assert_int_equal(count_in(&scene, "state/penstock/staging"), 0);
    cli_scene_release(&scene);
}

static void a_state_folder_that_cannot_be_made_is_the_users_to_mend(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_prepared prepared;
    struct ps_error err;
    cli_scene_init(&scene);
    cli_write_prompts(&scene, "in.jsonl", 12);
    cli_write(&scene, "state", PS_STR("a file stands where the folder should be"));
    assert_int_equal(prepare(&scene, &prepared, CLI_LANE, NULL, &err), PS_E_USAGE);
    assert_non_null(strstr(err.hint, "--state-dir"));
    ps_prepared_release(&prepared);
    cli_scene_release(&scene);
}

static void what_a_killed_process_left_is_swept_and_what_lives_is_not(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_options options;
    struct ps_staging living;
    struct ps_staging killed;
    struct ps_staging next;
    struct ps_error err;
    cli_scene_init(&scene);
    cli_options(&options, "run", NULL);
    assert_int_equal(ps_staging_make(&options, &living, &err), PS_OK);
    assert_int_equal(ps_staging_make(&options, &killed, &err), PS_OK);
    assert_int_equal(close(killed.lock), 0); /* as the system does */
    assert_int_equal(ps_staging_make(&options, &next, &err), PS_OK);
    assert_true(ps_files_exists(living.folder));
    assert_false(ps_files_exists(killed.folder));
    assert_true(ps_files_exists(next.folder));
    killed.lock = -1;
    ps_staging_release(&killed);
    ps_staging_release(&living);
    ps_staging_release(&next);
    assert_int_equal(count_in(&scene, "state/penstock/staging"), 0);
    ps_options_release(&options);
    cli_scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_run_has_its_folder_and_no_staging_is_left),
        cmocka_unit_test(the_same_command_finds_the_same_run),
        cmocka_unit_test(new_and_another_input_are_other_runs),
        cmocka_unit_test(what_is_refused_leaves_nothing),
        cmocka_unit_test(a_state_folder_that_cannot_be_made_is_the_users_to_mend),
        cmocka_unit_test(what_a_killed_process_left_is_swept_and_what_lives_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
