/*
 * Goal: every record is in one place at a time, and ends once. Method: small cuts and readings by
 * hand; then drawn histories held against an array with one cell a record.
 */
#include "app/forecast_book.h"
#include "base/prng.h"
#include "core/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct ps_entry entry = {.sent_bytes = 10, .input_tokens = 1};

static struct ps_lane lane_of(const char *const text)
{
    struct ps_lane lane;
    struct ps_error error;
    ps_lane_init(&lane, "a");
    assert_int_equal(ps_lane_parse(&lane, ps_str_of(text), &error), PS_OK);
    return lane;
}

static struct ps_book_counts counts_of(const struct ps_forecast_book *const book)
{
    struct ps_book_counts counts;
    ps_forecast_book_counts(book, &counts);
    return counts;
}

/* Cuts all that is unsent; returns how many jobs that made. */
static int64_t cut_for(struct ps_forecast_book *const book, const char *const limits,
                       const int64_t first_number, const int64_t lane_count)
{
    struct ps_allotment allotment PS_CLEANUP(ps_allotment_release);
    struct ps_error error;
    const struct ps_lane lane = lane_of(limits);
    /* Two lanes of different shares, or one. */
    const struct ps_allot_lane lanes[] = {{&lane, 1, {0}}, {&lane, 2, {0}}};
    const struct ps_plan_records records = {.end = counts_of(book).unsent, .alike = &entry};
    ps_allotment_init(&allotment);
    assert_int_equal(ps_allot(&allotment, &records, lanes, lane_count, &error), PS_OK);
    ps_forecast_book_cut(book, &allotment, first_number);
    return allotment.job_count;
}

static int64_t cut(struct ps_forecast_book *const book, const char *const limits,
                   const int64_t first_number)
{
    return cut_for(book, limits, first_number, 1);
}

static void see(void *const seer, const int64_t first, const int64_t end)
{
    char *const text = seer;
    (void)snprintf(text + strlen(text), 100 - strlen(text), "%lld-%lld ", (long long)first,
                   (long long)end);
}

static void assert_shard(const struct ps_forecast_book *const book, const int64_t job,
                         const int64_t shard, const char *const expected)
{
    char text[200] = "";
    const int64_t bytes = ps_forecast_book_each(book, job, shard, see, text);
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%lld", (long long)bytes);
    assert_string_equal(text, expected);
}

static void a_cut_gives_each_shard_its_ranges(void **state)
{
    (void)state;
    struct ps_forecast_book *book = ps_forecast_book_new(25);
    int64_t count = 0;
    assert_int_equal(counts_of(book).unsent, 25);
    assert_int_equal(cut(book, "job_records=12,shard_records=8,min_records=10", 3), 2);
    assert_false(ps_forecast_book_has(book, 2));
    assert_false(ps_forecast_book_has(book, -1));
    assert_true(ps_forecast_book_has(book, 3));
    assert_false(ps_forecast_book_has(book, 5));
    assert_shard(book, 3, 0, "0-8 80");
    assert_shard(book, 3, 1, "8-12 40");
    assert_shard(book, 4, 1, "20-24 40");
    assert_int_equal(counts_of(book).unsent, 1); /* below the minimum */
    assert_int_equal(counts_of(book).held, 24);
    ps_forecast_book_put(book, 3, 1, 2);
    struct ps_shard_row *const rows = ps_forecast_book_rows(book, 3, &count);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].put_attempt, 0);
    assert_int_equal(rows[1].put_attempt, 2);
    assert_int_equal(rows[1].records, 4);
    assert_int_equal(rows[1].bytes, 40);
    free(rows);
    ps_forecast_book_let_go(book, 3);
    assert_false(ps_forecast_book_has(book, 3));
    assert_int_equal(counts_of(book).unsent, 13);
    assert_int_equal(cut(book, "min_records=5", 5), 1);
    assert_shard(book, 5, 0, "0-12 24-25 130");
    assert_int_equal(counts_of(book).resent, 0);
    assert_null(ps_forecast_book_free(book));
}

static void what_failed_is_sent_three_times_at_most(void **state)
{
    (void)state;
    struct ps_forecast_book *book = ps_forecast_book_new(10);
    struct ps_tally tally;
    for (int64_t job = 1; job <= PS_RECORD_TRIES_MAX; job++) {
        assert_int_equal(cut(book, "jobs=1", job), 1);
        ps_forecast_book_begin(book, job);
        if (job == 1) {
            ps_forecast_book_line(book, job, PS_BOOK_SUCCEEDED, 0, 4);
            ps_forecast_book_line(book, job, PS_BOOK_FAILED, 4, 5);
        }
        ps_forecast_book_line(book, job, PS_BOOK_RETRYABLE, 5, 7);
        ps_forecast_book_manifest(book, job, job == 1 ? 7 : 2, 40, 9);
        ps_forecast_book_tally(book, job, &tally);
        assert_int_equal(tally.lines, job == 1 ? 7 : 2);
        assert_int_equal(tally.missing, 3);
        assert_true(tally.has_manifest);
        assert_int_equal(tally.input_tokens, 40);
        assert_int_equal(tally.output_tokens, 9);
        assert_int_equal(tally.manifest_counted, tally.lines);
        ps_forecast_book_close(book, job, PS_VERDICT_UNPROCESSED);
    }
    const struct ps_book_counts counts = counts_of(book);
    assert_int_equal(counts.succeeded, 4);
    assert_int_equal(counts.failed, 6);
    assert_int_equal(counts.unsent, 0);
    assert_int_equal(counts.held, 0);
    assert_int_equal(counts.resent, 10); /* five, twice */
    assert_int_equal(counts.strays, 0);
    assert_null(ps_forecast_book_free(book));
}

static void each_verdict_ends_what_has_no_line(void **state)
{
    (void)state;
    static const struct {
        enum ps_job_verdict verdict;
        int64_t unsent;
        int64_t failed;
        int64_t cancelled;
    } rows[] = {
        {PS_VERDICT_NONE, 7, 0, 0},          {PS_VERDICT_UNPROCESSED, 7, 0, 0},
        {PS_VERDICT_UNACCOUNTED, 0, 7, 0},   {PS_VERDICT_INPUT_GONE, 0, 7, 0},
        {PS_VERDICT_BELOW_MINIMUM, 0, 7, 0}, {PS_VERDICT_CANCELLED, 0, 0, 7},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_forecast_book *book = ps_forecast_book_new(9);
        assert_int_equal(cut(book, "jobs=1", 1), 1);
        ps_forecast_book_begin(book, 1);
        ps_forecast_book_line(book, 1, PS_BOOK_SUCCEEDED, 6, 8); /* out of order */
        ps_forecast_book_begin(book, 1);                         /* and once more */
        ps_forecast_book_line(book, 1, PS_BOOK_SUCCEEDED, 6, 7);
        ps_forecast_book_line(book, 1, PS_BOOK_SUCCEEDED, 2, 3);
        ps_forecast_book_close(book, 1, rows[row].verdict);
        const struct ps_book_counts counts = counts_of(book);
        assert_int_equal(counts.succeeded, 2);
        assert_int_equal(counts.unsent, rows[row].unsent);
        assert_int_equal(counts.failed, rows[row].failed);
        assert_int_equal(counts.cancelled, rows[row].cancelled);
        ps_forecast_book_give_up(book, PS_VERDICT_CANCELLED);
        assert_int_equal(counts_of(book).cancelled, rows[row].cancelled + rows[row].unsent);
        assert_int_equal(counts_of(book).unsent, 0);
        assert_int_equal(cut(book, "jobs=1", 2), 0);
        assert_null(ps_forecast_book_free(book));
    }
    struct ps_forecast_book *book = ps_forecast_book_new(9);
    ps_forecast_book_give_up(book, PS_VERDICT_BELOW_MINIMUM);
    assert_int_equal(counts_of(book).failed, 9);
    assert_null(ps_forecast_book_free(book));
}

static void lines_that_are_not_the_jobs_are_strays(void **state)
{
    (void)state;
    struct ps_forecast_book *book = ps_forecast_book_new(20);
    assert_int_equal(cut(book, "job_records=10", 1), 2);
    ps_forecast_book_begin(book, 1);
    ps_forecast_book_line(book, 1, PS_BOOK_SUCCEEDED, 0, 12); /* two of the other's */
    ps_forecast_book_line(book, 1, PS_BOOK_SUCCEEDED, 3, 4);  /* one twice */
    ps_forecast_book_close(book, 1, PS_VERDICT_UNPROCESSED);
    assert_int_equal(counts_of(book).strays, 3);
    assert_null(ps_forecast_book_free(book));
}

/* ------------------------------------------------ drawn */

#define RECORDS 300

/* One cell a record. */
struct cell {
    int64_t tries;
    int64_t job;
    enum { UNSENT, HELD, SUCCEEDED, FAILED } place;
};

static struct cell cells[RECORDS];

struct holder {
    int64_t job;
};

static void hold(void *const seer, const int64_t first, const int64_t end)
{
    const struct holder *const holder = seer;
    assert_true(first >= 0 && first < end && end <= RECORDS);
    for (int64_t record = first; record < end; record++) {
        assert_int_equal(cells[record].place, UNSENT);
        cells[record].place = HELD;
        cells[record].job = holder->job;
    }
}

static void cut_drawn(struct ps_forecast_book *const book, struct ps_prng *const prng,
                      int64_t *const next_number)
{
    char limits[200];
    (void)snprintf(limits, sizeof(limits), "job_records=%lld,shard_records=%lld,min_records=%lld",
                   (long long)(20 + ps_prng_below(prng, 60)),
                   (long long)(10 + ps_prng_below(prng, 30)),
                   (long long)(1 + ps_prng_below(prng, 9)));
    const int64_t jobs = cut_for(book, limits, *next_number, 1 + ps_prng_below(prng, 2));
    for (int64_t job = *next_number; job < *next_number + jobs; job++) {
        struct holder holder = {job};
        int64_t shards = 0;
        free(ps_forecast_book_rows(book, job, &shards));
        for (int64_t shard = 0; shard < shards; shard++) {
            (void)ps_forecast_book_each(book, job, shard, hold, &holder);
        }
    }
    *next_number += jobs;
}

/* A held record without success: unsent again, or that was its last try. */
static void try_again(struct cell *const cell)
{
    cell->tries++;
    cell->place = cell->tries >= PS_RECORD_TRIES_MAX ? FAILED : UNSENT;
}

static void end_drawn(struct ps_forecast_book *const book, struct ps_prng *const prng,
                      const int64_t job)
{
    if (ps_prng_below(prng, 5) == 0) {
        ps_forecast_book_let_go(book, job);
        for (int64_t record = 0; record < RECORDS; record++) {
            if (cells[record].place == HELD && cells[record].job == job) {
                cells[record].place = UNSENT;
            }
        }
        return;
    }
    ps_forecast_book_begin(book, job);
    for (int64_t record = 0; record < RECORDS; record++) {
        if (cells[record].place != HELD || cells[record].job != job) {
            continue;
        }
        const int64_t fate = ps_prng_below(prng, 10);
        if (fate == 0) {
            try_again(&cells[record]); /* no line */
            continue;
        }
        const enum ps_book_line line = fate < 3    ? PS_BOOK_RETRYABLE
                                       : fate == 3 ? PS_BOOK_FAILED
                                                   : PS_BOOK_SUCCEEDED;
        ps_forecast_book_line(book, job, line, record, record + 1);
        if (line == PS_BOOK_RETRYABLE) {
            try_again(&cells[record]);
        } else {
            cells[record].place = line == PS_BOOK_FAILED ? FAILED : SUCCEEDED;
        }
    }
    ps_forecast_book_close(book, job, PS_VERDICT_UNPROCESSED);
}

static void assert_equal(const struct ps_forecast_book *const book)
{
    int64_t places[FAILED + 1] = {0};
    for (int64_t record = 0; record < RECORDS; record++) {
        places[cells[record].place]++;
    }
    const struct ps_book_counts counts = counts_of(book);
    assert_int_equal(counts.unsent, places[UNSENT]);
    assert_int_equal(counts.held, places[HELD]);
    assert_int_equal(counts.succeeded, places[SUCCEEDED]);
    assert_int_equal(counts.failed, places[FAILED]);
    assert_int_equal(counts.strays, 0);
}

static void drawn_histories_lose_and_double_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct ps_forecast_book *book = ps_forecast_book_new(RECORDS);
        struct ps_prng prng;
        int64_t next_number = 1;
        memset(cells, 0, sizeof(cells));
        ps_prng_init(&prng, seed);
        for (int round = 0; round < 8; round++) {
            cut_drawn(book, &prng, &next_number);
            assert_equal(book);
            for (int64_t job = 1; job < next_number; job++) {
                if (ps_forecast_book_has(book, job) && ps_prng_below(&prng, 3) > 0) {
                    end_drawn(book, &prng, job);
                    assert_equal(book);
                }
            }
        }
        assert_null(ps_forecast_book_free(book));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_gives_each_shard_its_ranges),
        cmocka_unit_test(what_failed_is_sent_three_times_at_most),
        cmocka_unit_test(each_verdict_ends_what_has_no_line),
        cmocka_unit_test(lines_that_are_not_the_jobs_are_strays),
        cmocka_unit_test(drawn_histories_lose_and_double_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
