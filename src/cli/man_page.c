#include "cli/man_page.h"

#include "cli/help.h"

#include <string.h>

/* Text of ours in a man page: '\' is an escape there, '-' a hyphen that cannot be copied into a
 * shell, and a line that begins with '.' or '\'' a request. */
static void add_text(struct ps_buf *const buf, const char *const text)
{
    if (text[0] == '.' || text[0] == '\'') {
        ps_buf_add_text(buf, "\\&");
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\\') {
            ps_buf_add_text(buf, "\\e");
        } else if (*at == '-') {
            ps_buf_add_text(buf, "\\-");
        } else {
            ps_buf_add(buf, (struct ps_str){at, 1});
        }
    }
}

static void add_line(struct ps_buf *const buf, const char *const text)
{
    add_text(buf, text);
    ps_buf_add_text(buf, "\n");
}

/* A term and what it means. */
static void add_term(struct ps_buf *const buf, const char *const term, const char *const text)
{
    ps_buf_add_text(buf, ".TP\n\\fB");
    add_text(buf, term);
    ps_buf_add_text(buf, "\\fR\n");
    add_line(buf, text);
}

static void add_option(struct ps_buf *const buf, const struct ps_option_row *const row)
{
    ps_buf_add_text(buf, ".TP\n");
    if (row->short_name != '\0') {
        ps_buf_add_format(buf, "\\fB\\-%c\\fR, ", row->short_name);
    }
    ps_buf_add_text(buf, "\\fB\\-\\-");
    add_text(buf, row->long_name);
    ps_buf_add_text(buf, "\\fR");
    if (row->value[0] != '\0') {
        ps_buf_add_text(buf, " \\fI");
        add_text(buf, row->value);
        ps_buf_add_text(buf, "\\fR");
    }
    ps_buf_add_text(buf, "\n");
    add_text(buf, row->help);
    if (row->standard[0] != '\0') {
        ps_buf_add_text(buf, " (default ");
        add_text(buf, row->standard);
        ps_buf_add_text(buf, ")");
    }
    ps_buf_add_text(buf, "\n");
}

static void add_commands(struct ps_buf *const buf)
{
    ps_buf_add_text(buf, ".SH COMMANDS\n");
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        const struct ps_command_row *const row = &ps_command_rows[command];
        if (!row->is_shown) {
            continue;
        }
        ps_buf_add_format(buf, ".SS penstock %s %s\n", row->name, row->arguments);
        add_line(buf, row->line);
        for (int64_t option = 0; option < ps_option_row_count; option++) {
            if (ps_option_is_of(&ps_option_rows[option], (enum ps_command_bit)command)) {
                add_option(buf, &ps_option_rows[option]);
            }
        }
    }
}

static void add_surroundings(struct ps_buf *const buf)
{
    static const char *const environment[][2] = {
        {"XDG_STATE_HOME",
         "Runs are kept in its folder penstock; else in ~/.local/state/penstock."},
        {"AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ...",
         "What they mean for the AWS command line."},
        {"XDG_CONFIG_HOME",
         "Lanes are read from its file penstock/penstock.conf; else ~/.config/penstock."},
        {"NO_COLOR", "No colour, on a terminal either."},
        {"PENSTOCK_CLOCK", "The clock of an emulator on this machine; its env file sets it."},
    };
    static const char *const files[][2] = {
        {"RESULTS.jsonl", "One line a prompt, in input order."},
        {"RESULTS.failed.jsonl", "What did not succeed, in input form, ready to be run again."},
        {"RESULTS.attempts.jsonl", "How often each record was sent, and where."},
        {"RESULTS.report.json", "The report, as JSON."},
    };
    ps_buf_add_text(buf, ".SH ENVIRONMENT\n");
    for (size_t row = 0; row < sizeof(environment) / sizeof(environment[0]); row++) {
        add_term(buf, environment[row][0], environment[row][1]);
    }
    ps_buf_add_text(buf, ".SH FILES\n");
    for (size_t row = 0; row < sizeof(files) / sizeof(files[0]); row++) {
        add_term(buf, files[row][0], files[row][1]);
    }
}

void ps_man_page_add(struct ps_buf *const buf)
{
    ps_buf_add_text(buf, ".TH PENSTOCK 1 \"\" \"penstock " PENSTOCK_VERSION "\" \"User Commands\"\n"
                         ".SH NAME\npenstock \\- bulk LLM inference on Amazon Bedrock\n"
                         ".SH SYNOPSIS\n.B penstock\n.I COMMAND\n[\\fIOPTION\\fR...]\n"
                         ".SH DESCRIPTION\n");
    add_line(buf, ps_help_about);
    add_commands(buf);
    ps_buf_add_text(buf, ".SH EXIT STATUS\n");
    for (const struct ps_exit_row *row = ps_help_exits; row->text != NULL; row++) {
        ps_buf_add_format(buf, ".TP\n\\fB%d\\fR\n", row->status);
        add_line(buf, row->text);
    }
    add_surroundings(buf);
}
