#include "app/call_answer.h"

#include "base/assert.h"
#include "base/limits.h"
#include "core/output_line.h"
#include "core/record_id.h"

#include <stdio.h>

/* As in app/collect: a text escaped anew, the body as it came and what stands around them. */
#define PAYLOAD_BYTES_MAX (3 * PS_OUTPUT_LINE_BYTES_MAX)

void ps_call_answer_init(struct ps_call_answer *const answer)
{
    *answer = (struct ps_call_answer){.kind = PS_ANSWER_NONE};
    ps_buf_init(&answer->payload, PAYLOAD_BYTES_MAX);
    ps_buf_init(&answer->line, PS_OUTPUT_LINE_BYTES_MAX);
    ps_buf_init(&answer->repaired, PAYLOAD_BYTES_MAX);
    ps_json_doc_init(&answer->doc);
}

void ps_call_answer_release(struct ps_call_answer *const answer)
{
    ps_buf_release(&answer->payload);
    ps_buf_release(&answer->line);
    ps_buf_release(&answer->repaired);
    ps_json_doc_release(&answer->doc);
}

static void make_failure(struct ps_call_answer *const answer, const enum ps_answer_kind kind,
                         const char *const code, const char *const message)
{
    ps_buf_clear(&answer->payload);
    ps_output_line_add_error(ps_str_of(code), ps_str_of(message), &answer->payload);
    answer->kind = kind;
}

/* The body as a batch would have written it: one line. */
static bool add_line(struct ps_buf *const line, const int64_t record, const struct ps_str body)
{
    char id[PS_RECORD_ID_SIZE];
    ps_record_id_write(record, id);
    ps_buf_clear(line);
    return ps_buf_append(line, PS_STR("{\"recordId\":\"")) &&
           ps_buf_append(line, (struct ps_str){id, sizeof(id)}) &&
           ps_buf_append(line, PS_STR("\",\"modelOutput\":")) && ps_buf_append(line, body) &&
           ps_buf_append_byte(line, '}');
}

static void make_answer(struct ps_call_answer *const answer, const struct ps_str body,
                        const int64_t record, const enum ps_family family,
                        const struct ps_str model)
{
    struct ps_output_line line;
    struct ps_answer told;
    if (!add_line(&answer->line, record, body)) {
        make_failure(answer, PS_ANSWER_FAILED, "bad_output", "the answer is too large");
        return;
    }
    ps_output_line_read(&answer->doc, ps_buf_str(&answer->line), &answer->repaired, &line);
    if (line.kind != PS_OUTPUT_ANSWER || line.record != record) {
        make_failure(answer, PS_ANSWER_FAILED, "bad_output",
                     line.kind == PS_OUTPUT_BAD ? line.fault : "the answer is no JSON object");
        return;
    }
    ps_buf_clear(&answer->payload);
    if (!ps_output_line_add_tail(&line, family, model, &answer->payload, &told)) {
        make_failure(answer, PS_ANSWER_FAILED, "bad_output", "the answer is too large");
        return;
    }
    answer->kind = PS_ANSWER_SUCCEEDED;
    answer->usage = (struct ps_usage){told.input_tokens, told.output_tokens};
}

/* The service's word, else HTTP's number, else ours. */
static void make_refusal(struct ps_call_answer *const answer, const struct ps_error *const error)
{
    char number[16] = "not_sent";
    if (error->http_status > 0) {
        (void)snprintf(number, sizeof(number), "%d", error->http_status);
    }
    make_failure(answer, PS_ANSWER_FAILED, error->aws_code[0] == '\0' ? number : error->aws_code,
                 error->message);
}

void ps_call_answer_make(struct ps_call_answer *const answer, const struct ps_fact *const fact,
                         const enum ps_call_end end, const int64_t record,
                         const enum ps_family family, const struct ps_str model)
{
    answer->usage = (struct ps_usage){0, 0};
    if (end == PS_CALL_END_ANSWERED) {
        make_answer(answer, (struct ps_str){fact->text, (size_t)fact->bytes}, record, family,
                    model);
    } else if (end == PS_CALL_END_MAYBE_PAID) {
        char message[sizeof(fact->error.message) + 128];
        (void)snprintf(message, sizeof(message),
                       "it may have been answered and paid, so it is not sent again by itself: %s",
                       fact->error.message);
        make_failure(answer, PS_ANSWER_MAYBE_PAID, PS_CODE_MAYBE_PAID, message);
    } else {
        PS_ASSERT(end == PS_CALL_END_FAILED);
        make_refusal(answer, &fact->error);
    }
}
