#include "app/line_sink.h"

#include "base/assert.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TURN_BYTES ((size_t)256 * 1024)
#define COMPARE_BYTES ((size_t)64 * 1024)

/* The largest answer, an id and kept fields as long as lines can be, and what waits before it. */
#define BUF_BYTES_MAX (3 * PS_OUTPUT_LINE_BYTES_MAX + 3 * PS_INPUT_LINE_BYTES_MAX)

static_assert(TURN_BYTES < PS_INPUT_LINE_BYTES_MAX, "what waits leaves room for a line");

static void init(struct ps_line_sink *const sink, const int descriptor, const char *const path)
{
    memset(sink, 0, sizeof(*sink));
    ps_buf_init(&sink->buf, BUF_BYTES_MAX);
    sink->descriptor = descriptor;
    sink->path = ps_str_dup(ps_str_of(path));
}

void ps_line_sink_on(struct ps_line_sink *const sink, const int descriptor, const char *const name)
{
    init(sink, descriptor, name);
}

static enum ps_status could_not_write(const struct ps_line_sink *const sink,
                                      struct ps_error *const err)
{
    (void)ps_error_set_errno(err, PS_E_IO, errno, "could not write '%s'", sink->path);
    return err == NULL ? PS_E_IO
                       : ps_error_hint(err, "The answers are safe in the run's folder: make room "
                                            "or name another file, and ask for the results again.");
}

/* The file that a link names, or the path itself. */
static char *resolved(const char *const path)
{
    char *const real = realpath(path, NULL);
    return real != NULL ? real : ps_str_dup(ps_str_of(path));
}

enum ps_status ps_line_sink_create(struct ps_line_sink *const sink, const char *const path,
                                   struct ps_error *const err)
{
    struct stat info;
    const bool is_special = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
    init(sink, -1, path);
    sink->is_owned = true;
    if (is_special) {
        sink->descriptor = open(path, O_WRONLY | O_CLOEXEC);
    } else {
        free(sink->path);
        sink->path = resolved(path);
        PS_ASSERT(asprintf(&sink->temporary_path, "%s.new", sink->path) > 0);
        sink->descriptor =
            open(sink->temporary_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    }
    if (sink->descriptor < 0) {
        const enum ps_status status = could_not_write(sink, err);
        free(sink->temporary_path);
        sink->temporary_path = NULL; /* it is not ours to delete */
        return status;
    }
    return PS_OK;
}

enum ps_status ps_line_sink_compare(struct ps_line_sink *const sink, const char *const path,
                                    struct ps_error *const err)
{
    init(sink, open(path, O_RDONLY | O_CLOEXEC), path);
    sink->is_owned = true;
    sink->is_comparison = true;
    if (sink->descriptor < 0) {
        return ps_error_set_errno(err, errno == ENOENT ? PS_E_NOT_FOUND : PS_E_IO, errno,
                                  "could not open '%s'", path);
    }
    return PS_OK;
}

static enum ps_status write_out(const struct ps_line_sink *const sink, const struct ps_str bytes,
                                struct ps_error *const err)
{
    size_t done = 0;
    while (done < bytes.size) {
        const ssize_t size = write(sink->descriptor, bytes.data + done, bytes.size - done);
        if (size < 0 && errno != EINTR) {
            return could_not_write(sink, err);
        }
        done += size > 0 ? (size_t)size : 0;
    }
    return PS_OK;
}

static enum ps_status differs(const struct ps_line_sink *const sink, struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                       "cannot vouch for '%s': line %lld is not what was collected", sink->path,
                       (long long)sink->line_count + 1);
    return err == NULL
               ? PS_E_CORRUPT
               : ps_error_hint(err, "The file was changed or written by another run: ask for the "
                                    "results again to get a new one.");
}

/* At most `size` bytes of the file; fewer at its end. */
static enum ps_status read_some(const struct ps_line_sink *const sink, char *const room,
                                const size_t size, size_t *const ret_size,
                                struct ps_error *const err)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t got = read(sink->descriptor, room + done, size - done);
        if (got < 0 && errno != EINTR) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not read '%s'", sink->path);
        }
        if (got == 0) {
            break;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    *ret_size = done;
    return PS_OK;
}

/* How many line ends come before the first difference. */
static int64_t equal_lines(const struct ps_str ours, const char *const theirs, const size_t size)
{
    int64_t lines = 0;
    for (size_t at = 0; at < size && at < ours.size && ours.data[at] == theirs[at]; at++) {
        lines += ours.data[at] == '\n' ? 1 : 0;
    }
    return lines;
}

static enum ps_status compare(struct ps_line_sink *const sink, const struct ps_str bytes,
                              struct ps_error *const err)
{
    char room[COMPARE_BYTES];
    for (size_t at = 0; at < bytes.size;) {
        const struct ps_str part = ps_str_part(bytes, at, sizeof(room));
        size_t size = 0;
        const enum ps_status status = read_some(sink, room, part.size, &size, err);
        if (status != PS_OK) {
            return status;
        }
        sink->line_count += equal_lines(part, room, size);
        if (size != part.size || memcmp(room, part.data, size) != 0) {
            return differs(sink, err);
        }
        at += size;
    }
    return PS_OK;
}

static enum ps_status hand_on(struct ps_line_sink *const sink, struct ps_error *const err)
{
    const struct ps_str bytes = ps_buf_str(&sink->buf);
    const enum ps_status status =
        sink->is_comparison ? compare(sink, bytes, err) : write_out(sink, bytes, err);
    ps_buf_clear(&sink->buf);
    return status;
}

enum ps_status ps_line_sink_turn(struct ps_line_sink *const sink, struct ps_error *const err)
{
    return sink->buf.size < TURN_BYTES ? PS_OK : hand_on(sink, err);
}

enum ps_status ps_line_sink_finish(struct ps_line_sink *const sink, struct ps_error *const err)
{
    const enum ps_status status = hand_on(sink, err);
    if (status != PS_OK) {
        return status;
    }
    if (sink->is_comparison) {
        char byte;
        size_t size = 0;
        const enum ps_status read_status = read_some(sink, &byte, 1, &size, err);
        return read_status == PS_OK && size > 0 ? differs(sink, err) : read_status;
    }
    if (sink->temporary_path != NULL && fsync(sink->descriptor) != 0) {
        return could_not_write(sink, err);
    }
    return PS_OK;
}

static bool sync_folder_of(const char *const path)
{
    const struct ps_str whole = ps_str_of(path);
    size_t size = whole.size;
    while (size > 0 && path[size - 1] != '/') {
        size--;
    }
    char *folder PS_CLEANUP(ps_str_free_auto) =
        size == 0 ? ps_str_dup(PS_STR(".")) : ps_str_dup(ps_str_part(whole, 0, size));
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_synced = descriptor >= 0 && fsync(descriptor) == 0;
    const int error_number = errno;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    errno = error_number;
    return is_synced;
}

enum ps_status ps_line_sink_publish(struct ps_line_sink *const sink, struct ps_error *const err)
{
    if (sink->temporary_path == NULL) {
        return PS_OK;
    }
    if (rename(sink->temporary_path, sink->path) != 0) {
        return could_not_write(sink, err);
    }
    free(sink->temporary_path);
    sink->temporary_path = NULL;
    return sync_folder_of(sink->path) ? PS_OK : could_not_write(sink, err);
}

void ps_line_sink_release(struct ps_line_sink *const sink)
{
    if (sink->is_owned && sink->descriptor >= 0) {
        (void)close(sink->descriptor);
    }
    if (sink->temporary_path != NULL) {
        (void)unlink(sink->temporary_path);
    }
    free(sink->temporary_path);
    free(sink->path);
    ps_buf_release(&sink->buf);
    memset(sink, 0, sizeof(*sink));
    sink->descriptor = -1;
}
