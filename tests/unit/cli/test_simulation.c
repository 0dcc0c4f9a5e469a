/*
 * Goal: a plan request runs in virtual time and is told by the service's own record; the bound is
 * for what was really used. Method: small demands against the engine and the simulated service.
 */
#include "cli/simulation.h"

#include "cli_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NUMBERS "simulate", "--records", "5000", "--input-tokens", "1000", "--output-tokens", "200"
#define LIMITS "jobs=10,min_records=100,job_records=1000,files=10,startup=15m,rps_counts=none"

static void simulated(struct ps_simulation *const simulation,
                      const struct ps_simulation_options *const said,
                      const struct ps_options *const options)
{
    struct ps_plan_request request PS_CLEANUP(ps_plan_request_release);
    struct ps_simulation_options simulation_options = *said;
    struct ps_error err;
    ps_plan_request_init(&request);
    assert_int_equal(ps_plan_request_read(&request, options, &err), PS_OK);
    simulation_options.request = &request;
    simulation_options.poll_ms = options->poll_ms;
    if (ps_simulation_run(&simulation_options, 1, simulation, &err) != PS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(simulation->violations, 0);
    assert_int_equal(simulation->paid_twice, 0);
    assert_int_equal(simulation->breaches, 0);
}

static void the_ratio_is_rounded_up_and_never_below_what_it_was(void **state)
{
    (void)state;
    static const struct {
        int64_t makespan_ms;
        int64_t lower_bound_ms;
        int64_t ratio;
    } rows[] = {{3000, 3000, 10000}, {3001, 3000, 10004}, {1, 0, 0}, {6000, 3000, 20000}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const struct ps_simulation simulation = {.makespan_ms = rows[row].makespan_ms,
                                                 .lower_bound_ms = rows[row].lower_bound_ms};
        assert_int_equal(ps_simulation_ratio(&simulation), rows[row].ratio);
    }
}

static void one_lane_is_as_fast_as_its_limits_allow(void **state)
{
    (void)state;
    struct ps_options options;
    struct ps_simulation simulation;
    cli_options(&options, NUMBERS, "--lane", LIMITS ",tpm=100k", NULL);
    simulated(&simulation, &(struct ps_simulation_options){0}, &options);
    /* 6,000,000 tokens at 100,000 a minute, after a start-up of 15 minutes. */
    assert_int_equal(simulation.lower_bound_ms, 75 * PS_MINUTE_MS);
    assert_in_range(ps_simulation_ratio(&simulation), 10000, 10200);
    assert_int_equal(simulation.records.succeeded, 5000);
    assert_int_equal(simulation.input_tokens, 5000000);
    assert_int_equal(simulation.output_tokens, 1000000);
    assert_int_equal(simulation.lanes[0].jobs, simulation.job_count);
    assert_int_equal(simulation.use_count, 1);
    assert_string_equal(simulation.uses[0].pool, "main");
    assert_int_equal(simulation.uses[0].tokens, 6000000);
    assert_in_range(simulation.uses[0].tpm_permille, 980, 1000);
    int64_t records = 0;
    for (int64_t job = 0; job < simulation.job_count; job++) {
        assert_true(simulation.jobs[job].start_ms >= 0);
        assert_true(simulation.jobs[job].end_ms > simulation.jobs[job].start_ms);
        assert_true(simulation.jobs[job].end_ms <= simulation.makespan_ms);
        records += simulation.jobs[job].records;
    }
    assert_int_equal(records, 5000);
    ps_simulation_release(&simulation);
    ps_options_release(&options);
}

static void what_differs_from_what_was_said_moves_the_bound_too(void **state)
{
    (void)state;
    struct ps_options options;
    struct ps_simulation simulation;
    cli_options(&options, NUMBERS, "--lane", LIMITS ",tpm=100k", NULL);
    simulated(&simulation, &(struct ps_simulation_options){.what_if = {.bias_permille = 100}},
              &options);
    assert_in_range(simulation.lower_bound_ms, 81 * PS_MINUTE_MS - 60, 81 * PS_MINUTE_MS);
    assert_in_range(ps_simulation_ratio(&simulation), 10000, 10500);
    ps_simulation_release(&simulation);
    simulated(&simulation, &(struct ps_simulation_options){.what_if = {.refused_permille = 500}},
              &options);
    assert_in_range(simulation.records.failed, 2300, 2700);
    assert_int_equal(simulation.records.succeeded + simulation.records.failed, 5000);
    assert_true(simulation.lower_bound_ms < 50 * PS_MINUTE_MS);
    ps_simulation_release(&simulation);
    ps_options_release(&options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ratio_is_rounded_up_and_never_below_what_it_was),
        cmocka_unit_test(one_lane_is_as_fast_as_its_limits_allow),
        cmocka_unit_test(what_differs_from_what_was_said_moves_the_bound_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
