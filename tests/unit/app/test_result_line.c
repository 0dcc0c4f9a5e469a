/*
 * Goal: what the real index and real answers say of a record stands in its line as it was written.
 * Method: a JSON Lines and a CSV file through index, collect and results, held against what must
 * come out.
 */
#include "app/result_line.h"

#include "app/collect.h"
#include "app/results.h"
#include "folder.h"

#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MODEL "anthropic.claude-3-haiku-20240307-v1:0"

/* A run of one input, from its file to its results. */
struct way {
    char *folder;
    char *input;
    char *results;
    struct ps_index *index;
    struct ps_answers *answers;
    struct ps_source *source;
    struct ps_results_sums sums;
    struct ps_error err;
};

/* Every job was of the one lane. */
static const char *name_of_lane(const void *const context, const char *const segment)
{
    (void)segment;
    return context;
}

static void assert_ok(const struct way *const way, const enum ps_status status)
{
    if (status != PS_OK) {
        print_message("%s\n", way->err.message);
    }
    assert_int_equal(status, PS_OK);
}

static void way_init(struct way *const way, const char *const name, const char *const text,
                     struct ps_index_options options)
{
    memset(way, 0, sizeof(*way));
    way->folder = test_folder_new();
    way->input = ps_files_join(way->folder, name);
    way->results = ps_files_join(way->folder, "r.jsonl");
    test_file_write(way->folder, name, ps_str_of(text));
    const char *const inputs[] = {way->input};
    struct ps_index_summary summary;
    options.inputs = inputs;
    options.input_count = 1;
    options.model = MODEL;
    options.family = PS_FAMILY_ANTHROPIC;
    options.threads = 1;
    options.max_tokens = 100;
    assert_ok(way, ps_index_build(&options, way->folder, &summary, &way->err));
    assert_ok(way, ps_index_open(way->folder, &way->index, &way->err));
    assert_ok(way, ps_source_open(way->folder, way->index, &way->source, &way->err));
    assert_ok(way, ps_answers_open(way->folder, ps_index_count(way->index), NULL, 0, &way->answers,
                                   &way->err));
}

static void way_release(struct way *const way)
{
    way->source = ps_source_free(way->source);
    way->answers = ps_answers_free(way->answers);
    way->index = ps_index_free(way->index);
    free(way->input);
    free(way->results);
    test_folder_free_auto(&way->folder);
}

/* One job of all that is sent; its one output object is `lines`. */
static void run(struct way *const way, const char *const lines)
{
    const struct ps_shard_records all = {0, ps_index_count(way->index), NULL, 0};
    const struct ps_collect_job job = {"j1-a1", MODEL, PS_FAMILY_ANTHROPIC, &all, 1, 3};
    struct ps_collect *collect = NULL;
    assert_ok(way, ps_collect_new(way->answers, way->index, &job, &collect, &way->err));
    assert_ok(way, ps_collect_write(collect, PS_STR("o"), 0, ps_str_of(lines), &way->err));
    assert_ok(way, ps_collect_object_end(collect, &way->err));
    assert_ok(way, ps_collect_close(collect, PS_ANSWER_UNACCOUNTED, PS_STR("lost"), &way->err));
    collect = ps_collect_free(collect);
    const struct ps_results_target target = {way->results, {name_of_lane, "a"}, way->source};
    assert_ok(way, ps_results_publish(way->index, way->answers, &target, &way->sums, &way->err));
    assert_ok(way,
              ps_results_verify(way->index, way->answers, way->results, &way->sums, &way->err));
}

static void assert_file(const struct way *const way, const char *const name,
                        const char *const expected)
{
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(way->folder, name, NULL);
    assert_string_equal(text, expected);
}

static const char jsonl_input[] = "{\"id\": \"a \\u00e9\", \"prompt\": \"one\", \"tag\": 1.50}\n"
                                  "\n"
                                  "{\"id\": \"b\", \"prompt\": \n"
                                  "{\"id\": 7, \"prompt\": \"one\"}\n"
                                  "{\"prompt\": \"two\"}\n";

static void json_lines_come_back_in_order_under_their_own_ids(void **state)
{
    (void)state;
    struct way way PS_CLEANUP(way_release);
    way_init(&way, "in.jsonl", jsonl_input,
             (struct ps_index_options){.format = "simple", .keep = "tag"});
    run(&way, "{\"recordId\":\"R0000000000\",\"modelOutput\":{\"content\":[{\"text\":\"A\"}]}}\n");
    assert_int_equal(way.sums.records, 4);
    assert_int_equal(way.sums.succeeded, 2);
    assert_int_equal(way.sums.failed, 1);
    assert_int_equal(way.sums.rejected, 1);
    assert_int_equal(way.sums.duplicates, 1);
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(way.folder, "r.jsonl", NULL);
    char *const first_end = strchr(text, '\n');
    assert_non_null(first_end);
    static const char tail[] =
        "\"status\":\"succeeded\",\"text\":\"A\",\"output\":{\"content\":[{\"text\":\"A\"}]},"
        "\"usage\":{\"input_tokens\":null,\"output_tokens\":null},\"stop_reason\":null,"
        "\"model\":\"" MODEL "\"";
    char expected[2000];
    (void)snprintf(expected, sizeof(expected),
                   "{\"id\":\"a \\u00e9\",\"index\":0,%s,\"input\":{\"tag\":1.50}}\n", tail);
    assert_memory_equal(text, expected, (size_t)(first_end + 1 - text));
    (void)snprintf(expected, sizeof(expected), "in.jsonl:3: ");
    assert_non_null(strstr(text, expected));
    (void)snprintf(expected, sizeof(expected), "{\"id\":7,\"index\":2,%s,\"duplicate_of\":0}\n",
                   tail);
    assert_non_null(strstr(text, expected));
    assert_non_null(strstr(text, "{\"id\":null,\"index\":3,\"status\":\"failed\",\"error\":{"
                                 "\"code\":\"unaccounted\",\"message\":\"lost\"}}\n"));
    assert_file(&way, "r.failed.jsonl", "{\"id\": \"b\", \"prompt\": \n{\"prompt\": \"two\"}\n");
}

static void failed_csv_rows_stand_under_their_header(void **state)
{
    (void)state;
    struct way way PS_CLEANUP(way_release);
    char *template PS_CLEANUP(ps_str_free_auto) = NULL;
    static const char csv[] = "key,question\r\nk1,\"two\nlines, \"\"quoted\"\"\"\r\nk2,plain\r\n"
                              "k3,third\r\n";
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    test_file_write(folder, "template.txt", PS_STR("Answer: {question}"));
    template = ps_files_join(folder, "template.txt");
    way_init(
        &way, "in.csv", csv,
        (struct ps_index_options){.format = "csv", .prompt_file = template, .id_field = "key"});
    run(&way, "{\"recordId\":\"R0000000001\",\"modelOutput\":{\"content\":[{\"text\":\"A\"}]}}\n");
    assert_int_equal(way.sums.records, 3);
    assert_int_equal(way.sums.succeeded, 1);
    assert_file(&way, "r.failed.jsonl",
                "key,question\nk1,\"two\nlines, \"\"quoted\"\"\"\nk3,third\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_lines_come_back_in_order_under_their_own_ids),
        cmocka_unit_test(failed_csv_rows_stand_under_their_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
