/*
 * screen - a run on a screen: a bar, records, jobs by where they are, what goes on, where the
 * results will be. For `watch` (again and again) and `status` (once).
 *
 * Pure. Threads: any.
 */
#ifndef PS_CLI_SCREEN_H
#define PS_CLI_SCREEN_H

#include "base/buf.h"
#include "cli/status_file.h"

/* Each line begins with a label, or room for one. */
#define PS_SCREEN_LABEL_WIDTH 9

/* Lines of at most `columns`, each with its end; foreign text is safe for a terminal. */
void ps_screen_add(struct ps_buf *buf, const struct ps_run_status *status, int64_t columns);

#endif
