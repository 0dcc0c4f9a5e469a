/*
 * shard_body - a shard's bytes, made from the source by the same code that indexed it; never staged
 * on disk.
 *
 * A shard is a list of records: those of [first, end) that are sent, or the picked ones. Each made
 * line is held against its entry (length and CRC); a difference is PS_E_CORRUPT "input or converter
 * changed" (R6: size and mtime are held too when the source is opened; a file that is gone is
 * PS_E_NOT_FOUND, code `input_gone`).
 *
 * Owner: the caller frees. Threads: a body belongs to one thread, a source may be shared.
 */
#ifndef PS_APP_SHARD_BODY_H
#define PS_APP_SHARD_BODY_H

#include "app/index.h"

struct ps_shard_records {
    int64_t first; /* records [first, end) that are sent ... */
    int64_t end;
    const uint64_t *picked; /* ... or, where not NULL, exactly these, ascending */
    int64_t picked_count;
};

/* Opens the inputs (or their spools) named by the folder's source.json and checks that they are
 * unchanged. */
struct ps_source;
PS_MUST_CHECK enum ps_status ps_source_open(const char *folder, const struct ps_index *index,
                                            struct ps_source **ret_source, struct ps_error *err);
struct ps_source *ps_source_free(struct ps_source *source);

/* Copies the record's source text, as the user wrote it (for the failed file), to the end of `buf`.
 */
struct ps_buf;
PS_MUST_CHECK enum ps_status ps_source_text(struct ps_source *source, int64_t record,
                                            struct ps_buf *buf, struct ps_error *err);

/* The header row of a CSV input, without its line end; "" for any other. Lives as long as the
 * source. */
struct ps_str ps_source_header(const struct ps_source *source, int64_t input);

/* How many bytes, which CRC-32, how many records and tokens: from entries alone, nothing is read.
 */
struct ps_shard_facts {
    int64_t records;
    int64_t bytes;
    int64_t input_tokens;
    int64_t output_tokens_max;
    uint32_t crc32;
};
void ps_shard_facts(const struct ps_index *index, const struct ps_shard_records *records,
                    struct ps_shard_facts *ret_facts);

struct ps_shard_body;
struct ps_shard_body *ps_shard_body_new(struct ps_source *source,
                                        const struct ps_shard_records *records);
struct ps_shard_body *ps_shard_body_free(struct ps_shard_body *body);

/* The next bytes; *ret_size 0 only after the last. After an error the body can only be freed. */
PS_MUST_CHECK enum ps_status ps_shard_body_read(struct ps_shard_body *body, char *room,
                                                size_t room_size, size_t *ret_size,
                                                struct ps_error *err);

#endif
