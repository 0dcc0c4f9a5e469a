#include "aws/settings.h"
#include "base/assert.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/request.h"
#include "cli/say.h"
#include "codec/shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define VALUE_BYTES_MAX 1000

/* What is said, section by section: as lines, or as one document. */
struct teller {
    const struct ps_options *options;
    yyjson_mut_doc *document; /* NULL: lines */
    yyjson_mut_val *rows;     /* of the section at hand */
};

static void add_text(const struct teller *const teller, yyjson_mut_val *const object,
                     const char *const name, const char *const text)
{
    struct ps_buf shown PS_CLEANUP(ps_buf_release);
    ps_buf_init(&shown, PS_TEXT_BYTES_MAX);
    ps_shown_add(&shown, ps_str_of(text), VALUE_BYTES_MAX);
    PS_ASSERT(yyjson_mut_obj_add_strcpy(teller->document, object, name, ps_buf_text(&shown)));
}

static void tell(const struct teller *const teller, const char *const name, const char *const value,
                 const char *const source)
{
    struct ps_buf shown PS_CLEANUP(ps_buf_release);
    if (teller->document != NULL) {
        yyjson_mut_val *const row = yyjson_mut_obj(teller->document);
        add_text(teller, row, "name", name);
        add_text(teller, row, "value", value);
        add_text(teller, row, "source", source);
        PS_ASSERT(yyjson_mut_arr_append(teller->rows, row));
        return;
    }
    ps_buf_init(&shown, PS_TEXT_BYTES_MAX);
    ps_shown_add(&shown, ps_str_of(value), VALUE_BYTES_MAX);
    printf("  %-18s %-28s %s\n", name, ps_buf_text(&shown), source);
}

/* ------------------------------------------------ options */

/* Variables that stand for an option, the first that is set. */
static const struct variable {
    const char *option;
    const char *name;
} variables[] = {
    {"profile", "AWS_PROFILE"},
    {"profile", "AWS_DEFAULT_PROFILE"},
    {"region", "AWS_REGION"},
    {"region", "AWS_DEFAULT_REGION"},
    {"endpoint-url", "AWS_ENDPOINT_URL"},
    {"state-dir", "XDG_STATE_HOME"},
};

static const struct variable *variable_of(const char *const option)
{
    for (size_t place = 0; place < sizeof(variables) / sizeof(variables[0]); place++) {
        if (strcmp(variables[place].option, option) == 0 &&
            ps_aws_environment(variables[place].name) != NULL) {
            return &variables[place];
        }
    }
    return NULL;
}

/* The Region of the AWS profile; NULL: it names none, or cannot be read. Heap text. */
static char *region_of_profile(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_aws_settings settings;
    char *region = NULL;
    const struct ps_aws_flags flags = {.profile = options->profile};
    if (ps_aws_settings_load(&flags, &settings, &err) != PS_OK) {
        return NULL;
    }
    if (ps_aws_settings_region(&settings, &region, &err) != PS_OK) {
        region = NULL;
    }
    ps_aws_settings_release(&settings);
    return region;
}

static void tell_option(const struct teller *const teller, const int64_t place)
{
    const struct ps_option_row *const row = &ps_option_rows[place];
    const struct variable *const variable = variable_of(row->long_name);
    struct ps_buf value PS_CLEANUP(ps_buf_release);
    struct ps_buf source PS_CLEANUP(ps_buf_release);
    ps_buf_init(&value, PS_MB);
    ps_buf_init(&source, PS_TEXT_BYTES_MAX);
    ps_option_add_value(&value, teller->options, place);
    if (ps_option_is_given(teller->options, place)) {
        ps_buf_add_format(&source, "--%s", row->long_name);
    } else if (variable != NULL) {
        ps_buf_clear(&value);
        ps_buf_add_text(&value, ps_aws_environment(variable->name));
        ps_buf_add_text(&source, variable->name);
    } else if (strcmp(row->long_name, "region") == 0) {
        char *region PS_CLEANUP(ps_str_free_auto) = region_of_profile(teller->options);
        ps_buf_add_text(&value, region == NULL ? "" : region);
        ps_buf_add_text(&source, region == NULL ? "not set" : "AWS profile");
    } else {
        ps_buf_add_text(&source, value.size == 0 ? "not set" : "default");
    }
    tell(teller, row->long_name, value.size == 0 ? "-" : ps_buf_text(&value), ps_buf_text(&source));
}

static bool is_told(const struct ps_option_row *const row)
{
    /* Lanes are told one by one. */
    static const char *const others[] = {"help", "json", "lane", "model"};
    for (size_t place = 0; place < sizeof(others) / sizeof(others[0]); place++) {
        if (strcmp(row->long_name, others[place]) == 0) {
            return false;
        }
    }
    return ps_option_is_of(row, PS_COMMAND_PLACE_RUN);
}

/* ------------------------------------------------ lanes */

/* Who said what stands in the lanes' own texts. */
static const char *source_of_lanes(const struct ps_options *const options)
{
    if (options->lanes_of_files == NULL) {
        return "command line";
    }
    if (options->limits_file != NULL) {
        return options->limits_file;
    }
    return options->config == NULL ? "penstock.conf" : options->config;
}

static void tell_text(const struct teller *const teller, const char *const name,
                      const char *const value)
{
    if (value[0] != '\0') {
        tell(teller, name, value, source_of_lanes(teller->options));
    }
}

/* Did the lane's own text say its Region? Else the option above stands for it. */
static bool says_region(const struct ps_options *const options, const int64_t place)
{
    struct ps_lane said;
    struct ps_error err;
    ps_lane_init(&said, "");
    if (place < options->lanes.count &&
        ps_lane_parse(&said, ps_str_of(options->lanes.texts[place]), &err) == PS_OK &&
        said.region[0] != '\0') {
        return true;
    }
    return place < options->models.count && strchr(options->models.texts[place], '@') != NULL;
}

static void tell_lane(const struct teller *const teller, const struct ps_lane *const lane,
                      const int64_t place)
{
    tell_text(teller, "model", lane->model);
    if (says_region(teller->options, place)) {
        tell_text(teller, "region", lane->region);
    } else if (lane->region[0] != '\0') {
        tell(teller, "region", lane->region, "the option region");
    }
    tell_text(teller, "s3_uri", lane->s3_uri);
    tell_text(teller, "role_arn", lane->role_arn);
    tell_text(teller, "profile", lane->profile);
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        const struct ps_limit limit = lane->limits[key];
        char value[32] = "no limit";
        if (limit.value != PS_NO_LIMIT) {
            (void)snprintf(value, sizeof(value), "%lld", (long long)limit.value);
        }
        if (limit.source != PS_SOURCE_NONE) {
            tell(teller, ps_limit_name((enum ps_limit_key)key), value,
                 limit.source == PS_SOURCE_USER ? source_of_lanes(teller->options)
                                                : ps_limit_source_name(limit.source));
        }
    }
}

/* ------------------------------------------------ all */

static void begin_section(struct teller *const teller, yyjson_mut_val *const list,
                          const char *const kind, const char *const name)
{
    if (teller->document == NULL) {
        printf(name[0] == '\0' ? "%s\n" : "%s %s\n", kind, name);
        return;
    }
    yyjson_mut_val *const section = yyjson_mut_obj(teller->document);
    teller->rows = yyjson_mut_arr(teller->document);
    add_text(teller, section, "kind", kind);
    add_text(teller, section, "name", name);
    PS_ASSERT(yyjson_mut_obj_add_val(teller->document, section, "values", teller->rows));
    PS_ASSERT(yyjson_mut_arr_append(list, section));
}

static void tell_all(struct teller *const teller, const struct ps_lane *const lanes,
                     const int64_t lane_count)
{
    yyjson_mut_val *const list = teller->document == NULL ? NULL : yyjson_mut_arr(teller->document);
    begin_section(teller, list, "options", "");
    for (int64_t row = 0; row < ps_option_row_count; row++) {
        if (is_told(&ps_option_rows[row])) {
            tell_option(teller, row);
        }
    }
    for (int64_t lane = 0; lane < lane_count; lane++) {
        begin_section(teller, list, "lane", lanes[lane].name);
        tell_lane(teller, &lanes[lane], lane);
    }
    if (teller->document != NULL) {
        yyjson_mut_doc_set_root(teller->document, list);
        char *text PS_CLEANUP(ps_str_free_auto) = yyjson_mut_write(teller->document, 0, NULL);
        PS_ASSERT(text != NULL);
        printf("%s\n", text);
    }
}

int ps_cmd_config(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_lane *lanes = NULL;
    int64_t lane_count = 0;
    struct teller teller = {.options = options};
    if (ps_request_lanes(options, &lanes, &lane_count, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    teller.document = options->is_json ? yyjson_mut_doc_new(NULL) : NULL;
    tell_all(&teller, lanes, lane_count);
    yyjson_mut_doc_free(teller.document);
    free(lanes);
    return PS_EXIT_OK;
}
