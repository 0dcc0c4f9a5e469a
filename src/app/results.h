/*
 * results - one line a prompt, in input order, from index and answers; and the sums.
 *
 * Files are written to a temporary name beside them, synced and renamed. For `results.jsonl` the
 * side files are results.attempts.jsonl, results.failed.jsonl (what did not succeed, in input form;
 * where the source is gone or changed, id and error only) and results.report.json.
 */
#ifndef PS_APP_RESULTS_H
#define PS_APP_RESULTS_H

#include "app/answers.h"
#include "app/index.h"
#include "app/result_line.h"
#include "app/shard_body.h"

/* Which lines: all, or those of one status. */
enum ps_results_filter {
    PS_RESULTS_ALL,
    PS_RESULTS_SUCCEEDED,
    PS_RESULTS_FAILED,
    PS_RESULTS_REJECTED,
    PS_RESULTS_CANCELLED,
    PS_RESULTS_PENDING
};

/* "succeeded", ..., "all"; false for another word. */
PS_MUST_CHECK bool ps_results_filter_of(struct ps_str word, enum ps_results_filter *ret_filter);

/* How every record ended (or, of a live run, where it stands). */
struct ps_results_sums {
    int64_t records;
    int64_t succeeded; /* duplicates included: they have their leader's status */
    int64_t failed;
    int64_t rejected;
    int64_t cancelled;
    int64_t pending;      /* neither yet */
    int64_t duplicates;   /* a mark, within the above */
    int64_t input_tokens; /* as the service counted, of succeeded ones, each paid once */
    int64_t output_tokens;
    int64_t late_successes;
};

/* Without writing anything; records = succeeded + failed + rejected + cancelled + pending,
 * asserted. */
void ps_results_sums(const struct ps_index *index, const struct ps_answers *answers,
                     struct ps_results_sums *ret_sums);

/*
 * Writes the lines to descriptor `out`; pending records as {"id","index","status":"pending"}. The
 * sums are of all records, whatever the filter. PS_E_IO when it cannot be written.
 */
PS_MUST_CHECK enum ps_status ps_results_write(const struct ps_index *index,
                                              struct ps_answers *answers,
                                              enum ps_results_filter filter, int out,
                                              struct ps_results_sums *ret_sums,
                                              struct ps_error *err);

/*
 * Can `path` be written? To be asked before anything is paid for. PS_E_USAGE: it is a folder, or
 * its folder is missing or may not be written.
 */
PS_MUST_CHECK enum ps_status ps_results_check_path(const char *path, struct ps_error *err);

struct ps_results_target {
    const char *path;
    struct ps_lane_namer namer; /* for the attempts file */
    struct ps_source *source;   /* for the failed file; may be NULL */
};

/*
 * Writes `path` and its attempts and failed files, all of them or none: each is whole and synced
 * before the first is renamed. A link is followed. What is no regular file (/dev/stdout, a FIFO) is
 * written to directly and gets no side files. PS_E_IO leaves what was there before.
 */
PS_MUST_CHECK enum ps_status ps_results_publish(const struct ps_index *index,
                                                struct ps_answers *answers,
                                                const struct ps_results_target *target,
                                                struct ps_results_sums *ret_sums,
                                                struct ps_error *err);

/*
 * The path of a side file: for "results.jsonl" and "failed" it is "results.failed.jsonl", for
 * "report.json" "results.report.json". Heap text.
 */
char *ps_results_side_path(const char *path, const char *side);

/*
 * Re-checks a published file against index and answers, any day: every line there, in order, equal
 * bytes. PS_E_CORRUPT names the first line that differs.
 */
PS_MUST_CHECK enum ps_status ps_results_verify(const struct ps_index *index,
                                               struct ps_answers *answers, const char *path,
                                               struct ps_results_sums *ret_sums,
                                               struct ps_error *err);

#endif
