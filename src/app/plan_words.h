/*
 * plan_words - limits, times and verdicts of a plan in the words of a colleague.
 *
 * Pure. Threads: any.
 */
#ifndef PS_APP_PLAN_WORDS_H
#define PS_APP_PLAN_WORDS_H

#include "app/plan_view.h"
#include "base/buf.h"

/* "50 M", "50 MB", "15m 00s", "23:20", "x5": the value as the limit's unit is written. */
void ps_plan_words_add_value(struct ps_buf *buf, enum ps_limit_key key, int64_t value);

/* "50 M tokens/day". */
void ps_plan_words_add_limit(struct ps_buf *buf, enum ps_limit_key key, int64_t value);

/* "tokens/day": what the limit is about. */
const char *ps_plan_words_unit(enum ps_limit_key key);

/* "the daily quota binds"; for PS_LIMIT_COUNT "no limit binds". */
const char *ps_plan_words_binding(enum ps_limit_key key);

/* "2 hours", "1h 40m", "49 days", "7.6 years": as long as it is, rounded down. */
void ps_plan_words_add_span(struct ps_buf *buf, int64_t time_ms);

/* "1 day", "1,234 days". */
void ps_plan_words_add_number(struct ps_buf *buf, int64_t count, const char *one, const char *many);

/*
 * One sentence without its full stop: "49 days at 50 M tokens/day: the daily quota binds", after
 * "Does not fit into 2 hours. " and the like where something is asked for.
 */
void ps_plan_words_add_verdict(struct ps_buf *buf, const struct ps_plan_view *view);

/* "A window of 2 hours needs 20 M tokens/min, 2.4 B tokens/day and 28 requests/s"; nothing where no
 * deadline is missed. */
void ps_plan_words_add_needed(struct ps_buf *buf, const struct ps_plan_view *view);

/* "200,000 records, 2.4 B tokens (2 B in, 400 M out), 8.0 GB". */
void ps_plan_words_add_demand(struct ps_buf *buf, const struct ps_plan_demand *demand);

#endif
