#include "app/turn_internal.h"

#include "base/assert.h"
#include "core/cut.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static enum ps_status load_shards(struct ps_turn *const turn, const struct ps_wish *const wish,
                                  struct ps_fact *const fact, struct ps_error *const err)
{
    struct ps_turn_rows rows PS_CLEANUP(ps_turn_rows_release) = {NULL, 0};
    if (ps_turn_rows_read(turn, PS_ALL_SHARDS(wish->job), &rows, err) != PS_OK) {
        return err->status;
    }
    fact->shards = calloc((size_t)rows.count + 1, sizeof(fact->shards[0]));
    PS_ASSERT(fact->shards != NULL);
    fact->shard_count = rows.count;
    for (int64_t row = 0; row < rows.count; row++) {
        fact->shards[row] = rows.rows[row].row;
    }
    return PS_OK;
}

/* ------------------------------------------------ what is unsent */

static void see_held(void *const seer, const int64_t shard,
                     const struct ps_shard_record_row *const row)
{
    (void)shard;
    ps_holds_add(seer, row);
}

static enum ps_status read_holds(struct ps_turn *const turn, struct ps_holds *const holds,
                                 struct ps_error *const err)
{
    for (int64_t place = 0; place < ps_engine_job_count(turn->engine); place++) {
        const struct ps_job *const job = ps_engine_job(turn->engine, place);
        if (ps_job_holds_records(job) &&
            turn->parts.store.ops->each_shard(turn->parts.store.context, PS_ALL_SHARDS(job->number),
                                              see_held, holds, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

static bool is_unsent(struct ps_turn *const turn, const struct ps_holds *const holds,
                      const int64_t record)
{
    if (!ps_entry_is_sent(ps_index_entry(turn->parts.index, record)) ||
        ps_holds_has(holds, record)) {
        return false;
    }
    const enum ps_answer_kind kind = ps_answers_state(turn->parts.answers, record).kind;
    return kind == PS_ANSWER_NONE || kind == PS_ANSWER_RETRYABLE || kind == PS_ANSWER_UNPROCESSED;
}

/* Unsent records, ascending. All of the input's: no list, a shard is then a range. */
struct unsent {
    int64_t count;
    bool is_all;
    uint64_t *records; /* heap; NULL when it is all or none */
};

static void release_unsent(struct unsent *const unsent)
{
    free(unsent->records);
}

static void list_unsent(struct ps_turn *const turn, const struct ps_holds *const holds,
                        struct unsent *const unsent)
{
    unsent->records = calloc((size_t)unsent->count, sizeof(unsent->records[0]));
    PS_ASSERT(unsent->records != NULL);
    int64_t place = 0;
    for (int64_t record = 0; place < unsent->count; record++) {
        if (is_unsent(turn, holds, record)) {
            unsent->records[place++] = (uint64_t)record;
        }
    }
}

static enum ps_status find_unsent(struct ps_turn *const turn, struct unsent *const ret_unsent,
                                  struct ps_error *const err)
{
    const int64_t record_count = ps_index_count(turn->parts.index);
    struct ps_holds holds PS_CLEANUP(ps_holds_release);
    struct unsent unsent = {0, false, NULL};
    ps_holds_init(&holds, record_count);
    if (read_holds(turn, &holds, err) != PS_OK) {
        return err->status;
    }
    for (int64_t record = 0; record < record_count; record++) {
        unsent.count += is_unsent(turn, &holds, record) ? 1 : 0;
    }
    unsent.is_all = unsent.count == ps_index_summary(turn->parts.index)->sent;
    if (unsent.count > 0 && !unsent.is_all) {
        list_unsent(turn, &holds, &unsent);
    }
    *ret_unsent = unsent;
    return PS_OK;
}

/* As the cutter, and the filer of verdicts, take them. */
static struct ps_shard_records records_of_unsent(const struct ps_turn *const turn,
                                                 const struct unsent *const unsent)
{
    return unsent->is_all ? (struct ps_shard_records){0, ps_index_count(turn->parts.index), NULL, 0}
                          : (struct ps_shard_records){0, 0, unsent->records, unsent->count};
}

/* By difference, not by looking at each record: those without an end that no job holds. Corrected
 * at the next cut. */
static int64_t count_unsent(const struct ps_turn *const turn, const int64_t besides_job)
{
    const struct ps_answers *const answers = turn->parts.answers;
    int64_t open = ps_index_summary(turn->parts.index)->sent -
                   ps_answers_count(answers, PS_ANSWER_SUCCEEDED) -
                   ps_answers_count(answers, PS_ANSWER_FAILED) -
                   ps_answers_count(answers, PS_ANSWER_UNACCOUNTED) -
                   ps_answers_count(answers, PS_ANSWER_MAYBE_PAID) -
                   ps_answers_count(answers, PS_ANSWER_CANCELLED);
    const struct ps_job *const closing = ps_engine_find(turn->engine, besides_job);
    open -= ps_engine_records_held(turn->engine) - (closing == NULL ? 0 : closing->records);
    return open > 0 ? open : 0;
}

/* ------------------------------------------------ cut */

/* XXH3-128 over the entries of its records: each has the length and CRC of its line and the print
 * of its content. */
static void digest_records(const struct ps_turn *const turn,
                           const struct ps_shard_records *const records,
                           struct ps_shard_record_row *const row)
{
    XXH3_state_t *const state = XXH3_createState();
    PS_ASSERT(state != NULL);
    (void)XXH3_128bits_reset(state);
    const int64_t count =
        records->picked != NULL ? records->picked_count : records->end - records->first;
    for (int64_t place = 0; place < count; place++) {
        const struct ps_entry *const entry = ps_index_entry(
            turn->parts.index,
            records->picked != NULL ? (int64_t)records->picked[place] : records->first + place);
        if (ps_entry_is_sent(entry)) {
            (void)XXH3_128bits_update(state, entry, sizeof(*entry));
        }
    }
    const XXH128_hash_t digest = XXH3_128bits_digest(state);
    (void)XXH3_freeState(state);
    row->digest_low = digest.low64;
    row->digest_high = digest.high64;
}

static void make_row(const struct ps_turn *const turn, const struct ps_shard_records *const records,
                     struct ps_shard_record_row *const row)
{
    struct ps_shard_facts facts;
    ps_shard_facts(turn->parts.index, records, &facts);
    *row = (struct ps_shard_record_row){
        .row = {.first = records->picked != NULL ? 0 : records->first,
                .end = records->picked != NULL ? records->picked_count : records->end,
                .records = facts.records,
                .bytes = facts.bytes,
                .crc32 = facts.crc32,
                .is_picked = records->picked != NULL},
        .picked = records->picked,
        .picked_count = records->picked_count,
    };
    digest_records(turn, records, row);
}

static enum ps_status store_job(struct ps_turn *const turn,
                                const struct ps_allotment_part *const part,
                                const struct ps_plan_job *const job, const int64_t number,
                                int64_t *const ret_cost, struct ps_error *const err)
{
    int64_t cost = 0;
    struct ps_shard_record_row *const rows = calloc((size_t)job->shard_count, sizeof(*rows));
    PS_ASSERT(rows != NULL);
    for (int64_t shard = 0; shard < job->shard_count; shard++) {
        const struct ps_plan_shard *const cut = &part->plan.shards[job->first_shard + shard];
        struct ps_shard_records records = {cut->first, cut->end, NULL, 0};
        if (part->picked != NULL) {
            records =
                (struct ps_shard_records){0, 0, part->picked + cut->first, cut->end - cut->first};
        }
        make_row(turn, &records, &rows[shard]);
        cost += ps_turn_worst_cost(turn, part->lane, &records);
        PS_ASSERT(rows[shard].row.bytes == cut->bytes);
    }
    const enum ps_status status = turn->parts.store.ops->put_shards(
        turn->parts.store.context, number, rows, job->shard_count, err);
    free(rows);
    *ret_cost = cost;
    return status;
}

static enum ps_status store_jobs(struct ps_turn *const turn,
                                 const struct ps_allotment *const allotment,
                                 struct ps_fact *const fact, struct ps_error *const err)
{
    const int64_t first_number = ps_engine_next_number(turn->engine) + fact->shape_count;
    fact->shapes =
        reallocarray(fact->shapes, (size_t)(fact->shape_count + allotment->job_count + 1),
                     sizeof(fact->shapes[0]));
    PS_ASSERT(fact->shapes != NULL);
    for (int64_t place = 0; place < allotment->job_count; place++) {
        const struct ps_allotment_part *part = NULL;
        const struct ps_plan_job *const cut = ps_allotment_job(allotment, place, &part);
        int64_t cost = 0;
        if (store_job(turn, part, cut, first_number + place, &cost, err) != PS_OK) {
            return err->status;
        }
        fact->shapes[fact->shape_count++] = (struct ps_job_shape){.number = first_number + place,
                                                                  .lane = part->lane,
                                                                  .shard_count = cut->shard_count,
                                                                  .records = cut->records,
                                                                  .bytes = cut->bytes,
                                                                  .input_tokens = cut->input_tokens,
                                                                  .quota_tokens = cut->quota_tokens,
                                                                  .cost_usd_micros = cost};
    }
    fact->unsent = allotment->left_records;
    return PS_OK;
}

/* A first job of each model; the rest is cut once they have succeeded. */
static enum ps_status cut_canary(struct ps_turn *const turn,
                                 const struct ps_plan_records *const records,
                                 struct ps_fact *const fact, struct ps_error *const err)
{
    int64_t first = records->first;
    for (int64_t lane = 0; lane < turn->parts.settings->lane_count; lane++) {
        struct ps_plan_records part;
        struct ps_allotment allotment PS_CLEANUP(ps_allotment_release);
        ps_allotment_init(&allotment);
        if (!ps_turn_canary_part(turn, lane, records, &first, &part)) {
            continue;
        }
        if (ps_turn_cut_canary(turn, lane, &part, &allotment, err) != PS_OK) {
            return err->status;
        }
        ps_turn_tell_cut(turn, &allotment);
        if (store_jobs(turn, &allotment, fact, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

static int64_t records_of(const struct ps_fact *const fact)
{
    int64_t records = 0;
    for (int64_t shape = 0; shape < fact->shape_count; shape++) {
        records += fact->shapes[shape].records;
    }
    return records;
}

static enum ps_status cut_all(struct ps_turn *const turn,
                              const struct ps_plan_records *const records,
                              struct ps_fact *const fact, struct ps_error *const err)
{
    struct ps_allotment allotment PS_CLEANUP(ps_allotment_release);
    const struct ps_cut_options options = {
        .lanes = turn->parts.settings->lanes,
        .lane_count = turn->parts.settings->lane_count,
        .pools = &turn->pools,
        .engine = turn->engine,
        .timeout_ms = turn->parts.settings->timeout_hours * PS_HOUR_MS,
        .wall_ms = ps_clock_now(turn->parts.clock).wall_ms,
        .expected_output = turn->parts.settings->expect_output,
    };
    ps_allotment_init(&allotment);
    if (records->end > records->first && ps_cut(&allotment, records, &options, err) != PS_OK) {
        return err->status;
    }
    ps_turn_tell_cut(turn, &allotment);
    return store_jobs(turn, &allotment, fact, err);
}

static enum ps_status cut_jobs(struct ps_turn *const turn, struct ps_fact *const fact,
                               struct ps_error *const err)
{
    const struct ps_index *const index = turn->parts.index;
    struct unsent unsent PS_CLEANUP(release_unsent) = {0, false, NULL};
    if (find_unsent(turn, &unsent, err) != PS_OK) {
        return err->status;
    }
    struct ps_plan_records records = {ps_index_entry(index, 0), 0,
                                      unsent.is_all ? ps_index_count(index) : unsent.count,
                                      unsent.records, NULL};
    fact->held_back = unsent.count > 0 ? ps_turn_fit_money(turn, &records) : 0;
    enum ps_status status = PS_OK;
    if (ps_engine_canary(turn->engine) == PS_CANARY_WANTED) {
        status = cut_canary(turn, &records, fact, err);
    }
    if (status == PS_OK && fact->shape_count == 0) {
        status = cut_all(turn, &records, fact, err);
    }
    fact->unsent = unsent.count - records_of(fact);
    return status;
}

/* ------------------------------------------------ the end of a job */

static enum ps_status tally(struct ps_turn *const turn, const struct ps_wish *const wish,
                            struct ps_fact *const fact, struct ps_error *const err)
{
    struct ps_collect_counts counts;
    const struct ps_job *const job = ps_engine_find(turn->engine, wish->job);
    struct ps_turn_reading *reading = ps_turn_reading_find(turn, wish->job);
    if (reading == NULL && job->listing_count == 0 &&
        ps_turn_reading_begin(turn, job, &reading, err) != PS_OK) {
        return err->status;
    }
    if (reading == NULL) {
        return ps_error_set(err, PS_E_NOT_FOUND, PS_RETRY_LATER,
                            "could not tally: the job is read again");
    }
    ps_collect_counts(reading->collect, &counts);
    fact->tally = (struct ps_tally){
        .lines = counts.lines,
        .missing = counts.missing,
        .broken = counts.broken,
        .succeeded = counts.succeeded,
        .has_manifest = counts.has_manifest,
        .input_tokens = counts.input_tokens,
        .output_tokens = counts.output_tokens,
        .manifest_counted = counts.manifest_success >= 0 && counts.manifest_error >= 0
                                ? counts.manifest_success + counts.manifest_error
                                : -1,
    };
    return PS_OK;
}

static const struct verdict_words {
    enum ps_answer_kind kind;
    const char *code;
    const char *text;
} verdicts[] = {
    [PS_VERDICT_NONE] = {PS_ANSWER_UNPROCESSED, "missing", ""},
    [PS_VERDICT_UNPROCESSED] = {PS_ANSWER_UNPROCESSED, "missing",
                                "the job ended without processing it"},
    [PS_VERDICT_UNACCOUNTED] =
        {PS_ANSWER_UNACCOUNTED, "unaccounted",
         "the service counted it as processed, and its output was not found"},
    [PS_VERDICT_INPUT_GONE] =
        {PS_ANSWER_FAILED, PS_CODE_INPUT_GONE,
         "input or converter changed, or the input is gone, before this record was sent"},
    [PS_VERDICT_BELOW_MINIMUM] =
        {PS_ANSWER_FAILED, "below_batch_minimum",
         "too few records were left for one more job; 'penstock retry' takes them up"},
    [PS_VERDICT_CANCELLED] = {PS_ANSWER_CANCELLED, "cancelled",
                              "the run was stopped before this record was sent"},
};

static enum ps_status file_verdicts(struct ps_turn *const turn, const char *const name,
                                    const struct ps_shard_records *const shards,
                                    const int64_t shard_count, const enum ps_job_verdict verdict,
                                    struct ps_error *const err)
{
    const struct verdict_words *const words = &verdicts[verdict];
    const struct ps_verdict filed = {name, words->kind, words->code, ps_str_of(words->text)};
    if (ps_collect_verdicts(turn->parts.answers, turn->parts.index, &filed, shards, shard_count,
                            err) != PS_OK) {
        return err->status;
    }
    turn->segments++;
    return turn->parts.store.ops->add_segment(turn->parts.store.context, name, err);
}

static enum ps_status close_unsent(struct ps_turn *const turn, const struct ps_job *const job,
                                   struct ps_error *const err)
{
    char name[80];
    struct ps_turn_rows rows PS_CLEANUP(ps_turn_rows_release) = {NULL, 0};
    if (ps_turn_rows_read(turn, PS_ALL_SHARDS(job->number), &rows, err) != PS_OK) {
        return err->status;
    }
    struct ps_shard_records *const shards = ps_turn_rows_records(&rows);
    (void)snprintf(name, sizeof(name), "j%08lld-a%lld-unsent", (long long)job->number,
                   (long long)job->attempt);
    const enum ps_status status = file_verdicts(turn, name, shards, rows.count, job->verdict, err);
    free(shards);
    return status;
}

static enum ps_status close_job(struct ps_turn *const turn, const struct ps_wish *const wish,
                                struct ps_fact *const fact, struct ps_error *const err)
{
    char name[80];
    const struct ps_job *const job = ps_engine_find(turn->engine, wish->job);
    const struct ps_turn_reading *const reading = ps_turn_reading_find(turn, wish->job);
    if (turn->parts.settings->lanes[job->lane].kind == PS_KIND_ON_DEMAND) {
        const enum ps_status status = ps_turn_calls_close(turn, job, err);
        fact->unsent = count_unsent(turn, job->number);
        return status;
    }
    if (job->verdict == PS_VERDICT_INPUT_GONE) {
        const enum ps_status status = close_unsent(turn, job, err);
        fact->unsent = count_unsent(turn, job->number);
        return status;
    }
    if (reading == NULL) {
        fact->outcome = PS_OUTCOME_UNKNOWN;
        return ps_error_set(err, PS_E_NOT_FOUND, PS_RETRY_LATER,
                            "could not close: the job is read again");
    }
    const struct verdict_words *const words = &verdicts[job->verdict];
    const bool has_message = job->message != NULL && job->message[0] != '\0';
    (void)snprintf(name, sizeof(name), "j%08lld-a%lld", (long long)job->number,
                   (long long)job->attempt);
    if (ps_collect_close(reading->collect, words->kind,
                         ps_str_of(has_message ? job->message : words->text), err) != PS_OK ||
        turn->parts.store.ops->add_segment(turn->parts.store.context, name, err) != PS_OK) {
        return err->status;
    }
    turn->segments++;
    ps_turn_reading_end(turn, wish->job);
    fact->unsent = count_unsent(turn, job->number);
    return PS_OK;
}

static enum ps_status give_up(struct ps_turn *const turn, const struct ps_wish *const wish,
                              struct ps_fact *const fact, struct ps_error *const err)
{
    char name[80];
    struct unsent unsent PS_CLEANUP(release_unsent) = {0, false, NULL};
    fact->unsent = 0;
    if (find_unsent(turn, &unsent, err) != PS_OK) {
        return err->status;
    }
    if (unsent.count == 0) {
        return PS_OK;
    }
    const struct ps_shard_records records = records_of_unsent(turn, &unsent);
    (void)snprintf(name, sizeof(name), "unsent-%06lld", (long long)turn->segments + 1);
    return file_verdicts(turn, name, &records, 1, (enum ps_job_verdict)wish->shard, err);
}

/* ------------------------------------------------ a job without a row */

/* Jobs that have not been created yet and hold a record of the foreign one: their records are free
 * again. */
static enum ps_status find_overlaps(struct ps_turn *const turn, const int64_t job_number,
                                    const struct ps_holds *const holds, struct ps_fact *const fact,
                                    struct ps_error *const err)
{
    fact->shapes = calloc((size_t)ps_engine_job_count(turn->engine) + 1, sizeof(fact->shapes[0]));
    PS_ASSERT(fact->shapes != NULL);
    for (int64_t place = 0; place < ps_engine_job_count(turn->engine); place++) {
        const struct ps_job *const job = ps_engine_job(turn->engine, place);
        struct ps_turn_rows rows PS_CLEANUP(ps_turn_rows_release) = {NULL, 0};
        bool meets = false;
        if (job->number == job_number || job->state >= PS_STATE_CREATING) {
            continue;
        }
        if (ps_turn_rows_read(turn, PS_ALL_SHARDS(job->number), &rows, err) != PS_OK) {
            return err->status;
        }
        for (int64_t row = 0; row < rows.count; row++) {
            meets = meets || ps_holds_meets(holds, &rows.rows[row]);
        }
        if (meets) {
            fact->shapes[fact->shape_count++] = (struct ps_job_shape){.number = job->number};
        }
    }
    return PS_OK;
}

/* Against a day of the lane, all picked records together. */
static int64_t quota_of(const struct ps_turn *const turn,
                        const struct ps_shard_records *const records,
                        const struct ps_lane *const lane)
{
    const struct ps_plan_size size = {.expected_output = turn->parts.settings->expect_output};
    int64_t tokens = 0;
    for (int64_t place = 0; place < records->picked_count; place++) {
        tokens += ps_plan_quota_tokens(
            ps_index_entry(turn->parts.index, (int64_t)records->picked[place]), lane, &size);
    }
    return tokens;
}

static enum ps_status hold_foreign(struct ps_turn *const turn, const struct ps_wish *const wish,
                                   struct ps_fact *const fact, struct ps_error *const err)
{
    const int64_t of_lane = ps_engine_find(turn->engine, wish->job)->lane;
    const struct ps_lane *const lane = &turn->parts.settings->lanes[of_lane];
    const struct ps_turn_reading *const reading = ps_turn_reading_find(turn, wish->job);
    struct ps_holds holds PS_CLEANUP(ps_holds_release);
    if (reading == NULL || reading->foreign == NULL) {
        holds.words = NULL;
        return ps_error_set(err, PS_E_NOT_FOUND, PS_RETRY_LATER,
                            "could not hold: the job is read again");
    }
    const int64_t count = ps_foreign_objects(reading->foreign);
    struct ps_shard_record_row *const rows = calloc((size_t)count + 1, sizeof(*rows));
    fact->shards = calloc((size_t)count + 1, sizeof(fact->shards[0]));
    PS_ASSERT(rows != NULL && fact->shards != NULL);
    fact->shard_count = count;
    ps_holds_init(&holds, ps_index_count(turn->parts.index));
    for (int64_t object = 0; object < count; object++) {
        struct ps_shard_records records = {0, 0, NULL, 0};
        records.picked = ps_foreign_ids(reading->foreign, object, &records.picked_count);
        while (records.picked_count > 0 && records.picked[records.picked_count - 1] >=
                                               (uint64_t)ps_index_count(turn->parts.index)) {
            records.picked_count--; /* an id beyond our input is not ours to hold */
        }
        make_row(turn, &records, &rows[object]);
        fact->quota_tokens += quota_of(turn, &records, lane);
        fact->cost_usd_micros += ps_turn_worst_cost(turn, of_lane, &records);
        ps_holds_add(&holds, &rows[object]);
        fact->shards[object] = rows[object].row;
    }
    enum ps_status status =
        turn->parts.store.ops->put_shards(turn->parts.store.context, wish->job, rows, count, err);
    if (status == PS_OK) {
        status = find_overlaps(turn, wish->job, &holds, fact, err);
    }
    free(rows);
    ps_turn_reading_end(turn, wish->job);
    fact->unsent = count_unsent(turn, -1);
    return status;
}

/* ------------------------------------------------ */

static enum ps_status perform(struct ps_turn *const turn, const struct ps_wish *const wish,
                              struct ps_fact *const fact, struct ps_error *const err)
{
    switch (wish->kind) {
    case PS_WISH_CUT_JOBS:
        return cut_jobs(turn, fact, err);
    case PS_WISH_LOAD_SHARDS:
        return load_shards(turn, wish, fact, err);
    case PS_WISH_LOAD_CALLS:
        return ps_turn_calls_load(turn, wish, fact, err);
    case PS_WISH_TALLY:
        return tally(turn, wish, fact, err);
    case PS_WISH_CLOSE_JOB:
        return close_job(turn, wish, fact, err);
    case PS_WISH_HOLD_FOREIGN:
        return hold_foreign(turn, wish, fact, err);
    default:
        PS_ASSERT(wish->kind == PS_WISH_GIVE_UP);
        return give_up(turn, wish, fact, err);
    }
}

void ps_turn_local(struct ps_turn *const turn, const struct ps_wish *const wish,
                   struct ps_fact *const ret_fact)
{
    memset(ret_fact, 0, sizeof(*ret_fact));
    ret_fact->kind = wish->kind;
    ret_fact->job = wish->job;
    ret_fact->shard = wish->shard;
    ret_fact->outcome = PS_OUTCOME_YES;
    if (perform(turn, wish, ret_fact, &ret_fact->error) != PS_OK &&
        ret_fact->outcome == PS_OUTCOME_YES) {
        ret_fact->outcome = PS_OUTCOME_NO;
    }
}
