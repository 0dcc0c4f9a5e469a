/*
 * plan_json - a plan for programs: one JSON object, the keys of the command-line contract and more.
 *
 * Times are seconds from the run's start, money is US dollars; what nobody knows is null. `binding`
 * and the like name a limit by its key in --lane.
 *
 * Pure. Threads: any.
 */
#ifndef PS_APP_PLAN_JSON_H
#define PS_APP_PLAN_JSON_H

#include "app/plan_view.h"
#include "base/buf.h"

/* A plan of some thousand lanes fits in this. */
#define PS_PLAN_JSON_BYTES_MAX ((size_t)16 * 1024 * 1024)

/* Appends the object and a line end; `buf` has that much room. */
void ps_plan_json_add(struct ps_buf *buf, const struct ps_plan_view *view);

#endif
