/*
 * Goal: the transport says exactly how far a request got, repeats none that has a body, and gives
 * up in time. Method: a scripted loopback server that cuts, resets, hangs and floods; one TLS
 * server with a certificate that nobody vouches for.
 */
#include "aws/http.h"

#include "base/time.h"
#include "fake_server.h"
#include "fake_tls.h"
#include "os/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEGA_BYTES ((size_t)1000 * 1000)

struct outcome {
    int done_count;
    enum ps_http_reach reach;
    int http_status;
    struct ps_buf body;
    struct ps_buf headers;
    struct ps_error error;
    bool is_ours;
    int64_t sunk_bytes;
    int64_t source_bytes; /* what read_body has given */
    int64_t source_ends_at;
    bool source_fails;
    bool sink_fails;
};

static void done(void *const owner, const struct ps_http_answer *const answer)
{
    struct outcome *const outcome = owner;
    outcome->done_count++;
    outcome->reach = answer->reach;
    outcome->http_status = answer->http_status;
    outcome->error = answer->error;
    outcome->is_ours = answer->is_ours;
    ps_buf_init(&outcome->body, 20 * MEGA_BYTES);
    ps_buf_init(&outcome->headers, MEGA_BYTES);
    ps_buf_add(&outcome->body, answer->body);
    ps_buf_add(&outcome->headers, answer->headers);
}

static enum ps_status read_source(void *const owner, char *const room, const size_t room_size,
                                  size_t *const ret_size, struct ps_error *const err)
{
    struct outcome *const outcome = owner;
    const int64_t left = outcome->source_ends_at - outcome->source_bytes;
    if (left == 0 && outcome->source_fails) {
        return ps_error_set(err, PS_E_NOT_FOUND, PS_RETRY_NEVER, "cannot read: told so");
    }
    *ret_size = (int64_t)room_size < left ? room_size : (size_t)left;
    memset(room, 'y', *ret_size);
    outcome->source_bytes += (int64_t)*ret_size;
    return PS_OK;
}

static enum ps_status write_sink(void *const owner, const struct ps_http_answer *const answer,
                                 const struct ps_str bytes, struct ps_error *const err)
{
    struct outcome *const outcome = owner;
    assert_true(answer->http_status == 200 || answer->http_status == 206);
    if (outcome->sink_fails) {
        return ps_error_set(err, PS_E_IO, PS_RETRY_NEVER, "could not write: told so");
    }
    outcome->sunk_bytes += (int64_t)bytes.size;
    return PS_OK;
}

static const struct ps_http_handler plain = {NULL, NULL, done};
static const struct ps_http_handler sourced = {read_source, NULL, done};
static const struct ps_http_handler sunk = {NULL, write_sink, done};

static struct ps_http *new_http(const struct ps_http_options *const options)
{
    static const struct ps_http_options quick = {
        .connect_ms_max = 2000, .first_byte_ms_max = 10000, .stall_ms = 10000};
    struct ps_http *http = NULL;
    struct ps_error err;
    assert_int_equal(ps_http_new(options == NULL ? &quick : options, &http, &err), PS_OK);
    return http;
}

static void run(struct ps_http *const http, const struct ps_http_request *const request,
                struct outcome *const outcome)
{
    struct ps_http_request owned = *request;
    owned.owner = outcome;
    ps_http_start(http, &owned);
    assert_int_equal(outcome->done_count, 0);
    while (ps_http_run(http, 1000)) {
    }
    assert_int_equal(outcome->done_count, 1);
}

static void release(struct outcome *const outcome)
{
    ps_buf_release(&outcome->body);
    ps_buf_release(&outcome->headers);
}

/* One request by itself to a server with one step. */
static void run_one(const struct fake_step *const step, const struct ps_http_options *const options,
                    const struct ps_http_request *const request, struct outcome *const outcome)
{
    struct fake_server *server = fake_server_start(step, 1);
    struct ps_http *http = new_http(options);
    struct ps_http_request addressed = *request;
    addressed.url = fake_server_url(server);
    run(http, &addressed, outcome);
    http = ps_http_free(http);
    assert_true(fake_server_count(server) <= 1);
    server = fake_server_stop(server);
}

/*
 * Rule R4. libcurl sends a request again when a reused connection dies before an answer. Of a
 * request with a body there must never be a second copy, or a job could be created twice.
 */
static void a_body_is_never_sent_twice_on_a_dead_connection(void **state)
{
    (void)state;
    static const enum fake_fault faults[] = {FAKE_CLOSE, FAKE_RESET};
    static const char *const methods[] = {"POST", "PUT"};
    for (size_t row = 0; row < 4; row++) {
        const struct fake_step steps[] = {{.status = "200 OK"}, {.fault = faults[row % 2]}};
        struct fake_server *server = fake_server_start(steps, 2);
        struct ps_http *http = new_http(NULL);
        const struct ps_http_request request = {.method = methods[row / 2],
                                                .url = fake_server_url(server),
                                                .body = PS_STR("{\"jobName\":\"once\"}"),
                                                .handler = &plain};
        struct outcome first = {0};
        run(http, &request, &first);
        assert_int_equal(first.reach, PS_HTTP_ANSWERED);
        struct outcome second = {0};
        run(http, &request, &second);
        assert_int_equal(second.reach, PS_HTTP_SENT);
        assert_int_equal(second.http_status, 0);
        assert_int_equal(second.error.status, PS_E_NETWORK);
        assert_int_equal(second.error.retry, PS_RETRY_LATER);
        assert_int_equal(fake_server_connection_of(server, 1), 0); /* it was the reused one */
        assert_int_equal(fake_server_count(server), 2);
        assert_string_equal(fake_server_body(server, 1, NULL), "{\"jobName\":\"once\"}");
        release(&first);
        release(&second);
        http = ps_http_free(http);
        server = fake_server_stop(server);
    }
}

static void an_empty_post_takes_a_fresh_connection(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {{.status = "200 OK"}, {.fault = FAKE_CLOSE}};
    struct fake_server *server = fake_server_start(steps, 2);
    struct ps_http *http = new_http(NULL);
    const struct ps_http_request request = {
        .method = "POST", .url = fake_server_url(server), .handler = &plain};
    struct outcome first = {0};
    struct outcome second = {0};
    run(http, &request, &first);
    run(http, &request, &second);
    assert_int_equal(second.reach, PS_HTTP_SENT);
    assert_int_equal(fake_server_count(server), 2);
    assert_int_equal(fake_server_connection_of(server, 1), 1);
    release(&first);
    release(&second);
    http = ps_http_free(http);
    server = fake_server_stop(server);
}

/* What the header says of requests without a body; if libcurl stops doing so, the manual must be
 * changed. */
static void a_get_may_be_repeated_by_the_library(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {
        {.status = "200 OK"}, {.fault = FAKE_CLOSE}, {.status = "200 OK", .body = "again"}};
    struct fake_server *server = fake_server_start(steps, 3);
    struct ps_http *http = new_http(NULL);
    const struct ps_http_request request = {
        .method = "GET", .url = fake_server_url(server), .handler = &plain};
    struct outcome first = {0};
    struct outcome second = {0};
    run(http, &request, &first);
    run(http, &request, &second);
    assert_int_equal(second.reach, PS_HTTP_ANSWERED);
    assert_string_equal(ps_buf_text(&second.body), "again");
    assert_int_equal(fake_server_count(server), 3);
    release(&first);
    release(&second);
    http = ps_http_free(http);
    server = fake_server_stop(server);
}

static void every_ending_says_how_far_the_request_got(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct fake_step step;
        enum ps_http_reach reach;
        int http_status;
        enum ps_status status;
    } rows[] = {
        {"a whole answer", {.status = "200 OK", .body = "hi"}, PS_HTTP_ANSWERED, 200, PS_OK},
        {"an error is an answer", {.status = "503 Slow Down"}, PS_HTTP_ANSWERED, 503, PS_OK},
        {"a redirect is an answer, not an order",
         {.status = "307 Temporary Redirect", .headers = "Location: http://127.0.0.1:1/\r\n"},
         PS_HTTP_ANSWERED,
         307,
         PS_OK},
        {"a 1xx before it",
         {.raw = "HTTP/1.1 102 Processing\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
                 "0\r\n\r\n"},
         PS_HTTP_ANSWERED,
         200,
         PS_OK},
        {"closed without a word", {.fault = FAKE_CLOSE}, PS_HTTP_SENT, 0, PS_E_NETWORK},
        {"reset without a word", {.fault = FAKE_RESET}, PS_HTTP_SENT, 0, PS_E_NETWORK},
        {"cut in the body",
         {.status = "200 OK", .body = "0123456789", .fault = FAKE_CUT},
         PS_HTTP_SENT,
         200,
         PS_E_NETWORK},
        {"cut in the head",
         {.raw = "HTTP/1.1 200 OK\r\nContent-Le"},
         PS_HTTP_SENT,
         200,
         PS_E_NETWORK},
        {"an end that nothing marks",
         {.raw = "HTTP/1.1 200 OK\r\n\r\nhello"},
         PS_HTTP_SENT,
         200,
         PS_E_NETWORK},
        {"no body and no length",
         {.raw = "HTTP/1.1 204 No Content\r\n\r\n"},
         PS_HTTP_ANSWERED,
         204,
         PS_OK},
        {"chunks to their end",
         {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"},
         PS_HTTP_ANSWERED,
         200,
         PS_OK},
        {"cut in a chunk",
         {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n01234"},
         PS_HTTP_SENT,
         200,
         PS_E_NETWORK},
        {"no chunk at all",
         {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"},
         PS_HTTP_SENT,
         200,
         PS_E_NETWORK},
        {"no HTTP", {.raw = "SSH-2.0-OpenSSH_9.2\r\n\r\n"}, PS_HTTP_SENT, 0, PS_E_NETWORK},
        {"a negative length",
         {.raw = "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
         PS_HTTP_SENT,
         200,
         PS_E_NETWORK},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct outcome outcome = {0};
        const struct ps_http_request request = {
            .method = "POST", .body = PS_STR("body"), .handler = &plain};
        run_one(&rows[row].step, NULL, &request, &outcome);
        if (outcome.reach != rows[row].reach || outcome.http_status != rows[row].http_status ||
            outcome.error.status != rows[row].status) {
            fail_msg("%s: reach %d, status %d, error %s '%s'", rows[row].name, (int)outcome.reach,
                     outcome.http_status, ps_status_name(outcome.error.status),
                     outcome.error.message);
        }
        release(&outcome);
    }
}

static void nothing_was_sent_where_nobody_listens(void **state)
{
    (void)state;
    struct fake_server *server = fake_server_start(NULL, 0);
    char url[64];
    (void)snprintf(url, sizeof(url), "%s", fake_server_url(server));
    server = fake_server_stop(server);
    struct ps_http *http = new_http(NULL);
    struct outcome outcome = {0};
    run(http,
        &(struct ps_http_request){
            .method = "POST", .url = url, .body = PS_STR("x"), .handler = &plain},
        &outcome);
    assert_int_equal(outcome.reach, PS_HTTP_UNSENT);
    assert_int_equal(outcome.error.status, PS_E_NETWORK);
    assert_int_equal(outcome.error.retry, PS_RETRY_LATER);
    release(&outcome);
    http = ps_http_free(http);
}

static void plain_http_stays_on_this_machine(void **state)
{
    (void)state;
    struct ps_http *http = new_http(NULL);
    struct outcome outcome = {0};
    run(http,
        &(struct ps_http_request){.method = "GET", .url = "http://192.0.2.1/", .handler = &plain},
        &outcome);
    assert_int_equal(outcome.reach, PS_HTTP_UNSENT);
    assert_int_equal(outcome.error.status, PS_E_USAGE);
    assert_int_equal(outcome.error.retry, PS_RETRY_NEVER);
    release(&outcome);
    http = ps_http_free(http);

    static const struct {
        const char *url;
        bool is_loopback;
    } rows[] = {
        {"http://127.0.0.1:8000/x", true},
        {"http://127.9.9.9", true},
        {"http://localhost/", true},
        {"http://LOCALHOST:1", true},
        {"http://[::1]:80/", true},
        {"http://[::1]", true},
        {"http://127.0.0.1.evil.example", false},
        {"http://127.evil.example/", false},
        {"http://localhost.evil.example", false},
        {"http://127.0.0.1@evil.example/", false},
        {"http://evil.example/127.0.0.1", false},
        {"http://[::1].evil/", false},
        {"http://10.0.0.1", false},
        {"http://evil.example?http://127.0.0.1", false},
        {"", false},
        {"http://", false},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        if (ps_http_is_loopback(ps_str_of(rows[row].url)) != rows[row].is_loopback) {
            fail_msg("'%s'", rows[row].url);
        }
    }
}

static void a_certificate_must_be_vouched_for(void **state)
{
    (void)state;
    struct fake_tls *tls = fake_tls_start();
    char url[64];
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%d/", fake_tls_port(tls));
    struct ps_http *http = new_http(NULL);
    struct outcome refused = {0};
    const struct ps_http_request request = {.method = "GET", .url = url, .handler = &plain};
    run(http, &request, &refused);
    assert_int_equal(refused.reach, PS_HTTP_UNSENT);
    assert_int_equal(refused.error.status, PS_E_NETWORK);
    assert_non_null(strstr(refused.error.message, "could not trust"));
    release(&refused);
    http = ps_http_free(http);
    assert_int_equal(fake_tls_request_count(tls), 0);

    /* With its own certificate as the authority it is accepted: nothing else was wrong. */
    const struct ps_http_options trusting = {.connect_ms_max = 2000,
                                             .ca_file = fake_tls_certificate(tls)};
    http = new_http(&trusting);
    struct outcome accepted = {0};
    run(http, &request, &accepted);
    assert_int_equal(accepted.reach, PS_HTTP_ANSWERED);
    assert_int_equal(accepted.http_status, 200);
    release(&accepted);
    http = ps_http_free(http);
    assert_int_equal(fake_tls_request_count(tls), 1);
    tls = fake_tls_stop(tls);
}

static void a_proxy_that_does_not_let_us_through_has_sent_nothing(void **state)
{
    (void)state;
    static const struct fake_step steps[] = {
        {.status = "502 Bad Gateway"}, {.fault = FAKE_CLOSE}, {.fault = FAKE_RESET}};
    for (size_t row = 0; row < 3; row++) {
        struct fake_server *server = fake_server_start(&steps[row], 1);
        (void)setenv("https_proxy", fake_server_url(server), 1);
        struct ps_http *http = new_http(NULL);
        struct outcome outcome = {0};
        run(http,
            &(struct ps_http_request){.method = "POST",
                                      .url = "https://service.invalid/",
                                      .body = PS_STR("x"),
                                      .handler = &plain},
            &outcome);
        assert_int_equal(outcome.reach, PS_HTTP_UNSENT);
        assert_int_equal(outcome.http_status, 0);
        assert_int_equal(outcome.error.status, PS_E_NETWORK);
        assert_int_equal(fake_server_count(server), 1);
        release(&outcome);
        http = ps_http_free(http);
        server = fake_server_stop(server);
        (void)unsetenv("https_proxy");
    }
}

static void a_body_that_did_not_get_out_whole_is_told(void **state)
{
    (void)state;
    static const struct fake_step refuse = {.fault = FAKE_REFUSE};
    struct outcome outcome = {.source_ends_at = (int64_t)(50 * MEGA_BYTES)};
    run_one(&refuse, NULL,
            &(struct ps_http_request){
                .method = "PUT", .body_bytes = (int64_t)(50 * MEGA_BYTES), .handler = &sourced},
            &outcome);
    assert_int_equal(outcome.reach, PS_HTTP_PARTLY_SENT);
    assert_int_equal(outcome.error.status, PS_E_NETWORK);
    assert_false(outcome.is_ours);
    release(&outcome);
}

static void a_source_that_fails_or_ends_early_is_ours(void **state)
{
    (void)state;
    static const struct fake_step step = {.status = "200 OK"};
    for (int fails = 0; fails <= 1; fails++) {
        struct outcome outcome = {.source_ends_at = 1000, .source_fails = fails == 1};
        run_one(&step, NULL,
                &(struct ps_http_request){.method = "PUT", .body_bytes = 2000, .handler = &sourced},
                &outcome);
        assert_int_equal(outcome.reach, PS_HTTP_PARTLY_SENT);
        assert_true(outcome.is_ours);
        assert_int_equal(outcome.error.status, fails == 1 ? PS_E_NOT_FOUND : PS_E_CORRUPT);
        release(&outcome);
    }
}

static void a_sink_gets_good_bodies_only(void **state)
{
    (void)state;
    static const struct fake_step good = {.status = "200 OK", .filler_size = 3 * MEGA_BYTES};
    static const struct fake_step bad = {.status = "404 Not Found", .body = "<Error/>"};
    struct outcome outcome = {0};
    run_one(&good, NULL, &(struct ps_http_request){.method = "GET", .handler = &sunk}, &outcome);
    assert_int_equal(outcome.reach, PS_HTTP_ANSWERED);
    assert_int_equal(outcome.sunk_bytes, 3 * MEGA_BYTES);
    assert_int_equal(outcome.body.size, 0);
    release(&outcome);

    struct outcome missing = {0};
    run_one(&bad, NULL, &(struct ps_http_request){.method = "GET", .handler = &sunk}, &missing);
    assert_int_equal(missing.sunk_bytes, 0);
    assert_string_equal(ps_buf_text(&missing.body), "<Error/>");
    release(&missing);

    struct outcome full = {.sink_fails = true};
    run_one(&good, NULL, &(struct ps_http_request){.method = "GET", .handler = &sunk}, &full);
    assert_int_equal(full.reach, PS_HTTP_SENT);
    assert_true(full.is_ours);
    assert_int_equal(full.error.status, PS_E_IO);
    release(&full);
}

static void time_outs_have_their_phases(void **state)
{
    (void)state;
    static const struct fake_step hang = {.fault = FAKE_HANG};
    static const struct fake_step trickle = {
        .status = "200 OK", .filler_size = 2000, .fault = FAKE_TRICKLE};
    const struct ps_http_options options = {
        .connect_ms_max = 300, .first_byte_ms_max = 200, .stall_ms = 300, .stall_bytes_min = 1000};
    const struct ps_http_request request = {
        .method = "POST", .body = PS_STR("x"), .handler = &plain};

    const int64_t before_ms = ps_clock_real_monotonic_ms();
    struct outcome late = {0};
    run_one(&hang, &options, &request, &late);
    assert_int_equal(late.reach, PS_HTTP_SENT);
    assert_non_null(strstr(late.error.message, "no answer has begun"));
    assert_true(ps_clock_real_monotonic_ms() - before_ms >= 200);
    release(&late);

    struct ps_http_options patient = options;
    patient.first_byte_ms_max = 5000;
    struct outcome slow = {0};
    run_one(&trickle, &patient, &request, &slow);
    assert_int_equal(slow.reach, PS_HTTP_SENT);
    assert_non_null(strstr(slow.error.message, "stalled"));
    release(&slow);

    /* A TLS greeting that nobody answers is still "connecting": nothing was sent. */
    struct fake_server *server = fake_server_start(&hang, 1);
    char url[64];
    (void)snprintf(url, sizeof(url), "https%s", fake_server_url(server) + 4);
    struct ps_http *http = new_http(&options);
    struct outcome deaf = {0};
    run(http,
        &(struct ps_http_request){
            .method = "POST", .url = url, .body = PS_STR("x"), .handler = &plain},
        &deaf);
    assert_int_equal(deaf.reach, PS_HTTP_UNSENT);
    release(&deaf);
    http = ps_http_free(http);
    server = fake_server_stop(server);
}

static void floods_are_cut_off(void **state)
{
    (void)state;
    static const struct fake_step flood = {.status = "200 OK", .filler_size = 17 * MEGA_BYTES};
    struct outcome large = {0};
    const struct ps_http_request request = {.method = "GET", .handler = &plain};
    run_one(&flood, NULL, &request, &large);
    assert_int_equal(large.reach, PS_HTTP_SENT);
    assert_int_equal(large.error.status, PS_E_TOO_LARGE);
    assert_true(large.body.size <= 16 * MEGA_BYTES);
    release(&large);

    char *const headers = malloc(200000);
    assert_non_null(headers);
    size_t size = 0;
    while (size < 150000) {
        size += (size_t)snprintf(headers + size, 100, "X-Filler-%zu: %050d\r\n", size, 0);
    }
    const struct fake_step many = {.status = "200 OK", .headers = headers};
    struct outcome wide = {0};
    run_one(&many, NULL, &request, &wide);
    assert_int_equal(wide.reach, PS_HTTP_SENT);
    assert_int_equal(wide.error.status, PS_E_TOO_LARGE);
    release(&wide);
    free(headers);
}

static void a_line_break_never_gets_into_a_header(void **state)
{
    (void)state;
    static const struct fake_step step = {.status = "200 OK"};
    static const struct ps_str values[] = {{"a\r\nX: 1", 7}, {"a\nb", 3}, {"a\0b", 3}, {"\x7f", 1}};
    for (size_t row = 0; row < sizeof(values) / sizeof(values[0]); row++) {
        struct outcome outcome = {0};
        run_one(&step, NULL,
                &(struct ps_http_request){.method = "GET",
                                          .headers = {{"If-Match", values[row]}},
                                          .header_count = 1,
                                          .handler = &plain},
                &outcome);
        assert_int_equal(outcome.reach, PS_HTTP_UNSENT);
        assert_int_equal(outcome.error.status, PS_E_USAGE);
        release(&outcome);
    }
}

static void headers_are_found_by_name(void **state)
{
    (void)state;
    static const struct fake_step step = {
        .status = "200 OK", .headers = "ETag:   \"x\"  \r\nx-empty:\r\nX-Two: 1\r\nX-Two: 2\r\n"};
    struct outcome outcome = {0};
    run_one(&step, NULL, &(struct ps_http_request){.method = "HEAD", .handler = &plain}, &outcome);
    const struct ps_http_answer answer = {.headers = ps_buf_str(&outcome.headers)};
    assert_true(ps_str_equals_text(ps_http_header(&answer, "etag"), "\"x\""));
    assert_true(ps_str_equals_text(ps_http_header(&answer, "X-EMPTY"), ""));
    assert_true(ps_str_equals_text(ps_http_header(&answer, "x-two"), "1"));
    assert_true(ps_str_equals_text(ps_http_header(&answer, "x-tw"), ""));
    release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_never_sent_twice_on_a_dead_connection),
        cmocka_unit_test(an_empty_post_takes_a_fresh_connection),
        cmocka_unit_test(a_get_may_be_repeated_by_the_library),
        cmocka_unit_test(every_ending_says_how_far_the_request_got),
        cmocka_unit_test(nothing_was_sent_where_nobody_listens),
        cmocka_unit_test(plain_http_stays_on_this_machine),
        cmocka_unit_test(a_certificate_must_be_vouched_for),
        cmocka_unit_test(a_proxy_that_does_not_let_us_through_has_sent_nothing),
        cmocka_unit_test(a_body_that_did_not_get_out_whole_is_told),
        cmocka_unit_test(a_source_that_fails_or_ends_early_is_ours),
        cmocka_unit_test(a_sink_gets_good_bodies_only),
        cmocka_unit_test(time_outs_have_their_phases),
        cmocka_unit_test(floods_are_cut_off),
        cmocka_unit_test(a_line_break_never_gets_into_a_header),
        cmocka_unit_test(headers_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
