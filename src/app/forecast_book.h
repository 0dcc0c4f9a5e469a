/*
 * forecast_book - where each record of a simulated run stands: unsent, held by a job, or with its
 * ending. What index, shard rows and answers are to a real run, without a byte on disk.
 *
 * Records are numbers from 0 on and are kept as ranges: memory grows with jobs and with records
 * that are sent again, never with how many records there are. A record that did not succeed knows
 * how often it was sent (R7).
 *
 * Owner: the caller frees. Threads: one.
 */
#ifndef PS_APP_FORECAST_BOOK_H
#define PS_APP_FORECAST_BOOK_H

#include "core/allot.h"
#include "core/job.h"

/* Sums over all records; those that no job holds and that have no ending are unsent. */
struct ps_book_counts {
    int64_t unsent;
    int64_t held;
    int64_t succeeded;
    int64_t failed;
    int64_t cancelled;
    int64_t resent; /* records that were cut into a second or third job */
    int64_t
        strays; /* lines of records that their job did not hold, or held once and showed twice */
};

/* What a line of an output says of its record. */
enum ps_book_line { PS_BOOK_SUCCEEDED, PS_BOOK_FAILED, PS_BOOK_RETRYABLE };

struct ps_forecast_book;
struct ps_forecast_book *ps_forecast_book_new(int64_t records);
struct ps_forecast_book *ps_forecast_book_free(struct ps_forecast_book *book);

void ps_forecast_book_counts(const struct ps_forecast_book *book,
                             struct ps_book_counts *ret_counts);

/*
 * The unsent records get the jobs of `allotment`, whose places count them from 0 in order; the
 * first job gets `first_number`, and numbers never go back. What is in no job stays unsent.
 */
void ps_forecast_book_cut(struct ps_forecast_book *book, const struct ps_allotment *allotment,
                          int64_t first_number);

/* Does this job hold records? */
bool ps_forecast_book_has(const struct ps_forecast_book *book, int64_t job);

/* The job's rows, as the store would keep them: heap, the caller frees. */
struct ps_shard_row *ps_forecast_book_rows(const struct ps_forecast_book *book, int64_t job,
                                           int64_t *ret_count);

/* The bytes of a shard, and its records in order. */
int64_t ps_forecast_book_each(const struct ps_forecast_book *book, int64_t job, int64_t shard,
                              void (*see)(void *seer, int64_t first, int64_t end), void *seer);

/* The object of this attempt is durable. */
void ps_forecast_book_put(struct ps_forecast_book *book, int64_t job, int64_t shard,
                          int64_t attempt);

/* The job was given up before it was sent: its records are unsent again. */
void ps_forecast_book_let_go(struct ps_forecast_book *book, int64_t job);

/* The job's output is read from its beginning. */
void ps_forecast_book_begin(struct ps_forecast_book *book, int64_t job);
void ps_forecast_book_line(struct ps_forecast_book *book, int64_t job, enum ps_book_line line,
                           int64_t first, int64_t end);
void ps_forecast_book_manifest(struct ps_forecast_book *book, int64_t job, int64_t counted,
                               int64_t input_tokens, int64_t output_tokens);

/* What has been read adds up to. */
void ps_forecast_book_tally(const struct ps_forecast_book *book, int64_t job,
                            struct ps_tally *ret_tally);

/* Files what was read, and the verdict for records without a line. */
void ps_forecast_book_close(struct ps_forecast_book *book, int64_t job,
                            enum ps_job_verdict verdict);

/* Files the verdict for all that is unsent. */
void ps_forecast_book_give_up(struct ps_forecast_book *book, enum ps_job_verdict verdict);

#endif
