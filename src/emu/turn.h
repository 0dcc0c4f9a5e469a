/*
 * turn - what happens to one request once the wire is taken away: begin, body, carry out, faults,
 * record.
 *
 * Threads: one connection's.
 */
#ifndef PS_EMU_TURN_H
#define PS_EMU_TURN_H

#include "emu/request.h"

/* Headers are in: routes, checks the signature where it does not need the body, opens the body's
 * place. */
void ps_emu_turn_begin(struct ps_emu_request *request, int64_t real_ms);

/* Bytes of the body. After a refusal they are passed over. */
void ps_emu_turn_take(struct ps_emu_request *request, struct ps_str bytes);

enum ps_emu_sending {
    PS_EMU_SEND,       /* the answer as it is */
    PS_EMU_SEND_LATE,  /* by a fault */
    PS_EMU_SEND_CUT,   /* half of it, then close */
    PS_EMU_SEND_WRONG, /* a byte of the file changed */
    PS_EMU_SEND_NONE   /* close */
};

struct ps_emu_outcome {
    enum ps_emu_sending sending;
    int64_t delay_ms; /* simulated; before it is sent, or the connection closes */
};

/* The body is in: carries it out at simulated `now_ms`, with its faults, and records it. */
struct ps_emu_outcome ps_emu_turn_end(struct ps_emu_request *request, int64_t now_ms);

#endif
