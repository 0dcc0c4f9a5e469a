#include "plan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

void world_init(struct world *const world)
{
    memset(world, 0, sizeof(*world));
    world->supply.lanes = world->lanes;
}

struct ps_supply_lane *world_add_lane(struct world *const world, const char *const text,
                                      const int64_t pool)
{
    struct ps_lane lane;
    struct ps_error error;
    assert_true(world->supply.lane_count < WORLD_LANES_MAX);
    ps_lane_init(&lane, "a");
    assert_int_equal(ps_lane_parse(&lane, ps_str_of(text), &error), PS_OK);
    struct ps_supply_lane *const added = &world->lanes[world->supply.lane_count++];
    ps_supply_lane_of(&lane, pool, added);
    return added;
}

void world_add_records(struct world *const world, const int64_t count, const int64_t input_tokens,
                       const int64_t output_tokens, const int64_t bytes)
{
    struct ps_error error;
    const struct ps_demand_options options = {0};
    const struct ps_demand_record record = {bytes, input_tokens, output_tokens, output_tokens};
    if (world->demand.holder_count == 0) {
        assert_int_equal(ps_demand_init(&world->demand, &world->supply, &options, &error), PS_OK);
    }
    assert_int_equal(ps_demand_add(&world->demand, &record, count, &error), PS_OK);
}

void world_init_reference(struct world *const world, const char *const lane_text)
{
    world_init(world);
    (void)world_add_lane(world, lane_text, 0);
    world_add_records(world, 200000, 10000, 2000, 40000);
}
