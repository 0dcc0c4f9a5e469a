/*
 * identity - who owns the simulated account: drawn once per data folder, kept in DATA/identity.json
 * (0600).
 *
 * Owner: the caller embeds it. Threads: read-only once loaded.
 */
#ifndef PS_SIM_IDENTITY_H
#define PS_SIM_IDENTITY_H

#include "base/status.h"
#include "base/str.h"

#include <stdint.h>

#define PS_IDENTITY_RANDOM_BYTES 64

struct ps_identity {
    char account_id[13];
    char access_key_id[24];
    char secret_access_key[48];
    char region[32];
    char bucket[64];
    char other_bucket[80]; /* in other_region, for whoever tests that */
    char other_region[32];
    char role_arn[128]; /* the service role: Bedrock may assume it */
    char caller_role_arn[128];
    char user_arn[128]; /* who the access key belongs to */
    uint64_t seed;
    int64_t origin_ms; /* of the simulated clock, see os/clock.h */
    int64_t speed;
};

/* PS_E_NOT_FOUND: the folder has none yet. */
PS_MUST_CHECK enum ps_status ps_identity_load(struct ps_identity *identity, const char *folder,
                                              struct ps_error *err);

/* All but the clock, from `random`. */
void ps_identity_draw(struct ps_identity *identity, const uint8_t random[PS_IDENTITY_RANDOM_BYTES]);

PS_MUST_CHECK enum ps_status ps_identity_save(const struct ps_identity *identity,
                                              const char *folder, struct ps_error *err);

/*
 * Chooses origin and speed for a start at real time `real_ms`: as before for the same speed, else
 * so that the simulated time goes on from where it is by now. PS_E_USAGE: real time (speed 1) asked
 * for where simulated time is already ahead of it.
 */
PS_MUST_CHECK enum ps_status ps_identity_set_speed(struct ps_identity *identity, int64_t speed,
                                                   int64_t real_ms, struct ps_error *err);

/* Writes `text` to `path` through a temporary file beside it and a rename, mode 0600. */
PS_MUST_CHECK enum ps_status ps_identity_replace_file(const char *path, struct ps_str text,
                                                      struct ps_error *err);

#endif
