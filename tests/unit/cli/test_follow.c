/*
 * Goal: who follows a run sees its last status, whatever becomes of its owner, and ends with its
 * status. Method: another process owns a folder and ends, in peace or not, while it is followed.
 */
#include "cli/follow.h"

#include "cli/say.h"
#include "cli_scene.h"
#include "owner_child.h"

#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Ends the owner at the second look. */
struct viewer {
    struct owner_child *child;
    const char *folder;
    const struct ps_run_status *last; /* written before it ends; NULL: it is killed */
    int looks;
    char phase[16]; /* of the last look */
};

static void see(void *const context, const struct ps_run_status *const status)
{
    struct viewer *const viewer = context;
    (void)snprintf(viewer->phase, sizeof(viewer->phase), "%s", status->phase);
    viewer->looks++;
    if (viewer->looks == 2 && viewer->last != NULL) {
        ps_status_file_write(viewer->folder, viewer->last);
        owner_child_end(viewer->child);
    } else if (viewer->looks == 2) {
        owner_child_kill(viewer->child);
    }
}

static const struct ps_run_status running = {
    .name = "x", .phase = PS_RUN_RUNNING, .exit_status = -1, .progress = {.records = 5}};

static void the_last_status_of_an_owner_that_ends_counts(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct owner_child child;
    struct ps_error err;
    struct ps_run_status status;
    const struct ps_run_status last = {.name = "x", .phase = PS_RUN_ENDED, .exit_status = 1};
    cli_scene_init(&scene);
    owner_child_start(&child, scene.folder, &running);
    struct viewer viewer = {.child = &child, .folder = scene.folder, .last = &last};
    assert_int_equal(ps_follow(scene.folder, see, &viewer, &status, &err), PS_OK);
    assert_string_equal(status.phase, PS_RUN_ENDED);
    assert_int_equal(status.exit_status, 1);
    assert_int_equal(viewer.looks, 3);
    assert_string_equal(viewer.phase, PS_RUN_ENDED);
    cli_scene_release(&scene);
}

static void an_owner_that_dies_leaves_it_interrupted(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct owner_child child;
    struct ps_error err;
    struct ps_run_status status;
    cli_scene_init(&scene);
    owner_child_start(&child, scene.folder, &running);
    struct viewer viewer = {.child = &child, .folder = scene.folder};
    assert_int_equal(ps_follow(scene.folder, see, &viewer, &status, &err), PS_OK);
    assert_string_equal(status.phase, PS_RUN_INTERRUPTED);
    assert_int_equal(status.exit_status, -1);
    cli_scene_release(&scene);
}

static void a_run_that_nobody_owns_is_seen_once(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_error err;
    struct ps_run_status status;
    struct viewer viewer = {.looks = 10};
    cli_scene_init(&scene);
    assert_int_equal(ps_follow(scene.folder, see, &viewer, &status, &err), PS_OK);
    assert_string_equal(status.phase, PS_RUN_NOT_BEGUN);
    assert_int_equal(viewer.looks, 11);
    cli_scene_release(&scene);
}

static void the_exit_status_is_the_runs(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        const char *phase;
        int64_t exit_status;
        int expected;
    } rows[] = {
        {"wait", PS_RUN_ENDED, 0, 0},      {"wait", PS_RUN_ENDED, 1, 1},
        {"wait", PS_RUN_HALTED, 4, 4},     {"wait", PS_RUN_INTERRUPTED, -1, 5},
        {"wait", PS_RUN_NOT_BEGUN, -1, 5}, {"wait", PS_RUN_STOPPED, 5, 5},
        {"stop", PS_RUN_STOPPED, 5, 0},    {"stop", PS_RUN_PAUSED, 5, 5},
    };
    ps_say_be_quiet(true);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_options options;
        struct ps_run_status status = {.name = "x", .exit_status = rows[row].exit_status};
        (void)snprintf(status.phase, sizeof(status.phase), "%s", rows[row].phase);
        cli_options(&options, rows[row].command, "x", NULL);
        assert_int_equal(ps_follow_conclude(&options, "/nowhere", &status), rows[row].expected);
        ps_options_release(&options);
    }
    ps_say_be_quiet(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_status_of_an_owner_that_ends_counts),
        cmocka_unit_test(an_owner_that_dies_leaves_it_interrupted),
        cmocka_unit_test(a_run_that_nobody_owns_is_seen_once),
        cmocka_unit_test(the_exit_status_is_the_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
