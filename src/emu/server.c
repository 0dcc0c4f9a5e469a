#include "emu/server.h"

#include "base/assert.h"
#include "base/log.h"
#include "emu/route.h"
#include "emu/turn.h"
#include "os/descriptors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Calls of models wait for their answers, thousands at once, each on a thread with a small stack.
 */
#define CONNECTIONS_MAX 4096
#define DESCRIPTORS_OF_OTHERS 512
#define STACK_BYTES ((size_t)1 << 20)
#define CONNECTION_BYTES ((size_t)256 * 1024)
#define IDLE_S 120
#define BLOCK_BYTES ((size_t)64 * 1024)

struct ps_emu_server {
    struct ps_emu_server_options options;
    struct MHD_Daemon *daemon;
    int64_t port;
    pthread_mutex_t lock;
    pthread_cond_t stopping;
    bool is_stopping;
};

/* ---- what libmicrohttpd calls ---- */

static void *on_uri(void *const context, const char *const uri,
                    struct MHD_Connection *const connection)
{
    (void)connection;
    const struct ps_emu_server *const server = context;
    return ps_emu_request_new(server->options.world, uri);
}

static void on_completed(void *const context, struct MHD_Connection *const connection,
                         void **const request, const enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    *request = ps_emu_request_free(*request);
}

struct header_walk {
    struct ps_emu_request *request;
    size_t ends[PS_EMU_HEADERS_MAX][2]; /* of name and value in `names` */
};

static enum MHD_Result on_header(void *const context, const enum MHD_ValueKind kind,
                                 const char *const name, const char *const value)
{
    (void)kind;
    struct header_walk *const walk = context;
    struct ps_emu_request *const request = walk->request;
    if (request->header_count >= PS_EMU_HEADERS_MAX) {
        return MHD_NO;
    }
    ps_buf_add_text(&request->names, name);
    walk->ends[request->header_count][0] = request->names.size;
    ps_buf_add_text(&request->names, value != NULL ? value : "");
    walk->ends[request->header_count][1] = request->names.size;
    request->header_count++;
    return MHD_YES;
}

static void read_headers(struct ps_emu_request *const request,
                         struct MHD_Connection *const connection)
{
    struct header_walk walk = {.request = request};
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, &walk);
    const struct ps_str names = ps_buf_str(&request->names);
    size_t from = 0;
    for (size_t index = 0; index < request->header_count; index++) {
        const size_t *const ends = walk.ends[index];
        request->headers[index] = (struct ps_sigv4_header){
            ps_str_part(names, from, ends[0] - from),
            ps_str_part(names, ends[0], ends[1] - ends[0]),
        };
        from = ends[1];
    }
}

/* ---- answers ---- */

/* An answer's body, read piece by piece, possibly spoilt on its way. */
struct stream {
    int file; /* -1: from `body` */
    int64_t offset;
    int64_t size_bytes;
    int64_t cut_at;   /* closes there; -1: whole */
    int64_t wrong_at; /* this byte is changed; -1: none */
    struct ps_buf body;
};

static ssize_t read_stream(const struct stream *const stream, const int64_t at, char *const room,
                           const size_t wanted)
{
    if (stream->file >= 0) {
        return pread(stream->file, room, wanted, stream->offset + at);
    }
    memcpy(room, stream->body.data + at, wanted);
    return (ssize_t)wanted;
}

static ssize_t on_read(void *const context, const uint64_t position, char *const room,
                       const size_t room_size)
{
    const struct stream *const stream = context;
    const int64_t at = (int64_t)position;
    const int64_t end = stream->cut_at >= 0 ? stream->cut_at : stream->size_bytes;
    if (at >= end) {
        return stream->cut_at >= 0 ? MHD_CONTENT_READER_END_WITH_ERROR
                                   : MHD_CONTENT_READER_END_OF_STREAM;
    }
    const int64_t left = end - at;
    const size_t wanted = left < (int64_t)room_size ? (size_t)left : room_size;
    const ssize_t got = read_stream(stream, at, room, wanted);
    if (got <= 0) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (stream->wrong_at >= at && stream->wrong_at < at + got) {
        room[stream->wrong_at - at] ^= 1;
    }
    return got;
}

static void on_free(void *const context)
{
    struct stream *const stream = context;
    if (stream->file >= 0) {
        (void)close(stream->file);
    }
    ps_buf_release(&stream->body);
    free(stream);
}

static struct stream *make_stream(struct ps_emu_request *const request,
                                  const enum ps_emu_sending sending)
{
    struct ps_emu_answer *const answer = &request->answer;
    struct stream *const stream = calloc(1, sizeof *stream);
    PS_ASSERT(stream != NULL);
    const bool is_file = answer->file >= 0 && !request->is_refused;
    ps_buf_init(&stream->body, answer->body.size_max);
    ps_buf_add(&stream->body, ps_buf_str(&answer->body));
    stream->file = is_file ? answer->file : -1;
    stream->offset = is_file ? answer->file_offset : 0;
    stream->size_bytes = is_file ? answer->file_size_bytes : (int64_t)answer->body.size;
    stream->cut_at = sending == PS_EMU_SEND_CUT ? stream->size_bytes / 2 : -1;
    stream->wrong_at =
        sending == PS_EMU_SEND_WRONG ? ps_call_draw(&request->call, 0, stream->size_bytes - 1) : -1;
    if (is_file) {
        answer->file = -1; /* the stream's now */
    }
    return stream;
}

static void add_headers(const struct ps_emu_request *const request,
                        struct MHD_Response *const response)
{
    const bool is_s3 = request->service == PS_EMU_S3;
    for (size_t index = 0; index < request->answer.header_count; index++) {
        (void)MHD_add_response_header(response, request->answer.headers[index].name,
                                      request->answer.headers[index].value);
    }
    (void)MHD_add_response_header(response, is_s3 ? "x-amz-request-id" : "x-amzn-requestid",
                                  request->call.request_id);
    if (is_s3) {
        (void)MHD_add_response_header(response, "x-amz-id-2", request->call.request_id);
    }
}

static enum MHD_Result send_answer(struct MHD_Connection *const connection,
                                   struct ps_emu_request *const request,
                                   const enum ps_emu_sending sending)
{
    struct stream *const stream = make_stream(request, sending);
    struct MHD_Response *const response = MHD_create_response_from_callback(
        (uint64_t)stream->size_bytes, BLOCK_BYTES, on_read, stream, on_free);
    if (response == NULL) {
        on_free(stream);
        return MHD_NO;
    }
    add_headers(request, response);
    const enum MHD_Result result =
        MHD_queue_response(connection, (unsigned)request->answer.status, response);
    MHD_destroy_response(response);
    return result;
}

/* Sleeps a simulated time, or until the server stops. */
static void delay(struct ps_emu_server *const server, const int64_t delay_ms)
{
    const int64_t real_ms = delay_ms / server->options.clock->speed + 1;
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(real_ms / PS_SECOND_MS);
    until.tv_nsec += (long)(real_ms % PS_SECOND_MS) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&server->lock);
    int status = 0;
    while (!server->is_stopping && status != ETIMEDOUT) {
        status = pthread_cond_timedwait(&server->stopping, &server->lock, &until);
    }
    (void)pthread_mutex_unlock(&server->lock);
}

static enum MHD_Result end_request(struct ps_emu_server *const server,
                                   struct MHD_Connection *const connection,
                                   struct ps_emu_request *const request)
{
    const struct ps_emu_outcome outcome =
        ps_emu_turn_end(request, ps_clock_now(server->options.clock).wall_ms);
    server->options.changed(server->options.context);
    ps_log_debug("emu.request", PS_FIELD_TEXT("op", request->route->op),
                 PS_FIELD_COUNT("status", request->answer.status),
                 PS_FIELD_TEXT("code", request->is_refused ? request->refusal.code : ""),
                 PS_FIELD_STR("subject", ps_buf_str(&request->subject)));
    if (outcome.delay_ms > 0) {
        delay(server, outcome.delay_ms);
    }
    if (outcome.sending == PS_EMU_SEND_NONE) {
        return MHD_NO; /* closes the connection */
    }
    return send_answer(connection, request, outcome.sending);
}

static bool waits_for_continue(const struct ps_emu_request *const request)
{
    return ps_str_equals_nocase(ps_emu_header(request, "expect"), PS_STR("100-continue"));
}

static enum MHD_Result on_access(void *const context, struct MHD_Connection *const connection,
                                 const char *const url, const char *const method,
                                 const char *const version, const char *const upload,
                                 size_t *const upload_size, void **const request_place)
{
    (void)url;
    (void)version;
    struct ps_emu_server *const server = context;
    struct ps_emu_request *const request = *request_place;
    if (request->method == NULL) {
        request->method = ps_str_dup(ps_str_of(method));
        read_headers(request, connection);
        ps_emu_turn_begin(request, ps_clock_real_wall_ms());
        /* A client that asks first is spared the body of a request that is refused. */
        if (request->is_refused && waits_for_continue(request)) {
            return end_request(server, connection, request);
        }
        return MHD_YES;
    }
    if (*upload_size > 0) {
        ps_emu_turn_take(request, (struct ps_str){upload, *upload_size});
        *upload_size = 0;
        return MHD_YES;
    }
    return end_request(server, connection, request);
}

/* ---- start and stop ---- */

/*
 * A socket that listens on loopback, never seen from another machine. Our own, because the library
 * does not say in every version why it could not listen.
 */
static enum ps_status listen_on(const int64_t port, int *const ret_socket,
                                struct ps_error *const err)
{
    const int yes = 1;
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 ||
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, (socklen_t)sizeof yes) != 0 ||
        bind(listener, (const struct sockaddr *)&address, (socklen_t)sizeof address) != 0 ||
        listen(listener, SOMAXCONN) != 0) {
        const int error_number = errno;
        if (listener >= 0) {
            (void)close(listener);
        }
        return ps_error_set_errno(err, PS_E_IO, error_number, "could not listen on port %lld",
                                  (long long)port);
    }
    *ret_socket = listener;
    return PS_OK;
}

static int64_t bound_port(const int listener)
{
    struct sockaddr_in address;
    socklen_t size = (socklen_t)sizeof address;
    PS_ASSERT(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    return ntohs(address.sin_port);
}

enum ps_status ps_emu_server_start(const struct ps_emu_server_options *const options,
                                   struct ps_emu_server **const ret_server,
                                   struct ps_error *const err)
{
    const int64_t port = options->port;
    int listener = -1;
    if (port < 0 || port > 65535) {
        return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot listen on port %lld",
                            (long long)port);
    }
    if (listen_on(port, &listener, err) != PS_OK) {
        return err->status;
    }
    struct ps_emu_server *const server = calloc(1, sizeof *server);
    PS_ASSERT(server != NULL);
    server->options = *options;
    server->port = bound_port(listener);
    (void)pthread_mutex_init(&server->lock, NULL);
    (void)pthread_cond_init(&server->stopping, NULL);
    const int64_t places = ps_descriptors_raise(CONNECTIONS_MAX + DESCRIPTORS_OF_OTHERS) / 2;
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL,
        NULL, on_access, server, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_URI_LOG_CALLBACK,
        on_uri, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(places < CONNECTIONS_MAX ? places : CONNECTIONS_MAX),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_END);
    if (server->daemon == NULL) {
        (void)close(listener);
        (void)ps_emu_server_free(server);
        return ps_error_set(err, PS_E_IO, PS_RETRY_NEVER, "could not serve on port %lld",
                            (long long)port);
    }
    *ret_server = server;
    return PS_OK;
}

struct ps_emu_server *ps_emu_server_free(struct ps_emu_server *const server)
{
    if (server != NULL) {
        (void)pthread_mutex_lock(&server->lock);
        server->is_stopping = true;
        (void)pthread_cond_broadcast(&server->stopping);
        (void)pthread_mutex_unlock(&server->lock);
        if (server->daemon != NULL) {
            MHD_stop_daemon(server->daemon);
        }
        (void)pthread_cond_destroy(&server->stopping);
        (void)pthread_mutex_destroy(&server->lock);
        free(server);
    }
    return NULL;
}

int64_t ps_emu_server_port(const struct ps_emu_server *const server)
{
    return server->port;
}
