#include "os/files.h"

#include "base/assert.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum ps_status ps_files_make_folder(const char *const path, struct ps_error *const err)
{
    char *copy PS_CLEANUP(ps_str_free_auto) = ps_str_dup(ps_str_of(path));
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not make the folder '%s'", copy);
        }
        *slash = '/';
    }
    if (mkdir(copy, 0700) != 0 && errno != EEXIST) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not make the folder '%s'", copy);
    }
    return PS_OK;
}

static bool write_all(const int descriptor, const struct ps_str bytes)
{
    size_t done = 0;
    while (done < bytes.size) {
        const ssize_t written = write(descriptor, bytes.data + done, bytes.size - done);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        done += written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool sync_folder_of(const char *const path)
{
    char *folder PS_CLEANUP(ps_str_free_auto) = ps_str_dup(ps_str_of(path));
    char *const slash = strrchr(folder, '/');
    if (slash != NULL) {
        slash[slash == folder ? 1 : 0] = '\0';
    }
    const int descriptor = open(slash == NULL ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    const bool is_synced = fsync(descriptor) == 0;
    (void)close(descriptor);
    return is_synced;
}

static enum ps_status write_file(const char *const path, const struct ps_str bytes,
                                 const bool is_durable, struct ps_error *const err)
{
    struct ps_buf beside PS_CLEANUP(ps_buf_release);
    ps_buf_init(&beside, PS_TEXT_BYTES_MAX);
    ps_buf_add_format(&beside, "%s.new", path);
    const int descriptor =
        open(ps_buf_text(&beside), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not write '%s'", path);
    }
    const bool is_written = write_all(descriptor, bytes) && (!is_durable || fsync(descriptor) == 0);
    const int error_number = errno;
    (void)close(descriptor);
    if (!is_written || rename(ps_buf_text(&beside), path) != 0) {
        (void)ps_error_set_errno(err, PS_E_IO, is_written ? errno : error_number,
                                 "could not write '%s'", path);
        (void)unlink(ps_buf_text(&beside));
        return err->status;
    }
    return is_durable ? ps_files_sync_folder_of(path, err) : PS_OK;
}

enum ps_status ps_files_write(const char *const path, const struct ps_str bytes,
                              struct ps_error *const err)
{
    return write_file(path, bytes, true, err);
}

enum ps_status ps_files_write_quick(const char *const path, const struct ps_str bytes,
                                    struct ps_error *const err)
{
    return write_file(path, bytes, false, err);
}

enum ps_status ps_files_append(const char *const path, const struct ps_str bytes,
                               struct ps_error *const err)
{
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    const bool is_written = descriptor >= 0 && write_all(descriptor, bytes);
    const int error_number = errno;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return is_written
               ? PS_OK
               : ps_error_set_errno(err, PS_E_IO, error_number, "could not write '%s'", path);
}

static enum ps_status read_all(const int descriptor, const char *const path,
                               struct ps_buf *const buf, struct ps_error *const err)
{
    static const size_t step_bytes = 64 * PS_KB;
    for (;;) {
        const size_t left = buf->size_max - buf->size;
        char *const room =
            left == 0 ? NULL : ps_buf_reserve(buf, left < step_bytes ? left : step_bytes);
        if (room == NULL) {
            return ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                                "cannot read '%s': it is larger than %zu bytes", path,
                                buf->size_max);
        }
        const ssize_t got = read(descriptor, room, left < step_bytes ? left : step_bytes);
        if (got < 0 && errno != EINTR) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not read '%s'", path);
        }
        ps_buf_commit(buf, got > 0 ? (size_t)got : 0);
        if (got == 0) {
            return PS_OK;
        }
    }
}

enum ps_status ps_files_read(const char *const path, struct ps_buf *const buf,
                             struct ps_error *const err)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return ps_error_set_errno(err, errno == ENOENT ? PS_E_NOT_FOUND : PS_E_IO, errno,
                                  "could not open '%s'", path);
    }
    const enum ps_status status = read_all(descriptor, path, buf, err);
    (void)close(descriptor);
    return status;
}

enum ps_status ps_files_sync_folder_of(const char *const path, struct ps_error *const err)
{
    return sync_folder_of(path)
               ? PS_OK
               : ps_error_set_errno(err, PS_E_IO, errno, "could not sync the folder of '%s'", path);
}

bool ps_files_exists(const char *const path)
{
    return access(path, F_OK) == 0;
}

static int remove_one(const char *const path, const struct stat *const facts, const int kind,
                      struct FTW *const walk)
{
    (void)facts;
    (void)kind;
    (void)walk;
    return remove(path);
}

enum ps_status ps_files_remove_tree(const char *const path, struct ps_error *const err)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not delete '%s'", path);
    }
    return PS_OK;
}

int64_t ps_files_free_bytes(const char *const path)
{
    struct statvfs facts;
    if (statvfs(path, &facts) != 0) {
        return -1;
    }
    return (int64_t)facts.f_bavail * (int64_t)facts.f_frsize;
}

char *ps_files_join(const char *const folder, const char *const name)
{
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    ps_buf_init(&path, PS_TEXT_BYTES_MAX);
    ps_buf_add_format(&path, "%s/%s", folder, name);
    return ps_str_dup(ps_buf_str(&path));
}

char *ps_files_absolute(const char *const path)
{
    char *const real = realpath(path, NULL);
    if (real != NULL) {
        return real;
    }
    if (path[0] == '/') {
        return ps_str_dup(ps_str_of(path));
    }
    char *here PS_CLEANUP(ps_str_free_auto) = getcwd(NULL, 0);
    return ps_files_join(here == NULL ? "." : here, path);
}

static int64_t read_pid(const int descriptor)
{
    char text[32] = "";
    int64_t pid = 0;
    const ssize_t size = pread(descriptor, text, sizeof(text) - 1, 0);
    if (size <= 0 || !ps_str_to_i64(ps_str_trim(ps_str_of(text)), &pid)) {
        return 0;
    }
    return pid;
}

enum ps_status ps_files_lock(const char *const path, int *const ret_descriptor,
                             int64_t *const reterr_pid, struct ps_error *const err)
{
    const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        *reterr_pid = 0;
        return ps_error_set_errno(err, PS_E_IO, errno, "could not open '%s'", path);
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        *reterr_pid = read_pid(descriptor);
        (void)close(descriptor);
        return ps_error_set(err, PS_E_CONFLICT, PS_RETRY_LATER,
                            "could not take '%s': process %" PRId64 " holds it", path, *reterr_pid);
    }
    char text[32];
    const int size = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, text, (size_t)size, 0) != size) {
        *reterr_pid = 0;
        (void)ps_error_set_errno(err, PS_E_IO, errno, "could not write '%s'", path);
        (void)close(descriptor);
        return err->status;
    }
    *ret_descriptor = descriptor;
    return PS_OK;
}

bool ps_files_is_locked(const char *const path)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    const bool is_locked = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    (void)close(descriptor);
    return is_locked;
}
