#include "core/engine.h"

#include "base/assert.h"
#include "base/limits.h"
#include "core/engine_internal.h"
#include "core/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOB_ROOM_MIN 64

static struct ps_str keep_text(struct ps_buf *const buf, const struct ps_str text)
{
    ps_buf_init(buf, PS_REQUEST_BYTES_MAX);
    ps_buf_add(buf, text);
    return ps_buf_str(buf);
}

static void keep_lane(struct ps_lane_state *const state, const struct ps_engine_lane *const lane)
{
    struct ps_engine_lane *const kept = &state->lane;
    *kept = *lane;
    struct ps_str *const texts[PS_ENGINE_LANE_TEXTS] = {
        &kept->names.bucket, &kept->names.prefix, &kept->names.run, &kept->model,
        &kept->role_arn,     &kept->region,       &kept->profile};
    for (size_t text = 0; text < PS_ENGINE_LANE_TEXTS; text++) {
        *texts[text] = keep_text(&state->texts[text], *texts[text]);
    }
    state->account = ps_str_dup(lane->account);
}

/* Lanes of one profile and Region see the same list of jobs. */
static void find_site(struct ps_engine *const engine, const int64_t lane)
{
    for (int64_t other = 0; other < lane; other++) {
        if (ps_str_equals(engine->lanes[other].lane.profile, engine->lanes[lane].lane.profile) &&
            ps_str_equals(engine->lanes[other].lane.region, engine->lanes[lane].lane.region)) {
            engine->lanes[lane].site = engine->lanes[other].site;
            return;
        }
    }
    engine->sites[engine->site_count].lane = lane;
    engine->lanes[lane].site = engine->site_count++;
}

static void keep_lists(struct ps_engine *const engine,
                       const struct ps_engine_options *const options)
{
    PS_ASSERT(options->lane_count > 0);
    PS_ASSERT(options->pool_count > 0);
    engine->lanes = calloc((size_t)options->lane_count, sizeof(engine->lanes[0]));
    engine->sites = calloc((size_t)options->lane_count, sizeof(engine->sites[0]));
    engine->pools = calloc((size_t)options->pool_count, sizeof(engine->pools[0]));
    PS_ASSERT(engine->lanes != NULL && engine->sites != NULL && engine->pools != NULL);
    for (int64_t lane = 0; lane < options->lane_count; lane++) {
        PS_ASSERT(options->lanes[lane].pool >= 0);
        PS_ASSERT(options->lanes[lane].pool < options->pool_count);
        keep_lane(&engine->lanes[lane], &options->lanes[lane]);
        find_site(engine, lane);
    }
    for (int64_t pool = 0; pool < options->pool_count; pool++) {
        engine->pools[pool].pool = options->pools[pool];
        ps_engine_begin_limits(engine, pool);
    }
    engine->options.lanes = NULL;
    engine->options.pools = NULL;
}

struct ps_engine *ps_engine_new(const struct ps_engine_options *const options)
{
    struct ps_engine *const engine = calloc(1, sizeof(*engine));
    PS_ASSERT(engine != NULL);
    engine->options = *options;
    keep_lists(engine, options);
    engine->options.nonce = keep_text(&engine->nonce, options->nonce);
    ps_prng_init(&engine->prng, options->seed);
    engine->next_number = 1;
    engine->unsent = -1;
    engine->is_cut_due = true;
    ps_buf_init(&engine->key, PS_REQUEST_BYTES_MAX);
    ps_buf_init(&engine->text, PS_REQUEST_BYTES_MAX);
    ps_engine_join_pools(engine);
    return engine;
}

static void free_lists(struct ps_engine *const engine)
{
    for (int64_t lane = 0; lane < engine->options.lane_count; lane++) {
        for (size_t text = 0; text < PS_ENGINE_LANE_TEXTS; text++) {
            ps_buf_release(&engine->lanes[lane].texts[text]);
        }
        free(engine->lanes[lane].account);
    }
    for (int64_t site = 0; site < engine->site_count; site++) {
        ps_numbers_release(&engine->sites[site].live);
    }
    for (int64_t pool = 0; pool < engine->options.pool_count; pool++) {
        ps_numbers_release(&engine->pools[pool].planned);
    }
    free(engine->lanes);
    free(engine->sites);
    free(engine->pools);
}

struct ps_engine *ps_engine_free(struct ps_engine *const engine)
{
    if (engine != NULL) {
        for (int64_t place = 0; place < engine->job_count; place++) {
            ps_job_release(&engine->jobs[place]);
        }
        free_lists(engine);
        ps_numbers_release(&engine->moving);
        ps_numbers_release(&engine->dirty);
        ps_events_release(&engine->events);
        ps_buf_release(&engine->nonce);
        ps_buf_release(&engine->key);
        ps_buf_release(&engine->text);
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
    case PS_STATE_CALLING:
        return PS_STATE_GATHERING;
    default:
        return state;
    }
}

struct ps_job *ps_engine_insert_job(struct ps_engine *const engine, const int64_t number)
{
    if (engine->job_count == engine->job_room) {
        engine->job_room = engine->job_room == 0 ? JOB_ROOM_MIN : engine->job_room * 2;
        engine->jobs =
            reallocarray(engine->jobs, (size_t)engine->job_room, sizeof(engine->jobs[0]));
        PS_ASSERT(engine->jobs != NULL);
    }
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
    ps_engine_touch(engine, &engine->jobs[place]);
    engine->next_number = number >= engine->next_number ? number + 1 : engine->next_number;
    return &engine->jobs[place];
}

void ps_engine_add_job(struct ps_engine *const engine, struct ps_job *const job)
{
    struct ps_job *const added = ps_engine_insert_job(engine, job->number);
    PS_ASSERT(job->lane >= 0 && job->lane < engine->options.lane_count);
    ps_numbers_remove(&engine->dirty, job->number);
    *added = *job;
    memset(job, 0, sizeof(*job));
    added->is_reloaded = added->state == PS_STATE_CREATING || added->state == PS_STATE_REPEATING;
    added->state = state_after_restart(added->state);
    added->is_stop_asked = false;
    added->is_dirty = false;
    added->queue = PS_QUEUE_NONE;
    ps_engine_put_in(engine, added);
    ps_engine_add_estimate(engine, added);
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

const struct ps_job *ps_engine_find(const struct ps_engine *const engine, const int64_t number)
{
    const int64_t place = place_of(engine, number);
    return place < engine->job_count && engine->jobs[place].number == number ? &engine->jobs[place]
                                                                             : NULL;
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
    bool is_poll_open = false;
    for (int64_t site = 0; site < engine->site_count; site++) {
        is_poll_open = is_poll_open || engine->sites[site].is_poll_open;
    }
    return engine->open_wishes == 0 && !engine->is_step_open && !engine->is_cut_open &&
           !is_poll_open;
}

void ps_engine_halt(struct ps_engine *const engine, const struct ps_error *const error)
{
    if (engine->phase == PS_PHASE_RUNNING && !engine->is_halting) {
        PS_ASSERT(error != NULL && error->status != PS_OK);
        engine->is_halting = true;
        engine->error = *error;
    }
    if (engine->is_halting && engine->open_calls == 0) {
        engine->phase = PS_PHASE_HALTED;
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

/* The job that a row of a list speaks of, where it is live by our books; NULL: none. */
static struct ps_job *listed_job(struct ps_engine *const engine,
                                 const struct ps_job_view *const view)
{
    int64_t number = 0;
    int64_t attempt = 0;
    if (!ps_names_parse_job(&engine->lanes[0].lane.names, ps_str_of(view->name), &number,
                            &attempt)) {
        return NULL;
    }
    struct ps_job *const job = ps_engine_job_by_number(engine, number);
    /* A name may be taken twice, an ARN may not. */
    return job != NULL && job->attempt == attempt && job->state == PS_STATE_LIVE &&
                   ps_str_equals(ps_str_of(job->arn), ps_str_of(view->arn))
               ? job
               : NULL;
}

/* Live by our books and not listed: ask for it by its ARN. */
static void ask_for_unlisted(struct ps_engine *const engine,
                             const struct ps_engine_site *const site, const struct ps_now now)
{
    int64_t place = 0;
    while (place < site->live.count) {
        const int64_t number = ps_numbers_at(&site->live, place);
        struct ps_job *const job = ps_engine_job_by_number(engine, number);
        if (job->listed_poll != site->poll_count && job->open_wishes == 0) {
            ps_engine_move(engine, job, PS_FACT_EMPTY, NULL, now);
        }
        /* A job that moved has left the set: the next one stands in its place. */
        place += place < site->live.count && ps_numbers_at(&site->live, place) == number ? 1 : 0;
    }
}

static void handle_poll(struct ps_engine *const engine, struct ps_engine_site *const site,
                        const struct ps_fact *const fact, const struct ps_now now)
{
    site->is_poll_open = false;
    site->poll_wake_ms = now.steady_ms + engine->options.poll_ms;
    if (fact->outcome != PS_OUTCOME_YES) {
        site->poll_tries++;
        site->poll_wake_ms = now.steady_ms + ps_engine_pause_ms(engine, site->poll_tries);
        const bool is_hopeless =
            fact->error.retry != PS_RETRY_LATER || site->poll_tries > PS_TRIES_MAX;
        if (!is_hopeless || !ps_engine_site_goes_on(engine, site - engine->sites, &fact->error)) {
            ps_engine_halt_if_hopeless(engine, &fact->error, site->poll_tries, PS_TRIES_MAX);
        }
        return;
    }
    site->poll_tries = 0;
    site->poll_count++;
    for (int64_t row = 0; row < fact->job_count; row++) {
        struct ps_job *const job = listed_job(engine, &fact->jobs[row]);
        if (job == NULL) {
            continue;
        }
        job->listed_poll = site->poll_count;
        if (ps_job_status_is_terminal(fact->jobs[row].status)) {
            /* Lists and Get may be out of step: what ends a job is Get's word, with its counters.
             */
            ps_engine_move(engine, job, PS_FACT_SEEN_END, NULL, now);
        } else {
            job->is_counted = job->is_counted || fact->jobs[row].processed_count >= 0;
            ps_engine_note_view(engine, job, &fact->jobs[row]);
        }
    }
    ps_engine_see_list(engine, site - engine->sites, fact, now);
    ask_for_unlisted(engine, site, now);
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
    engine->held_back = fact->held_back;
    ps_engine_note_cut(engine, fact->shape_count);
    for (int64_t shape = 0; shape < fact->shape_count; shape++) {
        const struct ps_job_shape *const cut = &fact->shapes[shape];
        struct ps_job *const job = ps_engine_insert_job(engine, cut->number);
        PS_ASSERT(cut->lane >= 0 && cut->lane < engine->options.lane_count);
        job->lane = cut->lane;
        job->shard_count = cut->shard_count;
        job->records = cut->records;
        job->bytes = cut->bytes;
        job->input_tokens = cut->input_tokens;
        job->thought_tokens = cut->quota_tokens;
        job->quota_tokens = ps_engine_real_tokens(engine, job);
        job->cost_usd_micros = cut->cost_usd_micros;
        ps_engine_put_in(engine, job);
    }
}

void ps_engine_handle(struct ps_engine *const engine, const struct ps_fact *const fact,
                      const struct ps_now now)
{
    engine->now = now;
    /* What the counters said before the turn is what goes over: so before this fact is heard. */
    ps_engine_pass_days(engine, now);
    if (fact->job < 0) {
        if (fact->kind == PS_WISH_CUT_JOBS || fact->kind == PS_WISH_GIVE_UP) {
            handle_cut(engine, fact);
        } else if (engine->is_step_open) {
            ps_engine_handle_step(engine, fact, now);
        } else if (fact->shard >= 0 && fact->shard < engine->site_count &&
                   engine->sites[fact->shard].is_poll_open) {
            handle_poll(engine, &engine->sites[fact->shard], fact, now);
        }
        return;
    }
    if (fact->kind == PS_WISH_INVOKE) {
        ps_engine_handle_call(engine, fact, now);
        return;
    }
    if (fact->kind == PS_WISH_PUT_SHARD) {
        engine->open_puts--;
    }
    struct ps_job *const job = ps_engine_job_by_number(engine, fact->job);
    PS_ASSERT(job != NULL);
    PS_ASSERT(job->open_wishes > 0);
    ps_engine_take_out(engine, job);
    job->open_wishes--;
    ps_engine_handle_job(engine, job, fact, now);
    ps_engine_put_in(engine, job);
}

/* ------------------------------------------------ what others see */

enum ps_phase ps_engine_phase(const struct ps_engine *const engine)
{
    return engine->phase;
}

const struct ps_error *ps_engine_error(const struct ps_engine *const engine)
{
    return &engine->error;
}

struct ps_str ps_engine_account(const struct ps_engine *const engine, const int64_t lane)
{
    PS_ASSERT(lane >= 0 && lane < engine->options.lane_count);
    return ps_str_of(engine->lanes[lane].account);
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
