#include "cli/commands.h"
#include "cli/dry_run.h"

int ps_cmd_plan(const struct ps_options *const options)
{
    return ps_dry_run(options);
}
