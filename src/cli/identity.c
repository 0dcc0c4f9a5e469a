#include "cli/identity.h"

#include "base/assert.h"
#include "base/limits.h"
#include "cli/runs.h"
#include "core/names.h"
#include "os/clock.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>
#include <yyjson.h>

static void add_text(yyjson_mut_doc *const document, const char *const name,
                     const char *const value)
{
    if (value != NULL && value[0] != '\0') {
        (void)yyjson_mut_obj_add_strcpy(document, yyjson_mut_doc_get_root(document), name, value);
    }
}

static enum ps_status add_template(yyjson_mut_doc *const document, const char *const path,
                                   struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char print[40];
    ps_buf_init(&text, PS_MB);
    if (ps_files_read(path, &text, err) != PS_OK) {
        err->status = PS_E_USAGE;
        return ps_error_hint(err,
                             "--prompt-file names a template, for example: Translate: {question}");
    }
    const XXH128_hash_t hash = XXH3_128bits(text.data, text.size);
    (void)snprintf(print, sizeof(print), "%016llx%016llx", (unsigned long long)hash.high64,
                   (unsigned long long)hash.low64);
    add_text(document, "template", print);
    return PS_OK;
}

static void add_lane(yyjson_mut_doc *const document, const struct ps_settings *const settings,
                     const int64_t place, yyjson_mut_val *const object)
{
    const struct ps_lane *const lane = &settings->lanes[place];
    (void)yyjson_mut_obj_add_str(document, object, "model", lane->model);
    (void)yyjson_mut_obj_add_str(document, object, "region", lane->region);
    (void)yyjson_mut_obj_add_str(document, object, "where",
                                 settings->is_local ? "local" : lane->s3_uri);
    if (lane->profile[0] != '\0') {
        (void)yyjson_mut_obj_add_str(document, object, "profile", lane->profile);
    }
}

/* Besides the first: their order names the run too, as jobs are held by lanes' places. */
static void add_lanes(yyjson_mut_doc *const document, const struct ps_settings *const settings)
{
    yyjson_mut_val *const lanes = yyjson_mut_arr(document);
    for (int64_t lane = 1; lane < settings->lane_count; lane++) {
        yyjson_mut_val *const object = yyjson_mut_obj(document);
        add_lane(document, settings, lane, object);
        (void)yyjson_mut_arr_append(lanes, object);
    }
    if (settings->lane_count > 1) {
        (void)yyjson_mut_obj_add_val(document, yyjson_mut_doc_get_root(document), "lanes", lanes);
    }
}

enum ps_status ps_identity_params(const struct ps_options *const options,
                                  const struct ps_settings *const settings, char **const ret_params,
                                  struct ps_error *const err)
{
    char number[32];
    yyjson_mut_doc *const document = yyjson_mut_doc_new(NULL);
    PS_ASSERT(document != NULL);
    yyjson_mut_doc_set_root(document, yyjson_mut_obj(document));
    add_text(document, "model", settings->lanes[0].model);
    add_text(document, "region", settings->lanes[0].region);
    add_text(document, "family", ps_family_name(settings->family));
    add_text(document, "where", settings->is_local ? "local" : settings->lanes[0].s3_uri);
    add_text(document, "profile", settings->lanes[0].profile);
    add_lanes(document, settings);
    add_text(document, "format", options->format);
    add_text(document, "id_field", options->id_field);
    add_text(document, "keep", options->keep);
    add_text(document, "system", options->system);
    (void)snprintf(number, sizeof(number), "%lld", (long long)options->max_tokens);
    add_text(document, "max_tokens", number);
    add_text(document, "dedupe", options->is_no_dedupe ? "none" : options->is_dedupe ? "all" : "");
    enum ps_status status = PS_OK;
    if (options->prompt_file != NULL) {
        status = add_template(document, options->prompt_file, err);
    }
    if (options->is_new) {
        (void)snprintf(number, sizeof(number), "%lld", (long long)ps_clock_real_wall_ms());
        add_text(document, "new", number);
    }
    if (status == PS_OK) {
        *ret_params = yyjson_mut_write(document, 0, NULL);
        PS_ASSERT(*ret_params != NULL);
    }
    yyjson_mut_doc_free(document);
    return status;
}

/* [path, size, mtime in ns] of each input; standard input as ["-"]. */
static yyjson_mut_val *inputs_of(yyjson_mut_doc *const document,
                                 const struct ps_options *const options)
{
    yyjson_mut_val *const inputs = yyjson_mut_arr(document);
    for (int64_t input = 0; input < options->argument_count; input++) {
        struct stat facts;
        yyjson_mut_val *const row = yyjson_mut_arr(document);
        char *path PS_CLEANUP(ps_str_free_auto) =
            strcmp(options->arguments[input], "-") == 0
                ? ps_str_dup(PS_STR("-"))
                : ps_files_absolute(options->arguments[input]);
        (void)yyjson_mut_arr_add_strcpy(document, row, path);
        if (stat(path, &facts) == 0) {
            (void)yyjson_mut_arr_add_int(document, row, facts.st_size);
            (void)yyjson_mut_arr_add_int(
                document, row, (int64_t)facts.st_mtim.tv_sec * 1000000000 + facts.st_mtim.tv_nsec);
        }
        (void)yyjson_mut_arr_append(inputs, row);
    }
    return inputs;
}

static void add_digest(struct ps_buf *const buf, const struct ps_index_summary *const summary)
{
    ps_buf_add_format(buf, "%016llx%016llx", (unsigned long long)summary->digest_high,
                      (unsigned long long)summary->digest_low);
}

void ps_identity_name(const struct ps_options *const options, const char *const params,
                      const struct ps_index_summary *const summary,
                      struct ps_settings *const settings)
{
    struct ps_buf digest PS_CLEANUP(ps_buf_release);
    struct ps_buf both PS_CLEANUP(ps_buf_release);
    char name[32];
    ps_buf_init(&digest, PS_TEXT_BYTES_MAX);
    ps_buf_init(&both, PS_MB);
    add_digest(&digest, summary);
    ps_buf_add_format(&both, "%s%s", params, ps_buf_text(&digest));
    const XXH128_hash_t hash = XXH3_128bits(both.data, both.size);
    (void)snprintf(name, sizeof(name), "run-%012llx", (unsigned long long)(hash.high64 >> 16));
    settings->name = ps_str_dup(ps_str_of(options->name != NULL ? options->name : name));

    yyjson_mut_doc *const document = yyjson_mut_doc_new(NULL);
    PS_ASSERT(document != NULL);
    yyjson_mut_val *const root = yyjson_mut_obj(document);
    yyjson_mut_doc_set_root(document, root);
    (void)yyjson_mut_obj_add_str(document, root, "params", params);
    (void)yyjson_mut_obj_add_val(document, root, "inputs", inputs_of(document, options));
    (void)yyjson_mut_obj_add_str(document, root, "digest", ps_buf_text(&digest));
    free(settings->key);
    settings->key = yyjson_mut_write(document, 0, NULL);
    PS_ASSERT(settings->key != NULL);
    yyjson_mut_doc_free(document);
}

/* ------------------------------------------------ finding it again */

struct search {
    const struct ps_options *options;
    const char *params;
    char *found;
};

/* The same paths; each as it was, or gone. Standard input can only be read. */
static bool inputs_match(yyjson_val *const known, const struct ps_options *const options)
{
    if ((int64_t)yyjson_arr_size(known) != options->argument_count) {
        return false;
    }
    for (int64_t input = 0; input < options->argument_count; input++) {
        struct stat facts;
        yyjson_val *const row = yyjson_arr_get(known, (size_t)input);
        char *path PS_CLEANUP(ps_str_free_auto) = ps_files_absolute(options->arguments[input]);
        const char *const known_path = yyjson_get_str(yyjson_arr_get(row, 0));
        if (known_path == NULL || strcmp(options->arguments[input], "-") == 0 ||
            strcmp(known_path, path) != 0) {
            return false;
        }
        if (stat(path, &facts) == 0 &&
            (yyjson_get_sint(yyjson_arr_get(row, 1)) != facts.st_size ||
             yyjson_get_sint(yyjson_arr_get(row, 2)) !=
                 (int64_t)facts.st_mtim.tv_sec * 1000000000 + facts.st_mtim.tv_nsec)) {
            return false;
        }
    }
    return true;
}

static void look(void *const seer, const char *const name, const char *const folder)
{
    struct search *const search = seer;
    struct ps_settings settings;
    struct ps_error err;
    ps_settings_init(&settings);
    if (search->found == NULL &&
        (search->options->name == NULL || strcmp(search->options->name, name) == 0) &&
        ps_settings_read(&settings, folder, &err) == PS_OK) {
        yyjson_doc *const key = yyjson_read(settings.key, strlen(settings.key), 0);
        yyjson_val *const root = yyjson_doc_get_root(key);
        const char *const params = yyjson_get_str(yyjson_obj_get(root, "params"));
        if (params != NULL && strcmp(params, search->params) == 0 &&
            inputs_match(yyjson_obj_get(root, "inputs"), search->options)) {
            search->found = ps_str_dup(ps_str_of(folder));
        }
        yyjson_doc_free(key);
    }
    ps_settings_release(&settings);
}

bool ps_identity_find(const struct ps_options *const options, const char *const params,
                      char **const ret_folder)
{
    struct search search = {options, params, NULL};
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    ps_runs_each(root, look, &search);
    if (search.found == NULL) {
        return false;
    }
    *ret_folder = search.found;
    return true;
}

enum ps_status ps_identity_check_name(const struct ps_options *const options,
                                      const char *const params,
                                      const struct ps_index_summary *const summary,
                                      struct ps_error *const err)
{
    struct ps_settings settings;
    struct ps_error read_err;
    struct ps_buf digest PS_CLEANUP(ps_buf_release);
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    char *folder PS_CLEANUP(ps_str_free_auto) = ps_runs_folder(root, options->name);
    if (!ps_names_is_run(ps_str_of(options->name))) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot name a run '%.60s'",
                           options->name);
        return ps_error_hint(err,
                             "A name has 1 to 40 of a-z, 0-9 and '-', and no '-' at its ends.");
    }
    ps_settings_init(&settings);
    if (ps_settings_read(&settings, folder, &read_err) != PS_OK) {
        return PS_OK;
    }
    ps_buf_init(&digest, PS_TEXT_BYTES_MAX);
    add_digest(&digest, summary);
    yyjson_doc *const key = yyjson_read(settings.key, strlen(settings.key), 0);
    yyjson_val *const root_val = yyjson_doc_get_root(key);
    const char *const known_params = yyjson_get_str(yyjson_obj_get(root_val, "params"));
    const char *const known_digest = yyjson_get_str(yyjson_obj_get(root_val, "digest"));
    const bool is_same = known_params != NULL && known_digest != NULL &&
                         strcmp(known_params, params) == 0 &&
                         strcmp(known_digest, ps_buf_text(&digest)) == 0;
    yyjson_doc_free(key);
    ps_settings_release(&settings);
    if (!is_same) {
        (void)ps_error_set(
            err, PS_E_USAGE, PS_RETRY_NEVER,
            "cannot go on with run '%s': it was made from another input or with other options",
            options->name);
        return ps_error_hint(
            err, "Give another --name; 'penstock resume %s' goes on with that one.", options->name);
    }
    return PS_OK;
}
