#include "aws/s3_put.h"

#include "aws/sigv4.h"
#include "base/assert.h"
#include "codec/digest.h"

#include <stdlib.h>
#include <string.h>

#define DIGEST_CHUNK_BYTES 65536

void ps_s3_put_close_body(struct ps_act *const act)
{
    struct ps_s3_put *const put = act->state;
    if (put->is_open) {
        const struct ps_streams *const streams = ps_act_streams(act);
        streams->ops->close_body(streams->context, &put->body);
        put->is_open = false;
    }
}

static void free_put(struct ps_act *const act)
{
    struct ps_s3_put *const put = act->state;
    ps_s3_put_close_body(act);
    free(put->upload_id);
    ps_buf_release(&put->part);
    ps_buf_release(&put->done_parts);
    free(put);
}

static enum ps_status open_body(struct ps_act *const act, struct ps_error *const err)
{
    struct ps_s3_put *const put = act->state;
    const struct ps_streams *const streams = ps_act_streams(act);
    PS_ASSERT(!put->is_open);
    memset(&put->body, 0, sizeof(put->body));
    const enum ps_status status =
        streams->ops->open_body(streams->context, &act->wish, &put->body, err);
    put->is_open = status == PS_OK;
    put->given_bytes = 0;
    put->crc32 = 0;
    return status;
}

static enum ps_status check_end(const struct ps_s3_put *const put, struct ps_error *const err)
{
    if (put->given_bytes == put->body.size_bytes && put->crc32 != put->body.crc32) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                            "cannot put the shard: its bytes are not those that were planned");
    }
    return PS_OK;
}

/* The last bytes go out only when the whole is what was planned. */
enum ps_status ps_s3_put_read(struct ps_act *const act, char *const room, const size_t room_size,
                              size_t *const ret_size, struct ps_error *const err)
{
    struct ps_s3_put *const put = act->state;
    const struct ps_streams *const streams = ps_act_streams(act);
    const enum ps_status status =
        streams->ops->read_body(streams->context, &put->body, room, room_size, ret_size, err);
    if (status != PS_OK) {
        return status;
    }
    PS_ASSERT(*ret_size <= room_size);
    put->crc32 = ps_crc32(put->crc32, (struct ps_str){room, *ret_size});
    put->given_bytes += (int64_t)*ret_size;
    return check_end(put, err);
}

/* Over plain http the body is signed: read once to digest it, and a second time to send it. */
static enum ps_status digest_body(struct ps_act *const act, struct ps_error *const err)
{
    struct ps_s3_put *const put = act->state;
    struct ps_sha256_running *running = ps_sha256_running_new();
    char *const room = malloc(DIGEST_CHUNK_BYTES);
    PS_ASSERT(room != NULL);
    enum ps_status status = PS_OK;
    while (status == PS_OK && put->given_bytes < put->body.size_bytes) {
        size_t size = 0;
        status = ps_s3_put_read(act, room, DIGEST_CHUNK_BYTES, &size, err);
        if (status == PS_OK && size == 0) {
            status = ps_error_set(err, PS_E_CORRUPT, PS_RETRY_NEVER,
                                  "cannot put the shard: it ended %lld bytes too early",
                                  (long long)(put->body.size_bytes - put->given_bytes));
        }
        ps_sha256_running_add(running, (struct ps_str){room, size});
    }
    ps_sha256_running_hex(running, put->payload_hash);
    running = ps_sha256_running_free(running);
    free(room);
    if (status != PS_OK) {
        return status;
    }
    ps_s3_put_close_body(act);
    return open_body(act, err);
}

static void on_put(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    ps_s3_put_close_body(act);
    if (ps_act_is_success(answer)) {
        act->fact.text = ps_s3_etag_dup(answer);
        ps_act_end(act, PS_OUTCOME_YES);
    } else if (answer->reach == PS_HTTP_ANSWERED && answer->http_status == 412) {
        ps_s3_check_begin(act);
    } else if (answer->reach == PS_HTTP_ANSWERED && answer->http_status < 500) {
        ps_act_fail(act, answer, PS_OUTCOME_NO);
    } else if (answer->reach == PS_HTTP_UNSENT || answer->reach == PS_HTTP_PARTLY_SENT) {
        ps_act_fail(act, answer, PS_OUTCOME_NO);
    } else {
        ps_act_fail(act, answer, PS_OUTCOME_UNKNOWN);
    }
}

static void send_put(struct ps_act *const act)
{
    struct ps_s3_put *const put = act->state;
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    ps_s3_key_path(act, &path);
    char checksum[PS_CRC32_BASE64_SIZE];
    ps_crc32_base64(put->body.crc32, checksum);
    const bool is_signed = ps_act_is_payload_signed(act);
    const struct ps_act_request request = {
        .service = PS_AWS_S3,
        .method = "PUT",
        .path = ps_buf_str(&path),
        .headers = {{"If-None-Match", PS_STR("*")},
                    {"x-amz-checksum-crc32", ps_str_of(checksum)},
                    {"Content-Type", PS_STR("application/octet-stream")}},
        .header_count = 3,
        .body_bytes = put->body.size_bytes,
        .payload_hash =
            is_signed ? ps_str_of(put->payload_hash) : PS_STR(PS_SIGV4_UNSIGNED_PAYLOAD),
        .on_answer = on_put};
    act->read_body = ps_s3_put_read;
    ps_act_send(act, &request);
}

void ps_s3_begin_put(struct ps_act *const act)
{
    struct ps_error *const err = &act->fact.error;
    struct ps_s3_put *const put = calloc(1, sizeof(*put));
    PS_ASSERT(put != NULL);
    act->state = put;
    act->free_state = free_put;
    ps_s3_set_what(act, "put");
    enum ps_status status = open_body(act, err);
    if (status == PS_OK && put->body.size_bytes > ps_act_multipart_from_bytes(act)) {
        ps_s3_multipart_begin(act);
        return;
    }
    if (status == PS_OK && ps_act_is_payload_signed(act)) {
        status = digest_body(act, err);
    }
    if (status != PS_OK) {
        ps_act_end(act, PS_OUTCOME_NO);
        return;
    }
    send_put(act);
}
