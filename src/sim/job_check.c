#include "sim/job_work.h"

#include "base/assert.h"
#include "base/limits.h"
#include "sim/canonical.h"
#include "sim/event_fields.h"
#include "sim/job_input.h"
#include "sim/patterns.h"
#include "sim/record.h"
#include "sim/world_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ps_job_work_init(struct ps_job_work *const work, const struct ps_job *const job)
{
    memset(work, 0, sizeof *work);
    memcpy(work->id, job->id, sizeof work->id);
    work->number = job->number;
    work->region = ps_str_dup(ps_str_of(job->region));
    work->base_model = ps_str_dup(ps_str_of(job->base_model));
    work->input_uri = ps_str_dup(ps_str_of(job->input_uri));
    work->output_uri = ps_str_dup(ps_str_of(job->output_uri));
    work->run = ps_str_dup(ps_str_of(job->run));
    work->role_arn = ps_str_dup(ps_str_of(job->role_arn));
    work->family = job->family;
    work->fate = job->fate;
    work->limits = job->limits;
    work->started_ms = job->started_ms;
    work->logged = job->logged;
}

static void *copy_of(const void *const rows, const size_t size)
{
    void *const copy = malloc(size + 1);
    PS_ASSERT(copy != NULL);
    if (size > 0) {
        memcpy(copy, rows, size);
    }
    return copy;
}

void ps_job_work_take_pace(struct ps_job_work *const work, const struct ps_job *const job)
{
    const struct ps_rates_flow *const flow = &job->flow;
    if (job->pool != NULL) {
        work->is_paced = true;
        work->flow = *flow;
        work->flow.stretches =
            copy_of(flow->stretches, flow->stretch_count * sizeof *flow->stretches);
        work->flow.points = copy_of(flow->points, flow->point_count * sizeof *flow->points);
    }
}

void ps_job_work_release(struct ps_job_work *const work)
{
    free(work->region);
    free(work->base_model);
    free(work->input_uri);
    free(work->output_uri);
    free(work->run);
    free(work->role_arn);
    ps_rates_flow_release(&work->flow);
    memset(work, 0, sizeof *work);
}

int64_t ps_job_work_tokens(const struct ps_job_work *const work,
                           const struct ps_model_answer *const answer)
{
    return answer->input_tokens + answer->output_tokens * work->limits->burndown;
}

static void fail(struct ps_job_check *const check, const char *const format, ...) PS_PRINTF(2, 3);

static void fail(struct ps_job_check *const check, const char *const format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(check->message, sizeof check->message, format, arguments);
    va_end(arguments);
}

/* One object's lines: counts them, and what they will cost. False after a failure. */
static bool check_file(struct ps_world *const world, const struct ps_job_work *const work,
                       const struct ps_input_file *const file, struct ps_job_check *const check)
{
    struct ps_error err;
    struct ps_lines *lines PS_CLEANUP(ps_lines_auto) = NULL;
    enum ps_status status = ps_lines_open(world->data_folder, file->body, &lines, &err);
    struct ps_record record PS_CLEANUP(ps_record_release);
    ps_record_init(&record);
    int64_t count = 0;
    struct ps_str line = {NULL, 0};
    while (status == PS_OK) {
        status = ps_lines_next(lines, &line, &err);
        if (status != PS_OK) {
            break;
        }
        count++;
        if (!ps_record_read(&record, line, work)) {
            fail(check, "Line %" PRId64 " of the input file %s is not a valid JSON object.", count,
                 file->key);
            return false;
        }
        check->tokens += ps_job_work_tokens(work, &record.answer);
    }
    if (status != PS_E_NOT_FOUND) {
        fail(check, "The input file %s could not be read: %s", file->key, err.message);
        return false;
    }
    check->records += count;
    if (count > work->limits->shard_records) {
        fail(check,
             "Input file contains more records (%" PRId64 ") than the allowed maximum of: %" PRId64,
             count, work->limits->shard_records);
        return false;
    }
    return true;
}

/* Where input and output are, and how much it is. The texts are ours: AWS publishes none of them.
 */
static bool check_places(struct ps_world *const world, const struct ps_job_work *const work,
                         const struct ps_input_files *const files, struct ps_job_check *const check)
{
    struct ps_input_files output;
    ps_input_files_find(world, ps_str_of(work->output_uri), &output);
    const bool is_output_here = strcmp(output.bucket_region, work->region) == 0;
    ps_input_files_release(&output);
    if (strcmp(work->role_arn, world->identity.role_arn) != 0) {
        fail(check, "Amazon Bedrock cannot assume the role %s: check its trust policy.",
             work->role_arn);
    } else if (strcmp(files->bucket_region, work->region) != 0) {
        fail(check, "The input bucket %s does not exist in the job's Region.", files->bucket);
    } else if (!is_output_here) {
        fail(check, "The output location %s is not in a bucket of the job's Region.",
             work->output_uri);
    } else if (files->is_single &&
               !ps_str_ends_with(ps_str_of(files->files[0].key), PS_STR(".jsonl"))) {
        fail(check, "The input file %s must have the extension .jsonl.", files->files[0].key);
    } else if (files->count == 0) {
        fail(check, "No .jsonl file was found at the input location %s.", work->input_uri);
    } else if (work->limits->files > 0 && (int64_t)files->count > work->limits->files) {
        fail(check, "Batch job contains more files (%zu) than the allowed maximum of: %" PRId64,
             files->count, work->limits->files);
    }
    return check->message[0] == '\0';
}

static bool check_sizes(const struct ps_job_work *const work,
                        const struct ps_input_files *const files, struct ps_job_check *const check)
{
    int64_t job_bytes = 0;
    for (size_t index = 0; index < files->count; index++) {
        const struct ps_input_file *const file = &files->files[index];
        job_bytes += file->size_bytes;
        if (work->limits->shard_bytes > 0 && file->size_bytes > work->limits->shard_bytes) {
            fail(check,
                 "Input file size (%" PRId64 " bytes) exceeds the allowed maximum of: %" PRId64,
                 file->size_bytes, work->limits->shard_bytes);
            return false;
        }
    }
    if (work->limits->job_bytes > 0 && job_bytes > work->limits->job_bytes) {
        fail(check, "Batch job size (%" PRId64 " bytes) exceeds the allowed maximum of: %" PRId64,
             job_bytes, work->limits->job_bytes);
        return false;
    }
    return true;
}

static void check_counts(const struct ps_job_work *const work, struct ps_job_check *const check)
{
    if (check->records < work->limits->min_records) {
        /* Seen at AWS, word for word. */
        fail(check,
             "Batch job contains less records (%" PRId64 ") than the required minimum of: %" PRId64,
             check->records, work->limits->min_records);
    } else if (check->records > work->limits->job_records) {
        fail(check,
             "Batch job contains more records (%" PRId64 ") than the allowed maximum of: %" PRId64,
             check->records, work->limits->job_records);
    }
}

void ps_job_work_check(struct ps_world *const world, const struct ps_job_work *const work,
                       struct ps_job_check *const ret_check)
{
    struct ps_input_files files;
    memset(ret_check, 0, sizeof *ret_check);
    ps_input_files_find(world, ps_str_of(work->input_uri), &files);
    bool is_fine =
        check_places(world, work, &files, ret_check) && check_sizes(work, &files, ret_check);
    for (size_t index = 0; index < files.count && is_fine; index++) {
        is_fine = check_file(world, work, &files.files[index], ret_check);
    }
    if (is_fine) {
        check_counts(work, ret_check);
    }
    ps_input_files_release(&files);
}
