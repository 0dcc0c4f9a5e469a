#include "app/plan_json.h"

#include "app/plan_words.h"
#include "base/assert.h"
#include "base/checked.h"
#include "base/limits.h"
#include "base/time.h"
#include "codec/json_doc.h"

#include <stdlib.h>

#define MICROS 1000000
#define KEY_BYTES_MAX 64

/* One tree; parents are told where a value goes. */
struct tree {
    yyjson_mut_doc *doc;
    const struct ps_plan_view *view;
};

static void add_count(const struct tree *const tree, yyjson_mut_val *const object,
                      const char *const key, const int64_t value)
{
    (void)yyjson_mut_obj_add_int(tree->doc, object, key, value);
}

/* null for what is not known (PS_PLAN_UNKNOWN and PS_NO_LIMIT are the same). */
static void add_known(const struct tree *const tree, yyjson_mut_val *const object,
                      const char *const key, const int64_t value)
{
    if (value == PS_PLAN_UNKNOWN) {
        (void)yyjson_mut_obj_add_null(tree->doc, object, key);
    } else {
        add_count(tree, object, key, value);
    }
}

static void add_parts(const struct tree *const tree, yyjson_mut_val *const object,
                      const char *const key, const int64_t value, const int64_t unit)
{
    if (value == PS_PLAN_UNKNOWN) {
        (void)yyjson_mut_obj_add_null(tree->doc, object, key);
    } else if (value % unit == 0) {
        add_count(tree, object, key, value / unit);
    } else {
        (void)yyjson_mut_obj_add_real(tree->doc, object, key, (double)value / (double)unit);
    }
}

static void add_seconds(const struct tree *const tree, yyjson_mut_val *const object,
                        const char *const key, const int64_t time_ms)
{
    add_parts(tree, object, key, time_ms, PS_SECOND_MS);
}

static void add_usd(const struct tree *const tree, yyjson_mut_val *const object,
                    const char *const key, const int64_t usd_micros)
{
    add_parts(tree, object, key, usd_micros, MICROS);
}

/* Text that is no UTF-8 cannot stand in JSON. */
static void add_text(const struct tree *const tree, yyjson_mut_val *const object,
                     const char *const key, const char *const text)
{
    if (text == NULL || !ps_utf8_is_valid(ps_str_of(text))) {
        (void)yyjson_mut_obj_add_null(tree->doc, object, key);
    } else {
        (void)yyjson_mut_obj_add_strcpy(tree->doc, object, key, text);
    }
}

static void add_limit_name(const struct tree *const tree, yyjson_mut_val *const object,
                           const char *const key, const enum ps_limit_key limit)
{
    add_text(tree, object, key, limit == PS_LIMIT_COUNT ? NULL : ps_limit_name(limit));
}

static yyjson_mut_val *add_object(const struct tree *const tree, yyjson_mut_val *const object,
                                  const char *const key)
{
    return yyjson_mut_obj_add_obj(tree->doc, object, key);
}

/* ------------------------------------------------ the parts */

static int64_t sum_tokens(const struct ps_plan_demand *const demand)
{
    int64_t tokens = INT64_MAX;
    (void)!ps_add_i64(demand->input_tokens, demand->output_tokens, &tokens);
    return tokens;
}

/* Tokens of so many mean records. */
static int64_t tokens_of(const struct ps_plan_demand *const demand, const int64_t records)
{
    int64_t tokens = 0;
    return demand->unique_records > 0 &&
                   ps_muldiv_i64(sum_tokens(demand), records, demand->unique_records, &tokens)
               ? tokens
               : 0;
}

static void add_demand(const struct tree *const tree, yyjson_mut_val *const root)
{
    const struct ps_plan_demand *const demand = &tree->view->demand;
    yyjson_mut_val *const object = add_object(tree, root, "demand");
    add_count(tree, object, "records", demand->records);
    add_count(tree, object, "unique_records", demand->unique_records);
    add_count(tree, object, "rejected", demand->rejected);
    add_count(tree, object, "duplicates", demand->duplicates);
    add_count(tree, object, "input_tokens", demand->input_tokens);
    add_count(tree, object, "output_tokens", demand->output_tokens);
    add_count(tree, object, "output_tokens_max", demand->output_tokens_max);
    add_count(tree, object, "tokens", sum_tokens(demand));
    add_count(tree, object, "bytes", demand->bytes);
    (void)yyjson_mut_obj_add_bool(tree->doc, object, "measured", demand->is_measured);
    add_parts(tree, object, "margin", demand->margin_permille, 1000);
}

static void add_sizes(const struct tree *const tree, yyjson_mut_val *const object,
                      const struct ps_plan_lane *const lane)
{
    yyjson_mut_val *const shard = add_object(tree, object, "shard");
    yyjson_mut_val *const job = add_object(tree, object, "job");
    add_count(tree, shard, "records", lane->shard_records);
    add_count(tree, shard, "bytes", lane->shard_bytes);
    add_count(tree, shard, "tokens", tokens_of(&tree->view->demand, lane->shard_records));
    add_limit_name(tree, shard, "reason", lane->shard_reason);
    add_count(tree, job, "shards", lane->job_shards);
    add_count(tree, job, "records", lane->job_records);
    add_count(tree, job, "records_a_day", lane->day_records);
    add_count(tree, job, "bytes", lane->job_bytes);
    add_count(tree, job, "tokens", tokens_of(&tree->view->demand, lane->job_records));
    add_limit_name(tree, job, "reason", lane->job_reason);
}

static void add_lanes(const struct tree *const tree, yyjson_mut_val *const root)
{
    yyjson_mut_val *const list = yyjson_mut_obj_add_arr(tree->doc, root, "lanes");
    for (int64_t number = 0; number < tree->view->lane_count; number++) {
        const struct ps_plan_lane *const lane = &tree->view->lanes[number];
        yyjson_mut_val *const object = yyjson_mut_arr_add_obj(tree->doc, list);
        add_text(tree, object, "name", lane->lane->name);
        add_text(tree, object, "model", lane->lane->model[0] == '\0' ? NULL : lane->lane->model);
        add_text(tree, object, "region", lane->lane->region[0] == '\0' ? NULL : lane->lane->region);
        add_text(tree, object, "kind",
                 lane->lane->kind == PS_KIND_ON_DEMAND ? "on-demand" : "batch");
        add_count(tree, object, "records", lane->records);
        add_count(tree, object, "bytes", lane->bytes);
        add_count(tree, object, "tokens", lane->tokens);
        add_count(tree, object, "jobs", lane->jobs);
        add_count(tree, object, "shards", lane->shards);
        add_sizes(tree, object, lane);
        add_seconds(tree, object, "ends_s", lane->ends_ms);
        add_count(tree, object, "days", lane->days);
        add_usd(tree, object, "batch_usd", lane->batch_usd_micros);
        add_usd(tree, object, "on_demand_usd", lane->on_demand_usd_micros);
        add_text(tree, object, "warning", lane->warning);
    }
}

static void add_limits(const struct tree *const tree, yyjson_mut_val *const root)
{
    yyjson_mut_val *const list = yyjson_mut_obj_add_arr(tree->doc, root, "limits");
    for (int64_t row = 0; row < tree->view->limit_count; row++) {
        const struct ps_plan_limit *const limit = &tree->view->limits[row];
        yyjson_mut_val *const object = yyjson_mut_arr_add_obj(tree->doc, list);
        add_limit_name(tree, object, "limit", limit->key);
        add_text(tree, object, "lane", tree->view->lanes[limit->lane].lane->name);
        add_count(tree, object, "lanes", limit->lane_count);
        add_count(tree, object, "value", limit->value);
        add_text(tree, object, "source", ps_limit_source_name(limit->source));
        add_known(tree, object, "used", limit->used);
        (void)yyjson_mut_obj_add_bool(tree->doc, object, "binds", limit->is_binding);
    }
}

static void add_help(const struct tree *const tree, yyjson_mut_val *const root)
{
    const struct ps_plan_view *const view = tree->view;
    yyjson_mut_val *const list = yyjson_mut_obj_add_arr(tree->doc, root, "help");
    for (int64_t row = 0; row < view->help_count; row++) {
        const struct ps_plan_help *const help = &view->help[row];
        const bool has_key = help->key != PS_LIMIT_COUNT;
        yyjson_mut_val *const object = yyjson_mut_arr_add_obj(tree->doc, list);
        add_limit_name(tree, object, "limit", help->key);
        add_known(tree, object, "from", has_key ? help->value_now : PS_PLAN_UNKNOWN);
        add_known(tree, object, "to", has_key ? help->value_then : PS_PLAN_UNKNOWN);
        add_text(tree, object, "what", help->what);
        add_seconds(tree, object, "makespan_s", help->makespan_ms);
        add_seconds(tree, object, "gain_s",
                    view->makespan_ms == PS_PLAN_UNKNOWN ? PS_PLAN_UNKNOWN
                                                         : view->makespan_ms - help->makespan_ms);
    }
}

static void add_needed(const struct tree *const tree, yyjson_mut_val *const root)
{
    const struct ps_plan_view *const view = tree->view;
    yyjson_mut_val *const needed = add_object(tree, root, "needed");
    add_known(tree, needed, "tpm", view->needed_tpm);
    add_known(tree, needed, "tpd", view->needed_tpd);
    add_known(tree, needed, "rps", view->needed_rps);
    add_known(tree, needed, "jobs", view->needed_jobs);
    add_known(tree, needed, "lanes", view->needed_lanes);
    yyjson_mut_val *const list = yyjson_mut_obj_add_arr(tree->doc, root, "requests");
    for (int64_t row = 0; row < view->request_count; row++) {
        const struct ps_plan_request_row *const request = &view->requests[row];
        yyjson_mut_val *const object = yyjson_mut_arr_add_obj(tree->doc, list);
        add_limit_name(tree, object, "limit", request->key);
        add_text(tree, object, "lane", request->lane);
        add_text(tree, object, "quota_name", request->quota_name);
        add_text(tree, object, "quota_code", request->quota_code);
        add_known(tree, object, "value_now", request->value_now);
        add_count(tree, object, "value_needed", request->value_needed);
    }
}

static void add_forecast(const struct tree *const tree, yyjson_mut_val *const root)
{
    const struct ps_plan_forecast *const forecast = &tree->view->forecast;
    if (forecast->median_ms == PS_PLAN_UNKNOWN) {
        (void)yyjson_mut_obj_add_null(tree->doc, root, "forecast");
        return;
    }
    yyjson_mut_val *const object = add_object(tree, root, "forecast");
    add_seconds(tree, object, "median_s", forecast->median_ms);
    add_seconds(tree, object, "low_s", forecast->low_ms);
    add_seconds(tree, object, "high_s", forecast->high_ms);
    add_count(tree, object, "runs", forecast->runs);
}

/* ------------------------------------------------ the whole */

static void add_verdict(const struct tree *const tree, yyjson_mut_val *const root)
{
    static const char *const names[] = {
        [PS_PLAN_FITS] = "fits",
        [PS_PLAN_IMPOSSIBLE] = "impossible",
        [PS_PLAN_TOO_LATE] = "too_late",
        [PS_PLAN_TOO_DEAR] = "too_dear",
    };
    const struct ps_plan_view *const view = tree->view;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_plan_words_add_verdict(&text, view);
    (void)yyjson_mut_obj_add_bool(tree->doc, root, "feasible", view->verdict == PS_PLAN_FITS);
    add_text(tree, root, "verdict", names[view->verdict]);
    add_text(tree, root, "text", ps_buf_text(&text));
    add_text(tree, root, "why", view->why);
    add_text(tree, root, "change", view->change);
}

/* The lane with most to do stands for the run. */
static const struct ps_plan_lane *main_lane(const struct ps_plan_view *const view)
{
    const struct ps_plan_lane *most = &view->lanes[0];
    for (int64_t lane = 1; lane < view->lane_count; lane++) {
        most = view->lanes[lane].records > most->records ? &view->lanes[lane] : most;
    }
    return most;
}

static void add_bounds(const struct tree *const tree, yyjson_mut_val *const root)
{
    yyjson_mut_val *const bounds = add_object(tree, root, "bounds");
    for (int part = 0; part < PS_BOUND_PART_COUNT; part++) {
        const int64_t part_ms = tree->view->bounds_ms[part];
        struct ps_buf key PS_CLEANUP(ps_buf_release);
        ps_buf_init(&key, KEY_BYTES_MAX);
        ps_buf_add_format(&key, "%s_s", ps_bound_part_name((enum ps_bound_part)part));
        yyjson_mut_val *const value =
            part_ms == PS_BOUND_NEVER
                ? yyjson_mut_null(tree->doc)
                : yyjson_mut_real(tree->doc, (double)part_ms / (double)PS_SECOND_MS);
        (void)yyjson_mut_obj_add(bounds, yyjson_mut_strcpy(tree->doc, ps_buf_text(&key)), value);
    }
}

static void add_course(const struct tree *const tree, yyjson_mut_val *const root)
{
    const struct ps_plan_view *const view = tree->view;
    int64_t jobs = 0;
    int64_t shards = 0;
    for (int64_t lane = 0; lane < view->lane_count; lane++) {
        jobs += view->lanes[lane].jobs;
        shards += view->lanes[lane].shards;
    }
    add_seconds(tree, root, "lower_bound_s", view->lower_bound_ms);
    add_seconds(tree, root, "makespan_s", view->makespan_ms);
    add_bounds(tree, root);
    add_limit_name(tree, root, "binding", view->binding);
    add_limit_name(tree, root, "next_binding", view->next_binding);
    add_sizes(tree, root, main_lane(view));
    add_count(tree, root, "jobs", jobs);
    add_count(tree, root, "shards", shards);
    add_count(tree, root, "days", view->days);
    add_count(tree, root, "fluid_days", view->fluid_days);
    add_count(tree, root, "left_over", view->left_records);
    add_usd(tree, root, "cost_usd", view->cost_usd_micros);
    add_usd(tree, root, "batch_usd", view->batch_usd_micros);
    add_usd(tree, root, "on_demand_usd", view->on_demand_usd_micros);
}

void ps_plan_json_add(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    const struct tree tree = {yyjson_mut_doc_new(NULL), view};
    PS_ASSERT(view->lane_count > 0);
    yyjson_mut_val *const root = yyjson_mut_obj(tree.doc);
    yyjson_mut_doc_set_root(tree.doc, root);
    add_verdict(&tree, root);
    add_demand(&tree, root);
    add_course(&tree, root);
    if (view->deadline_ms > 0) {
        add_seconds(&tree, root, "deadline_s", view->deadline_ms);
        add_needed(&tree, root);
    }
    add_forecast(&tree, root);
    add_limits(&tree, root);
    add_help(&tree, root);
    add_lanes(&tree, root);
    char *const text = yyjson_mut_write(tree.doc, 0, NULL);
    PS_ASSERT(text != NULL);
    ps_buf_add_text(buf, text);
    ps_buf_add_text(buf, "\n");
    free(text);
    yyjson_mut_doc_free(tree.doc);
}
