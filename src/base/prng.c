#include "base/prng.h"

#include "base/assert.h"

void ps_prng_init(struct ps_prng *const prng, const uint64_t seed)
{
    prng->state = seed;
}

uint64_t ps_prng_next(struct ps_prng *const prng)
{
    prng->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = prng->state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ (mixed >> 31);
}

int64_t ps_prng_below(struct ps_prng *const prng, const int64_t count)
{
    PS_ASSERT(count > 0);
    /* Draws below `bias` would favour the first values: drop them. */
    const uint64_t range = (uint64_t)count;
    const uint64_t bias = (UINT64_MAX - range + 1) % range;
    uint64_t drawn = ps_prng_next(prng);
    while (drawn < bias) {
        drawn = ps_prng_next(prng);
    }
    return (int64_t)(drawn % range);
}
