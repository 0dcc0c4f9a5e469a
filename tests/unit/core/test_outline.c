/*
 * Goal: shares, sizes and makespan make one plan that ends when all lanes end. Method: rows.
 */
#include "base/prng.h"
#include "base/time.h"
#include "core/bound.h"
#include "core/outline.h"
#include "plan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct world world;

static void plans_the_reference_job(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t minutes;
        int64_t days;
        int64_t jobs;
    } rows[] = {
        {"tpm=3M,tpd=50M,jobs=10,files=5000,shard_records=1000", 48 * 1440, 49, 49},
        {"tpm=3M,tpd=50M,jobs=10,files=1,shard_records=1000", 48 * 1440, 49, 241},
        {"tpm=20M,jobs=10,files=5000,shard_records=1000", 120, 1, 10},
        {"tpm=20M,jobs=10,files=5000,shard_records=1000,startup=15m", 135, 1, 10},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        static const struct ps_outline_options options = {0};
        struct ps_outline outline PS_CLEANUP(ps_outline_release);
        world_init_reference(&world, rows[row].lane);
        ps_outline_find(&world.demand, &world.supply, &options, &outline);
        if (outline.ends_ms / PS_MINUTE_MS != rows[row].minutes || outline.days != rows[row].days ||
            outline.lanes[0].sizing.jobs != rows[row].jobs || outline.left_records != 0) {
            fail_msg("%s: %lld min, %lld days, %lld jobs", rows[row].lane,
                     (long long)(outline.ends_ms / PS_MINUTE_MS), (long long)outline.days,
                     (long long)outline.lanes[0].sizing.jobs);
        }
    }
}

static void what_is_asked_of_sizes_goes_along(void **state)
{
    (void)state;
    static const struct ps_outline_options options = {.day_jobs = 4, .job_ms_max = 24 * PS_HOUR_MS};
    struct ps_outline outline PS_CLEANUP(ps_outline_release);
    world_init_reference(&world, "tpm=3M,tpd=50M,jobs=10");
    ps_outline_find(&world.demand, &world.supply, &options, &outline);
    assert_int_equal(outline.lanes[0].sizing.day_jobs, 4);
    ps_outline_release(&outline);
    world_init_reference(&world, "tpm=300k,jobs=10");
    ps_outline_find(&world.demand, &world.supply, &options, &outline);
    /* ten side by side have 30,000 tokens a minute each: 43.2 M in a day */
    assert_int_equal(outline.lanes[0].sizing.job_records_max, 3600);
}

static void lanes_end_together(void **state)
{
    (void)state;
    static const struct ps_outline_options options = {0};
    struct ps_outline outline PS_CLEANUP(ps_outline_release);
    world_init(&world);
    (void)world_add_lane(&world, "tpm=3M,jobs=10,startup=15m", 0);
    (void)world_add_lane(&world, "tpm=1M,jobs=5,startup=40m,job_records=5k", 1);
    (void)world_add_lane(&world, "tpm=3M,jobs=10,startup=15m", 0);
    (void)world_add_lane(&world, "kind=on-demand,rps=1,rps_counts=records", 2);
    world_add_records(&world, 200000, 10000, 2000, 40000);
    ps_outline_find(&world.demand, &world.supply, &options, &outline);
    for (int64_t lane = 0; lane < 4; lane++) {
        if (outline.lanes[lane].share.records > 0) {
            /* the last job of 5,000 records is 60 min at 1 M a minute */
            assert_in_range(outline.lanes[lane].ends_ms, outline.ends_ms - 30 * PS_MINUTE_MS,
                            outline.ends_ms);
        }
    }
    assert_int_equal(outline.left_records, 0);
}

/* What is below a job's minimum is told, and the rest is planned. */
static void tells_what_is_left(void **state)
{
    (void)state;
    static const struct ps_outline_options options = {0};
    struct ps_outline outline PS_CLEANUP(ps_outline_release);
    world_init(&world);
    (void)world_add_lane(&world, "job_records=150,min_records=100,startup=1m", 0);
    world_add_records(&world, 160, 10, 10, 10);
    ps_outline_find(&world.demand, &world.supply, &options, &outline);
    assert_int_equal(outline.left_records, 10);
    assert_int_equal(outline.ends_ms, PS_MINUTE_MS);
    ps_outline_release(&outline);
    world_add_records(&world, 3, 10, 10, 10);
    world.lanes[0].limits[PS_LIMIT_MIN_RECORDS] = 200;
    ps_outline_find(&world.demand, &world.supply, &options, &outline);
    assert_int_equal(outline.left_records, 163);
}

static void a_deadline_that_rounding_would_miss_is_met_by_the_soonest_plan(void **state)
{
    (void)state;
    struct ps_outline_options options = {0};
    world_init(&world);
    world_add_lane(&world, "tpm=3M,jobs=10", 0)->input_usd_micros = 5;
    (void)world_add_lane(&world, "tpm=1000M,jobs=1,startup=10m,job_records=1000", 1);
    world_add_records(&world, 200000, 10000, 2000, 40000);
    for (int64_t minutes = 800; minutes > 600; minutes -= 7) {
        struct ps_outline outline PS_CLEANUP(ps_outline_release);
        options.deadline_ms = minutes * PS_MINUTE_MS;
        ps_outline_find(&world.demand, &world.supply, &options, &outline);
        assert_true(outline.ends_ms <= options.deadline_ms);
        assert_true(outline.lanes[1].share.records > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_the_reference_job),
        cmocka_unit_test(what_is_asked_of_sizes_goes_along),
        cmocka_unit_test(lanes_end_together),
        cmocka_unit_test(tells_what_is_left),
        cmocka_unit_test(a_deadline_that_rounding_would_miss_is_met_by_the_soonest_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
