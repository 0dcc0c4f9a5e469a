#include "app/job_records.h"

#include "base/assert.h"

#include <stdlib.h>

struct range {
    int64_t first;
    int64_t end;
    int64_t place; /* of `first` */
};

struct ps_job_records {
    const struct ps_index *index;
    struct range *ranges; /* ascending */
    int64_t range_count;
    int64_t range_places;
    int64_t *picked; /* ascending; its places come after those of the ranges */
    int64_t picked_count;
};

static int compare_ranges(const void *const left, const void *const right)
{
    const struct range *const first = left;
    const struct range *const second = right;
    return (first->first > second->first) - (first->first < second->first);
}

static int compare_records(const void *const left, const void *const right)
{
    const int64_t first = *(const int64_t *)left;
    const int64_t second = *(const int64_t *)right;
    return (first > second) - (first < second);
}

static void copy_shards(struct ps_job_records *const records,
                        const struct ps_shard_records *const shards, const int64_t shard_count)
{
    for (int64_t shard = 0; shard < shard_count; shard++) {
        if (shards[shard].picked == NULL) {
            const struct range range = {shards[shard].first, shards[shard].end, 0};
            PS_ASSERT(range.first <= range.end);
            records->ranges[records->range_count] = range;
            records->range_count++;
            continue;
        }
        for (int64_t pick = 0; pick < shards[shard].picked_count; pick++) {
            records->picked[records->picked_count] = (int64_t)shards[shard].picked[pick];
            records->picked_count++;
        }
    }
}

static void put_in_order(struct ps_job_records *const records)
{
    qsort(records->ranges, (size_t)records->range_count, sizeof(struct range), compare_ranges);
    for (int64_t number = 0; number < records->range_count; number++) {
        struct range *const range = &records->ranges[number];
        PS_ASSERT(number == 0 || records->ranges[number - 1].end <= range->first);
        range->place = records->range_places;
        records->range_places += range->end - range->first;
    }
    qsort(records->picked, (size_t)records->picked_count, sizeof(int64_t), compare_records);
}

struct ps_job_records *ps_job_records_new(const struct ps_index *const index,
                                          const struct ps_shard_records *const shards,
                                          const int64_t shard_count)
{
    struct ps_job_records *const records = calloc(1, sizeof(*records));
    PS_ASSERT(records != NULL);
    int64_t picked_count = 0;
    for (int64_t shard = 0; shard < shard_count; shard++) {
        picked_count += shards[shard].picked == NULL ? 0 : shards[shard].picked_count;
    }
    records->index = index;
    records->ranges = calloc((size_t)shard_count + 1, sizeof(struct range));
    records->picked = calloc((size_t)picked_count + 1, sizeof(int64_t));
    PS_ASSERT(records->ranges != NULL);
    PS_ASSERT(records->picked != NULL);
    copy_shards(records, shards, shard_count);
    put_in_order(records);
    return records;
}

struct ps_job_records *ps_job_records_free(struct ps_job_records *const records)
{
    if (records != NULL) {
        free(records->ranges);
        free(records->picked);
        free(records);
    }
    return NULL;
}

int64_t ps_job_records_places(const struct ps_job_records *const records)
{
    return records->range_places + records->picked_count;
}

/* Is it in the input at all, and sent? Only then does a range that spans it hold it. */
static bool is_sent(const struct ps_job_records *const records, const int64_t record)
{
    return record >= 0 && record < ps_index_count(records->index) &&
           ps_entry_is_sent(ps_index_entry(records->index, record));
}

/* The last range that begins at or before `key`, by record or by place. */
static const struct range *range_before(const struct ps_job_records *const records,
                                        const int64_t key, const bool is_place)
{
    int64_t low = 0;
    int64_t high = records->range_count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const struct range *const range = &records->ranges[middle];
        if ((is_place ? range->place : range->first) <= key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : &records->ranges[low - 1];
}

bool ps_job_records_at(const struct ps_job_records *const records, const int64_t place,
                       int64_t *const ret_record)
{
    PS_ASSERT(place >= 0);
    PS_ASSERT(place < ps_job_records_places(records));
    int64_t record = 0;
    if (place >= records->range_places) {
        record = records->picked[place - records->range_places];
    } else {
        /* Of several that begin at this place all but the last are empty. */
        const struct range *const range = range_before(records, place, true);
        PS_ASSERT(range != NULL);
        record = range->first + (place - range->place);
    }
    if (!is_sent(records, record)) {
        return false;
    }
    *ret_record = record;
    return true;
}

bool ps_job_records_find(const struct ps_job_records *const records, const int64_t record,
                         int64_t *const ret_place)
{
    if (!is_sent(records, record)) {
        return false;
    }
    const struct range *const range = range_before(records, record, false);
    if (range != NULL && record < range->end) {
        *ret_place = range->place + (record - range->first);
        return true;
    }
    const int64_t *const found = bsearch(&record, records->picked, (size_t)records->picked_count,
                                         sizeof(int64_t), compare_records);
    if (found == NULL) {
        return false;
    }
    *ret_place = records->range_places + (found - records->picked);
    return true;
}
