#include "app/settings.h"

#include "base/assert.h"
#include "base/limits.h"
#include "os/files.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define FILE_NAME "run.json"

/* The texts and numbers of run.json, one row each: written and read by the same table. */
#define TEXTS(ROW)        \
    ROW("name", name)     \
    ROW("key", key)       \
    ROW("nonce", nonce)   \
    ROW("bucket", bucket) \
    ROW("prefix", prefix) \
    ROW("results", results_path)
#define NUMBERS(ROW)                    \
    ROW("speed", speed)                 \
    ROW("poll_ms", poll_ms)             \
    ROW("timeout_hours", timeout_hours) \
    ROW("created_ms", created_ms)

void ps_settings_init(struct ps_settings *const settings)
{
    memset(settings, 0, sizeof(*settings));
    ps_lane_init(&settings->lane, "");
}

void ps_settings_release(struct ps_settings *const settings)
{
#define RELEASE(json_name, field) free(settings->field);
    TEXTS(RELEASE)
#undef RELEASE
    ps_settings_init(settings);
}

static void write_lane(yyjson_mut_doc *const document, yyjson_mut_val *const root,
                       const struct ps_settings *const settings)
{
    yyjson_mut_val *const lane = yyjson_mut_obj(document);
    yyjson_mut_val *const limits = yyjson_mut_obj(document);
    (void)yyjson_mut_obj_add_str(document, lane, "name", settings->lane.name);
    (void)yyjson_mut_obj_add_str(document, lane, "model", settings->lane.model);
    (void)yyjson_mut_obj_add_str(document, lane, "region", settings->lane.region);
    (void)yyjson_mut_obj_add_str(document, lane, "s3_uri", settings->lane.s3_uri);
    (void)yyjson_mut_obj_add_str(document, lane, "role_arn", settings->lane.role_arn);
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        yyjson_mut_val *const limit = yyjson_mut_arr(document);
        (void)yyjson_mut_arr_add_int(document, limit, settings->lane.limits[key].value);
        (void)yyjson_mut_arr_add_int(document, limit, (int64_t)settings->lane.limits[key].source);
        (void)yyjson_mut_obj_add_val(document, limits, ps_limit_name((enum ps_limit_key)key),
                                     limit);
    }
    (void)yyjson_mut_obj_add_val(document, lane, "limits", limits);
    (void)yyjson_mut_obj_add_val(document, root, "lane", lane);
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
    write_lane(document, root, settings);
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
    copy_text(lane->name, sizeof(lane->name), object, "name");
    copy_text(lane->model, sizeof(lane->model), object, "model");
    copy_text(lane->region, sizeof(lane->region), object, "region");
    copy_text(lane->s3_uri, sizeof(lane->s3_uri), object, "s3_uri");
    copy_text(lane->role_arn, sizeof(lane->role_arn), object, "role_arn");
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        yyjson_val *const limit = yyjson_obj_get(limits, ps_limit_name((enum ps_limit_key)key));
        if (yyjson_arr_size(limit) == 2) {
            lane->limits[key].value = yyjson_get_sint(yyjson_arr_get(limit, 0));
            lane->limits[key].source =
                (enum ps_limit_source)yyjson_get_sint(yyjson_arr_get(limit, 1));
        }
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
        read_lane(&settings->lane, yyjson_obj_get(root, "lane"));
    }
    yyjson_doc_free(document);
    if (!is_known || settings->name[0] == '\0') {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                            "cannot read '%s': it is no run of ours", path);
    }
    return PS_OK;
}
