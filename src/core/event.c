#include "core/event.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 16

static const struct ps_event_row rows[PS_EVENT_COUNT] = {
#define EVENT(kind, name, gap_ms, numbers, words) \
    [PS_EVENT_##kind] = {name, gap_ms, numbers, words},
#include "core/events.def"
#undef EVENT
};

const struct ps_event_row *ps_event_row(const enum ps_event_kind kind)
{
    PS_ASSERT(kind >= 0 && kind < PS_EVENT_COUNT);
    return &rows[kind];
}

bool ps_event_kind_of(const struct ps_str name, enum ps_event_kind *const ret_kind)
{
    for (int kind = 0; kind < PS_EVENT_COUNT; kind++) {
        if (ps_str_equals_text(name, rows[kind].name)) {
            *ret_kind = (enum ps_event_kind)kind;
            return true;
        }
    }
    return false;
}

struct ps_str ps_event_number_name(const enum ps_event_kind kind, const int64_t place)
{
    struct ps_str rest = ps_str_of(ps_event_row(kind)->numbers);
    for (int64_t before = 0; before < place && rest.size > 0; before++) {
        rest = ps_str_part(rest, ps_str_find(rest, ',') + 1, rest.size);
    }
    return ps_str_part(rest, 0, ps_str_find(rest, ','));
}

int64_t ps_event_number_place(const enum ps_event_kind kind, const struct ps_str name)
{
    for (int64_t place = 0; place < PS_EVENT_NUMBERS_MAX; place++) {
        const struct ps_str other = ps_event_number_name(kind, place);
        if (other.size > 0 && ps_str_equals(other, name)) {
            return place;
        }
    }
    return -1;
}

void ps_events_release(struct ps_events *const events)
{
    free(events->events);
    free(events->folds);
    memset(events, 0, sizeof(*events));
}

static void append(struct ps_events *const events, const struct ps_event *const event)
{
    if (events->count == PS_EVENTS_HELD_MAX) {
        return;
    }
    if (events->count == events->room) {
        events->room = events->room == 0 ? ROOM_MIN : events->room * 2;
        events->events =
            reallocarray(events->events, (size_t)events->room, sizeof(events->events[0]));
        PS_ASSERT(events->events != NULL);
    }
    struct ps_event *const added = &events->events[events->count++];
    *added = *event;
    added->times = event->times > 0 ? event->times : 1;
}

static struct ps_event_fold *fold_of(struct ps_events *const events,
                                     const struct ps_event *const event)
{
    for (int64_t place = 0; place < events->fold_count; place++) {
        const struct ps_event *const held = &events->folds[place].held;
        if (held->kind == event->kind && held->lane == event->lane) {
            return &events->folds[place];
        }
    }
    events->folds =
        reallocarray(events->folds, (size_t)events->fold_count + 1, sizeof(events->folds[0]));
    PS_ASSERT(events->folds != NULL);
    struct ps_event_fold *const added = &events->folds[events->fold_count++];
    *added = (struct ps_event_fold){*event, INT64_MIN};
    added->held.times = 0;
    return added;
}

/* The wall clock may be set back: a gap that begins later than now is none. */
static bool is_within(const struct ps_event_fold *const fold, const int64_t at_ms)
{
    return fold->until_ms != INT64_MIN && at_ms < fold->until_ms &&
           at_ms >= fold->until_ms - ps_event_row(fold->held.kind)->gap_ms;
}

void ps_events_add(struct ps_events *const events, const struct ps_event *const event)
{
    const int64_t gap_ms = ps_event_row(event->kind)->gap_ms;
    if (gap_ms == 0) {
        append(events, event);
        return;
    }
    struct ps_event_fold *const fold = fold_of(events, event);
    const int64_t times = fold->held.times + (event->times > 0 ? event->times : 1);
    fold->held = *event;
    fold->held.times = times;
    if (!is_within(fold, event->at_ms)) {
        append(events, &fold->held);
        fold->held.times = 0;
        fold->until_ms = event->at_ms + gap_ms;
    }
}

bool ps_events_take(struct ps_events *const events, const int64_t now_ms,
                    struct ps_event *const ret_event)
{
    if (events->taken < events->count) {
        *ret_event = events->events[events->taken++];
        return true;
    }
    events->taken = 0;
    events->count = 0;
    for (int64_t place = 0; place < events->fold_count; place++) {
        struct ps_event_fold *const fold = &events->folds[place];
        if (fold->held.times > 0 && !is_within(fold, now_ms)) {
            *ret_event = fold->held;
            fold->held.times = 0;
            fold->until_ms = now_ms + ps_event_row(fold->held.kind)->gap_ms;
            return true;
        }
    }
    return false;
}
