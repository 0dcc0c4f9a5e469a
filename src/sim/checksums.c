#include "sim/checksums.h"

#include "base/assert.h"
#include "codec/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CRC32C_REFLECTED UINT32_C(0x82f63b78)
#define CRC64NVME_REFLECTED UINT64_C(0x9a6c9329ac4bc9b5)

static uint32_t crc32c_table[256];
static uint64_t crc64_table[256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
    for (uint32_t value = 0; value < 256; value++) {
        uint32_t short_crc = value;
        uint64_t long_crc = value;
        for (int bit = 0; bit < 8; bit++) {
            short_crc = (short_crc >> 1) ^ ((short_crc & 1) != 0 ? CRC32C_REFLECTED : 0);
            long_crc = (long_crc >> 1) ^ ((long_crc & 1) != 0 ? CRC64NVME_REFLECTED : 0);
        }
        crc32c_table[value] = short_crc;
        crc64_table[value] = long_crc;
    }
}

uint32_t ps_crc32c(const uint32_t crc, const struct ps_str bytes)
{
    (void)pthread_once(&tables_once, make_tables);
    uint32_t running = ~crc;
    for (size_t at = 0; at < bytes.size; at++) {
        running = (running >> 8) ^ crc32c_table[(running ^ (uint8_t)bytes.data[at]) & 255];
    }
    return ~running;
}

uint64_t ps_crc64nvme(const uint64_t crc, const struct ps_str bytes)
{
    (void)pthread_once(&tables_once, make_tables);
    uint64_t running = ~crc;
    for (size_t at = 0; at < bytes.size; at++) {
        running = (running >> 8) ^ crc64_table[(running ^ (uint8_t)bytes.data[at]) & 255];
    }
    return ~running;
}

static const char *const names[PS_CHECKSUM_COUNT] = {
    [PS_CHECKSUM_NONE] = "",         [PS_CHECKSUM_CRC32] = "CRC32",
    [PS_CHECKSUM_CRC32C] = "CRC32C", [PS_CHECKSUM_CRC64NVME] = "CRC64NVME",
    [PS_CHECKSUM_SHA1] = "SHA1",     [PS_CHECKSUM_SHA256] = "SHA256",
};

const char *ps_checksum_name(const enum ps_checksum checksum)
{
    return names[checksum];
}

enum ps_checksum ps_checksum_of(const struct ps_str name)
{
    static const struct ps_str prefix = {"x-amz-checksum-", 15};
    struct ps_str rest = name;
    if (ps_str_equals_nocase(ps_str_part(name, 0, prefix.size), prefix)) {
        rest = ps_str_part(name, prefix.size, name.size);
    }
    for (int index = PS_CHECKSUM_NONE + 1; index < PS_CHECKSUM_COUNT; index++) {
        if (ps_str_equals_nocase(rest, ps_str_of(names[index]))) {
            return (enum ps_checksum)index;
        }
    }
    return PS_CHECKSUM_NONE;
}

struct ps_checksums {
    EVP_MD_CTX *md5;
    EVP_MD_CTX *sha256;
    EVP_MD_CTX *sha1; /* NULL unless chosen */
    enum ps_checksum chosen;
    uint32_t crc32;
    uint64_t crc64;
};

static EVP_MD_CTX *begin(const EVP_MD *const kind)
{
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    PS_ASSERT(context != NULL);
    PS_ASSERT(EVP_DigestInit_ex(context, kind, NULL) == 1);
    return context;
}

struct ps_checksums *ps_checksums_new(const enum ps_checksum chosen)
{
    struct ps_checksums *const checksums = calloc(1, sizeof *checksums);
    PS_ASSERT(checksums != NULL);
    checksums->chosen = chosen;
    checksums->md5 = begin(EVP_md5());
    checksums->sha256 = begin(EVP_sha256());
    checksums->sha1 = chosen == PS_CHECKSUM_SHA1 ? begin(EVP_sha1()) : NULL;
    return checksums;
}

struct ps_checksums *ps_checksums_free(struct ps_checksums *const checksums)
{
    if (checksums != NULL) {
        EVP_MD_CTX_free(checksums->md5);
        EVP_MD_CTX_free(checksums->sha256);
        EVP_MD_CTX_free(checksums->sha1);
        free(checksums);
    }
    return NULL;
}

void ps_checksums_add(struct ps_checksums *const checksums, const struct ps_str bytes)
{
    PS_ASSERT(EVP_DigestUpdate(checksums->md5, bytes.data, bytes.size) == 1);
    PS_ASSERT(EVP_DigestUpdate(checksums->sha256, bytes.data, bytes.size) == 1);
    if (checksums->sha1 != NULL) {
        PS_ASSERT(EVP_DigestUpdate(checksums->sha1, bytes.data, bytes.size) == 1);
    } else if (checksums->chosen == PS_CHECKSUM_CRC32) {
        checksums->crc32 = ps_crc32(checksums->crc32, bytes);
    } else if (checksums->chosen == PS_CHECKSUM_CRC32C) {
        checksums->crc32 = ps_crc32c(checksums->crc32, bytes);
    } else if (checksums->chosen == PS_CHECKSUM_CRC64NVME) {
        checksums->crc64 = ps_crc64nvme(checksums->crc64, bytes);
    }
}

static void end_digest(EVP_MD_CTX *const context, uint8_t *const ret_digest)
{
    PS_ASSERT(EVP_DigestFinal_ex(context, ret_digest, NULL) == 1);
}

/* The bytes of the chosen checksum, the highest first; returns how many. */
static size_t chosen_bytes(struct ps_checksums *const checksums, const uint8_t *const sha256,
                           uint8_t ret_bytes[const PS_SHA256_BYTES])
{
    switch (checksums->chosen) {
    case PS_CHECKSUM_CRC32:
    case PS_CHECKSUM_CRC32C:
        for (int index = 0; index < 4; index++) {
            ret_bytes[index] = (uint8_t)(checksums->crc32 >> (24 - 8 * index));
        }
        return 4;
    case PS_CHECKSUM_CRC64NVME:
        for (int index = 0; index < 8; index++) {
            ret_bytes[index] = (uint8_t)(checksums->crc64 >> (56 - 8 * index));
        }
        return 8;
    case PS_CHECKSUM_SHA1:
        end_digest(checksums->sha1, ret_bytes);
        return 20;
    case PS_CHECKSUM_SHA256:
        memcpy(ret_bytes, sha256, PS_SHA256_BYTES);
        return PS_SHA256_BYTES;
    default:
        return 0;
    }
}

void ps_checksums_end(struct ps_checksums *const checksums,
                      struct ps_checksums_result *const ret_result)
{
    uint8_t sha256[PS_SHA256_BYTES];
    uint8_t chosen[PS_SHA256_BYTES];
    memset(ret_result, 0, sizeof *ret_result);
    end_digest(checksums->md5, ret_result->md5);
    end_digest(checksums->sha256, sha256);
    ps_hex_encode(ret_result->md5, PS_MD5_BYTES, ret_result->md5_hex);
    ps_hex_encode(sha256, sizeof sha256, ret_result->sha256_hex);
    ret_result->chosen = checksums->chosen;
    const size_t size = chosen_bytes(checksums, sha256, chosen);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_CHECKSUM_TEXT_SIZE - 1);
    PS_ASSERT(ps_base64_encode(chosen, size, &text));
    memcpy(ret_result->chosen_base64, ps_buf_text(&text), text.size + 1);
}
