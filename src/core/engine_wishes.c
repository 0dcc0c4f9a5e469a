#include "core/engine_internal.h"

#include "base/assert.h"
#include "base/limits.h"
#include "core/job_request.h"
#include "core/rules.h"

#include <string.h>
#include <xxhash.h>

static void add_token(struct ps_engine *const engine, struct ps_job *const job)
{
    struct ps_buf seed PS_CLEANUP(ps_buf_release);
    struct ps_buf token PS_CLEANUP(ps_buf_release);
    ps_buf_init(&seed, PS_REQUEST_BYTES_MAX);
    ps_buf_init(&token, PS_REQUEST_BYTES_MAX);
    ps_buf_add(&seed, engine->options.nonce);
    ps_names_add_job(&seed, ps_engine_names(engine, job), job->number, job->attempt);
    const XXH128_hash_t hash = XXH3_128bits(seed.data, seed.size);
    ps_buf_add_format(&token, "ps-%016llx%016llx", (unsigned long long)hash.high64,
                      (unsigned long long)hash.low64);
    ps_job_set_text(&job->token, ps_buf_text(&token));
}

/* R5: the URI ends in '/', or names the object when there is one. */
static void add_input_uri(struct ps_engine *const engine, const struct ps_job *const job,
                          struct ps_buf *const uri)
{
    struct ps_buf key PS_CLEANUP(ps_buf_release);
    ps_buf_init(&key, PS_REQUEST_BYTES_MAX);
    if (job->shard_count == 1) {
        ps_names_add_shard_key(&key, ps_engine_names(engine, job), job->number, job->attempt, 0);
    } else {
        ps_names_add_in_prefix(&key, ps_engine_names(engine, job), job->number, job->attempt);
    }
    ps_names_add_uri(uri, ps_engine_names(engine, job), ps_buf_str(&key));
}

/* The intent's exact body: made once for an attempt, replayed ever after. */
static void make_request(struct ps_engine *const engine, struct ps_job *const job)
{
    const struct ps_engine_lane *const lane = &engine->lanes[job->lane].lane;
    struct ps_buf name PS_CLEANUP(ps_buf_release);
    struct ps_buf input PS_CLEANUP(ps_buf_release);
    struct ps_buf prefix PS_CLEANUP(ps_buf_release);
    struct ps_buf output PS_CLEANUP(ps_buf_release);
    struct ps_buf body PS_CLEANUP(ps_buf_release);
    ps_buf_init(&name, PS_REQUEST_BYTES_MAX);
    ps_buf_init(&input, PS_REQUEST_BYTES_MAX);
    ps_buf_init(&prefix, PS_REQUEST_BYTES_MAX);
    ps_buf_init(&output, PS_REQUEST_BYTES_MAX);
    ps_buf_init(&body, PS_REQUEST_BYTES_MAX);
    add_token(engine, job);
    ps_names_add_job(&name, ps_engine_names(engine, job), job->number, job->attempt);
    add_input_uri(engine, job, &input);
    ps_names_add_out_prefix(&prefix, ps_engine_names(engine, job), job->number, job->attempt);
    ps_names_add_uri(&output, ps_engine_names(engine, job), ps_buf_str(&prefix));
    ps_job_request_write(&body, &(struct ps_job_request){
                                    .name = ps_buf_str(&name),
                                    .token = ps_str_of(job->token),
                                    .model = lane->model,
                                    .role_arn = lane->role_arn,
                                    .input_uri = ps_buf_str(&input),
                                    .output_uri = ps_buf_str(&output),
                                    .is_converse = engine->options.is_converse,
                                    .timeout_hours = engine->options.timeout_hours,
                                });
    ps_job_set_text(&job->request, ps_buf_text(&body));
}

static void wish_create(struct ps_engine *const engine, struct ps_job *const job,
                        const struct ps_now now, struct ps_wish *const wish)
{
    if (job->request == NULL) {
        make_request(engine, job);
    }
    if (job->first_signed_ms == 0) {
        job->first_signed_ms = now.steady_ms;
        job->signed_wall_ms = now.wall_ms;
    }
    job->last_signed_ms = now.steady_ms;
    job->empty_looks = 0;
    wish->text = ps_str_of(job->request);
}

static bool wish_put(struct ps_engine *const engine, struct ps_job *const job,
                     struct ps_wish *const wish)
{
    while (job->next_put < job->shard_count &&
           (job->shards[job->next_put].is_open ||
            job->shards[job->next_put].put_attempt == job->attempt)) {
        job->next_put++;
    }
    if (job->next_put >= job->shard_count || engine->open_puts >= engine->options.puts_max) {
        return false;
    }
    wish->shard = job->next_put++;
    job->shards[wish->shard].is_open = true;
    ps_names_add_shard_key(&engine->key, ps_engine_names(engine, job), job->number, job->attempt,
                           wish->shard);
    wish->key = ps_buf_str(&engine->key);
    engine->open_puts++;
    return true;
}

static void wish_get(const struct ps_job *const job, struct ps_wish *const wish)
{
    struct ps_str key = {NULL, 0};
    int64_t size_bytes = 0;
    PS_ASSERT(ps_job_listed(job, &key, &size_bytes));
    wish->shard = job->fetched_count;
    wish->key = key;
    wish->offset = job->fetch_offset;
    wish->etag = job->fetch_offset > 0 ? ps_str_of(job->fetch_etag) : PS_STR("");
}

static void wish_list_objects(struct ps_engine *const engine, const struct ps_job *const job,
                              struct ps_wish *const wish)
{
    if (job->state == PS_STATE_CHECKING || job->state == PS_STATE_FOREIGN_LIST) {
        ps_names_add_in_prefix(&engine->key, ps_engine_names(engine, job), job->number,
                               job->attempt);
    } else {
        ps_names_add_out_prefix(&engine->key, ps_engine_names(engine, job), job->number,
                                job->attempt);
    }
    wish->key = ps_buf_str(&engine->key);
}

static void wish_look(struct ps_engine *const engine, struct ps_job *const job,
                      const struct ps_now now, struct ps_wish *const wish)
{
    job->look_ms = now.steady_ms;
    if (job->is_reloaded) {
        /* Over a restart the steady clock rests on the wall's: count from now, whatever that did.
         */
        job->last_signed_ms = now.steady_ms;
        job->is_reloaded = false;
    }
    ps_names_add_job(&engine->text, ps_engine_names(engine, job), job->number, job->attempt);
    wish->text = ps_buf_str(&engine->text);
    wish->after_ms = job->signed_wall_ms - PS_SUBMIT_MARGIN_MS;
}

static bool fill(struct ps_engine *const engine, struct ps_job *const job, const struct ps_now now,
                 struct ps_wish *const wish)
{
    switch (wish->kind) {
    case PS_WISH_PUT_SHARD:
        return wish_put(engine, job, wish);
    case PS_WISH_GET_OBJECT:
        wish_get(job, wish);
        return true;
    case PS_WISH_LIST_OBJECTS:
        wish_list_objects(engine, job, wish);
        return true;
    case PS_WISH_CREATE_JOB:
        wish_create(engine, job, now, wish);
        return true;
    case PS_WISH_LIST_JOBS:
        wish_look(engine, job, now, wish);
        return true;
    case PS_WISH_INVOKE:
        return ps_engine_call_wish(engine, job, now, wish);
    case PS_WISH_CLOSE_JOB:
        wish->shard = (int64_t)job->verdict;
        return true;
    default:
        wish->text = ps_str_of(job->arn);
        return true;
    }
}

bool ps_engine_job_wish(struct ps_engine *const engine, struct ps_job *const job,
                        const struct ps_now now, struct ps_wish *const ret_wish)
{
    struct ps_wish wish = {.lane = job->lane, .job = job->number, .shard = -1};
    /* Puts of one job go side by side, and so do calls; everything else is one at a time. */
    const bool is_alone = job->state != PS_STATE_PUTTING && job->state != PS_STATE_CALLING;
    if (now.steady_ms < job->wake_ms || (job->open_wishes > 0 && is_alone)) {
        return false;
    }
    if (job->state == PS_STATE_LIVE && engine->is_stopping && !job->is_stop_asked &&
        now.steady_ms >= job->stop_wake_ms) {
        wish.kind = PS_WISH_STOP_JOB;
        job->is_stop_asked = true;
    } else if (!ps_job_states_wish(job->state, &wish.kind)) {
        return false;
    }
    ps_buf_clear(&engine->key);
    ps_buf_clear(&engine->text);
    if (!fill(engine, job, now, &wish)) {
        return false;
    }
    job->open_wishes++;
    ps_engine_touch(engine, job);
    *ret_wish = wish;
    return true;
}
