/* Amazon S3: whole objects. */
#include "emu/services.h"

#include "base/limits.h"
#include "codec/xml.h"
#include "sim/bucket_calls.h"
#include "sim/stamp.h"

#include <inttypes.h>
#include <stdio.h>

#define DELETE_KEYS_MAX 1000

static void set_subject(struct ps_emu_request *const request)
{
    ps_buf_add_format(&request->subject, "s3://%.*s/%.*s",
                      PS_STR_ARGS(ps_buf_str(&request->bucket)),
                      PS_STR_ARGS(ps_buf_str(&request->key)));
}

bool ps_emu_s3_put(struct ps_emu_request *const request)
{
    struct ps_checksums_result digests;
    struct ps_object_put put = ps_emu_s3_put_of(request);
    set_subject(request);
    put.expected_checksum = ps_emu_s3_checksum_value(request, ps_emu_s3_checksum_of(request));
    if (!ps_object_put(request->world, &request->call, &put, request->file, &digests,
                       &request->refusal)) {
        return false;
    }
    request->answer.status = 200;
    ps_emu_s3_header_etag(request, digests.md5_hex);
    ps_emu_s3_header_checksum(request, digests.chosen, digests.chosen_base64, false);
    ps_emu_answer_header(request, "x-amz-server-side-encryption", PS_STR("AES256"));
    return true;
}

/* ---- get and head ---- */

struct range {
    int64_t from;
    int64_t size_bytes;
    bool is_part;
};

/* "bytes=a-b", "bytes=a-" or "bytes=-n"; what is not one of them is as if it were not there. */
static bool read_range(const struct ps_str text, const int64_t whole_bytes,
                       struct range *const range)
{
    int64_t first = 0;
    int64_t last = whole_bytes - 1;
    *range = (struct range){0, whole_bytes, false};
    if (!ps_str_starts_with(text, PS_STR("bytes="))) {
        return true;
    }
    const struct ps_str spec = ps_str_part(text, 6, text.size);
    const size_t dash = ps_str_find(spec, '-');
    const struct ps_str left = ps_str_part(spec, 0, dash);
    const struct ps_str right = ps_str_part(spec, dash + 1, spec.size);
    if (left.size == 0) {
        int64_t tail = 0;
        if (!ps_str_to_i64(right, &tail) || tail < 0) {
            return true;
        }
        first = tail < whole_bytes ? whole_bytes - tail : 0;
        first = tail == 0 ? whole_bytes : first;
    } else if (!ps_str_to_i64(left, &first) || first < 0 ||
               (right.size > 0 && (!ps_str_to_i64(right, &last) || last < first))) {
        return true;
    }
    if (first >= whole_bytes) {
        return false;
    }
    last = last < whole_bytes - 1 ? last : whole_bytes - 1;
    *range = (struct range){first, last - first + 1, true};
    return true;
}

static bool is_listed(const struct ps_str header, const char *const etag)
{
    struct ps_str bare = header;
    if (bare.size >= 2 && bare.data[0] == '"') {
        bare = ps_str_part(bare, 1, bare.size - 2);
    }
    return ps_str_equals_text(header, "*") || ps_str_equals_text(bare, etag);
}

static bool check_conditions(struct ps_emu_request *const request,
                             const struct ps_object_view *const view)
{
    const struct ps_str match = ps_emu_header(request, "if-match");
    const struct ps_str none_match = ps_emu_header(request, "if-none-match");
    if (match.size > 0 && !is_listed(match, view->etag)) {
        return ps_emu_refuse(request, 412, "PreconditionFailed",
                             "At least one of the pre-conditions you specified did not hold");
    }
    if (none_match.size > 0 && is_listed(none_match, view->etag)) {
        return ps_emu_refuse(request, 304, "NotModified", "Not Modified");
    }
    return true;
}

static void answer_headers(struct ps_emu_request *const request,
                           const struct ps_object_view *const view, const struct range *const range)
{
    char stamp[PS_STAMP_SIZE];
    ps_stamp_http(view->modified_ms, stamp);
    ps_emu_s3_header_etag(request, view->etag);
    ps_emu_answer_header(request, "Last-Modified", ps_str_of(stamp));
    ps_emu_answer_header(request, "Content-Type", ps_str_of(view->content_type));
    ps_emu_answer_header(request, "Accept-Ranges", PS_STR("bytes"));
    ps_emu_answer_header(request, "x-amz-server-side-encryption", PS_STR("AES256"));
    if (range->is_part) {
        char text[96];
        (void)snprintf(text, sizeof text, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, range->from,
                       range->from + range->size_bytes - 1, view->size_bytes);
        ps_emu_answer_header(request, "Content-Range", ps_str_of(text));
    } else if (ps_str_equals_nocase(ps_emu_header(request, "x-amz-checksum-mode"),
                                    PS_STR("ENABLED"))) {
        ps_emu_s3_header_checksum(request, view->algorithm, view->checksum, view->is_composite);
    }
}

static bool get(struct ps_emu_request *const request, const bool wants_file)
{
    struct ps_object_view view;
    struct range range;
    const struct ps_object_place place = ps_emu_s3_place(request);
    set_subject(request);
    if (!ps_object_open(request->world, &request->call, &place, wants_file, &view,
                        &request->refusal)) {
        return false;
    }
    request->answer.file = view.file;
    if (!check_conditions(request, &view)) {
        return false;
    }
    if (!read_range(ps_emu_header(request, "range"), view.size_bytes, &range)) {
        char text[48];
        (void)snprintf(text, sizeof text, "bytes */%" PRId64, view.size_bytes);
        ps_emu_answer_header(request, "Content-Range", ps_str_of(text));
        return ps_emu_refuse(request, 416, "InvalidRange",
                             "The requested range is not satisfiable");
    }
    request->answer.status = range.is_part ? 206 : 200;
    request->answer.file_offset = range.from;
    request->answer.file_size_bytes = range.size_bytes;
    request->answer.is_output = view.is_output;
    answer_headers(request, &view, &range);
    return true;
}

bool ps_emu_s3_get(struct ps_emu_request *const request)
{
    return get(request, true);
}

bool ps_emu_s3_head(struct ps_emu_request *const request)
{
    /* The file too: the answer's length is told from it. */
    return get(request, true);
}

/* ---- delete ---- */

bool ps_emu_s3_delete(struct ps_emu_request *const request)
{
    const struct ps_object_place place = ps_emu_s3_place(request);
    set_subject(request);
    if (!ps_object_delete(request->world, &request->call, &place, &request->refusal)) {
        return false;
    }
    request->answer.status = 204;
    return true;
}

struct delete_list {
    struct ps_buf keys; /* each ended by a NUL byte, which no key can hold */
    int count;
    bool is_quiet;
};

static void release_list(struct delete_list *const list)
{
    ps_buf_release(&list->keys);
}

static void on_delete_leave(void *const context, const int depth, const struct ps_str name,
                            const struct ps_str text)
{
    struct delete_list *const list = context;
    if (depth == 2 && ps_str_equals_text(name, "Key")) {
        list->count++;
        ps_buf_add(&list->keys, text);
        ps_buf_add(&list->keys, (struct ps_str){"", 1});
    } else if (depth == 1 && ps_str_equals_text(name, "Quiet")) {
        list->is_quiet = ps_str_equals_text(text, "true");
    }
}

static void delete_one(struct ps_emu_request *const request, const struct delete_list *const list,
                       const struct ps_str key)
{
    struct ps_object_place place = ps_emu_s3_place(request);
    struct ps_refusal refusal;
    place.key = key;
    if (ps_object_delete(request->world, &request->call, &place, &refusal)) {
        if (!list->is_quiet) {
            ps_buf_add(&request->answer.body, PS_STR("<Deleted>"));
            ps_emu_xml_text(request, "Key", key);
            ps_buf_add(&request->answer.body, PS_STR("</Deleted>"));
        }
        return;
    }
    ps_buf_add(&request->answer.body, PS_STR("<Error>"));
    ps_emu_xml_text(request, "Key", key);
    ps_emu_xml_text(request, "Code", ps_str_of(refusal.code));
    ps_emu_xml_text(request, "Message", ps_str_of(refusal.message));
    ps_buf_add(&request->answer.body, PS_STR("</Error>"));
}

/* DeleteObjects must come with a checksum of its body. */
static bool check_delete_digest(struct ps_emu_request *const request)
{
    const enum ps_checksum chosen = ps_emu_s3_checksum_of(request);
    struct ps_object_put put = ps_emu_s3_put_of(request);
    struct ps_checksums_result digests;
    if (chosen == PS_CHECKSUM_NONE && put.expected_md5.size == 0) {
        return ps_emu_refuse(request, 400, "InvalidRequest",
                             "Missing required header for this request: Content-MD5 OR "
                             "x-amz-checksum-*");
    }
    struct ps_checksums *const checksums = ps_checksums_new(chosen);
    ps_checksums_add(checksums, ps_buf_str(&request->body));
    ps_checksums_end(checksums, &digests);
    (void)ps_checksums_free(checksums);
    put.expected_checksum = ps_emu_s3_checksum_value(request, chosen);
    return ps_object_digests_check(&put, &digests, &request->refusal);
}

bool ps_emu_s3_delete_many(struct ps_emu_request *const request)
{
    static const struct ps_xml_visitor visitor = {NULL, on_delete_leave};
    struct delete_list list PS_CLEANUP(release_list) = {.count = 0};
    const struct ps_object_place place = ps_emu_s3_place(request);
    ps_buf_init(&list.keys, PS_ANSWER_BYTES_MAX);
    ps_buf_add_format(&request->subject, "s3://%.*s/", PS_STR_ARGS(place.bucket));
    if (!ps_bucket_check(request->world, &place, &request->refusal) ||
        !check_delete_digest(request)) {
        return false;
    }
    if (ps_xml_read(ps_buf_str(&request->body), &visitor, &list, NULL) != PS_OK || list.count < 1 ||
        list.count > DELETE_KEYS_MAX) {
        return ps_emu_refuse(request, 400, "MalformedXML",
                             "The XML you provided was not well-formed or did not validate "
                             "against our published schema");
    }
    ps_emu_xml_begin(request, "DeleteResult");
    struct ps_str rest = ps_buf_str(&list.keys);
    while (rest.size > 0) {
        const size_t size = ps_str_find(rest, '\0');
        delete_one(request, &list, ps_str_part(rest, 0, size));
        rest = ps_str_part(rest, size + 1, rest.size);
    }
    ps_buf_add(&request->answer.body, PS_STR("</DeleteResult>"));
    request->answer.status = 200;
    return true;
}
