/*
 * event_text - events as a row of the file events.jsonl, as words, and as JSON for programs.
 *
 * A row is one JSON object: its number, when, which, lane (by name), job, how often, its numbers by
 * name, its text. The words come from core/events.def, with local times.
 *
 * Threads: any; localtime of the C library, so the process's time zone.
 */
#ifndef PS_APP_EVENT_TEXT_H
#define PS_APP_EVENT_TEXT_H

#include "base/buf.h"
#include "core/event.h"

/* An event as others see it. */
struct ps_seen_event {
    int64_t number;        /* grows by one from event to event of a run */
    struct ps_event event; /* .lane is -1 */
    char lane[64];         /* its name; "": of none */
};

/* Appends one line, "{...}\n". A row is at most PS_EVENT_ROW_BYTES_MAX long. */
#define PS_EVENT_ROW_BYTES_MAX 4096
void ps_event_add_row(struct ps_buf *buf, int64_t number, const struct ps_event *event,
                      const char *lane);

/* A row without its line end. False: not one, or of a kind that this penstock does not know. */
PS_MUST_CHECK bool ps_event_read_row(struct ps_str row, struct ps_seen_event *ret_event);

/* "job 3 is at the service: 1,000 records, 2 of 10 slots used"; then how often, where often. */
void ps_event_add_words(struct ps_buf *buf, const struct ps_event *event);

/* "2026-11-24 14:20:05  east: job 3 ...", without a line end. */
void ps_event_add_line(struct ps_buf *buf, const struct ps_seen_event *event);

/* As a row, with "at" (UTC, ISO 8601) and "words" too: "{...}\n". */
void ps_event_add_json(struct ps_buf *buf, const struct ps_seen_event *event);

/* Local time: "2026-11-24 14:20:05"; short: "14:20", on another day than now "2026-11-24 14:20". */
void ps_event_add_moment(struct ps_buf *buf, int64_t at_ms);
void ps_event_add_short_moment(struct ps_buf *buf, int64_t at_ms, int64_t now_ms);

#endif
