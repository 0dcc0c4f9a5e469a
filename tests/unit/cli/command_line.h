/*
 * command_line - options from one text, its words apart by spaces.
 */
#ifndef PS_TEST_COMMAND_LINE_H
#define PS_TEST_COMMAND_LINE_H

#include "cli/options.h"

/* `line` is cut into words in place and must outlive the options; it must be right. */
void test_options_of(struct ps_options *options, char *line);

#endif
