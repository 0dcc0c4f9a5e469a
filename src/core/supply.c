#include "core/supply.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

void ps_supply_lane_of(const struct ps_lane *const lane, const int64_t pool,
                       struct ps_supply_lane *const ret_lane)
{
    memset(ret_lane, 0, sizeof(*ret_lane));
    ret_lane->pool = pool;
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        ret_lane->limits[key] = lane->limits[key].value;
    }
    ret_lane->kind = lane->kind;
    ret_lane->rps_counts = lane->rps_counts;
    ret_lane->behaviour = lane->behaviour;
    ret_lane->startup_least_ms =
        lane->kind == PS_KIND_BATCH ? ps_lane_limit(lane, PS_LIMIT_STARTUP, 0) : 0;
}

int64_t ps_supply_limit(const struct ps_supply_lane *const lane, const enum ps_limit_key key,
                        const int64_t otherwise)
{
    const int64_t value = lane->limits[key];
    return value == PS_NO_LIMIT ? otherwise : value;
}

int64_t ps_supply_first_reset_ms(const struct ps_supply *const supply,
                                 const struct ps_supply_lane *const lane)
{
    const int64_t reset_ms = ps_supply_limit(lane, PS_LIMIT_RESET, 0);
    const int64_t since_ms =
        ((supply->starts_at_ms - reset_ms) % PS_DAY_MS + PS_DAY_MS) % PS_DAY_MS;
    return PS_DAY_MS - since_ms;
}

int64_t ps_supply_weight(const struct ps_supply_lane *const lane, const int64_t input_tokens,
                         const int64_t output_tokens)
{
    const int64_t burndown = ps_supply_limit(lane, PS_LIMIT_BURNDOWN, 1);
    return ps_sum_i64(input_tokens, ps_scale_i64(output_tokens, burndown, 1));
}

int64_t ps_supply_tokens_per_minute(const struct ps_supply_lane *const lane, const int64_t records,
                                    const int64_t tokens)
{
    const int64_t tpm = ps_supply_limit(lane, PS_LIMIT_TPM, INT64_MAX);
    const int64_t rps = ps_supply_limit(lane, PS_LIMIT_RPS, INT64_MAX);
    const bool counts = lane->rps_counts == PS_RPS_RECORDS ||
                        (lane->kind == PS_KIND_ON_DEMAND && lane->rps_counts == PS_RPS_CALLS);
    if (!counts || rps == INT64_MAX || records == 0 || tokens == 0) {
        return tpm;
    }
    const int64_t by_requests =
        ps_scale_i64(ps_scale_i64(rps, PS_MINUTE_MS, PS_SECOND_MS), tokens, records);
    return by_requests < tpm ? by_requests : tpm;
}

static void lower(int64_t *const records, enum ps_limit_key *const key, const int64_t other,
                  const enum ps_limit_key other_key)
{
    if (other < *records) {
        *records = other;
        *key = other_key;
    }
}

/* How many of `size` fit the limit. */
static int64_t fitting(const struct ps_supply_lane *const lane, const enum ps_limit_key key,
                       const int64_t size)
{
    const int64_t limit = ps_supply_limit(lane, key, INT64_MAX);
    return limit == INT64_MAX || size <= 0 ? INT64_MAX : limit / size;
}

int64_t ps_supply_shard_records(const struct ps_supply_lane *const lane, const int64_t bytes,
                                const int64_t output_bytes, enum ps_limit_key *const ret_key)
{
    int64_t records = INT64_MAX;
    *ret_key = PS_LIMIT_COUNT;
    lower(&records, ret_key, ps_supply_limit(lane, PS_LIMIT_SHARD_RECORDS, INT64_MAX),
          PS_LIMIT_SHARD_RECORDS);
    lower(&records, ret_key, fitting(lane, PS_LIMIT_SHARD_BYTES, bytes), PS_LIMIT_SHARD_BYTES);
    lower(&records, ret_key, fitting(lane, PS_LIMIT_OUT_BYTES, ps_sum_i64(bytes, output_bytes)),
          PS_LIMIT_OUT_BYTES);
    return records;
}

int64_t ps_supply_job_records(const struct ps_supply_lane *const lane, const int64_t bytes,
                              const int64_t output_bytes, enum ps_limit_key *const ret_key)
{
    enum ps_limit_key shard_key = PS_LIMIT_COUNT;
    int64_t records = INT64_MAX;
    *ret_key = PS_LIMIT_COUNT;
    const int64_t shard_records = ps_supply_shard_records(lane, bytes, output_bytes, &shard_key);
    lower(&records, ret_key, ps_supply_limit(lane, PS_LIMIT_JOB_RECORDS, INT64_MAX),
          PS_LIMIT_JOB_RECORDS);
    lower(&records, ret_key, fitting(lane, PS_LIMIT_JOB_BYTES, bytes), PS_LIMIT_JOB_BYTES);
    if (shard_key != PS_LIMIT_COUNT) {
        const int64_t files = ps_supply_limit(lane, PS_LIMIT_FILES, INT64_MAX);
        lower(&records, ret_key, ps_scale_i64(shard_records, files, 1), shard_key);
    }
    return records;
}

void ps_supply_copy(const struct ps_supply *const supply, struct ps_supply *const ret_copy)
{
    const size_t bytes = (size_t)supply->lane_count * sizeof(supply->lanes[0]);
    *ret_copy = *supply;
    ret_copy->lanes = malloc(bytes + sizeof(supply->lanes[0]));
    PS_ASSERT(ret_copy->lanes != NULL);
    if (bytes > 0) {
        memcpy(ret_copy->lanes, supply->lanes, bytes);
    }
}

void ps_supply_release(struct ps_supply *const copy)
{
    free(copy->lanes);
    memset(copy, 0, sizeof(*copy));
}

void ps_supply_lift(struct ps_supply *const supply, const enum ps_limit_key key)
{
    for (int64_t place = 0; place < supply->lane_count; place++) {
        struct ps_supply_lane *const lane = &supply->lanes[place];
        lane->limits[key] = PS_NO_LIMIT;
        lane->startup_least_ms = key == PS_LIMIT_STARTUP ? 0 : lane->startup_least_ms;
    }
}

/* A tenth more of it, where more is better; of start-up and of the least records a tenth less. */
static int64_t eased(const enum ps_limit_key key, const int64_t value)
{
    const bool is_less_better = key == PS_LIMIT_STARTUP || key == PS_LIMIT_MIN_RECORDS;
    if (key == PS_LIMIT_MIN_RECORDS && value <= 1) {
        return value; /* no job is without a record */
    }
    return is_less_better ? ps_scale_i64(value, 10, 11) : ps_scale_up_i64(value, 11, 10);
}

static void ease(struct ps_supply *const supply, const enum ps_limit_key key)
{
    for (int64_t place = 0; place < supply->lane_count; place++) {
        struct ps_supply_lane *const lane = &supply->lanes[place];
        if (lane->limits[key] != PS_NO_LIMIT) {
            lane->limits[key] = eased(key, lane->limits[key]);
        }
        if (key == PS_LIMIT_STARTUP) {
            lane->startup_least_ms = eased(key, lane->startup_least_ms);
        }
    }
}

/* By how much of itself the limit changed, at most: 100 for the tenth of a large one. */
static int64_t eased_permille(const struct ps_supply *const supply, const enum ps_limit_key key)
{
    int64_t permille = 100;
    for (int64_t place = 0; place < supply->lane_count; place++) {
        const int64_t value = ps_supply_limit(&supply->lanes[place], key, 0);
        if (value > 0 && value < 10) {
            const int64_t here = ps_scale_i64(eased(key, value) - value, 1000, value);
            permille = here > permille ? here : permille;
        }
    }
    return permille;
}

/* What the limit weighs: ms that it would give back for a whole of itself more. */
static int64_t weight_of(const struct ps_supply *const supply, const enum ps_limit_key key,
                         const bool is_lifted, const ps_supply_time time, const void *const context)
{
    struct ps_supply copy PS_CLEANUP(ps_supply_release);
    const int64_t before_ms = time(context, supply);
    ps_supply_copy(supply, &copy);
    if (is_lifted) {
        ps_supply_lift(&copy, key);
    } else {
        ease(&copy, key);
    }
    const int64_t after_ms = time(context, &copy);
    if (after_ms >= before_ms) {
        return 0;
    }
    const int64_t gain_ms = before_ms - after_ms;
    const bool is_counted = key != PS_LIMIT_STARTUP && key != PS_LIMIT_MIN_RECORDS;
    return is_lifted ? gain_ms
                     : ps_scale_i64(gain_ms, 1000, is_counted ? eased_permille(supply, key) : 100);
}

static enum ps_limit_key weightiest(const struct ps_supply *const supply, const bool is_lifted,
                                    const ps_supply_time time, const void *const context)
{
    /* Where two weigh as much, the first one is named. */
    static const enum ps_limit_key keys[] = {
        PS_LIMIT_TPD,         PS_LIMIT_TPM,           PS_LIMIT_RPS,         PS_LIMIT_JOBS,
        PS_LIMIT_FILES,       PS_LIMIT_SHARD_RECORDS, PS_LIMIT_SHARD_BYTES, PS_LIMIT_OUT_BYTES,
        PS_LIMIT_JOB_RECORDS, PS_LIMIT_JOB_BYTES,     PS_LIMIT_MIN_RECORDS};
    enum ps_limit_key binding = PS_LIMIT_COUNT;
    int64_t most = 0;
    for (size_t place = 0; place < sizeof(keys) / sizeof(keys[0]); place++) {
        const int64_t weight = weight_of(supply, keys[place], is_lifted, time, context);
        if (weight > most) {
            most = weight;
            binding = keys[place];
        }
    }
    const int64_t startup = weight_of(supply, PS_LIMIT_STARTUP, is_lifted, time, context);
    return startup > ps_scale_i64(most, 2, 1) ? PS_LIMIT_STARTUP : binding;
}

enum ps_limit_key ps_supply_binding(const struct ps_supply *const supply, const ps_supply_time time,
                                    const void *const context)
{
    const enum ps_limit_key binding = weightiest(supply, false, time, context);
    return binding != PS_LIMIT_COUNT ? binding : weightiest(supply, true, time, context);
}
