#include "app/results.h"
#include "base/assert.h"
#include "base/limits.h"
#include "cli/own_internal.h"
#include "cli/request.h"
#include "cli/say.h"
#include "codec/units.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------ status.json */

void ps_owner_write_status(struct ps_owner *const owner, const char *const phase,
                           const int64_t exit_status)
{
    struct ps_run_status *const status = &owner->status;
    (void)snprintf(status->phase, sizeof(status->phase), "%s", phase);
    (void)snprintf(status->name, sizeof(status->name), "%s", owner->settings.name);
    (void)snprintf(status->results, sizeof(status->results), "%s", owner->settings.results_path);
    status->exit_status = exit_status;
    status->pid = getpid();
    status->updated_ms = ps_clock_real_wall_ms();
    ps_status_file_write(owner->folder, status);
}

/* ------------------------------------------------ what was done, by all its processes */

struct work {
    const struct ps_settings *settings;
    struct ps_report_facts *facts;
    bool has_open_jobs;
};

static void see_work(void *const seer, struct ps_job *const job)
{
    struct work *const work = seer;
    if (job->arn != NULL) {
        work->facts->jobs++;
        work->facts->shards += job->shard_count;
        work->facts->attempts += job->attempt;
        work->facts->put_bytes += job->bytes;
    }
    if (work->settings->lanes[job->lane].kind == PS_KIND_ON_DEMAND && job->state == PS_STATE_DONE) {
        work->facts->calls += job->processed;
    }
    work->has_open_jobs = work->has_open_jobs || ps_job_holds_records(job);
}

/* A number that the store holds under a name, up to a comma; 0 where it has none. */
static int64_t value_of(const struct ps_owner *const owner, const char *const name)
{
    int64_t number = 0;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    if (!owner->store.ops->get_value(owner->store.context, name, &text)) {
        return 0;
    }
    const struct ps_str str = ps_buf_str(&text);
    return ps_str_to_i64(ps_str_part(str, 0, ps_str_find(str, ',')), &number) ? number : 0;
}

/* Names of models and lanes, each once, for people. */
struct texts {
    struct ps_buf models;
    struct ps_buf lanes;
};

static void release_texts(struct texts *const texts)
{
    ps_buf_release(&texts->models);
    ps_buf_release(&texts->lanes);
}

static void add_texts(const struct ps_settings *const settings, struct texts *const texts)
{
    ps_buf_init(&texts->models, PS_MB);
    ps_buf_init(&texts->lanes, PS_MB);
    for (int64_t lane = 0; lane < settings->lane_count; lane++) {
        int64_t other = 0;
        while (other < lane &&
               strcmp(settings->lanes[other].model, settings->lanes[lane].model) != 0) {
            other++;
        }
        if (other == lane) {
            ps_buf_add_format(&texts->models, "%s%s", lane == 0 ? "" : ", ",
                              settings->lanes[lane].model);
        }
        ps_buf_add_format(&texts->lanes, "%s%s", lane == 0 ? "" : ", ", settings->lanes[lane].name);
    }
}

/* What all lanes cost alike; none where they differ, or where one's is not known. */
static struct ps_report_price price_of(const struct ps_owner *const owner)
{
    struct ps_error err;
    struct ps_models *models = NULL;
    struct ps_report_price common = {0, 0};
    bool is_common = ps_request_models(owner->options, &models, &err) == PS_OK;
    for (int64_t place = 0; is_common && place < owner->settings.lane_count; place++) {
        const struct ps_lane *const lane = &owner->settings.lanes[place];
        const struct ps_str given = ps_str_of(lane->model);
        const struct ps_model *const model = ps_models_find(models, given);
        struct ps_price price;
        is_common = model != NULL && ps_models_price(model, given, lane->kind, &price) &&
                    (place == 0 || (price.input_usd_micros == common.input_usd_micros &&
                                    price.output_usd_micros == common.output_usd_micros));
        if (is_common) {
            common = (struct ps_report_price){price.input_usd_micros, price.output_usd_micros};
        }
    }
    (void)ps_models_free(models);
    return is_common ? common : (struct ps_report_price){0, 0};
}

static enum ps_status sum_work(const struct ps_owner *const owner,
                               const struct texts *const work_texts,
                               struct ps_report_facts *const ret_facts,
                               bool *const ret_has_open_jobs, struct ps_error *const err)
{
    *ret_facts = (struct ps_report_facts){
        .run = owner->settings.name,
        .model = ps_buf_text(&work_texts->models),
        .lane = ps_buf_text(&work_texts->lanes),
        .results_path = owner->settings.results_path,
        .is_local = owner->settings.is_local,
        .ended_early = owner->is_early ? ps_owner_early_option(owner) : NULL,
        .elapsed_ms = value_of(owner, PS_VALUE_CLOCK) - value_of(owner, PS_VALUE_BEGUN),
    };
    struct work work = {&owner->settings, ret_facts, false};
    if (owner->store.ops->each_job(owner->store.context, see_work, &work, err) != PS_OK) {
        return err->status;
    }
    *ret_has_open_jobs = work.has_open_jobs;
    return PS_OK;
}

bool ps_owner_is_over(struct ps_owner *const owner)
{
    struct ps_results_sums sums;
    struct ps_report_facts facts;
    struct ps_error err;
    bool has_open_jobs = true;
    const struct texts texts = {{NULL, 0, 0, 1}, {NULL, 0, 0, 1}};
    ps_results_sums(owner->index, owner->answers, &sums);
    return sums.pending == 0 && sum_work(owner, &texts, &facts, &has_open_jobs, &err) == PS_OK &&
           !has_open_jobs;
}

/* ------------------------------------------------ the end */

/* The lane of each job of the run, by number. */
struct job_lanes {
    const struct ps_settings *settings;
    int64_t *lanes;
    int64_t count;
};

static void release_job_lanes(struct job_lanes *const lanes)
{
    free(lanes->lanes);
}

static void see_job_lane(void *const seer, struct ps_job *const job)
{
    struct job_lanes *const lanes = seer;
    if (job->number >= lanes->count) {
        const int64_t count = 2 * job->number + 1;
        lanes->lanes = reallocarray(lanes->lanes, (size_t)count, sizeof(lanes->lanes[0]));
        PS_ASSERT(lanes->lanes != NULL);
        memset(&lanes->lanes[lanes->count], 0,
               (size_t)(count - lanes->count) * sizeof(lanes->lanes[0]));
        lanes->count = count;
    }
    lanes->lanes[job->number] = job->lane;
}

static const char *name_of_lane(const void *const context, const char *const segment)
{
    const struct job_lanes *const lanes = context;
    const bool is_job = segment != NULL && segment[0] == 'j';
    const int64_t number = is_job ? strtoll(segment + 1, NULL, 10) : -1;
    if (lanes->settings->lane_count == 1) {
        return lanes->settings->lanes[0].name;
    }
    if (number < 0 || number >= lanes->count ||
        lanes->lanes[number] >= lanes->settings->lane_count) {
        return NULL;
    }
    return lanes->settings->lanes[lanes->lanes[number]].name;
}

static enum ps_status publish(struct ps_owner *const owner, struct ps_results_sums *const ret_sums,
                              struct ps_error *const err)
{
    struct ps_error source_err;
    struct ps_source *source = NULL;
    if (ps_source_open(owner->folder, owner->index, &source, &source_err) != PS_OK) {
        source = NULL; /* the failed file then has ids only */
    }
    struct job_lanes lanes PS_CLEANUP(release_job_lanes) = {&owner->settings, NULL, 0};
    const struct ps_results_target target = {
        owner->settings.results_path, {name_of_lane, &lanes}, source};
    enum ps_status status =
        owner->store.ops->each_job(owner->store.context, see_job_lane, &lanes, err);
    if (status == PS_OK) {
        status = ps_results_publish(owner->index, owner->answers, &target, ret_sums, err);
    }
    (void)ps_source_free(source);
    return status;
}

static enum ps_status report(struct ps_owner *const owner, struct ps_error *const err)
{
    struct ps_report made;
    struct ps_report_facts facts;
    bool has_open_jobs = false;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    struct texts texts PS_CLEANUP(release_texts);
    ps_buf_init(&text, PS_REPORT_BYTES_MAX);
    add_texts(&owner->settings, &texts);
    const enum ps_status summed = sum_work(owner, &texts, &facts, &has_open_jobs, err);
    facts.price = price_of(owner);
    facts.expect_output = owner->settings.expect_output;
    if (summed != PS_OK ||
        ps_report_make(&facts, owner->index, owner->answers, &made, err) != PS_OK ||
        ps_report_publish(&made, err) != PS_OK) {
        return err->status;
    }
    /* What a tick answers is its own: where the run stands, the same object each time. */
    if (owner->options->is_json && owner->mode == PS_OWN_TICK) {
        return PS_OK;
    }
    if (owner->options->is_json) {
        ps_report_add_json(&made, &text);
    } else {
        ps_report_add_text(&made, &text);
    }
    (void)fwrite(text.data, 1, text.size, stdout);
    return PS_OK;
}

static int exit_of_sums(const struct ps_owner *const owner,
                        const struct ps_results_sums *const sums)
{
    return ps_many_allows(owner->options->allow_failures, sums->records - sums->succeeded,
                          sums->records)
               ? PS_EXIT_OK
               : PS_EXIT_SOME_FAILED;
}

static void tell_retry(const struct ps_owner *const owner)
{
    struct ps_retry_counts counts;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_owner_count_retry(owner, &counts);
    if (counts.again > 0) {
        ps_units_add_count(&text, counts.again);
        ps_say("%s failed or cancelled record%s can be sent once more: penstock retry %s",
               ps_buf_text(&text), counts.again == 1 ? "" : "s", owner->settings.name);
    }
}

static int exit_of_phase(const struct ps_owner *const owner, const enum ps_phase phase,
                         const struct ps_results_sums *const sums)
{
    if (phase == PS_PHASE_EARLY) {
        return PS_EXIT_EARLY;
    }
    return phase == PS_PHASE_STOPPED ? PS_EXIT_STOPPED : exit_of_sums(owner, sums);
}

static const char *word_of_phase(const enum ps_phase phase)
{
    if (phase == PS_PHASE_EARLY) {
        return PS_RUN_EARLY;
    }
    return phase == PS_PHASE_STOPPED ? PS_RUN_STOPPED : PS_RUN_ENDED;
}

int ps_owner_conclude(struct ps_owner *const owner, const enum ps_phase phase)
{
    struct ps_error err;
    struct ps_results_sums sums;
    char *stop_file PS_CLEANUP(ps_str_free_auto) = ps_files_join(owner->folder, PS_STOP_FILE);
    owner->is_early = phase == PS_PHASE_EARLY;
    if (publish(owner, &sums, &err) != PS_OK || report(owner, &err) != PS_OK) {
        return ps_owner_halt(owner, &err);
    }
    const int status = exit_of_phase(owner, phase, &sums);
    if (phase == PS_PHASE_EARLY) {
        ps_owner_tell_early(owner);
    }
    ps_owner_write_status(owner, word_of_phase(phase), status);
    (void)unlink(stop_file);
    if (phase != PS_PHASE_EARLY) {
        tell_retry(owner);
    }
    if (owner->options->is_json && owner->mode == PS_OWN_TICK) {
        ps_status_print_json(&owner->status);
    }
    return owner->mode == PS_OWN_STOP ? PS_EXIT_OK : status;
}

int ps_owner_halt(struct ps_owner *const owner, struct ps_error *const err)
{
    struct ps_run_status *const status = &owner->status;
    if (err->status == PS_E_NETWORK && err->hint[0] == '\0') {
        (void)ps_error_hint(err, "Is the network up, and does --endpoint-url (or AWS_ENDPOINT_URL) "
                                 "name the right place?");
    }
    const int exit_status = ps_say_error(err);
    (void)snprintf(status->message, sizeof(status->message), err->hint[0] == '\0' ? "%s" : "%s. %s",
                   err->message, err->hint);
    ps_owner_write_status(owner, PS_RUN_HALTED, exit_status);
    if (owner->options->is_json) {
        ps_status_print_json(status);
    }
    ps_say("what was done is kept: the same command, or 'penstock resume %s', goes on from here",
           owner->settings.name);
    return exit_status;
}
