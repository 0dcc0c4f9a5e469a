#include "sim/on_demand.h"

#include "base/assert.h"
#include "base/prng.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

/* At R requests a second, R thousandths come back each millisecond; at T tokens a minute, T
 * sixty-thousandths. */
#define REQUEST_UNITS PS_SECOND_MS
#define TOKEN_UNITS PS_MINUTE_MS

/* From the call to the first token, and the pace of the others. */
#define FIRST_TOKEN_MS_MIN INT64_C(300)
#define FIRST_TOKEN_MS_MAX INT64_C(1500)
#define TOKENS_PER_S_MIN INT64_C(30)
#define TOKENS_PER_S_MAX INT64_C(90)

/* A minute's worth. */
static int64_t request_room_of(const struct ps_on_demand *const pool)
{
    return pool->limits.rps * PS_MINUTE_MS;
}

static int64_t token_room_of(const struct ps_on_demand *const pool)
{
    return pool->limits.tpm * TOKEN_UNITS;
}

static int64_t day_of(const struct ps_on_demand *const pool, const int64_t at_ms)
{
    return (at_ms - pool->limits.reset_ms) / PS_DAY_MS;
}

void ps_on_demand_init(struct ps_on_demand *const pool,
                       const struct ps_on_demand_limits *const limits, const int64_t now_ms)
{
    memset(pool, 0, sizeof *pool);
    pool->limits = *limits;
    pool->now_ms = now_ms;
    pool->request_room = request_room_of(pool);
    pool->token_room = token_room_of(pool);
    pool->day = day_of(pool, now_ms);
}

void ps_on_demand_release(struct ps_on_demand *const pool)
{
    free(pool->open);
    memset(pool, 0, sizeof *pool);
}

/* ---- those under way ---- */

static void swap(struct ps_on_demand *const pool, const size_t one, const size_t other)
{
    const struct ps_on_demand_use kept = pool->open[one];
    pool->open[one] = pool->open[other];
    pool->open[other] = kept;
}

static void push(struct ps_on_demand *const pool, const struct ps_on_demand_use *const use)
{
    if (pool->open_count == pool->open_capacity) {
        pool->open_capacity = pool->open_capacity * 2 + 64;
        pool->open = realloc(pool->open, pool->open_capacity * sizeof *pool->open);
        PS_ASSERT(pool->open != NULL);
    }
    size_t place = pool->open_count++;
    pool->open[place] = *use;
    while (place > 0 && pool->open[(place - 1) / 2].settled_ms > pool->open[place].settled_ms) {
        swap(pool, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
}

static struct ps_on_demand_use pop(struct ps_on_demand *const pool)
{
    const struct ps_on_demand_use first = pool->open[0];
    pool->open[0] = pool->open[--pool->open_count];
    size_t place = 0;
    for (;;) {
        size_t least = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2; child++) {
            if (child < pool->open_count &&
                pool->open[child].settled_ms < pool->open[least].settled_ms) {
                least = child;
            }
        }
        if (least == place) {
            return first;
        }
        swap(pool, place, least);
        place = least;
    }
}

/* ---- the passing of time ---- */

/* Never above `full`; a product that would not fit is full. */
static int64_t filled(const int64_t room, const int64_t rate, const int64_t passed_ms,
                      const int64_t full)
{
    return rate == 0 || passed_ms > (full - room) / rate ? full : room + passed_ms * rate;
}

static void move_to(struct ps_on_demand *const pool, const int64_t at_ms)
{
    if (at_ms <= pool->now_ms) {
        return;
    }
    const int64_t passed_ms = at_ms - pool->now_ms;
    pool->request_room =
        filled(pool->request_room, pool->limits.rps, passed_ms, request_room_of(pool));
    pool->token_room = filled(pool->token_room, pool->limits.tpm, passed_ms, token_room_of(pool));
    pool->now_ms = at_ms;
    const int64_t day = day_of(pool, at_ms);
    if (day != pool->day) {
        pool->day = day;
        pool->day_tokens = 0;
    }
}

static void settle(struct ps_on_demand *const pool, const struct ps_on_demand_use *const use)
{
    const int64_t unused = use->reserved_tokens - use->settled_tokens;
    if (pool->limits.tpm > 0) {
        const int64_t room = pool->token_room + unused * TOKEN_UNITS;
        pool->token_room = room < token_room_of(pool) ? room : token_room_of(pool);
    }
    if (day_of(pool, use->at_ms) == pool->day) {
        pool->day_tokens -= unused;
    }
}

static void pass_to(struct ps_on_demand *const pool, const int64_t at_ms)
{
    while (pool->open_count > 0 && pool->open[0].settled_ms <= at_ms) {
        const struct ps_on_demand_use use = pop(pool);
        move_to(pool, use.settled_ms);
        settle(pool, &use);
    }
    move_to(pool, at_ms);
}

enum ps_on_demand_verdict ps_on_demand_ask(struct ps_on_demand *const pool,
                                           const int64_t reserved_tokens, const int64_t now_ms)
{
    pass_to(pool, now_ms);
    if (pool->limits.rps > 0 && pool->request_room < REQUEST_UNITS) {
        return PS_ON_DEMAND_REQUESTS;
    }
    if (pool->limits.tpm > 0 && pool->token_room / TOKEN_UNITS < reserved_tokens) {
        return PS_ON_DEMAND_TOKENS;
    }
    const bool is_day_full =
        pool->limits.tpd > 0 && pool->limits.tpd - pool->day_tokens < reserved_tokens;
    return is_day_full ? PS_ON_DEMAND_DAY : PS_ON_DEMAND_FITS;
}

void ps_on_demand_take(struct ps_on_demand *const pool, const struct ps_on_demand_use *const use)
{
    pass_to(pool, use->at_ms);
    pool->request_room -= pool->limits.rps > 0 ? REQUEST_UNITS : 0;
    pool->token_room -= pool->limits.tpm > 0 ? use->reserved_tokens * TOKEN_UNITS : 0;
    pool->day_tokens += use->reserved_tokens;
    push(pool, use);
}

const char *ps_on_demand_words(const enum ps_on_demand_verdict verdict)
{
    switch (verdict) {
    case PS_ON_DEMAND_REQUESTS:
        return "Too many requests, please wait before trying again.";
    case PS_ON_DEMAND_TOKENS:
        return "Too many tokens, please wait before trying again.";
    default:
        return "Too many tokens per day, please wait before trying again.";
    }
}

int64_t ps_on_demand_latency_ms(const uint64_t seed, const int64_t output_tokens)
{
    struct ps_prng prng;
    ps_prng_init(&prng, seed);
    const int64_t first_ms =
        FIRST_TOKEN_MS_MIN + ps_prng_below(&prng, FIRST_TOKEN_MS_MAX - FIRST_TOKEN_MS_MIN + 1);
    const int64_t pace =
        TOKENS_PER_S_MIN + ps_prng_below(&prng, TOKENS_PER_S_MAX - TOKENS_PER_S_MIN + 1);
    return first_ms + output_tokens * PS_SECOND_MS / pace;
}
