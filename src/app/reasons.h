/*
 * reasons - why records did not succeed: codes with how often, and one record as an example.
 *
 * Owner: the caller embeds it. Threads: one at a time.
 */
#ifndef PS_APP_REASONS_H
#define PS_APP_REASONS_H

#include "app/answers.h"
#include "app/index.h"

/* How many different reasons are told apart. */
#define PS_REPORT_REASONS_MAX 12

struct ps_reason {
    char code[64];
    int64_t count;
};

/* The most frequent first, once they are sorted. */
struct ps_reasons {
    struct ps_reason rows[PS_REPORT_REASONS_MAX];
    int64_t count;
    int64_t others; /* records of further reasons */
};

/* One more: `error` is its error object as JSON text. */
void ps_reasons_count(struct ps_reasons *reasons, struct ps_str error);
void ps_reasons_sort(struct ps_reasons *reasons);

/*
 * Of all records that were sent and came back without an answer, those that may be sent again too:
 * sorted. *ret_example is the first record of the most frequent reason; -1: there is none.
 * PS_E_CORRUPT, PS_E_IO when an answer cannot be read.
 */
PS_MUST_CHECK enum ps_status ps_reasons_of_sent(const struct ps_index *index,
                                                struct ps_answers *answers,
                                                struct ps_reasons *ret_reasons,
                                                int64_t *ret_example, struct ps_error *err);

/* Appends "code: 12, other: 3", safe for a terminal; nothing where there are none. */
void ps_reasons_add(const struct ps_reasons *reasons, struct ps_buf *buf);

#endif
