/*
 * Goal: what others read of a run is what its owner wrote, and the truth where the owner is gone.
 * Method: write and read back; the file missing, broken, or left by an owner that died; the lock
 * held by another descriptor.
 */
#include "cli/status_file.h"

#include "../app/folder.h"

#include "base/limits.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void fill(struct ps_run_status *const status, const char *const phase)
{
    *status = (struct ps_run_status){.name = "run-1",
                                     .message = "cannot: \"quoted\"\nand more",
                                     .results = "/tmp/r\xc3\xa9sults.jsonl",
                                     .exit_status = -1,
                                     .pid = 4711,
                                     .updated_ms = 1234567890123};
    struct ps_progress *const progress = &status->progress;
    *progress = (struct ps_progress){.records = 101,
                                     .records_done = 102,
                                     .records_running = 103,
                                     .records_before = 104,
                                     .jobs = 105,
                                     .slots = 106,
                                     .tokens = INT64_MAX,
                                     .tokens_before = 108,
                                     .passed_ms = 109,
                                     .elapsed_ms = 110,
                                     .speed = 600,
                                     .live_count = PS_PROGRESS_LIVE_MAX,
                                     .lane_count = 2,
                                     .activity = "uploading",
                                     .trouble = "no answer"};
    for (int stage = 0; stage < PS_STAGE_COUNT; stage++) {
        progress->stages[stage] = 200 + stage;
    }
    for (int64_t place = 0; place < PS_PROGRESS_LIVE_MAX; place++) {
        progress->live[place] = (struct ps_live_job){place, "InProgress", 300 + place, place};
    }
    progress->lanes[0] =
        (struct ps_lane_progress){"east", "day", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    progress->lanes[1] = (struct ps_lane_progress){.name = "west", .pool = 1, .day_end_ms = 99};
    (void)snprintf(status->phase, sizeof(status->phase), "%s", phase);
}

static void all_comes_back_as_it_was_written(void **state)
{
    (void)state;
    static const char *const phases[] = {PS_RUN_PAUSED, PS_RUN_HALTED, PS_RUN_STOPPED,
                                         PS_RUN_ENDED};
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_error err;
    for (size_t phase = 0; phase < sizeof(phases) / sizeof(phases[0]); phase++) {
        struct ps_run_status written;
        struct ps_run_status read;
        struct ps_buf left PS_CLEANUP(ps_buf_release);
        struct ps_buf right PS_CLEANUP(ps_buf_release);
        ps_buf_init(&left, PS_MB);
        ps_buf_init(&right, PS_MB);
        fill(&written, phases[phase]);
        written.exit_status = (int64_t)phase - 1;
        ps_status_file_write(folder, &written);
        assert_int_equal(ps_status_file_read(folder, &read, &err), PS_OK);
        assert_string_equal(read.phase, phases[phase]);
        assert_string_equal(read.message, written.message);
        assert_string_equal(read.results, written.results);
        assert_int_equal(read.exit_status, written.exit_status);
        assert_int_equal(read.pid, 4711);
        assert_true(read.progress.tokens == INT64_MAX);
        assert_int_equal(read.progress.live_count, PS_PROGRESS_LIVE_MAX);
        assert_memory_equal(read.progress.stages, written.progress.stages,
                            sizeof(read.progress.stages));
        assert_memory_equal(read.progress.live, written.progress.live, sizeof(read.progress.live));
        assert_int_equal(read.progress.lane_count, 2);
        assert_memory_equal(read.progress.lanes, written.progress.lanes,
                            sizeof(read.progress.lanes));
        ps_status_add_json(&left, &written, false);
        ps_status_add_json(&right, &read, false);
        assert_string_equal(ps_buf_text(&left), ps_buf_text(&right));
    }
}

static void a_run_without_the_file_is_not_begun(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *lock PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    struct ps_run_status status;
    struct ps_error err;
    int descriptor = -1;
    int64_t pid = 0;
    assert_int_equal(ps_status_file_read(folder, &status, &err), PS_OK);
    assert_string_equal(status.phase, PS_RUN_NOT_BEGUN);
    assert_string_equal(status.name, strrchr(folder, '/') + 1);
    assert_int_equal(status.exit_status, -1);
    assert_int_equal(ps_files_lock(lock, &descriptor, &pid, &err), PS_OK);
    assert_int_equal(ps_status_file_read(folder, &status, &err), PS_OK);
    assert_string_equal(status.phase, PS_RUN_RUNNING); /* its owner has just begun */
    (void)close(descriptor);
}

static void running_without_an_owner_is_interrupted(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *lock PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    struct ps_run_status status;
    struct ps_error err;
    int descriptor = -1;
    int64_t pid = 0;
    fill(&status, PS_RUN_RUNNING);
    ps_status_file_write(folder, &status);
    assert_int_equal(ps_status_file_read(folder, &status, &err), PS_OK);
    assert_string_equal(status.phase, PS_RUN_INTERRUPTED);
    assert_int_equal(ps_files_lock(lock, &descriptor, &pid, &err), PS_OK);
    assert_int_equal(ps_status_file_read(folder, &status, &err), PS_OK);
    assert_string_equal(status.phase, PS_RUN_RUNNING);
    (void)close(descriptor);
    assert_int_equal(ps_status_file_read(folder, &status, &err), PS_OK);
    assert_string_equal(status.phase, PS_RUN_INTERRUPTED);
}

static void what_is_no_status_is_corrupt(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "[]", "null", "{\"phase\":\"running\"} x"};
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_run_status status;
    struct ps_error err;
    for (size_t text = 0; text < sizeof(texts) / sizeof(texts[0]); text++) {
        test_file_write(folder, "status.json", ps_str_of(texts[text]));
        assert_int_equal(ps_status_file_read(folder, &status, &err), PS_E_CORRUPT);
        assert_non_null(strstr(err.message, "status.json"));
    }
}

static void fields_of_another_kind_do_no_harm(void **state)
{
    (void)state;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_run_status status;
    struct ps_error err;
    ps_buf_init(&text, PS_MB);
    ps_buf_add_text(&text, "{\"run\":1,\"records\":\"x\",\"jobs_by_stage\":[],\"exit_status\":"
                           "\"0\",\"phase\":\"a phase longer than its room\",\"live\":[1");
    for (int job = 0; job < 2 * PS_PROGRESS_LIVE_MAX; job++) {
        ps_buf_add_text(&text, ",{\"job\":7}");
    }
    ps_buf_add_text(&text, "]}");
    test_file_write(folder, "status.json", ps_buf_str(&text));
    assert_int_equal(ps_status_file_read(folder, &status, &err), PS_OK);
    assert_string_equal(status.name, "");
    assert_int_equal(status.progress.records, 0);
    assert_int_equal(status.exit_status, -1);
    assert_int_equal(status.progress.live_count, PS_PROGRESS_LIVE_MAX);
    assert_int_equal(status.progress.live[0].number, 0);
    assert_int_equal(status.progress.live[1].number, 7);
    assert_int_equal(strlen(status.phase), sizeof(status.phase) - 1);
}

static void bytes_that_are_no_text_still_make_json(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_run_status status;
    struct ps_error err;
    fill(&status, PS_RUN_ENDED);
    memset(status.results, '\xff', sizeof(status.results) - 1);
    (void)snprintf(status.progress.trouble, sizeof(status.progress.trouble), "%s", "cut\xe2\x82");
    ps_status_file_write(folder, &status);
    assert_int_equal(ps_status_file_read(folder, &status, &err), PS_OK);
    assert_string_equal(status.progress.trouble, "cut\\xe2\\x82");
    assert_memory_equal(status.results, "\\xff\\xff", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_comes_back_as_it_was_written),
        cmocka_unit_test(a_run_without_the_file_is_not_begun),
        cmocka_unit_test(running_without_an_owner_is_interrupted),
        cmocka_unit_test(what_is_no_status_is_corrupt),
        cmocka_unit_test(fields_of_another_kind_do_no_harm),
        cmocka_unit_test(bytes_that_are_no_text_still_make_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
