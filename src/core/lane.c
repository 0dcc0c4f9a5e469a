#include "core/lane.h"

#include "base/assert.h"
#include "base/time.h"
#include "codec/units.h"
#include "core/catalog.h"

#include <stdio.h>
#include <string.h>
#include <yyjson.h>

static const struct limit_row {
    const char *name;
    bool (*read)(struct ps_str text, int64_t *ret_value);
    const char *form;
    int64_t least;
} limit_rows[PS_LIMIT_COUNT] = {
    [PS_LIMIT_JOBS] = {"jobs", ps_units_count, "10", 1},
    [PS_LIMIT_JOB_RECORDS] = {"job_records", ps_units_count, "100k", 1},
    [PS_LIMIT_JOB_BYTES] = {"job_bytes", ps_units_bytes, "5GB", 1},
    [PS_LIMIT_SHARD_RECORDS] = {"shard_records", ps_units_count, "1000", 1},
    [PS_LIMIT_SHARD_BYTES] = {"shard_bytes", ps_units_bytes, "50MB", 1},
    [PS_LIMIT_FILES] = {"files", ps_units_count, "5000", 1},
    [PS_LIMIT_MIN_RECORDS] = {"min_records", ps_units_count, "100", 1},
    [PS_LIMIT_CONTEXT] = {"context", ps_units_count, "200k", 1},
    [PS_LIMIT_OUTPUT] = {"output", ps_units_count, "8192", 1},
    [PS_LIMIT_OUT_BYTES] = {"out_bytes", ps_units_bytes, "50MB", 1},
    [PS_LIMIT_RPS] = {"rps", ps_units_count, "20", 1},
    [PS_LIMIT_TPM] = {"tpm", ps_units_count, "3M", 1},
    [PS_LIMIT_TPD] = {"tpd", ps_units_count, "50M", 1},
    [PS_LIMIT_RESET] = {"reset", ps_units_day_time_ms, "00:00Z", 0},
    [PS_LIMIT_STARTUP] = {"startup", ps_units_time_ms, "15m", 0},
    [PS_LIMIT_BURNDOWN] = {"burndown", ps_units_count, "5", 1},
};

static const char *const source_names[] = {
    [PS_SOURCE_NONE] = "none",
    [PS_SOURCE_PUBLISHED] = "published",
    [PS_SOURCE_TYPICAL] = "typical",
    [PS_SOURCE_USER] = "user",
    [PS_SOURCE_TYPICAL_LOW] = "typical-low",
    [PS_SOURCE_LIVE] = "live",
    [PS_SOURCE_LEARNED] = "learned",
    [PS_SOURCE_OBSERVED] = "observed",
};
static_assert(sizeof(source_names) / sizeof(source_names[0]) == PS_SOURCE_COUNT,
              "each source has its name");

static const struct text_row {
    const char *name;
    size_t offset;
    size_t room;
} text_rows[] = {
    {"name", offsetof(struct ps_lane, name), sizeof(((struct ps_lane *)0)->name)},
    {"model", offsetof(struct ps_lane, model), sizeof(((struct ps_lane *)0)->model)},
    {"region", offsetof(struct ps_lane, region), sizeof(((struct ps_lane *)0)->region)},
    {"s3_uri", offsetof(struct ps_lane, s3_uri), sizeof(((struct ps_lane *)0)->s3_uri)},
    {"role_arn", offsetof(struct ps_lane, role_arn), sizeof(((struct ps_lane *)0)->role_arn)},
    {"profile", offsetof(struct ps_lane, profile), sizeof(((struct ps_lane *)0)->profile)},
};

/* Keys that take one of a few words; the place of a word is its value. */
static const struct word_row {
    const char *name;
    const char *words[3];
    const char *form;
} word_rows[] = {
    {"kind", {"batch", "on-demand", NULL}, "batch or on-demand"},
    {"rps_counts", {"none", "records", "calls"}, "records, calls or none"},
    {"behaviour", {"queue", "refuse", "learn"}, "queue, refuse or learn"},
};
enum word_key { WORD_KIND, WORD_RPS_COUNTS, WORD_BEHAVIOUR };

const char *ps_limit_name(const enum ps_limit_key key)
{
    PS_ASSERT(key >= 0 && key < PS_LIMIT_COUNT);
    return limit_rows[key].name;
}

const char *ps_limit_source_name(const enum ps_limit_source source)
{
    PS_ASSERT(source >= PS_SOURCE_NONE && source < PS_SOURCE_COUNT);
    return source_names[source];
}

void ps_lane_init(struct ps_lane *const lane, const char *const name)
{
    memset(lane, 0, sizeof(*lane));
    (void)snprintf(lane->name, sizeof(lane->name), "%s", name);
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        lane->limits[key] = (struct ps_limit){PS_NO_LIMIT, PS_SOURCE_NONE};
    }
}

static enum ps_status unknown_key(const struct ps_str key, struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use lane key '%.*s'",
                       PS_STR_ARGS(key));
    return ps_error_hint(
        err,
        "Keys are name, model, region, s3_uri, role_arn, jobs, job_records, job_bytes, "
        "shard_records, shard_bytes, files, min_records, context, output, out_bytes, rps, tpm, "
        "tpd, reset, startup, burndown, profile, kind, rps_counts, behaviour: for example "
        "'name=a,jobs=10,shard_bytes=50MB'.");
}

static enum ps_status set_text(struct ps_lane *const lane, const struct ps_str key,
                               const struct ps_str value, struct ps_error *const err)
{
    for (size_t row = 0; row < sizeof(text_rows) / sizeof(text_rows[0]); row++) {
        char *const room = (char *)lane + text_rows[row].offset;
        if (!ps_str_equals_text(key, text_rows[row].name)) {
            continue;
        }
        if (value.size >= text_rows[row].room) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use lane key '%s=%.*s'",
                               text_rows[row].name, PS_STR_ARGS(value));
            return ps_error_hint(err, "It takes a text of at most %zu bytes.",
                                 text_rows[row].room - 1);
        }
        memset(room, 0, text_rows[row].room);
        memcpy(room, value.data, value.size);
        return PS_OK;
    }
    return unknown_key(key, err);
}

static enum ps_status set_word(struct ps_lane *const lane, const enum word_key key,
                               const struct ps_str value, struct ps_error *const err)
{
    int word = 0;
    while (word < 3 && !(word_rows[key].words[word] != NULL &&
                         ps_str_equals_text(value, word_rows[key].words[word]))) {
        word++;
    }
    if (word == 3) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use lane key '%s=%.*s'",
                           word_rows[key].name, PS_STR_ARGS(value));
        return ps_error_hint(err, "It takes %s.", word_rows[key].form);
    }
    if (key == WORD_KIND) {
        lane->kind = (enum ps_lane_kind)word;
    } else if (key == WORD_RPS_COUNTS) {
        lane->rps_counts = (enum ps_rps_counts)word;
        lane->has_rps_counts = true;
    } else {
        lane->behaviour = (enum ps_behaviour)word;
    }
    return PS_OK;
}

static enum ps_status set_key(struct ps_lane *const lane, const struct ps_str key,
                              const struct ps_str value, struct ps_error *const err)
{
    for (int limit = 0; limit < PS_LIMIT_COUNT; limit++) {
        const struct limit_row *const row = &limit_rows[limit];
        if (!ps_str_equals_text(key, row->name)) {
            continue;
        }
        int64_t number = 0;
        if (!row->read(value, &number) || number < row->least) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use lane key '%s=%.*s'",
                               row->name, PS_STR_ARGS(value));
            return ps_error_hint(err, "It takes a %s%s, written like '%s=%s'.",
                                 row->read == ps_units_day_time_ms ? "time of the day in UTC"
                                                                   : "number",
                                 row->least > 0 ? " above 0" : "", row->name, row->form);
        }
        lane->limits[limit] = (struct ps_limit){number, PS_SOURCE_USER};
        return PS_OK;
    }
    for (size_t row = 0; row < sizeof(word_rows) / sizeof(word_rows[0]); row++) {
        if (ps_str_equals_text(key, word_rows[row].name)) {
            return set_word(lane, (enum word_key)row, value, err);
        }
    }
    return set_text(lane, key, value, err);
}

enum ps_status ps_lane_parse(struct ps_lane *const lane, const struct ps_str text,
                             struct ps_error *const err)
{
    size_t from = 0;
    while (from < text.size) {
        const struct ps_str rest = ps_str_part(text, from, text.size);
        const struct ps_str pair = ps_str_part(rest, 0, ps_str_find(rest, ','));
        const size_t equals = ps_str_find(pair, '=');
        if (equals == pair.size) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot read '%.*s' of a lane",
                               PS_STR_ARGS(pair));
            return ps_error_hint(
                err, "A lane is written key=value,key=value: for example 'name=a,jobs=10'.");
        }
        if (set_key(lane, ps_str_trim(ps_str_part(pair, 0, equals)),
                    ps_str_trim(ps_str_part(pair, equals + 1, pair.size)), err) != PS_OK) {
            return err->status;
        }
        from += pair.size + 1;
    }
    return PS_OK;
}

static void write_limit(const enum ps_limit_key key, const int64_t value, struct ps_buf *const buf)
{
    ps_buf_add_format(buf, ",%s=", limit_rows[key].name);
    if (key == PS_LIMIT_RESET) {
        ps_buf_add_format(buf, "%02d:%02dZ", (int)(value / PS_HOUR_MS),
                          (int)(value % PS_HOUR_MS / PS_MINUTE_MS));
    } else {
        ps_buf_add_format(buf, key == PS_LIMIT_STARTUP ? "%lldms" : "%lld", (long long)value);
    }
}

void ps_lane_write(const struct ps_lane *const lane, struct ps_buf *const buf)
{
    const int words[] = {[WORD_KIND] = (int)lane->kind,
                         [WORD_RPS_COUNTS] = (int)lane->rps_counts,
                         [WORD_BEHAVIOUR] = (int)lane->behaviour};
    for (size_t row = 0; row < sizeof(text_rows) / sizeof(text_rows[0]); row++) {
        const char *const text = (const char *)lane + text_rows[row].offset;
        if (row == 0 || text[0] != '\0') {
            ps_buf_add_format(buf, "%s%s=%s", row == 0 ? "" : ",", text_rows[row].name, text);
        }
    }
    for (size_t row = 0; row < sizeof(word_rows) / sizeof(word_rows[0]); row++) {
        if (row != WORD_RPS_COUNTS || lane->has_rps_counts || lane->rps_counts != PS_RPS_NOTHING) {
            ps_buf_add_format(buf, ",%s=%s", word_rows[row].name, word_rows[row].words[words[row]]);
        }
    }
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        if (lane->limits[key].value != PS_NO_LIMIT) {
            write_limit((enum ps_limit_key)key, lane->limits[key].value, buf);
        }
    }
}

/* ---- profiles ---- */

static const struct profile_row {
    const char *name;
    enum ps_limit_source source;
} profile_rows[] = {
    {"published", PS_SOURCE_PUBLISHED},
    {"typical", PS_SOURCE_TYPICAL},
    {"typical-low", PS_SOURCE_TYPICAL_LOW},
};

static yyjson_doc *read_limits(const char *const profile, yyjson_val **const ret_profile)
{
    const struct ps_str text = ps_catalog_limits();
    yyjson_doc *const document = yyjson_read(text.data, text.size, 0);
    PS_ASSERT(document != NULL);
    *ret_profile =
        yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(document), "profiles"), profile);
    return document;
}

bool ps_limit_is_of_jobs(const enum ps_limit_key key)
{
    return key <= PS_LIMIT_MIN_RECORDS || key == PS_LIMIT_OUT_BYTES || key == PS_LIMIT_STARTUP;
}

static void fill_from(struct ps_lane *const lane, yyjson_val *const profile,
                      const enum ps_limit_source source)
{
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        yyjson_val *const value =
            yyjson_obj_get(yyjson_obj_get(profile, limit_rows[key].name), "value");
        const bool is_meant =
            lane->kind == PS_KIND_BATCH || !ps_limit_is_of_jobs((enum ps_limit_key)key);
        if (is_meant && lane->limits[key].source == PS_SOURCE_NONE && yyjson_is_int(value)) {
            lane->limits[key] = (struct ps_limit){yyjson_get_sint(value), source};
        }
    }
    const char *const counts =
        yyjson_get_str(yyjson_obj_get(yyjson_obj_get(profile, "rps_counts"), "value"));
    if (!lane->has_rps_counts && counts != NULL) {
        struct ps_error err;
        PS_ASSERT(set_word(lane, WORD_RPS_COUNTS, ps_str_of(counts), &err) == PS_OK);
        lane->has_rps_counts = false; /* not the user's word */
    }
}

enum ps_status ps_lane_fill(struct ps_lane *const lane, const char *const profile,
                            struct ps_error *const err)
{
    for (size_t row = 0; row < sizeof(profile_rows) / sizeof(profile_rows[0]); row++) {
        if (strcmp(profile_rows[row].name, profile) == 0) {
            yyjson_val *values = NULL;
            yyjson_doc *const document = read_limits(profile, &values);
            fill_from(lane, values, profile_rows[row].source);
            yyjson_doc_free(document);
            return PS_OK;
        }
    }
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use limits '%.60s'", profile);
    return ps_error_hint(err, "There are 'published', 'typical' and 'typical-low'.");
}

static void copy_text(char *const room, const size_t room_size, yyjson_val *const value)
{
    (void)snprintf(room, room_size, "%s", yyjson_is_str(value) ? yyjson_get_str(value) : "");
}

bool ps_lane_profile(const char *const profile, const char *const name, int64_t *const ret_value,
                     struct ps_origin *const ret_origin)
{
    yyjson_val *values = NULL;
    yyjson_doc *const document = read_limits(profile, &values);
    yyjson_val *const limit = yyjson_obj_get(values, name);
    if (limit != NULL) {
        yyjson_val *const value = yyjson_obj_get(limit, "value");
        *ret_value = yyjson_is_int(value) ? yyjson_get_sint(value) : PS_NO_LIMIT;
        copy_text(ret_origin->text, sizeof(ret_origin->text), yyjson_obj_get(limit, "source"));
        copy_text(ret_origin->date, sizeof(ret_origin->date), yyjson_obj_get(limit, "date"));
    }
    yyjson_doc_free(document);
    return limit != NULL;
}

/* ---- what fits what ---- */

/* A user's key that the lane's kind, or another key, leaves without meaning. */
static enum ps_status check_sense(const struct ps_lane *const lane, struct ps_error *const err)
{
    const int64_t context = ps_lane_limit(lane, PS_LIMIT_CONTEXT, INT64_MAX);
    const int64_t output = ps_lane_limit(lane, PS_LIMIT_OUTPUT, 0);
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        if (lane->kind == PS_KIND_ON_DEMAND && lane->limits[key].source == PS_SOURCE_USER &&
            ps_limit_is_of_jobs((enum ps_limit_key)key)) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                               "lane '%s' cannot use %s together with kind=on-demand", lane->name,
                               limit_rows[key].name);
            return ps_error_hint(err, "Calls on demand have no jobs and files: leave it out, or "
                                      "say kind=batch.");
        }
    }
    /* A model's own output limit may well be larger than a context that the user made smaller. */
    if (lane->limits[PS_LIMIT_OUTPUT].source == PS_SOURCE_USER && output > context) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "lane '%s' cannot give output=%lld tokens in a context of %lld",
                           lane->name, (long long)output, (long long)context);
        return ps_error_hint(err, "The context holds input and output: raise context or lower "
                                  "output.");
    }
    return PS_OK;
}

enum ps_status ps_lane_check(const struct ps_lane *const lane, struct ps_error *const err)
{
    if (check_sense(lane, err) != PS_OK) {
        return err->status;
    }
    const int64_t min_records = ps_lane_limit(lane, PS_LIMIT_MIN_RECORDS, 1);
    const int64_t job_records = ps_lane_limit(lane, PS_LIMIT_JOB_RECORDS, INT64_MAX);
    const int64_t files = ps_lane_limit(lane, PS_LIMIT_FILES, INT64_MAX);
    const int64_t shard_records = ps_lane_limit(lane, PS_LIMIT_SHARD_RECORDS, INT64_MAX);
    if (min_records > job_records) {
        (void)ps_error_set(
            err, PS_E_USAGE, PS_RETRY_NEVER,
            "lane '%s' cannot hold a job: at least %lld records (min_records), at most %lld "
            "(job_records)",
            lane->name, (long long)min_records, (long long)job_records);
        return ps_error_hint(err, "Raise job_records or lower min_records.");
    }
    if (files < INT64_MAX && shard_records < INT64_MAX &&
        shard_records < (min_records + files - 1) / files) {
        (void)ps_error_set(
            err, PS_E_USAGE, PS_RETRY_NEVER,
            "lane '%s' cannot hold a job of min_records=%lld: files=%lld of shard_records=%lld",
            lane->name, (long long)min_records, (long long)files, (long long)shard_records);
        return ps_error_hint(err, "Raise files or shard_records.");
    }
    return PS_OK;
}

int64_t ps_lane_limit(const struct ps_lane *const lane, const enum ps_limit_key key,
                      const int64_t otherwise)
{
    const int64_t value = lane->limits[key].value;
    return value == PS_NO_LIMIT ? otherwise : value;
}
