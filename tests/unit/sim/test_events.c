/*
 * Goal: what was committed is read again at the next start, whatever happened to the last line.
 * Method: a log, cut at every byte.
 */
#include "sim/events.h"

#include "folder.h"
#include "sim/event_fields.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct seen {
    int64_t count;
    int64_t sum;
};

static void apply(void *const context, yyjson_val *const event)
{
    struct seen *const seen = context;
    seen->count++;
    seen->sum += ps_event_number(event, "value");
}

static struct ps_events *open_log(const char *const folder, struct seen *const seen)
{
    struct ps_events *events = NULL;
    struct ps_error err = {.message = ""};
    *seen = (struct seen){0, 0};
    if (ps_events_open(folder, apply, seen, &events, &err) != PS_OK) {
        fail_msg("%s", err.message);
    }
    return events;
}

static void add(struct ps_events *const events, const int64_t time_ms, const int64_t value)
{
    struct ps_writer *const line = ps_events_begin(events, time_ms, "test");
    ps_writer_number(line, "value", value);
    assert_int_equal(ps_events_commit(events, NULL), PS_OK);
}

static void lines_come_back_in_order(void **state)
{
    (void)state;
    char *const folder = test_folder_new();
    struct seen seen;
    struct ps_events *events = open_log(folder, &seen);
    add(events, 1000, 1);
    add(events, 500, 2); /* time does not go back */
    assert_int_equal(ps_events_time_ms(events), 1000);
    assert_int_equal(ps_events_seq(events), 2);
    assert_int_equal(seen.sum, 3); /* applied at once */
    (void)ps_events_free(events);
    events = open_log(folder, &seen);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.sum, 3);
    assert_int_equal(ps_events_seq(events), 2);
    assert_int_equal(ps_events_time_ms(events), 1000);
    (void)ps_events_free(events);
    test_folder_remove(folder);
    free(folder);
}

static void many_lines_go_in_one_commit(void **state)
{
    (void)state;
    char *const folder = test_folder_new();
    struct seen seen;
    struct ps_events *const events = open_log(folder, &seen);
    for (int64_t value = 1; value <= 1000; value++) {
        struct ps_writer *const line = ps_events_begin(events, 1, "test");
        ps_writer_number(line, "value", value);
        ps_events_end(events);
        assert_int_equal(seen.count, 0);
    }
    assert_int_equal(ps_events_commit(events, NULL), PS_OK);
    assert_int_equal(seen.count, 1000);
    assert_int_equal(seen.sum, 500500);
    (void)ps_events_free(events);
    test_folder_remove(folder);
    free(folder);
}

static void a_cut_last_line_never_was(void **state)
{
    (void)state;
    char *const folder = test_folder_new();
    struct seen seen;
    struct ps_events *events = open_log(folder, &seen);
    add(events, 1, 1);
    add(events, 2, 10);
    add(events, 3, 100);
    (void)ps_events_free(events);
    char *const whole = test_file_read(folder, "events.jsonl");
    for (size_t size = 0; size <= strlen(whole); size++) {
        char *const part = ps_str_dup((struct ps_str){whole, size});
        int64_t lines = 0;
        for (size_t at = 0; at < size; at++) {
            lines += whole[at] == '\n' ? 1 : 0;
        }
        test_file_write(folder, "events.jsonl", part);
        events = open_log(folder, &seen);
        assert_int_equal(seen.count, lines);
        add(events, 9, 7); /* and it goes on behind it */
        (void)ps_events_free(events);
        events = open_log(folder, &seen);
        assert_int_equal(seen.count, lines + 1);
        assert_int_equal(ps_events_seq(events), lines + 1);
        (void)ps_events_free(events);
        free(part);
    }
    free(whole);
    test_folder_remove(folder);
    free(folder);
}

static void a_line_that_is_no_event_is_refused(void **state)
{
    (void)state;
    char *const folder = test_folder_new();
    struct ps_events *events = NULL;
    struct seen seen = {0, 0};
    struct ps_error err;
    test_file_write(folder, "events.jsonl", "{\"seq\":1,\"event\":\"a\"}\nrubbish\n");
    assert_int_equal(ps_events_open(folder, apply, &seen, &events, &err), PS_E_CORRUPT);
    assert_non_null(strstr(err.message, "line 2"));
    test_folder_remove(folder);
    free(folder);
}

/* A full disk, by the limit on the size of files. */
static void a_failed_append_leaves_nothing(void **state)
{
    (void)state;
    char *const folder = test_folder_new();
    struct seen seen;
    struct ps_events *events = open_log(folder, &seen);
    add(events, 1, 1);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit tight = {80, before.rlim_max};
    void (*const old)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    struct ps_writer *const line = ps_events_begin(events, 2, "test");
    ps_writer_number(line, "value", 10);
    struct ps_error err;
    assert_int_equal(ps_events_commit(events, &err), PS_E_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, old);
    assert_int_equal(seen.sum, 1);
    assert_int_equal(ps_events_seq(events), 1);
    add(events, 3, 100);
    (void)ps_events_free(events);
    events = open_log(folder, &seen);
    assert_int_equal(seen.sum, 101);
    assert_int_equal(ps_events_seq(events), 2);
    (void)ps_events_free(events);
    test_folder_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_back_in_order),
        cmocka_unit_test(many_lines_go_in_one_commit),
        cmocka_unit_test(a_cut_last_line_never_was),
        cmocka_unit_test(a_line_that_is_no_event_is_refused),
        cmocka_unit_test(a_failed_append_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
