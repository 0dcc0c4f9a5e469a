#include "app/source_facts.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/json_doc.h"
#include "codec/json_scan.h"
#include "os/files.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "source.json"
#define FORMAT_NUMBER 1
#define FILE_BYTES_MAX (256 * PS_MB)

/* The sums of a summary by name, both ways. */
struct sum_row {
    const char *name;
    size_t place;
};

#define SUM(member)                                        \
    {                                                      \
#member, offsetof(struct ps_index_summary, member) \
    }
static const struct sum_row sum_rows[] = {
    SUM(records),        SUM(rejected),          SUM(duplicates),   SUM(sent),
    SUM(blank_lines),    SUM(repeated_ids),      SUM(source_bytes), SUM(sent_bytes),
    SUM(input_tokens),   SUM(output_tokens_max), SUM(saved_tokens), SUM(compacted_bytes),
    SUM(dropped_fields), SUM(unknown_fields)};
#define SUM_COUNT (sizeof(sum_rows) / sizeof(sum_rows[0]))

void ps_source_facts_init(struct ps_source_facts *const facts)
{
    memset(facts, 0, sizeof(*facts));
}

void ps_source_facts_release(struct ps_source_facts *const facts)
{
    for (int64_t input = 0; facts->columns != NULL && input < facts->inputs.count; input++) {
        ps_csv_row_release(&facts->columns[input]);
    }
    free(facts->columns);
    ps_inputs_release(&facts->inputs);
    ps_template_free_auto(&facts->template);
    free(facts->model);
    free(facts->system);
    free(facts->template_text);
    free(facts->id_field);
    free(facts->keep);
    memset(facts, 0, sizeof(*facts));
}

static char *copy_of(const char *const text)
{
    return ps_str_dup(ps_str_of(text));
}

/* The rules' views, once the texts are set. */
static enum ps_status bind_rules(struct ps_source_facts *const facts, const enum ps_family family,
                                 struct ps_error *const err)
{
    struct ps_record_rules *const rules = &facts->rules;
    if (facts->template_text != NULL &&
        ps_template_new(ps_str_of(facts->template_text), &facts->template, err) != PS_OK) {
        return err->status;
    }
    rules->form = ps_body_form_of(ps_str_of(facts->model), family);
    rules->system = ps_str_of(facts->system);
    rules->template = facts->template;
    rules->id_field = ps_str_of(facts->id_field);
    rules->keep = ps_str_of(facts->keep);
    return PS_OK;
}

static enum ps_status read_template(const char *const path, char **const ret_text,
                                    struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEMPLATE_BYTES_MAX);
    if (ps_files_read(path, &text, err) != PS_OK) {
        err->status = PS_E_USAGE;
        return ps_error_hint(err, "The template is a text file with {column} where a column goes.");
    }
    if (!ps_utf8_is_valid(ps_buf_str(&text)) || ps_str_find(ps_buf_str(&text), '\0') < text.size) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                            "cannot use the template '%s': it is not UTF-8 text", path);
    }
    *ret_text = ps_str_dup(ps_buf_str(&text));
    return PS_OK;
}

enum ps_status ps_source_facts_take(struct ps_source_facts *const facts,
                                    const struct ps_index_options *const options,
                                    struct ps_error *const err)
{
    facts->model = copy_of(options->model);
    facts->system = copy_of(options->system);
    facts->id_field = copy_of(options->id_field);
    facts->keep = copy_of(options->keep);
    const char *const texts[] = {facts->model, facts->system, facts->id_field, facts->keep};
    for (size_t text = 0; text < sizeof(texts) / sizeof(texts[0]); text++) {
        if (!ps_utf8_is_valid(ps_str_of(texts[text]))) {
            return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                                "cannot use the model, system text or field names: not UTF-8");
        }
    }
    if (options->prompt_file != NULL &&
        read_template(options->prompt_file, &facts->template_text, err) != PS_OK) {
        return err->status;
    }
    facts->rules.max_tokens = options->max_tokens;
    facts->rules.context_tokens_max = options->context_tokens_max;
    facts->rules.output_tokens_max = options->output_tokens_max;
    facts->rules.record_bytes_max = options->record_bytes_max;
    return bind_rules(facts, options->family, err);
}

enum ps_status ps_source_facts_columns(struct ps_source_facts *const facts,
                                       struct ps_error *const err)
{
    const struct ps_inputs *const inputs = &facts->inputs;
    facts->columns = calloc((size_t)inputs->count + 1, sizeof(*facts->columns));
    PS_ASSERT(facts->columns != NULL);
    for (int64_t input = 0; input < inputs->count; input++) {
        ps_csv_row_init(&facts->columns[input]);
    }
    for (int64_t input = 0; input < inputs->count; input++) {
        const char *const header = inputs->items[input].header;
        if (header != NULL && (!ps_csv_row_read(&facts->columns[input], ps_str_of(header)) ||
                               !ps_utf8_is_valid(ps_str_of(header)))) {
            (void)ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER,
                               "cannot read '%s': its first row is no CSV header",
                               inputs->items[input].name);
            return ps_error_hint(err, "The first row names the columns, as RFC 4180 says.");
        }
    }
    return PS_OK;
}

/* ---- writing ---- */

static void put_text(struct ps_buf *const buf, const char *const key, const char *const text)
{
    ps_buf_add_format(buf, ",\n \"%s\":", key);
    if (text == NULL) {
        ps_buf_add_text(buf, "null");
        return;
    }
    const bool is_written = ps_json_append_string(buf, ps_str_of(text));
    PS_ASSERT(is_written);
}

static void put_number(struct ps_buf *const buf, const char *const key, const int64_t number)
{
    ps_buf_add_format(buf, ",\n \"%s\":%" PRId64, key, number);
}

/* Bytes of a path as hex: a path need not be UTF-8. */
static void put_path(struct ps_buf *const buf, const char *const key, const char *const path)
{
    ps_buf_add_format(buf, ",\n  \"%s\":\"", key);
    for (const char *at = path; *at != '\0'; at++) {
        ps_buf_add_format(buf, "%02x", (unsigned)(unsigned char)*at);
    }
    ps_buf_add_text(buf, "\"");
}

static void put_input(struct ps_buf *const buf, const struct ps_input *const input,
                      const bool is_first)
{
    ps_buf_add_format(buf, "%s\n {\"spooled\":%s", is_first ? "" : ",",
                      input->spool == NULL ? "false" : "true");
    put_text(buf, "header", input->header);
    put_text(buf, "spool", input->spool);
    put_path(buf, "name_hex", input->name);
    put_path(buf, "path_hex", input->path);
    put_number(buf, "size", input->size_bytes);
    put_number(buf, "changed_at_ns", input->changed_at_ns);
    put_number(buf, "offset", (int64_t)input->offset);
    put_number(buf, "data_from", input->data_from);
    put_number(buf, "first_line", input->first_line);
    ps_buf_add_text(buf, "}");
}

static int64_t *sum_of(struct ps_index_summary *const summary, const size_t row)
{
    return (int64_t *)(void *)((char *)summary + sum_rows[row].place);
}

static void put_summary(struct ps_buf *const buf, const struct ps_index_summary *const summary)
{
    struct ps_index_summary copy = *summary;
    ps_buf_add_format(buf, ",\n \"summary\":{\"digest\":\"%016" PRIx64 "%016" PRIx64 "\"",
                      summary->digest_high, summary->digest_low);
    for (size_t row = 0; row < SUM_COUNT; row++) {
        put_number(buf, sum_rows[row].name, *sum_of(&copy, row));
    }
    ps_buf_add_text(buf, "}");
}

enum ps_status ps_source_facts_write(const struct ps_source_facts *const facts,
                                     const char *const folder, struct ps_error *const err)
{
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, FILE_BYTES_MAX);
    ps_buf_add_format(&buf, "{\"format\":%d", FORMAT_NUMBER);
    put_text(&buf, "dialect", ps_dialect_name(facts->rules.dialect));
    put_text(&buf, "family", ps_family_name(facts->rules.form.family));
    put_text(&buf, "model", facts->model);
    put_text(&buf, "system", facts->system);
    put_text(&buf, "template", facts->template_text);
    put_text(&buf, "id_field", facts->id_field);
    put_text(&buf, "keep", facts->keep);
    put_number(&buf, "max_tokens", facts->rules.max_tokens);
    put_number(&buf, "output_tokens_max", facts->rules.output_tokens_max);
    put_number(&buf, "ids_bytes", facts->ids_bytes);
    put_summary(&buf, &facts->summary);
    ps_buf_add_text(&buf, ",\n \"inputs\":[");
    for (int64_t input = 0; input < facts->inputs.count; input++) {
        put_input(&buf, &facts->inputs.items[input], input == 0);
    }
    ps_buf_add_text(&buf, "]}\n");
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, FILE_NAME);
    return ps_files_write(path, ps_buf_str(&buf), err);
}

/* ---- reading ---- */

/* What goes wrong is remembered, so that the reading reads as a list. */
struct reading {
    yyjson_val *object;
    bool is_bad;
};

static char *take_text(struct reading *const reading, const char *const key, const bool is_needed)
{
    yyjson_val *const value = yyjson_obj_get(reading->object, key);
    if (!yyjson_is_str(value)) {
        reading->is_bad = reading->is_bad || is_needed;
        return is_needed ? ps_str_dup(PS_STR("")) : NULL;
    }
    return ps_str_dup(ps_json_text(value));
}

static int64_t take_number(struct reading *const reading, const char *const key)
{
    int64_t number = 0;
    const struct ps_str text = ps_json_text(yyjson_obj_get(reading->object, key));
    reading->is_bad = !ps_str_to_i64(text, &number) || reading->is_bad;
    return number;
}

static int hex_value(const char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static char *take_path(struct reading *const reading, const char *const key)
{
    char *const text = take_text(reading, key, true);
    size_t size = 0;
    for (const char *at = text; at[0] != '\0' && at[1] != '\0'; at += 2) {
        const int high = hex_value(at[0]);
        const int low = hex_value(at[1]);
        reading->is_bad = reading->is_bad || high < 0 || low < 0;
        text[size] = (char)(high * 16 + low);
        size++;
    }
    text[size] = '\0';
    return text;
}

static void take_input(yyjson_val *const object, const char *const folder,
                       struct ps_input *const input, struct reading *const all)
{
    struct reading reading = {object, false};
    input->header = take_text(&reading, "header", false);
    input->spool = take_text(&reading, "spool", false);
    input->name = take_path(&reading, "name_hex");
    input->path = take_path(&reading, "path_hex");
    input->size_bytes = take_number(&reading, "size");
    input->changed_at_ns = take_number(&reading, "changed_at_ns");
    input->offset = (uint64_t)take_number(&reading, "offset");
    input->data_from = take_number(&reading, "data_from");
    input->first_line = take_number(&reading, "first_line");
    if (input->spool != NULL) {
        /* The run's folder may have been moved. */
        free(input->path);
        input->path = ps_files_join(folder, input->spool);
    }
    all->is_bad = all->is_bad || reading.is_bad;
}

static void take_inputs(struct ps_source_facts *const facts, const char *const folder,
                        struct reading *const reading)
{
    yyjson_val *const array = yyjson_obj_get(reading->object, "inputs");
    yyjson_val *item;
    size_t index;
    size_t count;
    facts->inputs.items = calloc(yyjson_arr_size(array) + 1, sizeof(*facts->inputs.items));
    PS_ASSERT(facts->inputs.items != NULL);
    facts->inputs.count = (int64_t)yyjson_arr_size(array);
    reading->is_bad = reading->is_bad || facts->inputs.count == 0;
    yyjson_arr_foreach(array, index, count, item)
    {
        take_input(item, folder, &facts->inputs.items[index], reading);
    }
}

static void take_summary(struct ps_source_facts *const facts, struct reading *const all)
{
    struct reading reading = {yyjson_obj_get(all->object, "summary"), false};
    struct ps_index_summary *const summary = &facts->summary;
    for (size_t row = 0; row < SUM_COUNT; row++) {
        *sum_of(summary, row) = take_number(&reading, sum_rows[row].name);
    }
    char *digest PS_CLEANUP(ps_str_free_auto) = take_text(&reading, "digest", true);
    char *dialect PS_CLEANUP(ps_str_free_auto) = take_text(all, "dialect", true);
    (void)snprintf(summary->dialect, sizeof(summary->dialect), "%s", dialect);
    all->is_bad = all->is_bad || reading.is_bad || strlen(digest) != 32 ||
                  !ps_dialect_of_name(ps_str_of(dialect), &facts->rules.dialect);
    if (!all->is_bad) {
        summary->digest_low = strtoull(digest + 16, NULL, 16);
        digest[16] = '\0';
        summary->digest_high = strtoull(digest, NULL, 16);
    }
}

static enum ps_family take_family(struct reading *const reading)
{
    char *name PS_CLEANUP(ps_str_free_auto) = take_text(reading, "family", true);
    for (int family = 0; family < PS_FAMILY_COUNT; family++) {
        if (strcmp(name, ps_family_name((enum ps_family)family)) == 0) {
            return (enum ps_family)family;
        }
    }
    reading->is_bad = true;
    return PS_FAMILY_ANTHROPIC;
}

static enum ps_status take_facts(struct ps_source_facts *const facts, const char *const folder,
                                 yyjson_val *const root, struct ps_error *const err)
{
    struct reading reading = {root, false};
    reading.is_bad = take_number(&reading, "format") != FORMAT_NUMBER;
    facts->model = take_text(&reading, "model", true);
    facts->system = take_text(&reading, "system", true);
    facts->template_text = take_text(&reading, "template", false);
    facts->id_field = take_text(&reading, "id_field", true);
    facts->keep = take_text(&reading, "keep", true);
    facts->rules.max_tokens = take_number(&reading, "max_tokens");
    facts->rules.output_tokens_max = take_number(&reading, "output_tokens_max");
    facts->ids_bytes = take_number(&reading, "ids_bytes");
    const enum ps_family family = take_family(&reading);
    take_inputs(facts, folder, &reading);
    take_summary(facts, &reading);
    if (reading.is_bad) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                            "cannot read the index in '%s': " FILE_NAME " is not as it was written",
                            folder);
    }
    if (bind_rules(facts, family, err) != PS_OK) {
        return err->status;
    }
    return facts->rules.dialect == PS_DIALECT_CSV ? ps_source_facts_columns(facts, err) : PS_OK;
}

enum ps_status ps_source_facts_read(struct ps_source_facts *const facts, const char *const folder,
                                    struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    struct ps_json_reason reason;
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, FILE_NAME);
    ps_buf_init(&text, FILE_BYTES_MAX);
    ps_json_doc_init(&doc);
    if (ps_files_read(path, &text, err) != PS_OK) {
        return err->status;
    }
    return take_facts(facts, folder, ps_json_doc_read(&doc, ps_buf_str(&text), &reason), err);
}
