/*
 * Goal: one line a prompt, in input order, for every ending; files whole or not at all; verify
 * finds any change. Method: an input with a record of every ending, written, filtered, published,
 * and damaged byte by byte.
 */
#include "app/results.h"

#include "fake_index.h"
#include "folder.h"

#include "base/buf.h"
#include "os/files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* One of each kind, and duplicates of three of them. */
/* Every job was of the one lane. */
static const char *name_of_lane(const void *const context, const char *const segment)
{
    (void)segment;
    return context;
}

static const struct fake_record input[] = {
    {.id = "\"a\"", .keep = "{\"k\":1}", .source = "source 0"},
    {.id = "null",
     .error = "{\"code\":\"json\",\"message\":\"no\"}",
     .line = 2,
     .source = "source 1"},
    {.id = "\"c\"", .keep = "{\"k\":2}", .source = "source 2"},
    {.id = "\"d\"", .leader = 1, .keep = "{\"k\":3}", .source = "source 3"},
    {.id = "\"e\"", .leader = 3, .source = "source 4"},
    {.id = "\"f\"", .source = NULL},
    {.id = "\"g\"", .source = "source 6"},
    {.id = "\"h\"", .leader = 7, .source = "source 7"},
    {.id = "\"i\"", .source = "source 8"},
    {.id = "\"j\"", .source = "source 9"},
};

enum { RECORDS = sizeof(input) / sizeof(input[0]) };

static const char expected_lines[] =
    "{\"id\":\"a\",\"index\":0,\"status\":\"succeeded\",\"text\":\"A\",\"input\":{\"k\":1}}\n"
    "{\"id\":null,\"index\":1,\"status\":\"rejected\",\"error\":{\"code\":\"json\",\"message\":"
    "\"prompts.jsonl:2: no\",\"line\":2}}\n"
    "{\"id\":\"c\",\"index\":2,\"status\":\"failed\",\"error\":{\"code\":\"400\"}}\n"
    "{\"id\":\"d\",\"index\":3,\"status\":\"succeeded\",\"text\":\"A\",\"input\":{\"k\":3},"
    "\"duplicate_of\":0}\n"
    "{\"id\":\"e\",\"index\":4,\"status\":\"failed\",\"error\":{\"code\":\"400\"},"
    "\"duplicate_of\":2}\n"
    "{\"id\":\"f\",\"index\":5,\"status\":\"cancelled\",\"error\":{\"code\":\"cancelled\"}}\n"
    "{\"id\":\"g\",\"index\":6,\"status\":\"pending\"}\n"
    "{\"id\":\"h\",\"index\":7,\"status\":\"pending\",\"duplicate_of\":6}\n"
    "{\"id\":\"i\",\"index\":8,\"status\":\"failed\",\"error\":{\"code\":\"unaccounted\"}}\n"
    "{\"id\":\"j\",\"index\":9,\"status\":\"pending\"}\n";

struct bench {
    char *folder;
    char *path;
    struct ps_index *index;
    struct ps_answers *answers;
    struct ps_error err;
};

static void add(struct ps_segment *const segment, const int64_t record,
                const enum ps_answer_kind kind, const char *const payload)
{
    assert_int_equal(ps_segment_add_answer(segment, record, kind, ps_str_of(payload),
                                           (struct ps_usage){100, 10}, NULL),
                     PS_OK);
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
    struct ps_segment *segment = NULL;
    assert_int_equal(ps_segment_begin(bench->answers, "j1-a1", &segment, &bench->err), PS_OK);
    add(segment, 2, PS_ANSWER_FAILED, "{\"code\":\"400\"}");
    add(segment, 0, PS_ANSWER_SUCCEEDED, "\"status\":\"succeeded\",\"text\":\"A\"");
    add(segment, 5, PS_ANSWER_CANCELLED, "{\"code\":\"cancelled\"}");
    add(segment, 6, PS_ANSWER_RETRYABLE, "{\"code\":\"429\"}");
    add(segment, 8, PS_ANSWER_UNACCOUNTED, "{\"code\":\"unaccounted\"}");
    add(segment, 9, PS_ANSWER_UNPROCESSED, "{\"code\":\"missing\"}");
    assert_int_equal(ps_segment_commit(segment, &bench->err), PS_OK);
}

static void bench_release(struct bench *const bench)
{
    bench->answers = ps_answers_free(bench->answers);
    bench->index = ps_index_free(bench->index);
    free(bench->path);
    test_folder_free_auto(&bench->folder);
}

static void assert_file(const struct bench *const bench, const char *const name,
                        const char *const expected)
{
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(bench->folder, name, NULL);
    assert_string_equal(text, expected);
}

static void assert_sums(const struct ps_results_sums *const sums)
{
    assert_int_equal(sums->records, RECORDS);
    assert_int_equal(sums->succeeded, 2);
    assert_int_equal(sums->failed, 3);
    assert_int_equal(sums->rejected, 1);
    assert_int_equal(sums->cancelled, 1);
    assert_int_equal(sums->pending, 3);
    assert_int_equal(sums->duplicates, 3);
    assert_int_equal(sums->input_tokens, 100); /* the duplicate paid nothing */
    assert_int_equal(sums->output_tokens, 10);
    assert_int_equal(sums->late_successes, 0);
}

static void publish(struct bench *const bench, struct ps_source *const source)
{
    struct ps_results_sums sums;
    const struct ps_results_target target = {bench->path, {name_of_lane, "lane \"a\""}, source};
    assert_int_equal(ps_results_publish(bench->index, bench->answers, &target, &sums, &bench->err),
                     PS_OK);
    assert_sums(&sums);
}

static void publishes_a_line_for_each_record_in_order(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench);
    publish(&bench, fake_source(bench.index, NULL));
    assert_file(&bench, "r.jsonl", expected_lines);
    assert_int_equal(test_folder_count(bench.folder), 4); /* with the answers' folder */
}

static void publishes_attempts(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench);
    publish(&bench, NULL);
    assert_file(
        &bench, "r.attempts.jsonl",
        "{\"id\":\"a\",\"index\":0,\"lane\":\"lane \\\"a\\\"\",\"tries\":1,\"job\":\"j1-a1\"}\n"
        "{\"id\":null,\"index\":1,\"lane\":null,\"tries\":0,\"job\":null}\n"
        "{\"id\":\"c\",\"index\":2,\"lane\":\"lane \\\"a\\\"\",\"tries\":1,\"job\":\"j1-a1\"}\n"
        "{\"id\":\"d\",\"index\":3,\"lane\":null,\"tries\":0,\"job\":null,\"duplicate_of\":0}\n"
        "{\"id\":\"e\",\"index\":4,\"lane\":null,\"tries\":0,\"job\":null,\"duplicate_of\":2}\n"
        "{\"id\":\"f\",\"index\":5,\"lane\":null,\"tries\":0,\"job\":\"j1-a1\"}\n"
        "{\"id\":\"g\",\"index\":6,\"lane\":\"lane \\\"a\\\"\",\"tries\":1,\"job\":\"j1-a1\"}\n"
        "{\"id\":\"h\",\"index\":7,\"lane\":null,\"tries\":0,\"job\":null,\"duplicate_of\":6}\n"
        "{\"id\":\"i\",\"index\":8,\"lane\":\"lane \\\"a\\\"\",\"tries\":1,\"job\":\"j1-a1\"}\n"
        "{\"id\":\"j\",\"index\":9,\"lane\":\"lane \\\"a\\\"\",\"tries\":1,\"job\":\"j1-a1\"}\n");
}

static void publishes_what_did_not_succeed_as_the_user_wrote_it(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench);
    publish(&bench, fake_source(bench.index, NULL));
    assert_file(&bench, "r.failed.jsonl",
                "source 1\nsource 2\nsource 4\n"
                "{\"id\":\"f\",\"error\":{\"code\":\"cancelled\"}}\n"
                "source 8\n");
    publish(&bench, fake_source(bench.index, "a,b"));
    assert_file(&bench, "r.failed.jsonl",
                "a,b\nsource 1\nsource 2\nsource 4\n"
                "{\"id\":\"f\",\"error\":{\"code\":\"cancelled\"}}\n"
                "source 8\n");
    publish(&bench, NULL);
    assert_file(&bench, "r.failed.jsonl",
                "{\"id\":null,\"error\":{\"code\":\"json\",\"message\":\"prompts.jsonl:2: "
                "no\",\"line\":2}}\n"
                "{\"id\":\"c\",\"error\":{\"code\":\"400\"}}\n"
                "{\"id\":\"e\",\"error\":{\"code\":\"400\"}}\n"
                "{\"id\":\"f\",\"error\":{\"code\":\"cancelled\"}}\n"
                "{\"id\":\"i\",\"error\":{\"code\":\"unaccounted\"}}\n");
}

/* The lines that pass a filter, as text; the caller frees. */
static char *filtered(struct bench *const bench, const enum ps_results_filter filter)
{
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(bench->folder, "out");
    struct ps_results_sums sums;
    const int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(out >= 0);
    assert_int_equal(
        ps_results_write(bench->index, bench->answers, filter, out, &sums, &bench->err), PS_OK);
    assert_sums(&sums);
    (void)close(out);
    return test_file_read(bench->folder, "out", NULL);
}

static void a_filter_passes_one_status(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        int lines;
    } filters[] = {{"all", 10},     {"succeeded", 2}, {"failed", 3},
                   {"rejected", 1}, {"cancelled", 1}, {"pending", 3}};
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench);
    for (size_t row = 0; row < sizeof(filters) / sizeof(filters[0]); row++) {
        enum ps_results_filter filter = PS_RESULTS_ALL;
        char status[64];
        int lines = 0;
        assert_true(ps_results_filter_of(ps_str_of(filters[row].word), &filter));
        char *text PS_CLEANUP(ps_str_free_auto) = filtered(&bench, filter);
        (void)snprintf(status, sizeof(status), "\"status\":\"%s\"", filters[row].word);
        char *rest = text;
        for (char *line = strsep(&rest, "\n"); rest != NULL; line = strsep(&rest, "\n")) {
            assert_true(filter == PS_RESULTS_ALL || strstr(line, status) != NULL);
            lines++;
        }
        assert_int_equal(lines, filters[row].lines);
    }
    enum ps_results_filter filter = PS_RESULTS_ALL;
    assert_false(ps_results_filter_of(PS_STR("fail"), &filter));
}

static void verify_finds_every_changed_byte(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_results_sums sums;
    bench_init(&bench);
    publish(&bench, NULL);
    assert_int_equal(ps_results_verify(bench.index, bench.answers, bench.path, &sums, &bench.err),
                     PS_OK);
    assert_sums(&sums);
    size_t size = 0;
    char *bytes PS_CLEANUP(ps_str_free_auto) = test_file_read(bench.folder, "r.jsonl", &size);
    for (size_t at = 0; at < size; at++) {
        bytes[at] = (char)(bytes[at] ^ 4);
        test_file_write(bench.folder, "r.jsonl", (struct ps_str){bytes, size});
        bytes[at] = (char)(bytes[at] ^ 4);
        assert_int_equal(
            ps_results_verify(bench.index, bench.answers, bench.path, &sums, &bench.err),
            PS_E_CORRUPT);
        assert_non_null(strstr(bench.err.message, "r.jsonl"));
    }
}

static void verify_finds_lines_that_are_missing_or_too_many(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_results_sums sums;
    bench_init(&bench);
    publish(&bench, NULL);
    const size_t size = sizeof(expected_lines) - 1;
    test_file_write(bench.folder, "r.jsonl", (struct ps_str){expected_lines, size - 1});
    assert_int_equal(ps_results_verify(bench.index, bench.answers, bench.path, &sums, &bench.err),
                     PS_E_CORRUPT);
    assert_non_null(strstr(bench.err.message, "line 10 "));
    struct ps_buf longer PS_CLEANUP(ps_buf_release);
    ps_buf_init(&longer, 10000);
    ps_buf_add_format(&longer, "%s{}\n", expected_lines);
    test_file_write(bench.folder, "r.jsonl", ps_buf_str(&longer));
    assert_int_equal(ps_results_verify(bench.index, bench.answers, bench.path, &sums, &bench.err),
                     PS_E_CORRUPT);
    assert_non_null(strstr(bench.err.message, "line 11 "));
    assert_int_equal(unlink(bench.path), 0);
    assert_int_equal(ps_results_verify(bench.index, bench.answers, bench.path, &sums, &bench.err),
                     PS_E_NOT_FOUND);
}

static void damage_to_a_segment_is_named_and_keeps_the_old_results(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_results_sums sums;
    bench_init(&bench);
    publish(&bench, NULL);
    char *answers PS_CLEANUP(ps_str_free_auto) = ps_files_join(bench.folder, "answers");
    size_t size = 0;
    char *bytes PS_CLEANUP(ps_str_free_auto) = test_file_read(answers, "j1-a1.seg", &size);
    char *const answer = memmem(bytes, size, "\"A\"", 3);
    assert_non_null(answer);
    answer[1] = 'B';
    test_file_write(answers, "j1-a1.seg", (struct ps_str){bytes, size});
    const struct ps_results_target target = {bench.path, {name_of_lane, "a"}, NULL};
    assert_int_equal(ps_results_publish(bench.index, bench.answers, &target, &sums, &bench.err),
                     PS_E_CORRUPT);
    assert_non_null(strstr(bench.err.message, "j1-a1.seg"));
    assert_file(&bench, "r.jsonl", expected_lines);
    assert_int_equal(test_folder_count(bench.folder), 4);
}

static void a_full_disk_leaves_no_half_file(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_results_sums sums;
    bench_init(&bench);
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(
        ps_results_write(bench.index, bench.answers, PS_RESULTS_ALL, full, &sums, &bench.err),
        PS_E_IO);
    assert_non_null(strstr(bench.err.message, "No space left"));
    (void)close(full);
    const struct ps_results_target target = {"/dev/full", {name_of_lane, "a"}, NULL};
    assert_int_equal(ps_results_publish(bench.index, bench.answers, &target, &sums, &bench.err),
                     PS_E_IO);
    assert_true(bench.err.hint[0] != '\0');
}

/* A side file that cannot be written: nothing is published, what was there stays. */
static void all_files_or_none(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_results_sums sums;
    bench_init(&bench);
    test_file_write(bench.folder, "r.jsonl", PS_STR("old\n"));
    char *in_the_way PS_CLEANUP(ps_str_free_auto) =
        ps_files_join(bench.folder, "r.failed.jsonl.new");
    assert_int_equal(mkdir(in_the_way, 0700), 0);
    const struct ps_results_target target = {bench.path, {name_of_lane, "a"}, NULL};
    assert_int_equal(ps_results_publish(bench.index, bench.answers, &target, &sums, &bench.err),
                     PS_E_IO);
    assert_file(&bench, "r.jsonl", "old\n");
    assert_int_equal(test_folder_count(bench.folder), 3);
}

static void a_device_gets_lines_and_no_side_files(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_results_sums sums;
    struct stat info;
    bench_init(&bench);
    const struct ps_results_target target = {"/dev/null", {name_of_lane, "a"}, NULL};
    assert_int_equal(ps_results_publish(bench.index, bench.answers, &target, &sums, &bench.err),
                     PS_OK);
    assert_sums(&sums);
    assert_int_not_equal(stat("/dev/null.attempts.jsonl", &info), 0);
}

static void a_path_is_checked_before_anything_is_paid(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *inside PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "r.jsonl");
    struct ps_error err;
    assert_int_equal(ps_results_check_path(inside, &err), PS_OK);
    assert_int_equal(ps_results_check_path("r.jsonl", &err), PS_OK);
    assert_int_equal(ps_results_check_path("/dev/null", &err), PS_OK);
    assert_int_equal(ps_results_check_path(folder, &err), PS_E_USAGE);
    assert_non_null(strstr(err.message, "it is a folder"));
    assert_int_equal(ps_results_check_path("/nowhere/r.jsonl", &err), PS_E_USAGE);
    assert_non_null(strstr(err.message, "No such file"));
    test_file_write(folder, "r.jsonl", PS_STR("x"));
    assert_int_equal(ps_results_check_path(inside, &err), PS_OK);
    char *below PS_CLEANUP(ps_str_free_auto) = ps_files_join(inside, "x");
    assert_int_equal(ps_results_check_path(below, &err), PS_E_USAGE);
}

static void side_files_drop_the_last_jsonl(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"results.jsonl", "failed", "results.failed.jsonl"},
        {"a.jsonl.jsonl", "attempts", "a.jsonl.attempts.jsonl"},
        {"/x/results", "failed", "/x/results.failed.jsonl"},
        {"results.json", "failed", "results.json.failed.jsonl"},
        {"results.jsonl", "report.json", "results.report.json"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        char *path PS_CLEANUP(ps_str_free_auto) = ps_results_side_path(rows[row][0], rows[row][1]);
        assert_string_equal(path, rows[row][2]);
    }
}

static void an_empty_input_gives_empty_files(void **state)
{
    (void)state;
    char *folder PS_CLEANUP(test_folder_free_auto) = test_folder_new();
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "r.jsonl");
    char *answers_folder PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "answers");
    struct ps_answers *answers = NULL;
    struct ps_index *index = fake_index_new(NULL, 0);
    struct ps_results_sums sums;
    struct ps_error err;
    size_t size = 1;
    assert_int_equal(ps_answers_open(answers_folder, 0, NULL, 0, &answers, &err), PS_OK);
    const struct ps_results_target target = {path, {name_of_lane, "a"}, NULL};
    assert_int_equal(ps_results_publish(index, answers, &target, &sums, &err), PS_OK);
    assert_int_equal(sums.records, 0);
    char *text PS_CLEANUP(ps_str_free_auto) = test_file_read(folder, "r.jsonl", &size);
    assert_int_equal(size, 0);
    assert_int_equal(ps_results_verify(index, answers, path, &sums, &err), PS_OK);
    answers = ps_answers_free(answers);
    index = ps_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishes_a_line_for_each_record_in_order),
        cmocka_unit_test(publishes_attempts),
        cmocka_unit_test(publishes_what_did_not_succeed_as_the_user_wrote_it),
        cmocka_unit_test(a_filter_passes_one_status),
        cmocka_unit_test(verify_finds_every_changed_byte),
        cmocka_unit_test(verify_finds_lines_that_are_missing_or_too_many),
        cmocka_unit_test(damage_to_a_segment_is_named_and_keeps_the_old_results),
        cmocka_unit_test(a_full_disk_leaves_no_half_file),
        cmocka_unit_test(all_files_or_none),
        cmocka_unit_test(a_device_gets_lines_and_no_side_files),
        cmocka_unit_test(a_path_is_checked_before_anything_is_paid),
        cmocka_unit_test(side_files_drop_the_last_jsonl),
        cmocka_unit_test(an_empty_input_gives_empty_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
