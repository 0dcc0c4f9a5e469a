#include "base/str.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/progress.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/signals.h"

int ps_cmd_wait(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_run_status status;
    struct ps_progress_view view = {0};
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    ps_signals_catch("penstock: waiting no longer; the run goes on\n");
    if (ps_runs_find(options, &folder, &err) != PS_OK ||
        ps_follow(folder, ps_follow_progress, &view, &status, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    return ps_follow_conclude(options, folder, &status);
}
