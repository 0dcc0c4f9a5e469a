#include "core/models.h"

#include "base/assert.h"
#include "base/time.h"
#include "codec/iso8601.h"
#include "core/catalog.h"
#include "core/family.h"
#include "core/models_internal.h"
#include "core/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------ reading */

struct ps_str ps_models_text(yyjson_val *const object, const char *const name)
{
    yyjson_val *const value = yyjson_obj_get(object, name);
    return yyjson_is_str(value) ? (struct ps_str){yyjson_get_str(value), yyjson_get_len(value)}
                                : PS_STR("");
}

int64_t ps_models_number(yyjson_val *const object, const char *const name)
{
    const int64_t number = yyjson_get_sint(yyjson_obj_get(object, name));
    return number > 0 ? number : 0;
}

static const struct state_row {
    const char *name;
    enum ps_model_state state;
} state_rows[] = {
    {"active", PS_MODEL_ACTIVE},     {"legacy", PS_MODEL_LEGACY},   {"ended", PS_MODEL_ENDED},
    {"unlisted", PS_MODEL_UNLISTED}, {"unknown", PS_MODEL_UNKNOWN},
};

static bool read_state(const struct ps_str name, enum ps_model_state *const ret_state)
{
    for (size_t row = 0; row < sizeof(state_rows) / sizeof(state_rows[0]); row++) {
        if (ps_str_equals_text(name, state_rows[row].name)) {
            *ret_state = state_rows[row].state;
            return true;
        }
    }
    return false;
}

static enum ps_status refuse_model(const int64_t place, const struct ps_str id,
                                   const char *const what, struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                       "cannot use model %lld ('%.*s') of the models file: %s",
                       (long long)place + 1, PS_STR_ARGS(ps_str_part(id, 0, 60)), what);
    return ps_error_hint(err, "It has the form of data/models.json: 'id' and 'name', then as much "
                              "as is known.");
}

/* Has each group the shape that others rely on? NULL: yes. */
static const char *wrong_shape(yyjson_val *const row)
{
    static const char *const groups[] = {"context",  "prices", "batch",
                                         "burndown", "quotas", "lifecycle"};
    yyjson_val *const batch = yyjson_obj_get(row, "batch");
    yyjson_val *const on_demand = yyjson_obj_get(row, "on_demand");
    static const char *const lists[] = {"regions", "profile_regions", "prefixes"};
    for (size_t group = 0; group < sizeof(groups) / sizeof(groups[0]); group++) {
        yyjson_val *const value = yyjson_obj_get(row, groups[group]);
        if (value != NULL && !yyjson_is_null(value) && !yyjson_is_obj(value)) {
            return "its context, prices, batch, burndown, quotas and lifecycle are objects";
        }
    }
    for (size_t list = 0; list < sizeof(lists) / sizeof(lists[0]); list++) {
        yyjson_val *const value = yyjson_obj_get(batch, lists[list]);
        if (value != NULL && !yyjson_is_null(value) && !yyjson_is_arr(value)) {
            return "batch.regions, batch.profile_regions and batch.prefixes are lists of names";
        }
    }
    return on_demand == NULL || yyjson_is_arr(on_demand) ? NULL : "on_demand is a list";
}

static enum ps_status read_model(struct ps_models *const models, const int64_t place,
                                 yyjson_val *const row, struct ps_error *const err)
{
    struct ps_model *const model = &models->models[place];
    yyjson_val *const batch = yyjson_obj_get(row, "batch");
    yyjson_val *const life = yyjson_obj_get(row, "lifecycle");
    yyjson_val *const context = yyjson_obj_get(row, "context");
    *model = (struct ps_model){
        .id = ps_models_text(row, "id"),
        .name = ps_models_text(row, "name"),
        .family = ps_models_text(row, "family"),
        .context_tokens = ps_models_number(context, "tokens"),
        .output_tokens = ps_models_number(context, "output_tokens"),
        .burndown = ps_models_number(yyjson_obj_get(row, "burndown"), "value"),
        .takes_batch = batch == NULL || yyjson_arr_size(yyjson_obj_get(batch, "regions")) > 0 ||
                       yyjson_arr_size(yyjson_obj_get(batch, "profile_regions")) > 0,
        .state = PS_MODEL_UNKNOWN,
        .ends = ps_models_text(life, "end"),
        .note = ps_models_text(row, "note"),
        .row = row,
    };
    if (model->id.size == 0 || model->name.size == 0) {
        return refuse_model(place, model->id, "it has no 'id' or no 'name'", err);
    }
    if (wrong_shape(row) != NULL) {
        return refuse_model(place, model->id, wrong_shape(row), err);
    }
    if (life != NULL && !read_state(ps_models_text(life, "state"), &model->state)) {
        return refuse_model(place, model->id,
                            "its lifecycle is active, legacy, ended, unlisted or unknown", err);
    }
    return PS_OK;
}

enum ps_status ps_models_read(const struct ps_str text, struct ps_models **const ret_models,
                              struct ps_error *const err)
{
    struct ps_models *models PS_CLEANUP(ps_models_free_auto) = calloc(1, sizeof(*models));
    yyjson_read_err reason;
    PS_ASSERT(models != NULL);
    char *copy PS_CLEANUP(ps_str_free_auto) = ps_str_dup(text); /* yyjson takes no const text */
    models->document = yyjson_read_opts(copy, text.size, YYJSON_READ_NOFLAG, NULL, &reason);
    models->root = yyjson_doc_get_root(models->document);
    yyjson_val *const rows = yyjson_obj_get(models->root, "models");
    if (models->document == NULL) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                            "cannot read the models file: not JSON at byte %zu: %s", reason.pos + 1,
                            reason.msg);
    }
    if (!yyjson_is_arr(rows)) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot read the models file: it has no list 'models'");
        return ps_error_hint(err, "It has the form of data/models.json.");
    }
    models->models = calloc(yyjson_arr_size(rows) + 1, sizeof(models->models[0]));
    PS_ASSERT(models->models != NULL);
    size_t place = 0;
    size_t count = 0;
    yyjson_val *row = NULL;
    yyjson_arr_foreach(rows, place, count, row)
    {
        if (read_model(models, (int64_t)place, row, err) != PS_OK) {
            return err->status;
        }
        models->count++;
    }
    *ret_models = PS_TAKE(&models);
    return PS_OK;
}

struct ps_models *ps_models_builtin(void)
{
    struct ps_models *models = NULL;
    struct ps_error err;
    const enum ps_status status = ps_models_read(ps_catalog_models(), &models, &err);
    PS_ASSERT(status == PS_OK);
    return models;
}

struct ps_models *ps_models_free(struct ps_models *const models)
{
    if (models != NULL) {
        yyjson_doc_free(models->document);
        free(models->models);
        free(models);
    }
    return NULL;
}

void ps_models_free_auto(struct ps_models **const models)
{
    *models = ps_models_free(*models);
}

/* ------------------------------------------------ looking */

int64_t ps_models_count(const struct ps_models *const models)
{
    return models->count;
}

const struct ps_model *ps_models_at(const struct ps_models *const models, const int64_t place)
{
    PS_ASSERT(place >= 0 && place < models->count);
    return &models->models[place];
}

const struct ps_model *ps_models_find(const struct ps_models *const models,
                                      const struct ps_str given)
{
    struct ps_str id = PS_STR("");
    struct ps_str prefix = PS_STR("");
    if (!ps_family_base_model(given, &id, &prefix)) {
        return NULL;
    }
    for (int64_t place = 0; place < models->count; place++) {
        const struct ps_str own = models->models[place].id;
        /* "...-v1:0:48k" is the same model with a smaller context. */
        const bool is_variant =
            id.size > own.size && ps_str_starts_with(id, own) && id.data[own.size] == ':';
        if (ps_str_equals(id, own) || is_variant) {
            return &models->models[place];
        }
    }
    return NULL;
}

/* Letters and digits alone, in lower case: "Claude Haiku 4.5" and "claude-haiku-4-5" are one. */
#define PLAIN_SIZE_MAX 64
struct plain {
    char text[PLAIN_SIZE_MAX + 1];
    size_t size;
};

static struct plain plain_of(const struct ps_str text)
{
    struct plain plain = {"", 0};
    for (size_t place = 0; place < text.size && plain.size < PLAIN_SIZE_MAX; place++) {
        const char byte = text.data[place];
        if (byte >= 'A' && byte <= 'Z') {
            plain.text[plain.size++] = (char)(byte - 'A' + 'a');
        } else if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9')) {
            plain.text[plain.size++] = byte;
        }
    }
    return plain;
}

/* A part of a name this short says nothing. */
#define PART_SIZE_MIN 4
/* A letter that differs weighs as much as so many that are missing at an end. */
#define TYPO_WEIGHT 8

static size_t distance_between(const struct plain *const given, const struct plain *const own)
{
    size_t distance = SIZE_MAX;
    if (given->size >= PART_SIZE_MIN && strstr(own->text, given->text) != NULL) {
        distance = own->size - given->size;
    } else if (own->size >= PART_SIZE_MIN && strstr(given->text, own->text) != NULL) {
        distance = given->size - own->size;
    }
    /* The whole of it with some letters wrong, or its beginning. */
    const size_t sizes[] = {own->size, own->size < given->size ? own->size : given->size};
    for (size_t part = 0; given->size >= PART_SIZE_MIN && part < 2; part++) {
        const size_t typos = ps_near_distance((struct ps_str){given->text, given->size},
                                              (struct ps_str){own->text, sizes[part]});
        const size_t weight = typos * TYPO_WEIGHT + own->size - sizes[part];
        if (typos < PS_NEAR_FAR && typos * 2 <= given->size && weight < distance) {
            distance = weight;
        }
    }
    return distance;
}

int64_t ps_models_near(const struct ps_models *const models, const struct ps_str given,
                       const struct ps_model *ret_near[PS_MODELS_NEAR_MAX])
{
    struct ps_str id = given;
    struct ps_str prefix = PS_STR("");
    size_t distances[PS_MODELS_NEAR_MAX];
    int64_t found = 0;
    if (!ps_family_base_model(given, &id, &prefix)) {
        id = given;
    }
    const struct plain wanted = plain_of(id);
    for (int64_t place = 0; place < models->count; place++) {
        const struct plain own_id = plain_of(models->models[place].id);
        const struct plain own_name = plain_of(models->models[place].name);
        const size_t by_id = distance_between(&wanted, &own_id);
        const size_t by_name = distance_between(&wanted, &own_name);
        const size_t distance = by_id < by_name ? by_id : by_name;
        int64_t slot = found;
        while (slot > 0 && distances[slot - 1] > distance) {
            slot--;
        }
        if (distance == SIZE_MAX || slot == PS_MODELS_NEAR_MAX) {
            continue;
        }
        found += found < PS_MODELS_NEAR_MAX ? 1 : 0;
        for (int64_t behind = found - 1; behind > slot; behind--) {
            distances[behind] = distances[behind - 1];
            ret_near[behind] = ret_near[behind - 1];
        }
        distances[slot] = distance;
        ret_near[slot] = &models->models[place];
    }
    return found;
}

/* ------------------------------------------------ sources */

void ps_models_group_origin(const struct ps_models *const models, yyjson_val *const group,
                            struct ps_origin *const ret_origin)
{
    const char *const name = yyjson_get_str(yyjson_obj_get(group, "source"));
    yyjson_val *const source =
        name == NULL ? NULL : yyjson_obj_get(yyjson_obj_get(models->root, "sources"), name);
    const struct ps_str text = ps_models_text(source, "text");
    const struct ps_str date = ps_models_text(source, "date");
    (void)snprintf(ret_origin->text, sizeof(ret_origin->text), "%.*s", PS_STR_ARGS(text));
    (void)snprintf(ret_origin->date, sizeof(ret_origin->date), "%.*s", PS_STR_ARGS(date));
}

void ps_models_part_origin(const struct ps_models *const models, const struct ps_model *const model,
                           const char *const part, struct ps_origin *const ret_origin)
{
    ps_models_group_origin(models, yyjson_obj_get(model->row, part), ret_origin);
}

/* ------------------------------------------------ the end of life */

/* "2027-03-30": the first millisecond of that day. */
static bool read_day(const struct ps_str day, int64_t *const ret_ms)
{
    char text[PS_ISO8601_SIZE];
    (void)snprintf(text, sizeof(text), "%.*sT00:00:00Z", PS_STR_ARGS(ps_str_part(day, 0, 10)));
    return ps_iso8601_parse_ms(ps_str_of(text), ret_ms);
}

bool ps_models_life(const struct ps_model *const model, const int64_t wall_ms,
                    struct ps_buf *const to)
{
    int64_t end_ms = 0;
    const bool has_end = read_day(model->ends, &end_ms);
    if ((has_end && end_ms <= wall_ms) || model->state == PS_MODEL_ENDED) {
        ps_buf_add_format(to, "model %.*s reached its end of life", PS_STR_ARGS(model->name));
        if (has_end) {
            ps_buf_add_format(to, " on %.*s", PS_STR_ARGS(model->ends));
        }
        ps_buf_add_text(to, ": the service refuses it");
        return true;
    }
    if (model->state == PS_MODEL_LEGACY) {
        ps_buf_add_format(to, "model %.*s is being retired", PS_STR_ARGS(model->name));
        if (has_end) {
            const int64_t days = (end_ms - wall_ms + PS_DAY_MS - 1) / PS_DAY_MS;
            ps_buf_add_format(to, ": it ends on %.*s, in %lld day%s", PS_STR_ARGS(model->ends),
                              (long long)days, days == 1 ? "" : "s");
        }
        return true;
    }
    if (model->state == PS_MODEL_UNLISTED) {
        ps_buf_add_format(to, "model %.*s is no longer listed by AWS: it may be refused",
                          PS_STR_ARGS(model->name));
        return true;
    }
    return false;
}
