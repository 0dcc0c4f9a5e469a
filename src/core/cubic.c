#include "core/cubic.h"

#include "base/assert.h"
#include "base/checked.h"

#include <assert.h>

#define MILLIS 1000
#define MILLIONTHS 1000000

/* C = 0.4 (RFC 9438, 4.1), as a fraction. */
#define C_NUMERATOR 2
#define C_DENOMINATOR 5

/* Units of time that are reckoned with, in thousandths: the cube of the longest fits. */
#define TIME_MILLIS_MAX 2000000

/* No level above this: a million million of anything. */
#define LEVEL_MILLIS_MAX INT64_C(1000000000000000)

/* So many doublings of one thousandth pass that. */
#define DOUBLINGS_MAX 50

/* The cubes of all levels' roots fit: C * t^3 = level. */
static_assert(LEVEL_MILLIS_MAX <= INT64_MAX / MILLIONTHS * C_NUMERATOR / C_DENOMINATOR * MILLIS,
              "the root of a level is reckoned in 64 bits");

static int64_t within(const int64_t value, const struct ps_cubic_options *const options)
{
    const int64_t most = options->ceiling_millis > 0 ? options->ceiling_millis : LEVEL_MILLIS_MAX;
    const int64_t least = options->floor_millis < most ? options->floor_millis : most;
    if (value < least) {
        return least;
    }
    return value < most ? value : most;
}

static void check(const struct ps_cubic_options *const options)
{
    PS_ASSERT(options->unit_ms > 0);
    PS_ASSERT(options->keep > 0 && options->keep <= MILLIS);
    PS_ASSERT(options->floor_millis > 0);
}

/* How many thousandths of a unit have passed. */
static int64_t passed_millis(const struct ps_cubic *const cubic,
                             const struct ps_cubic_options *const options, const int64_t now_ms)
{
    const int64_t passed_ms = now_ms > cubic->since_ms ? now_ms - cubic->since_ms : 0;
    const int64_t millis = ps_scale_i64(passed_ms, MILLIS, options->unit_ms);
    return millis < TIME_MILLIS_MAX ? millis : TIME_MILLIS_MAX;
}

/* C * t^3 in thousandths of a level; t in thousandths of a unit, below 0 before K. */
static int64_t rise_millis(const int64_t time_millis)
{
    const int64_t square = time_millis * time_millis;
    int64_t rise = 0;
    PS_ASSERT(ps_muldiv_i64(square * C_NUMERATOR, time_millis, (int64_t)C_DENOMINATOR * MILLIONTHS,
                            &rise));
    return rise;
}

/* K, in thousandths of a unit: the first time at which C * t^3 is at least `rise`. */
static int64_t time_of_rise(const int64_t rise)
{
    int64_t low = 0;
    int64_t high = TIME_MILLIS_MAX;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (rise_millis(middle) >= rise) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Twice as much each unit, in a straight line between. */
static int64_t doubled(const int64_t base_millis, const int64_t time_millis)
{
    const int64_t doublings = time_millis / MILLIS;
    int64_t value = base_millis;
    if (doublings >= DOUBLINGS_MAX) {
        return LEVEL_MILLIS_MAX;
    }
    for (int64_t doubling = 0; doubling < doublings && value < LEVEL_MILLIS_MAX; doubling++) {
        value *= 2;
    }
    return value + ps_scale_i64(value, time_millis % MILLIS, MILLIS);
}

void ps_cubic_search(struct ps_cubic *const cubic, const int64_t first_millis, const int64_t now_ms)
{
    PS_ASSERT(first_millis > 0 && first_millis <= LEVEL_MILLIS_MAX);
    *cubic = (struct ps_cubic){first_millis, 0, now_ms};
}

int64_t ps_cubic_level(const struct ps_cubic *const cubic,
                       const struct ps_cubic_options *const options, const int64_t now_ms)
{
    check(options);
    if (cubic->base_millis == PS_CUBIC_FREE) {
        return options->ceiling_millis > 0 ? options->ceiling_millis : PS_CUBIC_FREE;
    }
    const int64_t time_millis = passed_millis(cubic, options, now_ms);
    if (cubic->peak_millis == 0) {
        return within(doubled(cubic->base_millis, time_millis), options);
    }
    const int64_t back_millis = time_of_rise(cubic->peak_millis - cubic->base_millis);
    return within(cubic->peak_millis + rise_millis(time_millis - back_millis), options);
}

bool ps_cubic_cut(struct ps_cubic *const cubic, const struct ps_cubic_options *const options,
                  const int64_t used_millis, const int64_t now_ms)
{
    check(options);
    PS_ASSERT(used_millis >= 0);
    if (cubic->peak_millis != 0 && now_ms - cubic->since_ms < options->settle_ms) {
        return false;
    }
    const int64_t level_millis = ps_cubic_level(cubic, options, now_ms);
    const int64_t failed_millis =
        within(used_millis < level_millis ? used_millis : level_millis, options);
    const int64_t base_millis = within(failed_millis * options->keep / MILLIS, options);
    /* It did not get back to where it was: somebody else has come (RFC 9438, 4.7). */
    const bool is_lower = cubic->peak_millis != 0 && failed_millis < cubic->peak_millis;
    const int64_t peak_millis =
        is_lower ? failed_millis * (MILLIS + options->keep) / (2 * MILLIS) : failed_millis;
    *cubic = (struct ps_cubic){base_millis, peak_millis > base_millis ? peak_millis : base_millis,
                               now_ms};
    return true;
}

int64_t ps_cubic_reaches_ms(const struct ps_cubic *const cubic,
                            const struct ps_cubic_options *const options,
                            const int64_t level_millis, const int64_t now_ms)
{
    if (ps_cubic_level(cubic, options, now_ms) >= level_millis) {
        return now_ms;
    }
    const int64_t longest_ms = ps_scale_i64(TIME_MILLIS_MAX, options->unit_ms, MILLIS);
    int64_t low_ms = now_ms;
    int64_t high_ms = ps_sum_i64(cubic->since_ms, longest_ms);
    if (ps_cubic_level(cubic, options, high_ms) < level_millis) {
        return INT64_MAX;
    }
    while (low_ms < high_ms) {
        const int64_t middle_ms = low_ms + (high_ms - low_ms) / 2;
        if (ps_cubic_level(cubic, options, middle_ms) >= level_millis) {
            high_ms = middle_ms;
        } else {
            low_ms = middle_ms + 1;
        }
    }
    return low_ms;
}
