#include "core/body.h"

#include "codec/json_scan.h"
#include "core/family_rules.h"

#include <string.h>

/* Appends until the cap is met, and remembers that it was. */
struct writer {
    struct ps_buf *buf;
    bool is_full;
};

static void put(struct writer *const writer, const char *const text)
{
    writer->is_full = !ps_buf_append(writer->buf, ps_str_of(text)) || writer->is_full;
}

static void put_str(struct writer *const writer, const struct ps_str text)
{
    writer->is_full = !ps_buf_append(writer->buf, text) || writer->is_full;
}

/* Inside a JSON string. */
static void put_escaped(struct writer *const writer, const struct ps_str text)
{
    writer->is_full = !ps_json_append_escaped(writer->buf, text) || writer->is_full;
}

static void put_string(struct writer *const writer, const struct ps_str text)
{
    writer->is_full = !ps_json_append_string(writer->buf, text) || writer->is_full;
}

/* ,"key":number - or nothing where there is none. */
static void put_number(struct writer *const writer, const char *const key,
                       const struct ps_str number)
{
    if (number.size > 0) {
        put(writer, ",\"");
        put(writer, key);
        put(writer, "\":");
        put_str(writer, number);
    }
}

static void put_stops(struct writer *const writer, const char *const key,
                      const struct ps_request *const request)
{
    const size_t count = ps_request_stop_count(request);
    if (count == 0) {
        return;
    }
    put(writer, ",\"");
    put(writer, key);
    put(writer, "\":[");
    for (size_t index = 0; index < count; index++) {
        put(writer, index == 0 ? "" : ",");
        put_string(writer, ps_request_stop(request, index));
    }
    put(writer, "]");
}

/* The texts of one role, with a blank line between them, inside a JSON string. */
static void put_joined(struct writer *const writer, const struct ps_request *const request,
                       const enum ps_role role)
{
    bool is_first = true;
    for (size_t index = 0; index < ps_request_part_count(request); index++) {
        const struct ps_request_part part = ps_request_part(request, index);
        if (part.role == role) {
            put(writer, is_first ? "" : "\\n\\n");
            put_escaped(writer, part.text);
            is_first = false;
        }
    }
}

/* The parts [from, ret_end) that make up one message; system parts between them are stepped over by
 * callers. */
static size_t message_end(const struct ps_request *const request, const size_t from,
                          const bool does_merge)
{
    const struct ps_request_part first = ps_request_part(request, from);
    size_t end = from + 1;
    while (end < ps_request_part_count(request)) {
        const struct ps_request_part part = ps_request_part(request, end);
        const bool is_same = does_merge ? part.role == first.role : part.message == first.message;
        if (!is_same) {
            break;
        }
        end++;
    }
    return end;
}

static const char *role_name(const enum ps_role role)
{
    switch (role) {
    case PS_ROLE_SYSTEM:
        return "system";
    case PS_ROLE_ASSISTANT:
        return "assistant";
    case PS_ROLE_USER:
        break;
    }
    return "user";
}

/* How the chat forms differ. */
struct chat_style {
    bool has_system_messages; /* OpenAI: system texts are messages too */
    bool does_merge;          /* neighbours of one role become one message */
    bool is_always_array;     /* content is never a plain string */
    const char *part_head;    /* before a part's text, within an array */
};

static const struct chat_style style_anthropic = {false, false, false,
                                                  "{\"type\":\"text\",\"text\":"};
static const struct chat_style style_openai = {true, false, false, "{\"type\":\"text\",\"text\":"};
static const struct chat_style style_converse = {false, true, true, "{\"text\":"};

static void put_content(struct writer *const writer, const struct ps_request *const request,
                        const size_t from, const size_t end, const struct chat_style *const style)
{
    if (end - from == 1 && !style->is_always_array) {
        put_string(writer, ps_request_part(request, from).text);
        return;
    }
    put(writer, "[");
    for (size_t index = from; index < end; index++) {
        put(writer, index == from ? "" : ",");
        put(writer, style->part_head);
        put_string(writer, ps_request_part(request, index).text);
        put(writer, "}");
    }
    put(writer, "]");
}

static void put_messages(struct writer *const writer, const struct ps_request *const request,
                         const struct chat_style *const style)
{
    put(writer, "\"messages\":[");
    bool is_first = true;
    size_t from = 0;
    while (from < ps_request_part_count(request)) {
        const size_t end = message_end(request, from, style->does_merge);
        const enum ps_role role = ps_request_part(request, from).role;
        if (role != PS_ROLE_SYSTEM || style->has_system_messages) {
            put(writer, is_first ? "{\"role\":\"" : ",{\"role\":\"");
            put(writer, role_name(role));
            put(writer, "\",\"content\":");
            put_content(writer, request, from, end, style);
            put(writer, "}");
            is_first = false;
        }
        from = end;
    }
    put(writer, "]");
}

static void write_anthropic(struct writer *const writer, const struct ps_request *const request)
{
    const struct ps_family_rules *const rules = ps_family_rules(PS_FAMILY_ANTHROPIC);
    put(writer, "{\"anthropic_version\":");
    put(writer, rules->fixed_value);
    put_number(writer, "max_tokens", request->max_tokens);
    if (ps_request_has_role(request, PS_ROLE_SYSTEM)) {
        put(writer, ",\"system\":\"");
        put_joined(writer, request, PS_ROLE_SYSTEM);
        put(writer, "\"");
    }
    put(writer, ",");
    put_messages(writer, request, &style_anthropic);
    put_number(writer, "temperature", request->temperature);
    put_number(writer, "top_p", request->top_p);
    put_number(writer, "top_k", request->top_k);
    put_stops(writer, "stop_sequences", request);
    put(writer, "}");
}

static void write_openai(struct writer *const writer, const struct ps_request *const request)
{
    put(writer, "{");
    put_messages(writer, request, &style_openai);
    put_number(writer, "max_tokens", request->max_tokens);
    put_number(writer, "temperature", request->temperature);
    put_number(writer, "top_p", request->top_p);
    put_stops(writer, "stop", request);
    put(writer, "}");
}

/* [{"text":...},...] of all system parts. */
static void put_system_blocks(struct writer *const writer, const struct ps_request *const request)
{
    bool is_first = true;
    put(writer, "\"system\":[");
    for (size_t index = 0; index < ps_request_part_count(request); index++) {
        const struct ps_request_part part = ps_request_part(request, index);
        if (part.role == PS_ROLE_SYSTEM) {
            put(writer, is_first ? "{\"text\":" : ",{\"text\":");
            put_string(writer, part.text);
            put(writer, "}");
            is_first = false;
        }
    }
    put(writer, "],");
}

/* A group of members, each written with a comma before it: the first comma becomes the opening
 * brace. */
static void put_group(struct writer *const writer, const size_t from, const char *const key)
{
    if (writer->is_full || writer->buf->size == from) {
        return;
    }
    writer->buf->data[from] = '{';
    put(writer, "}");
    struct ps_buf group PS_CLEANUP(ps_buf_release);
    ps_buf_init(&group, writer->buf->size_max);
    ps_buf_add(&group, ps_str_part(ps_buf_str(writer->buf), from, writer->buf->size));
    writer->buf->size = from;
    put(writer, ",\"");
    put(writer, key);
    put(writer, "\":");
    put_str(writer, ps_buf_str(&group));
}

static void write_converse(struct writer *const writer, const struct ps_request *const request,
                           const bool is_nova)
{
    put(writer, is_nova ? "{\"schemaVersion\":\"messages-v1\"," : "{");
    if (ps_request_has_role(request, PS_ROLE_SYSTEM)) {
        put_system_blocks(writer, request);
    }
    put_messages(writer, request, &style_converse);
    const size_t from = writer->buf->size;
    put_number(writer, "maxTokens", request->max_tokens);
    put_number(writer, "temperature", request->temperature);
    put_number(writer, "topP", request->top_p);
    if (is_nova) {
        put_number(writer, "topK", request->top_k);
    }
    put_stops(writer, "stopSequences", request);
    put_group(writer, from, "inferenceConfig");
    put(writer, "}");
}

/* The words of a chat template; texts stand between `after_role` and `after_text`. */
struct prompt_style {
    const char *begin;
    const char *before_role;
    const char *after_role;
    const char *after_text;
};

static const struct prompt_style style_llama3 = {"<|begin_of_text|>", "<|start_header_id|>",
                                                 "<|end_header_id|>\\n\\n", "<|eot_id|>"};
static const struct prompt_style style_llama4 = {"<|begin_of_text|>", "<|header_start|>",
                                                 "<|header_end|>\\n\\n", "<|eot|>"};

static void put_turn_head(struct writer *const writer, const struct prompt_style *const style,
                          const enum ps_role role)
{
    put(writer, style->before_role);
    put(writer, role_name(role));
    put(writer, style->after_role);
}

static void write_llama(struct writer *const writer, const struct ps_request *const request,
                        const struct prompt_style *const style)
{
    const size_t count = ps_request_part_count(request);
    put(writer, "{\"prompt\":\"");
    put(writer, style->begin);
    if (ps_request_has_role(request, PS_ROLE_SYSTEM)) {
        put_turn_head(writer, style, PS_ROLE_SYSTEM);
        put_joined(writer, request, PS_ROLE_SYSTEM);
        put(writer, style->after_text);
    }
    enum ps_role last = PS_ROLE_SYSTEM;
    for (size_t index = 0; index < count; index++) {
        const struct ps_request_part part = ps_request_part(request, index);
        if (part.role == PS_ROLE_SYSTEM) {
            continue;
        }
        if (part.role == last) {
            put(writer, "\\n\\n");
        } else {
            put(writer, last == PS_ROLE_SYSTEM ? "" : style->after_text);
            put_turn_head(writer, style, part.role);
        }
        put_escaped(writer, part.text);
        last = part.role;
    }
    /* An answer that the source begins is left open: the model goes on with it. */
    if (last != PS_ROLE_ASSISTANT) {
        put(writer, style->after_text);
        put_turn_head(writer, style, PS_ROLE_ASSISTANT);
    }
    put(writer, "\"");
    put_number(writer, "max_gen_len", request->max_tokens);
    put_number(writer, "temperature", request->temperature);
    put_number(writer, "top_p", request->top_p);
    put(writer, "}");
}

/* <s>[INST] system, user [/INST] answer</s>[INST] user [/INST] */
static void write_mistral(struct writer *const writer, const struct ps_request *const request)
{
    put(writer, "{\"prompt\":\"<s>");
    bool is_open = false;
    bool is_first = true;
    for (size_t index = 0; index < ps_request_part_count(request); index++) {
        const struct ps_request_part part = ps_request_part(request, index);
        if (part.role == PS_ROLE_ASSISTANT) {
            put(writer, is_open ? " [/INST] " : "");
            put_escaped(writer, part.text);
            put(writer, "</s>");
            is_open = false;
        } else if (part.role == PS_ROLE_USER) {
            put(writer, is_open ? "\\n\\n" : "[INST] ");
            if (is_first && ps_request_has_role(request, PS_ROLE_SYSTEM)) {
                put_joined(writer, request, PS_ROLE_SYSTEM);
                put(writer, "\\n\\n");
            }
            put_escaped(writer, part.text);
            is_open = true;
            is_first = false;
        }
    }
    put(writer, is_open ? " [/INST]\"" : "\"");
    put_number(writer, "max_tokens", request->max_tokens);
    put_number(writer, "temperature", request->temperature);
    put_number(writer, "top_p", request->top_p);
    put_number(writer, "top_k", request->top_k);
    put_stops(writer, "stop", request);
    put(writer, "}");
}

/* The bare text for one prompt; turns are written as "User: ...\nBot: ..." where there are several.
 */
static void write_titan_text(struct writer *const writer, const struct ps_request *const request)
{
    const bool has_system = ps_request_has_role(request, PS_ROLE_SYSTEM);
    const bool is_chat = has_system || ps_request_has_role(request, PS_ROLE_ASSISTANT);
    put(writer, "{\"inputText\":\"");
    if (has_system) {
        put_joined(writer, request, PS_ROLE_SYSTEM);
        put(writer, "\\n\\n");
    }
    enum ps_role last = PS_ROLE_SYSTEM;
    for (size_t index = 0; index < ps_request_part_count(request); index++) {
        const struct ps_request_part part = ps_request_part(request, index);
        if (part.role == PS_ROLE_SYSTEM) {
            continue;
        }
        put(writer, last == PS_ROLE_SYSTEM ? "" : "\\n");
        if (is_chat && part.role != last) {
            put(writer, part.role == PS_ROLE_USER ? "User: " : "Bot: ");
        }
        put_escaped(writer, part.text);
        last = part.role;
    }
    put(writer, is_chat && last == PS_ROLE_USER ? "\\nBot:\"" : "\"");
    const size_t from = writer->buf->size;
    put_number(writer, "maxTokenCount", request->max_tokens);
    put_number(writer, "temperature", request->temperature);
    put_number(writer, "topP", request->top_p);
    put_stops(writer, "stopSequences", request);
    put_group(writer, from, "textGenerationConfig");
    put(writer, "}");
}

static bool write_titan_embed(struct writer *const writer, const struct ps_request *const request,
                              struct ps_rejection *const reterr_rejection)
{
    if (ps_request_part_count(request) != 1 || ps_request_part(request, 0).role != PS_ROLE_USER) {
        ps_reject(reterr_rejection, "not_convertible",
                  "an embedding is made of one text, and this record has several or a system text");
        return false;
    }
    put(writer, "{\"inputText\":");
    put_string(writer, ps_request_part(request, 0).text);
    put(writer, "}");
    return true;
}

/* Parameters that the form has no place for: harmless ones are counted, others refuse the record.
 */
static bool hold_parameters(const enum ps_family family, const struct ps_request *const request,
                            int64_t *const ret_dropped, struct ps_rejection *const reterr_rejection)
{
    const bool has_top_k =
        family == PS_FAMILY_ANTHROPIC || family == PS_FAMILY_NOVA || family == PS_FAMILY_MISTRAL;
    if (!has_top_k && request->top_k.size > 0) {
        (*ret_dropped)++;
    }
    if (family == PS_FAMILY_LLAMA && ps_request_stop_count(request) > 0) {
        ps_reject(reterr_rejection, "not_convertible", "this model takes no stop sequences");
        return false;
    }
    return true;
}

struct ps_body_form ps_body_form_of(const struct ps_str model, const enum ps_family family)
{
    const bool is_llama4 =
        model.size > 0 && memmem(model.data, model.size, "meta.llama4", 11) != NULL;
    return (struct ps_body_form){family, is_llama4};
}

bool ps_body_write(struct ps_buf *const buf, const struct ps_body_form form,
                   const struct ps_request *const request, int64_t *const ret_dropped,
                   struct ps_rejection *const reterr_rejection)
{
    struct writer writer = {buf, false};
    *ret_dropped = request->dropped_fields;
    if (!hold_parameters(form.family, request, ret_dropped, reterr_rejection)) {
        return false;
    }
    switch (form.family) {
    case PS_FAMILY_ANTHROPIC:
        write_anthropic(&writer, request);
        break;
    case PS_FAMILY_OPENAI:
        write_openai(&writer, request);
        break;
    case PS_FAMILY_LLAMA:
        write_llama(&writer, request, form.is_llama4 ? &style_llama4 : &style_llama3);
        break;
    case PS_FAMILY_MISTRAL:
        write_mistral(&writer, request);
        break;
    case PS_FAMILY_TITAN_TEXT:
        write_titan_text(&writer, request);
        break;
    case PS_FAMILY_TITAN_EMBED:
        if (!write_titan_embed(&writer, request, reterr_rejection)) {
            return false;
        }
        break;
    default:
        write_converse(&writer, request, form.family == PS_FAMILY_NOVA);
        break;
    }
    if (writer.is_full) {
        ps_reject(reterr_rejection, "line_too_long", "what would be sent passes %zu bytes",
                  buf->size_max);
    }
    return !writer.is_full;
}
