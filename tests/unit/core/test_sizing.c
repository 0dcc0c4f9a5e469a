/*
 * Goal: jobs and files are as large as the work wants and every limit allows, and the reason is
 * told. Method: the reference job's rows; then drawn lanes against the invariants alone.
 */
#include "base/prng.h"
#include "base/time.h"
#include "core/sizing.h"
#include "plan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct world world;

static struct ps_sizing size(const struct ps_sizing_options *const options)
{
    struct ps_sizing sizing;
    ps_sizing_find(&world.lanes[0], &world.demand.all, options, &sizing);
    return sizing;
}

static struct ps_sizing size_reference(const char *const lane, const int64_t job_records)
{
    const struct ps_sizing_options options = {.first_ms = PS_DAY_MS, .job_records = job_records};
    world_init_reference(&world, lane);
    return size(&options);
}

static const char *name_of(const enum ps_limit_key key)
{
    return key == PS_LIMIT_COUNT ? "none" : ps_limit_name(key);
}

/* ------------------------------------------------ the reference job */

/* Days where a job may not straddle two: jobs of 1,000, of 500, of 100, and cut to fill the day. */
static void whole_jobs_a_day(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1000, 500, 100, 0};
    static const struct {
        const char *limits;
        int64_t days[4]; /* 0: impossible */
    } rows[] = {
        {"tpm=3M,tpd=10M,jobs=10", {0, 400, 250, 241}},
        {"tpm=3M,tpd=20M,jobs=10", {200, 134, 125, 121}},
        {"tpm=3M,tpd=30M,jobs=10", {100, 80, 80, 80}},
        {"tpm=3M,tpd=40M,jobs=10", {67, 67, 61, 61}},
        {"tpm=3M,tpd=50M,jobs=10", {50, 50, 49, 49}},
    };
    static const char *const files[] = {",files=1,shard_records=1000",
                                        ",files=5000,shard_records=1000"};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        for (size_t column = 0; column < 8; column++) {
            char lane[128];
            (void)snprintf(lane, sizeof(lane), "%s%s", rows[row].limits, files[column / 4]);
            const struct ps_sizing sizing = size_reference(lane, sizes[column % 4]);
            const int64_t expected = rows[row].days[column % 4];
            if (expected == 0) {
                /* 12 M tokens do not fit 10 M a day: 12 M a day would do, or 833 records a job */
                assert_int_equal(sizing.impossible, PS_LIMIT_TPD);
                assert_int_equal(sizing.needed, 12000000);
                assert_int_equal(sizing.jobs, 0);
                assert_int_equal(sizing.left_records, 200000);
                assert_int_equal(size_reference(lane, 0).job_records, 833);
                continue;
            }
            assert_int_equal(sizing.impossible, PS_LIMIT_COUNT);
            const int64_t days = (sizing.jobs + sizing.day_jobs - 1) / sizing.day_jobs;
            if (days != expected) {
                fail_msg("%s, jobs of %lld: %lld days", lane, (long long)sizes[column % 4],
                         (long long)days);
            }
        }
    }
}

static void as_the_reference_job_wants(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t jobs;
        int64_t job_records;
        int64_t job_shards;
        int64_t shard_records;
        enum ps_limit_key job_key;
        enum ps_limit_key shard_key;
    } rows[] = {
        /* the day's 4,166 records, as one job or as five of 833 and 834 */
        {"tpm=3M,tpd=50M,jobs=10,files=5000,shard_records=1000", 49, 4166, 5, 1000, PS_LIMIT_TPD,
         PS_LIMIT_SHARD_RECORDS},
        {"tpm=3M,tpd=50M,jobs=10,files=1,shard_records=1000", 241, 834, 1, 834, PS_LIMIT_TPD,
         PS_LIMIT_COUNT},
        /* ten slots, ten jobs of twenty files: one wave */
        {"tpm=3M,jobs=10,files=5000,shard_records=1000", 10, 20000, 20, 1000, PS_LIMIT_JOBS,
         PS_LIMIT_SHARD_RECORDS},
        {"tpm=3M,jobs=10,files=1,shard_records=1000", 200, 1000, 1, 1000, PS_LIMIT_SHARD_RECORDS,
         PS_LIMIT_COUNT},
        {"tpm=3M,jobs=10,shard_bytes=50MB", 10, 20000, 16, 1250, PS_LIMIT_JOBS,
         PS_LIMIT_SHARD_BYTES},
        {"tpm=3M,jobs=10,files=1,shard_bytes=50MB", 160, 1250, 1, 1250, PS_LIMIT_SHARD_BYTES,
         PS_LIMIT_COUNT},
        /* an answer of 2,000 tokens is 12 kB beside the 40 kB that are echoed */
        {"tpm=3M,jobs=10,files=1,shard_bytes=50MB,out_bytes=50MB", 209, 957, 1, 957,
         PS_LIMIT_OUT_BYTES, PS_LIMIT_COUNT},
        {"jobs=10,job_bytes=5GB,shard_bytes=1GB,job_records=100k", 10, 20000, 1, 20000,
         PS_LIMIT_JOBS, PS_LIMIT_COUNT},
        {"tpm=3M", 1, 200000, 1, 200000, PS_LIMIT_COUNT, PS_LIMIT_COUNT},
        {"tpm=3M,job_records=50k", 4, 50000, 1, 50000, PS_LIMIT_JOB_RECORDS, PS_LIMIT_COUNT},
        {"jobs=100,min_records=20k", 10, 20000, 1, 20000, PS_LIMIT_MIN_RECORDS, PS_LIMIT_COUNT},
        /* never more than a day in one job, though the day does not bind */
        {"tpm=300k,tpd=432M,jobs=2", 6, 33334, 1, 33334, PS_LIMIT_TPD, PS_LIMIT_COUNT},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_sizing sizing = size_reference(rows[row].lane, 0);
        if (sizing.jobs != rows[row].jobs || sizing.job_records != rows[row].job_records ||
            sizing.job_shards != rows[row].job_shards ||
            sizing.shard_records != rows[row].shard_records ||
            sizing.job_key != rows[row].job_key || sizing.shard_key != rows[row].shard_key) {
            fail_msg("%s: %lld jobs of %lld records in %lld files of %lld; %s, %s", rows[row].lane,
                     (long long)sizing.jobs, (long long)sizing.job_records,
                     (long long)sizing.job_shards, (long long)sizing.shard_records,
                     name_of(sizing.job_key), name_of(sizing.shard_key));
        }
    }
}

/* At 6, 5 and 4 bytes a token, 10,000 tokens: 833, 1,000 and 1,250 records in 50 MB. */
static void large_prompts_fill_a_file_by_bytes(void **state)
{
    (void)state;
    static const int64_t bytes[] = {60000, 50000, 40000};
    static const int64_t records[] = {833, 1000, 1250};
    for (size_t row = 0; row < 3; row++) {
        const struct ps_sizing_options options = {.first_ms = PS_DAY_MS};
        world_init(&world);
        (void)world_add_lane(&world, "jobs=10,tpm=3M,shard_bytes=50MB,files=5000", 0);
        world_add_records(&world, 200000, 10000, 2000, bytes[row]);
        assert_int_equal(size(&options).shard_records, records[row]);
        assert_int_equal(size(&options).shard_key, PS_LIMIT_SHARD_BYTES);
    }
}

/* One billion: 10^6 jobs of 1,000, or 20,000 of 50,000. */
static void a_billion_wants_the_largest_jobs(void **state)
{
    (void)state;
    const struct ps_sizing_options options = {.first_ms = PS_DAY_MS};
    static const char *const lanes[] = {"jobs=10,files=1,shard_records=1000",
                                        "jobs=10,job_records=50k"};
    static const int64_t jobs[] = {1000000, 20000};
    for (size_t row = 0; row < 2; row++) {
        world_init(&world);
        (void)world_add_lane(&world, lanes[row], 0);
        world_add_records(&world, 1000000000, 10000, 2000, 40000);
        assert_int_equal(size(&options).jobs, jobs[row]);
    }
}

/* ------------------------------------------------ the first wave, the first day, the last jobs */

static void jobs_are_not_in_lock_step(void **state)
{
    (void)state;
    struct ps_sizing_options options = {.first_ms = PS_DAY_MS};
    world_init_reference(&world, "tpm=3M,jobs=10,files=1,shard_records=1000,startup=30m");
    struct ps_sizing sizing = size(&options);
    assert_int_equal(sizing.gap_ms, 228 * PS_SECOND_MS); /* 12 M tokens at 3 M, less a 20th */
    assert_int_equal(sizing.ramp, 0);
    options.is_ramp = true;
    sizing = size(&options);
    assert_int_equal(sizing.gap_ms, 0);
    assert_int_equal(sizing.ramp, 10);
    for (int64_t job = 0; job < 12; job++) {
        assert_int_equal(ps_sizing_next_records(&sizing, job, 100000),
                         job < 10 ? (job + 1) * 100 : 1000);
    }
    assert_int_equal(sizing.jobs, 205); /* 5,500 in the first ten, 194,500 in the others */
    /* in one wave there is nothing to keep apart */
    assert_int_equal(
        size_reference("tpm=3M,jobs=10,files=5000,shard_records=1000,startup=30m", 0).gap_ms, 0);
    assert_int_equal(size_reference("tpm=3M,jobs=10,files=1,shard_records=1000", 0).gap_ms, 0);
}

static void the_gap_is_what_the_slower_rate_needs(void **state)
{
    (void)state;
    assert_int_equal(ps_sizing_gap_ms(12000000, 1000, 3000000, 0), 228 * PS_SECOND_MS);
    assert_int_equal(ps_sizing_gap_ms(12000000, 1000, 3000000, 2), 475 * PS_SECOND_MS);
    assert_int_equal(ps_sizing_gap_ms(12000000, 1000, PS_NO_LIMIT, 20), 47500);
    assert_int_equal(ps_sizing_gap_ms(12000000, 1000, 0, PS_NO_LIMIT), 0);
    assert_int_equal(ps_sizing_gap_ms(INT64_MAX, 1000, 1, 1), INT64_MAX / 100 * 95 + 6);
}

static void a_short_first_day_takes_what_it_can(void **state)
{
    (void)state;
    /* 12 minutes before the turn, 1 of start-up, 1 kept free: 30 M of the 50 M, 2,500 records */
    struct ps_sizing_options options = {.first_ms = 12 * PS_MINUTE_MS};
    world_init_reference(&world, "tpm=3M,tpd=50M,jobs=10,startup=1m,min_records=100");
    struct ps_sizing sizing = size(&options);
    assert_int_equal(sizing.first_records, 2500);
    assert_int_equal(ps_sizing_next_records(&sizing, 0, 200000), 2500);
    assert_int_equal(ps_sizing_next_records(&sizing, 1, 197500), 4166);
    /* no time for the minimum: it is like any other day */
    options.first_ms = PS_MINUTE_MS + 1000;
    assert_int_equal(size(&options).first_records, 4166);
    options.first_ms = PS_MINUTE_MS;
    assert_int_equal(size(&options).first_records, 4166);
}

static void a_day_that_is_begun_takes_what_is_left_of_it(void **state)
{
    (void)state;
    struct ps_sizing_options options = {.first_ms = 12 * PS_MINUTE_MS, .first_tokens = 24000000};
    world_init_reference(&world, "tpm=3M,tpd=50M,jobs=10,startup=1m,min_records=100");
    struct ps_sizing sizing = size(&options);
    assert_int_equal(sizing.first_records, 2000);
    assert_int_equal(ps_sizing_next_records(&sizing, 0, 200000), 2000);
    assert_int_equal(ps_sizing_next_records(&sizing, 1, 198000), 4166);
    options.first_tokens = 42000000; /* the time allows 30 M */
    assert_int_equal(size(&options).first_records, 2500);
    options.first_tokens = 99 * 12000; /* no room for the minimum: the next day is a whole one */
    assert_int_equal(size(&options).first_records, 4166);
}

static void all_of_a_single_day_goes_in_one_wave(void **state)
{
    (void)state;
    const struct ps_sizing_options options = {.first_ms = PS_DAY_MS, .day_jobs = 20};
    world_init_reference(&world, "tpm=3M,tpd=2399M,jobs=10,min_records=100");
    assert_int_equal(size(&options).day_jobs, 10);
    world_init_reference(&world, "tpm=3M,tpd=1200M,jobs=10,min_records=100");
    assert_int_equal(size(&options).day_jobs, 20);
}

static void a_day_is_shared_by_as_many_jobs_as_are_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t day_jobs;
        int64_t job_records;
    } rows[] = {
        {"tpm=3M,tpd=50M,jobs=10", 10, 417},
        {"tpm=3M,tpd=50M,jobs=4", 8, 521},                  /* two waves at most */
        {"tpm=3M,tpd=10M,jobs=10,min_records=100", 8, 105}, /* none below the minimum */
        {"tpm=3M,tpd=50M,jobs=10,job_records=100", 42, 100},
    };
    const struct ps_sizing_options options = {.first_ms = PS_DAY_MS, .day_jobs = 10};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        world_init_reference(&world, rows[row].lane);
        const struct ps_sizing sizing = size(&options);
        assert_int_equal(sizing.day_jobs, rows[row].day_jobs);
        assert_int_equal(sizing.job_records, rows[row].job_records);
    }
}

static void jobs_side_by_side_end_before_they_expire(void **state)
{
    (void)state;
    struct ps_sizing_options options = {.first_ms = PS_DAY_MS, .job_ms_max = 50 * PS_HOUR_MS};
    world_init_reference(&world, "tpm=300k,jobs=10,startup=1h");
    /* 49 hours at 300,000 a minute: 882 M tokens, 73,500 records of 12,000 in ten jobs. */
    struct ps_sizing sizing = size(&options);
    assert_int_equal(sizing.job_records_max, 7350);
    assert_int_equal(sizing.jobs, 28);
    assert_int_equal(sizing.job_records, 7143);
    assert_int_equal(sizing.job_key, PS_LIMIT_TPM);
    options.job_ms_max = PS_HOUR_MS; /* no more than its start-up takes: nothing to be done */
    assert_int_equal(size(&options).jobs, 10);
    options.job_ms_max = 1000 * PS_HOUR_MS;
    assert_int_equal(size(&options).jobs, 10);
    world_init_reference(&world, "tpm=1,jobs=10,min_records=100");
    assert_int_equal(size(&options).job_records, 100);
}

static void the_last_jobs_reach_the_minimum(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        int64_t records;
        int64_t job_records;
        const char *sizes;
        int64_t left;
    } rows[] = {
        {"a whole number of jobs", 300, 150, "150 150", 0},
        {"the last two share", 310, 150, "150 160", 0},
        {"the rest comes along", 160, 150, "160", 0},
        {"no room for the rest", 310, 200, "200 110", 0},
        {"two of equal size", 399, 300, "200 199", 0},
        {"the last three are evened out", 305, 140, "102 102 101", 0},
        {"as late as that goes", 480, 130, "130 130 110 110", 0},
        {"where that goes at all", 290, 140, "140 150", 0},
        {"it does not", 290, 120, "120 120", 50},
        {"below the minimum", 99, 150, "", 99},
        {"just the minimum", 100, 150, "100", 0},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        char text[64] = "";
        const struct ps_sizing sizing = {.job_records = rows[row].job_records,
                                         .job_records_max = rows[row].job_records + 10,
                                         .min_records = 100};
        int64_t left = rows[row].records;
        int64_t job = 0;
        for (int64_t next = ps_sizing_next_records(&sizing, job, left); next > 0;
             next = ps_sizing_next_records(&sizing, ++job, left)) {
            const size_t used = strlen(text);
            (void)snprintf(text + used, sizeof(text) - used, "%s%lld", used == 0 ? "" : " ",
                           (long long)next);
            left -= next;
        }
        if (strcmp(text, rows[row].sizes) != 0 || left != rows[row].left) {
            fail_msg("%s: '%s', %lld left", rows[row].about, text, (long long)left);
        }
    }
}

static void says_what_is_in_the_way(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        enum ps_limit_key key;
        int64_t needed;
    } rows[] = {
        {"tpd=1M,min_records=100", PS_LIMIT_TPD, 1200000},
        {"job_records=99,min_records=100", PS_LIMIT_JOB_RECORDS, 100},
        {"shard_records=30,files=3,min_records=100", PS_LIMIT_SHARD_RECORDS, 34},
        {"shard_bytes=1MB,files=3,min_records=100", PS_LIMIT_SHARD_BYTES, 34 * 40000},
        {"job_bytes=1MB,min_records=100", PS_LIMIT_JOB_BYTES, 4000000},
        {"out_bytes=1MB,files=1,min_records=100", PS_LIMIT_OUT_BYTES, 5200000},
        {"min_records=200001", PS_LIMIT_MIN_RECORDS, 200000},
        {"min_records=200000", PS_LIMIT_COUNT, 0},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_sizing sizing = size_reference(rows[row].lane, 0);
        if (sizing.impossible != rows[row].key || sizing.needed != rows[row].needed) {
            fail_msg("%s: %s, %lld", rows[row].lane, name_of(sizing.impossible),
                     (long long)sizing.needed);
        }
        assert_int_equal(sizing.left_records, rows[row].key == PS_LIMIT_COUNT ? 0 : 200000);
    }
    world_init_reference(&world, "");
    world.demand.all.records = 0;
    assert_int_equal(size(&(struct ps_sizing_options){0}).jobs, 0);
}

/* ------------------------------------------------ drawn */

static void draw_world(struct ps_prng *const prng)
{
    char lane[256];
    const int64_t min_records = 1 + ps_prng_below(prng, 100);
    static const int64_t tpd[] = {1000000, 10000000, 50000000, 1000000000};
    (void)snprintf(lane, sizeof(lane),
                   "min_records=%lld,files=%lld,shard_records=%lld,job_bytes=%lld,jobs=%lld",
                   (long long)min_records, (long long)(1 + ps_prng_below(prng, 5)),
                   (long long)(1 + ps_prng_below(prng, 500)),
                   (long long)(100000 + ps_prng_below(prng, 10000000)),
                   (long long)(1 + ps_prng_below(prng, 12)));
    world_init(&world);
    struct ps_supply_lane *const added = world_add_lane(&world, lane, 0);
    if (ps_prng_below(prng, 2) == 0) {
        added->limits[PS_LIMIT_TPD] = tpd[ps_prng_below(prng, 4)];
    }
    if (ps_prng_below(prng, 2) == 0) {
        added->limits[PS_LIMIT_TPM] = 1000 + ps_prng_below(prng, 1000000);
        added->limits[PS_LIMIT_STARTUP] = ps_prng_below(prng, PS_HOUR_MS);
    }
    world_add_records(&world, 1 + ps_prng_below(prng, 20000), 100 + ps_prng_below(prng, 20000),
                      ps_prng_below(prng, 2000), 100 + ps_prng_below(prng, 10000));
}

static void holds_the_invariants_for_drawn_lanes(void **state)
{
    (void)state;
    int64_t possible = 0;
    for (uint64_t seed = 0; seed < 4000; seed++) {
        struct ps_prng prng;
        ps_prng_init(&prng, seed);
        draw_world(&prng);
        const struct ps_sizing_options options = {.first_ms = 1 + ps_prng_below(&prng, PS_DAY_MS),
                                                  .is_ramp = ps_prng_below(&prng, 2) == 0};
        const struct ps_supply_lane *const lane = &world.lanes[0];
        const struct ps_sizing sizing = size(&options);
        int64_t left = world.demand.all.records;
        enum ps_limit_key key = PS_LIMIT_COUNT;
        if (sizing.impossible != PS_LIMIT_COUNT) {
            assert_int_equal(sizing.left_records, left);
            continue;
        }
        possible++;
        const struct ps_demand_record *const record = &world.demand.all.least;
        const int64_t most = ps_supply_job_records(lane, record->bytes, 0, &key);
        const int64_t weight = ps_demand_weight_least(&world.demand.all, lane);
        for (int64_t job = 0; job < sizing.jobs; job++) {
            const int64_t records = ps_sizing_next_records(&sizing, job, left);
            assert_true(records >= ps_supply_limit(lane, PS_LIMIT_MIN_RECORDS, 1));
            assert_true(records <= most);
            assert_true(records * weight <= ps_supply_limit(lane, PS_LIMIT_TPD, INT64_MAX));
            left -= records;
        }
        assert_int_equal(left, sizing.left_records);
        assert_true(left < sizing.min_records);
        assert_true(sizing.shard_records >= 1);
        assert_true(sizing.shard_records <= lane->limits[PS_LIMIT_SHARD_RECORDS]);
        assert_true(sizing.job_shards <= lane->limits[PS_LIMIT_FILES]);
    }
    assert_true(possible > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_jobs_a_day),
        cmocka_unit_test(as_the_reference_job_wants),
        cmocka_unit_test(large_prompts_fill_a_file_by_bytes),
        cmocka_unit_test(a_billion_wants_the_largest_jobs),
        cmocka_unit_test(jobs_are_not_in_lock_step),
        cmocka_unit_test(the_gap_is_what_the_slower_rate_needs),
        cmocka_unit_test(a_short_first_day_takes_what_it_can),
        cmocka_unit_test(a_day_that_is_begun_takes_what_is_left_of_it),
        cmocka_unit_test(all_of_a_single_day_goes_in_one_wave),
        cmocka_unit_test(a_day_is_shared_by_as_many_jobs_as_are_asked_for),
        cmocka_unit_test(jobs_side_by_side_end_before_they_expire),
        cmocka_unit_test(the_last_jobs_reach_the_minimum),
        cmocka_unit_test(says_what_is_in_the_way),
        cmocka_unit_test(holds_the_invariants_for_drawn_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
