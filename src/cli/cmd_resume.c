#include "base/str.h"
#include "cli/commands.h"
#include "cli/own.h"
#include "cli/resume_all.h"
#include "cli/runs.h"
#include "cli/say.h"

#include <stddef.h>

int ps_cmd_resume(const struct ps_options *const options)
{
    struct ps_error err;
    if (options->is_all) {
        return ps_resume_all(options);
    }
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    if (ps_runs_find(options, &folder, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    return ps_own_run(options, folder, PS_OWN_GO, NULL);
}
