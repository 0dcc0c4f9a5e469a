/*
 * prepare - from options to a run's folder: the input read once, the run named (rule R8), its
 * settings written.
 *
 * The same command again finds the same run: at once when the input's size and time are as they
 * were (or the input is gone), else by reading the input and comparing its digest.
 */
#ifndef PS_CLI_PREPARE_H
#define PS_CLI_PREPARE_H

#include "app/index.h"
#include "app/settings.h"
#include "cli/options.h"

struct ps_prepared {
    struct ps_settings settings;
    char *folder;                    /* of the run; or of the staging, where nothing was made */
    struct ps_index_summary summary; /* zero where the run was there already */
    bool is_there_already;
    char *params; /* the key's part that the options make */
};

void ps_prepared_init(struct ps_prepared *prepared);
void ps_prepared_release(struct ps_prepared *prepared);

/* What options say of the lane, the model and where things go; nothing is read or written. */
PS_MUST_CHECK enum ps_status ps_prepare_settings(const struct ps_options *options,
                                                 struct ps_settings *settings,
                                                 struct ps_error *err);

/* Reads the input into the new folder `folder`. Shows progress on stderr. */
PS_MUST_CHECK enum ps_status
ps_prepare_index(const struct ps_options *options, const struct ps_settings *settings,
                 const char *folder, struct ps_index_summary *ret_summary, struct ps_error *err);

/* The whole: finds the run or makes its folder. */
PS_MUST_CHECK enum ps_status ps_prepare_run(const struct ps_options *options,
                                            struct ps_prepared *prepared, struct ps_error *err);

/* A new folder under STATE for what may be thrown away. Heap text. */
PS_MUST_CHECK enum ps_status ps_prepare_staging(const struct ps_options *options, char **ret_folder,
                                                struct ps_error *err);

/* Says on stderr what the index found: rejected lines, duplicates, repeated ids. */
void ps_prepare_tell(const struct ps_index_summary *summary);

#endif
