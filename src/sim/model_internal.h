/*
 * model_internal - between model.c (is the body right? what is said?) and model_shapes.c (how it is
 * written).
 */
#ifndef PS_SIM_MODEL_INTERNAL_H
#define PS_SIM_MODEL_INTERNAL_H

#include "sim/model.h"

#define PS_MODEL_TEXT_SIZE 512

struct ps_model_said {
    char text[PS_MODEL_TEXT_SIZE];
    bool is_cut; /* by the limit on its tokens */
    int64_t input_tokens;
    int64_t output_tokens;
};

/* Appends the family's answer that says `said`. */
void ps_model_shape(const struct ps_model_question *question, const struct ps_model_said *said,
                    struct ps_buf *output);

/* A whole number among the members of `object`, or `otherwise`. */
int64_t ps_model_number(yyjson_val *object, const char *name, int64_t otherwise);

#endif
