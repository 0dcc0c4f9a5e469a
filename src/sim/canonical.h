/*
 * canonical - the judge's own canonical form of a JSON value (docs/EVENTS.md, section 3), and its
 * digest.
 *
 * Two lines whose modelInput has the same digest ask the same of the model. Written apart from the
 * fingerprint of core/, so that a mistake there is not repeated here.
 *
 * The value must have been read with YYJSON_READ_NUMBER_AS_RAW. Pure; threads: any.
 */
#ifndef PS_SIM_CANONICAL_H
#define PS_SIM_CANONICAL_H

#include "base/buf.h"

#include <yyjson.h>

/* How every JSON text is read in sim: numbers keep their text. */
#define PS_SIM_READ_FLAGS YYJSON_READ_NUMBER_AS_RAW

/* False when it is nested deeper than PS_JSON_DEPTH_MAX; what was appended is then of no use. */
PS_MUST_CHECK bool ps_canonical_add(struct ps_buf *buf, yyjson_val *value);

/* The members of an object in the order of their keys' bytes; keys at the even places. free() it.
 */
yyjson_val **ps_canonical_sorted(yyjson_val *object, size_t *ret_count);

#endif
