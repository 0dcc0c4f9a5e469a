/*
 * fake_index - an index in memory, so that a test says record by record what the input holds.
 *
 * It stands in for app/index and app/shard_body: a program that links it must not use those.
 */
#ifndef PS_TEST_FAKE_INDEX_H
#define PS_TEST_FAKE_INDEX_H

#include "app/index.h"
#include "app/shard_body.h"

struct fake_record {
    const char *id;    /* JSON text; NULL: "r" and its index */
    const char *keep;  /* JSON text; NULL: none */
    const char *error; /* JSON text: rejected */
    int64_t line;
    int64_t leader;     /* plus one: a duplicate of it */
    const char *source; /* what the user wrote; NULL: gone */
};

/* Copies nothing: `records` outlives it. NULL: `count` plain records. */
struct ps_index *fake_index_new(const struct fake_record *records, int64_t count);

/* Its sums, to be written to; records, rejected, duplicates and sent are right from the start. */
struct ps_index_summary *fake_index_summary(struct ps_index *index);

/* The source of it; it lives as long as the index. With a header, or NULL, it is a CSV file's. */
struct ps_source *fake_source(struct ps_index *index, const char *header);

#endif
