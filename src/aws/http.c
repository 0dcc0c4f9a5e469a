#include "aws/http.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/time.h"
#include "os/clock.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_BYTES_MAX PS_TEXT_BYTES_MAX
#define RECEIVE_BUFFER_BYTES (256L * 1024L)
#define SEND_BUFFER_BYTES (512L * 1024L)
#define IDLE_CONNECTIONS_MAX 64
/* The least that libcurl takes for sending (CURLOPT_UPLOAD_BUFFERSIZE), and its own for receiving.
 */
#define SMALL_BUFFER_BYTES (16L * 1024L)
#define IDLE_S_MAX 50L

#define TICK_MS_MAX 500

struct exchange {
    struct ps_http *http;
    CURL *easy;
    struct curl_slist *fields;
    const struct ps_http_handler *handler;
    void *owner;
    char *body; /* a copy; NULL with read_body */
    int64_t body_bytes;
    int64_t given_bytes; /* of the body to libcurl */
    int64_t first_byte_ms_max;
    struct ps_buf head;
    struct ps_buf kept; /* of the answer's body */
    struct ps_http_answer answer;
    int64_t started_at_ms;
    int64_t connected_at_ms; /* 0: not yet */
    int64_t moved_at_ms;     /* the last byte in or out */
    int64_t window_at_ms;
    int64_t window_bytes;
    bool has_answer_begun;
    bool is_head_whole;
    bool is_head_request;
    bool is_broken; /* answer.error is set already */
    bool is_added;  /* libcurl knows of it */
    char curl_text[CURL_ERROR_SIZE];
    struct exchange *next;
    struct exchange **place; /* what points to it: there may be thousands */
};

struct ps_http {
    CURLM *multi;
    struct ps_http_options options;
    char *ca_file;
    struct exchange *exchanges;
    int64_t checked_at_ms;
    bool has_unbegun; /* an exchange that libcurl never saw is to be ended */
};

static int64_t or_default(const int64_t value, const int64_t otherwise)
{
    return value > 0 ? value : otherwise;
}

enum ps_status ps_http_new(const struct ps_http_options *const options,
                           struct ps_http **const ret_http, struct ps_error *const err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return ps_error_set(err, PS_E_IO, PS_RETRY_NEVER, "cannot start the HTTP library");
    }
    struct ps_http *const http = calloc(1, sizeof(*http));
    PS_ASSERT(http != NULL);
    http->multi = curl_multi_init();
    PS_ASSERT(http->multi != NULL);
    http->options = *options;
    http->options.connect_ms_max = or_default(options->connect_ms_max, 10 * PS_SECOND_MS);
    http->options.first_byte_ms_max = or_default(options->first_byte_ms_max, 60 * PS_SECOND_MS);
    http->options.stall_ms = or_default(options->stall_ms, 30 * PS_SECOND_MS);
    http->options.stall_bytes_min = or_default(options->stall_bytes_min, 1000);
    http->ca_file = options->ca_file == NULL ? NULL : ps_str_dup(ps_str_of(options->ca_file));
    http->options.idle_connections_max =
        or_default(options->idle_connections_max, IDLE_CONNECTIONS_MAX);
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS,
                            (long)http->options.idle_connections_max);
    *ret_http = http;
    return PS_OK;
}

static void free_exchange(struct exchange *const exchange)
{
    if (exchange->is_added) {
        (void)curl_multi_remove_handle(exchange->http->multi, exchange->easy);
    }
    curl_easy_cleanup(exchange->easy);
    curl_slist_free_all(exchange->fields);
    ps_buf_release(&exchange->head);
    ps_buf_release(&exchange->kept);
    free(exchange->body);
    free(exchange);
}

struct ps_http *ps_http_free(struct ps_http *const http)
{
    if (http == NULL) {
        return NULL;
    }
    while (http->exchanges != NULL) {
        struct exchange *const first = http->exchanges;
        http->exchanges = first->next;
        free_exchange(first);
    }
    (void)curl_multi_cleanup(http->multi);
    free(http->ca_file);
    free(http);
    curl_global_cleanup();
    return NULL;
}

bool ps_http_is_loopback(const struct ps_str url)
{
    const struct ps_str scheme_end = PS_STR("://");
    size_t from = 0;
    while (from < url.size && !ps_str_starts_with(ps_str_part(url, from, url.size), scheme_end)) {
        from++;
    }
    struct ps_str host = ps_str_part(url, from + scheme_end.size, url.size);
    host = ps_str_part(host, 0, ps_str_find(host, '/'));
    host = ps_str_part(host, 0, ps_str_find(host, '?'));
    if (ps_str_find(host, '@') < host.size) {
        return false;
    }
    if (ps_str_starts_with(host, PS_STR("[::1]"))) {
        return host.size == 5 || host.data[5] == ':';
    }
    host = ps_str_part(host, 0, ps_str_find(host, ':'));
    if (ps_str_equals_nocase(host, PS_STR("localhost"))) {
        return true;
    }
    /* Digits and points only, or "127.evil.example" would do. */
    bool is_number = ps_str_starts_with(host, PS_STR("127."));
    for (size_t index = 0; index < host.size; index++) {
        const char byte = host.data[index];
        is_number = is_number && ((byte >= '0' && byte <= '9') || byte == '.');
    }
    return is_number;
}

struct ps_str ps_http_header(const struct ps_http_answer *const answer, const char *const name)
{
    struct ps_str rest = answer->headers;
    while (rest.size > 0) {
        const size_t end = ps_str_find(rest, '\n');
        const struct ps_str line = ps_str_part(rest, 0, end);
        const size_t colon = ps_str_find(line, ':');
        if (ps_str_equals_nocase(ps_str_part(line, 0, colon), ps_str_of(name))) {
            return ps_str_trim(ps_str_part(line, colon + 1, line.size));
        }
        rest = ps_str_part(rest, end + 1, rest.size);
    }
    return PS_STR("");
}

static void note_bytes(struct exchange *const exchange, const size_t size)
{
    exchange->moved_at_ms = ps_clock_real_monotonic_ms();
    exchange->window_bytes += (int64_t)size;
}

static size_t on_read(char *const room, const size_t unit, const size_t count, void *const context)
{
    struct exchange *const exchange = context;
    const size_t room_size = unit * count;
    const int64_t left = exchange->body_bytes - exchange->given_bytes;
    const size_t wanted = (int64_t)room_size < left ? room_size : (size_t)left;
    size_t size = 0;
    if (wanted == 0) {
        return 0;
    }
    if (exchange->body != NULL) {
        memcpy(room, exchange->body + exchange->given_bytes, wanted);
        size = wanted;
    } else {
        struct ps_error *const err = &exchange->answer.error;
        enum ps_status status =
            exchange->handler->read_body(exchange->owner, room, wanted, &size, err);
        if (status == PS_OK && size == 0) {
            status = ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                                  "cannot send the body: it ended %lld bytes too early",
                                  (long long)left);
        }
        if (status != PS_OK) {
            exchange->is_broken = true;
            exchange->answer.is_ours = true;
            return CURL_READFUNC_ABORT;
        }
        PS_ASSERT(size <= wanted);
    }
    exchange->given_bytes += (int64_t)size;
    note_bytes(exchange, size);
    return size;
}

static size_t on_header(char *const line, const size_t unit, const size_t count,
                        void *const context)
{
    struct exchange *const exchange = context;
    const struct ps_str text = {line, unit * count};
    note_bytes(exchange, text.size);
    exchange->has_answer_begun = true;
    if (ps_str_starts_with(text, PS_STR("HTTP/"))) {
        ps_buf_clear(&exchange->head); /* what came before was a 1xx */
        exchange->is_head_whole = false;
        return text.size;
    }
    exchange->is_head_whole = exchange->is_head_whole || ps_str_trim(text).size == 0;
    if (!ps_buf_append(&exchange->head, text)) {
        exchange->is_broken = true;
        (void)ps_error_set(&exchange->answer.error, PS_E_TOO_LARGE, PS_RETRY_LATER,
                           "could not read the answer: its headers are larger than %zu bytes",
                           HEAD_BYTES_MAX);
        return 0;
    }
    return text.size;
}

/* What the answer shows so far. */
static void refresh_answer(struct exchange *const exchange)
{
    long http_status = 0;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &http_status);
    exchange->answer.http_status = http_status >= 200 ? (int)http_status : 0;
    exchange->answer.headers = ps_buf_str(&exchange->head);
    exchange->answer.body = ps_buf_str(&exchange->kept);
}

static size_t on_write(char *const data, const size_t unit, const size_t count, void *const context)
{
    struct exchange *const exchange = context;
    const struct ps_str bytes = {data, unit * count};
    struct ps_error *const err = &exchange->answer.error;
    note_bytes(exchange, bytes.size);
    refresh_answer(exchange);
    const int http_status = exchange->answer.http_status;
    if (exchange->handler->write_body != NULL && (http_status == 200 || http_status == 206)) {
        const enum ps_status status =
            exchange->handler->write_body(exchange->owner, &exchange->answer, bytes, err);
        if (status != PS_OK) {
            exchange->is_broken = true;
            exchange->answer.is_ours = true;
            return 0;
        }
        return bytes.size;
    }
    if (!ps_buf_append(&exchange->kept, bytes)) {
        exchange->is_broken = true;
        (void)ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_LATER,
                           "could not read the answer: it is larger than %zu bytes",
                           exchange->kept.size_max);
        return 0;
    }
    return bytes.size;
}

static int on_connected(void *const context, char *const remote_address, char *const local_address,
                        const int remote_port, const int local_port)
{
    (void)remote_address;
    (void)local_address;
    (void)remote_port;
    (void)local_port;
    struct exchange *const exchange = context;
    exchange->connected_at_ms = ps_clock_real_monotonic_ms();
    exchange->moved_at_ms = exchange->connected_at_ms;
    exchange->window_at_ms = exchange->connected_at_ms;
    return CURL_PREREQFUNC_OK;
}

static struct curl_slist *make_fields(const struct ps_http_request *const request)
{
    /* None of libcurl's own ideas. */
    struct curl_slist *fields = curl_slist_append(NULL, "Expect:");
    fields = curl_slist_append(fields, "Accept:");
    for (size_t index = 0; index < request->header_count; index++) {
        const struct ps_http_field *const field = &request->headers[index];
        struct ps_buf line PS_CLEANUP(ps_buf_release);
        ps_buf_init(&line, PS_TEXT_BYTES_MAX);
        ps_buf_add_text(&line, field->name);
        /* "Name;" is how libcurl is told of an empty value. */
        ps_buf_add_text(&line, field->value.size == 0 ? ";" : ": ");
        ps_buf_add(&line, field->value);
        fields = curl_slist_append(fields, ps_buf_text(&line));
    }
    PS_ASSERT(fields != NULL);
    return fields;
}

/* A line break in a value would begin another header. */
static bool has_clean_fields(const struct ps_http_request *const request)
{
    for (size_t index = 0; index < request->header_count; index++) {
        const struct ps_str value = request->headers[index].value;
        for (size_t byte = 0; byte < value.size; byte++) {
            const unsigned char code = (unsigned char)value.data[byte];
            if ((code < ' ' && code != '\t') || code == 0x7f) {
                return false;
            }
        }
    }
    return true;
}

static void set_method(struct exchange *const exchange, const struct ps_http_request *const request)
{
    CURL *const easy = exchange->easy;
    const bool is_put = strcmp(request->method, "PUT") == 0;
    const bool is_post = strcmp(request->method, "POST") == 0;
    if (is_put || is_post) {
        (void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)exchange->body_bytes);
        /* A read callback and no seek callback: libcurl cannot send the body a second time. */
        (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
        (void)curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
    }
    if (is_post && exchange->body_bytes == 0) {
        /* Without a body libcurl could: only on a connection that is used again. */
        (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    }
    exchange->is_head_request = strcmp(request->method, "HEAD") == 0;
    if (exchange->is_head_request) {
        (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else {
        (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

static void set_buffers(CURL *const easy, const bool is_small)
{
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                           is_small ? SMALL_BUFFER_BYTES : RECEIVE_BUFFER_BYTES);
    (void)curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE,
                           is_small ? SMALL_BUFFER_BYTES : SEND_BUFFER_BYTES);
}

static void set_transport(struct exchange *const exchange, const bool is_loopback)
{
    const struct ps_http *const http = exchange->http;
    CURL *const easy = exchange->easy;
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, is_loopback ? "http,https" : "https");
    if (is_loopback) {
        (void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    }
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (http->ca_file != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
    }
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->options.connect_ms_max);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_S_MAX);
    (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "penstock/" PENSTOCK_VERSION);
}

static void set_callbacks(struct exchange *const exchange)
{
    CURL *const easy = exchange->easy;
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->curl_text);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
}

static void link_exchange(struct ps_http *const http, struct exchange *const exchange)
{
    exchange->next = http->exchanges;
    exchange->place = &http->exchanges;
    if (exchange->next != NULL) {
        exchange->next->place = &exchange->next;
    }
    http->exchanges = exchange;
}

static void unlink_exchange(struct exchange *const exchange)
{
    *exchange->place = exchange->next;
    if (exchange->next != NULL) {
        exchange->next->place = exchange->place;
    }
}

void ps_http_start(struct ps_http *const http, const struct ps_http_request *const request)
{
    PS_ASSERT(request->header_count <= PS_HTTP_HEADERS_MAX);
    struct exchange *const exchange = calloc(1, sizeof(*exchange));
    PS_ASSERT(exchange != NULL);
    exchange->http = http;
    exchange->handler = request->handler;
    exchange->owner = request->owner;
    exchange->body_bytes = request->body_bytes;
    if (request->handler->read_body == NULL) {
        exchange->body = ps_str_dup(request->body);
        exchange->body_bytes = (int64_t)request->body.size;
    }
    exchange->started_at_ms = ps_clock_real_monotonic_ms();
    ps_buf_init(&exchange->head, HEAD_BYTES_MAX);
    ps_buf_init(&exchange->kept,
                request->answer_bytes_max > 0 ? request->answer_bytes_max : PS_ANSWER_BYTES_MAX);
    exchange->first_byte_ms_max =
        or_default(request->first_byte_ms_max, http->options.first_byte_ms_max);
    link_exchange(http, exchange);

    exchange->easy = curl_easy_init();
    PS_ASSERT(exchange->easy != NULL);
    if (!has_clean_fields(request)) {
        exchange->is_broken = true;
        http->has_unbegun = true;
        (void)ps_error_set(&exchange->answer.error, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot send the request: a header has a control character in it");
        return;
    }
    exchange->fields = make_fields(request);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_URL, request->url);
    (void)curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->fields);
    set_method(exchange, request);
    set_transport(exchange, ps_http_is_loopback(ps_str_of(request->url)));
    set_buffers(exchange->easy, request->is_one_of_many);
    set_callbacks(exchange);
    exchange->is_added = curl_multi_add_handle(http->multi, exchange->easy) == CURLM_OK;
    PS_ASSERT(exchange->is_added);
}

/*
 * libcurl calls an answer whole when the connection closes, be it in the middle of the headers.
 * Here its end must be marked: by a length, by a last chunk, or by being a kind that has no body.
 */
static bool is_whole(const struct exchange *const exchange)
{
    const struct ps_http_answer *const answer = &exchange->answer;
    const bool has_no_body =
        exchange->is_head_request || answer->http_status == 204 || answer->http_status == 304;
    const bool is_marked =
        has_no_body || ps_http_header(answer, "content-length").size > 0 ||
        ps_str_equals_nocase(ps_http_header(answer, "transfer-encoding"), PS_STR("chunked"));
    return answer->http_status != 0 && exchange->is_head_whole && is_marked;
}

static enum ps_http_reach reach_of(const struct exchange *const exchange, const CURLcode code)
{
    if (code == CURLE_OK && !exchange->is_broken && is_whole(exchange)) {
        return PS_HTTP_ANSWERED;
    }
    long head_bytes = 0;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &head_bytes);
    /* A proxy's CONNECT counts as bytes of the head too: until we are through to the service,
     * nothing is sent. */
    if (head_bytes == 0 || exchange->connected_at_ms == 0) {
        return PS_HTTP_UNSENT;
    }
    return exchange->given_bytes < exchange->body_bytes ? PS_HTTP_PARTLY_SENT : PS_HTTP_SENT;
}

static void set_error(struct exchange *const exchange, const CURLcode code)
{
    struct ps_error *const err = &exchange->answer.error;
    const char *const text =
        exchange->curl_text[0] != '\0' ? exchange->curl_text : curl_easy_strerror(code);
    const bool is_connected = exchange->connected_at_ms != 0;
    /* libcurl uses one code for a forbidden scheme and for an answer that is no HTTP. */
    switch (code == CURLE_UNSUPPORTED_PROTOCOL && is_connected ? CURLE_WEIRD_SERVER_REPLY : code) {
    case CURLE_OK:
        (void)ps_error_set(err, PS_E_NETWORK, PS_RETRY_LATER,
                           "could not get a whole answer: the connection closed before its end");
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER,
                           "cannot use the endpoint: plain http is for loopback addresses only");
        (void)ps_error_hint(err, "Use an https:// endpoint.");
        break;
    case CURLE_URL_MALFORMAT:
        (void)ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot use the endpoint: %s", text);
        break;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        (void)ps_error_set(err, PS_E_NETWORK, PS_RETRY_LATER, "could not reach the service: %s",
                           text);
        (void)ps_error_hint(err, "Check the Region's name, the endpoint and this machine's DNS.");
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        (void)ps_error_set(err, PS_E_NETWORK, PS_RETRY_LATER, "could not trust the service: %s",
                           text);
        (void)ps_error_hint(err, "Is a proxy in between? AWS_CA_BUNDLE names its authority's file; "
                                 "the clock of this machine matters too.");
        break;
    default:
        (void)ps_error_set(
            err, PS_E_NETWORK, PS_RETRY_LATER, "could not %s: %s",
            exchange->connected_at_ms == 0 ? "reach the service" : "get a whole answer", text);
        break;
    }
}

static void finish(struct exchange *const exchange, const CURLcode code)
{
    refresh_answer(exchange);
    exchange->answer.reach = reach_of(exchange, code);
    if (exchange->answer.reach != PS_HTTP_ANSWERED && !exchange->is_broken) {
        set_error(exchange, code);
    }
    exchange->answer.error.http_status = exchange->answer.http_status;
    unlink_exchange(exchange);
    exchange->handler->done(exchange->owner, &exchange->answer);
    free_exchange(exchange);
}

/* Which of our own time-outs has passed; NULL: none. */
static const char *overdue_phase(const struct exchange *const exchange, const int64_t now_ms)
{
    const struct ps_http_options *const options = &exchange->http->options;
    if (exchange->connected_at_ms == 0) {
        return NULL; /* libcurl's own connect time-out */
    }
    const bool is_waiting =
        !exchange->has_answer_begun && exchange->given_bytes == exchange->body_bytes;
    if (is_waiting) {
        const bool is_late = now_ms - exchange->moved_at_ms >= exchange->first_byte_ms_max;
        return is_late ? "no answer has begun" : NULL;
    }
    const bool is_slow = now_ms - exchange->window_at_ms >= options->stall_ms &&
                         exchange->window_bytes < options->stall_bytes_min;
    return is_slow ? "the transfer has stalled" : NULL;
}

/* Our own time-outs are looked at a few times in each of them. */
static int64_t tick_ms(const struct ps_http_options *const options)
{
    const int64_t shortest_ms = options->stall_ms < options->first_byte_ms_max
                                    ? options->stall_ms
                                    : options->first_byte_ms_max;
    const int64_t tick = shortest_ms / 4 + 1;
    return tick < TICK_MS_MAX ? tick : TICK_MS_MAX;
}

/* Requests that never began and transfers that take too long; not in each turn, since it looks at
 * every one. */
static void check_times(struct ps_http *const http)
{
    const int64_t now_ms = ps_clock_real_monotonic_ms();
    if (!http->has_unbegun && now_ms - http->checked_at_ms < tick_ms(&http->options)) {
        return;
    }
    http->has_unbegun = false;
    http->checked_at_ms = now_ms;
    struct exchange *next = NULL;
    for (struct exchange *exchange = http->exchanges; exchange != NULL; exchange = next) {
        next = exchange->next;
        if (!exchange->is_added) {
            finish(exchange, CURLE_OK);
            continue;
        }
        const char *const phase = overdue_phase(exchange, now_ms);
        if (phase != NULL) {
            exchange->is_broken = true;
            (void)ps_error_set(&exchange->answer.error, PS_E_NETWORK, PS_RETRY_LATER,
                               "could not get a whole answer: %s after %lld ms", phase,
                               (long long)(now_ms - exchange->started_at_ms));
            finish(exchange, CURLE_OPERATION_TIMEDOUT);
        } else if (now_ms - exchange->window_at_ms >= http->options.stall_ms) {
            exchange->window_at_ms = now_ms;
            exchange->window_bytes = 0;
        }
    }
}

static void collect_done(struct ps_http *const http)
{
    int left = 0;
    for (const CURLMsg *message = curl_multi_info_read(http->multi, &left); message != NULL;
         message = curl_multi_info_read(http->multi, &left)) {
        if (message->msg == CURLMSG_DONE) {
            struct exchange *exchange = NULL;
            (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
            finish(exchange, message->data.result);
        }
    }
}

bool ps_http_run(struct ps_http *const http, const int64_t wait_ms)
{
    const int64_t longest_ms = http->exchanges == NULL ? INT32_MAX : tick_ms(&http->options);
    const int real_wait_ms = (int)(wait_ms < longest_ms ? wait_ms : longest_ms);
    CURLMcode code = curl_multi_poll(http->multi, NULL, 0, real_wait_ms, NULL);
    PS_ASSERT(code == CURLM_OK);
    int running = 0;
    code = curl_multi_perform(http->multi, &running);
    PS_ASSERT(code == CURLM_OK);
    collect_done(http);
    check_times(http);
    return http->exchanges != NULL;
}

void ps_http_wake(struct ps_http *const http)
{
    const int error_number = errno; /* a signal handler must leave it as it was */
    (void)curl_multi_wakeup(http->multi);
    errno = error_number;
}
