/*
 * body - a request written in a family's own form.
 *
 * Threads: pure.
 */
#ifndef PS_CORE_BODY_H
#define PS_CORE_BODY_H

#include "core/family.h"
#include "core/request.h"

struct ps_body_form {
    enum ps_family family;
    bool is_llama4; /* its special tokens are other ones than Llama 3's */
};

/* Which form a model's body has: the family's, and what its id says beyond that. */
struct ps_body_form ps_body_form_of(struct ps_str model, enum ps_family family);

/*
 * Appends the body, a JSON object without white space between tokens. False when the family's form
 * cannot hold the request (`not_convertible`) or the buffer's cap is passed (`line_too_long`);
 * *reterr_rejection says so, and the buffer's end is then of no use. *ret_dropped counts parameters
 * that the form has no place for and whose loss changes no answer's form (top_k).
 */
PS_MUST_CHECK bool ps_body_write(struct ps_buf *buf, struct ps_body_form form,
                                 const struct ps_request *request, int64_t *ret_dropped,
                                 struct ps_rejection *reterr_rejection);

#endif
