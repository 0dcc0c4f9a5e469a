/* Amazon Bedrock's job API and its runtime: REST-JSON over the calls of sim/job_calls and
 * sim/invoke. */
#include "emu/services.h"

#include "base/limits.h"
#include "sim/invoke.h"
#include "sim/job_calls.h"
#include "sim/writer.h"

#include <stdio.h>

static bool answer(struct ps_emu_request *const request, const bool is_done)
{
    if (is_done) {
        request->answer.status = 200;
        ps_emu_answer_header(request, "Content-Type", PS_STR("application/json"));
    }
    return is_done;
}

static struct ps_job_request ask(const struct ps_emu_request *const request,
                                 const struct ps_buf *const text)
{
    return (struct ps_job_request){
        .call = &request->call,
        .region = ps_str_of(request->region),
        .text = ps_buf_str(text),
    };
}

bool ps_emu_bedrock_create(struct ps_emu_request *const request)
{
    const struct ps_job_request asked = ask(request, &request->body);
    return answer(request, ps_job_create(request->world, &asked, &request->answer.body,
                                         &request->subject, &request->refusal));
}

bool ps_emu_bedrock_get(struct ps_emu_request *const request)
{
    const struct ps_job_request asked = ask(request, &request->key);
    ps_buf_add(&request->subject, asked.text);
    return answer(request,
                  ps_job_get(request->world, &asked, &request->answer.body, &request->refusal));
}

bool ps_emu_bedrock_stop(struct ps_emu_request *const request)
{
    const struct ps_job_request asked = ask(request, &request->key);
    ps_buf_add(&request->subject, asked.text);
    return answer(request,
                  ps_job_stop(request->world, &asked, &request->answer.body, &request->refusal));
}

bool ps_emu_bedrock_list(struct ps_emu_request *const request)
{
    static const char *const names[] = {"submitTimeAfter", "submitTimeBefore", "statusEquals",
                                        "nameContains",    "maxResults",       "nextToken",
                                        "sortBy",          "sortOrder"};
    struct ps_job_query query;
    struct ps_str *const values[] = {&query.submit_time_after, &query.submit_time_before,
                                     &query.status_equals,     &query.name_contains,
                                     &query.max_results,       &query.next_token,
                                     &query.sort_by,           &query.sort_order};
    struct ps_buf texts[8];
    for (size_t index = 0; index < 8; index++) {
        ps_buf_init(&texts[index], PS_TEXT_BYTES_MAX);
        (void)!ps_emu_parameter(request, names[index], &texts[index]);
        *values[index] = ps_buf_str(&texts[index]);
    }
    ps_buf_add(&request->subject, query.name_contains);
    const struct ps_job_request asked = ask(request, &request->key);
    const bool is_done =
        ps_job_list(request->world, &asked, &query, &request->answer.body, &request->refusal);
    for (size_t index = 0; index < 8; index++) {
        ps_buf_release(&texts[index]);
    }
    return answer(request, is_done);
}

static void add_count(struct ps_emu_request *const request, const char *const name,
                      const int64_t count)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)count);
    ps_emu_answer_header(request, name, ps_str_of(text));
}

static bool invoke(struct ps_emu_request *const request, const bool is_converse)
{
    const struct ps_invoke_request asked = {.call = &request->call,
                                            .region = ps_str_of(request->region),
                                            .model = ps_buf_str(&request->key),
                                            .is_converse = is_converse,
                                            .body = ps_buf_str(&request->body)};
    struct ps_invoke_answer told = {.latency_ms = 0};
    ps_buf_add(&request->subject, asked.model);
    if (!ps_invoke(request->world, &asked, &request->answer.body, &told, &request->refusal)) {
        return false;
    }
    request->answer.latency_ms = told.latency_ms;
    add_count(request, "X-Amzn-Bedrock-Invocation-Latency", told.latency_ms);
    add_count(request, "X-Amzn-Bedrock-Input-Token-Count", told.input_tokens);
    add_count(request, "X-Amzn-Bedrock-Output-Token-Count", told.output_tokens);
    return answer(request, true);
}

bool ps_emu_bedrock_invoke(struct ps_emu_request *const request)
{
    return invoke(request, false);
}

bool ps_emu_bedrock_converse(struct ps_emu_request *const request)
{
    return invoke(request, true);
}

bool ps_emu_bedrock_unknown(struct ps_emu_request *const request)
{
    return ps_emu_refuse(request, 404, "UnknownOperationException",
                         "The requested operation is not recognized by the service.");
}

/* S3's words for what fails on the way are not those of Bedrock. */
static const char *code_of(const struct ps_refusal *const refusal)
{
    const struct ps_str code = ps_str_of(refusal->code);
    return ps_str_equals_text(code, "InternalError") ? "InternalServerException" : refusal->code;
}

void ps_emu_bedrock_error(struct ps_emu_request *const request)
{
    const struct ps_refusal *const refusal = &request->refusal;
    ps_buf_clear(&request->answer.body);
    request->answer.status = refusal->http_status;
    struct ps_writer writer = {.buf = &request->answer.body};
    ps_writer_open(&writer, NULL, '{');
    ps_writer_text(&writer, "message", ps_str_of(refusal->message));
    ps_writer_close(&writer, '}');
    ps_emu_answer_header(request, "Content-Type", PS_STR("application/json"));
    ps_emu_answer_header(request, "x-amzn-errortype", ps_str_of(code_of(refusal)));
}
