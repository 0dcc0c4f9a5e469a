/*
 * Goal: on a terminal what is said stands above the line at the foot, foreign text cannot steer it,
 * and there is colour, but never with NO_COLOR or where the terminal has none. Method: stderr is a
 * terminal of the test's own, and its bytes are read.
 */
#include "cli/say.h"

#include "cli_scene.h"
#include "terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct ps_error some_error(void)
{
    struct ps_error err;
    (void)ps_error_set(&err, PS_E_DENIED, PS_RETRY_NEVER, "cannot open 'x\033[2Jy'");
    (void)ps_error_hint(&err, "Ask somebody.");
    (void)snprintf(err.request_id, sizeof(err.request_id), "req-1");
    return err;
}

static void on_a_terminal_what_is_said_stands_above_the_line(void **state)
{
    (void)state;
    struct terminal terminal;
    terminal_open(&terminal, 60);
    ps_say_be_quiet(false);
    assert_int_equal(ps_say_columns(), 60);
    ps_say_line("10 of 20");
    ps_say_line("10 of 20");
    ps_say("hello %d", 7);
    ps_say_line("");
    terminal_close(&terminal);
    assert_string_equal(ps_buf_text(&terminal.seen),
                        "\r10 of 20\033[K\r\033[Kpenstock: hello 7\r\n10 of 20\r\033[K");
    ps_buf_release(&terminal.seen);
}

static void foreign_text_cannot_steer_the_terminal(void **state)
{
    (void)state;
    struct terminal terminal;
    const struct ps_error err = some_error();
    assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
    terminal_open(&terminal, 80);
    assert_int_equal(ps_say_error(&err), PS_EXIT_DENIED);
    terminal_close(&terminal);
    assert_null(strchr(ps_buf_text(&terminal.seen), '\033'));
    assert_true(cli_holds(&terminal.seen, "cannot open 'x\\u001b[2Jy'"));
    assert_true(cli_holds(&terminal.seen, "  hint: Ask somebody."));
    assert_true(cli_holds(&terminal.seen, "  request id: req-1"));
    ps_buf_release(&terminal.seen);
}

static void colour_is_on_terminals_alone(void **state)
{
    (void)state;
    struct terminal terminal;
    const struct ps_error err = some_error();
    assert_int_equal(unsetenv("NO_COLOR"), 0);
    terminal_open(&terminal, 80);
    (void)ps_say_error(&err);
    terminal_close(&terminal);
    assert_non_null(strstr(ps_buf_text(&terminal.seen), "\033[1;31mpenstock:\033[0m cannot"));
    ps_buf_release(&terminal.seen);
    terminal_open(&terminal, 80);
    assert_int_equal(setenv("TERM", "dumb", 1), 0);
    (void)ps_say_error(&err);
    assert_int_equal(ps_say_columns(), 0);
    terminal_close(&terminal);
    assert_null(strchr(ps_buf_text(&terminal.seen), '\033'));
    ps_buf_release(&terminal.seen);
}

static void quiet_leaves_errors_alone(void **state)
{
    (void)state;
    struct terminal terminal;
    const struct ps_error err = some_error();
    terminal_open(&terminal, 80);
    ps_say_be_quiet(true);
    ps_say("not this");
    assert_int_equal(ps_say_columns(), 0);
    (void)ps_say_error(&err);
    ps_say_be_quiet(false);
    terminal_close(&terminal);
    assert_false(cli_holds(&terminal.seen, "not this"));
    assert_true(cli_holds(&terminal.seen, "cannot open"));
    ps_buf_release(&terminal.seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_terminal_what_is_said_stands_above_the_line),
        cmocka_unit_test(foreign_text_cannot_steer_the_terminal),
        cmocka_unit_test(colour_is_on_terminals_alone),
        cmocka_unit_test(quiet_leaves_errors_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
