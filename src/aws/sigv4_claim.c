#include "aws/sigv4.h"

#include "aws/sigv4_internal.h"
#include "base/assert.h"
#include "codec/uri.h"

#include <string.h>

#define EXPIRES_S_MAX (INT64_C(7) * 24 * 3600)

void ps_sigv4_claim_init(struct ps_sigv4_claim *const claim)
{
    memset(claim, 0, sizeof(*claim));
    claim->expires_s = -1;
    ps_buf_init(&claim->text, PS_SIGV4_TEXT_BYTES_MAX);
}

void ps_sigv4_claim_release(struct ps_sigv4_claim *const claim)
{
    ps_buf_release(&claim->text);
}

static enum ps_status malformed(struct ps_error *const err, const char *const what)
{
    return ps_error_set(err, PS_E_USAGE, PS_RETRY_NEVER, "cannot read the signature: %s", what);
}

/* Takes the part before the next '/' off the front; false when there is no '/'. */
static bool take_segment(struct ps_str *const rest, struct ps_str *const ret_segment)
{
    const size_t end = ps_str_find(*rest, '/');
    if (end == rest->size) {
        return false;
    }
    *ret_segment = ps_str_part(*rest, 0, end);
    *rest = ps_str_part(*rest, end + 1, rest->size);
    return true;
}

/* "AKID/20150830/us-east-1/service/aws4_request" */
static enum ps_status read_credential(const struct ps_str credential,
                                      struct ps_sigv4_claim *const claim,
                                      struct ps_error *const err)
{
    struct ps_str rest = credential;
    struct ps_str day = PS_STR("");
    const bool has_parts = take_segment(&rest, &claim->access_key_id) &&
                           take_segment(&rest, &day) && take_segment(&rest, &claim->region) &&
                           take_segment(&rest, &claim->service) &&
                           ps_str_equals_text(rest, PS_SIGV4_TERMINATOR);
    if (!has_parts) {
        return malformed(err, "Credential is not KEY/DAY/REGION/SERVICE/aws4_request");
    }
    if (!ps_str_equals(day, ps_str_part(claim->stamp, 0, day.size)) || day.size != 8) {
        return malformed(err, "the day in Credential is not the day of X-Amz-Date");
    }
    return PS_OK;
}

static bool is_stamp(const struct ps_str text)
{
    if (text.size != PS_SIGV4_STAMP_SIZE - 1 || text.data[8] != 'T' || text.data[15] != 'Z') {
        return false;
    }
    for (size_t index = 0; index < 15; index++) {
        if (index != 8 && (text.data[index] < '0' || text.data[index] > '9')) {
            return false;
        }
    }
    return true;
}

static enum ps_status check_claim_text(const struct ps_str credential,
                                       struct ps_sigv4_claim *const claim,
                                       struct ps_error *const err)
{
    if (!is_stamp(claim->stamp)) {
        return malformed(err, "X-Amz-Date is missing or not of the form 20150830T123600Z");
    }
    if (claim->signed_names.size == 0) {
        return malformed(err, "SignedHeaders is missing");
    }
    if (claim->signature.size != PS_SHA256_HEX_SIZE - 1) {
        return malformed(err, "Signature is missing or not 64 hex digits");
    }
    return read_credential(credential, claim, err);
}

/* "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..." */
static enum ps_status read_header_claim(const struct ps_sigv4_request *const request,
                                        const struct ps_str authorization,
                                        struct ps_sigv4_claim *const claim,
                                        struct ps_error *const err)
{
    struct ps_str rest = authorization;
    struct ps_str credential = PS_STR("");
    if (!ps_str_starts_with(rest, PS_STR(PS_SIGV4_ALGORITHM " "))) {
        return malformed(err, "the algorithm is not AWS4-HMAC-SHA256");
    }
    rest = ps_str_part(rest, sizeof(PS_SIGV4_ALGORITHM), rest.size);
    while (rest.size > 0) {
        const size_t end = ps_str_find(rest, ',');
        const struct ps_str part = ps_str_trim(ps_str_part(rest, 0, end));
        const size_t equals = ps_str_find(part, '=');
        const struct ps_str name = ps_str_part(part, 0, equals);
        const struct ps_str value = ps_str_part(part, equals + 1, part.size);
        if (ps_str_equals_text(name, "Credential")) {
            credential = value;
        } else if (ps_str_equals_text(name, "SignedHeaders")) {
            claim->signed_names = value;
        } else if (ps_str_equals_text(name, "Signature")) {
            claim->signature = value;
        } else {
            return malformed(err, "Authorization has an unknown part");
        }
        rest = ps_str_part(rest, end + 1, rest.size);
    }
    claim->stamp = ps_sigv4_header_value(request, PS_STR("x-amz-date"));
    claim->session_token = ps_sigv4_header_value(request, PS_STR("x-amz-security-token"));
    return check_claim_text(credential, claim, err);
}

/* The decoded value of the query's parameter `name`, "" when it has none. */
static struct ps_str query_value(const struct ps_str query, const char *const name,
                                 struct ps_buf *const text)
{
    struct ps_str rest = query;
    struct ps_str found;
    struct ps_str value;
    while (ps_uri_next_parameter(&rest, &found, &value)) {
        if (ps_str_equals_text(found, name)) {
            const size_t from = text->size;
            if (!ps_uri_decode(value, text)) {
                return PS_STR("");
            }
            return (struct ps_str){text->data + from, text->size - from};
        }
    }
    return PS_STR("");
}

static enum ps_status read_query_claim(const struct ps_sigv4_request *const request,
                                       struct ps_sigv4_claim *const claim,
                                       struct ps_error *const err)
{
    /* Views of `text` must not move while it grows: all of it fits from the start. */
    if (ps_buf_reserve(&claim->text, request->query.size) == NULL) {
        return ps_sigv4_too_large(err);
    }
    const struct ps_str query = request->query;
    claim->is_query = true;
    if (!ps_str_equals_text(query_value(query, "X-Amz-Algorithm", &claim->text),
                            PS_SIGV4_ALGORITHM)) {
        return malformed(err, "X-Amz-Algorithm is not AWS4-HMAC-SHA256");
    }
    const struct ps_str credential = query_value(query, "X-Amz-Credential", &claim->text);
    claim->stamp = query_value(query, "X-Amz-Date", &claim->text);
    claim->signed_names = query_value(query, "X-Amz-SignedHeaders", &claim->text);
    claim->signature = query_value(query, "X-Amz-Signature", &claim->text);
    claim->session_token = query_value(query, "X-Amz-Security-Token", &claim->text);
    const struct ps_str expires = query_value(query, "X-Amz-Expires", &claim->text);
    if (!ps_str_to_i64(expires, &claim->expires_s) || claim->expires_s < 1 ||
        claim->expires_s > EXPIRES_S_MAX) {
        return malformed(err, "X-Amz-Expires is not a number of seconds up to a week");
    }
    return check_claim_text(credential, claim, err);
}

enum ps_status ps_sigv4_read_claim(const struct ps_sigv4_request *const request,
                                   struct ps_sigv4_claim *const claim, struct ps_error *const err)
{
    const struct ps_str authorization = ps_sigv4_header_value(request, PS_STR("authorization"));
    if (authorization.size > 0) {
        return read_header_claim(request, authorization, claim, err);
    }
    struct ps_str rest = request->query;
    struct ps_str name;
    struct ps_str value;
    while (ps_uri_next_parameter(&rest, &name, &value)) {
        if (ps_str_equals_text(name, "X-Amz-Signature")) {
            return read_query_claim(request, claim, err);
        }
    }
    return ps_error_set(err, PS_E_NOT_FOUND, PS_RETRY_NEVER,
                        "cannot read the signature: the request has none");
}

static bool is_signed(const struct ps_str signed_names, const struct ps_str name)
{
    struct ps_str rest = signed_names;
    while (rest.size > 0) {
        const size_t end = ps_str_find(rest, ';');
        if (ps_str_equals_nocase(ps_str_part(rest, 0, end), name)) {
            return true;
        }
        rest = ps_str_part(rest, end + 1, rest.size);
    }
    return false;
}

/* `host` and every x-amz-* header must be under the signature, or they could be exchanged on the
 * way. */
static enum ps_status check_coverage(const struct ps_sigv4_request *const request,
                                     const struct ps_sigv4_claim *const claim,
                                     struct ps_error *const err)
{
    bool has_host = is_signed(claim->signed_names, PS_STR("host"));
    struct ps_str missing = PS_STR("host");
    for (size_t index = 0; has_host && index < request->header_count; index++) {
        const struct ps_str name = request->headers[index].name;
        const bool is_amz = ps_str_equals_nocase(ps_str_part(name, 0, 6), PS_STR("x-amz-"));
        /* Some old services want the token outside of the signature. */
        const bool is_token = ps_str_equals_nocase(name, PS_STR("x-amz-security-token"));
        if (is_amz && !is_token && !is_signed(claim->signed_names, name)) {
            has_host = false;
            missing = name;
        }
    }
    if (has_host) {
        return PS_OK;
    }
    return ps_error_set(err, PS_E_DENIED, PS_RETRY_NEVER,
                        "cannot accept the signature: header '%.*s' is not signed",
                        PS_STR_ARGS(missing));
}

/* Takes the same time wherever the two differ. */
static bool is_same_signature(const struct ps_str claimed, const char *const made)
{
    PS_ASSERT(claimed.size == PS_SHA256_HEX_SIZE - 1);
    unsigned char difference = 0;
    for (size_t index = 0; index < claimed.size; index++) {
        difference |= (unsigned char)(claimed.data[index] ^ made[index]);
    }
    return difference == 0;
}

enum ps_status ps_sigv4_check_claim(const struct ps_sigv4_request *const request,
                                    const struct ps_sigv4_claim *const claim,
                                    const struct ps_str secret_access_key,
                                    struct ps_error *const err)
{
    const enum ps_status covered = check_coverage(request, claim, err);
    if (covered != PS_OK) {
        return covered;
    }
    struct ps_buf canonical PS_CLEANUP(ps_buf_release);
    struct ps_buf string_to_sign PS_CLEANUP(ps_buf_release);
    ps_buf_init(&canonical, PS_SIGV4_TEXT_BYTES_MAX);
    ps_buf_init(&string_to_sign, PS_SIGV4_TEXT_BYTES_MAX);
    const struct ps_sigv4_scope scope = {claim->stamp, claim->region, claim->service};
    enum ps_status status = ps_sigv4_canonical_request(request, ps_sigv4_rules_of(claim->service),
                                                       claim->signed_names, &canonical, err);
    if (status == PS_OK) {
        status = ps_sigv4_string_to_sign(&scope, ps_buf_str(&canonical), &string_to_sign, err);
    }
    if (status != PS_OK) {
        return status;
    }
    char signature[PS_SHA256_HEX_SIZE];
    ps_sigv4_signature(secret_access_key, &scope, ps_buf_str(&string_to_sign), signature);
    if (!is_same_signature(claim->signature, signature)) {
        return ps_error_set(err, PS_E_DENIED, PS_RETRY_NEVER,
                            "cannot accept the signature: it does not match the request");
    }
    return PS_OK;
}
