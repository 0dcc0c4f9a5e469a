/*
 * Goal: the engine does with a job what the table says, for every state and every fact; where the
 * table says nothing, nothing changes. Method: each cell once, on a job in that state (white box).
 */
#include "core/engine_internal.h"
#include "engine_hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static const struct hand_options defaults = {0};

static struct ps_job *add_job(struct hand *const hand, const enum ps_job_state state)
{
    struct ps_job job = {.number = 1, .attempt = 1, .state = PS_STATE_PLANNED};
    hand_begin(hand, &defaults);
    ps_engine_add_job(hand->engine, &job);
    struct ps_job *const added = ps_engine_job_by_number(hand->engine, 1);
    ps_engine_take_out(hand->engine, added);
    added->state = state;
    ps_engine_put_in(hand->engine, added);
    added->tries = 3;
    added->wake_ms = 77;
    return added;
}

static void every_cell_is_carried_out(void **state)
{
    (void)state;
    struct ps_error error;
    (void)ps_error_set(&error, PS_E_SERVICE, PS_RETRY_LATER, "could not: the test says so");
    for (int from = 0; from < PS_STATE_COUNT; from++) {
        for (int fact = 0; fact < PS_JOB_FACT_COUNT; fact++) {
            struct hand hand;
            struct ps_job *const job = add_job(&hand, (enum ps_job_state)from);
            const struct ps_job before = *job;
            const struct ps_job_cell cell =
                ps_job_states_cell((enum ps_job_state)from, (enum ps_job_fact)fact);
            ps_engine_move(hand.engine, job, (enum ps_job_fact)fact, &error, hand.now);
            if (cell.action == PS_ACT_NOTHING) {
                assert_memory_equal(job, &before, sizeof(before));
                assert_null(ps_engine_dirty(hand.engine));
            } else if (cell.action != PS_ACT_REPEAT_OR_PROVE && cell.action != PS_ACT_JUDGE) {
                assert_string_equal(ps_job_state_word(job->state), ps_job_state_word(cell.next));
                assert_ptr_equal(ps_engine_dirty(hand.engine), job);
            }
            assert_int_equal(ps_engine_phase(hand.engine),
                             cell.action == PS_ACT_HALT ? PS_PHASE_HALTED : PS_PHASE_RUNNING);
            hand_end(&hand);
        }
    }
}

/* What each action does to the count of failures and to the pause. */
static void actions_count_and_forget(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        enum ps_job_state from;
        enum ps_job_fact fact;
        int64_t tries; /* 3 before */
        bool is_waiting;
    } rows[] = {
        {"on to the next state", PS_STATE_LOADING, PS_FACT_DONE, 0, false},
        {"a step of a circle", PS_STATE_LOOK_NAME, PS_FACT_EMPTY, 3, false},
        {"a part of many", PS_STATE_PUTTING, PS_FACT_PART, 0, false},
        {"a failure", PS_STATE_LISTING, PS_FACT_LATER, 4, true},
        {"adopted", PS_STATE_CREATING, PS_FACT_DONE, 0, false},
    };
    struct ps_error error;
    (void)ps_error_set(&error, PS_E_SERVICE, PS_RETRY_LATER, "could not: the test says so");
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct hand hand;
        struct ps_job *const job = add_job(&hand, rows[row].from);
        ps_engine_move(hand.engine, job, rows[row].fact, &error, hand.now);
        if (job->tries != rows[row].tries ||
            (job->wake_ms > hand.now.steady_ms) != rows[row].is_waiting) {
            fail_msg("%s: %lld tries, wake %lld", rows[row].about, (long long)job->tries,
                     (long long)job->wake_ms);
        }
        hand_end(&hand);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_carried_out),
        cmocka_unit_test(actions_count_and_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
