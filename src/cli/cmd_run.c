#include "cli/commands.h"
#include "cli/dry_run.h"
#include "cli/own.h"
#include "cli/prepare.h"
#include "cli/say.h"

#include <stdio.h>

int ps_cmd_run(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_prepared prepared PS_CLEANUP(ps_prepared_release);
    ps_prepared_init(&prepared);
    if (options->is_dry_run) {
        return ps_dry_run(options);
    }
    if (ps_prepare_run(options, &prepared, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    if (prepared.is_there_already) {
        ps_say(
            "this run was begun before (%s): going on with it; --new would start and pay another",
            prepared.folder);
    } else {
        ps_prepare_tell(&prepared.summary);
        ps_say("run %s%s", prepared.settings.name,
               options->is_local ? ", on the emulator: no model is asked" : "");
    }
    return ps_own_run(options, prepared.folder, PS_OWN_GO, prepared.settings.results_path);
}
