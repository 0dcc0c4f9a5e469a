/*
 * day - in which day of a quota are we, and when does it turn?
 *
 * A day ends at `reset_ms` after 00:00 UTC. It is over when both clocks say so: the wall clock, and
 * the steady clock by what the wall clock said when the day began. So a wall clock that is put
 * forward does not end it, and one that is put back makes it longer: the later of the two
 * candidates, which is the safe side. But 24 hours after the steady candidate some reset has surely
 * passed, whatever the wall clock says by then.
 *
 * Pure state: no clock. Owner: the caller holds the struct, keeps it over a restart.
 */
#ifndef PS_CORE_DAY_H
#define PS_CORE_DAY_H

#include "base/time.h"

#include <stdbool.h>

struct ps_day {
    int64_t end_ms;  /* wall clock; names the day. 0: not begun */
    int64_t turn_ms; /* steady clock: its end as it looked when it began */
};

/* The first turn after `wall_ms`. */
int64_t ps_day_end_of(int64_t wall_ms, int64_t reset_ms);

/*
 * True: another day has begun, and `day` is that one. One that has not begun yet begins, which is
 * no turn. Under another reset than before, the later end of the two is taken, which is no turn
 * either: then end_ms alone changes.
 */
bool ps_day_pass(struct ps_day *day, struct ps_now now, int64_t reset_ms);

/* When, on the steady clock, it may be over at the earliest. */
int64_t ps_day_wake_ms(const struct ps_day *day, struct ps_now now);

#endif
