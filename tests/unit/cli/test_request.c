/*
 * Goal: options become the settings that they say; all that is missing is named at once, before
 * anything is read or asked. Method: command lines with what is missing or wrong; an environment
 * without AWS.
 */
#include "cli/request.h"

#include "../app/folder.h"
#include "command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MODEL "us.anthropic.claude-haiku-4-5-20251001-v1:0"
#define ROLE "--role-arn arn:aws:iam::111122223333:role/r"

static enum ps_status requested(const char *const line, struct ps_settings *const settings,
                                struct ps_error *const err)
{
    char words[1000];
    struct ps_options options;
    (void)snprintf(words, sizeof(words), "penstock %s", line);
    test_options_of(&options, words);
    ps_settings_init(settings);
    const enum ps_status status = ps_request_settings(&options, settings, err);
    ps_options_release(&options);
    return status;
}

static void what_is_missing_or_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *message;
        const char *hint;
    } rows[] = {
        {"run", "an input, -o RESULTS, --model, --s3-uri, --role-arn, a Region", "--local"},
        {"run --local", "an input, -o RESULTS, --model", "--model"},
        {"plan", "an input, --model", "--model"},
        {"run --dry-run", "an input, --model", "--model"},
        {"run a -o /tmp/o --model " MODEL " --s3-uri s3://bucket/p " ROLE, "without a Region",
         "MODEL@REGION"},
        {"run a -o /tmp/o --local --model nobody.knows", "'nobody.knows'", "penstock models"},
        {"run a -o /tmp/o --local --model us.anthropc.claude-haiku-4-5", "nobody here knows it",
         "Did you mean '" MODEL "'"},
        {"run a -o /tmp/o --local --model cohere.embed-v4:0", "takes no batch jobs of it", ""},
        {"run a -o /tmp/o --local --model amazon.nova-2-multimodal-embeddings-v1:0",
         "the form of its requests", "penstock models"},
        {"run a -o /tmp/o --local --model anthropic.claude-haiku-4-5-20251001-v1:0", "in us-east-1",
         "'" MODEL "'"},
        {"run a -o /tmp/o --local --model " MODEL "@eu-west-1", "in eu-west-1", "'eu.anthropic."},
        {"run a -o /tmp/o --local --models-file /nowhere/m.json --model " MODEL, "/nowhere/m.json",
         ""},
        {"run a -o /tmp/o --local --model " MODEL " --lane name=a --lane name=a", "the name 'a'",
         "name=..."},
        {"run a -o /tmp/o --local --model " MODEL " --lane name=a,jobs=3 --lane name=b,jobs=4",
         "their jobs differs", "jobs"},
        {"run a -o /tmp/o --local --lane name=a,model=" MODEL " --lane name=b", "lane 'b' without",
         "--model"},
        {"run a -o /tmp/o --local --model " MODEL " --model amazon.nova-lite-v1:0",
         "'lane1' and 'lane2' together", "--converse"},
        {"run a -o /tmp/o --local --dedupe --no-dedupe --model " MODEL, "--no-dedupe", ""},
        {"run a -o /tmp/o --local --job-timeout 23h --model " MODEL, "--job-timeout", "queue"},
        {"run a -o /tmp/o --local --job-timeout 169h --model " MODEL, "24 to 168 whole", ""},
        {"run a -o /tmp/o --local --job-timeout 1501m --model " MODEL, "24 to 168 whole", ""},
        {"run a -o /nowhere/o --local --model " MODEL, "/nowhere", ""},
        {"run a -o /tmp --local --model " MODEL, "/tmp", ""},
        {"run a -o /tmp/o --local --limits guessed --model " MODEL, "guessed", ""},
        {"run a -o /tmp/o --role-arn me --s3-uri s3://bucket/p --model " MODEL "@us-west-2",
         "'me' as a role", "arn:aws:iam"},
        {"run a -o /tmp/o --s3-uri bucket " ROLE " --model " MODEL "@us-west-2", "bucket", ""},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_settings settings;
        struct ps_error err = {.status = PS_OK};
        const enum ps_status status = requested(rows[row].line, &settings, &err);
        if (status != PS_E_USAGE || strstr(err.message, rows[row].message) == NULL ||
            strstr(err.hint, rows[row].hint) == NULL) {
            fail_msg("%s: '%s' '%s'", rows[row].line, err.message, err.hint);
        }
        ps_settings_release(&settings);
    }
}

static void a_run_on_aws_has_its_place_and_lane(void **state)
{
    (void)state;
    struct ps_settings settings;
    struct ps_error err;
    assert_int_equal(requested("run a -o /tmp/o.jsonl --s3-uri s3://bucket/p/q/ " ROLE
                               " --lane model=x,region=eu-west-1,jobs=3 --poll-interval 2s"
                               " --model " MODEL "@us-west-2",
                               &settings, &err),
                     PS_OK);
    assert_string_equal(settings.places[0].bucket, "bucket");
    assert_string_equal(settings.places[0].prefix, "p/q");
    assert_string_equal(settings.results_path, "/tmp/o.jsonl");
    assert_string_equal(settings.lanes[0].model, MODEL); /* --model goes over --lane */
    assert_string_equal(settings.lanes[0].region, "us-west-2");
    assert_int_equal(settings.lanes[0].limits[PS_LIMIT_JOBS].value, 3);
    assert_int_equal(settings.lanes[0].limits[PS_LIMIT_JOBS].source, PS_SOURCE_USER);
    assert_int_equal(settings.poll_ms, 2000);
    assert_int_equal(settings.timeout_hours, 72);
    assert_int_equal(settings.family, PS_FAMILY_ANTHROPIC);
    assert_false(settings.is_local);
    ps_settings_release(&settings);
}

static void a_lane_on_demand_needs_neither_place_nor_role(void **state)
{
    (void)state;
    struct ps_settings settings;
    struct ps_error err;
    assert_int_equal(requested("run a -o /tmp/o.jsonl --lane kind=on-demand,region=us-east-1"
                               " --model " MODEL,
                               &settings, &err),
                     PS_OK);
    assert_int_equal(settings.lanes[0].kind, PS_KIND_ON_DEMAND);
    assert_string_equal(settings.places[0].bucket, "");
    ps_settings_release(&settings);
}

static void a_run_of_several_lanes_has_a_place_for_each(void **state)
{
    (void)state;
    struct ps_settings settings;
    struct ps_error err;
    assert_int_equal(requested("run a -o /tmp/o.jsonl --s3-uri s3://bucket/p " ROLE
                               " --lane name=a,region=us-east-1,jobs=3"
                               " --lane name=b,region=us-west-2,s3_uri=s3://other/q,jobs=4"
                               " --model " MODEL,
                               &settings, &err),
                     PS_OK);
    assert_int_equal(settings.lane_count, 2);
    assert_string_equal(settings.lanes[0].model, MODEL);
    assert_string_equal(settings.lanes[1].model, MODEL);
    assert_string_equal(settings.places[0].bucket, "bucket");
    assert_string_equal(settings.places[1].bucket, "other");
    assert_string_equal(settings.places[1].prefix, "q");
    assert_string_equal(settings.lanes[1].role_arn, settings.lanes[0].role_arn);
    assert_int_equal(settings.lanes[1].limits[PS_LIMIT_JOBS].value, 4);
    ps_settings_release(&settings);
    assert_int_equal(requested("run a -o /tmp/o.jsonl --local --converse --model " MODEL
                               " --model us.amazon.nova-lite-v1:0@us-west-2",
                               &settings, &err),
                     PS_OK);
    assert_int_equal(settings.family, PS_FAMILY_CONVERSE);
    assert_string_equal(settings.lanes[1].name, "lane2");
    assert_string_equal(settings.lanes[1].region, "us-west-2");
    ps_settings_release(&settings);
}

static void a_local_run_needs_no_aws_and_converse_changes_the_family(void **state)
{
    (void)state;
    struct ps_settings settings;
    struct ps_error err;
    assert_int_equal(
        requested("run - -o /tmp/o --local --converse --model " MODEL, &settings, &err), PS_OK);
    assert_true(settings.is_local);
    assert_int_equal(settings.family, PS_FAMILY_CONVERSE);
    assert_true(settings.lanes[0].region[0] != '\0');
    assert_true(settings.speed > 1);
    ps_settings_release(&settings);
}

static void the_region_of_the_environment_does(void **state)
{
    (void)state;
    struct ps_settings settings;
    struct ps_error err;
    assert_int_equal(setenv("AWS_REGION", "us-east-2", 1), 0);
    assert_int_equal(requested("run a -o /tmp/o --s3-uri s3://bucket/p " ROLE " --model " MODEL,
                               &settings, &err),
                     PS_OK);
    assert_string_equal(settings.lanes[0].region, "us-east-2");
    ps_settings_release(&settings);
    assert_int_equal(unsetenv("AWS_REGION"), 0);
}

int main(void)
{
    char *home PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    (void)unsetenv("AWS_REGION");
    (void)unsetenv("AWS_DEFAULT_REGION");
    (void)unsetenv("AWS_PROFILE");
    (void)unsetenv("AWS_CONFIG_FILE");
    (void)unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    (void)setenv("HOME", home, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_or_wrong_is_named),
        cmocka_unit_test(a_run_on_aws_has_its_place_and_lane),
        cmocka_unit_test(a_lane_on_demand_needs_neither_place_nor_role),
        cmocka_unit_test(a_run_of_several_lanes_has_a_place_for_each),
        cmocka_unit_test(a_local_run_needs_no_aws_and_converse_changes_the_family),
        cmocka_unit_test(the_region_of_the_environment_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
