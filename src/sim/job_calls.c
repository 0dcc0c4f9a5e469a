#include "sim/job_calls.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/time.h"
#include "sim/event_fields.h"
#include "sim/job_fields.h"
#include "sim/job_view.h"
#include "sim/model.h"
#include "base/prng.h"
#include "sim/patterns.h"
#include "sim/stamp.h"
#include "sim/world_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- create ---- */

struct creation {
    struct ps_world *world;
    const struct ps_call *call;
    const struct ps_job_fields *fields;
    struct ps_str region;
    struct ps_str body;
    struct ps_str base_model;
    const struct ps_sim_limits *limits;
    int64_t number;
    int64_t live; /* with this one */
    char id[PS_JOB_ID_SIZE];
};

/* Whether the caller may use role and model. */
static bool check_model_and_role(const struct creation *const creation,
                                 struct ps_refusal *const ret_refusal)
{
    enum ps_family family = PS_FAMILY_OPENAI;
    bool is_batch = false;
    const struct ps_identity *const identity = &creation->world->identity;
    if (!ps_model_family(creation->base_model, &family, &is_batch)) {
        return ps_refuse(ret_refusal, 400, "ValidationException",
                         "The provided model identifier is invalid.");
    }
    if (!is_batch) {
        return ps_refuse(ret_refusal, 400, "ValidationException",
                         "Batch inference is not supported for the requested model");
    }
    /* A role that nobody knows may not be passed either; one with another trust fails later. */
    if (!ps_str_equals_text(creation->fields->role_arn, identity->role_arn) &&
        !ps_str_equals_text(creation->fields->role_arn, identity->caller_role_arn)) {
        return ps_refuse(ret_refusal, 403, "AccessDeniedException",
                         "User: %s is not authorized to perform: iam:PassRole on resource: %.*s",
                         identity->user_arn, PS_STR_ARGS(creation->fields->role_arn));
    }
    return true;
}

/* The text is not published; that a repeated name is refused was reported by a user of the service.
 */
static bool check_name(const struct creation *const creation, struct ps_refusal *const ret_refusal)
{
    if (!creation->call->is_any_name &&
        ps_jobs_find_name(&creation->world->jobs, creation->fields->name, creation->region) !=
            NULL) {
        return ps_refuse(ret_refusal, 400, "ValidationException",
                         "The provided job name is already in use: %.*s",
                         PS_STR_ARGS(creation->fields->name));
    }
    return true;
}

static bool check_quota(const struct creation *const creation, struct ps_refusal *const ret_refusal)
{
    if (creation->live > creation->limits->jobs) {
        return ps_refuse(ret_refusal, 400, "ServiceQuotaExceededException",
                         "You have reached the limit of %lld in-progress and submitted batch "
                         "inference jobs for this model.",
                         (long long)creation->limits->jobs);
    }
    return true;
}

static void draw_id(struct creation *const creation)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    struct ps_prng prng;
    ps_prng_init(&prng, ps_world_draw(creation->world, "job id", creation->number));
    for (size_t at = 0; at + 1 < sizeof creation->id; at++) {
        creation->id[at] = letters[ps_prng_below(&prng, (int64_t)sizeof letters - 1)];
    }
    creation->id[sizeof creation->id - 1] = '\0';
}

static int64_t draw_startup_ms(const struct creation *const creation)
{
    if (creation->limits->startup_ms > 0) {
        return creation->limits->startup_ms;
    }
    return ps_startup_delay_ms(&creation->world->startup,
                               ps_world_draw(creation->world, "startup", creation->number));
}

static void write_fate(const struct creation *const creation, struct ps_writer *const line)
{
    static const enum ps_fault_kind kinds[] = {
        PS_FAULT_FAIL,        PS_FAULT_PARTIAL,  PS_FAULT_EXPIRE,
        PS_FAULT_STUCK,       PS_FAULT_STOPPED,  PS_FAULT_NOMANIFEST,
        PS_FAULT_BADMANIFEST, PS_FAULT_NOCOUNTS, PS_FAULT_FLATTEN};
    ps_writer_open(line, "fate", '{');
    for (size_t index = 0; index < sizeof kinds / sizeof kinds[0]; index++) {
        if (ps_faults_fire(&creation->world->faults, kinds[index], PS_OP_JOB, creation->number,
                           creation->call->now_ms) != NULL) {
            ps_writer_bool(line, ps_fault_kind_name(kinds[index]), true);
        }
    }
    ps_writer_close(line, '}');
}

/* The uri of the input before its last segment "in", else before its last segment (docs/EVENTS.md).
 */
static struct ps_str run_of(const struct ps_str uri)
{
    struct ps_str folder = uri;
    while (folder.size > 0 && folder.data[folder.size - 1] == '/') {
        folder.size--;
    }
    for (size_t at = uri.size; at >= 4; at--) {
        if (memcmp(uri.data + at - 4, "/in/", 4) == 0) {
            return ps_str_part(uri, 0, at - 4);
        }
    }
    while (folder.size > 0 && folder.data[folder.size - 1] != '/') {
        folder.size--;
    }
    return folder.size > strlen("s3://") ? ps_str_part(folder, 0, folder.size - 1) : uri;
}

/* Plain ids become ARNs: of a profile when they begin with a geography, else of a base model. */
static void write_model_arn(const struct creation *const creation, struct ps_writer *const line)
{
    const struct ps_str model = creation->fields->model;
    struct ps_buf arn PS_CLEANUP(ps_buf_release);
    ps_buf_init(&arn, PS_TEXT_BYTES_MAX);
    if (ps_str_starts_with(model, PS_STR("arn:"))) {
        ps_buf_add(&arn, model);
    } else if (creation->base_model.size < model.size) {
        ps_buf_add_format(&arn, "arn:aws:bedrock:%.*s:%s:inference-profile/%.*s",
                          PS_STR_ARGS(creation->region), creation->world->identity.account_id,
                          PS_STR_ARGS(model));
    } else {
        ps_buf_add_format(&arn, "arn:aws:bedrock:%.*s::foundation-model/%.*s",
                          PS_STR_ARGS(creation->region), PS_STR_ARGS(model));
    }
    ps_writer_text(line, "model_arn", ps_buf_str(&arn));
}

static struct ps_str or_account(const struct creation *const creation, const struct ps_str owner)
{
    return owner.size > 0 ? owner : ps_str_of(creation->world->identity.account_id);
}

static void write_created(const struct creation *const creation)
{
    const struct ps_job_fields *const fields = creation->fields;
    char arn[256];
    (void)snprintf(arn, sizeof arn, "arn:aws:bedrock:%.*s:%s:model-invocation-job/%s",
                   PS_STR_ARGS(creation->region), creation->world->identity.account_id,
                   creation->id);
    struct ps_writer *const line =
        ps_events_begin(creation->world->events, creation->call->now_ms, "job.created");
    ps_writer_text(line, "job", ps_str_of(creation->id));
    ps_writer_text(line, "arn", ps_str_of(arn));
    ps_writer_text(line, "name", fields->name);
    ps_writer_text_if(line, "token", fields->token);
    ps_writer_text(line, "model", fields->model);
    write_model_arn(creation, line);
    ps_writer_text(line, "base_model", creation->base_model);
    ps_writer_text(line, "region", creation->region);
    ps_writer_text(line, "role_arn", fields->role_arn);
    ps_writer_text(line, "invocation_type", fields->invocation_type);
    ps_writer_text(line, "input_uri", fields->input_uri);
    ps_writer_text(line, "output_uri", fields->output_uri);
    ps_writer_text(line, "run", run_of(fields->input_uri));
    ps_writer_number(line, "timeout_hours", fields->timeout_hours);
    ps_writer_number(line, "submitted_ms", ps_events_time_ms(creation->world->events));
    ps_writer_number(line, "startup_ms", draw_startup_ms(creation));
    write_fate(creation, line);
    ps_writer_text(line, "parameters_sha256", ps_str_of(fields->parameters_sha256));
    ps_writer_text(line, "bucket_owner_in", or_account(creation, fields->owner_in));
    ps_writer_text(line, "bucket_owner_out", or_account(creation, fields->owner_out));
    ps_writer_text(line, "lane", ps_str_of(creation->limits->name));
    ps_writer_number(line, "live_jobs", creation->live);
    ps_writer_number(line, "live_jobs_max", creation->limits->jobs);
    ps_writer_text(line, "request", creation->body);
    ps_events_end(creation->world->events);
}

/* What was accepted is looked at once more, from the table alone. */
static void write_breach(const struct creation *const creation)
{
    const int64_t live =
        ps_jobs_live(&creation->world->jobs, creation->base_model, creation->region);
    if (live > creation->limits->jobs) {
        struct ps_writer *const line =
            ps_events_begin(creation->world->events, creation->call->now_ms, "breach");
        ps_writer_text(line, "lane", ps_str_of(creation->limits->name));
        ps_writer_text(line, "limit", PS_STR("jobs"));
        ps_writer_number(line, "value", live);
        ps_writer_number(line, "limit_value", creation->limits->jobs);
        ps_writer_text(line, "job", ps_str_of(creation->id));
        (void)!ps_world_commit(creation->world, NULL);
    }
}

static void add_arn(struct ps_buf *const answer, const char *const arn)
{
    struct ps_writer writer = {.buf = answer};
    ps_writer_open(&writer, NULL, '{');
    ps_writer_text(&writer, "jobArn", ps_str_of(arn));
    ps_writer_close(&writer, '}');
}

/* Lock held. *ret_job: the job with this token, if it is one that is remembered. */
static bool find_earlier(const struct creation *const creation, struct ps_job **const ret_job,
                         struct ps_refusal *const ret_refusal)
{
    *ret_job =
        creation->call->is_token_forgotten
            ? NULL
            : ps_jobs_find_token(&creation->world->jobs, creation->fields->token, creation->region);
    if (*ret_job != NULL &&
        strcmp((*ret_job)->parameters_sha256, creation->fields->parameters_sha256) != 0) {
        return ps_refuse(ret_refusal, 400, "ConflictException",
                         "The client request token was used before with other parameters.");
    }
    return true;
}

static bool create(struct creation *const creation, struct ps_job **const ret_job,
                   struct ps_refusal *const ret_refusal)
{
    if (!find_earlier(creation, ret_job, ret_refusal)) {
        return false;
    }
    if (*ret_job != NULL) {
        return true;
    }
    if (!check_name(creation, ret_refusal) || !check_model_and_role(creation, ret_refusal) ||
        !check_quota(creation, ret_refusal)) {
        return false;
    }
    draw_id(creation);
    write_created(creation);
    if (!ps_world_commit_call(creation->world, ret_refusal)) {
        return false;
    }
    write_breach(creation);
    *ret_job = ps_jobs_find(&creation->world->jobs, ps_str_of(creation->id), PS_STR(""));
    return true;
}

bool ps_job_create(struct ps_world *const world, const struct ps_job_request *const request,
                   struct ps_buf *const answer, struct ps_buf *const subject,
                   struct ps_refusal *const ret_refusal)
{
    struct ps_job_fields fields PS_CLEANUP(ps_job_fields_release);
    if (!ps_job_fields_read(&fields, request->text, ret_refusal)) {
        return false;
    }
    struct creation creation = {
        .world = world,
        .call = request->call,
        .fields = &fields,
        .region = request->region,
        .body = request->text,
        .base_model = ps_limits_base_model(fields.model),
    };
    creation.limits = ps_limits_for(&world->limits, creation.base_model, creation.region);
    struct ps_job *job = NULL;
    ps_world_lock(world);
    creation.number = (int64_t)world->jobs.count + 1;
    creation.live = ps_jobs_live(&world->jobs, creation.base_model, creation.region) + 1;
    const bool is_created = create(&creation, &job, ret_refusal);
    if (is_created) {
        add_arn(answer, job->arn);
        ps_buf_add_text(subject, job->id);
    }
    ps_world_unlock(world);
    return is_created;
}

/* ---- get and stop ---- */

/* Lock held. */
static struct ps_job *find_job(const struct ps_world *const world,
                               const struct ps_job_request *const request,
                               struct ps_refusal *const ret_refusal)
{
    const struct ps_str text = request->text;
    struct ps_str id = {NULL, 0};
    if (!ps_pattern_job(text, &id)) {
        (void)ps_refuse(ret_refusal, 400, "ValidationException",
                        "1 validation error detected: Value '%.*s' at 'jobIdentifier' failed to "
                        "satisfy constraint: Member must satisfy regular expression pattern: "
                        "((arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:"
                        "model-invocation-job/)?[a-z0-9]{12})",
                        PS_STR_ARGS(ps_str_part(text, 0, 300)));
        return NULL;
    }
    struct ps_job *const job = ps_jobs_find(&world->jobs, id, request->region);
    if (job == NULL || (id.size < text.size && !ps_str_equals_text(text, job->arn))) {
        (void)ps_refuse(ret_refusal, 404, "ResourceNotFoundException",
                        "The provided batch inference job was not found.");
        return NULL;
    }
    return job;
}

bool ps_job_get(struct ps_world *const world, const struct ps_job_request *const request,
                struct ps_buf *const answer, struct ps_refusal *const ret_refusal)
{
    ps_world_lock(world);
    const struct ps_job *const job = find_job(world, request, ret_refusal);
    if (job != NULL) {
        struct ps_writer writer = {.buf = answer};
        ps_job_view_write(&world->jobs, job, request->call->now_ms, true, &writer);
    }
    ps_world_unlock(world);
    return job != NULL;
}

bool ps_job_stop(struct ps_world *const world, const struct ps_job_request *const request,
                 struct ps_buf *const answer, struct ps_refusal *const ret_refusal)
{
    ps_world_lock(world);
    const struct ps_job *const job = find_job(world, request, ret_refusal);
    bool is_stopped = job != NULL;
    if (job != NULL && (ps_job_state_is_end(job->state) || job->is_finishing)) {
        is_stopped = ps_refuse(ret_refusal, 400, "ConflictException",
                               "The batch inference job has already ended: %s",
                               ps_job_state_name(job->state));
    } else if (job != NULL && job->state != PS_STATE_STOPPING) {
        struct ps_writer *const line =
            ps_events_begin(world->events, request->call->now_ms, "job.state");
        const int64_t at_ms = ps_events_time_ms(world->events);
        ps_writer_text(line, "job", ps_str_of(job->id));
        ps_writer_text(line, "status", PS_STR("Stopping"));
        ps_writer_number(line, "at_ms", at_ms);
        ps_writer_text(line, "reason", PS_STR("user"));
        ps_writer_number(line, "stop_due_ms", ps_jobs_tick_ms(at_ms));
        ps_writer_number(line, "due_records", ps_jobs_processed_at(&world->jobs, job, at_ms));
        is_stopped = ps_world_commit_call(world, ret_refusal);
    }
    if (is_stopped) {
        ps_buf_add(answer, PS_STR("{}"));
    }
    ps_world_unlock(world);
    return is_stopped;
}

/* ---- list ---- */

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

struct filter {
    int64_t after_ms;        /* INT64_MIN: any */
    int64_t before_ms;       /* INT64_MAX: any */
    enum ps_job_state state; /* PS_STATE_COUNT: any */
    struct ps_str name;
    struct ps_str region;
    int64_t page;
    int64_t from;     /* number of the first job of the page */
    int64_t shown_ms; /* what is younger is not shown */
    bool is_ascending;
};

static bool refuse_query(struct ps_refusal *const ret_refusal, const char *const field,
                         const struct ps_str value)
{
    return ps_refuse(ret_refusal, 400, "ValidationException",
                     "1 validation error detected: Value '%.*s' at '%s' failed to satisfy "
                     "constraint",
                     PS_STR_ARGS(ps_str_part(value, 0, 300)), field);
}

static bool read_times(const struct ps_job_query *const query, struct filter *const filter,
                       struct ps_refusal *const ret_refusal)
{
    filter->after_ms = INT64_MIN;
    filter->before_ms = INT64_MAX;
    if (query->submit_time_after.size > 0 &&
        !ps_stamp_parse_iso(query->submit_time_after, &filter->after_ms)) {
        return refuse_query(ret_refusal, "submitTimeAfter", query->submit_time_after);
    }
    if (query->submit_time_before.size > 0 &&
        !ps_stamp_parse_iso(query->submit_time_before, &filter->before_ms)) {
        return refuse_query(ret_refusal, "submitTimeBefore", query->submit_time_before);
    }
    return true;
}

static bool read_order(const struct ps_job_query *const query, struct filter *const filter,
                       struct ps_refusal *const ret_refusal)
{
    filter->is_ascending = ps_str_equals_text(query->sort_order, "Ascending");
    if (query->sort_by.size > 0 && !ps_str_equals_text(query->sort_by, "CreationTime")) {
        return refuse_query(ret_refusal, "sortBy", query->sort_by);
    }
    if (query->sort_order.size > 0 && !filter->is_ascending &&
        !ps_str_equals_text(query->sort_order, "Descending")) {
        return refuse_query(ret_refusal, "sortOrder", query->sort_order);
    }
    return true;
}

static bool read_page(const struct ps_world *const world, const struct ps_job_query *const query,
                      struct filter *const filter, struct ps_refusal *const ret_refusal)
{
    filter->page = PAGE_DEFAULT;
    filter->from = filter->is_ascending ? 1 : (int64_t)world->jobs.count;
    if (query->max_results.size > 0 && (!ps_str_to_i64(query->max_results, &filter->page) ||
                                        filter->page < 1 || filter->page > PAGE_MAX)) {
        return refuse_query(ret_refusal, "maxResults", query->max_results);
    }
    if (query->next_token.size > 0) {
        const struct ps_job *const job =
            ps_jobs_find(&world->jobs, ps_str_part(query->next_token, 4, query->next_token.size),
                         filter->region);
        if (job == NULL || !ps_str_starts_with(query->next_token, PS_STR("page"))) {
            return refuse_query(ret_refusal, "nextToken", query->next_token);
        }
        filter->from = job->number;
    }
    return true;
}

static bool read_filter(const struct ps_world *const world, const struct ps_call *const call,
                        const struct ps_job_query *const query, struct filter *const filter,
                        struct ps_refusal *const ret_refusal)
{
    filter->state = PS_STATE_COUNT;
    filter->name = query->name_contains;
    filter->shown_ms = call->is_lagging ? call->now_ms - PS_LAG_MS : INT64_MAX;
    if (!read_times(query, filter, ret_refusal) || !read_order(query, filter, ret_refusal) ||
        !read_page(world, query, filter, ret_refusal)) {
        return false;
    }
    if (query->status_equals.size > 0) {
        filter->state = ps_job_state_of(query->status_equals);
        if (filter->state == PS_STATE_COUNT) {
            return refuse_query(ret_refusal, "statusEquals", query->status_equals);
        }
    }
    return filter->name.size == 0 || ps_pattern_job_name(filter->name) ||
           refuse_query(ret_refusal, "nameContains", filter->name);
}

static bool fits(const struct filter *const filter, const struct ps_job *const job)
{
    const char *const name = job->name;
    return ps_str_equals_text(filter->region, job->region) &&
           job->submitted_ms > filter->after_ms && job->submitted_ms < filter->before_ms &&
           job->submitted_ms <= filter->shown_ms &&
           (filter->state == PS_STATE_COUNT || filter->state == job->state) &&
           (filter->name.size == 0 ||
            memmem(name, strlen(name), filter->name.data, filter->name.size) != NULL);
}

static void write_page(struct ps_world *const world, const struct ps_call *const call,
                       const struct filter *const filter, struct ps_buf *const answer)
{
    struct ps_writer writer = {.buf = answer};
    const struct ps_job *next = NULL;
    int64_t shown = 0;
    ps_writer_open(&writer, NULL, '{');
    ps_writer_open(&writer, "invocationJobSummaries", '[');
    const int64_t step = filter->is_ascending ? 1 : -1;
    for (int64_t number = filter->from; number >= 1 && number <= (int64_t)world->jobs.count;
         number += step) {
        const struct ps_job *const job = world->jobs.jobs[number - 1];
        if (!fits(filter, job)) {
            continue;
        }
        if (shown == filter->page) {
            next = job;
            break;
        }
        ps_job_view_write(&world->jobs, job, call->now_ms, false, &writer);
        shown++;
    }
    ps_writer_close(&writer, ']');
    if (next != NULL) {
        char token[4 + PS_JOB_ID_SIZE];
        (void)snprintf(token, sizeof token, "page%s", next->id);
        ps_writer_text(&writer, "nextToken", ps_str_of(token));
    }
    ps_writer_close(&writer, '}');
}

bool ps_job_list(struct ps_world *const world, const struct ps_job_request *const request,
                 const struct ps_job_query *const query, struct ps_buf *const answer,
                 struct ps_refusal *const ret_refusal)
{
    struct filter filter = {.region = request->region};
    ps_world_lock(world);
    const bool is_fine = read_filter(world, request->call, query, &filter, ret_refusal);
    if (is_fine) {
        write_page(world, request->call, &filter, answer);
    }
    ps_world_unlock(world);
    return is_fine;
}
