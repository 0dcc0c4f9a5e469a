/*
 * names - every path and name that the service sees, made by us from numbers alone (rule R5).
 *
 *   <prefix>/<run>/in/j00000001-a1/s00001/j00000001-a1-s00001.jsonl   a shard
 *   <prefix>/<run>/out/j00000001-a1/                                 where its job writes
 *   <run>-j00000001-a1                                               the job's name
 *
 * Job and attempt stand in path and file name and are never used again. Pure; text goes to the end
 * of `buf`.
 */
#ifndef PS_CORE_NAMES_H
#define PS_CORE_NAMES_H

#include "base/buf.h"
#include "base/status.h"

#include <stdint.h>

/* Where a run lives at the service. `prefix` has no '/' at either end; "" is the bucket's root. */
struct ps_names {
    struct ps_str bucket;
    struct ps_str prefix;
    struct ps_str run;
};

void ps_names_add_run_prefix(struct ps_buf *buf, const struct ps_names *names);
void ps_names_add_in_prefix(struct ps_buf *buf, const struct ps_names *names, int64_t job,
                            int64_t attempt);
void ps_names_add_out_prefix(struct ps_buf *buf, const struct ps_names *names, int64_t job,
                             int64_t attempt);

/* `shard` counts from 0; the name shows it from 1. */
void ps_names_add_shard_key(struct ps_buf *buf, const struct ps_names *names, int64_t job,
                            int64_t attempt, int64_t shard);
void ps_names_add_job(struct ps_buf *buf, const struct ps_names *names, int64_t job,
                      int64_t attempt);

/* "s3://bucket/" + key. */
void ps_names_add_uri(struct ps_buf *buf, const struct ps_names *names, struct ps_str key);

/* Exactly a name of ps_names_add_job of this run? 'x-j1-a10' is not 'x-j1-a1'. */
PS_MUST_CHECK bool ps_names_parse_job(const struct ps_names *names, struct ps_str name,
                                      int64_t *ret_job, int64_t *ret_attempt);

/* Exactly what ps_names_add_in_prefix writes for this run? */
PS_MUST_CHECK bool ps_names_parse_in_prefix(const struct ps_names *names, struct ps_str prefix,
                                            int64_t *ret_job, int64_t *ret_attempt);

/*
 * Splits "s3://bucket/prefix" into views; a '/' at the end is dropped. PS_E_USAGE says what the
 * service's pattern refuses ('=', spaces, '//', ...).
 */
PS_MUST_CHECK enum ps_status ps_names_parse_uri(struct ps_str uri, struct ps_str *ret_bucket,
                                                struct ps_str *ret_prefix, struct ps_error *err);

/* May `name` be a run's name: 1 to 40 of a-z, 0-9 and '-', first and last not '-'? */
bool ps_names_is_run(struct ps_str name);

#endif
