/*
 * s3 - what the acts on S3 share: paths, keys, checksums, and the pages of its listings. Internal
 * to aws/.
 *
 * Owner: the caller's buffers. Threads: pure, any.
 */
#ifndef PS_AWS_S3_H
#define PS_AWS_S3_H

#include "aws/act.h"
#include "base/buf.h"

/* S3's own bound is 1,024 bytes a key; tokens and upload ids are longer, but not without end. */
#define PS_S3_TOKEN_BYTES_MAX 8192

/* "/" and the key, percent-encoded. */
void ps_s3_key_path(const struct ps_act *act, struct ps_buf *path);

/* act->what = "put 's3://bucket/key'", the key cut and cleaned. */
void ps_s3_set_what(struct ps_act *act, const char *verb);

/* "&name=value", the value encoded; without '&' where the query is still empty. */
void ps_s3_add_parameter(struct ps_buf *query, const char *name, struct ps_str value);

/* A key as a listing shows it: with encoding-type=url it is encoded, a space as '+'. NULL: it has a
 * NUL byte. */
char *ps_s3_key_of(struct ps_str text, bool is_encoded);

/* The CRC-32 of the whole object, as the answer's headers tell it; false: none, or one of the
 * parts' digests. */
PS_MUST_CHECK bool ps_s3_full_crc32(const struct ps_http_answer *answer, uint32_t *ret_crc32);

/* The answer's ETag, a copy; "" when it has none, or one that no header could carry back. */
char *ps_s3_etag_dup(const struct ps_http_answer *answer);

/*
 * Aborts every multipart upload whose key begins with (or, is_exact, is) act->key; then calls
 * on_end once, with act->fact.error set where it is not done.
 */
struct ps_s3_uploads;
struct ps_s3_uploads *ps_s3_uploads_free(struct ps_s3_uploads *uploads);
void ps_s3_uploads_begin(struct ps_act *act, bool is_exact,
                         void (*on_end)(struct ps_act *act, bool is_done, enum ps_outcome outcome));

#endif
