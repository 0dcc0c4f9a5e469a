#include "cli/plan_show.h"

#include "app/plan_json.h"
#include "app/plan_picture.h"
#include "app/plan_text.h"
#include "base/time.h"
#include "cli/request.h"
#include "cli/say.h"
#include "cli/simulation.h"
#include "codec/units.h"
#include "os/clock.h"
#include "os/files.h"
#include "sim/startup.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * So many simulated runs make the forecast: its ends are those of 9 of 10. A plan of thousands of
 * jobs takes seconds a run; then there are fewer, and below the least none, so that nobody waits.
 */
#define FORECAST_RUNS 21
#define FORECAST_RUNS_LEAST 5
#define FORECAST_MS_MAX (4 * PS_SECOND_MS)
#define FORECAST_JOBS_MAX 2000

/* What --count may ask for: more says nothing more. */
#define FORECAST_COUNT_MAX 1000

/* What the simulation draws. */
static void load_startups(int64_t startups_ms[const PS_MAKESPAN_SPREAD])
{
    struct ps_startup startup;
    ps_startup_load(&startup);
    ps_startup_spread_ms(&startup, startups_ms, PS_MAKESPAN_SPREAD);
}

static struct ps_plan_ask ask_of(const struct ps_options *const options,
                                 const struct ps_plan_request *const request,
                                 const struct ps_models *const models)
{
    return (struct ps_plan_ask){
        .lanes = request->lanes,
        .lane_count = request->lane_count,
        .models = models,
        .index = request->index,
        .records = request->summary.sent,
        .record = {request->record_bytes, request->record_input_tokens,
                   request->record_output_tokens, request->record_output_tokens},
        .is_bytes_assumed = options->bytes_per_record == 0,
        .expected_output = options->expect_output,
        .tokens_per_byte_millionths = options->tokens_per_byte_millionths,
        .poll_ms = options->poll_ms,
        .start_ms = request->start_ms,
        .deadline_ms = options->deadline_ms,
        .max_cost_usd_micros =
            options->has_max_cost_usd_micros ? options->max_cost_usd_micros : PS_PLAN_UNKNOWN,
        .wall_ms = ps_clock_real_wall_ms(),
    };
}

/* ------------------------------------------------ the forecast */

static int64_t job_count(const struct ps_plan_view *const view)
{
    int64_t jobs = 0;
    for (int64_t lane = 0; lane < view->lane_count; lane++) {
        jobs += view->lanes[lane].jobs;
    }
    return jobs;
}

/* Runs that leave something undone say nothing of how long it takes: then there is no forecast. */
static bool simulate(const struct ps_simulation_options *const options, const uint64_t seed,
                     int64_t *const ret_makespan_ms)
{
    struct ps_simulation simulation;
    struct ps_error err;
    if (ps_simulation_run(options, seed, &simulation, &err) != PS_OK) {
        return false;
    }
    *ret_makespan_ms = simulation.makespan_ms;
    const bool has_ended = simulation.error.status == PS_OK && simulation.violations == 0 &&
                           simulation.records.failed + simulation.records.cancelled == 0;
    ps_simulation_release(&simulation);
    return has_ended;
}

/* As many runs as there is time for; all of them where --count asks. Returns how many. */
static int64_t simulate_all(const struct ps_options *const options,
                            const struct ps_plan_request *const request,
                            int64_t *const makespans_ms, const int64_t wanted)
{
    const struct ps_simulation_options simulation = {.request = request,
                                                     .poll_ms = options->poll_ms};
    const int64_t began_ms = ps_clock_real_monotonic_ms();
    int64_t runs = 0;
    while (runs < wanted &&
           (options->has_count || ps_clock_real_monotonic_ms() - began_ms < FORECAST_MS_MAX)) {
        if (!simulate(&simulation, (uint64_t)(options->seed + runs), &makespans_ms[runs])) {
            return 0;
        }
        runs++;
    }
    return runs;
}

static void forecast(const struct ps_options *const options,
                     const struct ps_plan_request *const request, struct ps_plan_view *const view)
{
    int64_t makespans_ms[FORECAST_COUNT_MAX];
    const int64_t asked = options->has_count ? options->count : FORECAST_RUNS;
    const int64_t wanted = asked < FORECAST_COUNT_MAX ? asked : FORECAST_COUNT_MAX;
    struct ps_forecast_band band;
    if (view->verdict == PS_PLAN_IMPOSSIBLE || view->demand.unique_records == 0 ||
        (job_count(view) > FORECAST_JOBS_MAX && !options->has_count)) {
        return;
    }
    const int64_t runs = simulate_all(options, request, makespans_ms, wanted);
    if (runs == 0 || (runs < FORECAST_RUNS_LEAST && !options->has_count)) {
        return;
    }
    ps_forecast_band_of(makespans_ms, runs, &band);
    view->forecast = (struct ps_plan_forecast){band.median_ms, band.low_ms, band.high_ms, runs};
}

enum ps_status ps_plan_show_make(const struct ps_options *const options,
                                 const struct ps_plan_request *const request,
                                 const struct ps_models *const models,
                                 struct ps_plan_made *const plan, struct ps_error *const err)
{
    int64_t startups_ms[PS_MAKESPAN_SPREAD];
    struct ps_plan_ask ask = ask_of(options, request, models);
    load_startups(startups_ms);
    ask.startups_ms = startups_ms;
    if (ps_plan_make(&ask, plan, err) != PS_OK) {
        return err->status;
    }
    if (options->has_max_cost_usd_micros && plan->view.cost_usd_micros == PS_PLAN_UNKNOWN) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot hold the plan against --max-cost: a lane's price is not known");
        return ps_error_hint(err, "Name a model of which 'penstock models' says a price, with "
                                  "--model or in --lane; or leave --max-cost out.");
    }
    forecast(options, request, &plan->view);
    return PS_OK;
}

/* ------------------------------------------------ to be seen */

static void print(const struct ps_plan_view *const view, const bool is_json)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, is_json ? PS_PLAN_JSON_BYTES_MAX : PS_PLAN_TEXT_BYTES_MAX);
    if (is_json) {
        ps_plan_json_add(&text, view);
    } else {
        ps_plan_text_add(&text, view);
    }
    (void)fwrite(text.data, 1, text.size, stdout);
}

static enum ps_status draw(const char *const path, const struct ps_plan_view *const view,
                           struct ps_error *const err)
{
    struct ps_buf svg PS_CLEANUP(ps_buf_release);
    struct ps_plan_picture picture PS_CLEANUP(ps_plan_picture_release);
    ps_buf_init(&svg, PS_PLAN_PLOT_BYTES_MAX);
    ps_plan_picture_init(&picture, view);
    ps_plan_plot_add(&svg, &picture.plot);
    if (ps_files_write(path, ps_buf_str(&svg), err) == PS_OK) {
        return PS_OK;
    }
    err->status = PS_E_USAGE;
    return ps_error_hint(err, "--plot takes the path of a file to be written.");
}

int ps_plan_show(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_plan_request request PS_CLEANUP(ps_plan_request_release);
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = NULL;
    struct ps_plan_made plan PS_CLEANUP(ps_plan_made_release);
    ps_plan_request_init(&request);
    ps_plan_made_init(&plan);
    if (ps_request_models(options, &models, &err) != PS_OK ||
        ps_plan_request_read(&request, options, &err) != PS_OK ||
        ps_plan_show_make(options, &request, models, &plan, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    print(&plan.view, options->is_json);
    if (options->plot != NULL && draw(options->plot, &plan.view, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    return plan.view.verdict == PS_PLAN_FITS ? PS_EXIT_OK : PS_EXIT_REFUSED;
}

/* ------------------------------------------------ before a run */

static void say_lines(const struct ps_str text)
{
    size_t from = 0;
    while (from < text.size) {
        const struct ps_str rest = ps_str_part(text, from, text.size);
        const struct ps_str line = ps_str_part(rest, 0, ps_str_find(rest, '\n'));
        ps_say("%.*s", PS_STR_ARGS(line));
        from += line.size + 1;
    }
}

void ps_plan_show_run(const struct ps_options *const options,
                      const struct ps_settings *const settings, const char *const folder)
{
    struct ps_error err;
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = NULL;
    struct ps_index *index PS_CLEANUP(ps_index_free_auto) = NULL;
    struct ps_plan_made plan PS_CLEANUP(ps_plan_made_release);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_PLAN_TEXT_BYTES_MAX);
    ps_plan_made_init(&plan);
    if (ps_say_is_quiet() || ps_request_models(options, &models, &err) != PS_OK ||
        ps_index_open(folder, &index, &err) != PS_OK) {
        return;
    }
    int64_t startups_ms[PS_MAKESPAN_SPREAD];
    load_startups(startups_ms);
    const struct ps_plan_ask ask = {
        .lanes = settings->lanes,
        .lane_count = settings->lane_count,
        .models = models,
        .index = index,
        .startups_ms = startups_ms,
        .poll_ms = settings->poll_ms,
        .start_ms = settings->created_ms % PS_DAY_MS,
        .max_cost_usd_micros = PS_PLAN_UNKNOWN,
        .wall_ms = settings->created_ms,
    };
    if (ps_plan_make(&ask, &plan, &err) == PS_OK && plan.view.verdict != PS_PLAN_IMPOSSIBLE &&
        plan.view.demand.unique_records > 0) {
        ps_plan_text_add_brief(&text, &plan.view, settings->is_local);
        say_lines(ps_buf_str(&text));
    }
}

enum ps_status ps_plan_show_check(const struct ps_options *const options,
                                  const struct ps_settings *const settings,
                                  const char *const folder, struct ps_error *const err)
{
    const int64_t cap = settings->spending.max_cost_usd_micros;
    const int64_t now_ms = ps_clock_real_wall_ms();
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = NULL;
    struct ps_index *index PS_CLEANUP(ps_index_free_auto) = NULL;
    struct ps_plan_made plan PS_CLEANUP(ps_plan_made_release);
    struct ps_buf cost PS_CLEANUP(ps_buf_release);
    ps_buf_init(&cost, PS_PLAN_TEXT_BYTES_MAX);
    ps_plan_made_init(&plan);
    if (cap == 0 || options->is_yes) {
        return PS_OK;
    }
    if (ps_request_models(options, &models, err) != PS_OK ||
        ps_index_open(folder, &index, err) != PS_OK) {
        return err->status;
    }
    const struct ps_plan_ask ask = {
        .lanes = settings->lanes,
        .lane_count = settings->lane_count,
        .models = models,
        .index = index,
        .expected_output = settings->expect_output,
        .start_ms = now_ms % PS_DAY_MS,
        .max_cost_usd_micros = cap,
        .wall_ms = now_ms,
    };
    if (ps_plan_make(&ask, &plan, err) != PS_OK) {
        return err->status;
    }
    if (plan.view.verdict != PS_PLAN_TOO_DEAR) {
        return PS_OK;
    }
    ps_units_add_usd(&cost, plan.view.cost_usd_micros);
    (void)ps_error_set(err, PS_E_REFUSED, PS_RETRY_NEVER,
                       "cannot keep to --max-cost: by plan this run costs %s", ps_buf_text(&cost));
    return ps_error_hint(err, "Say --expect-output N where answers are shorter than they may be, "
                              "give more, or say --yes: then it sends what is paid for.");
}
