#include "core/makespan.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"
#include "core/curve.h"

#include <stdlib.h>
#include <string.h>

/* Work is counted in thousandths of a token. */
#define MILLIS INT64_C(1000)

/* A job at the service. */
struct job {
    int64_t key; /* starting: the moment it starts; running: the share of work at which it ends */
    int64_t tokens;
    int64_t lane;
};

/* The least key is first. */
struct heap {
    struct job *jobs;
    size_t count;
    size_t room;
};

struct pool {
    const struct ps_supply *supply;
    const struct ps_makespan_options *options;
    struct ps_makespan_lane *lanes; /* all of the supply's */
    int64_t *left;                  /* of each lane: records without a job */
    int64_t *made;                  /* of each lane: jobs so far */
    int64_t number;                 /* the pool's */
    int64_t slots;
    int64_t tokens_per_minute;
    int64_t tokens_per_day;
    int64_t gap_ms;    /* between two creations, at least */
    int64_t create_ms; /* no sooner than then is the next one */
    int64_t filled;
    int64_t next_lane; /* which is asked first for the next job */

    int64_t now_ms;
    int64_t turn_ms; /* when the day changes next */
    int64_t held;    /* tokens against this day */
    int64_t share;   /* thousandths of a token that each running job has had so far */
    int64_t ended;
    struct heap starting;
    struct heap running;
};

static int64_t least_of(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

/* ------------------------------------------------ a heap of jobs */

static void put(struct heap *const heap, const struct job job)
{
    if (heap->count == heap->room) {
        heap->room = heap->room == 0 ? 16 : 2 * heap->room;
        heap->jobs = reallocarray(heap->jobs, heap->room, sizeof(heap->jobs[0]));
        PS_ASSERT(heap->jobs != NULL);
    }
    size_t place = heap->count++;
    while (place > 0 && heap->jobs[(place - 1) / 2].key > job.key) {
        heap->jobs[place] = heap->jobs[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap->jobs[place] = job;
}

static struct job take(struct heap *const heap)
{
    PS_ASSERT(heap->count > 0);
    const struct job first = heap->jobs[0];
    const struct job last = heap->jobs[--heap->count];
    size_t place = 0;
    for (size_t child = 1; child < heap->count; child = 2 * place + 1) {
        child += child + 1 < heap->count && heap->jobs[child + 1].key < heap->jobs[child].key;
        if (heap->jobs[child].key >= last.key) {
            break;
        }
        heap->jobs[place] = heap->jobs[child];
        place = child;
    }
    heap->jobs[place] = last;
    return first;
}

/* ------------------------------------------------ creating */

static int64_t slots_taken(const struct pool *const pool)
{
    return (int64_t)(pool->starting.count + pool->running.count);
}

static int64_t tokens_of(const struct pool *const pool, const int64_t lane, const int64_t records)
{
    const struct ps_demand_class *const share = &pool->lanes[lane].share;
    return ps_scale_i64(ps_demand_weight(share, &pool->supply->lanes[lane]), records,
                        share->records);
}

/* The first look at the jobs from then on. */
static int64_t seen_at_ms(const struct ps_makespan_options *const options, const int64_t at_ms)
{
    const int64_t poll_ms = options->poll_ms;
    const int64_t passed_ms = poll_ms == 0 ? 0 : at_ms % poll_ms;
    return passed_ms == 0 ? at_ms : ps_sum_i64(at_ms, poll_ms - passed_ms);
}

/* The middle, then the quarters, then the eighths: any number of jobs are spread evenly. */
static int64_t startup_of(const struct pool *const pool, const int64_t lane)
{
    const struct ps_supply_lane *const limits = &pool->supply->lanes[lane];
    const int64_t expected_ms = ps_supply_limit(limits, PS_LIMIT_STARTUP, 0);
    if (pool->options->spread_ms == NULL || expected_ms <= limits->startup_least_ms) {
        return expected_ms;
    }
    int64_t place = 0;
    int64_t number = pool->filled + 1;
    for (int64_t half = PS_MAKESPAN_SPREAD / 2; half > 0; half /= 2, number /= 2) {
        place += number % 2 * half;
    }
    return pool->options->spread_ms[place];
}

/* Makes the lane's next job, if the day has room for it. */
static bool create(struct pool *const pool, const int64_t lane)
{
    const struct ps_sizing *const sizing = &pool->lanes[lane].sizing;
    const int64_t records = ps_sizing_next_records(sizing, pool->made[lane], pool->left[lane]);
    const int64_t tokens = records == 0 ? 0 : tokens_of(pool, lane, records);
    /* What is expected may be rounded up to a token a record; the day is reckoned in the mean. */
    if (records == 0 || (pool->held > 0 && tokens > pool->tokens_per_day - pool->held)) {
        return false;
    }
    const int64_t made_ms =
        pool->filled < pool->slots ? pool->now_ms : seen_at_ms(pool->options, pool->now_ms);
    put(&pool->starting, (struct job){made_ms + startup_of(pool, lane), tokens, lane});
    pool->held += tokens;
    pool->left[lane] -= records;
    pool->made[lane]++;
    pool->filled++;
    pool->create_ms = pool->now_ms + pool->gap_ms;
    return true;
}

static bool is_of_pool(const struct pool *const pool, const int64_t lane)
{
    const struct ps_supply_lane *const supply_lane = &pool->supply->lanes[lane];
    return supply_lane->pool == pool->number && supply_lane->kind == PS_KIND_BATCH;
}

/* Lanes take turns. */
static bool create_one(struct pool *const pool)
{
    const int64_t count = pool->supply->lane_count;
    for (int64_t asked = 0; asked < count; asked++) {
        const int64_t lane = (pool->next_lane + asked) % count;
        if (is_of_pool(pool, lane) && create(pool, lane)) {
            pool->next_lane = lane + 1;
            return true;
        }
    }
    return false;
}

static void create_all(struct pool *const pool)
{
    while (slots_taken(pool) < pool->slots && pool->create_ms <= pool->now_ms && create_one(pool)) {
    }
}

static bool has_left(const struct pool *const pool)
{
    for (int64_t lane = 0; lane < pool->supply->lane_count; lane++) {
        if (is_of_pool(pool, lane) &&
            ps_sizing_next_records(&pool->lanes[lane].sizing, pool->made[lane], pool->left[lane]) >
                0) {
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------ passing time */

/* When the first running job ends, if nothing else changes. */
static int64_t next_end_ms(const struct pool *const pool)
{
    if (pool->running.count == 0) {
        return INT64_MAX;
    }
    if (pool->tokens_per_minute == INT64_MAX) {
        return pool->now_ms;
    }
    const int64_t ahead = pool->running.jobs[0].key - pool->share;
    const int64_t missing = ahead > 0 ? ahead : 0; /* two may end in the same millisecond */
    const int64_t all = ps_scale_i64(missing, (int64_t)pool->running.count, 1);
    return ps_sum_i64(pool->now_ms,
                      ps_scale_up_i64(all, PS_MINUTE_MS / MILLIS, pool->tokens_per_minute));
}

static void move_to(struct pool *const pool, const int64_t at_ms)
{
    if (pool->running.count > 0 && pool->tokens_per_minute < INT64_MAX) {
        const int64_t work =
            ps_scale_i64(pool->tokens_per_minute, at_ms - pool->now_ms, PS_MINUTE_MS / MILLIS);
        pool->share += work / (int64_t)pool->running.count;
    }
    pool->now_ms = at_ms;
}

/* What live jobs have left is the new day's. */
static void turn_day(struct pool *const pool)
{
    pool->turn_ms += PS_DAY_MS;
    pool->held = 0;
    for (size_t place = 0; place < pool->starting.count; place++) {
        pool->held += pool->starting.jobs[place].tokens;
    }
    for (size_t place = 0; place < pool->running.count; place++) {
        const int64_t missing = pool->running.jobs[place].key - pool->share;
        pool->held += missing > 0 ? missing / MILLIS : 0;
    }
}

static void start_due(struct pool *const pool)
{
    while (pool->starting.count > 0 && pool->starting.jobs[0].key <= pool->now_ms) {
        struct job job = take(&pool->starting);
        struct ps_makespan_lane *const lane = &pool->lanes[job.lane];
        lane->first_ms = lane->ends_ms == 0 && lane->first_ms == 0 ? pool->now_ms : lane->first_ms;
        job.key = pool->share + ps_scale_i64(job.tokens, MILLIS, 1);
        put(&pool->running, job);
    }
}

static void end_first(struct pool *const pool)
{
    const struct job job = take(&pool->running);
    pool->share = job.key > pool->share ? job.key : pool->share;
    pool->lanes[job.lane].ends_ms = pool->now_ms;
    pool->ended++;
}

/* The next thing that happens. False: nothing ever does. */
static bool step(struct pool *const pool)
{
    const int64_t end_ms = next_end_ms(pool);
    const int64_t start_ms = pool->starting.count > 0 ? pool->starting.jobs[0].key : INT64_MAX;
    const int64_t create_ms = slots_taken(pool) < pool->slots && pool->create_ms > pool->now_ms
                                  ? pool->create_ms
                                  : INT64_MAX;
    const int64_t turn_ms = pool->tokens_per_day == INT64_MAX ? INT64_MAX : pool->turn_ms;
    const int64_t next_ms = least_of(least_of(end_ms, start_ms), least_of(create_ms, turn_ms));
    if (next_ms == INT64_MAX) {
        return false;
    }
    move_to(pool, next_ms);
    if (next_ms == turn_ms) {
        turn_day(pool);
    }
    if (next_ms == end_ms) {
        end_first(pool);
    }
    start_due(pool);
    create_all(pool);
    return true;
}

/* ------------------------------------------------ a pool of jobs */

/* After so many jobs: the pace of the later half of them holds for all that are left. */
static void reckon_rest(struct pool *const pool, const int64_t half_ms, const int64_t half_jobs)
{
    int64_t jobs = 0;
    for (int64_t lane = 0; lane < pool->supply->lane_count; lane++) {
        jobs += is_of_pool(pool, lane) ? pool->lanes[lane].sizing.jobs - pool->made[lane] : 0;
    }
    jobs += slots_taken(pool);
    const int64_t more_ms = ps_scale_i64(pool->now_ms - half_ms, jobs, pool->ended - half_jobs);
    for (int64_t lane = 0; lane < pool->supply->lane_count; lane++) {
        if (is_of_pool(pool, lane) && pool->lanes[lane].sizing.jobs > 0) {
            pool->lanes[lane].ends_ms = ps_sum_i64(pool->now_ms, more_ms);
        }
    }
}

static void run_pool(struct pool *const pool)
{
    int64_t half_ms = 0;
    int64_t half_jobs = 0;
    create_all(pool);
    while ((slots_taken(pool) > 0 || has_left(pool)) && step(pool)) {
        if (pool->ended == PS_MAKESPAN_JOBS_MAX / 2 && half_jobs == 0) {
            half_ms = pool->now_ms;
            half_jobs = pool->ended;
        }
        if (pool->ended >= PS_MAKESPAN_JOBS_MAX && pool->now_ms > half_ms) {
            reckon_rest(pool, half_ms, half_jobs);
            break;
        }
    }
    free(pool->starting.jobs);
    free(pool->running.jobs);
}

/* The limits of the pool's first lane are all its lanes'. */
static void init_pool(struct pool *const pool, const int64_t first)
{
    const struct ps_supply_lane *const lane = &pool->supply->lanes[first];
    int64_t records = 0;
    int64_t tokens = 0;
    pool->number = lane->pool;
    pool->next_lane = first;
    for (int64_t place = 0; place < pool->supply->lane_count; place++) {
        if (is_of_pool(pool, place)) {
            const struct ps_makespan_lane *const part = &pool->lanes[place];
            records += part->share.records;
            tokens += ps_demand_weight(&part->share, &pool->supply->lanes[place]);
            pool->gap_ms = part->sizing.gap_ms > pool->gap_ms ? part->sizing.gap_ms : pool->gap_ms;
        }
    }
    pool->slots = ps_supply_limit(lane, PS_LIMIT_JOBS, INT64_MAX);
    pool->tokens_per_minute = ps_supply_tokens_per_minute(lane, records, tokens);
    pool->tokens_per_day = ps_supply_limit(lane, PS_LIMIT_TPD, INT64_MAX);
    const int64_t tpm = ps_supply_limit(lane, PS_LIMIT_TPM, INT64_MAX);
    if (pool->tokens_per_day >= ps_scale_i64(tpm, PS_DAY_MS, PS_MINUTE_MS)) {
        pool->tokens_per_day = INT64_MAX; /* nobody can use it up, and nobody holds it */
    }
    pool->turn_ms = ps_supply_first_reset_ms(pool->supply, lane);
}

/* ------------------------------------------------ a lane without jobs */

static void run_on_demand(const struct ps_supply *const supply, const int64_t place,
                          struct ps_makespan_lane *const lane)
{
    const struct ps_supply_lane *const limits = &supply->lanes[place];
    const int64_t tokens = ps_demand_weight(&lane->share, limits);
    const struct ps_curve curve = {
        .tokens_per_minute = ps_supply_tokens_per_minute(limits, lane->share.records, tokens),
        .tokens_per_day = ps_supply_limit(limits, PS_LIMIT_TPD, INT64_MAX),
        .first_reset_ms = ps_supply_first_reset_ms(supply, limits),
        .burst_tokens = limits->burst_tokens,
    };
    lane->ends_ms = ps_curve_reach_ms(&curve, tokens);
}

/* ------------------------------------------------ all of it */

static bool is_first_of_pool(const struct ps_supply *const supply, const int64_t place)
{
    for (int64_t other = 0; other < place; other++) {
        if (supply->lanes[other].pool == supply->lanes[place].pool &&
            supply->lanes[other].kind == supply->lanes[place].kind) {
            return false;
        }
    }
    return true;
}

static int64_t days_until(const struct ps_supply *const supply,
                          const struct ps_supply_lane *const lane, const int64_t ms)
{
    const int64_t first_ms = ps_supply_first_reset_ms(supply, lane);
    return ms <= first_ms ? 1 : 2 + (ms - first_ms - 1) / PS_DAY_MS;
}

/* Returns when the lane's answers are here. */
static int64_t tell(const struct ps_supply *const supply,
                    const struct ps_makespan_options *const options, const int64_t place,
                    struct ps_makespan_lane *const lane)
{
    const struct ps_supply_lane *const limits = &supply->lanes[place];
    if (lane->share.records == 0) {
        return 0;
    }
    if (limits->kind == PS_KIND_BATCH && lane->sizing.impossible != PS_LIMIT_COUNT) {
        lane->ends_ms = INT64_MAX;
    }
    if (lane->ends_ms == INT64_MAX) {
        return INT64_MAX;
    }
    const int64_t before_first = days_until(supply, limits, lane->first_ms);
    lane->days = days_until(supply, limits, lane->ends_ms) - before_first + 1;
    if (limits->kind == PS_KIND_BATCH) {
        lane->ends_ms = seen_at_ms(options, lane->ends_ms);
    }
    return lane->ends_ms;
}

int64_t ps_makespan_find(const struct ps_supply *const supply,
                         const struct ps_makespan_options *const options,
                         struct ps_makespan_lane *const lanes)
{
    const size_t count = (size_t)supply->lane_count + 1;
    int64_t *const left = calloc(count, sizeof(left[0]));
    int64_t *const made = calloc(count, sizeof(made[0]));
    int64_t ends_ms = 0;
    PS_ASSERT(left != NULL && made != NULL);
    for (int64_t place = 0; place < supply->lane_count; place++) {
        left[place] = lanes[place].share.records;
        lanes[place].first_ms = 0;
        lanes[place].ends_ms = 0;
        lanes[place].days = 0;
    }
    for (int64_t place = 0; place < supply->lane_count; place++) {
        if (supply->lanes[place].kind == PS_KIND_ON_DEMAND) {
            run_on_demand(supply, place, &lanes[place]);
        } else if (is_first_of_pool(supply, place)) {
            struct pool pool = {
                .supply = supply, .options = options, .lanes = lanes, .left = left, .made = made};
            init_pool(&pool, place);
            run_pool(&pool);
        }
    }
    for (int64_t place = 0; place < supply->lane_count; place++) {
        const int64_t lane_ms = tell(supply, options, place, &lanes[place]);
        ends_ms = lane_ms > ends_ms ? lane_ms : ends_ms;
    }
    free(left);
    free(made);
    return ends_ms;
}
