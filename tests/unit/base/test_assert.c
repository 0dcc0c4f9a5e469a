/* Goal: a bug ends the process with status 70 and says where. Method: a child that asserts. */
#include "base/assert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* Runs the assertion in a child; returns its exit status and what it said on stderr. */
static int run_in_a_child(const bool holds, char *const said, const size_t said_size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        PS_ASSERT(holds);
        _exit(0);
    }
    (void)close(ends[1]);
    const ssize_t size = read(ends[0], said, said_size - 1);
    said[size > 0 ? size : 0] = '\0';
    (void)close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void says_where_and_ends_with_70(void **state)
{
    (void)state;
    char said[512];
    assert_int_equal(run_in_a_child(false, said, sizeof(said)), 70);
    assert_non_null(strstr(said, "'holds' does not hold at "));
    assert_non_null(strstr(said, "test_assert.c:"));
}

static void is_silent_when_it_holds(void **state)
{
    (void)state;
    char said[512];
    assert_int_equal(run_in_a_child(true, said, sizeof(said)), 0);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_where_and_ends_with_70),
        cmocka_unit_test(is_silent_when_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
