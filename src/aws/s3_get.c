#include "aws/s3.h"
#include "aws/s3_whole.h"

#include <stdio.h>

/* "bytes 100-199/200": the place where the bytes stand; -1 when it cannot be read. */
static int64_t range_start(const struct ps_http_answer *const answer)
{
    const struct ps_str range = ps_http_header(answer, "content-range");
    const struct ps_str unit = PS_STR("bytes ");
    int64_t start = -1;
    if (!ps_str_starts_with(range, unit)) {
        return -1;
    }
    const struct ps_str rest = ps_str_part(range, unit.size, range.size);
    return ps_str_to_i64(ps_str_part(rest, 0, ps_str_find(rest, '-')), &start) ? start : -1;
}

static void note_etag(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    if (act->fact.text == NULL) {
        act->fact.text = ps_s3_etag_dup(answer);
    }
}

static void free_whole(struct ps_act *const act)
{
    act->state = ps_s3_whole_free(act->state);
}

static enum ps_status on_bytes(struct ps_act *const act, const struct ps_http_answer *const answer,
                               const struct ps_str bytes, struct ps_error *const err)
{
    const struct ps_streams *const streams = ps_act_streams(act);
    const bool has_begun = act->fact.text != NULL;
    note_etag(act, answer);
    if (!has_begun && act->wish.offset > 0 &&
        (answer->http_status != 206 || range_start(answer) != act->wish.offset)) {
        return ps_error_set(err, PS_E_CORRUPT, PS_RETRY_LATER,
                            "could not %s: the bytes from %lld on were asked for, others came",
                            act->what, (long long)act->wish.offset);
    }
    if (!has_begun && act->wish.offset == 0) {
        act->state = ps_s3_whole_new(answer);
    }
    const enum ps_status status =
        streams->ops->write_sink(streams->context, &act->wish, act->fact.bytes, bytes, err);
    if (status == PS_OK) {
        act->fact.bytes += (int64_t)bytes.size;
        if (act->state != NULL) {
            ps_s3_whole_add(ps_act_wholes(act), act->state, bytes);
        }
    }
    return status;
}

static void end_changed(struct ps_act *const act)
{
    (void)ps_error_set(&act->fact.error, PS_E_CONFLICT, PS_RETRY_NEVER,
                       "cannot %s: the object has changed since its first bytes were read",
                       act->what);
    (void)ps_error_hint(&act->fact.error, "It must be read again from its beginning.");
    ps_aws_set_code(&act->fact.error, 412, "PreconditionFailed");
    ps_act_end(act, PS_OUTCOME_NO);
}

static void send(struct ps_act *const act, const char *const method, const char *const range,
                 void (*const on_answer)(struct ps_act *act, const struct ps_http_answer *answer))
{
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    ps_s3_key_path(act, &path);
    struct ps_act_request request = {
        .service = PS_AWS_S3, .method = method, .path = ps_buf_str(&path), .on_answer = on_answer};
    if (range != NULL) {
        request.headers[request.header_count++] = (struct ps_http_field){"Range", ps_str_of(range)};
    }
    request.headers[request.header_count++] =
        (struct ps_http_field){"x-amz-checksum-mode", PS_STR("ENABLED")};
    if (act->wish.offset > 0 && act->wish.etag.size > 0) {
        request.headers[request.header_count++] =
            (struct ps_http_field){"If-Match", act->wish.etag};
    }
    ps_act_send(act, &request);
}

/* Nothing is there from our offset on: because we have all of it already, or because it is shorter
 * now? */
static void on_size(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    int64_t size_bytes = -1;
    if (answer->reach == PS_HTTP_ANSWERED && answer->http_status == 412) {
        end_changed(act);
    } else if (!ps_act_is_success(answer)) {
        ps_act_fail(act, answer, PS_OUTCOME_NO);
    } else if (ps_str_to_i64(ps_http_header(answer, "content-length"), &size_bytes) &&
               size_bytes == act->wish.offset) {
        note_etag(act, answer);
        ps_act_end(act, PS_OUTCOME_YES);
    } else {
        end_changed(act);
    }
}

/* The last bytes are here: the whole is what it should be, or it is read again from its beginning.
 */
static void end_whole(struct ps_act *const act)
{
    if (act->state == NULL || ps_s3_whole_is_kept_word(act->state)) {
        ps_act_end(act, PS_OUTCOME_YES);
        return;
    }
    (void)ps_error_set(&act->fact.error, PS_E_CORRUPT, PS_RETRY_LATER,
                       "could not %s: the bytes that came are not those that the store keeps",
                       act->what);
    (void)ps_error_hint(&act->fact.error, "It is read again from its beginning.");
    act->fact.bytes = 0;
    ps_act_end(act, PS_OUTCOME_NO);
}

static void on_get(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    if (ps_act_is_success(answer) && act->wish.offset > 0 && answer->http_status != 206) {
        ps_act_fail_unreadable(act, answer, "a part was asked for, the whole came", PS_OUTCOME_NO);
    } else if (ps_act_is_success(answer)) {
        note_etag(act, answer);
        end_whole(act);
    } else if (answer->reach == PS_HTTP_ANSWERED && answer->http_status == 416) {
        send(act, "HEAD", NULL, on_size);
    } else if (answer->reach == PS_HTTP_ANSWERED && answer->http_status == 412) {
        end_changed(act);
    } else {
        if (act->state != NULL) {
            ps_s3_wholes_keep(ps_act_wholes(act), act, act->state);
            act->state = NULL;
        }
        ps_act_fail(act, answer, PS_OUTCOME_NO);
    }
}

void ps_s3_begin_get(struct ps_act *const act)
{
    ps_s3_set_what(act, "get");
    act->fact.bytes = act->wish.offset;
    char range[64];
    (void)snprintf(range, sizeof(range), "bytes=%lld-", (long long)act->wish.offset);
    act->write_body = on_bytes;
    act->free_state = free_whole;
    act->state = act->wish.offset > 0 ? ps_s3_wholes_take(ps_act_wholes(act), act) : NULL;
    send(act, "GET", act->wish.offset > 0 ? range : NULL, on_get);
}
