#include "os/clock.h"

#include <time.h>

#define SPEED_MAX INT64_C(1000000)

static int64_t read_clock_ms(const clockid_t clock_id)
{
    struct timespec now;
    (void)clock_gettime(clock_id, &now);
    return (int64_t)now.tv_sec * PS_SECOND_MS + (int64_t)now.tv_nsec / 1000000;
}

int64_t ps_clock_real_wall_ms(void)
{
    return read_clock_ms(CLOCK_REALTIME);
}

int64_t ps_clock_real_monotonic_ms(void)
{
    /* Counts a suspended machine's sleep too: a timer that slept through has passed. */
    return read_clock_ms(CLOCK_BOOTTIME);
}

static int64_t wall_ms(const struct ps_clock *const clock)
{
    return clock->origin_ms + (ps_clock_real_wall_ms() - clock->origin_ms) * clock->speed;
}

enum ps_status ps_clock_init(struct ps_clock *const clock, const struct ps_str spec,
                             struct ps_error *const err)
{
    *clock = (struct ps_clock){0, 1, 0, 0};
    if (spec.size > 0) {
        const size_t comma = ps_str_find(spec, ',');
        const bool is_number =
            ps_str_to_i64(ps_str_part(spec, 0, comma), &clock->origin_ms) &&
            ps_str_to_i64(ps_str_part(spec, comma + 1, spec.size), &clock->speed);
        if (!is_number || clock->origin_ms < 0 || clock->speed < 1 || clock->speed > SPEED_MAX) {
            (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use PENSTOCK_CLOCK '%.*s'",
                               PS_STR_ARGS(spec));
            return ps_error_hint(
                err, "It is ORIGIN_MS,SPEED as the env file of 'penstock emulate' has it.");
        }
    }
    clock->monotonic_base_ms = ps_clock_real_monotonic_ms();
    clock->steady_base_ms = wall_ms(clock);
    return PS_OK;
}

struct ps_now ps_clock_now(const struct ps_clock *const clock)
{
    const int64_t passed_ms = ps_clock_real_monotonic_ms() - clock->monotonic_base_ms;
    return (struct ps_now){clock->steady_base_ms + passed_ms * clock->speed, wall_ms(clock)};
}

struct ps_clock_mark ps_clock_mark(const struct ps_clock *const clock)
{
    const struct ps_now now = ps_clock_now(clock);
    return (struct ps_clock_mark){now.steady_ms, now.wall_ms};
}

void ps_clock_resume(struct ps_clock *const clock, const struct ps_clock_mark mark)
{
    const int64_t passed_ms = wall_ms(clock) - mark.wall_ms;
    clock->monotonic_base_ms = ps_clock_real_monotonic_ms();
    clock->steady_base_ms = mark.steady_ms + (passed_ms > 0 ? passed_ms : 0);
}

int64_t ps_clock_real_wait_ms(const struct ps_clock *const clock, const int64_t deadline_ms)
{
    const int64_t left_ms = deadline_ms - ps_clock_now(clock).steady_ms;
    if (left_ms <= 0) {
        return 0;
    }
    const int64_t real_ms = left_ms / clock->speed + (left_ms % clock->speed != 0 ? 1 : 0);
    return real_ms < PS_DAY_MS ? real_ms : PS_DAY_MS;
}
