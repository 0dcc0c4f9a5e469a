/* Goal: a job's record says what it holds and what its listing names. Method: each state, small
 * texts. */
#include "core/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void every_state_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int one = 0; one < PS_STATE_COUNT; one++) {
        for (int other = 0; other < one; other++) {
            assert_string_not_equal(ps_job_state_word((enum ps_job_state)one),
                                    ps_job_state_word((enum ps_job_state)other));
        }
    }
}

static void holds_its_slot_from_the_intent_to_the_end(void **state)
{
    (void)state;
    for (int one = 0; one < PS_STATE_COUNT; one++) {
        struct ps_job job = {.state = (enum ps_job_state)one};
        const bool is_between = one >= PS_STATE_CREATING && one <= PS_STATE_ASKING;
        const bool is_calling = one == PS_STATE_GATHERING || one == PS_STATE_CALLING;
        assert_int_equal(ps_job_holds_slot(&job), is_between || is_calling);
        job.ended_ms = 1;
        assert_false(ps_job_holds_slot(&job));
        assert_int_equal(ps_job_holds_records(&job), one != PS_STATE_DONE && one != PS_STATE_VOID);
    }
}

static void reads_its_listing_row_by_row(void **state)
{
    (void)state;
    struct ps_job job = {0};
    struct ps_str key = PS_STR("?");
    int64_t size_bytes = -7;
    ps_job_set_text(&job.listing, "12 out/a b\n0 out/manifest\n");
    for (int again = 0; again < 2; again++) {
        assert_true(ps_job_listed(&job, &key, &size_bytes));
        assert_true(ps_str_equals_text(key, "out/a b"));
        assert_int_equal(size_bytes, 12);
    }
    ps_job_pass_listed(&job);
    job.listing[0] = '\0'; /* what was passed is not walked again */
    assert_true(ps_job_listed(&job, &key, &size_bytes));
    assert_true(ps_str_equals_text(key, "out/manifest"));
    assert_int_equal(size_bytes, 0);
    for (int again = 0; again < 2; again++) {
        ps_job_pass_listed(&job);
        assert_false(ps_job_listed(&job, &key, &size_bytes));
    }
    ps_job_set_text(&job.listing, NULL);
    job.listing_at = 0;
    assert_false(ps_job_listed(&job, &key, &size_bytes));
    ps_job_set_text(&job.arn, "one");
    ps_job_set_text(&job.arn, job.arn);
    assert_string_equal(job.arn, "one");
    ps_job_release(&job);
    assert_null(job.arn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_has_a_name_of_its_own),
        cmocka_unit_test(holds_its_slot_from_the_intent_to_the_end),
        cmocka_unit_test(reads_its_listing_row_by_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
