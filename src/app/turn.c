#include "app/turn.h"

#include "app/turn_internal.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a paused run waits for what is in flight, and how often files are looked at and progress
 * is told. */
#define PAUSE_REAL_MS 8000
#define LOOK_REAL_MS 500
#define PROGRESS_REAL_MS 200

/* Facts taken in one turn, so that one commit serves many. */
#define FACTS_PER_TURN 64

/* At once: puts and readers of one run. Each reader holds a line buffer, each put a body. */
#define PUTS_MAX 6
#define GETS_MAX 6

static_assert(GETS_MAX <= PS_TURN_READINGS_MAX, "every reader has its place");

static void add_job(void *const seer, struct ps_job *const job)
{
    ps_engine_add_job(seer, job);
}

static struct ps_engine *make_engine(const struct ps_turn_parts *const parts)
{
    const struct ps_settings *const settings = parts->settings;
    struct ps_buf account PS_CLEANUP(ps_buf_release);
    ps_buf_init(&account, PS_TEXT_BYTES_MAX);
    (void)parts->store.ops->get_value(parts->store.context, "account", &account);
    const struct ps_engine_options options = {
        .names = {ps_str_of(settings->bucket), ps_str_of(settings->prefix),
                  ps_str_of(settings->name)},
        .model = ps_str_of(settings->lane.model),
        .role_arn = ps_str_of(settings->lane.role_arn),
        .account = ps_buf_str(&account),
        .nonce = ps_str_of(settings->nonce),
        .is_converse = settings->family == PS_FAMILY_CONVERSE,
        .timeout_hours = settings->timeout_hours,
        .jobs_max = ps_lane_limit(&settings->lane, PS_LIMIT_JOBS, INT64_MAX),
        .min_records = ps_lane_limit(&settings->lane, PS_LIMIT_MIN_RECORDS, 1),
        .poll_ms = settings->poll_ms,
        .puts_max = PUTS_MAX,
        .gets_max = GETS_MAX,
        .seed = (uint64_t)ps_clock_now(parts->clock).steady_ms,
    };
    return ps_engine_new(&options);
}

struct ps_turn *ps_turn_new(const struct ps_turn_parts *const parts)
{
    struct ps_turn *const turn = calloc(1, sizeof(*turn));
    PS_ASSERT(turn != NULL);
    turn->parts = *parts;
    turn->segments = parts->segment_count;
    turn->listed_segments = -1;
    turn->engine = make_engine(parts);
    for (size_t place = 0; place < PS_TURN_READINGS_MAX; place++) {
        turn->readings[place].job = -1;
    }
    ps_buf_init(&turn->texts, PS_ANSWER_BYTES_MAX);
    return turn;
}

struct ps_turn *ps_turn_free(struct ps_turn *const turn)
{
    if (turn != NULL) {
        for (size_t place = 0; place < PS_TURN_READINGS_MAX; place++) {
            if (turn->readings[place].job >= 0) {
                ps_turn_reading_end(turn, turn->readings[place].job);
            }
        }
        (void)ps_source_free(turn->source);
        (void)ps_engine_free(turn->engine);
        ps_buf_release(&turn->texts);
        free(turn->starting);
        free(turn->seen_states);
        free(turn);
    }
    return NULL;
}

struct ps_streams ps_turn_streams(struct ps_turn *const turn)
{
    return (struct ps_streams){&ps_turn_streams_ops, turn};
}

void ps_turn_pause(struct ps_turn *const turn)
{
    turn->is_paused = 1;
    if (turn->world.ops != NULL) {
        turn->world.ops->wake(turn->world.context);
    }
}

/* ------------------------------------------------ what an operator reads */

static void log_job(struct ps_turn *const turn, const struct ps_job *const job)
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
        ps_log_info("job.ended", PS_FIELD_COUNT("job", job->number),
                    PS_FIELD_COUNT("attempt", job->attempt),
                    PS_FIELD_TEXT("status", ps_job_status_name(job->status)),
                    PS_FIELD_TEXT("message", job->message),
                    PS_FIELD_COUNT("counted", job->counted));
    } else {
        ps_log_info("job.moved", PS_FIELD_COUNT("job", job->number),
                    PS_FIELD_COUNT("attempt", job->attempt),
                    PS_FIELD_TEXT("to", ps_job_state_word(job->state)),
                    PS_FIELD_COUNT("records", job->records));
    }
}

static void note_trouble(struct ps_turn *const turn, const struct ps_fact *const fact)
{
    if (fact->outcome == PS_OUTCOME_YES) {
        turn->trouble[0] = '\0';
        return;
    }
    (void)snprintf(turn->trouble, sizeof(turn->trouble), "%s", fact->error.message);
    ps_log_warn("wish.failed", PS_FIELD_TEXT("wish", ps_wish_name(fact->kind)),
                PS_FIELD_COUNT("job", fact->job), PS_FIELD_COUNT("shard", fact->shard),
                PS_FIELD_TEXT("outcome", fact->outcome == PS_OUTCOME_NO ? "no" : "unknown"),
                PS_FIELD_TEXT("message", fact->error.message),
                PS_FIELD_TEXT("code", fact->error.aws_code),
                PS_FIELD_COUNT("http", fact->error.http_status),
                PS_FIELD_TEXT("request_id", fact->error.request_id));
}

static void tell_progress(struct ps_turn *const turn)
{
    const int64_t real_ms = ps_clock_real_monotonic_ms();
    if (turn->parts.progress == NULL || real_ms < turn->progress_at_ms) {
        return;
    }
    turn->progress_at_ms = real_ms + PROGRESS_REAL_MS;
    const struct ps_answers *const answers = turn->parts.answers;
    struct ps_progress progress = {
        .records = ps_index_summary(turn->parts.index)->sent,
        .records_done = ps_answers_count(answers, PS_ANSWER_SUCCEEDED) +
                        ps_answers_count(answers, PS_ANSWER_FAILED) +
                        ps_answers_count(answers, PS_ANSWER_UNACCOUNTED) +
                        ps_answers_count(answers, PS_ANSWER_CANCELLED),
        .slots = ps_lane_limit(&turn->parts.settings->lane, PS_LIMIT_JOBS, 0),
        .passed_ms = ps_clock_now(turn->parts.clock).steady_ms - turn->begun_ms,
        .activity = "preparing",
        .trouble = turn->trouble,
    };
    int64_t busy[PS_STATE_COUNT] = {0};
    for (int64_t place = 0; place < ps_engine_job_count(turn->engine); place++) {
        const struct ps_job *const job = ps_engine_job(turn->engine, place);
        busy[job->state]++;
        progress.jobs += job->state == PS_STATE_VOID ? 0 : 1;
        progress.jobs_done += job->state == PS_STATE_DONE ? 1 : 0;
        progress.jobs_live += ps_job_holds_slot(job) ? 1 : 0;
        progress.records_running += ps_job_holds_slot(job) ? job->processed : 0;
        progress.tokens += job->state == PS_STATE_DONE ? job->input_tokens : 0;
    }
    if (busy[PS_STATE_FETCHING] + busy[PS_STATE_TALLYING] + busy[PS_STATE_CLOSING] > 0) {
        progress.activity = "reading answers";
    } else if (busy[PS_STATE_PUTTING] + busy[PS_STATE_LOADING] > 0) {
        progress.activity = "uploading";
    } else if (busy[PS_STATE_SETTLING] > 0) {
        progress.activity = "waiting for output";
    } else if (progress.jobs_live > 0) {
        progress.activity = "the service works";
    }
    turn->parts.progress(turn->parts.progress_context, &progress);
}

/* ------------------------------------------------ one turn */

static enum ps_status keep_wish(struct ps_turn *const turn, struct ps_wish *const wish,
                                const int64_t at_ms, struct ps_error *const err)
{
    if (turn->parts.store.ops->add_wish(turn->parts.store.context, wish, at_ms, &wish->id, err) !=
        PS_OK) {
        return err->status;
    }
    if (turn->starting_count == turn->starting_room) {
        turn->starting_room = turn->starting_room == 0 ? 32 : turn->starting_room * 2;
        turn->starting =
            reallocarray(turn->starting, (size_t)turn->starting_room, sizeof(turn->starting[0]));
        PS_ASSERT(turn->starting != NULL);
    }
    /* The engine's texts live until its next call: keep copies, as places until the buffer stands
     * still. */
    struct ps_wish kept = *wish;
    kept.key = ps_str_of(ps_str_dup(wish->key));
    kept.text = ps_str_of(ps_str_dup(wish->text));
    kept.etag = ps_str_of(ps_str_dup(wish->etag));
    turn->starting[turn->starting_count++] = kept;
    return PS_OK;
}

static void free_text(const struct ps_str text)
{
    union {
        const char *view;
        char *owned;
    } pointer = {text.data};
    free(pointer.owned);
}

static void start_wishes(struct ps_turn *const turn)
{
    for (int64_t place = 0; place < turn->starting_count; place++) {
        const struct ps_wish *const wish = &turn->starting[place];
        turn->world.ops->start(turn->world.context, wish);
        free_text(wish->key);
        free_text(wish->text);
        free_text(wish->etag);
    }
    turn->starting_count = 0;
}

/* A GET that begins a job's first object begins its reading. */
static enum ps_status prepare(struct ps_turn *const turn, const struct ps_wish *const wish,
                              struct ps_error *const err)
{
    struct ps_turn_reading *reading = NULL;
    if (wish->kind != PS_WISH_GET_OBJECT || wish->shard != 0 || wish->offset != 0) {
        return PS_OK;
    }
    return ps_turn_reading_begin(turn, ps_engine_find(turn->engine, wish->job), &reading, err);
}

static enum ps_status take_wishes(struct ps_turn *const turn, const struct ps_now now,
                                  struct ps_error *const err)
{
    struct ps_wish wish;
    while (ps_engine_next(turn->engine, now, &wish)) {
        if (ps_wish_is_local(wish.kind)) {
            struct ps_fact fact;
            ps_turn_local(turn, &wish, &fact);
            if (fact.outcome == PS_OUTCOME_NO && fact.error.status == PS_E_IO) {
                *err = fact.error; /* the disk: the turn is given up, the state is as before */
                ps_fact_release(&fact);
                return err->status;
            }
            ps_engine_handle(turn->engine, &fact, now);
            ps_fact_release(&fact);
        } else if (prepare(turn, &wish, err) != PS_OK ||
                   keep_wish(turn, &wish, now.wall_ms, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

static enum ps_status take_fact(struct ps_turn *const turn, struct ps_fact *const fact,
                                const struct ps_now now, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    if (fact->kind == PS_WISH_GET_OBJECT && fact->outcome == PS_OUTCOME_YES &&
        ps_turn_object_end(turn, fact->job, err) != PS_OK) {
        return err->status;
    }
    if (fact->kind == PS_WISH_PUT_SHARD && fact->outcome == PS_OUTCOME_YES) {
        const struct ps_job *const job = ps_engine_find(turn->engine, fact->job);
        if (store.ops->mark_put(store.context, fact->job, fact->shard, job->attempt, err) !=
            PS_OK) {
            return err->status;
        }
    }
    if (fact->outcome == PS_OUTCOME_NO && fact->error.status == PS_E_IO) {
        *err = fact->error; /* the disk, ours: the turn is given up, the state is as before */
        return err->status;
    }
    note_trouble(turn, fact);
    ps_engine_handle(turn->engine, fact, now);
    return store.ops->end_wish(store.context, fact->wish_id, err);
}

static enum ps_status keep_state(struct ps_turn *const turn, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    const struct ps_clock_mark mark = ps_clock_mark(turn->parts.clock);
    char text[64];
    const struct ps_job *job = ps_engine_dirty(turn->engine);
    for (; job != NULL; job = ps_engine_dirty(turn->engine)) {
        if (job->state == PS_STATE_SETTLING) {
            ps_turn_reading_end(turn, job->number);
        }
        log_job(turn, job);
        if (store.ops->put_job(store.context, job, err) != PS_OK) {
            return err->status;
        }
    }
    (void)snprintf(text, sizeof(text), "%lld,%lld", (long long)mark.steady_ms,
                   (long long)mark.wall_ms);
    if (store.ops->set_value(store.context, "clock", text, err) != PS_OK) {
        return err->status;
    }
    if (ps_engine_account(turn->engine).size > 0) {
        return store.ops->set_value(store.context, "account", ps_engine_account(turn->engine).data,
                                    err);
    }
    return PS_OK;
}

static void add_name(void *const seer, const char *const name)
{
    if (!ps_buf_append_format(seer, "%s\n", name)) {
        ps_log_debug("segments.list_is_cut", PS_FIELD_TEXT("at", name));
    }
}

/* For `penstock results` beside a live run: the store itself is ours alone. What is lost here is
 * only a view. */
static void list_segments(struct ps_turn *const turn)
{
    struct ps_error err;
    struct ps_buf list PS_CLEANUP(ps_buf_release);
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(turn->parts.folder, PS_SEGMENTS_FILE);
    if (turn->listed_segments == turn->segments) {
        return;
    }
    turn->listed_segments = turn->segments;
    ps_buf_init(&list, PS_ANSWER_BYTES_MAX);
    if (turn->parts.store.ops->each_segment(turn->parts.store.context, add_name, &list, &err) !=
            PS_OK ||
        ps_files_write_quick(path, ps_buf_str(&list), &err) != PS_OK) {
        ps_log_warn("segments.not_listed", PS_FIELD_TEXT("message", err.message));
    }
}

static enum ps_status do_turn(struct ps_turn *const turn, struct ps_fact *const facts,
                              const int64_t fact_count, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    const struct ps_now now = ps_clock_now(turn->parts.clock);
    enum ps_status status = store.ops->begin(store.context, err);
    for (int64_t fact = 0; status == PS_OK && fact < fact_count; fact++) {
        status = take_fact(turn, &facts[fact], now, err);
    }
    if (status == PS_OK) {
        status = take_wishes(turn, now, err);
    }
    if (status == PS_OK) {
        status = keep_state(turn, err);
    }
    if (status == PS_OK) {
        status = store.ops->commit(store.context, err);
    }
    if (status != PS_OK) {
        store.ops->rollback(store.context);
        return status;
    }
    start_wishes(turn);
    list_segments(turn);
    return PS_OK;
}

/* Waits for the first fact, then takes what else is there at once. */
static int64_t wait_facts(struct ps_turn *const turn, struct ps_fact *const facts,
                          const int64_t wake_ms)
{
    const struct ps_world world = turn->world;
    const int64_t look_ms =
        ps_clock_now(turn->parts.clock).steady_ms + LOOK_REAL_MS * turn->parts.clock->speed;
    int64_t count = 0;
    if (!world.ops->next_fact(world.context, wake_ms < look_ms ? wake_ms : look_ms, &facts[0])) {
        return 0;
    }
    count = 1;
    while (count < FACTS_PER_TURN && world.ops->next_fact(world.context, 0, &facts[count])) {
        count++;
    }
    return count;
}

static bool is_stop_asked(const struct ps_turn *const turn)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(turn->parts.folder, PS_STOP_FILE);
    return ps_files_exists(path);
}

static enum ps_status loop(struct ps_turn *const turn, struct ps_error *const err)
{
    struct ps_fact facts[FACTS_PER_TURN];
    int64_t fact_count = 0;
    int64_t pause_until_ms = INT64_MAX;
    int64_t stop_look_ms = 0;
    enum ps_status status = PS_OK;
    while (status == PS_OK && ps_engine_phase(turn->engine) == PS_PHASE_RUNNING) {
        const int64_t real_ms = ps_clock_real_monotonic_ms();
        if (real_ms >= stop_look_ms) {
            stop_look_ms = real_ms + LOOK_REAL_MS;
            if (turn->parts.is_stopping || is_stop_asked(turn)) {
                ps_engine_stop(turn->engine);
            }
        }
        if (turn->is_paused != 0 && pause_until_ms == INT64_MAX) {
            pause_until_ms = real_ms + PAUSE_REAL_MS;
            ps_engine_pause(turn->engine);
        }
        if (pause_until_ms != INT64_MAX &&
            (real_ms >= pause_until_ms || ps_engine_is_quiet(turn->engine))) {
            break;
        }
        status = do_turn(turn, facts, fact_count, err);
        for (int64_t fact = 0; fact < fact_count; fact++) {
            ps_fact_release(&facts[fact]);
        }
        fact_count = 0;
        tell_progress(turn);
        if (status == PS_OK && ps_engine_phase(turn->engine) == PS_PHASE_RUNNING) {
            fact_count = wait_facts(turn, facts, ps_engine_wake_at_ms(turn->engine));
        }
    }
    for (int64_t fact = 0; fact < fact_count; fact++) {
        ps_fact_release(&facts[fact]);
    }
    return status;
}

enum ps_status ps_turn_run(struct ps_turn *const turn, const struct ps_world world,
                           struct ps_turn_end *const ret_end, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    int64_t open_wishes = 0;
    turn->world = world;
    turn->begun_ms = ps_clock_now(turn->parts.clock).steady_ms;
    if (store.ops->each_job(store.context, add_job, turn->engine, err) != PS_OK ||
        store.ops->drop_wishes(store.context, &open_wishes, err) != PS_OK) {
        return err->status;
    }
    if (open_wishes > 0) {
        ps_log_info("run.recovered", PS_FIELD_COUNT("open_wishes", open_wishes));
    }
    enum ps_status status = loop(turn, err);
    turn->progress_at_ms = 0;
    tell_progress(turn);
    ret_end->phase = ps_engine_phase(turn->engine);
    ret_end->segments = turn->segments;
    if (status == PS_OK && ret_end->phase == PS_PHASE_HALTED) {
        *err = *ps_engine_error(turn->engine);
        status = err->status;
    }
    return status;
}
