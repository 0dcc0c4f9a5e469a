/*
 * ledger - sums over the event log, as one JSON object (docs/EVENTS.md, section 4).
 *
 * Owner: the world. Threads: the world's lock is held.
 */
#ifndef PS_SIM_LEDGER_H
#define PS_SIM_LEDGER_H

#include "base/buf.h"
#include "sim/jobs.h"
#include "sim/objects.h"

struct ps_ledger;
struct ps_ledger *ps_ledger_new(void);
struct ps_ledger *ps_ledger_free(struct ps_ledger *ledger);

/* Every event, in order. */
void ps_ledger_apply(struct ps_ledger *ledger, struct ps_str kind, yyjson_val *event);

int64_t ps_ledger_records(const struct ps_ledger *ledger);

/* How many requests of this name there were. */
int64_t ps_ledger_calls(const struct ps_ledger *ledger, struct ps_str op);

void ps_ledger_write(const struct ps_ledger *ledger, const struct ps_jobs *jobs,
                     const struct ps_objects *objects, struct ps_buf *buf);

#endif
