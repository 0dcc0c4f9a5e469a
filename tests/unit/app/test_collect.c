/*
 * Goal: a job's outputs end up at the right records, whatever order, cuts and hostile bytes they
 * come in. Method: lines of our own making through the whole of collect; what is filed is read back
 * from a fresh open.
 */
#include "app/collect.h"

#include "fake_index.h"
#include "folder.h"

#include "app/answers_internal.h"
#include "base/limits.h"
#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MODEL "anthropic.claude-3-haiku-20240307-v1:0"

/* A job of records [0, count), its answers and its collection. */
struct bench {
    char *folder;
    struct ps_index *index;
    struct ps_answers *answers;
    struct ps_collect *collect;
    struct ps_shard_records shards[2];
    struct ps_error err;
};

static void open_answers(struct bench *const bench, const char *const *const names,
                         const int64_t count)
{
    assert_int_equal(ps_answers_open(bench->folder, ps_index_count(bench->index), names, count,
                                     &bench->answers, &bench->err),
                     PS_OK);
}

static void begin_job(struct bench *const bench, const char *const name)
{
    const struct ps_collect_job job = {name, MODEL, PS_FAMILY_ANTHROPIC, bench->shards, 2, 3};
    assert_int_equal(
        ps_collect_new(bench->answers, bench->index, &job, &bench->collect, &bench->err), PS_OK);
}

static void bench_init(struct bench *const bench, const int64_t count)
{
    memset(bench, 0, sizeof(*bench));
    bench->folder = test_folder_new();
    bench->index = fake_index_new(NULL, count);
    bench->shards[0] = (struct ps_shard_records){0, count / 2, NULL, 0};
    bench->shards[1] = (struct ps_shard_records){count / 2, count, NULL, 0};
    open_answers(bench, NULL, 0);
    begin_job(bench, "j1-a1");
}

static void bench_release(struct bench *const bench)
{
    bench->collect = ps_collect_free(bench->collect);
    bench->answers = ps_answers_free(bench->answers);
    bench->index = ps_index_free(bench->index);
    test_folder_free_auto(&bench->folder);
}

static void write_object(struct bench *const bench, const char *const key, const char *const text)
{
    assert_int_equal(
        ps_collect_write(bench->collect, ps_str_of(key), 0, ps_str_of(text), &bench->err), PS_OK);
    assert_int_equal(ps_collect_object_end(bench->collect, &bench->err), PS_OK);
}

static struct ps_collect_counts counts_of(const struct bench *const bench)
{
    struct ps_collect_counts counts;
    ps_collect_counts(bench->collect, &counts);
    return counts;
}

static void close_as(struct bench *const bench, const enum ps_answer_kind kind)
{
    assert_int_equal(ps_collect_close(bench->collect, kind, PS_STR("the job ended"), &bench->err),
                     PS_OK);
    bench->collect = ps_collect_free(bench->collect);
}

/* What is filed of a record, as text; the caller frees. */
static char *payload_of(struct bench *const bench, const int64_t record)
{
    struct ps_buf buf;
    ps_buf_init(&buf, PS_OUTPUT_LINE_BYTES_MAX * 3);
    assert_int_equal(ps_answers_payload(bench->answers, record, &buf, &bench->err), PS_OK);
    ps_buf_add(&buf, PS_STR(""));
    return buf.data;
}

static void assert_payload(struct bench *const bench, const int64_t record,
                           const enum ps_answer_kind kind, const char *const expected)
{
    assert_int_equal(ps_answers_state(bench->answers, record).kind, kind);
    char *text PS_CLEANUP(ps_str_free_auto) = payload_of(bench, record);
    assert_string_equal(text, expected);
}

#define ANSWER(id, text)                                                                          \
    "{\"modelInput\":{\"a\":1},\"modelOutput\":{\"content\":[{\"type\":\"text\",\"text\":\"" text \
    "\"}],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":10,\"output_tokens\":2}},"     \
    "\"recordId\":\"" id "\"}\n"
#define FILED(text)                                                                           \
    "\"status\":\"succeeded\",\"text\":\"" text                                               \
    "\",\"output\":{\"content\":[{\"type\":\"text\",\"text\":\"" text                         \
    "\"}],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":10,\"output_tokens\":2}}," \
    "\"usage\":{\"input_tokens\":10,\"output_tokens\":2},\"stop_reason\":\"end_turn\","       \
    "\"model\":\"" MODEL "\""
#define FAILURE(id, code, message)                                                           \
    "{\"recordId\":\"" id "\",\"error\":{\"errorCode\":" code ",\"errorMessage\":\"" message \
    "\"}}\n"

static void files_each_answer_at_its_record(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 4);
    write_object(&bench, "out/x/s1.jsonl.out",
                 ANSWER("R0000000002", "two") ANSWER("R0000000000", "zero"));
    write_object(&bench, "out/x/s2.jsonl.out", FAILURE("R0000000001", "400", "no \\\"good\\\""));
    write_object(&bench, "out/x/manifest.json.out",
                 "{\"totalRecordCount\":4,\"successRecordCount\":2,\"errorRecordCount\":1}");
    const struct ps_collect_counts counts = counts_of(&bench);
    assert_int_equal(counts.lines, 3);
    assert_int_equal(counts.succeeded, 2);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(counts.missing, 1);
    assert_int_equal(counts.input_tokens, 20);
    assert_int_equal(counts.output_tokens, 4);
    assert_true(counts.has_manifest);
    assert_int_equal(counts.manifest_total, 4);
    assert_int_equal(counts.manifest_success, 2);
    assert_int_equal(counts.manifest_error, 1);
    close_as(&bench, PS_ANSWER_UNPROCESSED);
    assert_payload(&bench, 0, PS_ANSWER_SUCCEEDED, FILED("zero"));
    assert_payload(&bench, 1, PS_ANSWER_FAILED,
                   "{\"code\":\"400\",\"message\":\"no \\\"good\\\"\"}");
    assert_payload(&bench, 2, PS_ANSWER_SUCCEEDED, FILED("two"));
    assert_payload(&bench, 3, PS_ANSWER_UNPROCESSED,
                   "{\"code\":\"missing\",\"message\":\"the job ended\"}");
    assert_int_equal(ps_answers_state(bench.answers, 3).tries, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_each_answer_at_its_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
