#include "app/event_text.h"
#include "app/turn_internal.h"
#include "base/limits.h"
#include "base/log.h"
#include "os/files.h"

#include <stdio.h>

static void tell(struct ps_turn *const turn, const enum ps_event_kind kind,
                 const int64_t *const numbers, const char *const text)
{
    struct ps_event event = {.kind = kind, .lane = -1, .job = -1};
    for (int64_t place = 0; numbers != NULL && place < PS_EVENT_NUMBERS_MAX; place++) {
        event.numbers[place] = numbers[place];
    }
    (void)snprintf(event.text, sizeof(event.text), "%s", text);
    ps_engine_tell(turn->engine, &event);
}

static int64_t count_of(const struct ps_turn *const turn, const enum ps_answer_kind kind)
{
    return ps_answers_count(turn->parts.answers, kind);
}

static void tell_place(struct ps_turn *const turn, const enum ps_event_kind kind)
{
    const int64_t numbers[PS_EVENT_NUMBERS_MAX] = {
        ps_index_summary(turn->parts.index)->sent,
        count_of(turn, PS_ANSWER_SUCCEEDED) + count_of(turn, PS_ANSWER_FAILED) +
            count_of(turn, PS_ANSWER_UNACCOUNTED) + count_of(turn, PS_ANSWER_MAYBE_PAID) +
            count_of(turn, PS_ANSWER_CANCELLED)};
    tell(turn, kind, numbers, "");
}

static void tell_begin(struct ps_turn *const turn)
{
    if (turn->first_begun_ms >= 0) {
        if (!turn->parts.is_tick) { /* one a minute would tell nothing */
            tell_place(turn, PS_EVENT_RUN_RESUMED);
        }
        return;
    }
    const int64_t numbers[PS_EVENT_NUMBERS_MAX] = {ps_index_summary(turn->parts.index)->sent,
                                                   turn->parts.settings->lane_count};
    tell(turn, PS_EVENT_RUN_STARTED, numbers, "");
}

static void tell_end(struct ps_turn *const turn, const enum ps_phase phase)
{
    const int64_t numbers[PS_EVENT_NUMBERS_MAX] = {
        count_of(turn, PS_ANSWER_SUCCEEDED), count_of(turn, PS_ANSWER_FAILED),
        count_of(turn, PS_ANSWER_UNACCOUNTED) + count_of(turn, PS_ANSWER_MAYBE_PAID),
        count_of(turn, PS_ANSWER_CANCELLED)};
    if (phase == PS_PHASE_HALTED) {
        tell(turn, PS_EVENT_RUN_HALTED, NULL, ps_engine_error(turn->engine)->message);
    } else {
        tell(turn, phase == PS_PHASE_ENDED ? PS_EVENT_RUN_ENDED : PS_EVENT_RUN_STOPPED, numbers,
             "");
    }
}

void ps_turn_tell_leaving(struct ps_turn *const turn)
{
    tell_place(turn, PS_EVENT_RUN_PAUSED);
}

void ps_turn_tell_failure(struct ps_turn *const turn, const struct ps_fact *const fact)
{
    const struct ps_job *const job = ps_engine_find(turn->engine, fact->job);
    struct ps_event event = {.kind = fact->error.status == PS_E_QUOTA ? PS_EVENT_THROTTLED
                                                                      : PS_EVENT_CALL_FAILED,
                             .lane = job == NULL ? -1 : job->lane,
                             .job = job == NULL ? -1 : job->number};
    (void)snprintf(event.text, sizeof(event.text), "%s", fact->error.message);
    ps_engine_tell(turn->engine, &event);
}

void ps_turn_tell_cut(struct ps_turn *const turn, const struct ps_allotment *const allotment)
{
    for (int64_t place = 0; place < allotment->part_count; place++) {
        const struct ps_allotment_part *const part = &allotment->parts[place];
        struct ps_event event = {.kind = ps_engine_next_number(turn->engine) == 1
                                             ? PS_EVENT_JOBS_PLANNED
                                             : PS_EVENT_RECORDS_AGAIN,
                                 .lane = part->lane,
                                 .job = -1};
        int64_t *const numbers = event.numbers;
        for (int64_t job = 0; job < part->plan.job_count; job++) {
            const struct ps_plan_job *const cut = &part->plan.jobs[job];
            numbers[0]++;
            numbers[1] += cut->records;
            numbers[2] = cut->records > numbers[2] ? cut->records : numbers[2];
            numbers[3] += cut->quota_tokens;
        }
        if (numbers[0] > 0) {
            (void)snprintf(event.text, sizeof(event.text), "%s",
                           part->job_key == PS_LIMIT_COUNT ? "" : ps_limit_name(part->job_key));
            ps_engine_tell(turn->engine, &event);
        }
    }
}

/* ------------------------------------------------ the store, and the file beside it */

static void mirror(struct ps_turn *const turn, const int64_t number,
                   const struct ps_event *const event)
{
    const struct ps_settings *const settings = turn->parts.settings;
    const bool has_lane = event->lane >= 0 && event->lane < settings->lane_count;
    ps_event_add_row(&turn->event_rows, number, event,
                     has_lane ? settings->lanes[event->lane].name : "");
}

enum ps_status ps_turn_keep_events(struct ps_turn *const turn, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    const enum ps_phase phase = ps_engine_phase(turn->engine);
    struct ps_event event;
    if (!turn->has_told_begin) {
        turn->has_told_begin = true;
        tell_begin(turn);
    }
    if (phase != PS_PHASE_RUNNING) {
        tell_end(turn, phase);
    }
    while (ps_engine_next_event(turn->engine, &event)) {
        int64_t number = 0;
        if (store.ops->add_event(store.context, &event, &number, err) != PS_OK) {
            return err->status;
        }
        mirror(turn, number, &event);
        turn->event_count++;
    }
    return PS_OK;
}

static void see_event(void *const seer, const int64_t number, const struct ps_event *const event)
{
    mirror(seer, number, event);
}

static void warn(const enum ps_status status, const struct ps_error *const err)
{
    if (status != PS_OK) {
        ps_log_warn("events.not_written", PS_FIELD_TEXT("message", err->message));
    }
}

enum ps_status ps_turn_mirror_all_events(struct ps_turn *const turn, struct ps_error *const err)
{
    struct ps_error write_err;
    const struct ps_state_store store = turn->parts.store;
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(turn->parts.folder, PS_EVENTS_FILE);
    ps_buf_clear(&turn->event_rows);
    if (store.ops->each_event(store.context, see_event, turn, err) != PS_OK) {
        return err->status;
    }
    warn(ps_files_write_quick(path, ps_buf_str(&turn->event_rows), &write_err), &write_err);
    ps_buf_clear(&turn->event_rows);
    turn->event_count = 0;
    return PS_OK;
}

enum ps_status ps_turn_mirror_events(struct ps_turn *const turn, struct ps_error *const err)
{
    struct ps_error write_err;
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(turn->parts.folder, PS_EVENTS_FILE);
    if (turn->event_rows.size == 0) {
        return PS_OK;
    }
    if (turn->event_count > PS_EVENTS_KEPT_MAX) {
        return ps_turn_mirror_all_events(turn, err);
    }
    warn(ps_files_append(path, ps_buf_str(&turn->event_rows), &write_err), &write_err);
    ps_buf_clear(&turn->event_rows);
    return PS_OK;
}
