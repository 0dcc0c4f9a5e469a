/*
 * status - what a function answers that can fail, and the error it fills.
 *
 * Text: lower case, no full stop, no function names. "could not" = may work later, "cannot" = will
 * not. Values in single quotes. The hint is a sentence that says what to do, or "".
 *
 *     return ps_error_set(err, PS_E_INPUT, PS_RETRY_NEVER, "cannot read '%s': a folder", path);
 *     return ps_error_hint(err, "Name the files in it, for example '%s/''*.jsonl'.", path);
 */
#ifndef PS_BASE_STATUS_H
#define PS_BASE_STATUS_H

#include "base/own.h"

enum ps_status {
    PS_OK = 0,
    PS_E_USAGE,     /* options or configuration: exit 2 */
    PS_E_INPUT,     /* the input cannot be used as a whole: exit 2 */
    PS_E_REFUSED,   /* the plan does not fit the limits: exit 3 */
    PS_E_DENIED,    /* credentials, permissions, another account: exit 4 */
    PS_E_NOT_FOUND, /* the thing named is not there */
    PS_E_CONFLICT,  /* it is there already, or something else holds it */
    PS_E_QUOTA,     /* a limit of ours or theirs says: not now */
    PS_E_NETWORK,   /* no answer, or not the whole of it */
    PS_E_SERVICE,   /* the service answered with an error */
    PS_E_CORRUPT,   /* bytes are not what they should be */
    PS_E_IO,        /* the machine refused: disk full, permission, descriptor */
    PS_E_STOPPED,   /* asked to stop: exit 5 */
    PS_E_TOO_LARGE, /* a cap was passed */
    PS_STATUS_COUNT
};

enum ps_retry {
    PS_RETRY_NEVER, /* the same again gives the same */
    PS_RETRY_LATER, /* the same may work later */
    PS_RETRY_REAUTH /* with fresh credentials */
};

struct ps_error {
    enum ps_status status;
    enum ps_retry retry; /* set where the error is born */
    int http_status;     /* 0: none was read */
    char aws_code[64];   /* "ThrottlingException", or "" */
    char request_id[64]; /* or "" */
    char message[256];   /* lower case, no full stop: "could not ..." or "cannot ..." */
    char hint[256];      /* a sentence that says what to do, or "" */
};

/* Fills `err` afresh (NULL: nobody asks) and returns `status`. What does not fit is cut. */
enum ps_status ps_error_set(struct ps_error *err, enum ps_status status, enum ps_retry retry,
                            const char *format, ...) PS_PRINTF(4, 5);

/* As above with errno's text appended: "could not open 'x': No such file or directory". */
enum ps_status ps_error_set_errno(struct ps_error *err, enum ps_status status, int error_number,
                                  const char *format, ...) PS_PRINTF(4, 5);

/* Adds the hint to an error that is already set; returns its status. */
enum ps_status ps_error_hint(struct ps_error *err, const char *format, ...) PS_PRINTF(2, 3);

/* The word for logs: "ok", "usage", "network", ... */
const char *ps_status_name(enum ps_status status);

#endif
