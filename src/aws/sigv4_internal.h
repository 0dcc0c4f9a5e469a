/*
 * sigv4_internal - the parts of a canonical request. Shared by the files of sigv4 and by call.c.
 */
#ifndef PS_AWS_SIGV4_INTERNAL_H
#define PS_AWS_SIGV4_INTERNAL_H

#include "aws/sigv4.h"
#include "base/limits.h"

#define PS_SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define PS_SIGV4_TERMINATOR "aws4_request"
#define PS_SIGV4_TEXT_BYTES_MAX (4 * PS_MB)

/* The value of the first header of that name, whatever its case; "" when there is none. */
struct ps_str ps_sigv4_header_value(const struct ps_sigv4_request *request, struct ps_str name);

/* "cannot sign the request: it is too large", PS_E_TOO_LARGE. */
enum ps_status ps_sigv4_too_large(struct ps_error *err);

#endif
