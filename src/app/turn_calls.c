#include "app/turn_internal.h"

#include "app/answers_internal.h"
#include "app/job_records.h"
#include "base/assert.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define NAME_SIZE 80

void ps_turn_name_job(const struct ps_job *const job, char *const room, const size_t room_size)
{
    (void)snprintf(room, room_size, "j%08lld-a%lld", (long long)job->number,
                   (long long)job->attempt);
}

static enum ps_status journal_of(struct ps_turn *const turn, const struct ps_job *const job,
                                 struct ps_call_journal **const ret_journal,
                                 struct ps_error *const err)
{
    char name[NAME_SIZE];
    struct ps_call_journal *journal = NULL;
    for (int64_t place = 0; place < turn->journal_count; place++) {
        if (turn->journals[place].job == job->number) {
            *ret_journal = turn->journals[place].journal;
            return PS_OK;
        }
    }
    ps_turn_name_job(job, name, sizeof(name));
    if (ps_call_journal_open(ps_answers_folder(turn->parts.answers), name, &journal, err) !=
        PS_OK) {
        return err->status;
    }
    turn->journals =
        reallocarray(turn->journals, (size_t)turn->journal_count + 1, sizeof(turn->journals[0]));
    PS_ASSERT(turn->journals != NULL);
    turn->journals[turn->journal_count++] = (struct ps_turn_journal){job->number, journal, false};
    *ret_journal = journal;
    return PS_OK;
}

/* ------------------------------------------------ a record's end */

static enum ps_status keep_end(struct ps_turn *const turn, const struct ps_job *const job,
                               const struct ps_fact *const fact, const enum ps_call_end end,
                               const int64_t record, struct ps_error *const err)
{
    const struct ps_settings *const settings = turn->parts.settings;
    struct ps_call_answer *const answer = &turn->call_answer;
    struct ps_call_journal *journal = NULL;
    if (!turn->has_call_answer) {
        ps_call_answer_init(answer);
        turn->has_call_answer = true;
    }
    ps_call_answer_make(answer, fact, end, record, settings->family,
                        ps_str_of(settings->lanes[job->lane].model));
    if (end == PS_CALL_END_MAYBE_PAID) {
        const struct ps_entry *const entry = ps_index_entry(turn->parts.index, record);
        answer->usage = (struct ps_usage){entry->input_tokens, entry->output_tokens_max};
    }
    return journal_of(turn, job, &journal, err) == PS_OK
               ? ps_call_journal_add(journal, record, answer->kind, ps_buf_str(&answer->payload),
                                     answer->usage, err)
               : err->status;
}

enum ps_status ps_turn_calls_keep(struct ps_turn *const turn, const struct ps_fact *const fact,
                                  struct ps_error *const err)
{
    const struct ps_job *const job = ps_engine_find(turn->engine, fact->job);
    const enum ps_call_end end = ps_engine_call_end(turn->engine, fact);
    if (end == PS_CALL_END_AGAIN || end == PS_CALL_END_HALT) {
        return PS_OK;
    }
    return keep_end(turn, job, fact, end, job->calls[fact->shard].row.record, err);
}

enum ps_status ps_turn_calls_sync(struct ps_turn *const turn, struct ps_error *const err)
{
    for (int64_t place = 0; place < turn->journal_count; place++) {
        if (ps_call_journal_sync(turn->journals[place].journal, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

/* ------------------------------------------------ after a crash */

struct lost {
    struct ps_turn *turn;
    int64_t count;
    enum ps_status status;
    struct ps_error *err;
};

/* Its answer may have been written down before the process died: then it is answered. */
static void see_open(void *const seer, const int64_t job_number, const int64_t record)
{
    struct lost *const lost = seer;
    struct ps_turn *const turn = lost->turn;
    const struct ps_job *const job = ps_engine_find(turn->engine, job_number);
    struct ps_fact fact = {.kind = PS_WISH_INVOKE, .outcome = PS_OUTCOME_UNKNOWN};
    struct ps_call_journal *journal = NULL;
    if (lost->status != PS_OK) {
        return;
    }
    if (job == NULL || record < 0 || record >= ps_index_count(turn->parts.index)) {
        lost->status = ps_error_set(lost->err, PS_E_CORRUPT, PS_RETRY_NEVER,
                                    "cannot read the run's state: a call is of no job of this run");
        return;
    }
    lost->status = journal_of(turn, job, &journal, lost->err);
    if (lost->status != PS_OK || ps_call_journal_has(journal, record)) {
        return;
    }
    (void)ps_error_set(&fact.error, PS_E_NETWORK, PS_RETRY_LATER,
                       "the process ended before an answer came");
    lost->status = keep_end(turn, job, &fact, PS_CALL_END_MAYBE_PAID, record, lost->err);
    lost->count++;
}

enum ps_status ps_turn_calls_recover(struct ps_turn *const turn, struct ps_error *const err)
{
    struct lost lost = {turn, 0, PS_OK, err};
    const struct ps_state_store store = turn->parts.store;
    if (store.ops->each_wish(store.context, PS_WISH_INVOKE, see_open, &lost, err) != PS_OK ||
        lost.status != PS_OK || ps_turn_calls_sync(turn, err) != PS_OK) {
        return err->status;
    }
    if (lost.count > 0) {
        ps_log_warn("calls.maybe_paid", PS_FIELD_COUNT("records", lost.count));
    }
    return PS_OK;
}

/* ------------------------------------------------ a job's beginning and its end */

enum ps_status ps_turn_calls_load(struct ps_turn *const turn, const struct ps_wish *const wish,
                                  struct ps_fact *const fact, struct ps_error *const err)
{
    struct ps_turn_rows rows PS_CLEANUP(ps_turn_rows_release) = {NULL, 0};
    const struct ps_job *const job = ps_engine_find(turn->engine, wish->job);
    struct ps_call_journal *journal = NULL;
    if (ps_turn_rows_read(turn, PS_ALL_SHARDS(wish->job), &rows, err) != PS_OK ||
        journal_of(turn, job, &journal, err) != PS_OK) {
        return err->status;
    }
    struct ps_shard_records *const shards = ps_turn_rows_records(&rows);
    struct ps_job_records *records = ps_job_records_new(turn->parts.index, shards, rows.count);
    fact->calls = calloc((size_t)ps_job_records_places(records) + 1, sizeof(fact->calls[0]));
    PS_ASSERT(fact->calls != NULL);
    for (int64_t place = 0; place < ps_job_records_places(records); place++) {
        int64_t record = 0;
        if (ps_job_records_at(records, place, &record) && !ps_call_journal_has(journal, record)) {
            const struct ps_entry *const entry = ps_index_entry(turn->parts.index, record);
            fact->calls[fact->call_count++] =
                (struct ps_call_row){record, entry->input_tokens, entry->output_tokens_max};
        }
    }
    fact->tally = ps_call_journal_tally(journal);
    records = ps_job_records_free(records);
    free(shards);
    return PS_OK;
}

static enum ps_status file_journal(struct ps_turn *const turn,
                                   struct ps_call_journal *const journal, const char *const name,
                                   struct ps_error *const err)
{
    struct ps_segment *segment = NULL;
    if (ps_segment_begin(turn->parts.answers, name, &segment, err) != PS_OK) {
        return err->status;
    }
    if (ps_call_journal_file(journal, segment, err) != PS_OK) {
        (void)ps_segment_free(segment);
        return err->status;
    }
    if (ps_segment_commit(segment, err) != PS_OK ||
        turn->parts.store.ops->add_segment(turn->parts.store.context, name, err) != PS_OK) {
        return err->status;
    }
    turn->segments++;
    return PS_OK;
}

enum ps_status ps_turn_calls_close(struct ps_turn *const turn, const struct ps_job *const job,
                                   struct ps_error *const err)
{
    char name[NAME_SIZE];
    struct ps_call_journal *journal = NULL;
    if (journal_of(turn, job, &journal, err) != PS_OK) {
        return err->status;
    }
    ps_turn_name_job(job, name, sizeof(name));
    if (ps_call_journal_count(journal) > 0 && file_journal(turn, journal, name, err) != PS_OK) {
        return err->status;
    }
    for (int64_t place = 0; place < turn->journal_count; place++) {
        struct ps_turn_journal *const kept = &turn->journals[place];
        kept->is_filed = kept->is_filed || kept->job == job->number;
    }
    return PS_OK;
}

void ps_turn_calls_forget(struct ps_turn *const turn)
{
    int64_t kept = 0;
    for (int64_t place = 0; place < turn->journal_count; place++) {
        struct ps_turn_journal *const journal = &turn->journals[place];
        if (journal->is_filed) {
            char name[NAME_SIZE];
            ps_turn_name_job(ps_engine_find(turn->engine, journal->job), name, sizeof(name));
            (void)ps_call_journal_free(journal->journal);
            ps_call_journal_remove(ps_answers_folder(turn->parts.answers), name);
        } else {
            turn->journals[kept++] = *journal;
        }
    }
    turn->journal_count = kept;
}

void ps_turn_calls_release(struct ps_turn *const turn)
{
    for (int64_t place = 0; place < turn->journal_count; place++) {
        (void)ps_call_journal_free(turn->journals[place].journal);
    }
    free(turn->journals);
    if (turn->has_call_answer) {
        ps_call_answer_release(&turn->call_answer);
    }
}
