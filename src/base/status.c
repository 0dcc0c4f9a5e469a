#include "base/status.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const status_names[PS_STATUS_COUNT] = {
    [PS_OK] = "ok",
    [PS_E_USAGE] = "usage",
    [PS_E_INPUT] = "input",
    [PS_E_REFUSED] = "refused",
    [PS_E_DENIED] = "denied",
    [PS_E_NOT_FOUND] = "not_found",
    [PS_E_CONFLICT] = "conflict",
    [PS_E_QUOTA] = "quota",
    [PS_E_NETWORK] = "network",
    [PS_E_SERVICE] = "service",
    [PS_E_CORRUPT] = "corrupt",
    [PS_E_IO] = "io",
    [PS_E_STOPPED] = "stopped",
    [PS_E_TOO_LARGE] = "too_large",
};

const char *ps_status_name(const enum ps_status status)
{
    PS_ASSERT(status >= PS_OK && status < PS_STATUS_COUNT);
    return status_names[status];
}

enum ps_status ps_error_set(struct ps_error *const err, const enum ps_status status,
                            const enum ps_retry retry, const char *const format, ...)
{
    PS_ASSERT(status != PS_OK);
    if (err != NULL) {
        memset(err, 0, sizeof(*err));
        err->status = status;
        err->retry = retry;
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(err->message, sizeof(err->message), format, arguments);
        va_end(arguments);
    }
    return status;
}

enum ps_status ps_error_set_errno(struct ps_error *const err, const enum ps_status status,
                                  const int error_number, const char *const format, ...)
{
    PS_ASSERT(status != PS_OK);
    if (err != NULL) {
        memset(err, 0, sizeof(*err));
        err->status = status;
        err->retry = PS_RETRY_LATER;
        va_list arguments;
        va_start(arguments, format);
        const int size = vsnprintf(err->message, sizeof(err->message), format, arguments);
        va_end(arguments);
        char reason[128];
        const char *const text = strerror_r(error_number, reason, sizeof(reason));
        if (size >= 0 && (size_t)size < sizeof(err->message)) {
            (void)snprintf(err->message + size, sizeof(err->message) - (size_t)size, ": %s", text);
        }
    }
    return status;
}

enum ps_status ps_error_hint(struct ps_error *const err, const char *const format, ...)
{
    PS_ASSERT(err != NULL);
    PS_ASSERT(err->status != PS_OK);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(err->hint, sizeof(err->hint), format, arguments);
    va_end(arguments);
    return err->status;
}
