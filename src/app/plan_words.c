#include "app/plan_words.h"

#include "base/assert.h"
#include "base/checked.h"
#include "base/time.h"
#include "codec/units.h"

#include <inttypes.h>

/* A year of 365.25 days; from two of them on days say nothing any more. */
#define YEAR_MS (36525 * (PS_DAY_MS / 100))
#define YEARS_FROM_MS (2 * YEAR_MS)
#define HOURS_BELOW_MS (2 * PS_DAY_MS)

/* How a limit's value is written. */
enum form { COUNT, BYTES, TIME, DAY_TIME, FACTOR };

static const struct words {
    enum form form;
    const char *unit;
    const char *binding;
} words[PS_LIMIT_COUNT + 1] = {
    [PS_LIMIT_JOBS] = {COUNT, "jobs at once", "the number of jobs at once binds"},
    [PS_LIMIT_JOB_RECORDS] = {COUNT, "records a job", "the records of a job bind"},
    [PS_LIMIT_JOB_BYTES] = {BYTES, "a job", "the bytes of a job bind"},
    [PS_LIMIT_SHARD_RECORDS] = {COUNT, "records a file", "the records of a file bind"},
    [PS_LIMIT_SHARD_BYTES] = {BYTES, "a file", "the bytes of a file bind"},
    [PS_LIMIT_FILES] = {COUNT, "files a job", "the files of a job bind"},
    [PS_LIMIT_MIN_RECORDS] = {COUNT, "records a job or more", "the smallest legal job binds"},
    [PS_LIMIT_CONTEXT] = {COUNT, "tokens a record, in and out", "the context window binds"},
    [PS_LIMIT_OUTPUT] = {COUNT, "output tokens a record", "the output limit binds"},
    [PS_LIMIT_OUT_BYTES] = {BYTES, "an output file", "the size of an output file binds"},
    [PS_LIMIT_RPS] = {COUNT, "requests/s", "the request rate binds"},
    [PS_LIMIT_TPM] = {COUNT, "tokens/min", "the token rate binds"},
    [PS_LIMIT_TPD] = {COUNT, "tokens/day", "the daily quota binds"},
    [PS_LIMIT_RESET] = {DAY_TIME, "UTC: the day turns", "the turn of the day binds"},
    [PS_LIMIT_STARTUP] = {TIME, "until a job starts", "the start-up time of jobs binds"},
    [PS_LIMIT_BURNDOWN] = {FACTOR, "for an output token", "the weight of output tokens binds"},
    [PS_LIMIT_COUNT] = {COUNT, "", "no limit binds"},
};

static void add_day_time(struct ps_buf *const buf, const int64_t value)
{
    ps_buf_add_format(buf, "%02" PRId64 ":%02" PRId64, value / PS_HOUR_MS,
                      value % PS_HOUR_MS / PS_MINUTE_MS);
}

void ps_plan_words_add_value(struct ps_buf *const buf, const enum ps_limit_key key,
                             const int64_t value)
{
    PS_ASSERT(key >= 0 && key < PS_LIMIT_COUNT);
    switch (words[key].form) {
    case COUNT:
        ps_units_add_short(buf, value);
        return;
    case BYTES:
        ps_units_add_bytes(buf, value);
        return;
    case TIME:
        ps_units_add_time(buf, value);
        return;
    case DAY_TIME:
        add_day_time(buf, value);
        return;
    default:
        ps_buf_add_format(buf, "x%" PRId64, value);
    }
}

const char *ps_plan_words_unit(const enum ps_limit_key key)
{
    PS_ASSERT(key >= 0 && key < PS_LIMIT_COUNT);
    return words[key].unit;
}

void ps_plan_words_add_limit(struct ps_buf *const buf, const enum ps_limit_key key,
                             const int64_t value)
{
    ps_plan_words_add_value(buf, key, value);
    if (value == 1 && key == PS_LIMIT_RPS) {
        ps_buf_add_text(buf, " request/s");
    } else if (value == 1 && key == PS_LIMIT_JOBS) {
        ps_buf_add_text(buf, " job at once");
    } else {
        ps_buf_add_format(buf, " %s", ps_plan_words_unit(key));
    }
}

const char *ps_plan_words_binding(const enum ps_limit_key key)
{
    PS_ASSERT(key >= 0 && key <= PS_LIMIT_COUNT);
    return words[key].binding;
}

void ps_plan_words_add_number(struct ps_buf *const buf, const int64_t count, const char *const one,
                              const char *const many)
{
    ps_units_add_count(buf, count);
    ps_buf_add_format(buf, " %s", count == 1 ? one : many);
}

void ps_plan_words_add_span(struct ps_buf *const buf, const int64_t time_ms)
{
    if (time_ms >= YEARS_FROM_MS) {
        const int64_t tenths = time_ms / (YEAR_MS / 10);
        ps_units_add_count(buf, tenths / 10);
        ps_buf_add_format(buf, ".%" PRId64 " years", tenths % 10);
    } else if (time_ms >= PS_DAY_MS && time_ms % PS_DAY_MS == 0) {
        ps_plan_words_add_number(buf, time_ms / PS_DAY_MS, "day", "days");
    } else if (time_ms >= PS_HOUR_MS && time_ms % PS_HOUR_MS == 0 && time_ms < HOURS_BELOW_MS) {
        ps_plan_words_add_number(buf, time_ms / PS_HOUR_MS, "hour", "hours");
    } else if (time_ms >= PS_MINUTE_MS && time_ms % PS_MINUTE_MS == 0 && time_ms < PS_HOUR_MS) {
        ps_plan_words_add_number(buf, time_ms / PS_MINUTE_MS, "minute", "minutes");
    } else {
        ps_units_add_time(buf, time_ms);
    }
}

/* ------------------------------------------------ the verdict */

/* The sum of the limit over all lanes that have it, each pool once; PS_NO_LIMIT: none has. */
static int64_t sum_of(const struct ps_plan_view *const view, const enum ps_limit_key key)
{
    int64_t sum = PS_NO_LIMIT;
    for (int64_t row = 0; row < view->limit_count; row++) {
        const struct ps_plan_limit *const limit = &view->limits[row];
        if (limit->key == key && !ps_add_i64(sum == PS_NO_LIMIT ? 0 : sum, limit->value, &sum)) {
            return INT64_MAX;
        }
    }
    return sum;
}

static bool is_rate(const enum ps_limit_key key)
{
    return key == PS_LIMIT_TPD || key == PS_LIMIT_TPM || key == PS_LIMIT_RPS ||
           key == PS_LIMIT_JOBS;
}

/* "49 days at 50 M tokens/day: the daily quota binds" */
static void add_course(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    if (view->makespan_ms == 0) {
        ps_buf_add_text(buf, view->demand.unique_records == 0
                                 ? "Nothing is to be done"
                                 : "No known limit holds it back: how fast the service works "
                                   "decides alone");
        return;
    }
    const bool is_in_days =
        view->binding == PS_LIMIT_TPD && view->days > 1 && view->makespan_ms < YEARS_FROM_MS;
    if (is_in_days) {
        ps_plan_words_add_number(buf, view->days, "day", "days");
    } else {
        ps_plan_words_add_span(buf, view->makespan_ms);
    }
    const int64_t sum = is_rate(view->binding) ? sum_of(view, view->binding) : PS_NO_LIMIT;
    if (sum != PS_NO_LIMIT) {
        ps_buf_add_text(buf, " at ");
        ps_plan_words_add_limit(buf, view->binding, sum);
    }
    ps_buf_add_format(buf, ": %s", ps_plan_words_binding(view->binding));
}

void ps_plan_words_add_verdict(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    switch (view->verdict) {
    case PS_PLAN_IMPOSSIBLE:
        ps_buf_add_format(buf, "Impossible: %s", view->why);
        return;
    case PS_PLAN_TOO_LATE:
        ps_buf_add_text(buf, "Does not fit into ");
        ps_plan_words_add_span(buf, view->deadline_ms);
        break;
    case PS_PLAN_TOO_DEAR:
        ps_buf_add_text(buf, "Costs ");
        ps_units_add_usd(buf, view->cost_usd_micros);
        ps_buf_add_text(buf, ", above the ");
        ps_units_add_usd(buf, view->max_cost_usd_micros);
        ps_buf_add_text(buf, " of --max-cost");
        break;
    default:
        if (view->deadline_ms > 0) {
            ps_buf_add_text(buf, "Fits into ");
            ps_plan_words_add_span(buf, view->deadline_ms);
            ps_buf_add_text(buf, view->makespan_ms > view->deadline_ms
                                     ? " only if jobs start sooner than usual"
                                     : "");
        }
    }
    ps_buf_add_text(buf, view->verdict == PS_PLAN_FITS && view->deadline_ms == 0 ? "" : ". ");
    add_course(buf, view);
}

static bool is_asked_for(const struct ps_plan_view *const view, const enum ps_limit_key key)
{
    for (int64_t row = 0; row < view->request_count; row++) {
        if (view->requests[row].key == key) {
            return true;
        }
    }
    return false;
}

void ps_plan_words_add_needed(struct ps_buf *const buf, const struct ps_plan_view *const view)
{
    const struct {
        enum ps_limit_key key;
        int64_t value;
    } rows[] = {
        {PS_LIMIT_TPM, view->needed_tpm},
        {PS_LIMIT_TPD, view->needed_tpd},
        {PS_LIMIT_RPS, view->needed_rps},
        /* More slots are named only where there are too few. */
        {PS_LIMIT_JOBS, is_asked_for(view, PS_LIMIT_JOBS) ? view->needed_jobs : PS_NO_LIMIT},
    };
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    int64_t left = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        left += rows[row].value != PS_NO_LIMIT;
    }
    if (view->verdict != PS_PLAN_TOO_LATE || left == 0) {
        return;
    }
    ps_buf_add_text(buf, "A window of ");
    ps_plan_words_add_span(buf, view->deadline_ms);
    const char *before = " needs ";
    for (int64_t row = 0; row < ROWS; row++) {
        if (rows[row].value != PS_NO_LIMIT) {
            ps_buf_add_text(buf, before);
            ps_plan_words_add_limit(buf, rows[row].key, rows[row].value);
            left--;
            before = left == 1 ? " and " : ", ";
        }
    }
}

void ps_plan_words_add_demand(struct ps_buf *const buf, const struct ps_plan_demand *const demand)
{
    int64_t tokens = 0;
    ps_plan_words_add_number(buf, demand->unique_records, "record", "records");
    if (ps_add_i64(demand->input_tokens, demand->output_tokens, &tokens)) {
        ps_buf_add_text(buf, ", ");
        ps_units_add_short(buf, tokens);
        ps_buf_add_text(buf, " tokens (");
        ps_units_add_short(buf, demand->input_tokens);
        ps_buf_add_text(buf, " in, ");
        ps_units_add_short(buf, demand->output_tokens);
        ps_buf_add_text(buf, " out)");
    }
    ps_buf_add_text(buf, ", ");
    ps_units_add_bytes(buf, demand->bytes);
}
