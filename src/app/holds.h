/*
 * holds - which records some unfinished job holds: one bit a record (125 MB for a billion).
 *
 * Owner: the caller embeds it; ps_holds_release frees.
 */
#ifndef PS_APP_HOLDS_H
#define PS_APP_HOLDS_H

#include "port/state_store.h"

struct ps_holds {
    uint64_t *words;
    int64_t record_count;
};

void ps_holds_init(struct ps_holds *holds, int64_t record_count);
void ps_holds_release(struct ps_holds *holds);
void ps_holds_add(struct ps_holds *holds, const struct ps_shard_record_row *row);
bool ps_holds_has(const struct ps_holds *holds, int64_t record);

/* Is any record of `row` held? */
bool ps_holds_meets(const struct ps_holds *holds, const struct ps_shard_record_row *row);

#endif
