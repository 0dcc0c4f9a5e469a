/*
 * plan - which records make a shard, and which shards a job.
 *
 * Input order is kept: records are cut one after another, next-fit, which wastes at most one record
 * a shard. The last jobs are evened out so that none is below the minimum. What cannot reach the
 * minimum at all is left over.
 *
 * Pure. Owner: the caller releases the plan. Byte counts are exact (the index knows each sent
 * line's length).
 */
#ifndef PS_CORE_PLAN_H
#define PS_CORE_PLAN_H

#include "core/entry.h"
#include "core/lane.h"
#include "core/sizing.h"

/*
 * The records to be cut: those of [first, end) that are sent, or exactly the picked ones. Or
 * end - first records that are all alike: no index is needed, and no time for each of them.
 */
struct ps_plan_records {
    const struct ps_entry *entries; /* the whole index */
    int64_t first;
    int64_t end;
    const uint64_t *picked; /* NULL, or ascending record numbers; then first and end count in it */
    const struct ps_entry
        *alike; /* NULL, or what each record is; then `entries` is not looked at */
};

struct ps_plan_shard {
    int64_t first; /* as in ps_plan_records: record numbers, or places in `picked` */
    int64_t end;
    int64_t records;
    int64_t bytes;
    int64_t input_tokens;
    int64_t quota_tokens; /* as ps_plan_size counts them */
};

struct ps_plan_job {
    int64_t first_shard;
    int64_t shard_count;
    int64_t records;
    int64_t bytes;
    int64_t input_tokens;
    int64_t quota_tokens;
};

/* What a job may be besides the lane's limits, and how its tokens count. Zero: nothing is said. */
struct ps_plan_size {
    int64_t job_records;            /* at most, as wanted; never below the lane's minimum */
    const struct ps_sizing *sizing; /* how many records each job is to have; NULL: as many as fit */
    int64_t job_tokens;             /* at most: a day's budget */
    int64_t expected_output; /* of a record, where its own maximum is not less; 0: that maximum */
};

struct ps_plan {
    struct ps_plan_shard *shards;
    int64_t shard_count;
    struct ps_plan_job *jobs;
    int64_t job_count;
    struct ps_plan_shard *left; /* what is in no job: below the minimum */
    int64_t left_count;
    int64_t left_records;
};

void ps_plan_init(struct ps_plan *plan);
void ps_plan_release(struct ps_plan *plan);

/*
 * Cuts `records` for `lane`; `size` may be NULL. PS_E_REFUSED when even one record does not fit a
 * file of the lane (the index refuses such records before).
 */
PS_MUST_CHECK enum ps_status ps_plan_cut(struct ps_plan *plan,
                                         const struct ps_plan_records *records,
                                         const struct ps_lane *lane,
                                         const struct ps_plan_size *size, struct ps_error *err);

/* What a record counts against the lane's tokens: input, and output times its burn-down. */
int64_t ps_plan_quota_tokens(const struct ps_entry *entry, const struct ps_lane *lane,
                             const struct ps_plan_size *size);

#endif
