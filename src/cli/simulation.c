#include "cli/simulation.h"

#include "base/assert.h"
#include "base/checked.h"
#include "core/bound.h"
#include "core/pool.h"
#include "sim/startup.h"
#include "sim/virtual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first day of every simulated run: 2026-01-01. Any day would do; a fixed one keeps the log the
 * same. */
#define FIRST_DAY_MS (INT64_C(20454) * PS_DAY_MS)

/* Numbers alone name no model; the service wants one, and its limits are those of the lane. */
#define ASSUMED_MODEL "penstock.assumed-v1:0"

#define TEN_THOUSANDTHS 10000

/* What an answer adds to its output line, beside the echo: bytes of an output token. */
#define ANSWER_BYTES_PER_TOKEN PS_BYTES_PER_TOKEN

void ps_simulation_init(struct ps_simulation *const simulation)
{
    memset(simulation, 0, sizeof(*simulation));
}

void ps_simulation_release(struct ps_simulation *const simulation)
{
    free(simulation->lanes);
    free(simulation->uses);
    free(simulation->jobs);
    ps_simulation_init(simulation);
}

int64_t ps_simulation_ratio(const struct ps_simulation *const simulation)
{
    int64_t ratio = 0;
    if (simulation->lower_bound_ms <= 0 || !ps_muldiv_i64(simulation->makespan_ms, TEN_THOUSANDTHS,
                                                          simulation->lower_bound_ms, &ratio)) {
        return 0;
    }
    return ratio * simulation->lower_bound_ms < simulation->makespan_ms * TEN_THOUSANDTHS
               ? ratio + 1
               : ratio;
}

/* ------------------------------------------------ the world's questions */

struct link {
    struct ps_forecast *forecast;
    struct ps_virtual *service;
};

static void add_range(void *const seer, const int64_t first, const int64_t end)
{
    ps_virtual_add_range(seer, first, end);
}

static int64_t tell_ranges(void *const context, const struct ps_wish *const wish,
                           struct ps_virtual_ranges *const ranges)
{
    const struct link *const link = context;
    return ps_forecast_body(link->forecast, wish, add_range, ranges);
}

static void deliver(void *const context, const struct ps_wish *const wish,
                    const struct ps_virtual_delivery *const delivery)
{
    const struct link *const link = context;
    if (delivery->kind == PS_VIRTUAL_MANIFEST) {
        ps_forecast_manifest(link->forecast, wish, delivery->end, delivery->input_tokens,
                             delivery->output_tokens);
    } else if (delivery->kind != PS_VIRTUAL_NO_LINE) {
        ps_forecast_line(link->forecast, wish, delivery->first, delivery->end,
                         delivery->kind == PS_VIRTUAL_ERROR ? delivery->error_code : 0);
    }
}

static const struct ps_virtual_records_ops records_ops = {tell_ranges, deliver, NULL};

static struct ps_now tell_time(void *const context)
{
    const struct link *const link = context;
    return ps_virtual_now(link->service);
}

/* ------------------------------------------------ what is asked */

/* A mean of the records that are sent, rounded up. */
static int64_t mean(const int64_t sum, const int64_t records)
{
    return records == 0 ? 0 : (sum + records - 1) / records;
}

#define MILLIONTHS 1000000

/* What is said of the records of an input counts for the simulated ones too. */
static struct ps_entry record_of(const struct ps_plan_request *const request)
{
    const struct ps_index_summary *const summary = &request->summary;
    const int64_t sent_bytes = mean(summary->sent_bytes, summary->sent);
    int64_t input_tokens = mean(summary->input_tokens, summary->sent);
    int64_t output_tokens = mean(summary->output_tokens_max, summary->sent);
    if (request->index != NULL && request->tokens_per_byte_millionths > 0) {
        input_tokens = ps_scale_up_i64(sent_bytes, request->tokens_per_byte_millionths, MILLIONTHS);
    }
    if (request->index != NULL && request->expected_output > 0 &&
        request->expected_output < output_tokens) {
        output_tokens = request->expected_output;
    }
    return (struct ps_entry){
        .sent_bytes = (uint32_t)sent_bytes,
        .input_tokens = (uint32_t)input_tokens,
        .output_tokens_max = (uint32_t)output_tokens,
    };
}

static int64_t limit_of(const struct ps_lane *const lane, const enum ps_limit_key key)
{
    return ps_lane_limit(lane, key, 0);
}

/* The start-up that the user says is the one; else it is drawn from what was recorded. */
static int64_t startup_of(const struct ps_lane *const lane)
{
    const struct ps_limit startup = lane->limits[PS_LIMIT_STARTUP];
    return startup.source == PS_SOURCE_USER ? startup.value : -1;
}

static struct ps_virtual_lane service_lane(const struct ps_lane *const lane,
                                           const struct ps_pools *const pools, const int64_t place)
{
    const struct ps_pool *const pool = &pools->pools[pools->of_lane[place]];
    return (struct ps_virtual_lane){
        .name = lane->name,
        .model = lane->model,
        .region = lane->region,
        .bucket = "bucket",
        .pool = pools->of_lane[place],
        .jobs = ps_pool_limit(pool, PS_LIMIT_JOBS, 0),
        .tpm = ps_pool_limit(pool, PS_LIMIT_TPM, 0),
        .tpd = ps_pool_limit(pool, PS_LIMIT_TPD, 0),
        .reset_ms = ps_pool_limit(pool, PS_LIMIT_RESET, 0),
        .rps = pool->rps_counts == PS_RPS_RECORDS ? ps_pool_limit(pool, PS_LIMIT_RPS, 0) : 0,
        .is_refusing = lane->behaviour == PS_BEHAVIOUR_REFUSE,
        .min_records = limit_of(lane, PS_LIMIT_MIN_RECORDS),
        .job_records = limit_of(lane, PS_LIMIT_JOB_RECORDS),
        .job_bytes = limit_of(lane, PS_LIMIT_JOB_BYTES),
        .files = limit_of(lane, PS_LIMIT_FILES),
        .shard_records = limit_of(lane, PS_LIMIT_SHARD_RECORDS),
        .shard_bytes = limit_of(lane, PS_LIMIT_SHARD_BYTES),
        .burndown = ps_pool_limit(pool, PS_LIMIT_BURNDOWN, 1),
        .startup_ms = startup_of(lane),
    };
}

/* Each AWS profile has an account of its own, in twelve digits. */
#define FIRST_ACCOUNT 111122223333
#define ACCOUNT_SIZE 24

static void name_account(const struct ps_lane *const lanes, const int64_t place,
                         char text[const ACCOUNT_SIZE])
{
    int64_t first = 0;
    while (strcmp(lanes[first].profile, lanes[place].profile) != 0) {
        first++;
    }
    (void)snprintf(text, ACCOUNT_SIZE, "%lld", (long long)(FIRST_ACCOUNT + first));
}

static struct ps_virtual *make_service(const struct ps_simulation_options *const options,
                                       const struct ps_lane *const request_lanes,
                                       const struct ps_pools *const pools, const uint64_t seed,
                                       struct link *const link)
{
    const struct ps_plan_request *const request = options->request;
    const struct ps_entry record = record_of(request);
    struct ps_virtual_lane *const lanes = calloc((size_t)request->lane_count, sizeof(lanes[0]));
    char(*const accounts)[ACCOUNT_SIZE] = calloc((size_t)request->lane_count, sizeof(accounts[0]));
    PS_ASSERT(lanes != NULL && accounts != NULL);
    for (int64_t lane = 0; lane < request->lane_count; lane++) {
        lanes[lane] = service_lane(&request_lanes[lane], pools, lane);
        name_account(request_lanes, lane, accounts[lane]);
        lanes[lane].account = accounts[lane];
    }
    struct ps_virtual *const service = ps_virtual_new(&(struct ps_virtual_options){
        .seed = seed,
        .start_ms = FIRST_DAY_MS + request->start_ms,
        .lanes = lanes,
        .lane_count = (size_t)request->lane_count,
        .truth = {.input_tokens = record.input_tokens,
                  .output_tokens = record.output_tokens_max,
                  .output_bytes = (int64_t)record.sent_bytes +
                                  (int64_t)record.output_tokens_max * ANSWER_BYTES_PER_TOKEN,
                  .spread_permille = options->what_if.spread_permille,
                  .bias_permille = options->what_if.bias_permille,
                  .fail_400_permille = options->what_if.refused_permille,
                  .fail_500_permille = options->what_if.failing_permille},
        .events = options->events,
        .records = &records_ops,
        .context = link,
    });
    free(accounts);
    free(lanes);
    return service;
}

/* ------------------------------------------------ the bound */

/* A record as the service counted it: of `sum` over `records`, less and more by the spread. */
static int64_t spread(const int64_t sum, const int64_t records, const int64_t permille)
{
    int64_t value = records == 0 ? 0 : sum / records;
    return ps_muldiv_i64(value, 1000 + permille, 1000, &value) ? value : 0;
}

static struct ps_demand_record bound_record(const struct ps_simulation_options *const options,
                                            const struct ps_virtual_ledger *const ledger,
                                            const int64_t permille)
{
    const struct ps_index_summary *const summary = &options->request->summary;
    const int64_t billed = ledger->records_billed;
    const int64_t output_tokens = spread(ledger->output_tokens, billed, permille);
    return (struct ps_demand_record){
        .bytes = summary->sent == 0 ? 0 : summary->sent_bytes / summary->sent,
        .input_tokens = spread(ledger->input_tokens, billed, permille),
        .output_tokens = output_tokens,
        .output_tokens_max = output_tokens,
    };
}

static void make_supply(const struct ps_plan_request *const request,
                        const struct ps_pools *const pools, struct ps_supply_lane *const lanes)
{
    struct ps_startup startup;
    ps_startup_load(&startup);
    for (int64_t lane = 0; lane < request->lane_count; lane++) {
        const struct ps_pool *const pool = &pools->pools[pools->of_lane[lane]];
        const int64_t said_ms = startup_of(&request->lanes[lane]);
        ps_supply_lane_of(&request->lanes[lane], pools->of_lane[lane], &lanes[lane]);
        lanes[lane].rps_counts = pool->rps_counts;
        lanes[lane].startup_least_ms = said_ms >= 0 ? said_ms : startup.delays[0].value;
        for (int key = 0; key < PS_LIMIT_COUNT; key++) {
            if (ps_pool_has((enum ps_limit_key)key)) {
                lanes[lane].limits[key] = pool->limits[key].value;
            }
        }
    }
}

/* For what was really used, so that a wrong estimate is not taken for a better schedule. */
static enum ps_status find_bound(const struct ps_simulation_options *const options,
                                 const struct ps_pools *const pools,
                                 const struct ps_virtual_ledger *const ledger,
                                 int64_t *const ret_bound_ms, struct ps_error *const err)
{
    const struct ps_plan_request *const request = options->request;
    const int64_t permille = options->what_if.spread_permille;
    const struct ps_demand_record light = bound_record(options, ledger, -permille);
    const struct ps_demand_record middle = bound_record(options, ledger, 0);
    const struct ps_demand_record heavy = bound_record(options, ledger, permille);
    struct ps_supply supply = {.lane_count = request->lane_count,
                               .starts_at_ms = request->start_ms};
    struct ps_demand demand;
    int64_t bound_ms = 0;
    supply.lanes = calloc((size_t)request->lane_count, sizeof(supply.lanes[0]));
    PS_ASSERT(supply.lanes != NULL);
    make_supply(request, pools, supply.lanes);
    const int64_t pairs = ledger->records_billed >= 2 ? 1 : 0;
    enum ps_status status = ps_demand_init(&demand, &supply, &(struct ps_demand_options){0}, err);
    if (status == PS_OK && ledger->records_billed > 0 &&
        (ps_demand_add(&demand, &light, pairs, err) != PS_OK ||
         ps_demand_add(&demand, &middle, ledger->records_billed - 2 * pairs, err) != PS_OK ||
         ps_demand_add(&demand, &heavy, pairs, err) != PS_OK)) {
        status = err->status;
    }
    if (status == PS_OK && ledger->records_billed > 0) {
        bound_ms = ps_bound_ms(&demand, &supply, &(struct ps_bound_options){0});
    }
    free(supply.lanes);
    *ret_bound_ms = bound_ms == PS_BOUND_NEVER ? 0 : bound_ms;
    return status;
}

/* ------------------------------------------------ the answer */

static void tell_jobs(const struct ps_engine *const engine, const int64_t begun_ms,
                      const int64_t lane_count, struct ps_simulation *const simulation)
{
    const int64_t count = ps_engine_job_count(engine);
    simulation->lanes = calloc((size_t)lane_count, sizeof(simulation->lanes[0]));
    simulation->jobs = calloc((size_t)count + 1, sizeof(simulation->jobs[0]));
    PS_ASSERT(simulation->lanes != NULL);
    PS_ASSERT(simulation->jobs != NULL);
    for (int64_t place = 0; place < count; place++) {
        const struct ps_job *const job = ps_engine_job(engine, place);
        struct ps_simulation_lane *const lane = &simulation->lanes[job->lane];
        if (job->arn == NULL) {
            continue;
        }
        const struct ps_simulation_job told = {
            .lane = job->lane,
            .start_ms = job->signed_wall_ms - begun_ms,
            .end_ms = job->ended_ms == 0 ? 0 : job->ended_ms - begun_ms,
            .records = job->records,
        };
        simulation->jobs[simulation->job_count++] = told;
        lane->jobs++;
        lane->end_ms = told.end_ms > lane->end_ms ? told.end_ms : lane->end_ms;
    }
}

static void tell_uses(const struct ps_plan_request *const request,
                      const struct ps_pools *const pools,
                      const struct ps_virtual_ledger *const ledger,
                      struct ps_simulation *const simulation)
{
    simulation->use_count = (int64_t)ledger->use_count;
    simulation->uses = calloc(ledger->use_count + 1, sizeof(simulation->uses[0]));
    PS_ASSERT(simulation->uses != NULL);
    for (size_t place = 0; place < ledger->use_count; place++) {
        const struct ps_virtual_use *const use = &ledger->uses[place];
        struct ps_simulation_use *const told = &simulation->uses[place];
        *told = (struct ps_simulation_use){
            .tokens = use->tokens,
            .days = use->days,
            .tpm_permille = use->tpm_permille,
            .tpd_permille = use->tpd_permille,
            .rps_permille = use->rps_permille,
            .jobs_permille = use->jobs_permille,
            .peak_jobs = use->peak_jobs,
        };
        memcpy(told->pool, request->lanes[pools->pools[use->pool].first_lane].name,
               sizeof(told->pool));
    }
}

static void tell_ledger(const struct ps_virtual_ledger *const ledger,
                        struct ps_simulation *const simulation)
{
    simulation->makespan_ms = ledger->makespan_ms;
    simulation->paid_twice = ledger->paid_twice;
    simulation->breaches = ledger->breach_count;
    simulation->refused_records = ledger->refused_records;
    simulation->throttled_calls = ledger->throttled_calls;
    simulation->input_tokens = ledger->input_tokens;
    simulation->output_tokens = ledger->output_tokens;
}

/* The request's lanes, each with a model; heap. */
static struct ps_lane *lanes_with_models(const struct ps_plan_request *const request)
{
    struct ps_lane *const lanes = calloc((size_t)request->lane_count, sizeof(lanes[0]));
    PS_ASSERT(lanes != NULL);
    for (int64_t lane = 0; lane < request->lane_count; lane++) {
        lanes[lane] = request->lanes[lane];
        if (lanes[lane].model[0] == '\0') {
            memcpy(lanes[lane].model, ASSUMED_MODEL, sizeof(ASSUMED_MODEL));
        }
    }
    return lanes;
}

static enum ps_status simulate(const struct ps_simulation_options *const options,
                               const struct ps_pools *const pools,
                               struct ps_simulation *const simulation, struct ps_error *const err)
{
    const struct ps_plan_request *const request = options->request;
    struct link link = {NULL, NULL};
    struct ps_forecast_result result;
    struct ps_virtual_ledger ledger;
    struct ps_lane *const lanes = lanes_with_models(request);
    link.service = make_service(options, lanes, pools, simulation->seed, &link);
    link.forecast = ps_forecast_new(&(struct ps_forecast_options){
        .lanes = lanes,
        .lane_count = request->lane_count,
        .pools = pools,
        .records = request->summary.sent,
        .record = record_of(request),
        .poll_ms = options->poll_ms,
        .seed = simulation->seed,
        .now = tell_time,
        .context = &link,
    });
    const int64_t begun_ms = tell_time(&link).steady_ms;
    ps_forecast_run(link.forecast, ps_virtual_port(link.service), &result);
    ps_virtual_tell(link.service, &ledger);
    simulation->violations = result.violations;
    simulation->records = result.records;
    simulation->error = result.error;
    tell_ledger(&ledger, simulation);
    tell_jobs(ps_forecast_engine(link.forecast), begun_ms, request->lane_count, simulation);
    tell_uses(request, pools, &ledger, simulation);
    const enum ps_status status =
        find_bound(options, pools, &ledger, &simulation->lower_bound_ms, err);
    link.forecast = ps_forecast_free(link.forecast);
    link.service = ps_virtual_free(link.service);
    free(lanes);
    return status;
}

enum ps_status ps_simulation_run(const struct ps_simulation_options *const options,
                                 const uint64_t seed, struct ps_simulation *const ret_simulation,
                                 struct ps_error *const err)
{
    const struct ps_plan_request *const request = options->request;
    struct ps_pools pools PS_CLEANUP(ps_pools_release);
    struct ps_simulation simulation;
    ps_pools_init(&pools);
    ps_simulation_init(&simulation);
    simulation.seed = seed;
    if (ps_pools_make(&pools, request->lanes, request->lane_count, err) != PS_OK ||
        simulate(options, &pools, &simulation, err) != PS_OK) {
        ps_simulation_release(&simulation);
        return err->status;
    }
    *ret_simulation = simulation;
    return PS_OK;
}
