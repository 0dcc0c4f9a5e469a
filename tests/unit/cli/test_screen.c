/*
 * Goal: a screen shows where the run stands, what to do next, and nothing that is not so. Method:
 * statuses by hand, one a phase; foreign text with controls; every width.
 */
#include "cli/screen.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void fill(struct ps_run_status *const status, const char *const phase)
{
    *status = (struct ps_run_status){
        .name = "r1",
        .results = "/tmp/out.jsonl",
        .exit_status = -1,
        .progress = {.records = 200,
                     .records_done = 100,
                     .jobs = 6,
                     .stages = {[PS_STAGE_LIVE] = 3, [PS_STAGE_DONE] = 3},
                     .slots = 10,
                     .passed_ms = 60000,
                     .elapsed_ms = 60000,
                     .speed = 1,
                     .live = {{7, "InProgress", 10, 5}},
                     .live_count = 1,
                     .activity = "reading answers"},
    };
    (void)snprintf(status->phase, sizeof(status->phase), "%s", phase);
}

static void a_live_run_is_shown_whole(void **state)
{
    (void)state;
    struct ps_run_status status;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    fill(&status, PS_RUN_RUNNING);
    ps_screen_add(&buf, &status, 29);
    assert_string_equal(ps_buf_text(&buf),
                        "run      r1: running, 1m 00s\n"
                        "         [#####.....] 50 %\n"
                        "records  100 of 200 records\n"
                        "jobs     3 live (of 10 at once),\n"
                        "         3 done\n"
                        "pace     about 1m 00s left\n"
                        "         job 7     [##########..........] 5 of 10, InProgress\n"
                        "         and 2 more\n"
                        "doing    reading answers\n"
                        "results  /tmp/out.jsonl\n");
}

static void many_stages_take_a_line_more(void **state)
{
    (void)state;
    for (int64_t columns = 80; columns <= 200; columns += 120) {
        struct ps_run_status status;
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, PS_MB);
        fill(&status, PS_RUN_RUNNING);
        for (int stage = 0; stage < PS_STAGE_COUNT; stage++) {
            status.progress.stages[stage] = 1000;
        }
        ps_screen_add(&buf, &status, columns);
        for (struct ps_str rest = ps_buf_str(&buf); rest.size > 0;) {
            const size_t end = ps_str_find(rest, '\n');
            assert_true(end <= (size_t)columns);
            rest = ps_str_part(rest, end + 1, rest.size);
        }
    }
}

static void each_phase_says_how_to_go_on(void **state)
{
    (void)state;
    static const struct {
        const char *phase;
        bool is_driven;
        bool has_next;
    } rows[] = {
        {PS_RUN_NOT_BEGUN, false, true},   {PS_RUN_RUNNING, true, false},
        {PS_RUN_INTERRUPTED, false, true}, {PS_RUN_PAUSED, false, true},
        {PS_RUN_HALTED, false, true},      {PS_RUN_STOPPED, false, false},
        {PS_RUN_ENDED, false, false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_run_status status;
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, PS_MB);
        fill(&status, rows[row].phase);
        ps_screen_add(&buf, &status, 80);
        const char *const text = ps_buf_text(&buf);
        if ((strstr(text, "penstock resume r1\n") != NULL) != rows[row].has_next ||
            (strstr(text, "doing    reading answers\n") != NULL) != rows[row].is_driven ||
            (strstr(text, "job 7") != NULL) != rows[row].is_driven ||
            strstr(text, rows[row].phase) == NULL) {
            fail_msg("%s: %s", rows[row].phase, text);
        }
    }
}

static void foreign_text_is_safe_and_the_percent_is_bounded(void **state)
{
    (void)state;
    struct ps_run_status status;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    fill(&status, PS_RUN_RUNNING);
    (void)snprintf(status.message, sizeof(status.message), "%s", "m\033[2J\nnew");
    (void)snprintf(status.results, sizeof(status.results), "%s", "/tmp/\033]0;x\a");
    (void)snprintf(status.progress.trouble, sizeof(status.progress.trouble), "%s", "t\rx");
    (void)snprintf(status.progress.live[0].status, sizeof(status.progress.live[0].status), "%s",
                   "\033[1m");
    status.progress.records_done = 199;
    ps_screen_add(&buf, &status, 100);
    assert_null(strchr(ps_buf_text(&buf), '\033'));
    assert_null(strchr(ps_buf_text(&buf), '\r'));
    assert_null(strchr(ps_buf_text(&buf), '\a'));
    assert_non_null(strstr(ps_buf_text(&buf), "trouble  t\\u000dx\n"));
    assert_non_null(strstr(ps_buf_text(&buf), " 99 %\n"));
}

static void an_empty_run_has_a_head_only(void **state)
{
    (void)state;
    struct ps_run_status status = {.name = "r1", .phase = PS_RUN_ENDED};
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    ps_screen_add(&buf, &status, 80);
    assert_string_equal(ps_buf_text(&buf), "run      r1: ended\n");
}

static void a_bar_grows_with_the_screen_up_to_its_most(void **state)
{
    (void)state;
    for (int64_t columns = 0; columns <= 300; columns++) {
        struct ps_run_status status = {.name = "r", .phase = PS_RUN_ENDED};
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, PS_MB);
        status.progress.records = 1;
        ps_screen_add(&buf, &status, columns);
        const char *const bar = strchr(ps_buf_text(&buf), '[');
        assert_non_null(bar);
        const int64_t cells = strchr(bar, ']') - bar - 1;
        const int64_t line = strchr(bar, '\n') - bar + 9;
        assert_true(cells >= 10 && cells <= 60);
        assert_true(line <= columns || cells == 10);
        assert_true(columns < 100 || cells == 60);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_live_run_is_shown_whole),
        cmocka_unit_test(many_stages_take_a_line_more),
        cmocka_unit_test(each_phase_says_how_to_go_on),
        cmocka_unit_test(foreign_text_is_safe_and_the_percent_is_bounded),
        cmocka_unit_test(an_empty_run_has_a_head_only),
        cmocka_unit_test(a_bar_grows_with_the_screen_up_to_its_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
