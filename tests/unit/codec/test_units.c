/* Goal: numbers as people write them, both ways. Method: rows, each accepted or refused. */
#include "base/buf.h"
#include "codec/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define UNTOUCHED (-7)

static void reads_what_people_write(void **state)
{
    (void)state;
    static const struct {
        bool (*read)(struct ps_str, int64_t *);
        const char *text;
        int64_t value;
    } rows[] = {
        {ps_units_count, "20M", 20000000},
        {ps_units_count, "1.5k", 1500},
        {ps_units_count, "2B", 2000000000},
        {ps_units_count, "0", 0},
        {ps_units_count, "-1", UNTOUCHED},
        {ps_units_count, "1.5", UNTOUCHED},
        {ps_units_count, "1.", UNTOUCHED},
        {ps_units_count, ".5k", UNTOUCHED},
        {ps_units_count, "", UNTOUCHED},
        {ps_units_count, "M", UNTOUCHED},
        {ps_units_count, "20 M", UNTOUCHED},
        {ps_units_count, "9223372036854775807", INT64_MAX},
        {ps_units_count, "9223372036854775807k", UNTOUCHED},
        {ps_units_bytes, "50MB", 50000000},
        {ps_units_bytes, "1MiB", 1048576},
        {ps_units_bytes, "1.5GB", 1500000000},
        {ps_units_bytes, "50mb", UNTOUCHED},
        {ps_units_time_ms, "2h", 7200000},
        {ps_units_time_ms, "500ms", 500},
        {ps_units_time_ms, "30", 30000},
        {ps_units_time_ms, "1.5m", 90000},
        {ps_units_day_time_ms, "00:00", 0},
        {ps_units_day_time_ms, "23:59Z", 86340000},
        {ps_units_usd_micros, "900.50", 900500000},
        {ps_units_usd_micros, "0.0000001", UNTOUCHED},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        int64_t value = UNTOUCHED;
        const bool is_read = rows[row].read(ps_str_of(rows[row].text), &value);
        assert_int_equal(is_read, rows[row].value != UNTOUCHED);
        assert_int_equal(value, rows[row].value);
    }
}

static void writes_for_people(void **state)
{
    (void)state;
    static const struct {
        void (*add)(struct ps_buf *, int64_t);
        int64_t value;
        const char *text;
    } rows[] = {
        {ps_units_add_count, 0, "0"},
        {ps_units_add_count, 999, "999"},
        {ps_units_add_count, 1000, "1,000"},
        {ps_units_add_count, 1234567, "1,234,567"},
        {ps_units_add_bytes, 999, "999 B"},
        {ps_units_add_bytes, 8000000000, "8.0 GB"},
        {ps_units_add_bytes, 40350, "40.3 kB"},
        {ps_units_add_bytes, 999999, "999.9 kB"},
        {ps_units_add_time, 4250, "4.2s"},
        {ps_units_add_time, 192000, "3m 12s"},
        {ps_units_add_time, 7500000, "2h 05m"},
        {ps_units_add_time, 4233600000, "49d 00h"},
        {ps_units_add_short, 4166, "4,166"},
        {ps_units_add_short, 9999, "9,999"},
        {ps_units_add_short, 34722, "34.7 K"},
        {ps_units_add_short, 300000, "300 K"},
        {ps_units_add_short, 999499, "999 K"},
        {ps_units_add_short, 999500, "1 M"},
        {ps_units_add_short, 9996000, "10 M"},
        {ps_units_add_short, 33333334, "33.3 M"},
        {ps_units_add_short, 2400000000, "2.4 B"},
        {ps_units_add_short, 2050000000, "2.05 B"},
        {ps_units_add_short, 99960000, "100 M"},
        {ps_units_add_short, 12000000000000, "12 T"},
        {ps_units_add_short, INT64_MAX, "9,223,372 T"},
        {ps_units_add_usd, 0, "$0.00"},
        {ps_units_add_usd, 9999, "under $0.01"},
        {ps_units_add_usd, 12344999, "$12.34"},
        {ps_units_add_usd, 12345000, "$12.35"},
        {ps_units_add_usd, 99999999, "$100.00"},
        {ps_units_add_usd, 1500500000, "$1,501"},
        {ps_units_add_usd, INT64_MAX, "$9,223,372,036,855"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, 100);
        rows[row].add(&buf, rows[row].value);
        assert_string_equal(ps_buf_text(&buf), rows[row].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_people_write),
        cmocka_unit_test(writes_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
