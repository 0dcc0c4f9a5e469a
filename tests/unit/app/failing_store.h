/*
 * failing_store - a state store whose N-th call fails, before its effect or after it, as on a disk
 * that is full or gives out.
 *
 *     struct failing_store failing = {.inner = store, .calls_left = 5};
 *     const struct ps_state_store store = failing_store_port(&failing);
 *
 * Owner: the caller embeds it; the inner store stays the caller's. Threads: one.
 */
#ifndef PS_TEST_FAILING_STORE_H
#define PS_TEST_FAILING_STORE_H

#include "port/state_store.h"

struct failing_store {
    struct ps_state_store inner;
    int64_t calls_left; /* of those that can fail; the next one does; below 0: none any more */
    bool is_after;      /* it has its effect, and fails all the same */
    bool has_fired;
    int64_t commits_after; /* asked for since */
};

struct ps_state_store failing_store_port(struct failing_store *failing);

#endif
