/*
 * digest - SHA-256, HMAC, CRC-32, and the two ways to write bytes as text: hex and base64.
 *
 * SHA-256 is OpenSSL's, CRC-32 libdeflate's (the polynomial of zlib and of S3's
 * x-amz-checksum-crc32).
 *
 * Owner: results go into the caller's arrays. Threads: pure, any; a running digest belongs to one.
 *
 *     char hex[PS_SHA256_HEX_SIZE];
 *     ps_sha256_hex(PS_STR("hello"), hex);
 */
#ifndef PS_CODEC_DIGEST_H
#define PS_CODEC_DIGEST_H

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

#define PS_SHA256_BYTES 32
#define PS_SHA256_HEX_SIZE (2 * PS_SHA256_BYTES + 1) /* with the NUL byte */

void ps_sha256(struct ps_str bytes, uint8_t ret_digest[PS_SHA256_BYTES]);
void ps_sha256_hex(struct ps_str bytes, char ret_hex[PS_SHA256_HEX_SIZE]);
void ps_hmac_sha256(struct ps_str key, struct ps_str bytes, uint8_t ret_digest[PS_SHA256_BYTES]);

/* A digest over bytes that come in pieces. */
struct ps_sha256_running;
struct ps_sha256_running *ps_sha256_running_new(void);
struct ps_sha256_running *ps_sha256_running_free(struct ps_sha256_running *running);
void ps_sha256_running_add(struct ps_sha256_running *running, struct ps_str bytes);

/* Ends it; afterwards it can only be freed. */
void ps_sha256_running_hex(struct ps_sha256_running *running, char ret_hex[PS_SHA256_HEX_SIZE]);

/* Goes on from `crc32`, which is 0 at the beginning. */
uint32_t ps_crc32(uint32_t crc32, struct ps_str bytes);

/* Lower case, with a NUL byte: 2 * size + 1 bytes at `ret_text`. */
void ps_hex_encode(const uint8_t *bytes, size_t size, char *ret_text);

/* With padding, to the end of `buf`; false when its cap would be passed. */
PS_MUST_CHECK bool ps_base64_encode(const uint8_t *bytes, size_t size, struct ps_buf *buf);

/* Strict (padding and alphabet); at most `room_size` bytes; false when it is not base64 or too
 * long. */
PS_MUST_CHECK bool ps_base64_decode(struct ps_str text, uint8_t *room, size_t room_size,
                                    size_t *ret_size);

#define PS_CRC32_BASE64_SIZE 9 /* with the NUL byte */

/* As x-amz-checksum-crc32 wants it: four bytes, the highest first, in base64. */
void ps_crc32_base64(uint32_t crc32, char ret_text[PS_CRC32_BASE64_SIZE]);
PS_MUST_CHECK bool ps_crc32_of_base64(struct ps_str text, uint32_t *ret_crc32);

#endif
