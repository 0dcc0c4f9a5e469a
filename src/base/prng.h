/*
 * prng - the seeded generator that every draw comes from: the same seed gives the same draws.
 *
 * SplitMix64 (Steele, Lea, Flood 2014). Not for secrets. Owner: the caller embeds it.
 */
#ifndef PS_BASE_PRNG_H
#define PS_BASE_PRNG_H

#include <stdint.h>

struct ps_prng {
    uint64_t state;
};

void ps_prng_init(struct ps_prng *prng, uint64_t seed);
uint64_t ps_prng_next(struct ps_prng *prng);

/* Evenly from 0 to count - 1; count > 0. */
int64_t ps_prng_below(struct ps_prng *prng, int64_t count);

#endif
