/* Amazon S3: uploads in parts. */
#include "emu/services.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/xml.h"
#include "sim/stamp.h"
#include "sim/upload_calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_subject(struct ps_emu_request *const request)
{
    ps_buf_add_format(&request->subject, "s3://%.*s/%.*s",
                      PS_STR_ARGS(ps_buf_str(&request->bucket)),
                      PS_STR_ARGS(ps_buf_str(&request->key)));
}

bool ps_emu_s3_create_upload(struct ps_emu_request *const request)
{
    char id[PS_UPLOAD_ID_SIZE];
    const struct ps_upload_start start = {
        .place = ps_emu_s3_place(request),
        .content_type = ps_emu_header(request, "content-type"),
        .algorithm = ps_checksum_of(ps_emu_header(request, "x-amz-checksum-algorithm")),
        .checksum_type = ps_emu_header(request, "x-amz-checksum-type"),
    };
    set_subject(request);
    if (!ps_upload_create(request->world, &request->call, &start, id, &request->refusal)) {
        return false;
    }
    ps_emu_xml_begin(request, "InitiateMultipartUploadResult");
    ps_emu_xml_text(request, "Bucket", start.place.bucket);
    ps_emu_xml_text(request, "Key", start.place.key);
    ps_emu_xml_text(request, "UploadId", ps_str_of(id));
    ps_buf_add(&request->answer.body, PS_STR("</InitiateMultipartUploadResult>"));
    if (start.algorithm != PS_CHECKSUM_NONE) {
        ps_emu_answer_header(request, "x-amz-checksum-algorithm",
                             ps_str_of(ps_checksum_name(start.algorithm)));
    }
    request->answer.status = 200;
    return true;
}

static void read_id(const struct ps_emu_request *const request, struct ps_buf *const id)
{
    ps_buf_init(id, PS_TEXT_BYTES_MAX);
    (void)!ps_emu_parameter(request, "uploadId", id);
}

static bool read_part(struct ps_emu_request *const request, const struct ps_buf *const id,
                      struct ps_upload_part_put *const part)
{
    struct ps_buf number PS_CLEANUP(ps_buf_release);
    ps_buf_init(&number, PS_TEXT_BYTES_MAX);
    (void)!ps_emu_parameter(request, "partNumber", &number);
    part->put = ps_emu_s3_put_of(request);
    part->id = ps_buf_str(id);
    part->number = 0; /* what is no number is no part's */
    (void)!ps_str_to_i64(ps_buf_str(&number), &part->number);
    const enum ps_checksum sent = ps_emu_s3_checksum_of(request);
    enum ps_checksum agreed = PS_CHECKSUM_NONE;
    if (!ps_upload_algorithm(request->world, &part->put.place, part->id, &agreed,
                             &request->refusal)) {
        return false;
    }
    if (sent != PS_CHECKSUM_NONE && agreed != PS_CHECKSUM_NONE && sent != agreed) {
        return ps_emu_refuse(request, 400, "InvalidRequest",
                             "Checksum Type mismatch occurred, expected checksum Type: that of "
                             "the upload");
    }
    part->put.expected_checksum = ps_emu_s3_checksum_value(request, sent);
    return true;
}

bool ps_emu_s3_part(struct ps_emu_request *const request)
{
    struct ps_buf id PS_CLEANUP(ps_buf_release);
    struct ps_upload_part_put part;
    struct ps_checksums_result digests;
    read_id(request, &id);
    set_subject(request);
    if (!read_part(request, &id, &part) ||
        !ps_upload_put_part(request->world, &request->call, &part, request->file, &digests,
                            &request->refusal)) {
        return false;
    }
    request->answer.status = 200;
    ps_emu_s3_header_etag(request, digests.md5_hex);
    ps_emu_s3_header_checksum(request, digests.chosen, digests.chosen_base64, false);
    return true;
}

/* ---- complete ---- */

struct part_list {
    struct ps_upload_part_ref *refs;
    char **etags;
    size_t count;
    int64_t number; /* of the part being read */
    char *etag;
    bool is_broken;
};

static void free_list(struct part_list *const list)
{
    for (size_t index = 0; index < list->count; index++) {
        free(list->etags[index]);
    }
    free(list->etags);
    free(list->refs);
    free(list->etag);
}

static void add_part(struct part_list *const list)
{
    if (list->etag == NULL || list->count >= PS_PART_NUMBER_MAX) {
        list->is_broken = true;
        return;
    }
    list->refs = realloc(list->refs, (list->count + 1) * sizeof *list->refs);
    list->etags = realloc(list->etags, (list->count + 1) * sizeof *list->etags);
    PS_ASSERT(list->refs != NULL && list->etags != NULL);
    list->etags[list->count] = PS_TAKE(&list->etag);
    list->refs[list->count] =
        (struct ps_upload_part_ref){list->number, ps_str_of(list->etags[list->count])};
    list->count++;
}

static void on_part_leave(void *const context, const int depth, const struct ps_str name,
                          const struct ps_str text)
{
    struct part_list *const list = context;
    if (depth == 2 && ps_str_equals_text(name, "PartNumber")) {
        list->is_broken |= !ps_str_to_i64(ps_str_trim(text), &list->number);
    } else if (depth == 2 && ps_str_equals_text(name, "ETag")) {
        free(list->etag);
        list->etag = ps_str_dup(ps_str_trim(text));
    } else if (depth == 1 && ps_str_equals_text(name, "Part")) {
        add_part(list);
    }
}

static bool complete(struct ps_emu_request *const request, const struct ps_upload_end *const end)
{
    struct ps_object_view view;
    if (!ps_upload_complete(request->world, &request->call, end, &view, &request->refusal)) {
        return false;
    }
    char quoted[96];
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", view.etag);
    ps_emu_xml_begin(request, "CompleteMultipartUploadResult");
    ps_emu_xml_text(request, "Bucket", end->put.place.bucket);
    ps_emu_xml_text(request, "Key", end->put.place.key);
    ps_emu_xml_text(request, "ETag", ps_str_of(quoted));
    if (view.algorithm != PS_CHECKSUM_NONE) {
        char name[32];
        (void)snprintf(name, sizeof name, "Checksum%s", ps_checksum_name(view.algorithm));
        ps_emu_xml_text(request, name, ps_str_of(view.checksum));
        ps_emu_xml_text(request, "ChecksumType",
                        view.is_composite ? PS_STR("COMPOSITE") : PS_STR("FULL_OBJECT"));
    }
    ps_buf_add(&request->answer.body, PS_STR("</CompleteMultipartUploadResult>"));
    request->answer.status = 200;
    return true;
}

bool ps_emu_s3_complete(struct ps_emu_request *const request)
{
    static const struct ps_xml_visitor visitor = {NULL, on_part_leave};
    struct part_list list PS_CLEANUP(free_list) = {.count = 0};
    struct ps_buf id PS_CLEANUP(ps_buf_release);
    const struct ps_str size = ps_emu_header(request, "x-amz-mp-object-size");
    read_id(request, &id);
    set_subject(request);
    if (ps_xml_read(ps_buf_str(&request->body), &visitor, &list, NULL) != PS_OK || list.is_broken) {
        return ps_emu_refuse(request, 400, "MalformedXML",
                             "The XML you provided was not well-formed or did not validate "
                             "against our published schema");
    }
    struct ps_upload_end end = {
        .put = ps_emu_s3_put_of(request),
        .id = ps_buf_str(&id),
        .parts = list.refs,
        .part_count = list.count,
        .expected_size_bytes = -1,
    };
    end.put.expected_sha256 = PS_STR("");
    end.put.expected_checksum = ps_emu_s3_checksum_value(request, ps_emu_s3_checksum_of(request));
    if (size.size > 0 && !ps_str_to_i64(size, &end.expected_size_bytes)) {
        return ps_emu_refuse(request, 400, "InvalidArgument",
                             "x-amz-mp-object-size is not a number");
    }
    return complete(request, &end);
}

bool ps_emu_s3_abort(struct ps_emu_request *const request)
{
    struct ps_buf id PS_CLEANUP(ps_buf_release);
    const struct ps_object_place place = ps_emu_s3_place(request);
    read_id(request, &id);
    set_subject(request);
    if (!ps_upload_abort(request->world, &request->call, &place, ps_buf_str(&id),
                         &request->refusal)) {
        return false;
    }
    request->answer.status = 204;
    return true;
}

/* ---- lists ---- */

static void add_part_view(void *const context, const struct ps_part_view *const part)
{
    struct ps_emu_request *const request = context;
    char stamp[PS_STAMP_SIZE];
    char etag[96];
    ps_stamp_iso(part->modified_ms, stamp);
    (void)snprintf(etag, sizeof etag, "\"%s\"", part->etag);
    ps_buf_add(&request->answer.body, PS_STR("<Part>"));
    ps_emu_xml_number(request, "PartNumber", part->number);
    ps_emu_xml_text(request, "LastModified", ps_str_of(stamp));
    ps_emu_xml_text(request, "ETag", ps_str_of(etag));
    ps_emu_xml_number(request, "Size", part->size_bytes);
    ps_buf_add(&request->answer.body, PS_STR("</Part>"));
}

bool ps_emu_s3_list_parts(struct ps_emu_request *const request)
{
    struct ps_buf id PS_CLEANUP(ps_buf_release);
    const struct ps_object_place place = ps_emu_s3_place(request);
    read_id(request, &id);
    set_subject(request);
    ps_emu_xml_begin(request, "ListPartsResult");
    ps_emu_xml_text(request, "Bucket", place.bucket);
    ps_emu_xml_text(request, "Key", place.key);
    ps_emu_xml_text(request, "UploadId", ps_buf_str(&id));
    ps_emu_xml_text(request, "IsTruncated", PS_STR("false"));
    if (!ps_upload_list_parts(request->world, &place, ps_buf_str(&id), add_part_view, request,
                              &request->refusal)) {
        return false;
    }
    ps_buf_add(&request->answer.body, PS_STR("</ListPartsResult>"));
    request->answer.status = 200;
    return true;
}

static void add_upload(void *const context, const char *const key, const char *const id,
                       const int64_t created_ms)
{
    struct ps_emu_request *const request = context;
    char stamp[PS_STAMP_SIZE];
    ps_stamp_iso(created_ms, stamp);
    ps_buf_add(&request->answer.body, PS_STR("<Upload>"));
    ps_emu_xml_text(request, "Key", ps_str_of(key));
    ps_emu_xml_text(request, "UploadId", ps_str_of(id));
    ps_emu_xml_text(request, "StorageClass", PS_STR("STANDARD"));
    ps_emu_xml_text(request, "Initiated", ps_str_of(stamp));
    ps_buf_add(&request->answer.body, PS_STR("</Upload>"));
}

bool ps_emu_s3_list_uploads(struct ps_emu_request *const request)
{
    struct ps_buf prefix PS_CLEANUP(ps_buf_release);
    struct ps_object_place place = ps_emu_s3_place(request);
    ps_buf_init(&prefix, PS_TEXT_BYTES_MAX);
    (void)!ps_emu_parameter(request, "prefix", &prefix);
    place.key = ps_buf_str(&prefix);
    ps_buf_add_format(&request->subject, "s3://%.*s/%.*s", PS_STR_ARGS(place.bucket),
                      PS_STR_ARGS(place.key));
    ps_emu_xml_begin(request, "ListMultipartUploadsResult");
    ps_emu_xml_text(request, "Bucket", place.bucket);
    ps_emu_xml_text(request, "Prefix", place.key);
    ps_emu_xml_text(request, "IsTruncated", PS_STR("false"));
    if (!ps_upload_list(request->world, &place, add_upload, request, &request->refusal)) {
        return false;
    }
    ps_buf_add(&request->answer.body, PS_STR("</ListMultipartUploadsResult>"));
    request->answer.status = 200;
    return true;
}
