#include "core/family_rules.h"

#include "base/assert.h"
#include "codec/json_scan.h"

#include <string.h>

/*
 * Sources: Amazon Bedrock User Guide, the pages model-parameters-* and batch-inference-data, and
 * what users of batch inference report in public.
 *
 * modelId, serviceTier and requestMetadata inside modelInput make a record fail with "Extra inputs
 * are not permitted". Batch does not stream. Claude on Bedrock wants anthropic_version ("Field
 * required") and max_tokens, and takes no `model`. Defaults: Llama max_gen_len 512, Titan
 * maxTokenCount 512, Mistral (7B) max_tokens 512; the others publish none that holds for all
 * models, so what stands here is only what a plan reserves.
 */
#define REFUSED_BY_ALL                                                                  \
    PS_STR_INIT("modelId"), PS_STR_INIT("serviceTier"), PS_STR_INIT("requestMetadata"), \
        PS_STR_INIT("stream"), PS_STR_INIT("stream_options")

static const struct ps_str refused_by_all[] = {REFUSED_BY_ALL, {NULL, 0}};
static const struct ps_str refused_by_anthropic[] = {
    REFUSED_BY_ALL, PS_STR_INIT("model"), {NULL, 0}};
static const struct ps_str anthropic_fields[] = {PS_STR_INIT("anthropic_version"),
                                                 PS_STR_INIT("max_tokens"),
                                                 PS_STR_INIT("messages"),
                                                 PS_STR_INIT("system"),
                                                 PS_STR_INIT("temperature"),
                                                 PS_STR_INIT("top_p"),
                                                 PS_STR_INIT("top_k"),
                                                 PS_STR_INIT("tools"),
                                                 PS_STR_INIT("tool_choice"),
                                                 PS_STR_INIT("stop_sequences"),
                                                 PS_STR_INIT("thinking"),
                                                 PS_STR_INIT("anthropic_beta"),
                                                 PS_STR_INIT("metadata"),
                                                 PS_STR_INIT("output_config"),
                                                 {NULL, 0}};
static const struct ps_str nova_fields[] = {PS_STR_INIT("schemaVersion"),
                                            PS_STR_INIT("system"),
                                            PS_STR_INIT("messages"),
                                            PS_STR_INIT("inferenceConfig"),
                                            PS_STR_INIT("toolConfig"),
                                            PS_STR_INIT("additionalModelRequestFields"),
                                            {NULL, 0}};
static const struct ps_str llama_fields[] = {PS_STR_INIT("prompt"), PS_STR_INIT("temperature"),
                                             PS_STR_INIT("top_p"),  PS_STR_INIT("max_gen_len"),
                                             PS_STR_INIT("images"), {NULL, 0}};
static const struct ps_str mistral_fields[] = {
    PS_STR_INIT("prompt"),      PS_STR_INIT("max_tokens"),
    PS_STR_INIT("temperature"), PS_STR_INIT("top_p"),
    PS_STR_INIT("top_k"),       PS_STR_INIT("stop"),
    PS_STR_INIT("messages"),    PS_STR_INIT("tools"),
    PS_STR_INIT("tool_choice"), {NULL, 0}};
static const struct ps_str openai_fields[] = {PS_STR_INIT("messages"),
                                              PS_STR_INIT("model"),
                                              PS_STR_INIT("max_completion_tokens"),
                                              PS_STR_INIT("max_tokens"),
                                              PS_STR_INIT("temperature"),
                                              PS_STR_INIT("top_p"),
                                              PS_STR_INIT("stop"),
                                              PS_STR_INIT("tools"),
                                              PS_STR_INIT("tool_choice"),
                                              PS_STR_INIT("response_format"),
                                              PS_STR_INIT("reasoning_effort"),
                                              PS_STR_INIT("presence_penalty"),
                                              PS_STR_INIT("frequency_penalty"),
                                              PS_STR_INIT("seed"),
                                              PS_STR_INIT("n"),
                                              PS_STR_INIT("logprobs"),
                                              PS_STR_INIT("top_logprobs"),
                                              PS_STR_INIT("logit_bias"),
                                              PS_STR_INIT("user"),
                                              PS_STR_INIT("parallel_tool_calls"),
                                              {NULL, 0}};
static const struct ps_str titan_text_fields[] = {
    PS_STR_INIT("inputText"), PS_STR_INIT("textGenerationConfig"), {NULL, 0}};
static const struct ps_str titan_embed_fields[] = {PS_STR_INIT("inputText"),
                                                   PS_STR_INIT("dimensions"),
                                                   PS_STR_INIT("normalize"),
                                                   PS_STR_INIT("embeddingTypes"),
                                                   PS_STR_INIT("inputImage"),
                                                   PS_STR_INIT("embeddingConfig"),
                                                   {NULL, 0}};
static const struct ps_str converse_fields[] = {PS_STR_INIT("system"),
                                                PS_STR_INIT("messages"),
                                                PS_STR_INIT("inferenceConfig"),
                                                PS_STR_INIT("toolConfig"),
                                                PS_STR_INIT("additionalModelRequestFields"),
                                                PS_STR_INIT("additionalModelResponseFieldPaths"),
                                                PS_STR_INIT("outputConfig"),
                                                PS_STR_INIT("promptVariables"),
                                                PS_STR_INIT("performanceConfig"),
                                                {NULL, 0}};

#define SHAPE(shape) (UINT32_C(1) << (shape))

static const struct ps_family_rules rules[PS_FAMILY_COUNT] = {
    [PS_FAMILY_ANTHROPIC] = {.name = "anthropic",
                             .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_ANTHROPIC) |
                                           SHAPE(PS_SHAPE_CHAT),
                             .known = anthropic_fields,
                             .refused = refused_by_anthropic,
                             .output_max = {{NULL, "max_tokens"}},
                             .temperature = {NULL, "temperature"},
                             .fixed_key = "anthropic_version",
                             .fixed_value = "\"bedrock-2023-05-31\"",
                             .output_default_tokens = 4096,
                             .needs_output_max = true},
    [PS_FAMILY_NOVA] = {.name = "nova",
                        .own_shapes =
                            SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_NOVA) | SHAPE(PS_SHAPE_CHAT),
                        .known = nova_fields,
                        .refused = refused_by_all,
                        .output_max = {{"inferenceConfig", "maxTokens"},
                                       {"inferenceConfig", "max_new_tokens"}},
                        .temperature = {"inferenceConfig", "temperature"},
                        .output_default_tokens = 4096},
    [PS_FAMILY_LLAMA] = {.name = "llama",
                         .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_PROMPT),
                         .known = llama_fields,
                         .refused = refused_by_all,
                         .output_max = {{NULL, "max_gen_len"}},
                         .temperature = {NULL, "temperature"},
                         .output_default_tokens = 512},
    [PS_FAMILY_MISTRAL] = {.name = "mistral",
                           .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_PROMPT) |
                                         SHAPE(PS_SHAPE_CHAT),
                           .known = mistral_fields,
                           .refused = refused_by_all,
                           .output_max = {{NULL, "max_tokens"}},
                           .temperature = {NULL, "temperature"},
                           .output_default_tokens = 512},
    [PS_FAMILY_OPENAI] = {.name = "openai",
                          .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_CHAT),
                          .known = openai_fields,
                          .refused = refused_by_all,
                          .output_max = {{NULL, "max_tokens"}, {NULL, "max_completion_tokens"}},
                          .temperature = {NULL, "temperature"},
                          .output_default_tokens = 4096},
    [PS_FAMILY_TITAN_TEXT] = {.name = "titan-text",
                              .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_INPUT_TEXT),
                              .known = titan_text_fields,
                              .refused = refused_by_all,
                              .output_max = {{"textGenerationConfig", "maxTokenCount"}},
                              .temperature = {"textGenerationConfig", "temperature"},
                              .output_default_tokens = 512},
    [PS_FAMILY_TITAN_EMBED] = {.name = "titan-embed",
                               .own_shapes = SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_INPUT_TEXT),
                               .known = titan_embed_fields,
                               .refused = refused_by_all,
                               .temperature = {NULL, NULL},
                               .is_embedding = true},
    [PS_FAMILY_CONVERSE] = {.name = "converse",
                            .own_shapes =
                                SHAPE(PS_SHAPE_PLAIN) | SHAPE(PS_SHAPE_NOVA) | SHAPE(PS_SHAPE_CHAT),
                            .known = converse_fields,
                            .refused = refused_by_all,
                            .output_max = {{"inferenceConfig", "maxTokens"}},
                            .temperature = {"inferenceConfig", "temperature"},
                            .output_default_tokens = 4096},
};

const struct ps_family_rules *ps_family_rules(const enum ps_family family)
{
    PS_ASSERT(family < PS_FAMILY_COUNT);
    return &rules[family];
}

/* Keys are rarely written with escapes; only those need more than a comparison of bytes. */
static bool is_escaped(const struct ps_str key)
{
    return memchr(key.data, '\\', key.size) != NULL;
}

static bool is_name(const struct ps_str key, const bool has_escapes, const struct ps_str name)
{
    if (has_escapes) {
        return ps_json_key_is(key, name);
    }
    return key.size == name.size && memcmp(key.data, name.data, name.size) == 0;
}

bool ps_family_lists(const struct ps_str *const list, const struct ps_str key,
                     size_t *const ret_place)
{
    const bool has_escapes = is_escaped(key);
    for (size_t place = 0; list[place].size > 0; place++) {
        if (is_name(key, has_escapes, list[place])) {
            *ret_place = place;
            return true;
        }
    }
    return false;
}

struct shape_row {
    struct ps_str key;
    enum ps_shape shape;
};

/* A later row outweighs an earlier one: a Nova body has messages too. */
static const struct shape_row shape_rows[] = {
    {PS_STR_INIT("prompt"), PS_SHAPE_PROMPT},
    {PS_STR_INIT("messages"), PS_SHAPE_CHAT},
    {PS_STR_INIT("inputText"), PS_SHAPE_INPUT_TEXT},
    {PS_STR_INIT("inferenceConfig"), PS_SHAPE_NOVA},
    {PS_STR_INIT("schemaVersion"), PS_SHAPE_NOVA},
    {PS_STR_INIT("anthropic_version"), PS_SHAPE_ANTHROPIC},
};

/* How much a shape weighs: the last row that names it. */
static size_t weight_of(const enum ps_shape shape)
{
    size_t weight = 0;
    for (size_t row = 0; row < sizeof(shape_rows) / sizeof(shape_rows[0]); row++) {
        weight = shape_rows[row].shape == shape ? row + 1 : weight;
    }
    return weight;
}

enum ps_shape ps_shape_of_key(const struct ps_str key, const enum ps_shape so_far)
{
    const bool has_escapes = is_escaped(key);
    for (size_t row = 0; row < sizeof(shape_rows) / sizeof(shape_rows[0]); row++) {
        if (is_name(key, has_escapes, shape_rows[row].key)) {
            return weight_of(shape_rows[row].shape) > weight_of(so_far) ? shape_rows[row].shape
                                                                        : so_far;
        }
    }
    return so_far;
}
