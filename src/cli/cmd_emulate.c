#include "cli/commands.h"
#include "cli/say.h"
#include "emu/emulator.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Waits for SIGINT, SIGTERM or SIGHUP; blocked before any thread starts, so that all of them leave
 * them alone. */
static void wait_for_signal(const sigset_t *const signals)
{
    int number = 0;
    (void)sigwait(signals, &number);
}

static enum ps_status start(const struct ps_options *const options,
                            struct ps_emulator **const ret_emulator, struct ps_error *const err)
{
    char folder[] = "/tmp/penstock-emulator-XXXXXX";
    const char *data_folder = options->data;
    if (data_folder == NULL) {
        data_folder = mkdtemp(folder);
        if (data_folder == NULL) {
            return ps_error_set(err, PS_E_IO, PS_RETRY_LATER, "could not make a folder in /tmp");
        }
        ps_say("data is kept in %s", data_folder);
    }
    return ps_emulator_start(
        &(struct ps_emulator_options){.data_folder = data_folder,
                                      .port = options->port,
                                      .speed = options->speed,
                                      .seed = options->has_seed ? options->seed : 0,
                                      .faults = options->faults,
                                      .limits_file = options->limits_file,
                                      .env_file = options->env_file,
                                      .ledger_file = options->ledger},
        ret_emulator, err);
}

int ps_cmd_emulate(const struct ps_options *const options)
{
    struct ps_error err;
    struct ps_emulator *emulator = NULL;
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (start(options, &emulator, &err) != PS_OK) {
        return ps_say_error(&err);
    }
    ps_say("listening on %s; end with Ctrl-C", ps_emulator_endpoint_url(emulator));
    wait_for_signal(&signals);
    (void)ps_emulator_stop(emulator);
    return PS_EXIT_OK;
}
