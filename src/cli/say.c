#include "cli/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static bool quiet;

void ps_say_be_quiet(const bool is_quiet)
{
    quiet = is_quiet;
}

/* On a terminal a progress line may stand there: begin a fresh one. */
static void clear_line(void)
{
    if (isatty(STDERR_FILENO) != 0) {
        (void)fputs("\r\033[K", stderr);
    }
}

void ps_say(const char *const format, ...)
{
    char text[1200];
    char clean[1600];
    if (quiet) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    clear_line();
    (void)fprintf(stderr, "penstock: %s\n", ps_say_clean(ps_str_of(text), clean, sizeof(clean)));
}

int ps_say_error(const struct ps_error *const err)
{
    char message[1200];
    char hint[1200];
    clear_line();
    (void)fprintf(stderr, "penstock: %s\n",
                  ps_say_clean(ps_str_of(err->message), message, sizeof(message)));
    if (err->hint[0] != '\0') {
        (void)fprintf(stderr, "  hint: %s\n",
                      ps_say_clean(ps_str_of(err->hint), hint, sizeof(hint)));
    }
    if (err->request_id[0] != '\0') {
        (void)fprintf(stderr, "  request id: %s\n",
                      ps_say_clean(ps_str_of(err->request_id), hint, sizeof(hint)));
    }
    return ps_exit_of(err->status);
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

const char *ps_say_clean(const struct ps_str text, char *const room, const size_t room_size)
{
    size_t size = 0;
    for (size_t place = 0; place < text.size && size + 5 < room_size; place++) {
        const unsigned char byte = (unsigned char)text.data[place];
        if (byte < 0x20 || byte == 0x7f) {
            size += (size_t)snprintf(room + size, 5, "\\x%02x", byte);
        } else {
            room[size++] = (char)byte;
        }
    }
    room[size] = '\0';
    return room;
}
