#include "app/index_detect.h"

#include "app/chunk_reader.h"
#include "base/assert.h"
#include "base/limits.h"
#include "codec/csv.h"
#include "codec/json_doc.h"
#include "codec/jsonl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A header row names columns: it is short. */
#define HEADER_BYTES_MAX PS_MB

static bool has_suffix(const char *const name, const char *const suffix)
{
    static const char *const packed[] = {"", ".gz", ".zst"};
    char wanted[16];
    for (size_t row = 0; row < sizeof(packed) / sizeof(packed[0]); row++) {
        (void)snprintf(wanted, sizeof(wanted), "%s%s", suffix, packed[row]);
        const struct ps_str text = ps_str_of(name);
        const struct ps_str end = ps_str_of(wanted);
        if (text.size > end.size &&
            ps_str_equals_nocase(ps_str_part(text, text.size - end.size, end.size), end)) {
            return true;
        }
    }
    return false;
}

/* Do all inputs' names end so? */
static bool all_have_suffix(const struct ps_inputs *const inputs, const char *const suffix)
{
    for (int64_t input = 0; input < inputs->count; input++) {
        if (!has_suffix(inputs->items[input].name, suffix)) {
            return false;
        }
    }
    return true;
}

/* What the user's options and the files' names say, before any line is looked at. */
static bool dialect_is_told(const struct ps_index_options *const options,
                            const struct ps_inputs *const inputs,
                            enum ps_dialect *const ret_dialect)
{
    if (all_have_suffix(inputs, ".csv")) {
        *ret_dialect = PS_DIALECT_CSV;
        return true;
    }
    if (options->prompt_file != NULL) {
        *ret_dialect = PS_DIALECT_JSONL;
        return true;
    }
    if (all_have_suffix(inputs, ".txt")) {
        *ret_dialect = PS_DIALECT_TEXT;
        return true;
    }
    return false;
}

/* ---- by lines ---- */

struct votes {
    int64_t count[PS_DIALECT_COUNT];
    int64_t first_line[PS_DIALECT_COUNT];
    int64_t first_input[PS_DIALECT_COUNT];
    int64_t lines; /* looked at, broken ones too */
    int64_t objects;
};

static void vote(struct votes *const votes, struct ps_json_doc *const doc,
                 const struct ps_chunk *const chunk, const struct ps_chunk_line *const line)
{
    struct ps_json_reason reason;
    votes->lines++;
    if (line->is_too_long) {
        return;
    }
    yyjson_val *const root = ps_json_doc_read(doc, ps_chunk_line_text(chunk, line), &reason);
    enum ps_dialect dialect;
    votes->objects += yyjson_is_obj(root) ? 1 : 0;
    if (!ps_dialect_of_line(root, &dialect)) {
        return;
    }
    if (votes->count[dialect] == 0) {
        votes->first_line[dialect] = line->number;
        votes->first_input[dialect] = chunk->input;
    }
    votes->count[dialect]++;
}

/* The first lines of one input. */
static enum ps_status vote_on_input(struct votes *const votes, const struct ps_inputs *const inputs,
                                    const int64_t input, struct ps_error *const err)
{
    struct ps_chunk_reader reader PS_CLEANUP(ps_chunk_reader_release);
    struct ps_chunk chunk PS_CLEANUP(ps_chunk_release);
    struct ps_json_doc doc PS_CLEANUP(ps_json_doc_release);
    ps_chunk_reader_init(&reader, inputs, false);
    ps_chunk_init(&chunk);
    ps_json_doc_init(&doc);
    ps_chunk_reader_begin_at(&reader, input);
    int64_t seen = 0;
    bool is_end = false;
    while (seen < PS_DETECT_LINES && !is_end) {
        if (ps_chunk_read(&reader, &chunk, &is_end, err) != PS_OK) {
            return err->status;
        }
        is_end = is_end || chunk.input != input;
        for (size_t index = 0;
             !is_end && index < ps_chunk_line_count(&chunk) && seen < PS_DETECT_LINES; index++) {
            const struct ps_chunk_line line = ps_chunk_line(&chunk, index);
            vote(votes, &doc, &chunk, &line);
            seen++;
        }
    }
    return PS_OK;
}

static enum ps_status refuse_none(const struct votes *const votes,
                                  const struct ps_inputs *const inputs, struct ps_error *const err)
{
    if (votes->lines == 0) {
        (void)ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER,
                           "cannot index '%s': it is empty, or holds only blank lines",
                           inputs->items[0].name);
        return ps_error_hint(err, "There is nothing to run; check what wrote the file.");
    }
    if (votes->objects == 0) {
        (void)ps_error_set(
            err, PS_E_INPUT, PS_RETRY_NEVER,
            "cannot tell the format of '%s': no line of the first %d is a JSON object",
            inputs->items[0].name, PS_DETECT_LINES);
        return ps_error_hint(err, "For plain prompts, one a line, say --format text.");
    }
    (void)ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER,
                       "cannot tell the format of '%s': no line of the first %d has a prompt, "
                       "messages, modelInput, body or params",
                       inputs->items[0].name, PS_DETECT_LINES);
    return ps_error_hint(err, "Say how a prompt is made of the fields: --prompt-file TEMPLATE.");
}

static enum ps_status refuse_mix(const struct votes *const votes,
                                 const struct ps_inputs *const inputs, struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_buf_add_text(&text, "cannot tell the format: the first lines disagree");
    const char *comma = ": ";
    for (int dialect = 0; dialect < PS_DIALECT_COUNT; dialect++) {
        if (votes->count[dialect] > 0) {
            ps_buf_add_format(&text, "%s%lld %s (first at %.60s:%lld)", comma,
                              (long long)votes->count[dialect],
                              ps_dialect_name((enum ps_dialect)dialect),
                              inputs->items[votes->first_input[dialect]].name,
                              (long long)votes->first_line[dialect]);
            comma = ", ";
        }
    }
    (void)ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER, "%s", ps_buf_text(&text));
    return ps_error_hint(err, "Run them apart, or say --format; other lines are then rejected.");
}

static enum ps_status detect_by_lines(struct ps_source_facts *const facts,
                                      struct ps_error *const err)
{
    struct votes votes = {{0}, {0}, {0}, 0, 0};
    for (int64_t input = 0; input < facts->inputs.count; input++) {
        if (vote_on_input(&votes, &facts->inputs, input, err) != PS_OK) {
            return err->status;
        }
    }
    int kinds = 0;
    for (int dialect = 0; dialect < PS_DIALECT_COUNT; dialect++) {
        if (votes.count[dialect] > 0) {
            kinds++;
            facts->rules.dialect = (enum ps_dialect)dialect;
        }
    }
    if (kinds == 0) {
        return refuse_none(&votes, &facts->inputs, err);
    }
    return kinds == 1 ? PS_OK : refuse_mix(&votes, &facts->inputs, err);
}

/* ---- where records begin ---- */

/* The first row that is not blank names the columns. */
static enum ps_status take_header(struct ps_input *const input, const struct ps_str head,
                                  struct ps_error *const err)
{
    const bool is_whole = input->size_bytes <= (int64_t)head.size;
    struct ps_line line = {0, 0, (size_t)input->data_from};
    bool is_blank = true;
    while (is_blank) {
        if (!ps_csv_next(head, line.next, is_whole, &line)) {
            input->header = ps_str_dup(PS_STR(""));
            input->data_from = input->size_bytes;
            return line.next >= head.size && is_whole
                       ? PS_OK
                       : ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER,
                                      "cannot read '%s': its header row is longer than %zu bytes",
                                      input->name, HEADER_BYTES_MAX);
        }
        is_blank = ps_jsonl_is_blank(ps_str_part(head, line.from, line.size));
        input->first_line +=
            ps_jsonl_count_ends(ps_str_part(head, line.from, line.next - line.from));
    }
    input->header = ps_str_dup(ps_str_part(head, line.from, line.size));
    input->data_from = (int64_t)line.next;
    return PS_OK;
}

/* Steps over a byte order mark, and with `is_csv` over the header. */
static enum ps_status find_data(struct ps_input *const input, const bool is_csv,
                                struct ps_error *const err)
{
    int descriptor = -1;
    if (ps_input_open(input, &descriptor, err) != PS_OK) {
        return err->status;
    }
    const size_t wanted = is_csv ? HEADER_BYTES_MAX : 3;
    const size_t size = input->size_bytes < (int64_t)wanted ? (size_t)input->size_bytes : wanted;
    char *room PS_CLEANUP(ps_str_free_auto) = malloc(size + 1);
    PS_ASSERT(room != NULL);
    enum ps_status status = ps_input_read(input, descriptor, 0, room, size, err);
    (void)close(descriptor);
    if (status == PS_OK) {
        const struct ps_str head = {room, size};
        input->data_from = (int64_t)ps_jsonl_bom_size(head);
        status = is_csv ? take_header(input, head, err) : PS_OK;
    }
    return status;
}

/* One column that is wanted and not there spoils every row: better said before any. */
static enum ps_status hold_column(const struct ps_source_facts *const facts, const int64_t input,
                                  const struct ps_str name, struct ps_error *const err)
{
    const struct ps_csv_row *const columns = &facts->columns[input];
    size_t place = 0;
    if (name.size == 0 ||
        facts->inputs.items[input].data_from == facts->inputs.items[input].size_bytes ||
        ps_csv_row_find(columns, name, &place)) {
        return PS_OK;
    }
    (void)ps_error_set(
        err, PS_E_USAGE, PS_RETRY_NEVER, "cannot index '%s': it has no column '%.*s'",
        facts->inputs.items[input].name, ps_str_print_size(ps_str_part(name, 0, 60)), name.data);
    return ps_error_hint(err,
                         "Its first row names %zu columns. Say how a prompt is made of them: "
                         "--prompt-file TEMPLATE.",
                         columns->field_count);
}

/* Every column that the template and the user's options name is in every file. */
static enum ps_status hold_columns(const struct ps_source_facts *const facts,
                                   struct ps_error *const err)
{
    const struct ps_template *const template = facts->template;
    const size_t names = template == NULL ? 1 : ps_template_name_count(template);
    for (int64_t input = 0; input < facts->inputs.count; input++) {
        if (hold_column(facts, input, facts->rules.id_field, err) != PS_OK) {
            return err->status;
        }
        for (size_t name = 0; name < names; name++) {
            const struct ps_str wanted =
                template == NULL ? PS_STR("prompt") : ps_template_name(template, name);
            if (hold_column(facts, input, wanted, err) != PS_OK) {
                return err->status;
            }
        }
    }
    return PS_OK;
}

static enum ps_status find_all_data(struct ps_source_facts *const facts, const bool is_csv,
                                    struct ps_error *const err)
{
    for (int64_t input = 0; input < facts->inputs.count; input++) {
        if (find_data(&facts->inputs.items[input], is_csv, err) != PS_OK) {
            return err->status;
        }
    }
    if (!is_csv || ps_source_facts_columns(facts, err) != PS_OK) {
        return is_csv ? err->status : PS_OK;
    }
    return hold_columns(facts, err);
}

enum ps_status ps_index_detect(struct ps_source_facts *const facts,
                               const struct ps_index_options *const options,
                               struct ps_error *const err)
{
    enum ps_dialect *const dialect = &facts->rules.dialect;
    bool is_told = false;
    if (options->format != NULL) {
        is_told = ps_dialect_of_name(ps_str_of(options->format), dialect);
        if (!is_told) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot read the format '%.60s'",
                               options->format);
            return ps_error_hint(err,
                                 "One of bedrock, openai, anthropic, simple, text, jsonl, csv.");
        }
    } else {
        is_told = dialect_is_told(options, &facts->inputs, dialect);
    }
    if (find_all_data(facts, is_told && *dialect == PS_DIALECT_CSV, err) != PS_OK) {
        return err->status;
    }
    if (!is_told && detect_by_lines(facts, err) != PS_OK) {
        return err->status;
    }
    if (facts->template != NULL && *dialect != PS_DIALECT_JSONL && *dialect != PS_DIALECT_CSV) {
        return ps_error_set(
            err, PS_E_USAGE, PS_RETRY_NEVER,
            "cannot use a template with the format '%s'; it goes with jsonl and csv",
            ps_dialect_name(*dialect));
    }
    return PS_OK;
}
