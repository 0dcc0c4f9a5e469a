#include "core/wish.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

static const char *const wish_names[PS_WISH_KIND_COUNT] = {
    [PS_WISH_IDENTITY] = "identity",
    [PS_WISH_PUT_SHARD] = "put_shard",
    [PS_WISH_LIST_OBJECTS] = "list_objects",
    [PS_WISH_GET_OBJECT] = "get_object",
    [PS_WISH_DELETE_OBJECT] = "delete_object",
    [PS_WISH_ABORT_UPLOADS] = "abort_uploads",
    [PS_WISH_CREATE_JOB] = "create_job",
    [PS_WISH_GET_JOB] = "get_job",
    [PS_WISH_LIST_JOBS] = "list_jobs",
    [PS_WISH_STOP_JOB] = "stop_job",
    [PS_WISH_INVOKE] = "invoke",
    [PS_WISH_CUT_JOBS] = "cut_jobs",
    [PS_WISH_LOAD_SHARDS] = "load_shards",
    [PS_WISH_LOAD_CALLS] = "load_calls",
    [PS_WISH_TALLY] = "tally",
    [PS_WISH_CLOSE_JOB] = "close_job",
    [PS_WISH_HOLD_FOREIGN] = "hold_foreign",
    [PS_WISH_GIVE_UP] = "give_up",
};

static const char *const job_status_names[] = {
    [PS_JOB_SUBMITTED] = "Submitted",
    [PS_JOB_VALIDATING] = "Validating",
    [PS_JOB_SCHEDULED] = "Scheduled",
    [PS_JOB_IN_PROGRESS] = "InProgress",
    [PS_JOB_STOPPING] = "Stopping",
    [PS_JOB_COMPLETED] = "Completed",
    [PS_JOB_PARTIALLY_COMPLETED] = "PartiallyCompleted",
    [PS_JOB_FAILED] = "Failed",
    [PS_JOB_STOPPED] = "Stopped",
    [PS_JOB_EXPIRED] = "Expired",
    [PS_JOB_STATUS_UNKNOWN] = "?",
};

const char *ps_wish_name(const enum ps_wish_kind kind)
{
    PS_ASSERT(kind >= 0 && kind < PS_WISH_KIND_COUNT);
    return wish_names[kind];
}

bool ps_wish_is_local(const enum ps_wish_kind kind)
{
    return kind >= PS_WISH_CUT_JOBS;
}

bool ps_job_status_is_terminal(const enum ps_job_status status)
{
    return status >= PS_JOB_COMPLETED && status <= PS_JOB_EXPIRED;
}

enum ps_job_status ps_job_status_of(const struct ps_str word)
{
    for (int status = PS_JOB_SUBMITTED; status < PS_JOB_STATUS_UNKNOWN; status++) {
        if (ps_str_equals_text(word, job_status_names[status])) {
            return (enum ps_job_status)status;
        }
    }
    return PS_JOB_STATUS_UNKNOWN;
}

const char *ps_job_status_name(const enum ps_job_status status)
{
    PS_ASSERT(status >= PS_JOB_SUBMITTED && status <= PS_JOB_STATUS_UNKNOWN);
    return job_status_names[status];
}

static void release_job(struct ps_job_view *const job)
{
    free(job->arn);
    free(job->name);
    free(job->model);
    free(job->token);
    free(job->input_uri);
    free(job->output_uri);
    free(job->message);
}

void ps_fact_release(struct ps_fact *const fact)
{
    for (int64_t job = 0; job < fact->job_count; job++) {
        release_job(&fact->jobs[job]);
    }
    for (int64_t object = 0; object < fact->object_count; object++) {
        free(fact->objects[object].key);
        free(fact->objects[object].etag);
    }
    free(fact->jobs);
    free(fact->objects);
    free(fact->shards);
    free(fact->shapes);
    free(fact->calls);
    free(fact->text);
    free(fact->caller);
    memset(fact, 0, sizeof(*fact));
}
