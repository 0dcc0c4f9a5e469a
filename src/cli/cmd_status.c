#include "base/buf.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/screen.h"
#include "cli/status_file.h"

#include <stdio.h>
#include <stdlib.h>

#define COLUMNS 100

int ps_cmd_status(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_run_status status;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    char *folder PS_CLEANUP(ps_str_free_auto) = NULL;
    ps_buf_init(&text, PS_MB);
    if (ps_runs_find(options, &folder, &err) != PS_OK ||
        ps_status_file_read(folder, &status, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    if (options->is_json) {
        ps_status_print_json(&status);
        return PS_EXIT_OK;
    }
    ps_screen_add(&text, &status, COLUMNS);
    (void)fwrite(text.data, 1, text.size, stdout);
    return PS_EXIT_OK;
}
