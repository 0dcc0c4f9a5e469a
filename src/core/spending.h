/*
 * spending - may more be sent? What the user allows of failures and of money, held against what
 * came back and what it costs.
 *
 * Pure values.
 */
#ifndef PS_CORE_SPENDING_H
#define PS_CORE_SPENDING_H

#include "base/many.h"
#include "base/str.h"

/* Micro-dollars for a million tokens. */
struct ps_price {
    int64_t input_usd_micros;
    int64_t output_usd_micros;
};

/* What so many tokens cost, rounded up; no more than INT64_MAX. */
int64_t ps_price_usd_micros(struct ps_price price, int64_t input_tokens, int64_t output_tokens);

/* As the user says them; zero: no such limit. */
struct ps_spending_limits {
    int64_t has_failures;
    struct ps_many failures; /* of the records that have an ending */
    int64_t canary_records;  /* of each model: they must succeed before the rest is sent */
    int64_t max_cost_usd_micros;
};

/* So many in a hundred of a canary may fail where the user says nothing of failures: a model that
 * cannot be used fails all of it, a prompt here and there is no reason to stop. Our own choice. */
#define PS_CANARY_FAILED_PERCENT 10

/* How far a canary is. */
enum ps_canary {
    PS_CANARY_NONE,   /* nobody asked for one, or what was sent before makes it pointless */
    PS_CANARY_WANTED, /* the next cut makes it */
    PS_CANARY_SENT,   /* its jobs are all there are, until they have ended */
    PS_CANARY_PASSED
};

/* "wanted", ..., as a store keeps it; NONE for another word. */
const char *ps_canary_word(enum ps_canary canary);
enum ps_canary ps_canary_of(struct ps_str word);

/* What became of the records that were sent. */
struct ps_spending_counts {
    int64_t succeeded;
    int64_t failed;  /* for good, or nobody knows */
    int64_t to_come; /* came back without an answer, and may be sent again */
};

/* Why no more is sent. */
enum ps_spending_stop {
    PS_SPENDING_GO,
    PS_SPENDING_FAILURES,
    PS_SPENDING_CANARY,
    PS_SPENDING_COST
};

/* What the limits say of the counts. */
enum ps_spending_stop ps_spending_judge(const struct ps_spending_limits *limits,
                                        const struct ps_spending_counts *counts);

/* Is a canary's end good enough? What came back without an answer has not succeeded, whether it may
 * be sent again or not. */
bool ps_spending_canary_holds(const struct ps_spending_limits *limits,
                              const struct ps_spending_counts *counts);

#endif
