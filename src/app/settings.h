/*
 * settings - what a run was started with: written once to `run.json` in its folder, before the
 * first effect.
 *
 * Everything that the engine, the bodies and the results need again after a restart and that must
 * not change by itself: names, the lanes with their limits, the nonce that tokens are made from,
 * the key of rule R8. No secret is in it.
 *
 * Owner: the caller embeds it; ps_settings_release frees.
 */
#ifndef PS_APP_SETTINGS_H
#define PS_APP_SETTINGS_H

#include "base/status.h"
#include "core/family.h"
#include "core/lane.h"
#include "core/spending.h"

/* Where a lane's shards and outputs live; heap texts. */
struct ps_settings_place {
    char *bucket;
    char *prefix;
    struct ps_price price; /* of the lane's tokens; zero: not known */
};

struct ps_settings {
    char *name;                       /* of the run: part of every path and job name */
    char *key;                        /* R8: what names it, as JSON text */
    char *nonce;                      /* hex, drawn once */
    char *results_path;               /* absolute */
    struct ps_lane *lanes;            /* at least one, where a run was read or asked for */
    struct ps_settings_place *places; /* of each lane */
    int64_t lane_count;
    enum ps_family family; /* of the bodies, the same for all lanes */
    bool is_local;         /* the emulator inside the process, its data in the run's folder */
    int64_t speed;         /* of the local emulator */
    int64_t poll_ms;
    int64_t timeout_hours;
    int64_t
        expect_output;  /* tokens of a record's answer, for budgets; 0: what its request allows */
    int64_t created_ms; /* wall clock */
    struct ps_spending_limits spending;
};

void ps_settings_init(struct ps_settings *settings);
void ps_settings_release(struct ps_settings *settings);

/* One more lane, at the place that is returned; both are copied. */
int64_t ps_settings_add_lane(struct ps_settings *settings, const struct ps_lane *lane,
                             struct ps_str bucket, struct ps_str prefix);

PS_MUST_CHECK enum ps_status ps_settings_write(const struct ps_settings *settings,
                                               const char *folder, struct ps_error *err);
PS_MUST_CHECK enum ps_status ps_settings_read(struct ps_settings *settings, const char *folder,
                                              struct ps_error *err);

#endif
