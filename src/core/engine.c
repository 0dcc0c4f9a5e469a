#include "core/engine.h"

#include "base/assert.h"
#include "base/limits.h"
#include "core/engine_internal.h"
#include "core/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ps_str keep_text(struct ps_buf *const buf, const struct ps_str text)
{
    ps_buf_init(buf, PS_REQUEST_BYTES_MAX);
    ps_buf_add(buf, text);
    return ps_buf_str(buf);
}

struct ps_engine *ps_engine_new(const struct ps_engine_options *const options)
{
    struct ps_engine *const engine = calloc(1, sizeof(*engine));
    PS_ASSERT(engine != NULL);
    engine->options = *options;
    engine->options.names.bucket = keep_text(&engine->texts[0], options->names.bucket);
    engine->options.names.prefix = keep_text(&engine->texts[1], options->names.prefix);
    engine->options.names.run = keep_text(&engine->texts[2], options->names.run);
    engine->options.model = keep_text(&engine->texts[3], options->model);
    engine->options.role_arn = keep_text(&engine->texts[4], options->role_arn);
    engine->options.nonce = keep_text(&engine->texts[5], options->nonce);
    ps_job_set_text(&engine->account, "");
    if (options->account.size > 0) {
        free(engine->account);
        engine->account = ps_str_dup(options->account);
    }
    ps_prng_init(&engine->prng, options->seed);
    engine->next_number = 1;
    engine->unsent = -1;
    engine->is_cut_due = true;
    ps_buf_init(&engine->key, PS_REQUEST_BYTES_MAX);
    ps_buf_init(&engine->text, PS_REQUEST_BYTES_MAX);
    return engine;
}

struct ps_engine *ps_engine_free(struct ps_engine *const engine)
{
    if (engine != NULL) {
        for (int64_t place = 0; place < engine->job_count; place++) {
            ps_job_release(&engine->jobs[place]);
        }
        for (size_t text = 0; text < sizeof(engine->texts) / sizeof(engine->texts[0]); text++) {
            ps_buf_release(&engine->texts[text]);
        }
        ps_buf_release(&engine->key);
        ps_buf_release(&engine->text);
        free(engine->account);
        free(engine->jobs);
        free(engine);
    }
    return NULL;
}

/* What only lived in memory is done again from its beginning; an open create has an unknown
 * outcome. */
static enum ps_job_state state_after_restart(const enum ps_job_state state)
{
    switch (state) {
    case PS_STATE_PUTTING:
    case PS_STATE_CHECKING:
        return PS_STATE_LOADING;
    case PS_STATE_CREATING:
    case PS_STATE_REPEATING:
        return PS_STATE_LOOK_NAME;
    case PS_STATE_FETCHING:
    case PS_STATE_TALLYING:
        return PS_STATE_LISTING;
    case PS_STATE_FOREIGN_READ:
    case PS_STATE_FOREIGN_HOLD:
        return PS_STATE_FOREIGN_LIST;
    default:
        return state;
    }
}

struct ps_job *ps_engine_insert_job(struct ps_engine *const engine, const int64_t number)
{
    engine->jobs =
        reallocarray(engine->jobs, (size_t)engine->job_count + 1, sizeof(engine->jobs[0]));
    PS_ASSERT(engine->jobs != NULL);
    int64_t place = engine->job_count;
    while (place > 0 && engine->jobs[place - 1].number > number) {
        engine->jobs[place] = engine->jobs[place - 1];
        place--;
    }
    PS_ASSERT(place == 0 || engine->jobs[place - 1].number != number);
    engine->job_count++;
    memset(&engine->jobs[place], 0, sizeof(engine->jobs[place]));
    engine->jobs[place].number = number;
    engine->jobs[place].attempt = 1;
    engine->jobs[place].counted = -1;
    engine->jobs[place].is_dirty = true;
    engine->next_number = number >= engine->next_number ? number + 1 : engine->next_number;
    return &engine->jobs[place];
}

void ps_engine_add_job(struct ps_engine *const engine, struct ps_job *const job)
{
    struct ps_job *const added = ps_engine_insert_job(engine, job->number);
    *added = *job;
    memset(job, 0, sizeof(*job));
    added->is_reloaded = added->state == PS_STATE_CREATING || added->state == PS_STATE_REPEATING;
    added->state = state_after_restart(added->state);
    added->is_stop_asked = false;
    added->is_dirty = false;
}

/* The first job of at least that number. */
static int64_t place_of(const struct ps_engine *const engine, const int64_t number)
{
    int64_t low = 0;
    int64_t high = engine->job_count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (engine->jobs[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct ps_job *ps_engine_job_by_number(struct ps_engine *const engine, const int64_t number)
{
    const int64_t place = place_of(engine, number);
    return place < engine->job_count && engine->jobs[place].number == number ? &engine->jobs[place]
                                                                             : NULL;
}

void ps_engine_stop(struct ps_engine *const engine)
{
    engine->is_stopping = true;
}

void ps_engine_pause(struct ps_engine *const engine)
{
    engine->is_pausing = true;
}

bool ps_engine_is_quiet(const struct ps_engine *const engine)
{
    for (int64_t place = 0; place < engine->job_count; place++) {
        if (engine->jobs[place].open_wishes > 0) {
            return false;
        }
    }
    return !engine->is_step_open && !engine->is_cut_open && !engine->is_poll_open;
}

void ps_engine_halt(struct ps_engine *const engine, const struct ps_error *const error)
{
    if (engine->phase == PS_PHASE_RUNNING) {
        PS_ASSERT(error != NULL && error->status != PS_OK);
        engine->phase = PS_PHASE_HALTED;
        engine->error = *error;
    }
}

int64_t ps_engine_pause_ms(struct ps_engine *const engine, const int64_t tries)
{
    int64_t room_ms = PS_BACKOFF_BASE_MS;
    for (int64_t doubling = 1; doubling < tries && room_ms < PS_BACKOFF_CAP_MS; doubling++) {
        room_ms *= 2;
    }
    room_ms = room_ms < PS_BACKOFF_CAP_MS ? room_ms : PS_BACKOFF_CAP_MS;
    return 1 + ps_prng_below(&engine->prng, room_ms);
}

void ps_engine_halt_if_hopeless(struct ps_engine *const engine, const struct ps_error *const error,
                                const int64_t tries, const int64_t tries_max)
{
    struct ps_error told = *error;
    /* Nobody here fetches fresh credentials: a person must. */
    if (error->retry == PS_RETRY_LATER && (tries <= tries_max || error->status == PS_E_QUOTA)) {
        return;
    }
    if (tries > 1) {
        (void)snprintf(told.message, sizeof(told.message), "%.220s (%lld tries)", error->message,
                       (long long)tries);
    }
    ps_engine_halt(engine, &told);
}

/* ------------------------------------------------ facts */

/* R1: the account is the first thing that is held. */
static bool take_identity(struct ps_engine *const engine, const struct ps_fact *const fact)
{
    struct ps_error error;
    if (engine->account[0] == '\0') {
        ps_job_set_text(&engine->account, fact->text);
        return true;
    }
    if (strcmp(engine->account, fact->text) == 0) {
        return true;
    }
    (void)ps_error_set(
        &error, PS_E_DENIED, PS_RETRY_NEVER,
        "cannot go on: this run belongs to account %.20s, and these credentials to %.20s",
        engine->account, fact->text);
    (void)ps_error_hint(&error,
                        "Use the credentials (or --profile) that the run was started with.");
    ps_engine_halt(engine, &error);
    return false;
}

/* A job of the run's prefix at the service: is there a row that knows it? If not, it holds what it
 * holds. */
static void match_foreign(struct ps_engine *const engine, const struct ps_job_view *const view)
{
    int64_t number = 0;
    int64_t attempt = 0;
    if (!ps_names_parse_job(&engine->options.names, ps_str_of(view->name), &number, &attempt)) {
        return;
    }
    struct ps_job *job = ps_engine_job_by_number(engine, number);
    if (job != NULL && (attempt < job->attempt || job->state == PS_STATE_DONE ||
                        (attempt == job->attempt && job->state >= PS_STATE_CREATING &&
                         job->state != PS_STATE_VOID))) {
        return;
    }
    if (job == NULL) {
        job = ps_engine_insert_job(engine, number);
    }
    job->attempt = attempt;
    job->state = PS_STATE_FOREIGN_LIST;
    job->wake_ms = 0;
    job->tries = 0;
    ps_job_set_text(&job->token, view->token);
    ps_job_set_text(&job->request, NULL);
    ps_job_set_text(&job->arn, view->arn);
    job->signed_wall_ms = view->submitted_at_ms;
    job->is_dirty = true;
}

/*
 * Folders of jobs that no row knows: the store is behind (it was put back from a copy). Their
 * numbers are never used again (R5).
 */
static bool take_numbers(struct ps_engine *const engine, const struct ps_fact *const fact)
{
    bool is_behind = false;
    for (int64_t object = 0; object < fact->object_count; object++) {
        int64_t number = 0;
        int64_t attempt = 0;
        if (!ps_names_parse_in_prefix(&engine->options.names, ps_str_of(fact->objects[object].key),
                                      &number, &attempt)) {
            continue;
        }
        const struct ps_job *const job = ps_engine_job_by_number(engine, number);
        is_behind = is_behind || job == NULL || job->attempt < attempt;
        engine->next_number = number >= engine->next_number ? number + 1 : engine->next_number;
    }
    return is_behind;
}

/* R2: a create that the store forgot may still be on its way, and lists show it late. */
static void wait_for_late_jobs(struct ps_engine *const engine, const struct ps_now now)
{
    engine->has_waited = true;
    engine->step = PS_START_LOOK;
    engine->step_wake_ms = now.steady_ms + PS_SIGNING_SLACK_MS + PS_SIGNATURE_MS + PS_LIST_LAG_MS;
}

static void handle_step(struct ps_engine *const engine, const struct ps_fact *const fact,
                        const struct ps_now now)
{
    engine->is_step_open = false;
    if (fact->outcome != PS_OUTCOME_YES) {
        engine->step_tries++;
        engine->step_wake_ms = now.steady_ms + ps_engine_pause_ms(engine, engine->step_tries);
        ps_engine_halt_if_hopeless(engine, &fact->error, engine->step_tries, PS_START_TRIES_MAX);
        return;
    }
    engine->step_tries = 0;
    if (engine->step == PS_START_IDENTITY && !take_identity(engine, fact)) {
        return;
    }
    if (engine->step == PS_START_LOOK) {
        for (int64_t row = 0; row < fact->job_count; row++) {
            match_foreign(engine, &fact->jobs[row]);
        }
    }
    if (engine->step == PS_START_NUMBERS && take_numbers(engine, fact) && !engine->has_waited) {
        wait_for_late_jobs(engine, now);
        return;
    }
    engine->step = (enum ps_start_step)(engine->step + 1);
}

/* The job that a row of a list speaks of, where it is live by our books; NULL: none. */
static struct ps_job *listed_job(struct ps_engine *const engine,
                                 const struct ps_job_view *const view)
{
    int64_t number = 0;
    int64_t attempt = 0;
    if (!ps_names_parse_job(&engine->options.names, ps_str_of(view->name), &number, &attempt)) {
        return NULL;
    }
    struct ps_job *const job = ps_engine_job_by_number(engine, number);
    /* A name may be taken twice, an ARN may not. */
    return job != NULL && job->attempt == attempt && job->state == PS_STATE_LIVE &&
                   ps_str_equals(ps_str_of(job->arn), ps_str_of(view->arn))
               ? job
               : NULL;
}

static void handle_poll(struct ps_engine *const engine, const struct ps_fact *const fact,
                        const struct ps_now now)
{
    engine->is_poll_open = false;
    engine->poll_wake_ms = now.steady_ms + engine->options.poll_ms;
    if (fact->outcome != PS_OUTCOME_YES) {
        engine->poll_tries++;
        engine->poll_wake_ms = now.steady_ms + ps_engine_pause_ms(engine, engine->poll_tries);
        ps_engine_halt_if_hopeless(engine, &fact->error, engine->poll_tries, PS_TRIES_MAX);
        return;
    }
    engine->poll_tries = 0;
    for (int64_t place = 0; place < engine->job_count; place++) {
        engine->jobs[place].is_listed = false;
    }
    for (int64_t row = 0; row < fact->job_count; row++) {
        struct ps_job *const job = listed_job(engine, &fact->jobs[row]);
        if (job == NULL) {
            continue;
        }
        job->is_listed = true;
        if (ps_job_status_is_terminal(fact->jobs[row].status)) {
            /* Lists and Get may be out of step: what ends a job is Get's word, with its counters.
             */
            ps_engine_move(engine, job, PS_FACT_SEEN_END, NULL, now);
        } else {
            ps_engine_note_view(job, &fact->jobs[row]);
        }
    }
    /* Live by our books and not listed: ask for it by its ARN. */
    for (int64_t place = 0; place < engine->job_count; place++) {
        struct ps_job *const job = &engine->jobs[place];
        if (job->state == PS_STATE_LIVE && !job->is_listed && job->open_wishes == 0) {
            ps_engine_move(engine, job, PS_FACT_EMPTY, NULL, now);
        }
    }
}

static void handle_cut(struct ps_engine *const engine, const struct ps_fact *const fact)
{
    engine->is_cut_open = false;
    if (fact->outcome != PS_OUTCOME_YES) {
        ps_engine_halt(engine, &fact->error);
        return;
    }
    engine->is_cut_due = false;
    engine->unsent = fact->unsent;
    for (int64_t shape = 0; shape < fact->shape_count; shape++) {
        struct ps_job *const job = ps_engine_insert_job(engine, fact->shapes[shape].number);
        job->shard_count = fact->shapes[shape].shard_count;
        job->records = fact->shapes[shape].records;
        job->bytes = fact->shapes[shape].bytes;
        job->input_tokens = fact->shapes[shape].input_tokens;
    }
}

void ps_engine_handle(struct ps_engine *const engine, const struct ps_fact *const fact,
                      const struct ps_now now)
{
    if (fact->job < 0) {
        if (fact->kind == PS_WISH_CUT_JOBS || fact->kind == PS_WISH_GIVE_UP) {
            handle_cut(engine, fact);
        } else if (engine->is_step_open) {
            handle_step(engine, fact, now);
        } else if (engine->is_poll_open) {
            handle_poll(engine, fact, now);
        }
        return;
    }
    if (fact->kind == PS_WISH_PUT_SHARD) {
        engine->open_puts--;
    }
    struct ps_job *const job = ps_engine_job_by_number(engine, fact->job);
    PS_ASSERT(job != NULL);
    PS_ASSERT(job->open_wishes > 0);
    job->open_wishes--;
    ps_engine_handle_job(engine, job, fact, now);
}

/* ------------------------------------------------ wishes */

static bool next_step(struct ps_engine *const engine, const struct ps_now now,
                      struct ps_wish *const ret_wish)
{
    static const enum ps_wish_kind kinds[] = {
        [PS_START_IDENTITY] = PS_WISH_IDENTITY,
        [PS_START_LOOK] = PS_WISH_LIST_JOBS,
        [PS_START_NUMBERS] = PS_WISH_LIST_OBJECTS,
        [PS_START_SWEEP] = PS_WISH_ABORT_UPLOADS,
    };
    struct ps_wish wish = {.kind = kinds[engine->step], .job = -1, .shard = -1};
    if (engine->is_step_open || now.steady_ms < engine->step_wake_ms) {
        return false;
    }
    ps_buf_clear(&engine->key);
    ps_names_add_run_prefix(&engine->key, &engine->options.names);
    if (engine->step == PS_START_NUMBERS) {
        ps_buf_add_text(&engine->key, "in/");
        wish.is_shallow = true;
    }
    wish.key = ps_buf_str(&engine->key);
    wish.text = engine->options.names.run;
    engine->is_step_open = true;
    *ret_wish = wish;
    return true;
}

/* What the engine counts before it lets jobs move. */
struct census {
    int64_t slots;
    int64_t ahead;
    int64_t planned;
    int64_t live;
    int64_t open; /* neither done nor void */
    int64_t foreign;
    int64_t reading; /* jobs whose objects are listed or read: bounded, each holds a reader */
    int64_t oldest_wall_ms;
};

static bool is_listing(const struct ps_job *const job)
{
    return job->state == PS_STATE_LISTING || job->state == PS_STATE_FOREIGN_LIST;
}

static bool is_reading(const struct ps_job *const job)
{
    return (is_listing(job) && job->open_wishes > 0) ||
           (job->state >= PS_STATE_FETCHING && job->state <= PS_STATE_CLOSING &&
            job->state != PS_STATE_SETTLING) ||
           job->state == PS_STATE_FOREIGN_READ || job->state == PS_STATE_FOREIGN_HOLD;
}

static struct census take_census(const struct ps_engine *const engine)
{
    struct census census = {.oldest_wall_ms = INT64_MAX};
    for (int64_t place = 0; place < engine->job_count; place++) {
        const struct ps_job *const job = &engine->jobs[place];
        census.slots += ps_job_holds_slot(job) ? 1 : 0;
        census.ahead += job->state >= PS_STATE_LOADING && job->state <= PS_STATE_READY ? 1 : 0;
        census.planned += job->state == PS_STATE_PLANNED ? 1 : 0;
        census.open += ps_job_holds_records(job) ? 1 : 0;
        census.foreign +=
            job->state >= PS_STATE_FOREIGN_LIST && job->state <= PS_STATE_FOREIGN_HOLD ? 1 : 0;
        census.reading += is_reading(job) ? 1 : 0;
        if (job->state == PS_STATE_LIVE) {
            census.live++;
            census.oldest_wall_ms = job->signed_wall_ms < census.oldest_wall_ms
                                        ? job->signed_wall_ms
                                        : census.oldest_wall_ms;
        }
    }
    return census;
}

static bool next_poll(struct ps_engine *const engine, const struct census *const census,
                      const struct ps_now now, struct ps_wish *const ret_wish)
{
    if (census->live == 0 || engine->is_poll_open || now.steady_ms < engine->poll_wake_ms) {
        return false;
    }
    engine->is_poll_open = true;
    *ret_wish = (struct ps_wish){.kind = PS_WISH_LIST_JOBS,
                                 .job = -1,
                                 .shard = -1,
                                 .text = engine->options.names.run,
                                 .after_ms = census->oldest_wall_ms - PS_SUBMIT_MARGIN_MS};
    return true;
}

/* Stopping: what no job holds is cancelled once no job is left. False: not yet, or all is said. */
static bool next_cancel(struct ps_engine *const engine, const struct census *const census,
                        struct ps_wish *const wish)
{
    if (census->open > 0) {
        return false;
    }
    if (engine->unsent == 0 && !engine->is_cut_due) {
        engine->phase = PS_PHASE_STOPPED;
        return false;
    }
    wish->kind = PS_WISH_GIVE_UP;
    wish->shard = (int64_t)PS_VERDICT_CANCELLED;
    return true;
}

/* Is it time to cut? Not while cut jobs wait, nor for less than a job while others may still bring
 * more. */
static bool is_cut_time(const struct ps_engine *const engine, const struct census *const census)
{
    const bool is_worth_it =
        census->open == 0 || engine->unsent < 0 || engine->unsent >= engine->options.min_records;
    return engine->is_cut_due && census->planned == 0 && is_worth_it;
}

/* Cuts what is unsent into jobs, gives up what cannot be sent, or ends the run. */
static bool next_cut(struct ps_engine *const engine, const struct census *const census,
                     struct ps_wish *const ret_wish)
{
    struct ps_wish wish = {.kind = PS_WISH_CUT_JOBS, .job = -1, .shard = (int64_t)PS_VERDICT_NONE};
    if (engine->is_cut_open || census->foreign > 0) {
        return false;
    }
    if (engine->is_stopping) {
        if (!next_cancel(engine, census, &wish)) {
            return false;
        }
    } else if (!is_cut_time(engine, census)) {
        if (census->open > 0) {
            return false;
        }
        if (engine->unsent == 0) {
            engine->phase = PS_PHASE_ENDED;
            return false;
        }
        wish.kind = PS_WISH_GIVE_UP;
        wish.shard = (int64_t)PS_VERDICT_BELOW_MINIMUM;
    }
    engine->is_cut_open = true;
    *ret_wish = wish;
    return true;
}

/* Nothing more is sent: what is on its way turns back, and an open create is looked for. */
static void advance_stopping(struct ps_engine *const engine, struct ps_job *const job,
                             const struct ps_now now)
{
    if (job->open_wishes > 0) {
        return;
    }
    if (job->state < PS_STATE_CREATING) {
        ps_engine_move(engine, job, PS_FACT_STOP, NULL, now);
    } else if (job->state == PS_STATE_REPEATING) {
        job->state = PS_STATE_LOOK_NAME;
    }
}

/* R2 (c): the same body is sent again only while the service is trusted to know its token. */
static bool is_repeat_too_late(const struct ps_job *const job, const struct ps_now now)
{
    return job->state == PS_STATE_REPEATING && job->open_wishes == 0 &&
           now.steady_ms - job->first_signed_ms >= PS_TOKEN_WINDOW_MS;
}

/*
 * Planned jobs begin their way, ready ones take free slots, settled ones ask again. While a job
 * without a row is read, nothing new is sent: it may hold the same records.
 */
static void advance(struct ps_engine *const engine, struct census *const census,
                    struct ps_job *const job, const struct ps_now now)
{
    const enum ps_job_state before = job->state;
    /* Its time has come: what still holds it (a slot, a reader) is no matter of time. */
    job->wake_ms = now.steady_ms >= job->wake_ms ? 0 : job->wake_ms;
    if (engine->is_stopping) {
        advance_stopping(engine, job, now);
    } else if (job->state == PS_STATE_PLANNED && census->ahead < PS_JOBS_AHEAD &&
               census->foreign == 0) {
        job->state = PS_STATE_LOADING;
        census->ahead++;
    } else if (job->state == PS_STATE_READY && census->slots < engine->options.jobs_max &&
               census->foreign == 0 && now.steady_ms >= job->wake_ms) {
        job->state = PS_STATE_CREATING;
        census->slots++;
        census->ahead--;
    }
    if (is_repeat_too_late(job, now)) {
        job->state = PS_STATE_LOOK_NAME;
    }
    if (job->state == PS_STATE_SETTLING && now.steady_ms >= job->wake_ms) {
        job->state = PS_STATE_ASKING;
    }
    job->is_dirty = job->is_dirty || job->state != before;
}

static bool next_wish(struct ps_engine *const engine, const struct ps_now now,
                      struct ps_wish *const ret_wish)
{
    struct census census = take_census(engine);
    for (int64_t place = 0; place < engine->job_count; place++) {
        struct ps_job *const job = &engine->jobs[place];
        if (!ps_job_holds_records(job)) {
            continue;
        }
        advance(engine, &census, job, now);
        census.open -= ps_job_holds_records(job) ? 0 : 1; /* a stop has just let it go */
        const bool is_held_back = (engine->is_stopping && job->state < PS_STATE_CREATING) ||
                                  (is_listing(job) && census.reading >= engine->options.gets_max);
        if (!is_held_back && ps_engine_job_wish(engine, job, now, ret_wish)) {
            return true;
        }
    }
    return next_poll(engine, &census, now, ret_wish) || next_cut(engine, &census, ret_wish);
}

bool ps_engine_next(struct ps_engine *const engine, const struct ps_now now,
                    struct ps_wish *const ret_wish)
{
    if (engine->phase != PS_PHASE_RUNNING || engine->is_pausing) {
        return false;
    }
    return engine->step == PS_START_DONE ? next_wish(engine, now, ret_wish)
                                         : next_step(engine, now, ret_wish);
}

static int64_t sooner(const int64_t left_ms, const int64_t right_ms)
{
    return left_ms < right_ms ? left_ms : right_ms;
}

int64_t ps_engine_wake_at_ms(const struct ps_engine *const engine)
{
    int64_t wake_ms = INT64_MAX;
    if (engine->is_pausing || engine->phase != PS_PHASE_RUNNING) {
        return INT64_MAX;
    }
    if (engine->step != PS_START_DONE) {
        return engine->is_step_open ? INT64_MAX : engine->step_wake_ms;
    }
    for (int64_t place = 0; place < engine->job_count; place++) {
        const struct ps_job *const job = &engine->jobs[place];
        if (!ps_job_holds_records(job)) {
            continue;
        }
        if (job->state == PS_STATE_LIVE) {
            wake_ms = engine->is_poll_open ? wake_ms : sooner(wake_ms, engine->poll_wake_ms);
        } else if (job->wake_ms > 0) {
            wake_ms = sooner(wake_ms, job->wake_ms);
        }
    }
    return wake_ms;
}

/* ------------------------------------------------ what others see */

const struct ps_job *ps_engine_dirty(struct ps_engine *const engine)
{
    for (int64_t place = 0; place < engine->job_count; place++) {
        if (engine->jobs[place].is_dirty) {
            engine->jobs[place].is_dirty = false;
            return &engine->jobs[place];
        }
    }
    return NULL;
}

enum ps_phase ps_engine_phase(const struct ps_engine *const engine)
{
    return engine->phase;
}

const struct ps_error *ps_engine_error(const struct ps_engine *const engine)
{
    return &engine->error;
}

struct ps_str ps_engine_account(const struct ps_engine *const engine)
{
    return ps_str_of(engine->account);
}

int64_t ps_engine_next_number(const struct ps_engine *const engine)
{
    return engine->next_number;
}

int64_t ps_engine_job_count(const struct ps_engine *const engine)
{
    return engine->job_count;
}

const struct ps_job *ps_engine_job(const struct ps_engine *const engine, const int64_t place)
{
    PS_ASSERT(place >= 0 && place < engine->job_count);
    return &engine->jobs[place];
}

const struct ps_job *ps_engine_find(const struct ps_engine *const engine, const int64_t number)
{
    const int64_t place = place_of(engine, number);
    return place < engine->job_count && engine->jobs[place].number == number ? &engine->jobs[place]
                                                                             : NULL;
}
