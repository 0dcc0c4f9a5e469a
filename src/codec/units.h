/*
 * units - sizes, counts, times and money as people write them: "50MB", "20M", "2h", "900.50".
 *
 * MB = 10^6 bytes, MiB = 2^20; k, M, B (or G) = 10^3, 10^6, 10^9. A fraction is fine where the
 * result is whole: "1.5M". All return false, with *ret_value untouched, for anything else, negative
 * numbers included.
 */
#ifndef PS_CODEC_UNITS_H
#define PS_CODEC_UNITS_H

#include "base/str.h"

PS_MUST_CHECK bool ps_units_count(struct ps_str text, int64_t *ret_value);
PS_MUST_CHECK bool ps_units_bytes(struct ps_str text, int64_t *ret_value);

/* "500ms", "30s", "15m", "2h", "3d"; a number alone is seconds. */
PS_MUST_CHECK bool ps_units_time_ms(struct ps_str text, int64_t *ret_value);

/* "HH:MM" or "HH:MMZ": a time of the day in UTC, in milliseconds after 00:00. */
PS_MUST_CHECK bool ps_units_day_time_ms(struct ps_str text, int64_t *ret_value);

/* Dollars into micro-dollars. */
PS_MUST_CHECK bool ps_units_usd_micros(struct ps_str text, int64_t *ret_value);

struct ps_buf;

/* For people: "1,234,567"; "8.0 GB"; "2h 05m", "3m 12s", "4.2s". */
void ps_units_add_count(struct ps_buf *buf, int64_t value);
void ps_units_add_bytes(struct ps_buf *buf, int64_t bytes);
void ps_units_add_time(struct ps_buf *buf, int64_t time_ms);

/*
 * Rounded, for those who compare: "4,166" and all below 10,000 as they are; "34.7 K", "50 M",
 * "2.4 B", "12 T" (10^3, 10^6, 10^9, 10^12) with three figures; "$1,500", "$12.34", "under $0.01".
 */
void ps_units_add_short(struct ps_buf *buf, int64_t value);
void ps_units_add_usd(struct ps_buf *buf, int64_t usd_micros);

#endif
