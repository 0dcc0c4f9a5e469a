/*
 * Goal: a plan's numbers follow from demand and lanes: the reference job's days, jobs and files,
 * one lane and several, what is impossible and what would change that, prices. Method: lanes
 * written as in --lane; the view is read.
 */
#include "app/plan_make.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LANES_MAX 4
#define HAIKU "us.anthropic.claude-haiku-4-5-20251001-v1:0"

struct scene {
    struct ps_lane lanes[LANES_MAX];
    struct ps_models *models;
    struct ps_plan_ask ask;
    struct ps_plan_made plan;
    struct ps_error err;
};

static void scene_init(struct scene *const scene)
{
    memset(scene, 0, sizeof(*scene));
    scene->models = ps_models_builtin();
    ps_plan_made_init(&scene->plan);
    scene->ask = (struct ps_plan_ask){
        .lanes = scene->lanes,
        .models = scene->models,
        .records = 200000,
        .record = {40000, 10000, 2000, 2000},
        .is_bytes_assumed = true,
        .max_cost_usd_micros = PS_PLAN_UNKNOWN,
    };
}

static void scene_release(struct scene *const scene)
{
    ps_plan_made_release(&scene->plan);
    ps_models_free_auto(&scene->models);
}

static void add_lane(struct scene *const scene, const char *const text)
{
    struct ps_lane *const lane = &scene->lanes[scene->ask.lane_count++];
    char name[32];
    (void)snprintf(name, sizeof(name), "lane%d", (int)scene->ask.lane_count);
    ps_lane_init(lane, name);
    assert_int_equal(ps_lane_parse(lane, ps_str_of(text), &scene->err), PS_OK);
}

static const struct ps_plan_view *made(struct scene *const scene)
{
    assert_int_equal(ps_plan_make(&scene->ask, &scene->plan, &scene->err), PS_OK);
    return &scene->plan.view;
}

static const struct ps_plan_limit *limit_of(const struct ps_plan_view *const view,
                                            const enum ps_limit_key key)
{
    for (int64_t row = 0; row < view->limit_count; row++) {
        if (view->limits[row].key == key) {
            return &view->limits[row];
        }
    }
    return NULL;
}

#define TYPICAL \
    "rps=20,rps_counts=records,tpm=3M,tpd=50M,jobs=10,shard_bytes=50MB,files=5000,min_records=100"

static void the_reference_job_takes_49_days(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    add_lane(&scene, TYPICAL);
    const struct ps_plan_view *const view = made(&scene);
    assert_int_equal(view->verdict, PS_PLAN_FITS);
    assert_int_equal(view->demand.input_tokens, INT64_C(2000000000));
    assert_int_equal(view->demand.output_tokens, 400000000);
    assert_int_equal(view->days, 49);
    assert_int_equal(view->fluid_days, 48);
    assert_int_equal(view->binding, PS_LIMIT_TPD);
    /* twenty jobs a day, as a run cuts them */
    assert_int_equal(view->lanes[0].day_records, 4166);
    assert_int_equal(view->lanes[0].job_records, 209);
    assert_int_equal(view->lanes[0].jobs, 48 * 20 + 1);
    assert_int_equal(view->lanes[0].shard_records, 209);
    assert_int_equal(view->lanes[0].shards, 48 * 20 + 1);
    assert_int_equal(view->lanes[0].tokens, INT64_C(2400000000));
    assert_true(view->makespan_ms >= view->lower_bound_ms);
    const struct ps_plan_limit *const day = limit_of(view, PS_LIMIT_TPD);
    assert_true(day == &view->limits[0] && day->is_binding);
    assert_int_equal(day->used, INT64_C(2400000000) / 49);
    assert_int_equal(limit_of(view, PS_LIMIT_JOBS)->used, 10);
    assert_int_equal(limit_of(view, PS_LIMIT_SHARD_BYTES)->used, 209 * 40000);
    assert_int_equal(limit_of(view, PS_LIMIT_MIN_RECORDS)->used, 209);
    assert_int_equal(limit_of(view, PS_LIMIT_RPS)->used, 0);
    assert_null(limit_of(view, PS_LIMIT_CONTEXT));
    scene_release(&scene);
}

static void lanes_of_one_pool_share_and_others_add_up(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    add_lane(&scene, "region=us-east-1," TYPICAL);
    add_lane(&scene, "region=us-west-2," TYPICAL);
    add_lane(&scene, "region=us-west-2," TYPICAL);
    const struct ps_plan_view *const view = made(&scene);
    assert_int_equal(view->days, 25);
    assert_int_equal(view->lanes[0].records, 100000);
    assert_int_equal(view->lanes[1].records + view->lanes[2].records, 100000);
    int64_t days = 0;
    for (int64_t row = 0; row < view->limit_count; row++) {
        days += view->limits[row].key == PS_LIMIT_TPD;
    }
    assert_int_equal(days, 2);
    assert_int_equal(limit_of(view, PS_LIMIT_FILES)->lane_count, 3);
    scene_release(&scene);
}

static void a_deadline_and_a_budget_are_held_against_the_plan(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    add_lane(&scene, "model=" HAIKU ",region=us-west-2," TYPICAL);
    scene.ask.deadline_ms = 2 * PS_HOUR_MS;
    const struct ps_plan_view *const late = made(&scene);
    assert_int_equal(late->verdict, PS_PLAN_TOO_LATE);
    assert_int_equal(late->needed_tpm, 20000000);
    assert_int_equal(late->needed_tpd, INT64_C(2400000000));
    assert_int_equal(late->needed_rps, 28);
    assert_int_equal(late->request_count, 3);
    assert_int_equal(late->requests[0].key, PS_LIMIT_TPM);
    assert_int_equal(late->requests[0].value_now, 3000000);
    assert_int_equal(late->requests[0].value_needed, 20000000);
    assert_int_equal(late->requests[1].value_needed, INT64_C(2400000000));
    scene.ask.deadline_ms = 60 * PS_DAY_MS;
    const struct ps_plan_view *const view = made(&scene);
    assert_int_equal(view->verdict, PS_PLAN_FITS);
    assert_true(view->batch_usd_micros > 0);
    assert_int_equal(view->cost_usd_micros, view->batch_usd_micros);
    assert_int_equal(view->on_demand_usd_micros, 2 * view->batch_usd_micros);
    scene.ask.max_cost_usd_micros = view->cost_usd_micros - 1;
    assert_int_equal(made(&scene)->verdict, PS_PLAN_TOO_DEAR);
    scene_release(&scene);
}

static void the_impossible_says_why_and_what_would_do(void **state)
{
    static const struct {
        const char *lane;
        int64_t records;
        const char *why;
        const char *change;
    } rows[] = {
        {"min_records=1000,tpd=10M", 200000,
         "lane lane1 takes jobs of at least 1,000 records, which need 12 M, and the limit is 10 M "
         "tokens/day (tpd)",
         "It would fit with tpd=12000000, or with jobs of at most 833 records (min_records=833)"},
        {"min_records=100", 99, "lane lane1 takes jobs of at least 100 records, and there are 99",
         "It would fit with min_records=99"},
        {"context=11999", 200000,
         "no lane can take a record: it needs 12,000, and the limit is 11,999 tokens a record, in "
         "and "
         "out (context)",
         "It would fit a lane of context=12000"},
        {"shard_bytes=30000", 200000,
         "no lane can take a record: it needs 40.0 kB, and the limit is 30.0 kB a file "
         "(shard_bytes)",
         "It would fit a lane of shard_bytes=40000"},
    };
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct scene scene;
        scene_init(&scene);
        add_lane(&scene, rows[row].lane);
        scene.ask.records = rows[row].records;
        const struct ps_plan_view *const view = made(&scene);
        assert_int_equal(view->verdict, PS_PLAN_IMPOSSIBLE);
        assert_string_equal(view->why, rows[row].why);
        assert_string_equal(view->change, rows[row].change);
        scene_release(&scene);
    }
}

static void what_contradicts_or_cannot_be_summed_is_an_error(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    add_lane(&scene, "tpm=1M");
    add_lane(&scene, "tpm=2M");
    assert_int_equal(ps_plan_make(&scene.ask, &scene.plan, &scene.err), PS_E_USAGE);
    assert_non_null(strstr(scene.err.message, "tpm"));
    scene.ask.lane_count = 1;
    scene.ask.records = INT64_MAX / 2;
    assert_int_equal(ps_plan_make(&scene.ask, &scene.plan, &scene.err), PS_E_TOO_LARGE);
    scene_release(&scene);
}

static void without_a_model_nothing_has_a_price(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    add_lane(&scene, TYPICAL);
    scene.ask.models = NULL;
    assert_int_equal(made(&scene)->cost_usd_micros, PS_PLAN_UNKNOWN);
    assert_null(scene.plan.view.lanes[0].warning);
    scene_release(&scene);
}

static void quotas_of_several_pools_are_raised_alike(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    add_lane(&scene, "region=us-east-1,tpm=1M");
    add_lane(&scene, "region=us-west-2,tpm=3M");
    scene.ask.deadline_ms = 2 * PS_HOUR_MS;
    const struct ps_plan_view *const view = made(&scene);
    assert_int_equal(view->request_count, 2);
    assert_int_equal(view->requests[0].value_needed, 5000000);
    assert_int_equal(view->requests[1].value_needed, 15000000);
    assert_string_equal(view->requests[1].lane, "lane2");
    scene_release(&scene);
}

static void what_helps_is_ranked_and_can_be_read(void **state)
{
    struct scene scene;
    bool has_lane = false;
    bool has_start = false;
    (void)state;
    scene_init(&scene);
    add_lane(&scene, TYPICAL);
    const struct ps_plan_view *const view = made(&scene);
    assert_true(view->help_count >= 3);
    for (int64_t row = 0; row < view->help_count; row++) {
        const struct ps_plan_help *const help = &view->help[row];
        assert_true(help->makespan_ms < view->makespan_ms);
        assert_true(row == 0 || help->makespan_ms >= view->help[row - 1].makespan_ms);
        has_lane = has_lane || (help->what != NULL && strstr(help->what, "like lane1") != NULL);
        has_start = has_start || (help->what != NULL && strstr(help->what, "start at 23:") != NULL);
        if (help->key == PS_LIMIT_TPD) {
            assert_int_equal(help->value_then, 100000000);
        }
    }
    assert_true(has_lane);
    assert_true(has_start);
    scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_job_takes_49_days),
        cmocka_unit_test(lanes_of_one_pool_share_and_others_add_up),
        cmocka_unit_test(a_deadline_and_a_budget_are_held_against_the_plan),
        cmocka_unit_test(the_impossible_says_why_and_what_would_do),
        cmocka_unit_test(what_contradicts_or_cannot_be_summed_is_an_error),
        cmocka_unit_test(quotas_of_several_pools_are_raised_alike),
        cmocka_unit_test(what_helps_is_ranked_and_can_be_read),
        cmocka_unit_test(without_a_model_nothing_has_a_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
