/*
 * source_facts - source.json: which inputs an index was made of, by which rules, and what came out.
 *
 * It is written last of an index's files: where it stands, the others are whole.
 *
 * Owner: the caller embeds it and releases it. Threads: reading is safe from any.
 */
#ifndef PS_APP_SOURCE_FACTS_H
#define PS_APP_SOURCE_FACTS_H

#include "app/index.h"
#include "app/inputs.h"
#include "core/record.h"

struct ps_source_facts {
    struct ps_inputs inputs;
    struct ps_csv_row *columns;   /* CSV: one a input; else NULL */
    struct ps_record_rules rules; /* its views point at the texts below */
    char *model;
    char *system;
    char *template_text; /* NULL: none */
    struct ps_template *template;
    char *id_field;
    char *keep;
    struct ps_index_summary summary;
    int64_t ids_bytes;
};

void ps_source_facts_init(struct ps_source_facts *facts);
void ps_source_facts_release(struct ps_source_facts *facts);

/* Sets texts and limits from the user's options (dialect and inputs come later). PS_E_USAGE: a bad
 * template. */
PS_MUST_CHECK enum ps_status ps_source_facts_take(struct ps_source_facts *facts,
                                                  const struct ps_index_options *options,
                                                  struct ps_error *err);

/* CSV: reads the header rows that the inputs hold into columns. */
PS_MUST_CHECK enum ps_status ps_source_facts_columns(struct ps_source_facts *facts,
                                                     struct ps_error *err);

PS_MUST_CHECK enum ps_status ps_source_facts_write(const struct ps_source_facts *facts,
                                                   const char *folder, struct ps_error *err);

/* PS_E_NOT_FOUND: there is no index in the folder. PS_E_CORRUPT: it is not ours. */
PS_MUST_CHECK enum ps_status ps_source_facts_read(struct ps_source_facts *facts, const char *folder,
                                                  struct ps_error *err);

#endif
