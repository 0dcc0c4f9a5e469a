/* Goal: what is due for a job, and how far it is, follow from its events. Method: events as text,
 * instants. */
#include "sim/jobs.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define START_MS INT64_C(1000000)

static void apply(struct ps_jobs *const jobs, const char *const text)
{
    yyjson_doc *const doc = yyjson_read(text, strlen(text), 0);
    yyjson_val *const event = yyjson_doc_get_root(doc);
    assert_true(
        ps_jobs_apply(jobs, ps_str_of(yyjson_get_str(yyjson_obj_get(event, "event"))), event));
    yyjson_doc_free(doc);
}

static void create(struct ps_jobs *const jobs, const char *const id)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "{\"event\":\"job.created\",\"job\":\"%s\",\"name\":\"n-%s\",\"token\":\"t-%s\","
                   "\"region\":\"r\","
                   "\"base_model\":\"meta.llama\",\"timeout_hours\":24,\"submitted_ms\":1000000,"
                   "\"startup_ms\":80000}",
                   id, id, id);
    apply(jobs, text);
}

static void set_state(struct ps_jobs *const jobs, const char *const id, const char *const status,
                      const int64_t at_ms)
{
    char text[512];
    (void)snprintf(
        text, sizeof text,
        "{\"event\":\"job.state\",\"job\":\"%s\",\"status\":\"%s\",\"at_ms\":%lld,\"records\":100,"
        "\"tokens\":6000,\"stop_due_ms\":5000000,\"due_records\":7}",
        id, status, (long long)at_ms);
    apply(jobs, text);
}

static void each_state_has_its_due_time(void **state)
{
    (void)state;
    static struct ps_sim_limits lane = {.startup_ms = 80000};
    const struct ps_limits_list limits = {&lane, 1};
    struct ps_jobs jobs PS_CLEANUP(ps_jobs_release) = {.limits = &limits};
    create(&jobs, "aaaaaaaaaaaa");
    struct ps_job *const job = ps_jobs_find(&jobs, PS_STR("aaaaaaaaaaaa"), PS_STR("r"));
    assert_int_equal(ps_jobs_due_ms(job), START_MS + 10000);
    set_state(&jobs, job->id, "Validating", START_MS + 10000);
    assert_int_equal(ps_jobs_due_ms(job), START_MS + 40000);
    set_state(&jobs, job->id, "Scheduled", START_MS + 40000);
    assert_int_equal(ps_jobs_due_ms(job), START_MS + 80000);
    set_state(&jobs, job->id, "InProgress", START_MS + 80000);
    assert_int_equal(ps_jobs_due_ms(job), START_MS + 180000);
    assert_int_equal(ps_jobs_processed_at(&jobs, job, START_MS + 130500), 50);
    assert_int_equal(ps_jobs_processed_at(&jobs, job, START_MS), 0);
    assert_int_equal(ps_jobs_processed_at(&jobs, job, START_MS * 9), 100);
    job->is_busy = true;
    assert_int_equal(ps_jobs_due_ms(job), INT64_MAX);
    job->is_busy = false;
    set_state(&jobs, job->id, "Stopping", START_MS + 90000);
    assert_int_equal(ps_jobs_due_ms(job), 5000000);
    assert_int_equal(job->due_records, 7);
    set_state(&jobs, job->id, "Stopped", 5000000);
    assert_int_equal(ps_jobs_due_ms(job), INT64_MAX);
    assert_int_equal(ps_jobs_live(&jobs, PS_STR("meta.llama"), PS_STR("r")), 0);
}

static void a_shared_pace_is_shared(void **state)
{
    (void)state;
    static struct ps_sim_limits lane = {.startup_ms = 80000, .tpm = 6000};
    const struct ps_limits_list limits = {&lane, 1};
    struct ps_jobs jobs PS_CLEANUP(ps_jobs_release) = {.limits = &limits};
    create(&jobs, "aaaaaaaaaaaa");
    create(&jobs, "bbbbbbbbbbbb");
    const struct ps_job *const one = ps_jobs_find(&jobs, PS_STR("aaaaaaaaaaaa"), PS_STR(""));
    const struct ps_job *const other = ps_jobs_find(&jobs, PS_STR("bbbbbbbbbbbb"), PS_STR(""));
    set_state(&jobs, one->id, "Scheduled", START_MS);
    set_state(&jobs, other->id, "Scheduled", START_MS);
    set_state(&jobs, one->id, "InProgress", START_MS);
    /* alone: 6,000 tokens at 6,000 a minute */
    assert_int_equal(ps_jobs_due_ms(one), START_MS + PS_MINUTE_MS);
    set_state(&jobs, other->id, "InProgress", START_MS + 30000);
    /* half is done; the other half takes twice as long */
    assert_int_equal(ps_jobs_processed_at(&jobs, one, START_MS + 30000), 50);
    assert_int_equal(ps_jobs_processed_at(&jobs, one, START_MS + 60000), 75);
    assert_int_equal(ps_jobs_due_ms(one), START_MS + 90000);
    /* It is due, but only that its pool goes on; then it is done. */
    assert_false(ps_jobs_settle(&jobs, one, START_MS + 90000));
    assert_int_equal(ps_jobs_due_ms(one), START_MS + 90000);
    assert_true(ps_jobs_settle(&jobs, one, START_MS + 90000));
    set_state(&jobs, one->id, "Completed", START_MS + 90000);
    assert_int_equal(ps_jobs_processed_at(&jobs, other, START_MS + 90000), 50);
    assert_int_equal(ps_jobs_due_ms(other), START_MS + 120000);
}

static void jobs_are_found_by_what_they_are_called(void **state)
{
    (void)state;
    static struct ps_sim_limits lane = {.name = "x"};
    const struct ps_limits_list limits = {&lane, 1};
    struct ps_jobs jobs PS_CLEANUP(ps_jobs_release) = {.limits = &limits};
    create(&jobs, "aaaaaaaaaaaa");
    create(&jobs, "bbbbbbbbbbbb");
    assert_string_equal(ps_jobs_find_name(&jobs, PS_STR("n-aaaaaaaaaaaa"), PS_STR("r"))->id,
                        "aaaaaaaaaaaa");
    assert_string_equal(ps_jobs_find_token(&jobs, PS_STR("t-bbbbbbbbbbbb"), PS_STR("r"))->id,
                        "bbbbbbbbbbbb");
    assert_null(ps_jobs_find_token(&jobs, PS_STR(""), PS_STR("r")));
    assert_null(ps_jobs_find_name(&jobs, PS_STR("n-aaaaaaaaaaaa"), PS_STR("elsewhere")));
    assert_int_equal(ps_jobs_live(&jobs, PS_STR("meta.llama"), PS_STR("r")), 2);
    assert_int_equal(ps_jobs_live(&jobs, PS_STR("other"), PS_STR("r")), 0);
    assert_int_equal(ps_jobs_tick_ms(120000), 180000);
    assert_int_equal(ps_job_state_of(PS_STR("Running")), PS_STATE_COUNT);
    for (int index = 0; index < PS_STATE_COUNT; index++) {
        const enum ps_job_state one = (enum ps_job_state)index;
        assert_int_equal(ps_job_state_of(ps_str_of(ps_job_state_name(one))), one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_has_its_due_time),
        cmocka_unit_test(a_shared_pace_is_shared),
        cmocka_unit_test(jobs_are_found_by_what_they_are_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
