/*
 * outcome - what an output line's `error` says, and whether another try may cure it.
 *
 * Retryable: 408, 424, 429, every 5xx, `expired`, and the words of the same meaning. All else is
 * final: the same record would fail the same way. The error is hostile: what is missing or of the
 * wrong type is absent.
 *
 * Pure. Threads: any.
 */
#ifndef PS_CORE_OUTCOME_H
#define PS_CORE_OUTCOME_H

#include "base/buf.h"

#include <yyjson.h>

struct ps_record_error {
    char code[64];         /* "429", "ThrottlingException"; "unknown" where the error has none */
    struct ps_str message; /* a view into the parsed value; "" where the error has none */
    bool is_retryable;
};

void ps_outcome_read(yyjson_val *error, struct ps_record_error *ret_error);

/* By its code alone. */
bool ps_outcome_is_retryable(struct ps_str code);

#endif
