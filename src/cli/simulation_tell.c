#include "cli/simulation_tell.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"
#include "codec/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

/* ------------------------------------------------ sums */

void ps_simulation_sums_init(struct ps_simulation_sums *const sums)
{
    memset(sums, 0, sizeof(*sums));
}

void ps_simulation_sums_release(struct ps_simulation_sums *const sums)
{
    for (int64_t place = 0; place < sums->worst_count; place++) {
        ps_simulation_release(&sums->worst[place]);
    }
    free(sums->worst);
    free(sums->ratios);
    free(sums->makespans_ms);
    ps_simulation_sums_init(sums);
}

static bool is_broken(const struct ps_simulation *const simulation)
{
    return simulation->violations > 0 || simulation->paid_twice > 0 || simulation->breaches > 0;
}

/* Broken ones first, then the slowest; the seed decides between equals. */
static int compare_worst(const void *const left, const void *const right)
{
    const struct ps_simulation *const first = left;
    const struct ps_simulation *const second = right;
    const int64_t ratios[] = {ps_simulation_ratio(first), ps_simulation_ratio(second)};
    if (is_broken(first) != is_broken(second)) {
        return is_broken(first) ? -1 : 1;
    }
    if (ratios[0] != ratios[1]) {
        return ratios[0] > ratios[1] ? -1 : 1;
    }
    return (first->seed > second->seed) - (first->seed < second->seed);
}

static void keep_worst(struct ps_simulation_sums *const sums)
{
    qsort(sums->worst, (size_t)sums->worst_count, sizeof(sums->worst[0]), compare_worst);
    while (sums->worst_count > PS_SIMULATION_TOLD_MAX) {
        ps_simulation_release(&sums->worst[--sums->worst_count]);
    }
}

static void *grow(void *const array, const int64_t count, const size_t item_size)
{
    void *const grown = reallocarray(array, (size_t)count + 1, item_size);
    PS_ASSERT(grown != NULL);
    return grown;
}

void ps_simulation_sums_add(struct ps_simulation_sums *const sums,
                            struct ps_simulation *const simulation)
{
    sums->ratios = grow(sums->ratios, sums->count, sizeof(sums->ratios[0]));
    sums->makespans_ms = grow(sums->makespans_ms, sums->count, sizeof(sums->makespans_ms[0]));
    sums->ratios[sums->count] = ps_simulation_ratio(simulation);
    sums->makespans_ms[sums->count] = simulation->makespan_ms;
    sums->count++;
    sums->violations += simulation->violations;
    sums->paid_twice += simulation->paid_twice;
    sums->breaches += simulation->breaches;
    sums->refused_records += simulation->refused_records;
    sums->throttled_calls += simulation->throttled_calls;
    sums->worst = grow(sums->worst, sums->worst_count, sizeof(sums->worst[0]));
    sums->worst[sums->worst_count++] = *simulation;
    ps_simulation_init(simulation);
    if (sums->worst_count >= 2 * PS_SIMULATION_TOLD_MAX) {
        keep_worst(sums);
    }
}

/* ------------------------------------------------ JSON */

#define PER_SECOND 1000.0
#define PER_RATIO 10000.0
#define PER_SHARE 1000.0

static void add_count(yyjson_mut_doc *const document, yyjson_mut_val *const object,
                      const char *const name, const int64_t value)
{
    PS_ASSERT(yyjson_mut_obj_add_sint(document, object, name, value));
}

static void add_part(yyjson_mut_doc *const document, yyjson_mut_val *const object,
                     const char *const name, const int64_t value, const double whole)
{
    PS_ASSERT(yyjson_mut_obj_add_real(document, object, name, (double)value / whole));
}

static void add_records(yyjson_mut_doc *const document, yyjson_mut_val *const root,
                        const struct ps_simulation *const run,
                        const struct ps_plan_request *const request)
{
    yyjson_mut_val *const records = yyjson_mut_obj_add_obj(document, root, "records");
    add_count(document, records, "all", request->summary.records);
    add_count(document, records, "succeeded", run->records.succeeded);
    add_count(document, records, "failed", run->records.failed);
    add_count(document, records, "rejected", request->summary.rejected);
    add_count(document, records, "cancelled", run->records.cancelled);
    add_count(document, records, "duplicates", request->summary.duplicates);
    add_count(document, records, "sent_again", run->records.resent);
}

static void add_run(yyjson_mut_doc *const document, yyjson_mut_val *const object,
                    const struct ps_simulation *const run,
                    const struct ps_plan_request *const request)
{
    add_count(document, object, "seed", (int64_t)run->seed);
    add_part(document, object, "makespan_s", run->makespan_ms, PER_SECOND);
    add_part(document, object, "lower_bound_s", run->lower_bound_ms, PER_SECOND);
    add_part(document, object, "ratio", ps_simulation_ratio(run), PER_RATIO);
    add_count(document, object, "violations", run->violations);
    add_records(document, object, run, request);
    add_count(document, object, "paid_twice", run->paid_twice);
    add_count(document, object, "breaches", run->breaches);
    add_count(document, object, "refused_records", run->refused_records);
    add_count(document, object, "throttled_calls", run->throttled_calls);
    add_count(document, object, "jobs", run->job_count);
    add_count(document, object, "input_tokens", run->input_tokens);
    add_count(document, object, "output_tokens", run->output_tokens);
    if (run->error.status != PS_OK) {
        PS_ASSERT(yyjson_mut_obj_add_strcpy(document, object, "error", run->error.message));
    }
}

static void add_lanes(yyjson_mut_doc *const document, yyjson_mut_val *const object,
                      const struct ps_simulation *const run,
                      const struct ps_plan_request *const request)
{
    yyjson_mut_val *const lanes = yyjson_mut_obj_add_arr(document, object, "lanes");
    yyjson_mut_val *const pools = yyjson_mut_obj_add_arr(document, object, "limits");
    for (int64_t lane = 0; lane < request->lane_count; lane++) {
        yyjson_mut_val *const told = yyjson_mut_arr_add_obj(document, lanes);
        PS_ASSERT(yyjson_mut_obj_add_str(document, told, "name", request->lanes[lane].name));
        add_count(document, told, "jobs", run->lanes[lane].jobs);
        add_part(document, told, "end_s", run->lanes[lane].end_ms, PER_SECOND);
    }
    for (int64_t place = 0; place < run->use_count; place++) {
        const struct ps_simulation_use *const use = &run->uses[place];
        yyjson_mut_val *const told = yyjson_mut_arr_add_obj(document, pools);
        PS_ASSERT(yyjson_mut_obj_add_str(document, told, "pool", use->pool));
        add_count(document, told, "tokens", use->tokens);
        add_count(document, told, "days", use->days);
        add_part(document, told, "tpm", use->tpm_permille, PER_SHARE);
        add_part(document, told, "tpd", use->tpd_permille, PER_SHARE);
        add_part(document, told, "rps", use->rps_permille, PER_SHARE);
        add_part(document, told, "jobs", use->jobs_permille, PER_SHARE);
        add_count(document, told, "peak_jobs", use->peak_jobs);
    }
}

static void add_sums(yyjson_mut_doc *const document, yyjson_mut_val *const root,
                     struct ps_simulation_sums *const sums,
                     const struct ps_plan_request *const request)
{
    struct ps_forecast_band ratios;
    struct ps_forecast_band times;
    ps_forecast_band_of(sums->ratios, sums->count, &ratios);
    ps_forecast_band_of(sums->makespans_ms, sums->count, &times);
    add_count(document, root, "count", sums->count);
    add_count(document, root, "violations", sums->violations);
    add_count(document, root, "paid_twice", sums->paid_twice);
    add_count(document, root, "breaches", sums->breaches);
    add_count(document, root, "refused_records", sums->refused_records);
    add_count(document, root, "throttled_calls", sums->throttled_calls);
    add_part(document, root, "worst_ratio", sums->ratios[sums->count - 1], PER_RATIO);
    add_part(document, root, "median_ratio", ratios.median_ms, PER_RATIO);
    add_part(document, root, "median_makespan_s", times.median_ms, PER_SECOND);
    add_part(document, root, "low_makespan_s", times.low_ms, PER_SECOND);
    add_part(document, root, "high_makespan_s", times.high_ms, PER_SECOND);
    yyjson_mut_val *const runs = yyjson_mut_obj_add_arr(document, root, "runs");
    for (int64_t place = 0; place < sums->worst_count; place++) {
        add_run(document, yyjson_mut_arr_add_obj(document, runs), &sums->worst[place], request);
    }
}

void ps_simulation_print_json(struct ps_simulation_sums *const sums,
                              const struct ps_plan_request *const request)
{
    yyjson_mut_doc *const document = yyjson_mut_doc_new(NULL);
    PS_ASSERT(document != NULL);
    yyjson_mut_val *const root = yyjson_mut_obj(document);
    yyjson_mut_doc_set_root(document, root);
    keep_worst(sums);
    if (sums->count == 1) {
        add_run(document, root, &sums->worst[0], request);
        add_lanes(document, root, &sums->worst[0], request);
    } else {
        add_sums(document, root, sums, request);
    }
    char *text PS_CLEANUP(ps_str_free_auto) = yyjson_mut_write(document, 0, NULL);
    yyjson_mut_doc_free(document);
    PS_ASSERT(text != NULL);
    printf("%s\n", text);
}

/* ------------------------------------------------ for people */

static void add_label(struct ps_buf *const text, const char *const label)
{
    ps_buf_add_format(text, "  %-24s", label);
}

static void add_row(struct ps_buf *const text, const char *const label, const int64_t count)
{
    add_label(text, label);
    ps_units_add_count(text, count);
    ps_buf_add_text(text, "\n");
}

static void add_ratio(struct ps_buf *const text, const int64_t ratio)
{
    ps_buf_add_format(text, "%" PRId64 ".%03" PRId64, ratio / 10000, ratio % 10000 / 10);
}

static void add_time(struct ps_buf *const text, const char *const label, const int64_t time_ms)
{
    add_label(text, label);
    ps_units_add_time(text, time_ms);
    ps_buf_add_text(text, "\n");
}

static void add_share(struct ps_buf *const text, const char *const name, const int64_t permille)
{
    if (permille > 0) {
        ps_buf_add_format(text, ", %s %" PRId64 ".%" PRId64 " %%", name, permille / 10,
                          permille % 10);
    }
}

static void add_uses(struct ps_buf *const text, const struct ps_simulation *const run)
{
    ps_buf_add_text(text, "Of its limits, each pool used (from its first work to its last):\n");
    for (int64_t place = 0; place < run->use_count; place++) {
        const struct ps_simulation_use *const use = &run->uses[place];
        add_label(text, use->pool);
        ps_units_add_count(text, use->tokens);
        ps_buf_add_format(text, " tokens on %" PRId64 " day%s", use->days,
                          use->days == 1 ? "" : "s");
        add_share(text, "tpm", use->tpm_permille);
        add_share(text, "tpd", use->tpd_permille);
        add_share(text, "rps", use->rps_permille);
        add_share(text, "jobs", use->jobs_permille);
        ps_buf_add_text(text, "\n");
    }
}

static void add_one(struct ps_buf *const text, const struct ps_simulation *const run,
                    const struct ps_plan_request *const request)
{
    ps_buf_add_format(text, "One run in virtual time (seed %" PRIu64 "):\n", run->seed);
    add_time(text, "makespan", run->makespan_ms);
    add_time(text, "lower bound", run->lower_bound_ms);
    add_label(text, "makespan / lower bound");
    add_ratio(text, ps_simulation_ratio(run));
    ps_buf_add_text(text, "\n");
    add_row(text, "records succeeded", run->records.succeeded);
    add_row(text, "  failed", run->records.failed);
    add_row(text, "  rejected before", request->summary.rejected);
    add_row(text, "  cancelled", run->records.cancelled);
    add_row(text, "  sent again", run->records.resent);
    add_row(text, "jobs", run->job_count);
    add_row(text, "paid twice", run->paid_twice);
    add_row(text, "accepted over a limit", run->breaches);
    add_row(text, "refused by a limit", run->refused_records);
    add_row(text, "calls throttled", run->throttled_calls);
    add_row(text, "broken invariants", run->violations);
    if (run->error.status != PS_OK) {
        ps_buf_add_format(text, "It did not end: %s\n", run->error.message);
    }
    add_uses(text, run);
}

static void add_many(struct ps_buf *const text, struct ps_simulation_sums *const sums)
{
    struct ps_forecast_band ratios;
    struct ps_forecast_band times;
    ps_forecast_band_of(sums->ratios, sums->count, &ratios);
    ps_forecast_band_of(sums->makespans_ms, sums->count, &times);
    ps_units_add_count(text, sums->count);
    ps_buf_add_text(text, " runs in virtual time:\n");
    add_time(text, "makespan, median", times.median_ms);
    add_time(text, "  nine of ten from", times.low_ms);
    add_time(text, "  nine of ten to", times.high_ms);
    add_label(text, "makespan / lower bound");
    add_ratio(text, ratios.median_ms);
    ps_buf_add_text(text, " in the middle, ");
    add_ratio(text, sums->ratios[sums->count - 1]);
    ps_buf_add_format(text, " at worst (seed %" PRIu64 ")\n", sums->worst[0].seed);
    add_row(text, "paid twice", sums->paid_twice);
    add_row(text, "accepted over a limit", sums->breaches);
    add_row(text, "refused by a limit", sums->refused_records);
    add_row(text, "calls throttled", sums->throttled_calls);
    add_row(text, "broken invariants", sums->violations);
}

void ps_simulation_print_text(struct ps_simulation_sums *const sums,
                              const struct ps_plan_request *const request)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    keep_worst(sums);
    if (sums->count == 1) {
        add_one(&text, &sums->worst[0], request);
    } else {
        add_many(&text, sums);
    }
    (void)fwrite(text.data, 1, text.size, stdout);
}
