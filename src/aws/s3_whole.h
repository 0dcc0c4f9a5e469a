/*
 * s3_whole - is what came of an object what the store keeps of it?
 *
 * A GET asks for the store's own checksum of the whole object (CRC64NVME, which S3 makes of every
 * object, or CRC32). It is summed up as the bytes pass. A get that is cut leaves its sum here,
 * under key, ETag and place, and the get that goes on takes it up. An object without such a
 * checksum is not held against anything: its length is, by HTTP.
 *
 * Owner: world_aws embeds the keeper; a get owns the sum that it has taken. Threads: one.
 */
#ifndef PS_AWS_S3_WHOLE_H
#define PS_AWS_S3_WHOLE_H

#include "aws/act.h"
#include "codec/crc64nvme.h"

#define PS_S3_WHOLES_MAX 32

struct ps_s3_whole;

struct ps_s3_wholes {
    struct ps_crc64nvme_tables tables;
    struct ps_s3_whole *kept[PS_S3_WHOLES_MAX]; /* of gets that were cut; the oldest gives way */
    size_t next;
};

void ps_s3_wholes_init(struct ps_s3_wholes *wholes);
void ps_s3_wholes_release(struct ps_s3_wholes *wholes);

/* For the first bytes of an object: what its headers promise. Heap. */
struct ps_s3_whole *ps_s3_whole_new(const struct ps_http_answer *answer);
struct ps_s3_whole *ps_s3_whole_free(struct ps_s3_whole *whole);
void ps_s3_whole_add(const struct ps_s3_wholes *wholes, struct ps_s3_whole *whole,
                     struct ps_str bytes);

/* True too where the store promised nothing. */
PS_MUST_CHECK bool ps_s3_whole_is_kept_word(const struct ps_s3_whole *whole);

/* Keeps the sum of a cut get, and takes it. */
void ps_s3_wholes_keep(struct ps_s3_wholes *wholes, const struct ps_act *act,
                       struct ps_s3_whole *whole);

/* NULL: nothing was kept for what `act` goes on with. */
struct ps_s3_whole *ps_s3_wholes_take(struct ps_s3_wholes *wholes, const struct ps_act *act);

#endif
