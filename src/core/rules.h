/*
 * rules - the times that rules R2 and R3 wait, all on the run's steady clock, and where they come
 * from.
 */
#ifndef PS_CORE_RULES_H
#define PS_CORE_RULES_H

#include "base/time.h"

/*
 * How long the service is trusted to know a clientRequestToken. Not published (Bedrock's API page
 * points to EC2's idempotency page); design, R2 (c).
 */
#define PS_TOKEN_WINDOW_MS (10 * PS_MINUTE_MS)

/* How long a signature is taken: SigV4 requests are refused beyond 5 minutes of skew; design, R2
 * (d). */
#define PS_SIGNATURE_MS (5 * PS_MINUTE_MS)

/* How late a list may show a job. Not published; design, R2 (d). */
#define PS_LIST_LAG_MS (10 * PS_MINUTE_MS)

/* Two empty looks stand at least this far apart; design, R2 (d). */
#define PS_LOOK_GAP_MS (5 * PS_MINUTE_MS)

/* Between the commit of an intent and the signing of its call: our own slack. */
#define PS_SIGNING_SLACK_MS PS_MINUTE_MS

/* How far before the intent a list by time begins; design, R2 (a). */
#define PS_SUBMIT_MARGIN_MS (15 * PS_MINUTE_MS)

/* Two equal listings of a job's output stand this far apart; design, R3. */
#define PS_LISTING_GAP_MS (10 * PS_MINUTE_MS)

/* How long output that the service counted is looked for; design, R3. */
#define PS_OUTPUT_SETTLE_MS PS_HOUR_MS

/* The longest that a job may be at the service: timeoutDurationInHours is at most 168 (reference:
 * bedrock.md, 1.2). A list of all jobs goes back so far. */
#define PS_JOB_LIFE_MS (168 * PS_HOUR_MS)

/* Pauses between tries: full jitter up to the smaller of base * 2^tries and the cap. */
#define PS_BACKOFF_BASE_MS PS_SECOND_MS
#define PS_BACKOFF_CAP_MS PS_MINUTE_MS

/* So many failures in a row of one wish halt the run, resumable: more than half an hour of trying.
 */
#define PS_TRIES_MAX 60

/* At the start nothing is at stake yet: after about half a minute say what is wrong. */
#define PS_START_TRIES_MAX 6

/* At most so many tries a record; design, R7. */
#define PS_RECORD_TRIES_MAX 3

/* So often an object that was put and is not listed is put again before a person must look. */
#define PS_RESENDS_MAX 8

/* Two empty looks prove absence; a job that was absent this often has another reason. */
#define PS_EMPTY_LOOKS 2
#define PS_ATTEMPTS_MAX 8

/* So many jobs are put and checked ahead of a free slot. */
#define PS_JOBS_AHEAD 2

#endif
