/*
 * shares - which lane does how much.
 *
 * By what each pool can have done until one common moment (its service curve, its slots, its
 * requests), not by its rate alone: so all lanes end together, up to one job of rounding. Records
 * that few lanes can hold are placed first. With a deadline that leaves room, the cheapest lane is
 * filled first.
 *
 * Of a pool without tokens/min, tokens/day and requests/s nobody knows how much it can do in a
 * time. Beside others it is taken for as fast as the fastest that is known; where none is known,
 * each pool gets its part by slots, or an equal one.
 *
 * Days are not filled to their last record where leaving a little costs next to nothing: what does
 * not fit into a lane's last day waits for a whole day more.
 *
 * A batch lane whose part would be below its job's minimum gets none.
 *
 * Owner: the caller releases. Pure.
 */
#ifndef PS_CORE_SHARES_H
#define PS_CORE_SHARES_H

#include "core/demand.h"
#include "core/supply.h"

struct ps_shares {
    struct ps_demand_class *lanes; /* the part of each lane */
    int64_t lane_count;
    int64_t ends_ms;      /* when all lanes are to end; INT64_MAX: some never do, or nobody knows */
    int64_t left_records; /* that no lane can take, or can ever do */
    bool is_cheapest;     /* cheapest first; else soonest */
};

/* `deadline_ms` from the run's start; 0: none. */
void ps_shares_find(const struct ps_demand *demand, const struct ps_supply *supply,
                    int64_t deadline_ms, struct ps_shares *ret_shares);

void ps_shares_release(struct ps_shares *shares);

/* What these records cost on the lane, in micro-dollars; 0 without a price. */
int64_t ps_shares_cost(const struct ps_supply_lane *lane, const struct ps_demand_class *part);

#endif
