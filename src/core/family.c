#include "core/family.h"

#include "core/family_rules.h"

/* How an id begins, without its profile prefix. The first row that fits decides. */
struct model_row {
    const char *prefix;
    bool is_known; /* false: a model whose body we do not speak */
    enum ps_family family;
};

/* Reference: the table of batch models (Amazon Bedrock User Guide, batch-inference-supported), and
 * the pages model-parameters-* for what each speaks. */
static const struct model_row model_rows[] = {
    {"anthropic.", true, PS_FAMILY_ANTHROPIC},
    {"amazon.nova-2-multimodal", false, PS_FAMILY_COUNT},
    {"amazon.nova-canvas", false, PS_FAMILY_COUNT},
    {"amazon.nova-reel", false, PS_FAMILY_COUNT},
    {"amazon.nova-sonic", false, PS_FAMILY_COUNT},
    {"amazon.nova-", true, PS_FAMILY_NOVA},
    {"amazon.titan-embed-", true, PS_FAMILY_TITAN_EMBED},
    {"amazon.titan-text-", true, PS_FAMILY_TITAN_TEXT},
    {"amazon.titan-tg1-", true, PS_FAMILY_TITAN_TEXT},
    {"meta.llama", true, PS_FAMILY_LLAMA},
    {"mistral.mistral-7b-", true, PS_FAMILY_MISTRAL},
    {"mistral.mixtral-", true, PS_FAMILY_MISTRAL},
    {"mistral.mistral-large-24", true, PS_FAMILY_MISTRAL},
    {"mistral.mistral-small-24", true, PS_FAMILY_MISTRAL},
    {"mistral.", true, PS_FAMILY_OPENAI},
    {"openai.", true, PS_FAMILY_OPENAI},
    {"qwen.", true, PS_FAMILY_OPENAI},
    {"deepseek.v3", true, PS_FAMILY_OPENAI},
    {"google.gemma", true, PS_FAMILY_OPENAI},
    {"minimax.", true, PS_FAMILY_OPENAI},
    {"moonshot.", true, PS_FAMILY_OPENAI},
    {"moonshotai.", true, PS_FAMILY_OPENAI},
    {"nvidia.nemotron", true, PS_FAMILY_OPENAI},
    {"zai.glm", true, PS_FAMILY_OPENAI},
};

/* Of cross-Region inference profiles. */
static const char *const profile_prefixes[] = {"us-gov.", "us.", "eu.", "apac.",
                                               "jp.",     "au.", "ca.", "global."};

/* What comes after the ARN's resource kind: arn:aws:bedrock:R:A:foundation-model/ID,
 * inference-profile/ID, custom-model/BASE/ID. Other kinds hide which model they are. */
static bool id_of_arn(const struct ps_str arn, struct ps_str *const ret_id)
{
    static const char *const kinds[] = {"foundation-model/", "inference-profile/", "custom-model/"};
    const size_t slash = ps_str_find(arn, '/');
    size_t from = slash;
    while (from > 0 && arn.data[from - 1] != ':') {
        from--;
    }
    const struct ps_str resource = ps_str_part(arn, from, arn.size);
    for (size_t row = 0; row < sizeof(kinds) / sizeof(kinds[0]); row++) {
        const struct ps_str kind = ps_str_of(kinds[row]);
        if (ps_str_starts_with(resource, kind)) {
            *ret_id = ps_str_part(resource, kind.size, resource.size);
            return true;
        }
    }
    return false;
}

bool ps_family_base_model(const struct ps_str model, struct ps_str *const ret_id,
                          struct ps_str *const ret_prefix)
{
    struct ps_str id = model;
    if (ps_str_starts_with(model, PS_STR("arn:")) && !id_of_arn(model, &id)) {
        return false;
    }
    *ret_prefix = PS_STR("");
    for (size_t row = 0; row < sizeof(profile_prefixes) / sizeof(profile_prefixes[0]); row++) {
        const struct ps_str prefix = ps_str_of(profile_prefixes[row]);
        if (ps_str_starts_with(id, prefix)) {
            *ret_prefix = prefix;
            id = ps_str_part(id, prefix.size, id.size);
            break;
        }
    }
    *ret_id = ps_str_part(id, 0, ps_str_find(id, '/'));
    return true;
}

bool ps_family_of_model(const struct ps_str model, enum ps_family *const ret_family)
{
    struct ps_str id = PS_STR("");
    struct ps_str prefix = PS_STR("");
    if (!ps_family_base_model(model, &id, &prefix)) {
        return false;
    }
    for (size_t row = 0; row < sizeof(model_rows) / sizeof(model_rows[0]); row++) {
        if (ps_str_starts_with(id, ps_str_of(model_rows[row].prefix))) {
            if (model_rows[row].is_known) {
                *ret_family = model_rows[row].family;
            }
            return model_rows[row].is_known;
        }
    }
    return false;
}

const char *ps_family_name(const enum ps_family family)
{
    return ps_family_rules(family)->name;
}
