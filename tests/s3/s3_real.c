/*
 * Goal: put, put in parts, list over 1,000 keys, read on from where it was cut, conditional put,
 * delete and abort, against a real S3 server. Method: wishes through the world adapter; bodies made
 * from a seed, checked by length and CRC-32 when they come back. Which server: AWS_ENDPOINT_URL_S3
 * and keys in the environment; tests/s3/run.
 */
#include "aws/s3_page.h"
#include "aws/world_aws.h"
#include "base/buf.h"
#include "base/limits.h"
#include "codec/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MB INT64_C(1000000)
#define LARGE_BYTES (70 * MB + 12345)
#define KEY_COUNT INT64_C(1100)
#define FACT_WAIT_MS (120 * PS_SECOND_MS)

/* The body of shard S is S's own stream of bytes; job 1 changes one byte of it, job 2 its length.
 */
struct source {
    int64_t shard;
    int64_t job;
    int64_t given;
};

struct rig {
    struct ps_aws_settings settings;
    struct ps_credentials credentials;
    struct ps_clock clock;
    struct ps_world_aws *world_aws;
    struct ps_world world;
    struct ps_fact fact;
    int64_t body_bytes;
    int64_t source_fails_at; /* -1: never */
    int64_t source_given;    /* of the last body */
    int64_t sink_from;
    int64_t sink_bytes;
    uint32_t sink_crc32;
    int64_t sink_fails_at; /* -1: never */
    int failures;
};

static char byte_at(const int64_t shard, const int64_t job, const int64_t place)
{
    const uint64_t mixed =
        ((uint64_t)place + (uint64_t)shard * 1000003U) * UINT64_C(0x9e3779b97f4a7c15);
    const char byte = (char)(mixed >> 56);
    return job == 1 && place == 5 ? (char)(byte ^ 1) : byte;
}

static void fill(const struct source *const source, char *const room, const size_t size)
{
    for (size_t index = 0; index < size; index++) {
        room[index] = byte_at(source->shard, source->job, source->given + (int64_t)index);
    }
}

static uint32_t crc32_of(const int64_t shard, const int64_t job, const int64_t from,
                         const int64_t to)
{
    static char room[65536];
    struct source source = {shard, job, from};
    uint32_t crc32 = 0;
    while (source.given < to) {
        const int64_t left = to - source.given;
        const size_t size = left < (int64_t)sizeof(room) ? (size_t)left : sizeof(room);
        fill(&source, room, size);
        crc32 = ps_crc32(crc32, (struct ps_str){room, size});
        source.given += (int64_t)size;
    }
    return crc32;
}

static enum ps_status open_body(void *const context, const struct ps_wish *const wish,
                                struct ps_body *const ret_body, struct ps_error *const err)
{
    struct rig *const rig = context;
    (void)err;
    struct source *const source = calloc(1, sizeof(*source));
    if (source == NULL) {
        abort();
    }
    *source = (struct source){wish->shard, wish->job, 0};
    ret_body->size_bytes = rig->body_bytes + (wish->job == 2 ? 1 : 0);
    ret_body->crc32 = crc32_of(wish->shard, wish->job, 0, ret_body->size_bytes);
    ret_body->state = source;
    rig->source_given = 0;
    return PS_OK;
}

static enum ps_status read_body(void *const context, struct ps_body *const body, char *const room,
                                const size_t room_size, size_t *const ret_size,
                                struct ps_error *const err)
{
    struct rig *const rig = context;
    struct source *const source = body->state;
    if (rig->source_fails_at >= 0 && source->given >= rig->source_fails_at) {
        return ps_error_set(err, PS_E_NOT_FOUND, PS_RETRY_NEVER,
                            "cannot read the input: it is gone");
    }
    const int64_t left = body->size_bytes - source->given;
    *ret_size = left < (int64_t)room_size ? (size_t)left : room_size;
    fill(source, room, *ret_size);
    source->given += (int64_t)*ret_size;
    rig->source_given = source->given;
    return PS_OK;
}

static void close_body(void *const context, struct ps_body *const body)
{
    (void)context;
    free(body->state);
}

static enum ps_status write_sink(void *const context, const struct ps_wish *const wish,
                                 const int64_t offset, const struct ps_str bytes,
                                 struct ps_error *const err)
{
    struct rig *const rig = context;
    (void)wish;
    if (rig->sink_fails_at >= 0 && offset >= rig->sink_fails_at) {
        return ps_error_set(err, PS_E_IO, PS_RETRY_LATER, "could not write: told so");
    }
    rig->sink_from = rig->sink_bytes == 0 ? offset : rig->sink_from;
    if (offset != rig->sink_from + rig->sink_bytes) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER, "cannot write: bytes were skipped");
    }
    rig->sink_crc32 = ps_crc32(rig->sink_crc32, bytes);
    rig->sink_bytes += (int64_t)bytes.size;
    return PS_OK;
}

static const struct ps_streams_ops streams_ops = {open_body, read_body, close_body, write_sink};

static void report(struct rig *const rig, const bool holds, const char *const what)
{
    printf("%s %s\n", holds ? "ok    " : "FAILED", what);
    if (!holds) {
        rig->failures++;
        printf("       outcome %d: %s (%s, HTTP %d) %s\n", (int)rig->fact.outcome,
               rig->fact.error.message, rig->fact.error.aws_code, rig->fact.error.http_status,
               rig->fact.error.hint);
    }
    (void)fflush(stdout);
}

static void open_world(struct rig *const rig)
{
    struct ps_error err;
    char *region PS_CLEANUP(ps_str_free_auto) = NULL;
    const char *const bucket = getenv("PENSTOCK_TEST_BUCKET");
    if (ps_aws_settings_region(&rig->settings, &region, &err) != PS_OK || region == NULL) {
        region = ps_str_dup(PS_STR("us-east-1"));
    }
    const struct ps_world_aws_lane lane = {region, bucket == NULL ? "penstock-test" : bucket, NULL,
                                           NULL, NULL};
    const struct ps_world_aws_options options = {.lanes = &lane,
                                                 .lane_count = 1,
                                                 .settings = &rig->settings,
                                                 .credentials = &rig->credentials,
                                                 .streams = {&streams_ops, rig},
                                                 .clock = &rig->clock};
    if (ps_world_aws_new(&options, &rig->world_aws, &err) != PS_OK) {
        printf("FAILED %s\n", err.message);
        exit(1);
    }
    rig->world = ps_world_aws_port(rig->world_aws);
}

static void init_rig(struct rig *const rig)
{
    struct ps_error err;
    const struct ps_aws_flags flags = {NULL, NULL, NULL};
    memset(rig, 0, sizeof(*rig));
    rig->source_fails_at = -1;
    rig->sink_fails_at = -1;
    ps_credentials_init(&rig->credentials);
    if (ps_aws_settings_load(&flags, &rig->settings, &err) != PS_OK ||
        ps_credentials_load(&rig->settings, &rig->credentials, &err) != PS_OK ||
        ps_clock_init(&rig->clock, PS_STR(""), &err) != PS_OK) {
        printf("FAILED %s. %s\n", err.message, err.hint);
        exit(1);
    }
    open_world(rig);
}

static void wait_fact(struct rig *const rig)
{
    const int64_t deadline_ms = ps_clock_now(&rig->clock).steady_ms + FACT_WAIT_MS;
    ps_fact_release(&rig->fact);
    if (!rig->world.ops->next_fact(rig->world.context, deadline_ms, &rig->fact)) {
        printf("FAILED no fact within %lld ms\n", (long long)FACT_WAIT_MS);
        exit(1);
    }
}

static bool act(struct rig *const rig, const struct ps_wish *const wish,
                const enum ps_outcome outcome)
{
    rig->sink_bytes = 0;
    rig->sink_crc32 = 0;
    rig->world.ops->start(rig->world.context, wish);
    wait_fact(rig);
    return rig->fact.outcome == outcome;
}

static bool put(struct rig *const rig, const char *const key, const int64_t shard,
                const int64_t job, const enum ps_outcome outcome)
{
    const struct ps_wish wish = {
        .kind = PS_WISH_PUT_SHARD, .key = ps_str_of(key), .shard = shard, .job = job};
    return act(rig, &wish, outcome);
}

static bool get(struct rig *const rig, const char *const key, const int64_t offset,
                const char *const etag, const enum ps_outcome outcome)
{
    const struct ps_wish wish = {.kind = PS_WISH_GET_OBJECT,
                                 .key = ps_str_of(key),
                                 .offset = offset,
                                 .etag = ps_str_of(etag)};
    return act(rig, &wish, outcome);
}

static bool simple(struct rig *const rig, const enum ps_wish_kind kind, const char *const key)
{
    return act(rig, &(struct ps_wish){.kind = kind, .key = ps_str_of(key)}, PS_OUTCOME_YES);
}

static void test_conditional_put(struct rig *const rig)
{
    rig->body_bytes = 100000;
    report(rig, put(rig, "real/a", 1, 0, PS_OUTCOME_YES) && !rig->fact.is_equal,
           "a put into a free place");
    report(rig, put(rig, "real/a", 1, 0, PS_OUTCOME_YES) && rig->fact.is_equal,
           "the same put again is equal");
    report(rig,
           put(rig, "real/a", 1, 1, PS_OUTCOME_NO) &&
               strcmp(rig->fact.error.aws_code, "PreconditionFailed") == 0 &&
               rig->fact.error.status == PS_E_CONFLICT && rig->fact.error.retry == PS_RETRY_NEVER,
           "one byte differs: refused");
    report(rig, put(rig, "real/a", 1, 2, PS_OUTCOME_NO) && rig->fact.error.status == PS_E_CONFLICT,
           "the length differs: refused");
    report(rig,
           get(rig, "real/a", 0, "", PS_OUTCOME_YES) && rig->sink_bytes == 100000 &&
               rig->sink_crc32 == crc32_of(1, 0, 0, 100000),
           "what is there is what was put first");
    rig->body_bytes = 0;
    report(rig, put(rig, "real/empty", 1, 0, PS_OUTCOME_YES), "an empty object");
    report(rig, get(rig, "real/empty", 0, "", PS_OUTCOME_YES) && rig->sink_bytes == 0,
           "read back, empty");
    rig->body_bytes = 1000;
    report(rig, put(rig, "real/odd (1)/~'x'!*-_.b+c%20d e.jsonl", 3, 0, PS_OUTCOME_YES),
           "an odd key");
    report(rig,
           get(rig, "real/odd (1)/~'x'!*-_.b+c%20d e.jsonl", 0, "", PS_OUTCOME_YES) &&
               rig->sink_bytes == 1000,
           "read back by its odd key");
}

static void test_ranges(struct rig *const rig)
{
    rig->body_bytes = 30 * MB;
    report(rig, put(rig, "real/r", 2, 0, PS_OUTCOME_YES), "30 MB in one put");
    rig->sink_fails_at = 7 * MB;
    const bool is_cut = get(rig, "real/r", 0, "", PS_OUTCOME_NO);
    const int64_t cut_at = rig->fact.bytes;
    char *etag PS_CLEANUP(ps_str_free_auto) = ps_str_dup(ps_str_of(rig->fact.text));
    report(rig,
           is_cut && cut_at >= 7 * MB && cut_at < 30 * MB && rig->sink_bytes == cut_at &&
               etag[0] != '\0',
           "a get that is cut tells how far it got, and the ETag");
    rig->sink_fails_at = -1;
    const uint32_t head_crc32 = rig->sink_crc32;
    report(rig,
           get(rig, "real/r", cut_at, etag, PS_OUTCOME_YES) && rig->sink_from == cut_at &&
               rig->fact.bytes == 30 * MB && head_crc32 == crc32_of(2, 0, 0, cut_at) &&
               rig->sink_crc32 == crc32_of(2, 0, cut_at, 30 * MB),
           "and goes on from there to the end");
    report(rig, get(rig, "real/r", 30 * MB, etag, PS_OUTCOME_YES) && rig->fact.bytes == 30 * MB,
           "from the very end there is nothing more");
    report(rig,
           get(rig, "real/r", cut_at, "\"00000000000000000000000000000000\"", PS_OUTCOME_NO) &&
               rig->fact.error.status == PS_E_CONFLICT && rig->sink_bytes == 0,
           "another ETag: the object has changed");
    report(rig,
           get(rig, "real/none", 0, "", PS_OUTCOME_NO) && rig->fact.error.status == PS_E_NOT_FOUND,
           "an object that is not there");
}

struct uploads {
    bool is_done;
    int64_t count;
};

static void on_uploads(void *const owner, const struct ps_http_answer *const answer)
{
    struct uploads *const uploads = owner;
    struct ps_s3_page page PS_CLEANUP(ps_s3_page_release) = {NULL, 0, false, NULL, NULL};
    struct ps_error err;
    uploads->is_done = true;
    uploads->count = -1;
    if (answer->http_status == 200 && ps_s3_page_read_uploads(answer->body, &page, &err) == PS_OK) {
        uploads->count = page.row_count;
    }
}

/* How many multipart uploads are open, asked past the world. */
static int64_t count_uploads(struct rig *const rig)
{
    static const struct ps_http_handler handler = {NULL, NULL, on_uploads};
    struct ps_error err;
    struct ps_http *http = NULL;
    struct ps_aws_endpoint endpoint PS_CLEANUP(ps_aws_endpoint_release);
    char *url PS_CLEANUP(ps_str_free_auto) = NULL;
    const struct ps_http_options options = {0};
    struct uploads uploads = {false, -1};
    const char *const bucket = getenv("PENSTOCK_TEST_BUCKET");
    if (ps_aws_settings_endpoint(&rig->settings, "S3", &url, &err) != PS_OK ||
        ps_aws_endpoint_init(&endpoint, PS_AWS_S3, "us-east-1", url,
                             bucket == NULL ? "penstock-test" : bucket, &err) != PS_OK ||
        ps_http_new(&options, &http, &err) != PS_OK) {
        return -1;
    }
    const struct ps_aws_call call = {.endpoint = &endpoint,
                                     .region = "us-east-1",
                                     .credentials = &rig->credentials,
                                     .method = "GET",
                                     .query = PS_STR("uploads="),
                                     .handler = &handler,
                                     .owner = &uploads};
    if (ps_aws_call_start(http, &call, &err) == PS_OK) {
        while (ps_http_run(http, 1000)) {
        }
    }
    http = ps_http_free(http);
    return uploads.count;
}

/* Begins a put in parts and leaves the world in the middle of it, as a kill would. */
static void leave_an_upload_open(struct rig *const rig)
{
    const struct ps_wish wish = {.kind = PS_WISH_PUT_SHARD, .key = PS_STR("real/cut"), .shard = 9};
    rig->body_bytes = LARGE_BYTES;
    rig->world.ops->start(rig->world.context, &wish);
    rig->source_given = 0;
    while (rig->source_given < 20 * MB) {
        const int64_t deadline_ms = ps_clock_now(&rig->clock).steady_ms + 5;
        if (rig->world.ops->next_fact(rig->world.context, deadline_ms, &rig->fact)) {
            return;
        }
    }
    rig->world_aws = ps_world_aws_free(rig->world_aws);
    open_world(rig);
}

static void test_multipart(struct rig *const rig)
{
    rig->body_bytes = LARGE_BYTES;
    report(rig, put(rig, "real/large", 4, 0, PS_OUTCOME_YES), "70 MB in parts");
    report(rig,
           get(rig, "real/large", 0, "", PS_OUTCOME_YES) && rig->sink_bytes == LARGE_BYTES &&
               rig->sink_crc32 == crc32_of(4, 0, 0, LARGE_BYTES),
           "read back whole");
    report(rig, put(rig, "real/large", 4, 0, PS_OUTCOME_YES), "the same parts again");
    report(rig, count_uploads(rig) == 0, "no upload is left open by that");

    rig->source_fails_at = 20 * MB;
    report(rig,
           put(rig, "real/gone", 5, 0, PS_OUTCOME_NO) && rig->fact.error.status == PS_E_NOT_FOUND,
           "a source that fails in the middle of the parts");
    rig->source_fails_at = -1;
    report(rig, count_uploads(rig) == 0, "its upload is aborted");
    report(rig, get(rig, "real/gone", 0, "", PS_OUTCOME_NO), "and nothing is there");

    leave_an_upload_open(rig);
    report(rig, count_uploads(rig) == 1, "a put that is left in the middle leaves its upload");
    report(rig, simple(rig, PS_WISH_ABORT_UPLOADS, "elsewhere/") && count_uploads(rig) == 1,
           "aborting under another prefix does not touch it");
    report(rig, simple(rig, PS_WISH_ABORT_UPLOADS, "real/") && count_uploads(rig) == 0,
           "aborting under its prefix ends it");
}

static void test_listing(struct rig *const rig)
{
    rig->body_bytes = 10;
    for (int64_t index = 0; index < KEY_COUNT; index++) {
        char key[64];
        (void)snprintf(key, sizeof(key), "real/many/%c/k%05lld", index % 2 == 0 ? 'a' : 'b',
                       (long long)index);
        const struct ps_wish wish = {
            .kind = PS_WISH_PUT_SHARD, .key = ps_str_of(key), .shard = index};
        rig->world.ops->start(rig->world.context, &wish);
    }
    bool is_put = true;
    for (int64_t index = 0; index < KEY_COUNT; index++) {
        wait_fact(rig);
        is_put = is_put && rig->fact.outcome == PS_OUTCOME_YES;
    }
    report(rig, is_put, "1,100 small puts, 16 at once");
    bool is_sorted =
        simple(rig, PS_WISH_LIST_OBJECTS, "real/many/") && rig->fact.object_count == KEY_COUNT;
    for (int64_t index = 0; is_sorted && index < KEY_COUNT; index++) {
        const struct ps_object_view *const object = &rig->fact.objects[index];
        is_sorted = object->size_bytes == 10 && object->etag[0] == '"' &&
                    (index == 0 || strcmp(rig->fact.objects[index - 1].key, object->key) < 0);
    }
    report(rig, is_sorted, "listed over two pages, in order, each once, with size and ETag");
    const struct ps_wish shallow = {
        .kind = PS_WISH_LIST_OBJECTS, .key = PS_STR("real/many/"), .is_shallow = true};
    report(rig,
           act(rig, &shallow, PS_OUTCOME_YES) && rig->fact.object_count == 2 &&
               strcmp(rig->fact.objects[0].key, "real/many/a/") == 0 &&
               rig->fact.objects[0].size_bytes == -1,
           "a shallow list shows two prefixes");
    report(rig, simple(rig, PS_WISH_LIST_OBJECTS, "real/nothing/") && rig->fact.object_count == 0,
           "nothing is under another prefix");
    report(rig,
           simple(rig, PS_WISH_LIST_OBJECTS, "real/odd (1)/") && rig->fact.object_count == 1 &&
               strcmp(rig->fact.objects[0].key, "real/odd (1)/~'x'!*-_.b+c%20d e.jsonl") == 0,
           "an odd key is listed as it was put");
}

static void test_deletion(struct rig *const rig)
{
    bool is_deleted = simple(rig, PS_WISH_LIST_OBJECTS, "real/");
    const int64_t count = rig->fact.object_count;
    struct ps_object_view *const objects = rig->fact.objects;
    rig->fact.objects = NULL;
    rig->fact.object_count = 0;
    for (int64_t index = 0; index < count; index++) {
        const struct ps_wish wish = {.kind = PS_WISH_DELETE_OBJECT,
                                     .key = ps_str_of(objects[index].key)};
        rig->world.ops->start(rig->world.context, &wish);
    }
    for (int64_t index = 0; index < count; index++) {
        wait_fact(rig);
        is_deleted = is_deleted && rig->fact.outcome == PS_OUTCOME_YES;
        free(objects[index].key);
        free(objects[index].etag);
    }
    free(objects);
    report(rig, is_deleted && count > KEY_COUNT, "every object is deleted");
    report(rig, simple(rig, PS_WISH_LIST_OBJECTS, "real/") && rig->fact.object_count == 0,
           "and gone");
    report(rig, simple(rig, PS_WISH_DELETE_OBJECT, "real/a"),
           "one that is not there counts as deleted");
}

static void test_refusals(struct rig *const rig)
{
    struct ps_credentials wrong PS_CLEANUP(ps_credentials_release);
    struct ps_error err;
    ps_credentials_init(&wrong);
    if (ps_credentials_set(&wrong, ps_secret_reveal(&rig->credentials.access_key_id),
                           PS_STR("wrong"), PS_STR(""), "a test", &err) != PS_OK) {
        abort();
    }
    ps_world_aws_set_credentials(rig->world_aws, &wrong);
    const struct ps_wish wish = {.kind = PS_WISH_LIST_OBJECTS, .key = PS_STR("real/")};
    report(rig,
           act(rig, &wish, PS_OUTCOME_NO) && rig->fact.error.status == PS_E_DENIED &&
               strcmp(rig->fact.error.aws_code, "SignatureDoesNotMatch") == 0,
           "a wrong secret key is refused, and said so");
    ps_world_aws_set_credentials(rig->world_aws, &rig->credentials);
}

int main(void)
{
    struct rig rig;
    init_rig(&rig);
    test_conditional_put(&rig);
    test_ranges(&rig);
    test_multipart(&rig);
    test_listing(&rig);
    test_refusals(&rig);
    test_deletion(&rig);
    rig.world_aws = ps_world_aws_free(rig.world_aws);
    ps_fact_release(&rig.fact);
    ps_credentials_release(&rig.credentials);
    ps_aws_settings_release(&rig.settings);
    printf("%s\n", rig.failures == 0 ? "all held" : "some did not hold");
    return rig.failures == 0 ? 0 : 1;
}
