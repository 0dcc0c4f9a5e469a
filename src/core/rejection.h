/*
 * rejection - why one line of input is not sent: a code for programs, a message for people, a hint
 * what to do.
 *
 * Codes: invalid_json, invalid_utf8, invalid_csv, not_an_object, missing_prompt, ambiguous_prompt,
 * missing_field, duplicate_key, invalid_id, too_deep, too_complex, line_too_long, not_convertible,
 * context_tokens, output_tokens, record_bytes.
 */
#ifndef PS_CORE_REJECTION_H
#define PS_CORE_REJECTION_H

#include "base/own.h"

struct ps_rejection {
    const char *code;  /* static; NULL: none */
    char message[200]; /* lower case, no full stop */
};

void ps_reject(struct ps_rejection *rejection, const char *code, const char *format, ...)
    PS_PRINTF(3, 4);

/* What to do about it; "" for a code that nobody knows. */
const char *ps_rejection_hint(const char *code);

#endif
