#include "emu/request.h"

#include "base/assert.h"
#include "base/limits.h"
#include "codec/uri.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ps_emu_request *ps_emu_request_new(struct ps_world *const world, const char *const uri)
{
    struct ps_emu_request *const request = calloc(1, sizeof *request);
    PS_ASSERT(request != NULL);
    request->world = world;
    request->uri = ps_str_dup(ps_str_of(uri));
    const struct ps_str text = ps_str_of(request->uri);
    const size_t mark = ps_str_find(text, '?');
    request->path = ps_str_part(text, 0, mark);
    request->query = ps_str_part(text, mark + 1, text.size);
    ps_buf_init(&request->names, PS_ANSWER_BYTES_MAX);
    ps_buf_init(&request->bucket, PS_TEXT_BYTES_MAX);
    ps_buf_init(&request->key, PS_TEXT_BYTES_MAX);
    ps_buf_init(&request->body, PS_INPUT_LINE_BYTES_MAX);
    ps_buf_init(&request->subject, 2 * PS_TEXT_BYTES_MAX);
    ps_buf_init(&request->answer.body, PS_ANSWER_BYTES_MAX);
    request->answer.file = -1;
    return request;
}

struct ps_emu_request *ps_emu_request_free(struct ps_emu_request *const request)
{
    if (request != NULL) {
        for (size_t index = 0; index < request->answer.header_count; index++) {
            free(request->answer.headers[index].value);
        }
        if (request->answer.file >= 0) {
            (void)close(request->answer.file);
        }
        (void)ps_body_file_free(request->file);
        (void)ps_chunked_free(request->chunked);
        ps_buf_release(&request->names);
        ps_buf_release(&request->bucket);
        ps_buf_release(&request->key);
        ps_buf_release(&request->body);
        ps_buf_release(&request->subject);
        ps_buf_release(&request->answer.body);
        free(request->method);
        free(request->uri);
        free(request);
    }
    return NULL;
}

static const struct ps_sigv4_header *find_header(const struct ps_emu_request *const request,
                                                 const char *const name)
{
    for (size_t index = 0; index < request->header_count; index++) {
        if (ps_str_equals_nocase(request->headers[index].name, ps_str_of(name))) {
            return &request->headers[index];
        }
    }
    return NULL;
}

struct ps_str ps_emu_header(const struct ps_emu_request *const request, const char *const name)
{
    const struct ps_sigv4_header *const header = find_header(request, name);
    return header != NULL ? header->value : PS_STR("");
}

bool ps_emu_has_header(const struct ps_emu_request *const request, const char *const name)
{
    return find_header(request, name) != NULL;
}

/* The raw value of a parameter; false when there is none. */
static bool find_parameter(const struct ps_emu_request *const request, const char *const name,
                           struct ps_str *const ret_value)
{
    struct ps_str rest = request->query;
    struct ps_str found = {NULL, 0};
    while (ps_uri_next_parameter(&rest, &found, ret_value)) {
        if (ps_str_equals_text(found, name)) {
            return true;
        }
    }
    return false;
}

bool ps_emu_parameter(const struct ps_emu_request *const request, const char *const name,
                      struct ps_buf *const value)
{
    struct ps_str raw = {NULL, 0};
    return find_parameter(request, name, &raw) && ps_uri_decode(raw, value);
}

bool ps_emu_has_parameter(const struct ps_emu_request *const request, const char *const name)
{
    struct ps_str raw = {NULL, 0};
    return find_parameter(request, name, &raw);
}

void ps_emu_answer_header(struct ps_emu_request *const request, const char *const name,
                          const struct ps_str value)
{
    struct ps_emu_answer *const answer = &request->answer;
    for (size_t index = 0; index < answer->header_count; index++) {
        if (strcmp(answer->headers[index].name, name) == 0) {
            free(answer->headers[index].value);
            answer->headers[index].value = ps_str_dup(value);
            return;
        }
    }
    PS_ASSERT(answer->header_count < PS_EMU_ANSWER_HEADERS_MAX);
    answer->headers[answer->header_count++] =
        (struct ps_emu_answer_header){name, ps_str_dup(value)};
}

bool ps_emu_refuse(struct ps_emu_request *const request, const int http_status,
                   const char *const code, const char *const message)
{
    request->is_refused = true;
    return ps_refuse(&request->refusal, http_status, code, "%s", message);
}
