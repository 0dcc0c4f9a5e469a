/*
 * fake_server - a loopback HTTP server that answers as it is told, request by request, and keeps
 * what it saw.
 *
 * Each request, on whatever connection it comes, takes the next step of the script. A request
 * beyond the script is kept too and gets status 599. Every connection has its own thread.
 *
 *     static const struct fake_step steps[] = {{.status = "200 OK", .body = "{}"}, {.fault =
 * FAKE_CLOSE}}; struct fake_server *server = fake_server_start(steps, 2);
 *     ... fake_server_url(server) ...
 *     assert_int_equal(fake_server_count(server), 2);
 *     server = fake_server_stop(server);
 */
#ifndef PS_TESTS_AWS_FAKE_SERVER_H
#define PS_TESTS_AWS_FAKE_SERVER_H

#include <stddef.h>

enum fake_fault {
    FAKE_ANSWER, /* answers, and keeps the connection */
    FAKE_CUT,    /* announces the whole body, sends half of it, closes */
    FAKE_CLOSE,  /* reads the whole request, then closes without a word */
    FAKE_RESET,  /* the same with a reset */
    FAKE_REFUSE, /* reads the head alone, then resets */
    FAKE_HANG,   /* reads the request and says nothing until the server stops */
    FAKE_TRICKLE /* sends its answer byte by byte, 20 ms apart */
};

struct fake_step {
    const char *status;  /* "200 OK" */
    const char *headers; /* "ETag: \"1\"\r\n"; NULL: none */
    const char *body;    /* NULL: empty; Content-Length is added */
    size_t body_size;    /* 0: strlen(body) */
    size_t filler_size;  /* a body of so many 'x' instead */
    const char *raw;     /* the whole answer as it goes over the wire, instead of the above */
    enum fake_fault fault;
};

struct fake_server;
struct fake_server *fake_server_start(const struct fake_step *steps, size_t step_count);
struct fake_server *fake_server_stop(struct fake_server *server);

const char *fake_server_url(const struct fake_server *server);
size_t fake_server_count(struct fake_server *server);
size_t fake_server_connections(struct fake_server *server);

/* On which connection, counted from 0, the `index`th request came. */
size_t fake_server_connection_of(struct fake_server *server, size_t index);

/* Request line and headers, and the body, of the `index`th request; "" when there was none. */
const char *fake_server_head(struct fake_server *server, size_t index);
const char *fake_server_body(struct fake_server *server, size_t index, size_t *ret_size);

#endif
