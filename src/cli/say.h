/*
 * say - what a person reads on stderr, and the exit status that goes with an error.
 *
 * stdout is the answer, stderr the chat. Control characters of foreign text are escaped.
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
    PS_EXIT_EARLY = 6
};

void ps_say_be_quiet(bool is_quiet);

/* "penstock: ..." with a line end; not said when quiet. */
void ps_say(const char *format, ...) PS_PRINTF(1, 2);

/* "penstock: message" and the hint on a line of its own; said even when quiet. Returns the exit
 * status. */
int ps_say_error(const struct ps_error *err);

int ps_exit_of(enum ps_status status);

/* `text` with control characters as \xNN, cut at `room_size`. Returns `room`. */
const char *ps_say_clean(struct ps_str text, char *room, size_t room_size);

#endif
