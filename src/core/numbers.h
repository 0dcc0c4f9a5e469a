/*
 * numbers - a sorted set of numbers: which jobs wait, which are live. Taking the smallest costs
 * nothing, adding a larger one than all neither; else a memmove.
 *
 * Pure. Owner: the caller embeds it; release frees.
 */
#ifndef PS_CORE_NUMBERS_H
#define PS_CORE_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

struct ps_numbers {
    int64_t *room;
    int64_t room_count;
    int64_t first; /* where in `room` the set begins */
    int64_t count;
};

void ps_numbers_init(struct ps_numbers *numbers);
void ps_numbers_release(struct ps_numbers *numbers);

/* A number that is there already is not added again. */
void ps_numbers_add(struct ps_numbers *numbers, int64_t number);

/* One that is not there is no matter. */
void ps_numbers_remove(struct ps_numbers *numbers, int64_t number);

/* Counts from 0, in ascending order; `place` < count. */
int64_t ps_numbers_at(const struct ps_numbers *numbers, int64_t place);

/* How many are smaller: where `number` stands, or would. */
int64_t ps_numbers_below(const struct ps_numbers *numbers, int64_t number);

#endif
