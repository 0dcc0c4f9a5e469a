/*
 * Goal: records become shards and jobs within every limit, in order, none twice, none lost, and no
 * job below the minimum. Method: rows with exact sums; then drawn inputs and limits against the
 * invariants alone.
 */
#include "base/prng.h"
#include "core/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ENTRIES_MAX 400

static struct ps_entry entries[ENTRIES_MAX];

/* All sent, all of `bytes` bytes and of one token more than their place. */
static void fill_entries(const int64_t count, const uint32_t bytes)
{
    memset(entries, 0, sizeof(entries));
    for (int64_t place = 0; place < count; place++) {
        entries[place].sent_bytes = bytes;
        entries[place].input_tokens = (uint32_t)place + 1;
    }
}

static struct ps_lane lane_of(const char *const text)
{
    struct ps_lane lane;
    struct ps_error error;
    ps_lane_init(&lane, "a");
    assert_int_equal(ps_lane_parse(&lane, ps_str_of(text), &error), PS_OK);
    return lane;
}

static int64_t limit_of(const struct ps_lane *const lane, const enum ps_limit_key key)
{
    return ps_lane_limit(lane, key, INT64_MAX);
}

/* ------------------------------------------------ the invariants */

struct sums {
    int64_t records;
    int64_t bytes;
    int64_t tokens;
};

static struct sums count_shard(const struct ps_plan_records *const records,
                               const struct ps_plan_shard *const shard)
{
    struct sums sums = {0, 0, 0};
    for (int64_t place = shard->first; place < shard->end; place++) {
        const struct ps_entry *const entry =
            &entries[records->picked == NULL ? place : (int64_t)records->picked[place]];
        if (records->picked != NULL || ps_entry_is_sent(entry)) {
            sums.records++;
            sums.bytes += (int64_t)entry->sent_bytes;
            sums.tokens += (int64_t)entry->input_tokens;
        }
    }
    return sums;
}

static void check_job(const struct ps_plan *const plan, const struct ps_plan_records *const records,
                      const struct ps_lane *const lane, const struct ps_plan_job *const job)
{
    struct sums sums = {0, 0, 0};
    assert_true(job->shard_count >= 1);
    assert_true(job->shard_count <= limit_of(lane, PS_LIMIT_FILES));
    for (int64_t place = 0; place < job->shard_count; place++) {
        const struct ps_plan_shard *const shard = &plan->shards[job->first_shard + place];
        const struct sums part = count_shard(records, shard);
        assert_int_equal(shard->records, part.records);
        assert_int_equal(shard->bytes, part.bytes);
        assert_int_equal(shard->input_tokens, part.tokens);
        assert_true(part.records >= 1);
        assert_true(part.records <= limit_of(lane, PS_LIMIT_SHARD_RECORDS));
        assert_true(part.bytes <= limit_of(lane, PS_LIMIT_SHARD_BYTES));
        sums.records += part.records;
        sums.bytes += part.bytes;
        sums.tokens += part.tokens;
    }
    assert_int_equal(job->records, sums.records);
    assert_int_equal(job->bytes, sums.bytes);
    assert_int_equal(job->input_tokens, sums.tokens);
    assert_true(sums.records <= limit_of(lane, PS_LIMIT_JOB_RECORDS));
    assert_true(sums.bytes <= limit_of(lane, PS_LIMIT_JOB_BYTES));
    assert_true(sums.records >= ps_lane_limit(lane, PS_LIMIT_MIN_RECORDS, 1));
}

/* Shards follow one another; what is sent and stands between them is what is left over. */
static void check_order(const struct ps_plan *const plan,
                        const struct ps_plan_records *const records)
{
    int64_t at = records->first;
    int64_t left = 0;
    for (int64_t shard = 0; shard < plan->shard_count; shard++) {
        const struct ps_plan_shard gap = {.first = at, .end = plan->shards[shard].first};
        assert_true(gap.end >= gap.first);
        left += count_shard(records, &gap).records;
        assert_true(plan->shards[shard].end > plan->shards[shard].first);
        at = plan->shards[shard].end;
    }
    const struct ps_plan_shard rest = {.first = at, .end = records->end};
    assert_int_equal(plan->left_records, left + count_shard(records, &rest).records);
}

static void check(const struct ps_plan *const plan, const struct ps_plan_records *const records,
                  const struct ps_lane *const lane)
{
    int64_t shard = 0;
    for (int64_t job = 0; job < plan->job_count; job++) {
        assert_int_equal(plan->jobs[job].first_shard, shard);
        check_job(plan, records, lane, &plan->jobs[job]);
        shard += plan->jobs[job].shard_count;
    }
    assert_int_equal(shard, plan->shard_count);
    check_order(plan, records);
}

/* ------------------------------------------------ rows */

static void cuts_as_written(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        const char *lane;
        int64_t records; /* of 10 bytes each */
        const char *jobs;
        int64_t shards;
        int64_t left;
    } rows[] = {
        {"a whole number of jobs", "job_records=150,shard_records=75,min_records=100", 300,
         "150 150", 4, 0},
        {"the last two are evened out", "job_records=150,shard_records=75,min_records=100", 310,
         "104 104 102", 6, 0},
        {"the last two only where that is enough", "job_records=150,min_records=100", 370,
         "150 110 110", 3, 0},
        {"160 make no two jobs of 100: what is over one job is left",
         "job_records=150,min_records=100", 160, "150", 1, 10},
        {"two jobs exactly at the minimum", "job_records=150,min_records=100", 200, "100 100", 2,
         0},
        {"one record fewer", "job_records=150,min_records=100", 199, "150", 1, 49},
        {"one job exactly at the minimum", "job_records=150,min_records=100", 100, "100", 1, 0},
        {"below the minimum", "job_records=150,min_records=100", 99, "", 0, 99},
        {"one record", "job_records=150,min_records=100", 1, "", 0, 1},
        {"nothing", "job_records=150,min_records=100", 0, "", 0, 0},
        {"the last three are evened out", "job_records=40,min_records=33", 105, "35 35 35", 3, 0},
        {"no minimum", "job_records=150", 151, "150 1", 2, 0},
        {"no limit at all", "", 400, "400", 1, 0},
        {"a shard is full by bytes", "shard_bytes=35", 10, "10", 4, 0},
        {"a job is full by bytes", "job_bytes=35", 10, "3 3 3 1", 4, 0},
        {"a job is full by files", "files=2,shard_records=3", 10, "6 4", 4, 0},
        {"files and minimum: the last job is taken out", "files=2,shard_records=3,min_records=5", 9,
         "6", 2, 3},
        {"a file a job, too small for the minimum", "files=1,shard_bytes=35,min_records=4", 9, "",
         0, 9},
        {"files and minimum: evened out", "files=2,shard_records=5,min_records=7", 14, "7 7", 4, 0},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_plan plan PS_CLEANUP(ps_plan_release);
        struct ps_error error;
        char jobs[100] = "";
        const struct ps_lane lane = lane_of(rows[row].lane);
        const struct ps_plan_records records = {entries, 0, rows[row].records, NULL, NULL};
        fill_entries(rows[row].records, 10);
        ps_plan_init(&plan);
        assert_int_equal(ps_plan_cut(&plan, &records, &lane, NULL, &error), PS_OK);
        for (int64_t job = 0; job < plan.job_count; job++) {
            const size_t size = strlen(jobs);
            (void)snprintf(jobs + size, sizeof(jobs) - size, "%s%lld", job == 0 ? "" : " ",
                           (long long)plan.jobs[job].records);
        }
        if (strcmp(jobs, rows[row].jobs) != 0 || plan.shard_count != rows[row].shards ||
            plan.left_records != rows[row].left) {
            fail_msg("%s: jobs '%s', %lld shards, %lld left", rows[row].about, jobs,
                     (long long)plan.shard_count, (long long)plan.left_records);
        }
        check(&plan, &records, &lane);
    }
}

static void skips_what_is_not_sent(void **state)
{
    (void)state;
    struct ps_plan plan PS_CLEANUP(ps_plan_release);
    struct ps_error error;
    const struct ps_lane lane = lane_of("job_records=3,min_records=2");
    const struct ps_plan_records records = {entries, 0, 8, NULL, NULL};
    fill_entries(8, 10);
    entries[0].flags = PS_ENTRY_REJECTED;
    entries[3].flags = PS_ENTRY_DUPLICATE;
    entries[7].flags = PS_ENTRY_REJECTED;
    ps_plan_init(&plan);
    assert_int_equal(ps_plan_cut(&plan, &records, &lane, NULL, &error), PS_OK);
    assert_int_equal(plan.job_count, 2);
    assert_int_equal(plan.jobs[0].records, 3);
    assert_int_equal(plan.shards[0].first, 1);
    assert_int_equal(plan.shards[0].end, 5); /* 1, 2, 4 */
    assert_int_equal(plan.jobs[1].records, 2);
    check(&plan, &records, &lane);
}

static void cuts_a_picked_list(void **state)
{
    (void)state;
    static const uint64_t picked[] = {2, 3, 5, 7, 11, 13, 17};
    struct ps_plan plan PS_CLEANUP(ps_plan_release);
    struct ps_error error;
    const struct ps_lane lane = lane_of("job_records=3,min_records=2");
    const struct ps_plan_records records = {entries, 0, 7, picked, NULL};
    fill_entries(20, 10);
    ps_plan_init(&plan);
    assert_int_equal(ps_plan_cut(&plan, &records, &lane, NULL, &error), PS_OK);
    assert_int_equal(plan.job_count, 3);
    assert_int_equal(plan.shards[0].first, 0);
    assert_int_equal(plan.shards[0].end, 3);
    assert_int_equal(plan.shards[0].input_tokens, 3 + 4 + 6); /* of records 2, 3, 5 */
    assert_int_equal(plan.jobs[2].records, 2);
    check(&plan, &records, &lane);
}

/* Large records in the middle fill a job by bytes before it has its minimum. */
static void leaves_out_a_job_that_cannot_reach_the_minimum(void **state)
{
    (void)state;
    struct ps_plan plan PS_CLEANUP(ps_plan_release);
    struct ps_error error;
    const struct ps_lane lane = lane_of("job_bytes=100,min_records=4,job_records=5");
    const struct ps_plan_records records = {entries, 0, 12, NULL, NULL};
    fill_entries(12, 10);
    entries[5].sent_bytes = 60;
    entries[6].sent_bytes = 40;
    ps_plan_init(&plan);
    assert_int_equal(ps_plan_cut(&plan, &records, &lane, NULL, &error), PS_OK);
    assert_int_equal(plan.job_count, 2);
    assert_int_equal(plan.left_records, 2);
    assert_int_equal(plan.shards[1].first, 7);
    check(&plan, &records, &lane);
}

static void refuses_a_record_that_fits_no_file(void **state)
{
    (void)state;
    static const char *const lanes[] = {"shard_bytes=99", "job_bytes=99"};
    for (size_t row = 0; row < sizeof(lanes) / sizeof(lanes[0]); row++) {
        struct ps_plan plan PS_CLEANUP(ps_plan_release);
        struct ps_error error;
        const struct ps_lane lane = lane_of(lanes[row]);
        const struct ps_plan_records records = {entries, 0, 3, NULL, NULL};
        ps_plan_init(&plan);
        fill_entries(3, 99);
        assert_int_equal(ps_plan_cut(&plan, &records, &lane, NULL, &error), PS_OK);
        assert_int_equal(plan.shard_count, 3);
        entries[1].sent_bytes = 100;
        assert_int_equal(ps_plan_cut(&plan, &records, &lane, NULL, &error), PS_E_REFUSED);
        assert_non_null(strstr(error.message, "record 1"));
        assert_non_null(strstr(error.message, lanes[row]));
        assert_non_null(strstr(error.hint, row == 0 ? "raise shard_bytes" : "raise job_bytes"));
    }
}

/* ------------------------------------------------ drawn */

static void draw_lane(struct ps_prng *const prng, struct ps_lane *const lane)
{
    ps_lane_init(lane, "a");
    for (int key = PS_LIMIT_JOB_RECORDS; key <= PS_LIMIT_MIN_RECORDS; key++) {
        static const int64_t most[] = {
            [PS_LIMIT_JOB_RECORDS] = 60,  [PS_LIMIT_JOB_BYTES] = 900, [PS_LIMIT_SHARD_RECORDS] = 30,
            [PS_LIMIT_SHARD_BYTES] = 500, [PS_LIMIT_FILES] = 6,       [PS_LIMIT_MIN_RECORDS] = 25};
        if (ps_prng_below(prng, 3) > 0) {
            const bool is_bytes = key == PS_LIMIT_JOB_BYTES || key == PS_LIMIT_SHARD_BYTES;
            const int64_t least = is_bytes ? 40 : 1;
            lane->limits[key] = (struct ps_limit){
                least + ps_prng_below(prng, most[key] - least + 1), PS_SOURCE_USER};
        }
    }
}

static void holds_the_invariants_for_drawn_inputs(void **state)
{
    (void)state;
    int64_t jobs = 0;
    int64_t left = 0;
    for (uint64_t seed = 0; seed < 4000; seed++) {
        uint64_t picked[ENTRIES_MAX];
        struct ps_plan plan PS_CLEANUP(ps_plan_release);
        struct ps_prng prng;
        struct ps_lane lane;
        struct ps_error error;
        int64_t picked_count = 0;
        ps_prng_init(&prng, seed);
        draw_lane(&prng, &lane);
        const int64_t count = ps_prng_below(&prng, 300);
        fill_entries(count, 0);
        for (int64_t place = 0; place < count; place++) {
            entries[place].sent_bytes = (uint32_t)ps_prng_below(&prng, 40) + 1;
            entries[place].flags = ps_prng_below(&prng, 8) == 0 ? PS_ENTRY_REJECTED : 0;
            if (entries[place].flags == 0 && ps_prng_below(&prng, 2) == 0) {
                picked[picked_count++] = (uint64_t)place;
            }
        }
        const bool is_picked = ps_prng_below(&prng, 2) == 0;
        const struct ps_plan_records records = {entries, 0, is_picked ? picked_count : count,
                                                is_picked ? picked : NULL, NULL};
        ps_plan_init(&plan);
        if (ps_lane_check(&lane, &error) != PS_OK) {
            continue;
        }
        assert_int_equal(ps_plan_cut(&plan, &records, &lane, NULL, &error), PS_OK);
        check(&plan, &records, &lane);
        jobs += plan.job_count;
        left += plan.left_records > 0 ? 1 : 0;
    }
    assert_true(jobs > 10000);
    assert_true(left > 100);
}

static void alike_records_are_cut_as_if_each_were_looked_at(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct ps_plan one_by_one PS_CLEANUP(ps_plan_release);
        struct ps_plan at_once PS_CLEANUP(ps_plan_release);
        struct ps_prng prng;
        struct ps_lane lane;
        struct ps_error error;
        ps_prng_init(&prng, seed);
        draw_lane(&prng, &lane);
        const int64_t count = ps_prng_below(&prng, 300);
        fill_entries(count, (uint32_t)ps_prng_below(&prng, 40));
        for (int64_t place = 0; place < count; place++) {
            entries[place].input_tokens = 3;
        }
        const struct ps_plan_records records = {entries, 0, count, NULL, NULL};
        const struct ps_plan_records alike = {NULL, 0, count, NULL, entries};
        ps_plan_init(&one_by_one);
        ps_plan_init(&at_once);
        if (ps_lane_check(&lane, &error) != PS_OK) {
            continue;
        }
        assert_int_equal(ps_plan_cut(&one_by_one, &records, &lane, NULL, &error), PS_OK);
        assert_int_equal(ps_plan_cut(&at_once, &alike, &lane, NULL, &error), PS_OK);
        assert_int_equal(at_once.left_records, one_by_one.left_records);
        assert_int_equal(at_once.shard_count, one_by_one.shard_count);
        assert_int_equal(at_once.job_count, one_by_one.job_count);
        if (at_once.job_count > 0) {
            assert_memory_equal(at_once.shards, one_by_one.shards,
                                (size_t)at_once.shard_count * sizeof(at_once.shards[0]));
            assert_memory_equal(at_once.jobs, one_by_one.jobs,
                                (size_t)at_once.job_count * sizeof(at_once.jobs[0]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_as_written),
        cmocka_unit_test(skips_what_is_not_sent),
        cmocka_unit_test(cuts_a_picked_list),
        cmocka_unit_test(leaves_out_a_job_that_cannot_reach_the_minimum),
        cmocka_unit_test(refuses_a_record_that_fits_no_file),
        cmocka_unit_test(holds_the_invariants_for_drawn_inputs),
        cmocka_unit_test(alike_records_are_cut_as_if_each_were_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
