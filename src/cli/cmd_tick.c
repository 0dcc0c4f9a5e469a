#include "base/str.h"
#include "cli/commands.h"
#include "cli/own.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/status_file.h"

#include <stdio.h>

/* A run that is over is told, not written anew: cron may call for ever. */
static int tell_over(const struct ps_options *const options,
                     const struct ps_run_status *const status)
{
    if (options->is_json) {
        ps_status_print_json(status);
    } else {
        printf("%s: %s, nothing is left to do\n", status->name, status->phase);
    }
    return (int)status->exit_status;
}

int ps_cmd_tick(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_run_status status;
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    if (ps_runs_find(options, &folder, &err) != PS_OK ||
        ps_status_file_read(folder, &status, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    return ps_status_is_over(&status) && !ps_runs_is_owned(folder)
               ? tell_over(options, &status)
               : ps_own_run(options, folder, PS_OWN_TICK, NULL);
}
