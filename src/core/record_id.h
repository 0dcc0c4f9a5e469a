/*
 * record_id - our own ids for the service: "R" and ten digits, the record's index. Fixed length,
 * alphanumeric, eleven characters as the service's older documentation asks.
 */
#ifndef PS_CORE_RECORD_ID_H
#define PS_CORE_RECORD_ID_H

#include "base/str.h"

#define PS_RECORD_ID_SIZE 11
#define PS_RECORD_INDEX_MAX INT64_C(9999999999)

/* Writes exactly PS_RECORD_ID_SIZE bytes, no terminator. */
void ps_record_id_write(int64_t index, char *room);

/* False for anything that we did not write. */
PS_MUST_CHECK bool ps_record_id_read(struct ps_str id, int64_t *ret_index);

#endif
