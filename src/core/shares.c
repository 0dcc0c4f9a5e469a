#include "core/shares.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"
#include "core/curve.h"

#include <stdlib.h>
#include <string.h>

/* A pool's time is shared by the records that it gets: so many parts make the whole of it. */
#define WHOLE INT64_C(1000000000000)
#define TOKENS_PRICED INT64_C(1000000)

/*
 * What stays free of a day's budget, and of the first day's time: one record more than the days
 * hold waits for a whole day. Jobs are of whole records that are not all alike, and the first one
 * is put, created and seen before it works.
 */
#define SPARE_OF_DAY 500 /* one part in so many */
#define SPARE_MS PS_MINUTE_MS
#define SPARE_COSTS_AT_MOST 100 /* of the time until the end, one part in so many */

struct division {
    const struct ps_demand *demand;
    const struct ps_supply *supply;
    bool *is_out;      /* of each lane: its part would be too small */
    int64_t *pools;    /* of each lane: its pool's first lane */
    int64_t *used;     /* of each pool, at its first lane's place: parts of WHOLE */
    int64_t *holdings; /* of each lane: how many classes it can hold */
    int64_t *order;    /* lanes, as the present class wants them */
    bool is_cheapest;
    bool is_sparing;     /* days are not filled to the last record */
    bool is_blind;       /* of no pool is known how much it can do in a time */
    int64_t assumed_tpm; /* of a pool of which it is not known, where it is of others */
};

int64_t ps_shares_cost(const struct ps_supply_lane *const lane,
                       const struct ps_demand_class *const part)
{
    return ps_sum_i64(ps_scale_i64(part->input_tokens, lane->input_usd_micros, TOKENS_PRICED),
                      ps_scale_i64(part->output_tokens, lane->output_usd_micros, TOKENS_PRICED));
}

static bool can_hold(const struct division *const division, const int64_t lane,
                     const struct ps_demand_class *const part)
{
    return !division->is_out[lane] &&
           (part->holders &
            ps_demand_holder_bit(division->demand, &division->supply->lanes[lane])) != 0;
}

/* ------------------------------------------------ what a lane's pool can do */

static int64_t mean_of(const int64_t sum, const int64_t records)
{
    return sum == 0 ? 0 : (sum - 1) / records + 1;
}

static int64_t records_by_slots(const struct ps_supply_lane *const lane,
                                const struct ps_demand_class *const part, const int64_t at_ms)
{
    const int64_t tpm = ps_supply_limit(lane, PS_LIMIT_TPM, INT64_MAX);
    const int64_t jobs = ps_supply_limit(lane, PS_LIMIT_JOBS, INT64_MAX);
    enum ps_limit_key key = PS_LIMIT_COUNT;
    if (lane->kind == PS_KIND_ON_DEMAND || jobs == INT64_MAX) {
        return INT64_MAX;
    }
    const struct ps_slots slots = {
        .slots = jobs,
        .job_records = ps_supply_job_records(lane, mean_of(part->bytes, part->records), 0, &key),
        .startup_ms = ps_supply_limit(lane, PS_LIMIT_STARTUP, 0),
        .records_per_ms = tpm == INT64_MAX ? 1 : tpm,
        .ms_per_records = tpm == INT64_MAX
                              ? 0
                              : ps_scale_i64(mean_of(ps_demand_weight(part, lane), part->records),
                                             PS_MINUTE_MS, 1),
    };
    return slots.job_records == 0 ? 0 : ps_slots_records(&slots, at_ms);
}

static bool has_rate(const struct ps_supply_lane *const lane)
{
    return lane->limits[PS_LIMIT_TPM] != PS_NO_LIMIT || lane->limits[PS_LIMIT_TPD] != PS_NO_LIMIT ||
           (lane->limits[PS_LIMIT_RPS] != PS_NO_LIMIT && lane->rps_counts != PS_RPS_NOTHING);
}

/* With one pool there is nothing to be divided. */
static bool has_many_pools(const struct ps_supply *const supply)
{
    for (int64_t lane = 0; lane < supply->lane_count; lane++) {
        if (supply->lanes[lane].pool != supply->lanes[0].pool) {
            return true;
        }
    }
    return false;
}

static bool is_any_rate_known(const struct ps_supply *const supply)
{
    for (int64_t lane = 0; lane < supply->lane_count; lane++) {
        if (has_rate(&supply->lanes[lane])) {
            return true;
        }
    }
    return false;
}

/* The largest that is known, by whichever limit; 0: none is. */
static int64_t largest_tpm(const struct ps_demand *const demand,
                           const struct ps_supply *const supply)
{
    int64_t largest = 0;
    for (int64_t place = 0; place < supply->lane_count; place++) {
        const struct ps_supply_lane *const lane = &supply->lanes[place];
        const int64_t by_day = ps_supply_limit(lane, PS_LIMIT_TPD, 0) / (PS_DAY_MS / PS_MINUTE_MS);
        const int64_t by_rate = ps_supply_tokens_per_minute(lane, demand->all.records,
                                                            ps_demand_weight(&demand->all, lane));
        const int64_t tpm = by_rate == INT64_MAX ? by_day : by_rate;
        largest = tpm > largest ? tpm : largest;
    }
    return largest;
}

/* As if each slot did a record a millisecond. */
static int64_t records_blindly(const struct ps_supply *const supply,
                               const struct ps_supply_lane *const lane, const int64_t at_ms)
{
    bool has_all_slots = true;
    for (int64_t other = 0; other < supply->lane_count; other++) {
        has_all_slots = has_all_slots && supply->lanes[other].limits[PS_LIMIT_JOBS] != PS_NO_LIMIT;
    }
    return ps_scale_i64(at_ms, has_all_slots ? lane->limits[PS_LIMIT_JOBS] : 1, 1);
}

/* Records of the class that the lane's pool can have done by `at_ms`, if it does nothing else. */
static int64_t records_by(const struct division *const division, const int64_t lane_place,
                          const struct ps_demand_class *const part, const int64_t at_ms)
{
    const struct ps_supply_lane *const lane = &division->supply->lanes[lane_place];
    if (division->is_blind) {
        return records_blindly(division->supply, lane, at_ms);
    }
    const int64_t weight = ps_demand_weight(part, lane);
    const int64_t own_tpm = ps_supply_tokens_per_minute(lane, part->records, weight);
    const int64_t tpd = ps_supply_limit(lane, PS_LIMIT_TPD, INT64_MAX);
    const bool is_sparing = division->is_sparing && tpd < INT64_MAX;
    const struct ps_curve curve = {
        .from_ms = (lane->kind == PS_KIND_BATCH ? ps_supply_limit(lane, PS_LIMIT_STARTUP, 0) : 0) +
                   (is_sparing ? SPARE_MS : 0),
        .tokens_per_minute =
            division->assumed_tpm > 0 && !has_rate(lane) ? division->assumed_tpm : own_tpm,
        .tokens_per_day = is_sparing ? tpd - tpd / SPARE_OF_DAY : tpd,
        .spent_tokens = lane->spent_tokens,
        .first_reset_ms = ps_supply_first_reset_ms(division->supply, lane),
        .burst_tokens = lane->burst_tokens,
    };
    const int64_t records = ps_curve_whole_records(&curve, mean_of(weight, part->records), at_ms);
    const int64_t by_slots = records_by_slots(lane, part, at_ms);
    return records < by_slots ? records : by_slots;
}

/* ------------------------------------------------ who is asked first */

/* Is lane `left` asked before lane `right`? The cheaper one, or the one that can hold less else. */
static bool is_before(const struct division *const division, const struct ps_demand_class *part,
                      const int64_t left, const int64_t right)
{
    const struct ps_supply_lane *const lanes = division->supply->lanes;
    const int64_t left_cost = ps_shares_cost(&lanes[left], part);
    const int64_t right_cost = ps_shares_cost(&lanes[right], part);
    if (division->is_cheapest && left_cost != right_cost) {
        return left_cost < right_cost;
    }
    if (division->holdings[left] != division->holdings[right]) {
        return division->holdings[left] < division->holdings[right];
    }
    return left < right;
}

static int64_t order_lanes(const struct division *const division,
                           const struct ps_demand_class *const part)
{
    int64_t count = 0;
    for (int64_t lane = 0; lane < division->supply->lane_count; lane++) {
        if (!can_hold(division, lane, part)) {
            continue;
        }
        int64_t place = count++;
        while (place > 0 && is_before(division, part, lane, division->order[place - 1])) {
            division->order[place] = division->order[place - 1];
            place--;
        }
        division->order[place] = lane;
    }
    return count;
}

static int64_t holder_count(const struct division *const division,
                            const struct ps_demand_class *const part)
{
    int64_t count = 0;
    for (int64_t lane = 0; lane < division->supply->lane_count; lane++) {
        count += can_hold(division, lane, part) ? 1 : 0;
    }
    return count;
}

static void count_holdings(struct division *const division)
{
    for (int64_t lane = 0; lane < division->supply->lane_count; lane++) {
        division->holdings[lane] = 0;
        for (int64_t class = 0; class < division->demand->class_count; class ++) {
            division->holdings[lane] +=
                can_hold(division, lane, &division->demand->classes[class]) ? 1 : 0;
        }
    }
}

/* ------------------------------------------------ until one moment */

/* Places what fits of one class; returns what is left. `lanes` may be NULL: nobody asks where. */
static int64_t place_class(struct division *const division,
                           const struct ps_demand_class *const part, const int64_t at_ms,
                           struct ps_demand_class *const lanes)
{
    const int64_t order_count = order_lanes(division, part);
    int64_t placed = 0;
    for (int64_t place = 0; place < order_count && placed < part->records; place++) {
        const int64_t lane = division->order[place];
        int64_t *const used = &division->used[division->pools[lane]];
        const int64_t all = records_by(division, lane, part, at_ms);
        const int64_t wanted = part->records - placed;
        const int64_t fitting = ps_scale_i64(all, WHOLE - *used, WHOLE);
        const int64_t taken = fitting < wanted ? fitting : wanted;
        if (taken == 0) {
            continue;
        }
        *used += all == INT64_MAX ? 0 : ps_scale_i64(taken, WHOLE, all);
        if (lanes != NULL) {
            ps_demand_add_part(&lanes[lane], part, placed, taken);
        }
        placed += taken;
    }
    return part->records - placed;
}

/* Those of fewest holders first. Returns how many records found no place. */
static int64_t place_all(struct division *const division, const int64_t at_ms,
                         struct ps_demand_class *const lanes)
{
    const struct ps_demand *const demand = division->demand;
    const int64_t lane_count = division->supply->lane_count;
    int64_t left = 0;
    memset(division->used, 0, (size_t)lane_count * sizeof(division->used[0]));
    for (int64_t holders = 1; holders <= lane_count; holders++) {
        for (int64_t class = 0; class < demand->class_count; class ++) {
            if (holder_count(division, &demand->classes[class]) == holders) {
                left += place_class(division, &demand->classes[class], at_ms, lanes);
            }
        }
    }
    return left;
}

/* The first moment at which everything is placed that ever is. */
static int64_t soonest_ms(struct division *const division)
{
    const int64_t never = place_all(division, INT64_MAX / 4, NULL);
    int64_t low_ms = 0;
    int64_t high_ms = PS_MINUTE_MS;
    while (place_all(division, high_ms, NULL) > never && high_ms < INT64_MAX / 8) {
        low_ms = high_ms;
        high_ms *= 2;
    }
    while (low_ms < high_ms) {
        const int64_t middle_ms = low_ms + (high_ms - low_ms) / 2;
        if (place_all(division, middle_ms, NULL) > never) {
            low_ms = middle_ms + 1;
        } else {
            high_ms = middle_ms;
        }
    }
    return low_ms;
}

/* With a little of each day to spare, where that costs little. */
static int64_t sparing_ms(struct division *const division)
{
    division->is_sparing = false;
    const int64_t full_ms = soonest_ms(division);
    division->is_sparing = true;
    const int64_t sparing_ms = soonest_ms(division);
    division->is_sparing = sparing_ms - full_ms <= full_ms / SPARE_COSTS_AT_MOST;
    return division->is_sparing ? sparing_ms : full_ms;
}

static bool is_in_time(struct division *const division, const int64_t deadline_ms)
{
    division->is_sparing = true;
    if (place_all(division, deadline_ms, NULL) > 0) {
        division->is_sparing = false;
    }
    return division->is_sparing || place_all(division, deadline_ms, NULL) == 0;
}

static void divide(struct division *const division, const int64_t deadline_ms,
                   struct ps_shares *const shares)
{
    const size_t bytes = (size_t)shares->lane_count * sizeof(shares->lanes[0]);
    count_holdings(division);
    division->is_cheapest = deadline_ms > 0 && !division->is_blind;
    if (!division->is_cheapest || !is_in_time(division, deadline_ms)) {
        division->is_cheapest = false;
        shares->ends_ms = sparing_ms(division);
    } else {
        shares->ends_ms = deadline_ms;
    }
    memset(shares->lanes, 0, bytes);
    shares->is_cheapest = division->is_cheapest;
    shares->left_records = place_all(division, shares->ends_ms, shares->lanes);
}

/* Takes out the lane of the smallest part below its job's minimum. False: there is none. */
static bool drop_small_lane(struct division *const division, const struct ps_shares *const shares)
{
    int64_t smallest = -1;
    for (int64_t place = 0; place < shares->lane_count; place++) {
        const struct ps_supply_lane *const lane = &division->supply->lanes[place];
        const int64_t records = shares->lanes[place].records;
        if (lane->kind == PS_KIND_BATCH && records > 0 &&
            records < ps_supply_limit(lane, PS_LIMIT_MIN_RECORDS, 1) &&
            (smallest < 0 || records < shares->lanes[smallest].records)) {
            smallest = place;
        }
    }
    if (smallest >= 0) {
        division->is_out[smallest] = true;
    }
    return smallest >= 0;
}

/* Records that no lane is left for. */
static int64_t without_lane(const struct division *const division)
{
    int64_t records = 0;
    for (int64_t class = 0; class < division->demand->class_count; class ++) {
        const struct ps_demand_class *const part = &division->demand->classes[class];
        records += holder_count(division, part) == 0 ? part->records : 0;
    }
    return records;
}

static void *zeroed(const int64_t count, const size_t size)
{
    void *const room = calloc((size_t)count + 1, size);
    PS_ASSERT(room != NULL);
    return room;
}

void ps_shares_find(const struct ps_demand *const demand, const struct ps_supply *const supply,
                    const int64_t deadline_ms, struct ps_shares *const ret_shares)
{
    const int64_t lanes = supply->lane_count;
    struct division division = {
        .demand = demand,
        .supply = supply,
        .is_blind = has_many_pools(supply) && !is_any_rate_known(supply),
        .assumed_tpm = has_many_pools(supply) ? largest_tpm(demand, supply) : 0,
        .is_out = zeroed(lanes, sizeof(division.is_out[0])),
        .pools = zeroed(lanes, sizeof(division.pools[0])),
        .used = zeroed(lanes, sizeof(division.used[0])),
        .holdings = zeroed(lanes, sizeof(division.holdings[0])),
        .order = zeroed(lanes, sizeof(division.order[0])),
    };
    memset(ret_shares, 0, sizeof(*ret_shares));
    ret_shares->lanes = zeroed(lanes, sizeof(ret_shares->lanes[0]));
    ret_shares->lane_count = lanes;
    for (int64_t lane = 0; lane < lanes; lane++) {
        while (supply->lanes[division.pools[lane]].pool != supply->lanes[lane].pool) {
            division.pools[lane]++;
        }
    }
    do {
        divide(&division, deadline_ms, ret_shares);
    } while (drop_small_lane(&division, ret_shares));
    ret_shares->left_records += without_lane(&division);
    if (ret_shares->left_records > 0 || division.is_blind) {
        ret_shares->ends_ms = INT64_MAX;
    }
    free(division.is_out);
    free(division.pools);
    free(division.used);
    free(division.holdings);
    free(division.order);
}

void ps_shares_release(struct ps_shares *const shares)
{
    free(shares->lanes);
    memset(shares, 0, sizeof(*shares));
}
