/*
 * pool - which lanes draw on the same limits of an account, and what those limits are.
 *
 * Lanes of one account, Region, base model and kind share one pool: its slots, tokens/min,
 * tokens/day and requests/s. A plain model id, a profile id ("us.anthropic...") and an ARN of
 * either are one base model. Two AWS profiles count as two accounts until the service has told
 * their account ids (the engine then joins pools: see core/engine).
 *
 * Pure. Owner: the caller releases.
 *
 *     struct ps_pools pools PS_CLEANUP(ps_pools_release);
 *     ps_pools_init(&pools);
 *     status = ps_pools_make(&pools, lanes, lane_count, err);
 *     ... pools.pools[pools.of_lane[lane]] ...
 */
#ifndef PS_CORE_POOL_H
#define PS_CORE_POOL_H

#include "core/lane.h"

struct ps_pool {
    int64_t first_lane; /* the first of its lanes: its model, Region and kind are the pool's */
    enum ps_lane_kind kind;
    enum ps_rps_counts rps_counts;
    enum ps_behaviour behaviour;            /* of its first lane */
    struct ps_limit limits[PS_LIMIT_COUNT]; /* only those that ps_pool_has tells are ever set */
};

struct ps_pools {
    struct ps_pool *pools; /* in the order of their first lanes */
    int64_t count;
    int64_t *of_lane; /* a place in `pools` for each lane */
};

void ps_pools_init(struct ps_pools *pools);
void ps_pools_release(struct ps_pools *pools);

/* Is this limit the pool's, not the lane's own? jobs, rps, tpm, tpd, reset and burndown are. */
bool ps_pool_has(enum ps_limit_key key);

/*
 * Sorts the lanes into pools. A limit that one lane of a pool has from the user holds for all of
 * it; PS_E_USAGE where two lanes say different values of one: names both lanes and the key.
 */
PS_MUST_CHECK enum ps_status ps_pools_make(struct ps_pools *pools, const struct ps_lane *lanes,
                                           int64_t lane_count, struct ps_error *err);

/* The pool's value, or `otherwise` where there is no such limit. */
int64_t ps_pool_limit(const struct ps_pool *pool, enum ps_limit_key key, int64_t otherwise);

/*
 * Its tokens a day where they can run out; `otherwise` where there is no such limit, or where a
 * whole day at its tokens/min stays within it (what AWS gives by default): then nothing has to be
 * held back for it.
 */
int64_t ps_pool_day_tokens(const struct ps_pool *pool, int64_t otherwise);

/* Its requests a second where those are records (on demand a call is one); else PS_NO_LIMIT. */
int64_t ps_pool_records_per_second(const struct ps_pool *pool);

/* The model behind a plain id, a profile id or an ARN of either: a view of `model`. */
struct ps_str ps_pool_base_model(struct ps_str model);

#endif
