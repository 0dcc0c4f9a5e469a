#include "core/request.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/json_doc.h"

#include <string.h>

/* What a field of a body means to us. */
enum meaning {
    SYSTEM,
    MESSAGES,
    PROMPT,
    MAX_TOKENS,
    TEMPERATURE,
    TOP_P,
    TOP_K,
    STOPS,
    NESTED,   /* an object of such fields */
    ONLY_ONE, /* carries no meaning when it is 1 */
    DROPPED   /* nobody misses it in the answer */
};

struct field_row {
    struct ps_str key;
    enum meaning meaning;
    bool is_simple; /* a word of the simple dialect too; others are columns of its user's there */
};

/* All spellings that the families and public APIs use. What is not here cannot be carried over. */

static const struct field_row field_rows[] = {
    {PS_STR_INIT("system"), SYSTEM, true},
    {PS_STR_INIT("messages"), MESSAGES, true},
    {PS_STR_INIT("prompt"), PROMPT, true},
    {PS_STR_INIT("inputText"), PROMPT, false},
    {PS_STR_INIT("input"), PROMPT, false},
    {PS_STR_INIT("max_tokens"), MAX_TOKENS, true},
    {PS_STR_INIT("max_completion_tokens"), MAX_TOKENS, false},
    {PS_STR_INIT("max_gen_len"), MAX_TOKENS, false},
    {PS_STR_INIT("maxTokens"), MAX_TOKENS, false},
    {PS_STR_INIT("max_new_tokens"), MAX_TOKENS, false},
    {PS_STR_INIT("maxTokenCount"), MAX_TOKENS, false},
    {PS_STR_INIT("temperature"), TEMPERATURE, true},
    {PS_STR_INIT("top_p"), TOP_P, true},
    {PS_STR_INIT("topP"), TOP_P, false},
    {PS_STR_INIT("top_k"), TOP_K, true},
    {PS_STR_INIT("topK"), TOP_K, false},
    {PS_STR_INIT("stop"), STOPS, true},
    {PS_STR_INIT("stop_sequences"), STOPS, true},
    {PS_STR_INIT("stopSequences"), STOPS, false},
    {PS_STR_INIT("inferenceConfig"), NESTED, false},
    {PS_STR_INIT("textGenerationConfig"), NESTED, false},
    {PS_STR_INIT("n"), ONLY_ONE, false},
    {PS_STR_INIT("best_of"), ONLY_ONE, false},
    {PS_STR_INIT("anthropic_version"), DROPPED, false},
    {PS_STR_INIT("schemaVersion"), DROPPED, false},
    {PS_STR_INIT("model"), DROPPED, false},
    {PS_STR_INIT("modelId"), DROPPED, false},
    {PS_STR_INIT("stream"), DROPPED, false},
    {PS_STR_INIT("stream_options"), DROPPED, false},
    {PS_STR_INIT("user"), DROPPED, false},
    {PS_STR_INIT("metadata"), DROPPED, false},
    {PS_STR_INIT("store"), DROPPED, false},
    {PS_STR_INIT("seed"), DROPPED, false},
    {PS_STR_INIT("service_tier"), DROPPED, false},
    {PS_STR_INIT("serviceTier"), DROPPED, false},
    {PS_STR_INIT("requestMetadata"), DROPPED, false},
    {PS_STR_INIT("presence_penalty"), DROPPED, false},
    {PS_STR_INIT("frequency_penalty"), DROPPED, false},
    {PS_STR_INIT("parallel_tool_calls"), DROPPED, false},
};

#define PARTS_MAX ((size_t)100000) /* read from one record */

void ps_request_init(struct ps_request *const request)
{
    memset(request, 0, sizeof(*request));
    ps_buf_init(&request->parts, (PARTS_MAX + 1) * sizeof(struct ps_request_part));
    ps_buf_init(&request->stops, PARTS_MAX * sizeof(struct ps_str));
}

void ps_request_release(struct ps_request *const request)
{
    ps_buf_release(&request->parts);
    ps_buf_release(&request->stops);
}

void ps_request_clear(struct ps_request *const request)
{
    const struct ps_str nothing = {NULL, 0};
    ps_buf_clear(&request->parts);
    ps_buf_clear(&request->stops);
    request->message_count = 0;
    request->max_tokens = nothing;
    request->temperature = nothing;
    request->top_p = nothing;
    request->top_k = nothing;
    request->dropped_fields = 0;
}

static bool try_add(struct ps_request *const request, const enum ps_role role,
                    const bool is_new_message, const struct ps_str text)
{
    if (ps_request_part_count(request) >= PARTS_MAX) {
        return false;
    }
    request->message_count += is_new_message ? 1 : 0;
    const struct ps_request_part part = {role, request->message_count, text};
    return ps_buf_append(&request->parts, (struct ps_str){(const char *)&part, sizeof(part)});
}

void ps_request_add(struct ps_request *const request, const enum ps_role role,
                    const bool is_new_message, const struct ps_str text)
{
    const bool is_added = try_add(request, role, is_new_message, text);
    PS_ASSERT(is_added);
}

void ps_request_add_system(struct ps_request *const request, const struct ps_str text)
{
    const struct ps_request_part part = {PS_ROLE_SYSTEM, 0, text};
    const size_t size = request->parts.size;
    char *const room = ps_buf_reserve(&request->parts, sizeof(part));
    PS_ASSERT(room != NULL);
    memmove(request->parts.data + sizeof(part), request->parts.data, size);
    memcpy(request->parts.data, &part, sizeof(part));
    ps_buf_commit(&request->parts, sizeof(part));
}

size_t ps_request_part_count(const struct ps_request *const request)
{
    return request->parts.size / sizeof(struct ps_request_part);
}

struct ps_request_part ps_request_part(const struct ps_request *const request, const size_t index)
{
    struct ps_request_part part;
    PS_ASSERT(index < ps_request_part_count(request));
    memcpy(&part, request->parts.data + index * sizeof(part), sizeof(part));
    return part;
}

size_t ps_request_stop_count(const struct ps_request *const request)
{
    return request->stops.size / sizeof(struct ps_str);
}

struct ps_str ps_request_stop(const struct ps_request *const request, const size_t index)
{
    struct ps_str stop;
    PS_ASSERT(index < ps_request_stop_count(request));
    memcpy(&stop, request->stops.data + index * sizeof(stop), sizeof(stop));
    return stop;
}

bool ps_request_has_role(const struct ps_request *const request, const enum ps_role role)
{
    for (size_t index = 0; index < ps_request_part_count(request); index++) {
        if (ps_request_part(request, index).role == role) {
            return true;
        }
    }
    return false;
}

/* For messages: at most 40 bytes of a key or word of the user's, without control bytes. */
static const char *shown(const struct ps_str text, char room[44])
{
    const size_t size = text.size < 40 ? text.size : 40;
    for (size_t place = 0; place < size; place++) {
        const unsigned char byte = (unsigned char)text.data[place];
        room[place] = byte < ' ' || byte >= 0x7F ? '?' : (char)byte;
    }
    room[size] = '\0';
    return room;
}

static bool refuse_content(struct ps_rejection *const reterr_rejection, const struct ps_str what)
{
    char room[44];
    ps_reject(reterr_rejection, "not_convertible",
              "content '%s' cannot be carried over to this model's form; only text can",
              shown(what, room));
    return false;
}

/* One part of a message: "text", {"text":...} or {"type":"text","text":...}. */
static bool read_part(struct ps_request *const request, const enum ps_role role,
                      const bool is_new_message, yyjson_val *const part,
                      struct ps_rejection *const reterr_rejection)
{
    yyjson_val *text = part;
    if (yyjson_is_obj(part)) {
        const struct ps_str type = ps_json_text(yyjson_obj_get(part, "type"));
        text = yyjson_obj_get(part, "text");
        if (type.size > 0 && !ps_str_equals_text(type, "text") &&
            !ps_str_equals_text(type, "input_text")) {
            return refuse_content(reterr_rejection, type);
        }
    }
    if (!yyjson_is_str(text)) {
        yyjson_obj_iter members = yyjson_obj_iter_with(part);
        yyjson_val *const first = yyjson_obj_iter_next(&members);
        return refuse_content(reterr_rejection, ps_json_text(first));
    }
    if (!try_add(request, role, is_new_message, ps_json_text(text))) {
        ps_reject(reterr_rejection, "not_convertible", "more than %zu parts", PARTS_MAX);
        return false;
    }
    return true;
}

/* A string, or an array of parts. */
static bool read_content(struct ps_request *const request, const enum ps_role role,
                         yyjson_val *const content, struct ps_rejection *const reterr_rejection)
{
    if (!yyjson_is_arr(content)) {
        return read_part(request, role, true, content, reterr_rejection);
    }
    yyjson_val *part;
    size_t index;
    size_t count;
    yyjson_arr_foreach(content, index, count, part)
    {
        if (!read_part(request, role, index == 0, part, reterr_rejection)) {
            return false;
        }
    }
    return true;
}

static bool role_of(const struct ps_str word, enum ps_role *const ret_role)
{
    if (ps_str_equals_text(word, "user")) {
        *ret_role = PS_ROLE_USER;
    } else if (ps_str_equals_text(word, "assistant")) {
        *ret_role = PS_ROLE_ASSISTANT;
    } else if (ps_str_equals_text(word, "system") || ps_str_equals_text(word, "developer")) {
        *ret_role = PS_ROLE_SYSTEM;
    } else {
        return false;
    }
    return true;
}

static bool is_nothing(yyjson_val *const value)
{
    return value == NULL || yyjson_is_null(value) ||
           (yyjson_is_arr(value) && yyjson_arr_size(value) == 0);
}

static bool read_message(struct ps_request *const request, yyjson_val *const message,
                         struct ps_rejection *const reterr_rejection)
{
    char room[44];
    const struct ps_str word = ps_json_text(yyjson_obj_get(message, "role"));
    enum ps_role role;
    if (!yyjson_is_obj(message)) {
        ps_reject(reterr_rejection, "missing_prompt",
                  "'messages' holds something that is no object");
        return false;
    }
    if (!role_of(word, &role)) {
        ps_reject(reterr_rejection, "not_convertible", "a message has the role '%s'",
                  shown(word, room));
        return false;
    }
    if (!is_nothing(yyjson_obj_get(message, "tool_calls")) ||
        !is_nothing(yyjson_obj_get(message, "function_call"))) {
        return refuse_content(reterr_rejection, PS_STR("tool_calls"));
    }
    yyjson_val *const content = yyjson_obj_get(message, "content");
    if (content == NULL) {
        ps_reject(reterr_rejection, "missing_prompt", "a message has no content");
        return false;
    }
    return read_content(request, role, content, reterr_rejection);
}

static bool read_messages(struct ps_request *const request, yyjson_val *const messages,
                          struct ps_rejection *const reterr_rejection)
{
    if (!yyjson_is_arr(messages)) {
        ps_reject(reterr_rejection, "missing_prompt", "'messages' is not an array");
        return false;
    }
    yyjson_val *message;
    size_t index;
    size_t count;
    yyjson_arr_foreach(messages, index, count, message)
    {
        if (!read_message(request, message, reterr_rejection)) {
            return false;
        }
    }
    return true;
}

static bool read_number(yyjson_val *const value, struct ps_str *const ret_number,
                        const struct ps_str key, struct ps_rejection *const reterr_rejection)
{
    char room[44];
    if (yyjson_is_null(value)) {
        return true;
    }
    if (!yyjson_is_raw(value)) {
        ps_reject(reterr_rejection, "not_convertible", "'%s' is not a number", shown(key, room));
        return false;
    }
    *ret_number = ps_json_text(value);
    return true;
}

static bool add_stop(struct ps_request *const request, yyjson_val *const stop)
{
    const struct ps_str text = ps_json_text(stop);
    return yyjson_is_str(stop) &&
           ps_buf_append(&request->stops, (struct ps_str){(const char *)&text, sizeof(text)});
}

/* A string, an array of them, or null. */
static bool read_stops(struct ps_request *const request, yyjson_val *const value,
                       struct ps_rejection *const reterr_rejection)
{
    bool is_good = yyjson_is_null(value) || yyjson_is_arr(value) || add_stop(request, value);
    yyjson_val *stop;
    size_t index;
    size_t count;
    yyjson_arr_foreach(value, index, count, stop)
    {
        is_good = is_good && add_stop(request, stop);
    }
    if (!is_good) {
        ps_reject(reterr_rejection, "not_convertible", "stop sequences that are not strings");
    }
    return is_good;
}

static const struct field_row *row_of(const struct ps_str key, const bool is_lenient)
{
    for (size_t row = 0; row < sizeof(field_rows) / sizeof(field_rows[0]); row++) {
        if (key.size == field_rows[row].key.size && ps_str_equals(key, field_rows[row].key)) {
            return is_lenient && !field_rows[row].is_simple ? NULL : &field_rows[row];
        }
    }
    return NULL;
}

static bool read_plain_field(struct ps_request *const request, const struct field_row *const row,
                             yyjson_val *const value, struct ps_rejection *const reterr_rejection)
{
    const struct ps_str key = row->key;
    switch (row->meaning) {
    case MAX_TOKENS:
        return read_number(value, &request->max_tokens, key, reterr_rejection);
    case TEMPERATURE:
        return read_number(value, &request->temperature, key, reterr_rejection);
    case TOP_P:
        return read_number(value, &request->top_p, key, reterr_rejection);
    case TOP_K:
        return read_number(value, &request->top_k, key, reterr_rejection);
    case STOPS:
        return read_stops(request, value, reterr_rejection);
    case ONLY_ONE:
        if (!yyjson_is_null(value) && !ps_str_equals_text(ps_json_text(value), "1")) {
            ps_reject(reterr_rejection, "not_convertible", "'%s' asks for several answers",
                      row->key.data);
            return false;
        }
        return true;
    default:
        request->dropped_fields++;
        return true;
    }
}

static bool read_nested(struct ps_request *const request, yyjson_val *const object,
                        struct ps_rejection *const reterr_rejection)
{
    char room[44];
    yyjson_val *key;
    yyjson_val *value;
    size_t index;
    size_t count;
    yyjson_obj_foreach(object, index, count, key, value)
    {
        const struct field_row *const row = row_of(ps_json_text(key), false);
        if (row == NULL || row->meaning < MAX_TOKENS || row->meaning == NESTED) {
            ps_reject(reterr_rejection, "not_convertible", "field '%s' cannot be carried over",
                      shown(ps_json_text(key), room));
            return false;
        }
        if (!read_plain_field(request, row, value, reterr_rejection)) {
            return false;
        }
    }
    return true;
}

static bool read_field(struct ps_request *const request, const struct field_row *const row,
                       yyjson_val *const value, struct ps_rejection *const reterr_rejection)
{
    switch (row->meaning) {
    case SYSTEM:
        return is_nothing(value) || read_content(request, PS_ROLE_SYSTEM, value, reterr_rejection);
    case MESSAGES:
        return read_messages(request, value, reterr_rejection);
    case PROMPT:
        if (!yyjson_is_str(value)) {
            ps_reject(reterr_rejection, "missing_prompt", "'%s' is not a string", row->key.data);
            return false;
        }
        return read_content(request, PS_ROLE_USER, value, reterr_rejection);
    case NESTED:
        return read_nested(request, value, reterr_rejection);
    default:
        return read_plain_field(request, row, value, reterr_rejection);
    }
}

/* No field of ours twice, and one prompt: of two it cannot be known which one is meant. */
static bool hold_one_prompt(yyjson_val *const body, const bool is_lenient,
                            struct ps_rejection *const reterr_rejection)
{
    bool has_seen[sizeof(field_rows) / sizeof(field_rows[0])] = {false};
    int prompts = 0;
    yyjson_val *key;
    yyjson_val *value;
    size_t index;
    size_t count;
    yyjson_obj_foreach(body, index, count, key, value)
    {
        const struct field_row *const row = row_of(ps_json_text(key), is_lenient);
        if (row == NULL) {
            continue;
        }
        if (has_seen[row - field_rows]) {
            ps_reject(reterr_rejection, "duplicate_key", "the key '%s' stands there twice",
                      row->key.data);
            return false;
        }
        has_seen[row - field_rows] = true;
        prompts += row->meaning == PROMPT || row->meaning == MESSAGES ? 1 : 0;
    }
    if (prompts > 1) {
        ps_reject(reterr_rejection, "ambiguous_prompt",
                  "more than one of prompt, messages and input; keep one");
    } else if (prompts == 0) {
        ps_reject(reterr_rejection, "missing_prompt", "no prompt and no messages");
    }
    return prompts == 1;
}

/* Is there anything to answer? */
static bool has_text(const struct ps_request *const request)
{
    for (size_t index = 0; index < ps_request_part_count(request); index++) {
        const struct ps_request_part part = ps_request_part(request, index);
        if (part.role != PS_ROLE_SYSTEM && part.text.size > 0) {
            return true;
        }
    }
    return false;
}

bool ps_request_read(struct ps_request *const request, yyjson_val *const body,
                     const bool is_lenient, struct ps_rejection *const reterr_rejection)
{
    char room[44];
    ps_request_clear(request);
    if (!hold_one_prompt(body, is_lenient, reterr_rejection)) {
        return false;
    }
    yyjson_val *key;
    yyjson_val *value;
    size_t index;
    size_t count;
    yyjson_obj_foreach(body, index, count, key, value)
    {
        const struct field_row *const row = row_of(ps_json_text(key), is_lenient);
        if (row != NULL) {
            if (!read_field(request, row, value, reterr_rejection)) {
                return false;
            }
        } else if (!is_lenient && !is_nothing(value)) {
            ps_reject(reterr_rejection, "not_convertible",
                      "field '%s' cannot be carried over to this model's form",
                      shown(ps_json_text(key), room));
            return false;
        }
    }
    if (!has_text(request)) {
        ps_reject(reterr_rejection, "missing_prompt", "the prompt is empty");
        return false;
    }
    return true;
}
