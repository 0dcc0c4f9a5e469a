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
#include "codec/json_doc.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

static void a_retryable_error_is_final_at_the_last_try(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 2);
    static const char *const names[] = {"j1-a1", "j1-a2", "j1-a3"};
    for (int try = 0; try < 3; try++) {
        if (try > 0) {
            begin_job(&bench, names[try]);
        }
        write_object(&bench, "s.jsonl.out", FAILURE("R0000000000", "429", "slow"));
        assert_int_equal(counts_of(&bench).retryable, try < 2 ? 1 : 0);
        assert_int_equal(counts_of(&bench).failed, try < 2 ? 0 : 1);
        close_as(&bench, PS_ANSWER_UNPROCESSED);
        const bool is_last = try == 2;
        assert_payload(&bench, 0, is_last ? PS_ANSWER_FAILED : PS_ANSWER_RETRYABLE,
                       "{\"code\":\"429\",\"message\":\"slow\"}");
        assert_payload(&bench, 1, is_last ? PS_ANSWER_FAILED : PS_ANSWER_UNPROCESSED,
                       "{\"code\":\"missing\",\"message\":\"the job ended\"}");
    }
}

static void missing_records_get_the_verdict_that_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        enum ps_answer_kind kind;
        const char *payload;
    } verdicts[] = {
        {PS_ANSWER_UNACCOUNTED, "{\"code\":\"unaccounted\",\"message\":\"the job ended\"}"},
        {PS_ANSWER_CANCELLED, "{\"code\":\"cancelled\",\"message\":\"the job ended\"}"},
        {PS_ANSWER_FAILED, "{\"code\":\"missing\",\"message\":\"the job ended\"}"},
    };
    for (size_t verdict = 0; verdict < 3; verdict++) {
        struct bench bench PS_CLEANUP(bench_release);
        bench_init(&bench, 2);
        write_object(&bench, "s.jsonl.out", ANSWER("R0000000001", "x"));
        close_as(&bench, verdicts[verdict].kind);
        assert_payload(&bench, 0, verdicts[verdict].kind, verdicts[verdict].payload);
        assert_payload(&bench, 1, PS_ANSWER_SUCCEEDED, FILED("x"));
    }
}

static void what_is_not_of_this_job_is_counted_and_left(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 4);
    bench.collect = ps_collect_free(bench.collect);
    static const uint64_t picked[] = {1, 3};
    bench.shards[0] = (struct ps_shard_records){0, 0, picked, 2};
    bench.shards[1] = (struct ps_shard_records){0, 0, NULL, 0};
    begin_job(&bench, "j2-a1");
    write_object(&bench, "s.jsonl.out",
                 ANSWER("R0000000000", "a") ANSWER("R0000000003", "b") ANSWER("R0000000004", "c")
                     ANSWER("R9999999999", "d") ANSWER("CALL0000001", "e"));
    const struct ps_collect_counts counts = counts_of(&bench);
    assert_int_equal(counts.lines, 1);
    assert_int_equal(counts.foreign, 4);
    assert_int_equal(counts.missing, 1);
    close_as(&bench, PS_ANSWER_UNPROCESSED);
    assert_int_equal(ps_answers_state(bench.answers, 0).kind, PS_ANSWER_NONE);
    assert_int_equal(ps_answers_state(bench.answers, 1).kind, PS_ANSWER_UNPROCESSED);
    assert_int_equal(ps_answers_state(bench.answers, 3).kind, PS_ANSWER_SUCCEEDED);
    struct ps_answers_sums sums;
    ps_answers_sums(bench.answers, &sums);
    assert_int_equal(sums.foreign_lines, 4);
    assert_int_equal(sums.repeated_lines, 0);
    assert_int_equal(sums.broken_lines, 0);
}

static void a_line_that_says_no_outcome_fails_its_record(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 4);
    write_object(&bench, "s.jsonl.out",
                 "{\"recordId\":\"R0000000000\",\"modelOutput\":{},\"error\":{}}\n"
                 "{\"recordId\":\"R0000000001\"}\n"
                 "{\"recordId\":\"R0000000002\",\"modelOutput\":\"text\"}\n"
                 "{\"recordId\":\"R0000000003\",\"modelOutput\":{},\"recordId\":\"R0000000003\"}\n"
                 "\n   \n\r\nnonsense\n");
    const struct ps_collect_counts counts = counts_of(&bench);
    assert_int_equal(counts.lines, 3);
    assert_int_equal(counts.failed, 3);
    assert_int_equal(counts.broken, 2);
    close_as(&bench, PS_ANSWER_UNPROCESSED);
    assert_payload(&bench, 0, PS_ANSWER_FAILED,
                   "{\"code\":\"bad_output\",\"message\":\"the line has both modelOutput and "
                   "error\"}");
    assert_payload(&bench, 1, PS_ANSWER_FAILED,
                   "{\"code\":\"bad_output\",\"message\":\"the line has neither modelOutput nor "
                   "error\"}");
    assert_payload(&bench, 2, PS_ANSWER_FAILED,
                   "{\"code\":\"bad_output\",\"message\":\"modelOutput is no object\"}");
    assert_int_equal(ps_answers_state(bench.answers, 3).kind, PS_ANSWER_UNPROCESSED);
}

/* An answer that was paid is not lost over a byte that is no character. */
static void what_is_no_character_is_answered_with_one_that_says_so(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 4);
    write_object(&bench, "s.jsonl.out",
                 ANSWER("R0000000000", "a\\ud800b") ANSWER("R0000000001", "a\xFF")
                     ANSWER("R0000000002", "c") ANSWER("R000000000\xFF", "d"));
    const struct ps_collect_counts counts = counts_of(&bench);
    assert_int_equal(counts.lines, 3);
    assert_int_equal(counts.succeeded, 3);
    assert_int_equal(counts.repaired, 2);
    assert_int_equal(counts.broken, 1); /* an id that cannot be read is nobody's */
    close_as(&bench, PS_ANSWER_UNPROCESSED);
    struct ps_answers_sums sums;
    ps_answers_sums(bench.answers, &sums);
    assert_int_equal(sums.repaired_lines, 2);
    for (int64_t record = 0; record < 2; record++) {
        struct ps_buf payload PS_CLEANUP(ps_buf_release);
        ps_buf_init(&payload, PS_MB);
        assert_int_equal(ps_answers_payload(bench.answers, record, &payload, &bench.err), PS_OK);
        assert_true(ps_utf8_is_valid(ps_buf_str(&payload)));
        assert_non_null(strstr(ps_buf_text(&payload), "\"text\":\"a\xEF\xBF\xBD"));
    }
}

/* Every piece size: lines are put together across writes, the last one needs no line end. */
static void pieces_of_any_size_give_the_same(void **state)
{
    (void)state;
    static const char text[] = ANSWER("R0000000001", "one") "\r\n" ANSWER("R0000000000", "zero");
    const size_t size = sizeof(text) - 2; /* without the last line end */
    for (size_t piece = 1; piece <= size; piece += piece < 20 ? 1 : 13) {
        struct bench bench PS_CLEANUP(bench_release);
        bench_init(&bench, 2);
        for (size_t at = 0; at < size; at += piece) {
            const struct ps_str part = ps_str_part((struct ps_str){text, size}, at, piece);
            assert_int_equal(
                ps_collect_write(bench.collect, PS_STR("k"), (int64_t)at, part, &bench.err), PS_OK);
        }
        assert_int_equal(ps_collect_object_end(bench.collect, &bench.err), PS_OK);
        assert_int_equal(counts_of(&bench).lines, 2);
        assert_int_equal(counts_of(&bench).broken, 0);
        close_as(&bench, PS_ANSWER_UNPROCESSED);
        assert_payload(&bench, 0, PS_ANSWER_SUCCEEDED, FILED("zero"));
        assert_payload(&bench, 1, PS_ANSWER_SUCCEEDED, FILED("one"));
    }
}

/* Cut at every byte, then read again from its start: as if it had never been cut. */
static void an_object_may_be_begun_again_after_a_cut(void **state)
{
    (void)state;
    static const char text[] = ANSWER("R0000000001", "one") FAILURE("R0000000002", "400", "no")
        ANSWER("R0000000001", "two") "broken\n" ANSWER("CALL0000000", "x");
    struct bench whole PS_CLEANUP(bench_release);
    bench_init(&whole, 4);
    write_object(&whole, "first", ANSWER("R0000000003", "three"));
    write_object(&whole, "k", text);
    const struct ps_collect_counts expected = counts_of(&whole);
    assert_int_equal(expected.repeated, 1);
    close_as(&whole, PS_ANSWER_UNPROCESSED);
    size_t whole_size = 0;
    char *whole_bytes PS_CLEANUP(ps_str_free_auto) =
        test_file_read(whole.folder, "j1-a1.seg", &whole_size);
    for (size_t cut = 0; cut < sizeof(text) - 1; cut++) {
        struct bench bench PS_CLEANUP(bench_release);
        bench_init(&bench, 4);
        write_object(&bench, "first", ANSWER("R0000000003", "three"));
        assert_int_equal(ps_collect_write(bench.collect, PS_STR("k"), 0,
                                          ps_str_part(ps_str_of(text), 0, cut), &bench.err),
                         PS_OK);
        write_object(&bench, "k", text);
        const struct ps_collect_counts counts = counts_of(&bench);
        assert_memory_equal(&counts, &expected, sizeof(counts));
        close_as(&bench, PS_ANSWER_UNPROCESSED);
        size_t size = 0;
        char *bytes PS_CLEANUP(ps_str_free_auto) = test_file_read(bench.folder, "j1-a1.seg", &size);
        assert_int_equal(size, whole_size);
        assert_memory_equal(bytes, whole_bytes, size);
    }
}

static void bytes_that_skip_are_refused(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 2);
    assert_int_equal(ps_collect_write(bench.collect, PS_STR("k"), 5, PS_STR("x"), &bench.err),
                     PS_E_CORRUPT);
    assert_int_equal(ps_collect_write(bench.collect, PS_STR("k"), 0, PS_STR("x"), &bench.err),
                     PS_OK);
    assert_int_equal(ps_collect_write(bench.collect, PS_STR("k"), 2, PS_STR("x"), &bench.err),
                     PS_E_CORRUPT);
    assert_int_equal(ps_collect_write(bench.collect, PS_STR("other"), 1, PS_STR("x"), &bench.err),
                     PS_E_CORRUPT);
    assert_int_equal(ps_collect_write(bench.collect, PS_STR("k"), 1, PS_STR("x"), &bench.err),
                     PS_OK);
    assert_int_equal(ps_collect_object_end(bench.collect, &bench.err), PS_OK);
    assert_int_equal(counts_of(&bench).broken, 1);
    assert_int_equal(ps_collect_object_end(bench.collect, &bench.err), PS_OK);
}

enum { LINES = 30, RECORDS = 12 };

/* A line of a random kind about a random record; repeats are many. */
static void draw_line(struct ps_prng *const prng, char *const room, const size_t size)
{
    static const char *const texts[] = {"a", "b", "c"};
    const int64_t record = ps_prng_below(prng, RECORDS + 1);
    const char *const text = texts[ps_prng_below(prng, 3)];
    switch (ps_prng_below(prng, 6)) {
    case 0:
        (void)snprintf(room, size,
                       "{\"recordId\":\"R%010lld\",\"error\":{\"errorCode\":429,\"errorMessage\":"
                       "\"%s\"}}\n",
                       (long long)record, text);
        break;
    case 1:
        (void)snprintf(room, size,
                       "{\"recordId\":\"R%010lld\",\"error\":{\"errorCode\":400,\"errorMessage\":"
                       "\"%s\"}}\n",
                       (long long)record, text);
        break;
    case 2:
        (void)snprintf(room, size, "{\"recordId\":\"R%010lld\",\n", (long long)record);
        break;
    default:
        (void)snprintf(
            room, size,
            "{\"recordId\":\"R%010lld\",\"modelOutput\":{\"content\":[{\"text\":\"%s\"}],"
            "\"usage\":{\"input_tokens\":%lld,\"output_tokens\":1}}}\n",
            (long long)record, text, (long long)ps_prng_below(prng, 3));
        break;
    }
}

static void shuffle_lines(struct ps_prng *const prng, const char **const lines, const int64_t count)
{
    for (int64_t place = count - 1; place > 0; place--) {
        const int64_t other = ps_prng_below(prng, place + 1);
        const char *const held = lines[place];
        lines[place] = lines[other];
        lines[other] = held;
    }
}

/* Writes the lines into objects that are cut at random; returns every record's kind and payload as
 * text. */
static char *collected(struct ps_prng *const prng, const char *const *const lines,
                       struct ps_collect_counts *const ret_counts)
{
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, RECORDS);
    struct ps_buf text;
    struct ps_buf object PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 1000000);
    ps_buf_init(&object, 1000000);
    for (int64_t line = 0; line < LINES; line++) {
        ps_buf_add_text(&object, lines[line]);
        if (line == LINES - 1 || ps_prng_below(prng, 6) == 0) {
            write_object(&bench, "k", ps_buf_text(&object));
            ps_buf_clear(&object);
        }
    }
    *ret_counts = counts_of(&bench);
    close_as(&bench, PS_ANSWER_UNPROCESSED);
    for (int64_t record = 0; record < RECORDS; record++) {
        char *payload PS_CLEANUP(ps_str_free_auto) = payload_of(&bench, record);
        const struct ps_answer_state got = ps_answers_state(bench.answers, record);
        ps_buf_add_format(&text, "%lld %d %lld %s\n", (long long)record, (int)got.kind,
                          (long long)got.input_tokens, payload);
    }
    return text.data;
}

static void order_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        char rooms[LINES][256];
        const char *lines[LINES];
        struct ps_prng prng;
        ps_prng_init(&prng, seed);
        for (int64_t line = 0; line < LINES; line++) {
            draw_line(&prng, rooms[line], sizeof(rooms[line]));
            lines[line] = rooms[line];
        }
        struct ps_collect_counts expected_counts;
        char *expected PS_CLEANUP(ps_str_free_auto) = collected(&prng, lines, &expected_counts);
        for (int again = 0; again < 4; again++) {
            struct ps_collect_counts counts;
            shuffle_lines(&prng, lines, LINES);
            char *text PS_CLEANUP(ps_str_free_auto) = collected(&prng, lines, &counts);
            assert_string_equal(text, expected);
            assert_memory_equal(&counts, &expected_counts, sizeof(counts));
        }
    }
}

static void lines_over_the_cap_are_skipped_and_counted(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 2);
    const size_t piece_size = 1000000;
    char *const piece = malloc(piece_size);
    assert_non_null(piece);
    memset(piece, 'x', piece_size);
    int64_t offset = 0;
    while (offset < (int64_t)PS_OUTPUT_LINE_BYTES_MAX + 3000000) {
        assert_int_equal(ps_collect_write(bench.collect, PS_STR("k"), offset,
                                          (struct ps_str){piece, piece_size}, &bench.err),
                         PS_OK);
        offset += (int64_t)piece_size;
    }
    free(piece);
    const struct ps_str rest = ps_str_of("\n" ANSWER("R0000000000", "after"));
    assert_int_equal(ps_collect_write(bench.collect, PS_STR("k"), offset, rest, &bench.err), PS_OK);
    assert_int_equal(ps_collect_object_end(bench.collect, &bench.err), PS_OK);
    assert_int_equal(counts_of(&bench).broken, 1);
    assert_int_equal(counts_of(&bench).lines, 1);
}

struct manifest_row {
    const char *text;
    bool has_manifest;
    int64_t total;
    int64_t success;
    int64_t error;
};

static const struct manifest_row manifests[] = {
    {"{\"totalRecordCount\":3,\"successRecordCount\":2,\"errorRecordCount\":1}\n", true, 3, 2, 1},
    {"{\"totalRecordCount\":\n3}", true, 3, -1, -1},
    {"{\"totalRecordCount\":-3,\"successRecordCount\":99999999999999999999999,"
     "\"errorRecordCount\":1e3}",
     true, -1, -1, -1},
    {"{\"totalRecordCount\":\"3\",\"successRecordCount\":null,\"errorRecordCount\":[]}", true, -1,
     -1, -1},
    {"{}", true, -1, -1, -1},
    {"[]", false, -1, -1, -1},
    {"{\"totalRecordCount\":3", false, -1, -1, -1},
    {"<html>", false, -1, -1, -1},
};

static void a_manifest_is_read_and_not_trusted(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(manifests) / sizeof(manifests[0]); row++) {
        struct bench bench PS_CLEANUP(bench_release);
        bench_init(&bench, 2);
        write_object(&bench, "out/abc/manifest.json.out", manifests[row].text);
        const struct ps_collect_counts counts = counts_of(&bench);
        assert_int_equal(counts.has_manifest, manifests[row].has_manifest);
        assert_int_equal(counts.manifest_total, manifests[row].total);
        assert_int_equal(counts.manifest_success, manifests[row].success);
        assert_int_equal(counts.manifest_error, manifests[row].error);
        assert_int_equal(counts.broken, manifests[row].has_manifest ? 0 : 1);
        assert_int_equal(counts.lines, 0);
    }
}

static void two_manifests_that_disagree_prove_nothing(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 2);
    write_object(&bench, "a/manifest.json.out", manifests[0].text);
    write_object(&bench, "b/manifest.json.out", manifests[0].text);
    assert_int_equal(counts_of(&bench).manifest_success, 2);
    write_object(&bench, "c/manifest.json.out", manifests[1].text);
    write_object(&bench, "d/manifest.json.out", manifests[0].text);
    assert_true(counts_of(&bench).has_manifest);
    assert_int_equal(counts_of(&bench).manifest_success, -1);
}

static void a_manifest_over_the_cap_is_broken(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 2);
    char piece[1000];
    memset(piece, ' ', sizeof(piece));
    const struct ps_str key = PS_STR("manifest.json.out");
    for (int64_t offset = 0; offset <= (int64_t)PS_ANSWER_BYTES_MAX; offset += 1000) {
        assert_int_equal(ps_collect_write(bench.collect, key, offset,
                                          (struct ps_str){piece, sizeof(piece)}, &bench.err),
                         PS_OK);
    }
    assert_int_equal(ps_collect_object_end(bench.collect, &bench.err), PS_OK);
    assert_int_equal(counts_of(&bench).broken, 1);
    assert_false(counts_of(&bench).has_manifest);
}

static void verdicts_are_filed_once_by_name(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 4);
    write_object(&bench, "k", ANSWER("R0000000001", "x"));
    close_as(&bench, PS_ANSWER_UNPROCESSED);
    const struct ps_verdict verdict = {"v1", PS_ANSWER_FAILED, "below_batch_minimum",
                                       PS_STR("too few are left")};
    for (int again = 0; again < 2; again++) {
        assert_int_equal(
            ps_collect_verdicts(bench.answers, bench.index, &verdict, bench.shards, 2, &bench.err),
            PS_OK);
        assert_payload(&bench, 0, PS_ANSWER_FAILED,
                       "{\"code\":\"below_batch_minimum\",\"message\":\"too few are left\"}");
        assert_payload(&bench, 1, PS_ANSWER_SUCCEEDED, FILED("x"));
        assert_int_equal(ps_answers_state(bench.answers, 0).tries, 1);
    }
    assert_int_equal(test_folder_count(bench.folder), 2);
}

static void a_collection_that_is_dropped_leaves_nothing(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 4);
    write_object(&bench, "k", ANSWER("R0000000001", "x"));
    bench.collect = ps_collect_free(bench.collect);
    assert_null(ps_collect_free(NULL));
    assert_int_equal(test_folder_count(bench.folder), 0);
    assert_int_equal(ps_answers_state(bench.answers, 1).kind, PS_ANSWER_NONE);
}

static void a_job_is_not_collected_twice(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, 2);
    close_as(&bench, PS_ANSWER_UNPROCESSED);
    const struct ps_collect_job job = {"j1-a1", MODEL, PS_FAMILY_ANTHROPIC, bench.shards, 2, 3};
    assert_int_equal(ps_collect_new(bench.answers, bench.index, &job, &bench.collect, &bench.err),
                     PS_E_CONFLICT);
    assert_null(bench.collect);
}

/* No file may grow beyond `bytes` now: what a full disk looks like. */
static void limit_files(const rlim_t bytes)
{
    const struct rlimit limit = {bytes, RLIM_INFINITY};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* An object whose payloads do not fit the buffers; the caller frees. */
static char *large_object(const int64_t records)
{
    struct ps_buf buf;
    char filler[4001];
    memset(filler, 'x', sizeof(filler) - 1);
    filler[sizeof(filler) - 1] = '\0';
    ps_buf_init(&buf, 100 * PS_MB);
    for (int64_t record = 0; record < records; record++) {
        ps_buf_add_format(
            &buf, "{\"recordId\":\"R%010lld\",\"modelOutput\":{\"content\":[{\"text\":\"%s\"}]}}\n",
            (long long)record, filler);
    }
    return buf.data;
}

static void a_full_disk_is_an_error_and_the_object_may_be_begun_again(void **state)
{
    (void)state;
    enum { MANY = 300 };
    struct bench whole PS_CLEANUP(bench_release);
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&whole, MANY);
    bench_init(&bench, MANY);
    char *text PS_CLEANUP(ps_str_free_auto) = large_object(MANY);
    write_object(&whole, "k", text);
    close_as(&whole, PS_ANSWER_UNPROCESSED);
    limit_files(300000);
    assert_int_equal(ps_collect_write(bench.collect, PS_STR("k"), 0, ps_str_of(text), &bench.err),
                     PS_E_IO);
    assert_non_null(strstr(bench.err.message, "j1-a1.seg.tmp"));
    assert_true(bench.err.hint[0] != '\0');
    limit_files(RLIM_INFINITY);
    write_object(&bench, "k", text);
    assert_int_equal(counts_of(&bench).lines, MANY);
    assert_int_equal(counts_of(&bench).repeated, 0);
    close_as(&bench, PS_ANSWER_UNPROCESSED);
    for (int64_t record = 0; record < MANY; record++) {
        char *seen PS_CLEANUP(ps_str_free_auto) = payload_of(&bench, record);
        char *expected PS_CLEANUP(ps_str_free_auto) = payload_of(&whole, record);
        assert_string_equal(seen, expected);
    }
}

static void a_disk_that_fills_at_the_commit_leaves_nothing_half(void **state)
{
    (void)state;
    enum { MANY = 30 };
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, MANY);
    char *text PS_CLEANUP(ps_str_free_auto) = large_object(MANY);
    write_object(&bench, "k", text);
    limit_files(1000);
    assert_int_equal(
        ps_collect_close(bench.collect, PS_ANSWER_UNPROCESSED, PS_STR("x"), &bench.err), PS_E_IO);
    limit_files(RLIM_INFINITY);
    bench.collect = ps_collect_free(bench.collect);
    assert_int_equal(test_folder_count(bench.folder), 0);
    assert_int_equal(ps_answers_count(bench.answers, PS_ANSWER_NONE), MANY);
    begin_job(&bench, "j1-a1");
    write_object(&bench, "k", text);
    close_as(&bench, PS_ANSWER_UNPROCESSED);
    assert_int_equal(ps_answers_count(bench.answers, PS_ANSWER_SUCCEEDED), MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_each_answer_at_its_record),
        cmocka_unit_test(a_retryable_error_is_final_at_the_last_try),
        cmocka_unit_test(missing_records_get_the_verdict_that_is_asked_for),
        cmocka_unit_test(what_is_not_of_this_job_is_counted_and_left),
        cmocka_unit_test(a_line_that_says_no_outcome_fails_its_record),
        cmocka_unit_test(what_is_no_character_is_answered_with_one_that_says_so),
        cmocka_unit_test(pieces_of_any_size_give_the_same),
        cmocka_unit_test(an_object_may_be_begun_again_after_a_cut),
        cmocka_unit_test(bytes_that_skip_are_refused),
        cmocka_unit_test(order_changes_nothing),
        cmocka_unit_test(lines_over_the_cap_are_skipped_and_counted),
        cmocka_unit_test(a_manifest_is_read_and_not_trusted),
        cmocka_unit_test(two_manifests_that_disagree_prove_nothing),
        cmocka_unit_test(a_manifest_over_the_cap_is_broken),
        cmocka_unit_test(verdicts_are_filed_once_by_name),
        cmocka_unit_test(a_collection_that_is_dropped_leaves_nothing),
        cmocka_unit_test(a_job_is_not_collected_twice),
        cmocka_unit_test(a_full_disk_is_an_error_and_the_object_may_be_begun_again),
        cmocka_unit_test(a_disk_that_fills_at_the_commit_leaves_nothing_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
