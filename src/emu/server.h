/*
 * server - the simulated world behind HTTP on a loopback port, one thread a connection
 * (libmicrohttpd).
 *
 * Each request: headers in, routed, signature checked; body in; faults before, operation, faults
 * after; recorded in the event log; answered.
 *
 * Owner: whoever started it. Threads: start and stop from one.
 */
#ifndef PS_EMU_SERVER_H
#define PS_EMU_SERVER_H

#include "os/clock.h"
#include "sim/world.h"

struct ps_emu_server;

struct ps_emu_server_options {
    struct ps_world *world; /* this and the clock stay the caller's, and outlive the server */
    const struct ps_clock *clock;
    int64_t port;                   /* 0: any */
    void (*changed)(void *context); /* called after each request: something new may be due */
    void *context;
};

PS_MUST_CHECK enum ps_status ps_emu_server_start(const struct ps_emu_server_options *options,
                                                 struct ps_emu_server **ret_server,
                                                 struct ps_error *err);

/* Ends delays, waits for what is being answered, closes. */
struct ps_emu_server *ps_emu_server_free(struct ps_emu_server *server);

int64_t ps_emu_server_port(const struct ps_emu_server *server);

#endif
