/*
 * checked - arithmetic on numbers that come from outside: says so instead of wrapping.
 *
 * All return false, with *ret_value untouched, when the result does not fit.
 */
#ifndef PS_BASE_CHECKED_H
#define PS_BASE_CHECKED_H

#include "base/own.h"

#include <stdbool.h>
#include <stdint.h>

PS_MUST_CHECK bool ps_add_i64(int64_t left, int64_t right, int64_t *ret_value);
PS_MUST_CHECK bool ps_mul_i64(int64_t left, int64_t right, int64_t *ret_value);

/* left * right / divisor, rounded towards zero, with a 128-bit middle; divisor > 0. */
PS_MUST_CHECK bool ps_muldiv_i64(int64_t left, int64_t right, int64_t divisor, int64_t *ret_value);

#endif
