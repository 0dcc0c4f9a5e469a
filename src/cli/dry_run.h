/*
 * dry_run - reads the input, cuts it into shards and jobs, says what they are; sends and keeps
 * nothing.
 *
 * For `run --dry-run` and `plan`.
 */
#ifndef PS_CLI_DRY_RUN_H
#define PS_CLI_DRY_RUN_H

#include "cli/options.h"

int ps_dry_run(const struct ps_options *options);

#endif
