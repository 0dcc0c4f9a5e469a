#include "terminal.h"

#include "base/limits.h"

#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

void terminal_open(struct terminal *const terminal, const int columns)
{
    int slave = -1;
    const struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = 24};
    ps_buf_init(&terminal->seen, PS_MB);
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    assert_int_equal(openpty(&terminal->master, &slave, NULL, NULL, &size), 0);
    assert_int_equal(fflush(stderr), 0);
    terminal->kept = dup(STDERR_FILENO);
    assert_true(terminal->kept >= 0 && dup2(slave, STDERR_FILENO) >= 0);
    assert_int_equal(close(slave), 0);
}

void terminal_close(struct terminal *const terminal)
{
    char room[4096];
    assert_int_equal(fflush(stderr), 0);
    assert_int_equal(fcntl(terminal->master, F_SETFL, O_NONBLOCK), 0);
    /* What was written is there already; the slave end stays open until then. */
    for (ssize_t size = read(terminal->master, room, sizeof(room)); size > 0;
         size = read(terminal->master, room, sizeof(room))) {
        ps_buf_add(&terminal->seen, (struct ps_str){room, (size_t)size});
    }
    assert_true(dup2(terminal->kept, STDERR_FILENO) >= 0);
    assert_int_equal(close(terminal->kept), 0);
    assert_int_equal(close(terminal->master), 0);
}
