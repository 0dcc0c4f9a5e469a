#include "core/engine_internal.h"

#include "base/assert.h"
#include "base/limits.h"
#include "core/job_request.h"
#include "core/rules.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------ what a fact is to a job */

static enum ps_job_fact failure_of(const struct ps_fact *const fact)
{
    if (fact->outcome == PS_OUTCOME_UNKNOWN) {
        return PS_FACT_UNKNOWN;
    }
    return fact->error.retry == PS_RETRY_NEVER ? PS_FACT_NEVER : PS_FACT_LATER;
}

static bool all_put(const struct ps_job *const job)
{
    for (int64_t shard = 0; shard < job->shard_count; shard++) {
        if (job->shards[shard].put_attempt != job->attempt) {
            return false;
        }
    }
    return true;
}

static enum ps_job_fact put_fact(struct ps_job *const job, const struct ps_fact *const fact)
{
    PS_ASSERT(fact->shard >= 0 && fact->shard < job->shard_count);
    job->shards[fact->shard].is_open = false;
    if (fact->outcome != PS_OUTCOME_YES) {
        job->next_put = 0;
        if (fact->error.status == PS_E_NOT_FOUND &&
            strcmp(fact->error.aws_code, PS_CODE_INPUT_GONE) == 0) {
            return PS_FACT_EMPTY;
        }
        return failure_of(fact);
    }
    job->shards[fact->shard].put_attempt = job->attempt;
    return all_put(job) ? PS_FACT_DONE : PS_FACT_PART;
}

/* Looks from the object at *place on, and around: in key order the next shard stands right there.
 */
static const struct ps_object_view *find_object(const struct ps_fact *const fact,
                                                const struct ps_str key, int64_t *const place)
{
    for (int64_t looked = 0; looked < fact->object_count; looked++) {
        const struct ps_object_view *const object = &fact->objects[*place];
        *place = *place + 1 < fact->object_count ? *place + 1 : 0;
        if (ps_str_equals(ps_str_of(object->key), key)) {
            return object;
        }
    }
    return NULL;
}

/* R5: before a create, one listing equals the intent's keys and sizes. */
static enum ps_job_fact check_fact(struct ps_engine *const engine, struct ps_job *const job,
                                   const struct ps_fact *const fact,
                                   struct ps_error *const ret_error)
{
    bool is_missing = false;
    int64_t place = 0;
    if (fact->outcome != PS_OUTCOME_YES) {
        return failure_of(fact);
    }
    if (fact->object_count > job->shard_count) {
        (void)ps_error_set(ret_error, PS_E_CONFLICT, PS_RETRY_NEVER,
                           "cannot create job %lld: its folder holds objects that are not ours",
                           (long long)job->number);
        (void)ps_error_hint(
            ret_error,
            "Everything under the run's prefix belongs to the run: move the others away.");
        return PS_FACT_DIFFERENT;
    }
    for (int64_t shard = 0; shard < job->shard_count; shard++) {
        ps_buf_clear(&engine->key);
        ps_names_add_shard_key(&engine->key, ps_engine_names(engine, job), job->number,
                               job->attempt, shard);
        const struct ps_object_view *const object =
            find_object(fact, ps_buf_str(&engine->key), &place);
        if (object == NULL) {
            job->shards[shard].put_attempt = 0;
            job->next_put = 0;
            is_missing = true;
        } else if (object->size_bytes != job->shards[shard].bytes) {
            (void)ps_error_set(ret_error, PS_E_CONFLICT, PS_RETRY_NEVER,
                               "cannot create job %lld: shard %lld has %lld bytes instead of %lld",
                               (long long)job->number, (long long)shard + 1,
                               (long long)object->size_bytes, (long long)job->shards[shard].bytes);
            (void)ps_error_hint(ret_error,
                                "Somebody wrote under the run's prefix; start again with --new.");
            return PS_FACT_DIFFERENT;
        }
    }
    if (is_missing) {
        (void)ps_error_set(ret_error, PS_E_NOT_FOUND, PS_RETRY_LATER,
                           "could not create job %lld: objects that were put are not listed",
                           (long long)job->number);
        (void)ps_error_hint(ret_error, "Is something deleting under the run's prefix?");
        return PS_FACT_EMPTY;
    }
    return PS_FACT_DONE;
}

/* A "no" speaks of its own call alone: after a repeat, what an earlier one did stays unknown. */
static enum ps_job_fact create_fact(struct ps_job *const job, const struct ps_fact *const fact)
{
    if (fact->outcome == PS_OUTCOME_YES) {
        ps_job_set_text(&job->arn, fact->text);
        return PS_FACT_DONE;
    }
    if (fact->outcome == PS_OUTCOME_NO && job->state == PS_STATE_CREATING) {
        job->first_signed_ms = 0; /* as if never signed */
        job->last_signed_ms = 0;
        ps_job_set_text(&job->request, NULL); /* a role that was mistyped may be another by then */
    }
    return failure_of(fact);
}

/* R2 (a): the exact name, nothing that only contains it. */
static enum ps_job_fact name_fact(struct ps_engine *const engine, struct ps_job *const job,
                                  const struct ps_fact *const fact)
{
    if (fact->outcome != PS_OUTCOME_YES) {
        return failure_of(fact);
    }
    ps_buf_clear(&engine->text);
    ps_names_add_job(&engine->text, ps_engine_names(engine, job), job->number, job->attempt);
    for (int64_t row = 0; row < fact->job_count; row++) {
        if (ps_str_equals(ps_str_of(fact->jobs[row].name), ps_buf_str(&engine->text))) {
            ps_job_set_text(&job->arn, fact->jobs[row].arn);
            return PS_FACT_FOUND;
        }
    }
    return PS_FACT_EMPTY;
}

/* R2 (a): Get must show our token and our input. */
static enum ps_job_fact token_fact(struct ps_engine *const engine, struct ps_job *const job,
                                   const struct ps_fact *const fact,
                                   struct ps_error *const ret_error)
{
    if (fact->outcome != PS_OUTCOME_YES) {
        return fact->outcome == PS_OUTCOME_NO && fact->error.status == PS_E_NOT_FOUND
                   ? PS_FACT_EMPTY
                   : failure_of(fact);
    }
    PS_ASSERT(fact->job_count == 1);
    if (ps_job_request_is_of(ps_str_of(job->request), ps_str_of(fact->jobs[0].token),
                             ps_str_of(fact->jobs[0].input_uri))) {
        ps_job_set_text(&job->arn, fact->jobs[0].arn);
        ps_engine_note_view(engine, job, &fact->jobs[0]);
        return PS_FACT_DONE;
    }
    (void)ps_error_set(ret_error, PS_E_CONFLICT, PS_RETRY_NEVER,
                       "cannot adopt job '%.100s': it has our name, and another token or input",
                       fact->jobs[0].name);
    (void)ps_error_hint(ret_error, "Somebody else made it. Start this run again with --new.");
    return PS_FACT_DIFFERENT;
}

/* The service's ids: twelve small letters and digits. */
static bool is_job_id(const struct ps_str text)
{
    for (size_t place = 0; place < text.size; place++) {
        const char byte = text.data[place];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))) {
            return false;
        }
    }
    return text.size == 12;
}

/* R2 (b): whatever lies under the attempt's own output prefix proves the job, and its folder names
 * it. */
static enum ps_job_fact output_fact(struct ps_engine *const engine, struct ps_job *const job,
                                    const struct ps_fact *const fact,
                                    struct ps_error *const ret_error)
{
    if (fact->outcome != PS_OUTCOME_YES) {
        return failure_of(fact);
    }
    if (fact->object_count == 0) {
        return PS_FACT_EMPTY;
    }
    ps_buf_clear(&engine->text);
    ps_names_add_out_prefix(&engine->text, ps_engine_names(engine, job), job->number, job->attempt);
    for (int64_t object = 0; object < fact->object_count; object++) {
        const struct ps_str key = ps_str_of(fact->objects[object].key);
        const struct ps_str rest = ps_str_part(key, engine->text.size, key.size);
        const struct ps_str id = ps_str_part(rest, 0, ps_str_find(rest, '/'));
        if (is_job_id(id) && id.size < rest.size) {
            char *const text = ps_str_dup(id);
            ps_job_set_text(&job->arn, text);
            free(text);
            return PS_FACT_FOUND;
        }
    }
    (void)ps_error_set(ret_error, PS_E_CONFLICT, PS_RETRY_LATER,
                       "could not find job %lld: something has written to its output folder, and "
                       "no list shows the job",
                       (long long)job->number);
    (void)ps_error_hint(ret_error,
                        "Everything under the run's prefix belongs to the run: move the others "
                        "away.");
    return PS_FACT_DIFFERENT;
}

void ps_engine_note_view(struct ps_engine *const engine, struct ps_job *const job,
                         const struct ps_job_view *const view)
{
    /* I19: a late answer never takes an end back. */
    if (ps_job_status_is_terminal(job->status) && !ps_job_status_is_terminal(view->status)) {
        return;
    }
    job->status = view->status;
    job->total = view->total_count > job->total ? view->total_count : job->total;
    job->processed =
        view->processed_count > job->processed ? view->processed_count : job->processed;
    if (view->success_count >= 0 && view->error_count >= 0) {
        job->counted = view->success_count + view->error_count;
        job->errors = view->error_count > job->errors ? view->error_count : job->errors;
    }
    if (view->message != NULL && view->message[0] != '\0') {
        ps_job_set_text(&job->message, view->message);
    }
    ps_engine_touch(engine, job);
}

/* What an earlier Get called ended is not taken back by a late answer, nor by a job that aged out.
 */
static enum ps_job_fact get_again_fact(struct ps_engine *const engine, struct ps_job *const job,
                                       const struct ps_fact *const fact)
{
    if (fact->outcome == PS_OUTCOME_YES) {
        PS_ASSERT(fact->job_count == 1);
        ps_engine_note_view(engine, job, &fact->jobs[0]);
        return PS_FACT_SEEN_END;
    }
    return fact->outcome == PS_OUTCOME_NO && fact->error.status == PS_E_NOT_FOUND
               ? PS_FACT_SEEN_END
               : failure_of(fact);
}

static enum ps_job_fact get_fact(struct ps_engine *const engine, struct ps_job *const job,
                                 const struct ps_fact *const fact, const struct ps_now now)
{
    if (job->ended_ms != 0) {
        return get_again_fact(engine, job, fact);
    }
    if (fact->outcome != PS_OUTCOME_YES) {
        return fact->outcome == PS_OUTCOME_NO && fact->error.status == PS_E_NOT_FOUND
                   ? PS_FACT_EMPTY
                   : failure_of(fact);
    }
    PS_ASSERT(fact->job_count == 1);
    ps_engine_note_view(engine, job, &fact->jobs[0]);
    if (ps_job_status_is_terminal(fact->jobs[0].status)) {
        return PS_FACT_SEEN_END;
    }
    if (job->is_stop_asked && job->status != PS_JOB_STOPPING) {
        /* The stop did not take: once more, later. */
        job->is_stop_asked = false;
        job->stop_wake_ms = now.steady_ms + engine->options.poll_ms;
    }
    return PS_FACT_SEEN_LIVE;
}

/* FNV-1a: only equality of two listings of one job hangs on it. */
#define DIGEST_BEGIN UINT64_C(14695981039346656037)
#define DIGEST_FACTOR UINT64_C(1099511628211)

/* The text and its end, so that two texts are not one. */
static uint64_t digest_text(const uint64_t before, const char *const text)
{
    uint64_t digest = before;
    for (const char *at = text == NULL ? "" : text; *at != '\0'; at++) {
        digest = (digest ^ (unsigned char)*at) * DIGEST_FACTOR;
    }
    return digest * DIGEST_FACTOR;
}

/* Keys are the service's, and whoever else may write there: one that would break our rows is left
 * out. */
static bool add_listed(struct ps_buf *const listing, const struct ps_object_view *const object,
                       uint64_t *const digest)
{
    *digest = digest_text(*digest, object->key);
    *digest = digest_text(*digest, object->etag);
    *digest = (*digest ^ (uint64_t)object->size_bytes) * DIGEST_FACTOR;
    return ps_buf_append_format(listing, "%lld %s\n", (long long)object->size_bytes, object->key);
}

/* From the first object on. */
static void rewind_listing(struct ps_job *const job)
{
    job->fetched_count = 0;
    job->fetch_offset = 0;
    job->listing_at = 0;
}

/* The objects at hand were tallied before, and each had been read whole: the same comes out. */
static bool is_tallied(const struct ps_job *const job)
{
    return job->state == PS_STATE_LISTING && job->is_read && job->listing_ms != 0 &&
           job->listing_seen == job->listing_digest;
}

static enum ps_job_fact no_input(const struct ps_job *const job, struct ps_error *const ret_error)
{
    (void)ps_error_set(ret_error, PS_E_NOT_FOUND, PS_RETRY_NEVER,
                       "cannot go on: job %lld is at the service, this run's state does not know "
                       "it, and its input objects are gone",
                       (long long)job->number);
    (void)ps_error_hint(ret_error,
                        "Which records it holds cannot be told: start again with --new.");
    return PS_FACT_EMPTY;
}

static enum ps_job_fact listing_fact(struct ps_job *const job, const struct ps_fact *const fact,
                                     struct ps_error *const ret_error)
{
    if (fact->outcome != PS_OUTCOME_YES) {
        return failure_of(fact);
    }
    struct ps_buf listing PS_CLEANUP(ps_buf_release);
    int64_t count = 0;
    uint64_t digest = DIGEST_BEGIN;
    ps_buf_init(&listing, PS_ANSWER_BYTES_MAX);
    for (int64_t object = 0; object < fact->object_count; object++) {
        if (strchr(fact->objects[object].key, '\n') != NULL) {
            continue;
        }
        if (!add_listed(&listing, &fact->objects[object], &digest)) {
            (void)ps_error_set(ret_error, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                               "cannot read the output of job %lld: %lld objects are too many",
                               (long long)job->number, (long long)fact->object_count);
            return PS_FACT_NEVER;
        }
        count++;
    }
    ps_job_set_text(&job->listing, ps_buf_text(&listing));
    job->listing_count = count;
    job->listing_seen = (int64_t)(digest >> 1);
    rewind_listing(job);
    if (is_tallied(job)) {
        return PS_FACT_EMPTY; /* nothing to fetch */
    }
    job->is_read = job->state == PS_STATE_LISTING;
    if (count == 0 && job->state == PS_STATE_FOREIGN_LIST) {
        return no_input(job, ret_error);
    }
    return count == 0 ? PS_FACT_EMPTY : PS_FACT_DONE;
}

static enum ps_job_fact next_object(struct ps_job *const job)
{
    job->fetch_offset = 0;
    job->fetched_count++;
    ps_job_pass_listed(job);
    return job->fetched_count >= job->listing_count ? PS_FACT_DONE : PS_FACT_PART;
}

static enum ps_job_fact object_fact(struct ps_job *const job, const struct ps_fact *const fact)
{
    if (fact->outcome == PS_OUTCOME_YES) {
        return next_object(job);
    }
    if (fact->error.status == PS_E_NOT_FOUND && job->state == PS_STATE_FETCHING) {
        job->is_read = false;
        return next_object(job); /* it was listed, and is gone: R3 counts the lines that are left */
    }
    if (fact->error.status == PS_E_NOT_FOUND || fact->error.status == PS_E_CONFLICT) {
        job->fetch_offset = 0; /* another object stands there now, or none: from its start */
        return PS_FACT_DIFFERENT;
    }
    /* The tail may come later; what has come is kept where its object is known again. */
    job->fetch_offset = fact->text == NULL || fact->text[0] == '\0' ? 0 : fact->bytes;
    ps_job_set_text(&job->fetch_etag, fact->text);
    return fact->error.retry == PS_RETRY_NEVER ? PS_FACT_NEVER : PS_FACT_LATER;
}

/* What was read is lost: the listing's objects are read anew; without any, it is listed again. */
static enum ps_job_fact tally_fact(const struct ps_job *const job, const struct ps_fact *const fact)
{
    const enum ps_job_fact word = fact->outcome == PS_OUTCOME_YES ? PS_FACT_DONE : failure_of(fact);
    const bool is_lost = word == PS_FACT_LATER || word == PS_FACT_UNKNOWN;
    return is_lost && job->listing_count == 0 ? PS_FACT_EMPTY : word;
}

static enum ps_job_fact local_fact(const struct ps_fact *const fact)
{
    return fact->outcome == PS_OUTCOME_YES ? PS_FACT_DONE : failure_of(fact);
}

/* ------------------------------------------------ the moves */

static void back_off(struct ps_engine *const engine, struct ps_job *const job,
                     const struct ps_error *const error, const struct ps_now now)
{
    if (now.steady_ms < job->wake_ms) {
        return; /* one of several that went out together: the pause is on already */
    }
    job->tries++;
    job->wake_ms = now.steady_ms + ps_engine_pause_ms(engine, job->tries);
    if (job->tries <= PS_TRIES_MAX || !ps_engine_goes_on(engine, job->lane, error)) {
        ps_engine_halt_if_hopeless(engine, error, job->tries, PS_TRIES_MAX);
    }
}

/* What comes before the create is cut anew where its lane is lost; what is at the service is asked
 * for again now and then, until nothing else is left to do. */
static void halt(struct ps_engine *const engine, struct ps_job *const job,
                 const struct ps_error *const error, const struct ps_now now)
{
    if (ps_engine_goes_on(engine, job->lane, error)) {
        job->wake_ms = now.steady_ms + PS_BACKOFF_CAP_MS;
    } else {
        ps_engine_halt(engine, error);
    }
}

static void resend_put(struct ps_engine *const engine, struct ps_job *const job,
                       const struct ps_error *const error, const struct ps_now now)
{
    job->resends++;
    job->wake_ms = now.steady_ms + ps_engine_pause_ms(engine, job->resends);
    if (job->resends > PS_RESENDS_MAX) {
        ps_engine_halt(engine, error);
    }
}

static void free_shards(struct ps_job *const job)
{
    free(job->shards);
    job->shards = NULL;
    job->next_put = 0;
}

static void act(struct ps_engine *const engine, struct ps_job *const job,
                const struct ps_job_cell cell, const struct ps_tally *const tally,
                const struct ps_error *const error, const struct ps_now now)
{
    job->state = cell.next;
    switch (cell.action) {
    case PS_ACT_GO:
    case PS_ACT_ADOPT:
        job->tries = 0;
        job->wake_ms = 0;
        break;
    case PS_ACT_NOTHING: /* seen to by move(): does not come here */
    case PS_ACT_STEP:
        job->wake_ms = 0;
        break;
    case PS_ACT_PART:
        job->tries = 0;
        break;
    case PS_ACT_RESEND_PUT:
        resend_put(engine, job, error, now);
        break;
    case PS_ACT_BACK_OFF:
        back_off(engine, job, error, now);
        break;
    case PS_ACT_HALT:
        halt(engine, job, error, now);
        break;
    case PS_ACT_INPUT_GONE:
        job->verdict = PS_VERDICT_INPUT_GONE;
        job->cost_usd_micros = 0; /* never sent */
        break;
    case PS_ACT_REPEAT_OR_PROVE:
        ps_engine_repeat_or_prove(engine, job, now);
        break;
    case PS_ACT_NOTE_END:
        ps_engine_see_end(engine, job, now);
        job->ended_ms = job->ended_ms == 0 ? now.steady_ms : job->ended_ms;
        job->tries = 0;
        break;
    case PS_ACT_JUDGE:
        ps_engine_judge(engine, job, tally, now);
        break;
    case PS_ACT_VOID:
        engine->is_cut_due = true;
        engine->unsent = -1;
        break;
    }
}

static void move(struct ps_engine *const engine, struct ps_job *const job,
                 const enum ps_job_fact word, const struct ps_tally *const tally,
                 const struct ps_error *const error, const struct ps_now now)
{
    const enum ps_job_state before = job->state;
    const struct ps_job_cell cell = ps_job_states_cell(before, word);
    if (cell.action == PS_ACT_NOTHING) {
        return;
    }
    act(engine, job, cell, tally, error, now);
    ps_engine_touch(engine, job);
    if (job->state == before) {
        return;
    }
    ps_engine_end_calls(engine, job, before);
    ps_engine_tell_move(engine, job, before, word, tally);
    if (job->state == PS_STATE_READY || job->state == PS_STATE_LOADING) {
        ps_engine_free_day(job); /* surely not at the service */
    }
    if (job->state == PS_STATE_READY || job->state == PS_STATE_VOID ||
        job->state == PS_STATE_CLOSING || job->state == PS_STATE_LOADING) {
        free_shards(job);
    }
    if (job->state == PS_STATE_SETTLING || job->state == PS_STATE_DONE) {
        ps_job_set_text(&job->listing, NULL);
    }
    if (before == PS_STATE_TALLYING && job->state == PS_STATE_FETCHING) {
        job->is_read = true; /* what had been read is lost: all of it anew */
        rewind_listing(job);
    }
    if (job->state == PS_STATE_LISTING) {
        job->is_read = job->is_read && before == PS_STATE_ASKING;
        rewind_listing(job);
    }
}

void ps_engine_move(struct ps_engine *const engine, struct ps_job *const job,
                    const enum ps_job_fact fact, const struct ps_error *const error,
                    const struct ps_now now)
{
    const struct ps_tally none = {0};
    ps_engine_take_out(engine, job);
    move(engine, job, fact, &none, error, now);
    ps_engine_put_in(engine, job);
}

static enum ps_job_fact load_fact(struct ps_job *const job, const struct ps_fact *const fact)
{
    if (fact->outcome != PS_OUTCOME_YES) {
        return failure_of(fact);
    }
    free(job->shards);
    job->shard_count = fact->shard_count;
    job->shards = calloc((size_t)fact->shard_count + 1, sizeof(job->shards[0]));
    PS_ASSERT(job->shards != NULL);
    memcpy(job->shards, fact->shards, (size_t)fact->shard_count * sizeof(job->shards[0]));
    job->next_put = 0;
    return all_put(job) ? PS_FACT_DONE : PS_FACT_PART;
}

static enum ps_job_fact hold_fact(struct ps_engine *const engine, struct ps_job *const job,
                                  const struct ps_fact *const fact)
{
    if (fact->outcome != PS_OUTCOME_YES) {
        return failure_of(fact);
    }
    job->shard_count = fact->shard_count;
    job->records = 0;
    job->bytes = 0;
    for (int64_t shard = 0; shard < fact->shard_count; shard++) {
        job->records += fact->shards[shard].records;
        job->bytes += fact->shards[shard].bytes;
    }
    job->thought_tokens = fact->quota_tokens;
    job->quota_tokens = ps_engine_real_tokens(engine, job);
    job->cost_usd_micros = fact->cost_usd_micros;
    ps_engine_hold_day(engine, job);
    engine->unsent = fact->unsent;
    engine->is_cut_due = true;
    for (int64_t shape = 0; shape < fact->shape_count; shape++) {
        struct ps_job *const other = ps_engine_job_by_number(engine, fact->shapes[shape].number);
        if (other != NULL && other != job && other->state < PS_STATE_CREATING) {
            ps_engine_take_out(engine, other);
            other->state = PS_STATE_VOID;
            free_shards(other);
            ps_engine_put_in(engine, other);
            ps_engine_touch(engine, other);
        }
    }
    return PS_FACT_DONE;
}

static enum ps_job_fact word_of(struct ps_engine *const engine, struct ps_job *const job,
                                const struct ps_fact *const fact, const struct ps_now now,
                                struct ps_error *const ret_error)
{
    switch (job->state) {
    case PS_STATE_LOADING:
        return load_fact(job, fact);
    case PS_STATE_PUTTING:
        return put_fact(job, fact);
    case PS_STATE_CHECKING:
        return check_fact(engine, job, fact, ret_error);
    case PS_STATE_CREATING:
    case PS_STATE_REPEATING:
        ps_engine_note_create(engine, job, fact, now);
        return create_fact(job, fact);
    case PS_STATE_LOOK_NAME:
        return name_fact(engine, job, fact);
    case PS_STATE_LOOK_TOKEN:
        return token_fact(engine, job, fact, ret_error);
    case PS_STATE_LOOK_OUTPUT:
        return output_fact(engine, job, fact, ret_error);
    case PS_STATE_ASKING:
        return get_fact(engine, job, fact, now);
    case PS_STATE_LISTING:
    case PS_STATE_FOREIGN_LIST:
        return listing_fact(job, fact, ret_error);
    case PS_STATE_FETCHING:
    case PS_STATE_FOREIGN_READ:
        return object_fact(job, fact);
    case PS_STATE_TALLYING:
        return tally_fact(job, fact);
    case PS_STATE_FOREIGN_HOLD:
        return hold_fact(engine, job, fact);
    case PS_STATE_GATHERING:
        return ps_engine_calls_fact(job, fact);
    default:
        return local_fact(fact);
    }
}

void ps_engine_handle_job(struct ps_engine *const engine, struct ps_job *const job,
                          const struct ps_fact *const fact, const struct ps_now now)
{
    struct ps_error error = fact->error;
    /* A fact of a wish that the job no longer has (its state moved on) says nothing about this
     * state. */
    enum ps_wish_kind wanted = PS_WISH_KIND_COUNT;
    const bool is_stop_answer = fact->kind == PS_WISH_STOP_JOB && job->state == PS_STATE_LIVE;
    if (!is_stop_answer && (!ps_job_states_wish(job->state, &wanted) || wanted != fact->kind)) {
        return;
    }
    if (fact->kind == PS_WISH_CLOSE_JOB && fact->outcome == PS_OUTCOME_YES) {
        engine->unsent = fact->unsent;
        engine->is_cut_due = true;
    }
    move(engine, job, word_of(engine, job, fact, now, &error), &fact->tally, &error, now);
}
