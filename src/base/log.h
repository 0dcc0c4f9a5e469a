/*
 * log - what an operator reads at 3 a.m.: an event name and typed fields, one line each.
 *
 * Only app/, emu/ and cli/ log; others return facts. No prompt, no answer, no secret is ever a
 * field: pass sizes and digests. Control characters are escaped. The sink is the one global of the
 * program; it takes a lock, so any thread may log. Before ps_log_open lines of level `info` and up
 * go to stderr.
 *
 *     ps_log_info("job.created", PS_FIELD_TEXT("job", name), PS_FIELD_COUNT("records", records));
 */
#ifndef PS_BASE_LOG_H
#define PS_BASE_LOG_H

#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum ps_log_level { PS_LOG_ERROR, PS_LOG_WARN, PS_LOG_INFO, PS_LOG_DEBUG };

struct ps_field {
    const char *name; /* NULL ends the list */
    bool is_number;
    int64_t number;
    struct ps_str text;
};

#define PS_FIELD_TEXT(field_name, value) \
    ((struct ps_field){(field_name), false, 0, ps_str_of(value)})
#define PS_FIELD_STR(field_name, value) ((struct ps_field){(field_name), false, 0, (value)})
#define PS_FIELD_COUNT(field_name, value) \
    ((struct ps_field){(field_name), true, (int64_t)(value), {NULL, 0}})

struct ps_log_options {
    const char *path;        /* NULL: stderr */
    bool is_json;            /* one JSON object a line; else "time level event name=value ..." */
    enum ps_log_level level; /* lines above it are dropped */
};

PS_MUST_CHECK enum ps_status ps_log_open(const struct ps_log_options *options,
                                         struct ps_error *err);
void ps_log_close(void);

/* `fields` ends with a row whose name is NULL. */
void ps_log_write(enum ps_log_level level, const char *event, const struct ps_field *fields);

#define PS_FIELD_END ((struct ps_field){NULL, false, 0, {NULL, 0}})

/* At least one field; an event without any passes PS_FIELD_END. */
#define PS_LOG_FIELDS(...) ((const struct ps_field[]){__VA_ARGS__, PS_FIELD_END})
#define ps_log_error(event, ...) ps_log_write(PS_LOG_ERROR, event, PS_LOG_FIELDS(__VA_ARGS__))
#define ps_log_warn(event, ...) ps_log_write(PS_LOG_WARN, event, PS_LOG_FIELDS(__VA_ARGS__))
#define ps_log_info(event, ...) ps_log_write(PS_LOG_INFO, event, PS_LOG_FIELDS(__VA_ARGS__))
#define ps_log_debug(event, ...) ps_log_write(PS_LOG_DEBUG, event, PS_LOG_FIELDS(__VA_ARGS__))

#endif
