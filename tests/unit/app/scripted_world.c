#include "scripted_world.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define OUTPUT_LINE                                                                   \
    "{\"recordId\":\"%.*s\",\"modelInput\":{},\"modelOutput\":{\"type\":\"message\"," \
    "\"content\":[{\"type\":\"text\",\"text\":\"hi\"}],\"stop_reason\":\"end_turn\"," \
    "\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n"
#define RECORD_ID_AT 13 /* {"recordId":"R0000000000" */
#define RECORD_ID_SIZE 11
#define BUCKET_URI "s3://bucket/"

/* Bytes in small pieces, as a socket gives them. */
#define PIECE 100

static char *copy(const struct ps_str text)
{
    return ps_str_dup(text);
}

void scripted_world_init(struct scripted_world *const world)
{
    memset(world, 0, sizeof(*world));
    world->facts_left = -1;
}

static void free_view(const struct ps_str text)
{
    union {
        const char *view;
        char *owned;
    } pointer = {text.data};
    free(pointer.owned);
}

static void drop_first(struct scripted_world *const world)
{
    free_view(world->queue[0].key);
    free_view(world->queue[0].text);
    free_view(world->queue[0].etag);
    world->queue_count--;
    memmove(&world->queue[0], &world->queue[1],
            (size_t)world->queue_count * sizeof(world->queue[0]));
}

void scripted_world_forget(struct scripted_world *const world)
{
    while (world->queue_count > 0) {
        drop_first(world);
    }
}

void scripted_world_release(struct scripted_world *const world)
{
    scripted_world_forget(world);
    for (int64_t place = 0; place < world->object_count; place++) {
        free(world->objects[place].key);
        free(world->objects[place].bytes);
    }
    for (int64_t place = 0; place < world->job_count; place++) {
        free(world->jobs[place].arn);
        free(world->jobs[place].name);
        free(world->jobs[place].token);
        free(world->jobs[place].input_uri);
    }
}

/* ------------------------------------------------ objects */

static const struct scripted_object *find_object(const struct scripted_world *const world,
                                                 const struct ps_str key)
{
    for (int64_t place = 0; place < world->object_count; place++) {
        if (ps_str_equals_text(key, world->objects[place].key)) {
            return &world->objects[place];
        }
    }
    return NULL;
}

static void add_object(struct scripted_world *const world, const struct ps_str key,
                       const struct ps_str bytes)
{
    int64_t place = world->object_count++;
    assert_true(place < SCRIPTED_OBJECTS_MAX);
    struct scripted_object object = {copy(key), copy(bytes), bytes.size};
    while (place > 0 && strcmp(world->objects[place - 1].key, object.key) > 0) {
        world->objects[place] = world->objects[place - 1];
        place--;
    }
    world->objects[place] = object;
}

/* The whole body, held against what is there already, as If-None-Match and a checksum do. */
static void put(struct scripted_world *const world, const struct ps_wish *const wish,
                struct ps_fact *const fact)
{
    const struct ps_streams streams = world->streams;
    struct ps_buf bytes PS_CLEANUP(ps_buf_release);
    struct ps_body body = {0, 0, NULL};
    char room[PIECE];
    size_t size = 0;
    ps_buf_init(&bytes, PS_MB);
    fact->outcome = PS_OUTCOME_NO;
    if (world->put_failures > 0) {
        world->put_failures--;
        (void)ps_error_set(&fact->error, PS_E_SERVICE, PS_RETRY_LATER, "slow down");
        return;
    }
    if (streams.ops->open_body(streams.context, wish, &body, &fact->error) != PS_OK) {
        return;
    }
    enum ps_status status = PS_OK;
    do {
        status =
            streams.ops->read_body(streams.context, &body, room, sizeof(room), &size, &fact->error);
        ps_buf_add(&bytes, (struct ps_str){room, status == PS_OK ? size : 0});
    } while (status == PS_OK && size > 0);
    streams.ops->close_body(streams.context, &body);
    if (status != PS_OK) {
        return;
    }
    assert_int_equal(bytes.size, body.size_bytes);
    const struct scripted_object *const there = find_object(world, wish->key);
    if (there == NULL) {
        add_object(world, wish->key, ps_buf_str(&bytes));
    } else {
        assert_true(ps_str_equals(ps_buf_str(&bytes), (struct ps_str){there->bytes, there->size}));
        fact->is_equal = true;
    }
    fact->outcome = PS_OUTCOME_YES;
}

/* `key` up to the '/' after `prefix`, that one included; all of it where there is none. */
static struct ps_str shallow_key(const char *const key, const struct ps_str prefix)
{
    const struct ps_str all = ps_str_of(key);
    const struct ps_str rest = ps_str_part(all, prefix.size, all.size);
    const size_t slash = ps_str_find(rest, '/');
    return ps_str_part(all, 0, prefix.size + (slash < rest.size ? slash + 1 : rest.size));
}

static void list_objects(const struct scripted_world *const world, const struct ps_wish *const wish,
                         struct ps_fact *const fact)
{
    fact->objects = calloc(SCRIPTED_OBJECTS_MAX, sizeof(fact->objects[0]));
    for (int64_t place = 0; place < world->object_count; place++) {
        const struct scripted_object *const object = &world->objects[place];
        if (!ps_str_starts_with(ps_str_of(object->key), wish->key)) {
            continue;
        }
        const struct ps_str key =
            wish->is_shallow ? shallow_key(object->key, wish->key) : ps_str_of(object->key);
        const bool is_prefix = key.size < strlen(object->key);
        if (is_prefix && fact->object_count > 0 &&
            ps_str_equals_text(key, fact->objects[fact->object_count - 1].key)) {
            continue;
        }
        fact->objects[fact->object_count++] = (struct ps_object_view){
            copy(key), copy(PS_STR("\"etag\"")), is_prefix ? -1 : (int64_t)object->size};
    }
}

static void get_object(struct scripted_world *const world, const struct ps_wish *const wish,
                       struct ps_fact *const fact)
{
    const struct scripted_object *const object = find_object(world, wish->key);
    assert_non_null(object);
    const struct ps_str bytes = {object->bytes, object->size};
    assert_int_equal(wish->offset, 0);
    for (size_t offset = 0; offset < bytes.size; offset += PIECE) {
        assert_int_equal(
            world->streams.ops->write_sink(world->streams.context, wish, (int64_t)offset,
                                           ps_str_part(bytes, offset, PIECE), &fact->error),
            PS_OK);
    }
    fact->text = copy(PS_STR("\"etag\""));
    fact->bytes = (int64_t)bytes.size;
}

/* ------------------------------------------------ jobs */

/* The text after `before`, up to the next '"'. */
static struct ps_str text_after(const struct ps_str text, const char *const before)
{
    const char *const found = memmem(text.data, text.size, before, strlen(before));
    assert_non_null(found);
    const char *const from = found + strlen(before);
    return (struct ps_str){from, strcspn(from, "\"")};
}

/* An answer for each line of an input object. Returns how many there are. */
static int64_t answer(struct scripted_world *const world, const struct ps_str input,
                      const char *const out_key)
{
    struct ps_buf lines PS_CLEANUP(ps_buf_release);
    struct ps_str rest = input;
    int64_t records = 0;
    ps_buf_init(&lines, PS_MB);
    while (rest.size > 0) {
        ps_buf_add_format(&lines, OUTPUT_LINE, RECORD_ID_SIZE, rest.data + RECORD_ID_AT);
        rest = ps_str_part(rest, ps_str_find(rest, '\n') + 1, rest.size);
        records++;
    }
    add_object(world, ps_str_of(out_key), ps_buf_str(&lines));
    return records;
}

/* The job's work is done when it is created. */
static int64_t work(struct scripted_world *const world, const struct ps_str input_uri,
                    const struct ps_str out_folder)
{
    const struct ps_str input = ps_str_part(input_uri, strlen(BUCKET_URI), input_uri.size);
    char out_key[500];
    char manifest[200];
    struct ps_str bodies[SCRIPTED_OBJECTS_MAX];
    const char *names[SCRIPTED_OBJECTS_MAX];
    int64_t body_count = 0;
    int64_t records = 0;
    for (int64_t place = 0; place < world->object_count; place++) {
        const struct scripted_object *const object = &world->objects[place];
        if (ps_str_starts_with(ps_str_of(object->key), input)) {
            names[body_count] = strrchr(object->key, '/') + 1;
            bodies[body_count++] = (struct ps_str){object->bytes, object->size};
        }
    }
    assert_true(body_count > 0);
    for (int64_t body = 0; body < body_count; body++) {
        (void)snprintf(out_key, sizeof(out_key), "%.*s%s.out", PS_STR_ARGS(out_folder),
                       names[body]);
        records += answer(world, bodies[body], out_key);
    }
    (void)snprintf(out_key, sizeof(out_key), "%.*smanifest.json.out", PS_STR_ARGS(out_folder));
    (void)snprintf(manifest, sizeof(manifest),
                   "{\"totalRecordCount\":%lld,\"processedRecordCount\":%lld,"
                   "\"successRecordCount\":%lld,\"errorRecordCount\":0}",
                   (long long)records, (long long)records, (long long)records);
    add_object(world, ps_str_of(out_key), ps_str_of(manifest));
    return records;
}

static void create(struct scripted_world *const world, const struct ps_wish *const wish,
                   struct ps_fact *const fact)
{
    char arn[100];
    char folder[300];
    const struct ps_str out_uri = text_after(wish->text, "\"s3OutputDataConfig\":{\"s3Uri\":\"");
    assert_true(world->job_count < SCRIPTED_JOBS_MAX);
    struct scripted_job *const job = &world->jobs[world->job_count++];
    (void)snprintf(arn, sizeof(arn), "arn:aws:bedrock:us-east-1:1:model-invocation-job/job%09lld",
                   (long long)world->job_count);
    (void)snprintf(folder, sizeof(folder), "%.*s%s/", (int)(out_uri.size - strlen(BUCKET_URI)),
                   out_uri.data + strlen(BUCKET_URI), strrchr(arn, '/') + 1);
    job->arn = copy(ps_str_of(arn));
    job->name = copy(text_after(wish->text, "\"jobName\":\""));
    job->token = copy(text_after(wish->text, "\"clientRequestToken\":\""));
    job->input_uri = copy(text_after(wish->text, "\"s3InputFormat\":\"JSONL\",\"s3Uri\":\""));
    for (int64_t other = 0; other + 1 < world->job_count; other++) {
        assert_string_not_equal(world->jobs[other].name, job->name); /* never twice */
    }
    job->records = work(world, ps_str_of(job->input_uri), ps_str_of(folder));
    fact->text = copy(ps_str_of(arn));
}

static void show_job(const struct scripted_job *const job, struct ps_fact *const fact)
{
    fact->jobs[fact->job_count++] = (struct ps_job_view){
        .arn = copy(ps_str_of(job->arn)),
        .name = copy(ps_str_of(job->name)),
        .token = copy(ps_str_of(job->token)),
        .input_uri = copy(ps_str_of(job->input_uri)),
        .output_uri = copy(PS_STR("")),
        .message = copy(PS_STR("")),
        .status = PS_JOB_COMPLETED,
        .submitted_at_ms = 1,
        .total_count = job->records,
        .processed_count = job->records,
        .success_count = job->records,
        .error_count = 0,
    };
}

/* By name, or exactly by ARN. */
static void show_jobs(const struct scripted_world *const world, const struct ps_wish *const wish,
                      struct ps_fact *const fact)
{
    fact->jobs = calloc(SCRIPTED_JOBS_MAX, sizeof(fact->jobs[0]));
    if (wish->kind == PS_WISH_LIST_JOBS &&
        ps_clock_now(world->clock).steady_ms < world->lists_lag_to_ms) {
        return;
    }
    for (int64_t place = 0; place < world->job_count; place++) {
        const struct scripted_job *const job = &world->jobs[place];
        if (wish->kind == PS_WISH_GET_JOB
                ? ps_str_ends_with(ps_str_of(job->arn), wish->text)
                : memmem(job->name, strlen(job->name), wish->text.data, wish->text.size) != NULL) {
            show_job(job, fact);
        }
    }
    assert_true(wish->kind != PS_WISH_GET_JOB || fact->job_count == 1);
}

/* ------------------------------------------------ calls on demand */

/* The body is read as a real one is, to its last byte; it must hold the record's own prompt. */
static void check_call(struct scripted_world *const world, const struct ps_wish *const wish)
{
    struct ps_body body;
    struct ps_error err;
    char text[4096];
    char prompt[64];
    size_t size = 0;
    size_t part = 1;
    const struct ps_streams streams = world->streams;
    assert_int_equal(streams.ops->open_body(streams.context, wish, &body, &err), PS_OK);
    while (part > 0) {
        assert_int_equal(streams.ops->read_body(streams.context, &body, text + size,
                                                sizeof(text) - size - 1, &part, &err),
                         PS_OK);
        size += part;
    }
    text[size] = '\0';
    streams.ops->close_body(streams.context, &body);
    assert_int_equal(size, body.size_bytes);
    (void)snprintf(prompt, sizeof(prompt), "number %lld\"", (long long)wish->record);
    assert_non_null(strstr(text, prompt));
    assert_int_equal(text[0], '{');
    assert_null(strstr(text, "recordId"));
}

static void invoke(struct scripted_world *const world, const struct ps_wish *const wish,
                   struct ps_fact *const fact)
{
    static const char answer_text[] =
        "{\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}],"
        "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}";
    assert_true(wish->record >= 0 && wish->record < SCRIPTED_RECORDS_MAX);
    assert_true(ps_str_equals(wish->key, PS_STR("model")));
    check_call(world, wish);
    if (world->call_refusals > 0) {
        world->call_refusals--;
        fact->outcome = PS_OUTCOME_NO;
        (void)ps_error_set(&fact->error, PS_E_QUOTA, PS_RETRY_LATER, "could not call: slow down");
        return;
    }
    world->calls[wish->record]++;
    if (world->call_losses > 0) {
        world->call_losses--;
        fact->outcome = PS_OUTCOME_UNKNOWN;
        (void)ps_error_set(&fact->error, PS_E_NETWORK, PS_RETRY_LATER, "could not read: reset");
        return;
    }
    fact->text = copy(PS_STR(answer_text));
    fact->bytes = (int64_t)sizeof(answer_text) - 1;
    fact->tally.input_tokens = 3;
    fact->tally.output_tokens = 1;
}

/* ------------------------------------------------ the port */

static void start(void *const context, const struct ps_wish *const wish)
{
    struct scripted_world *const world = context;
    assert_true(world->queue_count < SCRIPTED_WISHES_MAX);
    struct ps_wish *const kept = &world->queue[world->queue_count++];
    *kept = *wish;
    kept->key = ps_str_of(copy(wish->key));
    kept->text = ps_str_of(copy(wish->text));
    kept->etag = ps_str_of(copy(wish->etag));
}

static void perform(struct scripted_world *const world, const struct ps_wish *const wish,
                    struct ps_fact *const fact)
{
    switch (wish->kind) {
    case PS_WISH_IDENTITY:
        fact->text = copy(PS_STR("111122223333"));
        fact->caller = copy(PS_STR("arn:aws:iam::111122223333:user/me"));
        break;
    case PS_WISH_PUT_SHARD:
        put(world, wish, fact);
        break;
    case PS_WISH_LIST_OBJECTS:
        list_objects(world, wish, fact);
        break;
    case PS_WISH_GET_OBJECT:
        get_object(world, wish, fact);
        break;
    case PS_WISH_INVOKE:
        invoke(world, wish, fact);
        break;
    case PS_WISH_CREATE_JOB:
        create(world, wish, fact);
        break;
    case PS_WISH_GET_JOB:
    case PS_WISH_LIST_JOBS:
        show_jobs(world, wish, fact);
        break;
    case PS_WISH_ABORT_UPLOADS:
    case PS_WISH_STOP_JOB:
        break;
    default:
        fail_msg("nobody does wish %s", ps_wish_name(wish->kind));
    }
}

/* It was done, and nobody hears of it. */
static void break_off(struct scripted_world *const world, struct ps_fact *const fact)
{
    if (world->on_break != NULL) {
        world->on_break(world->break_context);
        return;
    }
    fact->outcome = PS_OUTCOME_UNKNOWN;
    (void)ps_error_set(&fact->error, PS_E_IO, PS_RETRY_NEVER, "could not go on: broken off");
}

static bool next_fact(void *const context, const int64_t deadline_ms,
                      struct ps_fact *const ret_fact)
{
    struct scripted_world *const world = context;
    const int64_t now_ms = ps_clock_now(world->clock).steady_ms;
    if (world->queue_count == 0) {
        /* Nothing will come: the time passes at once. */
        world->clock->steady_base_ms += deadline_ms > now_ms ? deadline_ms - now_ms : 0;
        return false;
    }
    const struct ps_wish wish = world->queue[0];
    *ret_fact = (struct ps_fact){.wish_id = wish.id,
                                 .kind = wish.kind,
                                 .job = wish.job,
                                 .shard = wish.shard,
                                 .outcome = PS_OUTCOME_YES};
    perform(world, &wish, ret_fact);
    world->counts[wish.kind]++;
    drop_first(world);
    if (world->facts_left >= 0 && world->facts_left-- == 0) {
        break_off(world, ret_fact);
    }
    return true;
}

static void wake(void *const context)
{
    (void)context;
}

const struct ps_world_ops scripted_world_ops = {start, next_fact, wake};
