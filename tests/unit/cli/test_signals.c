/*
 * Goal: a signal ends the process with 5 and a word, at once where nothing runs, and pauses a turn
 * first where one does. Method: children that are signalled; a turn that is never run.
 */
#include "cli/signals.h"

#include "app/turn_internal.h"
#include "cli/say.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Runs `body` in a child; what it said, and its exit status (-1: it died of the signal). */
static int in_a_child(void (*const body)(void), char *const said, const size_t said_size)
{
    int pipe_ends[2];
    int status = 0;
    assert_int_equal(pipe(pipe_ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(pipe_ends[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    (void)close(pipe_ends[1]);
    size_t size = 0;
    for (ssize_t got = 1; got > 0 && size + 1 < said_size; size += got > 0 ? (size_t)got : 0) {
        got = read(pipe_ends[0], said + size, said_size - 1 - size);
    }
    said[size] = '\0';
    (void)close(pipe_ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void raise_int(void)
{
    ps_signals_catch("gone\n");
    (void)raise(SIGINT);
}

static void raise_term_quietly(void)
{
    ps_say_be_quiet(true);
    ps_signals_catch("gone\n");
    (void)raise(SIGTERM);
}

static void where_nothing_runs_the_first_signal_leaves(void **state)
{
    (void)state;
    char said[64];
    assert_int_equal(in_a_child(raise_int, said, sizeof(said)), PS_EXIT_STOPPED);
    assert_string_equal(said, "gone\n");
    assert_int_equal(in_a_child(raise_term_quietly, said, sizeof(said)), PS_EXIT_STOPPED);
    assert_string_equal(said, "");
}

static struct ps_turn turn; /* one that runs: of its parts a signal needs none */

static void raise_with_a_turn(void)
{
    ps_signals_catch("gone\n");
    ps_signals_set_turn(&turn);
    (void)raise(SIGHUP);
    ps_say(turn.is_paused != 0 ? "paused" : "not paused");
    (void)raise(SIGINT);
}

static void a_turn_is_paused_first_and_the_second_signal_leaves(void **state)
{
    (void)state;
    char said[64];
    assert_int_equal(in_a_child(raise_with_a_turn, said, sizeof(said)), PS_EXIT_STOPPED);
    assert_string_equal(said, "penstock: paused\ngone\n");
}

static void raise_after_the_turn(void)
{
    ps_signals_catch("gone\n");
    ps_signals_set_turn(&turn);
    ps_signals_set_turn(NULL);
    (void)raise(SIGINT);
}

static void after_the_turn_the_first_signal_leaves_again(void **state)
{
    (void)state;
    char said[64];
    assert_int_equal(in_a_child(raise_after_the_turn, said, sizeof(said)), PS_EXIT_STOPPED);
    assert_string_equal(said, "gone\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_runs_the_first_signal_leaves),
        cmocka_unit_test(a_turn_is_paused_first_and_the_second_signal_leaves),
        cmocka_unit_test(after_the_turn_the_first_signal_leaves_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
