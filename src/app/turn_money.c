#include "app/turn_internal.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

/* What the store holds of the canary: a word of core/spending. */
#define VALUE_CANARY "canary"

void ps_turn_tell_counts(struct ps_turn *const turn)
{
    const struct ps_answers *const answers = turn->parts.answers;
    const struct ps_spending_counts counts = {
        .succeeded = ps_answers_count(answers, PS_ANSWER_SUCCEEDED),
        .failed = ps_answers_count(answers, PS_ANSWER_FAILED) +
                  ps_answers_count(answers, PS_ANSWER_UNACCOUNTED) +
                  ps_answers_count(answers, PS_ANSWER_MAYBE_PAID),
        .to_come = ps_answers_count(answers, PS_ANSWER_RETRYABLE) +
                   ps_answers_count(answers, PS_ANSWER_UNPROCESSED),
    };
    ps_engine_tell_counts(turn->engine, &counts);
}

int64_t ps_turn_cost_usd_micros(const struct ps_turn *const turn)
{
    return ps_engine_cost_usd_micros(turn->engine);
}

enum ps_spending_stop ps_turn_stop_reason(const struct ps_turn *const turn)
{
    return ps_engine_stop_reason(turn->engine);
}

/* ------------------------------------------------ money */

static int64_t worst_of(const struct ps_entry *const entry, const struct ps_price price)
{
    return ps_price_usd_micros(price, (int64_t)entry->input_tokens,
                               (int64_t)entry->output_tokens_max);
}

int64_t ps_turn_worst_cost(const struct ps_turn *const turn, const int64_t lane,
                           const struct ps_shard_records *const records)
{
    const struct ps_price price = turn->parts.settings->places[lane].price;
    const bool is_picked = records->picked != NULL;
    const int64_t count = is_picked ? records->picked_count : records->end - records->first;
    int64_t cost = 0;
    for (int64_t place = 0; place < count; place++) {
        const struct ps_entry *const entry =
            ps_index_entry(turn->parts.index,
                           is_picked ? (int64_t)records->picked[place] : records->first + place);
        cost = ps_entry_is_sent(entry) ? ps_sum_i64(cost, worst_of(entry, price)) : cost;
    }
    return cost;
}

/* Of any lane that may get the record. */
static int64_t dearest(const struct ps_turn *const turn, const struct ps_entry *const entry)
{
    int64_t most = 0;
    for (int64_t lane = 0; lane < turn->parts.settings->lane_count; lane++) {
        const int64_t cost = worst_of(entry, turn->parts.settings->places[lane].price);
        most = cost > most ? cost : most;
    }
    return most;
}

int64_t ps_turn_fit_money(const struct ps_turn *const turn, struct ps_plan_records *const records)
{
    int64_t left = ps_engine_cost_left(turn->engine);
    int64_t end = records->first;
    int64_t taken_away = 0;
    if (left == INT64_MAX) {
        return 0;
    }
    for (int64_t place = records->first; place < records->end; place++) {
        const int64_t number = records->picked == NULL ? place : (int64_t)records->picked[place];
        const struct ps_entry *const entry = &records->entries[number];
        if (!ps_entry_is_sent(entry)) {
            continue;
        }
        left -= dearest(turn, entry);
        taken_away += left < 0 ? 1 : 0;
        end = left < 0 ? end : place + 1;
        left = left < 0 ? -1 : left;
    }
    records->end = end;
    return taken_away;
}

/* ------------------------------------------------ the canary */

void ps_turn_read_canary(struct ps_turn *const turn)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    const struct ps_state_store store = turn->parts.store;
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    if (store.ops->get_value(store.context, VALUE_CANARY, &text)) {
        turn->kept_canary = ps_canary_of(ps_buf_str(&text));
    }
    enum ps_canary canary = turn->kept_canary;
    if (turn->parts.settings->spending.canary_records == 0) {
        canary = PS_CANARY_NONE;
    } else if (canary == PS_CANARY_NONE && ps_engine_job_count(turn->engine) == 0) {
        canary = PS_CANARY_WANTED;
    } else if (canary == PS_CANARY_SENT && turn->parts.is_canary_again) {
        canary = PS_CANARY_WANTED;
    }
    ps_engine_set_canary(turn->engine, canary);
}

enum ps_status ps_turn_keep_canary(struct ps_turn *const turn, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    const enum ps_canary canary = ps_engine_canary(turn->engine);
    if (canary == turn->kept_canary || canary == PS_CANARY_NONE || canary == PS_CANARY_WANTED) {
        return PS_OK;
    }
    turn->kept_canary = canary;
    return store.ops->set_value(store.context, VALUE_CANARY, ps_canary_word(canary), err);
}

static bool is_model_tried(const struct ps_settings *const settings, const int64_t lane)
{
    for (int64_t other = 0; other < lane; other++) {
        if (strcmp(settings->lanes[other].model, settings->lanes[lane].model) == 0) {
            return true;
        }
    }
    return false;
}

/* Where so many records, those of the range that are sent, end. */
static int64_t end_of(const struct ps_plan_records *const records, const int64_t first,
                      const int64_t count)
{
    int64_t taken = 0;
    int64_t end = first;
    while (end < records->end && taken < count) {
        taken += records->picked != NULL || ps_entry_is_sent(&records->entries[end]) ? 1 : 0;
        end++;
    }
    return taken == count ? end : -1;
}

bool ps_turn_canary_part(const struct ps_turn *const turn, const int64_t lane,
                         const struct ps_plan_records *const records, int64_t *const inout_first,
                         struct ps_plan_records *const ret_part)
{
    const struct ps_settings *const settings = turn->parts.settings;
    const int64_t least = ps_lane_limit(&settings->lanes[lane], PS_LIMIT_MIN_RECORDS, 1);
    const int64_t wanted = settings->spending.canary_records;
    const int64_t end = end_of(records, *inout_first, wanted > least ? wanted : least);
    if (end < 0 || is_model_tried(settings, lane)) {
        return false;
    }
    *ret_part = *records;
    ret_part->first = *inout_first;
    ret_part->end = end;
    *inout_first = end;
    return true;
}

enum ps_status ps_turn_cut_canary(const struct ps_turn *const turn, const int64_t lane,
                                  const struct ps_plan_records *const part,
                                  struct ps_allotment *const allotment, struct ps_error *const err)
{
    const struct ps_settings *const settings = turn->parts.settings;
    const int64_t pool = ps_engine_lane_pool(turn->engine, lane);
    struct ps_allot_lane *const lanes = calloc((size_t)settings->lane_count, sizeof(lanes[0]));
    PS_ASSERT(lanes != NULL);
    for (int64_t place = 0; place < settings->lane_count; place++) {
        lanes[place] = (struct ps_allot_lane){
            .lane = &settings->lanes[place],
            .share = place == lane ? 1 : 0,
            .size = {.job_tokens = ps_engine_job_tokens_max(turn->engine, pool),
                     .expected_output = settings->expect_output},
        };
    }
    const enum ps_status status = ps_allot(allotment, part, lanes, settings->lane_count, err);
    free(lanes);
    return status;
}
