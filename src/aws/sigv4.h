/*
 * sigv4 - AWS Signature Version 4: sign a request, or check the signature of one. Pure; tested step
 * by step with AWS's own vectors.
 *
 * A request is given as it goes over the wire: raw path, raw query, headers. Two rules differ by
 * service: s3 encodes the path once and leaves it as it is; every other service encodes the encoded
 * path again and takes '.', '..' and '//' out of it first.
 *
 * Signing: the caller gives the headers it wants signed (at least Host); the x-amz-* ones that
 * signing adds are in the result and must be sent too.
 *
 *     const struct ps_sigv4_signer signer = {.rules = ps_sigv4_rules_of(service), .region = region,
 * ...}; struct ps_sigv4_signed result; if (ps_sigv4_sign_headers(&signer, &request, &result, err)
 * != PS_OK) { ... }
 *
 * Checking (the emulator):
 *
 *     struct ps_sigv4_claim claim PS_CLEANUP(ps_sigv4_claim_release);
 *     ps_sigv4_claim_init(&claim);
 *     if (ps_sigv4_read_claim(&request, &claim, err) != PS_OK) { ... no signature, or a broken one
 * } secret = whoever claim.access_key_id is; request.payload_hash = the digest of what came if
 * (ps_sigv4_check_claim(&request, &claim, secret, err) != PS_OK) { ... SignatureDoesNotMatch }
 *
 * Owner: results that hold buffers are released by the caller. Threads: pure, any.
 */
#ifndef PS_AWS_SIGV4_H
#define PS_AWS_SIGV4_H

#include "base/buf.h"
#include "base/secret.h"
#include "base/status.h"
#include "base/str.h"
#include "codec/digest.h"

#include <stdint.h>

#define PS_SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

/* SHA-256 of nothing. */
#define PS_SIGV4_EMPTY_PAYLOAD "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#define PS_SIGV4_STAMP_SIZE 17 /* "20150830T123600Z" and the NUL byte */

struct ps_sigv4_header {
    struct ps_str name;
    struct ps_str value;
};

struct ps_sigv4_request {
    struct ps_str method;
    struct ps_str path;  /* as on the request line, "" is "/" */
    struct ps_str query; /* as on the request line, without '?' */
    const struct ps_sigv4_header *headers;
    size_t header_count;
    struct ps_str payload_hash; /* lower case hex of SHA-256, or UNSIGNED-PAYLOAD */
};

struct ps_sigv4_rules {
    bool is_path_encoded_twice;
    bool is_path_normalized;
    bool is_payload_header; /* send and sign x-amz-content-sha256 too */
};

/* What `service` (its signing name) wants: "s3", "bedrock", "sts", ... */
struct ps_sigv4_rules ps_sigv4_rules_of(struct ps_str service);

struct ps_sigv4_scope {
    struct ps_str stamp; /* "20150830T123600Z"; the scope's day is its first eight characters */
    struct ps_str region;
    struct ps_str service; /* the signing name */
};

struct ps_sigv4_signer {
    struct ps_sigv4_rules rules;
    struct ps_sigv4_scope scope;
    struct ps_str access_key_id;
    struct ps_str secret_access_key;
    struct ps_str session_token; /* "": none */
    bool is_token_unsigned; /* send the token, but keep it out of the signature (old services) */
    int64_t expires_s;      /* query signing only */
};

/* "20150830T123600Z" of milliseconds since 1970-01-01 UTC (0 to the year 9999). */
void ps_sigv4_stamp(int64_t wall_ms, char ret_stamp[PS_SIGV4_STAMP_SIZE]);

/*
 * The three steps, each to the end of its buffer. `signed_names` is "host;x-amz-date": lower case,
 * sorted, each once; a name that the request lacks is PS_E_USAGE. PS_E_TOO_LARGE: the buffer's cap
 * would be passed.
 */
PS_MUST_CHECK enum ps_status ps_sigv4_canonical_request(const struct ps_sigv4_request *request,
                                                        struct ps_sigv4_rules rules,
                                                        struct ps_str signed_names,
                                                        struct ps_buf *buf, struct ps_error *err);
PS_MUST_CHECK enum ps_status ps_sigv4_string_to_sign(const struct ps_sigv4_scope *scope,
                                                     struct ps_str canonical_request,
                                                     struct ps_buf *buf, struct ps_error *err);
void ps_sigv4_signature(struct ps_str secret_access_key, const struct ps_sigv4_scope *scope,
                        struct ps_str string_to_sign, char ret_hex[PS_SHA256_HEX_SIZE]);

/* What signing adds to a request. */
struct ps_sigv4_signed {
    struct ps_buf canonical_request; /* for tests, and to explain a refused signature */
    struct ps_buf string_to_sign;
    struct ps_buf authorization; /* header signing: the value of Authorization */
    struct ps_buf query;         /* query signing: the whole new query */
    char signature[PS_SHA256_HEX_SIZE];
};
void ps_sigv4_signed_init(struct ps_sigv4_signed *result);
void ps_sigv4_signed_release(struct ps_sigv4_signed *result);

/*
 * Signs all given headers and what signing adds: X-Amz-Date (= scope.stamp), X-Amz-Security-Token
 * (= the session token, where there is one) and, by the rules, x-amz-content-sha256 (=
 * payload_hash); all of them are to be sent, with Authorization. `result` is initialised by the
 * caller.
 */
PS_MUST_CHECK enum ps_status ps_sigv4_sign_headers(const struct ps_sigv4_signer *signer,
                                                   const struct ps_sigv4_request *request,
                                                   struct ps_sigv4_signed *result,
                                                   struct ps_error *err);

/* Signs by query: all given headers, and result->query holds the request's query with X-Amz-*
 * added. */
PS_MUST_CHECK enum ps_status ps_sigv4_sign_query(const struct ps_sigv4_signer *signer,
                                                 const struct ps_sigv4_request *request,
                                                 struct ps_sigv4_signed *result,
                                                 struct ps_error *err);

/* What a request says about its own signature. Views are of the request's text, or of `text`. */
struct ps_sigv4_claim {
    struct ps_buf text; /* decoded values, for a query signature */
    bool is_query;
    struct ps_str access_key_id;
    struct ps_str region;
    struct ps_str service;
    struct ps_str stamp;         /* X-Amz-Date, checked to be of its form and of the scope's day */
    struct ps_str session_token; /* "": none */
    struct ps_str signed_names;
    struct ps_str signature;
    int64_t expires_s; /* -1 for a header signature */
};
void ps_sigv4_claim_init(struct ps_sigv4_claim *claim);
void ps_sigv4_claim_release(struct ps_sigv4_claim *claim);

/*
 * Reads the claim; payload_hash is not looked at. PS_E_NOT_FOUND: the request carries no signature.
 * PS_E_USAGE: it does, but not one that can be read; the message says what is wrong.
 */
PS_MUST_CHECK enum ps_status ps_sigv4_read_claim(const struct ps_sigv4_request *request,
                                                 struct ps_sigv4_claim *claim,
                                                 struct ps_error *err);

/*
 * Makes the signature anew from the request's own SignedHeaders and compares. The rules are those
 * of the claimed service. request->payload_hash must be what the client hashed: its
 * x-amz-content-sha256 header (which the caller compares with the digest of the body, unless it is
 * UNSIGNED-PAYLOAD), else the digest; for s3 by query UNSIGNED-PAYLOAD. PS_E_DENIED: it does not
 * match, or `host` or an x-amz-* header is not signed; err's message holds no secret.
 */
PS_MUST_CHECK enum ps_status ps_sigv4_check_claim(const struct ps_sigv4_request *request,
                                                  const struct ps_sigv4_claim *claim,
                                                  struct ps_str secret_access_key,
                                                  struct ps_error *err);

#endif
