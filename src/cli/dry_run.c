#include "cli/dry_run.h"

#include "base/buf.h"
#include "base/limits.h"
#include "cli/prepare.h"
#include "cli/request.h"
#include "cli/say.h"
#include "codec/units.h"
#include "core/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void add_row(struct ps_buf *const text, const char *const label, const int64_t value)
{
    ps_buf_add_format(text, "  %-22s", label);
    ps_units_add_count(text, value);
    ps_buf_add_text(text, "\n");
}

static void add_limits(struct ps_buf *const text, const struct ps_lane *const lane)
{
    ps_buf_add_format(text, "Limits of lane '%s' (%s, %s):\n", lane->name, lane->model,
                      lane->region);
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        if (lane->limits[key].value != PS_NO_LIMIT) {
            ps_buf_add_format(text, "  %-22s%" PRId64 " (%s)\n",
                              ps_limit_name((enum ps_limit_key)key), lane->limits[key].value,
                              ps_limit_source_name(lane->limits[key].source));
        }
    }
}

static void print_text(const struct ps_settings *const settings,
                       const struct ps_index_summary *const summary,
                       const struct ps_plan *const plan)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    ps_buf_add_format(&text, "Demand (%s):\n", summary->dialect);
    add_row(&text, "records", summary->records);
    add_row(&text, "  rejected", summary->rejected);
    add_row(&text, "  duplicates", summary->duplicates);
    add_row(&text, "  to be sent", summary->sent);
    add_row(&text, "bytes to be sent", summary->sent_bytes);
    add_row(&text, "input tokens (about)", summary->input_tokens);
    add_row(&text, "output tokens (max)", summary->output_tokens_max);
    ps_buf_add_text(&text, "Cut into:\n");
    add_row(&text, "jobs", plan->job_count);
    add_row(&text, "shards", plan->shard_count);
    if (plan->job_count > 0) {
        add_row(&text, "records in job 1", plan->jobs[0].records);
        add_row(&text, "records in the last", plan->jobs[plan->job_count - 1].records);
        add_row(&text, "bytes in shard 1", plan->shards[0].bytes);
    }
    if (plan->left_records > 0) {
        add_row(&text, "left over", plan->left_records);
        ps_buf_add_text(
            &text, "  (below a job's minimum: they wait for retries to fill a job, else fail as "
                   "below_batch_minimum)\n");
    }
    add_limits(&text, &settings->lane);
    (void)fwrite(text.data, 1, text.size, stdout);
}

static void print_json(const struct ps_index_summary *const summary,
                       const struct ps_plan *const plan)
{
    printf("{\"demand\":{\"records\":%" PRId64 ",\"unique_records\":%" PRId64
           ",\"rejected\":%" PRId64 ",\"duplicates\":%" PRId64 ",\"input_tokens\":%" PRId64
           ",\"output_tokens\":%" PRId64 ",\"tokens\":%" PRId64 ",\"bytes\":%" PRId64
           "},\"jobs\":%" PRId64 ",\"shards\":%" PRId64 ",\"left_over\":%" PRId64,
           summary->records, summary->sent, summary->rejected, summary->duplicates,
           summary->input_tokens, summary->output_tokens_max,
           summary->input_tokens + summary->output_tokens_max, summary->sent_bytes, plan->job_count,
           plan->shard_count, plan->left_records);
    if (plan->job_count > 0) {
        printf(",\"shard\":{\"records\":%" PRId64 ",\"bytes\":%" PRId64 ",\"tokens\":%" PRId64
               "},\"job\":{\"shards\":%" PRId64 ",\"records\":%" PRId64 "}",
               plan->shards[0].records, plan->shards[0].bytes, plan->shards[0].input_tokens,
               plan->jobs[0].shard_count, plan->jobs[0].records);
    }
    printf("}\n");
}

static enum ps_status read_and_cut(const struct ps_options *const options,
                                   struct ps_settings *const settings, const char *const staging,
                                   struct ps_error *const err)
{
    struct ps_index_summary summary;
    struct ps_index *index PS_CLEANUP(ps_index_free_auto) = NULL;
    struct ps_plan plan PS_CLEANUP(ps_plan_release);
    ps_plan_init(&plan);
    if (ps_prepare_index(options, settings, staging, &summary, err) != PS_OK ||
        ps_index_open(staging, &index, err) != PS_OK) {
        return err->status;
    }
    if (ps_index_count(index) > 0) {
        const struct ps_plan_records records = {ps_index_entry(index, 0), 0, ps_index_count(index),
                                                NULL, NULL};
        if (ps_plan_cut(&plan, &records, &settings->lane, err) != PS_OK) {
            return err->status;
        }
    }
    if (options->is_json) {
        print_json(&summary, &plan);
    } else {
        print_text(settings, &summary, &plan);
    }
    return PS_OK;
}

int ps_dry_run(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_settings settings PS_CLEANUP(ps_settings_release);
    struct ps_staging staging PS_CLEANUP(ps_staging_release) = {NULL, -1};
    ps_settings_init(&settings);
    if (ps_request_settings(options, &settings, &err) != PS_OK ||
        ps_staging_make(options, &staging, &err) != PS_OK ||
        read_and_cut(options, &settings, staging.folder, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    return PS_EXIT_OK;
}
