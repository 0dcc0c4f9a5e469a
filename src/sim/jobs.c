#include "sim/jobs.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"
#include "sim/event_fields.h"
#include "sim/job_pace.h"
#include "sim/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUCK_MS (3 * PS_HOUR_MS)
#define EXPIRY_BY_FAULT_MS (10 * PS_MINUTE_MS)

static const char *const state_names[PS_STATE_COUNT] = {
    [PS_STATE_SUBMITTED] = "Submitted",
    [PS_STATE_VALIDATING] = "Validating",
    [PS_STATE_SCHEDULED] = "Scheduled",
    [PS_STATE_IN_PROGRESS] = "InProgress",
    [PS_STATE_STOPPING] = "Stopping",
    [PS_STATE_COMPLETED] = "Completed",
    [PS_STATE_PARTIALLY_COMPLETED] = "PartiallyCompleted",
    [PS_STATE_FAILED] = "Failed",
    [PS_STATE_STOPPED] = "Stopped",
    [PS_STATE_EXPIRED] = "Expired",
};

const char *ps_job_state_name(const enum ps_job_state state)
{
    return state_names[state];
}

enum ps_job_state ps_job_state_of(const struct ps_str name)
{
    for (int state = 0; state < PS_STATE_COUNT; state++) {
        if (ps_str_equals_text(name, state_names[state])) {
            return (enum ps_job_state)state;
        }
    }
    return PS_STATE_COUNT;
}

bool ps_job_state_is_end(const enum ps_job_state state)
{
    return state >= PS_STATE_COMPLETED;
}

static void job_free(struct ps_job *const job)
{
    free(job->arn);
    free(job->name);
    free(job->token);
    free(job->model_arn);
    free(job->base_model);
    free(job->region);
    free(job->role_arn);
    free(job->input_uri);
    free(job->output_uri);
    free(job->owner_in);
    free(job->owner_out);
    free(job->run);
    free(job->request);
    free(job->parameters_sha256);
    free(job->message);
    ps_rates_flow_release(&job->flow);
    free(job);
}

void ps_jobs_release(struct ps_jobs *const jobs)
{
    for (size_t index = 0; index < jobs->count; index++) {
        job_free(jobs->jobs[index]);
    }
    free(jobs->jobs);
    ps_job_pools_release(jobs);
    memset(jobs, 0, sizeof *jobs);
}

static struct ps_job_fate read_fate(yyjson_val *const event)
{
    yyjson_val *const fate = yyjson_obj_get(event, "fate");
    return (struct ps_job_fate){
        .is_failing = ps_event_bool(fate, "fail"),
        .is_partial = ps_event_bool(fate, "partial"),
        .is_expiring = ps_event_bool(fate, "expire"),
        .is_stuck = ps_event_bool(fate, "stuck"),
        .is_stopped = ps_event_bool(fate, "stopped"),
        .has_no_manifest = ps_event_bool(fate, "nomanifest"),
        .has_bad_manifest = ps_event_bool(fate, "badmanifest"),
        .has_no_counts = ps_event_bool(fate, "nocounts"),
        .is_flat = ps_event_bool(fate, "flatten"),
    };
}

static void read_job(struct ps_job *const job, yyjson_val *const event)
{
    const struct ps_str id = ps_event_text(event, "job");
    (void)snprintf(job->id, sizeof job->id, "%.*s", PS_STR_ARGS(id));
    job->arn = ps_event_dup(event, "arn");
    job->name = ps_event_dup(event, "name");
    job->token = ps_event_dup(event, "token");
    job->model_arn = ps_event_dup(event, "model_arn");
    job->base_model = ps_event_dup(event, "base_model");
    job->region = ps_event_dup(event, "region");
    job->role_arn = ps_event_dup(event, "role_arn");
    job->input_uri = ps_event_dup(event, "input_uri");
    job->output_uri = ps_event_dup(event, "output_uri");
    job->owner_in = ps_event_dup(event, "bucket_owner_in");
    job->owner_out = ps_event_dup(event, "bucket_owner_out");
    job->run = ps_event_dup(event, "run");
    job->request = ps_event_dup(event, "request");
    job->parameters_sha256 = ps_event_dup(event, "parameters_sha256");
    job->message = ps_str_dup(PS_STR(""));
    job->fate = read_fate(event);
    job->timeout_hours = ps_event_number(event, "timeout_hours");
    job->startup_ms = ps_event_number(event, "startup_ms");
    job->submitted_ms = ps_event_number(event, "submitted_ms");
    job->modified_ms = job->submitted_ms;
}

static void apply_created(struct ps_jobs *const jobs, yyjson_val *const event)
{
    struct ps_job *const job = calloc(1, sizeof *job);
    jobs->jobs = realloc(jobs->jobs, (jobs->count + 1) * sizeof(struct ps_job *));
    PS_ASSERT(job != NULL && jobs->jobs != NULL);
    read_job(job, event);
    job->number = (int64_t)jobs->count + 1;
    job->limits = ps_limits_for(jobs->limits, ps_str_of(job->base_model), ps_str_of(job->region));
    bool is_batch = false;
    if (ps_str_equals_text(ps_event_text(event, "invocation_type"), "Converse")) {
        job->family = PS_FAMILY_CONVERSE;
    } else if (!ps_model_family(ps_str_of(job->base_model), &job->family, &is_batch)) {
        job->family = PS_FAMILY_OPENAI;
    }
    jobs->jobs[jobs->count++] = job;
}

static bool is_running(const struct ps_job *const job)
{
    return job->state == PS_STATE_IN_PROGRESS;
}

static void apply_state(struct ps_jobs *const jobs, yyjson_val *const event)
{
    struct ps_job *const job = ps_jobs_find(jobs, ps_event_text(event, "job"), PS_STR(""));
    const enum ps_job_state state = ps_job_state_of(ps_event_text(event, "status"));
    if (job == NULL || state == PS_STATE_COUNT) {
        return;
    }
    const int64_t at_ms = ps_event_number(event, "at_ms");
    if (is_running(job)) {
        ps_job_pace_end(job, at_ms);
    }
    job->state = state;
    job->modified_ms = at_ms;
    if (yyjson_obj_get(event, "message") != NULL) {
        free(job->message);
        job->message = ps_event_dup(event, "message");
    }
    if (state == PS_STATE_SCHEDULED) {
        job->records = ps_event_number(event, "records");
        job->tokens = ps_event_number(event, "tokens");
    } else if (state == PS_STATE_IN_PROGRESS) {
        job->started_ms = at_ms;
        ps_job_pace_begin(jobs, job, at_ms);
    } else if (state == PS_STATE_STOPPING) {
        job->stop_due_ms = ps_event_number(event, "stop_due_ms");
        job->due_records = ps_event_number(event, "due_records");
    } else if (ps_job_state_is_end(state)) {
        job->ended_ms = at_ms;
        job->shown_end_ms = ps_event_number(event, "end_ms");
        job->processed = ps_event_number(event, "processed");
    }
}

static void apply_record(struct ps_jobs *const jobs, yyjson_val *const event)
{
    struct ps_job *const job = ps_jobs_find(jobs, ps_event_text(event, "job"), PS_STR(""));
    if (job == NULL) {
        return;
    }
    job->logged++;
    if (ps_event_bool(event, "is_billed")) {
        job->success++;
    } else {
        job->errors++;
    }
    job->input_tokens += ps_event_number(event, "input_tokens");
    job->output_tokens += ps_event_number(event, "output_tokens");
}

bool ps_jobs_apply(struct ps_jobs *const jobs, const struct ps_str kind, yyjson_val *const event)
{
    if (ps_str_equals_text(kind, "record")) {
        apply_record(jobs, event);
    } else if (ps_str_equals_text(kind, "job.state")) {
        apply_state(jobs, event);
    } else if (ps_str_equals_text(kind, "job.created")) {
        apply_created(jobs, event);
    } else {
        return false;
    }
    return true;
}

static bool is_in(const struct ps_job *const job, const struct ps_str region)
{
    return region.size == 0 || ps_str_equals_text(region, job->region);
}

struct ps_job *ps_jobs_find(const struct ps_jobs *const jobs, const struct ps_str id,
                            const struct ps_str region)
{
    /* The newest first: it is the one most asked for. */
    for (size_t index = jobs->count; index > 0; index--) {
        struct ps_job *const job = jobs->jobs[index - 1];
        if (ps_str_equals_text(id, job->id) && is_in(job, region)) {
            return job;
        }
    }
    return NULL;
}

struct ps_job *ps_jobs_find_name(const struct ps_jobs *const jobs, const struct ps_str name,
                                 const struct ps_str region)
{
    for (size_t index = jobs->count; index > 0; index--) {
        struct ps_job *const job = jobs->jobs[index - 1];
        if (ps_str_equals_text(name, job->name) && is_in(job, region)) {
            return job;
        }
    }
    return NULL;
}

struct ps_job *ps_jobs_find_token(const struct ps_jobs *const jobs, const struct ps_str token,
                                  const struct ps_str region)
{
    for (size_t index = jobs->count; index > 0 && token.size > 0; index--) {
        struct ps_job *const job = jobs->jobs[index - 1];
        if (ps_str_equals_text(token, job->token) && is_in(job, region)) {
            return job;
        }
    }
    return NULL;
}

int64_t ps_jobs_live(const struct ps_jobs *const jobs, const struct ps_str base_model,
                     const struct ps_str region)
{
    int64_t count = 0;
    for (size_t index = 0; index < jobs->count; index++) {
        const struct ps_job *const job = jobs->jobs[index];
        if (!ps_job_state_is_end(job->state) && is_in(job, region) &&
            ps_str_equals_text(base_model, job->base_model)) {
            count++;
        }
    }
    return count;
}

int64_t ps_job_expires_ms(const struct ps_job *const job)
{
    return job->submitted_ms + job->timeout_hours * PS_HOUR_MS;
}

int64_t ps_jobs_processed_at(struct ps_jobs *const jobs, const struct ps_job *const job,
                             const int64_t at_ms)
{
    int64_t processed = 0;
    if (!is_running(job) || job->records == 0) {
        return 0;
    }
    if (job->pool != NULL) {
        ps_job_pace_advance(jobs, job->pool, at_ms);
        return ps_rates_flow_records(&job->flow);
    }
    const int64_t whole_ms = ps_job_pace_own_ms(job);
    const int64_t passed_ms = at_ms - job->started_ms;
    const int64_t part_ms = passed_ms < 0 ? 0 : passed_ms > whole_ms ? whole_ms : passed_ms;
    PS_ASSERT(ps_muldiv_i64(job->records, part_ms, whole_ms, &processed));
    return processed;
}

bool ps_jobs_settle(struct ps_jobs *const jobs, const struct ps_job *const job, const int64_t at_ms)
{
    if (!is_running(job) || job->pool == NULL || job->done_ms > 0 ||
        at_ms >= ps_job_expires_ms(job)) {
        return true;
    }
    ps_job_pace_advance(jobs, job->pool, at_ms);
    return false;
}

static int64_t later(const int64_t one_ms, const int64_t other_ms)
{
    return one_ms > other_ms ? one_ms : other_ms;
}

int64_t ps_jobs_tick_ms(const int64_t at_ms)
{
    return (at_ms / PS_MINUTE_MS + 1) * PS_MINUTE_MS;
}

/* On a minute's tick, as the service has it, unless the lane says how long a start takes. */
static int64_t validated_ms(const struct ps_job *const job)
{
    const int64_t at_ms = job->submitted_ms + job->startup_ms / 2;
    return job->limits->startup_ms > 0 ? at_ms : ps_jobs_tick_ms(at_ms);
}

/* Without a look at the timeout. */
static int64_t next_ms(const struct ps_job *const job)
{
    const int64_t startup_ms = job->startup_ms + (job->fate.is_stuck ? STUCK_MS : 0);
    switch (job->state) {
    case PS_STATE_SUBMITTED:
        return job->submitted_ms + job->startup_ms / 8;
    case PS_STATE_VALIDATING:
        return validated_ms(job);
    case PS_STATE_SCHEDULED:
        return later(job->modified_ms, job->submitted_ms + startup_ms +
                                           (job->fate.is_expiring ? EXPIRY_BY_FAULT_MS : 0));
    case PS_STATE_IN_PROGRESS:
        return job->pool != NULL
                   ? ps_job_pace_due_ms(job)
                   : job->started_ms + ps_job_pace_own_ms(job) / (ps_job_pace_is_half(job) ? 2 : 1);
    case PS_STATE_STOPPING:
        return job->stop_due_ms;
    default:
        return INT64_MAX;
    }
}

int64_t ps_jobs_due_ms(const struct ps_job *const job)
{
    if (job->is_busy || ps_job_state_is_end(job->state)) {
        return INT64_MAX;
    }
    const int64_t due_ms = next_ms(job);
    const int64_t expires_ms = ps_job_expires_ms(job);
    return due_ms < expires_ms || job->state == PS_STATE_STOPPING ? due_ms : expires_ms;
}
