/*
 * aws_chunked - takes the body out of `Content-Encoding: aws-chunked`, as the SDKs send it.
 *
 * STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD and its -TRAILER form:
 * chunk signatures are passed over (the request's own signature is checked); the trailer's checksum
 * is kept.
 *
 * Owner: whoever called new. Threads: one owner at a time.
 */
#ifndef PS_EMU_AWS_CHUNKED_H
#define PS_EMU_AWS_CHUNKED_H

#include "base/buf.h"

struct ps_chunked;
struct ps_chunked *ps_chunked_new(void);
struct ps_chunked *ps_chunked_free(struct ps_chunked *chunked);

/* What the body's bytes are given to; false stops it. */
typedef bool ps_chunked_sink(void *context, struct ps_str bytes);

/* Takes the next bytes of the stream; false: they are not aws-chunked, or the sink said no. */
PS_MUST_CHECK bool ps_chunked_take(struct ps_chunked *chunked, struct ps_str bytes,
                                   ps_chunked_sink *sink, void *context);

/* The last chunk has come. */
bool ps_chunked_is_whole(const struct ps_chunked *chunked);

/* Of the trailing headers, once it is whole; "" when there is none. */
struct ps_str ps_chunked_trailer(const struct ps_chunked *chunked, struct ps_str name);

#endif
