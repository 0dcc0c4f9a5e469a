#include "core/engine_internal.h"

#include "base/assert.h"
#include "base/limits.h"
#include "core/pool.h"
#include "core/rules.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------ which lanes a step speaks for */

static bool is_same_folder(const struct ps_engine_lane *const left,
                           const struct ps_engine_lane *const right)
{
    return ps_str_equals(left->names.bucket, right->names.bucket) &&
           ps_str_equals(left->names.prefix, right->names.prefix);
}

/* Does what the step asks with one lane tell of the other too? */
static bool is_same(const enum ps_start_step step, const struct ps_lane_state *const left,
                    const struct ps_lane_state *const right)
{
    if (step == PS_START_IDENTITY) {
        return ps_str_equals(left->lane.profile, right->lane.profile);
    }
    return left->site == right->site &&
           (step == PS_START_LOOK || is_same_folder(&left->lane, &right->lane));
}

/* A lane on demand has no jobs at the service and no folder. */
static bool is_asked(const enum ps_start_step step, const struct ps_lane_state *const lane)
{
    return step == PS_START_IDENTITY || !lane->lane.is_on_demand;
}

/* From `lane` on, the next one that no lane before it speaks for; the count of lanes: none. */
static int64_t next_speaker(const struct ps_engine *const engine, int64_t lane)
{
    for (; lane < engine->options.lane_count; lane++) {
        int64_t other = 0;
        while (other < lane &&
               !(is_asked(engine->step, &engine->lanes[other]) &&
                 is_same(engine->step, &engine->lanes[other], &engine->lanes[lane]))) {
            other++;
        }
        if (other == lane && is_asked(engine->step, &engine->lanes[lane])) {
            return lane;
        }
    }
    return lane;
}

/* ------------------------------------------------ R1 */

static bool check_account(struct ps_engine *const engine, const struct ps_lane_state *const lane,
                          const char *const account)
{
    struct ps_error error;
    if (lane->account[0] == '\0' || strcmp(lane->account, account) == 0) {
        return true;
    }
    (void)ps_error_set(
        &error, PS_E_DENIED, PS_RETRY_NEVER,
        "cannot go on: this run belongs to account %.20s, and these credentials to %.20s",
        lane->account, account);
    (void)ps_error_hint(&error,
                        "Use the credentials (or --profile) that the run was started with.");
    ps_engine_halt(engine, &error);
    return false;
}

/* The account is the first thing that is held. */
static bool take_identity(struct ps_engine *const engine, const struct ps_fact *const fact)
{
    for (int64_t place = 0; place < engine->options.lane_count; place++) {
        struct ps_lane_state *const lane = &engine->lanes[place];
        if (!is_same(PS_START_IDENTITY, lane, &engine->lanes[engine->step_lane])) {
            continue;
        }
        if (!check_account(engine, lane, fact->text)) {
            return false;
        }
        ps_job_set_text(&lane->account, fact->text);
    }
    return true;
}

static bool is_one_pool(const struct ps_lane_state *const left,
                        const struct ps_lane_state *const right)
{
    return left->account[0] != '\0' && strcmp(left->account, right->account) == 0 &&
           left->lane.is_on_demand == right->lane.is_on_demand &&
           ps_str_equals(left->lane.region, right->lane.region) &&
           ps_str_equals(ps_pool_base_model(left->lane.model),
                         ps_pool_base_model(right->lane.model));
}

/* The smaller of two limits, where 0 and below is none. */
static int64_t smaller(const int64_t left, const int64_t right)
{
    return left <= 0 || (right > 0 && right < left) ? right : left;
}

static void join(struct ps_engine *const engine, const int64_t kept, const int64_t given_up)
{
    struct ps_pool_state *const pool = &engine->pools[kept];
    const struct ps_pool_state *const other = &engine->pools[given_up];
    for (int64_t place = 0; place < engine->job_count; place++) {
        struct ps_job *const job = &engine->jobs[place];
        if (ps_engine_pool_of(engine, job) == other && job->day_end_ms != 0 &&
            job->day_end_ms == other->day.end_ms) {
            job->day_end_ms = pool->day.end_ms;
        }
    }
    pool->pool.jobs_max = smaller(pool->pool.jobs_max, other->pool.jobs_max);
    pool->pool.tpd = smaller(pool->pool.tpd, other->pool.tpd);
    pool->pool.tpm = smaller(pool->pool.tpm, other->pool.tpm);
    pool->pool.rps = smaller(pool->pool.rps, other->pool.rps);
    ps_engine_begin_limits(engine, kept);
    for (int64_t lane = 0; lane < engine->options.lane_count; lane++) {
        if (engine->lanes[lane].lane.pool == given_up) {
            engine->lanes[lane].lane.pool = kept;
        }
    }
}

void ps_engine_join_pools(struct ps_engine *const engine)
{
    for (int64_t place = 0; place < engine->job_count; place++) {
        ps_engine_leave(engine, &engine->jobs[place]);
    }
    for (int64_t lane = 0; lane < engine->options.lane_count; lane++) {
        for (int64_t other = 0; other < lane; other++) {
            if (engine->lanes[other].lane.pool != engine->lanes[lane].lane.pool &&
                is_one_pool(&engine->lanes[other], &engine->lanes[lane])) {
                join(engine, engine->lanes[other].lane.pool, engine->lanes[lane].lane.pool);
            }
        }
    }
    ps_engine_find_teachers(engine);
    for (int64_t place = 0; place < engine->job_count; place++) {
        ps_engine_put_in(engine, &engine->jobs[place]);
        ps_engine_add_estimate(engine, &engine->jobs[place]);
    }
    for (int64_t place = 0; place < engine->options.pool_count; place++) {
        struct ps_pool_state *const pool = &engine->pools[place];
        ps_calls_init(&pool->calls, pool->pool.rps, pool->pool.tpm, pool->pool.burndown);
        pool->call_wake_ms = INT64_MAX;
    }
}

/* ------------------------------------------------ jobs without a row */

/* Which lane made it: the Region's lane of its model and its bucket, as far as one can be told. */
static int64_t lane_of(const struct ps_engine *const engine, const struct ps_job_view *const view)
{
    const struct ps_str model = ps_pool_base_model(ps_str_of(view->model));
    int64_t best = engine->step_lane;
    int best_marks = -1;
    for (int64_t place = 0; place < engine->options.lane_count; place++) {
        const struct ps_lane_state *const lane = &engine->lanes[place];
        if (!is_same(PS_START_LOOK, lane, &engine->lanes[engine->step_lane])) {
            continue;
        }
        struct ps_buf uri PS_CLEANUP(ps_buf_release);
        ps_buf_init(&uri, PS_REQUEST_BYTES_MAX);
        ps_names_add_uri(&uri, &lane->lane.names, lane->lane.names.prefix);
        const int marks =
            (ps_str_equals(ps_pool_base_model(lane->lane.model), model) ? 2 : 0) +
            (ps_str_starts_with(ps_str_of(view->input_uri), ps_buf_str(&uri)) ? 1 : 0);
        if (marks > best_marks) {
            best_marks = marks;
            best = place;
        }
    }
    return best;
}

/* A job of the run's prefix at the service: is there a row that knows it? If not, it holds what it
 * holds. */
static void match_foreign(struct ps_engine *const engine, const struct ps_job_view *const view)
{
    int64_t number = 0;
    int64_t attempt = 0;
    if (!ps_names_parse_job(&engine->lanes[0].lane.names, ps_str_of(view->name), &number,
                            &attempt)) {
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
    } else {
        ps_engine_leave(engine, job);
    }
    job->lane = lane_of(engine, view);
    job->attempt = attempt;
    job->state = PS_STATE_FOREIGN_LIST;
    job->wake_ms = 0;
    job->tries = 0;
    ps_job_set_text(&job->token, view->token);
    ps_job_set_text(&job->request, NULL);
    ps_job_set_text(&job->arn, view->arn);
    job->signed_wall_ms = view->submitted_at_ms;
    ps_engine_put_in(engine, job);
    ps_engine_touch(engine, job);
}

/*
 * Folders of jobs that no row knows: the store is behind (it was put back from a copy). Their
 * numbers are never used again (R5).
 */
static void take_numbers(struct ps_engine *const engine, const struct ps_fact *const fact)
{
    for (int64_t object = 0; object < fact->object_count; object++) {
        int64_t number = 0;
        int64_t attempt = 0;
        if (!ps_names_parse_in_prefix(&engine->lanes[engine->step_lane].lane.names,
                                      ps_str_of(fact->objects[object].key), &number, &attempt)) {
            continue;
        }
        const struct ps_job *const job = ps_engine_job_by_number(engine, number);
        engine->is_behind = engine->is_behind || job == NULL || job->attempt < attempt;
        engine->next_number = number >= engine->next_number ? number + 1 : engine->next_number;
    }
}

/* R2: a create that the store forgot may still be on its way, and lists show it late. */
static void wait_for_late_jobs(struct ps_engine *const engine, const struct ps_now now)
{
    engine->has_waited = true;
    engine->step = PS_START_LOOK;
    engine->step_wake_ms = now.steady_ms + PS_SIGNING_SLACK_MS + PS_SIGNATURE_MS + PS_LIST_LAG_MS;
}

/* ------------------------------------------------ steps */

/* The step has asked with all its lanes. */
static void end_step(struct ps_engine *const engine, const struct ps_now now)
{
    if (engine->step == PS_START_IDENTITY) {
        ps_engine_join_pools(engine);
    }
    if (engine->step == PS_START_NUMBERS && engine->is_behind && !engine->has_waited) {
        wait_for_late_jobs(engine, now);
    } else {
        engine->step = (enum ps_start_step)(engine->step + 1);
    }
}

/* To the next lane that the step must ask with, or to the first one of a later step. */
static void step_on(struct ps_engine *const engine, const struct ps_now now)
{
    engine->step_lane = next_speaker(engine, engine->step_lane + 1);
    while (engine->step != PS_START_DONE && engine->step_lane >= engine->options.lane_count) {
        end_step(engine, now);
        engine->step_lane = next_speaker(engine, 0);
    }
}

void ps_engine_handle_step(struct ps_engine *const engine, const struct ps_fact *const fact,
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
    if (engine->step == PS_START_NUMBERS) {
        take_numbers(engine, fact);
    }
    step_on(engine, now);
}

bool ps_engine_next_step(struct ps_engine *const engine, const struct ps_now now,
                         struct ps_wish *const ret_wish)
{
    static const enum ps_wish_kind kinds[] = {
        [PS_START_IDENTITY] = PS_WISH_IDENTITY,
        [PS_START_LOOK] = PS_WISH_LIST_JOBS,
        [PS_START_NUMBERS] = PS_WISH_LIST_OBJECTS,
        [PS_START_SWEEP] = PS_WISH_ABORT_UPLOADS,
    };
    const struct ps_names *const names = &engine->lanes[engine->step_lane].lane.names;
    struct ps_wish wish = {
        .kind = kinds[engine->step], .lane = engine->step_lane, .job = -1, .shard = -1};
    if (engine->is_step_open || now.steady_ms < engine->step_wake_ms) {
        return false;
    }
    ps_buf_clear(&engine->key);
    ps_names_add_run_prefix(&engine->key, names);
    if (engine->step == PS_START_NUMBERS) {
        ps_buf_add_text(&engine->key, "in/");
        wish.is_shallow = true;
    }
    wish.key = ps_buf_str(&engine->key);
    wish.text = names->run;
    engine->is_step_open = true;
    *ret_wish = wish;
    return true;
}
