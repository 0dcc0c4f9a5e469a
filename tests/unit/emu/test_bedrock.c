/* Goal: the job API over the wire has its forms: paths, codes, headers, bodies. Method: requests,
 * one after another. */
#include "emu/services.h"

#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct reply ask(const struct client *const client, const char *const method,
                        const char *const target, const char *const body)
{
    return client_send(client, &(struct sending){.service = "bedrock",
                                                 .method = method,
                                                 .target = target,
                                                 .body = ps_str_of(body)});
}

static void body_of(const struct client *const client, const char *const name,
                    char ret_body[const 1024])
{
    (void)snprintf(ret_body, 1024,
                   "{\"jobName\":\"%s\",\"roleArn\":\"%s\",\"modelId\":\"amazon.nova-pro-v1:0\","
                   "\"inputDataConfig\":{\"s3InputDataConfig\":{\"s3Uri\":\"s3://%s/r/in/a/\"}},"
                   "\"outputDataConfig\":{\"s3OutputDataConfig\":{\"s3Uri\":\"s3://%s/r/out/\"}}}",
                   name, ps_emulator_role_arn(client->emulator),
                   ps_emulator_bucket(client->emulator), ps_emulator_bucket(client->emulator));
}

static void a_job_is_made_seen_listed_and_stopped(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char body[1024];
    char room[256];
    char target[512];
    client_start(&client, 1, NULL, NULL);
    body_of(&client, "job-1", body);
    struct reply made PS_CLEANUP(reply_release) =
        ask(&client, "POST", "/model-invocation-job", body);
    assert_int_equal(made.status, 200);
    assert_string_equal(reply_header(&made, "Content-Type", room), "application/json");
    assert_int_equal(strlen(reply_header(&made, "x-amzn-requestid", room)), 36);
    assert_int_equal(strncmp(made.body, "{\"jobArn\":\"arn:aws:bedrock:us-east-1:", 37), 0);
    char *const arn = made.body + 11;
    arn[strlen(arn) - 2] = '\0';
    const char *const id = strrchr(arn, '/') + 1;

    (void)snprintf(target, sizeof target,
                   "/model-invocation-job/arn%%3Aaws%%3Abedrock%%3Aus-east-1%%3A%s%%3A"
                   "model-invocation-job%%2F%s",
                   ps_emulator_account_id(client.emulator), id);
    struct reply seen PS_CLEANUP(reply_release) = ask(&client, "GET", target, "");
    assert_int_equal(seen.status, 200);
    assert_non_null(strstr(seen.body, "\"status\":\"Submitted\""));

    struct reply listed PS_CLEANUP(reply_release) =
        ask(&client, "GET", "/model-invocation-jobs?maxResults=1&nameContains=job-1", "");
    assert_non_null(strstr(listed.body, id));

    (void)snprintf(target, sizeof target, "/model-invocation-job/%s/stop", id);
    struct reply stopped PS_CLEANUP(reply_release) = ask(&client, "POST", target, "");
    assert_int_equal(stopped.status, 200);
    assert_string_equal(stopped.body, "{}");
    assert_int_equal(client_count_events(&client, "\"op\":\"StopModelInvocationJob\""), 1);
}

static void errors_have_their_form(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        const char *target;
        const char *body;
        int status;
        const char *code;
        const char *message;
    } rows[] = {
        {"GET", "/model-invocation-job/aaaaaaaaaaaa", "", 404, "ResourceNotFoundException",
         "{\"message\":\"The provided batch inference job was not found.\"}"},
        {"GET", "/model-invocation-job/x", "", 400, "ValidationException", NULL},
        {"POST", "/model-invocation-job", "[]", 400, "SerializationException", NULL},
        {"POST", "/model-invocation-job", "{}", 400, "ValidationException", NULL},
        {"DELETE", "/model-invocation-jobs", "", 404, "UnknownOperationException", NULL},
        {"GET", "/model-invocation-jobs?maxResults=x", "", 400, "ValidationException", NULL},
        {"GET", "/model-invocation-job/arn:aws:bedrock/abc", "", 404, "UnknownOperationException",
         NULL},
    };
    struct client client PS_CLEANUP(client_stop);
    char room[256];
    client_start(&client, 1, NULL, NULL);
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct reply reply PS_CLEANUP(reply_release) =
            ask(&client, rows[index].method, rows[index].target, rows[index].body);
        assert_int_equal(reply.status, rows[index].status);
        assert_string_equal(reply_header(&reply, "x-amzn-errortype", room), rows[index].code);
        assert_true(rows[index].message == NULL || strcmp(reply.body, rows[index].message) == 0);
    }
}

static void each_region_has_its_own_jobs(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char body[1024];
    client_start(&client, 1, NULL, NULL);
    body_of(&client, "job-1", body);
    const struct sending elsewhere = {.service = "bedrock",
                                      .method = "POST",
                                      .target = "/model-invocation-job",
                                      .body = ps_str_of(body),
                                      .region = "eu-west-1"};
    struct reply made PS_CLEANUP(reply_release) = client_send(&client, &elsewhere);
    assert_non_null(strstr(made.body, "arn:aws:bedrock:eu-west-1:"));
    struct reply listed PS_CLEANUP(reply_release) =
        ask(&client, "GET", "/model-invocation-jobs", "");
    assert_string_equal(listed.body, "{\"invocationJobSummaries\":[]}");
}

static int64_t header_number(const struct reply *const reply, const char *const name)
{
    char room[256];
    int64_t number = -1;
    (void)!ps_str_to_i64(ps_str_of(reply_header(reply, name, room)), &number);
    return number;
}

static void a_model_is_called_in_both_ways(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char room[256];
    client_start(&client, 100000,
                 "lost:invoke:nth=2,503:invoke:nth=3:after,lost:converse:nth=2:before", NULL);
    static const char body[] =
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"What is it?\"}]}]}";
    static const char invoke[] = "/model/us.amazon.nova-micro-v1%3A0/invoke";
    static const char converse[] =
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2Famazon.nova-micro-v1%3A0/"
        "converse";
    struct reply said PS_CLEANUP(reply_release) = ask(&client, "POST", invoke, body);
    assert_int_equal(said.status, 200);
    assert_string_equal(reply_header(&said, "Content-Type", room), "application/json");
    assert_string_equal(reply_header(&said, "x-amzn-bedrock-input-token-count", room), "4");
    assert_true(header_number(&said, "x-amzn-bedrock-output-token-count") > 0);
    assert_true(header_number(&said, "x-amzn-bedrock-invocation-latency") >= 300);
    assert_non_null(strstr(said.body, "\"output\":{\"message\""));
    struct reply also PS_CLEANUP(reply_release) = ask(&client, "POST", converse, body);
    assert_int_equal(also.status, 200);
    assert_non_null(strstr(also.body, "\"stopReason\""));
    /* Executed, and the client cannot know. */
    struct reply lost PS_CLEANUP(reply_release) = ask(&client, "POST", invoke, body);
    assert_int_equal(lost.status, 0);
    struct reply failed PS_CLEANUP(reply_release) = ask(&client, "POST", invoke, body);
    assert_int_equal(failed.status, 503);
    assert_string_equal(reply_header(&failed, "x-amzn-errortype", room),
                        "ServiceUnavailableException");
    assert_int_equal(client_count_events(&client, "\"event\":\"invocation\""), 4);
    struct reply before PS_CLEANUP(reply_release) = ask(&client, "POST", converse, body);
    assert_int_equal(before.status, 0);
    assert_int_equal(client_count_events(&client, "\"event\":\"invocation\""), 4);
    assert_int_equal(client_count_events(&client, "\"op\":\"Converse\""), 3);
    struct reply bad PS_CLEANUP(reply_release) = ask(&client, "GET", invoke, "");
    assert_int_equal(bad.status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_made_seen_listed_and_stopped),
        cmocka_unit_test(errors_have_their_form),
        cmocka_unit_test(each_region_has_its_own_jobs),
        cmocka_unit_test(a_model_is_called_in_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
