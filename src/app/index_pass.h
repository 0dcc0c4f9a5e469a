/*
 * index_pass - the one streaming pass: chunks are parsed by several threads, entries written in
 * input order.
 */
#ifndef PS_APP_INDEX_PASS_H
#define PS_APP_INDEX_PASS_H

#include "app/source_facts.h"
#include "os/new_file.h"

/* Keys are spread over so many parts by their highest bits; groups need to know how many are in
 * each. */
#define PS_SPREAD_COUNT 4096

struct ps_spread {
    int64_t count[PS_SPREAD_COUNT];
};

static inline size_t ps_spread_of(const uint64_t high)
{
    return (size_t)(high >> 52);
}

static_assert(UINT64_MAX >> 52 == PS_SPREAD_COUNT - 1, "the highest twelve bits are the part");

/* The digest of an id: what repeated ids are found by. */
struct ps_id_digest {
    uint64_t low;
    uint64_t high;
};
struct ps_id_digest ps_id_digest(struct ps_str id);

struct ps_pass {
    const struct ps_source_facts *facts;
    const struct ps_index_options *options;
    struct ps_new_file *entries;
    struct ps_new_file *ids;
    struct ps_index_summary
        summary; /* all sums but those of duplicates; input tokens of all accepted */
    struct ps_spread fingerprints; /* of records that may be merged */
    struct ps_spread id_digests;   /* of records that have an id */
};

/* May this record be one of several that are sent once? */
PS_MUST_CHECK bool ps_pass_may_merge(const struct ps_entry *entry, enum ps_dedupe dedupe);

/* Runs the pass; entries and ids are then flushed. */
PS_MUST_CHECK enum ps_status ps_pass_run(struct ps_pass *pass, struct ps_error *err);

#endif
