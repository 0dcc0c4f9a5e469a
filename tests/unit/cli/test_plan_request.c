/*
 * Goal: a demand and lanes are what the words say, and what is missing or cannot be used is named.
 * Method: tables of command lines; one input that is read.
 */
#include "cli/plan_request.h"

#include "cli_scene.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NUMBERS "--records", "200k", "--input-tokens", "10000", "--output-tokens", "2000"
#define WORDS_MAX 14

static enum ps_status requested(struct ps_plan_request *const request,
                                const char *const *const words, struct ps_error *const err)
{
    char room[WORDS_MAX + 2][256] = {"penstock", "plan"};
    char *argv[WORDS_MAX + 3] = {room[0], room[1]};
    struct ps_options options;
    int argc = 2;
    for (int word = 0; word < WORDS_MAX && words[word] != NULL; word++) {
        (void)snprintf(room[argc], sizeof(room[argc]), "%s", words[word]);
        argv[argc] = room[argc];
        argc++;
    }
    assert_int_equal(ps_options_parse(&options, argc, argv, err), PS_OK);
    ps_plan_request_init(request);
    const enum ps_status status = ps_plan_request_read(request, &options, err);
    ps_options_release(&options);
    return status;
}

static void what_is_missing_or_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *words[WORDS_MAX];
        const char *message;
    } rows[] = {
        {"nothing", {NULL}, "an input, or --records"},
        {"no output tokens", {"--records", "1", "--input-tokens", "1"}, "--output-tokens"},
        {"both", {"a.jsonl", "--records", "1"}, "together with --records"},
        {"an input without a model", {"a.jsonl"}, "without --model"},
        {"a lane without a model beside one that has",
         {"a.jsonl", "--lane", "name=a,model=" CLI_MODEL, "--lane", "name=b"},
         "without --model"},
        {"two lanes of one quota",
         {NUMBERS, "--lane", "name=a,tpm=1M", "--lane", "name=b,tpm=2M"},
         "'a' and 'b' together"},
        {"two lanes of a name", {NUMBERS, "--lane", "name=a", "--lane", "name=a"}, "name 'a'"},
        {"models and lanes",
         {NUMBERS, "--lane", "name=a", "--model", CLI_MODEL, "--model", CLI_MODEL},
         "several --model"},
        {"an unknown model", {NUMBERS, "--lane", "model=nobody.knows"}, "'nobody.knows'"},
        {"a lane that cannot be read", {NUMBERS, "--lane", "jobs"}, "'jobs' of a lane"},
        {"limits that contradict",
         {NUMBERS, "--lane", "min_records=10,job_records=5"},
         "min_records"},
        {"too much",
         {"--records", "1000000000", "--input-tokens", "10000000000", "--output-tokens", "1"},
         "so much"},
        {"options that contradict", {NUMBERS, "--dedupe", "--no-dedupe"}, "--no-dedupe"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_plan_request request;
        struct ps_error err = {.status = PS_OK};
        const enum ps_status status = requested(&request, rows[row].words, &err);
        if (status != PS_E_USAGE || strstr(err.message, rows[row].message) == NULL) {
            fail_msg("%s: '%s'", rows[row].name, err.message);
        }
        ps_plan_request_release(&request);
    }
}

static void numbers_are_a_demand_for_a_lane_of_no_model(void **state)
{
    (void)state;
    struct ps_plan_request request;
    struct ps_error err;
    static const char *const words[WORDS_MAX] = {NUMBERS, "--limits", "typical", "--start",
                                                 "23:20"};
    assert_int_equal(requested(&request, words, &err), PS_OK);
    assert_int_equal(request.lane_count, 1);
    assert_string_equal(request.lanes[0].name, "main");
    assert_int_equal(ps_lane_limit(&request.lanes[0], PS_LIMIT_FILES, 0), 5000);
    assert_null(request.index);
    assert_int_equal(request.summary.sent, 200000);
    assert_int_equal(request.summary.input_tokens, 2000000000);
    assert_int_equal(request.summary.output_tokens_max, 400000000);
    assert_int_equal(request.record_bytes, 40000);
    assert_int_equal(request.start_ms, (23 * 60 + 20) * 60000);
    ps_plan_request_release(&request);
}

static void each_lane_has_its_name_and_model(void **state)
{
    (void)state;
    struct ps_plan_request request;
    struct ps_error err;
    static const char *const lanes[WORDS_MAX] = {NUMBERS,
                                                 "--model",
                                                 CLI_MODEL,
                                                 "--lane",
                                                 "jobs=3",
                                                 "--lane",
                                                 "name=b,model=amazon.nova-lite-v1:0"};
    assert_int_equal(requested(&request, lanes, &err), PS_OK);
    assert_int_equal(request.lane_count, 2);
    assert_string_equal(request.lanes[0].name, "lane1");
    assert_string_equal(request.lanes[0].model, CLI_MODEL);
    assert_int_equal(ps_lane_limit(&request.lanes[0], PS_LIMIT_JOBS, 0), 3);
    assert_string_equal(request.lanes[1].name, "b");
    assert_string_equal(request.lanes[1].model, "amazon.nova-lite-v1:0");
    ps_plan_request_release(&request);
    static const char *const models[WORDS_MAX] = {NUMBERS, "--model", CLI_MODEL "@us-west-2",
                                                  "--model", CLI_MODEL "@us-east-2"};
    assert_int_equal(requested(&request, models, &err), PS_OK);
    assert_int_equal(request.lane_count, 2);
    assert_string_equal(request.lanes[0].region, "us-west-2");
    assert_string_equal(request.lanes[1].name, "lane2");
    assert_string_equal(request.lanes[1].region, "us-east-2");
    ps_plan_request_release(&request);
}

static void an_input_is_read_and_its_folder_goes_with_the_request(void **state)
{
    (void)state;
    struct cli_scene scene;
    struct ps_plan_request request;
    struct ps_error err;
    char folder[512];
    cli_scene_init(&scene);
    cli_write_prompts(&scene, "in.jsonl", 7);
    char *const path = cli_path(&scene, "in.jsonl");
    /* One lane holds the records only because the other may. */
    const char *const words[WORDS_MAX] = {path,
                                          "--lane",
                                          "name=a,output=1,model=" CLI_MODEL,
                                          "--lane",
                                          "name=b,model=" CLI_MODEL,
                                          "--converse"};
    assert_int_equal(requested(&request, words, &err), PS_OK);
    assert_int_equal(request.summary.records, 7);
    assert_int_equal(request.summary.sent, 7);
    assert_int_equal(ps_index_count(request.index), 7);
    (void)snprintf(folder, sizeof(folder), "%s", request.staging.folder);
    assert_true(ps_files_exists(folder));
    ps_plan_request_release(&request);
    assert_false(ps_files_exists(folder));
    const char *const missing[WORDS_MAX] = {"/nowhere/in.jsonl", "--model", CLI_MODEL};
    assert_int_equal(requested(&request, missing, &err), PS_E_INPUT);
    ps_plan_request_release(&request);
    free(path);
    cli_scene_release(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_or_wrong_is_named),
        cmocka_unit_test(numbers_are_a_demand_for_a_lane_of_no_model),
        cmocka_unit_test(each_lane_has_its_name_and_model),
        cmocka_unit_test(an_input_is_read_and_its_folder_goes_with_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
