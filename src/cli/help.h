/*
 * help - what --help says, made from the tables of options.def and commands.def.
 *
 * Pure. Threads: any.
 */
#ifndef PS_CLI_HELP_H
#define PS_CLI_HELP_H

#include "base/buf.h"
#include "cli/options.h"

/* One sentence or two: what Penstock is. */
extern const char ps_help_about[];

/* What each exit status says; the last row's text is NULL. */
struct ps_exit_row {
    int status;
    const char *text;
};
extern const struct ps_exit_row ps_help_exits[];

/* Lines are broken to fit `columns` where words allow. */
void ps_help_add_overview(struct ps_buf *buf, int64_t columns);
void ps_help_add_command(struct ps_buf *buf, enum ps_command_bit command, int64_t columns);

/*
 * Adds words and a line end, and breaks the line before a word that would pass `columns`; a broken
 * line begins with `indent` spaces. `used` columns of the first are taken.
 */
void ps_help_add_wrapped(struct ps_buf *buf, const char *text, int64_t used, int64_t indent,
                         int64_t columns);

#endif
