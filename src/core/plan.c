#include "core/plan.h"

#include "base/assert.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

/* The lane's limits, none = INT64_MAX, with the records a job that this round wants. */
struct bounds {
    int64_t shard_records;
    int64_t shard_bytes;
    int64_t job_records;
    int64_t job_bytes;
    int64_t job_tokens;
    int64_t files;
    int64_t expected_output;
    int64_t burndown;
    const struct ps_sizing *sizing;
    int64_t job_records_max; /* whatever the sizing wants */
    int64_t left;            /* records that are in no job yet */
};

void ps_plan_init(struct ps_plan *const plan)
{
    memset(plan, 0, sizeof(*plan));
}

void ps_plan_release(struct ps_plan *const plan)
{
    free(plan->shards);
    free(plan->jobs);
    free(plan->left);
    ps_plan_init(plan);
}

static void *grow(void *const array, const int64_t count, const size_t item_size)
{
    /* Powers of two from 16 on: room is made when `count` fills it. */
    if (count != 0 && (count < 16 || (count & (count - 1)) != 0)) {
        return array;
    }
    const size_t room = count == 0 ? 16 : (size_t)count * 2;
    void *const grown = reallocarray(array, room, item_size);
    PS_ASSERT(grown != NULL);
    return grown;
}

static int64_t smaller(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

static void open_job(struct ps_plan *const plan, struct bounds *const bounds)
{
    if (bounds->sizing != NULL) {
        const int64_t wanted =
            ps_sizing_next_records(bounds->sizing, plan->job_count, bounds->left);
        bounds->job_records =
            wanted > 0 ? smaller(wanted, bounds->job_records_max) : bounds->job_records_max;
    }
    plan->jobs = grow(plan->jobs, plan->job_count, sizeof(plan->jobs[0]));
    plan->jobs[plan->job_count++] = (struct ps_plan_job){.first_shard = plan->shard_count};
}

static void open_shard(struct ps_plan *const plan, const int64_t first)
{
    plan->shards = grow(plan->shards, plan->shard_count, sizeof(plan->shards[0]));
    plan->shards[plan->shard_count++] = (struct ps_plan_shard){.first = first, .end = first};
    plan->jobs[plan->job_count - 1].shard_count++;
}

static const struct ps_entry *entry_at(const struct ps_plan_records *const records,
                                       const int64_t place)
{
    if (records->alike != NULL) {
        return records->alike;
    }
    return &records->entries[records->picked == NULL ? place : (int64_t)records->picked[place]];
}

static int64_t tokens_of(const struct ps_entry *const entry, const struct bounds *const bounds)
{
    const int64_t most = (int64_t)entry->output_tokens_max;
    const int64_t output = bounds->expected_output > 0 && bounds->expected_output < most
                               ? bounds->expected_output
                               : most;
    int64_t counted = 0;
    return ps_mul_i64(output, bounds->burndown, &counted) &&
                   ps_add_i64(counted, (int64_t)entry->input_tokens, &counted)
               ? counted
               : INT64_MAX;
}

static bool job_is_full(const struct ps_plan_job *const job, const struct ps_entry *const entry,
                        const struct bounds *const bounds)
{
    return job->records >= bounds->job_records ||
           job->bytes > bounds->job_bytes - (int64_t)entry->sent_bytes ||
           job->quota_tokens > bounds->job_tokens - tokens_of(entry, bounds);
}

static bool shard_is_full(const struct ps_plan_shard *const shard,
                          const struct ps_entry *const entry, const struct bounds *const bounds)
{
    return shard->records >= bounds->shard_records ||
           shard->bytes > bounds->shard_bytes - (int64_t)entry->sent_bytes;
}

static void put_in(struct ps_plan *const plan, const int64_t place,
                   const struct ps_entry *const entry, struct bounds *const bounds,
                   const int64_t count)
{
    struct ps_plan_job *const job = &plan->jobs[plan->job_count - 1];
    struct ps_plan_shard *const shard = &plan->shards[plan->shard_count - 1];
    const int64_t bytes = (int64_t)entry->sent_bytes * count;
    const int64_t input_tokens = (int64_t)entry->input_tokens * count;
    const int64_t quota_tokens = tokens_of(entry, bounds) * count;
    bounds->left -= count;
    shard->end = place + count;
    shard->records += count;
    shard->bytes += bytes;
    shard->input_tokens += input_tokens;
    shard->quota_tokens += quota_tokens;
    job->records += count;
    job->bytes += bytes;
    job->input_tokens += input_tokens;
    job->quota_tokens += quota_tokens;
}

static void add_record(struct ps_plan *const plan, const int64_t place,
                       const struct ps_entry *const entry, struct bounds *const bounds)
{
    const struct ps_plan_job *const job =
        plan->job_count == 0 ? NULL : &plan->jobs[plan->job_count - 1];
    if (job == NULL || job_is_full(job, entry, bounds)) {
        open_job(plan, bounds);
        open_shard(plan, place);
    } else if (shard_is_full(&plan->shards[plan->shard_count - 1], entry, bounds)) {
        if (job->shard_count >= bounds->files) {
            open_job(plan, bounds);
        }
        open_shard(plan, place);
    }
    put_in(plan, place, entry, bounds, 1);
}

/* How many more like `entry` go into the open shard. */
static int64_t room_for(const struct ps_plan *const plan, const struct ps_entry *const entry,
                        const struct bounds *const bounds)
{
    const struct ps_plan_job *const job = &plan->jobs[plan->job_count - 1];
    const struct ps_plan_shard *const shard = &plan->shards[plan->shard_count - 1];
    const int64_t bytes = entry->sent_bytes > 0 ? (int64_t)entry->sent_bytes : 1;
    const int64_t tokens = tokens_of(entry, bounds) > 0 ? tokens_of(entry, bounds) : 1;
    const int64_t by_tokens = (bounds->job_tokens - job->quota_tokens) / tokens;
    const int64_t by_bytes =
        smaller(bounds->shard_bytes - shard->bytes, bounds->job_bytes - job->bytes) / bytes;
    const int64_t by_records =
        smaller(bounds->shard_records - shard->records, bounds->job_records - job->records);
    return smaller(by_tokens, smaller(by_records, by_bytes));
}

static enum ps_status refuse_record(const int64_t record, const struct ps_entry *const entry,
                                    const struct bounds *const bounds, struct ps_error *const err)
{
    const bool is_file = bounds->shard_bytes <= bounds->job_bytes;
    const enum ps_limit_key key = is_file ? PS_LIMIT_SHARD_BYTES : PS_LIMIT_JOB_BYTES;
    (void)ps_error_set(err, PS_E_REFUSED, PS_RETRY_NEVER,
                       "cannot plan record %lld: its %lld bytes are over %s=%lld",
                       (long long)record, (long long)entry->sent_bytes, ps_limit_name(key),
                       (long long)(is_file ? bounds->shard_bytes : bounds->job_bytes));
    return ps_error_hint(err, "Shorten the record, or raise %s of the lane.", ps_limit_name(key));
}

static void leave(struct ps_plan *const plan, const struct ps_plan_shard *const shard)
{
    plan->left = grow(plan->left, plan->left_count, sizeof(plan->left[0]));
    plan->left[plan->left_count++] = *shard;
    plan->left_records += shard->records;
}

static enum ps_status cut_from(struct ps_plan *const plan,
                               const struct ps_plan_records *const records, const int64_t first,
                               const struct bounds *const whole, struct ps_error *const err)
{
    struct bounds own = *whole;
    struct bounds *const bounds = &own;
    for (int64_t place = first; place < records->end; place++) {
        const struct ps_entry *const entry = entry_at(records, place);
        if (records->picked == NULL && !ps_entry_is_sent(entry)) {
            continue;
        }
        if ((int64_t)entry->sent_bytes > bounds->shard_bytes ||
            (int64_t)entry->sent_bytes > bounds->job_bytes) {
            return refuse_record(records->alike != NULL ? place : entry - records->entries, entry,
                                 bounds, err);
        }
        if (tokens_of(entry, bounds) > bounds->job_tokens) {
            /* No day of the lane is long enough. */
            const int64_t alike = records->alike != NULL ? records->end - place : 1;
            leave(plan,
                  &(struct ps_plan_shard){.first = place, .end = place + alike, .records = alike});
            place += alike - 1;
            continue;
        }
        add_record(plan, place, entry, bounds);
        if (records->alike != NULL) {
            const int64_t more = smaller(records->end - place - 1, room_for(plan, entry, bounds));
            put_in(plan, place + 1, entry, bounds, more);
            place += more;
        }
    }
    return PS_OK;
}

/* Forgets the last `job_count` jobs; returns where their first record stands. */
static int64_t drop_last_jobs(struct ps_plan *const plan, const int64_t job_count)
{
    plan->job_count -= job_count;
    plan->shard_count = plan->jobs[plan->job_count].first_shard;
    const int64_t first = plan->shards[plan->shard_count].first;
    while (plan->left_count > 0 && plan->left[plan->left_count - 1].first >= first) {
        plan->left_records -= plan->left[--plan->left_count].records;
    }
    return first;
}

static int64_t last_records(const struct ps_plan *const plan, const int64_t job_count)
{
    int64_t records = 0;
    for (int64_t job = plan->job_count - job_count; job < plan->job_count; job++) {
        records += plan->jobs[job].records;
    }
    return records;
}

static int64_t smallest_of_last(const struct ps_plan *const plan, const int64_t from_job)
{
    int64_t records = INT64_MAX;
    for (int64_t job = from_job; job < plan->job_count; job++) {
        records = plan->jobs[job].records < records ? plan->jobs[job].records : records;
    }
    return records;
}

/* Takes out every job below the minimum: its records are left over. */
static void drop_small(struct ps_plan *const plan, const int64_t min_records)
{
    int64_t job_count = 0;
    int64_t shard_count = 0;
    for (int64_t place = 0; place < plan->job_count; place++) {
        struct ps_plan_job job = plan->jobs[place];
        if (job.records < min_records) {
            for (int64_t shard = 0; shard < job.shard_count; shard++) {
                leave(plan, &plan->shards[job.first_shard + shard]);
            }
            continue;
        }
        memmove(&plan->shards[shard_count], &plan->shards[job.first_shard],
                (size_t)job.shard_count * sizeof(plan->shards[0]));
        job.first_shard = shard_count;
        shard_count += job.shard_count;
        plan->jobs[job_count++] = job;
    }
    plan->job_count = job_count;
    plan->shard_count = shard_count;
}

/* Evens out as few of the last jobs as bring each to the minimum, where some do. */
static void even_out(struct ps_plan *const plan, const struct ps_plan_records *const records,
                     const struct bounds *const bounds, const int64_t min_records)
{
    for (int64_t job_count = 2; job_count <= plan->job_count; job_count++) {
        const int64_t total = last_records(plan, job_count);
        const int64_t from_job = plan->job_count - job_count;
        struct bounds even = *bounds;
        even.job_records = (total + job_count - 1) / job_count;
        if (total / job_count < min_records) {
            continue;
        }
        /* The same records have been cut once: each of them fits a file. */
        const int64_t first = drop_last_jobs(plan, job_count);
        PS_ASSERT(cut_from(plan, records, first, &even, NULL) == PS_OK);
        if (smallest_of_last(plan, from_job) >= min_records) {
            return;
        }
        (void)drop_last_jobs(plan, plan->job_count - from_job);
        PS_ASSERT(cut_from(plan, records, first, bounds, NULL) == PS_OK);
    }
}

static struct bounds bounds_of(const struct ps_lane *const lane,
                               const struct ps_plan_size *const size)
{
    struct bounds bounds = {
        .shard_records = ps_lane_limit(lane, PS_LIMIT_SHARD_RECORDS, INT64_MAX),
        .shard_bytes = ps_lane_limit(lane, PS_LIMIT_SHARD_BYTES, INT64_MAX),
        .job_records = ps_lane_limit(lane, PS_LIMIT_JOB_RECORDS, INT64_MAX),
        .job_bytes = ps_lane_limit(lane, PS_LIMIT_JOB_BYTES, INT64_MAX),
        .job_tokens = INT64_MAX,
        .files = ps_lane_limit(lane, PS_LIMIT_FILES, INT64_MAX),
        .burndown = ps_lane_limit(lane, PS_LIMIT_BURNDOWN, 1),
    };
    if (size != NULL) {
        const int64_t min_records = ps_lane_limit(lane, PS_LIMIT_MIN_RECORDS, 1);
        const int64_t wanted = size->job_records > min_records ? size->job_records : min_records;
        bounds.job_records =
            size->job_records > 0 ? smaller(bounds.job_records, wanted) : bounds.job_records;
        bounds.job_tokens = size->job_tokens > 0 ? size->job_tokens : bounds.job_tokens;
        bounds.expected_output = size->expected_output;
        bounds.sizing = size->sizing;
    }
    bounds.job_records_max = bounds.job_records;
    return bounds;
}

int64_t ps_plan_quota_tokens(const struct ps_entry *const entry, const struct ps_lane *const lane,
                             const struct ps_plan_size *const size)
{
    const struct bounds bounds = bounds_of(lane, size);
    return tokens_of(entry, &bounds);
}

static int64_t count_sent(const struct ps_plan_records *const records)
{
    int64_t sent = 0;
    if (records->alike != NULL || records->picked != NULL) {
        return records->end - records->first;
    }
    for (int64_t place = records->first; place < records->end; place++) {
        sent += ps_entry_is_sent(&records->entries[place]) ? 1 : 0;
    }
    return sent;
}

enum ps_status ps_plan_cut(struct ps_plan *const plan, const struct ps_plan_records *const records,
                           const struct ps_lane *const lane, const struct ps_plan_size *const size,
                           struct ps_error *const err)
{
    struct bounds bounds = bounds_of(lane, size);
    const int64_t min_records = ps_lane_limit(lane, PS_LIMIT_MIN_RECORDS, 1);
    ps_plan_release(plan);
    bounds.left = bounds.sizing == NULL ? 0 : count_sent(records);
    if (cut_from(plan, records, records->first, &bounds, err) != PS_OK) {
        return err->status;
    }
    if (plan->job_count > 0 && plan->jobs[plan->job_count - 1].records < min_records) {
        bounds.sizing = NULL; /* what it wanted did not come out even */
        even_out(plan, records, &bounds, min_records);
    }
    drop_small(plan, min_records);
    return PS_OK;
}
