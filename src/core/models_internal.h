/*
 * models_internal - what the parts of core/models share.
 */
#ifndef PS_CORE_MODELS_INTERNAL_H
#define PS_CORE_MODELS_INTERNAL_H

#include "core/models.h"

#include <yyjson.h>

struct ps_models {
    yyjson_doc *document;
    yyjson_val *root;
    struct ps_model *models;
    int64_t count;
};

struct ps_str ps_models_text(yyjson_val *object, const char *name);

/* A number above 0; 0 where there is none. */
int64_t ps_models_number(yyjson_val *object, const char *name);

/* Where the group is from: its "source" names one of the file's. */
void ps_models_group_origin(const struct ps_models *models, yyjson_val *group,
                            struct ps_origin *ret_origin);

/* Does the list of texts hold it? */
bool ps_models_lists(yyjson_val *list, struct ps_str text);

/* Do Regions of the profile `prefix` hold it? False also where the file does not know the prefix;
 * then *ret_is_known is false. */
bool ps_models_prefix_has(const struct ps_models *models, struct ps_str prefix,
                          struct ps_str region, bool *ret_is_known);

#endif
