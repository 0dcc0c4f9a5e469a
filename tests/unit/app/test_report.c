/*
 * Goal: the report says what happened, its numbers add up, and nothing in it speaks to the
 * terminal. Method: one input with every ending, its text and its JSON held against what is
 * expected.
 */
#include "app/report.h"

#include "fake_index.h"
#include "folder.h"

#include "codec/json_doc.h"
#include "os/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define REJECTED(at, code)                                                               \
    {                                                                                    \
        .id = "null", .error = "{\"code\":\"" code "\",\"message\":\"no \\u001b[31m\"}", \
        .line = (at)                                                                     \
    }

static const struct fake_record input[] = {
    {0},
    {0},
    {.leader = 1},
    {.leader = 2},
    {0},
    REJECTED(7, "invalid_json"),
    REJECTED(8, "too_deep"),
    REJECTED(9, "invalid_json"),
    REJECTED(10, "a"),
    REJECTED(11, "b"),
    REJECTED(12, "invalid_json"),
    {0},
};

enum { RECORDS = sizeof(input) / sizeof(input[0]) };

struct bench {
    char *folder;
    char *path;
    struct ps_index *index;
    struct ps_answers *answers;
    struct ps_report_facts facts;
    struct ps_error err;
};

static void file_answers(struct bench *const bench, const int64_t record,
                         const enum ps_answer_kind kind, const char *const payload)
{
    struct ps_segment *segment = NULL;
    char name[32];
    (void)snprintf(name, sizeof(name), "j%lld-a%d", (long long)record, (int)kind);
    assert_int_equal(ps_segment_begin(bench->answers, name, &segment, &bench->err), PS_OK);
    assert_int_equal(ps_segment_add_answer(segment, record, kind, ps_str_of(payload),
                                           (struct ps_usage){1200, 34}, &bench->err),
                     PS_OK);
    assert_int_equal(ps_segment_commit(segment, &bench->err), PS_OK);
}

static void bench_init(struct bench *const bench)
{
    memset(bench, 0, sizeof(*bench));
    bench->folder = test_folder_new();
    bench->path = ps_files_join(bench->folder, "r.jsonl");
    bench->index = fake_index_new(input, RECORDS);
    char *answers PS_CLEANUP(ps_str_free_auto) = ps_files_join(bench->folder, "answers");
    assert_int_equal(ps_answers_open(answers, RECORDS, NULL, 0, &bench->answers, &bench->err),
                     PS_OK);
    bench->facts = (struct ps_report_facts){
        .run = "prompts-1",
        .model = "a.model-v1",
        .lane = "a",
        .results_path = bench->path,
        .is_local = true,
        .jobs = 2,
        .attempts = 3,
        .shards = 4,
        .put_bytes = 5000000,
        .elapsed_ms = 192000,
    };
}

static void bench_release(struct bench *const bench)
{
    bench->answers = ps_answers_free(bench->answers);
    bench->index = ps_index_free(bench->index);
    free(bench->path);
    test_folder_free_auto(&bench->folder);
}

static void make(struct bench *const bench, struct ps_report *const report)
{
    assert_int_equal(
        ps_report_make(&bench->facts, bench->index, bench->answers, report, &bench->err), PS_OK);
}

/* The report's text, with the folder's path taken out; the caller frees. */
static char *text_of(struct bench *const bench)
{
    struct ps_report report;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    struct ps_buf plain;
    make(bench, &report);
    ps_buf_init(&buf, PS_REPORT_BYTES_MAX);
    ps_buf_init(&plain, PS_REPORT_BYTES_MAX);
    ps_report_add_text(&report, &buf);
    char *rest = buf.data;
    for (char *at = strstr(rest, bench->folder); at != NULL; at = strstr(rest, bench->folder)) {
        ps_buf_add(&plain, (struct ps_str){rest, (size_t)(at - rest)});
        rest = at + strlen(bench->folder) + 1;
    }
    ps_buf_add_text(&plain, rest);
    return plain.data;
}

static void tells_people_every_ending(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench);
    struct ps_index_summary *const summary = fake_index_summary(bench.index);
    summary->source_bytes = 8000000;
    summary->compacted_bytes = 1000;
    summary->saved_tokens = 12345;
    summary->blank_lines = 2;
    file_answers(&bench, 0, PS_ANSWER_SUCCEEDED, "\"status\":\"succeeded\"");
    file_answers(&bench, 1, PS_ANSWER_FAILED, "{\"code\":\"400\",\"message\":\"\"}");
    file_answers(&bench, 4, PS_ANSWER_UNACCOUNTED, "{\"code\":\"unaccounted\"}");
    file_answers(&bench, 11, PS_ANSWER_CANCELLED, "{\"code\":\"cancelled\"}");
    char *text PS_CLEANUP(ps_str_free_auto) = text_of(&bench);
    assert_string_equal(
        text, "run prompts-1: ended\n"
              "\n"
              "  records in              12\n"
              "  succeeded                2   16.6 %\n"
              "  failed                   3   25.0 %   400: 2, unaccounted: 1\n"
              "  rejected                 6   50.0 %   invalid_json: 3, a: 1, b: 1, too_deep: 1\n"
              "    prompts.jsonl:7: no \\u001b[31m\n"
              "    prompts.jsonl:8: no \\u001b[31m\n"
              "    prompts.jsonl:9: no \\u001b[31m\n"
              "    prompts.jsonl:10: no \\u001b[31m\n"
              "    prompts.jsonl:11: no \\u001b[31m\n"
              "    and 1 more\n"
              "  cancelled                1    8.3 %\n"
              "  duplicates               2   of the above: asked once, answered everywhere, about "
              "12,345 "
              "input tokens saved\n"
              "\n"
              "  model        a.model-v1 (emulated: the answers are the emulator's own text)\n"
              "  jobs         2 (4 shards, 3 attempts)\n"
              "  tokens       1,200 in, 34 out, as the service counted\n"
              "  bytes        8.0 MB read, 5.0 MB put, 1.0 kB of white space and refused fields "
              "left out\n"
              "  time         3m 12s, by the emulator's clock\n"
              "  note: blank lines skipped: 2\n"
              "\n"
              "  results      r.jsonl\n"
              "               r.failed.jsonl  (what did not succeed, ready to be run again)\n");
}

static void says_how_to_go_on_when_not_ended(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench);
    bench.facts.run = "a\x1B[2Jb";
    bench.facts.is_local = false;
    char *text PS_CLEANUP(ps_str_free_auto) = text_of(&bench);
    assert_non_null(strstr(text, "run a\\u001b[2Jb: not ended\n"));
    assert_non_null(strstr(text, "penstock resume a\\u001b[2Jb\n"));
    assert_null(strstr(text, "emulat"));
    assert_null(strchr(text, '\x1B'));
}

static int64_t number_of(yyjson_val *const root, const char *const name)
{
    int64_t number = -1;
    assert_true(ps_str_to_i64(ps_json_text(yyjson_obj_get(root, name)), &number));
    return number;
}

static void tells_programs_the_same(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_report report;
    bench_init(&bench);
    bench.facts.model = "not \xFF utf-8 \"";
    file_answers(&bench, 0, PS_ANSWER_SUCCEEDED, "\"status\":\"succeeded\"");
    make(&bench, &report);
    report.answers.repaired_lines = 3;
    struct ps_buf told PS_CLEANUP(ps_buf_release);
    ps_buf_init(&told, 100000);
    ps_report_add_text(&report, &told);
    assert_non_null(strstr(ps_buf_text(&told), "(U+FFFD stands for them): 3\n"));
    assert_int_equal(ps_report_publish(&report, &bench.err), PS_OK);
    size_t size = 0;
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(bench.folder, "r.report.json", &size);
    struct ps_json_doc doc;
    struct ps_json_reason reason;
    ps_json_doc_init(&doc);
    yyjson_val *const root = ps_json_doc_read(&doc, (struct ps_str){text, size}, &reason);
    assert_non_null(root);
    assert_int_equal(number_of(root, "records"),
                     number_of(root, "succeeded") + number_of(root, "failed") +
                         number_of(root, "rejected") + number_of(root, "cancelled") +
                         number_of(root, "pending"));
    assert_int_equal(number_of(root, "records"), RECORDS);
    assert_int_equal(number_of(root, "succeeded"), 2);
    assert_int_equal(number_of(root, "pending"), 4);
    assert_int_equal(number_of(root, "jobs"), 2);
    assert_int_equal(number_of(root, "elapsed_ms"), 192000);
    assert_int_equal(number_of(root, "input_tokens"), 1200);
    assert_int_equal(number_of(root, "repaired_lines"), 3);
    yyjson_val *const codes = yyjson_obj_get(root, "rejected_by_code");
    assert_int_equal(number_of(codes, "invalid_json"), 3);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "first_rejected_lines")), 5);
    ps_json_doc_release(&doc);
}

static void many_reasons_are_counted_together(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct fake_record many[40];
    char errors[40][64];
    memset(many, 0, sizeof(many));
    for (int record = 0; record < 40; record++) {
        (void)snprintf(errors[record], sizeof(errors[record]), "{\"code\":\"c%d\"}", record);
        many[record].error = errors[record];
        many[record].line = record + 1;
    }
    bench_init(&bench);
    bench.index = ps_index_free(bench.index);
    bench.answers = ps_answers_free(bench.answers);
    bench.index = fake_index_new(many, 40);
    assert_int_equal(ps_answers_open(bench.folder, 40, NULL, 0, &bench.answers, &bench.err), PS_OK);
    struct ps_report report;
    make(&bench, &report);
    assert_int_equal(report.rejected.count, PS_REPORT_REASONS_MAX);
    assert_int_equal(report.rejected.others, 40 - PS_REPORT_REASONS_MAX);
    char *text PS_CLEANUP(ps_str_free_auto) = text_of(&bench);
    assert_non_null(strstr(text, "others: 28\n"));
}

static void a_device_gets_no_side_file_and_a_full_disk_is_said(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_report report;
    bench_init(&bench);
    bench.facts.results_path = "/dev/null";
    make(&bench, &report);
    assert_int_equal(ps_report_publish(&report, &bench.err), PS_OK);
    bench.facts.results_path = "/nowhere/r.jsonl";
    assert_int_equal(ps_report_publish(&report, &bench.err), PS_E_IO);
}

static void the_cost_stands_beside_its_forecast(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_report report;
    struct ps_buf json PS_CLEANUP(ps_buf_release);
    int64_t cost = -1;
    int64_t forecast = -1;
    bench_init(&bench);
    struct ps_index_summary *const summary = fake_index_summary(bench.index);
    summary->sent = 10;
    summary->input_tokens = 2000000;
    summary->output_tokens_max = 1000000;
    file_answers(&bench, 0, PS_ANSWER_SUCCEEDED, "\"status\":\"succeeded\"");
    make(&bench, &report);
    assert_false(ps_report_costs(&report, &cost, &forecast)); /* no price is known */
    assert_int_equal(cost, -1);
    bench.facts.price = (struct ps_report_price){1000000, 5000000};
    make(&bench, &report);
    assert_true(ps_report_costs(&report, &cost, &forecast));
    assert_int_equal(cost, 1200 + 5 * 34);
    assert_int_equal(forecast, 2000000 + 5000000); /* all that is allowed */
    bench.facts.expect_output = 20000;
    assert_true(ps_report_costs(&report, &cost, &forecast));
    assert_int_equal(forecast, 2000000 + 5 * 10 * 20000);
    bench.facts.expect_output = 1000000; /* more than allowed */
    assert_true(ps_report_costs(&report, &cost, &forecast));
    assert_int_equal(forecast, 7000000);
    char *text PS_CLEANUP(ps_str_free_auto) = text_of(&bench);
    assert_non_null(
        strstr(text, "  cost         under $0.01, had it been AWS (forecast: $7.00)\n"));
    ps_buf_init(&json, PS_REPORT_BYTES_MAX);
    ps_report_add_json(&report, &json);
    assert_non_null(
        strstr(ps_buf_text(&json), "\"cost_usd_micros\":1370,\"forecast_usd_micros\":7000000,"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cost_stands_beside_its_forecast),
        cmocka_unit_test(tells_people_every_ending),
        cmocka_unit_test(says_how_to_go_on_when_not_ended),
        cmocka_unit_test(tells_programs_the_same),
        cmocka_unit_test(many_reasons_are_counted_together),
        cmocka_unit_test(a_device_gets_no_side_file_and_a_full_disk_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
