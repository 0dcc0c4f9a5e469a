#include "codec/units.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/checked.h"
#include "base/time.h"

#include <inttypes.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit count_units[] = {
    {"", 1},           {"k", 1000},       {"K", 1000}, {"M", 1000000},
    {"G", 1000000000}, {"B", 1000000000}, {NULL, 0},
};

static const struct unit byte_units[] = {
    {"", 1},
    {"B", 1},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"KiB", 1024},
    {"MiB", 1048576},
    {"k", 1000},
    {"M", 1000000},
    {"G", 1000000000},
    {"GiB", 1073741824},
    {"TB", INT64_C(1000000000000)},
    {NULL, 0},
};

static const struct unit time_units[] = {
    {"", PS_SECOND_MS},    {"ms", 1},         {"s", PS_SECOND_MS}, {"m", PS_MINUTE_MS},
    {"min", PS_MINUTE_MS}, {"h", PS_HOUR_MS}, {"d", PS_DAY_MS},    {NULL, 0},
};

static const struct unit money_units[] = {{"", 1000000}, {NULL, 0}};

static bool is_digit(const char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t digits_from(const struct ps_str text, const size_t from)
{
    size_t place = from;
    while (place < text.size && is_digit(text.data[place])) {
        place++;
    }
    return place;
}

static bool find_factor(const struct unit *const units, const struct ps_str name,
                        int64_t *const ret_factor)
{
    for (const struct unit *unit = units; unit->name != NULL; unit++) {
        if (ps_str_equals_text(name, unit->name)) {
            *ret_factor = unit->factor;
            return true;
        }
    }
    return false;
}

/* The digits behind the point, times the factor; false unless that is whole. */
static bool parse_fraction(const struct ps_str digits, const int64_t factor,
                           int64_t *const ret_value)
{
    int64_t numerator = 0;
    int64_t denominator = 1;
    int64_t scaled = 0;
    for (size_t place = 0; place < digits.size; place++) {
        if (!ps_mul_i64(denominator, 10, &denominator) || !ps_mul_i64(numerator, 10, &numerator)) {
            return false;
        }
        numerator += digits.data[place] - '0';
    }
    if (!ps_mul_i64(numerator, factor, &scaled) || scaled % denominator != 0) {
        return false;
    }
    *ret_value = scaled / denominator;
    return true;
}

static bool parse(const struct ps_str text, const struct unit *const units,
                  int64_t *const ret_value)
{
    const size_t whole_end = digits_from(text, 0);
    const bool has_point = whole_end < text.size && text.data[whole_end] == '.';
    const size_t fraction_start = has_point ? whole_end + 1 : whole_end;
    const size_t fraction_end = has_point ? digits_from(text, fraction_start) : whole_end;
    int64_t factor = 0;
    int64_t whole = 0;
    int64_t fraction = 0;

    if (whole_end == 0 || (has_point && fraction_end == fraction_start) ||
        !find_factor(units, ps_str_part(text, fraction_end, text.size), &factor) ||
        !ps_str_to_i64(ps_str_part(text, 0, whole_end), &whole) ||
        !ps_mul_i64(whole, factor, &whole) ||
        !parse_fraction(ps_str_part(text, fraction_start, fraction_end - fraction_start), factor,
                        &fraction)) {
        return false;
    }
    return ps_add_i64(whole, fraction, ret_value);
}

bool ps_units_count(const struct ps_str text, int64_t *const ret_value)
{
    return parse(text, count_units, ret_value);
}

bool ps_units_bytes(const struct ps_str text, int64_t *const ret_value)
{
    return parse(text, byte_units, ret_value);
}

bool ps_units_time_ms(const struct ps_str text, int64_t *const ret_value)
{
    return parse(text, time_units, ret_value);
}

bool ps_units_day_time_ms(const struct ps_str text, int64_t *const ret_value)
{
    const bool has_zone = text.size == 6 && text.data[5] == 'Z';
    if (text.size != 5 && !has_zone) {
        return false;
    }
    for (size_t place = 0; place < 5; place++) {
        if (place == 2 ? text.data[place] != ':' : !is_digit(text.data[place])) {
            return false;
        }
    }
    const int64_t hours = (text.data[0] - '0') * 10 + (text.data[1] - '0');
    const int64_t minutes = (text.data[3] - '0') * 10 + (text.data[4] - '0');
    if (hours > 23 || minutes > 59) {
        return false;
    }
    *ret_value = hours * PS_HOUR_MS + minutes * PS_MINUTE_MS;
    return true;
}

bool ps_units_usd_micros(const struct ps_str text, int64_t *const ret_value)
{
    return parse(text, money_units, ret_value);
}

void ps_units_add_count(struct ps_buf *const buf, const int64_t value)
{
    PS_ASSERT(value >= 0);
    if (value < 1000) {
        ps_buf_add_format(buf, "%" PRId64, value);
    } else {
        ps_units_add_count(buf, value / 1000);
        ps_buf_add_format(buf, ",%03" PRId64, value % 1000);
    }
}

void ps_units_add_bytes(struct ps_buf *const buf, const int64_t bytes)
{
    static const char *const names[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    PS_ASSERT(bytes >= 0);
    if (bytes < 1000) {
        ps_buf_add_format(buf, "%" PRId64 " B", bytes);
        return;
    }
    size_t name = 0;
    int64_t tenths = bytes / 100;
    while (tenths >= 10000 && name + 1 < sizeof(names) / sizeof(names[0])) {
        tenths /= 1000;
        name++;
    }
    ps_buf_add_format(buf, "%" PRId64 ".%" PRId64 " %s", tenths / 10, tenths % 10, names[name]);
}

void ps_units_add_time(struct ps_buf *const buf, const int64_t time_ms)
{
    const int64_t seconds = time_ms / PS_SECOND_MS;
    PS_ASSERT(time_ms >= 0);
    if (seconds < 60) {
        ps_buf_add_format(buf, "%" PRId64 ".%" PRId64 "s", seconds, time_ms % PS_SECOND_MS / 100);
    } else if (seconds < 3600) {
        ps_buf_add_format(buf, "%" PRId64 "m %02" PRId64 "s", seconds / 60, seconds % 60);
    } else if (seconds < 48 * 3600) {
        ps_buf_add_format(buf, "%" PRId64 "h %02" PRId64 "m", seconds / 3600, seconds / 60 % 60);
    } else {
        ps_buf_add_format(buf, "%" PRId64 "d %02" PRId64 "h", seconds / 86400, seconds / 3600 % 24);
    }
}

void ps_units_add_short(struct ps_buf *const buf, const int64_t value)
{
    static const char letters[] = "KMBT";
    int64_t unit = 1000;
    size_t letter = 0;
    PS_ASSERT(value >= 0);
    if (value < 10000) {
        ps_units_add_count(buf, value);
        return;
    }
    while (letters[letter + 1] != '\0' && value >= unit * 1000 - unit / 2) {
        unit *= 1000;
        letter++;
    }
    /* Hundredths below ten, tenths below a hundred, wholes above; not over what was asked for. */
    const int64_t whole = value / unit;
    const int64_t tens = whole < 100 ? 10 : 1;
    const int64_t parts = whole < 10 ? 100 : tens;
    const int64_t step = unit / parts;
    const int64_t figures = value / step + (value % step >= (step + 1) / 2 ? 1 : 0);
    ps_units_add_count(buf, figures / parts);
    if (figures % parts != 0) {
        ps_buf_add_format(buf, parts == 100 && figures % 10 != 0 ? ".%02" PRId64 : ".%" PRId64,
                          parts == 100 && figures % 10 == 0 ? figures % parts / 10
                                                            : figures % parts);
    }
    ps_buf_add_format(buf, " %c", letters[letter]);
}

void ps_units_add_usd(struct ps_buf *const buf, const int64_t usd_micros)
{
    static const int64_t dollar = 1000000;
    static const int64_t cent = 10000;
    PS_ASSERT(usd_micros >= 0);
    if (usd_micros > 0 && usd_micros < cent) {
        ps_buf_add_text(buf, "under $0.01");
        return;
    }
    ps_buf_add_text(buf, "$");
    if (usd_micros >= 100 * dollar) {
        ps_units_add_count(buf, usd_micros / dollar + (usd_micros % dollar >= dollar / 2 ? 1 : 0));
        return;
    }
    const int64_t cents = (usd_micros + cent / 2) / cent;
    ps_buf_add_format(buf, "%" PRId64 ".%02" PRId64, cents / 100, cents % 100);
}
