/*
 * result_line - how a record ended, and the lines that say so in the results and beside them.
 *
 * Lines are whole, with their line end. A duplicate has its leader's status and answer, and says
 * whose.
 *
 * Owner: the caller's buffer. Threads: one at a time (payloads are read through the answers).
 */
#ifndef PS_APP_RESULT_LINE_H
#define PS_APP_RESULT_LINE_H

#include "app/answers.h"
#include "app/index.h"
#include "app/shard_body.h"
#include "base/buf.h"

enum ps_ending {
    PS_ENDING_SUCCEEDED,
    PS_ENDING_FAILED,
    PS_ENDING_REJECTED,
    PS_ENDING_CANCELLED,
    PS_ENDING_PENDING, /* none yet: of a run that lives or was stopped */
    PS_ENDING_COUNT
};

/* "succeeded", ...: the word of the results. */
const char *ps_ending_name(enum ps_ending ending);

enum ps_ending ps_ending_of(const struct ps_index *index, const struct ps_answers *answers,
                            int64_t record);

/* Appends where a record stands: "prompts.jsonl:17". Valid UTF-8, whatever the file is called. */
void ps_result_add_place(const struct ps_index *index, const struct ps_record_words *words,
                         struct ps_buf *buf);

/*
 * Which lane a job was of, by the name of its segment ("j00000001-a1"); NULL of a name: of whatever
 * was sent and is in no such job. NULL of the answer: nobody can tell.
 */
struct ps_lane_namer {
    const char *(*name)(const void *context, const char *segment);
    const void *context;
};

/* Where lines come from, and where they go. */
struct ps_result_lines {
    const struct ps_index *index;
    struct ps_answers *answers;
    struct ps_source *source;          /* for failed lines; NULL: the input is gone */
    const struct ps_lane_namer *namer; /* for attempts */
    struct ps_buf *buf;
};

/* {"id","index","status",...} */
PS_MUST_CHECK enum ps_status ps_result_add_line(const struct ps_result_lines *lines, int64_t record,
                                                struct ps_error *err);

/* {"id","index","lane","tries","job"} */
PS_MUST_CHECK enum ps_status ps_result_add_attempts(const struct ps_result_lines *lines,
                                                    int64_t record, struct ps_error *err);

/*
 * The record as the user wrote it, so that it can be run again; where the source is gone or
 * changed,
 * {"id","error"}. For records that ended without success.
 */
PS_MUST_CHECK enum ps_status ps_result_add_failed(const struct ps_result_lines *lines,
                                                  int64_t record, struct ps_error *err);

#endif
