/* Goal: a lane's numbers are its text's. Method: rows. */
#include "base/time.h"
#include "plan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct world world;

static void keeps_what_the_lane_says(void **state)
{
    (void)state;
    world_init(&world);
    const struct ps_supply_lane *const batch = world_add_lane(
        &world, "jobs=3,tpm=5,startup=15m,rps_counts=calls,behaviour=refuse,burndown=5", 7);
    const struct ps_supply_lane *const other =
        world_add_lane(&world, "kind=on-demand,startup=15m", 8);
    assert_int_equal(batch->pool, 7);
    assert_int_equal(ps_supply_limit(batch, PS_LIMIT_JOBS, 9), 3);
    assert_int_equal(ps_supply_limit(batch, PS_LIMIT_TPD, 9), 9);
    assert_int_equal(batch->startup_least_ms, 15 * PS_MINUTE_MS);
    assert_int_equal(batch->rps_counts, PS_RPS_CALLS);
    assert_int_equal(batch->behaviour, PS_BEHAVIOUR_REFUSE);
    assert_int_equal(ps_supply_weight(batch, 10, 2), 20);
    assert_int_equal(ps_supply_weight(other, 10, 2), 12);
    assert_int_equal(other->startup_least_ms, 0); /* a request needs none */
    assert_int_equal(other->kind, PS_KIND_ON_DEMAND);
}

static void knows_the_first_change_of_day(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t starts_at_ms;
        int64_t reset_ms;
    } rows[] = {
        {"", 0, PS_DAY_MS},
        {"", 1, PS_DAY_MS - 1},
        {"", PS_DAY_MS - 1, 1},
        {"reset=00:30Z", 0, 30 * PS_MINUTE_MS},
        {"reset=00:30Z", 30 * PS_MINUTE_MS, PS_DAY_MS},
        {"reset=00:30Z", PS_HOUR_MS, PS_DAY_MS - 30 * PS_MINUTE_MS},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        world_init(&world);
        const struct ps_supply_lane *const lane = world_add_lane(&world, rows[row].lane, 0);
        world.supply.starts_at_ms = rows[row].starts_at_ms;
        assert_int_equal(ps_supply_first_reset_ms(&world.supply, lane), rows[row].reset_ms);
    }
}

static void holds_as_many_records_as_every_limit_allows(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t bytes;
        int64_t output_bytes;
        int64_t shard_records;
        int64_t job_records;
        enum ps_limit_key shard_key;
        enum ps_limit_key job_key;
    } rows[] = {
        {"", 10, 0, INT64_MAX, INT64_MAX, PS_LIMIT_COUNT, PS_LIMIT_COUNT},
        /* prompts of 10,000 tokens at 6, 5 and 4 bytes a token */
        {"shard_bytes=50MB", 60000, 0, 833, INT64_MAX, PS_LIMIT_SHARD_BYTES, PS_LIMIT_COUNT},
        {"shard_bytes=50MB", 50000, 0, 1000, INT64_MAX, PS_LIMIT_SHARD_BYTES, PS_LIMIT_COUNT},
        {"shard_bytes=50MB,files=3", 40000, 0, 1250, 3750, PS_LIMIT_SHARD_BYTES,
         PS_LIMIT_SHARD_BYTES},
        {"shard_bytes=50MB,files=5000,shard_records=1000,job_records=50k", 40000, 0, 1000, 50000,
         PS_LIMIT_SHARD_RECORDS, PS_LIMIT_JOB_RECORDS},
        {"shard_bytes=50MB,out_bytes=50MB,files=1", 40000, 10000, 1000, 1000, PS_LIMIT_OUT_BYTES,
         PS_LIMIT_OUT_BYTES},
        {"shard_bytes=50MB,job_bytes=5GB", 40000, 0, 1250, 125000, PS_LIMIT_SHARD_BYTES,
         PS_LIMIT_JOB_BYTES},
        {"shard_bytes=50MB", 0, 0, INT64_MAX, INT64_MAX, PS_LIMIT_COUNT, PS_LIMIT_COUNT},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        enum ps_limit_key shard_key = PS_LIMIT_COUNT;
        enum ps_limit_key job_key = PS_LIMIT_COUNT;
        world_init(&world);
        const struct ps_supply_lane *const lane = world_add_lane(&world, rows[row].lane, 0);
        assert_int_equal(
            ps_supply_shard_records(lane, rows[row].bytes, rows[row].output_bytes, &shard_key),
            rows[row].shard_records);
        assert_int_equal(
            ps_supply_job_records(lane, rows[row].bytes, rows[row].output_bytes, &job_key),
            rows[row].job_records);
        assert_int_equal(shard_key, rows[row].shard_key);
        assert_int_equal(job_key, rows[row].job_key);
    }
}

/* 100 s at one a minute, less the more there is. */
static int64_t made_up_time(const void *const context, const struct ps_supply *const supply)
{
    int64_t ms = supply->lanes[0].startup_least_ms;
    (void)context;
    for (int key = PS_LIMIT_RPS; key <= PS_LIMIT_TPD; key++) {
        const int64_t limit = ps_supply_limit(&supply->lanes[0], (enum ps_limit_key)key, INT64_MAX);
        ms += 100000 / limit;
    }
    return ms;
}

static void names_the_limit_that_weighs_most(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        enum ps_limit_key key;
    } rows[] = {
        {"", PS_LIMIT_COUNT},
        {"tpm=50,rps=60", PS_LIMIT_TPM},
        {"tpm=60,rps=50", PS_LIMIT_RPS},
        {"tpm=50,rps=50", PS_LIMIT_TPM},
        {"tpm=3,rps=4", PS_LIMIT_TPM},
        {"tpm=10,startup=20s", PS_LIMIT_TPM},
        {"tpm=10,startup=21s", PS_LIMIT_STARTUP},
        {"tpd=100100", PS_LIMIT_COUNT},
        {"tpd=90000", PS_LIMIT_TPD}, /* lifted: a tenth more changes nothing */
        {"reset=00:01Z", PS_LIMIT_COUNT},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        world_init(&world);
        (void)world_add_lane(&world, rows[row].lane, 0);
        assert_int_equal(ps_supply_binding(&world.supply, made_up_time, NULL), rows[row].key);
    }
}

static void a_copy_is_its_own(void **state)
{
    (void)state;
    struct ps_supply copy PS_CLEANUP(ps_supply_release);
    world_init(&world);
    (void)world_add_lane(&world, "tpm=5,startup=1m", 0);
    ps_supply_copy(&world.supply, &copy);
    ps_supply_lift(&copy, PS_LIMIT_TPM);
    ps_supply_lift(&copy, PS_LIMIT_STARTUP);
    assert_int_equal(copy.lanes[0].limits[PS_LIMIT_TPM], PS_NO_LIMIT);
    assert_int_equal(copy.lanes[0].startup_least_ms, 0);
    assert_int_equal(world.lanes[0].limits[PS_LIMIT_TPM], 5);
    assert_int_equal(world.lanes[0].startup_least_ms, PS_MINUTE_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_the_lane_says),
        cmocka_unit_test(knows_the_first_change_of_day),
        cmocka_unit_test(holds_as_many_records_as_every_limit_allows),
        cmocka_unit_test(names_the_limit_that_weighs_most),
        cmocka_unit_test(a_copy_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
