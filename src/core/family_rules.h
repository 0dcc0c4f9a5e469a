/*
 * family_rules - what a model family takes, refuses and needs: one row a family, all of it data.
 */
#ifndef PS_CORE_FAMILY_RULES_H
#define PS_CORE_FAMILY_RULES_H

#include "base/str.h"
#include "core/family.h"

/*
 * What a body looks like, by its top-level keys alone: enough to tell whether it is the model's own
 * form or somebody else's that must be converted. PLAIN: nothing tells.
 */
enum ps_shape {
    PS_SHAPE_PLAIN,
    PS_SHAPE_ANTHROPIC, /* anthropic_version */
    PS_SHAPE_NOVA,      /* inferenceConfig or schemaVersion; Converse bodies look the same */
    PS_SHAPE_CHAT,      /* messages */
    PS_SHAPE_PROMPT,    /* prompt */
    PS_SHAPE_INPUT_TEXT /* inputText */
};

/* A member of a body, or of an object in it. */
struct ps_field_path {
    const char *parent; /* NULL: the body itself */
    const char *key;    /* NULL ends a list */
};

#define PS_RULES_PATHS_MAX 3

struct ps_family_rules {
    const char *name;
    uint32_t own_shapes;        /* bits 1 << enum ps_shape that are sent as they are */
    const struct ps_str *known; /* top-level fields of the body, ends with an empty one */
    const struct ps_str
        *refused; /* top-level fields that make the service refuse the record; dropped */
    struct ps_field_path output_max[PS_RULES_PATHS_MAX + 1]; /* the first is what we write */
    struct ps_field_path temperature;
    const char *fixed_key;         /* a member that the body must have ... */
    const char *fixed_value;       /* ... and its JSON text; NULL: none */
    int64_t output_default_tokens; /* what the service allows when the body does not say */
    bool needs_output_max;         /* a body without one is refused, so the default is written */
    bool is_embedding;
};

const struct ps_family_rules *ps_family_rules(enum ps_family family);

/* The place of `key` (as written in JSON) in a list that ends with an empty name; false when it is
 * not there. */
PS_MUST_CHECK bool ps_family_lists(const struct ps_str *list, struct ps_str key, size_t *ret_place);

/* By what stands in the body's top level. */
enum ps_shape ps_shape_of_key(struct ps_str key, enum ps_shape so_far);

#endif
