/*
 * Goal: a lane's line tells its jobs, rate and day, and nothing that is not known; the last
 * decisions stand under them; no line is wider than the screen. Method: statuses by hand, in UTC.
 */
#include "cli/screen_lanes.h"

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
#define NOW_MS INT64_C(1795530005000)
#define LABEL 9

static int set_zone(void **state)
{
    (void)state;
    (void)setenv("TZ", "UTC", 1);
    tzset();
    return 0;
}

static void fill(struct ps_run_status *const status)
{
    *status = (struct ps_run_status){
        .progress = {.lanes = {{.name = "east",
                                .jobs = 8,
                                .jobs_live = 4,
                                .jobs_done = 2,
                                .records = 100,
                                .records_done = 50,
                                .slots = 10,
                                .binds = "tokens/min",
                                .tpm_now = 29500,
                                .tpm_limit = 30000,
                                .day_tokens = 40000000,
                                .day_limit = 50000000,
                                .day_end_ms = NOW_MS + 3600000},
                               {.name = "w\033[2J", .jobs = 1, .records = 10}},
                     .lane_count = 2,
                     .wall_ms = NOW_MS},
    };
}

static void a_lane_tells_jobs_rate_and_day(void **state)
{
    (void)state;
    struct ps_run_status status;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    fill(&status);
    ps_screen_add_lanes(&buf, &status, LABEL, 119);
    assert_string_equal(
        ps_buf_text(&buf),
        "lanes    east   [#####.....] 4/10 live, 2 of 8 done, bound by tokens/min\n"
        "                29.5 K of 30 K tokens/min, day: 10 M of 50 M left until 15:20\n"
        "         w\\u001b[2J [..........] 0 live, 0 of 1 done\n");
    ps_buf_clear(&buf);
    ps_screen_add_lanes(&buf, &status, LABEL, 199); /* room for all of it */
    assert_non_null(strstr(ps_buf_text(&buf),
                           "] 4/10 live, 2 of 8 done, bound by tokens/min, 29.5 K of 30 K "
                           "tokens/min, day: 10 M of 50 M left until 15:20\n"));
}

static void many_lanes_are_counted(void **state)
{
    (void)state;
    struct ps_run_status status;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    fill(&status);
    status.progress.lane_count = PS_SCREEN_LANES_MAX + 3;
    ps_screen_add_lanes(&buf, &status, LABEL, 80);
    assert_non_null(strstr(ps_buf_text(&buf), "\n         and 3 more\n"));
}

static void no_line_is_wider_than_the_screen(void **state)
{
    (void)state;
    for (int64_t columns = 40; columns <= 220; columns++) {
        struct ps_run_status status;
        struct ps_screen_events events = {.count = 0};
        struct ps_seen_event event = {.event = {.kind = PS_EVENT_CALL_FAILED, .at_ms = NOW_MS}};
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, PS_MB);
        memset(event.event.text, 'x', sizeof(event.event.text) - 1);
        ps_screen_keep_event(&events, &event);
        fill(&status);
        ps_screen_add_lanes(&buf, &status, LABEL, columns);
        ps_screen_add_events(&buf, &events, LABEL, columns);
        struct ps_str rest = ps_buf_str(&buf);
        while (rest.size > 0) {
            const size_t line_end = ps_str_find(rest, '\n');
            assert_true((int64_t)line_end <= columns);
            rest = ps_str_part(rest, line_end + 1, rest.size);
        }
    }
}

static void the_last_decisions_are_shown_oldest_first(void **state)
{
    (void)state;
    struct ps_screen_events events = {.count = 0};
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    for (int64_t job = 1; job <= PS_SCREEN_EVENTS_MAX + 1; job++) {
        struct ps_seen_event event = {
            .event = {.kind = PS_EVENT_JOB_FOUND, .at_ms = NOW_MS, .job = job}, .lane = "east"};
        ps_screen_keep_event(&events, &event);
    }
    ps_screen_add_events(&buf, &events, LABEL, 80);
    const char *const text = ps_buf_text(&buf);
    static const char first[] = "events   14:20  east: job 2 was created after all: it is found\n  "
                                "       14:20  east: job 3";
    assert_memory_equal(text, first, sizeof(first) - 1);
    assert_non_null(strstr(text, "job 7 was"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_tells_jobs_rate_and_day),
        cmocka_unit_test(many_lanes_are_counted),
        cmocka_unit_test(no_line_is_wider_than_the_screen),
        cmocka_unit_test(the_last_decisions_are_shown_oldest_first),
    };
    return cmocka_run_group_tests(tests, set_zone, NULL);
}
