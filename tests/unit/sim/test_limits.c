/* Goal: a limits file means what it says, and what it leaves out is as published. Method: files. */
#include "sim/limits.h"

#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static enum ps_status load(struct ps_limits_list *const list, const char *const text,
                           struct ps_error *const err)
{
    char *const folder = test_folder_new();
    char path[256];
    test_file_write(folder, "limits", text);
    (void)snprintf(path, sizeof path, "%s/limits", folder);
    const enum ps_status status = ps_limits_load(list, path, err);
    test_folder_remove(folder);
    free(folder);
    return status;
}

static void without_a_file_it_is_as_published(void **state)
{
    (void)state;
    struct ps_limits_list list PS_CLEANUP(ps_limits_release);
    assert_int_equal(ps_limits_load(&list, NULL, NULL), PS_OK);
    const struct ps_sim_limits *const lane =
        ps_limits_for(&list, PS_STR("amazon.nova-pro-v1:0"), PS_STR("us-east-1"));
    assert_int_equal(lane->jobs, 100);
    assert_int_equal(lane->min_records, 100);
    assert_int_equal(lane->job_records, 100000);
    assert_int_equal(lane->shard_bytes, 1000000000);
    assert_int_equal(lane->job_bytes, INT64_C(5000000000));
    assert_int_equal(lane->tpm, 0);
    assert_int_equal(lane->burndown, 1);
    assert_int_equal(lane->behaviour, PS_LIMITS_QUEUE);
}

static void every_key_of_a_lane_is_understood(void **state)
{
    (void)state;
    struct ps_limits_list list PS_CLEANUP(ps_limits_release);
    assert_int_equal(
        load(&list,
             "name=a,kind=batch,profile=p,s3_uri=s3://b/p,role_arn=arn,context=200k,output=8192,"
             "out_bytes=50MB,reset=23:40Z,burndown=5,rps=20,rps_counts=calls,behaviour=refuse\n"
             "name=b,region=eu-west-1,reset=07:05,behaviour=learn,rps_counts=none\n"
             "name=c,rps_counts=records,behaviour=queue\n",
             NULL),
        PS_OK);
    const struct ps_sim_limits *const lanes = list.lanes;
    assert_int_equal(lanes[0].reset_ms, (23 * 60 + 40) * 60000);
    assert_int_equal(lanes[0].burndown, 5);
    assert_int_equal(lanes[0].rps, 20);
    assert_int_equal(lanes[0].rps_counts, PS_RPS_OF_CALLS);
    assert_int_equal(lanes[0].behaviour, PS_LIMITS_REFUSE);
    assert_int_equal(lanes[1].reset_ms, (7 * 60 + 5) * 60000);
    assert_int_equal(lanes[1].rps_counts, PS_RPS_OF_NOTHING);
    assert_int_equal(lanes[1].behaviour, PS_LIMITS_LEARN);
    assert_int_equal(lanes[2].rps_counts, PS_RPS_OF_RECORDS);
    assert_int_equal(lanes[2].behaviour, PS_LIMITS_QUEUE);
}

static void the_first_lane_that_fits_counts(void **state)
{
    (void)state;
    struct ps_limits_list list PS_CLEANUP(ps_limits_release);
    assert_int_equal(
        load(&list,
             "# of one model\n\n"
             "name=a,model=us.amazon.nova-pro-v1:0,jobs=4,tpm=3M,startup=15m,shard_bytes=50MB\n"
             "name=b,region=eu-west-1,min_records=1,kind=batch,behaviour=queue\n",
             NULL),
        PS_OK);
    const struct ps_sim_limits *lane =
        ps_limits_for(&list, PS_STR("amazon.nova-pro-v1:0"), PS_STR("eu-west-1"));
    assert_string_equal(lane->name, "a");
    assert_int_equal(lane->jobs, 4);
    assert_int_equal(lane->tpm, 3000000);
    assert_int_equal(lane->startup_ms, 900000);
    assert_int_equal(lane->shard_bytes, 50000000);
    assert_int_equal(lane->min_records, 100);
    lane = ps_limits_for(&list, PS_STR("other.model"), PS_STR("eu-west-1"));
    assert_string_equal(lane->name, "b");
    assert_int_equal(lane->min_records, 1);
    lane = ps_limits_for(&list, PS_STR("other.model"), PS_STR("us-east-1"));
    assert_string_equal(lane->name, "published");
}

static void what_is_no_limit_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const bad[] = {"jobs=many",     "jobs=-1",         "colour=red",
                                      "jobs",          "startup=soon",    "name=a,,jobs=1",
                                      "reset=24:00Z",  "reset=7:05",      "reset=07:05X",
                                      "reset=7200000", "behaviour=maybe", "rps_counts=words"};
    for (size_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        struct ps_limits_list list PS_CLEANUP(ps_limits_release);
        struct ps_error err;
        assert_int_equal(load(&list, bad[index], &err), PS_E_USAGE);
        assert_true(strstr(err.message, "cannot use '") == err.message);
    }
    struct ps_limits_list list PS_CLEANUP(ps_limits_release);
    assert_int_equal(ps_limits_load(&list, "/nowhere/limits", NULL), PS_E_USAGE);
}

static void profiles_and_arns_come_down_to_the_base_model(void **state)
{
    (void)state;
    static const char *const names[] = {
        "us.anthropic.claude-x-v1:0",
        "global.anthropic.claude-x-v1:0",
        "anthropic.claude-x-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-x-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-x-v1:0",
    };
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        assert_true(ps_str_equals_text(ps_limits_base_model(ps_str_of(names[index])),
                                       "anthropic.claude-x-v1:0"));
    }
}

static void the_list_is_written_as_the_log_has_it(void **state)
{
    (void)state;
    struct ps_limits_list list PS_CLEANUP(ps_limits_release);
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 10000);
    struct ps_writer writer = {.buf = &buf};
    assert_int_equal(load(&list, "name=a,jobs=7,rps=20,tpd=50M,files=5000", NULL), PS_OK);
    ps_limits_write(&list, &writer);
    assert_non_null(
        strstr(ps_buf_text(&buf),
               "{\"lane\":\"a\",\"kind\":\"batch\",\"model\":\"\",\"region\":\"\",\"jobs\":7,"));
    assert_non_null(strstr(ps_buf_text(&buf), "\"files\":5000,"));
    assert_non_null(strstr(ps_buf_text(&buf),
                           "\"tpd\":50000000,\"reset_ms\":0,\"rps\":20,\"rps_counts\":"
                           "\"records\",\"burndown\":1,\"behaviour\":\"queue\"}"));
    assert_non_null(strstr(ps_buf_text(&buf), "{\"lane\":\"published\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_it_is_as_published),
        cmocka_unit_test(every_key_of_a_lane_is_understood),
        cmocka_unit_test(the_first_lane_that_fits_counts),
        cmocka_unit_test(what_is_no_limit_is_refused_by_name),
        cmocka_unit_test(profiles_and_arns_come_down_to_the_base_model),
        cmocka_unit_test(the_list_is_written_as_the_log_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
