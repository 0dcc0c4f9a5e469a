#include "cli/prepare.h"

#include "base/assert.h"
#include "base/limits.h"
#include "cli/identity.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/wire.h"
#include "codec/units.h"
#include "core/names.h"
#include "os/clock.h"
#include "os/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define LOCAL_REGION "us-east-1"
#define LOCAL_PREFIX "penstock"
#define LOCAL_SPEED 600
#define TIMEOUT_HOURS 72

void ps_prepared_init(struct ps_prepared *const prepared)
{
    memset(prepared, 0, sizeof(*prepared));
    ps_settings_init(&prepared->settings);
}

void ps_prepared_release(struct ps_prepared *const prepared)
{
    ps_settings_release(&prepared->settings);
    free(prepared->folder);
    free(prepared->params);
    ps_prepared_init(prepared);
}

/* ------------------------------------------------ settings from options */

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

static enum ps_status check_model(const struct ps_options *const options,
                                  struct ps_settings *const settings, struct ps_error *const err)
{
    const struct ps_str model = ps_str_of(settings->lane.model);
    if (model.size == 0) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot start without a model");
        return ps_error_hint(
            err,
            "Give --model, for example us.anthropic.claude-haiku-4-5-20251001-v1:0@us-west-2.");
    }
    if (!ps_family_of_model(model, &settings->family)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot use model '%.100s': nobody here knows it", settings->lane.model);
        return ps_error_hint(
            err,
            "Model ids look like anthropic.claude-..., amazon.nova-..., meta.llama3-..., "
            "mistral...., openai.gpt-oss-..., with us., eu. or global. before them for a profile.");
    }
    if (options->is_converse) {
        settings->family = PS_FAMILY_CONVERSE;
    }
    return PS_OK;
}

static enum ps_status set_region(const struct ps_options *const options, struct ps_lane *const lane,
                                 struct ps_error *const err)
{
    char *region PS_CLEANUP(ps_str_free_auto) = NULL;
    if (lane->region[0] != '\0') {
        return PS_OK;
    }
    if (options->is_local || options->command == PS_COMMAND_PLACE_PLAN) {
        return set_text(lane->region, sizeof(lane->region), PS_STR(LOCAL_REGION), "Region", err);
    }
    if (ps_wire_region(options, &region, err) != PS_OK) {
        return err->status;
    }
    if (region == NULL) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot start without a Region");
        return ps_error_hint(err, "Give --region, or MODEL@REGION, or set AWS_REGION.");
    }
    return set_text(lane->region, sizeof(lane->region), ps_str_of(region), "Region", err);
}

static enum ps_status set_lane(const struct ps_options *const options,
                               struct ps_settings *const settings, struct ps_error *const err)
{
    struct ps_lane *const lane = &settings->lane;
    ps_lane_init(lane, "main");
    if (options->lane != NULL && ps_lane_parse(lane, ps_str_of(options->lane), err) != PS_OK) {
        return err->status;
    }
    if (options->model != NULL && set_model(lane, options->model, err) != PS_OK) {
        return err->status;
    }
    if (ps_lane_fill(lane, options->limits, err) != PS_OK || ps_lane_check(lane, err) != PS_OK ||
        check_model(options, settings, err) != PS_OK) {
        return err->status;
    }
    return set_region(options, lane, err);
}

static enum ps_status set_place(const struct ps_options *const options,
                                struct ps_settings *const settings, struct ps_error *const err)
{
    struct ps_lane *const lane = &settings->lane;
    struct ps_str bucket = PS_STR("");
    struct ps_str prefix = PS_STR(LOCAL_PREFIX);
    settings->is_local = options->is_local;
    settings->speed = LOCAL_SPEED;
    if (options->s3_uri != NULL) {
        (void)snprintf(lane->s3_uri, sizeof(lane->s3_uri), "%s", options->s3_uri);
    }
    if (options->role_arn != NULL) {
        (void)snprintf(lane->role_arn, sizeof(lane->role_arn), "%s", options->role_arn);
    }
    if (!options->is_local) {
        if (lane->s3_uri[0] == '\0' || lane->role_arn[0] == '\0') {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot start without %s",
                               lane->s3_uri[0] == '\0' ? "--s3-uri" : "--role-arn");
            return ps_error_hint(
                err,
                "Give --s3-uri s3://BUCKET/PREFIX and --role-arn ARN to run on AWS, or --local to "
                "try it here.");
        }
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
    settings->bucket = ps_str_dup(bucket);
    settings->prefix = ps_str_dup(prefix);
    return PS_OK;
}

enum ps_status ps_prepare_settings(const struct ps_options *const options,
                                   struct ps_settings *const settings, struct ps_error *const err)
{
    if (options->argument_count == 0) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot start without an input");
        return ps_error_hint(err, "Name one or more files of prompts, or '-' for standard input.");
    }
    if (set_lane(options, settings, err) != PS_OK) {
        return err->status;
    }
    if (options->command == PS_COMMAND_PLACE_PLAN) {
        return PS_OK;
    }
    if (options->output == NULL) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot start without a place for the results");
        return ps_error_hint(err, "Give -o results.jsonl.");
    }
    settings->results_path = ps_files_absolute(options->output);
    settings->poll_ms = options->poll_ms;
    settings->timeout_hours = TIMEOUT_HOURS;
    return set_place(options, settings, err);
}

/* ------------------------------------------------ the index */

static void show_reading(void *const context, const int64_t records, const int64_t bytes)
{
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    (void)context;
    ps_buf_init(&line, PS_TEXT_BYTES_MAX);
    ps_buf_add_text(&line, "\r\033[Kreading the input: ");
    ps_units_add_count(&line, records);
    ps_buf_add_text(&line, " records, ");
    ps_units_add_bytes(&line, bytes);
    (void)fputs(ps_buf_text(&line), stderr);
}

static enum ps_dedupe dedupe_of(const struct ps_options *const options)
{
    if (options->is_no_dedupe) {
        return PS_DEDUPE_NONE;
    }
    return options->is_dedupe ? PS_DEDUPE_ALL : PS_DEDUPE_SAFE;
}

enum ps_status ps_prepare_index(const struct ps_options *const options,
                                const struct ps_settings *const settings, const char *const folder,
                                struct ps_index_summary *const ret_summary,
                                struct ps_error *const err)
{
    const bool is_shown = !options->is_quiet && !options->is_json && isatty(STDERR_FILENO) != 0;
    const struct ps_index_options index_options = {
        .inputs = options->arguments,
        .input_count = options->argument_count,
        .format = options->format,
        .prompt_file = options->prompt_file,
        .id_field = options->id_field,
        .keep = options->keep,
        .system = options->system,
        .max_tokens = options->max_tokens,
        .model = settings->lane.model,
        .family = settings->family,
        .dedupe = dedupe_of(options),
        .context_tokens_max = ps_lane_limit(&settings->lane, PS_LIMIT_CONTEXT, 0),
        .output_tokens_max = ps_lane_limit(&settings->lane, PS_LIMIT_OUTPUT, 0),
        .record_bytes_max = ps_lane_limit(&settings->lane, PS_LIMIT_SHARD_BYTES, 0),
        .progress = is_shown ? show_reading : NULL,
    };
    const enum ps_status status = ps_index_build(&index_options, folder, ret_summary, err);
    if (status == PS_E_NOT_FOUND) {
        err->status = PS_E_INPUT; /* ours, not the cloud's */
    }
    if (is_shown) {
        (void)fputs("\r\033[K", stderr);
    }
    return status == PS_OK ? PS_OK : err->status;
}

void ps_prepare_tell(const struct ps_index_summary *const summary)
{
    ps_say("%lld records read (%s), %lld to send", (long long)summary->records, summary->dialect,
           (long long)summary->sent);
    if (summary->duplicates > 0) {
        ps_say("%lld duplicates: sent and paid once, answered everywhere (about %lld input tokens "
               "saved)",
               (long long)summary->duplicates, (long long)summary->saved_tokens);
    }
    if (summary->rejected > 0) {
        ps_say("%lld lines are rejected; each has its reason in the results, the others go on",
               (long long)summary->rejected);
    }
    if (summary->repeated_ids > 0) {
        ps_say("%lld records share their id with another: told apart by \"index\" in the results",
               (long long)summary->repeated_ids);
    }
    if (summary->dropped_fields > 0) {
        ps_say("%lld fields that the model refuses are left out",
               (long long)summary->dropped_fields);
    }
}

/* ------------------------------------------------ the folder */

static void add_random_hex(struct ps_buf *const buf, const size_t bytes)
{
    unsigned char room[32];
    PS_ASSERT(bytes <= sizeof(room));
    PS_ASSERT(getrandom(room, bytes, 0) == (ssize_t)bytes);
    for (size_t place = 0; place < bytes; place++) {
        ps_buf_add_format(buf, "%02x", room[place]);
    }
}

enum ps_status ps_prepare_staging(const struct ps_options *const options, char **const ret_folder,
                                  struct ps_error *const err)
{
    struct ps_buf name PS_CLEANUP(ps_buf_release);
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    ps_buf_init(&name, PS_TEXT_BYTES_MAX);
    ps_buf_add_format(&name, "%s/staging/", root);
    add_random_hex(&name, 8);
    if (ps_files_make_folder(ps_buf_text(&name), err) != PS_OK) {
        return ps_error_hint(err, "Runs are kept there; another folder: --state-dir DIR.");
    }
    *ret_folder = ps_str_dup(ps_buf_str(&name));
    return PS_OK;
}

static enum ps_status move_in_place(const char *const staging, const char *const folder,
                                    struct ps_error *const err)
{
    char *parent PS_CLEANUP(ps_str_free_auto) = ps_str_dup(ps_str_of(folder));
    *strrchr(parent, '/') = '\0';
    if (ps_files_make_folder(parent, err) != PS_OK) {
        return err->status;
    }
    if (rename(staging, folder) != 0) {
        /* Another process was faster with the same run: then that one is it. */
        if (errno == ENOTEMPTY || errno == EEXIST) {
            return ps_files_remove_tree(staging, err);
        }
        return ps_error_set_errno(err, PS_E_IO, errno, "could not make the run's folder '%s'",
                                  folder);
    }
    return PS_OK;
}

static enum ps_status check_minimum(const struct ps_settings *const settings,
                                    const struct ps_index_summary *const summary,
                                    struct ps_error *const err)
{
    const int64_t min_records = ps_lane_limit(&settings->lane, PS_LIMIT_MIN_RECORDS, 1);
    if (summary->sent == 0 || summary->sent >= min_records) {
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_REFUSED, PS_RETRY_NEVER,
                       "cannot make a batch job of %lld records: the service takes at least %lld "
                       "(limit min_records, %s)",
                       (long long)summary->sent, (long long)min_records,
                       ps_limit_source_name(settings->lane.limits[PS_LIMIT_MIN_RECORDS].source));
    return ps_error_hint(
        err, "Put more prompts into one run; or, if your account's minimum is lower, say so with "
             "--lane 'min_records=N'.");
}

static enum ps_status finish(struct ps_prepared *const prepared, const char *const staging,
                             struct ps_error *const err)
{
    struct ps_buf nonce PS_CLEANUP(ps_buf_release);
    ps_buf_init(&nonce, PS_TEXT_BYTES_MAX);
    add_random_hex(&nonce, 16);
    prepared->settings.nonce = ps_str_dup(ps_buf_str(&nonce));
    prepared->settings.created_ms = ps_clock_real_wall_ms();
    if (ps_settings_write(&prepared->settings, staging, err) != PS_OK) {
        return err->status;
    }
    return move_in_place(staging, prepared->folder, err);
}

static enum ps_status make_run(const struct ps_options *const options,
                               struct ps_prepared *const prepared, const char *const staging,
                               struct ps_error *const err)
{
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    if (ps_prepare_index(options, &prepared->settings, staging, &prepared->summary, err) != PS_OK ||
        check_minimum(&prepared->settings, &prepared->summary, err) != PS_OK) {
        return err->status;
    }
    ps_identity_name(options, prepared->params, &prepared->summary, &prepared->settings);
    if (options->name != NULL &&
        ps_identity_check_name(options, prepared->params, &prepared->summary, err) != PS_OK) {
        return err->status;
    }
    prepared->folder = ps_runs_folder(root, prepared->settings.name);
    prepared->is_there_already = ps_files_exists(prepared->folder);
    if (prepared->is_there_already) {
        return ps_files_remove_tree(staging, err);
    }
    return finish(prepared, staging, err);
}

enum ps_status ps_prepare_run(const struct ps_options *const options,
                              struct ps_prepared *const prepared, struct ps_error *const err)
{
    char *staging PS_CLEANUP(ps_str_free_auto) = NULL;
    struct ps_error remove_err;
    if (ps_prepare_settings(options, &prepared->settings, err) != PS_OK ||
        ps_identity_params(options, &prepared->settings, &prepared->params, err) != PS_OK) {
        return err->status;
    }
    if (!options->is_new && ps_identity_find(options, prepared->params, &prepared->folder)) {
        prepared->is_there_already = true;
        return PS_OK;
    }
    if (ps_prepare_staging(options, &staging, err) != PS_OK) {
        return err->status;
    }
    if (make_run(options, prepared, staging, err) != PS_OK) {
        if (ps_files_remove_tree(staging, &remove_err) != PS_OK) {
            ps_say("%s", remove_err.message);
        }
        return err->status;
    }
    return PS_OK;
}
