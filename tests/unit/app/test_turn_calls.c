/*
 * Goal: calls on demand are made once each (R4), wherever the process dies or its store fails, and
 * what may have been paid is told. Method: a turn over a service in memory that counts executions.
 */
#include "turn_run.h"

/* ------------------------------------------------ on demand */

/* All of it in one job of calls, a few at once. */
static void call_init(struct run *const run)
{
    run_init(run);
    run->settings.lanes[0].kind = PS_KIND_ON_DEMAND;
    run->settings.lanes[0].rps_counts = PS_RPS_CALLS;
    for (int key = 0; key < PS_LIMIT_COUNT; key++) {
        run->settings.lanes[0].limits[key] = (struct ps_limit){PS_NO_LIMIT, PS_SOURCE_NONE};
    }
    set_limit(run, PS_LIMIT_RPS, 40);
}

/* R4: no record is executed twice, and what may have been is told. */
static void assert_called_once(const struct run *const run, const int64_t lost_max)
{
    const int64_t lost = count(run, PS_ANSWER_MAYBE_PAID);
    assert_int_equal(run->phase, PS_PHASE_ENDED);
    assert_int_equal(count(run, PS_ANSWER_SUCCEEDED) + lost, RECORDS);
    assert_true(lost <= lost_max);
    for (int64_t record = 0; record < RECORDS; record++) {
        const bool has_answer = ps_answers_state(run->answers, record).kind == PS_ANSWER_SUCCEEDED;
        assert_true(run->world.calls[record] <= 1);
        assert_true(run->world.calls[record] == 1 || !has_answer);
        assert_int_equal(ps_answers_state(run->answers, record).tries, 1);
    }
}

static void each_record_is_called_for_once(void **state)
{
    (void)state;
    struct run run;
    struct ps_buf payload PS_CLEANUP(ps_buf_release);
    struct ps_answers_sums sums;
    ps_buf_init(&payload, PS_MB);
    call_init(&run);
    run_open(&run);
    run.world.call_refusals = 5;
    run_on(&run);
    assert_called_once(&run, 0);
    assert_int_equal(run.world.counts[PS_WISH_INVOKE], RECORDS + 5);
    assert_int_equal(run.world.counts[PS_WISH_LIST_JOBS] + run.world.counts[PS_WISH_LIST_OBJECTS],
                     0);
    assert_int_equal(ps_answers_payload(run.answers, 7, &payload, &run.err), PS_OK);
    assert_true(str_holds(ps_buf_str(&payload), "\"text\":\"hi\""));
    assert_true(str_holds(ps_buf_str(&payload), "\"model\":\"model\""));
    ps_answers_sums(run.answers, &sums);
    assert_int_equal(sums.input_tokens, 3 * RECORDS);
    char *list PS_CLEANUP(ps_str_free_auto) = test_file_read(run.scene.run, PS_SEGMENTS_FILE, NULL);
    assert_string_equal(list, "j00000001-a1\n");
    char *answers PS_CLEANUP(ps_str_free_auto) = ps_files_join(run.scene.run, "answers");
    run_close(&run);
    assert_int_equal(test_folder_count(answers), 1); /* the journal is gone */
    run_open(&run);
    run_on(&run);
    assert_called_once(&run, 0);
    run_release(&run);
}

static void calls_that_get_lost_are_not_made_again(void **state)
{
    (void)state;
    struct run run;
    struct ps_buf payload PS_CLEANUP(ps_buf_release);
    ps_buf_init(&payload, PS_MB);
    call_init(&run);
    run_open(&run);
    run.world.call_losses = 3;
    run_on(&run);
    assert_called_once(&run, 3);
    assert_int_equal(count(&run, PS_ANSWER_MAYBE_PAID), 3);
    assert_int_equal(ps_answers_payload(run.answers, 0, &payload, &run.err), PS_OK);
    assert_true(str_holds(ps_buf_str(&payload), "\"code\":\"maybe_paid\""));
    run_close(&run);
    run_open(&run);
    run_on(&run);
    assert_called_once(&run, 3);
    run_release(&run);
}

/* A process that dies with calls open, wherever. */
static void calls_broken_off_anywhere_are_made_once(void **state)
{
    (void)state;
    bool is_broken_off = true;
    int64_t lost = 0;
    for (int64_t facts = 0; is_broken_off; facts++) {
        struct run run;
        assert_true(facts < FACTS_MAX);
        call_init(&run);
        run_open(&run);
        run.world.facts_left = facts;
        const enum ps_status status = run_try(&run);
        assert_true(status == PS_OK || status == PS_E_IO);
        is_broken_off = status != PS_OK;
        run_close(&run);
        run_open(&run);
        run_on(&run);
        assert_called_once(&run, RECORDS);
        lost += count(&run, PS_ANSWER_MAYBE_PAID);
        run_release(&run);
    }
    assert_true(lost > 0);
}

static void calls_with_a_store_that_fails_anywhere_are_made_once(void **state)
{
    (void)state;
    for (int is_after = 0; is_after <= 1; is_after++) {
        bool has_fired = true;
        for (int64_t calls = 0; has_fired; calls++) {
            struct run run;
            call_init(&run);
            run.failing.calls_left = calls;
            run.failing.is_after = is_after == 1;
            run_open(&run);
            (void)run_try(&run);
            has_fired = run.failing.has_fired;
            run_close(&run);
            run.failing = (struct failing_store){.calls_left = -1};
            run_open(&run);
            run_on(&run);
            assert_called_once(&run, RECORDS);
            run_release(&run);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_record_is_called_for_once),
        cmocka_unit_test(calls_that_get_lost_are_not_made_again),
        cmocka_unit_test(calls_broken_off_anywhere_are_made_once),
        cmocka_unit_test(calls_with_a_store_that_fails_anywhere_are_made_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
