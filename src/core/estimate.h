/*
 * estimate - what records really use, beside what was thought of them: learned from the answers
 * that have come back, and put right for those that have not.
 *
 * Sums over the answers, no more: so it is as smooth as they are many, and whoever adds them up
 * again has the same. Too few answers teach nothing.
 *
 * Pure. Plain data, zero to begin with.
 *
 *     ps_estimate_add(&estimate, thought_tokens, used_tokens, records);
 *     tokens = ps_estimate_corrected(&estimate, thought_of_the_next_job);
 */
#ifndef PS_CORE_ESTIMATE_H
#define PS_CORE_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

/* So many answers are believed. Of records that vary by half their mean, their mean is then within
 * 3.2 % in 19 of 20 cases: 1.96 * 0.5 / sqrt(1000). */
#define PS_ESTIMATE_RECORDS_MIN INT64_C(1000)

/* What was cut by another estimate than the present one is cut again from here on: two per cent. */
#define PS_ESTIMATE_DRIFT_PERCENT INT64_C(2)

struct ps_estimate {
    int64_t thought_tokens; /* of the answers that are known */
    int64_t used_tokens;    /* by the same answers */
    int64_t records;        /* that they answer */
};

void ps_estimate_add(struct ps_estimate *estimate, int64_t thought_tokens, int64_t used_tokens,
                     int64_t records);

/* What `thought_tokens` are likely to be, rounded up; themselves where nothing is learned. */
int64_t ps_estimate_corrected(const struct ps_estimate *estimate, int64_t thought_tokens);

/* The most thought tokens that are no more than `real_tokens`: a limit, as estimates count. */
int64_t ps_estimate_thought(const struct ps_estimate *estimate, int64_t real_tokens);

/* Is `held_tokens` further from `real_tokens` than drift allows? */
bool ps_estimate_is_off(int64_t held_tokens, int64_t real_tokens);

#endif
