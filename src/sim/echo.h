/*
 * echo - modelInput as the service gives it back: the same value in other bytes.
 *
 * Keys in another order, white space and escapes by another taste, all drawn by seed; numbers keep
 * their text. Of Converse bodies, content blocks come with every alternative of the union that is
 * not there as null.
 *
 * The value must have been read with PS_SIM_READ_FLAGS and be no deeper than PS_JSON_DEPTH_MAX.
 * Pure; threads: any.
 */
#ifndef PS_SIM_ECHO_H
#define PS_SIM_ECHO_H

#include "base/buf.h"
#include "base/prng.h"

#include <yyjson.h>

struct ps_echo_style {
    struct ps_prng *prng; /* shuffles keys */
    unsigned escapes;     /* PS_ESCAPE_* */
    bool has_spaces;      /* behind ':' and ',' */
    bool has_nulls;       /* Converse's union alternatives */
};

void ps_echo_add(struct ps_buf *buf, yyjson_val *value, const struct ps_echo_style *style);

#endif
