#include "app/turn.h"

#include "app/event_text.h"
#include "app/turn_internal.h"
#include "base/assert.h"
#include "base/limits.h"
#include "base/log.h"
#include "core/cut.h"
#include "os/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a paused run waits for what is in flight, and how often the stop file is looked for. */
#define PAUSE_REAL_MS 8000
#define LOOK_REAL_MS 500

/* A tick waits out pauses shorter than this, on the run's clock: to come back takes longer. */
#define TICK_WAIT_MS 1000

/* Facts taken in one turn, so that one commit serves many. */
#define FACTS_PER_TURN 64

/* What the store holds of each lane, and of each pool. */
#define VALUE_ACCOUNT "account"
#define VALUE_DAY "day" /* "end,turn" */

/* All rows that the store keeps, and one turn's more. */
#define EVENT_ROWS_BYTES_MAX \
    ((size_t)(PS_EVENTS_KEPT_MAX + PS_EVENTS_HELD_MAX) * PS_EVENT_ROW_BYTES_MAX)

/* Puts of one run at once: each holds a body. */
#define PUTS_MAX 6

/* Jobs of the store go to the engine; one of a lane that is not there is kept out. */
struct seen_jobs {
    struct ps_engine *engine;
    int64_t lane_count;
    int64_t strange; /* the number of a job of no lane of ours; 0: none */
};

static void add_job(void *const seer, struct ps_job *const job)
{
    struct seen_jobs *const seen = seer;
    if (job->lane < 0 || job->lane >= seen->lane_count) {
        seen->strange = job->number;
        return;
    }
    ps_engine_add_job(seen->engine, job);
}

/* The name under which the store holds a thing of a lane or of a pool; that of the first is bare.
 */
static void name_value(struct ps_buf *const buf, const char *const what, const int64_t place)
{
    ps_buf_init(buf, PS_TEXT_BYTES_MAX);
    ps_buf_clear(buf);
    ps_buf_add_text(buf, what);
    if (place > 0) {
        ps_buf_add_format(buf, ".%lld", (long long)place);
    }
}

/* A lane as the engine knows it; the account goes into `account`. */
static void fill_lane(const struct ps_turn *const turn, const int64_t place,
                      struct ps_buf *const account, struct ps_engine_lane *const ret_lane)
{
    const struct ps_settings *const settings = turn->parts.settings;
    const struct ps_state_store store = turn->parts.store;
    const struct ps_lane *const lane = &settings->lanes[place];
    struct ps_buf name PS_CLEANUP(ps_buf_release);
    name_value(&name, VALUE_ACCOUNT, place);
    ps_buf_init(account, PS_TEXT_BYTES_MAX);
    (void)store.ops->get_value(store.context, ps_buf_text(&name), account);
    *ret_lane = (struct ps_engine_lane){
        .names = {ps_str_of(settings->places[place].bucket),
                  ps_str_of(settings->places[place].prefix), ps_str_of(settings->name)},
        .model = ps_str_of(lane->model),
        .role_arn = ps_str_of(lane->role_arn),
        .region = ps_str_of(lane->region),
        .profile = ps_str_of(lane->profile),
        .account = ps_buf_str(account),
        .pool = turn->pools.of_lane[place],
        .price = settings->places[place].price,
        .min_records = ps_lane_limit(lane, PS_LIMIT_MIN_RECORDS, 1),
        .is_on_demand = lane->kind == PS_KIND_ON_DEMAND,
    };
}

static struct ps_engine *make_engine(const struct ps_turn *const turn)
{
    const struct ps_settings *const settings = turn->parts.settings;
    const size_t lane_count = (size_t)settings->lane_count;
    struct ps_buf *const accounts = calloc(lane_count, sizeof(*accounts));
    struct ps_engine_lane *const lanes = calloc(lane_count, sizeof(*lanes));
    struct ps_engine_pool *const pools = calloc((size_t)turn->pools.count, sizeof(*pools));
    PS_ASSERT(accounts != NULL && lanes != NULL && pools != NULL);
    for (int64_t lane = 0; lane < settings->lane_count; lane++) {
        fill_lane(turn, lane, &accounts[lane], &lanes[lane]);
    }
    for (int64_t pool = 0; pool < turn->pools.count; pool++) {
        pools[pool] = ps_cut_engine_pool(&turn->pools.pools[pool]);
    }
    const struct ps_engine_options options = {
        .lanes = lanes,
        .lane_count = settings->lane_count,
        .pools = pools,
        .pool_count = turn->pools.count,
        .nonce = ps_str_of(settings->nonce),
        .is_converse = settings->family == PS_FAMILY_CONVERSE,
        .timeout_hours = settings->timeout_hours,
        .poll_ms = settings->poll_ms,
        .puts_max = PUTS_MAX,
        .gets_max = PS_TURN_READERS_MAX,
        .seed = (uint64_t)ps_clock_now(turn->parts.clock).steady_ms,
        .spending = settings->spending,
    };
    struct ps_engine *const engine = ps_engine_new(&options);
    for (size_t lane = 0; lane < lane_count; lane++) {
        ps_buf_release(&accounts[lane]);
    }
    free(accounts);
    free(lanes);
    free(pools);
    return engine;
}

struct ps_turn *ps_turn_new(const struct ps_turn_parts *const parts)
{
    struct ps_turn *const turn = calloc(1, sizeof(*turn));
    PS_ASSERT(turn != NULL);
    turn->parts = *parts;
    turn->segments = parts->segment_count;
    turn->listed_segments = -1;
    turn->first_begun_ms = -1;
    turn->records_before = -1;
    struct ps_error err;
    ps_buf_init(&turn->event_rows, EVENT_ROWS_BYTES_MAX);
    ps_pools_init(&turn->pools);
    /* Whoever read the settings has held the lanes against each other. */
    PS_ASSERT(ps_pools_make(&turn->pools, parts->settings->lanes, parts->settings->lane_count,
                            &err) == PS_OK);
    turn->engine = make_engine(turn);
    if (parts->ledger.ops != NULL) {
        ps_engine_share(turn->engine);
    }
    for (size_t place = 0; place < PS_TURN_READINGS_MAX; place++) {
        turn->readings[place].job = -1;
    }
    return turn;
}

/* The engine's texts live until its next call: a wish that is kept has copies. */
static void free_text(const struct ps_str text)
{
    union {
        const char *view;
        char *owned;
    } pointer = {text.data};
    free(pointer.owned);
}

static void forget_starting(struct ps_turn *const turn)
{
    for (int64_t place = 0; place < turn->starting_count; place++) {
        free_text(turn->starting[place].key);
        free_text(turn->starting[place].text);
        free_text(turn->starting[place].etag);
    }
    turn->starting_count = 0;
}

struct ps_turn *ps_turn_free(struct ps_turn *const turn)
{
    if (turn != NULL) {
        forget_starting(turn);
        for (size_t place = 0; place < PS_TURN_READINGS_MAX; place++) {
            if (turn->readings[place].job >= 0) {
                ps_turn_reading_end(turn, turn->readings[place].job);
            }
        }
        ps_turn_share_release(turn);
        ps_turn_calls_release(turn);
        (void)ps_source_free(turn->source);
        (void)ps_engine_free(turn->engine);
        ps_pools_release(&turn->pools);
        ps_buf_release(&turn->event_rows);
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

bool ps_turn_is_paused(const struct ps_turn *const turn)
{
    return turn->is_paused != 0;
}

/* When something is to be done if no fact comes first: for ourselves, or because of others. */
static int64_t wake_at_ms(const struct ps_turn *const turn)
{
    const int64_t engine_ms = ps_engine_wake_at_ms(turn->engine);
    const int64_t share_ms = ps_turn_share_wake_ms(turn);
    return engine_ms < share_ms ? engine_ms : share_ms;
}

int64_t ps_turn_due_real_ms(const struct ps_turn *const turn)
{
    return ps_clock_real_wait_ms(turn->parts.clock, wake_at_ms(turn));
}

/* ------------------------------------------------ one turn */

enum ps_status ps_turn_keep_wish(struct ps_turn *const turn, struct ps_wish *const wish,
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
    struct ps_wish kept = *wish;
    kept.key = ps_str_of(ps_str_dup(wish->key));
    kept.text = ps_str_of(ps_str_dup(wish->text));
    kept.etag = ps_str_of(ps_str_dup(wish->etag));
    turn->starting[turn->starting_count++] = kept;
    return PS_OK;
}

static void start_wishes(struct ps_turn *const turn)
{
    for (int64_t place = 0; place < turn->starting_count; place++) {
        turn->world.ops->start(turn->world.context, &turn->starting[place]);
    }
    forget_starting(turn);
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

/*
 * Our own disk or state failed: the turn is given up, and the process ends; the state is as before.
 * (Corrupt bytes of the service are its own affair, and come again.) Credentials that have expired
 * are the user's to renew: the same command goes on from here.
 */
static bool is_ours_to_give_up(const struct ps_fact *const fact, struct ps_error *const err)
{
    const enum ps_status status = fact->error.status;
    /* The engine hears what other calls are open first. */
    const bool is_denied = fact->error.retry == PS_RETRY_REAUTH && fact->kind != PS_WISH_INVOKE;
    if (fact->outcome == PS_OUTCOME_YES ||
        !(status == PS_E_IO || (status == PS_E_CORRUPT && ps_wish_is_local(fact->kind)) ||
          is_denied)) {
        return false;
    }
    *err = fact->error;
    return true;
}

static enum ps_status take_wishes(struct ps_turn *const turn, const struct ps_now now,
                                  struct ps_error *const err)
{
    struct ps_wish wish;
    ps_turn_tell_counts(turn);
    while (ps_engine_next(turn->engine, now, &wish)) {
        if (ps_wish_is_local(wish.kind)) {
            struct ps_fact fact;
            ps_turn_local(turn, &wish, &fact);
            const bool is_given_up = is_ours_to_give_up(&fact, err);
            if (!is_given_up) {
                ps_engine_handle(turn->engine, &fact, now);
                ps_turn_tell_counts(turn);
            }
            ps_fact_release(&fact);
            if (is_given_up) {
                return err->status;
            }
        } else if (prepare(turn, &wish, err) != PS_OK ||
                   ps_turn_keep_wish(turn, &wish, now.wall_ms, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

static enum ps_status take_fact(struct ps_turn *const turn, struct ps_fact *const fact,
                                const struct ps_now now, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    if (ps_turn_share_hears(turn, fact)) {
        return store.ops->end_wish(store.context, fact->wish_id, err);
    }
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
    if (is_ours_to_give_up(fact, err)) {
        return err->status;
    }
    if (fact->kind == PS_WISH_INVOKE && ps_turn_calls_keep(turn, fact, err) != PS_OK) {
        return err->status;
    }
    ps_turn_note_trouble(turn, fact);
    ps_engine_handle(turn->engine, fact, now);
    return store.ops->end_wish(store.context, fact->wish_id, err);
}

static enum ps_status keep_times(struct ps_turn *const turn, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    const struct ps_clock_mark mark = ps_clock_mark(turn->parts.clock);
    char text[64];
    if (turn->first_begun_ms < 0) {
        turn->first_begun_ms = turn->begun_ms;
        (void)snprintf(text, sizeof(text), "%lld", (long long)turn->begun_ms);
        if (store.ops->set_value(store.context, PS_VALUE_BEGUN, text, err) != PS_OK) {
            return err->status;
        }
    }
    (void)snprintf(text, sizeof(text), "%lld,%lld", (long long)mark.steady_ms,
                   (long long)mark.wall_ms);
    return store.ops->set_value(store.context, PS_VALUE_CLOCK, text, err);
}

/* R1: once told they never change. */
static enum ps_status keep_accounts(struct ps_turn *const turn, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    while (turn->kept_accounts < turn->parts.settings->lane_count &&
           ps_engine_account(turn->engine, turn->kept_accounts).size > 0) {
        struct ps_buf name PS_CLEANUP(ps_buf_release);
        name_value(&name, VALUE_ACCOUNT, turn->kept_accounts);
        if (store.ops->set_value(store.context, ps_buf_text(&name),
                                 ps_engine_account(turn->engine, turn->kept_accounts).data,
                                 err) != PS_OK) {
            return err->status;
        }
        turn->kept_accounts++;
    }
    return PS_OK;
}

static enum ps_status keep_days(struct ps_turn *const turn, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    struct ps_day day;
    int64_t pool = 0;
    while (ps_engine_dirty_day(turn->engine, &pool, &day)) {
        char text[64];
        struct ps_buf name PS_CLEANUP(ps_buf_release);
        name_value(&name, VALUE_DAY, pool);
        (void)snprintf(text, sizeof(text), "%lld,%lld", (long long)day.end_ms,
                       (long long)day.turn_ms);
        if (store.ops->set_value(store.context, ps_buf_text(&name), text, err) != PS_OK) {
            return err->status;
        }
    }
    return PS_OK;
}

static enum ps_status keep_state(struct ps_turn *const turn, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    const struct ps_job *job = ps_engine_dirty(turn->engine);
    for (; job != NULL; job = ps_engine_dirty(turn->engine)) {
        if (job->state == PS_STATE_SETTLING) {
            ps_turn_reading_rest(turn, job->number);
        }
        ps_turn_log_job(turn, job);
        ps_turn_share_note(turn, job);
        if (store.ops->put_job(store.context, job, err) != PS_OK) {
            return err->status;
        }
    }
    /* Events first: they tell a first start by its time, which is not kept yet. */
    return ps_turn_keep_events(turn, err) == PS_OK && keep_accounts(turn, err) == PS_OK &&
                   keep_days(turn, err) == PS_OK && ps_turn_keep_canary(turn, err) == PS_OK
               ? keep_times(turn, err)
               : err->status;
}

static void add_name(void *const seer, const char *const name)
{
    if (!ps_buf_append_format(seer, "%s\n", name)) {
        ps_log_debug("segments.list_is_cut", PS_FIELD_TEXT("at", name));
    }
}

/* For `penstock results` beside a live run: the store itself is ours alone. A list that cannot be
 * written is only a view that is lost. */
static enum ps_status list_segments(struct ps_turn *const turn, struct ps_error *const err)
{
    struct ps_error write_err;
    struct ps_buf list PS_CLEANUP(ps_buf_release);
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(turn->parts.folder, PS_SEGMENTS_FILE);
    if (turn->listed_segments == turn->segments) {
        return PS_OK;
    }
    turn->listed_segments = turn->segments;
    ps_buf_init(&list, PS_ANSWER_BYTES_MAX);
    if (turn->parts.store.ops->each_segment(turn->parts.store.context, add_name, &list, err) !=
        PS_OK) {
        return err->status;
    }
    if (ps_files_write_quick(path, ps_buf_str(&list), &write_err) != PS_OK) {
        ps_log_warn("segments.not_listed", PS_FIELD_TEXT("message", write_err.message));
    }
    return PS_OK;
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
        status = ps_turn_share(turn, now, err);
    }
    if (status == PS_OK) {
        status = take_wishes(turn, now, err);
    }
    if (status == PS_OK) {
        status = keep_state(turn, err);
    }
    if (status == PS_OK) {
        status = ps_turn_calls_sync(turn, err);
    }
    if (status == PS_OK) {
        status = store.ops->commit(store.context, err);
    }
    if (status != PS_OK) {
        store.ops->rollback(store.context);
        return status;
    }
    ps_turn_calls_forget(turn);
    start_wishes(turn);
    return ps_turn_share_tell(turn, err) == PS_OK && list_segments(turn, err) == PS_OK
               ? ps_turn_mirror_events(turn, err)
               : err->status;
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

/* Nothing is on its way, and the engine's next wish is not for now. */
static bool is_nothing_due(const struct ps_turn *const turn)
{
    const int64_t wake_ms = wake_at_ms(turn);
    const int64_t now_ms = ps_clock_now(turn->parts.clock).steady_ms;
    return ps_engine_is_quiet(turn->engine) && !turn->share.is_look_open && wake_ms >= now_ms &&
           wake_ms - now_ms >= TICK_WAIT_MS;
}

static bool is_stop_asked(const struct ps_turn *const turn)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(turn->parts.folder, PS_STOP_FILE);
    return ps_files_exists(path);
}

/* What people want of a loop, and when it must have left. */
struct leaving {
    int64_t pause_until_ms; /* the machine's clock; INT64_MAX: nobody wants it to pause */
    int64_t stop_look_ms;   /* likewise: the stop file is not looked for before it */
};

/* Heeds who wants a stop or a pause. True: it is time to leave. */
static bool must_leave(struct ps_turn *const turn, struct leaving *const leaving)
{
    const int64_t real_ms = ps_clock_real_monotonic_ms();
    if (real_ms >= leaving->stop_look_ms) {
        leaving->stop_look_ms = real_ms + LOOK_REAL_MS;
        if (turn->parts.is_stopping || is_stop_asked(turn)) {
            ps_engine_stop(turn->engine);
        }
    }
    if (turn->is_paused != 0 && leaving->pause_until_ms == INT64_MAX) {
        leaving->pause_until_ms = real_ms + PAUSE_REAL_MS;
        ps_engine_pause(turn->engine);
    }
    return leaving->pause_until_ms != INT64_MAX &&
           (real_ms >= leaving->pause_until_ms || ps_engine_is_quiet(turn->engine));
}

static enum ps_status loop(struct ps_turn *const turn, struct ps_error *const err)
{
    struct ps_fact facts[FACTS_PER_TURN];
    int64_t fact_count = 0;
    struct leaving leaving = {INT64_MAX, 0};
    enum ps_status status = PS_OK;
    while (status == PS_OK && ps_engine_phase(turn->engine) == PS_PHASE_RUNNING &&
           !must_leave(turn, &leaving)) {
        status = do_turn(turn, facts, fact_count, err);
        for (int64_t fact = 0; fact < fact_count; fact++) {
            ps_fact_release(&facts[fact]);
        }
        fact_count = 0;
        ps_turn_tell_progress(turn, false);
        if (turn->parts.is_tick && turn->is_paused == 0 && is_nothing_due(turn)) {
            break;
        }
        if (status == PS_OK && ps_engine_phase(turn->engine) == PS_PHASE_RUNNING) {
            fact_count = wait_facts(turn, facts, wake_at_ms(turn));
        }
    }
    for (int64_t fact = 0; fact < fact_count; fact++) {
        ps_fact_release(&facts[fact]);
    }
    if (status == PS_OK && turn->is_paused != 0 &&
        ps_engine_phase(turn->engine) == PS_PHASE_RUNNING) {
        ps_turn_tell_leaving(turn);
        status = do_turn(turn, NULL, 0, err);
    }
    return status;
}

/* When the run first began, where the store knows. */
static void read_begun(struct ps_turn *const turn)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    const struct ps_state_store store = turn->parts.store;
    ps_buf_init(&text, PS_TEXT_BYTES_MAX);
    if (!store.ops->get_value(store.context, PS_VALUE_BEGUN, &text) ||
        !ps_str_to_i64(ps_buf_str(&text), &turn->first_begun_ms)) {
        turn->first_begun_ms = -1;
    }
}

/* Two numbers with a comma between them. */
static bool read_pair(const struct ps_str text, int64_t *const ret_first, int64_t *const ret_second)
{
    const size_t comma = ps_str_find(text, ',');
    return ps_str_to_i64(ps_str_part(text, 0, comma), ret_first) &&
           ps_str_to_i64(ps_str_part(text, comma + 1, text.size), ret_second);
}

/* What the store has for the engine: its jobs, and the days of its pools. */
static enum ps_status read_state(struct ps_turn *const turn, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    struct seen_jobs seen = {turn->engine, turn->parts.settings->lane_count, 0};
    if (store.ops->each_job(store.context, add_job, &seen, err) != PS_OK) {
        return err->status;
    }
    if (seen.strange != 0) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                            "cannot read the run's state: job %lld is of no lane of this run",
                            (long long)seen.strange);
    }
    ps_turn_read_canary(turn);
    for (int64_t pool = 0; pool < turn->pools.count; pool++) {
        struct ps_day day;
        struct ps_buf name PS_CLEANUP(ps_buf_release);
        struct ps_buf text PS_CLEANUP(ps_buf_release);
        name_value(&name, VALUE_DAY, pool);
        ps_buf_init(&text, PS_TEXT_BYTES_MAX);
        if (store.ops->get_value(store.context, ps_buf_text(&name), &text) &&
            read_pair(ps_buf_str(&text), &day.end_ms, &day.turn_ms)) {
            ps_engine_set_day(turn->engine, pool, day);
        }
    }
    return PS_OK;
}

enum ps_status ps_turn_run(struct ps_turn *const turn, const struct ps_world world,
                           enum ps_phase *const ret_phase, struct ps_error *const err)
{
    const struct ps_state_store store = turn->parts.store;
    int64_t open_wishes = 0;
    turn->world = world;
    turn->begun_ms = ps_clock_now(turn->parts.clock).steady_ms;
    read_begun(turn);
    if (read_state(turn, err) != PS_OK || ps_turn_calls_recover(turn, err) != PS_OK ||
        store.ops->drop_wishes(store.context, &open_wishes, err) != PS_OK) {
        return err->status;
    }
    if (ps_turn_mirror_all_events(turn, err) != PS_OK) {
        return err->status;
    }
    if (open_wishes > 0) {
        ps_log_info("run.recovered", PS_FIELD_COUNT("open_wishes", open_wishes));
    }
    if (loop(turn, err) != PS_OK) {
        return err->status;
    }
    ps_turn_tell_progress(turn, true);
    if (ps_engine_phase(turn->engine) == PS_PHASE_HALTED) {
        *err = *ps_engine_error(turn->engine);
        return err->status;
    }
    *ret_phase = ps_engine_phase(turn->engine);
    return PS_OK;
}
