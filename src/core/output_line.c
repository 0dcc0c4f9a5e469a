#include "core/output_line.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/json_scan.h"
#include "core/record_id.h"

#include <string.h>

#define MESSAGE_BYTES_MAX ((size_t)4000)

/* What stands in a line, by its source; count 0 for what is absent or null. */
struct members {
    int64_t id_count;
    int64_t output_count;
    int64_t error_count;
    struct ps_str output;
    size_t output_depth;
};

static void read_members(const struct ps_str line, struct members *const ret_members)
{
    struct ps_json_walk walk;
    struct ps_str key;
    memset(ret_members, 0, sizeof(*ret_members));
    ps_json_walk_object(&walk, line);
    while (ps_json_walk_key(&walk, &key)) {
        walk.deepest = 0;
        const struct ps_str value = ps_json_walk_value(&walk);
        const bool is_null = ps_str_equals(value, PS_STR("null"));
        if (ps_json_key_is(key, PS_STR("recordId"))) {
            ret_members->id_count++;
        } else if (ps_json_key_is(key, PS_STR("modelOutput")) && !is_null) {
            ret_members->output_count++;
            ret_members->output = value;
            ret_members->output_depth = walk.deepest;
        } else if (ps_json_key_is(key, PS_STR("error")) && !is_null) {
            ret_members->error_count++;
        }
    }
}

/* A name that is null once and said once: the first by name may be the null. */
static yyjson_val *value_of(yyjson_val *const root, const char *const name)
{
    yyjson_obj_iter members;
    yyjson_obj_iter_init(root, &members);
    yyjson_val *key = yyjson_obj_iter_next(&members);
    while (key != NULL) {
        yyjson_val *const value = yyjson_obj_iter_get_val(key);
        if (yyjson_equals_str(key, name) && !yyjson_is_null(value)) {
            return value;
        }
        key = yyjson_obj_iter_next(&members);
    }
    return NULL;
}

static const char *fault_of(yyjson_val *const root, const struct members *const members)
{
    if (members->output_count + members->error_count == 0) {
        return "the line has neither modelOutput nor error";
    }
    if (members->output_count > 0 && members->error_count > 0) {
        return "the line has both modelOutput and error";
    }
    if (members->output_count + members->error_count > 1) {
        return "the line says its outcome twice";
    }
    if (members->output_count == 1 && !yyjson_is_obj(value_of(root, "modelOutput"))) {
        return "modelOutput is no object";
    }
    if (members->output_depth > PS_JSON_DEPTH_MAX) {
        return "modelOutput is nested too deeply";
    }
    return NULL;
}

/* Our record of the line; false, with the kind set, when it has none. */
static bool read_record(yyjson_val *const root, const struct members *const members,
                        struct ps_output_line *const line)
{
    yyjson_val *const id = yyjson_obj_get(root, "recordId");
    line->kind = PS_OUTPUT_BROKEN;
    if (members->id_count != 1 || !yyjson_is_str(id)) {
        return false;
    }
    line->kind = PS_OUTPUT_FOREIGN;
    return ps_record_id_read(ps_json_text(id), &line->record);
}

/* Once more with what is no character made one. */
static yyjson_val *read_repaired(struct ps_json_doc *const doc, const struct ps_str text,
                                 struct ps_buf *const room)
{
    struct ps_json_reason reason;
    ps_buf_clear(room);
    return ps_json_repair(text, room) ? ps_json_doc_read(doc, ps_buf_str(room), &reason) : NULL;
}

/* Fills the line from the text that the tree was read from. */
static void read_line(yyjson_val *const root, const struct ps_str text,
                      struct ps_output_line *const ret_line)
{
    struct members members;
    if (!yyjson_is_obj(root)) {
        return;
    }
    read_members(text, &members);
    if (!read_record(root, &members, ret_line)) {
        return;
    }
    ret_line->fault = fault_of(root, &members);
    if (ret_line->fault != NULL) {
        ret_line->kind = PS_OUTPUT_BAD;
    } else if (members.output_count == 1) {
        ret_line->kind = PS_OUTPUT_ANSWER;
        ret_line->value = value_of(root, "modelOutput");
        ret_line->source = members.output;
    } else {
        ret_line->kind = PS_OUTPUT_ERROR;
        ret_line->value = value_of(root, "error");
    }
}

void ps_output_line_read(struct ps_json_doc *const doc, const struct ps_str text,
                         struct ps_buf *const room, struct ps_output_line *const ret_line)
{
    *ret_line = (struct ps_output_line){.kind = PS_OUTPUT_BROKEN, .record = -1};
    struct ps_json_reason reason;
    yyjson_val *const root = ps_json_doc_read(doc, text, &reason);
    if (root != NULL) {
        read_line(root, text, ret_line);
        return;
    }
    yyjson_val *const repaired = read_repaired(doc, text, room);
    read_line(repaired, ps_buf_str(room), ret_line);
    /* An id that had to be repaired is nobody's. */
    ret_line->kind = ret_line->kind == PS_OUTPUT_FOREIGN ? PS_OUTPUT_BROKEN : ret_line->kind;
    ret_line->is_repaired = ret_line->kind != PS_OUTPUT_BROKEN;
}

static bool add_number(struct ps_buf *const buf, const int64_t number)
{
    return number < 0 ? ps_buf_append(buf, PS_STR("null"))
                      : ps_buf_append_format(buf, "%lld", (long long)number);
}

static bool add_usage(struct ps_buf *const buf, const struct ps_answer *const answer)
{
    return ps_buf_append(buf, PS_STR(",\"usage\":{\"input_tokens\":")) &&
           add_number(buf, answer->input_tokens) &&
           ps_buf_append(buf, PS_STR(",\"output_tokens\":")) &&
           add_number(buf, answer->output_tokens) && ps_buf_append_byte(buf, '}');
}

static bool add_stop_reason(struct ps_buf *const buf, const struct ps_answer *const answer)
{
    return ps_buf_append(buf, PS_STR(",\"stop_reason\":")) &&
           (answer->stop_reason.data == NULL ? ps_buf_append(buf, PS_STR("null"))
                                             : ps_json_append_string(buf, answer->stop_reason));
}

bool ps_output_line_add_tail(const struct ps_output_line *const line, const enum ps_family family,
                             const struct ps_str model, struct ps_buf *const buf,
                             struct ps_answer *const ret_answer)
{
    ps_answer_read(family, line->value, ret_answer);
    return ps_buf_append(buf, PS_STR("\"status\":\"succeeded\",\"text\":")) &&
           ps_answer_add_text(family, line->value, buf) &&
           ps_buf_append(buf, PS_STR(",\"output\":")) &&
           ps_json_append_compact(buf, line->source) && add_usage(buf, ret_answer) &&
           add_stop_reason(buf, ret_answer) && ps_buf_append(buf, PS_STR(",\"model\":")) &&
           ps_json_append_string(buf, model);
}

/* Cut before a character that would not fit whole. */
static struct ps_str cut_message(const struct ps_str message)
{
    size_t size = message.size < MESSAGE_BYTES_MAX ? message.size : MESSAGE_BYTES_MAX;
    while (size > 0 && size < message.size && ((unsigned char)message.data[size] & 0xC0) == 0x80) {
        size--;
    }
    return ps_str_part(message, 0, size);
}

void ps_output_line_add_error(const struct ps_str code, const struct ps_str message,
                              struct ps_buf *const buf)
{
    char plain[MESSAGE_BYTES_MAX];
    struct ps_str shown = cut_message(message);
    if (!ps_utf8_is_valid(shown)) {
        for (size_t at = 0; at < shown.size; at++) {
            plain[at] = (unsigned char)shown.data[at] < 0x80 ? shown.data[at] : '?';
        }
        shown.data = plain;
    }
    ps_buf_add(buf, PS_STR("{\"code\":"));
    PS_ASSERT(ps_json_append_string(buf, code));
    ps_buf_add(buf, PS_STR(",\"message\":"));
    PS_ASSERT(ps_json_append_string(buf, shown));
    ps_buf_add(buf, PS_STR("}"));
}
