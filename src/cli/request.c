#include "cli/request.h"

#include "app/results.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/time.h"
#include "cli/say.h"
#include "cli/wire.h"
#include "core/body.h"
#include "core/names.h"
#include "core/pool.h"
#include "os/clock.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_REGION "us-east-1"
#define LOCAL_PREFIX "penstock"
#define LOCAL_SPEED 600

/* timeoutDurationInHours, as CreateModelInvocationJob takes it (Bedrock API reference, 2026-11). */
#define TIMEOUT_HOURS_MIN 24
#define TIMEOUT_HOURS_MAX 168

static bool is_plan(const struct ps_options *const options)
{
    return options->command == PS_COMMAND_PLACE_PLAN ||
           options->command == PS_COMMAND_PLACE_SIMULATE || options->is_dry_run;
}

/* ------------------------------------------------ one value */

static enum ps_status set_text(char *const room, const size_t room_size, const struct ps_str value,
                               const char *const what, struct ps_error *const err)
{
    if (value.size >= room_size) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                            "cannot use this %s: it is longer than %zu bytes", what, room_size - 1);
    }
    memset(room, 0, room_size);
    if (value.size > 0) {
        memcpy(room, value.data, value.size);
    }
    return PS_OK;
}

/* MODEL or MODEL@REGION. */
static enum ps_status set_model(struct ps_lane *const lane, const char *const text,
                                struct ps_error *const err)
{
    const struct ps_str whole = ps_str_of(text);
    const size_t at = ps_str_find(whole, '@');
    if (set_text(lane->model, sizeof(lane->model), ps_str_part(whole, 0, at), "model", err) !=
        PS_OK) {
        return err->status;
    }
    return at == whole.size ? PS_OK
                            : set_text(lane->region, sizeof(lane->region),
                                       ps_str_part(whole, at + 1, whole.size), "Region", err);
}

enum ps_status ps_request_family(const struct ps_lane *const lane, enum ps_family *const ret_family,
                                 struct ps_error *const err)
{
    if (ps_family_of_model(ps_str_of(lane->model), ret_family)) {
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                       "cannot use model '%.100s': nobody here knows the form of its requests",
                       lane->model);
    return ps_error_hint(
        err,
        "Known are those of anthropic.claude-..., amazon.nova-..., meta.llama3-..., mistral...., "
        "openai.gpt-oss-... and others: 'penstock models'.");
}

/* ------------------------------------------------ models */

enum ps_status ps_request_models(const struct ps_options *const options,
                                 struct ps_models **const ret_models, struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_ANSWER_BYTES_MAX);
    if (options->models_file == NULL) {
        *ret_models = ps_models_builtin();
        return PS_OK;
    }
    if (ps_files_read(options->models_file, &text, err) != PS_OK) {
        err->status = PS_E_USAGE; /* ours, not the cloud's */
        return err->status;
    }
    return ps_models_read(ps_buf_str(&text), ret_models, err);
}

/* ------------------------------------------------ the lane */

/* A Region for what needs none of AWS: us-east-1, else the first where the model can be used. */
static enum ps_status guess_region(const struct ps_options *const options,
                                   struct ps_lane *const lane, struct ps_error *const err)
{
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = NULL;
    struct ps_str region = PS_STR(LOCAL_REGION);
    if (ps_request_models(options, &models, err) != PS_OK) {
        return err->status;
    }
    const struct ps_str given = ps_str_of(lane->model);
    const struct ps_model *const model = ps_models_find(models, given);
    const enum ps_reach reach = ps_models_reach(given);
    int64_t place = 0;
    while (model != NULL && ps_models_batch(models, model, given, region) == PS_BATCH_NO) {
        if (!ps_models_region(model, reach, place++, &region)) {
            region = PS_STR(LOCAL_REGION); /* refused there, with the reason */
            break;
        }
    }
    return set_text(lane->region, sizeof(lane->region), region, "Region", err);
}

static enum ps_status set_region(const struct ps_options *const options, struct ps_lane *const lane,
                                 struct ps_error *const err)
{
    char *region PS_CLEANUP(ps_str_free_auto) = NULL;
    if (lane->region[0] != '\0') {
        return PS_OK;
    }
    if (options->is_local || is_plan(options)) {
        return guess_region(options, lane, err);
    }
    if (ps_wire_region(options, &region, err) != PS_OK) {
        return err->status;
    }
    if (region == NULL && options->command == PS_COMMAND_PLACE_QUOTAS) {
        return guess_region(options, lane, err);
    }
    return region == NULL
               ? PS_OK
               : set_text(lane->region, sizeof(lane->region), ps_str_of(region), "Region", err);
}

/* What the model decides: its limits, and whether it can be used there at all. */
static enum ps_status hold_model(const struct ps_options *const options, struct ps_lane *const lane,
                                 struct ps_error *const err)
{
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = NULL;
    if (lane->model[0] == '\0') {
        return PS_OK;
    }
    if (ps_request_models(options, &models, err) != PS_OK ||
        ps_models_check_lane(models, lane, err) != PS_OK) {
        return err->status;
    }
    ps_models_fill(models, lane);
    return PS_OK;
}

/* Says which models are near their end, each once. */
static enum ps_status tell_lives(const struct ps_options *const options,
                                 const struct ps_lane *const lanes, const int64_t lane_count,
                                 struct ps_error *const err)
{
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = NULL;
    if (ps_request_models(options, &models, err) != PS_OK) {
        return err->status;
    }
    for (int64_t lane = 0; lane < lane_count; lane++) {
        const struct ps_model *const model = ps_models_find(models, ps_str_of(lanes[lane].model));
        struct ps_buf life PS_CLEANUP(ps_buf_release);
        bool is_said = model == NULL;
        ps_buf_init(&life, PS_TEXT_BYTES_MAX);
        for (int64_t other = 0; other < lane; other++) {
            is_said |= ps_models_find(models, ps_str_of(lanes[other].model)) == model;
        }
        if (!is_said && ps_models_life(model, ps_clock_real_wall_ms(), &life)) {
            ps_say("%s", ps_buf_text(&life));
        }
    }
    return PS_OK;
}

enum ps_status ps_request_lane(const struct ps_options *const options, const char *const text,
                               const char *const model, struct ps_lane *const lane,
                               struct ps_error *const err)
{
    if ((text != NULL && ps_lane_parse(lane, ps_str_of(text), err) != PS_OK) ||
        (model != NULL && set_model(lane, model, err) != PS_OK) ||
        ps_lane_fill(lane, options->limits, err) != PS_OK ||
        set_region(options, lane, err) != PS_OK || hold_model(options, lane, err) != PS_OK) {
        return err->status;
    }
    return ps_lane_check(lane, err);
}

static enum ps_status check_names(const struct ps_lane *const lanes, const int64_t lane_count,
                                  struct ps_error *const err)
{
    for (int64_t lane = 0; lane < lane_count; lane++) {
        for (int64_t other = 0; other < lane; other++) {
            if (strcmp(lanes[lane].name, lanes[other].name) == 0) {
                (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                                   "cannot use two lanes of the name '%s'", lanes[lane].name);
                return ps_error_hint(err, "Each --lane has a name=... of its own.");
            }
        }
    }
    return PS_OK;
}

/* The --model that is meant for this lane; NULL: its own. */
static const char *model_of(const struct ps_options *const options, const int64_t lane)
{
    struct ps_lane said;
    struct ps_error err;
    if (options->lanes.count == 0) {
        return options->models.count == 0 ? NULL : options->models.texts[lane];
    }
    ps_lane_init(&said, "");
    if (options->models.count == 0 ||
        (options->lanes.count > 1 &&
         (ps_lane_parse(&said, ps_str_of(options->lanes.texts[lane]), &err) != PS_OK ||
          said.model[0] != '\0'))) {
        return NULL;
    }
    return options->models.texts[0];
}

static enum ps_status read_lane(const struct ps_options *const options, const int64_t place,
                                const bool is_alone, struct ps_lane *const lane,
                                struct ps_error *const err)
{
    char name[sizeof(lane->name)] = "main";
    enum ps_family family = PS_FAMILY_CONVERSE;
    if (!is_alone) {
        (void)snprintf(name, sizeof(name), "lane%lld", (long long)place + 1);
    }
    ps_lane_init(lane, name);
    if (ps_request_lane(options, place < options->lanes.count ? options->lanes.texts[place] : NULL,
                        model_of(options, place), lane, err) != PS_OK) {
        return err->status;
    }
    return lane->model[0] == '\0' ? PS_OK : ps_request_family(lane, &family, err);
}

enum ps_status ps_request_lanes(const struct ps_options *const options,
                                struct ps_lane **const ret_lanes, int64_t *const ret_lane_count,
                                struct ps_error *const err)
{
    const int64_t named = options->lanes.count > 0 ? options->lanes.count : options->models.count;
    const int64_t lane_count = named > 0 ? named : 1;
    struct ps_pools pools PS_CLEANUP(ps_pools_release);
    ps_pools_init(&pools);
    if (options->lanes.count > 0 && options->models.count > 1) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot use several --model together with --lane");
        return ps_error_hint(err, "Write the model into each lane: --lane 'name=a,model=M'.");
    }
    struct ps_lane *const lanes = calloc((size_t)lane_count, sizeof(*lanes));
    PS_ASSERT(lanes != NULL);
    enum ps_status status = PS_OK;
    for (int64_t lane = 0; status == PS_OK && lane < lane_count; lane++) {
        status = read_lane(options, lane, lane_count == 1, &lanes[lane], err);
    }
    if (status != PS_OK || check_names(lanes, lane_count, err) != PS_OK ||
        ps_pools_make(&pools, lanes, lane_count, err) != PS_OK ||
        tell_lives(options, lanes, lane_count, err) != PS_OK) {
        free(lanes);
        return err->status;
    }
    *ret_lanes = lanes;
    *ret_lane_count = lane_count;
    return PS_OK;
}

/* An option of the whole run: over what its one lane says; of several, for those that say nothing.
 */
static enum ps_status set_place_text(char *const room, const size_t room_size,
                                     const char *const said, const bool is_alone,
                                     const char *const option, struct ps_error *const err)
{
    return said == NULL || (!is_alone && room[0] != '\0')
               ? PS_OK
               : set_text(room, room_size, ps_str_of(said), option, err);
}

/* ------------------------------------------------ all that is missing, at once */

static void add_missing(struct ps_buf *const list, const bool is_missing, const char *const what)
{
    if (is_missing) {
        ps_buf_add_text(list, list->size == 0 ? "" : ", ");
        ps_buf_add_text(list, what);
    }
}

static enum ps_status check_complete(const struct ps_options *const options,
                                     const struct ps_lane *const lane, const bool is_alone,
                                     struct ps_error *const err)
{
    struct ps_buf list PS_CLEANUP(ps_buf_release);
    const bool is_aws = !options->is_local && !is_plan(options);
    const bool has_jobs = is_aws && lane->kind == PS_KIND_BATCH; /* in a bucket, by a role */
    ps_buf_init(&list, PS_TEXT_BYTES_MAX);
    add_missing(&list, options->argument_count == 0, "an input");
    add_missing(&list, options->output == NULL && !is_plan(options), "-o RESULTS");
    add_missing(&list, lane->model[0] == '\0', "--model");
    add_missing(&list, has_jobs && lane->s3_uri[0] == '\0', "--s3-uri");
    add_missing(&list, has_jobs && lane->role_arn[0] == '\0', "--role-arn");
    add_missing(&list, is_aws && lane->region[0] == '\0', "a Region");
    if (list.size == 0) {
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot start %s%s%swithout %s",
                       is_alone ? "" : "lane '", is_alone ? "" : lane->name, is_alone ? "" : "' ",
                       ps_buf_text(&list));
    if (is_aws && (lane->s3_uri[0] == '\0' || lane->role_arn[0] == '\0')) {
        return ps_error_hint(err, "On AWS: penstock run prompts.jsonl -o results.jsonl --s3-uri "
                                  "s3://BUCKET/PREFIX --role-arn ARN --model MODEL@REGION. To try "
                                  "it without: --local instead of the two.");
    }
    if (lane->model[0] == '\0') {
        return ps_error_hint(err,
                             "For example: penstock run prompts.jsonl -o results.jsonl --model "
                             "us.anthropic.claude-haiku-4-5-20251001-v1:0@us-west-2.");
    }
    return ps_error_hint(
        err,
        "An input is a file of prompts, or '-'; a Region stands in MODEL@REGION, --region or "
        "AWS_REGION. 'penstock %s --help' tells more.",
        ps_command_rows[options->command].name);
}

/* Time in the queue counts: the default leaves three times what is typical, and bounds the wait. */
static enum ps_status check_timeout(const int64_t timeout_ms, struct ps_error *const err)
{
    if (timeout_ms % PS_HOUR_MS == 0 && timeout_ms >= TIMEOUT_HOURS_MIN * PS_HOUR_MS &&
        timeout_ms <= TIMEOUT_HOURS_MAX * PS_HOUR_MS) {
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                       "cannot use this --job-timeout: it is not %d to %d whole hours",
                       TIMEOUT_HOURS_MIN, TIMEOUT_HOURS_MAX);
    return ps_error_hint(err, "The service ends a job that takes longer, its time in the queue "
                              "included; what it did not do is sent again.");
}

enum ps_status ps_request_check(const struct ps_options *const options, struct ps_error *const err)
{
    if (options->is_dedupe && options->is_no_dedupe) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                            "cannot use --dedupe together with --no-dedupe");
    }
    if (options->command == PS_COMMAND_PLACE_RUN &&
        check_timeout(options->job_timeout_ms, err) != PS_OK) {
        return err->status;
    }
    for (int64_t input = 0; input < options->argument_count; input++) {
        if (options->arguments[input][0] == '\0') {
            return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot read the input ''");
        }
    }
    return PS_OK;
}

/* ------------------------------------------------ where things go */

static enum ps_status add_lane(const struct ps_options *const options,
                               const struct ps_lane *const lane, struct ps_settings *const settings,
                               struct ps_error *const err)
{
    struct ps_str bucket = PS_STR("");
    struct ps_str prefix = PS_STR(LOCAL_PREFIX);
    if (!options->is_local && !is_plan(options) && lane->kind == PS_KIND_BATCH) {
        if (!ps_str_starts_with(ps_str_of(lane->role_arn), PS_STR("arn:aws"))) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '%.100s' as a role",
                               lane->role_arn);
            return ps_error_hint(
                err, "A role is named by its ARN: arn:aws:iam::111122223333:role/NAME.");
        }
        if (ps_names_parse_uri(ps_str_of(lane->s3_uri), &bucket, &prefix, err) != PS_OK) {
            return err->status;
        }
    }
    (void)ps_settings_add_lane(settings, lane, bucket, prefix);
    return PS_OK;
}

/* Places for lanes that name none, and what each lane must have. */
static enum ps_status complete(const struct ps_options *const options, const bool is_alone,
                               struct ps_lane *const lane, struct ps_error *const err)
{
    if (lane->kind == PS_KIND_ON_DEMAND) {
        return check_complete(options, lane, is_alone, err);
    }
    if (set_place_text(lane->s3_uri, sizeof(lane->s3_uri), options->s3_uri, is_alone, "--s3-uri",
                       err) != PS_OK ||
        set_place_text(lane->role_arn, sizeof(lane->role_arn), options->role_arn, is_alone,
                       "--role-arn", err) != PS_OK ||
        check_complete(options, lane, is_alone, err) != PS_OK) {
        return err->status;
    }
    return PS_OK;
}

static enum ps_status set_lanes(const struct ps_options *const options,
                                struct ps_settings *const settings, struct ps_error *const err)
{
    struct ps_lane *lanes = NULL;
    int64_t lane_count = 0;
    enum ps_status status = ps_request_lanes(options, &lanes, &lane_count, err);
    for (int64_t lane = 0; status == PS_OK && lane < lane_count; lane++) {
        status = complete(options, lane_count == 1, &lanes[lane], err);
    }
    status = status == PS_OK ? ps_request_check(options, err) : status;
    for (int64_t lane = 0; status == PS_OK && lane < lane_count; lane++) {
        status = add_lane(options, &lanes[lane], settings, err);
    }
    free(lanes);
    return status;
}

/* A record is written once, in one form, whichever lane it will go to. */
static enum ps_status set_family(const struct ps_options *const options,
                                 struct ps_settings *const settings, struct ps_error *const err)
{
    struct ps_body_form first = {PS_FAMILY_CONVERSE, false};
    for (int64_t place = 0; place < settings->lane_count; place++) {
        const struct ps_lane *const lane = &settings->lanes[place];
        if (ps_request_family(lane, &settings->family, err) != PS_OK) {
            return err->status;
        }
        const struct ps_body_form form = ps_body_form_of(ps_str_of(lane->model), settings->family);
        if (place > 0 && !options->is_converse &&
            (form.family != first.family || form.is_llama4 != first.is_llama4)) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                               "cannot use lanes '%s' and '%s' together: their models take bodies "
                               "of different forms",
                               settings->lanes[0].name, lane->name);
            return ps_error_hint(err, "--converse sends one form that both understand.");
        }
        first = place == 0 ? form : first;
    }
    settings->family = options->is_converse ? PS_FAMILY_CONVERSE : first.family;
    return PS_OK;
}

/* It is a batch job like any other. */
static void say_canary(const struct ps_settings *const settings)
{
    int64_t least = 0;
    for (int64_t lane = 0; lane < settings->lane_count; lane++) {
        const int64_t records = ps_lane_limit(&settings->lanes[lane], PS_LIMIT_MIN_RECORDS, 1);
        least = records > least ? records : least;
    }
    if (settings->spending.canary_records > 0 && settings->spending.canary_records < least) {
        ps_say("the smallest batch job has %lld records: so many the canary has, too",
               (long long)least);
    }
}

static enum ps_status set_prices(const struct ps_options *const options,
                                 struct ps_settings *const settings, struct ps_error *const err)
{
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = NULL;
    if (ps_request_models(options, &models, err) != PS_OK) {
        return err->status;
    }
    for (int64_t place = 0; place < settings->lane_count; place++) {
        const struct ps_str given = ps_str_of(settings->lanes[place].model);
        const struct ps_model *const model = ps_models_find(models, given);
        struct ps_price price = {0, 0};
        if (model != NULL && ps_models_price(model, given, settings->lanes[place].kind, &price)) {
            settings->places[place].price = price;
        }
    }
    return PS_OK;
}

enum ps_status ps_request_check_money(const struct ps_settings *const settings,
                                      struct ps_error *const err)
{
    for (int64_t place = 0; place < settings->lane_count; place++) {
        const struct ps_price price = settings->places[place].price;
        if (settings->spending.max_cost_usd_micros > 0 && price.input_usd_micros == 0 &&
            price.output_usd_micros == 0) {
            (void)ps_error_set(err, PS_E_REFUSED, PS_RETRY_NEVER,
                               "cannot hold the run to --max-cost: the price of '%.100s' is not "
                               "known",
                               settings->lanes[place].model);
            return ps_error_hint(err, "Run with --models-file FILE that has its price (in the form "
                                      "of data/models.json), or without --max-cost.");
        }
    }
    return PS_OK;
}

enum ps_status ps_request_settings(const struct ps_options *const options,
                                   struct ps_settings *const settings, struct ps_error *const err)
{
    if (set_lanes(options, settings, err) != PS_OK || set_family(options, settings, err) != PS_OK) {
        return err->status;
    }
    if (is_plan(options)) {
        return PS_OK;
    }
    settings->is_local = options->is_local;
    settings->speed = LOCAL_SPEED;
    settings->results_path = ps_files_absolute(options->output);
    settings->poll_ms = options->poll_ms;
    settings->expect_output = options->expect_output;
    settings->timeout_hours = options->job_timeout_ms / PS_HOUR_MS;
    settings->spending = (struct ps_spending_limits){
        .has_failures = options->has_max_failures ? 1 : 0,
        .failures = options->max_failures,
        .canary_records = options->canary,
        .max_cost_usd_micros = options->max_cost_usd_micros,
    };
    say_canary(settings);
    if (set_prices(options, settings, err) != PS_OK ||
        ps_request_check_money(settings, err) != PS_OK) {
        return err->status;
    }
    return ps_results_check_path(settings->results_path, err);
}
