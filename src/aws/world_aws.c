#include "aws/world_aws.h"

#include "aws/act.h"
#include "aws/s3.h"
#include "aws/s3_whole.h"
#include "base/assert.h"
#include "base/limits.h"
#include "os/descriptors.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRANSFERS_MAX 16
#define CONTROLS_MAX 16

/* At 20 requests a second, answers of 200 s; each has a connection, and with --local its other end
 * is in this process too. */
#define INVOKES_MAX 4096
#define DESCRIPTORS_OF_OTHERS 512
#define MULTIPART_FROM_BYTES ((int64_t)(64 * PS_MB))
#define PART_BYTES INT64_C(8388608)

struct lane {
    char *region;
    char *bucket;
    char *account;
    struct ps_credentials credentials; /* its own, where it has some */
    bool has_credentials;
    struct ps_aws_endpoint endpoints[PS_AWS_SERVICE_COUNT];
};

/* Wishes in the order in which they came. */
struct queue {
    struct ps_act *first;
    struct ps_act **last;
};

/* Puts and gets must not keep a look or a stop waiting, nor the other way round, nor calls of
 * models any of them: each sort has its own places. */
struct sort {
    struct queue waiting;
    int64_t running;
    int64_t running_max;
};

struct ps_world_aws {
    struct ps_http *http;
    struct ps_credentials credentials;
    struct ps_streams streams;
    const struct ps_clock *clock;
    struct lane *lanes;
    int64_t lane_count;
    int64_t multipart_from_bytes;
    int64_t part_bytes;
    bool is_payload_unsigned;
    struct sort transfers;
    struct sort controls;
    struct sort invokes;
    struct ps_act *running;
    struct queue ended;
    struct ps_s3_wholes wholes;
    atomic_bool is_woken;
};

static void (*const begins[PS_WISH_KIND_COUNT])(struct ps_act *act) = {
    [PS_WISH_IDENTITY] = ps_sts_begin_identity,
    [PS_WISH_PUT_SHARD] = ps_s3_begin_put,
    [PS_WISH_LIST_OBJECTS] = ps_s3_begin_list,
    [PS_WISH_GET_OBJECT] = ps_s3_begin_get,
    [PS_WISH_DELETE_OBJECT] = ps_s3_begin_delete,
    [PS_WISH_ABORT_UPLOADS] = ps_s3_begin_abort_uploads,
    [PS_WISH_CREATE_JOB] = ps_bedrock_begin_create,
    [PS_WISH_GET_JOB] = ps_bedrock_begin_get,
    [PS_WISH_LIST_JOBS] = ps_bedrock_begin_list,
    [PS_WISH_STOP_JOB] = ps_bedrock_begin_stop,
    [PS_WISH_INVOKE] = ps_runtime_begin_invoke,
};

static void queue_init(struct queue *const queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void queue_push(struct queue *const queue, struct ps_act *const act)
{
    act->next = NULL;
    *queue->last = act;
    queue->last = &act->next;
}

static struct ps_act *queue_pop(struct queue *const queue)
{
    struct ps_act *const act = queue->first;
    if (act != NULL) {
        queue->first = act->next;
        queue->last = queue->first == NULL ? &queue->first : queue->last;
        act->next = NULL;
    }
    return act;
}

static char *copy_or_null(const char *const text)
{
    return text == NULL ? NULL : ps_str_dup(ps_str_of(text));
}

static int64_t or_default(const int64_t value, const int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

static void copy_credentials(struct ps_credentials *const to,
                             const struct ps_credentials *const from)
{
    ps_secret_set(&to->access_key_id, ps_secret_reveal(&from->access_key_id));
    ps_secret_set(&to->secret_access_key, ps_secret_reveal(&from->secret_access_key));
    ps_secret_set(&to->session_token, ps_secret_reveal(&from->session_token));
    memcpy(to->source, from->source, sizeof(to->source));
}

/* How many calls of models this process has descriptors for. */
static int64_t places_for(const int64_t wanted)
{
    const int64_t allowed = ps_descriptors_raise(wanted * 2 + DESCRIPTORS_OF_OTHERS);
    const int64_t places = (allowed - DESCRIPTORS_OF_OTHERS) / 2;
    return places < 1 ? 1 : places < wanted ? places : wanted;
}

static enum ps_status init_lane(struct lane *const lane,
                                const struct ps_world_aws_lane *const source,
                                const struct ps_aws_settings *const others_settings,
                                struct ps_error *const err)
{
    const struct ps_aws_settings *const settings =
        source->settings == NULL ? others_settings : source->settings;
    ps_credentials_init(&lane->credentials);
    lane->has_credentials = source->credentials != NULL;
    if (lane->has_credentials) {
        copy_credentials(&lane->credentials, source->credentials);
    }
    lane->region = copy_or_null(source->region);
    /* A lane that only calls models has none. */
    const bool has_bucket = source->bucket != NULL && source->bucket[0] != '\0';
    lane->bucket = copy_or_null(has_bucket ? source->bucket : NULL);
    lane->account = copy_or_null(source->account);
    for (int service = 0; service < PS_AWS_SERVICE_COUNT; service++) {
        const char *const bucket = service == PS_AWS_S3 ? lane->bucket : NULL;
        if (service == PS_AWS_S3 && bucket == NULL) {
            continue;
        }
        char *url PS_CLEANUP(ps_str_free_auto) = NULL;
        enum ps_status status = ps_aws_settings_endpoint(
            settings, ps_aws_service_variable((enum ps_aws_service)service), &url, err);
        if (status == PS_OK) {
            status = ps_aws_endpoint_init(&lane->endpoints[service], (enum ps_aws_service)service,
                                          source->region, url, bucket, err);
        }
        if (status != PS_OK) {
            return status;
        }
    }
    return PS_OK;
}

enum ps_status ps_world_aws_new(const struct ps_world_aws_options *const options,
                                struct ps_world_aws **const ret_world, struct ps_error *const err)
{
    const int64_t invokes_max = places_for(or_default(options->invokes_max, INVOKES_MAX));
    struct ps_http_options http_options = options->http;
    http_options.idle_connections_max = or_default(http_options.idle_connections_max, invokes_max);
    if (http_options.ca_file == NULL) {
        http_options.ca_file = ps_aws_environment("AWS_CA_BUNDLE");
    }
    struct ps_http *http = NULL;
    enum ps_status status = ps_http_new(&http_options, &http, err);
    if (status != PS_OK) {
        return status;
    }
    struct ps_world_aws *const world = calloc(1, sizeof(*world));
    PS_ASSERT(world != NULL);
    PS_ASSERT(options->lane_count > 0);
    world->http = http;
    ps_credentials_init(&world->credentials);
    if (options->credentials != NULL) {
        copy_credentials(&world->credentials, options->credentials);
    }
    world->streams = options->streams;
    world->clock = options->clock;
    world->multipart_from_bytes = or_default(options->multipart_from_bytes, MULTIPART_FROM_BYTES);
    world->part_bytes = or_default(options->part_bytes, PART_BYTES);
    world->is_payload_unsigned = options->is_payload_unsigned;
    world->transfers.running_max = or_default(options->transfers_max, TRANSFERS_MAX);
    world->controls.running_max = CONTROLS_MAX;
    queue_init(&world->transfers.waiting);
    queue_init(&world->controls.waiting);
    world->invokes.running_max = invokes_max;
    queue_init(&world->invokes.waiting);
    queue_init(&world->ended);
    ps_s3_wholes_init(&world->wholes);
    world->lanes = calloc((size_t)options->lane_count, sizeof(*world->lanes));
    PS_ASSERT(world->lanes != NULL);
    world->lane_count = options->lane_count;
    for (int64_t lane = 0; status == PS_OK && lane < options->lane_count; lane++) {
        status = init_lane(&world->lanes[lane], &options->lanes[lane], options->settings, err);
    }
    if (status != PS_OK) {
        (void)ps_world_aws_free(world);
        return status;
    }
    *ret_world = world;
    return PS_OK;
}

static void free_act(struct ps_act *const act)
{
    if (act->free_state != NULL) {
        act->free_state(act);
    }
    act->uploads = ps_s3_uploads_free(act->uploads);
    ps_fact_release(&act->fact);
    free(act->key);
    free(act->text);
    free(act->etag);
    free(act);
}

static void free_acts(struct ps_act *first)
{
    while (first != NULL) {
        struct ps_act *const act = first;
        first = act->next;
        free_act(act);
    }
}

static void free_lane(struct lane *const lane)
{
    for (int service = 0; service < PS_AWS_SERVICE_COUNT; service++) {
        ps_aws_endpoint_release(&lane->endpoints[service]);
    }
    ps_credentials_release(&lane->credentials);
    free(lane->region);
    free(lane->bucket);
    free(lane->account);
}

struct ps_world_aws *ps_world_aws_free(struct ps_world_aws *const world)
{
    if (world == NULL) {
        return NULL;
    }
    world->http = ps_http_free(world->http);
    free_acts(world->transfers.waiting.first);
    free_acts(world->controls.waiting.first);
    free_acts(world->invokes.waiting.first);
    free_acts(world->running);
    free_acts(world->ended.first);
    for (int64_t lane = 0; lane < world->lane_count; lane++) {
        free_lane(&world->lanes[lane]);
    }
    free(world->lanes);
    ps_s3_wholes_release(&world->wholes);
    ps_credentials_release(&world->credentials);
    free(world);
    return NULL;
}

void ps_world_aws_set_credentials(struct ps_world_aws *const world,
                                  const struct ps_credentials *const credentials)
{
    copy_credentials(&world->credentials, credentials);
}

const char *ps_world_aws_host(const struct ps_world_aws *const world, const int64_t lane,
                              const enum ps_aws_service service)
{
    PS_ASSERT(lane >= 0 && lane < world->lane_count);
    return world->lanes[lane].endpoints[service].host;
}

static bool is_transfer(const enum ps_wish_kind kind)
{
    return kind == PS_WISH_PUT_SHARD || kind == PS_WISH_GET_OBJECT;
}

static struct sort *sort_of(struct ps_world_aws *const world, const struct ps_act *const act)
{
    if (act->wish.kind == PS_WISH_INVOKE) {
        return &world->invokes;
    }
    return is_transfer(act->wish.kind) ? &world->transfers : &world->controls;
}

static void start(void *const context, const struct ps_wish *const wish)
{
    struct ps_world_aws *const world = context;
    PS_ASSERT(wish->kind >= 0 && wish->kind < PS_WISH_KIND_COUNT);
    PS_ASSERT(wish->lane >= 0 && wish->lane < world->lane_count);
    struct ps_act *const act = calloc(1, sizeof(*act));
    PS_ASSERT(act != NULL);
    act->world = world;
    act->wish = *wish;
    act->key = ps_str_dup(wish->key);
    act->text = ps_str_dup(wish->text);
    act->etag = ps_str_dup(wish->etag);
    act->wish.key.data = act->key;
    act->wish.text.data = act->text;
    act->wish.etag.data = act->etag;
    act->fact = (struct ps_fact){
        .wish_id = wish->id, .kind = wish->kind, .job = wish->job, .shard = wish->shard};
    queue_push(&sort_of(world, act)->waiting, act);
}

static void begin_waiting(struct ps_world_aws *const world, struct sort *const sort)
{
    while (sort->running < sort->running_max && sort->waiting.first != NULL) {
        struct ps_act *const act = queue_pop(&sort->waiting);
        sort->running++;
        act->next = world->running;
        act->place = &world->running;
        if (act->next != NULL) {
            act->next->place = &act->next;
        }
        world->running = act;
        begins[act->wish.kind](act);
    }
}

void ps_act_end(struct ps_act *const act, const enum ps_outcome outcome)
{
    struct ps_world_aws *const world = act->world;
    PS_ASSERT(!act->has_ended);
    act->has_ended = true;
    act->fact.outcome = outcome;
    PS_ASSERT(*act->place == act);
    *act->place = act->next;
    if (act->next != NULL) {
        act->next->place = act->place;
    }
    sort_of(world, act)->running--;
    queue_push(&world->ended, act);
}

static bool take_fact(struct ps_world_aws *const world, struct ps_fact *const ret_fact)
{
    struct ps_act *const act = queue_pop(&world->ended);
    if (act == NULL) {
        return false;
    }
    *ret_fact = act->fact;
    memset(&act->fact, 0, sizeof(act->fact));
    free_act(act);
    return true;
}

static bool next_fact(void *const context, const int64_t deadline_ms,
                      struct ps_fact *const ret_fact)
{
    struct ps_world_aws *const world = context;
    int64_t wait_ms = 0;
    for (;;) {
        begin_waiting(world, &world->controls);
        begin_waiting(world, &world->transfers);
        begin_waiting(world, &world->invokes);
        if (take_fact(world, ret_fact)) {
            return true;
        }
        (void)ps_http_run(world->http, wait_ms);
        if (take_fact(world, ret_fact)) {
            return true;
        }
        if (atomic_exchange(&world->is_woken, false)) {
            return false;
        }
        wait_ms = ps_clock_real_wait_ms(world->clock, deadline_ms);
        if (wait_ms == 0) {
            return false;
        }
    }
}

static void wake(void *const context)
{
    struct ps_world_aws *const world = context;
    atomic_store(&world->is_woken, true);
    ps_http_wake(world->http);
}

struct ps_world ps_world_aws_port(struct ps_world_aws *const world)
{
    static const struct ps_world_ops ops = {start, next_fact, wake};
    return (struct ps_world){&ops, world};
}

static const struct lane *lane_of(const struct ps_act *const act)
{
    return &act->world->lanes[act->wish.lane];
}

const struct ps_streams *ps_act_streams(const struct ps_act *const act)
{
    return &act->world->streams;
}

const char *ps_act_bucket(const struct ps_act *const act)
{
    return lane_of(act)->bucket;
}

int64_t ps_act_multipart_from_bytes(const struct ps_act *const act)
{
    return act->world->multipart_from_bytes;
}

int64_t ps_act_part_bytes(const struct ps_act *const act)
{
    return act->world->part_bytes;
}

struct ps_s3_wholes *ps_act_wholes(struct ps_act *const act)
{
    return &act->world->wholes;
}

bool ps_act_is_payload_signed(const struct ps_act *const act)
{
    return lane_of(act)->endpoints[PS_AWS_S3].is_plain && !act->world->is_payload_unsigned;
}

struct ps_aws_doing ps_act_doing(const struct ps_act *const act)
{
    return (struct ps_aws_doing){act->what, lane_of(act)->region, ps_clock_real_wall_ms()};
}

static enum ps_status read_body(void *const owner, char *const room, const size_t room_size,
                                size_t *const ret_size, struct ps_error *const err)
{
    struct ps_act *const act = owner;
    return act->read_body(act, room, room_size, ret_size, err);
}

static enum ps_status write_body(void *const owner, const struct ps_http_answer *const answer,
                                 const struct ps_str bytes, struct ps_error *const err)
{
    struct ps_act *const act = owner;
    return act->write_body(act, answer, bytes, err);
}

static void done(void *const owner, const struct ps_http_answer *const answer)
{
    struct ps_act *const act = owner;
    act->read_body = NULL;
    act->write_body = NULL;
    act->on_answer(act, answer);
}

static const struct ps_http_handler handlers[2][2] = {
    {{NULL, NULL, done}, {NULL, write_body, done}},
    {{read_body, NULL, done}, {read_body, write_body, done}},
};

void ps_act_send(struct ps_act *const act, const struct ps_act_request *const request)
{
    const struct lane *const lane = lane_of(act);
    const bool is_s3 = request->service == PS_AWS_S3;
    if (is_s3 && lane->bucket == NULL) {
        (void)ps_error_set(&act->fact.error, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot %s: the lane has no bucket", act->what);
        ps_act_end(act, PS_OUTCOME_NO);
        return;
    }
    struct ps_aws_call call = {
        .endpoint = &lane->endpoints[request->service],
        .region = lane->region,
        .credentials = lane->has_credentials ? &lane->credentials : &act->world->credentials,
        .method = request->method,
        .path = request->path,
        .query = request->query,
        .header_count = request->header_count,
        .body = request->body,
        .body_bytes = request->body_bytes,
        .payload_hash = request->payload_hash,
        .first_byte_ms_max = request->first_byte_ms_max,
        .answer_bytes_max = request->answer_bytes_max,
        .is_one_of_many = request->is_one_of_many,
        .handler = &handlers[act->read_body != NULL ? 1 : 0][act->write_body != NULL ? 1 : 0],
        .owner = act};
    memcpy(call.headers, request->headers, sizeof(request->headers));
    if (is_s3 && lane->account != NULL) {
        call.headers[call.header_count++] =
            (struct ps_http_field){"x-amz-expected-bucket-owner", ps_str_of(lane->account)};
    }
    act->on_answer = request->on_answer;
    if (ps_aws_call_start(act->world->http, &call, &act->fact.error) != PS_OK) {
        ps_act_end(act, PS_OUTCOME_NO);
    }
}

bool ps_act_is_success(const struct ps_http_answer *const answer)
{
    return answer->reach == PS_HTTP_ANSWERED && answer->http_status >= 200 &&
           answer->http_status < 300;
}

void ps_act_fail(struct ps_act *const act, const struct ps_http_answer *const answer,
                 const enum ps_outcome outcome)
{
    const struct ps_aws_doing doing = ps_act_doing(act);
    (void)ps_aws_failure(answer, &doing, &act->fact.error);
    ps_act_end(act, outcome);
}

void ps_act_fail_unreadable(struct ps_act *const act, const struct ps_http_answer *const answer,
                            const char *const why, const enum ps_outcome outcome)
{
    const struct ps_aws_doing doing = ps_act_doing(act);
    (void)ps_aws_unreadable(answer, &doing, why, &act->fact.error);
    ps_act_end(act, outcome);
}
