#include "cli/completion.h"

#include "cli/options.h"

#include <string.h>

static void add_command_names(struct ps_buf *const buf)
{
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        if (ps_command_rows[command].is_shown) {
            ps_buf_add_format(buf, " %s", ps_command_rows[command].name);
        }
    }
}

/* Lower-case words (with hyphens) and '|' between them: those are all that the option takes. */
static bool is_choice(const char *const value)
{
    return strchr(value, '|') != NULL &&
           strspn(value, "abcdefghijklmnopqrstuvwxyz|-") == strlen(value);
}

static void add_words(struct ps_buf *const buf, const char *const choice)
{
    for (const char *at = choice; *at != '\0'; at++) {
        ps_buf_add(buf, *at == '|' ? PS_STR(" ") : (struct ps_str){at, 1});
    }
}

/* After an option that takes a value: its words, or nothing of ours (bash then offers files). */
static void add_values(struct ps_buf *const buf)
{
    ps_buf_add_text(buf, "    case $before in\n");
    for (int64_t option = 0; option < ps_option_row_count; option++) {
        const struct ps_option_row *const row = &ps_option_rows[option];
        if (is_choice(row->value)) {
            ps_buf_add_format(buf, "    --%s) words='", row->long_name);
            add_words(buf, row->value);
            ps_buf_add_text(buf, "' ;;\n");
        } else if (row->value[0] != '\0') {
            ps_buf_add_format(buf, "    --%s", row->long_name);
            if (row->short_name != '\0') {
                ps_buf_add_format(buf, " | -%c", row->short_name);
            }
            ps_buf_add_text(buf, ") return ;;\n");
        }
    }
}

static void add_options(struct ps_buf *const buf)
{
    ps_buf_add_text(buf, "    -*)\n        case $command in\n");
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        if (!ps_command_rows[command].is_shown) {
            continue;
        }
        ps_buf_add_format(buf, "        %s) words='", ps_command_rows[command].name);
        for (int64_t option = 0; option < ps_option_row_count; option++) {
            if (ps_option_is_of(&ps_option_rows[option], (enum ps_command_bit)command)) {
                ps_buf_add_format(buf, "--%s ", ps_option_rows[option].long_name);
            }
        }
        ps_buf_add_text(buf, "' ;;\n");
    }
    ps_buf_add_text(buf, "        esac ;;\n");
}

/* What stands without an option: a run's name, a command; an input is a file, which bash knows. */
static void add_arguments(struct ps_buf *const buf)
{
    ps_buf_add_text(buf, "    *)\n        case $command in\n");
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        if (strcmp(ps_command_rows[command].arguments, "RUN") == 0) {
            ps_buf_add_format(buf, "        %s) words=$(_penstock_runs) ;;\n",
                              ps_command_rows[command].name);
        }
    }
    ps_buf_add_text(buf, "        help) words='");
    add_command_names(buf);
    ps_buf_add_text(buf, " man bash' ;;\n        esac ;;\n");
}

void ps_completion_add(struct ps_buf *const buf)
{
    ps_buf_add_text(buf,
                    "# bash completion of penstock " PENSTOCK_VERSION "; made by 'penstock help "
                    "bash'\n"
                    "_penstock_runs() {\n"
                    "    ls \"${XDG_STATE_HOME:-$HOME/.local/state}/penstock/runs\" 2>/dev/null\n"
                    "}\n\n"
                    "_penstock() {\n"
                    "    local command=${COMP_WORDS[1]} word=${COMP_WORDS[COMP_CWORD]}\n"
                    "    local before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
                    "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                    "        words='");
    add_command_names(buf);
    ps_buf_add_text(buf, " --help --version'\n        mapfile -t COMPREPLY < <(compgen -W "
                         "\"$words\" -- \"$word\")\n        return\n    fi\n");
    add_values(buf);
    ps_buf_add_text(buf, "    *)\n    case $word in\n");
    add_options(buf);
    add_arguments(buf);
    ps_buf_add_text(buf, "    esac ;;\n    esac\n"
                         "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
                         "}\n\n"
                         "complete -o default -F _penstock penstock\n");
}
