/* Goal: lanes are read as written, gaps come from profiles with their source. Method: texts, both
 * ways. */
#include "core/lane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void reads_every_key(void **state)
{
    (void)state;
    struct ps_lane lane;
    struct ps_error err = {0};
    ps_lane_init(&lane, "first");
    assert_int_equal(
        ps_lane_parse(&lane,
                      PS_STR("name=a, model=us.x.y-v1:0,region=eu-west-1,s3_uri=s3://b/p,"
                             "role_arn=arn:aws:iam::1:role/r,jobs=10,job_records=100k,"
                             "job_bytes=5GB,shard_records=1000,shard_bytes=50MB,files=5000,"
                             "min_records=7,context=200k,output=8192"),
                      &err),
        PS_OK);
    assert_string_equal(lane.name, "a");
    assert_string_equal(lane.model, "us.x.y-v1:0");
    assert_string_equal(lane.region, "eu-west-1");
    assert_string_equal(lane.s3_uri, "s3://b/p");
    assert_string_equal(lane.role_arn, "arn:aws:iam::1:role/r");
    static const int64_t values[PS_LIMIT_COUNT] = {10,   100000, 5000000000, 1000, 50000000,
                                                   5000, 7,      200000,     8192};
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        assert_int_equal(lane.limits[key].value, values[key]);
        assert_int_equal(lane.limits[key].source, PS_SOURCE_USER);
    }
}

static void refuses_with_the_key_and_the_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *named;
    } rows[] = {
        {"jobs=0", "jobs"},
        {"jobs=-1", "jobs"},
        {"jobs=ten", "jobs"},
        {"jobs=", "jobs"},
        {"shard_bytes=5MX", "shard_bytes"},
        {"speed=7", "speed"},
        {"jobs", "jobs"},
        {"jobs=1,,", ""},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_lane lane;
        struct ps_error err = {0};
        ps_lane_init(&lane, "a");
        assert_int_equal(ps_lane_parse(&lane, ps_str_of(rows[row].text), &err), PS_E_USAGE);
        assert_non_null(strstr(err.message, rows[row].named));
        assert_true(err.hint[0] != '\0');
    }
}

static void gaps_are_filled_and_say_from_where(void **state)
{
    (void)state;
    struct ps_lane lane;
    struct ps_error err = {0};
    ps_lane_init(&lane, "a");
    assert_int_equal(ps_lane_limit(&lane, PS_LIMIT_JOBS, 77), 77);
    assert_int_equal(ps_lane_parse(&lane, PS_STR("jobs=3"), &err), PS_OK);
    assert_int_equal(ps_lane_fill(&lane, "published", &err), PS_OK);
    assert_int_equal(lane.limits[PS_LIMIT_JOBS].value, 3);
    assert_int_equal(lane.limits[PS_LIMIT_JOBS].source, PS_SOURCE_USER);
    assert_int_equal(lane.limits[PS_LIMIT_MIN_RECORDS].value, 100);
    assert_int_equal(lane.limits[PS_LIMIT_MIN_RECORDS].source, PS_SOURCE_PUBLISHED);
    assert_int_equal(lane.limits[PS_LIMIT_SHARD_BYTES].value, 1000000000);
    assert_int_equal(lane.limits[PS_LIMIT_FILES].source, PS_SOURCE_NONE);
    assert_int_equal(ps_lane_fill(&lane, "typical", &err), PS_OK);
    assert_int_equal(lane.limits[PS_LIMIT_FILES].value, 5000);
    assert_int_equal(lane.limits[PS_LIMIT_FILES].source, PS_SOURCE_TYPICAL);
    assert_int_equal(ps_lane_fill(&lane, "rumoured", &err), PS_E_USAGE);
    assert_non_null(strstr(err.message, "rumoured"));
}

static void limits_that_contradict_each_other_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ps_status status;
    } rows[] = {
        {"min_records=100,job_records=100", PS_OK},
        {"min_records=100,job_records=99", PS_E_USAGE},
        {"min_records=100,files=10,shard_records=10", PS_OK},
        {"min_records=101,files=10,shard_records=10", PS_E_USAGE},
        {"jobs=1", PS_OK},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_lane lane;
        struct ps_error err = {0};
        ps_lane_init(&lane, "a");
        assert_int_equal(ps_lane_parse(&lane, ps_str_of(rows[row].text), &err), PS_OK);
        assert_int_equal(ps_lane_check(&lane, &err), rows[row].status);
    }
}

static void every_limit_and_source_has_a_name(void **state)
{
    (void)state;
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        assert_non_null(ps_limit_name((enum ps_limit_key)key));
    }
    for (int source = 0; source <= PS_SOURCE_USER; source++) {
        assert_non_null(ps_limit_source_name((enum ps_limit_source)source));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(refuses_with_the_key_and_the_form),
        cmocka_unit_test(gaps_are_filled_and_say_from_where),
        cmocka_unit_test(limits_that_contradict_each_other_are_found),
        cmocka_unit_test(every_limit_and_source_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
