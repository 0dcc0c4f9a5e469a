#include "aws/sigv4.h"

#include "aws/sigv4_internal.h"
#include "base/assert.h"
#include "base/time.h"
#include "codec/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_SIZE 8
#define ADDED_HEADERS_MAX 3
#define LAST_WALL_MS INT64_C(253402300799999) /* the end of the year 9999 */

struct ps_sigv4_rules ps_sigv4_rules_of(const struct ps_str service)
{
    const bool is_s3 = ps_str_equals_text(service, "s3");
    return (struct ps_sigv4_rules){!is_s3, !is_s3, is_s3};
}

void ps_sigv4_stamp(const int64_t wall_ms, char ret_stamp[PS_SIGV4_STAMP_SIZE])
{
    PS_ASSERT(wall_ms >= 0);
    PS_ASSERT(wall_ms <= LAST_WALL_MS);
    const time_t seconds = (time_t)(wall_ms / PS_SECOND_MS);
    struct tm parts;
    const struct tm *const is_done = gmtime_r(&seconds, &parts);
    PS_ASSERT(is_done != NULL);
    const size_t size = strftime(ret_stamp, PS_SIGV4_STAMP_SIZE, "%Y%m%dT%H%M%SZ", &parts);
    PS_ASSERT(size == PS_SIGV4_STAMP_SIZE - 1);
}

enum ps_status ps_sigv4_too_large(struct ps_error *const err)
{
    return ps_error_set(err, PS_E_TOO_LARGE, PS_RETRY_NEVER,
                        "cannot sign the request: its path, query and headers are too large");
}

struct ps_str ps_sigv4_header_value(const struct ps_sigv4_request *const request,
                                    const struct ps_str name)
{
    for (size_t index = 0; index < request->header_count; index++) {
        if (ps_str_equals_nocase(request->headers[index].name, name)) {
            return ps_str_trim(request->headers[index].value);
        }
    }
    return (struct ps_str){NULL, 0};
}

static struct ps_str day_of(const struct ps_sigv4_scope *const scope)
{
    return ps_str_part(scope->stamp, 0, DAY_SIZE);
}

/* "20150830/us-east-1/service/aws4_request" with `slash` between the parts. */
static bool append_scope(const struct ps_sigv4_scope *const scope, const struct ps_str slash,
                         struct ps_buf *const buf)
{
    return ps_buf_append(buf, day_of(scope)) && ps_buf_append(buf, slash) &&
           ps_buf_append(buf, scope->region) && ps_buf_append(buf, slash) &&
           ps_buf_append(buf, scope->service) && ps_buf_append(buf, slash) &&
           ps_buf_append(buf, PS_STR(PS_SIGV4_TERMINATOR));
}

enum ps_status ps_sigv4_string_to_sign(const struct ps_sigv4_scope *const scope,
                                       const struct ps_str canonical_request,
                                       struct ps_buf *const buf, struct ps_error *const err)
{
    char digest[PS_SHA256_HEX_SIZE];
    ps_sha256_hex(canonical_request, digest);
    const bool is_added = ps_buf_append(buf, PS_STR(PS_SIGV4_ALGORITHM "\n")) &&
                          ps_buf_append(buf, scope->stamp) && ps_buf_append(buf, PS_STR("\n")) &&
                          append_scope(scope, PS_STR("/"), buf) &&
                          ps_buf_append(buf, PS_STR("\n")) && ps_buf_append(buf, ps_str_of(digest));
    return is_added ? PS_OK : ps_sigv4_too_large(err);
}

void ps_sigv4_signature(const struct ps_str secret_access_key,
                        const struct ps_sigv4_scope *const scope,
                        const struct ps_str string_to_sign, char ret_hex[PS_SHA256_HEX_SIZE])
{
    struct ps_buf first PS_CLEANUP(ps_buf_release);
    ps_buf_init(&first, secret_access_key.size + 4);
    ps_buf_add(&first, PS_STR("AWS4"));
    ps_buf_add(&first, secret_access_key);

    const struct ps_str steps[] = {day_of(scope), scope->region, scope->service,
                                   PS_STR(PS_SIGV4_TERMINATOR), string_to_sign};
    uint8_t key[PS_SHA256_BYTES];
    uint8_t digest[PS_SHA256_BYTES];
    ps_hmac_sha256(ps_buf_str(&first), steps[0], digest);
    for (size_t step = 1; step < sizeof(steps) / sizeof(steps[0]); step++) {
        memcpy(key, digest, sizeof(key));
        ps_hmac_sha256((struct ps_str){(const char *)key, sizeof(key)}, steps[step], digest);
    }
    ps_hex_encode(digest, sizeof(digest), ret_hex);
    explicit_bzero(first.data, first.size);
    explicit_bzero(key, sizeof(key));
}

void ps_sigv4_signed_init(struct ps_sigv4_signed *const result)
{
    memset(result, 0, sizeof(*result));
    ps_buf_init(&result->canonical_request, PS_SIGV4_TEXT_BYTES_MAX);
    ps_buf_init(&result->string_to_sign, PS_SIGV4_TEXT_BYTES_MAX);
    ps_buf_init(&result->authorization, PS_SIGV4_TEXT_BYTES_MAX);
    ps_buf_init(&result->query, PS_SIGV4_TEXT_BYTES_MAX);
}

void ps_sigv4_signed_release(struct ps_sigv4_signed *const result)
{
    ps_buf_release(&result->canonical_request);
    ps_buf_release(&result->string_to_sign);
    ps_buf_release(&result->authorization);
    ps_buf_release(&result->query);
}

static int compare_names(const void *const left, const void *const right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static char *lower_dup(const struct ps_str text)
{
    char *const copy = ps_str_dup(text);
    for (char *byte = copy; *byte != '\0'; byte++) {
        *byte = *byte >= 'A' && *byte <= 'Z' ? (char)(*byte | 0x20) : *byte;
    }
    return copy;
}

/* The names of the request's headers in lower case, sorted, each once, with ';' between them. */
static bool append_names(const struct ps_sigv4_request *const request, struct ps_buf *const buf)
{
    const size_t count = request->header_count;
    if (count == 0) {
        return true;
    }
    char **const names = calloc(count, sizeof(*names));
    PS_ASSERT(names != NULL);
    for (size_t index = 0; index < count; index++) {
        names[index] = lower_dup(request->headers[index].name);
    }
    qsort(names, count, sizeof(*names), compare_names);
    bool is_added = true;
    for (size_t index = 0; index < count; index++) {
        const bool is_repeated = index > 0 && strcmp(names[index], names[index - 1]) == 0;
        is_added = is_added && (is_repeated || ((index == 0 || ps_buf_append(buf, PS_STR(";"))) &&
                                                ps_buf_append(buf, ps_str_of(names[index]))));
    }
    for (size_t index = 0; index < count; index++) {
        free(names[index]);
    }
    free(names);
    return is_added;
}

/* From the full request on: canonical form, string to sign, signature. */
static enum ps_status sign(const struct ps_sigv4_signer *const signer,
                           const struct ps_sigv4_request *const request,
                           const struct ps_str signed_names, struct ps_sigv4_signed *const result,
                           struct ps_error *const err)
{
    enum ps_status status = ps_sigv4_canonical_request(request, signer->rules, signed_names,
                                                       &result->canonical_request, err);
    if (status != PS_OK) {
        return status;
    }
    status = ps_sigv4_string_to_sign(&signer->scope, ps_buf_str(&result->canonical_request),
                                     &result->string_to_sign, err);
    if (status != PS_OK) {
        return status;
    }
    ps_sigv4_signature(signer->secret_access_key, &signer->scope,
                       ps_buf_str(&result->string_to_sign), result->signature);
    return PS_OK;
}

static enum ps_status write_authorization(const struct ps_sigv4_signer *const signer,
                                          const struct ps_str names,
                                          struct ps_sigv4_signed *const result,
                                          struct ps_error *const err)
{
    struct ps_buf *const buf = &result->authorization;
    const bool is_added = ps_buf_append(buf, PS_STR(PS_SIGV4_ALGORITHM " Credential=")) &&
                          ps_buf_append(buf, signer->access_key_id) &&
                          ps_buf_append(buf, PS_STR("/")) &&
                          append_scope(&signer->scope, PS_STR("/"), buf) &&
                          ps_buf_append(buf, PS_STR(", SignedHeaders=")) &&
                          ps_buf_append(buf, names) && ps_buf_append(buf, PS_STR(", Signature=")) &&
                          ps_buf_append(buf, ps_str_of(result->signature));
    return is_added ? PS_OK : ps_sigv4_too_large(err);
}

enum ps_status ps_sigv4_sign_headers(const struct ps_sigv4_signer *const signer,
                                     const struct ps_sigv4_request *const request,
                                     struct ps_sigv4_signed *const result,
                                     struct ps_error *const err)
{
    PS_ASSERT(signer->scope.stamp.size == PS_SIGV4_STAMP_SIZE - 1);
    const size_t count_max = request->header_count + ADDED_HEADERS_MAX;
    struct ps_sigv4_header *const headers = calloc(count_max, sizeof(*headers));
    PS_ASSERT(headers != NULL);
    size_t count = request->header_count;
    if (count > 0) {
        memcpy(headers, request->headers, count * sizeof(*headers));
    }
    headers[count++] = (struct ps_sigv4_header){PS_STR("x-amz-date"), signer->scope.stamp};
    if (signer->session_token.size > 0 && !signer->is_token_unsigned) {
        headers[count++] =
            (struct ps_sigv4_header){PS_STR("x-amz-security-token"), signer->session_token};
    }
    if (signer->rules.is_payload_header) {
        headers[count++] =
            (struct ps_sigv4_header){PS_STR("x-amz-content-sha256"), request->payload_hash};
    }
    struct ps_sigv4_request full = *request;
    full.headers = headers;
    full.header_count = count;

    struct ps_buf names PS_CLEANUP(ps_buf_release);
    ps_buf_init(&names, PS_SIGV4_TEXT_BYTES_MAX);
    enum ps_status status = append_names(&full, &names) ? PS_OK : ps_sigv4_too_large(err);
    if (status == PS_OK) {
        status = sign(signer, &full, ps_buf_str(&names), result, err);
    }
    free(headers);
    return status == PS_OK ? write_authorization(signer, ps_buf_str(&names), result, err) : status;
}

/* All X-Amz-* parameters but the signature. */
static bool append_query_claim(const struct ps_sigv4_signer *const signer,
                               const struct ps_str names, struct ps_buf *const buf)
{
    return ps_buf_append(buf, PS_STR("X-Amz-Algorithm=" PS_SIGV4_ALGORITHM "&X-Amz-Credential=")) &&
           ps_uri_encode(signer->access_key_id, PS_URI_SLASH_ENCODED, buf) &&
           ps_buf_append(buf, PS_STR("%2F")) && append_scope(&signer->scope, PS_STR("%2F"), buf) &&
           ps_buf_append(buf, PS_STR("&X-Amz-Date=")) && ps_buf_append(buf, signer->scope.stamp) &&
           ps_buf_append(buf, PS_STR("&X-Amz-SignedHeaders=")) &&
           ps_uri_encode(names, PS_URI_SLASH_ENCODED, buf) &&
           ps_buf_append_format(buf, "&X-Amz-Expires=%lld", (long long)signer->expires_s);
}

static bool append_query_token(const struct ps_sigv4_signer *const signer, struct ps_buf *const buf)
{
    return signer->session_token.size == 0 ||
           (ps_buf_append(buf, PS_STR("&X-Amz-Security-Token=")) &&
            ps_uri_encode(signer->session_token, PS_URI_SLASH_ENCODED, buf));
}

enum ps_status ps_sigv4_sign_query(const struct ps_sigv4_signer *const signer,
                                   const struct ps_sigv4_request *const request,
                                   struct ps_sigv4_signed *const result, struct ps_error *const err)
{
    PS_ASSERT(signer->scope.stamp.size == PS_SIGV4_STAMP_SIZE - 1);
    struct ps_buf names PS_CLEANUP(ps_buf_release);
    ps_buf_init(&names, PS_SIGV4_TEXT_BYTES_MAX);
    struct ps_buf *const query = &result->query;
    const bool is_claimed = append_names(request, &names) && ps_buf_append(query, request->query) &&
                            (query->size == 0 || ps_buf_append(query, PS_STR("&"))) &&
                            append_query_claim(signer, ps_buf_str(&names), query) &&
                            (signer->is_token_unsigned || append_query_token(signer, query));
    if (!is_claimed) {
        return ps_sigv4_too_large(err);
    }
    struct ps_sigv4_request full = *request;
    full.query = ps_buf_str(query);
    const enum ps_status status = sign(signer, &full, ps_buf_str(&names), result, err);
    if (status != PS_OK) {
        return status;
    }
    const bool is_added = (!signer->is_token_unsigned || append_query_token(signer, query)) &&
                          ps_buf_append(query, PS_STR("&X-Amz-Signature=")) &&
                          ps_buf_append(query, ps_str_of(result->signature));
    return is_added ? PS_OK : ps_sigv4_too_large(err);
}
