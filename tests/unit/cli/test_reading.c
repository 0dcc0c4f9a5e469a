/*
 * Goal: a run can be looked at before it began, after its end, and beside a live owner, without
 * disturbing any. Method: a real small run; its lock held by the test.
 */
#include "cli/reading.h"

#include "cli_scene.h"
#include "os/files.h"

#include <stdlib.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int64_t succeeded_of(const char *const folder)
{
    struct ps_reading reading PS_CLEANUP(ps_reading_release);
    struct ps_error err;
    ps_reading_init(&reading);
    assert_int_equal(ps_reading_open(&reading, folder, &err), PS_OK);
    assert_int_equal(ps_index_count(reading.index), 12);
    return ps_answers_count(reading.answers, PS_ANSWER_SUCCEEDED);
}

static void an_ended_run_is_read_from_its_store(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_run_local(&scene, "one", 12), 0);
    char *folder PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "state/penstock/runs/one");
    char *list PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "segments.list");
    assert_int_equal(unlink(list), 0);
    assert_int_equal(succeeded_of(folder), 12);
    cli_scene_release(&scene);
}

static void beside_an_owner_its_list_counts(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_error err;
    int lock = -1;
    int64_t pid = 0;
    cli_scene_init(&scene);
    assert_int_equal(cli_run_local(&scene, "one", 12), 0);
    char *folder PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "state/penstock/runs/one");
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    char *list PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "segments.list");
    assert_int_equal(ps_files_lock(path, &lock, &pid, &err), PS_OK);
    assert_int_equal(succeeded_of(folder), 12);
    assert_int_equal(ps_files_write(list, PS_STR("j00000001-a1\n"), &err), PS_OK);
    assert_int_equal(succeeded_of(folder), 6); /* two jobs share twelve records */
    assert_int_equal(unlink(list), 0);
    assert_int_equal(succeeded_of(folder), 0);
    assert_int_equal(close(lock), 0);
    cli_scene_release(&scene);
}

static void a_run_that_has_not_begun_has_no_answers_and_stays_so(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    assert_int_equal(cli_run_local(&scene, "one", 12), 0);
    char *folder PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "state/penstock/runs/one");
    char *database PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "run.db");
    assert_int_equal(unlink(database), 0);
    assert_int_equal(succeeded_of(folder), 0);
    assert_false(ps_files_exists(database));
    cli_scene_release(&scene);
}

static void a_damaged_run_is_an_error(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_reading reading PS_CLEANUP(ps_reading_release);
    struct ps_error err;
    ps_reading_init(&reading);
    cli_scene_init(&scene);
    assert_int_equal(ps_reading_open(&reading, scene.folder, &err), PS_E_NOT_FOUND);
    cli_write(&scene, "run.json", PS_STR("{}"));
    assert_int_equal(ps_reading_open(&reading, scene.folder, &err), PS_E_CORRUPT);
    cli_scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ended_run_is_read_from_its_store),
        cmocka_unit_test(beside_an_owner_its_list_counts),
        cmocka_unit_test(a_run_that_has_not_begun_has_no_answers_and_stays_so),
        cmocka_unit_test(a_damaged_run_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
