/*
 * completion - the completion of bash, made from the tables of options.def and commands.def.
 *
 * Pure. Threads: any.
 */
#ifndef PS_CLI_COMPLETION_H
#define PS_CLI_COMPLETION_H

#include "base/buf.h"

void ps_completion_add(struct ps_buf *buf);

#endif
