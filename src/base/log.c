#include "base/log.h"

#include "base/buf.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

/* What is longer is cut: a log line is for reading. */
#define FIELD_BYTES_MAX ((size_t)4000)

static struct {
    pthread_mutex_t lock;
    int descriptor;
    bool is_json;
    enum ps_log_level level;
} sink = {PTHREAD_MUTEX_INITIALIZER, STDERR_FILENO, false, PS_LOG_INFO};

static const char *const level_names[] = {"error", "warn", "info", "debug"};

enum ps_status ps_log_open(const struct ps_log_options *const options, struct ps_error *const err)
{
    int descriptor = STDERR_FILENO;
    if (options->path != NULL) {
        descriptor = open(options->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (descriptor < 0) {
            return ps_error_set_errno(err, PS_E_IO, errno, "could not open the log '%s'",
                                      options->path);
        }
    }
    (void)pthread_mutex_lock(&sink.lock);
    sink.descriptor = descriptor;
    sink.is_json = options->is_json;
    sink.level = options->level;
    (void)pthread_mutex_unlock(&sink.lock);
    return PS_OK;
}

void ps_log_close(void)
{
    (void)pthread_mutex_lock(&sink.lock);
    if (sink.descriptor != STDERR_FILENO) {
        (void)close(sink.descriptor);
        sink.descriptor = STDERR_FILENO;
    }
    (void)pthread_mutex_unlock(&sink.lock);
}

static void add_quoted(struct ps_buf *const line, const struct ps_str text)
{
    ps_buf_add_text(line, "\"");
    for (size_t index = 0; index < text.size; index++) {
        const unsigned char byte = (unsigned char)text.data[index];
        if (byte == '"' || byte == '\\') {
            ps_buf_add_format(line, "\\%c", byte);
        } else if (byte < 0x20 || byte == 0x7f) {
            ps_buf_add_format(line, "\\u%04x", byte);
        } else {
            ps_buf_add(line, ps_str_part(text, index, 1));
        }
    }
    ps_buf_add_text(line, "\"");
}

static void add_field(struct ps_buf *const line, const struct ps_field *const field)
{
    ps_buf_add_format(line, sink.is_json ? ",\"%s\":" : " %s=", field->name);
    if (field->is_number) {
        ps_buf_add_format(line, "%" PRId64, field->number);
    } else {
        add_quoted(line, ps_str_part(field->text, 0, FIELD_BYTES_MAX));
    }
}

static void add_head(struct ps_buf *const line, const enum ps_log_level level,
                     const char *const event)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    struct tm parts;
    (void)gmtime_r(&now.tv_sec, &parts);
    char stamp[40];
    (void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &parts);
    ps_buf_add_format(line,
                      sink.is_json ? "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"event\":\"%s\""
                                   : "%s.%03ldZ %s %s",
                      stamp, now.tv_nsec / 1000000, level_names[level], event);
}

void ps_log_write(const enum ps_log_level level, const char *const event,
                  const struct ps_field *const fields)
{
    (void)pthread_mutex_lock(&sink.lock);
    if (level <= sink.level) {
        struct ps_buf line PS_CLEANUP(ps_buf_release);
        ps_buf_init(&line, PS_ANSWER_BYTES_MAX);
        add_head(&line, level, event);
        for (const struct ps_field *field = fields; field->name != NULL; field++) {
            add_field(&line, field);
        }
        ps_buf_add_text(&line, sink.is_json ? "}\n" : "\n");
        /* A log that cannot be written must not stop the run. */
        const ssize_t written = write(sink.descriptor, line.data, line.size);
        (void)written;
    }
    (void)pthread_mutex_unlock(&sink.lock);
}
