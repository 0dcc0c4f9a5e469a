/*
 * screen_lanes - the lanes of a run on a screen: a line each, with a bar of its records, its jobs
 * and slots, its tokens a minute, what is left of the day and when that turns; and the last
 * decisions.
 *
 * Threads: any; local times.
 */
#ifndef PS_CLI_SCREEN_LANES_H
#define PS_CLI_SCREEN_LANES_H

#include "app/event_text.h"
#include "cli/status_file.h"

/* Of so many lanes at most; the others are counted. */
#define PS_SCREEN_LANES_MAX 24

/* Lines of at most `columns`, behind a label of `label_width`. */
void ps_screen_add_lanes(struct ps_buf *buf, const struct ps_run_status *status,
                         int64_t label_width, int64_t columns);

/* The last decisions of a run, oldest first. */
#define PS_SCREEN_EVENTS_MAX 6
struct ps_screen_events {
    struct ps_seen_event events[PS_SCREEN_EVENTS_MAX];
    int64_t count; /* told so far; the last of them are kept */
};

/* A ps_events_see: keeps the event. */
void ps_screen_keep_event(void *events, const struct ps_seen_event *event);

void ps_screen_add_events(struct ps_buf *buf, const struct ps_screen_events *events,
                          int64_t label_width, int64_t columns);

#endif
