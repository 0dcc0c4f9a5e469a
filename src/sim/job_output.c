#include "sim/job_work.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/limits.h"
#include "sim/job_input.h"
#include "sim/patterns.h"
#include "sim/record.h"
#include "sim/world_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines are shuffled within a block, so that memory stays bounded. */
#define BLOCK_LINES_MAX 1024
#define BLOCK_BYTES ((size_t)8 << 20)
#define BLOCK_BYTES_MAX (4 * PS_OUTPUT_LINE_BYTES_MAX)
#define LATE_MS INT64_C(60000)

struct logged_record {
    int64_t ordinal; /* from 0 within the job */
    int64_t line;    /* from 1 within its object */
    int64_t at_ms;
    char *id;
    bool is_id_made;
    char digest_hex[PS_SHA256_HEX_SIZE];
    struct ps_model_answer answer;
    size_t from; /* its line in the block's text */
    size_t size;
};

/* A job's records on their way out. */
struct run {
    struct ps_world *world;
    const struct ps_job_work *work;
    const struct ps_input_files *files;
    const struct ps_input_file *file; /* the one being read */
    struct ps_prng prng;
    int64_t ordinal;    /* records so far */
    int64_t tokens;     /* that they cost, or would have */
    size_t stretch;     /* of the work's flow, where they are */
    int64_t base_count; /* records of other jobs before this one: numbers the faults of records */
    struct ps_body_file *body;
    int64_t lines; /* in body */
    struct ps_buf text;
    struct logged_record records[BLOCK_LINES_MAX];
    size_t record_count;
};

static void clear_block(struct run *const run)
{
    for (size_t index = 0; index < run->record_count; index++) {
        free(run->records[index].id);
    }
    run->record_count = 0;
    ps_buf_clear(&run->text);
}

static void free_run(struct run **const run)
{
    clear_block(*run);
    (void)ps_body_file_free((*run)->body);
    ps_buf_release(&(*run)->text);
    free(*run);
}

static void write_record_event(struct run *const run, const struct logged_record *const record)
{
    const struct ps_job_work *const work = run->work;
    struct ps_buf uri PS_CLEANUP(ps_buf_release);
    ps_buf_init(&uri, PS_TEXT_BYTES_MAX);
    ps_buf_add_format(&uri, "s3://%s/%s", run->files->bucket, run->file->key);
    struct ps_writer *const line = ps_events_begin(run->world->events, work->at_ms, "record");
    ps_writer_text(line, "job", ps_str_of(work->id));
    ps_writer_text(line, "run", ps_str_of(work->run));
    ps_writer_text(line, "object", ps_buf_str(&uri));
    ps_writer_number(line, "line", record->line);
    ps_writer_text(line, "record_id", ps_str_of(record->id));
    if (record->is_id_made) {
        ps_writer_bool(line, "is_id_made", true);
    }
    ps_writer_text(line, "input_sha256", ps_str_of(record->digest_hex));
    ps_writer_number(line, "at_ms", record->at_ms);
    const bool is_success = record->answer.error_code == 0;
    ps_writer_text(line, "outcome", is_success ? PS_STR("success") : PS_STR("error"));
    if (!is_success) {
        ps_writer_number(line, "error_code", record->answer.error_code);
    }
    ps_writer_bool(line, "is_billed", is_success);
    ps_writer_number(line, "input_tokens", record->answer.input_tokens);
    ps_writer_number(line, "output_tokens", record->answer.output_tokens);
    ps_events_end(run->world->events);
}

/* Logs the block's records, except those that an earlier start has logged. */
static enum ps_status log_block(struct run *const run, struct ps_error *const err)
{
    ps_world_lock(run->world);
    for (size_t index = 0; index < run->record_count; index++) {
        if (run->records[index].ordinal >= run->work->logged) {
            write_record_event(run, &run->records[index]);
        }
    }
    const enum ps_status status = ps_world_commit(run->world, err);
    ps_world_unlock(run->world);
    return status;
}

static enum ps_status flush_block(struct run *const run, struct ps_error *const err)
{
    enum ps_status status = log_block(run, err);
    for (size_t place = run->record_count; place > 1; place--) {
        const size_t other = (size_t)ps_prng_below(&run->prng, (int64_t)place);
        const struct logged_record swapped = run->records[other];
        run->records[other] = run->records[place - 1];
        run->records[place - 1] = swapped;
    }
    for (size_t index = 0; index < run->record_count && status == PS_OK; index++) {
        const struct logged_record *const record = &run->records[index];
        status = ps_body_file_write(
            run->body, ps_str_part(ps_buf_str(&run->text), record->from, record->size), err);
    }
    run->lines += (int64_t)run->record_count;
    clear_block(run);
    return status;
}

/* Evenly over the job's time, or when its pool had given it that many tokens. */
static int64_t processed_at_ms(const struct run *const run)
{
    const struct ps_job_work *const work = run->work;
    int64_t passed_ms = 0;
    if (work->is_paced) {
        return ps_rates_flow_at_ms(&work->flow, run->tokens);
    }
    PS_ASSERT(ps_muldiv_i64(work->at_ms - work->started_ms, run->ordinal + 1, work->due_records,
                            &passed_ms));
    return work->started_ms + passed_ms;
}

/* Did a limit of the pool refuse the record that comes now? */
static bool is_refused(struct run *const run)
{
    const struct ps_rates_flow *const flow = &run->work->flow;
    const struct ps_rates_stretch *stretch = ps_rates_flow_stretch(flow, run->stretch);
    while (stretch != NULL && run->ordinal >= stretch->end) {
        run->stretch++;
        stretch = ps_rates_flow_stretch(flow, run->stretch);
    }
    return stretch != NULL && run->ordinal >= stretch->first &&
           ps_rates_stretch_refuses(stretch, run->ordinal);
}

static void spoil_record(struct run *const run, struct ps_record *const record)
{
    if (is_refused(run)) {
        ps_record_set_error(record, 429, "Too many tokens, please wait before trying again.");
        return;
    }
    static const struct {
        enum ps_fault_kind kind;
        int64_t code;
        const char *message;
    } faults[] = {
        {PS_FAULT_RECORD_429, 429, "Too many tokens, please wait before trying again."},
        {PS_FAULT_RECORD_500, 500, "The system encountered an unexpected error during processing."},
        {PS_FAULT_RECORD_400, 400, "The content was refused by a fault of the emulator."},
    };
    static const struct {
        enum ps_fault_kind kind;
        const char *bytes;
    } texts[] = {
        {PS_FAULT_SURROGATE, "\\ud800"},
        {PS_FAULT_BADUTF8, "\xFF\xC3"},
    };
    const int64_t count = run->base_count + run->ordinal + 1;
    for (size_t index = 0; index < sizeof faults / sizeof faults[0]; index++) {
        if (ps_faults_fire(&run->world->faults, faults[index].kind, PS_OP_RECORD, count,
                           run->work->at_ms) != NULL) {
            ps_record_set_error(record, faults[index].code, faults[index].message);
            return;
        }
    }
    for (size_t index = 0; index < sizeof texts / sizeof texts[0]; index++) {
        if (ps_faults_fire(&run->world->faults, texts[index].kind, PS_OP_RECORD, count,
                           run->work->at_ms) != NULL) {
            ps_record_spoil_text(record, ps_str_of(texts[index].bytes));
        }
    }
}

static void add_record(struct run *const run, struct ps_record *const record, const int64_t line)
{
    struct logged_record *const row = &run->records[run->record_count++];
    run->tokens += ps_job_work_tokens(run->work, &record->answer);
    row->at_ms = processed_at_ms(run);
    spoil_record(run, record);
    row->is_id_made = record->id.size == 0;
    if (row->is_id_made) {
        ps_record_make_id(record, &run->prng);
    }
    row->ordinal = run->ordinal++;
    row->line = line;
    row->id = ps_str_dup(record->id);
    memcpy(row->digest_hex, record->digest_hex, sizeof row->digest_hex);
    row->answer = record->answer;
    row->from = run->text.size;
    ps_record_write(record, run->work, &run->prng, &run->text);
    row->size = run->text.size - row->from;
}

/* Reads the run's file until its end, or until all due records are processed. */
static enum ps_status process_lines(struct run *const run, struct ps_error *const err)
{
    struct ps_lines *lines PS_CLEANUP(ps_lines_auto) = NULL;
    struct ps_record record PS_CLEANUP(ps_record_release);
    ps_record_init(&record);
    enum ps_status status = ps_lines_open(run->world->data_folder, run->file->body, &lines, err);
    struct ps_str line = {NULL, 0};
    for (int64_t number = 1; status == PS_OK && run->ordinal < run->work->due_records; number++) {
        status = ps_lines_next(lines, &line, err);
        if (status != PS_OK) {
            break;
        }
        if (!ps_record_read(&record, line, run->work)) {
            return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                                "cannot process '%s': it changed after it was checked",
                                run->file->key);
        }
        add_record(run, &record, number);
        if (run->record_count == BLOCK_LINES_MAX || run->text.size >= BLOCK_BYTES) {
            status = flush_block(run, err);
        }
    }
    if (status == PS_OK || status == PS_E_NOT_FOUND) {
        status = flush_block(run, err);
    }
    return status;
}

/* "<prefix of the output>/<job>/<name>.out"; a key without bucket. */
static void output_key(const struct run *const run, const struct ps_str name,
                       struct ps_buf *const key)
{
    struct ps_str bucket = {NULL, 0};
    struct ps_str prefix = {NULL, 0};
    PS_ASSERT(ps_pattern_split_uri(ps_str_of(run->work->output_uri), &bucket, &prefix));
    ps_buf_add(key, prefix);
    if (prefix.size > 0 && prefix.data[prefix.size - 1] != '/') {
        ps_buf_add(key, PS_STR("/"));
    }
    ps_buf_add_format(key, "%s/%.*s.out", run->work->id, PS_STR_ARGS(name));
}

/* Under which name an input's output goes: below the input's folder, or flat. */
static struct ps_str output_name(const struct run *const run)
{
    struct ps_str name = ps_str_of(run->file->key);
    if (run->files->is_single || run->work->fate.is_flat) {
        for (size_t slash = ps_str_find(name, '/'); slash < name.size;
             slash = ps_str_find(name, '/')) {
            name = ps_str_part(name, slash + 1, name.size);
        }
        return name;
    }
    return ps_str_part(name, strlen(run->files->prefix), name.size);
}

struct output_faults {
    bool is_late;
    bool is_vanishing;
    bool is_short;
    bool has_bad_manifest; /* for its job.output line */
};

static struct output_faults draw_faults(const struct run *const run, const int64_t count)
{
    const struct ps_faults *const faults = &run->world->faults;
    const int64_t at_ms = run->work->at_ms;
    return (struct output_faults){
        .is_late = ps_faults_fire(faults, PS_FAULT_LATE, PS_OP_OUTPUT, count, at_ms) != NULL,
        .is_vanishing = ps_faults_fire(faults, PS_FAULT_VANISH, PS_OP_OUTPUT, count, at_ms) != NULL,
        .is_short = ps_faults_fire(faults, PS_FAULT_SHORT, PS_OP_OUTPUT, count, at_ms) != NULL,
    };
}

static const char *fault_name(const struct output_faults *const faults)
{
    return faults->is_short           ? "short"
           : faults->is_vanishing     ? "vanish"
           : faults->is_late          ? "late"
           : faults->has_bad_manifest ? "badmanifest"
                                      : "";
}

/* Makes the run's body an object. Lock held. */
static enum ps_status publish(struct run *const run, const struct ps_str key,
                              const struct output_faults *const faults, struct ps_error *const err)
{
    struct ps_str bucket = {NULL, 0};
    struct ps_str prefix = {NULL, 0};
    struct ps_checksums_result digests;
    PS_ASSERT(ps_pattern_split_uri(ps_str_of(run->work->output_uri), &bucket, &prefix));
    ps_body_file_end(run->body, &digests);
    ps_world_write_put(run->world,
                       &(struct ps_put_event){
                           .bucket = bucket,
                           .key = key,
                           .etag = ps_str_of(digests.md5_hex),
                           .by = ps_str_of(run->work->id),
                           .size_bytes = ps_body_file_size_bytes(run->body),
                           .body = ps_body_file_number(run->body),
                           .now_ms = run->work->at_ms,
                           .visible_ms = faults->is_late ? run->work->at_ms + LATE_MS : 0,
                           .vanishes = faults->is_vanishing,
                           .algorithm = digests.chosen,
                           .checksum = ps_str_of(digests.chosen_base64),
                       });
    struct ps_buf uri PS_CLEANUP(ps_buf_release);
    ps_buf_init(&uri, PS_TEXT_BYTES_MAX);
    ps_buf_add_format(&uri, "s3://%.*s/%.*s", PS_STR_ARGS(bucket), PS_STR_ARGS(key));
    struct ps_writer *const line =
        ps_events_begin(run->world->events, run->work->at_ms, "job.output");
    ps_writer_text(line, "job", ps_str_of(run->work->id));
    ps_writer_text(line, "object", ps_buf_str(&uri));
    ps_writer_number(line, "lines", run->lines);
    ps_writer_number(line, "size_bytes", ps_body_file_size_bytes(run->body));
    ps_writer_text_if(line, "fault", ps_str_of(fault_name(faults)));
    ps_events_end(run->world->events);
    const enum ps_status status = ps_world_commit(run->world, err);
    if (status == PS_OK) {
        ps_body_file_keep(run->body);
    }
    return status;
}

static void drop_body(struct run *const run)
{
    (void)ps_body_file_free(run->body);
    run->body = NULL;
    run->lines = 0;
}

static enum ps_status new_body(struct run *const run, struct ps_error *const err)
{
    drop_body(run);
    return ps_world_new_body(run->world, PS_CHECKSUM_CRC64NVME, &run->body, err);
}

/* The body again, ending in the middle of its last lines. */
static enum ps_status shorten(struct run *const run, struct ps_error *const err)
{
    struct ps_body_file *const whole = run->body;
    const int64_t size_bytes = ps_body_file_size_bytes(whole) * 3 / 4 - 1;
    run->body = NULL;
    enum ps_status status = ps_world_new_body(run->world, PS_CHECKSUM_CRC64NVME, &run->body, err);
    if (status == PS_OK) {
        status = ps_body_file_append(run->body, ps_body_file_number(whole),
                                     size_bytes > 0 ? size_bytes : 0, err);
    }
    (void)ps_body_file_free(whole);
    return status;
}

static enum ps_status process_file(struct run *const run, struct ps_error *const err)
{
    enum ps_status status = new_body(run, err);
    if (status == PS_OK) {
        status = process_lines(run, err);
    }
    if (status != PS_OK || run->lines == 0) {
        return status;
    }
    ps_world_lock(run->world);
    const struct output_faults faults = draw_faults(run, run->world->outputs + 1);
    ps_world_unlock(run->world);
    if (faults.is_short) {
        status = shorten(run, err);
    }
    if (status != PS_OK) {
        return status;
    }
    struct ps_buf key PS_CLEANUP(ps_buf_release);
    ps_buf_init(&key, PS_TEXT_BYTES_MAX);
    output_key(run, output_name(run), &key);
    ps_world_lock(run->world);
    status = publish(run, ps_buf_str(&key), &faults, err);
    ps_world_unlock(run->world);
    return status;
}

static void manifest_text(const struct run *const run, struct ps_buf *const text)
{
    const int64_t lie = run->work->fate.has_bad_manifest ? 1 : 0;
    ps_world_lock(run->world);
    const struct ps_job *const job =
        ps_jobs_find(&run->world->jobs, ps_str_of(run->work->id), PS_STR(""));
    struct ps_writer writer = {.buf = text};
    ps_writer_open(&writer, NULL, '{');
    ps_writer_number(&writer, "totalRecordCount", job->records);
    ps_writer_number(&writer, "processedRecordCount", job->logged + lie);
    ps_writer_number(&writer, "successRecordCount", job->success + lie);
    ps_writer_number(&writer, "errorRecordCount", job->errors);
    ps_writer_number(&writer, "inputTokenCount", job->input_tokens);
    ps_writer_number(&writer, "outputTokenCount", job->output_tokens);
    ps_writer_close(&writer, '}');
    ps_world_unlock(run->world);
}

static enum ps_status write_manifest(struct run *const run, struct ps_error *const err)
{
    struct ps_buf key PS_CLEANUP(ps_buf_release);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&key, PS_TEXT_BYTES_MAX);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    output_key(run, PS_STR("manifest.json"), &key);
    manifest_text(run, &text);
    enum ps_status status = new_body(run, err);
    if (status == PS_OK) {
        status = ps_body_file_write(run->body, ps_buf_str(&text), err);
    }
    if (status != PS_OK) {
        return status;
    }
    ps_world_lock(run->world);
    struct output_faults faults = draw_faults(run, run->world->outputs + 1);
    faults = (struct output_faults){.is_late = faults.is_late,
                                    .has_bad_manifest = run->work->fate.has_bad_manifest};
    status = publish(run, ps_buf_str(&key), &faults, err);
    ps_world_unlock(run->world);
    return status;
}

static int64_t count_others(struct ps_world *const world, const struct ps_job_work *const work)
{
    ps_world_lock(world);
    const int64_t count = ps_ledger_records(world->ledger) - work->logged;
    ps_world_unlock(world);
    return count;
}

enum ps_status ps_job_work_process(struct ps_world *const world,
                                   const struct ps_job_work *const work, struct ps_error *const err)
{
    struct ps_input_files files PS_CLEANUP(ps_input_files_release);
    ps_input_files_find(world, ps_str_of(work->input_uri), &files);
    struct run *run PS_CLEANUP(free_run) = calloc(1, sizeof *run);
    PS_ASSERT(run != NULL);
    run->world = world;
    run->work = work;
    run->files = &files;
    run->base_count = count_others(world, work);
    ps_prng_init(&run->prng, ps_world_draw(world, "process", work->number));
    ps_buf_init(&run->text, BLOCK_BYTES_MAX);
    enum ps_status status = PS_OK;
    for (size_t index = 0; index < files.count && status == PS_OK; index++) {
        run->file = &files.files[index];
        if (run->ordinal < work->due_records) {
            status = process_file(run, err);
        }
    }
    if (status == PS_OK && run->ordinal < work->due_records) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                            "cannot process '%s': it changed after it was checked",
                            work->input_uri);
    }
    if (status == PS_OK && run->ordinal > 0 && !work->fate.has_no_manifest) {
        status = write_manifest(run, err);
    }
    return status;
}
