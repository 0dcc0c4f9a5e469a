#include "emu/auth.h"

#include "base/time.h"
#include "sim/stamp.h"

#include <stdio.h>
#include <string.h>

#define SKEW_MS_MAX (15 * PS_MINUTE_MS)

enum fault {
    FAULT_MISSING,
    FAULT_BROKEN,
    FAULT_SERVICE,
    FAULT_KEY,
    FAULT_SKEWED,
    FAULT_EXPIRED,
    FAULT_MISMATCH,
    FAULT_COUNT
};

struct words {
    int http_status;
    const char *code;
    const char *message;
};

static const char does_not_match[] =
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details.";

/* How each service words it: S3, Bedrock, STS. */
static const struct words words[FAULT_COUNT][3] = {
    [FAULT_MISSING] = {{403, "AccessDenied", "Access Denied"},
                       {403, "MissingAuthenticationTokenException", "Missing Authentication Token"},
                       {403, "MissingAuthenticationToken",
                        "Request is missing Authentication Token"}},
    [FAULT_BROKEN] = {{400, "AuthorizationHeaderMalformed",
                       "The authorization header that you provided is not valid."},
                      {400, "IncompleteSignatureException",
                       "The request signature does not conform to AWS standards."},
                      {400, "IncompleteSignature",
                       "The request signature does not conform to AWS standards."}},
    [FAULT_SERVICE] = {{400, "AuthorizationHeaderMalformed",
                        "The authorization header is malformed; the service is wrong; expecting "
                        "\"s3\""},
                       {403, "InvalidSignatureException",
                        "Credential should be scoped to correct service: 'bedrock'."},
                       {403, "SignatureDoesNotMatch",
                        "Credential should be scoped to correct service: 'sts'."}},
    [FAULT_KEY] = {{403, "InvalidAccessKeyId",
                    "The AWS Access Key Id you provided does not exist in our records."},
                   {403, "UnrecognizedClientException",
                    "The security token included in the request is invalid."},
                   {403, "InvalidClientTokenId",
                    "The security token included in the request is invalid."}},
    [FAULT_SKEWED] = {{403, "RequestTimeTooSkewed",
                       "The difference between the request time and the current time is too "
                       "large."},
                      {403, "InvalidSignatureException",
                       "Signature expired, or not yet current: check the clock of this machine."},
                      {403, "SignatureDoesNotMatch",
                       "Signature expired, or not yet current: check the clock of this machine."}},
    [FAULT_EXPIRED] = {{403, "AccessDenied", "Request has expired"},
                       {403, "InvalidSignatureException", "Signature expired"},
                       {403, "SignatureDoesNotMatch", "Signature expired"}},
    [FAULT_MISMATCH] = {{403, "SignatureDoesNotMatch", does_not_match},
                        {403, "InvalidSignatureException", does_not_match},
                        {403, "SignatureDoesNotMatch", does_not_match}},
};

static bool refuse(struct ps_emu_request *const request, const enum fault fault)
{
    const struct words *const said = &words[fault][request->service];
    return ps_emu_refuse(request, said->http_status, said->code, said->message);
}

static struct ps_sigv4_request view_of(const struct ps_emu_request *const request)
{
    return (struct ps_sigv4_request){
        .method = ps_str_of(request->method),
        .path = request->path,
        .query = request->query,
        .headers = request->headers,
        .header_count = request->header_count,
    };
}

struct ps_str ps_emu_auth_service(struct ps_emu_request *const request,
                                  struct ps_sigv4_claim *const claim)
{
    const struct ps_sigv4_request view = view_of(request);
    if (ps_sigv4_read_claim(&view, claim, NULL) != PS_OK) {
        return PS_STR("");
    }
    (void)snprintf(request->region, sizeof request->region, "%.*s", PS_STR_ARGS(claim->region));
    return claim->service;
}

/* "20150830T123600Z" */
static int64_t stamp_ms(const struct ps_str stamp)
{
    char iso[PS_STAMP_SIZE];
    int64_t at_ms = 0;
    (void)snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", stamp.data, stamp.data + 4,
                   stamp.data + 6, stamp.data + 9, stamp.data + 11, stamp.data + 13);
    return ps_stamp_parse_iso(ps_str_of(iso), &at_ms) ? at_ms : 0;
}

static bool check_time(struct ps_emu_request *const request,
                       const struct ps_sigv4_claim *const claim, const int64_t real_ms)
{
    const int64_t signed_ms = stamp_ms(claim->stamp);
    if (claim->is_query && real_ms > signed_ms + claim->expires_s * PS_SECOND_MS) {
        return refuse(request, FAULT_EXPIRED);
    }
    if (signed_ms > real_ms + SKEW_MS_MAX ||
        (!claim->is_query && signed_ms < real_ms - SKEW_MS_MAX)) {
        return refuse(request, FAULT_SKEWED);
    }
    return true;
}

static bool check(struct ps_emu_request *const request, const struct ps_sigv4_claim *const claim,
                  const struct ps_str payload_hash, const int64_t real_ms)
{
    static const char *const names[] = {
        [PS_EMU_S3] = "s3", [PS_EMU_BEDROCK] = "bedrock", [PS_EMU_STS] = "sts"};
    const struct ps_identity *const identity = ps_world_identity(request->world);
    struct ps_sigv4_request view = view_of(request);
    view.payload_hash = payload_hash;
    if (!ps_str_equals_text(claim->service, names[request->service])) {
        return refuse(request, FAULT_SERVICE);
    }
    if (!ps_str_equals_text(claim->access_key_id, identity->access_key_id)) {
        return refuse(request, FAULT_KEY);
    }
    if (!check_time(request, claim, real_ms)) {
        return false;
    }
    if (ps_sigv4_check_claim(&view, claim, ps_str_of(identity->secret_access_key), NULL) != PS_OK) {
        return refuse(request, FAULT_MISMATCH);
    }
    return true;
}

bool ps_emu_auth_check_headers(struct ps_emu_request *const request,
                               const struct ps_sigv4_claim *const claim, const int64_t real_ms)
{
    const bool has_any = ps_emu_has_header(request, "authorization") ||
                         ps_emu_has_parameter(request, "X-Amz-Signature");
    if (claim->access_key_id.size == 0) {
        return refuse(request, has_any ? FAULT_BROKEN : FAULT_MISSING);
    }
    if (!ps_str_equals_text(claim->service, "s3")) {
        return refuse(request, FAULT_SERVICE);
    }
    struct ps_str hash = ps_emu_header(request, "x-amz-content-sha256");
    if (hash.size == 0 && claim->is_query) {
        hash = PS_STR(PS_SIGV4_UNSIGNED_PAYLOAD);
    }
    if (hash.size == 0) {
        return ps_emu_refuse(request, 400, "InvalidRequest",
                             "Missing required header for this request: x-amz-content-sha256");
    }
    return check(request, claim, hash, real_ms);
}

bool ps_emu_auth_check_body(struct ps_emu_request *const request, const int64_t real_ms)
{
    struct ps_sigv4_claim claim PS_CLEANUP(ps_sigv4_claim_release);
    ps_sigv4_claim_init(&claim);
    const struct ps_sigv4_request view = view_of(request);
    const enum ps_status status = ps_sigv4_read_claim(&view, &claim, NULL);
    if (status != PS_OK) {
        return refuse(request, status == PS_E_NOT_FOUND ? FAULT_MISSING : FAULT_BROKEN);
    }
    char hash[PS_SHA256_HEX_SIZE];
    ps_sha256_hex(ps_buf_str(&request->body), hash);
    const struct ps_str given = ps_emu_header(request, "x-amz-content-sha256");
    if (given.size > 0 && !ps_str_equals_text(given, hash) &&
        !ps_str_equals_text(given, PS_SIGV4_UNSIGNED_PAYLOAD)) {
        return refuse(request, FAULT_MISMATCH);
    }
    return check(request, &claim, given.size > 0 ? given : ps_str_of(hash), real_ms);
}
