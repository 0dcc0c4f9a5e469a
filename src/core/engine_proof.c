#include "core/engine_internal.h"
#include "core/rules.h"

/* ------------------------------------------------ R3 */

/*
 * Are the records without a line proven unprocessed? `PS_VERDICT_NONE`: not yet, look again.
 */
static enum ps_job_verdict judge(const struct ps_job *const job, const struct ps_tally *const tally,
                                 const bool is_second_look, const int64_t now_ms)
{
    if (tally->has_manifest && tally->lines == tally->manifest_counted) {
        return PS_VERDICT_UNPROCESSED;
    }
    if (tally->missing == 0 && tally->broken == 0) {
        return PS_VERDICT_UNPROCESSED; /* nothing is in doubt */
    }
    /* Where nothing was counted (-1), no number of lines equals it: nothing is proven. */
    if (!tally->has_manifest && is_second_look && job->counted == tally->lines) {
        return PS_VERDICT_UNPROCESSED;
    }
    return now_ms - job->ended_ms >= PS_OUTPUT_SETTLE_MS ? PS_VERDICT_UNACCOUNTED : PS_VERDICT_NONE;
}

void ps_engine_judge(struct ps_engine *const engine, struct ps_job *const job,
                     const struct ps_tally *const tally, const struct ps_now now)
{
    const bool is_equal = job->listing_ms != 0 && job->listing_seen == job->listing_digest;
    const bool is_second = is_equal && now.steady_ms - job->listing_ms >= PS_LISTING_GAP_MS;
    job->verdict = judge(job, tally, is_second, now.steady_ms);
    if (!is_equal) {
        job->listing_digest = job->listing_seen;
        job->listing_ms = now.steady_ms;
    }
    job->is_read = job->is_read && tally->broken == 0; /* bytes that made no sense: once more */
    if (job->verdict == PS_VERDICT_NONE) {
        job->state = PS_STATE_SETTLING;
        job->wake_ms = now.steady_ms + PS_LISTING_GAP_MS;
    } else {
        job->state = PS_STATE_CLOSING;
    }
    if (job->verdict == PS_VERDICT_UNPROCESSED) {
        ps_engine_settle_day(engine, job, tally);
        ps_engine_settle_cost(engine, job, tally);
    }
}

/* ------------------------------------------------ R2 (c) and (d) */

static void begin_attempt(struct ps_job *const job)
{
    job->attempt++;
    ps_job_set_text(&job->token, NULL);
    ps_job_set_text(&job->request, NULL);
    ps_job_set_text(&job->arn, NULL);
    job->first_signed_ms = 0;
    job->last_signed_ms = 0;
    job->empty_looks = 0;
    job->last_empty_ms = 0;
    job->tries = 0;
    job->state = PS_STATE_LOADING;
    job->wake_ms = 0;
}

/* Is there a job at the service that no row of ours made? The store was put back from a copy then,
 * and what we were about to send may have gone into that one. */
static bool has_stranger(const struct ps_engine *const engine)
{
    for (int64_t place = 0; place < engine->job_count; place++) {
        const struct ps_job *const job = &engine->jobs[place];
        if (job->request == NULL && job->state >= PS_STATE_LIVE && job->state != PS_STATE_VOID) {
            return true;
        }
    }
    return false;
}

/* Both looks of it came late enough; the next one that counts is a gap away. */
static void note_empty_look(struct ps_engine *const engine, struct ps_job *const job)
{
    if (job->empty_looks == 0 || job->look_ms - job->last_empty_ms >= PS_LOOK_GAP_MS) {
        job->empty_looks++;
        job->last_empty_ms = job->look_ms;
    }
    job->wake_ms = job->last_empty_ms + PS_LOOK_GAP_MS;
    if (job->empty_looks < PS_EMPTY_LOOKS) {
        return;
    }
    if (has_stranger(engine)) {
        /* Never sent: what no other job holds of it is cut anew. */
        job->state = PS_STATE_VOID;
        ps_engine_free_day(job);
        engine->is_cut_due = true;
        engine->unsent = -1;
    } else {
        begin_attempt(job);
    }
}

void ps_engine_repeat_or_prove(struct ps_engine *const engine, struct ps_job *const job,
                               const struct ps_now now)
{
    const int64_t proof_from_ms =
        job->last_signed_ms + PS_SIGNING_SLACK_MS + PS_SIGNATURE_MS + PS_LIST_LAG_MS;
    job->state = PS_STATE_LOOK_NAME;
    if (!ps_engine_sends_no_more(engine) &&
        now.steady_ms - job->first_signed_ms < PS_TOKEN_WINDOW_MS && !has_stranger(engine)) {
        job->tries++;
        job->state = PS_STATE_REPEATING;
        job->wake_ms = now.steady_ms + ps_engine_pause_ms(engine, job->tries);
    } else if (job->look_ms < proof_from_ms) {
        job->wake_ms = proof_from_ms;
    } else {
        note_empty_look(engine, job);
    }
    if (job->attempt > PS_ATTEMPTS_MAX) {
        struct ps_error error;
        (void)ps_error_set(
            &error, PS_E_SERVICE, PS_RETRY_LATER,
            "could not create job %lld: %d creates were answered with nothing and left no job",
            (long long)job->number, PS_ATTEMPTS_MAX);
        (void)ps_error_hint(&error,
                            "Look at the network between here and the service, then resume.");
        ps_engine_halt(engine, &error);
    }
}
