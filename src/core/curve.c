#include "core/curve.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"

static int64_t least_of(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

/* What rate and burst give in so much time. */
static int64_t flow(const struct ps_curve *const curve, const int64_t for_ms)
{
    if (curve->tokens_per_minute == INT64_MAX) {
        return INT64_MAX;
    }
    return ps_sum_i64(curve->burst_tokens,
                      ps_scale_up_i64(curve->tokens_per_minute, for_ms, PS_MINUTE_MS));
}

/* The first day's is what is left of it. */
static int64_t cap_of(const struct ps_curve *const curve, const int64_t day)
{
    const int64_t cap = curve->tokens_per_day;
    if (day > 0 || cap == INT64_MAX) {
        return cap;
    }
    return curve->spent_tokens < cap ? cap - curve->spent_tokens : 0;
}

/* In units of `weight` tokens: what day number `day` gives in so much time. */
static int64_t day_flow(const struct ps_curve *const curve, const int64_t weight, const int64_t day,
                        const int64_t for_ms, const int64_t straddle_tokens)
{
    const int64_t flowing = ps_sum_i64(flow(curve, for_ms), straddle_tokens);
    const int64_t cap = cap_of(curve, day);
    return least_of(cap == INT64_MAX ? INT64_MAX : cap / weight,
                    flowing == INT64_MAX ? INT64_MAX : ps_scale_up_i64(flowing, 1, weight));
}

/* The number of the day that `at_ms` stands in: 0 before the first change. */
static int64_t day_of(const struct ps_curve *const curve, const int64_t at_ms)
{
    return at_ms < curve->first_reset_ms ? 0 : 1 + (at_ms - curve->first_reset_ms) / PS_DAY_MS;
}

static int64_t day_start_ms(const struct ps_curve *const curve, const int64_t day)
{
    return curve->first_reset_ms + (day - 1) * PS_DAY_MS;
}

static int64_t units_until(const struct ps_curve *const curve, const int64_t weight,
                           const int64_t at_ms)
{
    if (at_ms < curve->from_ms) {
        return 0;
    }
    const int64_t all = flow(curve, at_ms - curve->from_ms);
    const int64_t all_units = all == INT64_MAX ? INT64_MAX : ps_scale_up_i64(all, 1, weight);
    if (curve->tokens_per_day == INT64_MAX) {
        return all_units;
    }
    const int64_t first = day_of(curve, curve->from_ms);
    const int64_t last = day_of(curve, at_ms);
    if (first == last) {
        return least_of(all_units, day_flow(curve, weight, first, at_ms - curve->from_ms, 0));
    }
    const int64_t straddle = curve->straddle_tokens;
    int64_t sum =
        day_flow(curve, weight, first, day_start_ms(curve, first + 1) - curve->from_ms, 0);
    sum = ps_sum_i64(sum, ps_scale_i64(day_flow(curve, weight, first + 1, PS_DAY_MS, straddle),
                                       last - first - 1, 1));
    sum =
        ps_sum_i64(sum, day_flow(curve, weight, last, at_ms - day_start_ms(curve, last), straddle));
    return least_of(all_units, sum);
}

int64_t ps_curve_tokens(const struct ps_curve *const curve, const int64_t at_ms)
{
    return units_until(curve, 1, at_ms);
}

int64_t ps_curve_whole_records(const struct ps_curve *const curve, const int64_t weight,
                               const int64_t at_ms)
{
    return weight <= 0 ? INT64_MAX : units_until(curve, weight, at_ms);
}

int64_t ps_curve_reach_ms(const struct ps_curve *const curve, const int64_t tokens)
{
    int64_t low_ms = 0;
    int64_t high_ms = PS_MINUTE_MS;
    while (ps_curve_tokens(curve, high_ms) < tokens) {
        if (high_ms > INT64_MAX / 4) {
            return INT64_MAX;
        }
        low_ms = high_ms;
        high_ms *= 2;
    }
    while (low_ms < high_ms) {
        const int64_t middle_ms = low_ms + (high_ms - low_ms) / 2;
        if (ps_curve_tokens(curve, middle_ms) < tokens) {
            low_ms = middle_ms + 1;
        } else {
            high_ms = middle_ms;
        }
    }
    return low_ms;
}

/* What one job alone has done so long after its creation. */
static int64_t job_records_after(const struct ps_slots *const slots, const int64_t for_ms)
{
    if (for_ms < slots->startup_ms) {
        return 0;
    }
    if (slots->ms_per_records == 0) {
        return slots->job_records;
    }
    return least_of(
        slots->job_records,
        ps_scale_up_i64(slots->records_per_ms, for_ms - slots->startup_ms, slots->ms_per_records));
}

int64_t ps_slots_records(const struct ps_slots *const slots, const int64_t at_ms)
{
    int64_t work_ms = 0;
    PS_ASSERT(slots->records_per_ms > 0 && slots->job_records > 0);
    if (slots->ms_per_records > 0) {
        work_ms = ps_scale_i64(slots->job_records, slots->ms_per_records, slots->records_per_ms);
    }
    const int64_t job_ms = ps_sum_i64(slots->startup_ms, work_ms);
    if (job_ms == 0) {
        return INT64_MAX;
    }
    const int64_t whole = ps_scale_i64(at_ms / job_ms, slots->job_records, 1);
    const int64_t part = job_records_after(slots, at_ms % job_ms);
    return ps_scale_i64(ps_sum_i64(whole, part), slots->slots, 1);
}
