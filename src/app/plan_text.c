#include "app/plan_text.h"

#include "app/plan_words.h"
#include "base/checked.h"
#include "base/limits.h"
#include "base/time.h"
#include "codec/shown.h"
#include "codec/units.h"

#include <inttypes.h>
#include <string.h>

/* What stands in front of the first value of a line. */
#define LABEL_FORMAT "  %-11s "
#define COUNT_WIDTH 12
#define NAME_BYTES_MAX ((size_t)28)
#define MODEL_BYTES_MAX ((size_t)80)

/* So much of many is shown; plan --json holds all. */
#define LANES_SHOWN_MAX 4
#define LIMITS_SHOWN_MAX 12
#define HELP_SHOWN_MAX 5
#define REQUESTS_SHOWN_MAX 8

#define PERMILLE 1000

static void add_label(struct ps_buf *const buf, const char *const label)
{
    ps_buf_add_format(buf, LABEL_FORMAT, label);
}

/* What `add` of a value writes, right-aligned. */
static void add_aligned(struct ps_buf *const buf, const int width,
                        void (*const add)(struct ps_buf *, int64_t), const int64_t value)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    add(&text, value);
    ps_buf_add_format(buf, "%*s", width, ps_buf_text(&text));
}

static void add_value(struct ps_buf *const buf, const int width, const enum ps_limit_key key,
                      const int64_t value)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_plan_words_add_value(&text, key, value);
    ps_buf_add_format(buf, "%*s", width, ps_buf_text(&text));
}

static void add_name(struct ps_buf *const buf, const char *const name)
{
    ps_shown_add(buf, ps_str_of(name), NAME_BYTES_MAX);
}

static void add_more(struct ps_buf *const buf, const int64_t count, const char *const one,
                     const char *const many)
{
    if (count > 0) {
        ps_buf_add_format(buf, LABEL_FORMAT "and ", "");
        ps_plan_words_add_number(buf, count, one, many);
        ps_buf_add_text(buf, " more: --json lists them all\n");
    }
}

/* ------------------------------------------------ demand */

static void add_records(struct ps_buf *const buf, const struct ps_plan_demand *const demand)
{
    add_label(buf, "records");
    add_aligned(buf, COUNT_WIDTH, ps_units_add_count, demand->records);
    if (demand->records != demand->unique_records) {
        ps_buf_add_text(buf, "  ");
        ps_units_add_count(buf, demand->unique_records);
        ps_buf_add_text(buf, " to be sent, ");
        ps_units_add_count(buf, demand->duplicates);
        ps_buf_add_text(buf, " the same as another, ");
        ps_units_add_count(buf, demand->rejected);
        ps_buf_add_text(buf, " rejected");
    }
    ps_buf_add_text(buf, demand->is_measured ? "\n" : "  as told\n");
}

static void add_tokens(struct ps_buf *const buf, const struct ps_plan_demand *const demand)
{
    int64_t tokens = INT64_MAX;
    add_label(buf, "tokens");
    (void)!ps_add_i64(demand->input_tokens, demand->output_tokens, &tokens);
    add_aligned(buf, COUNT_WIDTH, ps_units_add_short, tokens);
    ps_buf_add_text(buf, "  ");
    ps_units_add_short(buf, demand->input_tokens);
    ps_buf_add_text(buf, demand->is_measured ? " in (estimated from the text), " : " in, ");
    ps_units_add_short(buf, demand->output_tokens);
    ps_buf_add_text(buf, " out");
    if (demand->is_measured && demand->output_tokens == demand->output_tokens_max) {
        ps_buf_add_text(buf, " (at most)");
    } else if (demand->is_measured) {
        ps_buf_add_text(buf, " (expected; at most ");
        ps_units_add_short(buf, demand->output_tokens_max);
        ps_buf_add_text(buf, ")");
    }
    if (demand->margin_permille > 0) {
        ps_buf_add_format(buf, ", +- %" PRId64 ".%" PRId64 " %%", demand->margin_permille / 10,
                          demand->margin_permille % 10);
    }
    ps_buf_add_text(buf, demand->is_measured ? "\n" : ", as told\n");
}

static void add_bytes(struct ps_buf *const buf, const struct ps_plan_demand *const demand)
{
    add_label(buf, "bytes");
    add_aligned(buf, COUNT_WIDTH, ps_units_add_bytes, demand->bytes);
    ps_buf_add_text(buf, "  ");
    if (demand->unique_records > 0) {
        ps_units_add_bytes(buf, demand->bytes / demand->unique_records);
        ps_buf_add_text(buf, " a record, ");
    }
    ps_buf_add_text(buf, demand->is_measured ? "as they will be sent\n" : "");
    if (!demand->is_measured) {
        ps_buf_add_text(buf, demand->is_bytes_assumed ? "assumed: 4 bytes an input token\n"
                                                      : "as told\n");
    }
}

/* ------------------------------------------------ jobs and shards */

static void add_reason(struct ps_buf *const buf, const struct ps_lane *const lane,
                       const enum ps_limit_key key)
{
    if (key == PS_LIMIT_COUNT) {
        ps_buf_add_text(buf, "the work itself");
        return;
    }
    ps_plan_words_add_limit(buf, key, ps_lane_limit(lane, key, 0));
    ps_buf_add_format(buf, " (%s)", ps_limit_name(key));
}

/* What decided the sizes. */
static void add_reasons(struct ps_buf *const buf, const struct ps_plan_lane *const row)
{
    add_label(buf, "");
    ps_buf_add_text(buf, "a job is sized by ");
    add_reason(buf, row->lane, row->job_reason);
    ps_buf_add_text(buf, ", a file by ");
    add_reason(buf, row->lane, row->shard_reason);
    ps_buf_add_text(buf, "\n");
}

/* "              a job: 4,166 records, 166.6 MB, in 4 files of 1,250 records, 50.0 MB" */
static void add_sizes(struct ps_buf *const buf, const struct ps_plan_lane *const row)
{
    add_label(buf, "");
    ps_buf_add_text(buf, "a job: ");
    ps_plan_words_add_number(buf, row->job_records, "record", "records");
    ps_buf_add_text(buf, ", ");
    ps_units_add_bytes(buf, row->job_bytes);
    ps_buf_add_text(buf, ", in ");
    ps_plan_words_add_number(buf, row->job_shards, "file", "files");
    if (row->job_shards > 1) {
        ps_buf_add_text(buf, " of at most ");
        ps_plan_words_add_number(buf, row->shard_records, "record", "records");
        ps_buf_add_text(buf, ", ");
        ps_units_add_bytes(buf, row->shard_bytes);
    }
    ps_buf_add_text(buf, "\n");
}

static void add_lane(struct ps_buf *const buf, const struct ps_plan_view *const view,
                     const int64_t number)
{
    const struct ps_plan_lane *const row = &view->lanes[number];
    add_label(buf, number == 0 ? "lanes" : "");
    add_name(buf, row->lane->name);
    ps_buf_add_text(buf, row->lane->kind == PS_KIND_ON_DEMAND ? ", on demand: " : ": ");
    if (row->records == 0) {
        ps_buf_add_text(buf, "nothing to do\n");
        return;
    }
    ps_plan_words_add_number(buf, row->records, "record", "records");
    if (row->lane->kind == PS_KIND_BATCH) {
        ps_buf_add_text(buf, " in ");
        ps_plan_words_add_number(buf, row->jobs, "job", "jobs");
        ps_buf_add_text(buf, " of ");
        ps_plan_words_add_number(buf, row->shards, "file", "files");
    }
    if (row->day_records > 0) {
        ps_buf_add_text(buf, ", ");
        ps_plan_words_add_number(buf, row->day_records, "record a day", "records a day");
    }
    if (view->makespan_ms > 0 && row->ends_ms > 0 && row->ends_ms < INT64_MAX) {
        ps_buf_add_text(buf, ", done after ");
        ps_plan_words_add_span(buf, row->ends_ms);
    }
    ps_buf_add_text(buf, "\n");
}

/* What the lane is, where there are not too many to tell. */
static void add_model(struct ps_buf *const buf, const struct ps_plan_lane *const row)
{
    if (row->lane->model[0] != '\0') {
        add_label(buf, "");
        ps_shown_add(buf, ps_str_of(row->lane->model), MODEL_BYTES_MAX);
        ps_buf_add_text(buf, row->lane->region[0] == '\0' ? "" : " in ");
        ps_shown_add(buf, ps_str_of(row->lane->region), NAME_BYTES_MAX);
        ps_buf_add_text(buf, "\n");
    }
    if (row->warning != NULL) {
        ps_buf_add_format(buf, LABEL_FORMAT "note: %s\n", "", row->warning);
    }
}

static bool has_sizes_of(const struct ps_plan_lane *const left,
                         const struct ps_plan_lane *const right)
{
    return left->job_records == right->job_records && left->job_shards == right->job_shards &&
           left->shard_records == right->shard_records;
}

static bool has_reasons_of(const struct ps_plan_lane *const left,
                           const struct ps_plan_lane *const right)
{
    return left->job_reason == right->job_reason && left->shard_reason == right->shard_reason;
}

/* Sizes and their reasons, where they are not those of the lane told before. */
static void add_cut(struct ps_buf *const buf, const struct ps_plan_lane *const row,
                    const struct ps_plan_lane *const told)
{
    if (told == NULL || !has_sizes_of(row, told)) {
        add_sizes(buf, row);
    }
    if (told == NULL || !has_reasons_of(row, told)) {
        add_reasons(buf, row);
    }
}

static void add_lanes(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    const struct ps_plan_lane *told = NULL;
    const int64_t shown = view->lane_count < LANES_SHOWN_MAX ? view->lane_count : LANES_SHOWN_MAX;
    for (int64_t lane = 0; lane < shown; lane++) {
        const struct ps_plan_lane *const row = &view->lanes[lane];
        add_lane(buf, view, lane);
        add_model(buf, row);
        if (row->lane->kind == PS_KIND_BATCH && row->records > 0) {
            add_cut(buf, row, told);
            told = row;
        }
    }
    add_more(buf, view->lane_count - shown, "lane", "lanes");
    if (view->left_records > 0 && view->verdict != PS_PLAN_IMPOSSIBLE) {
        add_label(buf, "left over");
        ps_plan_words_add_number(buf, view->left_records, "record", "records");
        ps_buf_add_text(buf, ", fewer than the smallest job: kept for retries to join, else they "
                             "fail as below_batch_minimum\n");
    }
}

/* ------------------------------------------------ limits */

/* "98.0 %", never rounded up to a whole. */
static void add_share(struct ps_buf *const buf, const struct ps_plan_limit *const limit)
{
    int64_t permille = 0;
    if (limit->used == PS_PLAN_UNKNOWN || limit->value <= 0 ||
        !ps_muldiv_i64(limit->used, PERMILLE, limit->value, &permille)) {
        ps_buf_add_format(buf, "  %10s  %7s", "", "");
        return;
    }
    ps_buf_add_text(buf, "  ");
    if (limit->used == 0 && limit->key == PS_LIMIT_RPS) {
        ps_buf_add_format(buf, "%10s  %7s", "under 1", "");
        return;
    }
    add_value(buf, 10, limit->key, limit->used);
    if (limit->key == PS_LIMIT_MIN_RECORDS) {
        ps_buf_add_format(buf, "  %7s", "");
        return;
    }
    ps_buf_add_format(buf, "  %3" PRId64 ".%" PRId64 " %%", permille / 10, permille % 10);
}

static void add_limit(struct ps_buf *const buf, const struct ps_plan_view *const view,
                      const struct ps_plan_limit *const limit)
{
    ps_buf_add_format(buf, "  %-13s ", ps_limit_name(limit->key));
    add_value(buf, 10, limit->key, limit->value);
    ps_buf_add_format(buf, "  %-11s", ps_limit_source_name(limit->source));
    add_share(buf, limit);
    ps_buf_add_format(buf, "  %-6s", limit->is_binding ? "BINDS" : "");
    ps_buf_add_format(buf, " %s", ps_plan_words_unit(limit->key));
    if (view->lane_count > 1) {
        ps_buf_add_text(buf, "; ");
        add_name(buf, view->lanes[limit->lane].lane->name);
        if (limit->lane_count > 1) {
            ps_buf_add_text(buf, " and ");
            ps_units_add_count(buf, limit->lane_count - 1);
            ps_buf_add_text(buf, " more");
        }
    }
    ps_buf_add_text(buf, "\n");
}

static bool is_alike(const struct ps_plan_limit *const left,
                     const struct ps_plan_limit *const right)
{
    return left->key == right->key && left->value == right->value &&
           left->source == right->source && left->is_binding == right->is_binding;
}

/* Pools alike are one line, with the most that any of them uses. False: told with one before. */
static bool gather(const struct ps_plan_view *const view, const int64_t row,
                   struct ps_plan_limit *const ret_limit)
{
    *ret_limit = view->limits[row];
    for (int64_t other = 0; other < view->limit_count; other++) {
        const struct ps_plan_limit *const limit = &view->limits[other];
        if (other == row || !is_alike(limit, ret_limit)) {
            continue;
        }
        if (other < row) {
            return false;
        }
        ret_limit->lane_count += limit->lane_count;
        ret_limit->used = limit->used > ret_limit->used ? limit->used : ret_limit->used;
    }
    return true;
}

static void add_limits(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    int64_t shown = 0;
    int64_t hidden = 0;
    if (view->limit_count == 0) {
        add_label(buf, "limits");
        ps_buf_add_text(buf, "none is known\n");
        return;
    }
    ps_buf_add_format(buf, "  %-13s %10s  %-11s  %10s  %7s\n", "limit", "value", "source",
                      "this run", "of it");
    for (int64_t row = 0; row < view->limit_count; row++) {
        struct ps_plan_limit limit;
        if (!gather(view, row, &limit)) {
            continue;
        }
        if (view->lane_count == 1 || shown < LIMITS_SHOWN_MAX) {
            add_limit(buf, view, &limit);
            shown++;
        } else {
            hidden++;
        }
    }
    if (hidden > 0) {
        ps_buf_add_text(buf, "  and ");
        ps_units_add_count(buf, hidden);
        ps_buf_add_text(buf, " more of the other lanes: --json lists them all\n");
    }
}

/* ------------------------------------------------ time and money */

static void add_forecast(struct ps_buf *const buf, const struct ps_plan_forecast *const forecast)
{
    if (forecast->median_ms == PS_PLAN_UNKNOWN) {
        return;
    }
    add_label(buf, "forecast");
    ps_plan_words_add_span(buf, forecast->median_ms);
    ps_buf_add_text(buf, "; 9 of 10 runs between ");
    ps_plan_words_add_span(buf, forecast->low_ms);
    ps_buf_add_text(buf, " and ");
    ps_plan_words_add_span(buf, forecast->high_ms);
    ps_buf_add_format(buf, " (%" PRId64 " simulated)\n", forecast->runs);
}

/* Does a day have a budget at all? */
static bool has_days(const struct ps_plan_view *const view)
{
    for (int64_t row = 0; row < view->limit_count; row++) {
        if (view->limits[row].key == PS_LIMIT_TPD) {
            return true;
        }
    }
    return false;
}

static void add_time(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    if (view->verdict == PS_PLAN_IMPOSSIBLE) {
        return;
    }
    if (view->makespan_ms > 0) {
        add_label(buf, "time");
        ps_plan_words_add_span(buf, view->makespan_ms);
        if (view->days > 1 && has_days(view)) {
            ps_buf_add_text(buf, ", the budgets of ");
            ps_plan_words_add_number(buf, view->days, "day", "days");
        }
        ps_buf_add_text(buf, "; no plan can be faster than ");
        ps_plan_words_add_span(buf, view->lower_bound_ms);
        ps_buf_add_text(buf, "\n");
    }
    add_forecast(buf, &view->forecast);
    if (view->next_binding != PS_LIMIT_COUNT) {
        add_label(buf, "next");
        ps_buf_add_format(buf, "without that limit %s (%s)\n",
                          ps_plan_words_binding(view->next_binding),
                          ps_limit_name(view->next_binding));
    }
}

static void add_usd(struct ps_buf *const buf, const int64_t usd_micros, const char *const what)
{
    if (usd_micros == PS_PLAN_UNKNOWN) {
        ps_buf_add_format(buf, "no price known for %s", what);
    } else {
        ps_units_add_usd(buf, usd_micros);
        ps_buf_add_format(buf, " %s", what);
    }
}

static void add_cost(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    bool has_model = false;
    for (int64_t lane = 0; lane < view->lane_count; lane++) {
        has_model = has_model || view->lanes[lane].lane->model[0] != '\0';
    }
    add_label(buf, "cost");
    if (!has_model) {
        ps_buf_add_text(buf, "not known: no model is named (--model)\n");
        return;
    }
    add_usd(buf, view->batch_usd_micros, "as batch");
    ps_buf_add_text(buf, ", ");
    add_usd(buf, view->on_demand_usd_micros, "on demand");
    ps_buf_add_text(buf, "\n");
    for (int64_t lane = 0;
         view->lane_count > 1 && lane < view->lane_count && lane < LANES_SHOWN_MAX; lane++) {
        add_label(buf, "");
        add_name(buf, view->lanes[lane].lane->name);
        ps_buf_add_text(buf, ": ");
        add_usd(buf, view->lanes[lane].batch_usd_micros, "as batch");
        ps_buf_add_text(buf, ", ");
        add_usd(buf, view->lanes[lane].on_demand_usd_micros, "on demand");
        ps_buf_add_text(buf, "\n");
    }
}

/* ------------------------------------------------ what to do */

static void add_gain(struct ps_buf *const buf, const struct ps_plan_view *const view,
                     const struct ps_plan_help *const help)
{
    if (view->makespan_ms == PS_PLAN_UNKNOWN) {
        ps_buf_add_text(buf, "done after ");
        ps_plan_words_add_span(buf, help->makespan_ms);
        return;
    }
    /* What is days sooner is not told to the hour. */
    const int64_t gain_ms = view->makespan_ms - help->makespan_ms;
    const int64_t days = (gain_ms + PS_DAY_MS / 2) / PS_DAY_MS;
    ps_plan_words_add_span(buf, gain_ms >= PS_DAY_MS ? days * PS_DAY_MS : gain_ms);
    ps_buf_add_text(buf, " sooner");
}

static void add_help(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    for (int64_t row = 0; row < view->help_count && row < HELP_SHOWN_MAX; row++) {
        const struct ps_plan_help *const help = &view->help[row];
        add_label(buf, row == 0 ? "what helps" : "");
        if (help->key != PS_LIMIT_COUNT) {
            ps_buf_add_format(buf, "%s ", ps_limit_name(help->key));
            ps_plan_words_add_value(buf, help->key, help->value_now);
            ps_buf_add_text(buf, " -> ");
            ps_plan_words_add_value(buf, help->key, help->value_then);
        }
        if (help->what != NULL) {
            ps_buf_add_format(buf, "%s%s", help->key == PS_LIMIT_COUNT ? "" : ", ", help->what);
        }
        ps_buf_add_text(buf, ": ");
        add_gain(buf, view, help);
        ps_buf_add_text(buf, "\n");
    }
}

static void add_request(struct ps_buf *const buf, const struct ps_plan_request_row *const row)
{
    ps_buf_add_format(buf, "%s ", ps_limit_name(row->key));
    if (row->value_now == PS_NO_LIMIT) {
        ps_buf_add_text(buf, "no limit");
    } else {
        ps_plan_words_add_value(buf, row->key, row->value_now);
    }
    ps_buf_add_text(buf, " -> ");
    ps_plan_words_add_limit(buf, row->key, row->value_needed);
    ps_buf_add_text(buf, " (lane ");
    add_name(buf, row->lane);
    ps_buf_add_text(buf, ")");
    if (row->quota_name != NULL) {
        ps_buf_add_text(buf, "\n");
        add_label(buf, "");
        ps_buf_add_format(buf, "  '%s'", row->quota_name);
    }
    if (row->quota_code != NULL) {
        ps_buf_add_format(buf, ", code %s", row->quota_code);
    }
    ps_buf_add_text(buf, "\n");
}

static void add_requests(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    for (int64_t row = 0; row < view->request_count && row < REQUESTS_SHOWN_MAX; row++) {
        add_label(buf, row == 0 ? "ask AWS for" : "");
        add_request(buf, &view->requests[row]);
    }
    add_more(buf, view->request_count - REQUESTS_SHOWN_MAX, "quota", "quotas");
}

static void add_verdict(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    const size_t before = buf->size;
    ps_plan_words_add_verdict(buf, view);
    ps_buf_add_text(buf, ".\n");
    if (view->verdict == PS_PLAN_IMPOSSIBLE && view->change != NULL) {
        ps_buf_add_format(buf, "%s.\n", view->change);
    }
    if (view->verdict != PS_PLAN_IMPOSSIBLE && view->makespan_ms == 0 &&
        view->demand.unique_records > 0) {
        ps_buf_add_text(buf, "Say what your account allows with --lane 'tpm=...,tpd=...', or see "
                             "what many start with: --limits typical.\n");
    }
    const size_t after = buf->size;
    ps_plan_words_add_needed(buf, view);
    ps_buf_add_text(buf, buf->size > after ? ".\n" : "");
    ps_buf_add_text(buf, buf->size > before ? "\n" : "");
}

void ps_plan_text_add(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    add_verdict(buf, view);
    add_records(buf, &view->demand);
    add_tokens(buf, &view->demand);
    add_bytes(buf, &view->demand);
    add_lanes(buf, view);
    add_time(buf, view);
    add_cost(buf, view);
    ps_buf_add_text(buf, "\n");
    add_limits(buf, view);
    ps_buf_add_text(buf, view->help_count + view->request_count > 0 ? "\n" : "");
    add_help(buf, view);
    add_requests(buf, view);
}

void ps_plan_text_add_brief(struct ps_buf *const buf, const struct ps_plan_view *const view,
                            const bool is_free)
{
    ps_plan_words_add_verdict(buf, view);
    ps_buf_add_text(buf, "\n");
    if (!is_free && view->cost_usd_micros != PS_PLAN_UNKNOWN) {
        ps_buf_add_text(buf, "about ");
        add_usd(buf, view->batch_usd_micros, "as batch");
        ps_buf_add_text(buf, ", ");
        add_usd(buf, view->on_demand_usd_micros, "on demand");
        ps_buf_add_text(buf, "\n");
    }
}
