#include "app/report.h"

#include "app/result_line.h"
#include "base/limits.h"
#include "codec/json_doc.h"
#include "codec/shown.h"
#include "codec/units.h"

#include <string.h>

/* What stands in front of the first value of a line. */
#define LABEL_FORMAT "  %-12s "
#define LABEL_WIDTH 15
#define COUNT_WIDTH 13

/* A path or a name is shown up to here. */
#define SHOWN_BYTES_MAX ((size_t)1000)
#define REASON_BYTES_MAX ((size_t)160)

static void add_label(struct ps_buf *const buf, const char *const label)
{
    ps_buf_add_format(buf, LABEL_FORMAT, label);
}

/* A number right-aligned under the others. */
static void add_aligned(struct ps_buf *const buf, const int64_t count)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 64);
    ps_units_add_count(&text, count);
    ps_buf_add_format(buf, "%*s", COUNT_WIDTH, ps_buf_text(&text));
}

static void add_shown(struct ps_buf *const buf, const char *const text)
{
    ps_shown_add(buf, ps_str_of(text), SHOWN_BYTES_MAX);
}

static void end_line(struct ps_buf *const buf)
{
    ps_buf_add_text(buf, "\n");
}

/* "  succeeded      1,987   99.3 %", the share in tenths of a percent, never rounded up to a whole.
 */
static void add_ending(const struct ps_report *const report, struct ps_buf *const buf,
                       const char *const label, const int64_t count)
{
    add_label(buf, label);
    add_aligned(buf, count);
    if (count > 0) {
        const int64_t tenths = count * 1000 / report->sums.records;
        ps_buf_add_format(buf, "  %3lld.%lld %%", (long long)(tenths / 10),
                          (long long)(tenths % 10));
    }
}

static void add_reasons(struct ps_buf *const buf, const struct ps_reasons *const reasons)
{
    ps_buf_add_text(buf, reasons->count > 0 ? "   " : "");
    ps_reasons_add(reasons, buf);
}

/* The message of an index's error object, decoded. */
static void add_message(struct ps_buf *const buf, const struct ps_str error)
{
    struct ps_json_doc doc;
    struct ps_json_reason reason;
    ps_json_doc_init(&doc);
    yyjson_val *const root = ps_json_doc_read(&doc, error, &reason);
    ps_shown_add(buf, ps_json_text(yyjson_obj_get(root, "message")), REASON_BYTES_MAX);
    ps_json_doc_release(&doc);
}

static void add_rejected_lines(const struct ps_report *const report, struct ps_buf *const buf)
{
    for (int64_t shown = 0; shown < report->rejected_shown; shown++) {
        struct ps_record_words words;
        struct ps_buf place PS_CLEANUP(ps_buf_release);
        ps_buf_init(&place, PS_TEXT_BYTES_MAX);
        ps_index_words(report->index, report->rejected_records[shown], &words);
        ps_result_add_place(report->index, &words, &place);
        ps_buf_add_text(buf, "    ");
        ps_shown_add(buf, ps_buf_str(&place), SHOWN_BYTES_MAX);
        ps_buf_add_text(buf, ": ");
        add_message(buf, words.error);
        end_line(buf);
    }
    if (report->sums.rejected > report->rejected_shown) {
        ps_buf_add_text(buf, "    and ");
        ps_units_add_count(buf, report->sums.rejected - report->rejected_shown);
        ps_buf_add_text(buf, " more\n");
    }
}

static void add_duplicates(const struct ps_report *const report, struct ps_buf *const buf)
{
    add_label(buf, "duplicates");
    add_aligned(buf, report->sums.duplicates);
    if (report->sums.duplicates > 0) {
        ps_buf_add_text(buf, "   of the above: asked once, answered everywhere, about ");
        ps_units_add_count(buf, ps_index_summary(report->index)->saved_tokens);
        ps_buf_add_text(buf, " input tokens saved");
    }
    end_line(buf);
}

static void add_records(const struct ps_report *const report, struct ps_buf *const buf)
{
    const struct ps_results_sums *const sums = &report->sums;
    add_label(buf, "records in");
    add_aligned(buf, sums->records);
    end_line(buf);
    add_ending(report, buf, "succeeded", sums->succeeded);
    end_line(buf);
    add_ending(report, buf, "failed", sums->failed);
    add_reasons(buf, &report->failed);
    end_line(buf);
    add_ending(report, buf, "rejected", sums->rejected);
    add_reasons(buf, &report->rejected);
    end_line(buf);
    add_rejected_lines(report, buf);
    if (sums->cancelled > 0) {
        add_ending(report, buf, "cancelled", sums->cancelled);
        end_line(buf);
    }
    if (sums->pending > 0) {
        add_ending(report, buf, "pending", sums->pending);
        ps_buf_add_text(buf, "   go on with: penstock resume ");
        add_shown(buf, report->facts->run);
        end_line(buf);
    }
    add_duplicates(report, buf);
}

/* "  jobs          14 (28 shards)"; of a run that only called its model, the calls alone. */
static void add_jobs(const struct ps_report *const report, struct ps_buf *const buf)
{
    const struct ps_report_facts *const facts = report->facts;
    add_label(buf, "jobs");
    ps_units_add_count(buf, facts->jobs);
    ps_buf_add_text(buf, " (");
    ps_units_add_count(buf, facts->shards);
    ps_buf_add_text(buf, facts->shards == 1 ? " shard" : " shards");
    if (facts->attempts > facts->jobs) {
        ps_buf_add_text(buf, ", ");
        ps_units_add_count(buf, facts->attempts);
        ps_buf_add_text(buf, " attempts");
    }
    ps_buf_add_text(buf, ")\n");
}

static void add_tokens(const struct ps_report *const report, struct ps_buf *const buf)
{
    add_label(buf, "tokens");
    ps_units_add_count(buf, report->sums.input_tokens);
    ps_buf_add_text(buf, " in, ");
    ps_units_add_count(buf, report->sums.output_tokens);
    ps_buf_add_text(buf, " out, as the service counted\n");
}

static void add_cost(const struct ps_report *const report, struct ps_buf *const buf)
{
    int64_t cost = 0;
    int64_t forecast = 0;
    if (!ps_report_costs(report, &cost, &forecast)) {
        return;
    }
    add_label(buf, "cost");
    ps_units_add_usd(buf, cost);
    ps_buf_add_text(buf, report->facts->is_local ? ", had it been AWS (forecast: "
                                                 : ", by list prices (forecast: ");
    ps_units_add_usd(buf, forecast);
    ps_buf_add_text(buf, ")\n");
}

static void add_bytes(const struct ps_report *const report, struct ps_buf *const buf)
{
    const struct ps_index_summary *const input = ps_index_summary(report->index);
    add_label(buf, "bytes");
    ps_units_add_bytes(buf, input->source_bytes);
    ps_buf_add_text(buf, " read, ");
    ps_units_add_bytes(buf, report->facts->put_bytes);
    ps_buf_add_text(buf, " put");
    if (input->compacted_bytes > 0) {
        ps_buf_add_text(buf, ", ");
        ps_units_add_bytes(buf, input->compacted_bytes);
        ps_buf_add_text(buf, " of white space and refused fields left out");
    }
    end_line(buf);
}

static void add_work(const struct ps_report *const report, struct ps_buf *const buf)
{
    add_label(buf, "model");
    add_shown(buf, report->facts->model);
    ps_buf_add_text(buf, report->facts->is_local
                             ? " (emulated: the answers are the emulator's own text)\n"
                             : "\n");
    if (report->facts->jobs > 0 || report->facts->calls == 0) {
        add_jobs(report, buf);
    }
    if (report->facts->calls > 0) {
        add_label(buf, "on demand");
        ps_units_add_count(buf, report->facts->calls);
        ps_buf_add_text(buf, report->facts->calls == 1 ? " call\n" : " calls\n");
    }
    add_tokens(report, buf);
    add_cost(report, buf);
    add_bytes(report, buf);
    add_label(buf, "time");
    ps_units_add_time(buf, report->facts->elapsed_ms);
    ps_buf_add_text(buf, report->facts->is_local ? ", by the emulator's clock\n" : "\n");
}

static void add_note(struct ps_buf *const buf, const int64_t count, const char *const what)
{
    if (count > 0) {
        ps_buf_add_format(buf, "  note: %s: ", what);
        ps_units_add_count(buf, count);
        end_line(buf);
    }
}

/* What a careful reader wants to know, only where there is any. */
static void add_notes(const struct ps_report *const report, struct ps_buf *const buf)
{
    const struct ps_index_summary *const input = ps_index_summary(report->index);
    const struct ps_answers_sums *const answers = &report->answers;
    add_note(buf, input->blank_lines, "blank lines skipped");
    add_note(buf, input->repeated_ids, "records that share their id ('index' tells them apart)");
    add_note(buf, input->unknown_fields,
             "fields sent as they are, though nobody told us about them");
    add_note(buf, answers->late_successes,
             "records answered, and paid, a second time (the first answer counts)");
    add_note(buf, answers->repeated_lines, "output lines that repeated a record");
    add_note(buf, answers->foreign_lines, "output lines of no record of their job");
    add_note(buf, answers->broken_lines, "output lines that could not be read");
    add_note(buf, answers->repaired_lines,
             "output lines with bytes that are no characters (U+FFFD stands for them)");
}

static void add_side(const struct ps_report *const report, struct ps_buf *const buf,
                     const char *const side, const char *const what)
{
    char *path PS_CLEANUP(ps_str_free_auto) =
        ps_results_side_path(report->facts->results_path, side);
    ps_buf_add_format(buf, "%*s", LABEL_WIDTH, "");
    add_shown(buf, path);
    ps_buf_add_format(buf, "  (%s)\n", what);
}

static void add_files(const struct ps_report *const report, struct ps_buf *const buf)
{
    const struct ps_results_sums *const sums = &report->sums;
    add_label(buf, "results");
    add_shown(buf, report->facts->results_path);
    end_line(buf);
    if (sums->failed + sums->rejected + sums->cancelled > 0) {
        add_side(report, buf, "failed", "what did not succeed, ready to be run again");
    }
}

void ps_report_add_text(const struct ps_report *const report, struct ps_buf *const buf)
{
    ps_buf_add_text(buf, "run ");
    add_shown(buf, report->facts->run);
    ps_buf_add_text(buf, report->sums.pending > 0 ? ": not ended\n\n" : ": ended\n\n");
    add_records(report, buf);
    end_line(buf);
    add_work(report, buf);
    add_notes(report, buf);
    end_line(buf);
    add_files(report, buf);
}
