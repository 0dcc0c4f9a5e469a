#include "aws/s3_put.h"

#include "codec/digest.h"

#include <stdlib.h>

static void end_equal(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    free(act->fact.text);
    act->fact.text = ps_s3_etag_dup(answer);
    act->fact.is_equal = true;
    act->fact.error = (struct ps_error){.status = PS_OK};
    ps_act_end(act, PS_OUTCOME_YES);
}

static void end_different(struct ps_act *const act, const char *const how)
{
    struct ps_error *const err = &act->fact.error;
    (void)ps_error_set(err, PS_E_CONFLICT, PS_RETRY_NEVER,
                       "cannot %s: something else is there already, it differs in its %s",
                       act->what, how);
    (void)ps_error_hint(
        err, "The input or the converter changed since this run put it: start another run "
             "with --new.");
    ps_aws_set_code(err, 412, "PreconditionFailed");
    ps_act_end(act, PS_OUTCOME_NO);
}

/* Nobody knows yet whether what is there is ours: the put is repeated, and asks again. */
static void end_unknown(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    const bool is_gone = answer->reach == PS_HTTP_ANSWERED && answer->http_status == 404;
    const struct ps_aws_doing doing = ps_act_doing(act);
    (void)ps_aws_failure(answer, &doing, &act->fact.error);
    if (is_gone) {
        /* Deleted between the two requests: the next put will find the place free. */
        act->fact.error.retry = PS_RETRY_LATER;
        ps_act_end(act, PS_OUTCOME_NO);
        return;
    }
    ps_act_end(act, act->fact.error.retry == PS_RETRY_LATER ? PS_OUTCOME_UNKNOWN : PS_OUTCOME_NO);
}

static enum ps_status on_bytes(struct ps_act *const act, const struct ps_http_answer *const answer,
                               const struct ps_str bytes, struct ps_error *const err)
{
    (void)answer;
    (void)err;
    struct ps_s3_put *const put = act->state;
    put->read_bytes += (int64_t)bytes.size;
    put->read_crc32 = ps_crc32(put->read_crc32, bytes);
    return PS_OK;
}

static void on_read_back(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    struct ps_s3_put *const put = act->state;
    if (!ps_act_is_success(answer)) {
        end_unknown(act, answer);
    } else if (put->read_bytes != put->body.size_bytes) {
        end_different(act, "size");
    } else if (put->read_crc32 != put->body.crc32) {
        end_different(act, "bytes");
    } else {
        end_equal(act, answer);
    }
}

static void read_back(struct ps_act *const act)
{
    struct ps_s3_put *const put = act->state;
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    ps_s3_key_path(act, &path);
    const struct ps_act_request request = {.service = PS_AWS_S3,
                                           .method = "GET",
                                           .path = ps_buf_str(&path),
                                           .on_answer = on_read_back};
    put->read_bytes = 0;
    put->read_crc32 = 0;
    act->write_body = on_bytes;
    ps_act_send(act, &request);
}

static void on_head(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    const struct ps_s3_put *const put = act->state;
    int64_t size_bytes = -1;
    uint32_t crc32 = 0;
    if (!ps_act_is_success(answer)) {
        end_unknown(act, answer);
    } else if (!ps_str_to_i64(ps_http_header(answer, "content-length"), &size_bytes)) {
        read_back(act);
    } else if (size_bytes != put->body.size_bytes) {
        end_different(act, "size");
    } else if (!ps_s3_full_crc32(answer, &crc32)) {
        read_back(act);
    } else if (crc32 != put->body.crc32) {
        end_different(act, "checksum");
    } else {
        end_equal(act, answer);
    }
}

void ps_s3_check_begin(struct ps_act *const act)
{
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    ps_s3_key_path(act, &path);
    const struct ps_act_request request = {.service = PS_AWS_S3,
                                           .method = "HEAD",
                                           .path = ps_buf_str(&path),
                                           .headers = {{"x-amz-checksum-mode", PS_STR("ENABLED")}},
                                           .header_count = 1,
                                           .on_answer = on_head};
    ps_act_send(act, &request);
}
