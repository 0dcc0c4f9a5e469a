#include "sim/job_view.h"

#include "base/time.h"
#include "sim/event_fields.h"
#include "sim/stamp.h"

#include <stdlib.h>

static void write_time(struct ps_writer *const writer, const char *const name, const int64_t at_ms)
{
    char stamp[PS_STAMP_SIZE];
    ps_stamp_iso(at_ms, stamp);
    ps_writer_text(writer, name, ps_str_of(stamp));
}

static void write_place(struct ps_writer *const writer, yyjson_val *const request,
                        const char *const config, const char *const name, const struct ps_str owner)
{
    yyjson_val *const place = yyjson_obj_get(yyjson_obj_get(request, config), name);
    ps_writer_open(writer, config, '{');
    ps_writer_open(writer, name, '{');
    ps_writer_text_if(writer, "s3InputFormat", ps_event_text(place, "s3InputFormat"));
    ps_writer_text(writer, "s3Uri", ps_event_text(place, "s3Uri"));
    ps_writer_text_if(writer, "s3EncryptionKeyId", ps_event_text(place, "s3EncryptionKeyId"));
    ps_writer_text(writer, "s3BucketOwner", owner);
    ps_writer_close(writer, '}');
    ps_writer_close(writer, '}');
}

static void write_request(struct ps_writer *const writer, const struct ps_job *const job)
{
    const struct ps_str text = ps_str_of(job->request);
    yyjson_doc *const doc = yyjson_read(text.data, text.size, 0);
    yyjson_val *const request = yyjson_doc_get_root(doc);
    yyjson_val *const vpc = yyjson_obj_get(request, "vpcConfig");
    write_place(writer, request, "inputDataConfig", "s3InputDataConfig", ps_str_of(job->owner_in));
    write_place(writer, request, "outputDataConfig", "s3OutputDataConfig",
                ps_str_of(job->owner_out));
    if (yyjson_is_obj(vpc)) {
        size_t size = 0;
        char *vpc_text PS_CLEANUP(ps_str_free_auto) = yyjson_val_write(vpc, 0, &size);
        ps_writer_name(writer, "vpcConfig");
        ps_buf_add(writer->buf, (struct ps_str){vpc_text, vpc_text != NULL ? size : 0});
    }
    yyjson_doc_free(doc);
}

/* While a job runs its counters lag: they are those of the last whole minute. */
static void write_counters(struct ps_jobs *const jobs, const struct ps_job *const job,
                           const int64_t now_ms, struct ps_writer *const writer)
{
    int64_t total = job->records;
    int64_t processed = job->logged;
    int64_t success = job->success;
    if (!ps_job_state_is_end(job->state)) {
        const int64_t seen_ms = now_ms - now_ms % PS_MINUTE_MS;
        processed = ps_jobs_processed_at(jobs, job, seen_ms);
        processed = job->state == PS_STATE_STOPPING ? job->due_records : processed;
        success = processed;
        total = job->started_ms > 0 ? total : 0;
    }
    ps_writer_number(writer, "totalRecordCount", total);
    ps_writer_number(writer, "processedRecordCount", processed);
    ps_writer_number(writer, "successRecordCount", success);
    ps_writer_number(writer, "errorRecordCount", processed - success);
}

void ps_job_view_write(struct ps_jobs *const jobs, const struct ps_job *const job,
                       const int64_t now_ms, const bool is_whole, struct ps_writer *const writer)
{
    ps_writer_open(writer, NULL, '{');
    ps_writer_text(writer, "jobArn", ps_str_of(job->arn));
    ps_writer_text(writer, "jobName", ps_str_of(job->name));
    ps_writer_text(writer, "modelId", ps_str_of(job->model_arn));
    if (is_whole) {
        ps_writer_text_if(writer, "clientRequestToken", ps_str_of(job->token));
        ps_writer_text_if(writer, "message", ps_str_of(job->message));
    }
    ps_writer_text(writer, "roleArn", ps_str_of(job->role_arn));
    ps_writer_text(writer, "status", ps_str_of(ps_job_state_name(job->state)));
    write_time(writer, "submitTime", job->submitted_ms);
    write_time(writer, "lastModifiedTime", job->modified_ms);
    if (job->shown_end_ms > 0) {
        write_time(writer, "endTime", job->shown_end_ms);
    }
    write_request(writer, job);
    ps_writer_number(writer, "timeoutDurationInHours", job->timeout_hours);
    write_time(writer, "jobExpirationTime", ps_job_expires_ms(job));
    ps_writer_text(writer, "modelInvocationType",
                   job->family == PS_FAMILY_CONVERSE ? PS_STR("Converse") : PS_STR("InvokeModel"));
    if (!job->fate.has_no_counts) {
        write_counters(jobs, job, now_ms, writer);
    }
    ps_writer_close(writer, '}');
}
