#include "app/results.h"
#include "cli/commands.h"
#include "cli/reading.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/status_file.h"

#include <inttypes.h>
#include <stdio.h>

static void print_sums(const struct ps_results_sums *const sums, const char *const path,
                       const bool is_json)
{
    printf(is_json ? "{\"verified\":true,\"records\":%" PRId64 ",\"succeeded\":%" PRId64
                     ",\"failed\":%" PRId64 ",\"rejected\":%" PRId64 ",\"cancelled\":%" PRId64 "}\n"
                   : "verified: all %" PRId64 " lines are what the run's record says: %" PRId64
                     " succeeded, %" PRId64 " failed, %" PRId64 " rejected, %" PRId64
                     " cancelled\n",
           sums->records, sums->succeeded, sums->failed, sums->rejected, sums->cancelled);
    if (!is_json) {
        printf("in %s\n", path);
    }
}

int ps_cmd_verify(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_results_sums sums;
    struct ps_run_status status;
    struct ps_reading reading PS_CLEANUP(ps_reading_release);
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    ps_reading_init(&reading);
    if (ps_runs_find(options, &folder, &err) != PS_OK ||
        ps_reading_open(&reading, folder, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    /* Where the results went last; a run that never ended has none. */
    const char *const path =
        ps_status_file_read(folder, &status, &err) == PS_OK && status.results[0] != '\0'
            ? status.results
            : reading.settings.results_path;
    if (ps_results_verify(reading.index, reading.answers, path, &sums, &err) != PS_OK) {
        if (options->is_json) {
            printf("{\"verified\":false}\n");
        }
        return ps_say_error(&err) == PS_EXIT_USAGE ? PS_EXIT_USAGE : PS_EXIT_SOME_FAILED;
    }
    print_sums(&sums, path, options->is_json);
    return PS_EXIT_OK;
}
