/*
 * lane_files - lanes that stand in files: each line of --limits-file is one, written as --lane; so
 * is each section [lane NAME] of penstock.conf.
 *
 *     [lane west]
 *     model = us.anthropic.claude-haiku-4-5-20251001-v1:0
 *     region = us-west-2
 *     tpd = 20M
 *
 * They become --lane options of their command, behind those of the command line. penstock.conf
 * (--config, else ~/.config/penstock/penstock.conf where it is there) counts only where the command
 * line names neither --lane nor --limits-file nor --model.
 *
 * Threads: one.
 */
#ifndef PS_CLI_LANE_FILES_H
#define PS_CLI_LANE_FILES_H

#include "cli/options.h"

/*
 * Adds them to options->lanes, for commands that take lanes; texts live as long as `options`.
 * PS_E_USAGE names the file, the line and what is wrong with it; options are then as before.
 */
PS_MUST_CHECK enum ps_status ps_lane_files_add(struct ps_options *options, struct ps_error *err);

#endif
