#include "sim/world_internal.h"

#include "base/assert.h"
#include "base/prng.h"
#include "sim/event_fields.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define LEDGER_BYTES_MAX ((size_t)256 << 20)

/* The calls as they are named in the log, and what faults call them. */
static const struct {
    const char *name;
    enum ps_fault_op op;
} call_names[] = {
    {"CreateModelInvocationJob", PS_OP_CREATE},
    {"GetModelInvocationJob", PS_OP_GET},
    {"ListModelInvocationJobs", PS_OP_LIST},
    {"StopModelInvocationJob", PS_OP_STOP},
    {"GetCallerIdentity", PS_OP_IDENTITY},
    {"PutObject", PS_OP_PUT},
    {"GetObject", PS_OP_GET_OBJECT},
    {"HeadObject", PS_OP_HEAD_OBJECT},
    {"DeleteObject", PS_OP_DELETE},
    {"DeleteObjects", PS_OP_DELETE_OBJECTS},
    {"ListObjectsV2", PS_OP_LIST_OBJECTS},
    {"CreateMultipartUpload", PS_OP_CREATE_UPLOAD},
    {"UploadPart", PS_OP_PART},
    {"CompleteMultipartUpload", PS_OP_COMPLETE},
    {"AbortMultipartUpload", PS_OP_ABORT},
    {"ListParts", PS_OP_LIST_PARTS},
    {"ListMultipartUploads", PS_OP_LIST_UPLOADS},
    {"InvokeModel", PS_OP_INVOKE},
    {"Converse", PS_OP_CONVERSE},
};

static void apply_request(struct ps_world *const world, yyjson_val *const event)
{
    const struct ps_str name = ps_event_text(event, "op");
    enum ps_fault_op op = PS_OP_BUCKET;
    for (size_t index = 0; index < sizeof call_names / sizeof call_names[0]; index++) {
        if (ps_str_equals_text(name, call_names[index].name)) {
            op = call_names[index].op;
        }
    }
    const int64_t count = ps_event_number(event, "op_count");
    world->op_counts[op] = count > world->op_counts[op] ? count : world->op_counts[op];
    const int64_t number = ps_event_number(event, "number");
    world->request_count = number > world->request_count ? number : world->request_count;
}

static void apply(void *const context, yyjson_val *const event)
{
    struct ps_world *const world = context;
    const struct ps_str kind = ps_event_text(event, "event");
    if (ps_str_equals_text(kind, "request")) {
        apply_request(world, event);
    } else if (ps_str_equals_text(kind, "job.output")) {
        world->outputs++;
    } else if (ps_str_equals_text(kind, "invocation")) {
        ps_invoke_apply(&world->invocations, &world->limits, event);
    } else if (!ps_objects_apply(&world->objects, kind, event)) {
        (void)ps_jobs_apply(&world->jobs, kind, event);
    }
    ps_ledger_apply(world->ledger, kind, event);
}

void ps_world_lock(struct ps_world *const world)
{
    PS_ASSERT(pthread_mutex_lock(&world->lock) == 0);
}

void ps_world_unlock(struct ps_world *const world)
{
    PS_ASSERT(pthread_mutex_unlock(&world->lock) == 0);
}

int64_t ps_world_now_ms(const struct ps_world *const world, const int64_t now_ms)
{
    const int64_t last_ms = ps_events_time_ms(world->events);
    return now_ms > last_ms ? now_ms : last_ms;
}

enum ps_status ps_world_commit(struct ps_world *const world, struct ps_error *const err)
{
    world->changes++;
    return ps_events_commit(world->events, err);
}

bool ps_refuse(struct ps_refusal *const ret_refusal, const int http_status, const char *const code,
               const char *const format, ...)
{
    memset(ret_refusal, 0, sizeof *ret_refusal);
    ret_refusal->http_status = http_status;
    ret_refusal->code = code;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(ret_refusal->message, sizeof ret_refusal->message, format, arguments);
    va_end(arguments);
    return false;
}

bool ps_world_commit_call(struct ps_world *const world, struct ps_refusal *const ret_refusal)
{
    struct ps_error err;
    if (ps_world_commit(world, &err) != PS_OK) {
        return ps_refuse(ret_refusal, 500, "InternalError", "%s", err.message);
    }
    return true;
}

enum ps_status ps_world_new_body(struct ps_world *const world, const enum ps_checksum chosen,
                                 struct ps_body_file **const ret_file, struct ps_error *const err)
{
    ps_world_lock(world);
    const int64_t number = world->next_body++;
    ps_world_unlock(world);
    return ps_body_file_create(world->data_folder, number, chosen, ret_file, err);
}

void ps_world_write_put(struct ps_world *const world, const struct ps_put_event *const put)
{
    struct ps_writer *const line = ps_events_begin(world->events, put->now_ms, "object.put");
    ps_writer_text(line, "bucket", put->bucket);
    ps_writer_text(line, "key", put->key);
    ps_writer_number(line, "size_bytes", put->size_bytes);
    ps_writer_text(line, "etag", put->etag);
    ps_writer_number(line, "modified_ms", ps_events_time_ms(world->events));
    ps_writer_number(line, "body", put->body);
    ps_writer_text(line, "by", put->by);
    if (put->visible_ms > 0) {
        ps_writer_number(line, "visible_ms", put->visible_ms);
    }
    if (put->vanishes) {
        ps_writer_bool(line, "vanishes", true);
    }
    ps_writer_text_if(line, "content_type", put->content_type);
    if (put->algorithm != PS_CHECKSUM_NONE) {
        ps_writer_open(line, "checksum", '{');
        ps_writer_text(line, "algorithm", ps_str_of(ps_checksum_name(put->algorithm)));
        ps_writer_text(line, "value", put->checksum);
        ps_writer_text(line, "type",
                       put->is_composite ? PS_STR("COMPOSITE") : PS_STR("FULL_OBJECT"));
        ps_writer_close(line, '}');
    }
    ps_events_end(world->events);
}

uint64_t ps_world_draw(const struct ps_world *const world, const char *const purpose,
                       const int64_t number)
{
    struct ps_prng prng;
    ps_prng_init(&prng, XXH3_64bits_withSeed(purpose, strlen(purpose), world->identity.seed) +
                            (uint64_t)number);
    return ps_prng_next(&prng);
}

enum ps_status ps_world_write_ledger(struct ps_world *const world, struct ps_error *const err)
{
    if (world->ledger_file == NULL) {
        return PS_OK;
    }
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, LEDGER_BYTES_MAX);
    ps_world_lock(world);
    ps_ledger_write(world->ledger, &world->jobs, &world->objects, &buf);
    /* Renamed under the lock, so that an earlier ledger never follows a later one. */
    const enum ps_status status =
        ps_identity_replace_file(world->ledger_file, ps_buf_str(&buf), err);
    ps_world_unlock(world);
    return status;
}

static void write_opened(struct ps_world *const world, const int64_t now_ms)
{
    struct ps_writer *const line = ps_events_begin(world->events, now_ms, "world.opened");
    ps_writer_number(line, "version", 1);
    ps_writer_text(line, "account_id", ps_str_of(world->identity.account_id));
    ps_writer_text(line, "region", ps_str_of(world->identity.region));
    ps_writer_text(line, "bucket", ps_str_of(world->identity.bucket));
    ps_writer_number(line, "seed", (int64_t)world->identity.seed);
    ps_writer_number(line, "origin_ms", world->identity.origin_ms);
    ps_writer_number(line, "speed", world->identity.speed);
    ps_writer_text(line, "faults", ps_str_of(world->faults_text));
    ps_limits_write(&world->limits, line);
    ps_events_end(world->events);
}

static void write_bucket(struct ps_world *const world, const int64_t now_ms, const char *const name,
                         const char *const region)
{
    if (ps_objects_bucket(&world->objects, ps_str_of(name)) == NULL) {
        struct ps_writer *const line = ps_events_begin(world->events, now_ms, "bucket.created");
        ps_writer_text(line, "bucket", ps_str_of(name));
        ps_writer_text(line, "region", ps_str_of(region));
        ps_events_end(world->events);
    }
}

static enum ps_status open_state(struct ps_world *const world, const int64_t now_ms,
                                 struct ps_error *const err)
{
    enum ps_status status = ps_bodies_open(world->data_folder, err);
    if (status == PS_OK) {
        status = ps_events_open(world->data_folder, apply, world, &world->events, err);
    }
    if (status != PS_OK) {
        return status;
    }
    size_t used_count = 0;
    int64_t highest = 0;
    int64_t *const used = ps_objects_bodies(&world->objects, &used_count);
    status = ps_bodies_sweep(world->data_folder, used, used_count, &highest, err);
    free(used);
    if (status != PS_OK) {
        return status;
    }
    highest = highest > world->objects.highest_body ? highest : world->objects.highest_body;
    world->next_body = highest + 1;
    write_opened(world, now_ms);
    write_bucket(world, now_ms, world->identity.bucket, world->identity.region);
    write_bucket(world, now_ms, world->identity.other_bucket, world->identity.other_region);
    return ps_world_commit(world, err);
}

static void free_auto(struct ps_world **const world)
{
    (void)ps_world_free(*world);
}

enum ps_status ps_world_open(const struct ps_world_options *const options, const int64_t now_ms,
                             struct ps_world **const ret_world, struct ps_error *const err)
{
    struct ps_world *world PS_CLEANUP(free_auto) = calloc(1, sizeof *world);
    PS_ASSERT(world != NULL);
    PS_ASSERT(pthread_mutex_init(&world->lock, NULL) == 0);
    world->data_folder = ps_str_dup(ps_str_of(options->data_folder));
    world->faults_text = ps_str_dup(ps_str_of(options->faults));
    world->identity = *options->identity;
    world->ledger = ps_ledger_new();
    ps_objects_init(&world->objects, world->data_folder);
    ps_startup_load(&world->startup);
    enum ps_status status = ps_limits_load(&world->limits, options->limits_file, err);
    world->jobs.limits = &world->limits;
    if (status == PS_OK) {
        status = ps_faults_parse(&world->faults, options->faults, world->identity.seed, err);
    }
    if (status == PS_OK) {
        status = open_state(world, now_ms, err);
    }
    if (status == PS_OK && options->ledger_file != NULL && options->ledger_file[0] != '\0') {
        world->ledger_file = ps_str_dup(ps_str_of(options->ledger_file));
        status = ps_world_write_ledger(world, err);
    }
    if (status != PS_OK) {
        return status;
    }
    *ret_world = PS_TAKE(&world);
    return PS_OK;
}

struct ps_world *ps_world_free(struct ps_world *const world)
{
    if (world != NULL) {
        (void)!ps_world_write_ledger(world, NULL); /* nobody is left to be told */
        (void)ps_events_free(world->events);
        ps_objects_release(&world->objects);
        ps_jobs_release(&world->jobs);
        ps_invoke_pools_release(&world->invocations);
        (void)ps_ledger_free(world->ledger);
        ps_faults_release(&world->faults);
        ps_limits_release(&world->limits);
        (void)pthread_mutex_destroy(&world->lock);
        free(world->faults_text);
        free(world->ledger_file);
        free(world->data_folder);
        free(world);
    }
    return NULL;
}

const struct ps_identity *ps_world_identity(const struct ps_world *const world)
{
    return &world->identity;
}

const char *ps_world_data_folder(const struct ps_world *const world)
{
    return world->data_folder;
}

int64_t ps_world_changes(struct ps_world *const world)
{
    ps_world_lock(world);
    const int64_t changes = world->changes;
    ps_world_unlock(world);
    return changes;
}

static const struct ps_fault_rule *draw_wire_fault(const struct ps_world *const world,
                                                   const struct ps_call *const call,
                                                   const int64_t count)
{
    static const enum ps_fault_kind kinds[] = {PS_FAULT_LOST,    PS_FAULT_500, PS_FAULT_503,
                                               PS_FAULT_429,     PS_FAULT_CUT, PS_FAULT_TWICE,
                                               PS_FAULT_CORRUPT, PS_FAULT_SLOW};
    for (size_t index = 0; index < sizeof kinds / sizeof kinds[0]; index++) {
        const struct ps_fault_rule *const rule =
            ps_faults_fire(&world->faults, kinds[index], call->op, count, call->now_ms);
        if (rule != NULL) {
            return rule;
        }
    }
    return NULL;
}

static bool draw_fault(const struct ps_world *const world, const struct ps_call *const call,
                       const enum ps_fault_kind kind, const int64_t count)
{
    return ps_faults_fire(&world->faults, kind, call->op, count, call->now_ms) != NULL;
}

void ps_world_begin_call(struct ps_world *const world, const enum ps_fault_op op,
                         const int64_t now_ms, struct ps_call *const ret_call)
{
    memset(ret_call, 0, sizeof *ret_call);
    ps_world_lock(world);
    ret_call->op = op;
    ret_call->now_ms = ps_world_now_ms(world, now_ms);
    ret_call->number = ++world->request_count;
    ret_call->op_count = ++world->op_counts[op];
    const uint64_t high = ps_world_draw(world, "request", ret_call->number);
    const uint64_t low = ps_world_draw(world, "request id", ret_call->number);
    (void)snprintf(ret_call->request_id, sizeof ret_call->request_id,
                   "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-a%03" PRIx64 "-%012" PRIx64,
                   high >> 32, high >> 16 & 0xffff, high & 0xfff, low >> 52, low & 0xffffffffffff);
    ret_call->seed = high ^ low;
    if (op < PS_OP_ANY) {
        const int64_t count = ret_call->op_count;
        ret_call->fault = draw_wire_fault(world, ret_call, count);
        ret_call->is_lagging = draw_fault(world, ret_call, PS_FAULT_LAG, count);
        ret_call->is_token_forgotten = draw_fault(world, ret_call, PS_FAULT_FORGET, count);
        ret_call->is_any_name = draw_fault(world, ret_call, PS_FAULT_ANYNAME, count);
    }
    ps_world_unlock(world);
}

enum ps_status ps_world_end_call(struct ps_world *const world, const struct ps_call *const call,
                                 const struct ps_call_end *const end, struct ps_error *const err)
{
    ps_world_lock(world);
    struct ps_writer *const line = ps_events_begin(world->events, call->now_ms, "request");
    ps_writer_text(line, "request_id", ps_str_of(call->request_id));
    ps_writer_number(line, "number", call->number);
    ps_writer_text(line, "op", ps_str_of(end->op));
    if (call->op < PS_OP_ANY) {
        ps_writer_number(line, "op_count", call->op_count);
    }
    ps_writer_number(line, "status", end->http_status);
    ps_writer_text_if(line, "code", ps_str_of(end->code));
    ps_writer_text_if(line, "subject", end->subject);
    ps_writer_text(line, "answer", ps_str_of(end->answer));
    ps_writer_bool(line, "is_executed", end->is_executed);
    if (call->fault != NULL) {
        ps_writer_text(line, "fault", ps_str_of(call->fault->text));
    }
    const enum ps_status status = ps_world_commit(world, err);
    ps_world_unlock(world);
    return status;
}

int64_t ps_call_draw(const struct ps_call *const call, const int64_t least, const int64_t most)
{
    struct ps_prng prng;
    ps_prng_init(&prng, call->seed);
    return least + ps_prng_below(&prng, most - least + 1);
}
