/*
 * engine_ours - our side of the engine's world, as app/turn and its files would be: the jobs and
 * shard rows of the store, the endings of records, and the local wishes done on them.
 *
 * All of it is one value that can be copied: a commit, an older copy. Owner: the caller releases.
 */
#ifndef PENSTOCK_TESTS_ENGINE_OURS_H
#define PENSTOCK_TESTS_ENGINE_OURS_H

#include "core/engine.h"
#include "fake_service.h"

enum ending { OPEN, SUCCEEDED, FAILED, UNACCOUNTED, CANCELLED };

struct ours {
    struct ps_job jobs[JOBS_MAX];
    int64_t job_count;
    int64_t rows[JOBS_MAX][SHARDS][SHARD_RECORDS];
    int64_t row_counts[JOBS_MAX][SHARDS];
    int64_t put_attempts[JOBS_MAX][SHARDS];
    int64_t shard_counts[JOBS_MAX];
    enum ending endings[RECORDS];
    int64_t tries[RECORDS];
};

void ours_release(struct ours *ours);
void ours_copy(struct ours *target, const struct ours *source);

/* Inserts or replaces by number. */
void ours_keep_job(struct ours *ours, const struct ps_job *job);

/* Hands every kept job to a new engine. */
void ours_fill_engine(const struct ours *ours, struct ps_engine *engine);

/* Does a local wish now; `readings` by job number. */
void ours_perform(struct ours *ours, const struct ps_engine *engine, struct reading *readings,
                  const struct ps_wish *wish, struct ps_fact *fact);

#endif
