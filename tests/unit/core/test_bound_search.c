/*
 * Goal: no schedule ends before the bound. Method: small worlds, each searched for its true
 * optimum: every way to cut the records into jobs, every moment to create them, every order in
 * which the service can do the work.
 *
 * Time goes in ticks of three hours; a pool does one unit of work a tick, for whichever job the
 * search likes; a record is one or two units. A record counts in the day that it ends in.
 */
#include "base/prng.h"
#include "base/time.h"
#include "core/bound.h"
#include "plan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TICK_MS (3 * PS_HOUR_MS)
#define DAY_TICKS (PS_DAY_MS / TICK_MS)
#define TOKENS_A_MINUTE INT64_C(1000)
#define UNIT_TOKENS (TOKENS_A_MINUTE * (TICK_MS / PS_MINUTE_MS))
#define TICKS_MAX 80
#define SLOTS 2
#define SEEDS 600

/* Kind 0 is one unit, kind 1 is two. */
struct small {
    int records[2];
    int pool_of_slot[SLOTS]; /* -1: there is no such slot */
    int startup[2];          /* of a pool, ticks */
    int day_halves[2];       /* units a day, in halves; 0: no cap */
    bool holds_long[2];      /* can the pool take kind 1? */
    int reset_tick;          /* the first change of day */
    int job_least;
    int job_most;
};

struct job {
    uint8_t startup;
    uint8_t left[2];
    uint8_t is_half; /* the first unit of a record of two is done */
};

struct state {
    uint8_t unsent[2];
    uint8_t day_used[2];
    struct job slots[SLOTS];
};

struct set {
    struct state *states;
    size_t count;
    size_t room;
};

static struct small small;
static struct set now;
static struct set next;

static void add(const struct state *const state)
{
    if (next.count == next.room) {
        next.room = next.room == 0 ? 1024 : 2 * next.room;
        next.states = realloc(next.states, next.room * sizeof(next.states[0]));
        assert_non_null(next.states);
    }
    next.states[next.count++] = *state;
}

static int compare(const void *const left, const void *const right)
{
    return memcmp(left, right, sizeof(struct state));
}

static void drop_equal(void)
{
    size_t kept = 0;
    qsort(next.states, next.count, sizeof(next.states[0]), compare);
    for (size_t place = 0; place < next.count; place++) {
        if (kept == 0 || compare(&next.states[place], &next.states[kept - 1]) != 0) {
            next.states[kept++] = next.states[place];
        }
    }
    next.count = kept;
}

static bool is_free(const struct job *const job)
{
    return job->left[0] == 0 && job->left[1] == 0;
}

static bool is_done(const struct state *const state)
{
    return state->unsent[0] == 0 && state->unsent[1] == 0 && is_free(&state->slots[0]) &&
           is_free(&state->slots[1]);
}

/* The tick is over for all slots. */
static void end_tick(const struct state *const state)
{
    struct state after = *state;
    for (int slot = 0; slot < SLOTS; slot++) {
        if (after.slots[slot].startup > 0) {
            after.slots[slot].startup--;
        }
    }
    add(&after);
}

/* May a record of so many units end today in this pool? */
static bool has_day(const struct state *const state, const int pool, const int units)
{
    return small.day_halves[pool] == 0 ||
           2 * (state->day_used[pool] + units) <= small.day_halves[pool];
}

static void serve_pool(const struct state *state, int pool);

/* One unit for a record of this kind of the slot's job, if that can be. */
static void serve_slot(const struct state *const state, const int slot, const int kind)
{
    struct state after = *state;
    struct job *const job = &after.slots[slot];
    const int pool = small.pool_of_slot[slot];
    const bool ends = kind == 0 || job->is_half != 0;
    if (job->startup > 0 || job->left[kind] == 0 || (ends && !has_day(state, pool, kind + 1))) {
        return;
    }
    if (ends) {
        after.day_used[pool] = (uint8_t)(after.day_used[pool] + kind + 1);
        job->left[kind]--;
    }
    job->is_half = kind == 1 && !ends;
    serve_pool(&after, pool + 1);
}

/* Each pool serves one of its slots, or none. */
static void serve_pool(const struct state *const state, const int pool)
{
    if (pool == 2) {
        end_tick(state);
        return;
    }
    serve_pool(state, pool + 1);
    for (int slot = 0; slot < SLOTS; slot++) {
        if (small.pool_of_slot[slot] == pool) {
            if (state->slots[slot].is_half == 0) {
                serve_slot(state, slot, 0);
            }
            serve_slot(state, slot, 1);
        }
    }
}

/* Each free slot gets a job of any size, or none. */
static void create(const struct state *const state, const int slot)
{
    if (slot == SLOTS) {
        serve_pool(state, 0);
        return;
    }
    create(state, slot + 1);
    const int pool = small.pool_of_slot[slot];
    if (pool < 0 || !is_free(&state->slots[slot])) {
        return;
    }
    for (int first = 0; first <= state->unsent[0]; first++) {
        for (int second = 0; second <= state->unsent[1]; second++) {
            if (first + second < small.job_least || first + second > small.job_most ||
                (second > 0 && !small.holds_long[pool])) {
                continue;
            }
            struct state after = *state;
            after.unsent[0] = (uint8_t)(after.unsent[0] - first);
            after.unsent[1] = (uint8_t)(after.unsent[1] - second);
            after.slots[slot] =
                (struct job){(uint8_t)small.startup[pool], {(uint8_t)first, (uint8_t)second}, 0};
            create(&after, slot + 1);
        }
    }
}

/* Ticks of the best schedule; TICKS_MAX: there is none in that time. */
static int optimum(void)
{
    struct state start;
    memset(&start, 0, sizeof(start));
    start.unsent[0] = (uint8_t)small.records[0];
    start.unsent[1] = (uint8_t)small.records[1];
    next.count = 0;
    add(&start);
    for (int tick = 0; tick < TICKS_MAX; tick++) {
        const struct set swap = now;
        now = next;
        next = swap;
        next.count = 0;
        for (size_t place = 0; place < now.count; place++) {
            struct state *const state = &now.states[place];
            if (is_done(state)) {
                return tick;
            }
            if (tick >= small.reset_tick && (tick - small.reset_tick) % DAY_TICKS == 0) {
                memset(state->day_used, 0, sizeof(state->day_used));
            }
            create(state, 0);
        }
        drop_equal();
    }
    return TICKS_MAX;
}

/* ------------------------------------------------ the same world, for the bound */

static void draw_small(struct ps_prng *const prng)
{
    const bool has_two_pools = ps_prng_below(prng, 2) == 0;
    small = (struct small){
        .records = {(int)ps_prng_below(prng, 5), (int)ps_prng_below(prng, 3)},
        .pool_of_slot = {0, has_two_pools ? 1 : (int)ps_prng_below(prng, 2) - 1},
        .reset_tick = 1 + (int)ps_prng_below(prng, DAY_TICKS),
        .job_least = 1 + (int)ps_prng_below(prng, 2),
    };
    small.job_most = small.job_least + (int)ps_prng_below(prng, 4);
    for (int pool = 0; pool < 2; pool++) {
        small.startup[pool] = (int)ps_prng_below(prng, 4);
        small.day_halves[pool] = ps_prng_below(prng, 2) == 0 ? 0 : 4 + (int)ps_prng_below(prng, 6);
        small.holds_long[pool] = pool == 0 || ps_prng_below(prng, 2) == 0;
    }
}

static void make_world(struct world *const world)
{
    world_init(world);
    for (int pool = 0; pool < 2; pool++) {
        int64_t slots = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            slots += small.pool_of_slot[slot] == pool ? 1 : 0;
        }
        if (slots == 0) {
            continue;
        }
        struct ps_supply_lane *const lane = world_add_lane(world, "tpm=1000", pool);
        lane->limits[PS_LIMIT_JOBS] = slots;
        lane->limits[PS_LIMIT_MIN_RECORDS] = small.job_least;
        lane->limits[PS_LIMIT_JOB_RECORDS] = small.job_most;
        lane->limits[PS_LIMIT_STARTUP] = small.startup[pool] * TICK_MS;
        lane->startup_least_ms = small.startup[pool] * TICK_MS;
        lane->limits[PS_LIMIT_RESET] = small.reset_tick * TICK_MS % PS_DAY_MS;
        if (small.day_halves[pool] > 0) {
            lane->limits[PS_LIMIT_TPD] = small.day_halves[pool] * UNIT_TOKENS / 2;
        }
        lane->limits[PS_LIMIT_CONTEXT] = small.holds_long[pool] ? 3 * UNIT_TOKENS : UNIT_TOKENS;
    }
    world_add_records(world, small.records[0], UNIT_TOKENS, 0, 10);
    world_add_records(world, small.records[1], 2 * UNIT_TOKENS, 0, 10);
}

static void no_schedule_ends_before_the_bound(void **state)
{
    (void)state;
    static struct world world;
    static const struct ps_bound_options free_upload = {0};
    int64_t searched = 0;
    int64_t exact = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct ps_prng prng;
        struct ps_bound bound;
        ps_prng_init(&prng, seed);
        draw_small(&prng);
        make_world(&world);
        const int ticks = optimum();
        if (ticks == TICKS_MAX || world.demand.all.records == 0) {
            continue; /* the last records are too few for a job */
        }
        ps_bound_find(&world.demand, &world.supply, &free_upload, &bound);
        searched++;
        exact += bound.ms > (ticks - 1) * TICK_MS ? 1 : 0;
        if (bound.ms > ticks * TICK_MS) {
            fail_msg("seed %llu: the best schedule ends at %d ticks, the bound by %s is %lld ms",
                     (unsigned long long)seed, ticks, ps_bound_part_name(bound.part),
                     (long long)bound.ms);
        }
        if (bound.ms <= ticks * TICK_MS / 2) {
            print_message("seed %llu: optimum %d ticks, bound %lld.%02lld\n",
                          (unsigned long long)seed, ticks, (long long)(bound.ms / TICK_MS),
                          (long long)(bound.ms % TICK_MS * 100 / TICK_MS));
        }
    }
    print_message("%lld searched, the bound is the optimum (within a tick) in %lld\n",
                  (long long)searched, (long long)exact);
    assert_true(searched > SEEDS / 2);
    assert_true(exact * 2 > searched);
    free(now.states);
    free(next.states);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_schedule_ends_before_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
