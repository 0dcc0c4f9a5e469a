#include "sim/events.h"

#include "base/assert.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A batch of lines: each holds what came in a request or a line of input. */
#define EVENTS_BYTES_MAX (8 * PS_OUTPUT_LINE_BYTES_MAX)
#define READ_BYTES ((size_t)1 << 20)

struct ps_events {
    int file;
    ps_events_apply *apply;
    void *context;
    int64_t seq;
    int64_t time_ms;
    int64_t size_bytes;
    struct ps_buf pending; /* whole lines, and the one being written */
    struct ps_writer writer;
    bool is_open_line;
    bool needs_cut; /* an append failed half-way, and what it left could not be cut off yet */
    int64_t committed_seq; /* where to go back to when an append fails */
    int64_t committed_time_ms;
};

static enum ps_status apply_line(struct ps_events *const events, const struct ps_str line,
                                 struct ps_error *const err)
{
    yyjson_doc *const doc = yyjson_read(line.data, line.size, 0);
    yyjson_val *const event = yyjson_doc_get_root(doc);
    if (!yyjson_is_obj(event) || yyjson_get_str(yyjson_obj_get(event, "event")) == NULL) {
        yyjson_doc_free(doc);
        (void)ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                           "cannot read line %lld of the event log: it is not an event",
                           (long long)events->seq + 1);
        return ps_error_hint(err, "Begin with a new data folder, or restore this one.");
    }
    events->seq = yyjson_get_sint(yyjson_obj_get(event, "seq"));
    events->time_ms = yyjson_get_sint(yyjson_obj_get(event, "time_ms"));
    events->apply(events->context, event);
    yyjson_doc_free(doc);
    return PS_OK;
}

/* Applies the whole lines in `bytes` and tells how much of it they were. */
static enum ps_status apply_lines(struct ps_events *const events, const struct ps_str bytes,
                                  size_t *const ret_used, struct ps_error *const err)
{
    size_t at = 0;
    while (at < bytes.size) {
        const struct ps_str rest = ps_str_part(bytes, at, bytes.size);
        const size_t size = ps_str_find(rest, '\n');
        if (size == rest.size) {
            break;
        }
        const enum ps_status status = apply_line(events, ps_str_part(rest, 0, size), err);
        if (status != PS_OK) {
            return status;
        }
        at += size + 1;
    }
    *ret_used = at;
    return PS_OK;
}

static enum ps_status replay(struct ps_events *const events, struct ps_error *const err)
{
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, EVENTS_BYTES_MAX);
    for (;;) {
        char *const room = ps_buf_reserve(&buf, READ_BYTES);
        if (room == NULL) {
            return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                                "cannot read the event log: a line of it is too long");
        }
        const ssize_t got = read(events->file, room, READ_BYTES);
        if (got < 0) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not read the event log");
        }
        if (got == 0) {
            break;
        }
        ps_buf_commit(&buf, (size_t)got);
        size_t used = 0;
        const enum ps_status status = apply_lines(events, ps_buf_str(&buf), &used, err);
        if (status != PS_OK) {
            return status;
        }
        events->size_bytes += (int64_t)used;
        ps_buf_consume(&buf, used);
    }
    if (buf.size > 0 && ftruncate(events->file, events->size_bytes) != 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not cut the event log");
    }
    events->committed_seq = events->seq;
    events->committed_time_ms = events->time_ms;
    return PS_OK;
}

static void free_auto(struct ps_events **const events)
{
    (void)ps_events_free(*events);
}

enum ps_status ps_events_open(const char *const folder, ps_events_apply *const apply,
                              void *const context, struct ps_events **const ret_events,
                              struct ps_error *const err)
{
    struct ps_events *events PS_CLEANUP(free_auto) = calloc(1, sizeof *events);
    PS_ASSERT(events != NULL);
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/events.jsonl", folder);
    events->apply = apply;
    events->context = context;
    ps_buf_init(&events->pending, EVENTS_BYTES_MAX);
    events->file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (events->file < 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not open '%s'", path);
    }
    const enum ps_status status = replay(events, err);
    if (status != PS_OK) {
        return status;
    }
    *ret_events = PS_TAKE(&events);
    return PS_OK;
}

struct ps_events *ps_events_free(struct ps_events *const events)
{
    if (events != NULL) {
        if (events->file >= 0) {
            (void)close(events->file);
        }
        ps_buf_release(&events->pending);
        free(events);
    }
    return NULL;
}

struct ps_writer *ps_events_begin(struct ps_events *const events, const int64_t time_ms,
                                  const char *const event)
{
    PS_ASSERT(!events->is_open_line);
    events->is_open_line = true;
    events->seq++;
    events->time_ms = time_ms > events->time_ms ? time_ms : events->time_ms;
    events->writer = (struct ps_writer){.buf = &events->pending};
    ps_writer_open(&events->writer, NULL, '{');
    ps_writer_number(&events->writer, "seq", events->seq);
    ps_writer_number(&events->writer, "time_ms", events->time_ms);
    ps_writer_text(&events->writer, "event", ps_str_of(event));
    return &events->writer;
}

void ps_events_end(struct ps_events *const events)
{
    PS_ASSERT(events->is_open_line);
    ps_writer_close(&events->writer, '}');
    ps_buf_add(&events->pending, PS_STR("\n"));
    events->is_open_line = false;
}

static enum ps_status append(struct ps_events *const events, struct ps_error *const err)
{
    size_t at = 0;
    if (events->needs_cut && ftruncate(events->file, events->size_bytes) != 0) {
        return ps_error_set_errno(err, PS_E_IO, errno, "could not write the event log");
    }
    events->needs_cut = false;
    while (at < events->pending.size) {
        const ssize_t put =
            write(events->file, events->pending.data + at, events->pending.size - at);
        if (put < 0 && errno != EINTR) {
            const int error_number = errno;
            events->needs_cut = ftruncate(events->file, events->size_bytes) != 0;
            return ps_error_set_errno(err, PS_E_IO, error_number, "could not write the event log");
        }
        at += put > 0 ? (size_t)put : 0;
    }
    events->size_bytes += (int64_t)at;
    return PS_OK;
}

enum ps_status ps_events_commit(struct ps_events *const events, struct ps_error *const err)
{
    if (events->is_open_line) {
        ps_events_end(events);
    }
    enum ps_status status = append(events, err);
    if (status != PS_OK) {
        events->seq = events->committed_seq;
        events->time_ms = events->committed_time_ms;
    } else {
        size_t used = 0;
        status = apply_lines(events, ps_buf_str(&events->pending), &used, err);
        PS_ASSERT(status == PS_OK && used == events->pending.size);
        events->committed_seq = events->seq;
        events->committed_time_ms = events->time_ms;
    }
    ps_buf_clear(&events->pending);
    return status;
}

int64_t ps_events_seq(const struct ps_events *const events)
{
    return events->seq;
}

int64_t ps_events_time_ms(const struct ps_events *const events)
{
    return events->time_ms;
}
