/*
 * failure - what an answer that is not the hoped-for one means: code, message, whether later may
 * work, a hint.
 *
 * Reads the code where each protocol has it: header x-amzn-errortype, JSON __type or code, XML
 * Code. Text of the service is cut and cleaned before it enters a message.
 *
 * Owner: the caller's error is filled. Threads: pure, any.
 */
#ifndef PS_AWS_FAILURE_H
#define PS_AWS_FAILURE_H

#include "aws/http.h"
#include "base/status.h"

/* Whom and what the request was for: words for the message. */
struct ps_aws_doing {
    const char *what;     /* "create the job", "put 's3://bucket/key'" */
    const char *region;   /* where it was asked */
    int64_t real_wall_ms; /* of the answer: held against its Date, for the hint about clocks */
};

/*
 * Fills `err` from an answer: no whole one (reach is not ANSWERED), or one with a status that is
 * not 2xx, or a 2xx whose body is an error. Returns err->status, never PS_OK.
 */
enum ps_status ps_aws_failure(const struct ps_http_answer *answer, const struct ps_aws_doing *doing,
                              struct ps_error *err);

/* A 2xx whose body is not what it should be: PS_E_CORRUPT, later may work. */
enum ps_status ps_aws_unreadable(const struct ps_http_answer *answer,
                                 const struct ps_aws_doing *doing, const char *why,
                                 struct ps_error *err);

/* For an error that is told from more than one answer: gives it the code that people know it by. */
void ps_aws_set_code(struct ps_error *err, int http_status, const char *code);

/* The answer names its reason by a code of AWS's (a proxy's HTML page does not). */
bool ps_aws_has_code(const struct ps_error *err);

/* The codes that SDKs treat as "slow down". */
bool ps_aws_is_throttling(const char *code);

#endif
