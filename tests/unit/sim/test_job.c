/*
 * Goal: jobs go through their states at their times, are checked as the service checks, and leave
 * outputs that add up; and a start from any beginning of the log ends the same way. Method: a
 * world, a clock that jumps from due to due.
 */
#include "world_bench.h"

#include "folder.h"

#include "base/time.h"
#include "sim/event_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void assert_status(struct bench *const bench, const char *const id,
                          const char *const expected)
{
    char *const status = bench_get_text(bench, id, "status");
    assert_string_equal(status, expected);
    free(status);
}

static void assert_message(struct bench *const bench, const char *const id,
                           const char *const expected)
{
    char *const message = bench_get_text(bench, id, "message");
    assert_string_equal(message, expected);
    free(message);
}

static void create(struct bench *const bench, const char *const name, const char *const folder,
                   char ret_id[const 16])
{
    char *const body = bench_job_body(bench, name, folder, "");
    if (!bench_create(bench, body, ret_id)) {
        fail_msg("%s: %s", bench->refusal.code, bench->refusal.message);
    }
    free(body);
}

static void output_key(const char *const folder, const char *const id, const char *const name,
                       char ret_key[const 256])
{
    (void)snprintf(ret_key, 256, "%s/out/%s/%s", folder, id, name);
}

/* Lines, successes and errors of an output object, and how many ids of them follow on each other.
 */
struct output {
    int lines;
    int errors;
    int in_order;
};

static struct output read_output(struct bench *const bench, const char *const key)
{
    struct output output = {0, 0, 0};
    char *const text = bench_read(bench, key);
    if (text == NULL) {
        fail_msg("no output at %s", key);
    }
    char last[32] = "";
    for (const char *at = text; *at != '\0'; output.lines++) {
        const char *const end = strchr(at, '\n');
        assert_non_null(end);
        yyjson_doc *const doc = yyjson_read(at, (size_t)(end - at), 0);
        yyjson_val *const root = yyjson_doc_get_root(doc);
        const struct ps_str id = ps_event_text(root, "recordId");
        assert_true(id.size > 0);
        const bool has_output = yyjson_obj_get(root, "modelOutput") != NULL;
        const bool has_error = yyjson_obj_get(root, "error") != NULL;
        assert_true(has_output != has_error);
        assert_non_null(yyjson_obj_get(root, "modelInput"));
        output.errors += has_error ? 1 : 0;
        output.in_order += ps_str_compare(ps_str_of(last), id) < 0 ? 1 : 0;
        (void)snprintf(last, sizeof last, "%.*s", PS_STR_ARGS(id));
        yyjson_doc_free(doc);
        at = end + 1;
    }
    free(text);
    return output;
}

static int64_t manifest_number(struct bench *const bench, const char *const folder,
                               const char *const id, const char *const name)
{
    char key[256];
    output_key(folder, id, "manifest.json.out", key);
    char *const text = bench_read(bench, key);
    if (text == NULL) {
        return -1;
    }
    yyjson_doc *const doc = yyjson_read(text, strlen(text), 0);
    const int64_t number = ps_event_number(yyjson_doc_get_root(doc), name);
    yyjson_doc_free(doc);
    free(text);
    return number;
}

/* ---- the way through ---- */

static void a_job_goes_through_its_states(void **state)
{
    (void)state;
    static const char *const expected[] = {"Submitted", "Validating", "Scheduled", "InProgress",
                                           "Completed"};
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    char key[256];
    bench_init(&bench, NULL, NULL);
    bench_put_lines(&bench, "f/in/a/x.jsonl", 100, 0);
    bench_put_lines(&bench, "f/in/a/sub/y.jsonl", 50, 100);
    assert_true(bench_put(&bench, "f/in/a/image.png", "not read"));
    create(&bench, "job", "f", id);
    for (size_t index = 0; index < 5; index++) {
        assert_status(&bench, id, expected[index]);
        const int64_t due_ms = ps_world_due_ms(bench.world);
        if (due_ms != INT64_MAX) {
            bench_run(&bench, due_ms);
        }
    }
    assert_int_equal(ps_world_due_ms(bench.world), INT64_MAX);
    assert_int_equal(bench_get_number(&bench, id, "totalRecordCount"), 150);
    assert_int_equal(bench_get_number(&bench, id, "successRecordCount"), 150);
    assert_in_range(bench.now_ms - BENCH_START_MS, 150 * PS_SECOND_MS, 10 * PS_MINUTE_MS);

    output_key("f", id, "x.jsonl.out", key);
    const struct output first = read_output(&bench, key);
    assert_int_equal(first.lines, 100);
    assert_int_equal(first.errors, 0);
    assert_in_range(first.in_order, 30, 70); /* shuffled */
    output_key("f", id, "sub/y.jsonl.out", key);
    assert_int_equal(read_output(&bench, key).lines, 50);
    assert_int_equal(manifest_number(&bench, "f", id, "totalRecordCount"), 150);
    assert_int_equal(manifest_number(&bench, "f", id, "successRecordCount"), 150);
    assert_int_equal(bench_count_events(&bench, "\"event\":\"record\""), 150);
    assert_int_equal(bench_ledger_number(&bench, "/records_billed"), 150);
    assert_int_equal(bench_ledger_number(&bench, "/processed_twice"), 0);
}

static void counters_lag_while_it_runs(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    bench_init(&bench, NULL, "startup=60s");
    bench_put_lines(&bench, "f/in/a/x.jsonl", 600, 0);
    create(&bench, "job", "f", id);
    assert_int_equal(bench_get_number(&bench, id, "totalRecordCount"), 0);
    bench_run(&bench, BENCH_START_MS + 60 * PS_SECOND_MS + 300 * PS_SECOND_MS);
    assert_status(&bench, id, "InProgress");
    assert_int_equal(bench_get_number(&bench, id, "totalRecordCount"), 600);
    assert_in_range(bench_get_number(&bench, id, "processedRecordCount"), 240, 300);
}

static void running_jobs_share_the_tokens_of_a_lane(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    bench_init(&bench, NULL, "startup=1m,tpm=1000,min_records=1");
    bench_put_lines(&bench, "f/in/a/x.jsonl", 100, 0);
    create(&bench, "one", "f", id);
    bench_run_all(&bench);
    const int64_t alone_ms = bench.now_ms - BENCH_START_MS - PS_MINUTE_MS;
    const int64_t tokens = bench_ledger_number(&bench, "/input_tokens") +
                           bench_ledger_number(&bench, "/output_tokens");
    /* exactly as long as its tokens take at that rate */
    assert_in_range(alone_ms, tokens * 60, tokens * 60 + 60);

    const int64_t second_ms = bench.now_ms;
    create(&bench, "two", "f", id);
    create(&bench, "three", "f", id);
    bench_run_all(&bench);
    const int64_t shared_ms = bench.now_ms - second_ms - PS_MINUTE_MS;
    assert_in_range(shared_ms, 2 * alone_ms - 200, 2 * alone_ms + 200);
}

/* ---- checks ---- */

static void inputs_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *limits;
        const char *line; /* sent 3 times; NULL: good lines */
        const char *message;
    } rows[] = {
        {NULL, NULL, "Batch job contains less records (3) than the required minimum of: 100"},
        {"min_records=1,job_records=2", NULL,
         "Batch job contains more records (3) than the allowed maximum of: 2"},
        {"min_records=1,shard_records=2", NULL,
         "Input file contains more records (3) than the allowed maximum of: 2"},
        {"min_records=1", "[]",
         "Line 1 of the input file f/in/a/x.jsonl is not a valid JSON object."},
        {"min_records=1",
         "{\"a\":", "Line 1 of the input file f/in/a/x.jsonl is not a valid JSON object."},
        {"min_records=1", "",
         "Line 1 of the input file f/in/a/x.jsonl is not a valid JSON object."},
        {"min_records=1,shard_bytes=10", "{\"modelInput\":{}}",
         "Input file size (54 bytes) exceeds the allowed maximum of: 10"},
        {"min_records=1,job_bytes=10", "{\"modelInput\":{}}",
         "Batch job size (54 bytes) exceeds the allowed maximum of: 10"},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct bench bench PS_CLEANUP(bench_release);
        char id[16];
        char text[256];
        bench_init(&bench, NULL, rows[index].limits);
        if (rows[index].line == NULL) {
            bench_put_lines(&bench, "f/in/a/x.jsonl", 3, 0);
        } else {
            const char *const line = rows[index].line;
            (void)snprintf(text, sizeof text, "%s\n%s\n%s\n", line, line, line);
            assert_true(bench_put(&bench, "f/in/a/x.jsonl", text));
        }
        create(&bench, "job", "f", id);
        bench_run_all(&bench);
        assert_status(&bench, id, "Failed");
        assert_message(&bench, id, rows[index].message);
        assert_int_equal(bench_count_events(&bench, "\"event\":\"record\""), 0);
        assert_int_equal(bench_count_events(&bench, "job.output"), 0);
    }
}

static void places_are_checked(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    bench_init(&bench, NULL, "min_records=1,files=1");
    create(&bench, "nothing", "empty", id);
    bench_run_all(&bench);
    assert_status(&bench, id, "Failed");
    bench_put_lines(&bench, "many/in/a/x.jsonl", 1, 0);
    bench_put_lines(&bench, "many/in/a/y.jsonl", 1, 0);
    create(&bench, "many", "many", id);
    bench_run_all(&bench);
    assert_message(&bench, id, "Batch job contains more files (2) than the allowed maximum of: 1");

    /* a role that trusts somebody else, and a bucket in another Region */
    char text[1024];
    (void)snprintf(
        text, sizeof text,
        "{\"jobName\":\"elsewhere\",\"roleArn\":\"%s\",\"modelId\":\"%s\",\"inputDataConfig\":{"
        "\"s3InputDataConfig\":{\"s3Uri\":\"s3://%s/x/\"}},\"outputDataConfig\":{"
        "\"s3OutputDataConfig\":{\"s3Uri\":\"s3://%s/y/\"}}}",
        bench.identity.caller_role_arn, BENCH_MODEL, bench.identity.bucket, bench.identity.bucket);
    assert_true(bench_create(&bench, text, id));
    bench_run_all(&bench);
    char *const message = bench_get_text(&bench, id, "message");
    assert_non_null(strstr(message, "cannot assume the role"));
    free(message);
    (void)snprintf(
        text, sizeof text,
        "{\"jobName\":\"elsewhere2\",\"roleArn\":\"%s\",\"modelId\":\"%s\",\"inputDataConfig\":{"
        "\"s3InputDataConfig\":{\"s3Uri\":\"s3://%s/x/\"}},\"outputDataConfig\":{"
        "\"s3OutputDataConfig\":{\"s3Uri\":\"s3://%s/y/\"}}}",
        bench.identity.role_arn, BENCH_MODEL, bench.identity.other_bucket, bench.identity.bucket);
    assert_true(bench_create(&bench, text, id));
    bench_run_all(&bench);
    assert_status(&bench, id, "Failed");
}

static void a_wrong_body_is_only_that_records_error(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    char key[256];
    bench_init(&bench, NULL, "min_records=1");
    assert_true(
        bench_put(&bench, "f/in/a/x.jsonl",
                  "{\"recordId\":\"a\",\"modelInput\":{\"max_tokens\":1}}\n"
                  "{\"recordId\":\"b\"}\n"
                  "{\"modelInput\":{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":9,"
                  "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}}"));
    create(&bench, "job", "f", id);
    bench_run_all(&bench);
    assert_status(&bench, id, "Completed");
    output_key("f", id, "x.jsonl.out", key);
    const struct output output = read_output(&bench, key);
    assert_int_equal(output.lines, 3);
    assert_int_equal(output.errors, 2);
    assert_int_equal(bench_get_number(&bench, id, "errorRecordCount"), 2);
    assert_int_equal(bench_count_events(&bench, "\"is_id_made\":true"), 1);
    assert_int_equal(bench_ledger_number(&bench, "/records_billed"), 1);
}

/* ---- ends ---- */

static void stop(struct bench *const bench, const char *const id)
{
    struct ps_buf answer PS_CLEANUP(ps_buf_release);
    ps_buf_init(&answer, 1000);
    const struct ps_call call = bench_call(bench, PS_OP_STOP);
    const struct ps_job_request request = {&call, ps_str_of(bench->identity.region), ps_str_of(id)};
    assert_true(ps_job_stop(bench->world, &request, &answer, &bench->refusal));
    assert_string_equal(ps_buf_text(&answer), "{}");
}

static void a_stopped_job_has_what_it_did(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    char key[256];
    bench_init(&bench, NULL, "startup=60s");
    bench_put_lines(&bench, "f/in/a/x.jsonl", 600, 0);
    create(&bench, "job", "f", id);
    bench_run(&bench, BENCH_START_MS + 260 * PS_SECOND_MS);
    stop(&bench, id);
    assert_status(&bench, id, "Stopping");
    bench_run_all(&bench);
    assert_status(&bench, id, "Stopped");
    assert_int_equal(bench.now_ms % PS_MINUTE_MS, 0); /* by the sweeper */
    output_key("f", id, "x.jsonl.out", key);
    assert_int_equal(read_output(&bench, key).lines, 200);
    assert_int_equal(bench_ledger_number(&bench, "/records_billed"), 200);
    assert_int_equal(manifest_number(&bench, "f", id, "processedRecordCount"), 200);
    assert_int_equal(manifest_number(&bench, "f", id, "totalRecordCount"), 600);
}

static void a_job_stopped_before_it_ran_has_nothing(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    bench_init(&bench, NULL, NULL);
    bench_put_lines(&bench, "f/in/a/x.jsonl", 100, 0);
    create(&bench, "job", "f", id);
    bench_run(&bench, BENCH_START_MS + PS_SECOND_MS);
    stop(&bench, id);
    bench_run_all(&bench);
    assert_status(&bench, id, "Stopped");
    yyjson_doc *const doc = bench_get(&bench, id);
    assert_null(yyjson_obj_get(yyjson_doc_get_root(doc), "endTime"));
    yyjson_doc_free(doc);
    assert_int_equal(bench_count_events(&bench, "job.output"), 0);
}

static void a_timeout_ends_it_in_part_or_before_it_began(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char slow[16];
    char late[16];
    bench_init(&bench, NULL,
               "model=anthropic.claude-haiku-4-5-20251001-v1:0,startup=1h,tpm=2,min_records=1\n");
    bench_put_lines(&bench, "f/in/a/x.jsonl", 200, 0);
    create(&bench, "slow", "f", slow);
    bench_run_all(&bench);
    assert_status(&bench, slow, "PartiallyCompleted");
    assert_int_equal(bench.now_ms, BENCH_START_MS + PS_DAY_MS);
    const int64_t processed = bench_get_number(&bench, slow, "processedRecordCount");
    assert_in_range(processed, 1, 199);
    assert_int_equal(bench_ledger_number(&bench, "/records_billed"), processed);

    struct bench other PS_CLEANUP(bench_release);
    bench_init(&other, NULL, "startup=2d");
    bench_put_lines(&other, "f/in/a/x.jsonl", 100, 0);
    create(&other, "late", "f", late);
    bench_run_all(&other);
    assert_status(&other, late, "Expired");
    assert_int_equal(bench_count_events(&other, "\"event\":\"record\""), 0);
}

struct fate_row {
    const char *faults;
    const char *status;
    int records;      /* processed */
    int64_t manifest; /* its processedRecordCount, -1: none */
};

static void faults_decide_how_it_ends(void **state)
{
    (void)state;
    static const struct fate_row rows[] = {
        {"fail:job", "Failed", 0, -1},
        {"partial:job", "PartiallyCompleted", 50, 50},
        {"stopped:job", "Stopped", 50, 50},
        {"expire:job", "Expired", 0, -1},
        {"stuck:job", "Completed", 100, 100},
        {"nomanifest:job", "Completed", 100, -1},
        {"badmanifest:job", "Completed", 100, 101},
        {"fail:job:nth=2", "Completed", 100, 100},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct bench bench PS_CLEANUP(bench_release);
        char id[16];
        bench_init(&bench, rows[index].faults, NULL);
        bench_put_lines(&bench, "f/in/a/x.jsonl", 100, 0);
        create(&bench, "job", "f", id);
        bench_run_all(&bench);
        assert_status(&bench, id, rows[index].status);
        assert_message(&bench, id, "");
        assert_int_equal(bench_count_events(&bench, "\"event\":\"record\""), rows[index].records);
        assert_int_equal(manifest_number(&bench, "f", id, "processedRecordCount"),
                         rows[index].manifest);
    }
}

static void records_fail_by_faults_and_are_not_billed(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    bench_init(&bench, "record429:record:every=4,record500:record:nth=3", NULL);
    bench_put_lines(&bench, "f/in/a/x.jsonl", 100, 0);
    create(&bench, "job", "f", id);
    bench_run_all(&bench);
    assert_status(&bench, id, "Completed");
    assert_int_equal(bench_get_number(&bench, id, "errorRecordCount"), 26);
    assert_int_equal(bench_ledger_number(&bench, "/refused_records"), 25);
    assert_int_equal(bench_ledger_number(&bench, "/records_billed"), 74);
}

static void outputs_are_spoilt_by_faults(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    char key[256];
    bench_init(&bench, "short:output:nth=1,late:output:nth=2", NULL);
    bench_put_lines(&bench, "f/in/a/x.jsonl", 60, 0);
    bench_put_lines(&bench, "f/in/a/y.jsonl", 60, 60);
    create(&bench, "job", "f", id);
    bench_run_all(&bench);
    output_key("f", id, "x.jsonl.out", key);
    char *text = bench_read(&bench, key);
    assert_non_null(text);
    assert_true(text[strlen(text) - 1] != '\n'); /* ends in the middle of a line */
    free(text);
    output_key("f", id, "y.jsonl.out", key);
    assert_null(bench_read(&bench, key));
    bench_run(&bench, bench.now_ms + PS_MINUTE_MS);
    text = bench_read(&bench, key);
    assert_non_null(text);
    free(text);
    assert_int_equal(bench_get_number(&bench, id, "successRecordCount"), 120);
}

static void sub_folders_are_lost_when_it_is_flat(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    char key[256];
    bench_init(&bench, "flatten:job", NULL);
    bench_put_lines(&bench, "f/in/a/s1/x.jsonl", 100, 0);
    create(&bench, "job", "f", id);
    bench_run_all(&bench);
    output_key("f", id, "x.jsonl.out", key);
    assert_int_equal(read_output(&bench, key).lines, 100);
}

/* ---- twice ---- */

static void the_same_line_in_two_jobs_is_seen(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    bench_init(&bench, NULL, NULL);
    bench_put_lines(&bench, "f/in/a/x.jsonl", 100, 0);
    create(&bench, "one", "f", id);
    bench_run_all(&bench);
    assert_int_equal(bench_ledger_number(&bench, "/processed_twice"), 0);
    create(&bench, "two", "f", id);
    bench_run_all(&bench);
    assert_int_equal(bench_ledger_number(&bench, "/processed_twice"), 100);
    /* another run may send the same */
    bench_put_lines(&bench, "g/in/a/x.jsonl", 100, 0);
    create(&bench, "three", "g", id);
    bench_run_all(&bench);
    assert_int_equal(bench_ledger_number(&bench, "/processed_twice"), 100);
    assert_int_equal(bench_ledger_number(&bench, "/records_billed"), 300);
}

/* ---- from any beginning of the log ---- */

static void prepare(struct bench *const bench)
{
    char id[16];
    bench_init(bench, "record500:record:every=10", "startup=60s,tpm=5000,min_records=1");
    bench_put_lines(bench, "f/in/a/x.jsonl", 7, 0);
    bench_put_lines(bench, "f/in/a/y.jsonl", 5, 7);
    create(bench, "one", "f", id);
    create(bench, "two", "f", id);
    bench_run(bench, BENCH_START_MS + 62 * PS_SECOND_MS);
    stop(bench, id);
    bench_run_all(bench);
}

/* Opens a copy of the bench's folder whose log is only `size` bytes, and lets it run to its end. */
static void run_from(const struct bench *const whole, const char *const log, const size_t size)
{
    struct bench part = *whole;
    char path[300];
    (void)snprintf(path, sizeof path, "%s-part", whole->folder);
    test_folder_copy(whole->folder, path);
    char *const text = ps_str_dup((struct ps_str){log, size});
    test_file_write(path, "events.jsonl", text);
    free(text);
    part.folder = ps_str_dup(ps_str_of(path));
    part.world = NULL;
    (void)snprintf(part.ledger_path, sizeof part.ledger_path, "%.200s/ledger.json", path);
    bench_reopen(&part);
    bench_run_all(&part);
    const int jobs = bench_count_events(&part, "\"event\":\"job.created\"");
    const int created_two = bench_count_events(&part, "\"name\":\"two\"");
    const int stopped = bench_count_events(&part, "\"status\":\"Stopping\"");
    const int records = bench_count_events(&part, "\"event\":\"record\"");
    assert_int_equal(bench_count_events(&part, "\"status\":\"Completed\"") +
                         bench_count_events(&part, "\"status\":\"Stopped\"") +
                         bench_count_events(&part, "\"status\":\"Failed\""),
                     jobs);
    /* Each processed record has exactly one line, wherever the log was cut. */
    if (bench_count_events(&part, "/y.jsonl\",\"size_bytes\"") > 0 && stopped == 0) {
        assert_int_equal(records, 12 * jobs);
    } else if (stopped == 1) {
        assert_int_equal(records, bench_count_events(whole, "\"event\":\"record\""));
    }
    assert_true(jobs == 0 || created_two == 0 || jobs == 2);
    bench_release(&part);
}

static void a_start_from_any_beginning_of_the_log_ends_right(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    prepare(&bench);
    assert_in_range(bench_count_events(&bench, "\"event\":\"record\""), 13, 23);
    char *const log = test_file_read(bench.folder, "events.jsonl");
    for (const char *end = strchr(log, '\n'); end != NULL; end = strchr(end + 1, '\n')) {
        run_from(&bench, log, (size_t)(end - log) + 1);
        run_from(&bench, log, (size_t)(end - log) - 3);
    }
    free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_goes_through_its_states),
        cmocka_unit_test(counters_lag_while_it_runs),
        cmocka_unit_test(running_jobs_share_the_tokens_of_a_lane),
        cmocka_unit_test(inputs_are_checked),
        cmocka_unit_test(places_are_checked),
        cmocka_unit_test(a_wrong_body_is_only_that_records_error),
        cmocka_unit_test(a_stopped_job_has_what_it_did),
        cmocka_unit_test(a_job_stopped_before_it_ran_has_nothing),
        cmocka_unit_test(a_timeout_ends_it_in_part_or_before_it_began),
        cmocka_unit_test(faults_decide_how_it_ends),
        cmocka_unit_test(records_fail_by_faults_and_are_not_billed),
        cmocka_unit_test(outputs_are_spoilt_by_faults),
        cmocka_unit_test(sub_folders_are_lost_when_it_is_flat),
        cmocka_unit_test(the_same_line_in_two_jobs_is_seen),
        cmocka_unit_test(a_start_from_any_beginning_of_the_log_ends_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
