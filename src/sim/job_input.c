#include "sim/job_input.h"

#include "base/assert.h"
#include "base/limits.h"
#include "sim/patterns.h"
#include "sim/world_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES ((size_t)256 * 1024)

static void add_file(struct ps_input_files *const files, const struct ps_object *const object)
{
    files->files = realloc(files->files, (files->count + 1) * sizeof *files->files);
    PS_ASSERT(files->files != NULL);
    files->files[files->count++] = (struct ps_input_file){ps_str_dup(ps_str_of(object->key)),
                                                          object->body, object->size_bytes};
}

static void find_folder(struct ps_input_files *const files, const struct ps_bucket *const bucket,
                        const struct ps_str key)
{
    struct ps_buf prefix PS_CLEANUP(ps_buf_release);
    ps_buf_init(&prefix, PS_TEXT_BYTES_MAX);
    ps_buf_add(&prefix, key);
    if (key.size > 0 && key.data[key.size - 1] != '/') {
        ps_buf_add(&prefix, PS_STR("/"));
    }
    free(files->prefix);
    files->prefix = ps_str_dup(ps_buf_str(&prefix));
    for (size_t place = ps_objects_lower_bound(bucket, ps_buf_str(&prefix));
         place < bucket->object_count; place++) {
        const struct ps_str found = ps_str_of(bucket->objects[place]->key);
        if (!ps_str_starts_with(found, ps_buf_str(&prefix))) {
            break;
        }
        if (ps_str_ends_with(found, PS_STR(".jsonl"))) {
            add_file(files, bucket->objects[place]);
        }
    }
}

void ps_input_files_find(struct ps_world *const world, const struct ps_str uri,
                         struct ps_input_files *const ret_files)
{
    struct ps_str name = {NULL, 0};
    struct ps_str key = {NULL, 0};
    memset(ret_files, 0, sizeof *ret_files);
    PS_ASSERT(ps_pattern_split_uri(uri, &name, &key));
    ret_files->bucket = ps_str_dup(name);
    ret_files->prefix = ps_str_dup(PS_STR(""));
    ps_world_lock(world);
    const struct ps_bucket *const bucket = ps_objects_bucket(&world->objects, name);
    ret_files->bucket_region = ps_str_dup(ps_str_of(bucket != NULL ? bucket->region : ""));
    if (bucket != NULL) {
        const struct ps_object *const object = ps_objects_find(bucket, key);
        ret_files->is_single = object != NULL && key.data[key.size - 1] != '/';
        if (ret_files->is_single) {
            add_file(ret_files, object);
        } else {
            find_folder(ret_files, bucket, key);
        }
    }
    ps_world_unlock(world);
}

void ps_input_files_release(struct ps_input_files *const files)
{
    for (size_t index = 0; index < files->count; index++) {
        free(files->files[index].key);
    }
    free(files->files);
    free(files->bucket);
    free(files->prefix);
    free(files->bucket_region);
    memset(files, 0, sizeof *files);
}

struct ps_lines {
    int file;
    bool is_at_end;
    struct ps_buf buf;
    size_t at;      /* where the next line begins in buf */
    size_t scanned; /* no newline between `at` and here */
};

void ps_lines_auto(struct ps_lines **const lines)
{
    (void)ps_lines_free(*lines);
}

enum ps_status ps_lines_open(const char *const data_folder, const int64_t body,
                             struct ps_lines **const ret_lines, struct ps_error *const err)
{
    struct ps_lines *lines PS_CLEANUP(ps_lines_auto) = calloc(1, sizeof *lines);
    PS_ASSERT(lines != NULL);
    ps_buf_init(&lines->buf, PS_INPUT_LINE_BYTES_MAX + 2 * READ_BYTES);
    lines->file = ps_bodies_open_read(data_folder, body);
    if (lines->file < 0) {
        return ps_error_set(err, PS_E_IO, PS_RETRY_NEVER,
                            "cannot read an input object: it is gone");
    }
    *ret_lines = PS_TAKE(&lines);
    return PS_OK;
}

struct ps_lines *ps_lines_free(struct ps_lines *const lines)
{
    if (lines != NULL) {
        if (lines->file >= 0) {
            (void)close(lines->file);
        }
        ps_buf_release(&lines->buf);
        free(lines);
    }
    return NULL;
}

static enum ps_status read_more(struct ps_lines *const lines, struct ps_error *const err)
{
    ps_buf_consume(&lines->buf, lines->at);
    lines->scanned -= lines->at;
    lines->at = 0;
    char *const room = ps_buf_reserve(&lines->buf, READ_BYTES);
    if (room == NULL || lines->buf.size > PS_INPUT_LINE_BYTES_MAX) {
        return ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                            "cannot read an input object: a line of it is too long");
    }
    const ssize_t got = read(lines->file, room, READ_BYTES);
    if (got < 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not read an input object");
    }
    ps_buf_commit(&lines->buf, (size_t)got);
    lines->is_at_end = got == 0;
    return PS_OK;
}

enum ps_status ps_lines_next(struct ps_lines *const lines, struct ps_str *const ret_line,
                             struct ps_error *const err)
{
    for (;;) {
        const struct ps_str unread =
            ps_str_part(ps_buf_str(&lines->buf), lines->scanned, lines->buf.size);
        const size_t size = ps_str_find(unread, '\n');
        const size_t end = lines->scanned + size;
        if (size < unread.size || (lines->is_at_end && end > lines->at)) {
            *ret_line = ps_str_part(ps_buf_str(&lines->buf), lines->at, end - lines->at);
            lines->at = end + (size < unread.size ? 1 : 0);
            lines->scanned = lines->at;
            return PS_OK;
        }
        if (lines->is_at_end) {
            return PS_E_NOT_FOUND;
        }
        lines->scanned = lines->buf.size;
        const enum ps_status status = read_more(lines, err);
        if (status != PS_OK) {
            return status;
        }
    }
}
