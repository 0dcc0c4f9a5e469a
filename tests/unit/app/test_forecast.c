/*
 * Goal: a run in virtual time goes the way of a real one: every record ends once, what failed is
 * sent again, and what cannot end says why. Method: the engine against the simulated service in
 * virtual time; worlds that do nothing, or refuse.
 */
#include "app/forecast.h"
#include "sim/virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define RECORDS 2000

struct scene {
    struct ps_lane lanes[2];
    struct ps_pools pools;
    struct ps_virtual_lane service_lanes[2];
    struct ps_virtual_truth truth;
    int64_t lane_count;
    struct ps_virtual *service;
    struct ps_forecast *forecast;
};

static void add_range(void *const seer, const int64_t first, const int64_t end)
{
    ps_virtual_add_range(seer, first, end);
}

static int64_t tell_ranges(void *const context, const struct ps_wish *const wish,
                           struct ps_virtual_ranges *const ranges)
{
    const struct scene *const scene = context;
    return ps_forecast_body(scene->forecast, wish, add_range, ranges);
}

static void deliver(void *const context, const struct ps_wish *const wish,
                    const struct ps_virtual_delivery *const delivery)
{
    const struct scene *const scene = context;
    if (delivery->kind == PS_VIRTUAL_MANIFEST) {
        ps_forecast_manifest(scene->forecast, wish, delivery->end, delivery->input_tokens,
                             delivery->output_tokens);
    } else if (delivery->kind != PS_VIRTUAL_NO_LINE) {
        ps_forecast_line(scene->forecast, wish, delivery->first, delivery->end,
                         delivery->error_code);
    }
}

static const struct ps_virtual_records_ops records_ops = {tell_ranges, deliver, NULL};

static struct ps_now tell_time(void *const context)
{
    const struct scene *const scene = context;
    return ps_virtual_now(scene->service);
}

static void init(struct scene *const scene, const int64_t lane_count)
{
    static const char *const names[] = {"a", "b"};
    static const char *const regions[] = {"us-west-2", "us-east-2"};
    struct ps_error err;
    memset(scene, 0, sizeof(*scene));
    scene->lane_count = lane_count;
    for (int64_t lane = 0; lane < lane_count; lane++) {
        ps_lane_init(&scene->lanes[lane], names[lane]);
        assert_int_equal(ps_lane_parse(&scene->lanes[lane],
                                       PS_STR("model=amazon.nova-lite-v1:0,jobs=2,min_records=50,"
                                              "job_records=500,shard_records=200"),
                                       &err),
                         PS_OK);
        (void)memcpy(scene->lanes[lane].region, regions[lane], strlen(regions[lane]));
        scene->service_lanes[lane] = (struct ps_virtual_lane){.name = names[lane],
                                                              .model = scene->lanes[lane].model,
                                                              .region = regions[lane],
                                                              .bucket = "bucket",
                                                              .pool = lane,
                                                              .jobs = 2,
                                                              .tpm = 100000,
                                                              .min_records = 50,
                                                              .job_records = 500,
                                                              .shard_records = 200,
                                                              .startup_ms = -1};
    }
    scene->truth =
        (struct ps_virtual_truth){.input_tokens = 100, .output_tokens = 20, .output_bytes = 500};
    ps_pools_init(&scene->pools);
    assert_int_equal(ps_pools_make(&scene->pools, scene->lanes, lane_count, &err), PS_OK);
}

static void run(struct scene *const scene, const uint64_t seed,
                struct ps_forecast_result *const ret_result,
                struct ps_virtual_ledger *const ret_ledger)
{
    scene->service = ps_virtual_new(&(struct ps_virtual_options){
        .seed = seed,
        .start_ms = PS_DAY_MS,
        .lanes = scene->service_lanes,
        .lane_count = (size_t)scene->lane_count,
        .truth = scene->truth,
        .records = &records_ops,
        .context = scene,
    });
    scene->forecast = ps_forecast_new(&(struct ps_forecast_options){
        .lanes = scene->lanes,
        .lane_count = scene->lane_count,
        .pools = &scene->pools,
        .records = RECORDS,
        .record = {.sent_bytes = 400, .input_tokens = 100, .output_tokens_max = 20},
        .poll_ms = 30 * PS_SECOND_MS,
        .seed = seed,
        .now = tell_time,
        .context = scene,
    });
    ps_forecast_run(scene->forecast, ps_virtual_port(scene->service), ret_result);
    ps_virtual_tell(scene->service, ret_ledger);
    scene->forecast = ps_forecast_free(scene->forecast);
    scene->service = ps_virtual_free(scene->service);
    ps_pools_release(&scene->pools);
}

static void every_record_ends_once(void **state)
{
    (void)state;
    struct scene scene;
    struct ps_forecast_result result;
    struct ps_virtual_ledger ledger;
    init(&scene, 1);
    run(&scene, 1, &result, &ledger);
    assert_int_equal(result.phase, PS_PHASE_ENDED);
    assert_int_equal(result.violations, 0);
    assert_int_equal(result.records.succeeded, RECORDS);
    assert_int_equal(result.records.resent, 0);
    assert_int_equal(result.jobs, ledger.jobs);
    assert_int_equal(ledger.records_billed, RECORDS);
    assert_int_equal(ledger.paid_twice, 0);
    assert_int_equal(ledger.breach_count, 0);
    /* 240,000 tokens at 100,000 a minute. */
    assert_true(result.makespan_ms > 144 * PS_SECOND_MS);
}

static void what_fails_is_sent_again_until_its_last_try(void **state)
{
    (void)state;
    struct scene scene;
    struct ps_forecast_result result;
    struct ps_virtual_ledger ledger;
    init(&scene, 1);
    scene.truth.fail_500_permille = 400;
    scene.truth.fail_400_permille = 50;
    run(&scene, 2, &result, &ledger);
    assert_int_equal(result.phase, PS_PHASE_ENDED);
    assert_int_equal(result.violations, 0);
    assert_int_equal(result.records.succeeded + result.records.failed, RECORDS);
    assert_int_equal(result.records.succeeded, ledger.records_billed);
    /* 5 % for good, and 40 % of 40 % of 40 % of the others: about 222. */
    assert_in_range(result.records.failed, 150, 300);
    /* 40 %, and 40 % of those. */
    assert_in_range(result.records.resent, 900, 1300);
    assert_int_equal(ledger.paid_twice, 0);
}

static void the_same_seed_gives_the_same_run(void **state)
{
    (void)state;
    int64_t makespans[3];
    for (uint64_t place = 0; place < 3; place++) {
        struct scene scene;
        struct ps_forecast_result result;
        struct ps_virtual_ledger ledger;
        init(&scene, 1);
        run(&scene, place == 2 ? 5 : 4, &result, &ledger);
        makespans[place] = result.makespan_ms;
    }
    assert_int_equal(makespans[0], makespans[1]);
    assert_int_not_equal(makespans[1], makespans[2]); /* start-up times are drawn */
}

static void records_of_jobs_that_the_service_fails_have_three_tries(void **state)
{
    (void)state;
    struct scene scene;
    struct ps_forecast_result result;
    struct ps_virtual_ledger ledger;
    init(&scene, 1);
    scene.service_lanes[0].job_records = 100; /* below what we were told */
    run(&scene, 1, &result, &ledger);
    assert_int_equal(result.phase, PS_PHASE_ENDED);
    assert_int_equal(result.violations, 0);
    assert_int_equal(result.records.failed, RECORDS);
    assert_int_equal(result.records.resent, 2 * RECORDS);
    assert_int_equal(ledger.records_billed, 0);
}

/* ------------------------------------------------ worlds that do nothing */

static void start_nothing(void *const context, const struct ps_wish *const wish)
{
    (void)context;
    (void)wish;
}

static bool no_fact(void *const context, const int64_t deadline_ms, struct ps_fact *const ret_fact)
{
    (void)context;
    (void)deadline_ms;
    (void)ret_fact;
    return false;
}

static void wake_nobody(void *const context)
{
    (void)context;
}

static struct ps_now always_now(void *const context)
{
    (void)context;
    return (struct ps_now){1, 1};
}

static void a_world_where_nothing_happens_is_told(void **state)
{
    (void)state;
    static const struct ps_world_ops ops = {start_nothing, no_fact, wake_nobody};
    struct scene scene;
    struct ps_forecast_result result;
    init(&scene, 1);
    struct ps_forecast *forecast = ps_forecast_new(&(struct ps_forecast_options){
        .lanes = scene.lanes,
        .lane_count = 1,
        .pools = &scene.pools,
        .records = 1,
        .now = always_now,
    });
    ps_forecast_run(forecast, (struct ps_world){&ops, NULL}, &result);
    assert_int_equal(result.phase, PS_PHASE_RUNNING);
    assert_int_equal(result.error.status, PS_E_CONFLICT);
    assert_non_null(strstr(result.error.message, "nothing more happens"));
    assert_true(result.violations > 0);
    forecast = ps_forecast_free(forecast);
    ps_pools_release(&scene.pools);
}

static void a_band_holds_nine_of_ten(void **state)
{
    (void)state;
    static const struct {
        int64_t count;
        struct ps_forecast_band band;
    } rows[] = {{1, {1, 1, 1}},    {2, {1, 1, 2}},    {3, {2, 1, 3}},
                {21, {11, 1, 21}}, {39, {20, 2, 38}}, {99, {50, 5, 95}}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        int64_t makespans[101];
        struct ps_forecast_band band;
        for (int64_t place = 0; place < rows[row].count; place++) {
            makespans[place] = rows[row].count - place;
        }
        ps_forecast_band_of(makespans, rows[row].count, &band);
        assert_memory_equal(&band, &rows[row].band, sizeof(band));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_ends_once),
        cmocka_unit_test(what_fails_is_sent_again_until_its_last_try),
        cmocka_unit_test(the_same_seed_gives_the_same_run),
        cmocka_unit_test(records_of_jobs_that_the_service_fails_have_three_tries),
        cmocka_unit_test(a_world_where_nothing_happens_is_told),
        cmocka_unit_test(a_band_holds_nine_of_ten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
