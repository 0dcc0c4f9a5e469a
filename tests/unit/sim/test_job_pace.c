/*
 * Goal: jobs of the emulator keep to what their lane allows, and their events say when each record
 * was processed. Method: a table of jobs changed by events, with figures worked out by hand; and
 * whole worlds whose event logs are added up.
 */
#include "world_bench.h"

#include "folder.h"

#include "base/time.h"
#include "sim/event_fields.h"
#include "sim/job_pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define JOBS_MAX 3

/* ---- a table of jobs: 100 records of 60 tokens each, all begun at a day's beginning ---- */

#define DAY_MS INT64_C(1768348800000)

static void apply(struct ps_jobs *const jobs, const char *const text)
{
    yyjson_doc *const doc = yyjson_read(text, strlen(text), 0);
    yyjson_val *const event = yyjson_doc_get_root(doc);
    assert_true(
        ps_jobs_apply(jobs, ps_str_of(yyjson_get_str(yyjson_obj_get(event, "event"))), event));
    yyjson_doc_free(doc);
}

static void set_state(struct ps_jobs *const jobs, const char *const id, const char *const status,
                      const int64_t at_ms)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "{\"event\":\"job.state\",\"job\":\"%s\",\"status\":\"%s\",\"at_ms\":%lld,"
                   "\"records\":100,\"tokens\":6000}",
                   id, status, (long long)at_ms);
    apply(jobs, text);
}

static void begin_job(struct ps_jobs *const jobs, const char *const id, const char *const model,
                      const char *const fate)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "{\"event\":\"job.created\",\"job\":\"%s\",\"name\":\"n\",\"region\":\"r\","
                   "\"base_model\":\"%s\",\"timeout_hours\":100,\"submitted_ms\":%lld,"
                   "\"startup_ms\":1,\"fate\":{%s}}",
                   id, model, (long long)DAY_MS, fate);
    apply(jobs, text);
    set_state(jobs, id, "Scheduled", DAY_MS);
    set_state(jobs, id, "InProgress", DAY_MS);
}

static void run(struct ps_jobs *const jobs, int64_t ret_ended_ms[const JOBS_MAX])
{
    for (;;) {
        size_t first = 0;
        int64_t due_ms = INT64_MAX;
        for (size_t index = 0; index < jobs->count; index++) {
            const int64_t own_ms = ps_jobs_due_ms(jobs->jobs[index]);
            first = own_ms < due_ms ? index : first;
            due_ms = own_ms < due_ms ? own_ms : due_ms;
        }
        if (due_ms == INT64_MAX) {
            return;
        }
        if (ps_jobs_settle(jobs, jobs->jobs[first], due_ms)) {
            set_state(jobs, jobs->jobs[first]->id, "Completed", due_ms);
            ret_ended_ms[first] = due_ms - DAY_MS;
        }
    }
}

static void jobs_end_when_their_limits_let_them(void **const state)
{
    static const struct {
        const char *name;
        struct ps_sim_limits lane;
        const char *models[JOBS_MAX];
        const char *fates[JOBS_MAX];
        int64_t ended_ms[JOBS_MAX];
    } rows[] = {
        {"without a limit: a record a second", {.tpm = 0}, {"m", "m"}, {"", ""}, {100000, 100000}},
        {"6,000 a minute, shared", {.tpm = 6000}, {"m", "m"}, {"", ""}, {120000, 120000}},
        {"other models have their own", {.tpm = 6000}, {"m", "n"}, {"", ""}, {60000, 60000}},
        {"half a job is half the work",
         {.tpm = 6000},
         {"m", "m"},
         {"\"partial\":true", ""},
         {60000, 90000}},
        /* 50 records a day and a half: 3,090 tokens hold 51 of 60; at a record a second. */
        {"a day's budget of whole records", {.tpd = 3090}, {"m"}, {""}, {PS_DAY_MS + 49000}},
        {"the day turns at its hour",
         {.tpd = 3090, .reset_ms = PS_HOUR_MS},
         {"m"},
         {""},
         {PS_HOUR_MS + 49000}},
        {"two records a second, of two jobs: each goes at one",
         {.rps = 2, .rps_counts = PS_RPS_OF_RECORDS},
         {"m", "m"},
         {"", ""},
         {100000, 100000}},
        {"one record a second, of two jobs",
         {.rps = 1, .rps_counts = PS_RPS_OF_RECORDS},
         {"m", "m"},
         {"", ""},
         {200000, 200000}},
        {"calls are none of a job's",
         {.rps = 1, .rps_counts = PS_RPS_OF_CALLS},
         {"m", "m"},
         {"", ""},
         {100000, 100000}},
        {"who refuses does not wait",
         {.tpm = 600, .behaviour = PS_LIMITS_REFUSE},
         {"m", "m"},
         {"", ""},
         {100000, 100000}},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        static const char *const ids[JOBS_MAX] = {"aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"};
        struct ps_sim_limits lane = rows[row].lane;
        const struct ps_limits_list limits = {&lane, 1};
        struct ps_jobs jobs PS_CLEANUP(ps_jobs_release) = {.limits = &limits};
        int64_t ended_ms[JOBS_MAX] = {0, 0, 0};
        for (size_t job = 0; job < JOBS_MAX && rows[row].models[job] != NULL; job++) {
            begin_job(&jobs, ids[job], rows[row].models[job], rows[row].fates[job]);
        }
        run(&jobs, ended_ms);
        for (size_t job = 0; job < JOBS_MAX; job++) {
            /* Each event is rounded up to a whole millisecond. */
            if (ended_ms[job] < rows[row].ended_ms[job] ||
                ended_ms[job] > rows[row].ended_ms[job] + 5) {
                fail_msg("'%s': job %zu ended at %lld", rows[row].name, job,
                         (long long)ended_ms[job]);
            }
        }
    }
}

/* ---- a whole world ---- */

struct sums {
    int64_t records;
    int64_t refused;
    int64_t first_ms;
    int64_t last_ms;
    int64_t last_of_day_ms; /* before the turn at 05:00 */
    int64_t of_day;
    int64_t tokens_of_day;
    int64_t tokens;
};

static void add_record(struct sums *const sums, yyjson_val *const event, const int64_t turn_ms)
{
    const int64_t at_ms = ps_event_number(event, "at_ms");
    const int64_t tokens =
        ps_event_number(event, "input_tokens") + ps_event_number(event, "output_tokens");
    sums->first_ms = sums->first_ms == 0 || at_ms < sums->first_ms ? at_ms : sums->first_ms;
    sums->last_ms = at_ms > sums->last_ms ? at_ms : sums->last_ms;
    sums->records++;
    sums->refused += ps_event_number(event, "error_code") == 429 ? 1 : 0;
    sums->tokens += tokens;
    if (at_ms < turn_ms) {
        sums->of_day++;
        sums->tokens_of_day += tokens;
    }
}

static struct sums sums_of(const struct bench *const bench, const int64_t turn_ms)
{
    struct sums sums = {0, 0, 0, 0, 0, 0, 0, 0};
    char *const log = test_file_read(bench->folder, "events.jsonl");
    char *rest = log;
    for (char *line = strsep(&rest, "\n"); line != NULL && line[0] != '\0';
         line = strsep(&rest, "\n")) {
        yyjson_doc *const doc = yyjson_read(line, strlen(line), 0);
        yyjson_val *const event = yyjson_doc_get_root(doc);
        if (ps_str_equals_text(ps_event_text(event, "event"), "record")) {
            add_record(&sums, event, turn_ms);
        }
        yyjson_doc_free(doc);
    }
    free(log);
    return sums;
}

static void start_job(struct bench *const bench, const char *const limits, char ret_id[const 16])
{
    bench_init(bench, NULL, limits);
    bench_put_lines(bench, "f/in/a/x.jsonl", 200, 0);
    char *const body = bench_job_body(bench, "job", "f", ",\"timeoutDurationInHours\":48");
    assert_true(bench_create(bench, body, ret_id));
    free(body);
}

static void records_of_a_day_fit_its_budget(void **const state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    /* What all of it costs, first. */
    start_job(&bench, "startup=60s,min_records=1", id);
    bench_run_all(&bench);
    const struct sums whole = sums_of(&bench, INT64_MAX);
    assert_int_equal(whole.records, 200);
    bench_release(&bench);
    /* Then at half of that a day; the clock begins at 09:51, the day turns at 05:00. */
    char limits[128];
    (void)snprintf(limits, sizeof limits, "startup=60s,min_records=1,tpm=600,tpd=%lld,reset=05:00Z",
                   (long long)(whole.tokens / 2 + 1));
    start_job(&bench, limits, id);
    const int64_t turn_ms =
        BENCH_START_MS - BENCH_START_MS % PS_DAY_MS + PS_DAY_MS + 5 * PS_HOUR_MS;
    bench_run(&bench, turn_ms - PS_MINUTE_MS);
    /* A kill in between changes nothing: the pool stands where it stood. */
    bench_reopen(&bench);
    assert_in_range(bench_get_number(&bench, id, "processedRecordCount"), 98, 101);
    bench_run_all(&bench);
    const struct sums sums = sums_of(&bench, turn_ms);
    assert_int_equal(sums.records, 200);
    assert_int_equal(sums.refused, 0);
    assert_int_equal(sums.tokens, whole.tokens);
    /* Records of a job weigh alike for the pool; the real ones differ by a little. */
    assert_in_range(sums.of_day, 98, 101);
    assert_true(sums.last_ms > turn_ms);
}

static void a_pool_that_refuses_shows_429(void **const state)
{
    (void)state;
    struct bench bench PS_CLEANUP(bench_release);
    char id[16];
    start_job(&bench, "startup=60s,min_records=1,rps=1,rps_counts=records,behaviour=refuse", id);
    bench_run_all(&bench);
    assert_int_equal(sums_of(&bench, INT64_MAX).refused, 0); /* one a second is its own pace */
    bench_release(&bench);
    start_job(&bench, "startup=60s,min_records=1,tpd=1000,behaviour=refuse", id);
    bench_run_all(&bench);
    const struct sums sums = sums_of(&bench, INT64_MAX);
    assert_int_equal(sums.records, 200);
    assert_in_range(sums.tokens, 1, 1000);
    assert_int_equal(bench_get_number(&bench, id, "errorRecordCount"), sums.refused);
    assert_int_equal(bench_ledger_number(&bench, "/refused_records"), sums.refused);
    assert_true(sums.refused > 100);
    /* And it took as long as without a limit. */
    assert_in_range(sums.last_ms - BENCH_START_MS, 260000, 261000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_end_when_their_limits_let_them),
        cmocka_unit_test(records_of_a_day_fit_its_budget),
        cmocka_unit_test(a_pool_that_refuses_shows_429),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
