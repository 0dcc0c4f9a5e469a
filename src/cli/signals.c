#include "cli/signals.h"

#include "cli/say.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct ps_turn *volatile signalled_turn;
static const char *volatile last_words;
static volatile sig_atomic_t signal_count;

/* Nothing here but what a handler may call. */
static void on_signal(const int number)
{
    (void)number;
    signal_count++;
    if (signalled_turn != NULL && signal_count == 1) {
        ps_turn_pause(signalled_turn);
        return;
    }
    const char *const said = last_words;
    if (!ps_say_is_quiet()) {
        const ssize_t written = write(STDERR_FILENO, said, strlen(said));
        (void)written;
    }
    _exit(PS_EXIT_STOPPED);
}

void ps_signals_catch(const char *const said)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    last_words = said;
    for (size_t place = 0; place < sizeof(numbers) / sizeof(numbers[0]); place++) {
        (void)sigaction(numbers[place], &action, NULL);
    }
}

void ps_signals_set_turn(struct ps_turn *const turn)
{
    signalled_turn = turn;
}
