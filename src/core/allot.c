#include "core/allot.h"

#include "base/assert.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

/* Record numbers, ascending. */
struct list {
    uint64_t *numbers;
    int64_t count;
    int64_t room;
};

/* What is being cut, and for whom. */
struct work {
    struct ps_allotment *allotment;
    const struct ps_plan_records *records;
    const struct ps_allot_lane *lanes;
    int64_t lane_count;
    int64_t *shares;    /* of each lane, without those that would stay below their minimum */
    struct list *lists; /* of each lane, where not every lane can hold every record */
    struct list rest;   /* what the lanes have left over */
    int64_t sent;       /* records */
    int64_t tokens;     /* of all of them */
};

void ps_allotment_init(struct ps_allotment *const allotment)
{
    memset(allotment, 0, sizeof(*allotment));
}

void ps_allotment_release(struct ps_allotment *const allotment)
{
    for (int64_t part = 0; part < allotment->part_count; part++) {
        ps_plan_release(&allotment->parts[part].plan);
        free(allotment->parts[part].owned);
    }
    free(allotment->parts);
    free(allotment->order);
    ps_allotment_init(allotment);
}

static void list_add(struct list *const list, const uint64_t number)
{
    if (list->count == list->room) {
        list->room = list->room == 0 ? 64 : list->room * 2;
        list->numbers = reallocarray(list->numbers, (size_t)list->room, sizeof(list->numbers[0]));
        PS_ASSERT(list->numbers != NULL);
    }
    list->numbers[list->count++] = number;
}

static void release_work(struct work *const work)
{
    for (int64_t lane = 0; work->lists != NULL && lane < work->lane_count; lane++) {
        free(work->lists[lane].numbers);
    }
    free(work->lists);
    free(work->rest.numbers);
    free(work->shares);
}

/* ------------------------------------------------ records */

static uint64_t number_at(const struct ps_plan_records *const records, const int64_t place)
{
    return records->picked == NULL ? (uint64_t)place : records->picked[place];
}

static const struct ps_entry *entry_of(const struct ps_plan_records *const records,
                                       const uint64_t number)
{
    return records->alike != NULL ? records->alike : &records->entries[number];
}

/* NULL: what stands there is not sent. */
static const struct ps_entry *sent_at(const struct ps_plan_records *const records,
                                      const int64_t place)
{
    const struct ps_entry *const entry = entry_of(records, number_at(records, place));
    return records->picked != NULL || records->alike != NULL || ps_entry_is_sent(entry) ? entry
                                                                                        : NULL;
}

/* By what shares are measured: the same for every lane. */
static int64_t weight_of(const struct work *const work, const struct ps_entry *const entry)
{
    const int64_t most = (int64_t)entry->output_tokens_max;
    const int64_t expected = work->lanes[0].size.expected_output;
    const int64_t output = expected > 0 && expected < most ? expected : most;
    return (int64_t)entry->input_tokens + output + 1;
}

static bool can_hold(const struct ps_allot_lane *const lane, const struct ps_entry *const entry)
{
    const int64_t output = (int64_t)entry->output_tokens_max;
    const int64_t bytes = (int64_t)entry->sent_bytes;
    const bool fits_day =
        lane->size.job_tokens <= 0 ||
        ps_plan_quota_tokens(entry, lane->lane, &lane->size) <= lane->size.job_tokens;
    return fits_day && output <= ps_lane_limit(lane->lane, PS_LIMIT_OUTPUT, INT64_MAX) &&
           output + (int64_t)entry->input_tokens <=
               ps_lane_limit(lane->lane, PS_LIMIT_CONTEXT, INT64_MAX) &&
           bytes <= ps_lane_limit(lane->lane, PS_LIMIT_SHARD_BYTES, INT64_MAX) &&
           bytes <= ps_lane_limit(lane->lane, PS_LIMIT_JOB_BYTES, INT64_MAX);
}

static bool all_can_hold(const struct work *const work, const struct ps_entry *const entry)
{
    for (int64_t lane = 0; lane < work->lane_count; lane++) {
        if (!can_hold(&work->lanes[lane], entry)) {
            return false;
        }
    }
    return true;
}

static uint32_t larger(const uint32_t left, const uint32_t right)
{
    return left > right ? left : right;
}

/* Counts; *ret_most has of each number the largest that any record has. */
static void measure(struct work *const work, struct ps_entry *const ret_most)
{
    const struct ps_plan_records *const records = work->records;
    *ret_most = (struct ps_entry){0};
    if (records->alike != NULL) {
        *ret_most = *records->alike;
        work->sent = records->end - records->first;
        work->tokens = weight_of(work, records->alike) * work->sent;
        return;
    }
    for (int64_t place = records->first; place < records->end; place++) {
        const struct ps_entry *const entry = sent_at(records, place);
        if (entry != NULL) {
            work->sent++;
            work->tokens += weight_of(work, entry);
            ret_most->input_tokens = larger(ret_most->input_tokens, entry->input_tokens);
            ret_most->sent_bytes = larger(ret_most->sent_bytes, entry->sent_bytes);
            ret_most->output_tokens_max =
                larger(ret_most->output_tokens_max, entry->output_tokens_max);
        }
    }
}

/* ------------------------------------------------ shares */

static int64_t part_of(const int64_t whole, const int64_t share, const int64_t shares)
{
    int64_t part = 0;
    return shares > 0 && ps_muldiv_i64(whole, share, shares, &part) ? part : 0;
}

static int64_t sum_shares(const struct work *const work)
{
    int64_t sum = 0;
    for (int64_t lane = 0; lane < work->lane_count; lane++) {
        sum += work->shares[lane];
    }
    return sum;
}

/* The lane of the smallest share whose records would stay below its minimum; -1: none. */
static int64_t too_small(const struct work *const work, const int64_t shares)
{
    int64_t found = -1;
    for (int64_t lane = 0; lane < work->lane_count; lane++) {
        const int64_t records = part_of(work->sent, work->shares[lane], shares);
        const int64_t least = ps_lane_limit(work->lanes[lane].lane, PS_LIMIT_MIN_RECORDS, 1);
        if (work->shares[lane] > 0 && records < least &&
            (found < 0 || work->shares[lane] < work->shares[found])) {
            found = lane;
        }
    }
    return found;
}

/* A share that makes no job is the others'; the last lane keeps it all. */
static void take_shares(struct work *const work)
{
    work->shares = calloc((size_t)work->lane_count, sizeof(work->shares[0]));
    PS_ASSERT(work->shares != NULL);
    for (int64_t lane = 0; lane < work->lane_count; lane++) {
        PS_ASSERT(work->lanes[lane].share >= 0);
        work->shares[lane] = work->lanes[lane].share;
    }
    if (sum_shares(work) == 0) {
        work->shares[0] = 1;
    }
    int64_t lane = too_small(work, sum_shares(work));
    while (lane >= 0 && work->shares[lane] < sum_shares(work)) {
        work->shares[lane] = 0;
        lane = too_small(work, sum_shares(work));
    }
}

/* The first limit that every pool has; PS_LIMIT_COUNT: there is none. */
static enum ps_limit_key measure_of(const struct ps_pools *const pools)
{
    static const enum ps_limit_key keys[] = {PS_LIMIT_TPD, PS_LIMIT_TPM, PS_LIMIT_JOBS};
    for (size_t key = 0; key < sizeof(keys) / sizeof(keys[0]); key++) {
        int64_t pool = 0;
        while (pool < pools->count && ps_pool_limit(&pools->pools[pool], keys[key], 0) > 0) {
            pool++;
        }
        if (pool == pools->count) {
            return keys[key];
        }
    }
    return PS_LIMIT_COUNT;
}

/* So that a third of a slot is not none. */
#define SHARES_A_UNIT 1000

void ps_allot_lanes(struct ps_allot_lane *const ret_lanes, const struct ps_lane *const lanes,
                    const int64_t lane_count, const struct ps_pools *const pools)
{
    const enum ps_limit_key key = measure_of(pools);
    for (int64_t lane = 0; lane < lane_count; lane++) {
        const struct ps_pool *const pool = &pools->pools[pools->of_lane[lane]];
        const int64_t value = key == PS_LIMIT_COUNT ? 1 : ps_pool_limit(pool, key, 1);
        int64_t sharers = 0;
        for (int64_t other = 0; other < lane_count; other++) {
            sharers += pools->of_lane[other] == pools->of_lane[lane] ? 1 : 0;
        }
        ret_lanes[lane] = (struct ps_allot_lane){
            .lane = &lanes[lane],
            .share = part_of(value, SHARES_A_UNIT, sharers),
            .size = {.job_tokens = ps_pool_limit(pool, PS_LIMIT_TPD, 0)},
        };
    }
}

/* ------------------------------------------------ parts */

static enum ps_status add_part(struct work *const work, const int64_t lane,
                               const struct ps_plan_records *const records, uint64_t *const owned,
                               struct ps_error *const err)
{
    struct ps_allotment *const allotment = work->allotment;
    allotment->parts = reallocarray(allotment->parts, (size_t)allotment->part_count + 1,
                                    sizeof(allotment->parts[0]));
    PS_ASSERT(allotment->parts != NULL);
    struct ps_allotment_part *const part = &allotment->parts[allotment->part_count++];
    const struct ps_sizing *const sizing = work->lanes[lane].size.sizing;
    *part =
        (struct ps_allotment_part){.lane = lane,
                                   .picked = records->picked,
                                   .owned = owned,
                                   .job_key = sizing == NULL ? PS_LIMIT_COUNT : sizing->job_key};
    ps_plan_init(&part->plan);
    if (ps_plan_cut(&part->plan, records, work->lanes[lane].lane, &work->lanes[lane].size, err) !=
        PS_OK) {
        return err->status;
    }
    if (work->lane_count == 1) {
        allotment->left_records = part->plan.left_records;
    }
    for (int64_t run = 0; work->lane_count > 1 && run < part->plan.left_count; run++) {
        const struct ps_plan_shard *const left = &part->plan.left[run];
        for (int64_t place = left->first; place < left->end; place++) {
            if (sent_at(records, place) != NULL) {
                list_add(&work->rest, number_at(records, place));
            }
        }
    }
    return PS_OK;
}

/* Every lane its run of neighbours. */
static enum ps_status cut_runs(struct work *const work, struct ps_error *const err)
{
    const int64_t shares = sum_shares(work);
    int64_t shares_until = 0;
    int64_t tokens = 0;
    struct ps_plan_records run = *work->records;
    run.end = run.first;
    for (int64_t lane = 0; lane < work->lane_count; lane++) {
        shares_until += work->shares[lane];
        run.first = run.end;
        if (work->records->alike != NULL) {
            run.end = work->records->first + part_of(work->sent, shares_until, shares);
        } else {
            const int64_t until = part_of(work->tokens, shares_until, shares);
            for (; run.end < work->records->end && tokens < until; run.end++) {
                const struct ps_entry *const entry = sent_at(work->records, run.end);
                tokens += entry == NULL ? 0 : weight_of(work, entry);
            }
        }
        if (run.end > run.first && add_part(work, lane, &run, NULL, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

/* ------------------------------------------------ where not every lane holds every record */

/* The lane that can hold it and is owed most; -1: none can. */
static int64_t owed_most(const struct work *const work, const int64_t *const owed,
                         const struct ps_entry *const entry)
{
    int64_t found = -1;
    for (int64_t lane = 0; lane < work->lane_count; lane++) {
        if ((found < 0 || owed[lane] > owed[found]) && can_hold(&work->lanes[lane], entry)) {
            found = lane;
        }
    }
    return found;
}

/* Records that some lane cannot hold are given out first; what a lane then still may have is what
 * the others are shared by. */
static void owe(const struct work *const work, int64_t *const owed)
{
    const int64_t shares = sum_shares(work);
    for (int64_t lane = 0; lane < work->lane_count; lane++) {
        owed[lane] = part_of(work->tokens, work->shares[lane], shares);
    }
    for (int64_t place = work->records->first; place < work->records->end; place++) {
        const struct ps_entry *const entry = sent_at(work->records, place);
        if (entry != NULL && !all_can_hold(work, entry)) {
            const int64_t lane = owed_most(work, owed, entry);
            if (lane >= 0) {
                owed[lane] -= weight_of(work, entry);
            }
        }
    }
}

/* The same lanes again for those records, and for the others one lane after another. */
static void fill_lists(struct work *const work)
{
    int64_t *const owed = calloc((size_t)work->lane_count, sizeof(owed[0]));
    int64_t *const first_owed = calloc((size_t)work->lane_count, sizeof(owed[0]));
    int64_t turn = 0;
    PS_ASSERT(owed != NULL && first_owed != NULL);
    owe(work, owed);
    for (int64_t lane = 0; lane < work->lane_count; lane++) {
        first_owed[lane] = part_of(work->tokens, work->shares[lane], sum_shares(work));
    }
    for (int64_t place = work->records->first; place < work->records->end; place++) {
        const struct ps_entry *const entry = sent_at(work->records, place);
        if (entry == NULL) {
            continue;
        }
        const bool is_for_all = all_can_hold(work, entry);
        int64_t *const from = is_for_all ? owed : first_owed;
        while (is_for_all && turn + 1 < work->lane_count && owed[turn] <= 0) {
            turn++;
        }
        const int64_t lane = is_for_all ? turn : owed_most(work, first_owed, entry);
        struct list *const list = lane < 0 ? &work->rest : &work->lists[lane];
        list_add(list, number_at(work->records, place));
        if (lane >= 0) {
            from[lane] -= weight_of(work, entry);
        }
    }
    free(owed);
    free(first_owed);
}

static enum ps_status cut_list(struct work *const work, const int64_t lane, struct list *const list,
                               struct ps_error *const err)
{
    struct ps_plan_records records = *work->records;
    records.picked = list->numbers;
    records.first = 0;
    records.end = list->count;
    uint64_t *const owned = list->numbers;
    *list = (struct list){NULL, 0, 0};
    return add_part(work, lane, &records, owned, err);
}

static enum ps_status cut_lists(struct work *const work, struct ps_error *const err)
{
    work->lists = calloc((size_t)work->lane_count, sizeof(work->lists[0]));
    PS_ASSERT(work->lists != NULL);
    fill_lists(work);
    for (int64_t lane = 0; lane < work->lane_count; lane++) {
        if (work->lists[lane].count > 0 && cut_list(work, lane, &work->lists[lane], err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

/* ------------------------------------------------ what is left over */

static int compare_numbers(const void *const left, const void *const right)
{
    const uint64_t left_number = *(const uint64_t *)left;
    const uint64_t right_number = *(const uint64_t *)right;
    return (left_number > right_number) - (left_number < right_number);
}

/* Those of the rest that the lane can hold go into *ret_taken, the others stay. */
static void take_rest(struct work *const work, const int64_t lane, struct list *const ret_taken)
{
    int64_t kept = 0;
    for (int64_t place = 0; place < work->rest.count; place++) {
        const uint64_t number = work->rest.numbers[place];
        if (can_hold(&work->lanes[lane], entry_of(work->records, number))) {
            list_add(ret_taken, number);
        } else {
            work->rest.numbers[kept++] = number;
        }
    }
    work->rest.count = kept;
}

static void give_back(struct work *const work, struct list *const taken)
{
    for (int64_t place = 0; place < taken->count; place++) {
        list_add(&work->rest, taken->numbers[place]);
    }
    free(taken->numbers);
}

/* Each lane in turn is offered what the others could not make a job of. */
static enum ps_status cut_rest(struct work *const work, struct ps_error *const err)
{
    for (int64_t lane = 0; lane < work->lane_count && work->rest.count > 0; lane++) {
        struct list taken = {NULL, 0, 0};
        const int64_t least = ps_lane_limit(work->lanes[lane].lane, PS_LIMIT_MIN_RECORDS, 1);
        if (work->rest.count < least) {
            continue;
        }
        qsort(work->rest.numbers, (size_t)work->rest.count, sizeof(work->rest.numbers[0]),
              compare_numbers);
        take_rest(work, lane, &taken);
        if (taken.count < least) {
            give_back(work, &taken);
        } else if (cut_list(work, lane, &taken, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

/* ------------------------------------------------ the whole */

/* Is job `taken` + 1 of `count` earlier in its lane than another's in that one's? */
static bool is_earlier(const int64_t taken, const int64_t count, const int64_t other_taken,
                       const int64_t other_count)
{
    return (taken * 2 + 1) * other_count < (other_taken * 2 + 1) * count;
}

/* The lanes in turns, each as often as it has jobs. */
static void set_order(struct ps_allotment *const allotment)
{
    int64_t *const taken = calloc((size_t)allotment->part_count + 1, sizeof(taken[0]));
    for (int64_t part = 0; part < allotment->part_count; part++) {
        allotment->job_count += allotment->parts[part].plan.job_count;
    }
    allotment->order = calloc((size_t)allotment->job_count + 1, sizeof(allotment->order[0]));
    PS_ASSERT(taken != NULL && allotment->order != NULL);
    for (int64_t place = 0; place < allotment->job_count; place++) {
        int64_t next = -1;
        for (int64_t part = 0; part < allotment->part_count; part++) {
            const int64_t count = allotment->parts[part].plan.job_count;
            if (taken[part] < count &&
                (next < 0 || is_earlier(taken[part], count, taken[next],
                                        allotment->parts[next].plan.job_count))) {
                next = part;
            }
        }
        allotment->order[place] = (struct ps_allotment_order){next, taken[next]++};
    }
    free(taken);
}

static enum ps_status cut(struct work *const work, struct ps_error *const err)
{
    struct ps_entry most;
    measure(work, &most);
    take_shares(work);
    if (work->sent == 0) {
        return PS_OK;
    }
    const enum ps_status status = all_can_hold(work, &most) || work->lane_count == 1
                                      ? cut_runs(work, err)
                                      : cut_lists(work, err);
    return status == PS_OK && work->lane_count > 1 ? cut_rest(work, err) : status;
}

enum ps_status ps_allot(struct ps_allotment *const allotment,
                        const struct ps_plan_records *const records,
                        const struct ps_allot_lane *const lanes, const int64_t lane_count,
                        struct ps_error *const err)
{
    struct work work = {
        .allotment = allotment, .records = records, .lanes = lanes, .lane_count = lane_count};
    PS_ASSERT(lane_count > 0);
    ps_allotment_release(allotment);
    const enum ps_status status = cut(&work, err);
    if (status == PS_OK) {
        allotment->left_records += work.rest.count;
        set_order(allotment);
    }
    release_work(&work);
    return status;
}

const struct ps_plan_job *ps_allotment_job(const struct ps_allotment *const allotment,
                                           const int64_t place,
                                           const struct ps_allotment_part **const ret_part)
{
    PS_ASSERT(place >= 0 && place < allotment->job_count);
    const struct ps_allotment_order *const order = &allotment->order[place];
    *ret_part = &allotment->parts[order->part];
    return &(*ret_part)->plan.jobs[order->job];
}
