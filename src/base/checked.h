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

/*
 * For sizes and limits, none negative: left * right / divisor with a 128-bit middle, and left +
 * right. What does not fit is INT64_MAX, which stands for "no end".
 */
int64_t ps_scale_i64(int64_t left, int64_t right, int64_t divisor);
int64_t ps_scale_up_i64(int64_t left, int64_t right, int64_t divisor); /* rounded up */
int64_t ps_sum_i64(int64_t left, int64_t right);

#endif
