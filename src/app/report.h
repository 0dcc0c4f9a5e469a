/*
 * report - what became of a run: for people on the terminal, for programs in results.report.json.
 *
 * Every number follows from the index, the committed segments and the store: made again it says the
 * same (but for the time, which the caller tells).
 *
 * Owner: the caller embeds it; what it points to (facts, index) must outlive it. Threads: one at a
 * time.
 *
 *     struct ps_report report;
 *     status = ps_report_make(&facts, index, answers, &report, err);
 *     ps_report_add_text(&report, &buf);        for stdout
 *     status = ps_report_publish(&report, err); the side file
 */
#ifndef PS_APP_REPORT_H
#define PS_APP_REPORT_H

#include "app/reasons.h"
#include "app/results.h"
#include "base/buf.h"

/* How many rejected lines are shown. */
#define PS_REPORT_REJECTED_MAX 5

/* A report fits in this. */
#define PS_REPORT_BYTES_MAX ((size_t)512 * 1024)

/* What a million tokens cost; both 0: nobody here knows, or lanes differ in it. */
struct ps_report_price {
    int64_t input_usd_micros;
    int64_t output_usd_micros;
};

/* What index and answers do not know. */
struct ps_report_facts {
    const char *run; /* its name */
    const char *model;
    const char *lane;
    const char *results_path;
    bool is_local;           /* the answers are the emulator's own text */
    const char *ended_early; /* by which option; NULL: it was not */
    int64_t jobs;
    int64_t attempts; /* jobs created at the service, second attempts too */
    int64_t shards;
    int64_t calls; /* records that went on demand */
    int64_t put_bytes;
    int64_t elapsed_ms;
    struct ps_report_price price;
    int64_t expect_output; /* tokens of an answer that were expected; 0: as many as allowed */
};

struct ps_report {
    const struct ps_report_facts *facts;
    const struct ps_index *index;
    struct ps_results_sums sums;
    struct ps_answers_sums answers;
    struct ps_reasons failed;
    struct ps_reasons rejected;
    int64_t rejected_records[PS_REPORT_REJECTED_MAX]; /* the first */
    int64_t rejected_shown;
};

/*
 * What the run cost by its price, late answers too, and what was to be expected of it before: the
 * estimated input and the expected output of every record that was sent. Micro-dollars; false: the
 * price is not known.
 */
PS_MUST_CHECK bool ps_report_costs(const struct ps_report *report, int64_t *ret_usd_micros,
                                   int64_t *ret_forecast_usd_micros);

/* PS_E_CORRUPT, PS_E_IO when an answer cannot be read. */
PS_MUST_CHECK enum ps_status ps_report_make(const struct ps_report_facts *facts,
                                            const struct ps_index *index,
                                            struct ps_answers *answers,
                                            struct ps_report *ret_report, struct ps_error *err);

/* Lines for people, safe for a terminal, with the last line end. `buf` has PS_REPORT_BYTES_MAX of
 * room. */
void ps_report_add_text(const struct ps_report *report, struct ps_buf *buf);

/* One JSON object with its line end. Likewise. */
void ps_report_add_json(const struct ps_report *report, struct ps_buf *buf);

/* Writes the JSON beside the results, whole or not at all; nothing where those are no regular file.
 */
PS_MUST_CHECK enum ps_status ps_report_publish(const struct ps_report *report,
                                               struct ps_error *err);

#endif
