/* Goal: create, get, list and stop answer as the service does. Method: a world, one call after the
 * other. */
#include "sim/job_calls.h"

#include "world_bench.h"

#include "base/time.h"
#include "sim/event_fields.h"
#include "sim/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* "" when it was created, else the refusal's code. */
static const char *create(struct bench *const bench, const char *const name, const char *const more,
                          char ret_id[const 16])
{
    char *const body = bench_job_body(bench, name, "f", more);
    const bool is_created = bench_create(bench, body, ret_id);
    free(body);
    return is_created ? "" : bench->refusal.code;
}

static void a_token_brings_back_its_job(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char first[16];
    char again[16];
    bench_init(&bench, NULL, NULL);
    assert_string_equal(create(&bench, "job", ",\"clientRequestToken\":\"t1\"", first), "");
    bench_reopen(&bench);
    assert_string_equal(create(&bench, "job", ",\"clientRequestToken\":\"t1\"", again), "");
    assert_string_equal(first, again);
    assert_string_equal(create(&bench, "job",
                               ",\"clientRequestToken\":\"t1\",\"timeoutDurationInHours\":30",
                               again),
                        "ConflictException");
    assert_string_equal(create(&bench, "job", ",\"clientRequestToken\":\"t2\"", again),
                        "ValidationException");
    assert_non_null(strstr(bench.refusal.message, "already in use"));
    assert_string_equal(create(&bench, "job", "", again), "ValidationException");
    assert_string_equal(create(&bench, "other", "", again), "");
    assert_string_not_equal(first, again);
    assert_int_equal(bench_count_events(&bench, "job.created"), 2);
}

static void faults_forget_tokens_and_names(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char first[16];
    char again[16];
    bench_init(&bench, "forget:create:every=1,anyname:create:nth=3", NULL);
    assert_string_equal(create(&bench, "job", ",\"clientRequestToken\":\"t1\"", first), "");
    assert_string_equal(create(&bench, "job", ",\"clientRequestToken\":\"t1\"", again),
                        "ValidationException"); /* its name is in use */
    assert_string_equal(create(&bench, "job", ",\"clientRequestToken\":\"t1\"", again), "");
    assert_string_not_equal(first, again);
}

static void models_and_roles_are_looked_at(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    char text[1024];
    bench_init(&bench, NULL, NULL);
    static const struct {
        const char *model;
        const char *role;
        const char *code;
        const char *message;
    } rows[] = {
        {"nobody.knows-v1:0", NULL, "ValidationException",
         "The provided model identifier is invalid."},
        {"cohere.embed-v4:0", NULL, "ValidationException",
         "Batch inference is not supported for the requested model"},
        {"amazon.nova-pro-v1:0", "arn:aws:iam::123456789012:role/Other", "AccessDeniedException",
         "iam:PassRole"},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        (void)snprintf(
            text, sizeof text,
            "{\"jobName\":\"j\",\"roleArn\":\"%s\",\"modelId\":\"%s\",\"inputDataConfig\":{"
            "\"s3InputDataConfig\":{\"s3Uri\":\"s3://bkt/a\"}},\"outputDataConfig\":{"
            "\"s3OutputDataConfig\":{\"s3Uri\":\"s3://bkt/b\"}}}",
            rows[index].role != NULL ? rows[index].role : bench.identity.role_arn,
            rows[index].model);
        assert_false(bench_create(&bench, text, id));
        assert_string_equal(bench.refusal.code, rows[index].code);
        assert_non_null(strstr(bench.refusal.message, rows[index].message));
    }
}

static void live_jobs_are_limited_and_make_room_as_they_end(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    bench_init(&bench, NULL, "jobs=2,min_records=1");
    bench_put_lines(&bench, "f/in/a/x.jsonl", 1, 0);
    assert_string_equal(create(&bench, "a", "", id), "");
    assert_string_equal(create(&bench, "b", "", id), "");
    assert_string_equal(create(&bench, "c", "", id), "ServiceQuotaExceededException");
    assert_int_equal(bench.refusal.http_status, 400);
    bench_run_all(&bench);
    assert_string_equal(create(&bench, "c", "", id), "");
    assert_int_equal(bench_ledger_number(&bench,
                                         "/peak_live_jobs/us-east-1~1anthropic.claude-haiku-4-5-"
                                         "20251001-v1:0"),
                     2);
    assert_int_equal(bench_count_events(&bench, "\"event\":\"breach\""), 0);
}

static void get_shows_what_was_asked_for(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    char arn[256];
    bench_init(&bench, NULL, NULL);
    assert_string_equal(create(&bench, "job", ",\"clientRequestToken\":\"t1\"", id), "");
    (void)snprintf(arn, sizeof arn, "arn:aws:bedrock:us-east-1:%s:model-invocation-job/%s",
                   bench.identity.account_id, id);
    yyjson_doc *const doc = bench_get(&bench, arn);
    yyjson_val *const root = yyjson_doc_get_root(doc);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(root, "jobArn")), arn);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(root, "clientRequestToken")), "t1");
    assert_string_equal(yyjson_get_str(yyjson_obj_get(root, "modelInvocationType")), "InvokeModel");
    assert_string_equal(
        yyjson_get_str(yyjson_ptr_get(root, "/inputDataConfig/s3InputDataConfig/s3BucketOwner")),
        bench.identity.account_id);
    assert_null(yyjson_ptr_get(root, "/inputDataConfig/s3InputDataConfig/s3InputFormat"));
    assert_non_null(strstr(yyjson_get_str(yyjson_obj_get(root, "modelId")),
                           ":inference-profile/us.anthropic."));
    int64_t submitted_ms = 0;
    int64_t expires_ms = 0;
    assert_true(ps_stamp_parse_iso(ps_str_of(yyjson_get_str(yyjson_obj_get(root, "submitTime"))),
                                   &submitted_ms));
    assert_true(ps_stamp_parse_iso(
        ps_str_of(yyjson_get_str(yyjson_obj_get(root, "jobExpirationTime"))), &expires_ms));
    assert_int_equal(submitted_ms, BENCH_START_MS);
    assert_int_equal(expires_ms - submitted_ms, PS_DAY_MS);
    yyjson_doc_free(doc);
    assert_null(bench_get(&bench, "aaaaaaaaaaaa"));
    assert_string_equal(bench.refusal.code, "ResourceNotFoundException");
    assert_string_equal(bench.refusal.message, "The provided batch inference job was not found.");
    assert_null(bench_get(&bench, "NO"));
    assert_string_equal(bench.refusal.code, "ValidationException");
    arn[strlen("arn:aws:bedrock:us-east-1:")] = '0';
    assert_null(bench_get(&bench, arn)); /* of another account */
}

static bool stop(struct bench *const bench, const char *const id)
{
    struct ps_buf answer PS_CLEANUP(ps_buf_release);
    ps_buf_init(&answer, 1000);
    const struct ps_call call = bench_call(bench, PS_OP_STOP);
    const struct ps_job_request request = {&call, ps_str_of(bench->identity.region), ps_str_of(id)};
    return ps_job_stop(bench->world, &request, &answer, &bench->refusal);
}

static void a_job_is_stopped_once(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    bench_init(&bench, NULL, NULL);
    assert_string_equal(create(&bench, "job", "", id), "");
    assert_true(stop(&bench, id));
    assert_true(stop(&bench, id)); /* it is stopping already */
    assert_int_equal(bench_count_events(&bench, "\"status\":\"Stopping\""), 1);
    bench_run_all(&bench);
    assert_false(stop(&bench, id));
    assert_string_equal(bench.refusal.code, "ConflictException");
    assert_int_equal(bench.refusal.http_status, 400);
    assert_false(stop(&bench, "aaaaaaaaaaaa"));
    assert_int_equal(bench.refusal.http_status, 404);
}

/* The names of a page, joined by spaces; the next token, or "". */
static bool list(struct bench *const bench, const struct ps_job_query *const query,
                 struct ps_buf *const names, char ret_token[const 64])
{
    struct ps_buf answer PS_CLEANUP(ps_buf_release);
    ps_buf_init(&answer, 1000000);
    const struct ps_call call = bench_call(bench, PS_OP_LIST);
    const struct ps_job_request request = {&call, ps_str_of(bench->identity.region), {NULL, 0}};
    if (!ps_job_list(bench->world, &request, query, &answer, &bench->refusal)) {
        return false;
    }
    yyjson_doc *const doc = yyjson_read(answer.data, answer.size, 0);
    yyjson_val *const root = yyjson_doc_get_root(doc);
    size_t index = 0;
    size_t count = 0;
    yyjson_val *job = NULL;
    yyjson_arr_foreach(yyjson_obj_get(root, "invocationJobSummaries"), index, count, job)
    {
        ps_buf_add_format(names, "%.*s ", PS_STR_ARGS(ps_event_text(job, "jobName")));
        assert_null(yyjson_obj_get(job, "clientRequestToken"));
        assert_null(yyjson_obj_get(job, "message"));
    }
    const char *const token = yyjson_get_str(yyjson_obj_get(root, "nextToken"));
    (void)snprintf(ret_token, 64, "%s", token != NULL ? token : "");
    yyjson_doc_free(doc);
    return true;
}

static void prepare_jobs(struct bench *const bench)
{
    static const char *const names[] = {"x-1", "x-10", "y-1", "x-2"};
    char id[16];
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        assert_string_equal(
            create(bench, names[index], index == 0 ? ",\"clientRequestToken\":\"t\"" : "", id), "");
        bench->now_ms += PS_MINUTE_MS;
    }
    assert_true(stop(bench, id));
}

static void jobs_are_listed_newest_first_by_pages(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, NULL, NULL);
    prepare_jobs(&bench);
    for (int size = 1; size <= 5; size++) {
        struct ps_buf names PS_CLEANUP(ps_buf_release);
        char max_results[8];
        char token[64] = "";
        ps_buf_init(&names, 1000);
        (void)snprintf(max_results, sizeof max_results, "%d", size);
        int pages = 0;
        do {
            const struct ps_job_query query = {.max_results = ps_str_of(max_results),
                                               .next_token = ps_str_of(token)};
            assert_true(list(&bench, &query, &names, token));
            pages++;
        } while (token[0] != '\0');
        assert_string_equal(ps_buf_text(&names), "x-2 y-1 x-10 x-1 ");
        assert_int_equal(pages, (4 + size - 1) / size);
    }
}

static void lists_are_filtered(void **state)
{
    (void)state;
    char second[PS_STAMP_SIZE];
    char third[PS_STAMP_SIZE];
    ps_stamp_iso(BENCH_START_MS + PS_MINUTE_MS, second);
    ps_stamp_iso(BENCH_START_MS + 2 * PS_MINUTE_MS, third);
    const struct {
        struct ps_job_query query;
        const char *expected; /* NULL: refused */
    } rows[] = {
        {{.name_contains = PS_STR("x-1")}, "x-10 x-1 "},
        {{.sort_order = PS_STR("Ascending")}, "x-1 x-10 y-1 x-2 "},
        {{.sort_by = PS_STR("CreationTime"), .sort_order = PS_STR("Descending")},
         "x-2 y-1 x-10 x-1 "},
        {{.submit_time_after = ps_str_of(second)}, "x-2 y-1 "},
        {{.submit_time_before = ps_str_of(third)}, "x-10 x-1 "},
        {{.status_equals = PS_STR("Stopping")}, "x-2 "},
        {{.status_equals = PS_STR("Completed")}, ""},
        {{.status_equals = PS_STR("Running")}, NULL},
        {{.max_results = PS_STR("0")}, NULL},
        {{.max_results = PS_STR("1001")}, NULL},
        {{.next_token = PS_STR("rubbish")}, NULL},
        {{.sort_by = PS_STR("Name")}, NULL},
        {{.sort_order = PS_STR("Up")}, NULL},
        {{.submit_time_after = PS_STR("yesterday")}, NULL},
        {{.submit_time_before = PS_STR("tomorrow")}, NULL},
        {{.name_contains = PS_STR("a_b")}, NULL},
    };
    struct bench bench PS_CLEANUP(bench_release);
    bench_init(&bench, NULL, NULL);
    prepare_jobs(&bench);
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct ps_buf names PS_CLEANUP(ps_buf_release);
        char token[64];
        ps_buf_init(&names, 1000);
        const bool is_listed = list(&bench, &rows[index].query, &names, token);
        assert_int_equal(is_listed, rows[index].expected != NULL);
        if (is_listed) {
            assert_string_equal(ps_buf_text(&names), rows[index].expected);
        } else {
            assert_string_equal(bench.refusal.code, "ValidationException");
        }
    }
}

static void a_lagging_list_does_not_show_what_is_young(void **state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    struct ps_buf names PS_CLEANUP(ps_buf_release);
    char token[64];
    const struct ps_job_query query = {.name_contains = PS_STR("x")};
    ps_buf_init(&names, 1000);
    bench_init(&bench, "lag:list:nth=1", NULL);
    prepare_jobs(&bench);
    assert_true(list(&bench, &query, &names, token));
    assert_string_equal(ps_buf_text(&names), "x-10 x-1 ");
    assert_true(list(&bench, &query, &names, token));
    assert_string_equal(ps_buf_text(&names), "x-10 x-1 x-2 x-10 x-1 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_brings_back_its_job),
        cmocka_unit_test(faults_forget_tokens_and_names),
        cmocka_unit_test(models_and_roles_are_looked_at),
        cmocka_unit_test(live_jobs_are_limited_and_make_room_as_they_end),
        cmocka_unit_test(get_shows_what_was_asked_for),
        cmocka_unit_test(a_job_is_stopped_once),
        cmocka_unit_test(jobs_are_listed_newest_first_by_pages),
        cmocka_unit_test(lists_are_filtered),
        cmocka_unit_test(a_lagging_list_does_not_show_what_is_young),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
