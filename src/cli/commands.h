/*
 * commands - one function a command, one file a function. Each returns the exit status.
 */
#ifndef PS_CLI_COMMANDS_H
#define PS_CLI_COMMANDS_H

#include "cli/options.h"

#define COMMAND(bit, name, function, arguments, line, is_shown) \
    int function(const struct ps_options *options);
#include "cli/commands.def"
#undef COMMAND

#endif
