/* Goal: the sums are the records', class by class. Method: rows, drawn records against a plain sum,
 * and the ends of 64 bits. */
#include "base/prng.h"
#include "core/demand.h"
#include "plan_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct world world;
static const struct ps_demand_options as_is = {0};

static void adds_five_numbers_up(void **state)
{
    (void)state;
    world_init_reference(&world, "");
    const struct ps_demand_class *const all = &world.demand.all;
    assert_int_equal(world.demand.records, 200000);
    assert_int_equal(all->records, 200000);
    assert_int_equal(all->bytes, INT64_C(8000000000));
    assert_int_equal(all->input_tokens + all->output_tokens, INT64_C(2400000000));
    assert_int_equal(all->output_permille_least, 200);
    assert_int_equal(all->output_permille_most, 200);
}

/* An answer without a limit of its own reserves the model's: 14.8 B, 6.2 times; 4,096: 1.17. */
static void the_reservation_is_the_output_limit(void **state)
{
    (void)state;
    static const struct {
        int64_t output_max;
        int64_t percent;
    } rows[] = {{64000, 617}, {4096, 117}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_error error;
        const struct ps_demand_record record = {40000, 10000, 2000, rows[row].output_max};
        world_init(&world);
        (void)world_add_lane(&world, "", 0);
        assert_int_equal(ps_demand_init(&world.demand, &world.supply, &as_is, &error), PS_OK);
        assert_int_equal(ps_demand_add(&world.demand, &record, 200000, &error), PS_OK);
        const struct ps_demand_class *const all = &world.demand.all;
        const int64_t reserved = all->input_tokens + all->output_tokens_max;
        assert_int_equal((reserved * 100 + INT64_C(1200000000)) / INT64_C(2400000000),
                         rows[row].percent);
    }
}

static void a_class_is_who_can_hold_it(void **state)
{
    (void)state;
    static const struct {
        struct ps_demand_record record;
        uint64_t holders;
    } rows[] = {
        {{10, 500, 100, 500}, 7}, {{10, 500, 100, 501}, 2},  {{10, 901, 100, 100}, 2},
        {{51, 500, 100, 100}, 6}, {{101, 500, 100, 100}, 4}, {{101, 5000, 100, 100}, 0},
    };
    struct ps_error error;
    world_init(&world);
    const struct ps_supply_lane *const small =
        world_add_lane(&world, "context=1000,shard_bytes=50", 0);
    (void)world_add_lane(&world, "context=50k,shard_bytes=200,job_bytes=100", 1);
    (void)world_add_lane(&world, "context=1000,output=500,tpm=5", 2);
    const struct ps_supply_lane *const again =
        world_add_lane(&world, "context=1000,shard_bytes=50,tpm=7", 3);
    assert_int_equal(ps_demand_init(&world.demand, &world.supply, &as_is, &error), PS_OK);
    assert_int_equal(world.demand.holder_count, 3);
    assert_int_equal(ps_demand_holder_bit(&world.demand, small), 1);
    assert_int_equal(ps_demand_holder_bit(&world.demand, again), 1);
    struct ps_supply_lane raised = *small;
    raised.limits[PS_LIMIT_SHARD_BYTES] = 1000000000;
    assert_int_equal(ps_demand_holder_bit(&world.demand, &raised) & 1, 1);
    raised.limits[PS_LIMIT_CONTEXT] = PS_NO_LIMIT;
    raised.limits[PS_LIMIT_OUTPUT] = PS_NO_LIMIT;
    raised.limits[PS_LIMIT_SHARD_BYTES] = PS_NO_LIMIT;
    assert_int_equal(ps_demand_holder_bit(&world.demand, &raised), 7);
    raised.limits[PS_LIMIT_CONTEXT] = 1;
    assert_int_equal(ps_demand_holder_bit(&world.demand, &raised), 0);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        assert_int_equal(ps_demand_add(&world.demand, &rows[row].record, 1, &error), PS_OK);
        const struct ps_demand_class *const part = &world.demand.classes[world.demand.last_class];
        if (part->holders != rows[row].holders) {
            fail_msg("row %zu: %llu", row, (unsigned long long)part->holders);
        }
    }
    assert_int_equal(world.demand.class_count, 5);
    assert_int_equal(ps_demand_held(&world.demand, 2).records, 4);
    assert_int_equal(ps_demand_held(&world.demand, UINT64_MAX).records, 5);
    assert_int_equal(world.demand.all.records, 6);
}

static void entries_count_as_they_are_sent(void **state)
{
    (void)state;
    static const struct ps_demand_options options = {.expected_output = 300,
                                                     .input_permille = 1100};
    struct ps_error error;
    struct ps_entry entry = {.sent_bytes = 40, .input_tokens = 95, .output_tokens_max = 1000};
    world_init(&world);
    (void)world_add_lane(&world, "", 0);
    assert_int_equal(ps_demand_init(&world.demand, &world.supply, &options, &error), PS_OK);
    assert_int_equal(ps_demand_add_entry(&world.demand, &entry, &error), PS_OK);
    entry.output_tokens_max = 200;
    assert_int_equal(ps_demand_add_entry(&world.demand, &entry, &error), PS_OK);
    entry.flags = PS_ENTRY_REJECTED;
    assert_int_equal(ps_demand_add_entry(&world.demand, &entry, &error), PS_OK);
    entry.flags = PS_ENTRY_DUPLICATE;
    assert_int_equal(ps_demand_add_entry(&world.demand, &entry, &error), PS_OK);
    assert_int_equal(world.demand.records, 4);
    assert_int_equal(world.demand.rejected_records, 1);
    assert_int_equal(world.demand.copied_records, 1);
    assert_int_equal(world.demand.all.records, 2);
    assert_int_equal(world.demand.all.bytes, 80);
    assert_int_equal(world.demand.all.input_tokens, 2 * 105); /* 104.5, rounded up */
    assert_int_equal(world.demand.all.output_tokens, 300 + 200);
    assert_int_equal(world.demand.all.output_tokens_max, 1200);
}

static void draw_record(struct ps_prng *const prng, struct ps_demand_record *const record)
{
    record->bytes = 1 + ps_prng_below(prng, 300);
    record->input_tokens = ps_prng_below(prng, 3000);
    record->output_tokens_max = ps_prng_below(prng, 3000);
    record->output_tokens = ps_prng_below(prng, record->output_tokens_max + 1);
}

static void sums_are_those_of_drawn_records(void **state)
{
    (void)state;
    struct ps_prng prng;
    struct ps_error error;
    struct ps_demand_record sum = {0, 0, 0, 0};
    int64_t heaviest = 0;
    int64_t lightest = INT64_MAX;
    ps_prng_init(&prng, 4);
    world_init(&world);
    (void)world_add_lane(&world, "context=2000,burndown=5", 0);
    (void)world_add_lane(&world, "context=4000,shard_bytes=200", 1);
    assert_int_equal(ps_demand_init(&world.demand, &world.supply, &as_is, &error), PS_OK);
    for (int64_t record = 0; record < 5000; record++) {
        struct ps_demand_record drawn;
        draw_record(&prng, &drawn);
        assert_int_equal(ps_demand_add(&world.demand, &drawn, 1, &error), PS_OK);
        sum.bytes += drawn.bytes;
        sum.input_tokens += drawn.input_tokens;
        sum.output_tokens += drawn.output_tokens;
        sum.output_tokens_max += drawn.output_tokens_max;
        const int64_t tokens = drawn.input_tokens + drawn.output_tokens;
        const int64_t weight = drawn.input_tokens + 5 * drawn.output_tokens;
        heaviest = tokens > heaviest ? tokens : heaviest;
        lightest = weight < lightest ? weight : lightest;
        assert_true(ps_demand_weight_least(&world.demand.all, &world.lanes[0]) <= lightest);
    }
    int64_t records = 0;
    for (int64_t class = 0; class < world.demand.class_count; class ++) {
        records += world.demand.classes[class].records;
    }
    assert_int_equal(records, 5000);
    assert_int_equal(world.demand.class_count, 4);
    assert_int_equal(world.demand.all.bytes, sum.bytes);
    assert_int_equal(world.demand.all.input_tokens, sum.input_tokens);
    assert_int_equal(world.demand.all.output_tokens, sum.output_tokens);
    assert_int_equal(world.demand.all.output_tokens_max, sum.output_tokens_max);
    assert_int_equal(ps_demand_weight_largest(&world.demand.all, &world.lanes[1]), heaviest);
    assert_int_equal(ps_demand_weight(&world.demand.all, &world.lanes[0]),
                     sum.input_tokens + 5 * sum.output_tokens);
}

static void refuses_sums_without_room(void **state)
{
    (void)state;
    struct ps_error error;
    const struct ps_demand_record record = {10, INT64_MAX / 4, 0, 0};
    world_init(&world);
    (void)world_add_lane(&world, "", 0);
    assert_int_equal(ps_demand_init(&world.demand, &world.supply, &as_is, &error), PS_OK);
    assert_int_equal(ps_demand_add(&world.demand, &record, 4, &error), PS_OK);
    assert_int_equal(ps_demand_add(&world.demand, &record, 1, &error), PS_E_TOO_LARGE);
    assert_int_equal(ps_demand_add(&world.demand, &record, 5, &error), PS_E_TOO_LARGE);
    assert_non_null(strstr(error.message, "cannot add up 5 records"));
    assert_int_equal(world.demand.records, 4);
    assert_int_equal(world.demand.all.records, 4);
}

static void refuses_more_kinds_of_lanes_than_it_has_bits(void **state)
{
    (void)state;
    struct ps_error error;
    world_init(&world);
    for (int lane = 0; lane <= PS_DEMAND_HOLDERS_MAX; lane++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "context=%d", 1000 + lane);
        assert_int_equal(ps_demand_init(&world.demand, &world.supply, &as_is, &error), PS_OK);
        (void)world_add_lane(&world, text, lane);
    }
    assert_int_equal(ps_demand_init(&world.demand, &world.supply, &as_is, &error), PS_E_USAGE);
    world.supply.lane_count--;
    assert_int_equal(ps_demand_init(&world.demand, &world.supply, &as_is, &error), PS_OK);
    /* 64 kinds of lanes make 65 classes of records, for 64 places: the last one stands for more */
    for (int64_t size = 1000; size <= 1000 + PS_DEMAND_HOLDERS_MAX; size++) {
        const struct ps_demand_record record = {10, size, 0, 0};
        assert_int_equal(ps_demand_add(&world.demand, &record, 1, &error), PS_OK);
    }
    assert_int_equal(world.demand.class_count, PS_DEMAND_CLASSES_MAX);
    assert_int_equal(world.demand.classes[PS_DEMAND_CLASSES_MAX - 1].records, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_five_numbers_up),
        cmocka_unit_test(the_reservation_is_the_output_limit),
        cmocka_unit_test(a_class_is_who_can_hold_it),
        cmocka_unit_test(entries_count_as_they_are_sent),
        cmocka_unit_test(sums_are_those_of_drawn_records),
        cmocka_unit_test(refuses_sums_without_room),
        cmocka_unit_test(refuses_more_kinds_of_lanes_than_it_has_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
