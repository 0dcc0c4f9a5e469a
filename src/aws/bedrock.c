#include "aws/act.h"
#include "aws/bedrock_answer.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/limits.h"
#include "codec/iso8601.h"
#include "codec/uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_MAX 1000
#define TOKEN_BYTES_MAX ((size_t)2048)
#define NAME_BYTES_MAX ((size_t)63)
#define ARN_BYTES_MAX ((size_t)1011)

#define JOBS_PATH "/model-invocation-jobs"
#define JOB_PATH "/model-invocation-job"

static void set_what(struct ps_act *const act, const char *const verb, const struct ps_str name)
{
    (void)snprintf(act->what, sizeof(act->what), "%s '%.*s'", verb, PS_STR_ARGS(name));
    for (char *byte = act->what; *byte != '\0'; byte++) {
        *byte = (unsigned char)*byte < ' ' || *byte == 0x7f ? '?' : *byte;
    }
}

/* True when `text` holds `word`, which is in lower case, in any case. */
static bool has_word(const char *const text, const char *const word)
{
    return strcasestr(text, word) != NULL;
}

/* "A job with this name already exists": perhaps our own, from an attempt whose answer was lost. */
static bool is_name_in_use(const char *const message)
{
    return has_word(message, "name") &&
           (has_word(message, "already") || has_word(message, "in use") ||
            has_word(message, "exist") || has_word(message, "unique"));
}

/* Rule R2: did the service say, before it did anything, that it will not? */
static enum ps_outcome outcome_of_refusal(const struct ps_http_answer *const answer,
                                          const struct ps_error *const err)
{
    if (answer->reach == PS_HTTP_UNSENT) {
        return PS_OUTCOME_NO;
    }
    if (answer->reach != PS_HTTP_ANSWERED || !ps_aws_has_code(err)) {
        return PS_OUTCOME_UNKNOWN;
    }
    const int http_status = answer->http_status;
    const bool is_refusal =
        http_status == 400 || http_status == 403 || http_status == 404 || http_status == 429;
    if (!is_refusal || strcmp(err->aws_code, "ConflictException") == 0) {
        return PS_OUTCOME_UNKNOWN;
    }
    const struct ps_str body = answer->body;
    char *text PS_CLEANUP(ps_str_free_auto) = ps_str_dup(body);
    return is_name_in_use(text) ? PS_OUTCOME_UNKNOWN : PS_OUTCOME_NO;
}

static void on_created(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    const struct ps_aws_doing doing = ps_act_doing(act);
    if (ps_act_is_success(answer)) {
        act->fact.text = ps_bedrock_read_created(answer->body);
        if (act->fact.text != NULL) {
            ps_act_end(act, PS_OUTCOME_YES);
        } else {
            ps_act_fail_unreadable(act, answer, "it has no jobArn", PS_OUTCOME_UNKNOWN);
        }
        return;
    }
    (void)ps_aws_failure(answer, &doing, &act->fact.error);
    const enum ps_outcome outcome = outcome_of_refusal(answer, &act->fact.error);
    if (outcome == PS_OUTCOME_UNKNOWN) {
        act->fact.error.retry = PS_RETRY_LATER;
    }
    ps_act_end(act, outcome);
}

void ps_bedrock_begin_create(struct ps_act *const act)
{
    (void)snprintf(act->what, sizeof(act->what), "create the job");
    const struct ps_act_request request = {
        .service = PS_AWS_BEDROCK,
        .method = "POST",
        .path = PS_STR(JOB_PATH),
        .headers = {{"Content-Type", PS_STR("application/json")}},
        .header_count = 1,
        .body = act->wish.text,
        .on_answer = on_created};
    ps_act_send(act, &request);
}

/* "/model-invocation-job/arn%3Aaws%3A...": one segment, whatever is in it. */
static void set_job_path(const struct ps_act *const act, const char *const tail,
                         struct ps_buf *const path)
{
    ps_buf_init(path, PS_TEXT_BYTES_MAX);
    ps_buf_add_text(path, JOB_PATH "/");
    const struct ps_str arn = ps_str_part(act->wish.text, 0, ARN_BYTES_MAX);
    const bool is_added = ps_uri_encode(arn, PS_URI_SLASH_ENCODED, path);
    PS_ASSERT(is_added);
    ps_buf_add_text(path, tail);
}

static void on_job(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    struct ps_error err;
    if (!ps_act_is_success(answer)) {
        ps_act_fail(act, answer, PS_OUTCOME_NO);
    } else if (ps_bedrock_read_job(answer->body, &act->fact.jobs, &err) != PS_OK) {
        ps_act_fail_unreadable(act, answer, err.message, PS_OUTCOME_NO);
    } else {
        act->fact.job_count = 1;
        ps_act_end(act, PS_OUTCOME_YES);
    }
}

void ps_bedrock_begin_get(struct ps_act *const act)
{
    set_what(act, "look at the job", act->wish.text);
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    set_job_path(act, "", &path);
    const struct ps_act_request request = {
        .service = PS_AWS_BEDROCK, .method = "GET", .path = ps_buf_str(&path), .on_answer = on_job};
    ps_act_send(act, &request);
}

static void on_stopped(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    if (ps_act_is_success(answer)) {
        ps_act_end(act, PS_OUTCOME_YES);
        return;
    }
    const struct ps_aws_doing doing = ps_act_doing(act);
    (void)ps_aws_failure(answer, &doing, &act->fact.error);
    const bool is_refused = answer->reach == PS_HTTP_ANSWERED && answer->http_status < 500 &&
                            ps_aws_has_code(&act->fact.error);
    ps_act_end(act,
               is_refused || answer->reach == PS_HTTP_UNSENT ? PS_OUTCOME_NO : PS_OUTCOME_UNKNOWN);
}

void ps_bedrock_begin_stop(struct ps_act *const act)
{
    set_what(act, "stop the job", act->wish.text);
    struct ps_buf path PS_CLEANUP(ps_buf_release);
    set_job_path(act, "/stop", &path);
    const struct ps_act_request request = {.service = PS_AWS_BEDROCK,
                                           .method = "POST",
                                           .path = ps_buf_str(&path),
                                           .on_answer = on_stopped};
    ps_act_send(act, &request);
}

struct list {
    char *token; /* of the page that is asked for; NULL: the first */
    int page_count;
};

static void send_page(struct ps_act *act);

static void free_list(struct ps_act *const act)
{
    struct list *const list = act->state;
    free(list->token);
    free(list);
}

/* NULL: go on, or the end; else what is wrong. Takes the token. */
static const char *take_token(struct list *const list, char *const token)
{
    list->page_count++;
    const bool is_repeated =
        token != NULL && list->token != NULL && strcmp(list->token, token) == 0;
    const bool is_too_long = token != NULL && strlen(token) > TOKEN_BYTES_MAX;
    free(list->token);
    list->token = token;
    if (is_repeated || list->page_count > PAGES_MAX) {
        return "the pages have no end";
    }
    return is_too_long ? "its nextToken is too long" : NULL;
}

static void on_page(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    struct list *const list = act->state;
    if (!ps_act_is_success(answer)) {
        ps_act_fail(act, answer, PS_OUTCOME_NO);
        return;
    }
    struct ps_error err;
    char *token = NULL;
    if (ps_bedrock_read_page(answer->body, &act->fact.jobs, &act->fact.job_count, &token, &err) !=
        PS_OK) {
        ps_act_fail_unreadable(act, answer, err.message, PS_OUTCOME_NO);
        return;
    }
    const char *const wrong = take_token(list, token);
    if (wrong != NULL) {
        ps_act_fail_unreadable(act, answer, wrong, PS_OUTCOME_NO);
    } else if (list->token != NULL) {
        send_page(act);
    } else {
        ps_act_end(act, PS_OUTCOME_YES);
    }
}

static void add_parameter(struct ps_buf *const query, const char *const name,
                          const struct ps_str value)
{
    ps_buf_add_format(query, "%s%s=", query->size == 0 ? "" : "&", name);
    const bool is_added = ps_uri_encode(value, PS_URI_SLASH_ENCODED, query);
    PS_ASSERT(is_added);
}

static void send_page(struct ps_act *const act)
{
    const struct list *const list = act->state;
    struct ps_buf query PS_CLEANUP(ps_buf_release);
    ps_buf_init(&query, PS_TEXT_BYTES_MAX);
    add_parameter(&query, "maxResults", PS_STR("1000"));
    if (act->wish.text.size > 0) {
        add_parameter(&query, "nameContains", ps_str_part(act->wish.text, 0, NAME_BYTES_MAX));
    }
    if (list->token != NULL) {
        add_parameter(&query, "nextToken", ps_str_of(list->token));
    }
    if (act->wish.after_ms > 0) {
        char after[PS_ISO8601_SIZE];
        ps_iso8601_format_ms(act->wish.after_ms, after);
        add_parameter(&query, "submitTimeAfter", ps_str_of(after));
    }
    const struct ps_act_request request = {.service = PS_AWS_BEDROCK,
                                           .method = "GET",
                                           .path = PS_STR(JOBS_PATH),
                                           .query = ps_buf_str(&query),
                                           .on_answer = on_page};
    ps_act_send(act, &request);
}

void ps_bedrock_begin_list(struct ps_act *const act)
{
    struct list *const list = calloc(1, sizeof(*list));
    PS_ASSERT(list != NULL);
    act->state = list;
    act->free_state = free_list;
    (void)snprintf(act->what, sizeof(act->what), "list the jobs");
    send_page(act);
}
