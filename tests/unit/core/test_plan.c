/*
 * Goal: every sent record is in exactly one shard, in order, and no limit is passed.
 * Method: named rows with the sizes that must come out; then drawn worlds against the rules.
 */
#include "core/plan.h"

#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ENTRY_COUNT 1000

static struct ps_entry entries[ENTRY_COUNT];

/* Every record is 10 bytes and 3 tokens; each seventh is not sent where `has_holes`. */
static void lay_entries(const bool has_holes)
{
    memset(entries, 0, sizeof(entries));
    for (size_t record = 0; record < ENTRY_COUNT; record++) {
        entries[record].sent_bytes = 10;
        entries[record].input_tokens = 3;
        if (has_holes && record % 7 == 3) {
            entries[record].flags = PS_ENTRY_DUPLICATE;
        }
    }
}

static void lay_lane(struct ps_lane *const lane, const char *const text)
{
    struct ps_error err = {0};
    ps_lane_init(lane, "a");
    assert_int_equal(ps_lane_parse(lane, ps_str_of(text), &err), PS_OK);
}

static void cuts_as_the_rows_say(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *lane;
        int64_t records;
        int64_t jobs[8]; /* records of each, 0 ends */
        int64_t shards;
        int64_t left;
    } rows[] = {
        {"no limit: one job, one shard", "jobs=1", 100, {100}, 1, 0},
        {"records of a shard", "shard_records=30", 100, {100}, 4, 0},
        {"bytes of a shard, exactly", "shard_bytes=300", 100, {100}, 4, 0},
        {"bytes of a shard, one less", "shard_bytes=299", 100, {100}, 4, 0},
        {"records of a job", "job_records=40", 100, {40, 40, 20}, 3, 0},
        {"bytes of a job", "job_bytes=400", 100, {40, 40, 20}, 3, 0},
        {"files of a job", "files=2,shard_records=10", 50, {20, 20, 10}, 5, 0},
        {"the last two are evened out", "job_records=40,min_records=30", 100, {40, 30, 30}, 3, 0},
        {"the last three are evened out", "job_records=40,min_records=33", 105, {35, 35, 35}, 3, 0},
        {"what cannot reach the minimum is left",
         "job_records=40,min_records=40",
         100,
         {40, 40},
         2,
         20},
        {"all below the minimum", "min_records=100", 99, {0}, 0, 99},
        {"just the minimum", "min_records=100", 100, {100}, 1, 0},
        {"nothing to cut", "min_records=100", 0, {0}, 0, 0},
    };
    lay_entries(false);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_plan plan;
        struct ps_lane lane;
        struct ps_error err = {0};
        const struct ps_plan_records records = {entries, 0, rows[row].records, NULL};
        print_message("%s\n", rows[row].name);
        ps_plan_init(&plan);
        lay_lane(&lane, rows[row].lane);
        assert_int_equal(ps_plan_cut(&plan, &records, &lane, &err), PS_OK);
        int64_t jobs = 0;
        for (; rows[row].jobs[jobs] != 0; jobs++) {
            assert_true(jobs < plan.job_count);
            assert_int_equal(plan.jobs[jobs].records, rows[row].jobs[jobs]);
        }
        assert_int_equal(plan.job_count, jobs);
        assert_int_equal(plan.shard_count, rows[row].shards);
        assert_int_equal(plan.left_records, rows[row].left);
        ps_plan_release(&plan);
    }
}

static void says_which_record_fits_no_file(void **state)
{
    (void)state;
    struct ps_plan plan;
    struct ps_lane lane;
    struct ps_error err = {0};
    const struct ps_plan_records records = {entries, 0, 20, NULL};
    lay_entries(false);
    entries[13].sent_bytes = 1001;
    ps_plan_init(&plan);
    lay_lane(&lane, "shard_bytes=1000");
    assert_int_equal(ps_plan_cut(&plan, &records, &lane, &err), PS_E_REFUSED);
    assert_non_null(strstr(err.message, "13"));
    assert_true(err.hint[0] != '\0');
    ps_plan_release(&plan);
}

/* Every shard's own counts are right, nothing overlaps, nothing is passed over but holes. */
static void check_plan(const struct ps_plan *const plan, const struct ps_lane *const lane,
                       const int64_t sent)
{
    int64_t place = 0;
    int64_t planned = 0;
    int64_t shards = 0;
    for (int64_t job_index = 0; job_index < plan->job_count; job_index++) {
        const struct ps_plan_job *const job = &plan->jobs[job_index];
        int64_t records = 0;
        assert_int_equal(job->first_shard, shards);
        for (int64_t shard_index = 0; shard_index < job->shard_count; shard_index++) {
            const struct ps_plan_shard *const shard = &plan->shards[shards++];
            int64_t counted = 0;
            assert_true(shard->first >= place);
            for (int64_t record = place; record < shard->first; record++) {
                assert_false(ps_entry_is_sent(&entries[record]));
            }
            for (int64_t record = shard->first; record < shard->end; record++) {
                counted += ps_entry_is_sent(&entries[record]) ? 1 : 0;
            }
            assert_int_equal(shard->records, counted);
            assert_int_equal(shard->bytes, counted * 10);
            assert_int_equal(shard->input_tokens, counted * 3);
            assert_true(counted <= ps_lane_limit(lane, PS_LIMIT_SHARD_RECORDS, INT64_MAX));
            assert_true(shard->bytes <= ps_lane_limit(lane, PS_LIMIT_SHARD_BYTES, INT64_MAX));
            records += counted;
            place = shard->end;
        }
        assert_int_equal(job->records, records);
        assert_true(records <= ps_lane_limit(lane, PS_LIMIT_JOB_RECORDS, INT64_MAX));
        assert_true(job->shard_count <= ps_lane_limit(lane, PS_LIMIT_FILES, INT64_MAX));
        planned += records;
    }
    assert_int_equal(shards, plan->shard_count);
    assert_int_equal(planned + plan->left_records, sent);
}

static int64_t draw(struct ps_prng *const prng, const int64_t low, const int64_t high)
{
    return low + ps_prng_below(prng, high - low + 1);
}

static void keeps_every_rule_in_drawn_worlds(void **state)
{
    (void)state;
    struct ps_prng prng;
    ps_prng_init(&prng, 20261124);
    lay_entries(true);
    int64_t sent = 0;
    for (size_t record = 0; record < ENTRY_COUNT; record++) {
        sent += ps_entry_is_sent(&entries[record]) ? 1 : 0;
    }
    for (int world = 0; world < 300; world++) {
        struct ps_plan plan;
        struct ps_lane lane;
        struct ps_error err = {0};
        const struct ps_plan_records records = {entries, 0, ENTRY_COUNT, NULL};
        ps_lane_init(&lane, "a");
        lane.limits[PS_LIMIT_SHARD_RECORDS].value = draw(&prng, 3, 60);
        lane.limits[PS_LIMIT_SHARD_BYTES].value = draw(&prng, 30, 600);
        lane.limits[PS_LIMIT_JOB_RECORDS].value = draw(&prng, 10, 300);
        lane.limits[PS_LIMIT_FILES].value = draw(&prng, 4, 20);
        lane.limits[PS_LIMIT_MIN_RECORDS].value = draw(&prng, 1, 10);
        ps_plan_init(&plan);
        assert_int_equal(ps_plan_cut(&plan, &records, &lane, &err), PS_OK);
        check_plan(&plan, &lane, sent);
        assert_int_equal(plan.left_records, 0);
        for (int64_t job = 0; job < plan.job_count; job++) {
            assert_true(plan.jobs[job].records >= lane.limits[PS_LIMIT_MIN_RECORDS].value);
        }
        ps_plan_release(&plan);
    }
}

static void picked_records_are_cut_by_their_places(void **state)
{
    (void)state;
    static const uint64_t picked[] = {3, 5, 8, 13, 21, 34, 55};
    struct ps_plan plan;
    struct ps_lane lane;
    struct ps_error err = {0};
    const struct ps_plan_records records = {entries, 0, 7, picked};
    lay_entries(false);
    ps_plan_init(&plan);
    lay_lane(&lane, "shard_records=3");
    assert_int_equal(ps_plan_cut(&plan, &records, &lane, &err), PS_OK);
    assert_int_equal(plan.shard_count, 3);
    assert_int_equal(plan.shards[2].first, 6);
    assert_int_equal(plan.shards[2].end, 7);
    ps_plan_release(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_as_the_rows_say),
        cmocka_unit_test(says_which_record_fits_no_file),
        cmocka_unit_test(keeps_every_rule_in_drawn_worlds),
        cmocka_unit_test(picked_records_are_cut_by_their_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
