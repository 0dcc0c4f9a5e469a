#include "cli/help.h"

#include <inttypes.h>
#include <string.h>

/* Where an option's explanation begins. */
#define OPTION_INDENT 31
#define COMMAND_INDENT 25

const char ps_help_about[] =
    "Penstock sends a file of prompts through Amazon Bedrock's batch inference and brings back one "
    "answer for each: nothing lost, nothing paid twice, whatever happens on the way.";

const struct ps_exit_row ps_help_exits[] = {
    {0, "every record succeeded (or as many as --allow-failures asks)"},
    {1, "the run ended; some records failed or were rejected"},
    {2, "the command line, the input or the configuration cannot be used"},
    {3, "the plan is refused: it cannot fit the limits"},
    {4, "the cloud refused us: credentials, permissions, another account"},
    {5, "stopped; the same command goes on from there"},
    {6, "ended early by --max-failures, --canary or --max-cost; with a higher limit it goes on"},
    {70, "a bug"},
    {0, NULL},
};

void ps_help_add_wrapped(struct ps_buf *const buf, const char *const text, const int64_t used,
                         const int64_t indent, const int64_t columns)
{
    struct ps_str rest = ps_str_of(text);
    int64_t column = used;
    while (rest.size > 0) {
        const size_t size = ps_str_find(rest, ' ');
        const bool is_first = column == used;
        if (!is_first && column + 1 + (int64_t)size > columns) {
            ps_buf_add_format(buf, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!is_first) {
            ps_buf_add_text(buf, " ");
            column++;
        }
        ps_buf_add(buf, ps_str_part(rest, 0, size));
        column += (int64_t)size;
        rest = ps_str_part(rest, size + 1, rest.size);
    }
    ps_buf_add_text(buf, "\n");
}

static void add_exits(struct ps_buf *const buf, const int64_t columns)
{
    ps_buf_add_text(buf, "\nExit status:\n");
    for (const struct ps_exit_row *row = ps_help_exits; row->text != NULL; row++) {
        ps_buf_add_format(buf, "  %2d  ", row->status);
        ps_help_add_wrapped(buf, row->text, 6, 6, columns);
    }
}

/* "  left side", then the text from column `indent` on; on a line of its own where the left is
 * long.
 */
static void add_row(struct ps_buf *const buf, const char *const left, const char *const text,
                    const int64_t indent, const int64_t columns)
{
    ps_buf_add_text(buf, left);
    if ((int64_t)strlen(left) >= indent) {
        ps_buf_add_format(buf, "\n%*s", (int)indent, "");
    } else {
        ps_buf_add_format(buf, "%*s", (int)indent - (int)strlen(left), "");
    }
    ps_help_add_wrapped(buf, text, indent, indent, columns);
}

void ps_help_add_overview(struct ps_buf *const buf, const int64_t columns)
{
    ps_buf_add_text(buf, "penstock " PENSTOCK_VERSION "\n\n");
    ps_help_add_wrapped(buf, ps_help_about, 0, 0, columns);
    ps_buf_add_text(buf, "\nCommands:\n");
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        const struct ps_command_row *const row = &ps_command_rows[command];
        struct ps_buf left PS_CLEANUP(ps_buf_release);
        ps_buf_init(&left, 256);
        if (row->is_shown) {
            ps_buf_add_format(&left, "  %-8s %s", row->name, row->arguments);
            add_row(buf, ps_buf_text(&left), row->line, COMMAND_INDENT, columns);
        }
    }
    ps_buf_add_text(buf, "\nTry it without AWS:\n"
                         "  penstock run prompts.jsonl -o results.jsonl --local \\\n"
                         "    --model us.anthropic.claude-haiku-4-5-20251001-v1:0\n"
                         "For real:\n"
                         "  penstock run prompts.jsonl -o results.jsonl \\\n"
                         "    --s3-uri s3://BUCKET/PREFIX --role-arn ARN --model MODEL@REGION\n"
                         "\n'penstock COMMAND --help' explains a command.\n");
    add_exits(buf, columns);
}

static void add_option(struct ps_buf *const buf, const struct ps_option_row *const row,
                       const int64_t columns)
{
    struct ps_buf left PS_CLEANUP(ps_buf_release);
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&left, 256);
    ps_buf_init(&text, 1024);
    if (row->short_name != '\0') {
        ps_buf_add_format(&left, "  -%c, --%s", row->short_name, row->long_name);
    } else {
        ps_buf_add_format(&left, "      --%s", row->long_name);
    }
    ps_buf_add_format(&left, row->value[0] == '\0' ? "%s" : " %s", row->value);
    ps_buf_add_format(&text, row->standard[0] == '\0' ? "%s" : "%s [%s]", row->help, row->standard);
    add_row(buf, ps_buf_text(&left), ps_buf_text(&text), OPTION_INDENT, columns);
}

void ps_help_add_command(struct ps_buf *const buf, const enum ps_command_bit command,
                         const int64_t columns)
{
    const struct ps_command_row *const row = &ps_command_rows[command];
    ps_buf_add_format(buf, "penstock %s%s%s [OPTION...]: ", row->name,
                      row->arguments[0] == '\0' ? "" : " ", row->arguments);
    ps_help_add_wrapped(buf, row->line,
                        (int64_t)(strlen(row->name) + strlen(row->arguments)) + 25 -
                            (row->arguments[0] == '\0' ? 1 : 0),
                        2, columns);
    ps_buf_add_text(buf, "\nOptions:\n");
    for (int64_t option = 0; option < ps_option_row_count; option++) {
        if (ps_option_is_of(&ps_option_rows[option], command)) {
            add_option(buf, &ps_option_rows[option], columns);
        }
    }
    add_exits(buf, columns);
}
