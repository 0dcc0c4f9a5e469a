/*
 * Goal: each wish becomes the right requests and exactly one fact. Method: a world in front of a
 * scripted loopback server; here the good answers of every kind, queueing, waking and deadlines;
 * what can go wrong with one kind is in that kind's own test.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

#define ARN "arn:aws:bedrock:eu-west-1:111122223333:model-invocation-job/h8kk04a1u8t3"

static void identity_tells_account_and_caller(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {
        {.status = "200 OK",
         .body = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                 "<GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/me</Arn>"
                 "<UserId>AIDA</UserId><Account>111122223333</Account></GetCallerIdentityResult>"
                 "</GetCallerIdentityResponse>"}};
    struct fixture fixture;
    fixture_start(&fixture, steps, 1, NULL);
    const struct ps_fact *const fact = fixture_do(
        &fixture, &(struct ps_wish){.id = 7, .kind = PS_WISH_IDENTITY, .job = -1, .shard = -1});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_string_equal(fact->text, "111122223333");
    assert_string_equal(fact->caller, "arn:aws:iam::111122223333:user/me");
    assert_request(&fixture, 0, "POST / HTTP/1.1\r\n");
    assert_request(&fixture, 0,
                   "/eu-west-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date;"
                   "x-amz-security-token, Signature=");
    assert_request(&fixture, 0, "\r\nX-Amz-Security-Token: the-token\r\n");
    assert_no_request(&fixture, 0, "topsecret");
    fixture_stop(&fixture);
}

static void a_shard_is_put_only_where_nothing_is(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {{.status = "200 OK", .headers = "ETag: \"e1\"\r\n"}};
    struct fixture fixture;
    fixture_start(&fixture, steps, 1, NULL);
    fixture.body = PS_STR("{\"recordId\":1}\n");
    const struct ps_fact *const fact =
        fixture_do(&fixture, &(struct ps_wish){.id = 1,
                                               .kind = PS_WISH_PUT_SHARD,
                                               .lane = 1,
                                               .job = 3,
                                               .shard = 4,
                                               .key = PS_STR("p/in/j 1.jsonl")});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_false(fact->is_equal);
    assert_request(&fixture, 0, "PUT /other/p/in/j%201.jsonl HTTP/1.1\r\n");
    assert_request(&fixture, 0, "\r\nIf-None-Match: *\r\n");
    assert_request(&fixture, 0, "\r\nx-amz-checksum-crc32: ");
    assert_request(&fixture, 0, "\r\nx-amz-expected-bucket-owner: 111122223333\r\n");
    assert_request(&fixture, 0, "\r\nContent-Length: 15\r\n");
    assert_no_request(&fixture, 0, "UNSIGNED-PAYLOAD");
    assert_no_request(&fixture, 0, "Expect:");
    assert_string_equal(fake_server_body(fixture.server, 0, NULL), "{\"recordId\":1}\n");
    assert_int_equal(fixture.open_count, 2); /* digested, then sent */
    fixture_stop(&fixture);
}

static void jobs_are_created_looked_at_listed_and_stopped(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {
        {.status = "200 OK", .body = "{\"jobArn\":\"" ARN "\"}"},
        {.status = "200 OK",
         .body = "{\"jobArn\":\"" ARN
                 "\",\"jobName\":\"n\",\"clientRequestToken\":\"t\",\"status\":\"InProgress\","
                 "\"submitTime\":\"2026-11-24T09:03:07.123Z\",\"totalRecordCount\":10,"
                 "\"inputDataConfig\":{\"s3InputDataConfig\":{\"s3Uri\":\"s3://b/in/\"}},"
                 "\"outputDataConfig\":{\"s3OutputDataConfig\":{\"s3Uri\":\"s3://b/out/\"}}}"},
        {.status = "200 OK",
         .body = "{\"nextToken\":\"t/2\",\"invocationJobSummaries\":[{\"jobArn\":\"" ARN
                 "\",\"status\":\"Odd\",\"submitTime\":\"2026-11-24T09:03:07Z\"}]}"},
        {.status = "200 OK", .body = "{\"invocationJobSummaries\":[]}"},
        {.status = "200 OK", .body = "{}"}};
    struct fixture fixture;
    fixture_start(&fixture, steps, 5, NULL);
    const struct ps_fact *fact = fixture_do(
        &fixture, &(struct ps_wish){
                      .id = 1, .kind = PS_WISH_CREATE_JOB, .text = PS_STR("{\"exact\": true}")});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_string_equal(fact->text, ARN);
    assert_request(&fixture, 0, "POST /model-invocation-job HTTP/1.1\r\n");
    assert_string_equal(fake_server_body(fixture.server, 0, NULL), "{\"exact\": true}");

    fact = fixture_do(&fixture,
                      &(struct ps_wish){.id = 2, .kind = PS_WISH_GET_JOB, .text = PS_STR(ARN)});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_int_equal(fact->job_count, 1);
    assert_string_equal(fact->jobs[0].token, "t");
    assert_string_equal(fact->jobs[0].input_uri, "s3://b/in/");
    assert_string_equal(fact->jobs[0].output_uri, "s3://b/out/");
    assert_int_equal(fact->jobs[0].status, PS_JOB_IN_PROGRESS);
    assert_int_equal(fact->jobs[0].total_count, 10);
    assert_int_equal(fact->jobs[0].error_count, -1);
    assert_true(fact->jobs[0].submitted_at_ms == INT64_C(1795510987123));
    assert_request(&fixture, 1,
                   "GET /model-invocation-job/arn%3Aaws%3Abedrock%3Aeu-west-1%3A111122223333%3A"
                   "model-invocation-job%2Fh8kk04a1u8t3 HTTP/1.1\r\n");

    fact = fixture_do(&fixture, &(struct ps_wish){.id = 3,
                                                  .kind = PS_WISH_LIST_JOBS,
                                                  .text = PS_STR("run-1"),
                                                  .after_ms = INT64_C(1795510987123)});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_int_equal(fact->job_count, 1);
    assert_int_equal(fact->jobs[0].status, PS_JOB_STATUS_UNKNOWN);
    assert_request(&fixture, 2,
                   "GET /model-invocation-jobs?maxResults=1000&nameContains=run-1&"
                   "submitTimeAfter=2026-11-24T09%3A03%3A07.123Z HTTP/1.1\r\n");
    assert_request(&fixture, 3, "nextToken=t%2F2");

    fact = fixture_do(&fixture,
                      &(struct ps_wish){.id = 4, .kind = PS_WISH_STOP_JOB, .text = PS_STR(ARN)});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_request(&fixture, 4, "/stop HTTP/1.1\r\n");
    assert_int_equal(fake_server_connection_of(fixture.server, 3), 0); /* it is used again */
    fixture_stop(&fixture);
}

static void objects_are_listed_read_and_deleted(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {
        {.status = "200 OK",
         .body = "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
                 "<NextContinuationToken>1+/=</NextContinuationToken>"
                 "<Contents><Key>p/b%2B+c</Key><ETag>&quot;e&quot;</ETag><Size>12</Size></Contents>"
                 "</ListBucketResult>"},
        {.status = "200 OK",
         .body =
             "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
             "<CommonPrefixes><Prefix>p/a/</Prefix></CommonPrefixes></ListBucketResult>"},
        {.status = "200 OK", .headers = "ETag: \"e\"\r\n", .body = "hello"},
        {.status = "204 No Content"}};
    struct fixture fixture;
    fixture_start(&fixture, steps, 4, NULL);
    const struct ps_fact *fact = fixture_do(
        &fixture,
        &(struct ps_wish){
            .id = 1, .kind = PS_WISH_LIST_OBJECTS, .key = PS_STR("p/"), .is_shallow = true});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_int_equal(fact->object_count, 2);
    assert_string_equal(fact->objects[0].key, "p/a/");
    assert_int_equal(fact->objects[0].size_bytes, -1);
    assert_string_equal(fact->objects[1].key, "p/b+ c");
    assert_string_equal(fact->objects[1].etag, "\"e\"");
    assert_int_equal(fact->objects[1].size_bytes, 12);
    assert_request(
        &fixture, 0,
        "GET /bucket?list-type=2&encoding-type=url&max-keys=1000&prefix=p%2F&delimiter=%2F ");
    assert_request(&fixture, 1, "continuation-token=1%2B%2F%3D ");

    fact = fixture_do(&fixture,
                      &(struct ps_wish){.id = 2, .kind = PS_WISH_GET_OBJECT, .key = PS_STR("p/x")});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_string_equal(ps_buf_text(&fixture.sink), "hello");
    assert_int_equal(fact->bytes, 5);
    assert_string_equal(fact->text, "\"e\"");

    fact = fixture_do(
        &fixture, &(struct ps_wish){.id = 3, .kind = PS_WISH_DELETE_OBJECT, .key = PS_STR("p/x")});
    assert_int_equal(fact->outcome, PS_OUTCOME_YES);
    assert_request(&fixture, 3, "DELETE /bucket/p/x HTTP/1.1\r\n");
    fixture_stop(&fixture);
}

static void waits_until_the_deadline_and_no_longer(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {{.fault = FAKE_HANG}};
    struct fixture fixture;
    fixture_start(&fixture, steps, 1, NULL);
    const struct ps_wish wish = {.id = 1, .kind = PS_WISH_IDENTITY};
    fixture.world.ops->start(fixture.world.context, &wish);
    const int64_t before_ms = ps_clock_real_monotonic_ms();
    const int64_t deadline_ms = ps_clock_now(&fixture.clock).steady_ms + 50;
    assert_false(fixture.world.ops->next_fact(fixture.world.context, deadline_ms, &fixture.fact));
    assert_true(ps_clock_real_monotonic_ms() - before_ms >= 50);
    assert_false(fixture.world.ops->next_fact(fixture.world.context, 0, &fixture.fact));
    fixture_stop(&fixture); /* with a request under way */
}

static void wake_ends_the_wait(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, NULL, 0, NULL);
    fixture.world.ops->wake(fixture.world.context);
    const int64_t deadline_ms = ps_clock_now(&fixture.clock).steady_ms + PS_HOUR_MS;
    assert_false(fixture.world.ops->next_fact(fixture.world.context, deadline_ms, &fixture.fact));
    fixture_stop(&fixture);
}

static void no_more_transfers_at_once_than_told(void **state)
{
    (void)state;
    struct fake_step steps[20];
    for (size_t index = 0; index < 20; index++) {
        steps[index] = (struct fake_step){.status = "200 OK", .body = "x"};
    }
    struct fixture fixture;
    const struct ps_world_aws_options options = {.transfers_max = 3};
    fixture_start(&fixture, steps, 20, &options);
    fixture.body = PS_STR("body");
    for (int64_t id = 0; id < 20; id++) {
        const struct ps_wish wish = {.id = id, .kind = PS_WISH_PUT_SHARD, .key = PS_STR("k")};
        fixture.world.ops->start(fixture.world.context, &wish);
    }
    int64_t id_sum = 0;
    for (int count = 0; count < 20; count++) {
        assert_true(fixture.open_count - fixture.close_count <= 3);
        assert_true(fixture.world.ops->next_fact(fixture.world.context, INT64_MAX, &fixture.fact));
        assert_int_equal(fixture.fact.outcome, PS_OUTCOME_YES);
        id_sum += fixture.fact.wish_id;
        ps_fact_release(&fixture.fact);
    }
    assert_int_equal(id_sum, 190);
    assert_true(fake_server_connections(fixture.server) <= 3);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_tells_account_and_caller),
        cmocka_unit_test(a_shard_is_put_only_where_nothing_is),
        cmocka_unit_test(jobs_are_created_looked_at_listed_and_stopped),
        cmocka_unit_test(objects_are_listed_read_and_deleted),
        cmocka_unit_test(waits_until_the_deadline_and_no_longer),
        cmocka_unit_test(wake_ends_the_wait),
        cmocka_unit_test(no_more_transfers_at_once_than_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
