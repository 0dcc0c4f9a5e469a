#include "core/answer.h"

#include "base/assert.h"
#include "codec/json_doc.h"
#include "codec/json_scan.h"

/* Where each thing stands in a family's body, as JSON pointers; NULL: nowhere. */
struct shape {
    const char *text; /* a string, or a list of parts with a "text" each */
    const char *stop_reason;
    const char *input_tokens;
    const char *output_tokens;
};

static const struct shape shapes[PS_FAMILY_COUNT] = {
    [PS_FAMILY_ANTHROPIC] = {"/content", "/stop_reason", "/usage/input_tokens",
                             "/usage/output_tokens"},
    [PS_FAMILY_NOVA] = {"/output/message/content", "/stopReason", "/usage/inputTokens",
                        "/usage/outputTokens"},
    [PS_FAMILY_LLAMA] = {"/generation", "/stop_reason", "/prompt_token_count",
                         "/generation_token_count"},
    [PS_FAMILY_MISTRAL] = {"/outputs/0/text", "/outputs/0/stop_reason", "/usage/prompt_tokens",
                           "/usage/completion_tokens"},
    [PS_FAMILY_OPENAI] = {"/choices/0/message/content", "/choices/0/finish_reason",
                          "/usage/prompt_tokens", "/usage/completion_tokens"},
    [PS_FAMILY_TITAN_TEXT] = {"/results/0/outputText", "/results/0/completionReason",
                              "/inputTextTokenCount", "/results/0/tokenCount"},
    [PS_FAMILY_TITAN_EMBED] = {NULL, NULL, "/inputTextTokenCount", NULL},
    [PS_FAMILY_CONVERSE] = {"/output/message/content", "/stopReason", "/usage/inputTokens",
                            "/usage/outputTokens"},
};

/* The plain completion form that some models of the chat families answer in. */
static const struct shape completion_shape = {"/choices/0/text", "/choices/0/stop_reason",
                                              "/usage/prompt_tokens", "/usage/completion_tokens"};

static yyjson_val *find(yyjson_val *const output, const char *const pointer)
{
    return pointer == NULL ? NULL : yyjson_ptr_get(output, pointer);
}

/* The older Mistral models answer a chat in the chat form, and some chat models in the completion
 * form. */
static const struct shape *shape_of(const enum ps_family family, yyjson_val *const output)
{
    PS_ASSERT(family >= 0 && family < PS_FAMILY_COUNT);
    const bool has_choices = yyjson_is_arr(yyjson_obj_get(output, "choices"));
    if ((family != PS_FAMILY_MISTRAL && family != PS_FAMILY_OPENAI) || !has_choices) {
        return &shapes[family];
    }
    const bool is_chat = find(output, "/choices/0/message") != NULL;
    return is_chat ? &shapes[PS_FAMILY_OPENAI] : &completion_shape;
}

int64_t ps_answer_number(yyjson_val *const value)
{
    int64_t number = -1;
    const bool is_number = yyjson_is_raw(value) && ps_str_to_i64(ps_json_text(value), &number);
    return is_number && number >= 0 ? number : -1;
}

static int64_t read_tokens(yyjson_val *const output, const char *const pointer)
{
    const int64_t tokens = ps_answer_number(find(output, pointer));
    return tokens <= PS_ANSWER_TOKENS_MAX ? tokens : -1;
}

static struct ps_str read_text(yyjson_val *const value)
{
    return yyjson_is_str(value) ? ps_json_text(value) : (struct ps_str){NULL, 0};
}

void ps_answer_read(const enum ps_family family, yyjson_val *const output,
                    struct ps_answer *const ret_answer)
{
    const struct shape *const shape = shape_of(family, output);
    ret_answer->stop_reason = read_text(find(output, shape->stop_reason));
    ret_answer->input_tokens = read_tokens(output, shape->input_tokens);
    ret_answer->output_tokens = read_tokens(output, shape->output_tokens);
}

/* The text of a part of an answer; data NULL where the part is something else than text. */
static struct ps_str part_text(yyjson_val *const part)
{
    yyjson_val *const type = yyjson_obj_get(part, "type");
    const bool is_text = !yyjson_is_str(type) || yyjson_equals_str(type, "text") ||
                         yyjson_equals_str(type, "output_text");
    return is_text ? read_text(yyjson_obj_get(part, "text")) : (struct ps_str){NULL, 0};
}

static bool add_parts(yyjson_val *const parts, struct ps_buf *const json)
{
    const size_t start = json->size;
    bool has_text = false;
    bool fits = ps_buf_append_byte(json, '"');
    yyjson_arr_iter iter;
    yyjson_arr_iter_init(parts, &iter);
    yyjson_val *part = yyjson_arr_iter_next(&iter);
    while (part != NULL && fits) {
        const struct ps_str text = part_text(part);
        has_text = has_text || text.data != NULL;
        fits = ps_json_append_escaped(json, text);
        part = yyjson_arr_iter_next(&iter);
    }
    if (!has_text) {
        json->size = start;
        return ps_buf_append(json, PS_STR("null"));
    }
    return fits && ps_buf_append_byte(json, '"');
}

bool ps_answer_add_text(const enum ps_family family, yyjson_val *const output,
                        struct ps_buf *const json)
{
    yyjson_val *const value = find(output, shape_of(family, output)->text);
    if (yyjson_is_arr(value)) {
        return add_parts(value, json);
    }
    const struct ps_str text = read_text(value);
    return text.data == NULL ? ps_buf_append(json, PS_STR("null"))
                             : ps_json_append_string(json, text);
}
