#include "app/results.h"
#include "cli/commands.h"
#include "cli/reading.h"
#include "cli/runs.h"
#include "cli/say.h"

#include <signal.h>
#include <unistd.h>

int ps_cmd_results(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_results_sums sums;
    struct ps_reading reading PS_CLEANUP(ps_reading_release);
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    enum ps_results_filter filter = PS_RESULTS_ALL;
    ps_reading_init(&reading);
    /* Into `head`, say: then we end as any other filter does. */
    (void)signal(SIGPIPE, SIG_DFL);
    if (options->status != NULL && !ps_results_filter_of(ps_str_of(options->status), &filter)) {
        (void)ps_error_set(&err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '--status %.40s'",
                           options->status);
        (void)ps_error_hint(&err, "It takes succeeded, failed, rejected, cancelled or pending.");
        return ps_say_error(&err);
    }
    if (ps_runs_find(options, &folder, &err) != PS_OK ||
        ps_reading_open(&reading, folder, &err) != PS_OK ||
        ps_results_write(reading.index, reading.answers, filter, STDOUT_FILENO, &sums, &err) !=
            PS_OK) {
        return ps_say_error(&err);
    }
    return PS_EXIT_OK;
}
