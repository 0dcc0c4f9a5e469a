/*
 * Goal: every error has its exit status; what is foreign cannot move the cursor; quiet is quiet but
 * for errors. Method: a table over all statuses; stderr caught in a file, where nobody can be asked
 * and nothing is coloured.
 */
#include "cli/say.h"

#include "chat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void every_status_has_its_exit(void **state)
{
    (void)state;
    static const int exits[PS_STATUS_COUNT] = {
        [PS_OK] = 0,        [PS_E_USAGE] = 2,     [PS_E_INPUT] = 2,    [PS_E_REFUSED] = 3,
        [PS_E_DENIED] = 4,  [PS_E_NOT_FOUND] = 4, [PS_E_CONFLICT] = 4, [PS_E_QUOTA] = 5,
        [PS_E_NETWORK] = 5, [PS_E_SERVICE] = 4,   [PS_E_CORRUPT] = 4,  [PS_E_IO] = 5,
        [PS_E_STOPPED] = 5, [PS_E_TOO_LARGE] = 2,
    };
    for (int status = 0; status < PS_STATUS_COUNT; status++) {
        assert_int_equal(ps_exit_of((enum ps_status)status), exits[status]);
    }
}

static void foreign_text_cannot_move_the_cursor(void **state)
{
    (void)state;
    test_chat_begin();
    ps_say("%s", "a\033[2Jb\rc\nd\x9b\xff");
    char *said PS_CLEANUP(ps_str_free_auto) = test_chat_end();
    assert_non_null(strstr(said, "penstock: a\\u001b[2Jb"));
    assert_null(strchr(said, '\033'));
    assert_null(strchr(said, '\r'));
    assert_null(strchr(said, '\x9b'));
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void an_error_is_said_with_hint_and_request_id(void **state)
{
    (void)state;
    struct ps_error err;
    (void)ps_error_set(&err, PS_E_REFUSED, PS_RETRY_NEVER, "cannot do it");
    test_chat_begin();
    const int bare = ps_say_error(&err);
    char *first PS_CLEANUP(ps_str_free_auto) = test_chat_end();
    assert_int_equal(bare, PS_EXIT_REFUSED);
    assert_string_equal(first, "penstock: cannot do it\n");
    (void)ps_error_hint(&err, "Do \033 otherwise.");
    (void)snprintf(err.request_id, sizeof(err.request_id), "%s", "id-1");
    test_chat_begin();
    (void)ps_say_error(&err);
    char *second PS_CLEANUP(ps_str_free_auto) = test_chat_end();
    assert_string_equal(second, "penstock: cannot do it\n  hint: Do \\u001b otherwise.\n"
                                "  request id: id-1\n");
}

static void quiet_hides_all_but_errors(void **state)
{
    (void)state;
    struct ps_error err;
    (void)ps_error_set(&err, PS_E_USAGE, PS_RETRY_NEVER, "cannot");
    ps_say_be_quiet(true);
    assert_true(ps_say_is_quiet());
    test_chat_begin();
    ps_say("hello");
    (void)ps_say_error(&err);
    char *said PS_CLEANUP(ps_str_free_auto) = test_chat_end();
    assert_string_equal(said, "penstock: cannot\n");
    ps_say_be_quiet(false);
    assert_false(ps_say_is_quiet());
}

static void nobody_is_asked_without_a_terminal(void **state)
{
    (void)state;
    struct ps_error err;
    test_chat_begin();
    assert_int_equal(ps_say_ask("send it twice?", &err), PS_E_USAGE);
    assert_int_equal(ps_say_columns(), 0);
    char *said PS_CLEANUP(ps_str_free_auto) = test_chat_end();
    assert_string_equal(said, "");
    assert_non_null(strstr(err.message, "send it twice?"));
    assert_non_null(strstr(err.hint, "--yes"));
}

static void what_is_said_goes_above_the_line_at_the_foot(void **state)
{
    (void)state;
    test_chat_begin();
    ps_say_line("half");
    ps_say_line("half"); /* nothing new: nothing written */
    ps_say("news");
    ps_say_line("");
    ps_say("more");
    char *said PS_CLEANUP(ps_str_free_auto) = test_chat_end();
    assert_string_equal(said, "\rhalf\033[K"
                              "\r\033[Kpenstock: news\nhalf"
                              "\r\033[K"
                              "penstock: more\n");
}

static void a_very_long_text_is_cut_and_still_ends_its_line(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    test_chat_begin();
    ps_say("%s", text);
    char *said PS_CLEANUP(ps_str_free_auto) = test_chat_end();
    assert_true(strlen(said) < 1100);
    assert_true(said[strlen(said) - 1] == '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_exit),
        cmocka_unit_test(foreign_text_cannot_move_the_cursor),
        cmocka_unit_test(an_error_is_said_with_hint_and_request_id),
        cmocka_unit_test(quiet_hides_all_but_errors),
        cmocka_unit_test(nobody_is_asked_without_a_terminal),
        cmocka_unit_test(what_is_said_goes_above_the_line_at_the_foot),
        cmocka_unit_test(a_very_long_text_is_cut_and_still_ends_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
