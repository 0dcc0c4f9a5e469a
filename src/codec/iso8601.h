/*
 * iso8601 - instants as AWS writes them, to milliseconds and back. Pure; no time zone but UTC is
 * written.
 *
 *     2026-11-24T09:03:07Z   2026-11-24T09:03:07.123Z   2026-11-24T09:03:07.123456+01:00
 */
#ifndef PS_CODEC_ISO8601_H
#define PS_CODEC_ISO8601_H

#include "base/str.h"

#define PS_ISO8601_SIZE 25 /* "2026-11-24T09:03:07.123Z" and the NUL byte */

/*
 * Any number of fraction digits (those after the third are dropped), Z or an offset; years 1970 to
 * 9999. False, with *ret_ms untouched, for anything else.
 */
PS_MUST_CHECK bool ps_iso8601_parse_ms(struct ps_str text, int64_t *ret_ms);

/* With milliseconds and Z. `wall_ms` from 0 to the end of the year 9999. */
void ps_iso8601_format_ms(int64_t wall_ms, char ret_text[PS_ISO8601_SIZE]);

#endif
