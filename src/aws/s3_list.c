#include "aws/s3_page.h"

#include "base/assert.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

/* 1,000 keys a page: more than the largest run ever has under one prefix. */
#define PAGES_MAX 20000

struct list {
    char *token; /* of the page that is asked for; NULL: the first */
    int page_count;
    int64_t capacity;
};

static void send_page(struct ps_act *act);

static void free_list(struct ps_act *const act)
{
    struct list *const list = act->state;
    free(list->token);
    free(list);
}

/* Moves the page's rows to the fact. NULL, or what is wrong with them. */
static const char *take_rows(struct ps_act *const act, struct ps_s3_page *const page)
{
    struct list *const list = act->state;
    struct ps_fact *const fact = &act->fact;
    while (fact->object_count + page->row_count > list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
    }
    if (list->capacity > 0) {
        fact->objects = realloc(fact->objects, (size_t)list->capacity * sizeof(*fact->objects));
        PS_ASSERT(fact->objects != NULL);
    }
    for (int64_t row = 0; row < page->row_count; row++) {
        struct ps_s3_row *const source = &page->rows[row];
        if (!ps_str_starts_with(ps_str_of(source->key), act->wish.key)) {
            return "a key in it is not under the prefix";
        }
        fact->objects[fact->object_count++] = (struct ps_object_view){
            PS_TAKE(&source->key), PS_TAKE(&source->etag), source->size_bytes};
    }
    return NULL;
}

/* NULL: go on, or the end; else what is wrong with the way the pages follow each other. */
static const char *take_token(struct list *const list, struct ps_s3_page *const page)
{
    if (!page->is_truncated) {
        return NULL;
    }
    if (page->next_token == NULL || page->next_token[0] == '\0') {
        return "there is more, but no token to ask for it";
    }
    if (list->token != NULL && strcmp(list->token, page->next_token) == 0) {
        return "the same token comes again: the pages have no end";
    }
    if (list->page_count >= PAGES_MAX) {
        return "the pages have no end";
    }
    free(list->token);
    list->token = PS_TAKE(&page->next_token);
    return NULL;
}

static int compare_keys(const void *const left, const void *const right)
{
    return strcmp(((const struct ps_object_view *)left)->key,
                  ((const struct ps_object_view *)right)->key);
}

static void on_page(struct ps_act *const act, const struct ps_http_answer *const answer)
{
    struct list *const list = act->state;
    struct ps_fact *const fact = &act->fact;
    if (!ps_act_is_success(answer)) {
        ps_act_fail(act, answer, PS_OUTCOME_NO);
        return;
    }
    struct ps_s3_page page PS_CLEANUP(ps_s3_page_release) = {NULL, 0, false, NULL, NULL};
    struct ps_error err;
    if (ps_s3_page_read_objects(answer->body, &page, &err) != PS_OK) {
        ps_act_fail_unreadable(act, answer, err.message, PS_OUTCOME_NO);
        return;
    }
    list->page_count++;
    const char *wrong = take_rows(act, &page);
    wrong = wrong != NULL ? wrong : take_token(list, &page);
    if (wrong != NULL) {
        ps_act_fail_unreadable(act, answer, wrong, PS_OUTCOME_NO);
    } else if (page.is_truncated) {
        send_page(act);
    } else {
        if (fact->object_count > 0) {
            qsort(fact->objects, (size_t)fact->object_count, sizeof(*fact->objects), compare_keys);
        }
        ps_act_end(act, PS_OUTCOME_YES);
    }
}

static void send_page(struct ps_act *const act)
{
    const struct list *const list = act->state;
    struct ps_buf query PS_CLEANUP(ps_buf_release);
    ps_buf_init(&query, 4 * PS_TEXT_BYTES_MAX);
    ps_s3_add_parameter(&query, "list-type", PS_STR("2"));
    ps_s3_add_parameter(&query, "encoding-type", PS_STR("url"));
    ps_s3_add_parameter(&query, "max-keys", PS_STR("1000"));
    ps_s3_add_parameter(&query, "prefix", ps_str_part(act->wish.key, 0, PS_S3_TOKEN_BYTES_MAX));
    if (act->wish.is_shallow) {
        ps_s3_add_parameter(&query, "delimiter", PS_STR("/"));
    }
    if (list->token != NULL) {
        ps_s3_add_parameter(&query, "continuation-token", ps_str_of(list->token));
    }
    const struct ps_act_request request = {
        .service = PS_AWS_S3, .method = "GET", .query = ps_buf_str(&query), .on_answer = on_page};
    ps_act_send(act, &request);
}

void ps_s3_begin_list(struct ps_act *const act)
{
    struct list *const list = calloc(1, sizeof(*list));
    PS_ASSERT(list != NULL);
    act->state = list;
    act->free_state = free_list;
    ps_s3_set_what(act, "list");
    send_page(act);
}
