#include "sim/record.h"

#include "base/limits.h"
#include "sim/canonical.h"
#include "sim/echo.h"
#include "sim/event_fields.h"
#include "sim/writer.h"

#include <stdio.h>
#include <string.h>

#define CANONICAL_BYTES_MAX (6 * PS_INPUT_LINE_BYTES_MAX)
#define OUTPUT_BYTES_MAX ((size_t)1 << 20)

void ps_record_init(struct ps_record *const record)
{
    memset(record, 0, sizeof *record);
    ps_buf_init(&record->canonical, CANONICAL_BYTES_MAX);
    ps_buf_init(&record->output, OUTPUT_BYTES_MAX);
}

void ps_record_release(struct ps_record *const record)
{
    yyjson_doc_free(record->doc);
    ps_buf_release(&record->canonical);
    ps_buf_release(&record->output);
    memset(record, 0, sizeof *record);
}

static void ask(struct ps_record *const record, const struct ps_job_work *const work)
{
    struct ps_model_question question = {
        .family = work->family,
        .model = ps_str_of(work->base_model),
        .input = record->input,
        .is_on_demand = work->is_on_demand,
    };
    ps_buf_clear(&record->canonical);
    ps_buf_clear(&record->output);
    const bool is_flat =
        record->input == NULL || ps_canonical_add(&record->canonical, record->input);
    ps_sha256(ps_buf_str(&record->canonical), question.digest);
    ps_hex_encode(question.digest, sizeof question.digest, record->digest_hex);
    if (is_flat) {
        ps_model_answer(&question, &record->output, &record->answer);
    } else {
        ps_buf_clear(&record->canonical);
        ps_record_set_error(record, 400, "Malformed input request: it is nested too deeply.");
    }
}

bool ps_record_read(struct ps_record *const record, const struct ps_str line,
                    const struct ps_job_work *const work)
{
    yyjson_doc_free(record->doc);
    record->doc = yyjson_read(line.data, line.size, PS_SIM_READ_FLAGS);
    yyjson_val *const root = yyjson_doc_get_root(record->doc);
    if (!yyjson_is_obj(root)) {
        return false;
    }
    record->input = yyjson_obj_get(root, "modelInput");
    record->id = ps_event_text(root, "recordId");
    record->made_id[0] = '\0';
    ask(record, work);
    return true;
}

bool ps_record_read_body(struct ps_record *const record, const struct ps_str body,
                         const struct ps_job_work *const work)
{
    yyjson_doc_free(record->doc);
    record->doc = yyjson_read(body.data, body.size, PS_SIM_READ_FLAGS);
    record->input = yyjson_doc_get_root(record->doc);
    record->id = PS_STR("");
    record->made_id[0] = '\0';
    if (!yyjson_is_obj(record->input)) {
        return false;
    }
    ask(record, work);
    return true;
}

void ps_record_set_error(struct ps_record *const record, const int64_t code,
                         const char *const message)
{
    memset(&record->answer, 0, sizeof record->answer);
    record->answer.error_code = code;
    (void)snprintf(record->answer.error_message, sizeof record->answer.error_message, "%s",
                   message);
}

void ps_record_spoil_text(struct ps_record *const record, const struct ps_str bytes)
{
    static const char *const names[] = {"\"text\":\"", "\"generation\":\"", "\"outputText\":\"",
                                        "\"content\":\""};
    const struct ps_str output = ps_buf_str(&record->output);
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        const struct ps_str name = ps_str_of(names[index]);
        const char *const found =
            output.size == 0 ? NULL : memmem(output.data, output.size, name.data, name.size);
        if (found == NULL) {
            continue;
        }
        const size_t before = (size_t)(found - output.data) + name.size;
        char *whole PS_CLEANUP(ps_str_free_auto) = ps_str_dup(output);
        const struct ps_str text = {whole, output.size};
        ps_buf_clear(&record->output);
        ps_buf_add(&record->output, ps_str_part(text, 0, before));
        ps_buf_add(&record->output, bytes);
        ps_buf_add(&record->output, ps_str_part(text, before, text.size));
        return;
    }
}

void ps_record_make_id(struct ps_record *const record, struct ps_prng *const prng)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t at = 0; at < 11; at++) {
        record->made_id[at] = letters[ps_prng_below(prng, (int64_t)sizeof letters - 1)];
    }
    record->made_id[11] = '\0';
    record->id = ps_str_of(record->made_id);
}

enum part { PART_INPUT, PART_OUTPUT, PART_ID, PART_COUNT };

static void write_part(const struct ps_record *const record, const enum part part,
                       const struct ps_echo_style *const style, struct ps_buf *const buf)
{
    const char *const colon = style->has_spaces ? ": " : ":";
    if (part == PART_ID) {
        ps_buf_add_format(buf, "\"recordId\"%s", colon);
        ps_writer_add_string(buf, record->id, style->escapes);
    } else if (part == PART_INPUT) {
        ps_buf_add_format(buf, "\"modelInput\"%s", colon);
        if (record->input == NULL || record->canonical.size == 0) {
            ps_buf_add(buf, PS_STR("null"));
        } else {
            ps_echo_add(buf, record->input, style);
        }
    } else if (record->answer.error_code != 0) {
        struct ps_writer writer = {.buf = buf};
        ps_writer_open(&writer, "error", '{');
        ps_writer_number(&writer, "errorCode", record->answer.error_code);
        ps_writer_text(&writer, "errorMessage", ps_str_of(record->answer.error_message));
        ps_writer_close(&writer, '}');
    } else {
        ps_buf_add_format(buf, "\"modelOutput\"%s", colon);
        ps_buf_add(buf, ps_buf_str(&record->output));
    }
}

void ps_record_write(const struct ps_record *const record, const struct ps_job_work *const work,
                     struct ps_prng *const prng, struct ps_buf *const buf)
{
    static const enum part orders[][PART_COUNT] = {
        {PART_INPUT, PART_OUTPUT, PART_ID},
        {PART_ID, PART_INPUT, PART_OUTPUT},
        {PART_OUTPUT, PART_ID, PART_INPUT},
    };
    const struct ps_echo_style style = {
        .prng = prng,
        .escapes = (unsigned)ps_prng_below(prng, 4),
        .has_spaces = ps_prng_below(prng, 3) == 0,
        .has_nulls = work->family == PS_FAMILY_CONVERSE,
    };
    const enum part *const order = orders[ps_prng_below(prng, 3)];
    for (int index = 0; index < PART_COUNT; index++) {
        ps_buf_add_text(buf, index == 0 ? "{" : style.has_spaces ? ", " : ",");
        write_part(record, order[index], &style, buf);
    }
    ps_buf_add(buf, PS_STR("}\n"));
}
