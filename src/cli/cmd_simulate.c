#include "cli/commands.h"
#include "cli/say.h"
#include "cli/simulation_tell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What can be refused before anything is read. */
static enum ps_status check(const struct ps_options *const options, struct ps_error *const err)
{
    if (options->count < 1) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot simulate 0 runs");
    }
    if (options->events != NULL && options->count > 1) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot write the events of several runs into one file");
        return ps_error_hint(err, "--events is for one run: leave --count out, choose its --seed.");
    }
    if (strcmp(options->faults, "none") != 0) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot simulate faults '%.60s' in virtual time", options->faults);
        return ps_error_hint(err, "Calls that fail are the emulator's: 'penstock emulate --faults "
                                  "...'. Records that fail: --what-if failing=1%%.");
    }
    return PS_OK;
}

static enum ps_status open_events(const struct ps_options *const options, FILE **const ret_events,
                                  struct ps_error *const err)
{
    *ret_events = NULL;
    if (options->events == NULL) {
        return PS_OK;
    }
    *ret_events = fopen(options->events, "w");
    return *ret_events != NULL
               ? PS_OK
               : ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot write '%.200s': %s",
                              options->events, strerror(errno));
}

static enum ps_status close_events(const struct ps_options *const options, FILE *const events,
                                   struct ps_error *const err)
{
    if (events == NULL || fclose(events) == 0) {
        return PS_OK;
    }
    return ps_error_set(err, PS_E_IO, PS_RETRY_LATER, "could not write '%.200s': %s",
                        options->events, strerror(errno));
}

static enum ps_status run_all(const struct ps_options *const options,
                              const struct ps_simulation_options *const simulation_options,
                              struct ps_simulation_sums *const sums, struct ps_error *const err)
{
    for (int64_t run = 0; run < options->count; run++) {
        struct ps_simulation simulation;
        if (ps_simulation_run(simulation_options, (uint64_t)(options->seed + run), &simulation,
                              err) != PS_OK) {
            return err->status;
        }
        ps_simulation_sums_add(sums, &simulation);
    }
    return PS_OK;
}

static int exit_of(const struct ps_simulation_sums *const sums)
{
    if (sums->paid_twice > 0 || sums->breaches > 0) {
        return PS_EXIT_BUG;
    }
    if (sums->violations == 0) {
        return PS_EXIT_OK;
    }
    for (int64_t place = 0; place < sums->worst_count; place++) {
        if (sums->worst[place].violations > 0 && sums->worst[place].error.status == PS_OK) {
            return PS_EXIT_BUG;
        }
    }
    return PS_EXIT_REFUSED;
}

int ps_cmd_simulate(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_simulation_sums sums PS_CLEANUP(ps_simulation_sums_release);
    struct ps_plan_request request PS_CLEANUP(ps_plan_request_release);
    struct ps_simulation_options simulation = {.request = &request, .poll_ms = options->poll_ms};
    ps_simulation_sums_init(&sums);
    ps_plan_request_init(&request);
    if (check(options, &err) != PS_OK ||
        ps_what_if_parse(&simulation.what_if, options->what_if, &err) != PS_OK ||
        ps_plan_request_read(&request, options, &err) != PS_OK ||
        open_events(options, &simulation.events, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    const enum ps_status status = run_all(options, &simulation, &sums, &err);
    if (close_events(options, simulation.events, &err) != PS_OK || status != PS_OK) {
        return ps_say_error(&err);
    }
    if (options->is_json) {
        ps_simulation_print_json(&sums, &request);
    } else {
        ps_simulation_print_text(&sums, &request);
    }
    return exit_of(&sums);
}
