#include "core/envelope.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/json_scan.h"

#include <string.h>

/* Members of one object that spans are kept for: 32 bytes each. */
#define SPANS_MAX ((size_t)1000000)

void ps_envelope_init(struct ps_envelope *const envelope)
{
    memset(envelope, 0, sizeof(*envelope));
    ps_buf_init(&envelope->line_spans, SPANS_MAX * sizeof(struct ps_span));
    ps_buf_init(&envelope->body_spans, SPANS_MAX * sizeof(struct ps_span));
}

void ps_envelope_release(struct ps_envelope *const envelope)
{
    ps_buf_release(&envelope->line_spans);
    ps_buf_release(&envelope->body_spans);
}

size_t ps_span_count(const struct ps_buf *const spans)
{
    return spans->size / sizeof(struct ps_span);
}

struct ps_span ps_span_at(const struct ps_buf *const spans, const size_t index)
{
    struct ps_span span;
    PS_ASSERT(index < ps_span_count(spans));
    memcpy(&span, spans->data + index * sizeof(span), sizeof(span));
    return span;
}

bool ps_span_find(const struct ps_buf *const spans, const struct ps_str key,
                  struct ps_str *const ret_value, size_t *const ret_count)
{
    size_t count = 0;
    for (size_t index = 0; index < ps_span_count(spans); index++) {
        const struct ps_span span = ps_span_at(spans, index);
        if (ps_json_key_is(span.key, key)) {
            if (count == 0) {
                *ret_value = span.value;
            }
            count++;
        }
    }
    *ret_count = count;
    return count > 0;
}

static bool add_span(struct ps_buf *const spans, const struct ps_str key, const struct ps_str value)
{
    const struct ps_span span = {key, value};
    return ps_buf_append(spans, (struct ps_str){(const char *)&span, sizeof(span)});
}

/* Steps over the body and keeps its members on the way, so that its bytes are looked at once. */
static bool read_body(struct ps_envelope *const envelope, struct ps_json_walk *const line)
{
    const char *const from = line->at;
    struct ps_json_walk walk;
    struct ps_str key;
    ps_json_walk_object(&walk, (struct ps_str){from, (size_t)(line->end - from)});
    while (ps_json_walk_key(&walk, &key)) {
        if (!add_span(&envelope->body_spans, key, ps_json_walk_value(&walk))) {
            return false;
        }
        envelope->shape = ps_shape_of_key(key, envelope->shape);
    }
    line->at = walk.at;
    line->deepest = walk.deepest + 1 > line->deepest ? walk.deepest + 1 : line->deepest;
    envelope->body = (struct ps_str){from, (size_t)(walk.at - from)};
    envelope->is_body_object = true;
    return true;
}

/* After a key: its value. False when there are too many members. */
static bool read_member(struct ps_envelope *const envelope, struct ps_json_walk *const walk,
                        const struct ps_str key, const bool is_body)
{
    if (is_body && walk->at < walk->end && *walk->at == '{') {
        return read_body(envelope, walk) && add_span(&envelope->line_spans, key, envelope->body);
    }
    const struct ps_str value = ps_json_walk_value(walk);
    if (is_body) {
        envelope->body = value;
    }
    return add_span(&envelope->line_spans, key, value);
}

bool ps_envelope_read(struct ps_envelope *const envelope, const struct ps_str line,
                      const struct ps_str body_key, struct ps_rejection *const reterr_rejection)
{
    struct ps_json_walk walk;
    struct ps_str key;
    size_t bodies = 0;
    ps_buf_clear(&envelope->line_spans);
    ps_buf_clear(&envelope->body_spans);
    envelope->body = (struct ps_str){NULL, 0};
    envelope->is_body_object = false;
    envelope->shape = PS_SHAPE_PLAIN;
    ps_json_walk_object(&walk, line);
    while (ps_json_walk_key(&walk, &key)) {
        const bool is_body = body_key.size > 0 && ps_json_key_is(key, body_key);
        bodies += is_body ? 1 : 0;
        if (bodies > 1) {
            ps_reject(reterr_rejection, "duplicate_key", "the key '%.*s' stands there twice",
                      PS_STR_ARGS(body_key));
            return false;
        }
        if (!read_member(envelope, &walk, key, is_body)) {
            ps_reject(reterr_rejection, "too_complex", "an object has more than %zu members",
                      SPANS_MAX);
            return false;
        }
    }
    envelope->depth = walk.deepest + 1;
    if (envelope->depth > PS_JSON_DEPTH_MAX) {
        ps_reject(reterr_rejection, "too_deep", "nested %zu deep, and %d are allowed",
                  envelope->depth, PS_JSON_DEPTH_MAX);
        return false;
    }
    return true;
}

bool ps_envelope_is_own(const struct ps_envelope *const envelope, const enum ps_dialect dialect,
                        const enum ps_family family)
{
    const bool is_own_shape =
        (ps_family_rules(family)->own_shapes >> envelope->shape & UINT32_C(1)) == 1;
    switch (dialect) {
    case PS_DIALECT_OPENAI:
        return family == PS_FAMILY_OPENAI && is_own_shape;
    case PS_DIALECT_ANTHROPIC:
        return family == PS_FAMILY_ANTHROPIC && is_own_shape;
    default:
        return is_own_shape;
    }
}

/* One body being copied. */
struct copy {
    const struct ps_envelope *envelope;
    const struct ps_family_rules *rules;
    const struct ps_fill *fill;
    enum ps_family family;
    struct ps_buf *buf;
    bool is_full;
    bool is_first;       /* no member is written yet */
    bool has_output_max; /* anywhere in the body */
    size_t added_bytes;
    struct ps_copy_counts counts;
};

static void put_str(struct copy *const copy, const struct ps_str text)
{
    copy->is_full = !ps_buf_append(copy->buf, text) || copy->is_full;
}

static void put(struct copy *const copy, const char *const text)
{
    put_str(copy, ps_str_of(text));
}

static void put_compact(struct copy *const copy, const struct ps_str value)
{
    copy->is_full = !ps_json_append_compact(copy->buf, value) || copy->is_full;
}

static void put_max(struct copy *const copy, const char *const key)
{
    const int64_t tokens =
        copy->fill->max_tokens > 0 ? copy->fill->max_tokens : copy->fill->default_max_tokens;
    const bool has_room = ps_buf_append_format(copy->buf, "\"%s\":%lld", key, (long long)tokens);
    copy->is_full = !has_room || copy->is_full;
}

/* A comma before every member but the first. */
static void put_comma(struct copy *const copy)
{
    put(copy, copy->is_first ? "" : ",");
    copy->is_first = false;
}

/* What was appended from `from` on is ours, not the source's. */
static void note_added(struct copy *const copy, const size_t from)
{
    copy->added_bytes += copy->buf->size - from;
    copy->counts.added_fields++;
}

static bool wants_max(const struct copy *const copy)
{
    const struct ps_family_rules *const rules = copy->rules;
    return !copy->has_output_max && rules->output_max[0].key != NULL &&
           (copy->fill->max_tokens > 0 || rules->needs_output_max);
}

/* {"a":1} with `member` put in front: {member,"a":1}. `value` is the source's object or array. */
static void put_with_front(struct copy *const copy, const struct ps_str value,
                           const struct ps_str member)
{
    const struct ps_str rest = ps_str_part(value, 1, value.size);
    const struct ps_str inner = ps_str_trim(rest);
    put_str(copy, ps_str_part(value, 0, 1));
    const size_t from = copy->buf->size;
    put_str(copy, member);
    put(copy, inner.size > 0 && (inner.data[0] == '}' || inner.data[0] == ']') ? "" : ",");
    note_added(copy, from);
    put_compact(copy, rest);
}

static bool has_system_message(const struct ps_str messages)
{
    struct ps_json_walk walk;
    struct ps_str message;
    ps_json_walk_array(&walk, messages);
    while (ps_json_walk_element(&walk, &message)) {
        struct ps_str role = {NULL, 0};
        if (ps_json_member(message, PS_STR("role"), &role, NULL) &&
            (ps_str_equals(role, PS_STR("\"system\"")) ||
             ps_str_equals(role, PS_STR("\"developer\"")))) {
            return true;
        }
    }
    return false;
}

/* Families whose system text is a message: it goes in front of the others. */
static bool put_messages_with_system(struct copy *const copy, const struct ps_span *const span)
{
    const bool is_message_family =
        copy->family == PS_FAMILY_OPENAI || copy->family == PS_FAMILY_MISTRAL;
    if (!is_message_family || copy->fill->system.size == 0 || span->value.data[0] != '[' ||
        !ps_json_key_is(span->key, PS_STR("messages")) || has_system_message(span->value)) {
        return false;
    }
    struct ps_buf message PS_CLEANUP(ps_buf_release);
    ps_buf_init(&message, copy->buf->size_max);
    ps_buf_add_text(&message, "{\"role\":\"system\",\"content\":");
    copy->is_full = !ps_json_append_string(&message, copy->fill->system) || copy->is_full;
    copy->is_full = !ps_buf_append_byte(&message, '}') || copy->is_full;
    put_with_front(copy, span->value, ps_buf_str(&message));
    return true;
}

/* The object that holds the output limit, and lacks it. */
static bool put_parent_with_max(struct copy *const copy, const struct ps_span *const span)
{
    const struct ps_field_path path = copy->rules->output_max[0];
    if (path.parent == NULL || !wants_max(copy) || span->value.data[0] != '{' ||
        !ps_json_key_is(span->key, ps_str_of(path.parent))) {
        return false;
    }
    struct ps_buf member PS_CLEANUP(ps_buf_release);
    ps_buf_init(&member, PS_KB);
    ps_buf_add_format(&member, "\"%s\":%lld", path.key, (long long)copy->fill->max_tokens);
    put_with_front(copy, span->value, ps_buf_str(&member));
    copy->has_output_max = true;
    return true;
}

static void copy_member(struct copy *const copy, const struct ps_span *const span)
{
    put_comma(copy);
    put(copy, "\"");
    put_str(copy, span->key);
    put(copy, "\":");
    if (!put_messages_with_system(copy, span) && !put_parent_with_max(copy, span)) {
        put_compact(copy, span->value);
    }
}

static bool refuse_twice(const struct ps_str key, struct ps_rejection *const reterr_rejection)
{
    /* It is in a list of ours, so it may be shown. */
    ps_reject(reterr_rejection, "duplicate_key", "the key '%.*s' stands in the body twice",
              PS_STR_ARGS(key));
    return false;
}

/* All members but the refused ones. A bit for each field of the family finds those that stand there
 * twice. */
static bool copy_members(struct copy *const copy, struct ps_rejection *const reterr_rejection)
{
    uint64_t known_seen = 0;
    uint64_t refused_seen = 0;
    const struct ps_buf *const spans = &copy->envelope->body_spans;
    for (size_t index = 0; index < ps_span_count(spans); index++) {
        const struct ps_span span = ps_span_at(spans, index);
        size_t place = 0;
        const bool is_refused = ps_family_lists(copy->rules->refused, span.key, &place);
        const bool is_known = !is_refused && ps_family_lists(copy->rules->known, span.key, &place);
        uint64_t *const seen = is_refused ? &refused_seen : &known_seen;
        if ((is_refused || is_known) && (*seen >> place & 1) == 1) {
            return refuse_twice(span.key, reterr_rejection);
        }
        *seen |= is_refused || is_known ? UINT64_C(1) << place : 0;
        if (is_refused) {
            copy->counts.dropped_fields++;
        } else {
            copy->counts.unknown_fields += is_known ? 0 : 1;
            copy_member(copy, &span);
        }
    }
    return true;
}

static bool has_member(const struct copy *const copy, const char *const key)
{
    struct ps_str value;
    size_t count;
    return ps_span_find(&copy->envelope->body_spans, ps_str_of(key), &value, &count);
}

static bool has_path(const struct copy *const copy, const struct ps_field_path path)
{
    if (path.parent == NULL) {
        return has_member(copy, path.key);
    }
    struct ps_str parent = {NULL, 0};
    struct ps_str value;
    size_t count;
    return ps_span_find(&copy->envelope->body_spans, ps_str_of(path.parent), &parent, &count) &&
           ps_json_member(parent, ps_str_of(path.key), &value, NULL);
}

static void add_max(struct copy *const copy)
{
    const struct ps_field_path path = copy->rules->output_max[0];
    /* A parent that is there but is no object is left to the service. */
    if (!wants_max(copy) || (path.parent != NULL && has_member(copy, path.parent))) {
        return;
    }
    const size_t from = copy->buf->size;
    put_comma(copy);
    if (path.parent != NULL) {
        put(copy, "\"");
        put(copy, path.parent);
        put(copy, "\":{");
    }
    put_max(copy, path.key);
    put(copy, path.parent == NULL ? "" : "}");
    note_added(copy, from);
}

static void add_fixed(struct copy *const copy)
{
    const struct ps_family_rules *const rules = copy->rules;
    if (rules->fixed_key == NULL || has_member(copy, rules->fixed_key)) {
        return;
    }
    const size_t from = copy->buf->size;
    put_comma(copy);
    put(copy, "\"");
    put(copy, rules->fixed_key);
    put(copy, "\":");
    put(copy, rules->fixed_value);
    note_added(copy, from);
}

/* Families whose system text is a field of the body. */
static void add_system(struct copy *const copy)
{
    const bool is_blocks = copy->family == PS_FAMILY_NOVA || copy->family == PS_FAMILY_CONVERSE;
    const bool has_field = is_blocks || copy->family == PS_FAMILY_ANTHROPIC;
    if (!has_field || copy->fill->system.size == 0 || has_member(copy, "system")) {
        return;
    }
    const size_t from = copy->buf->size;
    put_comma(copy);
    put(copy, is_blocks ? "\"system\":[{\"text\":" : "\"system\":");
    copy->is_full = !ps_json_append_string(copy->buf, copy->fill->system) || copy->is_full;
    put(copy, is_blocks ? "}]" : "");
    note_added(copy, from);
}

bool ps_envelope_copy_body(const struct ps_envelope *const envelope, const enum ps_family family,
                           const struct ps_fill *const fill, struct ps_buf *const buf,
                           struct ps_copy_counts *const ret_counts,
                           struct ps_rejection *const reterr_rejection)
{
    struct copy copy = {.envelope = envelope,
                        .rules = ps_family_rules(family),
                        .fill = fill,
                        .family = family,
                        .buf = buf,
                        .is_first = true};
    const size_t from = buf->size;
    for (size_t row = 0; copy.rules->output_max[row].key != NULL; row++) {
        copy.has_output_max = has_path(&copy, copy.rules->output_max[row]) || copy.has_output_max;
    }
    put(&copy, "{");
    if (!copy_members(&copy, reterr_rejection)) {
        return false;
    }
    add_fixed(&copy);
    add_max(&copy);
    add_system(&copy);
    put(&copy, "}");
    if (copy.is_full) {
        ps_reject(reterr_rejection, "line_too_long", "what would be sent passes %zu bytes",
                  buf->size_max);
        return false;
    }
    const size_t copied = buf->size - from - copy.added_bytes;
    copy.counts.saved_bytes = (int64_t)envelope->body.size - (int64_t)copied;
    *ret_counts = copy.counts;
    return true;
}
