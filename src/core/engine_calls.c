#include "core/engine_internal.h"

#include "base/assert.h"
#include "core/rules.h"

#include <stdlib.h>
#include <string.h>

/* So often in a row calls may get lost before a person must look: each may have been paid. */
#define LOSSES_MAX 6

/* HTTP: a request that was throttled, and the first of the service's own failures. */
#define HTTP_TOO_MANY 429
#define HTTP_OWN_FAILURE 500

/* The words of a refusal that speaks of the model, not of the record (reference: bedrock.md, 2.4).
 */
#define NO_THROUGHPUT "on-demand throughput"

bool ps_engine_is_on_demand(const struct ps_engine *const engine, const struct ps_job *const job)
{
    return engine->lanes[job->lane].lane.is_on_demand;
}

bool ps_engine_begin_calls(struct ps_engine *const engine, struct ps_job *const job)
{
    struct ps_pool_state *const pool = ps_engine_pool_of(engine, job);
    if (!ps_engine_fits_day(pool, job)) {
        pool->is_day_full = true;
        return false;
    }
    if (!ps_engine_can_pay(engine, job)) {
        return false;
    }
    ps_engine_take_out(engine, job);
    job->state = PS_STATE_GATHERING;
    ps_engine_hold_day(engine, job);
    ps_engine_put_in(engine, job);
    ps_engine_touch(engine, job);
    return true;
}

enum ps_job_fact ps_engine_calls_fact(struct ps_job *const job, const struct ps_fact *const fact)
{
    if (fact->outcome != PS_OUTCOME_YES) {
        return fact->error.retry == PS_RETRY_NEVER ? PS_FACT_NEVER : PS_FACT_LATER;
    }
    free(job->calls);
    job->calls = calloc((size_t)fact->call_count + 1, sizeof(job->calls[0]));
    PS_ASSERT(job->calls != NULL);
    for (int64_t place = 0; place < fact->call_count; place++) {
        job->calls[place].row = fact->calls[place];
    }
    job->call_count = fact->call_count;
    job->calls_waiting = fact->call_count;
    job->next_call = 0;
    job->called = fact->tally;
    job->processed = fact->tally.lines;
    job->total = job->records;
    return fact->call_count == 0 ? PS_FACT_EMPTY : PS_FACT_DONE;
}

static struct ps_call_tokens most_of(const struct ps_call *const call)
{
    return (struct ps_call_tokens){call->row.input_tokens, call->row.output_tokens_max};
}

/* ------------------------------------------------ out */

static bool is_waiting(const struct ps_call *const call)
{
    return call->state == PS_CALL_WAITING || call->state == PS_CALL_REPEATED;
}

/* The first that waits; NULL: none. Without repeats, the first that was never sent. */
static struct ps_call *first_waiting(const struct ps_job *const job, const bool has_repeats)
{
    for (int64_t place = job->next_call; place < job->call_count; place++) {
        struct ps_call *const call = &job->calls[place];
        if (call->state == PS_CALL_WAITING || (has_repeats && is_waiting(call))) {
            return call;
        }
    }
    return NULL;
}

static int64_t ready_ms(const struct ps_pool_state *const pool, const struct ps_call *const call,
                        const struct ps_now now)
{
    return call == NULL ? INT64_MAX
                        : ps_calls_ready_ms(&pool->calls, most_of(call),
                                            call->state == PS_CALL_REPEATED, now.steady_ms);
}

bool ps_engine_call_wish(struct ps_engine *const engine, struct ps_job *const job,
                         const struct ps_now now, struct ps_wish *const wish)
{
    struct ps_pool_state *const pool = ps_engine_pool_of(engine, job);
    struct ps_call *call = first_waiting(job, true);
    int64_t at_ms = ready_ms(pool, call, now);
    if (at_ms == INT64_MAX && call != NULL && call->state == PS_CALL_REPEATED) {
        call = first_waiting(job, false);
        at_ms = ready_ms(pool, call, now);
    }
    if (call == NULL || engine->foreign > 0) {
        return false;
    }
    if (at_ms > now.steady_ms) {
        pool->call_wake_ms = at_ms < pool->call_wake_ms ? at_ms : pool->call_wake_ms;
        return false;
    }
    ps_calls_send(&pool->calls, most_of(call), call->state == PS_CALL_REPEATED, now.steady_ms);
    call->state = PS_CALL_OPEN;
    call->sent_ms = now.steady_ms;
    job->calls_waiting--;
    job->calls_open++;
    while (job->next_call < job->call_count && !is_waiting(&job->calls[job->next_call])) {
        job->next_call++;
    }
    wish->shard = call - job->calls;
    wish->record = call->row.record;
    wish->key = engine->lanes[job->lane].lane.model;
    wish->is_converse = engine->options.is_converse;
    return true;
}

/* ------------------------------------------------ in */

/* Of the record, or of all of them: then it is not the record that fails. */
static bool is_of_all(const struct ps_error *const error)
{
    return error->retry == PS_RETRY_REAUTH || error->status == PS_E_DENIED ||
           error->status == PS_E_NOT_FOUND || error->status == PS_E_USAGE ||
           strstr(error->message, NO_THROUGHPUT) != NULL;
}

/* R7: what the service itself fails at counts as a try; that it was not reached, or is busy, says
 * nothing about the record. */
static bool is_last_try(const struct ps_call *const call, const struct ps_error *const error)
{
    const bool is_try =
        error->http_status >= HTTP_OWN_FAILURE && error->http_status != HTTP_TOO_MANY;
    return is_try && call->tries + 1 >= PS_RECORD_TRIES_MAX;
}

static enum ps_call_end end_of(const struct ps_call *const call, const struct ps_fact *const fact)
{
    const struct ps_error *const error = &fact->error;
    if (fact->outcome == PS_OUTCOME_YES) {
        return PS_CALL_END_ANSWERED;
    }
    if (fact->outcome == PS_OUTCOME_UNKNOWN) {
        return PS_CALL_END_MAYBE_PAID;
    }
    if (strcmp(error->aws_code, PS_CODE_INPUT_GONE) == 0) {
        return PS_CALL_END_FAILED;
    }
    if (error->retry == PS_RETRY_LATER) {
        return is_last_try(call, error) ? PS_CALL_END_FAILED : PS_CALL_END_AGAIN;
    }
    return is_of_all(error) ? PS_CALL_END_HALT : PS_CALL_END_FAILED;
}

static const struct ps_call *call_of(const struct ps_job *const job,
                                     const struct ps_fact *const fact)
{
    PS_ASSERT(job != NULL);
    PS_ASSERT(job->state == PS_STATE_CALLING);
    PS_ASSERT(fact->shard >= 0 && fact->shard < job->call_count);
    PS_ASSERT(job->calls[fact->shard].state == PS_CALL_OPEN);
    return &job->calls[fact->shard];
}

enum ps_call_end ps_engine_call_end(const struct ps_engine *const engine,
                                    const struct ps_fact *const fact)
{
    return end_of(call_of(ps_engine_find(engine, fact->job), fact), fact);
}

static void count_called(struct ps_job *const job, const struct ps_call_tokens used)
{
    job->called.lines++;
    job->called.input_tokens += used.input;
    job->called.output_tokens += used.output;
    job->processed = job->called.lines;
}

/* Back among those that wait, from its place on. */
static void put_back(struct ps_job *const job, struct ps_call *const call)
{
    const int64_t place = call - job->calls;
    call->state = PS_CALL_REPEATED;
    job->calls_waiting++;
    job->next_call = place < job->next_call ? place : job->next_call;
}

/* What the end is to the pool's pace and to the job's books. */
static void take_end(struct ps_engine *const engine, struct ps_job *const job,
                     const struct ps_fact *const fact, const enum ps_call_end end,
                     const struct ps_now now)
{
    struct ps_calls *const calls = &ps_engine_pool_of(engine, job)->calls;
    struct ps_call *const call = &job->calls[fact->shard];
    const struct ps_call_tokens most = most_of(call);
    const struct ps_call_tokens used = {fact->tally.input_tokens, fact->tally.output_tokens};
    call->state = PS_CALL_ENDED;
    switch (end) {
    case PS_CALL_END_ANSWERED:
        ps_calls_settle(calls, most, used, call->sent_ms, now.steady_ms);
        count_called(job, used.input > 0 || used.output > 0 ? used : most);
        break;
    case PS_CALL_END_FAILED:
        ps_calls_return(calls, most, now.steady_ms);
        count_called(job, (struct ps_call_tokens){0, 0});
        break;
    case PS_CALL_END_MAYBE_PAID:
        ps_calls_lose(calls, ps_engine_pause_ms(engine, calls->failures + 1), now.steady_ms);
        count_called(job, most);
        break;
    case PS_CALL_END_AGAIN:
        ps_calls_refuse(calls, most, ps_engine_pause_ms(engine, calls->failures + 1),
                        now.steady_ms);
        call->tries++;
        put_back(job, call);
        break;
    case PS_CALL_END_HALT:
        ps_calls_return(calls, most, now.steady_ms);
        put_back(job, call);
        break;
    }
}

static void halt_if_due(struct ps_engine *const engine, const struct ps_job *const job,
                        const enum ps_call_end end, const struct ps_error *const error)
{
    const int64_t failures = ps_engine_pool_of(engine, job)->calls.failures;
    if (end == PS_CALL_END_HALT) {
        ps_engine_halt(engine, error);
    } else if (end == PS_CALL_END_AGAIN) {
        ps_engine_halt_if_hopeless(engine, error, failures, PS_TRIES_MAX);
    } else if (end == PS_CALL_END_MAYBE_PAID && failures > LOSSES_MAX) {
        ps_engine_halt(engine, error);
    }
    if (engine->is_halting) {
        ps_engine_halt(engine, NULL); /* the last open call may have been this one */
    }
}

void ps_engine_handle_call(struct ps_engine *const engine, const struct ps_fact *const fact,
                           const struct ps_now now)
{
    struct ps_job *const job = ps_engine_job_by_number(engine, fact->job);
    const enum ps_call_end end = end_of(call_of(job, fact), fact);
    ps_engine_take_out(engine, job);
    job->open_wishes--;
    job->calls_open--;
    take_end(engine, job, fact, end, now);
    ps_engine_put_in(engine, job);
    ps_engine_move(engine, job,
                   job->calls_open == 0 && job->calls_waiting == 0 ? PS_FACT_DONE : PS_FACT_PART,
                   NULL, now);
    halt_if_due(engine, job, end, &fact->error);
}

void ps_engine_end_calls(struct ps_engine *const engine, struct ps_job *const job,
                         const enum ps_job_state before)
{
    const bool is_of_calls = before == PS_STATE_GATHERING || before == PS_STATE_CALLING;
    if (!is_of_calls || job->state != PS_STATE_CLOSING) {
        return;
    }
    ps_engine_settle_day(engine, job, &job->called);
    ps_engine_settle_cost(engine, job, &job->called);
    free(job->calls);
    job->calls = NULL;
    job->call_count = 0;
    job->calls_waiting = 0;
    job->next_call = 0;
}
