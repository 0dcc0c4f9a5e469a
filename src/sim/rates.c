#include "base/assert.h"
#include "sim/rates_internal.h"

#include <stdlib.h>
#include <string.h>

/* A burst of less than a token is none: what roundings leave over must not count as one. */
#define LEVEL_MIN PS_MICROS
#define AT_ONCE INT64_MAX
#define PERMILLE INT64_C(1000)

static int64_t most(const int64_t left, const int64_t right)
{
    return left > right ? left : right;
}

/* How long `micros` take, rounded up: after that time they are done. */
static int64_t needed_ms(const int64_t micros, const int64_t speed_micros)
{
    const int64_t whole_ms = scale(micros, PS_MINUTE_MS, speed_micros);
    return whole_ms == INT64_MAX || moved_micros(speed_micros, whole_ms) >= micros ? whole_ms
                                                                                   : whole_ms + 1;
}

static int64_t later(const int64_t at_ms, const int64_t passed_ms)
{
    return passed_ms > INT64_MAX - at_ms ? INT64_MAX : at_ms + passed_ms;
}

static int64_t left_micros(const struct ps_rates_flow *const flow)
{
    return whole_micros(flow) - flow->done_micros;
}

/* ---- the pool's limits at this time ---- */

static int64_t others_permille(const struct ps_rates *const rates)
{
    int64_t share = 0;
    for (size_t place = 0; place < rates->options.other_count; place++) {
        const struct ps_rates_others *const other = &rates->options.others[place];
        share += rates->now_ms >= other->from_ms && rates->now_ms < other->to_ms
                     ? other->share_permille
                     : 0;
    }
    return least(share, PERMILLE);
}

/* When other users next change what they take. */
static int64_t next_change_ms(const struct ps_rates *const rates)
{
    int64_t next_ms = INT64_MAX;
    for (size_t place = 0; place < rates->options.other_count; place++) {
        const struct ps_rates_others *const other = &rates->options.others[place];
        next_ms = other->from_ms > rates->now_ms ? least(next_ms, other->from_ms) : next_ms;
        next_ms = other->to_ms > rates->now_ms ? least(next_ms, other->to_ms) : next_ms;
    }
    return next_ms;
}

/* Tokens a minute for us, in micros; AT_ONCE: no limit. */
static int64_t rate_micros(const struct ps_rates *const rates)
{
    if (rates->options.tpm == 0) {
        return AT_ONCE;
    }
    return scale(rates->options.tpm * PS_MICROS, PERMILLE - others_permille(rates), PERMILLE);
}

/* Begins the day that holds now: its budget is what others leave of it. */
static void begin_day(struct ps_rates *const rates)
{
    const struct ps_rates_options *const options = &rates->options;
    rates->is_spent = false;
    rates->is_stale = true;
    if (options->tpd == 0) {
        rates->day_end_ms = INT64_MAX;
        rates->day_left_micros = INT64_MAX;
        return;
    }
    const int64_t shifted_ms = rates->now_ms - options->reset_ms;
    const int64_t begin_ms = rates->now_ms - (shifted_ms % PS_DAY_MS + PS_DAY_MS) % PS_DAY_MS;
    rates->day_end_ms = begin_ms + PS_DAY_MS;
    rates->day_left_micros = options->tpd * PS_MICROS;
    for (size_t place = 0; place < options->other_count; place++) {
        const struct ps_rates_others *const other = &options->others[place];
        const int64_t both_ms =
            least(other->to_ms, rates->day_end_ms) - most(other->from_ms, begin_ms);
        const int64_t whole = scale(options->tpd * PS_MICROS, other->share_permille, PERMILLE);
        rates->day_left_micros -= both_ms > 0 ? scale(whole, both_ms, PS_DAY_MS) : 0;
    }
    /* A record counts in the day that it ends in, whole: so a day never ends more than fit it. */
    for (size_t place = 0; place < rates->flow_count; place++) {
        struct ps_rates_flow *const flow = rates->flows[place];
        flow->turn_micros = flow->done_micros;
        flow->stop_micros = whole_micros(flow);
        rates->day_left_micros -=
            flow->done_micros - record_micros(flow, ps_rates_flow_records(flow));
    }
    rates->day_left_micros = most(rates->day_left_micros, 0);
}

void ps_rates_init(struct ps_rates *const rates, const struct ps_rates_options *const options,
                   const int64_t now_ms)
{
    PS_ASSERT(options->tpm <= PS_RATES_TOKENS_MAX);
    PS_ASSERT(options->tpd <= PS_RATES_TOKENS_MAX);
    PS_ASSERT(options->burst_tokens <= PS_RATES_TOKENS_MAX);
    memset(rates, 0, sizeof *rates);
    rates->options = *options;
    rates->now_ms = now_ms;
    rates->level_micros = options->burst_tokens * PS_MICROS;
    rates->last_done = &rates->first_done;
    rates->ppm = PS_MICROS;
    rates->use.from_ms = now_ms;
    begin_day(rates);
}

void ps_rates_release(struct ps_rates *const rates)
{
    free(rates->flows);
    rates->flows = NULL;
    rates->flow_count = 0;
}

/* ---- speeds ---- */

static bool has_burst(const struct ps_rates *const rates)
{
    return rates->options.tpm > 0 && rates->level_micros >= LEVEL_MIN;
}

/* What rps lets each flow have when all get the same: tokens a minute, in micros. */
static int64_t share_by_rps(const struct ps_rates *const rates)
{
    int64_t records_of_token = 0; /* of all flows, in millionths of a millionth */
    if (rates->options.rps == 0) {
        return AT_ONCE;
    }
    for (size_t place = 0; place < rates->flow_count; place++) {
        const struct ps_rates_flow *const flow = rates->flows[place];
        records_of_token += room_micros(flow) == 0
                                ? 0
                                : scale(flow->records, PS_MICROS * PS_MICROS, flow->tokens) + 1;
    }
    const int64_t a_minute =
        scale(rates->options.rps * 60 * PS_MICROS, PERMILLE - others_permille(rates), PERMILLE);
    return records_of_token == 0 ? AT_ONCE
                                 : scale(a_minute, PS_MICROS * PS_MICROS, records_of_token);
}

static void set_speeds_of_queue(struct ps_rates *const rates)
{
    const int64_t rate = has_burst(rates) ? AT_ONCE : rate_micros(rates);
    int64_t count = 0;
    for (size_t place = 0; place < rates->flow_count; place++) {
        count += room_micros(rates->flows[place]) > 0 ? 1 : 0;
    }
    const int64_t share =
        least(rate == AT_ONCE || count == 0 ? AT_ONCE : rate / count, share_by_rps(rates));
    rates->ppm = PS_MICROS;
    rates->total_micros = 0;
    for (size_t place = 0; place < rates->flow_count; place++) {
        struct ps_rates_flow *const flow = rates->flows[place];
        const int64_t own = flow->own_tpm > 0 ? flow->own_tpm * PS_MICROS : AT_ONCE;
        flow->speed_micros = room_micros(flow) == 0 ? 0 : least(share, own);
        rates->total_micros = flow->speed_micros == AT_ONCE || rates->total_micros == AT_ONCE
                                  ? AT_ONCE
                                  : rates->total_micros + flow->speed_micros;
    }
}

/* Records a minute that are tried, in micros. */
static int64_t tried_records(const struct ps_rates *const rates)
{
    int64_t records = 0;
    for (size_t place = 0; place < rates->flow_count; place++) {
        const struct ps_rates_flow *const flow = rates->flows[place];
        records += flow->tokens == 0 ? 0 : scale(flow->speed_micros, flow->records, flow->tokens);
    }
    return records;
}

static void set_speeds_of_refusal(struct ps_rates *const rates)
{
    int64_t tried = 0;
    for (size_t place = 0; place < rates->flow_count; place++) {
        struct ps_rates_flow *const flow = rates->flows[place];
        flow->speed_micros = flow->own_tpm * PS_MICROS;
        tried += flow->speed_micros;
    }
    const int64_t rate = has_burst(rates) ? AT_ONCE : rate_micros(rates);
    const int64_t records = rates->options.rps == 0 ? 0 : tried_records(rates);
    const int64_t records_max =
        scale(rates->options.rps * 60 * PS_MICROS, PERMILLE - others_permille(rates), PERMILLE);
    int64_t ppm = rate >= tried ? PS_MICROS : scale(rate, PS_MICROS, tried);
    ppm = records > records_max ? least(ppm, scale(records_max, PS_MICROS, records)) : ppm;
    ppm = rates->is_spent ? 0 : ppm;
    for (size_t place = 0; place < rates->flow_count && ppm != rates->ppm; place++) {
        ps_rates_flow_close_stretch(rates->flows[place]);
    }
    rates->ppm = ppm;
    rates->total_micros = scale(tried, ppm, PS_MICROS);
}

static void set_speeds(struct ps_rates *const rates)
{
    if (rates->is_stale) {
        rates->is_stale = false;
        if (rates->options.is_refusing) {
            set_speeds_of_refusal(rates);
        } else {
            set_speeds_of_queue(rates);
        }
    }
}

/* ---- what is due ---- */

/* When the day's budget is used up at the present speed, rounded down. */
static int64_t spent_ms(const struct ps_rates *const rates)
{
    if (rates->options.tpd == 0 || rates->is_spent || rates->total_micros <= 0) {
        return INT64_MAX;
    }
    return later(rates->now_ms, scale(rates->day_left_micros, PS_MINUTE_MS, rates->total_micros));
}

/* When the burst is used up. */
static int64_t level_ms(const struct ps_rates *const rates)
{
    const int64_t over = has_burst(rates) ? rates->total_micros - rate_micros(rates) : 0;
    return over <= 0 ? INT64_MAX
                     : later(rates->now_ms, scale(rates->level_micros, PS_MINUTE_MS, over));
}

/* When a speed changes next or a flow is done. Without flows nothing does: days and others are
 * caught up with when somebody comes. */
static int64_t next_event_ms(const struct ps_rates *const rates)
{
    if (rates->flow_count == 0) {
        return INT64_MAX;
    }
    int64_t next_ms = least(spent_ms(rates), level_ms(rates));
    for (size_t place = 0; place < rates->flow_count; place++) {
        const struct ps_rates_flow *const flow = rates->flows[place];
        if (flow->speed_micros > 0) {
            next_ms = least(next_ms,
                            later(rates->now_ms, needed_ms(room_micros(flow), flow->speed_micros)));
        }
    }
    return least(next_ms, least(rates->day_end_ms, next_change_ms(rates)));
}

int64_t ps_rates_next_ms(const struct ps_rates *const rates)
{
    return rates->first_done != NULL ? rates->now_ms : next_event_ms(rates);
}

/* ---- moving ---- */

/* Moves one flow on by work that was tried. Below 0: back. */
static void move_flow(struct ps_rates *const rates, struct ps_rates_flow *const flow,
                      const int64_t micros)
{
    const int64_t taken = rates->ppm == PS_MICROS ? micros : scale(micros, rates->ppm, PS_MICROS);
    flow->done_micros += micros;
    if (rates->options.is_refusing) {
        flow->tried_micros += micros;
        flow->taken_micros += taken;
    }
    rates->use.token_micros += taken;
    rates->use.record_micros += flow->tokens == 0
                                    ? 0
                                    : (micros < 0 ? -scale(-taken, flow->records, flow->tokens)
                                                  : scale(taken, flow->records, flow->tokens));
    if (rates->options.tpd > 0) {
        rates->day_left_micros -= taken;
    }
}

static void move_all(struct ps_rates *const rates, const int64_t to_ms)
{
    const int64_t passed_ms = to_ms - rates->now_ms;
    const int64_t before = rates->use.token_micros;
    for (size_t place = 0; place < rates->flow_count; place++) {
        struct ps_rates_flow *const flow = rates->flows[place];
        move_flow(rates, flow,
                  least(moved_micros(flow->speed_micros, passed_ms), room_micros(flow)));
    }
    if (rates->options.tpm > 0 && rates->options.burst_tokens > 0) {
        const int64_t full = rates->options.burst_tokens * PS_MICROS;
        const int64_t gained = moved_micros(rate_micros(rates), passed_ms);
        const int64_t used = rates->use.token_micros - before;
        const int64_t level = gained > full ? full : rates->level_micros + gained;
        rates->level_micros = most(least(full, level - used), 0);
    }
    rates->now_ms = to_ms;
}

/* What was used is told once; what was put back (below 0) is owed by later stretches. */
static int64_t take_told(int64_t *const micros)
{
    const int64_t told = most(*micros, 0);
    *micros = least(*micros, 0);
    return told;
}

/* The stretch of time ends here: tells what was used in it. */
static void tell_use(struct ps_rates *const rates)
{
    struct ps_rates_use *const use = &rates->use;
    const struct ps_rates_use told = {use->from_ms, rates->now_ms, take_told(&use->token_micros),
                                      take_told(&use->record_micros)};
    use->from_ms = rates->now_ms;
    if (rates->options.used != NULL && (told.token_micros > 0 || told.record_micros > 0)) {
        rates->options.used(rates->options.context, &told);
    }
}

static void collect_done(struct ps_rates *const rates)
{
    size_t kept = 0;
    for (size_t place = 0; place < rates->flow_count; place++) {
        struct ps_rates_flow *const flow = rates->flows[place];
        if (left_micros(flow) > 0) {
            rates->flows[kept++] = flow;
            continue;
        }
        if (rates->options.is_refusing) {
            ps_rates_flow_close_stretch(flow);
        }
        if (rates->options.keeps_points) {
            ps_rates_flow_note_point(flow, rates->now_ms);
        }
        flow->next_done = NULL;
        *rates->last_done = flow;
        rates->last_done = &flow->next_done;
    }
    rates->is_stale = rates->is_stale || kept < rates->flow_count;
    rates->flow_count = kept;
}

/* Lets flows go on by whole records as long as these fit what is free: the oldest jobs first. */
static void let_whole_records(struct ps_rates *const rates, int64_t free_micros)
{
    for (bool has_fitted = true; has_fitted;) {
        has_fitted = false;
        for (size_t place = 0; place < rates->flow_count; place++) {
            struct ps_rates_flow *const flow = rates->flows[place];
            const int64_t record = ps_rates_flow_records_until(flow, flow->stop_micros);
            const int64_t needed = record == flow->records
                                       ? INT64_MAX
                                       : record_micros(flow, record + 1) - flow->stop_micros;
            if (needed <= free_micros) {
                flow->stop_micros += needed;
                free_micros -= needed;
                has_fitted = true;
            }
        }
    }
}

/*
 * The budget is used up. Records under way that still fit it are ended, the oldest jobs' first; the
 * others go back to where they began (or stood at the turn), and what this leaves is used as well.
 */
static void fit_whole_records(struct ps_rates *const rates)
{
    int64_t free_micros = rates->day_left_micros;
    for (size_t place = 0; place < rates->flow_count; place++) {
        struct ps_rates_flow *const flow = rates->flows[place];
        const int64_t begin = record_micros(flow, ps_rates_flow_records(flow));
        flow->stop_micros = most(begin, flow->turn_micros);
        free_micros += flow->done_micros - flow->stop_micros;
    }
    let_whole_records(rates, free_micros);
    for (size_t place = 0; place < rates->flow_count; place++) {
        struct ps_rates_flow *const flow = rates->flows[place];
        if (room_micros(flow) < 0) {
            move_flow(rates, flow, room_micros(flow));
        }
    }
}

/* Somebody came or went after the budget was used up: what is free now? */
static void fit_more_records(struct ps_rates *const rates)
{
    int64_t free_micros = rates->day_left_micros;
    for (size_t place = 0; place < rates->flow_count; place++) {
        free_micros -= room_micros(rates->flows[place]);
    }
    let_whole_records(rates, free_micros);
}

static void spend_day(struct ps_rates *const rates)
{
    rates->is_spent = true;
    rates->is_stale = true;
    if (!rates->options.is_refusing) {
        fit_whole_records(rates);
    }
}

/* Gives each flow that goes at once its part of `micros`. True when nothing of them is left. */
static bool pour_round(struct ps_rates *const rates, int64_t *const micros)
{
    int64_t takers = 0;
    int64_t smallest = INT64_MAX;
    for (size_t place = 0; place < rates->flow_count; place++) {
        const struct ps_rates_flow *const flow = rates->flows[place];
        if (flow->speed_micros == AT_ONCE && room_micros(flow) > 0) {
            takers++;
            smallest = least(smallest, room_micros(flow));
        }
    }
    if (takers == 0) {
        return false;
    }
    const int64_t each = least(*micros / takers, smallest);
    for (size_t place = 0; place < rates->flow_count; place++) {
        struct ps_rates_flow *const flow = rates->flows[place];
        if (flow->speed_micros == AT_ONCE && room_micros(flow) > 0) {
            move_flow(rates, flow, each);
        }
    }
    *micros -= *micros == INT64_MAX ? 0 : each * takers;
    return each < smallest;
}

/* What goes at once goes now: a burst, or everything where there is no rate. */
static void pour(struct ps_rates *const rates)
{
    const bool is_burst = rates->options.tpm > 0;
    const int64_t offered = is_burst ? rates->level_micros : INT64_MAX;
    const int64_t fitting = least(offered, rates->day_left_micros);
    const bool is_by_day = rates->options.tpd > 0 && fitting == rates->day_left_micros;
    int64_t micros = fitting;
    bool is_used_up = false;
    int64_t rounds = (int64_t)rates->flow_count;
    while (rounds-- > 0 && !is_used_up) {
        is_used_up = pour_round(rates, &micros);
    }
    if (is_burst) {
        rates->level_micros -= fitting - micros;
        rates->level_micros = is_used_up && fitting == offered ? 0 : rates->level_micros;
    }
    if (is_used_up && is_by_day && !rates->is_spent) {
        spend_day(rates);
    }
    rates->is_stale = true;
}

/* Carries out what happens at this instant, until nothing does. */
static void settle(struct ps_rates *const rates)
{
    collect_done(rates);
    set_speeds(rates);
    while (rates->flow_count > 0) {
        if (rates->total_micros == AT_ONCE) {
            pour(rates);
        } else if (spent_ms(rates) <= rates->now_ms) {
            spend_day(rates);
        } else if (level_ms(rates) <= rates->now_ms) {
            rates->level_micros = 0;
            rates->is_stale = true;
        } else {
            break;
        }
        collect_done(rates);
        set_speeds(rates);
    }
}

static void note_points(struct ps_rates *const rates)
{
    for (size_t place = 0; place < rates->flow_count && rates->options.keeps_points; place++) {
        ps_rates_flow_note_point(rates->flows[place], rates->now_ms);
    }
}

/* The next event, or `to_ms` if that comes first. */
static void step(struct ps_rates *const rates, const int64_t to_ms)
{
    const int64_t next_ms = least(most(next_event_ms(rates), rates->now_ms), to_ms);
    move_all(rates, next_ms);
    tell_use(rates);
    if (rates->now_ms >= rates->day_end_ms) {
        begin_day(rates);
    }
    rates->is_stale = true; /* the burst or what others take may have changed */
    settle(rates);
    tell_use(rates);
    note_points(rates);
}

void ps_rates_advance(struct ps_rates *const rates, const int64_t now_ms)
{
    PS_ASSERT(now_ms >= rates->now_ms);
    while (rates->now_ms < now_ms) {
        step(rates, now_ms);
    }
}

void ps_rates_add(struct ps_rates *const rates, struct ps_rates_flow *const flow,
                  const int64_t now_ms)
{
    PS_ASSERT(flow->records > 0);
    PS_ASSERT(flow->tokens >= 0);
    PS_ASSERT(flow->tokens <= PS_RATES_TOKENS_MAX);
    PS_ASSERT(!rates->options.is_refusing || flow->own_tpm > 0);
    ps_rates_advance(rates, now_ms);
    const struct ps_rates_flow fresh = {
        .records = flow->records, .tokens = flow->tokens, .own_tpm = flow->own_tpm};
    *flow = fresh;
    if (rates->flow_count == rates->flow_capacity) {
        rates->flow_capacity = rates->flow_capacity == 0 ? 16 : 2 * rates->flow_capacity;
        rates->flows = realloc(rates->flows, rates->flow_capacity * sizeof *rates->flows);
        PS_ASSERT(rates->flows != NULL);
    }
    rates->flows[rates->flow_count++] = flow;
    flow->stop_micros = whole_micros(flow);
    if (rates->is_spent && !rates->options.is_refusing) {
        flow->stop_micros = 0;
        fit_more_records(rates); /* its records may be smaller: some still fit */
    }
    rates->is_stale = true;
    if (rates->options.keeps_points) {
        ps_rates_flow_note_point(flow, now_ms);
    }
    settle(rates);
    tell_use(rates);
    note_points(rates);
}

void ps_rates_remove(struct ps_rates *const rates, struct ps_rates_flow *const flow,
                     const int64_t now_ms)
{
    size_t place = 0;
    ps_rates_advance(rates, now_ms);
    while (place < rates->flow_count && rates->flows[place] != flow) {
        place++;
    }
    if (place == rates->flow_count) {
        return;
    }
    if (rates->options.is_refusing) {
        ps_rates_flow_close_stretch(flow);
    }
    rates->flow_count--;
    memmove(&rates->flows[place], &rates->flows[place + 1],
            (rates->flow_count - place) * sizeof(struct ps_rates_flow *));
    if (rates->is_spent && !rates->options.is_refusing) {
        fit_more_records(rates);
    }
    rates->is_stale = true;
    settle(rates);
    tell_use(rates);
}

struct ps_rates_flow *ps_rates_pop(struct ps_rates *const rates)
{
    struct ps_rates_flow *const flow = rates->first_done;
    if (flow != NULL) {
        rates->first_done = flow->next_done;
        rates->last_done = rates->first_done == NULL ? &rates->first_done : rates->last_done;
    }
    return flow;
}
