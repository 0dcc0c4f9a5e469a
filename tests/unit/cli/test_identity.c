/*
 * Goal: the same input with the same options is the same run, anything else another (R8). Method:
 * command lines that must and must not change the params; a run's folder by hand, its input left
 * alone, changed, touched and deleted.
 */
#include "cli/identity.h"

#include "../app/folder.h"
#include "command_line.h"

#include "cli/runs.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char *folder;

static void add_lane(struct ps_settings *const settings)
{
    struct ps_lane lane;
    ps_lane_init(&lane, "main");
    (void)snprintf(lane.model, sizeof(lane.model), "%s", "m");
    (void)snprintf(lane.region, sizeof(lane.region), "%s", "us-east-1");
    (void)snprintf(lane.s3_uri, sizeof(lane.s3_uri), "%s", "s3://bucket/p");
    (void)ps_settings_add_lane(settings, &lane, PS_STR("bucket"), PS_STR("p"));
}

static void fill(struct ps_settings *const settings)
{
    ps_settings_init(settings);
    add_lane(settings);
    settings->nonce = ps_str_dup(PS_STR("00"));
    settings->results_path = ps_str_dup(PS_STR("/tmp/o"));
}

static char *params_of(const struct ps_options *const options,
                       const struct ps_settings *const settings)
{
    char *params = NULL;
    struct ps_error err;
    assert_int_equal(ps_identity_params(options, settings, &params, &err), PS_OK);
    return params;
}

static void only_what_changes_the_sent_bytes_or_the_place_is_in_it(void **state)
{
    (void)state;
    static const struct {
        const char *extra;
        bool is_same;
    } rows[] = {
        {"", true},
        {"-o elsewhere", true},
        {"--poll-interval 1s", true},
        {"--name other", true},
        {"--allow-failures 5", true},
        {"-v -q --yes", true},
        {"--format jsonl", false},
        {"--id-field id", false},
        {"--keep all", false},
        {"--system s", false},
        {"--max-tokens 5", false},
        {"--dedupe", false},
        {"--no-dedupe", false},
        {"--new", false},
    };
    struct ps_settings settings;
    char *first PS_CLEANUP(ps_str_free_auto) = NULL;
    fill(&settings);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        char line[200];
        struct ps_options options;
        (void)snprintf(line, sizeof(line), "penstock run in %s", rows[row].extra);
        test_options_of(&options, line);
        char *params = params_of(&options, &settings);
        ps_options_release(&options);
        first = row == 0 ? ps_str_dup(ps_str_of(params)) : first;
        if ((strcmp(params, first) == 0) != rows[row].is_same) {
            fail_msg("%s", rows[row].extra);
        }
        free(params);
    }
    ps_settings_release(&settings);
}

static void model_region_place_and_template_are_in_it(void **state)
{
    (void)state;
    char line[] = "penstock run in";
    char templated[600];
    struct ps_settings settings;
    struct ps_options options;
    struct ps_error err;
    fill(&settings);
    test_options_of(&options, line);
    char *seen[9];
    seen[0] = params_of(&options, &settings);
    (void)snprintf(settings.lanes[0].model, sizeof(settings.lanes[0].model), "%s", "n");
    seen[1] = params_of(&options, &settings);
    (void)snprintf(settings.lanes[0].region, sizeof(settings.lanes[0].region), "%s", "us-west-2");
    seen[2] = params_of(&options, &settings);
    settings.is_local = true;
    seen[3] = params_of(&options, &settings);
    ps_options_release(&options);
    (void)snprintf(templated, sizeof(templated), "penstock run in --prompt-file %s/t", folder);
    test_options_of(&options, templated);
    test_file_write(folder, "t", PS_STR("a {x}"));
    seen[4] = params_of(&options, &settings);
    test_file_write(folder, "t", PS_STR("b {x}"));
    seen[5] = params_of(&options, &settings);
    add_lane(&settings); /* another one beside it */
    seen[6] = params_of(&options, &settings);
    (void)snprintf(settings.lanes[1].model, sizeof(settings.lanes[1].model), "%s", "o");
    seen[7] = params_of(&options, &settings);
    (void)snprintf(settings.lanes[1].profile, sizeof(settings.lanes[1].profile), "%s", "other");
    seen[8] = params_of(&options, &settings);
    for (size_t one = 0; one < sizeof(seen) / sizeof(seen[0]); one++) {
        for (size_t other = 0; other < one; other++) {
            assert_string_not_equal(seen[one], seen[other]);
        }
    }
    for (size_t one = 0; one < sizeof(seen) / sizeof(seen[0]); one++) {
        free(seen[one]);
    }
    char *params = NULL;
    options.prompt_file = "/nowhere/t";
    assert_int_equal(ps_identity_params(&options, &settings, &params, &err), PS_E_USAGE);
    assert_null(params);
    ps_options_release(&options);
    ps_settings_release(&settings);
}

static void a_name_is_made_of_params_and_digest(void **state)
{
    (void)state;
    static const struct ps_index_summary summaries[] = {
        {.digest_low = 1}, {.digest_low = 1, .records = 9}, {.digest_high = 1}};
    char line[] = "penstock run in";
    struct ps_options options;
    struct ps_settings made[4];
    test_options_of(&options, line);
    for (int place = 0; place < 4; place++) {
        ps_settings_init(&made[place]);
        ps_identity_name(&options, place == 3 ? "{\"a\":2}" : "{\"a\":1}", &summaries[place % 3],
                         &made[place]);
    }
    assert_int_equal(strlen(made[0].name), 16);
    assert_memory_equal(made[0].name, "run-", 4);
    assert_string_equal(made[0].name, made[1].name);
    assert_string_not_equal(made[0].name, made[2].name);
    assert_string_not_equal(made[0].name, made[3].name);
    assert_non_null(strstr(made[0].key, "\"digest\":\"00000000000000000000000000000001\""));
    assert_non_null(strstr(made[2].key, "\"digest\":\"00000000000000010000000000000000\""));
    for (int place = 0; place < 4; place++) {
        ps_settings_release(&made[place]);
    }
    ps_options_release(&options);
}

/* Makes the folder of the run of these options. */
static void keep_run(const struct ps_options *const options, const char *const params,
                     const struct ps_index_summary *const summary)
{
    struct ps_settings settings;
    struct ps_error err;
    fill(&settings);
    ps_identity_name(options, params, summary, &settings);
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    char *run PS_CLEANUP(ps_str_free_auto) = ps_runs_folder(root, settings.name);
    assert_int_equal(ps_files_make_folder(run, &err), PS_OK);
    assert_int_equal(ps_settings_write(&settings, run, &err), PS_OK);
    ps_settings_release(&settings);
}

static bool is_found(const struct ps_options *const options, const char *const params)
{
    char *found PS_CLEANUP(ps_str_free_auto) = NULL;
    return ps_identity_find(options, params, &found);
}

static void a_run_is_found_again_while_its_input_is_as_it_was_or_gone(void **state)
{
    (void)state;
    char line[600];
    const struct ps_index_summary summary = {.digest_low = 1};
    struct ps_options options;
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "in");
    (void)snprintf(line, sizeof(line), "penstock run %s --state-dir %s/s1", path, folder);
    test_options_of(&options, line);
    test_file_write(folder, "in", PS_STR("one"));
    assert_false(is_found(&options, "{}"));
    keep_run(&options, "{}", &summary);
    assert_true(is_found(&options, "{}"));
    assert_false(is_found(&options, "{\"a\":1}"));
    options.name = "another";
    assert_false(is_found(&options, "{}"));
    options.name = NULL;
    test_file_write(folder, "in", PS_STR("three"));
    assert_false(is_found(&options, "{}"));
    assert_int_equal(unlink(path), 0);
    assert_true(is_found(&options, "{}"));
    options.arguments[0] = "-";
    assert_false(is_found(&options, "{}"));
    options.argument_count = 0;
    assert_false(is_found(&options, "{}"));
    ps_options_release(&options);
}

static void a_name_of_ones_own_must_be_one_and_fit_its_run(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "-a", "a-", "A", "a/b", "..", "a1234567890123456789012345678901234567890"};
    char line[600];
    const struct ps_index_summary summary = {.digest_low = 1};
    const struct ps_index_summary another = {.digest_low = 2};
    struct ps_options options;
    struct ps_error err;
    (void)snprintf(line, sizeof(line), "penstock run in --state-dir %s/s2", folder);
    test_options_of(&options, line);
    for (size_t name = 0; name < sizeof(bad) / sizeof(bad[0]); name++) {
        options.name = bad[name];
        assert_int_equal(ps_identity_check_name(&options, "{}", &summary, &err), PS_E_USAGE);
    }
    options.name = "mine";
    assert_int_equal(ps_identity_check_name(&options, "{}", &summary, &err), PS_OK);
    keep_run(&options, "{}", &summary);
    assert_int_equal(ps_identity_check_name(&options, "{}", &summary, &err), PS_OK);
    assert_int_equal(ps_identity_check_name(&options, "{}", &another, &err), PS_E_USAGE);
    assert_int_equal(ps_identity_check_name(&options, "{\"a\":1}", &summary, &err), PS_E_USAGE);
    assert_non_null(strstr(err.hint, "penstock resume mine"));
    ps_options_release(&options);
}

int main(void)
{
    char *own PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    folder = own;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_changes_the_sent_bytes_or_the_place_is_in_it),
        cmocka_unit_test(model_region_place_and_template_are_in_it),
        cmocka_unit_test(a_name_is_made_of_params_and_digest),
        cmocka_unit_test(a_run_is_found_again_while_its_input_is_as_it_was_or_gone),
        cmocka_unit_test(a_name_of_ones_own_must_be_one_and_fit_its_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
