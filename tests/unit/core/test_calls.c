/* Goal: calls go out within requests a second and tokens a minute, in as many at once as rate and
 * latency ask for, slower after a refusal, and repeats have a budget. Method: instants as rows; a
 * service of a fixed latency lived through for minutes, its sums held against the limits. */
#include "core/calls.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct ps_call_tokens most = {1000, 2000};
static const struct ps_call_tokens used = {1000, 500};

/* Calls that are answered in order, each after the same time. */
struct service {
    int64_t latency_ms;
    int64_t sent_ms[PS_CALLS_OPEN_MAX];
    int64_t first; /* of those that are open */
    int64_t next;
    int64_t peak;
};

/* Sends whatever may go until `until_ms`; returns how many were sent. */
static int64_t live(struct ps_calls *const calls, struct service *const service,
                    const int64_t from_ms, const int64_t until_ms)
{
    int64_t sent = 0;
    for (int64_t now_ms = from_ms; now_ms < until_ms; now_ms++) {
        while (service->first < service->next &&
               service->sent_ms[service->first % PS_CALLS_OPEN_MAX] + service->latency_ms <=
                   now_ms) {
            ps_calls_settle(calls, most, used, service->sent_ms[service->first % PS_CALLS_OPEN_MAX],
                            now_ms);
            service->first++;
        }
        while (ps_calls_ready_ms(calls, most, false, now_ms) <= now_ms) {
            ps_calls_send(calls, most, false, now_ms);
            service->sent_ms[service->next++ % PS_CALLS_OPEN_MAX] = now_ms;
            service->peak = calls->open > service->peak ? calls->open : service->peak;
            sent++;
        }
    }
    return sent;
}

static void requests_a_second_are_used_and_not_crossed(void **state)
{
    (void)state;
    struct ps_calls calls;
    struct service service = {.latency_ms = 8000};
    ps_calls_init(&calls, 20, 0, 1);
    const int64_t sent = live(&calls, &service, 0, 300 * PS_SECOND_MS);
    assert_in_range(sent, 20 * 300 - 20, 20 * 300 + 1);
}

static void tokens_a_minute_are_used_and_not_crossed(void **state)
{
    (void)state;
    struct ps_calls calls;
    struct service service = {.latency_ms = 5000};
    ps_calls_init(&calls, 0, 300000, 4);
    const int64_t sent = live(&calls, &service, 0, 60 * PS_MINUTE_MS);
    const int64_t weight = used.input + 4 * used.output;
    assert_true(sent * weight <= 60 * 300000 + 15000 + calls.open * (most.input + most.output));
    assert_true(sent * weight >= 60 * 300000 / 100 * 98);
}

static void as_many_are_open_as_rate_and_latency_ask_for(void **state)
{
    (void)state;
    struct ps_calls calls;
    struct service service = {.latency_ms = 8000};
    ps_calls_init(&calls, 20, 0, 1);
    (void)live(&calls, &service, 0, 60 * PS_SECOND_MS);
    assert_in_range(service.peak, 150, 170);
    assert_in_range(ps_calls_open_max(&calls), 2 * 160, 2 * 170 + 8);
}

static void without_a_rate_the_window_grows_with_the_answers(void **state)
{
    (void)state;
    struct ps_calls calls;
    struct service service = {.latency_ms = 1000};
    ps_calls_init(&calls, 0, 0, 1);
    assert_int_equal(live(&calls, &service, 0, 1000), 8);
    assert_int_equal(live(&calls, &service, 1000, 2000), 16);
    assert_int_equal(live(&calls, &service, 2000, 3000), 32);
    (void)live(&calls, &service, 3000, 20000);
    assert_int_equal(service.peak, PS_CALLS_OPEN_MAX);
}

static void a_refusal_pauses_once_for_all_that_went_out_together(void **state)
{
    (void)state;
    struct ps_calls calls;
    ps_calls_init(&calls, 0, 0, 1);
    for (int call = 0; call < 8; call++) {
        ps_calls_send(&calls, most, false, 0);
    }
    ps_calls_refuse(&calls, most, 700, 100);
    ps_calls_refuse(&calls, most, 900, 101);
    assert_int_equal(calls.failures, 1);
    assert_int_equal(calls.window, 5);
    assert_int_equal(ps_calls_ready_ms(&calls, most, false, 101), INT64_MAX);
    ps_calls_lose(&calls, 900, 101);
    ps_calls_lose(&calls, 900, 101);
    assert_int_equal(ps_calls_ready_ms(&calls, most, false, 101), 800);
    ps_calls_settle(&calls, most, used, 0, 900);
    assert_int_equal(calls.failures, 0);
    assert_int_equal(calls.window, 5);
    for (int call = 0; call < 3; call++) {
        ps_calls_settle(&calls, most, used, 0, 900);
    }
    ps_calls_send(&calls, most, false, 900);
    ps_calls_settle(&calls, most, used, 900, 900);
    assert_int_equal(calls.window, 6);
}

static void what_was_refused_is_given_back_and_what_is_lost_is_not(void **state)
{
    (void)state;
    struct ps_calls calls;
    ps_calls_init(&calls, 0, 60000, 1);
    ps_calls_send(&calls, most, false, 0);
    ps_calls_refuse(&calls, most, 0, 0);
    assert_int_equal(ps_calls_ready_ms(&calls, most, false, 0), 0);
    ps_calls_send(&calls, most, false, 0);
    ps_calls_return(&calls, most, 0);
    assert_int_equal(ps_calls_ready_ms(&calls, most, false, 0), 0);
    ps_calls_send(&calls, most, false, 0);
    ps_calls_lose(&calls, 0, 0);
    assert_int_equal(ps_calls_ready_ms(&calls, most, false, 0), 3000);
}

static void repeats_have_a_budget_and_then_go_one_at_a_time(void **state)
{
    (void)state;
    struct ps_calls calls;
    int64_t now_ms = 0;
    ps_calls_init(&calls, 0, 0, 1);
    ps_calls_send(&calls, most, false, now_ms);
    for (int repeat = 0; repeat < 10; repeat++) {
        assert_true(ps_calls_ready_ms(&calls, most, true, now_ms) <= now_ms);
        ps_calls_send(&calls, most, true, now_ms);
        ps_calls_refuse(&calls, most, 0, now_ms);
        calls.window = 8; /* not what this is about */
        now_ms++;
    }
    assert_int_equal(ps_calls_ready_ms(&calls, most, true, now_ms), INT64_MAX);
    assert_true(ps_calls_ready_ms(&calls, most, false, now_ms) <= now_ms);
    ps_calls_return(&calls, most, now_ms);
    assert_true(ps_calls_ready_ms(&calls, most, true, now_ms) <= now_ms);
    for (int answer = 0; answer < 10; answer++) {
        ps_calls_send(&calls, most, false, now_ms);
        ps_calls_settle(&calls, most, used, now_ms, now_ms);
    }
    ps_calls_send(&calls, most, false, now_ms);
    assert_true(ps_calls_ready_ms(&calls, most, true, now_ms) <= now_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_a_second_are_used_and_not_crossed),
        cmocka_unit_test(tokens_a_minute_are_used_and_not_crossed),
        cmocka_unit_test(as_many_are_open_as_rate_and_latency_ask_for),
        cmocka_unit_test(without_a_rate_the_window_grows_with_the_answers),
        cmocka_unit_test(a_refusal_pauses_once_for_all_that_went_out_together),
        cmocka_unit_test(what_was_refused_is_given_back_and_what_is_lost_is_not),
        cmocka_unit_test(repeats_have_a_budget_and_then_go_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
