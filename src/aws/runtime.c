#include "aws/act.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/time.h"
#include "codec/json_doc.h"
#include "codec/uri.h"
#include "core/answer.h"

#include <stdio.h>
#include <string.h>
#include <yyjson.h>

/*
 * Bedrock's runtime: InvokeModel and Converse, one record a call.
 *
 * Rule R4: what is sent once may be executed and paid for, whatever comes back. YES: status 200 and
 * a whole answer that is a JSON object. NO: the whole request never left, or the service refused it
 * before the model saw it (400, 403, 404 or 429 with a code of AWS's). Everything else is UNKNOWN:
 * 5xx, 408 (ModelTimeoutException), 424 (ModelErrorException), an answer that was cut, late or
 * unreadable, a refusal by who knows whom on the way.
 */

/*
 * An answer of InvokeModel begins when it is whole, so the wait is the model's. AWS: "start with a
 * large value, such as 3,600 seconds" (knowledge centre, bedrock-large-model-read-timeouts,
 * 2026-11).
 */
#define ANSWER_MS_MAX (60 * PS_MINUTE_MS)

/* The service takes and gives 25,000,000 bytes at most. */
#define BODY_BYTES_MAX PS_INPUT_LINE_BYTES_MAX

#define MODEL_BYTES_MAX ((size_t)2048)

static int64_t header_number(const struct ps_http_answer *const answer, const char *const name)
{
    int64_t number = 0;
    const bool is_number = ps_str_to_i64(ps_http_header(answer, name), &number) && number >= 0;
    return is_number ? number : -1;
}

/* As the headers say, else the answer's own usage. */
static void read_usage(struct ps_act *const act, const struct ps_http_answer *const answer,
                       yyjson_val *const output)
{
    enum ps_family family = PS_FAMILY_CONVERSE;
    struct ps_answer read = {.input_tokens = -1, .output_tokens = -1};
    if (act->wish.is_converse || ps_family_of_model(act->wish.key, &family)) {
        ps_answer_read(family, output, &read);
    }
    const int64_t input = header_number(answer, "x-amzn-bedrock-input-token-count");
    const int64_t output_tokens = header_number(answer, "x-amzn-bedrock-output-token-count");
    struct ps_tally *const tally = &act->fact.tally;
    tally->input_tokens = input >= 0 ? input : read.input_tokens > 0 ? read.input_tokens : 0;
    tally->output_tokens = output_tokens >= 0       ? output_tokens
                           : read.output_tokens > 0 ? read.output_tokens
                                                    : 0;
}

/* Characters that are none are mended: whoever files the answer does the same. */
static yyjson_val *read_output(struct ps_json_doc *const doc, const struct ps_str body)
{
    struct ps_json_reason reason;
    yyjson_val *const output = ps_json_doc_read(doc, body, &reason);
    struct ps_buf mended PS_CLEANUP(ps_buf_release);
    ps_buf_init(&mended, 2 * BODY_BYTES_MAX);
    return output != NULL || !ps_json_repair(body, &mended)
               ? output
               : ps_json_doc_read(doc, ps_buf_str(&mended), &reason);
}

static void on_success(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    ps_json_doc_init(&doc);
    yyjson_val *const output = read_output(&doc, answer->body);
    if (!yyjson_is_obj(output)) {
        ps_act_fail_unreadable(act, answer, "it is not a JSON object", PS_OUTCOME_UNKNOWN);
    } else {
        read_usage(act, answer, output);
        act->fact.text = ps_str_dup(answer->body);
        act->fact.bytes = (int64_t)answer->body.size;
        ps_act_end(act, PS_OUTCOME_YES);
    }
}

static bool is_refused(const struct ps_http_answer *const answer, const struct ps_error *const err)
{
    if (answer->reach == PS_HTTP_UNSENT || answer->reach == PS_HTTP_PARTLY_SENT) {
        return true;
    }
    const int http_status = answer->http_status;
    return answer->reach == PS_HTTP_ANSWERED && ps_aws_has_code(err) &&
           (http_status == 400 || http_status == 403 || http_status == 404 || http_status == 429);
}

static void on_answer(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    if (answer->reach == PS_HTTP_ANSWERED && answer->http_status == 200) {
        on_success(act, answer);
        return;
    }
    const struct ps_aws_doing doing = ps_act_doing(act);
    (void)ps_aws_failure(answer, &doing, &act->fact.error);
    ps_act_end(act, is_refused(answer, &act->fact.error) ? PS_OUTCOME_NO : PS_OUTCOME_UNKNOWN);
}

/* The record whole: its digest is in the signature, ahead of it. */
static enum ps_status read_record(struct ps_act *const act, struct ps_buf *const record,
                                  struct ps_error *const err)
{
    const struct ps_streams *const streams = ps_act_streams(act);
    struct ps_body body = {.state = NULL};
    char room[16384];
    enum ps_status status = streams->ops->open_body(streams->context, &act->wish, &body, err);
    if (status != PS_OK) {
        return status;
    }
    size_t size = 1;
    while (status == PS_OK && size > 0) {
        status = streams->ops->read_body(streams->context, &body, room, sizeof room, &size, err);
        if (status == PS_OK && !ps_buf_append(record, (struct ps_str){room, size})) {
            status = ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                                  "cannot call the model: the record is larger than %zu bytes",
                                  (size_t)BODY_BYTES_MAX);
        }
    }
    streams->ops->close_body(streams->context, &body);
    return status;
}

void ps_runtime_begin_invoke(struct ps_act *const act)
{
    const struct ps_str model = ps_str_part(act->wish.key, 0, MODEL_BYTES_MAX);
    (void)snprintf(act->what, sizeof act->what, "call model '%.*s'", PS_STR_ARGS(model));
    struct ps_buf record PS_CLEANUP(ps_buf_release);
    ps_buf_init(&record, BODY_BYTES_MAX);
    if (read_record(act, &record, &act->fact.error) != PS_OK) {
        ps_act_end(act, PS_OUTCOME_NO);
        return;
    }
    /* One segment of the path, whatever is in it: an ARN has '/' and ':'. */
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    ps_buf_init(&path, PS_TEXT_BYTES_MAX);
    ps_buf_add_text(&path, "/model/");
    const bool is_added = ps_uri_encode(model, PS_URI_SLASH_ENCODED, &path);
    PS_ASSERT(is_added);
    ps_buf_add_text(&path, act->wish.is_converse ? "/converse" : "/invoke");
    const struct ps_act_request request = {.service = PS_AWS_BEDROCK_RUNTIME,
                                           .method = "POST",
                                           .path = ps_buf_str(&path),
                                           .headers = {{"Content-Type", PS_STR("application/json")},
                                                       {"Accept", PS_STR("application/json")}},
                                           .header_count = 2,
                                           .body = ps_buf_str(&record),
                                           .first_byte_ms_max = ANSWER_MS_MAX,
                                           .answer_bytes_max = BODY_BYTES_MAX,
                                           .is_one_of_many = true,
                                           .on_answer = on_answer};
    ps_act_send(act, &request);
}
