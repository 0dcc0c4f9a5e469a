#include "core/sizing.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"

#include <string.h>

/* One lane and its part, with what follows from them at once. */
struct facts {
    const struct ps_supply_lane *lane;
    const struct ps_demand_class *share;
    const struct ps_sizing_options *options;
    int64_t bytes;             /* of a mean record, rounded up */
    int64_t tokens_per_minute; /* what TPM and RPS let through; INT64_MAX: no end */
    int64_t tokens;            /* of all records, as the quota counts them */
    int64_t slots;
};

static int64_t least_of(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

static int64_t most_of(const int64_t left, const int64_t right)
{
    return left > right ? left : right;
}

static int64_t parts_of(const int64_t whole, const int64_t size)
{
    return whole == 0 ? 0 : (whole - 1) / size + 1;
}

static struct facts facts_of(const struct ps_supply_lane *const lane,
                             const struct ps_demand_class *const share,
                             const struct ps_sizing_options *const options)
{
    const int64_t slots = ps_supply_limit(lane, PS_LIMIT_JOBS, INT64_MAX);
    const struct facts facts = {
        .lane = lane,
        .share = share,
        .options = options,
        .bytes = parts_of(share->bytes, share->records),
        .tokens = ps_demand_weight(share, lane),
        .tokens_per_minute =
            ps_supply_tokens_per_minute(lane, share->records, ps_demand_weight(share, lane)),
        .slots = options->slots > 0 ? least_of(options->slots, slots) : slots,
    };
    return facts;
}

/* Records that so many tokens hold. */
static int64_t records_in(const struct facts *const facts, const int64_t tokens)
{
    return facts->tokens == 0 ? INT64_MAX
                              : ps_scale_i64(tokens, facts->share->records, facts->tokens);
}

static int64_t tokens_of(const struct facts *const facts, const int64_t records)
{
    return ps_scale_up_i64(records, facts->tokens, facts->share->records);
}

/* ------------------------------------------------ what a limit must be */

/* The least value of the limit with which a job could hold the minimum. */
static int64_t needed_value(const struct facts *const facts, const enum ps_limit_key key,
                            const int64_t min_records)
{
    const int64_t files = ps_supply_limit(facts->lane, PS_LIMIT_FILES, INT64_MAX);
    const int64_t in_file = parts_of(min_records, files);
    const int64_t output_bytes =
        ps_scale_i64(facts->share->most.output_tokens, PS_OUTPUT_BYTES_A_TOKEN, 1);
    switch (key) {
    case PS_LIMIT_SHARD_RECORDS:
        return in_file;
    case PS_LIMIT_SHARD_BYTES:
        return ps_scale_i64(in_file, facts->bytes, 1);
    case PS_LIMIT_OUT_BYTES:
        return ps_scale_i64(in_file, ps_sum_i64(facts->bytes, output_bytes), 1);
    case PS_LIMIT_JOB_BYTES:
        return ps_scale_i64(min_records, facts->bytes, 1);
    case PS_LIMIT_TPD:
        return tokens_of(facts, min_records);
    default:
        return min_records;
    }
}

static void say_impossible(const struct facts *const facts, const enum ps_limit_key key,
                           const int64_t min_records, struct ps_sizing *const sizing)
{
    sizing->impossible = key;
    sizing->needed = needed_value(facts, key, min_records);
    sizing->jobs = 0;
    sizing->job_records = 0;
    sizing->left_records = facts->share->records;
}

/* ------------------------------------------------ the day */

/* Does the day hold work back that the rate would do? */
static bool is_day_binding(const struct facts *const facts, const int64_t tpd)
{
    if (tpd == INT64_MAX || facts->tokens <= tpd) {
        return false;
    }
    return facts->tokens_per_minute == INT64_MAX ||
           tpd < ps_scale_i64(facts->tokens_per_minute, PS_DAY_MS, PS_MINUTE_MS);
}

static int64_t records_a_day(const struct facts *const facts, const int64_t tpd)
{
    return records_in(facts, tpd);
}

/* Of the first day's time: what a first job needs to be put, created and seen. What is left of a
 * job at the turn, be it one record, is held against the next day, and one of its jobs waits. */
#define FIRST_DAY_SPARE_MS PS_MINUTE_MS

/* The first day may be too short for its budget: a job that does not end in it would hold the next
 * day's. */
static int64_t records_of_first_day(const struct facts *const facts,
                                    const struct ps_sizing *const sizing)
{
    const int64_t startup_ms = ps_supply_limit(facts->lane, PS_LIMIT_STARTUP, 0);
    const int64_t work_ms = facts->options->first_ms - startup_ms - FIRST_DAY_SPARE_MS;
    const bool has_time = facts->tokens_per_minute < INT64_MAX && work_ms > 0;
    const int64_t by_time =
        has_time ? ps_scale_i64(facts->tokens_per_minute, work_ms, PS_MINUTE_MS) : INT64_MAX;
    const int64_t tokens = facts->options->first_tokens > 0
                               ? least_of(by_time, facts->options->first_tokens)
                               : by_time;
    const int64_t records = tokens < INT64_MAX ? records_in(facts, tokens) : sizing->day_records;
    return records < sizing->min_records ? sizing->day_records
                                         : least_of(records, sizing->day_records);
}

/* A day's jobs may be so many times the slots: those of the second wave start in the same day. */
#define WAVES_A_DAY 2

/* Where there is but one day, and hardly more than it holds, a second wave would only end later. */
static int64_t waves_of(const struct facts *const facts, const struct ps_sizing *const sizing)
{
    return facts->share->records - sizing->day_records < sizing->min_records ? 1 : WAVES_A_DAY;
}

/* As few jobs as hold the day's records, or as many as are asked for; none below the minimum. */
static int64_t jobs_of_day(const struct facts *const facts, const struct ps_sizing *const sizing,
                           const int64_t records)
{
    const int64_t asked =
        least_of(facts->options->day_jobs, ps_scale_i64(facts->slots, waves_of(facts, sizing), 1));
    const int64_t jobs = most_of(asked, parts_of(records, sizing->job_records_max));
    return most_of(1, least_of(jobs, records / sizing->min_records));
}

static void divide_day(const struct facts *const facts, const bool is_fixed,
                       struct ps_sizing *const sizing)
{
    sizing->first_records = records_of_first_day(facts, sizing);
    if (is_fixed) {
        sizing->day_jobs = sizing->day_records / sizing->job_records;
        sizing->first_jobs = most_of(1, sizing->first_records / sizing->job_records);
        sizing->day_records = sizing->day_jobs * sizing->job_records;
        sizing->first_records = sizing->first_jobs * sizing->job_records;
        return;
    }
    sizing->day_jobs = jobs_of_day(facts, sizing, sizing->day_records);
    sizing->first_jobs = jobs_of_day(facts, sizing, sizing->first_records);
    sizing->job_records =
        least_of(sizing->job_records_max, parts_of(sizing->day_records, sizing->day_jobs));
    sizing->job_key = PS_LIMIT_TPD;
}

/* ------------------------------------------------ slots */

static void share_slots(const struct facts *const facts, const bool is_fixed,
                        struct ps_sizing *const sizing)
{
    const int64_t records = facts->share->records;
    const int64_t jobs = parts_of(records, sizing->job_records_max);
    if (is_fixed) {
        return;
    }
    if (facts->slots < INT64_MAX && jobs <= facts->slots) {
        /* One wave: each slot gets its part. */
        const int64_t wave = least_of(facts->slots, records / sizing->min_records);
        sizing->job_records =
            least_of(sizing->job_records_max, parts_of(records, most_of(1, wave)));
        sizing->job_key = wave < facts->slots ? PS_LIMIT_MIN_RECORDS : PS_LIMIT_JOBS;
        sizing->job_key = records == sizing->job_records ? PS_LIMIT_COUNT : sizing->job_key;
        return;
    }
    sizing->job_records =
        records / jobs >= sizing->min_records ? parts_of(records, jobs) : sizing->job_records_max;
    sizing->job_key = jobs == 1 ? PS_LIMIT_COUNT : sizing->job_key;
}

/* Of the time that the rates need for a job. */
#define GAP_PERCENT INT64_C(95)

int64_t ps_sizing_gap_ms(const int64_t tokens, const int64_t records, const int64_t tpm,
                         const int64_t rps)
{
    const int64_t by_tokens = tpm > 0 ? ps_scale_i64(tokens, PS_MINUTE_MS, tpm) : 0;
    const int64_t by_records = rps > 0 ? ps_scale_i64(records, PS_SECOND_MS, rps) : 0;
    return ps_scale_i64(most_of(by_tokens, by_records), GAP_PERCENT, 100);
}

/* More jobs than slots: they must not end, and the next ones start, in lock-step. */
static void keep_apart(const struct facts *const facts, struct ps_sizing *const sizing)
{
    const int64_t jobs = sizing->day_jobs > 0 ? sizing->day_jobs : sizing->jobs;
    if (jobs <= facts->slots || facts->slots < 2 || facts->tokens_per_minute == INT64_MAX ||
        ps_supply_limit(facts->lane, PS_LIMIT_STARTUP, 0) == 0) {
        return;
    }
    if (facts->options->is_ramp) {
        sizing->ramp = facts->slots;
        return;
    }
    sizing->gap_ms =
        ps_sizing_gap_ms(tokens_of(facts, sizing->job_records), 0, facts->tokens_per_minute, 0);
}

/* ------------------------------------------------ files */

static void set_shards(const struct facts *const facts, struct ps_sizing *const sizing)
{
    const int64_t output_bytes =
        ps_scale_i64(facts->share->most.output_tokens, PS_OUTPUT_BYTES_A_TOKEN, 1);
    const int64_t records =
        ps_supply_shard_records(facts->lane, facts->bytes, output_bytes, &sizing->shard_key);
    if (records >= sizing->job_records) {
        sizing->shard_key = PS_LIMIT_COUNT;
    }
    sizing->shard_records = least_of(records, sizing->job_records);
    sizing->job_shards = parts_of(sizing->job_records, most_of(1, sizing->shard_records));
}

static void count_jobs(struct ps_sizing *const sizing, const int64_t records)
{
    int64_t left = records;
    sizing->jobs = 0;
    for (int64_t size = ps_sizing_next_records(sizing, 0, left); size > 0;
         size = ps_sizing_next_records(sizing, sizing->jobs, left)) {
        left -= size;
        sizing->jobs++;
    }
    sizing->left_records = left;
}

/* ------------------------------------------------ all of it */

static void init_sizing(const struct facts *const facts, struct ps_sizing *const sizing)
{
    const int64_t output_bytes =
        ps_scale_i64(facts->share->most.output_tokens, PS_OUTPUT_BYTES_A_TOKEN, 1);
    memset(sizing, 0, sizeof(*sizing));
    sizing->impossible = PS_LIMIT_COUNT;
    sizing->shard_key = PS_LIMIT_COUNT;
    sizing->job_key = PS_LIMIT_COUNT;
    sizing->job_tokens = INT64_MAX;
    sizing->day_records = INT64_MAX;
    sizing->min_records = ps_supply_limit(facts->lane, PS_LIMIT_MIN_RECORDS, 1);
    sizing->job_records_max =
        ps_supply_job_records(facts->lane, facts->bytes, output_bytes, &sizing->job_key);
}

/* False: no job can be, and `sizing` says why. */
static bool heed_minimum(const struct facts *const facts, const int64_t tpd,
                         struct ps_sizing *const sizing)
{
    const int64_t least = most_of(sizing->min_records, facts->options->job_records);
    if (sizing->job_records_max < least) {
        say_impossible(facts, sizing->job_key, least, sizing);
        return false;
    }
    if (facts->share->records < sizing->min_records) {
        sizing->impossible = PS_LIMIT_MIN_RECORDS;
        sizing->needed = facts->share->records;
        sizing->left_records = facts->share->records;
        return false;
    }
    if (tpd < INT64_MAX && records_a_day(facts, tpd) < least) {
        say_impossible(facts, PS_LIMIT_TPD, least, sizing);
        return false;
    }
    return true;
}

/* Jobs that run side by side share the rate: each must end before the service gives it up. */
static void heed_time(const struct facts *const facts, struct ps_sizing *const sizing)
{
    const int64_t startup_ms = ps_supply_limit(facts->lane, PS_LIMIT_STARTUP, 0);
    const int64_t work_ms = facts->options->job_ms_max - startup_ms;
    if (work_ms <= 0 || facts->tokens_per_minute == INT64_MAX || facts->slots == INT64_MAX) {
        return;
    }
    const int64_t tokens = ps_scale_i64(facts->tokens_per_minute, work_ms, PS_MINUTE_MS);
    const int64_t records = most_of(sizing->min_records, records_in(facts, tokens / facts->slots));
    if (records < sizing->job_records_max) {
        sizing->job_records_max = records;
        sizing->job_key = PS_LIMIT_TPM;
    }
}

void ps_sizing_find(const struct ps_supply_lane *const lane,
                    const struct ps_demand_class *const share,
                    const struct ps_sizing_options *const options,
                    struct ps_sizing *const ret_sizing)
{
    struct ps_sizing *const sizing = ret_sizing;
    if (share->records == 0) {
        memset(sizing, 0, sizeof(*sizing));
        sizing->impossible = PS_LIMIT_COUNT;
        return;
    }
    const struct facts facts = facts_of(lane, share, options);
    const int64_t tpd = ps_supply_limit(lane, PS_LIMIT_TPD, INT64_MAX);
    const bool is_fixed = options->job_records > 0;
    init_sizing(&facts, sizing);
    if (!heed_minimum(&facts, tpd, sizing)) {
        return;
    }
    if (tpd < INT64_MAX) {
        /* A job is held against a day: more than one day's it may not be. */
        const int64_t day = records_a_day(&facts, tpd);
        sizing->job_key = day < sizing->job_records_max ? PS_LIMIT_TPD : sizing->job_key;
        sizing->job_records_max = least_of(sizing->job_records_max, day);
        sizing->job_tokens = tpd;
    }
    if (!is_fixed) {
        heed_time(&facts, sizing);
    }
    sizing->job_records = is_fixed ? options->job_records : 0;
    sizing->job_key = is_fixed ? PS_LIMIT_COUNT : sizing->job_key;
    if (is_day_binding(&facts, tpd)) {
        sizing->day_records = records_a_day(&facts, tpd);
        divide_day(&facts, is_fixed, sizing);
    } else {
        share_slots(&facts, is_fixed, sizing);
    }
    count_jobs(sizing, share->records);
    keep_apart(&facts, sizing);
    if (sizing->ramp > 0) {
        count_jobs(sizing, share->records);
    }
    set_shards(&facts, sizing);
}

/* Job number `job` of a day of so many records in so many jobs: the first ones get one more. */
static int64_t part_of_day(const int64_t records, const int64_t jobs, const int64_t job)
{
    return records / jobs + (job < records % jobs ? 1 : 0);
}

static int64_t wanted_records(const struct ps_sizing *const sizing, const int64_t job)
{
    if (job < sizing->ramp) {
        return most_of(sizing->min_records, sizing->job_records * (job + 1) / sizing->ramp);
    }
    if (sizing->day_jobs == 0) {
        return sizing->job_records;
    }
    const int64_t records = job < sizing->first_jobs
                                ? part_of_day(sizing->first_records, sizing->first_jobs, job)
                                : part_of_day(sizing->day_records, sizing->day_jobs,
                                              (job - sizing->first_jobs) % sizing->day_jobs);
    return least_of(records, sizing->job_records_max);
}

int64_t ps_sizing_next_records(const struct ps_sizing *const sizing, const int64_t job,
                               const int64_t left)
{
    if (sizing->job_records == 0 || left < sizing->min_records) {
        return 0;
    }
    const int64_t wanted = wanted_records(sizing, job);
    if (left <= wanted) {
        return left;
    }
    /* With `jobs` more of that size, the last one would be this small. */
    const int64_t jobs = parts_of(left, wanted);
    const int64_t last = left - (jobs - 1) * wanted;
    const int64_t rest = left - wanted;
    const bool is_evened_later = rest / (jobs - 1) >= sizing->min_records;
    const bool is_joined_later = jobs > 2 && rest <= sizing->job_records_max;
    if (last >= sizing->min_records || is_evened_later || is_joined_later) {
        return wanted;
    }
    if (left / jobs >= sizing->min_records) {
        return parts_of(left, jobs);
    }
    return left <= sizing->job_records_max ? left : wanted;
}
