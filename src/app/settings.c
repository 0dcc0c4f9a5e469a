#include "app/settings.h"

#include "base/assert.h"
#include "base/limits.h"
#include "os/files.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define FILE_NAME "run.json"

/* The texts and numbers of run.json, one row each: written and read by the same table. */
#define TEXTS(ROW)      \
    ROW("name", name)   \
    ROW("key", key)     \
    ROW("nonce", nonce) \
    ROW("results", results_path)
#define NUMBERS(ROW)                                         \
    ROW("speed", speed)                                      \
    ROW("poll_ms", poll_ms)                                  \
    ROW("timeout_hours", timeout_hours)                      \
    ROW("expect_output", expect_output)                      \
    ROW("created_ms", created_ms)                            \
    ROW("has_max_failures", spending.has_failures)           \
    ROW("max_cost_usd_micros", spending.max_cost_usd_micros) \
    ROW("canary", spending.canary_records)                   \
    ROW("max_failures", spending.failures.count)

void ps_settings_init(struct ps_settings *const settings)
{
    memset(settings, 0, sizeof(*settings));
}

void ps_settings_release(struct ps_settings *const settings)
{
#define RELEASE(json_name, field) free(settings->field);
    TEXTS(RELEASE)
#undef RELEASE
    for (int64_t lane = 0; lane < settings->lane_count; lane++) {
        free(settings->places[lane].bucket);
        free(settings->places[lane].prefix);
    }
    free(settings->places);
    free(settings->lanes);
    ps_settings_init(settings);
}

int64_t ps_settings_add_lane(struct ps_settings *const settings, const struct ps_lane *const lane,
                             const struct ps_str bucket, const struct ps_str prefix)
{
    const size_t count = (size_t)settings->lane_count + 1;
    settings->lanes = reallocarray(settings->lanes, count, sizeof(settings->lanes[0]));
    settings->places = reallocarray(settings->places, count, sizeof(settings->places[0]));
    PS_ASSERT(settings->lanes != NULL && settings->places != NULL);
    settings->lanes[settings->lane_count] = *lane;
    settings->places[settings->lane_count] =
        (struct ps_settings_place){ps_str_dup(bucket), ps_str_dup(prefix), {0, 0}};
    return settings->lane_count++;
}

/* ------------------------------------------------ lanes */

#define INPUT_PRICE "input_usd_micros"
#define OUTPUT_PRICE "output_usd_micros"

/* Texts of a lane, in the form of `ROW(name, field)`. */
#define LANE_TEXTS(ROW) \
    ROW(name)           \
    ROW(model)          \
    ROW(region)         \
    ROW(s3_uri)         \
    ROW(role_arn)       \
    ROW(profile)

/* Words of a lane, kept as numbers. */
#define LANE_WORDS(ROW)                 \
    ROW(kind, enum ps_lane_kind)        \
    ROW(rps_counts, enum ps_rps_counts) \
    ROW(behaviour, enum ps_behaviour)

static yyjson_mut_val *lane_value(yyjson_mut_doc *const document, const struct ps_lane *const lane,
                                  const struct ps_settings_place *const place)
{
    yyjson_mut_val *const object = yyjson_mut_obj(document);
    yyjson_mut_val *const limits = yyjson_mut_obj(document);
#define WRITE_TEXT(field) (void)yyjson_mut_obj_add_str(document, object, #field, lane->field);
#define WRITE_WORD(field, type) \
    (void)yyjson_mut_obj_add_int(document, object, #field, (int64_t)lane->field);
    LANE_TEXTS(WRITE_TEXT)
    LANE_WORDS(WRITE_WORD)
#undef WRITE_TEXT
#undef WRITE_WORD
    (void)yyjson_mut_obj_add_str(document, object, "bucket", place->bucket);
    (void)yyjson_mut_obj_add_str(document, object, "prefix", place->prefix);
    (void)yyjson_mut_obj_add_int(document, object, INPUT_PRICE, place->price.input_usd_micros);
    (void)yyjson_mut_obj_add_int(document, object, OUTPUT_PRICE, place->price.output_usd_micros);
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        yyjson_mut_val *const limit = yyjson_mut_arr(document);
        (void)yyjson_mut_arr_add_int(document, limit, lane->limits[key].value);
        (void)yyjson_mut_arr_add_int(document, limit, (int64_t)lane->limits[key].source);
        (void)yyjson_mut_obj_add_val(document, limits, ps_limit_name((enum ps_limit_key)key),
                                     limit);
    }
    (void)yyjson_mut_obj_add_val(document, object, "limits", limits);
    return object;
}

static void write_lanes(yyjson_mut_doc *const document, yyjson_mut_val *const root,
                        const struct ps_settings *const settings)
{
    yyjson_mut_val *const lanes = yyjson_mut_arr(document);
    for (int64_t lane = 0; lane < settings->lane_count; lane++) {
        (void)yyjson_mut_arr_append(
            lanes, lane_value(document, &settings->lanes[lane], &settings->places[lane]));
    }
    (void)yyjson_mut_obj_add_val(document, root, "lanes", lanes);
}

enum ps_status ps_settings_write(const struct ps_settings *const settings, const char *const folder,
                                 struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, FILE_NAME);
    yyjson_mut_doc *const document = yyjson_mut_doc_new(NULL);
    PS_ASSERT(document != NULL);
    yyjson_mut_val *const root = yyjson_mut_obj(document);
    yyjson_mut_doc_set_root(document, root);
#define WRITE_TEXT(json_name, field)                        \
    (void)yyjson_mut_obj_add_str(document, root, json_name, \
                                 settings->field == NULL ? "" : settings->field);
#define WRITE_NUMBER(json_name, field) \
    (void)yyjson_mut_obj_add_int(document, root, json_name, settings->field);
    TEXTS(WRITE_TEXT)
    NUMBERS(WRITE_NUMBER)
#undef WRITE_TEXT
#undef WRITE_NUMBER
    (void)yyjson_mut_obj_add_str(document, root, "family", ps_family_name(settings->family));
    (void)yyjson_mut_obj_add_bool(document, root, "local", settings->is_local);
    (void)yyjson_mut_obj_add_bool(document, root, "is_max_failures_percent",
                                  settings->spending.failures.is_percent);
    write_lanes(document, root, settings);
    size_t size = 0;
    char *text PS_CLEANUP(ps_str_free_auto) =
        yyjson_mut_write(document, YYJSON_WRITE_PRETTY, &size);
    yyjson_mut_doc_free(document);
    PS_ASSERT(text != NULL);
    return ps_files_write(path, (struct ps_str){text, size}, err);
}

static char *text_of(yyjson_val *const object, const char *const name)
{
    const char *const text = yyjson_get_str(yyjson_obj_get(object, name));
    return ps_str_dup(ps_str_of(text));
}

static void copy_text(char *const room, const size_t room_size, yyjson_val *const object,
                      const char *const name)
{
    const struct ps_str text = ps_str_of(yyjson_get_str(yyjson_obj_get(object, name)));
    const size_t size = text.size < room_size ? text.size : room_size - 1;
    memset(room, 0, room_size);
    if (size > 0) {
        memcpy(room, text.data, size);
    }
}

static void read_lane(struct ps_lane *const lane, yyjson_val *const object)
{
    yyjson_val *const limits = yyjson_obj_get(object, "limits");
    ps_lane_init(lane, "");
#define READ_TEXT(field) copy_text(lane->field, sizeof(lane->field), object, #field);
#define READ_WORD(field, type) lane->field = (type)yyjson_get_sint(yyjson_obj_get(object, #field));
    LANE_TEXTS(READ_TEXT)
    LANE_WORDS(READ_WORD)
#undef READ_TEXT
#undef READ_WORD
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        yyjson_val *const limit = yyjson_obj_get(limits, ps_limit_name((enum ps_limit_key)key));
        if (yyjson_arr_size(limit) == 2) {
            lane->limits[key].value = yyjson_get_sint(yyjson_arr_get(limit, 0));
            lane->limits[key].source =
                (enum ps_limit_source)yyjson_get_sint(yyjson_arr_get(limit, 1));
        }
    }
}

/* A run of an older version has one lane, and its place beside it. */
static void read_lanes(struct ps_settings *const settings, yyjson_val *const root)
{
    yyjson_val *const lanes = yyjson_obj_get(root, "lanes");
    const size_t count = lanes == NULL ? 1 : yyjson_arr_size(lanes);
    for (size_t row = 0; row < count; row++) {
        struct ps_lane lane;
        yyjson_val *const object =
            lanes == NULL ? yyjson_obj_get(root, "lane") : yyjson_arr_get(lanes, row);
        yyjson_val *const place = lanes == NULL ? root : object;
        read_lane(&lane, object);
        const int64_t added = ps_settings_add_lane(
            settings, &lane, ps_str_of(yyjson_get_str(yyjson_obj_get(place, "bucket"))),
            ps_str_of(yyjson_get_str(yyjson_obj_get(place, "prefix"))));
        settings->places[added].price =
            (struct ps_price){yyjson_get_sint(yyjson_obj_get(place, INPUT_PRICE)),
                              yyjson_get_sint(yyjson_obj_get(place, OUTPUT_PRICE))};
    }
}

static bool read_family(yyjson_val *const root, enum ps_family *const ret_family)
{
    const char *const name = yyjson_get_str(yyjson_obj_get(root, "family"));
    for (int family = 0; family < PS_FAMILY_COUNT; family++) {
        if (name != NULL && strcmp(ps_family_name((enum ps_family)family), name) == 0) {
            *ret_family = (enum ps_family)family;
            return true;
        }
    }
    return false;
}

enum ps_status ps_settings_read(struct ps_settings *const settings, const char *const folder,
                                struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, FILE_NAME);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    if (ps_files_read(path, &text, err) != PS_OK) {
        return err->status;
    }
    yyjson_doc *const document = yyjson_read(text.data, text.size, 0);
    yyjson_val *const root = yyjson_doc_get_root(document);
    ps_settings_release(settings);
    const bool is_known = read_family(root, &settings->family);
    if (is_known) {
#define READ_TEXT(json_name, field) settings->field = text_of(root, json_name);
#define READ_NUMBER(json_name, field) \
    settings->field = yyjson_get_sint(yyjson_obj_get(root, json_name));
        TEXTS(READ_TEXT)
        NUMBERS(READ_NUMBER)
#undef READ_TEXT
#undef READ_NUMBER
        settings->is_local = yyjson_get_bool(yyjson_obj_get(root, "local"));
        settings->spending.failures.is_percent =
            yyjson_get_bool(yyjson_obj_get(root, "is_max_failures_percent"));
        read_lanes(settings, root);
    }
    yyjson_doc_free(document);
    if (!is_known || settings->name[0] == '\0' || settings->lane_count == 0) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                            "cannot read '%s': it is no run of ours", path);
    }
    return PS_OK;
}
