#include "app/report.h"

#include "app/line_sink.h"
#include "app/result_line.h"
#include "base/checked.h"
#include "base/assert.h"
#include "base/limits.h"
#include "codec/json_scan.h"
#include "codec/shown.h"
#include "codec/json_doc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A path is told up to here. */
#define TEXT_BYTES_MAX ((size_t)8000)

static void see_rejected(struct ps_report *const report, const int64_t record)
{
    struct ps_record_words words;
    ps_index_words(report->index, record, &words);
    ps_reasons_count(&report->rejected, words.error);
    if (report->rejected_shown < PS_REPORT_REJECTED_MAX) {
        report->rejected_records[report->rejected_shown] = record;
        report->rejected_shown++;
    }
}

static enum ps_status see_failed(struct ps_report *const report, struct ps_answers *const answers,
                                 const int64_t record, struct ps_buf *const payload,
                                 struct ps_error *const err)
{
    const struct ps_entry *const entry = ps_index_entry(report->index, record);
    const int64_t answering = ps_entry_is_sent(entry) ? record : (int64_t)entry->leader;
    ps_buf_clear(payload);
    const enum ps_status status = ps_answers_payload(answers, answering, payload, err);
    if (status == PS_OK) {
        ps_reasons_count(&report->failed, ps_buf_str(payload));
    }
    return status;
}

enum ps_status ps_report_make(const struct ps_report_facts *const facts,
                              const struct ps_index *const index, struct ps_answers *const answers,
                              struct ps_report *const ret_report, struct ps_error *const err)
{
    struct ps_buf payload PS_CLEANUP(ps_buf_release);
    ps_buf_init(&payload, PS_TEXT_BYTES_MAX);
    memset(ret_report, 0, sizeof(*ret_report));
    ret_report->facts = facts;
    ret_report->index = index;
    ps_results_sums(index, answers, &ret_report->sums);
    ps_answers_sums(answers, &ret_report->answers);
    for (int64_t record = 0; record < ps_index_count(index); record++) {
        const enum ps_ending ending = ps_ending_of(index, answers, record);
        enum ps_status status = PS_OK;
        if (ending == PS_ENDING_REJECTED) {
            see_rejected(ret_report, record);
        } else if (ending == PS_ENDING_FAILED) {
            status = see_failed(ret_report, answers, record, &payload, err);
        }
        if (status != PS_OK) {
            return status;
        }
    }
    ps_reasons_sort(&ret_report->failed);
    ps_reasons_sort(&ret_report->rejected);
    return PS_OK;
}

/* JSON. */

static void add_name(struct ps_buf *const buf, const char *const name)
{
    ps_buf_add_format(buf, "%s\"%s\":", buf->data[buf->size - 1] == '{' ? "" : ",", name);
}

static void add_count(struct ps_buf *const buf, const char *const name, const int64_t count)
{
    add_name(buf, name);
    ps_buf_add_format(buf, "%lld", (long long)count);
}

/* Text of ours or of the command line, where a path may be any bytes: then it is said as it is
 * shown. */
static void add_text(struct ps_buf *const buf, const char *const name, const char *const text)
{
    struct ps_buf shown PS_CLEANUP(ps_buf_release);
    ps_buf_init(&shown, PS_TEXT_BYTES_MAX);
    if (strlen(text) <= TEXT_BYTES_MAX && ps_utf8_is_valid(ps_str_of(text))) {
        ps_buf_add_text(&shown, text);
    } else {
        ps_shown_add(&shown, ps_str_of(text), TEXT_BYTES_MAX);
    }
    add_name(buf, name);
    const bool fits = ps_json_append_string(buf, ps_buf_str(&shown));
    PS_ASSERT(fits);
}

static void add_side(struct ps_buf *const buf, const char *const name, const char *const path,
                     const char *const side)
{
    char *side_path PS_CLEANUP(ps_str_free_auto) = ps_results_side_path(path, side);
    add_text(buf, name, side_path);
}

static void add_reasons(struct ps_buf *const buf, const char *const name,
                        const struct ps_reasons *const reasons)
{
    add_name(buf, name);
    ps_buf_add_text(buf, "{");
    for (int64_t row = 0; row < reasons->count; row++) {
        add_count(buf, reasons->rows[row].code, reasons->rows[row].count);
    }
    if (reasons->others > 0) {
        add_count(buf, "others", reasons->others);
    }
    ps_buf_add_text(buf, "}");
}

static void add_endings(const struct ps_report *const report, struct ps_buf *const buf)
{
    const struct ps_results_sums *const sums = &report->sums;
    add_count(buf, "records", sums->records);
    add_count(buf, "succeeded", sums->succeeded);
    add_count(buf, "failed", sums->failed);
    add_count(buf, "rejected", sums->rejected);
    add_count(buf, "cancelled", sums->cancelled);
    add_count(buf, "pending", sums->pending);
    add_count(buf, "duplicates", sums->duplicates);
    add_reasons(buf, "failed_by_code", &report->failed);
    add_reasons(buf, "rejected_by_code", &report->rejected);
    add_name(buf, "first_rejected_lines");
    ps_buf_add_text(buf, "[");
    for (int64_t shown = 0; shown < report->rejected_shown; shown++) {
        struct ps_record_words words;
        ps_index_words(report->index, report->rejected_records[shown], &words);
        ps_buf_add_format(buf, "%s%lld", shown == 0 ? "" : ",", (long long)words.line);
    }
    ps_buf_add_text(buf, "]");
}

static void add_work(const struct ps_report *const report, struct ps_buf *const buf)
{
    const struct ps_report_facts *const facts = report->facts;
    const struct ps_index_summary *const input = ps_index_summary(report->index);
    add_count(buf, "jobs", facts->jobs);
    add_count(buf, "attempts", facts->attempts);
    add_count(buf, "shards", facts->shards);
    add_count(buf, "calls", facts->calls);
    add_count(buf, "input_tokens", report->sums.input_tokens);
    add_count(buf, "output_tokens", report->sums.output_tokens);
    add_count(buf, "estimated_input_tokens", input->input_tokens);
    add_count(buf, "saved_input_tokens", input->saved_tokens);
    add_count(buf, "source_bytes", input->source_bytes);
    add_count(buf, "sent_bytes", input->sent_bytes);
    add_count(buf, "put_bytes", facts->put_bytes);
    add_count(buf, "compacted_bytes", input->compacted_bytes);
    add_count(buf, "elapsed_ms", facts->elapsed_ms);
}

static void add_oddities(const struct ps_report *const report, struct ps_buf *const buf)
{
    const struct ps_index_summary *const input = ps_index_summary(report->index);
    add_count(buf, "blank_lines", input->blank_lines);
    add_count(buf, "repeated_ids", input->repeated_ids);
    add_count(buf, "dropped_fields", input->dropped_fields);
    add_count(buf, "unknown_fields", input->unknown_fields);
    add_count(buf, "late_successes", report->answers.late_successes);
    add_count(buf, "late_input_tokens", report->answers.late_input_tokens);
    add_count(buf, "late_output_tokens", report->answers.late_output_tokens);
    add_count(buf, "repeated_lines", report->answers.repeated_lines);
    add_count(buf, "foreign_lines", report->answers.foreign_lines);
    add_count(buf, "broken_lines", report->answers.broken_lines);
    add_count(buf, "repaired_lines", report->answers.repaired_lines);
}

void ps_report_add_json(const struct ps_report *const report, struct ps_buf *const buf)
{
    int64_t cost = 0;
    int64_t forecast = 0;
    const struct ps_report_facts *const facts = report->facts;
    ps_buf_add_text(buf, "{");
    add_text(buf, "run", facts->run);
    add_text(buf, "model", facts->model);
    add_text(buf, "lane", facts->lane);
    if (facts->ended_early != NULL) {
        add_text(buf, "ended_early", facts->ended_early);
    }
    add_endings(report, buf);
    add_work(report, buf);
    add_oddities(report, buf);
    if (ps_report_costs(report, &cost, &forecast)) {
        add_count(buf, "cost_usd_micros", cost);
        add_count(buf, "forecast_usd_micros", forecast);
    }
    add_text(buf, "results", facts->results_path);
    add_side(buf, "results_attempts", facts->results_path, "attempts");
    add_side(buf, "results_failed", facts->results_path, "failed");
    ps_buf_add_text(buf, "}\n");
}

/* Prices are of so many tokens. */
#define TOKENS_PRICED INT64_C(1000000)

static int64_t cost_of(const struct ps_report_price *const price, const int64_t input_tokens,
                       const int64_t output_tokens)
{
    return ps_sum_i64(ps_scale_i64(input_tokens, price->input_usd_micros, TOKENS_PRICED),
                      ps_scale_i64(output_tokens, price->output_usd_micros, TOKENS_PRICED));
}

bool ps_report_costs(const struct ps_report *const report, int64_t *const ret_usd_micros,
                     int64_t *const ret_forecast_usd_micros)
{
    const struct ps_report_price *const price = &report->facts->price;
    const struct ps_index_summary *const input = ps_index_summary(report->index);
    int64_t expected = 0;
    if (price->input_usd_micros <= 0 && price->output_usd_micros <= 0) {
        return false;
    }
    const bool is_less = report->facts->expect_output > 0 &&
                         ps_mul_i64(report->facts->expect_output, input->sent, &expected) &&
                         expected < input->output_tokens_max;
    *ret_usd_micros = cost_of(price, report->sums.input_tokens + report->answers.late_input_tokens,
                              report->sums.output_tokens + report->answers.late_output_tokens);
    *ret_forecast_usd_micros =
        cost_of(price, input->input_tokens, is_less ? expected : input->output_tokens_max);
    return true;
}

enum ps_status ps_report_publish(const struct ps_report *const report, struct ps_error *const err)
{
    struct stat info;
    const char *const path = report->facts->results_path;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        return PS_OK;
    }
    char *side_path PS_CLEANUP(ps_str_free_auto) = ps_results_side_path(path, "report.json");
    struct ps_line_sink sink PS_CLEANUP(ps_line_sink_release);
    enum ps_status status = ps_line_sink_create(&sink, side_path, err);
    if (status == PS_OK) {
        ps_report_add_json(report, &sink.buf);
        status = ps_line_sink_finish(&sink, err);
    }
    return status == PS_OK ? ps_line_sink_publish(&sink, err) : status;
}
