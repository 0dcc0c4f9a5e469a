#include "owner_child.h"

#include "os/files.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void be_the_owner(const char *const folder, const struct ps_run_status *const status,
                         const int ready, const int told)
{
    struct ps_error err;
    int lock = -1;
    int64_t pid = 0;
    char byte = 0;
    char *path PS_CLEANUP(ps_str_free_auto) = ps_files_join(folder, "lock");
    if (ps_files_lock(path, &lock, &pid, &err) != PS_OK) {
        _exit(1);
    }
    ps_status_file_write(folder, status);
    const ssize_t written = write(ready, "r", 1);
    const ssize_t size = read(told, &byte, 1);
    _exit(written == 1 && size == 0 ? 0 : 1);
}

void owner_child_start(struct owner_child *const child, const char *const folder,
                       const struct ps_run_status *const status)
{
    int ready[2];
    int told[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(told), 0);
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0) {
        (void)close(told[1]);
        be_the_owner(folder, status, ready[1], told[0]);
    }
    assert_int_equal(close(told[0]), 0);
    assert_int_equal(close(ready[1]), 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(close(ready[0]), 0);
    child->tell = told[1];
}

static void wait_for(const pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

void owner_child_end(struct owner_child *const child)
{
    assert_int_equal(close(child->tell), 0);
    wait_for(child->pid);
}

void owner_child_kill(struct owner_child *const child)
{
    assert_int_equal(kill(child->pid, SIGKILL), 0);
    assert_int_equal(close(child->tell), 0);
    wait_for(child->pid);
}
