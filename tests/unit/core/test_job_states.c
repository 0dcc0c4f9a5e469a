/*
 * Goal: the table of states keeps the promises that a table alone can keep.
 * Method: every cell is looked at: ends are ends, and what may be at the service is never let go.
 */
#include "core/job_states.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct ps_job_cell cell(const int state, const int fact)
{
    return ps_job_states_cell((enum ps_job_state)state, (enum ps_job_fact)fact);
}

static void ends_are_ends(void **state)
{
    (void)state;
    for (int fact = 0; fact < PS_JOB_FACT_COUNT; fact++) {
        assert_int_equal(cell(PS_STATE_DONE, fact).action, PS_ACT_NOTHING);
        assert_int_equal(cell(PS_STATE_VOID, fact).action, PS_ACT_NOTHING);
    }
}

/* R2: from the first signing on a job is let go only by what was seen, never by a stop. */
static void what_may_be_at_the_service_is_never_void(void **state)
{
    (void)state;
    for (int from = PS_STATE_CREATING; from < PS_STATE_COUNT; from++) {
        for (int fact = 0; fact < PS_JOB_FACT_COUNT; fact++) {
            assert_int_not_equal(cell(from, fact).action, PS_ACT_VOID);
        }
        if (from != PS_STATE_GATHERING && from != PS_STATE_CALLING) {
            assert_int_equal(cell(from, PS_FACT_STOP).action, PS_ACT_NOTHING);
        }
    }
}

/* R2: a create whose outcome is unknown is looked for, and is not simply sent again. */
static void an_unknown_create_is_looked_for_first(void **state)
{
    (void)state;
    assert_int_equal(cell(PS_STATE_CREATING, PS_FACT_UNKNOWN).next, PS_STATE_LOOK_NAME);
    assert_int_equal(cell(PS_STATE_LOOK_NAME, PS_FACT_EMPTY).next, PS_STATE_LOOK_OUTPUT);
    for (int from = 0; from < PS_STATE_COUNT; from++) {
        for (int fact = 0; fact < PS_JOB_FACT_COUNT; fact++) {
            const struct ps_job_cell found = cell(from, fact);
            const bool may_repeat = found.action == PS_ACT_REPEAT_OR_PROVE;
            assert_int_equal(may_repeat, from == PS_STATE_LOOK_OUTPUT && fact == PS_FACT_EMPTY);
        }
    }
}

/* R3: answers are filed only after they were tallied and judged; those of calls are durable before
 * the engine hears of them. */
static void nothing_is_filed_that_was_not_judged(void **state)
{
    (void)state;
    for (int from = 0; from < PS_STATE_COUNT; from++) {
        for (int fact = 0; fact < PS_JOB_FACT_COUNT; fact++) {
            const struct ps_job_cell found = cell(from, fact);
            if (found.action == PS_ACT_NOTHING) {
                continue;
            }
            if (found.next == PS_STATE_DONE) {
                assert_int_equal(from, PS_STATE_CLOSING);
            }
            if (found.next == PS_STATE_CLOSING && from != PS_STATE_CLOSING) {
                assert_true(found.action == PS_ACT_JUDGE || found.action == PS_ACT_INPUT_GONE ||
                            from == PS_STATE_GATHERING || from == PS_STATE_CALLING);
            }
        }
    }
}

/* R4: nothing that a call may come to sends it again, but for what the engine put back itself. */
static void a_call_that_may_be_paid_is_never_made_again_by_the_table(void **state)
{
    (void)state;
    for (int fact = 0; fact < PS_JOB_FACT_COUNT; fact++) {
        const struct ps_job_cell found = cell(PS_STATE_CALLING, fact);
        assert_true(found.action == PS_ACT_NOTHING || found.action == PS_ACT_HALT ||
                    found.next == PS_STATE_CLOSING ||
                    (found.next == PS_STATE_CALLING && found.action == PS_ACT_PART));
    }
}

static void every_state_with_a_wish_bears_each_outcome(void **state)
{
    (void)state;
    for (int from = 0; from < PS_STATE_COUNT; from++) {
        enum ps_wish_kind kind = PS_WISH_KIND_COUNT;
        if (!ps_job_states_wish((enum ps_job_state)from, &kind)) {
            assert_int_equal(kind, PS_WISH_KIND_COUNT);
            continue;
        }
        assert_true(kind < PS_WISH_KIND_COUNT);
        assert_int_not_equal(cell(from, PS_FACT_LATER).action, PS_ACT_NOTHING);
        assert_int_not_equal(cell(from, PS_FACT_NEVER).action, PS_ACT_NOTHING);
        assert_int_not_equal(cell(from, PS_FACT_UNKNOWN).action, PS_ACT_NOTHING);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_ends),
        cmocka_unit_test(what_may_be_at_the_service_is_never_void),
        cmocka_unit_test(an_unknown_create_is_looked_for_first),
        cmocka_unit_test(nothing_is_filed_that_was_not_judged),
        cmocka_unit_test(a_call_that_may_be_paid_is_never_made_again_by_the_table),
        cmocka_unit_test(every_state_with_a_wish_bears_each_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
