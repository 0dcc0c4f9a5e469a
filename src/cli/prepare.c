#include "cli/prepare.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/limits.h"
#include "cli/identity.h"
#include "cli/plan_show.h"
#include "cli/request.h"
#include "cli/room.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/wire.h"
#include "codec/units.h"
#include "core/pool.h"
#include "os/clock.h"
#include "os/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <yyjson.h>

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

/* ------------------------------------------------ the index */

static void show_reading(void *const context, const int64_t records, const int64_t bytes)
{
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    (void)context;
    ps_buf_init(&line, PS_TEXT_BYTES_MAX);
    ps_buf_add_text(&line, "reading the input: ");
    ps_units_add_count(&line, records);
    ps_buf_add_text(&line, " records, ");
    ps_units_add_bytes(&line, bytes);
    ps_say_line(ps_buf_text(&line));
}

static enum ps_dedupe dedupe_of(const struct ps_options *const options)
{
    if (options->is_no_dedupe) {
        return PS_DEDUPE_NONE;
    }
    return options->is_dedupe ? PS_DEDUPE_ALL : PS_DEDUPE_SAFE;
}

/* The largest of the lanes' limits, 0 for none: what only some of them can hold is not rejected. */
static int64_t widest(const struct ps_settings *const settings, const enum ps_limit_key key)
{
    int64_t most = 0;
    for (int64_t lane = 0; lane < settings->lane_count; lane++) {
        const int64_t value = ps_lane_limit(&settings->lanes[lane], key, 0);
        if (value == 0) {
            return 0;
        }
        most = value > most ? value : most;
    }
    return most;
}

enum ps_status ps_prepare_index(const struct ps_options *const options,
                                const struct ps_settings *const settings, const char *const folder,
                                struct ps_index_summary *const ret_summary,
                                struct ps_error *const err)
{
    const struct ps_index_options index_options = {
        .inputs = options->arguments,
        .input_count = options->argument_count,
        .format = options->format,
        .prompt_file = options->prompt_file,
        .id_field = options->id_field,
        .keep = options->keep,
        .system = options->system,
        .max_tokens = options->max_tokens,
        .model = settings->lanes[0].model,
        .family = settings->family,
        .dedupe = dedupe_of(options),
        .context_tokens_max = widest(settings, PS_LIMIT_CONTEXT),
        .output_tokens_max = widest(settings, PS_LIMIT_OUTPUT),
        .record_bytes_max = widest(settings, PS_LIMIT_SHARD_BYTES),
        .progress = ps_say_columns() > 0 ? show_reading : NULL,
    };
    const enum ps_status status = ps_index_build(&index_options, folder, ret_summary, err);
    if (status == PS_E_NOT_FOUND) {
        err->status = PS_E_INPUT; /* ours, not the cloud's */
    }
    ps_say_line("");
    return status == PS_OK ? PS_OK : err->status;
}

static void tell_count(const int64_t count, const char *const one, const char *const many)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    if (count > 0) {
        ps_units_add_count(&text, count);
        ps_buf_add_format(&text, " %s", count == 1 ? one : many);
        ps_say("%s", ps_buf_text(&text));
    }
}

void ps_prepare_tell(const struct ps_index_summary *const summary)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    ps_units_add_count(&text, summary->records);
    ps_buf_add_format(&text, " record%s read (%s), ", summary->records == 1 ? "" : "s",
                      summary->dialect);
    ps_units_add_count(&text, summary->sent);
    ps_buf_add_text(&text, " to send, about ");
    ps_units_add_count(&text, summary->input_tokens);
    ps_buf_add_text(&text, " input tokens");
    ps_say("%s", ps_buf_text(&text));
    tell_count(summary->duplicates, "duplicate: its equal is sent and paid once, and answers both",
               "duplicates: sent and paid once, answered everywhere");
    tell_count(summary->rejected,
               "line is rejected, with its reason in the results; the rest go on",
               "lines are rejected, each with its reason in the results; the rest go on");
    tell_count(summary->repeated_ids, "record shares its id with another: 'index' tells them apart",
               "records share their id with another: 'index' tells them apart");
    tell_count(summary->dropped_fields, "field that the model refuses is left out",
               "fields that the model refuses are left out");
    tell_count(summary->unknown_fields, "field that nobody told us about is sent as it is",
               "fields that nobody told us about are sent as they are");
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

#define LOCK_NAME "lock"
#define SOURCE_NAME "source.json"

/* Others that begin in the same moment may sweep a folder away before it is locked. */
#define STAGING_TRIES 5

/* What a process left there that was killed while it read its input. Under its lock: one that is
 * just being made, and not locked yet, then sees that it was taken, and makes another. */
static void sweep(const char *const root)
{
    struct dirent **entries = NULL;
    const int count = scandir(root, &entries, NULL, NULL);
    for (int place = 0; place < count; place++) {
        struct ps_error err;
        int held = -1;
        int64_t pid = 0;
        char *folder PS_CLEANUP(ps_str_free_auto) = ps_files_join(root, entries[place]->d_name);
        char *lock PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, LOCK_NAME);
        if (entries[place]->d_name[0] != '.' && ps_files_exists(lock) &&
            ps_files_lock(lock, &held, &pid, &err) == PS_OK) {
            if (ps_files_remove_tree(folder, &err) != PS_OK) {
                ps_say("%s", err.message);
            }
            (void)close(held);
        }
        free(entries[place]);
    }
    free(entries);
}

static enum ps_status make_staging(const char *const root, struct ps_staging *const staging,
                                   struct ps_error *const err)
{
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    int64_t pid = 0;
    ps_buf_init(&path, PS_TEXT_BYTES_MAX);
    ps_buf_add_format(&path, "%s/", root);
    add_random_hex(&path, 8);
    staging->folder = ps_str_dup(ps_buf_str(&path));
    char *lock PS_CLEANUP(ps_str_free_auto) = ps_files_join(staging->folder, LOCK_NAME);
    if (ps_files_make_folder(staging->folder, err) != PS_OK) {
        return err->status;
    }
    if (ps_files_lock(lock, &staging->lock, &pid, err) != PS_OK) {
        return err->status;
    }
    return ps_files_exists(lock)
               ? PS_OK
               : ps_error_set(err, PS_E_CONFLICT, PS_RETRY_LATER, "could not keep '%s'", lock);
}

enum ps_status ps_staging_make(const struct ps_options *const options,
                               struct ps_staging *const staging, struct ps_error *const err)
{
    char *state PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    char *root PS_CLEANUP(ps_str_free_auto) = ps_files_join(state, "staging");
    *staging = (struct ps_staging){NULL, -1};
    if (ps_files_make_folder(root, err) == PS_OK) {
        sweep(root);
        for (int tries = 0; tries < STAGING_TRIES; tries++) {
            if (make_staging(root, staging, err) == PS_OK) {
                return PS_OK;
            }
            ps_staging_release(staging);
        }
    }
    err->status = PS_E_USAGE;
    return ps_error_hint(err, "Runs are kept there; another folder: --state-dir DIR.");
}

void ps_staging_release(struct ps_staging *const staging)
{
    struct ps_error err;
    if (staging->folder != NULL && ps_files_remove_tree(staging->folder, &err) != PS_OK) {
        ps_say("%s", err.message);
    }
    if (staging->lock >= 0) {
        (void)close(staging->lock);
    }
    free(staging->folder);
    *staging = (struct ps_staging){NULL, -1};
}

/* The run's folder appears whole. Another process may be faster with the same run: then that one is
 * it. */
static enum ps_status move_in_place(struct ps_staging *const staging, const char *const folder,
                                    struct ps_error *const err)
{
    char *parent PS_CLEANUP(ps_str_free_auto) = ps_str_dup(ps_str_of(folder));
    *strrchr(parent, '/') = '\0';
    if (ps_files_make_folder(parent, err) != PS_OK) {
        return err->status;
    }
    if (rename(staging->folder, folder) == 0) {
        free(PS_TAKE(&staging->folder));
        return ps_files_sync_folder_of(folder, err);
    }
    return errno == ENOTEMPTY || errno == EEXIST
               ? PS_OK
               : ps_error_set_errno(err, PS_E_IO, errno, "could not make the run's folder '%s'",
                                    folder);
}

static enum ps_status check_minimum(const struct ps_settings *const settings,
                                    const struct ps_index_summary *const summary,
                                    struct ps_error *const err)
{
    const struct ps_lane *least = &settings->lanes[0];
    for (int64_t lane = 1; lane < settings->lane_count; lane++) {
        least = ps_lane_limit(&settings->lanes[lane], PS_LIMIT_MIN_RECORDS, 1) <
                        ps_lane_limit(least, PS_LIMIT_MIN_RECORDS, 1)
                    ? &settings->lanes[lane]
                    : least;
    }
    const int64_t min_records = ps_lane_limit(least, PS_LIMIT_MIN_RECORDS, 1);
    if (summary->sent == 0 || summary->sent >= min_records) {
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_REFUSED, PS_RETRY_NEVER,
                       "cannot make a batch job of %lld records: the service takes at least %lld "
                       "(limit min_records, %s)",
                       (long long)summary->sent, (long long)min_records,
                       ps_limit_source_name(least->limits[PS_LIMIT_MIN_RECORDS].source));
    return ps_error_hint(
        err, "Put more prompts into one run; or, if your account's minimum is lower, say so with "
             "--lane 'min_records=N'.");
}

/* What the lane's smallest job counts against its day, by the mean record; 0: it has no such day.
 */
static int64_t tokens_above_day(const struct ps_settings *const settings,
                                const struct ps_index_summary *const summary,
                                const struct ps_lane *const lane, const int64_t day)
{
    const int64_t records = ps_lane_limit(lane, PS_LIMIT_MIN_RECORDS, 1);
    const int64_t burndown = ps_lane_limit(lane, PS_LIMIT_BURNDOWN, 1);
    const int64_t most = summary->output_tokens_max / summary->sent;
    const int64_t output = settings->expect_output > 0 && settings->expect_output < most
                               ? settings->expect_output
                               : most;
    int64_t each = 0;
    int64_t tokens = 0;
    if (day <= 0 || !ps_mul_i64(output, burndown, &each) ||
        !ps_mul_i64(each + summary->input_tokens / summary->sent, records, &tokens)) {
        return 0;
    }
    return tokens > day ? tokens : 0;
}

/* A lane whose day is too short for one job takes none: is there one that takes some? */
static enum ps_status check_days(const struct ps_settings *const settings,
                                 const struct ps_index_summary *const summary,
                                 struct ps_error *const err)
{
    struct ps_pools pools PS_CLEANUP(ps_pools_release);
    int64_t tokens = 0;
    int64_t day = 0;
    ps_pools_init(&pools);
    if (ps_pools_make(&pools, settings->lanes, settings->lane_count, err) != PS_OK) {
        return err->status;
    }
    for (int64_t lane = 0; lane < settings->lane_count && summary->sent > 0; lane++) {
        day = ps_pool_limit(&pools.pools[pools.of_lane[lane]], PS_LIMIT_TPD, 0);
        tokens = tokens_above_day(settings, summary, &settings->lanes[lane], day);
        if (tokens == 0) {
            return PS_OK;
        }
    }
    if (tokens == 0) {
        return PS_OK;
    }
    (void)ps_error_set(err, PS_E_REFUSED, PS_RETRY_NEVER,
                       "cannot make a batch job: the smallest one (min_records) has about %lld "
                       "tokens, and a day of lane '%s' takes %lld (tpd)",
                       (long long)tokens, settings->lanes[settings->lane_count - 1].name,
                       (long long)day);
    return ps_error_hint(err, "Lower --max-tokens, say what to expect with --expect-output, or use "
                              "a lane of a larger tpd or a smaller min_records.");
}

static enum ps_status finish(struct ps_prepared *const prepared, struct ps_staging *const staging,
                             struct ps_error *const err)
{
    struct ps_buf nonce PS_CLEANUP(ps_buf_release);
    ps_buf_init(&nonce, PS_TEXT_BYTES_MAX);
    add_random_hex(&nonce, 16);
    prepared->settings.nonce = ps_str_dup(ps_buf_str(&nonce));
    prepared->settings.created_ms = ps_clock_real_wall_ms();
    if (ps_settings_write(&prepared->settings, staging->folder, err) != PS_OK) {
        return err->status;
    }
    return move_in_place(staging, prepared->folder, err);
}

/* ------------------------------------------------ the same input, written anew */

static bool has_equal_entries(const struct ps_index *const left, const struct ps_index *const right)
{
    const int64_t count = ps_index_count(left);
    return count == ps_index_count(right) &&
           (count == 0 || memcmp(ps_index_entry(left, 0), ps_index_entry(right, 0),
                                 (size_t)count * sizeof(struct ps_entry)) == 0);
}

/* Is each input read from where the user has it? */
static bool is_read_in_place(const struct ps_buf *const source)
{
    yyjson_doc *const document = yyjson_read(source->data, source->size, 0);
    yyjson_val *const inputs = yyjson_obj_get(yyjson_doc_get_root(document), "inputs");
    bool is_in_place = yyjson_arr_size(inputs) > 0;
    for (size_t input = 0; input < yyjson_arr_size(inputs); input++) {
        is_in_place = is_in_place &&
                      yyjson_is_false(yyjson_obj_get(yyjson_arr_get(inputs, input), "spooled"));
    }
    yyjson_doc_free(document);
    return is_in_place;
}

/* Takes the pins of the file that was just read for those of the run, with its lock held. */
static enum ps_status repin(const struct ps_prepared *const prepared, const char *const staging,
                            struct ps_error *const err)
{
    struct ps_buf source PS_CLEANUP(ps_buf_release);
    struct ps_buf old_source PS_CLEANUP(ps_buf_release);
    struct ps_index *index PS_CLEANUP(ps_index_free_auto) = NULL;
    struct ps_index *old_index PS_CLEANUP(ps_index_free_auto) = NULL;
    struct ps_settings settings PS_CLEANUP(ps_settings_release);
    char *from PS_CLEANUP(ps_str_free_auto) = ps_files_join(staging, SOURCE_NAME);
    char *to PS_CLEANUP(ps_str_free_auto) = ps_files_join(prepared->folder, SOURCE_NAME);
    ps_buf_init(&source, PS_ANSWER_BYTES_MAX);
    ps_buf_init(&old_source, PS_ANSWER_BYTES_MAX);
    ps_settings_init(&settings);
    if (ps_index_open(staging, &index, err) != PS_OK ||
        ps_index_open(prepared->folder, &old_index, err) != PS_OK ||
        ps_files_read(from, &source, err) != PS_OK ||
        ps_files_read(to, &old_source, err) != PS_OK ||
        ps_settings_read(&settings, prepared->folder, err) != PS_OK) {
        return err->status;
    }
    if (!has_equal_entries(index, old_index) || !is_read_in_place(&source) ||
        !is_read_in_place(&old_source)) {
        return PS_OK;
    }
    free(settings.key);
    settings.key = ps_str_dup(ps_str_of(prepared->settings.key));
    return ps_files_write(to, ps_buf_str(&source), err) == PS_OK
               ? ps_settings_write(&settings, prepared->folder, err)
               : err->status;
}

/*
 * A file that was made anew, or moved, with the same lines at the same places is the run's input:
 * it can be sent from there. A live owner has it open already and needs nothing of this.
 */
static enum ps_status recognise(const struct ps_prepared *const prepared, const char *const staging,
                                struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(prepared->folder, LOCK_NAME);
    int lock = -1;
    int64_t pid = 0;
    if (ps_files_lock(path, &lock, &pid, err) != PS_OK) {
        return err->status == PS_E_CONFLICT ? PS_OK : err->status;
    }
    const enum ps_status status = repin(prepared, staging, err);
    (void)close(lock);
    return status;
}

static enum ps_status make_run(const struct ps_options *const options,
                               struct ps_prepared *const prepared, struct ps_error *const err)
{
    struct ps_staging staging PS_CLEANUP(ps_staging_release) = {NULL, -1};
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    if (ps_staging_make(options, &staging, err) != PS_OK ||
        ps_prepare_index(options, &prepared->settings, staging.folder, &prepared->summary, err) !=
            PS_OK ||
        check_minimum(&prepared->settings, &prepared->summary, err) != PS_OK ||
        check_days(&prepared->settings, &prepared->summary, err) != PS_OK) {
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
        return recognise(prepared, staging.folder, err);
    }
    ps_prepare_tell(&prepared->summary);
    if (ps_plan_show_check(options, &prepared->settings, staging.folder, err) != PS_OK ||
        ps_room_check(&prepared->settings, &prepared->summary, staging.folder, err) != PS_OK) {
        return err->status;
    }
    return finish(prepared, &staging, err);
}

enum ps_status ps_prepare_run(const struct ps_options *const options,
                              struct ps_prepared *const prepared, struct ps_error *const err)
{
    if (ps_request_settings(options, &prepared->settings, err) != PS_OK ||
        ps_identity_params(options, &prepared->settings, &prepared->params, err) != PS_OK) {
        return err->status;
    }
    if (!options->is_new && ps_identity_find(options, prepared->params, &prepared->folder)) {
        prepared->is_there_already = true;
        return PS_OK;
    }
    /* Before gigabytes are read: is there anybody to send them as? */
    if (!options->is_local && ps_wire_check(options, &prepared->settings, err) != PS_OK) {
        return err->status;
    }
    return make_run(options, prepared, err);
}
