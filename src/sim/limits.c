#include "sim/limits.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/units.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct ps_sim_limits published = {
    .name = "published",
    .jobs = 100,
    .min_records = 100,
    .job_records = 100000,
    .shard_records = 100000,
    .shard_bytes = INT64_C(1000000000),
    .job_bytes = INT64_C(5000000000),
    .burndown = 1,
};

enum key_kind { KEY_TEXT, KEY_COUNT, KEY_BYTES, KEY_TIME, KEY_HOUR, KEY_WORD, KEY_SKIPPED };

#define WORDS_MAX 3

struct key {
    const char *name;
    enum key_kind kind;
    size_t offset;
    size_t size;                  /* of a text */
    const char *words[WORDS_MAX]; /* the place of a word is its value */
};

#define NUMBER_KEY(key_name, key_kind, member)                         \
    {                                                                  \
        key_name, key_kind, offsetof(struct ps_sim_limits, member), 0, \
        {                                                              \
            NULL                                                       \
        }                                                              \
    }
#define TEXT_KEY(key_name, member)                                  \
    {                                                               \
        key_name, KEY_TEXT, offsetof(struct ps_sim_limits, member), \
            sizeof(((struct ps_sim_limits *)NULL)->member),         \
        {                                                           \
            NULL                                                    \
        }                                                           \
    }

#define SKIPPED_KEY(key_name)        \
    {                                \
        key_name, KEY_SKIPPED, 0, 0, \
        {                            \
            NULL                     \
        }                            \
    }

/* Every key of --lane; what only a client needs is skipped. */
static const struct key keys[] = {
    TEXT_KEY("name", name),
    TEXT_KEY("model", model),
    TEXT_KEY("region", region),
    NUMBER_KEY("jobs", KEY_COUNT, jobs),
    NUMBER_KEY("min_records", KEY_COUNT, min_records),
    NUMBER_KEY("job_records", KEY_COUNT, job_records),
    NUMBER_KEY("shard_records", KEY_COUNT, shard_records),
    NUMBER_KEY("shard_bytes", KEY_BYTES, shard_bytes),
    NUMBER_KEY("job_bytes", KEY_BYTES, job_bytes),
    NUMBER_KEY("files", KEY_COUNT, files),
    NUMBER_KEY("startup", KEY_TIME, startup_ms),
    NUMBER_KEY("tpm", KEY_COUNT, tpm),
    NUMBER_KEY("tpd", KEY_COUNT, tpd),
    NUMBER_KEY("rps", KEY_COUNT, rps),
    NUMBER_KEY("reset", KEY_HOUR, reset_ms),
    NUMBER_KEY("burndown", KEY_COUNT, burndown),
    {"rps_counts",
     KEY_WORD,
     offsetof(struct ps_sim_limits, rps_counts),
     0,
     {"records", "calls", "none"}},
    {"behaviour",
     KEY_WORD,
     offsetof(struct ps_sim_limits, behaviour),
     0,
     {"queue", "refuse", "learn"}},
    {"kind", KEY_WORD, offsetof(struct ps_sim_limits, kind), 0, {"batch", "on-demand", NULL}},
    SKIPPED_KEY("profile"),
    SKIPPED_KEY("s3_uri"),
    SKIPPED_KEY("role_arn"),
    SKIPPED_KEY("context"),
    SKIPPED_KEY("output"),
    SKIPPED_KEY("out_bytes"),
};

static const struct key *find_key(const struct ps_str name)
{
    for (size_t index = 0; index < sizeof keys / sizeof keys[0]; index++) {
        if (ps_str_equals_text(name, keys[index].name)) {
            return &keys[index];
        }
    }
    return NULL;
}

static bool read_word(const struct key *const key, const struct ps_str value,
                      int64_t *const ret_number)
{
    for (size_t word = 0; word < WORDS_MAX; word++) {
        if (key->words[word] != NULL && ps_str_equals_text(value, key->words[word])) {
            *ret_number = (int64_t)word;
            return true;
        }
    }
    return false;
}

static bool read_number(const struct key *const key, const struct ps_str value,
                        int64_t *const ret_number)
{
    switch (key->kind) {
    case KEY_HOUR:
        return ps_units_day_time_ms(value, ret_number);
    case KEY_WORD:
        return read_word(key, value, ret_number);
    case KEY_COUNT:
        return ps_units_count(value, ret_number);
    case KEY_BYTES:
        return ps_units_bytes(value, ret_number);
    default:
        return ps_units_time_ms(value, ret_number);
    }
}

static bool set_key(struct ps_sim_limits *const lane, const struct key *const key,
                    const struct ps_str value)
{
    char *const field = (char *)lane + key->offset;
    if (key->kind == KEY_SKIPPED) {
        return true;
    }
    if (key->kind == KEY_TEXT) {
        if (value.size >= key->size) {
            return false;
        }
        memcpy(field, value.data, value.size);
        field[value.size] = '\0';
        return true;
    }
    int64_t number = 0;
    if (!read_number(key, value, &number)) {
        return false;
    }
    memcpy(field, &number, sizeof number);
    return true;
}

static enum ps_status read_lane(struct ps_sim_limits *const lane, const struct ps_str line,
                                struct ps_error *const err)
{
    *lane = published;
    lane->name[0] = '\0';
    struct ps_str rest = line;
    while (rest.size > 0) {
        const size_t comma = ps_str_find(rest, ',');
        const struct ps_str pair = ps_str_trim(ps_str_part(rest, 0, comma));
        const size_t equals = ps_str_find(pair, '=');
        const struct ps_str name = ps_str_part(pair, 0, equals);
        const struct key *const key = find_key(name);
        rest = ps_str_part(rest, comma + 1, rest.size);
        if (key == NULL || !set_key(lane, key, ps_str_part(pair, equals + 1, pair.size))) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '%.*s' as a limit",
                               PS_STR_ARGS(pair));
            return ps_error_hint(err, "A lane is written as 'name=a,model=M,jobs=10,tpm=3M,...'.");
        }
    }
    /* Lanes name profiles; jobs are counted by what is behind them. */
    const struct ps_str base = ps_limits_base_model(ps_str_of(lane->model));
    memmove(lane->model, base.data, base.size);
    lane->model[base.size] = '\0';
    return PS_OK;
}

static struct ps_sim_limits *add_lane(struct ps_limits_list *const list)
{
    list->lanes = realloc(list->lanes, (list->count + 1) * sizeof *list->lanes);
    PS_ASSERT(list->lanes != NULL);
    return &list->lanes[list->count++];
}

static enum ps_status read_lanes(struct ps_limits_list *const list, FILE *const file,
                                 struct ps_error *const err)
{
    char line[PS_TEXT_BYTES_MAX];
    while (fgets(line, sizeof line, file) != NULL) {
        const struct ps_str text = ps_str_trim(ps_str_of(line));
        if (text.size == 0 || text.data[0] == '#') {
            continue;
        }
        const enum ps_status status = read_lane(add_lane(list), text, err);
        if (status != PS_OK) {
            return status;
        }
    }
    return PS_OK;
}

enum ps_status ps_limits_load(struct ps_limits_list *const list, const char *const path,
                              struct ps_error *const err)
{
    memset(list, 0, sizeof *list);
    if (path != NULL && path[0] != '\0') {
        FILE *const file = fopen(path, "re");
        if (file == NULL) {
            return ps_error_set_errno(err, PS_E_USAGE, errno, "could not open '%s'", path);
        }
        const enum ps_status status = read_lanes(list, file, err);
        (void)fclose(file);
        if (status != PS_OK) {
            ps_limits_release(list);
            return status;
        }
    }
    *add_lane(list) = published;
    return PS_OK;
}

void ps_limits_release(struct ps_limits_list *const list)
{
    free(list->lanes);
    memset(list, 0, sizeof *list);
}

static bool fits(const char *const wanted, const struct ps_str value)
{
    return wanted[0] == '\0' || ps_str_equals_text(value, wanted);
}

static const struct ps_sim_limits *find(const struct ps_limits_list *const list,
                                        const enum ps_limits_kind kind,
                                        const struct ps_str base_model, const struct ps_str region)
{
    size_t index = 0;
    while (index + 1 < list->count && !(list->lanes[index].kind == (int64_t)kind &&
                                        fits(list->lanes[index].model, base_model) &&
                                        fits(list->lanes[index].region, region))) {
        index++;
    }
    return &list->lanes[index];
}

const struct ps_sim_limits *ps_limits_for(const struct ps_limits_list *const list,
                                          const struct ps_str base_model,
                                          const struct ps_str region)
{
    return find(list, PS_LIMITS_BATCH, base_model, region);
}

const struct ps_sim_limits *ps_limits_on_demand(const struct ps_limits_list *const list,
                                                const struct ps_str base_model,
                                                const struct ps_str region)
{
    return find(list, PS_LIMITS_ON_DEMAND, base_model, region);
}

static const char *word_of(const char *const name, const int64_t value)
{
    return find_key(ps_str_of(name))->words[value];
}

void ps_limits_write(const struct ps_limits_list *const list, struct ps_writer *const writer)
{
    ps_writer_open(writer, "limits", '[');
    for (size_t index = 0; index < list->count; index++) {
        const struct ps_sim_limits *const lane = &list->lanes[index];
        ps_writer_open(writer, NULL, '{');
        ps_writer_text(writer, "lane", ps_str_of(lane->name));
        ps_writer_text(writer, "kind", ps_str_of(word_of("kind", lane->kind)));
        ps_writer_text(writer, "model", ps_str_of(lane->model));
        ps_writer_text(writer, "region", ps_str_of(lane->region));
        ps_writer_number(writer, "jobs", lane->jobs);
        ps_writer_number(writer, "min_records", lane->min_records);
        ps_writer_number(writer, "job_records", lane->job_records);
        ps_writer_number(writer, "shard_records", lane->shard_records);
        ps_writer_number(writer, "shard_bytes", lane->shard_bytes);
        ps_writer_number(writer, "job_bytes", lane->job_bytes);
        ps_writer_number(writer, "files", lane->files);
        ps_writer_number(writer, "startup_ms", lane->startup_ms);
        ps_writer_number(writer, "tpm", lane->tpm);
        ps_writer_number(writer, "tpd", lane->tpd);
        ps_writer_number(writer, "reset_ms", lane->reset_ms);
        ps_writer_number(writer, "rps", lane->rps);
        ps_writer_text(writer, "rps_counts", ps_str_of(word_of("rps_counts", lane->rps_counts)));
        ps_writer_number(writer, "burndown", lane->burndown);
        ps_writer_text(writer, "behaviour", ps_str_of(word_of("behaviour", lane->behaviour)));
        ps_writer_close(writer, '}');
    }
    ps_writer_close(writer, ']');
}

struct ps_str ps_limits_base_model(const struct ps_str model)
{
    static const char *const prefixes[] = {"us.", "eu.",     "apac.",  "jp.",
                                           "au.", "us-gov.", "global."};
    struct ps_str base = model;
    if (ps_str_starts_with(base, PS_STR("arn:"))) {
        for (size_t slash = ps_str_find(base, '/'); slash < base.size;
             slash = ps_str_find(base, '/')) {
            base = ps_str_part(base, slash + 1, base.size);
        }
    }
    for (size_t index = 0; index < sizeof prefixes / sizeof prefixes[0]; index++) {
        const struct ps_str prefix = ps_str_of(prefixes[index]);
        if (ps_str_starts_with(base, prefix)) {
            return ps_str_part(base, prefix.size, base.size);
        }
    }
    return base;
}
