#include "cli/report_out.h"

#include "base/buf.h"
#include "base/limits.h"
#include "cli/say.h"
#include "codec/units.h"
#include "os/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define REJECTED_SHOWN 5

static void add_json(struct ps_buf *const buf, const struct ps_settings *const settings,
                     const struct ps_index *const index, const struct ps_results_sums *const sums,
                     const struct ps_work_sums *const work)
{
    const struct ps_index_summary *const summary = ps_index_summary(index);
    ps_buf_add_format(buf, "{\"run\":\"%s\",\"model\":\"%s\",\"region\":\"%s\",", settings->name,
                      settings->lane.model, settings->lane.region);
    ps_buf_add_format(buf,
                      "\"records\":{\"records\":%" PRId64 ",\"succeeded\":%" PRId64
                      ",\"failed\":%" PRId64 ",\"rejected\":%" PRId64 ",\"cancelled\":%" PRId64
                      ",\"duplicates\":%" PRId64 ",\"blank_lines\":%" PRId64
                      ",\"late_successes\":%" PRId64 "},",
                      sums->records, sums->succeeded, sums->failed, sums->rejected, sums->cancelled,
                      sums->duplicates, summary->blank_lines, sums->late_successes);
    ps_buf_add_format(buf,
                      "\"jobs\":%" PRId64 ",\"shards\":%" PRId64 ",\"attempts\":%" PRId64
                      ",\"bytes_sent\":%" PRId64 ",\"tokens\":{\"input\":%" PRId64
                      ",\"output\":%" PRId64 ",\"saved_by_duplicates\":%" PRId64
                      "},\"passed_s\":%" PRId64 "}\n",
                      work->jobs, work->shards, work->attempts, work->bytes, sums->input_tokens,
                      sums->output_tokens, summary->saved_tokens, work->passed_ms / 1000);
}

static void add_count(struct ps_buf *const buf, const char *const label, const int64_t value,
                      const char *const note)
{
    struct ps_buf number PS_CLEANUP(ps_buf_release);
    ps_buf_init(&number, PS_TEXT_BYTES_MAX);
    ps_units_add_count(&number, value);
    ps_buf_add_format(buf, "  %-12s %14s%s%s\n", label, ps_buf_text(&number),
                      note[0] == '\0' ? "" : "  ", note);
}

static void add_rejected(struct ps_buf *const buf, const struct ps_index *const index)
{
    int64_t shown = 0;
    for (int64_t record = 0; record < ps_index_count(index) && shown < REJECTED_SHOWN; record++) {
        struct ps_record_words words;
        char clean[200];
        if ((ps_index_entry(index, record)->flags & PS_ENTRY_REJECTED) != 0) {
            ps_index_words(index, record, &words);
            ps_buf_add_format(buf, "      %s:%" PRId64 ": %s\n",
                              ps_index_input_name(index, words.input), words.line,
                              ps_say_clean(words.error, clean, sizeof(clean)));
            shown++;
        }
    }
}

static void add_text(struct ps_buf *const buf, const struct ps_index *const index,
                     const struct ps_results_sums *const sums,
                     const struct ps_work_sums *const work, const char *const results_path)
{
    const struct ps_index_summary *const summary = ps_index_summary(index);
    struct ps_buf note PS_CLEANUP(ps_buf_release);
    ps_buf_init(&note, PS_TEXT_BYTES_MAX);
    add_count(buf, "records in", sums->records, "");
    add_count(buf, "succeeded", sums->succeeded, "");
    add_count(buf, "failed", sums->failed, "");
    add_count(buf, "rejected", sums->rejected,
              sums->rejected > 0 ? "not sent; the first of them:" : "");
    add_rejected(buf, index);
    add_count(buf, "cancelled", sums->cancelled, "");
    ps_buf_add_text(&note, "answered by their twin; about ");
    ps_units_add_count(&note, summary->saved_tokens);
    ps_buf_add_text(&note, " input tokens saved");
    add_count(buf, "duplicates", sums->duplicates, sums->duplicates > 0 ? ps_buf_text(&note) : "");
    add_count(buf, "jobs", work->jobs, "");
    add_count(buf, "shards", work->shards, "");
    add_count(buf, "tokens in", sums->input_tokens, "");
    add_count(buf, "tokens out", sums->output_tokens, "");
    ps_buf_add_text(buf, "  bytes sent   ");
    ps_buf_clear(&note);
    ps_units_add_bytes(&note, work->bytes);
    ps_buf_add_format(buf, "%14s\n", ps_buf_text(&note));
    ps_buf_clear(&note);
    ps_units_add_time(&note, work->passed_ms);
    ps_buf_add_format(buf, "  %-12s %14s", "time", ps_buf_text(&note));
    if (work->passed_ms > 2 * work->passed_real_ms) {
        ps_buf_clear(&note);
        ps_units_add_time(&note, work->passed_real_ms);
        ps_buf_add_format(buf, "  simulated; %s on the wall", ps_buf_text(&note));
    }
    ps_buf_add_format(buf, "\n  results      %s\n", results_path);
}

enum ps_status
ps_report_out(const struct ps_options *const options, const struct ps_settings *const settings,
              const struct ps_index *const index, const struct ps_answers *const answers,
              const struct ps_results_sums *const sums, const struct ps_work_sums *const work,
              const char *const results_path, struct ps_error *const err)
{
    struct ps_buf json PS_CLEANUP(ps_buf_release);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char *path PS_CLEANUP(ps_str_free_auto) = ps_results_side_path(results_path, "report.json");
    (void)answers;
    ps_buf_init(&json, PS_MB);
    ps_buf_init(&text, PS_MB);
    add_json(&json, settings, index, sums, work);
    if (ps_files_write(path, ps_buf_str(&json), err) != PS_OK) {
        return err->status;
    }
    if (options->is_json) {
        (void)fputs(ps_buf_text(&json), stdout);
    } else {
        add_text(&text, index, sums, work, results_path);
        (void)fputs(ps_buf_text(&text), stdout);
    }
    return PS_OK;
}
