#include "aws/s3_put.h"

#include "aws/sigv4.h"
#include "base/assert.h"
#include "base/limits.h"
#include "codec/xml.h"

#include <stdlib.h>
#include <string.h>

#define PARTS_MAX INT64_C(10000)
#define ETAG_BYTES_MAX ((size_t)128)

static void send_part(struct ps_act *act);

static int64_t part_bytes_of(const struct ps_act *const act)
{
    const struct ps_s3_put *const put = act->state;
    const int64_t least_bytes = put->body.size_bytes / PARTS_MAX + 1;
    const int64_t wanted_bytes = ps_act_part_bytes(act);
    return wanted_bytes > least_bytes ? wanted_bytes : least_bytes;
}

static void set_upload_query(const struct ps_s3_put *const put, struct ps_buf *const query)
{
    ps_buf_init(query, 4 * PS_TEXT_BYTES_MAX);
    ps_s3_add_parameter(query, "uploadId", ps_str_of(put->upload_id));
}

/* The upload is gone, or could not be aborted: the first error is the one that counts. */
static void end_failed(struct ps_act *const act)
{
    const struct ps_s3_put *const put = act->state;
    if (put->must_check) {
        ps_s3_check_begin(act);
        return;
    }
    act->fact.error = put->failure;
    ps_act_end(act, put->failure_outcome);
}

static void on_aborted(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    (void)answer;
    end_failed(act);
}

static void abort_upload(struct ps_act *const act)
{
    const struct ps_s3_put *const put = act->state;
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    struct ps_buf query PS_CLEANUP(ps_buf_release);
    ps_s3_key_path(act, &path);
    set_upload_query(put, &query);
    const struct ps_act_request request = {.service = PS_AWS_S3,
                                           .method = "DELETE",
                                           .path = ps_buf_str(&path),
                                           .query = ps_buf_str(&query),
                                           .on_answer = on_aborted};
    ps_act_send(act, &request);
}

/* Keeps act->fact.error for the end, and aborts. */
static void fail(struct ps_act *const act, const enum ps_outcome outcome)
{
    struct ps_s3_put *const put = act->state;
    ps_s3_put_close_body(act);
    put->failure = act->fact.error;
    put->failure_outcome = outcome;
    abort_upload(act);
}

static void fail_answer(struct ps_act *const act, const struct ps_http_answer *const answer,
                        const enum ps_outcome outcome)
{
    const struct ps_aws_doing doing = ps_act_doing(act);
    (void)ps_aws_failure(answer, &doing, &act->fact.error);
    fail(act, outcome);
}

struct completion {
    bool is_result;
    bool is_other_crc32;
    const char *checksum;
};

static void on_completion_leave(void *const context, const int depth, const struct ps_str name,
                                const struct ps_str text)
{
    struct completion *const completion = context;
    if (depth == 0) {
        completion->is_result = ps_str_equals_text(name, "CompleteMultipartUploadResult");
    } else if (depth == 1 && ps_str_equals_text(name, "ChecksumCRC32")) {
        completion->is_other_crc32 = !ps_str_equals_text(text, completion->checksum);
    }
}

/* Success may begin with status 200 and still end in an error: the body decides. */
static void on_completed(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    static const struct ps_xml_visitor visitor = {NULL, on_completion_leave};
    struct ps_s3_put *const put = act->state;
    char checksum[PS_CRC32_BASE64_SIZE];
    ps_crc32_base64(put->body.crc32, checksum);
    struct completion completion = {false, false, checksum};
    struct ps_error *const err = &act->fact.error;
    const struct ps_aws_doing doing = ps_act_doing(act);
    if (ps_act_is_success(answer)) {
        const enum ps_status status =
            ps_xml_read(ps_str_trim(answer->body), &visitor, &completion, err);
        if (status == PS_OK && completion.is_result && !completion.is_other_crc32) {
            act->fact.text = ps_s3_etag_dup(answer);
            ps_act_end(act, PS_OUTCOME_YES);
            return;
        }
        if (status == PS_OK && completion.is_result) {
            (void)ps_aws_unreadable(answer, &doing, "its checksum is not ours", err);
        } else if (status == PS_OK) {
            (void)ps_aws_failure(answer, &doing, err);
        } else {
            (void)ps_aws_unreadable(answer, &doing, "it is no XML", err);
        }
        err->retry = PS_RETRY_LATER;
        fail(act, PS_OUTCOME_UNKNOWN);
        return;
    }
    const bool is_refused = answer->reach == PS_HTTP_ANSWERED && answer->http_status < 500;
    put->must_check = is_refused && answer->http_status == 412;
    if (is_refused || answer->reach == PS_HTTP_UNSENT) {
        fail_answer(act, answer, PS_OUTCOME_NO);
    } else {
        fail_answer(act, answer, PS_OUTCOME_UNKNOWN);
    }
}

static void send_completion(struct ps_act *const act)
{
    struct ps_s3_put *const put = act->state;
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    struct ps_buf query PS_CLEANUP(ps_buf_release);
    struct ps_buf body PS_CLEANUP(ps_buf_release);
    struct ps_buf size PS_CLEANUP(ps_buf_release);
    ps_s3_key_path(act, &path);
    set_upload_query(put, &query);
    ps_buf_init(&body, PS_ANSWER_BYTES_MAX);
    ps_buf_add_text(&body,
                    "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    ps_buf_add(&body, ps_buf_str(&put->done_parts));
    ps_buf_add_text(&body, "</CompleteMultipartUpload>");
    ps_buf_init(&size, 32);
    ps_buf_add_format(&size, "%lld", (long long)put->body.size_bytes);
    char checksum[PS_CRC32_BASE64_SIZE];
    ps_crc32_base64(put->body.crc32, checksum);
    const struct ps_act_request request = {
        .service = PS_AWS_S3,
        .method = "POST",
        .path = ps_buf_str(&path),
        .query = ps_buf_str(&query),
        .headers = {{"If-None-Match", PS_STR("*")},
                    {"x-amz-checksum-crc32", ps_str_of(checksum)},
                    {"x-amz-checksum-type", PS_STR("FULL_OBJECT")},
                    {"x-amz-mp-object-size", ps_buf_str(&size)},
                    {"Content-Type", PS_STR("application/xml")}},
        .header_count = 5,
        .body = ps_buf_str(&body),
        .on_answer = on_completed};
    ps_act_send(act, &request);
}

/* False: an ETag that cannot be sent back. */
static bool note_part(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    struct ps_s3_put *const put = act->state;
    const struct ps_str etag = ps_http_header(answer, "etag");
    if (etag.size == 0 || etag.size > ETAG_BYTES_MAX) {
        return false;
    }
    ps_buf_add_format(&put->done_parts, "<Part><PartNumber>%lld</PartNumber><ETag>",
                      (long long)put->part_number);
    const bool is_added = ps_xml_escape(etag, &put->done_parts);
    PS_ASSERT(is_added);
    ps_buf_add_format(&put->done_parts, "</ETag><ChecksumCRC32>%s</ChecksumCRC32></Part>",
                      put->part_checksum);
    return true;
}

static void on_part(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    const struct ps_s3_put *const put = act->state;
    const struct ps_aws_doing doing = ps_act_doing(act);
    if (!ps_act_is_success(answer)) {
        /* Nothing of it can be seen until the completion: surely not put. */
        fail_answer(act, answer, PS_OUTCOME_NO);
    } else if (!note_part(act, answer)) {
        (void)ps_aws_unreadable(answer, &doing, "a part has no ETag", &act->fact.error);
        fail(act, PS_OUTCOME_NO);
    } else if (put->given_bytes < put->body.size_bytes) {
        send_part(act);
    } else {
        ps_s3_put_close_body(act);
        send_completion(act);
    }
}

static enum ps_status fill_part(struct ps_act *const act, struct ps_error *const err)
{
    struct ps_s3_put *const put = act->state;
    const int64_t part_bytes = part_bytes_of(act);
    ps_buf_clear(&put->part);
    while ((int64_t)put->part.size < part_bytes && put->given_bytes < put->body.size_bytes) {
        const size_t room_size = (size_t)(part_bytes - (int64_t)put->part.size);
        char *const room = ps_buf_reserve(&put->part, room_size);
        PS_ASSERT(room != NULL);
        size_t size = 0;
        const enum ps_status status = ps_s3_put_read(act, room, room_size, &size, err);
        if (status != PS_OK) {
            return status;
        }
        if (size == 0) {
            return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                                "cannot %s: its body ended too early", act->what);
        }
        ps_buf_commit(&put->part, size);
    }
    return PS_OK;
}

static enum ps_status read_part(struct ps_act *const act, char *const room, const size_t room_size,
                                size_t *const ret_size, struct ps_error *const err)
{
    (void)err;
    struct ps_s3_put *const put = act->state;
    const struct ps_str bytes = ps_str_part(ps_buf_str(&put->part), put->part_given, room_size);
    memcpy(room, bytes.data, bytes.size);
    put->part_given += bytes.size;
    *ret_size = bytes.size;
    return PS_OK;
}

static void send_part(struct ps_act *const act)
{
    struct ps_s3_put *const put = act->state;
    if (fill_part(act, &act->fact.error) != PS_OK) {
        fail(act, PS_OUTCOME_NO);
        return;
    }
    put->part_number++;
    ps_crc32_base64(ps_crc32(0, ps_buf_str(&put->part)), put->part_checksum);
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    struct ps_buf query PS_CLEANUP(ps_buf_release);
    ps_s3_key_path(act, &path);
    set_upload_query(put, &query);
    ps_buf_add_format(&query, "&partNumber=%lld", (long long)put->part_number);
    const bool is_signed = ps_act_is_payload_signed(act);
    const struct ps_act_request request = {
        .service = PS_AWS_S3,
        .method = "PUT",
        .path = ps_buf_str(&path),
        .query = ps_buf_str(&query),
        .headers = {{"x-amz-checksum-crc32", ps_str_of(put->part_checksum)}},
        .header_count = 1,
        .body = ps_buf_str(&put->part),
        .body_bytes = (int64_t)put->part.size,
        .payload_hash = is_signed ? PS_STR("") : PS_STR(PS_SIGV4_UNSIGNED_PAYLOAD),
        .on_answer = on_part};
    put->part_given = 0;
    act->read_body = read_part;
    ps_act_send(act, &request);
}

/* An upload may have begun that nobody knows the id of: it is looked for and aborted before the act
 * ends. */
static void on_looked_for(struct ps_act *const act, const bool is_done,
                          const enum ps_outcome outcome)
{
    (void)is_done;
    (void)outcome;
    end_failed(act);
}

static void on_created(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    struct ps_s3_put *const put = act->state;
    struct ps_error *const err = &act->fact.error;
    struct ps_buf id PS_CLEANUP(ps_buf_release);
    ps_buf_init(&id, PS_S3_TOKEN_BYTES_MAX);
    const struct ps_aws_doing doing = ps_act_doing(act);
    if (ps_act_is_success(answer) &&
        ps_xml_find(ps_str_trim(answer->body), "UploadId", &id, err) == PS_OK && id.size > 0) {
        put->upload_id = ps_str_dup(ps_buf_str(&id));
        send_part(act);
        return;
    }
    const bool is_refused = (answer->reach == PS_HTTP_ANSWERED && answer->http_status >= 300) ||
                            answer->reach == PS_HTTP_UNSENT;
    if (ps_act_is_success(answer)) {
        (void)ps_aws_unreadable(answer, &doing, "it has no UploadId", err);
    } else {
        (void)ps_aws_failure(answer, &doing, err);
    }
    ps_s3_put_close_body(act);
    put->failure = *err;
    put->failure_outcome = PS_OUTCOME_NO;
    if (is_refused) {
        end_failed(act);
    } else {
        ps_s3_uploads_begin(act, true, on_looked_for);
    }
}

void ps_s3_multipart_begin(struct ps_act *const act)
{
    struct ps_s3_put *const put = act->state;
    ps_buf_init(&put->part, (size_t)part_bytes_of(act));
    ps_buf_init(&put->done_parts, PS_ANSWER_BYTES_MAX - PS_TEXT_BYTES_MAX);
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    ps_s3_key_path(act, &path);
    const struct ps_act_request request = {
        .service = PS_AWS_S3,
        .method = "POST",
        .path = ps_buf_str(&path),
        .query = PS_STR("uploads="),
        .headers = {{"x-amz-checksum-algorithm", PS_STR("CRC32")},
                    {"x-amz-checksum-type", PS_STR("FULL_OBJECT")},
                    {"Content-Type", PS_STR("application/octet-stream")}},
        .header_count = 3,
        .on_answer = on_created};
    ps_act_send(act, &request);
}
