/*
 * measure - what a body will cost: tokens in, tokens out at most, and whether its answer may vary.
 *
 * Threads: pure.
 */
#ifndef PS_CORE_MEASURE_H
#define PS_CORE_MEASURE_H

#include "core/family.h"

#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

struct ps_measure {
    int64_t input_tokens;      /* estimate over the texts that the model reads */
    int64_t output_tokens_max; /* what the body asks for; 0: it does not say */
    bool is_warm;              /* an explicit temperature above 0 */
};

/* `body`: as sent, in the family's own form. Anything unexpected in it is left to the service. */
void ps_measure_body(yyjson_val *body, enum ps_family family, struct ps_measure *ret_measure);

#endif
