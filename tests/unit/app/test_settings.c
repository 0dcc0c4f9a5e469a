/*
 * What a run was started with. Goal: every field comes back from run.json as it was written; a file
 * that is missing or is no run's is an error, not a guess. Method: settings with another value in
 * every field, written to a folder of the test's own and read back; files spoilt on purpose.
 */
#include "app/settings.h"

#include "folder.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void add_lane(struct ps_settings *const settings, const char *const name, const int seed)
{
    struct ps_lane lane;
    ps_lane_init(&lane, name);
    (void)snprintf(lane.model, sizeof(lane.model), "a.model-v%d:0", seed);
    (void)snprintf(lane.region, sizeof(lane.region), "us-west-%d", seed);
    (void)snprintf(lane.s3_uri, sizeof(lane.s3_uri), "s3://some-bucket/%d", seed);
    (void)snprintf(lane.role_arn, sizeof(lane.role_arn), "arn:aws:iam::111122223333:role/%d", seed);
    (void)snprintf(lane.profile, sizeof(lane.profile), "profile %d", seed);
    lane.kind = PS_KIND_ON_DEMAND;
    lane.rps_counts = PS_RPS_CALLS;
    lane.behaviour = PS_BEHAVIOUR_LEARN;
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        lane.limits[key].value = key == 0 ? PS_NO_LIMIT : INT64_C(5000000000) * seed + key;
        lane.limits[key].source = (enum ps_limit_source)(key % (PS_SOURCE_USER + 1));
    }
    (void)ps_settings_add_lane(settings, &lane, ps_str_of(name), PS_STR("some/prefix"));
}

static void assert_same_lane(const struct ps_lane *const read, const struct ps_lane *const wanted)
{
    assert_string_equal(read->name, wanted->name);
    assert_string_equal(read->model, wanted->model);
    assert_string_equal(read->region, wanted->region);
    assert_string_equal(read->s3_uri, wanted->s3_uri);
    assert_string_equal(read->role_arn, wanted->role_arn);
    assert_string_equal(read->profile, wanted->profile);
    assert_int_equal(read->kind, wanted->kind);
    assert_int_equal(read->rps_counts, wanted->rps_counts);
    assert_int_equal(read->behaviour, wanted->behaviour);
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        assert_int_equal(read->limits[key].value, wanted->limits[key].value);
        assert_int_equal(read->limits[key].source, wanted->limits[key].source);
    }
}

static void fill(struct ps_settings *const settings)
{
    ps_settings_init(settings);
    settings->name = ps_str_dup(PS_STR("my-run"));
    settings->key = ps_str_dup(PS_STR("{\"input\":\"a \\\"b\\\" \\\\\\n\",\"model\":1}"));
    settings->nonce = ps_str_dup(PS_STR("00ff17"));
    settings->results_path = ps_str_dup(PS_STR("/tmp/r\xC3\xA4s\t.jsonl"));
    add_lane(settings, "west", 1);
    add_lane(settings, "east", 2);
    settings->is_local = true;
    settings->speed = 600;
    settings->poll_ms = 30001;
    settings->timeout_hours = 72;
    settings->expect_output = 512;
    settings->created_ms = INT64_C(1790000000123);
}

static void assert_same(const struct ps_settings *const read,
                        const struct ps_settings *const wanted)
{
    assert_string_equal(read->name, wanted->name);
    assert_string_equal(read->key, wanted->key);
    assert_string_equal(read->nonce, wanted->nonce);
    assert_string_equal(read->results_path, wanted->results_path);
    assert_int_equal(read->lane_count, wanted->lane_count);
    for (int64_t lane = 0; lane < wanted->lane_count; lane++) {
        assert_same_lane(&read->lanes[lane], &wanted->lanes[lane]);
        assert_string_equal(read->places[lane].bucket, wanted->places[lane].bucket);
        assert_string_equal(read->places[lane].prefix, wanted->places[lane].prefix);
    }
    assert_int_equal(read->family, wanted->family);
    assert_int_equal(read->is_local, wanted->is_local);
    assert_int_equal(read->speed, wanted->speed);
    assert_int_equal(read->poll_ms, wanted->poll_ms);
    assert_int_equal(read->timeout_hours, wanted->timeout_hours);
    assert_int_equal(read->expect_output, wanted->expect_output);
    assert_int_equal(read->created_ms, wanted->created_ms);
}

static void every_field_comes_back(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_settings written PS_CLEANUP(ps_settings_release);
    struct ps_settings read PS_CLEANUP(ps_settings_release);
    struct ps_error err = {0};
    fill(&written);
    fill(&read); /* and what was there before goes away */
    for (int family = 0; family < PS_FAMILY_COUNT; family++) {
        written.family = (enum ps_family)family;
        written.is_local = family % 2 == 0;
        assert_int_equal(ps_settings_write(&written, folder, &err), PS_OK);
        assert_int_equal(ps_settings_read(&read, folder, &err), PS_OK);
        assert_same(&read, &written);
    }
    assert_int_equal(test_folder_count(folder), 1);
}

static void what_was_left_out_comes_back_empty(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_settings written PS_CLEANUP(ps_settings_release);
    struct ps_settings read PS_CLEANUP(ps_settings_release);
    struct ps_error err = {0};
    ps_settings_init(&written);
    ps_settings_init(&read);
    struct ps_lane lane;
    ps_lane_init(&lane, "");
    written.name = ps_str_dup(PS_STR("r"));
    (void)ps_settings_add_lane(&written, &lane, PS_STR(""), PS_STR(""));
    assert_int_equal(ps_settings_write(&written, folder, &err), PS_OK);
    assert_int_equal(ps_settings_read(&read, folder, &err), PS_OK);
    assert_string_equal(read.name, "r");
    assert_string_equal(read.places[0].prefix, "");
    assert_string_equal(read.results_path, "");
    assert_string_equal(read.lanes[0].model, "");
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        assert_int_equal(read.lanes[0].limits[key].value, PS_NO_LIMIT);
    }
}

/* Version 0.1 wrote one lane, with its bucket and prefix beside it. */
static void a_file_of_one_lane_is_still_read(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\":\"r\",\"bucket\":\"b\",\"prefix\":\"p/q\",\"family\":\"anthropic\",\"lane\":"
        "{\"name\":\"main\",\"model\":\"m\",\"region\":\"eu-west-1\",\"limits\":{\"jobs\":[7,3]}}}";
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_settings read PS_CLEANUP(ps_settings_release);
    struct ps_error err = {0};
    ps_settings_init(&read);
    test_file_write(folder, "run.json", ps_str_of(text));
    assert_int_equal(ps_settings_read(&read, folder, &err), PS_OK);
    assert_int_equal(read.lane_count, 1);
    assert_string_equal(read.lanes[0].name, "main");
    assert_string_equal(read.lanes[0].region, "eu-west-1");
    assert_int_equal(read.lanes[0].limits[PS_LIMIT_JOBS].value, 7);
    assert_int_equal(read.lanes[0].limits[PS_LIMIT_JOBS].source, PS_SOURCE_USER);
    assert_int_equal(read.lanes[0].limits[PS_LIMIT_TPD].value, PS_NO_LIMIT);
    assert_string_equal(read.places[0].bucket, "b");
    assert_string_equal(read.places[0].prefix, "p/q");
}

static void a_missing_file_is_said(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_settings read PS_CLEANUP(ps_settings_release);
    struct ps_error err = {0};
    ps_settings_init(&read);
    assert_int_equal(ps_settings_read(&read, folder, &err), PS_E_NOT_FOUND);
    assert_non_null(strstr(err.message, "run.json"));
}

static void a_file_that_is_no_runs_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{}",
        "null",
        "\xFF\xFE",
        "{\"name\":\"r\"}",
        "{\"name\":\"r\",\"family\":\"of another kind\"}",
        "{\"name\":\"r\",\"family\":7}",
        "{\"family\":\"anthropic\"}",
        "{\"name\":\"\",\"family\":\"anthropic\"}",
        "{\"name\":7,\"family\":\"anthropic\"}",
        "{\"name\":\"r\",\"family\":\"anthropic\"",
        "{\"name\":\"r\",\"family\":\"anthropic\",\"lanes\":[]}",
    };
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    for (size_t row = 0; row < sizeof(texts) / sizeof(texts[0]); row++) {
        struct ps_settings read PS_CLEANUP(ps_settings_release);
        struct ps_error err = {0};
        ps_settings_init(&read);
        test_file_write(folder, "run.json", ps_str_of(texts[row]));
        assert_int_equal(ps_settings_read(&read, folder, &err), PS_E_CORRUPT);
        assert_non_null(strstr(err.message, "no run of ours"));
    }
}

static void a_written_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    struct ps_settings written PS_CLEANUP(ps_settings_release);
    struct ps_error err = {0};
    size_t size = 0;
    fill(&written);
    assert_int_equal(ps_settings_write(&written, folder, &err), PS_OK);
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "run.json", &size);
    while (size > 0 && text[size - 1] == '\n') {
        size--; /* white space at the end is nobody's loss */
    }
    for (size_t cut = 0; cut < size; cut += 7) {
        struct ps_settings read PS_CLEANUP(ps_settings_release);
        ps_settings_init(&read);
        test_file_write(folder, "run.json", (struct ps_str){text, cut});
        assert_int_equal(ps_settings_read(&read, folder, &err), PS_E_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(what_was_left_out_comes_back_empty),
        cmocka_unit_test(a_file_of_one_lane_is_still_read),
        cmocka_unit_test(a_missing_file_is_said),
        cmocka_unit_test(a_file_that_is_no_runs_is_refused),
        cmocka_unit_test(a_written_file_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
