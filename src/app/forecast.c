#include "app/forecast.h"

#include "base/assert.h"
#include "core/cut.h"
#include "core/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Facts taken in one turn; as many as a real run takes. */
#define FACTS_PER_TURN 64

/* At once: puts and readers; as many as a real run has. */
#define PUTS_MAX 6
#define GETS_MAX 6

/* So often the engine may wake without a fact and without time passing before it counts as stuck.
 */
#define IDLE_TURNS_MAX 1000

/* A run that takes longer than a century is none. */
#define MAKESPAN_MS_MAX (100 * 365 * PS_DAY_MS)

#define TIMEOUT_HOURS 72

struct ps_forecast {
    struct ps_forecast_options options;
    struct ps_engine *engine;
    struct ps_forecast_book *book;
    struct ps_world world;
    int64_t wish_id;
};

static struct ps_engine_lane *make_lanes(const struct ps_forecast_options *const options)
{
    struct ps_engine_lane *const lanes = calloc((size_t)options->lane_count, sizeof(lanes[0]));
    PS_ASSERT(lanes != NULL);
    for (int64_t place = 0; place < options->lane_count; place++) {
        const struct ps_lane *const lane = &options->lanes[place];
        lanes[place] = (struct ps_engine_lane){
            .names = {PS_STR("bucket"), PS_STR("penstock"), PS_STR("forecast")},
            .model = ps_str_of(lane->model),
            .role_arn = PS_STR("arn:aws:iam::111122223333:role/forecast"),
            .region = ps_str_of(lane->region),
            .profile = ps_str_of(lane->profile),
            .account = PS_STR(""),
            .pool = options->pools->of_lane[place],
            .min_records = ps_lane_limit(lane, PS_LIMIT_MIN_RECORDS, 1),
        };
    }
    return lanes;
}

static struct ps_engine_pool *make_pools(const struct ps_forecast_options *const options)
{
    struct ps_engine_pool *const pools = calloc((size_t)options->pools->count, sizeof(pools[0]));
    PS_ASSERT(pools != NULL);
    for (int64_t place = 0; place < options->pools->count; place++) {
        pools[place] = ps_cut_engine_pool(&options->pools->pools[place]);
    }
    return pools;
}

struct ps_forecast *ps_forecast_new(const struct ps_forecast_options *const options)
{
    struct ps_forecast *const forecast = calloc(1, sizeof(*forecast));
    PS_ASSERT(forecast != NULL);
    struct ps_engine_lane *const lanes = make_lanes(options);
    struct ps_engine_pool *const pools = make_pools(options);
    const struct ps_engine_options engine = {
        .lanes = lanes,
        .lane_count = options->lane_count,
        .pools = pools,
        .pool_count = options->pools->count,
        .nonce = PS_STR("forecast"),
        .timeout_hours = TIMEOUT_HOURS,
        .poll_ms = options->poll_ms,
        .puts_max = PUTS_MAX,
        .gets_max = GETS_MAX,
        .seed = options->seed,
    };
    forecast->options = *options;
    forecast->engine = ps_engine_new(&engine);
    forecast->book = ps_forecast_book_new(options->records);
    free(lanes);
    free(pools);
    return forecast;
}

struct ps_forecast *ps_forecast_free(struct ps_forecast *const forecast)
{
    if (forecast != NULL) {
        (void)ps_engine_free(forecast->engine);
        (void)ps_forecast_book_free(forecast->book);
        free(forecast);
    }
    return NULL;
}

const struct ps_engine *ps_forecast_engine(const struct ps_forecast *const forecast)
{
    return forecast->engine;
}

/* ------------------------------------------------ what the world asks and tells */

int64_t ps_forecast_body(const struct ps_forecast *const forecast, const struct ps_wish *const wish,
                         void (*const see)(void *seer, int64_t first, int64_t end),
                         void *const seer)
{
    return ps_forecast_book_each(forecast->book, wish->job, wish->shard, see, seer);
}

void ps_forecast_line(struct ps_forecast *const forecast, const struct ps_wish *const wish,
                      const int64_t first, const int64_t end, const int64_t error_code)
{
    enum ps_book_line line = PS_BOOK_SUCCEEDED;
    if (error_code != 0) {
        char code[32];
        (void)snprintf(code, sizeof(code), "%lld", (long long)error_code);
        line = ps_outcome_is_retryable(ps_str_of(code)) ? PS_BOOK_RETRYABLE : PS_BOOK_FAILED;
    }
    ps_forecast_book_line(forecast->book, wish->job, line, first, end);
}

void ps_forecast_manifest(struct ps_forecast *const forecast, const struct ps_wish *const wish,
                          const int64_t counted, const int64_t input_tokens,
                          const int64_t output_tokens)
{
    ps_forecast_book_manifest(forecast->book, wish->job, counted, input_tokens, output_tokens);
}

/* ------------------------------------------------ local wishes */

/* Jobs that were given up before they were sent hold nothing any more. */
static void let_go(struct ps_forecast *const forecast)
{
    for (int64_t place = 0; place < ps_engine_job_count(forecast->engine); place++) {
        const struct ps_job *const job = ps_engine_job(forecast->engine, place);
        if (job->state == PS_STATE_VOID && ps_forecast_book_has(forecast->book, job->number)) {
            ps_forecast_book_let_go(forecast->book, job->number);
        }
    }
}

static int64_t unsent_of(const struct ps_forecast *const forecast)
{
    struct ps_book_counts counts;
    ps_forecast_book_counts(forecast->book, &counts);
    return counts.unsent;
}

static void tell_shapes(const struct ps_allotment *const allotment, const int64_t first_number,
                        struct ps_fact *const fact)
{
    fact->shapes = calloc((size_t)allotment->job_count + 1, sizeof(fact->shapes[0]));
    PS_ASSERT(fact->shapes != NULL);
    for (int64_t place = 0; place < allotment->job_count; place++) {
        const struct ps_allotment_part *part = NULL;
        const struct ps_plan_job *const cut = ps_allotment_job(allotment, place, &part);
        fact->shapes[place] = (struct ps_job_shape){.number = first_number + place,
                                                    .lane = part->lane,
                                                    .shard_count = cut->shard_count,
                                                    .records = cut->records,
                                                    .bytes = cut->bytes,
                                                    .input_tokens = cut->input_tokens,
                                                    .quota_tokens = cut->quota_tokens};
    }
    fact->shape_count = allotment->job_count;
    fact->unsent = allotment->left_records;
}

static enum ps_status cut_jobs(struct ps_forecast *const forecast, struct ps_fact *const fact,
                               struct ps_error *const err)
{
    struct ps_allotment allotment PS_CLEANUP(ps_allotment_release);
    const int64_t first_number = ps_engine_next_number(forecast->engine);
    ps_allotment_init(&allotment);
    let_go(forecast);
    const struct ps_plan_records records = {.end = unsent_of(forecast),
                                            .alike = &forecast->options.record};
    const struct ps_cut_options options = {
        .lanes = forecast->options.lanes,
        .lane_count = forecast->options.lane_count,
        .pools = forecast->options.pools,
        .engine = forecast->engine,
        .timeout_ms = TIMEOUT_HOURS * PS_HOUR_MS,
        .wall_ms = forecast->options.now(forecast->options.context).wall_ms,
    };
    if (ps_cut(&allotment, &records, &options, err) != PS_OK) {
        return err->status;
    }
    ps_forecast_book_cut(forecast->book, &allotment, first_number);
    tell_shapes(&allotment, first_number, fact);
    return PS_OK;
}

static enum ps_status perform(struct ps_forecast *const forecast, const struct ps_wish *const wish,
                              struct ps_fact *const fact, struct ps_error *const err)
{
    switch (wish->kind) {
    case PS_WISH_CUT_JOBS:
        return cut_jobs(forecast, fact, err);
    case PS_WISH_LOAD_SHARDS:
        fact->shards = ps_forecast_book_rows(forecast->book, wish->job, &fact->shard_count);
        return PS_OK;
    case PS_WISH_TALLY:
        if (ps_engine_find(forecast->engine, wish->job)->listing_count == 0) {
            ps_forecast_book_begin(forecast->book, wish->job);
        }
        ps_forecast_book_tally(forecast->book, wish->job, &fact->tally);
        return PS_OK;
    case PS_WISH_CLOSE_JOB:
        ps_forecast_book_close(forecast->book, wish->job, (enum ps_job_verdict)wish->shard);
        fact->unsent = unsent_of(forecast);
        return PS_OK;
    case PS_WISH_GIVE_UP:
        let_go(forecast);
        ps_forecast_book_give_up(forecast->book, (enum ps_job_verdict)wish->shard);
        return PS_OK;
    default:
        return ps_error_set(err, PS_E_CONFLICT, PS_RETRY_NEVER,
                            "cannot forecast: job %lld is at the service, and nobody sent it",
                            (long long)wish->job);
    }
}

/* ------------------------------------------------ one turn */

static void take_wishes(struct ps_forecast *const forecast, const struct ps_now now)
{
    struct ps_wish wish;
    while (ps_engine_next(forecast->engine, now, &wish)) {
        if (ps_wish_is_local(wish.kind)) {
            struct ps_fact fact = {.kind = wish.kind, .job = wish.job, .shard = wish.shard};
            fact.outcome = perform(forecast, &wish, &fact, &fact.error) == PS_OK ? PS_OUTCOME_YES
                                                                                 : PS_OUTCOME_NO;
            ps_engine_handle(forecast->engine, &fact, now);
            ps_fact_release(&fact);
            continue;
        }
        wish.id = ++forecast->wish_id;
        if (wish.kind == PS_WISH_GET_OBJECT && wish.shard == 0 && wish.offset == 0) {
            ps_forecast_book_begin(forecast->book, wish.job);
        }
        forecast->world.ops->start(forecast->world.context, &wish);
    }
}

static void take_fact(struct ps_forecast *const forecast, struct ps_fact *const fact,
                      const struct ps_now now)
{
    if (fact->kind == PS_WISH_PUT_SHARD && fact->outcome == PS_OUTCOME_YES) {
        ps_forecast_book_put(forecast->book, fact->job, fact->shard,
                             ps_engine_find(forecast->engine, fact->job)->attempt);
    }
    ps_engine_handle(forecast->engine, fact, now);
    ps_fact_release(fact);
}

/* Waits for the first fact, then takes what else is there at once. Returns how many came. */
static int64_t wait_facts(struct ps_forecast *const forecast)
{
    struct ps_fact facts[FACTS_PER_TURN];
    const struct ps_world world = forecast->world;
    int64_t count = 0;
    if (world.ops->next_fact(world.context, ps_engine_wake_at_ms(forecast->engine), &facts[0])) {
        count = 1;
        while (count < FACTS_PER_TURN && world.ops->next_fact(world.context, 0, &facts[count])) {
            count++;
        }
    }
    const struct ps_now now = forecast->options.now(forecast->options.context);
    for (int64_t fact = 0; fact < count; fact++) {
        take_fact(forecast, &facts[fact], now);
    }
    return count;
}

static enum ps_status stuck(const struct ps_forecast *const forecast, struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_CONFLICT, PS_RETRY_NEVER,
                       "cannot forecast: after %lld jobs nothing more happens",
                       (long long)ps_engine_job_count(forecast->engine));
    return ps_error_hint(err, "The limits of the lanes keep what is left from being sent.");
}

static enum ps_status loop(struct ps_forecast *const forecast, struct ps_error *const err)
{
    const struct ps_forecast_options *const options = &forecast->options;
    const struct ps_now begun = options->now(options->context);
    int64_t idle_turns = 0;
    int64_t at_ms = begun.steady_ms;
    while (ps_engine_phase(forecast->engine) == PS_PHASE_RUNNING) {
        const struct ps_now now = options->now(options->context);
        take_wishes(forecast, now);
        if (ps_engine_phase(forecast->engine) != PS_PHASE_RUNNING) {
            break;
        }
        const int64_t facts = wait_facts(forecast);
        const int64_t next_ms = options->now(options->context).steady_ms;
        idle_turns = facts > 0 || next_ms > at_ms ? 0 : idle_turns + 1;
        at_ms = next_ms;
        if (idle_turns >= IDLE_TURNS_MAX) {
            return stuck(forecast, err);
        }
        if (at_ms - begun.steady_ms > MAKESPAN_MS_MAX) {
            return ps_error_set(err, PS_E_REFUSED, PS_RETRY_NEVER,
                                "cannot forecast: it takes longer than a century");
        }
    }
    return PS_OK;
}

/* What must hold at the end, counted from the book and the engine's jobs. */
static int64_t count_violations(const struct ps_forecast *const forecast,
                                const struct ps_book_counts *const records)
{
    int64_t violations = records->strays;
    const int64_t ended = records->succeeded + records->failed + records->cancelled;
    violations += ended != forecast->options.records ? 1 : 0;
    violations += records->held != 0 ? 1 : 0;
    violations += ps_engine_phase(forecast->engine) != PS_PHASE_ENDED ? 1 : 0;
    for (int64_t place = 0; place < ps_engine_job_count(forecast->engine); place++) {
        const struct ps_job *const job = ps_engine_job(forecast->engine, place);
        violations += ps_job_holds_slot(job) ? 1 : 0;
    }
    return violations;
}

void ps_forecast_run(struct ps_forecast *const forecast, const struct ps_world world,
                     struct ps_forecast_result *const ret_result)
{
    const struct ps_forecast_options *const options = &forecast->options;
    struct ps_forecast_result result = {0};
    const int64_t begun_ms = options->now(options->context).steady_ms;
    forecast->world = world;
    if (loop(forecast, &result.error) == PS_OK &&
        ps_engine_phase(forecast->engine) == PS_PHASE_HALTED) {
        result.error = *ps_engine_error(forecast->engine);
    }
    ps_forecast_book_counts(forecast->book, &result.records);
    result.phase = ps_engine_phase(forecast->engine);
    result.makespan_ms = options->now(options->context).steady_ms - begun_ms;
    for (int64_t place = 0; place < ps_engine_job_count(forecast->engine); place++) {
        result.jobs += ps_engine_job(forecast->engine, place)->arn != NULL ? 1 : 0;
    }
    result.violations = count_violations(forecast, &result.records);
    *ret_result = result;
}

/* ------------------------------------------------ many */

static int compare(const void *const left, const void *const right)
{
    const int64_t first = *(const int64_t *)left;
    const int64_t second = *(const int64_t *)right;
    return (first > second) - (first < second);
}

void ps_forecast_band_of(int64_t *const makespans_ms, const int64_t count,
                         struct ps_forecast_band *const ret_band)
{
    PS_ASSERT(count > 0);
    qsort(makespans_ms, (size_t)count, sizeof(makespans_ms[0]), compare);
    /* One more run falls between the places a and b of n with a chance of (b - a) / (n + 1). */
    const int64_t low = (count + 1) * 5 / 100;
    const int64_t high = ((count + 1) * 95 + 99) / 100;
    *ret_band =
        (struct ps_forecast_band){.median_ms = makespans_ms[(count - 1) / 2],
                                  .low_ms = makespans_ms[low > 0 ? low - 1 : 0],
                                  .high_ms = makespans_ms[high < count ? high - 1 : count - 1]};
}
