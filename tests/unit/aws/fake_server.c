#include "fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUESTS_MAX 4096
#define CONNECTIONS_MAX 256
#define HEAD_BYTES_MAX 65536

struct seen {
    char *head;
    char *body;
    size_t body_size;
    size_t connection;
};

struct fake_server {
    const struct fake_step *steps;
    size_t step_count;
    int listener;
    char url[64];
    pthread_t acceptor;
    pthread_mutex_t lock; /* of all below */
    struct seen seen[REQUESTS_MAX];
    size_t seen_count;
    pthread_t workers[CONNECTIONS_MAX];
    int sockets[CONNECTIONS_MAX];
    size_t connection_count;
    bool is_stopping;
};

struct connection {
    struct fake_server *server;
    int socket;
    size_t index;
};

static void send_all(const int socket, const char *const bytes, const size_t size)
{
    size_t sent = 0;
    while (sent < size) {
        const ssize_t part = send(socket, bytes + sent, size - sent, MSG_NOSIGNAL);
        if (part <= 0) {
            return;
        }
        sent += (size_t)part;
    }
}

/* Reads to the end of the head; what came after it stays in `room`. False: the peer has gone. */
static bool read_head(const int socket, char *const room, size_t *const size,
                      size_t *const ret_head_size)
{
    for (;;) {
        room[*size] = '\0';
        const char *const end = strstr(room, "\r\n\r\n");
        if (end != NULL) {
            *ret_head_size = (size_t)(end - room) + 4;
            return true;
        }
        if (*size >= HEAD_BYTES_MAX) {
            return false;
        }
        const ssize_t part = recv(socket, room + *size, HEAD_BYTES_MAX - *size, 0);
        if (part <= 0) {
            return false;
        }
        *size += (size_t)part;
    }
}

static size_t content_length(const char *const head)
{
    const char *const found = strcasestr(head, "\r\ncontent-length:");
    return found == NULL ? 0 : strtoul(found + strlen("\r\ncontent-length:"), NULL, 10);
}

static const struct fake_step *next_step(struct fake_server *const server, struct seen *const seen)
{
    static const struct fake_step beyond = {.status = "599 Beyond The Script"};
    (void)pthread_mutex_lock(&server->lock);
    const size_t index = server->seen_count;
    if (index < REQUESTS_MAX) {
        server->seen[index] = *seen;
        server->seen_count++;
    }
    (void)pthread_mutex_unlock(&server->lock);
    return index < server->step_count ? &server->steps[index] : &beyond;
}

/* What comes next without taking it: a refusal must come before the body is read. */
static bool is_refusal_next(struct fake_server *const server)
{
    (void)pthread_mutex_lock(&server->lock);
    const size_t index = server->seen_count;
    const bool is_refusal = index < server->step_count && server->steps[index].fault == FAKE_REFUSE;
    (void)pthread_mutex_unlock(&server->lock);
    return is_refusal;
}

static void reset_on_close(const int socket)
{
    const struct linger now = {1, 0};
    (void)setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void wait_for_end(const int socket)
{
    char byte = 0;
    while (recv(socket, &byte, 1, 0) > 0) {
    }
}

static void trickle(const int socket, const char *const bytes, const size_t size)
{
    static const struct timespec pause = {0, 20 * 1000 * 1000};
    for (size_t index = 0; index < size; index++) {
        if (send(socket, bytes + index, 1, MSG_NOSIGNAL) != 1) {
            return;
        }
        (void)nanosleep(&pause, NULL);
    }
}

/* False: the connection is over. */
static bool answer(const int socket, const struct fake_step *const step, const bool is_head_request)
{
    if (step->fault == FAKE_RESET) {
        reset_on_close(socket);
    }
    if (step->fault == FAKE_HANG) {
        wait_for_end(socket);
    }
    if (step->fault == FAKE_RESET || step->fault == FAKE_HANG || step->fault == FAKE_CLOSE) {
        return false;
    }
    if (step->raw != NULL) {
        send_all(socket, step->raw, strlen(step->raw));
        return false;
    }
    const char *body = step->body == NULL ? "" : step->body;
    size_t body_size = step->body_size > 0 ? step->body_size : strlen(body);
    char *filler = NULL;
    if (step->filler_size > 0) {
        filler = malloc(step->filler_size);
        memset(filler, 'x', step->filler_size);
        body = filler;
        body_size = step->filler_size;
    }
    char *head = NULL;
    const bool has_length =
        step->headers != NULL && strcasestr(step->headers, "content-length:") != NULL;
    const int head_size =
        has_length ? asprintf(&head, "HTTP/1.1 %s\r\n%s\r\n", step->status, step->headers)
                   : asprintf(&head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", step->status,
                              body_size, step->headers == NULL ? "" : step->headers);
    if (step->fault == FAKE_TRICKLE) {
        trickle(socket, head, (size_t)head_size);
        trickle(socket, body, body_size);
    } else {
        send_all(socket, head, (size_t)head_size);
        if (!is_head_request) {
            send_all(socket, body, step->fault == FAKE_CUT ? body_size / 2 : body_size);
        }
    }
    free(head);
    free(filler);
    return step->fault != FAKE_CUT;
}

/* False: the peer has gone, or the answer ended the connection. */
static bool serve_one(struct connection *const connection, char *const room, size_t *const size)
{
    size_t head_size = 0;
    if (!read_head(connection->socket, room, size, &head_size)) {
        return false;
    }
    struct seen seen = {strndup(room, head_size), NULL, 0, connection->index};
    const bool is_refusal = is_refusal_next(connection->server);
    seen.body_size = is_refusal ? 0 : content_length(seen.head);
    seen.body = calloc(1, seen.body_size + 1);
    size_t have = *size - head_size < seen.body_size ? *size - head_size : seen.body_size;
    memcpy(seen.body, room + head_size, have);
    memmove(room, room + head_size + have, *size - head_size - have);
    *size -= head_size + have;
    while (have < seen.body_size) {
        const ssize_t part = recv(connection->socket, seen.body + have, seen.body_size - have, 0);
        if (part <= 0) {
            free(seen.head);
            free(seen.body);
            return false;
        }
        have += (size_t)part;
    }
    const bool is_head_request = strncmp(seen.head, "HEAD ", 5) == 0;
    const struct fake_step *const step = next_step(connection->server, &seen);
    if (is_refusal) {
        reset_on_close(connection->socket);
        return false;
    }
    return answer(connection->socket, step, is_head_request);
}

static void forget_socket(struct fake_server *const server, const int socket)
{
    (void)pthread_mutex_lock(&server->lock);
    for (size_t index = 0; index < server->connection_count; index++) {
        if (server->sockets[index] == socket) {
            server->sockets[index] = -1;
            (void)close(socket);
            break;
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
}

static void *work(void *const argument)
{
    struct connection *const connection = argument;
    char *const room = malloc(HEAD_BYTES_MAX + 1);
    size_t size = 0;
    while (serve_one(connection, room, &size)) {
    }
    forget_socket(connection->server, connection->socket);
    free(room);
    free(connection);
    return NULL;
}

static void *accept_all(void *const argument)
{
    struct fake_server *const server = argument;
    for (;;) {
        const int socket = accept(server->listener, NULL, NULL);
        if (socket < 0) {
            return NULL;
        }
        (void)pthread_mutex_lock(&server->lock);
        const bool is_refused = server->is_stopping || server->connection_count == CONNECTIONS_MAX;
        if (is_refused) {
            (void)close(socket);
        } else {
            struct connection *const connection = malloc(sizeof(*connection));
            *connection = (struct connection){server, socket, server->connection_count};
            server->sockets[server->connection_count] = socket;
            (void)pthread_create(&server->workers[server->connection_count], NULL, work,
                                 connection);
            server->connection_count++;
        }
        (void)pthread_mutex_unlock(&server->lock);
    }
}

struct fake_server *fake_server_start(const struct fake_step *const steps, const size_t step_count)
{
    struct fake_server *const server = calloc(1, sizeof(*server));
    server->steps = steps;
    server->step_count = step_count;
    (void)pthread_mutex_init(&server->lock, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    if (bind(server->listener, (const struct sockaddr *)&address, size) != 0 ||
        listen(server->listener, CONNECTIONS_MAX) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) != 0) {
        abort();
    }
    (void)snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d",
                   (int)ntohs(address.sin_port));
    (void)pthread_create(&server->acceptor, NULL, accept_all, server);
    return server;
}

struct fake_server *fake_server_stop(struct fake_server *const server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->is_stopping = true;
    for (size_t index = 0; index < server->connection_count; index++) {
        if (server->sockets[index] >= 0) {
            (void)shutdown(server->sockets[index], SHUT_RDWR);
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
    (void)shutdown(server->listener, SHUT_RDWR);
    (void)pthread_join(server->acceptor, NULL);
    (void)close(server->listener);
    for (size_t index = 0; index < server->connection_count; index++) {
        (void)pthread_join(server->workers[index], NULL);
    }
    for (size_t index = 0; index < server->seen_count; index++) {
        free(server->seen[index].head);
        free(server->seen[index].body);
    }
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
    return NULL;
}

const char *fake_server_url(const struct fake_server *const server)
{
    return server->url;
}

size_t fake_server_count(struct fake_server *const server)
{
    (void)pthread_mutex_lock(&server->lock);
    const size_t count = server->seen_count;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

size_t fake_server_connections(struct fake_server *const server)
{
    (void)pthread_mutex_lock(&server->lock);
    const size_t count = server->connection_count;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

size_t fake_server_connection_of(struct fake_server *const server, const size_t index)
{
    return index < fake_server_count(server) ? server->seen[index].connection : SIZE_MAX;
}

const char *fake_server_head(struct fake_server *const server, const size_t index)
{
    return index < fake_server_count(server) ? server->seen[index].head : "";
}

const char *fake_server_body(struct fake_server *const server, const size_t index,
                             size_t *const ret_size)
{
    if (index >= fake_server_count(server)) {
        return "";
    }
    if (ret_size != NULL) {
        *ret_size = server->seen[index].body_size;
    }
    return server->seen[index].body;
}
