/*
 * report_out - the sums of a run: for a person on stdout (or as JSON with --json), and as
 * results.report.json.
 */
#ifndef PS_CLI_REPORT_OUT_H
#define PS_CLI_REPORT_OUT_H

#include "app/answers.h"
#include "app/results.h"
#include "app/settings.h"
#include "cli/options.h"

struct ps_work_sums {
    int64_t passed_ms; /* on the run's clock */
    int64_t passed_real_ms;
    int64_t jobs;
    int64_t shards;
    int64_t attempts;
    int64_t bytes;
    bool is_open; /* some job has not been filed yet */
};

PS_MUST_CHECK enum ps_status
ps_report_out(const struct ps_options *options, const struct ps_settings *settings,
              const struct ps_index *index, const struct ps_answers *answers,
              const struct ps_results_sums *sums, const struct ps_work_sums *work,
              const char *results_path, struct ps_error *err);

#endif
