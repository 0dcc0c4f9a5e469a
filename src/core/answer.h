/*
 * answer - what a model's body says: its text, its usage, why it stopped. One row a family in
 * core/answer.c.
 *
 * The body is hostile: what is missing or of the wrong type is absent, and nothing else happens.
 * Where a model gave several alternatives (choices, outputs, results), the first one counts. Text
 * in parts is joined in order; thinking, tool use, images and other parts that are not text are
 * left out. A reasoning that a model writes into its text (gpt-oss: <reasoning>) is text.
 *
 * The value comes from codec/json_doc: its numbers are source text.
 *
 * Pure. Owner: views belong to the parsed value. Threads: any.
 */
#ifndef PS_CORE_ANSWER_H
#define PS_CORE_ANSWER_H

#include "base/buf.h"
#include "core/family.h"

#include <yyjson.h>

/* More tokens than this in one answer are nonsense, and absent. */
#define PS_ANSWER_TOKENS_MAX INT64_C(1000000000)

struct ps_answer {
    struct ps_str stop_reason; /* data NULL: absent */
    int64_t input_tokens;      /* -1: absent */
    int64_t output_tokens;     /* -1: absent */
};

void ps_answer_read(enum ps_family family, yyjson_val *output, struct ps_answer *ret_answer);

/*
 * Appends the text as a JSON string, or "null" where there is none. False when the cap of `json`
 * was hit: a part may then stand in it.
 */
PS_MUST_CHECK bool ps_answer_add_text(enum ps_family family, yyjson_val *output,
                                      struct ps_buf *json);

/* A whole number that is not negative; -1 for anything else. */
int64_t ps_answer_number(yyjson_val *value);

#endif
