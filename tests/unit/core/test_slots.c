/* Goal: never more jobs at once than is known, fewer after each kind of "no", more again later.
 * Method: one pool lived through by hand, each refusal with what explains it. */
#include "core/slots.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static struct ps_slots made(const int64_t jobs_max, const int64_t tpm,
                            const enum ps_behaviour behaviour)
{
    struct ps_slots slots;
    ps_slots_init(&slots, jobs_max, tpm, behaviour);
    return slots;
}

static void a_pool_that_queues_uses_every_slot_at_once(void **state)
{
    (void)state;
    struct ps_slots slots = made(10, 3000, PS_BEHAVIOUR_QUEUE);
    assert_int_equal(ps_slots_max(&slots, 1), 10);
    assert_int_equal(ps_slots_more_ms(&slots, 10, 1), INT64_MAX);
    slots = made(0, 0, PS_BEHAVIOUR_QUEUE);
    assert_int_equal(ps_slots_max(&slots, 1), INT64_MAX);
    assert_false(ps_slots_wants_list(&slots));
}

static void a_refusal_that_others_explain_takes_theirs_off_and_gives_them_back(void **state)
{
    (void)state;
    struct ps_slots slots = made(10, 0, PS_BEHAVIOUR_QUEUE);
    ps_slots_refuse(&slots, 6, 1000);
    assert_true(ps_slots_wants_list(&slots));
    assert_int_equal(ps_slots_max(&slots, 1000), 6);
    assert_int_equal(ps_slots_list(&slots, 4), PS_SLOTS_OTHERS);
    assert_int_equal(slots.learned, 0);
    assert_int_equal(ps_slots_max(&slots, 2000), 6);
    assert_int_equal(ps_slots_more_ms(&slots, 6, 2000), INT64_MAX);
    assert_int_equal(ps_slots_list(&slots, 4), PS_SLOTS_NOTHING);
    assert_int_equal(ps_slots_list(&slots, 1), PS_SLOTS_OTHERS);
    assert_int_equal(ps_slots_max(&slots, 3000), 9);
    assert_int_equal(ps_slots_list(&slots, 12), PS_SLOTS_OTHERS);
    assert_int_equal(ps_slots_max(&slots, 4000), 0);
    assert_int_equal(ps_slots_list(&slots, 0), PS_SLOTS_OTHERS);
    assert_false(ps_slots_wants_list(&slots));
    assert_int_equal(ps_slots_max(&slots, 5000), 10);
}

static void a_refusal_that_nobody_explains_is_learned_and_tried_again(void **state)
{
    (void)state;
    struct ps_slots slots = made(10, 0, PS_BEHAVIOUR_QUEUE);
    ps_slots_refuse(&slots, 5, 1000);
    assert_int_equal(ps_slots_list(&slots, 0), PS_SLOTS_LEARNED);
    assert_int_equal(slots.learned, 5);
    assert_int_equal(ps_slots_max(&slots, 1000), 5);
    const int64_t more_ms = ps_slots_more_ms(&slots, 5, 1000);
    assert_in_range(more_ms, 10 * PS_MINUTE_MS, 20 * PS_MINUTE_MS);
    assert_int_equal(ps_slots_max(&slots, more_ms - 1), 5);
    assert_int_equal(ps_slots_max(&slots, more_ms), 6);
    /* Refused again: the same is not told twice. */
    ps_slots_refuse(&slots, 5, more_ms);
    assert_int_equal(ps_slots_list(&slots, 0), PS_SLOTS_NOTHING);
    assert_int_equal(ps_slots_max(&slots, more_ms), 5);
    /* It goes well: more is known, and at the known limit all is as it was. */
    ps_slots_hold(&slots, 7);
    assert_int_equal(slots.learned, 7);
    ps_slots_hold(&slots, 10);
    assert_int_equal(slots.learned, 0);
    assert_int_equal(ps_slots_max(&slots, more_ms + PS_DAY_MS), 10);
}

static void a_known_rate_carries_as_many_jobs_as_their_speeds_say(void **state)
{
    (void)state;
    struct ps_slots slots = made(20, 100000, PS_BEHAVIOUR_REFUSE);
    assert_int_equal(ps_slots_max(&slots, 1000), 1);
    struct ps_slots_look look = {.running = 1,
                                 .records = 100,
                                 .tpm = 20000,
                                 .job_tpm = 20000,
                                 .measured = 1,
                                 .all_tpm = 20000};
    assert_int_equal(ps_slots_see(&slots, &look, 2000), PS_SLOTS_NOTHING);
    assert_int_equal(ps_slots_max(&slots, 2000), 2); /* one that is not seen beside one that is */
    look.running = look.measured = 2;
    look.all_tpm = 40000;
    assert_int_equal(ps_slots_see(&slots, &look, 3000), PS_SLOTS_NOTHING);
    assert_int_equal(ps_slots_max(&slots, 3000), 4);
    look.running = look.measured = 4;
    look.all_tpm = 90000;
    assert_int_equal(ps_slots_see(&slots, &look, 4000), PS_SLOTS_NOTHING);
    assert_int_equal(ps_slots_max(&slots, 4000), 4);
    /* What is refused all the same says that less of the rate is ours. */
    look.errors = 20;
    assert_int_equal(ps_slots_see(&slots, &look, 5000), PS_SLOTS_SHRUNK);
    assert_int_equal(ps_slots_max(&slots, 5000), 2);
    assert_int_equal(ps_slots_see(&slots, &look, 6000), PS_SLOTS_NOTHING); /* the same burst */
    assert_int_equal(ps_slots_max(&slots, 5000 + PS_HOUR_MS), 4);
}

static void who_learns_begins_with_one_and_finds_out_which_it_is(void **state)
{
    (void)state;
    struct ps_slots queue = made(20, 100000, PS_BEHAVIOUR_LEARN);
    struct ps_slots refuse = queue;
    assert_int_equal(ps_slots_max(&queue, 0), 1);
    assert_int_equal(ps_slots_more_ms(&queue, 1, 0), 10 * PS_MINUTE_MS);
    assert_int_equal(ps_slots_max(&queue, 10 * PS_MINUTE_MS), 2);
    assert_int_equal(ps_slots_max(&queue, 30 * PS_MINUTE_MS), 8);
    const struct ps_slots_look shared = {
        .running = 2, .records = 100, .tpm = 99000, .job_tpm = 50000};
    assert_int_equal(ps_slots_see(&queue, &shared, 1000), PS_SLOTS_QUEUES);
    assert_int_equal(ps_slots_max(&queue, 1000), 20);
    assert_int_equal(ps_slots_max(&refuse, 0), 1);
    const struct ps_slots_look refused = {
        .running = 2, .records = 100, .errors = 30, .tpm = 140000, .job_tpm = 70000};
    assert_int_equal(ps_slots_see(&refuse, &refused, 1000), PS_SLOTS_REFUSES);
    assert_int_equal(ps_slots_max(&refuse, 1000), 1);
    assert_int_equal(refuse.behaviour, PS_BEHAVIOUR_REFUSE);
}

static void records_that_fail_by_themselves_are_no_refusals(void **state)
{
    (void)state;
    struct ps_slots slots = made(20, 0, PS_BEHAVIOUR_LEARN);
    const struct ps_slots_look few = {.running = 2, .records = 1000, .errors = 50};
    const struct ps_slots_look many = {.running = 2, .records = 1000, .errors = 60};
    assert_int_equal(ps_slots_see(&slots, &few, 1000), PS_SLOTS_NOTHING);
    assert_int_equal(ps_slots_see(&slots, &many, 2000), PS_SLOTS_REFUSES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_that_queues_uses_every_slot_at_once),
        cmocka_unit_test(a_refusal_that_others_explain_takes_theirs_off_and_gives_them_back),
        cmocka_unit_test(a_refusal_that_nobody_explains_is_learned_and_tried_again),
        cmocka_unit_test(a_known_rate_carries_as_many_jobs_as_their_speeds_say),
        cmocka_unit_test(who_learns_begins_with_one_and_finds_out_which_it_is),
        cmocka_unit_test(records_that_fail_by_themselves_are_no_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
