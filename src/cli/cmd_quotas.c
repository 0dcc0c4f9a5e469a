#include "base/assert.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/request.h"
#include "cli/say.h"
#include "codec/units.h"

#include <stdio.h>
#include <string.h>
#include <yyjson.h>

#define COLUMNS 80
#define INDENT 14

/* One limit of the lane, as it is shown. */
struct row {
    const char *name;
    int64_t value; /* PS_NO_LIMIT: none is known */
    const char *source;
    struct ps_origin origin; /* empty: the user's own */
    struct ps_quota quota;   /* its name is "" where there is none */
};

/* Of the data alone: a bucket's requests, which no lane has as a key. */
#define S3_RPS "s3_rps"

#define ROWS_MAX (PS_LIMIT_COUNT + 1)

static bool is_shown(const struct ps_lane *const lane, const enum ps_limit_key key)
{
    const bool is_meant = lane->kind == PS_KIND_BATCH || !ps_limit_is_of_jobs(key);
    const bool is_said = lane->limits[key].value != PS_NO_LIMIT;
    return is_said || (is_meant && key != PS_LIMIT_RESET && key != PS_LIMIT_STARTUP &&
                       key != PS_LIMIT_BURNDOWN);
}

static void fill_row(const struct ps_models *const models, const struct ps_lane *const lane,
                     const char *const profile, const enum ps_limit_key key, struct row *const row)
{
    const struct ps_limit limit = lane->limits[key];
    int64_t unused = 0;
    memset(row, 0, sizeof(*row));
    row->name = ps_limit_name(key);
    row->value = limit.value;
    row->source = limit.value == PS_NO_LIMIT ? "-" : ps_limit_source_name(limit.source);
    if (!ps_models_quota(models, lane, key, &row->quota)) {
        row->quota.name[0] = '\0';
    }
    const bool is_profiles = limit.source == PS_SOURCE_NONE || strcmp(row->source, profile) == 0;
    if (limit.source == PS_SOURCE_USER || (limit.source == PS_SOURCE_PUBLISHED &&
                                           ps_models_origin(models, lane, key, &row->origin))) {
        return;
    }
    if (!is_profiles || !ps_lane_profile(profile, row->name, &unused, &row->origin)) {
        memset(&row->origin, 0, sizeof(row->origin));
    }
}

static int64_t list_rows(const struct ps_models *const models, const struct ps_lane *const lane,
                         const char *const profile, struct row rows[ROWS_MAX])
{
    int64_t count = 0;
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        if (is_shown(lane, (enum ps_limit_key)key)) {
            fill_row(models, lane, profile, (enum ps_limit_key)key, &rows[count++]);
        }
    }
    struct row *const bucket = &rows[count];
    memset(bucket, 0, sizeof(*bucket));
    bucket->name = S3_RPS;
    bucket->source = profile;
    if (lane->kind == PS_KIND_BATCH &&
        ps_lane_profile(profile, S3_RPS, &bucket->value, &bucket->origin)) {
        count++;
    }
    return count;
}

/* ------------------------------------------------ as text */

static void add_value(struct ps_buf *const text, const struct row *const row)
{
    const size_t size = strlen(row->name);
    if (row->value == PS_NO_LIMIT) {
        ps_buf_add_text(text, "none known");
    } else if (size > 6 && strcmp(row->name + size - 6, "_bytes") == 0) {
        ps_units_add_bytes(text, row->value);
    } else if (strcmp(row->name, "startup") == 0 || strcmp(row->name, "reset") == 0) {
        ps_units_add_time(text, row->value);
    } else {
        ps_units_add_count(text, row->value);
    }
}

static void print_row(const struct row *const row)
{
    struct ps_buf value PS_CLEANUP(ps_buf_release);
    ps_buf_init(&value, PS_TEXT_BYTES_MAX);
    add_value(&value, row);
    printf("%-*s%14s  %-11s  %-7s  %-10s  %s\n", INDENT, row->name, ps_buf_text(&value),
           row->source, row->origin.date, row->quota.code[0] == '\0' ? "-" : row->quota.code,
           row->quota.name[0] == '\0' ? "-"
           : row->quota.is_adjustable ? "yes"
                                      : "no");
}

static void print_note(const struct row *const row, const char *const text)
{
    struct ps_buf line PS_CLEANUP(ps_buf_release);
    ps_buf_init(&line, PS_MB);
    if (text[0] != '\0') {
        ps_buf_add_format(&line, "%-*s", INDENT, row->name);
        ps_help_add_wrapped(&line, text, INDENT, INDENT, COLUMNS);
        printf("%s", ps_buf_text(&line));
    }
}

static void print_text(const struct ps_model *const model, const struct ps_lane *const lane,
                       const struct row *const rows, const int64_t count)
{
    printf("%.*s, %s in %s\n\n", PS_STR_ARGS(model->name),
           lane->kind == PS_KIND_BATCH ? "batch jobs" : "calls on demand", lane->region);
    printf("%-*s%14s  %-11s  %-7s  %-10s  %s\n", INDENT, "LIMIT", "VALUE", "SOURCE", "READ", "CODE",
           "CAN BE RAISED");
    for (int64_t row = 0; row < count; row++) {
        print_row(&rows[row]);
    }
    printf("\nAs Service Quotas names them:\n");
    for (int64_t row = 0; row < count; row++) {
        print_note(&rows[row], rows[row].quota.name);
    }
    printf("\nFrom:\n");
    for (int64_t row = 0; row < count; row++) {
        print_note(&rows[row], rows[row].origin.text);
    }
    printf("\nAWS's defaults, or what --limits says; an account can have less or more.\n");
}

/* ------------------------------------------------ as JSON */

static void add_text(yyjson_mut_doc *const document, yyjson_mut_val *const object,
                     const char *const name, const char *const text)
{
    (void)yyjson_mut_obj_add_val(document, object, name,
                                 text[0] == '\0' ? yyjson_mut_null(document)
                                                 : yyjson_mut_strcpy(document, text));
}

static yyjson_mut_val *json_row(yyjson_mut_doc *const document, const struct row *const row)
{
    yyjson_mut_val *const object = yyjson_mut_obj(document);
    const bool is_none = row->value == PS_NO_LIMIT;
    add_text(document, object, "limit", row->name);
    (void)yyjson_mut_obj_add_val(document, object, "value",
                                 is_none ? yyjson_mut_null(document)
                                         : yyjson_mut_sint(document, row->value));
    add_text(document, object, "source", is_none ? "" : row->source);
    add_text(document, object, "origin", row->origin.text);
    add_text(document, object, "date", row->origin.date);
    if (row->quota.name[0] == '\0') {
        (void)yyjson_mut_obj_add_null(document, object, "quota");
        return object;
    }
    yyjson_mut_val *const quota = yyjson_mut_obj_add_obj(document, object, "quota");
    add_text(document, quota, "name", row->quota.name);
    add_text(document, quota, "code", row->quota.code);
    (void)yyjson_mut_obj_add_bool(document, quota, "adjustable", row->quota.is_adjustable);
    return object;
}

static void print_json(const struct ps_model *const model, const struct ps_lane *const lane,
                       const struct row *const rows, const int64_t count)
{
    yyjson_mut_doc *const document = yyjson_mut_doc_new(NULL);
    PS_ASSERT(document != NULL);
    yyjson_mut_val *const root = yyjson_mut_obj(document);
    yyjson_mut_doc_set_root(document, root);
    (void)yyjson_mut_obj_add_strcpy(document, root, "model", lane->model);
    (void)yyjson_mut_obj_add_strncpy(document, root, "name", model->name.data, model->name.size);
    (void)yyjson_mut_obj_add_strcpy(document, root, "region", lane->region);
    (void)yyjson_mut_obj_add_str(document, root, "kind",
                                 lane->kind == PS_KIND_BATCH ? "batch" : "on-demand");
    yyjson_mut_val *const list = yyjson_mut_obj_add_arr(document, root, "limits");
    for (int64_t row = 0; row < count; row++) {
        (void)yyjson_mut_arr_add_val(list, json_row(document, &rows[row]));
    }
    char *text PS_CLEANUP(ps_str_free_auto) = yyjson_mut_write(document, YYJSON_WRITE_PRETTY, NULL);
    yyjson_mut_doc_free(document);
    PS_ASSERT(text != NULL);
    printf("%s\n", text);
}

/* ------------------------------------------------ the command */

static enum ps_status read_lane(const struct ps_options *const options, struct ps_lane *const lane,
                                struct ps_error *const err)
{
    if (options->models.count > 1 || options->lanes.count > 1 || options->argument_count > 0) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                            "cannot list the limits of more than one --model or --lane");
    }
    ps_lane_init(lane, "main");
    if (ps_request_lane(options, options->lanes.count == 0 ? NULL : options->lanes.texts[0],
                        options->models.count == 0 ? NULL : options->models.texts[0], lane,
                        err) != PS_OK) {
        return err->status;
    }
    if (lane->model[0] == '\0') {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot list limits without --model");
        return ps_error_hint(err, "For example: penstock quotas --model "
                                  "us.anthropic.claude-haiku-4-5-20251001-v1:0@us-west-2. "
                                  "'penstock models' lists what there is.");
    }
    return PS_OK;
}

int ps_cmd_quotas(const struct ps_options *const options)
{
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = NULL;
    struct ps_lane lane;
    struct ps_error err;
    struct row rows[ROWS_MAX];
    if (read_lane(options, &lane, &err) != PS_OK ||
        ps_request_models(options, &models, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    const struct ps_model *const model = ps_models_find(models, ps_str_of(lane.model));
    const int64_t count = list_rows(models, &lane, options->limits, rows);
    PS_ASSERT(model != NULL);
    if (options->is_json) {
        print_json(model, &lane, rows, count);
    } else {
        print_text(model, &lane, rows, count);
    }
    return PS_EXIT_OK;
}
