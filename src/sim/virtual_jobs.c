#include "base/assert.h"
#include "base/limits.h"
#include "sim/job_fields.h"
#include "sim/limits.h"
#include "sim/patterns.h"
#include "sim/virtual_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Where in the id the job's number stands, in letters and digits. */
#define ID_LETTERS 36
#define ID_NUMBER_SIZE 6

static const char id_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* ---- found by name, token, id ---- */

static size_t slot_of(const struct ps_virtual_index *const index, const struct ps_str text)
{
    return (size_t)XXH3_64bits(text.data, text.size) & (index->slot_count - 1);
}

static struct ps_virtual_job **link_of(const struct ps_virtual *const service,
                                       const struct ps_virtual_index *const index,
                                       struct ps_virtual_job *const job)
{
    return index == &service->by_name ? &job->next_by_name : &job->next_by_token;
}

static void index_add(struct ps_virtual *const service, struct ps_virtual_index *const index,
                      struct ps_virtual_job *const job)
{
    const struct ps_str text = ps_str_of(index == &service->by_name ? job->name : job->token);
    struct ps_virtual_job **const slot = &index->slots[slot_of(index, text)];
    *link_of(service, index, job) = *slot;
    *slot = job;
}

/* All jobs anew, in twice as many slots as jobs. */
static void index_grow(struct ps_virtual *const service, struct ps_virtual_index *const index)
{
    free(index->slots);
    index->slot_count = index->slot_count == 0 ? 64 : 2 * index->slot_count;
    index->slots = calloc(index->slot_count, sizeof(struct ps_virtual_job *));
    PS_ASSERT(index->slots != NULL);
    for (size_t job = 0; job < service->job_count; job++) {
        index_add(service, index, service->jobs[job]);
    }
}

static struct ps_virtual_job *find_in(const struct ps_virtual *const service,
                                      const struct ps_virtual_index *const index,
                                      const struct ps_virtual_place *const place,
                                      const struct ps_str text)
{
    struct ps_virtual_job *job =
        index->slot_count == 0 || text.size == 0 ? NULL : index->slots[slot_of(index, text)];
    while (job != NULL &&
           !(ps_str_equals_text(text, index == &service->by_name ? job->name : job->token) &&
             job->place->account == place->account)) {
        job = *link_of(service, index, job);
    }
    return job;
}

static void make_id(const struct ps_virtual *const service, struct ps_virtual_job *const job)
{
    uint64_t drawn = ps_virtual_draw(service, PS_DRAW_ID, job->number);
    int64_t number = job->number;
    for (size_t at = 0; at + 1 < sizeof job->id; at++) {
        if (at + 1 < sizeof job->id - ID_NUMBER_SIZE) {
            job->id[at] = id_letters[drawn % ID_LETTERS];
            drawn /= ID_LETTERS;
        } else {
            job->id[at] = id_letters[number % ID_LETTERS];
            number /= ID_LETTERS;
        }
    }
}

/* The number that is written in an id, lowest digit first; -1: none. */
static int64_t number_of(const struct ps_str id)
{
    int64_t number = 0;
    if (id.size + 1 != PS_VIRTUAL_ID_SIZE) {
        return -1;
    }
    for (size_t at = id.size; at > id.size - ID_NUMBER_SIZE; at--) {
        const char *const found = memchr(id_letters, id.data[at - 1], ID_LETTERS);
        if (found == NULL) {
            return -1;
        }
        number = number * ID_LETTERS + (found - id_letters);
    }
    return number;
}

struct ps_virtual_job *ps_virtual_find_job(const struct ps_virtual *const service,
                                           const struct ps_virtual_place *const place,
                                           const struct ps_str arn)
{
    struct ps_str id = {NULL, 0};
    if (!ps_pattern_job(arn, &id)) {
        return NULL;
    }
    const int64_t number = number_of(id);
    if (number < 1 || number > (int64_t)service->job_count) {
        return NULL;
    }
    struct ps_virtual_job *const job = service->jobs[number - 1];
    return ps_str_equals_text(id, job->id) && job->place->account == place->account ? job : NULL;
}

static void make_arn(struct ps_virtual_job *const job)
{
    struct ps_buf arn PS_CLEANUP(ps_buf_release);
    ps_buf_init(&arn, PS_TEXT_BYTES_MAX);
    ps_buf_add_format(&arn, "arn:aws:bedrock:%s:%s:model-invocation-job/%s",
                      job->place->lane.region, job->place->lane.account, job->id);
    job->arn = ps_str_dup(ps_buf_str(&arn));
}

void ps_virtual_free_job(struct ps_virtual_job *const job)
{
    ps_rates_flow_release(&job->flow);
    free(job->arn);
    free(job->name);
    free(job->token);
    free(job->input_uri);
    free(job->output_uri);
    free(job->message);
    free(job->inputs);
    free(job);
}

/* ---- a change of state ---- */

static void enter(struct ps_virtual *const service, struct ps_virtual_job *const job,
                  const enum ps_job_status status)
{
    job->status = status;
    job->modified_ms = service->now_ms;
    job->step++;
    ps_virtual_log_state(service, job);
}

static void count_jobs(struct ps_virtual *const service, struct ps_virtual_pool *const pool,
                       const int64_t change)
{
    pool->live_jobs += change;
    ps_recount_jobs(&pool->recount, service->now_ms, pool->live_jobs,
                    ps_virtual_other_slots(service, pool));
}

static void next_step(struct ps_virtual *const service, struct ps_virtual_job *const job,
                      const int64_t at_ms)
{
    ps_virtual_queue_step(service, job, job->step,
                          at_ms > service->now_ms ? at_ms : service->now_ms);
}

/* The next whole minute: when the service sweeps (reference, 1.6.2). */
static int64_t tick_ms(const int64_t at_ms)
{
    return (at_ms / PS_MINUTE_MS + 1) * PS_MINUTE_MS;
}

/* Of what was tried since the speeds changed last, as much as the pool refuses now. */
int64_t ps_virtual_refused(const struct ps_virtual *const service,
                           const struct ps_virtual_job *const job)
{
    const struct ps_rates *const rates = &job->place->pool->rates;
    int64_t refused = 0;
    if (job->status != PS_JOB_IN_PROGRESS) {
        return job->refused;
    }
    for (size_t place = 0; ps_rates_flow_stretch(&job->flow, place) != NULL; place++) {
        refused += ps_rates_flow_stretch(&job->flow, place)->refused;
    }
    return refused + ps_scale_i64(ps_rates_flow_records_at(rates, &job->flow, service->now_ms) -
                                      job->flow.stretch_first,
                                  PS_MICROS - rates->ppm, PS_MICROS);
}

int64_t ps_virtual_processed(const struct ps_virtual *const service,
                             const struct ps_virtual_job *const job)
{
    return job->status == PS_JOB_IN_PROGRESS
               ? ps_rates_flow_records_at(&job->place->pool->rates, &job->flow, service->now_ms)
               : job->processed;
}

/* ---- the end ---- */

struct end {
    struct ps_virtual *service;
    struct ps_virtual_job *job;
};

static void count_end(void *const context, const struct ps_virtual_delivery *const delivery)
{
    const struct end *const end = context;
    struct ps_virtual_ledger *const ledger = &end->service->ledger;
    if (delivery->kind == PS_VIRTUAL_SUCCEEDED) {
        end->job->success += delivery->end - delivery->first;
        ledger->paid_twice += ps_billed_add(&end->service->billed, delivery->first, delivery->end);
    }
}

/* What its limits refused of it. */
static int64_t count_refused(const struct ps_virtual_job *const job)
{
    int64_t refused = 0;
    for (size_t place = 0; ps_rates_flow_stretch(&job->flow, place) != NULL; place++) {
        refused += ps_rates_flow_stretch(&job->flow, place)->refused;
    }
    return refused;
}

int64_t ps_virtual_billed(const struct ps_virtual_job *const job, const int64_t tokens)
{
    int64_t part = 0;
    return job->costing > 0 && ps_muldiv_i64(tokens, job->success, job->costing, &part) ? part : 0;
}

static struct ps_str output_key(const struct ps_virtual_job *const job, const char *const name,
                                struct ps_buf *const key)
{
    struct ps_str bucket = {NULL, 0};
    struct ps_str prefix = {NULL, 0};
    PS_ASSERT(ps_pattern_split_uri(ps_str_of(job->output_uri), &bucket, &prefix));
    ps_buf_clear(key);
    ps_buf_add(key, prefix);
    ps_buf_add_text(key, prefix.size > 0 && prefix.data[prefix.size - 1] != '/' ? "/" : "");
    ps_buf_add_format(key, "%s/%s.out", job->id, name);
    return bucket;
}

/* Below the folder of the input; of a single object its base name. */
static const char *output_name(const struct ps_virtual_job *const job,
                               const struct ps_virtual_object *const object)
{
    struct ps_str bucket = {NULL, 0};
    struct ps_str prefix = {NULL, 0};
    PS_ASSERT(ps_pattern_split_uri(ps_str_of(job->input_uri), &bucket, &prefix));
    if (!ps_str_equals_text(prefix, object->key)) {
        const char *const rest = object->key + prefix.size;
        return rest[0] == '/' ? rest + 1 : rest;
    }
    const char *const slash = strrchr(object->key, '/');
    return slash == NULL ? object->key : slash + 1;
}

static void add_output(struct ps_virtual *const service, struct ps_virtual_job *const job,
                       const char *const name, const int64_t input, const int64_t size_bytes)
{
    struct ps_buf key PS_CLEANUP(ps_buf_release);
    ps_buf_init(&key, PS_TEXT_BYTES_MAX);
    struct ps_virtual_object *const object = calloc(1, sizeof *object);
    PS_ASSERT(object != NULL);
    struct ps_virtual_bucket *const bucket =
        ps_virtual_bucket(service, output_key(job, name, &key));
    object->key = ps_str_dup(ps_buf_str(&key));
    object->job = job;
    object->input = input;
    object->size_bytes = size_bytes;
    ps_virtual_put_object(bucket, object);
}

/* About what the real one has: six numbers with their names (reference, 3.4). */
#define MANIFEST_BYTES 160

static void write_outputs(struct ps_virtual *const service, struct ps_virtual_job *const job)
{
    int64_t ordinal = 0;
    for (size_t input = 0; input < job->input_count && ordinal < job->processed; input++) {
        const struct ps_virtual_object *const object = job->inputs[input];
        const int64_t left = job->processed - ordinal;
        const int64_t lines = left < object->ranges.records ? left : object->ranges.records;
        add_output(service, job, output_name(job, object), (int64_t)input,
                   lines * (service->options.truth.output_bytes + 1));
        ordinal += object->ranges.records;
    }
    if (job->processed > 0) {
        add_output(service, job, "manifest.json", -1, MANIFEST_BYTES);
    }
}

static void end_job(struct ps_virtual *const service, struct ps_virtual_job *const job,
                    const enum ps_job_status status)
{
    struct ps_virtual_ledger *const ledger = &service->ledger;
    struct end end = {service, job};
    for (size_t input = 0; input < job->input_count && job->processed > 0; input++) {
        ps_virtual_walk(service, job, input, count_end, &end);
    }
    job->refused = count_refused(job);
    ledger->records_processed += job->processed;
    ledger->records_billed += job->success;
    ledger->refused_records += job->refused;
    ledger->input_tokens += ps_virtual_billed(job, job->input_tokens);
    ledger->output_tokens += ps_virtual_billed(job, job->output_tokens);
    if (job->started_ms > 0) {
        ledger->last_ms = service->now_ms > ledger->last_ms ? service->now_ms : ledger->last_ms;
    }
    write_outputs(service, job);
    enter(service, job, status);
    count_jobs(service, job->place->pool, -1);
}

void ps_virtual_complete(struct ps_virtual *const service, struct ps_virtual_job *const job)
{
    PS_ASSERT(job->status == PS_JOB_IN_PROGRESS);
    job->processed = job->records;
    end_job(service, job, PS_JOB_COMPLETED);
}

/* It works no more: what is behind it now stays so. */
static void halt(struct ps_virtual *const service, struct ps_virtual_job *const job)
{
    struct ps_virtual_pool *const pool = job->place->pool;
    if (job->status == PS_JOB_IN_PROGRESS) {
        ps_rates_remove(&pool->rates, &job->flow, service->now_ms);
        job->processed = ps_rates_flow_records(&job->flow);
        pool->next_ms = ps_rates_next_ms(&pool->rates);
    }
}

/* ---- validation: the texts are those of sim/job_check.c ---- */

static void add_input(struct ps_virtual_job *const job, struct ps_virtual_object *const object)
{
    job->inputs = realloc(job->inputs, (job->input_count + 1) * sizeof(struct ps_virtual_object *));
    PS_ASSERT(job->inputs != NULL);
    job->inputs[job->input_count++] = object;
}

static bool take_input(void *const context, struct ps_virtual_object *const object)
{
    if (object->job == NULL && ps_str_ends_with(ps_str_of(object->key), PS_STR(".jsonl"))) {
        add_input(context, object);
    }
    return true;
}

static void find_inputs(const struct ps_virtual_bucket *const bucket,
                        struct ps_virtual_job *const job, const struct ps_str key)
{
    struct ps_virtual_object *const single = ps_virtual_find_object(bucket, key);
    if (single != NULL) {
        add_input(job, single);
        return;
    }
    struct ps_buf folder PS_CLEANUP(ps_buf_release);
    ps_buf_init(&folder, PS_TEXT_BYTES_MAX);
    ps_buf_add(&folder, key);
    ps_buf_add_text(&folder, key.size > 0 && key.data[key.size - 1] != '/' ? "/" : "");
    ps_virtual_each_object(bucket, ps_buf_str(&folder), take_input, job);
}

static bool is_over(const int64_t value, const int64_t limit)
{
    return limit > 0 && value > limit;
}

static void check_files(const struct ps_virtual_job *const job, struct ps_buf *const message)
{
    const struct ps_virtual_lane *const lane = &job->place->lane;
    int64_t job_bytes = 0;
    for (size_t input = 0; input < job->input_count && message->size == 0; input++) {
        const struct ps_virtual_object *const object = job->inputs[input];
        job_bytes += object->size_bytes;
        if (is_over(object->size_bytes, lane->shard_bytes)) {
            ps_buf_add_format(message,
                              "Input file size (%" PRId64
                              " bytes) exceeds the allowed maximum of: %" PRId64,
                              object->size_bytes, lane->shard_bytes);
        } else if (is_over(object->ranges.records, lane->shard_records)) {
            ps_buf_add_format(message,
                              "Input file contains more records (%" PRId64
                              ") than the allowed maximum of: %" PRId64,
                              object->ranges.records, lane->shard_records);
        }
    }
    if (message->size == 0 && is_over(job_bytes, lane->job_bytes)) {
        ps_buf_add_format(
            message, "Batch job size (%" PRId64 " bytes) exceeds the allowed maximum of: %" PRId64,
            job_bytes, lane->job_bytes);
    }
}

static void check_input(const struct ps_virtual_job *const job, struct ps_buf *const message)
{
    const struct ps_virtual_lane *const lane = &job->place->lane;
    if (job->input_count == 0) {
        ps_buf_add_format(message, "No .jsonl file was found at the input location %s.",
                          job->input_uri);
    } else if (is_over((int64_t)job->input_count, lane->files)) {
        ps_buf_add_format(message,
                          "Batch job contains more files (%zu) than the allowed maximum of: "
                          "%" PRId64,
                          job->input_count, lane->files);
    } else {
        check_files(job, message);
    }
    if (message->size == 0 && job->records < lane->min_records) {
        ps_buf_add_format(message,
                          "Batch job contains less records (%" PRId64
                          ") than the required minimum of: %" PRId64,
                          job->records, lane->min_records);
    } else if (message->size == 0 && is_over(job->records, lane->job_records)) {
        ps_buf_add_format(message,
                          "Batch job contains more records (%" PRId64
                          ") than the allowed maximum of: %" PRId64,
                          job->records, lane->job_records);
    }
}

static void validate(struct ps_virtual *const service, struct ps_virtual_job *const job)
{
    struct ps_str bucket = {NULL, 0};
    struct ps_str key = {NULL, 0};
    struct ps_buf message PS_CLEANUP(ps_buf_release);
    ps_buf_init(&message, PS_TEXT_BYTES_MAX);
    PS_ASSERT(ps_pattern_split_uri(ps_str_of(job->input_uri), &bucket, &key));
    find_inputs(ps_virtual_bucket(service, bucket), job, key);
    ps_virtual_weigh(service, job);
    check_input(job, &message);
    if (message.size > 0) {
        free(job->message);
        job->message = ps_str_dup(ps_buf_str(&message));
        end_job(service, job, PS_JOB_FAILED);
        return;
    }
    enter(service, job, PS_JOB_SCHEDULED);
    next_step(service, job, job->submitted_ms + job->startup_ms);
}

/* ---- steps ---- */

static int64_t own_tpm(const struct ps_virtual *const service,
                       const struct ps_virtual_job *const job)
{
    const struct ps_virtual_lane *const lane = &job->place->lane;
    if (lane->job_tpm > 0 || !job->place->pool->limits->is_refusing) {
        return lane->job_tpm;
    }
    return ps_startup_job_tpm(&service->startup,
                              ps_virtual_draw(service, PS_DRAW_SPEED, job->number));
}

static void begin_work(struct ps_virtual *const service, struct ps_virtual_job *const job)
{
    struct ps_virtual_pool *const pool = job->place->pool;
    enter(service, job, PS_JOB_IN_PROGRESS);
    job->started_ms = service->now_ms;
    service->ledger.first_start_ms =
        service->ledger.first_start_ms == 0 ? service->now_ms : service->ledger.first_start_ms;
    job->flow.own_tpm = own_tpm(service, job);
    ps_rates_add(&pool->rates, &job->flow, service->now_ms);
    pool->next_ms = ps_rates_next_ms(&pool->rates);
}

static void expire(struct ps_virtual *const service, struct ps_virtual_job *const job)
{
    const bool has_run = job->status == PS_JOB_IN_PROGRESS;
    if (has_run) {
        ps_virtual_catch_up(service, job->place->pool);
    }
    if (ps_job_status_is_terminal(job->status) || job->status == PS_JOB_STOPPING) {
        return;
    }
    halt(service, job);
    end_job(service, job, has_run ? PS_JOB_PARTIALLY_COMPLETED : PS_JOB_EXPIRED);
}

void ps_virtual_step(struct ps_virtual *const service, struct ps_virtual_job *const job,
                     const int64_t step)
{
    if (step == PS_VIRTUAL_EXPIRY) {
        expire(service, job);
        return;
    }
    if (step != job->step) {
        return;
    }
    const bool is_fixed = job->place->lane.startup_ms >= 0;
    const int64_t checked_ms = job->submitted_ms + job->startup_ms / 2;
    switch (job->status) {
    case PS_JOB_SUBMITTED:
        enter(service, job, PS_JOB_VALIDATING);
        next_step(service, job, is_fixed ? checked_ms : tick_ms(checked_ms));
        return;
    case PS_JOB_VALIDATING:
        validate(service, job);
        return;
    case PS_JOB_SCHEDULED:
        begin_work(service, job);
        return;
    default:
        PS_ASSERT(job->status == PS_JOB_STOPPING);
        end_job(service, job, PS_JOB_STOPPED);
        return;
    }
}

/* ---- create and stop ---- */

/* The lane of that model in the account and Region of `place`; NULL: there is none. */
static struct ps_virtual_place *place_of_model(struct ps_virtual *const service,
                                               struct ps_virtual_place *const place,
                                               const struct ps_str model)
{
    const struct ps_str base = ps_limits_base_model(model);
    if (ps_str_equals(base, place->base_model)) {
        return place;
    }
    for (size_t lane = 0; lane < service->place_count; lane++) {
        struct ps_virtual_place *const other = &service->places[lane];
        if (other->account == place->account && ps_str_equals(base, other->base_model)) {
            return other;
        }
    }
    return NULL;
}

static struct ps_virtual_job *new_job(struct ps_virtual *const service,
                                      struct ps_virtual_place *const place,
                                      const struct ps_job_fields *const fields)
{
    struct ps_virtual_job *const job = calloc(1, sizeof *job);
    PS_ASSERT(job != NULL);
    job->number = (int64_t)service->job_count + 1;
    job->place = place;
    job->name = ps_str_dup(fields->name);
    job->token = ps_str_dup(fields->token);
    job->input_uri = ps_str_dup(fields->input_uri);
    job->output_uri = ps_str_dup(fields->output_uri);
    job->message = ps_str_dup(PS_STR(""));
    (void)snprintf(job->digest, sizeof job->digest, "%s", fields->parameters_sha256);
    make_id(service, job);
    make_arn(job);
    job->submitted_ms = service->now_ms;
    job->modified_ms = service->now_ms;
    job->timeout_hours = fields->timeout_hours;
    job->expires_ms = service->now_ms + fields->timeout_hours * PS_HOUR_MS;
    job->startup_ms =
        place->lane.startup_ms >= 0
            ? place->lane.startup_ms
            : ps_startup_delay_ms(&service->startup,
                                  ps_virtual_draw(service, PS_DRAW_STARTUP, job->number));
    if (service->job_count == service->job_capacity) {
        service->job_capacity = service->job_capacity == 0 ? 64 : 2 * service->job_capacity;
        service->jobs =
            realloc(service->jobs, service->job_capacity * sizeof(struct ps_virtual_job *));
        PS_ASSERT(service->jobs != NULL);
    }
    if (2 * service->job_count >= service->by_name.slot_count) {
        index_grow(service, &service->by_name);
        index_grow(service, &service->by_token);
    }
    service->jobs[service->job_count++] = job;
    index_add(service, &service->by_name, job);
    index_add(service, &service->by_token, job);
    return job;
}

static bool check_quota(struct ps_virtual *const service, struct ps_virtual_pool *const pool,
                        struct ps_refusal *const ret_refusal)
{
    const int64_t limit = pool->limits->jobs;
    if (is_over(pool->live_jobs + ps_virtual_other_slots(service, pool) + 1, limit)) {
        service->ledger.refused_creates++;
        return ps_refuse(ret_refusal, 400, "ServiceQuotaExceededException",
                         "You have reached the limit of %lld in-progress and submitted batch "
                         "inference jobs for this model.",
                         (long long)limit);
    }
    return true;
}

static bool create(struct ps_virtual *const service, struct ps_virtual_place *const asked,
                   const struct ps_job_fields *const fields, struct ps_virtual_job **const ret_job,
                   struct ps_refusal *const ret_refusal)
{
    struct ps_virtual_job *const earlier =
        find_in(service, &service->by_token, asked, fields->token);
    if (earlier != NULL) {
        *ret_job = earlier;
        return strcmp(earlier->digest, fields->parameters_sha256) == 0 ||
               ps_refuse(ret_refusal, 400, "ConflictException",
                         "The client request token was used before with other parameters.");
    }
    if (find_in(service, &service->by_name, asked, fields->name) != NULL) {
        return ps_refuse(ret_refusal, 400, "ValidationException",
                         "The provided job name is already in use: %.*s",
                         PS_STR_ARGS(fields->name));
    }
    struct ps_virtual_place *const place = place_of_model(service, asked, fields->model);
    if (place == NULL) {
        return ps_refuse(ret_refusal, 400, "ValidationException",
                         "The provided model identifier is invalid.");
    }
    if (!check_quota(service, place->pool, ret_refusal)) {
        return false;
    }
    struct ps_virtual_job *const job = new_job(service, place, fields);
    count_jobs(service, place->pool, 1);
    ps_virtual_log_created(service, job);
    next_step(service, job, job->submitted_ms + job->startup_ms / 8);
    ps_virtual_queue_step(service, job, PS_VIRTUAL_EXPIRY, job->expires_ms);
    *ret_job = job;
    return true;
}

bool ps_virtual_create(struct ps_virtual *const service, struct ps_virtual_place *const place,
                       const struct ps_str body, struct ps_virtual_job **const ret_job,
                       struct ps_refusal *const ret_refusal)
{
    struct ps_job_fields fields PS_CLEANUP(ps_job_fields_release);
    return ps_job_fields_read(&fields, body, ret_refusal) &&
           create(service, place, &fields, ret_job, ret_refusal);
}

bool ps_virtual_stop(struct ps_virtual *const service, struct ps_virtual_job *const job,
                     struct ps_refusal *const ret_refusal)
{
    ps_virtual_catch_up(service, job->place->pool);
    if (ps_job_status_is_terminal(job->status)) {
        return ps_refuse(ret_refusal, 400, "ConflictException",
                         "The batch inference job has already ended: %s",
                         ps_job_status_name(job->status));
    }
    if (job->status != PS_JOB_STOPPING) {
        halt(service, job);
        enter(service, job, PS_JOB_STOPPING);
        next_step(service, job, tick_ms(service->now_ms));
    }
    return true;
}
