#include "codec/crc64nvme.h"

#define REFLECTED UINT64_C(0x9a6c9329ac4bc9b5)
#define STEP_BYTES 8

void ps_crc64nvme_make_tables(struct ps_crc64nvme_tables *const tables)
{
    for (uint64_t value = 0; value < 256; value++) {
        uint64_t crc = value;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? REFLECTED : 0);
        }
        tables->rows[0][value] = crc;
    }
    /* Row n: the same byte with n zero bytes behind it. */
    for (size_t row = 1; row < STEP_BYTES; row++) {
        for (size_t value = 0; value < 256; value++) {
            const uint64_t before = tables->rows[row - 1][value];
            tables->rows[row][value] = (before >> 8) ^ tables->rows[0][before & 255];
        }
    }
}

static uint64_t read_little_endian(const char *const bytes)
{
    uint64_t word = 0;
    for (size_t place = 0; place < STEP_BYTES; place++) {
        word |= (uint64_t)(uint8_t)bytes[place] << (8 * place);
    }
    return word;
}

uint64_t ps_crc64nvme_add(const struct ps_crc64nvme_tables *const tables, const uint64_t crc,
                          const struct ps_str bytes)
{
    uint64_t running = ~crc;
    size_t place = 0;
    for (; bytes.size - place >= STEP_BYTES; place += STEP_BYTES) {
        const uint64_t word = running ^ read_little_endian(bytes.data + place);
        running = 0;
        for (size_t byte = 0; byte < STEP_BYTES; byte++) {
            running ^= tables->rows[STEP_BYTES - 1 - byte][(word >> (8 * byte)) & 255];
        }
    }
    for (; place < bytes.size; place++) {
        running = (running >> 8) ^ tables->rows[0][(running ^ (uint8_t)bytes.data[place]) & 255];
    }
    return ~running;
}
