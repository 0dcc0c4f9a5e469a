#include "app/collect.h"

#include "app/answers_internal.h"
#include "app/job_records.h"
#include "app/scratch.h"
#include "base/assert.h"
#include "base/limits.h"
#include "core/outcome.h"
#include "core/output_line.h"

#include <stdlib.h>
#include <string.h>

#define MANIFEST_NAME "manifest.json.out"

/* A text escaped anew, the body as it came and what stands around them. */
#define PAYLOAD_BYTES_MAX (3 * PS_OUTPUT_LINE_BYTES_MAX)

/* A byte that is no character becomes the three of U+FFFD. */
#define REPAIRED_BYTES_MAX (3 * PS_OUTPUT_LINE_BYTES_MAX)

/* What is filed of a record; all zero: no line yet. Kept in a scratch file: it grows with the job.
 */
struct filed {
    uint64_t digest;
    uint32_t input_tokens;
    uint32_t output_tokens;
    uint64_t kind;
};

static_assert(sizeof(struct filed) == 24, "24 bytes of scratch file for each record of a job");

/* The object that is being read. */
struct object {
    char *key; /* NULL: none */
    int64_t size;
    bool is_manifest;
    bool is_over_cap;                /* the line at hand is: it is dropped to its end */
    int64_t row_count;               /* of the segment when the object began */
    struct ps_collect_counts counts; /* likewise */
};

struct ps_collect {
    struct ps_answers *answers;
    char *model;
    enum ps_family family;
    int64_t tries_max;
    struct ps_job_records *records;
    struct ps_segment *segment; /* NULL: committed */
    struct ps_scratch scratch;
    struct filed *filed; /* by place */
    int64_t sent_count;  /* records of the job */
    struct ps_collect_counts counts;
    struct object object;
    struct ps_buf line; /* the part of a line that came so far, or the manifest */
    struct ps_buf payload;
    struct ps_buf repaired; /* the line at hand, where something in it is no character */
    struct ps_json_doc doc;
};

/* Making one. */

static void clear_counts(struct ps_collect_counts *const counts)
{
    memset(counts, 0, sizeof(*counts));
    counts->manifest_total = -1;
    counts->manifest_success = -1;
    counts->manifest_error = -1;
}

static int64_t count_sent(const struct ps_job_records *const records)
{
    const int64_t places = ps_job_records_places(records);
    int64_t count = 0;
    for (int64_t place = 0; place < places; place++) {
        int64_t record = 0;
        count += ps_job_records_at(records, place, &record) ? 1 : 0;
    }
    return count;
}

static void collect_free_auto(struct ps_collect **const collect)
{
    *collect = ps_collect_free(*collect);
}

enum ps_status ps_collect_new(struct ps_answers *const answers, const struct ps_index *const index,
                              const struct ps_collect_job *const job,
                              struct ps_collect **const ret_collect, struct ps_error *const err)
{
    struct ps_collect *collect PS_CLEANUP(collect_free_auto) = calloc(1, sizeof(*collect));
    PS_ASSERT(collect != NULL);
    collect->answers = answers;
    collect->model = ps_str_dup(ps_str_of(job->model));
    collect->family = job->family;
    collect->tries_max = job->tries_max;
    collect->records = ps_job_records_new(index, job->shards, job->shard_count);
    collect->sent_count = count_sent(collect->records);
    clear_counts(&collect->counts);
    ps_buf_init(&collect->line, PS_OUTPUT_LINE_BYTES_MAX);
    ps_buf_init(&collect->payload, PAYLOAD_BYTES_MAX);
    ps_buf_init(&collect->repaired, REPAIRED_BYTES_MAX);
    ps_json_doc_init(&collect->doc);
    const size_t size = (size_t)ps_job_records_places(collect->records) * sizeof(struct filed);
    enum ps_status status =
        ps_scratch_init(&collect->scratch, ps_answers_folder(answers), size, err);
    collect->filed = collect->scratch.bytes;
    if (status == PS_OK) {
        status = ps_segment_begin(answers, job->name, &collect->segment, err);
    }
    if (status == PS_OK) {
        *ret_collect = PS_TAKE(&collect);
    }
    return status;
}

struct ps_collect *ps_collect_free(struct ps_collect *const collect)
{
    if (collect == NULL) {
        return NULL;
    }
    (void)ps_segment_free(collect->segment);
    (void)ps_job_records_free(collect->records);
    ps_scratch_release(&collect->scratch);
    ps_buf_release(&collect->line);
    ps_buf_release(&collect->payload);
    ps_buf_release(&collect->repaired);
    ps_json_doc_release(&collect->doc);
    free(collect->object.key);
    free(collect->model);
    free(collect);
    return NULL;
}

/* One answer to one record. */

/* What counts when a record has several answers: higher is better. */
static int rank_of(const uint64_t kind)
{
    switch (kind) {
    case PS_ANSWER_SUCCEEDED:
        return 3;
    case PS_ANSWER_FAILED:
        return 2;
    case PS_ANSWER_RETRYABLE:
        return 1;
    default:
        return 0;
    }
}

/* The best is chosen by what it says, never by where it stood: order changes nothing. */
static bool is_better(const struct filed *const candidate, const struct filed *const held)
{
    const int candidate_rank = rank_of(candidate->kind);
    const int held_rank = rank_of(held->kind);
    return candidate_rank > held_rank ||
           (candidate_rank == held_rank && candidate->digest < held->digest);
}

/* Adds what is filed of one record to the counts, or takes it out again. */
static void count_filed(struct ps_collect_counts *const counts, const struct filed *const filed,
                        const int64_t sign)
{
    counts->succeeded += filed->kind == PS_ANSWER_SUCCEEDED ? sign : 0;
    counts->failed += filed->kind == PS_ANSWER_FAILED ? sign : 0;
    counts->retryable += filed->kind == PS_ANSWER_RETRYABLE ? sign : 0;
    counts->input_tokens += sign * filed->input_tokens;
    counts->output_tokens += sign * filed->output_tokens;
}

static enum ps_status file_answer(struct ps_collect *const collect, const int64_t record,
                                  const int64_t place, const struct filed *const candidate,
                                  struct ps_error *const err)
{
    struct filed *const held = &collect->filed[place];
    if (held->kind == PS_ANSWER_NONE) {
        collect->counts.lines++;
    } else {
        collect->counts.repeated++;
        if (!is_better(candidate, held)) {
            return PS_OK;
        }
    }
    const struct ps_usage usage = {candidate->input_tokens, candidate->output_tokens};
    const enum ps_status status =
        ps_segment_add_answer(collect->segment, record, (enum ps_answer_kind)candidate->kind,
                              ps_buf_str(&collect->payload), usage, err);
    if (status == PS_OK) {
        count_filed(&collect->counts, held, -1);
        count_filed(&collect->counts, candidate, 1);
        *held = *candidate;
    }
    return status;
}

/* Is the try that just came back the record's last? */
static bool is_last_try(const struct ps_collect *const collect, const int64_t record)
{
    return ps_answers_state(collect->answers, record).tries + 1 >= collect->tries_max;
}

static uint64_t make_failure(struct ps_collect *const collect, const int64_t record,
                             yyjson_val *const value)
{
    struct ps_record_error error;
    ps_outcome_read(value, &error);
    ps_output_line_add_error(ps_str_of(error.code), error.message, &collect->payload);
    const bool is_retryable = error.is_retryable && !is_last_try(collect, record);
    return is_retryable ? PS_ANSWER_RETRYABLE : PS_ANSWER_FAILED;
}

static uint64_t make_bad(struct ps_collect *const collect, const char *const fault)
{
    ps_buf_clear(&collect->payload);
    ps_output_line_add_error(PS_STR("bad_output"), ps_str_of(fault), &collect->payload);
    return PS_ANSWER_FAILED;
}

/* The payload of a line that is ours, and what it is. */
static struct filed make_payload(struct ps_collect *const collect,
                                 const struct ps_output_line *const line)
{
    struct filed made = {0, 0, 0, PS_ANSWER_FAILED};
    struct ps_answer answer;
    ps_buf_clear(&collect->payload);
    if (line->kind == PS_OUTPUT_ERROR) {
        made.kind = make_failure(collect, line->record, line->value);
    } else if (line->kind == PS_OUTPUT_BAD) {
        made.kind = make_bad(collect, line->fault);
    } else if (ps_output_line_add_tail(line, collect->family, ps_str_of(collect->model),
                                       &collect->payload, &answer)) {
        made.kind = PS_ANSWER_SUCCEEDED;
        made.input_tokens = answer.input_tokens > 0 ? (uint32_t)answer.input_tokens : 0;
        made.output_tokens = answer.output_tokens > 0 ? (uint32_t)answer.output_tokens : 0;
    } else {
        made.kind = make_bad(collect, "the answer is too large");
    }
    made.digest = ps_segment_digest(line->record, ps_buf_str(&collect->payload));
    return made;
}

static_assert(PS_ANSWER_TOKENS_MAX <= UINT32_MAX, "tokens of one answer fit struct filed");

static enum ps_status take_line(struct ps_collect *const collect, const struct ps_str text,
                                struct ps_error *const err)
{
    if (ps_str_trim(text).size == 0) {
        return PS_OK;
    }
    struct ps_output_line line;
    int64_t place = 0;
    ps_output_line_read(&collect->doc, text, &collect->repaired, &line);
    if (line.kind == PS_OUTPUT_BROKEN) {
        collect->counts.broken++;
        return PS_OK;
    }
    if (line.kind == PS_OUTPUT_FOREIGN ||
        !ps_job_records_find(collect->records, line.record, &place)) {
        collect->counts.foreign++;
        return PS_OK;
    }
    collect->counts.repaired += line.is_repaired ? 1 : 0;
    const struct filed candidate = make_payload(collect, &line);
    return file_answer(collect, line.record, place, &candidate, err);
}

/* The manifest. */

/* Two manifests that disagree prove nothing. */
static int64_t agreed(const bool has_one, const int64_t held, const int64_t seen)
{
    return !has_one || held == seen ? seen : -1;
}

static void take_manifest(struct ps_collect *const collect, const struct ps_str text)
{
    struct ps_collect_counts *const counts = &collect->counts;
    struct ps_json_reason reason;
    yyjson_val *const root = ps_json_doc_read(&collect->doc, text, &reason);
    if (!yyjson_is_obj(root)) {
        counts->broken++;
        return;
    }
    const int64_t total = ps_answer_number(yyjson_obj_get(root, "totalRecordCount"));
    const int64_t success = ps_answer_number(yyjson_obj_get(root, "successRecordCount"));
    const int64_t error = ps_answer_number(yyjson_obj_get(root, "errorRecordCount"));
    counts->manifest_total = agreed(counts->has_manifest, counts->manifest_total, total);
    counts->manifest_success = agreed(counts->has_manifest, counts->manifest_success, success);
    counts->manifest_error = agreed(counts->has_manifest, counts->manifest_error, error);
    counts->has_manifest = true;
}

/* Objects and their bytes. */

static struct ps_str base_name(const struct ps_str key)
{
    size_t from = key.size;
    while (from > 0 && key.data[from - 1] != '/') {
        from--;
    }
    return ps_str_part(key, from, key.size);
}

static void end_object(struct ps_collect *const collect)
{
    free(collect->object.key);
    memset(&collect->object, 0, sizeof(collect->object));
    ps_buf_clear(&collect->line);
}

/* What is filed follows from the segment's rows, in their order. */
static enum ps_status rebuild_filed(struct ps_collect *const collect, struct ps_error *const err)
{
    memset(collect->scratch.bytes, 0, collect->scratch.size);
    const int64_t row_count = ps_segment_file_count(collect->segment->file);
    for (int64_t number = 0; number < row_count; number++) {
        struct ps_segment_row row;
        int64_t place = 0;
        const enum ps_status status =
            ps_segment_file_row(collect->segment->file, number, &row, err);
        if (status != PS_OK) {
            return status;
        }
        PS_ASSERT(ps_job_records_find(collect->records, (int64_t)row.record, &place));
        collect->filed[place] =
            (struct filed){row.digest, row.input_tokens, row.output_tokens, row.kind};
    }
    return PS_OK;
}

/* As if the object that is not whole had never been begun. */
static enum ps_status take_object_back(struct ps_collect *const collect, struct ps_error *const err)
{
    const int64_t row_count = collect->object.row_count;
    const bool has_filed = ps_segment_file_count(collect->segment->file) != row_count;
    enum ps_status status = ps_segment_file_cut(collect->segment->file, row_count, err);
    if (status == PS_OK && has_filed) {
        status = rebuild_filed(collect, err);
    }
    if (status == PS_OK) {
        collect->counts = collect->object.counts;
        end_object(collect);
    }
    return status;
}

static enum ps_status begin_object(struct ps_collect *const collect, const struct ps_str key,
                                   struct ps_error *const err)
{
    if (collect->object.key != NULL) {
        const enum ps_status status = take_object_back(collect, err);
        if (status != PS_OK) {
            return status;
        }
    }
    collect->object.key = ps_str_dup(key);
    collect->object.is_manifest = ps_str_equals(base_name(key), PS_STR(MANIFEST_NAME));
    collect->object.row_count = ps_segment_file_count(collect->segment->file);
    collect->object.counts = collect->counts;
    return PS_OK;
}

/* Keeps the beginning of a line whose end has not come; one over the cap is broken, and dropped. */
static void keep_part(struct ps_collect *const collect, const struct ps_str part)
{
    struct object *const object = &collect->object;
    const size_t cap = object->is_manifest ? PS_ANSWER_BYTES_MAX : PS_OUTPUT_LINE_BYTES_MAX;
    if (object->is_over_cap) {
        return;
    }
    if (part.size > cap - collect->line.size || !ps_buf_append(&collect->line, part)) {
        object->is_over_cap = true;
        collect->counts.broken++;
        ps_buf_clear(&collect->line);
    }
}

/* Takes the line that `part` ends. */
static enum ps_status finish_line(struct ps_collect *const collect, const struct ps_str part,
                                  struct ps_error *const err)
{
    struct object *const object = &collect->object;
    enum ps_status status = PS_OK;
    if (!object->is_over_cap && collect->line.size == 0) {
        status = take_line(collect, part, err);
    } else {
        keep_part(collect, part);
        if (!object->is_over_cap) {
            status = take_line(collect, ps_buf_str(&collect->line), err);
        }
    }
    object->is_over_cap = false;
    ps_buf_clear(&collect->line);
    return status;
}

static enum ps_status take_bytes(struct ps_collect *const collect, const struct ps_str bytes,
                                 struct ps_error *const err)
{
    size_t at = 0;
    while (at < bytes.size) {
        const struct ps_str rest = ps_str_part(bytes, at, bytes.size - at);
        const size_t size = ps_str_find(rest, '\n');
        const struct ps_str part = ps_str_part(rest, 0, size);
        if (size == rest.size) {
            keep_part(collect, part);
            return PS_OK;
        }
        const enum ps_status status = finish_line(collect, part, err);
        if (status != PS_OK) {
            return status;
        }
        at += size + 1;
    }
    return PS_OK;
}

enum ps_status ps_collect_write(struct ps_collect *const collect, const struct ps_str key,
                                const int64_t offset, const struct ps_str bytes,
                                struct ps_error *const err)
{
    PS_ASSERT(collect->segment != NULL);
    struct object *const object = &collect->object;
    if (offset == 0) {
        const enum ps_status status = begin_object(collect, key, err);
        if (status != PS_OK) {
            return status;
        }
    } else if (object->key == NULL || offset != object->size ||
               !ps_str_equals_text(key, object->key)) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_LATER,
                            "could not go on with '%.*s' at byte %lld: it is not where the last "
                            "bytes ended",
                            PS_STR_ARGS(key), (long long)offset);
    }
    object->size += (int64_t)bytes.size;
    if (object->is_manifest) {
        keep_part(collect, bytes);
        return PS_OK;
    }
    return take_bytes(collect, bytes, err);
}

enum ps_status ps_collect_object_end(struct ps_collect *const collect, struct ps_error *const err)
{
    PS_ASSERT(collect->segment != NULL);
    if (collect->object.key == NULL) {
        return PS_OK; /* an object of no bytes was never begun */
    }
    enum ps_status status = PS_OK;
    if (collect->object.is_manifest) {
        if (!collect->object.is_over_cap) {
            take_manifest(collect, ps_buf_str(&collect->line));
        }
    } else {
        status = finish_line(collect, (struct ps_str){NULL, 0}, err);
    }
    if (status == PS_OK) {
        end_object(collect);
    }
    return status;
}

void ps_collect_counts(const struct ps_collect *const collect,
                       struct ps_collect_counts *const ret_counts)
{
    *ret_counts = collect->counts;
    ret_counts->missing = collect->sent_count - collect->counts.lines;
}

/* Verdicts. */

static const char *code_of_missing(const enum ps_answer_kind kind)
{
    switch (kind) {
    case PS_ANSWER_UNACCOUNTED:
        return "unaccounted";
    case PS_ANSWER_CANCELLED:
        return "cancelled";
    default:
        return "missing";
    }
}

static enum ps_status file_missing(struct ps_collect *const collect, const int64_t record,
                                   const enum ps_answer_kind missing_as, struct ps_error *const err)
{
    const bool is_lost = missing_as == PS_ANSWER_UNPROCESSED && is_last_try(collect, record);
    return ps_segment_add(collect->segment, record, is_lost ? PS_ANSWER_FAILED : missing_as,
                          ps_buf_str(&collect->payload), err);
}

enum ps_status ps_collect_close(struct ps_collect *const collect,
                                const enum ps_answer_kind missing_as, const struct ps_str message,
                                struct ps_error *const err)
{
    PS_ASSERT(collect->segment != NULL);
    PS_ASSERT(missing_as != PS_ANSWER_NONE && missing_as != PS_ANSWER_SUCCEEDED);
    ps_buf_clear(&collect->payload);
    ps_output_line_add_error(ps_str_of(code_of_missing(missing_as)), message, &collect->payload);
    const int64_t places = ps_job_records_places(collect->records);
    for (int64_t place = 0; place < places; place++) {
        int64_t record = 0;
        if (collect->filed[place].kind != PS_ANSWER_NONE ||
            !ps_job_records_at(collect->records, place, &record)) {
            continue;
        }
        const enum ps_status status = file_missing(collect, record, missing_as, err);
        if (status != PS_OK) {
            return status;
        }
    }
    const struct ps_segment_lines lines = {
        .repeated = (uint64_t)collect->counts.repeated,
        .foreign = (uint64_t)collect->counts.foreign,
        .broken = (uint64_t)collect->counts.broken,
        .repaired = (uint64_t)collect->counts.repaired,
    };
    ps_segment_file_set_lines(collect->segment->file, &lines);
    return ps_segment_commit(PS_TAKE(&collect->segment), err);
}

static enum ps_status add_verdicts(struct ps_segment *const segment,
                                   const struct ps_job_records *const records,
                                   const enum ps_answer_kind kind, const struct ps_str payload,
                                   struct ps_error *const err)
{
    const int64_t places = ps_job_records_places(records);
    for (int64_t place = 0; place < places; place++) {
        int64_t record = 0;
        if (!ps_job_records_at(records, place, &record)) {
            continue;
        }
        const enum ps_status status = ps_segment_add(segment, record, kind, payload, err);
        if (status != PS_OK) {
            return status;
        }
    }
    return PS_OK;
}

enum ps_status ps_collect_verdicts(struct ps_answers *const answers,
                                   const struct ps_index *const index,
                                   const struct ps_verdict *const verdict,
                                   const struct ps_shard_records *const shards,
                                   const int64_t shard_count, struct ps_error *const err)
{
    PS_ASSERT(verdict->kind != PS_ANSWER_NONE && verdict->kind != PS_ANSWER_SUCCEEDED);
    if (ps_answers_has_segment(answers, verdict->name)) {
        return PS_OK;
    }
    struct ps_segment *segment = NULL;
    enum ps_status status = ps_segment_begin_verdicts(answers, verdict->name, &segment, err);
    if (status != PS_OK) {
        return status;
    }
    struct ps_buf payload PS_CLEANUP(ps_buf_release);
    ps_buf_init(&payload, PS_TEXT_BYTES_MAX);
    ps_output_line_add_error(ps_str_of(verdict->code), verdict->message, &payload);
    struct ps_job_records *records = ps_job_records_new(index, shards, shard_count);
    status = add_verdicts(segment, records, verdict->kind, ps_buf_str(&payload), err);
    records = ps_job_records_free(records);
    if (status != PS_OK) {
        (void)ps_segment_free(segment);
        return status;
    }
    return ps_segment_commit(segment, err);
}
