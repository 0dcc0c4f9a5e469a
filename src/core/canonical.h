/*
 * canonical - when are two JSON values the same request? One form for all spellings of a value.
 *
 * Keys sorted by their bytes, no white space, strings decoded, numbers as their source text (1.0 is
 * not 1: the service may tell them apart). That form is never sent: it is only hashed, and compared
 * before two records are called one.
 *
 * Nesting up to PS_JSON_DEPTH_MAX, which the caller has checked. Threads: pure.
 */
#ifndef PS_CORE_CANONICAL_H
#define PS_CORE_CANONICAL_H

#include "base/str.h"

#include <yyjson.h>

struct ps_fingerprint {
    uint64_t low;
    uint64_t high;
};

/* XXH3-128 of the canonical form. */
struct ps_fingerprint ps_canonical_fingerprint(yyjson_val *value);

/* The forms are equal byte for byte, found by walking both trees. */
PS_MUST_CHECK bool ps_canonical_equals(yyjson_val *left, yyjson_val *right);

#endif
