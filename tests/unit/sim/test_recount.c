/*
 * Goal: whatever is accepted above a limit is found, and nothing else is.
 * Method: rows of a pool's uses, each with the limits and the breach that they must give, or none;
 * the same stretches just within the limit beside them. And pools that work by seed, whose own
 * account of what they used must never give one.
 */
#include "sim/recount.h"

#include "base/prng.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define START (INT64_C(20000) * PS_DAY_MS)
#define USES_MAX 4

static struct ps_recount_breach last;
static int64_t breaches;

static void found(void *const context, const struct ps_recount_breach *const breach)
{
    (void)context;
    last = *breach;
    breaches++;
}

static struct ps_recount_options with(struct ps_recount_options options)
{
    options.found = found;
    memset(&last, 0, sizeof last);
    breaches = 0;
    return options;
}

struct use_row {
    int64_t from_s;
    int64_t to_s;
    int64_t tokens;
    int64_t records;
};

static const struct {
    const char *name;
    struct ps_recount_options options;
    struct use_row uses[USES_MAX];
    const char *limit; /* NULL: none is passed */
    int64_t at_s;
    int64_t value;
} rows[] = {
    {"a minute at the rate", {.tpm = 600}, {{0, 60, 600, 1}}, NULL, 0, 0},
    {"a minute above it", {.tpm = 600}, {{0, 60, 602, 1}}, "tpm", 60, 602},
    {"an hour at the rate", {.tpm = 600}, {{0, 3600, 36000, 1}}, NULL, 0, 0},
    {"an hour above it", {.tpm = 600}, {{0, 3600, 37000, 1}}, "tpm", 3600, 616},
    {"half a minute at twice the rate, after a pause",
     {.tpm = 600},
     {{90, 120, 600, 1}},
     NULL,
     0,
     0},
    {"the same after half a minute of work",
     {.tpm = 600},
     {{60, 90, 300, 1}, {90, 120, 600, 1}},
     "tpm",
     120,
     900},
    {"a window that ends within a stretch",
     {.tpm = 600},
     {{0, 10, 500, 1}, {50, 300, 2500, 1}},
     NULL,
     0,
     0},
    {"and one that is too full there",
     {.tpm = 600},
     {{0, 10, 550, 1}, {50, 300, 2500, 1}},
     "tpm",
     60,
     650},
    {"a burst and the rate",
     {.tpm = 600, .burst_tokens = 100},
     {{0, 0, 100, 1}, {0, 60, 600, 1}},
     NULL,
     0,
     0},
    {"two bursts in a minute",
     {.tpm = 600, .burst_tokens = 100},
     {{0, 0, 400, 1}, {30, 30, 400, 1}},
     "tpm",
     30,
     800},
    {"a day's budget", {.tpd = 1000}, {{0, 40000, 500, 1}, {50000, 60000, 500, 1}}, NULL, 0, 0},
    {"a day's budget and two tokens",
     {.tpd = 1000},
     {{0, 40000, 500, 1}, {50000, 60000, 502, 1}},
     "tpd",
     60000,
     1002},
    {"the next day has its own",
     {.tpd = 1000},
     {{0, 100, 1000, 1}, {86400, 86500, 1000, 1}},
     NULL,
     0,
     0},
    {"a stretch over the turn counts in both",
     {.tpd = 1000},
     {{86000, 86800, 2000, 1}},
     NULL,
     0,
     0},
    {"too much on the second of its days",
     {.tpd = 1000},
     {{86000, 86800, 2000, 1}, {86800, 86900, 100, 1}},
     "tpd",
     86900,
     1100},
    {"the day turns at the account's hour",
     {.tpd = 1000, .reset_ms = PS_HOUR_MS},
     {{0, 100, 1000, 1}, {3600, 3700, 1000, 1}},
     NULL,
     0,
     0},
    {"records a second", {.rps = 5}, {{0, 100, 1, 500}}, NULL, 0, 0},
    {"too many of them", {.rps = 5}, {{0, 100, 1, 700}}, "rps", 100, 7},
};

static void each_limit_is_counted_anew(void **const state)
{
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct ps_recount recount;
        const struct ps_recount_options options = with(rows[row].options);
        ps_recount_init(&recount, &options, START);
        for (size_t place = 0; place < USES_MAX && rows[row].uses[place].tokens > 0; place++) {
            const struct use_row *const use = &rows[row].uses[place];
            ps_recount_use(&recount, &(struct ps_rates_use){START + use->from_s * PS_SECOND_MS,
                                                            START + use->to_s * PS_SECOND_MS,
                                                            use->tokens * PS_MICROS,
                                                            use->records * PS_MICROS});
        }
        if (breaches != (rows[row].limit == NULL ? 0 : 1)) {
            fail_msg("'%s': %lld breaches", rows[row].name, (long long)breaches);
        }
        if (rows[row].limit != NULL) {
            assert_string_equal(last.limit, rows[row].limit);
            assert_int_equal(last.at_ms, START + rows[row].at_s * PS_SECOND_MS);
            assert_int_equal(last.value, rows[row].value);
        }
        ps_recount_release(&recount);
    }
}

static void jobs_count_with_those_of_others(void **const state)
{
    (void)state;
    struct ps_recount recount;
    const struct ps_recount_options options = with((struct ps_recount_options){.jobs = 3});
    ps_recount_init(&recount, &options, START);
    ps_recount_jobs(&recount, START, 3, 0);
    assert_int_equal(breaches, 0);
    ps_recount_jobs(&recount, START + 1000, 2, 1);
    ps_recount_jobs(&recount, START + 2000, 1, 5); /* others come: nothing of ours was accepted */
    assert_int_equal(breaches, 0);
    ps_recount_jobs(&recount, START + 3000, 3, 1);
    assert_int_equal(breaches, 1);
    assert_string_equal(last.limit, "jobs");
    assert_int_equal(last.value, 4);
    assert_int_equal(recount.peak_jobs, 3);
    assert_int_equal(recount.jobs_ms, 3000 + 2000 + 1000);
    ps_recount_release(&recount);
}

static void sums_keep_their_rests(void **const state)
{
    (void)state;
    struct ps_recount recount;
    const struct ps_recount_options options = with((struct ps_recount_options){.jobs = 0});
    ps_recount_init(&recount, &options, START);
    for (int64_t third = 0; third < 9; third++) {
        ps_recount_use(&recount, &(struct ps_rates_use){START + third * PS_DAY_MS,
                                                        START + third * PS_DAY_MS + 5, 333334,
                                                        PS_MICROS / 3});
    }
    assert_int_equal(recount.tokens, 3);
    assert_int_equal(recount.records, 2);
    assert_int_equal(recount.days, 9);
    assert_int_equal(recount.first_ms, START);
    assert_int_equal(recount.last_ms, START + 8 * PS_DAY_MS + 5);
    ps_recount_release(&recount);
}

#define FLOWS_MAX 12

static void note_use(void *const context, const struct ps_rates_use *const use)
{
    ps_recount_use(context, use);
}

/* A pool of any kind with jobs that come at any time; false: something is still in it at the end.
 */
static bool work_by_seed(const uint64_t seed, int64_t *const ret_refused)
{
    struct ps_prng prng;
    ps_prng_init(&prng, seed);
    const struct ps_rates_others others[] = {{START + ps_prng_below(&prng, PS_DAY_MS),
                                              START + PS_DAY_MS + ps_prng_below(&prng, PS_DAY_MS),
                                              ps_prng_below(&prng, 900)}};
    struct ps_rates_flow flows[FLOWS_MAX];
    struct ps_recount recount;
    struct ps_rates rates;
    struct ps_rates_options options = {.tpm = ps_prng_below(&prng, 3) * ps_prng_below(&prng, 5000),
                                       .tpd = ps_prng_below(&prng, 2) * 20000 + 20000,
                                       .reset_ms = ps_prng_below(&prng, PS_DAY_MS),
                                       .rps = ps_prng_below(&prng, 4),
                                       .burst_tokens = ps_prng_below(&prng, 2) * 3000,
                                       .is_refusing = ps_prng_below(&prng, 3) == 0,
                                       .others = others,
                                       .other_count = (size_t)ps_prng_below(&prng, 2),
                                       .used = note_use,
                                       .context = &recount};
    const struct ps_recount_options limits =
        with((struct ps_recount_options){.tpm = options.tpm,
                                         .tpd = options.tpd,
                                         .reset_ms = options.reset_ms,
                                         .rps = options.rps,
                                         .burst_tokens = options.burst_tokens});
    ps_recount_init(&recount, &limits, START);
    ps_rates_init(&rates, &options, START);
    memset(flows, 0, sizeof flows);
    int64_t at_ms = START;
    for (size_t flow = 0; flow < FLOWS_MAX; flow++) {
        at_ms += ps_prng_below(&prng, 3) * ps_prng_below(&prng, 3 * PS_HOUR_MS);
        flows[flow].records = 1 + ps_prng_below(&prng, 100);
        flows[flow].tokens = flows[flow].records * (1 + ps_prng_below(&prng, 150));
        flows[flow].own_tpm =
            options.is_refusing ? 1 + ps_prng_below(&prng, 3000) : ps_prng_below(&prng, 2) * 500;
        ps_rates_add(&rates, &flows[flow], at_ms);
    }
    ps_rates_advance(&rates, at_ms + 60 * PS_DAY_MS);
    for (size_t flow = 0; flow < FLOWS_MAX; flow++) {
        for (size_t place = 0; ps_rates_flow_stretch(&flows[flow], place) != NULL; place++) {
            *ret_refused += ps_rates_flow_stretch(&flows[flow], place)->refused;
        }
        ps_rates_flow_release(&flows[flow]);
    }
    const bool is_empty = rates.flow_count == 0;
    ps_rates_release(&rates);
    ps_recount_release(&recount);
    return is_empty;
}

static void whatever_a_pool_does_it_passes_no_limit(void **const state)
{
    (void)state;
    int64_t refused = 0;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        if (!work_by_seed(seed, &refused) || breaches > 0) {
            fail_msg("seed %llu: %lld breaches, %s %lld", (unsigned long long)seed,
                     (long long)breaches, breaches > 0 ? last.limit : "", (long long)last.value);
        }
    }
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_limit_is_counted_anew),
                                       cmocka_unit_test(jobs_count_with_those_of_others),
                                       cmocka_unit_test(sums_keep_their_rests),
                                       cmocka_unit_test(whatever_a_pool_does_it_passes_no_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
