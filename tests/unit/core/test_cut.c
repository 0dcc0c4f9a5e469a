/*
 * Goal: what is unsent becomes jobs by shares and sizes, the same for an index and for records that
 * are all alike; what is sent again while others run takes a small part of the slots. Method: an
 * engine that was told of jobs; lanes as texts.
 */
#include "core/cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define RECORDS 4000
#define LANES_MAX 3

struct scene {
    struct ps_lane lanes[LANES_MAX];
    int64_t lane_count;
    struct ps_pools pools;
    struct ps_engine *engine;
    struct ps_allotment allotment;
};

static struct ps_entry entries[RECORDS];
static const struct ps_entry alike = {
    .sent_bytes = 40000, .input_tokens = 10000, .output_tokens_max = 2000};

static void init(struct scene *const scene, const char *const *const texts)
{
    struct ps_engine_lane lanes[LANES_MAX];
    struct ps_engine_pool pools[LANES_MAX];
    struct ps_error err;
    memset(scene, 0, sizeof(*scene));
    ps_pools_init(&scene->pools);
    ps_allotment_init(&scene->allotment);
    for (; texts[scene->lane_count] != NULL; scene->lane_count++) {
        struct ps_lane *const lane = &scene->lanes[scene->lane_count];
        ps_lane_init(lane, "lane");
        assert_int_equal(ps_lane_parse(lane, ps_str_of(texts[scene->lane_count]), &err), PS_OK);
    }
    assert_int_equal(ps_pools_make(&scene->pools, scene->lanes, scene->lane_count, &err), PS_OK);
    for (int64_t lane = 0; lane < scene->lane_count; lane++) {
        lanes[lane] = (struct ps_engine_lane){
            .names = {PS_STR("bucket"), PS_STR("p"), PS_STR("run")},
            .model = PS_STR("m"),
            .role_arn = PS_STR("r"),
            .region = ps_str_of(scene->lanes[lane].region),
            .profile = PS_STR(""),
            .account = PS_STR(""),
            .pool = scene->pools.of_lane[lane],
            .min_records = ps_lane_limit(&scene->lanes[lane], PS_LIMIT_MIN_RECORDS, 1)};
    }
    for (int64_t pool = 0; pool < scene->pools.count; pool++) {
        pools[pool] = ps_cut_engine_pool(&scene->pools.pools[pool]);
    }
    scene->engine = ps_engine_new(&(struct ps_engine_options){.lanes = lanes,
                                                              .lane_count = scene->lane_count,
                                                              .pools = pools,
                                                              .pool_count = scene->pools.count,
                                                              .nonce = PS_STR("n")});
}

static void release(struct scene *const scene)
{
    scene->engine = ps_engine_free(scene->engine);
    ps_pools_release(&scene->pools);
    ps_allotment_release(&scene->allotment);
}

static void cut(struct scene *const scene, const struct ps_plan_records *const records)
{
    struct ps_error err;
    const struct ps_cut_options options = {.lanes = scene->lanes,
                                           .lane_count = scene->lane_count,
                                           .pools = &scene->pools,
                                           .engine = scene->engine,
                                           .timeout_ms = 72 * PS_HOUR_MS,
                                           .wall_ms = PS_DAY_MS};
    if (ps_cut(&scene->allotment, records, &options, &err) != PS_OK) {
        fail_msg("%s", err.message);
    }
}

static int64_t records_of(const struct scene *const scene, const int64_t lane)
{
    int64_t records = 0;
    for (int64_t place = 0; place < scene->allotment.job_count; place++) {
        const struct ps_allotment_part *part = NULL;
        const struct ps_plan_job *const job = ps_allotment_job(&scene->allotment, place, &part);
        records += part->lane == lane ? job->records : 0;
    }
    return records;
}

static void jobs_have_the_size_that_limits_want(void **state)
{
    (void)state;
    static const struct {
        const char *lane;
        int64_t records;
        int64_t jobs;
        int64_t first_records;
    } rows[] = {
        {"tpm=3M,jobs=10,min_records=100", 200000, 10, 20000},        /* one a slot */
        {"tpm=3M,tpd=50M,jobs=10,min_records=100", 200000, 961, 209}, /* twenty a day */
        {"tpm=300k,tpd=432M,jobs=10,min_records=100", 200000, 25, 8000},
        {"tpm=3M,jobs=10,min_records=100", 99, 0, 0},
        {"tpm=3M,jobs=10,min_records=100", 250, 2, 125},
        {"kind=on-demand,tpm=3M", 200000, 200, 1000}, /* calls: whether a rate is known or not */
        {"kind=on-demand", 200000, 200, 1000},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct scene scene;
        const struct ps_plan_records records = {.end = rows[row].records, .alike = &alike};
        const struct ps_allotment_part *part = NULL;
        const char *const texts[] = {rows[row].lane, NULL};
        init(&scene, texts);
        cut(&scene, &records);
        if (scene.allotment.job_count != rows[row].jobs ||
            (rows[row].jobs > 0 &&
             ps_allotment_job(&scene.allotment, 0, &part)->records != rows[row].first_records)) {
            fail_msg("%s: %lld jobs, the first of %lld", rows[row].lane,
                     (long long)scene.allotment.job_count,
                     (long long)ps_allotment_job(&scene.allotment, 0, &part)->records);
        }
        release(&scene);
    }
}

static void lanes_end_together_by_their_limits(void **state)
{
    (void)state;
    struct scene scene;
    static const char *const texts[] = {"region=a,tpm=3M,jobs=10,min_records=100",
                                        "region=b,tpm=1M,jobs=10,min_records=100",
                                        "region=c,tpm=1M,jobs=10,min_records=5000", NULL};
    const struct ps_plan_records records = {.end = 20000, .alike = &alike};
    init(&scene, texts);
    cut(&scene, &records);
    /* The third would stay below its minimum: 4,000 of 20,000. */
    assert_int_equal(records_of(&scene, 2), 0);
    assert_in_range(records_of(&scene, 0), 14900, 15100);
    assert_int_equal(records_of(&scene, 0) + records_of(&scene, 1), 20000);
    release(&scene);
}

static void without_rates_slots_decide_and_jobs_are_large(void **state)
{
    (void)state;
    struct scene scene;
    static const char *const texts[] = {"region=a,jobs=10,min_records=100",
                                        "region=b,jobs=30,min_records=100", NULL};
    const struct ps_plan_records records = {.end = 20000, .alike = &alike};
    init(&scene, texts);
    cut(&scene, &records);
    assert_int_equal(records_of(&scene, 0), 5000);
    assert_int_equal(records_of(&scene, 1), 15000);
    assert_int_equal(scene.allotment.job_count, 2);
    release(&scene);
}

static void an_index_is_cut_as_its_records_are(void **state)
{
    (void)state;
    struct scene scene;
    static const char *const texts[] = {"tpm=3M,jobs=10,min_records=100", NULL};
    uint64_t picked[RECORDS];
    int64_t sent = 0;
    for (int64_t record = 0; record < RECORDS; record++) {
        entries[record] = alike;
        entries[record].flags = record % 4 == 0 ? PS_ENTRY_REJECTED : 0;
        if (record % 4 != 0) {
            picked[sent++] = (uint64_t)record;
        }
    }
    const struct ps_plan_records rows[] = {
        {.entries = entries, .end = RECORDS},
        {.entries = entries, .end = sent, .picked = picked},
        {.end = sent, .alike = &alike},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        init(&scene, texts);
        cut(&scene, &rows[row]);
        assert_int_equal(scene.allotment.job_count, 10);
        assert_int_equal(records_of(&scene, 0), sent);
        release(&scene);
    }
}

/* The engine is told of a job that is settled. */
static void teach(const struct scene *const scene, const int64_t thought, const int64_t used)
{
    struct ps_job job = {.number = 1,
                         .attempt = 1,
                         .state = PS_STATE_DONE,
                         .verdict = PS_VERDICT_UNPROCESSED,
                         .records = 5000,
                         .thought_tokens = thought,
                         .quota_tokens = used,
                         .day_end_ms = 2 * PS_DAY_MS,
                         .day_tokens = used};
    ps_engine_set_day(scene->engine, 0, (struct ps_day){2 * PS_DAY_MS, 2 * PS_DAY_MS});
    ps_engine_add_job(scene->engine, &job);
}

/* Nine tenths of what was thought: 48 M are left of the day, of 10,800 tokens a record; those that
 * follow hold 9,259 records each. */
static void what_came_back_decides_how_much_a_day_holds(void **state)
{
    (void)state;
    struct scene scene;
    const struct ps_plan_records records = {.end = 100000, .alike = &alike};
    const char *const texts[] = {"tpm=3M,tpd=100M,jobs=10,min_records=100", NULL};
    const struct ps_allotment_part *part = NULL;
    int64_t sum = 0;
    init(&scene, texts);
    teach(&scene, 57777778, 52000000);
    cut(&scene, &records);
    for (int64_t place = 0; place < 20; place++) {
        sum += ps_allotment_job(&scene.allotment, place, &part)->records;
    }
    assert_int_equal(sum, 48000000 / 10800);
    for (int64_t place = 20; place < 40; place++) {
        const struct ps_plan_job *const job = ps_allotment_job(&scene.allotment, place, &part);
        sum += job->records;
        assert_int_equal(job->quota_tokens, job->records * 12000); /* as it is thought */
    }
    assert_int_equal(sum, 48000000 / 10800 + 100000000 / 10800);
    release(&scene);
}

static void what_is_sent_again_leaves_slots_for_the_others(void **state)
{
    (void)state;
    struct scene scene;
    static const char *const texts[] = {"tpm=3M,jobs=10,min_records=100", NULL};
    const struct ps_plan_records records = {.end = 1000, .alike = &alike};
    init(&scene, texts);
    for (int64_t number = 1; number <= 5; number++) {
        struct ps_job job = {
            .number = number, .attempt = 1, .state = PS_STATE_LIVE, .records = 1800};
        ps_engine_add_job(scene.engine, &job);
    }
    /* A tenth of the work that is open, and five slots are free. */
    cut(&scene, &records);
    assert_int_equal(scene.allotment.job_count, 1);
    for (int64_t number = 6; number <= 12; number++) {
        struct ps_job job = {.number = number, .attempt = 1, .state = PS_STATE_LIVE, .records = 1};
        ps_engine_add_job(scene.engine, &job);
    }
    cut(&scene, &records); /* more than there are slots: a store that was lost found them */
    assert_int_equal(scene.allotment.job_count, 1);
    release(&scene);
    init(&scene, texts);
    cut(&scene, &records);
    assert_int_equal(scene.allotment.job_count, 10);
    release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_have_the_size_that_limits_want),
        cmocka_unit_test(lanes_end_together_by_their_limits),
        cmocka_unit_test(without_rates_slots_decide_and_jobs_are_large),
        cmocka_unit_test(an_index_is_cut_as_its_records_are),
        cmocka_unit_test(what_came_back_decides_how_much_a_day_holds),
        cmocka_unit_test(what_is_sent_again_leaves_slots_for_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
