#include "cli/status_file.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define FILE_NAME "status.json"

#define NUMBERS(ROW)                                                                  \
    ROW("exit_status", exit_status)                                                   \
    ROW("pid", pid)                                                                   \
    ROW("updated_ms", updated_ms)                                                     \
    ROW("records", progress.records) ROW("records_done", progress.records_done)       \
        ROW("records_running", progress.records_running) ROW("jobs", progress.jobs)   \
            ROW("jobs_done", progress.jobs_done) ROW("jobs_live", progress.jobs_live) \
                ROW("slots", progress.slots) ROW("tokens", progress.tokens)           \
                    ROW("passed_ms", progress.passed_ms)
#define TEXTS(ROW) \
    ROW("run", name) ROW("phase", phase) ROW("message", message) ROW("results", results)

void ps_status_file_write(const char *const folder, const struct ps_run_status *const status)
{
    struct ps_error err;
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, FILE_NAME);
    yyjson_mut_doc *const document = yyjson_mut_doc_new(NULL);
    PS_ASSERT(document != NULL);
    yyjson_mut_val *const root = yyjson_mut_obj(document);
    yyjson_mut_doc_set_root(document, root);
#define WRITE_NUMBER(json_name, field) \
    (void)yyjson_mut_obj_add_int(document, root, json_name, status->field);
#define WRITE_TEXT(json_name, field) \
    (void)yyjson_mut_obj_add_str(document, root, json_name, status->field);
    TEXTS(WRITE_TEXT)
    NUMBERS(WRITE_NUMBER)
    if (status->progress.activity != NULL) {
        (void)yyjson_mut_obj_add_str(document, root, "activity", status->progress.activity);
        (void)yyjson_mut_obj_add_str(document, root, "trouble", status->progress.trouble);
    }
    size_t size = 0;
    char *text PS_CLEANUP(ps_str_free_auto) =
        yyjson_mut_write(document, YYJSON_WRITE_PRETTY | YYJSON_WRITE_ALLOW_INVALID_UNICODE, &size);
    yyjson_mut_doc_free(document);
    /* Only for others to read: a failure must not stop the run. */
    if (text == NULL || ps_files_write_quick(path, (struct ps_str){text, size}, &err) != PS_OK) {
        ps_log_debug("status.not_written", PS_FIELD_TEXT("path", path));
    }
}

static void copy_text(char *const room, const size_t room_size, yyjson_val *const root,
                      const char *const name)
{
    const char *const text = yyjson_get_str(yyjson_obj_get(root, name));
    (void)snprintf(room, room_size, "%s", text == NULL ? "" : text);
}

enum ps_status ps_status_file_read(const char *const folder, struct ps_run_status *const ret_status,
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
    if (!yyjson_is_obj(root)) {
        yyjson_doc_free(document);
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER, "cannot read '%s'", path);
    }
    memset(ret_status, 0, sizeof(*ret_status));
#define READ_NUMBER(json_name, field) \
    ret_status->field = yyjson_get_sint(yyjson_obj_get(root, json_name));
#define READ_TEXT(json_name, field) \
    copy_text(ret_status->field, sizeof(ret_status->field), root, json_name);
    TEXTS(READ_TEXT)
    NUMBERS(READ_NUMBER)
    yyjson_doc_free(document);
    return PS_OK;
}
