/*
 * spending - may more be sent? What the user allows of failures before the next thousand dollars,
 * held against what came back.
 *
 * Pure values.
 */
#ifndef PS_CORE_SPENDING_H
#define PS_CORE_SPENDING_H

#include "base/many.h"

/* As the user says them; zero: no such limit. */
struct ps_spending_limits {
    int64_t has_failures;
    struct ps_many failures; /* of the records that have an ending */
};

/* What became of the records that were sent. */
struct ps_spending_counts {
    int64_t succeeded;
    int64_t failed;  /* for good, or nobody knows */
    int64_t to_come; /* came back without an answer, and may be sent again */
};

/* Why no more is sent. */
enum ps_spending_stop { PS_SPENDING_GO, PS_SPENDING_FAILURES };

/* What the limits say of the counts. */
enum ps_spending_stop ps_spending_judge(const struct ps_spending_limits *limits,
                                        const struct ps_spending_counts *counts);

#endif
