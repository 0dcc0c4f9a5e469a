#include "core/pool.h"

#include "base/assert.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

/* The limits that an account has for a base model, not for the lane that names it (design, 6). */
static const enum ps_limit_key pool_keys[] = {PS_LIMIT_JOBS, PS_LIMIT_RPS,   PS_LIMIT_TPM,
                                              PS_LIMIT_TPD,  PS_LIMIT_RESET, PS_LIMIT_BURNDOWN};
#define POOL_KEYS (sizeof(pool_keys) / sizeof(pool_keys[0]))

void ps_pools_init(struct ps_pools *const pools)
{
    memset(pools, 0, sizeof(*pools));
}

void ps_pools_release(struct ps_pools *const pools)
{
    free(pools->pools);
    free(pools->of_lane);
    ps_pools_init(pools);
}

bool ps_pool_has(const enum ps_limit_key key)
{
    for (size_t place = 0; place < POOL_KEYS; place++) {
        if (pool_keys[place] == key) {
            return true;
        }
    }
    return false;
}

int64_t ps_pool_limit(const struct ps_pool *const pool, const enum ps_limit_key key,
                      const int64_t otherwise)
{
    PS_ASSERT(ps_pool_has(key));
    const int64_t value = pool->limits[key].value;
    return value == PS_NO_LIMIT ? otherwise : value;
}

int64_t ps_pool_records_per_second(const struct ps_pool *const pool)
{
    const bool is_of_records =
        pool->rps_counts == PS_RPS_RECORDS ||
        (pool->rps_counts == PS_RPS_CALLS && pool->kind == PS_KIND_ON_DEMAND);
    return is_of_records ? ps_pool_limit(pool, PS_LIMIT_RPS, PS_NO_LIMIT) : PS_NO_LIMIT;
}

int64_t ps_pool_day_tokens(const struct ps_pool *const pool, const int64_t otherwise)
{
    const int64_t tpd = ps_pool_limit(pool, PS_LIMIT_TPD, INT64_MAX);
    const int64_t tpm = ps_pool_limit(pool, PS_LIMIT_TPM, INT64_MAX);
    return tpd == INT64_MAX || tpm <= tpd / (PS_DAY_MS / PS_MINUTE_MS) ? otherwise : tpd;
}

struct ps_str ps_pool_base_model(const struct ps_str model)
{
    /* Inference profiles by geography (reference: bedrock.md, cross-Region inference). */
    static const char *const prefixes[] = {"us.", "eu.",     "apac.",  "jp.",
                                           "au.", "us-gov.", "global."};
    struct ps_str base = model;
    if (ps_str_starts_with(base, PS_STR("arn:"))) {
        for (size_t slash = ps_str_find(base, '/'); slash < base.size;
             slash = ps_str_find(base, '/')) {
            base = ps_str_part(base, slash + 1, base.size);
        }
    }
    for (size_t place = 0; place < sizeof(prefixes) / sizeof(prefixes[0]); place++) {
        const struct ps_str prefix = ps_str_of(prefixes[place]);
        if (ps_str_starts_with(base, prefix)) {
            return ps_str_part(base, prefix.size, base.size);
        }
    }
    return base;
}

static bool is_same_pool(const struct ps_lane *const left, const struct ps_lane *const right)
{
    return left->kind == right->kind && strcmp(left->profile, right->profile) == 0 &&
           strcmp(left->region, right->region) == 0 &&
           ps_str_equals(ps_pool_base_model(ps_str_of(left->model)),
                         ps_pool_base_model(ps_str_of(right->model)));
}

static enum ps_status refuse(const struct ps_lane *const first, const struct ps_lane *const second,
                             const char *const key, struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                       "cannot use lanes '%s' and '%s' together: they draw on the same quota of "
                       "'%.80s' in '%s', and their %s differs",
                       first->name, second->name, first->model, first->region, key);
    return ps_error_hint(err, "Give both the same %s, or leave it out of one of them.", key);
}

/* The lane whose word on `key` the pool has. */
static const struct ps_lane *speaker(const struct ps_pools *const pools,
                                     const struct ps_lane *const lanes, const int64_t lane,
                                     const enum ps_limit_key key)
{
    for (int64_t place = 0; place < lane; place++) {
        if (pools->of_lane[place] == pools->of_lane[lane] &&
            lanes[place].limits[key].source == PS_SOURCE_USER) {
            return &lanes[place];
        }
    }
    return NULL;
}

static enum ps_status add_limits(struct ps_pools *const pools, const struct ps_lane *const lanes,
                                 const int64_t lane, struct ps_error *const err)
{
    struct ps_pool *const pool = &pools->pools[pools->of_lane[lane]];
    for (size_t place = 0; place < POOL_KEYS; place++) {
        const enum ps_limit_key key = pool_keys[place];
        const struct ps_limit said = lanes[lane].limits[key];
        const struct ps_lane *const other = speaker(pools, lanes, lane, key);
        if (said.source != PS_SOURCE_USER) {
            pool->limits[key] =
                pool->limits[key].source == PS_SOURCE_NONE ? said : pool->limits[key];
        } else if (other == NULL) {
            pool->limits[key] = said;
        } else if (other->limits[key].value != said.value) {
            return refuse(other, &lanes[lane], ps_limit_name(key), err);
        }
    }
    return PS_OK;
}

/* What counts as a request is the pool's, too; the last lane that says it is heard. */
static enum ps_status add_word(struct ps_pools *const pools, const struct ps_lane *const lanes,
                               const int64_t lane, struct ps_error *const err)
{
    struct ps_pool *const pool = &pools->pools[pools->of_lane[lane]];
    for (int64_t place = 0; place < lane; place++) {
        if (pools->of_lane[place] == pools->of_lane[lane] && lanes[place].has_rps_counts &&
            lanes[lane].has_rps_counts && lanes[place].rps_counts != lanes[lane].rps_counts) {
            return refuse(&lanes[place], &lanes[lane], "rps_counts", err);
        }
    }
    pool->rps_counts = lanes[lane].has_rps_counts ? lanes[lane].rps_counts : pool->rps_counts;
    return PS_OK;
}

static int64_t pool_of(struct ps_pools *const pools, const struct ps_lane *const lanes,
                       const int64_t lane)
{
    for (int64_t pool = 0; pool < pools->count; pool++) {
        if (is_same_pool(&lanes[pools->pools[pool].first_lane], &lanes[lane])) {
            return pool;
        }
    }
    struct ps_pool *const added = &pools->pools[pools->count];
    *added = (struct ps_pool){.first_lane = lane,
                              .kind = lanes[lane].kind,
                              .rps_counts = lanes[lane].rps_counts,
                              .behaviour = lanes[lane].behaviour};
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        added->limits[key] = (struct ps_limit){PS_NO_LIMIT, PS_SOURCE_NONE};
    }
    return pools->count++;
}

enum ps_status ps_pools_make(struct ps_pools *const pools, const struct ps_lane *const lanes,
                             const int64_t lane_count, struct ps_error *const err)
{
    PS_ASSERT(lane_count > 0);
    ps_pools_release(pools);
    pools->pools = calloc((size_t)lane_count, sizeof(pools->pools[0]));
    pools->of_lane = calloc((size_t)lane_count, sizeof(pools->of_lane[0]));
    PS_ASSERT(pools->pools != NULL && pools->of_lane != NULL);
    for (int64_t lane = 0; lane < lane_count; lane++) {
        pools->of_lane[lane] = pool_of(pools, lanes, lane);
        if (add_limits(pools, lanes, lane, err) != PS_OK ||
            add_word(pools, lanes, lane, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}
