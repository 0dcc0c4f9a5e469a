#include "cli/commands.h"
#include "cli/plan_show.h"
#include "cli/own.h"
#include "cli/prepare.h"
#include "cli/say.h"
#include "cli/signals.h"

#include <string.h>

/* The last part of its folder. */
static const char *name_of(const char *const folder)
{
    return strrchr(folder, '/') + 1;
}

int ps_cmd_run(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_prepared prepared PS_CLEANUP(ps_prepared_release);
    ps_prepared_init(&prepared);
    ps_signals_catch("penstock: stopped before anything was sent\n");
    if (options->is_dry_run) {
        return ps_plan_show(options);
    }
    if (ps_prepare_run(options, &prepared, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    if (prepared.is_there_already) {
        ps_say("run %s was begun before: going on with it (--new starts, and pays, another)",
               name_of(prepared.folder));
    } else {
        ps_say("run %s%s", name_of(prepared.folder),
               options->is_local ? ", on the emulator: no model is asked" : "");
        ps_plan_show_run(options, &prepared.settings, prepared.folder);
    }
    return ps_own_run(options, prepared.folder, PS_OWN_GO, &prepared.settings);
}
