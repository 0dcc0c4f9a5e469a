/*
 * on_demand - what a pool on demand has left of its requests/min, tokens/min and tokens/day.
 *
 * As AWS tells it (reference: how tokens are counted): a request reserves its input and the most
 * that its answer may have; when it is answered it settles to input and output times the burn-down,
 * which gives back what it did not use, or takes more than was reserved. The limits are buckets
 * that hold a minute's worth and fill evenly; a day's budget begins anew at its hour, and a request
 * counts in the day that accepted it.
 *
 * The service's own books, read by the judge: no code of the client's is shared. Pure; the time is
 * an argument, and an earlier one counts as the last. Each call is O(log n) of those under way.
 *
 * Owner: the caller embeds it and releases it. Threads: one at a time.
 */
#ifndef PS_SIM_ON_DEMAND_H
#define PS_SIM_ON_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ps_on_demand_limits {
    int64_t rps; /* each 0: no such limit */
    int64_t tpm;
    int64_t tpd;
    int64_t reset_ms; /* when the day turns: ms after 00:00 UTC */
};

/* A request that was accepted. */
struct ps_on_demand_use {
    int64_t at_ms;
    int64_t reserved_tokens;
    int64_t settled_tokens;
    int64_t settled_ms; /* when it is answered */
};

struct ps_on_demand {
    struct ps_on_demand_limits limits;
    int64_t now_ms;
    int64_t request_room; /* thousandths of a request */
    int64_t token_room;   /* sixty-thousandths of a token; below 0: more was used than reserved */
    int64_t day;
    int64_t day_tokens;
    struct ps_on_demand_use *open; /* a heap, the first to be answered on top */
    size_t open_count;
    size_t open_capacity;
};

enum ps_on_demand_verdict {
    PS_ON_DEMAND_FITS,
    PS_ON_DEMAND_REQUESTS, /* too many of them */
    PS_ON_DEMAND_TOKENS,
    PS_ON_DEMAND_DAY
};

void ps_on_demand_init(struct ps_on_demand *pool, const struct ps_on_demand_limits *limits,
                       int64_t now_ms);
void ps_on_demand_release(struct ps_on_demand *pool);

/* May a request that reserves so many tokens begin now? */
enum ps_on_demand_verdict ps_on_demand_ask(struct ps_on_demand *pool, int64_t reserved_tokens,
                                           int64_t now_ms);

/* It has begun, at use->at_ms. */
void ps_on_demand_take(struct ps_on_demand *pool, const struct ps_on_demand_use *use);

/* What a client is told: "Too many tokens, please wait before trying again." */
const char *ps_on_demand_words(enum ps_on_demand_verdict verdict);

/* How long an answer of so many tokens takes, drawn by `seed`; AWS publishes no such numbers. */
int64_t ps_on_demand_latency_ms(uint64_t seed, int64_t output_tokens);

#endif
