/*
 * Goal: every record has a lane that can hold it, and the lanes end together. Method: rows by hand;
 * drawn worlds against the invariants, and against the bound.
 */
#include "base/prng.h"
#include "base/time.h"
#include "core/bound.h"
#include "core/shares.h"
#include "plan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct world world;
static const struct ps_bound_options free_upload = {0};

static void divides_by_what_a_lane_can_have_done(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        const char *lanes[3];
        int64_t records[3];
    } rows[] = {
        {"by rate", {"tpm=3M", "tpm=1M", NULL}, {150000, 50000, 0}},
        {"one lane", {"tpm=3M", NULL, NULL}, {200000, 0, 0}},
        /* not by rate alone: 3 M a minute, but 50 M a day, of which a 500th stays free; 1 M a
         * minute does it in 40 h */
        {"a day's budget", {"tpm=3M,tpd=50M", "tpm=1M", NULL}, {8316, 191684, 0}},
        /* 1 h of start-up: 20 M * (T - 60) each, or 20 M * T */
        {"start-up", {"tpm=20M", "tpm=20M,startup=1h", NULL}, {150000, 50000, 0}},
        {"too small a part for a job",
         {"tpm=20M", "tpm=20M,startup=1h,min_records=60k", NULL},
         {200000, 0, 0}},
        {"requests",
         {"rps=3,rps_counts=records", "rps=1,rps_counts=records", NULL},
         {150000, 50000, 0}},
        {"what counts more", {"tpm=3M", "tpm=3M,burndown=5", NULL}, {125000, 75000, 0}},
        {"slots",
         {"jobs=1,job_records=1000,startup=1h", "jobs=3,job_records=1000,startup=1h"},
         {50000, 150000, 0}},
        {"no rate is known: by slots", {"jobs=1", "jobs=3", NULL}, {50000, 150000, 0}},
        {"or alike", {"jobs=7", "rps=1,rps_counts=none", NULL}, {100000, 100000, 0}},
        {"one is not known: as the fastest", {"tpm=3M", "tpm=1M", ""}, {85714, 28571, 85715}},
        {"by its day, a 500th of it free", {"tpd=1440M", "", NULL}, {119760, 80240, 0}},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_shares shares PS_CLEANUP(ps_shares_release);
        world_init(&world);
        for (int64_t lane = 0; lane < 3 && rows[row].lanes[lane] != NULL; lane++) {
            (void)world_add_lane(&world, rows[row].lanes[lane], lane);
        }
        world_add_records(&world, 200000, 10000, 2000, 40000);
        ps_shares_find(&world.demand, &world.supply, 0, &shares);
        for (int64_t lane = 0; lane < shares.lane_count; lane++) {
            const int64_t off = shares.lanes[lane].records - rows[row].records[lane];
            if (off < -2 || off > 2) {
                fail_msg("%s: lane %lld has %lld", rows[row].about, (long long)lane,
                         (long long)shares.lanes[lane].records);
            }
        }
        assert_int_equal(shares.left_records, 0);
    }
}

static void lanes_of_one_pool_are_no_more_than_one(void **state)
{
    (void)state;
    struct ps_shares shares PS_CLEANUP(ps_shares_release);
    world_init(&world);
    (void)world_add_lane(&world, "tpm=3M", 1);
    (void)world_add_lane(&world, "tpm=3M", 2);
    (void)world_add_lane(&world, "tpm=3M", 1);
    world_add_records(&world, 200000, 10000, 2000, 40000);
    ps_shares_find(&world.demand, &world.supply, 0, &shares);
    assert_in_range(shares.lanes[0].records + shares.lanes[2].records, 99998, 100002);
    assert_in_range(shares.ends_ms, 400 * PS_MINUTE_MS - 1000, 400 * PS_MINUTE_MS + 1000);
}

static void long_records_go_where_they_fit(void **state)
{
    (void)state;
    struct ps_shares shares PS_CLEANUP(ps_shares_release);
    world_init(&world);
    (void)world_add_lane(&world, "tpm=1M,context=50k", 0);
    (void)world_add_lane(&world, "tpm=1M,context=5k", 1);
    world_add_records(&world, 3000, 1000, 0, 10);
    world_add_records(&world, 100, 20000, 0, 10);
    world_add_records(&world, 7, 90000, 0, 10);
    ps_shares_find(&world.demand, &world.supply, 0, &shares);
    /* 5 M tokens: 2.5 M each; 2 M of the first lane's are the long ones */
    assert_in_range(shares.lanes[0].records, 100 + 498, 100 + 502);
    assert_int_equal(shares.lanes[0].most.input_tokens, 20000);
    assert_int_equal(shares.lanes[1].most.input_tokens, 1000);
    assert_int_equal(shares.left_records, 7);
    assert_int_equal(shares.ends_ms, INT64_MAX);
}

static void the_cheapest_is_first_where_the_deadline_leaves_room(void **state)
{
    (void)state;
    static const struct {
        int64_t deadline_ms;
        int64_t cheap;
        bool is_cheapest;
    } rows[] = {
        {0, 100000, false},
        {400 * PS_MINUTE_MS + 1000, 100000, true},
        {600 * PS_MINUTE_MS, 150000, true},
        {800 * PS_MINUTE_MS, 200000, true},
        {300 * PS_MINUTE_MS, 100000, false}, /* cannot be met: as soon as possible */
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_shares shares PS_CLEANUP(ps_shares_release);
        world_init(&world);
        world_add_lane(&world, "tpm=3M", 0)->input_usd_micros = 5000000;
        world_add_lane(&world, "tpm=3M", 1)->input_usd_micros = 2500000;
        world_add_records(&world, 200000, 10000, 2000, 40000);
        ps_shares_find(&world.demand, &world.supply, rows[row].deadline_ms, &shares);
        assert_int_equal(shares.is_cheapest, rows[row].is_cheapest);
        assert_in_range(shares.lanes[1].records, rows[row].cheap - 300, rows[row].cheap + 300);
        assert_int_equal(shares.lanes[0].records + shares.lanes[1].records, 200000);
    }
}

static void a_deadline_tells_nothing_where_no_rate_is_known(void **state)
{
    (void)state;
    struct ps_shares shares PS_CLEANUP(ps_shares_release);
    world_init(&world);
    world_add_lane(&world, "", 0)->input_usd_micros = 5000000;
    (void)world_add_lane(&world, "", 1);
    world_add_records(&world, 200000, 10000, 2000, 40000);
    ps_shares_find(&world.demand, &world.supply, 800 * PS_MINUTE_MS, &shares);
    assert_false(shares.is_cheapest);
    assert_in_range(shares.lanes[0].records, 99998, 100002);
    assert_int_equal(shares.ends_ms, INT64_MAX);
    assert_int_equal(shares.left_records, 0);
}

/* 200,000 records of 10,000 + 2,000 tokens at 0.5 and 2.5 dollars a million. */
static void knows_what_it_costs(void **state)
{
    (void)state;
    world_init_reference(&world, "");
    world.lanes[0].input_usd_micros = 500000;
    world.lanes[0].output_usd_micros = 2500000;
    assert_int_equal(ps_shares_cost(&world.lanes[0], &world.demand.all), 2000 * INT64_C(1000000));
}

static void draw_world(struct ps_prng *const prng)
{
    const int64_t lanes = 1 + ps_prng_below(prng, 6);
    world_init(&world);
    for (int64_t place = 0; place < lanes; place++) {
        struct ps_supply_lane *const lane = world_add_lane(&world, "", ps_prng_below(prng, 6));
        lane->limits[PS_LIMIT_TPM] = 10000 + ps_prng_below(prng, 1000000);
        lane->limits[PS_LIMIT_STARTUP] = ps_prng_below(prng, PS_HOUR_MS);
        lane->limits[PS_LIMIT_CONTEXT] = ps_prng_below(prng, 2) == 0 ? 1000 : 5000;
        lane->limits[PS_LIMIT_MIN_RECORDS] = 1 + ps_prng_below(prng, 100);
        if (ps_prng_below(prng, 2) == 0) {
            lane->limits[PS_LIMIT_TPD] = 100000 + ps_prng_below(prng, 100000000);
        }
        if (ps_prng_below(prng, 2) == 0) {
            lane->limits[PS_LIMIT_JOBS] = 1 + ps_prng_below(prng, 10);
            lane->limits[PS_LIMIT_JOB_RECORDS] = 100 + ps_prng_below(prng, 1000);
        }
        lane->startup_least_ms = lane->limits[PS_LIMIT_STARTUP];
    }
    /* one pool, one set of limits */
    for (int64_t place = 0; place < lanes; place++) {
        int64_t first = 0;
        while (world.lanes[first].pool != world.lanes[place].pool) {
            first++;
        }
        world.lanes[place] = world.lanes[first];
    }
    world_add_records(&world, 1 + ps_prng_below(prng, 30000), 700, 100, 10);
    world_add_records(&world, 1 + ps_prng_below(prng, 3000), 4000, 500, 10);
}

static void holds_the_invariants_for_drawn_worlds(void **state)
{
    (void)state;
    int64_t whole = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct ps_shares shares PS_CLEANUP(ps_shares_release);
        struct ps_prng prng;
        int64_t records = 0;
        int64_t tokens = 0;
        ps_prng_init(&prng, seed);
        draw_world(&prng);
        ps_shares_find(&world.demand, &world.supply, 0, &shares);
        for (int64_t place = 0; place < shares.lane_count; place++) {
            const struct ps_demand_class *const part = &shares.lanes[place];
            const struct ps_supply_lane *const lane = &world.lanes[place];
            records += part->records;
            tokens += part->input_tokens;
            assert_true(part->most.input_tokens + part->most.output_tokens_max <=
                        lane->limits[PS_LIMIT_CONTEXT]);
            assert_true(part->records == 0 || part->records >= lane->limits[PS_LIMIT_MIN_RECORDS]);
        }
        assert_int_equal(records + shares.left_records, world.demand.all.records);
        if (shares.left_records == 0) {
            whole++;
            assert_int_equal(tokens, world.demand.all.input_tokens);
            /* nobody ends before the bound, but for a record or two that rounding adds */
            struct ps_bound bound;
            ps_bound_find(&world.demand, &world.supply, &free_upload, &bound);
            if (shares.ends_ms < bound.ms - PS_MINUTE_MS) {
                fail_msg("seed %lld: %lld, bound %lld by %s", (long long)seed,
                         (long long)shares.ends_ms, (long long)bound.ms,
                         ps_bound_part_name(bound.part));
            }
        }
    }
    assert_true(whole > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divides_by_what_a_lane_can_have_done),
        cmocka_unit_test(lanes_of_one_pool_are_no_more_than_one),
        cmocka_unit_test(long_records_go_where_they_fit),
        cmocka_unit_test(the_cheapest_is_first_where_the_deadline_leaves_room),
        cmocka_unit_test(a_deadline_tells_nothing_where_no_rate_is_known),
        cmocka_unit_test(knows_what_it_costs),
        cmocka_unit_test(holds_the_invariants_for_drawn_worlds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
