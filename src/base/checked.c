#include "base/checked.h"

#include "base/assert.h"

__extension__ typedef __int128 wide;

bool ps_add_i64(const int64_t left, const int64_t right, int64_t *const ret_value)
{
    int64_t sum = 0;
    if (__builtin_add_overflow(left, right, &sum)) {
        return false;
    }
    *ret_value = sum;
    return true;
}

bool ps_mul_i64(const int64_t left, const int64_t right, int64_t *const ret_value)
{
    int64_t product = 0;
    if (__builtin_mul_overflow(left, right, &product)) {
        return false;
    }
    *ret_value = product;
    return true;
}

bool ps_muldiv_i64(const int64_t left, const int64_t right, const int64_t divisor,
                   int64_t *const ret_value)
{
    PS_ASSERT(divisor > 0);
    const wide quotient = (wide)left * (wide)right / (wide)divisor;
    if (quotient > INT64_MAX || quotient < INT64_MIN) {
        return false;
    }
    *ret_value = (int64_t)quotient;
    return true;
}

int64_t ps_scale_i64(const int64_t left, const int64_t right, const int64_t divisor)
{
    int64_t value = INT64_MAX;
    PS_ASSERT(left >= 0 && right >= 0);
    return ps_muldiv_i64(left, right, divisor, &value) ? value : INT64_MAX;
}

int64_t ps_scale_up_i64(const int64_t left, const int64_t right, const int64_t divisor)
{
    PS_ASSERT(left >= 0 && right >= 0 && divisor > 0);
    const wide quotient = ((wide)left * (wide)right + divisor - 1) / (wide)divisor;
    return quotient > INT64_MAX ? INT64_MAX : (int64_t)quotient;
}

int64_t ps_sum_i64(const int64_t left, const int64_t right)
{
    int64_t sum = INT64_MAX;
    PS_ASSERT(left >= 0 && right >= 0);
    return ps_add_i64(left, right, &sum) ? sum : INT64_MAX;
}
