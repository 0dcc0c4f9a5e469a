#include "sim/stamp.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct tm calendar_of(const int64_t at_ms)
{
    const time_t seconds = (time_t)(at_ms / PS_SECOND_MS);
    struct tm calendar;
    (void)gmtime_r(&seconds, &calendar);
    return calendar;
}

void ps_stamp_iso(const int64_t at_ms, char ret_text[const PS_STAMP_SIZE])
{
    const struct tm calendar = calendar_of(at_ms);
    char seconds[PS_STAMP_SIZE - 8];
    (void)strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &calendar);
    (void)snprintf(ret_text, PS_STAMP_SIZE, "%s.%03dZ", seconds, (int)(at_ms % PS_SECOND_MS));
}

void ps_stamp_http(const int64_t at_ms, char ret_text[const PS_STAMP_SIZE])
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const struct tm calendar = calendar_of(at_ms);
    (void)snprintf(ret_text, PS_STAMP_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                   days[calendar.tm_wday % 7], calendar.tm_mday % 100, months[calendar.tm_mon % 12],
                   (calendar.tm_year + 1900) % 10000, calendar.tm_hour % 100, calendar.tm_min % 100,
                   calendar.tm_sec % 100);
}

/* A run of exactly `digits` digits at *at, which moves behind it and `after` (0: nothing). */
static bool take_number(const struct ps_str text, size_t *const at, const size_t digits,
                        const char after, int *const ret_value)
{
    int value = 0;
    for (size_t count = 0; count < digits; count++, (*at)++) {
        if (*at >= text.size || text.data[*at] < '0' || text.data[*at] > '9') {
            return false;
        }
        value = value * 10 + (text.data[*at] - '0');
    }
    if (after != 0) {
        if (*at >= text.size || text.data[*at] != after) {
            return false;
        }
        (*at)++;
    }
    *ret_value = value;
    return true;
}

static int64_t take_fraction_ms(const struct ps_str text, size_t *const at)
{
    int64_t fraction_ms = 0;
    if (*at < text.size && text.data[*at] == '.') {
        (*at)++;
        for (int64_t weight = 100; *at < text.size; (*at)++, weight /= 10) {
            if (text.data[*at] < '0' || text.data[*at] > '9') {
                break;
            }
            fraction_ms += weight * (text.data[*at] - '0');
        }
    }
    return fraction_ms;
}

/* The zone at the end of the text, in minutes east of UTC. */
static bool take_zone(const struct ps_str text, size_t at, int *const ret_minutes)
{
    if (ps_str_equals_text(ps_str_part(text, at, text.size), "Z")) {
        *ret_minutes = 0;
        return true;
    }
    if (at >= text.size || (text.data[at] != '+' && text.data[at] != '-')) {
        return false;
    }
    const int sign = text.data[at] == '+' ? 1 : -1;
    int hours = 0;
    int minutes = 0;
    at++;
    if (!take_number(text, &at, 2, ':', &hours) || !take_number(text, &at, 2, 0, &minutes)) {
        return false;
    }
    *ret_minutes = sign * (hours * 60 + minutes);
    return at == text.size;
}

bool ps_stamp_parse_iso(const struct ps_str text, int64_t *const ret_at_ms)
{
    struct tm calendar;
    memset(&calendar, 0, sizeof calendar);
    size_t at = 0;
    int zone_minutes = 0;
    if (!take_number(text, &at, 4, '-', &calendar.tm_year) ||
        !take_number(text, &at, 2, '-', &calendar.tm_mon) ||
        !take_number(text, &at, 2, 'T', &calendar.tm_mday) ||
        !take_number(text, &at, 2, ':', &calendar.tm_hour) ||
        !take_number(text, &at, 2, ':', &calendar.tm_min) ||
        !take_number(text, &at, 2, 0, &calendar.tm_sec)) {
        return false;
    }
    const int64_t fraction_ms = take_fraction_ms(text, &at);
    if (!take_zone(text, at, &zone_minutes) || calendar.tm_year < 1970 || calendar.tm_mon < 1 ||
        calendar.tm_mon > 12 || calendar.tm_mday < 1 || calendar.tm_mday > 31) {
        return false;
    }
    calendar.tm_year -= 1900;
    calendar.tm_mon -= 1;
    *ret_at_ms = (int64_t)timegm(&calendar) * PS_SECOND_MS + fraction_ms -
                 (int64_t)zone_minutes * PS_MINUTE_MS;
    return true;
}
