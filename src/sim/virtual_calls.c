#include "base/assert.h"
#include "sim/virtual_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ps_virtual_place *place_of(const struct ps_virtual *const service,
                                         const struct ps_virtual_act *const act)
{
    return &service->places[act->wish.lane];
}

/* ---- what a client makes of a refusal ---- */

static const struct {
    const char *code;
    enum ps_status status;
    enum ps_retry retry;
} meanings[] = {
    {"ServiceQuotaExceededException", PS_E_QUOTA, PS_RETRY_LATER},
    {"ThrottlingException", PS_E_QUOTA, PS_RETRY_LATER},
    {"ResourceNotFoundException", PS_E_NOT_FOUND, PS_RETRY_NEVER},
    {"NoSuchKey", PS_E_NOT_FOUND, PS_RETRY_NEVER},
    {"ConflictException", PS_E_CONFLICT, PS_RETRY_NEVER},
    {"PreconditionFailed", PS_E_CONFLICT, PS_RETRY_NEVER},
};

void ps_virtual_refuse(struct ps_fact *const fact, const char *const what,
                       const struct ps_refusal *const refusal)
{
    enum ps_status status = PS_E_SERVICE;
    enum ps_retry retry = PS_RETRY_NEVER;
    for (size_t row = 0; row < sizeof meanings / sizeof meanings[0]; row++) {
        if (strcmp(meanings[row].code, refusal->code) == 0) {
            status = meanings[row].status;
            retry = meanings[row].retry;
        }
    }
    fact->outcome = PS_OUTCOME_NO;
    (void)ps_error_set(&fact->error, status, retry, "%s %s: %s: %.160s",
                       retry == PS_RETRY_NEVER ? "cannot" : "could not", what, refusal->code,
                       refusal->message);
    fact->error.http_status = refusal->http_status;
    (void)snprintf(fact->error.aws_code, sizeof fact->error.aws_code, "%s", refusal->code);
}

static void refuse_key(struct ps_fact *const fact, const char *const verb,
                       const struct ps_virtual_act *const act, const int http_status,
                       const char *const code)
{
    struct ps_refusal refusal = {.http_status = http_status, .code = code};
    char what[128];
    (void)snprintf(what, sizeof what, "%s '%.100s'", verb, act->key);
    (void)snprintf(refusal.message, sizeof refusal.message, "%s",
                   http_status == 404 ? "The specified key does not exist."
                                      : "At least one of the pre-conditions you specified did "
                                        "not hold");
    ps_virtual_refuse(fact, what, &refusal);
}

/* ---- objects ---- */

void ps_virtual_add_range(struct ps_virtual_ranges *const ranges, const int64_t first,
                          const int64_t end)
{
    PS_ASSERT(first >= 0);
    PS_ASSERT(end >= first);
    if (end == first) {
        return;
    }
    ranges->records += end - first;
    if (ranges->count > 0 && ranges->rows[ranges->count - 1].end == first) {
        ranges->rows[ranges->count - 1].end = end;
        return;
    }
    if ((ranges->count & (ranges->count - 1)) == 0) { /* rows double */
        const size_t capacity = ranges->count == 0 ? 1 : 2 * ranges->count;
        ranges->rows = realloc(ranges->rows, capacity * sizeof *ranges->rows);
        PS_ASSERT(ranges->rows != NULL);
    }
    ranges->rows[ranges->count++] = (struct ps_virtual_range){first, end};
}

static bool is_equal(const struct ps_virtual_object *const object,
                     const struct ps_virtual_act *const act)
{
    return object->job == NULL && object->size_bytes == act->size_bytes &&
           object->ranges.count == act->ranges.count &&
           (act->ranges.count == 0 || memcmp(object->ranges.rows, act->ranges.rows,
                                             act->ranges.count * sizeof *act->ranges.rows) == 0);
}

static void set_etag(struct ps_fact *const fact, const struct ps_virtual_object *const object)
{
    char etag[PS_VIRTUAL_ETAG_SIZE];
    ps_virtual_etag(object, etag);
    fact->text = ps_str_dup(ps_str_of(etag));
}

/* When a transfer of so many bytes that begins now is over. */
static int64_t transferred_ms(const struct ps_virtual *const service, const int64_t size_bytes)
{
    int64_t passed_ms = 0;
    return service->options.bytes_per_second > 0 &&
                   ps_muldiv_i64(size_bytes, PS_SECOND_MS, service->options.bytes_per_second,
                                 &passed_ms)
               ? service->now_ms + passed_ms
               : service->now_ms;
}

static bool put_shard(struct ps_virtual *const service, struct ps_virtual_act *const act,
                      struct ps_fact *const fact)
{
    if (!act->is_weighed) {
        act->is_weighed = true;
        act->size_bytes =
            service->options.records->ranges(service->options.context, &act->wish, &act->ranges);
        const int64_t at_ms = transferred_ms(service, act->size_bytes);
        if (act->size_bytes >= 0 && at_ms > service->now_ms) {
            ps_virtual_queue_act(service, act, at_ms);
            return false;
        }
    }
    if (act->size_bytes < 0) {
        fact->outcome = PS_OUTCOME_NO;
        (void)ps_error_set(&fact->error, PS_E_INPUT, PS_RETRY_NEVER,
                           "cannot put '%.100s': its input is gone", act->key);
        (void)snprintf(fact->error.aws_code, sizeof fact->error.aws_code, PS_CODE_INPUT_GONE);
        return true;
    }
    struct ps_virtual_bucket *const bucket = place_of(service, act)->bucket;
    struct ps_virtual_object *object = ps_virtual_find_object(bucket, act->wish.key);
    if (object != NULL && !is_equal(object, act)) {
        refuse_key(fact, "put", act, 412, "PreconditionFailed");
        return true;
    }
    fact->is_equal = object != NULL;
    if (object == NULL) {
        object = calloc(1, sizeof *object);
        PS_ASSERT(object != NULL);
        object->key = ps_str_dup(act->wish.key);
        object->size_bytes = act->size_bytes;
        object->ranges = act->ranges;
        act->ranges = (struct ps_virtual_ranges){NULL, 0, 0};
        ps_virtual_put_object(bucket, object);
    }
    set_etag(fact, object);
    return true;
}

struct listing {
    struct ps_fact *fact;
    struct ps_str prefix;
    bool is_shallow;
    int64_t capacity;
};

static void list_row(struct listing *const listing, const struct ps_str key, const char *const etag,
                     const int64_t size_bytes)
{
    struct ps_fact *const fact = listing->fact;
    if (fact->object_count == listing->capacity) {
        listing->capacity = listing->capacity == 0 ? 16 : 2 * listing->capacity;
        fact->objects = realloc(fact->objects, (size_t)listing->capacity * sizeof *fact->objects);
        PS_ASSERT(fact->objects != NULL);
    }
    fact->objects[fact->object_count++] =
        (struct ps_object_view){ps_str_dup(key), ps_str_dup(ps_str_of(etag)), size_bytes};
}

static bool list_one(void *const context, struct ps_virtual_object *const object)
{
    struct listing *const listing = context;
    struct ps_fact *const fact = listing->fact;
    const struct ps_str key = ps_str_of(object->key);
    const struct ps_str rest = ps_str_part(key, listing->prefix.size, key.size);
    const size_t slash = ps_str_find(rest, '/');
    if (listing->is_shallow && slash < rest.size) {
        const struct ps_str folder = ps_str_part(key, 0, listing->prefix.size + slash + 1);
        if (fact->object_count == 0 ||
            !ps_str_equals_text(folder, fact->objects[fact->object_count - 1].key)) {
            list_row(listing, folder, "", -1);
        }
        return true;
    }
    char etag[PS_VIRTUAL_ETAG_SIZE];
    ps_virtual_etag(object, etag);
    list_row(listing, key, etag, object->size_bytes);
    return true;
}

static void list_objects(const struct ps_virtual *const service,
                         const struct ps_virtual_act *const act, struct ps_fact *const fact)
{
    struct listing listing = {
        .fact = fact, .prefix = act->wish.key, .is_shallow = act->wish.is_shallow};
    ps_virtual_each_object(place_of(service, act)->bucket, act->wish.key, list_one, &listing);
}

struct giving {
    const struct ps_virtual *service;
    const struct ps_wish *wish;
};

static void give(void *const context, const struct ps_virtual_delivery *const delivery)
{
    const struct giving *const giving = context;
    giving->service->options.records->deliver(giving->service->options.context, giving->wish,
                                              delivery);
}

static void deliver(struct ps_virtual *const service, const struct ps_virtual_act *const act,
                    const struct ps_virtual_object *const object)
{
    struct giving giving = {service, &act->wish};
    if (object->job == NULL) {
        return;
    }
    const struct ps_virtual_job *const job = object->job;
    if (object->input < 0) {
        give(&giving, &(struct ps_virtual_delivery){
                          .kind = PS_VIRTUAL_MANIFEST,
                          .end = job->processed,
                          .input_tokens = ps_virtual_billed(job, job->input_tokens),
                          .output_tokens = ps_virtual_billed(job, job->output_tokens)});
    } else {
        ps_virtual_walk(service, object->job, (size_t)object->input, give, &giving);
    }
    service->ledger.last_ms = service->now_ms;
}

static bool get_object(struct ps_virtual *const service, struct ps_virtual_act *const act,
                       struct ps_fact *const fact)
{
    const struct ps_virtual_object *const object =
        ps_virtual_find_object(place_of(service, act)->bucket, act->wish.key);
    fact->bytes = act->wish.offset;
    if (object == NULL) {
        refuse_key(fact, "get", act, 404, "NoSuchKey");
        return true;
    }
    const int64_t at_ms = transferred_ms(service, object->size_bytes - act->wish.offset);
    if (!act->is_weighed && at_ms > service->now_ms) {
        act->is_weighed = true;
        ps_virtual_queue_act(service, act, at_ms);
        return false;
    }
    deliver(service, act, object);
    set_etag(fact, object);
    fact->bytes = object->size_bytes;
    return true;
}

static void delete_object(const struct ps_virtual *const service,
                          const struct ps_virtual_act *const act)
{
    struct ps_virtual_object *const object =
        ps_virtual_find_object(place_of(service, act)->bucket, act->wish.key);
    if (object != NULL) {
        object->is_deleted = true; /* its bytes stay: jobs that validated it go on */
    }
}

/* ---- jobs ---- */

static void create_job(struct ps_virtual *const service, const struct ps_virtual_act *const act,
                       struct ps_fact *const fact)
{
    struct ps_virtual_job *job = NULL;
    struct ps_refusal refusal = {.code = ""};
    if (ps_virtual_create(service, place_of(service, act), act->wish.text, &job, &refusal)) {
        fact->text = ps_str_dup(ps_str_of(job->arn));
        return;
    }
    ps_virtual_refuse(fact, "create the job", &refusal);
    /* Rule R2: these two may be about a job of our own. */
    if (strcmp(refusal.code, "ConflictException") == 0 ||
        strstr(refusal.message, "already in use") != NULL) {
        fact->outcome = PS_OUTCOME_UNKNOWN;
        fact->error.retry = PS_RETRY_LATER;
    }
}

static void fill_view(const struct ps_virtual *const service,
                      const struct ps_virtual_job *const job, const bool is_whole,
                      struct ps_job_view *const view)
{
    const int64_t processed = ps_virtual_processed(service, job);
    const bool has_ended = ps_job_status_is_terminal(job->status);
    const int64_t refused = has_ended ? 0 : ps_virtual_refused(service, job);
    const int64_t success = has_ended ? job->success : processed - refused;
    *view =
        (struct ps_job_view){.arn = ps_str_dup(ps_str_of(job->arn)),
                             .name = ps_str_dup(ps_str_of(job->name)),
                             .token = ps_str_dup(is_whole ? ps_str_of(job->token) : PS_STR("")),
                             .input_uri = ps_str_dup(ps_str_of(job->input_uri)),
                             .output_uri = ps_str_dup(ps_str_of(job->output_uri)),
                             .message = ps_str_dup(is_whole ? ps_str_of(job->message) : PS_STR("")),
                             .status = job->status,
                             .submitted_at_ms = job->submitted_ms,
                             .total_count = job->started_ms > 0 || has_ended ? job->records : 0,
                             .processed_count = processed,
                             .success_count = success,
                             .error_count = processed - success};
}

static struct ps_virtual_job *find_job(const struct ps_virtual *const service,
                                       const struct ps_virtual_act *const act,
                                       const char *const verb, struct ps_fact *const fact)
{
    struct ps_virtual_job *const job =
        ps_virtual_find_job(service, place_of(service, act), act->wish.text);
    if (job == NULL) {
        const struct ps_refusal refusal = {.http_status = 404,
                                           .code = "ResourceNotFoundException",
                                           .message =
                                               "The provided batch inference job was not found."};
        char what[160];
        (void)snprintf(what, sizeof what, "%s the job '%.120s'", verb, act->text);
        ps_virtual_refuse(fact, what, &refusal);
    }
    return job;
}

static void get_job(struct ps_virtual *const service, const struct ps_virtual_act *const act,
                    struct ps_fact *const fact)
{
    struct ps_virtual_job *const job = find_job(service, act, "look at", fact);
    if (job != NULL) {
        fact->jobs = calloc(1, sizeof *fact->jobs);
        PS_ASSERT(fact->jobs != NULL);
        fact->job_count = 1;
        fill_view(service, job, true, fact->jobs);
    }
}

static bool is_listed(const struct ps_virtual_job *const job,
                      const struct ps_virtual_place *const place, const struct ps_str part)
{
    return job->place->account == place->account &&
           (part.size == 0 || memmem(job->name, strlen(job->name), part.data, part.size) != NULL);
}

/* Newest first, as the service has it. */
static void list_jobs(struct ps_virtual *const service, const struct ps_virtual_act *const act,
                      struct ps_fact *const fact)
{
    const struct ps_virtual_place *const place = place_of(service, act);
    int64_t capacity = 0;
    for (size_t number = service->job_count; number > 0; number--) {
        struct ps_virtual_job *const job = service->jobs[number - 1];
        if (job->submitted_ms <= act->wish.after_ms) {
            break; /* they stand in the order of their submission */
        }
        if (!is_listed(job, place, act->wish.text)) {
            continue;
        }
        if (fact->job_count == capacity) {
            capacity = capacity == 0 ? 16 : 2 * capacity;
            fact->jobs = realloc(fact->jobs, (size_t)capacity * sizeof *fact->jobs);
            PS_ASSERT(fact->jobs != NULL);
        }
        fill_view(service, job, false, &fact->jobs[fact->job_count++]);
    }
}

static void stop_job(struct ps_virtual *const service, const struct ps_virtual_act *const act,
                     struct ps_fact *const fact)
{
    struct ps_virtual_job *const job = find_job(service, act, "stop", fact);
    struct ps_refusal refusal = {.code = ""};
    if (job != NULL && !ps_virtual_stop(service, job, &refusal)) {
        ps_virtual_refuse(fact, "stop the job", &refusal);
    }
}

static void tell_identity(const struct ps_virtual *const service,
                          const struct ps_virtual_act *const act, struct ps_fact *const fact)
{
    const char *const account = place_of(service, act)->lane.account;
    char caller[96];
    (void)snprintf(caller, sizeof caller, "arn:aws:iam::%.20s:user/simulated", account);
    fact->text = ps_str_dup(ps_str_of(account));
    fact->caller = ps_str_dup(ps_str_of(caller));
}

/* ---- all of them ---- */

static bool is_control(const enum ps_wish_kind kind)
{
    return kind == PS_WISH_CREATE_JOB || kind == PS_WISH_GET_JOB || kind == PS_WISH_LIST_JOBS ||
           kind == PS_WISH_STOP_JOB;
}

static bool is_throttled(struct ps_virtual *const service, const struct ps_virtual_act *const act,
                         struct ps_fact *const fact)
{
    struct ps_virtual_place *const place = place_of(service, act);
    if (place->lane.calls_per_second == 0 || !is_control(act->wish.kind)) {
        return false;
    }
    const int64_t second = service->now_ms / PS_SECOND_MS;
    place->calls = second == place->second ? place->calls + 1 : 1;
    place->second = second;
    if (place->calls <= place->lane.calls_per_second) {
        return false;
    }
    const struct ps_refusal refusal = {
        .http_status = 429, .code = "ThrottlingException", .message = "Rate exceeded"};
    ps_virtual_refuse(fact, "call the service", &refusal);
    service->ledger.throttled_calls++;
    return true;
}

bool ps_virtual_perform(struct ps_virtual *const service, struct ps_virtual_act *const act,
                        struct ps_fact *const ret_fact)
{
    *ret_fact = (struct ps_fact){.wish_id = act->wish.id,
                                 .kind = act->wish.kind,
                                 .job = act->wish.job,
                                 .shard = act->wish.shard,
                                 .outcome = PS_OUTCOME_YES};
    if (is_throttled(service, act, ret_fact)) {
        return true;
    }
    switch (act->wish.kind) {
    case PS_WISH_IDENTITY:
        tell_identity(service, act, ret_fact);
        return true;
    case PS_WISH_PUT_SHARD:
        return put_shard(service, act, ret_fact);
    case PS_WISH_LIST_OBJECTS:
        list_objects(service, act, ret_fact);
        return true;
    case PS_WISH_GET_OBJECT:
        return get_object(service, act, ret_fact);
    case PS_WISH_DELETE_OBJECT:
        delete_object(service, act);
        return true;
    case PS_WISH_CREATE_JOB:
        create_job(service, act, ret_fact);
        return true;
    case PS_WISH_GET_JOB:
        get_job(service, act, ret_fact);
        return true;
    case PS_WISH_LIST_JOBS:
        list_jobs(service, act, ret_fact);
        return true;
    case PS_WISH_STOP_JOB:
        stop_job(service, act, ret_fact);
        return true;
    case PS_WISH_INVOKE:
        return ps_virtual_invoke(service, place_of(service, act), act, ret_fact);
    default:
        /* Shards are put whole: there are no uploads to abort. */
        PS_ASSERT(act->wish.kind == PS_WISH_ABORT_UPLOADS);
        return true;
    }
}
