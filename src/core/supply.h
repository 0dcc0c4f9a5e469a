/*
 * supply - what the lanes can take: their limits as plain numbers, and which lanes share them.
 *
 * The planner's side of core/lane: without texts, so that it can be copied and changed ("what if
 * tpd were twice as much"). Lanes of one pool share JOBS, RPS, TPM and TPD; the caller gives lanes
 * of one pool the same values there (where they differ, the loosest counts).
 *
 * Owner: the caller holds the array of lanes. Pure.
 */
#ifndef PS_CORE_SUPPLY_H
#define PS_CORE_SUPPLY_H

#include "core/lane.h"

#include <stdbool.h>
#include <stdint.h>

struct ps_supply_lane {
    int64_t pool;                   /* any number; equal numbers share */
    int64_t limits[PS_LIMIT_COUNT]; /* PS_NO_LIMIT: none */
    enum ps_lane_kind kind;
    enum ps_rps_counts rps_counts;
    enum ps_behaviour behaviour;
    int64_t spent_tokens;     /* of the present day's TPD, before the start; of the pool */
    int64_t startup_least_ms; /* no job runs sooner than this after its creation: for the bound */
    int64_t burst_tokens;     /* what may be taken at once after an idle time, on top of TPM */
    int64_t burst_requests;   /* likewise on top of RPS */
    int64_t input_usd_micros; /* price of a million input tokens; 0: not known */
    int64_t output_usd_micros;
};

struct ps_supply {
    struct ps_supply_lane *lanes;
    int64_t lane_count;
    int64_t starts_at_ms; /* when the run starts: ms after 00:00 UTC, any time of the day */
};

/* The lane's numbers. Its least start-up is the expected one, it has no bursts and no prices. */
void ps_supply_lane_of(const struct ps_lane *lane, int64_t pool, struct ps_supply_lane *ret_lane);

/* The limit's value, or `otherwise` where there is none. */
int64_t ps_supply_limit(const struct ps_supply_lane *lane, enum ps_limit_key key,
                        int64_t otherwise);

/* ms from the run's start to the lane's first change of day: 1 to a whole day. */
int64_t ps_supply_first_reset_ms(const struct ps_supply *supply, const struct ps_supply_lane *lane);

/* An owned copy of the lanes, to be changed, with room for one more; ps_supply_release frees it. */
void ps_supply_copy(const struct ps_supply *supply, struct ps_supply *ret_copy);
void ps_supply_release(struct ps_supply *copy);

/* Takes the limit off every lane; of STARTUP nothing is left. */
void ps_supply_lift(struct ps_supply *supply, enum ps_limit_key key);

/*
 * The limit that binds: of all that a time depends on, the one of which a little more (a tenth, at
 * least 1) brings it down most, for its size; where a little of nothing helps, the one that helps
 * most when it is lifted. Start-up is no limit that one could ask to raise: it is named only where
 * it weighs more than twice as much as any. PS_LIMIT_COUNT: none does anything.
 */
typedef int64_t (*ps_supply_time)(const void *context, const struct ps_supply *supply);
enum ps_limit_key ps_supply_binding(const struct ps_supply *supply, ps_supply_time time,
                                    const void *context);

/* What a record of so many tokens counts against the lane's TPM and TPD. */
int64_t ps_supply_weight(const struct ps_supply_lane *lane, int64_t input_tokens,
                         int64_t output_tokens);

/* What TPM and, where it counts records, RPS let through of records that weigh `tokens` in all;
 * INT64_MAX: no end. */
int64_t ps_supply_tokens_per_minute(const struct ps_supply_lane *lane, int64_t records,
                                    int64_t tokens);

/* Records of `bytes` bytes and `output_bytes` of answer each that one job of the lane can hold, at
 * most, and the limit that decides; INT64_MAX and PS_LIMIT_COUNT where none does. */
int64_t ps_supply_job_records(const struct ps_supply_lane *lane, int64_t bytes,
                              int64_t output_bytes, enum ps_limit_key *ret_key);

/* The same for one input file. */
int64_t ps_supply_shard_records(const struct ps_supply_lane *lane, int64_t bytes,
                                int64_t output_bytes, enum ps_limit_key *ret_key);

#endif
