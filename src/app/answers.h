/*
 * answers - what came back, kept in segments: one file a harvested job attempt,
 * `answers/<name>.seg`.
 *
 * A segment holds one entry for each record of its job: an answer, an error, or a verdict (missing,
 * unaccounted, cancelled, ...). It is written to a temporary name; ps_segment_commit syncs it and
 * renames it, and only then may the store's row say that the job is done. At open the caller names
 * the segments whose rows are committed, in row order; any other file of the folder is dropped.
 * What each record is worth (state, tries, where its answer stands) is derived from those, kept in
 * a mapped scratch file so that memory does not grow.
 *
 * The first success of a record wins and never changes; a second one is kept and counted
 * (`late_successes`).
 *
 * Owner: the caller frees. Threads: one at a time.
 */
#ifndef PS_APP_ANSWERS_H
#define PS_APP_ANSWERS_H

#include "base/status.h"
#include "base/str.h"

#include <stdint.h>

enum ps_answer_kind {
    PS_ANSWER_NONE,        /* nothing came back yet */
    PS_ANSWER_SUCCEEDED,   /* payload: the tail of its results line (see app/collect) */
    PS_ANSWER_FAILED,      /* final; payload: {"code","message"} */
    PS_ANSWER_RETRYABLE,   /* an error that another try may cure; payload likewise */
    PS_ANSWER_UNPROCESSED, /* proven not processed by a terminal job (R3): may be sent again */
    PS_ANSWER_UNACCOUNTED, /* the service counted it, no line was found: failed, never sent again by
                              itself */
    PS_ANSWER_CANCELLED,   /* stopped by the user */
    PS_ANSWER_KIND_COUNT
};

struct ps_answers;

/* Where a record stands. */
struct ps_answer_state {
    enum ps_answer_kind kind;
    int64_t
        tries; /* segments that hold an entry of it other than CANCELLED: how often it was sent */
    int64_t segment; /* of the entry that counts; -1: none */
    int64_t offset;
    int64_t size;
};

PS_MUST_CHECK enum ps_status ps_answers_open(const char *folder, int64_t record_count,
                                             const char *const *segment_names,
                                             int64_t segment_count, struct ps_answers **ret_answers,
                                             struct ps_error *err);
struct ps_answers *ps_answers_free(struct ps_answers *answers);

struct ps_answer_state ps_answers_state(const struct ps_answers *answers, int64_t record);

/* Reads the payload of the entry that counts to the end of `buf`, checking its digest. */
struct ps_buf;
PS_MUST_CHECK enum ps_status ps_answers_payload(struct ps_answers *answers, int64_t record,
                                                struct ps_buf *buf, struct ps_error *err);

int64_t ps_answers_count(const struct ps_answers *answers, enum ps_answer_kind kind);
int64_t ps_answers_late_successes(const struct ps_answers *answers);

/* Writing one segment; freed without commit, it leaves nothing. */
struct ps_segment;
PS_MUST_CHECK enum ps_status ps_segment_begin(struct ps_answers *answers, const char *name,
                                              struct ps_segment **ret_segment,
                                              struct ps_error *err);
PS_MUST_CHECK enum ps_status ps_segment_add(struct ps_segment *segment, int64_t record,
                                            enum ps_answer_kind kind, struct ps_str payload,
                                            struct ps_error *err);

/* Syncs, renames, and takes its entries into account. The segment is freed. */
PS_MUST_CHECK enum ps_status ps_segment_commit(struct ps_segment *segment, struct ps_error *err);
struct ps_segment *ps_segment_free(struct ps_segment *segment);

#endif
