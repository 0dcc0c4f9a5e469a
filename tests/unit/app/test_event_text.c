/*
 * Goal: a row is read as it was written, whatever stands in its texts; the words of every kind can
 * be made; what is 0 is left out. Method: events made by hand, in UTC.
 */
#include "app/event_text.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

/* 2026-11-24 14:20:05 UTC. */
#define AT_MS INT64_C(1795530005000)

static int set_zone(void **state)
{
    (void)state;
    (void)setenv("TZ", "UTC", 1);
    tzset();
    return 0;
}

static void assert_words(const struct ps_event *const event, const char *const words)
{
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    ps_event_add_words(&buf, event);
    assert_string_equal(ps_buf_text(&buf), words);
}

static void words_leave_out_what_is_nothing(void **state)
{
    (void)state;
    assert_words(
        &(struct ps_event){.kind = PS_EVENT_JOB_CREATED, .job = 3, .numbers = {1000, 0, 2, 10}},
        "job 3 is at the service: 1,000 records, 2 of 10 slots used");
    assert_words(
        &(struct ps_event){.kind = PS_EVENT_JOB_CREATED, .job = 3, .numbers = {1000, 0, 2, 0}},
        "job 3 is at the service: 1,000 records");
    assert_words(&(struct ps_event){.kind = PS_EVENT_RUN_STARTED, .numbers = {1, 1}},
                 "the run begins: 1 record to be sent, 1 lane");
    assert_words(&(struct ps_event){.kind = PS_EVENT_RUN_STARTED, .numbers = {20000, 2}},
                 "the run begins: 20,000 records to be sent, 2 lanes");
    assert_words(&(struct ps_event){.kind = PS_EVENT_JOBS_PLANNED,
                                    .numbers = {4, 90000, 25000},
                                    .text = "tpd"},
                 "90,000 records become 4 jobs of up to 25,000, as tpd allows");
    assert_words(&(struct ps_event){.kind = PS_EVENT_JOBS_PLANNED, .numbers = {1, 500, 500}},
                 "500 records become 1 job of up to 500");
    assert_words(&(struct ps_event){.kind = PS_EVENT_RUN_ENDED, .numbers = {98, 0, 2, 0}},
                 "the run ends: 98 succeeded, 2 unaccounted");
}

static void words_tell_moments_times_and_how_often(void **state)
{
    (void)state;
    assert_words(&(struct ps_event){.kind = PS_EVENT_DAY_FULL,
                                    .at_ms = AT_MS,
                                    .job = 7,
                                    .numbers = {1200, 2000000, 50000000, AT_MS + 3600000}},
                 "job 7 waits for the day's turn at 15:20: it needs 2 M tokens, 1,200 of 50 M are "
                 "left");
    assert_words(&(struct ps_event){.kind = PS_EVENT_DAY_TURNED,
                                    .at_ms = AT_MS,
                                    .numbers = {1000, 0, 2000, AT_MS + 86400000}},
                 "a new day, until 2026-11-25 14:20: 1,000 of 2,000 tokens were held against the "
                 "last one");
    assert_words(
        &(struct ps_event){.kind = PS_EVENT_JOB_SETTLING, .job = 1, .numbers = {10, 8, 2, 600000}},
        "job 1 wrote 8 of 10 lines, and its books do not agree: looked at again in 10m "
        "00s");
    assert_words(&(struct ps_event){.kind = PS_EVENT_THROTTLED, .times = 1200, .text = "slow"},
                 "throttled: slow (1,200 times)");
    assert_words(&(struct ps_event){.kind = PS_EVENT_THROTTLED, .times = 1, .text = "\033[2J"},
                 "throttled: \\u001b[2J");
}

static void every_kind_has_words_that_can_be_made(void **state)
{
    (void)state;
    for (int kind = 0; kind < PS_EVENT_COUNT; kind++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        const struct ps_event event = {
            .kind = (enum ps_event_kind)kind, .numbers = {2, 2, 2, 2, 2, 2}, .text = "x"};
        ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
        ps_event_add_words(&buf, &event);
        assert_true(buf.size > 5);
        assert_null(strpbrk(ps_buf_text(&buf), "{}[]"));
    }
}

static void a_row_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    struct ps_seen_event seen = {.number = 0};
    const struct ps_event event = {.kind = PS_EVENT_JOB_CREATED,
                                   .at_ms = AT_MS,
                                   .lane = 1,
                                   .job = 12,
                                   .times = 3,
                                   .numbers = {10, 20, 30, 40, 50},
                                   .text = "a \"text\"\nof lines"};
    ps_buf_init(&buf, PS_EVENT_ROW_BYTES_MAX);
    ps_event_add_row(&buf, 77, &event, "east");
    assert_int_equal(ps_str_find(ps_buf_str(&buf), '\n'), buf.size - 1);
    assert_true(ps_event_read_row(ps_str_part(ps_buf_str(&buf), 0, buf.size - 1), &seen));
    assert_int_equal(seen.number, 77);
    assert_string_equal(seen.lane, "east");
    assert_int_equal(seen.event.kind, event.kind);
    assert_int_equal(seen.event.at_ms, event.at_ms);
    assert_int_equal(seen.event.job, 12);
    assert_int_equal(seen.event.times, 3);
    assert_memory_equal(seen.event.numbers, event.numbers, sizeof(event.numbers));
    assert_string_equal(seen.event.text, event.text);
}

static void rows_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"",
                                       "{",
                                       "[]",
                                       "{}",
                                       "{\"event\":\"from_the_future\"}",
                                       "{\"event\":7}",
                                       "{\"number\":1,\"event\":\"job_f"};
    struct ps_seen_event seen = {.number = 5};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        assert_false(ps_event_read_row(ps_str_of(rows[row]), &seen));
        assert_int_equal(seen.number, 5);
    }
    assert_true(ps_event_read_row(PS_STR("{\"event\":\"job_found\"}"), &seen));
    assert_int_equal(seen.event.job, -1);
}

static void bytes_that_are_no_text_are_written_as_such(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    struct ps_seen_event seen;
    struct ps_event event = {.kind = PS_EVENT_CALL_FAILED, .lane = -1, .job = -1};
    /* The longest text, cut within a character. */
    memset(event.text, 0xff, sizeof(event.text) - 1);
    ps_buf_init(&buf, PS_EVENT_ROW_BYTES_MAX);
    ps_event_add_row(&buf, 1, &event, "");
    assert_true(ps_event_read_row(ps_str_part(ps_buf_str(&buf), 0, buf.size - 1), &seen));
    assert_memory_equal(seen.event.text, "\\xff\\xff", 8);
}

static void lines_and_json_are_for_people_and_programs(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    const struct ps_seen_event seen = {
        .number = 4,
        .event = {.kind = PS_EVENT_JOB_FOUND, .at_ms = AT_MS, .lane = -1, .job = 2, .times = 1},
        .lane = "west"};
    ps_buf_init(&buf, PS_TEXT_BYTES_MAX);
    ps_event_add_line(&buf, &seen);
    assert_string_equal(ps_buf_text(&buf),
                        "2026-11-24 14:20:05  west: job 2 was created after all: it is found");
    ps_buf_clear(&buf);
    ps_event_add_json(&buf, &seen);
    assert_string_equal(ps_buf_text(&buf),
                        "{\"number\":4,\"at_ms\":1795530005000,\"at\":\"2026-11-24T14:20:05Z\","
                        "\"event\":\"job_found\",\"lane\":\"west\",\"job\":2,\"times\":1,"
                        "\"attempt\":0,\"words\":\"job 2 was created after all: it is found\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_leave_out_what_is_nothing),
        cmocka_unit_test(words_tell_moments_times_and_how_often),
        cmocka_unit_test(every_kind_has_words_that_can_be_made),
        cmocka_unit_test(a_row_is_read_as_it_was_written),
        cmocka_unit_test(rows_that_are_none_are_refused),
        cmocka_unit_test(bytes_that_are_no_text_are_written_as_such),
        cmocka_unit_test(lines_and_json_are_for_people_and_programs),
    };
    return cmocka_run_group_tests(tests, set_zone, NULL);
}
