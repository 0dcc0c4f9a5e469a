/*
 * checksums - the digests that S3 knows, run over bytes that come in pieces.
 *
 * MD5 (the ETag) and SHA-256 (the signed payload) always; one more by choice.
 *
 * Owner: whoever called new. Threads: one owner at a time.
 */
#ifndef PS_SIM_CHECKSUMS_H
#define PS_SIM_CHECKSUMS_H

#include "base/str.h"

enum ps_checksum {
    PS_CHECKSUM_NONE,
    PS_CHECKSUM_CRC32,
    PS_CHECKSUM_CRC32C,
    PS_CHECKSUM_CRC64NVME,
    PS_CHECKSUM_SHA1,
    PS_CHECKSUM_SHA256,
    PS_CHECKSUM_COUNT
};

/* "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"; "" for none. */
const char *ps_checksum_name(enum ps_checksum checksum);

/* By that name in any case, or by a header's: "x-amz-checksum-crc32c". NONE for what it does not
 * know. */
enum ps_checksum ps_checksum_of(struct ps_str name);

#define PS_CHECKSUM_TEXT_SIZE 48 /* base64 of the longest, with the NUL byte */
#define PS_MD5_HEX_SIZE 33
#define PS_MD5_BYTES 16

struct ps_checksums;
struct ps_checksums *ps_checksums_new(enum ps_checksum chosen);
struct ps_checksums *ps_checksums_free(struct ps_checksums *checksums);
void ps_checksums_add(struct ps_checksums *checksums, struct ps_str bytes);

/* What the digests are once all bytes are in; after this, only free. */
struct ps_checksums_result {
    uint8_t md5[PS_MD5_BYTES];
    char md5_hex[PS_MD5_HEX_SIZE];
    char sha256_hex[65];
    enum ps_checksum chosen;
    char chosen_base64[PS_CHECKSUM_TEXT_SIZE]; /* "" for none */
};
void ps_checksums_end(struct ps_checksums *checksums, struct ps_checksums_result *ret_result);

/* Goes on from `crc`, 0 at the beginning. */
uint32_t ps_crc32c(uint32_t crc, struct ps_str bytes);
uint64_t ps_crc64nvme(uint64_t crc, struct ps_str bytes);

#endif
