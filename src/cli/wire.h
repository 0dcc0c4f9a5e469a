/*
 * wire - the only file that knows all the real adapters: it puts the world of a run together.
 *
 * With --local it starts the emulator inside this process on a loopback port and talks to it over
 * HTTP with signed requests, exactly as to AWS: only the endpoint and the credentials differ.
 *
 * Owner: the caller frees. Threads: one (the emulator has its own).
 */
#ifndef PS_CLI_WIRE_H
#define PS_CLI_WIRE_H

#include "app/settings.h"
#include "cli/options.h"
#include "os/clock.h"
#include "port/world.h"

struct ps_wire;

/* Starts the emulator where the run is local, finds credentials and endpoint. */
PS_MUST_CHECK enum ps_status ps_wire_new(const struct ps_options *options,
                                         const struct ps_settings *settings, const char *folder,
                                         struct ps_wire **ret_wire, struct ps_error *err);
struct ps_wire *ps_wire_free(struct ps_wire *wire);

/* Of a run on AWS: are there credentials, and is the endpoint one? Nothing is sent. */
PS_MUST_CHECK enum ps_status ps_wire_check(const struct ps_options *options,
                                           const struct ps_settings *settings,
                                           struct ps_error *err);

/* What PENSTOCK_CLOCK says, or the emulator's; "" for real time. */
const char *ps_wire_clock_spec(const struct ps_wire *wire);

/* Of a local run: the emulator's bucket in a Region, heap text; and its role. */
PS_MUST_CHECK enum ps_status ps_wire_local_bucket(struct ps_wire *wire, const char *region,
                                                  char **ret_bucket, struct ps_error *err);
const char *ps_wire_local_role(const struct ps_wire *wire);

/* Makes the world; the streams are called from inside its next_fact. */
PS_MUST_CHECK enum ps_status ps_wire_world(struct ps_wire *wire, const struct ps_settings *settings,
                                           struct ps_streams streams, const struct ps_clock *clock,
                                           struct ps_world *ret_world, struct ps_error *err);

/* The Bedrock host that a lane talks to; a loopback one without its port (R1). */
void ps_wire_add_host(const struct ps_wire *wire, int64_t lane, struct ps_buf *buf);

/* The Region that flags, environment and profile name; NULL: none. Heap text. */
PS_MUST_CHECK enum ps_status ps_wire_region(const struct ps_options *options, char **ret_region,
                                            struct ps_error *err);

#endif
