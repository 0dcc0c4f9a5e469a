#include "codec/iso8601.h"

#include "base/assert.h"
#include "base/time.h"

#include <stdio.h>

#define LAST_WALL_MS INT64_C(253402300799999)

/* Days since 1970-01-01; years begin in March, so that the leap day is the last one. */
static int64_t days_of(const int64_t year, const int64_t month, const int64_t day)
{
    const int64_t shifted_year = month <= 2 ? year - 1 : year;
    const int64_t era = shifted_year / 400;
    const int64_t year_of_era = shifted_year - era * 400;
    const int64_t shifted_month = month > 2 ? month - 3 : month + 9;
    const int64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static int64_t days_in_month(const int64_t year, const int64_t month)
{
    return month == 12 ? 31 : days_of(year, month + 1, 1) - days_of(year, month, 1);
}

/* `count` digits off the front, then `mark` ('\0': none). */
static bool take_number(struct ps_str *const rest, const size_t count, const char mark,
                        int64_t *const ret_number)
{
    const size_t size = count + (mark == '\0' ? 0 : 1);
    int64_t number = 0;
    if (rest->size < size || (mark != '\0' && rest->data[count] != mark)) {
        return false;
    }
    for (size_t index = 0; index < count; index++) {
        const char digit = rest->data[index];
        if (digit < '0' || digit > '9') {
            return false;
        }
        number = number * 10 + (digit - '0');
    }
    *ret_number = number;
    *rest = ps_str_part(*rest, size, rest->size);
    return true;
}

/* ".123456" off the front, where there is one. */
static bool take_fraction(struct ps_str *const rest, int64_t *const ret_ms)
{
    *ret_ms = 0;
    if (rest->size == 0 || rest->data[0] != '.') {
        return true;
    }
    int64_t scale_ms = 100;
    size_t index = 1;
    while (index < rest->size && rest->data[index] >= '0' && rest->data[index] <= '9') {
        *ret_ms += scale_ms * (rest->data[index] - '0');
        scale_ms /= 10;
        index++;
    }
    *rest = ps_str_part(*rest, index, rest->size);
    return index > 1;
}

/* "Z" or "+01:00" is all of the rest. */
static bool take_zone(struct ps_str rest, int64_t *const ret_ahead_ms)
{
    *ret_ahead_ms = 0;
    if (ps_str_equals_text(rest, "Z")) {
        return true;
    }
    if (rest.size != 6 || (rest.data[0] != '+' && rest.data[0] != '-')) {
        return false;
    }
    const int64_t sign = rest.data[0] == '+' ? 1 : -1;
    int64_t hours = 0;
    int64_t minutes = 0;
    rest = ps_str_part(rest, 1, rest.size);
    if (!take_number(&rest, 2, ':', &hours) || !take_number(&rest, 2, '\0', &minutes) ||
        hours > 23 || minutes > 59) {
        return false;
    }
    *ret_ahead_ms = sign * (hours * PS_HOUR_MS + minutes * PS_MINUTE_MS);
    return true;
}

struct moment {
    int64_t year;
    int64_t month;
    int64_t day;
    int64_t hour;
    int64_t minute;
    int64_t second;
};

static bool take_moment(struct ps_str *const rest, struct moment *const moment)
{
    return take_number(rest, 4, '-', &moment->year) && take_number(rest, 2, '-', &moment->month) &&
           take_number(rest, 2, 'T', &moment->day) && take_number(rest, 2, ':', &moment->hour) &&
           take_number(rest, 2, ':', &moment->minute) &&
           take_number(rest, 2, '\0', &moment->second);
}

static bool is_moment(const struct moment *const moment)
{
    if (moment->year < 1970 || moment->month < 1 || moment->month > 12) {
        return false;
    }
    return moment->day >= 1 && moment->day <= days_in_month(moment->year, moment->month) &&
           moment->hour <= 23 && moment->minute <= 59 && moment->second <= 60;
}

bool ps_iso8601_parse_ms(const struct ps_str text, int64_t *const ret_ms)
{
    struct ps_str rest = text;
    struct moment moment;
    int64_t fraction_ms = 0;
    int64_t ahead_ms = 0;
    if (!take_moment(&rest, &moment) || !take_fraction(&rest, &fraction_ms) ||
        !take_zone(rest, &ahead_ms) || !is_moment(&moment)) {
        return false;
    }
    *ret_ms = days_of(moment.year, moment.month, moment.day) * PS_DAY_MS +
              moment.hour * PS_HOUR_MS + moment.minute * PS_MINUTE_MS +
              moment.second * PS_SECOND_MS + fraction_ms - ahead_ms;
    return true;
}

void ps_iso8601_format_ms(const int64_t wall_ms, char ret_text[PS_ISO8601_SIZE])
{
    PS_ASSERT(wall_ms >= 0);
    PS_ASSERT(wall_ms <= LAST_WALL_MS);
    const int64_t days = wall_ms / PS_DAY_MS;
    const int64_t left_ms = wall_ms % PS_DAY_MS;
    int64_t year = 1970 + days / 366;
    while (days_of(year + 1, 1, 1) <= days) {
        year++;
    }
    int64_t month = 1;
    while (month < 12 && days_of(year, month + 1, 1) <= days) {
        month++;
    }
    const int64_t day = days - days_of(year, month, 1) + 1;
    const int size = snprintf(ret_text, PS_ISO8601_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                              (int)year, (int)month, (int)day, (int)(left_ms / PS_HOUR_MS),
                              (int)(left_ms / PS_MINUTE_MS % 60),
                              (int)(left_ms / PS_SECOND_MS % 60), (int)(left_ms % PS_SECOND_MS));
    PS_ASSERT(size == PS_ISO8601_SIZE - 1);
}
