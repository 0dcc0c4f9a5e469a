/* Goal: faults of the wire do what they say, before or after the operation, and are written down.
 * Method: rules. */
#include "emu/turn.h"

#include "client.h"

#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct row {
    const char *faults;
    int status;        /* of a put; 0: no answer */
    bool is_there;     /* the object, afterwards */
    const char *event; /* in the put's line of the log */
};

static void a_put_meets_its_fault(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"none", 200, true, "\"answer\":\"sent\",\"is_executed\":true}"},
        {"lost:put", 0, true, "\"answer\":\"lost\",\"is_executed\":true,\"fault\":\"lost:put\""},
        {"lost:put:before", 0, false, "\"answer\":\"lost\",\"is_executed\":false"},
        {"500:put", 500, false, "\"code\":\"InternalError\""},
        {"500:put:after", 500, true, "\"is_executed\":true"},
        {"503:put", 503, false, "\"code\":\"SlowDown\""},
        {"429:put", 503, false, "\"code\":\"SlowDown\""},
        {"slow:put", 200, true, "\"answer\":\"late\""},
        {"lost:put:nth=2", 200, true, "\"answer\":\"sent\""},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct client client PS_CLEANUP(client_stop);
        client_start(&client, 10000, rows[index].faults, NULL);
        const int status = client_put(&client, "k", "hello");
        if (status != rows[index].status) {
            fail_msg("%s: %d", rows[index].faults, status);
        }
        assert_true(client_count_events(&client, rows[index].event) >= 1);
        struct reply got PS_CLEANUP(reply_release) = client_get(&client, "k");
        assert_int_equal(got.status, rows[index].is_there ? 200 : 404);
    }
}

static void bedrock_words_its_faults_as_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *faults;
        int status;
        const char *code;
    } rows[] = {
        {"500:list", 500, "InternalServerException"},
        {"503:list", 503, "ServiceUnavailableException"},
        {"429:list", 429, "ThrottlingException"},
    };
    for (size_t index = 0; index < sizeof rows / sizeof rows[0]; index++) {
        struct client client PS_CLEANUP(client_stop);
        char room[256];
        client_start(&client, 1, rows[index].faults, NULL);
        struct reply reply PS_CLEANUP(reply_release) =
            client_send(&client, &(struct sending){.service = "bedrock",
                                                   .method = "GET",
                                                   .target = "/model-invocation-jobs"});
        assert_int_equal(reply.status, rows[index].status);
        assert_string_equal(reply_header(&reply, "x-amzn-errortype", room), rows[index].code);
    }
}

static void an_answer_is_cut(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    client_start(&client, 1, "cut:get_object:nth=1", NULL);
    assert_int_equal(client_put(&client, "k", "0123456789"), 200);
    struct reply cut PS_CLEANUP(reply_release) = client_get(&client, "k");
    assert_int_equal(cut.status, 200);
    assert_false(cut.is_whole);
    assert_string_equal(cut.body, "01234");
    struct reply whole PS_CLEANUP(reply_release) = client_get(&client, "k");
    assert_true(whole.is_whole);
    assert_string_equal(whole.body, "0123456789");
}

static void only_outputs_are_corrupted(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    client_start(&client, 1, "corrupt:get_object", NULL);
    assert_int_equal(client_put(&client, "k", "0123456789"), 200);
    struct reply got PS_CLEANUP(reply_release) = client_get(&client, "k");
    assert_string_equal(got.body, "0123456789");
}

/* Runs a job of three records to its end; the key of its output goes to ret_key. */
static void run_job(const struct client *const client, char ret_key[const 256])
{
    static const char line[] =
        "{\"modelInput\":{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
        "\"hello there\"}]}]}}\n";
    char text[3 * sizeof line];
    char body[1024];
    const char *const bucket = ps_emulator_bucket(client->emulator);
    (void)snprintf(text, sizeof text, "%s%s%s", line, line, line);
    assert_int_equal(client_put(client, "i/x.jsonl", text), 200);
    (void)snprintf(body, sizeof body,
                   "{\"jobName\":\"j\",\"roleArn\":\"%s\",\"modelId\":\"amazon.nova-pro-v1:0\","
                   "\"inputDataConfig\":{\"s3InputDataConfig\":{\"s3Uri\":\"s3://%s/i/\"}},"
                   "\"outputDataConfig\":{\"s3OutputDataConfig\":{\"s3Uri\":\"s3://%s/o/\"}}}",
                   ps_emulator_role_arn(client->emulator), bucket, bucket);
    struct reply made PS_CLEANUP(reply_release) =
        client_send(client, &(struct sending){.service = "bedrock",
                                              .method = "POST",
                                              .target = "/model-invocation-job",
                                              .body = ps_str_of(body)});
    assert_int_equal(made.status, 200);
    const char *const id = strrchr(made.body, '/') + 1;
    (void)snprintf(ret_key, 256, "o/%.12s/x.jsonl.out", id);
    for (int turn = 0; turn < 500; turn++) {
        if (client_count_events(client, "\"status\":\"Completed\"") == 1) {
            return;
        }
        const struct timespec time = {0, 10000000};
        (void)nanosleep(&time, NULL);
    }
    fail_msg("the job does not end");
}

static void an_output_is_corrupted_in_one_byte_on_its_way(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char key[256];
    client_start(&client, 20000, "corrupt:get_object:nth=1", "min_records=1");
    run_job(&client, key);
    struct reply wrong PS_CLEANUP(reply_release) = client_get(&client, key);
    struct reply right PS_CLEANUP(reply_release) = client_get(&client, key);
    assert_int_equal(wrong.status, 200);
    assert_true(wrong.is_whole && right.is_whole);
    assert_int_equal(wrong.body_size, right.body_size);
    int different = 0;
    for (size_t at = 0; at < right.body_size; at++) {
        different += wrong.body[at] != right.body[at] ? 1 : 0;
    }
    assert_int_equal(different, 1);
    assert_int_equal(client_count_events(&client, "\"answer\":\"corrupt\""), 1);
}

static void a_create_that_comes_twice_makes_one_job(void **state)
{
    (void)state;
    struct client client PS_CLEANUP(client_stop);
    char body[1024];
    client_start(&client, 1, "twice:create", NULL);
    (void)snprintf(body, sizeof body,
                   "{\"jobName\":\"j\",\"clientRequestToken\":\"t\",\"roleArn\":\"%s\",\"modelId\":"
                   "\"amazon.nova-pro-v1:0\",\"inputDataConfig\":{\"s3InputDataConfig\":{\"s3Uri\":"
                   "\"s3://bkt/i\"}},\"outputDataConfig\":{\"s3OutputDataConfig\":{\"s3Uri\":\"s3:/"
                   "/bkt/o\"}}}",
                   ps_emulator_role_arn(client.emulator));
    struct reply made PS_CLEANUP(reply_release) =
        client_send(&client, &(struct sending){.service = "bedrock",
                                               .method = "POST",
                                               .target = "/model-invocation-job",
                                               .body = ps_str_of(body)});
    assert_int_equal(made.status, 200);
    assert_int_equal(client_count_events(&client, "job.created"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_put_meets_its_fault),
        cmocka_unit_test(bedrock_words_its_faults_as_its_own),
        cmocka_unit_test(an_answer_is_cut),
        cmocka_unit_test(only_outputs_are_corrupted),
        cmocka_unit_test(an_output_is_corrupted_in_one_byte_on_its_way),
        cmocka_unit_test(a_create_that_comes_twice_makes_one_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
