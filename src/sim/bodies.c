#include "sim/bodies.h"

#include "base/assert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES 65536

struct ps_body_file {
    char *data_folder;
    int64_t number;
    int file;
    int64_t size_bytes;
    bool is_kept;
    struct ps_checksums *checksums;
};

static void path_of(const char *const data_folder, const int64_t number,
                    char ret_path[const PATH_MAX])
{
    (void)snprintf(ret_path, PATH_MAX, "%s/objects/%lld", data_folder, (long long)number);
}

enum ps_status ps_bodies_open(const char *const data_folder, struct ps_error *const err)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/objects", data_folder);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not make the folder '%s'", path);
    }
    return PS_OK;
}

static int compare_numbers(const void *const left, const void *const right)
{
    const int64_t one = *(const int64_t *)left;
    const int64_t other = *(const int64_t *)right;
    return one < other ? -1 : one > other;
}

enum ps_status ps_bodies_sweep(const char *const data_folder, const int64_t *const used,
                               const size_t used_count, int64_t *const ret_highest,
                               struct ps_error *const err)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/objects", data_folder);
    DIR *const folder = opendir(path);
    if (folder == NULL) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not read the folder '%s'", path);
    }
    int64_t highest = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        int64_t number = 0;
        if (!ps_str_to_i64(ps_str_of(entry->d_name), &number)) {
            continue;
        }
        highest = number > highest ? number : highest;
        if (bsearch(&number, used, used_count, sizeof *used, compare_numbers) == NULL) {
            ps_bodies_remove(data_folder, number);
        }
    }
    (void)closedir(folder);
    *ret_highest = highest;
    return PS_OK;
}

static void free_auto(struct ps_body_file **const file)
{
    (void)ps_body_file_free(*file);
}

enum ps_status ps_body_file_create(const char *const data_folder, const int64_t number,
                                   const enum ps_checksum chosen,
                                   struct ps_body_file **const ret_file, struct ps_error *const err)
{
    struct ps_body_file *file PS_CLEANUP(free_auto) = calloc(1, sizeof *file);
    PS_ASSERT(file != NULL);
    char path[PATH_MAX];
    path_of(data_folder, number, path);
    file->data_folder = ps_str_dup(ps_str_of(data_folder));
    file->number = number;
    file->checksums = ps_checksums_new(chosen);
    file->file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file->file < 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not make '%s'", path);
    }
    *ret_file = PS_TAKE(&file);
    return PS_OK;
}

enum ps_status ps_body_file_write(struct ps_body_file *const file, const struct ps_str bytes,
                                  struct ps_error *const err)
{
    size_t at = 0;
    while (at < bytes.size) {
        const ssize_t put = write(file->file, bytes.data + at, bytes.size - at);
        if (put < 0 && errno != EINTR) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not write an object's body");
        }
        at += put > 0 ? (size_t)put : 0;
    }
    ps_checksums_add(file->checksums, bytes);
    file->size_bytes += (int64_t)bytes.size;
    return PS_OK;
}

enum ps_status ps_body_file_append(struct ps_body_file *const file, const int64_t number,
                                   const int64_t size_bytes, struct ps_error *const err)
{
    const int source = ps_bodies_open_read(file->data_folder, number);
    if (source < 0) {
        return ps_error_set(err, PS_E_IO, PS_RETRY_NEVER, "cannot read a body: it is gone");
    }
    char room[COPY_BYTES];
    enum ps_status status = PS_OK;
    int64_t left = size_bytes;
    while (status == PS_OK && left > 0) {
        const size_t wanted = left < COPY_BYTES ? (size_t)left : COPY_BYTES;
        const ssize_t got = read(source, room, wanted);
        if (got > 0) {
            status = ps_body_file_write(file, (struct ps_str){room, (size_t)got}, err);
            left -= got;
        } else {
            status =
                ps_error_set(err, PS_E_IO, PS_RETRY_NEVER, "cannot read a body: it ends early");
        }
    }
    (void)close(source);
    return status;
}

int64_t ps_body_file_number(const struct ps_body_file *const file)
{
    return file->number;
}

int64_t ps_body_file_size_bytes(const struct ps_body_file *const file)
{
    return file->size_bytes;
}

void ps_body_file_end(struct ps_body_file *const file, struct ps_checksums_result *const ret_result)
{
    ps_checksums_end(file->checksums, ret_result);
}

void ps_body_file_keep(struct ps_body_file *const file)
{
    file->is_kept = true;
}

struct ps_body_file *ps_body_file_free(struct ps_body_file *const file)
{
    if (file != NULL) {
        if (file->file >= 0) {
            (void)close(file->file);
            if (!file->is_kept) {
                ps_bodies_remove(file->data_folder, file->number);
            }
        }
        (void)ps_checksums_free(file->checksums);
        free(file->data_folder);
        free(file);
    }
    return NULL;
}

int ps_bodies_open_read(const char *const data_folder, const int64_t number)
{
    char path[PATH_MAX];
    path_of(data_folder, number, path);
    return open(path, O_RDONLY | O_CLOEXEC);
}

void ps_bodies_remove(const char *const data_folder, const int64_t number)
{
    char path[PATH_MAX];
    path_of(data_folder, number, path);
    (void)unlink(path);
}
