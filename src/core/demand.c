#include "core/demand.h"

#include "base/assert.h"
#include "base/checked.h"

#include <string.h>

#define PERMILLE INT64_C(1000)

static int64_t least_of(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

static int64_t most_of(const int64_t left, const int64_t right)
{
    return left > right ? left : right;
}

static struct ps_demand_holder holder_of(const struct ps_supply_lane *const lane)
{
    return (struct ps_demand_holder){
        .context = ps_supply_limit(lane, PS_LIMIT_CONTEXT, INT64_MAX),
        .output = ps_supply_limit(lane, PS_LIMIT_OUTPUT, INT64_MAX),
        .bytes = least_of(ps_supply_limit(lane, PS_LIMIT_SHARD_BYTES, INT64_MAX),
                          ps_supply_limit(lane, PS_LIMIT_JOB_BYTES, INT64_MAX)),
    };
}

static int64_t find_holder(const struct ps_demand *const demand,
                           const struct ps_demand_holder *const holder)
{
    int64_t place = 0;
    while (place < demand->holder_count && (demand->holders[place].context != holder->context ||
                                            demand->holders[place].output != holder->output ||
                                            demand->holders[place].bytes != holder->bytes)) {
        place++;
    }
    return place;
}

enum ps_status ps_demand_init(struct ps_demand *const demand, const struct ps_supply *const supply,
                              const struct ps_demand_options *const options,
                              struct ps_error *const err)
{
    memset(demand, 0, sizeof(*demand));
    demand->options = *options;
    if (demand->options.input_permille == 0) {
        demand->options.input_permille = PERMILLE;
    }
    for (int64_t lane = 0; lane < supply->lane_count; lane++) {
        const struct ps_demand_holder holder = holder_of(&supply->lanes[lane]);
        if (find_holder(demand, &holder) < demand->holder_count) {
            continue;
        }
        if (demand->holder_count == PS_DEMAND_HOLDERS_MAX) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                               "cannot plan over lanes of more than %d different sets of context, "
                               "output and file limits",
                               PS_DEMAND_HOLDERS_MAX);
            return ps_error_hint(err, "Give alike lanes the same limits, or name fewer lanes.");
        }
        demand->holders[demand->holder_count++] = holder;
    }
    return PS_OK;
}

uint64_t ps_demand_holder_bit(const struct ps_demand *const demand,
                              const struct ps_supply_lane *const lane)
{
    const struct ps_demand_holder holder = holder_of(lane);
    const int64_t place = find_holder(demand, &holder);
    if (place < demand->holder_count) {
        return UINT64_C(1) << place;
    }
    uint64_t bits = 0;
    for (int64_t other = 0; other < demand->holder_count; other++) {
        const struct ps_demand_holder *const lesser = &demand->holders[other];
        if (lesser->context <= holder.context && lesser->output <= holder.output &&
            lesser->bytes <= holder.bytes) {
            bits |= UINT64_C(1) << other;
        }
    }
    return bits;
}

static uint64_t holders_of(const struct ps_demand *const demand,
                           const struct ps_demand_record *const record)
{
    uint64_t bits = 0;
    const int64_t context = ps_sum_i64(record->input_tokens, record->output_tokens_max);
    for (int64_t place = 0; place < demand->holder_count; place++) {
        const struct ps_demand_holder *const holder = &demand->holders[place];
        if (context <= holder->context && record->output_tokens_max <= holder->output &&
            record->bytes <= holder->bytes) {
            bits |= UINT64_C(1) << place;
        }
    }
    return bits;
}

/* When every place is taken the last class stands for all others too: said to be more eligible
 * than it is, so a bound stays a floor. */
static int64_t find_class(struct ps_demand *const demand, const uint64_t holders)
{
    if (demand->last_class < demand->class_count &&
        demand->classes[demand->last_class].holders == holders) {
        return demand->last_class;
    }
    int64_t place = 0;
    while (place < demand->class_count && demand->classes[place].holders != holders) {
        place++;
    }
    return least_of(place, PS_DEMAND_CLASSES_MAX - 1);
}

static struct ps_demand_class class_of(const struct ps_demand_record *const record,
                                       const uint64_t holders)
{
    const int64_t input = most_of(record->input_tokens, 1);
    return (struct ps_demand_class){
        .holders = holders,
        .records = 1,
        .bytes = record->bytes,
        .input_tokens = record->input_tokens,
        .output_tokens = record->output_tokens,
        .output_tokens_max = record->output_tokens_max,
        .least = *record,
        .most = *record,
        .largest = *record,
        .output_permille_least = ps_scale_i64(record->output_tokens, PERMILLE, input),
        .output_permille_most = ps_scale_up_i64(record->output_tokens, PERMILLE, input),
    };
}

static bool scale_class(struct ps_demand_class *const part, const int64_t count)
{
    return ps_mul_i64(part->records, count, &part->records) &&
           ps_mul_i64(part->bytes, count, &part->bytes) &&
           ps_mul_i64(part->input_tokens, count, &part->input_tokens) &&
           ps_mul_i64(part->output_tokens, count, &part->output_tokens) &&
           ps_mul_i64(part->output_tokens_max, count, &part->output_tokens_max);
}

static struct ps_demand_record least_record(const struct ps_demand_record *const left,
                                            const struct ps_demand_record *const right)
{
    return (struct ps_demand_record){
        .bytes = least_of(left->bytes, right->bytes),
        .input_tokens = least_of(left->input_tokens, right->input_tokens),
        .output_tokens = least_of(left->output_tokens, right->output_tokens),
        .output_tokens_max = least_of(left->output_tokens_max, right->output_tokens_max),
    };
}

static struct ps_demand_record most_record(const struct ps_demand_record *const left,
                                           const struct ps_demand_record *const right)
{
    return (struct ps_demand_record){
        .bytes = most_of(left->bytes, right->bytes),
        .input_tokens = most_of(left->input_tokens, right->input_tokens),
        .output_tokens = most_of(left->output_tokens, right->output_tokens),
        .output_tokens_max = most_of(left->output_tokens_max, right->output_tokens_max),
    };
}

static int64_t tokens_of(const struct ps_demand_record *const record)
{
    return ps_sum_i64(record->input_tokens, record->output_tokens);
}

/* False, with `part` untouched, when a sum does not fit. */
static bool join(struct ps_demand_class *const part, const struct ps_demand_class *const other)
{
    struct ps_demand_class sum = *part;
    if (part->records == 0) {
        *part = *other;
        return true;
    }
    if (!ps_add_i64(sum.records, other->records, &sum.records) ||
        !ps_add_i64(sum.bytes, other->bytes, &sum.bytes) ||
        !ps_add_i64(sum.input_tokens, other->input_tokens, &sum.input_tokens) ||
        !ps_add_i64(sum.output_tokens, other->output_tokens, &sum.output_tokens) ||
        !ps_add_i64(sum.output_tokens_max, other->output_tokens_max, &sum.output_tokens_max)) {
        return false;
    }
    sum.holders |= other->holders;
    sum.least = least_record(&part->least, &other->least);
    sum.most = most_record(&part->most, &other->most);
    if (tokens_of(&other->largest) > tokens_of(&sum.largest)) {
        sum.largest = other->largest;
    }
    sum.output_permille_least = least_of(part->output_permille_least, other->output_permille_least);
    sum.output_permille_most = most_of(part->output_permille_most, other->output_permille_most);
    *part = sum;
    return true;
}

enum ps_status ps_demand_add(struct ps_demand *const demand,
                             const struct ps_demand_record *const record, const int64_t count,
                             struct ps_error *const err)
{
    const uint64_t holders = holders_of(demand, record);
    const int64_t place = find_class(demand, holders);
    struct ps_demand_class added = class_of(record, holders);
    int64_t records = 0;
    if (count == 0) {
        return PS_OK;
    }
    if (place == demand->class_count) {
        memset(&demand->classes[place], 0, sizeof(demand->classes[place]));
    }
    if (!scale_class(&added, count) || !ps_add_i64(demand->records, count, &records) ||
        !join(&demand->all, &added)) {
        (void)ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                           "cannot add up %lld records more of %lld bytes, %lld input and %lld "
                           "output tokens",
                           (long long)count, (long long)record->bytes,
                           (long long)record->input_tokens, (long long)record->output_tokens_max);
        return ps_error_hint(err, "The sums must stay below 9.2 * 10^18.");
    }
    PS_ASSERT(join(&demand->classes[place], &added));
    demand->records = records;
    demand->class_count = most_of(demand->class_count, place + 1);
    demand->last_class = place;
    return PS_OK;
}

enum ps_status ps_demand_add_entry(struct ps_demand *const demand,
                                   const struct ps_entry *const entry, struct ps_error *const err)
{
    const struct ps_demand_options *const options = &demand->options;
    const int64_t output_max = (int64_t)entry->output_tokens_max;
    if (!ps_entry_is_sent(entry)) {
        const bool is_rejected = (entry->flags & (uint32_t)PS_ENTRY_REJECTED) != 0;
        demand->rejected_records += is_rejected ? 1 : 0;
        demand->copied_records += is_rejected ? 0 : 1;
        demand->records++;
        return PS_OK;
    }
    const struct ps_demand_record record = {
        .bytes = (int64_t)entry->sent_bytes,
        .input_tokens =
            ps_scale_up_i64((int64_t)entry->input_tokens, options->input_permille, PERMILLE),
        .output_tokens = options->expected_output == 0
                             ? output_max
                             : least_of(output_max, options->expected_output),
        .output_tokens_max = output_max,
    };
    return ps_demand_add(demand, &record, 1, err);
}

struct ps_demand_class ps_demand_held(const struct ps_demand *const demand,
                                      const uint64_t holder_bits)
{
    struct ps_demand_class held;
    memset(&held, 0, sizeof(held));
    for (int64_t place = 0; place < demand->class_count; place++) {
        if ((demand->classes[place].holders & holder_bits) != 0) {
            /* `all` holds them all, and more. */
            PS_ASSERT(join(&held, &demand->classes[place]));
        }
    }
    return held;
}

static int64_t part_of(const int64_t sum, const struct ps_demand_class *const from,
                       const int64_t first, const int64_t records)
{
    return ps_scale_i64(sum, first + records, from->records) -
           ps_scale_i64(sum, first, from->records);
}

void ps_demand_add_part(struct ps_demand_class *const to, const struct ps_demand_class *const from,
                        const int64_t first, const int64_t records)
{
    struct ps_demand_class part = *from;
    PS_ASSERT(first >= 0 && records >= 0 && first + records <= from->records);
    if (records == 0) {
        return;
    }
    part.records = records;
    part.bytes = part_of(from->bytes, from, first, records);
    part.input_tokens = part_of(from->input_tokens, from, first, records);
    part.output_tokens = part_of(from->output_tokens, from, first, records);
    part.output_tokens_max = part_of(from->output_tokens_max, from, first, records);
    PS_ASSERT(join(to, &part)); /* parts of one demand: `all` holds more */
}

int64_t ps_demand_weight(const struct ps_demand_class *const part,
                         const struct ps_supply_lane *const lane)
{
    return ps_supply_weight(lane, part->input_tokens, part->output_tokens);
}

int64_t ps_demand_weight_least(const struct ps_demand_class *const part,
                               const struct ps_supply_lane *const lane)
{
    return ps_supply_weight(lane, part->least.input_tokens, part->least.output_tokens);
}

int64_t ps_demand_weight_largest(const struct ps_demand_class *const part,
                                 const struct ps_supply_lane *const lane)
{
    return ps_supply_weight(lane, part->largest.input_tokens, part->largest.output_tokens);
}
