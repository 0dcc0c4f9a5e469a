#include "app/turn_internal.h"
#include "base/assert.h"
#include "base/checked.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_REAL_MS 200

/* ------------------------------------------------ the log */

/* A job that the service gave up on: its records go again, and a person may know why it did. */
static void tell_bad_end(struct ps_turn *const turn, const struct ps_job *const job)
{
    struct ps_error error;
    if (turn->parts.failure != NULL) {
        (void)ps_error_set(&error, PS_E_SERVICE, PS_RETRY_LATER, "a job ended as %s: %.180s",
                           ps_job_status_name(job->status),
                           job->message == NULL ? "the service does not say why" : job->message);
        turn->parts.failure(turn->parts.context, &error);
    }
}

void ps_turn_log_job(struct ps_turn *const turn, const struct ps_job *const job)
{
    if (job->number >= turn->seen_count) {
        const int64_t count = job->number + 64;
        turn->seen_states =
            reallocarray(turn->seen_states, (size_t)count, sizeof(turn->seen_states[0]));
        PS_ASSERT(turn->seen_states != NULL);
        memset(&turn->seen_states[turn->seen_count], 0,
               (size_t)(count - turn->seen_count) * sizeof(turn->seen_states[0]));
        turn->seen_count = count;
    }
    if (turn->seen_states[job->number] == job->state) {
        return;
    }
    turn->seen_states[job->number] = job->state;
    if (job->state == PS_STATE_LISTING && job->ended_ms > 0) {
        const bool is_bad = job->status == PS_JOB_FAILED || job->status == PS_JOB_EXPIRED;
        if (is_bad) {
            tell_bad_end(turn, job);
        }
        ps_log_write(is_bad ? PS_LOG_WARN : PS_LOG_INFO, "job.ended",
                     PS_LOG_FIELDS(PS_FIELD_COUNT("job", job->number),
                                   PS_FIELD_COUNT("attempt", job->attempt),
                                   PS_FIELD_TEXT("status", ps_job_status_name(job->status)),
                                   PS_FIELD_TEXT("message", job->message),
                                   PS_FIELD_COUNT("counted", job->counted)));
    } else {
        ps_log_info("job.moved", PS_FIELD_COUNT("job", job->number),
                    PS_FIELD_COUNT("attempt", job->attempt),
                    PS_FIELD_TEXT("to", ps_job_state_word(job->state)),
                    PS_FIELD_COUNT("records", job->records));
    }
}

void ps_turn_note_trouble(struct ps_turn *const turn, const struct ps_fact *const fact)
{
    const bool is_input_gone = strcmp(fact->error.aws_code, PS_CODE_INPUT_GONE) == 0;
    turn->trouble[0] = '\0';
    if (fact->outcome == PS_OUTCOME_YES) {
        return;
    }
    if (fact->error.retry != PS_RETRY_NEVER) {
        ps_turn_tell_failure(turn, fact);
    }
    if (is_input_gone && turn->parts.failure != NULL) {
        turn->parts.failure(turn->parts.context, &fact->error);
    } else if (fact->error.retry != PS_RETRY_NEVER) {
        (void)snprintf(turn->trouble, sizeof(turn->trouble), "%s", fact->error.message);
    }
    ps_log_warn("wish.failed", PS_FIELD_TEXT("wish", ps_wish_name(fact->kind)),
                PS_FIELD_COUNT("job", fact->job), PS_FIELD_COUNT("shard", fact->shard),
                PS_FIELD_TEXT("outcome", fact->outcome == PS_OUTCOME_NO ? "no" : "unknown"),
                PS_FIELD_TEXT("message", fact->error.message),
                PS_FIELD_TEXT("code", fact->error.aws_code),
                PS_FIELD_COUNT("http", fact->error.http_status),
                PS_FIELD_TEXT("request_id", fact->error.request_id));
}

/* ------------------------------------------------ progress */

static const char *const stage_words[PS_STAGE_COUNT] = {
    [PS_STAGE_PLANNED] = "planned", [PS_STAGE_UPLOADING] = "uploading",
    [PS_STAGE_READY] = "ready",     [PS_STAGE_STARTING] = "starting",
    [PS_STAGE_LIVE] = "live",       [PS_STAGE_READING] = "reading",
    [PS_STAGE_DONE] = "done",
};

const char *ps_stage_word(const enum ps_stage stage)
{
    PS_ASSERT(stage >= 0 && stage < PS_STAGE_COUNT);
    return stage_words[stage];
}

/* VOID jobs are none: asked of the others. */
static enum ps_stage stage_of(const enum ps_job_state state)
{
    switch (state) {
    case PS_STATE_PLANNED:
        return PS_STAGE_PLANNED;
    case PS_STATE_LOADING:
    case PS_STATE_PUTTING:
    case PS_STATE_CHECKING:
        return PS_STAGE_UPLOADING;
    case PS_STATE_READY:
        return PS_STAGE_READY;
    case PS_STATE_CREATING:
    case PS_STATE_REPEATING:
    case PS_STATE_LOOK_NAME:
    case PS_STATE_LOOK_TOKEN:
    case PS_STATE_LOOK_OUTPUT:
        return PS_STAGE_STARTING;
    case PS_STATE_DONE:
        return PS_STAGE_DONE;
    case PS_STATE_LIVE:
    case PS_STATE_GATHERING:
    case PS_STATE_CALLING:
    case PS_STATE_FOREIGN_LIST:
    case PS_STATE_FOREIGN_READ:
    case PS_STATE_FOREIGN_HOLD:
        return PS_STAGE_LIVE;
    default:
        return PS_STAGE_READING;
    }
}

static void add_live(struct ps_progress *const progress, const struct ps_job *const job)
{
    if (progress->live_count < PS_PROGRESS_LIVE_MAX) {
        struct ps_live_job *const live = &progress->live[progress->live_count++];
        live->number = job->number;
        live->records = job->records;
        live->processed = job->processed > 0 ? job->processed : 0;
        (void)snprintf(live->status, sizeof(live->status), "%s", ps_job_status_name(job->status));
    }
}

/* As the quota counts them: of a live job, in the proportion of its counters. */
static int64_t tokens_of(const struct ps_job *const job, const enum ps_stage stage,
                         const int64_t processed)
{
    int64_t tokens = 0;
    if (stage == PS_STAGE_DONE || stage == PS_STAGE_READING) {
        return job->quota_tokens;
    }
    return job->records > 0 && processed > 0 &&
                   ps_muldiv_i64(job->quota_tokens, processed, job->records, &tokens)
               ? tokens
               : 0;
}

static void add_to_lane(struct ps_progress *const progress, const struct ps_job *const job,
                        const enum ps_stage stage, const int64_t processed)
{
    if (job->lane >= progress->lane_count) {
        return;
    }
    struct ps_lane_progress *const lane = &progress->lanes[job->lane];
    lane->jobs++;
    lane->records += job->records;
    lane->jobs_live += ps_job_holds_slot(job) ? 1 : 0;
    lane->tokens += tokens_of(job, stage, processed);
    lane->records_running += stage == PS_STAGE_LIVE && processed > 0 ? processed : 0;
    if (stage == PS_STAGE_DONE) {
        lane->jobs_done++;
        lane->records_done += job->records;
    }
}

static void add_job(struct ps_progress *const progress, const struct ps_job *const job)
{
    const enum ps_stage stage = stage_of(job->state);
    const int64_t processed = job->processed < job->records ? job->processed : job->records;
    progress->jobs++;
    progress->stages[stage]++;
    add_to_lane(progress, job, stage, processed);
    if (stage == PS_STAGE_DONE) {
        progress->tokens += job->input_tokens;
    } else if (stage == PS_STAGE_LIVE) {
        add_live(progress, job);
        if (processed > 0) {
            progress->records_running += processed;
            progress->tokens += job->input_tokens / job->records * processed;
        }
    }
}

static bool is_waiting_for_day(const struct ps_turn *const turn)
{
    for (int64_t pool = 0; pool < turn->pools.count; pool++) {
        if (ps_engine_pool_use(turn->engine, pool).is_day_full) {
            return true;
        }
    }
    return false;
}

static const char *activity_of(const struct ps_turn *const turn, const int64_t *const busy,
                               const struct ps_progress *const progress)
{
    if (turn->is_paused != 0) {
        return "stopping here: waiting for what is on its way";
    }
    if (busy[PS_STATE_FETCHING] + busy[PS_STATE_TALLYING] + busy[PS_STATE_CLOSING] > 0) {
        return "reading answers";
    }
    if (progress->stages[PS_STAGE_UPLOADING] > 0) {
        return "uploading";
    }
    if (busy[PS_STATE_LOOK_NAME] + busy[PS_STATE_LOOK_TOKEN] + busy[PS_STATE_LOOK_OUTPUT] > 0) {
        return "making sure whether a job was created";
    }
    if (progress->stages[PS_STAGE_LIVE] > 0) {
        return "the service works";
    }
    if (progress->stages[PS_STAGE_READY] > 0) {
        return is_waiting_for_day(turn) ? "waiting for the day's turn" : "waiting for a slot";
    }
    if (busy[PS_STATE_SETTLING] > 0) {
        return "waiting for output";
    }
    return progress->jobs > 0 && progress->stages[PS_STAGE_DONE] == progress->jobs ? "finishing"
                                                                                   : "starting";
}

static void begin_lanes(const struct ps_turn *const turn, struct ps_progress *const progress)
{
    const struct ps_settings *const settings = turn->parts.settings;
    progress->lane_count =
        settings->lane_count < PS_PROGRESS_LANES_MAX ? settings->lane_count : PS_PROGRESS_LANES_MAX;
    for (int64_t place = 0; place < progress->lane_count; place++) {
        struct ps_lane_progress *const lane = &progress->lanes[place];
        const int64_t pool = ps_engine_lane_pool(turn->engine, place);
        const struct ps_engine_use use = ps_engine_pool_use(turn->engine, pool);
        (void)snprintf(lane->name, sizeof(lane->name), "%s", settings->lanes[place].name);
        lane->pool = pool;
        lane->slots = use.jobs_max;
        lane->slots_used = use.slots;
        lane->tpm_limit = ps_pool_limit(&turn->pools.pools[pool], PS_LIMIT_TPM, 0);
        lane->day_tokens = use.day_tokens;
        lane->day_limit = use.tpd;
        lane->day_end_ms = use.day_end_ms;
    }
}

/* Rates are told over one to two of these: counters move when the jobs are looked at. */
#define PACE_MS (2 * PS_MINUTE_MS)

static void tell_pace(struct ps_turn_pace *const pace, struct ps_lane_progress *const lane,
                      const int64_t now_ms)
{
    int64_t rate = 0;
    if (pace->base_ms == 0) {
        *pace = (struct ps_turn_pace){now_ms, lane->tokens, now_ms, lane->tokens};
    }
    if (now_ms - pace->next_ms >= PACE_MS) {
        pace->base_ms = pace->next_ms;
        pace->base_tokens = pace->next_tokens;
        pace->next_ms = now_ms;
        pace->next_tokens = lane->tokens;
    }
    if (now_ms > pace->base_ms && lane->tokens > pace->base_tokens &&
        ps_muldiv_i64(lane->tokens - pace->base_tokens, PS_MINUTE_MS, now_ms - pace->base_ms,
                      &rate)) {
        lane->tpm_now = rate;
    }
}

/* A rate that is used to nine tenths binds: the service's own pace is never exact. */
#define RATE_BINDS_TENTHS 9

static void tell_binding(const struct ps_turn *const turn, struct ps_lane_progress *const lane)
{
    const bool has_more = lane->records_done + lane->records_running < lane->records;
    const struct ps_engine_use use = ps_engine_pool_use(turn->engine, lane->pool);
    const char *word = "";
    if (has_more && use.is_day_full) {
        word = "day";
    } else if (has_more && lane->tpm_limit > 0 &&
               lane->tpm_now >= lane->tpm_limit / 10 * RATE_BINDS_TENTHS) {
        word = "tokens/min";
    } else if (has_more && lane->slots > 0 && lane->slots_used >= lane->slots) {
        word = "slots";
    }
    (void)snprintf(lane->binds, sizeof(lane->binds), "%s", word);
}

/* Of all pools together; 0: one of them has no limit. */
static int64_t sum_slots(const struct ps_turn *const turn)
{
    int64_t slots = 0;
    for (int64_t pool = 0; pool < turn->pools.count; pool++) {
        const int64_t more = ps_pool_limit(&turn->pools.pools[pool], PS_LIMIT_JOBS, 0);
        if (more == 0) {
            return 0;
        }
        slots += more;
    }
    return slots;
}

static void sum_progress(struct ps_turn *const turn, struct ps_progress *const progress)
{
    const struct ps_answers *const answers = turn->parts.answers;
    const int64_t now_ms = ps_clock_now(turn->parts.clock).steady_ms;
    int64_t busy[PS_STATE_COUNT] = {0};
    *progress = (struct ps_progress){
        .records = ps_index_summary(turn->parts.index)->sent,
        .records_done = ps_answers_count(answers, PS_ANSWER_SUCCEEDED) +
                        ps_answers_count(answers, PS_ANSWER_FAILED) +
                        ps_answers_count(answers, PS_ANSWER_UNACCOUNTED) +
                        ps_answers_count(answers, PS_ANSWER_MAYBE_PAID) +
                        ps_answers_count(answers, PS_ANSWER_CANCELLED),
        .slots = sum_slots(turn),
        .passed_ms = now_ms - turn->begun_ms,
        .elapsed_ms = turn->first_begun_ms < 0 ? 0 : now_ms - turn->first_begun_ms,
        .speed = turn->parts.clock->speed,
        .wall_ms = ps_clock_now(turn->parts.clock).wall_ms,
    };
    (void)snprintf(progress->trouble, sizeof(progress->trouble), "%s", turn->trouble);
    begin_lanes(turn, progress);
    for (int64_t place = 0; place < ps_engine_job_count(turn->engine); place++) {
        const struct ps_job *const job = ps_engine_job(turn->engine, place);
        busy[job->state]++;
        if (job->state != PS_STATE_VOID) {
            add_job(progress, job);
        }
    }
    for (int64_t lane = 0; lane < progress->lane_count; lane++) {
        tell_pace(&turn->paces[lane], &progress->lanes[lane], now_ms);
        tell_binding(turn, &progress->lanes[lane]);
    }
    (void)snprintf(progress->activity, sizeof(progress->activity), "%s",
                   activity_of(turn, busy, progress));
    if (turn->records_before < 0) {
        turn->records_before = progress->records_done;
        turn->tokens_before = progress->tokens;
    }
    progress->records_before = turn->records_before;
    progress->tokens_before = turn->tokens_before;
}

void ps_turn_tell_progress(struct ps_turn *const turn, const bool is_last)
{
    const int64_t real_ms = ps_clock_real_monotonic_ms();
    struct ps_progress progress;
    if (turn->parts.progress == NULL || (!is_last && real_ms < turn->progress_at_ms)) {
        return;
    }
    turn->progress_at_ms = real_ms + PROGRESS_REAL_MS;
    sum_progress(turn, &progress);
    turn->parts.progress(turn->parts.context, &progress);
}
