/* Goal: the words for wishes and job states are whole and tell ends from lives. Method: every one.
 */
#include "core/wish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static void every_wish_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int kind = 0; kind < PS_WISH_KIND_COUNT; kind++) {
        const char *const name = ps_wish_name((enum ps_wish_kind)kind);
        assert_non_null(name);
        for (int other = 0; other < kind; other++) {
            assert_string_not_equal(name, ps_wish_name((enum ps_wish_kind)other));
        }
    }
}

static void local_wishes_are_told_from_the_world_s(void **state)
{
    (void)state;
    assert_false(ps_wish_is_local(PS_WISH_IDENTITY));
    assert_false(ps_wish_is_local(PS_WISH_STOP_JOB));
    assert_false(ps_wish_is_local(PS_WISH_INVOKE));
    assert_true(ps_wish_is_local(PS_WISH_CUT_JOBS));
    assert_true(ps_wish_is_local(PS_WISH_GIVE_UP));
}

static void job_states_are_read_as_the_service_writes_them(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum ps_job_status status;
        bool is_terminal;
    } rows[] = {
        {"Submitted", PS_JOB_SUBMITTED, false},
        {"Validating", PS_JOB_VALIDATING, false},
        {"Scheduled", PS_JOB_SCHEDULED, false},
        {"InProgress", PS_JOB_IN_PROGRESS, false},
        {"Stopping", PS_JOB_STOPPING, false},
        {"Completed", PS_JOB_COMPLETED, true},
        {"PartiallyCompleted", PS_JOB_PARTIALLY_COMPLETED, true},
        {"Failed", PS_JOB_FAILED, true},
        {"Stopped", PS_JOB_STOPPED, true},
        {"Expired", PS_JOB_EXPIRED, true},
        {"completed", PS_JOB_STATUS_UNKNOWN, false},
        {"Paused", PS_JOB_STATUS_UNKNOWN, false},
        {"", PS_JOB_STATUS_UNKNOWN, false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const enum ps_job_status status = ps_job_status_of(ps_str_of(rows[row].word));
        assert_int_equal(status, rows[row].status);
        assert_int_equal(ps_job_status_is_terminal(status), rows[row].is_terminal);
        if (status != PS_JOB_STATUS_UNKNOWN) {
            assert_string_equal(ps_job_status_name(status), rows[row].word);
        }
    }
}

static void a_released_fact_is_empty(void **state)
{
    (void)state;
    struct ps_fact fact = {.kind = PS_WISH_LIST_JOBS, .job_count = 2, .object_count = 1};
    fact.jobs = calloc(2, sizeof(fact.jobs[0]));
    fact.objects = calloc(1, sizeof(fact.objects[0]));
    fact.jobs[1].arn = ps_str_dup(PS_STR("arn"));
    fact.objects[0].key = ps_str_dup(PS_STR("key"));
    fact.text = ps_str_dup(PS_STR("text"));
    ps_fact_release(&fact);
    assert_null(fact.jobs);
    assert_null(fact.objects);
    assert_null(fact.text);
    assert_int_equal(fact.job_count, 0);
    ps_fact_release(&fact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wish_has_a_name_of_its_own),
        cmocka_unit_test(local_wishes_are_told_from_the_world_s),
        cmocka_unit_test(job_states_are_read_as_the_service_writes_them),
        cmocka_unit_test(a_released_fact_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
