/*
 * Goal: events come out as they were told, bursts as one with how often, and the table of kinds can
 * be read by name. Method: lists fed by hand.
 */
#include "core/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define BEGIN_MS INT64_C(1000000)

static struct ps_event event_of(const enum ps_event_kind kind, const int64_t lane,
                                const int64_t at_ms)
{
    return (struct ps_event){.kind = kind, .lane = lane, .job = -1, .at_ms = at_ms};
}

static void tell(struct ps_events *const events, const enum ps_event_kind kind, const int64_t lane,
                 const int64_t at_ms)
{
    const struct ps_event event = event_of(kind, lane, at_ms);
    ps_events_add(events, &event);
}

static void expect(struct ps_events *const events, const int64_t now_ms,
                   const struct ps_event *const wanted)
{
    struct ps_event event;
    assert_true(ps_events_take(events, now_ms, &event));
    assert_int_equal(event.kind, wanted->kind);
    assert_int_equal(event.lane, wanted->lane);
    assert_int_equal(event.at_ms, wanted->at_ms);
    assert_int_equal(event.times, wanted->times);
}

static void expect_nothing(struct ps_events *const events, const int64_t now_ms)
{
    struct ps_event event;
    assert_false(ps_events_take(events, now_ms, &event));
}

static void come_out_in_their_order_and_once(void **state)
{
    (void)state;
    struct ps_events events = {0};
    for (int64_t number = 0; number < 100; number++) {
        tell(&events, PS_EVENT_JOB_FOUND, number, BEGIN_MS + number);
    }
    for (int64_t number = 0; number < 100; number++) {
        const struct ps_event wanted = {
            .kind = PS_EVENT_JOB_FOUND, .lane = number, .at_ms = BEGIN_MS + number, .times = 1};
        expect(&events, BEGIN_MS, &wanted);
    }
    expect_nothing(&events, BEGIN_MS);
    tell(&events, PS_EVENT_JOB_ENDED, 1, BEGIN_MS);
    expect(
        &events, BEGIN_MS,
        &(struct ps_event){.kind = PS_EVENT_JOB_ENDED, .lane = 1, .at_ms = BEGIN_MS, .times = 1});
    ps_events_release(&events);
}

static void a_list_that_nobody_empties_is_bounded(void **state)
{
    (void)state;
    struct ps_events events = {0};
    struct ps_event event;
    int64_t count = 0;
    for (int64_t number = 0; number < PS_EVENTS_HELD_MAX + 10; number++) {
        tell(&events, PS_EVENT_JOB_FOUND, number, BEGIN_MS);
    }
    while (ps_events_take(&events, BEGIN_MS, &event)) {
        assert_int_equal(event.lane, count++);
    }
    assert_int_equal(count, PS_EVENTS_HELD_MAX);
    ps_events_release(&events);
}

static void a_burst_is_told_at_once_and_then_as_one(void **state)
{
    (void)state;
    struct ps_events events = {0};
    const int64_t gap_ms = ps_event_row(PS_EVENT_THROTTLED)->gap_ms;
    assert_true(gap_ms > 0);
    tell(&events, PS_EVENT_THROTTLED, 0, BEGIN_MS);
    tell(&events, PS_EVENT_THROTTLED, 0, BEGIN_MS + 1);
    tell(&events, PS_EVENT_THROTTLED, 1, BEGIN_MS + 2); /* another lane's own */
    tell(&events, PS_EVENT_THROTTLED, 0, BEGIN_MS + 3);
    struct ps_event wanted = {.kind = PS_EVENT_THROTTLED, .at_ms = BEGIN_MS, .times = 1};
    expect(&events, BEGIN_MS + 4, &wanted);
    wanted.lane = 1;
    wanted.at_ms = BEGIN_MS + 2;
    expect(&events, BEGIN_MS + 4, &wanted);
    expect_nothing(&events, BEGIN_MS + gap_ms - 1);
    wanted = (struct ps_event){.kind = PS_EVENT_THROTTLED, .at_ms = BEGIN_MS + 3, .times = 2};
    expect(&events, BEGIN_MS + gap_ms, &wanted);
    expect_nothing(&events, BEGIN_MS + 10 * gap_ms);
    ps_events_release(&events);
}

static void what_was_held_is_told_with_the_next(void **state)
{
    (void)state;
    struct ps_events events = {0};
    const int64_t gap_ms = ps_event_row(PS_EVENT_THROTTLED)->gap_ms;
    tell(&events, PS_EVENT_THROTTLED, 0, BEGIN_MS);
    tell(&events, PS_EVENT_THROTTLED, 0, BEGIN_MS + 1);
    tell(&events, PS_EVENT_THROTTLED, 0, BEGIN_MS + gap_ms);
    struct ps_event wanted = {.kind = PS_EVENT_THROTTLED, .at_ms = BEGIN_MS, .times = 1};
    expect(&events, BEGIN_MS, &wanted);
    wanted.at_ms = BEGIN_MS + gap_ms;
    wanted.times = 2;
    expect(&events, BEGIN_MS + gap_ms, &wanted);
    expect_nothing(&events, BEGIN_MS + 10 * gap_ms);
    ps_events_release(&events);
}

static void a_wall_clock_set_back_holds_nothing_up(void **state)
{
    (void)state;
    struct ps_events events = {0};
    tell(&events, PS_EVENT_THROTTLED, 0, BEGIN_MS);
    tell(&events, PS_EVENT_THROTTLED, 0, BEGIN_MS - 1);
    struct ps_event wanted = {.kind = PS_EVENT_THROTTLED, .at_ms = BEGIN_MS, .times = 1};
    expect(&events, BEGIN_MS, &wanted);
    wanted.at_ms = BEGIN_MS - 1;
    expect(&events, BEGIN_MS, &wanted);
    ps_events_release(&events);
}

static void kinds_and_numbers_are_known_by_their_names(void **state)
{
    (void)state;
    enum ps_event_kind kind = PS_EVENT_COUNT;
    for (int each = 0; each < PS_EVENT_COUNT; each++) {
        const char *const name = ps_event_row((enum ps_event_kind)each)->name;
        assert_true(ps_event_kind_of(ps_str_of(name), &kind));
        assert_int_equal(kind, each);
        /* No more numbers than there is room for. */
        assert_int_equal(ps_event_number_name((enum ps_event_kind)each, PS_EVENT_NUMBERS_MAX).size,
                         0);
    }
    assert_false(ps_event_kind_of(PS_STR("no_such_event"), &kind));
    assert_int_equal(ps_event_number_place(PS_EVENT_JOB_CREATED, PS_STR("records")), 0);
    assert_int_equal(ps_event_number_place(PS_EVENT_JOB_CREATED, PS_STR("slots_max")), 3);
    assert_int_equal(ps_event_number_place(PS_EVENT_JOB_CREATED, PS_STR("slot")), -1);
    assert_int_equal(ps_event_number_place(PS_EVENT_RUN_HALTED, PS_STR("")), -1);
    assert_true(ps_str_equals_text(ps_event_number_name(PS_EVENT_JOB_CREATED, 1), "tokens"));
    assert_int_equal(ps_event_number_name(PS_EVENT_RUN_HALTED, 0).size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_out_in_their_order_and_once),
        cmocka_unit_test(a_list_that_nobody_empties_is_bounded),
        cmocka_unit_test(a_burst_is_told_at_once_and_then_as_one),
        cmocka_unit_test(what_was_held_is_told_with_the_next),
        cmocka_unit_test(a_wall_clock_set_back_holds_nothing_up),
        cmocka_unit_test(kinds_and_numbers_are_known_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
