#include "cli/resume_all.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"
#include "cli/own.h"
#include "cli/progress.h"
#include "cli/runs.h"
#include "cli/say.h"
#include "cli/status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Between two looks at the processes, and at the folder of runs. */
#define WAIT_REAL_MS 200
#define SCAN_REAL_MS 1000

/* Until a run goes on again whose process died, or which halted: a person may have mended it. */
#define CRASH_REAL_MS 3000
#define HALT_REAL_MS 600000
#define CRASHES_MAX 5

/* A run, once it was seen not to be over. */
struct child {
    char *folder;
    pid_t pid; /* 0: it does not go on here */
    int64_t again_at_ms;
    int64_t crashes; /* in a row */
    int exit_status; /* of its last process; 0: none has left yet */
    bool is_crashed; /* and it is to go on in a moment */
    bool is_told;    /* that another process owns it */
};

struct troop {
    const struct ps_options *options;
    struct child *children;
    int64_t count;
    int64_t lines; /* told so far */
    int passed_on; /* signals */
};

static volatile sig_atomic_t signal_count;

static void on_signal(const int number)
{
    (void)number;
    signal_count++;
}

static void set_signals(void (*const handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    PS_ASSERT(sigaction(SIGINT, &action, NULL) == 0);
    PS_ASSERT(sigaction(SIGTERM, &action, NULL) == 0);
    PS_ASSERT(sigaction(SIGHUP, &action, NULL) == 0);
}

/* ------------------------------------------------ a line a run */

static void tell(struct troop *const troop, const struct ps_run_status *const status)
{
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, PS_MB);
    if (troop->options->is_json) {
        ps_status_add_json(&text, status, false);
        printf("%s%s", troop->lines == 0 ? "" : ",\n ", ps_buf_text(&text));
    } else {
        if (status->progress.records > 0) {
            ps_progress_add_records(&text, &status->progress);
        }
        printf("%-18s  %-11s  %s\n", status->name, status->phase, ps_buf_text(&text));
    }
    troop->lines++;
    (void)fflush(stdout);
}

static void tell_run(struct troop *const troop, const char *const folder)
{
    struct ps_error err;
    struct ps_run_status status;
    if (ps_status_file_read(folder, &status, &err) != PS_OK) {
        (void)ps_say_error(&err);
        return;
    }
    tell(troop, &status);
}

/* ------------------------------------------------ processes */

/* Never returns. */
static void be_child(const struct troop *const troop, const char *const folder)
{
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    set_signals(SIG_DFL);
    /* What a terminal sends to all comes to the parent alone, which passes it on. */
    (void)setpgid(0, 0);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0) {
        _exit(PS_EXIT_BUG);
    }
    ps_say_be_quiet(true);
    _exit(ps_own_run(troop->options, folder, PS_OWN_GO, NULL));
}

static void start(const struct troop *const troop, struct child *const child)
{
    (void)fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        be_child(troop, child->folder);
    }
    if (pid < 0) {
        ps_say("could not start a process for '%s': %s", child->folder, strerror(errno));
        child->again_at_ms = ps_clock_real_monotonic_ms() + CRASH_REAL_MS;
        return;
    }
    child->is_crashed = false;
    child->pid = pid;
}

static void see_leaving(struct troop *const troop, struct child *const child, const int how)
{
    const bool is_crash = WIFSIGNALED(how) != 0;
    child->pid = 0;
    child->crashes = is_crash ? child->crashes + 1 : 0;
    child->is_crashed = is_crash && child->crashes <= CRASHES_MAX;
    child->exit_status = is_crash ? PS_EXIT_STOPPED : WEXITSTATUS(how);
    child->again_at_ms =
        ps_clock_real_monotonic_ms() + (child->is_crashed ? CRASH_REAL_MS : HALT_REAL_MS);
    tell_run(troop, child->folder);
}

static void reap(struct troop *const troop)
{
    for (int64_t place = 0; place < troop->count; place++) {
        int how = 0;
        struct child *const child = &troop->children[place];
        if (child->pid > 0 && waitpid(child->pid, &how, WNOHANG) == child->pid) {
            see_leaving(troop, child, how);
        }
    }
}

static void pass_on_signals(struct troop *const troop)
{
    for (; troop->passed_on < signal_count; troop->passed_on++) {
        for (int64_t place = 0; place < troop->count; place++) {
            if (troop->children[place].pid > 0) {
                (void)kill(troop->children[place].pid, SIGTERM);
            }
        }
    }
}

/* ------------------------------------------------ the folder of runs */

static struct child *child_of(struct troop *const troop, const char *const folder)
{
    for (int64_t place = 0; place < troop->count; place++) {
        if (strcmp(troop->children[place].folder, folder) == 0) {
            return &troop->children[place];
        }
    }
    troop->children = reallocarray(troop->children, (size_t)troop->count + 1, sizeof(struct child));
    PS_ASSERT(troop->children != NULL);
    troop->children[troop->count] = (struct child){.folder = ps_str_dup(ps_str_of(folder))};
    return &troop->children[troop->count++];
}

static void look(void *const seer, const char *const name, const char *const folder)
{
    struct troop *const troop = seer;
    struct ps_run_status status;
    struct ps_error err;
    (void)name;
    const bool is_readable = ps_status_file_read(folder, &status, &err) == PS_OK;
    const bool is_owned = ps_runs_is_owned(folder);
    /* What cannot be read is the process's own to complain of. */
    if (is_readable && ps_status_is_over(&status) && !is_owned) {
        return;
    }
    struct child *const child = child_of(troop, folder);
    if (child->pid > 0 || ps_clock_real_monotonic_ms() < child->again_at_ms) {
        return;
    }
    if (!is_owned) {
        start(troop, child);
    } else if (!child->is_told && is_readable) {
        child->is_told = true;
        tell(troop, &status);
    }
}

static bool is_any_left(const struct troop *const troop)
{
    for (int64_t place = 0; place < troop->count; place++) {
        const struct child *const child = &troop->children[place];
        if (child->pid > 0 || (child->is_crashed && signal_count == 0)) {
            return true;
        }
    }
    return false;
}

static int end_troop(struct troop *const troop)
{
    int exit_status = PS_EXIT_OK;
    for (int64_t place = 0; place < troop->count; place++) {
        const struct child *const child = &troop->children[place];
        exit_status = child->exit_status > exit_status ? child->exit_status : exit_status;
        free(child->folder);
    }
    free(troop->children);
    return exit_status;
}

int ps_resume_all(const struct ps_options *const options)
{
    const struct timespec pause = {0, WAIT_REAL_MS * 1000000};
    struct troop troop = {.options = options};
    char *root PS_CLEANUP(ps_str_free_auto) = ps_runs_root(options);
    int64_t scan_at_ms = 0;
    if (options->argument_count > 0) {
        struct ps_error err;
        (void)ps_error_set(&err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot use --all together with a run's name");
        return ps_say_error(&err);
    }
    signal_count = 0;
    set_signals(on_signal);
    printf("%s", options->is_json ? "[" : "");
    do {
        if (signal_count == 0 && ps_clock_real_monotonic_ms() >= scan_at_ms) {
            ps_runs_each(root, look, &troop);
            scan_at_ms = ps_clock_real_monotonic_ms() + SCAN_REAL_MS;
        }
        (void)nanosleep(&pause, NULL);
        pass_on_signals(&troop);
        reap(&troop);
    } while (is_any_left(&troop));
    printf("%s", options->is_json ? "]\n" : "");
    if (troop.lines == 0) {
        ps_say("there is nothing to go on with in '%s'", root);
    }
    return end_troop(&troop);
}
