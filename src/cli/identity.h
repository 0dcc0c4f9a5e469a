/*
 * identity - what names a run (rule R8): its input, the model, whatever changes the sent bytes, and
 * where it goes.
 *
 * The key is JSON: {"params":{...},"inputs":[[path,size,mtime]...],"digest":"..."}. `params` and
 * `digest` make the name; `inputs` finds the run again without reading the input.
 */
#ifndef PS_CLI_IDENTITY_H
#define PS_CLI_IDENTITY_H

#include "app/index.h"
#include "app/settings.h"
#include "cli/options.h"

/* Heap text. */
PS_MUST_CHECK enum ps_status ps_identity_params(const struct ps_options *options,
                                                const struct ps_settings *settings,
                                                char **ret_params, struct ps_error *err);

/* A run of equal params whose inputs are the same paths, unchanged or gone. *ret_folder is heap
 * text. */
PS_MUST_CHECK bool ps_identity_find(const struct ps_options *options, const char *params,
                                    char **ret_folder);

/* Sets name and key. */
void ps_identity_name(const struct ps_options *options, const char *params,
                      const struct ps_index_summary *summary, struct ps_settings *settings);

/* With --name: the name can be one, and a run that has it was made from this very input and these
 * options. */
PS_MUST_CHECK enum ps_status ps_identity_check_name(const struct ps_options *options,
                                                    const char *params,
                                                    const struct ps_index_summary *summary,
                                                    struct ps_error *err);

#endif
