/*
 * stamp - an instant as the services write it: ISO 8601 with milliseconds, and the form of HTTP.
 *
 * Pure; threads: any. Instants from year 1970 to 9999.
 */
#ifndef PS_SIM_STAMP_H
#define PS_SIM_STAMP_H

#include "base/str.h"

#define PS_STAMP_SIZE 32 /* any of them, with the NUL byte */

/* "2026-11-24T09:08:18.101Z" */
void ps_stamp_iso(int64_t at_ms, char ret_text[PS_STAMP_SIZE]);

/* "Tue, 24 Nov 2026 09:08:18 GMT" */
void ps_stamp_http(int64_t at_ms, char ret_text[PS_STAMP_SIZE]);

/* ISO with no, or up to 9, digits of a second's fraction, and 'Z' or "+hh:mm"; false: it is not
 * one. */
PS_MUST_CHECK bool ps_stamp_parse_iso(struct ps_str text, int64_t *ret_at_ms);

#endif
