/*
 * request - what a person asks of a model, in no dialect: the middle form between what is read and
 * what is sent.
 *
 * Texts are decoded UTF-8, numbers the source's own text. Views into the tree (or the template's
 * buffer) that was read: they live as long as that does.
 *
 * Owner: the caller embeds it; it keeps its memory over many reads. Threads: one at a time.
 */
#ifndef PS_CORE_REQUEST_H
#define PS_CORE_REQUEST_H

#include "base/buf.h"
#include "core/rejection.h"

#include <yyjson.h>

enum ps_role { PS_ROLE_SYSTEM, PS_ROLE_USER, PS_ROLE_ASSISTANT };

struct ps_request_part {
    enum ps_role role;
    size_t message; /* parts of one message have the same number */
    struct ps_str text;
};

struct ps_request {
    struct ps_buf parts; /* struct ps_request_part each, system parts wherever they stood */
    struct ps_buf stops; /* struct ps_str each */
    size_t message_count;
    struct ps_str max_tokens; /* "" where the source says nothing */
    struct ps_str temperature;
    struct ps_str top_p;
    struct ps_str top_k;
    int64_t
        dropped_fields; /* that nobody can carry over, and whose loss changes no answer's form */
};

void ps_request_init(struct ps_request *request);
void ps_request_release(struct ps_request *request);
void ps_request_clear(struct ps_request *request);

/* One more text; `is_new_message` begins a message of its own. */
void ps_request_add(struct ps_request *request, enum ps_role role, bool is_new_message,
                    struct ps_str text);

/* The same for a system text that the source leaves out: it comes first. */
void ps_request_add_system(struct ps_request *request, struct ps_str text);

size_t ps_request_part_count(const struct ps_request *request);
struct ps_request_part ps_request_part(const struct ps_request *request, size_t index);
size_t ps_request_stop_count(const struct ps_request *request);
struct ps_str ps_request_stop(const struct ps_request *request, size_t index);
PS_MUST_CHECK bool ps_request_has_role(const struct ps_request *request, enum ps_role role);

/*
 * Reads any chat or prompt body (Anthropic's, OpenAI's, Nova's, Converse's, Llama's, Mistral's,
 * Titan's, the simple form): `body` is an object. With `is_lenient`, fields that mean nothing here
 * are left aside (the simple dialect's own columns); otherwise a field that would be lost and
 * matters (tools, response_format, pictures) is a rejection `not_convertible`. False:
 * *reterr_rejection says why.
 */
PS_MUST_CHECK bool ps_request_read(struct ps_request *request, yyjson_val *body, bool is_lenient,
                                   struct ps_rejection *reterr_rejection);

#endif
