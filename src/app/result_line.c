#include "app/result_line.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/json_doc.h"
#include "codec/json_scan.h"

#include <string.h>

static const char *const ending_names[PS_ENDING_COUNT] = {
    [PS_ENDING_SUCCEEDED] = "succeeded", [PS_ENDING_FAILED] = "failed",
    [PS_ENDING_REJECTED] = "rejected",   [PS_ENDING_CANCELLED] = "cancelled",
    [PS_ENDING_PENDING] = "pending",
};

static const enum ps_ending endings[PS_ANSWER_KIND_COUNT] = {
    [PS_ANSWER_NONE] = PS_ENDING_PENDING,        [PS_ANSWER_SUCCEEDED] = PS_ENDING_SUCCEEDED,
    [PS_ANSWER_FAILED] = PS_ENDING_FAILED,       [PS_ANSWER_RETRYABLE] = PS_ENDING_PENDING,
    [PS_ANSWER_UNPROCESSED] = PS_ENDING_PENDING, [PS_ANSWER_UNACCOUNTED] = PS_ENDING_FAILED,
    [PS_ANSWER_CANCELLED] = PS_ENDING_CANCELLED, [PS_ANSWER_MAYBE_PAID] = PS_ENDING_FAILED,
};

const char *ps_ending_name(const enum ps_ending ending)
{
    PS_ASSERT(ending >= 0 && ending < PS_ENDING_COUNT);
    return ending_names[ending];
}

static bool is_duplicate(const struct ps_entry *const entry)
{
    return (entry->flags & PS_ENTRY_DUPLICATE) != 0;
}

/* The record whose answer it gets: its own, or its leader's. */
static int64_t answering_record(const struct ps_index *const index, const int64_t record)
{
    const struct ps_entry *const entry = ps_index_entry(index, record);
    return is_duplicate(entry) ? (int64_t)entry->leader : record;
}

enum ps_ending ps_ending_of(const struct ps_index *const index,
                            const struct ps_answers *const answers, const int64_t record)
{
    const struct ps_entry *const entry = ps_index_entry(index, record);
    if ((entry->flags & PS_ENTRY_REJECTED) != 0) {
        return PS_ENDING_REJECTED;
    }
    return endings[ps_answers_state(answers, answering_record(index, record)).kind];
}

static enum ps_status too_large(const int64_t record, struct ps_error *const err)
{
    return ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                        "cannot write the line of record %lld: it is too large", (long long)record);
}

static bool begin_line(const struct ps_result_lines *const lines, const int64_t record,
                       const struct ps_record_words *const words)
{
    return ps_buf_append(lines->buf, PS_STR("{\"id\":")) && ps_buf_append(lines->buf, words->id) &&
           ps_buf_append_format(lines->buf, ",\"index\":%lld", (long long)record);
}

/* Kept fields (of successes), whose duplicate it is, the end. */
static bool end_line(const struct ps_result_lines *const lines, const int64_t record,
                     const struct ps_str keep)
{
    const struct ps_entry *const entry = ps_index_entry(lines->index, record);
    if (keep.size > 0 &&
        (!ps_buf_append(lines->buf, PS_STR(",\"input\":")) || !ps_buf_append(lines->buf, keep))) {
        return false;
    }
    if (is_duplicate(entry) &&
        !ps_buf_append_format(lines->buf, ",\"duplicate_of\":%lld", (long long)entry->leader)) {
        return false;
    }
    return ps_buf_append(lines->buf, PS_STR("}\n"));
}

void ps_result_add_place(const struct ps_index *const index,
                         const struct ps_record_words *const words, struct ps_buf *const buf)
{
    const size_t start = buf->size;
    const char *const name = ps_index_input_name(index, words->input);
    const struct ps_str shown = strcmp(name, "-") == 0 ? PS_STR("standard input") : ps_str_of(name);
    ps_buf_add_format(buf, "%.*s:%lld", PS_STR_ARGS(shown), (long long)words->line);
    const struct ps_str added = ps_str_part(ps_buf_str(buf), start, buf->size);
    if (!ps_utf8_is_valid(added)) {
        for (size_t at = start; at < buf->size; at++) {
            buf->data[at] = (unsigned char)buf->data[at] < 0x80 ? buf->data[at] : '?';
        }
    }
}

/* A rejected record's error, with the place in the input: "prompts.jsonl:17: what is wrong". */
static bool add_rejection(const struct ps_result_lines *const lines,
                          const struct ps_record_words *const words)
{
    struct ps_buf *const buf = lines->buf;
    struct ps_str code = {NULL, 0};
    struct ps_str message = {NULL, 0};
    struct ps_buf place PS_CLEANUP(ps_buf_release);
    ps_buf_init(&place, PS_TEXT_BYTES_MAX);
    ps_result_add_place(lines->index, words, &place);
    if (!ps_json_member(words->error, PS_STR("code"), &code, NULL) ||
        !ps_json_member(words->error, PS_STR("message"), &message, NULL)) {
        return ps_buf_append(buf, words->error);
    }
    return ps_buf_append(buf, PS_STR("{\"code\":")) && ps_buf_append(buf, code) &&
           ps_buf_append(buf, PS_STR(",\"message\":\"")) &&
           ps_json_append_escaped(buf, ps_buf_str(&place)) && ps_buf_append(buf, PS_STR(": ")) &&
           ps_buf_append(buf, ps_str_part(message, 1, message.size)) &&
           ps_buf_append_format(buf, ",\"line\":%lld}", (long long)words->line);
}

/* The error object of a record that did not succeed. */
static enum ps_status add_error(const struct ps_result_lines *const lines, const int64_t record,
                                const struct ps_record_words *const words,
                                struct ps_error *const err)
{
    const struct ps_entry *const entry = ps_index_entry(lines->index, record);
    if ((entry->flags & PS_ENTRY_REJECTED) == 0) {
        return ps_answers_payload(lines->answers, answering_record(lines->index, record),
                                  lines->buf, err);
    }
    return add_rejection(lines, words) ? PS_OK : too_large(record, err);
}

static enum ps_status add_body(const struct ps_result_lines *const lines, const int64_t record,
                               const struct ps_record_words *const words,
                               const enum ps_ending ending, struct ps_error *const err)
{
    if (ending == PS_ENDING_SUCCEEDED) {
        return ps_buf_append_byte(lines->buf, ',')
                   ? ps_answers_payload(lines->answers, answering_record(lines->index, record),
                                        lines->buf, err)
                   : too_large(record, err);
    }
    const bool has_error = ending != PS_ENDING_PENDING;
    if (!ps_buf_append_format(lines->buf, ",\"status\":\"%s\"%s", ending_names[ending],
                              has_error ? ",\"error\":" : "")) {
        return too_large(record, err);
    }
    return has_error ? add_error(lines, record, words, err) : PS_OK;
}

enum ps_status ps_result_add_line(const struct ps_result_lines *const lines, const int64_t record,
                                  struct ps_error *const err)
{
    struct ps_record_words words;
    ps_index_words(lines->index, record, &words);
    const enum ps_ending ending = ps_ending_of(lines->index, lines->answers, record);
    if (!begin_line(lines, record, &words)) {
        return too_large(record, err);
    }
    const enum ps_status status = add_body(lines, record, &words, ending, err);
    if (status != PS_OK) {
        return status;
    }
    const struct ps_str keep = ending == PS_ENDING_SUCCEEDED ? words.keep : PS_STR("");
    return end_line(lines, record, keep) ? PS_OK : too_large(record, err);
}

static bool add_name(struct ps_buf *const buf, const char *const name)
{
    return name == NULL ? ps_buf_append(buf, PS_STR("null"))
                        : ps_json_append_string(buf, ps_str_of(name));
}

/* Which lane, how often, and the job whose answer counts; null for what there is none of. */
static bool add_job(const struct ps_result_lines *const lines, const int64_t record)
{
    const struct ps_entry *const entry = ps_index_entry(lines->index, record);
    struct ps_buf *const buf = lines->buf;
    int64_t tries = 0;
    int64_t segment = -1;
    if (ps_entry_is_sent(entry)) {
        const struct ps_answer_state state = ps_answers_state(lines->answers, record);
        tries = state.tries;
        segment = state.segment;
        if (segment >= 0 && ps_answers_segment_is_verdicts(lines->answers, segment)) {
            segment = -1;
        }
    }
    const char *const job = segment < 0 ? NULL : ps_answers_segment_name(lines->answers, segment);
    const char *const lane = tries > 0 ? lines->namer->name(lines->namer->context, job) : NULL;
    return ps_buf_append(buf, PS_STR(",\"lane\":")) && add_name(buf, lane) &&
           ps_buf_append_format(buf, ",\"tries\":%lld,\"job\":", (long long)tries) &&
           add_name(buf, job);
}

enum ps_status ps_result_add_attempts(const struct ps_result_lines *const lines,
                                      const int64_t record, struct ps_error *const err)
{
    struct ps_record_words words;
    ps_index_words(lines->index, record, &words);
    const bool fits = begin_line(lines, record, &words) && add_job(lines, record) &&
                      end_line(lines, record, PS_STR(""));
    return fits ? PS_OK : too_large(record, err);
}

enum ps_status ps_result_add_failed(const struct ps_result_lines *const lines, const int64_t record,
                                    struct ps_error *const err)
{
    if (lines->source != NULL) {
        const size_t start = lines->buf->size;
        if (ps_source_text(lines->source, record, lines->buf, NULL) == PS_OK) {
            return ps_buf_append_byte(lines->buf, '\n') ? PS_OK : too_large(record, err);
        }
        lines->buf->size = start;
    }
    struct ps_record_words words;
    ps_index_words(lines->index, record, &words);
    if (!ps_buf_append(lines->buf, PS_STR("{\"id\":")) || !ps_buf_append(lines->buf, words.id) ||
        !ps_buf_append(lines->buf, PS_STR(",\"error\":"))) {
        return too_large(record, err);
    }
    const enum ps_status status = add_error(lines, record, &words, err);
    if (status != PS_OK) {
        return status;
    }
    return ps_buf_append(lines->buf, PS_STR("}\n")) ? PS_OK : too_large(record, err);
}
