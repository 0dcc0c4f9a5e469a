/*
 * terminal - a terminal for stderr, so that a test sees what a person would.
 *
 *     struct terminal terminal;
 *     terminal_open(&terminal, 80);
 *     ... what is written to stderr ...
 *     terminal_close(&terminal);
 *     ... terminal.seen: the bytes ...
 */
#ifndef PS_TEST_TERMINAL_H
#define PS_TEST_TERMINAL_H

#include "base/buf.h"

struct terminal {
    int master;
    int kept; /* what stderr was */
    struct ps_buf seen;
};

void terminal_open(struct terminal *terminal, int columns);

/* stderr is again what it was; `seen` is the caller's to release. */
void terminal_close(struct terminal *terminal);

#endif
