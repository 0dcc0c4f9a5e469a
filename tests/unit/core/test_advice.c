/*
 * Goal: what binds, what a deadline needs and what helps most are named as they are. Method: the
 * reference job's rows.
 */
#include "base/time.h"
#include "core/advice.h"
#include "plan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct world world;
static const struct ps_outline_options plain = {0};

static struct ps_advice advise(void)
{
    struct ps_outline outline PS_CLEANUP(ps_outline_release);
    struct ps_advice advice;
    ps_outline_find(&world.demand, &world.supply, &plain, &outline);
    ps_advice_find(&world.demand, &world.supply, &plain, &outline, &advice);
    return advice;
}

static const char *name_of(const enum ps_limit_key key)
{
    return key == PS_LIMIT_COUNT ? "none" : ps_limit_name(key);
}

static void names_what_binds(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        enum ps_limit_key binding;
        enum ps_limit_key next;
    } rows[] = {
        /* a day's cap below 1440 times the rate, everywhere in 10 to 50 M and 300 k to 3 M */
        {"tpm=300k,tpd=10M,jobs=10", PS_LIMIT_TPD, PS_LIMIT_TPM},
        {"tpm=300k,tpd=50M,jobs=10", PS_LIMIT_TPD, PS_LIMIT_TPM},
        {"tpm=3M,tpd=10M,jobs=10", PS_LIMIT_TPD, PS_LIMIT_TPM},
        {"tpm=3M,tpd=50M,jobs=10", PS_LIMIT_TPD, PS_LIMIT_TPM},
        {"tpm=3M,tpd=50M,jobs=10,files=1,shard_records=1000", PS_LIMIT_TPD, PS_LIMIT_TPM},
        {"tpm=3M,tpd=50M,rps=20,rps_counts=records,jobs=10", PS_LIMIT_TPD, PS_LIMIT_TPM},
        /* none, or one that is large enough: the rate */
        {"tpm=300k,tpd=432M,jobs=10", PS_LIMIT_TPM, PS_LIMIT_TPD},
        {"tpm=20M,jobs=10", PS_LIMIT_TPM, PS_LIMIT_COUNT},
        {"tpm=20M,rps=20,rps_counts=records,jobs=10", PS_LIMIT_RPS, PS_LIMIT_TPM},
        {"tpm=20M,rps=1,rps_counts=records,jobs=10", PS_LIMIT_RPS, PS_LIMIT_TPM},
        /* P = 5 min < 120 M / 20 M; 12 min > 6 */
        {"tpm=20M,jobs=10,files=1,shard_records=1000,startup=4m", PS_LIMIT_TPM, PS_LIMIT_JOBS},
        {"tpm=20M,jobs=10,files=1,shard_records=1000,startup=12m", PS_LIMIT_JOBS, PS_LIMIT_TPM},
        {"tpm=3M,jobs=10,files=1,shard_records=1000,startup=60m", PS_LIMIT_JOBS, PS_LIMIT_TPM},
        {"tpm=20M,jobs=10,files=5000,shard_records=1000,startup=12m", PS_LIMIT_TPM,
         PS_LIMIT_STARTUP},
        /* a job of one record is the smallest: there is no less to ask for */
        {"tpm=20M,min_records=1", PS_LIMIT_TPM, PS_LIMIT_COUNT},
        {"jobs=10,min_records=1", PS_LIMIT_COUNT, PS_LIMIT_COUNT},
        /* no day holds a job */
        {"tpm=3M,tpd=10M,jobs=10,files=1,shard_records=1000,min_records=1000", PS_LIMIT_TPD,
         PS_LIMIT_TPM},
        {"shard_bytes=1MB,files=1,min_records=100", PS_LIMIT_SHARD_BYTES, PS_LIMIT_COUNT},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        world_init_reference(&world, rows[row].lane);
        const struct ps_advice advice = advise();
        if (advice.binding != rows[row].binding || advice.next_binding != rows[row].next) {
            fail_msg("%s: %s binds, then %s", rows[row].lane, name_of(advice.binding),
                     name_of(advice.next_binding));
        }
    }
}

static void knows_what_a_deadline_needs(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t hours;
        struct ps_advice_needed needed;
    } rows[] = {
        {"tpm=3M,tpd=50M", 2, {20000000, 2400000000, 28, 1, 48}},
        {"tpm=3M", 2, {20000000, 2400000000, 28, 1, 7}},
        {"tpm=3M,burndown=5", 2, {33333334, 4000000000, 28, 1, 12}},
        {"tpm=3M,tpd=50M", 48 * 24, {34723, 50000000, 1, 1, 1}},
        {"tpm=3M,startup=1h", 2, {40000000, 2400000000, 56, 1, 14}},
        {"tpm=3M,startup=6m,files=1,shard_records=1000", 2, {21052632, 2400000000, 30, 11, 8}},
        {"tpm=3M,startup=2h", 2, {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_advice_needed needed;
        world_init_reference(&world, rows[row].lane);
        ps_advice_need(&world.demand, &world.supply, rows[row].hours * PS_HOUR_MS, &needed);
        if (memcmp(&needed, &rows[row].needed, sizeof(needed)) != 0) {
            fail_msg("%s: tpm %lld, tpd %lld, rps %lld, jobs %lld, lanes %lld", rows[row].lane,
                     (long long)needed.tpm, (long long)needed.tpd, (long long)needed.rps,
                     (long long)needed.jobs, (long long)needed.lanes);
        }
    }
}

/* 30 days need 93 lanes of 3 M at 12,000 tokens, 4 at 500. */
static void knows_how_many_lanes_a_billion_needs(void **state)
{
    (void)state;
    static const int64_t tokens[] = {12000, 500};
    static const int64_t lanes[] = {93, 4};
    for (size_t row = 0; row < 2; row++) {
        struct ps_advice_needed needed;
        world_init(&world);
        (void)world_add_lane(&world, "tpm=3M", 0);
        world_add_records(&world, 1000000000, tokens[row], 0, 10);
        ps_advice_need(&world.demand, &world.supply, 30 * PS_DAY_MS, &needed);
        assert_int_equal(needed.lanes, lanes[row]);
    }
}

static const struct ps_advice_help *find_help(const struct ps_advice *const advice,
                                              const enum ps_advice_kind kind,
                                              const enum ps_limit_key key)
{
    for (int64_t place = 0; place < advice->help_count; place++) {
        if (advice->helps[place].kind == kind && advice->helps[place].key == key) {
            return &advice->helps[place];
        }
    }
    return NULL;
}

static void what_helps_a_day_that_binds(void **state)
{
    (void)state;
    world_init_reference(&world, "tpm=3M,tpd=50M,jobs=10,startup=5m,reset=00:00Z");
    const struct ps_advice advice = advise();
    const struct ps_advice_help *const day = find_help(&advice, PS_ADVICE_LIMIT, PS_LIMIT_TPD);
    const struct ps_advice_help *const lane = find_help(&advice, PS_ADVICE_LANE, PS_LIMIT_COUNT);
    const struct ps_advice_help *const start = find_help(&advice, PS_ADVICE_START, PS_LIMIT_COUNT);
    assert_non_null(day);
    assert_int_equal(day->value_now, 50000000);
    assert_int_equal(day->value_then, 100000000);
    /* 48 days, then 24 */
    assert_int_equal((day->gain_ms + PS_HOUR_MS) / PS_DAY_MS, 24);
    assert_true(day->bound_ms <= day->ends_ms);
    assert_non_null(lane);
    assert_int_equal((lane->gain_ms + PS_HOUR_MS) / PS_DAY_MS, 24);
    assert_non_null(start);
    /* 5 min of start-up, 16 min 40 s of work, a minute: 23:37:20 */
    assert_int_equal(start->starts_at_ms, PS_DAY_MS - 22 * PS_MINUTE_MS - 40 * PS_SECOND_MS);
    assert_int_equal((start->gain_ms + PS_HOUR_MS) / PS_DAY_MS, 1);
    assert_null(find_help(&advice, PS_ADVICE_LIMIT, PS_LIMIT_JOBS));
    /* 4 min in 48 days are no help */
    assert_null(find_help(&advice, PS_ADVICE_LIMIT, PS_LIMIT_TPM));
    for (int64_t place = 1; place < advice.help_count; place++) {
        assert_true(advice.helps[place].gain_ms <= advice.helps[place - 1].gain_ms);
    }
}

static void what_helps_slots_that_bind(void **state)
{
    (void)state;
    world_init_reference(&world, "tpm=20M,jobs=10,files=1,shard_records=1000,startup=30m");
    const struct ps_advice advice = advise();
    assert_non_null(find_help(&advice, PS_ADVICE_LIMIT, PS_LIMIT_JOBS));
    assert_non_null(find_help(&advice, PS_ADVICE_LIMIT, PS_LIMIT_SHARD_RECORDS));
    assert_non_null(find_help(&advice, PS_ADVICE_LANE, PS_LIMIT_COUNT));
    assert_null(find_help(&advice, PS_ADVICE_START, PS_LIMIT_COUNT));
}

/* 1,000 records of 12,000 tokens at 10 M a day: nothing ends, and 20 M a day would. */
static void what_helps_where_nothing_fits(void **state)
{
    (void)state;
    world_init_reference(&world, "tpm=3M,tpd=10M,jobs=10,min_records=1000");
    const struct ps_advice advice = advise();
    assert_int_equal(advice.help_count, 1);
    assert_int_equal(advice.helps[0].key, PS_LIMIT_TPD);
    assert_int_equal(advice.helps[0].gain_ms, INT64_MAX);
    world_init_reference(&world, "tpm=3M");
    world.demand.all.records = 0;
    assert_int_equal(advise().help_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_what_binds),
        cmocka_unit_test(knows_what_a_deadline_needs),
        cmocka_unit_test(knows_how_many_lanes_a_billion_needs),
        cmocka_unit_test(what_helps_a_day_that_binds),
        cmocka_unit_test(what_helps_slots_that_bind),
        cmocka_unit_test(what_helps_where_nothing_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
