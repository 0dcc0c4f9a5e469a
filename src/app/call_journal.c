#include "app/call_journal.h"

#include "app/segment_file.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"
#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define SUFFIX ".calls"

/* As app/call_answer makes them. */
#define PAYLOAD_BYTES_MAX (3 * PS_OUTPUT_LINE_BYTES_MAX)

struct ps_call_journal {
    char *path;
    int descriptor; /* -1: there is no file yet */
    int64_t size;
    bool is_new;   /* its name is not durable yet */
    bool is_dirty; /* something added is not durable yet */
    struct ps_segment_row *rows;
    int64_t count;
    int64_t room;
};

static char *path_of(const char *const folder, const char *const name)
{
    char *path = NULL;
    PS_ASSERT(asprintf(&path, "%s/%s" SUFFIX, folder, name) > 0);
    return path;
}

static uint64_t digest_of(const struct ps_segment_row *const row)
{
    return XXH3_64bits(row, offsetof(struct ps_segment_row, unused));
}

static enum ps_status fail(const struct ps_call_journal *const journal, const char *const what,
                           struct ps_error *const err)
{
    return ps_error_set_errno(err, PS_E_IO, errno, "could not %s '%s'", what, journal->path);
}

static void keep_row(struct ps_call_journal *const journal, const struct ps_segment_row *const row)
{
    if (journal->count == journal->room) {
        journal->room = journal->room == 0 ? 64 : 2 * journal->room;
        journal->rows =
            reallocarray(journal->rows, (size_t)journal->room, sizeof(journal->rows[0]));
        PS_ASSERT(journal->rows != NULL);
    }
    journal->rows[journal->count++] = *row;
    journal->size = (int64_t)(row->offset + row->size);
}

/* All of it, from that place on. */
static bool read_at(const int descriptor, char *const room, const size_t size, const int64_t offset)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t part =
            pread(descriptor, room + done, size - done, (off_t)offset + (off_t)done);
        if (part <= 0 && !(part < 0 && errno == EINTR)) {
            return false;
        }
        done += part > 0 ? (size_t)part : 0;
    }
    return true;
}

static bool write_at(const int descriptor, const struct ps_str bytes, const int64_t offset)
{
    size_t done = 0;
    while (done < bytes.size) {
        const ssize_t part =
            pwrite(descriptor, bytes.data + done, bytes.size - done, (off_t)offset + (off_t)done);
        if (part < 0 && errno != EINTR) {
            return false;
        }
        done += part > 0 ? (size_t)part : 0;
    }
    return true;
}

/* The payload of a row into `buf`, which is cleared; false when it is not what was added. */
static bool read_payload(const int descriptor, const struct ps_segment_row *const row,
                         struct ps_buf *const buf)
{
    char *const room = malloc((size_t)row->size + 1);
    PS_ASSERT(room != NULL);
    const struct ps_str payload = {room, row->size};
    const bool is_there = read_at(descriptor, room, row->size, (int64_t)row->offset) &&
                          ps_segment_digest((int64_t)row->record, payload) == row->digest;
    ps_buf_clear(buf);
    const bool is_kept = is_there && ps_buf_append(buf, payload);
    free(room);
    return is_kept;
}

/* Whole rows; what stands behind the last one was cut by a crash, and goes. */
static enum ps_status read_rows(struct ps_call_journal *const journal, struct ps_error *const err)
{
    struct ps_segment_row row;
    struct ps_buf payload PS_CLEANUP(ps_buf_release);
    ps_buf_init(&payload, PAYLOAD_BYTES_MAX);
    while (read_at(journal->descriptor, (char *)&row, sizeof(row), journal->size) &&
           row.unused == digest_of(&row) && row.offset == (uint64_t)journal->size + sizeof(row) &&
           read_payload(journal->descriptor, &row, &payload)) {
        keep_row(journal, &row);
    }
    return ftruncate(journal->descriptor, (off_t)journal->size) == 0 ? PS_OK
                                                                     : fail(journal, "cut", err);
}

enum ps_status ps_call_journal_open(const char *const folder, const char *const name,
                                    struct ps_call_journal **const ret_journal,
                                    struct ps_error *const err)
{
    struct ps_call_journal *const journal = calloc(1, sizeof(*journal));
    PS_ASSERT(journal != NULL);
    journal->path = path_of(folder, name);
    journal->descriptor = open(journal->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    enum ps_status status = PS_OK;
    if (journal->descriptor < 0 && errno != ENOENT) {
        status = fail(journal, "open", err);
    } else if (journal->descriptor >= 0) {
        /* Whether what is there is durable, nobody knows. */
        journal->is_new = true;
        journal->is_dirty = true;
        status = read_rows(journal, err);
    }
    if (status != PS_OK) {
        (void)ps_call_journal_free(journal);
        return status;
    }
    *ret_journal = journal;
    return PS_OK;
}

struct ps_call_journal *ps_call_journal_free(struct ps_call_journal *const journal)
{
    if (journal != NULL) {
        if (journal->descriptor >= 0) {
            (void)close(journal->descriptor);
        }
        free(journal->rows);
        free(journal->path);
        free(journal);
    }
    return NULL;
}

static uint32_t tokens_of(const int64_t tokens)
{
    return tokens > 0 && tokens <= UINT32_MAX ? (uint32_t)tokens : 0;
}

static enum ps_status begin_file(struct ps_call_journal *const journal, struct ps_error *const err)
{
    if (journal->descriptor >= 0) {
        return PS_OK;
    }
    journal->descriptor =
        open(journal->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    journal->is_new = true;
    return journal->descriptor >= 0 ? PS_OK : fail(journal, "make", err);
}

enum ps_status ps_call_journal_add(struct ps_call_journal *const journal, const int64_t record,
                                   const enum ps_answer_kind kind, const struct ps_str payload,
                                   const struct ps_usage usage, struct ps_error *const err)
{
    struct ps_segment_row row = {
        .record = (uint64_t)record,
        .offset = (uint64_t)journal->size + sizeof(row),
        .digest = ps_segment_digest(record, payload),
        .size = (uint32_t)payload.size,
        .kind = (uint32_t)kind,
        .input_tokens = tokens_of(usage.input_tokens),
        .output_tokens = tokens_of(usage.output_tokens),
    };
    PS_ASSERT(payload.size <= UINT32_MAX);
    PS_ASSERT(!ps_call_journal_has(journal, record));
    row.unused = digest_of(&row);
    if (begin_file(journal, err) != PS_OK) {
        return err->status;
    }
    const struct ps_str head = {(const char *)&row, sizeof(row)};
    if (!write_at(journal->descriptor, head, journal->size) ||
        !write_at(journal->descriptor, payload, (int64_t)row.offset)) {
        return fail(journal, "write", err);
    }
    keep_row(journal, &row);
    journal->is_dirty = true;
    return PS_OK;
}

enum ps_status ps_call_journal_sync(struct ps_call_journal *const journal,
                                    struct ps_error *const err)
{
    if (!journal->is_dirty) {
        return PS_OK;
    }
    if (fdatasync(journal->descriptor) != 0) {
        return fail(journal, "sync", err);
    }
    if (journal->is_new && ps_files_sync_folder_of(journal->path, err) != PS_OK) {
        return err->status;
    }
    journal->is_new = false;
    journal->is_dirty = false;
    return PS_OK;
}

bool ps_call_journal_has(const struct ps_call_journal *const journal, const int64_t record)
{
    for (int64_t row = 0; row < journal->count; row++) {
        if (journal->rows[row].record == (uint64_t)record) {
            return true;
        }
    }
    return false;
}

int64_t ps_call_journal_count(const struct ps_call_journal *const journal)
{
    return journal->count;
}

struct ps_tally ps_call_journal_tally(const struct ps_call_journal *const journal)
{
    struct ps_tally tally = {.lines = journal->count};
    for (int64_t row = 0; row < journal->count; row++) {
        tally.input_tokens += journal->rows[row].input_tokens;
        tally.output_tokens += journal->rows[row].output_tokens;
    }
    return tally;
}

enum ps_status ps_call_journal_file(struct ps_call_journal *const journal,
                                    struct ps_segment *const segment, struct ps_error *const err)
{
    struct ps_buf payload PS_CLEANUP(ps_buf_release);
    ps_buf_init(&payload, PAYLOAD_BYTES_MAX);
    for (int64_t place = 0; place < journal->count; place++) {
        const struct ps_segment_row *const row = &journal->rows[place];
        const struct ps_usage usage = {row->input_tokens, row->output_tokens};
        if (!read_payload(journal->descriptor, row, &payload)) {
            return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                                "cannot use '%s': it was changed", journal->path);
        }
        const enum ps_status status =
            ps_segment_add_answer(segment, (int64_t)row->record, (enum ps_answer_kind)row->kind,
                                  ps_buf_str(&payload), usage, err);
        if (status != PS_OK) {
            return status;
        }
    }
    return PS_OK;
}

void ps_call_journal_remove(const char *const folder, const char *const name)
{
    char *path PS_CLEANUP(ps_str_free_auto) = path_of(folder, name);
    (void)unlink(path); /* one that stays is found by nobody: its job is done */
}
