#include "client.h"

#include "../sim/folder.h"

#include "aws/sigv4.h"
#include "base/assert.h"
#include "base/buf.h"
#include "os/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BYTES_MAX ((size_t)64 << 20)
#define HEADERS_MAX 32

static void start(struct client *const client)
{
    struct ps_error err;
    const struct ps_emulator_options options = {
        .data_folder = client->folder,
        .speed = client->speed,
        .faults = client->faults,
        .limits_file = client->limits_path,
        .env_file = client->env_path,
        .ledger_file = client->ledger_path,
    };
    if (ps_emulator_start(&options, &client->emulator, &err) != PS_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        PS_ASSERT(client->emulator != NULL);
    }
}

void client_start(struct client *const client, const int64_t speed, const char *const faults,
                  const char *const limits)
{
    memset(client, 0, sizeof *client);
    client->folder = test_folder_new();
    client->speed = speed;
    client->faults = faults;
    if (limits != NULL) {
        test_file_write(client->folder, "limits", limits);
        (void)snprintf(client->limits_path, sizeof client->limits_path, "%s/limits",
                       client->folder);
    }
    (void)snprintf(client->env_path, sizeof client->env_path, "%s/env", client->folder);
    (void)snprintf(client->ledger_path, sizeof client->ledger_path, "%s/ledger.json",
                   client->folder);
    start(client);
}

void client_restart(struct client *const client)
{
    client->emulator = ps_emulator_stop(client->emulator);
    start(client);
}

void client_stop(struct client *const client)
{
    client->emulator = ps_emulator_stop(client->emulator);
    test_folder_remove(client->folder);
    free(client->folder);
}

/* ---- making a request ---- */

struct header_list {
    struct ps_sigv4_header rows[HEADERS_MAX];
    size_t count;
};

static void add_header(struct header_list *const list, const struct ps_str name,
                       const struct ps_str value)
{
    PS_ASSERT(list->count < HEADERS_MAX);
    list->rows[list->count++] = (struct ps_sigv4_header){name, value};
}

static void add_headers(struct header_list *const list, const char *const text)
{
    struct ps_str rest = ps_str_of(text);
    while (rest.size > 0) {
        const size_t size = ps_str_find(rest, '\n');
        const struct ps_str line = ps_str_part(rest, 0, size);
        const size_t colon = ps_str_find(line, ':');
        add_header(list, ps_str_part(line, 0, colon),
                   ps_str_trim(ps_str_part(line, colon + 1, line.size)));
        rest = ps_str_part(rest, size + 1, rest.size);
    }
}

static struct ps_str or_else(const char *const text, const char *const otherwise)
{
    return ps_str_of(text != NULL ? text : otherwise);
}

static void sign(const struct client *const client, const struct sending *const sending,
                 struct header_list *const list, struct ps_str payload_hash, char *const stamp,
                 struct ps_buf *const authorization)
{
    struct ps_sigv4_signed result PS_CLEANUP(ps_sigv4_signed_release);
    const struct ps_str service = or_else(sending->service, "s3");
    const struct ps_str target = ps_str_of(sending->target);
    const size_t mark = ps_str_find(target, '?');
    ps_sigv4_stamp(ps_clock_real_wall_ms() + sending->shift_ms, stamp);
    const struct ps_sigv4_signer signer = {
        .rules = ps_sigv4_rules_of(service),
        .scope = {ps_str_of(stamp), or_else(sending->region, ps_emulator_region(client->emulator)),
                  service},
        .access_key_id =
            or_else(sending->access_key_id, ps_emulator_access_key_id(client->emulator)),
        .secret_access_key =
            or_else(sending->secret, ps_emulator_secret_access_key(client->emulator)),
    };
    const struct ps_sigv4_request request = {
        .method = ps_str_of(sending->method),
        .path = ps_str_part(target, 0, mark),
        .query = ps_str_part(target, mark + 1, target.size),
        .headers = list->rows,
        .header_count = list->count,
        .payload_hash = payload_hash,
    };
    ps_sigv4_signed_init(&result);
    PS_ASSERT(ps_sigv4_sign_headers(&signer, &request, &result, NULL) == PS_OK);
    ps_buf_add(authorization, ps_buf_str(&result.authorization));
    add_header(list, PS_STR("X-Amz-Date"), ps_str_of(stamp));
    if (signer.rules.is_payload_header) {
        add_header(list, PS_STR("x-amz-content-sha256"), payload_hash);
    }
    add_header(list, PS_STR("Authorization"), ps_buf_str(authorization));
}

static void add_body(struct ps_buf *const bytes, const struct sending *const sending)
{
    if (!sending->is_chunked) {
        ps_buf_add(bytes, sending->body);
        return;
    }
    for (size_t at = 0; at < sending->body.size; at += 1000) {
        const struct ps_str piece = ps_str_part(sending->body, at, 1000);
        ps_buf_add_format(bytes, "%zx\r\n", piece.size);
        ps_buf_add(bytes, piece);
        ps_buf_add(bytes, PS_STR("\r\n"));
    }
    ps_buf_add(bytes, PS_STR("0\r\n\r\n"));
}

char *client_request(const struct client *const client, const struct sending *const sending,
                     const char *const connection, size_t *const ret_size)
{
    struct header_list list = {.count = 0};
    struct ps_buf bytes PS_CLEANUP(ps_buf_release);
    struct ps_buf authorization PS_CLEANUP(ps_buf_release);
    char host[64];
    char hash[PS_SHA256_HEX_SIZE];
    char stamp[PS_SIGV4_STAMP_SIZE];
    ps_buf_init(&bytes, BYTES_MAX);
    ps_buf_init(&authorization, 65536);
    (void)snprintf(host, sizeof host, "127.0.0.1:%lld",
                   (long long)ps_emulator_port(client->emulator));
    ps_sha256_hex(sending->body, hash);
    add_header(&list, PS_STR("Host"), ps_str_of(host));
    add_headers(&list, sending->headers);
    if (!sending->is_unsigned) {
        sign(client, sending, &list, or_else(sending->payload_hash, hash), stamp, &authorization);
    }
    ps_buf_add_format(&bytes, "%s %s HTTP/1.1\r\n", sending->method, sending->target);
    for (size_t index = 0; index < list.count; index++) {
        ps_buf_add_format(&bytes, "%.*s: %.*s\r\n", PS_STR_ARGS(list.rows[index].name),
                          PS_STR_ARGS(list.rows[index].value));
    }
    if (sending->is_chunked) {
        ps_buf_add(&bytes, PS_STR("Transfer-Encoding: chunked\r\n"));
    } else if (sending->body.size > 0) {
        ps_buf_add_format(&bytes, "Content-Length: %zu\r\n", sending->body.size);
    }
    ps_buf_add_format(&bytes, "Connection: %s\r\n\r\n", connection);
    add_body(&bytes, sending);
    *ret_size = bytes.size;
    return ps_str_dup(ps_buf_str(&bytes));
}

/* ---- sending ---- */

static int connect_to(const struct client *const client)
{
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)ps_emulator_port(client->emulator));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket_file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    PS_ASSERT(socket_file >= 0);
    PS_ASSERT(connect(socket_file, (const struct sockaddr *)&address, sizeof address) == 0);
    return socket_file;
}

static void send_all(const int socket_file, const struct ps_str bytes)
{
    size_t at = 0;
    while (at < bytes.size) {
        const ssize_t put = send(socket_file, bytes.data + at, bytes.size - at, MSG_NOSIGNAL);
        if (put <= 0) {
            break; /* it answered early, and closed */
        }
        at += (size_t)put;
    }
}

/* False at the end of what it sends. */
static bool receive_some(const int socket_file, struct ps_buf *const answer)
{
    char *const room = ps_buf_reserve(answer, 65536);
    const ssize_t got = recv(socket_file, room, 65536, 0);
    if (got > 0) {
        ps_buf_commit(answer, (size_t)got);
    }
    return got > 0;
}

char *client_raw_in_two(const struct client *const client, const struct ps_str head,
                        const struct ps_str body, size_t *const ret_size)
{
    struct ps_buf answer PS_CLEANUP(ps_buf_release);
    ps_buf_init(&answer, BYTES_MAX);
    const int socket_file = connect_to(client);
    send_all(socket_file, head);
    if (body.size > 0 && receive_some(socket_file, &answer)) {
        send_all(socket_file, body);
    }
    while (receive_some(socket_file, &answer)) {
    }
    (void)close(socket_file);
    *ret_size = answer.size;
    return ps_str_dup(ps_buf_str(&answer));
}

char *client_raw(const struct client *const client, const struct ps_str bytes,
                 size_t *const ret_size)
{
    return client_raw_in_two(client, bytes, PS_STR(""), ret_size);
}

const char *reply_header(const struct reply *const reply, const char *const name,
                         char room[const 256])
{
    struct ps_str rest = ps_str_of(reply->head);
    room[0] = '\0';
    while (rest.size > 0) {
        const size_t size = ps_str_find(rest, '\n');
        const struct ps_str line = ps_str_part(rest, 0, size);
        const size_t colon = ps_str_find(line, ':');
        if (ps_str_equals_nocase(ps_str_part(line, 0, colon), ps_str_of(name))) {
            (void)snprintf(room, 256, "%.*s",
                           PS_STR_ARGS(ps_str_trim(ps_str_part(line, colon + 1, line.size))));
        }
        rest = ps_str_part(rest, size + 1, rest.size);
    }
    return room;
}

struct reply client_send(const struct client *const client, const struct sending *const sending)
{
    struct reply reply = {0, ps_str_dup(PS_STR("")), ps_str_dup(PS_STR("")), 0, false};
    char room[256];
    size_t request_size = 0;
    size_t size = 0;
    int64_t length = 0;
    char *request PS_CLEANUP(ps_str_free_auto) =
        client_request(client, sending, "close", &request_size);
    char *raw PS_CLEANUP(ps_str_free_auto) =
        client_raw(client, (struct ps_str){request, request_size}, &size);
    char *answer = raw;
    if (strncmp(answer, "HTTP/1.1 100", 12) == 0) {
        answer = strstr(answer, "\r\n\r\n") + 4;
    }
    char *const end = strstr(answer, "\r\n\r\n");
    if (end == NULL) {
        return reply;
    }
    free(reply.head);
    free(reply.body);
    reply.status = (int)strtol(answer + 9, NULL, 10);
    reply.head = ps_str_dup((struct ps_str){answer, (size_t)(end - answer)});
    reply.body_size = size - (size_t)(end + 4 - raw);
    reply.body = ps_str_dup((struct ps_str){end + 4, reply.body_size});
    reply.is_whole =
        strcmp(sending->method, "HEAD") == 0 ||
        (ps_str_to_i64(ps_str_of(reply_header(&reply, "Content-Length", room)), &length) &&
         length == (int64_t)reply.body_size);
    return reply;
}

void reply_release(struct reply *const reply)
{
    free(reply->head);
    free(reply->body);
}

int client_status(const struct client *const client, const struct sending *const sending)
{
    struct reply reply PS_CLEANUP(reply_release) = client_send(client, sending);
    return reply.status;
}

const char *client_path(const struct client *const client, const char *const key,
                        char room[const 512])
{
    (void)snprintf(room, 512, "/%s/%s", ps_emulator_bucket(client->emulator), key);
    return room;
}

int client_put(const struct client *const client, const char *const key, const char *const text)
{
    char path[512];
    return client_status(client, &(struct sending){.method = "PUT",
                                                   .target = client_path(client, key, path),
                                                   .body = ps_str_of(text)});
}

struct reply client_get(const struct client *const client, const char *const key)
{
    char path[512];
    return client_send(
        client, &(struct sending){.method = "GET", .target = client_path(client, key, path)});
}

int client_count_events(const struct client *const client, const char *const text)
{
    char *log PS_CLEANUP(ps_str_free_auto) = test_file_read(client->folder, "events.jsonl");
    int count = 0;
    for (const char *at = log; at != NULL && *at != '\0';) {
        const char *const end = strchr(at, '\n');
        const char *const found = strstr(at, text);
        count += found != NULL && found < end ? 1 : 0;
        at = end + 1;
    }
    return count;
}
