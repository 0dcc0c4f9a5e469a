/*
 * Goal: the bound is what the limits say, and no schedule ends sooner. Method: the worked numbers
 * of the reference job as rows.
 */
#include "base/time.h"
#include "core/bound.h"
#include "plan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct world world;
static const struct ps_bound_options free_upload = {0};

static struct ps_bound bound_of(void)
{
    struct ps_bound bound;
    ps_bound_find(&world.demand, &world.supply, &free_upload, &bound);
    return bound;
}

static const char *name_of(const enum ps_limit_key key)
{
    return key == PS_LIMIT_COUNT ? "none" : ps_limit_name(key);
}

/* `ms` in units of `unit_ms`, in hundredths, rounded. */
static int64_t hundredths(const int64_t ms, const int64_t unit_ms)
{
    return (ms * 100 + unit_ms / 2) / unit_ms;
}

/* ------------------------------------------------ the reference job's numbers */

static void rate_alone(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t hours_hundredths;
    } rows[] = {
        {"tpm=300k", 13333},
        {"tpm=500k", 8000},
        {"tpm=1M", 4000},
        {"tpm=2M", 2000},
        {"tpm=3M", 1333},
        {"tpm=5M", 800},
        {"tpm=10M", 400},
        {"tpm=20M", 200},
        /* a day's cap of 1440 times the rate changes nothing */
        {"tpm=300k,tpd=432M", 13333},
        {"tpm=500k,tpd=720M", 8000},
        {"tpm=1M,tpd=1440M", 4000},
        {"tpm=2M,tpd=2880M", 2000},
        {"tpm=20M,tpd=2400M", 200},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        world_init_reference(&world, rows[row].lane);
        const struct ps_bound bound = bound_of();
        if (hundredths(bound.ms, PS_HOUR_MS) != rows[row].hours_hundredths ||
            bound.binding != PS_LIMIT_TPM) {
            fail_msg("%s: %lld ms, %s binds", rows[row].lane, (long long)bound.ms,
                     name_of(bound.binding));
        }
    }
}

/* Hundredths of days, started at a reset and at the best moment before one. */
static void rate_and_day(void **state)
{
    (void)state;
    static const int64_t tpm[] = {300000, 1000000, 3000000};
    static const struct {
        int64_t tpd_millions;
        int64_t windows;
        int64_t at_reset[3];
        int64_t before_reset[3];
    } rows[] = {
        {10, 240, {23902, 23901, 23900}, {23805, 23801, 23800}},
        {20, 120, {11905, 11901, 11900}, {11809, 11803, 11801}},
        {30, 80, {7907, 7902, 7901}, {7814, 7804, 7801}},
        {40, 60, {5909, 5903, 5901}, {5819, 5806, 5802}},
        {50, 48, {4712, 4703, 4701}, {4623, 4607, 4602}},
        {100, 24, {2323, 2307, 2302}, {2246, 2214, 2205}},
        {432, 6, {556, 517, 506}, {556, 447, 416}},
        {1000, 3, {556, 228, 209}, {556, 197, 132}},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        for (size_t rate = 0; rate < 3; rate++) {
            const int64_t tpd = rows[row].tpd_millions * 1000000;
            const int64_t day_ms = tpd * PS_MINUTE_MS / tpm[rate];
            char text[64];
            (void)snprintf(text, sizeof(text), "tpm=%lld,tpd=%lld,jobs=1", (long long)tpm[rate],
                           (long long)tpd);
            world_init_reference(&world, text);
            const struct ps_bound at_reset = bound_of();
            world.supply.starts_at_ms = day_ms >= PS_DAY_MS ? 0 : PS_DAY_MS - day_ms;
            const struct ps_bound before = bound_of();
            const int64_t at_days = hundredths(at_reset.parts_ms[PS_BOUND_RATE], PS_DAY_MS);
            const int64_t before_days = hundredths(before.parts_ms[PS_BOUND_RATE], PS_DAY_MS);
            const int64_t windows =
                ps_bound_days(&world.supply, &world.lanes[0], at_reset.parts_ms[PS_BOUND_RATE]);
            const bool is_capped = day_ms < PS_DAY_MS;
            if (at_days != rows[row].at_reset[rate] ||
                before_days != rows[row].before_reset[rate] ||
                at_reset.binding != (is_capped ? PS_LIMIT_TPD : PS_LIMIT_TPM)) {
                fail_msg("%s: %lld / %lld, %s binds", text, (long long)at_days,
                         (long long)before_days, name_of(at_reset.binding));
            }
            assert_true(!is_capped || windows == rows[row].windows);
            assert_true(!is_capped || at_reset.next_binding == PS_LIMIT_TPM);
        }
    }
}

/* Whole records: the days that shards cut to fill the day need. */
static void whole_records_a_day(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t days;
    } rows[] = {
        {"tpm=3M,tpd=10M,jobs=10", 241},
        {"tpm=3M,tpd=20M,jobs=10", 121},
        {"tpm=3M,tpd=30M,jobs=10", 80},
        {"tpm=3M,tpd=40M,jobs=10", 61},
        {"tpm=3M,tpd=50M,jobs=10", 49},
        {"tpd=50M", 49},
        {"tpm=3M,tpd=10M,files=1,shard_records=1000,jobs=10", 241},
        {"tpm=3M,tpd=50M,files=1,shard_records=1000,jobs=10", 49},
        {"tpm=3M,tpd=50M,files=5000,shard_records=1000,jobs=10", 49},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        world_init_reference(&world, rows[row].lane);
        const struct ps_bound bound = bound_of();
        const int64_t days =
            ps_bound_days(&world.supply, &world.lanes[0], bound.parts_ms[PS_BOUND_WHOLE]);
        if (days != rows[row].days || bound.days != days || bound.binding != PS_LIMIT_TPD) {
            fail_msg("%s: %lld days", rows[row].lane, (long long)days);
        }
    }
    world_init_reference(&world, "tpd=11k"); /* a record has 12,000 */
    assert_int_equal(bound_of().parts_ms[PS_BOUND_WHOLE], PS_BOUND_NEVER);
    assert_int_equal(bound_of().ms, PS_BOUND_NEVER);
}

/* Ten slots carry 120 M tokens a turnaround; 20 waves of it. */
static void slots(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t hours_hundredths; /* 0: not asked */
        enum ps_limit_key binding;
    } rows[] = {
        {"files=1,shard_records=1000,jobs=10,startup=15m", 500, PS_LIMIT_JOBS},
        {"files=1,shard_records=1000,jobs=10,startup=30m", 1000, PS_LIMIT_JOBS},
        {"files=1,shard_records=1000,jobs=10,startup=60m", 2000, PS_LIMIT_JOBS},
        {"files=1,shard_records=1000,jobs=10,startup=4h", 8000, PS_LIMIT_JOBS},
        {"files=1,shard_records=1000,jobs=10,startup=24h", 48000, PS_LIMIT_JOBS},
        /* the turnaround P is start-up and the job's own 12 M tokens; in 20 waves the first
         * start-up counts beside the rate: P > 120 M / TPM and a tenth more */
        {"files=1,shard_records=1000,jobs=10,tpm=20M,startup=5m", 0, PS_LIMIT_TPM},
        {"files=1,shard_records=1000,jobs=10,tpm=20M,startup=6m", 0, PS_LIMIT_JOBS},
        {"files=1,shard_records=1000,jobs=10,tpm=3M,startup=36m", 0, PS_LIMIT_TPM},
        {"files=1,shard_records=1000,jobs=10,tpm=3M,startup=40m", 0, PS_LIMIT_JOBS},
        {"files=1,shard_records=1000,jobs=10,tpm=1M,startup=108m", 0, PS_LIMIT_TPM},
        {"files=1,shard_records=1000,jobs=10,tpm=1M,startup=120m", 0, PS_LIMIT_JOBS},
        {"files=1,shard_records=1000,jobs=10,tpm=300k,startup=360m", 0, PS_LIMIT_TPM},
        {"files=1,shard_records=1000,jobs=10,tpm=300k,startup=400m", 0, PS_LIMIT_JOBS},
        /* in one wave of 20 shards a job, slots do not bind */
        {"files=5000,shard_records=1000,jobs=10,tpm=20M,startup=6m", 210, PS_LIMIT_TPM},
        {"files=5000,shard_records=1000,jobs=10,tpm=20M,startup=15m", 225, PS_LIMIT_TPM},
        {"files=5000,shard_records=1000,jobs=10,tpm=3M,startup=37m", 1395, PS_LIMIT_TPM},
        {"files=5000,shard_records=1000,jobs=10,tpm=300k,startup=361m", 13935, PS_LIMIT_TPM},
        /* files full by bytes: 1,250 records each */
        {"files=1,shard_bytes=50MB,jobs=10,startup=60m", 1600, PS_LIMIT_JOBS},
        {"files=1,shard_bytes=50MB,startup=60m,tpm=20M", 300, PS_LIMIT_TPM},
        /* a long start-up beside little work */
        {"files=5000,shard_records=1000,jobs=10,tpm=20M,startup=24h", 2600, PS_LIMIT_STARTUP},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        world_init_reference(&world, rows[row].lane);
        const struct ps_bound bound = bound_of();
        const int64_t hours = hundredths(bound.ms, PS_HOUR_MS);
        if ((rows[row].hours_hundredths != 0 && hours != rows[row].hours_hundredths) ||
            bound.binding != rows[row].binding) {
            fail_msg("%s: %lld, %s binds", rows[row].lane, (long long)hours,
                     name_of(bound.binding));
        }
    }
}

/* Lanes of separate pools, 50 M a day each, 3 M a minute. */
static void many_lanes(void **state)
{
    (void)state;
    static const struct {
        int64_t lanes;
        int64_t minutes;    /* of the rate alone */
        int64_t whole_days; /* whole days before the last one, of whole records */
    } rows[] = {
        {1, 47 * 1440 + 17, 48},
        {2, 23 * 1440 + 17, 24},
        {4, 11 * 1440 + 17, 12},
        {8, 5 * 1440 + 17, 6},
        {10, 4 * 1440 + 13, 4},
        {20, 2 * 1440 + 7, 2},
        {48, 17, 1},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        world_init(&world);
        for (int64_t lane = 0; lane < rows[row].lanes; lane++) {
            (void)world_add_lane(&world, "tpm=3M,tpd=50M,jobs=10", lane);
        }
        world_add_records(&world, 200000, 10000, 2000, 40000);
        const struct ps_bound bound = bound_of();
        const int64_t minutes = (bound.parts_ms[PS_BOUND_RATE] + PS_MINUTE_MS / 2) / PS_MINUTE_MS;
        if (minutes != rows[row].minutes ||
            bound.parts_ms[PS_BOUND_WHOLE] / PS_DAY_MS != rows[row].whole_days) {
            fail_msg("%lld lanes: %lld min, %lld whole days", (long long)rows[row].lanes,
                     (long long)minutes, (long long)(bound.parts_ms[PS_BOUND_WHOLE] / PS_DAY_MS));
        }
        /* the same lanes of one pool are one lane */
        for (int64_t lane = 0; lane < rows[row].lanes; lane++) {
            world.lanes[lane].pool = 7;
        }
        assert_int_equal(bound_of().parts_ms[PS_BOUND_WHOLE] / PS_DAY_MS, 48);
    }
}

static void what_an_output_token_counts(void **state)
{
    (void)state;
    world_init_reference(&world, "tpm=3M,tpd=50M,burndown=5,jobs=10");
    assert_int_equal(ps_demand_weight(&world.demand.all, &world.lanes[0]), INT64_C(4000000000));
    assert_int_equal(
        ps_bound_days(&world.supply, &world.lanes[0], bound_of().parts_ms[PS_BOUND_RATE]), 80);
    world_init_reference(&world, "tpm=3M,burndown=5");
    assert_int_equal(bound_of().ms, 4000 * PS_MINUTE_MS / 3); /* 1.67 times 800 min */
    world_init_reference(&world, "tpm=33334k,burndown=5");
    assert_true(bound_of().ms <= 2 * PS_HOUR_MS);
    world_init_reference(&world, "tpm=33333k,burndown=5");
    assert_true(bound_of().ms > 2 * PS_HOUR_MS);
}

static void requests(void **state)
{
    (void)state;
    world_init_reference(&world, "rps=1,rps_counts=records");
    assert_int_equal(hundredths(bound_of().ms, PS_HOUR_MS), 5556);
    assert_int_equal(bound_of().binding, PS_LIMIT_RPS);
    world_init_reference(&world, "rps=28,rps_counts=records,tpm=20M");
    assert_int_equal(bound_of().binding, PS_LIMIT_TPM); /* a 2-hour window needs 28 a second */
    world_init_reference(&world, "rps=27,rps_counts=records,tpm=20M");
    assert_int_equal(bound_of().binding, PS_LIMIT_RPS);
    world_init_reference(&world, "rps=1,rps_counts=calls,job_records=1000");
    assert_int_equal(hundredths(bound_of().ms, PS_SECOND_MS), 20000 - 100 + 0);
    world_init_reference(&world, "rps=1,rps_counts=none");
    assert_int_equal(bound_of().ms, 0);
    world_init_reference(&world, "kind=on-demand,rps=1,rps_counts=calls,startup=1h,jobs=1");
    assert_int_equal(hundredths(bound_of().ms, PS_HOUR_MS), 5556);
}

static void one_billion(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t input_tokens;
        int64_t output_tokens;
        int64_t days;
    } rows[] = {
        {"tpm=3M", 10000, 2000, 2777}, /* and 18 hours */
        {"tpm=3M", 400, 100, 115},
        {"jobs=10,files=1,shard_records=1000,startup=30m", 10000, 2000, 2083}, /* 5.7 years */
        {"jobs=10,job_records=50k,startup=60m", 10000, 2000, 83},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        world_init(&world);
        (void)world_add_lane(&world, rows[row].lane, 0);
        world_add_records(&world, 1000000000, rows[row].input_tokens, rows[row].output_tokens,
                          40000);
        const struct ps_bound bound = bound_of();
        if (bound.ms / PS_DAY_MS != rows[row].days) {
            fail_msg("%s: %lld days", rows[row].lane, (long long)(bound.ms / PS_DAY_MS));
        }
    }
}

/* ------------------------------------------------ the cares */

static void a_burst_counts_in_every_day(void **state)
{
    (void)state;
    world_init(&world);
    world_add_lane(&world, "tpm=1000,tpd=12000,jobs=1", 0)->burst_tokens = 10000;
    world_add_records(&world, 24, 1000, 0, 10);
    /* 1442 min and not 1452; the second day's first record may stand half done since the first */
    assert_in_range(bound_of().ms, 1441 * PS_MINUTE_MS - 60, 1441 * PS_MINUTE_MS);
    world.lanes[0].burst_tokens = 0;
    assert_in_range(bound_of().ms, 1451 * PS_MINUTE_MS - 60, 1451 * PS_MINUTE_MS);
}

static void nothing_runs_before_the_first_start_up(void **state)
{
    (void)state;
    world_init_reference(&world, "tpm=20M,startup=15m");
    assert_int_equal(bound_of().ms, 135 * PS_MINUTE_MS);
    world.lanes[0].startup_least_ms = 9 * PS_MINUTE_MS;
    assert_int_equal(bound_of().ms, 129 * PS_MINUTE_MS);
    /* over the first day's end: that day gives nothing */
    world_init_reference(&world, "tpd=2400M,startup=20m,reset=00:10Z");
    assert_int_equal(bound_of().ms, 20 * PS_MINUTE_MS);
    assert_int_equal(bound_of().binding, PS_LIMIT_STARTUP);
    world_init_reference(&world, "tpd=1200M,startup=20m,reset=00:10Z");
    assert_int_equal(bound_of().ms, PS_DAY_MS + 10 * PS_MINUTE_MS);
    world_init_reference(&world, "tpd=1200M,startup=20m,reset=00:30Z");
    assert_int_equal(bound_of().ms, 30 * PS_MINUTE_MS);
}

static void a_class_waits_for_the_lanes_that_hold_it(void **state)
{
    (void)state;
    world_init(&world);
    (void)world_add_lane(&world, "tpm=100,context=1000", 0);
    (void)world_add_lane(&world, "tpm=1,context=50000", 1);
    world_add_records(&world, 100, 100, 0, 10);
    world_add_records(&world, 10, 2000, 0, 10);
    const struct ps_bound bound = bound_of();
    assert_in_range(bound.parts_ms[PS_BOUND_RATE], 29997 * PS_MINUTE_MS / 101,
                    30000 * PS_MINUTE_MS / 101);
    assert_in_range(bound.parts_ms[PS_BOUND_CLASSES], 19999 * PS_MINUTE_MS, 20000 * PS_MINUTE_MS);
    assert_int_equal(bound.part, PS_BOUND_CLASSES);
    /* what nobody can hold is refused before: no time for it */
    world_add_records(&world, 10, 60000, 0, 10);
    assert_int_equal(bound_of().ms, bound.ms);
}

static void pools_weigh_tokens_in_their_own_way(void **state)
{
    (void)state;
    world_init(&world);
    (void)world_add_lane(&world, "tpm=100M", 0);
    (void)world_add_lane(&world, "tpm=100M,burndown=5", 1);
    world_add_records(&world, 300000000, 50, 10, 10);
    /* 60 tokens here, 100 there: 300 / (100/60 + 100/100) minutes */
    assert_int_equal(bound_of().ms, 300 * 60 * PS_MINUTE_MS / 160);
}

static void pools_bound_by_different_limits_add_up(void **state)
{
    (void)state;
    world_init(&world);
    (void)world_add_lane(&world, "rps=1,rps_counts=records", 0);
    (void)world_add_lane(&world, "tpm=6000", 1);
    world_add_records(&world, 200, 50, 50, 10);
    /* one a second each */
    assert_int_equal(bound_of().part, PS_BOUND_MIXED);
    assert_in_range(bound_of().ms, 99 * PS_SECOND_MS, 100 * PS_SECOND_MS);
}

static void one_job_takes_its_time(void **state)
{
    (void)state;
    world_init(&world);
    (void)world_add_lane(&world, "tpm=1000,startup=10m,min_records=100", 0);
    world_add_records(&world, 100, 30, 0, 10);
    world_add_records(&world, 1, 5000, 0, 10);
    assert_int_equal(bound_of().parts_ms[PS_BOUND_ONE_JOB], 15 * PS_MINUTE_MS);
    world_init(&world);
    (void)world_add_lane(&world, "tpm=1000,startup=10m,min_records=100", 0);
    world_add_records(&world, 1000, 30, 0, 10);
    assert_int_equal(bound_of().parts_ms[PS_BOUND_ONE_JOB], 13 * PS_MINUTE_MS);
}

static void bytes_are_sent_before_the_last_start_up(void **state)
{
    (void)state;
    static const struct ps_bound_options gigabit = {.upload_bytes_per_s = 125000000};
    struct ps_bound bound;
    world_init_reference(&world, "tpm=20M,startup=1m");
    ps_bound_find(&world.demand, &world.supply, &gigabit, &bound);
    assert_int_equal(bound.parts_ms[PS_BOUND_TRANSFER], 124 * PS_SECOND_MS);
    assert_int_equal(bound.ms, 121 * PS_MINUTE_MS);
    assert_string_equal(ps_bound_part_name(bound.part), "rate");
}

static void says_nothing_without_work_or_limits(void **state)
{
    (void)state;
    world_init(&world);
    (void)world_add_lane(&world, "tpm=1,tpd=1,jobs=1,startup=1h,rps=1", 0);
    world_add_records(&world, 0, 1, 1, 1);
    assert_int_equal(bound_of().ms, 0);
    assert_int_equal(bound_of().binding, PS_LIMIT_COUNT);
    world_init_reference(&world, "");
    assert_int_equal(bound_of().ms, 0);
    world_init(&world);
    (void)world_add_lane(&world, "tpm=9000000000000000000,tpd=9000000000000000000", 0);
    world_add_records(&world, 1000000000, 1000000000, 1, 1);
    assert_true(bound_of().ms > 0);
    world_init(&world);
    (void)world_add_lane(&world, "tpm=1,tpd=1000000001", 0);
    world_add_records(&world, 1000000000, 1000000000, 1, 1);
    assert_true(bound_of().ms > INT64_MAX / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_alone),
        cmocka_unit_test(rate_and_day),
        cmocka_unit_test(whole_records_a_day),
        cmocka_unit_test(slots),
        cmocka_unit_test(many_lanes),
        cmocka_unit_test(what_an_output_token_counts),
        cmocka_unit_test(requests),
        cmocka_unit_test(one_billion),
        cmocka_unit_test(a_burst_counts_in_every_day),
        cmocka_unit_test(nothing_runs_before_the_first_start_up),
        cmocka_unit_test(a_class_waits_for_the_lanes_that_hold_it),
        cmocka_unit_test(pools_weigh_tokens_in_their_own_way),
        cmocka_unit_test(pools_bound_by_different_limits_add_up),
        cmocka_unit_test(one_job_takes_its_time),
        cmocka_unit_test(bytes_are_sent_before_the_last_start_up),
        cmocka_unit_test(says_nothing_without_work_or_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
