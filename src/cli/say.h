/*
 * say - what a person reads on stderr, and the exit status that goes with an error.
 *
 * stdout is the answer, stderr the chat. Foreign text cannot move the cursor or change colours. On
 * a terminal one line may stand at the foot and rewrite itself (progress); what is said goes above
 * it. Colour only on a terminal, and never with NO_COLOR.
 *
 * The chat is one: it is the process's own, not an object. Threads: one.
 */
#ifndef PS_CLI_SAY_H
#define PS_CLI_SAY_H

#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>

enum ps_exit {
    PS_EXIT_OK = 0,
    PS_EXIT_SOME_FAILED = 1,
    PS_EXIT_USAGE = 2,
    PS_EXIT_REFUSED = 3,
    PS_EXIT_DENIED = 4,
    PS_EXIT_STOPPED = 5,
    PS_EXIT_EARLY = 6,
    PS_EXIT_BUG = 70
};

/* Errors only, from now on (-q, --json). */
void ps_say_be_quiet(bool is_quiet);
bool ps_say_is_quiet(void);

/* "penstock: ..." with a line end; not said when quiet. */
void ps_say(const char *format, ...) PS_PRINTF(1, 2);

/*
 * "penstock: message", then the hint and the service's request id on lines of their own; said even
 * when quiet. Returns the exit status.
 */
int ps_say_error(const struct ps_error *err);

/*
 * Asks a person on the terminal; PS_OK: the answer was yes. PS_E_USAGE where nobody can be asked
 * (the hint names --yes), PS_E_STOPPED for any other answer.
 */
PS_MUST_CHECK enum ps_status ps_say_ask(const char *question, struct ps_error *err);

/* How wide the terminal is on which a line can rewrite itself; 0: there is none, or we are quiet.
 */
int ps_say_columns(void);

/* The line at the foot, safe for a terminal and no wider than that; "" takes it away. */
void ps_say_line(const char *text);

int ps_exit_of(enum ps_status status);

#endif
