#include "aws/s3_page.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/uri.h"

#include <stdlib.h>
#include <string.h>

#define PAGES_MAX 1000

struct ps_s3_uploads {
    bool is_exact;
    void (*on_end)(struct ps_act *act, bool is_done, enum ps_outcome outcome);
    struct ps_s3_page page; /* the one whose uploads are being aborted */
    int64_t next_row;
    char *key_marker;
    char *upload_id_marker;
    int page_count;
};

static void abort_next(struct ps_act *act);
static void send_page(struct ps_act *act);

struct ps_s3_uploads *ps_s3_uploads_free(struct ps_s3_uploads *const uploads)
{
    if (uploads != NULL) {
        ps_s3_page_release(&uploads->page);
        free(uploads->key_marker);
        free(uploads->upload_id_marker);
        free(uploads);
    }
    return NULL;
}

static void end(struct ps_act *const act, const bool is_done, const enum ps_outcome outcome)
{
    void (*const on_end)(struct ps_act *, bool, enum ps_outcome) = act->uploads->on_end;
    act->uploads = ps_s3_uploads_free(act->uploads);
    on_end(act, is_done, outcome);
}

static void end_failed(struct ps_act *const act, const struct ps_http_answer *const answer,
                       const enum ps_outcome outcome)
{
    const struct ps_aws_doing doing = ps_act_doing(act);
    (void)ps_aws_failure(answer, &doing, &act->fact.error);
    end(act, false, outcome);
}

static void on_abort(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    const bool is_gone = answer->reach == PS_HTTP_ANSWERED && answer->http_status == 404;
    if (ps_act_is_success(answer) || is_gone) {
        abort_next(act);
    } else {
        end_failed(act, answer, PS_OUTCOME_UNKNOWN);
    }
}

static void send_abort(struct ps_act *const act, const struct ps_s3_row *const row)
{
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    struct ps_buf query PS_CLEANUP(ps_buf_release);
    ps_buf_init(&path, 4 * PS_TEXT_BYTES_MAX);
    ps_buf_init(&query, 4 * PS_TEXT_BYTES_MAX);
    ps_buf_add_text(&path, "/");
    const bool is_added = ps_uri_encode(ps_str_of(row->key), PS_URI_SLASH_KEPT, &path);
    PS_ASSERT(is_added);
    ps_s3_add_parameter(&query, "uploadId", ps_str_of(row->upload_id));
    const struct ps_act_request request = {.service = PS_AWS_S3,
                                           .method = "DELETE",
                                           .path = ps_buf_str(&path),
                                           .query = ps_buf_str(&query),
                                           .on_answer = on_abort};
    ps_act_send(act, &request);
}

/* Only what is ours: the prefix was asked for, but an answer may hold anything. */
static bool is_wanted(const struct ps_act *const act, const struct ps_s3_row *const row)
{
    const struct ps_str key = ps_str_of(row->key);
    return act->uploads->is_exact ? ps_str_equals(key, act->wish.key)
                                  : ps_str_starts_with(key, act->wish.key);
}

static void abort_next(struct ps_act *const act)
{
    struct ps_s3_uploads *const uploads = act->uploads;
    while (uploads->next_row < uploads->page.row_count) {
        const struct ps_s3_row *const row = &uploads->page.rows[uploads->next_row++];
        if (is_wanted(act, row)) {
            send_abort(act, row);
            return;
        }
    }
    if (uploads->page.is_truncated) {
        send_page(act);
    } else {
        end(act, true, PS_OUTCOME_YES);
    }
}

/* NULL, or what is wrong with the way the pages follow each other. */
static const char *take_markers(struct ps_s3_uploads *const uploads)
{
    struct ps_s3_page *const page = &uploads->page;
    if (!page->is_truncated) {
        return NULL;
    }
    if (page->next_token == NULL) {
        return "there is more, but no marker to ask for it";
    }
    const char *const next_id = page->next_upload_id == NULL ? "" : page->next_upload_id;
    const bool is_repeated = uploads->key_marker != NULL &&
                             strcmp(uploads->key_marker, page->next_token) == 0 &&
                             strcmp(uploads->upload_id_marker, next_id) == 0;
    if (is_repeated || uploads->page_count >= PAGES_MAX) {
        return "the pages have no end";
    }
    free(uploads->key_marker);
    free(uploads->upload_id_marker);
    uploads->upload_id_marker = ps_str_dup(ps_str_of(next_id));
    uploads->key_marker = PS_TAKE(&page->next_token);
    return NULL;
}

static void on_page(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    struct ps_s3_uploads *const uploads = act->uploads;
    if (!ps_act_is_success(answer)) {
        end_failed(act, answer, PS_OUTCOME_NO);
        return;
    }
    struct ps_error err;
    const char *wrong = NULL;
    if (ps_s3_page_read_uploads(answer->body, &uploads->page, &err) != PS_OK) {
        wrong = err.message;
    } else {
        uploads->page_count++;
        uploads->next_row = 0;
        wrong = take_markers(uploads);
    }
    if (wrong != NULL) {
        const struct ps_aws_doing doing = ps_act_doing(act);
        (void)ps_aws_unreadable(answer, &doing, wrong, &act->fact.error);
        end(act, false, PS_OUTCOME_NO);
        return;
    }
    abort_next(act);
}

static void send_page(struct ps_act *const act)
{
    struct ps_s3_uploads *const uploads = act->uploads;
    struct ps_buf query PS_CLEANUP(ps_buf_release);
    ps_buf_init(&query, 4 * PS_TEXT_BYTES_MAX);
    ps_s3_add_parameter(&query, "uploads", PS_STR(""));
    ps_s3_add_parameter(&query, "encoding-type", PS_STR("url"));
    ps_s3_add_parameter(&query, "max-uploads", PS_STR("1000"));
    ps_s3_add_parameter(&query, "prefix", ps_str_part(act->wish.key, 0, PS_S3_TOKEN_BYTES_MAX));
    if (uploads->key_marker != NULL) {
        ps_s3_add_parameter(&query, "key-marker", ps_str_of(uploads->key_marker));
        ps_s3_add_parameter(&query, "upload-id-marker", ps_str_of(uploads->upload_id_marker));
    }
    ps_s3_page_release(&uploads->page);
    const struct ps_act_request request = {
        .service = PS_AWS_S3, .method = "GET", .query = ps_buf_str(&query), .on_answer = on_page};
    ps_act_send(act, &request);
}

void ps_s3_uploads_begin(struct ps_act *const act, const bool is_exact,
                         void (*const on_end)(struct ps_act *act, bool is_done,
                                              enum ps_outcome outcome))
{
    PS_ASSERT(act->uploads == NULL);
    struct ps_s3_uploads *const uploads = calloc(1, sizeof(*uploads));
    PS_ASSERT(uploads != NULL);
    uploads->is_exact = is_exact;
    uploads->on_end = on_end;
    act->uploads = uploads;
    send_page(act);
}

static void on_wish_end(struct ps_act *const act, const bool is_done, const enum ps_outcome outcome)
{
    (void)is_done;
    ps_act_end(act, outcome);
}

void ps_s3_begin_abort_uploads(struct ps_act *const act)
{
    ps_s3_set_what(act, "abort the uploads under");
    ps_s3_uploads_begin(act, false, on_wish_end);
}
