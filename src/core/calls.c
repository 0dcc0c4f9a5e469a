#include "core/calls.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"

/* A bucket holds a twentieth of what its period allows: after an idle time that little goes at
 * once, and over any minute no more than a twentieth above the limit. Our own choice. */
#define ROOM_PARTS 20

/* Where no rate is known, so many are tried at first. */
#define WINDOW_FIRST 8

/* What a refusal leaves of the window: CUBIC's beta (reference: reliability.md, unknown limits). */
#define WINDOW_NUMERATOR 7
#define WINDOW_DENOMINATOR 10

/* Twice what Little's law says, and a few: a latency that grows is seen only when more are open. */
#define LITTLE_TIMES 2
#define LITTLE_MORE 8

/* An answer weighs an eighth of what is smoothed (as TCP smooths its round trips: RFC 6298). */
#define SMOOTH_PARTS 8

/* Repeats: a tenth of the answers, and ten to begin with, in hundredths. */
#define REPEAT_COST 100
#define REPEAT_EARNED 10
#define REPEATS_MAX 1000

static int64_t at_least_one(const int64_t value)
{
    return value > 1 ? value : 1;
}

static int64_t smaller(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

static int64_t larger(const int64_t left, const int64_t right)
{
    return left > right ? left : right;
}

static int64_t reserved(const struct ps_call_tokens most)
{
    return ps_sum_i64(most.input, most.output);
}

static int64_t settled(const struct ps_calls *const calls, const struct ps_call_tokens used)
{
    return ps_sum_i64(used.input, ps_scale_i64(used.output, calls->burndown, 1));
}

void ps_calls_init(struct ps_calls *const calls, const int64_t rps, const int64_t tpm,
                   const int64_t burndown)
{
    *calls = (struct ps_calls){.burndown = at_least_one(burndown), .repeats = REPEATS_MAX};
    ps_bucket_init(&calls->requests, rps, PS_SECOND_MS, at_least_one(rps / ROOM_PARTS));
    ps_bucket_init(&calls->tokens, tpm, PS_MINUTE_MS, at_least_one(tpm / ROOM_PARTS));
    calls->window = rps > 0 || tpm > 0 ? PS_CALLS_OPEN_MAX : WINDOW_FIRST;
}

/* Rate times latency, of the limit that allows least; INT64_MAX: nothing is known yet. */
static int64_t little(const struct ps_calls *const calls)
{
    int64_t least = INT64_MAX;
    if (calls->latency_ms == 0) {
        return INT64_MAX;
    }
    if (calls->requests.limit > 0) {
        least = ps_scale_up_i64(calls->requests.limit, calls->latency_ms, PS_SECOND_MS);
    }
    if (calls->tokens.limit > 0 && calls->mean_tokens > 0) {
        const int64_t a_minute = at_least_one(calls->tokens.limit / calls->mean_tokens);
        least = smaller(least, ps_scale_up_i64(a_minute, calls->latency_ms, PS_MINUTE_MS));
    }
    return least;
}

int64_t ps_calls_open_max(const struct ps_calls *const calls)
{
    const int64_t needed = ps_sum_i64(ps_scale_i64(little(calls), LITTLE_TIMES, 1), LITTLE_MORE);
    return smaller(smaller(needed, calls->window), PS_CALLS_OPEN_MAX);
}

int64_t ps_calls_ready_ms(const struct ps_calls *const calls, const struct ps_call_tokens most,
                          const bool is_repeat, const int64_t now_ms)
{
    const bool has_repeat = !is_repeat || calls->repeats >= REPEAT_COST || calls->open == 0;
    if (calls->open >= ps_calls_open_max(calls) || !has_repeat) {
        return INT64_MAX;
    }
    const int64_t ready_ms = larger(ps_bucket_ready_ms(&calls->requests, 1, now_ms),
                                    ps_bucket_ready_ms(&calls->tokens, reserved(most), now_ms));
    return larger(ready_ms, calls->wake_ms);
}

void ps_calls_send(struct ps_calls *const calls, const struct ps_call_tokens most,
                   const bool is_repeat, const int64_t now_ms)
{
    ps_bucket_take(&calls->requests, 1, now_ms);
    ps_bucket_take(&calls->tokens, reserved(most), now_ms);
    calls->repeats = is_repeat ? larger(0, calls->repeats - REPEAT_COST) : calls->repeats;
    calls->open++;
}

static int64_t smoothed(const int64_t before, const int64_t seen)
{
    return before == 0 ? at_least_one(seen) : at_least_one(before + (seen - before) / SMOOTH_PARTS);
}

/* By one each answer until something is refused, from then on by one each round. */
static void grow(struct ps_calls *const calls)
{
    calls->answers++;
    if (!calls->is_refused || calls->answers >= calls->window) {
        calls->answers = 0;
        calls->window = smaller(calls->window + 1, PS_CALLS_OPEN_MAX);
    }
}

void ps_calls_settle(struct ps_calls *const calls, const struct ps_call_tokens most,
                     const struct ps_call_tokens used, const int64_t sent_ms, const int64_t now_ms)
{
    PS_ASSERT(calls->open > 0);
    calls->open--;
    if (used.input > 0 || used.output > 0) {
        const int64_t counted = settled(calls, used);
        ps_bucket_take(&calls->tokens, counted - reserved(most), now_ms);
        calls->mean_tokens = smoothed(calls->mean_tokens, counted);
    }
    calls->latency_ms = smoothed(calls->latency_ms, now_ms - sent_ms);
    calls->repeats = smaller(REPEATS_MAX, calls->repeats + REPEAT_EARNED);
    calls->failures = 0;
    grow(calls);
}

void ps_calls_return(struct ps_calls *const calls, const struct ps_call_tokens most,
                     const int64_t now_ms)
{
    PS_ASSERT(calls->open > 0);
    calls->open--;
    ps_bucket_take(&calls->tokens, -reserved(most), now_ms);
}

void ps_calls_refuse(struct ps_calls *const calls, const struct ps_call_tokens most,
                     const int64_t pause_ms, const int64_t now_ms)
{
    ps_bucket_take(&calls->tokens, -reserved(most), now_ms);
    ps_calls_lose(calls, pause_ms, now_ms);
}

void ps_calls_lose(struct ps_calls *const calls, const int64_t pause_ms, const int64_t now_ms)
{
    PS_ASSERT(calls->open > 0);
    const int64_t open = calls->open--;
    if (now_ms < calls->wake_ms) {
        return; /* one of several that went out together */
    }
    calls->failures++;
    calls->wake_ms = now_ms + pause_ms;
    calls->is_refused = true;
    calls->answers = 0;
    calls->window =
        at_least_one(smaller(calls->window, open) * WINDOW_NUMERATOR / WINDOW_DENOMINATOR);
}
