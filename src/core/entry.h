/*
 * entry - one input record as the index keeps it: 64 bytes, on disk as in memory (little endian).
 *
 * Written once by app/index and never changed. `offset` counts from the start of the first input:
 * the inputs stand one after another (app/index knows where each begins).
 */
#ifndef PS_CORE_ENTRY_H
#define PS_CORE_ENTRY_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

enum ps_entry_flag {
    PS_ENTRY_REJECTED = 1 << 0,  /* not sent; the ids file holds code, message and line number */
    PS_ENTRY_DUPLICATE = 1 << 1, /* not sent; `leader` answers for it */
    PS_ENTRY_WARM = 1 << 2,      /* an explicit temperature above 0: merged only with --dedupe */
    PS_ENTRY_HAS_MAX = 1 << 3    /* output_tokens_max is the record's own */
};

struct ps_entry {
    uint64_t offset;          /* of the record's first byte */
    uint64_t fingerprint_low; /* XXH3-128 of the canonical form */
    uint64_t fingerprint_high;
    uint32_t length;            /* bytes of the record, without its line end */
    uint32_t sent_bytes;        /* bytes of the line that is sent, '\n' included; 0 when rejected */
    uint32_t sent_crc32;        /* of those bytes (zlib's polynomial) */
    uint32_t input_tokens;      /* estimate */
    uint32_t output_tokens_max; /* what the request allows */
    uint32_t flags;             /* of enum ps_entry_flag */
    uint64_t leader;            /* with PS_ENTRY_DUPLICATE: the index of the record that is sent */
    uint64_t id_offset;         /* where its id stands in the ids file */
};

static_assert(sizeof(struct ps_entry) == 64, "the index promises 64 bytes a record");

/* Is this record itself put into a shard? */
static inline bool ps_entry_is_sent(const struct ps_entry *const entry)
{
    return (entry->flags & (uint32_t)(PS_ENTRY_REJECTED | PS_ENTRY_DUPLICATE)) == 0;
}

#endif
