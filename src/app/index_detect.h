/*
 * index_detect - which dialect the inputs have: told by the user or a file's name, else what the
 * first lines say.
 */
#ifndef PS_APP_INDEX_DETECT_H
#define PS_APP_INDEX_DETECT_H

#include "app/source_facts.h"

/* The first so many non-blank lines of each input must agree, broken ones aside. */
#define PS_DETECT_LINES 100

/*
 * Sets facts->rules.dialect, and where each input's records begin. PS_E_INPUT: lines disagree, or
 * none tells; PS_E_USAGE: a format that nobody knows, or one that needs a template.
 */
PS_MUST_CHECK enum ps_status ps_index_detect(struct ps_source_facts *facts,
                                             const struct ps_index_options *options,
                                             struct ps_error *err);

#endif
