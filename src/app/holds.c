#include "app/holds.h"

#include "base/assert.h"

#include <stdlib.h>

#define BITS 64

void ps_holds_init(struct ps_holds *const holds, const int64_t record_count)
{
    PS_ASSERT(record_count >= 0);
    holds->record_count = record_count;
    holds->words = calloc((size_t)record_count / BITS + 1, sizeof(holds->words[0]));
    PS_ASSERT(holds->words != NULL);
}

void ps_holds_release(struct ps_holds *const holds)
{
    free(holds->words);
    holds->words = NULL;
}

static void add_one(struct ps_holds *const holds, const int64_t record)
{
    PS_ASSERT(record >= 0 && record < holds->record_count);
    holds->words[record / BITS] |= UINT64_C(1) << (record % BITS);
}

bool ps_holds_has(const struct ps_holds *const holds, const int64_t record)
{
    PS_ASSERT(record >= 0 && record < holds->record_count);
    return (holds->words[record / BITS] >> (record % BITS) & 1) != 0;
}

void ps_holds_add(struct ps_holds *const holds, const struct ps_shard_record_row *const row)
{
    if (row->picked != NULL) {
        for (int64_t place = 0; place < row->picked_count; place++) {
            add_one(holds, (int64_t)row->picked[place]);
        }
    } else {
        for (int64_t record = row->row.first; record < row->row.end; record++) {
            add_one(holds, record);
        }
    }
}

bool ps_holds_meets(const struct ps_holds *const holds, const struct ps_shard_record_row *const row)
{
    const int64_t count = row->picked != NULL ? row->picked_count : row->row.end - row->row.first;
    for (int64_t place = 0; place < count; place++) {
        if (ps_holds_has(holds, row->picked != NULL ? (int64_t)row->picked[place]
                                                    : row->row.first + place)) {
            return true;
        }
    }
    return false;
}
