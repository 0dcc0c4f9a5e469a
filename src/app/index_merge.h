/*
 * index_merge - after the pass: which records ask for the same and are sent once, and which ids
 * stand there twice.
 *
 * Equal fingerprints are only a hint: both lines are made again and compared before one becomes the
 * other's duplicate.
 */
#ifndef PS_APP_INDEX_MERGE_H
#define PS_APP_INDEX_MERGE_H

#include "app/index_pass.h"

/* Marks duplicates in the pass's entries and brings its summary up to date. */
PS_MUST_CHECK enum ps_status ps_index_merge(struct ps_pass *pass, const char *folder,
                                            struct ps_error *err);

/* Sets summary.repeated_ids. */
PS_MUST_CHECK enum ps_status ps_index_count_repeated_ids(struct ps_pass *pass, const char *folder,
                                                         struct ps_error *err);

#endif
