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

static void fill(struct ps_settings *const settings)
{
    ps_settings_init(settings);
    settings->name = ps_str_dup(PS_STR("my-run"));
    settings->key = ps_str_dup(PS_STR("{\"input\":\"a \\\"b\\\" \\\\\\n\",\"model\":1}"));
    settings->nonce = ps_str_dup(PS_STR("00ff17"));
    settings->bucket = ps_str_dup(PS_STR("some-bucket"));
    settings->prefix = ps_str_dup(PS_STR("some/prefix"));
    settings->results_path = ps_str_dup(PS_STR("/tmp/r\xC3\xA4s\t.jsonl"));
    ps_lane_init(&settings->lane, "west");
    (void)snprintf(settings->lane.model, sizeof(settings->lane.model), "a.model-v1:0");
    (void)snprintf(settings->lane.region, sizeof(settings->lane.region), "us-west-2");
    (void)snprintf(settings->lane.s3_uri, sizeof(settings->lane.s3_uri), "s3://some-bucket/p");
    (void)snprintf(settings->lane.role_arn, sizeof(settings->lane.role_arn),
                   "arn:aws:iam::111122223333:role/batch");
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        settings->lane.limits[key].value = key == 0 ? PS_NO_LIMIT : INT64_C(5000000000) + key;
        settings->lane.limits[key].source = (enum ps_limit_source)(key % (PS_SOURCE_USER + 1));
    }
    settings->is_local = true;
    settings->speed = 600;
    settings->poll_ms = 30001;
    settings->timeout_hours = 72;
    settings->created_ms = INT64_C(1790000000123);
}

static void assert_same(const struct ps_settings *const read,
                        const struct ps_settings *const wanted)
{
    assert_string_equal(read->name, wanted->name);
    assert_string_equal(read->key, wanted->key);
    assert_string_equal(read->nonce, wanted->nonce);
    assert_string_equal(read->bucket, wanted->bucket);
    assert_string_equal(read->prefix, wanted->prefix);
    assert_string_equal(read->results_path, wanted->results_path);
    assert_string_equal(read->lane.name, wanted->lane.name);
    assert_string_equal(read->lane.model, wanted->lane.model);
    assert_string_equal(read->lane.region, wanted->lane.region);
    assert_string_equal(read->lane.s3_uri, wanted->lane.s3_uri);
    assert_string_equal(read->lane.role_arn, wanted->lane.role_arn);
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        assert_int_equal(read->lane.limits[key].value, wanted->lane.limits[key].value);
        assert_int_equal(read->lane.limits[key].source, wanted->lane.limits[key].source);
    }
    assert_int_equal(read->family, wanted->family);
    assert_int_equal(read->is_local, wanted->is_local);
    assert_int_equal(read->speed, wanted->speed);
    assert_int_equal(read->poll_ms, wanted->poll_ms);
    assert_int_equal(read->timeout_hours, wanted->timeout_hours);
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
    written.name = ps_str_dup(PS_STR("r"));
    assert_int_equal(ps_settings_write(&written, folder, &err), PS_OK);
    assert_int_equal(ps_settings_read(&read, folder, &err), PS_OK);
    assert_string_equal(read.name, "r");
    assert_string_equal(read.prefix, "");
    assert_string_equal(read.results_path, "");
    assert_string_equal(read.lane.model, "");
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        assert_int_equal(read.lane.limits[key].value, PS_NO_LIMIT);
    }
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
        cmocka_unit_test(a_missing_file_is_said),
        cmocka_unit_test(a_file_that_is_no_runs_is_refused),
        cmocka_unit_test(a_written_file_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
