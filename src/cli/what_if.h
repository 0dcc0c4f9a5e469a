/*
 * what_if - how the service's records differ from what was said of them, for a simulation:
 * --what-if 'spread=20%,bias=-10%,failing=1%,refused=0.5%'.
 *
 * spread: a record's tokens lie evenly within so much of the mean. bias: all records are so much
 * longer, or shorter, than was estimated. failing: so many tries of a record fail in a way that
 * another try may cure. refused: so many records fail for good.
 */
#ifndef PS_CLI_WHAT_IF_H
#define PS_CLI_WHAT_IF_H

#include "base/status.h"

#include <stdint.h>

struct ps_what_if {
    int64_t spread_permille;
    int64_t bias_permille; /* -999 and up */
    int64_t failing_permille;
    int64_t refused_permille;
};

/* NULL: nothing differs. PS_E_USAGE names the key and what it takes. */
PS_MUST_CHECK enum ps_status ps_what_if_parse(struct ps_what_if *what_if, const char *text,
                                              struct ps_error *err);

#endif
