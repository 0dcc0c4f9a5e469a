/*
 * many - how many of them at most: a number, or a part of a hundred ("20", "5%").
 *
 * Pure. A plain value.
 */
#ifndef PS_BASE_MANY_H
#define PS_BASE_MANY_H

#include <stdbool.h>
#include <stdint.h>

struct ps_many {
    int64_t count;
    bool is_percent;
};

/* Are `count` of `total` no more than that? Both are at least 0. */
bool ps_many_allows(struct ps_many many, int64_t count, int64_t total);

#endif
