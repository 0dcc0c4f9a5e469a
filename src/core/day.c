#include "core/day.h"

#include "base/assert.h"

int64_t ps_day_end_of(const int64_t wall_ms, const int64_t reset_ms)
{
    PS_ASSERT(wall_ms >= 0);
    PS_ASSERT(reset_ms >= 0 && reset_ms < PS_DAY_MS);
    const int64_t turn_ms = wall_ms - wall_ms % PS_DAY_MS + reset_ms;
    return turn_ms > wall_ms ? turn_ms : turn_ms + PS_DAY_MS;
}

static void begin(struct ps_day *const day, const struct ps_now now, const int64_t reset_ms)
{
    day->end_ms = ps_day_end_of(now.wall_ms, reset_ms);
    day->turn_ms = now.steady_ms + (day->end_ms - now.wall_ms);
}

static bool is_over(const struct ps_day *const day, const struct ps_now now)
{
    return now.steady_ms >= day->turn_ms &&
           (now.wall_ms >= day->end_ms || now.steady_ms >= day->turn_ms + PS_DAY_MS);
}

bool ps_day_pass(struct ps_day *const day, const struct ps_now now, const int64_t reset_ms)
{
    const bool has_begun = day->end_ms != 0;
    if (has_begun && (day->end_ms - reset_ms) % PS_DAY_MS != 0) {
        struct ps_day other;
        begin(&other, now, reset_ms);
        day->end_ms = other.end_ms > day->end_ms ? other.end_ms : day->end_ms;
        day->turn_ms = other.turn_ms > day->turn_ms ? other.turn_ms : day->turn_ms;
        /* The old end came later: the first turn of the new kind after it. */
        if ((day->end_ms - reset_ms) % PS_DAY_MS != 0) {
            const int64_t end_ms = ps_day_end_of(day->end_ms, reset_ms);
            day->turn_ms += end_ms - day->end_ms;
            day->end_ms = end_ms;
        }
        return false;
    }
    if (has_begun && !is_over(day, now)) {
        return false;
    }
    begin(day, now, reset_ms);
    return has_begun;
}

int64_t ps_day_wake_ms(const struct ps_day *const day, const struct ps_now now)
{
    const int64_t by_wall_ms = now.steady_ms + (day->end_ms - now.wall_ms);
    const int64_t late_ms = by_wall_ms > day->turn_ms ? by_wall_ms : day->turn_ms;
    return late_ms < day->turn_ms + PS_DAY_MS ? late_ms : day->turn_ms + PS_DAY_MS;
}
