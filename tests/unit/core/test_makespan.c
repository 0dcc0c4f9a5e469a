/*
 * Goal: a plan's end is what its jobs come to. Method: the reference job's numbers, waves and
 * start-up in lock-step and apart, as rows; drawn pools against the bound.
 */
#include "base/prng.h"
#include "base/time.h"
#include "core/bound.h"
#include "core/makespan.h"
#include "plan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct world world;
static struct ps_makespan_lane lanes[WORLD_LANES_MAX];
static const struct ps_makespan_options at_once = {0};

enum first_wave { LOCK_STEP, RAMP, GAP };

/* The whole work on the first lane, in jobs of `job_records` (0: as is best). */
static int64_t run_first_lane(const int64_t job_records, const enum first_wave first_wave)
{
    const struct ps_sizing_options options = {
        .first_ms = ps_supply_first_reset_ms(&world.supply, &world.lanes[0]),
        .job_records = job_records,
        .is_ramp = first_wave == RAMP};
    memset(lanes, 0, sizeof(lanes));
    lanes[0].share = world.demand.all;
    ps_sizing_find(&world.lanes[0], &lanes[0].share, &options, &lanes[0].sizing);
    if (first_wave == LOCK_STEP) {
        lanes[0].sizing.gap_ms = 0;
    }

    return ps_makespan_find(&world.supply, &at_once, lanes);
}

static int64_t hundredths(const int64_t value, const int64_t unit)
{
    return (value * 100 + unit / 2) / unit;
}

/* Fixed time for each job: the makespan over W / rate + start-up, in hundredths. */
static void fixed_time_of_a_job(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t least_ms;
        int64_t small_lock_step; /* jobs of 1,000 */
        int64_t small_ramp;
        int64_t middle_lock_step; /* of 5,000 */
        int64_t middle_ramp;
        int64_t large; /* of 20,000: one wave */
        int64_t small_gap;
    } rows[] = {
        {"tpm=1M,jobs=10,startup=30m", 2430 * PS_MINUTE_MS, 123, 100, 104, 100, 100, 100},
        {"tpm=1M,jobs=10,startup=60m", 2460 * PS_MINUTE_MS, 146, 103, 107, 100, 100, 100},
        {"tpm=3M,jobs=10,startup=15m", 815 * PS_MINUTE_MS, 135, 100, 106, 100, 100, 100},
        {"tpm=3M,jobs=10,startup=30m", 830 * PS_MINUTE_MS, 169, 116, 111, 100, 100, 100},
        {"tpm=3M,jobs=10,startup=60m", 860 * PS_MINUTE_MS, 233, 176, 121, 100, 100, 154},
        {"tpm=20M,jobs=10,startup=15m", 135 * PS_MINUTE_MS, 311, 252, 133, 103, 100, 236},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const int64_t least_ms = rows[row].least_ms;
        world_init_reference(&world, rows[row].lane);
        const int64_t found[] = {hundredths(run_first_lane(1000, LOCK_STEP), least_ms),
                                 hundredths(run_first_lane(1000, RAMP), least_ms),
                                 hundredths(run_first_lane(5000, LOCK_STEP), least_ms),
                                 hundredths(run_first_lane(5000, RAMP), least_ms),
                                 hundredths(run_first_lane(20000, LOCK_STEP), least_ms),
                                 hundredths(run_first_lane(1000, GAP), least_ms)};
        const int64_t expected[] = {
            rows[row].small_lock_step, rows[row].small_ramp, rows[row].middle_lock_step,
            rows[row].middle_ramp,     rows[row].large,      rows[row].small_gap};
        for (size_t column = 0; column < 6; column++) {
            if (found[column] != expected[column]) {
                fail_msg("%s, column %zu: %lld", rows[row].lane, column, (long long)found[column]);
            }
        }
    }
}

/* Twenty waves of a turnaround: jobs of 1,000 in ten slots, each as long as its start-up. */
static void waves(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t hours_hundredths;
    } rows[] = {
        {"jobs=10,files=1,shard_records=1000,startup=15m", 500},
        {"jobs=10,files=1,shard_records=1000,startup=30m", 1000},
        {"jobs=10,files=1,shard_records=1000,startup=60m", 2000},
        {"jobs=10,files=1,shard_records=1000,startup=4h", 8000},
        {"jobs=10,files=1,shard_records=1000,startup=24h", 48000},
        /* with files enough, ten jobs of twenty files: one wave */
        {"jobs=10,files=5000,shard_records=1000,startup=15m", 25},
        {"jobs=10,files=5000,shard_records=1000,startup=24h", 2400},
        {"jobs=10,files=5000,shard_records=1000,startup=6m,tpm=20M", 210},
        /* no day, one rate: W / TPM, in one wave and in twenty */
        {"jobs=10,files=5000,shard_records=1000,tpm=300k", 13333},
        {"jobs=10,files=1,shard_records=1000,tpm=3M", 1333},
        {"jobs=10,files=1,shard_records=1000,tpm=1M,tpd=1440M,startup=30m", 4050},
        {"jobs=10,files=1,shard_records=1000,tpm=20M", 200},
        {"jobs=10,files=1,shard_records=1000,rps=1,rps_counts=records", 5556},
        {"kind=on-demand,tpm=3M", 1333},
        {"kind=on-demand,rps=1,rps_counts=calls", 5556},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        world_init_reference(&world, rows[row].lane);
        const int64_t hours = hundredths(run_first_lane(0, GAP), PS_HOUR_MS);
        if (hours != rows[row].hours_hundredths) {
            fail_msg("%s: %lld", rows[row].lane, (long long)hours);
        }
    }
}

/* Days by jobs that may not straddle two: of 1,000, of 500, of 100, and cut to fill the day. */
static void days(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1000, 500, 100, 0};
    static const struct {
        const char *limits;
        int64_t days[4]; /* 0: never */
    } rows[] = {
        {"tpm=3M,tpd=10M,jobs=10,startup=15m", {0, 400, 250, 241}},
        {"tpm=3M,tpd=20M,jobs=10,startup=15m", {200, 134, 125, 121}},
        {"tpm=3M,tpd=30M,jobs=10,startup=15m", {100, 80, 80, 80}},
        {"tpm=3M,tpd=40M,jobs=10,startup=15m", {67, 67, 61, 61}},
        {"tpm=3M,tpd=50M,jobs=10,startup=15m", {50, 50, 49, 49}},
        {"tpm=300k,tpd=50M,jobs=10,startup=15m", {50, 50, 49, 49}},
    };
    static const char *const files[] = {",files=1,shard_records=1000",
                                        ",files=5000,shard_records=1000"};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        for (size_t column = 0; column < 8; column++) {
            char lane[128];
            (void)snprintf(lane, sizeof(lane), "%s%s", rows[row].limits, files[column / 4]);
            world_init_reference(&world, lane);
            const int64_t ends_ms = run_first_lane(sizes[column % 4], GAP);
            const int64_t expected = rows[row].days[column % 4];
            if (lanes[0].days != expected || (expected == 0) != (ends_ms == INT64_MAX)) {
                fail_msg("%s, jobs of %lld: %lld days", lane, (long long)sizes[column % 4],
                         (long long)lanes[0].days);
            }
            assert_true(expected == 0 || ends_ms < expected * PS_DAY_MS);
        }
    }
}

/* Started just before the turn of the day: two budgets within minutes. */
static void a_start_before_the_turn_gains_a_day(void **state)
{
    (void)state;
    world_init_reference(&world, "tpm=3M,tpd=50M,jobs=10,startup=5m");
    const int64_t at_turn_ms = run_first_lane(0, GAP);
    world.supply.starts_at_ms = PS_DAY_MS - 25 * PS_MINUTE_MS; /* 5 and 16.7 fit 25 */
    const int64_t before_ms = run_first_lane(0, GAP);
    assert_int_equal(lanes[0].days, 49);
    assert_in_range(at_turn_ms - before_ms, PS_DAY_MS - 26 * PS_MINUTE_MS,
                    PS_DAY_MS - 24 * PS_MINUTE_MS);
}

static void a_slot_is_free_when_its_end_is_seen(void **state)
{
    (void)state;
    static const struct ps_makespan_options slow = {.poll_ms = 7 * PS_MINUTE_MS};
    world_init_reference(&world, "jobs=10,files=1,shard_records=1000,startup=15m");
    (void)run_first_lane(0, GAP);
    /* 20 waves of 15 min, each seen after 21 */
    assert_int_equal(ps_makespan_find(&world.supply, &slow, lanes), 420 * PS_MINUTE_MS);
}

/* Ten jobs at once: the last one starts as late as the latest of ten, not as the middle one. */
static void start_ups_that_are_only_expected_are_spread(void **state)
{
    (void)state;
    int64_t spread_ms[PS_MAKESPAN_SPREAD];
    const struct ps_makespan_options options = {.spread_ms = spread_ms};
    for (int64_t part = 0; part < PS_MAKESPAN_SPREAD; part++) {
        spread_ms[part] = part * PS_MINUTE_MS;
    }
    world_init_reference(&world, "jobs=10,files=1,shard_records=20000,startup=64m");
    assert_int_equal(run_first_lane(0, GAP), 64 * PS_MINUTE_MS);
    assert_int_equal(ps_makespan_find(&world.supply, &options, lanes), 64 * PS_MINUTE_MS);
    world.supply.lanes[0].startup_least_ms = 0;
    /* of ten: a half, quarters, eighths, 1/16, 9/16 and 5/16 */
    assert_int_equal(ps_makespan_find(&world.supply, &options, lanes), 112 * PS_MINUTE_MS);
}

static void lanes_of_one_pool_share_it(void **state)
{
    (void)state;
    world_init(&world);
    for (int64_t lane = 0; lane < 3; lane++) {
        (void)world_add_lane(&world, "tpm=3M,jobs=10,startup=10m", lane / 2);
    }
    world_add_records(&world, 200000, 10000, 2000, 40000);
    memset(lanes, 0, sizeof(lanes));
    for (int64_t lane = 0; lane < 3; lane++) {
        const struct ps_sizing_options options = {.first_ms = PS_DAY_MS,
                                                  .slots = lane < 2 ? 5 : 10};
        lanes[lane].share = world.demand.all; /* each of them all */
        ps_sizing_find(&world.lanes[lane], &lanes[lane].share, &options, &lanes[lane].sizing);
    }
    (void)ps_makespan_find(&world.supply, &at_once, lanes);
    assert_in_range(lanes[0].ends_ms, 1610 * PS_MINUTE_MS, 1610 * PS_MINUTE_MS + 1000);
    assert_in_range(lanes[1].ends_ms, 1610 * PS_MINUTE_MS, 1610 * PS_MINUTE_MS + 1000);
    assert_in_range(lanes[2].ends_ms, 810 * PS_MINUTE_MS, 810 * PS_MINUTE_MS + 1000);
    assert_int_equal(lanes[0].first_ms, 10 * PS_MINUTE_MS);
}

/* 10^6 jobs are reckoned from the first 40,000: 1,000,000 / 10 * 30 min; 20,000 / 10 * 60 min. */
static void a_billion_in_no_time(void **state)
{
    (void)state;
    static const char *const limits[] = {"jobs=10,files=1,shard_records=1000,startup=30m",
                                         "jobs=10,job_records=50k,startup=60m"};
    static const int64_t minutes[] = {3000000, 120000};
    for (size_t row = 0; row < 2; row++) {
        world_init(&world);
        (void)world_add_lane(&world, limits[row], 0);
        world_add_records(&world, 1000000000, 10000, 2000, 40000);
        assert_int_equal(run_first_lane(0, GAP) / PS_MINUTE_MS, minutes[row]);
    }
}

/* ------------------------------------------------ drawn */

static void draw_lane(struct ps_prng *const prng)
{
    struct ps_supply_lane *const lane = world_add_lane(&world, "", 0);
    lane->limits[PS_LIMIT_STARTUP] = ps_prng_below(prng, PS_HOUR_MS);
    lane->startup_least_ms = lane->limits[PS_LIMIT_STARTUP];
    lane->limits[PS_LIMIT_MIN_RECORDS] = 1 + ps_prng_below(prng, 100);
    lane->limits[PS_LIMIT_JOBS] = 1 + ps_prng_below(prng, 12);
    lane->limits[PS_LIMIT_JOB_RECORDS] = 100 + ps_prng_below(prng, 20000);
    if (ps_prng_below(prng, 3) > 0) {
        lane->limits[PS_LIMIT_TPM] = 100000 + ps_prng_below(prng, 5000000);
    }
    if (ps_prng_below(prng, 2) == 0) {
        lane->limits[PS_LIMIT_TPD] = 5000000 + ps_prng_below(prng, 500000000);
    }
    if (ps_prng_below(prng, 3) == 0) {
        lane->rps_counts = PS_RPS_RECORDS;
        lane->limits[PS_LIMIT_RPS] = 1 + ps_prng_below(prng, 50);
    }
}

/* The bound is never beaten, and where no day binds the plan is near it. */
static void never_ends_before_the_bound(void **state)
{
    (void)state;
    static const struct ps_bound_options free_upload = {0};
    int64_t near = 0;
    int64_t possible = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct ps_prng prng;
        ps_prng_init(&prng, seed);
        world_init(&world);
        draw_lane(&prng);
        world.supply.starts_at_ms = ps_prng_below(&prng, PS_DAY_MS);
        world_add_records(&world, 1 + ps_prng_below(&prng, 100000),
                          100 + ps_prng_below(&prng, 10000), ps_prng_below(&prng, 2000), 100);
        const int64_t ends_ms = run_first_lane(0, GAP);
        const int64_t bound_ms = ps_bound_ms(&world.demand, &world.supply, &free_upload);
        if (ends_ms == INT64_MAX || lanes[0].sizing.left_records > 0) {
            continue;
        }
        possible++;
        if (ends_ms < bound_ms) {
            fail_msg("seed %llu: %lld ms, bound %lld", (unsigned long long)seed, (long long)ends_ms,
                     (long long)bound_ms);
        }
        near += ends_ms <= bound_ms + bound_ms / 50 ? 1 : 0;
    }
    assert_true(possible > 1500);
    assert_true(near * 10 > possible * 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_time_of_a_job),
        cmocka_unit_test(waves),
        cmocka_unit_test(days),
        cmocka_unit_test(a_start_before_the_turn_gains_a_day),
        cmocka_unit_test(a_slot_is_free_when_its_end_is_seen),
        cmocka_unit_test(start_ups_that_are_only_expected_are_spread),
        cmocka_unit_test(lanes_of_one_pool_share_it),
        cmocka_unit_test(a_billion_in_no_time),
        cmocka_unit_test(never_ends_before_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
