/*
 * uri - percent-encoding as AWS wants it: everything but A-Z a-z 0-9 - . _ ~ becomes %XX, capitals.
 *
 * Owner: results go to the end of the caller's buffer. Threads: pure, any.
 */
#ifndef PS_CODEC_URI_H
#define PS_CODEC_URI_H

#include "base/buf.h"
#include "base/str.h"

enum ps_uri_slash {
    PS_URI_SLASH_ENCODED, /* a value, or an ARN that is one segment of a path */
    PS_URI_SLASH_KEPT     /* a path or an object's key */
};

/* False when the buffer's cap would be passed; it is then as before. */
PS_MUST_CHECK bool ps_uri_encode(struct ps_str text, enum ps_uri_slash slash, struct ps_buf *buf);

/* Each %XX becomes its byte; a '%' that begins none stays as it is ('+' too: it is no space in a
 * URI). */
PS_MUST_CHECK bool ps_uri_decode(struct ps_str text, struct ps_buf *buf);

/*
 * Takes the next `name=value` (both still encoded) off the front of *query; false at its end. Empty
 * parts between '&' are skipped; a part without '=' has an empty value.
 */
PS_MUST_CHECK bool ps_uri_next_parameter(struct ps_str *query, struct ps_str *ret_name,
                                         struct ps_str *ret_value);

#endif
