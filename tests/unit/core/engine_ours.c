#include "engine_ours.h"

#include "core/rules.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------ the store */

static void copy_job(struct ps_job *const target, const struct ps_job *const source)
{
    struct ps_job copy = *source;
    copy.token = copy.request = copy.arn = copy.message = copy.listing = copy.fetch_etag = NULL;
    copy.shards = NULL;
    ps_job_set_text(&copy.token, source->token);
    ps_job_set_text(&copy.request, source->request);
    ps_job_set_text(&copy.arn, source->arn);
    ps_job_set_text(&copy.message, source->message);
    copy.listing_count = copy.fetched_count = copy.open_wishes = copy.next_put = copy.resends =
        copy.fetch_offset = copy.stop_wake_ms = 0;
    copy.listing_at = 0;
    copy.listing_seen = 0;
    copy.listed_poll = 0;
    copy.is_read = copy.is_counted = copy.is_dirty = false;
    *target = copy;
}

void ours_release(struct ours *const ours)
{
    for (int64_t place = 0; place < ours->job_count; place++) {
        ps_job_release(&ours->jobs[place]);
    }
    ours->job_count = 0;
}

void ours_copy(struct ours *const target, const struct ours *const source)
{
    ours_release(target);
    *target = *source;
    for (int64_t place = 0; place < source->job_count; place++) {
        copy_job(&target->jobs[place], &source->jobs[place]);
    }
}

void ours_keep_job(struct ours *const ours, const struct ps_job *const job)
{
    for (int64_t place = 0; place < ours->job_count; place++) {
        if (ours->jobs[place].number == job->number) {
            ps_job_release(&ours->jobs[place]);
            copy_job(&ours->jobs[place], job);
            return;
        }
    }
    assert_true(ours->job_count < JOBS_MAX);
    copy_job(&ours->jobs[ours->job_count++], job);
}

void ours_fill_engine(const struct ours *const ours, struct ps_engine *const engine)
{
    for (int64_t place = 0; place < ours->job_count; place++) {
        struct ps_job job;
        copy_job(&job, &ours->jobs[place]);
        ps_engine_add_job(engine, &job);
    }
}

/* ------------------------------------------------ what is unsent */

/* Which job holds each record; 0: none. */
static void find_holders(const struct ours *const ours, const struct ps_engine *const engine,
                         int64_t *const holders)
{
    memset(holders, 0, RECORDS * sizeof(holders[0]));
    for (int64_t place = 0; place < ps_engine_job_count(engine); place++) {
        const struct ps_job *const job = ps_engine_job(engine, place);
        for (int64_t shard = 0;
             ps_job_holds_records(job) && shard < ours->shard_counts[job->number]; shard++) {
            for (int64_t row = 0; row < ours->row_counts[job->number][shard]; row++) {
                holders[ours->rows[job->number][shard][row]] = job->number;
            }
        }
    }
}

static int64_t count_unsent(const struct ours *const ours, const struct ps_engine *const engine,
                            const int64_t besides)
{
    int64_t holders[RECORDS];
    int64_t unsent = 0;
    find_holders(ours, engine, holders);
    for (int64_t record = 0; record < RECORDS; record++) {
        const bool is_held = holders[record] != 0 && holders[record] != besides;
        unsent += ours->endings[record] == OPEN && !is_held ? 1 : 0;
    }
    return unsent;
}

static void begin_job(struct ours *const ours, const int64_t number, struct ps_fact *const fact)
{
    assert_true(number < JOBS_MAX);
    memset(ours->row_counts[number], 0, sizeof(ours->row_counts[number]));
    memset(ours->put_attempts[number], 0, sizeof(ours->put_attempts[number]));
    ours->shard_counts[number] = 0;
    fact->shapes[fact->shape_count++] = (struct ps_job_shape){.number = number};
}

static void cut_jobs(struct ours *const ours, const struct ps_engine *const engine,
                     struct ps_fact *const fact)
{
    int64_t holders[RECORDS];
    int64_t unsent = count_unsent(ours, engine, 0);
    int64_t number = ps_engine_next_number(engine) - 1;
    int64_t filled = JOB_RECORDS;
    find_holders(ours, engine, holders);
    fact->shapes = calloc(RECORDS, sizeof(fact->shapes[0]));
    for (int64_t record = 0; record < RECORDS; record++) {
        if (ours->endings[record] != OPEN || holders[record] != 0) {
            continue;
        }
        if (filled == JOB_RECORDS) {
            if (unsent < service.min_records) {
                break;
            }
            begin_job(ours, ++number, fact);
            filled = 0;
        }
        struct ps_job_shape *const shape = &fact->shapes[fact->shape_count - 1];
        const int64_t shard = filled / SHARD_RECORDS;
        ours->rows[number][shard][filled % SHARD_RECORDS] = record;
        ours->row_counts[number][shard] = filled % SHARD_RECORDS + 1;
        ours->shard_counts[number] = shard + 1;
        shape->shard_count = shard + 1;
        shape->records++;
        shape->bytes += LINE_BYTES;
        filled++;
        unsent--;
    }
    fact->unsent = unsent;
}

static void load_shards(const struct ours *const ours, const struct ps_wish *const wish,
                        struct ps_fact *const fact)
{
    fact->shard_count = ours->shard_counts[wish->job];
    fact->shards = calloc(SHARDS, sizeof(fact->shards[0]));
    for (int64_t shard = 0; shard < fact->shard_count; shard++) {
        const int64_t count = ours->row_counts[wish->job][shard];
        fact->shards[shard] =
            (struct ps_shard_row){.records = count,
                                  .bytes = count * LINE_BYTES,
                                  .put_attempt = ours->put_attempts[wish->job][shard]};
    }
}

/* ------------------------------------------------ the end of a job */

static void fail_lost(struct ps_fact *const fact, const enum ps_outcome outcome)
{
    fact->outcome = outcome;
    (void)ps_error_set(&fact->error, PS_E_NOT_FOUND, PS_RETRY_LATER, "the job is read again");
}

static void tally(const struct ours *const ours, const struct ps_engine *const engine,
                  struct reading *const reading, const struct ps_wish *const wish,
                  struct ps_fact *const fact)
{
    if (ps_engine_find(engine, wish->job)->listing_count == 0) {
        *reading = (struct reading){.is_begun = true};
    }
    if (!reading->is_begun) {
        fail_lost(fact, PS_OUTCOME_NO);
        return;
    }
    fact->tally.broken = reading->broken;
    fact->tally.has_manifest = reading->has_manifest;
    fact->tally.manifest_counted = reading->manifest_counted;
    for (int64_t shard = 0; shard < ours->shard_counts[wish->job]; shard++) {
        for (int64_t row = 0; row < ours->row_counts[wish->job][shard]; row++) {
            const bool has_line = reading->marks[ours->rows[wish->job][shard][row]] != MARK_NONE;
            fact->tally.lines += has_line ? 1 : 0;
            fact->tally.missing += has_line ? 0 : 1;
        }
    }
}

static void end_record(struct ours *const ours, const int64_t record, const enum mark mark,
                       const enum ps_job_verdict verdict)
{
    enum ending *const ending = &ours->endings[record];
    ours->tries[record]++;
    if (mark == MARK_SUCCESS) {
        *ending = SUCCEEDED;
    } else if (mark == MARK_NONE && verdict == PS_VERDICT_UNACCOUNTED) {
        *ending = UNACCOUNTED;
    } else if (verdict == PS_VERDICT_INPUT_GONE || ours->tries[record] >= PS_RECORD_TRIES_MAX) {
        *ending = FAILED;
    }
}

static void close_job(struct ours *const ours, const struct ps_engine *const engine,
                      const struct reading *const reading, const struct ps_wish *const wish,
                      struct ps_fact *const fact)
{
    const enum ps_job_verdict verdict = (enum ps_job_verdict)wish->shard;
    const bool is_unsent = verdict == PS_VERDICT_INPUT_GONE;
    if (!is_unsent && !reading->is_begun) {
        fail_lost(fact, PS_OUTCOME_UNKNOWN);
        return;
    }
    for (int64_t shard = 0; shard < ours->shard_counts[wish->job]; shard++) {
        for (int64_t row = 0; row < ours->row_counts[wish->job][shard]; row++) {
            const int64_t record = ours->rows[wish->job][shard][row];
            if (ours->endings[record] == OPEN) {
                end_record(ours, record, is_unsent ? MARK_NONE : reading->marks[record], verdict);
            }
        }
    }
    fact->unsent = count_unsent(ours, engine, wish->job);
}

static void give_up(struct ours *const ours, const struct ps_engine *const engine,
                    const struct ps_wish *const wish, struct ps_fact *const fact)
{
    const enum ending ending =
        (enum ps_job_verdict)wish->shard == PS_VERDICT_CANCELLED ? CANCELLED : FAILED;
    int64_t holders[RECORDS];
    find_holders(ours, engine, holders);
    for (int64_t record = 0; record < RECORDS; record++) {
        if (ours->endings[record] == OPEN && holders[record] == 0) {
            ours->endings[record] = ending;
        }
    }
    fact->unsent = 0;
}

/* ------------------------------------------------ a job without a row */

/* The records found in its objects become its shards; jobs that hold one of them are named. */
static void hold_foreign(struct ours *const ours, const struct ps_engine *const engine,
                         const struct reading *const reading, const struct ps_wish *const wish,
                         struct ps_fact *const fact)
{
    int64_t holders[RECORDS];
    if (!reading->is_begun) {
        fail_lost(fact, PS_OUTCOME_NO);
        return;
    }
    find_holders(ours, engine, holders);
    ours->shard_counts[wish->job] = reading->foreign_objects;
    fact->shard_count = reading->foreign_objects;
    fact->shards = calloc(SHARDS, sizeof(fact->shards[0]));
    fact->shapes = calloc(JOB_RECORDS, sizeof(fact->shapes[0]));
    for (int64_t shard = 0; shard < reading->foreign_objects; shard++) {
        const int64_t count = reading->foreign_counts[shard];
        memcpy(ours->rows[wish->job][shard], reading->foreign[shard],
               sizeof(reading->foreign[shard]));
        ours->row_counts[wish->job][shard] = count;
        fact->shards[shard] = (struct ps_shard_row){.records = count, .bytes = count * LINE_BYTES};
        for (int64_t row = 0; row < count; row++) {
            const int64_t holder = holders[reading->foreign[shard][row]];
            if (holder != 0 && holder != wish->job) {
                fact->shapes[fact->shape_count++] = (struct ps_job_shape){.number = holder};
            }
        }
    }
    fact->unsent = count_unsent(ours, engine, 0);
}

/* ------------------------------------------------ */

void ours_perform(struct ours *const ours, const struct ps_engine *const engine,
                  struct reading *const readings, const struct ps_wish *const wish,
                  struct ps_fact *const fact)
{
    struct reading *const reading = wish->job < 0 ? NULL : &readings[wish->job];
    fact->outcome = PS_OUTCOME_YES;
    fact->kind = wish->kind;
    fact->job = wish->job;
    fact->shard = wish->shard;
    switch (wish->kind) {
    case PS_WISH_CUT_JOBS:
        cut_jobs(ours, engine, fact);
        return;
    case PS_WISH_LOAD_SHARDS:
        load_shards(ours, wish, fact);
        return;
    case PS_WISH_TALLY:
        tally(ours, engine, reading, wish, fact);
        return;
    case PS_WISH_CLOSE_JOB:
        close_job(ours, engine, reading, wish, fact);
        return;
    case PS_WISH_HOLD_FOREIGN:
        hold_foreign(ours, engine, reading, wish, fact);
        return;
    default:
        assert_int_equal(wish->kind, PS_WISH_GIVE_UP);
        give_up(ours, engine, wish, fact);
    }
}
