/* Goal: a job is shown as the service shows it. Method: a job of our own making, whole and in a
 * list. */
#include "sim/job_view.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void show(const struct ps_job *const job, const int64_t now_ms, const bool is_whole,
                 struct ps_buf *const text)
{
    struct ps_jobs jobs = {.count = 0};
    struct ps_writer writer = {.buf = text};
    ps_buf_clear(text);
    ps_job_view_write(&jobs, job, now_ms, is_whole, &writer);
}

/* Texts that a job would have on the heap. */
static char arn[] = "arn";
static char name[] = "n";
static char token[] = "t";
static char message[] = "why";
static char owner[] = "123456789012";
static char request[] = "{\"inputDataConfig\":{\"s3InputDataConfig\":{\"s3InputFormat\":\"JSONL\","
                        "\"s3Uri\":\"s3://b/i\"}},"
                        "\"outputDataConfig\":{\"s3OutputDataConfig\":{\"s3Uri\":\"s3://b/"
                        "o\",\"s3EncryptionKeyId\":\"k\"}},"
                        "\"vpcConfig\":{\"subnetIds\":[\"s\"]}}";

static struct ps_job job_of(const struct ps_sim_limits *const limits)
{
    return (struct ps_job){.arn = arn,
                           .name = name,
                           .token = token,
                           .message = message,
                           .model_arn = arn,
                           .role_arn = arn,
                           .owner_in = owner,
                           .owner_out = owner,
                           .request = request,
                           .base_model = name,
                           .region = name,
                           .limits = limits,
                           .timeout_hours = 24,
                           .submitted_ms = 1000,
                           .modified_ms = 2000,
                           .family = PS_FAMILY_CONVERSE};
}

static void get_shows_more_than_list(void **state)
{
    (void)state;
    static const struct ps_sim_limits limits = {.name = "x"};
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 10000);
    const struct ps_job job = job_of(&limits);
    show(&job, 0, true, &text);
    assert_non_null(strstr(ps_buf_text(&text), "\"clientRequestToken\":\"t\""));
    assert_non_null(strstr(ps_buf_text(&text), "\"message\":\"why\""));
    assert_non_null(strstr(ps_buf_text(&text), "\"s3InputFormat\":\"JSONL\""));
    assert_non_null(strstr(ps_buf_text(&text), "\"s3EncryptionKeyId\":\"k\""));
    assert_non_null(strstr(ps_buf_text(&text), "\"vpcConfig\":{\"subnetIds\":[\"s\"]}"));
    assert_non_null(strstr(ps_buf_text(&text), "\"modelInvocationType\":\"Converse\""));
    assert_non_null(strstr(ps_buf_text(&text), "\"submitTime\":\"1970-01-01T00:00:01.000Z\""));
    assert_null(strstr(ps_buf_text(&text), "endTime"));
    show(&job, 0, false, &text);
    assert_null(strstr(ps_buf_text(&text), "clientRequestToken"));
    assert_null(strstr(ps_buf_text(&text), "message"));
}

static void counters_are_of_the_last_minute_until_the_end(void **state)
{
    (void)state;
    static const struct ps_sim_limits limits = {.name = "x"};
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 10000);
    struct ps_job job = job_of(&limits);
    job.records = 600;
    job.state = PS_STATE_SCHEDULED;
    show(&job, 100 * PS_MINUTE_MS, true, &text);
    assert_non_null(strstr(ps_buf_text(&text), "\"totalRecordCount\":0,"));
    job.state = PS_STATE_IN_PROGRESS;
    job.started_ms = 10 * PS_MINUTE_MS;
    show(&job, 12 * PS_MINUTE_MS + 59999, true, &text);
    assert_non_null(strstr(ps_buf_text(&text),
                           "\"totalRecordCount\":600,\"processedRecordCount\":120,"
                           "\"successRecordCount\":120,\"errorRecordCount\":0"));
    job.state = PS_STATE_COMPLETED;
    job.logged = 600;
    job.success = 590;
    job.shown_end_ms = 3000;
    show(&job, 12 * PS_MINUTE_MS, true, &text);
    assert_non_null(strstr(ps_buf_text(&text),
                           "\"totalRecordCount\":600,\"processedRecordCount\":600,"
                           "\"successRecordCount\":590,\"errorRecordCount\":10"));
    assert_non_null(strstr(ps_buf_text(&text), "\"endTime\":\"1970-01-01T00:00:03.000Z\""));
    job.fate.has_no_counts = true;
    show(&job, 12 * PS_MINUTE_MS, true, &text);
    assert_null(strstr(ps_buf_text(&text), "RecordCount"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_shows_more_than_list),
        cmocka_unit_test(counters_are_of_the_last_minute_until_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
