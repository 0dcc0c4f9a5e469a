/*
 * clock - the run's two clocks, real or sped up.
 *
 * With a speed (PENSTOCK_CLOCK=ORIGIN_MS,SPEED; loopback endpoints only) a simulated instant is
 * ORIGIN_MS + (real - ORIGIN_MS) * SPEED, for every process that holds the same two numbers.
 * Signatures and transport time-outs never use this clock.
 *
 * Owner: the caller embeds it. Threads: reads are safe from any once it is started.
 */
#ifndef PS_OS_CLOCK_H
#define PS_OS_CLOCK_H

#include "base/status.h"
#include "base/str.h"
#include "base/time.h"

#include <stdbool.h>

struct ps_clock {
    int64_t origin_ms;         /* real wall clock of the origin; 0 with speed 1 */
    int64_t speed;             /* 1: real time */
    int64_t steady_base_ms;    /* steady time when it was started */
    int64_t monotonic_base_ms; /* the machine's monotonic clock at that moment */
};

/* Milliseconds of the real wall clock and of the machine's monotonic clock. */
int64_t ps_clock_real_wall_ms(void);
int64_t ps_clock_real_monotonic_ms(void);

/* `spec` is "" for real time, else "ORIGIN_MS,SPEED". Steady time starts at the wall's. */
PS_MUST_CHECK enum ps_status ps_clock_init(struct ps_clock *clock, struct ps_str spec,
                                           struct ps_error *err);

/* What to store with each turn, to go on from after a restart. */
struct ps_clock_mark {
    int64_t steady_ms;
    int64_t wall_ms;
};
struct ps_clock_mark ps_clock_mark(const struct ps_clock *clock);

/* Goes on from a stored mark: steady = stored + what passed on the wall since, never less than
 * stored. */
void ps_clock_resume(struct ps_clock *clock, struct ps_clock_mark mark);

struct ps_now ps_clock_now(const struct ps_clock *clock);

/* How many real milliseconds until steady `deadline_ms`, rounded up; 0 when it has passed; at most
 * a day. */
int64_t ps_clock_real_wait_ms(const struct ps_clock *clock, int64_t deadline_ms);

#endif
