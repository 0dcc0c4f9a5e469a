/*
 * crc64nvme - the CRC-64 that S3 keeps of every object (x-amz-checksum-crc64nvme).
 *
 * Polynomial 0xad93d23594c93659 reflected, all ones at both ends (NVM Express, "CRC-64/NVME").
 * Eight bytes a step from tables that the caller holds: 16 KB, made once.
 *
 * Owner: the caller embeds the tables. Threads: pure; made tables are only read.
 */
#ifndef PS_CODEC_CRC64NVME_H
#define PS_CODEC_CRC64NVME_H

#include "base/str.h"

#include <stdint.h>

struct ps_crc64nvme_tables {
    uint64_t rows[8][256];
};

void ps_crc64nvme_make_tables(struct ps_crc64nvme_tables *tables);

/* Goes on from `crc`, which is 0 at the beginning. */
uint64_t ps_crc64nvme_add(const struct ps_crc64nvme_tables *tables, uint64_t crc,
                          struct ps_str bytes);

#endif
