/* What the planner's tests start from: lanes as written, and records alike. */
#ifndef PS_TESTS_PLAN_WORLD_H
#define PS_TESTS_PLAN_WORLD_H

#include "core/demand.h"
#include "core/supply.h"

#define WORLD_LANES_MAX 100

struct world {
    struct ps_supply_lane lanes[WORLD_LANES_MAX];
    struct ps_supply supply;
    struct ps_demand demand;
};

/* No lanes, no records; the run starts at 00:00 UTC. */
void world_init(struct world *world);

/* One more lane of that pool, written as for --lane. */
struct ps_supply_lane *world_add_lane(struct world *world, const char *text, int64_t pool);

/* After the lanes: `count` records alike. */
void world_add_records(struct world *world, int64_t count, int64_t input_tokens,
                       int64_t output_tokens, int64_t bytes);

/* The reference job on one lane: 200,000 records of 10,000 + 2,000 tokens and 40 kB. */
void world_init_reference(struct world *world, const char *lane_text);

#endif
