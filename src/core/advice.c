#include "core/advice.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"

#include <string.h>

/* Asked of a limit: what if it were so many times as large? */
#define TIMES INT64_C(2)

/* What brings less than this is not worth a request. */
#define WORTH_PERMILLE INT64_C(10)

struct question {
    const struct ps_demand *demand;
    const struct ps_outline_options *options;
};

static const struct ps_bound_options upload_is_free = {0};

static int64_t least_of(const int64_t left, const int64_t right)
{
    return left < right ? left : right;
}

static int64_t most_of(const int64_t left, const int64_t right)
{
    return left > right ? left : right;
}

/* ------------------------------------------------ what binds */

/* A plan in which nothing is done has no end. What little is left below a minimum is no matter of
 * time. */
static int64_t end_of(const struct ps_demand *const demand, const struct ps_outline *const outline)
{
    return outline->left_records >= demand->all.records ? INT64_MAX : outline->ends_ms;
}

static int64_t time_of(const void *const context, const struct ps_supply *const supply)
{
    const struct question *const question = context;
    struct ps_outline outline PS_CLEANUP(ps_outline_release);
    ps_outline_find(question->demand, supply, question->options, &outline);
    return end_of(question->demand, &outline);
}

/* A lane whose jobs cannot be: the limit in their way. */
static enum ps_limit_key in_the_way(const struct ps_outline *const outline)
{
    for (int64_t place = 0; place < outline->lane_count; place++) {
        if (outline->lanes[place].share.records > 0 &&
            outline->lanes[place].sizing.impossible != PS_LIMIT_COUNT) {
            return outline->lanes[place].sizing.impossible;
        }
    }
    return PS_LIMIT_COUNT;
}

static void find_binding(const struct question *const question,
                         const struct ps_supply *const supply,
                         const struct ps_outline *const outline, struct ps_advice *const advice)
{
    struct ps_supply without PS_CLEANUP(ps_supply_release);
    ps_supply_copy(supply, &without);
    advice->binding = in_the_way(outline);
    if (advice->binding == PS_LIMIT_COUNT) {
        advice->binding = ps_supply_binding(supply, time_of, question);
    }
    advice->next_binding = PS_LIMIT_COUNT;
    if (advice->binding != PS_LIMIT_COUNT) {
        ps_supply_lift(&without, advice->binding);
        advice->next_binding = ps_supply_binding(&without, time_of, question);
    }
}

/* ------------------------------------------------ what would help */

static void add_help(const struct question *const question, const struct ps_supply *const supply,
                     const int64_t now_ms, const struct ps_advice_help *const what,
                     struct ps_advice *const advice)
{
    struct ps_advice_help help = *what;
    help.ends_ms = time_of(question, supply);
    if (help.ends_ms >= now_ms ||
        now_ms - help.ends_ms < ps_scale_i64(now_ms, WORTH_PERMILLE, 1000) ||
        advice->help_count == PS_ADVICE_HELPS_MAX) {
        return;
    }
    help.gain_ms = now_ms == INT64_MAX ? INT64_MAX : now_ms - help.ends_ms;
    help.bound_ms = ps_bound_ms(question->demand, supply, &upload_is_free);
    int64_t place = advice->help_count++;
    while (place > 0 && advice->helps[place - 1].ends_ms > help.ends_ms) {
        advice->helps[place] = advice->helps[place - 1];
        place--;
    }
    advice->helps[place] = help;
}

static void ask_for_more(const struct question *const question,
                         const struct ps_supply *const supply, const enum ps_limit_key key,
                         const int64_t now_ms, struct ps_advice *const advice)
{
    struct ps_supply more PS_CLEANUP(ps_supply_release);
    struct ps_advice_help help = {.kind = PS_ADVICE_LIMIT, .key = key, .value_now = PS_NO_LIMIT};
    ps_supply_copy(supply, &more);
    for (int64_t place = more.lane_count - 1; place >= 0; place--) {
        int64_t *const limit = &more.lanes[place].limits[key];
        if (*limit != PS_NO_LIMIT) {
            help.value_now = *limit;
            *limit = ps_scale_i64(*limit, TIMES, 1);
            help.value_then = *limit;
        }
    }
    if (help.value_now != PS_NO_LIMIT) {
        add_help(question, &more, now_ms, &help, advice);
    }
}

static void ask_for_lane(const struct question *const question,
                         const struct ps_supply *const supply, const int64_t now_ms,
                         struct ps_advice *const advice)
{
    struct ps_supply more PS_CLEANUP(ps_supply_release);
    const struct ps_advice_help help = {.kind = PS_ADVICE_LANE, .key = PS_LIMIT_COUNT};
    int64_t pool = 0;
    ps_supply_copy(supply, &more);
    for (int64_t place = 0; place < supply->lane_count; place++) {
        pool = most_of(pool, supply->lanes[place].pool + 1);
    }
    more.lanes[more.lane_count] = more.lanes[0];
    more.lanes[more.lane_count].pool = pool;
    more.lane_count++;
    add_help(question, &more, now_ms, &help, advice);
}

/* So long before the turn that a day's tokens are just used up, start-up included. Only where the
 * day binds: two budgets within a short time. */
static void ask_for_start(const struct question *const question,
                          const struct ps_supply *const supply,
                          const struct ps_supply_lane *const lane, const int64_t now_ms,
                          struct ps_advice *const advice)
{
    struct ps_supply then = *supply;
    const int64_t tpm = ps_supply_limit(lane, PS_LIMIT_TPM, INT64_MAX);
    const int64_t tpd = ps_supply_limit(lane, PS_LIMIT_TPD, INT64_MAX);
    const int64_t startup_ms = ps_supply_limit(lane, PS_LIMIT_STARTUP, 0);
    if (tpd == INT64_MAX) {
        return;
    }
    /* A minute more, so that the last record is through. */
    const int64_t work_ms = tpm == INT64_MAX ? 0 : ps_scale_up_i64(tpd, PS_MINUTE_MS, tpm);
    const int64_t before_ms =
        ps_sum_i64(ps_sum_i64(startup_ms, work_ms),
                   ps_sum_i64(question->options->makespan.poll_ms, PS_MINUTE_MS));
    if (before_ms >= PS_DAY_MS) {
        return;
    }
    const int64_t reset_ms = ps_supply_limit(lane, PS_LIMIT_RESET, 0);
    then.starts_at_ms = (reset_ms - before_ms + PS_DAY_MS) % PS_DAY_MS;
    const struct ps_advice_help help = {
        .kind = PS_ADVICE_START, .key = PS_LIMIT_COUNT, .starts_at_ms = then.starts_at_ms};
    add_help(question, &then, now_ms, &help, advice);
}

void ps_advice_find(const struct ps_demand *const demand, const struct ps_supply *const supply,
                    const struct ps_outline_options *const options,
                    const struct ps_outline *const outline, struct ps_advice *const ret_advice)
{
    static const enum ps_limit_key keys[] = {
        PS_LIMIT_TPD,           PS_LIMIT_TPM,         PS_LIMIT_RPS,
        PS_LIMIT_JOBS,          PS_LIMIT_SHARD_BYTES, PS_LIMIT_OUT_BYTES,
        PS_LIMIT_SHARD_RECORDS, PS_LIMIT_JOB_RECORDS, PS_LIMIT_JOB_BYTES};
    const struct question question = {demand, options};
    const int64_t now_ms = end_of(demand, outline);
    memset(ret_advice, 0, sizeof(*ret_advice));
    find_binding(&question, supply, outline, ret_advice);
    if (demand->all.records == 0) {
        return;
    }
    for (size_t place = 0; place < sizeof(keys) / sizeof(keys[0]); place++) {
        ask_for_more(&question, supply, keys[place], now_ms, ret_advice);
    }
    ask_for_lane(&question, supply, now_ms, ret_advice);
    ask_for_start(&question, supply, &supply->lanes[0], now_ms, ret_advice);
}

/* ------------------------------------------------ what a deadline needs */

/* The least budget of a day that, day after day, gives `tokens` until the deadline. */
static int64_t tokens_a_day(const struct ps_supply *const supply,
                            const struct ps_supply_lane *const lane, const int64_t tokens,
                            const int64_t deadline_ms)
{
    const int64_t first = ps_bound_days(supply, lane, lane->startup_least_ms);
    const int64_t days = ps_bound_days(supply, lane, deadline_ms) - first + 1;
    return ps_scale_up_i64(tokens, 1, most_of(1, days));
}

/* Jobs at once, when each takes its start-up and its part of the rate. */
static int64_t jobs_at_once(const struct ps_demand_class *const all,
                            const struct ps_supply_lane *const lane, const int64_t tpm,
                            const int64_t deadline_ms)
{
    enum ps_limit_key key = PS_LIMIT_COUNT;
    const int64_t startup_ms = lane->startup_least_ms;
    const int64_t bytes = all->bytes == 0 ? 0 : (all->bytes - 1) / all->records + 1;
    const int64_t most = ps_supply_job_records(lane, bytes, 0, &key);
    const int64_t size = least_of(most_of(1, most), all->records);
    const int64_t jobs = (all->records - 1) / size + 1;
    const int64_t tokens = ps_scale_i64(ps_demand_weight(all, lane), size, all->records);
    const int64_t job_ms = ps_sum_i64(startup_ms, ps_scale_i64(tokens, PS_MINUTE_MS, tpm));
    return ps_scale_up_i64(jobs, job_ms, deadline_ms);
}

void ps_advice_need(const struct ps_demand *const demand, const struct ps_supply *const supply,
                    const int64_t deadline_ms, struct ps_advice_needed *const ret_needed)
{
    const struct ps_supply_lane *const lane = &supply->lanes[0];
    const struct ps_demand_class all = ps_demand_held(demand, UINT64_MAX);
    const int64_t tokens = ps_demand_weight(&all, lane);
    const int64_t startup_ms = lane->startup_least_ms;
    const int64_t work_ms = deadline_ms - startup_ms;
    memset(ret_needed, 0, sizeof(*ret_needed));
    if (all.records == 0) {
        return;
    }
    if (work_ms <= 0) {
        *ret_needed =
            (struct ps_advice_needed){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
        return;
    }
    ret_needed->tpm = ps_scale_up_i64(tokens, PS_MINUTE_MS, work_ms);
    ret_needed->tpd = tokens_a_day(supply, lane, tokens, deadline_ms);
    ret_needed->rps = ps_scale_up_i64(all.records, PS_SECOND_MS, work_ms);
    ret_needed->jobs = jobs_at_once(&all, lane, most_of(1, ret_needed->tpm), deadline_ms);
    const int64_t one_lane = ps_bound_tokens_until(supply, lane, startup_ms, deadline_ms);
    ret_needed->lanes = one_lane == 0 ? INT64_MAX : ps_scale_up_i64(tokens, 1, one_lane);
}
