/*
 * signals - SIGINT, SIGTERM and SIGHUP end this process with status 5, in peace where there is
 * something to bring to an end.
 *
 * Before a turn runs, and while a run is only followed, the first signal leaves at once; while a
 * turn runs it pauses it, and the second one leaves at once. What is durable is durable either way.
 *
 * The handler is the process's own, not an object. Threads: one.
 */
#ifndef PS_CLI_SIGNALS_H
#define PS_CLI_SIGNALS_H

#include "app/turn.h"

/* `said` (static text, with its line end) goes to stderr when the process leaves at once. */
void ps_signals_catch(const char *said);

/* From now on the first signal pauses `turn`; NULL: none runs any more. */
void ps_signals_set_turn(struct ps_turn *turn);

#endif
