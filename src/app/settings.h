/*
 * settings - what a run was started with: written once to `run.json` in its folder, before the
 * first effect.
 *
 * Everything that the engine, the bodies and the results need again after a restart and that must
 * not change by itself: names, the lane with its limits, the nonce that tokens are made from, the
 * key of rule R8. No secret is in it.
 *
 * Owner: the caller embeds it; ps_settings_release frees.
 */
#ifndef PS_APP_SETTINGS_H
#define PS_APP_SETTINGS_H

#include "base/status.h"
#include "core/family.h"
#include "core/lane.h"

struct ps_settings {
    char *name;  /* of the run: part of every path and job name */
    char *key;   /* R8: what names it, as JSON text */
    char *nonce; /* hex, drawn once */
    char *bucket;
    char *prefix;
    char *results_path; /* absolute */
    struct ps_lane lane;
    enum ps_family family;
    bool is_local; /* the emulator inside the process, its data in the run's folder */
    int64_t speed; /* of the local emulator */
    int64_t poll_ms;
    int64_t timeout_hours;
    int64_t created_ms; /* wall clock */
};

void ps_settings_init(struct ps_settings *settings);
void ps_settings_release(struct ps_settings *settings);

PS_MUST_CHECK enum ps_status ps_settings_write(const struct ps_settings *settings,
                                               const char *folder, struct ps_error *err);
PS_MUST_CHECK enum ps_status ps_settings_read(struct ps_settings *settings, const char *folder,
                                              struct ps_error *err);

#endif
