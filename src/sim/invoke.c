#include "sim/invoke.h"

#include "base/assert.h"
#include "base/limits.h"
#include "sim/canonical.h"
#include "sim/event_fields.h"
#include "sim/job_work.h"
#include "sim/record.h"
#include "sim/world_internal.h"

#include <stdlib.h>
#include <string.h>

/* "Body: raw model JSON, 0-25,000,000 bytes" (reference: InvokeModel). */
#define BODY_BYTES_MAX ((size_t)25000000)

/* The most that an answer may have where nobody says: as the older chat models. */
#define OUTPUT_TOKENS_DEFAULT INT64_C(4096)

struct ps_invoke_pool {
    const struct ps_sim_limits *limits;
    char *region;
    char *base_model;
    struct ps_on_demand books;
};

void ps_invoke_pools_release(struct ps_invoke_pools *const pools)
{
    for (size_t place = 0; place < pools->count; place++) {
        free(pools->pools[place].region);
        free(pools->pools[place].base_model);
        ps_on_demand_release(&pools->pools[place].books);
    }
    free(pools->pools);
    memset(pools, 0, sizeof *pools);
}

static struct ps_invoke_pool *pool_of(struct ps_invoke_pools *const pools,
                                      const struct ps_sim_limits *const limits,
                                      const struct ps_str base_model, const struct ps_str region,
                                      const int64_t now_ms)
{
    for (size_t place = 0; place < pools->count; place++) {
        struct ps_invoke_pool *const pool = &pools->pools[place];
        if (pool->limits == limits && ps_str_equals_text(base_model, pool->base_model) &&
            ps_str_equals_text(region, pool->region)) {
            return pool;
        }
    }
    pools->pools = realloc(pools->pools, (pools->count + 1) * sizeof *pools->pools);
    PS_ASSERT(pools->pools != NULL);
    struct ps_invoke_pool *const pool = &pools->pools[pools->count++];
    *pool = (struct ps_invoke_pool){
        .limits = limits, .region = ps_str_dup(region), .base_model = ps_str_dup(base_model)};
    const struct ps_on_demand_limits books = {
        .rps = limits->rps, .tpm = limits->tpm, .tpd = limits->tpd, .reset_ms = limits->reset_ms};
    ps_on_demand_init(&pool->books, &books, now_ms);
    return pool;
}

void ps_invoke_apply(struct ps_invoke_pools *const pools, const struct ps_limits_list *const limits,
                     yyjson_val *const event)
{
    const struct ps_str base_model = ps_event_text(event, "base_model");
    const struct ps_str region = ps_event_text(event, "region");
    const struct ps_on_demand_use use = {
        .at_ms = ps_event_number(event, "at_ms"),
        .reserved_tokens = ps_event_number(event, "reserved_tokens"),
        .settled_tokens = ps_event_number(event, "quota_tokens"),
        .settled_ms = ps_event_number(event, "answered_ms"),
    };
    struct ps_invoke_pool *const pool = pool_of(
        pools, ps_limits_on_demand(limits, base_model, region), base_model, region, use.at_ms);
    ps_on_demand_take(&pool->books, &use);
}

/* ---- one call ---- */

struct invocation {
    const struct ps_invoke_request *request;
    struct ps_str base_model;
    const struct ps_sim_limits *limits;
    int64_t at_ms;
    int64_t reserved_tokens;
    int64_t quota_tokens;
    int64_t latency_ms;
    char output_sha256[PS_SHA256_HEX_SIZE];
};

/* Of the canonical form of the answer: whoever has it can tell whose it is. */
static void digest_output(const struct ps_buf *const output, char ret_hex[const PS_SHA256_HEX_SIZE])
{
    struct ps_buf canonical PS_CLEANUP(ps_buf_release);
    ps_buf_init(&canonical, 2 * PS_OUTPUT_LINE_BYTES_MAX);
    yyjson_doc *const doc = yyjson_read(output->data, output->size, PS_SIM_READ_FLAGS);
    const bool is_flat = ps_canonical_add(&canonical, yyjson_doc_get_root(doc));
    PS_ASSERT(is_flat);
    yyjson_doc_free(doc);
    ps_sha256_hex(ps_buf_str(&canonical), ret_hex);
}

static void write_invocation(struct ps_world *const world, const struct invocation *const call,
                             const struct ps_record *const record)
{
    const struct ps_invoke_request *const request = call->request;
    struct ps_writer *const line = ps_events_begin(world->events, call->at_ms, "invocation");
    ps_writer_text(line, "request_id", ps_str_of(request->call->request_id));
    ps_writer_text(line, "op", request->is_converse ? PS_STR("Converse") : PS_STR("InvokeModel"));
    ps_writer_text(line, "model", request->model);
    ps_writer_text(line, "base_model", call->base_model);
    ps_writer_text(line, "region", request->region);
    ps_writer_text(line, "lane", ps_str_of(call->limits->name));
    ps_writer_text(line, "input_sha256", ps_str_of(record->digest_hex));
    ps_writer_text(line, "output_sha256", ps_str_of(call->output_sha256));
    ps_writer_number(line, "at_ms", call->at_ms);
    ps_writer_number(line, "answered_ms", call->at_ms + call->latency_ms);
    ps_writer_number(line, "reserved_tokens", call->reserved_tokens);
    ps_writer_number(line, "quota_tokens", call->quota_tokens);
    ps_writer_bool(line, "is_billed", true);
    ps_writer_number(line, "input_tokens", record->answer.input_tokens);
    ps_writer_number(line, "output_tokens", record->answer.output_tokens);
}

/* Within the limits, and written down; false: refused. */
static bool execute(struct ps_world *const world, struct invocation *const call,
                    const struct ps_record *const record, struct ps_refusal *const ret_refusal)
{
    ps_world_lock(world);
    call->at_ms = ps_world_now_ms(world, call->request->call->now_ms);
    call->limits = ps_limits_on_demand(&world->limits, call->base_model, call->request->region);
    const struct ps_model_answer *const answer = &record->answer;
    const int64_t most =
        answer->output_tokens_max > 0 ? answer->output_tokens_max : OUTPUT_TOKENS_DEFAULT;
    call->reserved_tokens = answer->input_tokens + (answer->has_text ? most : 0);
    call->quota_tokens = answer->input_tokens + answer->output_tokens * call->limits->burndown;
    struct ps_invoke_pool *const pool = pool_of(&world->invocations, call->limits, call->base_model,
                                                call->request->region, call->at_ms);
    const enum ps_on_demand_verdict verdict =
        ps_on_demand_ask(&pool->books, call->reserved_tokens, call->at_ms);
    bool is_done = false;
    if (verdict != PS_ON_DEMAND_FITS) {
        (void)ps_refuse(ret_refusal, 429, "ThrottlingException", "%s", ps_on_demand_words(verdict));
    } else {
        write_invocation(world, call, record);
        is_done = ps_world_commit_call(world, ret_refusal);
    }
    ps_world_unlock(world);
    return is_done;
}

static bool read_body(const struct ps_invoke_request *const request, const struct ps_str base_model,
                      struct ps_record *const record, struct ps_refusal *const ret_refusal)
{
    struct ps_job_work work = {.is_on_demand = true};
    bool is_batch = false;
    if (request->model.size == 0 || !ps_model_family(base_model, &work.family, &is_batch)) {
        return ps_refuse(ret_refusal, 400, "ValidationException",
                         "The provided model identifier is invalid.");
    }
    if (request->is_converse && work.family == PS_FAMILY_TITAN_EMBED) {
        return ps_refuse(ret_refusal, 400, "ValidationException",
                         "The model that you are using does not support the Converse API.");
    }
    work.family = request->is_converse ? PS_FAMILY_CONVERSE : work.family;
    char *base PS_CLEANUP(ps_str_free_auto) = ps_str_dup(base_model);
    work.base_model = base;
    if (request->body.size > BODY_BYTES_MAX || !ps_record_read_body(record, request->body, &work)) {
        return ps_refuse(ret_refusal, 400, "ValidationException",
                         "Malformed input request, please reformat your input and try again.");
    }
    if (record->answer.error_code != 0) {
        return ps_refuse(ret_refusal, 400, "ValidationException", "%s",
                         record->answer.error_message);
    }
    return true;
}

bool ps_invoke(struct ps_world *const world, const struct ps_invoke_request *const request,
               struct ps_buf *const body, struct ps_invoke_answer *const ret_answer,
               struct ps_refusal *const ret_refusal)
{
    struct invocation call = {.request = request,
                              .base_model = ps_limits_base_model(request->model)};
    struct ps_record record PS_CLEANUP(ps_record_release);
    ps_record_init(&record);
    if (!read_body(request, call.base_model, &record, ret_refusal)) {
        return false;
    }
    digest_output(&record.output, call.output_sha256);
    call.latency_ms = ps_on_demand_latency_ms(request->call->seed ^ (uint64_t)request->call->number,
                                              record.answer.output_tokens);
    if (!execute(world, &call, &record, ret_refusal)) {
        return false;
    }
    ps_buf_add(body, ps_buf_str(&record.output));
    *ret_answer = (struct ps_invoke_answer){.latency_ms = call.latency_ms,
                                            .input_tokens = record.answer.input_tokens,
                                            .output_tokens = record.answer.output_tokens};
    return true;
}
