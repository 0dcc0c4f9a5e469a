/*
 * Goal: a run is refused only where not even empty answers fit, and warned about where the longest
 * would not. Method: needs at the limits of what is free, one byte either way; sums that pass 64
 * bits; a need that no disk has.
 */
#include "cli/room.h"

#include "../app/folder.h"
#include "chat.h"

#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void a_verdict_turns_at_the_last_byte(void **state)
{
    (void)state;
    static const struct ps_room_need need = {10, 100, 20, 200};
    static const struct {
        const char *name;
        struct ps_room_free free_room;
        enum ps_room_verdict verdict;
    } rows[] = {
        {"all fits", {100, 200, false}, PS_ROOM_FITS},
        {"the run's folder lacks one of the most", {99, 200, false}, PS_ROOM_DOUBTFUL},
        {"the results lack one of the most", {100, 199, false}, PS_ROOM_DOUBTFUL},
        {"both have just the least", {10, 20, false}, PS_ROOM_DOUBTFUL},
        {"the run's folder lacks one of the least", {9, 999, false}, PS_ROOM_IMPOSSIBLE},
        {"the results lack one of the least", {999, 19, false}, PS_ROOM_IMPOSSIBLE},
        {"one disk holds the sum", {300, 300, true}, PS_ROOM_FITS},
        {"one disk lacks one of the sum", {299, 299, true}, PS_ROOM_DOUBTFUL},
        {"one disk has just the least sum", {30, 30, true}, PS_ROOM_DOUBTFUL},
        {"one disk lacks one of the least sum", {29, 29, true}, PS_ROOM_IMPOSSIBLE},
        {"nobody knows", {-1, -1, false}, PS_ROOM_FITS},
        {"nobody knows of the results", {99, -1, false}, PS_ROOM_DOUBTFUL},
        {"nothing is free", {0, 0, true}, PS_ROOM_IMPOSSIBLE},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        if (ps_room_judge(&need, &rows[row].free_room) != rows[row].verdict) {
            fail_msg("%s", rows[row].name);
        }
    }
}

static void what_a_run_writes_grows_with_its_answers(void **state)
{
    (void)state;
    struct ps_settings settings;
    struct ps_room_need none;
    struct ps_room_need away;
    struct ps_room_need local;
    struct ps_room_need doubled;
    const struct ps_index_summary empty = {.records = 0};
    struct ps_index_summary summary = {
        .records = 100, .sent = 100, .sent_bytes = 50000, .output_tokens_max = 100000};
    ps_settings_init(&settings);
    ps_room_need(&settings, &empty, &none);
    assert_int_equal(none.state_min + none.state_max + none.results_min + none.results_max, 0);
    ps_room_need(&settings, &summary, &away);
    assert_true(away.state_min > 0 && away.results_min > 0);
    assert_true(away.state_max >= away.state_min + 400000); /* a token is about four letters */
    assert_true(away.results_max >= away.results_min + 400000);
    settings.is_local = true;
    ps_room_need(&settings, &summary, &local);
    assert_true(local.state_min >= away.state_min + 50000); /* the emulator keeps the input */
    assert_int_equal(local.results_max, away.results_max);
    settings.is_local = false;
    summary.records = 200;
    summary.duplicates = 100; /* each repeats its leader's text in the results only */
    ps_room_need(&settings, &summary, &doubled);
    assert_int_equal(doubled.state_max, away.state_max);
    assert_int_equal(doubled.results_max, 2 * away.results_max);
    ps_settings_release(&settings);
}

static void no_sum_passes_its_type(void **state)
{
    (void)state;
    struct ps_settings settings;
    struct ps_room_need need;
    const struct ps_index_summary summary = {.records = INT64_MAX,
                                             .sent = INT64_MAX / 2,
                                             .duplicates = INT64_MAX / 2,
                                             .sent_bytes = INT64_MAX,
                                             .output_tokens_max = INT64_MAX};
    ps_settings_init(&settings);
    settings.is_local = true;
    ps_room_need(&settings, &summary, &need);
    assert_true(need.state_min == INT64_MAX && need.state_max == INT64_MAX);
    assert_true(need.results_min == INT64_MAX && need.results_max == INT64_MAX);
    const struct ps_room_free free_room = {INT64_MAX - 1, INT64_MAX - 1, true};
    assert_int_equal(ps_room_judge(&need, &free_room), PS_ROOM_IMPOSSIBLE);
    ps_settings_release(&settings);
}

static void a_check_refuses_warns_or_is_silent(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct ps_index_summary summary;
        enum ps_status status;
        bool is_said;
    } rows[] = {
        {"nothing to write", {.records = 0}, PS_OK, false},
        {"answers that may be endless",
         {.records = 1, .sent = 1, .output_tokens_max = INT64_MAX},
         PS_OK,
         true},
        {"lines without end", {.records = INT64_MAX, .sent = 1}, PS_E_REFUSED, false},
    };
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_settings settings;
        struct ps_error err = {.status = PS_OK};
        ps_settings_init(&settings);
        settings.results_path = ps_files_join(folder, "results.jsonl");
        test_chat_begin();
        const enum ps_status status = ps_room_check(&settings, &rows[row].summary, folder, &err);
        char *said PS_CLEANUP(ps_str_free_auto) = test_chat_end();
        ps_settings_release(&settings);
        if (status != rows[row].status || (said[0] != '\0') != rows[row].is_said ||
            (status != PS_OK && strstr(err.hint, "--state-dir") == NULL)) {
            fail_msg("%s: %s%s", rows[row].name, said, err.message);
        }
    }
}

static void the_room_of_a_device_is_not_asked(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    const struct ps_index_summary summary = {.records = INT64_MAX};
    struct ps_settings settings;
    struct ps_error err;
    ps_settings_init(&settings);
    settings.results_path = ps_str_dup(PS_STR("/dev/null"));
    assert_int_equal(ps_room_check(&settings, &summary, folder, &err), PS_OK);
    ps_settings_release(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_turns_at_the_last_byte),
        cmocka_unit_test(what_a_run_writes_grows_with_its_answers),
        cmocka_unit_test(no_sum_passes_its_type),
        cmocka_unit_test(a_check_refuses_warns_or_is_silent),
        cmocka_unit_test(the_room_of_a_device_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
