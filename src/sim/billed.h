/*
 * billed - which records were paid for: a set of record numbers, told in ranges.
 *
 * A billion numbers in order take a few pages; at worst a bit each. Owner: the caller embeds it.
 */
#ifndef PS_SIM_BILLED_H
#define PS_SIM_BILLED_H

#include <stddef.h>
#include <stdint.h>

struct ps_billed {
    struct ps_billed_chunk *chunks;
    size_t chunk_count;
};

void ps_billed_init(struct ps_billed *billed);
void ps_billed_release(struct ps_billed *billed);

/* Adds [first, end); returns how many of them were in already. */
int64_t ps_billed_add(struct ps_billed *billed, int64_t first, int64_t end);

#endif
