/*
 * route - which operation a request asks for: by method, raw path, query and the service it was
 * signed for.
 *
 * Pure. Threads: any.
 */
#ifndef PS_EMU_ROUTE_H
#define PS_EMU_ROUTE_H

#include "emu/request.h"

enum ps_emu_body {
    PS_EMU_BODY_BUFFER, /* in memory */
    PS_EMU_BODY_FILE    /* on disk, as it comes */
};

struct ps_emu_route {
    const char *op;            /* "PutObject" */
    enum ps_fault_op fault_op; /* PS_OP_ANY: no fault reaches it */
    enum ps_emu_body body;
    bool (*carry_out)(struct ps_emu_request *request); /* fills the answer, or refuses */
};

/*
 * Finds service, route, bucket and key of a request whose headers are there. `signed_for` is the
 * service in its signature, "" without one. Always sets a route: one that refuses, for what the
 * emulator does not know.
 */
void ps_emu_route_find(struct ps_emu_request *request, struct ps_str signed_for);

#endif
