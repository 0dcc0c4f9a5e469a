/* Goal: AWS's times are read to the millisecond and written back. Method: rows, and a walk over
 * days. */
#include "codec/iso8601.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define UNTOUCHED INT64_C(-77)

static void reads_what_aws_writes_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2015-08-30T12:36:00Z", INT64_C(1440938160000)},
        {"2026-11-24T09:03:07.123Z", INT64_C(1795510987123)},
        {"2026-11-24T09:03:07.123456Z", INT64_C(1795510987123)},
        {"2026-11-24T09:03:07.1Z", INT64_C(1795510987100)},
        {"2026-11-24T10:03:07.123+01:00", INT64_C(1795510987123)},
        {"2026-11-24T04:33:07.123-04:30", INT64_C(1795510987123)},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
        {"2000-02-29T23:59:60Z", INT64_C(951868800000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
        {"2023-02-29T00:00:00Z", UNTOUCHED},
        {"2100-02-29T00:00:00Z", UNTOUCHED},
        {"2026-13-01T00:00:00Z", UNTOUCHED},
        {"2026-00-01T00:00:00Z", UNTOUCHED},
        {"2026-11-31T00:00:00Z", UNTOUCHED},
        {"2026-11-24T24:00:00Z", UNTOUCHED},
        {"2026-11-24T09:60:00Z", UNTOUCHED},
        {"2026-11-24T09:03:61Z", UNTOUCHED},
        {"1969-12-31T23:59:59Z", UNTOUCHED},
        {"2026-11-24T09:03:07", UNTOUCHED},
        {"2026-11-24T09:03:07.Z", UNTOUCHED},
        {"2026-11-24T09:03:07+0100", UNTOUCHED},
        {"2026-11-24T09:03:07+24:00", UNTOUCHED},
        {"2026-11-24 09:03:07Z", UNTOUCHED},
        {"2026-11-24T09:03:07Z ", UNTOUCHED},
        {"", UNTOUCHED},
        {"1795510987", UNTOUCHED},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        int64_t ms = UNTOUCHED;
        const bool is_read = ps_iso8601_parse_ms(ps_str_of(rows[row].text), &ms);
        if (is_read != (rows[row].ms != UNTOUCHED) || ms != rows[row].ms) {
            fail_msg("'%s' is %lld, not %lld", rows[row].text, (long long)ms,
                     (long long)rows[row].ms);
        }
    }
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    /* A step that hits every day of the calendar sooner or later, over four hundred years. */
    for (int64_t ms = 0; ms < INT64_C(12700000000000); ms += PS_DAY_MS * 17 + 3723001) {
        char text[PS_ISO8601_SIZE];
        int64_t again_ms = UNTOUCHED;
        ps_iso8601_format_ms(ms, text);
        assert_true(ps_iso8601_parse_ms(ps_str_of(text), &again_ms));
        assert_true(again_ms == ms);
    }
    char text[PS_ISO8601_SIZE];
    ps_iso8601_format_ms(INT64_C(951782400000), text);
    assert_string_equal(text, "2000-02-29T00:00:00.000Z");
    ps_iso8601_format_ms(INT64_C(253402300799999), text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_aws_writes_and_nothing_else),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
