/*
 * Goal: whole runs of many lanes never use more slots of a pool than it has, nor more of a day; the
 * same decisions however often the engine is built again; and twenty thousand jobs in seconds.
 * Method: a service that answers at once, with books of its own over slots and days. (What an
 * engine of many lanes wishes for, step by step: test_engine_lanes.)
 */
#include "base/prng.h"
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define QUOTA 100        /* tokens of a job, at most */
#define MILL_RECORDS 100 /* of a job */

static struct ps_engine_lane lane_of(const char *const region, const char *const model,
                                     const int64_t pool)
{
    return (struct ps_engine_lane){.region = ps_str_of(region),
                                   .model = ps_str_of(model),
                                   .names = {ps_str_of(region), PS_STR("p"), PS_STR("run")},
                                   .role_arn = PS_STR("role"),
                                   .pool = pool};
}

#define MILL_BEGIN_MS (20000 * PS_DAY_MS + 5 * PS_HOUR_MS)
#define DAYS_MAX 4000
#define NUMBERS_A_JOB 4 /* so often it is cut, and once more: no end otherwise */

struct mill_job {
    int64_t created_ms;
    int64_t end_ms;
    int64_t quota_tokens; /* as it was thought */
    int64_t lane;
    bool is_cut_again;
};

/* A run, and the service that takes it. */
struct mill {
    struct hand hand;
    struct mill_job *jobs; /* by number */
    int64_t last_number;
    int64_t used_percent; /* of what was thought */
    int64_t *open;        /* numbers that a list shows; ended ones until their tally */
    int64_t open_count;
    int64_t job_count;
    uint64_t seed;
    uint64_t trace; /* of every create: which, when */
    int64_t creates;
    int64_t wishes;
};

static void fill_mill(struct mill *const mill, const int64_t lane_count,
                      const struct ps_engine_pool *const pool)
{
    struct ps_engine_lane *const lanes = calloc((size_t)lane_count, sizeof(*lanes));
    struct ps_engine_pool *const pools = calloc((size_t)lane_count, sizeof(*pools));
    static const char *const regions[] = {"r", "s", "t"};
    static const char *const models[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
                                         "k", "l", "m", "n", "o", "p", "q", "r", "s", "t",
                                         "u", "v", "w", "x", "y", "z", "1", "2", "3", "4"};
    for (int64_t lane = 0; lane < lane_count; lane++) {
        lanes[lane] = lane_of(regions[lane % 3], models[lane / 3], lane);
        pools[lane] = *pool;
    }
    /* The last one draws on the pool of the first: the same model by a profile. */
    lanes[lane_count - 1] = lane_of("r", "us.a", 0);
    mill->hand.engine = ps_engine_new(&(struct ps_engine_options){.lanes = lanes,
                                                                  .lane_count = lane_count,
                                                                  .pools = pools,
                                                                  .pool_count = lane_count,
                                                                  .nonce = PS_STR("nonce"),
                                                                  .timeout_hours = 24,
                                                                  .poll_ms = 10 * PS_MINUTE_MS,
                                                                  .puts_max = 6,
                                                                  .gets_max = 6,
                                                                  .seed = 1});
    free(lanes);
    free(pools);
}

/* The same engine again, from what a store keeps. */
static void rebuild(struct mill *const mill, const int64_t lane_count,
                    const struct ps_engine_pool *const pool, struct ps_day *const days)
{
    struct ps_engine *const before = mill->hand.engine;
    struct ps_day day;
    int64_t place = 0;
    while (ps_engine_dirty_day(before, &place, &day)) {
        days[place] = day;
    }
    fill_mill(mill, lane_count, pool);
    for (place = 0; place < lane_count; place++) {
        ps_engine_set_day(mill->hand.engine, place, days[place]);
    }
    for (place = 0; place < ps_engine_job_count(before); place++) {
        struct ps_job job = hand_stored_part(ps_engine_job(before, place));
        ps_engine_add_job(mill->hand.engine, &job);
    }
    for (place = 0; place < lane_count; place++) {
        const struct ps_engine_use left = ps_engine_pool_use(before, place);
        const struct ps_engine_use right = ps_engine_pool_use(mill->hand.engine, place);
        /* Whether the day is full is known from the next pass on. */
        assert_memory_equal(&left, &right, offsetof(struct ps_engine_use, is_day_full));
    }
    assert_int_equal(ps_engine_records_held(before), ps_engine_records_held(mill->hand.engine));
    (void)ps_engine_free(before);
}

static void add_mill_job(struct mill *const mill, const struct mill_job *const job,
                         struct ps_fact *const fact)
{
    const int64_t number = ++mill->last_number;
    assert_true(number < NUMBERS_A_JOB * mill->job_count);
    mill->jobs[number] = *job;
    fact->shapes[fact->shape_count++] = (struct ps_job_shape){.number = number,
                                                              .lane = job->lane,
                                                              .shard_count = 1,
                                                              .records = MILL_RECORDS,
                                                              .bytes = HAND_BYTES,
                                                              .input_tokens = job->quota_tokens,
                                                              .quota_tokens = job->quota_tokens};
}

/* The first time jobs as they are drawn; later the same again of those that were let go. */
static void cut_mill(struct mill *const mill, const int64_t lane_count, struct ps_fact *const fact)
{
    struct ps_prng prng;
    const int64_t last = mill->last_number;
    ps_prng_init(&prng, mill->seed);
    fact->shapes = calloc((size_t)mill->job_count + 1, sizeof(fact->shapes[0]));
    for (int64_t number = 1; last == 0 && number <= mill->job_count; number++) {
        const struct mill_job job = {.lane = number % lane_count,
                                     .quota_tokens =
                                         QUOTA / 2 + 10 * ps_prng_below(&prng, QUOTA / 20 + 1),
                                     .end_ms = PS_HOUR_MS + ps_prng_below(&prng, 2 * PS_HOUR_MS)};
        add_mill_job(mill, &job, fact);
    }
    for (int64_t number = 1; number <= last; number++) {
        struct mill_job *const job = &mill->jobs[number];
        if (ps_engine_find(mill->hand.engine, number)->state == PS_STATE_VOID &&
            !job->is_cut_again) {
            const struct mill_job again = *job;
            job->is_cut_again = true;
            add_mill_job(mill, &again, fact);
        }
    }
}

static int64_t used_tokens(const struct mill *const mill, const struct mill_job *const job)
{
    return job->quota_tokens * mill->used_percent / 100;
}

/* Where a job is now: it works evenly from its creation to its end. */
static int64_t processed_of(const struct mill_job *const job, const int64_t now_ms)
{
    const int64_t life_ms = job->end_ms - job->created_ms;
    return now_ms >= job->end_ms ? MILL_RECORDS
                                 : MILL_RECORDS * (now_ms - job->created_ms) / life_ms;
}

static struct ps_job_view mill_view(const struct mill *const mill, const int64_t number)
{
    char arn[64];
    char name[64];
    const struct mill_job *const job = &mill->jobs[number];
    const int64_t processed = processed_of(job, mill->hand.now.steady_ms);
    (void)snprintf(arn, sizeof(arn), "arn:job/%lld", (long long)number);
    (void)snprintf(name, sizeof(name), "run-j%08lld-a1", (long long)number);
    return (struct ps_job_view){
        .arn = strdup(arn),
        .name = strdup(name),
        .status = mill->hand.now.steady_ms >= job->end_ms ? PS_JOB_COMPLETED : PS_JOB_IN_PROGRESS,
        .total_count = MILL_RECORDS,
        .processed_count = processed,
        .success_count = processed};
}

static void list_mill(const struct mill *const mill, struct ps_fact *const fact)
{
    fact->jobs = calloc((size_t)mill->open_count + 1, sizeof(fact->jobs[0]));
    for (int64_t place = 0; place < mill->open_count; place++) {
        fact->jobs[fact->job_count++] = mill_view(mill, mill->open[place]);
    }
}

static void create_mill(struct mill *const mill, const struct ps_wish *const wish,
                        struct ps_fact *const fact)
{
    char arn[64];
    struct mill_job *const job = &mill->jobs[wish->job];
    (void)snprintf(arn, sizeof(arn), "arn:job/%lld", (long long)wish->job);
    fact->text = strdup(arn);
    assert_int_equal(job->created_ms, 0);
    job->created_ms = mill->hand.now.steady_ms;
    job->end_ms += job->created_ms;
    mill->open[mill->open_count++] = wish->job;
    mill->creates++;
    mill->trace = mill->trace * 1000003 + (uint64_t)wish->job * 31 + (uint64_t)job->created_ms;
}

static void end_mill(struct mill *const mill, const int64_t number)
{
    for (int64_t place = 0; place < mill->open_count; place++) {
        if (mill->open[place] == number) {
            mill->open[place] = mill->open[--mill->open_count];
            return;
        }
    }
}

static void answer(struct mill *const mill, const struct ps_wish *const wish,
                   const int64_t lane_count)
{
    struct ps_fact fact = {
        .kind = wish->kind, .job = wish->job, .shard = wish->shard, .outcome = PS_OUTCOME_YES};
    const bool is_check = wish->kind == PS_WISH_LIST_OBJECTS && wish->job >= 0 &&
                          ps_engine_find(mill->hand.engine, wish->job)->state == PS_STATE_CHECKING;
    if (wish->kind == PS_WISH_IDENTITY) {
        fact.text = strdup(HAND_ACCOUNT);
    } else if (wish->kind == PS_WISH_CUT_JOBS) {
        cut_mill(mill, lane_count, &fact);
    } else if (wish->kind == PS_WISH_LOAD_SHARDS) {
        fact.shards = calloc(1, sizeof(fact.shards[0]));
        fact.shards[0] = (struct ps_shard_row){.records = MILL_RECORDS, .bytes = HAND_BYTES};
        fact.shard_count = 1;
    } else if (is_check) {
        struct ps_buf key PS_CLEANUP(ps_buf_release);
        const struct ps_names names = {PS_STR(""), PS_STR("p"), PS_STR("run")};
        ps_buf_init(&key, 1000);
        ps_names_add_shard_key(&key, &names, wish->job, 1, 0);
        fact.objects = calloc(1, sizeof(fact.objects[0]));
        fact.objects[fact.object_count++] =
            (struct ps_object_view){.key = ps_str_dup(ps_buf_str(&key)), .size_bytes = HAND_BYTES};
    } else if (wish->kind == PS_WISH_CREATE_JOB) {
        create_mill(mill, wish, &fact);
    } else if (wish->kind == PS_WISH_LIST_JOBS) {
        list_mill(mill, &fact);
    } else if (wish->kind == PS_WISH_GET_JOB) {
        fact.jobs = calloc(1, sizeof(fact.jobs[0]));
        fact.jobs[fact.job_count++] = mill_view(mill, wish->job);
    } else if (wish->kind == PS_WISH_TALLY) {
        end_mill(mill, wish->job);
        fact.tally = (struct ps_tally){.lines = MILL_RECORDS,
                                       .has_manifest = true,
                                       .manifest_counted = MILL_RECORDS,
                                       .succeeded = MILL_RECORDS,
                                       .input_tokens = used_tokens(mill, &mill->jobs[wish->job])};
    }
    ps_engine_handle(mill->hand.engine, &fact, mill->hand.now);
    ps_fact_release(&fact);
}

/* The service's own books: how many jobs of a pool were at work at once, and its tokens a day. */
static void check_books(const struct mill *const mill, const int64_t lane_count,
                        const struct ps_engine_pool *const pool)
{
    int64_t *const tokens = calloc((size_t)lane_count * DAYS_MAX, sizeof(*tokens));
    for (int64_t number = 1; number <= mill->last_number; number++) {
        const struct mill_job *const job = &mill->jobs[number];
        const int64_t lane = job->lane;
        const int64_t place = lane == lane_count - 1 ? 0 : lane;
        const int64_t life_ms = job->end_ms - job->created_ms;
        if (job->is_cut_again) {
            assert_int_equal(job->created_ms, 0);
            continue;
        }
        assert_true(job->created_ms > 0);
        int64_t from_ms = job->created_ms;
        while (from_ms < job->end_ms) {
            const int64_t day = (from_ms - MILL_BEGIN_MS + 5 * PS_HOUR_MS) / PS_DAY_MS;
            const int64_t turn_ms = MILL_BEGIN_MS - 5 * PS_HOUR_MS + (day + 1) * PS_DAY_MS;
            const int64_t until_ms = job->end_ms < turn_ms ? job->end_ms : turn_ms;
            assert_true(day < DAYS_MAX);
            tokens[place * DAYS_MAX + day] +=
                used_tokens(mill, job) * (until_ms - from_ms) / life_ms;
            from_ms = until_ms;
        }
        int64_t at_work = 0;
        for (int64_t other = 1; pool->tpd > 0 && other <= mill->last_number; other++) {
            const int64_t other_lane = mill->jobs[other].lane;
            at_work += (other_lane == lane_count - 1 ? 0 : other_lane) == place &&
                               mill->jobs[other].created_ms > 0 &&
                               mill->jobs[other].created_ms <= job->created_ms &&
                               mill->jobs[other].end_ms > job->created_ms
                           ? 1
                           : 0;
        }
        assert_true(at_work <= pool->jobs_max);
    }
    for (int64_t day = 0; day < lane_count * DAYS_MAX; day++) {
        assert_true(pool->tpd <= 0 || tokens[day] <= pool->tpd);
    }
    free(tokens);
}

/* Lives through a run; returns a digest of what was created when. */
static uint64_t run_mill(struct mill mill, const int64_t lane_count,
                         const struct ps_engine_pool *const pool, const bool is_rebuilt,
                         int64_t *const ret_last_number)
{
    struct ps_day *const days = calloc((size_t)lane_count, sizeof(*days));
    struct ps_wish wish;
    mill.jobs = calloc((size_t)(NUMBERS_A_JOB * mill.job_count), sizeof(mill.jobs[0]));
    mill.open = calloc((size_t)mill.job_count + 1, sizeof(mill.open[0]));
    mill.hand.now = (struct ps_now){MILL_BEGIN_MS, MILL_BEGIN_MS};
    fill_mill(&mill, lane_count, pool);
    while (ps_engine_phase(mill.hand.engine) == PS_PHASE_RUNNING) {
        while (ps_engine_next(mill.hand.engine, mill.hand.now, &wish)) {
            mill.wishes++;
            answer(&mill, &wish, lane_count);
        }
        if (ps_engine_phase(mill.hand.engine) != PS_PHASE_RUNNING) {
            break;
        }
        const int64_t wake_ms = ps_engine_wake_at_ms(mill.hand.engine);
        assert_true(wake_ms > mill.hand.now.steady_ms && wake_ms < INT64_MAX);
        mill.hand.now = (struct ps_now){wake_ms, wake_ms};
        while (ps_engine_dirty(mill.hand.engine) != NULL) {
        }
        if (is_rebuilt) {
            rebuild(&mill, lane_count, pool, days);
        }
    }
    assert_int_equal(ps_engine_phase(mill.hand.engine), PS_PHASE_ENDED);
    assert_int_equal(mill.creates, mill.job_count);
    assert_int_equal(mill.open_count, 0);
    check_books(&mill, lane_count, pool);
    (void)ps_engine_free(mill.hand.engine);
    free(mill.jobs);
    free(mill.open);
    free(days);
    *ret_last_number = mill.last_number;
    return mill.trace;
}

static void an_engine_built_again_after_every_turn_decides_the_same(void **state)
{
    (void)state;
    static const struct ps_engine_pool pools[] = {
        {.jobs_max = 2},
        {.jobs_max = 3, .tpd = 250},
        {.jobs_max = 5, .tpd = 400, .reset_ms = 0},
    };
    static const int64_t percents[] = {100, 70};
    for (size_t row = 0; row < 2 * sizeof(pools) / sizeof(pools[0]); row++) {
        const struct ps_engine_pool *const pool = &pools[row / 2];
        for (uint64_t seed = 1; seed <= 10; seed++) {
            const struct mill mill = {
                .seed = seed, .job_count = 60, .used_percent = percents[row % 2]};
            int64_t numbers = 0;
            const uint64_t straight = run_mill(mill, 4, pool, false, &numbers);
            /* What was thought wrongly is cut again, once; the pools of one model learn together,
             * and only where days are counted. */
            assert_int_equal(numbers > mill.job_count, pool->tpd > 0 && mill.used_percent != 100);
            assert_true(straight == run_mill(mill, 4, pool, true, &numbers));
        }
    }
}

/* In well under a minute, on any machine: each wish looks at the jobs that may move, not at all. */
static void twenty_thousand_jobs_of_ninety_lanes_take_seconds(void **state)
{
    (void)state;
    const struct ps_engine_pool pool = {.jobs_max = 10};
    int64_t numbers = 0;
    (void)run_mill((struct mill){.seed = 1, .job_count = 20000, .used_percent = 100}, 90, &pool,
                   false, &numbers);
    assert_int_equal(numbers, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_engine_built_again_after_every_turn_decides_the_same),
        cmocka_unit_test(twenty_thousand_jobs_of_ninety_lanes_take_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
