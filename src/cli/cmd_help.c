#include "base/limits.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/man_page.h"
#include "core/near.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_MIN 60
#define COLUMNS_MAX 120

static int64_t columns_of_stdout(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return COLUMNS_MAX;
    }
    const int64_t columns = size.ws_col - 1;
    return columns < COLUMNS_MIN ? COLUMNS_MIN : columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
}

static bool add_topic(struct ps_buf *const buf, const char *const topic, const int64_t columns)
{
    if (strcmp(topic, "man") == 0) {
        ps_man_page_add(buf);
        return true;
    }
    if (strcmp(topic, "bash") == 0) {
        ps_completion_add(buf);
        return true;
    }
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        if (strcmp(topic, ps_command_rows[command].name) == 0) {
            ps_help_add_command(buf, (enum ps_command_bit)command, columns);
            return true;
        }
    }
    return false;
}

static int refuse_topic(const char *const topic)
{
    struct ps_error err;
    struct ps_near near = {NULL, PS_NEAR_FAR};
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        ps_near_look(&near, ps_str_of(topic), ps_command_rows[command].name);
    }
    (void)ps_error_set(&err, PS_E_USAGE, PS_RETRY_NEVER, "cannot explain '%.60s'", topic);
    (void)ps_error_hint(&err,
                        near.word == NULL ? "'penstock help' lists the commands.%s"
                                          : "Did you mean 'penstock help %s'?",
                        near.word == NULL ? "" : near.word);
    return ps_say_error(&err);
}

int ps_cmd_help(const struct ps_options *const options)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    const int64_t columns = columns_of_stdout();
    ps_buf_init(&text, PS_MB);
    if (options->is_help && options->command != PS_COMMAND_PLACE_HELP) {
        ps_help_add_command(&text, options->command, columns);
    } else if (options->argument_count == 0) {
        ps_help_add_overview(&text, columns);
    } else if (!add_topic(&text, options->arguments[0], columns)) {
        return refuse_topic(options->arguments[0]);
    }
    (void)fwrite(text.data, 1, text.size, stdout);
    return PS_EXIT_OK;
}
