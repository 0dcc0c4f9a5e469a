#include "app/segment_file.h"

#include "app/scratch.h"
#include "base/assert.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>

#define HEAD_MAGIC "PSSEG02\n"
#define END_MAGIC "PSSEGEND"
#define FLAG_VERDICTS UINT32_C(1)
#define WRITE_BYTES (256 * (size_t)1024)
#define ROWS_AT_ONCE ((size_t)1024)

struct head {
    char magic[8];
    uint32_t flags;
    uint32_t unused;
};

struct end {
    char magic[8];
    uint64_t row_count;
    uint64_t rows_offset;
    uint64_t digest_low; /* of head and rows */
    uint64_t digest_high;
    struct ps_segment_lines lines;
    uint64_t own_digest; /* of the bytes before it */
};

static_assert(sizeof(struct head) == 16, "a size on disk");
static_assert(sizeof(struct end) == 80, "a size on disk");

/* A descriptor that is written from its start on, through a buffer. */
struct tail {
    int descriptor;
    int64_t flushed_bytes;
    struct ps_buf waiting;
};

struct ps_segment_file {
    char *folder;
    char *temporary_path;
    char *path;
    struct head head;
    struct tail payloads;
    struct tail rows; /* a file without a name until the end */
    int64_t row_count;
    struct ps_segment_lines lines;
    bool is_finished;
};

uint64_t ps_segment_digest(const int64_t record, const struct ps_str payload)
{
    return XXH3_64bits_withSeed(payload.data, payload.size, (XXH64_hash_t)record);
}

static enum ps_status cannot_write(const char *const path, struct ps_error *const err)
{
    (void)ps_error_set_errno(err, PS_E_IO, errno, "could not write '%s'", path);
    return err == NULL ? PS_E_IO
                       : ps_error_hint(err, "Make room on the disk; the run then goes on where it "
                                            "stands.");
}

static enum ps_status write_at(const int descriptor, const char *const path,
                               const struct ps_str bytes, const int64_t offset,
                               struct ps_error *const err)
{
    size_t done = 0;
    while (done < bytes.size) {
        const ssize_t size =
            pwrite(descriptor, bytes.data + done, bytes.size - done, (off_t)offset + (off_t)done);
        if (size < 0 && errno != EINTR) {
            return cannot_write(path, err);
        }
        done += size > 0 ? (size_t)size : 0;
    }
    return PS_OK;
}

static enum ps_status tail_flush(struct tail *const tail, const char *const path,
                                 struct ps_error *const err)
{
    const struct ps_str bytes = ps_buf_str(&tail->waiting);
    const enum ps_status status = write_at(tail->descriptor, path, bytes, tail->flushed_bytes, err);
    if (status == PS_OK) {
        tail->flushed_bytes += (int64_t)bytes.size;
        ps_buf_clear(&tail->waiting);
    }
    return status;
}

static int64_t tail_size(const struct tail *const tail)
{
    return tail->flushed_bytes + (int64_t)tail->waiting.size;
}

/* Room for `size` bytes in the buffer, flushing what waits; what is larger is the caller's to
 * write. */
static enum ps_status tail_add(struct tail *const tail, const char *const path,
                               const struct ps_str bytes, struct ps_error *const err)
{
    if (bytes.size > tail->waiting.size_max - tail->waiting.size) {
        if (tail_flush(tail, path, err) != PS_OK) {
            return PS_E_IO;
        }
    }
    if (bytes.size <= tail->waiting.size_max) {
        ps_buf_add(&tail->waiting, bytes);
        return PS_OK;
    }
    const enum ps_status status = write_at(tail->descriptor, path, bytes, tail->flushed_bytes, err);
    tail->flushed_bytes += status == PS_OK ? (int64_t)bytes.size : 0;
    return status;
}

static enum ps_status tail_cut(struct tail *const tail, const char *const path, const int64_t size,
                               struct ps_error *const err)
{
    PS_ASSERT(size <= tail_size(tail));
    const enum ps_status status = tail_flush(tail, path, err);
    if (status == PS_OK) {
        tail->flushed_bytes = size;
    }
    return status;
}

static char *path_of(const char *const folder, const char *const name, const char *const suffix)
{
    char *path = NULL;
    PS_ASSERT(asprintf(&path, "%s/%s%s", folder, name, suffix) > 0);
    return path;
}

static void file_free_auto(struct ps_segment_file **const file)
{
    *file = ps_segment_file_free(*file);
}

enum ps_status ps_segment_file_create(const char *const folder, const char *const name,
                                      const bool has_verdicts,
                                      struct ps_segment_file **const ret_file,
                                      struct ps_error *const err)
{
    PS_ASSERT(name[0] != '\0');
    PS_ASSERT(strchr(name, '/') == NULL); /* we name jobs, users do not */
    struct ps_segment_file *file PS_CLEANUP(file_free_auto) = calloc(1, sizeof(*file));
    PS_ASSERT(file != NULL);
    file->folder = ps_str_dup(ps_str_of(folder));
    file->temporary_path = path_of(folder, name, PS_SEGMENT_TEMPORARY_SUFFIX);
    file->path = path_of(folder, name, PS_SEGMENT_SUFFIX);
    memcpy(file->head.magic, HEAD_MAGIC, sizeof(file->head.magic));
    file->head.flags = has_verdicts ? FLAG_VERDICTS : 0;
    ps_buf_init(&file->payloads.waiting, WRITE_BYTES);
    ps_buf_init(&file->rows.waiting, ROWS_AT_ONCE * sizeof(struct ps_segment_row));
    file->rows.descriptor = -1;
    file->payloads.descriptor =
        open(file->temporary_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->payloads.descriptor < 0) {
        return cannot_write(file->temporary_path, err);
    }
    if (ps_scratch_file(folder, &file->rows.descriptor, err) != PS_OK) {
        return PS_E_IO;
    }
    ps_buf_add(&file->payloads.waiting,
               (struct ps_str){(const char *)&file->head, sizeof(file->head)});
    *ret_file = PS_TAKE(&file);
    return PS_OK;
}

struct ps_segment_file *ps_segment_file_free(struct ps_segment_file *const file)
{
    if (file == NULL) {
        return NULL;
    }
    if (file->payloads.descriptor >= 0) {
        (void)close(file->payloads.descriptor);
        if (!file->is_finished) {
            (void)unlink(file->temporary_path);
        }
    }
    if (file->rows.descriptor >= 0) {
        (void)close(file->rows.descriptor);
    }
    ps_buf_release(&file->payloads.waiting);
    ps_buf_release(&file->rows.waiting);
    free(file->folder);
    free(file->temporary_path);
    free(file->path);
    free(file);
    return NULL;
}

enum ps_status ps_segment_file_add(struct ps_segment_file *const file,
                                   const struct ps_segment_row *const row,
                                   const struct ps_str payload, struct ps_error *const err)
{
    PS_ASSERT(payload.size <= UINT32_MAX);
    struct ps_segment_row full = *row;
    full.offset = (uint64_t)tail_size(&file->payloads);
    full.digest = ps_segment_digest((int64_t)row->record, payload);
    full.size = (uint32_t)payload.size;
    full.unused = 0;
    const struct ps_str digest = {(const char *)&full.digest, sizeof(full.digest)};
    const struct ps_str row_bytes = {(const char *)&full, sizeof(full)};
    if (tail_add(&file->payloads, file->temporary_path, digest, err) != PS_OK ||
        tail_add(&file->payloads, file->temporary_path, payload, err) != PS_OK ||
        tail_add(&file->rows, file->temporary_path, row_bytes, err) != PS_OK) {
        return PS_E_IO;
    }
    file->row_count++;
    return PS_OK;
}

int64_t ps_segment_file_count(const struct ps_segment_file *const file)
{
    return file->row_count;
}

/* `size` bytes from `offset` on; a file that is shorter is PS_E_CORRUPT. */
static enum ps_status read_at(const int descriptor, const char *const path, const int64_t offset,
                              char *const room, const size_t size, struct ps_error *const err)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t got =
            pread(descriptor, room + done, size - done, (off_t)offset + (off_t)done);
        if (got < 0 && errno != EINTR) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not read '%s'", path);
        }
        if (got == 0) {
            return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER, "cannot use '%s': it is cut",
                                path);
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return PS_OK;
}

enum ps_status ps_segment_file_row(struct ps_segment_file *const file, const int64_t number,
                                   struct ps_segment_row *const ret_row, struct ps_error *const err)
{
    PS_ASSERT(number >= 0 && number < file->row_count);
    if (tail_flush(&file->rows, file->temporary_path, err) != PS_OK) {
        return PS_E_IO;
    }
    return read_at(file->rows.descriptor, file->temporary_path, number * (int64_t)sizeof(*ret_row),
                   (char *)ret_row, sizeof(*ret_row), err);
}

enum ps_status ps_segment_file_cut(struct ps_segment_file *const file, const int64_t row_count,
                                   struct ps_error *const err)
{
    if (row_count == file->row_count) {
        return PS_OK;
    }
    struct ps_segment_row first_cut;
    const enum ps_status status = ps_segment_file_row(file, row_count, &first_cut, err);
    if (status != PS_OK) {
        return status;
    }
    const int64_t rows_size = row_count * (int64_t)sizeof(first_cut);
    if (tail_cut(&file->rows, file->temporary_path, rows_size, err) != PS_OK ||
        tail_cut(&file->payloads, file->temporary_path, (int64_t)first_cut.offset, err) != PS_OK) {
        return PS_E_IO;
    }
    file->row_count = row_count;
    return PS_OK;
}

/* Copies the rows behind the payloads and digests them after the head. */
static enum ps_status append_rows(struct ps_segment_file *const file, struct end *const end,
                                  struct ps_error *const err)
{
    XXH3_state_t *const digest = XXH3_createState();
    PS_ASSERT(digest != NULL);
    (void)XXH3_128bits_reset(digest);
    (void)XXH3_128bits_update(digest, &file->head, sizeof(file->head));
    enum ps_status status = tail_flush(&file->rows, file->temporary_path, err);
    char room[16 * 1024];
    int64_t done = 0;
    while (status == PS_OK && done < file->rows.flushed_bytes) {
        const int64_t left = file->rows.flushed_bytes - done;
        const size_t size = left < (int64_t)sizeof(room) ? (size_t)left : sizeof(room);
        status = read_at(file->rows.descriptor, file->temporary_path, done, room, size, err);
        if (status == PS_OK) {
            (void)XXH3_128bits_update(digest, room, size);
            status =
                tail_add(&file->payloads, file->temporary_path, (struct ps_str){room, size}, err);
        }
        done += (int64_t)size;
    }
    const XXH128_hash_t sum = XXH3_128bits_digest(digest);
    (void)XXH3_freeState(digest);
    end->digest_low = sum.low64;
    end->digest_high = sum.high64;
    return status;
}

static enum ps_status sync_folder(const char *const folder, struct ps_error *const err)
{
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not open '%s'", folder);
    }
    enum ps_status status = PS_OK;
    if (fsync(descriptor) != 0) {
        status = ps_error_set_errno(err, PS_E_IO, errno, "could not sync '%s'", folder);
    }
    (void)close(descriptor);
    return status;
}

void ps_segment_file_set_lines(struct ps_segment_file *const file,
                               const struct ps_segment_lines *const lines)
{
    file->lines = *lines;
}

enum ps_status ps_segment_file_finish(struct ps_segment_file *const file,
                                      struct ps_error *const err)
{
    PS_ASSERT(!file->is_finished);
    struct end end;
    memset(&end, 0, sizeof(end));
    memcpy(end.magic, END_MAGIC, sizeof(end.magic));
    end.row_count = (uint64_t)file->row_count;
    end.rows_offset = (uint64_t)tail_size(&file->payloads);
    end.lines = file->lines;
    if (append_rows(file, &end, err) != PS_OK) {
        return PS_E_IO;
    }
    end.own_digest = XXH3_64bits(&end, offsetof(struct end, own_digest));
    const struct ps_str end_bytes = {(const char *)&end, sizeof(end)};
    if (tail_add(&file->payloads, file->temporary_path, end_bytes, err) != PS_OK ||
        tail_flush(&file->payloads, file->temporary_path, err) != PS_OK) {
        return PS_E_IO;
    }
    /* What was cut may still stand behind the end. */
    const int descriptor = file->payloads.descriptor;
    if (ftruncate(descriptor, (off_t)file->payloads.flushed_bytes) != 0 || fsync(descriptor) != 0 ||
        rename(file->temporary_path, file->path) != 0) {
        return cannot_write(file->path, err);
    }
    file->is_finished = true;
    return sync_folder(file->folder, err);
}

static enum ps_status is_corrupt(const char *const path, const char *const what,
                                 struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER, "cannot use '%s': %s", path, what);
    return err == NULL ? PS_E_CORRUPT
                       : ps_error_hint(err, "The file was changed or the disk lost bytes: restore "
                                            "it from a copy.");
}

static enum ps_status read_end(const int descriptor, const char *const path,
                               struct end *const ret_end, struct ps_error *const err)
{
    struct stat info;
    if (fstat(descriptor, &info) != 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not read '%s'", path);
    }
    const uint64_t size = (uint64_t)info.st_size;
    if (size < sizeof(struct head) + sizeof(struct end)) {
        return is_corrupt(path, "it is cut", err);
    }
    const enum ps_status status = read_at(descriptor, path, (int64_t)(size - sizeof(*ret_end)),
                                          (char *)ret_end, sizeof(*ret_end), err);
    if (status != PS_OK) {
        return status;
    }
    const uint64_t rows_max = size / sizeof(struct ps_segment_row);
    if (memcmp(ret_end->magic, END_MAGIC, sizeof(ret_end->magic)) != 0 ||
        ret_end->own_digest != XXH3_64bits(ret_end, offsetof(struct end, own_digest)) ||
        ret_end->row_count > rows_max || ret_end->rows_offset > size ||
        ret_end->rows_offset + ret_end->row_count * sizeof(struct ps_segment_row) +
                sizeof(*ret_end) !=
            size) {
        return is_corrupt(path, "its end does not fit", err);
    }
    return PS_OK;
}

static bool row_fits(const struct ps_segment_row *const row, const struct end *const end)
{
    return row->offset >= sizeof(struct head) && row->offset <= end->rows_offset &&
           row->size + sizeof(row->digest) <= end->rows_offset - row->offset;
}

/* What a pass over the rows holds on to. */
struct pass {
    int descriptor;
    const char *path;
    ps_segment_row_handler *handler;
    void *context;
    struct ps_segment_lines *ret_lines;
    XXH3_state_t *digest;
};

static enum ps_status read_rows(const struct pass *const pass, const struct end *const end,
                                const bool is_verdict, struct ps_error *const err)
{
    struct ps_segment_row rows[64];
    const uint64_t at_once = sizeof(rows) / sizeof(rows[0]);
    for (uint64_t done = 0; done < end->row_count;) {
        const uint64_t left = end->row_count - done;
        const uint64_t count = left < at_once ? left : at_once;
        const int64_t offset = (int64_t)(end->rows_offset + done * sizeof(rows[0]));
        enum ps_status status = read_at(pass->descriptor, pass->path, offset, (char *)rows,
                                        count * sizeof(rows[0]), err);
        (void)XXH3_128bits_update(pass->digest, rows, count * sizeof(rows[0]));
        for (uint64_t row = 0; status == PS_OK && row < count; row++) {
            status = row_fits(&rows[row], end)
                         ? pass->handler(pass->context, &rows[row], is_verdict, err)
                         : is_corrupt(pass->path, "a row points outside", err);
        }
        if (status != PS_OK) {
            return status;
        }
        done += count;
    }
    return PS_OK;
}

static enum ps_status check_and_read(const struct pass *const pass, struct ps_error *const err)
{
    struct end end;
    struct head head;
    enum ps_status status = read_end(pass->descriptor, pass->path, &end, err);
    if (status == PS_OK) {
        status = read_at(pass->descriptor, pass->path, 0, (char *)&head, sizeof(head), err);
    }
    if (status != PS_OK) {
        return status;
    }
    if (memcmp(head.magic, HEAD_MAGIC, sizeof(head.magic)) != 0) {
        return is_corrupt(pass->path, "it does not begin like a segment of this version", err);
    }
    (void)XXH3_128bits_reset(pass->digest);
    (void)XXH3_128bits_update(pass->digest, &head, sizeof(head));
    status = read_rows(pass, &end, (head.flags & FLAG_VERDICTS) != 0, err);
    if (status != PS_OK) {
        return status;
    }
    const XXH128_hash_t sum = XXH3_128bits_digest(pass->digest);
    if (sum.low64 != end.digest_low || sum.high64 != end.digest_high) {
        return is_corrupt(pass->path, "its rows do not fit their digest", err);
    }
    *pass->ret_lines = end.lines;
    return PS_OK;
}

enum ps_status ps_segment_file_read(const int descriptor, const char *const path,
                                    ps_segment_row_handler *const handler, void *const context,
                                    struct ps_segment_lines *const ret_lines,
                                    struct ps_error *const err)
{
    const struct pass pass = {descriptor, path, handler, context, ret_lines, XXH3_createState()};
    PS_ASSERT(pass.digest != NULL);
    const enum ps_status status = check_and_read(&pass, err);
    (void)XXH3_freeState(pass.digest);
    return status;
}

enum ps_status ps_segment_file_payload(const int descriptor, const char *const path,
                                       const struct ps_segment_row *const row,
                                       struct ps_buf *const buf, struct ps_error *const err)
{
    uint64_t digest = 0;
    char *const room = ps_buf_reserve(buf, row->size);
    if (room == NULL) {
        return ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                            "cannot read an answer of %u bytes from '%s'", row->size, path);
    }
    const struct iovec parts[2] = {{&digest, sizeof(digest)}, {room, row->size}};
    const ssize_t got = preadv(descriptor, parts, 2, (off_t)row->offset);
    if (got < 0 && errno != EINTR) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not read '%s'", path);
    }
    if (got != (ssize_t)(sizeof(digest) + row->size)) {
        /* Interrupted or a short read: rare enough to begin again, in two steps. */
        const int64_t offset = (int64_t)row->offset;
        enum ps_status status =
            read_at(descriptor, path, offset, (char *)&digest, sizeof(digest), err);
        if (status == PS_OK) {
            status =
                read_at(descriptor, path, offset + (int64_t)sizeof(digest), room, row->size, err);
        }
        if (status != PS_OK) {
            return status;
        }
    }
    if (digest != ps_segment_digest((int64_t)row->record, (struct ps_str){room, row->size})) {
        return is_corrupt(path, "an answer does not fit its digest", err);
    }
    ps_buf_commit(buf, row->size);
    return PS_OK;
}
