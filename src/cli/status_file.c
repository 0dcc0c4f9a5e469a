#include "cli/status_file.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/runs.h"
#include "codec/iso8601.h"
#include "codec/json_doc.h"
#include "codec/shown.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define FILE_NAME "status.json"

/* The texts and numbers of the file, one row each: written and read by the same table. */
#define TEXTS(ROW)                     \
    ROW("run", name)                   \
    ROW("phase", phase)                \
    ROW("message", message)            \
    ROW("results", results)            \
    ROW("activity", progress.activity) \
    ROW("trouble", progress.trouble)
#define NUMBERS(ROW)                                 \
    ROW("pid", pid)                                  \
    ROW("updated_ms", updated_ms)                    \
    ROW("next_ms", next_ms)                          \
    ROW("records", progress.records)                 \
    ROW("records_done", progress.records_done)       \
    ROW("records_running", progress.records_running) \
    ROW("records_before", progress.records_before)   \
    ROW("tokens", progress.tokens)                   \
    ROW("tokens_before", progress.tokens_before)     \
    ROW("passed_ms", progress.passed_ms)             \
    ROW("elapsed_ms", progress.elapsed_ms)           \
    ROW("speed", progress.speed)                     \
    ROW("wall_ms", progress.wall_ms)                 \
    ROW("slots", progress.slots)                     \
    ROW("jobs", progress.jobs)

/* The numbers of a lane, likewise. */
#define LANE_NUMBERS(ROW) \
    ROW(pool)             \
    ROW(jobs)             \
    ROW(jobs_live)        \
    ROW(jobs_done)        \
    ROW(records)          \
    ROW(records_done)     \
    ROW(records_running)  \
    ROW(tokens)           \
    ROW(tpm_now)          \
    ROW(tpm_limit)        \
    ROW(slots)            \
    ROW(slots_used)       \
    ROW(day_tokens)       \
    ROW(day_limit)        \
    ROW(day_end_ms)

/* ------------------------------------------------ writing */

/* A path is bytes, a service's message may be cut within a character: JSON is neither. */
static void add_text(yyjson_mut_doc *const document, yyjson_mut_val *const object,
                     const char *const name, const char *const text)
{
    struct ps_buf shown PS_CLEANUP(ps_buf_release);
    ps_buf_init(&shown, PS_MB);
    if (ps_utf8_is_valid(ps_str_of(text))) {
        ps_buf_add_text(&shown, text);
    } else {
        ps_shown_add(&shown, ps_str_of(text), PS_TEXT_BYTES_MAX);
    }
    PS_ASSERT(yyjson_mut_obj_add_strcpy(document, object, name, ps_buf_text(&shown)));
}

static void add_number(yyjson_mut_doc *const document, yyjson_mut_val *const object,
                       const char *const name, const int64_t number)
{
    PS_ASSERT(yyjson_mut_obj_add_int(document, object, name, number));
}

static void add_jobs(yyjson_mut_doc *const document, yyjson_mut_val *const root,
                     const struct ps_progress *const progress)
{
    yyjson_mut_val *const stages = yyjson_mut_obj(document);
    yyjson_mut_val *const live = yyjson_mut_arr(document);
    for (int stage = 0; stage < PS_STAGE_COUNT; stage++) {
        add_number(document, stages, ps_stage_word((enum ps_stage)stage), progress->stages[stage]);
    }
    for (int64_t place = 0; place < progress->live_count; place++) {
        yyjson_mut_val *const job = yyjson_mut_obj(document);
        add_number(document, job, "job", progress->live[place].number);
        add_text(document, job, "status", progress->live[place].status);
        add_number(document, job, "records", progress->live[place].records);
        add_number(document, job, "processed", progress->live[place].processed);
        PS_ASSERT(yyjson_mut_arr_append(live, job));
    }
    PS_ASSERT(yyjson_mut_obj_add_val(document, root, "jobs_by_stage", stages));
    PS_ASSERT(yyjson_mut_obj_add_val(document, root, "live", live));
}

static void add_lanes(yyjson_mut_doc *const document, yyjson_mut_val *const root,
                      const struct ps_progress *const progress)
{
    yyjson_mut_val *const lanes = yyjson_mut_arr(document);
    for (int64_t place = 0; place < progress->lane_count; place++) {
        const struct ps_lane_progress *const lane = &progress->lanes[place];
        yyjson_mut_val *const object = yyjson_mut_obj(document);
        add_text(document, object, "lane", lane->name);
        add_text(document, object, "binds", lane->binds);
#define ADD_NUMBER(field) add_number(document, object, #field, lane->field);
        LANE_NUMBERS(ADD_NUMBER)
#undef ADD_NUMBER
        PS_ASSERT(yyjson_mut_arr_append(lanes, object));
    }
    PS_ASSERT(yyjson_mut_obj_add_val(document, root, "lanes", lanes));
}

/* When to come back, for scripts: an instant, and whole seconds from when this was written. */
static void add_next(yyjson_mut_doc *const document, yyjson_mut_val *const root,
                     const struct ps_run_status *const status)
{
    char stamp[PS_ISO8601_SIZE];
    const int64_t left_ms = status->next_ms - status->updated_ms;
    if (status->next_ms <= 0) {
        PS_ASSERT(yyjson_mut_obj_add_null(document, root, "next"));
        PS_ASSERT(yyjson_mut_obj_add_null(document, root, "next_s"));
        return;
    }
    ps_iso8601_format_ms(status->next_ms, stamp);
    add_text(document, root, "next", stamp);
    add_number(document, root, "next_s",
               left_ms > 0 ? (left_ms + PS_SECOND_MS - 1) / PS_SECOND_MS : 0);
}

void ps_status_add_json(struct ps_buf *const buf, const struct ps_run_status *const status,
                        const bool is_pretty)
{
    yyjson_mut_doc *const document = yyjson_mut_doc_new(NULL);
    PS_ASSERT(document != NULL);
    yyjson_mut_val *const root = yyjson_mut_obj(document);
    yyjson_mut_doc_set_root(document, root);
#define ADD_TEXT(json_name, field) add_text(document, root, json_name, status->field);
#define ADD_NUMBER(json_name, field) add_number(document, root, json_name, status->field);
    TEXTS(ADD_TEXT)
    NUMBERS(ADD_NUMBER)
    add_jobs(document, root, &status->progress);
    add_lanes(document, root, &status->progress);
    add_next(document, root, status);
    if (status->exit_status >= 0) {
        add_number(document, root, "exit_status", status->exit_status);
    } else {
        PS_ASSERT(yyjson_mut_obj_add_null(document, root, "exit_status"));
    }
    size_t size = 0;
    char *text PS_CLEANUP(ps_str_free_auto) =
        yyjson_mut_write(document, is_pretty ? YYJSON_WRITE_PRETTY : 0, &size);
    yyjson_mut_doc_free(document);
    PS_ASSERT(text != NULL);
    ps_buf_add(buf, (struct ps_str){text, size});
}

void ps_status_print_json(const struct ps_run_status *const status)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    ps_status_add_json(&text, status, false);
    printf("%s\n", ps_buf_text(&text));
}

void ps_status_file_write(const char *const folder, const struct ps_run_status *const status)
{
    struct ps_error err;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, FILE_NAME);
    ps_buf_init(&text, PS_MB);
    ps_status_add_json(&text, status, true);
    ps_buf_add_text(&text, "\n");
    if (ps_files_write_quick(path, ps_buf_str(&text), &err) != PS_OK) {
        ps_log_warn("status.not_written", PS_FIELD_TEXT("message", err.message));
    }
}

/* ------------------------------------------------ reading */

static void copy_text(char *const room, const size_t room_size, yyjson_val *const object,
                      const char *const name)
{
    const char *const text = yyjson_get_str(yyjson_obj_get(object, name));
    (void)snprintf(room, room_size, "%s", text == NULL ? "" : text);
}

static int64_t number_of(yyjson_val *const object, const char *const name)
{
    return yyjson_get_sint(yyjson_obj_get(object, name));
}

static void read_jobs(yyjson_val *const root, struct ps_progress *const progress)
{
    yyjson_val *const stages = yyjson_obj_get(root, "jobs_by_stage");
    yyjson_val *const live = yyjson_obj_get(root, "live");
    for (int stage = 0; stage < PS_STAGE_COUNT; stage++) {
        progress->stages[stage] = number_of(stages, ps_stage_word((enum ps_stage)stage));
    }
    for (size_t place = 0; place < yyjson_arr_size(live) && place < PS_PROGRESS_LIVE_MAX; place++) {
        yyjson_val *const job = yyjson_arr_get(live, place);
        struct ps_live_job *const read = &progress->live[progress->live_count++];
        read->number = number_of(job, "job");
        read->records = number_of(job, "records");
        read->processed = number_of(job, "processed");
        copy_text(read->status, sizeof(read->status), job, "status");
    }
}

static void read_lanes(yyjson_val *const root, struct ps_progress *const progress)
{
    yyjson_val *const lanes = yyjson_obj_get(root, "lanes");
    for (size_t place = 0; place < yyjson_arr_size(lanes) && place < PS_PROGRESS_LANES_MAX;
         place++) {
        yyjson_val *const object = yyjson_arr_get(lanes, place);
        struct ps_lane_progress *const lane = &progress->lanes[progress->lane_count++];
        copy_text(lane->name, sizeof(lane->name), object, "lane");
        copy_text(lane->binds, sizeof(lane->binds), object, "binds");
#define READ_NUMBER(field) lane->field = number_of(object, #field);
        LANE_NUMBERS(READ_NUMBER)
#undef READ_NUMBER
    }
}

static enum ps_status parse(const struct ps_str text, const char *const path,
                            struct ps_run_status *const ret_status, struct ps_error *const err)
{
    yyjson_doc *const document = yyjson_read(text.data, text.size, 0);
    yyjson_val *const root = yyjson_doc_get_root(document);
    if (!yyjson_is_obj(root)) {
        yyjson_doc_free(document);
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER, "cannot read '%s'", path);
    }
#define READ_TEXT(json_name, field) \
    copy_text(ret_status->field, sizeof(ret_status->field), root, json_name);
#define READ_NUMBER(json_name, field) ret_status->field = number_of(root, json_name);
    TEXTS(READ_TEXT)
    NUMBERS(READ_NUMBER)
    read_jobs(root, &ret_status->progress);
    read_lanes(root, &ret_status->progress);
    yyjson_val *const exit_status = yyjson_obj_get(root, "exit_status");
    ret_status->exit_status = yyjson_is_int(exit_status) ? yyjson_get_sint(exit_status) : -1;
    yyjson_doc_free(document);
    return PS_OK;
}

bool ps_status_is_over(const struct ps_run_status *const status)
{
    return status->exit_status >= 0 &&
           (strcmp(status->phase, PS_RUN_ENDED) == 0 || strcmp(status->phase, PS_RUN_STOPPED) == 0);
}

static void set_phase(struct ps_run_status *const status, const char *const phase)
{
    (void)snprintf(status->phase, sizeof(status->phase), "%s", phase);
}

enum ps_status ps_status_file_read(const char *const folder, struct ps_run_status *const ret_status,
                                   struct ps_error *const err)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, FILE_NAME);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    /* Asked first: an owner that ends in between has written its end by then. */
    const bool is_owned = ps_runs_is_owned(folder);
    ps_buf_init(&text, PS_MB);
    memset(ret_status, 0, sizeof(*ret_status));
    ret_status->exit_status = -1;
    const enum ps_status status = ps_files_read(path, &text, err);
    if (status != PS_OK && status != PS_E_NOT_FOUND) {
        return status;
    }
    if (status == PS_OK && parse(ps_buf_str(&text), path, ret_status, err) != PS_OK) {
        return err->status;
    }
    if (status == PS_E_NOT_FOUND) {
        const char *const slash = strrchr(folder, '/');
        (void)snprintf(ret_status->name, sizeof(ret_status->name), "%s",
                       slash == NULL ? folder : slash + 1);
        set_phase(ret_status, is_owned ? PS_RUN_RUNNING : PS_RUN_NOT_BEGUN);
    } else if (!is_owned && strcmp(ret_status->phase, PS_RUN_RUNNING) == 0 &&
               !ps_runs_is_owned(folder)) {
        set_phase(ret_status, PS_RUN_INTERRUPTED);
    }
    return PS_OK;
}
