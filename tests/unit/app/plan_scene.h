/*
 * plan_scene - the plan of the reference job under the typical limits, to be shown and drawn.
 */
#ifndef PS_TEST_APP_PLAN_SCENE_H
#define PS_TEST_APP_PLAN_SCENE_H

#include "app/plan_view.h"

#define PLAN_SCENE_LANES_MAX 60

struct plan_scene {
    struct ps_plan_view view;
    struct ps_lane said[PLAN_SCENE_LANES_MAX];
    struct ps_plan_lane lanes[PLAN_SCENE_LANES_MAX];
    struct ps_plan_limit limits[4];
    struct ps_plan_help help[2];
    struct ps_plan_request_row requests[1];
};

/* 49 days at 50 M tokens a day, not within the 2 hours asked for; `lane_count` lanes alike that
 * share a pool. */
void plan_scene_init(struct plan_scene *scene, int64_t lane_count);

#endif
