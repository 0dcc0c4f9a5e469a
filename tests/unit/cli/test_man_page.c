/*
 * Goal: the man page tells every command, option and exit status, and is a right one. Method: the
 * tables walked beside the text; every line that begins with '.' is one of the requests we use,
 * every hyphen can be copied into a shell.
 */
#include "cli/man_page.h"

#include "base/limits.h"
#include "cli/help.h"
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void every_command_has_its_section_and_options(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    ps_man_page_add(&buf);
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        const struct ps_command_row *const row = &ps_command_rows[command];
        char head[100];
        int options = 0;
        (void)snprintf(head, sizeof(head), "\n.SS penstock %s %s\n", row->name, row->arguments);
        const char *const section = strstr(ps_buf_text(&buf), head);
        assert_int_equal(section != NULL, row->is_shown);
        if (section == NULL) {
            continue;
        }
        const char *end = strstr(section + 1, "\n.S");
        for (const char *at = strstr(section, "\\fB\\-\\-"); at != NULL && at < end;
             at = strstr(at + 1, "\\fB\\-\\-")) {
            options++;
        }
        for (int64_t option = 0; option < ps_option_row_count; option++) {
            options -= ps_option_is_of(&ps_option_rows[option], (enum ps_command_bit)command);
        }
        assert_int_equal(options, 0);
    }
}

static void an_option_is_told_with_value_and_default(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    ps_man_page_add(&buf);
    const char *const text = ps_buf_text(&buf);
    assert_non_null(strstr(text, "\n.TP\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIFILE\\fR\n"));
    assert_non_null(strstr(text, "\n.TP\n\\fB\\-\\-poll\\-interval\\fR \\fITIME\\fR\n"
                                 "how long between two looks at the jobs (default 30s)\n"));
    assert_null(strstr(text, "(default )"));
    for (const struct ps_exit_row *row = ps_help_exits; row->text != NULL; row++) {
        char head[32];
        (void)snprintf(head, sizeof(head), "\n\\fB%d\\fR\n", row->status);
        assert_non_null(strstr(text, head));
    }
}

static void only_known_requests_begin_a_line(void **state)
{
    (void)state;
    static const char *const requests[] = {".TH ", ".SH ", ".SS ", ".TP\n", ".B ", ".I "};
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    ps_man_page_add(&buf);
    for (const char *line = ps_buf_text(&buf); *line != '\0'; line = strchr(line, '\n') + 1) {
        bool is_known = line[0] != '.' && line[0] != '\'' && line[0] != '\n';
        for (size_t row = 0; row < sizeof(requests) / sizeof(requests[0]); row++) {
            is_known = is_known || strncmp(line, requests[row], strlen(requests[row])) == 0;
        }
        if (!is_known) {
            fail_msg("%.60s", line);
        }
        for (const char *at = line; *at != '\n'; at++) {
            assert_true(*at != '-' || at[-1] == '\\');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_its_section_and_options),
        cmocka_unit_test(an_option_is_told_with_value_and_default),
        cmocka_unit_test(only_known_requests_begin_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
