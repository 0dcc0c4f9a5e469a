/*
 * plan_picture - what a plan does when, lane by lane, ready to be drawn (app/plan_plot).
 *
 * From the plan's numbers, not from a simulated run: a lane waits for its start-up, then works as
 * fast as its tokens a minute allow until a day's budget is used, and rests until the day turns.
 *
 * Pure. Owner: the caller embeds it and releases it; `view` must outlive it.
 */
#ifndef PS_APP_PLAN_PICTURE_H
#define PS_APP_PLAN_PICTURE_H

#include "app/plan_plot.h"
#include "app/plan_view.h"

struct ps_plan_picture {
    struct ps_plan_plot plot;
    struct ps_plan_plot_lane *lanes;
    struct ps_plan_plot_span **spans; /* of each lane */
    struct ps_plan_plot_day **days;
    struct ps_buf texts; /* NUL-terminated, one after another */
};

/* Plans of no length (nothing to do, or impossible) have a picture, too: of one empty day. */
void ps_plan_picture_init(struct ps_plan_picture *picture, const struct ps_plan_view *view);
void ps_plan_picture_release(struct ps_plan_picture *picture);

#endif
