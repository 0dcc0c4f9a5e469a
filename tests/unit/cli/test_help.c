/*
 * Goal: help tells every command and option there is, and fits the screen. Method: the tables
 * walked beside the text, at each width; the exit statuses beside their enum.
 */
#include "cli/help.h"

#include "base/limits.h"
#include "cli/say.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void the_overview_lists_what_is_shown(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    ps_help_add_overview(&buf, 80);
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        char row[32];
        (void)snprintf(row, sizeof(row), "\n  %s ", ps_command_rows[command].name);
        assert_int_equal(strstr(ps_buf_text(&buf), row) != NULL, ps_command_rows[command].is_shown);
    }
    assert_non_null(strstr(ps_buf_text(&buf), PENSTOCK_VERSION));
    assert_non_null(strstr(ps_buf_text(&buf), "--local"));
}

static void a_command_lists_its_options_and_no_others(void **state)
{
    (void)state;
    for (int command = 0; command < PS_COMMAND_COUNT; command++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, PS_MB);
        ps_help_add_command(&buf, (enum ps_command_bit)command, 80);
        for (int64_t option = 0; option < ps_option_row_count; option++) {
            const struct ps_option_row *const row = &ps_option_rows[option];
            char left[64];
            (void)snprintf(left, sizeof(left), row->short_name == '\0' ? "\n      --%s" : "--%s",
                           row->long_name);
            const char *const place = strstr(ps_buf_text(&buf), left);
            const bool is_listed = place != NULL && strchr(" \n", place[strlen(left)]) != NULL;
            if (is_listed != ps_option_is_of(row, (enum ps_command_bit)command)) {
                fail_msg("%s --%s", ps_command_rows[command].name, row->long_name);
            }
        }
    }
}

static void defaults_and_short_names_are_told(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, PS_MB);
    ps_help_add_command(&buf, PS_COMMAND_PLACE_RUN, 1000);
    const char *const text = ps_buf_text(&buf);
    assert_non_null(strstr(text, "penstock run INPUT... [OPTION...]: send every prompt"));
    assert_non_null(strstr(text, "\n  -o, --output FILE"));
    assert_non_null(strstr(text, "how long between two looks at the jobs [30s]\n"));
    assert_null(strstr(text, "[]"));
}

/* No line passes `columns` but by a word that is too long for it. */
static void assert_fits(const char *const text, const int64_t columns)
{
    for (const char *line = text; *line != '\0';) {
        const size_t size = strcspn(line, "\n");
        const size_t indent = strspn(line, " ");
        const bool has_words = memchr(line + indent, ' ', size - indent) != NULL;
        if ((int64_t)size > columns && has_words) {
            fail_msg("%lld: %.*s", (long long)columns, (int)size, line);
        }
        line += size + (line[size] == '\n' ? 1 : 0);
    }
}

static void lines_fit_the_columns(void **state)
{
    (void)state;
    for (int64_t columns = 75; columns <= 130; columns++) {
        struct ps_buf buf PS_CLEANUP(ps_buf_release);
        ps_buf_init(&buf, PS_MB);
        ps_help_add_overview(&buf, columns);
        for (int command = 0; command < PS_COMMAND_COUNT; command++) {
            ps_help_add_command(&buf, (enum ps_command_bit)command, columns);
        }
        assert_fits(ps_buf_text(&buf), columns);
    }
}

static void every_exit_status_is_told_once(void **state)
{
    (void)state;
    int seen[PS_EXIT_EARLY] = {0};
    for (const struct ps_exit_row *row = ps_help_exits; row->text != NULL; row++) {
        if (row->status < PS_EXIT_EARLY) {
            seen[row->status]++;
        }
    }
    for (int status = PS_EXIT_OK; status < PS_EXIT_EARLY; status++) {
        assert_int_equal(seen[status], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_overview_lists_what_is_shown),
        cmocka_unit_test(a_command_lists_its_options_and_no_others),
        cmocka_unit_test(defaults_and_short_names_are_told),
        cmocka_unit_test(lines_fit_the_columns),
        cmocka_unit_test(every_exit_status_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
