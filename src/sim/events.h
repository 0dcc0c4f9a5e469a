/*
 * events - the raw event log DATA/events.jsonl: the memory of the simulated world.
 *
 * Each line is written before what it says becomes true and before any answer leaves. State changes
 * in one way only: a line is appended and then applied; a start applies all lines again
 * (docs/EVENTS.md).
 *
 * A failed append leaves the file as it was, and the line is not applied.
 *
 * Owner: whoever opened it. Threads: the caller's lock is held.
 *
 *     struct ps_writer *line = ps_events_begin(events, now_ms, "object.deleted");
 *     ps_writer_text(line, "key", key);
 *     status = ps_events_commit(events, err);
 */
#ifndef PS_SIM_EVENTS_H
#define PS_SIM_EVENTS_H

#include "base/status.h"
#include "sim/writer.h"

#include <yyjson.h>

/* Makes true what a line says. `event` lives only during the call. */
typedef void ps_events_apply(void *context, yyjson_val *event);

struct ps_events;

/*
 * Opens the log in `folder`, making it if need be; applies its lines in order, and cuts off a last
 * one that a kill left without its end.
 */
PS_MUST_CHECK enum ps_status ps_events_open(const char *folder, ps_events_apply *apply,
                                            void *context, struct ps_events **ret_events,
                                            struct ps_error *err);
struct ps_events *ps_events_free(struct ps_events *events);

/* Begins a line with seq, time_ms and event; times never go back: an earlier one becomes the last.
 */
struct ps_writer *ps_events_begin(struct ps_events *events, int64_t time_ms, const char *event);

/* Ends the line and keeps it for the next commit, so that many lines go in one write. */
void ps_events_end(struct ps_events *events);

/* Ends the line if one was begun, appends what was kept, and applies it. */
PS_MUST_CHECK enum ps_status ps_events_commit(struct ps_events *events, struct ps_error *err);

int64_t ps_events_seq(const struct ps_events *events);
int64_t ps_events_time_ms(const struct ps_events *events);

#endif
