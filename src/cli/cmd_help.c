#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

static const char head[] =
    "Penstock sends a file of prompts through Amazon Bedrock's batch inference and brings back one "
    "answer\n"
    "for each: nothing lost, nothing paid twice, whatever happens on the way.\n";

static const char exits[] = "Exit status: 0 every record succeeded; 1 some failed or were "
                            "rejected; 2 usage; 3 the plan is refused;\n"
                            "4 the cloud refused us; 5 stopped, resumable; 70 a bug.\n";

static void print_commands(void)
{
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        if (ps_command_rows[command].is_shown) {
            printf("  %-8s %-12s %s\n", ps_command_rows[command].name,
                   ps_command_rows[command].arguments, ps_command_rows[command].line);
        }
    }
}

static void print_overview(void)
{
    printf("penstock %s\n\n%s\nCommands:\n", PENSTOCK_VERSION, head);
    print_commands();
    printf("\nTry it without AWS:   penstock run prompts.jsonl -o results.jsonl --local --model "
           "us.anthropic.claude-haiku-4-5-20251001-v1:0\n"
           "For real:             penstock run prompts.jsonl -o results.jsonl --s3-uri "
           "s3://BUCKET/PREFIX --role-arn "
           "ARN --model M@REGION\n\n'penstock COMMAND --help' explains a command.\n\n%s",
           exits);
}

static void print_option(const struct ps_option_row *const row)
{
    char left[80];
    const char short_text[] = {'-', row->short_name, ',', ' ', '\0'};
    (void)snprintf(left, sizeof(left), "%s--%s %s", row->short_name != 0 ? short_text : "    ",
                   row->long_name, row->value);
    if (strlen(left) > 30) {
        printf("  %s\n  %-30s %s", left, "", row->help);
    } else {
        printf("  %-30s %s", left, row->help);
    }
    printf(row->standard[0] == '\0' ? "\n" : " [%s]\n", row->standard);
}

static void print_command(const int command)
{
    const struct ps_command_row *const row = &ps_command_rows[command];
    printf("penstock %s %s\n\n%s.\n\nOptions:\n", row->name, row->arguments, row->line);
    for (int64_t option = 0; option < ps_option_row_count; option++) {
        if ((ps_option_rows[option].commands >> command & 1) != 0) {
            print_option(&ps_option_rows[option]);
        }
    }
    printf("\n%s", exits);
}

/* In a man page a leading '.' or '\'' is a request, and '-' a hyphen: none of our texts begins so.
 */
static void print_man(void)
{
    printf(".TH PENSTOCK 1 \"\" \"penstock %s\"\n.SH NAME\npenstock \\- bulk LLM inference on "
           "Amazon Bedrock\n"
           ".SH SYNOPSIS\n.B penstock\n.I COMMAND\n[\\fIOPTION\\fR...]\n.SH DESCRIPTION\n%s",
           PENSTOCK_VERSION, head);
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        if (ps_command_rows[command].is_shown) {
            printf(".SS penstock %s %s\n%s.\n", ps_command_rows[command].name,
                   ps_command_rows[command].arguments, ps_command_rows[command].line);
            for (int64_t option = 0; option < ps_option_row_count; option++) {
                if ((ps_option_rows[option].commands >> command & 1) != 0) {
                    printf(".TP\n\\fB\\-\\-%s\\fR %s\n%s\n", ps_option_rows[option].long_name,
                           ps_option_rows[option].value, ps_option_rows[option].help);
                }
            }
        }
    }
    printf(".SH EXIT STATUS\n%s", exits);
}

static void print_bash(void)
{
    printf("_penstock() {\n  local words\n  case ${COMP_WORDS[1]} in\n");
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        if (ps_command_rows[command].is_shown) {
            printf("  %s) words='", ps_command_rows[command].name);
            for (int64_t option = 0; option < ps_option_row_count; option++) {
                if ((ps_option_rows[option].commands >> command & 1) != 0) {
                    printf("--%s ", ps_option_rows[option].long_name);
                }
            }
            printf("' ;;\n");
        }
    }
    printf("  *) words='");
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        printf(ps_command_rows[command].is_shown ? "%s " : "", ps_command_rows[command].name);
    }
    printf("' ;;\n  esac\n  [ \"$COMP_CWORD\" -eq 1 ] && words='");
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        printf(ps_command_rows[command].is_shown ? "%s " : "", ps_command_rows[command].name);
    }
    printf("'\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
           "complete -o default -F _penstock penstock\n");
}

int ps_cmd_help(const struct ps_options *const options)
{
    const char *const topic = options->argument_count > 0 ? options->arguments[0] : "";
    if (options->is_help && options->command != PS_COMMAND_PLACE_HELP) {
        print_command((int)options->command);
        return 0;
    }
    if (strcmp(topic, "man") == 0) {
        print_man();
        return 0;
    }
    if (strcmp(topic, "bash") == 0) {
        print_bash();
        return 0;
    }
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        if (strcmp(topic, ps_command_rows[command].name) == 0) {
            print_command(command);
            return 0;
        }
    }
    print_overview();
    return 0;
}
