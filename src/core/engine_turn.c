#include "base/assert.h"
#include "base/limits.h"
#include "core/engine_internal.h"
#include "core/rules.h"
#include "core/sizing.h"

/* When the oldest of the site's live jobs was signed. */
static int64_t oldest_wall_ms(struct ps_engine *const engine,
                              const struct ps_engine_site *const site)
{
    int64_t oldest_ms = INT64_MAX;
    for (int64_t place = 0; place < site->live.count; place++) {
        const int64_t signed_ms =
            ps_engine_job_by_number(engine, ps_numbers_at(&site->live, place))->signed_wall_ms;
        oldest_ms = signed_ms < oldest_ms ? signed_ms : oldest_ms;
    }
    return oldest_ms;
}

/* One List for each account and Region. */
static bool next_poll(struct ps_engine *const engine, const struct ps_now now,
                      struct ps_wish *const ret_wish)
{
    for (int64_t place = 0; place < engine->site_count; place++) {
        struct ps_engine_site *const site = &engine->sites[place];
        const bool is_of_all = ps_engine_wants_others(engine, place);
        if ((site->live.count == 0 && !is_of_all) || site->is_poll_open ||
            now.steady_ms < site->poll_wake_ms) {
            continue;
        }
        site->is_poll_open = true;
        site->is_poll_of_all = is_of_all;
        *ret_wish = (struct ps_wish){
            .kind = PS_WISH_LIST_JOBS,
            .lane = site->lane,
            .job = -1,
            .shard = place,
            .text = is_of_all ? PS_STR("") : engine->lanes[site->lane].lane.names.run,
            .after_ms = is_of_all ? now.wall_ms - PS_JOB_LIFE_MS
                                  : oldest_wall_ms(engine, site) - PS_SUBMIT_MARGIN_MS};
        return true;
    }
    return false;
}

/* Stopping: what no job holds is cancelled once no job is left. False: not yet, or all is said. */
static bool next_cancel(struct ps_engine *const engine, struct ps_wish *const wish)
{
    if (engine->open > 0) {
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

/* What is too little for every lane of jobs: calls on demand cost more, so they take only what is
 * left over in the end. Without such lanes, 1. */
static int64_t smallest_job(const struct ps_engine *const engine)
{
    int64_t records = INT64_MAX;
    for (int64_t lane = 0; lane < engine->options.lane_count; lane++) {
        const struct ps_engine_lane *const of = &engine->lanes[lane].lane;
        records = !of->is_on_demand && of->min_records < records ? of->min_records : records;
    }
    return records == INT64_MAX ? 1 : records;
}

/* So many smallest jobs are worth cutting while outputs are read that may bring more. */
#define JOBS_WORTH_CUTTING 10

/*
 * Is it time to cut? Not while cut jobs wait, nor for less than a job while others may still bring
 * more. Jobs that ended together leave their failures to one cut: each alone would make a job of
 * its own, and those would wait for each other's slots.
 */
static bool is_cut_time(const struct ps_engine *const engine)
{
    const int64_t least = smallest_job(engine);
    const bool is_more_coming = engine->reading > 0 && engine->unsent / JOBS_WORTH_CUTTING < least;
    const bool is_worth_it = engine->open == 0 || engine->unsent < 0 ||
                             (engine->unsent >= least && !is_more_coming && engine->held_back == 0);
    return engine->is_cut_due && engine->planned == 0 && is_worth_it;
}

/* Cuts what is unsent into jobs, gives up what cannot be sent, or ends the run. */
static bool next_cut(struct ps_engine *const engine, struct ps_wish *const ret_wish)
{
    struct ps_wish wish = {.kind = PS_WISH_CUT_JOBS, .job = -1, .shard = (int64_t)PS_VERDICT_NONE};
    if (engine->is_cut_open || engine->foreign > 0) {
        return false;
    }
    if (engine->stop == PS_SPENDING_GO && ps_engine_is_out_of_money(engine)) {
        engine->stop = PS_SPENDING_COST;
    }
    if (engine->stop != PS_SPENDING_GO && !engine->is_stopping) {
        ps_engine_end_early(engine);
        return false;
    }
    if (engine->canary == PS_CANARY_SENT && !engine->is_stopping) {
        return false; /* its verdict comes with what it brings */
    }
    if (engine->is_stopping) {
        if (!next_cancel(engine, &wish)) {
            return false;
        }
    } else if (!is_cut_time(engine)) {
        if (engine->open > 0) {
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
    if (job->state < PS_STATE_CREATING || job->state == PS_STATE_GATHERING ||
        job->state == PS_STATE_CALLING) {
        ps_engine_move(engine, job, PS_FACT_STOP, NULL, now);
    } else if (job->state == PS_STATE_REPEATING) {
        job->state = PS_STATE_LOOK_NAME;
    }
}

/* Likewise, but what was not sent waits where it is: it may go on. */
static void advance_held(struct ps_engine *const engine, struct ps_job *const job,
                         const struct ps_now now)
{
    if (job->state >= PS_STATE_CREATING) {
        advance_stopping(engine, job, now);
    }
}

/* R2 (c): the same body is sent again only while the service is trusted to know its token. */
static bool is_repeat_too_late(const struct ps_job *const job, const struct ps_now now)
{
    return job->state == PS_STATE_REPEATING && job->open_wishes == 0 &&
           now.steady_ms - job->first_signed_ms >= PS_TOKEN_WINDOW_MS;
}

/* More jobs than slots: one after another. */
static bool is_paced(const struct ps_pool_state *const pool)
{
    return pool->pool.jobs_max > 0 &&
           pool->planned.count + pool->ahead + pool->slots > pool->pool.jobs_max;
}

bool ps_engine_may_create(struct ps_engine *const engine, struct ps_pool_state *const pool,
                          const struct ps_job *const job, const struct ps_now now)
{
    const bool has_slot = ps_engine_has_slot(pool, now) && ps_engine_leaves_slot(pool);
    if (!has_slot || engine->foreign > 0 || now.steady_ms < job->wake_ms) {
        return false;
    }
    const bool fits = ps_engine_fits_day(pool, job);
    if (!ps_engine_can_pay(engine, job)) {
        return false;
    }
    const bool is_soon = is_paced(pool) && now.steady_ms < pool->gap_end_ms;
    pool->is_day_full = pool->is_day_full || !fits;
    pool->is_gap_needed = pool->is_gap_needed || (fits && is_soon);
    if (!fits) {
        ps_engine_tell_full(engine, pool, job);
    }
    return fits && !is_soon;
}

/* Not sent yet, and larger than any day of what is now known or for a lane that is lost: its
 * records are cut again. */
static bool must_be_cut_again(const struct ps_engine *const engine, const struct ps_job *const job)
{
    return job->state < PS_STATE_CREATING && job->open_wishes == 0 &&
           (ps_engine_is_lost(engine, job->lane) || ps_engine_is_over_day(engine, job));
}

void ps_engine_begin_create(struct ps_engine *const engine, struct ps_job *const job,
                            const struct ps_now now)
{
    struct ps_pool_state *const pool = ps_engine_pool_of(engine, job);
    ps_engine_take_out(engine, job);
    job->state = PS_STATE_CREATING;
    pool->gap_end_ms = now.steady_ms + ps_sizing_gap_ms(job->quota_tokens, job->records,
                                                        pool->pool.tpm, pool->pool.rps);
    ps_engine_hold_day(engine, job);
    ps_engine_put_in(engine, job);
}

/* Ready jobs take free slots, settled ones ask again. While a job without a row is read, nothing
 * new is sent: it may hold the same records. */
static void advance(struct ps_engine *const engine, struct ps_job *const job,
                    const struct ps_now now)
{
    struct ps_pool_state *const pool = ps_engine_pool_of(engine, job);
    const enum ps_job_state before = job->state;
    /* Its time has come: what still holds it (a slot, a reader) is no matter of time. */
    job->wake_ms = now.steady_ms >= job->wake_ms ? 0 : job->wake_ms;
    if (engine->is_stopping) {
        advance_stopping(engine, job, now);
    } else if (ps_engine_sends_no_more(engine)) {
        advance_held(engine, job, now);
    } else if (must_be_cut_again(engine, job)) {
        ps_engine_move(engine, job, PS_FACT_STOP, NULL, now);
    } else if (job->state == PS_STATE_READY && ps_engine_may_create(engine, pool, job, now) &&
               !engine->is_shared) {
        ps_engine_begin_create(engine, job, now);
    }
    if (is_repeat_too_late(job, now)) {
        job->state = PS_STATE_LOOK_NAME;
    }
    if (job->state == PS_STATE_SETTLING && now.steady_ms >= job->wake_ms) {
        job->state = PS_STATE_ASKING;
    }
    if (job->state != before) {
        ps_engine_touch(engine, job);
    }
}

/* Planned jobs begin their way, a few ahead of their pool's slots; a stop lets them go. */
static void start_planned(struct ps_engine *const engine, const struct ps_now now)
{
    engine->is_money_short = false;
    if (engine->is_sharing_due) {
        engine->is_sharing_due = false;
        ps_engine_void_planned(engine, now);
    }
    for (int64_t place = 0; place < engine->options.pool_count; place++) {
        struct ps_pool_state *const pool = &engine->pools[place];
        pool->is_day_full = false;
        pool->is_gap_needed = false;
        pool->call_wake_ms = INT64_MAX;
        pool->slot_wake_ms = INT64_MAX;
        while (pool->planned.count > 0 &&
               (engine->is_stopping || (!ps_engine_sends_no_more(engine) &&
                                        pool->ahead < PS_JOBS_AHEAD && engine->foreign == 0))) {
            struct ps_job *const job =
                ps_engine_job_by_number(engine, ps_numbers_at(&pool->planned, 0));
            if (engine->is_stopping || must_be_cut_again(engine, job)) {
                ps_engine_move(engine, job, PS_FACT_STOP, NULL, now);
            } else if (ps_engine_is_misjudged(engine, job)) {
                ps_engine_void_planned(engine, now);
            } else if (ps_engine_is_on_demand(engine, job)) {
                if (!ps_engine_begin_calls(engine, job)) {
                    break;
                }
            } else {
                ps_engine_take_out(engine, job);
                job->quota_tokens = ps_engine_real_tokens(engine, job);
                job->state = PS_STATE_LOADING;
                ps_engine_put_in(engine, job);
                ps_engine_touch(engine, job);
            }
        }
    }
}

static bool wish_of(struct ps_engine *const engine, struct ps_job *const job,
                    const struct ps_now now, struct ps_wish *const ret_wish)
{
    const bool is_held_back =
        (ps_engine_sends_no_more(engine) &&
         (job->state < PS_STATE_CREATING || job->state == PS_STATE_CALLING)) ||
        (ps_engine_is_listing(job) && engine->reading >= engine->options.gets_max);
    if (is_held_back) {
        return false;
    }
    ps_engine_take_out(engine, job);
    const bool has_wish = ps_engine_job_wish(engine, job, now, ret_wish);
    ps_engine_put_in(engine, job);
    return has_wish;
}

static bool next_moving(struct ps_engine *const engine, const struct ps_now now,
                        struct ps_wish *const ret_wish)
{
    int64_t place = 0;
    while (place < engine->moving.count) {
        const int64_t number = ps_numbers_at(&engine->moving, place);
        struct ps_job *const job = ps_engine_job_by_number(engine, number);
        advance(engine, job, now);
        if (ps_job_holds_records(job) && wish_of(engine, job, now, ret_wish)) {
            return true;
        }
        place += place < engine->moving.count && ps_numbers_at(&engine->moving, place) == number;
    }
    return false;
}

/* A stop is all that a live job may wish for. */
static bool next_stop(struct ps_engine *const engine, const struct ps_now now,
                      struct ps_wish *const ret_wish)
{
    for (int64_t site = 0; engine->is_stopping && site < engine->site_count; site++) {
        const struct ps_numbers *const live = &engine->sites[site].live;
        for (int64_t place = 0; place < live->count; place++) {
            struct ps_job *const job = ps_engine_job_by_number(engine, ps_numbers_at(live, place));
            if (wish_of(engine, job, now, ret_wish)) {
                return true;
            }
        }
    }
    return false;
}

static bool next_wish(struct ps_engine *const engine, const struct ps_now now,
                      struct ps_wish *const ret_wish)
{
    start_planned(engine, now);
    ps_engine_ask_before_turns(engine, now);
    return next_moving(engine, now, ret_wish) || next_stop(engine, now, ret_wish) ||
           next_poll(engine, now, ret_wish) || next_cut(engine, ret_wish);
}

bool ps_engine_next(struct ps_engine *const engine, const struct ps_now now,
                    struct ps_wish *const ret_wish)
{
    engine->now = now;
    if (engine->phase != PS_PHASE_RUNNING || engine->is_pausing || engine->is_halting) {
        return false;
    }
    ps_engine_pass_days(engine, now);
    return engine->step == PS_START_DONE ? next_wish(engine, now, ret_wish)
                                         : ps_engine_next_step(engine, now, ret_wish);
}

static int64_t sooner(const int64_t left_ms, const int64_t right_ms)
{
    return left_ms < right_ms ? left_ms : right_ms;
}

int64_t ps_engine_wake_at_ms(const struct ps_engine *const engine)
{
    int64_t wake_ms = INT64_MAX;
    if (engine->is_pausing || engine->is_halting || engine->phase != PS_PHASE_RUNNING) {
        return INT64_MAX;
    }
    if (engine->step != PS_START_DONE) {
        return engine->is_step_open ? INT64_MAX : engine->step_wake_ms;
    }
    for (int64_t place = 0; place < engine->moving.count; place++) {
        const int64_t job_ms =
            ps_engine_find(engine, ps_numbers_at(&engine->moving, place))->wake_ms;
        wake_ms = job_ms > 0 ? sooner(wake_ms, job_ms) : wake_ms;
    }
    for (int64_t place = 0; place < engine->site_count; place++) {
        const struct ps_engine_site *const site = &engine->sites[place];
        wake_ms =
            (site->live.count > 0 || ps_engine_wants_others(engine, place)) && !site->is_poll_open
                ? sooner(wake_ms, site->poll_wake_ms)
                : wake_ms;
    }
    wake_ms = sooner(wake_ms, ps_engine_ask_at_ms(engine));
    for (int64_t place = 0; place < engine->options.pool_count; place++) {
        const struct ps_pool_state *const pool = &engine->pools[place];
        wake_ms =
            pool->is_day_full ? sooner(wake_ms, ps_day_wake_ms(&pool->day, engine->now)) : wake_ms;
        wake_ms = pool->is_gap_needed ? sooner(wake_ms, pool->gap_end_ms) : wake_ms;
        wake_ms = sooner(wake_ms, pool->call_wake_ms);
        wake_ms = sooner(wake_ms, pool->slot_wake_ms);
    }
    return wake_ms;
}
