/*
 * plan_plot - a plan as a picture: lanes over time, with their jobs, day budgets and idle times, as
 * one SVG that stands for itself (no script, nothing fetched), readable on light and dark.
 *
 * Each lane is a row: bars are jobs (the higher, the more of its slots are in use), pale where they
 * wait to be started; the line under them is idle time; the cells under that are day budgets, each
 * filled as far as it is used. All letters are of one width, so that what fits is known: a text too
 * long for its place is cut with "..." and stands whole in the row's <title>.
 *
 * Pure: from numbers to text. Owner: the caller; everything pointed to outlives the call. Threads:
 * any.
 */
#ifndef PS_APP_PLAN_PLOT_H
#define PS_APP_PLAN_PLOT_H

#include "base/buf.h"
#include "base/limits.h"

#include <stdint.h>

/* A drawing fits in this: lanes beyond PS_PLAN_PLOT_LANES_MAX are told as a number. */
#define PS_PLAN_PLOT_BYTES_MAX (64 * PS_MB)
#define PS_PLAN_PLOT_LANES_MAX 200

/* Time in which the same number of jobs is alive; in order, without overlap. */
struct ps_plan_plot_span {
    int64_t from_ms; /* after the start */
    int64_t to_ms;
    int64_t jobs_permille; /* of the lane's slots (or of the most it ever has), 1 to 1000 */
    bool is_starting;      /* none of them works yet */
};

/* A day's budget of tokens; in order, without overlap. */
struct ps_plan_plot_day {
    int64_t from_ms;
    int64_t to_ms;
    int64_t used_permille;
};

struct ps_plan_plot_lane {
    const char *name;
    const char *note; /* a line under the name: where it is, what it does */
    const struct ps_plan_plot_span *spans;
    int64_t span_count;
    const struct ps_plan_plot_day *days; /* none: its tokens a day are not limited */
    int64_t day_count;
};

struct ps_plan_plot {
    const char *title;    /* the verdict */
    const char *subtitle; /* the demand */
    int64_t end_ms;       /* of the last lane; above 0 */
    int64_t bound_ms;     /* the lower bound, drawn as a line; 0: none */
    int64_t deadline_ms;  /* likewise */
    const struct ps_plan_plot_lane *lanes;
    int64_t lane_count;
};

/* Appends the whole drawing; `svg` has PS_PLAN_PLOT_BYTES_MAX of room. */
void ps_plan_plot_add(struct ps_buf *svg, const struct ps_plan_plot *plot);

#endif
