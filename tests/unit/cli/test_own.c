/*
 * Goal: one process owns a run and brings it to an end; the same command again, stop, retry and a
 * dead owner all end where they should; an error keeps what was done and says how to go on. Method:
 * real local runs in a home of their own; other owners are processes of the test.
 */
#include "cli/own.h"

#include "cli/own_internal.h"
#include "cli/prepare.h"
#include "cli/say.h"
#include "cli_scene.h"
#include "os/files.h"
#include "owner_child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RECORDS 12

static char *folder_of(const struct cli_scene *const scene)
{
    return cli_path(scene, "state/penstock/runs/one");
}

/* A run that is prepared and not begun. */
static void prepare(const struct cli_scene *const scene)
{
    struct ps_options options;
    struct ps_prepared prepared;
    struct ps_error err;
    char *input PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "one.jsonl");
    char *output PS_CLEANUP(ps_str_free_auto) = cli_path(scene, "out.jsonl");
    cli_write_prompts(scene, "one.jsonl", RECORDS);
    cli_options(&options, "run", input, "-o", output, "--local", "--model", CLI_MODEL, "--lane",
                CLI_LANE, "--name", "one", "-q", NULL);
    ps_prepared_init(&prepared);
    ps_say_be_quiet(true);
    assert_int_equal(ps_prepare_run(&options, &prepared, &err), PS_OK);
    ps_say_be_quiet(false);
    ps_prepared_release(&prepared);
    ps_options_release(&options);
}

/* Everybody was told to stop it before it began: all is cancelled. */
static void stop_all(struct cli_scene *const scene)
{
    prepare(scene);
    assert_int_equal(cli_call(scene, "stop", "one", NULL), 0);
    assert_true(cli_holds(&scene->out, "cancelled               12"));
}

static int count_lines(const struct cli_scene *const scene, const char *const name)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_error err;
    int lines = 0;
    char *path PS_CLEANUP(ps_str_free_auto) = cli_path(scene, name);
    ps_buf_init(&text, (size_t)1 << 24);
    assert_int_equal(ps_files_read(path, &text, &err), PS_OK);
    for (size_t place = 0; place < text.size; place++) {
        lines += text.data[place] == '\n' ? 1 : 0;
    }
    return lines;
}

static void a_run_ends_and_the_same_command_finds_it_ended(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_run_status status;
    struct ps_error err;
    cli_scene_init(&scene);
    assert_int_equal(cli_run_local(&scene, "one", RECORDS), 0);
    assert_true(cli_holds(&scene.out, "succeeded               12"));
    assert_int_equal(count_lines(&scene, "out.jsonl"), RECORDS);
    char *folder PS_CLEANUP(ps_str_free_auto) = folder_of(&scene);
    assert_int_equal(ps_status_file_read(folder, &status, &err), PS_OK);
    assert_string_equal(status.phase, PS_RUN_ENDED);
    assert_int_equal(status.exit_status, 0);
    assert_int_equal(status.progress.records_done, RECORDS);
    const int64_t elapsed_ms = status.progress.elapsed_ms;
    char *output PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "out.jsonl");
    assert_int_equal(unlink(output), 0);
    assert_int_equal(cli_call(&scene, "resume", "one", NULL), 0);
    assert_true(cli_holds(&scene.err, "nothing is left to do"));
    assert_int_equal(count_lines(&scene, "out.jsonl"), RECORDS);
    assert_int_equal(ps_status_file_read(folder, &status, &err), PS_OK);
    assert_int_equal(status.progress.elapsed_ms, elapsed_ms);
    cli_scene_release(&scene);
}

static void a_run_that_was_only_prepared_is_begun_by_resume(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    prepare(&scene);
    assert_int_equal(cli_call(&scene, "status", "one", NULL), 0);
    assert_true(cli_holds(&scene.out, "one: not begun"));
    assert_int_equal(cli_call(&scene, "resume", "one", NULL), 0);
    assert_int_equal(count_lines(&scene, "out.jsonl"), RECORDS);
    cli_scene_release(&scene);
}

static void after_a_stop_run_says_what_is_cancelled_and_retry_sends_it(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    stop_all(&scene);
    assert_true(cli_holds(&scene.err,
                          "12 failed or cancelled records can be sent once more: penstock "
                          "retry one"));
    assert_int_equal(cli_run_local(&scene, "one", RECORDS), PS_EXIT_STOPPED);
    assert_true(cli_holds(&scene.err, "12 records cancelled: this run was stopped"));
    assert_true(cli_holds(&scene.err, "penstock retry one"));
    assert_int_equal(cli_call(&scene, "stop", "one", NULL), 0);
    assert_int_equal(cli_call(&scene, "retry", "one", NULL), 0);
    assert_true(cli_holds(&scene.err, "12 records to be sent again"));
    assert_true(cli_holds(&scene.out, "succeeded               12"));
    assert_int_equal(cli_call(&scene, "retry", "one", NULL), 0);
    assert_true(cli_holds(&scene.err, "nothing is left to do"));
    cli_scene_release(&scene);
}

static void a_stop_that_was_asked_before_is_done_and_said(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_error err;
    cli_scene_init(&scene);
    prepare(&scene);
    char *folder PS_CLEANUP(ps_str_free_auto) = folder_of(&scene);
    char *stop PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, PS_STOP_FILE);
    assert_int_equal(ps_files_write(stop, PS_STR("x"), &err), PS_OK);
    assert_int_equal(cli_run_local(&scene, "one", RECORDS), PS_EXIT_STOPPED);
    assert_true(cli_holds(&scene.err, "'penstock stop' was asked for this run"));
    assert_false(ps_files_exists(stop));
    /* A retry is a wish to go on: it outweighs a stop that has not ended. */
    assert_int_equal(ps_files_write(stop, PS_STR("x"), &err), PS_OK);
    assert_int_equal(cli_call(&scene, "retry", "one", NULL), 0);
    assert_true(cli_holds(&scene.err, "it is forgotten"));
    assert_false(ps_files_exists(stop));
    cli_scene_release(&scene);
}

static void a_retry_whose_process_dies_at_once_is_not_lost(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_options options;
    struct ps_error err;
    struct ps_retry_counts counts;
    cli_scene_init(&scene);
    stop_all(&scene);
    char *folder PS_CLEANUP(ps_str_free_auto) = folder_of(&scene);
    cli_options(&options, "retry", "one", NULL);
    struct ps_owner owner = {
        .options = &options, .folder = folder, .mode = PS_OWN_RETRY, .lock = -1};
    ps_settings_init(&owner.settings);
    assert_int_equal(ps_owner_read_settings(&owner, NULL, &err), PS_OK);
    assert_int_equal(ps_owner_open_state(&owner, &err), PS_OK);
    assert_true(ps_owner_is_over(&owner));
    ps_owner_count_retry(&owner, &counts);
    assert_int_equal(counts.again, RECORDS);
    assert_int_equal(ps_owner_make_unsent(&owner, &err), PS_OK);
    assert_false(ps_owner_is_over(&owner));
    ps_owner_release(&owner); /* and here it dies */
    ps_options_release(&options);
    assert_int_equal(cli_call(&scene, "resume", "one", NULL), 0);
    assert_int_equal(count_lines(&scene, "out.jsonl"), RECORDS);
    cli_scene_release(&scene);
}

static void the_latest_commands_limits_and_results_count(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_settings settings;
    struct ps_error err;
    cli_scene_init(&scene);
    prepare(&scene);
    char *input PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "one.jsonl");
    char *output PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "other.jsonl");
    assert_int_equal(cli_call(&scene, "run", input, "-o", output, "--local", "--model", CLI_MODEL,
                              "--lane", "min_records=5,job_records=6,jobs=1", "--name", "one",
                              "--poll-interval", "20s", "--job-timeout", "168h", NULL),
                     0);
    assert_true(cli_holds(&scene.err, "run one was begun before"));
    assert_true(cli_holds(&scene.err, "limits and role are from now on as this command says"));
    assert_int_equal(count_lines(&scene, "other.jsonl"), RECORDS);
    char *folder PS_CLEANUP(ps_str_free_auto) = folder_of(&scene);
    ps_settings_init(&settings);
    assert_int_equal(ps_settings_read(&settings, folder, &err), PS_OK);
    assert_int_equal(ps_lane_limit(&settings.lanes[0], PS_LIMIT_JOBS, 0), 1);
    assert_string_equal(settings.results_path, output);
    assert_int_equal(settings.poll_ms, 20000);
    assert_int_equal(settings.timeout_hours, 168);
    ps_settings_release(&settings);
    cli_scene_release(&scene);
}

static const struct ps_run_status running = {
    .name = "one", .phase = PS_RUN_RUNNING, .exit_status = -1, .progress = {.records = RECORDS}};

static void a_live_run_is_not_retried(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct owner_child child;
    cli_scene_init(&scene);
    prepare(&scene);
    char *folder PS_CLEANUP(ps_str_free_auto) = folder_of(&scene);
    owner_child_start(&child, folder, &running);
    assert_int_equal(cli_call(&scene, "retry", "one", NULL), PS_EXIT_DENIED);
    assert_true(cli_holds(&scene.err, "is running this run"));
    assert_true(cli_holds(&scene.err, "penstock wait"));
    owner_child_end(&child);
    cli_scene_release(&scene);
}

static void a_tick_beside_a_live_owner_leaves_at_once(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct owner_child child;
    cli_scene_init(&scene);
    prepare(&scene);
    char *folder PS_CLEANUP(ps_str_free_auto) = folder_of(&scene);
    owner_child_start(&child, folder, &running);
    assert_int_equal(cli_call(&scene, "tick", "one", NULL), 0);
    assert_true(cli_holds(&scene.err, "is at this run: it is left to that one"));
    assert_int_equal(cli_call(&scene, "tick", "one", "--json", NULL), 0);
    assert_true(cli_holds(&scene.out, "\"phase\":\"running\""));
    assert_true(cli_holds(&scene.out, "\"next\":null"));
    owner_child_end(&child);
    cli_scene_release(&scene);
}

static void ticks_bring_a_run_to_its_end_and_its_status(void **state)
{
    (void)state;
    struct cli_scene scene;
    int64_t ticks = 0;
    cli_scene_init(&scene);
    prepare(&scene);
    char *output PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "out.jsonl");
    assert_int_equal(cli_call(&scene, "tick", "one", NULL), 0);
    assert_true(cli_holds(&scene.out, "come back at 2"));
    do {
        assert_int_equal(cli_call(&scene, "tick", "one", "--json", NULL), 0);
        /* Two fields that go together: an end, or when to come back. */
        assert_true(cli_holds(&scene.out, "\"phase\":\"paused\"") ==
                    !cli_holds(&scene.out, "\"next_s\":null"));
        ticks++;
    } while (!cli_holds(&scene.out, "\"phase\":\"ended\"") && ticks < 1000);
    assert_true(ticks > 1 && ticks < 1000);
    assert_true(cli_holds(&scene.out, "\"exit_status\":0"));
    assert_int_equal(count_lines(&scene, "out.jsonl"), RECORDS);
    /* An ended run is told, and not written again. */
    assert_int_equal(unlink(output), 0);
    assert_int_equal(cli_call(&scene, "tick", "one", NULL), 0);
    assert_true(cli_holds(&scene.out, "one: ended, nothing is left to do"));
    assert_false(ps_files_exists(output));
    cli_scene_release(&scene);
}

/* A process that ends the owner a moment later. */
static pid_t kill_later(const struct owner_child *const child)
{
    const pid_t killer = fork();
    assert_true(killer >= 0);
    if (killer == 0) {
        (void)usleep(900000);
        (void)kill(child->pid, SIGKILL);
        _exit(0);
    }
    return killer;
}

static void who_follows_a_dead_owner_takes_over(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct owner_child child;
    cli_scene_init(&scene);
    prepare(&scene);
    char *folder PS_CLEANUP(ps_str_free_auto) = folder_of(&scene);
    owner_child_start(&child, folder, &running);
    (void)kill_later(&child);
    assert_int_equal(cli_call(&scene, "resume", "one", NULL), 0);
    assert_true(cli_holds(&scene.err, "owns this run: following it"));
    assert_true(cli_holds(&scene.err, "is gone: going on with the run here"));
    assert_int_equal(count_lines(&scene, "out.jsonl"), RECORDS);
    owner_child_kill(&child); /* its entry in the table of processes */
    cli_scene_release(&scene);
}

static void an_error_is_kept_and_says_how_to_go_on(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_run_status status;
    struct ps_error err;
    cli_scene_init(&scene);
    prepare(&scene);
    char *folder PS_CLEANUP(ps_str_free_auto) = folder_of(&scene);
    char *database PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "run.db");
    assert_int_equal(ps_files_write(database, PS_STR("this is no database, but long enough"), &err),
                     PS_OK);
    assert_int_equal(cli_call(&scene, "resume", "one", NULL), PS_EXIT_DENIED);
    assert_true(cli_holds(&scene.err, "'penstock resume one', goes on from here"));
    assert_int_equal(ps_status_file_read(folder, &status, &err), PS_OK);
    assert_string_equal(status.phase, PS_RUN_HALTED);
    assert_int_equal(status.exit_status, PS_EXIT_DENIED);
    assert_true(status.message[0] != '\0');
    assert_int_equal(cli_call(&scene, "wait", "one", NULL), PS_EXIT_DENIED);
    assert_int_equal(unlink(database), 0);
    assert_int_equal(cli_call(&scene, "resume", "one", NULL), 0);
    cli_scene_release(&scene);
}

static void a_results_folder_that_went_away_is_said_before_anything_is_done(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_settings settings;
    struct ps_error err;
    cli_scene_init(&scene);
    prepare(&scene);
    char *folder PS_CLEANUP(ps_str_free_auto) = folder_of(&scene);
    char *emulator PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "emulator");
    ps_settings_init(&settings);
    assert_int_equal(ps_settings_read(&settings, folder, &err), PS_OK);
    free(settings.results_path);
    settings.results_path = ps_str_dup(PS_STR("/no/such/folder/out.jsonl"));
    assert_int_equal(ps_settings_write(&settings, folder, &err), PS_OK);
    ps_settings_release(&settings);
    assert_int_equal(cli_call(&scene, "resume", "one", NULL), PS_EXIT_USAGE);
    assert_false(ps_files_exists(emulator));
    cli_scene_release(&scene);
}

static void failures_that_are_allowed_end_with_0(void **state)
{
    (void)state;
    struct cli_scene scene;
    cli_scene_init(&scene);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 1 << 20);
    for (int number = 0; number < RECORDS; number++) {
        ps_buf_add_format(&text, "{\"id\":\"p%d\",\"prompt\":\"Number %d\"}\n", number, number);
    }
    ps_buf_add_text(&text, "broken\n");
    cli_write(&scene, "in.jsonl", ps_buf_str(&text));
    char *input PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "in.jsonl");
    char *output PS_CLEANUP(ps_str_free_auto) = cli_path(&scene, "out.jsonl");
    assert_int_equal(cli_call(&scene, "run", input, "-o", output, "--local", "--model", CLI_MODEL,
                              "--lane", CLI_LANE, "--name", "one", NULL),
                     PS_EXIT_SOME_FAILED);
    assert_int_equal(cli_call(&scene, "resume", "one", "--allow-failures", "1", NULL), 0);
    assert_int_equal(cli_call(&scene, "wait", "one", NULL), 0);
    assert_int_equal(cli_call(&scene, "wait", "one", "--allow-failures", "0", NULL), 1);
    assert_int_equal(cli_call(&scene, "resume", "one", NULL), 1);
    assert_int_equal(cli_call(&scene, "wait", "one", "--allow-failures", "10%", NULL), 0);
    cli_scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_ends_and_the_same_command_finds_it_ended),
        cmocka_unit_test(a_run_that_was_only_prepared_is_begun_by_resume),
        cmocka_unit_test(after_a_stop_run_says_what_is_cancelled_and_retry_sends_it),
        cmocka_unit_test(a_stop_that_was_asked_before_is_done_and_said),
        cmocka_unit_test(a_retry_whose_process_dies_at_once_is_not_lost),
        cmocka_unit_test(the_latest_commands_limits_and_results_count),
        cmocka_unit_test(a_live_run_is_not_retried),
        cmocka_unit_test(a_tick_beside_a_live_owner_leaves_at_once),
        cmocka_unit_test(ticks_bring_a_run_to_its_end_and_its_status),
        cmocka_unit_test(who_follows_a_dead_owner_takes_over),
        cmocka_unit_test(an_error_is_kept_and_says_how_to_go_on),
        cmocka_unit_test(a_results_folder_that_went_away_is_said_before_anything_is_done),
        cmocka_unit_test(failures_that_are_allowed_end_with_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
