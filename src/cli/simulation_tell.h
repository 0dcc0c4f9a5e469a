/*
 * simulation_tell - what one simulated run, or many of them, came to: as JSON and for people.
 *
 * Owner: the caller embeds the sums. Threads: one.
 */
#ifndef PS_CLI_SIMULATION_TELL_H
#define PS_CLI_SIMULATION_TELL_H

#include "cli/simulation.h"

/* So many runs are told one by one, the worst first. */
#define PS_SIMULATION_TOLD_MAX 1000

struct ps_simulation_sums {
    int64_t count;
    int64_t violations;
    int64_t paid_twice;
    int64_t breaches;
    int64_t refused_records;
    int64_t throttled_calls;
    int64_t *ratios;       /* in ten-thousandths, of each run */
    int64_t *makespans_ms; /* likewise */
    struct ps_simulation *worst;
    int64_t worst_count;
};

void ps_simulation_sums_init(struct ps_simulation_sums *sums);
void ps_simulation_sums_release(struct ps_simulation_sums *sums);

/* Counts a run in. Takes it. */
void ps_simulation_sums_add(struct ps_simulation_sums *sums, struct ps_simulation *simulation);

/* One run, or the sums where there are several. Writes to stdout. */
void ps_simulation_print_json(struct ps_simulation_sums *sums,
                              const struct ps_plan_request *request);
void ps_simulation_print_text(struct ps_simulation_sums *sums,
                              const struct ps_plan_request *request);

#endif
