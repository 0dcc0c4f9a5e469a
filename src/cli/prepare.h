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
    struct ps_settings settings;     /* as this command says; name, key and nonce: of a new run */
    char *folder;                    /* of the run */
    struct ps_index_summary summary; /* zero where the run was there already */
    bool is_there_already;
    char *params; /* the key's part that the options make */
};

void ps_prepared_init(struct ps_prepared *prepared);
void ps_prepared_release(struct ps_prepared *prepared);

/* Reads the input into the new folder `folder`. Shows progress on stderr. */
PS_MUST_CHECK enum ps_status
ps_prepare_index(const struct ps_options *options, const struct ps_settings *settings,
                 const char *folder, struct ps_index_summary *ret_summary, struct ps_error *err);

/* The whole: finds the run or makes its folder. */
PS_MUST_CHECK enum ps_status ps_prepare_run(const struct ps_options *options,
                                            struct ps_prepared *prepared, struct ps_error *err);

/*
 * A new folder under STATE for what may be thrown away: release deletes it, unless it was moved
 * away. What a killed process left there goes with the next one.
 */
struct ps_staging {
    char *folder; /* NULL: moved away */
    int lock;     /* held as long as it is in use */
};
PS_MUST_CHECK enum ps_status ps_staging_make(const struct ps_options *options,
                                             struct ps_staging *staging, struct ps_error *err);
void ps_staging_release(struct ps_staging *staging);

/* Says on stderr what the index found: rejected lines, duplicates, repeated ids. */
void ps_prepare_tell(const struct ps_index_summary *summary);

#endif
