/*
 * Goal: work takes exactly as long as the limits say, no longer and no less, and no limit is
 * passed. Method: figures worked out by hand, each beside its row; a pool's own account of what it
 * used is added up day by day and minute by minute.
 */
#include "sim/rates.h"

#include "base/prng.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

/* Wednesday, 2026-01-14 00:00 UTC. */
#define DAY INT64_C(1768348800000)
#define FOREVER (DAY + 100000 * PS_DAY_MS)
#define JOBS_MAX 24
#define DAYS_MAX 80

struct bench {
    struct ps_rates rates;
    struct ps_rates_flow flows[JOBS_MAX];
    int64_t ended_ms[JOBS_MAX];
    int64_t day_micros[DAYS_MAX];
    int64_t all_micros;
    int64_t record_micros;
    int64_t reset_ms;
};

static void used(void *const context, const struct ps_rates_use *const use)
{
    struct bench *const bench = context;
    assert_true(use->from_ms <= use->to_ms);
    assert_true(use->token_micros >= 0 && use->record_micros >= 0);
    const int64_t day = (use->from_ms - bench->reset_ms - DAY + PS_DAY_MS) / PS_DAY_MS;
    assert_true(day >= 0 && day < DAYS_MAX);
    bench->day_micros[day] += use->token_micros;
    bench->all_micros += use->token_micros;
    bench->record_micros += use->record_micros;
}

static void begin(struct bench *const bench, const struct ps_rates_options *const options,
                  const int64_t at_ms)
{
    memset(bench, 0, sizeof *bench);
    struct ps_rates_options own = *options;
    own.used = used;
    own.context = bench;
    own.keeps_points = true;
    bench->reset_ms = options->reset_ms;
    ps_rates_init(&bench->rates, &own, at_ms);
}

static void end(struct bench *const bench)
{
    for (size_t job = 0; job < JOBS_MAX; job++) {
        ps_rates_flow_release(&bench->flows[job]);
    }
    ps_rates_release(&bench->rates);
}

static void add(struct bench *const bench, const size_t job, const int64_t records,
                const int64_t tokens, const int64_t at_ms)
{
    bench->flows[job].records = records;
    bench->flows[job].tokens = tokens;
    ps_rates_add(&bench->rates, &bench->flows[job], at_ms);
}

static void take_done(struct bench *const bench)
{
    for (struct ps_rates_flow *flow = ps_rates_pop(&bench->rates); flow != NULL;
         flow = ps_rates_pop(&bench->rates)) {
        bench->ended_ms[flow - bench->flows] = bench->rates.now_ms;
    }
}

static void run_until(struct bench *const bench, const int64_t until_ms)
{
    take_done(bench);
    while (ps_rates_next_ms(&bench->rates) <= until_ms) {
        ps_rates_advance(&bench->rates, ps_rates_next_ms(&bench->rates));
        take_done(bench);
    }
    ps_rates_advance(&bench->rates, until_ms);
}

static void one_job_has_the_whole_rate(void **const state)
{
    (void)state;
    struct bench bench;
    /* 1,000 records of 12,000 tokens: 12 M at 3 M a minute are 4 minutes. */
    begin(&bench, &(struct ps_rates_options){.tpm = 3000000}, DAY);
    add(&bench, 0, 1000, 12000000, DAY);
    run_until(&bench, DAY + PS_MINUTE_MS);
    assert_int_equal(ps_rates_flow_records(&bench.flows[0]), 250);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 4 * PS_MINUTE_MS);
    assert_int_equal(bench.all_micros, 12000000 * PS_MICROS);
    assert_int_equal(bench.record_micros / 1000000, 1000);
    end(&bench);
}

static void running_jobs_share_equally_and_one_that_ends_leaves_its_share(void **const state)
{
    (void)state;
    struct bench bench;
    /*
     * 3 M a minute. A (6 M) alone for 1 min: 3 left. Then with B (6 M): 1.5 M each; A ends after 2
     * min, B has 3 left, alone: 1 min. A at 3, B at 4.
     */
    begin(&bench, &(struct ps_rates_options){.tpm = 3000000}, DAY);
    add(&bench, 0, 500, 6000000, DAY);
    add(&bench, 1, 500, 6000000, DAY + PS_MINUTE_MS);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 3 * PS_MINUTE_MS);
    assert_int_equal(bench.ended_ms[1], DAY + 4 * PS_MINUTE_MS);
    assert_int_equal(ps_rates_flow_at_ms(&bench.flows[0], 3000000), DAY + PS_MINUTE_MS);
    assert_int_equal(ps_rates_flow_at_ms(&bench.flows[0], 4500000), DAY + 2 * PS_MINUTE_MS);
    assert_int_equal(ps_rates_flow_at_ms(&bench.flows[1], 3000000), DAY + 3 * PS_MINUTE_MS);
    end(&bench);
}

static void a_job_that_is_taken_out_leaves_its_share_too(void **const state)
{
    (void)state;
    struct bench bench;
    /* Both at 1.5 M; A is stopped after 2 min at 3 M of 6; B: 3 M left at 3 M: ends at 3. */
    begin(&bench, &(struct ps_rates_options){.tpm = 3000000}, DAY);
    add(&bench, 0, 500, 6000000, DAY);
    add(&bench, 1, 500, 6000000, DAY);
    ps_rates_remove(&bench.rates, &bench.flows[0], DAY + 2 * PS_MINUTE_MS);
    ps_rates_remove(&bench.rates, &bench.flows[0], DAY + 2 * PS_MINUTE_MS);
    assert_int_equal(ps_rates_flow_records(&bench.flows[0]), 250);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], 0);
    assert_int_equal(bench.ended_ms[1], DAY + 3 * PS_MINUTE_MS);
    end(&bench);
}

static void a_day_holds_whole_records_only(void **const state)
{
    static const struct {
        const char *name;
        int64_t tpd;
        int64_t per_day; /* floor(tpd / 12,000) */
        int64_t days;    /* ceil(200,000 / per_day): reliability.md, 13.3 */
    } rows[] = {
        {"50 M: 49 days, not the 48 of the fluid", 50000000, 4166, 49},
        {"40 M", 40000000, 3333, 61},
        {"100 M", 100000000, 8333, 25},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        for (size_t jobs = 1; jobs <= 10; jobs += 3) {
            struct bench bench;
            begin(&bench, &(struct ps_rates_options){.tpm = 3000000, .tpd = rows[row].tpd}, DAY);
            int64_t records = 200000;
            for (size_t job = 0; job < jobs; job++) {
                const int64_t part = job + 1 < jobs ? 200000 / (int64_t)jobs : records;
                add(&bench, job, part, part * 12000, DAY);
                records -= part;
            }
            run_until(&bench, FOREVER);
            /* What is under way at the budget's end is owed, so the first day may lead by less
             * than a record; the sum may not. */
            int64_t days = 0;
            for (int64_t day = 0; day < DAYS_MAX; day++) {
                assert_true(bench.day_micros[day] <= rows[row].tpd * PS_MICROS);
                days += bench.day_micros[day] > 0 ? 1 : 0;
            }
            assert_int_equal(days, rows[row].days);
            assert_int_equal(bench.all_micros, INT64_C(2400000000) * PS_MICROS);
            int64_t last_ms = 0;
            for (size_t job = 0; job < jobs; job++) {
                last_ms = bench.ended_ms[job] > last_ms ? bench.ended_ms[job] : last_ms;
            }
            /* The last day's rest at 3 M a minute. */
            const int64_t rest = 200000 - (rows[row].days - 1) * rows[row].per_day;
            const int64_t due_ms = DAY + (rows[row].days - 1) * PS_DAY_MS + rest * 12000 / 50;
            assert_in_range(last_ms, due_ms, due_ms + 2);
            end(&bench);
        }
    }
}

static void a_record_under_way_at_the_turn_counts_in_the_new_day(void **const state)
{
    (void)state;
    struct bench bench;
    /*
     * A day holds one record of 12,000 and a half. Half a minute before the turn one is begun: it
     * ends in the new day, which then has no room for a second one. The others wait a day each.
     */
    begin(&bench, &(struct ps_rates_options){.tpm = 12000, .tpd = 18000}, DAY - 30 * PS_SECOND_MS);
    add(&bench, 0, 3, 36000, DAY - 30 * PS_SECOND_MS);
    run_until(&bench, DAY + PS_HOUR_MS);
    assert_int_equal(ps_rates_flow_records(&bench.flows[0]), 1);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 2 * PS_DAY_MS + PS_MINUTE_MS);
    end(&bench);
}

static void the_day_turns_when_the_account_says(void **const state)
{
    (void)state;
    struct bench bench;
    /* 10 M a day, 1 M a minute, from 23:20: 10 M until 23:30; the turn at 23:40 gives 10 M more. */
    const int64_t begin_ms = DAY + 23 * PS_HOUR_MS + 20 * PS_MINUTE_MS;
    begin(&bench,
          &(struct ps_rates_options){
              .tpm = 1000000, .tpd = 10000000, .reset_ms = 23 * PS_HOUR_MS + 40 * PS_MINUTE_MS},
          begin_ms);
    add(&bench, 0, 1500, 15000000, begin_ms);
    run_until(&bench, begin_ms + 15 * PS_MINUTE_MS);
    assert_int_equal(ps_rates_flow_records(&bench.flows[0]), 1000);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], begin_ms + 25 * PS_MINUTE_MS);
    end(&bench);
}

static void a_smaller_record_uses_what_is_left_of_the_day(void **const state)
{
    (void)state;
    struct bench bench;
    /* 100 a day: A's records of 60 leave 40; B's of 20 use them. The next day A needs 60 more. */
    begin(&bench, &(struct ps_rates_options){.tpm = 60000, .tpd = 100}, DAY);
    add(&bench, 0, 2, 120, DAY);
    run_until(&bench, DAY + PS_HOUR_MS);
    assert_int_equal(ps_rates_flow_records(&bench.flows[0]), 1);
    add(&bench, 1, 2, 40, DAY + PS_HOUR_MS);
    run_until(&bench, DAY + 2 * PS_HOUR_MS);
    assert_int_equal(ps_rates_flow_records(&bench.flows[1]), 2);
    assert_in_range(bench.ended_ms[1], DAY + PS_HOUR_MS, DAY + PS_HOUR_MS + PS_SECOND_MS);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + PS_DAY_MS + 60);
    end(&bench);
}

static void what_a_record_had_before_the_turn_is_not_lost(void **const state)
{
    (void)state;
    struct bench bench;
    /*
     * 1 a ms, 140 a day. A (2 records of 50) and B (1 of 100) begin 100 ms before the turn: 50
     * each. Of the new day B's 50 are taken; both work for 90 ms; then A's record fits, B's does
     * not and goes back to 50. On the next day it needs 50 more.
     */
    begin(&bench, &(struct ps_rates_options){.tpm = 60000, .tpd = 140}, DAY - 100);
    add(&bench, 0, 2, 100, DAY - 100);
    add(&bench, 1, 1, 100, DAY - 100);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 95);
    assert_int_equal(bench.ended_ms[1], DAY + PS_DAY_MS + 50);
    assert_int_equal(bench.all_micros, 200 * PS_MICROS);
    end(&bench);
}

static void who_leaves_gives_back_what_was_kept_for_him(void **const state)
{
    (void)state;
    struct bench bench;
    /*
     * 1 a ms, 99 a day, three jobs with records of 50: after 99 ms all are at 33, and only A's
     * record still fits. A is taken out 1 ms later, at 34: the 65 that are left hold B's.
     */
    begin(&bench, &(struct ps_rates_options){.tpm = 60000, .tpd = 99}, DAY);
    for (size_t job = 0; job < 3; job++) {
        add(&bench, job, 2, 100, DAY);
    }
    run_until(&bench, DAY + 99);
    ps_rates_remove(&bench.rates, &bench.flows[0], DAY + 100);
    run_until(&bench, DAY + PS_HOUR_MS);
    assert_int_equal(ps_rates_flow_records(&bench.flows[1]), 1);
    assert_int_equal(ps_rates_flow_records(&bench.flows[2]), 0);
    end(&bench);
}

static void a_record_that_waits_takes_its_way_with_it(void **const state)
{
    (void)state;
    struct bench bench;
    /*
     * 1 a ms, 100 a day. A's first record of 60 ends at 60 ms; it is at 80 when B (5 tokens) comes
     * and at 95 when the day is spent: its second record is of the next day, from its first token
     * on.
     */
    begin(&bench, &(struct ps_rates_options){.tpm = 60000, .tpd = 100}, DAY);
    add(&bench, 0, 2, 120, DAY);
    add(&bench, 1, 1, 5, DAY + 80);
    run_until(&bench, FOREVER);
    assert_int_equal(ps_rates_flow_at_ms(&bench.flows[0], 60), DAY + 60);
    assert_int_equal(ps_rates_flow_at_ms(&bench.flows[0], 61), DAY + PS_DAY_MS + 1);
    assert_int_equal(bench.ended_ms[0], DAY + PS_DAY_MS + 60);
    assert_int_equal(bench.ended_ms[1], DAY + 90);
    end(&bench);
}

static void a_record_larger_than_a_day_never_ends(void **const state)
{
    (void)state;
    struct bench bench;
    begin(&bench, &(struct ps_rates_options){.tpm = 60000, .tpd = 50}, DAY);
    add(&bench, 0, 2, 120, DAY);
    run_until(&bench, DAY + 30 * PS_DAY_MS);
    assert_int_equal(ps_rates_flow_records(&bench.flows[0]), 0);
    assert_int_equal(bench.ended_ms[0], 0);
    end(&bench);
}

static void requests_a_second_count_records(void **const state)
{
    (void)state;
    struct bench bench;
    /* 1 a second, two jobs: 3,600 records of any size are an hour, whatever tpm allows. */
    begin(&bench, &(struct ps_rates_options){.tpm = 1000000000, .rps = 1}, DAY);
    add(&bench, 0, 1800, 1800 * 12000, DAY);
    add(&bench, 1, 1800, 1800 * 12000, DAY);
    run_until(&bench, FOREVER);
    assert_in_range(bench.ended_ms[0], DAY + PS_HOUR_MS, DAY + PS_HOUR_MS + 10);
    assert_in_range(bench.ended_ms[1], DAY + PS_HOUR_MS, DAY + PS_HOUR_MS + 10);
    end(&bench);
}

static void a_burst_goes_at_once_and_gathers_again(void **const state)
{
    (void)state;
    struct bench bench;
    /* Reliability.md, section 9: r = 1, b = 10, D = 12, W = 24 ends at 1,442 min: 10 + 2 on the
     * first day, the same on the second. */
    begin(&bench, &(struct ps_rates_options){.tpm = 1, .tpd = 12, .burst_tokens = 10}, DAY);
    add(&bench, 0, 24, 24, DAY);
    assert_int_equal(ps_rates_flow_records(&bench.flows[0]), 10);
    run_until(&bench, FOREVER);
    assert_in_range(bench.ended_ms[0], DAY + 1442 * PS_MINUTE_MS, DAY + 1442 * PS_MINUTE_MS + 2);
    end(&bench);
}

static void a_job_may_have_a_speed_of_its_own(void **const state)
{
    (void)state;
    struct bench bench;
    begin(&bench, &(struct ps_rates_options){.tpm = 3000000}, DAY);
    bench.flows[0].own_tpm = 100000;
    add(&bench, 0, 100, 1000000, DAY);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 10 * PS_MINUTE_MS);
    end(&bench);
}

static void without_any_limit_work_takes_no_time(void **const state)
{
    (void)state;
    struct bench bench;
    begin(&bench, &(struct ps_rates_options){.tpm = 0}, DAY);
    add(&bench, 0, 100, 1000000, DAY + 5);
    add(&bench, 1, 100, 0, DAY + 5);
    assert_int_equal(ps_rates_next_ms(&bench.rates), DAY + 5);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 5);
    assert_int_equal(bench.ended_ms[1], DAY + 5);
    end(&bench);
}

static void others_take_their_share_while_they_are_there(void **const state)
{
    (void)state;
    struct bench bench;
    /* Half of 1 M a minute is gone between minutes 2 and 6: 2 + 4 * 0.5 + 1 = 5 M in 7 min. */
    const struct ps_rates_others others[] = {{DAY + 2 * PS_MINUTE_MS, DAY + 6 * PS_MINUTE_MS, 500}};
    begin(&bench, &(struct ps_rates_options){.tpm = 1000000, .others = others, .other_count = 1},
          DAY);
    add(&bench, 0, 500, 5000000, DAY);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 7 * PS_MINUTE_MS);
    end(&bench);
    /* Two days at 250 permille: of 100 a day 75 are left, and 160 need a third day. */
    const struct ps_rates_others all[] = {{DAY, DAY + 2 * PS_DAY_MS, 250}};
    begin(&bench, &(struct ps_rates_options){.tpd = 100, .others = all, .other_count = 1}, DAY);
    add(&bench, 0, 160, 160, DAY);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 2 * PS_DAY_MS);
    end(&bench);
}

static int64_t refused_of(const struct ps_rates_flow *const flow, int64_t *const ret_counted)
{
    int64_t refused = 0;
    int64_t next = 0;
    *ret_counted = 0;
    for (size_t place = 0; ps_rates_flow_stretch(flow, place) != NULL; place++) {
        const struct ps_rates_stretch *const stretch = ps_rates_flow_stretch(flow, place);
        assert_int_equal(stretch->first, next);
        next = stretch->end;
        refused += stretch->refused;
        for (int64_t record = stretch->first; record < stretch->end; record++) {
            *ret_counted += ps_rates_stretch_refuses(stretch, record) ? 1 : 0;
        }
    }
    assert_int_equal(next, ps_rates_flow_records(flow));
    return refused;
}

static void a_pool_that_refuses_fails_what_exceeds_its_rate(void **const state)
{
    (void)state;
    struct bench bench;
    /*
     * Two jobs at 1 M a minute each against 1.5 M: a quarter of both is refused while both run. A
     * (2 M, 200 records) ends after 2 min: 50 refused. B (3 M): 50 of its first 200, none of the
     * last 100.
     */
    begin(&bench, &(struct ps_rates_options){.tpm = 1500000, .is_refusing = true}, DAY);
    bench.flows[0].own_tpm = 1000000;
    bench.flows[1].own_tpm = 1000000;
    add(&bench, 0, 200, 2000000, DAY);
    add(&bench, 1, 300, 3000000, DAY);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 2 * PS_MINUTE_MS);
    assert_int_equal(bench.ended_ms[1], DAY + 3 * PS_MINUTE_MS);
    int64_t counted = 0;
    assert_int_equal(refused_of(&bench.flows[0], &counted), 50);
    assert_int_equal(counted, 50);
    for (int64_t record = 0; record < 200; record += 4) { /* evenly: one of each four */
        int64_t of_four = 0;
        for (int64_t next = record; next < record + 4; next++) {
            of_four += ps_rates_stretch_refuses(bench.flows[0].stretches, next) ? 1 : 0;
        }
        assert_int_equal(of_four, 1);
    }
    assert_int_equal(refused_of(&bench.flows[1], &counted), 50);
    assert_int_equal(counted, 50);
    assert_int_equal(bench.all_micros, INT64_C(4000000) * PS_MICROS);
    end(&bench);
}

static void a_pool_that_refuses_fails_everything_once_its_day_is_spent(void **const state)
{
    (void)state;
    struct bench bench;
    /* 1 M a minute, 4 M a day: of 10 M the last 6 are refused, and it takes 10 min. */
    begin(&bench, &(struct ps_rates_options){.tpd = 4000000, .is_refusing = true}, DAY);
    bench.flows[0].own_tpm = 1000000;
    add(&bench, 0, 1000, 10000000, DAY);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 10 * PS_MINUTE_MS);
    int64_t counted = 0;
    assert_int_equal(refused_of(&bench.flows[0], &counted), 600);
    assert_int_equal(bench.day_micros[1], INT64_C(4000000) * PS_MICROS);
    end(&bench);
}

static void refused_requests_a_second(void **const state)
{
    (void)state;
    struct bench bench;
    /* 100 records a minute are tried, 60 allowed: 40 of each 100 are refused. */
    begin(&bench, &(struct ps_rates_options){.rps = 1, .is_refusing = true}, DAY);
    bench.flows[0].own_tpm = 1000000;
    add(&bench, 0, 500, 5000000, DAY);
    run_until(&bench, FOREVER);
    assert_int_equal(bench.ended_ms[0], DAY + 5 * PS_MINUTE_MS);
    int64_t counted = 0;
    assert_int_equal(refused_of(&bench.flows[0], &counted), 200);
    end(&bench);
}

/* Any pool, any jobs: it ends, everything is worked once, and no day holds more than its budget. */
static void whatever_comes_no_budget_is_passed(void **const state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct bench bench;
        struct ps_prng prng;
        ps_prng_init(&prng, seed);
        const int64_t tpd = 2000 + ps_prng_below(&prng, 20000);
        begin(&bench,
              &(struct ps_rates_options){.tpm = ps_prng_below(&prng, 4) * ps_prng_below(&prng, 300),
                                         .tpd = tpd,
                                         .rps = ps_prng_below(&prng, 3),
                                         .burst_tokens =
                                             ps_prng_below(&prng, 2) * ps_prng_below(&prng, 900),
                                         .reset_ms = ps_prng_below(&prng, PS_DAY_MS)},
              DAY);
        int64_t at_ms = DAY;
        int64_t tokens = 0;
        const size_t jobs = 1 + (size_t)ps_prng_below(&prng, JOBS_MAX);
        for (size_t job = 0; job < jobs; job++) {
            at_ms += ps_prng_below(&prng, 3) * ps_prng_below(&prng, PS_HOUR_MS);
            run_until(&bench, at_ms);
            const int64_t records = 1 + ps_prng_below(&prng, 50);
            const int64_t job_tokens = records * (1 + ps_prng_below(&prng, 150));
            add(&bench, job, records, job_tokens, at_ms);
            tokens += job_tokens;
        }
        run_until(&bench, DAY + (DAYS_MAX - 2) * PS_DAY_MS);
        assert_int_equal(bench.all_micros, tokens * PS_MICROS);
        for (size_t job = 0; job < jobs; job++) {
            assert_true(bench.ended_ms[job] > 0);
        }
        for (int64_t day = 0; day < DAYS_MAX; day++) {
            assert_true(bench.day_micros[day] <= tpd * PS_MICROS);
        }
        end(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_job_has_the_whole_rate),
        cmocka_unit_test(running_jobs_share_equally_and_one_that_ends_leaves_its_share),
        cmocka_unit_test(a_job_that_is_taken_out_leaves_its_share_too),
        cmocka_unit_test(a_day_holds_whole_records_only),
        cmocka_unit_test(a_record_under_way_at_the_turn_counts_in_the_new_day),
        cmocka_unit_test(the_day_turns_when_the_account_says),
        cmocka_unit_test(a_smaller_record_uses_what_is_left_of_the_day),
        cmocka_unit_test(what_a_record_had_before_the_turn_is_not_lost),
        cmocka_unit_test(who_leaves_gives_back_what_was_kept_for_him),
        cmocka_unit_test(a_record_that_waits_takes_its_way_with_it),
        cmocka_unit_test(a_record_larger_than_a_day_never_ends),
        cmocka_unit_test(requests_a_second_count_records),
        cmocka_unit_test(a_burst_goes_at_once_and_gathers_again),
        cmocka_unit_test(a_job_may_have_a_speed_of_its_own),
        cmocka_unit_test(without_any_limit_work_takes_no_time),
        cmocka_unit_test(others_take_their_share_while_they_are_there),
        cmocka_unit_test(a_pool_that_refuses_fails_what_exceeds_its_rate),
        cmocka_unit_test(a_pool_that_refuses_fails_everything_once_its_day_is_spent),
        cmocka_unit_test(refused_requests_a_second),
        cmocka_unit_test(whatever_comes_no_budget_is_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
