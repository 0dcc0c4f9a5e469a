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
    PS_ANSWER_MAYBE_PAID,  /* a call on demand whose outcome is unknown (R4): failed, never sent
                              again by itself */
    PS_ANSWER_KIND_COUNT
};

struct ps_answers;

/* Where a record stands. */
struct ps_answer_state {
    enum ps_answer_kind kind;
    int64_t tries;   /* how often it was sent: segments that hold an entry of it other than
                        CANCELLED, those of ps_segment_begin_verdicts aside */
    int64_t segment; /* of the entry that counts; -1: none */
    int64_t offset;
    int64_t size;
    int64_t input_tokens; /* of that entry, as the service counted; 0: it did not say */
    int64_t output_tokens;
};

/* What the service says was used, over all successes that came back. */
struct ps_answers_sums {
    int64_t input_tokens; /* each record's winning success once */
    int64_t output_tokens;
    int64_t late_successes; /* further successes of a record that had one: paid, kept, not used */
    int64_t late_input_tokens;
    int64_t late_output_tokens;
    int64_t repeated_lines; /* of all outputs: lines beyond the first of a record, ... */
    int64_t foreign_lines;  /* ... of no record of their job, ... */
    int64_t broken_lines;   /* ... that could not be read */
    int64_t repaired_lines; /* ... that held what is no character, and was read as U+FFFD */
};

PS_MUST_CHECK enum ps_status ps_answers_open(const char *folder, int64_t record_count,
                                             const char *const *segment_names,
                                             int64_t segment_count, struct ps_answers **ret_answers,
                                             struct ps_error *err);

/* The same beside a live owner, whose unfinished files stay: for reading only. */
PS_MUST_CHECK enum ps_status ps_answers_look(const char *folder, int64_t record_count,
                                             const char *const *segment_names,
                                             int64_t segment_count, struct ps_answers **ret_answers,
                                             struct ps_error *err);
struct ps_answers *ps_answers_free(struct ps_answers *answers);

/* Is the segment of this name taken into account already? */
PS_MUST_CHECK bool ps_answers_has_segment(const struct ps_answers *answers, const char *name);

/* The name of segment `segment` (from 0, in the order they were committed). */
const char *ps_answers_segment_name(const struct ps_answers *answers, int64_t segment);

/* Is it one of ps_segment_begin_verdicts, with no job behind it? */
PS_MUST_CHECK bool ps_answers_segment_is_verdicts(const struct ps_answers *answers,
                                                  int64_t segment);

struct ps_answer_state ps_answers_state(const struct ps_answers *answers, int64_t record);

/* Reads the payload of the entry that counts to the end of `buf`, checking its digest. */
struct ps_buf;
PS_MUST_CHECK enum ps_status ps_answers_payload(struct ps_answers *answers, int64_t record,
                                                struct ps_buf *buf, struct ps_error *err);

int64_t ps_answers_count(const struct ps_answers *answers, enum ps_answer_kind kind);
int64_t ps_answers_late_successes(const struct ps_answers *answers);
void ps_answers_sums(const struct ps_answers *answers, struct ps_answers_sums *ret_sums);

/*
 * Writing one segment; freed without commit, it leaves nothing. PS_E_CONFLICT when one of this name
 * is taken into account already.
 */
struct ps_segment;
PS_MUST_CHECK enum ps_status ps_segment_begin(struct ps_answers *answers, const char *name,
                                              struct ps_segment **ret_segment,
                                              struct ps_error *err);

/* The same for verdicts on records that were not sent this time: no entry of it counts as a try. */
PS_MUST_CHECK enum ps_status ps_segment_begin_verdicts(struct ps_answers *answers, const char *name,
                                                       struct ps_segment **ret_segment,
                                                       struct ps_error *err);

/* Several entries of one record in one segment: the last one counts, but no error replaces a
 * success. */
PS_MUST_CHECK enum ps_status ps_segment_add(struct ps_segment *segment, int64_t record,
                                            enum ps_answer_kind kind, struct ps_str payload,
                                            struct ps_error *err);

/* With what the service counted; -1: it did not say. */
struct ps_usage {
    int64_t input_tokens;
    int64_t output_tokens;
};
PS_MUST_CHECK enum ps_status ps_segment_add_answer(struct ps_segment *segment, int64_t record,
                                                   enum ps_answer_kind kind, struct ps_str payload,
                                                   struct ps_usage usage, struct ps_error *err);

/* Syncs, renames, and takes its entries into account. The segment is freed, also on failure. */
PS_MUST_CHECK enum ps_status ps_segment_commit(struct ps_segment *segment, struct ps_error *err);
struct ps_segment *ps_segment_free(struct ps_segment *segment);

#endif
