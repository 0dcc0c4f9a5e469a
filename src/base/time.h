/*
 * time - an instant as an argument. Code in codec/, core/ and sim/ is told the time, never asks.
 */
#ifndef PS_BASE_TIME_H
#define PS_BASE_TIME_H

#include <stdint.h>

#define PS_SECOND_MS INT64_C(1000)
#define PS_MINUTE_MS (60 * PS_SECOND_MS)
#define PS_HOUR_MS (60 * PS_MINUTE_MS)
#define PS_DAY_MS (24 * PS_HOUR_MS)

struct ps_now {
    int64_t steady_ms; /* never goes back, also over restarts: every timer uses it */
    int64_t wall_ms;   /* since 1970-01-01 UTC: for stamps and for the choice of the day alone */
};

#endif
