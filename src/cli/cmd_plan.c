#include "cli/commands.h"
#include "cli/plan_show.h"

int ps_cmd_plan(const struct ps_options *const options)
{
    return ps_plan_show(options);
}
