#include "cli/lane_files.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/sections.h"
#include "core/lane.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts of lanes, each ended by a NUL byte. */
struct lanes {
    struct ps_buf text;
    int64_t count;
};

static enum ps_status add_place(const char *const path, const int64_t line,
                                struct ps_error *const err)
{
    char message[sizeof(err->message)];
    memcpy(message, err->message, sizeof(message));
    (void)snprintf(err->message, sizeof(err->message), "'%.80s' line %lld: %.140s", path,
                   (long long)line, message);
    return err->status;
}

static enum ps_status refuse_line(const char *const path, const int64_t line,
                                  const char *const what, struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "%s", what);
    return add_place(path, line, err);
}

static enum ps_status read_file(const char *const path, struct ps_buf *const text,
                                struct ps_error *const err)
{
    if (ps_files_read(path, text, err) != PS_OK) {
        err->status = PS_E_USAGE; /* ours, not the cloud's */
        return err->status;
    }
    return PS_OK;
}

static void end_lane(struct lanes *const lanes)
{
    ps_buf_add(&lanes->text, (struct ps_str){"", 1});
    lanes->count++;
}

/* ------------------------------------------------ a limits file */

static enum ps_status read_limits(struct lanes *const lanes, const char *const path,
                                  struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    if (read_file(path, &text, err) != PS_OK) {
        return err->status;
    }
    struct ps_str rest = ps_buf_str(&text);
    const int64_t before = lanes->count;
    for (int64_t number = 1; rest.size > 0; number++) {
        const size_t end = ps_str_find(rest, '\n');
        const struct ps_str line = ps_str_trim(ps_str_part(rest, 0, end));
        struct ps_lane lane;
        rest = ps_str_part(rest, end + 1, rest.size);
        if (line.size == 0 || line.data[0] == '#') {
            continue;
        }
        ps_lane_init(&lane, "");
        if (ps_lane_parse(&lane, line, err) != PS_OK) {
            return add_place(path, number, err);
        }
        ps_buf_add(&lanes->text, line);
        end_lane(lanes);
    }
    if (lanes->count == before) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot find a lane in '%.100s'", path);
        return ps_error_hint(err, "It holds one lane a line: name=a,model=M,jobs=10,...");
    }
    return PS_OK;
}

/* ------------------------------------------------ penstock.conf */

/* The lane's name in "lane NAME"; empty for another section. */
static struct ps_str lane_of_section(const struct ps_str section)
{
    const struct ps_str kind = PS_STR("lane ");
    return ps_str_starts_with(section, kind)
               ? ps_str_trim(ps_str_part(section, kind.size, section.size))
               : PS_STR("");
}

/* "key=value" of a line, held against what a lane takes. */
static enum ps_status add_setting(struct lanes *const lanes, const char *const path,
                                  const struct ps_section_line *const line,
                                  struct ps_error *const err)
{
    struct ps_lane lane;
    const bool is_name = line->key.size == 0;
    const struct ps_str key = is_name ? PS_STR("name") : line->key;
    const struct ps_str value = is_name ? lane_of_section(line->section) : line->value;
    struct ps_buf pair PS_CLEANUP(ps_buf_release);
    ps_buf_init(&pair, PS_MB);
    ps_buf_add_format(&pair, "%.*s=%.*s", PS_STR_ARGS(key), PS_STR_ARGS(value));
    ps_lane_init(&lane, "");
    if (ps_str_find(ps_buf_str(&pair), ',') < pair.size) {
        return refuse_line(path, line->number, "cannot use a ',' in a lane", err);
    }
    if (ps_lane_parse(&lane, ps_buf_str(&pair), err) != PS_OK) {
        return add_place(path, line->number, err);
    }
    ps_buf_add_text(&lanes->text, is_name ? "" : ",");
    ps_buf_add(&lanes->text, ps_buf_str(&pair));
    return PS_OK;
}

static enum ps_status read_conf(struct lanes *const lanes, const char *const path,
                                struct ps_error *const err)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    if (read_file(path, &text, err) != PS_OK) {
        return err->status;
    }
    struct ps_sections sections = {.rest = ps_buf_str(&text)};
    struct ps_section_line line;
    bool is_in_lane = false;
    while (ps_sections_next(&sections, &line)) {
        if (line.wrong != NULL) {
            return refuse_line(path, line.number, line.wrong, err);
        }
        if (lane_of_section(line.section).size == 0) {
            (void)refuse_line(path, line.number, "cannot use what is in no section [lane NAME]",
                              err);
            return ps_error_hint(err, "Lanes are sections, [lane west], with lines like "
                                      "'jobs = 10': the keys of --lane.");
        }
        if (line.key.size == 0 && is_in_lane) {
            end_lane(lanes);
        }
        is_in_lane = true;
        if (add_setting(lanes, path, &line, err) != PS_OK) {
            return err->status;
        }
    }
    if (is_in_lane) {
        end_lane(lanes);
    }
    return PS_OK;
}

/* The file of --config, or the user's own where it is there; NULL: none. */
static char *conf_path(const struct ps_options *const options)
{
    const char *const config_home = getenv("XDG_CONFIG_HOME");
    const char *const home = getenv("HOME");
    if (options->config != NULL) {
        return ps_str_dup(ps_str_of(options->config));
    }
    char *folder PS_CLEANUP(ps_str_free_auto) = config_home != NULL && config_home[0] == '/'
                                                    ? ps_str_dup(ps_str_of(config_home))
                                                : home != NULL ? ps_files_join(home, ".config")
                                                               : NULL;
    if (folder == NULL) {
        return NULL;
    }
    char *ours PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "penstock");
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(ours, "penstock.conf");
    return ps_files_exists(path) ? PS_TAKE(&path) : NULL;
}

/* ------------------------------------------------ both */

static bool takes_lanes(const enum ps_command_bit command)
{
    for (int64_t row = 0; row < ps_option_row_count; row++) {
        if (strcmp(ps_option_rows[row].long_name, "lane") == 0) {
            return ps_option_is_of(&ps_option_rows[row], command);
        }
    }
    return false;
}

static void take(struct ps_options *const options, struct lanes *const lanes)
{
    struct ps_texts *const list = &options->lanes;
    const char *at = lanes->text.data;
    list->texts =
        reallocarray(list->texts, (size_t)(list->count + lanes->count), sizeof(list->texts[0]));
    PS_ASSERT(list->texts != NULL);
    for (int64_t lane = 0; lane < lanes->count; lane++) {
        list->texts[list->count++] = at;
        at += strlen(at) + 1;
    }
    options->lanes_of_files = lanes->text.data;
    ps_buf_init(&lanes->text, PS_MB); /* taken */
}

enum ps_status ps_lane_files_add(struct ps_options *const options, struct ps_error *const err)
{
    if (!takes_lanes(options->command)) {
        return PS_OK;
    }
    struct lanes lanes = {.count = 0};
    ps_buf_init(&lanes.text, PS_MB);
    enum ps_status status = PS_OK;
    if (options->limits_file != NULL) {
        status = read_limits(&lanes, options->limits_file, err);
    } else if (options->lanes.count == 0 && options->models.count == 0) {
        char *path PS_CLEANUP(ps_str_free_auto) = conf_path(options);
        status = path == NULL ? PS_OK : read_conf(&lanes, path, err);
    }
    if (status == PS_OK && lanes.count > 0) {
        take(options, &lanes);
    }
    ps_buf_release(&lanes.text);
    return status;
}
