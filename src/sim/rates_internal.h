/*
 * rates_internal - what rates.c (a pool: who works how fast, and when that changes) and
 * rates_flow.c (one job's way through its records) share.
 */
#ifndef PS_SIM_RATES_INTERNAL_H
#define PS_SIM_RATES_INTERNAL_H

#include "base/checked.h"
#include "base/time.h"
#include "sim/rates.h"

static inline int64_t least(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

/* left * right / divisor, rounded down; INT64_MAX where that does not fit. */
static inline int64_t scale(const int64_t left, const int64_t right, const int64_t divisor)
{
    int64_t value = 0;
    return ps_muldiv_i64(left, right, divisor, &value) ? value : INT64_MAX;
}

static inline int64_t moved_micros(const int64_t speed_micros, const int64_t passed_ms)
{
    return scale(speed_micros, passed_ms, PS_MINUTE_MS);
}

static inline int64_t whole_micros(const struct ps_rates_flow *const flow)
{
    return flow->tokens * PS_MICROS;
}

/* How far it may go on today. */
static inline int64_t room_micros(const struct ps_rates_flow *const flow)
{
    return flow->stop_micros - flow->done_micros;
}

/* Where record number `record` begins. */
static inline int64_t record_micros(const struct ps_rates_flow *const flow, const int64_t record)
{
    return scale(whole_micros(flow), record, flow->records);
}

/* How many records end at or before this place of its way. */
int64_t ps_rates_flow_records_until(const struct ps_rates_flow *flow, int64_t micros);

/* What was tried since the last stretch becomes one. */
void ps_rates_flow_close_stretch(struct ps_rates_flow *flow);

/* Where it stands at this time is remembered, for ps_rates_flow_at_ms. */
void ps_rates_flow_note_point(struct ps_rates_flow *flow, int64_t at_ms);

#endif
