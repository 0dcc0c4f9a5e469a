#include "cli/program.h"

#include "base/log.h"
#include "cli/commands.h"
#include "cli/lane_files.h"
#include "cli/say.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static enum ps_status open_log(const struct ps_options *const options, struct ps_error *const err)
{
    const bool is_json = strcmp(options->log_format, "json") == 0;
    if (!is_json && strcmp(options->log_format, "text") != 0) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use '--log-format %.20s'",
                           options->log_format);
        return ps_error_hint(err, "It takes text or json.");
    }
    /* Without a file only -v asks for it: what a person must know is said in the chat. */
    const enum ps_log_level level = options->is_verbose         ? PS_LOG_DEBUG
                                    : options->log_file != NULL ? PS_LOG_INFO
                                                                : PS_LOG_ERROR;
    if (ps_log_open(&(struct ps_log_options){options->log_file, is_json, level}, err) != PS_OK) {
        err->status = PS_E_USAGE;
        return ps_error_hint(err, "--log-file names a file in a folder that may be written.");
    }
    return PS_OK;
}

static bool is_word(const int argc, char **const argv, const char *const word,
                    const char *const short_word)
{
    return argc > 1 && (strcmp(argv[1], word) == 0 || strcmp(argv[1], short_word) == 0);
}

/* What was printed is an answer only if it arrived. */
static int flush(const int status)
{
    struct ps_error err;
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return status;
    }
    clearerr(stdout);
    (void)ps_error_set(&err, PS_E_IO, PS_RETRY_LATER, "could not write to standard output");
    const int failure = ps_say_error(&err);
    return status == PS_EXIT_OK ? failure : status;
}

int ps_program_run(const int argc, char **const argv)
{
    struct ps_options options;
    struct ps_error err;
    int status = 0;
    /* What we write holds prompts and answers: nobody else's to read. A closed pipe is an error,
     * not a death. */
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    if (is_word(argc, argv, "--version", "-V")) {
        printf("penstock %s\n", PENSTOCK_VERSION);
        return flush(PS_EXIT_OK);
    }
    ps_say_be_quiet(false);
    /* The command comes first; with --help alone, none does. */
    const int used = is_word(argc, argv, "--help", "-h") ? 1 : argc;
    if (ps_options_parse(&options, used, argv, &err) != PS_OK ||
        open_log(&options, &err) != PS_OK ||
        (!options.is_help && ps_lane_files_add(&options, &err) != PS_OK)) {
        status = ps_say_error(&err);
    } else {
        ps_say_be_quiet(options.is_quiet || options.is_json);
        status = flush(options.is_help ? ps_cmd_help(&options)
                                       : ps_command_rows[options.command].run(&options));
    }
    ps_options_release(&options);
    ps_log_close();
    return status;
}
