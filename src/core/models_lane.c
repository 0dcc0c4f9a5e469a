#include "base/assert.h"
#include "core/family.h"
#include "core/models_internal.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_S 60

/* ------------------------------------------------ Regions and profiles */

enum ps_reach ps_models_reach(const struct ps_str given)
{
    struct ps_str id = PS_STR("");
    struct ps_str prefix = PS_STR("");
    if (!ps_family_base_model(given, &id, &prefix) || prefix.size == 0) {
        return PS_REACH_REGION;
    }
    return ps_str_equals_text(prefix, "global.") ? PS_REACH_GLOBAL : PS_REACH_PROFILE;
}

bool ps_models_lists(yyjson_val *const list, const struct ps_str text)
{
    size_t place = 0;
    size_t count = 0;
    yyjson_val *value = NULL;
    yyjson_arr_foreach(list, place, count, value)
    {
        if (yyjson_equals_strn(value, text.data, text.size)) {
            return true;
        }
    }
    return false;
}

static yyjson_val *batch_list(const struct ps_model *const model, const char *const name)
{
    return yyjson_obj_get(yyjson_obj_get(model->row, "batch"), name);
}

bool ps_models_prefix_has(const struct ps_models *const models, const struct ps_str prefix,
                          const struct ps_str region, bool *const ret_is_known)
{
    yyjson_val *const profiles = yyjson_obj_get(models->root, "profiles");
    size_t place = 0;
    size_t count = 0;
    yyjson_val *profile = NULL;
    *ret_is_known = false;
    yyjson_arr_foreach(profiles, place, count, profile)
    {
        if (ps_str_equals(ps_models_text(profile, "prefix"), prefix)) {
            *ret_is_known = true;
            return ps_models_lists(yyjson_obj_get(profile, "regions"), region);
        }
    }
    return false;
}

bool ps_models_batch_id(const struct ps_models *const models, const struct ps_model *const model,
                        const struct ps_str region, struct ps_buf *const to)
{
    yyjson_val *const prefixes = batch_list(model, "prefixes");
    size_t place = 0;
    size_t count = 0;
    yyjson_val *value = NULL;
    const bool is_own = ps_models_lists(batch_list(model, "regions"), region);
    if (!is_own && ps_models_lists(batch_list(model, "profile_regions"), region)) {
        yyjson_arr_foreach(prefixes, place, count, value)
        {
            const struct ps_str prefix = {yyjson_get_str(value), yyjson_get_len(value)};
            bool is_known = false;
            if (ps_models_prefix_has(models, prefix, region, &is_known)) {
                ps_buf_add(to, prefix);
                ps_buf_add(to, model->id);
                return true;
            }
        }
    }
    ps_buf_add(to, model->id);
    return is_own;
}

/* The table of Regions is about the models as they are. */
static bool is_customised(const struct ps_str given)
{
    static const char kind[] = "custom-model/";
    return memmem(given.data, given.size, kind, sizeof(kind) - 1) != NULL;
}

enum ps_batch_answer ps_models_batch(const struct ps_models *const models,
                                     const struct ps_model *const model, const struct ps_str given,
                                     const struct ps_str region)
{
    struct ps_str id = PS_STR("");
    struct ps_str prefix = PS_STR("");
    if (!model->takes_batch) {
        return PS_BATCH_NO;
    }
    if (region.size == 0 || is_customised(given) || !ps_family_base_model(given, &id, &prefix)) {
        return PS_BATCH_NOT_KNOWN;
    }
    yyjson_val *const regions = batch_list(model, prefix.size == 0 ? "regions" : "profile_regions");
    if (!yyjson_is_arr(regions)) {
        return PS_BATCH_NOT_KNOWN;
    }
    if (!ps_models_lists(regions, region)) {
        return PS_BATCH_NO;
    }
    if (prefix.size == 0) {
        return PS_BATCH_YES;
    }
    /* Whether batch jobs take global profiles is not published. */
    bool is_known = false;
    const bool is_there = ps_models_prefix_has(models, prefix, region, &is_known);
    if (ps_models_reach(given) == PS_REACH_GLOBAL || !is_known) {
        return PS_BATCH_NOT_KNOWN;
    }
    return is_there ? PS_BATCH_YES : PS_BATCH_NO;
}

bool ps_models_region(const struct ps_model *const model, const enum ps_reach reach,
                      const int64_t place, struct ps_str *const ret_region)
{
    yyjson_val *const list =
        batch_list(model, reach == PS_REACH_REGION ? "regions" : "profile_regions");
    yyjson_val *const value = yyjson_arr_get(list, (size_t)place);
    if (value == NULL) {
        return false;
    }
    *ret_region = (struct ps_str){yyjson_get_str(value), yyjson_get_len(value)};
    return true;
}

/* ------------------------------------------------ can the lane be used? */

/* A hint has 256 bytes: so many Regions are named. */
#define HINT_REGIONS_MAX 6

static void add_regions(struct ps_buf *const text, const struct ps_model *const model,
                        const enum ps_reach reach, const char *const intro)
{
    struct ps_str region = PS_STR("");
    int64_t place = 0;
    for (; place < HINT_REGIONS_MAX && ps_models_region(model, reach, place, &region); place++) {
        ps_buf_add_text(text, place == 0 ? intro : ", ");
        ps_buf_add(text, region);
    }
    if (ps_models_region(model, reach, place, &region)) {
        ps_buf_add_text(text, " and others");
    }
}

static enum ps_status no_batch(const struct ps_models *const models,
                               const struct ps_model *const model, const struct ps_lane *const lane,
                               struct ps_error *const err)
{
    struct ps_buf hint PS_CLEANUP(ps_buf_release);
    struct ps_buf id PS_CLEANUP(ps_buf_release);
    ps_buf_init(&hint, sizeof(err->hint) * 2);
    ps_buf_init(&id, sizeof(lane->model) + sizeof(err->hint));
    if (!model->takes_batch) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot use model '%.100s': the service takes no batch jobs of it",
                           lane->model);
        return ps_error_hint(err, "'penstock models' lists those of which it does.");
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                       "cannot use model '%.100s' in %s: the service takes no batch jobs of it "
                       "there under this id",
                       lane->model, lane->region);
    if (ps_models_batch_id(models, model, ps_str_of(lane->region), &id)) {
        return ps_error_hint(err, "From %s it takes them as '%s'.", lane->region, ps_buf_text(&id));
    }
    add_regions(&hint, model, PS_REACH_REGION, "It takes them in ");
    add_regions(&hint, model, PS_REACH_PROFILE,
                hint.size == 0 ? "It takes them through a profile, from "
                               : "; through a profile, from ");
    return ps_error_hint(err, "%s. 'penstock models %.*s' lists all.", ps_buf_text(&hint),
                         PS_STR_ARGS(model->id));
}

static enum ps_status unknown_model(const struct ps_models *const models,
                                    const struct ps_lane *const lane, struct ps_error *const err)
{
    const struct ps_model *near[PS_MODELS_NEAR_MAX];
    const int64_t count = ps_models_near(models, ps_str_of(lane->model), near);
    struct ps_buf list PS_CLEANUP(ps_buf_release);
    ps_buf_init(&list, sizeof(err->hint) * PS_MODELS_NEAR_MAX);
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                       "cannot use model '%.100s': nobody here knows it", lane->model);
    for (int64_t place = 0; place < count; place++) {
        ps_buf_add_text(&list, place == 0 ? "'" : ", '");
        (void)ps_models_batch_id(models, near[place], ps_str_of(lane->region), &list);
        ps_buf_add_text(&list, "'");
    }
    if (count == 0) {
        return ps_error_hint(err, "'penstock models' lists those that are known; a new one can be "
                                  "described in a file: --models-file FILE.");
    }
    return ps_error_hint(err, "Did you mean %s? 'penstock models' lists them all.",
                         ps_buf_text(&list));
}

enum ps_status ps_models_check_lane(const struct ps_models *const models,
                                    const struct ps_lane *const lane, struct ps_error *const err)
{
    const struct ps_str given = ps_str_of(lane->model);
    const struct ps_model *const model = ps_models_find(models, given);
    if (model == NULL) {
        return unknown_model(models, lane, err);
    }
    if (lane->kind == PS_KIND_BATCH &&
        ps_models_batch(models, model, given, ps_str_of(lane->region)) == PS_BATCH_NO) {
        return no_batch(models, model, lane, err);
    }
    return PS_OK;
}

/* ------------------------------------------------ limits */

/* The row of on-demand quotas that holds for the id and the Region; NULL: none is known. */
static yyjson_val *on_demand_row(const struct ps_model *const model, const struct ps_str given,
                                 const struct ps_str region)
{
    static const char *const names[] = {
        [PS_REACH_REGION] = "region", [PS_REACH_PROFILE] = "profile", [PS_REACH_GLOBAL] = "global"};
    yyjson_val *const rows = yyjson_obj_get(model->row, "on_demand");
    size_t place = 0;
    size_t count = 0;
    yyjson_val *row = NULL;
    yyjson_arr_foreach(rows, place, count, row)
    {
        yyjson_val *const regions = yyjson_obj_get(row, "regions");
        if (ps_str_equals_text(ps_models_text(row, "of"), names[ps_models_reach(given)]) &&
            (!yyjson_is_arr(regions) || ps_models_lists(regions, region))) {
            return row;
        }
    }
    return NULL;
}

/* What the model says about the limit, 0 for nothing, and the group that says it. */
static int64_t own_limit(const struct ps_model *const model, const struct ps_lane *const lane,
                         const enum ps_limit_key key, yyjson_val **const ret_group)
{
    const bool is_batch = lane->kind == PS_KIND_BATCH;
    yyjson_val *const row = on_demand_row(model, ps_str_of(lane->model), ps_str_of(lane->region));
    *ret_group = row;
    switch (key) {
    case PS_LIMIT_CONTEXT:
        *ret_group = yyjson_obj_get(model->row, "context");
        return model->context_tokens;
    case PS_LIMIT_OUTPUT:
        *ret_group = yyjson_obj_get(model->row, "context");
        return model->output_tokens;
    case PS_LIMIT_JOB_BYTES:
        *ret_group = yyjson_obj_get(model->row, "job_bytes");
        return is_batch ? ps_models_number(*ret_group, "value") : 0;
    case PS_LIMIT_BURNDOWN:
        *ret_group = yyjson_obj_get(model->row, "burndown");
        return is_batch ? 0 : model->burndown;
    case PS_LIMIT_RPS: {
        const int64_t rpm = is_batch ? 0 : ps_models_number(row, "rpm");
        return rpm == 0 ? 0 : rpm < MINUTE_S ? 1 : rpm / MINUTE_S;
    }
    case PS_LIMIT_TPM:
        return is_batch ? 0 : ps_models_number(row, "tpm");
    case PS_LIMIT_TPD:
        return is_batch ? 0 : ps_models_number(row, "tpd");
    default:
        return 0;
    }
}

void ps_models_fill(const struct ps_models *const models, struct ps_lane *const lane)
{
    const struct ps_model *const model = ps_models_find(models, ps_str_of(lane->model));
    if (model == NULL) {
        return;
    }
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        struct ps_limit *const limit = &lane->limits[key];
        yyjson_val *group = NULL;
        const int64_t own = own_limit(model, lane, (enum ps_limit_key)key, &group);
        const bool is_assumed =
            limit->source == PS_SOURCE_TYPICAL || limit->source == PS_SOURCE_TYPICAL_LOW;
        const bool is_open =
            limit->source == PS_SOURCE_NONE || limit->source == PS_SOURCE_PUBLISHED;
        if (own > 0 && (is_open || (is_assumed && own < limit->value))) {
            *limit = (struct ps_limit){own, PS_SOURCE_PUBLISHED};
        }
    }
    if (lane->kind == PS_KIND_ON_DEMAND && !lane->has_rps_counts) {
        lane->rps_counts = PS_RPS_CALLS;
    }
}

bool ps_models_origin(const struct ps_models *const models, const struct ps_lane *const lane,
                      const enum ps_limit_key key, struct ps_origin *const ret_origin)
{
    const struct ps_model *const model = ps_models_find(models, ps_str_of(lane->model));
    yyjson_val *group = NULL;
    if (model == NULL || own_limit(model, lane, key, &group) == 0) {
        return false;
    }
    ps_models_group_origin(models, group, ret_origin);
    return true;
}

/* ------------------------------------------------ prices and quotas */

bool ps_models_price(const struct ps_model *const model, const struct ps_str given,
                     const enum ps_lane_kind kind, struct ps_price *const ret_price)
{
    yyjson_val *const prices = yyjson_obj_get(model->row, "prices");
    yyjson_val *const global = yyjson_obj_get(prices, "global");
    yyjson_val *const regional = yyjson_obj_get(prices, "regional");
    const bool is_global =
        regional == NULL || (global != NULL && ps_models_reach(given) == PS_REACH_GLOBAL);
    yyjson_val *const price = is_global ? global : regional;
    const bool is_batch = kind == PS_KIND_BATCH;
    yyjson_val *const input = yyjson_obj_get(price, is_batch ? "batch_input" : "input");
    yyjson_val *const output = yyjson_obj_get(price, is_batch ? "batch_output" : "output");
    if (!yyjson_is_int(input) || !yyjson_is_int(output)) {
        return false;
    }
    *ret_price = (struct ps_price){yyjson_get_sint(input), yyjson_get_sint(output)};
    return true;
}

/* The quota's key in the file; NULL: the service has none for it. */
static const char *quota_key(const struct ps_lane *const lane, const enum ps_limit_key key)
{
    static const char *const of_requests[] = {[PS_REACH_REGION] = "rpm",
                                              [PS_REACH_PROFILE] = "profile_rpm",
                                              [PS_REACH_GLOBAL] = "global_rpm"};
    static const char *const of_tokens[] = {[PS_REACH_REGION] = "tpm",
                                            [PS_REACH_PROFILE] = "profile_tpm",
                                            [PS_REACH_GLOBAL] = "global_tpm"};
    const enum ps_reach reach = ps_models_reach(ps_str_of(lane->model));
    if (key <= PS_LIMIT_MIN_RECORDS && key != PS_LIMIT_FILES) {
        return lane->kind == PS_KIND_BATCH ? ps_limit_name(key) : NULL;
    }
    /* Batch jobs have no such quotas of their own: where tokens count at all, these are meant. */
    if (lane->kind == PS_KIND_BATCH && lane->limits[key].value == PS_NO_LIMIT) {
        return NULL;
    }
    switch (key) {
    case PS_LIMIT_RPS:
        return of_requests[reach];
    case PS_LIMIT_TPM:
        return of_tokens[reach];
    case PS_LIMIT_TPD:
        return "tpd";
    default:
        return NULL;
    }
}

/* The quota's name with the model's where it says {M}, or {R}: quotas of rates spell some models in
 * another way. */
static void write_name(const struct ps_str form, const struct ps_model *const model,
                       struct ps_quota *const quota)
{
    const size_t brace = ps_str_find(form, '{');
    const struct ps_str rate_name = ps_models_text(model->row, "rate_name");
    const bool is_rate = ps_str_starts_with(ps_str_part(form, brace, form.size), PS_STR("{R}"));
    const struct ps_str name = is_rate && rate_name.size > 0 ? rate_name : model->name;
    const struct ps_str head = ps_str_part(form, 0, brace);
    const struct ps_str tail = ps_str_part(form, brace + 3, form.size);
    (void)snprintf(quota->name, sizeof(quota->name), "%.*s%.*s%.*s", PS_STR_ARGS(head),
                   PS_STR_ARGS(name), PS_STR_ARGS(tail));
}

bool ps_models_quota(const struct ps_models *const models, const struct ps_lane *const lane,
                     const enum ps_limit_key key, struct ps_quota *const ret_quota)
{
    const struct ps_model *const model = ps_models_find(models, ps_str_of(lane->model));
    const char *const name = quota_key(lane, key);
    if (model == NULL || name == NULL) {
        return false;
    }
    yyjson_val *const quota = yyjson_obj_get(yyjson_obj_get(models->root, "quotas"), name);
    yyjson_val *const own = yyjson_obj_get(model->row, "quotas");
    const struct ps_str code = ps_models_text(own, name);
    if (quota == NULL) {
        return false;
    }
    write_name(ps_models_text(quota, "name"), model, ret_quota);
    (void)snprintf(ret_quota->code, sizeof(ret_quota->code), "%.*s", PS_STR_ARGS(code));
    ret_quota->is_adjustable = yyjson_is_true(yyjson_obj_get(quota, "adjustable")) ||
                               ps_models_lists(yyjson_obj_get(own, "adjustable"), ps_str_of(name));
    return true;
}
