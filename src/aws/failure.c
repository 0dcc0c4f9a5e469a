#include "aws/failure.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/time.h"
#include "codec/xml.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define SERVICE_TEXT_BYTES_MAX 160
#define SKEW_S_MIN 60

static const char *const throttling_codes[] = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
};

static const char clock_hint[] =
    "Set this machine's clock (NTP): signatures are good for a few minutes only.";
static const char expired_hint[] =
    "The session has ended: get fresh credentials, then 'penstock resume'.";
static const char key_hint[] =
    "The access key or token is not known there: check which credentials are in use.";
static const char signature_hint[] =
    "The secret key does not belong to the access key, or a proxy changed the request.";
static const char policy_hint[] =
    "The message names the action and the resource that a policy must allow.";
static const char bucket_hint[] = "Check the bucket's name in --s3-uri, and the account.";
static const char slot_hint[] =
    "A quota of the account is full; a slot becomes free when a job ends.";

/* What a code means, whatever the HTTP status. */
static const struct {
    const char *code;
    enum ps_status status;
    enum ps_retry retry;
    const char *hint;
} meanings[] = {
    {"ServiceQuotaExceededException", PS_E_QUOTA, PS_RETRY_LATER, slot_hint},
    {"ExpiredToken", PS_E_DENIED, PS_RETRY_REAUTH, expired_hint},
    {"ExpiredTokenException", PS_E_DENIED, PS_RETRY_REAUTH, expired_hint},
    {"TokenRefreshRequired", PS_E_DENIED, PS_RETRY_REAUTH, expired_hint},
    {"RequestTimeTooSkewed", PS_E_DENIED, PS_RETRY_LATER, clock_hint},
    {"RequestExpired", PS_E_DENIED, PS_RETRY_LATER, clock_hint},
    {"InvalidClientTokenId", PS_E_DENIED, PS_RETRY_NEVER, key_hint},
    {"InvalidAccessKeyId", PS_E_DENIED, PS_RETRY_NEVER, key_hint},
    {"InvalidToken", PS_E_DENIED, PS_RETRY_NEVER, key_hint},
    {"UnrecognizedClientException", PS_E_DENIED, PS_RETRY_NEVER, key_hint},
    {"SignatureDoesNotMatch", PS_E_DENIED, PS_RETRY_NEVER, signature_hint},
    {"InvalidSignatureException", PS_E_DENIED, PS_RETRY_NEVER, signature_hint},
    {"IncompleteSignature", PS_E_DENIED, PS_RETRY_NEVER, signature_hint},
    {"AccessDenied", PS_E_DENIED, PS_RETRY_NEVER, policy_hint},
    {"AccessDeniedException", PS_E_DENIED, PS_RETRY_NEVER, policy_hint},
    {"NoSuchBucket", PS_E_NOT_FOUND, PS_RETRY_NEVER, bucket_hint},
    {"NoSuchKey", PS_E_NOT_FOUND, PS_RETRY_NEVER, ""},
    {"NoSuchUpload", PS_E_NOT_FOUND, PS_RETRY_NEVER, ""},
    {"ResourceNotFoundException", PS_E_NOT_FOUND, PS_RETRY_NEVER, ""},
    {"PreconditionFailed", PS_E_CONFLICT, PS_RETRY_NEVER, ""},
    {"ConflictException", PS_E_CONFLICT, PS_RETRY_NEVER, ""},
    {"ConditionalRequestConflict", PS_E_CONFLICT, PS_RETRY_LATER, ""},
    {"OperationAborted", PS_E_CONFLICT, PS_RETRY_LATER, ""},
    {"BadDigest", PS_E_CORRUPT, PS_RETRY_LATER, "Bytes were damaged on the way."},
    {"XAmzContentSHA256Mismatch", PS_E_CORRUPT, PS_RETRY_LATER, "Bytes were damaged on the way."},
    {"XAmzContentChecksumMismatch", PS_E_CORRUPT, PS_RETRY_LATER, "Bytes were damaged on the way."},
    {"IncompleteBody", PS_E_NETWORK, PS_RETRY_LATER, ""},
    {"RequestTimeout", PS_E_NETWORK, PS_RETRY_LATER, ""},
    {"RequestTimeoutException", PS_E_NETWORK, PS_RETRY_LATER, ""},
    {"InternalError", PS_E_SERVICE, PS_RETRY_LATER, ""},
    {"InternalServerException", PS_E_SERVICE, PS_RETRY_LATER, ""},
    {"ServiceUnavailable", PS_E_SERVICE, PS_RETRY_LATER, ""},
    /* 429, but no limit of the account: SDKs do not slow down for it. */
    {"ModelNotReadyException", PS_E_SERVICE, PS_RETRY_LATER, ""},
    {"ModelErrorException", PS_E_SERVICE, PS_RETRY_LATER, ""},
    {"ModelTimeoutException", PS_E_SERVICE, PS_RETRY_LATER, ""},
};

static void copy_text(char *const room, const size_t room_size, const struct ps_str text)
{
    (void)snprintf(room, room_size, "%.*s", PS_STR_ARGS(text));
}

bool ps_aws_is_throttling(const char *const code)
{
    for (size_t index = 0; index < sizeof(throttling_codes) / sizeof(throttling_codes[0]);
         index++) {
        if (strcmp(code, throttling_codes[index]) == 0) {
            return true;
        }
    }
    return false;
}

void ps_aws_set_code(struct ps_error *const err, const int http_status, const char *const code)
{
    err->http_status = http_status;
    copy_text(err->aws_code, sizeof(err->aws_code), ps_str_of(code));
}

bool ps_aws_has_code(const struct ps_error *const err)
{
    return err->aws_code[0] != '\0';
}

/* What the answer says of itself. */
struct told {
    struct ps_buf code;
    struct ps_buf message;
    struct ps_buf region;
};

static void release_told(struct told *const told)
{
    ps_buf_release(&told->code);
    ps_buf_release(&told->message);
    ps_buf_release(&told->region);
}

/* As much as fits, with '?' for what a terminal or a log should not get. */
static void keep_clean(struct ps_buf *const buf, const struct ps_str text, const size_t size_max)
{
    ps_buf_clear(buf);
    for (size_t index = 0; index < text.size && index < size_max; index++) {
        const unsigned char byte = (unsigned char)text.data[index];
        const char clean = byte < ' ' || byte == 0x7f ? '?' : (char)byte;
        ps_buf_add(buf, (struct ps_str){&clean, 1});
    }
}

/* "aws.protocols#ValidationException:http://..." is "ValidationException". */
static void keep_code(struct ps_buf *const buf, const struct ps_str text)
{
    struct ps_str code = ps_str_part(text, 0, ps_str_find(text, ','));
    code = ps_str_part(code, 0, ps_str_find(code, ':'));
    const size_t hash = ps_str_find(code, '#');
    code = hash == code.size ? code : ps_str_part(code, hash + 1, code.size);
    keep_clean(buf, ps_str_trim(code), sizeof(((struct ps_error *)0)->aws_code) - 1);
}

static struct ps_str json_text(yyjson_val *const object, const char *const name)
{
    yyjson_val *const value = yyjson_obj_get(object, name);
    return (struct ps_str){yyjson_get_str(value), yyjson_get_len(value)};
}

static void read_json(const struct ps_str body, struct told *const told)
{
    yyjson_doc *const document = yyjson_read(body.data, body.size, 0);
    yyjson_val *const root = yyjson_doc_get_root(document);
    const struct ps_str code = json_text(root, "code");
    const struct ps_str type = json_text(root, "__type");
    if (told->code.size == 0) {
        keep_code(&told->code, code.size > 0 ? code : type);
    }
    const struct ps_str lower = json_text(root, "message");
    const struct ps_str upper = json_text(root, "Message");
    keep_clean(&told->message, lower.size > 0 ? lower : upper, SERVICE_TEXT_BYTES_MAX);
    yyjson_doc_free(document);
}

static void on_leave(void *const context, const int depth, const struct ps_str name,
                     const struct ps_str text)
{
    struct told *const told = context;
    (void)depth;
    if (ps_str_equals_text(name, "Code") && told->code.size == 0) {
        keep_code(&told->code, text);
    } else if (ps_str_equals_text(name, "Message") && told->message.size == 0) {
        keep_clean(&told->message, text, SERVICE_TEXT_BYTES_MAX);
    } else if (ps_str_equals_text(name, "Region") && told->region.size == 0) {
        keep_clean(&told->region, text, SERVICE_TEXT_BYTES_MAX);
    }
}

static void read_told(const struct ps_http_answer *const answer, struct told *const told)
{
    static const struct ps_xml_visitor visitor = {NULL, on_leave};
    ps_buf_init(&told->code, 2 * SERVICE_TEXT_BYTES_MAX);
    ps_buf_init(&told->message, 2 * SERVICE_TEXT_BYTES_MAX);
    ps_buf_init(&told->region, 2 * SERVICE_TEXT_BYTES_MAX);
    keep_code(&told->code, ps_http_header(answer, "x-amzn-errortype"));
    const struct ps_str body = ps_str_trim(answer->body);
    if (body.size > 0 && body.data[0] == '{') {
        read_json(body, told);
    } else if (body.size > 0 && body.data[0] == '<') {
        struct ps_error ignored;
        if (ps_xml_read(body, &visitor, told, &ignored) != PS_OK) {
            ps_buf_clear(&told->code); /* a page of HTML has no code to trust */
        }
    }
    const struct ps_str region = ps_http_header(answer, "x-amz-bucket-region");
    if (region.size > 0) {
        keep_clean(&told->region, region, SERVICE_TEXT_BYTES_MAX);
    }
}

/* Where there is no code: what HTTP says. */
static void mean_by_status(const int http_status, enum ps_status *const ret_status,
                           enum ps_retry *const ret_retry)
{
    *ret_retry = PS_RETRY_NEVER;
    if (http_status >= 500) {
        *ret_status = PS_E_SERVICE;
        *ret_retry = PS_RETRY_LATER;
    } else if (http_status == 429) {
        *ret_status = PS_E_QUOTA;
        *ret_retry = PS_RETRY_LATER;
    } else if (http_status == 408) {
        *ret_status = PS_E_NETWORK;
        *ret_retry = PS_RETRY_LATER;
    } else if (http_status == 401 || http_status == 403) {
        *ret_status = PS_E_DENIED;
    } else if (http_status == 404) {
        *ret_status = PS_E_NOT_FOUND;
    } else if (http_status == 409 || http_status == 412) {
        *ret_status = PS_E_CONFLICT;
    } else if (http_status >= 200 && http_status < 300) {
        *ret_status = PS_E_CORRUPT;
        *ret_retry = PS_RETRY_LATER;
    } else {
        *ret_status = PS_E_SERVICE;
    }
}

static const char *mean(const char *const code, const int http_status,
                        enum ps_status *const ret_status, enum ps_retry *const ret_retry)
{
    mean_by_status(http_status, ret_status, ret_retry);
    if (ps_aws_is_throttling(code)) {
        *ret_status = PS_E_QUOTA;
        *ret_retry = PS_RETRY_LATER;
        return "";
    }
    for (size_t index = 0; index < sizeof(meanings) / sizeof(meanings[0]); index++) {
        if (strcmp(code, meanings[index].code) == 0) {
            *ret_status = meanings[index].status;
            *ret_retry = meanings[index].retry;
            return meanings[index].hint;
        }
    }
    return "";
}

static void keep_request_id(const struct ps_http_answer *const answer, struct ps_error *const err)
{
    struct ps_str id = ps_http_header(answer, "x-amzn-requestid");
    id = id.size > 0 ? id : ps_http_header(answer, "x-amz-request-id");
    copy_text(err->request_id, sizeof(err->request_id), id);
}

/* Of a bucket in another Region S3 answers 301, 307 or 400, and says which. */
static bool is_wrong_region(const int http_status, const char *const code)
{
    return http_status == 301 || http_status == 307 ||
           strcmp(code, "AuthorizationHeaderMalformed") == 0 ||
           strcmp(code, "PermanentRedirect") == 0 ||
           strcmp(code, "IllegalLocationConstraintException") == 0;
}

static void explain_region(const struct told *const told, const struct ps_aws_doing *const doing,
                           struct ps_error *const err)
{
    err->status = PS_E_USAGE;
    err->retry = PS_RETRY_NEVER;
    if (told->region.size > 0) {
        (void)snprintf(err->message, sizeof(err->message),
                       "cannot %s: it is in Region '%s', not in '%s'", doing->what,
                       ps_buf_text(&told->region), doing->region);
        (void)ps_error_hint(err, "Use --region %s, or a bucket in '%s'.",
                            ps_buf_text(&told->region), doing->region);
    } else {
        (void)ps_error_hint(err, "The service sends us elsewhere: check Region and endpoint.");
    }
}

/* How far this machine's clock is ahead of the service's; false when the answer does not tell. */
static bool clock_ahead_s(const struct ps_http_answer *const answer,
                          const struct ps_aws_doing *const doing, int64_t *const ret_ahead_s)
{
    char date[64];
    copy_text(date, sizeof(date), ps_http_header(answer, "date"));
    const time_t told_s = date[0] == '\0' ? (time_t)-1 : curl_getdate(date, NULL);
    if (told_s == (time_t)-1) {
        return false;
    }
    *ret_ahead_s = doing->real_wall_ms / PS_SECOND_MS - (int64_t)told_s;
    return true;
}

static void explain_clock(const struct ps_http_answer *const answer,
                          const struct ps_aws_doing *const doing, struct ps_error *const err)
{
    int64_t ahead_s = 0;
    const bool is_signature = strstr(err->aws_code, "Signature") != NULL ||
                              strcmp(err->aws_code, "RequestTimeTooSkewed") == 0 ||
                              strcmp(err->aws_code, "RequestExpired") == 0;
    if (!is_signature || !clock_ahead_s(answer, doing, &ahead_s) || llabs(ahead_s) < SKEW_S_MIN) {
        return;
    }
    err->retry = PS_RETRY_LATER;
    (void)ps_error_hint(err, "This machine's clock is %lld s %s the service's. %s", llabs(ahead_s),
                        ahead_s > 0 ? "ahead of" : "behind", clock_hint);
}

static void write_message(const struct ps_http_answer *const answer, const struct told *const told,
                          const struct ps_aws_doing *const doing, struct ps_error *const err)
{
    const char *const verb = err->retry == PS_RETRY_NEVER ? "cannot" : "could not";
    const char *const text = ps_buf_text(&told->message);
    if (told->code.size > 0) {
        (void)snprintf(err->message, sizeof(err->message), "%s %s: %s%s%s", verb, doing->what,
                       ps_buf_text(&told->code), text[0] == '\0' ? "" : ": ", text);
    } else {
        (void)snprintf(err->message, sizeof(err->message), "%s %s: HTTP status %d", verb,
                       doing->what, answer->http_status);
    }
}

enum ps_status ps_aws_failure(const struct ps_http_answer *const answer,
                              const struct ps_aws_doing *const doing, struct ps_error *const err)
{
    if (answer->reach != PS_HTTP_ANSWERED) {
        *err = answer->error;
        if (!answer->is_ours) {
            (void)ps_error_set(err, answer->error.status, answer->error.retry, "could not %s: %s",
                               doing->what, answer->error.message);
            (void)ps_error_hint(err, "%s", answer->error.hint);
            err->http_status = answer->http_status;
        }
        keep_request_id(answer, err);
        return err->status;
    }
    struct told told PS_CLEANUP(release_told);
    read_told(answer, &told);
    enum ps_status status = PS_E_SERVICE;
    enum ps_retry retry = PS_RETRY_NEVER;
    const char *const hint = mean(ps_buf_text(&told.code), answer->http_status, &status, &retry);
    (void)ps_error_set(err, status, retry, "%s", "");
    err->http_status = answer->http_status;
    copy_text(err->aws_code, sizeof(err->aws_code), ps_buf_str(&told.code));
    keep_request_id(answer, err);
    write_message(answer, &told, doing, err);
    (void)ps_error_hint(err, "%s", hint);
    if (is_wrong_region(answer->http_status, err->aws_code)) {
        explain_region(&told, doing, err);
    }
    explain_clock(answer, doing, err);
    return err->status;
}

enum ps_status ps_aws_unreadable(const struct ps_http_answer *const answer,
                                 const struct ps_aws_doing *const doing, const char *const why,
                                 struct ps_error *const err)
{
    (void)ps_error_set(err, PS_E_CORRUPT, PS_RETRY_LATER,
                       "could not %s: the answer makes no sense: %s", doing->what, why);
    err->http_status = answer->http_status;
    keep_request_id(answer, err);
    return err->status;
}
