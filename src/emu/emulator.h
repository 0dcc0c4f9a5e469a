/*
 * emulator - the simulated AWS behind HTTP: what `penstock emulate` and `run --local` start.
 *
 * S3 (path style), Bedrock's batch jobs and STS on one loopback port, every signature checked. All
 * state is in the data folder and survives a kill at any moment; a start goes on where the last one
 * was, in simulated time too. Two emulators never share a folder: the second is refused.
 *
 * Threads of its own: one that steps the world, one for each connection. Owner: whoever started it.
 *
 *     struct ps_emulator *emulator = NULL;
 *     const struct ps_emulator_options options = {.data_folder = "data", .speed = 600};
 *     status = ps_emulator_start(&options, &emulator, err);
 *     ... ps_emulator_endpoint_url(emulator) ...
 *     emulator = ps_emulator_stop(emulator);
 */
#ifndef PS_EMU_EMULATOR_H
#define PS_EMU_EMULATOR_H

#include "base/status.h"

#include <stdint.h>

struct ps_emulator_options {
    const char *data_folder; /* made if need be */
    int64_t port;            /* 0: any */
    int64_t speed;           /* 0 or 1: real time */
    int64_t seed;       /* what a new folder draws from; 0: by chance. An old one keeps its own */
    const char *faults; /* NULL: none; see ps_emulator_faults_help */
    const char *limits_file; /* NULL: as published */
    const char *env_file;    /* NULL: none; else written when it is ready, mode 0600 */
    const char *ledger_file; /* NULL: none; else rewritten at every job's end and at the stop */
};

struct ps_emulator;

PS_MUST_CHECK enum ps_status ps_emulator_start(const struct ps_emulator_options *options,
                                               struct ps_emulator **ret_emulator,
                                               struct ps_error *err);

/* Answers what has begun, writes the ledger, ends; takes NULL and returns NULL. */
struct ps_emulator *ps_emulator_stop(struct ps_emulator *emulator);

/* All live as long as the emulator. */
const char *
ps_emulator_endpoint_url(const struct ps_emulator *emulator); /* http://127.0.0.1:PORT */
int64_t ps_emulator_port(const struct ps_emulator *emulator);
const char *ps_emulator_account_id(const struct ps_emulator *emulator);
const char *ps_emulator_access_key_id(const struct ps_emulator *emulator);
const char *ps_emulator_secret_access_key(const struct ps_emulator *emulator);
const char *ps_emulator_region(const struct ps_emulator *emulator);
const char *ps_emulator_role_arn(const struct ps_emulator *emulator);
const char *ps_emulator_caller_role_arn(const struct ps_emulator *emulator);
const char *ps_emulator_bucket(const struct ps_emulator *emulator);

/*
 * The account's bucket of a Region: its own, or one that is made the first time that it is asked
 * for, "BUCKET-REGION". *ret_bucket is heap text.
 */
PS_MUST_CHECK enum ps_status ps_emulator_bucket_of(struct ps_emulator *emulator, const char *region,
                                                   char **ret_bucket, struct ps_error *err);
const char *
ps_emulator_clock(const struct ps_emulator *emulator); /* "ORIGIN_MS,SPEED"; "" at real time */

/* What --faults takes, for --help. */
const char *ps_emulator_faults_help(void);

#endif
