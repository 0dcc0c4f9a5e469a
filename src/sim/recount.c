#include "sim/recount.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

void ps_recount_init(struct ps_recount *const recount,
                     const struct ps_recount_options *const options, const int64_t now_ms)
{
    memset(recount, 0, sizeof *recount);
    recount->options = *options;
    recount->day = INT64_MIN;
    recount->told_day = INT64_MIN;
    recount->jobs_at_ms = now_ms;
}

void ps_recount_release(struct ps_recount *const recount)
{
    free(recount->minute.uses);
    free(recount->second.uses);
    recount->minute.uses = NULL;
    recount->second.uses = NULL;
}

static void tell(const struct ps_recount *const recount, const char *const limit,
                 const int64_t at_ms, const int64_t value, const int64_t limit_value)
{
    const struct ps_recount_breach breach = {limit, at_ms, value, limit_value};
    if (recount->options.found != NULL) {
        recount->options.found(recount->options.context, &breach);
    }
}

/* ---- windows ---- */

static void window_add(struct ps_recount_window *const window, const struct ps_rates_use *const use,
                       const int64_t length_ms)
{
    /* Whatever begins later than now - 2 lengths may still be the start of a window. */
    while (window->count > 0 && window->uses[window->first].to_ms < use->from_ms - 2 * length_ms) {
        window->first++;
        window->count--;
    }
    if (window->first > window->count) {
        memmove(window->uses, &window->uses[window->first], window->count * sizeof *window->uses);
        window->first = 0;
    }
    if (window->first + window->count == window->capacity) {
        window->capacity = window->capacity == 0 ? 64 : 2 * window->capacity;
        window->uses = realloc(window->uses, window->capacity * sizeof *window->uses);
        PS_ASSERT(window->uses != NULL);
    }
    window->uses[window->first + window->count++] = *use;
}

/* What lies in [from_ms, to_ms] of `use`. */
static int64_t part_of(const struct ps_rates_use *const use, const int64_t micros,
                       const int64_t from_ms, const int64_t to_ms)
{
    const int64_t begin_ms = use->from_ms > from_ms ? use->from_ms : from_ms;
    const int64_t end_ms = use->to_ms < to_ms ? use->to_ms : to_ms;
    if (begin_ms > end_ms) {
        return 0;
    }
    if (use->from_ms == use->to_ms) {
        return micros;
    }
    int64_t part = 0;
    PS_ASSERT(ps_muldiv_i64(micros, end_ms - begin_ms, use->to_ms - use->from_ms, &part));
    return part;
}

struct window_rule {
    const char *limit;
    int64_t length_ms;
    int64_t limit_value;
    int64_t allowed_micros;
    bool is_of_records;
};

static int64_t sum_until(const struct ps_recount_window *const window,
                         const struct window_rule *const rule, const int64_t end_ms)
{
    int64_t sum = 0;
    for (size_t place = 0; place < window->count; place++) {
        const struct ps_rates_use *const use = &window->uses[window->first + place];
        sum += part_of(use, rule->is_of_records ? use->record_micros : use->token_micros,
                       end_ms - rule->length_ms, end_ms);
    }
    return sum;
}

static bool check_window(const struct ps_recount *const recount,
                         const struct ps_recount_window *const window,
                         const struct window_rule *const rule, const int64_t end_ms)
{
    const int64_t sum = sum_until(window, rule, end_ms);
    if (sum <= rule->allowed_micros) {
        return false;
    }
    tell(recount, rule->limit, end_ms, sum / PS_MICROS, rule->limit_value);
    return true;
}

/*
 * A window is fullest where it begins or ends with a stretch: those that end with the new one, and
 * those that begin with an older one and end within the new one. One breach a stretch is enough.
 */
static void check_windows(const struct ps_recount *const recount,
                          struct ps_recount_window *const window,
                          const struct window_rule *const rule,
                          const struct ps_rates_use *const use)
{
    window_add(window, use, rule->length_ms);
    if (check_window(recount, window, rule, use->to_ms) ||
        check_window(recount, window, rule, use->from_ms)) {
        return;
    }
    for (size_t place = 0; place < window->count; place++) {
        const struct ps_rates_use *const old = &window->uses[window->first + place];
        const int64_t ends_ms[] = {old->from_ms + rule->length_ms, old->to_ms + rule->length_ms};
        for (size_t end = 0; end < 2; end++) {
            if (ends_ms[end] > use->from_ms && ends_ms[end] < use->to_ms &&
                check_window(recount, window, rule, ends_ms[end])) {
                return;
            }
        }
    }
}

/* ---- days ---- */

static int64_t day_of(const struct ps_recount *const recount, const int64_t at_ms)
{
    const int64_t shifted_ms = at_ms - recount->options.reset_ms;
    return shifted_ms / PS_DAY_MS - (shifted_ms % PS_DAY_MS < 0 ? 1 : 0);
}

static void count_day(struct ps_recount *const recount, const int64_t day, const int64_t micros,
                      const int64_t at_ms)
{
    const int64_t tpd = recount->options.tpd;
    if (day != recount->day) {
        recount->day = day;
        recount->day_micros = 0;
        recount->days++;
    }
    recount->day_micros += micros;
    if (tpd > 0 && recount->day_micros > (tpd + 1) * PS_MICROS && recount->told_day != day) {
        recount->told_day = day;
        tell(recount, "tpd", at_ms, recount->day_micros / PS_MICROS, tpd);
    }
}

static void count_days(struct ps_recount *const recount, const struct ps_rates_use *const use)
{
    const int64_t first = day_of(recount, use->from_ms);
    for (int64_t day = first;; day++) {
        const int64_t begin_ms = day * PS_DAY_MS + recount->options.reset_ms;
        const int64_t micros = part_of(use, use->token_micros, begin_ms, begin_ms + PS_DAY_MS);
        if (day > first && begin_ms >= use->to_ms) {
            return;
        }
        count_day(recount, day, micros, use->to_ms);
    }
}

/* ---- what is told ---- */

static void add_up(int64_t *const sum, int64_t *const rest_micros, const int64_t micros)
{
    *rest_micros += micros;
    *sum += *rest_micros / PS_MICROS;
    *rest_micros %= PS_MICROS;
}

void ps_recount_use(struct ps_recount *const recount, const struct ps_rates_use *const use)
{
    const struct ps_recount_options *const options = &recount->options;
    recount->first_ms = recount->first_ms == 0 ? use->from_ms : recount->first_ms;
    recount->last_ms = use->to_ms;
    add_up(&recount->tokens, &recount->token_rest_micros, use->token_micros);
    add_up(&recount->records, &recount->record_rest_micros, use->record_micros);
    count_days(recount, use);
    if (options->tpm > 0) {
        const struct window_rule rule = {"tpm", PS_MINUTE_MS, options->tpm,
                                         (options->tpm + options->burst_tokens + 1) * PS_MICROS,
                                         false};
        check_windows(recount, &recount->minute, &rule, use);
    }
    if (options->rps > 0) {
        const struct window_rule rule = {"rps", PS_SECOND_MS, options->rps,
                                         (options->rps + 1) * PS_MICROS, true};
        check_windows(recount, &recount->second, &rule, use);
    }
}

void ps_recount_jobs(struct ps_recount *const recount, const int64_t at_ms, const int64_t live,
                     const int64_t others)
{
    PS_ASSERT(at_ms >= recount->jobs_at_ms);
    recount->jobs_ms += recount->live_jobs * (at_ms - recount->jobs_at_ms);
    recount->jobs_at_ms = at_ms;
    const bool is_more = live > recount->live_jobs;
    recount->live_jobs = live;
    recount->peak_jobs = live > recount->peak_jobs ? live : recount->peak_jobs;
    if (is_more && recount->options.jobs > 0 && live + others > recount->options.jobs) {
        tell(recount, "jobs", at_ms, live + others, recount->options.jobs);
    }
}
