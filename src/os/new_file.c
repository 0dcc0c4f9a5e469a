#include "os/new_file.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (256 * PS_KB)

struct ps_new_file {
    char *path;
    char *beside; /* NULL after the commit */
    int descriptor;
    int64_t flushed_bytes;
    struct ps_buf buffer;
};

enum ps_status ps_new_file_begin(const char *const path, struct ps_new_file **const ret_file,
                                 struct ps_error *const err)
{
    struct ps_buf beside PS_CLEANUP(ps_buf_release);
    ps_buf_init(&beside, PS_TEXT_BYTES_MAX);
    ps_buf_add_format(&beside, "%s.new", path);
    const int descriptor =
        open(ps_buf_text(&beside), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not write '%s'", path);
    }
    struct ps_new_file *const file = calloc(1, sizeof(*file));
    PS_ASSERT(file != NULL);
    file->path = ps_str_dup(ps_str_of(path));
    file->beside = ps_str_dup(ps_buf_str(&beside));
    file->descriptor = descriptor;
    ps_buf_init(&file->buffer, BUFFER_BYTES);
    *ret_file = file;
    return PS_OK;
}

struct ps_new_file *ps_new_file_free(struct ps_new_file *const file)
{
    if (file != NULL) {
        (void)close(file->descriptor);
        if (file->beside != NULL) {
            (void)unlink(file->beside);
        }
        free(file->beside);
        free(file->path);
        ps_buf_release(&file->buffer);
        free(file);
    }
    return NULL;
}

void ps_new_file_free_auto(struct ps_new_file **const file)
{
    *file = ps_new_file_free(*file);
}

enum ps_status ps_new_file_write_at(struct ps_new_file *const file, const int64_t offset,
                                    const struct ps_str bytes, struct ps_error *const err)
{
    size_t done = 0;
    while (done < bytes.size) {
        const ssize_t written =
            pwrite(file->descriptor, bytes.data + done, bytes.size - done, offset + (int64_t)done);
        if (written < 0 && errno != EINTR) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not write '%s'", file->path);
        }
        done += written > 0 ? (size_t)written : 0;
    }
    return PS_OK;
}

enum ps_status ps_new_file_flush(struct ps_new_file *const file, struct ps_error *const err)
{
    if (ps_new_file_write_at(file, file->flushed_bytes, ps_buf_str(&file->buffer), err) != PS_OK) {
        return err->status;
    }
    file->flushed_bytes += (int64_t)file->buffer.size;
    ps_buf_clear(&file->buffer);
    return PS_OK;
}

enum ps_status ps_new_file_add(struct ps_new_file *const file, const struct ps_str bytes,
                               struct ps_error *const err)
{
    if (ps_buf_append(&file->buffer, bytes)) {
        return PS_OK;
    }
    if (ps_new_file_flush(file, err) != PS_OK) {
        return err->status;
    }
    if (ps_buf_append(&file->buffer, bytes)) {
        return PS_OK;
    }
    if (ps_new_file_write_at(file, file->flushed_bytes, bytes, err) != PS_OK) {
        return err->status;
    }
    file->flushed_bytes += (int64_t)bytes.size;
    return PS_OK;
}

enum ps_status ps_new_file_read_at(struct ps_new_file *const file, const int64_t offset,
                                   char *const room, const size_t size, struct ps_error *const err)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t got =
            pread(file->descriptor, room + done, size - done, offset + (int64_t)done);
        if (got == 0) {
            return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER, "cannot read '%s': it was cut",
                                file->path);
        }
        if (got < 0 && errno != EINTR) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not read '%s'", file->path);
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return PS_OK;
}

int64_t ps_new_file_size(const struct ps_new_file *const file)
{
    return file->flushed_bytes + (int64_t)file->buffer.size;
}

/* The rename itself must survive the machine. */
static bool sync_folder_of(const char *const path)
{
    char *folder PS_CLEANUP(ps_str_free_auto) = ps_str_dup(ps_str_of(path));
    char *const slash = strrchr(folder, '/');
    if (slash != NULL) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    const int descriptor = open(slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_synced = descriptor >= 0 && fsync(descriptor) == 0;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return is_synced;
}

enum ps_status ps_new_file_commit(struct ps_new_file *const file, struct ps_error *const err)
{
    PS_ASSERT(file->beside != NULL);
    if (ps_new_file_flush(file, err) != PS_OK) {
        return err->status;
    }
    if (fsync(file->descriptor) != 0 || rename(file->beside, file->path) != 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not write '%s'", file->path);
    }
    free(file->beside);
    file->beside = NULL;
    if (!sync_folder_of(file->path)) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not sync the folder of '%s'",
                                  file->path);
    }
    return PS_OK;
}
