/*
 * collect - a job's output objects, read once, joined by our record ids alone, filed in one
 * segment.
 *
 * Bytes of each object come in order from the world's sink; lines end at 0x0A only. An object may
 * be begun again from byte 0 after a cut. Hostile bytes are counted, never trusted: broken lines,
 * foreign ids (not of this job), repeated ids, lines over the cap, a manifest with nonsense.
 *
 * Order changes nothing: of several answers to one record in one job a success is kept before a
 * final error before a retryable one, and among equals the one whose payload has the smallest
 * digest, wherever they stood. Two manifests that disagree prove nothing (their counters are -1).
 *
 * A success's payload is the tail of its results line, ready to be copied:
 *     "status":"succeeded","text":...,"output":{...},
 *     "usage":{"input_tokens":..,"output_tokens":..},"stop_reason":...,"model":"..."
 * (`output` is the service's modelOutput as it came, without white space between tokens.) A
 * failure's is
 *     {"code":"...","message":"..."}
 * with the service's errorCode as the code ("429"), or our own word (`missing`, `unaccounted`,
 * ...).
 *
 * Owner: the caller frees. Threads: one at a time.
 */
#ifndef PS_APP_COLLECT_H
#define PS_APP_COLLECT_H

#include "app/answers.h"
#include "app/shard_body.h"
#include "core/family.h"

struct ps_collect_job {
    const char *name; /* the job's name: its segment's too */
    const char *model;
    enum ps_family family;
    const struct ps_shard_records *shards; /* which records it holds */
    int64_t shard_count;
    int64_t tries_max; /* a retryable error at this try is final (R7: 3) */
};

/* All lines of all objects so far. */
struct ps_collect_counts {
    int64_t lines; /* of this job's records, each record once */
    int64_t succeeded;
    int64_t failed; /* final errors, those at their last try included */
    int64_t retryable;
    int64_t missing;  /* records of the job without a line */
    int64_t repeated; /* lines beyond the first of a record */
    int64_t foreign;  /* ids that are not of this job */
    int64_t broken;   /* lines that cannot be read: a cut object ends in one */
    int64_t repaired; /* lines of this job's records that held what is no character */
    bool has_manifest;
    int64_t manifest_total; /* -1 where the manifest does not say */
    int64_t manifest_success;
    int64_t manifest_error;
    int64_t input_tokens; /* as the answers' usage says */
    int64_t output_tokens;
};

struct ps_collect;
PS_MUST_CHECK enum ps_status ps_collect_new(struct ps_answers *answers,
                                            const struct ps_index *index,
                                            const struct ps_collect_job *job,
                                            struct ps_collect **ret_collect, struct ps_error *err);
struct ps_collect *ps_collect_free(struct ps_collect *collect);

/* `offset` 0 begins an object; each later write of it must go on where the last ended. */
PS_MUST_CHECK enum ps_status ps_collect_write(struct ps_collect *collect, struct ps_str key,
                                              int64_t offset, struct ps_str bytes,
                                              struct ps_error *err);

/* The object is whole. Its last line may lack the line end. */
PS_MUST_CHECK enum ps_status ps_collect_object_end(struct ps_collect *collect,
                                                   struct ps_error *err);

void ps_collect_counts(const struct ps_collect *collect, struct ps_collect_counts *ret_counts);

/*
 * Files a verdict for every record without a line, and commits the segment. UNPROCESSED at the last
 * try is filed as FAILED `missing`. `message` tells why (from the job's own message, or ours).
 */
PS_MUST_CHECK enum ps_status ps_collect_close(struct ps_collect *collect,
                                              enum ps_answer_kind missing_as, struct ps_str message,
                                              struct ps_error *err);

/* Why records get an ending, or another wait, without a line of output. */
struct ps_verdict {
    const char *name; /* of the segment */
    enum ps_answer_kind kind;
    const char *code; /* input_gone, below_batch_minimum, cancelled, ... */
    struct ps_str message;
};

/*
 * For records that will not be sent: a segment of verdicts, which count as no try. The same name
 * again changes nothing.
 */
PS_MUST_CHECK enum ps_status ps_collect_verdicts(struct ps_answers *answers,
                                                 const struct ps_index *index,
                                                 const struct ps_verdict *verdict,
                                                 const struct ps_shard_records *shards,
                                                 int64_t shard_count, struct ps_error *err);

#endif
