/*
 * Goal: each event is shown once, however the file grows or is made anew, and never half of one.
 * Method: a folder with a file that the test writes.
 */
#include "cli/events_file.h"

#include "../app/folder.h"
#include "app/turn.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define FOUND_1 "{\"number\":1,\"event\":\"job_found\"}\n"
#define FOUND_2 "{\"number\":2,\"event\":\"job_found\"}\n"
#define FOUND_3 "{\"number\":3,\"event\":\"job_found\"}\n"

static void see(void *const seer, const struct ps_seen_event *const event)
{
    char *const seen = seer;
    const size_t size = strlen(seen);
    (void)snprintf(seen + size, 100 - size, "%lld ", (long long)event->number);
}

static void assert_seen(struct ps_events_file *const file, const char *const rows,
                        const char *const numbers)
{
    char seen[100] = "";
    struct ps_error err = {0};
    if (rows != NULL) {
        char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(file->folder, PS_EVENTS_FILE);
        assert_int_equal(ps_files_write_quick(path, ps_str_of(rows), &err), PS_OK);
    }
    assert_int_equal(ps_events_file_read(file, see, seen, &err), PS_OK);
    assert_string_equal(seen, numbers);
}

static void each_event_is_shown_once(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_events_file file = {.folder = folder};
    assert_seen(&file, NULL, ""); /* none yet */
    assert_seen(&file, FOUND_1, "1 ");
    assert_seen(&file, NULL, "");
    assert_seen(&file, FOUND_1 "{\"number\":2,\"eve", ""); /* not whole yet */
    assert_seen(&file, FOUND_1 FOUND_2, "2 ");
    assert_seen(&file, FOUND_2 FOUND_3, "3 "); /* made anew, without the oldest */
    assert_seen(&file, FOUND_2 "torn\n" FOUND_3 "{\"number\":4,\"event\":\"from_later\"}\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_is_shown_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
