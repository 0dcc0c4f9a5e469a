#include "base/assert.h"
#include "base/limits.h"
#include "cli/own_internal.h"
#include "cli/request.h"
#include "cli/say.h"
#include "core/pool.h"
#include "os/files.h"
#include "store/sqlite_ledger.h"
#include "store/sqlite_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_ENDPOINT "endpoint"
#define VALUE_REGION_SAID "region_said"

/* What refers to others goes before them: the world calls the turn's streams. */
void ps_owner_release(struct ps_owner *const owner)
{
    (void)ps_wire_free(owner->wire);
    (void)ps_turn_free(owner->turn);
    (void)ps_answers_free(owner->answers);
    (void)ps_index_free(owner->index);
    ps_sqlite_store_close(&owner->store);
    ps_sqlite_ledger_close(&owner->ledger);
    for (int64_t segment = 0; segment < owner->segment_count; segment++) {
        free(owner->segments[segment]);
    }
    free(owner->segments);
    ps_settings_release(&owner->settings);
    if (owner->lock >= 0) {
        (void)close(owner->lock);
    }
}

/* ------------------------------------------------ settings */

static bool is_other_text(const char *const left, const char *const right)
{
    return strcmp(left == NULL ? "" : left, right == NULL ? "" : right) != 0;
}

static bool has_other_limits(const struct ps_lane *const left, const struct ps_lane *const right)
{
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        if (left->limits[key].value != right->limits[key].value) {
            return true;
        }
    }
    return false;
}

/* True: the lane was another one. Whatever names the run is the same in both. */
static bool take_lane(struct ps_lane *const lane, const struct ps_lane *const latest)
{
    const bool is_other =
        has_other_limits(lane, latest) || is_other_text(lane->role_arn, latest->role_arn);
    *lane = *latest;
    return is_other;
}

static bool is_other_spending(const struct ps_spending_limits *const left,
                              const struct ps_spending_limits *const right)
{
    return left->has_failures != right->has_failures ||
           left->canary_records != right->canary_records ||
           left->max_cost_usd_micros != right->max_cost_usd_micros ||
           left->failures.count != right->failures.count ||
           left->failures.is_percent != right->failures.is_percent;
}

/* The latest word counts: a role that was mistyped would else be the run's for ever. */
static bool take_latest(struct ps_settings *const settings, const struct ps_settings *const latest)
{
    bool is_other_lane = false;
    for (int64_t lane = 0; lane < settings->lane_count && lane < latest->lane_count; lane++) {
        is_other_lane = take_lane(&settings->lanes[lane], &latest->lanes[lane]) || is_other_lane;
        settings->places[lane].price = latest->places[lane].price;
    }
    const bool is_other =
        is_other_lane || is_other_spending(&settings->spending, &latest->spending) ||
        settings->poll_ms != latest->poll_ms || settings->expect_output != latest->expect_output ||
        settings->timeout_hours != latest->timeout_hours ||
        is_other_text(settings->results_path, latest->results_path);
    if (is_other_lane) {
        ps_say("limits and role are from now on as this command says");
    }
    settings->poll_ms = latest->poll_ms;
    settings->expect_output = latest->expect_output;
    settings->timeout_hours = latest->timeout_hours;
    settings->spending = latest->spending;
    free(settings->results_path);
    settings->results_path = ps_str_dup(ps_str_of(latest->results_path));
    return is_other;
}

/* Of resume and retry: what they do not say stays as it was. */
static bool take_spending(struct ps_spending_limits *const spending,
                          const struct ps_options *const options)
{
    if (options->has_max_failures) {
        spending->has_failures = 1;
        spending->failures = options->max_failures;
    }
    if (options->has_canary) {
        spending->canary_records = options->canary;
    }
    if (options->has_max_cost_usd_micros) {
        spending->max_cost_usd_micros = options->max_cost_usd_micros;
    }
    return options->has_max_failures || options->has_canary || options->has_max_cost_usd_micros;
}

enum ps_status ps_owner_read_settings(struct ps_owner *const owner,
                                      const struct ps_settings *const latest,
                                      struct ps_error *const err)
{
    if (ps_settings_read(&owner->settings, owner->folder, err) != PS_OK) {
        return err->status;
    }
    if (latest != NULL && take_latest(&owner->settings, latest) &&
        ps_settings_write(&owner->settings, owner->folder, err) != PS_OK) {
        return err->status;
    }
    if (latest == NULL && take_spending(&owner->settings.spending, owner->options) &&
        ps_settings_write(&owner->settings, owner->folder, err) != PS_OK) {
        return err->status;
    }
    if (ps_request_check_money(&owner->settings, err) != PS_OK) {
        return err->status;
    }
    if (owner->options->has_poll_ms) {
        owner->settings.poll_ms = owner->options->poll_ms;
    }
    struct ps_pools pools PS_CLEANUP(ps_pools_release);
    ps_pools_init(&pools);
    return ps_pools_make(&pools, owner->settings.lanes, owner->settings.lane_count, err);
}

/* ------------------------------------------------ state */

void ps_owner_add_segment(struct ps_owner *const owner, const char *const name)
{
    owner->segments =
        reallocarray(owner->segments, (size_t)owner->segment_count + 1, sizeof(owner->segments[0]));
    PS_ASSERT(owner->segments != NULL);
    owner->segments[owner->segment_count++] = ps_str_dup(ps_str_of(name));
}

static void see_segment(void *const seer, const char *const name)
{
    ps_owner_add_segment(seer, name);
}

enum ps_status ps_owner_open_state(struct ps_owner *const owner, struct ps_error *const err)
{
    char *database PS_CLEANUP(ps_str_free_auto) = ps_files_join(owner->folder, "run.db");
    char *answers PS_CLEANUP(ps_str_free_auto) = ps_files_join(owner->folder, "answers");
    if (ps_sqlite_store_open(database, &owner->store, err) != PS_OK ||
        ps_index_open(owner->folder, &owner->index, err) != PS_OK ||
        owner->store.ops->each_segment(owner->store.context, see_segment, owner, err) != PS_OK) {
        return err->status;
    }
    return ps_answers_open(answers, ps_index_count(owner->index),
                           (const char *const *)owner->segments, owner->segment_count,
                           &owner->answers, err);
}

/* A run's folder is STATE/runs/NAME; what all runs of STATE share is in STATE. */
static enum ps_status open_ledger(struct ps_owner *const owner, struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(owner->folder, "../../ledger.db");
    return owner->settings.is_local ? PS_OK : ps_sqlite_ledger_open(path, &owner->ledger, err);
}

struct sent {
    int64_t number;
    bool has_slot;
};

static void see_sent(void *const seer, struct ps_job *const job)
{
    struct sent *const sent = seer;
    sent->has_slot = sent->has_slot || (job->number == sent->number && ps_job_holds_slot(job));
}

bool ps_owner_has_sent(const char *const folder, const int64_t job)
{
    struct ps_error err;
    struct ps_state_store store;
    struct sent sent = {job, false};
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "run.db");
    if (!ps_files_exists(path)) {
        return false;
    }
    /* Whatever cannot be read may have been sent. */
    if (ps_sqlite_store_open(path, &store, &err) != PS_OK) {
        return true;
    }
    const bool is_read = store.ops->each_job(store.context, see_sent, &sent, &err) == PS_OK;
    ps_sqlite_store_close(&store);
    return !is_read || sent.has_slot;
}

/* ------------------------------------------------ the world */

/* The emulator drew its buckets and its role when its data was made. */
static enum ps_status set_local_places(struct ps_owner *const owner, struct ps_error *const err)
{
    struct ps_settings *const settings = &owner->settings;
    for (int64_t place = 0; settings->is_local && place < settings->lane_count; place++) {
        struct ps_lane *const lane = &settings->lanes[place];
        char *bucket = NULL;
        if (ps_wire_local_bucket(owner->wire, lane->region, &bucket, err) != PS_OK) {
            return err->status;
        }
        free(settings->places[place].bucket);
        settings->places[place].bucket = bucket;
        (void)snprintf(lane->role_arn, sizeof(lane->role_arn), "%s",
                       ps_wire_local_role(owner->wire));
    }
    return PS_OK;
}

/* From where the last turn that was kept left it. */
static enum ps_status open_clock(struct ps_owner *const owner, struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct ps_clock_mark mark;
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    if (ps_clock_init(&owner->clock, ps_str_of(ps_wire_clock_spec(owner->wire)), err) != PS_OK) {
        return err->status;
    }
    if (owner->store.ops->get_value(owner->store.context, PS_VALUE_CLOCK, &text)) {
        const struct ps_str str = ps_buf_str(&text);
        const size_t comma = ps_str_find(str, ',');
        if (ps_str_to_i64(ps_str_part(str, 0, comma), &mark.steady_ms) &&
            ps_str_to_i64(ps_str_part(str, comma + 1, str.size), &mark.wall_ms)) {
            ps_clock_resume(&owner->clock, mark);
        }
    }
    return PS_OK;
}

/*
 * R1: a run stays in its Region. What the environment and the profile say counts only for a run
 * that took its Region from there; --region always does, unless it was said at the start too.
 */
static bool has_region(const struct ps_settings *const settings, const struct ps_str region)
{
    bool is_there = false;
    for (int64_t lane = 0; lane < settings->lane_count; lane++) {
        is_there = is_there || ps_str_equals_text(region, settings->lanes[lane].region);
    }
    return is_there;
}

static enum ps_status pin_region(const struct ps_owner *const owner, struct ps_error *const err)
{
    struct ps_buf pinned PS_CLEANUP(ps_buf_release);
    char *said PS_CLEANUP(ps_str_free_auto) = NULL;
    const struct ps_state_store store = owner->store;
    ps_buf_init(&pinned, PS_TEXT_BYTES_MAX);
    if (owner->settings.is_local) {
        return PS_OK;
    }
    if (ps_wire_region(owner->options, &said, err) != PS_OK) {
        return err->status;
    }
    if (!store.ops->get_value(store.context, VALUE_REGION_SAID, &pinned)) {
        return store.ops->set_value(store.context, VALUE_REGION_SAID, said == NULL ? "" : said,
                                    err);
    }
    const struct ps_str then = ps_buf_str(&pinned);
    const bool counts = owner->options->region != NULL || has_region(&owner->settings, then);
    if (said != NULL && counts && !ps_str_equals_text(then, said) &&
        !has_region(&owner->settings, ps_str_of(said))) {
        (void)ps_error_set(err, PS_E_DENIED, PS_RETRY_NEVER,
                           "cannot go on: this run lives in Region '%.40s', and now '%.40s' is "
                           "asked for",
                           owner->settings.lanes[0].region, said);
        return ps_error_hint(err, "Leave --region and AWS_REGION as they were when it began.");
    }
    return PS_OK;
}

enum ps_status ps_owner_open_wire(struct ps_owner *const owner, struct ps_error *const err)
{
    if (pin_region(owner, err) != PS_OK ||
        ps_wire_new(owner->options, &owner->settings, owner->folder, &owner->wire, err) != PS_OK ||
        open_clock(owner, err) != PS_OK || open_ledger(owner, err) != PS_OK) {
        return err->status;
    }
    return set_local_places(owner, err);
}

/* R1: the endpoint of a lane stays what it was when the run began. */
static enum ps_status pin_endpoint(struct ps_owner *const owner, const int64_t lane,
                                   struct ps_error *const err)
{
    struct ps_buf name PS_CLEANUP(ps_buf_release);
    struct ps_buf host PS_CLEANUP(ps_buf_release);
    struct ps_buf pinned PS_CLEANUP(ps_buf_release);
    const struct ps_state_store store = owner->store;
    ps_buf_init(&name, PS_TEXT_BYTES_MAX);
    ps_buf_init(&host, PS_TEXT_BYTES_MAX);
    ps_buf_init(&pinned, PS_TEXT_BYTES_MAX);
    ps_wire_add_host(owner->wire, lane, &host);
    ps_buf_add_text(&name, VALUE_ENDPOINT);
    if (lane > 0) {
        ps_buf_add_format(&name, ".%lld", (long long)lane);
    }
    if (!store.ops->get_value(store.context, ps_buf_text(&name), &pinned)) {
        return store.ops->set_value(store.context, ps_buf_text(&name), ps_buf_text(&host), err);
    }
    if (ps_str_equals(ps_buf_str(&host), ps_buf_str(&pinned))) {
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_DENIED, PS_RETRY_NEVER,
                       "cannot go on: this run began at '%.80s', and now it would talk to '%.80s'",
                       ps_buf_text(&pinned), ps_buf_text(&host));
    return ps_error_hint(
        err, "Give the endpoint (--endpoint-url, AWS_ENDPOINT_URL) that it began with.");
}

enum ps_status ps_owner_open_world(struct ps_owner *const owner, struct ps_world *const ret_world,
                                   struct ps_error *const err)
{
    if (ps_wire_world(owner->wire, &owner->settings, ps_turn_streams(owner->turn), &owner->clock,
                      ret_world, err) != PS_OK) {
        return err->status;
    }
    for (int64_t lane = 0; lane < owner->settings.lane_count; lane++) {
        if (pin_endpoint(owner, lane, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}
