#include "cli/say.h"

#include "base/buf.h"
#include "base/limits.h"
#include "codec/shown.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_OTHERWISE 80
#define COLUMNS_MIN 20
#define SAID_BYTES_MAX 1000
#define LINE_BYTES_MAX 2000

static struct {
    bool is_quiet;
    char line[LINE_BYTES_MAX]; /* what stands at the foot */
} chat;

void ps_say_be_quiet(const bool is_quiet)
{
    chat.is_quiet = is_quiet;
}

bool ps_say_is_quiet(void)
{
    return chat.is_quiet;
}

/* One that can move its cursor. */
static bool is_terminal(void)
{
    const char *const kind = getenv("TERM");
    return isatty(STDERR_FILENO) != 0 && (kind == NULL || strcmp(kind, "dumb") != 0);
}

static bool is_coloured(void)
{
    const char *const no_color = getenv("NO_COLOR");
    return is_terminal() && (no_color == NULL || no_color[0] == '\0');
}

/* One write for all of it: no flicker, and nothing of others in between. */
static void put_above_line(const struct ps_buf *const text)
{
    struct ps_buf all PS_CLEANUP(ps_buf_release);
    ps_buf_init(&all, 2 * PS_TEXT_BYTES_MAX);
    ps_buf_add_text(&all, chat.line[0] == '\0' ? "" : "\r\033[K");
    ps_buf_add(&all, ps_buf_str(text));
    ps_buf_add_text(&all, chat.line);
    (void)fwrite(all.data, 1, all.size, stderr);
    (void)fflush(stderr);
}

static void add_said(struct ps_buf *const buf, const char *const label, const char *const text)
{
    ps_buf_add_text(buf, label);
    ps_shown_add(buf, ps_str_of(text), SAID_BYTES_MAX);
    ps_buf_add_text(buf, "\n");
}

void ps_say(const char *const format, ...)
{
    char text[SAID_BYTES_MAX];
    struct ps_buf said PS_CLEANUP(ps_buf_release);
    ps_buf_init(&said, PS_TEXT_BYTES_MAX);
    if (chat.is_quiet) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    add_said(&said, "penstock: ", text);
    put_above_line(&said);
}

int ps_say_error(const struct ps_error *const err)
{
    struct ps_buf said PS_CLEANUP(ps_buf_release);
    ps_buf_init(&said, PS_TEXT_BYTES_MAX);
    add_said(&said, is_coloured() ? "\033[1;31mpenstock:\033[0m " : "penstock: ", err->message);
    if (err->hint[0] != '\0') {
        add_said(&said, "  hint: ", err->hint);
    }
    if (err->request_id[0] != '\0') {
        add_said(&said, "  request id: ", err->request_id);
    }
    put_above_line(&said);
    return ps_exit_of(err->status);
}

enum ps_status ps_say_ask(const char *const question, struct ps_error *const err)
{
    char answer[16] = "";
    if (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0) {
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot ask without a terminal: %s",
                           question);
        return ps_error_hint(err, "--yes answers yes.");
    }
    (void)fprintf(stderr, "penstock: %s [y/N] ", question);
    (void)fflush(stderr);
    if (fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y')) {
        return PS_OK;
    }
    return ps_error_set(err, PS_E_STOPPED, PS_RETRY_NEVER, "nothing was done");
}

int ps_say_columns(void)
{
    struct winsize size;
    if (chat.is_quiet || !is_terminal()) {
        return 0;
    }
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= COLUMNS_MIN
               ? size.ws_col
               : COLUMNS_OTHERWISE;
}

void ps_say_line(const char *const text)
{
    if (strcmp(text, chat.line) == 0) {
        return;
    }
    (void)snprintf(chat.line, sizeof(chat.line), "%s", text);
    (void)fprintf(stderr, "\r%s\033[K", chat.line);
    (void)fflush(stderr);
}

int ps_exit_of(const enum ps_status status)
{
    switch (status) {
    case PS_OK:
        return PS_EXIT_OK;
    case PS_E_USAGE:
    case PS_E_INPUT:
    case PS_E_TOO_LARGE:
        return PS_EXIT_USAGE;
    case PS_E_REFUSED:
        return PS_EXIT_REFUSED;
    case PS_E_DENIED:
    case PS_E_NOT_FOUND:
    case PS_E_SERVICE:
    case PS_E_CONFLICT:
    case PS_E_CORRUPT:
        return PS_EXIT_DENIED;
    default:
        return PS_EXIT_STOPPED;
    }
}
