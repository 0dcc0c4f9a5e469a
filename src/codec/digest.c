#include "codec/digest.h"

#include "base/assert.h"

#include <libdeflate.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <limits.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ps_sha256(const struct ps_str bytes, uint8_t ret_digest[PS_SHA256_BYTES])
{
    unsigned int size = 0;
    const int is_done = EVP_Digest(bytes.data, bytes.size, ret_digest, &size, EVP_sha256(), NULL);
    PS_ASSERT(is_done == 1);
    PS_ASSERT(size == PS_SHA256_BYTES);
}

void ps_sha256_hex(const struct ps_str bytes, char ret_hex[PS_SHA256_HEX_SIZE])
{
    uint8_t digest[PS_SHA256_BYTES];
    ps_sha256(bytes, digest);
    ps_hex_encode(digest, sizeof(digest), ret_hex);
}

void ps_hmac_sha256(const struct ps_str key, const struct ps_str bytes,
                    uint8_t ret_digest[PS_SHA256_BYTES])
{
    PS_ASSERT(key.size <= INT_MAX);
    unsigned int size = 0;
    /* OpenSSL reads a NULL key as "the one before". */
    const void *const key_data = key.size == 0 ? "" : key.data;
    const uint8_t *const mac =
        HMAC(EVP_sha256(), key_data, (int)key.size, (const unsigned char *)bytes.data, bytes.size,
             ret_digest, &size);
    PS_ASSERT(mac != NULL);
    PS_ASSERT(size == PS_SHA256_BYTES);
}

/* The public name hides OpenSSL's; there is no object of our own behind it. */
static EVP_MD_CTX *context_of(struct ps_sha256_running *const running)
{
    return (EVP_MD_CTX *)running;
}

struct ps_sha256_running *ps_sha256_running_new(void)
{
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    PS_ASSERT(context != NULL);
    const int is_done = EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    PS_ASSERT(is_done == 1);
    return (struct ps_sha256_running *)context;
}

struct ps_sha256_running *ps_sha256_running_free(struct ps_sha256_running *const running)
{
    EVP_MD_CTX_free(context_of(running));
    return NULL;
}

void ps_sha256_running_add(struct ps_sha256_running *const running, const struct ps_str bytes)
{
    const int is_done = EVP_DigestUpdate(context_of(running), bytes.data, bytes.size);
    PS_ASSERT(is_done == 1);
}

void ps_sha256_running_hex(struct ps_sha256_running *const running,
                           char ret_hex[PS_SHA256_HEX_SIZE])
{
    uint8_t digest[PS_SHA256_BYTES];
    const int is_done = EVP_DigestFinal_ex(context_of(running), digest, NULL);
    PS_ASSERT(is_done == 1);
    ps_hex_encode(digest, sizeof(digest), ret_hex);
}

uint32_t ps_crc32(const uint32_t crc32, const struct ps_str bytes)
{
    /* libdeflate answers the initial value for NULL. */
    return bytes.size == 0 ? crc32 : libdeflate_crc32(crc32, bytes.data, bytes.size);
}

void ps_hex_encode(const uint8_t *const bytes, const size_t size, char *const ret_text)
{
    for (size_t index = 0; index < size; index++) {
        ret_text[2 * index] = hex_digits[bytes[index] >> 4];
        ret_text[2 * index + 1] = hex_digits[bytes[index] & 15];
    }
    ret_text[2 * size] = '\0';
}

/* Three bytes, of which `size` count, become four characters. */
static void encode_group(const uint8_t bytes[3], const size_t size, char ret_text[4])
{
    const uint32_t group = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
    ret_text[0] = base64_digits[group >> 18];
    ret_text[1] = base64_digits[group >> 12 & 63];
    ret_text[2] = size > 1 ? base64_digits[group >> 6 & 63] : '=';
    ret_text[3] = size > 2 ? base64_digits[group & 63] : '=';
}

bool ps_base64_encode(const uint8_t *const bytes, const size_t size, struct ps_buf *const buf)
{
    PS_ASSERT(size < SIZE_MAX / 2);
    char *const room = ps_buf_reserve(buf, (size + 2) / 3 * 4);
    if (room == NULL) {
        return false;
    }
    size_t written = 0;
    for (size_t from = 0; from < size; from += 3) {
        uint8_t group[3] = {0, 0, 0};
        const size_t left = size - from < 3 ? size - from : 3;
        memcpy(group, bytes + from, left);
        encode_group(group, left, room + written);
        written += 4;
    }
    ps_buf_commit(buf, written);
    return true;
}

/* -1 when it is none. */
static int base64_value(const char digit)
{
    const char *const found = digit == '\0' ? NULL : strchr(base64_digits, digit);
    return found == NULL ? -1 : (int)(found - base64_digits);
}

/* Four characters of which the last `padding` are '='; false when one is not of the alphabet. */
static bool decode_group(const char *const text, const size_t padding, uint8_t ret_bytes[3])
{
    uint32_t group = 0;
    for (size_t index = 0; index < 4; index++) {
        const int value = index >= 4 - padding ? 0 : base64_value(text[index]);
        if (value < 0) {
            return false;
        }
        group = group << 6 | (uint32_t)value;
    }
    ret_bytes[0] = (uint8_t)(group >> 16);
    ret_bytes[1] = (uint8_t)(group >> 8 & 255);
    ret_bytes[2] = (uint8_t)(group & 255);
    /* Bits that stand for nothing must be 0, or one value had many texts. */
    return (padding < 1 || ret_bytes[2] == 0) && (padding < 2 || ret_bytes[1] == 0);
}

static size_t padding_of(const struct ps_str text)
{
    size_t padding = 0;
    while (padding < 2 && padding < text.size && text.data[text.size - 1 - padding] == '=') {
        padding++;
    }
    return padding;
}

bool ps_base64_decode(const struct ps_str text, uint8_t *const room, const size_t room_size,
                      size_t *const ret_size)
{
    const size_t padding = padding_of(text);
    if (text.size % 4 != 0 || text.size / 4 * 3 - padding > room_size) {
        return false;
    }
    size_t size = 0;
    for (size_t from = 0; from < text.size; from += 4) {
        const size_t left_out = from + 4 == text.size ? padding : 0;
        uint8_t group[3];
        if (!decode_group(text.data + from, left_out, group)) {
            return false;
        }
        memcpy(room + size, group, 3 - left_out);
        size += 3 - left_out;
    }
    *ret_size = size;
    return true;
}

void ps_crc32_base64(const uint32_t crc32, char ret_text[PS_CRC32_BASE64_SIZE])
{
    const uint8_t bytes[6] = {(uint8_t)(crc32 >> 24),
                              (uint8_t)(crc32 >> 16 & 255),
                              (uint8_t)(crc32 >> 8 & 255),
                              (uint8_t)(crc32 & 255),
                              0,
                              0};
    encode_group(bytes, 3, ret_text);
    encode_group(bytes + 3, 1, ret_text + 4);
    ret_text[8] = '\0';
}

bool ps_crc32_of_base64(const struct ps_str text, uint32_t *const ret_crc32)
{
    uint8_t bytes[4];
    size_t size = 0;
    if (!ps_base64_decode(text, bytes, sizeof(bytes), &size) || size != sizeof(bytes)) {
        return false;
    }
    *ret_crc32 =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}
