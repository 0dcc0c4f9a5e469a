/*
 * http - requests over one libcurl multi, all in the thread that calls ps_http_run. No retry, no
 * redirect, no plain http but to loopback, TLS always verified.
 *
 * Each started request ends in exactly one call of `done`, from inside ps_http_run, unless
 * ps_http_free comes first. How far it got is in the answer: whoever asks decides what that means
 * for its own effect.
 *
 * libcurl sends a request again by itself when a reused connection turns out dead. With a body it
 * cannot: the body is read once and cannot be wound back, so the dead connection is an error
 * (PS_HTTP_SENT). Requests without a body (GET, HEAD, DELETE, the empty POST) it may repeat; use
 * them for what may happen twice.
 *
 * Owner: the caller frees. Threads: one, but ps_http_wake is safe from any and from a signal
 * handler.
 *
 *     struct ps_http_request request = {.method = "GET", .url = url, .handler = &handler, .owner =
 * act}; ps_http_start(http, &request); while (ps_http_run(http, wait_ms)) { ... }
 */
#ifndef PS_AWS_HTTP_H
#define PS_AWS_HTTP_H

#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"

#include <stdint.h>

struct ps_http;

/* 0 (or NULL) takes the default in brackets. Real milliseconds: no transport time-out is ever sped
 * up. */
struct ps_http_options {
    int64_t connect_ms_max; /* name, TCP and TLS together [10 s] */
    int64_t
        first_byte_ms_max; /* from the last byte of the request to the first of the answer [60 s] */
    int64_t stall_ms;      /* in each such window while bytes flow ... [30 s] */
    int64_t stall_bytes_min;      /* ... at least this many must come or go [1,000] */
    int64_t idle_connections_max; /* kept for the next request; more are closed [64] */
    const char *ca_file;          /* PEM bundle of the authorities to trust [the system's] */
};

enum ps_http_reach {
    PS_HTTP_UNSENT,      /* no byte of the request left this machine */
    PS_HTTP_PARTLY_SENT, /* some left, but not the whole body: nobody can have acted on it */
    PS_HTTP_SENT,        /* all of it may have arrived, and there is no whole answer */
    PS_HTTP_ANSWERED     /* there is a whole answer */
};

struct ps_http_answer {
    enum ps_http_reach reach;
    int http_status;       /* 0: not even the status line came */
    struct ps_str body;    /* what was not given to write_body; a view that ends with the call */
    struct ps_str headers; /* "name: value\r\n" lines; read with ps_http_header */
    struct ps_error
        error;    /* where reach is not ANSWERED; also when read_body or write_body failed */
    bool is_ours; /* the error came from read_body or write_body, not from the network */
};

/* The value of the first header of that name, trimmed; "" when there is none. */
struct ps_str ps_http_header(const struct ps_http_answer *answer, const char *name);

struct ps_http_handler {
    /* The next bytes of the body; *ret_size 0 ends it too early. NULL: the body is `request.body`.
     */
    enum ps_status (*read_body)(void *owner, char *room, size_t room_size, size_t *ret_size,
                                struct ps_error *err);
    /*
     * Bytes of the body of an answer with status 200 or 206; `answer` has status and headers so
     * far. NULL: they are kept for answer.body, up to PS_ANSWER_BYTES_MAX, as other bodies always
     * are.
     */
    enum ps_status (*write_body)(void *owner, const struct ps_http_answer *answer,
                                 struct ps_str bytes, struct ps_error *err);
    void (*done)(void *owner, const struct ps_http_answer *answer);
};

#define PS_HTTP_HEADERS_MAX 16

struct ps_http_field {
    const char *name;
    struct ps_str value;
};

/* Everything is copied. */
struct ps_http_request {
    const char *method; /* GET, HEAD, DELETE, PUT, POST */
    const char *url;    /* path and query are sent as they are */
    struct ps_http_field headers[PS_HTTP_HEADERS_MAX];
    size_t header_count;
    struct ps_str body;
    int64_t body_bytes;        /* with read_body: how many it gives in all */
    int64_t first_byte_ms_max; /* 0: as in the options */
    size_t answer_bytes_max;   /* of a kept body; 0: PS_ANSWER_BYTES_MAX */
    bool is_one_of_many;       /* thousands of its kind at once: small buffers */
    const struct ps_http_handler *handler;
    void *owner;
};

PS_MUST_CHECK enum ps_status ps_http_new(const struct ps_http_options *options,
                                         struct ps_http **ret_http, struct ps_error *err);
struct ps_http *ps_http_free(struct ps_http *http);

/* Returns at once; `done` is called later even when the request cannot be made (reach UNSENT). */
void ps_http_start(struct ps_http *http, const struct ps_http_request *request);

/*
 * Moves all requests on, waiting at most `wait_ms` for something to happen; returns early after
 * ps_http_wake. False when nothing is under way (then it has waited all the same).
 */
bool ps_http_run(struct ps_http *http, int64_t wait_ms);
void ps_http_wake(struct ps_http *http);

/* "http://127.0.0.1:8000/x" and the like: the host is 127.0.0.0/8, [::1] or localhost. */
bool ps_http_is_loopback(struct ps_str url);

#endif
