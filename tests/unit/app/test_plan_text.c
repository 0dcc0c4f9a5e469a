/*
 * Goal: a plan is read by people who have no manual: the verdict first, on one screen, one lane or
 * fifty, and nothing in it speaks to the terminal. Method: the whole text of the reference job, and
 * what changes with the plan.
 */
#include "app/plan_text.h"

#include "plan_scene.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define SCREEN_LINES 30
#define SCREEN_COLUMNS 110

static struct ps_buf text;

static const char *shown(const struct ps_plan_view *const view)
{
    ps_buf_release(&text);
    ps_buf_init(&text, PS_PLAN_TEXT_BYTES_MAX);
    ps_plan_text_add(&text, view);
    return ps_buf_text(&text);
}

static void holds(const char *const line)
{
    if (strstr(ps_buf_text(&text), line) == NULL) {
        print_error("missing: %s\nin:\n%s\n", line, ps_buf_text(&text));
        fail();
    }
}

static void lacks(const char *const line)
{
    assert_null(strstr(ps_buf_text(&text), line));
}

static void fits_a_screen(void)
{
    int64_t lines = 0;
    size_t from = 0;
    for (size_t at = 0; at < text.size; at++) {
        if (text.data[at] == '\n') {
            assert_true(at - from <= SCREEN_COLUMNS);
            from = at + 1;
            lines++;
        }
    }
    assert_true(lines <= SCREEN_LINES);
}

static void the_reference_job_reads_like_this(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 1);
    static const char expected[] =
        "Does not fit into 2 hours. 49 days at 50 M tokens/day: the daily quota binds.\n"
        "A window of 2 hours needs 20 M tokens/min, 2.4 B tokens/day and 28 requests/s.\n"
        "\n"
        "  records          200,000  as told\n"
        "  tokens             2.4 B  2 B in, 400 M out, as told\n"
        "  bytes             8.0 GB  40.0 kB a record, assumed: 4 bytes an input token\n"
        "  lanes       main: 200,000 records in 49 jobs of 196 files, 4,166 records a day, done "
        "after 48d 00h\n"
        "              a job: 4,166 records, 166.6 MB, in 4 files of at most 1,250 records, 50.0 "
        "MB\n"
        "              a job is sized by 50 M tokens/day (tpd), a file by 50.0 MB a file "
        "(shard_bytes)\n"
        "  time        48d 00h, the budgets of 49 days; no plan can be faster than 48d 00h\n"
        "  forecast    48 days; 9 of 10 runs between 47 days and 49 days (31 simulated)\n"
        "  next        without that limit the token rate binds (tpm)\n"
        "  cost        not known: no model is named (--model)\n"
        "\n"
        "  limit              value  source         this run    of it\n"
        "  tpd                 50 M  typical            49 M   97.9 %  BINDS  tokens/day\n"
        "  tpm                  3 M  typical          34.7 K    1.1 %         tokens/min\n"
        "  min_records          100  typical              32                  records a job or "
        "more\n"
        "  reset              00:00  user                                     UTC: the day turns\n"
        "\n"
        "  what helps  tpd 50 M -> 100 M: 24 days sooner\n"
        "              a second Region: 23 days sooner\n"
        "  ask AWS for tpm 3 M -> 20 M tokens/min (lane main)\n"
        "                'Tokens per minute', code L-12345678\n";
    assert_string_equal(shown(&scene.view), expected);
    fits_a_screen();
}

static void many_lanes_are_told_in_short(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, PLAN_SCENE_LANES_MAX);
    (void)shown(&scene.view);
    holds("  lanes       lane1: 3,333 records in 49 jobs of 196 files, 4,166 records a day, done "
          "after 48d 00h\n");
    holds("and 56 lanes more: --json lists them all\n");
    holds("tokens/day; lane1 and 59 more\n");
    lacks("lane5");
    fits_a_screen();
}

static void limits_alike_are_one_line(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 4);
    scene.limits[0].lane_count = 1;
    scene.limits[1] = scene.limits[0];
    scene.limits[1].lane = 1;
    scene.limits[1].used = 50000000;
    (void)shown(&scene.view);
    holds("50 M  100.0 %  BINDS  tokens/day; lane1 and 1 more\n");
    lacks("tokens/day; lane2");
    scene.limits[1].value = 60000000;
    (void)shown(&scene.view);
    holds("tokens/day; lane1\n");
    holds("tokens/day; lane2\n");
}

static void lanes_that_are_cut_differently_say_so(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 3);
    scene.lanes[2].job_records = 100;
    scene.lanes[2].job_reason = PS_LIMIT_COUNT;
    scene.lanes[1].records = 0;
    scene.said[2].kind = PS_KIND_BATCH;
    (void)shown(&scene.view);
    holds("lane2: nothing to do\n");
    holds("a job: 4,166 records");
    holds("a job: 100 records");
    holds("a job is sized by the work itself, a file by 50.0 MB a file (shard_bytes)\n");
}

static void names_cannot_speak_to_the_terminal(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 2);
    (void)snprintf(scene.said[0].name, sizeof(scene.said[0].name), "%s", "\x1b[31mred");
    (void)snprintf(scene.said[0].model, sizeof(scene.said[0].model), "%s", "a\nb");
    (void)snprintf(scene.said[0].region, sizeof(scene.said[0].region), "%s", "us-west-2");
    (void)shown(&scene.view);
    lacks("\x1b");
    lacks("a\nb");
    holds("\\u001b[31mred: ");
    holds("a\\u000ab in us-west-2\n");
}

static void an_impossible_plan_says_why_and_what_would_do(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 1);
    scene.view.verdict = PS_PLAN_IMPOSSIBLE;
    scene.view.why = "the smallest job needs 12 M tokens, a day has 10 M";
    scene.view.change = "It would fit with min_records=833";
    scene.view.makespan_ms = PS_PLAN_UNKNOWN;
    (void)shown(&scene.view);
    holds("Impossible: the smallest job needs 12 M tokens, a day has 10 M.\n"
          "It would fit with min_records=833.\n\n");
    holds("tpd 50 M -> 100 M: done after 24 days\n");
    lacks("no plan can be faster");
}

static void what_is_measured_says_its_margin(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 1);
    struct ps_plan_demand *const demand = &scene.view.demand;
    demand->is_measured = true;
    demand->margin_permille = 200;
    demand->unique_records = 180000;
    demand->duplicates = 15000;
    demand->rejected = 5000;
    (void)shown(&scene.view);
    holds("200,000  180,000 to be sent, 15,000 the same as another, 5,000 rejected\n");
    holds("2.4 B  2 B in (estimated from the text), 400 M out (at most), +- 20.0 %\n");
    holds("as they will be sent\n");
    demand->output_tokens = 100000000;
    (void)shown(&scene.view);
    holds("100 M out (expected; at most 400 M), +- 20.0 %\n");
}

static void prices_are_told_where_they_are_known(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 2);
    (void)shown(&scene.view);
    holds("cost        not known: no model is named (--model)\n");
    (void)snprintf(scene.said[0].model, sizeof(scene.said[0].model), "%s", "amazon.nova-lite-v1:0");
    scene.view.on_demand_usd_micros = PS_PLAN_UNKNOWN;
    (void)shown(&scene.view);
    holds("cost        $2,000 as batch, no price known for on demand\n");
    holds("lane2: $1,000 as batch, $2,000 on demand\n");
}

static void what_is_left_over_is_announced(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 1);
    scene.view.left_records = 7;
    scene.view.limit_count = 0;
    scene.lanes[0].warning = "this model ends on 2027-01-31";
    (void)shown(&scene.view);
    holds("left over   7 records, fewer than the smallest job");
    holds("limits      none is known\n");
    holds("note: this model ends on 2027-01-31\n");
}

static void who_sends_it_is_told_in_short(void **state)
{
    struct plan_scene scene;
    (void)state;
    plan_scene_init(&scene, 1);
    ps_buf_release(&text);
    ps_buf_init(&text, PS_PLAN_TEXT_BYTES_MAX);
    ps_plan_text_add_brief(&text, &scene.view, false);
    assert_string_equal(ps_buf_text(&text),
                        "Does not fit into 2 hours. 49 days at 50 M tokens/day: the daily quota "
                        "binds\nabout $2,000 as batch, $4,000 on demand\n");
    ps_buf_clear(&text);
    ps_plan_text_add_brief(&text, &scene.view, true);
    lacks("$");
}

static int free_text(void **state)
{
    (void)state;
    ps_buf_release(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_job_reads_like_this),
        cmocka_unit_test(many_lanes_are_told_in_short),
        cmocka_unit_test(limits_alike_are_one_line),
        cmocka_unit_test(lanes_that_are_cut_differently_say_so),
        cmocka_unit_test(names_cannot_speak_to_the_terminal),
        cmocka_unit_test(an_impossible_plan_says_why_and_what_would_do),
        cmocka_unit_test(what_is_measured_says_its_margin),
        cmocka_unit_test(prices_are_told_where_they_are_known),
        cmocka_unit_test(what_is_left_over_is_announced),
        cmocka_unit_test(who_sends_it_is_told_in_short),
    };
    return cmocka_run_group_tests(tests, NULL, free_text);
}
