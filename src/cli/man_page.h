/*
 * man_page - the man page, made from the tables of options.def and commands.def.
 *
 * Pure. Threads: any.
 */
#ifndef PS_CLI_MAN_PAGE_H
#define PS_CLI_MAN_PAGE_H

#include "base/buf.h"

void ps_man_page_add(struct ps_buf *buf);

#endif
