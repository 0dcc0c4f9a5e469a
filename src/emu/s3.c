/* Amazon S3: what its operations share - places, checksums, bodies, errors, XML. */
#include "emu/services.h"

#include "base/limits.h"
#include "codec/xml.h"
#include "emu/route.h"
#include "sim/bucket_calls.h"
#include "sim/upload_calls.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"

struct ps_object_place ps_emu_s3_place(const struct ps_emu_request *const request)
{
    return (struct ps_object_place){
        .bucket = ps_buf_str(&request->bucket),
        .key = ps_buf_str(&request->key),
        .region = ps_str_of(request->region),
        .owner = ps_emu_header(request, "x-amz-expected-bucket-owner"),
    };
}

/* ---- checksums ---- */

enum ps_checksum ps_emu_s3_checksum_of(const struct ps_emu_request *const request)
{
    static const struct ps_str prefix = {"x-amz-checksum-", 15};
    for (size_t index = 0; index < request->header_count; index++) {
        const struct ps_str name = request->headers[index].name;
        if (ps_str_equals_nocase(ps_str_part(name, 0, prefix.size), prefix) &&
            ps_checksum_of(name) != PS_CHECKSUM_NONE) {
            return ps_checksum_of(name);
        }
    }
    return ps_checksum_of(ps_str_trim(ps_emu_header(request, "x-amz-trailer")));
}

struct ps_str ps_emu_s3_checksum_value(const struct ps_emu_request *const request,
                                       const enum ps_checksum checksum)
{
    char name[64];
    (void)snprintf(name, sizeof name, "x-amz-checksum-%s", ps_checksum_name(checksum));
    const struct ps_str value = ps_emu_header(request, name);
    if (value.size > 0 || request->chunked == NULL) {
        return value;
    }
    return ps_chunked_trailer(request->chunked, ps_str_of(name));
}

/* ---- bodies ---- */

struct ps_object_put ps_emu_s3_put_of(const struct ps_emu_request *const request)
{
    const struct ps_str hash = ps_emu_header(request, "x-amz-content-sha256");
    const bool is_signed = hash.size == PS_SHA256_HEX_SIZE - 1;
    return (struct ps_object_put){
        .place = ps_emu_s3_place(request),
        .content_type = ps_emu_header(request, "content-type"),
        .is_if_none_match = ps_str_equals_text(ps_emu_header(request, "if-none-match"), "*"),
        .if_match = ps_emu_header(request, "if-match"),
        .expected_sha256 = is_signed ? hash : PS_STR(""),
        .expected_md5 = ps_emu_header(request, "content-md5"),
    };
}

/* Refuses what the emulator cannot do, rather than doing something else. */
static bool check_put_headers(struct ps_emu_request *const request)
{
    const struct ps_str none_match = ps_emu_header(request, "if-none-match");
    if (none_match.size > 0 && !ps_str_equals_text(none_match, "*")) {
        return ps_emu_refuse(request, 501, "NotImplemented",
                             "A header you provided implies functionality that is not "
                             "implemented.");
    }
    const struct ps_str hash = ps_emu_header(request, "x-amz-content-sha256");
    const bool is_known = hash.size == PS_SHA256_HEX_SIZE - 1 || hash.size == 0 ||
                          ps_str_equals_text(hash, PS_SIGV4_UNSIGNED_PAYLOAD) ||
                          ps_str_starts_with(hash, PS_STR("STREAMING-"));
    if (!is_known) {
        return ps_emu_refuse(request, 400, "InvalidArgument",
                             "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-..., or a "
                             "valid sha256 value.");
    }
    return true;
}

static bool open_part(struct ps_emu_request *const request, enum ps_checksum *const chosen)
{
    struct ps_buf id PS_CLEANUP(ps_buf_release);
    ps_buf_init(&id, PS_TEXT_BYTES_MAX);
    const struct ps_object_place place = ps_emu_s3_place(request);
    enum ps_checksum agreed = PS_CHECKSUM_NONE;
    (void)!ps_emu_parameter(request, "uploadId", &id);
    if (!ps_upload_algorithm(request->world, &place, ps_buf_str(&id), &agreed, &request->refusal)) {
        return false;
    }
    *chosen = agreed != PS_CHECKSUM_NONE ? agreed : *chosen;
    return true;
}

bool ps_emu_s3_open_body(struct ps_emu_request *const request)
{
    struct ps_error err;
    const bool is_part = request->route->fault_op == PS_OP_PART;
    const struct ps_object_put put = ps_emu_s3_put_of(request);
    const struct ps_str hash = ps_emu_header(request, "x-amz-content-sha256");
    enum ps_checksum chosen = ps_emu_s3_checksum_of(request);
    if (!check_put_headers(request) || (is_part && !open_part(request, &chosen)) ||
        (!is_part && !ps_object_put_check(request->world, &put, &request->refusal))) {
        return false;
    }
    if (ps_str_starts_with(hash, PS_STR("STREAMING-"))) {
        request->chunked = ps_chunked_new();
    }
    /* S3 keeps a CRC64NVME of every object, also when the client sent none. */
    if (chosen == PS_CHECKSUM_NONE && !is_part) {
        chosen = PS_CHECKSUM_CRC64NVME;
    }
    if (ps_object_new_body(request->world, chosen, &request->file, &err) != PS_OK) {
        return ps_emu_refuse(request, 500, "InternalError", err.message);
    }
    return true;
}

/* ---- headers ---- */

void ps_emu_s3_header_etag(struct ps_emu_request *const request, const char *const etag)
{
    char quoted[96];
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", etag);
    ps_emu_answer_header(request, "ETag", ps_str_of(quoted));
}

void ps_emu_s3_header_checksum(struct ps_emu_request *const request,
                               const enum ps_checksum algorithm, const char *const value,
                               const bool is_composite)
{
    static const char *const names[PS_CHECKSUM_COUNT] = {
        [PS_CHECKSUM_CRC32] = "x-amz-checksum-crc32",
        [PS_CHECKSUM_CRC32C] = "x-amz-checksum-crc32c",
        [PS_CHECKSUM_CRC64NVME] = "x-amz-checksum-crc64nvme",
        [PS_CHECKSUM_SHA1] = "x-amz-checksum-sha1",
        [PS_CHECKSUM_SHA256] = "x-amz-checksum-sha256",
    };
    if (algorithm != PS_CHECKSUM_NONE) {
        ps_emu_answer_header(request, names[algorithm], ps_str_of(value));
        ps_emu_answer_header(request, "x-amz-checksum-type",
                             is_composite ? PS_STR("COMPOSITE") : PS_STR("FULL_OBJECT"));
    }
}

/* ---- XML ---- */

void ps_emu_xml_begin(struct ps_emu_request *const request, const char *const root)
{
    ps_buf_clear(&request->answer.body);
    ps_buf_add_format(&request->answer.body,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s xmlns=\"" NAMESPACE "\">",
                      root);
    ps_emu_answer_header(request, "Content-Type", PS_STR("application/xml"));
}

void ps_emu_xml_text(struct ps_emu_request *const request, const char *const name,
                     const struct ps_str text)
{
    ps_buf_add_format(&request->answer.body, "<%s>", name);
    (void)!ps_xml_escape(text, &request->answer.body);
    ps_buf_add_format(&request->answer.body, "</%s>", name);
}

void ps_emu_xml_number(struct ps_emu_request *const request, const char *const name,
                       const int64_t number)
{
    ps_buf_add_format(&request->answer.body, "<%s>%" PRId64 "</%s>", name, number, name);
}

/* ---- errors ---- */

bool ps_emu_s3_unknown(struct ps_emu_request *const request)
{
    return ps_emu_refuse(request, 501, "NotImplemented",
                         "A header or query you provided implies functionality that is not "
                         "implemented.");
}

void ps_emu_s3_error(struct ps_emu_request *const request)
{
    const struct ps_refusal *const refusal = &request->refusal;
    struct ps_buf *const body = &request->answer.body;
    request->answer.status = refusal->http_status;
    ps_buf_clear(body);
    ps_buf_add(body, PS_STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>"));
    ps_emu_xml_text(request, "Code", ps_str_of(refusal->code));
    ps_emu_xml_text(request, "Message", ps_str_of(refusal->message));
    if (refusal->region[0] != '\0') {
        ps_emu_xml_text(request, "Bucket", ps_buf_str(&request->bucket));
        ps_emu_answer_header(request, "x-amz-bucket-region", ps_str_of(refusal->region));
    }
    ps_emu_xml_text(request, "Resource", request->path);
    ps_emu_xml_text(request, "RequestId", ps_str_of(request->call.request_id));
    ps_buf_add(body, PS_STR("</Error>"));
    ps_emu_answer_header(request, "Content-Type", PS_STR("application/xml"));
}
