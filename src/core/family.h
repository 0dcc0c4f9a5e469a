/*
 * family - which body a model speaks. One row a family in data: core/family.c.
 */
#ifndef PS_CORE_FAMILY_H
#define PS_CORE_FAMILY_H

#include "base/str.h"

#include <stdint.h>

enum ps_family {
    PS_FAMILY_ANTHROPIC,
    PS_FAMILY_NOVA,
    PS_FAMILY_LLAMA,
    PS_FAMILY_MISTRAL, /* the older prompt form */
    PS_FAMILY_OPENAI,  /* chat completions: gpt-oss, Qwen, DeepSeek V3, Gemma, newer Mistral, ... */
    PS_FAMILY_TITAN_TEXT,
    PS_FAMILY_TITAN_EMBED,
    PS_FAMILY_CONVERSE, /* model-neutral: modelInvocationType Converse */
    PS_FAMILY_COUNT
};

/*
 * The model's own id, and the prefix of the profile in front of it ("us.", or ""): of a model id, a
 * profile id, or an ARN of either. Views of `model`; a custom model's is its base. False for an ARN
 * that hides which model it is.
 */
PS_MUST_CHECK bool ps_family_base_model(struct ps_str model, struct ps_str *ret_id,
                                        struct ps_str *ret_prefix);

/* By a model id, profile id ("us.anthropic...") or ARN of either; false for one nobody knows. */
PS_MUST_CHECK bool ps_family_of_model(struct ps_str model, enum ps_family *ret_family);

/* "anthropic", "nova", ...; for --format and messages. */
const char *ps_family_name(enum ps_family family);

#endif
