/*
 * model - what a simulated model answers: deterministic, its own text, in the shape of its family.
 *
 * The answer, its id and its usage depend on the canonical digest of modelInput alone, never on the
 * job or the hour: the same line always gets the same bytes. A body that is wrong for the family is
 * that record's error.
 *
 * Pure; threads: any.
 */
#ifndef PS_SIM_MODEL_H
#define PS_SIM_MODEL_H

#include "base/buf.h"
#include "codec/digest.h"
#include "core/family.h"

#include <yyjson.h>

struct ps_model_question {
    enum ps_family family;
    struct ps_str model; /* the base model, for answers that name it */
    yyjson_val *input;   /* modelInput, read with PS_SIM_READ_FLAGS; NULL: the line has none */
    uint8_t digest[PS_SHA256_BYTES];
    bool is_on_demand; /* what only batch records may not have is allowed */
};

struct ps_model_answer {
    int64_t error_code; /* 0: success, and the output was appended */
    char error_message[256];
    int64_t input_tokens;
    int64_t output_tokens;
    int64_t output_tokens_max; /* as the body limits it; 0: it does not */
    bool has_text;             /* it is no embedding */
};

/* Appends modelOutput to `output`, or nothing when it is an error. */
void ps_model_answer(const struct ps_model_question *question, struct ps_buf *output,
                     struct ps_model_answer *ret_answer);

/* False: nobody knows such a model. *ret_is_batch is false for known ones without batch inference.
 */
bool ps_model_family(struct ps_str base_model, enum ps_family *ret_family, bool *ret_is_batch);

#endif
