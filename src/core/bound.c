#include "core/bound.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"
#include "core/curve.h"

#include <stdlib.h>
#include <string.h>

#define PERMILLE INT64_C(1000)

/* Up to so many classes every set of them is asked about; with more, those that stand out. */
#define ALL_SETS_CLASSES 6

/* What of a pool's limits a question heeds. */
enum use {
    USE_TOKENS = 1 << 0,
    USE_SLOTS = 1 << 1,
    USE_REQUESTS = 1 << 2,
    USE_CLASSES = 1 << 3, /* which records it can hold */
    USE_ALL = USE_TOKENS | USE_SLOTS | USE_REQUESTS | USE_CLASSES
};

/* Records are worth their tokens at this burn-down; 0: each is worth 1. */
struct question {
    uint64_t classes; /* bit n: class n */
    int64_t burndown;
    unsigned uses;
};

/* A pool as one question sees it. */
struct side {
    bool is_asked; /* it can hold some of the classes */
    struct ps_curve curve;
    struct ps_slots slots; /* slots.slots == INT64_MAX: none needed */
    int64_t requests_per_s;
    int64_t burst_requests;
    int64_t records_per_request;
    int64_t requests_from_ms;
    int64_t burndown;
    int64_t weight_least;
    int64_t value_most; /* of a record */
    int64_t value_held; /* of all records it can hold */
    int64_t output_permille_least;
    int64_t output_permille_most;
    uint64_t classes;
};

struct search {
    const struct ps_demand *demand;
    const struct ps_supply *supply;
    int64_t *pools; /* of each lane: the place of its side */
    struct side *sides;
    int64_t side_count;
};

static const char *const part_names[PS_BOUND_PART_COUNT] = {
    [PS_BOUND_RATE] = "rate",   [PS_BOUND_CLASSES] = "classes",   [PS_BOUND_MIXED] = "mixed",
    [PS_BOUND_SLOTS] = "slots", [PS_BOUND_ONE_JOB] = "one_job",   [PS_BOUND_TRANSFER] = "transfer",
    [PS_BOUND_WHOLE] = "whole", [PS_BOUND_REQUESTS] = "requests",
};

const char *ps_bound_part_name(const enum ps_bound_part part)
{
    PS_ASSERT(part >= 0 && part < PS_BOUND_PART_COUNT);
    return part_names[part];
}

static int64_t least_of(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

static int64_t most_of(const int64_t left, const int64_t right)
{
    return left > right ? left : right;
}

static int64_t value_of(const struct ps_demand_class *const part, const int64_t burndown)
{
    return burndown == 0
               ? part->records
               : ps_sum_i64(part->input_tokens, ps_scale_i64(part->output_tokens, burndown, 1));
}

static int64_t value_most_of(const struct ps_demand_class *const part, const int64_t burndown)
{
    return burndown == 0 ? 1
                         : ps_sum_i64(part->most.input_tokens,
                                      ps_scale_i64(part->most.output_tokens, burndown, 1));
}

/* ------------------------------------------------ a pool's side of a question */

static void init_side(struct side *const side)
{
    memset(side, 0, sizeof(*side));
    side->is_asked = true;
    side->curve.from_ms = INT64_MAX;
    side->slots = (struct ps_slots){0, 1, INT64_MAX, 1, INT64_MAX};
    side->requests_from_ms = INT64_MAX;
    side->burndown = INT64_MAX;
    side->weight_least = INT64_MAX;
    side->output_permille_least = INT64_MAX;
}

/* The loosest of each limit over the pool's lanes. */
static void add_lane_limits(struct search *const search, const struct ps_supply_lane *const lane,
                            struct side *const side)
{
    struct ps_curve *const curve = &side->curve;
    const int64_t tpm = ps_supply_limit(lane, PS_LIMIT_TPM, INT64_MAX);
    curve->from_ms = least_of(curve->from_ms, lane->startup_least_ms);
    curve->tokens_per_minute = most_of(curve->tokens_per_minute, tpm);
    curve->tokens_per_day =
        most_of(curve->tokens_per_day, ps_supply_limit(lane, PS_LIMIT_TPD, INT64_MAX));
    curve->burst_tokens = most_of(curve->burst_tokens, lane->burst_tokens);
    const int64_t reset_ms = ps_supply_first_reset_ms(search->supply, lane);
    curve->first_reset_ms =
        curve->first_reset_ms == 0 ? reset_ms : least_of(curve->first_reset_ms, reset_ms);
    side->slots.slots = most_of(
        side->slots.slots,
        lane->kind == PS_KIND_BATCH ? ps_supply_limit(lane, PS_LIMIT_JOBS, INT64_MAX) : INT64_MAX);
    side->slots.startup_ms = least_of(side->slots.startup_ms, lane->startup_least_ms);
    side->burndown = least_of(side->burndown, ps_supply_limit(lane, PS_LIMIT_BURNDOWN, 1));
}

static void add_lane_requests(struct side *const side, const struct ps_supply_lane *const lane,
                              const int64_t job_records)
{
    const bool counts = lane->rps_counts != PS_RPS_NOTHING;
    const bool is_call_a_job = lane->kind == PS_KIND_BATCH && lane->rps_counts == PS_RPS_CALLS;
    side->requests_per_s = most_of(
        side->requests_per_s, counts ? ps_supply_limit(lane, PS_LIMIT_RPS, INT64_MAX) : INT64_MAX);
    side->burst_requests = most_of(side->burst_requests, lane->burst_requests);
    side->records_per_request = most_of(side->records_per_request, is_call_a_job ? job_records : 1);
    side->requests_from_ms =
        least_of(side->requests_from_ms, is_call_a_job ? 0 : lane->startup_least_ms);
}

/* One of the pool's lanes, and one class that it can hold. */
static void add_class(struct side *const side, const struct ps_supply_lane *const lane,
                      const struct ps_demand_class *const part, const int64_t burndown)
{
    enum ps_limit_key key = PS_LIMIT_COUNT;
    const int64_t job_records = ps_supply_job_records(lane, part->least.bytes, 0, &key);
    side->slots.job_records = most_of(side->slots.job_records, job_records);
    side->weight_least = least_of(side->weight_least, ps_demand_weight_least(part, lane));
    side->value_most = most_of(side->value_most, value_most_of(part, burndown));
    side->curve.straddle_tokens =
        most_of(side->curve.straddle_tokens,
                ps_supply_weight(lane, part->most.input_tokens, part->most.output_tokens));
    side->output_permille_least =
        least_of(side->output_permille_least, part->output_permille_least);
    side->output_permille_most = most_of(side->output_permille_most, part->output_permille_most);
    add_lane_requests(side, lane, job_records);
}

/* A job alone is as fast as its pool's tokens allow; a burst makes it faster. Each running job may
 * have begun a record before the day turned. */
static void set_jobs(struct side *const side)
{
    const int64_t tpm = side->curve.tokens_per_minute;
    struct ps_slots *const slots = &side->slots;
    side->curve.straddle_tokens = ps_scale_i64(side->curve.straddle_tokens, slots->slots, 1);
    slots->records_per_ms = 1;
    slots->ms_per_records = 0;
    if (tpm < INT64_MAX && side->curve.burst_tokens == 0) {
        slots->records_per_ms = tpm;
        slots->ms_per_records = ps_scale_i64(side->weight_least, PS_MINUTE_MS, 1);
    }
}

static void set_sides(struct search *const search, const struct question *const question)
{
    const struct ps_demand *const demand = search->demand;
    for (int64_t place = 0; place < search->side_count; place++) {
        search->sides[place].is_asked = false;
    }
    for (int64_t place = 0; place < search->supply->lane_count; place++) {
        const struct ps_supply_lane *const lane = &search->supply->lanes[place];
        struct side *const side = &search->sides[search->pools[place]];
        const uint64_t bit = ps_demand_holder_bit(demand, lane);
        for (int64_t class = 0; class < demand->class_count; class ++) {
            const struct ps_demand_class *const part = &demand->classes[class];
            if ((question->classes >> class & 1) == 0 || (part->holders & bit) == 0) {
                continue;
            }
            if (!side->is_asked) {
                init_side(side);
            }
            add_lane_limits(search, lane, side);
            add_class(side, lane, part, question->burndown);
            if ((side->classes >> class & 1) == 0) {
                side->classes |= UINT64_C(1) << class;
                side->value_held = ps_sum_i64(side->value_held, value_of(part, question->burndown));
            }
        }
    }
    for (int64_t place = 0; place < search->side_count; place++) {
        if (search->sides[place].is_asked) {
            set_jobs(&search->sides[place]);
        }
    }
}

/* ------------------------------------------------ what a pool delivers */

/* Tokens as the pool counts them, in value: at the best rate that any record gives. */
static int64_t value_of_tokens(const struct side *const side, const int64_t burndown,
                               const int64_t tokens)
{
    if (tokens == INT64_MAX) {
        return INT64_MAX;
    }
    const int64_t permille =
        burndown > side->burndown ? side->output_permille_most : side->output_permille_least;
    return ps_scale_up_i64(tokens, ps_sum_i64(PERMILLE, ps_scale_i64(burndown, permille, 1)),
                           ps_sum_i64(PERMILLE, ps_scale_i64(side->burndown, permille, 1)));
}

static int64_t records_until(const struct side *const side, const unsigned uses,
                             const int64_t at_ms)
{
    int64_t records = INT64_MAX;
    if ((uses & USE_SLOTS) != 0 && side->slots.slots < INT64_MAX) {
        records = ps_slots_records(&side->slots, at_ms);
    }
    if ((uses & USE_REQUESTS) != 0 && side->requests_per_s < INT64_MAX) {
        const int64_t for_ms = most_of(0, at_ms - side->requests_from_ms);
        const int64_t requests = ps_sum_i64(
            side->burst_requests, ps_scale_up_i64(side->requests_per_s, for_ms, PS_SECOND_MS));
        records = least_of(records, ps_scale_i64(requests, side->records_per_request, 1));
    }
    return records;
}

static int64_t delivered(const struct side *const side, const struct question *const question,
                         const int64_t at_ms)
{
    int64_t value = (question->uses & USE_CLASSES) != 0 ? side->value_held : INT64_MAX;
    const int64_t records = records_until(side, question->uses, at_ms);
    value = least_of(value, ps_scale_i64(records, side->value_most, 1));
    if ((question->uses & USE_TOKENS) == 0) {
        return value;
    }
    if (question->burndown == 0) {
        return least_of(value, ps_curve_whole_records(&side->curve, side->weight_least, at_ms));
    }
    return least_of(
        value, value_of_tokens(side, question->burndown, ps_curve_tokens(&side->curve, at_ms)));
}

static bool is_delivered(const struct search *const search, const struct question *const question,
                         const int64_t value, const int64_t at_ms)
{
    int64_t sum = 0;
    for (int64_t place = 0; place < search->side_count && sum < value; place++) {
        if (search->sides[place].is_asked) {
            sum = ps_sum_i64(sum, delivered(&search->sides[place], question, at_ms));
        }
    }
    return sum >= value;
}

/* The first moment, not before `from_ms`, at which the question's value can be there. */
static int64_t answer(struct search *const search, const struct question *const question,
                      const int64_t from_ms)
{
    int64_t value = 0;
    int64_t low_ms = from_ms;
    int64_t high_ms = most_of(from_ms, PS_MINUTE_MS);
    for (int64_t class = 0; class < search->demand->class_count; class ++) {
        if ((question->classes >> class & 1) != 0) {
            value =
                ps_sum_i64(value, value_of(&search->demand->classes[class], question->burndown));
        }
    }
    set_sides(search, question);
    if (from_ms == PS_BOUND_NEVER || is_delivered(search, question, value, from_ms)) {
        return from_ms;
    }
    while (!is_delivered(search, question, value, high_ms)) {
        if (high_ms > INT64_MAX / 4) {
            return PS_BOUND_NEVER;
        }
        low_ms = high_ms;
        high_ms *= 2;
    }
    while (low_ms < high_ms) {
        const int64_t middle_ms = low_ms + (high_ms - low_ms) / 2;
        if (is_delivered(search, question, value, middle_ms)) {
            high_ms = middle_ms;
        } else {
            low_ms = middle_ms + 1;
        }
    }
    return low_ms;
}

/* ------------------------------------------------ the questions */

/* For each burn-down that a lane has. */
static int64_t answer_in_tokens(struct search *const search, const uint64_t classes,
                                const unsigned uses, const int64_t from_ms)
{
    int64_t ms = from_ms;
    int64_t asked[8]; /* of many burn-downs, the first ones are enough for a floor */
    size_t asked_count = 0;
    for (int64_t place = 0; place < search->supply->lane_count; place++) {
        const int64_t burndown =
            ps_supply_limit(&search->supply->lanes[place], PS_LIMIT_BURNDOWN, 1);
        size_t seen = 0;
        while (seen < asked_count && asked[seen] != burndown) {
            seen++;
        }
        if (seen == asked_count && asked_count < sizeof(asked) / sizeof(asked[0])) {
            asked[asked_count++] = burndown;
            ms = answer(search, &(struct question){classes, burndown, uses}, ms);
        }
    }
    return ms;
}

/* The set with the class's number: its own holders, or fewer of them. */
static uint64_t set_below(const struct ps_demand *const demand, const int64_t class)
{
    uint64_t set = 0;
    const uint64_t holders = demand->classes[class].holders;
    for (int64_t other = 0; other < demand->class_count; other++) {
        if ((demand->classes[other].holders & ~holders) == 0) {
            set |= UINT64_C(1) << other;
        }
    }
    return set;
}

static uint64_t holdable(const struct ps_demand *const demand)
{
    uint64_t set = 0;
    for (int64_t class = 0; class < demand->class_count; class ++) {
        set |= demand->classes[class].holders == 0 ? 0 : UINT64_C(1) << class;
    }
    return set;
}

/* One set of classes after another; 0 after the last. */
static uint64_t set_at(const struct ps_demand *const demand, const int64_t place)
{
    if (demand->class_count <= ALL_SETS_CLASSES) {
        const uint64_t set = (uint64_t)place + 1;
        return set < UINT64_C(1) << demand->class_count ? set : 0;
    }
    return place < demand->class_count ? set_below(demand, place) : 0;
}

static void ask_about_sets(struct search *const search, struct ps_bound *const bound)
{
    int64_t *const parts = bound->parts_ms;
    const uint64_t all = holdable(search->demand);
    for (int64_t place = 0; set_at(search->demand, place) != 0; place++) {
        const uint64_t set = set_at(search->demand, place) & all;
        if (set == 0) {
            continue;
        }
        if (set != all) {
            parts[PS_BOUND_CLASSES] =
                answer_in_tokens(search, set, USE_TOKENS, parts[PS_BOUND_CLASSES]);
        }
        parts[PS_BOUND_MIXED] = answer_in_tokens(search, set, USE_ALL, parts[PS_BOUND_MIXED]);
        parts[PS_BOUND_MIXED] =
            answer(search, &(struct question){set, 0, USE_ALL}, parts[PS_BOUND_MIXED]);
    }
}

/* ------------------------------------------------ one job, and the bytes */

/* Start-up, then the lightest job that may be, with the class's heaviest record in it. */
static int64_t one_job_ms(const struct ps_demand_class *const part,
                          const struct ps_supply_lane *const lane)
{
    const int64_t tpm = ps_supply_limit(lane, PS_LIMIT_TPM, INT64_MAX);
    const int64_t records =
        lane->kind == PS_KIND_BATCH
            ? least_of(part->records, ps_supply_limit(lane, PS_LIMIT_MIN_RECORDS, 1))
            : 1;
    const int64_t weight = most_of(ps_demand_weight_largest(part, lane),
                                   ps_scale_i64(records, ps_demand_weight_least(part, lane), 1));
    const int64_t above = most_of(0, weight - lane->burst_tokens);
    const int64_t work_ms = tpm == INT64_MAX ? 0 : ps_scale_i64(above, PS_MINUTE_MS, tpm);
    return ps_sum_i64(lane->startup_least_ms, work_ms);
}

static int64_t one_job_of_any_class_ms(const struct search *const search)
{
    int64_t ms = 0;
    for (int64_t class = 0; class < search->demand->class_count; class ++) {
        const struct ps_demand_class *const part = &search->demand->classes[class];
        int64_t soonest_ms = PS_BOUND_NEVER;
        for (int64_t place = 0; place < search->supply->lane_count; place++) {
            const struct ps_supply_lane *const lane = &search->supply->lanes[place];
            if ((part->holders & ps_demand_holder_bit(search->demand, lane)) != 0) {
                soonest_ms = least_of(soonest_ms, one_job_ms(part, lane));
            }
        }
        ms = part->holders == 0 ? ms : most_of(ms, soonest_ms);
    }
    return ms;
}

static int64_t transfer_ms(const struct search *const search,
                           const struct ps_bound_options *const options)
{
    const struct ps_demand_class held = ps_demand_held(search->demand, UINT64_MAX);
    int64_t startup_ms = INT64_MAX;
    for (int64_t place = 0; place < search->supply->lane_count; place++) {
        startup_ms = least_of(startup_ms, search->supply->lanes[place].startup_least_ms);
    }
    if (options->upload_bytes_per_s == 0 || held.records == 0) {
        return 0;
    }
    /* The last file is sent when all bytes are; a job starts up after that. */
    return ps_sum_i64(startup_ms,
                      ps_scale_i64(held.bytes, PS_SECOND_MS, options->upload_bytes_per_s));
}

/* ------------------------------------------------ all of it */

static void number_pools(struct search *const search)
{
    for (int64_t place = 0; place < search->supply->lane_count; place++) {
        int64_t other = 0;
        while (search->supply->lanes[other].pool != search->supply->lanes[place].pool) {
            other++;
        }
        search->pools[place] = other == place ? search->side_count++ : search->pools[other];
    }
}

static int64_t days_of(const struct ps_supply *const supply, const int64_t ms)
{
    int64_t days = 0;
    for (int64_t place = 0; place < supply->lane_count; place++) {
        days = most_of(days, ps_bound_days(supply, &supply->lanes[place], ms));
    }
    return days;
}

/* Without the limits that bind. */
static void find(const struct ps_demand *const demand, const struct ps_supply *const supply,
                 const struct ps_bound_options *const options, struct ps_bound *const bound)
{
    const size_t lanes = (size_t)supply->lane_count + 1;
    struct search search = {.demand = demand,
                            .supply = supply,
                            .pools = calloc(lanes, sizeof(search.pools[0])),
                            .sides = calloc(lanes, sizeof(search.sides[0]))};
    const uint64_t all = holdable(demand);
    int64_t *const parts = bound->parts_ms;
    PS_ASSERT(search.pools != NULL && search.sides != NULL);
    memset(bound, 0, sizeof(*bound));
    bound->binding = PS_LIMIT_COUNT;
    bound->next_binding = PS_LIMIT_COUNT;
    number_pools(&search);
    parts[PS_BOUND_RATE] = answer_in_tokens(&search, all, USE_TOKENS, 0);
    parts[PS_BOUND_SLOTS] = answer(&search, &(struct question){all, 0, USE_SLOTS}, 0);
    parts[PS_BOUND_WHOLE] = answer(&search, &(struct question){all, 0, USE_TOKENS}, 0);
    parts[PS_BOUND_REQUESTS] = answer(&search, &(struct question){all, 0, USE_REQUESTS}, 0);
    parts[PS_BOUND_ONE_JOB] = one_job_of_any_class_ms(&search);
    parts[PS_BOUND_TRANSFER] = transfer_ms(&search, options);
    ask_about_sets(&search, bound);
    for (int part = 0; part < PS_BOUND_PART_COUNT; part++) {
        if (parts[part] > bound->ms) {
            bound->ms = parts[part];
            bound->part = (enum ps_bound_part)part;
        }
    }
    free(search.pools);
    free(search.sides);
}

int64_t ps_bound_ms(const struct ps_demand *const demand, const struct ps_supply *const supply,
                    const struct ps_bound_options *const options)
{
    struct ps_bound bound;
    find(demand, supply, options, &bound);
    return bound.ms;
}

struct question_of_time {
    const struct ps_demand *demand;
    const struct ps_bound_options *options;
};

static int64_t time_of(const void *const context, const struct ps_supply *const supply)
{
    const struct question_of_time *const question = context;
    return ps_bound_ms(question->demand, supply, question->options);
}

void ps_bound_find(const struct ps_demand *const demand, const struct ps_supply *const supply,
                   const struct ps_bound_options *const options, struct ps_bound *const ret_bound)
{
    const struct question_of_time question = {demand, options};
    struct ps_supply without PS_CLEANUP(ps_supply_release);
    find(demand, supply, options, ret_bound);
    ret_bound->binding = ps_supply_binding(supply, time_of, &question);
    ps_supply_copy(supply, &without);
    if (ret_bound->binding != PS_LIMIT_COUNT) {
        ps_supply_lift(&without, ret_bound->binding);
        ret_bound->next_binding = ps_supply_binding(&without, time_of, &question);
    }
    ret_bound->days = days_of(supply, ret_bound->ms);
}

int64_t ps_bound_tokens_until(const struct ps_supply *const supply,
                              const struct ps_supply_lane *const lane, const int64_t startup_ms,
                              const int64_t at_ms)
{
    const struct ps_curve curve = {
        .from_ms = startup_ms,
        .tokens_per_minute = ps_supply_limit(lane, PS_LIMIT_TPM, INT64_MAX),
        .tokens_per_day = ps_supply_limit(lane, PS_LIMIT_TPD, INT64_MAX),
        .first_reset_ms = ps_supply_first_reset_ms(supply, lane),
        .burst_tokens = lane->burst_tokens,
    };
    return ps_curve_tokens(&curve, at_ms);
}

int64_t ps_bound_days(const struct ps_supply *const supply, const struct ps_supply_lane *const lane,
                      const int64_t ms)
{
    const int64_t first_ms = ps_supply_first_reset_ms(supply, lane);
    if (ms == PS_BOUND_NEVER) {
        return INT64_MAX;
    }
    const bool is_at_once = ps_supply_limit(lane, PS_LIMIT_TPM, INT64_MAX) == INT64_MAX &&
                            ps_supply_limit(lane, PS_LIMIT_TPD, INT64_MAX) < INT64_MAX;
    const int64_t end_ms = is_at_once ? ms + 1 : ms;
    return end_ms <= first_ms ? 1 : 1 + (end_ms - first_ms + PS_DAY_MS - 1) / PS_DAY_MS;
}
