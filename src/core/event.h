/*
 * event - what a run decided or met, with its numbers: for the person who asks why.
 *
 * An event is told where the decision is made, stored in the same transaction, and mirrored to a
 * file (app/turn_events); its words are made by whoever shows it (app/event_text), from the table
 * events.def. Never a prompt, never an answer.
 *
 * A list holds what was told until it is taken out; at most PS_EVENTS_HELD_MAX, later ones are then
 * dropped. Kinds with a gap are told once in that time, with how often they came.
 *
 * Pure. Owner: the caller embeds the list and releases it. Threads: one.
 *
 *     ps_events_add(&events, &(struct ps_event){.kind = PS_EVENT_JOB_FOUND, .at_ms = ...});
 *     while (ps_events_take(&events, now_ms, &event)) { ... keep it ... }
 */
#ifndef PS_CORE_EVENT_H
#define PS_CORE_EVENT_H

#include "base/str.h"

#include <stdint.h>

enum ps_event_kind {
#define EVENT(kind, name, gap_ms, numbers, words) PS_EVENT_##kind,
#include "core/events.def"
#undef EVENT
    PS_EVENT_COUNT
};

#define PS_EVENT_NUMBERS_MAX 6
#define PS_EVENT_TEXT_BYTES 256 /* an error's message */

struct ps_event {
    enum ps_event_kind kind;
    int64_t at_ms; /* wall clock of the run */
    int64_t lane;  /* -1: of none */
    int64_t job;   /* its number; -1: of none */
    int64_t times; /* told as one; 0 is taken for 1 */
    int64_t numbers[PS_EVENT_NUMBERS_MAX];
    char text[PS_EVENT_TEXT_BYTES];
};

/* A row of events.def. */
struct ps_event_row {
    const char *name;
    int64_t gap_ms;
    const char *numbers; /* their names, with commas between them */
    const char *words;
};

const struct ps_event_row *ps_event_row(enum ps_event_kind kind);

/* False: no kind has that name; *ret_kind is untouched. */
PS_MUST_CHECK bool ps_event_kind_of(struct ps_str name, enum ps_event_kind *ret_kind);

/* The place of a number in ps_event.numbers, by its name; -1: the kind has none of that name. */
int64_t ps_event_number_place(enum ps_event_kind kind, struct ps_str name);

/* The n-th number's name; empty past the last. */
struct ps_str ps_event_number_name(enum ps_event_kind kind, int64_t place);

/* Events of a kind with a gap, of one lane: when the next may be told, and what came meanwhile. */
struct ps_event_fold {
    struct ps_event held; /* times: so many came; 0: none */
    int64_t until_ms;
};

/* More than a turn tells: each has a job, and a turn takes 64 facts. */
#define PS_EVENTS_HELD_MAX 4096

struct ps_events {
    struct ps_event *events;
    int64_t count;
    int64_t room;
    int64_t taken;
    struct ps_event_fold *folds;
    int64_t fold_count;
};

/* All zero is an empty list. */
void ps_events_release(struct ps_events *events);

void ps_events_add(struct ps_events *events, const struct ps_event *event);

/* The oldest one; those whose gap is over come after the others. False: none is left. */
PS_MUST_CHECK bool ps_events_take(struct ps_events *events, int64_t now_ms,
                                  struct ps_event *ret_event);

#endif
