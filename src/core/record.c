#include "core/record.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/json_doc.h"
#include "codec/json_scan.h"
#include "core/envelope.h"
#include "core/measure.h"
#include "core/record_id.h"

#include <stdlib.h>
#include <string.h>

static const char line_head[] = "{\"recordId\":\"R0000000000\",\"modelInput\":";
static const char line_tail[] = "}\n";
#define HEAD_ID_PLACE ((size_t)13)

static_assert(sizeof(line_head) - 1 == PS_RECORD_HEAD_SIZE, "the head has one length");
static_assert(sizeof(line_tail) - 1 == PS_RECORD_TAIL_SIZE, "the tail has one length");

/* What is sent may be longer than what was read: a template, a system text. */
#define LINE_BYTES_MAX (2 * PS_INPUT_LINE_BYTES_MAX)

struct ps_record_maker {
    const struct ps_record_rules *rules;
    const struct ps_csv_row *header;
    struct ps_fill fill;
    struct ps_json_doc source_doc;
    struct ps_json_doc sent_doc;
    struct ps_json_doc other_doc;
    struct ps_envelope envelope;
    struct ps_request request;
    struct ps_csv_row row;
    struct ps_buf prompt; /* what the template became */
    struct ps_buf line;
    struct ps_buf words; /* id and kept fields, one after the other */
    char number[24];     /* max_tokens as text */
    yyjson_val *body; /* of the line in `line`: the source's own tree where nothing was changed */
    struct ps_copy_counts counts;
};

struct ps_record_maker *ps_record_maker_new(const struct ps_record_rules *const rules)
{
    struct ps_record_maker *const maker = calloc(1, sizeof(*maker));
    PS_ASSERT(maker != NULL);
    const int64_t usual = ps_family_rules(rules->form.family)->output_default_tokens;
    const int64_t allowed = rules->output_tokens_max;
    maker->rules = rules;
    maker->fill = (struct ps_fill){rules->system, rules->max_tokens,
                                   allowed > 0 && allowed < usual ? allowed : usual};
    ps_json_doc_init(&maker->source_doc);
    ps_json_doc_init(&maker->sent_doc);
    ps_json_doc_init(&maker->other_doc);
    ps_envelope_init(&maker->envelope);
    ps_request_init(&maker->request);
    ps_csv_row_init(&maker->row);
    ps_buf_init(&maker->prompt, LINE_BYTES_MAX);
    ps_buf_init(&maker->line, LINE_BYTES_MAX);
    ps_buf_init(&maker->words, LINE_BYTES_MAX);
    return maker;
}

struct ps_record_maker *ps_record_maker_free(struct ps_record_maker *const maker)
{
    if (maker != NULL) {
        ps_json_doc_release(&maker->source_doc);
        ps_json_doc_release(&maker->sent_doc);
        ps_json_doc_release(&maker->other_doc);
        ps_envelope_release(&maker->envelope);
        ps_request_release(&maker->request);
        ps_csv_row_release(&maker->row);
        ps_buf_release(&maker->prompt);
        ps_buf_release(&maker->line);
        ps_buf_release(&maker->words);
        free(maker);
    }
    return NULL;
}

void ps_record_maker_free_auto(struct ps_record_maker **const maker)
{
    *maker = ps_record_maker_free(*maker);
}

void ps_record_maker_columns(struct ps_record_maker *const maker,
                             const struct ps_csv_row *const header)
{
    maker->header = header;
}

/* ---- reading JSON ---- */

static yyjson_val *read_json(struct ps_json_doc *const doc, const struct ps_str text,
                             struct ps_rejection *const reterr_rejection)
{
    struct ps_json_reason reason;
    yyjson_val *const root = ps_json_doc_read(doc, text, &reason);
    if (root != NULL) {
        return root;
    }
    switch (reason.fault) {
    case PS_JSON_ENCODING:
        ps_reject(reterr_rejection, "invalid_utf8", "not UTF-8 at byte %zu", reason.position + 1);
        break;
    case PS_JSON_TOO_LARGE:
        ps_reject(reterr_rejection, "too_complex", "its values need more than %zu bytes of memory",
                  PS_JSON_TREE_BYTES_MAX);
        break;
    default:
        ps_reject(reterr_rejection, "invalid_json", "not JSON at byte %zu: %s", reason.position + 1,
                  reason.text);
        break;
    }
    return NULL;
}

/* ---- writing the line ---- */

static void begin_line(struct ps_record_maker *const maker, const int64_t index)
{
    ps_buf_clear(&maker->line);
    ps_buf_add(&maker->line, (struct ps_str){line_head, PS_RECORD_HEAD_SIZE});
    ps_record_id_write(index, maker->line.data + HEAD_ID_PLACE);
}

static bool end_line(struct ps_record_maker *const maker,
                     struct ps_rejection *const reterr_rejection)
{
    if (!ps_buf_append(&maker->line, (struct ps_str){line_tail, PS_RECORD_TAIL_SIZE})) {
        ps_reject(reterr_rejection, "line_too_long", "what would be sent passes %zu bytes",
                  LINE_BYTES_MAX);
        return false;
    }
    return true;
}

static struct ps_str body_of_line(const struct ps_str line)
{
    return ps_str_part(line, PS_RECORD_HEAD_SIZE,
                       line.size - PS_RECORD_HEAD_SIZE - PS_RECORD_TAIL_SIZE);
}

/* The request, filled up with what the user gave, in the family's form. */
static bool write_request(struct ps_record_maker *const maker,
                          struct ps_rejection *const reterr_rejection)
{
    struct ps_request *const request = &maker->request;
    const struct ps_family_rules *const family = ps_family_rules(maker->rules->form.family);
    const bool takes_system = !family->is_embedding && maker->fill.system.size > 0;
    if (takes_system && !ps_request_has_role(request, PS_ROLE_SYSTEM)) {
        ps_request_add_system(request, maker->fill.system);
    }
    const int64_t fill_tokens = maker->fill.max_tokens > 0 ? maker->fill.max_tokens
                                : family->needs_output_max ? maker->fill.default_max_tokens
                                                           : 0;
    if (request->max_tokens.size == 0 && fill_tokens > 0) {
        const int size =
            snprintf(maker->number, sizeof(maker->number), "%lld", (long long)fill_tokens);
        request->max_tokens = (struct ps_str){maker->number, (size_t)size};
    }
    return ps_body_write(&maker->line, maker->rules->form, request, &maker->counts.dropped_fields,
                         reterr_rejection);
}

/* ---- dialects that carry a whole body ---- */

static bool hold_body(const struct ps_record_maker *const maker,
                      struct ps_rejection *const reterr_rejection)
{
    const struct ps_str key = ps_dialect_body_key(maker->rules->dialect);
    if (maker->envelope.body.size == 0) {
        ps_reject(reterr_rejection, "missing_prompt", "the key '%.*s' is missing",
                  PS_STR_ARGS(key));
        return false;
    }
    if (!maker->envelope.is_body_object) {
        ps_reject(reterr_rejection, "not_an_object", "'%.*s' is not an object", PS_STR_ARGS(key));
        return false;
    }
    return true;
}

static bool write_own_body(struct ps_record_maker *const maker,
                           struct ps_rejection *const reterr_rejection)
{
    return ps_envelope_copy_body(&maker->envelope, maker->rules->form.family, &maker->fill,
                                 &maker->line, &maker->counts, reterr_rejection);
}

/* `body`: the tree of the line's body, where the caller has one. */
static bool write_foreign_body(struct ps_record_maker *const maker, yyjson_val *const body,
                               struct ps_rejection *const reterr_rejection)
{
    yyjson_val *const tree =
        body != NULL ? body : read_json(&maker->source_doc, maker->envelope.body, reterr_rejection);
    return tree != NULL && ps_request_read(&maker->request, tree, false, reterr_rejection) &&
           write_request(maker, reterr_rejection);
}

/* `root`: the line's tree, or NULL when the line is known to be good and is only written again. */
static bool write_enveloped(struct ps_record_maker *const maker, const struct ps_str source,
                            yyjson_val *const root, struct ps_rejection *const reterr_rejection)
{
    const enum ps_dialect dialect = maker->rules->dialect;
    const struct ps_str key = ps_dialect_body_key(dialect);
    if (root == NULL && !ps_envelope_read(&maker->envelope, source, key, reterr_rejection)) {
        return false;
    }
    if (!hold_body(maker, reterr_rejection)) {
        return false;
    }
    yyjson_val *const body = yyjson_obj_getn(root, key.data, key.size);
    if (!ps_envelope_is_own(&maker->envelope, dialect, maker->rules->form.family)) {
        return write_foreign_body(maker, body, reterr_rejection);
    }
    if (!write_own_body(maker, reterr_rejection)) {
        return false;
    }
    const bool is_changed = maker->counts.added_fields > 0 || maker->counts.dropped_fields > 0;
    maker->body = is_changed ? NULL : body;
    return true;
}

/* ---- dialects that are read ---- */

/* What a template's place looks for its values in. */
struct columns {
    struct ps_record_maker *maker;
    yyjson_val *root; /* jsonl */
    struct ps_rejection *rejection;
};

static bool refuse_column(const struct columns *const columns, const struct ps_str name,
                          const char *const code, const char *const what)
{
    /* Names come from the user's own template, so they may be shown. */
    ps_reject(columns->rejection, code, "the template's '%.*s' %s",
              ps_str_print_size(ps_str_part(name, 0, 60)), name.data, what);
    return false;
}

/* The member called `name`, else the way through objects that its dots tell. */
static yyjson_val *member_at(yyjson_val *const object, const struct ps_str name)
{
    yyjson_val *const whole = yyjson_obj_getn(object, name.data, name.size);
    const size_t dot = ps_str_find(name, '.');
    if (whole != NULL || dot == name.size) {
        return whole;
    }
    yyjson_val *const parent = yyjson_obj_getn(object, name.data, dot);
    return parent == NULL ? NULL : member_at(parent, ps_str_part(name, dot + 1, name.size));
}

/* Objects and arrays as JSON; written by yyjson, whose form never changes for one tree. */
static bool append_structure(struct ps_buf *const to, yyjson_val *const value)
{
    size_t size = 0;
    char *text PS_CLEANUP(ps_str_free_auto) = yyjson_val_write(value, YYJSON_WRITE_NOFLAG, &size);
    return text != NULL && ps_buf_append(to, (struct ps_str){text, size});
}

static bool append_value(struct ps_buf *const to, yyjson_val *const value)
{
    if (yyjson_is_ctn(value)) {
        return append_structure(to, value);
    }
    if (yyjson_is_bool(value)) {
        return ps_buf_append(to, yyjson_is_true(value) ? PS_STR("true") : PS_STR("false"));
    }
    return ps_buf_append(to, ps_json_text(value));
}

static size_t count_key(yyjson_val *const object, const struct ps_str name)
{
    size_t found = 0;
    yyjson_val *key;
    yyjson_val *value;
    size_t index;
    size_t count;
    yyjson_obj_foreach(object, index, count, key, value)
    {
        found += ps_str_equals(ps_json_text(key), name) ? 1 : 0;
    }
    return found;
}

static bool find_member(void *const context, const struct ps_str name, struct ps_buf *const to)
{
    const struct columns *const columns = context;
    yyjson_val *const value = member_at(columns->root, name);
    if (value == NULL) {
        return refuse_column(columns, name, "missing_field", "is not in this record");
    }
    if (count_key(columns->root, name) > 1) {
        return refuse_column(columns, name, "duplicate_key", "stands there twice");
    }
    return append_value(to, value) ||
           refuse_column(columns, name, "line_too_long", "makes the prompt too long");
}

static bool find_field(void *const context, const struct ps_str name, struct ps_buf *const to)
{
    const struct columns *const columns = context;
    const struct ps_record_maker *const maker = columns->maker;
    size_t index = 0;
    if (!ps_csv_row_find(maker->header, name, &index)) {
        return refuse_column(columns, name, "missing_field", "is no column of this file");
    }
    return ps_buf_append(to, ps_csv_row_field(&maker->row, index)) ||
           refuse_column(columns, name, "line_too_long", "makes the prompt too long");
}

/* One user message of the template's making. */
static bool request_of_template(struct ps_record_maker *const maker, yyjson_val *const root,
                                struct ps_rejection *const reterr_rejection)
{
    struct columns columns = {maker, root, reterr_rejection};
    bool (*const find)(void *, struct ps_str, struct ps_buf *) =
        root == NULL ? find_field : find_member;
    ps_buf_clear(&maker->prompt);
    const bool is_filled =
        maker->rules->template == NULL
            ? find(&columns, PS_STR("prompt"), &maker->prompt)
            : ps_template_fill(maker->rules->template, find, &columns, &maker->prompt);
    if (!is_filled) {
        return false;
    }
    if (maker->prompt.size == 0) {
        ps_reject(reterr_rejection, "missing_prompt", "the prompt is empty");
        return false;
    }
    ps_request_clear(&maker->request);
    ps_request_add(&maker->request, PS_ROLE_USER, true, ps_buf_str(&maker->prompt));
    return true;
}

static bool read_row(struct ps_record_maker *const maker, const struct ps_str source,
                     struct ps_rejection *const reterr_rejection)
{
    PS_ASSERT(maker->header != NULL);
    if (!ps_utf8_is_valid(source)) {
        ps_reject(reterr_rejection, "invalid_utf8", "not UTF-8");
        return false;
    }
    if (!ps_csv_row_read(&maker->row, source)) {
        ps_reject(reterr_rejection, "invalid_csv",
                  "a quote is not closed, or text stands after a closing quote");
        return false;
    }
    if (maker->row.field_count != maker->header->field_count) {
        ps_reject(reterr_rejection, "invalid_csv", "%zu fields, and the header row has %zu",
                  maker->row.field_count, maker->header->field_count);
        return false;
    }
    return true;
}

static bool request_of_text(struct ps_record_maker *const maker, const struct ps_str source,
                            struct ps_rejection *const reterr_rejection)
{
    if (!ps_utf8_is_valid(source)) {
        ps_reject(reterr_rejection, "invalid_utf8", "not UTF-8");
        return false;
    }
    ps_request_clear(&maker->request);
    ps_request_add(&maker->request, PS_ROLE_USER, true, source);
    return true;
}

/* Reads a record that is not an envelope. `root`: its tree, for JSON dialects. */
static bool read_request(struct ps_record_maker *const maker, const struct ps_str source,
                         yyjson_val *const root, struct ps_rejection *const reterr_rejection)
{
    switch (maker->rules->dialect) {
    case PS_DIALECT_SIMPLE:
        return ps_request_read(&maker->request, root, true, reterr_rejection);
    case PS_DIALECT_TEXT:
        return request_of_text(maker, source, reterr_rejection);
    default:
        return request_of_template(maker, root, reterr_rejection);
    }
}

static bool is_json(const enum ps_dialect dialect)
{
    return dialect != PS_DIALECT_TEXT && dialect != PS_DIALECT_CSV;
}

static bool is_enveloped(const enum ps_dialect dialect)
{
    return ps_dialect_body_key(dialect).size > 0;
}

/* Writes the line of a source that was read before (its tree in `root`, where it has one). */
static bool write_line(struct ps_record_maker *const maker, const struct ps_str source,
                       yyjson_val *const root, const int64_t index,
                       struct ps_rejection *const reterr_rejection)
{
    begin_line(maker, index);
    maker->body = NULL;
    memset(&maker->counts, 0, sizeof(maker->counts));
    const bool is_written = is_enveloped(maker->rules->dialect)
                                ? write_enveloped(maker, source, root, reterr_rejection)
                                : read_request(maker, source, root, reterr_rejection) &&
                                      write_request(maker, reterr_rejection);
    return is_written && end_line(maker, reterr_rejection);
}

/* ---- id and kept fields ---- */

static bool keeps(const struct ps_record_rules *const rules, const struct ps_str key)
{
    struct ps_str rest = rules->keep;
    while (rest.size > 0) {
        const size_t comma = ps_str_find(rest, ',');
        if (ps_json_key_is(key, ps_str_trim(ps_str_part(rest, 0, comma)))) {
            return true;
        }
        rest = ps_str_part(rest, comma + 1, rest.size);
    }
    return false;
}

/* The key whose value is the id: the user's choice, or the dialect's own. */
static struct ps_str id_key_of(const struct ps_record_rules *const rules)
{
    const struct ps_str own = ps_dialect_id_key(rules->dialect);
    if (rules->id_field.size > 0) {
        return rules->id_field;
    }
    return own.size > 0 ? own : PS_STR("id");
}

/* With "all": every member but those that say what is asked, and the id, which the results have
 * anyway. */
static bool is_kept_by_all(const struct ps_record_rules *const rules, const struct ps_str key)
{
    static const char *const asked[] = {"modelInput", "body",     "params",
                                        "prompt",     "messages", "system"};
    if (ps_json_key_is(key, id_key_of(rules))) {
        return false;
    }
    for (size_t row = 0; row < sizeof(asked) / sizeof(asked[0]); row++) {
        if (rules->template == NULL && ps_json_key_is(key, ps_str_of(asked[row]))) {
            return false;
        }
    }
    return true;
}

static bool is_kept(const struct ps_record_rules *const rules, const struct ps_str key)
{
    if (rules->keep.size == 0) {
        return false;
    }
    return ps_str_equals_text(rules->keep, "all") ? is_kept_by_all(rules, key) : keeps(rules, key);
}

static bool add_kept(struct ps_buf *const words, const size_t from, const struct ps_str key,
                     const bool is_plain_key)
{
    const struct ps_str opening = words->size == from ? PS_STR("{\"") : PS_STR(",\"");
    return ps_buf_append(words, opening) &&
           (is_plain_key ? ps_json_append_escaped(words, key) : ps_buf_append(words, key)) &&
           ps_buf_append(words, PS_STR("\":"));
}

static bool refuse_kept(struct ps_record *const ret_record)
{
    ps_reject(&ret_record->rejection, "line_too_long", "its kept fields pass %zu bytes",
              LINE_BYTES_MAX);
    return false;
}

/* Everything after `from` in `words` becomes the kept object; "" when nothing was added. */
static bool end_kept(struct ps_record_maker *const maker, const size_t from,
                     struct ps_record *const ret_record)
{
    if (maker->words.size == from) {
        return true;
    }
    if (!ps_buf_append_byte(&maker->words, '}')) {
        return refuse_kept(ret_record);
    }
    ret_record->keep = ps_str_part(ps_buf_str(&maker->words), from, maker->words.size);
    return true;
}

static bool read_kept_members(struct ps_record_maker *const maker,
                              struct ps_record *const ret_record)
{
    const struct ps_buf *const spans = &maker->envelope.line_spans;
    for (size_t index = 0; maker->rules->keep.size > 0 && index < ps_span_count(spans); index++) {
        const struct ps_span span = ps_span_at(spans, index);
        if (is_kept(maker->rules, span.key) &&
            !(add_kept(&maker->words, 0, span.key, false) &&
              ps_json_append_compact(&maker->words, span.value))) {
            return refuse_kept(ret_record);
        }
    }
    return end_kept(maker, 0, ret_record);
}

static bool read_json_id(struct ps_record_maker *const maker, struct ps_record *const ret_record)
{
    const struct ps_str key = id_key_of(maker->rules);
    struct ps_str id = {NULL, 0};
    size_t count = 0;
    if (!ps_span_find(&maker->envelope.line_spans, key, &id, &count)) {
        if (maker->rules->id_field.size > 0) {
            ps_reject(&ret_record->rejection, "missing_field", "the id field '%.*s' is missing",
                      ps_str_print_size(ps_str_part(key, 0, 60)), key.data);
            return false;
        }
        return true;
    }
    if (count > 1) {
        ps_reject(&ret_record->rejection, "duplicate_key", "the key '%.*s' stands there twice",
                  ps_str_print_size(ps_str_part(key, 0, 60)), key.data);
        return false;
    }
    if (id.data[0] == '{' || id.data[0] == '[') {
        ps_reject(&ret_record->rejection, "invalid_id", "the id is an object or an array");
        return false;
    }
    ret_record->id = id;
    return true;
}

/* CSV: ids and kept fields are strings. */
static bool read_csv_words(struct ps_record_maker *const maker, struct ps_record *const ret_record)
{
    const struct ps_record_rules *const rules = maker->rules;
    const struct ps_str key = id_key_of(rules);
    size_t index = 0;
    const bool has_id = ps_csv_row_find(maker->header, key, &index);
    if (!has_id && rules->id_field.size > 0) {
        ps_reject(&ret_record->rejection, "missing_field", "the id field '%.*s' is no column",
                  ps_str_print_size(ps_str_part(key, 0, 60)), key.data);
        return false;
    }
    if (has_id && !ps_json_append_string(&maker->words, ps_csv_row_field(&maker->row, index))) {
        return refuse_kept(ret_record);
    }
    const size_t id_size = maker->words.size;
    for (size_t field = 0; rules->keep.size > 0 && field < maker->row.field_count; field++) {
        const struct ps_str name = ps_csv_row_field(maker->header, field);
        if (is_kept(rules, name) &&
            !(add_kept(&maker->words, id_size, name, true) &&
              ps_json_append_string(&maker->words, ps_csv_row_field(&maker->row, field)))) {
            return refuse_kept(ret_record);
        }
    }
    if (!end_kept(maker, id_size, ret_record)) {
        return false;
    }
    if (has_id) {
        ret_record->id = ps_str_part(ps_buf_str(&maker->words), 0, id_size);
    }
    return true;
}

/* ---- the whole of it ---- */

static bool hold_limits(const struct ps_record_rules *const rules,
                        struct ps_record *const ret_record)
{
    const int64_t in = ret_record->input_tokens;
    const int64_t out = ret_record->output_tokens_max;
    const int64_t reserved = ret_record->has_output_max ? out : 0;
    struct ps_rejection *const rejection = &ret_record->rejection;
    if (rules->context_tokens_max > 0 && in + reserved > rules->context_tokens_max) {
        ps_reject(rejection, "context_tokens",
                  "about %lld tokens in and %lld out, and the model's context holds %lld",
                  (long long)in, (long long)reserved, (long long)rules->context_tokens_max);
    } else if (rules->output_tokens_max > 0 && ret_record->has_output_max &&
               out > rules->output_tokens_max) {
        ps_reject(rejection, "output_tokens",
                  "asks for %lld output tokens, and the model gives at most %lld", (long long)out,
                  (long long)rules->output_tokens_max);
    } else if (rules->record_bytes_max > 0 &&
               (int64_t)ret_record->line.size > rules->record_bytes_max) {
        ps_reject(rejection, "record_bytes", "%zu bytes to send, and a record may have %lld",
                  ret_record->line.size, (long long)rules->record_bytes_max);
    }
    return rejection->code == NULL;
}

/* What the body says, by its tree: the source's own where the body was copied unchanged, else read
 * again. */
static bool measure(struct ps_record_maker *const maker, struct ps_record *const ret_record)
{
    const enum ps_family family = maker->rules->form.family;
    yyjson_val *const body =
        maker->body != NULL
            ? maker->body
            : read_json(&maker->sent_doc, body_of_line(ret_record->line), &ret_record->rejection);
    if (body == NULL) {
        return false;
    }
    struct ps_measure measured;
    ps_measure_body(body, family, &measured);
    const bool is_embedding = ps_family_rules(family)->is_embedding;
    ret_record->fingerprint = ps_canonical_fingerprint(body);
    ret_record->input_tokens = measured.input_tokens;
    ret_record->has_output_max = measured.output_tokens_max > 0;
    ret_record->output_tokens_max = ret_record->has_output_max ? measured.output_tokens_max
                                    : is_embedding             ? 0
                                                               : maker->fill.default_max_tokens;
    ret_record->is_warm = measured.is_warm;
    return true;
}

/* Reads and checks the source; false: ret_record->rejection says why. */
static bool check_source(struct ps_record_maker *const maker, const struct ps_str source,
                         yyjson_val **const ret_root, struct ps_record *const ret_record)
{
    const enum ps_dialect dialect = maker->rules->dialect;
    struct ps_rejection *const rejection = &ret_record->rejection;
    *ret_root = NULL;
    if (dialect == PS_DIALECT_CSV) {
        return read_row(maker, source, rejection) && read_csv_words(maker, ret_record);
    }
    if (!is_json(dialect)) {
        return true;
    }
    *ret_root = read_json(&maker->source_doc, source, rejection);
    if (*ret_root == NULL) {
        return false;
    }
    if (!yyjson_is_obj(*ret_root)) {
        ps_reject(rejection, "not_an_object", "the line is JSON, but not an object");
        return false;
    }
    if (!ps_envelope_read(&maker->envelope, source, ps_dialect_body_key(dialect), rejection) ||
        !read_json_id(maker, ret_record)) {
        return false;
    }
    return read_kept_members(maker, ret_record);
}

void ps_record_make(struct ps_record_maker *const maker, const struct ps_str source,
                    const int64_t index, struct ps_record *const ret_record)
{
    memset(ret_record, 0, sizeof(*ret_record));
    ret_record->id = PS_STR("null");
    ps_buf_clear(&maker->words);
    yyjson_val *root = NULL;
    if (!check_source(maker, source, &root, ret_record) ||
        !write_line(maker, source, root, index, &ret_record->rejection)) {
        return;
    }
    ret_record->line = ps_buf_str(&maker->line);
    ret_record->saved_bytes = maker->counts.saved_bytes;
    ret_record->dropped_fields = maker->counts.dropped_fields;
    ret_record->unknown_fields = maker->counts.unknown_fields;
    if (measure(maker, ret_record)) {
        (void)hold_limits(maker->rules, ret_record);
    }
}

bool ps_record_remake(struct ps_record_maker *const maker, const struct ps_str source,
                      const int64_t index, struct ps_str *const ret_line)
{
    const enum ps_dialect dialect = maker->rules->dialect;
    struct ps_rejection unused = {NULL, ""};
    yyjson_val *root = NULL;
    if (dialect == PS_DIALECT_CSV && !read_row(maker, source, &unused)) {
        return false;
    }
    if (is_json(dialect) && !is_enveloped(dialect)) {
        root = read_json(&maker->source_doc, source, &unused);
        if (!yyjson_is_obj(root)) {
            return false;
        }
    }
    if (!write_line(maker, source, root, index, &unused)) {
        return false;
    }
    *ret_line = ps_buf_str(&maker->line);
    return true;
}

bool ps_record_lines_equal(struct ps_record_maker *const maker, const struct ps_str left,
                           const struct ps_str right)
{
    const struct ps_str left_body = body_of_line(left);
    const struct ps_str right_body = body_of_line(right);
    if (ps_str_equals(left_body, right_body)) {
        return true;
    }
    struct ps_rejection unused = {NULL, ""};
    yyjson_val *const left_tree = read_json(&maker->sent_doc, left_body, &unused);
    yyjson_val *const right_tree = read_json(&maker->other_doc, right_body, &unused);
    return left_tree != NULL && right_tree != NULL && ps_canonical_equals(left_tree, right_tree);
}
