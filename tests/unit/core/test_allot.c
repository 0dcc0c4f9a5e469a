/* Goal: every record that some lane can hold is in exactly one job, of a lane that can hold it; the
 * lanes have their shares; nothing is below a minimum. Method: sets of lanes as rows, over records
 * of an index or all alike; then drawn lanes and records. */
#include "core/allot.h"

#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define RECORDS 1000
#define LANES_MAX 5

static struct ps_entry entries[RECORDS];
static struct ps_lane lanes[LANES_MAX];
static struct ps_allot_lane allot_lanes[LANES_MAX];

static void fill_entries(void)
{
    memset(entries, 0, sizeof(entries));
    for (int64_t record = 0; record < RECORDS; record++) {
        entries[record].sent_bytes = 100;
        entries[record].input_tokens = 10;
        entries[record].output_tokens_max = 5;
    }
}

/* Lanes as texts; NULL ends them. */
static int64_t read_lanes(const char *const *const texts)
{
    int64_t count = 0;
    for (; texts[count] != NULL; count++) {
        struct ps_error err;
        ps_lane_init(&lanes[count], "lane");
        assert_int_equal(ps_lane_parse(&lanes[count], ps_str_of(texts[count]), &err), PS_OK);
        allot_lanes[count] = (struct ps_allot_lane){.lane = &lanes[count], .share = 1};
    }
    return count;
}

/* How often each record is in a job, and how many each lane has. */
static void count_records(const struct ps_allotment *const allotment,
                          const struct ps_plan_records *const records, int64_t *const seen,
                          int64_t *const by_lane)
{
    int64_t planned = 0;
    for (int64_t place = 0; place < allotment->job_count; place++) {
        const struct ps_allotment_part *part = NULL;
        const struct ps_plan_job *const job = ps_allotment_job(allotment, place, &part);
        by_lane[part->lane] += job->records;
        planned += job->records;
        assert_true(job->records >= ps_lane_limit(&lanes[part->lane], PS_LIMIT_MIN_RECORDS, 1));
        for (int64_t shard = 0; shard < job->shard_count; shard++) {
            const struct ps_plan_shard *const cut = &part->plan.shards[job->first_shard + shard];
            for (int64_t at = cut->first; at < cut->end; at++) {
                const int64_t record = part->picked == NULL ? at : (int64_t)part->picked[at];
                if (records->alike != NULL || records->picked != NULL ||
                    ps_entry_is_sent(&entries[record])) {
                    seen[record]++;
                }
            }
        }
    }
    assert_true(planned + allotment->left_records <= RECORDS);
}

static void cut(struct ps_allotment *const allotment, const struct ps_plan_records *const records,
                const int64_t lane_count)
{
    struct ps_error err;
    ps_allotment_init(allotment);
    assert_int_equal(ps_allot(allotment, records, allot_lanes, lane_count, &err), PS_OK);
}

static void lanes_have_their_shares(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        const char *texts[LANES_MAX + 1];
        int64_t shares[LANES_MAX];
        int64_t records[LANES_MAX];
        int64_t left;
    } rows[] = {
        {"one takes it all", {"min_records=1"}, {0}, {1000}, 0},
        {"halves", {"min_records=1", "min_records=1"}, {1, 1}, {500, 500}, 0},
        {"one to three", {"min_records=1", "min_records=1"}, {1, 3}, {250, 750}, 0},
        {"no share, no record", {"min_records=1", "min_records=1"}, {1, 0}, {1000, 0}, 0},
        {"a share below its minimum is the others'",
         {"min_records=100", "min_records=100", "min_records=100"},
         {1, 50, 49},
         {0, 505, 495},
         0},
        {"none can: all is left", {"min_records=2000", "min_records=3000"}, {1, 1}, {0, 0}, 1000},
        {"a lane whose day is too short for a job gives all to the other",
         {"min_records=100", "min_records=10"},
         {1, 1},
         {0, 1000},
         0},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        for (int alike = 0; alike <= 1; alike++) {
            int64_t seen[RECORDS] = {0};
            int64_t by_lane[LANES_MAX] = {0};
            struct ps_allotment allotment;
            fill_entries();
            const int64_t lane_count = read_lanes(rows[row].texts);
            for (int64_t lane = 0; lane < lane_count; lane++) {
                allot_lanes[lane].share = rows[row].shares[lane];
            }
            /* 99 records of 15 tokens. */
            allot_lanes[0].size.job_tokens = row == sizeof(rows) / sizeof(rows[0]) - 1 ? 1485 : 0;
            const struct ps_plan_records records = {entries, 0, RECORDS, NULL,
                                                    alike == 0 ? NULL : &entries[0]};
            cut(&allotment, &records, lane_count);
            count_records(&allotment, &records, seen, by_lane);
            for (int64_t lane = 0; lane < lane_count; lane++) {
                if (by_lane[lane] != rows[row].records[lane]) {
                    fail_msg("%s: lane %d has %d", rows[row].about, (int)lane, (int)by_lane[lane]);
                }
            }
            assert_int_equal(allotment.left_records, rows[row].left);
            for (int64_t record = 0; record < RECORDS; record++) {
                assert_int_equal(seen[record], rows[row].left == 0 ? 1 : 0);
            }
            ps_allotment_release(&allotment);
        }
    }
}

static void a_record_goes_only_where_it_fits(void **state)
{
    (void)state;
    static const char *const texts[] = {"min_records=1,context=100", "min_records=1,output=50",
                                        "min_records=1,shard_bytes=1000", NULL};
    int64_t seen[RECORDS] = {0};
    int64_t by_lane[LANES_MAX] = {0};
    struct ps_allotment allotment;
    const struct ps_plan_records records = {entries, 0, RECORDS, NULL, NULL};
    fill_entries();
    const int64_t lane_count = read_lanes(texts);
    for (int64_t record = 0; record < RECORDS; record += 10) {
        entries[record].input_tokens = 200;         /* not for the first */
        entries[record + 1].output_tokens_max = 80; /* not for the second */
        entries[record + 2].sent_bytes = 2000;      /* not for the third */
    }
    entries[3].sent_bytes = 2000; /* for none */
    entries[3].input_tokens = 200;
    entries[3].output_tokens_max = 80;
    cut(&allotment, &records, lane_count);
    count_records(&allotment, &records, seen, by_lane);
    assert_int_equal(allotment.left_records, 1);
    for (int64_t place = 0; place < allotment.job_count; place++) {
        const struct ps_allotment_part *part = NULL;
        const struct ps_plan_job *const job = ps_allotment_job(&allotment, place, &part);
        assert_non_null(part->picked);
        for (int64_t at = part->plan.shards[job->first_shard].first;
             at < part->plan.shards[job->first_shard + job->shard_count - 1].end; at++) {
            assert_true((int64_t)(part->picked[at] % 10) != part->lane);
        }
    }
    for (int64_t record = 0; record < RECORDS; record++) {
        assert_int_equal(seen[record], record == 3 ? 0 : 1);
    }
    /* By tokens: each third, but for one record. */
    for (int64_t lane = 0; lane < lane_count; lane++) {
        assert_true(by_lane[lane] > 200);
    }
    ps_allotment_release(&allotment);
}

static void jobs_are_told_in_turns(void **state)
{
    (void)state;
    static const char *const texts[] = {"min_records=1,job_records=50",
                                        "min_records=1,job_records=100", NULL};
    int64_t last[2] = {-1, -1};
    struct ps_allotment allotment;
    const struct ps_plan_records records = {entries, 0, RECORDS, NULL, NULL};
    fill_entries();
    cut(&allotment, &records, read_lanes(texts));
    assert_int_equal(allotment.job_count, 15);
    for (int64_t place = 0; place < allotment.job_count; place++) {
        const struct ps_allotment_part *part = NULL;
        (void)ps_allotment_job(&allotment, place, &part);
        assert_int_equal(allotment.order[place].job, last[part->lane] + 1);
        last[part->lane]++;
        /* Ten jobs against five: never more than one apart. */
        assert_true(labs((long)(last[0] + 1 - 2 * (last[1] + 1))) <= 2);
    }
    ps_allotment_release(&allotment);
}

static void without_knowing_the_work_lanes_share_by_their_limits(void **state)
{
    (void)state;
    static const struct {
        const char *texts[LANES_MAX + 1];
        int64_t shares[LANES_MAX];
        int64_t job_tokens[LANES_MAX];
    } rows[] = {
        {{"model=a,tpd=30,jobs=1", "model=b,tpd=70,jobs=9"}, {30000, 70000}, {30, 70}},
        {{"model=a,tpm=3,jobs=1", "model=b,tpm=7,jobs=9"}, {3000, 7000}, {0, 0}},
        {{"model=a,tpm=3,jobs=1", "model=b,jobs=9"}, {1000, 9000}, {0, 0}},
        {{"model=a", "model=b,jobs=9"}, {1000, 1000}, {0, 0}},
        {{"model=a,jobs=3", "model=us.a,name=x", "model=b,jobs=1"}, {1500, 1500, 1000}, {0, 0, 0}},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_error err;
        struct ps_pools pools;
        const int64_t lane_count = read_lanes(rows[row].texts);
        ps_pools_init(&pools);
        assert_int_equal(ps_pools_make(&pools, lanes, lane_count, &err), PS_OK);
        ps_allot_lanes(allot_lanes, lanes, lane_count, &pools);
        for (int64_t lane = 0; lane < lane_count; lane++) {
            assert_ptr_equal(allot_lanes[lane].lane, &lanes[lane]);
            assert_int_equal(allot_lanes[lane].share, rows[row].shares[lane]);
            assert_int_equal(allot_lanes[lane].size.job_tokens, rows[row].job_tokens[lane]);
        }
        ps_pools_release(&pools);
    }
}

static void draw_entry(struct ps_prng *const prng, struct ps_entry *const entry)
{
    entry->sent_bytes = 1 + (uint32_t)ps_prng_below(prng, 300);
    entry->input_tokens = (uint32_t)ps_prng_below(prng, 100);
    entry->output_tokens_max = (uint32_t)ps_prng_below(prng, 50);
    entry->flags = ps_prng_below(prng, 10) == 0 ? PS_ENTRY_DUPLICATE : 0;
}

static void whatever_is_drawn_no_record_is_lost_or_held_twice(void **state)
{
    (void)state;
    struct ps_prng prng;
    ps_prng_init(&prng, 4);
    for (int round = 0; round < 300; round++) {
        int64_t seen[RECORDS] = {0};
        int64_t by_lane[LANES_MAX] = {0};
        int64_t sent = 0;
        int64_t planned = 0;
        uint64_t picked[RECORDS];
        struct ps_allotment allotment;
        const int64_t lane_count = 1 + ps_prng_below(&prng, LANES_MAX);
        for (int64_t record = 0; record < RECORDS; record++) {
            draw_entry(&prng, &entries[record]);
            if (ps_entry_is_sent(&entries[record])) {
                picked[sent++] = (uint64_t)record;
            }
        }
        for (int64_t lane = 0; lane < lane_count; lane++) {
            ps_lane_init(&lanes[lane], "lane");
            lanes[lane].limits[PS_LIMIT_MIN_RECORDS].value = 1 + ps_prng_below(&prng, 50);
            lanes[lane].limits[PS_LIMIT_SHARD_BYTES].value = 300;
            lanes[lane].limits[PS_LIMIT_JOB_RECORDS].value = 50 + ps_prng_below(&prng, 200);
            lanes[lane].limits[PS_LIMIT_CONTEXT].value = 60 + ps_prng_below(&prng, 200);
            allot_lanes[lane] = (struct ps_allot_lane){
                .lane = &lanes[lane],
                .share = ps_prng_below(&prng, 5),
                .size.job_tokens = ps_prng_below(&prng, 2) * 5000,
            };
        }
        const bool is_picked = ps_prng_below(&prng, 2) == 0;
        const struct ps_plan_records records = {entries, 0, is_picked ? sent : RECORDS,
                                                is_picked ? picked : NULL, NULL};
        cut(&allotment, &records, lane_count);
        count_records(&allotment, &records, seen, by_lane);
        for (int64_t record = 0; record < RECORDS; record++) {
            assert_true(seen[record] <= (ps_entry_is_sent(&entries[record]) ? 1 : 0));
            planned += seen[record];
        }
        assert_int_equal(planned + allotment.left_records, sent);
        ps_allotment_release(&allotment);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_have_their_shares),
        cmocka_unit_test(a_record_goes_only_where_it_fits),
        cmocka_unit_test(jobs_are_told_in_turns),
        cmocka_unit_test(without_knowing_the_work_lanes_share_by_their_limits),
        cmocka_unit_test(whatever_is_drawn_no_record_is_lost_or_held_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
