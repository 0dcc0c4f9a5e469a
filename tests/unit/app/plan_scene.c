#include "plan_scene.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define RECORDS INT64_C(200000)
#define TOKENS INT64_C(2400000000)
#define DAYS 49

static void init_lane(struct plan_scene *const scene, const int64_t number,
                      const int64_t lane_count)
{
    struct ps_lane *const lane = &scene->said[number];
    char name[32];
    (void)snprintf(name, sizeof(name), "lane%d", (int)number + 1);
    ps_lane_init(lane, lane_count == 1 ? "main" : name);
    lane->limits[PS_LIMIT_TPD] = (struct ps_limit){50000000, PS_SOURCE_TYPICAL};
    lane->limits[PS_LIMIT_TPM] = (struct ps_limit){3000000, PS_SOURCE_TYPICAL};
    lane->limits[PS_LIMIT_JOBS] = (struct ps_limit){10, PS_SOURCE_TYPICAL};
    lane->limits[PS_LIMIT_SHARD_BYTES] = (struct ps_limit){50000000, PS_SOURCE_TYPICAL};
    scene->lanes[number] = (struct ps_plan_lane){
        .lane = lane,
        .pool = 7,
        .records = RECORDS / lane_count,
        .bytes = RECORDS * 40000 / lane_count,
        .tokens = TOKENS / lane_count,
        .jobs = DAYS,
        .shards = DAYS * 4,
        .job_records = 4166,
        .day_records = 4166,
        .job_shards = 4,
        .job_bytes = INT64_C(166640000),
        .shard_records = 1250,
        .shard_bytes = INT64_C(50000000),
        .job_reason = PS_LIMIT_TPD,
        .shard_reason = PS_LIMIT_SHARD_BYTES,
        .ends_ms = 48 * PS_DAY_MS + 8 * PS_SECOND_MS,
        .days = DAYS,
        .batch_usd_micros = INT64_C(2000000000) / lane_count,
        .on_demand_usd_micros = INT64_C(4000000000) / lane_count,
    };
}

void plan_scene_init(struct plan_scene *const scene, const int64_t lane_count)
{
    memset(scene, 0, sizeof(*scene));
    for (int64_t lane = 0; lane < lane_count; lane++) {
        init_lane(scene, lane, lane_count);
    }
    scene->limits[0] = (struct ps_plan_limit){PS_LIMIT_TPD, 50000000, PS_SOURCE_TYPICAL, 48979591,
                                              true,         0,        lane_count};
    scene->limits[1] = (struct ps_plan_limit){PS_LIMIT_TPM, 3000000, PS_SOURCE_TYPICAL, 34722,
                                              false,        0,       lane_count};
    scene->limits[2] = (struct ps_plan_limit){
        PS_LIMIT_MIN_RECORDS, 100, PS_SOURCE_TYPICAL, 32, false, 0, lane_count};
    scene->limits[3] = (struct ps_plan_limit){PS_LIMIT_RESET, 0, PS_SOURCE_USER, PS_PLAN_UNKNOWN,
                                              false,          0, lane_count};
    scene->help[0] = (struct ps_plan_help){PS_LIMIT_TPD, 50000000,       100000000,
                                           NULL,         24 * PS_DAY_MS, 24 * PS_DAY_MS};
    scene->help[1] = (struct ps_plan_help){PS_LIMIT_COUNT, 0, 0, "a second Region", 25 * PS_DAY_MS,
                                           24 * PS_DAY_MS};
    scene->requests[0] = (struct ps_plan_request_row){PS_LIMIT_TPM, "main",  "Tokens per minute",
                                                      "L-12345678", 3000000, 20000000};
    scene->view = (struct ps_plan_view){
        .demand = {RECORDS, RECORDS, 0, 0, INT64_C(2000000000), 400000000, 400000000,
                   RECORDS * 40000, false, true, 0},
        .verdict = PS_PLAN_TOO_LATE,
        .lower_bound_ms = 48 * PS_DAY_MS + 6400,
        .makespan_ms = 48 * PS_DAY_MS + 8 * PS_SECOND_MS,
        .days = DAYS,
        .fluid_days = DAYS - 1,
        .binding = PS_LIMIT_TPD,
        .next_binding = PS_LIMIT_TPM,
        .forecast = {48 * PS_DAY_MS, 47 * PS_DAY_MS, 49 * PS_DAY_MS, 31},
        .deadline_ms = 2 * PS_HOUR_MS,
        .max_cost_usd_micros = PS_PLAN_UNKNOWN,
        .batch_usd_micros = INT64_C(2000000000),
        .on_demand_usd_micros = INT64_C(4000000000),
        .cost_usd_micros = INT64_C(2000000000),
        .needed_tpm = 20000000,
        .needed_tpd = TOKENS,
        .needed_rps = 28,
        .needed_jobs = PS_NO_LIMIT,
        .needed_lanes = 10,
        .bounds_ms = {47 * PS_DAY_MS, 0, 0, 0, PS_BOUND_NEVER, 0, 48 * PS_DAY_MS + 6400, 0},
        .lanes = scene->lanes,
        .lane_count = lane_count,
        .limits = scene->limits,
        .limit_count = 4,
        .help = scene->help,
        .help_count = 2,
        .requests = scene->requests,
        .request_count = 1,
    };
}
