#include "aws/call.h"

#include "aws/sigv4.h"
#include "aws/sigv4_internal.h"
#include "base/assert.h"
#include "base/limits.h"
#include "os/clock.h"

#include <string.h>

/* Host, date, token, payload hash and Authorization come on top of the caller's. */
#define OWN_HEADERS 5

/* Together they must fit a URL and a header block; a token or key from outside may be of any size.
 */
#define CALL_BYTES_MAX (PS_TEXT_BYTES_MAX / 2)

static bool is_too_large(const struct ps_aws_call *const call)
{
    size_t size = call->path.size < CALL_BYTES_MAX ? call->path.size : CALL_BYTES_MAX;
    size += call->query.size < CALL_BYTES_MAX ? call->query.size : CALL_BYTES_MAX;
    for (size_t index = 0; index < call->header_count; index++) {
        const size_t value_size = call->headers[index].value.size;
        size += value_size < CALL_BYTES_MAX ? value_size : CALL_BYTES_MAX;
    }
    return size >= CALL_BYTES_MAX;
}

static void add(struct ps_http_request *const request, const char *const name,
                const struct ps_str value)
{
    PS_ASSERT(request->header_count < PS_HTTP_HEADERS_MAX);
    request->headers[request->header_count++] = (struct ps_http_field){name, value};
}

static enum ps_status sign(const struct ps_aws_call *const call,
                           const struct ps_sigv4_signer *const signer, const struct ps_str path,
                           struct ps_sigv4_request *const request,
                           struct ps_sigv4_signed *const result, struct ps_error *const err)
{
    struct ps_sigv4_header headers[PS_HTTP_HEADERS_MAX];
    for (size_t index = 0; index < call->header_count; index++) {
        headers[index] = (struct ps_sigv4_header){ps_str_of(call->headers[index].name),
                                                  call->headers[index].value};
    }
    headers[call->header_count] =
        (struct ps_sigv4_header){PS_STR("host"), ps_str_of(call->endpoint->host)};
    request->method = ps_str_of(call->method);
    request->path = path;
    request->query = call->query;
    request->headers = headers;
    request->header_count = call->header_count + 1;
    return ps_sigv4_sign_headers(signer, request, result, err);
}

enum ps_status ps_aws_call_start(struct ps_http *const http, const struct ps_aws_call *const call,
                                 struct ps_error *const err)
{
    PS_ASSERT(call->header_count + OWN_HEADERS <= PS_HTTP_HEADERS_MAX);
    if (is_too_large(call)) {
        return ps_sigv4_too_large(err);
    }
    const char *const service = ps_aws_service_signing_name(call->endpoint->service);
    char stamp[PS_SIGV4_STAMP_SIZE];
    ps_sigv4_stamp(ps_clock_real_wall_ms(), stamp);
    const struct ps_sigv4_signer signer = {
        .rules = ps_sigv4_rules_of(ps_str_of(service)),
        .scope = {ps_str_of(stamp), ps_str_of(call->region), ps_str_of(service)},
        .access_key_id = ps_secret_reveal(&call->credentials->access_key_id),
        .secret_access_key = ps_secret_reveal(&call->credentials->secret_access_key),
        .session_token = ps_secret_reveal(&call->credentials->session_token)};

    struct ps_buf path PS_CLEANUP(ps_buf_release);
    ps_buf_init(&path, PS_TEXT_BYTES_MAX);
    ps_buf_add_text(&path, call->endpoint->base_path);
    ps_buf_add(&path, call->path);
    if (path.size == 0) {
        ps_buf_add_text(&path, "/");
    }
    char digest[PS_SHA256_HEX_SIZE];
    struct ps_sigv4_request request = {.payload_hash = call->payload_hash};
    if (call->payload_hash.size == 0) {
        ps_sha256_hex(call->body, digest);
        request.payload_hash = ps_str_of(digest);
    }
    struct ps_sigv4_signed result PS_CLEANUP(ps_sigv4_signed_release);
    ps_sigv4_signed_init(&result);
    const enum ps_status status = sign(call, &signer, ps_buf_str(&path), &request, &result, err);
    if (status != PS_OK) {
        return status;
    }

    struct ps_buf url PS_CLEANUP(ps_buf_release);
    ps_buf_init(&url, PS_TEXT_BYTES_MAX);
    ps_buf_add_text(&url, call->endpoint->origin);
    ps_buf_add(&url, ps_buf_str(&path));
    ps_buf_add_text(&url, call->query.size > 0 ? "?" : "");
    ps_buf_add(&url, call->query);
    struct ps_http_request http_request = {.method = call->method,
                                           .url = ps_buf_text(&url),
                                           .header_count = call->header_count,
                                           .body = call->body,
                                           .body_bytes = call->body_bytes,
                                           .first_byte_ms_max = call->first_byte_ms_max,
                                           .answer_bytes_max = call->answer_bytes_max,
                                           .is_one_of_many = call->is_one_of_many,
                                           .handler = call->handler,
                                           .owner = call->owner};
    memcpy(http_request.headers, call->headers, sizeof(http_request.headers));
    add(&http_request, "Host", ps_str_of(call->endpoint->host));
    add(&http_request, "X-Amz-Date", ps_str_of(stamp));
    if (signer.session_token.size > 0) {
        add(&http_request, "X-Amz-Security-Token", signer.session_token);
    }
    if (signer.rules.is_payload_header) {
        add(&http_request, "X-Amz-Content-Sha256", request.payload_hash);
    }
    add(&http_request, "Authorization", ps_buf_str(&result.authorization));
    ps_http_start(http, &http_request);
    return PS_OK;
}
