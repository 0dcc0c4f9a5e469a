/*
 * calls - when the next call on demand of a pool may go out: requests a second, tokens a minute,
 * how many at once, and how many may be repeated.
 *
 * A call reserves its input and the most that it may answer before it is sent, and settles when it
 * is answered, with the output times its burn-down (reference: bedrock.md, 4.5). What was refused
 * gives all of it back. What may have been executed (rule R4) gives nothing back.
 *
 * How many at once follows from the rate and the latency seen (Little's law), with room to find out
 * that it takes longer. Where no rate is known, and after each refusal, a window of calls finds
 * what the service bears: it shrinks on a refusal and grows with the answers.
 *
 * Repeats have a budget of their own, a tenth of what was answered: a service that refuses
 * everything is asked again by one call at a time.
 *
 * Pure. Plain data, embedded. The clock is an argument.
 */
#ifndef PS_CORE_CALLS_H
#define PS_CORE_CALLS_H

#include "core/bucket.h"

#include <stdbool.h>

/* At once, at most: each holds a body and a connection. Our own cap. */
#define PS_CALLS_OPEN_MAX 2048

struct ps_calls {
    struct ps_bucket requests;
    struct ps_bucket tokens;
    int64_t burndown;    /* what an output token counts when a call settles */
    int64_t open;        /* sent, and not answered */
    int64_t window;      /* so many at once, by what was refused so far */
    int64_t answers;     /* since the window grew last */
    bool is_refused;     /* some call was: from then on the window grows by one a round */
    int64_t latency_ms;  /* of the answers, smoothed; 0: none came yet */
    int64_t mean_tokens; /* that a call settled at, smoothed; 0: likewise */
    int64_t repeats;     /* that may still be made, in hundredths */
    int64_t failures;    /* in a row */
    int64_t wake_ms;     /* nothing is sent before this */
};

/* What a call reserves, and what it settles at: output tokens are not yet multiplied. */
struct ps_call_tokens {
    int64_t input;
    int64_t output;
};

/* A limit of 0 and below is none. */
void ps_calls_init(struct ps_calls *calls, int64_t rps, int64_t tpm, int64_t burndown);

/* How many may be open at once now. */
int64_t ps_calls_open_max(const struct ps_calls *calls);

/* When a call of so many tokens may be sent: now_ms or before, now; INT64_MAX: when an answer has
 * come. */
int64_t ps_calls_ready_ms(const struct ps_calls *calls, struct ps_call_tokens most, bool is_repeat,
                          int64_t now_ms);

void ps_calls_send(struct ps_calls *calls, struct ps_call_tokens most, bool is_repeat,
                   int64_t now_ms);

/* Answered: `used` as the service counts; both 0: it does not say, and nothing is given back. */
void ps_calls_settle(struct ps_calls *calls, struct ps_call_tokens most, struct ps_call_tokens used,
                     int64_t sent_ms, int64_t now_ms);

/* Surely not executed, since its record cannot be: it says nothing about the service's pace. */
void ps_calls_return(struct ps_calls *calls, struct ps_call_tokens most, int64_t now_ms);

/* Surely not executed. Nothing is sent for `pause_ms`; one that went out with others that were
 * refused changes nothing more. */
void ps_calls_refuse(struct ps_calls *calls, struct ps_call_tokens most, int64_t pause_ms,
                     int64_t now_ms);

/* It may have been executed: what it reserved stays taken; else the same. */
void ps_calls_lose(struct ps_calls *calls, int64_t pause_ms, int64_t now_ms);

#endif
